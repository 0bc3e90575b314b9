/* noise: the Noise Protocol Framework, revision 34, as far as yizhan uses it:
 * Noise_XK_25519_ChaChaPoly_BLAKE2b and Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b.
 *
 * Sans I/O: bytes in, bytes out, the ephemeral key is handed in. Primitives
 * are libsodium's; HMAC-BLAKE2b (128-byte block) is built on its BLAKE2b as
 * the Noise specification, section 4.3, asks. Messages of a handshake are
 * written and read in turn; afterwards split() gives one cipher a direction.
 */

#ifndef YIZHAN_SYNC_NOISE_H
#define YIZHAN_SYNC_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "sync/limits.h"

enum noise_pattern { NOISE_XK, NOISE_XKPSK3 };

enum {
	NOISE_KEY_BYTES = 32,
	NOISE_HASH_BYTES = 64,
	NOISE_TAG_BYTES = 16,
	NOISE_MESSAGE_MAX = 65535, /* section 3 */
};

struct noise_keypair {
	uint8_t secret[NOISE_KEY_BYTES];
	uint8_t public[NOISE_KEY_BYTES];
};

/* One direction of a finished session. */
struct noise_cipher {
	uint8_t key[NOISE_KEY_BYTES];
	uint64_t nonce;    /* of the next message; 2^64-1 is never used */
	uint64_t messages; /* since the last rekey */
	uint64_t bytes;    /* of plaintext since the last rekey */
};

/* A handshake under way. On the stack or inside a larger struct; wipe it. */
struct noise_handshake {
	enum noise_pattern pattern;
	bool is_initiator;
	unsigned step; /* messages passed so far, 0 .. 3 */
	bool failed;   /* after a fault every call gives ERR_AUTH */
	uint8_t chaining_key[NOISE_HASH_BYTES];
	uint8_t hash[NOISE_HASH_BYTES];
	uint8_t key[NOISE_KEY_BYTES];
	bool has_key;
	uint64_t nonce;
	struct noise_keypair s;      /* own static */
	struct noise_keypair e;      /* own ephemeral */
	uint8_t rs[NOISE_KEY_BYTES]; /* peer's static, once known */
	uint8_t re[NOISE_KEY_BYTES];
	uint8_t psk[NOISE_KEY_BYTES];
	bool has_psk;
};

/** Fill public from secret (X25519 base point). */
void noise_keypair_derive(struct noise_keypair *k);

/**
 * Begin. remote_static is the responder's key and must be given to the
 * initiator; NULL for the responder. ephemeral_secret: 32 fresh random bytes,
 * never used twice. psk (32 bytes) may come later by noise_set_psk().
 */
void noise_init(struct noise_handshake *h, enum noise_pattern pattern,
    bool is_initiator, const void *prologue, size_t prologue_bytes,
    const struct noise_keypair *own_static,
    const uint8_t ephemeral_secret[NOISE_KEY_BYTES],
    const uint8_t *remote_static);

/** The responder of XKpsk3 learns which key to use from message 1. */
void noise_set_psk(
    struct noise_handshake *h, const uint8_t psk[NOISE_KEY_BYTES]);

/**
 * Append the next message with this payload to out.
 * ERR_STATE: not our turn, finished, or no psk where one is due.
 * ERR_AUTH: an earlier step failed, or the peer's key is a low-order point.
 * ERR_LIMIT: the message would be longer than NOISE_MESSAGE_MAX. ERR_STATE,
 * ERR_LIMIT and ERR_NOMEM change nothing.
 */
enum err noise_write(struct noise_handshake *h, const void *payload,
    size_t payload_bytes, struct buffer *out);

/**
 * Read the next message; the payload is appended to `payload`.
 * ERR_AUTH: altered bytes or another key; the handshake is dead.
 * ERR_FORMAT: too short or too long to be this message; dead too. ERR_STATE
 * and ERR_NOMEM as above. payload must not be the buffer that holds message.
 * A refused message leaves nothing in `payload`.
 */
enum err noise_read(struct noise_handshake *h, const void *message,
    size_t message_bytes, struct buffer *payload);

/** All three messages passed. */
bool noise_finished(const struct noise_handshake *h);

/** The ciphers for sending and receiving. ERR_STATE before the end; ERR_AUTH
 * when the handshake failed. */
enum err noise_split(const struct noise_handshake *h, struct noise_cipher *send,
    struct noise_cipher *receive);

/** Overwrite all keys; every later call gives ERR_AUTH. */
void noise_wipe(struct noise_handshake *h);

/**
 * Seal one transport message in place of Noise's EncryptWithAd with empty ad:
 * appends size + 16 bytes to out and rekeys (section 11.3) after
 * REKEY_MESSAGES messages or REKEY_BYTES bytes, whichever comes first; both
 * ends count alike. ERR_LIMIT: longer than NOISE_MESSAGE_MAX, or nonces are
 * used up (never in practice). ERR_LIMIT and ERR_NOMEM change nothing.
 */
enum err noise_seal(
    struct noise_cipher *c, const void *plain, size_t size, struct buffer *out);

/** Open one; appends size - 16 bytes to out, which must not hold the sealed
 * bytes. ERR_AUTH: altered; c is dead for the caller, who ends the session.
 * ERR_LIMIT and ERR_NOMEM as above. */
enum err noise_open(struct noise_cipher *c, const void *sealed, size_t size,
    struct buffer *out);

/** Section 4.2 REKEY at once; seal and open call it on their own. */
void noise_rekey(struct noise_cipher *c);

void noise_cipher_wipe(struct noise_cipher *c);

#endif
