/* db_open: a file that is not whole is told, one that is whole is opened. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/unit/db_room.h"

static void
test_missing_database_is_not_made_unasked(void **state)
{
	struct db *db;

	assert_int_equal(
	    db_open(&db, dir, SCRATCH_MAP_BYTES, false, random_system()),
	    ERR_NOT_FOUND);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void
test_creation_cut_short_is_begun_again(void **state)
{
	char fresh[SCRATCH_PATH_BYTES];
	struct db *db;

	scratch_path(fresh, dir, "data.mdb.new");
	scratch_write(fresh, "half a page", 11);
	assert_int_equal(
	    db_open(&db, dir, SCRATCH_MAP_BYTES, false, random_system()),
	    ERR_NOT_FOUND);
	db = scratch_db(dir);
	put(db, TABLE_META, "a", "b");
	expect(db, TABLE_META, "a", "b");
	db_close(db);
	assert_int_not_equal(access(fresh, F_OK), 0);
}

/* --- damage ------------------------------------------------------------ */

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
fill(struct db *db, unsigned count)
{
	struct txn *t;
	unsigned i;

	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	for (i = 0; i < count; i++) {
		char key[16];
		uint8_t value[200];

		snprintf(key, sizeof key, "key %05u", i);
		memset(value, (int)(i % 251), sizeof value);
		assert_int_equal(txn_put(t, TABLE_CODES, key, strlen(key),
		                     value, sizeof value),
		    ERR_OK);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* In a child, since damaged pages may end the process: 0: all values right,
 * 1: some cannot be read, 2: a wrong one was shown. */
static int
read_all(unsigned count)
{
	static const uint8_t key[DB_DATA_KEY_BYTES] = {7};
	struct buffer out = {0};
	struct db *db = NULL;
	struct txn *t;
	unsigned i, j;
	int result = 0;

	if (db_open(&db, dir, SCRATCH_MAP_BYTES, false, random_system()) !=
	    ERR_OK)
		return 1;
	db_set_key(db, key);
	if (db_begin(db, false, &t) != ERR_OK)
		return 1;
	for (i = 0; i < count && result != 2; i++) {
		char name[16];

		snprintf(name, sizeof name, "key %05u", i);
		if (txn_get(t, TABLE_CODES, name, strlen(name), &out) !=
		    ERR_OK) {
			result = 1;
			continue;
		}
		if (out.size != 200)
			result = 2;
		for (j = 0; j < out.size; j++)
			if (out.data[j] != i % 251)
				result = 2;
	}
	txn_abort(t);
	buffer_free(&out);
	db_close(db);
	return result;
}

/* Ends like read_all(), or -signal. */
static int
in_child(int (*work)(unsigned), unsigned count)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGBUS, SIG_DFL); /* cmocka would go on from here */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(3);
		_exit(work(count));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
test_flipped_bits_anywhere_never_show_a_wrong_value(void **state)
{
	struct db *db = scratch_db(dir);
	struct buffer whole = {0};
	uint32_t seed = 1;
	unsigned i, unreadable = 0;

	fill(db, 300);
	db_close(db);
	scratch_read(path, &whole);
	for (i = 0; i < 150; i++) {
		size_t bit;
		int result;

		bit = (size_t)next(&seed) * 8191 % (8 * whole.size);
		whole.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		scratch_write(path, whole.data, whole.size);
		whole.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		result = in_child(read_all, 300);
		if (result == 2)
			fail_msg("bit %zu", bit);
		unreadable += result != 0;
	}
	assert_true(unreadable > 0);
	buffer_free(&whole);
}

static int
just_open(unsigned count)
{
	struct db *db;
	enum err e =
	    db_open(&db, dir, SCRATCH_MAP_BYTES, false, random_system());

	return e == (enum err)count ? 0 : 1;
}

static void
test_truncated_file_is_corrupt_and_no_signal(void **state)
{
	struct db *db = scratch_db(dir);
	struct stat st;
	off_t size;

	fill(db, 2000);
	db_close(db);
	assert_int_equal(stat(path, &st), 0);
	for (size = st.st_size - 1; size >= 0; size -= 4096 * 7 + 1) {
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(in_child(just_open, ERR_CORRUPT), 0);
	}
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(in_child(just_open, ERR_CORRUPT), 0);
}

/* LMDB leaves pages out that a transaction took and gave back at the end of
 * the file: it is shorter than its last page says, and nothing is lost. */
static void
test_file_short_of_free_pages_is_whole(void **state)
{
	static uint8_t large[60000];
	unsigned round, i, shortened = 0;
	uint32_t seed = 5;

	for (round = 0; round < 300 && shortened < 5; round++) {
		struct db *db = scratch_db(dir);
		uint64_t used, map;
		struct stat st;
		struct txn *t;

		assert_int_equal(db_begin(db, true, &t), ERR_OK);
		for (i = 0; i < 30; i++) {
			uint8_t key[1] = {(uint8_t)(next(&seed) % 20)};
			size_t most = next(&seed) % 3 != 0 ? 3000 : 60000;
			size_t size = next(&seed) % most;

			if (next(&seed) % 3 == 0)
				(void)txn_delete(t, TABLE_META, key, 1);
			else
				assert_int_equal(
				    txn_put(t, TABLE_META, key, 1, large, size),
				    ERR_OK);
		}
		assert_int_equal(txn_commit(t), ERR_OK);
		db_size(db, &used, &map);
		db_close(db);
		assert_int_equal(stat(path, &st), 0);
		if ((uint64_t)st.st_size < used)
			shortened++;
		if (round % 5 == 4)
			assert_int_equal(unlink(path), 0);
	}
	assert_true(shortened > 0);
}

static void
test_newer_schema_is_told(void **state)
{
	const uint8_t newer = DB_SCHEMA_VERSION + 1;
	struct db *db = scratch_db(dir);
	struct txn *t;

	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(txn_put_raw(t, "schema", 6, &newer, 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	db_close(db);
	assert_int_equal(
	    db_open(&db, dir, SCRATCH_MAP_BYTES, true, random_system()),
	    ERR_VERSION);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_missing_database_is_not_made_unasked),
	    CASE(test_creation_cut_short_is_begun_again),
	    CASE(test_flipped_bits_anywhere_never_show_a_wrong_value),
	    CASE(test_truncated_file_is_corrupt_and_no_signal),
	    CASE(test_file_short_of_free_pages_is_whole),
	    CASE(test_newer_schema_is_told),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
