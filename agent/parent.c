/* parent: the way up: when to connect, and what came of it. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/address.h"
#include "agent/backoff.h"
#include "agent/connect.h"
#include "agent/linkwatch.h"
#include "agent/parent.h"
#include "agent/peer.h"
#include "store/enrol.h"

enum {
	KICK_MS = 1000,         /* saves of the next second travel along */
	BUSY_RETRY_MS = 5000,   /* a client has the turn */
	ENROL_POLL_MS = 30000,  /* not enrolled: look again */
	START_SPREAD_MS = 2000, /* after power returned to a whole valley */
	/* A link is told of before its route is ready: when connecting fails
	 * at once, try again at short steps, each twice the one before. */
	QUICK_TRIES = 4,
	QUICK_FIRST_MS = 250,
	QUICK_FAILURE_MS = 1000, /* what is at once */
	ADDRESS_BYTES = CONFIG_ADDRESS_BYTES,
};

/* Why it is tried, for the log. */
enum cause {
	CAUSE_START,
	CAUSE_INTERVAL,
	CAUSE_RETRY,
	CAUSE_SAVED,
	CAUSE_LINK,
	CAUSE_JOINED,
};

struct parent_link {
	struct agent *agent;
	uv_timer_t timer;        /* to the next attempt */
	struct connect *connect; /* one of these two exists: */
	struct peer *peer;       /* the turn is ours */
	struct linkwatch *watch; /* NULL: this system has none */
	enum cause cause;        /* of the next attempt */
	uint64_t began_ms;       /* the last attempt */
	unsigned failures;       /* in a row */
	unsigned quick_left;     /* quick tries since a link appeared */
	bool is_lasting;         /* the last failure: only a person mends it */
	bool is_enrolled;        /* when it was looked at last */
	bool has_told;           /* that it is not enrolled, in the log */
	bool is_kicked;          /* something was saved during the session */
	bool is_closing;
	unsigned handles_open; /* the timer's, the watch's */
};

static void on_tick(uv_timer_t *timer);

/* Sooner only: what is due earlier stays due. */
static void
schedule(struct parent_link *p, uint64_t wait_ms, enum cause cause)
{
	if (p->is_closing)
		return;
	if (uv_is_active((uv_handle_t *)&p->timer) &&
	    uv_timer_get_due_in(&p->timer) <= wait_ms)
		return;
	p->cause = cause;
	(void)uv_timer_start(&p->timer, on_tick, wait_ms, 0);
}

static const char *
cause_name(enum cause cause)
{
	switch (cause) {
	case CAUSE_START:
		return "start";
	case CAUSE_INTERVAL:
		return "interval";
	case CAUSE_RETRY:
		return "retry";
	case CAUSE_SAVED:
		return "saved";
	case CAUSE_LINK:
		return "link";
	case CAUSE_JOINED:
		return "joined";
	}
	return "unknown";
}

static bool
is_under_way(const struct parent_link *p)
{
	return p->connect != NULL || p->peer != NULL;
}

static void
free_when_closed(struct parent_link *p)
{
	struct agent *a = p->agent;

	if (!p->is_closing || p->handles_open > 0 || is_under_way(p))
		return;
	free(p);
	agent_part_closed(a);
}

/* --- what came of it --------------------------------------------------- */

static void
failed(struct parent_link *p, enum err e, enum reason reason)
{
	uint64_t wait_ms;

	p->failures++;
	p->quick_left = 0;
	p->is_lasting = backoff_is_lasting(reason);
	wait_ms = backoff_wait_ms(p->failures, reason, agent_chance(p->agent));
	log_event(&p->agent->log, LOG_INFO, "parent_retry",
	    "error=%s failures=%u wait_ms=%llu", err_name(e), p->failures,
	    (unsigned long long)wait_ms);
	notify_send(&p->agent->notify,
	    "STATUS=Waiting for the parent: %s; next try in %llu s.",
	    err_name(e), (unsigned long long)(wait_ms / 1000));
	if (reason == REASON_REVOKED)
		log_event(&p->agent->log, LOG_WARNING, "node_withdrawn",
		    "mend=%s", "ask_the_administrator");
	schedule(p, wait_ms, CAUSE_RETRY);
}

/* The route may not be ready yet. True: it is tried again soon. */
static bool
is_tried_again_soon(struct parent_link *p)
{
	uint64_t took_ms = uv_now(&p->agent->loop) - p->began_ms;
	unsigned done = QUICK_TRIES - p->quick_left;

	if (p->quick_left == 0 || took_ms > QUICK_FAILURE_MS)
		return false;
	p->quick_left--;
	turn_give_back(&p->agent->turn);
	schedule(p,
	    backoff_spread_ms(
	        (uint64_t)QUICK_FIRST_MS << done, agent_chance(p->agent)),
	    CAUSE_LINK);
	return true;
}

static void
succeeded(struct parent_link *p)
{
	uint64_t interval_ms = p->agent->config.interval_s * 1000ull;

	p->failures = 0;
	p->quick_left = 0;
	p->is_lasting = false;
	notify_send(&p->agent->notify,
	    "STATUS=The last session with the parent ended well.");
	if (p->is_kicked)
		schedule(p, KICK_MS, CAUSE_SAVED);
	else
		schedule(p,
		    backoff_spread_ms(interval_ms, agent_chance(p->agent)),
		    CAUSE_INTERVAL);
}

static void
give_up(struct parent_link *p, enum err e, enum reason reason)
{
	turn_give_back(&p->agent->turn);
	failed(p, e, reason);
	free_when_closed(p);
}

/* A cut link that carried something works: begin to wait from the start. */
static bool
got_on(const struct peer_report *r)
{
	return !r->told_by_peer && r->name[0] != '\0' &&
	       r->stats.changes_sent + r->stats.changes_received > 0;
}

static void
on_session_over(void *context, const struct peer_report *r)
{
	struct parent_link *p = context;
	enum err e = r->result;

	p->peer = NULL;
	if (e == ERR_OK && r->stats.left_untaken)
		e = ERR_CLOSED; /* the parent had more, and sends it again */
	if (e != ERR_OK) {
		if (got_on(r))
			p->failures = 0;
		give_up(p, e, r->reason);
		return;
	}
	turn_give_back(&p->agent->turn);
	succeeded(p);
	free_when_closed(p);
}

/* --- an attempt -------------------------------------------------------- */

static void
on_connected(void *context, enum err e, int fd)
{
	struct parent_link *p = context;
	struct peer_options o = {
	    .purpose = SESSION_SYNC,
	    .fd = fd,
	    .over = on_session_over,
	    .context = p,
	};

	p->connect = NULL;
	p->is_kicked = false;
	if (e == ERR_OK) {
		e = peer_open(&p->peer, p->agent, &o);
		if (e != ERR_OK)
			close(fd);
	}
	if (e == ERR_OK)
		notify_send(
		    &p->agent->notify, "STATUS=In a session with the parent.");
	else if (e != ERR_NO_LINK || !is_tried_again_soon(p))
		give_up(p, e, REASON_NONE);
}

/* The config's address goes before the one that `join` remembered. */
static enum err
find_address(struct parent_link *p, char out[ADDRESS_BYTES])
{
	const char *configured = p->agent->config.parent;
	struct self self;
	struct cert parent;
	struct txn *t;
	enum err e = db_begin(store_db(p->agent->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = self_read(t, &self);
	if (e == ERR_OK)
		e = self.is_enrolled
		        ? enrol_parent(t, &self, &parent, out, ADDRESS_BYTES)
		        : ERR_NOT_ENROLLED;
	self_wipe(&self);
	txn_abort(t);
	p->is_enrolled = e == ERR_OK;
	if (e == ERR_OK && configured[0] != '\0')
		memcpy(out, configured, ADDRESS_BYTES);
	return e == ERR_OK && out[0] == '\0' ? ERR_NOT_FOUND : e;
}

static void
wait_for_join(struct parent_link *p)
{
	if (!p->has_told) {
		log_event(&p->agent->log, LOG_INFO, "not_enrolled", "%s", "");
		notify_send(&p->agent->notify,
		    "STATUS=Not enrolled; waiting for `yizhan join`.");
	}
	p->has_told = true;
	schedule(p, ENROL_POLL_MS, CAUSE_RETRY);
}

static void
attempt(struct parent_link *p, const char *address)
{
	enum err e = turn_take(&p->agent->turn, 0);

	if (e != ERR_OK) { /* a client runs a session itself */
		schedule(p, BUSY_RETRY_MS, p->cause);
		return;
	}
	p->began_ms = uv_now(&p->agent->loop);
	log_event(&p->agent->log, LOG_DEBUG, "parent_connect", "cause=%s",
	    cause_name(p->cause));
	e = connect_begin(
	    &p->connect, &p->agent->loop, address, on_connected, p);
	if (e != ERR_OK)
		give_up(p, e, REASON_NONE);
}

static void
on_tick(uv_timer_t *timer)
{
	struct parent_link *p = timer->data;
	char address[ADDRESS_BYTES] = "";
	enum err e;

	if (p->is_closing || is_under_way(p))
		return;
	e = find_address(p, address);
	if (e == ERR_OK)
		attempt(p, address);
	else if (e == ERR_NOT_ENROLLED)
		wait_for_join(p);
	else
		failed(p, e, REASON_NONE);
}

/* --- told by others ---------------------------------------------------- */

void
parent_kick(struct parent_link *p)
{
	if (p->peer != NULL) {
		/* If it came too late for this session, the next is near. */
		p->is_kicked = true;
		peer_look_again(p->peer);
	} else if (p->connect == NULL && p->failures == 0 && p->is_enrolled) {
		/* After failures it is the link that is missing, not news. */
		schedule(p, KICK_MS, CAUSE_SAVED);
	}
}

void
parent_released(struct parent_link *p)
{
	if (!p->is_enrolled && !is_under_way(p))
		schedule(p, KICK_MS, CAUSE_JOINED);
}

static void
on_appeared(void *context)
{
	struct parent_link *p = context;

	if (p->is_closing || p->peer != NULL || p->is_lasting)
		return;
	if (p->connect != NULL) {
		/* It goes where the link was that is gone, or looks a name up
		 * there: that may last longer than the new link. */
		connect_cancel(p->connect);
		p->connect = NULL;
		turn_give_back(&p->agent->turn);
	}
	p->failures = 0;
	p->quick_left = QUICK_TRIES;
	schedule(p, 0, CAUSE_LINK);
}

/* --- beginning and end ------------------------------------------------- */

enum err
parent_open(struct parent_link **out, struct agent *a)
{
	struct parent_link *p = calloc(1, sizeof *p);
	enum err e;

	if (p == NULL)
		return ERR_NOMEM;
	p->agent = a;
	(void)uv_timer_init(&a->loop, &p->timer); /* always 0 */
	p->timer.data = p;
	p->handles_open = 1;
	e = linkwatch_open(&p->watch, a, on_appeared, p);
	if (e == ERR_OK)
		p->handles_open++;
	else /* the back-off alone finds the way, later */
		log_event(&a->log, LOG_WARNING, "no_link_watch", "error=%s",
		    err_name(e));
	schedule(p, agent_chance(a) % START_SPREAD_MS, CAUSE_START);
	*out = p;
	return ERR_OK;
}

static void
on_closed(void *context)
{
	struct parent_link *p = context;

	p->handles_open--;
	free_when_closed(p);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	on_closed(handle->data);
}

void
parent_close(struct parent_link *p)
{
	p->is_closing = true;
	uv_close((uv_handle_t *)&p->timer, on_timer_closed);
	if (p->watch != NULL)
		linkwatch_close(p->watch, on_closed);
	if (p->connect != NULL) {
		connect_cancel(p->connect);
		p->connect = NULL;
		turn_give_back(&p->agent->turn);
	}
	if (p->peer != NULL)
		peer_refuse(p->peer, REASON_SHUTDOWN, ERR_CLOSED);
}
