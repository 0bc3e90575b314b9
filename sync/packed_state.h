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
/** Learn strings of bodies, oldest first. ERR_CORRUPT: there are fewer. */
enum err packed_learn(
    struct dense *d, const struct buffer *bodies, size_t count);

#endif
