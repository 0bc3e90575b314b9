/* alphabet: characters as one or two bytes. */

#include <assert.h>
#include <string.h>

#include "sync/alphabet.h"

enum { IDEOGRAPH_FIRST = 0x4e00, IDEOGRAPH_LAST = 0x9fff };

/* All ideographs and all that may be listed besides have a rank. */
static_assert(ALPHABET_LISTED_MAX + IDEOGRAPH_LAST - IDEOGRAPH_FIRST + 2 <=
                  ALPHABET_RANKS,
    "an alphabet holds every ideograph");

bool
alphabet_is_sound(uint32_t point)
{
	return point != 0 && point < 0x110000 &&
	       (point < 0xd800 || point > 0xdfff);
}

static bool
next_tail(const struct bytes *text, size_t *at, uint32_t *point)
{
	uint8_t byte;

	if (*at >= text->size)
		return false;
	byte = text->data[(*at)++];
	*point = *point << 6 | (byte & 0x3f);
	return (byte & 0xc0) == 0x80;
}

bool
alphabet_next(const struct bytes *text, size_t *at, uint32_t *point)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned tails, i;
	uint8_t byte;

	if (*at >= text->size)
		return false;
	byte = text->data[(*at)++];
	*point = byte;
	if (byte < 0x80)
		return byte != 0;
	if (byte < 0xc0 || byte >= 0xf8)
		return false;
	tails = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	*point = byte & (0x3fu >> tails);
	for (i = 0; i < tails; i++)
		if (!next_tail(text, at, point))
			return false;
	return *point >= least[tails] && alphabet_is_sound(*point);
}

void
alphabet_put(struct buffer *out, uint32_t point)
{
	uint8_t bytes[4];
	size_t size = point < 0x80      ? 1
	              : point < 0x800   ? 2
	              : point < 0x10000 ? 3
	                                : 4;
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t i;

	for (i = size; i-- > 1; point >>= 6)
		bytes[i] = (uint8_t)(0x80 | (point & 0x3f));
	bytes[0] = (uint8_t)(lead[size] | point);
	put_bytes(out, bytes, size);
}

static void
add(struct alphabet *a, uint32_t point)
{
	a->rank[point] = (uint16_t)a->count;
	a->point[a->count++] = (uint16_t)point;
}

enum err
alphabet_fill(struct alphabet *a, const struct bytes *listed)
{
	size_t at = 0;
	uint32_t point;

	memset(a, 0, sizeof *a);
	a->count = 1;
	while (at < listed->size) {
		if (!alphabet_next(listed, &at, &point) || point > 0xffff ||
		    a->rank[point] != 0 || a->count > ALPHABET_LISTED_MAX)
			return ERR_FORMAT;
		add(a, point);
	}
	for (point = IDEOGRAPH_FIRST; point <= IDEOGRAPH_LAST; point++)
		if (a->rank[point] == 0)
			add(a, point);
	return ERR_OK;
}
