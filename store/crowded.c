/* crowded: one record with so many changes that it is no longer worked with. */

#include <stdio.h>
#include <string.h>

#include "store/crowded.h"
#include "store/log.h"
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

enum err
crowded_is(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t life[LIFE_BYTES], bool is_groups, bool *out)
{
	struct counting c = {.t = t, .life = life};
	struct life own;
	struct kin_few few;
	enum err e = kin_few(t, key, &few);

	*out = false;
	if (e != ERR_OK || few.count <= KIN_FEW)
		return e;
	c.is_known = life_read(t, life, &own) == ERR_OK;
	if (c.is_known)
		memcpy(c.node, own.node, NODE_ID_BYTES);
	e = record_walk(t, key, count_one, &c);
	*out = is_groups
	           ? c.all >= KIN_MAX
	           : c.all >= CROWDED_BY_ALL || c.theirs >= CROWDED_BY_ONE;
	return e;
}

bool
crowded_is_apart(
    struct txn *t, const struct change *c, const struct cert *author)
{
	uint8_t key[KEY_RECORD_BYTES];
	bool is = false;

	if (author->role == ROLE_HUB)
		return false;
	key_record_in(t, key, &c->record);
	return crowded_is(t, key, c->id.life, false, &is) == ERR_OK && is;
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

enum err
crowded_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct kin_few few;
	size_t count = 0;
	enum err e = self->role == ROLE_HUB ? kin_few(t, key, &few) : ERR_OK;

	if (e != ERR_OK || self->role != ROLE_HUB || few.count <= KIN_FEW)
		return e;
	e = record_changes(t, key, KIN_MAX + 1, &count);
	if (e != ERR_OK || count <= KIN_MAX)
		return e;
	return crowded_tell(t, &c->record, self->name, c->recorded_at);
}
