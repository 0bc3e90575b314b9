/* foreign: one character for another, by GB 2312's own two levels. */

#include "tests/bench/foreign.h"

#include <assert.h>
#include <iconv.h>
#include <string.h>

#include <sodium.h>

/* Rows of the code table, as its first byte shows them. */
enum {
	COMMON_FROM = 0xb0,
	COMMON_TO = 0xd7,
	RARE_FROM = 0xd8,
	RARE_TO = 0xf7,
	CELL_FROM = 0xa1,
	CELL_TO = 0xfe,
	LEVEL_MAX = 94 * 40,
};

/* All three bytes of UTF-8 encode no less. */
enum { THREE_BYTES_FROM = 0x800 };

struct level {
	size_t count;
	uint16_t at[LEVEL_MAX];
};

static void
read_level(iconv_t gb, int from, int to, struct level *out)
{
	int row, cell;

	out->count = 0;
	for (row = from; row <= to; row++)
		for (cell = CELL_FROM; cell <= CELL_TO; cell++) {
			char in[2] = {(char)row, (char)cell}, *next = in;
			unsigned char code[2];
			char *end = (char *)code;
			size_t left = sizeof in, room = sizeof code;

			/* A few cells are empty. */
			if (iconv(gb, &next, &left, &end, &room) ==
			        (size_t)-1 ||
			    room != 0)
				continue;
			out->at[out->count++] =
			    (uint16_t)(code[0] << 8 | code[1]);
		}
}

/* Sattolo's shuffle: one cycle through all, so that none stays. */
static void
map_level(struct foreign *f, const struct level *level, uint64_t seed, int part)
{
	uint8_t key[randombytes_SEEDBYTES] = {0};
	uint32_t draws[LEVEL_MAX];
	struct level to = *level;
	size_t i;

	memcpy(key, &seed, sizeof seed);
	key[sizeof seed] = (uint8_t)part;
	randombytes_buf_deterministic(draws, sizeof draws, key);
	for (i = to.count; i-- > 1;) {
		size_t j = draws[i] % i;
		uint16_t one = to.at[i];

		to.at[i] = to.at[j];
		to.at[j] = one;
	}
	for (i = 0; i < to.count; i++) {
		assert(to.at[i] >= THREE_BYTES_FROM);
		f->to[level->at[i]] = to.at[i];
	}
}

enum err
foreign_draw(struct foreign *f, uint64_t seed)
{
	struct level level;
	iconv_t gb = iconv_open("UTF-16BE", "GB2312");

	memset(f, 0, sizeof *f);
	if (gb == (iconv_t)-1)
		return ERR_NOT_FOUND;
	read_level(gb, COMMON_FROM, COMMON_TO, &level);
	map_level(f, &level, seed, 1);
	read_level(gb, RARE_FROM, RARE_TO, &level);
	map_level(f, &level, seed, 2);
	iconv_close(gb);
	return level.count > 0 ? ERR_OK : ERR_NOT_FOUND;
}

void
foreign_rewrite(const struct foreign *f, char *text)
{
	unsigned char *at = (unsigned char *)text;

	for (; *at != 0; at++) {
		unsigned code;

		if ((at[0] & 0xf0) != 0xe0 || (at[1] & 0xc0) != 0x80 ||
		    (at[2] & 0xc0) != 0x80)
			continue;
		code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 |
		       (at[2] & 0x3fu);
		if (f->to[code] == 0)
			continue;
		code = f->to[code];
		at[0] = (unsigned char)(0xe0 | code >> 12);
		at[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		at[2] = (unsigned char)(0x80 | (code & 0x3f));
		at += 2;
	}
}
