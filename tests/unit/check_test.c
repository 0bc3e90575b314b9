/* check: a sound record passes, each fault of a field is found where it is,
 * and nothing a patient said stands in a finding. All records are invented.
 */

#include "tests/unit/check_room.h"

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
		memcpy(name + 1 + 3 * i, "买", 3);
	memcpy(name + 1 + 3 * 50, "'", 2);
	CLEAN(resident, "name", name);
	memcpy(name + 1 + 3 * 50, "买'", 5);
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
		memcpy(list + 2 + 2 * i, ",1", 2);
	memcpy(list + 2 + 2 * ITEMS_MAX, "]", 2);
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
	memcpy(ref + 205, "'", 2);
	CLEAN(encounter, "resident_id", ref);
	memcpy(ref + 205, "X'", 3);
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
test_unknown_states_are_refused(void **state)
{
	REFUSED(encounter, "state", "'closed'", STATE_UNKNOWN, "state");
	REFUSED(contract, "state", "''", STATE_UNKNOWN, "state");
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
	for (int code = FINDING_NONE; code <= FINDING_FOLLOWUP_MISSED + 1;
	     code++) {
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
	    cmocka_unit_test(test_unknown_states_are_refused),
	    cmocka_unit_test(test_findings_beyond_the_list_are_counted),
	    cmocka_unit_test(test_findings_have_words_for_people),
	    cmocka_unit_test(test_normalising_changes_form_only),
	    cmocka_unit_test(test_shape_is_types_alone),
	    cmocka_unit_test(test_shape_names_the_field_that_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
