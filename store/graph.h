/* graph: which change of a record had seen which; for merge.c,
 * conflict.c and keeper.c.
 *
 * Parent cycles (forged) order nothing.
 */

#ifndef YIZHAN_STORE_GRAPH_H
#define YIZHAN_STORE_GRAPH_H

#include "store/merge.h"
#include "store/reach.h"

struct graph {
	const struct merge_input **item; /* sorted by id, each once */
	size_t count;
	struct reach reach; /* who descends from whom */
	bool *aside;        /* set aside by the group; NULL: none is */
	/* Said to be no managing org's by the group; NULL: none is. */
	bool *unmanaged;
	const struct field *guarded; /* the kind's, if it has one */
	struct say *say;             /* the field that was asked about last */
};

/** Sort, drop repeated ids, follow parents. ERR_NOMEM. The items point into
 * input; nothing is marked. graph_free() after ERR_OK. */
enum err graph_build(
    struct graph *g, const struct merge_input *input, size_t count);
void graph_free(struct graph *g);

/** Note what the group said of these changes: graph_say.c. ERR_NOMEM. */
enum err graph_mark(struct graph *g);
/** Whether i sets the field, and is not set aside. */
bool graph_sets(const struct graph *g, size_t i, const char *name);
/** Whether i sets the field and no other setter, of those that `within` has
 * seen (SIZE_MAX: all), replaced it. Who had seen it does, but for a guarded
 * word that is not his to take back. Of a graph that is marked; asked of all
 * of them in turn it costs no more than looking at each once. */
bool graph_has_a_say(
    const struct graph *g, size_t i, const char *name, size_t within);
/** Whether it was made as the managing org and the group does not deny it. */
bool graph_is_managing(const struct graph *g, size_t i);
/** Whether i's guarded word stands against j, who had seen it. */
bool graph_stands_against(const struct graph *g, size_t i, size_t j);
/** How a word ranks in its field; -1: it is none of them. */
int graph_word_rank(const struct field *f, const struct change *c);

/** What graph_has_a_say() keeps between two questions: of graph_build(). After
 * ERR_NOMEM too there may be something to free. */
enum err say_new(struct say **out, size_t count);
void say_free(struct say *s);

/** Place of a change; SIZE_MAX: it is not among them. */
size_t graph_find(const struct graph *g, const struct change_id *id);

/** A link that tells of another content than ours is never joined. */
bool graph_link_fits(const struct parent *p, const struct merge_input *target);

/** Whether b descends from a. */
static inline bool
is_before(const struct graph *g, size_t a, size_t b)
{
	return reach_has(&g->reach, b, a);
}

#endif
