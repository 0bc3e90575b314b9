/* work: one job at the writer that comes back to the loop. */

#ifndef YIZHAN_AGENT_WORK_H
#define YIZHAN_AGENT_WORK_H

#include <stdbool.h>

#include "agent/post.h"
#include "store/writer.h"

/* Used again and again by its owner, who keeps it while is_out. */
struct work {
	bool is_out;
	/* In the loop's thread, is_out being false again. */
	void (*over)(void *context, enum err result);
	void *context;
	struct post *post;
	const struct writer_job *task; /* what is to be run */
	struct writer_job job;         /* ours around it */
	struct post_item item;
	enum err result;
};

void work_init(struct work *w, struct post *post,
    void (*over)(void *context, enum err result), void *context);
/** Have task's run(context, t) done; task lives until over(). Only while
 * nothing is out. */
void work_submit(
    struct work *w, struct writer *writer, const struct writer_job *task);

#endif
