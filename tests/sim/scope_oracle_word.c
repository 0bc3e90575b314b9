/* scope_oracle_word: who began a record, whom it names, whose word counts; with
 * the rules written out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/scope_oracle.h"

/* --- single changes ------------------------------------------------------ */

static bool
is_of(size_t i, size_t r)
{
	return made[i].record == r && made[i].is_here;
}

static size_t
change_of(const struct change_id *id)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (change_id_compare(&made[i].c.id, id) == 0)
			return i;
	return SIZE_MAX;
}

/* Whether j had seen i, through what is here. Each has one parent at most. */
static bool
saw(size_t j, size_t i)
{
	while (made[j].c.parent_count > 0) {
		j = change_of(&made[j].c.parents[0].id);
		if (j == SIZE_MAX || !made[j].is_here)
			return false;
		if (j == i)
			return true;
	}
	return false;
}

static const char *
names_org(size_t i, const char *field)
{
	const char *s =
	    json_string_value(json_object_get(made[i].c.fields, field));

	return s == NULL ? NULL : s + 4;
}

static bool
is_for(size_t i, const char *org)
{
	return made[i].author != SCOPE_GROUP &&
	       scope_is_within(scope_org_number(org), made[i].author);
}

/* The group's last word about it is that it does not count. */
static bool
is_set_aside(size_t i)
{
	const struct named *r = &records[made[i].record];
	size_t j, k, last = SIZE_MAX;
	char id[64];

	change_founded_ref(&made[i].c.id, id, sizeof id);
	for (j = r->from; j < r->end; j++) {
		const json_t *v =
		    json_object_get(made[j].c.fields, "set_aside");
		const char *s = json_string_value(json_array_get(v, 0));

		if (!is_of(j, made[i].record) || s == NULL ||
		    strcmp(s, id + 1) != 0)
			continue;
		for (k = r->from; k < r->end; k++)
			if (is_of(k, made[i].record) && saw(k, j) &&
			    json_object_get(made[k].c.fields, "set_aside") !=
			        NULL)
				break;
		if (k == r->end)
			last = j;
	}
	return last != SIZE_MAX;
}

/* --- who began it -------------------------------------------------------- */

static bool
has_begun(size_t i, size_t r)
{
	char id[64];

	change_founded_ref(&made[i].c.id, id, sizeof id);
	return is_of(i, r) && made[i].c.parent_count == 0 && !is_set_aside(i) &&
	       (records[r].id.ref[0] != '~' ||
	           strcmp(records[r].id.ref, id) == 0);
}

static bool
says(size_t i, const char *field, const char *value)
{
	const char *s =
	    json_string_value(json_object_get(made[i].c.fields, field));

	return s != NULL && strcmp(s, value) == 0;
}

static bool
is_all_alike(size_t i, size_t j)
{
	json_t *one = json_copy(made[i].c.fields);
	json_t *other = json_copy(made[j].c.fields);
	bool alike;

	json_object_del(one, "state");
	json_object_del(other, "state");
	alike = json_equal(one, other);
	json_decref(one);
	json_decref(other);
	return alike;
}

/* The step of who was asked for an examination, told by a program that repeats
 * what was asked: it begins nothing. */
static bool
answers(size_t i, size_t r)
{
	size_t j;

	if (!is_kind(r, "exam_request") ||
	    (!says(i, "state", "received") && !says(i, "state", "reported")))
		return false;
	for (j = records[r].from; j < records[r].end; j++) {
		const char *to = names_org(j, "to_org");

		if (has_begun(j, r) && says(j, "state", "sent") && to != NULL &&
		    strcmp(to, made[i].c.org) == 0 &&
		    strcmp(made[j].c.org, made[i].c.org) != 0 &&
		    is_all_alike(i, j))
			return true;
	}
	return false;
}

static bool
begins(size_t i, size_t r)
{
	return has_begun(i, r) && !answers(i, r);
}

/* The group, or an org that all others that began it stand below. */
static bool
surely_began(size_t i, size_t r)
{
	size_t j;

	if (!begins(i, r))
		return false;
	if (made[i].author == SCOPE_GROUP)
		return true;
	for (j = records[r].from; j < records[r].end; j++)
		if (begins(j, r) &&
		    !scope_is_within(scope_org_number(made[j].c.org),
		        scope_org_number(made[i].c.org)))
			return false;
	return true;
}

static bool
is_by_founder(size_t r)
{
	return is_kind(r, "contract") || is_kind(r, "encounter") ||
	       is_kind(r, "exam_request") || is_kind(r, "consult");
}

static void
founders(size_t r, levels l)
{
	size_t i;

	for (i = records[r].from; i < records[r].end; i++)
		if (is_of(i, r) && surely_began(i, r)) {
			if (is_by_founder(r))
				raise_to(l, made[i].c.org, FULL);
		} else if (begins(i, r)) {
			raise_to(l, made[i].c.org, KEEPS);
		}
}

/* --- whom it names ------------------------------------------------------- */

static const char *const audience[] = {"from_org", "to_org", "lender",
    "borrower", "from", "to", "owner_org_id", NULL};

/* A change by who surely began the record, or for another than the org. */
static bool
speaks(size_t j, size_t r, const char *org)
{
	size_t i;

	if (!is_for(j, org))
		return true;
	if (begins(j, r))
		return surely_began(j, r);
	for (i = records[r].from; i < records[r].end; i++)
		if (is_of(i, r) && surely_began(i, r) &&
		    is_for(j, made[i].c.org))
			return true;
	return false;
}

/* Whether nobody but the org itself says that it is one of the record's. */
static bool
is_alone_with(size_t i, size_t r, const char *org)
{
	size_t j;

	for (j = records[r].from; j < records[r].end; j++)
		if (is_of(j, r) && (j == i || saw(j, i)) && speaks(j, r, org))
			return false;
	return true;
}

static void
named(size_t r, const char *field, levels l)
{
	static bool skip[SCOPE_CHANGES_MOST];
	struct record clean;
	bool any = false;
	size_t i;

	memset(skip, 0, sizeof skip);
	for (i = records[r].from; i < records[r].end; i++) {
		const char *org = names_org(i, field);

		skip[i] =
		    is_of(i, r) && org != NULL && is_alone_with(i, r, org);
		any = any || skip[i];
	}
	raise_to(l, said(r, field), any ? BASIC : FULL);
	if (!any)
		return;
	assert_true(merge(r, skip, field, &clean));
	{
		const char *s =
		    json_string_value(json_object_get(clean.fields, field));

		raise_to(l, s == NULL ? "" : s + 4, FULL);
	}
	record_clear(&clean);
}

void
all_named(size_t r, levels l)
{
	bool has_any = is_by_founder(r);
	size_t i;

	for (i = 0; audience[i] != NULL; i++) {
		has_any = has_any || said(r, audience[i])[0] != '\0';
		named(r, audience[i], l);
	}
	if (has_any)
		founders(r, l);
}

/* --- who keeps a file ---------------------------------------------------- */

void
holders(size_t r, levels l)
{
	static bool skip[SCOPE_CHANGES_MOST];
	const char *first = NULL;
	bool agree = true, any = false;
	struct record clean;
	size_t i, j;

	memset(skip, 0, sizeof skip);
	for (i = records[r].from; i < records[r].end; i++) {
		const char *s = names_org(i, "managing_org_id");

		if (!begins(i, r))
			continue;
		s = s == NULL ? "" : s;
		agree = agree && (first == NULL || strcmp(first, s) == 0);
		first = s;
	}
	for (i = records[r].from; i < records[r].end; i++) {
		const char *s = names_org(i, "managing_org_id");

		if (!is_of(i, r) || s == NULL)
			continue;
		skip[i] = is_for(i, s) &&
		          !(surely_began(i, r) || (begins(i, r) && agree));
		any = any || skip[i];
	}
	raise_to(l, said(r, "managing_org_id"), any ? BASIC : FULL);
	assert_true(merge(r, skip, "managing_org_id", &clean));
	{
		const char *s = json_string_value(
		    json_object_get(clean.fields, "managing_org_id"));

		raise_to(l, s == NULL ? "" : s + 4, FULL);
	}
	record_clear(&clean);
	/* Two began it and give it to different orgs, or one of them to nobody:
	 * it is taken from none until somebody else, who had seen it, says who
	 * keeps the file. */
	for (i = records[r].from; i < records[r].end && !agree; i++) {
		if (!begins(i, r) || names_org(i, "managing_org_id") == NULL)
			continue;
		for (j = records[r].from; j < records[r].end; j++)
			if (is_of(j, r) && !skip[j] && saw(j, i) &&
			    names_org(j, "managing_org_id") != NULL)
				break;
		if (j == records[r].end)
			raise_to(
			    l, names_org(i, "managing_org_id"), BASIC | KEEPS);
	}
}

/* --- whose word opens a file --------------------------------------------- */

/* Whether change i says in a field what the record says, and nobody who saw
 * it says otherwise. */
static bool
says_it(size_t i, size_t r, const char *field)
{
	const json_t *now = json_object_get(versions[r].fields, field), *v;
	size_t j;

	v = json_object_get(made[i].c.fields, field);
	if (!is_of(i, r) || v == NULL || is_set_aside(i) || !json_equal(v, now))
		return false;
	for (j = records[r].from; j < records[r].end; j++) {
		v = json_object_get(made[j].c.fields, field);
		if (is_of(j, r) && v != NULL && saw(j, i) && !is_set_aside(j) &&
		    !json_equal(v, now))
			return false;
	}
	return true;
}

/* Whether j is about what the record names now: it says so, or saw it. */
static bool
is_about(size_t j, size_t r, const char *field)
{
	size_t i;

	if (json_object_get(versions[r].fields, field) == NULL)
		return true;
	for (i = records[r].from; i < records[r].end; i++)
		if (says_it(i, r, field) && (i == j || saw(j, i)))
			return true;
	return false;
}

bool
group_wrote(size_t r, const char *state, const char *field)
{
	size_t i;

	for (i = records[r].from; i < records[r].end; i++) {
		const char *s = json_string_value(
		    json_object_get(made[i].c.fields, "state"));

		if (is_of(i, r) && made[i].author == SCOPE_GROUP && s != NULL &&
		    strcmp(s, state) == 0 && is_about(i, r, field))
			return true;
	}
	return false;
}

static bool
knows_side(size_t j, size_t r, const char *org)
{
	size_t i, k;

	for (i = records[r].from; i < records[r].end; i++)
		for (k = 0; k < 2; k++) {
			const char *s = names_org(i, audience[k]);

			if (is_of(i, r) && s != NULL && strcmp(s, org) == 0 &&
			    (i == j || saw(j, i)))
				return true;
		}
	return false;
}

/* Another than the org, knowing that it is one of the two sides. */
bool
another_wrote(size_t r, int org, const char *field)
{
	size_t i;

	for (i = records[r].from; i < records[r].end; i++)
		if (is_of(i, r) && !is_for(i, scope_orgs_made[org]) &&
		    knows_side(i, r, scope_orgs_made[org]) &&
		    is_about(i, r, field))
			return true;
	return false;
}

/* The group's word that both entries, as the link names them now, are one. */
bool
group_linked(size_t q)
{
	size_t i;

	for (i = records[q].from; i < records[q].end; i++)
		if (says_it(i, q, "state") && made[i].author == SCOPE_GROUP &&
		    is_about(i, q, "resident_id") &&
		    is_about(i, q, "resident_source") &&
		    is_about(i, q, "other_id") &&
		    is_about(i, q, "other_source"))
			return true;
	return false;
}
