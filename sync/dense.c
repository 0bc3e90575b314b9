/* dense: a change's envelope, and what surrounds it. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/dense_state.h"

/* Paths of what is no field; fields are hashed from a kind's path. */
enum {
	PATH_SHAPE = 1,
	PATH_FLAGS,
	PATH_KIND,
	PATH_SIZE,
	PATH_BYTE,
	PATH_NUMBER = 16, /* dense_put_number(): 16 to 31 */
	PATH_KINDS = 77,
};

/* Within a kind. */
enum {
	PART_BY = 0x10000, /* beyond all numbers of fields */
	PART_ORG,
	PART_SOURCE,
	PART_REF,
	PART_PARENTS,
	PART_WHERE,
	PART_LINK,
	PART_CLASS,
	PART_SEQ,
	PART_OCCURRED,
	PART_RECORDED,
};

enum { SHAPE_REGULAR = 0, SHAPE_RAW = 1, BODY_VERSION = 1, FLAG_FOUNDS = 8 };

/* --- making ------------------------------------------------------------ */

enum err
dense_new(struct dense **out, const struct alphabet *alphabet)
{
	struct dense *d = calloc(1, sizeof *d);
	enum err e = ERR_NOMEM;

	if (d != NULL)
		e = model_new(&d->model);
	if (e != ERR_OK) {
		free(d);
		return e;
	}
	d->alphabet = *alphabet;
	*out = d;
	return ERR_OK;
}

enum err
dense_copy(struct dense **out, const struct dense *from)
{
	struct dense *d = malloc(sizeof *d);
	enum err e = ERR_NOMEM;

	if (d != NULL) {
		*d = *from;
		e = model_copy(&d->model, from->model);
	}
	if (e != ERR_OK) {
		free(d);
		return e;
	}
	*out = d;
	return ERR_OK;
}

void
dense_free(struct dense *d)
{
	if (d == NULL)
		return;
	model_free(d->model);
	sodium_memzero(d, sizeof *d);
	free(d);
}

bool
dense_is_decoding(const struct dense *d)
{
	return model_is_decoding(d->model);
}

/* --- the envelope ------------------------------------------------------ */

struct parent_parts {
	uint64_t where, class, seq;
	uint8_t link[DENSE_LINK_BYTES];
};

/* A body's parts before its fields, in their order there. */
struct envelope {
	uint8_t flags;
	uint64_t kind;
	struct bytes source, ref, by, org;
	uint64_t parent_count;
	struct parent_parts parent[DENSE_PARENTS_MAX];
	int64_t occurred_at, recorded_at;
	/* Decoding: what the strings point into. */
	struct buffer room[4];
};

/* Times may be any 64 bits: sums go round. */
static int64_t
sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t
difference(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static void
read_envelope(struct reader *r, struct envelope *v)
{
	uint64_t i;

	(void)read_u8(r); /* the version */
	v->flags = read_u8(r);
	v->kind = read_varint(r);
	v->source = read_string(r);
	if ((v->flags & FLAG_FOUNDS) == 0)
		v->ref = read_string(r);
	v->parent_count = read_varint(r);
	for (i = 0; i < v->parent_count; i++) {
		struct parent_parts *p = &v->parent[i];

		p->where = read_u8(r);
		if (p->where == 1)
			read_copy(r, p->link, sizeof p->link);
		p->class = read_u8(r);
		p->seq = read_varint(r);
	}
	v->by = read_string(r);
	v->org = read_string(r);
	v->occurred_at = read_signed(r);
	v->recorded_at = sum(v->occurred_at, read_signed(r));
}

static void
write_envelope(struct buffer *out, const struct envelope *v)
{
	uint64_t i;

	put_u8(out, BODY_VERSION);
	put_u8(out, v->flags);
	put_varint(out, v->kind);
	put_string(out, v->source.data, v->source.size);
	if ((v->flags & FLAG_FOUNDS) == 0)
		put_string(out, v->ref.data, v->ref.size);
	put_varint(out, v->parent_count);
	for (i = 0; i < v->parent_count; i++) {
		const struct parent_parts *p = &v->parent[i];

		put_u8(out, (uint8_t)p->where);
		if (p->where == 1)
			put_bytes(out, p->link, sizeof p->link);
		put_u8(out, (uint8_t)p->class);
		put_varint(out, p->seq);
	}
	put_string(out, v->by.data, v->by.size);
	put_string(out, v->org.data, v->org.size);
	put_signed(out, v->occurred_at);
	put_signed(out, difference(v->recorded_at, v->occurred_at));
}

static bool
code_text(struct dense *d, uint32_t path, struct bytes *text,
    struct buffer *room, uint32_t *hash)
{
	if (!dense_string(d, path, MODEL_ID, text, room))
		return false;
	text->data = room->data;
	text->size = room->size;
	*hash = d->last;
	return true;
}

static void
code_parent(struct dense *d, uint32_t path, struct parent_parts *p)
{
	size_t i;

	p->where = dense_symbol(d, MODEL_HEAD, dense_hash(path, PART_WHERE), 0,
	    1, (unsigned)p->where);
	for (i = 0; p->where == 1 && i < sizeof p->link; i++)
		p->link[i] = (uint8_t)dense_symbol(d, MODEL_HEAD,
		    dense_hash(path, PART_LINK), (uint32_t)i, 8, p->link[i]);
	p->class = dense_symbol(d, MODEL_HEAD, dense_hash(path, PART_CLASS), 0,
	    8, (unsigned)p->class);
	p->seq = dense_number(d, dense_hash(path, PART_SEQ), 0, p->seq);
}

static bool
code_names(struct dense *d, uint32_t path, struct envelope *v)
{
	uint32_t ignored;

	d->author = d->org = 0;
	/* Author and org first: they tell most about the rest. */
	return code_text(d, dense_hash(path, PART_BY), &v->by, &v->room[0],
	           &d->author) &&
	       code_text(d, dense_hash(path, PART_ORG), &v->org, &v->room[1],
	           &d->org) &&
	       code_text(d, dense_hash(path, PART_SOURCE), &v->source,
	           &v->room[2], &ignored) &&
	       ((v->flags & FLAG_FOUNDS) != 0 ||
	           code_text(d, dense_hash(path, PART_REF), &v->ref,
	               &v->room[3], &ignored));
}

static bool
code_envelope(struct dense *d, struct envelope *v, uint32_t *path)
{
	uint64_t i;

	d->last = d->last2 = d->key = 0;
	d->subject = 0;
	d->record = d->kind;
	v->flags = (uint8_t)dense_symbol(
	    d, MODEL_HEAD, PATH_FLAGS, d->kind, 8, v->flags);
	v->kind =
	    dense_number(d, PATH_KIND, dense_hash(d->kind, v->flags), v->kind);
	d->kind = (uint32_t)v->kind;
	*path = dense_hash(d->kind, PATH_KINDS);
	d->record = *path;
	if (!code_names(d, *path, v))
		return false;
	v->parent_count = dense_number(
	    d, dense_hash(*path, PART_PARENTS), 0, v->parent_count);
	if (v->kind == 0 || v->kind > UINT16_MAX ||
	    v->parent_count > DENSE_PARENTS_MAX)
		return false;
	for (i = 0; i < v->parent_count; i++)
		code_parent(d, *path, &v->parent[i]);
	d->last = d->last2 = 0;
	v->occurred_at = sum(
	    d->occurred_at, dense_signed(d, dense_hash(*path, PART_OCCURRED), 0,
	                        difference(v->occurred_at, d->occurred_at)));
	v->recorded_at = sum(
	    d->recorded_at, dense_signed(d, dense_hash(*path, PART_RECORDED), 0,
	                        difference(v->recorded_at, d->recorded_at)));
	d->occurred_at = v->occurred_at;
	d->recorded_at = v->recorded_at;
	d->key = d->author;
	return true;
}

/* --- a body ------------------------------------------------------------ */

static bool
code_regular(struct dense *d)
{
	struct envelope *v = calloc(1, sizeof *v);
	uint32_t path;
	bool is_good;
	size_t i;

	if (v == NULL) {
		d->fault = ERR_NOMEM;
		return false;
	}
	if (!dense_is_decoding(d))
		read_envelope(&d->in, v);
	is_good = code_envelope(d, v, &path);
	if (is_good && dense_is_decoding(d))
		write_envelope(d->to, v);
	for (i = 0; i < sizeof v->room / sizeof v->room[0]; i++)
		buffer_wipe(&v->room[i]);
	sodium_memzero(v, sizeof *v);
	free(v);
	return is_good && dense_fields(d, path);
}

/* What cannot be taken apart: byte by byte. */
static bool
code_raw(struct dense *d)
{
	uint64_t size = dense_number(d, PATH_SIZE, 0, reader_left(&d->in)), i;
	uint32_t before = 0;

	if (size > CHANGE_BYTES_MAX || (dense_is_decoding(d) && size > d->max))
		return false;
	for (i = 0; i < size; i++) {
		uint8_t byte = dense_is_decoding(d) ? 0 : read_u8(&d->in);

		byte = (uint8_t)dense_symbol(
		    d, MODEL_HEAD, PATH_BYTE, before, 8, byte);
		before = before << 8 | byte;
		if (dense_is_decoding(d))
			put_u8(d->to, byte);
	}
	return true;
}

static enum err
code_body(struct dense *d, unsigned shape)
{
	bool is_good;

	d->fault = ERR_OK;
	shape = dense_symbol(d, MODEL_HEAD, PATH_SHAPE, 0, 1, shape);
	is_good = shape == SHAPE_REGULAR ? code_regular(d) : code_raw(d);
	if (d->fault != ERR_OK)
		return d->fault;
	return is_good ? ERR_OK : ERR_FORMAT;
}

static enum err
code_given(struct dense *d, const void *body, size_t size)
{
	enum err e;

	reader_init(&d->in, body, size);
	e = code_body(
	    d, dense_is_regular(body, size) ? SHAPE_REGULAR : SHAPE_RAW);
	/* A body that is regular has no other end. */
	assert(e != ERR_OK || reader_left(&d->in) == 0);
	assert(e == ERR_OK || e == ERR_NOMEM);
	return e;
}

enum err
dense_learn(struct dense *d, const void *body, size_t size)
{
	if (size > CHANGE_BYTES_MAX)
		return ERR_LIMIT;
	model_learn(d->model);
	return code_given(d, body, size);
}

/* --- coding ------------------------------------------------------------ */

void
dense_begin(struct dense *d, struct buffer *out)
{
	d->to = out;
	model_encode(d->model, out);
}

enum err
dense_put(struct dense *d, const void *body, size_t size)
{
	if (size > CHANGE_BYTES_MAX)
		return ERR_LIMIT;
	return code_given(d, body, size);
}

/* Such facts stand outside any change. */
static uint64_t
code_fact(struct dense *d, unsigned what, uint64_t value)
{
	assert(what < 16);
	d->last = d->last2 = d->key = d->author = 0;
	d->subject = d->record = 0;
	return dense_number(d, PATH_NUMBER + what, 0, value);
}

void
dense_put_number(struct dense *d, unsigned what, uint64_t value)
{
	(void)code_fact(d, what, value);
}

void
dense_put_bytes(struct dense *d, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size-- > 0)
		(void)model_code_plain(d->model, 8, *at++);
}

enum err
dense_end(struct dense *d)
{
	model_finish(d->model);
	return buffer_state(d->to);
}

/* --- decoding ---------------------------------------------------------- */

void
dense_open(struct dense *d, const void *data, size_t size)
{
	model_decode(d->model, data, size);
}

enum err
dense_take(struct dense *d, size_t max, struct buffer *out)
{
	enum err e;

	d->to = out;
	d->begin = out->size;
	d->max = max < CHANGE_BYTES_MAX ? max : CHANGE_BYTES_MAX;
	reader_init(&d->in, NULL, 0);
	e = code_body(d, 0);
	if (e == ERR_OK)
		e = buffer_state(out);
	if (e == ERR_OK && out->size - d->begin > d->max)
		e = ERR_FORMAT;
	return e;
}

uint64_t
dense_take_number(struct dense *d, unsigned what)
{
	return code_fact(d, what, 0);
}

void
dense_take_bytes(struct dense *d, void *out, size_t size)
{
	uint8_t *at = out;

	while (size-- > 0)
		*at++ = (uint8_t)model_code_plain(d->model, 8, 0);
}

enum err
dense_close(struct dense *d)
{
	enum err e = model_decoded(d->model);

	model_learn(d->model);
	return e;
}
