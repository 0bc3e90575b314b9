/* api_people: who may do what, in whose name it is written, and that readings
 * are noted, through the operations.
 */

#include "api/people.h"
#include "store/pin.h"
#include "tests/unit/api_room.h"

enum { DOCTOR_UID = 4001, ADMIN_UID = 4002, OTHER_UID = 4003 };

#define GROUP(kind, ref, org)                                                  \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","        \
	"\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:" org "\","

static const char reference[] = GROUP("org", "C01",
    "C01") "\"name\":\"甲\",\"level\":\"township\"}\n" GROUP("org", "C02",
    "C01") "\"name\":\"乙\",\"level\":\"township\"}\n" GROUP("staff", "S1",
    "C01") "\"name\":\"管\",\"role\":\"group_admin\","
           "\"home_org_id\":\"ref:C01\"}\n" GROUP("staff", "S2",
               "C01") "\"name\":\"医\",\"role\":\"nurse\","
                      "\"roles\":[\"doctor\"],\"home_org_id\":\"ref:C01\"}"
                      "\n" GROUP("staff", "S3",
                          "C01") "\"name\":\"审\",\"roles\":[\"auditor\"],"
                                 "\"home_org_id\":\"ref:C01\"}\n" GROUP("staff",
                                     "S4",
                                     "C01") "\"name\":\"走\",\"status\":"
                                            "\"left\","
                                            "\"home_org_id\":\"ref:C01\"}"
                                            "\n" GROUP("staff", "S5",
                                                "C01") "\"name\":\"长\","
                                                       "\"role\":\"head\","
                                                       "\"home_org_id\":\"ref:"
                                                       "C01\"}\n" GROUP(
                                                           "practice_site",
                                                           "P1",
                                                           "C01") "\"staff_"
                                                                  "id\":\"ref:"
                                                                  "S2\","
                                                                  "\"valid_"
                                                                  "from\":"
                                                                  "\"2020-01-"
                                                                  "01\"}"
                                                                  "\n" GROUP(
                                                                      "residen"
                                                                      "t",
                                                                      "R1",
                                                                      "C01") "\"name\":\"张伟\",\"sex\":\"1\","
                                                                             "\"no_id_reason\":\"lost\",\"managing_org_id\":\"ref:C01\"}\n" GROUP(
                                                                                 "encounter",
                                                                                 "E1",
                                                                                 "C01") "\"state\":\"signed\","
                                                                                        "\"type\":\"phone\",\"resident_id\":\"ref:R1\","
                                                                                        "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n";

static int
ask_as(struct room *r, uint32_t uid, json_t *request, const char *secret)
{
	struct text_input in = {secret == NULL ? "" : secret, 0, 0};
	struct api_input input = {.read = feed_text, .context = &in};
	struct api_sink sink = {keep_line, r};
	int exit_code;

	assert_non_null(request);
	json_decref(r->lines);
	r->lines = json_array();
	exit_code =
	    api_run_for(direct_api(r->direct), uid, request, &input, &sink);
	json_decref(request);
	return exit_code;
}

static json_t *
op(const char *name)
{
	return json_pack("{s:s}", "op", name);
}

static json_t *
of_staff(const char *name, const char *staff)
{
	return json_pack("{s:s, s:s}", "op", name, "staff", staff);
}

static json_t *
show(const char *kind, const char *ref)
{
	return json_pack(
	    "{s:s, s:s, s:s}", "op", "show", "kind", kind, "ref", ref);
}

static const char *
said(const struct room *r, const char *name)
{
	return json_string_value(json_object_get(summary(r), name));
}

static void
furnish(struct room *r)
{
	init(r, "hub");
	assert_int_equal(import_text(r, reference, 0), API_DONE);
}

/* S1 group administrator, S2 doctor, S3 auditor; signing in is required. */
static void
require_sign_in(struct room *r)
{
	furnish(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S2"), "doctor2\n"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("sign_in", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:b}", "op", "staff_require", "required", 1),
	        NULL),
	    API_DONE);
}

static void
sign_in_doctor(struct room *r)
{
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("sign_in", "S2"), "doctor2"),
	    API_DONE);
	assert_string_equal(said(r, "signed_in"), "S2");
	assert_string_equal(said(r, "acting_org"), "C01");
}

static size_t
audits(struct room *r, const char *member, const char *value)
{
	size_t i, count = 0;

	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "list", "kind", "audit"), NULL),
	    API_DONE);
	for (i = 0; i < json_array_size(r->lines); i++) {
		const char *text = json_string_value(json_object_get(
		    json_object_get(json_array_get(r->lines, i), "record"),
		    member));

		if (text != NULL && strcmp(text, value) == 0)
			count++;
	}
	return count;
}

/* --- roles ------------------------------------------------------------- */

static void
test_every_operation_is_in_the_table(void **state)
{
	size_t i;

	for (i = 0; api_operation(i) != NULL; i++)
		if (!role_is_listed(api_operation(i)))
			fail_msg(
			    "%s has no row in api/role.c", api_operation(i));
	assert_true(i > 20);
	/* What a newer part offers is for administrators. */
	assert_int_equal(roles_for("something_new"), ROLES_ADMIN);
}

static void
test_who_may_do_what(void **state)
{
	static const struct {
		const char *operation;
		unsigned may; /* of the four */
		bool without;
	} table[] = {
	    {"show", 15, false},
	    {"list", 15, false},
	    {"questions", 15, false},
	    {"printed", 15, false},
	    {"who_looked", 15, false},
	    {"act_for", 15, false},
	    {"add", 7, false},
	    {"amend", 7, false},
	    {"import", 7, false},
	    {"export", 14, false},
	    {"sites", 14, false},
	    {"decide", 6, false},
	    {"join", 6, false},
	    {"invite", 4, false},
	    {"revoke", 4, false},
	    {"train_dictionary", 4, false},
	    {"status", 15, true},
	    {"sync", 15, true},
	    {"verify", 15, true},
	    {"sign_in", 15, true},
	    {"whoami", 15, true},
	};
	size_t i;
	unsigned role;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		unsigned roles = roles_for(table[i].operation);
		bool without = (roles & ROLE_ANYONE) != 0;

		assert_int_equal(without, table[i].without);
		for (role = ROLE_DOCTOR; role <= ROLE_AUDITOR; role *= 2)
			if ((without || (roles & role) != 0) !=
			    ((table[i].may & role) != 0))
				fail_msg(
				    "%s, role %u", table[i].operation, role);
	}
}

static void
test_roles_follow_from_the_staff_record(void **state)
{
	static const struct {
		const char *fields;
		unsigned roles;
	} cases[] = {
	    {"{\"role\":\"village_doctor\"}", ROLE_DOCTOR},
	    {"{\"role\":\"head\"}", ROLE_DOCTOR | ROLE_CLINIC_ADMIN},
	    {"{\"role\":\"group_admin\"}", ROLE_GROUP_ADMIN},
	    {"{\"role\":\"driver\"}", 0},
	    {"{}", 0},
	    {"{\"role\":\"group_admin\",\"roles\":[\"doctor\"]}", ROLE_DOCTOR},
	    {"{\"role\":\"group_admin\",\"roles\":[]}", 0},
	    {"{\"roles\":[\"auditor\",\"of a newer version\"]}", ROLE_AUDITOR},
	    {"{\"roles\":[7]}", 0},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *fields = json_loads(cases[i].fields, 0, NULL);

		assert_int_equal(roles_of(fields), cases[i].roles);
		json_decref(fields);
	}
}

/* --- the gate ---------------------------------------------------------- */

static void
test_without_pins_everything_is_as_before(void **state)
{
	struct room *r = *state;

	furnish(r);
	assert_int_equal(
	    ask_as(r, OTHER_UID, show("resident", "R1"), NULL), API_DONE);
	assert_int_equal(ask_as(r, OTHER_UID, op("export"), NULL), API_DONE);
	assert_int_equal(audits(r, "kind", "audit"), 0);
	assert_int_equal(ask_as(r, OTHER_UID,
	                     json_pack("{s:s, s:b, s:b}", "op", "staff_require",
	                         "required", 1, "as_owner", 1),
	                     NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, 0,
	                     json_pack("{s:s, s:b, s:b}", "op", "staff_require",
	                         "required", 1, "as_owner", 1),
	                     NULL),
	    API_FAILED); /* nobody could sign in */
}

static void
test_nobody_gets_in_without_signing_in(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	assert_int_equal(ask_as(r, OTHER_UID, show("resident", "R1"), NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(count_lines(r, "record"), 0);
	assert_int_equal(
	    ask_as(r, OTHER_UID, op("export"), NULL), API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, op("import"), DEVICE("D1")), API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, OTHER_UID, op("status"), NULL), API_DONE);
	assert_int_equal(ask_as(r, OTHER_UID, op("whoami"), NULL), API_DONE);
	/* At night the clinic's software runs as the store's owner. */
	assert_int_equal(ask_as(r, 0, op("import"), DEVICE("D1")), API_DONE);
	assert_int_equal(
	    ask_as(r, 0, show("resident", "R1"), NULL), API_NOT_ALLOWED);
	/* That another is signed in helps nobody. */
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("resident", "R1"), NULL), API_DONE);
	assert_int_equal(ask_as(r, OTHER_UID, show("resident", "R1"), NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, DOCTOR_UID, op("sign_out"), NULL), API_DONE);
	assert_int_equal(ask_as(r, DOCTOR_UID, show("resident", "R1"), NULL),
	    API_NOT_ALLOWED);
}

static void
test_roles_are_kept_to(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, op("export"), NULL), API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:[s]}", "op", "invite", "orgs", "C01"), NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, DOCTOR_UID,
	                     json_pack("{s:s, s:s, s:{s:s}}", "op", "add",
	                         "kind", "staff", "fields", "name", "x"),
	                     NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:b}", "op", "staff_require", "required", 0),
	        NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, ADMIN_UID, op("export"), NULL), API_DONE);
}

static void
test_who_left_gets_in_no_more(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S4"), "gone44"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S4"), "gone44"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S99"), "gone44"),
	    API_FAILED);
	/* Also who leaves while signed in. */
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s, s:s, s:{s:s}}", "op", "amend", "kind",
	            "staff", "ref", "S2", "fields", "status", "left"),
	        NULL),
	    API_DONE);
	assert_int_equal(ask_as(r, DOCTOR_UID, show("resident", "R1"), NULL),
	    API_NOT_ALLOWED);
}

/* --- PINs -------------------------------------------------------------- */

static void
test_who_may_set_a_pin(void **state)
{
	struct room *r = *state;
	json_t *as_owner = json_pack(
	    "{s:s, s:s, s:b}", "op", "staff_pin", "staff", "S2", "as_owner", 1);

	require_sign_in(r);
	/* Nobody for a stranger, nor the first one, once it is required. */
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S2"), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S3"), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, json_deep_copy(as_owner), "stolen1"),
	    API_NOT_ALLOWED);
	/* A doctor his own. */
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S1"), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"), "short"),
	    API_USAGE);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"), "doctor3"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S2"), "doctor2"),
	    API_NOT_ALLOWED);
	assert_int_equal(number(r, "tries_left"), PIN_TRIES_MAX - 1);
	/* A clinic's administrator none of the group's administrator. */
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S5"), "head55"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S5"), "head55"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S1"), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S2"), "doctor4"),
	    API_DONE);
	assert_int_equal(ask_as(r, 0, as_owner, "doctor5"), API_DONE);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("sign_in", "S2"), "doctor5"),
	    API_DONE);
}

static void
test_a_lock_is_an_administrators_to_open(void **state)
{
	struct room *r = *state;
	int i;

	require_sign_in(r);
	for (i = 1; i <= PIN_TRIES_MAX; i++) {
		assert_int_equal(
		    ask_as(r, OTHER_UID, of_staff("sign_in", "S2"), "guessed"),
		    API_NOT_ALLOWED);
		assert_int_equal(number(r, "tries_left"), PIN_TRIES_MAX - i);
	}
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("sign_in", "S2"), "doctor2"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_unlock", "S2"), NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_unlock", "S2"), NULL),
	    API_DONE);
	sign_in_doctor(r);
}

/* --- writing ----------------------------------------------------------- */

static json_t *
write_followup(const char *by, const char *org)
{
	return json_pack("{s:s, s:s, s:s*, s:s*, s:{s:s, s:s, s:s, s:s, s:i}}",
	    "op", "add", "kind", "followup", "by", by, "org", org, "fields",
	    "resident_id", "ref:R1", "programme", "elderly", "state", "planned",
	    "on", "2026-05-01", "method", 1);
}

static void
test_one_writes_in_ones_own_name(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	ask_as(r, DOCTOR_UID, write_followup(NULL, NULL), NULL);
	assert_int_equal(
	    json_integer_value(json_object_get(done(r), "exit")), API_DONE);
	assert_string_equal(said(r, "by"), "S2");
	assert_string_equal(said(r, "org"), "C01");
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, write_followup("S1", NULL), NULL),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, write_followup("S2", NULL), NULL), API_DONE);
	assert_string_equal(said(r, "by"), "S2");
}

static void
test_the_acting_org_is_chosen_and_shown(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "act_for", "org", "C02"), NULL),
	    API_DONE);
	/* Not at that site: said, and taken. */
	assert_int_equal(count_lines(r, "notice"), 1);
	assert_string_equal(said(r, "acting_org"), "C02");
	assert_string_equal(said(r, "acting_org_name"), "乙");
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, write_followup(NULL, NULL), NULL), API_DONE);
	assert_string_equal(said(r, "org"), "C02");
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, write_followup(NULL, "C01"), NULL), API_DONE);
	assert_string_equal(said(r, "org"), "C01");
	assert_int_equal(ask_as(r, DOCTOR_UID, op("status"), NULL), API_DONE);
	assert_string_equal(said(r, "acting_org"), "C02");
	assert_int_equal(ask_as(r, ADMIN_UID, op("whoami"), NULL), API_DONE);
	assert_string_equal(said(r, "acting_org"), "C01");
}

/* --- reading ----------------------------------------------------------- */

static void
test_readings_are_noted(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("resident", "R1"), NULL), API_DONE);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 1);
	assert_int_equal(audits(r, "resident_id", "ref:R1"), 1);
	/* The same person's other records, a moment later: one reading. */
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("encounter", "E1"), NULL), API_DONE);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 1);
	/* On another ground it is another. */
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s, s:s, s:s}", "op", "show", "kind",
	            "resident", "ref", "R1", "ground", "complaint"),
	        NULL),
	    API_DONE);
	assert_int_equal(audits(r, "ground", "complaint"), 1);
	/* Nothing is shown on a ground that is none. */
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s, s:s, s:s}", "op", "show", "kind",
	            "resident", "ref", "R1", "ground", "curiosity"),
	        NULL),
	    API_FAILED);
	assert_int_equal(count_lines(r, "record"), 0);
	/* Reference data and devices are nobody's record. */
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, show("staff", "S1"), NULL), API_DONE);
	assert_int_equal(audits(r, "staff_id", "ref:S2"), 2);
	/* The administrator's listing of audits is about residents too. */
	assert_true(audits(r, "note", "list audit") == 1);
}

static void
test_many_at_once_are_one_note(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "list", "kind", "encounter"),
	        NULL),
	    API_DONE);
	assert_int_equal(ask_as(r, ADMIN_UID, op("export"), NULL), API_DONE);
	assert_int_equal(audits(r, "note", "list encounter"), 1);
	assert_int_equal(audits(r, "note", "export *"), 1);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "list", "kind", "device"), NULL),
	    API_DONE);
	assert_int_equal(audits(r, "note", "list device"), 0);
}

/* The row of a person that has a member; within one second any may come
 * first. */
static const json_t *
item_of(const struct room *r, const char *staff, const char *member)
{
	size_t i;

	for (i = 0; i < json_array_size(r->lines); i++) {
		const json_t *item =
		    json_object_get(json_array_get(r->lines, i), "item");
		const char *who =
		    json_string_value(json_object_get(item, "staff"));

		if (who != NULL && strcmp(who, staff) == 0 &&
		    json_object_get(item, member) != NULL)
			return item;
	}
	fail_msg("%s has no row", staff);
	return NULL;
}

static void
assert_given(const struct room *r)
{
	const json_t *item = item_of(r, "S2", "form");

	assert_string_equal(
	    json_string_value(json_object_get(item, "form")), "printed");
	assert_string_equal(
	    json_string_value(json_object_get(item, "receiver")), "resident");
	assert_null(json_object_get(item, "ground"));
	assert_non_null(json_object_get(item, "at"));
}

static void
test_who_looked_and_what_was_printed(void **state)
{
	struct room *r = *state;
	const json_t *item;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s}", "op", "printed", "ref", "R1"), NULL),
	    API_DONE);
	assert_int_equal(count_lines(r, "item"), 2);
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "list", "kind", "disclosure"),
	        NULL),
	    API_DONE);
	assert_int_equal(count_lines(r, "record"), 1);
	assert_int_equal(ask_as(r, ADMIN_UID,
	                     json_pack("{s:s, s:s, s:s}", "op", "who_looked",
	                         "ref", "R1", "ground", "audit"),
	                     NULL),
	    API_DONE);
	/* Both readings, and what was given. */
	assert_int_equal(count_lines(r, "item"), 3);
	assert_given(r);
	item = item_of(r, "S2", "ground");
	assert_string_equal(
	    json_string_value(json_object_get(item, "staff")), "S2");
	assert_string_equal(
	    json_string_value(json_object_get(item, "staff_name")), "医");
	assert_string_equal(
	    json_string_value(json_object_get(item, "org_name")), "甲");
	assert_string_equal(
	    json_string_value(json_object_get(item, "ground")), "treatment");
	assert_int_equal(
	    ask_as(r, ADMIN_UID,
	        json_pack("{s:s, s:s}", "op", "who_looked", "ref", "R9"), NULL),
	    API_FAILED);
}

/* Where nobody signs in, who hands a record out is told by name. */
static void
test_printing_without_signing_in(void **state)
{
	struct room *r = *state;

	furnish(r);
	assert_int_equal(
	    ask_as(r, OTHER_UID,
	        json_pack("{s:s, s:s}", "op", "printed", "ref", "R1"), NULL),
	    API_USAGE);
	assert_int_equal(ask_as(r, OTHER_UID,
	                     json_pack("{s:s, s:s, s:s}", "op", "printed",
	                         "ref", "R1", "by", "S2"),
	                     NULL),
	    API_FAILED); /* for which org, nobody says */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_operation_is_in_the_table),
	    cmocka_unit_test(test_who_may_do_what),
	    cmocka_unit_test(test_roles_follow_from_the_staff_record),
	    WITH_ROOM(test_without_pins_everything_is_as_before),
	    WITH_ROOM(test_nobody_gets_in_without_signing_in),
	    WITH_ROOM(test_roles_are_kept_to),
	    WITH_ROOM(test_who_left_gets_in_no_more),
	    WITH_ROOM(test_who_may_set_a_pin),
	    WITH_ROOM(test_a_lock_is_an_administrators_to_open),
	    WITH_ROOM(test_one_writes_in_ones_own_name),
	    WITH_ROOM(test_the_acting_org_is_chosen_and_shown),
	    WITH_ROOM(test_readings_are_noted),
	    WITH_ROOM(test_many_at_once_are_one_note),
	    WITH_ROOM(test_who_looked_and_what_was_printed),
	    WITH_ROOM(test_printing_without_signing_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
