/* opened_matter: a computer signed more residents of other orgs in a day than
 * open their files by themselves: a person of the group says of each contract
 * beyond them whether its team is to have the whole file.
 */

#include <string.h>

#include "base/i18n.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/opened.h"
#include "store/rules.h"

static bool
asks(const struct record *r)
{
	const char *says = rule_text(r->fields, OPENED_FIELD);

	return says != NULL && strcmp(says, OPENED_ASKED) == 0 &&
	       rule_state_is(r->fields, "active");
}

/* Most contracts never say anything of it. */
static bool
may_ask(const struct change *c)
{
	return strcmp(c->record.kind, "contract") == 0 &&
	       (json_object_get(c->fields, OPENED_FIELD) != NULL ||
	           json_object_get(c->fields, "state") != NULL ||
	           json_object_get(c->fields, MERGE_SET_ASIDE) != NULL);
}

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	(void)self;
	return may_ask(c) ? matter_ask_while(
	                        t, key, FINDING_MANY_OPENED, OPENED_FIELD, asks)
	                  : ERR_OK;
}

/* What a person needs to ask the team, or the resident, whether it is so. */
static json_t *
show(const struct record *r)
{
	static const char *const names[] = {"resident_id", "team_id",
	    "signing_staff_id", "slip_no", "signed_on", "start_on", "end_on",
	    NULL};
	json_t *fields = json_object();
	size_t i;

	for (i = 0; fields != NULL && names[i] != NULL; i++) {
		json_t *v = json_object_get(r->fields, names[i]);

		if (v != NULL && json_object_set(fields, names[i], v) != 0)
			break;
	}
	return json_pack("{s:s, s:s, s:o*}", "ref", r->id.ref, "org", r->org,
	    "fields", fields);
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	struct record r;
	enum err e = matter_read(t, m, &r);

	(void)self;
	if (e != ERR_OK)
		return e;
	e = asks(&r) ? matter_add_choice(m, OPENED_FULL, show(&r))
	             : ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = matter_add_choice(m, OPENED_BASIC, json_object());
	record_clear(&r);
	return e;
}

/* In the name of the team's org, which the contract is of. */
static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	const char *org = pen->org;
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields;
	struct record r;
	enum err e = matter_read(pen->t, m, &r);

	if (e != ERR_OK)
		return e;
	fields = json_pack("{s:s}", OPENED_FIELD, m->choice[n].word);
	key_record(txn_db(pen->t), key, &m->record);
	pen->org = r.org;
	e = fields == NULL ? ERR_NOMEM : matter_amend(pen, key, fields);
	pen->org = org;
	json_decref(fields);
	record_clear(&r);
	return e;
}

const struct matter_maker matter_many_opened = {
    .code = FINDING_MANY_OPENED,
    .urgency = URGENCY_SOON,
    .group_only = true,
    .note = note,
    .describe = describe,
    .decide = decide,
};
