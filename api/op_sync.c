/* op_sync: sessions with the parent, one or as many as it takes.
 *
 * It says "done" only for a session that ended cleanly, which means that all
 * was sent and receipted; a time-out or an end of file is never a success.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/budget.h"
#include "api/link.h"
#include "api/op.h"
#include "api/outcome.h"
#include "base/i18n.h"
#include "store/enrol.h"
#include "store/list.h"
#include "store/question.h"
#include "api/too_large.h"
#include "store/withdraw.h"

enum {
	CONNECT_MS = 15000,
	LOCK_MS = 30000, /* another session, of the agent, is under way */
	WAIT_S = 60,     /* --wait without --timeout */
	WAIT_S_MAX = 86400,
	PAUSE_MS = 500, /* before the second try; doubles */
	PAUSE_MS_MAX = 8000,
	SLICE_MS = 100, /* how soon a stop is noticed */
	PROGRESS_MS = 250,
};

/* What the parent's receipts say of our changes. */
struct standing {
	uint64_t refused; /* kept apart there */
	uint64_t held;    /* taken */
};

struct sync {
	struct op *op;
	struct self self;
	char address[264];
	uint8_t parent[NODE_ID_BYTES];
	uint64_t goal[CLASSES]; /* ends of the list upwards at the start */
	uint64_t start_ms, end_ms, next_progress_ms;
	struct session_stats sum;
	double seconds; /* within sessions */
	enum reason reason;
	struct standing before;
	bool is_reader_gone;
	uint64_t bytes_max; /* of all sessions together; 0: none */
	bool held_back;     /* a bound kept something back */
	bool left_untaken;  /* a batch of the parent's is to come again */
	bool has_budget;    /* the last link's class had one */
	uint64_t day_bytes; /* which is so much a day */
	struct session_over over;
};

static int64_t
clock_now(void *context)
{
	(void)context;
	return api_now();
}

/* --- what has to be up there ------------------------------------------- */

/* Where our list ends, or where the parent's receipt stands. */
static enum err
read_places(
    struct sync *s, struct txn *t, bool parents, uint64_t places[CLASSES])
{
	struct list_id list = {.name = AUDIENCE_UP};
	struct audience up;
	struct cursor end, held = {0};
	enum err e = audience_read(t, AUDIENCE_UP, &up);

	memset(places, 0, CLASSES * sizeof *places);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	while (e == ERR_OK && list.class < CLASSES) {
		e = list_end(t, &up, list.class, &end);
		if (e == ERR_OK && parents)
			e = cursor_read(
			    t, s->parent, CURSOR_PEER, &list, &held);
		if (!parents)
			places[list.class] = end.place;
		else if (held.epoch == end.epoch)
			places[list.class] = held.place;
		list.class ++;
	}
	return e;
}

static enum err
places(struct sync *s, bool parents, uint64_t out[CLASSES])
{
	struct txn *t;
	enum err e = db_begin(store_db(s->op->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = read_places(s, t, parents, out);
	txn_abort(t);
	return e;
}

/* Whether all that was held at the start is receipted by the parent. */
static enum err
goal_reached(struct sync *s, bool *out)
{
	uint64_t held[CLASSES];
	size_t i;
	enum err e = places(s, true, held);

	*out = e == ERR_OK;
	for (i = 0; i < CLASSES; i++)
		if (held[i] < s->goal[i])
			*out = false;
	return e;
}

/* --- one session ------------------------------------------------------- */

static void
show_progress(void *context, const struct session_stats *now)
{
	struct sync *s = context;
	uint64_t now_ms = api_now_ms();

	if (now_ms < s->next_progress_ms)
		return;
	s->next_progress_ms = now_ms + PROGRESS_MS;
	if (op_emit(s->op, "progress",
	        json_pack("{s:I, s:I, s:I, s:I}", "bytes_sent",
	            (json_int_t)(s->sum.bytes_sent + now->bytes_sent),
	            "bytes_received",
	            (json_int_t)(s->sum.bytes_received + now->bytes_received),
	            "changes_sent",
	            (json_int_t)(s->sum.changes_sent + now->changes_sent),
	            "changes_received",
	            (json_int_t)(s->sum.changes_received +
	                         now->changes_received))) != ERR_OK)
		s->is_reader_gone = true;
}

static void
add_report(struct sync *s, const struct link_report *r)
{
	s->sum.bytes_sent += r->stats.bytes_sent;
	s->sum.bytes_received += r->stats.bytes_received;
	s->sum.round_trips += r->stats.round_trips;
	s->sum.changes_sent += r->stats.changes_sent;
	s->sum.changes_received += r->stats.changes_received;
	s->held_back = r->stats.held_back;
	s->left_untaken = r->stats.left_untaken;
	s->over = r->stats.over;
	s->seconds += r->seconds;
	s->reason = r->reason;
}

static uint64_t
bytes_left(const struct sync *s)
{
	uint64_t spent = s->sum.bytes_sent + s->sum.bytes_received;

	return spent < s->bytes_max ? s->bytes_max - spent : 0;
}

/* No further session has room within the bound. */
static bool
is_spent(const struct sync *s)
{
	return s->bytes_max > 0 && bytes_left(s) < SESSION_BYTES_MIN;
}

static enum err
run_exchange(struct sync *s, int fd)
{
	struct exchange_options xo = {.db = store_db(s->op->api->store),
	    .purpose = SESSION_SYNC,
	    .now_ms = api_now_ms(),
	    .clock = clock_now};
	struct link_report report = {0};
	struct exchange *x;
	enum err e = budget_apply(&xo, s->op->api->config, fd, api_now());

	if (s->bytes_max > 0)
		xo.bytes_max = bytes_left(s);
	s->has_budget = xo.has_budget;
	if (e == ERR_OK && xo.has_budget)
		s->day_bytes =
		    budget_of_class(s->op->api->config, xo.link_class);
	if (e == ERR_OK)
		e = exchange_new(&x, &xo);
	if (e != ERR_OK)
		return e;
	e = link_run(x, s->op->api->writer, fd, &s->op->api->news,
	    show_progress, s, &report);
	op_session_over(s->op, SESSION_SYNC, exchange_peer_name(x), e, &report);
	exchange_free(x);
	add_report(s, &report);
	return e;
}

static uint64_t
time_left_ms(const struct sync *s)
{
	uint64_t now_ms = api_now_ms();

	return now_ms < s->end_ms ? s->end_ms - now_ms : 0;
}

static enum err
run_session(struct sync *s)
{
	const struct link_report nothing = {0};
	uint64_t left_ms = time_left_ms(s);
	unsigned lock_ms = left_ms > LOCK_MS ? (unsigned)left_ms : LOCK_MS;
	int fd;
	enum err e = op_lock_parent(s->op, lock_ms);

	s->reason = REASON_NONE;
	if (e != ERR_OK)
		return e;
	e = link_connect(s->address, CONNECT_MS, &fd);
	if (e == ERR_OK) {
		e = run_exchange(s, fd);
		close(fd);
	} else {
		op_session_over(s->op, SESSION_SYNC, "", e, &nothing);
	}
	op_unlock_parent(s->op);
	return e;
}

/* --- as many as it takes ----------------------------------------------- */

/* Whether the link or the moment was to blame, and not the two nodes. */
static bool
may_pass(const struct sync *s, enum err e)
{
	if (s->reason == REASON_BUSY || s->reason == REASON_STORAGE ||
	    s->reason == REASON_SHUTDOWN || s->reason == REASON_TIMEOUT)
		return true;
	return s->reason == REASON_NONE &&
	       (e == ERR_NO_LINK || e == ERR_CLOSED || e == ERR_TIMEOUT ||
	           e == ERR_BUSY);
}

/* False: it is time to give up. */
static bool
pause_a_while(struct sync *s, uint64_t pause_ms)
{
	const struct timespec slice = {0, SLICE_MS * 1000000L};
	uint64_t until_ms = api_now_ms() + pause_ms;

	while (api_now_ms() < until_ms) {
		if (op_is_stopping(s->op) || s->is_reader_gone ||
		    time_left_ms(s) == 0)
			return false;
		nanosleep(&slice, NULL);
	}
	return time_left_ms(s) > 0;
}

static enum err
run_sessions(struct sync *s)
{
	uint64_t pause_ms = PAUSE_MS;
	bool is_reached = false;
	enum err e, look;

	for (;;) {
		e = run_session(s);
		look = goal_reached(s, &is_reached);
		if (look != ERR_OK)
			return look;
		if (e == ERR_OK && is_reached && !s->left_untaken)
			return ERR_OK;
		if (e == ERR_OK && is_spent(s))
			s->held_back = true;
		if (is_spent(s) || (e == ERR_OK && s->held_back))
			return e;
		if (e != ERR_OK && !may_pass(s, e))
			return e;
		if (!pause_a_while(s, pause_ms))
			/* Clean sessions that leave something behind are no
			 * success either. */
			return e == ERR_OK ? ERR_TIMEOUT : e;
		pause_ms *= 2;
		if (pause_ms > PAUSE_MS_MAX)
			pause_ms = PAUSE_MS_MAX;
	}
}

/* --- what is said of it ------------------------------------------------ */

/* What the group did not take from this node. */
static void
add_not_taken(struct sync *s)
{
	struct own_counts own = {0};
	struct txn *t;
	enum err e = db_begin(store_db(s->op->api->store), false, &t);

	if (e != ERR_OK)
		return;
	e = withdraw_own_counts(t, &s->self, &own);
	txn_abort(t);
	if (e != ERR_OK)
		return;
	json_object_set_new(s->op->summary, "saved_here",
	    json_integer((json_int_t)own.waiting));
	json_object_set_new(
	    s->op->summary, "kept_apart", json_integer((json_int_t)own.apart));
}

static enum err
standing_read(struct sync *s, struct standing *out)
{
	struct own_counts own;
	struct txn *t;
	enum err e = db_begin(store_db(s->op->api->store), false, &t);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	e = question_count_type(t, QUESTION_RETURNED, &out->refused);
	if (e == ERR_OK)
		e = withdraw_own_counts(t, &s->self, &own);
	txn_abort(t);
	if (e == ERR_OK)
		out->held = own.held;
	return e;
}

/* What came of this run; nothing where it cannot be told. What merely left
 * is not called sent. */
static struct standing
newly(struct sync *s)
{
	struct standing now, new = {0, 0};

	if (s->sum.round_trips == 0 || standing_read(s, &now) != ERR_OK)
		return new;
	/* A withdrawn node's are kept apart, all of them. */
	if (now.refused > s->before.refused && s->reason != REASON_REVOKED)
		new.refused = now.refused - s->before.refused;
	if (now.held > s->before.held)
		new.held = now.held - s->before.held;
	return new;
}

static bool
has_moved(const struct sync *s, const struct standing *new)
{
	return new->held > 0 || new->refused > 0 || s->sum.changes_received > 0;
}

/* Nobody answered in time, whichever side said so. */
static bool
is_unanswered(const struct sync *s, const struct standing *new)
{
	return s->reason == REASON_TIMEOUT && !has_moved(s, new);
}

static const char *
state_of(const struct sync *s, enum err e, const struct standing *new)
{
	if (e == ERR_OK && new->refused == 0 && !s->held_back)
		return "done";
	if (e == ERR_OK && s->held_back)
		return "partial";
	if (has_moved(s, new))
		return "partial";
	return e == ERR_NO_LINK || is_unanswered(s, new) ? "no_link" : "failed";
}

/* It is not that others took the bytes: no session goes with so few. */
static bool
has_too_large(const struct sync *s)
{
	uint64_t allowed = s->bytes_max > 0 ? s->bytes_max : s->day_bytes;

	return s->over.needs > allowed;
}

static const char *
say_bound(const struct sync *s)
{
	if (has_too_large(s))
		return N_("A record takes more bytes than were allowed. It was "
		          "left out, and what stands behind it of its "
		          "urgency; nothing else waits for it. Allow more: "
		          "once with --max-bytes, or a day in [budget] of "
		          "yizhan.conf.");
	if (s->bytes_max == 0 && s->has_budget)
		return N_("Today's budget of this link is used up. What is not "
		          "at once urgent waits until tomorrow, or for another "
		          "link.");
	return N_("The bytes allowed did not suffice: what did not fit waits "
	          "for the next session, the urgent first.");
}

static enum err
say_end(struct sync *s, enum err e)
{
	struct op *o = s->op;
	const char *why = outcome_reason(s->reason);
	struct standing new = newly(s);
	enum api_exit failed = has_moved(s, &new)       ? API_PARTLY
	                       : is_unanswered(s, &new) ? API_NO_LINK
	                                                : API_FAILED;

	o->summary = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b}",
	    "state", state_of(s, e, &new), "bytes_sent",
	    (json_int_t)s->sum.bytes_sent, "bytes_received",
	    (json_int_t)s->sum.bytes_received, "round_trips",
	    (json_int_t)s->sum.round_trips, "changes_sent",
	    (json_int_t) new.held, "refused", (json_int_t) new.refused,
	    "changes_received", (json_int_t)s->sum.changes_received, "seconds",
	    (double)(api_now_ms() - s->start_ms) / 1000.0, "held_back",
	    (int)s->held_back);
	if (s->held_back && has_too_large(s))
		json_object_set_new(o->summary, "too_large",
		    too_large_json(store_db(o->api->store), &s->over));
	if (s->reason == REASON_REVOKED) {
		add_not_taken(s);
		return op_fail_with(o, e, API_NOT_ALLOWED, why);
	}
	if (e == ERR_OK && new.refused > 0)
		return op_fail_with(o, ERR_OK, API_PARTLY,
		    N_("The parent could not take some changes made here; the "
		       "others are there. yizhan questions lists them."));
	if (e == ERR_OK && s->held_back)
		return op_fail_with(o, ERR_OK, API_PARTLY, say_bound(s));
	if (o->message != NULL || outcome_exit(e) != API_FAILED)
		return e;
	if (why != NULL)
		return op_fail_with(o, e, failed, why);
	if (e == ERR_CLOSED || e == ERR_TIMEOUT)
		return op_fail_with(o, e, failed,
		    N_("The connection ended before all was sent. What has a "
		       "receipt is there; the rest goes with the next "
		       "session."));
	return e;
}

static enum err
read_bound(struct sync *s)
{
	const json_t *bound = json_object_get(s->op->request, "max_bytes");

	if (bound == NULL)
		return ERR_OK;
	if (!json_is_integer(bound) ||
	    json_integer_value(bound) < SESSION_BYTES_MIN)
		return op_fail(s->op, ERR_USAGE,
		    N_("A session that carries nothing may take 512 bytes: "
		       "allow more."));
	s->bytes_max = (uint64_t)json_integer_value(bound);
	return ERR_OK;
}

static enum err
sync_prepare(struct sync *s)
{
	struct op *o = s->op;
	struct cert parent;
	struct txn *t;
	enum err e = op_self(o, &s->self);

	if (e != ERR_OK)
		return e;
	if (s->self.role == ROLE_HUB)
		return op_fail(o, ERR_NOT_ALLOWED,
		    N_("A hub has no parent: its sites come to it."));
	if (!s->self.is_enrolled)
		return ERR_NOT_ENROLLED;
	e = read_bound(s);
	if (e != ERR_OK)
		return e;
	e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	e = enrol_parent(t, &s->self, &parent, s->address, sizeof s->address);
	txn_abort(t);
	if (e != ERR_OK)
		return e;
	node_id_of(s->parent, parent.signing_key);
	e = op_parent_address(o, &s->self, s->address, sizeof s->address);
	if (e == ERR_NOT_FOUND)
		return op_fail_with(o, e, API_NO_LINK,
		    N_("Nobody said where the parent is: set [agent] parent "
		       "= HOST:PORT in yizhan.conf."));
	if (e == ERR_OK)
		e = standing_read(s, &s->before);
	return e == ERR_OK ? places(s, false, s->goal) : e;
}

static uint64_t
wait_ms(const struct op *o)
{
	const json_t *timeout = json_object_get(o->request, "timeout");
	json_int_t seconds = WAIT_S;

	if (!op_flag(o, "wait"))
		return 0;
	if (json_is_integer(timeout))
		seconds = json_integer_value(timeout);
	if (seconds < 0)
		seconds = 0;
	if (seconds > WAIT_S_MAX)
		seconds = WAIT_S_MAX;
	return (uint64_t)seconds * 1000;
}

enum err
op_sync(struct op *o)
{
	struct sync *s = calloc(1, sizeof *s);
	enum err e;

	if (s == NULL)
		return ERR_NOMEM;
	s->op = o;
	s->start_ms = api_now_ms();
	s->end_ms = s->start_ms + wait_ms(o);
	e = sync_prepare(s);
	if (e == ERR_OK)
		e = op_flag(o, "wait") ? run_sessions(s) : run_session(s);
	e = say_end(s, e);
	self_wipe(&s->self);
	free(s);
	return e;
}
