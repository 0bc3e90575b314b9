/* contract_due: contracts that are to be renewed, and renewals and changes that
 * come too early, which are warned of.
 */

#include <sodium.h>

#include "tests/unit/contract_room.h"

#include "store/contract_due.h"

#define HE SOMEBODY("R1", "张伟", "C01")
#define KA                                                                     \
	SIGNED("KA", "09:00:00", "C01", "R1", "T1",                            \
	    DAYS("2025-07-01", "2026-06-30"), "")
#define KA_IN_MARCH                                                            \
	SIGNED("KA", "09:00:00", "C01", "R1", "T1",                            \
	    DAYS("2025-04-01", "2026-03-31"), "")
#define NEXT(ref, at, org, first, last, more)                                  \
	SIGNED(ref, at, org, "R1", "T1", DAYS(first, last), more)
#define RENEWS   ",\"renews_id\":\"ref:KA\""
#define REPLACES ",\"replaces_id\":\"ref:KA\""

static void
assert_due(struct fixture *f, const char *day, enum contract_due expected)
{
	enum contract_due due;
	struct record r;
	struct txn *t;

	test_store_record(&f->s, "his", "contract", "KA", &r);
	t = test_store_read(&f->s);
	assert_int_equal(contract_due(t, &r, day, &due), ERR_OK);
	txn_abort(t);
	record_clear(&r);
	assert_int_equal(due, expected);
}

/* --- reminders ----------------------------------------------------------- */

static void
remind(struct fixture *f)
{
	give(f, KA);
	assert_due(f, "2026-04-30", CONTRACT_NOT_DUE); /* 61 days before */
	assert_due(f, "2026-05-01", CONTRACT_ENDS_SOON);
	assert_due(f, "2026-06-30", CONTRACT_ENDS_SOON); /* its last day */
	assert_due(f, "2026-07-01", CONTRACT_NOT_RENEWED);
	assert_due(f, "2026-08-29", CONTRACT_NOT_RENEWED);
	assert_due(f, "2026-08-30", CONTRACT_NOT_DUE); /* history */
	assert_due(f, "", CONTRACT_NOT_DUE);           /* nobody knows */
	give(f, HE);
	assert_due(f, "2026-06-15", CONTRACT_ENDS_SOON);
	/* Another resident's is none of his. */
	give(f, SIGNED("KX", "09:30:00", "C01", "R2", "T1",
	            DAYS("2026-05-01", "2027-04-30"), ""));
	assert_due(f, "2026-06-15", CONTRACT_ENDS_SOON);
	/* Whoever signs him, and whether that names it or not. */
	give(f, NEXT("KB", "10:00:00", "C01", "2026-05-01", "2027-04-30", ""));
	assert_due(f, "2026-06-15", CONTRACT_NOT_DUE);
	assert_due(f, "2026-07-15", CONTRACT_NOT_DUE);
}

static void
test_a_hub_reminds(void **state)
{
	remind(*state);
}

static void
test_a_clinic_reminds(void **state)
{
	remind(*state);
}

static void
test_what_follows_too_late_or_is_refused_is_no_successor(void **state)
{
	struct fixture *f = *state;

	/* 60 days after it, and 61. */
	give(f, HE KA NEXT(
	            "KB", "10:00:00", "C01", "2026-08-30", "2027-08-29", ""));
	assert_due(f, "2026-07-15", CONTRACT_NOT_RENEWED);
	give(f, NEXT("KB", "10:01:00", "C01", "2026-08-29", "2027-08-29", ""));
	assert_due(f, "2026-07-15", CONTRACT_NOT_DUE);
}

static void
test_one_that_was_ended_is_not_due(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	give(f, ENVELOPE("contract", "KA", "11:00:00",
	            "C01") "\"state\":\"ending\",\"end_reason\":\"resident\","
	                   "\"resident_id\":\"ref:R1\",\"team_id\":\"ref:T1\","
	                   "\"resident_signature\":\"paper\","
	                   "\"packages\":[{\"code\":\"BASIC\"}]" DAYS(
	                       "2025-07-01", "2026-06-30") "}\n");
	assert_due(f, "2026-06-15", CONTRACT_NOT_DUE);
}

/* --- too early ----------------------------------------------------------- */

static void
test_a_renewal_long_before_the_end_is_warned_of(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	/* Signed 93 days before the last one, and 92. */
	assert_warned(f,
	    NEXT("KB", "10:00:00", "C01", "2026-03-29", "2027-06-30", RENEWS),
	    FINDING_RENEWED_EARLY);
	give(f,
	    NEXT("KC", "10:00:00", "C01", "2026-03-30", "2027-06-30", RENEWS));
	assert_counts(f, 1, 0, 0, 0);
	assert_int_equal(f->counts.warned, 0);
	/* What is renewed is not here: nothing is known of it. */
	give(f, NEXT("KD", "10:00:00", "C01", "2026-01-30", "2027-06-30",
	            ",\"renews_id\":\"ref:K9\""));
	assert_int_equal(f->notices[0].code, FINDING_AWAITED);
	assert_int_equal(f->notice_count, 1);
}

static void
test_a_change_before_the_end_is_warned_of(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA_IN_MARCH);
	assert_warned(f,
	    NEXT("KB", "10:00:00", "C01", "2026-03-31", "2027-06-30", REPLACES),
	    FINDING_CHANGED_EARLY);
	/* Somebody says why, or it begins when the other is over. */
	give(f, NEXT("KC", "10:00:00", "C01", "2026-03-31", "2027-06-30",
	            REPLACES ",\"choice_note\":\"搬到镇上\""));
	assert_int_equal(f->counts.warned, 0);
	give(f, NEXT("KD", "10:00:00", "C01", "2026-04-01", "2027-06-30",
	            REPLACES));
	assert_int_equal(f->counts.warned, 0);
}

#define AT_SITE(f) cmocka_unit_test_setup_teardown(f, open_clinic, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_GROUP(test_a_hub_reminds),
	    AT_SITE(test_a_clinic_reminds),
	    AT_SITE(test_what_follows_too_late_or_is_refused_is_no_successor),
	    IN_GROUP(test_one_that_was_ended_is_not_due),
	    AT_SITE(test_a_renewal_long_before_the_end_is_warned_of),
	    AT_SITE(test_a_change_before_the_end_is_warned_of),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
