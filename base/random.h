/* random: where unpredictable bytes come from.
 *
 * Nothing below main() reaches for randomness itself: it is handed one of
 * these, so that a whole group can be simulated from a seed.
 */

#ifndef YIZHAN_BASE_RANDOM_H
#define YIZHAN_BASE_RANDOM_H

#include <stddef.h>

struct random_source {
	void (*fill)(void *context, void *out, size_t size);
	void *context;
};

/** The system's generator (libsodium). */
struct random_source random_system(void);

#endif
