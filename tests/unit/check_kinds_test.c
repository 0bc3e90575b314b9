/* check: the rules and prompts of follow-ups, allergies and of the kinds that
 * decide, link, ask and watch. All records are invented.
 */

#include "tests/unit/check_room.h"

static const char followup[] =
    "{'state':'done','resident_id':'ref:R1','programme':'hypertension',"
    "'on':'2026-05-01','method':2,'sbp':150,'dbp':92,"
    "'fasting_glucose':6.1,'next_on':'2026-05-15'}";
static const char move[] =
    "{'state':'requested','resident_id':'ref:R1','from_org':'ref:C01',"
    "'to_org':'ref:C02','moved_on':'2026-04-20'}";
static const char link[] =
    "{'state':'proposed','resident_id':'ref:R1','other_id':'ref:R2',"
    "'basis':'no_number','evidence':[{'field':'name','agrees':true},"
    "{'field':'phone','agrees':false,'note':'换号'}]}";
static const char question[] =
    "{'state':'open','about_kind':'contract','about_ref':'K1',"
    "'resident_id':'ref:R1','versions':['a1','b2'],'proposal':'B队'}";
static const char audit[] =
    "{'staff_id':'ref:S1','resident_id':'ref:R1',"
    "'read_at':'2026-05-01T09:00:00+08:00','ground':'treatment'}";
static const char recognition[] =
    "{'earlier_report_id':'ref:P1','resident_id':'ref:R1',"
    "'item_code':'K','decision':'recognised'}";
static const char consult[] =
    "{'state':'requested','resident_id':'ref:R1','from_org':'ref:C01',"
    "'to_org':'ref:H01','question':'是否需要手术'}";

static void
test_high_pressure_prompts_a_referral(void **state)
{
	CLEAN(followup, NULL, NULL);
	CLEAN(followup, "sbp", "179");
	WARNED(followup, "sbp", "180", URGENT_REFERRAL, "sbp");
	CLEAN(followup, "dbp", "109");
	WARNED(followup, "dbp", "110", URGENT_REFERRAL, "dbp");
}

static void
test_sugar_out_of_bounds_prompts_a_referral(void **state)
{
	CLEAN(followup, "fasting_glucose", "16.6");
	WARNED(followup, "fasting_glucose", "16.7", URGENT_REFERRAL,
	    "fasting_glucose");
	CLEAN(followup, "fasting_glucose", "4.0");
	WARNED(followup, "fasting_glucose", "3.9", URGENT_REFERRAL,
	    "fasting_glucose");
}

/* It is silent once he is referred and seen again within two weeks. */
static void
test_the_prompt_ends_when_it_is_heeded(void **state)
{
	static const char referred[] =
	    "{'state':'done','resident_id':'ref:R1','programme':'other',"
	    "'on':'2026-05-01','sbp':190,'dbp':100,"
	    "'referral_reason':'血压过高','next_on':'2026-05-15'}";

	CLEAN(followup, "referral_reason", "'劝去上级医院'");
	assert_clean("followup", referred, NULL, NULL);
	assert_warned("followup", referred, "next_on", "'2026-05-16'",
	    FINDING_URGENT_REFERRAL, "sbp");
	assert_warned("followup", referred, "next_on", NULL,
	    FINDING_URGENT_REFERRAL, "sbp");
	assert_warned("followup", referred, "referral_reason", NULL,
	    FINDING_URGENT_REFERRAL, "sbp");
}

static void
test_an_allergy_is_struck_out_with_a_reason(void **state)
{
	WARNED(resident, "allergies",
	    "[{'substance':'青霉素','status':'active'},"
	    "{'substance':'海鲜','status':'refuted'}]",
	    REASON, "allergies[1].reason");
	CLEAN(resident, "allergies",
	    "[{'substance':'海鲜','status':'refuted','reason':'皮试阴性'}]");
}

static void
test_entries_are_confirmed_by_the_group(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	CLEAN(resident, "state", "'provisional'");
	REFUSED(resident, "state", "'confirmed'", GROUP_ONLY_STATE, "state");
	REFUSED(resident, "state", "'linked'", STATE_STEP, "state");
	cx.acts_for_group = true;
	f = check_in(&cx, "resident", resident, "state", "'confirmed'");
	assert_int_equal(f.refusals, 0);
}

static void
test_a_move_has_two_ends(void **state)
{
	CLEAN(move, NULL, NULL);
	REFUSED(move, "to_org", NULL, MISSING, "to_org");
	REFUSED(move, "to_org", "'ref:C01'", SAME_ORG, "to_org");
	assert_clean("move",
	    "{'state':'requested','resident_id':'ref:R1',"
	    "'from_org':'ref:C01','to_org':'ref:C01',"
	    "'from_village':'甲村','to_village':'乙村'}",
	    NULL, NULL);
}

static void
test_a_move_is_decided_by_the_group_alone(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	REFUSED(move, "state", "'confirmed'", GROUP_ONLY_STATE, "state");
	cx.acts_for_group = true;
	f = check_in(&cx, "move", move, "state", "'confirmed'");
	assert_int_equal(f.refusals, 0);
	cx.is_first = false;
	cx.old_state = "requested";
	f = check_in(&cx, "move", move, "state", "'refused'");
	assert_true(has(&f, false, FINDING_REASON, "reason"));
	assert_int_equal(f.refusals, 0);
}

static void
test_nobody_is_linked_to_himself(void **state)
{
	CLEAN(link, NULL, NULL);
	REFUSED(link, "other_id", "'ref:R1'", SAME_RECORD, "other_id");
	REFUSED(link, "basis", "'guess'", ENUM, "basis");
	REFUSED(link, "evidence", "[{'field':'name'}]", MISSING,
	    "evidence[0].agrees");
}

/* The world: C01 manages everybody. */
static bool
world_manages(void *world, const char *source, const char *of, const char *org)
{
	(void)world;
	assert_null(source);
	assert_true(strcmp(of, "R1") == 0 || strcmp(of, "R2") == 0);
	return strcmp(org, "C01") == 0;
}

static struct findings
by(const char *org, const char *kind, const char *base, const char *from,
    const char *to)
{
	struct check_context cx = usual;

	cx.is_first = from == NULL;
	cx.old_state = from;
	cx.org = org;
	cx.manages = world_manages;
	cx.acts_for_group = strcmp(org, "H01") == 0;
	return check_in(&cx, kind, base, "state", to);
}

static void
test_links_are_the_managing_orgs_or_the_groups(void **state)
{
	struct findings f = by("C02", "link", link, NULL, "'proposed'");

	assert_int_equal(f.refusals, 0);
	f = by("C02", "link", link, "proposed", "'linked'");
	assert_true(has(&f, true, FINDING_MANAGING_ONLY_STATE, "state"));
	f = by("C02", "link", link, NULL, "'linked'");
	assert_true(has(&f, true, FINDING_MANAGING_ONLY_STATE, "state"));
	f = by("C01", "link", link, "proposed", "'linked'");
	assert_int_equal(f.refusals, 0);
	f = by("H01", "link", link, "linked", "'undone'");
	assert_int_equal(f.refusals, 0);
	/* Unchanged, as an export says again what was decided. */
	f = by("C02", "link", link, "linked", "'linked'");
	assert_int_equal(f.refusals, 0);
}

static void
test_questions_are_decided_by_whose_they_are(void **state)
{
	static const char decided[] =
	    "{'state':'decided','about_kind':'contract','about_ref':'K1',"
	    "'resident_id':'ref:R1','decision':'B队','reason':'本人选择'}";
	static const char of_nobody[] =
	    "{'state':'decided','about_kind':'device','about_ref':'E1',"
	    "'decision':'在B','reason':'双方签字'}";
	struct findings f;

	CLEAN(question, NULL, NULL);
	f = by("C02", "question", decided, "open", "'decided'");
	assert_true(has(&f, true, FINDING_MANAGING_ONLY_STATE, "state"));
	f = by("C01", "question", decided, "open", "'decided'");
	assert_int_equal(f.refusals + f.warnings, 0);
	f = by("C01", "question", of_nobody, "open", "'decided'");
	assert_true(has(&f, true, FINDING_MANAGING_ONLY_STATE, "state"));
	f = by("H01", "question", of_nobody, "open", "'decided'");
	assert_int_equal(f.refusals + f.warnings, 0);
	f = by("C01", "question", question, "open", "'decided'");
	assert_true(has(&f, true, FINDING_MISSING, "decision"));
}

static void
test_who_looked_is_never_changed(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	CLEAN(audit, NULL, NULL);
	REFUSED(audit, "ground", "'curiosity'", ENUM, "ground");
	REFUSED(audit, "staff_id", NULL, MISSING, "staff_id");
	cx.is_first = false;
	f = check_in(&cx, "audit", audit, "note", "'x'");
	assert_true(has(&f, true, FINDING_NEVER_CHANGED, ""));
	cx.acts_for_group = true;
	f = check_in(&cx, "audit", audit, "note", "'x'");
	assert_true(has(&f, true, FINDING_NEVER_CHANGED, ""));
}

/* The world: results of K serve 7 days. */
static int
world_window(void *world, const char *item, const char *day)
{
	(void)world;
	assert_string_equal(day, "2026-05-01");
	return strcmp(item, "K") == 0 ? 7 : 0;
}

static bool
world_signed(void *world, const char *report, char day[11])
{
	assert_string_equal(report, "P1");
	if (world == NULL)
		return false;
	snprintf(day, 11, "%s", (const char *)world);
	return true;
}

static struct findings
recognised(const char *signed_on, const char *field, const char *value)
{
	struct check_context cx = usual;

	cx.window_days = world_window;
	cx.report_signed = world_signed;
	cx.world = (void *)(uintptr_t)signed_on;
	return check_in(&cx, "recognition", recognition, field, value);
}

static void
test_a_window_counts_the_day_of_signing(void **state)
{
	struct findings f = recognised("2026-04-25", NULL, NULL);

	assert_int_equal(f.refusals + f.warnings, 0);
	f = recognised("2026-05-01", NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
	f = recognised("2026-04-24", NULL, NULL);
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_WINDOW_OVER, "decision"));
	/* Signed tomorrow: one of the two clocks is wrong. */
	f = recognised("2026-05-02", NULL, NULL);
	assert_true(has(&f, false, FINDING_WINDOW_OVER, "decision"));
	/* Not on the list, or not here: nothing can be said. */
	f = recognised("2020-01-01", "item_code", "'CT'");
	assert_int_equal(f.refusals + f.warnings, 0);
	f = recognised(NULL, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
}

static void
test_who_repeats_an_examination_says_why(void **state)
{
	static const char again[] =
	    "{'earlier_report_id':'ref:P1','resident_id':'ref:R1',"
	    "'item_code':'K','decision':'repeated','reason':'emergency'}";

	CLEAN(recognition, NULL, NULL);
	assert_clean("recognition", again, NULL, NULL);
	assert_refused(
	    "recognition", again, "reason", NULL, FINDING_MISSING, "reason");
	assert_refused(
	    "recognition", again, "reason", "'profit'", FINDING_ENUM, "reason");
}

static void
test_a_consult_is_answered_with_words(void **state)
{
	CLEAN(consult, NULL, NULL);
	REFUSED(consult, "question", NULL, MISSING, "question");
	REFUSED(consult, "state", "'answered'", MISSING, "answer");
	WARNED(consult, "to_org", "'ref:C01'", SAME_ORG, "to_org");
	WARNED(consult, "state", "'declined'", REASON, "reason");
}

static void
test_the_recognition_list_is_the_groups(void **state)
{
	static const char item[] =
	    "{'item_code':'K','name':'血钾','modality':'lab',"
	    "'window_days':7}";
	struct check_context cx = usual;
	struct findings f;

	assert_refused(
	    "exam_item", item, NULL, NULL, FINDING_GROUP_ONLY_KIND, "kind");
	cx.acts_for_group = true;
	f = check_in(&cx, "exam_item", item, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
	f = check_in(&cx, "exam_item", item, "window_days", "0");
	assert_true(has(&f, true, FINDING_BELOW, "window_days"));
	f = check_in(&cx, "exam_item", item, "window_days", NULL);
	assert_true(has(&f, true, FINDING_MISSING, "window_days"));
}

static const char sterile_batch[] =
    "{'state':'delivered','batch_no':'B1','item':'拆线包','quantity':20,"
    "'sterilised_at':'2026-04-20T09:00:00+08:00',"
    "'expires_on':'2026-05-04','to_org':'ref:C01',"
    "'delivered_on':'2026-04-22'}";
static const char dispatch[] =
    "{'staff_id':'ref:S1','from_org':'ref:H01','to_org':'ref:C01',"
    "'starts_on':'2026-04-01','ends_on':'2026-04-10','days_served':8,"
    "'confirmed_by':'ref:S2'}";
static const char studio[] =
    "{'lead_staff_id':'ref:S1','opened_on':'2026-01-05',"
    "'clinic_days':[{'on':'2026-01-12','hours':4,'visits':22}]}";
static const char outreach[] =
    "{'villages':['ref:V1','ref:V2'],'starts_on':'2026-04-01',"
    "'staff_ids':['ref:S1'],'device_ids':['ref:E1'],"
    "'loan_ids':['ref:L1']}";
static const char disclosure[] =
    "{'staff_id':'ref:S1','resident_id':'ref:R1',"
    "'shown_at':'2026-05-01T09:00:00+08:00','form':'printed',"
    "'receiver':'resident','kinds':['encounter']}";

static void
test_sterile_batches_have_an_order_of_days(void **state)
{
	CLEAN(sterile_batch, NULL, NULL);
	REFUSED(sterile_batch, "expires_on", "'2026-04-19'", END_BEFORE_START,
	    "expires_on");
	REFUSED(sterile_batch, "quantity", "0", BELOW, "quantity");
	WARNED(sterile_batch, "delivered_on", "'2026-04-19'", UNLIKELY,
	    "delivered_on");
	WARNED(sterile_batch, "state", "'recalled'", REASON, "reason");
}

static void
test_days_served_fit_the_time_away(void **state)
{
	CLEAN(dispatch, NULL, NULL);
	CLEAN(dispatch, "days_served", "10");
	REFUSED(dispatch, "days_served", "11", ABOVE, "days_served");
	REFUSED(dispatch, "to_org", "'ref:H01'", SAME_ORG, "to_org");
	REFUSED(
	    dispatch, "ends_on", "'2026-03-31'", END_BEFORE_START, "ends_on");
}

static void
test_studios_and_tours_have_a_span(void **state)
{
	CLEAN(studio, NULL, NULL);
	REFUSED(
	    studio, "closed_on", "'2026-01-04'", END_BEFORE_START, "closed_on");
	CLEAN(outreach, NULL, NULL);
	REFUSED(
	    outreach, "ends_on", "'2026-03-31'", END_BEFORE_START, "ends_on");
	WARNED(outreach, "loan_ids", NULL, MISSING, "loan_ids");
}

static void
test_what_was_shown_is_never_changed(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	CLEAN(disclosure, NULL, NULL);
	REFUSED(disclosure, "receiver", "'press'", ENUM, "receiver");
	cx.is_first = false;
	f = check_in(&cx, "disclosure", disclosure, "form", "'file'");
	assert_true(has(&f, true, FINDING_NEVER_CHANGED, ""));
}

/* The world: S0019 is the team's one member. */
static bool
world_in_team(void *world, const char *staff, const char *team)
{
	(void)world;
	assert_string_equal(team, "T01");
	return strcmp(staff, "S0019") == 0;
}

static void
test_contracts_are_signed_by_a_member(void **state)
{
	struct check_context cx = usual;
	struct findings f;

	cx.in_team = world_in_team;
	f = check_in(&cx, "contract", contract, NULL, NULL);
	assert_int_equal(f.refusals + f.warnings, 0);
	f = check_in(&cx, "contract", contract, "signing_staff_id", "'ref:S2'");
	assert_int_equal(f.refusals, 0);
	assert_true(has(&f, false, FINDING_NOT_MEMBER, "signing_staff_id"));
}

static void
assert_seen(const char *kind, const char *base, const char *state_text,
    const char *day, const char *wanted)
{
	char value[64];
	const char *shown;
	json_t *record;

	snprintf(value, sizeof value, "'%s'", state_text);
	record = record_with(base, "state", value);
	shown = kind_by_name(kind)->view(record, day);
	assert_string_equal(shown == NULL ? state_text : shown, wanted);
	json_decref(record);
}

static void
test_what_a_day_makes_of_a_record(void **state)
{
	assert_seen("contract", contract, "active", "2027-04-30", "active");
	assert_seen("contract", contract, "active", "2027-05-01", "expired");
	assert_seen(
	    "contract", contract, "contested", "2027-05-01", "contested");
	assert_seen("referral", referral, "issued", "2026-05-15", "issued");
	assert_seen("referral", referral, "accepted", "2026-05-16", "lapsed");
	assert_seen("referral", referral, "arrived", "2026-05-16", "arrived");
	assert_seen("loan", loan, "received", "2026-05-03", "received");
	assert_seen("loan", loan, "received", "2026-05-04", "overdue");
	assert_seen("sterile_batch", sterile_batch, "delivered", "2026-05-05",
	    "expired");
	assert_seen(
	    "sterile_batch", sterile_batch, "used", "2026-05-05", "used");
	assert_seen("loan", loan, "returned", "2026-05-04", "returned");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_high_pressure_prompts_a_referral),
	    cmocka_unit_test(test_sugar_out_of_bounds_prompts_a_referral),
	    cmocka_unit_test(test_the_prompt_ends_when_it_is_heeded),
	    cmocka_unit_test(test_an_allergy_is_struck_out_with_a_reason),
	    cmocka_unit_test(test_entries_are_confirmed_by_the_group),
	    cmocka_unit_test(test_a_move_has_two_ends),
	    cmocka_unit_test(test_a_move_is_decided_by_the_group_alone),
	    cmocka_unit_test(test_nobody_is_linked_to_himself),
	    cmocka_unit_test(test_links_are_the_managing_orgs_or_the_groups),
	    cmocka_unit_test(test_questions_are_decided_by_whose_they_are),
	    cmocka_unit_test(test_who_looked_is_never_changed),
	    cmocka_unit_test(test_a_window_counts_the_day_of_signing),
	    cmocka_unit_test(test_who_repeats_an_examination_says_why),
	    cmocka_unit_test(test_a_consult_is_answered_with_words),
	    cmocka_unit_test(test_the_recognition_list_is_the_groups),
	    cmocka_unit_test(test_sterile_batches_have_an_order_of_days),
	    cmocka_unit_test(test_days_served_fit_the_time_away),
	    cmocka_unit_test(test_studios_and_tours_have_a_span),
	    cmocka_unit_test(test_what_was_shown_is_never_changed),
	    cmocka_unit_test(test_contracts_are_signed_by_a_member),
	    cmocka_unit_test(test_what_a_day_makes_of_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
