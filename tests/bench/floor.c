/* floor: a step's records through zstd -19 and xz -9e. */

#include "tests/bench/floor.h"

#include <stdlib.h>
#include <string.h>

#if BENCH_LZMA
#include <lzma.h>
#endif
#include <zstd.h>

#include "store/list.h"
#include "store/record.h"

enum err
floor_begin(struct floor_input *in, struct site *s)
{
	struct audience up;
	struct txn *t = site_begin(s, false);
	uint8_t class;
	enum err e = audience_read(t, AUDIENCE_UP, &up);

	buffer_clear(&in->json);
	memset(in->ends, 0, sizeof in->ends);
	for (class = 0; e == ERR_OK && class < CLASSES; class ++) {
		struct cursor end;

		e = list_end(t, &up, class, &end);
		if (e == ERR_OK)
			in->ends[class] = end.place;
	}
	txn_abort(t);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
floor_line(struct floor_input *in, const char *line)
{
	if (strstr(line, "\"state\":\"draft\"") == NULL)
		put_bytes(&in->json, line, strlen(line));
	return buffer_state(&in->json);
}

/* Bodies of one list behind a place. */
static enum err
put_list(struct txn *t, const struct audience *up, uint8_t class,
    uint64_t after, struct buffer *out)
{
	struct list_entry entry;
	struct stored s;
	enum err e;

	stored_init(&s);
	do {
		e = list_entry_read(t, up, class, ++after, &entry);
		if (e != ERR_OK)
			break;
		e = stored_read(t, &entry.id, &s);
		if (e == ERR_OK)
			put_string(out, s.body.data, s.body.size);
		else if (e == ERR_NOT_FOUND)
			e = ERR_CORRUPT;
	} while (e == ERR_OK);
	stored_free(&s);
	return e == ERR_NOT_FOUND ? buffer_state(out) : e;
}

static enum err
put_lists(const struct floor_input *in, struct site *s, struct buffer *out)
{
	struct audience up;
	struct txn *t = site_begin(s, false);
	uint8_t class;
	enum err e = audience_read(t, AUDIENCE_UP, &up);

	for (class = 0; e == ERR_OK && class < CLASSES; class ++)
		e = put_list(t, &up, class, in->ends[class], out);
	txn_abort(t);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
zstd_19(const struct buffer *text, uint8_t *room, size_t bytes, size_t *out)
{
	*out = ZSTD_compress(room, bytes, text->data, text->size, 19);
	return ZSTD_isError(*out) ? ERR_NOMEM : ERR_OK;
}

#if BENCH_LZMA
static size_t
xz_bound(size_t bytes)
{
	return lzma_stream_buffer_bound(bytes);
}

/* Its window of 64 MiB takes 674 MiB; one of the text's own size finds the
 * same matches. */
static enum err
xz_9e(const struct buffer *text, uint8_t *room, size_t bytes, size_t *out)
{
	lzma_options_lzma lzma;
	lzma_filter filters[] = {
	    {LZMA_FILTER_LZMA2, &lzma}, {LZMA_VLI_UNKNOWN, NULL}};

	*out = 0;
	if (lzma_lzma_preset(&lzma, 9 | LZMA_PRESET_EXTREME))
		return ERR_LIMIT;
	if (text->size < lzma.dict_size)
		lzma.dict_size = text->size < LZMA_DICT_SIZE_MIN
		                     ? LZMA_DICT_SIZE_MIN
		                     : (uint32_t)text->size;
	return lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC64, NULL,
	           text->data, text->size, room, out, bytes) == LZMA_OK
	           ? ERR_OK
	           : ERR_NOMEM;
}
#else
static size_t
xz_bound(size_t bytes)
{
	(void)bytes;
	return 0;
}

static enum err
xz_9e(const struct buffer *text, uint8_t *room, size_t bytes, size_t *out)
{
	(void)text;
	(void)room;
	(void)bytes;
	*out = 0;
	return ERR_OK;
}
#endif

static enum err
measure(const struct buffer *text, struct floor_sizes *out)
{
	size_t zstd_room = ZSTD_compressBound(text->size);
	size_t xz_room = xz_bound(text->size);
	size_t bytes = zstd_room > xz_room ? zstd_room : xz_room;
	uint8_t *room;
	enum err e;

	memset(out, 0, sizeof *out);
	out->bytes = text->size;
	if (text->size == 0)
		return ERR_OK;
	room = malloc(bytes);
	if (room == NULL)
		return ERR_NOMEM;
	e = zstd_19(text, room, bytes, &out->zstd_19);
	if (e == ERR_OK)
		e = xz_9e(text, room, bytes, &out->xz_9e);
	free(room);
	return e;
}

enum err
floor_end(const struct floor_input *in, struct site *s, struct floor *out)
{
	struct buffer plain;
	enum err e;

	buffer_init(&plain);
	e = put_lists(in, s, &plain);
	if (e == ERR_OK)
		e = measure(&in->json, &out->json);
	if (e == ERR_OK)
		e = measure(&plain, &out->plain);
	out->is_known = e == ERR_OK;
	buffer_free(&plain);
	return e;
}

void
floor_free(struct floor_input *in)
{
	buffer_free(&in->json);
}
