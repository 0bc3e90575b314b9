/* pin_right: who sets a PIN is judged where it is written, however long it was
 * typed. Who may at all is in api_people_test.c. */

#include "tests/unit/api_people_room.h"

#include "api/people.h"
#include "store/signin.h"

static enum err
ignore_line(void *context, const json_t *object)
{
	(void)context;
	(void)object;
	return ERR_OK;
}

/* What others do after the command was let in, before its PIN is typed. */
struct slow {
	struct text_input text;
	struct room *room;
	void (*meanwhile)(struct room *);
};

static long
feed_late(void *context, void *out, size_t size)
{
	struct slow *s = context;

	if (s->meanwhile != NULL)
		s->meanwhile(s->room);
	s->meanwhile = NULL;
	return feed_text(&s->text, out, size);
}

static int
set_slowly(struct room *r, uint32_t uid, const char *staff, const char *pin,
    void (*meanwhile)(struct room *))
{
	struct slow slow = {{pin, 0, 0}, r, meanwhile};
	struct api_input input = {.read = feed_late, .context = &slow};
	struct api_sink sink = {ignore_line, NULL};
	json_t *request = of_staff("staff_pin", staff);
	int exit_code =
	    api_run_for(direct_api(r->direct), uid, request, &input, &sink);

	json_decref(request);
	return exit_code;
}

/* Who began while nobody had a PIN does not end as the administrator. */
static void
test_a_first_pin_is_judged_where_it_is_written(void **state)
{
	struct room *r = *state;

	furnish(r);
	assert_int_equal(
	    set_slowly(r, OTHER_UID, "S1", "stolen1", set_up_store),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S1"), "stolen1"),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("sign_in", "S1"), "admin1"),
	    API_DONE);
}

/* Nor as anybody, once everybody has to sign in. */
static void
test_no_first_pin_once_it_is_required(void **state)
{
	struct room *r = *state;

	furnish(r);
	assert_int_equal(
	    set_slowly(r, OTHER_UID, "S2", "stolen1", set_up_store),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S2"), "stolen1"),
	    API_NOT_ALLOWED);
}

static void
sign_admin_out(struct room *r)
{
	assert_int_equal(ask_as(r, ADMIN_UID, op("sign_out"), NULL), API_DONE);
}

/* An administrator's command ends with his sign-in. */
static void
test_who_signed_out_sets_no_pin(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	assert_int_equal(
	    set_slowly(r, ADMIN_UID, "S3", "stolen1", sign_admin_out),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, OTHER_UID, of_staff("sign_in", "S3"), "stolen1"),
	    API_NOT_ALLOWED);
}

static void
let_sign_in_end(struct room *r)
{
	struct op o = {.api = direct_api(r->direct), .uid = ADMIN_UID};
	struct signin_time now;
	struct signin s;
	struct txn *t;

	assert_int_equal(people_now(&o, &now), ERR_OK);
	assert_int_equal(db_begin(store_db(o.api->store), true, &t), ERR_OK);
	assert_int_equal(signin_read(t, ADMIN_UID, &now, &s), ERR_OK);
	s.used.ms = now.ms - SIGNIN_IDLE_MS - 1;
	assert_int_equal(signin_write(t, ADMIN_UID, &s), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_a_sign_in_that_ran_out_sets_no_pin(void **state)
{
	struct room *r = *state;

	require_sign_in(r);
	assert_int_equal(
	    set_slowly(r, ADMIN_UID, "S3", "stolen1", let_sign_in_end),
	    API_NOT_ALLOWED);
	assert_int_equal(
	    set_slowly(r, ADMIN_UID, "S3", "stolen1", NULL), API_NOT_ALLOWED);
	assert_int_equal(
	    ask_as(r, ADMIN_UID, of_staff("sign_in", "S1"), "admin1"),
	    API_DONE);
	assert_int_equal(
	    set_slowly(r, ADMIN_UID, "S3", "audits3", NULL), API_DONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ROOM(test_a_first_pin_is_judged_where_it_is_written),
	    WITH_ROOM(test_no_first_pin_once_it_is_required),
	    WITH_ROOM(test_who_signed_out_sets_no_pin),
	    WITH_ROOM(test_a_sign_in_that_ran_out_sets_no_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
