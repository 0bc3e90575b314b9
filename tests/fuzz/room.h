/* room: a store for targets that need one: made once, in memory where the
 * system has a folder for that, gone when the program ends. */

#ifndef YIZHAN_TESTS_FUZZ_ROOM_H
#define YIZHAN_TESTS_FUZZ_ROOM_H

#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pair.h"

static struct pair room;

static inline void
room_leave(void)
{
	pair_remove(&room);
}

/* Where scratch_make() makes folders from now on. */
static inline int
room_folder(void)
{
	struct stat st;

	if (getenv("TMPDIR") == NULL && stat("/dev/shm", &st) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	return sodium_init() < 0;
}

/** A hub and a clinic of one group, as tests/unit/pair.h makes them. */
static inline int
room_make(void)
{
	if (room_folder() != 0)
		return 1;
	pair_make(&room);
	return atexit(room_leave);
}

/* Every record that is held can be read and shown. */
__attribute__((unused)) static void
fuzz_read_all(struct txn *t)
{
	uint8_t last[KEY_RECORD_BYTES] = {0};
	struct bytes key;
	struct walk *w;

	expect(walk_open(t, TABLE_RECORDS, NULL, 0, &w) == ERR_OK);
	while (walk_next(w, &key, NULL) == ERR_OK) {
		struct record r;
		json_t *shown;
		char *text;

		if (memcmp(key.data, last, sizeof last) == 0)
			continue;
		memcpy(last, key.data, sizeof last);
		expect(record_read(t, last, &r) == ERR_OK);
		shown = record_to_json(&r);
		text = json_dumps(shown, JSON_COMPACT);
		expect(text != NULL);
		free(text);
		json_decref(shown);
		record_clear(&r);
	}
	walk_close(w);
}

#endif
