/* import: exchange format v1 in, changes out (docs/store.md, "Import").
 *
 * Streaming and bounded: bytes are fed as they come, whole lines wait until a
 * batch is worth a commit, and one transaction takes the batch. A line that
 * cannot be taken is kept aside as a question and the rest goes on.
 */

#ifndef YIZHAN_STORE_IMPORT_H
#define YIZHAN_STORE_IMPORT_H

#include "store/question.h"
#include "store/self.h"

enum {
	IMPORT_BATCH_LINES = 1000,
	IMPORT_BATCH_BYTES = 1024 * 1024,
	IMPORT_LINE_BYTES_MAX = 64 * 1024, /* of a record; longer: refused */
};

struct import_options {
	const char *source; /* NULL: the store's own */
	int64_t now;        /* seconds since 1970 */
};

/* new + updated + unchanged + refused = non-blank lines; warned overlaps. */
struct import_counts {
	uint64_t lines; /* physical lines, blank ones too */
	uint64_t fresh, updated, unchanged, refused, warned;
};

/* What is said about one line. Holds no value of the record. */
struct import_notice {
	uint64_t line; /* from 1 */
	bool refused;
	enum finding_code code;
	char field[96];
	char kind[KIND_BYTES_MAX + 1]; /* "" when unknown */
};

struct import;

/** ERR_USAGE: the source's name is empty, too long or has odd characters. */
enum err import_new(struct import **out, const struct import_options *o);
void import_free(struct import *im);

/** Add bytes. ERR_BUSY: a batch waits; run and commit it, then feed the same
 * bytes again from *taken. */
enum err import_feed(
    struct import *im, const void *data, size_t size, size_t *taken);
/** No more bytes: a last line without LF counts too. */
void import_finish(struct import *im);
/** The input broke off: whole lines that wait still count, a last one without
 * LF does not. */
void import_cut(struct import *im);
/** A batch is full, or the input is finished and lines are left. */
bool import_is_ready(const struct import *im);

/**
 * Take the waiting lines in this transaction. May be run again if the
 * transaction was abandoned: it starts anew each time. Errors are the
 * store's, never a line's. ERR_NOT_ALLOWED: the store is not initialised.
 */
enum err import_run(struct import *im, struct txn *t);
/** The transaction is durable: counts move, lines are forgotten. Notices of
 * the batch stay readable until the next feed. */
void import_committed(struct import *im);

const struct import_counts *import_counts(const struct import *im);
/** Notices of the batch committed last, in line order. */
size_t import_notices(
    const struct import *im, const struct import_notice **out);

#endif
