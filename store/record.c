/* record: changes as stored, and records read from them. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/decoded.h"
#include "store/emptying.h"
#include "store/graph.h"
#include "store/index.h"
#include "store/record.h"
#include "store/slip.h"

enum { STORED_HEAD_BYTES = 2 + 2 + 8 };

void
stored_init(struct stored *s)
{
	memset(s, 0, sizeof *s);
}

void
stored_free(struct stored *s)
{
	buffer_wipe(&s->value);
	stored_init(s);
}

enum err
stored_read(struct txn *t, const struct change_id *id, struct stored *s)
{
	uint8_t key[KEY_CHANGE_BYTES];
	struct reader r;
	enum err e;

	key_change(key, id);
	e = txn_get(t, TABLE_CHANGES, key, sizeof key, &s->value);
	if (e != ERR_OK)
		return e;
	reader_init(&r, s->value.data, s->value.size);
	s->apart = read_u16(&r);
	s->month = read_u16(&r);
	s->fingerprint = read_u64(&r);
	s->body.size = reader_left(&r);
	s->body.data = read_view(&r, s->body.size);
	return r.failed ? ERR_CORRUPT : ERR_OK;
}

enum err
stored_write(struct txn *t, const struct change_id *id, uint16_t apart,
    uint16_t month, uint64_t fingerprint, const void *body, size_t body_bytes)
{
	uint8_t key[KEY_CHANGE_BYTES];
	struct buffer value = {0};
	enum err e;

	key_change(key, id);
	decoded_forget(t, id);
	buffer_reserve(&value, STORED_HEAD_BYTES + body_bytes);
	put_u16(&value, apart);
	put_u16(&value, month);
	put_u64(&value, fingerprint);
	put_bytes(&value, body, body_bytes);
	e = buffer_state(&value);
	if (e == ERR_OK)
		e = txn_put(
		    t, TABLE_CHANGES, key, sizeof key, value.data, value.size);
	buffer_wipe(&value);
	return e;
}

/* --- reading a record -------------------------------------------------- */

enum err
record_walk(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    record_visit *visit, void *context)
{
	struct walk *w;
	struct bytes found;
	enum err e = walk_open(t, TABLE_RECORDS, key, KEY_RECORD_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &found, NULL)) == ERR_OK &&
	       found.size == KEY_RECORD_CHANGE_BYTES &&
	       memcmp(found.data, key, KEY_RECORD_BYTES) == 0) {
		struct change_id id;

		key_change_read(&id, found.data + KEY_RECORD_BYTES);
		e = visit(context, &id);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

struct counting {
	size_t count, most;
};

static enum err
count_one(void *context, const struct change_id *id)
{
	struct counting *c = context;

	(void)id;
	return ++c->count < c->most ? ERR_OK : ERR_END;
}

enum err
record_changes(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], size_t most,
    size_t *out)
{
	struct counting c = {.most = most};
	enum err e = record_walk(t, key, count_one, &c);

	*out = c.count;
	return e;
}

bool
record_exists(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t count;

	return record_changes(t, key, 1, &count) == ERR_OK && count > 0;
}

enum err
record_keys(struct txn *t, const char *kind, struct buffer *out)
{
	uint8_t last[KEY_RECORD_BYTES] = {0}, prefix[2];
	struct walk *w;
	struct bytes key;
	enum err e;

	store_u16(prefix, key_kind_number(kind));
	e = walk_open(t, TABLE_RECORDS, prefix, sizeof prefix, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == KEY_RECORD_CHANGE_BYTES &&
	       memcmp(key.data, prefix, sizeof prefix) == 0) {
		if (memcmp(key.data, last, sizeof last) == 0)
			continue; /* another change of the same one */
		memcpy(last, key.data, sizeof last);
		put_bytes(out, last, sizeof last);
	}
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

bool
record_any(struct txn *t, const char *kind)
{
	uint8_t prefix[2];
	struct walk *w;
	struct bytes found;
	bool any;

	store_u16(prefix, key_kind_number(kind));
	if (walk_open(t, TABLE_RECORDS, prefix, sizeof prefix, &w) != ERR_OK)
		return false;
	any = walk_next(w, &found, NULL) == ERR_OK &&
	      memcmp(found.data, prefix, sizeof prefix) == 0;
	walk_close(w);
	return any;
}

void
record_set_free(struct record_set *g)
{
	while (g->count > 0)
		change_clear(&g->change[--g->count]);
	free(g->change);
	free(g->input);
	if (g->graph != NULL)
		graph_free(g->graph);
	free(g->graph);
	memset(g, 0, sizeof *g);
}

static enum err
gathered_grow(struct record_set *g)
{
	size_t capacity = g->capacity == 0 ? 2 : g->capacity * 2;
	struct change *change =
	    realloc(g->change, capacity * sizeof *g->change);
	struct merge_input *input;

	if (change == NULL)
		return ERR_NOMEM;
	g->change = change;
	input = realloc(g->input, capacity * sizeof *g->input);
	if (input == NULL)
		return ERR_NOMEM;
	g->input = input;
	g->capacity = capacity;
	return ERR_OK;
}

/* Keys of the index are not sealed: one that was altered must not bring a
 * change into another record. */
static bool
belongs(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t own[KEY_RECORD_BYTES];

	key_record(txn_db(t), own, &c->record);
	return memcmp(own, key, sizeof own) == 0;
}

/* A record's changes under way into a set. */
struct gathering {
	struct txn *t;
	const uint8_t *key;
	size_t most;
	struct stored stored;
	struct record_set *set;
};

/* The change of that id as it is stored, if it is merged into this record. */
static enum err
read_one(struct gathering *into, const struct change_id *id, struct change *c,
    uint64_t *fingerprint)
{
	struct stored *s = &into->stored;
	enum err e = stored_read(into->t, id, s);

	if (e != ERR_OK) /* not found: the index names what is not there */
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	change_init(c);
	c->id = *id;
	e = change_decode(c, s->body.data, s->body.size);
	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_CORRUPT;
	if (s->apart != 0 || !belongs(into->t, c, into->key)) {
		change_clear(c);
		return ERR_CORRUPT;
	}
	*fingerprint = s->fingerprint;
	decoded_note(into->t, into->key, c, s->fingerprint);
	return ERR_OK;
}

static enum err
gather_one(void *context, const struct change_id *id)
{
	struct gathering *into = context;
	struct record_set *g = into->set;
	enum err e = ERR_OK;

	if (g->count == into->most)
		return ERR_LIMIT;
	if (g->count == g->capacity)
		e = gathered_grow(g);
	if (e == ERR_OK &&
	    !decoded_find(into->t, into->key, id, &g->change[g->count],
	        &g->input[g->count].fingerprint))
		e = read_one(into, id, &g->change[g->count],
		    &g->input[g->count].fingerprint);
	if (e == ERR_OK)
		g->count++;
	return e;
}

static enum err
gather(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], size_t most,
    struct record_set *out)
{
	struct gathering into = {.t = t, .key = key, .most = most, .set = out};
	size_t i;
	enum err e;

	memset(out, 0, sizeof *out);
	if (emptying_is_emptied(t, key))
		return ERR_NOT_FOUND;
	stored_init(&into.stored);
	e = record_walk(t, key, gather_one, &into);
	stored_free(&into.stored);
	if (e == ERR_OK && out->count == 0)
		e = ERR_NOT_FOUND;
	for (i = 0; i < out->count; i++)
		out->input[i].change = &out->change[i];
	if (e != ERR_OK)
		record_set_free(out);
	return e;
}

static enum err
add_graph(struct record_set *set)
{
	struct graph *g = calloc(1, sizeof *g);
	enum err e =
	    g == NULL ? ERR_NOMEM : graph_build(g, set->input, set->count);

	if (e != ERR_OK) {
		free(g);
		return e;
	}
	set->graph = g;
	/* Both are in the order of ids. */
	assert(g->count == set->count && g->item[0] == &set->input[0]);
	return ERR_OK;
}

enum err
record_gather(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], size_t most,
    struct record_set *out)
{
	enum err e = gather(t, key, most, out);

	if (e == ERR_OK && out->count > 1) {
		e = add_graph(out);
		if (e != ERR_OK)
			record_set_free(out);
	}
	return e;
}

enum err
record_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct record *out)
{
	struct record_set set;
	enum err e = gather(t, key, SIZE_MAX, &set);

	if (e != ERR_OK)
		return e;
	e = record_merge(set.input, set.count, out);
	record_set_free(&set);
	return e;
}

/* --- finding ----------------------------------------------------------- */

static bool
held(struct txn *t, const char *source, const char *kind, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	key_record_of(txn_db(t), key, source, kind, ref);
	return record_exists(t, key) ||
	       txn_has(t, TABLE_DRAFTS, key, KEY_RECORD_BYTES) == ERR_OK;
}

/* Of the sources imported here, the one that has it, or the first. */
static enum err
find_imported(struct txn *t, const char *kind, const char *ref, bool first,
    uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t one[KEY_RECORD_BYTES];
	struct source_names sources;
	size_t i, count = 0;
	enum err e = sources_read(t, &sources);

	for (i = 0; e == ERR_OK && i < sources.count; i++)
		if (held(t, sources.names[i], kind, ref, one) && count++ == 0)
			memcpy(key, one, sizeof one);
	if (e != ERR_OK || count == 1)
		return e;
	if (count == 0)
		return ERR_NOT_FOUND;
	return first ? ERR_OK : ERR_CLASH;
}

/* REF@SOURCE. */
static enum err
find_told(struct txn *t, const char *kind, const char *text,
    uint8_t key[KEY_RECORD_BYTES])
{
	const char *at = strrchr(text, '@');
	char ref[REF_BYTES_MAX + 1];

	if (at == NULL || at - text > REF_BYTES_MAX)
		return ERR_NOT_FOUND;
	memcpy(ref, text, (size_t)(at - text));
	ref[at - text] = '\0';
	return held(t, at + 1, kind, ref, key) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err
find_ref(struct txn *t, const struct self *self, const char *kind,
    const char *ref, bool first, uint8_t key[KEY_RECORD_BYTES])
{
	const struct kind *k = kind_by_name(kind);
	enum err e;

	if (k != NULL && k->by_group)
		return held(t, "", kind, ref, key) ? ERR_OK : ERR_NOT_FOUND;
	if (held(t, self->source, kind, ref, key))
		return ERR_OK;
	e = find_imported(t, kind, ref, first, key);
	return e == ERR_NOT_FOUND ? index_only(t, kind, ref, key) : e;
}

static enum err
find_slip(struct txn *t, const char *kind, const char *text,
    uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = slip_find(t, text, key);

	return e == ERR_OK && load_u16(key) != key_kind_number(kind)
	           ? ERR_NOT_FOUND
	           : e;
}

enum err
record_find(struct txn *t, const struct self *self, const char *kind,
    const char *ref, uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = find_ref(t, self, kind, ref, false, key);

	if (e == ERR_NOT_FOUND)
		e = find_told(t, kind, ref, key);
	return e == ERR_NOT_FOUND ? find_slip(t, kind, ref, key) : e;
}

enum err
record_find_named(struct txn *t, const struct self *self, const char *kind,
    const char *ref, uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = find_ref(t, self, kind, ref, true, key);

	return e == ERR_NOT_FOUND ? find_slip(t, kind, ref, key) : e;
}

enum err
sources_read(struct txn *t, struct source_names *out)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = meta_get(t, "sources", &value);

	out->count = 0;
	reader_init(&r, value.data, e == ERR_OK ? value.size : 0);
	while (e == ERR_OK && reader_left(&r) > 0) {
		struct bytes s = read_string(&r);

		if (r.failed || s.size > SOURCE_BYTES_MAX ||
		    out->count == SOURCES_MAX) {
			e = ERR_CORRUPT;
			break;
		}
		memcpy(out->names[out->count], s.data, s.size);
		out->names[out->count++][s.size] = '\0';
	}
	buffer_free(&value);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
sources_add(struct txn *t, const char *name)
{
	struct source_names all;
	struct buffer value = {0};
	size_t i;
	enum err e;

	if (strlen(name) > SOURCE_BYTES_MAX)
		return ERR_LIMIT;
	e = sources_read(t, &all);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < all.count; i++)
		if (strcmp(all.names[i], name) == 0)
			return ERR_OK;
	for (i = 0; i < all.count; i++)
		put_text(&value, all.names[i]);
	put_text(&value, name);
	e = all.count == SOURCES_MAX ? ERR_LIMIT : buffer_state(&value);
	if (e == ERR_OK)
		e = meta_put(t, "sources", value.data, value.size);
	buffer_free(&value);
	return e;
}

/* --- exchange format --------------------------------------------------- */

json_t *
record_to_json(const struct record *r)
{
	char at[26] = "", by[REF_BYTES_MAX + 8], org[REF_BYTES_MAX + 8];
	json_t *o;

	if (instant_print(r->at, at) != ERR_OK)
		at[0] = '\0';
	snprintf(by, sizeof by, "ref:%s", r->by);
	snprintf(org, sizeof org, "ref:%s", r->org);
	o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", r->id.kind, "ref",
	    r->id.ref, "by", by, "at", at, "org_id", org);
	/* A field that calls itself "org_id" does not pass for the envelope. */
	if (o != NULL && json_object_update_missing(o, r->fields) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* --- drafts ------------------------------------------------------------ */

enum err
draft_write(struct txn *t, const struct change *draft)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct buffer body = {0};
	enum err e = change_encode(draft, &body);

	key_record(txn_db(t), key, &draft->record);
	if (e == ERR_OK)
		e = txn_put(
		    t, TABLE_DRAFTS, key, sizeof key, body.data, body.size);
	buffer_wipe(&body);
	return e;
}

enum err
draft_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct record *out)
{
	struct buffer body = {0};
	struct change c;
	struct merge_input one = {&c, 0};
	enum err e = txn_get(t, TABLE_DRAFTS, key, KEY_RECORD_BYTES, &body);

	change_init(&c);
	if (e == ERR_OK)
		e = change_decode(&c, body.data, body.size);
	if (e == ERR_OK) {
		e = record_merge(&one, 1, out);
		change_clear(&c);
	}
	buffer_wipe(&body);
	return e;
}

enum err
draft_delete(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = txn_delete(t, TABLE_DRAFTS, key, KEY_RECORD_BYTES);

	return e == ERR_NOT_FOUND ? ERR_OK : e;
}
