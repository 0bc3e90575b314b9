/* due: what waits for somebody here. */

#include <stdio.h>
#include <string.h>

#include "store/due.h"
#include "store/index.h"
#include "store/rules.h"

static const int64_t day_seconds = 24 * 60 * 60;

/* A record that a change was just merged into. */
struct seen {
	struct txn *t;
	const struct change *change;
	const uint8_t *key;
	struct record record;
};

static void
question_of(
    const struct identity *id, enum finding_code code, struct question *q)
{
	memset(q, 0, sizeof *q);
	q->type = QUESTION_DUE;
	q->code = code;
	/* Two programs may call two records the same. */
	snprintf(q->origin, sizeof q->origin, "%s", id->source);
	snprintf(q->kind, sizeof q->kind, "%s", id->kind);
	snprintf(q->ref, sizeof q->ref, "%s", id->ref);
}

/* Ask while it waits; since is when it began to. */
static enum err
ask(const struct seen *s, enum finding_code code, const char *since, bool waits)
{
	struct question q;

	question_of(&s->record.id, code, &q);
	if (!waits || since == NULL ||
	    instant_parse(since, strlen(since), &q.at) != ERR_OK)
		return question_drop(s->t, &q);
	/* A clock that is wrong must not silence a critical value. */
	if (s->change->clock != CLOCK_SUSPECT &&
	    s->change->recorded_at - q.at > DUE_ASKED_DAYS_MAX * day_seconds)
		return ERR_OK;
	return question_put(s->t, &q);
}

/* --- critical values ---------------------------------------------------- */

static enum err
note_report(const struct seen *s)
{
	const json_t *fields = s->record.fields;
	bool waits = json_is_true(json_object_get(fields, "critical")) &&
	             json_object_get(fields, "acknowledged_by") == NULL;

	return ask(
	    s, FINDING_UNACKNOWLEDGED, rule_text(fields, "signed_at"), waits);
}

/* --- referrals down ----------------------------------------------------- */

/* That a referral was followed up is noted by its key, since the follow-up
 * may come first; by its ref where a store gave that, which no other record
 * has, so that it need not be here to be found. */
static void
followed_key(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const char *ref, uint8_t out[DB_BLIND_BYTES])
{
	if (ref[0] == '~')
		db_blind(txn_db(t), "followed", ref, strlen(ref), out);
	else
		db_blind(txn_db(t), "followed", key, KEY_RECORD_BYTES, out);
}

static bool
is_followed(const struct seen *s)
{
	uint8_t key[DB_BLIND_BYTES];

	followed_key(s->t, s->key, s->record.id.ref, key);
	return txn_has(s->t, TABLE_CODES, key, sizeof key) == ERR_OK;
}

/* On his way down or down already, and not called off. */
static bool
is_under_way(const json_t *fields)
{
	static const char *const states[] = {"issued", "accepted", "arrived",
	    "arrived_home", "in_care", "sent_back", NULL};
	size_t i;

	for (i = 0; states[i] != NULL; i++)
		if (rule_state_is(fields, states[i]))
			return true;
	return false;
}

static enum err
note_referral(const struct seen *s)
{
	const json_t *fields = s->record.fields;
	const char *direction = rule_text(fields, "direction");
	bool waits = direction != NULL && strcmp(direction, "down") == 0 &&
	             is_under_way(fields) && !is_followed(s);

	return ask(
	    s, FINDING_FOLLOWUP_DUE, rule_text(fields, "issued_at"), waits);
}

/* Done, or missed with the reason. */
static bool
settles(const json_t *fields)
{
	const char *programme = rule_text(fields, "programme");

	if (programme == NULL || strcmp(programme, "after_referral") != 0)
		return false;
	return rule_state_is(fields, "done") ||
	       (rule_state_is(fields, "missed") &&
	           json_object_get(fields, "reason") != NULL);
}

static enum err
note_followup(const struct seen *s)
{
	const char *ref = rule_ref(s->record.fields, "referral_id");
	uint8_t key[KEY_RECORD_BYTES], followed[DB_BLIND_BYTES];
	struct question q;
	struct record r;
	enum err e;

	if (ref == NULL || !settles(s->record.fields))
		return ERR_OK;
	if (index_resolve(s->t, s->record.id.source, "referral", ref, key) ==
	    ERR_NOT_FOUND)
		key_record_of(
		    txn_db(s->t), key, s->record.id.source, "referral", ref);
	followed_key(s->t, key, ref, followed);
	e = txn_put(s->t, TABLE_CODES, followed, sizeof followed, "", 0);
	if (e == ERR_OK)
		e = record_read(s->t, key, &r);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	question_of(&r.id, FINDING_FOLLOWUP_DUE, &q);
	record_clear(&r);
	return question_drop(s->t, &q);
}

/* --- both --------------------------------------------------------------- */

/* Fields without which a change alters nothing here; NULL: another kind. */
static const char *const *
fields_that_matter(const char *kind)
{
	static const char *const of_report[] = {
	    "critical", "acknowledged_by", NULL};
	static const char *const of_referral[] = {
	    "direction", "state", "issued_at", NULL};
	static const char *const of_followup[] = {
	    "referral_id", "state", "programme", "reason", NULL};

	if (strcmp(kind, "exam_report") == 0)
		return of_report;
	if (strcmp(kind, "referral") == 0)
		return of_referral;
	return strcmp(kind, "followup") == 0 ? of_followup : NULL;
}

static bool
matters(const struct change *c)
{
	const char *const *name = fields_that_matter(c->record.kind);
	/* Most follow-ups are of no referral and say so at once. */
	bool is_whole_followup =
	    c->parent_count == 0 && strcmp(c->record.kind, "followup") == 0;

	if (is_whole_followup &&
	    json_object_get(c->fields, "referral_id") == NULL)
		return false;
	for (; name != NULL && *name != NULL; name++)
		if (json_object_get(c->fields, *name) != NULL)
			return true;
	return false;
}

enum err
due_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	struct seen s = {.t = t, .change = c, .key = record_key};
	enum err e;

	if (!matters(c))
		return ERR_OK;
	/* One that cannot be read is verify's to tell and stops nothing. */
	e = record_read(t, record_key, &s.record);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	if (strcmp(c->record.kind, "exam_report") == 0)
		e = note_report(&s);
	else if (strcmp(c->record.kind, "referral") == 0)
		e = note_referral(&s);
	else
		e = note_followup(&s);
	record_clear(&s.record);
	return e;
}

enum finding_code
due_code(const struct question *q, int64_t now)
{
	if (q->code == FINDING_FOLLOWUP_DUE &&
	    now - q->at > DUE_FOLLOWUP_DAYS * day_seconds)
		return FINDING_FOLLOWUP_MISSED;
	return q->code;
}
