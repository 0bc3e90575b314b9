/* check: fields that must agree with each other, with the state before and
 * with the world around. All records are invented.
 */

#include "tests/unit/check_room.h"

static void
test_a_birth_date_counts_as_far_as_it_is_known(void **state)
{
	static const char by_year[] =
	    "{'name':'测试甲','id_type':'01','id_no':'519901195203153020',"
	    "'sex':'2','birth_date':'1952-01-01','birth_precision':'year'}";

	assert_clean("resident", by_year, NULL, NULL);
	assert_warned("resident", by_year, "birth_precision", "'month'",
	    FINDING_ID_OTHER_BIRTH, "birth_date");
}

static void
test_a_resident_has_a_number_or_a_reason(void **state)
{
	static const char without[] =
	    "{'name':'测试甲','sex':'1','no_id_reason':'lost'}";

	assert_clean("resident", without, NULL, NULL);
	assert_refused("resident", without, "no_id_reason", NULL,
	    FINDING_ID_OR_REASON, "id_no");
	assert_refused("resident", without, "birth_date", "'2031-01-01'",
	    FINDING_BIRTH_FUTURE, "birth_date");
	assert_warned("resident", without, "birth_date", "'1880-01-01'",
	    FINDING_UNLIKELY, "birth_date");
}

static const char child[] = "{'name':'测试丙','sex':'1',"
                            "'no_id_reason':'never',"
                            "'birth_date':'2013-03-05'}";

static void
test_children_need_a_guardian(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	assert_refused("resident", child, "birth_date", "'2021-03-05'",
	    FINDING_GUARDIAN, "guardian_id");
	assert_clean("resident", child, "guardian_id", "'ref:R1'");
	assert_clean("resident", child, "birth_date", "'2012-05-01'");
	cx.now = "2026-05-02T10:00:00+08:00";
	f = check_in(&cx, "resident", child, NULL, NULL);
	assert_true(has(&f, true, FINDING_GUARDIAN, "guardian_id"));
}

static void
test_children_who_grew_up_since_need_none(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	/* Nobody knows what day it is: perhaps they have. */
	assert_warned(
	    "resident", child, NULL, NULL, FINDING_GUARDIAN, "guardian_id");
	cx.now = "2027-03-05T10:00:00+08:00";
	f = check_in(&cx, "resident", child, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
}

static void
test_somebody_was_treated(void **state)
{
	static const char stranger[] =
	    "{'state':'signed','type':'emergency','unknown':true,"
	    "'description':'男,约40岁',"
	    "'visit_at':'2026-05-01T09:50:00+08:00'}";

	assert_clean("encounter", stranger, NULL, NULL);
	assert_warned("encounter", stranger, "description", NULL,
	    FINDING_MISSING, "description");
	assert_refused("encounter", stranger, "unknown", "false",
	    FINDING_NOBODY, "resident_id");
	REFUSED(encounter, "resident_id", NULL, NOBODY, "resident_id");
}

static void
test_illness_begins_before_the_visit(void **state)
{
	CLEAN(encounter, "onset_on", "'2026-05-01'");
	REFUSED(encounter, "onset_on", "'2026-05-02'", ONSET_AFTER_VISIT,
	    "onset_on");
}

static void
test_prescriptions_are_checked_row_by_row(void **state)
{
	REFUSED(encounter, "rx",
	    "[{'name':'a','days':1},"
	    "{'name':'b','days':-3}]",
	    BELOW, "rx[1].days");
	REFUSED(
	    encounter, "rx", "[{'name':'a','dose':0}]", BELOW, "rx[0].dose");
	WARNED(encounter, "rx", "[{'name':'a','days':120}]", UNLIKELY,
	    "rx[0].days");
}

static void
test_contracts_have_a_basic_package_and_a_signature(void **state)
{
	REFUSED(contract, "packages", "[{'code':'HTN','items':[]}]",
	    BASIC_PACKAGE, "packages");
	REFUSED(contract, "resident_signature", NULL, SIGNATURE,
	    "resident_signature");
	REFUSED(contract, "packages",
	    "[{'code':'BASIC','items':[{'item':'X','planned':0.5}]}]",
	    NOT_INTEGER, "packages[0].items[0].planned");
}

static void
test_contracts_run_for_a_year(void **state)
{
	REFUSED(contract, "end_on", "'2025-05-01'", END_BEFORE_START, "end_on");
	REFUSED(contract, "end_on", "'2026-05-03'", TERM, "end_on");
	REFUSED(contract, "end_on", "'2027-04-29'", TERM, "end_on");
	REFUSED(contract, "start_on", "'2026-04-01'", START_BEFORE_SIGNING,
	    "start_on");
	WARNED(contract, "end_on", "'2030-04-30'", UNLIKELY, "end_on");
	CLEAN(contract, "end_on", "'2029-04-30'");
}

static void
test_loans_have_two_sides_and_a_span(void **state)
{
	REFUSED(loan, "borrower", "'ref:H01'", SAME_ORG, "borrower");
	REFUSED(loan, "planned_to", "'2026-05-03T10:00:00+08:00'",
	    END_BEFORE_START, "planned_to");
}

static void
test_hand_overs_are_not_refused_for_what_they_say(void **state)
{
	static const char custody[] =
	    "{'device_id':'ref:E1','custody_no':2,'from':'ref:H01',"
	    "'to':'ref:C01','both_signed':false}";

	CLEAN(custody, NULL, NULL);
	WARNED(custody, "to", "'ref:H01'", SAME_ORG, "to");
	REFUSED(custody, "custody_no", "0", BELOW, "custody_no");
}

static void
test_an_arrival_may_be_registered_by_slip_number(void **state)
{
	static const char arrival[] =
	    "{'state':'arrived','slip_no':'T01-R-000001-5',"
	    "'arrived_at':'2026-05-02T13:03:44+08:00'}";

	assert_clean("referral", arrival, NULL, NULL);
	assert_refused("referral", arrival, "slip_no", NULL, FINDING_MISSING,
	    "resident_id");
}

static struct findings
step(const char *kind, const char *base, const char *from, const char *to,
    bool acts_for_group)
{
	struct check_context cx = usual;

	cx.is_first = false;
	cx.old_state = from;
	cx.acts_for_group = acts_for_group;
	return check_in(&cx, kind, base, "state", to);
}

static void
test_later_lines_follow_earlier_ones(void **state)
{
	struct findings f;

	f = step("encounter", encounter, "signed", "'signed'", false);
	assert_int_equal(f.refusals, 0);
	f = step("encounter", encounter, "signed", "'draft'", false);
	assert_true(has(&f, true, FINDING_STILL_DRAFT, "state"));
	f = step(
	    "encounter", encounter, "entered_in_error", "'amended'", false);
	assert_true(has(&f, true, FINDING_STATE_STEP, "state"));
	f = step("loan", loan, "requested", "'received'", false);
	assert_int_equal(f.refusals, 0);
	f = step("loan", loan, NULL, "'approved'", false);
	assert_int_equal(f.refusals, 0);
	f = step("referral", referral, "issued", "'lapsed'", false);
	assert_true(has(&f, true, FINDING_STATE_STEP, "state"));
}

static void
test_some_steps_are_the_groups(void **state)
{
	struct findings f;

	f = step("contract", contract, "signed", "'active'", false);
	assert_true(has(&f, true, FINDING_GROUP_ONLY_STATE, "state"));
	f = step("contract", contract, "signed", "'active'", true);
	assert_int_equal(f.refusals, 0);
	f = step("contract", contract, "active", "'closed'", false);
	assert_int_equal(f.refusals, 0);
	/* Unchanged, as tonight's export says again what was history. */
	f = step("contract", contract, "active", "'active'", false);
	assert_int_equal(f.refusals, 0);
}

static void
test_a_first_line_may_be_history(void **state)
{
	CLEAN(contract, "state", "'active'");
	CLEAN(contract, "state", "'expired'");
	CLEAN(loan, "state", "'approved'");
	REFUSED(contract, "state", "'contested'", GROUP_ONLY_STATE, "state");
	REFUSED(loan, "state", "'overdue'", STATE_STEP, "state");
}

static void
test_amendments_should_say_why(void **state)
{
	static const char again[] =
	    "{'state':'amended','resident_id':'ref:R1','type':'phone',"
	    "'visit_at':'2026-05-01T09:50:00+08:00'}";

	assert_warned("encounter", again, NULL, NULL, FINDING_REASON, "reason");
	assert_clean("encounter", again, "reason", "'漏录体征'");
	WARNED(contract, "state", "'ending'", REASON, "end_reason");
}

static void
test_reference_data_is_the_groups(void **state)
{
	static const char org[] = "{'name':'甲村卫生室','level':'village',"
	                          "'uscc':'12519901MA60000016',"
	                          "'short_code':'A00','region6':'519901'}";
	struct check_context cx = usual;
	struct findings f;

	REFUSED(org, NULL, NULL, GROUP_ONLY_KIND, "kind");
	cx.acts_for_group = true;
	f = check_in(&cx, "org", org, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
	f = check_in(&cx, "org", org, "uscc", "'12519901MA60000017'");
	assert_true(has(&f, true, FINDING_USCC, "uscc"));
	f = check_in(&cx, "org", org, "region6", "'5199'");
	assert_true(has(&f, true, FINDING_CODE, "region6"));
	f = check_in(&cx, "org", org, "short_code", "'O0'");
	assert_true(has(&f, true, FINDING_CODE, "short_code"));
}

static void
test_wrong_clocks_are_noted_and_stop_nothing(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	cx.now = "2026-05-02T10:00:00+08:00";
	cx.at = "2009-01-01T00:06:00+08:00";
	f = check_in(&cx, "encounter", encounter, NULL, NULL);
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_CLOCK, "at"));
	/* Born after 2009, and no child of the year 2009 either. */
	f = check_in(&cx, "resident", child, "guardian_id", "'ref:R1'");
	assert_int_equal(f.refusals, 0);

	cx.at = "2037-01-01T00:06:00+08:00";
	f = check_in(&cx, "encounter", encounter, NULL, NULL);
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_CLOCK, "at"));

	/* This computer's own clock may be the wrong one. */
	cx = usual;
	cx.now = "2009-01-01T00:06:00+08:00";
	f = check_in(&cx, "resident", child, "guardian_id", "'ref:R1'");
	assert_int_equal(f.refusals + f.warnings, 0);

	cx.at = NULL;
	cx.now = NULL;
	f = check_in(&cx, "resident", child, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
}

/* The world: one resident, one drug, one author at one site, no device fit. */
static bool
world_exists(void *world, const char *kind, const char *ref)
{
	(*(int *)world)++;
	return strcmp(kind, "resident") == 0 && strcmp(ref, "R000058") == 0;
}

static bool
world_works_at(void *world, const char *staff, const char *org, const char *day)
{
	(*(int *)world)++;
	return strcmp(staff, "S1") == 0 && strcmp(org, "V1") == 0 &&
	       strcmp(day, "2026-05-01") == 0;
}

static bool
world_drug_known(void *world, const char *code)
{
	(*(int *)world)++;
	return strcmp(code, "YP0061") == 0;
}

static bool
world_device_usable(void *world, const char *device, const char *day)
{
	(*(int *)world)++;
	assert_string_equal(device, "E1");
	assert_string_equal(day, "2026-05-01");
	return false;
}

static void
test_the_world_around_is_asked(void **state)
{
	int asked = 0;
	struct check_context cx = usual;
	struct findings f;

	cx.world = &asked;
	cx.by = "S1";
	cx.org = "V1";
	cx.exists = world_exists;
	cx.works_at = world_works_at;
	cx.drug_known = world_drug_known;
	cx.device_usable = world_device_usable;
	f = check_in(&cx, "encounter", encounter, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
	assert_int_equal(asked, 3);

	f = check_in(&cx, "encounter", encounter, "contract_id", "'ref:K9'");
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_AWAITED, "contract_id"));
	f = check_in(&cx, "encounter", encounter, "rx",
	    "[{'name':'a'},{'name':'b','drug_code':'YP9998'}]");
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_DRUG_UNKNOWN, "rx[1].drug_code"));
	cx.by = "S2";
	f = check_in(&cx, "encounter", encounter, NULL, NULL);
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_NOT_AT_SITE, "by"));

	f = check_in(&cx, "loan", loan, "state", "'approved'");
	assert_true(has(&f, true, FINDING_UNUSABLE_DEVICE, "device_id"));
	f = check_in(&cx, "loan", loan, "state", "'handed_over'");
	assert_int_equal(f.refusals, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_birth_date_counts_as_far_as_it_is_known),
	    cmocka_unit_test(test_a_resident_has_a_number_or_a_reason),
	    cmocka_unit_test(test_children_need_a_guardian),
	    cmocka_unit_test(test_children_who_grew_up_since_need_none),
	    cmocka_unit_test(test_somebody_was_treated),
	    cmocka_unit_test(test_illness_begins_before_the_visit),
	    cmocka_unit_test(test_prescriptions_are_checked_row_by_row),
	    cmocka_unit_test(
	        test_contracts_have_a_basic_package_and_a_signature),
	    cmocka_unit_test(test_contracts_run_for_a_year),
	    cmocka_unit_test(test_loans_have_two_sides_and_a_span),
	    cmocka_unit_test(test_hand_overs_are_not_refused_for_what_they_say),
	    cmocka_unit_test(test_an_arrival_may_be_registered_by_slip_number),
	    cmocka_unit_test(test_later_lines_follow_earlier_ones),
	    cmocka_unit_test(test_some_steps_are_the_groups),
	    cmocka_unit_test(test_a_first_line_may_be_history),
	    cmocka_unit_test(test_amendments_should_say_why),
	    cmocka_unit_test(test_reference_data_is_the_groups),
	    cmocka_unit_test(test_wrong_clocks_are_noted_and_stop_nothing),
	    cmocka_unit_test(test_the_world_around_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
