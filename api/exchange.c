/* exchange: one session against one store. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/exchange_state.h"
#include "store/dictionaries.h"
#include "store/enrol.h"
#include "store/paper.h"
#include "store/recover.h"

int64_t
exchange_now(const struct exchange *x)
{
	return x->o.clock(x->o.clock_context);
}

/* --- making ------------------------------------------------------------ */

static enum err
options_for_sync(
    struct txn *t, const struct self *self, struct session_options *so)
{
	struct cert parent;
	enum err e;

	if (self->role == ROLE_HUB)
		return ERR_NOT_ALLOWED;
	e = enrol_parent(t, self, &parent, NULL, 0);
	if (e != ERR_OK)
		return e;
	memcpy(so->group, self->group, sizeof so->group);
	so->parent = parent;
	memcpy(so->parent_key, parent.transport_key, KEY_BYTES);
	return ERR_OK;
}

static enum err
options_for_join(
    struct exchange *x, const struct self *self, struct session_options *so)
{
	enum err e;

	if (self->role == ROLE_HUB)
		return ERR_NOT_ALLOWED;
	if (self->is_enrolled)
		return ERR_EXISTS;
	e = invite_decode(&x->code, x->o.invite);
	if (e != ERR_OK)
		return e;
	so->invite = x->code;
	memcpy(so->request.name, self->name, sizeof so->request.name);
	so->request.role = (uint8_t)self->role;
	memcpy(so->request.signing_key, self->signing_public, KEY_BYTES);
	memcpy(so->signing_secret, self->signing_secret,
	    sizeof so->signing_secret);
	return ERR_OK;
}

static enum err
options_for_answer(const struct self *self, struct session_options *so)
{
	if (self->role == ROLE_CLINIC)
		return ERR_NOT_ALLOWED;
	if (!self->is_enrolled)
		return ERR_NOT_ENROLLED;
	memcpy(so->group, self->group, sizeof so->group);
	memcpy(so->root_key, self->root_key, KEY_BYTES);
	so->chain_count = self->chain_count;
	memcpy(so->chain, self->chain, sizeof so->chain);
	return ERR_OK;
}

/* What the group handed out joins what ships with the program. */
static enum err
load_books(struct exchange *x, struct txn *t, struct session_options *so)
{
	enum err e = ERR_OK;

	if (so->books == NULL) {
		e = codebook_new(&x->books);
		so->books = x->books;
	}
	return e == ERR_OK ? dictionaries_load(t, so->books) : e;
}

static enum err
fill_options(struct exchange *x, struct session_options *so)
{
	struct self self;
	struct txn *t;
	enum err e = db_begin(x->o.db, false, &t);

	if (e != ERR_OK)
		return e;
	e = self_read(t, &self);
	if (e == ERR_OK) {
		x->may_recover = recover_is_due(t);
		x->may_empty = emptying_is_due(t);
		so->purpose = x->o.purpose;
		so->transport = self.transport;
		so->now_ms = x->o.now_ms;
		so->source = store_source(&x->source);
		so->books = x->o.books;
		if (x->o.purpose != SESSION_JOIN)
			e = load_books(x, t, so);
		so->wants_rows = x->o.wants_rows;
		so->learns = x->o.learns;
		so->bytes_max = x->o.bytes_max;
		so->budget = x->o.budget;
		so->has_budget = x->o.has_budget;
		if (e == ERR_OK && x->o.purpose == SESSION_SYNC)
			e = options_for_sync(t, &self, so);
		else if (e == ERR_OK && x->o.purpose == SESSION_JOIN)
			e = options_for_join(x, &self, so);
		else if (e == ERR_OK)
			e = options_for_answer(&self, so);
	}
	txn_abort(t);
	self_wipe(&self);
	db_random(x->o.db, so->ephemeral_secret, sizeof so->ephemeral_secret);
	return e;
}

enum err
exchange_new(struct exchange **out, const struct exchange_options *o)
{
	struct session_options *so;
	struct exchange *x = calloc(1, sizeof *x);
	enum err e = ERR_NOMEM;

	if (x == NULL)
		return ERR_NOMEM;
	x->o = *o;
	x->source.db = o->db;
	x->source.now = exchange_now(x);
	x->source.sent = &x->sent;
	x->address = strdup(o->address == NULL ? "" : o->address);
	so = calloc(1, sizeof *so);
	if (x->address != NULL && so != NULL)
		e = fill_options(x, so);
	if (e == ERR_OK)
		e = session_new(&x->session, so);
	if (so != NULL)
		sodium_memzero(so, sizeof *so);
	free(so);
	if (e != ERR_OK) {
		exchange_free(x);
		return e;
	}
	*out = x;
	return ERR_OK;
}

void
exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	assert(!x->job_is_out);
	session_free(x->session);
	codebook_free(x->books);
	admitted_free(&x->admitted);
	if (x->answer != NULL)
		sodium_memzero(x->answer, sizeof *x->answer);
	free(x->answer);
	free(x->address);
	sodium_memzero(x, sizeof *x);
	free(x);
}

/* --- events ------------------------------------------------------------ */

static void
end_with(struct exchange *x, enum err result)
{
	x->is_over = true;
	x->result = result;
}

static enum reason
reason_for_stranger(enum err e)
{
	switch (e) {
	case ERR_NOT_ALLOWED:
		return REASON_REVOKED;
	case ERR_REFUSED:
	case ERR_NOT_FOUND:
		return REASON_INVITE;
	case ERR_FORMAT: /* a name that no certificate may hold */
	case ERR_LIMIT:
		return REASON_FORMAT;
	default:
		return REASON_STORAGE;
	}
}

/* Only what tells of changes can spoil a log. */
static enum reason
reason_for(enum session_event_type type, enum err e)
{
	switch (e) {
	case ERR_NOT_ALLOWED: /* more than is held apart of one node */
		return REASON_REVOKED;
	case ERR_AUTH:
	case ERR_FORMAT:
		return type == EVENT_WELCOME || type == EVENT_GRANT ||
		               type == EVENT_WITHDRAWN
		           ? REASON_FORMAT
		           : REASON_LOG;
	case ERR_FORK:
	case ERR_CLASH:
		return REASON_FORK;
	case ERR_LIMIT:
		return REASON_LIMIT;
	default:
		return REASON_STORAGE;
	}
}

/* Whether an event is work for the writer; others are done on the spot. */
static bool
needs_job(struct exchange *x)
{
	switch (x->event.type) {
	case EVENT_HELLO:
		x->peer = *x->event.peer;
		x->has_peer = true;
		x->hello = *x->event.hello;
		x->hello_is_due = true;
		/* Few numbers left: hand out more, durably, before the end
		 * of our side is said. Otherwise the next job notes it. */
		return x->o.purpose == SESSION_ANSWER &&
		       x->hello.life_count > 0 &&
		       x->hello.slips_left < PAPER_LOW && x->peer.org_count > 0;
	case EVENT_INVITE:
		x->invite = x->event.invite;
		return true;
	case EVENT_RECEIPT:
		if (x->event.receipt->exception_count > 0)
			x->may_recover = true;
		return true;
	case EVENT_DONE:
		return x->hello_is_due || x->may_recover || x->may_empty;
	case EVENT_FAILED:
		return x->hello_is_due || exchange_is_behind(x);
	default:
		return true;
	}
}

/* --- how much was heard --------------------------------------------------- */

/* Under a bound nothing comes while something more urgent waits (8.7 of
 * docs/protocol.md), but where a day's budget is far from its end. */
enum { BUDGET_NEAR_BYTES = 1 << 20 };

static enum emptying_heard
heard(const struct exchange *x)
{
	bool is_strict = x->o.bytes_max > 0 || x->o.budget < BUDGET_NEAR_BYTES;

	if (session_stats(x->session).left_untaken)
		return HEARD_PART;
	if (!session_stats(x->session).held_back)
		return HEARD_ALL;
	/* Unless the parent stepped over something, of whatever class. */
	return is_strict && x->came_class > EMPTYING_CLASS &&
	               !session_stats(x->session).peer_stepped_over
	           ? HEARD_WORDS
	           : HEARD_PART;
}

static void
note_event(struct exchange *x)
{
	if (x->event.type == EVENT_BATCH && x->event.batch->change_count > 0 &&
	    x->event.batch->list.class > x->came_class)
		x->came_class = x->event.batch->list.class;
	if (x->event.type == EVENT_DONE)
		x->heard = heard(x);
}

/* --- bytes ---------------------------------------------------------------- */

/* What moved since the last job and belongs to it. */
static void
count_bytes(struct exchange *x, bool is_end)
{
	struct session_stats s = session_stats(x->session);
	bool is_up = x->o.purpose != SESSION_ANSWER;

	if (x->event.type == EVENT_BATCH)
		traffic_note(&x->received, x->event.batch);
	traffic_count(&x->sent, s.bytes_sent, s.data_sent, is_end,
	    is_up ? x->due.up : x->due.down);
	traffic_count(&x->received, s.bytes_received, s.data_received, is_end,
	    is_up ? x->due.down : x->due.up);
}

/* At the end what is left is written, though nothing else may be; strangers
 * are not worth a commit. */
static bool
needs_count(struct exchange *x)
{
	bool is_end =
	    x->event.type == EVENT_DONE || x->event.type == EVENT_FAILED;
	bool is_known =
	    x->o.purpose != SESSION_ANSWER || x->has_peer || x->answer != NULL;

	if (!is_end || !is_known)
		return false;
	count_bytes(x, true);
	return traffic_sum(x->due.up) + traffic_sum(x->due.down) > 0;
}

static void
finish_event(struct exchange *x)
{
	if (x->event.type == EVENT_DONE) {
		/* It went to its end, and yet nothing of it was taken. */
		if (x->is_withdrawn && x->result == ERR_OK) {
			x->result = ERR_NOT_ALLOWED;
			x->reason = REASON_REVOKED;
			x->told_by_peer = true;
		}
		end_with(x, x->result);
	} else if (x->event.type == EVENT_FAILED) {
		/* This session is lost, the next one goes through. */
		if (exchange_is_behind(x) && x->result == ERR_OK) {
			end_with(x, ERR_CLOSED);
			return;
		}
		x->reason = x->event.reason;
		x->told_by_peer = x->event.told_by_peer;
		end_with(x, x->result != ERR_OK ? x->result : x->event.error);
	}
}

struct writer_job *
exchange_next_job(struct exchange *x)
{
	if (x->job_is_out)
		return NULL;
	while (session_next_event(x->session, &x->event)) {
		bool is_due;

		note_event(x);
		is_due = needs_job(x);

		if (is_due)
			count_bytes(x, false);
		x->is_count_only = needs_count(x) && !is_due;
		if (is_due || x->is_count_only) {
			x->job.run = exchange_run;
			x->job.context = x;
			x->job_is_out = true;
			return &x->job;
		}
		finish_event(x);
	}
	return NULL;
}

static void
answer_event(struct exchange *x)
{
	struct session *s = x->session;

	switch (x->event.type) {
	case EVENT_HELLO:
		if (x->has_grant)
			session_grant(s, x->grant_first, PAPER_GRANT);
		break;
	case EVENT_BATCH:
		/* Withdrawn since the session began: no clean end for it. */
		if (x->peer_is_withdrawn && !session_peer_is_withdrawn(s))
			session_refuse(s, REASON_REVOKED, ERR_NOT_ALLOWED);
		else
			session_answer_batch(
			    s, &x->admitted.receipt, x->group, x->group_count);
		break;
	case EVENT_INVITE:
		session_answer_invite(s, x->psk);
		sodium_memzero(x->psk, sizeof x->psk);
		break;
	case EVENT_JOIN:
		session_answer_join(s, x->answer);
		break;
	case EVENT_RECEIPT:
	case EVENT_GROUP_RECEIPT:
	case EVENT_GROUP_HELD:
	case EVENT_CURSORS:
	case EVENT_GRANT:
	case EVENT_WITHDRAWN:
	case EVENT_WELCOME:
	case EVENT_DONE:
	case EVENT_FAILED:
		break;
	}
}

void
exchange_job_done(struct exchange *x, enum err result)
{
	bool is_stranger =
	    x->event.type == EVENT_INVITE || x->event.type == EVENT_JOIN;

	x->job_is_out = false;
	/* What is in order stays so though its bytes could not be counted. */
	if (x->is_count_only)
		result = ERR_OK;
	if (result == ERR_OK) {
		x->hello_is_due = false;
		memset(&x->due, 0, sizeof x->due);
		answer_event(x);
	} else {
		/* Not even a clean session is a success then. */
		if (x->event.type != EVENT_FAILED || exchange_is_behind(x))
			x->result = result;
		session_refuse(x->session,
		    is_stranger ? reason_for_stranger(result)
		                : reason_for(x->event.type, result),
		    result);
	}
	finish_event(x);
}

struct session *
exchange_session(struct exchange *x)
{
	return x->session;
}

bool
exchange_is_over(const struct exchange *x)
{
	return x->is_over;
}

enum err
exchange_result(const struct exchange *x)
{
	return x->result;
}

enum reason
exchange_reason(const struct exchange *x)
{
	return x->reason;
}

bool
exchange_told_by_peer(const struct exchange *x)
{
	return x->told_by_peer;
}

const char *
exchange_peer_name(const struct exchange *x)
{
	return x->has_peer ? x->peer.name : "";
}

bool
exchange_peer_id(const struct exchange *x, uint8_t out[NODE_ID_BYTES])
{
	const struct cert *peer = session_peer(x->session);

	if (peer != NULL)
		node_id_of(out, peer->signing_key);
	return peer != NULL;
}

bool
exchange_marked_nodes(struct exchange *x)
{
	bool has_marked = x->has_marked;

	x->has_marked = false;
	return has_marked;
}
