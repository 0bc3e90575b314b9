/* apart: changes that were kept apart, here or by the parent. */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/apart.h"
#include "store/crowded.h"
#include "store/finding.h"
#include "store/index.h"
#include "store/key.h"
#include "store/question.h"

/* --- until the org tree is known ----------------------------------------- */

/* A type of question and KEY_CHANGE_BYTES each. */
struct apart_list {
	struct buffer rows;
};

enum { APART_BYTES = 1 + KEY_CHANGE_BYTES };

static enum err
collect_apart(void *context, const struct question *q)
{
	uint8_t key[KEY_CHANGE_BYTES];
	struct apart_list *list = context;

	if ((q->type != QUESTION_CHANGE && q->type != QUESTION_RETURNED) ||
	    q->code != FINDING_ORG_OUTSIDE)
		return ERR_OK;
	key_change(key, &q->id);
	put_u8(&list->rows, (uint8_t)q->type);
	put_bytes(&list->rows, key, sizeof key);
	return buffer_state(&list->rows);
}

static enum err
author_of(struct txn *t, const struct change_id *id, struct node *out)
{
	struct life life;
	enum err e = life_read(t, id->life, &life);

	return e == ERR_OK ? index_node_read(t, life.node, out) : e;
}

/* What the parent gave back was judged again there as well, by the same org
 * tree: it came from there. */
static enum err
unite(struct txn *t, const struct self *self, const struct change *c,
    const struct stored *s, enum question_type type)
{
	enum err e = ERR_OK;

	if (type == QUESTION_CHANGE)
		e = stored_write(t, &c->id, 0, s->month, s->fingerprint,
		    s->body.data, s->body.size);
	if (e == ERR_OK && type == QUESTION_CHANGE)
		e = admit_merged(t, self, c, s->fingerprint);
	return e == ERR_OK ? question_drop_change(t, type, &c->id) : e;
}

/* What became of one. */
enum judged {
	JUDGED_OVER,  /* nothing is to be judged any more */
	JUDGED_APART, /* it stays apart */
	JUDGED_SHUT,  /* and so does what else its author wrote there */
};

/* Of a withdrawn node nothing more is merged by itself. */
static enum judged
judge(struct txn *t, const struct change *c, const struct node *author)
{
	enum finding_code code;

	if (author->is_revoked)
		return JUDGED_SHUT;
	code = admit_judge(t, c, &author->cert);
	if (code == FINDING_NONE)
		return JUDGED_OVER;
	/* One that is refused for another reason may find no room either. */
	return code == FINDING_MANY_CHANGES ||
	               crowded_is_apart(t, c, &author->cert)
	           ? JUDGED_SHUT
	           : JUDGED_APART;
}

static enum err
judge_one(struct txn *t, const struct self *self, const struct change_id *id,
    enum question_type type, enum judged *out)
{
	struct stored s;
	struct change c;
	struct node author = {0};
	enum err e;

	stored_init(&s);
	change_init(&c);
	c.id = *id;
	e = stored_read(t, id, &s);
	*out = e == ERR_NOT_FOUND ||
	               (e == ERR_OK && type == QUESTION_CHANGE && s.apart == 0)
	           ? JUDGED_OVER
	           : JUDGED_SHUT;
	if (e == ERR_OK && *out != JUDGED_OVER)
		e = change_decode(&c, s.body.data, s.body.size);
	if (e == ERR_OK && type == QUESTION_RETURNED)
		author.cert = self->chain[0];
	else if (e == ERR_OK)
		e = author_of(t, id, &author);
	if (e == ERR_OK && *out != JUDGED_OVER) {
		*out = judge(t, &c, &author);
		if (*out == JUDGED_OVER)
			e = unite(t, self, &c, &s, type);
	}
	change_clear(&c);
	stored_free(&s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
apart_judge_again(struct txn *t, const struct self *self)
{
	struct apart_list list = {0};
	struct change_id id;
	enum judged is;
	size_t at;
	enum err e = question_walk(t, collect_apart, &list);

	for (at = 0; e == ERR_OK && at < list.rows.size; at += APART_BYTES) {
		key_change_read(&id, list.rows.data + at + 1);
		e = judge_one(
		    t, self, &id, (enum question_type)list.rows.data[at], &is);
	}
	buffer_free(&list.rows);
	return e == ERR_OK ? crowded_all_due(t) : e;
}

/* --- while it was not known whose a record is ----------------------------- */

/* How many of a life were refused for another reason than too little room,
 * such as an org that is no longer its node's. */
struct passed {
	uint8_t life[LIFE_BYTES];
	size_t count;
};

/* To the row that is looked at after one that stays apart; false: there is
 * none. Of a node that finds no room nothing more is looked at, nor of one of
 * which as many were refused as it may write: what it costs is that of the
 * nodes and of what is merged. */
static bool
go_on(uint8_t row[CROWDED_HELD_BYTES], const struct change_id *id,
    enum judged is, struct passed *p)
{
	if (memcmp(p->life, id->life, LIFE_BYTES) != 0) {
		memcpy(p->life, id->life, LIFE_BYTES);
		p->count = 0;
	}
	return is == JUDGED_SHUT || ++p->count >= CROWDED_BY_ONE
	           ? crowded_held_skip(row)
	           : crowded_held_next(row);
}

static enum err
settle_record(
    struct txn *t, const struct self *self, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t row[CROWDED_HELD_BYTES];
	const uint8_t *from = NULL;
	struct passed passed = {.count = 0};
	struct change_id id;
	enum judged is;
	bool is_more = true;
	enum err e = crowded_held(t, key, NULL, row);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	crowded_forget(t);
	while (e == ERR_OK && is_more) {
		e = crowded_held(t, key, from, row);
		if (e != ERR_OK)
			break;
		from = row;
		crowded_held_id(row, &id);
		e = judge_one(t, self, &id, QUESTION_CHANGE, &is);
		if (e == ERR_OK && is == JUDGED_OVER)
			e = crowded_release(t, row);
		else if (e == ERR_OK)
			is_more = go_on(row, &id, is, &passed);
	}
	return e == ERR_OK || e == ERR_NOT_FOUND ? crowded_untell(t, key) : e;
}

enum err
apart_settle(struct txn *t, const struct self *self)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = ERR_OK;

	if (self->role != ROLE_HUB)
		return ERR_OK;
	while (e == ERR_OK) {
		e = crowded_take_due(t, key);
		if (e == ERR_OK)
			e = settle_record(t, self, key);
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- by the parent ------------------------------------------------------- */

enum err
apart_returned(struct txn *t, const struct receipt *receipt,
    const char *parent_name, int64_t now)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < receipt->exception_count; i++) {
		const struct exception *x = &receipt->exceptions[i];
		struct question q = {.type = QUESTION_RETURNED,
		    .code = (enum finding_code)x->reason,
		    .at = now,
		    .id = x->id};
		struct stored s;
		struct change c;

		/* All of it, from one moment on: one question. */
		if (x->reason == FINDING_WITHDRAWN)
			memset(&q.id, 0, sizeof q.id);
		snprintf(q.origin, sizeof q.origin, "%s", parent_name);
		stored_init(&s);
		change_init(&c);
		c.id = q.id;
		if (stored_read(t, &q.id, &s) == ERR_OK &&
		    change_decode(&c, s.body.data, s.body.size) == ERR_OK) {
			snprintf(q.kind, sizeof q.kind, "%s", c.record.kind);
			snprintf(q.ref, sizeof q.ref, "%s", c.record.ref);
			if (x->reason == FINDING_MANY_CHANGES)
				crowded_row_id(t, &c.record, &q.id);
		}
		change_clear(&c);
		stored_free(&s);
		e = question_put(t, &q);
	}
	return e;
}

/* --- what follows it ------------------------------------------------------ */

/* What follows in the same life names no link; one that follows in the next
 * has to. Of what is not here there is none. */
static enum err
fill_link(struct txn *t, struct parent *p)
{
	struct stored s;
	uint8_t fingerprint[8];
	enum err e;

	stored_init(&s);
	e = stored_read(t, &p->id, &s);
	if (e == ERR_OK) {
		store_u64(fingerprint, s.fingerprint);
		memcpy(p->link, fingerprint, sizeof p->link);
	}
	stored_free(&s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* `before`: who names it. */
static enum err
add_parent(struct txn *t, struct change *c, const struct change *before,
    const struct parent *p)
{
	struct parent *added = &c->parents[c->parent_count];
	size_t i;

	for (i = 0; i < c->parent_count; i++)
		if (change_id_compare(&c->parents[i].id, &p->id) == 0)
			return ERR_OK;
	if (c->parent_count == CHANGE_PARENTS_MAX)
		return ERR_OK;
	*added = *p;
	c->parent_count++;
	return memcmp(p->id.life, before->id.life, LIFE_BYTES) == 0
	           ? fill_link(t, added)
	           : ERR_OK;
}

/* An emptied one says no more what it had seen. */
static enum err
add_parents_of(struct txn *t, const struct change_id *id, struct change *c)
{
	struct stored s;
	struct change before;
	size_t i;
	enum err e;

	stored_init(&s);
	change_init(&before);
	before.id = *id;
	e = stored_read(t, id, &s);
	if (e == ERR_OK && s.body.size > 0)
		e = change_decode(&before, s.body.data, s.body.size);
	for (i = 0; e == ERR_OK && i < before.parent_count; i++)
		e = add_parent(t, c, &before, &before.parents[i]);
	change_clear(&before);
	stored_free(&s);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
apart_see_past(struct txn *t, struct change *c)
{
	size_t i;
	enum err e = ERR_OK;

	/* Those that are added may have come back themselves. */
	for (i = 0; e == ERR_OK && i < c->parent_count; i++) {
		const struct question q = {
		    .type = QUESTION_RETURNED, .id = c->parents[i].id};
		const struct change_id id = c->parents[i].id;

		if (question_waits(t, &q))
			e = add_parents_of(t, &id, c);
	}
	return e;
}
