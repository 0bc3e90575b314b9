/* looked: who read a resident's record, and what is one reading. */

#include <stdio.h>
#include <string.h>

#include "store/index.h"
#include "store/linked.h"
#include "store/looked.h"
#include "store/rules.h"
#include "store/scope.h"

enum {
	NOTE_BYTES = DB_BLIND_BYTES + KEY_RECORD_BYTES,
	RECENT_BYTES = 2 * DB_BLIND_BYTES,
	RECENT_VALUE_BYTES = SIGNIN_BOOT_BYTES + 8,
	FOLLOWED_MAX = 2, /* records between one and its resident */
};

/* --- whom a record is about -------------------------------------------- */

/* A guardian is named by the record of the child, which is about the child. */
static bool
is_about(const struct kind *k, const struct field *f)
{
	return f->type == FIELD_REF && f->ref_kind != NULL &&
	       strcmp(f->ref_kind, "resident") == 0 &&
	       strcmp(k->name, "resident") != 0;
}

/* A record that names no resident is about that of the one it follows: a
 * service about the contract's. */
static bool
is_followed(const struct kind *k, const struct field *f)
{
	return f->type == FIELD_REF && (f->flags & FIELD_FOLLOWS) != 0 &&
	       f->ref_kind != NULL && !is_about(k, f);
}

static bool
is_kind_about(const struct kind *k, unsigned depth)
{
	const struct field *f;

	if (k == NULL || strcmp(k->name, "resident") == 0)
		return k != NULL;
	for (f = k->fields; f->number != 0; f++)
		if (is_about(k, f) ||
		    (depth < FOLLOWED_MAX && is_followed(k, f) &&
		        is_kind_about(kind_by_name(f->ref_kind), depth + 1)))
			return true;
	return false;
}

bool
looked_is_about(const struct kind *k)
{
	return is_kind_about(k, 0);
}

/* The record a ref means, in the words of a record of this source; where it
 * is not here yet, that of the same source. */
static enum err
identity_of(
    struct txn *t, const char *source, const char *ref, struct identity *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	memset(out, 0, sizeof *out);
	snprintf(out->kind, sizeof out->kind, "resident");
	snprintf(out->source, sizeof out->source, "%s", source);
	snprintf(out->ref, sizeof out->ref, "%s", ref);
	if (index_resolve(t, source, "resident", ref, key) != ERR_OK)
		return ERR_OK;
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	*out = r.id;
	record_clear(&r);
	return ERR_OK;
}

static void
add_whom(struct looked_whom *out, const struct identity *id)
{
	size_t i;

	for (i = 0; i < out->count; i++)
		if (strcmp(out->resident[i].source, id->source) == 0 &&
		    strcmp(out->resident[i].ref, id->ref) == 0)
			return;
	if (out->count < LOOKED_RESIDENTS_MAX)
		out->resident[out->count++] = *id;
}

static enum err
add_named(struct txn *t, const struct record *r, const struct kind *k,
    struct looked_whom *out, bool *is_any)
{
	const struct field *f;
	struct identity id;
	enum err e = ERR_OK;

	for (f = k->fields; e == ERR_OK && f->number != 0; f++) {
		const char *ref =
		    is_about(k, f) ? rule_ref(r->fields, f->name) : NULL;

		if (ref == NULL)
			continue;
		*is_any = true;
		e = identity_of(
		    t, scope_source(r->fields, f, r->id.source), ref, &id);
		if (e == ERR_OK)
			add_whom(out, &id);
	}
	return e;
}

/* The record that one follows; one that is awaited tells of nobody. */
static enum err
read_followed(struct txn *t, const struct identity *id, const struct field *f,
    const char *ref, struct record *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = index_resolve(t, id->source, f->ref_kind, ref, key);

	if (e == ERR_OK)
		e = record_read(t, key, out);
	return e == ERR_CORRUPT ? ERR_NOT_FOUND : e;
}

static enum err add_whom_of(struct txn *t, const struct record *r,
    unsigned depth, struct looked_whom *out);

/* A decision names the record it is about by kind, ref and source. */
static enum err
add_decided(struct txn *t, const struct record *r, const struct kind *k,
    unsigned depth, struct looked_whom *out)
{
	const char *kind, *ref, *source;
	uint8_t key[KEY_RECORD_BYTES];
	struct identity id = {0};
	struct record about;
	enum err e;

	if (!scope_about(k, r->fields, &kind, &ref, &source) ||
	    (source != NULL && strlen(source) > SOURCE_BYTES_MAX))
		return ERR_OK;
	snprintf(id.kind, sizeof id.kind, "%s", kind);
	snprintf(id.source, sizeof id.source, "%s",
	    source == NULL ? r->id.source : source);
	snprintf(id.ref, sizeof id.ref, "%s", ref);
	key_record(txn_db(t), key, &id);
	e = record_read(t, key, &about);
	if (e == ERR_OK) {
		e = add_whom_of(t, &about, depth + 1, out);
		record_clear(&about);
	} else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
		e = ERR_OK; /* one that is awaited is named all the same */
		if (strcmp(id.kind, "resident") == 0)
			add_whom(out, &id);
	}
	return e;
}

static enum err
add_whom_of(struct txn *t, const struct record *r, unsigned depth,
    struct looked_whom *out)
{
	const struct kind *k = kind_by_name(r->id.kind);
	const struct field *f;
	struct record followed;
	bool is_any = false;
	enum err e;

	if (k == NULL)
		return ERR_OK;
	if (strcmp(k->name, "resident") == 0) {
		add_whom(out, &r->id);
		return ERR_OK;
	}
	e = add_named(t, r, k, out, &is_any);
	if (e == ERR_OK && depth < FOLLOWED_MAX)
		e = add_decided(t, r, k, depth, out);
	if (is_any || depth == FOLLOWED_MAX)
		return e;
	for (f = k->fields; e == ERR_OK && f->number != 0; f++) {
		const char *ref =
		    is_followed(k, f) ? rule_ref(r->fields, f->name) : NULL;

		if (ref == NULL)
			continue;
		e = read_followed(t, &r->id, f, ref, &followed);
		if (e == ERR_OK) {
			e = add_whom_of(t, &followed, depth + 1, out);
			record_clear(&followed);
		}
		e = e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	return e;
}

enum err
looked_linked(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct looked_whom *out)
{
	struct linked all;
	struct record r;
	size_t i;
	enum err e = linked_all(t, key, &all);

	for (i = 0; e == ERR_OK && i < all.count; i++) {
		e = record_read(t, all.key[i], &r);
		if (e == ERR_OK) {
			add_whom(out, &r.id);
			record_clear(&r);
		} else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
			e = ERR_OK;
		}
	}
	return e;
}

enum err
looked_whom(struct txn *t, const struct record *r, struct looked_whom *out)
{
	return add_whom_of(t, r, 0, out);
}

/* --- readings of a resident -------------------------------------------- */

static void
note_key(struct txn *t, const uint8_t resident[KEY_RECORD_BYTES],
    uint8_t key[NOTE_BYTES])
{
	db_blind(txn_db(t), "looked", resident, KEY_RECORD_BYTES, key);
}

enum err
looked_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	uint8_t key[NOTE_BYTES], resident[KEY_RECORD_BYTES];
	const char *ref, *source;

	if (strcmp(c->record.kind, "audit") != 0 &&
	    strcmp(c->record.kind, "disclosure") != 0)
		return ERR_OK;
	ref = rule_ref(c->fields, "resident_id");
	source = rule_text(c->fields, "source");
	if ((ref != NULL && strlen(ref) > REF_BYTES_MAX) ||
	    (source != NULL && strlen(source) > SOURCE_BYTES_MAX))
		return ERR_OK;
	memset(resident, 0, sizeof resident);
	if (ref != NULL)
		key_record_of(txn_db(t), resident,
		    source == NULL ? c->record.source : source, "resident",
		    ref);
	note_key(t, resident, key);
	memcpy(key + DB_BLIND_BYTES, record_key, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_CODES, key, sizeof key, "", 0);
}

static enum err
visit_one(
    struct txn *t, const struct bytes *key, looked_visit *visit, void *context)
{
	struct record r;
	enum err e = record_read(t, key->data + DB_BLIND_BYTES, &r);

	/* One that cannot be read is verify's to tell. */
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	e = visit(context, &r);
	record_clear(&r);
	return e;
}

enum err
looked_walk(struct txn *t, const uint8_t resident[KEY_RECORD_BYTES],
    looked_visit *visit, void *context)
{
	uint8_t from[NOTE_BYTES];
	struct walk *w;
	struct bytes key;
	enum err e;

	note_key(t, resident, from);
	e = walk_open(t, TABLE_CODES, from, DB_BLIND_BYTES, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == NOTE_BYTES &&
	       memcmp(key.data, from, DB_BLIND_BYTES) == 0) {
		e = visit_one(t, &key, visit, context);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

/* --- what is one reading ----------------------------------------------- */

static void
recent_key(
    struct txn *t, uint32_t uid, const char *reading, uint8_t key[RECENT_BYTES])
{
	uint8_t user[4];

	store_u32(user, uid);
	db_blind(txn_db(t), "recent-user", user, sizeof user, key);
	db_blind(txn_db(t), "recent-reading", reading, strlen(reading),
	    key + DB_BLIND_BYTES);
}

bool
looked_is_known(struct txn *t, uint32_t uid, const char *reading,
    const struct signin_time *now)
{
	uint8_t key[RECENT_BYTES];
	struct buffer value = {0};
	bool is_known = false;

	recent_key(t, uid, reading, key);
	if (txn_get(t, TABLE_CODES, key, sizeof key, &value) == ERR_OK &&
	    value.size == RECENT_VALUE_BYTES &&
	    memcmp(value.data, now->boot, SIGNIN_BOOT_BYTES) == 0) {
		uint64_t first = load_u64(value.data + SIGNIN_BOOT_BYTES);

		is_known = now->ms >= first && now->ms - first < LOOKED_ONCE_MS;
	}
	buffer_free(&value);
	return is_known;
}

enum err
looked_remember(struct txn *t, uint32_t uid, const char *reading,
    const struct signin_time *now)
{
	uint8_t key[RECENT_BYTES], value[RECENT_VALUE_BYTES];

	recent_key(t, uid, reading, key);
	memcpy(value, now->boot, SIGNIN_BOOT_BYTES);
	store_u64(value + SIGNIN_BOOT_BYTES, now->ms);
	return txn_put(t, TABLE_CODES, key, sizeof key, value, sizeof value);
}

enum err
looked_forget(struct txn *t, uint32_t uid)
{
	uint8_t from[RECENT_BYTES], found[RECENT_BYTES];
	struct walk *w;
	struct bytes key;
	enum err e;

	recent_key(t, uid, "", from);
	e = walk_open(t, TABLE_CODES, from, DB_BLIND_BYTES, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == RECENT_BYTES &&
	       memcmp(key.data, from, DB_BLIND_BYTES) == 0) {
		memcpy(found, key.data, sizeof found);
		e = txn_delete(t, TABLE_CODES, found, sizeof found);
		if (e == ERR_OK)
			e = walk_seek(w, found, sizeof found);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}
