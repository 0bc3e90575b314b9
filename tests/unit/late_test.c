/* late: who edits a file that went to another; and that a file with as many
 * changes as are judged does not stop the one who judges it. Which single
 * edits are late, and what is told of them, is in persons_test.c.
 */

#include "store/kin.h"
#include "store/late.h"
#include "tests/unit/test_store.h"

enum { DEPTH = 200, EDITS = 150, GIVEN = 150 };

static struct test_store store;
static struct change_id tip;

static int
setup(void **state)
{
	(void)state;
	test_store_open(&store, ROLE_HUB);
	test_store_join(&store, "H");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_store_close(&store);
	return 0;
}

/* A change of R1 by an org, after the tip; nobody is told of it. */
static struct change_id
put(struct txn *t, uint64_t seq, const char *org, json_t *fields)
{
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	struct buffer body = {0};
	struct change_id id;
	struct change c;

	change_init(&c);
	c.id.life[0] = 9;
	c.id.class = 2;
	c.id.seq = seq;
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	snprintf(c.record.ref, sizeof c.record.ref, "R1");
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = TEST_NOW;
	if (tip.seq > 0)
		c.parents[c.parent_count++].id = tip;
	c.fields = fields;
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 1, 5, body.data, body.size), ERR_OK);
	key_record(store.db, key, &c.record);
	key_change(key + KEY_RECORD_BYTES, &c.id);
	assert_int_equal(
	    txn_put(t, TABLE_RECORDS, key, sizeof key, NULL, 0), ERR_OK);
	id = c.id;
	buffer_wipe(&body);
	change_clear(&c);
	return id;
}

static json_t *
file_of(const char *org)
{
	return json_pack("{s:s}", "managing_org_id", org);
}

/* A's file with a long past; then A writes to it again and again while others
 * give it away as often. */
static void
fill(struct txn *t)
{
	uint64_t seq = 0, i;

	memset(&tip, 0, sizeof tip);
	tip = put(t, ++seq, "A", file_of("ref:A"));
	for (i = 1; i < DEPTH; i++)
		tip = put(t, ++seq, "A", json_pack("{s:i}", "n", (int)i));
	for (i = 0; i < EDITS; i++)
		put(t, ++seq, i % 2 == 0 ? "A" : "C",
		    json_pack("{s:i}", "n", (int)i));
	for (i = 0; i < GIVEN; i++)
		put(t, ++seq, "H", file_of(i % 2 == 0 ? "ref:B" : "ref:D"));
}

static void
test_a_file_full_of_changes_is_judged(void **state)
{
	struct txn *t = test_store_write(&store);
	uint8_t key[KEY_RECORD_BYTES];
	bool is_late[KIN_MAX];
	struct record_set set;
	size_t i;

	(void)state;
	fill(t);
	key_record_of(store.db, key, "his", "resident", "R1");
	assert_int_equal(record_gather(t, key, KIN_MAX, &set), ERR_OK);
	assert_int_equal(set.count, DEPTH + EDITS + GIVEN);
	assert_int_equal(late_find(t, &set, is_late), ERR_OK);
	for (i = 0; i < set.count; i++)
		assert_int_equal(
		    is_late[i], i >= DEPTH && i < DEPTH + EDITS &&
		                    strcmp(set.change[i].org, "A") == 0);
	record_set_free(&set);
	txn_abort(t);
}

static void
test_more_than_is_judged_is_said_so(void **state)
{
	struct record_set set = {.count = KIN_MAX + 1};
	struct txn *t = test_store_read(&store);
	bool is_late[KIN_MAX];

	(void)state;
	assert_int_equal(late_find(t, &set, is_late), ERR_LIMIT);
	txn_abort(t);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(test_a_file_full_of_changes_is_judged),
	    CASE(test_more_than_is_judged_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
