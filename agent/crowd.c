/* crowd: whether those connected are too many for what they would pack. */

#include "agent/crowd.h"

void
crowd_begin(struct crowd *c, uint64_t now_ns, uint64_t idle_ns)
{
	c->seen_ns = now_ns;
	c->idle_ns = idle_ns;
	c->busy_percent = 0;
	c->quiet_looks = 0;
	c->asks = false;
}

bool
crowd_comes(struct crowd *c, uint64_t now_ns)
{
	uint64_t *oldest = &c->came_ns[c->came_at];
	bool is_burst = *oldest != 0 &&
	                now_ns - *oldest < CROWD_BURST_MS * UINT64_C(1000000);

	*oldest = now_ns;
	c->came_at = (c->came_at + 1) % CROWD_CHILDREN;
	return c->asks || is_burst;
}

bool
crowd_look(struct crowd *c, size_t known, uint64_t now_ns, uint64_t idle_ns)
{
	uint64_t took = now_ns - c->seen_ns, rest = idle_ns - c->idle_ns;
	bool asked = c->asks;

	c->seen_ns = now_ns;
	c->idle_ns = idle_ns;
	c->busy_percent =
	    took == 0 || rest >= took ? 0 : (unsigned)(100 - rest * 100 / took);
	c->quiet_looks =
	    c->busy_percent >= CROWD_BUSY_PERCENT ? 0 : c->quiet_looks + 1;
	/* Strangers cost nothing that rows would spare, and could otherwise
	 * make the others pay. A crowd that packs leaves the hub idle for a
	 * while; who comes then would pack as well. */
	c->asks = known >= CROWD_CHILDREN &&
	          (c->quiet_looks == 0 ||
	              (asked && c->quiet_looks < CROWD_QUIET_LOOKS));
	return c->asks != asked;
}
