/* parent: the way up: when to connect, and what came of it.
 *
 * One attempt at a time: take the turn, connect, run a session, give the turn
 * back. The next one comes after the interval, after a back-off when this one
 * failed, or soon after something was saved. Every wait is one timer's.
 */

#ifndef YIZHAN_AGENT_PARENT_H
#define YIZHAN_AGENT_PARENT_H

#include "agent/agent.h"

struct parent_link;

/** ERR_NOMEM. */
enum err parent_open(struct parent_link **out, struct agent *a);
/** Refuse what runs, wait for it, free; agent_part_closed() tells the end. */
void parent_close(struct parent_link *p);

/** Something was saved that the parent should have. */
void parent_kick(struct parent_link *p);
/** A client gave the turn back; it may have joined. */
void parent_released(struct parent_link *p);

#endif
