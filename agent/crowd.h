/* crowd: whether those connected are too many for the loop to decode what each
 * of them would pack (docs/decisions/0024). Knows no loop: its times are told.
 */

#ifndef YIZHAN_AGENT_CROWD_H
#define YIZHAN_AGENT_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CROWD_CHILDREN = 8, /* known ones; fewer are served in any form */
	CROWD_BUSY_PERCENT = 50,
	CROWD_LOOK_MS = 250,
	CROWD_QUIET_LOOKS = 20, /* in a row: then it is no crowd any more */
	CROWD_BURST_MS =
	    250, /* so many callers within it are a crowd at once */
};

struct crowd {
	uint64_t seen_ns, idle_ns;        /* at the last look */
	unsigned busy_percent;            /* between the last two */
	bool asks;                        /* for rows */
	unsigned quiet_looks;             /* since it was busy */
	uint64_t came_ns[CROWD_CHILDREN]; /* the last callers, in a ring */
	unsigned came_at;
};

/** Forget what was seen; the next look is at what follows. */
void crowd_begin(struct crowd *c, uint64_t now_ns, uint64_t idle_ns);
/** Somebody calls. Whether he is to be asked for rows: a look says so, or so
 * many call at once that looking would come too late. */
bool crowd_comes(struct crowd *c, uint64_t now_ns);
/**
 * Look: `known` children have said who they are, and of all its time until
 * now_ns the loop has rested idle_ns (both in nanoseconds, from any moment).
 * True when c->asks has changed.
 */
bool crowd_look(
    struct crowd *c, size_t known, uint64_t now_ns, uint64_t idle_ns);

#endif
