/* graph: which change of a record had seen which. */

#include <stdlib.h>
#include <string.h>

#include "store/graph.h"

static int
by_id(const void *a, const void *b)
{
	const struct merge_input *const *x = a, *const *y = b;

	return change_id_compare(&(*x)->change->id, &(*y)->change->id);
}

size_t
graph_find(const struct graph *g, const struct change_id *id)
{
	size_t low = 0, high = g->count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = change_id_compare(id, &g->item[mid]->change->id);

		if (c == 0)
			return mid;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return SIZE_MAX;
}

bool
graph_link_fits(const struct parent *p, const struct merge_input *target)
{
	static const uint8_t unknown[FINGERPRINT_LINK_BYTES];
	uint8_t fingerprint[8];

	if (target->fingerprint == 0 ||
	    memcmp(p->link, unknown, sizeof unknown) == 0)
		return true;
	store_u64(fingerprint, target->fingerprint);
	return memcmp(p->link, fingerprint, FINGERPRINT_LINK_BYTES) == 0;
}

/* Which of its parents are here, as places; *count goes on from the others'. */
static void
add_parents(const struct graph *g, size_t i, size_t *parent, size_t *count)
{
	const struct change *c = g->item[i]->change;
	size_t n;

	for (n = 0; n < c->parent_count; n++) {
		size_t p = graph_find(g, &c->parents[n].id);

		if (p != SIZE_MAX &&
		    graph_link_fits(&c->parents[n], g->item[p]))
			parent[(*count)++] = p;
	}
}

static enum err
follow_parents(struct graph *g)
{
	size_t *first = calloc(g->count + 1, sizeof *first), *parent;
	size_t i, most = 0, count = 0;
	enum err e = ERR_NOMEM;

	for (i = 0; i < g->count; i++)
		most += g->item[i]->change->parent_count;
	parent = calloc(most + 1, sizeof *parent);
	if (first != NULL && parent != NULL) {
		for (i = 0; i < g->count; i++) {
			add_parents(g, i, parent, &count);
			first[i + 1] = count;
		}
		e = reach_build(&g->reach, g->count, first, parent);
	}
	free(first);
	free(parent);
	return e;
}

void
graph_free(struct graph *g)
{
	free(g->item);
	reach_free(&g->reach);
	free(g->aside);
	free(g->unmanaged);
	say_free(g->say);
}

enum err
graph_build(struct graph *g, const struct merge_input *input, size_t count)
{
	size_t i;
	enum err e;

	memset(g, 0, sizeof *g);
	g->item = calloc(count + 1, sizeof *g->item);
	if (g->item == NULL)
		return ERR_NOMEM;
	for (i = 0; i < count; i++)
		g->item[i] = &input[i];
	qsort(g->item, count, sizeof *g->item, by_id);
	for (i = 0; i < count; i++)
		if (i == 0 || by_id(&g->item[g->count - 1], &g->item[i]) != 0)
			g->item[g->count++] = g->item[i];
	e = follow_parents(g);
	if (e == ERR_OK)
		e = say_new(&g->say, g->count);
	if (e != ERR_OK)
		graph_free(g);
	return e;
}
