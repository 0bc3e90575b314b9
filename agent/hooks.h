/* hooks: what an operation that a client asked for may call in the agent.
 *
 * Operations run in the threads of the control socket (api/api.h): they wait
 * for the turn to talk to the parent, tell what was saved, and ask whether
 * the agent is stopping.
 */

#ifndef YIZHAN_AGENT_HOOKS_H
#define YIZHAN_AGENT_HOOKS_H

#include "agent/agent.h"

/** Fill a->api; store, writer, turn and post are open. */
void hooks_fill(struct agent *a);

#endif
