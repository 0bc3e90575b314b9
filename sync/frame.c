/* frame: length-prefixed frames, in clear and sealed.
 *
 * The reader keeps what was fed in one buffer. A frame handed out stays where
 * it is until the next call, which drops it first, so nothing is copied twice
 * and the buffer never holds more than FRAME_INPUT_MAX.
 */

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "sync/frame.h"

enum { HEADER_BYTES = 2 };

static_assert(HEADER_BYTES + NOISE_TAG_BYTES == FRAME_OVERHEAD,
    "limits.h knows the cost of a frame");
static_assert(FRAME_PAYLOAD_MAX + NOISE_TAG_BYTES <= UINT16_MAX,
    "the length fits its header");
static_assert(HANDSHAKE_MESSAGE_MAX <= FRAME_PAYLOAD_MAX,
    "FRAME_INPUT_MAX holds a handshake message");

void
frame_reader_init(struct frame_reader *r)
{
	memset(r, 0, sizeof *r);
	buffer_init(&r->input);
	buffer_init(&r->plain);
}

void
frame_reader_wipe(struct frame_reader *r)
{
	buffer_wipe(&r->input);
	buffer_wipe(&r->plain);
	noise_cipher_wipe(&r->cipher);
	frame_reader_init(r);
}

void
frame_reader_set_cipher(struct frame_reader *r, const struct noise_cipher *c)
{
	r->cipher = *c;
	r->sealed = true;
}

/* Give back the room of the frame handed out last. */
static void
drop_taken(struct frame_reader *r)
{
	buffer_drop(&r->input, r->taken);
	r->taken = 0;
}

enum err
frame_reader_feed(struct frame_reader *r, const void *in, size_t size)
{
	if (r->fault != ERR_OK)
		return r->fault;
	drop_taken(r);
	if (size > FRAME_INPUT_MAX - r->input.size)
		return ERR_LIMIT;
	put_bytes(&r->input, in, size);
	r->fault = buffer_state(&r->input);
	return r->fault;
}

/* Is this a length that a frame may have now? */
static enum err
check_length(const struct frame_reader *r, size_t size)
{
	size_t min = r->sealed ? NOISE_TAG_BYTES : 1;
	size_t max = r->sealed ? FRAME_PAYLOAD_MAX + NOISE_TAG_BYTES
	                       : HANDSHAKE_MESSAGE_MAX;

	if (size < min)
		return ERR_FORMAT;
	if (size > max)
		return ERR_LIMIT;
	return ERR_OK;
}

static enum err
take_frame(struct frame_reader *r, struct bytes *payload)
{
	const uint8_t *body;
	size_t size;
	enum err e;

	if (r->input.size < HEADER_BYTES)
		return ERR_MORE;
	size = load_u16(r->input.data);
	/* Judged before the body comes: a wrong length never fills memory. */
	e = check_length(r, size);
	if (e != ERR_OK)
		return e;
	if (r->input.size - HEADER_BYTES < size)
		return ERR_MORE;

	body = r->input.data + HEADER_BYTES;
	if (r->sealed) {
		buffer_clear(&r->plain);
		e = noise_open(&r->cipher, body, size, &r->plain);
		if (e != ERR_OK)
			return e;
		*payload = (struct bytes){r->plain.data, r->plain.size};
	} else {
		*payload = (struct bytes){body, size};
	}
	r->taken = HEADER_BYTES + size;
	return ERR_OK;
}

enum err
frame_reader_next(struct frame_reader *r, struct bytes *payload)
{
	enum err e;

	if (r->fault != ERR_OK)
		return r->fault;
	drop_taken(r);
	e = take_frame(r, payload);
	if (e != ERR_OK && e != ERR_MORE)
		r->fault = e;
	return e;
}

enum err
frame_reader_clear(const struct frame_reader *r, uint8_t out[2])
{
	size_t left = r->input.size - r->taken;
	const uint8_t *frame;

	if (r->fault != ERR_OK || !r->sealed || left < HEADER_BYTES)
		return ERR_NOT_FOUND;
	frame = r->input.data + r->taken;
	if (load_u16(frame) != 2)
		return ERR_NOT_FOUND;
	if (left < HEADER_BYTES + 2)
		return ERR_MORE;
	memcpy(out, frame + HEADER_BYTES, 2);
	return ERR_OK;
}

enum err
frame_write_clear(struct buffer *out, const void *message, size_t size)
{
	if (size == 0)
		return ERR_FORMAT;
	if (size > HANDSHAKE_MESSAGE_MAX)
		return ERR_LIMIT;
	if (!buffer_reserve(out, HEADER_BYTES + size))
		return ERR_NOMEM;
	put_u16(out, (uint16_t)size);
	put_bytes(out, message, size);
	return ERR_OK;
}

enum err
frame_write_sealed(struct buffer *out, struct noise_cipher *c,
    const void *payload, size_t size)
{
	size_t start = out->size;
	enum err e;

	if (size > FRAME_PAYLOAD_MAX)
		return ERR_LIMIT;
	if (!buffer_reserve(out, FRAME_OVERHEAD + size))
		return ERR_NOMEM;
	put_u16(out, (uint16_t)(size + NOISE_TAG_BYTES));
	e = noise_seal(c, payload, size, out);
	if (e != ERR_OK)
		out->size = start;
	return e;
}
