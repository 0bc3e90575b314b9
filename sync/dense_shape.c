/* dense_shape: can a body be taken apart and come back byte by byte?
 *
 * The grammar is that of docs/store.md, "Change body" and "Values", as far as
 * it must hold for that: one way to write each number, sound text, known
 * tags. What it means, and whether it is canonical, is the store's matter.
 */

#include "sync/dense_state.h"

enum {
	TAG_POSITIVE = 3,
	TAG_TEXT = 6,
	TAG_ARRAY = 7,
	TAG_OBJECT = 8,
	TAG_REFERENCE = 9,
	TAG_INSTANT = 0x0b,
	SHORT_FIRST = 0x40,
	SMALL_FIRST = 0x80,
	FLAG_FOUNDS = 8,
};

static bool
is_text(const struct bytes *text)
{
	size_t at = 0;
	uint32_t point;

	if (text->data == NULL)
		return false;
	while (at < text->size)
		if (!alphabet_next(text, &at, &point))
			return false;
	return true;
}

static bool
take_text(struct reader *r)
{
	struct bytes text = read_string(r);

	return !r->failed && is_text(&text);
}

static bool
take_long_text(struct reader *r)
{
	struct bytes text = read_string(r);

	return !r->failed && text.size > 63 && is_text(&text);
}

static bool
take_short_text(struct reader *r, size_t size)
{
	struct bytes text = {read_view(r, size), size};

	return !r->failed && is_text(&text);
}

static bool take_value(struct reader *r, unsigned depth);

static bool
take_object(struct reader *r, unsigned depth)
{
	uint64_t count = read_varint(r);

	if (r->failed || count > DENSE_ENTRIES_MAX)
		return false;
	while (count-- > 0) {
		uint64_t number = read_varint(r);

		if (r->failed || number > UINT32_MAX ||
		    (number == 0 && !take_text(r)) || !take_value(r, depth + 1))
			return false;
	}
	return true;
}

static bool
take_array(struct reader *r, unsigned depth)
{
	uint64_t count = read_varint(r);

	if (r->failed || count > reader_left(r))
		return false;
	while (count-- > 0)
		if (!take_value(r, depth + 1))
			return false;
	return true;
}

static bool
take_value(struct reader *r, unsigned depth)
{
	uint8_t tag = read_u8(r);

	if (r->failed || depth > DENSE_DEPTH_MAX)
		return false;
	if (tag >= SMALL_FIRST)
		return true;
	if (tag >= SHORT_FIRST)
		return take_short_text(r, (size_t)tag - SHORT_FIRST);
	switch (tag) {
	case 0:
	case 1:
	case 2:
		return true;
	case TAG_POSITIVE:
		return read_varint(r) > 127 && !r->failed;
	case 4:
		(void)read_varint(r);
		return !r->failed;
	case 5:
		(void)read_signed(r);
		(void)read_signed(r);
		return !r->failed;
	case TAG_TEXT:
		return take_long_text(r);
	case TAG_ARRAY:
		return take_array(r, depth);
	case TAG_OBJECT:
		return take_object(r, depth);
	case TAG_REFERENCE:
		return take_text(r);
	case 0x0a:
	case TAG_INSTANT:
		(void)read_signed(r);
		return !r->failed;
	default:
		return false;
	}
}

static bool
take_parents(struct reader *r)
{
	uint64_t count = read_varint(r);

	if (r->failed || count > DENSE_PARENTS_MAX)
		return false;
	while (count-- > 0) {
		uint8_t where = read_u8(r);

		if (where > 1)
			return false;
		if (where == 1)
			(void)read_view(r, DENSE_LINK_BYTES);
		(void)read_u8(r);
		(void)read_varint(r);
	}
	return !r->failed;
}

bool
dense_is_regular(const void *body, size_t size)
{
	struct reader r;
	uint64_t kind;
	uint8_t flags;

	reader_init(&r, body, size);
	if (read_u8(&r) != 1)
		return false;
	flags = read_u8(&r);
	kind = read_varint(&r);
	if (r.failed || kind == 0 || kind > UINT16_MAX || !take_text(&r) ||
	    ((flags & FLAG_FOUNDS) == 0 && !take_text(&r)) ||
	    !take_parents(&r) || !take_text(&r) || !take_text(&r))
		return false;
	(void)read_signed(&r);
	(void)read_signed(&r);
	return !r.failed && take_object(&r, 0) && reader_left(&r) == 0;
}
