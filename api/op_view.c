/* op_view: what is shown beside a record: where a device is, what of a
 * contract's plan was done. */

#include <string.h>

#include "api/op.h"
#include "store/contract_due.h"
#include "store/contract_view.h"
#include "store/device_view.h"

static enum err
view_of_device(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], json_t **out)
{
	int64_t now = api_now();
	char instant[26];

	if (self_clock(self, now) != CLOCK_OK ||
	    instant_print(now, instant) != ERR_OK)
		instant[0] = '\0';
	return device_view(t, key, instant, out);
}

static enum err
view_of_contract(
    struct txn *t, const struct record *r, const char *day, json_t **out)
{
	enum contract_due due = CONTRACT_NOT_DUE;
	json_t *plan = NULL;
	enum err e = contract_plan(t, r, day, &plan);

	if (e != ERR_OK || plan == NULL)
		return e;
	e = contract_due(t, r, day, &due);
	*out = json_pack(
	    "{s:o, s:s*}", "plan", plan, "due", contract_due_word(due));
	return e == ERR_OK && *out == NULL ? ERR_NOMEM : e;
}

enum err
op_ending(const struct op *o, const char *source, const char *ref,
    const char *day, const char **word)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum contract_due due = CONTRACT_NOT_DUE;
	struct record r;
	struct txn *t;
	enum err e = db_begin(store_db(o->api->store), false, &t);

	*word = NULL;
	if (e != ERR_OK)
		return e;
	key_record_of(txn_db(t), key, source, "contract", ref);
	e = record_read(t, key, &r);
	if (e == ERR_OK) {
		e = contract_due(t, &r, day, &due);
		record_clear(&r);
	}
	txn_abort(t);
	*word = contract_due_word(due);
	/* A draft, or one that left meanwhile. */
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
op_view(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct record *r,
    const char *day, json_t **out)
{
	*out = NULL;
	return strcmp(r->id.kind, "contract") == 0
	           ? view_of_contract(t, r, day, out)
	           : view_of_device(t, self, key, out);
}

static const char *
state_today(const json_t *record, const char *day, const json_t *view)
{
	const char *state = device_view_state(view);

	return state != NULL ? state : op_state_today(record, day);
}

enum err
op_emit_viewed(struct op *o, json_t *record, const char *day, json_t *view)
{
	json_t *line;
	enum err e;

	if (view == NULL)
		return op_emit_record(o, record, day);
	line = json_pack("{s:o, s:s*, s:o}", "record", record, "today",
	    state_today(record, day, view), "now", view);
	if (line == NULL)
		return ERR_NOMEM;
	e = o->sink->line(o->sink->context, line);
	json_decref(line);
	return e;
}
