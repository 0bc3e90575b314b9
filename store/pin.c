/* pin: a person's PIN as an Argon2id verifier, and how often it was mistyped.
 */

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "store/pin.h"
#include "store/self.h"
#include "store/text.h"

enum { ROW_VERSION = 1, NAME_BYTES = 4 + 2 * DB_BLIND_BYTES + 1 };

static const char count_name[] = "pins";

/* --- the secret -------------------------------------------------------- */

bool
pin_is_fit(const char *secret, size_t size)
{
	struct text_facts facts;

	if (size > PIN_BYTES_MAX)
		return false;
	text_look(secret, size, &facts);
	return facts.is_utf8 && !facts.is_blank && !facts.has_control &&
	       !facts.has_break && facts.chars >= PIN_CHARS_MIN;
}

static enum err
hash(const struct pin *p, const char *secret, size_t size,
    uint8_t out[PIN_HASH_BYTES])
{
	static_assert(PIN_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES,
	    "what Argon2id takes");

	/* Also what asks for too little or too much. */
	if (crypto_pwhash(out, PIN_HASH_BYTES, secret, size, p->salt,
	        p->cost.passes, p->cost.memory_bytes,
	        crypto_pwhash_ALG_ARGON2ID13) != 0)
		return ERR_NOMEM;
	return ERR_OK;
}

enum err
pin_make(struct db *db, const char *secret, size_t size, struct pin_cost cost,
    struct pin *out)
{
	memset(out, 0, sizeof *out);
	out->cost = cost;
	db_random(db, out->salt, sizeof out->salt);
	return hash(out, secret, size, out->hash);
}

enum err
pin_matches(const struct pin *p, const char *secret, size_t size)
{
	uint8_t given[PIN_HASH_BYTES];
	enum err e = hash(p, secret, size, given);

	if (e == ERR_OK && sodium_memcmp(given, p->hash, sizeof given) != 0)
		e = ERR_AUTH;
	sodium_memzero(given, sizeof given);
	return e;
}

void
pin_wipe(struct pin *p)
{
	sodium_memzero(p, sizeof *p);
}

/* --- rows -------------------------------------------------------------- */

/* Names stand in clear, so people are called by a blind hash. */
static void
name_of(struct txn *t, const char *staff, char out[NAME_BYTES])
{
	uint8_t blind[DB_BLIND_BYTES];

	db_blind(txn_db(t), "pin", staff, strlen(staff), blind);
	memcpy(out, "pin:", 4);
	hex_encode(out + 4, blind, sizeof blind);
}

static enum err
decode(const struct buffer *value, struct pin *out)
{
	struct reader r;

	reader_init(&r, value->data, value->size);
	if (read_u8(&r) != ROW_VERSION)
		return ERR_VERSION;
	out->cost.passes = read_u64(&r);
	out->cost.memory_bytes = read_u64(&r);
	read_copy(&r, out->salt, sizeof out->salt);
	read_copy(&r, out->hash, sizeof out->hash);
	out->wrong = read_u32(&r);
	out->set_at = (int64_t)read_u64(&r);
	if (!read_text(&r, out->set_by, REF_BYTES_MAX))
		return ERR_CORRUPT;
	return r.failed || reader_left(&r) != 0 ? ERR_CORRUPT : ERR_OK;
}

enum err
pin_read(struct txn *t, const char *staff, struct pin *out)
{
	char name[NAME_BYTES];
	struct buffer value = {0};
	enum err e;

	memset(out, 0, sizeof *out);
	name_of(t, staff, name);
	e = meta_get(t, name, &value);
	if (e == ERR_OK)
		e = decode(&value, out);
	buffer_wipe(&value);
	return e;
}

static enum err
store_row(struct txn *t, const char *staff, const struct pin *p)
{
	char name[NAME_BYTES];
	struct buffer value = {0};
	enum err e;

	put_u8(&value, ROW_VERSION);
	put_u64(&value, p->cost.passes);
	put_u64(&value, p->cost.memory_bytes);
	put_bytes(&value, p->salt, sizeof p->salt);
	put_bytes(&value, p->hash, sizeof p->hash);
	put_u32(&value, p->wrong);
	put_u64(&value, (uint64_t)p->set_at);
	put_text(&value, p->set_by);
	e = buffer_state(&value);
	name_of(t, staff, name);
	if (e == ERR_OK)
		e = meta_put(t, name, value.data, value.size);
	buffer_wipe(&value);
	return e;
}

enum err
pin_count(struct txn *t, uint64_t *out)
{
	return meta_get_number(t, count_name, out);
}

enum err
pin_write(struct txn *t, const char *staff, const struct pin *p)
{
	struct pin fresh = *p, before;
	uint64_t count = 0;
	enum err e = pin_read(t, staff, &before);

	pin_wipe(&before);
	if (e == ERR_NOT_FOUND) {
		e = pin_count(t, &count);
		if (e == ERR_OK)
			e = meta_put_number(t, count_name, count + 1);
	}
	fresh.wrong = 0;
	if (e == ERR_OK)
		e = store_row(t, staff, &fresh);
	pin_wipe(&fresh);
	return e;
}

/* --- tries ------------------------------------------------------------- */

enum err
pin_try(struct txn *t, const char *staff, struct pin *out)
{
	enum err e = pin_read(t, staff, out);

	if (e != ERR_OK)
		return e;
	if (out->wrong >= PIN_TRIES_MAX)
		return ERR_NOT_ALLOWED;
	out->wrong++;
	return store_row(t, staff, out);
}

enum err
pin_right(struct txn *t, const char *staff)
{
	struct pin p;
	enum err e = pin_read(t, staff, &p);

	p.wrong = 0;
	if (e == ERR_OK)
		e = store_row(t, staff, &p);
	pin_wipe(&p);
	return e;
}
