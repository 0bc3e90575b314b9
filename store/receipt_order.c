/* receipt_order: in which order records reached the group. */

#include "store/receipt_order.h"
#include "store/self.h"

static const char counter[] = "receipt_order.last";

static void
order_key(struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES],
    uint8_t out[DB_BLIND_BYTES])
{
	db_blind(txn_db(t), "receipt-order", record_key, KEY_RECORD_BYTES, out);
}

enum err
receipt_order_note(struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[DB_BLIND_BYTES], value[8];
	uint64_t last;
	enum err e;

	order_key(t, record_key, key);
	e = txn_has(t, TABLE_CODES, key, sizeof key);
	if (e != ERR_NOT_FOUND)
		return e;
	e = meta_get_number(t, counter, &last);
	if (e == ERR_OK)
		e = meta_put_number(t, counter, last + 1);
	store_u64(value, last + 1);
	return e == ERR_OK ? txn_put(t, TABLE_CODES, key, sizeof key, value,
	                         sizeof value)
	                   : e;
}

enum err
receipt_order_read(
    struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES], uint64_t *out)
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	enum err e;

	*out = 0;
	order_key(t, record_key, key);
	e = txn_get(t, TABLE_CODES, key, sizeof key, &value);
	if (e == ERR_OK && value.size != 8)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		*out = load_u64(value.data);
	buffer_free(&value);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
