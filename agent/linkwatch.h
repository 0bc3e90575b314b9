/* linkwatch: tells when a way to others appears.
 *
 * The kernel says so on an rtnetlink socket; nothing is asked in turns. A
 * burst (carrier, address, route) is told once: LINKWATCH_SETTLE_MS after its
 * first event and up to LINKWATCH_SPREAD_MS more by chance, since a cell that
 * comes back brings a whole town's clinics with it. Both together are less
 * than a second.
 */

#ifndef YIZHAN_AGENT_LINKWATCH_H
#define YIZHAN_AGENT_LINKWATCH_H

#include "agent/agent.h"

enum {
	LINKWATCH_SETTLE_MS = 200,
	LINKWATCH_SPREAD_MS = 500,
	/* What the kernel may keep for us; more is lost, and said to be. */
	LINKWATCH_READ_BYTES = 16 * 1024,
	LINKWATCH_READS_MAX = 64, /* before others have their turn */
};

struct linkwatch;

/* Something appeared; in the loop's thread, never from within a call. */
typedef void linkwatch_appeared(void *context);

/** Begin. ERR_IO: the kernel refuses (a container without netlink, a seccomp
 * filter); ERR_NOMEM. */
enum err linkwatch_open(struct linkwatch **out, struct agent *a,
    linkwatch_appeared *appeared, void *context);
/** End; frees w in a later turn of the loop and calls closed(context) then.
 * appeared() is not called any more. */
void linkwatch_close(struct linkwatch *w, void (*closed)(void *context));

#endif
