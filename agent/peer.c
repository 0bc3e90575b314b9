/* peer: one TCP connection and the exchange that runs over it. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/peer.h"
#include "agent/work.h"
#include "api/budget.h"
#include "api/tcp.h"
#include "store/index.h"

enum {
	READ_BYTES = 32 * 1024,
	/* A turn's bounds, so that a fast peer leaves time to others. */
	TURN_READS_MAX = 8,
	TURN_SENDS_MAX = 32,
	/* For the last words to leave, and for the peer to take them. */
	LINGER_MS = 2000,
};

struct peer {
	struct agent *agent;
	uv_poll_t poll;
	uv_timer_t timer; /* the session's deadline, or the linger's end */
	uv_idle_t idle;   /* runs while there is something to pack ahead */
	unsigned handles_open;
	int fd;
	int events; /* the poll waits for */
	struct exchange *exchange;
	struct session *session; /* the exchange's */
	struct work work;        /* the exchange's job at the writer */
	size_t untold;           /* the kernel has them, the session waits */
	bool has_output;         /* some, or untold, waits for the socket */
	bool is_unsendable;      /* a job is out; what came is read after it */
	bool link_is_down;       /* no byte passes any more */
	bool is_ending;          /* the linger's time runs */
	bool is_shut;            /* all is sent, FIN too */
	bool is_closing;         /* handles are being closed */
	uint64_t began_ms;
	uint64_t told_received; /* changes that received() knows of */
	struct peer_options o;
};

static void pump(struct peer *p);
static void on_timer(uv_timer_t *timer);
static void read_input(struct peer *p);
static void give_work(struct peer *p);

/* --- the end ----------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
	struct peer *p = handle->data;
	struct peer_report r;

	if (--p->handles_open > 0)
		return;
	close(p->fd);
	r = (struct peer_report){
	    .purpose = p->o.purpose,
	    .result = exchange_result(p->exchange),
	    .reason = exchange_reason(p->exchange),
	    .told_by_peer = exchange_told_by_peer(p->exchange),
	    .stats = session_stats(p->session),
	    .name = exchange_peer_name(p->exchange),
	    .took_ms = api_now_ms() - p->began_ms,
	};
	if (r.result == ERR_OK && !exchange_is_over(p->exchange))
		r.result = ERR_CLOSED;
	report_log(&r, &p->agent->log);
	p->o.over(p->o.context, &r);
	exchange_free(p->exchange);
	free(p);
}

static void
close_handles(struct peer *p)
{
	assert(!p->work.is_out);
	if (p->is_closing)
		return;
	p->is_closing = true;
	uv_close((uv_handle_t *)&p->poll, on_closed);
	uv_close((uv_handle_t *)&p->timer, on_closed);
	uv_close((uv_handle_t *)&p->idle, on_closed);
}

/* Nothing but the wires is left. A socket closed with unread bytes in it
 * answers by a reset, which can take our last words from the peer: so say
 * that nothing follows and read on until it closes too, for a while. */
static void
end(struct peer *p)
{
	bool is_clean = exchange_is_over(p->exchange) &&
	                exchange_result(p->exchange) == ERR_OK;
	bool said_nothing = session_stats(p->session).bytes_sent == 0;

	if (!p->is_ending && !p->link_is_down)
		(void)uv_timer_start(&p->timer, on_timer, LINGER_MS, 0);
	p->is_ending = true;
	if (p->link_is_down || (!p->has_output && (is_clean || said_nothing))) {
		if (!p->link_is_down)
			read_input(p); /* what crossed our bye */
		close_handles(p);
	} else if (!p->has_output && !p->is_shut) {
		p->is_shut = true;
		if (shutdown(p->fd, SHUT_WR) != 0)
			close_handles(p);
	}
}

/* --- bytes ------------------------------------------------------------- */

static void
tell_sent(struct peer *p)
{
	if (p->untold > 0)
		session_sent(p->session, p->untold, api_now_ms());
	p->untold = 0;
}

static void
link_down(struct peer *p)
{
	if (p->link_is_down)
		return;
	p->link_is_down = true;
	p->has_output = false;
	tell_sent(p); /* they count, whatever became of them */
	session_closed(p->session);
}

/* Faults of the session come out of the exchange; nobody looks here. */
static void
take_input(struct peer *p, const void *in, size_t size)
{
	if (!p->is_ending)
		(void)session_receive(p->session, in, size, api_now_ms());
}

static void
read_input(struct peer *p)
{
	uint8_t in[READ_BYTES];
	int i;

	for (i = 0; i < TURN_READS_MAX; i++) {
		ssize_t n;

		if (!p->is_ending && !session_wants_input(p->session))
			return;
		n = recv(p->fd, in, sizeof in, 0);
		if (n > 0)
			take_input(p, in, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			link_down(p);
		if (n < (ssize_t)sizeof in)
			return;
	}
}

/* What the peer said before the link died, why it ended perhaps, may still
 * lie there. */
static void
read_last(struct peer *p)
{
	read_input(p);
	give_work(p); /* what it brought */
	p->is_unsendable = p->work.is_out && !p->link_is_down;
	p->has_output = false;
	if (!p->is_unsendable)
		link_down(p);
}

/* The session hears that a frame is gone when the socket takes the next one,
 * and makes that only then: what is urgent by now goes into it. */
static void
send_output(struct peer *p)
{
	const uint8_t *out;
	ssize_t n;
	int i;

	for (i = 0; i < TURN_SENDS_MAX && !p->link_is_down && !p->is_unsendable;
	     i++) {
		size_t size;

		if (tcp_is_full(p->fd))
			break;
		tell_sent(p);
		size = session_output(p->session, &out);
		p->has_output = size > 0;
		if (size == 0)
			break;
		n = send(p->fd, out, size, MSG_NOSIGNAL);
		if (n > 0)
			p->untold = (size_t)n;
		else if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		else
			read_last(p);
	}
}

/* --- work -------------------------------------------------------------- */

static void
tell_received(struct peer *p)
{
	uint64_t count = session_stats(p->session).changes_received;

	if (p->o.received == NULL || count == p->told_received)
		return;
	p->told_received = count;
	p->o.received(p->o.context);
}

static void
on_job_over(void *context, enum err result)
{
	struct peer *p = context;

	exchange_job_done(p->exchange, result);
	if (p->is_unsendable)
		read_last(p);
	if (result == ERR_OK && exchange_marked_nodes(p->exchange))
		agent_withdrawn(p->agent);
	if (result == ERR_OK)
		tell_received(p);
	else if (result == ERR_IO || result == ERR_FULL)
		agent_doubt_store(p->agent);
	pump(p);
}

static void
give_work(struct peer *p)
{
	struct writer_job *task;

	task = p->work.is_out ? NULL : exchange_next_job(p->exchange);
	if (task != NULL)
		work_submit(&p->work, p->agent->writer, task);
}

/* --- turns of the loop ------------------------------------------------- */

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct peer *p = poll->data;

	if (status < 0)
		read_last(p);
	else if ((events & UV_READABLE) != 0)
		read_input(p);
	pump(p);
}

/* The session's own bound rests while an invite is looked up. */
static uint64_t
half_open_deadline(const struct peer *p)
{
	return peer_is_known(p) ? UINT64_MAX : p->began_ms + HANDSHAKE_WHOLE_MS;
}

static void
on_timer(uv_timer_t *timer)
{
	struct peer *p = timer->data;

	if (p->is_ending)
		link_down(p);
	else if (api_now_ms() >= half_open_deadline(p))
		session_refuse(p->session, REASON_TIMEOUT, ERR_TIMEOUT);
	else
		(void)session_expire(p->session, api_now_ms());
	pump(p);
}

static void
watch(struct peer *p)
{
	int events = p->has_output ? UV_WRITABLE : 0;

	if (p->is_ending ? p->is_shut : session_wants_input(p->session))
		events |= UV_READABLE;
	if (p->link_is_down || p->is_unsendable)
		events = 0;
	if (events == p->events)
		return;
	p->events = events;
	if (events == 0)
		(void)uv_poll_stop(&p->poll);
	else /* fails for no live handle */
		(void)uv_poll_start(&p->poll, events, on_poll);
}

/* The socket is full: what the next frame carries is packed meanwhile. */
static bool
pack_ahead(struct peer *p)
{
	uint64_t began = uv_hrtime();
	bool more = session_prepare(p->session);

	session_prepare_took(p->session, (uv_hrtime() - began) / 1000);
	return more;
}

/* A little in each turn of the loop. */
static bool
work_ahead(struct peer *p)
{
	if (p->link_is_down)
		return false;
	return session_learn(p->session) || (p->has_output && pack_ahead(p));
}

static void
on_idle(uv_idle_t *idle)
{
	struct peer *p = idle->data;

	if (work_ahead(p))
		return;
	(void)uv_idle_stop(idle);
	pump(p);
}

static void
arm(struct peer *p)
{
	uint64_t deadline = session_deadline_ms(p->session);
	uint64_t now = api_now_ms();

	if (p->is_ending)
		return;
	if (deadline > half_open_deadline(p))
		deadline = half_open_deadline(p);
	if (deadline == UINT64_MAX || p->link_is_down) {
		(void)uv_timer_stop(&p->timer);
		return;
	}
	/* The loop's idea of now is a little old: it would fire too early. */
	uv_update_time(&p->agent->loop);
	(void)uv_timer_start(
	    &p->timer, on_timer, deadline > now ? deadline - now : 1, 0);
}

/* Sending can bring events, events can bring bytes to send: what is left
 * after one round waits for the socket, the writer or the deadline. */
static void
pump(struct peer *p)
{
	if (p->is_closing)
		return;
	if (session_is_over(p->session))
		tell_sent(p); /* before its bytes are counted */
	give_work(p);
	send_output(p);
	give_work(p);
	if (!p->work.is_out &&
	    (p->link_is_down || exchange_is_over(p->exchange)))
		end(p);
	if (p->is_closing)
		return;
	watch(p);
	arm(p);
	if (work_ahead(p))
		(void)uv_idle_start(&p->idle, on_idle);
}

/* --- the beginning ----------------------------------------------------- */

static int64_t
clock_now(void *context)
{
	(void)context;
	return api_now();
}

static enum err
open_exchange(struct peer *p)
{
	struct exchange_options o = {
	    .db = store_db(p->agent->store),
	    .purpose = p->o.purpose,
	    .now_ms = p->began_ms,
	    .clock = clock_now,
	    .books = p->agent->books,
	    .wants_rows = p->o.wants_rows,
	    .learns = true,
	};
	enum err e = ERR_OK;

	if (p->o.purpose == SESSION_SYNC)
		e = budget_apply(&o, &p->agent->config, p->fd, api_now());
	if (e == ERR_OK)
		e = exchange_new(&p->exchange, &o);
	if (e == ERR_OK)
		p->session = exchange_session(p->exchange);
	return e;
}

/* From the loop, so that over() is not called before the owner knows us. */
static void
on_first_turn(uv_timer_t *timer)
{
	pump(timer->data);
}

static enum err
open_handles(struct peer *p)
{
	uv_loop_t *loop = &p->agent->loop;

	if (uv_poll_init_socket(loop, &p->poll, p->fd) != 0)
		return ERR_IO;
	(void)uv_timer_init(loop, &p->timer); /* always 0 */
	(void)uv_idle_init(loop, &p->idle);   /* likewise */
	p->poll.data = p->timer.data = p->idle.data = p;
	p->handles_open = 3;
	(void)uv_timer_start(&p->timer, on_first_turn, 0, 0);
	return ERR_OK;
}

enum err
peer_open(struct peer **out, struct agent *a, const struct peer_options *o)
{
	struct peer *p = calloc(1, sizeof *p);
	enum err e;

	if (p == NULL)
		return ERR_NOMEM;
	p->agent = a;
	p->o = *o;
	p->fd = o->fd;
	p->began_ms = api_now_ms();
	work_init(&p->work, a->post, on_job_over, p);
	e = tcp_prepare(p->fd);
	if (e == ERR_OK)
		e = open_exchange(p);
	if (e == ERR_OK)
		e = open_handles(p);
	if (e != ERR_OK) {
		if (p->exchange != NULL)
			exchange_free(p->exchange);
		free(p);
		return e;
	}
	*out = p;
	return ERR_OK;
}

bool
peer_is_known(const struct peer *p)
{
	return exchange_peer_name(p->exchange)[0] != '\0';
}

void
peer_look_again(struct peer *p)
{
	if (p->is_ending || p->is_closing)
		return;
	session_look_again(p->session);
	pump(p);
}

static bool
is_withdrawn_now(const struct peer *p)
{
	uint8_t id[NODE_ID_BYTES];
	struct node node;
	struct txn *t;
	enum err e;

	if (session_peer_is_withdrawn(p->session) ||
	    !exchange_peer_id(p->exchange, id) ||
	    db_begin(store_db(p->agent->store), false, &t) != ERR_OK)
		return false;
	e = index_node_read(t, id, &node);
	txn_abort(t);
	return e == ERR_OK && node.is_revoked;
}

void
peer_end_withdrawn(struct peer *p)
{
	if (is_withdrawn_now(p))
		peer_refuse(p, REASON_REVOKED, ERR_NOT_ALLOWED);
}

void
peer_ask_rows(struct peer *p)
{
	if (p->o.wants_rows || p->is_ending || p->is_closing)
		return;
	p->o.wants_rows = true;
	session_ask_rows(p->session);
	pump(p);
}

void
peer_refuse(struct peer *p, enum reason reason, enum err e)
{
	if (p->is_ending || p->is_closing)
		return;
	session_refuse(p->session, reason, e);
	pump(p);
}
