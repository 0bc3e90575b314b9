/* question: what needs a person: lines and changes kept aside, warnings.
 *
 * Nothing that could not be taken is dropped: it stands here with place,
 * reason and its own bytes, sealed like everything else, until somebody
 * decides. The same thing kept twice is one question.
 */

#ifndef YIZHAN_STORE_QUESTION_H
#define YIZHAN_STORE_QUESTION_H

#include "store/db.h"
#include "store/finding.h"
#include "store/change.h"

enum question_type {
	QUESTION_LINE = 1,     /* an import line that was refused */
	QUESTION_WARNING = 2,  /* an import line taken with a warning */
	QUESTION_CHANGE = 3,   /* a peer's change kept apart */
	QUESTION_RETURNED = 4, /* our change the parent did not take */
	QUESTION_LOST = 5,     /* a field an import lost to an amendment */
	QUESTION_DUE = 6,      /* what waits for somebody (due.h) */
	QUESTION_MATTER = 7,   /* what met and a person decides (matter.h) */
};

enum { QUESTION_RAW_MAX = 1024 * 1024, QUESTION_ORIGIN_MAX = 80 };

struct question {
	uint64_t number; /* given by question_put(); shown to people */
	enum question_type type;
	enum finding_code code;
	int64_t at;                           /* when it was kept */
	char origin[QUESTION_ORIGIN_MAX + 1]; /* source or node name */
	uint64_t line;                        /* of an import, from 1 */
	char field[96];
	char kind[KIND_BYTES_MAX + 1]; /* may be empty */
	char ref[REF_BYTES_MAX + 1];
	struct change_id id; /* of QUESTION_CHANGE, QUESTION_RETURNED */
	struct bytes raw;    /* what was kept; a view */
};

/** Keep it; one that is there already stays as it is, but QUESTION_DUE and
 * QUESTION_MATTER keep only their number: they say what the records say now. */
enum err question_put(struct txn *t, struct question *q);
/** Give up a question that was put with the same type, code, origin, field,
 * kind and ref and without bytes; none is fine. */
enum err question_drop(struct txn *t, const struct question *q);
/** Give up the question about a change that is merged by now. */
enum err question_drop_change(
    struct txn *t, enum question_type type, const struct change_id *id);

/** Give up all of which this is true, whatever they hold. It may read. */
typedef bool question_test(void *context, const struct question *q);
enum err question_drop_if(struct txn *t, question_test *test, void *context);

/** Called per question; q's views live until it returns. Other than ERR_OK
 * ends the walk and is returned. */
typedef enum err question_visit(void *context, const struct question *q);
/** All of them, in no order. */
enum err question_walk(struct txn *t, question_visit *visit, void *context);

/** The one of this number; its bytes are left out. ERR_NOT_FOUND. */
enum err question_find(struct txn *t, uint64_t number, struct question *out);
/** Whether one of the same type, code, origin, field, kind and ref waits. */
bool question_waits(struct txn *t, const struct question *q);

/** How many of one type wait. */
enum err question_count_type(
    struct txn *t, enum question_type type, uint64_t *out);
/** How many wait that are not mere warnings. */
enum err question_count(struct txn *t, uint64_t *out);

#endif
