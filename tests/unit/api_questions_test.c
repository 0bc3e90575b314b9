/* api_questions: what waits for a person, as it is shown to him, and in whose
 * name he decides.
 */

#include "store/question.h"
#include "tests/unit/api_people_room.h"

#define CARD                                                                   \
	"\"name\":\"李娜\",\"sex\":\"1\",\"birth_date\":\"1980-01-01\","     \
	"\"id_type\":\"01\",\"id_no\":\"519901198001010017\","                 \
	"\"managing_org_id\":\"ref:C01\"}\n"

static void
test_who_is_signed_in_need_not_say_who_he_is(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	assert_int_equal(ask_as(r, ADMIN_UID, op("import"),
	                     LIKE("R8", "13") LIKE("R9", "13")),
	    API_DONE);
	assert_int_equal(ask_as(r, ADMIN_UID, op("questions"), NULL), API_DONE);
	assert_string_equal(
	    json_string_value(json_object_get(
	        json_object_get(json_array_get(r->lines, 0), "item"),
	        "decides_as")),
	    "S1");
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s, s:s, s:s}", "op", "decide", "id", "1",
	            "choice", "refuse", "reason", "two people"),
	        NULL),
	    API_DONE);
}

/* Each with its org by name, and no word of the sources that nodes draw. */
static void
test_two_entries_stand_side_by_side(void **state)
{
	struct room *r = *state;
	const json_t *item, *entries;

	furnish(r);
	assert_int_equal(
	    ask_as(r, 0, op("import"), LIKE("R8", "13") LIKE("R9", "13")),
	    API_DONE);
	assert_int_equal(ask_as(r, OTHER_UID, op("questions"), NULL), API_DONE);
	item = json_object_get(json_array_get(r->lines, 0), "item");
	assert_null(json_object_get(item, "decides_as"));
	assert_string_equal(
	    json_string_value(json_object_get(item, "org")), "C01");
	assert_string_equal(
	    json_string_value(json_object_get(item, "org_name")), "甲");
	entries = json_object_get(
	    json_array_get(json_object_get(item, "choices"), 0), "entries");
	assert_int_equal(json_array_size(entries), 2);
	assert_string_equal(json_string_value(json_object_get(
	                        json_array_get(entries, 1), "ref")),
	    "R9");
	assert_string_equal(json_string_value(json_object_get(
	                        json_array_get(entries, 1), "org_name")),
	    "甲");
	assert_true(json_is_true(json_object_get(
	    json_object_get(
	        json_array_get(json_object_get(item, "choices"), 0), "agrees"),
	    "phone")));
}

/* What the group linked by itself is announced to who does not ask for
 * warnings. */
static void
test_what_was_linked_by_number_is_announced(void **state)
{
	struct room *r = *state;

	furnish(r);
	assert_int_equal(ask_as(r, 0, op("import"),
	                     GROUP("resident", "R8", "C01")
	                         CARD GROUP("resident", "R9", "C01") CARD),
	    API_DONE);
	assert_int_equal(ask_as(r, OTHER_UID, op("questions"), NULL), API_DONE);
	assert_int_equal(count_lines(r, "item"), 0);
	assert_int_equal(number(r, "linked"), 1);
}

/* And so are, for a month, files that contracts opened. */
static void
test_files_that_contracts_opened_are_announced(void **state)
{
	struct room *r = *state;
	struct question q = {
	    .type = QUESTION_WARNING, .code = FINDING_FILE_OPENED};
	enum { DAY = 24 * 60 * 60 };
	struct txn *t;
	int days;

	furnish(r);
	assert_int_equal(
	    db_begin(store_db(direct_api(r->direct)->store), true, &t), ERR_OK);
	for (days = 1; days <= 61; days += 20) {
		snprintf(q.kind, sizeof q.kind, "contract");
		snprintf(q.ref, sizeof q.ref, "K%d", days);
		q.at = api_now() - (int64_t)days * DAY;
		assert_int_equal(question_put(t, &q), ERR_OK);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(ask_as(r, OTHER_UID, op("questions"), NULL), API_DONE);
	assert_int_equal(count_lines(r, "item"), 0);
	assert_int_equal(number(r, "opened"), 2);
	assert_int_equal(
	    ask_as(r, OTHER_UID,
	        json_pack("{s:s, s:b}", "op", "questions", "warnings", 1),
	        NULL),
	    API_DONE);
	assert_int_equal(count_lines(r, "item"), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ROOM(test_who_is_signed_in_need_not_say_who_he_is),
	    WITH_ROOM(test_two_entries_stand_side_by_side),
	    WITH_ROOM(test_what_was_linked_by_number_is_announced),
	    WITH_ROOM(test_files_that_contracts_opened_are_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
