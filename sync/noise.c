/* noise: XK and XKpsk3 as tables of tokens over libsodium.
 *
 * A handshake message is a row of tokens (Noise 5.3). Writing and reading
 * differ in "e" and "s" only; the rest mixes the same secrets on both ends.
 * Room in the caller's buffer is reserved before the first token, so from
 * there on only the peer can be at fault, and such a fault is final.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/noise.h"

enum {
	HASH_BLOCK_BYTES = 128, /* of BLAKE2b, for HMAC */
	STEPS = 3,
	TOKENS_MAX = 4,
	HKDF_OUTPUTS_MAX = 3,
};

enum token {
	TOKEN_NONE,
	TOKEN_E,
	TOKEN_S,
	TOKEN_EE,
	TOKEN_ES,
	TOKEN_SE,
	TOKEN_PSK
};

struct pattern {
	const char *name;
	bool has_psk;
	enum token messages[STEPS][TOKENS_MAX];
};

/* clang-format off */
static const struct pattern patterns[] = {
	[NOISE_XK] = {
		"Noise_XK_25519_ChaChaPoly_BLAKE2b", false,
		{
			{TOKEN_E, TOKEN_ES},
			{TOKEN_E, TOKEN_EE},
			{TOKEN_S, TOKEN_SE},
		},
	},
	[NOISE_XKPSK3] = {
		"Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b", true,
		{
			{TOKEN_E, TOKEN_ES},
			{TOKEN_E, TOKEN_EE},
			{TOKEN_S, TOKEN_SE, TOKEN_PSK},
		},
	},
};
/* clang-format on */

/* What each message adds to its payload: a key, in the third one sealed, and
 * the payload's tag. */
static const size_t overhead_bytes[STEPS] = {
    NOISE_KEY_BYTES + NOISE_TAG_BYTES,
    NOISE_KEY_BYTES + NOISE_TAG_BYTES,
    NOISE_KEY_BYTES + NOISE_TAG_BYTES + NOISE_TAG_BYTES,
};

static_assert((int)NOISE_KEY_BYTES == (int)KEY_BYTES, "one key size");
static_assert(NOISE_KEY_BYTES == crypto_scalarmult_BYTES &&
                  NOISE_KEY_BYTES == crypto_scalarmult_SCALARBYTES &&
                  NOISE_KEY_BYTES == crypto_aead_chacha20poly1305_ietf_KEYBYTES,
    "keys are 32 bytes everywhere");
static_assert(NOISE_TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES,
    "Poly1305 tag");
static_assert(NOISE_HASH_BYTES == crypto_generichash_blake2b_BYTES_MAX,
    "unkeyed BLAKE2b at full length");

/* For calls that fail only on lengths out of range, and ours are constants. */
static void
must(int result)
{
	if (result != 0)
		abort();
}

/* BLAKE2b-512 over two strings; out may be one of them. */
static void
hash_pair(uint8_t out[NOISE_HASH_BYTES], const void *first, size_t first_bytes,
    const void *second, size_t second_bytes)
{
	crypto_generichash_blake2b_state state;

	must(
	    crypto_generichash_blake2b_init(&state, NULL, 0, NOISE_HASH_BYTES));
	if (first_bytes > 0)
		must(crypto_generichash_blake2b_update(
		    &state, first, first_bytes));
	if (second_bytes > 0)
		must(crypto_generichash_blake2b_update(
		    &state, second, second_bytes));
	must(crypto_generichash_blake2b_final(&state, out, NOISE_HASH_BYTES));
	sodium_memzero(&state, sizeof state);
}

/* RFC 2104. Keys here are hashes, shorter than a block, so they are only
 * padded. out may be the key. */
static void
hmac(uint8_t out[NOISE_HASH_BYTES], const uint8_t key[NOISE_HASH_BYTES],
    const void *data, size_t size)
{
	uint8_t inner[HASH_BLOCK_BYTES], outer[HASH_BLOCK_BYTES];
	size_t i;

	memset(inner, 0x36, sizeof inner);
	memset(outer, 0x5c, sizeof outer);
	for (i = 0; i < NOISE_HASH_BYTES; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	hash_pair(out, inner, sizeof inner, data, size);
	hash_pair(out, outer, sizeof outer, out, NOISE_HASH_BYTES);
	sodium_memzero(inner, sizeof inner);
	sodium_memzero(outer, sizeof outer);
}

/* Noise 4.3: out[n] = HMAC(temp, out[n - 1] || n), counted from 1. */
static void
hkdf(const uint8_t chaining_key[NOISE_HASH_BYTES], const void *material,
    size_t size, uint8_t (*out)[NOISE_HASH_BYTES], size_t count)
{
	uint8_t temp[NOISE_HASH_BYTES];
	uint8_t input[NOISE_HASH_BYTES + 1];
	size_t before = 0; /* bytes of the output before */
	size_t i;

	assert(count <= HKDF_OUTPUTS_MAX);
	hmac(temp, chaining_key, material, size);
	for (i = 0; i < count; i++) {
		input[before] = (uint8_t)(i + 1);
		hmac(out[i], temp, input, before + 1);
		before = NOISE_HASH_BYTES;
		memcpy(input, out[i], before);
	}
	sodium_memzero(temp, sizeof temp);
	sodium_memzero(input, sizeof input);
}

/* Noise 12.3: 32 zero bits, then the counter in little endian. */
static void
make_nonce(
    uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES], uint64_t counter)
{
	size_t i;

	memset(out, 0, 4);
	for (i = 0; i < 8; i++)
		out[4 + i] = (uint8_t)(counter >> (8 * i));
}

/* Append size + 16 bytes; the caller has reserved them. */
static void
seal_append(struct buffer *out, const uint8_t key[NOISE_KEY_BYTES],
    uint64_t counter, const void *ad, size_t ad_bytes, const void *plain,
    size_t size)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	unsigned long long sealed = 0;

	assert(out->capacity - out->size >= size + NOISE_TAG_BYTES);
	make_nonce(nonce, counter);
	must(crypto_aead_chacha20poly1305_ietf_encrypt(out->data + out->size,
	    &sealed, plain, size, ad, ad_bytes, NULL, nonce, key));
	assert(sealed == size + NOISE_TAG_BYTES);
	out->size += size + NOISE_TAG_BYTES;
}

/* Write size - 16 bytes to out; false when they are not authentic. */
static bool
open_into(uint8_t *out, const uint8_t key[NOISE_KEY_BYTES], uint64_t counter,
    const void *ad, size_t ad_bytes, const void *sealed, size_t size)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	make_nonce(nonce, counter);
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL,
	           sealed, size, ad, ad_bytes, nonce, key) == 0;
}

static void
mix_hash(struct noise_handshake *h, const void *data, size_t size)
{
	hash_pair(h->hash, h->hash, sizeof h->hash, data, size);
}

static void
set_key(struct noise_handshake *h, const uint8_t key[NOISE_KEY_BYTES])
{
	memcpy(h->key, key, sizeof h->key);
	h->has_key = true;
	h->nonce = 0;
}

static void
mix_key(struct noise_handshake *h, const uint8_t material[NOISE_KEY_BYTES])
{
	uint8_t out[2][NOISE_HASH_BYTES];

	hkdf(h->chaining_key, material, NOISE_KEY_BYTES, out, 2);
	memcpy(h->chaining_key, out[0], sizeof h->chaining_key);
	set_key(h, out[1]);
	sodium_memzero(out, sizeof out);
}

static void
mix_key_and_hash(
    struct noise_handshake *h, const uint8_t material[NOISE_KEY_BYTES])
{
	uint8_t out[3][NOISE_HASH_BYTES];

	hkdf(h->chaining_key, material, NOISE_KEY_BYTES, out, 3);
	memcpy(h->chaining_key, out[0], sizeof h->chaining_key);
	mix_hash(h, out[1], sizeof out[1]);
	set_key(h, out[2]);
	sodium_memzero(out, sizeof out);
}

/* The Diffie-Hellman tokens. The first letter is the initiator's key, the
 * second the responder's. An all-zero result is refused. */
static enum err
mix_dh(struct noise_handshake *h, enum token token)
{
	bool initiator_e = token == TOKEN_EE || token == TOKEN_ES;
	bool responder_e = token == TOKEN_EE || token == TOKEN_SE;
	bool own_e = h->is_initiator ? initiator_e : responder_e;
	bool peer_e = h->is_initiator ? responder_e : initiator_e;
	uint8_t shared[NOISE_KEY_BYTES];
	enum err e = ERR_AUTH;

	if (crypto_scalarmult(shared, own_e ? h->e.secret : h->s.secret,
	        peer_e ? h->re : h->rs) == 0 &&
	    !sodium_is_zero(shared, sizeof shared)) {
		mix_key(h, shared);
		e = ERR_OK;
	}
	sodium_memzero(shared, sizeof shared);
	return e;
}

/* Mix an ephemeral key that went over the wire (Noise 9.2 for psk). */
static void
mix_ephemeral(struct noise_handshake *h, const uint8_t key[NOISE_KEY_BYTES])
{
	mix_hash(h, key, NOISE_KEY_BYTES);
	if (patterns[h->pattern].has_psk)
		mix_key(h, key);
}

static void
encrypt_and_hash(struct noise_handshake *h, const void *plain, size_t size,
    struct buffer *out)
{
	size_t start = out->size;

	assert(h->has_key);
	seal_append(
	    out, h->key, h->nonce++, h->hash, sizeof h->hash, plain, size);
	mix_hash(h, out->data + start, out->size - start);
}

static enum err
decrypt_and_hash(
    struct noise_handshake *h, const uint8_t *sealed, size_t size, uint8_t *out)
{
	assert(h->has_key);
	if (!open_into(
	        out, h->key, h->nonce++, h->hash, sizeof h->hash, sealed, size))
		return ERR_AUTH;
	mix_hash(h, sealed, size);
	return ERR_OK;
}

static enum err
write_token(struct noise_handshake *h, enum token token, struct buffer *out)
{
	switch (token) {
	case TOKEN_NONE:
		return ERR_OK;
	case TOKEN_E:
		put_bytes(out, h->e.public, sizeof h->e.public);
		mix_ephemeral(h, h->e.public);
		return ERR_OK;
	case TOKEN_S:
		encrypt_and_hash(h, h->s.public, sizeof h->s.public, out);
		return ERR_OK;
	case TOKEN_EE:
	case TOKEN_ES:
	case TOKEN_SE:
		return mix_dh(h, token);
	case TOKEN_PSK:
		mix_key_and_hash(h, h->psk);
		return ERR_OK;
	}
	abort(); /* the table holds nothing else */
}

static enum err
read_token(struct noise_handshake *h, enum token token, struct reader *in)
{
	const uint8_t *sealed;

	switch (token) {
	case TOKEN_NONE:
		return ERR_OK;
	case TOKEN_E:
		read_copy(in, h->re, sizeof h->re);
		if (in->failed)
			return ERR_FORMAT;
		mix_ephemeral(h, h->re);
		return ERR_OK;
	case TOKEN_S:
		sealed = read_view(in, NOISE_KEY_BYTES + NOISE_TAG_BYTES);
		if (sealed == NULL)
			return ERR_FORMAT;
		return decrypt_and_hash(
		    h, sealed, NOISE_KEY_BYTES + NOISE_TAG_BYTES, h->rs);
	case TOKEN_EE:
	case TOKEN_ES:
	case TOKEN_SE:
		return mix_dh(h, token);
	case TOKEN_PSK:
		mix_key_and_hash(h, h->psk);
		return ERR_OK;
	}
	abort(); /* the table holds nothing else */
}

/* May the next message be written (or read) by this end now? */
static enum err
check_turn(const struct noise_handshake *h, bool writes)
{
	bool initiator_writes = h->step % 2 == 0;

	if (h->failed)
		return ERR_AUTH;
	if (h->step >= STEPS)
		return ERR_STATE;
	if (writes != (initiator_writes == h->is_initiator))
		return ERR_STATE;
	/* The last message mixes the key in; earlier ones need none yet. */
	if (h->step == STEPS - 1 && patterns[h->pattern].has_psk && !h->has_psk)
		return ERR_STATE;
	return ERR_OK;
}

void
noise_keypair_derive(struct noise_keypair *k)
{
	must(crypto_scalarmult_base(k->public, k->secret));
}

void
noise_init(struct noise_handshake *h, enum noise_pattern pattern,
    bool is_initiator, const void *prologue, size_t prologue_bytes,
    const struct noise_keypair *own_static,
    const uint8_t ephemeral_secret[NOISE_KEY_BYTES],
    const uint8_t *remote_static)
{
	const char *name = patterns[pattern].name;

	assert(is_initiator == (remote_static != NULL));
	assert(strlen(name) <= NOISE_HASH_BYTES);
	memset(h, 0, sizeof *h);
	h->pattern = pattern;
	h->is_initiator = is_initiator;
	h->s = *own_static;
	memcpy(h->e.secret, ephemeral_secret, sizeof h->e.secret);
	noise_keypair_derive(&h->e);
	if (remote_static != NULL)
		memcpy(h->rs, remote_static, sizeof h->rs);

	/* Noise 5.2: a short name is padded with zeros instead of hashed. */
	memcpy(h->hash, name, strlen(name));
	memcpy(h->chaining_key, h->hash, sizeof h->chaining_key);
	mix_hash(h, prologue, prologue_bytes);
	mix_hash(h, is_initiator ? h->rs : h->s.public, NOISE_KEY_BYTES);
}

void
noise_set_psk(struct noise_handshake *h, const uint8_t psk[NOISE_KEY_BYTES])
{
	memcpy(h->psk, psk, sizeof h->psk);
	h->has_psk = true;
}

enum err
noise_write(struct noise_handshake *h, const void *payload,
    size_t payload_bytes, struct buffer *out)
{
	enum err e = check_turn(h, true);
	size_t start = out->size;
	size_t i;

	if (e != ERR_OK)
		return e;
	if (payload_bytes > NOISE_MESSAGE_MAX - overhead_bytes[h->step])
		return ERR_LIMIT;
	if (!buffer_reserve(out, payload_bytes + overhead_bytes[h->step]))
		return ERR_NOMEM;

	for (i = 0; i < TOKENS_MAX; i++) {
		e = write_token(
		    h, patterns[h->pattern].messages[h->step][i], out);
		if (e != ERR_OK) {
			out->size = start;
			noise_wipe(h);
			return e;
		}
	}
	encrypt_and_hash(h, payload, payload_bytes, out);
	assert(out->size - start == payload_bytes + overhead_bytes[h->step]);
	h->step++;
	return ERR_OK;
}

/* The tokens and the payload of a message of lawful size; `out` has room. */
static enum err
read_message(struct noise_handshake *h, const void *message,
    size_t message_bytes, uint8_t *out)
{
	struct reader in;
	enum err e;
	size_t i;

	reader_init(&in, message, message_bytes);
	for (i = 0; i < TOKENS_MAX; i++) {
		e = read_token(
		    h, patterns[h->pattern].messages[h->step][i], &in);
		if (e != ERR_OK)
			return e;
	}
	return decrypt_and_hash(h, in.at, reader_left(&in), out);
}

enum err
noise_read(struct noise_handshake *h, const void *message, size_t message_bytes,
    struct buffer *payload)
{
	enum err e = check_turn(h, false);
	size_t overhead;

	if (e != ERR_OK)
		return e;
	overhead = overhead_bytes[h->step];
	if (message_bytes < overhead || message_bytes > NOISE_MESSAGE_MAX) {
		noise_wipe(h);
		return ERR_FORMAT;
	}
	if (!buffer_reserve(payload, message_bytes - overhead))
		return ERR_NOMEM;

	e = read_message(h, message, message_bytes,
	    payload->data == NULL ? NULL : payload->data + payload->size);
	if (e != ERR_OK) {
		noise_wipe(h);
		return e;
	}
	payload->size += message_bytes - overhead;
	h->step++;
	return ERR_OK;
}

bool
noise_finished(const struct noise_handshake *h)
{
	return !h->failed && h->step == STEPS;
}

enum err
noise_split(const struct noise_handshake *h, struct noise_cipher *send,
    struct noise_cipher *receive)
{
	uint8_t out[2][NOISE_HASH_BYTES];

	if (h->failed)
		return ERR_AUTH;
	if (h->step < STEPS)
		return ERR_STATE;
	hkdf(h->chaining_key, NULL, 0, out, 2);
	memset(send, 0, sizeof *send);
	memset(receive, 0, sizeof *receive);
	/* Noise 5.2: the first key carries what the initiator sends. */
	memcpy(send->key, out[h->is_initiator ? 0 : 1], sizeof send->key);
	memcpy(receive->key, out[h->is_initiator ? 1 : 0], sizeof receive->key);
	sodium_memzero(out, sizeof out);
	return ERR_OK;
}

void
noise_wipe(struct noise_handshake *h)
{
	sodium_memzero(h, sizeof *h);
	h->failed = true; /* zero keys must never start a session */
}

/* Count a message that passed; both ends come here after the same one. */
static void
cipher_advance(struct noise_cipher *c, size_t plain_bytes)
{
	c->nonce++;
	c->messages++;
	c->bytes += plain_bytes;
	if (c->messages >= REKEY_MESSAGES || c->bytes >= REKEY_BYTES)
		noise_rekey(c);
}

enum err
noise_seal(
    struct noise_cipher *c, const void *plain, size_t size, struct buffer *out)
{
	if (c->nonce == UINT64_MAX ||
	    size > NOISE_MESSAGE_MAX - NOISE_TAG_BYTES)
		return ERR_LIMIT;
	if (!buffer_reserve(out, size + NOISE_TAG_BYTES))
		return ERR_NOMEM;
	seal_append(out, c->key, c->nonce, NULL, 0, plain, size);
	cipher_advance(c, size);
	return ERR_OK;
}

enum err
noise_open(
    struct noise_cipher *c, const void *sealed, size_t size, struct buffer *out)
{
	size_t plain_bytes;

	if (c->nonce == UINT64_MAX || size > NOISE_MESSAGE_MAX)
		return ERR_LIMIT;
	if (size < NOISE_TAG_BYTES)
		return ERR_AUTH;
	plain_bytes = size - NOISE_TAG_BYTES;
	if (!buffer_reserve(out, plain_bytes))
		return ERR_NOMEM;
	if (!open_into(out->data == NULL ? NULL : out->data + out->size, c->key,
	        c->nonce, NULL, 0, sealed, size))
		return ERR_AUTH;
	out->size += plain_bytes;
	cipher_advance(c, plain_bytes);
	return ERR_OK;
}

void
noise_rekey(struct noise_cipher *c)
{
	static const uint8_t zeros[NOISE_KEY_BYTES];
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	uint8_t sealed[NOISE_KEY_BYTES + NOISE_TAG_BYTES];

	make_nonce(nonce, UINT64_MAX);
	must(crypto_aead_chacha20poly1305_ietf_encrypt(
	    sealed, NULL, zeros, sizeof zeros, NULL, 0, NULL, nonce, c->key));
	memcpy(c->key, sealed, sizeof c->key);
	c->messages = 0;
	c->bytes = 0;
	sodium_memzero(sealed, sizeof sealed);
}

void
noise_cipher_wipe(struct noise_cipher *c)
{
	sodium_memzero(c, sizeof *c);
}
