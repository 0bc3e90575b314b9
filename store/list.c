/* list: audiences and, per audience and class, the list of their changes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/emptying.h"
#include "store/feed_left.h"
#include "store/key.h"
#include "store/list.h"
#include "store/log.h"
#include "store/memo.h"
#include "store/scope.h"

enum { ENTRY_BYTES = LIFE_BYTES + 8 + 8 + 8, CURSOR_BYTES = 4 + 8 + 8 };

/* --- audiences --------------------------------------------------------- */

enum err
audience_read(struct txn *t, const char *name, struct audience *out)
{
	struct buffer value = {0};
	struct reader r;
	enum err e = txn_get(t, TABLE_AUDIENCES, name, strlen(name), &value);

	if (e == ERR_OK) {
		reader_init(&r, value.data, value.size);
		out->number = read_u32(&r);
		out->epoch = read_u32(&r);
		if (r.failed)
			e = ERR_CORRUPT;
	}
	buffer_free(&value);
	return e;
}

bool
audience_known(struct txn *t, const char *name, struct audience *out)
{
	struct memo *memo = memo_of(t);

	if (memo_audience(memo, name, out))
		return true;
	if (audience_read(t, name, out) != ERR_OK)
		return false;
	memo_note_audience(memo, name, out);
	return true;
}

enum err
audience_ensure(struct txn *t, const char *name, struct audience *out)
{
	struct memo *memo = memo_of(t);
	uint8_t value[8];
	uint64_t count;
	enum err e;

	if (memo_audience(memo, name, out))
		return ERR_OK;
	e = audience_read(t, name, out);
	if (e == ERR_OK)
		memo_note_audience(memo, name, out);
	if (e != ERR_NOT_FOUND)
		return e;
	if (strlen(name) > LIST_NAME_BYTES_MAX)
		return ERR_LIMIT;
	e = txn_count(t, TABLE_AUDIENCES, &count);
	if (e != ERR_OK)
		return e;
	out->number = (uint32_t)count;
	do
		db_random(txn_db(t), &out->epoch, sizeof out->epoch);
	while (out->epoch == 0);
	store_u32(value, out->number);
	store_u32(value + 4, out->epoch);
	return txn_put(
	    t, TABLE_AUDIENCES, name, strlen(name), value, sizeof value);
}

enum err
lists_drop(struct txn *t)
{
	enum err e = txn_empty(t, TABLE_LISTS);

	memo_forget(t);
	if (e == ERR_OK)
		e = txn_empty(t, TABLE_STANDING);
	return e == ERR_OK ? txn_empty(t, TABLE_AUDIENCES) : e;
}

/* --- lists ------------------------------------------------------------- */

static enum err
entry_decode(
    const uint8_t *key, const struct buffer *value, struct list_entry *out)
{
	struct reader r;

	reader_init(&r, value->data, value->size);
	out->id.class = key[4];
	out->place = load_u64(key + 5);
	read_copy(&r, out->id.life, LIFE_BYTES);
	out->id.seq = read_u64(&r);
	out->fingerprint = read_u64(&r);
	out->running = read_u64(&r);
	out->is_withdrawn = reader_left(&r) > 0 && read_u8(&r) != 0;
	return r.failed ? ERR_CORRUPT : ERR_OK;
}

enum err
list_end(
    struct txn *t, const struct audience *a, uint8_t class, struct cursor *out)
{
	uint8_t key[KEY_LIST_BYTES];
	struct buffer last = {0}, value = {0};
	struct list_entry entry;
	enum err e;

	out->epoch = a->epoch;
	out->place = 0;
	out->running = 0;
	key_list(key, a->number, class, UINT64_MAX);
	e = txn_last(t, TABLE_LISTS, key, sizeof key, KEY_LIST_PREFIX_BYTES,
	    &last, &value);
	if (e == ERR_OK)
		e = entry_decode(last.data, &value, &entry);
	else if (e == ERR_NOT_FOUND)
		entry = (struct list_entry){0};
	if (e == ERR_OK) {
		out->place = entry.place;
		out->running = entry.running;
	} else if (e == ERR_NOT_FOUND) {
		e = ERR_OK;
	}
	buffer_free(&last);
	buffer_free(&value);
	return e;
}

uint64_t
list_running(uint64_t before, uint64_t fingerprint)
{
	uint8_t in[16], out[8];

	store_u64(in, before);
	store_u64(in + 8, fingerprint);
	crypto_generichash(out, sizeof out, in, sizeof in, NULL, 0);
	return load_u64(out);
}

static enum err
entry_write(
    struct txn *t, const struct audience *a, const struct list_entry *entry)
{
	uint8_t key[KEY_LIST_BYTES], value[ENTRY_BYTES + 1];

	key_list(key, a->number, entry->id.class, entry->place);
	memcpy(value, entry->id.life, LIFE_BYTES);
	store_u64(value + LIFE_BYTES, entry->id.seq);
	store_u64(value + LIFE_BYTES + 8, entry->fingerprint);
	store_u64(value + LIFE_BYTES + 16, entry->running);
	value[ENTRY_BYTES] = 1;
	return txn_put(t, TABLE_LISTS, key, sizeof key, value,
	    entry->is_withdrawn ? sizeof value : ENTRY_BYTES);
}

static enum err
append_at(struct txn *t, const struct audience *a, const struct change_id *id,
    uint64_t fingerprint, uint64_t *place)
{
	struct list_entry entry = {.id = *id, .fingerprint = fingerprint};
	struct memo *memo = memo_of(t);
	struct cursor end;
	enum err e = ERR_OK;

	if (!memo_end(memo, a, id->class, &end))
		e = list_end(t, a, id->class, &end);
	if (e != ERR_OK)
		return e;
	*place = entry.place = end.place + 1;
	entry.running = list_running(end.running, fingerprint);
	e = entry_write(t, a, &entry);
	end.place = entry.place;
	end.running = entry.running;
	if (e == ERR_OK)
		memo_note_end(memo, a, id->class, &end);
	return e;
}

enum err
list_append(struct txn *t, const struct audience *a, const struct change_id *id,
    uint64_t fingerprint)
{
	uint64_t place;

	return append_at(t, a, id, fingerprint, &place);
}

enum err
list_entry_read(struct txn *t, const struct audience *a, uint8_t class,
    uint64_t place, struct list_entry *out)
{
	uint8_t key[KEY_LIST_BYTES];
	struct buffer value = {0};
	enum err e;

	key_list(key, a->number, class, place);
	e = txn_get(t, TABLE_LISTS, key, sizeof key, &value);
	if (e == ERR_OK)
		e = entry_decode(key, &value, out);
	buffer_free(&value);
	return e;
}

/* --- on several lists ---------------------------------------------------- */

enum { KEY_STANDING_BYTES = KEY_CHANGE_BYTES + 4 };

struct standing {
	uint32_t audience;
	uint64_t place; /* 0: it left that list */
	bool is_due;
};

/* Where a change stands besides its acting org's list, and where it did: rows
 * stay, so that who has it is told when it leaves the last one. */
struct standings {
	size_t count, capacity;
	struct standing *item;
};

static struct standing *
standings_add(struct standings *s)
{
	size_t more = s->capacity == 0 ? 16 : 2 * s->capacity;
	struct standing *item;

	if (s->count == s->capacity) {
		item = realloc(s->item, more * sizeof *item);
		if (item == NULL)
			return NULL;
		s->item = item;
		s->capacity = more;
	}
	return &s->item[s->count++];
}

static void
standings_free(struct standings *s)
{
	free(s->item);
}

static void
key_standing(uint8_t key[KEY_STANDING_BYTES], const struct change_id *id,
    uint32_t audience)
{
	key_change(key, id);
	store_u32(key + KEY_CHANGE_BYTES, audience);
}

static enum err
standings_read(struct txn *t, const struct change_id *id, struct standings *out)
{
	uint8_t from[KEY_STANDING_BYTES];
	struct buffer value = {0};
	struct walk *w;
	struct bytes key;
	enum err e;

	*out = (struct standings){.item = NULL};
	key_standing(from, id, 0);
	e = walk_open(t, TABLE_STANDING, from, KEY_CHANGE_BYTES, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK &&
	       memcmp(key.data, from, KEY_CHANGE_BYTES) == 0) {
		struct standing *one;

		e = ERR_CORRUPT;
		if (key.size != KEY_STANDING_BYTES || value.size != 8)
			break;
		one = standings_add(out);
		e = ERR_NOMEM;
		if (one == NULL)
			break;
		one->audience = load_u32(key.data + KEY_CHANGE_BYTES);
		one->place = load_u64(value.data);
		one->is_due = false;
	}
	walk_close(w);
	buffer_free(&value);
	return e == ERR_END ? ERR_OK : e;
}

static enum err
stand_on(struct txn *t, const struct change_id *id, uint64_t fingerprint,
    const char *name, struct standings *known, bool *moved)
{
	uint8_t key[KEY_STANDING_BYTES], value[8];
	struct audience a;
	uint64_t place;
	size_t i;
	enum err e = audience_ensure(t, name, &a);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < known->count; i++)
		if (known->item[i].audience == a.number) {
			known->item[i].is_due = true;
			if (known->item[i].place > 0)
				return ERR_OK;
		}
	e = append_at(t, &a, id, fingerprint, &place);
	if (e != ERR_OK)
		return e;
	*moved = true;
	key_standing(key, id, a.number);
	store_u64(value, place);
	return txn_put(t, TABLE_STANDING, key, sizeof key, value, sizeof value);
}

/* The place stays, since others' cursors and hashes count it. */
static enum err
stand_off(struct txn *t, const struct change_id *id, uint32_t audience,
    uint64_t place)
{
	const struct audience a = {.number = audience};
	uint8_t key[KEY_STANDING_BYTES], value[8] = {0};
	struct list_entry entry;
	enum err e = list_entry_read(t, &a, id->class, place, &entry);

	if (e == ERR_NOT_FOUND)
		return ERR_CORRUPT;
	if (e != ERR_OK)
		return e;
	entry.is_withdrawn = true;
	e = entry_write(t, &a, &entry);
	if (e != ERR_OK)
		return e;
	key_standing(key, id, audience);
	return txn_put(t, TABLE_STANDING, key, sizeof key, value, sizeof value);
}

/* Lists are asked for by name; here for once the other way round. */
static enum err
name_of(struct txn *t, uint32_t number, char out[LIST_NAME_BYTES_MAX + 1])
{
	struct buffer value = {0};
	struct bytes key;
	struct walk *w;
	enum err e;

	if (memo_name(memo_of(t), number, out))
		return ERR_OK;
	e = walk_open(t, TABLE_AUDIENCES, NULL, 0, &w);
	if (e != ERR_OK)
		return e;
	while ((e = walk_next(w, &key, &value)) == ERR_OK)
		if (value.size >= 4 && load_u32(value.data) == number &&
		    key.size <= LIST_NAME_BYTES_MAX)
			break;
	if (e == ERR_OK) {
		memcpy(out, key.data, key.size);
		out[key.size] = '\0';
		memo_note_name(memo_of(t), number, out);
	}
	walk_close(w);
	buffer_free(&value);
	return e == ERR_END ? ERR_CORRUPT : e;
}

/* To all that had it and have it no more. */
static enum err
tell_left(struct txn *t, const struct change_id *id,
    const struct standings *known, const char names[][LIST_NAME_BYTES_MAX + 1],
    size_t count, struct emptying_notes *left)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < known->count; i++) {
		char from[LIST_NAME_BYTES_MAX + 1];

		if (known->item[i].is_due && known->item[i].place > 0)
			continue;
		e = name_of(t, known->item[i].audience, from);
		if (e == ERR_OK)
			e = emptying_add(left, from, NULL, id, names, count);
	}
	return e;
}

enum err
list_share(struct txn *t, const struct change_id *id, uint64_t fingerprint,
    const char names[][LIST_NAME_BYTES_MAX + 1], size_t count,
    struct emptying_notes *left)
{
	struct standings known;
	bool moved = false;
	size_t i;
	enum err e = standings_read(t, id, &known);

	for (i = 0; e == ERR_OK && i < count; i++)
		e = stand_on(t, id, fingerprint, names[i], &known, &moved);
	for (i = 0; e == ERR_OK && i < known.count; i++)
		if (!known.item[i].is_due && known.item[i].place > 0) {
			e = stand_off(
			    t, id, known.item[i].audience, known.item[i].place);
			moved = true;
		}
	if (e == ERR_OK && moved && left != NULL)
		e = tell_left(t, id, &known, names, count, left);
	standings_free(&known);
	return e;
}

enum err
list_keep(struct txn *t, const struct change_id *id,
    const char kept[][LIST_NAME_BYTES_MAX + 1], size_t kept_count,
    char names[][LIST_NAME_BYTES_MAX + 1], size_t *count)
{
	uint8_t key[KEY_STANDING_BYTES];
	struct buffer value = {0};
	struct audience a;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < kept_count; i++) {
		if (!audience_known(t, kept[i], &a))
			continue;
		key_standing(key, id, a.number);
		e = txn_get(t, TABLE_STANDING, key, sizeof key, &value);
		if (e == ERR_OK && value.size != 8)
			e = ERR_CORRUPT;
		if (e == ERR_OK && load_u64(value.data) > 0)
			memcpy(names[(*count)++], kept[i], sizeof kept[i]);
		e = e == ERR_NOT_FOUND ? ERR_OK : e;
	}
	buffer_free(&value);
	return e;
}

enum err
list_standing(struct txn *t, const struct change_id *id,
    char names[][LIST_NAME_BYTES_MAX + 1], size_t most, size_t *count)
{
	struct standings known;
	size_t i;
	enum err e = standings_read(t, id, &known);

	*count = 0;
	for (i = 0; e == ERR_OK && i < known.count && *count < most; i++)
		if (known.item[i].place > 0)
			e = name_of(
			    t, known.item[i].audience, names[(*count)++]);
	standings_free(&known);
	return e;
}

enum err
list_note_left(struct txn *t, const struct change_id *id, const char *name)
{
	uint8_t key[KEY_STANDING_BYTES], value[8] = {0};
	struct audience a;
	enum err e = audience_ensure(t, name, &a);

	if (e != ERR_OK)
		return e;
	key_standing(key, id, a.number);
	e = txn_has(t, TABLE_STANDING, key, sizeof key);
	if (e != ERR_NOT_FOUND)
		return e;
	return txn_put(t, TABLE_STANDING, key, sizeof key, value, sizeof value);
}

/* --- the lists of one change --------------------------------------------- */

static enum err
append_to(struct txn *t, const char *name, const struct change_id *id,
    uint64_t fingerprint)
{
	struct audience a;
	enum err e = audience_ensure(t, name, &a);

	return e == ERR_OK ? list_append(t, &a, id, fingerprint) : e;
}

/* What came from above is not sent back there: only for what stands in a log
 * of this node, in any of its lives, can it show a chain. */
static enum err
append_own(struct txn *t, const struct change *c, uint64_t fingerprint)
{
	struct log_head head;
	enum err e = log_head_read(t, c->id.life, c->id.class, &head);

	if (e != ERR_OK || head.seq < c->id.seq)
		return e;
	return append_to(t, AUDIENCE_UP, &c->id, fingerprint);
}

/* Upwards everything. Downwards reference data to the whole group, anything
 * else to its acting org, for ever, and to whom its record's scope names. */
enum err
list_change(struct txn *t, const struct self *self, const struct change *c,
    uint64_t fingerprint)
{
	const struct kind *k = kind_by_name(c->record.kind);
	char name[LIST_NAME_BYTES_MAX + 1];
	enum err e = ERR_OK;
	int n;

	if (!self->is_enrolled)
		return ERR_OK; /* built on joining: store/enrol.c */
	if (self->role == ROLE_CLINIC)
		return append_own(t, c, fingerprint);
	if (k != NULL && k->by_group && !k->for_acting_org) {
		e = append_to(t, AUDIENCE_GROUP, &c->id, fingerprint);
		if (e == ERR_OK)
			e = scope_org_changed(t, c);
		return e == ERR_OK ? feed_left_note(t, self, c) : e;
	}
	n = snprintf(name, sizeof name, "%s%s", AUDIENCE_ORG, c->org);
	/* A longer one is nobody's feed. */
	if (n > 0 && (size_t)n < sizeof name &&
	    (k == NULL || !k->scope.up_only))
		e = append_to(t, name, &c->id, fingerprint);
	return e == ERR_OK ? scope_admitted(t, self, c, fingerprint) : e;
}

/* --- cursors ----------------------------------------------------------- */

struct cursor_key {
	uint8_t data[NODE_ID_BYTES + 2 + LIST_NAME_BYTES_MAX];
	size_t size;
};

static void
cursor_key(struct cursor_key *k, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list)
{
	size_t n = strnlen(list->name, LIST_NAME_BYTES_MAX);

	memcpy(k->data, peer, NODE_ID_BYTES);
	k->data[NODE_ID_BYTES] = (uint8_t)side;
	memcpy(k->data + NODE_ID_BYTES + 1, list->name, n);
	k->data[NODE_ID_BYTES + 1 + n] = list->class;
	k->size = NODE_ID_BYTES + 2 + n;
}

static enum err
cursor_decode(const struct buffer *value, struct cursor *out)
{
	struct reader r;

	reader_init(&r, value->data, value->size);
	out->epoch = read_u32(&r);
	out->place = read_u64(&r);
	out->running = read_u64(&r);
	return r.failed ? ERR_CORRUPT : ERR_OK;
}

enum err
cursor_read(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list, struct cursor *out)
{
	struct buffer value = {0};
	struct cursor_key k;
	enum err e;

	memset(out, 0, sizeof *out);
	cursor_key(&k, peer, side, list);
	e = txn_get(t, TABLE_CURSORS, k.data, k.size, &value);
	if (e == ERR_OK)
		e = cursor_decode(&value, out);
	else if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	buffer_free(&value);
	return e;
}

enum err
cursor_write(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list, const struct cursor *c)
{
	uint8_t value[CURSOR_BYTES];
	struct cursor_key k;

	cursor_key(&k, peer, side, list);
	store_u32(value, c->epoch);
	store_u64(value + 4, c->place);
	store_u64(value + 12, c->running);
	return txn_put(t, TABLE_CURSORS, k.data, k.size, value, sizeof value);
}

enum err
cursor_forget(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list)
{
	struct cursor_key k;
	enum err e;

	cursor_key(&k, peer, side, list);
	e = txn_delete(t, TABLE_CURSORS, k.data, k.size);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
cursor_take(
    struct cursor_set *out, const struct bytes *key, const struct buffer *value)
{
	size_t n = key->size - (NODE_ID_BYTES + 2);
	enum err e;

	if (out->count == LISTS_MAX)
		return ERR_LIMIT;
	if (n > LIST_NAME_BYTES_MAX)
		return ERR_CORRUPT;
	memcpy(
	    out->item[out->count].list.name, key->data + NODE_ID_BYTES + 1, n);
	out->item[out->count].list.name[n] = '\0';
	out->item[out->count].list.class = key->data[key->size - 1];
	e = cursor_decode(value, &out->item[out->count].cursor);
	out->count++;
	return e;
}

enum err
cursor_read_all(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, struct cursor_set *out)
{
	uint8_t prefix[NODE_ID_BYTES + 1];
	struct buffer value = {0};
	struct walk *w;
	struct bytes key;
	enum err e;

	out->count = 0;
	memcpy(prefix, peer, NODE_ID_BYTES);
	prefix[NODE_ID_BYTES] = (uint8_t)side;
	e = walk_open(t, TABLE_CURSORS, prefix, sizeof prefix, &w);
	if (e != ERR_OK)
		return e;
	for (;;) {
		e = walk_next(w, &key, &value);
		if (e != ERR_OK || key.size < sizeof prefix + 1 ||
		    memcmp(key.data, prefix, sizeof prefix) != 0)
			break;
		e = cursor_take(out, &key, &value);
		if (e != ERR_OK)
			break;
	}
	walk_close(w);
	buffer_free(&value);
	return e == ERR_END ? ERR_OK : e;
}
