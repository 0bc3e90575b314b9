/* slot: the data key, wrapped for those who may open the store. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "store/file.h"
#include "store/slot.h"

enum {
	SLOT_MACHINE = 1,
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	WRAPPED_BYTES = DB_DATA_KEY_BYTES + TAG_BYTES,
};

static const char label[] = "yizhan machine slot v1";

static enum err
read_machine_key(const char *path, uint8_t key[DB_DATA_KEY_BYTES])
{
	char text[2 * DB_DATA_KEY_BYTES + 3]; /* may end in CR LF */
	size_t size;
	enum err e = file_read(path, text, sizeof text - 1, &size);

	if (e != ERR_OK)
		return e == ERR_LIMIT ? ERR_FORMAT : e;
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	text[size] = '\0';
	e = hex_decode(key, DB_DATA_KEY_BYTES, text);
	sodium_memzero(text, sizeof text);
	return e;
}

static enum err
make_machine_key(
    struct db *db, const char *path, uint8_t key[DB_DATA_KEY_BYTES])
{
	char text[2 * DB_DATA_KEY_BYTES + 2];
	enum err e;

	db_random(db, key, DB_DATA_KEY_BYTES);
	hex_encode(text, key, DB_DATA_KEY_BYTES);
	text[2 * DB_DATA_KEY_BYTES] = '\n';
	e = file_create(path, text, 2 * DB_DATA_KEY_BYTES + 1);
	sodium_memzero(text, sizeof text);
	return e;
}

enum err
slot_create(struct db *db, const char *path)
{
	uint8_t machine[DB_DATA_KEY_BYTES], data[DB_DATA_KEY_BYTES];
	uint8_t slot[1 + NONCE_BYTES + WRAPPED_BYTES];
	const uint8_t key[1] = {SLOT_MACHINE};
	struct txn *t;
	enum err e = read_machine_key(path, machine);

	if (e == ERR_NOT_FOUND)
		e = make_machine_key(db, path, machine);
	if (e != ERR_OK)
		return e;
	db_random(db, data, sizeof data);
	slot[0] = SLOT_MACHINE;
	db_random(db, slot + 1, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(slot + 1 + NONCE_BYTES, NULL,
	    data, sizeof data, (const uint8_t *)label, sizeof label, NULL,
	    slot + 1, machine);
	e = db_begin(db, true, &t);
	if (e == ERR_OK) {
		e = txn_put_raw(t, key, sizeof key, slot, sizeof slot);
		if (e == ERR_OK)
			e = txn_commit(t);
		else
			txn_abort(t);
	}
	if (e == ERR_OK)
		db_set_key(db, data);
	sodium_memzero(machine, sizeof machine);
	sodium_memzero(data, sizeof data);
	return e;
}

bool
slot_is_missing(struct db *db)
{
	const uint8_t key[1] = {SLOT_MACHINE};
	struct buffer slot = {0};
	struct txn *t;
	enum err e = db_begin(db, false, &t);

	if (e != ERR_OK)
		return false;
	e = txn_get_raw(t, key, sizeof key, &slot);
	txn_abort(t);
	buffer_free(&slot);
	return e == ERR_NOT_FOUND;
}

static enum err
read_slot(struct db *db, struct buffer *slot)
{
	const uint8_t key[1] = {SLOT_MACHINE};
	struct txn *t;
	enum err e = db_begin(db, false, &t);

	if (e != ERR_OK)
		return e;
	e = txn_get_raw(t, key, sizeof key, slot);
	txn_abort(t);
	if (e == ERR_OK && (slot->size != 1 + NONCE_BYTES + WRAPPED_BYTES ||
	                       slot->data[0] != SLOT_MACHINE))
		e = ERR_CORRUPT;
	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err
slot_open(struct db *db, const char *path)
{
	uint8_t machine[DB_DATA_KEY_BYTES], data[DB_DATA_KEY_BYTES];
	struct buffer slot = {0};
	enum err e = read_machine_key(path, machine);

	if (e == ERR_OK)
		e = read_slot(db, &slot);
	if (e == ERR_OK && crypto_aead_xchacha20poly1305_ietf_decrypt(data,
	                       NULL, NULL, slot.data + 1 + NONCE_BYTES,
	                       WRAPPED_BYTES, (const uint8_t *)label,
	                       sizeof label, slot.data + 1, machine) != 0)
		e = ERR_AUTH;
	if (e == ERR_OK)
		db_set_key(db, data);
	sodium_memzero(machine, sizeof machine);
	sodium_memzero(data, sizeof data);
	buffer_free(&slot);
	return e;
}
