/* bytes: reading from and appending to byte strings. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/bytes.h"

void
reader_init(struct reader *r, const void *data, size_t size)
{
	r->at = data;
	r->end = size == 0 ? r->at : r->at + size;
	r->failed = false;
}

size_t
reader_left(const struct reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->at);
}

const uint8_t *
read_view(struct reader *r, size_t size)
{
	const uint8_t *view;

	if (r->failed || size > (size_t)(r->end - r->at)) {
		r->failed = true;
		return NULL;
	}
	view = r->at;
	if (size > 0)
		r->at += size;
	return view;
}

void
read_copy(struct reader *r, void *out, size_t size)
{
	const uint8_t *view = read_view(r, size);

	if (r->failed)
		memset(out, 0, size);
	else if (size > 0)
		memcpy(out, view, size);
}

uint8_t
read_u8(struct reader *r)
{
	uint8_t v;

	read_copy(r, &v, 1);
	return v;
}

uint16_t
read_u16(struct reader *r)
{
	uint8_t v[2];

	read_copy(r, v, sizeof v);
	return load_u16(v);
}

uint32_t
read_u32(struct reader *r)
{
	uint8_t v[4];

	read_copy(r, v, sizeof v);
	return load_u32(v);
}

uint64_t
read_u64(struct reader *r)
{
	uint8_t v[8];

	read_copy(r, v, sizeof v);
	return load_u64(v);
}

uint64_t
read_varint(struct reader *r)
{
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; shift < 70; shift += 7) {
		uint8_t b = read_u8(r);

		if (r->failed)
			return 0;
		if (shift == 63 && b > 1)
			break;
		if (b == 0 && shift > 0)
			break; /* not the shortest form */
		v |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return v;
	}
	r->failed = true;
	return 0;
}

int64_t
read_signed(struct reader *r)
{
	uint64_t v = read_varint(r);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

struct bytes
read_string(struct reader *r)
{
	struct bytes s = {NULL, 0};
	uint64_t size = read_varint(r);

	if (size > reader_left(r)) {
		r->failed = true;
		return s;
	}
	s.data = read_view(r, (size_t)size);
	s.size = r->failed ? 0 : (size_t)size;
	return s;
}

bool
read_text(struct reader *r, char *out, size_t max)
{
	struct bytes s = read_string(r);

	if (r->failed || s.size > max ||
	    (s.size > 0 && memchr(s.data, 0, s.size) != NULL)) {
		r->failed = true;
		return false;
	}
	if (s.size > 0)
		memcpy(out, s.data, s.size);
	out[s.size] = '\0';
	return true;
}

void
buffer_init(struct buffer *b)
{
	memset(b, 0, sizeof *b);
}

void
buffer_free(struct buffer *b)
{
	free(b->data);
	buffer_init(b);
}

void
buffer_wipe(struct buffer *b)
{
	if (b->data != NULL)
		sodium_memzero(b->data, b->capacity);
	buffer_free(b);
}

void
buffer_clear(struct buffer *b)
{
	b->size = 0;
	b->failed = false;
}

bool
buffer_reserve(struct buffer *b, size_t size)
{
	size_t wanted, capacity;
	uint8_t *data;

	if (b->failed || size > SIZE_MAX / 2 - b->size) {
		b->failed = true;
		return false;
	}
	wanted = b->size + size;
	if (wanted <= b->capacity)
		return true;
	capacity = b->capacity < 64 ? 64 : b->capacity;
	while (capacity < wanted)
		capacity *= 2;
	data = realloc(b->data, capacity);
	if (data == NULL) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->capacity = capacity;
	return true;
}

void
buffer_drop(struct buffer *b, size_t size)
{
	assert(size <= b->size);
	if (size == 0)
		return;
	memmove(b->data, b->data + size, b->size - size);
	b->size -= size;
}

void
put_bytes(struct buffer *b, const void *data, size_t size)
{
	if (size == 0 || !buffer_reserve(b, size))
		return;
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

void
put_u8(struct buffer *b, uint8_t v)
{
	put_bytes(b, &v, 1);
}

void
put_u16(struct buffer *b, uint16_t v)
{
	uint8_t out[2];

	store_u16(out, v);
	put_bytes(b, out, sizeof out);
}

void
put_u32(struct buffer *b, uint32_t v)
{
	uint8_t out[4];

	store_u32(out, v);
	put_bytes(b, out, sizeof out);
}

void
put_u64(struct buffer *b, uint64_t v)
{
	uint8_t out[8];

	store_u64(out, v);
	put_bytes(b, out, sizeof out);
}

void
put_varint(struct buffer *b, uint64_t v)
{
	uint8_t out[10];
	size_t n = 0;

	while (v >= 0x80) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	put_bytes(b, out, n);
}

void
put_signed(struct buffer *b, int64_t v)
{
	put_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

void
put_string(struct buffer *b, const void *data, size_t size)
{
	put_varint(b, size);
	put_bytes(b, data, size);
}

void
put_text(struct buffer *b, const char *text)
{
	put_string(b, text, strlen(text));
}

enum err
buffer_state(const struct buffer *b)
{
	return b->failed ? ERR_NOMEM : ERR_OK;
}

void
store_u16(uint8_t out[2], uint16_t v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
}

void
store_u32(uint8_t out[4], uint32_t v)
{
	store_u16(out, (uint16_t)(v >> 16));
	store_u16(out + 2, (uint16_t)v);
}

void
store_u64(uint8_t out[8], uint64_t v)
{
	store_u32(out, (uint32_t)(v >> 32));
	store_u32(out + 4, (uint32_t)v);
}

uint16_t
load_u16(const uint8_t in[2])
{
	return (uint16_t)((uint16_t)in[0] << 8 | in[1]);
}

uint32_t
load_u32(const uint8_t in[4])
{
	return (uint32_t)load_u16(in) << 16 | load_u16(in + 2);
}

uint64_t
load_u64(const uint8_t in[8])
{
	return (uint64_t)load_u32(in) << 32 | load_u32(in + 4);
}

void
hex_encode(char *out, const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < size; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * size] = '\0';
}

enum err
hex_decode(uint8_t *out, size_t size, const char *text)
{
	size_t got;
	const char *end;

	if (strlen(text) != 2 * size ||
	    sodium_hex2bin(out, size, text, 2 * size, NULL, &got, &end) != 0 ||
	    got != size || *end != '\0')
		return ERR_FORMAT;
	return ERR_OK;
}
