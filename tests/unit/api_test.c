/* api: what both doors promise: every answer ends in "done" with the exit
 * code of the contract, and nothing is claimed that did not happen. */

#include <sys/stat.h>

#include "api/form.h"
#include "tests/unit/api_room.h"

/* --- init -------------------------------------------------------------- */

static void
test_api_refuses_what_it_does_not_know(void **state)
{
	struct room *r = *state;

	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "nonsense")), API_USAGE);
	assert_int_equal(ask(r, json_object()), API_USAGE);
	assert_int_equal(
	    json_integer_value(json_object_get(done(r), "exit")), API_USAGE);
}

static void
test_api_says_not_enrolled_without_a_store(void **state)
{
	static const char *const ops[] = {"import", "export", "status", "sites",
	    "questions", "verify", "sync"};
	struct room *r = *state;
	size_t i;

	for (i = 0; i < sizeof ops / sizeof ops[0]; i++)
		assert_int_equal(
		    ask(r, json_pack("{s:s}", "op", ops[i])), API_NOT_ENROLLED);
}

static void
test_api_init_happens_once(void **state)
{
	struct room *r = *state;
	json_t *first;

	init(r, "clinic");
	first = json_deep_copy(summary(r));
	assert_string_equal(
	    json_string_value(json_object_get(first, "role")), "clinic");
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "init", "role", "hub")),
	    API_FAILED);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	assert_true(json_equal(json_object_get(first, "node"),
	    json_object_get(summary(r), "node")));
	json_decref(first);
}

static void
test_api_init_refuses_other_roles(void **state)
{
	struct room *r = *state;

	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "init", "role", "relay")),
	    API_USAGE);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "init", "role", "king")),
	    API_USAGE);
	init(r, "clinic"); /* they changed nothing */
}

static void
test_api_hub_gives_away_its_root_key(void **state)
{
	struct room *r = *state;
	char path[SCRATCH_PATH_BYTES];
	struct buffer text = {0};
	uint8_t secret[64];
	struct stat st;

	init(r, "hub");
	scratch_path(path, r->dir, "group-root.key");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	scratch_read(path, &text);
	assert_int_equal(text.size, 129);
	text.data[128] = '\0';
	assert_int_equal(
	    hex_decode(secret, sizeof secret, (const char *)text.data), ERR_OK);
	buffer_free(&text);
}

/* The key of another group may be the only copy there is. */
static void
test_api_hub_spares_a_root_key_that_lies_there(void **state)
{
	struct room *r = *state;
	char path[SCRATCH_PATH_BYTES];
	struct buffer text = {0};

	scratch_path(path, r->dir, "group-root.key");
	scratch_write(path, "precious", 8);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "init", "role", "hub")),
	    API_FAILED);
	scratch_read(path, &text);
	assert_int_equal(text.size, 8);
	buffer_free(&text);
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "status")), API_NOT_ENROLLED);
}

static void
test_api_invites_at_a_hub_only(void **state)
{
	struct room *r = *state;
	const char *code;

	init(r, "hub");
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:[]}", "op", "invite", "orgs")),
	    API_USAGE);
	assert_int_equal(ask(r, json_pack("{s:s, s:[s, s]}", "op", "invite",
	                            "orgs", "ref:C01", "V0101")),
	    API_DONE);
	code = json_string_value(json_object_get(summary(r), "code"));
	assert_true(form_code_is_valid(code));
	assert_false(form_code_is_valid("0017F1-HBYXMR"));
	assert_int_equal(strlen(json_string_value(
	                     json_object_get(summary(r), "expires_at"))),
	    25);
}

static void
test_api_clinic_neither_invites_nor_has_sites(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:[s]}", "op", "invite", "orgs", "C01")),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "sites")), API_NOT_ALLOWED);
}

static void
test_api_sync_never_says_done_before_joining(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "sync")), API_NOT_ENROLLED);
	assert_string_equal(
	    json_string_value(json_object_get(summary(r), "state")), "failed");
}

static void
test_api_join_wants_a_code_and_an_address(void **state)
{
	struct room *r = *state;

	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "join",
	                            "code", "XXXX", "hub", "127.0.0.1:1")),
	    API_USAGE);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")),
	    API_NOT_ENROLLED); /* no store was made for nothing */
}

static int
invite(struct room *r, const char *org, const char *name)
{
	return ask(r, json_pack("{s:s, s:[s], s:s}", "op", "invite", "orgs",
	                  org, "name", name));
}

static void
test_api_invite_refuses_names_no_certificate_holds(void **state)
{
	static const char *const orgs[] = {
	    "", "ref:", "C01 C02", "C01\t", "C\u3000"};
	struct room *r = *state;
	char text[66];
	size_t i;

	init(r, "hub");
	memset(text, 'n', 65);
	text[65] = '\0';
	for (i = 0; i < sizeof orgs / sizeof orgs[0]; i++)
		assert_int_equal(invite(r, orgs[i], ""), API_USAGE);
	assert_int_equal(invite(r, text, ""), API_USAGE);
	assert_int_equal(invite(r, "C01", text), API_USAGE);
	text[64] = '\0';
	assert_int_equal(invite(r, text, text), API_DONE);
}

static void
test_api_hub_joins_no_other(void **state)
{
	struct room *r = *state;
	char code[64];

	init(r, "hub");
	assert_int_equal(invite(r, "C01", ""), API_DONE);
	snprintf(code, sizeof code, "%s",
	    json_string_value(json_object_get(summary(r), "code")));
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "join", "code", code)),
	    API_FAILED);
}

/* --- records ----------------------------------------------------------- */

static void
test_api_import_counts_every_line_once(void **state)
{
	static const char text[] = DEVICE("D1")
	    DEVICE("D2") "{\"kind\":\"device\"}\n" DEVICE("D1") "nonsense";
	struct room *r = *state;
	size_t piece;

	init(r, "clinic");
	assert_int_equal(import_text(r, text, 0), API_PARTLY);
	assert_int_equal(number(r, "new"), 2);
	assert_int_equal(number(r, "unchanged"), 1);
	assert_int_equal(number(r, "refused"), 2);
	for (piece = 1; piece < 40; piece += 13) {
		assert_int_equal(import_text(r, text, piece), API_PARTLY);
		assert_int_equal(number(r, "new"), 0);
		assert_int_equal(number(r, "unchanged"), 3);
	}
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	assert_int_equal(number(r, "changes"), 2);
	assert_int_equal(number(r, "saved_here"), 2);
	assert_int_equal(number(r, "at_parent"), 0);
	assert_int_equal(number(r, "questions"), 2);
}

static void
test_api_import_tells_where_and_how_to_mend(void **state)
{
	struct room *r = *state;
	const json_t *notice;

	init(r, "clinic");
	assert_int_equal(import_text(r, "\nnonsense\n", 0), API_PARTLY);
	notice = json_object_get(json_array_get(r->lines, 1), "notice");
	assert_int_equal(
	    json_integer_value(json_object_get(notice, "line")), 2);
	assert_true(json_is_true(json_object_get(notice, "refused")));
	assert_true(json_is_string(json_object_get(notice, "mend")));
}

static long
read_error(void *context, void *out, size_t size)
{
	(void)context;
	(void)out;
	(void)size;
	return -1;
}

static void
test_api_import_fails_when_its_input_does(void **state)
{
	struct room *r = *state;
	struct api_input input = {.read = read_error, .context = NULL};

	init(r, "clinic");
	assert_int_equal(
	    ask_with(r, json_pack("{s:s}", "op", "import"), &input),
	    API_FAILED);
	assert_int_equal(number(r, "refused"), 0);
}

static json_t *
add_request(const char *class)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}}", "op", "add",
	    "kind", "device", "by", "ref:S1", "org", "C01", "fields", "class",
	    class, "owner_org_id", "ref:C01");
}

static void
test_api_add_show_amend(void **state)
{
	struct room *r = *state;
	const json_t *record;
	char ref[80];

	init(r, "clinic");
	assert_int_equal(ask(r, add_request("ecg")), API_DONE);
	snprintf(ref, sizeof ref, "%s",
	    json_string_value(json_object_get(summary(r), "ref")));
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:n}}", "op",
	               "amend", "kind", "device", "ref", ref, "by", "S1",
	               "fields", "class", "dr", "model")),
	    API_DONE); /* for the record's own org */
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "op",
	                            "amend", "kind", "device", "ref", ref, "by",
	                            "S1", "fields", "class", "spaceship")),
	    API_FAILED);
	assert_true(count_lines(r, "notice") > 0);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "op",
	               "amend", "kind", "device", "ref", ref, "fields", "kind",
	               "device", "by", "ref:S1", "org_id", "ref:C01", "class",
	               "dr")),
	    API_DONE);
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "show",
	                            "kind", "device", "ref", ref)),
	    API_DONE);
	record = json_object_get(json_array_get(r->lines, 0), "record");
	assert_string_equal(
	    json_string_value(json_object_get(record, "class")), "dr");
	assert_string_equal(
	    json_string_value(json_object_get(record, "org_id")), "ref:C01");
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "show",
	                            "kind", "devise", "ref", ref)),
	    API_USAGE);
}

static void
test_api_add_refuses_what_does_not_fit(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(ask(r, add_request("spaceship")), API_FAILED);
	assert_true(count_lines(r, "notice") > 0);
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:{}}", "op", "add",
	                            "kind", "device", "fields")),
	    API_USAGE); /* by whom? */
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s, s:{}}", "op", "add",
	                            "kind", "devise", "by", "S1", "fields")),
	    API_USAGE);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s, s:s, s:{s:s}}", "op", "add", "kind",
	               "device", "by", "S1", "fields", "kind", "loan")),
	    API_USAGE);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	assert_int_equal(number(r, "changes"), 0);
}

static void
test_api_show_says_what_is_not_there(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "show",
	                            "kind", "device", "ref", "D9")),
	    API_FAILED);
}

/* Signed or issued so many days ago, by the clock that the store goes by. */
static int
import_waiting(struct room *r, const char *kind, const char *more, int days)
{
	char at[26], text[1024];

	assert_int_equal(
	    instant_print(api_now() - INT64_C(86400) * days, at), ERR_OK);
	snprintf(text, sizeof text,
	    "{\"kind\":\"%s\",\"ref\":\"%s%d\",\"by\":\"ref:S1\","
	    "\"at\":\"%s\",\"org_id\":\"ref:C01\","
	    "\"resident_id\":\"ref:R1\",%s\"%s\"}\n",
	    kind, kind, days, at, more, at);
	return import_text(r, text, 0);
}

static bool
is_asked(struct room *r, const char *code, const char *ref)
{
	size_t i;

	for (i = 0; i < json_array_size(r->lines); i++) {
		const json_t *q =
		    json_object_get(json_array_get(r->lines, i), "item");
		const char *its = json_string_value(json_object_get(q, "ref"));

		if (its != NULL && strcmp(its, ref) == 0)
			return strcmp(json_string_value(
			                  json_object_get(q, "code")),
			           code) == 0 &&
			       strcmp(json_string_value(
			                  json_object_get(q, "type")),
			           "due") == 0;
	}
	return false;
}

static void
test_api_questions_tell_what_is_due(void **state)
{
	static const char report[] =
	    "\"exam_request_id\":\"ref:Q1\",\"doctor\":\"ref:S1\","
	    "\"critical\":true,\"signed_at\":";
	static const char referral[] =
	    "\"state\":\"issued\",\"direction\":\"down\","
	    "\"from_org\":\"ref:H01\",\"to_org\":\"ref:C01\","
	    "\"issued_at\":";
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(import_waiting(r, "exam_report", report, 1), API_DONE);
	assert_int_equal(import_waiting(r, "referral", referral, 3), API_DONE);
	assert_int_equal(import_waiting(r, "referral", referral, 20), API_DONE);
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "questions")), API_DONE);
	assert_int_equal(count_lines(r, "item"), 3);
	assert_true(is_asked(r, "unacknowledged", "exam_report1"));
	assert_true(is_asked(r, "followup_due", "referral3"));
	assert_true(is_asked(r, "followup_missed", "referral20"));
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "status")), API_DONE);
	assert_int_equal(number(r, "questions"), 3);
}

#define LENT(ref, to)                                                          \
	"{\"kind\":\"loan\",\"ref\":\"" ref                                    \
	"\",\"by\":\"ref:S1\",\"at\":\"2026-05-01T08:00:00+08:00\","           \
	"\"org_id\":\"ref:C01\",\"state\":\"received\","                       \
	"\"device_id\":\"ref:D1\",\"lender\":\"ref:H01\","                     \
	"\"borrower\":\"ref:C01\",\"planned_to\":\"" to "T08:00:00+08:00\"}\n"

static const char *
today_of(struct room *r, size_t index)
{
	return json_string_value(
	    json_object_get(json_array_get(r->lines, index), "today"));
}

static void
test_api_says_what_today_makes_of_a_record(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    import_text(
	        r, LENT("L1", "2026-05-02") LENT("L2", "9998-05-02"), 0),
	    API_DONE);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "list", "kind", "loan")),
	    API_DONE);
	assert_int_equal(count_lines(r, "record"), 2);
	assert_string_equal(today_of(r, 0), "overdue");
	assert_null(today_of(r, 1));
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "show",
	                            "kind", "loan", "ref", "L1")),
	    API_DONE);
	assert_string_equal(today_of(r, 0), "overdue");
	/* What is handed on is what was said. */
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "export", "kind", "loan")),
	    API_DONE);
	assert_null(today_of(r, 0));
}

#define ENTERED(ref, more)                                                     \
	"{\"kind\":\"resident\",\"ref\":\"" ref                                \
	"\",\"by\":\"ref:S1\",\"at\":\"2026-05-01T08:00:00+08:00\","           \
	"\"org_id\":\"ref:C01\",\"name\":\"张伟\",\"sex\":\"1\","            \
	"\"no_id_reason\":\"lost\"" more "}\n"

/* Until the group confirms an entry that is said wherever it is shown, whatever
 * the clock, and by no word in the record. */
static void
test_an_entry_is_provisional_until_it_is_confirmed(void **state)
{
	struct room *r = *state;

	init(r, "hub");
	assert_int_equal(
	    import_text(r,
	        ENTERED("R1", "") ENTERED("R2", ",\"state\":\"confirmed\""), 0),
	    API_DONE);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "list", "kind", "resident")),
	    API_DONE);
	assert_string_equal(today_of(r, 0), "provisional");
	assert_null(today_of(r, 1));
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "list",
	                            "kind", "resident", "name", "张伟")),
	    API_DONE);
	assert_string_equal(today_of(r, 0), "provisional");
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:s}", "op", "show",
	                            "kind", "resident", "ref", "R1")),
	    API_DONE);
	assert_string_equal(today_of(r, 0), "provisional");
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "export", "kind", "resident")),
	    API_DONE);
	assert_null(today_of(r, 0));
}

static void
test_api_list_keeps_its_limit(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    import_text(r, DEVICE("D1") DEVICE("D2") DEVICE("D3"), 0),
	    API_DONE);
	assert_int_equal(ask(r, json_pack("{s:s, s:s, s:i}", "op", "list",
	                            "kind", "device", "limit", 2)),
	    API_DONE);
	assert_int_equal(count_lines(r, "record"), 2);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "export", "kind", "loan")),
	    API_DONE);
	assert_int_equal(count_lines(r, "record"), 0);
	assert_int_equal(
	    ask(r, json_pack("{s:s, s:s}", "op", "export", "kind", "lone")),
	    API_USAGE);
}

static void
test_api_stops_when_the_reader_is_gone(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    import_text(r, DEVICE("D1") DEVICE("D2") DEVICE("D3"), 0),
	    API_DONE);
	r->lines_wanted = 1;
	assert_int_equal(
	    ask(r, json_pack("{s:s}", "op", "export")), API_FAILED);
	assert_int_equal(count_lines(r, "record"), 1);
}

static void
test_api_verify_finds_a_sound_store_sound(void **state)
{
	struct room *r = *state;

	init(r, "clinic");
	assert_int_equal(
	    import_text(r, DEVICE("D1") DEVICE("D2"), 0), API_DONE);
	assert_int_equal(ask(r, json_pack("{s:s}", "op", "verify")), API_DONE);
	assert_int_equal(number(r, "changes"), 2);
	assert_int_equal(number(r, "changes"), 2);
	assert_int_equal(number(r, "bad_values"), 0);
	assert_int_equal(number(r, "bad_logs"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ROOM(test_api_refuses_what_it_does_not_know),
	    WITH_ROOM(test_api_says_not_enrolled_without_a_store),
	    WITH_ROOM(test_api_init_happens_once),
	    WITH_ROOM(test_api_init_refuses_other_roles),
	    WITH_ROOM(test_api_hub_gives_away_its_root_key),
	    WITH_ROOM(test_api_hub_spares_a_root_key_that_lies_there),
	    WITH_ROOM(test_api_invites_at_a_hub_only),
	    WITH_ROOM(test_api_clinic_neither_invites_nor_has_sites),
	    WITH_ROOM(test_api_sync_never_says_done_before_joining),
	    WITH_ROOM(test_api_join_wants_a_code_and_an_address),
	    WITH_ROOM(test_api_invite_refuses_names_no_certificate_holds),
	    WITH_ROOM(test_api_hub_joins_no_other),
	    WITH_ROOM(test_api_import_counts_every_line_once),
	    WITH_ROOM(test_api_import_tells_where_and_how_to_mend),
	    WITH_ROOM(test_api_import_fails_when_its_input_does),
	    WITH_ROOM(test_api_add_show_amend),
	    WITH_ROOM(test_api_add_refuses_what_does_not_fit),
	    WITH_ROOM(test_api_show_says_what_is_not_there),
	    WITH_ROOM(test_api_questions_tell_what_is_due),
	    WITH_ROOM(test_api_says_what_today_makes_of_a_record),
	    WITH_ROOM(test_an_entry_is_provisional_until_it_is_confirmed),
	    WITH_ROOM(test_api_list_keeps_its_limit),
	    WITH_ROOM(test_api_stops_when_the_reader_is_gone),
	    WITH_ROOM(test_api_verify_finds_a_sound_store_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
