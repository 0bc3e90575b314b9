/* writer: the one thread that writes, many savers to a commit.
 *
 * Jobs wait in a queue; the writer takes all that wait, runs them in one
 * transaction and commits once. If one of them fails the transaction is
 * abandoned and each is run again alone, so that nobody pays for another's
 * fault. A job is told only when its work is durable.
 */

#ifndef YIZHAN_STORE_WRITER_H
#define YIZHAN_STORE_WRITER_H

#include "store/db.h"

struct writer;

struct writer_job {
	/* Does the work. May run more than once: it starts from arguments
	 * each time and keeps nothing from a run that failed. */
	enum err (*run)(void *context, struct txn *t);
	/* Called in the writer's thread when it is over; may free the job.
	 * NULL for writer_do(). */
	void (*done)(void *context, enum err result);
	void *context;
	struct writer_job *next; /* the writer's */
};

/** Start. ERR_NOMEM. */
enum err writer_start(struct writer **out, struct db *db);
/** Finish what waits, then stop. NULL is allowed. */
void writer_stop(struct writer *w);

/** Queue a job (the caller keeps it alive until done). Any thread. */
void writer_submit(struct writer *w, struct writer_job *job);
/** Run one job and wait until it is durable. Any thread but the writer's. */
enum err writer_do(struct writer *w,
    enum err (*run)(void *context, struct txn *t), void *context);

#endif
