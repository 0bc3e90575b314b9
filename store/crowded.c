/* crowded: one record with so many changes that it is no longer worked with. */

#include <stdio.h>
#include <string.h>

#include "store/crowded.h"
#include "store/keeper.h"
#include "store/log.h"
#include "store/memo.h"
#include "store/question.h"

struct counting {
	struct txn *t;
	const uint8_t *life;
	uint8_t node[NODE_ID_BYTES];
	bool is_known;            /* whose life it is */
	uint8_t last[LIFE_BYTES]; /* of the change before */
	bool is_theirs;           /* that one was the node's */
	size_t theirs, all;
};

/* A node may have written in several lives; those of a record stand together.
 */
static bool
is_of_node(const struct counting *c, const uint8_t life[LIFE_BYTES])
{
	struct life other;

	if (memcmp(life, c->life, LIFE_BYTES) == 0)
		return true;
	return c->is_known && life_read(c->t, life, &other) == ERR_OK &&
	       memcmp(other.node, c->node, NODE_ID_BYTES) == 0;
}

static enum err
count_one(void *context, const struct change_id *id)
{
	struct counting *c = context;

	if (c->all == 0 || memcmp(id->life, c->last, LIFE_BYTES) != 0) {
		memcpy(c->last, id->life, LIFE_BYTES);
		c->is_theirs = is_of_node(c, id->life);
	}
	c->theirs += c->is_theirs;
	return ++c->all < KIN_MAX ? ERR_OK : ERR_END;
}

/* Of few changes none. */
static enum err
count(struct counting *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct life own;
	struct kin_few few;
	enum err e = kin_few(c->t, key, &few);

	if (e != ERR_OK || few.count <= KIN_FEW)
		return e;
	c->is_known = life_read(c->t, c->life, &own) == ERR_OK;
	if (c->is_known)
		memcpy(c->node, own.node, NODE_ID_BYTES);
	return record_walk(c->t, key, count_one, c);
}

static bool
is_full(const struct counting *c)
{
	return c->all >= CROWDED_BY_ALL || c->theirs >= CROWDED_BY_ONE;
}

enum err
crowded_is(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t life[LIFE_BYTES], bool is_groups, bool *out)
{
	struct counting c = {.t = t, .life = life};
	enum err e = count(&c, key);

	*out = e == ERR_OK && (is_groups ? c.all >= KIN_MAX : is_full(&c));
	return e;
}

/* --- whose it is ----------------------------------------------------------
 */

/* A beginning makes its org one of those whose it may be, if there is room for
 * one more; where nobody else began it, its own. Where more say so than have
 * shares, nobody has one to take. */
static bool
is_beyond_share(const struct crowded_whose *w, size_t place, bool begins,
    const struct counting *theirs)
{
	if (w->unsure < CROWDED_BY_STRANGERS)
		return false;
	if (place != SIZE_MAX)
		return !w->org[place].is_sure &&
		       w->org[place].changes >= CROWDED_BY_DOUBTED;
	if (!begins || w->is_claimed)
		return true;
	return w->count > 0 && (w->shares == CROWDED_SHARES_MAX ||
	                           theirs->theirs >= CROWDED_BY_DOUBTED);
}

/* Whose it is is read once a transaction, and of a record with many changes
 * only. */
static enum err
judge_share(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const struct change *c, const struct cert *author,
    const struct counting *theirs, bool *out)
{
	struct memo *memo = memo_of(t);
	struct crowded_whose own = {.is_known = false};
	struct crowded_whose *w = memo == NULL ? &own : &memo->whose;
	bool begins = c->parent_count == 0 && !begun_is_forged(c);
	enum err e = ERR_OK;

	if (!w->is_known || memcmp(w->key, key, KEY_RECORD_BYTES) != 0)
		e = crowded_whose_read(t, key, w);
	if (e == ERR_OK && w->is_told && !w->is_counted)
		e = crowded_whose_count(t, w);
	if (e != ERR_OK)
		w->is_known = false;
	*out = e == ERR_OK && w->is_told &&
	       is_beyond_share(
	           w, crowded_whose_place(t, w, author), begins, theirs);
	return e;
}

void
crowded_forget(struct txn *t)
{
	struct memo *memo = memo_of(t);

	if (memo != NULL)
		memo->whose.is_known = false;
}

bool
crowded_is_apart(
    struct txn *t, const struct change *c, const struct cert *author)
{
	struct counting theirs = {.t = t, .life = c->id.life};
	uint8_t key[KEY_RECORD_BYTES];
	bool is;

	if (author->role == ROLE_HUB)
		return false;
	key_record_in(t, key, &c->record);
	if (count(&theirs, key) != ERR_OK)
		return false;
	if (is_full(&theirs) || theirs.all < CROWDED_BY_STRANGERS)
		return is_full(&theirs);
	return judge_share(t, key, c, author, &theirs, &is) == ERR_OK && is;
}

/* --- telling -------------------------------------------------------------- */

/* The record stands in the place of a life, and no change has number 0. */
void
crowded_row_id(struct txn *t, const struct identity *id, struct change_id *out)
{
	uint8_t key[KEY_RECORD_BYTES];

	memset(out, 0, sizeof *out);
	key_record(txn_db(t), key, id);
	memcpy(out->life, key + KEY_RECORD_BYTES - LIFE_BYTES, LIFE_BYTES);
}

enum err
crowded_tell(
    struct txn *t, const struct identity *id, const char *origin, int64_t now)
{
	struct question q = {
	    .type = QUESTION_CHANGE, .code = FINDING_MANY_CHANGES, .at = now};

	crowded_row_id(t, id, &q.id);
	snprintf(q.origin, sizeof q.origin, "%s", origin);
	snprintf(q.kind, sizeof q.kind, "%s", id->kind);
	snprintf(q.ref, sizeof q.ref, "%s", id->ref);
	return question_put(t, &q);
}

/* A change of a file or a device may be what a word about the keeper had seen:
 * that is looked at once, at the end of the transaction. */
static enum err
note_whose(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	bool shows = crowded_whose_shows(c);

	if (shows)
		crowded_forget(t);
	return shows || keeper_field(c->record.kind) != NULL
	           ? crowded_note_due(t, key)
	           : ERR_OK;
}

enum err
crowded_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct kin_few few;
	size_t changes = 0;
	enum err e = self->role == ROLE_HUB ? kin_few(t, key, &few) : ERR_OK;

	if (e != ERR_OK || self->role != ROLE_HUB || few.count <= KIN_FEW)
		return e;
	e = record_changes(t, key, KIN_MAX + 1, &changes);
	if (e == ERR_OK && changes >= CROWDED_BY_STRANGERS)
		e = note_whose(t, c, key);
	if (e != ERR_OK || changes <= KIN_MAX)
		return e;
	return crowded_tell(t, &c->record, self->name, c->recorded_at);
}
