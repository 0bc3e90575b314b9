/* db: LMDB with every value sealed. Only db.c and db_open.c know `mdb_`.
 *
 * A table is a named LMDB database; keys are in clear and hold no personal
 * data; values are XChaCha20-Poly1305 with table, schema version and key as
 * associated data, so that a value altered, or moved to another key, is an
 * error when read. docs/store.md lists the tables key by key.
 *
 * One process owns an environment. One thread at a time writes; any thread
 * reads in a transaction of its own, for milliseconds only.
 */

#ifndef YIZHAN_STORE_DB_H
#define YIZHAN_STORE_DB_H

#include "base/bytes.h"
#include "base/random.h"

/* Numbers are part of what is sealed: append only. */
enum table {
	TABLE_SLOTS = 0,      /* wrapped data key; not sealed by it */
	TABLE_META = 1,       /* name -> value */
	TABLE_CHANGES = 2,    /* life, class, seq -> status and body */
	TABLE_RECORDS = 3,    /* kind, blind, life, class, seq -> nothing */
	TABLE_IMPORTS = 4,    /* blind -> last change, line hashes */
	TABLE_DRAFTS = 5,     /* kind, blind -> local draft */
	TABLE_LIVES = 6,      /* life -> node and nonce */
	TABLE_LOGS = 7,       /* life, class -> head */
	TABLE_SECRETS = 8,    /* life, month -> salt of commitments */
	TABLE_AUDIENCES = 9,  /* name -> number, epoch */
	TABLE_LISTS = 10,     /* audience, class, place -> change */
	TABLE_CURSORS = 11,   /* node, direction, list, class -> cursor */
	TABLE_NODES = 12,     /* node id -> certificate and state */
	TABLE_NODE_KEYS = 13, /* transport key -> node id */
	TABLE_INVITES = 14,   /* number -> invite */
	TABLE_QUESTIONS = 15, /* blind -> what needs a person */
	TABLE_RECEIPTS = 16,  /* life, class -> what the group holds */
	TABLE_SLIPS = 17,     /* blind -> record by its paper number */
	TABLE_CODES = 18,     /* blind -> org, drug and site lookups */
	TABLE_TRAFFIC = 19,   /* day, row -> bytes up and down */
	TABLE_SCOPES = 20,    /* record -> orgs that receive it */
	TABLE_NAMINGS = 21,   /* blind, role, record that names it -> nothing */
	TABLE_STANDING = 22,  /* change, audience -> place on its list */
	TABLE_EMPTIED = 25,   /* change or record -> what is to go, or gone */
	TABLE_COUNT
};

enum {
	DB_SCHEMA_VERSION = 1,
	DB_DATA_KEY_BYTES = 32,
	DB_BLIND_BYTES = 16,
	DB_KEY_BYTES_MAX = 511, /* LMDB's own bound */
};

struct db;
struct txn;

/**
 * Open the environment in dir, which must exist. map_bytes is the largest
 * the database may get (sparse). No value can be read before db_set_key().
 * With create, a missing database is made under a temporary name and moved
 * into place, directory synced.
 * ERR_NOT_FOUND: none there. ERR_VERSION: made by a newer yizhan.
 * ERR_CORRUPT: shorter than its own pages say: restore a backup.
 * ERR_NOT_ALLOWED: a network or cloud file system. ERR_IO, ERR_NOMEM.
 */
enum err db_open(struct db **out, const char *dir, size_t map_bytes,
    bool create, struct random_source random);
void db_close(struct db *db);

/** Give the key that seals all values (copied, wiped on close). */
void db_set_key(struct db *db, const uint8_t key[DB_DATA_KEY_BYTES]);

/** Keyed BLAKE2b-128 of a byte string, for lookups by personal data. */
void db_blind(const struct db *db, const char *label, const void *data,
    size_t size, uint8_t out[DB_BLIND_BYTES]);
/** Keyed BLAKE2b-64, likewise. */
uint64_t db_blind_hash(
    const struct db *db, const char *label, const void *data, size_t size);

/** Random bytes from the source given at open. Any thread. */
void db_random(struct db *db, void *out, size_t size);

/**
 * Begin. A writer waits for the one before it. Before a write the free space
 * is looked at: ERR_FULL below DB_FREE_BYTES_MIN on disk or over 90 % of the
 * map; nothing was changed then. ERR_IO after any failed commit: the process
 * must end and start again (lmdb.h says why).
 */
enum err db_begin(struct db *db, bool write, struct txn **out);

/** Bytes kept free on the disk so that recovery and deletion stay possible;
 * as many again stand in the reserve file. */
#define DB_FREE_BYTES_MIN (8ull * 1024 * 1024)
#define DB_RESERVE_BYTES  (4ull * 1024 * 1024)

/**
 * Make it durable; frees t in any case. ERR_OK means that power may fail
 * now. ERR_FULL or ERR_IO: nothing of it happened; the db is dead for
 * writing, see above.
 */
enum err txn_commit(struct txn *t);
void txn_abort(struct txn *t);
struct db *txn_db(struct txn *t);
/** Zeroed memory of a writing transaction, for one user (store/memo.h), made
 * when first asked for and released with it. NULL: no memory, or it reads. */
void *txn_memory(struct txn *t, size_t size, void (*release)(void *));

/** Value of a key into out (replaced). ERR_NOT_FOUND, ERR_CORRUPT: the value
 * is not what was stored, ERR_IO. */
enum err txn_get(struct txn *t, enum table table, const void *key,
    size_t key_bytes, struct buffer *out);
/** ERR_OK or ERR_NOT_FOUND, without reading the value. */
enum err txn_has(
    struct txn *t, enum table table, const void *key, size_t key_bytes);
/** Store. ERR_FULL: the map is full; abort. ERR_IO, ERR_NOMEM likewise. */
enum err txn_put(struct txn *t, enum table table, const void *key,
    size_t key_bytes, const void *value, size_t value_bytes);
/** Remove; ERR_NOT_FOUND when there was nothing. */
enum err txn_delete(
    struct txn *t, enum table table, const void *key, size_t key_bytes);
/** Remove every key of a table. */
enum err txn_empty(struct txn *t, enum table table);
/** How many keys a table holds. */
enum err txn_count(struct txn *t, enum table table, uint64_t *out);

/* Walks keys of one table in order. Open it, step, close it; all inside one
 * transaction. Changing the table ends the walk's promise: seek again. */
struct walk;

/** Stand before the first key that is >= from. */
enum err walk_open(struct txn *t, enum table table, const void *from,
    size_t from_bytes, struct walk **out);
/**
 * The next key; ERR_END after the last one. *key points into the database
 * until the next step. With value != NULL the value is opened into it.
 * ERR_CORRUPT with a key: that value is not what was stored, the walk may go
 * on; with key->data NULL: the pages are broken.
 */
enum err walk_next(struct walk *w, struct bytes *key, struct buffer *value);
/** Forget where it stands: the next step gives the first key >= from. */
enum err walk_seek(struct walk *w, const void *from, size_t from_bytes);
void walk_close(struct walk *w);

/** The last key that is < before and begins with prefix. ERR_NOT_FOUND. */
enum err txn_last(struct txn *t, enum table table, const void *before,
    size_t before_bytes, size_t prefix_bytes, struct buffer *key,
    struct buffer *value);

/** Compacting copy to a new file, synced. The caller names it and moves it. */
enum err db_copy(struct db *db, const char *path);

/** Open every value of every table: ERR_OK, or ERR_CORRUPT with the table
 * and how many keys failed. */
enum err db_verify(struct db *db, uint64_t *values, uint64_t *bad);

/** Bytes of the file in use, and of the map. */
void db_size(struct db *db, uint64_t *used, uint64_t *map);

/** Slots are not sealed by the data key; raw access for store/keys.c. */
enum err txn_get_raw(
    struct txn *t, const void *key, size_t key_bytes, struct buffer *out);
enum err txn_put_raw(struct txn *t, const void *key, size_t key_bytes,
    const void *value, size_t value_bytes);

#endif
