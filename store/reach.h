/* reach: who descends from whom among things that name their parents, as rows
 * of bits.
 *
 * Whatever a parent reaches its child reaches too, so a row is the union of
 * its parents' rows, made after them: the cost is that of the edges times a
 * row, not of each pair's way to the other. Rings, which only forgers make,
 * are found first (Tarjan, SIAM J. Comput. 1(2), 1972) and order nothing among
 * themselves.
 */

#ifndef YIZHAN_STORE_REACH_H
#define YIZHAN_STORE_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct reach {
	size_t count, words; /* rows; 64-bit words of a row */
	uint64_t *bits;
};

/** The parents of i are parent[first[i]] up to parent[first[i + 1]], places of
 * the same count. ERR_NOMEM. reach_free() after ERR_OK. */
enum err reach_build(
    struct reach *r, size_t count, const size_t *first, const size_t *parent);
/** Nothing was built: fine. */
void reach_free(struct reach *r);

/** What i descends from: bit j of word j / 64. */
static inline const uint64_t *
reach_row(const struct reach *r, size_t i)
{
	return r->bits + i * r->words;
}

/** Whether i descends from j, and j not from i. */
static inline bool
reach_has(const struct reach *r, size_t i, size_t j)
{
	return (reach_row(r, i)[j / 64] >> (j % 64) & 1) != 0;
}

#endif
