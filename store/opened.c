/* opened: files that teams open by contracts of their own, at the hub. */

#include <stdio.h>
#include <string.h>

#include "store/log.h"
#include "store/opened.h"
#include "store/question.h"
#include "store/rules.h"

/* Rows of `meta`: this and a contract's key; that of whose file it opens, or is
 * asked about. They stay: what was open once is not asked about when it is in
 * force again. */
static const char opened_prefix[] = "opened:";
/* This and a node's id: the last day on which it opened any, and how many. */
static const char count_prefix[] = "opened.by:";

enum {
	OPENED_BYTES = sizeof opened_prefix - 1 + KEY_RECORD_BYTES,
	COUNT_BYTES = sizeof count_prefix - 1 + NODE_ID_BYTES,
	COUNTED_BYTES = DATE_CHARS + 4,
};

/* --- how many ------------------------------------------------------------ */

static void
count_key(const uint8_t node[NODE_ID_BYTES], uint8_t key[COUNT_BYTES])
{
	memcpy(key, count_prefix, sizeof count_prefix - 1);
	memcpy(key + sizeof count_prefix - 1, node, NODE_ID_BYTES);
}

static enum err
read_count(struct txn *t, const uint8_t key[COUNT_BYTES],
    const contest_day today, uint32_t *out)
{
	struct buffer value = {0};
	enum err e = txn_get(t, TABLE_META, key, COUNT_BYTES, &value);

	*out = 0;
	if (e == ERR_OK && value.size == COUNTED_BYTES &&
	    memcmp(value.data, today, DATE_CHARS) == 0)
		*out = load_u32(value.data + DATE_CHARS);
	buffer_free(&value);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* One more of a node's today; false: it had as many as there may be. */
static enum err
count_one(struct txn *t, const uint8_t node[NODE_ID_BYTES], int64_t now,
    bool *has_room)
{
	uint8_t key[COUNT_BYTES], value[COUNTED_BYTES];
	contest_day today;
	uint32_t count;
	enum err e;

	contest_day_of(now, today);
	count_key(node, key);
	e = read_count(t, key, today, &count);
	*has_room = e == ERR_OK && count < OPENED_A_DAY;
	if (!*has_room)
		return e;
	memcpy(value, today, DATE_CHARS);
	store_u32(value + DATE_CHARS, count + 1);
	return txn_put(t, TABLE_META, key, sizeof key, value, sizeof value);
}

/* --- which --------------------------------------------------------------- */

/* Told for good, also when the contract is over. */
static enum err
list(struct txn *t, const struct record *contract, int64_t now)
{
	struct question q = {
	    .type = QUESTION_WARNING, .code = FINDING_FILE_OPENED, .at = now};

	snprintf(q.origin, sizeof q.origin, "%s", contract->id.source);
	snprintf(q.kind, sizeof q.kind, "%s", contract->id.kind);
	snprintf(q.ref, sizeof q.ref, "%s", contract->id.ref);
	return question_put(t, &q);
}

/* Whose computer signed it; the group's own hub opens what it likes. */
static bool
find_signer(struct txn *t, const struct self *self,
    const struct contest_contract *c, uint8_t node[NODE_ID_BYTES])
{
	struct life life;

	if (life_read(t, c->id.life, &life) != ERR_OK ||
	    memcmp(life.node, self->id, NODE_ID_BYTES) == 0)
		return false;
	memcpy(node, life.node, NODE_ID_BYTES);
	return true;
}

/* --- one contract -------------------------------------------------------- */

/* What judges one. */
struct judging {
	struct txn *t;
	const struct contest_record *r;
	const char *says; /* of it so far; NULL: nothing */
	int64_t now;
	bool is_old;
	json_t *fields; /* out */
	uint8_t row[OPENED_BYTES];
};

static enum err
say(const struct judging *j, json_t *word)
{
	return json_object_set_new(j->fields, OPENED_FIELD, word) == 0
	           ? ERR_OK
	           : ERR_NOMEM;
}

static enum err
keep_row(const struct judging *j)
{
	return txn_put(j->t, TABLE_META, j->row, sizeof j->row, j->r->resident,
	    KEY_RECORD_BYTES);
}

/* For the first time, of whom it names. */
static enum err
open_or_ask(const struct judging *j, const uint8_t node[NODE_ID_BYTES])
{
	bool has_room = true;
	enum err e = keep_row(j);

	if (e == ERR_OK && !j->is_old)
		e = count_one(j->t, node, j->now, &has_room);
	if (e != ERR_OK)
		return e;
	return has_room ? list(j->t, &j->r->present, j->now)
	                : say(j, json_string(OPENED_ASKED));
}

/* One that named another resident before opens no second file by itself,
 * whatever was decided of the first. */
static enum err
ask_anew(const struct judging *j)
{
	enum err e = keep_row(j);

	if (e != ERR_OK ||
	    (j->says != NULL && strcmp(j->says, OPENED_FULL) != 0))
		return e;
	return say(j, json_string(OPENED_ASKED));
}

static enum err
judge(struct judging *j, const struct self *self,
    const struct contest_contract *c)
{
	struct buffer whose = {0};
	uint8_t node[NODE_ID_BYTES];
	bool is_same;
	enum err e;

	if (!find_signer(j->t, self, c, node))
		return ERR_OK;
	memcpy(j->row, opened_prefix, sizeof opened_prefix - 1);
	memcpy(j->row + sizeof opened_prefix - 1, j->r->key, KEY_RECORD_BYTES);
	e = txn_get(j->t, TABLE_META, j->row, sizeof j->row, &whose);
	is_same = whose.size == KEY_RECORD_BYTES &&
	          memcmp(whose.data, j->r->resident, KEY_RECORD_BYTES) == 0;
	buffer_free(&whose);
	if (e != ERR_NOT_FOUND)
		return e != ERR_OK || is_same ? e : ask_anew(j);
	return j->says == NULL ? open_or_ask(j, node) : keep_row(j);
}

enum err
opened_judge(struct txn *t, const struct self *self,
    const struct contest_set *s, size_t i, int64_t now, bool is_old,
    json_t *fields)
{
	const struct contest_contract *c = &s->contest.of[i];
	struct judging j = {.t = t,
	    .r = &s->record[i],
	    .says = rule_text(s->record[i].present.fields, OPENED_FIELD),
	    .now = now,
	    .is_old = is_old,
	    .fields = fields};

	/* While it is in doubt whose it is, or whose file, it opens nothing. */
	if (c->word != CONTEST_ACTIVE || c->is_begun_twice || j.r->is_renamed)
		return ERR_OK;
	/* It read the file before, or a person of the group wants it in force.
	 */
	if (!c->is_kept && !j.r->is_persons)
		return judge(&j, self, c);
	return j.says != NULL && strcmp(j.says, OPENED_ASKED) == 0
	           ? say(&j, json_null())
	           : ERR_OK;
}
