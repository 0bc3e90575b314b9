/* export: the present version of every record held.
 *
 * Kinds one after the other. Of a kind, refs are collected first and sorted,
 * then records are read some at a time and given away with no transaction
 * open, so that a slow reader of the output holds nothing up.
 */

#include <stdlib.h>
#include <string.h>

#include "store/emptying.h"
#include "store/export.h"

enum {
	COLLECT_AT_ONCE = 2000, /* index entries looked at per transaction */
	READ_AT_ONCE = 200,     /* records */
};

/* Where a record stands in the order: kind, ref and source, each with its
 * NUL, in `text`. */
struct entry {
	size_t text_at;
	uint8_t key[KEY_RECORD_BYTES];
};

struct export
{
	struct db *db;
	export_emit *emit;
	void *context;
	const char *only; /* a kind by name; NULL: all */
	size_t count, capacity;
	struct entry *entries;
	struct buffer text;
};

/* --- collecting -------------------------------------------------------- */

static enum err
add_entry(struct export *x, const uint8_t key[KEY_RECORD_BYTES],
    const char *kind, const char *ref, const char *source)
{
	struct entry *one;

	if (x->count == x->capacity) {
		size_t capacity = x->capacity == 0 ? 256 : x->capacity * 2;

		one = realloc(x->entries, capacity * sizeof *one);
		if (one == NULL)
			return ERR_NOMEM;
		x->entries = one;
		x->capacity = capacity;
	}
	one = &x->entries[x->count++];
	memcpy(one->key, key, KEY_RECORD_BYTES);
	one->text_at = x->text.size;
	put_bytes(&x->text, kind, strlen(kind) + 1);
	put_bytes(&x->text, ref, strlen(ref) + 1);
	put_bytes(&x->text, source, strlen(source) + 1);
	return buffer_state(&x->text);
}

/* No ref begins with such a byte: what cannot be read comes last, when all
 * that can be has been given. */
static const char unreadable[] = "\xff";

static enum err
add_body(struct export *x, const uint8_t key[KEY_RECORD_BYTES],
    const struct change_id *id, const struct bytes *body, enum err e)
{
	struct change c;

	change_init(&c);
	if (id != NULL)
		c.id = *id;
	if (e == ERR_OK)
		e = change_decode(&c, body->data, body->size);
	if (e == ERR_NOMEM || e == ERR_IO)
		return e;
	if (e != ERR_OK)
		return add_entry(x, key, unreadable, unreadable, "");
	if (x->only == NULL || strcmp(x->only, c.record.kind) == 0)
		e = add_entry(
		    x, key, c.record.kind, c.record.ref, c.record.source);
	change_clear(&c);
	return e;
}

/* A walk over the keys of one kind that outlives its transactions. */
struct stretch {
	enum table table;
	uint16_t number;
	struct buffer from; /* the next key is >= this */
	bool is_over;
};

/* The first key behind all of one record. */
static enum err
go_behind(struct stretch *s, const uint8_t key[KEY_RECORD_BYTES])
{
	buffer_clear(&s->from);
	put_bytes(&s->from, key, KEY_RECORD_BYTES);
	while (s->from.size > 0 && ++s->from.data[s->from.size - 1] == 0)
		s->from.size--;
	if (s->from.size == 0)
		s->is_over = true;
	return buffer_state(&s->from);
}

static enum err
collect_record(
    struct export *x, struct txn *t, const struct bytes *key, struct stored *s)
{
	struct identity emptied;
	struct change_id id;
	enum err e;

	if (key->size == KEY_RECORD_CHANGE_BYTES &&
	    emptying_read(t, key->data, &emptied) == ERR_OK)
		return add_entry(x, key->data, emptied.kind, emptied.ref, "");
	if (key->size != KEY_RECORD_CHANGE_BYTES)
		return add_entry(x, key->data, unreadable, unreadable, "");
	key_change_read(&id, key->data + KEY_RECORD_BYTES);
	e = stored_read(t, &id, s);
	return add_body(x, key->data, &id, &s->body, e);
}

/* A record that was signed elsewhere is a draft no more. */
static enum err
collect_draft(
    struct export *x, struct txn *t, const struct bytes *key, struct stored *s)
{
	struct bytes body;
	enum err e;

	if (record_exists(t, key->data))
		return ERR_OK;
	e = txn_get(t, TABLE_DRAFTS, key->data, key->size, &s->value);
	body = (struct bytes){s->value.data, s->value.size};
	return add_body(x, key->data, NULL, &body, e);
}

static enum err
collect_one(struct export *x, struct txn *t, struct walk *w, struct stretch *s,
    struct stored *scratch)
{
	struct bytes key;
	uint8_t record[KEY_RECORD_BYTES];
	enum err e = walk_next(w, &key, NULL);

	if (e == ERR_END ||
	    (e == ERR_OK && (key.size < KEY_RECORD_BYTES ||
	                        load_u16(key.data) != s->number))) {
		s->is_over = true;
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	memcpy(record, key.data, sizeof record);
	e = s->table == TABLE_RECORDS ? collect_record(x, t, &key, scratch)
	                              : collect_draft(x, t, &key, scratch);
	if (e == ERR_OK)
		e = go_behind(s, record);
	if (e == ERR_OK && !s->is_over)
		e = walk_seek(w, s->from.data, s->from.size);
	return e;
}

static enum err
collect_some(struct export *x, struct stretch *s)
{
	struct stored scratch;
	struct walk *w = NULL;
	struct txn *t;
	size_t i;
	enum err e = db_begin(x->db, false, &t);

	if (e != ERR_OK)
		return e;
	stored_init(&scratch);
	e = walk_open(t, s->table, s->from.data, s->from.size, &w);
	for (i = 0; e == ERR_OK && !s->is_over && i < COLLECT_AT_ONCE; i++)
		e = collect_one(x, t, w, s, &scratch);
	walk_close(w);
	txn_abort(t);
	stored_free(&scratch);
	return e;
}

static enum err
collect(struct export *x, enum table table, uint16_t number)
{
	struct stretch s = {.table = table, .number = number};
	enum err e;

	put_u16(&s.from, number);
	e = buffer_state(&s.from);
	while (e == ERR_OK && !s.is_over)
		e = collect_some(x, &s);
	buffer_free(&s.from);
	return e;
}

/* --- in order ---------------------------------------------------------- */

struct sort_key {
	const char *text; /* kind, ref, source */
	const struct entry *entry;
};

static int
by_text(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	const char *s = x->text, *t = y->text;
	int i, c = 0;

	for (i = 0; i < 3; i++) {
		c = strcmp(s, t);
		if (c != 0)
			return c;
		s += strlen(s) + 1;
		t += strlen(t) + 1;
	}
	return memcmp(x->entry->key, y->entry->key, KEY_RECORD_BYTES);
}

static enum err
sort(const struct export *x, struct sort_key **out)
{
	struct sort_key *keys = calloc(x->count, sizeof *keys);
	size_t i;

	if (keys == NULL)
		return ERR_NOMEM;
	for (i = 0; i < x->count; i++) {
		keys[i].entry = &x->entries[i];
		keys[i].text =
		    (const char *)x->text.data + x->entries[i].text_at;
	}
	qsort(keys, x->count, sizeof *keys, by_text);
	*out = keys;
	return ERR_OK;
}

/* --- giving away ------------------------------------------------------- */

static enum err
read_one(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t **out)
{
	struct identity emptied;
	struct record r;
	enum err e = record_read(t, key, &r);

	*out = NULL;
	if (e == ERR_NOT_FOUND && emptying_read(t, key, &emptied) == ERR_OK) {
		*out = emptying_to_json(&emptied);
		return *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	if (e == ERR_NOT_FOUND)
		e = draft_read(t, key, &r);
	if (e == ERR_NOT_FOUND)
		return ERR_OK; /* a draft that was dropped meanwhile */
	if (e != ERR_OK)
		return e == ERR_NOMEM || e == ERR_IO ? e : ERR_CORRUPT;
	*out = record_to_json(&r);
	record_clear(&r);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

/* Read up to count records; *done of them could be. */
static enum err
read_some(struct export *x, const struct sort_key *keys, size_t count,
    json_t **records, size_t *done)
{
	struct txn *t;
	enum err e = db_begin(x->db, false, &t);

	*done = 0;
	if (e != ERR_OK)
		return e;
	while (*done < count) {
		e = read_one(t, keys[*done].entry->key, &records[*done]);
		if (e != ERR_OK)
			break;
		(*done)++;
	}
	txn_abort(t);
	return e;
}

/* Behind its kind and ref. */
static const char *
source_of(const struct sort_key *key)
{
	const char *ref = key->text + strlen(key->text) + 1;

	return ref + strlen(ref) + 1;
}

static enum err
give_some(struct export *x, const struct sort_key *keys, size_t count)
{
	json_t *records[READ_AT_ONCE];
	size_t done, i;
	enum err e = read_some(x, keys, count, records, &done);
	enum err given = ERR_OK;

	for (i = 0; i < done; i++) {
		if (records[i] != NULL && given == ERR_OK)
			given = x->emit(
			    x->context, source_of(&keys[i]), records[i]);
		json_decref(records[i]);
	}
	return given != ERR_OK ? given : e;
}

static enum err
give_all(struct export *x)
{
	struct sort_key *keys;
	size_t i, n;
	enum err e;

	if (x->count == 0)
		return ERR_OK;
	e = sort(x, &keys);
	if (e != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && i < x->count; i += n) {
		n = x->count - i;
		if (n > READ_AT_ONCE)
			n = READ_AT_ONCE;
		e = give_some(x, keys + i, n);
	}
	free(keys);
	return e;
}

/* --- kinds ------------------------------------------------------------- */

static enum err
export_kind(struct export *x, uint16_t number)
{
	enum err e;

	x->count = 0;
	buffer_clear(&x->text);
	e = collect(x, TABLE_RECORDS, number);
	if (e == ERR_OK)
		e = collect(x, TABLE_DRAFTS, number);
	return e == ERR_OK ? give_all(x) : e;
}

/* The lowest kind number >= *number that records or drafts here have. */
static enum err
next_number(struct db *db, enum table table, uint32_t *number)
{
	struct walk *w = NULL;
	struct txn *t;
	struct bytes key;
	uint8_t from[2];
	enum err e = db_begin(db, false, &t);

	if (e != ERR_OK)
		return e;
	store_u16(from, (uint16_t)*number);
	e = walk_open(t, table, from, sizeof from, &w);
	if (e == ERR_OK)
		e = walk_next(w, &key, NULL);
	if (e == ERR_OK && key.size >= sizeof from)
		*number = load_u16(key.data);
	walk_close(w);
	txn_abort(t);
	return e;
}

static enum err
export_unknown(struct export *x)
{
	uint32_t number = 0;
	enum err e = ERR_OK;

	while (e == ERR_OK && number <= UINT16_MAX) {
		uint32_t a = number, b = number;
		enum err ea = next_number(x->db, TABLE_RECORDS, &a);
		enum err eb = next_number(x->db, TABLE_DRAFTS, &b);

		if (ea == ERR_END && eb == ERR_END)
			return ERR_OK;
		if (ea != ERR_OK && ea != ERR_END)
			return ea;
		if (eb != ERR_OK && eb != ERR_END)
			return eb;
		if (ea == ERR_END || (eb == ERR_OK && b < a))
			a = b;
		if (kind_by_number((uint16_t)a) == NULL)
			e = export_kind(x, (uint16_t)a);
		number = a + 1;
	}
	return e;
}

enum err
export_records(
    struct db *db, const char *kind, export_emit *emit, void *context)
{
	struct export x = {
	    .db = db, .emit = emit, .context = context, .only = kind};
	const struct kind *const *k;
	enum err e = ERR_OK;

	if (kind != NULL) {
		e = export_kind(&x, key_kind_number(kind));
	} else {
		for (k = kind_all(); e == ERR_OK && *k != NULL; k++)
			e = (*k)->for_acting_org
			        ? ERR_OK /* the group's word to one site */
			        : export_kind(&x, (*k)->number);
		if (e == ERR_OK)
			e = export_unknown(&x);
	}
	free(x.entries);
	buffer_free(&x.text);
	return e;
}
