/* contract_day: a contract ends, and the clock by which its day was said is
 * wrong. The group counts from the earliest day it can have been and says that
 * it guesses; who knows better writes the day, or lets it stand.
 */

#include <string.h>

#include "base/i18n.h"
#include "store/admit.h"
#include "store/contest_settle.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/rules.h"

static bool
is_guessed(const struct record *r)
{
	return json_is_true(json_object_get(r->fields, "end_is_guessed"));
}

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	(void)self;
	if (strcmp(c->record.kind, "contract") != 0 ||
	    json_object_get(c->fields, "end_is_guessed") == NULL)
		return ERR_OK;
	return matter_ask_while(
	    t, key, FINDING_DAY_UNKNOWN, "ended_on", is_guessed);
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	struct record r;
	enum err e = matter_read(t, m, &r);

	(void)self;
	if (e != ERR_OK)
		return e;
	m->proposal = 0;
	m->ground = N_("it cannot have been before");
	e = !is_guessed(&r)
	        ? ERR_NOT_FOUND
	        : matter_add_choice(m, "keep",
	              json_pack("{s:s, s:O?}", "org", r.org, "value",
	                  json_object_get(r.fields, "ended_on")));
	record_clear(&r);
	return e;
}

/* The day that the record shows, said by a person. */
static enum err
write_day(struct matter_pen *pen, const struct record *r)
{
	struct change c;
	enum err e;

	change_init(&c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", pen->by);
	snprintf(c.org, sizeof c.org, "%s", r->org);
	c.clock = self_clock(pen->self, pen->now);
	c.occurred_at = c.recorded_at = pen->now;
	c.fields = json_pack("{s:O?, s:s}", "ended_on",
	    json_object_get(r->fields, "ended_on"), "reason", pen->reason);
	e = c.fields == NULL ? ERR_NOMEM
	                     : admit_own(pen->t, pen->self, &c, URGENCY_SOON);
	if (e == ERR_OK)
		e = matter_note_written(pen, &c.id);
	change_clear(&c);
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	struct record r;
	enum err e = matter_read(pen->t, m, &r);

	(void)n;
	if (e != ERR_OK)
		return e;
	e = write_day(pen, &r);
	record_clear(&r);
	return e;
}

static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	json_t *fields = json_pack("{s:n}", "ended_on");
	uint8_t key[KEY_RECORD_BYTES];
	struct identity record;
	enum err e = ERR_NOMEM;

	matter_about(decision->fields, &record);
	key_record(txn_db(pen->t), key, &record);
	if (fields != NULL)
		e = matter_amend(pen, key, fields);
	json_decref(fields);
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

const struct matter_maker matter_end_day = {
    .code = FINDING_DAY_UNKNOWN,
    .urgency = URGENCY_DAILY,
    .note = note,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};
