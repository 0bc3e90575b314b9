/* import: one line, whether it is taken, and from whom. */

#include "tests/unit/import_room.h"

/* --- one line ---------------------------------------------------------- */

static void
test_faults_of_the_text_are_told_apart(void **state)
{
	struct fixture *f = *state;
	static char deep[256];
	size_t n, i;

	assert_refused(f, "{\"kind\":\"\xfe\"}\n", FINDING_NOT_UTF8);
	assert_refused(f, "{\"kind\":\n", FINDING_NOT_JSON);
	assert_refused(f, "{\"a\":\"\x01\"}\n", FINDING_NOT_JSON);
	assert_refused(f, "{\"a\":\"\\u0000\"}\n", FINDING_CONTROL_CHARACTER);
	assert_refused(f, "{\"a\":1,\"a\":1}\n", FINDING_DUPLICATE_KEY);
	assert_refused(f, "{\"a\":{\"b\":1,\"b\":1}}\n", FINDING_DUPLICATE_KEY);
	assert_refused(f, "{\"a\":1e400}\n", FINDING_ABOVE);
	assert_refused(f, "[]\n", FINDING_NOT_OBJECT);
	assert_refused(f, "7\n", FINDING_NOT_OBJECT);
	assert_refused(f, "null\n", FINDING_NOT_OBJECT);
	n = (size_t)snprintf(deep, sizeof deep,
	    "%.*s,\"w\":", (int)strlen(RESIDENT("08:00:00", "")) - 2,
	    RESIDENT("08:00:00", ""));
	for (i = 0; i < 17; i++) {
		deep[n + i] = '[';
		deep[n + 17 + i] = ']';
	}
	memcpy(deep + n + 34, "}\n", 3);
	assert_refused(f, deep, FINDING_TOO_DEEP);
	assert_int_equal(change_count(f), 0);
}

static void
test_envelope_must_be_whole(void **state)
{
	struct fixture *f = *state;

	assert_refused(f,
	    "{\"ref\":\"R1\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"}\n",
	    FINDING_MISSING);
	assert_string_equal(f->notices[0].field, "kind");
	assert_string_equal(f->notices[0].kind, "");
	assert_refused(f, ENVELOPE("bill", "B1", "08:00:00", "V1") "\"a\":1}\n",
	    FINDING_KIND_UNKNOWN);
	assert_refused(f,
	    ENVELOPE("resident", "", "08:00:00", "V1") PERSON "}\n",
	    FINDING_REF_BAD);
	assert_refused(f,
	    ENVELOPE("resident", "a\\tb", "08:00:00", "V1") PERSON "}\n",
	    FINDING_REF_BAD);
	assert_refused(f,
	    ENVELOPE("resident", "R1", "24:00:00", "V1") PERSON "}\n",
	    FINDING_INSTANT);
	assert_string_equal(f->notices[0].kind, "resident");
	assert_refused(f,
	    ENVELOPE("resident", "R1", "08:00:00", "") PERSON "}\n",
	    FINDING_REFERENCE);
	assert_string_equal(f->notices[0].field, "org_id");
	assert_refused(f,
	    "{\"kind\":\"resident\",\"ref\":7,\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"}\n",
	    FINDING_TYPE);
	assert_int_equal(questions(f, QUESTION_LINE).count, 7);
}

static void
test_ref_may_have_200_characters_of_any_script(void **state)
{
	struct fixture *f = *state;
	char ref[700], line[1200];
	size_t i;

	for (i = 0; i < 201; i++)
		memcpy(ref + 3 * i, "村", 3);
	ref[603] = '\0';
	snprintf(line, sizeof line,
	    "{\"kind\":\"resident\",\"ref\":\"%s\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"," PERSON
	    "}\n",
	    ref);
	assert_refused(f, line, FINDING_REF_BAD);
	snprintf(line, sizeof line,
	    "{\"kind\":\"resident\",\"ref\":\"%s\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"," PERSON
	    "}\n",
	    ref + 3);
	give(f, line);
	assert_counts(f, 1, 0, 0, 0);
}

static void
test_refused_line_is_kept_once_with_its_bytes(void **state)
{
	struct fixture *f = *state;
	const char *line = RESIDENT("08:00:00", ",\"phone\":7");
	struct wanted w;

	assert_refused(f, line, FINDING_TYPE);
	assert_refused(f, line, FINDING_TYPE);
	w = questions(f, QUESTION_LINE);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.raw_size, strlen(line) - 1);
	assert_int_equal(w.last.code, FINDING_TYPE);
	assert_int_equal(w.last.line, 1);
	assert_string_equal(w.last.origin, "his");
	assert_string_equal(w.last.field, "phone");
	assert_string_equal(w.last.kind, "resident");
	assert_string_equal(w.last.ref, "R1");
	assert_int_equal(change_count(f), 0);
}

static void
test_names_of_unknown_numbers_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_refused(
	    f, RESIDENT("08:00:00", ",\"#77\":1"), FINDING_UNKNOWN_FIELD);
	assert_refused(f,
	    RESIDENT("08:00:00", ",\"allergies\":[{\"#1\":\"x\"}]"),
	    FINDING_UNKNOWN_FIELD);
	give(f, RESIDENT("08:00:00", ",\"#\":1,\"#7a\":2"));
	assert_counts(f, 1, 0, 0, 0);
}

static void
test_unknown_field_is_kept_with_a_warning(void **state)
{
	struct fixture *f = *state;
	struct record r;

	assert_warned(f,
	    RESIDENT("08:00:00", ",\"weather\":{\"b\":[1,2.50],\"a\":true}"),
	    FINDING_UNKNOWN_FIELD);
	assert_int_equal(questions(f, QUESTION_WARNING).count, 1);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_non_null(json_object_get(r.fields, "weather"));
	record_clear(&r);
}

static void
test_small_x_of_an_id_number_is_stored_as_capital(void **state)
{
	struct fixture *f = *state;
	struct record r;

	assert_warned(f,
	    ENVELOPE("resident", "R1", "08:00:00",
	        "V1") "\"name\":\"某\",\"sex\":\"2\",\"id_type\":\"01\","
	              "\"birth_date\":\"1966-07-07\","
	              "\"id_no\":\"51990119660707004x\"}\n",
	    FINDING_ID_LOWER_X);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "id_no"), "51990119660707004X");
	record_clear(&r);
}

/* --- rights ------------------------------------------------------------ */

static void
test_clinic_takes_lines_of_its_own_orgs_only(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "V1");
	test_store_admit(&f->s, "", "org", "V11", "H",
	    json_pack("{s:s}", "parent_org_id", "ref:V1"));
	assert_refused(f,
	    ENVELOPE("resident", "R2", "08:00:00", "V2") PERSON "}\n",
	    FINDING_NOT_YOUR_ORG);
	assert_int_equal(change_count(f), 1);
	give(f, ENVELOPE("resident", "R3", "08:00:00", "V1") PERSON
	    "}\n" ENVELOPE("resident", "R4", "08:00:00", "V11") PERSON "}\n");
	assert_counts(f, 2, 0, 0, 0);
}

static void
test_any_org_is_taken_before_joining(void **state)
{
	struct fixture *f = *state;

	give(f, ENVELOPE("resident", "R2", "08:00:00", "V2") PERSON
	    "}\n" RESIDENT("08:00:00", ""));
	assert_counts(f, 2, 0, 0, 0);
}

#define ORG                                                                    \
	ENVELOPE("org", "V1", "08:00:00", "H")                                 \
	"\"name\":\"一村\",\"level\":\"village\",\"short_code\":\"TA1\"}\n"

static void
test_clinic_takes_no_reference_data(void **state)
{
	assert_refused(*state, ORG, FINDING_GROUP_ONLY_KIND);
}

static void
test_hub_takes_reference_data_and_any_org(void **state)
{
	struct fixture *f = *state;
	struct record r;

	test_store_join(&f->s, "H");
	give(f, ORG ENVELOPE("resident", "R2", "08:00:00", "V2") PERSON "}\n");
	assert_counts(f, 2, 0, 0, 0);
	/* The group's kinds have one source. */
	test_store_record(&f->s, "", "org", "V1", &r);
	record_clear(&r);
}

static void
test_tilde_refs_name_records_made_here(void **state)
{
	struct fixture *f = *state;
	json_t *fields = json_pack("{s:s, s:s, s:s}", "name", "某", "sex", "1",
	    "no_id_reason", "lost");
	struct authored a;
	struct self self;
	struct txn *t = test_store_write(&f->s);
	struct record r;
	json_t *exported;
	char *text;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_add(t, &self, "resident", "S1", "V1", fields, TEST_NOW, &a),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	assert_refused(f,
	    ENVELOPE("resident", "~R9", "08:00:00", "V1") PERSON "}\n",
	    FINDING_REF_BAD);

	test_store_record(&f->s, self.source, "resident", a.record.ref, &r);
	exported = record_to_json(&r);
	record_clear(&r);
	text = json_dumps(exported, 0);
	give(f, text);
	assert_counts(f, 0, 0, 1, 0);
	free(text);
	json_object_set_new(exported, "phone", json_string("120"));
	text = json_dumps(exported, 0);
	json_decref(exported);
	give(f, text);
	assert_counts(f, 0, 1, 0, 0);
	give(f, text);
	assert_counts(f, 0, 0, 1, 0);
	free(text);
	test_store_record(&f->s, self.source, "resident", a.record.ref, &r);
	assert_int_equal(r.change_count, 2);
	assert_int_equal(r.head_count, 1);
	assert_string_equal(text_in(r.fields, "phone"), "120");
	record_clear(&r);
}

/* --- references -------------------------------------------------------- */

static void
test_reference_is_awaited_until_its_record_is_here(void **state)
{
	struct fixture *f = *state;
	const char *visit = ENVELOPE("encounter", "E1", "08:00:00",
	    "V1") "\"state\":\"signed\",\"type\":\"phone\","
	          "\"resident_id\":\"ref:R1\","
	          "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n";

	assert_warned(f, visit, FINDING_AWAITED);
	assert_string_equal(f->notices[0].field, "resident_id");
	give(f, RESIDENT("08:00:00", ""));
	give(f, ENVELOPE("encounter", "E2", "08:00:00",
	            "V1") "\"state\":\"signed\",\"type\":\"phone\","
	                  "\"resident_id\":\"ref:R1\","
	                  "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n");
	assert_int_equal(f->counts.warned, 0);
}

static void
test_death_of_a_resident_is_urgent(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT("08:00:00", ""));
	give(f, RESIDENT("09:00:00", ",\"status\":\"dead\""));
	last_change(f, 0, &c);
	assert_string_equal(c.record.ref, "R1");
	change_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_faults_of_the_text_are_told_apart),
	    CLINIC(test_envelope_must_be_whole),
	    CLINIC(test_ref_may_have_200_characters_of_any_script),
	    CLINIC(test_refused_line_is_kept_once_with_its_bytes),
	    CLINIC(test_names_of_unknown_numbers_are_refused),
	    CLINIC(test_unknown_field_is_kept_with_a_warning),
	    CLINIC(test_small_x_of_an_id_number_is_stored_as_capital),
	    CLINIC(test_clinic_takes_lines_of_its_own_orgs_only),
	    CLINIC(test_any_org_is_taken_before_joining),
	    CLINIC(test_clinic_takes_no_reference_data),
	    HUB(test_hub_takes_reference_data_and_any_org),
	    CLINIC(test_tilde_refs_name_records_made_here),
	    CLINIC(test_reference_is_awaited_until_its_record_is_here),
	    CLINIC(test_death_of_a_resident_is_urgent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
