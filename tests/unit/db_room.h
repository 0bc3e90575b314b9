/* db_room: what the tests of a bare database share: its directory, and values
 * put and got in transactions of their own. Included after cmocka.h. */

#ifndef YIZHAN_TESTS_UNIT_DB_ROOM_H
#define YIZHAN_TESTS_UNIT_DB_ROOM_H

#include "tests/unit/scratch.h"

static char dir[SCRATCH_PATH_BYTES];
static char path[SCRATCH_PATH_BYTES];

static inline int
setup(void **state)
{
	scratch_make(dir);
	scratch_path(path, dir, "data.mdb");
	return 0;
}

static inline int
teardown(void **state)
{
	scratch_remove(dir);
	return 0;
}

static inline void
put(struct db *db, enum table table, const char *key, const char *value)
{
	struct txn *t;

	assert_int_equal(db_begin(db, true, &t), ERR_OK);
	assert_int_equal(
	    txn_put(t, table, key, strlen(key), value, strlen(value)), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static inline enum err
get(struct db *db, enum table table, const char *key, struct buffer *out)
{
	struct txn *t;
	enum err e;

	assert_int_equal(db_begin(db, false, &t), ERR_OK);
	e = txn_get(t, table, key, strlen(key), out);
	txn_abort(t);
	return e;
}

static inline void
expect(struct db *db, enum table table, const char *key, const char *value)
{
	struct buffer out = {0};

	assert_int_equal(get(db, table, key, &out), ERR_OK);
	assert_int_equal(out.size, strlen(value));
	if (out.size > 0)
		assert_memory_equal(out.data, value, out.size);
	buffer_free(&out);
}

#endif
