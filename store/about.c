/* about: all records that are about one resident. */

#include <string.h>

#include "store/about.h"
#include "store/looked.h"
#include "store/rules.h"
#include "store/scope.h"

enum { LOOK_AT_ONCE = 500 }; /* records to a transaction */

static bool
is_about(struct txn *t, const struct record *r,
    const uint8_t resident[KEY_RECORD_BYTES])
{
	uint8_t key[KEY_RECORD_BYTES];
	struct looked_whom whom;
	size_t i;

	whom.count = 0;
	if (looked_whom(t, r, &whom) != ERR_OK)
		return false;
	for (i = 0; i < whom.count; i++) {
		key_record(txn_db(t), key, &whom.resident[i]);
		if (memcmp(key, resident, sizeof key) == 0)
			return true;
	}
	return false;
}

static enum err
take(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t resident[KEY_RECORD_BYTES], struct buffer *out)
{
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	if (is_about(t, &r, resident))
		put_bytes(out, key, KEY_RECORD_BYTES);
	record_clear(&r);
	if (out->size > ABOUT_RECORDS_MAX * KEY_RECORD_BYTES)
		return ERR_LIMIT;
	return buffer_state(out);
}

/* --- at the hub -------------------------------------------------------- */

static bool
is_follower(const struct kind *k, const struct kind *of)
{
	const struct field *f;

	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & FIELD_FOLLOWS) != 0 && f->ref_kind != NULL &&
		    strcmp(f->ref_kind, of->name) == 0 &&
		    strcmp(of->name, "resident") != 0)
			return true;
	return false;
}

/* One that is named twice, by resident and by request, is one. */
static bool
is_taken(const struct buffer *out, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t i;

	for (i = 0; i < out->size; i += KEY_RECORD_BYTES)
		if (memcmp(out->data + i, key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

static enum err
take_named(struct txn *t, const struct buffer *keys, uint16_t number,
    const uint8_t resident[KEY_RECORD_BYTES], struct buffer *out)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < keys->size; i += KEY_RECORD_BYTES)
		if (load_u16(keys->data + i) == number &&
		    !is_taken(out, keys->data + i))
			e = take(t, keys->data + i, resident, out);
	return e;
}

static enum err
walk_named(
    struct txn *t, const char *kind, const char *ref, struct buffer *keys)
{
	static const enum naming_role roles[] = {
	    NAMING_GRANTS, NAMING_PLANS, NAMING_REST};
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < sizeof roles / sizeof roles[0]; i++)
		e = naming_walk(
		    t, kind, ref, roles[i], NULL, ABOUT_RECORDS_MAX, keys);
	return e;
}

/* What names a record that names the resident: a service its contract. */
static enum err
walk_followers(
    struct txn *t, const struct kind *k, size_t named, struct buffer *keys)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < named; i += KEY_RECORD_BYTES) {
		const struct kind *of =
		    kind_by_number(load_u16(keys->data + i));
		struct record r;

		if (of == NULL || !is_follower(k, of))
			continue;
		e = record_read(t, keys->data + i, &r);
		if (e == ERR_OK) {
			e = walk_named(t, of->name, r.id.ref, keys);
			record_clear(&r);
		} else if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
			e = ERR_OK;
		}
	}
	return e;
}

static enum err
find_named(struct db *db, const char *kind,
    const uint8_t resident[KEY_RECORD_BYTES], const char *ref,
    struct buffer *out)
{
	const struct kind *k = kind_by_name(kind);
	struct buffer keys = {0};
	struct txn *t;
	enum err e = db_begin(db, false, &t);

	if (e != ERR_OK)
		return e;
	e = walk_named(t, "resident", ref, &keys);
	if (e == ERR_OK && k != NULL)
		e = walk_followers(t, k, keys.size, &keys);
	if (e == ERR_OK)
		e = take_named(t, &keys, key_kind_number(kind), resident, out);
	txn_abort(t);
	buffer_free(&keys);
	return e;
}

/* --- elsewhere --------------------------------------------------------- */

/* Where the walk stands: the record looked at last. */
struct look {
	uint8_t at[KEY_RECORD_BYTES];
	bool has_begun, is_over;
};

/* A record has a row per change. */
static bool
is_next(struct look *l, const struct bytes *key)
{
	if (key->size < KEY_RECORD_BYTES || memcmp(key->data, l->at, 2) != 0) {
		l->is_over = true;
		return false;
	}
	if (l->has_begun && memcmp(key->data, l->at, KEY_RECORD_BYTES) == 0)
		return false;
	memcpy(l->at, key->data, KEY_RECORD_BYTES);
	l->has_begun = true;
	return true;
}

static enum err
look_some(struct txn *t, struct look *l,
    const uint8_t resident[KEY_RECORD_BYTES], struct buffer *out)
{
	size_t looked = 0;
	struct walk *w;
	struct bytes key;
	enum err e = walk_open(t, TABLE_RECORDS, l->at, KEY_RECORD_BYTES, &w);

	if (e != ERR_OK)
		return e;
	while (looked < LOOK_AT_ONCE && !l->is_over &&
	       (e = walk_next(w, &key, NULL)) == ERR_OK) {
		if (!is_next(l, &key))
			continue;
		looked++;
		e = take(t, l->at, resident, out);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	l->is_over = l->is_over || e == ERR_END;
	return e == ERR_END ? ERR_OK : e;
}

static enum err
find_by_looking(struct db *db, const char *kind,
    const uint8_t resident[KEY_RECORD_BYTES], struct buffer *out)
{
	struct look l = {0};
	enum err e = ERR_OK;

	store_u16(l.at, key_kind_number(kind));
	while (e == ERR_OK && !l.is_over) {
		struct txn *t;

		e = db_begin(db, false, &t);
		if (e != ERR_OK)
			return e;
		e = look_some(t, &l, resident, out);
		txn_abort(t);
	}
	return e;
}

enum err
about_find(struct db *db, bool is_hub, const char *kind,
    const uint8_t resident[KEY_RECORD_BYTES], const char *ref,
    struct buffer *out)
{
	return is_hub ? find_named(db, kind, resident, ref, out)
	              : find_by_looking(db, kind, resident, out);
}
