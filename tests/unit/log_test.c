/* log: numbers without gaps, a chain over all, and heads only its node signs.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/pair.h"

static struct pair pair;

static int
setup(void **state)
{
	pair_make(&pair);
	return 0;
}

static int
teardown(void **state)
{
	pair_remove(&pair);
	return 0;
}

static struct change_id
write_one(uint8_t class, const char *name)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	struct change c;

	pair_change(&c, &pair.clinic, "resident", NULL, "C01",
	    json_pack("{s:s}", "name", name));
	assert_int_equal(admit_own(t, &pair.clinic, &c, class), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
	return c.id;
}

static void
test_classes_are_numbered_apart_from_one(void **state)
{
	struct change_id id;
	int i;

	for (i = 1; i < 5; i++) {
		id = write_one(2, "a");
		assert_int_equal(id.seq, i);
		assert_memory_equal(id.life, pair.clinic.life, LIFE_BYTES);
	}
	id = write_one(0, "a");
	assert_int_equal(id.seq, 1);
	assert_int_equal(id.class, 0);
}

static void
test_aborted_number_is_given_again(void **state)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	struct change_id id;
	struct change c;

	pair_change(&c, &pair.clinic, "resident", NULL, "C01",
	    json_pack("{s:s}", "name", "never"));
	assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_OK);
	txn_abort(t);
	change_clear(&c);
	id = write_one(2, "a");
	assert_int_equal(id.seq, 1);
}

static void
test_chain_is_over_every_change(void **state)
{
	struct log_head stored, rebuilt;
	struct change_id id;
	struct txn *t;

	write_one(2, "a");
	write_one(2, "b");
	id = write_one(2, "c");
	t = pair_begin(pair.clinic_db, false);
	pair_must(log_head_read(t, id.life, 2, &stored));
	pair_head(t, &pair.clinic, &id, &rebuilt);
	txn_abort(t);
	assert_int_equal(stored.seq, 3);
	assert_memory_equal(stored.chain, rebuilt.chain, HASH_BYTES);
}

static void
test_chain_is_known_at_every_change(void **state)
{
	enum { CHANGES = 600 };
	static uint8_t chains[CHANGES + 1][HASH_BYTES];
	struct txn *t = pair_begin(pair.clinic_db, true);
	struct change_id id;
	struct log_head head;
	size_t i;

	for (i = 1; i <= CHANGES; i++) {
		struct change c;

		pair_change(&c, &pair.clinic, "resident", NULL, "C01",
		    json_pack("{s:s}", "name", "a"));
		c.recorded_at += (int64_t)(i / 100) * 30 * 86400;
		pair_must(admit_own(t, &pair.clinic, &c, 2));
		pair_must(log_head_read(t, c.id.life, 2, &head));
		memcpy(chains[i], head.chain, HASH_BYTES);
		id = c.id;
		change_clear(&c);
	}
	for (i = 1; i <= CHANGES; i++) {
		id.seq = i;
		pair_must(log_chain_at(t, &pair.clinic, &id, &head));
		assert_int_equal(head.seq, i);
		assert_memory_equal(head.chain, chains[i], HASH_BYTES);
	}
	id.seq = CHANGES + 1;
	assert_int_equal(
	    log_chain_at(t, &pair.clinic, &id, &head), ERR_NOT_FOUND);
	txn_abort(t);
}

static void
test_head_is_signed_as_a_whole(void **state)
{
	struct log_head head, other;

	pair_log_start(&head, pair.clinic.life, 1);
	head.seq = 7;
	log_sign(&head, pair.clinic.signing_secret);
	assert_int_equal(log_verify(&head, pair.clinic.signing_public), ERR_OK);
	assert_int_equal(log_verify(&head, pair.hub.signing_public), ERR_AUTH);
	other = head;
	other.seq++;
	assert_int_equal(
	    log_verify(&other, pair.clinic.signing_public), ERR_AUTH);
	other = head;
	other.class ++;
	assert_int_equal(
	    log_verify(&other, pair.clinic.signing_public), ERR_AUTH);
	other = head;
	other.life[0] ^= 1;
	assert_int_equal(
	    log_verify(&other, pair.clinic.signing_public), ERR_AUTH);
	other = head;
	other.chain[31] ^= 1;
	assert_int_equal(
	    log_verify(&other, pair.clinic.signing_public), ERR_AUTH);
}

static void
test_fingerprint_depends_on_secret_id_and_body(void **state)
{
	struct change_id id = {{1}, 2, 3};
	uint8_t secret[HASH_BYTES] = {4};
	uint64_t f = log_fingerprint(secret, &id, "abc", 3);

	assert_true(f == log_fingerprint(secret, &id, "abc", 3));
	assert_true(f != log_fingerprint(secret, &id, "abd", 3));
	id.seq++;
	assert_true(f != log_fingerprint(secret, &id, "abc", 3));
	id.seq--;
	secret[0]++;
	assert_true(f != log_fingerprint(secret, &id, "abc", 3));
}

static void
test_months_of_any_clock_are_numbers(void **state)
{
	assert_int_equal(log_month(0), 0);
	assert_int_equal(log_month(31 * 86400), 1);
	assert_int_equal(log_month(1790000000), 56 * 12 + 8);
	assert_int_equal(log_month(-1), 0);
	assert_int_equal(log_month(INT64_MIN), 0);
	assert_int_equal(log_month(INT64_MAX), 0);
}

static void
test_salts_are_only_of_lives_that_told_them(void **state)
{
	uint8_t a[HASH_BYTES], b[HASH_BYTES];
	struct txn *t = pair_begin(pair.clinic_db, true);
	uint8_t other[LIFE_BYTES] = {9};
	struct self self = pair.clinic;

	pair_must(log_secret_read(t, &self, self.life, 5, a));
	pair_must(log_secret_read(t, &self, self.life, 6, b));
	assert_memory_not_equal(a, b, sizeof a);
	assert_int_equal(log_secret_read(t, &self, other, 5, b), ERR_NOT_FOUND);
	pair_must(log_secret_write(t, other, 5, a));
	pair_must(log_secret_read(t, &self, other, 5, b));
	assert_memory_equal(a, b, sizeof a);
	/* An earlier life of this node keeps its salts. */
	pair_must(self_new_life(t, &self, 0));
	assert_memory_not_equal(self.life, pair.clinic.life, LIFE_BYTES);
	pair_must(log_secret_read(t, &self, pair.clinic.life, 5, b));
	assert_memory_equal(a, b, sizeof a);
	txn_abort(t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_classes_are_numbered_apart_from_one),
	    CASE(test_aborted_number_is_given_again),
	    CASE(test_chain_is_over_every_change),
	    CASE(test_chain_is_known_at_every_change),
	    CASE(test_head_is_signed_as_a_whole),
	    CASE(test_fingerprint_depends_on_secret_id_and_body),
	    CASE(test_months_of_any_clock_are_numbers),
	    CASE(test_salts_are_only_of_lives_that_told_them),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
