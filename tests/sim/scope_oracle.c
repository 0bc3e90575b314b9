/* scope_oracle: who is to have what, with the rules written out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/merge.h"
#include "tests/sim/scope_group.h"

/* KEEPS: it is in doubt whose the record is: what stands on its list may stay,
 * and nothing comes. */
enum { BASIC = 1, FULL = 2, LEVEL = 3, KEEPS = 4 };

/* Per record: what it says, and the level of each org in its scope. */
static struct record *versions; /* of those that are here */
static bool *is_known;
typedef uint8_t levels[SCOPE_ORGS];
/* What a record names, once found. */
static struct {
	size_t resident, device, encounter;
} * names;
static levels *found; /* scopes as they are asked for, once each */
static bool *is_found;

static const char *
said(size_t r, const char *field)
{
	const char *s =
	    json_string_value(json_object_get(versions[r].fields, field));

	return s == NULL ? "" : strncmp(s, "ref:", 4) == 0 ? s + 4 : s;
}

static bool
is_kind(size_t r, const char *kind)
{
	return strcmp(records[r].id.kind, kind) == 0;
}

static bool
is_any(const char *word, const char *a, const char *b, const char *c,
    const char *d)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 ||
	       strcmp(word, c) == 0 || strcmp(word, d) == 0;
}

/* Of those here; skip: leaves out what this says in a field; NULL: nothing. */
static bool
merge(size_t r, const bool *skip, const char *field, struct record *out)
{
	static struct merge_input input[64];
	static struct change copy[64];
	size_t i, n = 0;

	for (i = 0; i < made_count; i++) {
		if (made[i].record != r || !made[i].is_here)
			continue;
		assert_true(n < 64);
		copy[n] = made[i].c;
		copy[n].fields = json_copy(made[i].c.fields);
		if (skip != NULL && skip[i])
			json_object_del(copy[n].fields, field);
		input[n].change = &copy[n];
		input[n].fingerprint = made[i].fingerprint;
		n++;
	}
	if (n > 0)
		assert_int_equal(record_merge(input, n, out), ERR_OK);
	for (i = 0; i < n; i++)
		json_decref(copy[i].fields);
	return n > 0;
}

/* The record a reference means: of its own source, else the only one. */
static size_t
meant(size_t from, const char *kind, const char *ref)
{
	size_t i, other = SIZE_MAX, count = 0;

	for (i = 0; i < record_count; i++) {
		if (!is_known[i] || !is_kind(i, kind) ||
		    strcmp(records[i].id.ref, ref) != 0)
			continue;
		if (strcmp(records[i].id.source, records[from].id.source) == 0)
			return i;
		other = i;
		count++;
	}
	return count == 1 && strcmp(kind, "encounter") != 0 ? other : SIZE_MAX;
}

static void
raise(levels l, const char *org, uint8_t level)
{
	int i = scope_org_number(org);

	if (i < 0)
		return;
	l[i] |= level & KEEPS;
	if ((l[i] & LEVEL) < (level & LEVEL))
		l[i] = (uint8_t)((l[i] & KEEPS) | (level & LEVEL));
}

static uint8_t
at_most_basic(uint8_t level)
{
	return (level & LEVEL) > BASIC ? (uint8_t)((level & KEEPS) | BASIC)
	                               : level;
}

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
	size_t j, k, last = SIZE_MAX;
	char id[64];

	change_founded_ref(&made[i].c.id, id, sizeof id);
	for (j = 0; j < made_count; j++) {
		const json_t *v =
		    json_object_get(made[j].c.fields, "set_aside");
		const char *s = json_string_value(json_array_get(v, 0));

		if (!is_of(j, made[i].record) || s == NULL ||
		    strcmp(s, id + 1) != 0)
			continue;
		for (k = 0; k < made_count; k++)
			if (is_of(k, made[i].record) && saw(k, j) &&
			    json_object_get(made[k].c.fields, "set_aside") !=
			        NULL)
				break;
		if (k == made_count)
			last = j;
	}
	return last != SIZE_MAX;
}

/* --- who began it -------------------------------------------------------- */

static bool
begins(size_t i, size_t r)
{
	char id[64];

	change_founded_ref(&made[i].c.id, id, sizeof id);
	return is_of(i, r) && made[i].c.parent_count == 0 && !is_set_aside(i) &&
	       (records[r].id.ref[0] != '~' ||
	           strcmp(records[r].id.ref, id) == 0);
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
	for (j = 0; j < made_count; j++)
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

	for (i = 0; i < made_count; i++)
		if (is_of(i, r) && surely_began(i, r)) {
			if (is_by_founder(r))
				raise(l, made[i].c.org, FULL);
		} else if (begins(i, r)) {
			raise(l, made[i].c.org, KEEPS);
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
	for (i = 0; i < made_count; i++)
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

	for (j = 0; j < made_count; j++)
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
	for (i = 0; i < made_count; i++) {
		const char *org = names_org(i, field);

		skip[i] =
		    is_of(i, r) && org != NULL && is_alone_with(i, r, org);
		any = any || skip[i];
	}
	raise(l, said(r, field), any ? BASIC : FULL);
	if (!any)
		return;
	assert_true(merge(r, skip, field, &clean));
	{
		const char *s =
		    json_string_value(json_object_get(clean.fields, field));

		raise(l, s == NULL ? "" : s + 4, FULL);
	}
	record_clear(&clean);
}

static void
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

static void
holders(size_t r, levels l)
{
	static bool skip[SCOPE_CHANGES_MOST];
	const char *first = NULL;
	bool agree = true, any = false;
	struct record clean;
	size_t i, j;

	memset(skip, 0, sizeof skip);
	for (i = 0; i < made_count; i++) {
		const char *s = names_org(i, "managing_org_id");

		if (s == NULL || !begins(i, r))
			continue;
		agree = agree && (first == NULL || strcmp(first, s) == 0);
		first = s;
	}
	for (i = 0; i < made_count; i++) {
		const char *s = names_org(i, "managing_org_id");

		if (!is_of(i, r) || s == NULL)
			continue;
		skip[i] = is_for(i, s) && !(begins(i, r) && agree);
		any = any || skip[i];
	}
	raise(l, said(r, "managing_org_id"), any ? BASIC : FULL);
	assert_true(merge(r, skip, "managing_org_id", &clean));
	{
		const char *s = json_string_value(
		    json_object_get(clean.fields, "managing_org_id"));

		raise(l, s == NULL ? "" : s + 4, FULL);
	}
	record_clear(&clean);
	/* Two began it and give it to different orgs: it is taken from neither
	 * until somebody else, who had seen it, says who keeps the file. */
	for (i = 0; i < made_count && !agree; i++) {
		if (!begins(i, r) || !skip[i])
			continue;
		for (j = 0; j < made_count; j++)
			if (is_of(j, r) && !skip[j] && saw(j, i) &&
			    names_org(j, "managing_org_id") != NULL)
				break;
		if (j == made_count)
			raise(
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
	for (j = 0; j < made_count; j++) {
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
	for (i = 0; i < made_count; i++)
		if (says_it(i, r, field) && (i == j || saw(j, i)))
			return true;
	return false;
}

static bool
group_wrote(size_t r, const char *state, const char *field)
{
	size_t i;

	for (i = 0; i < made_count; i++) {
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

	for (i = 0; i < made_count; i++)
		for (k = 0; k < 2; k++) {
			const char *s = names_org(i, audience[k]);

			if (is_of(i, r) && s != NULL && strcmp(s, org) == 0 &&
			    (i == j || saw(j, i)))
				return true;
		}
	return false;
}

/* Another than the org, knowing that it is one of the two sides. */
static bool
another_wrote(size_t r, int org, const char *field)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (is_of(i, r) && !is_for(i, scope_orgs_made[org]) &&
		    knows_side(i, r, scope_orgs_made[org]) &&
		    is_about(i, r, field))
			return true;
	return false;
}

/* The group's word that both entries, as the link names them now, are one. */
static bool
group_linked(size_t q)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (says_it(i, q, "state") && made[i].author == SCOPE_GROUP &&
		    is_about(i, q, "resident_id") &&
		    is_about(i, q, "resident_source") &&
		    is_about(i, q, "other_id") &&
		    is_about(i, q, "other_source"))
			return true;
	return false;
}

static bool
grants(size_t q)
{
	const char *state = said(q, "state");

	if (is_kind(q, "contract"))
		return is_any(state, "signed", "contested", "active", "ending");
	if (is_kind(q, "referral"))
		return is_any(
		           state, "issued", "accepted", "arrived", "in_care") ||
		       strcmp(state, "sent_back") == 0;
	if (is_kind(q, "exam_request"))
		return is_any(state, "sent", "received", "-", "-");
	if (is_kind(q, "consult"))
		return is_any(state, "requested", "accepted", "answered", "-");
	if (is_kind(q, "loan"))
		return !is_any(state, "cancelled", "refused", "-", "-");
	return is_kind(q, "custody");
}

/* What a record gives to its scope_orgs_made of what a field of it names. */
static void
given(size_t q, const char *field, levels l)
{
	const char *state = said(q, "state");
	levels own = {0};
	size_t i;

	if (grants(q))
		all_named(q, own);
	for (i = 0; i < SCOPE_ORGS; i++) {
		bool full = true;

		if (own[i] == 0)
			continue;
		if (is_kind(q, "contract"))
			full = is_any(state, "active", "ending", "-", "-") &&
			       (group_wrote(q, "active", field) ||
			           group_wrote(q, "ending", field));
		if (is_kind(q, "referral"))
			full = another_wrote(q, (int)i, field);
		if (is_kind(q, "exam_request") || is_kind(q, "consult"))
			full = false;
		raise(l, scope_orgs_made[i],
		    full ? own[i] : at_most_basic(own[i]));
	}
}

static const char *
attached(size_t q)
{
	const char *s = json_string_value(
	    json_array_get(json_object_get(versions[q].fields, "attached"), 0));

	return s == NULL ? "" : s + 4;
}

static void scope_of(size_t r, levels l);

static void
followed_one(size_t to, levels l)
{
	levels more = {0};
	size_t i;

	if (to == SIZE_MAX || !is_known[to])
		return;
	scope_of(to, more);
	for (i = 0; i < SCOPE_ORGS; i++)
		raise(l, scope_orgs_made[i], more[i]);
}

static void
followed(size_t r, const char *kind, const char *field, levels l)
{
	followed_one(meant(r, kind, said(r, field)), l);
}

/* The entry that a link names, by source and ref; it may not be here yet. */
static size_t
entry(size_t link, const char *field, const char *source)
{
	size_t i;

	if (said(link, source)[0] == '\0')
		return meant(link, "resident", said(link, field));
	for (i = 0; i < record_count; i++)
		if (is_kind(i, "resident") &&
		    strcmp(records[i].id.ref, said(link, field)) == 0 &&
		    strcmp(records[i].id.source, said(link, source)) == 0)
			return i;
	return SIZE_MAX;
}

/* The other one of a link that stands; SIZE_MAX: it is about others. */
static size_t
linked_to(size_t q, size_t r)
{
	size_t a, b;

	if (!is_known[q] || !is_kind(q, "link") ||
	    strcmp(said(q, "state"), "linked") != 0)
		return SIZE_MAX;
	a = entry(q, "resident_id", "resident_source");
	b = entry(q, "other_id", "other_source");
	return a == r ? b : b == r ? a : SIZE_MAX;
}

/* What holds of an entry whether or not it is linked. */
static void
direct(size_t r, levels l)
{
	size_t q;

	holders(r, l);
	for (q = 0; q < record_count; q++)
		if (is_known[q] && names[q].resident == r)
			given(q, "resident_id", l);
}

/* All entries of a person are received by whom each of them is; by no more
 * than a stranger's part, where not the group said that they are one. */
static void
linked(size_t r, levels l)
{
	struct {
		size_t r;
		bool in_full;
	} all[16] = {{r, true}};
	size_t count = 1, i, j, q;

	for (i = 0; i < count; i++)
		for (q = 0; q < record_count; q++) {
			size_t to = linked_to(q, all[i].r);

			for (j = 0; j < count && all[j].r != to; j++)
				;
			if (to == SIZE_MAX || j < count)
				continue;
			assert_true(count < 16);
			all[count].r = to;
			all[count++].in_full =
			    all[i].in_full && group_linked(q);
		}
	for (i = 1; i < count; i++) {
		levels more = {0};

		if (!is_known[all[i].r])
			continue;
		direct(all[i].r, more);
		for (j = 0; j < SCOPE_ORGS; j++)
			raise(l, scope_orgs_made[j],
			    all[i].in_full ? more[j] : at_most_basic(more[j]));
	}
}

static void
compute(size_t r, levels l)
{
	bool is_resident = is_kind(r, "resident"),
	     is_device = is_kind(r, "device");
	size_t q;

	if (is_resident)
		linked(r, l);
	if (is_kind(r, "audit"))
		return; /* the group alone */
	if (is_resident)
		holders(r, l);
	else
		all_named(r, l);
	for (q = 0; q < record_count; q++) {
		if (!is_known[q])
			continue;
		if (is_resident && names[q].resident == r)
			given(q, "resident_id", l);
		if (is_device && names[q].device == r)
			given(q, "device_id", l);
		if (is_kind(r, "encounter") && is_kind(q, "referral") &&
		    names[q].encounter == r)
			given(q, "attached", l);
	}
	if (is_kind(r, "link")) {
		followed_one(entry(r, "resident_id", "resident_source"), l);
		followed_one(entry(r, "other_id", "other_source"), l);
	} else {
		followed(r, "resident", "resident_id", l);
	}
	if (is_kind(r, "question"))
		followed(r, said(r, "about_kind"), "about_ref", l);
	followed(r, "device", "device_id", l);
	followed(r, "contract", "contract_id", l);
	followed(r, "exam_request", "exam_request_id", l);
}

static void
scope_of(size_t r, levels l)
{
	size_t i;

	if (!is_found[r])
		compute(r, found[r]);
	is_found[r] = true;
	for (i = 0; i < SCOPE_ORGS; i++)
		raise(l, scope_orgs_made[i], found[r][i]);
}

static uint8_t
needs(size_t r)
{
	return is_kind(r, "resident") || is_kind(r, "contract") ||
	               (is_kind(r, "followup") &&
	                   strcmp(said(r, "state"), "planned") == 0)
	           ? BASIC
	           : FULL;
}

static void
due_in(const struct made *m, const levels scope, bool due[SCOPE_ORGS],
    bool may[SCOPE_ORGS])
{
	int acting = scope_org_number(m->c.org), i;

	for (i = 0; i < SCOPE_ORGS; i++) {
		due[i] =
		    !is_kind(m->record, "audit") &&
		    (i == acting || (scope[i] & LEVEL) >= needs(m->record));
		may[i] = !due[i] && (scope[i] & KEEPS) != 0;
	}
}

static void
lists_in(const struct made *m, const levels scope, bool on[SCOPE_ORGS],
    bool may[SCOPE_ORGS])
{
	int acting = scope_org_number(m->c.org), i, j;
	bool due[SCOPE_ORGS];

	due_in(m, scope, due, may);
	for (i = 0; i < SCOPE_ORGS; i++) {
		on[i] = due[i];
		for (j = 0; due[i] && i != acting && j < SCOPE_ORGS; j++)
			if (j != i && due[j] && scope_is_within(j, i))
				on[i] = false;
	}
}

/* Who kept the file before is told who takes it: the nearest changes before
 * this one that name a holder. Each has one parent here. */
static void
told(const struct made *m, levels scope)
{
	const struct made *at = m;

	if (json_object_get(m->c.fields, "managing_org_id") == NULL)
		return;
	while (at->c.parent_count > 0) {
		const char *s;
		size_t i;

		for (i = 0; i < made_count; i++)
			if (made[i].is_here && change_id_compare(&made[i].c.id,
			                           &at->c.parents[0].id) == 0)
				break;
		if (i == made_count)
			return;
		at = &made[i];
		s = json_string_value(
		    json_object_get(at->c.fields, "managing_org_id"));
		if (s != NULL) {
			raise(scope, s + 4, FULL);
			return;
		}
	}
}

void
scope_oracle_lists(
    const struct made *m, bool on[SCOPE_ORGS], bool may[SCOPE_ORGS])
{
	levels scope = {0};

	scope_of(m->record, scope);
	told(m, scope);
	lists_in(m, scope, on, may);
}

void
scope_oracle_holders(
    const struct made *m, bool holds[SCOPE_ORGS], bool may[SCOPE_ORGS])
{
	levels scope = {0};
	bool due[SCOPE_ORGS], kept[SCOPE_ORGS];
	int i, at;

	scope_of(m->record, scope);
	told(m, scope);
	due_in(m, scope, due, kept);
	memset(holds, 0, SCOPE_ORGS * sizeof *holds);
	memset(may, 0, SCOPE_ORGS * sizeof *may);
	for (i = 0; i < SCOPE_ORGS; i++)
		for (at = i; at >= 0 && (due[i] || kept[i]);
		     at = scope_orgs_above[at])
			*(due[i] ? &holds[at] : &may[at]) = true;
}

void
scope_oracle_begin(void)
{
	size_t i;

	versions = calloc(record_count, sizeof *versions);
	is_known = calloc(record_count, sizeof *is_known);
	found = calloc(record_count, sizeof *found);
	is_found = calloc(record_count, sizeof *is_found);
	names = calloc(record_count, sizeof *names);
	assert_non_null(names);
	assert_non_null(found);
	assert_non_null(is_found);
	assert_non_null(versions);
	assert_non_null(is_known);
	for (i = 0; i < record_count; i++)
		is_known[i] = merge(i, NULL, NULL, &versions[i]);
	for (i = 0; i < record_count; i++) {
		if (!is_known[i])
			continue;
		names[i].resident =
		    meant(i, "resident", said(i, "resident_id"));
		names[i].device = meant(i, "device", said(i, "device_id"));
		names[i].encounter = meant(i, "encounter", attached(i));
	}
}

void
scope_oracle_end(void)
{
	size_t i;

	for (i = 0; i < record_count; i++)
		if (is_known[i])
			record_clear(&versions[i]);
	free(names);
	free(found);
	free(is_found);
	free(versions);
	free(is_known);
}
