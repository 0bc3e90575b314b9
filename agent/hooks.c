/* hooks: what an operation that a client asked for may call in the agent. */

#include "agent/hooks.h"
#include "agent/parent.h"
#include "agent/report.h"
#include "api/link.h"

static void
news_init(struct agent_news *n, struct agent *a, void (*run)(void *context))
{
	n->item = (struct post_item){.run = run, .context = a};
	atomic_init(&n->is_sent, false);
}

/* Any thread. What is on its way already need not be sent twice. */
static void
news_send(struct agent *a, struct agent_news *n)
{
	if (!atomic_exchange(&n->is_sent, true))
		post_send(a->post, &n->item);
}

static void
on_saved(void *context)
{
	struct agent *a = context;

	atomic_store(&a->saved.is_sent, false);
	agent_received(a);
}

static void
on_released(void *context)
{
	struct agent *a = context;

	atomic_store(&a->released.is_sent, false);
	if (a->parent != NULL)
		parent_released(a->parent);
}

static void
on_withdrawn(void *context)
{
	struct agent *a = context;

	atomic_store(&a->withdrawn.is_sent, false);
	agent_withdrawn(a);
}

static enum err
lock_parent(void *context, unsigned timeout_ms)
{
	struct agent *a = context;

	return turn_take(&a->turn, timeout_ms);
}

static void
unlock_parent(void *context)
{
	struct agent *a = context;

	turn_give_back(&a->turn);
	news_send(a, &a->released);
}

static void
saved(void *context)
{
	struct agent *a = context;

	news_send(a, &a->saved);
}

static void
withdrawn(void *context)
{
	struct agent *a = context;

	news_send(a, &a->withdrawn);
}

static void
session_over(void *context, enum session_purpose purpose, const char *peer,
    enum err e, const struct link_report *link)
{
	const struct agent *a = context;
	struct peer_report r = {
	    .purpose = purpose,
	    .result = e,
	    .reason = link->reason,
	    .told_by_peer = link->told_by_peer,
	    .stats = link->stats,
	    .name = peer,
	    .took_ms = (uint64_t)(link->seconds * 1000.0),
	};

	report_log(&r, &a->log);
}

static bool
stopping(void *context)
{
	struct agent *a = context;

	return atomic_load(&a->is_stopping);
}

void
hooks_fill(struct agent *a)
{
	const struct config *c = &a->config;

	news_init(&a->saved, a, on_saved);
	news_init(&a->released, a, on_released);
	news_init(&a->withdrawn, a, on_withdrawn);
	a->api = (struct api){
	    .store = a->store,
	    .writer = a->writer,
	    .config = c,
	    .parent = c->parent[0] == '\0' ? NULL : c->parent,
	    .import_source =
	        c->import_source[0] == '\0' ? NULL : c->import_source,
	    .lock_parent = lock_parent,
	    .unlock_parent = unlock_parent,
	    .saved = saved,
	    .withdrawn = withdrawn,
	    .session_over = session_over,
	    .stopping = stopping,
	    .context = a,
	    .is_agent = true,
	};
	db_random(store_db(a->store), a->api.start_id, sizeof a->api.start_id);
}
