/* bytes: reading from and appending to byte strings.
 *
 * Both sides are sticky: after the first fault every later call does nothing
 * and the fault shows once, at the end, in `failed`. Integers are big endian;
 * varints are LEB128, at most 10 bytes, shortest form only.
 */

#ifndef YIZHAN_BASE_BYTES_H
#define YIZHAN_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A view of bytes somebody else owns. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

/* Takes a byte string apart, front to back. Never reads past `end`. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed; /* asked for more than there was, or bad varint */
};

/* A growing byte string. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	bool failed; /* out of memory; size stays as it was */
};

void reader_init(struct reader *r, const void *data, size_t size);
size_t reader_left(const struct reader *r);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
uint64_t read_varint(struct reader *r);
/** Zigzag-coded signed varint. */
int64_t read_signed(struct reader *r);
/** Copy size bytes to out; zeroes out on failure. */
void read_copy(struct reader *r, void *out, size_t size);
/** The next size bytes as a view into the input; NULL on failure. */
const uint8_t *read_view(struct reader *r, size_t size);
/** A varint length and that many bytes; data is NULL on failure. */
struct bytes read_string(struct reader *r);
/** The same as text of at most max bytes, with a final NUL: out holds max + 1.
 * False, and the reader failed: too long, or a NUL inside; out is untouched. */
bool read_text(struct reader *r, char *out, size_t max);

/** An empty buffer; nothing is allocated yet. */
void buffer_init(struct buffer *b);
/** Free; the buffer may be used again. */
void buffer_free(struct buffer *b);
/** Overwrite what it held, then free. */
void buffer_wipe(struct buffer *b);
/** Forget the content, keep the memory. Clears `failed`. */
void buffer_clear(struct buffer *b);
/** Make room for size more bytes; false when there is no memory. */
bool buffer_reserve(struct buffer *b, size_t size);
/** Drop the first size bytes (size <= b->size). */
void buffer_drop(struct buffer *b, size_t size);
void put_u8(struct buffer *b, uint8_t v);
void put_u16(struct buffer *b, uint16_t v);
void put_u32(struct buffer *b, uint32_t v);
void put_u64(struct buffer *b, uint64_t v);
void put_varint(struct buffer *b, uint64_t v);
void put_signed(struct buffer *b, int64_t v);
void put_bytes(struct buffer *b, const void *data, size_t size);
/** Varint length, then the bytes. */
void put_string(struct buffer *b, const void *data, size_t size);
void put_text(struct buffer *b, const char *text);
/** ERR_OK, or ERR_NOMEM when any append failed. */
enum err buffer_state(const struct buffer *b);

/** Big endian into fixed memory, for keys. */
void store_u16(uint8_t out[2], uint16_t v);
void store_u32(uint8_t out[4], uint32_t v);
void store_u64(uint8_t out[8], uint64_t v);
uint16_t load_u16(const uint8_t in[2]);
uint32_t load_u32(const uint8_t in[4]);
uint64_t load_u64(const uint8_t in[8]);

/** Lower-case hex with a final NUL: out holds 2 * size + 1. */
void hex_encode(char *out, const uint8_t *data, size_t size);
/** ERR_FORMAT unless text is exactly 2 * size hex digits. */
enum err hex_decode(uint8_t *out, size_t size, const char *text);

#endif
