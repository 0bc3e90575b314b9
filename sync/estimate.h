/* estimate: how many bytes a session would send now, without a link.
 *
 * What waits goes through a stream writer just as a session would have it go,
 * and is thrown away. What comes down, and its receipts, nobody here knows.
 */

#ifndef YIZHAN_SYNC_ESTIMATE_H
#define YIZHAN_SYNC_ESTIMATE_H

#include "sync/dictionary.h"
#include "sync/source.h"

struct estimate {
	struct {
		uint64_t changes; /* that wait */
		uint64_t bytes;   /* TCP payload, with frames */
		bool is_extrapolated;
	} class[CLASSES];
	uint64_t session; /* handshake, hello and bye: always */
	uint64_t total;
};

/**
 * Estimate for a session with this parent. waiting: how many changes of each
 * class the owner knows to wait; of a class with more than sample_max that
 * many are encoded and the rest is taken to be alike. Streams begin from the
 * newest of books, as those of a session do. Errors of the source and
 * ERR_NOMEM.
 */
enum err estimate_up(const struct source *source,
    const uint8_t parent_key[KEY_BYTES], const uint64_t waiting[CLASSES],
    uint64_t sample_max, struct codebook *books, struct estimate *out);

#endif
