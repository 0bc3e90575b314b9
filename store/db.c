/* db: LMDB with every value sealed. */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <sodium.h>

#include "store/db_env.h"

enum {
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

struct txn {
	struct db *db;
	MDB_txn *mdb;
	bool is_writer;
	struct buffer sealed; /* scratch for one value */
	void *memory;         /* see txn_memory() */
	void (*release)(void *);
};

struct walk {
	struct txn *t;
	MDB_cursor *cursor;
	enum table table;
	bool moved; /* the cursor stands on the key handed out last */
	struct buffer from;
};

enum err
db_from_mdb(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return ERR_OK;
	case MDB_NOTFOUND:
		return ERR_NOT_FOUND;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case ENOMEM:
		return ERR_NOMEM;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EROFS:
		return ERR_NOT_ALLOWED;
	case MDB_VERSION_MISMATCH:
		return ERR_VERSION;
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
		return ERR_CORRUPT;
	case EBUSY:
	case EAGAIN:
	case MDB_READERS_FULL:
		return ERR_BUSY;
	default:
		return ERR_IO;
	}
}

/* --- keys, hashes, randomness ------------------------------------------ */

void
db_set_key(struct db *db, const uint8_t key[DB_DATA_KEY_BYTES])
{
	memcpy(db->data_key, key, sizeof db->data_key);
	crypto_kdf_derive_from_key(
	    db->blind_key, sizeof db->blind_key, 1, "yzblind1", key);
	db->has_key = true;
}

static void
blind(const struct db *db, const char *label, const void *data, size_t size,
    uint8_t *out, size_t out_bytes)
{
	crypto_generichash_state st;

	crypto_generichash_init(
	    &st, db->blind_key, sizeof db->blind_key, out_bytes);
	crypto_generichash_update(
	    &st, (const uint8_t *)label, strlen(label) + 1);
	crypto_generichash_update(&st, data, size);
	crypto_generichash_final(&st, out, out_bytes);
}

void
db_blind(const struct db *db, const char *label, const void *data, size_t size,
    uint8_t out[DB_BLIND_BYTES])
{
	blind(db, label, data, size, out, DB_BLIND_BYTES);
}

uint64_t
db_blind_hash(
    const struct db *db, const char *label, const void *data, size_t size)
{
	uint8_t out[8];

	blind(db, label, data, size, out, sizeof out);
	return load_u64(out);
}

/* One draw from the system costs as much as a seal: draw many at once. */
void
db_random(struct db *db, void *out, size_t size)
{
	assert(size <= RANDOM_POOL_BYTES);
	pthread_mutex_lock(&db->random_lock);
	if (db->pool_left < size) {
		db->random.fill(db->random.context, db->pool, sizeof db->pool);
		db->pool_left = sizeof db->pool;
	}
	db->pool_left -= size;
	memcpy(out, db->pool + db->pool_left, size);
	sodium_memzero(db->pool + db->pool_left, size);
	pthread_mutex_unlock(&db->random_lock);
}

/* --- transactions ------------------------------------------------------ */

static enum err
check_space(struct db *db)
{
	struct statvfs fs;
	uint64_t used, map;

	if (statvfs(db->dir, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < DB_FREE_BYTES_MIN)
		return ERR_FULL;
	db_size(db, &used, &map);
	return used > map / 10 * 9 ? ERR_FULL : ERR_OK;
}

enum err
db_begin(struct db *db, bool write, struct txn **out)
{
	struct txn *t;
	enum err e;
	int rc;

	if (write && __atomic_load_n(&db->dead, __ATOMIC_ACQUIRE))
		return ERR_IO;
	if (write) {
		e = check_space(db);
		if (e != ERR_OK)
			return e;
	}
	t = calloc(1, sizeof *t);
	if (t == NULL)
		return ERR_NOMEM;
	t->db = db;
	t->is_writer = write;
	rc = mdb_txn_begin(db->env, NULL, write ? 0 : MDB_RDONLY, &t->mdb);
	if (rc != 0) {
		free(t);
		return db_from_mdb(rc);
	}
	*out = t;
	return ERR_OK;
}

static void
txn_free(struct txn *t)
{
	buffer_free(&t->sealed);
	if (t->memory != NULL)
		t->release(t->memory);
	free(t->memory);
	free(t);
}

enum err
txn_commit(struct txn *t)
{
	struct db *db = t->db;
	bool is_writer = t->is_writer;
	struct statvfs fs;
	enum err e = db_from_mdb(mdb_txn_commit(t->mdb));

	txn_free(t);
	if (e == ERR_OK || !is_writer)
		return e;
	__atomic_store_n(&db->dead, true, __ATOMIC_RELEASE);
	/* LMDB reports a full disk as EIO. */
	if (e == ERR_IO && statvfs(db->dir, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < DB_FREE_BYTES_MIN)
		e = ERR_FULL;
	return e;
}

void
txn_abort(struct txn *t)
{
	if (t == NULL)
		return;
	mdb_txn_abort(t->mdb);
	txn_free(t);
}

struct db *
txn_db(struct txn *t)
{
	return t->db;
}

void *
txn_memory(struct txn *t, size_t size, void (*release)(void *))
{
	if (t->memory == NULL && t->is_writer) {
		t->memory = calloc(1, size);
		t->release = release;
	}
	return t->memory;
}

/* --- values ------------------------------------------------------------ */

struct associated {
	uint8_t data[2 + DB_KEY_BYTES_MAX];
	size_t size;
};

static void
associate(struct associated *a, enum table table, const void *key, size_t n)
{
	assert(n <= DB_KEY_BYTES_MAX);
	a->data[0] = (uint8_t)table;
	a->data[1] = DB_SCHEMA_VERSION;
	memcpy(a->data + 2, key, n);
	a->size = 2 + n;
}

/* Tables whose keys say all: their empty values are not sealed. */
static bool
is_bare(enum table table)
{
	return table == TABLE_RECORDS || table == TABLE_NAMINGS;
}

static enum err
open_value(struct db *db, enum table table, const MDB_val *key,
    const MDB_val *value, struct buffer *out)
{
	struct associated a;
	const uint8_t *sealed = value->mv_data;
	size_t size;

	buffer_clear(out);
	if (value->mv_size == 0 && is_bare(table))
		return ERR_OK;
	if (value->mv_size < NONCE_BYTES + TAG_BYTES ||
	    key->mv_size > DB_KEY_BYTES_MAX)
		return ERR_CORRUPT;
	size = value->mv_size - NONCE_BYTES - TAG_BYTES;
	if (!buffer_reserve(out, size + 1))
		return ERR_NOMEM;
	associate(&a, table, key->mv_data, key->mv_size);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out->data, NULL, NULL,
	        sealed + NONCE_BYTES, size + TAG_BYTES, a.data, a.size, sealed,
	        db->data_key) != 0)
		return ERR_CORRUPT;
	out->size = size;
	return ERR_OK;
}

enum err
txn_get(struct txn *t, enum table table, const void *key, size_t key_bytes,
    struct buffer *out)
{
	MDB_val k = {key_bytes, (void *)(uintptr_t)key}, v;
	int rc = mdb_get(t->mdb, t->db->dbi[table], &k, &v);

	if (rc != 0)
		return db_from_mdb(rc);
	return open_value(t->db, table, &k, &v, out);
}

enum err
txn_has(struct txn *t, enum table table, const void *key, size_t key_bytes)
{
	MDB_val k = {key_bytes, (void *)(uintptr_t)key}, v;

	return db_from_mdb(mdb_get(t->mdb, t->db->dbi[table], &k, &v));
}

enum err
txn_put(struct txn *t, enum table table, const void *key, size_t key_bytes,
    const void *value, size_t value_bytes)
{
	MDB_val k = {key_bytes, (void *)(uintptr_t)key}, v = {0, NULL};
	struct associated a;

	assert(t->is_writer);
	assert(t->db->has_key);
	if (key_bytes > DB_KEY_BYTES_MAX)
		return ERR_LIMIT;
	if (value_bytes == 0 && is_bare(table))
		return db_from_mdb(
		    mdb_put(t->mdb, t->db->dbi[table], &k, &v, 0));
	buffer_clear(&t->sealed);
	v.mv_size = value_bytes + NONCE_BYTES + TAG_BYTES;
	if (!buffer_reserve(&t->sealed, v.mv_size))
		return ERR_NOMEM;
	associate(&a, table, key, key_bytes);
	db_random(t->db, t->sealed.data, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(t->sealed.data + NONCE_BYTES,
	    NULL, value, value_bytes, a.data, a.size, NULL, t->sealed.data,
	    t->db->data_key);
	v.mv_data = t->sealed.data;
	return db_from_mdb(mdb_put(t->mdb, t->db->dbi[table], &k, &v, 0));
}

enum err
txn_delete(struct txn *t, enum table table, const void *key, size_t key_bytes)
{
	MDB_val k = {key_bytes, (void *)(uintptr_t)key};

	assert(t->is_writer);
	return db_from_mdb(mdb_del(t->mdb, t->db->dbi[table], &k, NULL));
}

enum err
txn_empty(struct txn *t, enum table table)
{
	assert(t->is_writer);
	return db_from_mdb(mdb_drop(t->mdb, t->db->dbi[table], 0));
}

enum err
txn_count(struct txn *t, enum table table, uint64_t *out)
{
	MDB_stat st = {.ms_entries = 0};
	int rc = t->db->dbi[table] == 0
	             ? 0
	             : mdb_stat(t->mdb, t->db->dbi[table], &st);

	*out = rc == 0 ? st.ms_entries : 0;
	return db_from_mdb(rc);
}

enum err
txn_get_raw(
    struct txn *t, const void *key, size_t key_bytes, struct buffer *out)
{
	MDB_val k = {key_bytes, (void *)(uintptr_t)key}, v;
	int rc = mdb_get(t->mdb, t->db->dbi[TABLE_SLOTS], &k, &v);

	if (rc != 0)
		return db_from_mdb(rc);
	buffer_clear(out);
	put_bytes(out, v.mv_data, v.mv_size);
	return buffer_state(out);
}

enum err
txn_put_raw(struct txn *t, const void *key, size_t key_bytes, const void *value,
    size_t value_bytes)
{
	MDB_val k = {key_bytes, (void *)(uintptr_t)key};
	MDB_val v = {value_bytes, (void *)(uintptr_t)value};

	return db_from_mdb(mdb_put(t->mdb, t->db->dbi[TABLE_SLOTS], &k, &v, 0));
}

/* --- walks ------------------------------------------------------------- */

enum err
walk_open(struct txn *t, enum table table, const void *from, size_t from_bytes,
    struct walk **out)
{
	struct walk *w = calloc(1, sizeof *w);
	int rc;

	if (w == NULL)
		return ERR_NOMEM;
	w->t = t;
	w->table = table;
	put_bytes(&w->from, from, from_bytes);
	rc = w->from.failed
	         ? ENOMEM
	         : mdb_cursor_open(t->mdb, t->db->dbi[table], &w->cursor);
	if (rc != 0) {
		buffer_free(&w->from);
		free(w);
		return db_from_mdb(rc);
	}
	*out = w;
	return ERR_OK;
}

enum err
walk_seek(struct walk *w, const void *from, size_t from_bytes)
{
	buffer_clear(&w->from);
	put_bytes(&w->from, from, from_bytes);
	w->moved = false;
	return buffer_state(&w->from);
}

enum err
walk_next(struct walk *w, struct bytes *key, struct buffer *value)
{
	MDB_val k = {w->from.size, w->from.data}, v;
	MDB_cursor_op op = MDB_NEXT;
	int rc;

	if (!w->moved)
		op = w->from.size == 0 ? MDB_FIRST : MDB_SET_RANGE;
	rc = mdb_cursor_get(w->cursor, &k, &v, op);
	key->data = NULL;
	key->size = 0;
	if (rc == MDB_NOTFOUND)
		return ERR_END;
	if (rc != 0)
		return db_from_mdb(rc);
	w->moved = true;
	key->data = k.mv_data;
	key->size = k.mv_size;
	if (value == NULL)
		return ERR_OK;
	return open_value(w->t->db, w->table, &k, &v, value);
}

void
walk_close(struct walk *w)
{
	if (w == NULL)
		return;
	mdb_cursor_close(w->cursor);
	buffer_free(&w->from);
	free(w);
}

enum err
txn_last(struct txn *t, enum table table, const void *before,
    size_t before_bytes, size_t prefix_bytes, struct buffer *key,
    struct buffer *value)
{
	MDB_val k = {before_bytes, (void *)(uintptr_t)before}, v;
	MDB_cursor *c;
	enum err e = ERR_NOT_FOUND;
	int rc = mdb_cursor_open(t->mdb, t->db->dbi[table], &c);

	if (rc != 0)
		return db_from_mdb(rc);
	rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(c, &k, &v, rc == 0 ? MDB_PREV : MDB_LAST);
	if (rc != 0) {
		e = db_from_mdb(rc);
	} else if (k.mv_size >= prefix_bytes &&
	           memcmp(k.mv_data, before, prefix_bytes) == 0) {
		buffer_clear(key);
		put_bytes(key, k.mv_data, k.mv_size);
		e = key->failed ? ERR_NOMEM
		                : open_value(t->db, table, &k, &v, value);
	}
	mdb_cursor_close(c);
	return e;
}

/* --- whole database ---------------------------------------------------- */

enum err
db_copy(struct db *db, const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	enum err e;

	if (fd < 0)
		return errno == EEXIST ? ERR_EXISTS : ERR_IO;
	e = db_from_mdb(mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT));
	if (e == ERR_OK && fsync(fd) != 0)
		e = ERR_IO;
	if (close(fd) != 0 && e == ERR_OK)
		e = ERR_IO;
	if (e != ERR_OK)
		unlink(path);
	return e;
}

/* Values opened under one reader: a reader that stays makes the file grow. */
enum { VERIFY_STEP = 1000 };

/* Some values that follow the key *last, which moves on. ERR_END: no more. */
static enum err
verify_step(struct db *db, enum table table, struct buffer *last,
    uint64_t *values, uint64_t *bad)
{
	struct buffer value = {0};
	struct walk *w = NULL;
	struct txn *t;
	struct bytes key;
	size_t n;
	enum err e = db_begin(db, false, &t);

	if (e != ERR_OK)
		return e;
	put_u8(last, 0); /* the least key beyond it */
	e = buffer_state(last);
	if (e == ERR_OK)
		e = walk_open(t, table, last->data, last->size, &w);
	for (n = 0; e == ERR_OK && n < VERIFY_STEP; n++) {
		e = walk_next(w, &key, &value);
		if (e == ERR_OK || e == ERR_CORRUPT)
			(*values)++;
		if (e == ERR_CORRUPT) {
			(*bad)++;
			/* Without a key the pages themselves are broken and
			 * the rest of the table is out of reach. */
			e = key.data != NULL ? ERR_OK : ERR_END;
		}
		if (e == ERR_OK) {
			buffer_clear(last);
			put_bytes(last, key.data, key.size);
			e = buffer_state(last);
		}
	}
	walk_close(w);
	txn_abort(t);
	buffer_wipe(&value);
	return e;
}

static enum err
verify_table(struct db *db, enum table table, uint64_t *values, uint64_t *bad)
{
	struct buffer last = {0};
	enum err e;

	if (db->dbi[table] == 0)
		return ERR_OK;
	do
		e = verify_step(db, table, &last, values, bad);
	while (e == ERR_OK);
	buffer_free(&last);
	return e == ERR_END ? ERR_OK : e;
}

enum err
db_verify(struct db *db, uint64_t *values, uint64_t *bad)
{
	size_t i;
	enum err e = ERR_OK;

	*values = 0;
	*bad = 0;
	for (i = TABLE_META; e == ERR_OK && i < TABLE_COUNT; i++)
		e = verify_table(db, (enum table)i, values, bad);
	if (e == ERR_OK && *bad > 0)
		e = ERR_CORRUPT;
	return e;
}

void
db_size(struct db *db, uint64_t *used, uint64_t *map)
{
	MDB_envinfo info;
	MDB_stat st;

	*used = 0;
	*map = UINT64_MAX;
	if (mdb_env_info(db->env, &info) != 0 ||
	    mdb_env_stat(db->env, &st) != 0)
		return;
	*used = (uint64_t)(info.me_last_pgno + 1) * st.ms_psize;
	*map = info.me_mapsize;
}
