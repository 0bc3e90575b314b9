/* traffic: bytes that sessions moved, per day and kind of record.
 *
 * Bytes are TCP payload. Up is towards the group, down is from it. A day is
 * the group's, midnight to midnight in Asia/Shanghai, by this node's clock.
 *
 * A stream is compressed as a whole: what one change took in it nobody can
 * tell. The bytes of a class's stream that moved between two transactions are
 * shared among the changes put into it meanwhile, in proportion to the bytes
 * of their bodies. All other bytes (handshake, frames, receipts) are the
 * session's own, so that a day's rows add up to what moved.
 */

#ifndef YIZHAN_STORE_TRAFFIC_H
#define YIZHAN_STORE_TRAFFIC_H

#include "store/change.h"
#include "store/db.h"

enum {
	TRAFFIC_SESSION = 0, /* row of what belongs to no change */
	/* Kinds up to 18 have their numbers; later ones the number after
	 * theirs, since this row was there before them. */
	TRAFFIC_OTHER = 19, /* kinds this version has no number for */
	TRAFFIC_ROWS = 36,
	TRAFFIC_DAYS_KEPT = 400,
	TRAFFIC_CLASS_BYTES = 32, /* name of a link class, with NUL */
};

struct traffic {
	uint64_t up[TRAFFIC_ROWS], down[TRAFFIC_ROWS];
};

uint64_t traffic_sum(const uint64_t rows[TRAFFIC_ROWS]);
/** "session", a kind's name, "other". */
const char *traffic_row_name(size_t row);

/* --- one direction of a session, as it is counted --- */

struct traffic_side {
	uint64_t counted;       /* bytes given to rows so far */
	uint64_t data[CLASSES]; /* of those, of the streams */
	/* Bytes of bodies since the last count, and before it. */
	uint64_t fresh[CLASSES][TRAFFIC_ROWS], last[CLASSES][TRAFFIC_ROWS];
};

/** These changes are in their class's stream. */
void traffic_note(struct traffic_side *s, const struct batch *b);
/** So many bytes have moved in all, and of each stream: give what is new of
 * the streams to rows. What is no stream's, or of a batch that never came
 * whole, is the session's when it ends. */
void traffic_count(struct traffic_side *s, uint64_t bytes,
    const uint64_t data[CLASSES], bool is_end, uint64_t rows[TRAFFIC_ROWS]);

/* --- what is kept --- */

/** Days since 1970 where the group is. */
uint32_t traffic_day(int64_t now);
/** The day as YYYY-MM-DD; ERR_LIMIT beyond the calendar. */
enum err traffic_day_print(uint32_t day, char out[11]);
/** Add to a day's rows; link_class, if not NULL, is a budget's that pays for
 * it. A day's first rows put an end to those of 400 days before. */
enum err traffic_add(struct txn *t, uint32_t day, const char *link_class,
    const struct traffic *more);
enum err traffic_read(struct txn *t, uint32_t day, struct traffic *out);
/** Bytes of a day, both ways, over links of a class. */
enum err traffic_of_class(
    struct txn *t, uint32_t day, const char *link_class, uint64_t *out);

#endif
