/* frame: however a stream is cut, the same frames and the same fault. */

#include <stdlib.h>
#include <string.h>

#include "sync/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct noise_cipher
cipher(void)
{
	struct noise_cipher c;

	memset(&c, 0, sizeof c);
	memset(c.key, 0x5a, sizeof c.key);
	return c;
}

/* Feed in pieces of step bytes; collect payloads, each with its length. */
static enum err
read_all(struct buffer *payloads, const uint8_t *data, size_t size, size_t step,
    bool sealed)
{
	struct noise_cipher c = cipher();
	struct frame_reader r;
	struct bytes payload;
	enum err e = ERR_MORE;

	frame_reader_init(&r);
	if (sealed)
		frame_reader_set_cipher(&r, &c);
	while (size > 0 && e == ERR_MORE) {
		size_t piece = size < step ? size : step;

		e = frame_reader_feed(&r, data, piece);
		if (e != ERR_OK)
			abort();
		data += piece;
		size -= piece;
		while ((e = frame_reader_next(&r, &payload)) == ERR_OK)
			put_string(payloads, payload.data, payload.size);
	}
	if (e != ERR_MORE && frame_reader_next(&r, &payload) != e)
		abort();
	frame_reader_wipe(&r);
	return e;
}

static void
expect_same(const struct buffer *a, const struct buffer *b)
{
	if (a->size != b->size ||
	    (a->size > 0 && memcmp(a->data, b->data, a->size) != 0))
		abort();
}

/* The stream whole, cut into pieces, and byte by byte. */
static void
check_cuts(const uint8_t *data, size_t size, size_t step, bool sealed)
{
	struct buffer whole, cut;
	enum err e;

	if (size > FRAME_INPUT_MAX)
		return;
	buffer_init(&whole);
	buffer_init(&cut);
	e = read_all(&whole, data, size, FRAME_INPUT_MAX, sealed);
	if (read_all(&cut, data, size, step, sealed) != e)
		abort();
	expect_same(&whole, &cut);
	buffer_clear(&cut);
	if (read_all(&cut, data, size, 1, sealed) != e)
		abort();
	expect_same(&whole, &cut);
	buffer_free(&whole);
	buffer_free(&cut);
}

/* Seal the input in pieces; it must come back, until a byte is altered. */
static void
check_sealed(const uint8_t *data, size_t size, size_t step)
{
	struct noise_cipher c = cipher();
	struct buffer stream, sent, got;
	size_t flip = step * 31, done;

	buffer_init(&stream);
	buffer_init(&sent);
	buffer_init(&got);
	for (done = 0; done < size; done += step) {
		size_t piece = size - done < step ? size - done : step;

		put_string(&sent, data + done, piece);
		if (frame_write_sealed(&stream, &c, data + done, piece) !=
		    ERR_OK)
			abort();
	}
	if (read_all(&got, stream.data, stream.size, step, true) != ERR_MORE)
		abort();
	expect_same(&sent, &got);
	if (stream.size > 0) {
		stream.data[flip % stream.size] ^= 1;
		check_cuts(stream.data, stream.size, step, true);
	}
	buffer_free(&stream);
	buffer_free(&sent);
	buffer_free(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step;

	if (size < 1)
		return 0;
	step = 1 + (size_t)data[0];
	check_cuts(data + 1, size - 1, step, false);
	check_cuts(data + 1, size - 1, step, true);
	check_sealed(data + 1, size - 1, step);
	return 0;
}
