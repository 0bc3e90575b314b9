/* packed_state: what packed.c and unpacked.c share; private to them. */

#ifndef YIZHAN_SYNC_PACKED_STATE_H
#define YIZHAN_SYNC_PACKED_STATE_H

#include "sync/packed.h"

#define PACKED_UP "up"

enum {
	PACKED_FRESH = 1,   /* names what it begins from */
	PACKED_FOLLOWS = 2, /* begins where the receiver expects it */
	PACKED_IS_UP = 4,   /* of the list "up" */
	PACKED_FLAGS = 7,

	PACKED_LIVES_MAX = BATCH_CHANGES_MAX,
	PACKED_CHECK_BYTES = 4,
	PACKED_AT_ONCE = 8, /* changes packed or learned; some 3 ms */
};

/* Facts that are coded before each body. */
enum { FACT_LIFE, FACT_STEP, FACT_SALT, FACT_MONTH };

struct packed_lives {
	size_t count;
	uint8_t id[PACKED_LIVES_MAX][LIFE_BYTES];
};

/** Its index, after adding it if need be; PACKED_LIVES_MAX: no room. */
size_t packed_life(struct packed_lives *l, const uint8_t life[LIFE_BYTES]);
/** First four bytes of H8 of bodies, one behind the other: both ends learned,
 * or rebuilt, the same. */
uint32_t packed_check(const void *bodies, size_t size);

/* What a coder is to learn before its first batch: so many bodies, as strings,
 * oldest first, of which `left` are not learned yet. */
struct lesson {
	struct buffer bodies;
	size_t at, left;
};

/** Learn so many of them at most. Forgets the bodies behind the last one.
 * ERR_CORRUPT: there are fewer. ERR_NOMEM. */
enum err lesson_take(struct lesson *l, struct dense *d, size_t most);
/** Wipes. */
void lesson_end(struct lesson *l);

#endif
