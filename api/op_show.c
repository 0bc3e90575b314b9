/* op_show: one record, what is made of it now, and who read it. */

#include <string.h>

#include "api/op.h"
#include "api/people.h"
#include "base/i18n.h"
#include "store/emptying.h"
#include "store/linked_view.h"
#include "store/looked.h"

struct shown {
	json_t *record, *view;
	struct looked_whom whom;
	char day[DATE_CHARS + 1];
};

/* Beside a resident what is known by way of linked entries, which are read as
 * well. */
static enum err
add_linked(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct shown *s)
{
	json_t *rows = NULL;
	enum err e;

	if (load_u16(key) != key_kind_number("resident"))
		return ERR_OK;
	e = linked_view(t, key, &rows);
	if (e != ERR_OK || rows == NULL)
		return e;
	if (json_object_set_new(s->record, "linked", rows) != 0)
		return ERR_NOMEM;
	return looked_linked(t, key, &s->whom);
}

static enum err
read_found(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], struct shown *s)
{
	struct record r = {0};
	enum err e = record_read(t, key, &r);

	if (e == ERR_NOT_FOUND && emptying_read(t, key, &r.id) == ERR_OK) {
		s->record = emptying_to_json(&r.id);
		return s->record == NULL ? ERR_NOMEM : ERR_OK;
	}
	if (e == ERR_NOT_FOUND)
		e = draft_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	e = looked_whom(t, &r, &s->whom);
	if (e == ERR_OK) {
		s->record = record_to_json(&r);
		e = s->record == NULL ? ERR_NOMEM : add_linked(t, key, s);
	}
	if (e == ERR_OK)
		e = op_view(t, self, key, &r, s->day, &s->view);
	record_clear(&r);
	return e;
}

static enum err
read_one(struct txn *t, const char *kind, const char *ref, struct shown *s)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK) {
		op_today(&self, s->day);
		e = record_find(t, &self, kind, ref, key);
	}
	if (e == ERR_OK)
		e = read_found(t, &self, key, s);
	self_wipe(&self);
	return e;
}

static enum err
why_not(struct op *o, enum err e, const char *kind, const char *ref)
{
	/* As in emit_records(): newer versions' kinds may be held. */
	if (e == ERR_NOT_FOUND && kind_by_name(kind) == NULL)
		return op_fail(
		    o, ERR_USAGE, N_("There is no such kind of record."));
	return op_no_one_record(o, e, kind, ref);
}

enum err
op_show(struct op *o)
{
	const char *kind = op_text(o, "kind"), *ref = op_ref(o, "ref");
	struct shown s = {0};
	struct txn *t;
	enum err e;

	if (kind == NULL || ref == NULL)
		return ERR_USAGE;
	e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	e = read_one(t, kind, ref, &s);
	txn_abort(t);
	if (e == ERR_OK)
		e = people_note_reading(o, &s.whom);
	if (e == ERR_OK)
		return op_emit_viewed(o, s.record, s.day, s.view);
	json_decref(s.view);
	json_decref(s.record);
	return why_not(o, e, kind, ref);
}
