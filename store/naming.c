/* naming: from a ref to the records that name it, and the scopes of what is
 * followed (store/scope.h).
 *
 * Key of a row of `namings`: blind hash of kind and ref, role, blind hash of
 * the naming record's source, key of the naming record.
 */

#include <string.h>

#include "store/blinds.h"
#include "store/scope.h"

enum {
	ROLE_AT = DB_BLIND_BYTES,
	SOURCE_AT = ROLE_AT + 1,
	NAMER_AT = SOURCE_AT + 8,
	NAMING_BYTES = NAMER_AT + KEY_RECORD_BYTES,
	NAMER_KIND_BYTES = 2, /* a record's key begins with its kind */
};

static void
base_of(struct txn *t, const char *kind, const char *ref,
    uint8_t out[DB_BLIND_BYTES])
{
	key_ref_blind(t, "naming", kind, ref, out);
}

static void
naming_key(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, uint8_t key[NAMER_AT])
{
	base_of(t, kind, ref, key);
	key[ROLE_AT] = (uint8_t)role;
	store_u64(key + SOURCE_AT,
	    source == NULL
	        ? 0
	        : blind_hash_in(t, "naming-source", source, strlen(source)));
}

static enum err
put_row(struct txn *t, const char *kind, const char *ref, enum naming_role role,
    const char *source, const uint8_t namer[KEY_RECORD_BYTES])
{
	uint8_t key[NAMING_BYTES];

	naming_key(t, kind, ref, role, source, key);
	memcpy(key + NAMER_AT, namer, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_NAMINGS, key, sizeof key, NULL, 0);
}

enum err
naming_note(struct txn *t, const struct kind *k, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const struct field *f;
	const char *kind, *ref, *source;
	size_t i;
	enum err e = ERR_OK;

	if (scope_about(k, c->fields, &kind, &ref, &source))
		e = put_row(t, kind, ref, NAMING_REST,
		    source == NULL ? c->record.source : source, key);
	for (f = k->fields; e == ERR_OK && f->number != 0; f++) {
		enum naming_role role = (f->flags & FIELD_GRANTS) != 0
		                            ? NAMING_GRANTS
		                        : k->scope.basic != NULL ? NAMING_PLANS
		                                                 : NAMING_REST;

		if ((f->flags & (FIELD_GRANTS | FIELD_FOLLOWS | FIELD_TEAM)) ==
		    0)
			continue;
		for (i = 0;
		     e == ERR_OK && (ref = scope_ref(c->fields, f, i)) != NULL;
		     i++)
			e = put_row(t, f->ref_kind, ref, role,
			    scope_source(c->fields, f, c->record.source), key);
	}
	return e;
}

enum err
naming_hold(struct txn *t, const struct identity *id,
    const uint8_t key[KEY_RECORD_BYTES])
{
	return put_row(t, id->kind, id->ref, NAMING_HOLDERS, id->source, key);
}

bool
naming_any(struct txn *t, const struct identity *id)
{
	uint8_t base[DB_BLIND_BYTES];
	struct walk *w;
	struct bytes key;
	bool any;

	base_of(t, id->kind, id->ref, base);
	if (walk_open(t, TABLE_NAMINGS, base, sizeof base, &w) != ERR_OK)
		return true;
	any = walk_next(w, &key, NULL) == ERR_OK && key.size >= sizeof base &&
	      memcmp(key.data, base, sizeof base) == 0;
	walk_close(w);
	return any;
}

/* Rows of what bears the ref come after all others. */
bool
naming_is_named(struct txn *t, const struct identity *id)
{
	uint8_t base[DB_BLIND_BYTES];
	struct walk *w;
	struct bytes key;
	bool is;

	base_of(t, id->kind, id->ref, base);
	if (walk_open(t, TABLE_NAMINGS, base, sizeof base, &w) != ERR_OK)
		return true;
	is = walk_next(w, &key, NULL) == ERR_OK && key.size == NAMING_BYTES &&
	     memcmp(key.data, base, sizeof base) == 0 &&
	     key.data[ROLE_AT] != NAMING_HOLDERS;
	walk_close(w);
	return is;
}

enum err
naming_walk(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, size_t most, struct buffer *out)
{
	uint8_t from[NAMER_AT];
	size_t prefix = source == NULL ? SOURCE_AT : NAMER_AT, count = 0;
	struct walk *w;
	struct bytes key;
	enum err e;

	naming_key(t, kind, ref, role, source, from);
	e = walk_open(t, TABLE_NAMINGS, from, prefix, &w);
	if (e != ERR_OK)
		return e;
	while (count < most && (e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == NAMING_BYTES &&
	       memcmp(key.data, from, prefix) == 0) {
		put_bytes(out, key.data + NAMER_AT, KEY_RECORD_BYTES);
		count++;
	}
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

/* Where a walk over any source has to go on from a row of another kind: to the
 * wanted kind of the same source, or of the next one. False: there is none. */
static bool
skip_to(const uint8_t *row, uint8_t wanted[NAMER_AT + NAMER_KIND_BYTES])
{
	uint64_t source = load_u64(row + SOURCE_AT);

	if (memcmp(row + NAMER_AT, wanted + NAMER_AT, NAMER_KIND_BYTES) > 0 &&
	    source++ == UINT64_MAX)
		return false;
	store_u64(wanted + SOURCE_AT, source);
	return true;
}

enum err
naming_walk_kind(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, const char *namer,
    struct buffer *out)
{
	return naming_walk_most(
	    t, kind, ref, role, source, namer, SIZE_MAX, out);
}

enum err
naming_walk_most(struct txn *t, const char *kind, const char *ref,
    enum naming_role role, const char *source, const char *namer, size_t most,
    struct buffer *out)
{
	uint8_t from[NAMER_AT + NAMER_KIND_BYTES];
	size_t prefix = source == NULL ? SOURCE_AT : sizeof from, count = 0;
	struct walk *w;
	struct bytes key;
	enum err e;

	naming_key(t, kind, ref, role, source, from);
	store_u16(from + NAMER_AT, key_kind_number(namer));
	e = walk_open(t, TABLE_NAMINGS, from, sizeof from, &w);
	if (e != ERR_OK)
		return e;
	while (count < most && (e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == NAMING_BYTES &&
	       memcmp(key.data, from, prefix) == 0) {
		if (memcmp(key.data + NAMER_AT, from + NAMER_AT,
		        NAMER_KIND_BYTES) == 0) {
			put_bytes(out, key.data + NAMER_AT, KEY_RECORD_BYTES);
			count++;
			continue;
		}
		if (!skip_to(key.data, from))
			break;
		e = walk_seek(w, from, sizeof from);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

/* --- scopes ------------------------------------------------------------ */

/* Rows of `namings` are not sealed: the row says which ref its record bears,
 * so that none altered leads to another record. */
static enum err
row_decode(const struct buffer *value, uint8_t base[DB_BLIND_BYTES],
    struct scope_orgs *out)
{
	struct reader r;

	reader_init(&r, value->data, value->size);
	read_copy(&r, base, DB_BLIND_BYTES);
	return r.failed ? ERR_CORRUPT : scope_orgs_decode(&r, out);
}

static enum err
row_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    uint8_t base[DB_BLIND_BYTES], struct scope_orgs *out)
{
	struct buffer value = {0};
	enum err e = txn_get(t, TABLE_SCOPES, key, KEY_RECORD_BYTES, &value);

	if (e == ERR_OK)
		e = row_decode(&value, base, out);
	buffer_free(&value);
	return e;
}

enum err
scope_row_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct scope_orgs *out)
{
	uint8_t base[DB_BLIND_BYTES];

	return row_read(t, key, base, out);
}

enum err
scope_row_write(struct txn *t, const struct identity *id,
    const uint8_t key[KEY_RECORD_BYTES], const struct scope_orgs *o)
{
	uint8_t base[DB_BLIND_BYTES];
	struct buffer value = {0};
	enum err e;

	base_of(t, id->kind, id->ref, base);
	put_bytes(&value, base, sizeof base);
	e = scope_orgs_encode(o, &value);
	if (e == ERR_OK)
		e = txn_put(t, TABLE_SCOPES, key, KEY_RECORD_BYTES, value.data,
		    value.size);
	buffer_free(&value);
	return e;
}

bool
scope_is_only(struct txn *t, const struct identity *id)
{
	struct buffer keys = {0};
	enum err e =
	    naming_walk(t, id->kind, id->ref, NAMING_HOLDERS, NULL, 2, &keys);
	bool is_only = e == ERR_OK && keys.size == KEY_RECORD_BYTES;

	buffer_free(&keys);
	return is_only;
}

/* A record of another source, if it is the only one of that ref: what is made
 * on forms names what an import brought. */
static enum err
only_holder(struct txn *t, const char *kind, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t base[DB_BLIND_BYTES], own[DB_BLIND_BYTES];
	struct scope_orgs ignored;
	struct buffer keys = {0};
	enum err e = naming_walk(t, kind, ref, NAMING_HOLDERS, NULL, 2, &keys);

	if (e == ERR_OK && keys.size != KEY_RECORD_BYTES)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		memcpy(key, keys.data, KEY_RECORD_BYTES);
		e = row_read(t, key, base, &ignored);
	}
	base_of(t, kind, ref, own);
	if (e == ERR_OK && memcmp(base, own, sizeof base) != 0)
		e = ERR_CORRUPT;
	buffer_free(&keys);
	return e;
}

enum err
scope_resolve(struct txn *t, const char *source, const char *kind,
    const char *ref, uint8_t key[KEY_RECORD_BYTES])
{
	const struct kind *k = kind_by_name(kind);
	enum err e;

	if (k == NULL || k->by_group)
		return ERR_NOT_FOUND;
	key_record_named(t, key, source, kind, ref);
	if (!k->scope.is_followed)
		return record_exists(t, key) ? ERR_OK : ERR_NOT_FOUND;
	e = txn_has(t, TABLE_SCOPES, key, KEY_RECORD_BYTES);
	return e == ERR_NOT_FOUND ? only_holder(t, kind, ref, key) : e;
}

enum err
scope_find(struct txn *t, const char *source, const char *kind, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer keys = {0};
	struct record r;
	enum err e;

	key_record_of(txn_db(t), key, source, kind, ref);
	if (record_exists(t, key))
		return ERR_OK;
	e = naming_walk(t, kind, ref, NAMING_HOLDERS, NULL, 2, &keys);
	if (e == ERR_OK && keys.size != KEY_RECORD_BYTES)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		memcpy(key, keys.data, KEY_RECORD_BYTES);
		e = record_read(t, key, &r);
	}
	buffer_free(&keys);
	if (e != ERR_OK)
		return e;
	/* A row that was altered leads nowhere. */
	if (strcmp(r.id.ref, ref) != 0 || strcmp(r.id.kind, kind) != 0)
		e = ERR_NOT_FOUND;
	record_clear(&r);
	return e;
}

enum err
scope_hold_ref(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	if ((self->role == ROLE_HUB && self->is_enrolled) ||
	    c->parent_count > 0 || strcmp(c->record.kind, "resident") != 0)
		return ERR_OK;
	return naming_hold(t, &c->record, key);
}
