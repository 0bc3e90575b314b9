/* contest_undone: contracts that a move ended which was a mistake. */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/admit.h"
#include "store/contest_undone.h"
#include "store/contest_whose.h"
#include "store/kin.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/rules.h"

static const char resume[] = "resume", ended[] = "ended";

/* --- what is read ------------------------------------------------------- */

/* Those that confirmed it; of one that was taken back all that did before. */
static enum err
find_confirmed(const struct record_set *set, bool *stands)
{
	bool any = false;
	size_t i;
	enum err e = record_stands(set->input, set->count, "state", stands);

	for (i = 0; e == ERR_OK && i < set->count; i++)
		any = any || (stands[i] && rule_state_is(set->change[i].fields,
		                               "confirmed"));
	for (i = 0; e == ERR_OK && !any && i < set->count; i++)
		stands[i] = true;
	return e;
}

/* The day told, else that of the first word; after it stands the undoing. */
enum err
contest_moving_day(
    struct txn *t, const struct record *move, contest_day on, bool *is_guessed)
{
	const char *day = rule_day(move->fields, "moved_on");
	struct contest_said_on said;
	bool stands[KIN_MAX];
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	enum err e;

	*is_guessed = false;
	snprintf(on, sizeof(contest_day), "%.10s", day == NULL ? "" : day);
	if (day != NULL)
		return ERR_OK;
	key_record(txn_db(t), key, &move->id);
	e = record_gather(t, key, KIN_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_LIMIT || e == ERR_NOT_FOUND
		           ? ERR_OK
		           : e;
	e = find_confirmed(&set, stands);
	if (e == ERR_OK)
		e = contest_find_said(
		    set.input, set.count, stands, "state", "confirmed", &said);
	if (e == ERR_OK)
		*is_guessed = contest_day_said(&said, on);
	record_set_free(&set);
	return e;
}

static bool
sets_state(const struct change *c)
{
	return !contest_is_machines(c) &&
	       json_object_get(c->fields, "state") != NULL;
}

/* Whether change i has seen every end that the group said of a move, and no
 * person whose word counts said anything of the state after it. */
static bool
is_last_word(
    const struct record_set *set, const struct contest_said *said, size_t i)
{
	size_t j, ends = 0;

	for (j = 0; j < set->count; j++) {
		const struct change *c = &set->change[j];
		const char *reason = rule_text(c->fields, "end_reason");

		if (!kin_is_aside(set, j) && sets_state(&said->copy[j]) &&
		    kin_had_seen(set, j, i))
			return false;
		if (!contest_is_machines(c) || reason == NULL ||
		    strcmp(reason, "moved") != 0)
			continue;
		if (!kin_had_seen(set, i, j))
			return false;
		ends++;
	}
	return ends > 0;
}

bool
contest_is_resumed(
    const struct record_set *contract, const struct contest_said *said)
{
	size_t i;

	for (i = 0; i < contract->count; i++)
		if (sets_state(&contract->change[i]) &&
		    rule_state_is(contract->change[i].fields, "active") &&
		    is_last_word(contract, said, i))
			return true;
	return false;
}

/* --- asking ------------------------------------------------------------- */

enum err
contest_undone_ask(struct txn *t, const struct contest_set *s, int64_t now)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; s->has_moves && e == ERR_OK && i < s->contest.count; i++) {
		struct question q;

		matter_question(
		    &s->record[i].present.id, FINDING_END_DOUBTED, "", now, &q);
		e = s->contest.of[i].is_doubted ? question_put(t, &q)
		                                : matter_drop(t, &q);
	}
	return e;
}

/* --- what there is to choose -------------------------------------------- */

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	static const char *const names[] = {"slip_no", "resident_id", "team_id",
	    "signed_on", "start_on", "end_on", "ended_on"};
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields;
	struct record r;
	size_t i;
	enum err e;

	(void)self;
	matter_key(t, m->question, key);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	fields = json_object();
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_object_get(r.fields, names[i]) != NULL)
			json_object_set(fields, names[i],
			    json_object_get(r.fields, names[i]));
	e = matter_add_choice(
	    m, resume, json_pack("{s:s, s:O}", "org", r.org, "fields", fields));
	if (e == ERR_OK)
		e = matter_add_choice(
		    m, ended, json_pack("{s:s}", "org", r.org));
	m->proposal = 0;
	m->ground = N_("the move that had ended it was taken back");
	json_decref(fields);
	record_clear(&r);
	return e;
}

/* --- what a choice means ------------------------------------------------ */

/* What is shown is written again, as a person's word. */
static enum err
say_ended(struct matter_pen *pen, const struct record *r)
{
	static const char *const names[] = {"state", "end_reason", "ended_on"};
	char org[ORG_REF_BYTES_MAX + 1];
	struct change c;
	size_t i;
	enum err e = contest_whose_speaks(pen->t, pen->self, r, org);

	if (e != ERR_OK)
		return e;
	change_init(&c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", pen->by);
	snprintf(c.org, sizeof c.org, "%s", org);
	c.clock = self_clock(pen->self, pen->now);
	c.occurred_at = c.recorded_at = pen->now;
	c.fields = json_pack("{s:s}", "reason", pen->reason);
	if (c.fields == NULL)
		return ERR_NOMEM;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_object_get(r->fields, names[i]) != NULL)
			json_object_set(c.fields, names[i],
			    json_object_get(r->fields, names[i]));
	e = admit_own(pen->t, pen->self, &c, URGENCY_SOON);
	if (e == ERR_OK)
		e = matter_note_written(pen, &c.id);
	change_clear(&c);
	return e;
}

/* In the name of the team's org, which the contract is of. */
static enum err
put_state(struct matter_pen *pen, const uint8_t key[KEY_RECORD_BYTES],
    const struct record *r, const char *state)
{
	const char *org = pen->org;
	bool restores = pen->restores;
	char name[ORG_REF_BYTES_MAX + 1];
	enum err e = contest_whose_speaks(pen->t, pen->self, r, name);
	json_t *fields;

	if (e != ERR_OK)
		return e;
	fields = json_pack("{s:s}", "state", state);
	if (fields == NULL)
		return ERR_NOMEM;
	pen->org = name;
	pen->restores = true; /* no step leads out of an end */
	e = matter_amend(pen, key, fields);
	pen->org = org;
	pen->restores = restores;
	json_decref(fields);
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	matter_key(pen->t, m->question, key);
	e = record_read(pen->t, key, &r);
	if (e != ERR_OK)
		return e;
	e = n == 0 ? put_state(pen, key, &r, "active") : say_ended(pen, &r);
	record_clear(&r);
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

/* Whether what was decided is still what is shown. */
static bool
stands(const struct record *r, const char *chosen)
{
	if (chosen != NULL && strcmp(chosen, ended) == 0)
		return rule_state_is(r->fields, "closed");
	return rule_state_is(r->fields, "active") ||
	       rule_state_is(r->fields, "contested");
}

/* As it was signed: doubted again, unless something else became of it. */
static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	struct identity about;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	matter_about(decision->fields, &about);
	key_record(txn_db(pen->t), key, &about);
	e = record_read(pen->t, key, &r);
	if (e != ERR_OK)
		return e;
	if (stands(&r, rule_text(decision->fields, "decision")))
		e = put_state(pen, key, &r, "signed");
	record_clear(&r);
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

const struct matter_maker matter_end_doubted = {
    .code = FINDING_END_DOUBTED,
    .urgency = URGENCY_SOON,
    .group_only = true,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};
