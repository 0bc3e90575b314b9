/* db_open: making and opening the database file. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "store/db_env.h"
#include "store/file.h"

enum { READERS_MAX = 512 };

static const char *const table_names[TABLE_COUNT] = {
    [TABLE_SLOTS] = "slots",
    [TABLE_META] = "meta",
    [TABLE_CHANGES] = "changes",
    [TABLE_RECORDS] = "records",
    [TABLE_IMPORTS] = "imports",
    [TABLE_DRAFTS] = "drafts",
    [TABLE_LIVES] = "lives",
    [TABLE_LOGS] = "logs",
    [TABLE_SECRETS] = "secrets",
    [TABLE_AUDIENCES] = "audiences",
    [TABLE_LISTS] = "lists",
    [TABLE_CURSORS] = "cursors",
    [TABLE_NODES] = "nodes",
    [TABLE_NODE_KEYS] = "node_keys",
    [TABLE_INVITES] = "invites",
    [TABLE_QUESTIONS] = "questions",
    [TABLE_RECEIPTS] = "receipts",
    [TABLE_SLIPS] = "slips",
    [TABLE_CODES] = "codes",
    [TABLE_TRAFFIC] = "traffic",
    [TABLE_SCOPES] = "scopes",
    [TABLE_NAMINGS] = "namings",
    [TABLE_STANDING] = "standing",
    [TABLE_EMPTIED] = "emptied",
};

/* File systems on which LMDB's locks and maps cannot be trusted. */
static bool
file_system_unfit(const char *dir)
{
	static const unsigned long unfit[] = {
	    0x6969,     /* NFS */
	    0x517b,     /* SMB */
	    0xff534d42, /* CIFS */
	    0xfe534d42, /* SMB2 */
	    0x65735546, /* FUSE */
	    0x01021997, /* 9P */
	};
	struct statfs fs;
	size_t i;

	if (statfs(dir, &fs) != 0)
		return false;
	for (i = 0; i < sizeof unfit / sizeof unfit[0]; i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == unfit[i])
			return true;
	return false;
}

static bool
join_path(char *out, size_t size, const char *dir, const char *name)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	return n > 0 && (size_t)n < size;
}

/* Who deleted the reserve needs the room: it is made again when there is
 * plenty. */
static bool
has_plenty(const char *dir)
{
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize >=
	           DB_RESERVE_BYTES + 2 * DB_FREE_BYTES_MIN;
}

/* The reserve gives back room when the disk has none left at all. */
static enum err
make_reserve(const char *dir)
{
	char path[4096];
	int fd;
	enum err e = ERR_OK;

	if (!join_path(path, sizeof path, dir, "reserve"))
		return ERR_LIMIT;
	if (!has_plenty(dir))
		return ERR_FULL;
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
	if (posix_fallocate(fd, 0, (off_t)DB_RESERVE_BYTES) != 0)
		e = ERR_FULL;
	close(fd);
	return e;
}

static enum err
open_env(MDB_env **out, const char *path, size_t map_bytes, unsigned more)
{
	MDB_env *env;
	int rc = mdb_env_create(&env);

	if (rc != 0)
		return db_from_mdb(rc);
	rc = mdb_env_set_maxdbs(env, TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env, map_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(env, READERS_MAX);
	if (rc == 0)
		rc = mdb_env_open(env, path,
		    MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD | more, 0600);
	if (rc != 0) {
		mdb_env_close(env);
		return db_from_mdb(rc);
	}
	*out = env;
	return ERR_OK;
}

/* The version stands among the slots, readable without any key. */
static int
check_schema(MDB_txn *txn, MDB_dbi slots, bool create)
{
	static const char name[] = "schema";
	uint8_t version = DB_SCHEMA_VERSION;
	MDB_val k = {sizeof name - 1, (void *)(uintptr_t)name},
	        v = {1, &version};
	int rc = mdb_get(txn, slots, &k, &v);

	if (rc == MDB_NOTFOUND)
		return create ? mdb_put(txn, slots, &k, &v, 0) : 0;
	if (rc != 0)
		return rc;
	if (v.mv_size != 1)
		return MDB_CORRUPTED;
	version = *(const uint8_t *)v.mv_data;
	return version > DB_SCHEMA_VERSION ? MDB_VERSION_MISMATCH : 0;
}

static enum err
open_tables(MDB_env *env, MDB_dbi dbi[TABLE_COUNT], bool create)
{
	MDB_txn *txn = NULL;
	size_t i;
	int rc = mdb_txn_begin(env, NULL, create ? 0 : MDB_RDONLY, &txn);

	for (i = 0; rc == 0 && i < TABLE_COUNT; i++) {
		dbi[i] = 0; /* a number without a table */
		if (table_names[i] != NULL)
			rc = mdb_dbi_open(txn, table_names[i],
			    create ? MDB_CREATE : 0, &dbi[i]);
	}
	if (rc == 0)
		rc = check_schema(txn, dbi[TABLE_SLOTS], create);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return db_from_mdb(rc);
	}
	return db_from_mdb(mdb_txn_commit(txn));
}

/* A cut while the file is made must not leave a short one: make it aside,
 * move it, sync the directory. */
static enum err
create_file(const char *dir, const char *path)
{
	MDB_dbi dbi[TABLE_COUNT];
	MDB_env *env;
	char fresh[4096], lock[4096 + 8];
	enum err e;

	if (!join_path(fresh, sizeof fresh, dir, "data.mdb.new"))
		return ERR_LIMIT;
	snprintf(lock, sizeof lock, "%s-lock", fresh);
	unlink(fresh);
	e = open_env(&env, fresh, 16u * 1024 * 1024, 0);
	if (e != ERR_OK)
		return e;
	e = open_tables(env, dbi, true);
	mdb_env_close(env);
	unlink(lock);
	if (e != ERR_OK)
		return e;
	if (rename(fresh, path) != 0)
		return ERR_IO;
	return directory_sync(dir);
}

/* --- a file cut short --------------------------------------------------- */

struct extent {
	uint64_t have, need; /* bytes: of the file, by its own last page */
	size_t page_bytes;
	size_t last_page;
};

static enum err
measure(MDB_env *env, const char *path, struct extent *out)
{
	MDB_envinfo info;
	MDB_stat pages;
	struct stat st;

	if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &pages) != 0 ||
	    stat(path, &st) != 0)
		return ERR_IO;
	out->page_bytes = pages.ms_psize;
	out->last_page = info.me_last_pgno;
	out->have = (uint64_t)st.st_size;
	out->need = (uint64_t)(info.me_last_pgno + 1) * pages.ms_psize;
	return ERR_OK;
}

/* Free pages among those that the file lacks. LMDB keeps lists of them, each
 * led by its length, in database 0. */
static size_t
count_free(MDB_cursor *free_lists, size_t first, size_t last)
{
	MDB_val k, v;
	size_t count = 0, i;

	while (mdb_cursor_get(free_lists, &k, &v, MDB_NEXT) == 0) {
		const size_t *list = v.mv_data;

		for (i = 1; i < v.mv_size / sizeof *list && i <= list[0]; i++)
			if (list[i] >= first && list[i] <= last)
				count++;
	}
	return count;
}

/* In a child, since looking into a file that is cut short may be SIGBUS. */
static int
look_at_tail(const char *path, size_t map_bytes, const struct extent *x)
{
	const struct rlimit no_core = {0, 0};
	const size_t first = (size_t)(x->have / x->page_bytes);
	MDB_cursor *free_lists;
	MDB_txn *txn;
	MDB_env *env;

	signal(SIGBUS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (open_env(&env, path, map_bytes, MDB_RDONLY | MDB_NOLOCK) !=
	        ERR_OK ||
	    mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0 ||
	    mdb_cursor_open(txn, 0, &free_lists) != 0)
		return 1;
	return count_free(free_lists, first, x->last_page) ==
	               x->last_page + 1 - first
	           ? 0
	           : 1;
}

/* LMDB does not write pages that a transaction took at the end of the file
 * and gave back before its commit: such a file is short, and whole. */
static bool
tail_is_free(const char *path, size_t map_bytes, const struct extent *x)
{
	int status;
	pid_t child = fork(), got;

	if (child == 0)
		_exit(look_at_tail(path, map_bytes, x));
	if (child < 0)
		return false;
	do
		got = waitpid(child, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A file cut short would be SIGBUS later: compare it with its own pages
 * before anything but the first two of them is looked at. */
static enum err
open_whole(struct db *db, const char *path, size_t map_bytes)
{
	struct extent x;
	struct stat st;
	enum err e;

	if (stat(path, &st) != 0)
		return ERR_IO;
	if (st.st_size == 0)
		return ERR_CORRUPT; /* LMDB would begin a new database */
	e = open_env(&db->env, path, map_bytes, 0);
	if (e == ERR_OK)
		e = measure(db->env, path, &x);
	if (e != ERR_OK || x.have >= x.need)
		return e;
	mdb_env_close(db->env);
	db->env = NULL;
	if (!tail_is_free(path, map_bytes, &x))
		return ERR_CORRUPT;
	if (truncate(path, (off_t)x.need) != 0)
		return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
	return open_env(&db->env, path, map_bytes, 0);
}

/* --- opening ------------------------------------------------------------ */

static enum err
open_existing(struct db *db, const char *path, size_t map_bytes)
{
	int dead;
	enum err e = open_whole(db, path, map_bytes);

	if (e != ERR_OK)
		return e;
	e = open_tables(db->env, db->dbi, false);
	if (e == ERR_NOT_FOUND) /* made by an older version: add tables */
		e = open_tables(db->env, db->dbi, true);
	if (e == ERR_OK)
		(void)mdb_reader_check(db->env, &dead);
	return e;
}

enum err
db_open(struct db **out, const char *dir, size_t map_bytes, bool create,
    struct random_source random)
{
	char path[4096];
	struct db *db;
	enum err e;

	if (!join_path(path, sizeof path, dir, "data.mdb"))
		return ERR_LIMIT;
	if (file_system_unfit(dir))
		return ERR_NOT_ALLOWED;
	if (access(path, F_OK) != 0) {
		/* Anything but a missing file must not be replaced by a new
		 * one. */
		if (errno != ENOENT)
			return errno == EACCES ? ERR_NOT_ALLOWED : ERR_IO;
		if (!create)
			return ERR_NOT_FOUND;
		e = create_file(dir, path);
		if (e != ERR_OK)
			return e;
	}
	db = calloc(1, sizeof *db);
	if (db == NULL)
		return ERR_NOMEM;
	db->random = random;
	if (pthread_mutex_init(&db->random_lock, NULL) != 0) {
		free(db);
		return ERR_NOMEM;
	}
	db->dir = strdup(dir);
	e = db->dir == NULL ? ERR_NOMEM : make_reserve(dir);
	if (e == ERR_FULL)
		e = ERR_OK; /* reading still works; writes say it */
	if (e == ERR_OK)
		e = open_existing(db, path, map_bytes);
	if (e != ERR_OK) {
		db_close(db);
		return e;
	}
	*out = db;
	return ERR_OK;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	if (db->env != NULL)
		mdb_env_close(db->env);
	pthread_mutex_destroy(&db->random_lock);
	free(db->dir);
	sodium_memzero(db, sizeof *db);
	free(db);
}
