/* training_state: lists of bodies; between training.c and training_bodies.c.
 */

#ifndef YIZHAN_STORE_TRAINING_STATE_H
#define YIZHAN_STORE_TRAINING_STATE_H

#include "store/training.h"

/* Bodies one behind the other; sizes[i] of each. */
struct body_list {
	struct buffer bytes;
	size_t *sizes;
	size_t count, capacity;
};

void body_list_free(struct body_list *l);
/** A body was appended to l->bytes from `begin` on. ERR_NOMEM. */
enum err body_list_close(struct body_list *l, size_t begin);
/** Views of all, to be freed. NULL: no memory. */
struct bytes *body_list_views(const struct body_list *l);

/** Bodies put together of atoms, the rarest first. */
enum err training_bodies(
    const struct atom *atoms, size_t count, struct body_list *out);
/** The bodies of the shipped dictionary, in their order. */
enum err training_shipped(struct body_list *out);

#endif
