/* due: critical values and referrals down wait until somebody has done what
 * is to be done, in whatever order that becomes known.
 */

#include "tests/unit/import_room.h"

#include "store/due.h"

#define LINE(kind, ref, at)                                                    \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","        \
	"\"at\":\"2026-05-01T" at                                              \
	"+08:00\",\"org_id\":\"ref:C01\",\"resident_id\":\"ref:R1\","
#define REPORT(ref, at, day, more)                                             \
	LINE("exam_report", ref, at)                                           \
	"\"exam_request_id\":\"ref:Q1\",\"doctor\":\"ref:S1\","                \
	"\"signed_at\":\"" day "T09:00:00+08:00\"" more "}\n"
#define REFERRAL(ref, at, direction, state, day)                               \
	LINE("referral", ref, at)                                              \
	"\"state\":\"" state "\",\"direction\":\"" direction                   \
	"\",\"from_org\":\"ref:H01\",\"to_org\":\"ref:C01\","                  \
	"\"issued_at\":\"" day "T09:00:00+08:00\"}\n"
#define FOLLOWUP(ref, at, programme, state, more)                              \
	LINE("followup", ref, at)                                              \
	"\"state\":\"" state "\",\"programme\":\"" programme                   \
	"\",\"referral_id\":\"ref:D1\",\"on\":\"2026-05-01\"" more "}\n"
#define CRITICAL ",\"critical\":true"
#define SEEN     CRITICAL ",\"acknowledged_by\":\"ref:S2\""

static size_t
waiting(struct fixture *f)
{
	struct txn *t = test_store_read(&f->s);
	uint64_t counted;
	size_t n = questions(f, QUESTION_DUE).count;

	assert_int_equal(
	    question_count_type(t, QUESTION_DUE, &counted), ERR_OK);
	assert_int_equal(counted, n);
	txn_abort(t);
	return n;
}

static void
test_a_critical_value_waits_to_be_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct wanted w;

	give(f, REPORT("P1", "09:00:00", "2026-04-30", ""));
	assert_int_equal(waiting(f), 0);
	give(f, REPORT("P2", "09:00:00", "2026-04-30", CRITICAL));
	assert_int_equal(waiting(f), 1);
	w = questions(f, QUESTION_DUE);
	assert_int_equal(w.last.code, FINDING_UNACKNOWLEDGED);
	assert_string_equal(w.last.kind, "exam_report");
	assert_string_equal(w.last.ref, "P2");
	give(f, REPORT("P2", "10:00:00", "2026-04-30", SEEN));
	assert_int_equal(waiting(f), 0);
	give(f, REPORT("P3", "09:00:00", "2026-04-30", SEEN));
	assert_int_equal(waiting(f), 0);
}

/* The same key in another program is another report. */
static void
test_each_waits_for_itself(void **state)
{
	static const char of_old[] =
	    REPORT("P2", "09:00:00", "2026-04-30", CRITICAL);
	struct fixture *f = *state;

	give(f, REPORT("P2", "09:00:00", "2026-04-30", CRITICAL));
	give_bytes(f, "old", of_old, strlen(of_old));
	assert_int_equal(waiting(f), 2);
	give(f, REPORT("P2", "10:00:00", "2026-04-30", SEEN));
	assert_int_equal(waiting(f), 1);
	assert_string_equal(questions(f, QUESTION_DUE).last.origin, "old");
}

static void
test_history_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	give(f, REPORT("P1", "09:00:00", "2025-04-30", CRITICAL)
	            REFERRAL("D1", "09:00:00", "down", "issued", "2026-02-01"));
	assert_int_equal(waiting(f), 0);
}

static void
test_who_comes_down_is_followed_up(void **state)
{
	struct fixture *f = *state;

	give(f, REFERRAL("U1", "09:00:00", "up", "issued", "2026-04-30"));
	assert_int_equal(waiting(f), 0);
	give(f, REFERRAL("D1", "09:00:00", "down", "issued", "2026-04-30"));
	assert_int_equal(waiting(f), 1);
	give(f,
	    REFERRAL("D1", "09:30:00", "down", "arrived_home", "2026-04-30"));
	assert_int_equal(waiting(f), 1);
	/* For his pressure, which is another matter; planned; no reason. */
	give(f, FOLLOWUP("F1", "10:00:00", "hypertension", "done", "") FOLLOWUP(
	            "F2", "10:00:00", "after_referral", "planned", "")
	            FOLLOWUP("F3", "10:00:00", "after_referral", "missed", ""));
	assert_int_equal(waiting(f), 1);
	give(f, FOLLOWUP("F2", "11:00:00", "after_referral", "done", ""));
	assert_int_equal(waiting(f), 0);
	give(f, REFERRAL("D1", "11:30:00", "down", "arrived", "2026-04-30"));
	assert_int_equal(waiting(f), 0);
}

static void
test_a_miss_is_explained(void **state)
{
	struct fixture *f = *state;

	give(f, REFERRAL("D1", "09:00:00", "down", "issued", "2026-04-30"));
	give(f, FOLLOWUP("F1", "10:00:00", "after_referral", "missed",
	            ",\"reason\":\"外出\""));
	assert_int_equal(waiting(f), 0);
}

static void
test_a_follow_up_may_come_first(void **state)
{
	struct fixture *f = *state;

	give(f, FOLLOWUP("F1", "10:00:00", "after_referral", "done", ""));
	give(f, REFERRAL("D1", "09:00:00", "down", "issued", "2026-04-30"));
	assert_int_equal(waiting(f), 0);
}

static void
test_what_was_called_off_is_not_due(void **state)
{
	struct fixture *f = *state;

	give(f, REFERRAL("D1", "09:00:00", "down", "issued", "2026-04-30"));
	assert_int_equal(waiting(f), 1);
	give(f, REFERRAL("D1", "10:00:00", "down", "cancelled", "2026-04-30"));
	assert_int_equal(waiting(f), 0);
}

static void
test_two_weeks_make_a_miss(void **state)
{
	struct question q = {
	    .type = QUESTION_DUE, .code = FINDING_FOLLOWUP_DUE, .at = TEST_NOW};
	const int64_t weeks = INT64_C(14) * 24 * 60 * 60;

	assert_int_equal(due_code(&q, TEST_NOW), FINDING_FOLLOWUP_DUE);
	assert_int_equal(due_code(&q, TEST_NOW + weeks), FINDING_FOLLOWUP_DUE);
	assert_int_equal(
	    due_code(&q, TEST_NOW + weeks + 1), FINDING_FOLLOWUP_MISSED);
	q.code = FINDING_UNACKNOWLEDGED;
	assert_int_equal(
	    due_code(&q, TEST_NOW + weeks + 1), FINDING_UNACKNOWLEDGED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_a_critical_value_waits_to_be_acknowledged),
	    CLINIC(test_each_waits_for_itself),
	    CLINIC(test_history_is_not_asked_about),
	    CLINIC(test_who_comes_down_is_followed_up),
	    CLINIC(test_a_miss_is_explained),
	    CLINIC(test_a_follow_up_may_come_first),
	    CLINIC(test_what_was_called_off_is_not_due),
	    cmocka_unit_test(test_two_weeks_make_a_miss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
