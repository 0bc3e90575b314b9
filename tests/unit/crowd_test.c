/* crowd: who asks for rows, and when. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/crowd.h"

static const uint64_t ms = 1000000;
static struct crowd crowd;

/* `busy` of the next 100 ms. */
static bool
look(size_t known, unsigned busy)
{
	static uint64_t now, idle;

	if (crowd.seen_ns == 0) {
		now = 5000 * ms;
		idle = 4000 * ms;
		crowd_begin(&crowd, now, idle);
	}
	now += 100 * ms;
	idle += (100 - busy) * ms;
	return crowd_look(&crowd, known, now, idle);
}

static int
begin(void **state)
{
	(void)state;
	crowd = (struct crowd){0};
	return 0;
}

static void
test_many_and_busy_are_a_crowd(void **state)
{
	(void)state;
	assert_false(look(CROWD_CHILDREN - 1, 100));
	assert_false(crowd.asks);
	assert_false(look(CROWD_CHILDREN, CROWD_BUSY_PERCENT - 1));
	assert_false(crowd.asks);
	assert_true(look(CROWD_CHILDREN, CROWD_BUSY_PERCENT));
	assert_true(crowd.asks);
	assert_int_equal(crowd.busy_percent, CROWD_BUSY_PERCENT);
}

/* While it packs it leaves the hub idle: that is no rest. */
static void
test_a_crowd_that_rests_for_long_is_none(void **state)
{
	unsigned i;

	(void)state;
	assert_true(look(50, 99));
	assert_false(look(50, 80));
	assert_true(crowd.asks);
	for (i = 1; i < CROWD_QUIET_LOOKS; i++)
		assert_false(look(50, 10));
	assert_false(look(50, 90));
	for (i = 1; i < CROWD_QUIET_LOOKS; i++)
		assert_false(look(50, 10));
	assert_true(crowd.asks);
	assert_true(look(50, 10));
	assert_false(crowd.asks);
	assert_true(look(50, 90));
	/* Who has left is none. */
	assert_true(look(CROWD_CHILDREN - 1, 90));
	assert_false(crowd.asks);
	assert_true(look(50, 90));
	crowd_begin(&crowd, 1, 0);
	assert_false(crowd.asks);
}

static void
test_a_look_at_no_time_says_nothing(void **state)
{
	(void)state;
	crowd_begin(&crowd, 1000 * ms, 0);
	/* Nor does a loop that rested longer than it can have. */
	assert_false(crowd_look(&crowd, 50, 1000 * ms, 0));
	assert_int_equal(crowd.busy_percent, 0);
	assert_false(crowd_look(&crowd, 50, 1100 * ms, 200 * ms));
	assert_int_equal(crowd.busy_percent, 0);
}

/* Fifty that call at once find a loop that rests: the ninth is asked, and
 * nobody who comes a while later. */
static void
test_who_comes_with_many_is_asked(void **state)
{
	uint64_t now = 9000 * ms;
	unsigned i;

	(void)state;
	for (i = 0; i < CROWD_CHILDREN; i++)
		assert_false(crowd_comes(&crowd, now + i * ms));
	assert_true(crowd_comes(&crowd, now + i * ms));
	now += CROWD_BURST_MS * ms;
	for (i = 0; i < 3 * CROWD_CHILDREN; i++) {
		now += CROWD_BURST_MS / CROWD_CHILDREN * ms + ms;
		assert_false(crowd_comes(&crowd, now));
	}
}

static void
test_who_comes_to_a_crowd_is_asked(void **state)
{
	(void)state;
	assert_false(crowd_comes(&crowd, 9000 * ms));
	assert_true(look(50, 90));
	assert_true(crowd_comes(&crowd, 99000 * ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_many_and_busy_are_a_crowd, begin),
	    cmocka_unit_test_setup(
	        test_a_crowd_that_rests_for_long_is_none, begin),
	    cmocka_unit_test_setup(test_a_look_at_no_time_says_nothing, begin),
	    cmocka_unit_test_setup(test_who_comes_with_many_is_asked, begin),
	    cmocka_unit_test_setup(test_who_comes_to_a_crowd_is_asked, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
