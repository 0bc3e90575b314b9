/* op_verify: reads everything that is stored and says what is bad.
 *
 * Three looks, each finding what the others cannot: every value opens under
 * its key (a flipped bit), every record reads and merges (a lost key), every
 * log of this node adds up to its head (a lost page, an older copy). Each
 * reads in short transactions, so that the agent can go on writing.
 */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "api/op.h"
#include "base/i18n.h"
#include "store/emptying.h"
#include "store/log.h"
#include "store/record.h"

enum {
	STEP_RECORDS = 256, /* in one transaction */
	STEP_CHANGES = 512,
	BAD_TOLD = 20, /* the rest is only counted */
};

struct verify {
	struct op *op;
	struct self self;
	uint64_t values, bad_values;
	uint64_t records, bad_records, emptied;
	uint64_t drafts, bad_drafts;
	uint64_t changes, bad_logs;
	uint64_t told;
	size_t life_count;
	uint8_t (*lives)[LIFE_BYTES]; /* of this node */
};

/* What is bad has no name that may be shown: its kind must do. */
static enum err
tell(struct verify *v, const char *what, const char *kind, enum err fault)
{
	if (fault != ERR_CORRUPT && fault != ERR_NOT_FOUND &&
	    fault != ERR_FORMAT && fault != ERR_VERSION)
		return fault;
	if (v->told++ >= BAD_TOLD)
		return ERR_OK;
	return op_emit(v->op, "notice",
	    json_pack("{s:b, s:s, s:s, s:s}", "refused", 1, "what", what,
	        "kind", kind == NULL ? "" : kind, "error", err_name(fault)));
}

/* --- records and drafts ------------------------------------------------ */

/* The smallest key above all that begin with this one. */
static bool
key_step(uint8_t key[KEY_RECORD_BYTES])
{
	size_t i = KEY_RECORD_BYTES;

	while (i > 0 && ++key[--i] == 0)
		if (i == 0)
			return false;
	return true;
}

static enum err
verify_record(struct verify *v, struct txn *t, enum table table,
    const uint8_t key[KEY_RECORD_BYTES])
{
	bool is_draft = table == TABLE_DRAFTS;
	const struct kind *k = kind_by_number(load_u16(key));
	struct record r = {0};
	enum err e =
	    is_draft ? draft_read(t, key, &r) : record_read(t, key, &r);

	if (is_draft)
		v->drafts++;
	else
		v->records++;
	if (e == ERR_OK) {
		record_clear(&r);
		return ERR_OK;
	}
	if (e == ERR_NOT_FOUND && !is_draft && emptying_is_emptied(t, key)) {
		v->emptied++;
		return ERR_OK;
	}
	if (is_draft)
		v->bad_drafts++;
	else
		v->bad_records++;
	return tell(
	    v, is_draft ? "draft" : "record", k == NULL ? NULL : k->name, e);
}

/* Some records from *from on, which moves. ERR_END: that was all. */
static enum err
verify_some(struct verify *v, struct txn *t, enum table table,
    uint8_t from[KEY_RECORD_BYTES])
{
	struct bytes key;
	struct walk *w;
	size_t i;
	enum err e = walk_open(t, table, from, KEY_RECORD_BYTES, &w);

	for (i = 0; e == ERR_OK && i < STEP_RECORDS; i++) {
		e = walk_next(w, &key, NULL);
		if (e != ERR_OK)
			break;
		if (key.size < KEY_RECORD_BYTES) {
			e = ERR_CORRUPT;
			break;
		}
		memcpy(from, key.data, KEY_RECORD_BYTES);
		e = verify_record(v, t, table, from);
		if (e == ERR_OK && !key_step(from))
			e = ERR_END;
		if (e == ERR_OK)
			e = walk_seek(w, from, KEY_RECORD_BYTES);
	}
	walk_close(w);
	return e;
}

static enum err
verify_table(struct verify *v, enum table table)
{
	uint8_t from[KEY_RECORD_BYTES] = {0};
	struct txn *t;
	enum err e = ERR_OK;

	while (e == ERR_OK && !op_is_stopping(v->op)) {
		e = db_begin(store_db(v->op->api->store), false, &t);
		if (e != ERR_OK)
			return e;
		e = verify_some(v, t, table, from);
		txn_abort(t);
		if (e == ERR_OK)
			e = op_emit(v->op, "progress",
			    json_pack("{s:I}", "records",
			        (json_int_t)(v->records + v->drafts)));
	}
	return e == ERR_END ? ERR_OK : e;
}

/* --- logs -------------------------------------------------------------- */

static enum err
gather_lives(struct verify *v, struct txn *t)
{
	uint8_t(*grown)[LIFE_BYTES];
	struct life life;
	struct bytes key;
	struct walk *w;
	enum err e = walk_open(t, TABLE_LIVES, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK) {
		if (key.size != LIFE_BYTES ||
		    life_read(t, key.data, &life) != ERR_OK ||
		    memcmp(life.node, v->self.id, NODE_ID_BYTES) != 0)
			continue;
		grown =
		    realloc(v->lives, (v->life_count + 1) * sizeof *v->lives);
		if (grown == NULL) {
			e = ERR_NOMEM;
			break;
		}
		v->lives = grown;
		memcpy(v->lives[v->life_count++], life.id, LIFE_BYTES);
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

/* Where a log begins: nothing but its name goes in (docs/store.md, "Logs"). */
static void
begin_log(struct log_head *out, const struct log_head *of)
{
	uint8_t key[KEY_LOG_BYTES];

	*out = *of;
	out->seq = 0;
	key_log(key, of->life, of->class);
	crypto_generichash(
	    out->chain, sizeof out->chain, key, sizeof key, NULL, 0);
}

static enum err
extend_one(
    struct verify *v, struct txn *t, struct log_head *at, struct stored *s)
{
	uint8_t secret[HASH_BYTES];
	struct change_id id = {.class = at->class, .seq = at->seq + 1};
	enum err e;

	memcpy(id.life, at->life, LIFE_BYTES);
	e = stored_read(t, &id, s);
	if (e == ERR_OK)
		e = log_secret_read(t, &v->self, id.life, s->month, secret);
	if (e == ERR_OK) {
		log_extend(at, secret, &id, s->body.data, s->body.size);
		v->changes++;
	}
	return e;
}

/* Go on from *at towards end; ERR_END: there. */
static enum err
extend_some(struct verify *v, struct log_head *at, const struct log_head *end)
{
	struct stored s;
	struct txn *t;
	size_t i;
	enum err e = db_begin(store_db(v->op->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	stored_init(&s);
	for (i = 0; e == ERR_OK && i < STEP_CHANGES; i++)
		e = at->seq == end->seq ? ERR_END : extend_one(v, t, at, &s);
	stored_free(&s);
	txn_abort(t);
	return e;
}

static enum err
verify_log(struct verify *v, const struct log_head *end)
{
	struct log_head at;
	enum err e = ERR_OK;

	begin_log(&at, end);
	while (e == ERR_OK && !op_is_stopping(v->op))
		e = extend_some(v, &at, end);
	if (e == ERR_END)
		e = memcmp(at.chain, end->chain, HASH_BYTES) == 0 ? ERR_OK
		                                                  : ERR_CORRUPT;
	if (e == ERR_OK)
		return ERR_OK;
	v->bad_logs++;
	return tell(v, "log", NULL, e);
}

static enum err
verify_logs(struct verify *v)
{
	struct log_head end;
	struct txn *t;
	size_t i;
	enum err e = db_begin(store_db(v->op->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = gather_lives(v, t);
	txn_abort(t);
	for (i = 0; e == ERR_OK && i < v->life_count * CLASSES; i++) {
		e = db_begin(store_db(v->op->api->store), false, &t);
		if (e != ERR_OK)
			break;
		e = log_head_read(
		    t, v->lives[i / CLASSES], (uint8_t)(i % CLASSES), &end);
		txn_abort(t);
		if (e == ERR_OK)
			e = verify_log(v, &end);
	}
	return e;
}

/* --- all of it --------------------------------------------------------- */

static json_t *
summary(const struct verify *v)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "values", (json_int_t)v->values, "bad_values",
	    (json_int_t)v->bad_values, "records", (json_int_t)v->records,
	    "bad_records", (json_int_t)v->bad_records, "drafts",
	    (json_int_t)v->drafts, "bad_drafts", (json_int_t)v->bad_drafts,
	    "changes", (json_int_t)v->changes, "bad_logs",
	    (json_int_t)v->bad_logs, "emptied", (json_int_t)v->emptied);
}

static enum err
verify(struct verify *v)
{
	enum err e = op_self(v->op, &v->self);

	if (e != ERR_OK)
		return e;
	e = db_verify(store_db(v->op->api->store), &v->values, &v->bad_values);
	if (e == ERR_CORRUPT)
		e = tell(v, "value", NULL, e);
	if (e == ERR_OK)
		e = verify_table(v, TABLE_RECORDS);
	if (e == ERR_OK)
		e = verify_table(v, TABLE_DRAFTS);
	if (e == ERR_OK)
		e = verify_logs(v);
	if (e == ERR_OK && op_is_stopping(v->op))
		return op_fail(v->op, ERR_BUSY,
		    N_("The agent is shutting down: try again later."));
	return e;
}

enum err
op_verify(struct op *o)
{
	struct verify *v = calloc(1, sizeof *v);
	enum err e;

	if (v == NULL)
		return ERR_NOMEM;
	v->op = o;
	e = verify(v);
	o->summary = summary(v);
	if (e == ERR_OK &&
	    v->bad_values + v->bad_records + v->bad_drafts + v->bad_logs > 0)
		e = op_fail(o, ERR_CORRUPT,
		    N_("Stored data is damaged: go on with a backup or join "
		       "again, and keep this store for those who help."));
	self_wipe(&v->self);
	free(v->lives);
	free(v);
	return e;
}
