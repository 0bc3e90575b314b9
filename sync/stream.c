/* stream: batches of one class as one zstd stream. */

#define ZSTD_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "sync/stream.h"

enum {
	FORMAT_ROWS = 0,
	HAS_SECRET = 1,
	/* Each change, and each head, may be of another life. */
	LIVES_IN_BATCH = BATCH_CHANGES_MAX + 8,
	/* A buffer that grew larger is given back once it is empty. */
	PLAIN_KEPT_BYTES = 32 * 1024,
	/* Raw bytes given to the compressor before a flush: some frames'
	 * worth, so that the window's cost is shared. */
	CHUNK_BYTES = 24 * 1024,
};

/* --- a batch as bytes -------------------------------------------------- */

struct lives {
	size_t count;
	uint8_t id[LIVES_IN_BATCH][LIFE_BYTES];
	uint64_t last_seq[LIVES_IN_BATCH];
};

static size_t
life_index(struct lives *l, const uint8_t life[LIFE_BYTES])
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (memcmp(l->id[i], life, LIFE_BYTES) == 0)
			return i;
	if (l->count == LIVES_IN_BATCH)
		return SIZE_MAX;
	memcpy(l->id[l->count], life, LIFE_BYTES);
	l->last_seq[l->count] = 0;
	return l->count++;
}

static void
put_cursor(struct buffer *out, const struct cursor *c)
{
	put_u32(out, c->epoch);
	put_varint(out, c->place);
	put_u64(out, c->running);
}

static void
take_cursor(struct reader *r, struct cursor *c)
{
	c->epoch = read_u32(r);
	c->place = read_varint(r);
	c->running = read_u64(r);
}

static void
put_change(struct buffer *out, const struct batch *b,
    const struct batch_change *c, size_t life, struct lives *lives)
{
	put_varint(out, life);
	put_signed(out, (int64_t)(c->id.seq - lives->last_seq[life]));
	lives->last_seq[life] = c->id.seq;
	put_u8(out, c->has_secret ? HAS_SECRET : 0);
	if (c->has_secret) {
		put_u16(out, c->month);
		put_bytes(out, c->secret, HASH_BYTES);
	}
	put_string(out, batch_body(b, c), c->body_bytes);
}

enum err
batch_encode(const struct batch *b, struct buffer *out)
{
	struct lives lives = {0};
	size_t i;

	for (i = 0; i < b->change_count; i++)
		if (life_index(&lives, b->changes[i].id.life) == SIZE_MAX)
			return ERR_LIMIT;
	for (i = 0; i < b->head_count; i++)
		if (life_index(&lives, b->heads[i].life) == SIZE_MAX)
			return ERR_LIMIT;
	put_u8(out, FORMAT_ROWS);
	put_text(out, b->list.name);
	put_cursor(out, &b->start);
	put_cursor(out, &b->end);
	put_varint(out, lives.count);
	for (i = 0; i < lives.count; i++)
		put_bytes(out, lives.id[i], LIFE_BYTES);
	put_varint(out, b->change_count);
	for (i = 0; i < b->change_count; i++)
		put_change(out, b, &b->changes[i],
		    life_index(&lives, b->changes[i].id.life), &lives);
	put_varint(out, b->head_count);
	for (i = 0; i < b->head_count; i++) {
		put_varint(out, life_index(&lives, b->heads[i].life));
		put_varint(out, b->heads[i].seq);
		put_bytes(out, b->heads[i].signature, SIGNATURE_BYTES);
	}
	return buffer_state(out);
}

static bool
take_lives(struct reader *r, struct lives *l)
{
	uint64_t count = read_varint(r);
	size_t i;

	if (r->failed || count > LIVES_IN_BATCH)
		return false;
	for (i = 0; i < count; i++)
		read_copy(r, l->id[i], LIFE_BYTES);
	l->count = (size_t)count;
	return !r->failed;
}

static bool
take_change(struct reader *r, struct lives *l, struct batch *out)
{
	struct batch_change *c = &out->changes[out->change_count];
	uint64_t life = read_varint(r);
	int64_t step = read_signed(r);
	struct bytes body;
	uint8_t flags;

	if (r->failed || life >= l->count)
		return false;
	memset(c, 0, sizeof *c);
	memcpy(c->id.life, l->id[life], LIFE_BYTES);
	c->id.class = out->list.class;
	c->id.seq = l->last_seq[life] + (uint64_t)step;
	l->last_seq[life] = c->id.seq;
	flags = read_u8(r);
	c->has_secret = flags == HAS_SECRET;
	if (c->has_secret) {
		c->month = read_u16(r);
		read_copy(r, c->secret, HASH_BYTES);
	}
	body = read_string(r);
	if (r->failed || flags > HAS_SECRET || c->id.seq == 0 ||
	    body.size > CHANGE_BYTES_MAX)
		return false;
	c->body_at = out->bytes.size;
	c->body_bytes = body.size;
	put_bytes(&out->bytes, body.data, body.size);
	out->change_count++;
	return true;
}

static bool
take_heads(struct reader *r, const struct lives *l, struct batch *out)
{
	uint64_t count = read_varint(r);
	size_t i;

	if (r->failed || count > sizeof out->heads / sizeof out->heads[0])
		return false;
	for (i = 0; i < count; i++) {
		struct log_head *h = &out->heads[i];
		uint64_t life = read_varint(r);

		if (r->failed || life >= l->count)
			return false;
		memset(h, 0, sizeof *h);
		memcpy(h->life, l->id[life], LIFE_BYTES);
		h->class = out->list.class;
		h->seq = read_varint(r);
		read_copy(r, h->signature, SIGNATURE_BYTES);
	}
	out->head_count = (size_t)count;
	return !r->failed;
}

static bool
take_batch(struct reader *r, struct batch *out)
{
	struct lives lives = {0};
	struct bytes name;
	uint64_t count;

	if (read_u8(r) != FORMAT_ROWS)
		return false;
	name = read_string(r);
	if (r->failed || name.size == 0 || name.size > LIST_NAME_BYTES_MAX ||
	    memchr(name.data, 0, name.size) != NULL)
		return false;
	memcpy(out->list.name, name.data, name.size);
	out->list.name[name.size] = '\0';
	take_cursor(r, &out->start);
	take_cursor(r, &out->end);
	if (out->start.epoch != out->end.epoch || out->end.epoch == 0 ||
	    out->start.place > out->end.place || !take_lives(r, &lives))
		return false;
	count = read_varint(r);
	if (r->failed || count > BATCH_CHANGES_MAX)
		return false;
	while (count-- > 0)
		if (!take_change(r, &lives, out))
			return false;
	return take_heads(r, &lives, out) && reader_left(r) == 0;
}

enum err
batch_decode(const void *data, size_t size, struct batch *out)
{
	struct reader r;
	bool good;

	batch_clear(out);
	if (size > BATCH_BYTES_MAX)
		return ERR_LIMIT;
	reader_init(&r, data, size);
	good = take_batch(&r, out);
	if (good && buffer_state(&out->bytes) == ERR_OK)
		return ERR_OK;
	good = !out->bytes.failed;
	batch_clear(out);
	return good ? ERR_FORMAT : ERR_NOMEM;
}

/* --- writing ----------------------------------------------------------- */

struct stream_writer {
	ZSTD_CCtx *zstd;
	int level;
	struct buffer raw;    /* batches waiting to be compressed */
	size_t raw_at;        /* of raw, given to the compressor */
	struct buffer packed; /* compressed and flushed */
	size_t packed_at;
};

/* Explicit sizes: presets take tens of MiB at high levels. */
static const struct {
	ZSTD_cParameter name;
	int value;
} sizes[] = {
    {ZSTD_c_windowLog, STREAM_WINDOW_LOG},
    {ZSTD_c_hashLog, 17},
    {ZSTD_c_chainLog, 18},
};

static enum err
set_up(struct stream_writer *w)
{
	size_t i, rc;

	rc = ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, w->level);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (!ZSTD_isError(rc))
			rc = ZSTD_CCtx_setParameter(
			    w->zstd, sizes[i].name, sizes[i].value);
	if (!ZSTD_isError(rc))
		rc = ZSTD_CCtx_setParameter(
		    w->zstd, ZSTD_c_format, ZSTD_f_zstd1_magicless);
	if (!ZSTD_isError(rc))
		rc = ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_dictIDFlag, 0);
	return ZSTD_isError(rc) ? ERR_NOMEM : ERR_OK;
}

enum err
stream_writer_new(struct stream_writer **out, int level)
{
	struct stream_writer *w = calloc(1, sizeof *w);
	enum err e = ERR_NOMEM;

	if (w == NULL)
		return ERR_NOMEM;
	w->level = level;
	w->zstd = ZSTD_createCCtx();
	if (w->zstd != NULL)
		e = set_up(w);
	if (e != ERR_OK) {
		stream_writer_free(w);
		return e;
	}
	*out = w;
	return ERR_OK;
}

void
stream_writer_free(struct stream_writer *w)
{
	if (w == NULL)
		return;
	ZSTD_freeCCtx(w->zstd);
	buffer_wipe(&w->raw);
	buffer_wipe(&w->packed);
	free(w);
}

enum err
stream_writer_add(struct stream_writer *w, const struct batch *b)
{
	struct buffer one = {0};
	enum err e = batch_encode(b, &one);

	if (e == ERR_OK && one.size > BATCH_BYTES_MAX)
		e = ERR_LIMIT;
	if (e == ERR_OK) {
		put_string(&w->raw, one.data, one.size);
		e = buffer_state(&w->raw);
	}
	buffer_wipe(&one);
	return e;
}

bool
stream_writer_waits(const struct stream_writer *w)
{
	return w->raw_at < w->raw.size || w->packed_at < w->packed.size;
}

static enum err
pack_chunk(struct stream_writer *w)
{
	ZSTD_inBuffer in = {
	    w->raw.data + w->raw_at, w->raw.size - w->raw_at, 0};
	size_t left;

	if (in.size > CHUNK_BYTES)
		in.size = CHUNK_BYTES;
	buffer_clear(&w->packed);
	w->packed_at = 0;
	do {
		ZSTD_outBuffer out = {NULL, 0, 0};

		if (!buffer_reserve(&w->packed, 8192))
			return ERR_NOMEM;
		out.dst = w->packed.data + w->packed.size;
		out.size = w->packed.capacity - w->packed.size;
		left = ZSTD_compressStream2(w->zstd, &out, &in, ZSTD_e_flush);
		if (ZSTD_isError(left))
			return ERR_NOMEM;
		w->packed.size += out.pos;
	} while (left != 0 || in.pos < in.size);
	w->raw_at += in.pos;
	if (w->raw_at == w->raw.size) {
		buffer_clear(&w->raw);
		w->raw_at = 0;
	}
	return ERR_OK;
}

enum err
stream_writer_take(struct stream_writer *w, size_t max, struct buffer *out)
{
	size_t n;

	if (w->packed_at == w->packed.size) {
		enum err e;

		if (w->raw_at == w->raw.size)
			return ERR_END;
		e = pack_chunk(w);
		if (e != ERR_OK)
			return e;
	}
	n = w->packed.size - w->packed_at;
	if (n > max)
		n = max;
	put_bytes(out, w->packed.data + w->packed_at, n);
	w->packed_at += n;
	return buffer_state(out);
}

/* --- reading ----------------------------------------------------------- */

struct stream_reader {
	ZSTD_DCtx *zstd;
	struct buffer plain; /* decompressed, not yet a whole batch */
};

enum err
stream_reader_new(struct stream_reader **out)
{
	struct stream_reader *r = calloc(1, sizeof *r);
	size_t rc;

	if (r == NULL)
		return ERR_NOMEM;
	r->zstd = ZSTD_createDCtx();
	if (r->zstd == NULL) {
		free(r);
		return ERR_NOMEM;
	}
	rc = ZSTD_DCtx_setParameter(
	    r->zstd, ZSTD_d_windowLogMax, STREAM_WINDOW_LOG);
	if (!ZSTD_isError(rc))
		rc = ZSTD_DCtx_setParameter(
		    r->zstd, ZSTD_d_format, ZSTD_f_zstd1_magicless);
	if (ZSTD_isError(rc)) {
		stream_reader_free(r);
		return ERR_NOMEM;
	}
	*out = r;
	return ERR_OK;
}

void
stream_reader_free(struct stream_reader *r)
{
	if (r == NULL)
		return;
	ZSTD_freeDCtx(r->zstd);
	buffer_wipe(&r->plain);
	free(r);
}

enum err
stream_reader_feed(struct stream_reader *r, const void *data, size_t size)
{
	ZSTD_inBuffer in = {data, size, 0};
	size_t made = 0;

	for (;;) {
		ZSTD_outBuffer out = {NULL, 0, 0};
		size_t rc;

		/* Part of one batch may wait here, and what one message
		 * adds: the session takes whole batches out between. */
		if (made > STREAM_FRAME_BYTES_MAX ||
		    r->plain.size > BATCH_BYTES_MAX + STREAM_FRAME_BYTES_MAX)
			return ERR_LIMIT;
		if (!buffer_reserve(&r->plain, 16384))
			return ERR_NOMEM;
		out.dst = r->plain.data + r->plain.size;
		out.size = r->plain.capacity - r->plain.size;
		rc = ZSTD_decompressStream(r->zstd, &out, &in);
		if (ZSTD_isError(rc))
			return ERR_FORMAT;
		if (rc == 0)
			return ERR_FORMAT; /* a stream never ends */
		r->plain.size += out.pos;
		made += out.pos;
		if (in.pos == in.size && out.pos < out.size)
			return ERR_OK;
	}
}

enum err
stream_reader_next(struct stream_reader *r, uint8_t class, struct batch *out)
{
	struct reader in;
	uint64_t size;
	enum err e;

	reader_init(&in, r->plain.data, r->plain.size);
	if (reader_left(&in) == 0)
		return ERR_MORE;
	size = read_varint(&in);
	if (in.failed)
		return r->plain.size < 10 ? ERR_MORE : ERR_FORMAT;
	if (size > BATCH_BYTES_MAX)
		return ERR_LIMIT;
	if (size > reader_left(&in))
		return ERR_MORE;
	out->list.class = class;
	e = batch_decode(in.at, (size_t)size, out);
	buffer_drop(&r->plain, (size_t)(in.at - r->plain.data) + (size_t)size);
	if (r->plain.size == 0 && r->plain.capacity > PLAIN_KEPT_BYTES)
		buffer_wipe(&r->plain);
	return e;
}

bool
stream_reader_holds(const struct stream_reader *r)
{
	return r->plain.size > 0;
}
