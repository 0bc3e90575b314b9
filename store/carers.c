/* carers: the orgs below its keeper that have to do with a resident.
 *
 * Key of a row of `namings`: blind hash of kind and ref, role, blind hash of
 * the naming record's source, the org. Its value is sealed, so that none can be
 * added to a file that lies still.
 */

#include <string.h>

#include "store/blinds.h"
#include "store/memo.h"
#include "store/carers.h"

enum {
	SOURCE_AT = DB_BLIND_BYTES + 1,
	ORG_AT = SOURCE_AT + 8,
	ROW_BYTES_MAX = ORG_AT + ORG_REF_BYTES_MAX,
};

static const uint8_t mark[] = {1};

static void
row_begin(struct txn *t, const char *kind, const char *ref, const char *source,
    uint8_t key[ORG_AT])
{
	key_ref_blind(t, "naming", kind, ref, key);
	key[DB_BLIND_BYTES] = NAMING_CARERS;
	store_u64(key + SOURCE_AT,
	    source == NULL
	        ? 0
	        : blind_hash_in(t, "naming-source", source, strlen(source)));
}

static enum err
note_one(struct txn *t, const char *kind, const char *ref, const char *source,
    const char *org, bool *is_new)
{
	uint8_t key[ROW_BYTES_MAX];
	size_t size = strlen(org);
	enum err e;

	if (size == 0 || size > ORG_REF_BYTES_MAX)
		return ERR_OK; /* no certificate could name it */
	row_begin(t, kind, ref, source, key);
	memcpy(key + ORG_AT, org, size);
	size += ORG_AT;
	e = txn_has(t, TABLE_NAMINGS, key, size);
	if (e != ERR_NOT_FOUND)
		return e;
	*is_new = true;
	return txn_put(t, TABLE_NAMINGS, key, size, mark, sizeof mark);
}

enum err
carers_note(
    struct txn *t, const struct kind *k, const struct change *c, bool *is_new)
{
	const struct field *f;
	const char *ref;
	size_t i;
	enum err e = ERR_OK;

	*is_new = false;
	for (f = k->fields; k->scope.is_care && e == ERR_OK && f->number != 0;
	     f++) {
		if ((f->flags & FIELD_FOLLOWS) == 0 ||
		    strcmp(f->ref_kind, "resident") != 0)
			continue;
		for (i = 0;
		     e == ERR_OK && (ref = scope_ref(c->fields, f, i)) != NULL;
		     i++)
			e = note_one(t, f->ref_kind, ref,
			    scope_source(c->fields, f, c->record.source),
			    c->org, is_new);
	}
	return e;
}

/* --- which count --------------------------------------------------------- */

struct adding {
	struct org_tree *tree, own;
	const struct scope_orgs *keepers;
	uint8_t level;
	struct scope_orgs *out;
};

static void
add_one(struct adding *a, const char *org)
{
	size_t i;

	for (i = 0; i < a->keepers->count; i++) {
		const struct scope_org *o = &a->keepers->org[i];

		if ((o->level & SCOPE_LEVELS) == SCOPE_FULL &&
		    org_tree_is_below(a->tree, org, o->ref)) {
			scope_orgs_add(a->out, org, a->level);
			return;
		}
	}
}

static enum err
add_row(struct adding *a, const struct bytes *key, const struct buffer *value)
{
	char org[ORG_REF_BYTES_MAX + 1];
	size_t size = key->size - ORG_AT;

	if (key->size <= ORG_AT || key->size > ROW_BYTES_MAX ||
	    value->size != sizeof mark)
		return ERR_CORRUPT;
	memcpy(org, key->data + ORG_AT, size);
	org[size] = '\0';
	add_one(a, org);
	return ERR_OK;
}

static enum err
add_rows(const struct scoped *s, struct adding *a)
{
	const struct identity *id = &s->merged.id;
	bool is_only = scope_is_only(s->t, id);
	size_t prefix = is_only ? SOURCE_AT : ORG_AT;
	struct buffer value = {0};
	uint8_t from[ORG_AT];
	struct walk *w;
	struct bytes key;
	enum err e;

	row_begin(s->t, id->kind, id->ref, is_only ? NULL : id->source, from);
	e = walk_open(s->t, TABLE_NAMINGS, from, prefix, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK &&
	       key.size > prefix && memcmp(key.data, from, prefix) == 0) {
		e = add_row(a, &key, &value);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	buffer_free(&value);
	return e == ERR_END ? ERR_OK : e;
}

enum err
carers_add(const struct scoped *s, const struct scope_orgs *keepers,
    uint8_t level, struct scope_orgs *out)
{
	struct adding a = {
	    .own = {.t = s->t}, .keepers = keepers, .level = level, .out = out};
	size_t i;
	enum err e;

	if (!s->kind->scope.has_carers)
		return ERR_OK;
	a.tree = memo_tree(s->t, &a.own);
	for (i = 0; i < s->count; i++)
		add_one(&a, s->input[i].change->org);
	e = add_rows(s, &a);
	if (e == ERR_OK)
		e = org_tree_state(a.tree);
	org_tree_free(&a.own);
	return e;
}
