/* api_people: who may do what, in whose name it is written, and that readings
 * are noted, through the operations.
 */

#include <pthread.h>
#include <time.h>

#include "api/people.h"
#include "store/pin.h"
#include "store/signin.h"
#include "tests/unit/api_people_room.h"

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
	assert_int_equal(ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"),
	                     "doctor2\nshort"),
	    API_USAGE);
	assert_int_equal(ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"),
	                     "doctor2\ndoctor3"),
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

/* As test_one_writes_in_ones_own_name(), for a record in the wrong file. */
static void
test_one_reassigns_in_ones_own_name(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, op("import"), LIKE("R8", "13")), API_DONE);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID,
	        json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s}}", "op", "amend",
	            "kind", "encounter", "ref", "E1", "reassign", "R8", "by",
	            "S5", "fields", "reason", "wrong"),
	        NULL),
	    API_NOT_ALLOWED);
}

/* Where signing in is not required, a stranger makes himself no
 * administrator. */
static void
test_nobody_makes_himself_an_administrator(void **state)
{
	struct room *r = *state;

	furnish(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"), "doctor2"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S1"), "stolen1"),
	    API_NOT_ALLOWED);
}

static enum err
ignore_line(void *context, const json_t *object)
{
	(void)context;
	(void)object;
	return ERR_OK;
}

static void *
show_as_doctor(void *context)
{
	struct room *r = context;
	struct api_sink sink = {ignore_line, NULL};
	json_t *request = show("staff", "S1");

	api_run_for(direct_api(r->direct), DOCTOR_UID, request, NULL, &sink);
	json_decref(request);
	return NULL;
}

/* A command that was under way while its user signed out. */
static void
test_who_signed_out_stays_out(void **state)
{
	struct room *r = *state;
	struct db *db;
	struct signin s;
	struct signin_time now;
	struct op o = {.api = direct_api(r->direct), .uid = DOCTOR_UID};
	struct timespec while_it_waits = {.tv_nsec = 400000000};
	pthread_t thread;
	struct txn *t;

	require_sign_in(r);
	sign_in_doctor(r);
	db = store_db(direct_api(r->direct)->store);
	assert_int_equal(people_now(&o, &now), ERR_OK);
	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(signin_read(t, DOCTOR_UID, &now, &s), ERR_OK);
	s.used.ms -= 40000; /* so that its next use is written down */
	assert_int_equal(signin_write(t, DOCTOR_UID, &s), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);

	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(signin_end(t, DOCTOR_UID), ERR_OK);
	assert_int_equal(pthread_create(&thread, NULL, show_as_doctor, r), 0);
	nanosleep(&while_it_waits, NULL); /* it has read that he is in */
	assert_int_equal(txn_commit(t), ERR_OK);
	pthread_join(thread, NULL);
	assert_int_equal(ask_as(r, DOCTOR_UID, show("resident", "R1"), NULL),
	    API_NOT_ALLOWED);
}

/* An unlocked screen is not enough to take a sign-in over for good. */
static void
test_ones_own_pin_takes_the_old_one(void **state)
{
	struct room *r = *state;
	int i;

	require_sign_in(r);
	sign_in_doctor(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"), "stolen1"),
	    API_USAGE);
	assert_int_equal(ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"),
	                     "guessed\nstolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(number(r, "tries_left"), PIN_TRIES_MAX - 1);
	assert_int_equal(ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"),
	                     "doctor2\r\ndoctor3\n"),
	    API_DONE);
	/* Nor an administrator's. */
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("staff_pin", "S1"), "stolen1"),
	    API_USAGE);
	/* Guesses count here as well. */
	for (i = 0; i < PIN_TRIES_MAX; i++)
		assert_int_equal(
		    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"),
		        "guessed\nstolen1"),
		    API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"),
	                     "doctor3\nstolen1"),
	    API_NOT_ALLOWED);
}

/* Where there are administrators, one more is theirs to let in, or the
 * owner's. */
static void
test_the_owner_lets_an_administrator_in(void **state)
{
	struct room *r = *state;
	json_t *as_owner = json_pack(
	    "{s:s, s:s, s:b}", "op", "staff_pin", "staff", "S1", "as_owner", 1);

	furnish(r);
	assert_int_equal(
	    ask_as(r, DOCTOR_UID, of_staff("staff_pin", "S2"), "doctor2"),
	    API_DONE);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S5"), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, json_deep_copy(as_owner), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(ask_as(r, 0, as_owner, "admin1"), API_DONE);
	/* Who administers nothing is let in as before. */
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("staff_pin", "S3"), "audits3"),
	    API_DONE);
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
	    WITH_ROOM(test_one_reassigns_in_ones_own_name),
	    WITH_ROOM(test_nobody_makes_himself_an_administrator),
	    WITH_ROOM(test_who_signed_out_stays_out),
	    WITH_ROOM(test_ones_own_pin_takes_the_old_one),
	    WITH_ROOM(test_the_owner_lets_an_administrator_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
