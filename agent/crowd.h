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
	CROWD_LEAST_MS = 20, /* less says nothing of how busy it is */
};

struct crowd {
	uint64_t seen_ns, idle_ns; /* at the last look */
	unsigned busy_percent;     /* between the last two */
	bool asks;                 /* for rows */
};

/** Forget what was seen; the next look is at what follows. */
void crowd_begin(struct crowd *c, uint64_t now_ns, uint64_t idle_ns);
/** Whether enough time has passed since the last look. */
bool crowd_may_look(const struct crowd *c, uint64_t now_ns);
/**
 * Look: `known` children have said who they are, and of all its time until
 * now_ns the loop has rested idle_ns (both in nanoseconds, from any moment).
 * True when c->asks has changed.
 */
bool crowd_look(
    struct crowd *c, size_t known, uint64_t now_ns, uint64_t idle_ns);

#endif
