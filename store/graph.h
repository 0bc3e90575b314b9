/* graph: which change of a record had seen which; for merge.c and
 * conflict.c.
 *
 * Parent cycles (forged) order nothing.
 */

#ifndef YIZHAN_STORE_GRAPH_H
#define YIZHAN_STORE_GRAPH_H

#include "store/merge.h"

struct graph {
	const struct merge_input **item; /* sorted by id, each once */
	size_t count;
	uint8_t *reach; /* count * count: [i][j] i descends from j */
	bool *aside;    /* set aside by the group; NULL: none is */
};

/** Sort, drop repeated ids, follow parents. ERR_NOMEM. The items point into
 * input; nothing is set aside. graph_free() after ERR_OK. */
enum err graph_build(
    struct graph *g, const struct merge_input *input, size_t count);
void graph_free(struct graph *g);

/** Place of a change; SIZE_MAX: it is not among them. */
size_t graph_find(const struct graph *g, const struct change_id *id);

/** A link that tells of another content than ours is never joined. */
bool graph_link_fits(const struct parent *p, const struct merge_input *target);

/** Whether b descends from a. */
static inline bool
is_before(const struct graph *g, size_t a, size_t b)
{
	return g->reach[b * g->count + a] != 0 &&
	       g->reach[a * g->count + b] == 0;
}

#endif
