/* db: what is read is what was written, or an error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <lmdb.h>
#include <sodium.h>

#include "tests/unit/db_room.h"

static void
test_values_survive_closing(void **state)
{
	struct db *db = scratch_db(dir);
	struct buffer out = {0};

	put(db, TABLE_META, "name", "value");
	put(db, TABLE_META, "empty", "");
	db_close(db);
	db = scratch_db(dir);
	expect(db, TABLE_META, "name", "value");
	expect(db, TABLE_META, "empty", "");
	assert_int_equal(get(db, TABLE_META, "other", &out), ERR_NOT_FOUND);
	assert_int_equal(get(db, TABLE_CODES, "name", &out), ERR_NOT_FOUND);
	buffer_free(&out);
	db_close(db);
}

static void
test_aborted_work_leaves_nothing(void **state)
{
	struct db *db = scratch_db(dir);
	struct buffer out = {0};
	struct txn *t;

	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(txn_put(t, TABLE_META, "a", 1, "b", 1), ERR_OK);
	txn_abort(t);
	assert_int_equal(get(db, TABLE_META, "a", &out), ERR_NOT_FOUND);
	buffer_free(&out);
	db_close(db);
}

static void
test_another_key_opens_nothing(void **state)
{
	static const uint8_t other[DB_DATA_KEY_BYTES] = {8};
	struct db *db = scratch_db(dir);
	struct buffer out = {0};

	put(db, TABLE_META, "a", "b");
	db_set_key(db, other);
	assert_int_equal(get(db, TABLE_META, "a", &out), ERR_CORRUPT);
	buffer_free(&out);
	db_close(db);
}

/* --- damage ------------------------------------------------------------ */

struct raw {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
};

static void
raw_begin(struct raw *r, const char *table)
{
	assert_int_equal(mdb_env_create(&r->env), 0);
	assert_int_equal(mdb_env_set_maxdbs(r->env, TABLE_COUNT), 0);
	assert_int_equal(mdb_env_set_mapsize(r->env, SCRATCH_MAP_BYTES), 0);
	assert_int_equal(
	    mdb_env_open(r->env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600), 0);
	assert_int_equal(mdb_txn_begin(r->env, NULL, 0, &r->txn), 0);
	assert_int_equal(mdb_dbi_open(r->txn, table, 0, &r->dbi), 0);
}

static void
raw_end(struct raw *r)
{
	assert_int_equal(mdb_txn_commit(r->txn), 0);
	mdb_env_close(r->env);
}

static void
raw_copy(struct raw *r, const char *key, uint8_t *out, size_t *size)
{
	MDB_val k = {strlen(key), (void *)(uintptr_t)key}, v;

	assert_int_equal(mdb_get(r->txn, r->dbi, &k, &v), 0);
	*size = v.mv_size;
	memcpy(out, v.mv_data, v.mv_size);
}

static void
raw_put(struct raw *r, const char *key, const uint8_t *value, size_t size)
{
	MDB_val k = {strlen(key), (void *)(uintptr_t)key};
	MDB_val v = {size, (void *)(uintptr_t)value};

	assert_int_equal(mdb_put(r->txn, r->dbi, &k, &v, 0), 0);
}

static void
test_value_moved_to_another_key_is_corrupt(void **state)
{
	struct db *db = scratch_db(dir);
	struct buffer out = {0};
	uint8_t one[256], two[256];
	size_t one_size, two_size;
	uint64_t values, bad;
	struct raw r;

	put(db, TABLE_META, "one", "1");
	put(db, TABLE_META, "two", "2");
	put(db, TABLE_META, "three", "3");
	put(db, TABLE_CODES, "one", "4");
	db_close(db);

	raw_begin(&r, "meta");
	raw_copy(&r, "one", one, &one_size);
	raw_copy(&r, "two", two, &two_size);
	raw_put(&r, "one", two, two_size);
	raw_put(&r, "two", one, one_size);
	raw_end(&r);
	raw_begin(&r, "codes"); /* the same key in another table */
	raw_put(&r, "one", one, one_size);
	raw_end(&r);

	db = scratch_db(dir);
	assert_int_equal(get(db, TABLE_META, "one", &out), ERR_CORRUPT);
	assert_int_equal(get(db, TABLE_META, "two", &out), ERR_CORRUPT);
	assert_int_equal(get(db, TABLE_CODES, "one", &out), ERR_CORRUPT);
	expect(db, TABLE_META, "three", "3");
	assert_int_equal(db_verify(db, &values, &bad), ERR_CORRUPT);
	assert_int_equal(values, 4);
	assert_int_equal(bad, 3);
	buffer_free(&out);
	db_close(db);
}

static void
test_every_flipped_bit_of_a_value_is_corrupt(void **state)
{
	struct db *db = scratch_db(dir);
	struct buffer out = {0};
	uint8_t sealed[256];
	size_t size, bit;
	struct raw r;

	put(db, TABLE_META, "one", "ten bytes.");
	db_close(db);
	raw_begin(&r, "meta");
	raw_copy(&r, "one", sealed, &size);
	raw_end(&r);
	for (bit = 0; bit < 8 * size; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		raw_begin(&r, "meta");
		raw_put(&r, "one", sealed, size);
		raw_end(&r);
		sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		db = scratch_db(dir);
		assert_int_equal(get(db, TABLE_META, "one", &out), ERR_CORRUPT);
		db_close(db);
	}
	for (bit = 0; bit < size; bit++) { /* and every shorter one */
		raw_begin(&r, "meta");
		raw_put(&r, "one", sealed, bit);
		raw_end(&r);
		db = scratch_db(dir);
		assert_int_equal(get(db, TABLE_META, "one", &out), ERR_CORRUPT);
		db_close(db);
	}
	buffer_free(&out);
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

/* --- room -------------------------------------------------------------- */

static void
test_nearly_full_map_refuses_writes_and_reads_on(void **state)
{
	static const uint8_t key[DB_DATA_KEY_BYTES] = {7};
	static uint8_t large[100000];
	struct db *db;
	struct txn *t;
	unsigned i;
	enum err e = ERR_OK;

	assert_int_equal(
	    db_open(&db, dir, 4 * 1024 * 1024, true, random_system()), ERR_OK);
	db_set_key(db, key);
	put(db, TABLE_META, "a", "b");
	for (i = 0; i < 100 && e == ERR_OK; i++) {
		uint8_t k[1] = {(uint8_t)i};

		e = db_begin(db, true, &t);
		if (e != ERR_OK)
			break;
		assert_int_equal(
		    txn_put(t, TABLE_CODES, k, 1, large, sizeof large), ERR_OK);
		e = txn_commit(t);
	}
	assert_int_equal(e, ERR_FULL);
	assert_true(i > 10);
	expect(db, TABLE_META, "a", "b");
	db_close(db);

	/* A larger map has room again. */
	db = scratch_db(dir);
	put(db, TABLE_META, "a", "c");
	expect(db, TABLE_META, "a", "c");
	db_close(db);
}

static void
test_full_map_within_a_transaction_harms_nothing(void **state)
{
	static const uint8_t key[DB_DATA_KEY_BYTES] = {7};
	static uint8_t large[100000];
	struct db *db;
	struct txn *t;
	unsigned i;
	enum err e = ERR_OK;

	assert_int_equal(
	    db_open(&db, dir, 4 * 1024 * 1024, true, random_system()), ERR_OK);
	db_set_key(db, key);
	put(db, TABLE_META, "a", "b");
	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	for (i = 0; i < 100 && e == ERR_OK; i++) {
		uint8_t k[1] = {(uint8_t)i};

		e = txn_put(t, TABLE_CODES, k, 1, large, sizeof large);
	}
	assert_int_equal(e, ERR_FULL);
	txn_abort(t);
	put(db, TABLE_META, "c", "d");
	expect(db, TABLE_META, "a", "b");
	expect(db, TABLE_META, "c", "d");
	db_close(db);
}

/* Needs the right to mount. */
static void
test_full_disk_refuses_writes_and_reads_on(void **state)
{
	char mounted[SCRATCH_PATH_BYTES], ballast[SCRATCH_PATH_BYTES];
	static const uint8_t key[DB_DATA_KEY_BYTES] = {7};
	struct db *db = NULL;
	struct txn *t;
	FILE *f;

	scratch_path(mounted, dir, "disk");
	assert_int_equal(mkdir(mounted, 0700), 0);
	if (mount("none", mounted, "tmpfs", 0, "size=40m") != 0)
		skip();
	assert_int_equal(
	    db_open(&db, mounted, SCRATCH_MAP_BYTES, true, random_system()),
	    ERR_OK);
	db_set_key(db, key);
	put(db, TABLE_META, "a", "b");

	scratch_path(ballast, mounted, "ballast");
	f = fopen(ballast, "wb");
	assert_non_null(f);
	while (fputs("0123456789abcdef", f) >= 0 && fflush(f) == 0)
		;
	(void)fclose(f);
	assert_int_equal(db_begin(db, true, &t), ERR_FULL);
	expect(db, TABLE_META, "a", "b");
	db_close(db);

	/* Opened while the disk is full, without its reserve. */
	scratch_path(ballast, mounted, "reserve");
	assert_int_equal(unlink(ballast), 0);
	scratch_path(ballast, mounted, "ballast2");
	f = fopen(ballast, "wb");
	assert_non_null(f);
	while (fputs("0123456789abcdef", f) >= 0 && fflush(f) == 0)
		;
	(void)fclose(f);
	assert_int_equal(
	    db_open(&db, mounted, SCRATCH_MAP_BYTES, false, random_system()),
	    ERR_OK);
	db_set_key(db, key);
	expect(db, TABLE_META, "a", "b");
	assert_int_equal(db_begin(db, true, &t), ERR_FULL);
	db_close(db);
	assert_int_equal(umount(mounted), 0);
}

/* --- walks ------------------------------------------------------------- */

static void
test_walk_gives_keys_in_order(void **state)
{
	static const char *const keys[] = {"a", "ab", "b", "c"};
	struct db *db = scratch_db(dir);
	struct buffer value = {0};
	struct bytes key;
	struct walk *w;
	struct txn *t;
	size_t i;

	for (i = 4; i-- > 0;)
		put(db, TABLE_CODES, keys[i], keys[i]);
	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(walk_open(t, TABLE_CODES, "aa", 2, &w), ERR_OK);
	for (i = 1; i < 4; i++) {
		assert_int_equal(walk_next(w, &key, &value), ERR_OK);
		assert_int_equal(key.size, strlen(keys[i]));
		assert_memory_equal(key.data, keys[i], key.size);
		assert_int_equal(value.size, key.size);
	}
	assert_int_equal(walk_next(w, &key, &value), ERR_END);
	assert_int_equal(walk_next(w, &key, &value), ERR_END);
	assert_int_equal(walk_seek(w, NULL, 0), ERR_OK);
	assert_int_equal(walk_next(w, &key, NULL), ERR_OK);
	assert_memory_equal(key.data, "a", 1);
	/* Deleting while walking: seek again. */
	assert_int_equal(txn_delete(t, TABLE_CODES, "ab", 2), ERR_OK);
	assert_int_equal(walk_seek(w, "a\0", 2), ERR_OK);
	assert_int_equal(walk_next(w, &key, NULL), ERR_OK);
	assert_memory_equal(key.data, "b", 1);
	walk_close(w);
	assert_int_equal(txn_empty(t, TABLE_CODES), ERR_OK);
	assert_int_equal(walk_open(t, TABLE_CODES, NULL, 0, &w), ERR_OK);
	assert_int_equal(walk_next(w, &key, NULL), ERR_END);
	walk_close(w);
	txn_abort(t);
	buffer_free(&value);
	db_close(db);
}

static enum err
last(struct txn *t, const char *before, size_t prefix, struct buffer *key)
{
	struct buffer value = {0};
	enum err e = txn_last(
	    t, TABLE_CODES, before, strlen(before), prefix, key, &value);

	buffer_free(&value);
	return e;
}

static void
test_last_stays_within_its_prefix(void **state)
{
	struct db *db = scratch_db(dir);
	struct buffer key = {0};
	struct txn *t;

	put(db, TABLE_CODES, "a1", "x");
	put(db, TABLE_CODES, "a3", "x");
	put(db, TABLE_CODES, "c1", "x");
	assert_int_equal(db_begin(db, false, &t), ERR_OK);
	assert_int_equal(last(t, "a9", 1, &key), ERR_OK);
	assert_memory_equal(key.data, "a3", 2);
	assert_int_equal(last(t, "a3", 1, &key), ERR_OK);
	assert_memory_equal(key.data, "a1", 2);
	assert_int_equal(last(t, "a1", 1, &key), ERR_NOT_FOUND);
	assert_int_equal(last(t, "b9", 1, &key), ERR_NOT_FOUND);
	assert_int_equal(last(t, "c9", 1, &key), ERR_OK);
	assert_memory_equal(key.data, "c1", 2);
	assert_int_equal(last(t, "d", 1, &key), ERR_NOT_FOUND);
	txn_abort(t);
	buffer_free(&key);
	db_close(db);
}

/* --- whole ------------------------------------------------------------- */

static void
test_copy_holds_all_and_is_never_overwritten(void **state)
{
	char aside[SCRATCH_PATH_BYTES], copy[SCRATCH_PATH_BYTES];
	static const uint8_t key[DB_DATA_KEY_BYTES] = {7};
	struct db *db = scratch_db(dir);
	uint64_t values, bad;

	fill(db, 3500);
	scratch_path(aside, dir, "aside");
	assert_int_equal(mkdir(aside, 0700), 0);
	scratch_path(copy, aside, "data.mdb");
	assert_int_equal(db_copy(db, copy), ERR_OK);
	assert_int_equal(db_copy(db, copy), ERR_EXISTS);
	db_close(db);
	assert_int_equal(
	    db_open(&db, aside, SCRATCH_MAP_BYTES, false, random_system()),
	    ERR_OK);
	db_set_key(db, key);
	assert_int_equal(db_verify(db, &values, &bad), ERR_OK);
	assert_int_equal(values, 3500);
	assert_int_equal(bad, 0);
	db_close(db);
}

static void
test_blinds_depend_on_key_and_label(void **state)
{
	static const uint8_t other[DB_DATA_KEY_BYTES] = {8};
	struct db *db = scratch_db(dir);
	uint8_t a[DB_BLIND_BYTES], b[DB_BLIND_BYTES];

	db_blind(db, "slip", "x", 1, a);
	db_blind(db, "slip", "x", 1, b);
	assert_memory_equal(a, b, sizeof a);
	db_blind(db, "drug", "x", 1, b);
	assert_memory_not_equal(a, b, sizeof a);
	db_blind(db, "sli", "px", 2, b); /* no sliding over the border */
	assert_memory_not_equal(a, b, sizeof a);
	db_set_key(db, other);
	db_blind(db, "slip", "x", 1, b);
	assert_memory_not_equal(a, b, sizeof a);
	db_close(db);
}

static void
test_random_bytes_are_given_once(void **state)
{
	struct db *db = scratch_db(dir);
	uint8_t seen[400][24];
	size_t i, j;

	for (i = 0; i < 400; i++)
		db_random(db, seen[i], sizeof seen[i]);
	for (i = 0; i < 400; i++)
		for (j = 0; j < i; j++)
			assert_memory_not_equal(
			    seen[i], seen[j], sizeof seen[i]);
	db_close(db);
}

static void
test_keys_beyond_the_bound_are_refused(void **state)
{
	struct db *db = scratch_db(dir);
	static uint8_t key[DB_KEY_BYTES_MAX + 1];
	struct txn *t;

	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(
	    txn_put(t, TABLE_CODES, key, sizeof key, "", 0), ERR_LIMIT);
	assert_int_equal(
	    txn_put(t, TABLE_CODES, key, sizeof key - 1, "", 0), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	db_close(db);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_values_survive_closing),
	    CASE(test_aborted_work_leaves_nothing),
	    CASE(test_another_key_opens_nothing),
	    CASE(test_value_moved_to_another_key_is_corrupt),
	    CASE(test_every_flipped_bit_of_a_value_is_corrupt),
	    CASE(test_nearly_full_map_refuses_writes_and_reads_on),
	    CASE(test_full_map_within_a_transaction_harms_nothing),
	    CASE(test_full_disk_refuses_writes_and_reads_on),
	    CASE(test_walk_gives_keys_in_order),
	    CASE(test_last_stays_within_its_prefix),
	    CASE(test_copy_holds_all_and_is_never_overwritten),
	    CASE(test_blinds_depend_on_key_and_label),
	    CASE(test_random_bytes_are_given_once),
	    CASE(test_keys_beyond_the_bound_are_refused),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
