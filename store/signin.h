/* signin: who is signed in at this store, one person per user of the
 * operating system.
 *
 * A sign-in is a sealed row of the store, so that it holds with an agent and
 * without one, and across an agent's restart. It ends 15 minutes after it was
 * last used, by the time since this computer was started, which nobody can
 * set; with another start of the computer it is over. Time is an argument.
 */

#ifndef YIZHAN_STORE_SIGNIN_H
#define YIZHAN_STORE_SIGNIN_H

#include "store/change.h"
#include "store/db.h"

enum {
	SIGNIN_BOOT_BYTES = 16,
	SIGNIN_IDLE_MS = 15 * 60 * 1000,
	/* A use is written down no more often; a sign-in ends by as much
	 * earlier, never later. */
	SIGNIN_TOUCH_MS = 30 * 1000,
};

/* Which start of the computer, and the milliseconds since, sleep included. */
struct signin_time {
	uint8_t boot[SIGNIN_BOOT_BYTES];
	uint64_t ms;
};

struct signin {
	char staff[REF_BYTES_MAX + 1];
	char org[REF_BYTES_MAX + 1]; /* acting org; "": the node's first */
	struct signin_time used;
};

/** Write a sign-in of a user, in place of the one before. */
enum err signin_write(struct txn *t, uint32_t uid, const struct signin *s);
/** ERR_NOT_FOUND: nobody is signed in. ERR_TIMEOUT: it ended; out says who
 * that was. */
enum err signin_read(struct txn *t, uint32_t uid, const struct signin_time *now,
    struct signin *out);
/** Whether a use is to be written down by signin_write(). */
bool signin_is_stale(const struct signin *s, const struct signin_time *now);
/** None is fine. */
enum err signin_end(struct txn *t, uint32_t uid);

/** Whether this store is used by those only who signed in. */
enum err signin_is_required(struct txn *t, bool *out);
enum err signin_require(struct txn *t, bool is_required);

#endif
