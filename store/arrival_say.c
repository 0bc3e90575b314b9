/* arrival_say: which arrivals belong to a referral, and what that says. */

#include <stdlib.h>
#include <string.h>

#include "store/arrival_say.h"
#include "store/begun.h"
#include "store/contest_said.h"
#include "store/contest_say.h"
#include "store/rules.h"
#include "store/value.h"

/* What is said of them, at most: of the arrival that it is over and what it
 * belongs to, of the referral what the target writes. */
static const char *const words[] = {"state", "reassigned_to", "arrived_at",
    "admission_no", "findings", "final_dx", "plan", "rehab_advice",
    "followup_due_on", NULL};

/* --- the referrals of one number ------------------------------------------ */

void
slip_clear(struct slip *s)
{
	record_clear(&s->record);
	record_clear(&s->said);
	record_set_free(&s->set);
}

void
slips_free(struct slips *s)
{
	size_t i;

	for (i = 0; s != NULL && i < s->count; i++)
		slip_clear(&s->of[i]);
	free(s);
}

static bool
begins(const struct change *c)
{
	return c->parent_count == 0 && !begun_is_forged(c);
}

static bool
was_begun_in_full(const struct record_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (begins(&set->change[i]) &&
		    rule_ref(set->change[i].fields, "from_org") != NULL)
			return true;
	return false;
}

static enum err
merge_said(const struct record_set *set, struct record *out)
{
	bool *is_silent = calloc(set->count, sizeof *is_silent);
	size_t i;
	enum err e;

	if (is_silent == NULL)
		return ERR_NOMEM;
	for (i = 0; i < set->count; i++)
		is_silent[i] = contest_is_machines(&set->change[i]);
	e = record_merge_without(set->input, set->count, words, is_silent, out);
	free(is_silent);
	return e;
}

enum err
slip_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct slip *out)
{
	enum err e = record_gather(t, key, ARRIVAL_CHANGES_MOST, &out->set);

	if (e != ERR_OK)
		return e;
	e = record_merge(out->set.input, out->set.count, &out->record);
	if (e == ERR_OK) {
		e = merge_said(&out->set, &out->said);
		if (e != ERR_OK)
			record_clear(&out->record);
	}
	if (e != ERR_OK) {
		record_set_free(&out->set);
		return e;
	}
	out->is_stub = !was_begun_in_full(&out->set);
	return ERR_OK;
}

bool
slip_bears(const struct slip *s, const char *number)
{
	const char *is = rule_text(s->said.fields, "slip_no");

	return is != NULL && strcmp(is, number) == 0;
}

enum err
arrival_is_joined(struct txn *t, const struct record *r,
    const uint8_t key[KEY_RECORD_BYTES], bool *out)
{
	struct slip s = {.is_stub = false};
	enum err e;

	*out = false;
	if (strcmp(r->id.kind, "referral") != 0 ||
	    rule_ref(r->fields, "reassigned_to") == NULL)
		return ERR_OK;
	e = slip_read(t, key, &s);
	if (e != ERR_OK)
		return e == ERR_LIMIT ? ERR_OK : e;
	*out = s.is_stub && rule_ref(s.said.fields, "reassigned_to") == NULL;
	slip_clear(&s);
	return ERR_OK;
}

/* --- which belong together ------------------------------------------------ */

/* Whether an org alone began it, in its own words for another. */
static bool
was_begun_for_another(const struct slip *real, const char *org)
{
	size_t i;

	for (i = 0; i < real->set.count; i++) {
		const struct change *c = &real->set.change[i];
		const char *from = rule_ref(c->fields, "from_org");

		if (begins(c) && (strcmp(c->org, org) != 0 || from == NULL ||
		                     strcmp(from, org) == 0))
			return false;
	}
	return true;
}

/* Only who was to receive the patient joins by a number, which counts up and
 * may be guessed or mistyped; and nobody addresses another's referral to
 * himself. Once addressed is always addressed, so that it does not matter
 * whether the address was mended before or after. */
static bool
is_addressed(const struct slip *real, const char *org)
{
	size_t i;

	for (i = 0; i < real->set.count; i++) {
		const struct change *c = &real->set.change[i];
		const char *to = rule_ref(c->fields, "to_org");

		if (to != NULL && strcmp(to, org) == 0 &&
		    (strcmp(c->org, org) != 0 ||
		        was_begun_for_another(real, org)))
			return true;
	}
	return false;
}

/* Who registered an arrival that fits; NULL: it does not. */
static const char *
org_joining(const struct slip *stub, const struct slip *real)
{
	const char *org = NULL;
	size_t i;

	if (real->is_stub || rule_ref(real->said.fields, "reassigned_to"))
		return NULL;
	for (i = 0; i < stub->set.count; i++) {
		const struct change *c = &stub->set.change[i];

		if (begins(c) && (org == NULL || strcmp(c->org, org) < 0) &&
		    is_addressed(real, c->org))
			org = c->org;
	}
	return org;
}

/* The one referral that it fits; of several nobody knows which is meant. What
 * people closed themselves is theirs. */
static const struct slip *
real_of(const struct slips *s, const struct slip *stub)
{
	const struct slip *real = NULL;
	size_t i;

	if (s->is_crowded || !stub->is_stub ||
	    rule_ref(stub->said.fields, "reassigned_to") != NULL)
		return NULL;
	for (i = 0; i < s->count; i++) {
		if (org_joining(stub, &s->of[i]) == NULL)
			continue;
		if (real != NULL)
			return NULL;
		real = &s->of[i];
	}
	return real;
}

/* --- what is said --------------------------------------------------------- */

/* Whether others than the machine said a field, be it that it is empty. */
static bool
is_said(const struct slip *s, const char *field)
{
	size_t i;

	for (i = 0; i < s->set.count; i++)
		if (!contest_is_machines(&s->set.change[i]) &&
		    json_object_get(s->set.change[i].fields, field) != NULL)
			return true;
	return false;
}

/* How far it got by what others than the machine said. */
static const char *
state_said(const struct kind *k, const struct slip *stub, const char *least)
{
	size_t i;

	for (i = 0; i < stub->set.count; i++) {
		const struct change *c = &stub->set.change[i];
		const char *state = rule_text(c->fields, "state");

		if (!contest_is_machines(c) && state != NULL &&
		    (least == NULL ||
		        state_rank(k, state) > state_rank(k, least)))
			least = state;
	}
	return least;
}

/* By the one of the lowest ref that tells it; of NULL: that is joined. */
static const struct slip *
teller(const struct slips *s, const struct slip *real, const char *field)
{
	const struct slip *best = NULL;
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct slip *stub = &s->of[i];

		if (real_of(s, stub) == real &&
		    (field == NULL ||
		        json_object_get(stub->said.fields, field) != NULL) &&
		    (best == NULL ||
		        strcmp(stub->record.id.ref, best->record.id.ref) < 0))
			best = stub;
	}
	return best;
}

static json_t *
state_of_real(const struct slips *s, const struct slip *real)
{
	const struct kind *k = kind_by_name("referral");
	const char *state = rule_text(real->said.fields, "state");
	size_t i;

	for (i = 0; i < s->count; i++)
		if (real_of(s, &s->of[i]) == real)
			state = state_said(k, &s->of[i], state);
	return state == NULL ? NULL : json_string(state);
}

/* What a field should hold; NULL: nothing. joined: to what. */
static json_t *
wanted(const struct slips *s, const struct slip *one, const struct slip *joined,
    const char *field)
{
	bool is_state = strcmp(field, "state") == 0;
	const struct slip *by;

	if (joined != NULL && is_state)
		return json_string("cancelled");
	if (joined != NULL && strcmp(field, "reassigned_to") == 0)
		return json_sprintf("ref:%s", joined->record.id.ref);
	if (!one->is_stub && is_state)
		return state_of_real(s, one);
	by = one->is_stub || is_state || is_said(one, field)
	         ? one
	         : teller(s, one, field);
	return by == NULL
	           ? NULL
	           : json_incref(json_object_get(by->said.fields, field));
}

/* What differs from what the record says; NULL: no memory. */
static json_t *
difference(
    const struct slips *s, const struct slip *one, const struct slip *joined)
{
	json_t *changed = json_object();
	size_t i;

	for (i = 0; changed != NULL && words[i] != NULL; i++) {
		const json_t *old =
		    json_object_get(one->record.fields, words[i]);
		json_t *now = wanted(s, one, joined, words[i]);

		if ((now == NULL && old == NULL) ||
		    (now != NULL && old != NULL && value_equal(now, old))) {
			json_decref(now);
			continue;
		}
		if (json_object_set_new(changed, words[i],
		        now == NULL ? json_null() : now) != 0) {
			json_decref(changed);
			return NULL;
		}
	}
	return changed;
}

/* The org in whose name the machine spoke; NULL: it did not. */
static const char *
org_spoken_for(const struct slip *s)
{
	const char *org = NULL;
	size_t i;

	for (i = 0; i < s->set.count; i++)
		if (contest_is_machines(&s->set.change[i]))
			org = s->set.change[i].org;
	return org;
}

/* In the name of who registered the arrival. What was said before, and follows
 * no more, is taken back. */
enum err
arrival_say(struct txn *t, const struct self *self, const struct slips *s,
    const struct slip *one, int64_t now)
{
	const struct slip *joined = real_of(s, one);
	const struct slip *by = one->is_stub ? NULL : teller(s, one, NULL);
	const char *org = joined != NULL ? org_joining(one, joined)
	                  : by != NULL   ? org_joining(by, one)
	                                 : org_spoken_for(one);
	json_t *fields;
	enum err e = ERR_OK;

	if (org == NULL)
		return ERR_OK;
	fields = difference(s, one, joined);
	if (fields == NULL)
		return ERR_NOMEM;
	if (json_object_size(fields) > 0)
		e = contest_say(t, self, &one->record, org, fields, now);
	json_decref(fields);
	return e;
}
