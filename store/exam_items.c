/* exam_items: the group's recognition list, looked up by item code. */

#include <string.h>

#include "store/date.h"
#include "store/exam_items.h"
#include "store/record.h"
#include "store/rules.h"

static void
item_key(struct txn *t, const char *code, uint8_t key[DB_BLIND_BYTES])
{
	db_blind(txn_db(t), "exam-item", code, strlen(code), key);
}

static void
encode(const json_t *fields, struct buffer *out)
{
	const json_t *window = json_object_get(fields, "window_days");
	const char *modality = rule_text(fields, "modality");
	const char *from = rule_text(fields, "valid_from");
	const char *to = rule_text(fields, "valid_to");
	json_int_t days = json_integer_value(window);

	put_u16(out, days < 0 || days > UINT16_MAX ? 0 : (uint16_t)days);
	put_u8(out, modality != NULL && strcmp(modality, "lab") == 0);
	put_text(out, from == NULL ? "" : from);
	put_text(out, to == NULL ? "" : to);
}

enum err
exam_items_note(struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	const char *code;
	struct record r;
	enum err e = record_read(t, record_key, &r);

	if (e != ERR_OK)
		return e;
	code = rule_text(r.fields, "item_code");
	if (code != NULL) {
		item_key(t, code, key);
		encode(r.fields, &value);
		e = buffer_state(&value);
		if (e == ERR_OK)
			e = txn_put(t, TABLE_CODES, key, sizeof key, value.data,
			    value.size);
	}
	buffer_free(&value);
	record_clear(&r);
	return e;
}

static bool
decode(const struct buffer *value, const char *day, struct exam_item *out)
{
	struct bytes from, to;
	struct reader r;

	reader_init(&r, value->data, value->size);
	out->window_days = read_u16(&r);
	out->is_lab = read_u8(&r) != 0;
	from = read_string(&r);
	to = read_string(&r);
	if (r.failed || out->window_days == 0)
		return false;
	if (from.size == DATE_CHARS && memcmp(day, from.data, DATE_CHARS) < 0)
		return false;
	return to.size != DATE_CHARS || memcmp(day, to.data, DATE_CHARS) <= 0;
}

bool
exam_items_find(
    struct txn *t, const char *code, const char *day, struct exam_item *out)
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	bool found;

	item_key(t, code, key);
	found = txn_get(t, TABLE_CODES, key, sizeof key, &value) == ERR_OK &&
	        decode(&value, day, out);
	buffer_free(&value);
	return found;
}
