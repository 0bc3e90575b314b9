/* cut_sim: a session cut at each of its bytes in turn; the next one ends with
 * both sides equal, and sends again only what had no receipt.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/memory_source.h"
#include "tests/unit/sampled.h"

static void
expect_both_ended(void)
{
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(
	    cursor_set_digest(&hub.own), cursor_set_digest(&clinic.theirs));
	assert_int_equal(
	    cursor_set_digest(&clinic.own), cursor_set_digest(&hub.theirs));
}

static uint64_t
held_of(struct memory_node *n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n->theirs.count; i++)
		sum += n->theirs.item[i].cursor.place;
	return sum;
}

static void
make_small_nodes(void)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 0, 2, 20);
	memory_list_make(&clinic, "up", 3, 7, 40);
	memory_list_make(&hub, "group", 3, 5, 30);
	memory_list_make(&hub, "org:C01", 1, 3, 30);
}

/* Exact: what has a receipt is not sent again, all else is. */
static void
test_session_cut_at_every_byte_repeats_what_had_no_receipt(void **state)
{
	uint64_t whole, at;
	struct ends e;

	make_small_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	whole = e.moved;
	ends_free(&e);
	for (at = 0; at <= whole; at += sampled_stride()) {
		uint64_t up, down;

		make_small_nodes();
		ends_make(&e);
		run(&e, SIZE_MAX, at);
		cut(&e);
		assert_true(at == whole || hub.has_failed);
		ends_free(&e);
		up = held_of(&clinic);
		down = held_of(&hub);
		ends_make(&e);
		run(&e, 700, UINT64_MAX);
		expect_both_ended();
		assert_true(session_stats(e.up).changes_sent <= 9 - up);
		assert_true(session_stats(e.down).changes_sent <= 8 - down);
		assert_int_equal(hub.taken, 9);
		assert_int_equal(clinic.taken, 8);
		ends_free(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        test_session_cut_at_every_byte_repeats_what_had_no_receipt),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
