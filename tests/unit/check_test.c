/* check: a sound record passes, each fault is found where it is, and nothing
 * a patient said stands in a finding. All records are invented.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/kind.h"

static const char encounter[] =
    "{'state':'signed','slip_no':'A02-E-000001-Y',"
    "'resident_id':'ref:R000058','type':'outpatient','dept':'全科',"
    "'visit_at':'2026-05-01T09:50:00+08:00','onset_on':'2026-04-30',"
    "'subjective':'咳嗽3天','objective':'咽部充血','temp_c':36.8,"
    "'sbp':128,'dbp':80,'pulse':76,"
    "'diagnoses':[{'code':'J06.9','name':'急性上呼吸道感染'}],"
    "'plan':'多饮水','rx':[{'drug_code':'YP0061','name':'阿莫西林胶囊',"
    "'dose':0.5,'unit':'g','route':'po','freq':'tid','days':3}],"
    "'fee':1250}";
static const char resident[] =
    "{'name':'测试甲','id_type':'01','id_no':'519901195203153020',"
    "'sex':'2','birth_date':'1952-03-15','birth_precision':'day',"
    "'contact':{'name':'测试乙','phone':'12000000000'},"
    "'managing_org_id':'ref:C01','population_tags':['elderly65'],"
    "'allergies':[{'substance':'青霉素','status':'active'}],"
    "'status':'living'}";
static const char contract[] =
    "{'state':'signed','slip_no':'T01-C-000001-F',"
    "'resident_id':'ref:R000001','team_id':'ref:T01',"
    "'signing_staff_id':'ref:S0019','packages':[{'code':'BASIC',"
    "'price':0,'items':[{'item':'HEALTH_EDU','planned':2}]}],"
    "'signed_on':'2026-05-01','start_on':'2026-05-01',"
    "'end_on':'2027-04-30','resident_signature':'paper'}";
static const char loan[] = "{'state':'requested','slip_no':'T01-L-000001-G',"
                           "'device_id':'ref:E1','direction':'vertical_down',"
                           "'lender':'ref:H01','borrower':'ref:C01',"
                           "'planned_from':'2026-05-03T10:00:00+08:00',"
                           "'planned_to':'2026-05-03T12:00:00+08:00',"
                           "'requested_by':'ref:S0019','approval':'each'}";
static const char referral[] =
    "{'state':'issued','slip_no':'T01-R-000001-5','direction':'up',"
    "'urgency':'routine','green_channel':'none',"
    "'resident_id':'ref:R000138','from_org':'ref:C01',"
    "'to_org':'ref:H01','issued_at':'2026-05-01T11:43:33+08:00',"
    "'diagnoses':[{'code':'K04.0','name':'牙髓炎'}],"
    "'attached':['ref:E0000006'],'valid_days':14}";

static const struct check_context usual = {
    .at = "2026-05-01T10:00:00+08:00",
    .is_first = true,
};

/* A record with one field set to a value of JSON, or taken out with NULL.
 * Single quotes stand for double ones. */
static json_t *
record_with(const char *base, const char *field, const char *value)
{
	json_t *record, *v;
	char text[2048];

	snprintf(text, sizeof text, "%s", base);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	record = json_loads(text, 0, NULL);
	assert_non_null(record);
	if (field != NULL && value == NULL)
		json_object_del(record, field);
	if (field != NULL && value != NULL) {
		snprintf(text, sizeof text, "%s", value);
		for (char *c = text; *c != '\0'; c++)
			*c = *c == '\'' ? '"' : *c;
		v = json_loads(text, JSON_DECODE_ANY, NULL);
		assert_non_null(v);
		assert_int_equal(json_object_set_new(record, field, v), 0);
	}
	return record;
}

static struct findings
check_in(const struct check_context *cx, const char *kind, const char *base,
    const char *field, const char *value)
{
	json_t *record = record_with(base, field, value);
	struct findings out;

	findings_init(&out);
	kind_check(kind_by_name(kind), record, cx, &out);
	json_decref(record);
	return out;
}

static bool
has(const struct findings *f, bool refused, enum finding_code code,
    const char *path)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].code == code && f->list[i].refused == refused &&
		    strcmp(f->list[i].field, path) == 0)
			return true;
	}
	return false;
}

static void
assert_clean(
    const char *kind, const char *base, const char *field, const char *value)
{
	struct findings f = check_in(&usual, kind, base, field, value);

	assert_int_equal(f.refusals, 0);
	assert_int_equal(f.warnings, 0);
}

static void
assert_refused(const char *kind, const char *base, const char *field,
    const char *value, enum finding_code code, const char *path)
{
	struct findings f = check_in(&usual, kind, base, field, value);

	assert_true(has(&f, true, code, path));
}

/* Accepted, with this warning and no other. */
static void
assert_warned(const char *kind, const char *base, const char *field,
    const char *value, enum finding_code code, const char *path)
{
	struct findings f = check_in(&usual, kind, base, field, value);

	assert_int_equal(f.refusals, 0);
	assert_int_equal(f.warnings, 1);
	assert_true(has(&f, false, code, path));
}

#define REFUSED(kind, field, value, code, path)                                \
	assert_refused(#kind, kind, field, value, FINDING_##code, path)
#define WARNED(kind, field, value, code, path)                                 \
	assert_warned(#kind, kind, field, value, FINDING_##code, path)
#define CLEAN(kind, field, value) assert_clean(#kind, kind, field, value)

static void
test_sound_records_pass_without_a_word(void **state)
{
	CLEAN(encounter, NULL, NULL);
	CLEAN(resident, NULL, NULL);
	CLEAN(contract, NULL, NULL);
	CLEAN(loan, NULL, NULL);
	CLEAN(referral, NULL, NULL);
}

static void
test_values_have_their_type(void **state)
{
	REFUSED(encounter, "sbp", "'128'", TYPE, "sbp");
	REFUSED(encounter, "pulse", "true", TYPE, "pulse");
	REFUSED(encounter, "subjective", "3", TYPE, "subjective");
	REFUSED(encounter, "unknown", "'yes'", TYPE, "unknown");
	REFUSED(encounter, "diagnoses", "{}", TYPE, "diagnoses");
	REFUSED(encounter, "diagnoses", "['J06.9']", TYPE, "diagnoses[0]");
	REFUSED(resident, "contact", "[]", TYPE, "contact");
	REFUSED(encounter, "state", "1", TYPE, "state");
}

static void
test_null_is_refused_everywhere(void **state)
{
	REFUSED(encounter, "objective", "null", NULL, "objective");
	REFUSED(encounter, "colour", "null", NULL, "colour");
	REFUSED(referral, "attached", "[null]", NULL, "attached[0]");
	REFUSED(resident, "contact", "{'name':null}", NULL, "contact.name");
}

static void
test_whole_numbers_may_be_written_as_decimals(void **state)
{
	CLEAN(encounter, "sbp", "128.0");
	REFUSED(encounter, "sbp", "128.5", NOT_INTEGER, "sbp");
	REFUSED(encounter, "fee", "12.5", NOT_INTEGER, "fee");
	REFUSED(encounter, "fee", "1e30", NOT_INTEGER, "fee");
	REFUSED(encounter, "fee", "-100", BELOW, "fee");
}

static void
test_impossible_vital_signs_are_refused(void **state)
{
	REFUSED(encounter, "temp_c", "48.2", ABOVE, "temp_c");
	REFUSED(encounter, "temp_c", "33.9", BELOW, "temp_c");
	REFUSED(encounter, "sbp", "420", ABOVE, "sbp");
	REFUSED(encounter, "pulse", "760", ABOVE, "pulse");
	REFUSED(encounter, "spo2", "130", ABOVE, "spo2");
	REFUSED(encounter, "glucose_mmol", "-1", BELOW, "glucose_mmol");
	REFUSED(encounter, "weight_kg", "650", ABOVE, "weight_kg");
	REFUSED(encounter, "height_cm", "1.72", BELOW, "height_cm");
}

static void
test_unlikely_vital_signs_are_taken_with_a_warning(void **state)
{
	WARNED(encounter, "temp_c", "42.6", UNLIKELY, "temp_c");
	WARNED(encounter, "sbp", "282", UNLIKELY, "sbp");
	WARNED(encounter, "glucose_mmol", "48.5", UNLIKELY, "glucose_mmol");
	CLEAN(encounter, "temp_c", "41.7");
	CLEAN(encounter, "sbp", "242");
}

static void
test_blood_pressure_comes_in_pairs(void **state)
{
	REFUSED(encounter, "dbp", NULL, PRESSURE_PAIR, "dbp");
	REFUSED(encounter, "sbp", NULL, PRESSURE_PAIR, "sbp");
	REFUSED(encounter, "dbp", "128", PRESSURE_ORDER, "sbp");
	REFUSED(encounter, "dbp", "140", PRESSURE_ORDER, "sbp");
}

static void
test_required_fields_are_missed(void **state)
{
	REFUSED(encounter, "visit_at", NULL, MISSING, "visit_at");
	REFUSED(encounter, "state", NULL, MISSING, "state");
	REFUSED(encounter, "rx", "[{'dose':1}]", MISSING, "rx[0].name");
	REFUSED(resident, "name", NULL, MISSING, "name");
	REFUSED(contract, "packages", NULL, MISSING, "packages");
	REFUSED(contract, "packages", "[]", EMPTY, "packages");
}

static void
test_drafts_may_lack_fields_but_not_lie(void **state)
{
	static const char draft[] = "{'state':'draft'}";

	assert_clean("encounter", draft, NULL, NULL);
	assert_clean("contract", draft, NULL, NULL);
	assert_clean("encounter", draft, "sbp", "128");
	assert_refused(
	    "encounter", draft, "temp_c", "48.2", FINDING_ABOVE, "temp_c");
}

static void
test_unknown_fields_are_kept_with_a_warning(void **state)
{
	WARNED(encounter, "colour", "'blue'", UNKNOWN_FIELD, "colour");
	WARNED(encounter, "diagnoses", "[{'name':'x','side':'left'}]",
	    UNKNOWN_FIELD, "diagnoses[0].side");
}

/* A file gone wrong may have a name or an ID number for a key. */
static void
test_findings_do_not_repeat_odd_keys(void **state)
{
	WARNED(encounter, "张伟", "1", UNKNOWN_FIELD, "?");
	WARNED(encounter, "519901198001010017", "1", UNKNOWN_FIELD, "?");
	WARNED(encounter, "a b", "1", UNKNOWN_FIELD, "?");
}

static void
test_text_with_odd_characters_is_warned_about(void **state)
{
	WARNED(encounter, "subjective", "'a\\u0007b'", CONTROL_CHARACTER,
	    "subjective");
	WARNED(encounter, "plan", "'多饮水\\u202e3天'", BIDI_CHARACTER, "plan");
	WARNED(
	    resident, "name", "'测试\\u200b乙'", INVISIBLE_CHARACTER, "name");
	CLEAN(encounter, "plan", "'一\\n二\\t三'");
	REFUSED(resident, "name", "'a\\u0007b'", CONTROL_CHARACTER, "name");
	REFUSED(resident, "name", "'a\\nb'", CONTROL_CHARACTER, "name");
}

static void
test_names_have_1_to_50_characters(void **state)
{
	char name[3 * 51 + 3] = "'";

	for (size_t i = 0; i < 50; i++)
		strcat(name, "买");
	strcat(name, "'");
	CLEAN(resident, "name", name);
	name[strlen(name) - 1] = '\0';
	strcat(name, "买'");
	REFUSED(resident, "name", name, TOO_LONG, "name");
	REFUSED(resident, "name", "''", EMPTY, "name");
	REFUSED(resident, "name", "'\\u3000 '", EMPTY, "name");
	CLEAN(resident, "name", "'买买提·阿不都拉'");
}

static void
test_empty_optional_words_are_only_warned_about(void **state)
{
	WARNED(resident, "phone", "''", EMPTY, "phone");
	CLEAN(encounter, "objective", "''");
}

static void
test_words_come_from_their_list(void **state)
{
	REFUSED(encounter, "type", "'telepathy'", ENUM, "type");
	REFUSED(encounter, "type", "''", ENUM, "type");
	REFUSED(resident, "population_tags", "['tb','rich']", ENUM,
	    "population_tags[1]");
	REFUSED(resident, "population_tags", "['tb','tb']", TWICE,
	    "population_tags[1]");
}

static void
test_lists_have_an_end(void **state)
{
	char list[ITEMS_MAX * 2 + 5] = "[1";

	for (size_t i = 0; i < ITEMS_MAX; i++)
		strcat(list, ",1");
	strcat(list, "]");
	REFUSED(encounter, "rx", list, TOO_MANY, "rx");
}

static void
test_dates_and_instants_have_their_form(void **state)
{
	REFUSED(contract, "signed_on", "'2026-02-30'", DATE, "signed_on");
	REFUSED(contract, "signed_on", "'2026/05/01'", DATE, "signed_on");
	REFUSED(encounter, "visit_at", "'2026-05-01T09:50:00'", INSTANT,
	    "visit_at");
	REFUSED(encounter, "visit_at", "'2026-05-01T25:10:00+08:00'", INSTANT,
	    "visit_at");
}

static void
test_references_have_a_prefix_and_a_key(void **state)
{
	char ref[4 + 201 + 3] = "'ref:";

	REFUSED(
	    encounter, "resident_id", "'R000001'", REFERENCE, "resident_id");
	REFUSED(encounter, "resident_id", "'ref:'", REFERENCE, "resident_id");
	REFUSED(encounter, "resident_id", "'ref: '", REFERENCE, "resident_id");
	REFUSED(
	    referral, "attached", "['ref:E1','E2']", REFERENCE, "attached[1]");
	memset(ref + 5, 'X', 200);
	strcat(ref, "'");
	CLEAN(encounter, "resident_id", ref);
	ref[205] = '\0';
	strcat(ref, "X'");
	REFUSED(encounter, "resident_id", ref, REFERENCE, "resident_id");
}

static void
test_codes_hold_their_check_characters(void **state)
{
	REFUSED(encounter, "slip_no", "'A02-E-000001-A'", SLIP, "slip_no");
	REFUSED(
	    encounter, "slip_no", "'T01-C-000001-F'", SLIP_LETTER, "slip_no");
	REFUSED(encounter, "diagnoses", "[{'code':'cold','name':'x'}]", ICD10,
	    "diagnoses[0].code");
	REFUSED(resident, "ehr_no", "'5199'", EHR_NO, "ehr_no");
}

static void
test_id_card_numbers_are_checked(void **state)
{
	REFUSED(resident, "id_no", "'519901195203153021'", ID_CHECK, "id_no");
	REFUSED(resident, "id_no", "'51990119520315302'", ID_LENGTH, "id_no");
	REFUSED(resident, "id_no", "'519901198513411236'", ID_DATE, "id_no");
	REFUSED(resident, "id_type", NULL, MISSING, "id_type");
	/* Another document has another form. */
	CLEAN(resident, "id_type", "'03'");
}

static void
test_id_card_numbers_are_compared_with_the_rest(void **state)
{
	WARNED(resident, "birth_date", "'1952-03-16'", ID_OTHER_BIRTH,
	    "birth_date");
	WARNED(resident, "sex", "'1'", ID_OTHER_SEX, "sex");
	CLEAN(resident, "sex", "'9'");
	CLEAN(resident, "birth_date", NULL);
}

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

static void
test_unknown_states_are_refused(void **state)
{
	REFUSED(encounter, "state", "'closed'", STATE_UNKNOWN, "state");
	REFUSED(contract, "state", "''", STATE_UNKNOWN, "state");
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

static void
test_findings_beyond_the_list_are_counted(void **state)
{
	struct findings f;
	char path[16];

	findings_init(&f);
	for (int i = 0; i < FINDINGS_MAX + 3; i++) {
		snprintf(path, sizeof path, "rx[%d]", i);
		findings_warn(&f, FINDING_UNLIKELY, path);
	}
	assert_int_equal(f.count, FINDINGS_MAX);
	assert_int_equal(f.warnings, FINDINGS_MAX + 3);
	findings_init(&f);
	findings_warn(&f, FINDING_UNLIKELY, "rx");
	findings_warn(&f, FINDING_UNLIKELY, "rx");
	assert_int_equal(f.warnings, 1);
}

static void
test_findings_have_words_for_people(void **state)
{
	for (int code = FINDING_NONE; code <= FINDING_BY_PARENT + 1; code++) {
		assert_non_null(finding_name((enum finding_code)code));
		assert_true(
		    strlen(finding_reason((enum finding_code)code)) > 0);
		assert_true(strlen(finding_mend((enum finding_code)code)) > 0);
	}
	assert_string_equal(finding_name(FINDING_ID_CHECK), "id_check");
	assert_string_equal(finding_name(FINDING_BY_PARENT), "by_parent");
	assert_string_equal(finding_name((enum finding_code)9999), "unknown");
}

static void
test_normalising_changes_form_only(void **state)
{
	json_t *r = record_with(resident, "id_no", "'51990119660707004x'");
	json_t *e = record_with(encounter, "sbp", "128.0");
	json_t *row;

	assert_int_equal(kind_normalise(kind_by_name("resident"), r), ERR_OK);
	assert_string_equal(json_string_value(json_object_get(r, "id_no")),
	    "51990119660707004X");
	json_object_set_new(r, "id_no", json_string("AB1234x"));
	assert_int_equal(kind_normalise(kind_by_name("resident"), r), ERR_OK);
	assert_string_equal(
	    json_string_value(json_object_get(r, "id_no")), "AB1234x");

	row = json_array_get(json_object_get(e, "rx"), 0);
	json_object_set_new(row, "days", json_real(3));
	assert_int_equal(kind_normalise(kind_by_name("encounter"), e), ERR_OK);
	assert_int_equal(json_integer_value(json_object_get(e, "sbp")), 128);
	assert_int_equal(json_integer_value(json_object_get(row, "days")), 3);
	assert_true(json_is_real(json_object_get(row, "dose")));
	json_decref(r);
	json_decref(e);
}

static enum err
shape_of(
    const char *base, const char *field, const char *value, const char **wrong)
{
	json_t *record = record_with(base, field, value);
	enum err e = kind_check_shape(kind_by_name("encounter"), record, wrong);

	json_decref(record);
	return e;
}

static void
test_shape_is_types_alone(void **state)
{
	const char *wrong = NULL;

	assert_int_equal(shape_of(encounter, NULL, NULL, &wrong), ERR_OK);
	assert_int_equal(shape_of("{'plan':'x'}", NULL, NULL, &wrong), ERR_OK);
	/* Cleared, of a newer version, or out of range: not for shape. */
	assert_int_equal(shape_of(encounter, "plan", "null", &wrong), ERR_OK);
	assert_int_equal(shape_of(encounter, "#99", "[1]", &wrong), ERR_OK);
	assert_int_equal(shape_of(encounter, "type", "'vr'", &wrong), ERR_OK);
	assert_int_equal(shape_of(encounter, "sbp", "999", &wrong), ERR_OK);
	assert_null(wrong);
}

static void
test_shape_names_the_field_that_differs(void **state)
{
	static const char *const bad[][2] = {{"sbp", "'128'"}, {"sbp", "128.0"},
	    {"temp_c", "true"}, {"unknown", "1"}, {"plan", "[]"},
	    {"onset_on", "'2026-02-30'"}, {"visit_at", "'2026-05-01'"},
	    {"resident_id", "''"}, {"device_ids", "'ref:E1'"},
	    {"device_ids", "[1]"}, {"rx", "{}"}, {"rx", "[1]"},
	    {"rx", "[{'days':'3'}]"}, {"rx", "[{'days':null}]"}};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *wrong = NULL;

		assert_int_equal(
		    shape_of(encounter, bad[i][0], bad[i][1], &wrong),
		    ERR_FORMAT);
		assert_string_equal(wrong, bad[i][0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound_records_pass_without_a_word),
	    cmocka_unit_test(test_values_have_their_type),
	    cmocka_unit_test(test_null_is_refused_everywhere),
	    cmocka_unit_test(test_whole_numbers_may_be_written_as_decimals),
	    cmocka_unit_test(test_impossible_vital_signs_are_refused),
	    cmocka_unit_test(
	        test_unlikely_vital_signs_are_taken_with_a_warning),
	    cmocka_unit_test(test_blood_pressure_comes_in_pairs),
	    cmocka_unit_test(test_required_fields_are_missed),
	    cmocka_unit_test(test_drafts_may_lack_fields_but_not_lie),
	    cmocka_unit_test(test_unknown_fields_are_kept_with_a_warning),
	    cmocka_unit_test(test_findings_do_not_repeat_odd_keys),
	    cmocka_unit_test(test_text_with_odd_characters_is_warned_about),
	    cmocka_unit_test(test_names_have_1_to_50_characters),
	    cmocka_unit_test(test_empty_optional_words_are_only_warned_about),
	    cmocka_unit_test(test_words_come_from_their_list),
	    cmocka_unit_test(test_lists_have_an_end),
	    cmocka_unit_test(test_dates_and_instants_have_their_form),
	    cmocka_unit_test(test_references_have_a_prefix_and_a_key),
	    cmocka_unit_test(test_codes_hold_their_check_characters),
	    cmocka_unit_test(test_id_card_numbers_are_checked),
	    cmocka_unit_test(test_id_card_numbers_are_compared_with_the_rest),
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
	    cmocka_unit_test(test_unknown_states_are_refused),
	    cmocka_unit_test(test_later_lines_follow_earlier_ones),
	    cmocka_unit_test(test_some_steps_are_the_groups),
	    cmocka_unit_test(test_a_first_line_may_be_history),
	    cmocka_unit_test(test_amendments_should_say_why),
	    cmocka_unit_test(test_reference_data_is_the_groups),
	    cmocka_unit_test(test_wrong_clocks_are_noted_and_stop_nothing),
	    cmocka_unit_test(test_the_world_around_is_asked),
	    cmocka_unit_test(test_findings_beyond_the_list_are_counted),
	    cmocka_unit_test(test_findings_have_words_for_people),
	    cmocka_unit_test(test_normalising_changes_form_only),
	    cmocka_unit_test(test_shape_is_types_alone),
	    cmocka_unit_test(test_shape_names_the_field_that_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
