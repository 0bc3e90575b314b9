/* list: places without gaps, a hash over all, and cursors that come back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/list.h"
#include "store/log.h"
#include "tests/unit/scratch.h"

static char dir[SCRATCH_PATH_BYTES];
static struct db *db;
static struct txn *t;

static int
setup(void **state)
{
	scratch_make(dir);
	db = scratch_db(dir);
	return db_begin(db, true, &t) == ERR_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	txn_abort(t);
	db_close(db);
	scratch_remove(dir);
	return 0;
}

static void
test_audiences_keep_number_and_epoch(void **state)
{
	struct audience a, b, c;

	assert_int_equal(audience_read(t, "up", &a), ERR_NOT_FOUND);
	assert_int_equal(audience_ensure(t, "up", &a), ERR_OK);
	assert_int_equal(audience_ensure(t, "org:C01", &b), ERR_OK);
	assert_int_not_equal(a.number, b.number);
	assert_int_not_equal(a.epoch, 0);
	assert_int_equal(audience_ensure(t, "up", &c), ERR_OK);
	assert_int_equal(a.number, c.number);
	assert_int_equal(a.epoch, c.epoch);
	assert_int_equal(lists_drop(t), ERR_OK);
	assert_int_equal(audience_ensure(t, "up", &c), ERR_OK);
	assert_int_not_equal(a.epoch, c.epoch);
}

static void
test_names_beyond_the_bound_are_refused(void **state)
{
	char name[LIST_NAME_BYTES_MAX + 2];
	struct audience a;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(audience_ensure(t, name, &a), ERR_LIMIT);
	name[LIST_NAME_BYTES_MAX] = '\0';
	assert_int_equal(audience_ensure(t, name, &a), ERR_OK);
}

static void
test_lists_of_audiences_and_classes_stay_apart(void **state)
{
	struct change_id id = {{1}, 2, 1};
	struct audience a, b;
	struct list_entry entry;
	struct cursor end, other;

	assert_int_equal(audience_ensure(t, "a", &a), ERR_OK);
	assert_int_equal(audience_ensure(t, "b", &b), ERR_OK);
	assert_int_equal(list_end(t, &a, 2, &end), ERR_OK);
	assert_int_equal(end.place, 0);
	assert_int_equal(end.epoch, a.epoch);
	for (id.seq = 1; id.seq <= 300; id.seq++) {
		assert_int_equal(list_append(t, &a, &id, id.seq), ERR_OK);
		if (id.seq % 3 == 0)
			assert_int_equal(
			    list_append(t, &b, &id, id.seq), ERR_OK);
	}
	assert_int_equal(list_end(t, &a, 2, &end), ERR_OK);
	assert_int_equal(list_end(t, &b, 2, &other), ERR_OK);
	assert_int_equal(end.place, 300);
	assert_int_equal(other.place, 100);
	assert_true(end.running != other.running);
	assert_int_equal(list_end(t, &a, 1, &other), ERR_OK);
	assert_int_equal(other.place, 0);
	assert_int_equal(list_end(t, &a, 3, &other), ERR_OK);
	assert_int_equal(other.place, 0);
	assert_int_equal(list_entry_read(t, &b, 2, 5, &entry), ERR_OK);
	assert_int_equal(entry.place, 5);
	assert_int_equal(entry.id.seq, 15);
	assert_int_equal(entry.id.class, 2);
	assert_int_equal(entry.fingerprint, 15);
	assert_int_equal(list_entry_read(t, &b, 2, 0, &entry), ERR_NOT_FOUND);
	assert_int_equal(list_entry_read(t, &b, 2, 101, &entry), ERR_NOT_FOUND);
}

static void
test_running_hash_tells_orders_apart(void **state)
{
	struct change_id id = {{1}, 2, 1};
	struct audience a, b;
	struct cursor one, two;

	assert_int_equal(audience_ensure(t, "a", &a), ERR_OK);
	assert_int_equal(audience_ensure(t, "b", &b), ERR_OK);
	list_append(t, &a, &id, 5);
	list_append(t, &a, &id, 6);
	list_append(t, &b, &id, 6);
	list_append(t, &b, &id, 5);
	assert_int_equal(list_end(t, &a, 2, &one), ERR_OK);
	assert_int_equal(list_end(t, &b, 2, &two), ERR_OK);
	assert_true(one.running != two.running);
}

static void
test_cursors_come_back_by_peer_side_and_list(void **state)
{
	const uint8_t peer[NODE_ID_BYTES] = {1}, other[NODE_ID_BYTES] = {2};
	struct list_id list = {"org:C01", 2}, longest = {"", 3};
	struct cursor c = {7, 8, 9}, got;
	static struct cursor_set set;

	memset(longest.name, 'x', LIST_NAME_BYTES_MAX);
	assert_int_equal(cursor_read(t, peer, CURSOR_OWN, &list, &got), ERR_OK);
	assert_int_equal(got.epoch, 0);
	assert_int_equal(cursor_write(t, peer, CURSOR_OWN, &list, &c), ERR_OK);
	c.place = 80;
	assert_int_equal(
	    cursor_write(t, peer, CURSOR_OWN, &longest, &c), ERR_OK);
	assert_int_equal(cursor_write(t, peer, CURSOR_PEER, &list, &c), ERR_OK);
	assert_int_equal(cursor_write(t, other, CURSOR_OWN, &list, &c), ERR_OK);
	assert_int_equal(cursor_read(t, peer, CURSOR_OWN, &list, &got), ERR_OK);
	assert_int_equal(got.place, 8);
	assert_int_equal(got.epoch, 7);
	assert_int_equal(got.running, 9);
	assert_int_equal(cursor_read_all(t, peer, CURSOR_OWN, &set), ERR_OK);
	assert_int_equal(set.count, 2);
	assert_string_equal(set.item[0].list.name, "org:C01");
	assert_int_equal(set.item[0].list.class, 2);
	assert_string_equal(set.item[1].list.name, longest.name);
	assert_int_equal(set.item[1].cursor.place, 80);
	assert_int_equal(cursor_read_all(t, other, CURSOR_PEER, &set), ERR_OK);
	assert_int_equal(set.count, 0);
}

/* --- on several lists ----------------------------------------------------- */

static void
expect_place(const char *name, uint64_t place, bool is_withdrawn)
{
	struct list_entry entry;
	struct audience a;

	assert_int_equal(audience_read(t, name, &a), ERR_OK);
	assert_int_equal(list_entry_read(t, &a, 2, place, &entry), ERR_OK);
	assert_int_equal(entry.id.seq, 1);
	assert_int_equal(entry.fingerprint, 5);
	assert_int_equal(entry.is_withdrawn, is_withdrawn);
	assert_int_equal(
	    list_entry_read(t, &a, 2, place + 1, &entry), ERR_NOT_FOUND);
}

static void
test_a_change_is_shared_once_and_taken_back(void **state)
{
	const char both[2][LIST_NAME_BYTES_MAX + 1] = {"org:A", "org:B"};
	struct change_id id = {{1}, 2, 1};
	struct audience a;
	struct cursor before, after;

	assert_int_equal(list_share(t, &id, 5, both, 2, NULL), ERR_OK);
	assert_int_equal(list_share(t, &id, 5, both, 2, NULL), ERR_OK);
	expect_place("org:A", 1, false);
	expect_place("org:B", 1, false);
	assert_int_equal(audience_read(t, "org:A", &a), ERR_OK);
	assert_int_equal(list_end(t, &a, 2, &before), ERR_OK);
	assert_int_equal(list_share(t, &id, 5, both + 1, 1, NULL), ERR_OK);
	expect_place("org:A", 1, true);
	expect_place("org:B", 1, false);
	/* Cursors hold: the list is what it was. */
	assert_int_equal(list_end(t, &a, 2, &after), ERR_OK);
	assert_int_equal(before.place, after.place);
	assert_true(before.running == after.running);
	/* Granted anew it has to be sent anew. */
	assert_int_equal(list_share(t, &id, 5, both, 2, NULL), ERR_OK);
	expect_place("org:A", 2, false);
	assert_int_equal(list_share(t, &id, 5, NULL, 0, NULL), ERR_OK);
	expect_place("org:A", 2, true);
	expect_place("org:B", 1, true);
}

/* Rows of lists that it left stay, however many there were. */
static void
test_a_change_may_have_stood_on_many_lists(void **state)
{
	char name[1][LIST_NAME_BYTES_MAX + 1];
	struct change_id id = {{1}, 2, 1};
	int i;

	for (i = 0; i < 600; i++) {
		snprintf(name[0], sizeof name[0], "org:%03d", i);
		assert_int_equal(
		    list_share(t, &id, 5,
		        (const char(*)[LIST_NAME_BYTES_MAX + 1]) name, 1, NULL),
		    ERR_OK);
	}
	expect_place("org:000", 1, true);
	expect_place("org:599", 1, false);
}

/* --- who is to receive a change ------------------------------------------ */

static uint64_t
listed(const char *name, uint8_t class)
{
	struct audience a;
	struct cursor end;

	if (audience_read(t, name, &a) == ERR_NOT_FOUND)
		return 0;
	assert_int_equal(list_end(t, &a, class, &end), ERR_OK);
	return end.place;
}

static void
logged(const uint8_t life[LIFE_BYTES], uint64_t seq)
{
	struct log_head head;

	assert_int_equal(log_head_read(t, life, 2, &head), ERR_OK);
	head.seq = seq;
	assert_int_equal(log_head_write(t, &head), ERR_OK);
}

static void
list_one(enum node_role role, const char *kind, const char *org,
    const uint8_t life[LIFE_BYTES], uint64_t seq)
{
	static struct self self;
	struct change c;

	self.role = role;
	self.is_enrolled = true;
	self.life[0] = 1;
	change_init(&c);
	memcpy(c.id.life, life, LIFE_BYTES);
	c.id.class = 2;
	c.id.seq = seq;
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.org, sizeof c.org, "%s", org);
	assert_int_equal(list_change(t, &self, &c, 5), ERR_OK);
}

/* Sent back up, another node's change would be refused there for ever. */
static void
test_clinic_lists_its_own_logs_only(void **state)
{
	const uint8_t now[LIFE_BYTES] = {1}, before[LIFE_BYTES] = {2};
	const uint8_t other[LIFE_BYTES] = {3};

	logged(now, 1);
	logged(before, 4);
	list_one(ROLE_CLINIC, "resident", "C01", now, 1);
	assert_int_equal(listed("up", 2), 1);
	list_one(ROLE_CLINIC, "resident", "C01", before, 4);
	assert_int_equal(listed("up", 2), 2);
	list_one(ROLE_CLINIC, "resident", "C02", other, 1);
	assert_int_equal(listed("up", 2), 2);
	/* Of an own life, but known to the parent only. */
	list_one(ROLE_CLINIC, "resident", "C01", before, 5);
	assert_int_equal(listed("up", 2), 2);
	assert_int_equal(listed("org:C01", 2), 0);
}

static void
test_hub_lists_by_org_and_the_groups_own_for_all(void **state)
{
	const uint8_t life[LIFE_BYTES] = {3};

	list_one(ROLE_HUB, "resident", "C01", life, 1);
	list_one(ROLE_HUB, "drug", "G", life, 2);
	list_one(ROLE_HUB, "#999", "C01", life, 3);
	assert_int_equal(listed("org:C01", 2), 2);
	assert_int_equal(listed("group", 2), 1);
	assert_int_equal(listed("up", 2), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_audiences_keep_number_and_epoch),
	    CASE(test_names_beyond_the_bound_are_refused),
	    CASE(test_lists_of_audiences_and_classes_stay_apart),
	    CASE(test_running_hash_tells_orders_apart),
	    CASE(test_cursors_come_back_by_peer_side_and_list),
	    CASE(test_a_change_is_shared_once_and_taken_back),
	    CASE(test_a_change_may_have_stood_on_many_lists),
	    CASE(test_clinic_lists_its_own_logs_only),
	    CASE(test_hub_lists_by_org_and_the_groups_own_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
