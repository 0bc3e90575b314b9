/* invite: the code a person types to join a group.
 *
 * 29 characters of Crockford's base 32 (no I, L, O, U; case and dashes do not
 * matter; I and L read as 1, O as 0), shown in groups by dashes: 15 bits
 * invite number, 80 bits of BLAKE2b of the root key, 40 bits secret, 10 bits
 * check: a CRC-10, which catches every wrong character and every swap of two
 * neighbours.
 */

#ifndef YIZHAN_SYNC_INVITE_H
#define YIZHAN_SYNC_INVITE_H

#include "base/bytes.h"
#include "sync/limits.h"

enum {
	INVITE_NUMBER_MAX = 32767,
	INVITE_ROOT_HASH_BYTES = 10,
	INVITE_SECRET_BYTES = 5,
	INVITE_CODE_CHARS = 29,
	INVITE_TEXT_BYTES = 40, /* with dashes and NUL */
};

struct invite_code {
	uint16_t number; /* 1 .. INVITE_NUMBER_MAX */
	uint8_t root_hash[INVITE_ROOT_HASH_BYTES];
	uint8_t secret[INVITE_SECRET_BYTES];
};

/** First 80 bits of BLAKE2b-256 of the root's public key. */
void invite_root_hash(
    uint8_t out[INVITE_ROOT_HASH_BYTES], const uint8_t root_key[KEY_BYTES]);
/** Text with dashes (6-6-6-6-5), NUL-terminated. */
void invite_encode(const struct invite_code *c, char out[INVITE_TEXT_BYTES]);
/** ERR_FORMAT: wrong length, a strange character, or the check fails: a
 * typing error; ask again. */
enum err invite_decode(struct invite_code *c, const char *text);
/** The XKpsk3 key: keyed BLAKE2b-256 over number and secret, key = group id
 * and a fixed label. */
void invite_psk(uint8_t out[KEY_BYTES], const struct invite_code *c,
    const uint8_t group[GROUP_ID_BYTES]);

#endif
