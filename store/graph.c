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

static void
reach_from(struct graph *g, size_t from, size_t *stack)
{
	uint8_t *row = g->reach + from * g->count;
	size_t depth = 0;

	stack[depth++] = from;
	while (depth > 0) {
		const struct change *c = g->item[stack[--depth]]->change;
		size_t i;

		for (i = 0; i < c->parent_count; i++) {
			size_t p = graph_find(g, &c->parents[i].id);

			if (p == SIZE_MAX || row[p] != 0 ||
			    !graph_link_fits(&c->parents[i], g->item[p]))
				continue;
			row[p] = 1;
			stack[depth++] = p;
		}
	}
}

void
graph_free(struct graph *g)
{
	free(g->item);
	free(g->reach);
	free(g->aside);
	free(g->unmanaged);
}

enum err
graph_build(struct graph *g, const struct merge_input *input, size_t count)
{
	size_t *stack, i;

	memset(g, 0, sizeof *g);
	g->item = calloc(count, sizeof *g->item);
	stack = calloc(count + 1, sizeof *stack);
	if (g->item == NULL || stack == NULL)
		goto no_memory;
	for (i = 0; i < count; i++)
		g->item[i] = &input[i];
	qsort(g->item, count, sizeof *g->item, by_id);
	for (i = 0; i < count; i++)
		if (i == 0 || by_id(&g->item[g->count - 1], &g->item[i]) != 0)
			g->item[g->count++] = g->item[i];
	g->reach = calloc(g->count, g->count);
	if (g->reach == NULL)
		goto no_memory;
	for (i = 0; i < g->count; i++)
		reach_from(g, i, stack);
	free(stack);
	return ERR_OK;

no_memory:
	free(stack);
	graph_free(g);
	return ERR_NOMEM;
}
