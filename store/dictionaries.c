/* dictionaries: those the group handed out as records. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/dictionaries.h"
#include "store/record.h"

/* A record of this kind: a dictionary, or (of > 0) a part of one. */
struct held {
	uint8_t key[KEY_RECORD_BYTES];
	int64_t number;
	char id[DICTIONARIES_ID_BYTES]; /* of the whole */
	int64_t part, of;
};

struct held_list {
	struct held *one;
	size_t count, room;
	uint64_t mark; /* of all their changes */
};

void
dictionaries_id(const void *data, size_t size, char out[DICTIONARIES_ID_BYTES])
{
	uint8_t id[4];

	store_u32(id, dictionary_id(data, size));
	hex_encode(out, id, sizeof id);
}

enum err
dictionaries_decode(const char *text, struct buffer *out)
{
	size_t length = strlen(text), size = 0, most = length / 4 * 3 + 3;

	if (length > DICTIONARIES_TEXT_MAX)
		return ERR_FORMAT;
	if (!buffer_reserve(out, most))
		return ERR_NOMEM;
	if (sodium_base642bin(out->data + out->size, most, text, length, NULL,
	        &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return ERR_FORMAT;
	out->size += size;
	return ERR_OK;
}

static json_t *
text_json(const void *data, size_t size)
{
	size_t text_bytes =
	    sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(text_bytes);
	json_t *out;

	if (text == NULL)
		return NULL;
	sodium_bin2base64(
	    text, text_bytes, data, size, sodium_base64_VARIANT_ORIGINAL);
	out = json_string(text);
	free(text);
	return out;
}

json_t *
dictionaries_fields(
    int64_t number, const void *data, size_t size, const char *made_on)
{
	char id[DICTIONARIES_ID_BYTES];

	if (size > DICTIONARIES_BYTES_MAX)
		return NULL;
	dictionaries_id(data, size, id);
	return json_pack("{s:I, s:s, s:o, s:s}", "number", (json_int_t)number,
	    "id", id, "data", text_json(data, size), "made_on", made_on);
}

size_t
dictionaries_parts(size_t size)
{
	return size == 0 ? 1
	                 : (size + DICTIONARIES_PART_BYTES - 1) /
	                       DICTIONARIES_PART_BYTES;
}

json_t *
dictionaries_part(int64_t number, const void *data, size_t size, size_t part,
    const char *made_on)
{
	size_t of = dictionaries_parts(size);
	size_t begin = (part - 1) * DICTIONARIES_PART_BYTES;
	size_t bytes = part == of ? size - begin : DICTIONARIES_PART_BYTES;
	char id[DICTIONARIES_ID_BYTES];

	if (size > DICTIONARIES_BYTES_MAX)
		return NULL;
	dictionaries_id(data, size, id);
	return json_pack("{s:I, s:s, s:o, s:s, s:I, s:I}", "number",
	    (json_int_t)number, "id", id, "data",
	    text_json((const uint8_t *)data + begin, bytes), "made_on", made_on,
	    "part", (json_int_t)part, "of", (json_int_t)of);
}

/* --- reading ----------------------------------------------------------- */

static const json_t *
field_of(const struct record *r, const char *name)
{
	return json_object_get(r->fields, name);
}

/* What one record is, and its bytes behind data where that is not NULL.
 * ERR_FORMAT: it is no dictionary and none of one. */
static enum err
read_one(struct txn *t, struct held *one, struct buffer *data)
{
	struct record r = {0};
	const char *text, *id;
	enum err e = record_read(t, one->key, &r);

	if (e != ERR_OK)
		return e;
	one->number = json_integer_value(field_of(&r, "number"));
	one->part = json_integer_value(field_of(&r, "part"));
	one->of = json_integer_value(field_of(&r, "of"));
	id = json_string_value(field_of(&r, "id"));
	text = json_string_value(field_of(&r, "data"));
	if (one->number <= 0 || text == NULL || one->of < 0 ||
	    one->of > DICTIONARIES_PARTS_MAX || one->part < 0 ||
	    one->part > one->of || (one->of > 0 && one->part == 0))
		e = ERR_FORMAT;
	snprintf(one->id, sizeof one->id, "%s", id == NULL ? "" : id);
	if (e == ERR_OK && data != NULL)
		e = dictionaries_decode(text, data);
	record_clear(&r);
	return e;
}

static bool
is_of_kind(const struct bytes *key, uint16_t kind)
{
	return key->size == KEY_RECORD_CHANGE_BYTES &&
	       load_u16(key->data) == kind;
}

/* Append a record's key, unless it is that of the last one. */
static enum err
note_key(struct held_list *l, const uint8_t *key)
{
	if (l->count > 0 &&
	    memcmp(l->one[l->count - 1].key, key, KEY_RECORD_BYTES) == 0)
		return ERR_OK;
	if (l->count == l->room) {
		size_t room = l->room == 0 ? 64 : l->room * 2;
		struct held *more = realloc(l->one, room * sizeof *more);

		if (more == NULL)
			return ERR_NOMEM;
		l->one = more;
		l->room = room;
	}
	memset(&l->one[l->count], 0, sizeof l->one[0]);
	memcpy(l->one[l->count++].key, key, KEY_RECORD_BYTES);
	return ERR_OK;
}

/* Keys of the records of this kind, each once. What they say follows from their
 * changes alone. */
static enum err
find_keys(struct txn *t, struct held_list *l)
{
	uint16_t kind = key_kind_number("dictionary");
	crypto_generichash_state hash;
	uint8_t sum[8];
	struct walk *w = NULL;
	struct bytes key;
	uint8_t from[2];
	enum err e;

	(void)crypto_generichash_init(&hash, NULL, 0, sizeof sum);
	store_u16(from, kind);
	e = walk_open(t, TABLE_RECORDS, from, sizeof from, &w);
	while (e == ERR_OK) {
		e = walk_next(w, &key, NULL);
		if (e != ERR_OK || !is_of_kind(&key, kind))
			break;
		(void)crypto_generichash_update(&hash, key.data, key.size);
		e = note_key(l, key.data);
	}
	walk_close(w);
	(void)crypto_generichash_final(&hash, sum, sizeof sum);
	l->mark = load_u64(sum);
	return e == ERR_END ? ERR_OK : e;
}

/* The newest first; what belongs together, by parts. */
static int
by_number(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	int by_id = strcmp(x->id, y->id);

	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	if (by_id != 0)
		return by_id;
	if (x->of != y->of)
		return x->of < y->of ? -1 : 1;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return memcmp(x->key, y->key, sizeof x->key);
}

/* Keep those that are dictionaries, or parts of one, by their form. */
static enum err
read_all(struct txn *t, struct held_list *l)
{
	size_t i, kept = 0;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < l->count; i++) {
		struct held *one = &l->one[kept];

		*one = l->one[i];
		e = read_one(t, one, NULL);
		if (e == ERR_OK)
			kept++;
		else if (e == ERR_FORMAT)
			e = ERR_OK;
	}
	l->count = kept;
	if (l->count > 1)
		qsort(l->one, l->count, sizeof *l->one, by_number);
	return e;
}

/* --- putting one together ---------------------------------------------- */

/* How many of the list, from its beginning, are of one dictionary. */
static size_t
count_together(const struct held *one, size_t count)
{
	size_t n = 1;

	while (n < count && one[n].number == one[0].number &&
	       one[n].of == one[0].of && strcmp(one[n].id, one[0].id) == 0)
		n++;
	return n;
}

/* Parts that were written twice count once. */
static bool
has_all(const struct held *one, size_t count)
{
	int64_t next = 1;
	size_t i;

	for (i = 0; i < count; i++)
		if (one[i].part == next)
			next++;
	return next > one->of;
}

/* The bytes of one of which all is here. ERR_FORMAT, ERR_LIMIT: they are not
 * what their id says. */
static enum err
gather(struct txn *t, struct held *one, size_t count, struct buffer *data)
{
	char id[DICTIONARIES_ID_BYTES];
	int64_t next = one->of == 0 ? 0 : 1;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < count && next <= one->of; i++) {
		if (one[i].part != next)
			continue;
		e = read_one(t, &one[i], data);
		if (data->size > DICTIONARY_BYTES_MAX)
			e = ERR_LIMIT;
		next++;
	}
	if (e != ERR_OK || one->of == 0)
		return e;
	dictionaries_id(data->data, data->size, id);
	return strcmp(id, one->id) == 0 ? ERR_OK : ERR_FORMAT;
}

static enum err
load_one(struct txn *t, struct held *one, size_t count, struct codebook *c,
    uint32_t *id)
{
	struct buffer data = {0};
	enum err e = gather(t, one, count, &data);

	if (e == ERR_OK) {
		*id = dictionary_id(data.data, data.size);
		e = codebook_add(c, data.data, data.size);
	}
	buffer_free(&data);
	return e;
}

/* The newest of which all is here, the newest last. */
static enum err
load_newest(struct txn *t, struct held_list *l, struct codebook *c)
{
	uint32_t ids[DICTIONARIES_LOADED_MAX] = {0};
	size_t begin[DICTIONARIES_LOADED_MAX], count = 0, i, n;
	enum err e = ERR_OK;

	for (i = 0; i < l->count && count < DICTIONARIES_LOADED_MAX; i += n) {
		n = count_together(&l->one[i], l->count - i);
		if (has_all(&l->one[i], n))
			begin[count++] = i;
	}
	for (i = count; e == ERR_OK && i-- > 0;) {
		n = count_together(&l->one[begin[i]], l->count - begin[i]);
		e = load_one(t, &l->one[begin[i]], n, c, &ids[i]);
		/* What is no dictionary, there already, or one too many. */
		if (e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_EXISTS ||
		    e == ERR_FULL)
			e = ERR_OK;
	}
	if (e == ERR_OK)
		codebook_keep(c, ids, count);
	return e;
}

enum err
dictionaries_load(struct txn *t, struct codebook *c)
{
	struct held_list l = {0};
	enum err e = find_keys(t, &l);

	if (e == ERR_OK && l.mark != codebook_mark(c)) {
		e = read_all(t, &l);
		if (e == ERR_OK)
			e = load_newest(t, &l, c);
		if (e == ERR_OK)
			codebook_set_mark(c, l.mark);
	}
	free(l.one);
	return e;
}

enum err
dictionaries_last(
    struct txn *t, int64_t *number, char id[DICTIONARIES_ID_BYTES])
{
	struct held_list l = {0};
	enum err e = find_keys(t, &l);

	if (e == ERR_OK)
		e = read_all(t, &l);
	*number = 0;
	id[0] = '\0';
	if (e == ERR_OK && l.count > 0) {
		*number = l.one[0].number;
		memcpy(id, l.one[0].id, DICTIONARIES_ID_BYTES);
	}
	free(l.one);
	return e;
}
