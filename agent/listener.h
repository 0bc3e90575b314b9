/* listener: where children connect (hub and relay).
 *
 * Bounds what strangers can cost: so many sessions in all, so many from one
 * place that have not yet said who they are. What is over a bound is closed
 * at once; its owner comes back after a back-off.
 */

#ifndef YIZHAN_AGENT_LISTENER_H
#define YIZHAN_AGENT_LISTENER_H

#include "agent/agent.h"

enum {
	LISTENER_SOCKETS_MAX = 4, /* addresses a name may stand for */
	LISTENER_SESSIONS_MAX = 4096,
	LISTENER_HALF_OPEN_MAX = 3072,        /* of those, not yet known */
	LISTENER_HALF_OPEN_PER_SITE_MAX = 64, /* a township behind one NAT */
	LISTENER_NEWS_MS = 100,
};

struct listener;

/**
 * Listen at config.listen. With port 0 the system picks one; the log, and the
 * file a->port_file names, tell which. ERR_USAGE: not an address, or no such
 * host; ERR_BUSY: the port is taken; ERR_NOT_ALLOWED: a port below 1024, or
 * the file cannot be written; ERR_IO, ERR_NOMEM.
 */
enum err listener_open(struct listener **out, struct agent *a);
/** Something new may stand on lists: who is connected is to have it in this
 * session. Looked for in the next turn of the loop, and then once in
 * LISTENER_NEWS_MS. */
void listener_kick(struct listener *l);
/** Nodes were withdrawn in the store: end their sessions now. */
void listener_end_withdrawn(struct listener *l);
/** Stop accepting, refuse all sessions, wait for them, free;
 * agent_part_closed() tells the end. */
void listener_close(struct listener *l);

#endif
