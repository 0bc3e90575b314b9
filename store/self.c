/* self: who this node is. */

#include <string.h>

#include <sodium.h>

#include "store/self.h"

enum {
	/* A clock before this day is wrong whoever set it (2024-01-01). */
	CLOCK_FLOOR = 1704067200,
	CLOCK_BEHIND_SECONDS = 300,
	CLOCK_AHEAD_SECONDS = 400 * 86400,

	NODE_BYTES_MAX = 512,
	GROUP_BYTES_MAX = 128 + CERT_CHAIN_MAX * (CERT_BYTES_MAX + 2),
};

enum err
meta_get(struct txn *t, const char *name, struct buffer *out)
{
	return txn_get(t, TABLE_META, name, strlen(name), out);
}

enum err
meta_put(struct txn *t, const char *name, const void *value, size_t size)
{
	return txn_put(t, TABLE_META, name, strlen(name), value, size);
}

enum err
meta_get_number(struct txn *t, const char *name, uint64_t *out)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = meta_get(t, name, &value);

	*out = 0;
	if (e == ERR_OK) {
		reader_init(&r, value.data, value.size);
		*out = read_u64(&r);
		if (r.failed)
			e = ERR_CORRUPT;
	} else if (e == ERR_NOT_FOUND) {
		e = ERR_OK;
	}
	buffer_free(&value);
	return e;
}

enum err
meta_put_number(struct txn *t, const char *name, uint64_t value)
{
	uint8_t v[8];

	store_u64(v, value);
	return meta_put(t, name, v, sizeof v);
}

void
self_wipe(struct self *s)
{
	sodium_memzero(s, sizeof *s);
}

/* --- reading ----------------------------------------------------------- */

static enum err
read_node(struct txn *t, struct self *s, struct buffer *value)
{
	struct reader r;
	enum err e = meta_get(t, "node", value);

	if (e != ERR_OK)
		return e;
	reader_init(&r, value->data, value->size);
	s->role = (enum node_role)read_u8(&r);
	if (!read_text(&r, s->name, NODE_NAME_BYTES_MAX) ||
	    !read_text(&r, s->source, SOURCE_BYTES_MAX))
		return ERR_CORRUPT;
	read_copy(&r, s->signing_secret, sizeof s->signing_secret);
	read_copy(&r, s->transport.secret, sizeof s->transport.secret);
	read_copy(&r, s->transport.public, sizeof s->transport.public);
	if (r.failed)
		return ERR_CORRUPT;
	crypto_sign_ed25519_sk_to_pk(s->signing_public, s->signing_secret);
	node_id_of(s->id, s->signing_public);
	return ERR_OK;
}

static enum err
read_life(struct txn *t, struct self *s, struct buffer *value)
{
	struct reader r;
	enum err e = meta_get(t, "life", value);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	reader_init(&r, value->data, value->size);
	read_copy(&r, s->life, sizeof s->life);
	read_copy(&r, s->life_nonce, sizeof s->life_nonce);
	read_copy(&r, s->log_secret, sizeof s->log_secret);
	return r.failed ? ERR_CORRUPT : ERR_OK;
}

static enum err
read_group(struct txn *t, struct self *s, struct buffer *value)
{
	struct reader r;
	size_t i;
	enum err e = meta_get(t, "group", value);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	reader_init(&r, value->data, value->size);
	read_copy(&r, s->group, sizeof s->group);
	read_copy(&r, s->root_key, sizeof s->root_key);
	read_copy(&r, s->fingerprint_secret, sizeof s->fingerprint_secret);
	s->chain_count = read_u8(&r);
	if (r.failed || s->chain_count == 0 || s->chain_count > CERT_CHAIN_MAX)
		return ERR_CORRUPT;
	for (i = 0; i < s->chain_count; i++) {
		struct bytes c = read_string(&r);

		if (r.failed ||
		    cert_decode(&s->chain[i], c.data, c.size) != ERR_OK)
			return ERR_CORRUPT;
	}
	/* A certificate says who holds these keys; that of others says
	 * nothing about this node. */
	if (memcmp(s->chain[0].transport_key, s->transport.public, KEY_BYTES) !=
	        0 ||
	    memcmp(s->chain[0].signing_key, s->signing_public, KEY_BYTES) != 0)
		return ERR_CORRUPT;
	s->is_enrolled = true;
	return ERR_OK;
}

enum err
self_read(struct txn *t, struct self *out)
{
	struct buffer value = {0};
	uint64_t trusted = 0;
	enum err e;

	memset(out, 0, sizeof *out);
	e = read_node(t, out, &value);
	if (e == ERR_OK)
		e = read_life(t, out, &value);
	if (e == ERR_OK)
		e = read_group(t, out, &value);
	if (e == ERR_OK)
		e = meta_get_number(t, "trusted_at", &trusted);
	if (e == ERR_OK && trusted > CLOCK_MAX)
		e = ERR_CORRUPT;
	out->trusted_at = (int64_t)trusted;
	buffer_wipe(&value);
	if (e != ERR_OK)
		self_wipe(out);
	return e;
}

/* --- making ------------------------------------------------------------ */

static enum err
put_node(struct txn *t, const struct self *s)
{
	struct buffer value = {0};
	enum err e;

	/* All at once, or growing would leave copies of secrets behind. */
	buffer_reserve(&value, NODE_BYTES_MAX);
	put_u8(&value, (uint8_t)s->role);
	put_text(&value, s->name);
	put_text(&value, s->source);
	put_bytes(&value, s->signing_secret, sizeof s->signing_secret);
	put_bytes(&value, s->transport.secret, sizeof s->transport.secret);
	put_bytes(&value, s->transport.public, sizeof s->transport.public);
	e = buffer_state(&value);
	if (e == ERR_OK)
		e = meta_put(t, "node", value.data, value.size);
	buffer_wipe(&value);
	return e;
}

enum err
self_new_life(struct txn *t, struct self *s, int64_t now)
{
	struct buffer value = {0};
	enum err e;

	(void)now;
	db_random(txn_db(t), s->life_nonce, sizeof s->life_nonce);
	db_random(txn_db(t), s->log_secret, sizeof s->log_secret);
	life_id_of(s->life, s->signing_public, s->life_nonce);
	buffer_reserve(&value, NODE_BYTES_MAX);
	put_bytes(&value, s->life, sizeof s->life);
	put_bytes(&value, s->life_nonce, sizeof s->life_nonce);
	put_bytes(&value, s->log_secret, sizeof s->log_secret);
	e = buffer_state(&value);
	if (e == ERR_OK)
		e = meta_put(t, "life", value.data, value.size);

	/* The lives table keeps it when a later life has taken its place. */
	buffer_clear(&value);
	put_bytes(&value, s->id, sizeof s->id);
	put_bytes(&value, s->life_nonce, sizeof s->life_nonce);
	put_bytes(&value, s->log_secret, sizeof s->log_secret);
	if (e == ERR_OK)
		e = buffer_state(&value);
	if (e == ERR_OK)
		e = txn_put(t, TABLE_LIVES, s->life, sizeof s->life, value.data,
		    value.size);
	buffer_wipe(&value);
	return e;
}

enum err
self_create(struct txn *t, enum node_role role, const char *name, int64_t now,
    struct self *out)
{
	uint8_t seed[crypto_sign_SEEDBYTES], tag[6];
	enum err e;

	memset(out, 0, sizeof *out);
	if (strlen(name) > NODE_NAME_BYTES_MAX)
		return ERR_LIMIT;
	out->role = role;
	memcpy(out->name, name, strlen(name) + 1);
	db_random(txn_db(t), tag, sizeof tag);
	memcpy(out->source, "s-", 2);
	hex_encode(out->source + 2, tag, sizeof tag);
	db_random(txn_db(t), seed, sizeof seed);
	crypto_sign_ed25519_seed_keypair(
	    out->signing_public, out->signing_secret, seed);
	sodium_memzero(seed, sizeof seed);
	node_id_of(out->id, out->signing_public);
	db_random(
	    txn_db(t), out->transport.secret, sizeof out->transport.secret);
	noise_keypair_derive(&out->transport);
	e = put_node(t, out);
	if (e == ERR_OK)
		e = self_new_life(t, out, now);
	return e;
}

enum err
self_enrol(struct txn *t, const struct self *s)
{
	struct buffer value = {0}, cert = {0};
	size_t i;
	enum err e = ERR_OK;

	buffer_reserve(&value, GROUP_BYTES_MAX);
	put_bytes(&value, s->group, sizeof s->group);
	put_bytes(&value, s->root_key, sizeof s->root_key);
	put_bytes(&value, s->fingerprint_secret, sizeof s->fingerprint_secret);
	put_u8(&value, (uint8_t)s->chain_count);
	for (i = 0; e == ERR_OK && i < s->chain_count; i++) {
		buffer_clear(&cert);
		e = cert_encode(&s->chain[i], &cert);
		put_string(&value, cert.data, cert.size);
	}
	if (e == ERR_OK)
		e = buffer_state(&value);
	if (e == ERR_OK)
		e = meta_put(t, "group", value.data, value.size);
	buffer_free(&cert);
	buffer_wipe(&value);
	return e;
}

/* --- time -------------------------------------------------------------- */

enum err
self_trust_time(struct txn *t, struct self *s, int64_t now)
{
	if (now <= 0)
		return ERR_OK;
	if (now > CLOCK_MAX) /* from a parent: nothing bounds what it says */
		now = CLOCK_MAX;
	s->trusted_at = now;
	return meta_put_number(t, "trusted_at", (uint64_t)now);
}

enum clock_state
self_clock(const struct self *s, int64_t now)
{
	int64_t floor = s->trusted_at != 0
	                    ? s->trusted_at - CLOCK_BEHIND_SECONDS
	                    : CLOCK_FLOOR;

	if (s->role == ROLE_HUB) /* its clock is the group's time */
		return now < CLOCK_FLOOR ? CLOCK_SUSPECT : CLOCK_OK;
	if (now < floor)
		return CLOCK_SUSPECT;
	if (s->trusted_at != 0 && now > s->trusted_at + CLOCK_AHEAD_SECONDS)
		return CLOCK_SUSPECT;
	return CLOCK_OK;
}
