/* dictionaries: those the group handed out as records. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "store/dictionaries.h"
#include "store/record.h"

/* The group's records of this kind; there are few. */
enum { HELD_MAX = 1024 };

struct held {
	uint8_t key[KEY_RECORD_BYTES];
	int64_t number;
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

json_t *
dictionaries_fields(
    int64_t number, const void *data, size_t size, const char *made_on)
{
	char id[DICTIONARIES_ID_BYTES];
	size_t text_bytes =
	    sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
	json_t *fields;
	char *text;

	if (size > DICTIONARIES_BYTES_MAX)
		return NULL;
	text = malloc(text_bytes);
	if (text == NULL)
		return NULL;
	sodium_bin2base64(
	    text, text_bytes, data, size, sodium_base64_VARIANT_ORIGINAL);
	dictionaries_id(data, size, id);
	fields = json_pack("{s:I, s:s, s:s, s:s}", "number", (json_int_t)number,
	    "id", id, "data", text, "made_on", made_on);
	free(text);
	return fields;
}

/* --- reading ----------------------------------------------------------- */

static const json_t *
field_of(const struct record *r, const char *name)
{
	return json_object_get(r->fields, name);
}

/* One record; its number into *number, its bytes into data where that is not
 * NULL. ERR_FORMAT: it is no dictionary. */
static enum err
read_one(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], int64_t *number,
    struct buffer *data)
{
	struct record r = {0};
	const char *text;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e;
	*number = json_integer_value(field_of(&r, "number"));
	text = json_string_value(field_of(&r, "data"));
	if (*number <= 0 || text == NULL)
		e = ERR_FORMAT;
	else if (data != NULL)
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

/* Keys of the records of this kind, each once. */
static enum err
find_keys(struct txn *t, struct held *list, size_t *count)
{
	uint16_t kind = key_kind_number("dictionary");
	struct walk *w = NULL;
	struct bytes key;
	uint8_t from[2];
	enum err e;

	*count = 0;
	store_u16(from, kind);
	e = walk_open(t, TABLE_RECORDS, from, sizeof from, &w);
	while (e == ERR_OK && *count < HELD_MAX) {
		e = walk_next(w, &key, NULL);
		if (e != ERR_OK || !is_of_kind(&key, kind))
			break;
		if (*count > 0 && memcmp(list[*count - 1].key, key.data,
		                      KEY_RECORD_BYTES) == 0)
			continue;
		memcpy(list[*count].key, key.data, KEY_RECORD_BYTES);
		(*count)++;
	}
	walk_close(w);
	return e == ERR_END ? ERR_OK : e;
}

static int
by_number(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return memcmp(x->key, y->key, sizeof x->key);
}

/* Those that are dictionaries by their form, the oldest first. */
static enum err
find_all(struct txn *t, struct held *list, size_t *count)
{
	size_t found, i;
	enum err e = find_keys(t, list, &found);

	*count = 0;
	for (i = 0; e == ERR_OK && i < found; i++) {
		struct held *one = &list[*count];

		memmove(one->key, list[i].key, sizeof one->key);
		e = read_one(t, one->key, &one->number, NULL);
		if (e == ERR_OK)
			(*count)++;
		else if (e == ERR_FORMAT)
			e = ERR_OK;
	}
	if (*count > 1)
		qsort(list, *count, sizeof *list, by_number);
	return e;
}

static enum err
load_one(
    struct txn *t, const struct held *one, struct codebook *c, uint32_t *id)
{
	struct buffer data = {0};
	int64_t number;
	enum err e = read_one(t, one->key, &number, &data);

	if (e == ERR_OK) {
		*id = dictionary_id(data.data, data.size);
		e = codebook_add(c, data.data, data.size);
	}
	buffer_free(&data);
	/* What is no dictionary, there already, or one too many. */
	return e == ERR_FORMAT || e == ERR_LIMIT || e == ERR_EXISTS ||
	               e == ERR_FULL
	           ? ERR_OK
	           : e;
}

enum err
dictionaries_load(struct txn *t, struct codebook *c)
{
	struct held *list = calloc(HELD_MAX, sizeof *list);
	uint32_t ids[DICTIONARIES_LOADED_MAX] = {0};
	size_t count, first, i;
	enum err e;

	if (list == NULL)
		return ERR_NOMEM;
	e = find_all(t, list, &count);
	first = count > DICTIONARIES_LOADED_MAX
	            ? count - DICTIONARIES_LOADED_MAX
	            : 0;
	for (i = first; e == ERR_OK && i < count; i++)
		e = load_one(t, &list[i], c, &ids[i - first]);
	if (e == ERR_OK)
		codebook_keep(c, ids, count - first);
	free(list);
	return e;
}

enum err
dictionaries_last(
    struct txn *t, int64_t *number, char id[DICTIONARIES_ID_BYTES])
{
	struct held *list = calloc(HELD_MAX, sizeof *list);
	struct buffer data = {0};
	size_t count;
	enum err e;

	if (list == NULL)
		return ERR_NOMEM;
	e = find_all(t, list, &count);
	*number = 0;
	id[0] = '\0';
	if (e == ERR_OK && count > 0)
		e = read_one(t, list[count - 1].key, number, &data);
	/* What is no base64 has no id, yet its number is taken. */
	if (e == ERR_FORMAT)
		e = ERR_OK;
	else if (e == ERR_OK && *number > 0)
		dictionaries_id(data.data, data.size, id);
	buffer_free(&data);
	free(list);
	return e;
}
