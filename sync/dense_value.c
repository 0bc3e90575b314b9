/* dense_value: the values of a body, each told what stands around it. */

#include <string.h>

#include "sync/dense_state.h"

/* Salts of what is coded at a value's path. */
enum {
	SALT_TAG = 50,
	SALT_INTEGER,
	SALT_NEGATIVE,
	SALT_EXPONENT,
	SALT_MANTISSA,
	SALT_DAY,
	SALT_INSTANT,
	SALT_COUNT,
};

enum { PATH_NAME = 0x20000, PATH_ELEMENT, DAY_SECONDS = 86400 };

/* What a value is; the first three are their own tags in a body. */
enum sort {
	SORT_NULL,
	SORT_FALSE,
	SORT_TRUE,
	SORT_INTEGER,
	SORT_NEGATIVE,
	SORT_DECIMAL,
	SORT_TEXT,
	SORT_ARRAY,
	SORT_OBJECT,
	SORT_REFERENCE,
	SORT_DAY,
	SORT_INSTANT,
	SORTS,
};

/* Symbols that say which field comes next. */
enum { FIELD_END = 0, FIELD_LARGE = 254, FIELD_NAMED = 255 };

/* --- symbols and numbers ----------------------------------------------- */

unsigned
dense_symbol(struct dense *d, enum model_kind kind, uint32_t path,
    uint32_t salt, unsigned bits, unsigned symbol)
{
	uint32_t here = dense_hash(path, salt);
	uint32_t with_author = dense_hash(here, d->author);
	const uint32_t context[MODEL_CONTEXTS] = {
	    here,
	    dense_hash(here, d->last),
	    with_author,
	    dense_hash(here, d->key),
	    dense_hash(here, d->before[path % DENSE_BEFORE]),
	    dense_hash(with_author, d->last),
	    dense_hash(here, d->record),
	    dense_hash(with_author, d->key),
	};

	return model_code(d->model, kind, context, bits, symbol);
}

/* First how many bits it has, then those below the highest, the first up to
 * eight of them so that whole bytes are left. */
uint64_t
dense_number(struct dense *d, uint32_t path, uint32_t salt, uint64_t value)
{
	unsigned size = 0, left, bits;
	uint32_t above = salt;
	uint64_t got = 1;

	while (size < 64 && value >> size != 0)
		size++;
	size = dense_symbol(d, MODEL_SIZE, path, salt, 7, size);
	if (size == 0)
		return 0;
	above = dense_hash(above, size);
	for (left = (size > 64 ? 64 : size) - 1; left > 0; left -= bits) {
		unsigned part;

		bits = left > 8 ? (left % 8 == 0 ? 8 : left % 8) : left;
		part = (unsigned)(value >> (left - bits)) & ((1u << bits) - 1);
		part = dense_symbol(
		    d, MODEL_DIGITS, path, above + left, bits, part);
		got = got << bits | part;
		above = dense_hash(above, part);
	}
	return got;
}

int64_t
dense_signed(struct dense *d, uint32_t path, uint32_t salt, int64_t value)
{
	uint64_t code = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);

	code = dense_number(d, path, salt, code);
	return (int64_t)(code >> 1 ^ (0 - (code & 1)));
}

/* The value just coded is what the next ones come after. */
static void
note(struct dense *d, uint32_t path, uint32_t hash)
{
	d->before[path % DENSE_BEFORE] = hash;
	d->last2 = d->last;
	d->last = hash;
}

static void
note_number(struct dense *d, uint32_t path, uint64_t value)
{
	note(d, path, dense_hash((uint32_t)value, (uint32_t)(value >> 32)));
}

/* --- objects ----------------------------------------------------------- */

/* When coding, the sort of what comes next in the body and what was read of
 * it; when decoding, filled and written. */
struct value {
	unsigned sort;
	uint64_t number; /* integer, count */
	int64_t whole;   /* mantissa, day, instant */
	int64_t exponent;
	struct bytes text;
};

static bool code_value(struct dense *d, uint32_t path, unsigned depth);

static bool
has_room(const struct dense *d)
{
	return !dense_is_decoding(d) ||
	       (!d->to->failed && d->to->size - d->begin <= d->max);
}

/* Decoding: the count goes before entries whose number is known only when
 * all are read; make room for it. */
static void
insert_varint(struct buffer *out, size_t at, uint64_t value)
{
	struct buffer count = {0};
	size_t size = out->size - at;

	put_varint(&count, value);
	put_bytes(out, count.data, count.size);
	if (!out->failed && !count.failed) {
		memmove(out->data + at + count.size, out->data + at, size);
		memcpy(out->data + at, count.data, count.size);
	}
	out->failed |= count.failed;
	buffer_free(&count);
}

static bool
code_name(struct dense *d, uint32_t path, uint32_t *hash)
{
	struct bytes name = {0};
	struct buffer room = {0};
	bool is_good;

	if (!dense_is_decoding(d))
		name = read_string(&d->in);
	is_good = dense_string(
	    d, dense_hash(path, PATH_NAME), MODEL_TEXT, &name, &room);
	*hash = d->last;
	if (is_good && dense_is_decoding(d))
		put_string(d->to, room.data, room.size);
	buffer_wipe(&room);
	return is_good;
}

/* Which field comes next: its number or, named, its name's hash. False: no
 * more, or a fault. */
static bool
code_field(struct dense *d, uint32_t path, uint32_t before, bool is_more,
    uint32_t *field)
{
	uint64_t number = 0;
	unsigned symbol = FIELD_END;

	if (!dense_is_decoding(d) && is_more) {
		number = read_varint(&d->in);
		symbol = number == 0            ? (unsigned)FIELD_NAMED
		         : number < FIELD_LARGE ? (unsigned)number
		                                : (unsigned)FIELD_LARGE;
	}
	symbol = dense_symbol(d, MODEL_FIELD, path, before, 8, symbol);
	if (symbol == FIELD_END)
		return false;
	if (symbol == FIELD_LARGE)
		number = dense_number(d, path, FIELD_LARGE, number);
	else
		number = symbol == FIELD_NAMED ? 0 : symbol;
	if (dense_is_decoding(d))
		put_varint(d->to, number);
	*field = (uint32_t)number;
	if (symbol == FIELD_NAMED && !code_name(d, path, field)) {
		d->fault = d->fault == ERR_OK ? ERR_FORMAT : d->fault;
		return false;
	}
	return true;
}

static bool
code_object(struct dense *d, uint32_t path, unsigned depth)
{
	size_t at = dense_is_decoding(d) ? d->to->size : 0;
	uint64_t count = dense_is_decoding(d) ? 0 : read_varint(&d->in), n = 0;
	uint32_t outer = d->key, before = 0, field;

	if (depth > 0)
		d->key = 0;
	while (code_field(d, path, before, n < count, &field)) {
		if (n == DENSE_ENTRIES_MAX || !has_room(d) ||
		    !code_value(d, dense_hash(path, field), depth + 1))
			return false;
		if (depth > 0 && n == 0)
			d->key = d->last;
		if (depth == 0)
			d->record = dense_hash(d->record, field);
		before = field;
		n++;
	}
	if (d->fault != ERR_OK)
		return false;
	if (depth > 0) {
		/* A row is known by its first value. */
		d->last = d->key;
		d->key = outer;
	}
	if (dense_is_decoding(d))
		insert_varint(d->to, at, n);
	return true;
}

/* --- values ------------------------------------------------------------ */

static unsigned
sort_of(uint8_t tag)
{
	static const uint8_t sorts[] = {SORT_NULL, SORT_FALSE, SORT_TRUE,
	    SORT_INTEGER, SORT_NEGATIVE, SORT_DECIMAL, SORT_TEXT, SORT_ARRAY,
	    SORT_OBJECT, SORT_REFERENCE, SORT_DAY, SORT_INSTANT};

	if (tag >= 0x80)
		return SORT_INTEGER;
	return tag >= 0x40 ? (unsigned)SORT_TEXT : sorts[tag];
}

/* All of a body's value but what is inside an array or object. */
static void
read_value(struct reader *r, struct value *v)
{
	uint8_t tag = read_u8(r);

	memset(v, 0, sizeof *v);
	v->sort = sort_of(tag);
	switch (v->sort) {
	case SORT_INTEGER:
		v->number = tag >= 0x80 ? tag - 0x80u : read_varint(r);
		break;
	case SORT_NEGATIVE:
	case SORT_ARRAY:
		v->number = read_varint(r);
		break;
	case SORT_DECIMAL:
		v->whole = read_signed(r);
		v->exponent = read_signed(r);
		break;
	case SORT_TEXT:
		if (tag >= 0x40) {
			v->text.size = tag - 0x40u;
			v->text.data = read_view(r, v->text.size);
			break;
		}
		v->text = read_string(r);
		break;
	case SORT_REFERENCE:
		v->text = read_string(r);
		break;
	case SORT_DAY:
	case SORT_INSTANT:
		v->whole = read_signed(r);
		break;
	default:
		break;
	}
}

static void
write_value(struct buffer *out, const struct value *v)
{
	static const uint8_t tags[SORTS] = {
	    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b};
	bool is_small = v->sort == SORT_INTEGER && v->number < 128;
	bool is_short = v->sort == SORT_TEXT && v->text.size < 64;

	put_u8(out, (uint8_t)(is_small   ? 0x80 + v->number
	                      : is_short ? 0x40 + v->text.size
	                                 : tags[v->sort]));
	switch (v->sort) {
	case SORT_INTEGER:
		if (!is_small)
			put_varint(out, v->number);
		break;
	case SORT_NEGATIVE:
	case SORT_ARRAY:
		put_varint(out, v->number);
		break;
	case SORT_DECIMAL:
		put_signed(out, v->whole);
		put_signed(out, v->exponent);
		break;
	case SORT_TEXT:
		if (is_short)
			put_bytes(out, v->text.data, v->text.size);
		else
			put_string(out, v->text.data, v->text.size);
		break;
	case SORT_REFERENCE:
		put_string(out, v->text.data, v->text.size);
		break;
	case SORT_DAY:
	case SORT_INSTANT:
		put_signed(out, v->whole);
		break;
	default:
		break;
	}
}

/* A time as how far it lies from when the change happened. */
static void
code_time(struct dense *d, uint32_t path, struct value *v)
{
	bool is_day = v->sort == SORT_DAY;
	int64_t unit = is_day ? DAY_SECONDS : 1;
	uint64_t from = (uint64_t)(d->occurred_at / unit);
	int64_t far = (int64_t)((uint64_t)v->whole - from);

	far = dense_signed(d, path, is_day ? SALT_DAY : SALT_INSTANT, far);
	v->whole = (int64_t)((uint64_t)far + from);
	note_number(d, path, (uint64_t)(is_day ? v->whole : far));
}

static void
code_decimal(struct dense *d, uint32_t path, struct value *v)
{
	v->exponent = dense_signed(d, path, SALT_EXPONENT, v->exponent);
	v->whole = dense_signed(
	    d, path, SALT_MANTISSA + ((uint32_t)v->exponent << 8), v->whole);
	note_number(d, path, (uint64_t)v->whole);
}

static void
code_integer(struct dense *d, uint32_t path, uint32_t salt, struct value *v)
{
	v->number = dense_number(d, path, salt, v->number);
	note_number(d, path, v->number);
}

static bool
code_string_value(
    struct dense *d, uint32_t path, unsigned depth, struct value *v)
{
	bool is_reference = v->sort == SORT_REFERENCE;
	struct buffer room = {0};
	bool is_good = dense_string(
	    d, path, is_reference ? MODEL_ID : MODEL_TEXT, &v->text, &room);

	v->text.data = room.data;
	v->text.size = room.size;
	if (is_reference && depth == 1 && d->subject == 0)
		d->subject = d->last;
	if (is_good && dense_is_decoding(d))
		write_value(d->to, v);
	buffer_wipe(&room);
	return is_good;
}

static bool
code_elements(struct dense *d, uint32_t path, unsigned depth, uint64_t count)
{
	uint64_t i;

	for (i = 0; i < count; i++) {
		if (!has_room(d) ||
		    !code_value(d, dense_hash(path, PATH_ELEMENT), depth + 1))
			return false;
	}
	return true;
}

static bool
code_value(struct dense *d, uint32_t path, unsigned depth)
{
	struct value v = {0};

	if (depth > DENSE_DEPTH_MAX)
		return false;
	if (!dense_is_decoding(d))
		read_value(&d->in, &v);
	v.sort = dense_symbol(d, MODEL_TAG, path, SALT_TAG, 4, v.sort);
	switch (v.sort) {
	case SORT_NULL:
	case SORT_FALSE:
	case SORT_TRUE:
		note_number(d, path, v.sort);
		break;
	case SORT_INTEGER:
		code_integer(d, path, SALT_INTEGER, &v);
		break;
	case SORT_NEGATIVE:
		code_integer(d, path, SALT_NEGATIVE, &v);
		break;
	case SORT_DECIMAL:
		code_decimal(d, path, &v);
		break;
	case SORT_DAY:
	case SORT_INSTANT:
		code_time(d, path, &v);
		break;
	case SORT_TEXT:
	case SORT_REFERENCE:
		return code_string_value(d, path, depth, &v);
	case SORT_ARRAY:
		v.number = dense_number(d, path, SALT_COUNT, v.number);
		break;
	case SORT_OBJECT:
		break;
	default:
		return false;
	}
	if (dense_is_decoding(d))
		write_value(d->to, &v);
	if (v.sort == SORT_ARRAY)
		return code_elements(d, path, depth, v.number);
	return v.sort != SORT_OBJECT || code_object(d, path, depth);
}

bool
dense_fields(struct dense *d, uint32_t path)
{
	return code_object(d, path, 0);
}
