/* dense: whatever body is made of the input comes back byte by byte, and so
 * do the facts beside it; arbitrary bytes taken for coded ones end within
 * bounds. The first byte chooses.
 */

#include <string.h>

#include <sodium.h>

#include "sync/dense.h"
#include "sync/limits.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"

enum { BODIES_MAX = 6, TAKES_MAX = 64, TAKE_BYTES_MAX = 4096 };

static struct alphabet alphabet;
/* Knows nothing; what an input uses is a copy. */
static struct dense *blank;

static void
leave(void)
{
	dense_free(blank);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char listed[] = " ,.0123456789abcdef，。咳嗽发热";
	struct bytes view = {(const uint8_t *)listed, sizeof listed - 1};

	(void)argc;
	(void)argv;
	if (sodium_init() < 0 || alphabet_fill(&alphabet, &view) != ERR_OK ||
	    dense_new(&blank, &alphabet) != ERR_OK)
		return 1;
	return atexit(leave);
}

static struct dense *
copy(void)
{
	struct dense *d;

	expect(dense_copy(&d, blank) == ERR_OK);
	return d;
}

/* --- a body that has the shape of one ---------------------------------- */

/* A string of the input's next bytes, its length from one of them. */
static void
put_piece(struct buffer *out, struct reader *r, unsigned limit)
{
	size_t size = read_u8(r) % limit;
	const uint8_t *at;

	if (size > reader_left(r))
		size = reader_left(r);
	at = read_view(r, size);
	put_string(out, size > 0 ? (const void *)at : "", size);
}

static void
put_value(struct buffer *out, struct reader *r, unsigned depth)
{
	uint8_t tag = read_u8(r);
	unsigned i;

	put_u8(out, tag);
	if (tag >= 0x80 || tag <= 2)
		return;
	if (tag >= 0x40) {
		for (i = 0x40; i < tag; i++)
			put_u8(out, read_u8(r));
	} else if (tag == 3 || tag == 4 || tag == 0x0a || tag == 0x0b) {
		put_varint(out, read_u64(r) >> read_u8(r) % 64);
	} else if (tag == 5) {
		put_signed(out, (int64_t)read_u64(r));
		put_signed(out, (int8_t)read_u8(r));
	} else if (tag == 6 || tag == 9) {
		put_piece(out, r, 100);
	} else if (tag == 7 || tag == 8) {
		unsigned count = depth > 17 ? 0 : read_u8(r) % 5;

		put_varint(out, count);
		for (i = 0; i < count; i++) {
			if (tag == 8) {
				uint8_t number = read_u8(r);

				put_varint(out, number);
				if (number == 0)
					put_piece(out, r, 20);
			}
			put_value(out, r, depth + 1);
		}
	}
}

static void
put_parents(struct buffer *out, struct reader *r)
{
	unsigned count = read_u8(r) % 4, i;

	put_varint(out, count);
	for (; count > 0; count--) {
		uint8_t where = read_u8(r) % 2;

		put_u8(out, where);
		for (i = 0; where == 1 && i < LIFE_BYTES + 4; i++)
			put_u8(out, read_u8(r));
		put_u8(out, read_u8(r));
		put_varint(out, read_u32(r));
	}
}

static void
put_body(struct buffer *out, struct reader *r)
{
	uint8_t flags = read_u8(r);
	unsigned count, i;

	put_u8(out, 1);
	put_u8(out, flags);
	put_varint(out, read_u16(r) % 70);
	put_piece(out, r, 8);
	if ((flags & 8) == 0)
		put_piece(out, r, 40);
	put_parents(out, r);
	put_piece(out, r, 20);
	put_piece(out, r, 20);
	put_signed(out, (int64_t)read_u64(r));
	put_signed(out, (int32_t)read_u32(r));
	count = read_u8(r) % 12;
	put_varint(out, count);
	for (i = 0; i < count; i++) {
		uint8_t number = read_u8(r);

		put_varint(out, number);
		if (number == 0)
			put_piece(out, r, 20);
		put_value(out, r, 0);
	}
}

/* --- there and back ---------------------------------------------------- */

static void
check_same(const struct buffer *bodies, size_t count)
{
	struct dense *from = copy(), *to = copy();
	struct buffer packed = {0}, back = {0};
	size_t i;

	dense_begin(from, &packed);
	for (i = 0; i < count; i++) {
		dense_put_number(from, (unsigned)i, bodies[i].size);
		expect(
		    dense_put(from, bodies[i].data, bodies[i].size) == ERR_OK);
		dense_put_bytes(from, &i, 1);
	}
	expect(dense_end(from) == ERR_OK);
	dense_open(to, packed.data, packed.size);
	for (i = 0; i < count; i++) {
		uint8_t mark;

		buffer_clear(&back);
		expect(dense_take_number(to, (unsigned)i) == bodies[i].size);
		expect(dense_take(to, bodies[i].size, &back) == ERR_OK);
		expect(back.size == bodies[i].size);
		expect(back.size == 0 ||
		       memcmp(back.data, bodies[i].data, back.size) == 0);
		dense_take_bytes(to, &mark, 1);
		expect(mark == (uint8_t)i);
	}
	expect(dense_close(to) == ERR_OK);
	buffer_free(&packed);
	buffer_free(&back);
	dense_free(from);
	dense_free(to);
}

static void
check_shaped(const uint8_t *data, size_t size)
{
	struct buffer bodies[BODIES_MAX] = {{0}};
	struct reader r;
	size_t count = 0, i;

	reader_init(&r, data, size);
	while (count < BODIES_MAX && reader_left(&r) > 0) {
		put_body(&bodies[count], &r);
		expect(buffer_state(&bodies[count]) == ERR_OK);
		count++;
	}
	check_same(bodies, count);
	for (i = 0; i < count; i++)
		buffer_free(&bodies[i]);
}

/* The input itself as a body. */
static void
check_plain(const uint8_t *data, size_t size)
{
	struct buffer body = {0};

	if (size > CHANGE_BYTES_MAX)
		return;
	put_bytes(&body, data, size);
	check_same(&body, 1);
	buffer_free(&body);
}

/* The input as what a peer sent. */
static void
check_taken(const uint8_t *data, size_t size)
{
	struct dense *d = copy();
	struct buffer out = {0};
	enum err e = ERR_OK;
	unsigned i;

	dense_open(d, data, size);
	for (i = 0; e == ERR_OK && i < TAKES_MAX; i++) {
		size_t begin = out.size;

		e = dense_take(d, TAKE_BYTES_MAX, &out);
		expect(e == ERR_OK || e == ERR_FORMAT);
		expect(e != ERR_OK || out.size - begin <= TAKE_BYTES_MAX);
	}
	if (e == ERR_OK)
		(void)dense_close(d);
	buffer_free(&out);
	dense_free(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	switch (data[0] % 4) {
	case 0:
		check_taken(data + 1, size - 1);
		break;
	case 1:
		check_plain(data + 1, size - 1);
		break;
	default:
		check_shaped(data + 1, size - 1);
	}
	return 0;
}
