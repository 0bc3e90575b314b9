/* parent: the way up: when to connect, and what came of it.
 *
 * One attempt at a time: take the turn, connect, run a session, give the turn
 * back. The next one comes after the interval, after a back-off when this one
 * failed, soon after something was saved, or when a link appears. Every wait
 * is one timer's.
 *
 * A link that appears begins the back-off anew, except after a refusal that
 * only a person can mend (revoked, another version): a plug that wobbles must
 * not make such a node knock. It does not disturb a session: whether that one
 * still has its link is for its own time-outs to say.
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
