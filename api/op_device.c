/* op_device: what is shown beside a device, a loan or a hand-over. */

#include "api/op.h"
#include "store/device_view.h"

enum err
op_view(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], json_t **out)
{
	int64_t now = api_now();
	char instant[26];

	if (self_clock(self, now) != CLOCK_OK ||
	    instant_print(now, instant) != ERR_OK)
		instant[0] = '\0';
	return device_view(t, key, instant, out);
}

enum err
op_emit_viewed(struct op *o, json_t *record, const char *day, json_t *view)
{
	json_t *line;
	enum err e;

	if (view == NULL)
		return op_emit_record(o, record, day);
	line = json_pack("{s:o, s:s*, s:o}", "record", record, "today",
	    device_view_state(view), "now", view);
	if (line == NULL)
		return ERR_NOMEM;
	e = o->sink->line(o->sink->context, line);
	json_decref(line);
	return e;
}
