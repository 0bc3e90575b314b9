/* two_places: one person at two organisations within a quarter of an hour is
 * asked about, in whatever order the encounters come, until one says
 * otherwise.
 */

#include "tests/unit/import_room.h"

#include "store/two_places.h"

#define ENCOUNTER(ref, by, org, said, type, state, visit)                      \
	"{\"kind\":\"encounter\",\"ref\":\"" ref "\",\"by\":\"ref:" by "\","   \
	"\"at\":\"2026-05-01T" said "+08:00\",\"org_id\":\"ref:" org "\","     \
	"\"state\":\"" state "\",\"type\":\"" type "\",\"unknown\":true,"      \
	"\"description\":\"过路人\",\"visit_at\":\"" visit "+08:00\"}\n"
#define VISIT_AT(ref, by, org, time)                                           \
	ENCOUNTER(ref, by, org, "10:00:00", "outpatient", "signed",            \
	    "2026-05-01T" time)

static size_t
asked(struct fixture *f)
{
	struct wanted w = questions(f, QUESTION_DUE);

	if (w.count > 0)
		assert_int_equal(w.last.code, FINDING_TWO_PLACES);
	return w.count;
}

static void
test_9_00_at_one_and_9_05_at_another(void **state)
{
	struct fixture *f = *state;
	struct wanted w;

	give(f, VISIT_AT("E1", "S8", "C01", "09:00:00"));
	assert_int_equal(asked(f), 0);
	give(f, VISIT_AT("E2", "S8", "C03", "09:05:00"));
	assert_int_equal(asked(f), 1);
	w = questions(f, QUESTION_DUE);
	assert_string_equal(w.last.kind, "encounter");
	assert_string_equal(w.last.ref, "E1");
	assert_string_equal(w.last.origin, "E2");
}

static void
test_the_other_order_asks_the_same(void **state)
{
	struct fixture *f = *state;
	struct wanted w;

	give(f, VISIT_AT("E2", "S8", "C03", "09:05:00"));
	give(f, VISIT_AT("E1", "S8", "C01", "09:00:00"));
	assert_int_equal(asked(f), 1);
	w = questions(f, QUESTION_DUE);
	assert_string_equal(w.last.ref, "E1");
	assert_string_equal(w.last.origin, "E2");
}

static void
test_what_is_no_question(void **state)
{
	struct fixture *f = *state;

	give(f, VISIT_AT("E1", "S8", "C01", "09:00:00"));
	give(f, VISIT_AT("E2", "S8", "C01", "09:05:00")); /* the same site */
	give(f, VISIT_AT("E3", "S9", "C03", "09:05:00")); /* another person */
	give(f, VISIT_AT("E4", "S8", "C03", "09:20:00")); /* time to go there */
	give(f, VISIT_AT("E5", "S8", "C03", "08:45:00"));
	give(f, ENCOUNTER("E6", "S8", "C03", "10:00:00", "phone", "signed",
	            "2026-05-01T09:05:00"));
	assert_int_equal(asked(f), 0);
	/* A second less is too near. */
	give(f, VISIT_AT("E7", "S8", "C03", "08:45:01"));
	assert_int_equal(asked(f), 1);
}

static void
test_it_ends_when_one_is_put_right(void **state)
{
	struct fixture *f = *state;

	give(f, VISIT_AT("E1", "S8", "C01", "09:00:00"));
	give(f, VISIT_AT("E2", "S8", "C03", "09:05:00"));
	assert_int_equal(asked(f), 1);
	give(f, ENCOUNTER("E2", "S8", "C03", "11:00:00", "outpatient",
	            "amended", "2026-05-01T09:45:00"));
	assert_int_equal(asked(f), 0);
	give(f, ENCOUNTER("E2", "S8", "C03", "12:00:00", "outpatient",
	            "amended", "2026-05-01T08:50:00"));
	assert_int_equal(asked(f), 1);
	give(f, ENCOUNTER("E1", "S8", "C01", "13:00:00", "outpatient",
	            "entered_in_error", "2026-05-01T09:00:00"));
	assert_int_equal(asked(f), 0);
}

static void
test_history_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	give(f, ENCOUNTER("E1", "S8", "C01", "10:00:00", "outpatient", "signed",
	            "2025-05-01T09:00:00") ENCOUNTER("E2", "S8", "C03",
	            "10:00:00", "outpatient", "signed", "2025-05-01T09:05:00"));
	assert_int_equal(asked(f), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        test_9_00_at_one_and_9_05_at_another, open_hub, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_the_other_order_asks_the_same, open_hub, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_what_is_no_question, open_hub, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_it_ends_when_one_is_put_right, open_hub, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_history_is_not_asked_about, open_hub, close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
