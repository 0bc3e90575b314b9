/* scope_oracle: who is to have what, with the rules written out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/scope_oracle.h"

struct record *versions;
static bool *is_known;
/* What a record names, once found. */
static struct {
	size_t resident, device, encounter;
} * names;
static levels *found; /* scopes as they are asked for, once each */
static bool *is_found;

const char *
said(size_t r, const char *field)
{
	const char *s =
	    json_string_value(json_object_get(versions[r].fields, field));

	return s == NULL ? "" : strncmp(s, "ref:", 4) == 0 ? s + 4 : s;
}

bool
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

bool
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

void
raise_to(levels l, const char *org, uint8_t level)
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
		raise_to(l, scope_orgs_made[i],
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
		raise_to(l, scope_orgs_made[i], more[i]);
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

/* Whether a change says that its org has to do with a resident. */
static bool
is_of_care(const struct made *m, size_t r)
{
	const char *s =
	    json_string_value(json_object_get(m->c.fields, "resident_id"));

	if (!m->is_here || m->record == r)
		return m->is_here;
	return s != NULL && strcmp(s + 4, records[r].id.ref) == 0 &&
	       (is_kind(m->record, "encounter") ||
	           is_kind(m->record, "followup")) &&
	       meant(m->record, "resident", s + 4) == r;
}

/* Of those below an org who has. */
static void
carers_below(size_t r, int keeper, uint8_t level, levels l)
{
	size_t i;
	int org;

	for (i = 0; i < made_count; i++) {
		org = scope_org_number(made[i].c.org);
		if (org >= 0 && org != keeper && scope_is_within(org, keeper) &&
		    is_of_care(&made[i], r))
			raise_to(l, scope_orgs_made[org], level);
	}
}

static void
keepers_and_carers(size_t r, levels l)
{
	levels own = {0};
	int i;

	holders(r, own);
	for (i = 0; i < SCOPE_ORGS; i++) {
		if (own[i] != 0)
			raise_to(l, scope_orgs_made[i], own[i]);
		if ((own[i] & LEVEL) == FULL)
			carers_below(r, i, BASIC, l);
	}
}

/* What holds of an entry whether or not it is linked. */
static void
direct(size_t r, levels l)
{
	size_t q;

	keepers_and_carers(r, l);
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
			raise_to(l, scope_orgs_made[j],
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
		keepers_and_carers(r, l);
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
		raise_to(l, scope_orgs_made[i], found[r][i]);
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

/* Who kept the file before, and cared for him there, is told who takes it: the
 * nearest changes before this one that name a holder. Each has one parent here.
 */
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
			raise_to(scope, s + 4, FULL);
			carers_below(
			    m->record, scope_org_number(s + 4), FULL, scope);
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
