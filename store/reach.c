/* reach: who descends from whom, as rows of bits. */

#include <stdlib.h>
#include <string.h>

#include "store/reach.h"

/* One search through the parents. Orders and rings count from 1; 0: none yet.
 */
struct search {
	struct reach *r;
	const size_t *first, *parent;
	size_t *memory; /* of the arrays below */
	size_t *order;  /* in which it was entered */
	size_t *low;    /* the earliest that is known to be of its ring */
	size_t *ring;   /* its number */
	size_t *next;   /* its next parent to look at */
	size_t *open;   /* entered, and of no ring yet */
	size_t *way;    /* from the start to here */
	size_t entered, rings, open_count, way_count;
};

static uint64_t *
row_of(const struct search *s, size_t i)
{
	return s->r->bits + i * s->r->words;
}

static void
set_bit(uint64_t *row, size_t j)
{
	row[j / 64] |= (uint64_t)1 << (j % 64);
}

static void
enter(struct search *s, size_t i)
{
	s->order[i] = s->low[i] = ++s->entered;
	s->next[i] = s->first[i];
	s->open[s->open_count++] = i;
	s->way[s->way_count++] = i;
}

/* What the parents outside the ring reach, and they themselves. */
static void
unite(struct search *s, size_t i, uint64_t *row)
{
	size_t at, w;

	for (at = s->first[i]; at < s->first[i + 1]; at++) {
		size_t p = s->parent[at];
		const uint64_t *theirs = row_of(s, p);

		if (s->ring[p] == s->ring[i])
			continue;
		for (w = 0; w < s->r->words; w++)
			row[w] |= theirs[w];
		set_bit(row, p);
	}
}

/* All that a ring reaches, for each of it; its own too until the end, since
 * who descends from one of them descends from all. */
static void
close_ring(struct search *s, size_t top)
{
	size_t begin = s->open_count, i;
	uint64_t *row = row_of(s, top);

	s->rings++;
	do
		s->ring[s->open[--begin]] = s->rings;
	while (s->open[begin] != top);
	for (i = begin; i < s->open_count; i++) {
		unite(s, s->open[i], row);
		if (s->open_count - begin > 1)
			set_bit(row, s->open[i]);
	}
	for (i = begin; i < s->open_count; i++)
		if (s->open[i] != top)
			memcpy(row_of(s, s->open[i]), row,
			    s->r->words * sizeof *row);
	s->open_count = begin;
}

static void
leave(struct search *s, size_t i)
{
	s->way_count--;
	if (s->way_count > 0) {
		size_t before = s->way[s->way_count - 1];

		if (s->low[i] < s->low[before])
			s->low[before] = s->low[i];
	}
	if (s->low[i] == s->order[i])
		close_ring(s, i);
}

static void
search_from(struct search *s, size_t start)
{
	enter(s, start);
	while (s->way_count > 0) {
		size_t i = s->way[s->way_count - 1], p;

		if (s->next[i] == s->first[i + 1]) {
			leave(s, i);
			continue;
		}
		p = s->parent[s->next[i]++];
		if (s->order[p] == 0)
			enter(s, p);
		else if (s->ring[p] == 0 && s->order[p] < s->low[i])
			s->low[i] = s->order[p];
	}
}

/* Those of one ring do not come before each other. */
static void
part_rings(struct search *s)
{
	size_t i, j;

	if (s->rings == s->r->count)
		return;
	for (i = 0; i < s->r->count; i++)
		for (j = 0; j < s->r->count; j++)
			if (s->ring[i] == s->ring[j])
				row_of(s, i)[j / 64] &=
				    ~((uint64_t)1 << (j % 64));
}

enum err
reach_build(
    struct reach *r, size_t count, const size_t *first, const size_t *parent)
{
	struct search s = {.r = r, .first = first, .parent = parent};
	size_t i;

	r->count = count;
	r->words = (count + 63) / 64;
	r->bits = calloc(count * r->words + 1, sizeof *r->bits);
	s.memory = calloc(6 * count + 1, sizeof *s.memory);
	if (r->bits == NULL || s.memory == NULL) {
		free(s.memory);
		reach_free(r);
		return ERR_NOMEM;
	}
	s.order = s.memory;
	s.low = s.order + count;
	s.ring = s.low + count;
	s.next = s.ring + count;
	s.open = s.next + count;
	s.way = s.open + count;
	for (i = 0; i < count; i++)
		if (s.order[i] == 0)
			search_from(&s, i);
	part_rings(&s);
	free(s.memory);
	return ERR_OK;
}

void
reach_free(struct reach *r)
{
	free(r->bits);
	memset(r, 0, sizeof *r);
}
