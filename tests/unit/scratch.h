/* scratch: a folder for one test, with a small database in it. */

#ifndef YIZHAN_TESTS_UNIT_SCRATCH_H
#define YIZHAN_TESTS_UNIT_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"

/* A larger group than the others make says so (tests/sim/meson.build). */
#ifndef SCRATCH_MAP_MIB
#define SCRATCH_MAP_MIB 64
#endif

enum {
	SCRATCH_MAP_BYTES = SCRATCH_MAP_MIB * 1024 * 1024,
	SCRATCH_PATH_BYTES = 256,
};

static inline void
scratch_make(char dir[SCRATCH_PATH_BYTES])
{
	const char *base = getenv("TMPDIR");

	snprintf(dir, SCRATCH_PATH_BYTES, "%s/yizhan-test-XXXXXX",
	    base != NULL && strlen(base) < 200 ? base : "/tmp");
	if (mkdtemp(dir) == NULL)
		abort();
}

static inline int
scratch_unlink(
    const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void
scratch_remove(const char *dir)
{
	if (nftw(dir, scratch_unlink, 8, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

static inline void
scratch_path(char out[SCRATCH_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(out, SCRATCH_PATH_BYTES, "%s/%s", dir, name);

	if (n < 0 || n >= SCRATCH_PATH_BYTES)
		abort();
}

/** With a fixed data key. */
static inline struct db *
scratch_db(const char *dir)
{
	static const uint8_t key[DB_DATA_KEY_BYTES] = {7};
	struct db *db = NULL;

	if (db_open(&db, dir, SCRATCH_MAP_BYTES, true, random_system()) !=
	    ERR_OK)
		abort();
	db_set_key(db, key);
	return db;
}

/** A whole small file, to put it back later. */
static inline void
scratch_read(const char *path, struct buffer *out)
{
	FILE *f = fopen(path, "rb");
	uint8_t chunk[4096];
	size_t n;

	if (f == NULL)
		abort();
	buffer_clear(out);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		put_bytes(out, chunk, n);
	if (fclose(f) != 0 || out->failed)
		abort();
}

static inline void
scratch_write(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || (size > 0 && fwrite(data, 1, size, f) != size) ||
	    fclose(f) != 0)
		abort();
}

#endif
