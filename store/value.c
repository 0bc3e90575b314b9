/* value: fields of a change as canonical bytes (docs/store.md, "Values").
 *
 * Every value has exactly one encoding: the shortest. A decoder refuses any
 * other, so that equal facts are equal bytes and hashes can be compared.
 */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "store/value.h"

enum { SHORT_MAX = 63, OBJECT_KEYS_MAX = 512 };

bool
value_is_utf8(const uint8_t *data, size_t size)
{
	return size == 0 || u8_check(data, size) == NULL;
}

uint64_t
value_unknown_number(const char *name)
{
	uint64_t n = 0;
	const char *c;

	if (name[0] != '#' || name[1] == '\0' || name[1] == '0')
		return 0;
	for (c = name + 1; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return 0;
		n = n * 10 + (uint64_t)(*c - '0');
		if (n > UINT16_MAX)
			return 0;
	}
	return n;
}

/* --- strings ----------------------------------------------------------- */

static uint8_t
string_tag(const char *s, size_t size, int64_t *number)
{
	if (size > 4 && memcmp(s, "ref:", 4) == 0)
		return TAG_REF;
	if (size == VALUE_DATE_CHARS && value_date_parse(s, number))
		return TAG_DATE;
	if (size == VALUE_INSTANT_CHARS &&
	    instant_parse(s, size, number) == ERR_OK)
		return TAG_INSTANT;
	return size <= SHORT_MAX ? (uint8_t)(TAG_SHORT + size) : TAG_STRING;
}

static enum err
encode_string(const char *s, size_t size, struct buffer *out)
{
	int64_t number = 0;
	uint8_t tag = string_tag(s, size, &number);

	if (memchr(s, 0, size) != NULL ||
	    !value_is_utf8((const uint8_t *)s, size))
		return ERR_FORMAT;
	put_u8(out, tag);
	if (tag == TAG_REF)
		put_string(out, s + 4, size - 4);
	else if (tag == TAG_DATE || tag == TAG_INSTANT)
		put_signed(out, number);
	else if (tag == TAG_STRING)
		put_string(out, s, size);
	else
		put_bytes(out, s, size);
	return ERR_OK;
}

static enum err
decode_plain(const struct bytes *s, bool is_short, json_t **out)
{
	int64_t number;
	uint8_t tag;

	if (!value_is_utf8(s->data, s->size) ||
	    (s->size > 0 && memchr(s->data, 0, s->size) != NULL))
		return ERR_FORMAT;
	tag = string_tag((const char *)s->data, s->size, &number);
	if (tag != (is_short ? TAG_SHORT + s->size : TAG_STRING))
		return ERR_FORMAT;
	*out = json_stringn_nocheck(
	    s->size == 0 ? "" : (const char *)s->data, s->size);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

/* Of UTF-8 that was looked at. NULL: no memory. */
static json_t *
ref_of(const struct bytes *s)
{
	enum { MARK = 4, USUAL = 64 };
	char text[MARK + USUAL] = "ref:";

	if (s->size > USUAL)
		return json_sprintf(
		    "ref:%.*s", (int)s->size, (const char *)s->data);
	memcpy(text + MARK, s->data, s->size);
	return json_stringn_nocheck(text, MARK + s->size);
}

static enum err
decode_ref(struct reader *r, json_t **out)
{
	struct bytes s = read_string(r);

	if (r->failed || s.size == 0 || !value_is_utf8(s.data, s.size) ||
	    memchr(s.data, 0, s.size) != NULL)
		return ERR_FORMAT;
	*out = ref_of(&s);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err
decode_time(struct reader *r, uint8_t tag, json_t **out)
{
	int64_t number = read_signed(r);
	char text[26];

	if (r->failed)
		return ERR_FORMAT;
	if (tag == TAG_DATE) {
		if (number < -800000 || number > 3000000 ||
		    !value_date_print(number, text))
			return ERR_FORMAT;
	} else if (instant_print(number, text) != ERR_OK) {
		return ERR_FORMAT;
	}
	*out = json_string_nocheck(text);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

/* --- objects ----------------------------------------------------------- */

struct entry {
	uint16_t number; /* 0: named */
	const char *name;
	const json_t *value;
	const struct field *row; /* of nested rows */
};

static int
entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->number != y->number) {
		if (x->number == 0 || y->number == 0)
			return x->number == 0 ? 1 : -1;
		return x->number < y->number ? -1 : 1;
	}
	return x->number != 0 ? 0 : strcmp(x->name, y->name);
}

/* What the decoder would refuse, or read as another field, is refused here. */
static enum err
take_entry(struct entry *out, const struct field *table, const char *name,
    const json_t *v)
{
	const struct field *f =
	    table == NULL ? NULL : field_by_name(table, name);
	uint64_t unknown = f == NULL ? value_unknown_number(name) : 0;
	size_t size = strlen(name);

	if (size == 0 || size > FIELD_NAME_BYTES_MAX)
		return ERR_LIMIT;
	if (!value_is_utf8((const uint8_t *)name, size))
		return ERR_FORMAT;
	if (unknown != 0 && table != NULL &&
	    field_by_number(table, (uint16_t)unknown) != NULL)
		return ERR_FORMAT; /* a known field must be called by name */
	out->number = f != NULL ? f->number : (uint16_t)unknown;
	out->name = name;
	out->value = v;
	out->row = f == NULL ? NULL : f->row;
	return ERR_OK;
}

static enum err encode_value(const struct field *row, const json_t *v,
    unsigned depth, struct buffer *out);

static enum err
encode_object(const struct field *table, const json_t *object, unsigned depth,
    struct buffer *out)
{
	struct entry small[48], *list = small;
	size_t count = json_object_size(object), n = 0, i;
	const char *name;
	json_t *v;
	enum err e = ERR_OK;

	if (count > OBJECT_KEYS_MAX)
		return ERR_LIMIT;
	if (count > sizeof small / sizeof small[0]) {
		list = calloc(count, sizeof *list);
		if (list == NULL)
			return ERR_NOMEM;
	}
	json_object_foreach((json_t *)(uintptr_t)object, name, v)
	{
		e = take_entry(&list[n++], table, name, v);
		if (e != ERR_OK)
			goto free_list;
	}
	qsort(list, n, sizeof *list, entry_compare);
	put_varint(out, n);
	for (i = 0; e == ERR_OK && i < n; i++) {
		if (i > 0 && entry_compare(&list[i - 1], &list[i]) == 0)
			e = ERR_FORMAT;
		put_varint(out, list[i].number);
		if (list[i].number == 0)
			put_text(out, list[i].name);
		if (e == ERR_OK)
			e = encode_value(
			    list[i].row, list[i].value, depth + 1, out);
	}

free_list:
	if (list != small)
		free(list);
	return e;
}

static enum err
encode_array(const struct field *row, const json_t *array, unsigned depth,
    struct buffer *out)
{
	size_t i, n = json_array_size(array);
	enum err e = ERR_OK;

	put_u8(out, TAG_ARRAY);
	put_varint(out, n);
	for (i = 0; e == ERR_OK && i < n; i++)
		e = encode_value(row, json_array_get(array, i), depth + 1, out);
	return e;
}

static enum err
encode_value(const struct field *row, const json_t *v, unsigned depth,
    struct buffer *out)
{
	if (depth > VALUE_DEPTH_MAX)
		return ERR_LIMIT;
	switch (json_typeof(v)) {
	case JSON_NULL:
		put_u8(out, TAG_NULL);
		return ERR_OK;
	case JSON_FALSE:
		put_u8(out, TAG_FALSE);
		return ERR_OK;
	case JSON_TRUE:
		put_u8(out, TAG_TRUE);
		return ERR_OK;
	case JSON_INTEGER:
		value_put_integer(json_integer_value(v), out);
		return ERR_OK;
	case JSON_REAL:
		return value_put_real(json_real_value(v), out);
	case JSON_STRING:
		return encode_string(
		    json_string_value(v), json_string_length(v), out);
	case JSON_ARRAY:
		return encode_array(row, v, depth, out);
	case JSON_OBJECT:
		put_u8(out, TAG_OBJECT);
		return encode_object(row, v, depth, out);
	}
	return ERR_FORMAT;
}

static enum err decode_value(
    const struct field *row, struct reader *r, unsigned depth, json_t **out);

/* The key read last: numbers come first and rise, then names do. */
struct key {
	uint64_t number;
	bool is_named;
	char name[FIELD_NAME_BYTES_MAX + 1];
};

static enum err
decode_named_key(struct reader *r, struct key *key)
{
	struct bytes s = read_string(r);
	char name[FIELD_NAME_BYTES_MAX + 1];

	if (r->failed || s.size == 0 || s.size > FIELD_NAME_BYTES_MAX ||
	    !value_is_utf8(s.data, s.size) || memchr(s.data, 0, s.size) != NULL)
		return ERR_FORMAT;
	memcpy(name, s.data, s.size);
	name[s.size] = '\0';
	if (value_unknown_number(name) != 0 ||
	    (key->is_named && strcmp(key->name, name) >= 0))
		return ERR_FORMAT;
	memcpy(key->name, name, s.size + 1);
	key->is_named = true;
	return ERR_OK;
}

static enum err
decode_key(const struct field *table, struct reader *r, struct key *key,
    const struct field **field)
{
	uint64_t number = read_varint(r);

	*field = NULL;
	if (r->failed)
		return ERR_FORMAT;
	if (number == 0) {
		enum err e = decode_named_key(r, key);

		if (e == ERR_OK && table != NULL)
			*field = field_by_name(table, key->name);
		return e;
	}
	if (key->is_named || number <= key->number || number > UINT16_MAX)
		return ERR_FORMAT;
	key->number = number;
	if (table != NULL)
		*field = field_by_number(table, (uint16_t)number);
	if (*field != NULL) {
		size_t size = strlen((*field)->name);

		assert(size <= FIELD_NAME_BYTES_MAX);
		memcpy(key->name, (*field)->name, size + 1);
	} else {
		snprintf(key->name, sizeof key->name, "#%" PRIu64, number);
	}
	return ERR_OK;
}

static enum err
decode_object(
    const struct field *table, struct reader *r, unsigned depth, json_t **out)
{
	uint64_t count = read_varint(r);
	struct key key = {0};
	json_t *object;
	enum err e = ERR_OK;

	if (r->failed)
		return ERR_FORMAT;
	if (count > OBJECT_KEYS_MAX)
		return ERR_LIMIT;
	object = json_object();
	if (object == NULL)
		return ERR_NOMEM;
	while (e == ERR_OK && count-- > 0) {
		const struct field *f;
		json_t *v = NULL;

		e = decode_key(table, r, &key, &f);
		if (e == ERR_OK)
			e = decode_value(
			    f == NULL ? NULL : f->row, r, depth + 1, &v);
		/* By number and again by name; numbers rise, and names. */
		if (e == ERR_OK && key.is_named &&
		    json_object_get(object, key.name) != NULL)
			e = ERR_FORMAT;
		if (e == ERR_OK &&
		    json_object_set_new_nocheck(object, key.name, v) != 0)
			e = ERR_NOMEM; /* v is released by the call */
		else if (e != ERR_OK)
			json_decref(v);
	}
	if (e != ERR_OK) {
		json_decref(object);
		return e;
	}
	*out = object;
	return ERR_OK;
}

static enum err
decode_array(
    const struct field *row, struct reader *r, unsigned depth, json_t **out)
{
	uint64_t count = read_varint(r);
	json_t *array;
	enum err e = ERR_OK;

	/* Each element takes a byte at least: no memory on mere promise. */
	if (r->failed || count > reader_left(r))
		return ERR_FORMAT;
	array = json_array();
	if (array == NULL)
		return ERR_NOMEM;
	while (e == ERR_OK && count-- > 0) {
		json_t *v = NULL;

		e = decode_value(row, r, depth + 1, &v);
		if (e == ERR_OK && json_array_append_new(array, v) != 0)
			e = ERR_NOMEM;
	}
	if (e != ERR_OK) {
		json_decref(array);
		return e;
	}
	*out = array;
	return ERR_OK;
}

static enum err
decode_short(struct reader *r, uint8_t tag, json_t **out)
{
	struct bytes s;

	s.size = (size_t)(tag - TAG_SHORT);
	s.data = read_view(r, s.size);
	return r->failed ? ERR_FORMAT : decode_plain(&s, true, out);
}

static enum err
decode_string(struct reader *r, json_t **out)
{
	struct bytes s = read_string(r);

	return r->failed ? ERR_FORMAT : decode_plain(&s, false, out);
}

static enum err
decode_value(
    const struct field *row, struct reader *r, unsigned depth, json_t **out)
{
	uint8_t tag = read_u8(r);

	if (r->failed)
		return ERR_FORMAT;
	if (depth > VALUE_DEPTH_MAX)
		return ERR_LIMIT;
	if (tag >= TAG_SMALL) {
		*out = json_integer(tag - TAG_SMALL);
		return *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	if (tag >= TAG_SHORT)
		return decode_short(r, tag, out);
	switch (tag) {
	case TAG_NULL:
		*out = json_null();
		return ERR_OK;
	case TAG_FALSE:
		*out = json_false();
		return ERR_OK;
	case TAG_TRUE:
		*out = json_true();
		return ERR_OK;
	case TAG_POSITIVE:
	case TAG_NEGATIVE:
		return value_read_integer(r, tag == TAG_NEGATIVE, out);
	case TAG_DECIMAL:
		return value_read_decimal(r, out);
	case TAG_STRING:
		return decode_string(r, out);
	case TAG_ARRAY:
		return decode_array(row, r, depth, out);
	case TAG_OBJECT:
		return decode_object(row, r, depth, out);
	case TAG_REF:
		return decode_ref(r, out);
	case TAG_DATE:
	case TAG_INSTANT:
		return decode_time(r, tag, out);
	default:
		return ERR_FORMAT;
	}
}

/* --- the whole --------------------------------------------------------- */

enum err
fields_encode(
    const struct field *table, const json_t *fields, struct buffer *out)
{
	size_t begin = out->size;
	enum err e = encode_object(table, fields, 0, out);

	if (e == ERR_OK)
		e = buffer_state(out);
	if (e != ERR_OK)
		out->size = begin;
	return e;
}

enum err
fields_decode(
    const struct field *table, const void *data, size_t size, json_t **out)
{
	struct reader r;
	json_t *fields = NULL;
	enum err e;

	reader_init(&r, data, size);
	e = decode_object(table, &r, 0, &fields);
	if (e == ERR_OK && reader_left(&r) != 0) {
		json_decref(fields);
		e = ERR_FORMAT;
	}
	if (e == ERR_OK)
		*out = fields;
	return e;
}

static bool
objects_equal(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *v;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach((json_t *)(uintptr_t)a, name, v)
	{
		const json_t *other = json_object_get(b, name);

		if (other == NULL || !value_equal(v, other))
			return false;
	}
	return true;
}

bool
value_equal(const json_t *a, const json_t *b)
{
	size_t i;

	if (json_is_number(a) && json_is_number(b))
		return value_numbers_equal(a, b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	if (json_is_object(a))
		return objects_equal(a, b);
	if (!json_is_array(a))
		return json_equal(a, b) != 0;
	if (json_array_size(a) != json_array_size(b))
		return false;
	for (i = 0; i < json_array_size(a); i++)
		if (!value_equal(json_array_get(a, i), json_array_get(b, i)))
			return false;
	return true;
}
