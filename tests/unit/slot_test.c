/* slot: the data key comes back with the machine key and with no other. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/file.h"
#include "store/slot.h"
#include "tests/unit/scratch.h"

static char dir[SCRATCH_PATH_BYTES];
static char path[SCRATCH_PATH_BYTES];
static struct db *db;

static int
setup(void **state)
{
	scratch_make(dir);
	scratch_path(path, dir, "machine.key");
	return db_open(&db, dir, SCRATCH_MAP_BYTES, true, random_system()) ==
	               ERR_OK
	           ? 0
	           : -1;
}

static int
teardown(void **state)
{
	db_close(db);
	scratch_remove(dir);
	return 0;
}

static enum err
put_or_get(bool put)
{
	struct buffer out = {0};
	struct txn *t;
	enum err e;

	assert_int_equal(db_begin(db, put, &t), ERR_OK);
	e = put ? txn_put(t, TABLE_META, "a", 1, "b", 1)
	        : txn_get(t, TABLE_META, "a", 1, &out);
	if (put && e == ERR_OK)
		e = txn_commit(t);
	else
		txn_abort(t);
	buffer_free(&out);
	return e;
}

static void
test_slot_opens_with_its_machine_key(void **state)
{
	static const uint8_t none[DB_DATA_KEY_BYTES];
	struct stat st;

	assert_true(slot_is_missing(db));
	assert_int_equal(slot_create(db, path), ERR_OK);
	assert_false(slot_is_missing(db));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(put_or_get(true), ERR_OK);
	db_set_key(db, none);
	assert_int_equal(put_or_get(false), ERR_CORRUPT);
	assert_int_equal(slot_open(db, path), ERR_OK);
	assert_int_equal(put_or_get(false), ERR_OK);
}

static void
test_machine_key_with_any_line_end_is_read(void **state)
{
	static const char *const ends[] = {"", "\n", "\r\n"};
	char text[80];
	size_t i, size;

	assert_int_equal(slot_create(db, path), ERR_OK);
	assert_int_equal(file_read(path, text, sizeof text, &size), ERR_OK);
	assert_int_equal(size, 65);
	for (i = 0; i < 3; i++) {
		memcpy(text + 64, ends[i], strlen(ends[i]) + 1);
		scratch_write(path, text, 64 + strlen(ends[i]));
		assert_int_equal(slot_open(db, path), ERR_OK);
	}
}

static void
test_other_files_are_no_machine_key(void **state)
{
	char text[80];

	assert_int_equal(slot_create(db, path), ERR_OK);
	memset(text, '0', sizeof text);
	scratch_write(path, text, 0);
	assert_int_equal(slot_open(db, path), ERR_FORMAT);
	scratch_write(path, text, 63);
	assert_int_equal(slot_open(db, path), ERR_FORMAT);
	scratch_write(path, text, 80);
	assert_int_equal(slot_open(db, path), ERR_FORMAT);
	text[5] = 'x';
	scratch_write(path, text, 64);
	assert_int_equal(slot_open(db, path), ERR_FORMAT);
	text[5] = '0';
	scratch_write(path, text, 64);
	assert_int_equal(slot_open(db, path), ERR_AUTH);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(slot_open(db, path), ERR_NOT_FOUND);
}

static void
test_damaged_slot_never_gives_a_key(void **state)
{
	const uint8_t key[1] = {1};
	struct buffer slot = {0};
	struct txn *t;
	size_t bit;

	assert_int_equal(slot_create(db, path), ERR_OK);
	assert_int_equal(db_begin(db, false, &t), ERR_OK);
	assert_int_equal(txn_get_raw(t, key, 1, &slot), ERR_OK);
	txn_abort(t);
	for (bit = 0; bit < 8 * slot.size; bit += 3) {
		enum err e;

		slot.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(db_begin(db, true, &t), ERR_OK);
		assert_int_equal(
		    txn_put_raw(t, key, 1, slot.data, slot.size), ERR_OK);
		assert_int_equal(txn_commit(t), ERR_OK);
		slot.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		e = slot_open(db, path);
		assert_true(e == ERR_AUTH || e == ERR_CORRUPT);
	}
	buffer_free(&slot);
}

static void
test_files_appear_whole_or_not_at_all(void **state)
{
	char name[SCRATCH_PATH_BYTES], fresh[SCRATCH_PATH_BYTES], got[8];
	size_t size;

	scratch_path(name, dir, "file");
	scratch_path(fresh, dir, "file.new");
	scratch_write(fresh, "half", 4); /* of a run that was cut */
	assert_int_equal(file_create(name, "one", 3), ERR_OK);
	assert_int_not_equal(access(fresh, F_OK), 0);
	assert_int_equal(file_create(name, "two", 3), ERR_EXISTS);
	assert_int_not_equal(access(fresh, F_OK), 0);
	assert_int_equal(file_read(name, got, sizeof got, &size), ERR_OK);
	assert_int_equal(size, 3);
	assert_memory_equal(got, "one", 3);
	assert_int_equal(file_replace(name, "three", 5), ERR_OK);
	assert_int_equal(file_read(name, got, 5, &size), ERR_OK);
	assert_memory_equal(got, "three", 5);
	assert_int_equal(file_read(name, got, 4, &size), ERR_LIMIT);
	assert_int_equal(file_read(fresh, got, 4, &size), ERR_NOT_FOUND);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_slot_opens_with_its_machine_key),
	    CASE(test_machine_key_with_any_line_end_is_read),
	    CASE(test_other_files_are_no_machine_key),
	    CASE(test_damaged_slot_never_gives_a_key),
	    CASE(test_files_appear_whole_or_not_at_all),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
