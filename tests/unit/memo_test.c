/* memo: what a transaction remembers is what it would find. */

#include "tests/unit/test_store.h"

#include "store/memo.h"

static int
open_clinic(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_CLINIC);
	*state = s;
	return 0;
}

static int
close_clinic(void **state)
{
	test_store_close(*state);
	free(*state);
	return 0;
}

/* --- blind hashes ------------------------------------------------------ */

static void
assert_same(struct txn *t, const char *label, const char *data, size_t size)
{
	uint8_t made[DB_BLIND_BYTES], told[DB_BLIND_BYTES];

	db_blind(txn_db(t), label, data, size, made);
	blind_in(t, label, data, size, told);
	assert_memory_equal(told, made, sizeof made);
	assert_int_equal(blind_hash_in(t, label, data, size),
	    db_blind_hash(txn_db(t), label, data, size));
	blind_in(t, label, data, size, told);
	assert_memory_equal(told, made, sizeof made);
}

/* More than have a place, so that some stand where others stood. */
static void
assert_all_same(struct txn *t)
{
	char data[64] = {0};
	size_t i;

	for (i = 0; i < 4 * (size_t)BLINDS; i++) {
		int n = snprintf(data, sizeof data, "R%zu", i % 300);

		assert_same(t, "one", data, (size_t)n);
		assert_same(t, "two", data, (size_t)n);
		assert_same(t, "one", data, (size_t)n + 1);
	}
	for (i = 0; i <= sizeof data; i++)
		assert_same(t, "one", data, i);
}

static void
test_a_blind_hash_is_the_same_from_memory(void **state)
{
	struct test_store *s = *state;
	struct txn *t = test_store_write(s);

	assert_all_same(t);
	txn_abort(t);
	t = test_store_read(s);
	assert_null(memo_of(t));
	assert_all_same(t);
	txn_abort(t);
}

/* --- a record's changes ------------------------------------------------ */

static struct change_id
says_phone(struct txn *t, const char *ref, const char *phone,
    const struct change_id *seen)
{
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "A");
	if (seen != NULL)
		c.parents[c.parent_count++].id = *seen;
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_pack("{s:s}", "phone", phone);
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	id = c.id;
	change_clear(&c);
	return id;
}

static struct change_id
says(struct txn *t, const char *ref, const struct change_id *seen)
{
	return says_phone(t, ref, "1", seen);
}

static size_t
count_of(struct txn *t, const char *ref, struct kin_few *few)
{
	uint8_t key[KEY_RECORD_BYTES];

	key_record_of(txn_db(t), key, "his", "resident", ref);
	assert_int_equal(kin_few(t, key, few), ERR_OK);
	return few->count;
}

static void
test_a_change_that_came_is_known(void **state)
{
	struct test_store *s = *state;
	struct txn *t = test_store_write(s);
	struct change_id first, second;
	struct kin_few few;

	assert_int_equal(count_of(t, "R1", &few), 0);
	first = says(t, "R1", NULL);
	assert_int_equal(count_of(t, "R1", &few), 1);
	assert_int_equal(count_of(t, "R2", &few), 0);
	second = says(t, "R1", &first);
	assert_int_equal(count_of(t, "R1", &few), 2);
	assert_int_equal(change_id_compare(&few.id[0], &first), 0);
	assert_int_equal(change_id_compare(&few.id[1], &second), 0);
	says(t, "R2", NULL);
	says(t, "R1", &second);
	says(t, "R1", &second);
	assert_int_equal(count_of(t, "R1", &few), KIN_FEW + 1);
	assert_int_equal(count_of(t, "R2", &few), 1);
	assert_int_equal(txn_commit(t), ERR_OK);
	t = test_store_read(s);
	assert_int_equal(count_of(t, "R1", &few), KIN_FEW + 1);
	txn_abort(t);
}

/* --- a change that was read ---------------------------------------------- */

static enum err
phone_of(struct txn *t, const char *ref, char out[16])
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	key_record_of(txn_db(t), key, "his", "resident", ref);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	snprintf(out, 16, "%s",
	    json_string_value(json_object_get(r.fields, "phone")));
	/* What was handed out is not what is remembered. */
	json_object_clear(r.fields);
	record_clear(&r);
	return ERR_OK;
}

/* Behind the back of who remembers: nobody else writes a change so. */
static void
spoil(struct txn *t, const struct change_id *id)
{
	uint8_t key[KEY_CHANGE_BYTES];

	key_change(key, id);
	assert_int_equal(
	    txn_put(t, TABLE_CHANGES, key, sizeof key, "?", 1), ERR_OK);
}

static void
test_a_change_is_read_once_in_a_transaction(void **state)
{
	struct test_store *s = *state;
	struct txn *t = test_store_write(s);
	struct change_id id = says(t, "R1", NULL);
	char phone[16];

	assert_int_equal(phone_of(t, "R1", phone), ERR_OK);
	spoil(t, &id);
	assert_int_equal(phone_of(t, "R1", phone), ERR_OK);
	assert_string_equal(phone, "1");
	assert_int_equal(txn_commit(t), ERR_OK);
	t = test_store_write(s);
	assert_int_equal(phone_of(t, "R1", phone), ERR_CORRUPT);
	txn_abort(t);
}

/* More than have a place, so that some stand where others stood. */
static void
test_each_record_is_read_as_itself(void **state)
{
	struct test_store *s = *state;
	struct txn *t = test_store_write(s);
	char ref[16], phone[16];
	size_t i, pass;

	for (i = 0; i < 2 * (size_t)DECODED_MOST; i++) {
		snprintf(ref, sizeof ref, "R%zu", i);
		says_phone(t, ref, ref, NULL);
	}
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < 2 * (size_t)DECODED_MOST; i++) {
			snprintf(ref, sizeof ref, "R%zu", i);
			assert_int_equal(phone_of(t, ref, phone), ERR_OK);
			assert_string_equal(phone, ref);
		}
	txn_abort(t);
}

static void
test_what_is_written_anew_is_read_anew(void **state)
{
	struct test_store *s = *state;
	struct txn *t = test_store_write(s);
	struct change_id id = says(t, "R1", NULL);
	struct stored stored;
	struct buffer body = {0};
	char phone[16];

	assert_int_equal(phone_of(t, "R1", phone), ERR_OK);
	stored_init(&stored);
	assert_int_equal(stored_read(t, &id, &stored), ERR_OK);
	put_bytes(&body, stored.body.data, stored.body.size);
	assert_int_equal(stored_write(t, &id, FINDING_WITHDRAWN, stored.month,
	                     stored.fingerprint, body.data, body.size),
	    ERR_OK);
	assert_int_equal(phone_of(t, "R1", phone), ERR_CORRUPT);
	assert_int_equal(stored_write(t, &id, 0, stored.month,
	                     stored.fingerprint, body.data, body.size),
	    ERR_OK);
	assert_int_equal(phone_of(t, "R1", phone), ERR_OK);
	stored_free(&stored);
	buffer_free(&body);
	txn_abort(t);
}

#define CLINIC(f) cmocka_unit_test_setup_teardown(f, open_clinic, close_clinic)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_a_blind_hash_is_the_same_from_memory),
	    CLINIC(test_a_change_that_came_is_known),
	    CLINIC(test_a_change_is_read_once_in_a_transaction),
	    CLINIC(test_each_record_is_read_as_itself),
	    CLINIC(test_what_is_written_anew_is_read_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
