/* direct: the door without an agent: opens the store in this process.
 *
 * Gives the same struct api that the agent has, so that one set of operations
 * serves both doors.
 */

#ifndef YIZHAN_API_DIRECT_H
#define YIZHAN_API_DIRECT_H

#include "api/api.h"

struct direct;

struct direct_options {
	const char *dir;
	bool create;        /* make the store if there is none */
	const char *holder; /* what others are told, e.g. "yizhan import" */
	unsigned wait_ms;   /* for another owner to finish */
	size_t map_bytes;   /* 0: the default */
};

/**
 * Open the store and start its writer. Errors of store_open(); ERR_FORMAT:
 * the configuration is wrong, complaint (may hold "") says where.
 */
enum err direct_open(struct direct **out, const struct direct_options *o,
    char *complaint, size_t complaint_bytes);
/** Finish what waits and close. NULL is allowed. */
void direct_close(struct direct *d);
/** Lives until direct_close(). */
struct api *direct_api(struct direct *d);
/** Who holds a busy directory: "PID what", or "". */
void direct_holder(const char *dir, char *out, size_t out_bytes);

#endif
