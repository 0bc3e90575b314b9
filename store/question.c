/* question: what needs a person. */

#include <stdio.h>
#include <string.h>

#include "store/key.h"
#include "store/question.h"
#include "store/self.h"

static enum err
question_key(
    struct txn *t, const struct question *q, uint8_t key[DB_BLIND_BYTES])
{
	struct buffer text = {0};
	enum err e;

	put_u8(&text, (uint8_t)q->type);
	if (q->type == QUESTION_CHANGE || q->type == QUESTION_RETURNED) {
		uint8_t id[KEY_CHANGE_BYTES];

		key_change(id, &q->id);
		put_bytes(&text, id, sizeof id);
		/* Each of several that claim one id is kept. */
		if (q->code == FINDING_CLASH)
			put_string(&text, q->raw.data, q->raw.size);
	} else {
		put_u16(&text, (uint16_t)q->code);
		put_text(&text, q->origin);
		put_text(&text, q->field);
		put_string(&text, q->raw.data, q->raw.size);
		if (q->raw.size == 0) {
			put_text(&text, q->kind);
			put_text(&text, q->ref);
		}
	}
	e = buffer_state(&text);
	if (e == ERR_OK)
		db_blind(txn_db(t), "question", text.data, text.size, key);
	buffer_wipe(&text);
	return e;
}

static enum err
encode(const struct question *q, struct buffer *out)
{
	uint8_t id[KEY_CHANGE_BYTES];

	key_change(id, &q->id);
	put_u64(out, q->number);
	put_u8(out, (uint8_t)q->type);
	put_u16(out, (uint16_t)q->code);
	put_u64(out, (uint64_t)q->at);
	put_text(out, q->origin);
	put_u64(out, q->line);
	put_text(out, q->field);
	put_text(out, q->kind);
	put_text(out, q->ref);
	put_bytes(out, id, sizeof id);
	put_string(out, q->raw.data, q->raw.size);
	return buffer_state(out);
}

static enum err
decode(const struct buffer *value, struct question *q)
{
	struct reader r;
	const uint8_t *id;

	memset(q, 0, sizeof *q);
	reader_init(&r, value->data, value->size);
	q->number = read_u64(&r);
	q->type = (enum question_type)read_u8(&r);
	q->code = (enum finding_code)read_u16(&r);
	q->at = (int64_t)read_u64(&r);
	if (!read_text(&r, q->origin, QUESTION_ORIGIN_MAX))
		return ERR_CORRUPT;
	q->line = read_u64(&r);
	if (!read_text(&r, q->field, sizeof q->field - 1) ||
	    !read_text(&r, q->kind, KIND_BYTES_MAX) ||
	    !read_text(&r, q->ref, REF_BYTES_MAX))
		return ERR_CORRUPT;
	id = read_view(&r, KEY_CHANGE_BYTES);
	if (id == NULL)
		return ERR_CORRUPT;
	key_change_read(&q->id, id);
	q->raw = read_string(&r);
	return r.failed ? ERR_CORRUPT : ERR_OK;
}

/* How many of each type wait is kept beside them: status must not walk. */
static void
counter_name(enum question_type type, char out[16])
{
	snprintf(out, 16, "questions.%u", (unsigned)type);
}

static enum err
count_by(struct txn *t, enum question_type type, int64_t delta)
{
	char name[16];
	uint64_t n;
	enum err e;

	counter_name(type, name);
	e = meta_get_number(t, name, &n);
	if (e != ERR_OK)
		return e;
	return meta_put_number(t, name, (uint64_t)((int64_t)n + delta));
}

/* What follows from records: the same row whichever of them came last. All
 * others tell of what happened once. */
static bool
follows_from_records(const struct question *q)
{
	return q->type == QUESTION_DUE || q->type == QUESTION_MATTER;
}

/* Keeps the number by which people know it. */
static enum err
put_again(struct txn *t, const uint8_t key[DB_BLIND_BYTES], struct question *q)
{
	struct buffer known = {0}, value = {0};
	struct question was;
	enum err e = txn_get(t, TABLE_QUESTIONS, key, DB_BLIND_BYTES, &known);

	if (e == ERR_OK)
		e = decode(&known, &was);
	if (e == ERR_OK) {
		q->number = was.number;
		e = encode(q, &value);
	}
	if (e == ERR_OK && (value.size != known.size ||
	                       memcmp(value.data, known.data, value.size) != 0))
		e = txn_put(t, TABLE_QUESTIONS, key, DB_BLIND_BYTES, value.data,
		    value.size);
	buffer_wipe(&known);
	buffer_wipe(&value);
	return e;
}

enum err
question_put(struct txn *t, struct question *q)
{
	uint8_t key[DB_BLIND_BYTES];
	struct buffer value = {0};
	uint64_t last;
	enum err e;

	if (q->raw.size > QUESTION_RAW_MAX)
		q->raw.size = QUESTION_RAW_MAX;
	e = question_key(t, q, key);
	if (e != ERR_OK)
		return e;
	e = txn_has(t, TABLE_QUESTIONS, key, sizeof key);
	if (e == ERR_OK && follows_from_records(q))
		return put_again(t, key, q);
	if (e != ERR_NOT_FOUND)
		return e;
	e = meta_get_number(t, "questions.last", &last);
	if (e == ERR_OK)
		e = meta_put_number(t, "questions.last", last + 1);
	q->number = last + 1;
	if (e == ERR_OK)
		e = encode(q, &value);
	if (e == ERR_OK)
		e = txn_put(t, TABLE_QUESTIONS, key, sizeof key, value.data,
		    value.size);
	if (e == ERR_OK)
		e = count_by(t, q->type, 1);
	buffer_wipe(&value);
	return e;
}

enum err
question_drop(struct txn *t, const struct question *q)
{
	uint8_t key[DB_BLIND_BYTES];
	enum err e = question_key(t, q, key);

	if (e == ERR_OK)
		e = txn_delete(t, TABLE_QUESTIONS, key, sizeof key);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e == ERR_OK ? count_by(t, q->type, -1) : e;
}

enum err
question_drop_change(
    struct txn *t, enum question_type type, const struct change_id *id)
{
	struct question q = {.type = type, .id = *id};

	return question_drop(t, &q);
}

enum err
question_walk(struct txn *t, question_visit *visit, void *context)
{
	struct buffer value = {0};
	struct question q;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_QUESTIONS, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK) {
		e = decode(&value, &q);
		if (e == ERR_OK)
			e = visit(context, &q);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	buffer_wipe(&value);
	return e == ERR_END ? ERR_OK : e;
}

/* --- many at once -------------------------------------------------------- */

enum { GONE_BYTES = 1 + DB_BLIND_BYTES };

/* A type and a key each, since a walk ends where its table is written. */
static enum err
gather_gone(
    struct txn *t, question_test *test, void *context, struct buffer *out)
{
	struct buffer value = {0};
	struct question q;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_QUESTIONS, NULL, 0, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK) {
		/* One that cannot be read is verify's to tell. */
		if (key.size != DB_BLIND_BYTES ||
		    decode(&value, &q) != ERR_OK || !test(context, &q))
			continue;
		put_u8(out, (uint8_t)q.type);
		put_bytes(out, key.data, DB_BLIND_BYTES);
	}
	walk_close(w);
	buffer_wipe(&value);
	return e == ERR_END ? buffer_state(out) : e;
}

enum err
question_drop_if(struct txn *t, question_test *test, void *context)
{
	struct buffer gone = {0};
	size_t at;
	enum err e = gather_gone(t, test, context, &gone);

	for (at = 0; e == ERR_OK && at < gone.size; at += GONE_BYTES) {
		e = txn_delete(
		    t, TABLE_QUESTIONS, gone.data + at + 1, DB_BLIND_BYTES);
		if (e == ERR_OK)
			e = count_by(t, (enum question_type)gone.data[at], -1);
	}
	buffer_free(&gone);
	return e;
}

/* --- one by its number --------------------------------------------------- */

struct wanted {
	uint64_t number;
	struct question *out;
};

static enum err
take_wanted(void *context, const struct question *q)
{
	struct wanted *w = context;

	if (q->number != w->number)
		return ERR_OK;
	*w->out = *q;
	memset(&w->out->raw, 0, sizeof w->out->raw);
	return ERR_CLOSED; /* ends the walk */
}

enum err
question_find(struct txn *t, uint64_t number, struct question *out)
{
	struct wanted w = {number, out};
	enum err e = question_walk(t, take_wanted, &w);

	if (e == ERR_CLOSED)
		return ERR_OK;
	return e == ERR_OK ? ERR_NOT_FOUND : e;
}

bool
question_waits(struct txn *t, const struct question *q)
{
	uint8_t key[DB_BLIND_BYTES];

	return question_key(t, q, key) == ERR_OK &&
	       txn_has(t, TABLE_QUESTIONS, key, sizeof key) == ERR_OK;
}

enum err
question_count_type(struct txn *t, enum question_type type, uint64_t *out)
{
	char name[16];

	counter_name(type, name);
	return meta_get_number(t, name, out);
}

enum err
question_count(struct txn *t, uint64_t *out)
{
	unsigned type;
	enum err e = ERR_OK;

	*out = 0;
	for (type = QUESTION_LINE; e == ERR_OK && type <= QUESTION_MATTER;
	     type++) {
		uint64_t n = 0;

		if (type == QUESTION_WARNING)
			continue;
		e = question_count_type(t, (enum question_type)type, &n);
		*out += n;
	}
	return e;
}
