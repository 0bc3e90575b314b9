/* api_reading: whatever shows a resident's record leaves a note of it, by
 * whichever operation and whoever reads.
 */

#include "tests/unit/api_people_room.h"

static void
import_two_alike(struct room *r)
{
	assert_int_equal(ask_as(r, ADMIN_UID, op("import"),
	                     LIKE("R8", "13") LIKE("R9", "13")),
	    API_DONE);
}

/* Who asks what waits sees names, numbers and both versions. */
static void
test_questions_leave_a_reading(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	import_two_alike(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, op("questions"), NULL), API_DONE);
	assert_true(count_lines(r, "item") > 0);
	assert_true(audits(r, "staff_id", "ref:S2") > 0);
	assert_int_equal(audits(r, "note", "questions *"), 1);
}

/* Questions about nobody's record are no reading. */
static void
test_questions_about_nobody_are_no_reading(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, op("questions"), NULL), API_DONE);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 0);
}

/* One question shows both entries in full. */
static void
test_a_question_is_a_reading_of_both(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	import_two_alike(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "decide", "id", "1"), NULL),
	    API_PERSON);
	assert_int_equal(count_lines(r, "item"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R8"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R9"), 1);
}

/* --- lists by name ------------------------------------------------------- */

static json_t *
list_named(const char *name)
{
	return json_pack(
	    "{s:s, s:s, s:s}", "op", "list", "kind", "resident", "name", name);
}

/* A list of those of one name is a reading of them. */
static void
test_a_list_by_name_is_a_reading(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, list_named("张伟"), NULL), API_DONE);
	assert_int_equal(count_lines(r, "record"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R1"), 1);
	assert_int_equal(audits(r, "note", "list resident"), 0);
	/* Nobody of that name: nobody's record was read. */
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, list_named("没有"), NULL), API_DONE);
	assert_int_equal(count_lines(r, "record"), 0);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 1);
}

/* Half a village is many at once. */
static void
test_a_list_of_many_of_a_name_is_one_note(void **state)
{
	struct room *r = *state;
	char lines[8192] = "";
	size_t i, at = 0;

	require_sign_in(r);
	for (i = 0; i < 21; i++)
		at += (size_t)snprintf(lines + at, sizeof lines - at,
		    GROUP("resident", "M%zu",
		        "C01") "\"name\":\"王%zu\","
		               "\"sex\":\"1\",\"no_id_reason\":\"lost\","
		               "\"managing_org_id\":\"ref:C01\"}\n",
		    i, i);
	assert_int_equal(ask_as(r, ADMIN_UID, op("import"), lines), API_DONE);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, list_named("王"), NULL), API_DONE);
	assert_int_equal(count_lines(r, "record"), 21);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 1);
	assert_int_equal(audits(r, "note", "list resident"), 1);
}

/* --- without signing in -------------------------------------------------- */

/* PINs there are, but nobody has to sign in. */
static void
sign_out_admin(struct room *r)
{
	furnish(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("sign_in", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(ask_as(r, ADMIN_UID, op("sign_out"), NULL), API_DONE);
}

/* Where people have PINs, to sign out is no way to read unseen. */
static void
test_signing_out_hides_no_reading(void **state)
{
	struct room *r = *state;

	sign_out_admin(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, show("resident", "R1"), NULL), API_DONE);
	assert_true(count_lines(r, "record") == 1);
	assert_int_equal(audits(r, "resident_id", "ref:R1"), 1);
	assert_int_equal(audits(r, "system_user", "4002"), 2); /* and a list */
	assert_int_equal(audits(r, "staff_id", "ref:S1"), 0);
}

/* Nor is another's name. */
static void
test_a_name_that_is_only_said_hides_no_reading(void **state)
{
	struct room *r = *state;

	sign_out_admin(r);
	assert_int_equal(ask_as(r, OTHER_UID,
	                     json_pack("{s:s, s:s, s:s, s:s}", "op", "show",
	                         "kind", "resident", "ref", "R1", "by", "S2"),
	                     NULL),
	    API_DONE);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 1);
	assert_int_equal(audits(r, "system_user", "4003"), 1);
	assert_int_equal(
	    ask_as(r, OTHER_UID,
	        json_pack("{s:s, s:s}", "op", "who_looked", "ref", "R1"), NULL),
	    API_DONE);
	assert_int_equal(count_lines(r, "item"), 2);
}

/* --- services ------------------------------------------------------------ */

static void
import_service(struct room *r)
{
	assert_int_equal(
	    ask_as(r, ADMIN_UID, op("import"),
	        GROUP("contract", "K1",
	            "C01") "\"state\":\"signed\",\"resident_id\":\"ref:R1\","
	                   "\"team_id\":\"ref:T1\",\"resident_signature\":"
	                   "\"paper\","
	                   "\"packages\":[{\"code\":\"BASIC\"}],"
	                   "\"signed_on\":\"2026-04-05\",\"start_on\":\"2026-"
	                   "04-05\","
	                   "\"end_on\":\"2027-05-31\"}\n" GROUP(
	                       "contract_service", "W1",
	                       "C01") "\"contract_id\":\"ref:K1\",\"item\":"
	                              "\"PRESSURE\","
	                              "\"done_on\":\"2026-04-20\"}\n"),
	    API_DONE);
}

static size_t
printed(const struct room *r, const char *kind)
{
	size_t i, count = 0;

	for (i = 0; i < json_array_size(r->lines); i++) {
		const json_t *item =
		    json_object_get(json_array_get(r->lines, i), "item");
		const char *of = json_string_value(
		    json_object_get(json_object_get(item, "record"), "kind"));

		count += of != NULL && strcmp(of, kind) == 0;
	}
	return count;
}

/* What was done under her contract is hers as well. */
static void
test_a_print_holds_the_services(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	import_service(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "printed", "ref", "R1"), NULL),
	    API_DONE);
	assert_int_equal(printed(r, "contract"), 1);
	assert_int_equal(printed(r, "contract_service"), 1);
}

static void
import_asked(struct room *r)
{
	assert_int_equal(
	    ask_as(r, ADMIN_UID, op("import"),
	        GROUP("consult", "C1",
	            "C01") "\"state\":\"requested\",\"resident_id\":\"ref:R1\","
	                   "\"from_org\":\"ref:C01\",\"to_org\":\"ref:C02\","
	                   "\"question\":\"?\"}\n" GROUP("exam_request", "Q1",
	                       "C01") "\"state\":\"sent\",\"resident_id\":"
	                              "\"ref:R1\","
	                              "\"to_org\":\"ref:C02\",\"modality\":"
	                              "\"ecg\"}\n" GROUP("recognition", "G1",
	                                  "C01") "\"earlier_report_id\":\"ref:"
	                                         "P1\","
	                                         "\"resident_id\":\"ref:R1\","
	                                         "\"item_code\":\"K\","
	                                         "\"decision\":\"recognised\"}"
	                                         "\n"),
	    API_DONE);
}

/* Nor are questions to another doctor, examinations and whose result was used
 * left out. */
static void
test_a_print_holds_what_was_asked(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	import_asked(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "printed", "ref", "R1"), NULL),
	    API_DONE);
	assert_int_equal(printed(r, "consult"), 1);
	assert_int_equal(printed(r, "exam_request"), 1);
	assert_int_equal(printed(r, "recognition"), 1);
}

static void
test_a_service_shown_is_a_reading(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	import_service(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("contract_service", "W1"), NULL),
	    API_DONE);
	assert_int_equal(audits(r, "resident_id", "ref:R1"), 1);
	assert_int_equal(ask_as(r, DOCTOR_UID,
	                     json_pack("{s:s, s:s}", "op", "list", "kind",
	                         "contract_service"),
	                     NULL),
	    API_DONE);
	assert_int_equal(audits(r, "note", "list contract_service"), 1);
}

/* --- linked entries ------------------------------------------------------ */

static void
link_two(struct room *r)
{
	import_two_alike(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, op("import"),
	        GROUP("encounter", "E9",
	            "C01") "\"state\":\"signed\",\"type\":\"phone\","
	                   "\"resident_id\":\"ref:R9\","
	                   "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s, s:s, s:s, s:s}", "op", "decide", "id",
	            "1", "choice", "link", "reason", "one person", "by", "S1"),
	        NULL),
	    API_DONE);
}

/* Beside an entry stand the allergies of those linked to it. */
static void
test_what_is_shown_of_a_linked_entry_is_read(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	link_two(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("resident", "R8"), NULL), API_DONE);
	assert_int_equal(audits(r, "resident_id", "ref:R8"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R9"), 1);
}

/* The record of a person is all that is about him. */
static void
test_a_print_holds_linked_entries(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	link_two(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "printed", "ref", "R8"), NULL),
	    API_DONE);
	assert_int_equal(printed(r, "resident"), 2);
	assert_int_equal(printed(r, "encounter"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R9"), 1);
}

static void
test_who_looked_knows_linked_entries(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	link_two(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("encounter", "E9"), NULL), API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "who_looked", "ref", "R8"), NULL),
	    API_DONE);
	/* The doctor's, and this one of both entries. */
	assert_int_equal(count_lines(r, "item"), 3);
}

static int
import_from(struct room *r, const char *source, const char *text)
{
	struct text_input in = {text, 0, 0};
	struct api_input input = {.read = feed_text, .context = &in};

	return ask_with(r,
	    json_pack("{s:s, s:s}", "op", "import", "source", source), &input);
}

static const char *
first_ref(const struct room *r)
{
	return json_string_value(json_object_get(
	    json_object_get(json_array_get(r->lines, 0), "record"), "ref"));
}

/* Another program's R9, which came first, is another person. */
static void
test_a_link_shown_is_a_reading_of_both(void **state)
{
	struct room *r = *state;
	char ref[64];

	require_sign_in(r);
	assert_int_equal(
	    import_from(r, "first",
	        GROUP("resident", "R9",
	            "C01") "\"name\":\"别人\","
	                   "\"sex\":\"1\",\"no_id_reason\":\"lost\","
	                   "\"managing_org_id\":\"ref:C01\"}\n"),
	    API_DONE);
	link_two(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "list", "kind", "link"), NULL),
	    API_DONE);
	snprintf(ref, sizeof ref, "%s", first_ref(r));
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("link", ref), NULL), API_DONE);
	assert_int_equal(audits(r, "resident_id", "ref:R8"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R9"), 1);
	assert_int_equal(audits(r, "source", "first"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ROOM(test_questions_leave_a_reading),
	    WITH_ROOM(test_questions_about_nobody_are_no_reading),
	    WITH_ROOM(test_a_question_is_a_reading_of_both),
	    WITH_ROOM(test_a_list_by_name_is_a_reading),
	    WITH_ROOM(test_a_list_of_many_of_a_name_is_one_note),
	    WITH_ROOM(test_signing_out_hides_no_reading),
	    WITH_ROOM(test_a_name_that_is_only_said_hides_no_reading),
	    WITH_ROOM(test_a_print_holds_the_services),
	    WITH_ROOM(test_a_print_holds_what_was_asked),
	    WITH_ROOM(test_a_service_shown_is_a_reading),
	    WITH_ROOM(test_what_is_shown_of_a_linked_entry_is_read),
	    WITH_ROOM(test_a_print_holds_linked_entries),
	    WITH_ROOM(test_who_looked_knows_linked_entries),
	    WITH_ROOM(test_a_link_shown_is_a_reading_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
