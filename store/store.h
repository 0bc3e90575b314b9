/* store: one directory with one database and its one owner.
 *
 * The owner holds owner.lock for as long as it has the store open; a second
 * one is told who it is. Beside the database lie: machine.key (slot.h),
 * marker (does the database belong to this directory's last run?), reserve
 * (space to recover in).
 */

#ifndef YIZHAN_STORE_STORE_H
#define YIZHAN_STORE_STORE_H

#include "store/self.h"

struct store;

struct store_options {
	const char *dir;
	size_t map_bytes; /* 0: STORE_MAP_BYTES */
	bool create;      /* make the directory and an empty database */
	const char *machine_key_path; /* NULL: machine.key in dir */
	const char *holder; /* what owner.lock says, e.g. "yizhan import" */
	unsigned wait_ms;   /* for another owner to finish */
	struct random_source random;
};

#define STORE_MAP_BYTES (64ull * 1024 * 1024 * 1024)

/**
 * Open. ERR_NOT_FOUND: no store there (or its making was cut short). ERR_BUSY:
 * another owner; see store_holder(). Errors of db_open() and slot_open()
 * besides. A database that is not the one this directory ran last (a restored
 * copy) gets a new life at once, so that no change id is ever used twice.
 */
enum err store_open(struct store **out, const struct store_options *o);
void store_close(struct store *s);
struct db *store_db(struct store *s);
const char *store_dir(const struct store *s);
/** The database was an older copy than this directory knew. */
bool store_was_restored(const struct store *s);

/** Another process waits for this store. */
bool store_is_wanted(const struct store *s);
/** Wait until nobody waits for the directory any more, but at most wait_ms:
 * after store_close(), before opening again. */
void store_let_in(const char *dir, unsigned wait_ms);

/** Who holds a busy directory: "PID what", or "" when unknown. */
void store_holder(const char *dir, char *out, size_t out_bytes);

/**
 * Move the marker on, after db_copy(): should that copy be put back later, it
 * is known as older. Errors of db_begin() and txn_commit().
 */
enum err store_move_marker(struct store *s);

/** A hub or relay draws a new life before it writes for the first time after
 * a start; for a clinic this does nothing. */
enum err store_begin_life(struct store *s, int64_t now);

#endif
