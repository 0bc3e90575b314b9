/* turn: one session with the parent at a time.
 *
 * The loop and the threads of the control socket both hold sessions with the
 * parent; two beside each other would send everything twice.
 */

#ifndef YIZHAN_AGENT_TURN_H
#define YIZHAN_AGENT_TURN_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

struct turn {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_taken;
	bool is_closed;
};

/** ERR_NOMEM. */
enum err turn_init(struct turn *t);
/** Nobody holds it or waits for it. */
void turn_wipe(struct turn *t);

/** Take it, waiting up to timeout_ms. ERR_BUSY: somebody else still has it;
 * ERR_CLOSED: the agent is stopping. Any thread; the loop does not wait. */
enum err turn_take(struct turn *t, unsigned timeout_ms);
/** By whoever took it, in any thread. */
void turn_give_back(struct turn *t);
/** From now on nobody gets it; those who wait are told. */
void turn_close(struct turn *t);

#endif
