/* pin: a try is counted before it is looked at, ten wrong ones lock, and what
 * was counted outlives whoever counted.
 */

#include <sodium.h>

#include "store/pin.h"
#include "tests/unit/test_store.h"

/* The least that Argon2id takes: its cost is not what is tried here. */
static const struct pin_cost cheap = {1, 8192};

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
set(struct test_store *s, const char *staff, const char *secret)
{
	struct pin p;
	struct txn *t;

	assert_int_equal(
	    pin_make(s->db, secret, strlen(secret), cheap, &p), ERR_OK);
	t = test_store_write(s);
	assert_int_equal(pin_write(t, staff, &p), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* As the operation does it: count, commit, look, and only then tell. */
static enum err
try_it(struct test_store *s, const char *staff, const char *secret)
{
	struct pin p;
	struct txn *t = test_store_write(s);
	enum err e = pin_try(t, staff, &p);

	if (e != ERR_OK) {
		txn_abort(t);
		return e;
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	e = pin_matches(&p, secret, strlen(secret));
	if (e != ERR_OK)
		return e;
	t = test_store_write(s);
	assert_int_equal(pin_right(t, staff), ERR_OK);
	return txn_commit(t);
}

static void
test_the_right_one_is_known(void **state)
{
	struct test_store *s = *state;

	assert_int_equal(try_it(s, "S1", "123456"), ERR_NOT_FOUND);
	set(s, "S1", "123456");
	set(s, "S2", "药房的钥匙");
	assert_int_equal(try_it(s, "S1", "123456"), ERR_OK);
	assert_int_equal(try_it(s, "S1", "123457"), ERR_AUTH);
	assert_int_equal(try_it(s, "S1", "12345"), ERR_AUTH);
	assert_int_equal(try_it(s, "S1", ""), ERR_AUTH);
	assert_int_equal(try_it(s, "S2", "药房的钥匙"), ERR_OK);
	assert_int_equal(try_it(s, "S2", "123456"), ERR_AUTH);
}

static void
test_ten_wrong_tries_lock(void **state)
{
	struct test_store *s = *state;
	struct txn *t;
	int i;

	set(s, "S1", "123456");
	set(s, "S2", "123456");
	for (i = 0; i < PIN_TRIES_MAX; i++)
		assert_int_equal(try_it(s, "S1", "000000"), ERR_AUTH);
	/* The right one does not help any more, and nobody else pays. */
	assert_int_equal(try_it(s, "S1", "123456"), ERR_NOT_ALLOWED);
	assert_int_equal(try_it(s, "S2", "123456"), ERR_OK);
	t = test_store_write(s);
	assert_int_equal(pin_right(t, "S1"), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(try_it(s, "S1", "123456"), ERR_OK);
}

static void
test_a_right_try_begins_anew(void **state)
{
	struct test_store *s = *state;
	int i, round;

	set(s, "S1", "123456");
	for (round = 0; round < 3; round++) {
		for (i = 0; i < PIN_TRIES_MAX - 1; i++)
			assert_int_equal(try_it(s, "S1", "000000"), ERR_AUTH);
		assert_int_equal(try_it(s, "S1", "123456"), ERR_OK);
	}
}

/* Whoever dies between counting and looking has used up the try. */
static void
test_the_count_survives_who_counted(void **state)
{
	struct test_store *s = *state;
	struct pin p;
	int i;

	set(s, "S1", "123456");
	for (i = 0; i < PIN_TRIES_MAX; i++) {
		struct txn *t = test_store_write(s);

		assert_int_equal(pin_try(t, "S1", &p), ERR_OK);
		assert_int_equal(p.wrong, i + 1);
		assert_int_equal(txn_commit(t), ERR_OK);
		test_store_reopen(s);
	}
	assert_int_equal(try_it(s, "S1", "123456"), ERR_NOT_ALLOWED);
}

static void
test_a_new_one_replaces_and_unlocks(void **state)
{
	struct test_store *s = *state;
	struct txn *t;
	uint64_t count;
	int i;

	set(s, "S1", "123456");
	for (i = 0; i < PIN_TRIES_MAX; i++)
		assert_int_equal(try_it(s, "S1", "000000"), ERR_AUTH);
	set(s, "S1", "654321");
	assert_int_equal(try_it(s, "S1", "123456"), ERR_AUTH);
	assert_int_equal(try_it(s, "S1", "654321"), ERR_OK);
	t = test_store_read(s);
	assert_int_equal(pin_count(t, &count), ERR_OK);
	assert_int_equal(count, 1);
	txn_abort(t);
}

static void
test_salts_differ(void **state)
{
	struct test_store *s = *state;
	struct pin a, b;

	assert_int_equal(pin_make(s->db, "123456", 6, cheap, &a), ERR_OK);
	assert_int_equal(pin_make(s->db, "123456", 6, cheap, &b), ERR_OK);
	assert_memory_not_equal(a.salt, b.salt, sizeof a.salt);
	assert_memory_not_equal(a.hash, b.hash, sizeof a.hash);
}

static void
test_what_fits(void **state)
{
	char longest[PIN_BYTES_MAX + 1];

	memset(longest, 'a', sizeof longest);
	assert_true(pin_is_fit("123456", 6));
	assert_false(pin_is_fit("12345", 5));
	assert_false(pin_is_fit("", 0));
	assert_true(pin_is_fit("药房的钥匙在", 18));
	assert_false(pin_is_fit("药房的钥匙", 15));
	assert_false(pin_is_fit("      ", 6));
	assert_false(pin_is_fit("1234\n56", 7));
	assert_false(pin_is_fit("12345\xff", 6));
	assert_true(pin_is_fit(longest, PIN_BYTES_MAX));
	assert_false(pin_is_fit(longest, PIN_BYTES_MAX + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        test_the_right_one_is_known, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_ten_wrong_tries_lock, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_a_right_try_begins_anew, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_the_count_survives_who_counted, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_a_new_one_replaces_and_unlocks, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        test_salts_differ, open_store, close_store),
	    cmocka_unit_test(test_what_fits),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
