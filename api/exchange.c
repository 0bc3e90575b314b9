/* exchange: one session against one store. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/exchange.h"
#include "store/admit.h"
#include "store/enrol.h"
#include "store/index.h"
#include "store/paper.h"
#include "store/receipt.h"
#include "store/recover.h"
#include "store/source.h"
#include "store/withdraw.h"

enum { GROUP_RECEIPTS_MAX = 8 };
/* Of a peer's clock: 0 to the end of the year 9999. */
#define CLOCK_MAX INT64_C(253402300799)

struct exchange {
	struct exchange_options o;
	char *address;
	struct session *session;
	struct source_context source;
	struct cert peer;
	bool has_peer;
	struct hello hello; /* of the peer, to be noted with the next job */
	bool hello_is_due;
	uint16_t invite; /* number the joining peer named */
	struct invite_code code;

	/* the job under way */
	struct writer_job job;
	bool job_is_out;
	struct session_event event;
	struct admitted admitted;
	struct group_receipt group[GROUP_RECEIPTS_MAX];
	size_t group_count;
	struct join_answer *answer;
	uint8_t psk[KEY_BYTES];
	uint64_t grant_first;
	bool has_grant;
	bool may_recover;       /* changes of ours clash, or may do so */
	bool is_withdrawn;      /* this node, as the session showed */
	bool peer_is_withdrawn; /* found when its batch was taken */
	bool grant_is_due, lost_receipts; /* by its hello */

	bool is_over;
	enum err result;
	enum reason reason;
	bool told_by_peer;
};

static int64_t
now_of(const struct exchange *x)
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
		so->purpose = x->o.purpose;
		so->transport = self.transport;
		so->now_ms = x->o.now_ms;
		so->source = store_source(&x->source);
		if (x->o.purpose == SESSION_SYNC)
			e = options_for_sync(t, &self, so);
		else if (x->o.purpose == SESSION_JOIN)
			e = options_for_join(x, &self, so);
		else
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
	x->source.now = now_of(x);
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
	admitted_free(&x->admitted);
	if (x->answer != NULL)
		sodium_memzero(x->answer, sizeof *x->answer);
	free(x->answer);
	free(x->address);
	sodium_memzero(x, sizeof *x);
	free(x);
}

/* --- in the writer's thread -------------------------------------------- */

/* For each change and life of a withdrawn node there is a bound. */
static enum err
life_add(struct txn *t, const struct life *life, struct node *node)
{
	enum err e = ERR_OK;

	if (node->is_revoked)
		e = withdraw_count(node, 0, sizeof *life);
	if (e == ERR_OK && node->is_revoked)
		e = index_node_write(t, node);
	return e == ERR_OK ? life_write(t, life) : e;
}

static enum err
note_lives(struct exchange *x, struct txn *t, struct node *node)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < x->hello.life_count; i++) {
		struct life life, known;

		memset(&life, 0, sizeof life);
		memcpy(life.nonce, x->hello.lives[i].nonce, LIFE_NONCE_BYTES);
		life_id_of(life.id, x->peer.signing_key, life.nonce);
		node_id_of(life.node, x->peer.signing_key);
		e = life_read(t, life.id, &known);
		if (e == ERR_NOT_FOUND)
			e = life_add(t, &life, node);
		if (e == ERR_OK)
			e = recover_compare(t, life.id, x->hello.lives[i].seq);
		if (e == ERR_OK && x->hello.lives[i].is_forked == 1)
			e = recover_mark_fork(t, life.id);
	}
	return e;
}

/* What no clock shows is not worth a number that differs from ours. */
static int64_t
plausible(int64_t said)
{
	if (said < 0)
		return 0;
	return said > CLOCK_MAX ? CLOCK_MAX : said;
}

static enum err
note_hello(struct exchange *x, struct txn *t, struct self *self)
{
	uint8_t id[NODE_ID_BYTES];
	int64_t now = now_of(x), said = plausible(x->hello.now);
	struct node node;
	enum err e;

	node_id_of(id, x->peer.signing_key);
	e = index_node_read(t, id, &node);
	if (e != ERR_OK)
		return e;
	node.last_contact = now;
	node.clock_offset = said - now;
	e = index_node_write(t, &node);
	if (e != ERR_OK)
		return e;
	if (x->o.purpose == SESSION_SYNC)
		return x->hello.clock == 0 ? self_trust_time(t, self, said)
		                           : ERR_OK;
	return note_lives(x, t, &node);
}

static enum err
count_taken(struct exchange *x, struct txn *t)
{
	uint8_t id[NODE_ID_BYTES];
	struct node node;
	enum err e;

	node_id_of(id, x->peer.signing_key);
	e = index_node_read(t, id, &node);
	if (e != ERR_OK)
		return e;
	node.changes_taken += x->admitted.fresh;
	return index_node_write(t, &node);
}

static enum err
make_group_receipts(struct exchange *x, struct txn *t, const struct self *self)
{
	const struct batch *b = x->event.batch;
	size_t i, j;
	enum err e = ERR_OK;

	x->group_count = 0;
	if (self->role != ROLE_HUB)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < b->change_count; i++) {
		for (j = 0; j < x->group_count; j++)
			if (memcmp(x->group[j].life, b->changes[i].id.life,
			        LIFE_BYTES) == 0)
				break;
		if (j < x->group_count || j == GROUP_RECEIPTS_MAX)
			continue;
		e = receipts_make_group(t, self, b->changes[i].id.life,
		    &x->group[x->group_count++]);
	}
	return e;
}

/* As it stands in this transaction: the session may not know it yet. */
static enum err
is_peer_withdrawn(struct exchange *x, struct txn *t, bool *out)
{
	uint8_t id[NODE_ID_BYTES];
	struct node node;
	enum err e;

	node_id_of(id, x->peer.signing_key);
	e = index_node_read(t, id, &node);
	*out = e == ERR_OK && node.is_revoked;
	return e;
}

static enum err
run_batch(struct exchange *x, struct txn *t, const struct self *self)
{
	enum err e;

	admitted_free(&x->admitted);
	if (x->o.purpose == SESSION_SYNC)
		return admit_from_above(
		    t, self, &x->peer, x->event.batch, now_of(x), &x->admitted);
	e = admit_from_below(
	    t, self, &x->peer, x->event.batch, now_of(x), &x->admitted);
	if (e == ERR_OK)
		e = count_taken(x, t);
	if (e == ERR_OK)
		e = is_peer_withdrawn(x, t, &x->peer_is_withdrawn);
	/* The group's word is for what the group took. */
	x->group_count = 0;
	if (e == ERR_OK && !x->peer_is_withdrawn)
		e = make_group_receipts(x, t, self);
	return e;
}

/* A child that lost receipts is not told again what it will not send again:
 * what the group holds of its lives comes unasked. */
static enum err
repeat_group_receipts(
    struct exchange *x, struct txn *t, const struct self *self)
{
	const struct hello *h = &x->hello;
	uint8_t life[LIFE_BYTES];
	enum err e = ERR_OK;

	x->group_count = 0;
	if (self->role != ROLE_HUB || !x->lost_receipts)
		return ERR_OK;
	while (e == ERR_OK && x->group_count < h->life_count &&
	       x->group_count < GROUP_RECEIPTS_MAX) {
		life_id_of(
		    life, x->peer.signing_key, h->lives[x->group_count].nonce);
		e = receipts_make_group(
		    t, self, life, &x->group[x->group_count++]);
	}
	return e;
}

static enum err
run_hello(struct exchange *x, struct txn *t, const struct self *self)
{
	bool is_withdrawn;
	enum err e = is_peer_withdrawn(x, t, &is_withdrawn);

	/* It is given nothing. */
	if (e != ERR_OK || is_withdrawn)
		return e;
	e = repeat_group_receipts(x, t, self);
	if (e != ERR_OK || !x->grant_is_due)
		return e;
	e = paper_allocate(t, x->peer.orgs[0], PAPER_GRANT, &x->grant_first);
	x->has_grant = e == ERR_OK;
	return e == ERR_FULL ? ERR_OK : e;
}

static enum err
run_invite(struct exchange *x, struct txn *t, const struct self *self)
{
	struct invite_code code;
	struct invite invite;
	enum err e = enrol_try(t, x->event.invite, now_of(x), &invite);

	if (e != ERR_OK)
		return e;
	code.number = invite.number;
	memcpy(code.secret, invite.secret, sizeof code.secret);
	invite_root_hash(code.root_hash, self->root_key);
	invite_psk(x->psk, &code, self->group);
	sodium_memzero(&invite, sizeof invite);
	sodium_memzero(&code, sizeof code);
	return ERR_OK;
}

static enum err
run_receipt(struct exchange *x, struct txn *t, const struct self *self)
{
	struct receipt r = *x->event.receipt;
	enum err e = recover_note(t, self, &r);

	return e == ERR_OK ? receipts_take(t, &x->peer, &r, now_of(x)) : e;
}

/* Of another history than ours the parent tells in receipts too: they lead on
 * (recover.h), this one does not. */
static enum err
run_group_receipt(struct exchange *x, struct txn *t, const struct self *self)
{
	enum err e = receipts_take_group(t, self, x->event.group_receipt);

	return e == ERR_FORK ? ERR_OK : e;
}

/* Numbers that we cannot use are no reason to keep records back. */
static enum err
run_grant(struct exchange *x, struct txn *t)
{
	enum err e = paper_grant(t, x->event.first, x->event.count);

	return e == ERR_EXISTS || e == ERR_FORMAT || e == ERR_LIMIT ? ERR_OK
	                                                            : e;
}

/* The list that tells it may be the one that was sent, or an older one. */
static enum err
run_withdrawn(struct exchange *x, struct txn *t, const struct self *self)
{
	struct withdrawal own;
	enum err e = withdraw_take(t, self, x->event.withdrawn, now_of(x));

	if (e == ERR_OK)
		e = withdraw_of_self(t, self, &own);
	if (e == ERR_OK)
		x->is_withdrawn = own.is_withdrawn;
	return e;
}

/* Whether the parent showed that this store is an older copy. */
static bool
is_behind(const struct exchange *x)
{
	return x->event.type == EVENT_FAILED &&
	       x->event.reason == REASON_AHEAD && !x->event.told_by_peer &&
	       x->o.purpose == SESSION_SYNC;
}

static enum err
run_join(struct exchange *x, struct txn *t, const struct self *self)
{
	if (x->answer == NULL)
		x->answer = calloc(1, sizeof *x->answer);
	if (x->answer == NULL)
		return ERR_NOMEM;
	return enrol_accept(t, self, x->invite, x->event.key, x->event.request,
	    now_of(x), x->answer);
}

static enum err
run_end(struct exchange *x, struct txn *t, struct self *self)
{
	if (is_behind(x))
		return recover_begin(t, self, now_of(x));
	if (x->event.type == EVENT_DONE && x->o.purpose == SESSION_SYNC)
		return recover_finish(t, self, now_of(x));
	return ERR_OK;
}

static enum err
run_event(struct exchange *x, struct txn *t, struct self *self)
{
	switch (x->event.type) {
	case EVENT_HELLO:
		return run_hello(x, t, self);
	case EVENT_BATCH:
		return run_batch(x, t, self);
	case EVENT_RECEIPT:
		return run_receipt(x, t, self);
	case EVENT_CURSORS:
		return receipts_correct(t, &x->peer, x->event.cursors);
	case EVENT_GROUP_RECEIPT:
		return run_group_receipt(x, t, self);
	case EVENT_GRANT:
		return run_grant(x, t);
	case EVENT_WITHDRAWN:
		return run_withdrawn(x, t, self);
	case EVENT_INVITE:
		return run_invite(x, t, self);
	case EVENT_JOIN:
		return run_join(x, t, self);
	case EVENT_WELCOME:
		return enrol_joined(
		    t, self, x->event.answer, x->address, now_of(x));
	case EVENT_DONE:
	case EVENT_FAILED:
		return run_end(x, t, self);
	}
	return ERR_STATE;
}

static enum err
run_job(void *context, struct txn *t)
{
	struct exchange *x = context;
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK && x->hello_is_due)
		e = note_hello(x, t, &self);
	if (e == ERR_OK)
		e = run_event(x, t, &self);
	self_wipe(&self);
	return e;
}

/* --- in the session's thread ------------------------------------------- */

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
		x->grant_is_due = x->o.purpose == SESSION_ANSWER &&
		                  x->hello.slips_left < PAPER_LOW &&
		                  x->peer.org_count > 0;
		x->lost_receipts = x->event.lost_receipts;
		return x->grant_is_due || x->lost_receipts;
	case EVENT_INVITE:
		x->invite = x->event.invite;
		return true;
	case EVENT_RECEIPT:
		if (x->event.receipt->exception_count > 0)
			x->may_recover = true;
		return true;
	case EVENT_DONE:
		return x->hello_is_due || x->may_recover;
	case EVENT_FAILED:
		return x->hello_is_due || is_behind(x);
	default:
		return true;
	}
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
		if (is_behind(x) && x->result == ERR_OK) {
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
		if (needs_job(x)) {
			x->job.run = run_job;
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
	size_t i;

	switch (x->event.type) {
	case EVENT_HELLO:
		if (x->has_grant)
			session_grant(s, x->grant_first, PAPER_GRANT);
		for (i = 0; i < x->group_count; i++)
			session_group_receipt(s, &x->group[i]);
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
	if (result == ERR_OK) {
		x->hello_is_due = false;
		answer_event(x);
	} else {
		/* Not even a clean session is a success then. */
		if (x->event.type != EVENT_FAILED || is_behind(x))
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
	if (x->has_peer)
		node_id_of(out, x->peer.signing_key);
	return x->has_peer;
}
