/* linknews: what the kernel's messages about links say: did a way appear?
 *
 * Bytes of an rtnetlink socket in, one answer out: no socket, no clock. What
 * counts is an address others can reach us at, a route in the main table that
 * may lead to the parent, or a link that got its carrier; what goes away does
 * not. Kernels repeat themselves: an address is told again with each renewal
 * of its lease, a wireless link with each scan. So what is there is
 * remembered, and news is only what was not.
 */

#ifndef YIZHAN_AGENT_LINKNEWS_H
#define YIZHAN_AGENT_LINKNEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINKNEWS_KNOWN_MAX = 64, /* the oldest is forgotten, and news again */
	LINKNEWS_ADDRESS_BYTES = 16,
	/* So many at once, then one in each span: an interface that flaps, or
	 * a loose plug, must not undo the back-off. */
	LINKNEWS_BURST = 6,
	LINKNEWS_SPAN_MS = 10 * 1000,
};

/* An address, or a link with its carrier. */
struct linknews_known {
	uint32_t link;  /* the interface's index */
	uint8_t family; /* AF_UNSPEC: the link itself */
	uint8_t address[LINKNEWS_ADDRESS_BYTES]; /* zeros behind its end */
};

/* Zeros are a good beginning. */
struct linknews {
	struct linknews_known known[LINKNEWS_KNOWN_MAX];
	size_t count;
	size_t next; /* to be forgotten, when all places are taken */
};

enum linknews_what {
	LINKNEWS_NONE,
	LINKNEWS_CARRIER,
	LINKNEWS_ROUTE,
	LINKNEWS_ADDRESS,
	LINKNEWS_UNKNOWN, /* messages were lost */
};

/**
 * Read what one receive gave. bytes is aligned for a struct nlmsghdr. What
 * makes no sense is left out; the most that appeared is returned.
 */
enum linknews_what linknews_read(
    struct linknews *l, const void *bytes, size_t size_bytes);
/** Messages were lost: anything may have happened. LINKNEWS_UNKNOWN. */
enum linknews_what linknews_lost(struct linknews *l);

/** A word for the log. */
const char *linknews_name(enum linknews_what what);

/* How often news may be acted on; zeros are a good beginning. */
struct linknews_pace {
	uint64_t used_up_ms; /* when all that was taken is there again */
};

/** How long to wait before the next may be taken; 0: now. */
uint64_t linknews_pace_ms(const struct linknews_pace *p, uint64_t now_ms);
/** Take one. */
void linknews_pace_take(struct linknews_pace *p, uint64_t now_ms);

#endif
