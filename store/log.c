/* log: a life's own changes of one class, numbered and hash-chained. */

#include <string.h>
#include <time.h>

#include <sodium.h>

#include "store/key.h"
#include "store/log.h"
#include "store/record.h"

enum {
	SCHEME_BLAKE2B = 1,
	CHECKPOINT_EVERY = 64, /* changes; bounds what a head costs to make */
};

static void
log_start(struct log_head *out, const uint8_t life[LIFE_BYTES], uint8_t class)
{
	uint8_t key[KEY_LOG_BYTES];

	memset(out, 0, sizeof *out);
	memcpy(out->life, life, LIFE_BYTES);
	out->class = class;
	key_log(key, life, class);
	crypto_generichash(
	    out->chain, sizeof out->chain, key, sizeof key, NULL, 0);
}

enum err
log_head_read(struct txn *t, const uint8_t life[LIFE_BYTES], uint8_t class,
    struct log_head *out)
{
	uint8_t key[KEY_LOG_BYTES];
	struct buffer value = {0};
	struct reader r;
	enum err e;

	log_start(out, life, class);
	key_log(key, life, class);
	e = txn_get(t, TABLE_LOGS, key, sizeof key, &value);
	if (e == ERR_OK) {
		reader_init(&r, value.data, value.size);
		out->seq = read_u64(&r);
		read_copy(&r, out->chain, sizeof out->chain);
		if (r.failed)
			e = ERR_CORRUPT;
	} else if (e == ERR_NOT_FOUND) {
		e = ERR_OK;
	}
	buffer_free(&value);
	return e;
}

enum err
log_head_write(struct txn *t, const struct log_head *head)
{
	uint8_t key[KEY_LOG_BYTES], value[8 + HASH_BYTES];

	key_log(key, head->life, head->class);
	store_u64(value, head->seq);
	memcpy(value + 8, head->chain, HASH_BYTES);
	return txn_put(t, TABLE_LOGS, key, sizeof key, value, sizeof value);
}

uint16_t
log_month(int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;
	int64_t month;

	if (gmtime_r(&when, &tm) == NULL)
		return 0;
	month = ((int64_t)tm.tm_year - 70) * 12 + tm.tm_mon;
	return month < 0 || month > UINT16_MAX ? 0 : (uint16_t)month;
}

enum err
log_secret_read(struct txn *t, const struct self *self,
    const uint8_t life[LIFE_BYTES], uint16_t month, uint8_t out[HASH_BYTES])
{
	uint8_t key[KEY_SECRET_BYTES], label[7] = "month";
	struct life of = {0};
	struct buffer value = {0};
	enum err e = ERR_OK;

	if (memcmp(life, self->life, LIFE_BYTES) == 0) {
		of.has_log_secret = true;
		memcpy(of.log_secret, self->log_secret, HASH_BYTES);
	} else {
		e = life_read(t, life, &of);
	}
	if (e == ERR_OK && of.has_log_secret) {
		store_u16(label + 5, month);
		crypto_generichash(out, HASH_BYTES, label, sizeof label,
		    of.log_secret, sizeof of.log_secret);
		sodium_memzero(&of, sizeof of);
		return ERR_OK;
	}
	key_secret(key, life, month);
	e = txn_get(t, TABLE_SECRETS, key, sizeof key, &value);
	if (e == ERR_OK && value.size != HASH_BYTES)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		memcpy(out, value.data, HASH_BYTES);
	buffer_wipe(&value);
	return e;
}

enum err
log_secret_write(struct txn *t, const uint8_t life[LIFE_BYTES], uint16_t month,
    const uint8_t secret[HASH_BYTES])
{
	uint8_t key[KEY_SECRET_BYTES];

	key_secret(key, life, month);
	return txn_put(t, TABLE_SECRETS, key, sizeof key, secret, HASH_BYTES);
}

void
log_extend(struct log_head *head, const uint8_t secret[HASH_BYTES],
    const struct change_id *id, const void *body, size_t body_bytes)
{
	uint8_t commitment[HASH_BYTES], key[1 + KEY_CHANGE_BYTES];
	crypto_generichash_state st;

	key[0] = SCHEME_BLAKE2B;
	key_change(key + 1, id);
	crypto_generichash_init(&st, secret, HASH_BYTES, sizeof commitment);
	crypto_generichash_update(&st, key, sizeof key);
	crypto_generichash_update(&st, body, body_bytes);
	crypto_generichash_final(&st, commitment, sizeof commitment);

	crypto_generichash_init(&st, NULL, 0, sizeof head->chain);
	crypto_generichash_update(&st, head->chain, sizeof head->chain);
	crypto_generichash_update(&st, commitment, sizeof commitment);
	crypto_generichash_final(&st, head->chain, sizeof head->chain);
	head->seq = id->seq;
}

enum err
log_checkpoint(struct txn *t, const struct log_head *head)
{
	uint8_t key[KEY_LOG_BYTES + 8];

	if (head->seq % CHECKPOINT_EVERY != 0)
		return ERR_OK;
	key_log(key, head->life, head->class);
	store_u64(key + KEY_LOG_BYTES, head->seq);
	return txn_put(t, TABLE_LOGS, key, sizeof key, head->chain, HASH_BYTES);
}

static enum err
checkpoint_below(
    struct txn *t, const struct change_id *id, struct log_head *out)
{
	uint8_t key[KEY_LOG_BYTES + 8];
	struct buffer value = {0};
	uint64_t seq = id->seq / CHECKPOINT_EVERY * CHECKPOINT_EVERY;
	enum err e = ERR_OK;

	log_start(out, id->life, id->class);
	key_log(key, id->life, id->class);
	for (; seq > 0; seq -= CHECKPOINT_EVERY) {
		store_u64(key + KEY_LOG_BYTES, seq);
		e = txn_get(t, TABLE_LOGS, key, sizeof key, &value);
		if (e != ERR_NOT_FOUND)
			break;
	}
	if (seq > 0 && e == ERR_OK) {
		if (value.size != HASH_BYTES)
			e = ERR_CORRUPT;
		else
			memcpy(out->chain, value.data, HASH_BYTES);
		out->seq = seq;
	}
	buffer_free(&value);
	return seq == 0 ? ERR_OK : e;
}

enum err
log_chain_at(struct txn *t, const struct self *self, const struct change_id *id,
    struct log_head *out)
{
	uint8_t secret[HASH_BYTES];
	struct change_id at = *id;
	struct stored s;
	enum err e = checkpoint_below(t, id, out);

	stored_init(&s);
	while (e == ERR_OK && out->seq < id->seq) {
		at.seq = out->seq + 1;
		e = stored_read(t, &at, &s);
		if (e == ERR_OK)
			e = log_secret_read(t, self, id->life, s.month, secret);
		if (e == ERR_OK)
			log_extend(out, secret, &at, s.body.data, s.body.size);
	}
	sodium_memzero(secret, sizeof secret);
	stored_free(&s);
	return e;
}

/* What a head's signature covers. */
static size_t
head_message(
    const struct log_head *head, uint8_t out[32 + LIFE_BYTES + 9 + HASH_BYTES])
{
	static const char label[] = "yizhan log head v1";
	size_t n = sizeof label;

	memcpy(out, label, n);
	memcpy(out + n, head->life, LIFE_BYTES);
	n += LIFE_BYTES;
	out[n++] = head->class;
	store_u64(out + n, head->seq);
	n += 8;
	memcpy(out + n, head->chain, HASH_BYTES);
	return n + HASH_BYTES;
}

void
log_sign(struct log_head *head, const uint8_t secret[64])
{
	uint8_t message[32 + LIFE_BYTES + 9 + HASH_BYTES];
	size_t size = head_message(head, message);

	crypto_sign_ed25519_detached(
	    head->signature, NULL, message, size, secret);
}

enum err
log_verify(const struct log_head *head, const uint8_t signing_key[KEY_BYTES])
{
	uint8_t message[32 + LIFE_BYTES + 9 + HASH_BYTES];
	size_t size = head_message(head, message);

	return crypto_sign_ed25519_verify_detached(
	           head->signature, message, size, signing_key) == 0
	           ? ERR_OK
	           : ERR_AUTH;
}

uint64_t
log_fingerprint(const uint8_t secret[HASH_BYTES], const struct change_id *id,
    const void *body, size_t body_bytes)
{
	uint8_t key[KEY_CHANGE_BYTES], out[8];
	crypto_generichash_state st;
	uint64_t v;

	key_change(key, id);
	crypto_generichash_init(&st, secret, HASH_BYTES, sizeof out);
	crypto_generichash_update(&st, key, sizeof key);
	crypto_generichash_update(&st, body, body_bytes);
	crypto_generichash_final(&st, out, sizeof out);
	v = load_u64(out);
	return v == 0 ? 1 : v;
}

enum err
life_read(struct txn *t, const uint8_t id[LIFE_BYTES], struct life *out)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = txn_get(t, TABLE_LIVES, id, LIFE_BYTES, &value);

	if (e == ERR_OK) {
		memset(out, 0, sizeof *out);
		memcpy(out->id, id, LIFE_BYTES);
		reader_init(&r, value.data, value.size);
		read_copy(&r, out->node, sizeof out->node);
		read_copy(&r, out->nonce, sizeof out->nonce);
		out->has_log_secret = reader_left(&r) == HASH_BYTES;
		if (out->has_log_secret)
			read_copy(&r, out->log_secret, HASH_BYTES);
		if (r.failed || reader_left(&r) != 0)
			e = ERR_CORRUPT;
	}
	buffer_wipe(&value);
	return e;
}

enum err
life_write(struct txn *t, const struct life *life)
{
	uint8_t value[NODE_ID_BYTES + LIFE_NONCE_BYTES];

	memcpy(value, life->node, NODE_ID_BYTES);
	memcpy(value + NODE_ID_BYTES, life->nonce, LIFE_NONCE_BYTES);
	return txn_put(
	    t, TABLE_LIVES, life->id, LIFE_BYTES, value, sizeof value);
}
