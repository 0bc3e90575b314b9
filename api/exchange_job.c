/* exchange_job: what an event of a session does to the store. */

#include <string.h>

#include <sodium.h>

#include "api/exchange_state.h"
#include "store/enrol.h"
#include "store/index.h"
#include "store/paper.h"
#include "store/receipt.h"
#include "store/recover.h"
#include "store/withdraw.h"

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

/* As it stands in this transaction: the session may not know it yet. */
static enum err
peer_node(struct exchange *x, struct txn *t, struct node *out)
{
	uint8_t id[NODE_ID_BYTES];

	node_id_of(id, x->peer.signing_key);
	return index_node_read(t, id, out);
}

static enum err
note_hello(struct exchange *x, struct txn *t, struct self *self)
{
	int64_t now = exchange_now(x), said = plausible(x->hello.now);
	struct node node;
	enum err e = peer_node(x, t, &node);

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
	struct node node;
	enum err e = peer_node(x, t, &node);

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

static enum err
is_peer_withdrawn(struct exchange *x, struct txn *t, bool *out)
{
	struct node node;
	enum err e = peer_node(x, t, &node);

	*out = e == ERR_OK && node.is_revoked;
	return e;
}

static enum err
run_batch(struct exchange *x, struct txn *t, const struct self *self)
{
	enum err e;

	admitted_free(&x->admitted);
	if (x->o.purpose == SESSION_SYNC) {
		e = admit_from_above(t, self, &x->peer, x->event.batch,
		    exchange_now(x), &x->admitted);
		x->may_empty = x->may_empty || emptying_is_due(t);
		return e;
	}
	e = admit_from_below(
	    t, self, &x->peer, x->event.batch, exchange_now(x), &x->admitted);
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

static enum err
run_hello(struct exchange *x, struct txn *t)
{
	bool is_withdrawn;
	enum err e = is_peer_withdrawn(x, t, &is_withdrawn);

	/* It is given nothing. */
	if (e != ERR_OK || is_withdrawn)
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
	enum err e = enrol_try(t, x->event.invite, exchange_now(x), &invite);

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

	return e == ERR_OK ? receipts_take(t, &x->peer, &r, exchange_now(x))
	                   : e;
}

/* Of another history than ours the parent tells in receipts too: they lead on
 * (recover.h), this one does not. */
static enum err
run_group_receipt(struct exchange *x, struct txn *t, const struct self *self)
{
	enum err e = receipts_take_group(t, self, x->event.group_receipt);

	return e == ERR_FORK ? ERR_OK : e;
}

static enum err
run_group_held(struct exchange *x, struct txn *t, const struct self *self)
{
	enum err e = receipts_take_held(
	    t, self, x->event.life_nonce, x->event.group_held);

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
	uint32_t before, after = 0;
	enum err e = withdraw_epoch(t, &before);

	if (e == ERR_OK)
		e = withdraw_take(t, self, x->event.withdrawn, exchange_now(x));
	if (e == ERR_OK)
		e = withdraw_epoch(t, &after);
	if (e == ERR_OK && after != before)
		x->has_marked = true;
	if (e == ERR_OK)
		e = withdraw_of_self(t, self, &own);
	if (e == ERR_OK)
		x->is_withdrawn = own.is_withdrawn;
	return e;
}

bool
exchange_is_behind(const struct exchange *x)
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
	    exchange_now(x), x->answer);
}

static enum err
run_end(struct exchange *x, struct txn *t, struct self *self)
{
	enum err e;

	if (exchange_is_behind(x))
		return recover_begin(t, self, exchange_now(x));
	if (x->event.type != EVENT_DONE || x->o.purpose != SESSION_SYNC)
		return ERR_OK;
	e = recover_finish(t, self, exchange_now(x));
	return e == ERR_OK ? emptying_apply(t, self, x->heard) : e;
}

static enum err
run_event(struct exchange *x, struct txn *t, struct self *self)
{
	switch (x->event.type) {
	case EVENT_HELLO:
		return run_hello(x, t);
	case EVENT_BATCH:
		return run_batch(x, t, self);
	case EVENT_RECEIPT:
		return run_receipt(x, t, self);
	case EVENT_CURSORS:
		return receipts_correct(t, &x->peer, x->event.cursors,
		    x->o.purpose == SESSION_ANSWER);
	case EVENT_GROUP_RECEIPT:
		return run_group_receipt(x, t, self);
	case EVENT_GROUP_HELD:
		return run_group_held(x, t, self);
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
		    t, self, x->event.answer, x->address, exchange_now(x));
	case EVENT_DONE:
	case EVENT_FAILED:
		return run_end(x, t, self);
	}
	return ERR_STATE;
}

enum err
exchange_run(void *context, struct txn *t)
{
	struct exchange *x = context;
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK && x->hello_is_due)
		e = note_hello(x, t, &self);
	if (e == ERR_OK)
		e = run_event(x, t, &self);
	if (e == ERR_OK)
		e = traffic_add(t, traffic_day(exchange_now(x)),
		    x->o.link_class[0] == '\0' ? NULL : x->o.link_class,
		    &x->due);
	self_wipe(&self);
	return e;
}
