/* floor: what general compressors make of the records that a step sends.
 *
 * Two texts are measured beside the bytes of a session: the step's lines of
 * JSON, which is what other tools send; and the same changes in plain binary,
 * each body as it is stored and goes into a batch, behind its length. Neither
 * holds a handshake, a hash chain, a signature or a receipt.
 */

#ifndef YIZHAN_TESTS_BENCH_FLOOR_H
#define YIZHAN_TESTS_BENCH_FLOOR_H

#include "tests/sim/world.h"

struct floor_sizes {
	size_t bytes;
	size_t zstd_19, xz_9e; /* 0 of nothing; xz: also without liblzma */
};

struct floor {
	bool is_known;
	struct floor_sizes json, plain;
};

/* A step under way: what was given to a site since it began. */
struct floor_input {
	uint64_t ends[CLASSES]; /* of its lists upwards, at the beginning */
	struct buffer json;
};

/** A step begins. Fails as the store does. */
enum err floor_begin(struct floor_input *in, struct site *s);
/** One of its lines. Drafts are left out, since they are not sent.
 * ERR_NOMEM. */
enum err floor_line(struct floor_input *in, const char *line);
/** Measure what the site's lists have got since. ERR_NOMEM; the store's. */
enum err floor_end(
    const struct floor_input *in, struct site *s, struct floor *out);
void floor_free(struct floor_input *in);

#endif
