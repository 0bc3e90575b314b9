/* alphabet: characters as one or two bytes, the common ones as one
 * (docs/protocol.md, "Dense coding").
 *
 * Rank 0 ends a string. Then come the characters a dictionary lists, the
 * commonest first, then all other unified ideographs from U+4E00 to U+9FFF.
 */

#ifndef YIZHAN_SYNC_ALPHABET_H
#define YIZHAN_SYNC_ALPHABET_H

#include "base/bytes.h"

enum {
	ALPHABET_LISTED_MAX = 3400,
	ALPHABET_SINGLE = 160, /* ranks of one byte */
	ALPHABET_LEADS = 95,   /* first bytes of those of two */
	ALPHABET_ESCAPE = 255, /* first byte: 21 bits of a code point follow */
	ALPHABET_RANKS = ALPHABET_SINGLE + ALPHABET_LEADS * 256,
};

struct alphabet {
	unsigned count;         /* ranks in use, 0 included */
	uint16_t rank[0x10000]; /* 0: none */
	uint16_t point[ALPHABET_RANKS];
};

/** From the listed characters as UTF-8. ERR_FORMAT: no UTF-8, one twice,
 * beyond U+FFFF, or too many. */
enum err alphabet_fill(struct alphabet *a, const struct bytes *listed);

/** The next character of valid UTF-8 at *at, which moves behind it. False: it
 * is not valid (RFC 3629), or U+0000. */
bool alphabet_next(const struct bytes *text, size_t *at, uint32_t *point);
/** Append a character as UTF-8; point below 0x110000 and no surrogate, which
 * alphabet_is_sound() tells. */
void alphabet_put(struct buffer *out, uint32_t point);
bool alphabet_is_sound(uint32_t point);

#endif
