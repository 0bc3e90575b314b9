/* import_past: what a source has said of a record before.
 *
 * Per record: the id of the last change an import made of it, and hashes of
 * the lines it came from. What the last line said is not kept again: it is
 * told by following the import changes back to the first.
 */

#ifndef YIZHAN_STORE_IMPORT_PAST_H
#define YIZHAN_STORE_IMPORT_PAST_H

#include "store/record.h"

/* Hashes kept per record, the latest. A program that rewrites every record
 * nightly is remembered for more than two years. */
enum { PAST_LINES_MAX = 1000 };

struct past {
	bool is_known;   /* some line was taken before */
	bool has_change; /* of them, some made a change: `last` */
	struct change_id last;
	struct buffer value; /* as stored; keeps its memory between reads */
};

void past_init(struct past *p);
void past_free(struct past *p);
enum err past_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct past *p);
/** Whether this very line was taken before. */
bool past_has_line(const struct past *p, uint64_t hash);
/** Remember a line, and p->last. */
enum err past_add_line(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct past *p, uint64_t hash);

/* The last line, told from changes. */
struct past_line {
	json_t *fields;
	char by[REF_BYTES_MAX + 1], org[REF_BYTES_MAX + 1]; /* whose it was */
	size_t change_count; /* import changes it took */
	struct parent last;  /* the last one, as a parent */
};

/** ERR_CORRUPT: one of the changes is not here or cannot be read. The caller
 * releases out->fields. */
enum err past_line(struct txn *t, const struct past *p, struct past_line *out);

#endif
