/* import_line: one line of exchange format v1, judged and taken. */

#ifndef YIZHAN_STORE_IMPORT_LINE_H
#define YIZHAN_STORE_IMPORT_LINE_H

#include "store/import_past.h"
#include "store/vet.h"

/* What the lines of one transaction share. */
struct line_run {
	struct txn *t;
	struct self self;
	const char *source; /* of what is imported */
	int64_t now;
	struct vet vet;
	struct past past;    /* scratch */
	struct buffer canon; /* scratch: canonical bytes of a line */
	bool used_source;    /* something was taken under `source` */
	bool saw_org;        /* the org tree grew: apart_judge_again() */
};

enum line_result { LINE_FRESH, LINE_UPDATED, LINE_UNCHANGED, LINE_REFUSED };

/* What became of a line. */
struct line_outcome {
	enum line_result result;
	const struct kind *kind;     /* NULL: not known */
	char ref[REF_BYTES_MAX + 1]; /* "" when it has none that will do */
	struct findings findings;
	size_t lost_count; /* fields that an amendment made elsewhere kept */
	char lost[FIELDS_MAX][96];
};

/** Ready a run. ERR_NOT_ALLOWED: the store is not initialised. source NULL:
 * the store's own. */
enum err line_run_begin(
    struct line_run *run, struct txn *t, const char *source, int64_t now);
void line_run_end(struct line_run *run);

/**
 * Take one line (no LF, no CR, no BOM). out->findings may hold warnings
 * already; a refused line has written nothing. Errors are the store's.
 */
enum err import_line(
    struct line_run *run, const struct bytes *text, struct line_outcome *out);

#endif
