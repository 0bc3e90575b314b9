/* contract_matter: two teams signed one resident: a person of the group
 * decides which contract is in force. The others are refused with the reason;
 * what was done under them stays.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/contest_settle.h"
#include "store/index.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/rules.h"

/* A contract that another names, at a hub or a clinic. */
static enum err
find_contract(struct txn *t, const char *source, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	return index_resolve(t, source, "contract", ref, key);
}

/* A ref of the others, in their order; NULL: no more. */
static const char *
rival(const json_t *fields, size_t i)
{
	const char *text = json_string_value(
	    json_array_get(json_object_get(fields, "contested_with"), i));

	return text != NULL && strncmp(text, "ref:", 4) == 0 ? text + 4 : NULL;
}

/* --- when it is asked ----------------------------------------------------- */

/* One question for all that meet: about the contract of the lowest ref. */
static bool
asks(const struct record *r)
{
	const char *first = rival(r->fields, 0);

	return rule_state_is(r->fields, "contested") && first != NULL &&
	       strcmp(r->id.ref, first) < 0;
}

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct question q;
	struct record r;
	enum err e;

	(void)self;
	if (strcmp(c->record.kind, "contract") != 0 ||
	    (json_object_get(c->fields, "state") == NULL &&
	        json_object_get(c->fields, "contested_with") == NULL))
		return ERR_OK;
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	matter_question(&r.id, FINDING_CONTESTED, "", r.at, &q);
	e = asks(&r) ? question_put(t, &q) : matter_drop(t, &q);
	record_clear(&r);
	return e;
}

/* --- what there is to choose from ----------------------------------------- */

/* Who signed it, when and where, and what a person compares. */
static json_t *
show(const struct record *r, const struct record_set *changes)
{
	static const char *const names[] = {"state", "slip_no", "team_id",
	    "signing_staff_id", "signed_on", "start_on", "end_on",
	    "resident_signature", NULL};
	const struct change *first = &changes->change[0];
	json_t *fields = json_object(), *shown = NULL;
	char at[26];
	size_t i;

	for (i = 1; i < changes->count; i++) {
		const struct change *c = &changes->change[i];

		if (c->parent_count == 0 &&
		    (first->parent_count > 0 ||
		        change_id_compare(&c->id, &first->id) < 0))
			first = c;
	}
	for (i = 0; fields != NULL && names[i] != NULL; i++) {
		json_t *v = json_object_get(r->fields, names[i]);

		if (v != NULL && json_object_set(fields, names[i], v) != 0)
			break;
	}
	if (instant_print(first->occurred_at, at) != ERR_OK)
		at[0] = '\0';
	if (fields != NULL)
		shown = json_pack("{s:s, s:s, s:s, s:s, s:O}", "ref", r->id.ref,
		    "by", first->by, "at", at, "org", r->org, "fields", fields);
	json_decref(fields);
	return shown;
}

static enum err
add_choice(struct txn *t, struct matter *m, const uint8_t key[KEY_RECORD_BYTES],
    const char *holder)
{
	struct record_set changes;
	struct record r;
	enum err e = record_gather(t, key, MATTER_CHANGES_MAX, &changes);

	if (e != ERR_OK)
		return e;
	e = record_merge(changes.input, changes.count, &r);
	if (e == ERR_OK) {
		if (holder != NULL && strcmp(holder, r.id.ref) == 0)
			m->proposal = (int)m->choice_count;
		e = matter_add_choice(m, r.id.ref, show(&r, &changes));
		record_clear(&r);
	}
	record_set_free(&changes);
	return e;
}

/* One that is not here yet, or one too many, cannot be chosen here. */
static enum err
add_rivals(struct txn *t, struct matter *m, const struct record *r)
{
	const char *holder = rule_ref(r->fields, "holder_id"), *ref;
	uint8_t key[KEY_RECORD_BYTES];
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && (ref = rival(r->fields, i)) != NULL; i++) {
		e = find_contract(t, r->id.source, ref, key);
		if (e == ERR_OK)
			e = add_choice(t, m, key, holder);
		if (e == ERR_NOT_FOUND || e == ERR_LIMIT || e == ERR_CORRUPT)
			e = ERR_OK;
	}
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	(void)self;
	key_record(txn_db(t), key, &m->record);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	if (!asks(&r))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = add_choice(t, m, key, rule_ref(r.fields, "holder_id"));
	if (e == ERR_OK)
		e = add_rivals(t, m, &r);
	record_clear(&r);
	if (m->proposal >= 0)
		m->ground = N_("It counts until then: in force before the "
		               "others were signed, else of the managing org's "
		               "team, else signed first.");
	return e;
}

/* --- what a choice means ---------------------------------------------------
 */

/* In the name of the team's org, which the contract is of. */
static enum err
put_state(struct matter_pen *pen, const char *source, const char *ref,
    const char *from, const char *to)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *org = pen->org;
	json_t *fields;
	struct record r;
	enum err e = find_contract(pen->t, source, ref, key);

	if (e == ERR_OK)
		e = record_read(pen->t, key, &r);
	if (e != ERR_OK)
		return e;
	fields = json_pack("{s:s}", "state", to);
	if (fields == NULL ||
	    (pen->restores &&
	        json_object_set_new(fields, "reason", json_null()) != 0))
		e = ERR_NOMEM;
	if (e == ERR_OK && (from == NULL || rule_state_is(r.fields, from))) {
		pen->org = r.org;
		e = matter_amend(pen, key, fields);
		pen->org = org;
	}
	json_decref(fields);
	record_clear(&r);
	return e;
}

/* The refused ones first: at no moment are two in force. */
static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < m->choice_count; i++)
		if (i != n)
			e = put_state(pen, m->record.source, m->choice[i].word,
			    NULL, "refused");
	if (e == ERR_OK)
		e = put_state(
		    pen, m->record.source, m->choice[n].word, NULL, "active");
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

/* What was decided is contested again, unless something else became of it. */
static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	const json_t *versions = json_object_get(decision->fields, "versions");
	const char *source = rule_text(decision->fields, "about_source");
	const char *chosen = rule_text(decision->fields, "decision");
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < json_array_size(versions); i++) {
		const char *ref =
		    json_string_value(json_array_get(versions, i));

		if (ref == NULL)
			continue;
		e = put_state(pen, source == NULL ? "" : source, ref,
		    chosen != NULL && strcmp(ref, chosen) == 0 ? "active"
		                                               : "refused",
		    "contested");
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

const struct matter_maker matter_contested = {
    .code = FINDING_CONTESTED,
    .urgency = URGENCY_SOON,
    .group_only = true,
    .note = note,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};
