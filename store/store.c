/* store: one directory with one database and its one owner. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "store/emptying.h"
#include "store/file.h"
#include "store/arrival.h"
#include "store/contest_settle.h"
#include "store/linked.h"
#include "store/scope.h"
#include "store/slot.h"
#include "store/store.h"
#include "store/whose.h"

enum { MARKER_BYTES = 16, LOCK_POLL_MS = 50 };

struct store {
	struct db *db;
	char *dir;
	int lock_fd;
	bool was_restored;
	bool began_life;
};

static enum err
path_in(char out[PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? ERR_LIMIT : ERR_OK;
}

/* --- one owner --------------------------------------------------------- */

/* Who waits for owner.lock holds owner.next meanwhile: a long owner looks at
 * it between its batches. -1: somebody else waits already, or no such luck. */
static int
queue_join(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (path_in(path, dir, "owner.next") != ERR_OK)
		return -1;
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
queue_is_empty(const char *dir)
{
	int fd = queue_join(dir);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EWOULDBLOCK;
}

bool
store_is_wanted(const struct store *s)
{
	return !queue_is_empty(s->dir);
}

void
store_let_in(const char *dir, unsigned wait_ms)
{
	const struct timespec pause = {0, LOCK_POLL_MS * 1000000L};
	unsigned waited;

	for (waited = 0; waited < wait_ms && !queue_is_empty(dir);
	     waited += LOCK_POLL_MS)
		nanosleep(&pause, NULL);
}

static enum err
lock_wait(struct store *s, unsigned wait_ms)
{
	const struct timespec pause = {0, LOCK_POLL_MS * 1000000L};
	unsigned waited = 0;
	enum err e = ERR_OK;
	int queue = -1;

	while (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			e = ERR_IO;
			break;
		}
		if (waited >= wait_ms) {
			e = ERR_BUSY;
			break;
		}
		if (queue < 0)
			queue = queue_join(s->dir);
		nanosleep(&pause, NULL);
		waited += LOCK_POLL_MS;
	}
	if (queue >= 0)
		close(queue);
	return e;
}

static enum err
lock_take(struct store *s, const char *holder, unsigned wait_ms)
{
	char path[PATH_MAX], text[128];
	enum err e = path_in(path, s->dir, "owner.lock");
	int n;

	if (e != ERR_OK)
		return e;
	s->lock_fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return errno == EACCES || errno == EROFS ? ERR_NOT_ALLOWED
		                                         : ERR_IO;
	e = lock_wait(s, wait_ms);
	if (e != ERR_OK)
		return e;
	n = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), holder);
	if (n > 0 && ftruncate(s->lock_fd, 0) == 0)
		(void)!pwrite(s->lock_fd, text, (size_t)n, 0);
	return ERR_OK;
}

void
store_holder(const char *dir, char *out, size_t out_bytes)
{
	char path[PATH_MAX];
	size_t size = 0;

	out[0] = '\0';
	if (path_in(path, dir, "owner.lock") != ERR_OK)
		return;
	(void)file_read(path, out, out_bytes - 1, &size);
	out[size] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* --- the marker -------------------------------------------------------- */

/* The file holds one token, or two while the database moves from the second
 * to the first, so that a cut in between is no false alarm. One is enough from
 * then on: a copy that is only one run old must not pass for the present. */
static bool
marker_knows(const char *path, const struct buffer *token)
{
	uint8_t tokens[2 * MARKER_BYTES];
	size_t size;

	if (file_read(path, tokens, sizeof tokens, &size) != ERR_OK ||
	    size != sizeof tokens)
		return false;
	return memcmp(tokens, token->data, MARKER_BYTES) == 0 ||
	       memcmp(tokens + MARKER_BYTES, token->data, MARKER_BYTES) == 0;
}

/* ERR_NOT_FOUND: the database is too new to have one. */
static enum err
marker_read(struct txn *t, struct buffer *token)
{
	enum err e = meta_get(t, "marker", token);

	return e == ERR_OK && token->size != MARKER_BYTES ? ERR_CORRUPT : e;
}

static enum err
marker_check(struct store *s, struct txn *t, const char *path,
    const struct buffer *token)
{
	struct self self;
	enum err e;

	if (marker_knows(path, token))
		return ERR_OK;
	s->was_restored = true;
	e = self_read(t, &self);
	if (e == ERR_OK)
		e = self_new_life(t, &self, 0);
	if (e == ERR_OK) /* nothing of it can have been lost (recover.c) */
		e = meta_put(t, "drawn", self.life, sizeof self.life);
	if (e == ERR_OK) /* its paper numbers may be used up too */
		e = meta_put(t, "slips", "", 0);
	self_wipe(&self);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Without room to write: fit for reading unless it is a restored copy, which
 * must draw a life before anything else. */
static enum err
marker_look(struct store *s, const char *path)
{
	struct buffer token = {0};
	struct txn *t;
	enum err e = db_begin(s->db, false, &t);

	if (e != ERR_OK)
		return e;
	e = marker_read(t, &token);
	txn_abort(t);
	if (e == ERR_OK && !marker_knows(path, &token))
		e = ERR_FULL;
	buffer_free(&token);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* File: new and old; database: new; file: new alone. */
static enum err
marker_move(struct store *s, bool check)
{
	uint8_t tokens[2 * MARKER_BYTES] = {0};
	struct buffer old = {0};
	char path[PATH_MAX];
	struct txn *t;
	enum err e = path_in(path, s->dir, "marker");

	if (e != ERR_OK)
		return e;
	e = db_begin(s->db, true, &t);
	if (e == ERR_FULL && check)
		return marker_look(s, path);
	if (e != ERR_OK)
		return e;
	e = marker_read(t, &old);
	if (e == ERR_OK && check)
		e = marker_check(s, t, path, &old);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (e == ERR_OK) {
		db_random(s->db, tokens, MARKER_BYTES);
		if (old.size == MARKER_BYTES)
			memcpy(tokens + MARKER_BYTES, old.data, MARKER_BYTES);
		e = file_replace(path, tokens, sizeof tokens);
	}
	buffer_free(&old);
	if (e == ERR_OK)
		e = meta_put(t, "marker", tokens, MARKER_BYTES);
	if (e != ERR_OK) {
		txn_abort(t);
		return e;
	}
	e = txn_commit(t);
	if (e != ERR_OK)
		return e;
	memset(tokens + MARKER_BYTES, 0, MARKER_BYTES);
	return file_replace(path, tokens, sizeof tokens);
}

enum err
store_move_marker(struct store *s)
{
	return marker_move(s, false);
}

/* --- opening ----------------------------------------------------------- */

static bool
has_database(const char *dir)
{
	char path[PATH_MAX];

	return path_in(path, dir, "data.mdb") == ERR_OK &&
	       access(path, F_OK) == 0;
}

/* A cut between making the file and its first slot leaves a database in which
 * nothing was ever saved. Only such a one is given a key: a new key for any
 * other would make all it holds unreadable. */
static enum err
is_unused(struct db *db, bool *unused)
{
	uint64_t count = 0;
	struct txn *t;
	size_t i;
	enum err e;

	*unused = slot_is_missing(db);
	if (!*unused)
		return ERR_OK;
	e = db_begin(db, false, &t);
	if (e != ERR_OK)
		return e;
	for (i = TABLE_META; e == ERR_OK && i < TABLE_COUNT; i++) {
		e = txn_count(t, (enum table)i, &count);
		if (count > 0)
			*unused = false;
	}
	txn_abort(t);
	return e;
}

static enum err
open_database(struct store *s, const struct store_options *o)
{
	char key_path[PATH_MAX];
	bool unused;
	size_t map = o->map_bytes == 0 ? STORE_MAP_BYTES : o->map_bytes;
	enum err e;

	if (o->machine_key_path != NULL)
		e = strlen(o->machine_key_path) < PATH_MAX ? ERR_OK : ERR_LIMIT;
	else
		e = path_in(key_path, s->dir, "machine.key");
	if (e == ERR_OK && o->machine_key_path != NULL)
		memcpy(key_path, o->machine_key_path,
		    strlen(o->machine_key_path) + 1);
	if (e == ERR_OK)
		e = db_open(&s->db, s->dir, map, o->create, o->random);
	if (e != ERR_OK)
		return e;
	e = is_unused(s->db, &unused);
	if (e != ERR_OK)
		return e;
	if (!unused)
		return slot_open(s->db, key_path);
	return o->create ? slot_create(s->db, key_path) : ERR_NOT_FOUND;
}

enum err
store_open(struct store **out, const struct store_options *o)
{
	struct store *s;
	enum err e = ERR_OK;

	if (!o->create && !has_database(o->dir))
		return access(o->dir, F_OK) == 0 &&
		               access(o->dir, R_OK | X_OK) != 0
		           ? ERR_NOT_ALLOWED
		           : ERR_NOT_FOUND;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return ERR_NOMEM;
	s->lock_fd = -1;
	s->dir = strdup(o->dir);
	if (s->dir == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK && o->create)
		e = directory_make(o->dir);
	if (e == ERR_OK)
		e = lock_take(s, o->holder, o->wait_ms);
	if (e == ERR_OK)
		e = open_database(s, o);
	if (e == ERR_OK)
		e = marker_move(s, true);
	if (e != ERR_OK) {
		store_close(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	db_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->dir);
	free(s);
}

struct db *
store_db(struct store *s)
{
	return s->db;
}

const char *
store_dir(const struct store *s)
{
	return s->dir;
}

bool
store_was_restored(const struct store *s)
{
	return s->was_restored;
}

enum err
store_begin_life(struct store *s, int64_t now)
{
	struct self self;
	struct txn *t;
	enum err e;

	if (s->began_life)
		return ERR_OK;
	e = db_begin(s->db, true, &t);
	if (e != ERR_OK)
		return e;
	e = self_read(t, &self);
	if (e == ERR_OK && self.role != ROLE_CLINIC)
		e = self_new_life(t, &self, now);
	if (e == ERR_OK && self.role == ROLE_HUB)
		e = emptying_prepare(t, now);
	if (e == ERR_OK)
		e = linked_prepare(t);
	if (e == ERR_OK)
		e = scope_prepare(t, &self);
	if (e == ERR_OK)
		e = arrival_prepare(t, &self);
	if (e == ERR_OK)
		e = contest_prepare(t, &self, now);
	if (e == ERR_OK)
		e = whose_prepare(t, &self);
	self_wipe(&self);
	if (e != ERR_OK) {
		txn_abort(t);
		return e;
	}
	e = txn_commit(t);
	s->began_life = e == ERR_OK;
	return e;
}
