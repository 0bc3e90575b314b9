/* import_past: what a source has said of a record before. */

#include <string.h>

#include "store/import_past.h"

enum { HASH_SIZE = 8, HASHES_AT = KEY_CHANGE_BYTES };

void
past_init(struct past *p)
{
	memset(p, 0, sizeof *p);
}

void
past_free(struct past *p)
{
	buffer_free(&p->value);
	past_init(p);
}

enum err
past_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct past *p)
{
	enum err e =
	    txn_get(t, TABLE_IMPORTS, key, KEY_RECORD_BYTES, &p->value);

	p->is_known = e == ERR_OK;
	p->has_change = false;
	memset(&p->last, 0, sizeof p->last);
	if (e == ERR_NOT_FOUND) {
		buffer_clear(&p->value);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	if (p->value.size < HASHES_AT ||
	    (p->value.size - HASHES_AT) % HASH_SIZE != 0)
		return ERR_CORRUPT;
	key_change_read(&p->last, p->value.data);
	p->has_change = p->last.seq != 0;
	return ERR_OK;
}

bool
past_has_line(const struct past *p, uint64_t hash)
{
	uint8_t wanted[HASH_SIZE];
	size_t at;

	store_u64(wanted, hash);
	for (at = HASHES_AT; at < p->value.size; at += HASH_SIZE)
		if (memcmp(p->value.data + at, wanted, HASH_SIZE) == 0)
			return true;
	return false;
}

enum err
past_add_line(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct past *p, uint64_t hash)
{
	uint8_t id[KEY_CHANGE_BYTES];
	struct buffer *v = &p->value;

	if (v->size >= HASHES_AT + PAST_LINES_MAX * HASH_SIZE) {
		memmove(v->data + HASHES_AT, v->data + HASHES_AT + HASH_SIZE,
		    v->size - HASHES_AT - HASH_SIZE);
		v->size -= HASH_SIZE;
	}
	key_change(id, &p->last);
	if (v->size == 0)
		put_bytes(v, id, sizeof id);
	else
		memcpy(v->data, id, sizeof id);
	put_u64(v, hash);
	if (v->failed)
		return ERR_NOMEM;
	return txn_put(
	    t, TABLE_IMPORTS, key, KEY_RECORD_BYTES, v->data, v->size);
}

/* --- the last line ----------------------------------------------------- */

/* Newest first, so what is there already is what holds; null: cleared. */
static enum err
lay_under(json_t *all, json_t *older)
{
	return json_object_update_missing(all, older) == 0 ? ERR_OK : ERR_NOMEM;
}

static void
drop_cleared(json_t *fields)
{
	const char *name;
	json_t *v;
	void *next;

	json_object_foreach_safe(fields, next, name, v)
	{
		if (json_is_null(v))
			json_object_del(fields, name);
	}
}

static void
as_parent(struct parent *p, const struct change_id *id, uint64_t fingerprint)
{
	uint8_t f[8];

	p->id = *id;
	store_u64(f, fingerprint);
	memcpy(p->link, f, FINGERPRINT_LINK_BYTES);
}

/* Lay one change under what the later ones said, and step back to the one
 * before it. ERR_END: it was the first. */
static enum err
step_back(struct txn *t, struct change_id *id, struct stored *s,
    struct past_line *out)
{
	struct change c;
	enum err e = stored_read(t, id, s);

	change_init(&c);
	c.id = *id;
	if (e == ERR_OK)
		e = change_decode(&c, s->body.data, s->body.size);
	if (e != ERR_OK)
		return e == ERR_NOMEM || e == ERR_IO ? e : ERR_CORRUPT;
	if (out->change_count++ == 0) {
		as_parent(&out->last, id, s->fingerprint);
		memcpy(out->by, c.by, sizeof out->by);
		memcpy(out->org, c.org, sizeof out->org);
	}
	e = lay_under(out->fields, c.fields);
	if (e == ERR_OK && c.parent_count == 0)
		e = ERR_END;
	if (e == ERR_OK)
		*id = c.parents[0].id;
	change_clear(&c);
	return e;
}

enum err
past_line(struct txn *t, const struct past *p, struct past_line *out)
{
	struct change_id id = p->last;
	struct stored s;
	enum err e = ERR_OK;

	memset(out, 0, sizeof *out);
	out->fields = json_object();
	if (out->fields == NULL)
		return ERR_NOMEM;
	stored_init(&s);
	while (e == ERR_OK)
		e = step_back(t, &id, &s, out);
	stored_free(&s);
	if (e != ERR_END) {
		json_decref(out->fields);
		out->fields = NULL;
		return e;
	}
	drop_cleared(out->fields);
	return ERR_OK;
}
