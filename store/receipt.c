/* receipt: what others hold of what was made here. */

#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/apart.h"
#include "store/enrol.h"
#include "store/question.h"
#include "store/receipt.h"
#include "store/source.h"

/* Own logs of all lives, by class. */
static enum err
own_total(struct txn *t, const struct self *self, uint64_t *out)
{
	struct buffer value = {0};
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_LIVES, NULL, 0, &w);

	*out = 0;
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK) {
		struct log_head head;
		uint8_t class;

		if (value.size < NODE_ID_BYTES ||
		    memcmp(value.data, self->id, NODE_ID_BYTES) != 0)
			continue;
		for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
			e = log_head_read(t, key.data, class, &head);
			*out += head.seq;
		}
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	buffer_wipe(&value);
	return e == ERR_END ? ERR_OK : e;
}

/* How far the parent is behind in the list upwards. */
static enum err
behind(struct txn *t, const uint8_t parent[NODE_ID_BYTES], uint64_t *out)
{
	struct list_id list = {AUDIENCE_UP, 0};
	struct audience a;
	enum err e = audience_read(t, AUDIENCE_UP, &a);

	*out = 0;
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	for (list.class = 0; e == ERR_OK && list.class < CLASSES;
	     list.class ++) {
		struct cursor end, held;

		e = list_end(t, &a, list.class, &end);
		if (e == ERR_OK)
			e = cursor_read(t, parent, CURSOR_PEER, &list, &held);
		if (e == ERR_OK)
			*out += held.epoch == a.epoch && held.place <= end.place
			            ? end.place - held.place
			            : end.place;
	}
	return e;
}

static enum err
group_read(
    struct txn *t, const uint8_t life[LIFE_BYTES], struct group_receipt *out)
{
	struct buffer value = {0};
	struct bytes body;
	enum err e = txn_get(t, TABLE_RECEIPTS, life, LIFE_BYTES, &value);

	body.data = value.data;
	body.size = value.size;
	if (e == ERR_OK && group_receipt_consume(&body, out) != ERR_OK)
		e = ERR_CORRUPT;
	buffer_free(&value);
	return e;
}

/* Of the changes of ours that were refused, those that count. */
struct refused {
	struct txn *t;
	bool covered_only; /* by a group receipt */
	uint64_t count;
};

static enum err
count_refused(void *context, const struct question *q)
{
	struct refused *r = context;
	struct group_receipt g;
	enum err e = ERR_OK;

	/* One question stands for all that came after a withdrawal: those are
	 * counted by other means (withdraw.h). */
	if (q->type != QUESTION_RETURNED || q->id.class >= CLASSES ||
	    q->id.seq == 0)
		return ERR_OK;
	if (r->covered_only)
		e = group_read(r->t, q->id.life, &g);
	if (e == ERR_OK &&
	    (!r->covered_only || q->id.seq <= g.seq[q->id.class]))
		r->count++;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Receipted, but with an exception: such a change is there and counts
 * nowhere. The group's word is on a log's chain, and that holds them too. */
static enum err
take_off_refused(struct txn *t, bool covered_only, uint64_t *held)
{
	struct refused r = {.t = t, .covered_only = covered_only};
	uint64_t questions;
	enum err e = question_count_type(t, QUESTION_RETURNED, &questions);

	if (e == ERR_OK && questions > 0)
		e = question_walk(t, count_refused, &r);
	*held -= r.count < *held ? r.count : *held;
	return e;
}

enum err
receipts_parent_count(
    struct txn *t, const struct self *self, uint64_t *waiting, uint64_t *held)
{
	uint8_t id[NODE_ID_BYTES];
	struct cert parent;
	uint64_t total;
	enum err e = own_total(t, self, &total);

	*waiting = 0;
	*held = 0;
	if (e != ERR_OK)
		return e;
	if (self->role == ROLE_HUB) {
		*held = total;
		return ERR_OK;
	}
	*waiting = total;
	e = enrol_parent(t, self, &parent, NULL, 0);
	if (e == ERR_NOT_ENROLLED)
		return ERR_OK;
	node_id_of(id, parent.signing_key);
	if (e == ERR_OK)
		e = behind(t, id, waiting);
	*held = total - (*waiting < total ? *waiting : total);
	return e == ERR_OK ? take_off_refused(t, false, held) : e;
}

enum err
receipts_group_count(struct txn *t, const struct self *self, uint64_t *held)
{
	struct group_receipt g;
	struct walk *w;
	struct bytes key;
	enum err e;

	*held = 0;
	if (self->role == ROLE_HUB)
		return own_total(t, self, held);
	e = walk_open(t, TABLE_RECEIPTS, NULL, 0, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		size_t c;

		if (key.size != LIFE_BYTES)
			continue;
		e = group_read(t, key.data, &g);
		if (e != ERR_OK)
			break;
		for (c = 0; e == ERR_OK && c < CLASSES; c++) {
			struct log_head head;

			/* Of a life left behind it may hold what we lost. */
			e = log_head_read(t, key.data, (uint8_t)c, &head);
			*held += g.seq[c] < head.seq ? g.seq[c] : head.seq;
		}
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? take_off_refused(t, true, held) : e;
}

static bool
is_list(const struct list_id *a, const struct list_id *b)
{
	return a->class == b->class && strcmp(a->name, b->name) == 0;
}

/* Only what lies on our list is worth keeping; of lists that are not here
 * nothing is. */
static enum err
keep_place(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    const struct list_id *list, struct cursor at)
{
	enum err e = source_settle_list(t, list, &at);

	if (e != ERR_OK || at.epoch == 0)
		return e;
	return cursor_write(t, peer, CURSOR_PEER, list, &at);
}

enum err
receipts_take(struct txn *t, const struct cert *peer, const struct receipt *r,
    int64_t now)
{
	uint8_t id[NODE_ID_BYTES];
	enum err e;

	node_id_of(id, peer->signing_key);
	e = keep_place(t, id, &r->list, r->cursor);
	if (e == ERR_OK)
		e = apart_returned(t, r, peer->name, now);
	return e;
}

/* Whether the peer lost some of what it has receipted. */
static bool
is_lower(struct txn *t, const struct cursor_set *known,
    const struct list_id *list, struct cursor at)
{
	size_t i;

	if (source_settle_list(t, list, &at) != ERR_OK)
		return true; /* keep_place() says what is wrong */
	for (i = 0; i < known->count; i++)
		if (is_list(&known->item[i].list, list))
			return known->item[i].cursor.epoch == at.epoch &&
			       known->item[i].cursor.place > at.place;
	return false;
}

enum err
receipts_correct(struct txn *t, const struct cert *peer,
    const struct cursor_set *set, bool may_raise)
{
	struct cursor_set *known = calloc(1, sizeof *known);
	uint8_t id[NODE_ID_BYTES];
	size_t i, j;
	enum err e = ERR_NOMEM;

	node_id_of(id, peer->signing_key);
	if (known != NULL)
		e = cursor_read_all(t, id, CURSOR_PEER, known);
	for (i = 0; e == ERR_OK && i < set->count; i++)
		if (may_raise ||
		    is_lower(t, known, &set->item[i].list, set->item[i].cursor))
			e = keep_place(
			    t, id, &set->item[i].list, set->item[i].cursor);
	for (i = 0; e == ERR_OK && i < known->count; i++) {
		for (j = 0; j < set->count; j++)
			if (is_list(&known->item[i].list, &set->item[j].list))
				break;
		if (j == set->count)
			e = keep_place(t, id, &known->item[i].list,
			    (struct cursor){0, 0, 0});
	}
	free(known);
	return e;
}

/* Whether our log passed the chain that a group receipt tells of a class. */
static enum err
check_chain(struct txn *t, const struct self *self,
    const struct group_receipt *g, uint8_t class)
{
	struct change_id id = {.class = class, .seq = g->seq[class]};
	struct log_head head, then;
	enum err e;

	memcpy(id.life, g->life, LIFE_BYTES);
	e = log_head_read(t, g->life, class, &head);
	if (e != ERR_OK || id.seq == 0)
		return e;
	if (id.seq > head.seq)
		return memcmp(id.life, self->life, LIFE_BYTES) == 0 ? ERR_FORK
		                                                    : ERR_OK;
	then = head;
	if (id.seq < head.seq)
		e = log_chain_at(t, self, &id, &then);
	if (e == ERR_OK && memcmp(then.chain, g->chain[class], HASH_BYTES) != 0)
		e = ERR_FORK;
	return e;
}

enum err
receipts_take_group(
    struct txn *t, const struct self *self, const struct group_receipt *g)
{
	struct buffer value = {0};
	struct life life;
	uint8_t class;
	enum err e = ERR_OK;

	if (!self->is_enrolled || self->chain_count < 2)
		return ERR_NOT_ENROLLED;
	/* The last but the root: the hub's own certificate. */
	if (group_receipt_verify(
	        g, self->chain[self->chain_count - 1].signing_key) != ERR_OK)
		return ERR_AUTH;
	if (life_read(t, g->life, &life) != ERR_OK || !life.has_log_secret)
		return ERR_OK; /* a life of another node: not ours to count */
	for (class = 0; e == ERR_OK && class < CLASSES; class ++)
		e = check_chain(t, self, g, class);
	if (e == ERR_OK)
		e = group_receipt_create(g, &value);
	if (e == ERR_OK)
		e = txn_put(t, TABLE_RECEIPTS, g->life, LIFE_BYTES, value.data,
		    value.size);
	buffer_free(&value);
	return e;
}

/* The chain of a log of ours at that place. ERR_FORK: it is not that long. */
static enum err
own_chain(struct txn *t, const struct self *self, const struct change_id *id,
    uint8_t out[HASH_BYTES])
{
	struct log_head head;
	enum err e = log_head_read(t, id->life, id->class, &head);

	if (e == ERR_OK && id->seq > head.seq)
		return ERR_FORK;
	if (e == ERR_OK && id->seq < head.seq)
		e = log_chain_at(t, self, id, &head);
	if (e == ERR_OK)
		memcpy(out, head.chain, HASH_BYTES);
	return e == ERR_NOT_FOUND ? ERR_FORK : e;
}

enum err
receipts_take_held(struct txn *t, const struct self *self,
    const uint8_t nonce[LIFE_NONCE_BYTES], const struct group_held *h)
{
	struct group_receipt g;
	struct change_id id;
	enum err e = ERR_OK;

	memset(&g, 0, sizeof g);
	memset(&id, 0, sizeof id);
	life_id_of(g.life, self->signing_public, nonce);
	memcpy(id.life, g.life, LIFE_BYTES);
	memcpy(g.seq, h->seq, sizeof g.seq);
	memcpy(g.signature, h->signature, sizeof g.signature);
	for (; e == ERR_OK && id.class < CLASSES; id.class ++) {
		id.seq = g.seq[id.class];
		if (id.seq > 0)
			e = own_chain(t, self, &id, g.chain[id.class]);
	}
	if (e == ERR_OK)
		e = receipts_take_group(t, self, &g);
	return e == ERR_AUTH ? ERR_FORK : e;
}

enum err
receipts_make_group(struct txn *t, const struct self *self,
    const uint8_t life[LIFE_BYTES], struct group_receipt *out)
{
	uint8_t class;
	enum err e = ERR_OK;

	memset(out, 0, sizeof *out);
	memcpy(out->life, life, LIFE_BYTES);
	for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
		struct log_head head;

		e = log_head_read(t, life, class, &head);
		out->seq[class] = head.seq;
		if (head.seq > 0)
			memcpy(out->chain[class], head.chain, HASH_BYTES);
	}
	if (e == ERR_OK)
		group_receipt_sign(out, self->signing_secret);
	return e;
}

enum err
receipts_group_held(
    struct txn *t, const uint8_t life[LIFE_BYTES], uint64_t held[CLASSES])
{
	struct group_receipt g;
	enum err e = group_read(t, life, &g);

	if (e == ERR_OK)
		memcpy(held, g.seq, sizeof g.seq);
	else
		memset(held, 0, CLASSES * sizeof *held);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
