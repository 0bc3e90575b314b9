/* orders_sim: 10,000 sessions, each with its own order of bytes, events and
 * cuts, end with both sides holding all of the other's lists.
 *
 * usage: orders_sim [SEED [ROUNDS]]. A failure prints its seed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/memory_source.h"

static unsigned rounds = 10000;
static uint64_t seed = 20261122;

static uint64_t
draw(uint64_t below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % below;
}

static void
random_step(struct ends *e)
{
	size_t piece = draw(3) == 0 ? SIZE_MAX : 1 + (size_t)draw(400);

	switch (draw(5)) {
	case 0:
		e->moved += memory_carry(e->up, e->down, piece, e->now_ms);
		break;
	case 1:
		e->moved += memory_carry(e->down, e->up, piece, e->now_ms);
		break;
	case 2:
		memory_work_once(&clinic, e->up);
		break;
	case 3:
		memory_work_once(&hub, e->down);
		break;
	default:
		if (draw(20) == 0 && clinic.list_count > 0) {
			clinic.lists[draw(clinic.list_count)].count++;
			session_look_again(e->up);
		}
		break;
	}
	e->now_ms += draw(30);
}

static void
random_lists(struct memory_node *n, const char *name)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if (draw(2) == 0)
			memory_list_make(n, name, class, draw(20),
			    MEMORY_BODY_MIN + (size_t)draw(200));
}

static void
test_sessions_in_any_order_end_equal(void **state)
{
	unsigned round, steps;
	struct ends e;

	for (round = 0; round < rounds; round++) {
		uint64_t before = seed;

		memory_pair_make(&hub, &clinic);
		random_lists(&clinic, "up");
		random_lists(&hub, "group");
		random_lists(&hub, "org:C01");
		ends_make(&e);
		for (steps = (unsigned)draw(120); steps > 0; steps--)
			random_step(&e);
		if (draw(2) == 0) {
			cut(&e);
			ends_free(&e);
			ends_make(&e);
		}
		run(&e, 1 + (size_t)draw(2000), UINT64_MAX);
		if (!clinic.is_done || !hub.is_done ||
		    cursor_set_digest(&hub.own) !=
		        cursor_set_digest(&clinic.theirs) ||
		    cursor_set_digest(&clinic.own) !=
		        cursor_set_digest(&hub.theirs))
			fail_msg("seed %llu", (unsigned long long)before);
		ends_free(&e);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sessions_in_any_order_end_equal),
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
