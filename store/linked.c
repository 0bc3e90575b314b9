/* linked: entries of one person, told by links. */

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "store/entitled.h"
#include "store/entitled_claims.h"
#include "store/index.h"
#include "store/keeper.h"
#include "store/linked.h"
#include "store/memo.h"
#include "store/rules.h"
#include "store/scope.h"

enum { ROW_BYTES = DB_BLIND_BYTES + KEY_RECORD_BYTES, NAME_BYTES = 16 };

static const char contracts_of[] = "contracts-of";

/* A link stands under the first label, and under all up to the one for what
 * is said of it. */
enum links { LINKS_ALL, LINKS_SAID, LINKS_BY_GROUP, LINKS_LABELS };

static const char *const links_of[LINKS_LABELS] = {
    [LINKS_ALL] = "links-of",
    [LINKS_SAID] = "links-said", /* of which more was said than that the two
                                    may be one */
    [LINKS_BY_GROUP] = "links-by-group", /* of which the group said that; at
                                            the hub alone */
};

static const char undone_key[] = "a link was undone";

/* --- identity ---------------------------------------------------------- */

static int
identity_compare(const struct identity *a, const struct identity *b)
{
	int c = strcmp(a->source, b->source);

	return c != 0 ? c : strcmp(a->ref, b->ref);
}

static void
hash_text(crypto_generichash_state *h, const char *text)
{
	crypto_generichash_update(
	    h, (const unsigned char *)text, strlen(text) + 1);
}

void
linked_identity(
    const struct identity *a, const struct identity *b, struct identity *out)
{
	const struct identity *low = identity_compare(a, b) <= 0 ? a : b;
	const struct identity *high = low == a ? b : a;
	crypto_generichash_state h;
	uint8_t name[NAME_BYTES];
	char text[2 * NAME_BYTES + 1];

	crypto_generichash_init(&h, NULL, 0, sizeof name);
	hash_text(&h, low->source);
	hash_text(&h, low->ref);
	hash_text(&h, high->source);
	hash_text(&h, high->ref);
	crypto_generichash_final(&h, name, sizeof name);
	hex_encode(text, name, sizeof name);
	memset(out, 0, sizeof *out);
	snprintf(out->kind, sizeof out->kind, "link");
	snprintf(out->ref, sizeof out->ref, "~l%s", text);
}

/* --- rows -------------------------------------------------------------- */

static void
row_prefix(struct txn *t, const char *label,
    const uint8_t entry[KEY_RECORD_BYTES], uint8_t out[DB_BLIND_BYTES])
{
	blind_in(t, label, entry, KEY_RECORD_BYTES, out);
}

static enum err
put_row(struct txn *t, const char *label, const uint8_t entry[KEY_RECORD_BYTES],
    const uint8_t namer[KEY_RECORD_BYTES])
{
	uint8_t row[ROW_BYTES];

	row_prefix(t, label, entry, row);
	memcpy(row + DB_BLIND_BYTES, namer, KEY_RECORD_BYTES);
	return txn_put(t, TABLE_CODES, row, sizeof row, "", 0);
}

static enum err
walk_rows(struct txn *t, const char *label,
    const uint8_t entry[KEY_RECORD_BYTES], size_t most, struct buffer *out)
{
	uint8_t prefix[DB_BLIND_BYTES];
	struct walk *w;
	struct bytes key;
	size_t count = 0;
	enum err e;

	row_prefix(t, label, entry, prefix);
	e = walk_open(t, TABLE_CODES, prefix, sizeof prefix, &w);
	if (e != ERR_OK)
		return e;
	while (count < most && (e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == ROW_BYTES &&
	       memcmp(key.data, prefix, sizeof prefix) == 0) {
		put_bytes(out, key.data + DB_BLIND_BYTES, KEY_RECORD_BYTES);
		count++;
	}
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

static enum err
put_link(struct txn *t, enum links last, const uint8_t entry[KEY_RECORD_BYTES],
    const uint8_t link[KEY_RECORD_BYTES])
{
	int label;
	enum err e = ERR_OK;

	for (label = LINKS_ALL; e == ERR_OK && label <= (int)last; label++)
		e = put_row(t, links_of[label], entry, link);
	return e;
}

static void
add_others(
    const struct buffer *more, size_t from, size_t most, struct buffer *out)
{
	size_t at, i;

	for (at = 0; at < more->size; at += KEY_RECORD_BYTES) {
		if (out->size - from == most * KEY_RECORD_BYTES)
			return;
		for (i = from; i < out->size; i += KEY_RECORD_BYTES)
			if (memcmp(out->data + i, more->data + at,
			        KEY_RECORD_BYTES) == 0)
				break;
		if (i == out->size)
			put_bytes(out, more->data + at, KEY_RECORD_BYTES);
	}
}

/* Anybody may write links, and as many as he likes: where there may be more
 * than are looked at, or than one person has entries, those of which more was
 * said than that the two may be one come first, and those that the group said
 * before all. */
static enum err
walk_links(struct txn *t, const uint8_t entry[KEY_RECORD_BYTES], size_t most,
    struct buffer *out)
{
	size_t from = out->size;
	struct buffer rows = {0};
	int label;
	enum err e = walk_rows(t, links_of[LINKS_ALL], entry, most, &rows);
	bool are_many = rows.size >= LINKED_MAX * (size_t)KEY_RECORD_BYTES;

	for (label = LINKS_LABELS - 1; e == ERR_OK && are_many && label > 0;
	     label--) {
		struct buffer first = {0};

		e = walk_rows(t, links_of[label], entry, most, &first);
		if (e == ERR_OK)
			add_others(&first, from, most, out);
		buffer_free(&first);
	}
	if (e == ERR_OK)
		add_others(&rows, from, most, out);
	buffer_free(&rows);
	return e == ERR_OK ? buffer_state(out) : e;
}

/* --- what a link names ------------------------------------------------- */

/* The source is told beside the ref, since two programs may call two entries
 * the same; where it is not, the link's own counts, then the only one here. */
static enum err
side(struct txn *t, const struct identity *link, const json_t *fields,
    const char *name, const char *source_name, uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(fields, name);
	const char *source = rule_text(fields, source_name);

	if (ref == NULL)
		return ERR_NOT_FOUND;
	if (source != NULL ||
	    index_resolve(t, link->source, "resident", ref, key) != ERR_OK)
		key_record_of(txn_db(t), key,
		    source == NULL ? link->source : source, "resident", ref);
	return ERR_OK;
}

static enum err
sides_of(struct txn *t, const struct identity *link, const json_t *fields,
    uint8_t a[KEY_RECORD_BYTES], uint8_t b[KEY_RECORD_BYTES])
{
	enum err e = side(t, link, fields, "resident_id", "resident_source", a);

	return e == ERR_OK
	           ? side(t, link, fields, "other_id", "other_source", b)
	           : e;
}

enum err
linked_sides(struct txn *t, const struct record *link,
    uint8_t a[KEY_RECORD_BYTES], uint8_t b[KEY_RECORD_BYTES])
{
	return sides_of(t, &link->id, link->fields, a, b);
}

/* Where no source is told, the link's own is meant as soon as it is here; what
 * a row leads to says itself whom it means then. */
static enum err
put_own_row(struct txn *t, const struct record *link, enum links last,
    const char *name, const char *source_name,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(link->fields, name);
	uint8_t own[KEY_RECORD_BYTES];

	if (ref == NULL || rule_text(link->fields, source_name) != NULL)
		return ERR_OK;
	key_record_of(txn_db(t), own, link->id.source, "resident", ref);
	return put_link(t, last, own, key);
}

static enum err
note_undone(struct txn *t, const struct change *c)
{
	struct memo *memo = memo_of(t);

	if (!rule_state_is(c->fields, "undone"))
		return ERR_OK;
	if (memo != NULL)
		memo->is_no_link_undone = false;
	return txn_put(t, TABLE_CODES, undone_key, sizeof undone_key, "", 0);
}

bool
linked_ever_undone(struct txn *t)
{
	struct memo *memo = memo_of(t);
	bool is_none;

	if (memo != NULL && memo->is_no_link_undone)
		return false;
	is_none = txn_has(t, TABLE_CODES, undone_key, sizeof undone_key) ==
	          ERR_NOT_FOUND;
	if (memo != NULL)
		memo->is_no_link_undone = is_none;
	return !is_none;
}

static enum link_word
word_of(const json_t *fields)
{
	if (rule_state_is(fields, "linked"))
		return LINK_LINKED;
	if (rule_state_is(fields, "refused"))
		return LINK_REFUSED;
	if (rule_state_is(fields, "undone"))
		return LINK_UNDONE;
	return LINK_PROPOSED;
}

/* What is said of a link with this change. */
static enum links
links_with(struct txn *t, const struct self *self, const struct change *c,
    const struct record *link)
{
	if (entitled_takes_step(c) && keeper_is_group(t, self, c))
		return LINKS_BY_GROUP;
	return word_of(link->fields) == LINK_PROPOSED ? LINKS_ALL : LINKS_SAID;
}

/* Who reads of it sees who made so many. Of an entry that is not here nobody
 * misses a link. */
static enum err
tell_bound(struct txn *t, const struct self *self,
    const uint8_t entry[KEY_RECORD_BYTES])
{
	struct buffer rows = {0};
	struct record r;
	enum err e;

	if (self->role != ROLE_HUB)
		return ERR_OK;
	e = walk_rows(t, links_of[LINKS_ALL], entry, LINKS_MAX + 1, &rows);
	if (e == ERR_OK && rows.size > LINKS_MAX * (size_t)KEY_RECORD_BYTES) {
		e = record_read(t, entry, &r);
		if (e == ERR_OK) {
			e = scope_tell_bound(
			    t, self, &r.id, FINDING_LINKS_CROWDED);
			record_clear(&r);
		}
	}
	buffer_free(&rows);
	return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
}

static enum err
put_sides(struct txn *t, const struct self *self, const struct record *link,
    enum links last, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t a[KEY_RECORD_BYTES], b[KEY_RECORD_BYTES];
	enum err e =
	    put_own_row(t, link, last, "resident_id", "resident_source", key);

	if (e == ERR_OK)
		e = put_own_row(t, link, last, "other_id", "other_source", key);
	if (e == ERR_OK)
		e = linked_sides(t, link, a, b);
	if (e == ERR_OK)
		e = put_link(t, last, a, key);
	if (e == ERR_OK)
		e = put_link(t, last, b, key);
	if (e == ERR_OK)
		e = tell_bound(t, self, a);
	return e == ERR_OK ? tell_bound(t, self, b) : e;
}

static enum err
note_link(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	struct self self;
	struct record r;
	enum err e = note_undone(t, c);

	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	e = self_read(t, &self);
	if (e == ERR_OK) {
		e = put_sides(t, &self, &r, links_with(t, &self, c, &r), key);
		self_wipe(&self);
	}
	record_clear(&r);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
note_contract(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t entry[KEY_RECORD_BYTES];
	enum err e = side(
	    t, &c->record, c->fields, "resident_id", "resident_source", entry);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	return put_row(t, contracts_of, entry, key);
}

enum err
linked_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES])
{
	if (strcmp(c->record.kind, "link") == 0)
		return note_link(t, c, key);
	if (strcmp(c->record.kind, "contract") == 0)
		return note_contract(t, c, key);
	return ERR_OK;
}

/* --- a store that kept them under one label --------------------------------
 */

static const char looked[] = "links.looked";

static enum err
note_again(struct txn *t, const uint8_t row[KEY_RECORD_CHANGE_BYTES])
{
	uint8_t key[KEY_RECORD_CHANGE_BYTES]; /* row goes with the next write */
	struct change_id id;
	struct change c;
	enum err e;

	memcpy(key, row, sizeof key);
	key_change_read(&id, key + KEY_RECORD_BYTES);
	e = entitled_read(t, &id, &c);
	if (e == ERR_OK)
		e = note_link(t, &c, key);
	change_clear(&c);
	/* What cannot be read says nothing; verify tells. */
	return e == ERR_NOT_FOUND || e == ERR_FORMAT || e == ERR_CORRUPT
	           ? ERR_OK
	           : e;
}

enum err
linked_prepare(struct txn *t)
{
	uint64_t was_looked;
	uint8_t prefix[2];
	struct walk *w;
	struct bytes key;
	enum err e = meta_get_number(t, looked, &was_looked);

	if (e != ERR_OK || was_looked != 0)
		return e;
	store_u16(prefix, key_kind_number("link"));
	e = walk_open(t, TABLE_RECORDS, prefix, sizeof prefix, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, NULL)) == ERR_OK &&
	       key.size == KEY_RECORD_CHANGE_BYTES &&
	       memcmp(key.data, prefix, sizeof prefix) == 0) {
		e = note_again(t, key.data);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? meta_put_number(t, looked, 1) : e;
}

/* --- asking ------------------------------------------------------------- */

enum err
linked_contracts(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    size_t most, struct buffer *out)
{
	return walk_rows(t, contracts_of, key, most, out);
}

enum err
linked_links(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], size_t most,
    struct buffer *out)
{
	return walk_links(t, key, most, out);
}

/* --- what links say ---------------------------------------------------- */

/* The other entry that a link names beside this one, and what it says. */
static enum err
link_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t entry[KEY_RECORD_BYTES], uint8_t other[KEY_RECORD_BYTES],
    enum link_word *word)
{
	uint8_t a[KEY_RECORD_BYTES], b[KEY_RECORD_BYTES];
	struct record r;
	enum err e = record_read(t, key, &r);

	/* A row that was altered leads nowhere. */
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_NOT_FOUND : e;
	e = linked_sides(t, &r, a, b);
	*word = word_of(r.fields);
	record_clear(&r);
	if (e != ERR_OK)
		return e;
	if (memcmp(a, entry, sizeof a) == 0)
		memcpy(other, b, sizeof b);
	else if (memcmp(b, entry, sizeof b) == 0)
		memcpy(other, a, sizeof a);
	else
		e = ERR_NOT_FOUND;
	return e;
}

enum err
linked_word(struct txn *t, const uint8_t a[KEY_RECORD_BYTES],
    const uint8_t b[KEY_RECORD_BYTES], enum link_word *out,
    uint8_t link[KEY_RECORD_BYTES])
{
	struct buffer keys = {0};
	size_t at;
	enum err e = walk_links(t, a, LINKS_MAX, &keys);

	*out = LINK_UNSAID;
	/* Of the other there may be fewer. */
	if (e == ERR_OK && keys.size == LINKS_MAX * (size_t)KEY_RECORD_BYTES)
		e = walk_links(t, b, LINKS_MAX, &keys);
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES) {
		uint8_t other[KEY_RECORD_BYTES];
		enum link_word word;

		e = link_read(t, keys.data + at, a, other, &word);
		if (e == ERR_OK && memcmp(other, b, sizeof other) == 0 &&
		    word > *out) {
			*out = word;
			memcpy(link, keys.data + at, KEY_RECORD_BYTES);
		}
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	buffer_free(&keys);
	return e;
}

static bool
is_among(const struct linked *l, const uint8_t key[KEY_RECORD_BYTES])
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (memcmp(l->key[i], key, KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

static enum err
add_linked_to(struct txn *t, size_t from, struct linked *out)
{
	struct buffer keys = {0};
	size_t at;
	enum err e = walk_links(t, out->key[from], LINKS_MAX, &keys);

	for (at = 0; e == ERR_OK && at < keys.size && out->count < LINKED_MAX;
	     at += KEY_RECORD_BYTES) {
		uint8_t other[KEY_RECORD_BYTES], link[KEY_RECORD_BYTES];
		enum link_word word;

		e = link_read(t, keys.data + at, out->key[from], other, &word);
		if (e == ERR_OK && word == LINK_LINKED && !is_among(out, other))
			e = linked_word(t, out->key[from], other, &word, link);
		else
			word = LINK_UNSAID;
		if (e == ERR_OK && word == LINK_LINKED) {
			memcpy(out->key[out->count], other, sizeof other);
			memcpy(out->link[out->count], link, sizeof link);
			out->from[out->count++] = from;
		}
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	buffer_free(&keys);
	return e;
}

enum err
linked_all(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct linked *out)
{
	size_t i;
	enum err e = ERR_OK;

	memset(out, 0, sizeof *out);
	memcpy(out->key[0], key, KEY_RECORD_BYTES);
	out->count = 1;
	for (i = 0; e == ERR_OK && i < out->count; i++)
		e = add_linked_to(t, i, out);
	return e;
}

enum err
linked_counts(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], bool *out)
{
	struct linked all;
	struct record mine, r;
	size_t i;
	enum err e = linked_all(t, key, &all);

	*out = true;
	if (e != ERR_OK || all.count == 1)
		return e;
	e = record_read(t, key, &mine);
	if (e != ERR_OK)
		return e;
	for (i = 1; e == ERR_OK && *out && i < all.count; i++) {
		e = record_read(t, all.key[i], &r);
		if (e == ERR_NOT_FOUND || e == ERR_CORRUPT) {
			e = ERR_OK;
			continue;
		}
		if (e == ERR_OK) {
			*out = identity_compare(&mine.id, &r.id) < 0;
			record_clear(&r);
		}
	}
	record_clear(&mine);
	return e;
}

enum err
linked_resident(struct txn *t, const struct identity *record,
    const json_t *fields, uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(fields, "resident_id");
	const char *source = rule_text(fields, "resident_source");

	if (ref == NULL)
		return ERR_NOT_FOUND;
	if (source == NULL)
		return index_resolve(t, record->source, "resident", ref, key);
	key_record_of(txn_db(t), key, source, "resident", ref);
	return record_exists(t, key) ? ERR_OK : ERR_NOT_FOUND;
}
