/* cert: the canonical encoding of certificates, signatures and chains.
 *
 * version u8 = 1, group 8, issuer 8, number varint, role u8, name string,
 * transport key 32, signing key 32, org count varint, org strings,
 * signature 64. Varints and strings have one form only, so equal certificates
 * are equal bytes. The signature covers a label and all bytes before itself.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <unistr.h>

#include "sync/cert.h"

enum { CERT_VERSION = 1 };

/* Keeps a signature from being read as one over anything else. */
static const char sign_label[] = "yizhan certificate v1";

static_assert(KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519 signature");
static_assert(crypto_sign_SECRETKEYBYTES == 64, "as cert_sign() says");

/* BLAKE2b with an 8-byte digest over one or two strings (RFC 7693 allows 1 to
 * 64; libsodium's advice against less than 16 does not fit ids). */
static void
hash_id(uint8_t out[8], const void *first, size_t first_bytes,
    const void *second, size_t second_bytes)
{
	crypto_generichash_blake2b_state state;

	if (crypto_generichash_blake2b_init(&state, NULL, 0, 8) != 0 ||
	    crypto_generichash_blake2b_update(&state, first, first_bytes) !=
	        0 ||
	    (second_bytes > 0 && crypto_generichash_blake2b_update(
	                             &state, second, second_bytes) != 0) ||
	    crypto_generichash_blake2b_final(&state, out, 8) != 0)
		abort(); /* fails only on lengths, and they are constants */
}

void
node_id_of(uint8_t out[NODE_ID_BYTES], const uint8_t signing_key[KEY_BYTES])
{
	hash_id(out, signing_key, KEY_BYTES, NULL, 0);
}

void
group_id_of(uint8_t out[GROUP_ID_BYTES], const uint8_t root_key[KEY_BYTES])
{
	hash_id(out, root_key, KEY_BYTES, NULL, 0);
}

void
life_id_of(uint8_t out[LIFE_BYTES], const uint8_t signing_key[KEY_BYTES],
    const uint8_t nonce[LIFE_NONCE_BYTES])
{
	hash_id(out, signing_key, KEY_BYTES, nonce, LIFE_NONCE_BYTES);
}

/* 1 to max bytes of UTF-8 without control characters: C0 (NUL is one), DEL,
 * and C1, which UTF-8 writes as C2 80 .. C2 9F. */
static enum err
check_text(const uint8_t *text, size_t size, size_t max)
{
	size_t i;

	if (size == 0)
		return ERR_FORMAT;
	if (size > max)
		return ERR_LIMIT;
	if (u8_check(text, size) != NULL)
		return ERR_FORMAT;
	for (i = 0; i < size; i++) {
		if (text[i] < 0x20 || text[i] == 0x7f)
			return ERR_FORMAT;
		if (text[i] == 0xc2 && text[i + 1] < 0xa0)
			return ERR_FORMAT;
	}
	return ERR_OK;
}

static bool
role_is_known(unsigned role)
{
	return role >= ROLE_CLINIC && role <= ROLE_HUB;
}

/* Append a text from a NUL-terminated field of max + 1 bytes. */
static enum err
put_field(struct buffer *out, const char *text, size_t max)
{
	size_t size = strnlen(text, max + 1);
	enum err e = check_text((const uint8_t *)text, size, max);

	if (e == ERR_OK)
		put_string(out, text, size);
	return e;
}

/* All that the signature covers, but for the label. */
static enum err
put_body(struct buffer *out, const struct cert *c)
{
	size_t start = out->size;
	size_t i;
	enum err e;

	if (!role_is_known((unsigned)c->role))
		return ERR_FORMAT;
	if (c->org_count > CERT_ORGS_MAX)
		return ERR_LIMIT;
	put_u8(out, CERT_VERSION);
	put_bytes(out, c->group, sizeof c->group);
	put_bytes(out, c->issuer, sizeof c->issuer);
	put_varint(out, c->number);
	put_u8(out, (uint8_t)c->role);
	e = put_field(out, c->name, NODE_NAME_BYTES_MAX);
	if (e != ERR_OK)
		return e;
	put_bytes(out, c->transport_key, sizeof c->transport_key);
	put_bytes(out, c->signing_key, sizeof c->signing_key);
	put_varint(out, c->org_count);
	for (i = 0; i < c->org_count; i++) {
		e = put_field(out, c->orgs[i], ORG_REF_BYTES_MAX);
		if (e != ERR_OK)
			return e;
	}
	if (out->size - start > CERT_BYTES_MAX - SIGNATURE_BYTES)
		return ERR_LIMIT;
	return buffer_state(out);
}

/* The bytes to sign. */
static enum err
put_signed_bytes(struct buffer *out, const struct cert *c)
{
	put_bytes(out, sign_label, strlen(sign_label));
	return put_body(out, c);
}

enum err
cert_sign(struct cert *c, const uint8_t secret[64])
{
	struct buffer message;
	enum err e;

	memset(c->signature, 0, sizeof c->signature);
	buffer_init(&message);
	e = put_signed_bytes(&message, c);
	if (e == ERR_OK && crypto_sign_detached(c->signature, NULL,
	                       message.data, message.size, secret) != 0)
		e = ERR_AUTH;
	buffer_free(&message);
	return e;
}

enum err
cert_encode(const struct cert *c, struct buffer *out)
{
	size_t start = out->size;
	enum err e = put_body(out, c);

	if (e == ERR_OK) {
		put_bytes(out, c->signature, sizeof c->signature);
		e = buffer_state(out);
	}
	if (e != ERR_OK)
		out->size = start;
	return e;
}

/* Take a text into a field of max + 1 zero bytes. */
static enum err
read_field(struct reader *r, char *field, size_t max)
{
	struct bytes text = read_string(r);
	enum err e;

	if (r->failed)
		return ERR_FORMAT;
	e = check_text(text.data, text.size, max);
	if (e == ERR_OK)
		memcpy(field, text.data, text.size);
	return e;
}

static enum err
read_orgs(struct reader *r, struct cert *c)
{
	uint64_t count = read_varint(r);
	size_t i;
	enum err e;

	if (r->failed)
		return ERR_FORMAT;
	if (count > CERT_ORGS_MAX)
		return ERR_LIMIT;
	for (i = 0; i < count; i++) {
		e = read_field(r, c->orgs[i], ORG_REF_BYTES_MAX);
		if (e != ERR_OK)
			return e;
	}
	c->org_count = (size_t)count;
	return ERR_OK;
}

/* What follows the version byte, into a zeroed certificate. */
static enum err
read_fields(struct reader *r, struct cert *c)
{
	uint8_t role;
	enum err e;

	read_copy(r, c->group, sizeof c->group);
	read_copy(r, c->issuer, sizeof c->issuer);
	c->number = read_varint(r);
	role = read_u8(r);
	if (r->failed || !role_is_known(role))
		return ERR_FORMAT;
	c->role = (enum node_role)role;
	e = read_field(r, c->name, NODE_NAME_BYTES_MAX);
	if (e != ERR_OK)
		return e;
	read_copy(r, c->transport_key, sizeof c->transport_key);
	read_copy(r, c->signing_key, sizeof c->signing_key);
	e = read_orgs(r, c);
	if (e != ERR_OK)
		return e;
	read_copy(r, c->signature, sizeof c->signature);
	return r->failed || reader_left(r) != 0 ? ERR_FORMAT : ERR_OK;
}

enum err
cert_decode(struct cert *c, const void *data, size_t size)
{
	struct reader r;
	struct cert got;
	uint8_t version;
	enum err e;

	reader_init(&r, data, size);
	version = read_u8(&r);
	if (r.failed || version < CERT_VERSION)
		return ERR_FORMAT;
	if (version > CERT_VERSION)
		return ERR_VERSION;
	if (size > CERT_BYTES_MAX)
		return ERR_LIMIT;
	memset(&got, 0, sizeof got);
	e = read_fields(&r, &got);
	if (e == ERR_OK)
		*c = got;
	return e;
}

enum err
cert_verify(const struct cert *c, const uint8_t signer[KEY_BYTES])
{
	struct buffer message;
	enum err e;

	buffer_init(&message);
	e = put_signed_bytes(&message, c);
	/* What cannot be encoded was never signed by anybody. */
	if (e != ERR_OK && e != ERR_NOMEM)
		e = ERR_AUTH;
	if (e == ERR_OK && crypto_sign_verify_detached(c->signature,
	                       message.data, message.size, signer) != 0)
		e = ERR_AUTH;
	buffer_free(&message);
	return e;
}

/* Did `issuer`, the next in the chain, lawfully make c? */
static enum err
verify_issued(const struct cert *c, const struct cert *issuer)
{
	uint8_t id[NODE_ID_BYTES];

	if (issuer->role != ROLE_RELAY && issuer->role != ROLE_HUB)
		return ERR_AUTH;
	/* Or a stolen relay could name itself a hub. */
	if (c->role > issuer->role)
		return ERR_AUTH;
	node_id_of(id, issuer->signing_key);
	if (memcmp(c->issuer, id, sizeof id) != 0)
		return ERR_AUTH;
	return cert_verify(c, issuer->signing_key);
}

enum err
cert_chain_verify(
    const struct cert *chain, size_t count, const uint8_t root_key[KEY_BYTES])
{
	uint8_t group[GROUP_ID_BYTES];
	size_t i;
	enum err e;

	if (count == 0)
		return ERR_AUTH;
	if (count > CERT_CHAIN_MAX)
		return ERR_LIMIT;
	group_id_of(group, root_key);
	for (i = 0; i < count; i++)
		if (memcmp(chain[i].group, group, sizeof group) != 0)
			return ERR_AUTH;
	for (i = 0; i + 1 < count; i++) {
		e = verify_issued(&chain[i], &chain[i + 1]);
		if (e != ERR_OK)
			return e;
	}
	if (memcmp(chain[i].issuer, group, sizeof group) != 0)
		return ERR_AUTH;
	return cert_verify(&chain[i], root_key);
}
