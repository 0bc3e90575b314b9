/* health: is the store still alive? */

#include <stdlib.h>

#include "agent/health.h"
#include "agent/work.h"

struct health {
	struct agent *agent;
	uv_timer_t timer;
	struct work work;
	bool is_asked; /* again, meanwhile */
	bool is_full;  /* the log knows */
	bool is_closing;
	bool is_timer_closed;
};

/* In the writer's thread: nothing to do. A transaction that changed nothing
 * costs no write, but a dead database refuses even that one. */
static enum err
job_run(void *context, struct txn *t)
{
	(void)context;
	(void)t;
	return ERR_OK;
}

static void
submit(struct health *h)
{
	static const struct writer_job nothing = {.run = job_run};

	h->is_asked = false;
	work_submit(&h->work, h->agent->writer, &nothing);
}

static void
free_when_closed(struct health *h)
{
	struct agent *a = h->agent;

	if (!h->is_closing || !h->is_timer_closed || h->work.is_out)
		return;
	free(h);
	agent_part_closed(a);
}

/* Reading and telling still work on a full disk; who saves is told. */
static void
tell_space(struct health *h, bool is_full)
{
	if (is_full == h->is_full)
		return;
	h->is_full = is_full;
	log_event(&h->agent->log, is_full ? LOG_ERROR : LOG_INFO,
	    is_full ? "store_full" : "store_has_space", "%s", "");
	if (is_full)
		notify_send(
		    &h->agent->notify, "STATUS=The disk or the store is full.");
}

static void
judge(struct health *h, enum err result)
{
	if (result == ERR_OK || result == ERR_FULL) {
		tell_space(h, result == ERR_FULL);
		notify_send(&h->agent->notify, "WATCHDOG=1");
		return;
	}
	log_event(&h->agent->log, LOG_ERROR, "store_failed", "error=%s",
	    err_name(result));
	if (result != ERR_NOMEM)
		agent_stop(h->agent, API_FAILED);
}

static void
on_over(void *context, enum err result)
{
	struct health *h = context;

	if (!h->is_closing) {
		judge(h, result);
		if (h->is_asked && !h->is_closing)
			submit(h);
	}
	free_when_closed(h);
}

void
health_check(struct health *h)
{
	if (h->is_closing)
		return;
	if (h->work.is_out)
		h->is_asked = true;
	else
		submit(h);
}

static void
on_timer(uv_timer_t *timer)
{
	health_check(timer->data);
}

enum err
health_open(struct health **out, struct agent *a)
{
	uint64_t every_ms = HEALTH_MS;
	struct health *h = calloc(1, sizeof *h);

	if (h == NULL)
		return ERR_NOMEM;
	h->agent = a;
	work_init(&h->work, a->post, on_over, h);
	(void)uv_timer_init(&a->loop, &h->timer); /* always 0 */
	h->timer.data = h;
	if (a->notify.watchdog_ms > 0 && a->notify.watchdog_ms / 2 < every_ms)
		every_ms = a->notify.watchdog_ms / 2;
	(void)uv_timer_start(&h->timer, on_timer, every_ms, every_ms);
	*out = h;
	return ERR_OK;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct health *h = handle->data;

	h->is_timer_closed = true;
	free_when_closed(h);
}

void
health_close(struct health *h)
{
	h->is_closing = true;
	uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}
