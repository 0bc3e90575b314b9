/* admit: the one way by which changes enter the store. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/admit.h"
#include "store/apart.h"
#include "store/begun.h"
#include "store/contest_settle.h"
#include "store/crowded.h"
#include "store/decoded.h"
#include "store/emptying.h"
#include "store/group_word.h"
#include "store/index.h"
#include "store/kin.h"
#include "store/matter.h"
#include "store/memo.h"
#include "store/notes.h"
#include "store/question.h"
#include "store/recover.h"
#include "store/unheard.h"
#include "store/withdraw.h"

/* --- the common last step ---------------------------------------------- */

enum err
admit_merged(struct txn *t, const struct self *self, const struct change *c,
    uint64_t fingerprint)
{
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	enum err e;

	key_record_in(t, key, &c->record);
	key_change(key + KEY_RECORD_BYTES, &c->id);
	e = txn_put(t, TABLE_RECORDS, key, sizeof key, NULL, 0);
	kin_forget(t);
	if (e == ERR_OK)
		e = index_change(t, c, key);
	if (e == ERR_OK)
		e = notes_rows(t, c, key);
	if (e == ERR_OK)
		e = emptying_note_change(t, self, c);
	if (e == ERR_OK)
		e = list_change(t, self, c, fingerprint);
	return e == ERR_OK ? notes_matters(t, self, c, key) : e;
}

/* A change under an id of ours that we did not write came back from above:
 * this store was restored. Nothing is ever written over it. */
static enum err
id_is_free(struct txn *t, const struct change_id *id)
{
	uint8_t key[KEY_CHANGE_BYTES];
	enum err e;

	key_change(key, id);
	e = txn_has(t, TABLE_CHANGES, key, sizeof key);
	if (e == ERR_OK)
		return ERR_FORK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
admit_own(
    struct txn *t, const struct self *self, struct change *c, uint8_t class)
{
	enum err e;

	memcpy(c->id.life, self->life, LIFE_BYTES);
	e = apart_see_past(t, c);
	return e == ERR_OK ? admit_again(t, self, c, class) : e;
}

enum err
admit_again(
    struct txn *t, const struct self *self, struct change *c, uint8_t class)
{
	uint8_t secret[HASH_BYTES];
	struct buffer body = {0};
	struct log_head head;
	uint64_t fingerprint = 0;
	uint16_t month = log_month(c->recorded_at);
	enum err e = log_head_read(t, self->life, class, &head);

	if (e != ERR_OK)
		return e;
	memcpy(c->id.life, self->life, LIFE_BYTES);
	c->id.class = class;
	c->id.seq = head.seq + 1;
	if (c->founds)
		change_founded_ref(&c->id, c->record.ref, sizeof c->record.ref);
	e = change_encode(c, &body);
	if (e == ERR_OK)
		e = id_is_free(t, &c->id);
	if (e == ERR_OK)
		e = log_secret_read(t, self, self->life, month, secret);
	if (e == ERR_OK) {
		log_extend(&head, secret, &c->id, body.data, body.size);
		if (self->is_enrolled)
			fingerprint = log_fingerprint(self->fingerprint_secret,
			    &c->id, body.data, body.size);
		e = log_head_write(t, &head);
	}
	if (e == ERR_OK)
		e = log_checkpoint(t, &head);
	if (e == ERR_OK)
		e = stored_write(
		    t, &c->id, 0, month, fingerprint, body.data, body.size);
	if (e == ERR_OK)
		e = admit_merged(t, self, c, fingerprint);
	sodium_memzero(secret, sizeof secret);
	buffer_wipe(&body);
	return e;
}

/* --- judging what a peer sends ----------------------------------------- */

bool
org_within(struct txn *t, const struct cert *cert, const char *org)
{
	struct org_tree own = {.t = t};
	struct org_tree *tree = memo_tree(t, &own);
	char at[REF_BYTES_MAX + 1];
	const char *next = org;
	bool is_within = false;
	int depth;
	size_t i;

	for (depth = 0; next != NULL && depth < ORG_DEPTH_MAX; depth++) {
		snprintf(at, sizeof at, "%s", next);
		for (i = 0; i < cert->org_count; i++)
			is_within |= strcmp(cert->orgs[i], at) == 0;
		next = is_within ? NULL : org_tree_above(tree, at);
	}
	org_tree_free(&own);
	return is_within;
}

enum finding_code
admit_judge(struct txn *t, const struct change *c, const struct cert *author)
{
	const struct kind *k = kind_by_name(c->record.kind);
	enum finding_code code;
	const char *field;

	if (k != NULL && k->by_group && author->role != ROLE_HUB)
		return FINDING_GROUP_ONLY_KIND;
	if (author->role != ROLE_HUB && !org_within(t, author, c->org))
		return FINDING_ORG_OUTSIDE;
	if (k != NULL && kind_check_shape(k, c->fields, &field) != ERR_OK)
		return FINDING_SHAPE;
	if (k != NULL && author->role != ROLE_HUB &&
	    group_word_takes_step(t, k, c, author))
		return FINDING_GROUP_ONLY_STATE;
	if (author->role != ROLE_HUB && matter_is_groups_change(t, c))
		return FINDING_GROUP_ONLY_STATE;
	if (author->role != ROLE_HUB &&
	    (json_object_get(c->fields, MERGE_SET_ASIDE) != NULL ||
	        json_object_get(c->fields, MERGE_UNMANAGED) != NULL))
		return FINDING_GROUP_ONLY_STATE;
	if (author->role != ROLE_HUB && begun_is_forged(c))
		return FINDING_OTHERS_REF;
	code = k == NULL || author->role == ROLE_HUB
	           ? FINDING_NONE
	           : group_word_claimed(k, c->by, c->fields);
	if (code == FINDING_NONE && crowded_is_apart(t, c, author))
		return FINDING_MANY_CHANGES;
	return code;
}

/* --- a batch on its way in --------------------------------------------- */

struct intake {
	struct txn *t;
	const struct self *self;
	const struct cert *peer;
	const struct batch *batch;
	bool from_above;
	struct node *withdrawn; /* the peer, if it is; NULL: it is not */
	bool saw_org;           /* the org tree grew: judge again */
	int64_t now;
	struct admitted *out;
	struct stored stored; /* scratch */
};

void
admitted_free(struct admitted *a)
{
	free(a->receipt.exceptions);
	memset(a, 0, sizeof *a);
}

static enum err
add_exception(
    struct admitted *a, const struct change_id *id, enum finding_code code)
{
	struct receipt *r = &a->receipt;

	if (r->exceptions == NULL)
		r->exceptions =
		    calloc(BATCH_CHANGES_MAX, sizeof *r->exceptions);
	if (r->exceptions == NULL)
		return ERR_NOMEM;
	if (r->exception_count == BATCH_CHANGES_MAX)
		return ERR_LIMIT;
	r->exceptions[r->exception_count].id = *id;
	r->exceptions[r->exception_count++].reason = (uint16_t)code;
	return ERR_OK;
}

static enum err
ask(struct intake *in, const struct change_id *id, const struct change *c,
    enum finding_code code, const uint8_t *body, size_t body_bytes)
{
	struct question q = {
	    .type = QUESTION_CHANGE, .code = code, .at = in->now, .id = *id};

	if (code == FINDING_MANY_CHANGES)
		return crowded_hold(in->t, c, in->peer->name, in->now);
	snprintf(q.origin, sizeof q.origin, "%s", in->peer->name);
	if (c != NULL) {
		snprintf(q.kind, sizeof q.kind, "%s", c->record.kind);
		snprintf(q.ref, sizeof q.ref, "%s", c->record.ref);
	}
	q.raw.data = body;
	q.raw.size = body_bytes;
	return question_put(in->t, &q);
}

/* One question for all that a withdrawn node still hands over: its id stands
 * in the place of a life, and no change has number 0. */
static enum err
ask_of_withdrawn(struct intake *in)
{
	struct question q = {
	    .type = QUESTION_CHANGE, .code = FINDING_WITHDRAWN, .at = in->now};

	node_id_of(q.id.life, in->peer->signing_key);
	snprintf(q.origin, sizeof q.origin, "%s", in->peer->name);
	return question_put(in->t, &q);
}

/* Stored as it came, and no more: merged into nothing, handed to nobody. */
static enum err
hold_apart(struct intake *in, const struct batch_change *bc, uint16_t month,
    uint64_t fingerprint)
{
	const uint8_t *body = batch_body(in->batch, bc);
	enum err e = withdraw_count(in->withdrawn, 1, bc->body_bytes);

	if (e == ERR_OK)
		e = stored_write(in->t, &bc->id, FINDING_WITHDRAWN, month,
		    fingerprint, body, bc->body_bytes);
	if (e == ERR_OK)
		e = ask_of_withdrawn(in);
	return e == ERR_OK ? add_exception(in->out, &bc->id, FINDING_WITHDRAWN)
	                   : e;
}

/* Decode, judge, store one change that is new here. */
static enum err
take_fresh(struct intake *in, const struct batch_change *bc, uint16_t month)
{
	const uint8_t *body = batch_body(in->batch, bc);
	uint64_t fingerprint = log_fingerprint(
	    in->self->fingerprint_secret, &bc->id, body, bc->body_bytes);
	uint8_t key[KEY_RECORD_BYTES];
	enum finding_code code;
	struct change c;
	enum err e;

	if (in->withdrawn != NULL)
		return hold_apart(in, bc, month, fingerprint);
	change_init(&c);
	c.id = bc->id;
	e = change_decode(&c, body, bc->body_bytes);
	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		code = FINDING_BODY;
	else
		code = in->from_above ? FINDING_NONE
		                      : admit_judge(in->t, &c, in->peer);
	if (code == FINDING_NONE && strcmp(c.record.kind, "org") == 0)
		in->saw_org = true;
	if (code == FINDING_NONE)
		key_record_in(in->t, key, &c.record);
	e = stored_write(in->t, &bc->id, (uint16_t)code, month, fingerprint,
	    body, bc->body_bytes);
	if (e == ERR_OK && code == FINDING_NONE)
		decoded_note(in->t, key, &c, fingerprint);
	if (e == ERR_OK && code == FINDING_NONE)
		e = admit_merged(in->t, in->self, &c, fingerprint);
	if (e == ERR_OK && code != FINDING_NONE)
		e = ask(in, &bc->id, c.fields == NULL ? NULL : &c, code, body,
		    bc->body_bytes);
	if (e == ERR_OK && code != FINDING_NONE)
		e = add_exception(in->out, &bc->id, code);
	if (e == ERR_OK && code == FINDING_NONE)
		in->out->fresh++;
	change_clear(&c);
	return e;
}

/* Another change under a number that is taken. What is here stays; the other
 * is kept in a question, and its author hears of it (recover.h). */
static enum err
take_clash(struct intake *in, const struct batch_change *bc)
{
	const uint8_t *body = batch_body(in->batch, bc);
	enum err e = ERR_OK;

	if (in->withdrawn != NULL)
		e = withdraw_count(in->withdrawn, 1, bc->body_bytes);
	if (e == ERR_OK && !in->from_above)
		e = unheard_note_clash(in->t, &bc->id,
		    log_fingerprint(in->self->fingerprint_secret, &bc->id, body,
		        bc->body_bytes));
	if (e == ERR_OK)
		e = ask(in, &bc->id, NULL, FINDING_CLASH, body, bc->body_bytes);
	return e == ERR_OK ? add_exception(in->out, &bc->id, FINDING_CLASH) : e;
}

/* It was given up here, and is granted again. */
static bool
is_emptied_one(const struct intake *in, const struct batch_change *bc)
{
	return in->from_above && in->stored.apart == 0 &&
	       in->stored.body.size == 0 &&
	       in->stored.fingerprint ==
	           log_fingerprint(in->self->fingerprint_secret, &bc->id,
	               batch_body(in->batch, bc), bc->body_bytes);
}

/* With the last body the record speaks again. */
static enum err
take_filled(
    struct intake *in, const struct batch_change *bc, const uint8_t *body)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = emptying_fill(
	    in->t, &bc->id, &in->stored, body, bc->body_bytes, key);

	return e == ERR_OK ? notes_filled(in->t, in->self, key) : e;
}

/* A change whose id is known: the same again, or another under its name. */
static enum err
take_known(struct intake *in, const struct batch_change *bc)
{
	const uint8_t *body = batch_body(in->batch, bc);

	if (in->stored.body.size == bc->body_bytes &&
	    memcmp(in->stored.body.data, body, bc->body_bytes) == 0) {
		in->out->known++;
		if (in->stored.apart != 0)
			return add_exception(in->out, &bc->id,
			    (enum finding_code)in->stored.apart);
		return in->from_above ? emptying_came_again(in->t, &bc->id)
		                      : ERR_OK;
	}
	if (is_emptied_one(in, bc)) {
		in->out->known++;
		return take_filled(in, bc, body);
	}
	return take_clash(in, bc);
}

enum { TOUCHED_MAX = 8 }; /* logs in one batch */

/* Heads of the logs a batch touches, kept while it is taken. */
struct touched {
	struct log_head head;
	uint16_t month;
	bool is_forked;  /* its life, see recover.h */
	bool has_secret; /* of that month */
	uint8_t secret[HASH_BYTES];
};

static struct touched *
touch(struct intake *in, const struct change_id *id, struct touched *list,
    size_t *count, enum err *e)
{
	uint8_t node[NODE_ID_BYTES];
	struct life life;
	size_t i;

	for (i = 0; i < *count; i++)
		if (list[i].head.class == id->class &&
		    memcmp(list[i].head.life, id->life, LIFE_BYTES) == 0)
			return &list[i];
	*e = *count == TOUCHED_MAX ? ERR_LIMIT
	                           : life_read(in->t, id->life, &life);
	node_id_of(node, in->peer->signing_key);
	if (*e == ERR_NOT_FOUND ||
	    (*e == ERR_OK && memcmp(life.node, node, NODE_ID_BYTES) != 0))
		*e = ERR_AUTH; /* a life this peer has not proved */
	if (*e == ERR_OK)
		*e = log_head_read(
		    in->t, id->life, id->class, &list[*count].head);
	if (*e != ERR_OK)
		return NULL;
	if (list[*count].head.seq > 0) {
		struct change_id last = *id;

		last.seq = list[*count].head.seq;
		*e = stored_read(in->t, &last, &in->stored);
		if (*e == ERR_NOT_FOUND)
			*e = ERR_CORRUPT;
		if (*e != ERR_OK)
			return NULL;
		list[*count].month = in->stored.month;
	}
	list[*count].is_forked = recover_is_forked(in->t, id->life);
	return &list[(*count)++];
}

/* A month has one secret: what was chained under it must stay provable. */
static enum err
take_secret(struct intake *in, const struct batch_change *bc)
{
	uint8_t known[HASH_BYTES];
	enum err e =
	    log_secret_read(in->t, in->self, bc->id.life, bc->month, known);

	if (e == ERR_NOT_FOUND)
		return log_secret_write(
		    in->t, bc->id.life, bc->month, bc->secret);
	if (e == ERR_OK && memcmp(known, bc->secret, sizeof known) != 0)
		e = ERR_FORK;
	sodium_memzero(known, sizeof known);
	return e;
}

/* From below a clash shows that this life goes on in another history. */
static enum err
take_again(
    struct intake *in, const struct batch_change *bc, struct touched *log)
{
	size_t before = in->out->known;
	enum err e = take_known(in, bc);

	if (e != ERR_OK || in->out->known > before || log->is_forked)
		return e;
	log->is_forked = true;
	return recover_mark_fork(in->t, bc->id.life);
}

/* One change of a log that must go on without a gap. */
static enum err
take_logged(
    struct intake *in, const struct batch_change *bc, struct touched *log)
{
	const uint8_t *body = batch_body(in->batch, bc);
	enum err e;

	if (bc->id.seq <= log->head.seq) {
		e = stored_read(in->t, &bc->id, &in->stored);
		if (e == ERR_NOT_FOUND)
			return ERR_CORRUPT; /* our head says it is here */
		return e == ERR_OK ? take_again(in, bc, log) : e;
	}
	if (log->is_forked)
		return take_clash(in, bc); /* another history's next */
	if (bc->id.seq != log->head.seq + 1)
		return ERR_FORMAT;
	if (bc->has_secret) {
		log->month = bc->month;
		log->has_secret = false;
		e = take_secret(in, bc);
		if (e != ERR_OK)
			return e;
	}
	e = log->has_secret ? ERR_OK
	                    : log_secret_read(in->t, in->self, bc->id.life,
	                          log->month, log->secret);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_FORMAT : e;
	log->has_secret = true;
	log_extend(&log->head, log->secret, &bc->id, body, bc->body_bytes);
	return take_fresh(in, bc, log->month);
}

/* Each log must end in a head its node signed, else nothing was proven. */
static enum err
check_heads(struct intake *in, struct touched *list, size_t count)
{
	const struct batch *b = in->batch;
	size_t i, j;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < count; i++) {
		struct log_head *mine = &list[i].head;

		for (j = 0; j < b->head_count; j++)
			if (b->heads[j].class == mine->class &&
			    b->heads[j].seq == mine->seq &&
			    memcmp(b->heads[j].life, mine->life, LIFE_BYTES) ==
			        0)
				break;
		if (j == b->head_count || list[i].is_forked) {
			/* Only known changes came again, or others that were
			 * kept apart: nothing to prove. */
			struct log_head before;

			e = log_head_read(
			    in->t, mine->life, mine->class, &before);
			if (e == ERR_OK && before.seq != mine->seq)
				e = ERR_AUTH;
			continue;
		}
		memcpy(mine->signature, b->heads[j].signature,
		    sizeof mine->signature);
		e = log_verify(mine, in->peer->signing_key);
		if (e == ERR_OK)
			e = log_head_write(in->t, mine);
	}
	return e;
}

/* --- whole batches ----------------------------------------------------- */

/* Past our cursor there would be a hole, and another hash at our cursor tells
 * of another list: take nothing. */
static bool
follows(const struct cursor *start, const struct cursor *ours)
{
	if (start->place == 0)
		return true;
	if (start->epoch != ours->epoch || start->place > ours->place)
		return false;
	return start->place < ours->place || start->running == ours->running;
}

/* What every later step takes for granted. */
static enum err
check_ids(const struct batch *b)
{
	size_t i;

	for (i = 0; i < b->change_count; i++) {
		const struct batch_change *bc = &b->changes[i];

		if (bc->id.class >= CLASSES || bc->id.seq == 0 ||
		    bc->body_at > b->bytes.size ||
		    bc->body_bytes > b->bytes.size - bc->body_at)
			return ERR_FORMAT;
	}
	return ERR_OK;
}

static enum err
intake_begin(struct intake *in, bool *usable)
{
	struct receipt *r = &in->out->receipt;
	uint8_t peer[NODE_ID_BYTES];
	enum err e;

	memset(in->out, 0, sizeof *in->out);
	stored_init(&in->stored);
	node_id_of(peer, in->peer->signing_key);
	r->list = in->batch->list;
	e = cursor_read(in->t, peer, CURSOR_OWN, &in->batch->list, &r->cursor);
	*usable = follows(&in->batch->start, &r->cursor);
	return e == ERR_OK ? check_ids(in->batch) : e;
}

static enum err
intake_end(struct intake *in)
{
	struct receipt *r = &in->out->receipt;
	uint8_t peer[NODE_ID_BYTES];
	enum err e = ERR_OK;

	stored_free(&in->stored);
	if (in->batch->end.epoch != r->cursor.epoch ||
	    in->batch->end.place > r->cursor.place ||
	    in->batch->start.place == 0) {
		node_id_of(peer, in->peer->signing_key);
		r->cursor = in->batch->end;
		e = cursor_write(
		    in->t, peer, CURSOR_OWN, &in->batch->list, &r->cursor);
	} else {
		/* Known already: the receipt is of this batch, so that none
		 * passes over exceptions that the sender never heard of. */
		r->cursor = in->batch->end;
	}
	if (e == ERR_OK && in->saw_org)
		e = apart_judge_again(in->t, in->self);
	return e == ERR_OK ? contest_settle(in->t, in->self, in->now) : e;
}

enum err
admit_from_below(struct txn *t, const struct self *self,
    const struct cert *peer, const struct batch *batch, int64_t now,
    struct admitted *out)
{
	struct intake in = {.t = t,
	    .self = self,
	    .peer = peer,
	    .batch = batch,
	    .now = now,
	    .out = out};
	struct touched logs[TOUCHED_MAX];
	size_t log_count = 0, i;
	struct node node;
	uint8_t id[NODE_ID_BYTES];
	bool usable;
	enum err e = intake_begin(&in, &usable);

	if (e != ERR_OK || !usable)
		return e;
	/* Looked up in this very transaction: a batch that waited while the
	 * node was withdrawn is judged as one that came afterwards. */
	node_id_of(id, peer->signing_key);
	e = index_node_read(t, id, &node);
	if (e == ERR_OK && node.is_revoked)
		in.withdrawn = &node;
	else if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	memset(logs, 0, sizeof logs);
	for (i = 0; e == ERR_OK && i < batch->change_count; i++) {
		const struct batch_change *bc = &batch->changes[i];
		struct touched *log = touch(&in, &bc->id, logs, &log_count, &e);

		if (e == ERR_OK)
			e = take_logged(&in, bc, log);
	}
	if (e == ERR_OK)
		e = check_heads(&in, logs, log_count);
	sodium_memzero(logs, sizeof logs);
	if (e == ERR_OK && in.withdrawn != NULL)
		e = index_node_write(t, in.withdrawn);
	if (e != ERR_OK) {
		stored_free(&in.stored);
		return e;
	}
	return intake_end(&in);
}

enum err
admit_from_above(struct txn *t, const struct self *self,
    const struct cert *parent, const struct batch *batch, int64_t now,
    struct admitted *out)
{
	struct intake in = {.t = t,
	    .self = self,
	    .peer = parent,
	    .batch = batch,
	    .from_above = true,
	    .now = now,
	    .out = out};
	bool usable;
	size_t i;
	enum err e = intake_begin(&in, &usable);

	if (e != ERR_OK || !usable)
		return e;
	for (i = 0; e == ERR_OK && i < batch->change_count; i++) {
		const struct batch_change *bc = &batch->changes[i];

		e = stored_read(t, &bc->id, &in.stored);
		if (e == ERR_OK)
			e = take_known(&in, bc);
		else if (e == ERR_NOT_FOUND)
			e = take_fresh(&in, bc, 0);
	}
	if (e != ERR_OK) {
		stored_free(&in.stored);
		return e;
	}
	return intake_end(&in);
}
