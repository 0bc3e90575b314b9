/* backoff: waits double up to a bound, and chance spreads them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/backoff.h"

static void
test_first_failure_waits_two_seconds_at_most(void **state)
{
	assert_int_equal(
	    backoff_wait_ms(1, REASON_NONE, UINT32_MAX), BACKOFF_MIN_MS);
	assert_int_equal(
	    backoff_wait_ms(1, REASON_NONE, 0), BACKOFF_MIN_MS / 2);
}

static void
test_each_failure_doubles_until_the_bound(void **state)
{
	uint64_t before = BACKOFF_MIN_MS;
	unsigned failures;

	for (failures = 2; failures < 8; failures++) {
		uint64_t wait =
		    backoff_wait_ms(failures, REASON_NONE, UINT32_MAX);

		assert_int_equal(wait, 2 * before);
		before = wait;
	}
	assert_int_equal(
	    backoff_wait_ms(9, REASON_NONE, UINT32_MAX), BACKOFF_MAX_MS);
	assert_int_equal(backoff_wait_ms(UINT32_MAX, REASON_NONE, UINT32_MAX),
	    BACKOFF_MAX_MS);
}

static void
test_half_of_the_wait_is_certain(void **state)
{
	unsigned failures;

	for (failures = 1; failures < 20; failures++) {
		uint64_t least = backoff_wait_ms(failures, REASON_NONE, 0);
		uint64_t most =
		    backoff_wait_ms(failures, REASON_NONE, UINT32_MAX);
		uint64_t middle =
		    backoff_wait_ms(failures, REASON_NONE, UINT32_MAX / 2);

		assert_int_equal(2 * least, most);
		assert_in_range(middle, least, most);
	}
}

static void
test_what_only_a_person_mends_waits_longer(void **state)
{
	assert_int_equal(
	    backoff_wait_ms(1, REASON_REVOKED, UINT32_MAX), BACKOFF_LASTING_MS);
	assert_int_equal(
	    backoff_wait_ms(4, REASON_REVOKED, UINT32_MAX), BACKOFF_MAX_MS);
	assert_int_equal(
	    backoff_wait_ms(1, REASON_BUSY, UINT32_MAX), BACKOFF_MIN_MS);
}

static void
test_interval_varies_by_a_tenth(void **state)
{
	assert_int_equal(backoff_spread_ms(300000, 0), 270000);
	assert_int_equal(backoff_spread_ms(300000, UINT32_MAX), 330000);
	assert_int_equal(backoff_spread_ms(300000, UINT32_MAX / 2), 300000);
	assert_int_equal(backoff_spread_ms(0, UINT32_MAX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_failure_waits_two_seconds_at_most),
	    cmocka_unit_test(test_each_failure_doubles_until_the_bound),
	    cmocka_unit_test(test_half_of_the_wait_is_certain),
	    cmocka_unit_test(test_what_only_a_person_mends_waits_longer),
	    cmocka_unit_test(test_interval_varies_by_a_tenth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
