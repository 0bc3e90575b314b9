/* work: one job at the writer that comes back to the loop. */

#include <assert.h>

#include "agent/work.h"

/* Both in the writer's thread. The queue's lock brings w->task there, the
 * box's lock brings w->result back. */
static enum err
job_run(void *context, struct txn *t)
{
	struct work *w = context;

	return w->task->run(w->task->context, t);
}

static void
job_done(void *context, enum err result)
{
	struct work *w = context;

	w->result = result;
	post_send(w->post, &w->item);
}

static void
on_item(void *context)
{
	struct work *w = context;

	w->is_out = false;
	w->over(w->context, w->result);
}

void
work_init(struct work *w, struct post *post,
    void (*over)(void *context, enum err result), void *context)
{
	*w = (struct work){
	    .over = over,
	    .context = context,
	    .post = post,
	    .job = {.run = job_run, .done = job_done, .context = w},
	    .item = {.run = on_item, .context = w},
	};
}

void
work_submit(
    struct work *w, struct writer *writer, const struct writer_job *task)
{
	assert(!w->is_out);
	w->is_out = true;
	w->task = task;
	writer_submit(writer, &w->job);
}
