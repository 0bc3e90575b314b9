/* signin: it ends by the time since the computer was started, told here as an
 * argument, and never by a clock.
 */

#include "store/signin.h"
#include "tests/unit/test_store.h"

static const struct signin_time noon = {{1}, 1000000};

static int
open_store(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_CLINIC);
	*state = s;
	return 0;
}

static int
close_store(void **state)
{
	struct test_store *s = *state;

	test_store_close(s);
	free(s);
	return 0;
}

static void
sign_in(struct test_store *s, uint32_t uid, const char *staff,
    struct signin_time used)
{
	struct signin in = {.org = "C01", .used = used};
	struct txn *t = test_store_write(s);

	snprintf(in.staff, sizeof in.staff, "%s", staff);
	assert_int_equal(signin_write(t, uid, &in), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static enum err
after(struct test_store *s, uint32_t uid, int64_t ms, uint8_t boot,
    struct signin *out)
{
	struct signin_time now = {{boot}, (uint64_t)((int64_t)noon.ms + ms)};
	struct txn *t = test_store_read(s);
	enum err e = signin_read(t, uid, &now, out);

	txn_abort(t);
	return e;
}

static void
test_it_ends_after_15_minutes(void **state)
{
	static const struct {
		int64_t ms;
		uint8_t boot;
		enum err e;
	} cases[] = {
	    {0, 1, ERR_OK},
	    {1, 1, ERR_OK},
	    {SIGNIN_IDLE_MS - 1, 1, ERR_OK},
	    {SIGNIN_IDLE_MS, 1, ERR_TIMEOUT},
	    {SIGNIN_IDLE_MS + 1, 1, ERR_TIMEOUT},
	    {INT64_C(1) << 40, 1, ERR_TIMEOUT},
	    {-1, 1, ERR_TIMEOUT}, /* that time cannot be */
	    {0, 2, ERR_TIMEOUT},  /* the computer was restarted */
	    {SIGNIN_IDLE_MS, 2, ERR_TIMEOUT},
	};
	struct test_store *s = *state;
	struct signin in;
	size_t i;

	sign_in(s, 1000, "S1", noon);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
		    after(s, 1000, cases[i].ms, cases[i].boot, &in),
		    cases[i].e);
		assert_string_equal(in.staff, "S1");
		assert_string_equal(in.org, "C01");
	}
}

static void
test_a_use_prolongs_it(void **state)
{
	struct test_store *s = *state;
	struct signin_time later = noon;
	struct signin in;

	sign_in(s, 1000, "S1", noon);
	later.ms += SIGNIN_TOUCH_MS - 1;
	assert_int_equal(after(s, 1000, 0, 1, &in), ERR_OK);
	assert_false(signin_is_stale(&in, &later));
	later.ms = noon.ms + SIGNIN_IDLE_MS - 1;
	assert_true(signin_is_stale(&in, &later));
	sign_in(s, 1000, "S1", later);
	assert_int_equal(after(s, 1000, SIGNIN_IDLE_MS, 1, &in), ERR_OK);
	assert_int_equal(
	    after(s, 1000, 2 * SIGNIN_IDLE_MS, 1, &in), ERR_TIMEOUT);
}

static void
test_each_user_has_his_own(void **state)
{
	struct test_store *s = *state;
	struct signin in;
	struct txn *t;

	sign_in(s, 1000, "S1", noon);
	sign_in(s, 1001, "S2", noon);
	assert_int_equal(after(s, 1002, 0, 1, &in), ERR_NOT_FOUND);
	t = test_store_write(s);
	assert_int_equal(signin_end(t, 1000), ERR_OK);
	assert_int_equal(signin_end(t, 1002), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(after(s, 1000, 0, 1, &in), ERR_NOT_FOUND);
	assert_int_equal(after(s, 1001, 0, 1, &in), ERR_OK);
	assert_string_equal(in.staff, "S2");
}

static void
test_it_is_not_required_until_somebody_says_so(void **state)
{
	struct test_store *s = *state;
	struct txn *t = test_store_write(s);
	bool required = true;

	assert_int_equal(signin_is_required(t, &required), ERR_OK);
	assert_false(required);
	assert_int_equal(signin_require(t, true), ERR_OK);
	assert_int_equal(signin_is_required(t, &required), ERR_OK);
	assert_true(required);
	assert_int_equal(signin_require(t, false), ERR_OK);
	assert_int_equal(signin_is_required(t, &required), ERR_OK);
	assert_false(required);
	txn_abort(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        test_it_ends_after_15_minutes, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_a_use_prolongs_it, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_each_user_has_his_own, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_it_is_not_required_until_somebody_says_so, open_store,
	        close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
