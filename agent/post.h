/* post: brings news from other threads into the loop's.
 *
 * Everything in agent/ lives in the loop's thread; the writer and the
 * threads of the control socket only put an item into this box.
 */

#ifndef YIZHAN_AGENT_POST_H
#define YIZHAN_AGENT_POST_H

#include <stdbool.h>

#include <uv.h>

#include "base/err.h"

/* Its owner keeps it alive, and out of the box again, until run is called:
 * from then on it may be sent once more, or freed. */
struct post_item {
	void (*run)(void *context); /* in the loop's thread */
	void *context;
	struct post_item *next; /* the box's */
};

struct post;

enum err post_open(struct post **out, uv_loop_t *loop);
/** Any thread. */
void post_send(struct post *p, struct post_item *item);
/** No other thread sends any more. What still lies in the box is dropped.
 * Frees p in a later turn of the loop; calls closed(context) then. */
void post_close(struct post *p, void (*closed)(void *context), void *context);

#endif
