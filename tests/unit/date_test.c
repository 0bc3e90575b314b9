/* date: days that exist, and the time between them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/date.h"

static void
test_date_must_exist(void **state)
{
	assert_true(date_is_valid("2026-05-01"));
	assert_true(date_is_valid("2024-02-29"));
	assert_true(date_is_valid("2000-02-29"));
	assert_false(date_is_valid("1900-02-29"));
	assert_false(date_is_valid("2026-02-29"));
	assert_false(date_is_valid("2026-04-31"));
	assert_false(date_is_valid("2026-13-01"));
	assert_false(date_is_valid("2026-00-01"));
	assert_false(date_is_valid("2026-01-00"));
	assert_false(date_is_valid("0000-01-01"));
}

static void
test_date_has_one_form(void **state)
{
	static const char *const bad[] = {"", "2026", "2026/05/01", "2026-5-1",
	    "26-05-01", "2026-05-01 ", "2026-05-0١", "+026-05-01",
	    "2026-05-01T00:00:00+08:00", NULL};

	for (size_t i = 0; bad[i] != NULL; i++)
		assert_false(date_is_valid(bad[i]));
}

static void
test_instant_is_in_the_one_zone(void **state)
{
	assert_true(instant_is_valid("2026-05-01T09:50:00+08:00"));
	assert_true(instant_is_valid("2026-05-01T23:59:59+08:00"));
	assert_false(instant_is_valid("2026-05-01T09:50:00"));
	assert_false(instant_is_valid("2026-05-01T09:50:00Z"));
	assert_false(instant_is_valid("2026-05-01T01:50:00+00:00"));
	assert_false(instant_is_valid("2026-05-01T09:50:00.5+08:00"));
}

static void
test_instant_has_a_time_of_day(void **state)
{
	assert_false(instant_is_valid("2026-05-01T25:10:00+08:00"));
	assert_false(instant_is_valid("2026-05-01T24:00:00+08:00"));
	assert_false(instant_is_valid("2026-05-01T10:60:00+08:00"));
	assert_false(instant_is_valid("2026-05-01T10:10:60+08:00"));
	assert_false(instant_is_valid("2026-02-30T10:10:10+08:00"));
	assert_false(instant_is_valid("2026-05-01 10:10:10+08:00"));
}

static void
test_days_count_from_1970(void **state)
{
	assert_int_equal(date_days("1970-01-01"), 0);
	assert_int_equal(date_days("1970-03-01"), 59);
	assert_int_equal(date_days("1969-12-31"), -1);
	assert_int_equal(date_days("2000-03-01"), 11017);
	assert_int_equal(date_days("2026-05-01T09:50:00+08:00"), 20574);
	assert_int_equal(
	    date_days("2027-04-30") - date_days("2026-05-01"), 364);
}

static void
test_years_change_on_the_birthday(void **state)
{
	assert_int_equal(date_years("2012-05-02", "2026-05-01"), 13);
	assert_int_equal(date_years("2012-05-01", "2026-05-01"), 14);
	assert_int_equal(date_years("2012-02-29", "2026-02-28"), 13);
	assert_int_equal(date_years("2012-02-29", "2026-03-01"), 14);
	assert_int_equal(date_years("2030-01-01", "2026-05-01"), -4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_date_must_exist),
	    cmocka_unit_test(test_date_has_one_form),
	    cmocka_unit_test(test_instant_is_in_the_one_zone),
	    cmocka_unit_test(test_instant_has_a_time_of_day),
	    cmocka_unit_test(test_days_count_from_1970),
	    cmocka_unit_test(test_years_change_on_the_birthday),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
