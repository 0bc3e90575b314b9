/* reach: the rows are what following each parent would find. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/reach.h"

enum { MOST = 150, EDGES = 4 * MOST };

static size_t first[MOST + 1], parent[EDGES];
static bool way[MOST][MOST]; /* of one or more steps */
static uint64_t rng;

static size_t
below(size_t bound)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(rng >> 33) % bound;
}

/* Up to three parents each: earlier ones, or any where rings may be. */
static void
draw(size_t count, bool with_rings)
{
	size_t i, n, at = 0;

	for (i = 0; i < count; i++) {
		first[i] = at;
		for (n = below(4); n > 0; n--)
			if (with_rings && below(8) == 0)
				parent[at++] = below(count);
			else if (i > 0)
				parent[at++] = below(i);
	}
	first[count] = at;
}

/* Every way, the slow way (Warshall). */
static void
find_ways(size_t count)
{
	size_t i, j, k;

	memset(way, 0, sizeof way);
	for (i = 0; i < count; i++)
		for (k = first[i]; k < first[i + 1]; k++)
			way[i][parent[k]] = true;
	for (k = 0; k < count; k++)
		for (i = 0; i < count; i++)
			for (j = 0; way[i][k] && j < count; j++)
				way[i][j] |= way[k][j];
}

static void
check(size_t count)
{
	struct reach r;
	size_t i, j;

	find_ways(count);
	assert_int_equal(reach_build(&r, count, first, parent), 0);
	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++)
			assert_int_equal(
			    reach_has(&r, i, j), way[i][j] && !way[j][i]);
	reach_free(&r);
}

static void
test_rows_are_the_ways(void **state)
{
	size_t round;

	(void)state;
	for (round = 0; round < 60; round++) {
		size_t count;

		rng = round;
		count = 1 + below(MOST);
		draw(count, round % 2 == 1);
		check(count);
	}
}

static void
test_a_ring_orders_nothing_and_is_followed_as_one(void **state)
{
	(void)state;
	/* 0 <- 1 <-> 2 <- 3; and 4 that names itself. */
	memcpy(first, (size_t[]){0, 0, 2, 3, 4, 5}, 6 * sizeof *first);
	memcpy(parent, (size_t[]){0, 2, 1, 2, 4}, 5 * sizeof *parent);
	check(5);
}

static void
test_nothing_is_reached_where_nothing_is(void **state)
{
	struct reach r;

	(void)state;
	first[0] = 0;
	assert_int_equal(reach_build(&r, 0, first, parent), 0);
	reach_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows_are_the_ways),
	    cmocka_unit_test(test_a_ring_orders_nothing_and_is_followed_as_one),
	    cmocka_unit_test(test_nothing_is_reached_where_nothing_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
