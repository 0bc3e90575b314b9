/* dictionary: what both ends of a dense stream knew before it began. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/dictionary.h"

enum { DICTIONARY_VERSION = 1 };

/* A dictionary: version u8, characters string, count varint, dense bodies. */
struct book {
	uint32_t id;
	bool is_bad;    /* its bodies were found to be none */
	bool is_lacked; /* by the parent, as it told last */
	struct buffer data;
	struct dense *learned; /* NULL until it is learned */
};

struct codebook {
	uint64_t mark;
	size_t count;
	struct book book[CODEBOOK_MAX];
};

uint32_t
dictionary_id(const void *data, size_t size)
{
	uint8_t hash[8];

	crypto_generichash(hash, sizeof hash, data, size, NULL, 0);
	return load_u32(hash);
}

static enum err
put_bodies(struct dense *d, const struct bytes *bodies, size_t count,
    struct buffer *out)
{
	enum err e = ERR_OK;
	size_t i;

	dense_begin(d, out);
	for (i = 0; e == ERR_OK && i < count; i++)
		e = dense_put(d, bodies[i].data, bodies[i].size);
	return e == ERR_OK ? dense_end(d) : e;
}

enum err
dictionary_make(const struct bytes *listed, const struct bytes *bodies,
    size_t count, struct buffer *out)
{
	struct alphabet *alphabet = malloc(sizeof *alphabet);
	struct dense *d = NULL;
	size_t begin = out->size;
	enum err e = ERR_NOMEM;

	if (alphabet != NULL)
		e = alphabet_fill(alphabet, listed);
	if (e == ERR_OK)
		e = dense_new(&d, alphabet);
	if (e == ERR_OK) {
		put_u8(out, DICTIONARY_VERSION);
		put_string(out, listed->data, listed->size);
		put_varint(out, count);
		e = put_bodies(d, bodies, count, out);
	}
	if (e == ERR_OK && out->size - begin > DICTIONARY_BYTES_MAX)
		e = ERR_LIMIT;
	if (e != ERR_OK)
		out->size = begin;
	dense_free(d);
	free(alphabet);
	return e;
}

/* --- learning one ------------------------------------------------------ */

static void
forget(struct book *b)
{
	dense_free(b->learned);
	b->learned = NULL;
}

static enum err
take_bodies(struct dense *d, struct reader *r, uint64_t count)
{
	struct buffer bodies = {0};
	enum err e = ERR_OK;

	dense_open(d, r->at, reader_left(r));
	while (e == ERR_OK && count-- > 0)
		e = dense_take(
		    d, DICTIONARY_BODIES_BYTES_MAX - bodies.size, &bodies);
	if (e == ERR_OK)
		e = dense_close(d);
	buffer_free(&bodies);
	return e;
}

/* What stands before the bodies, of which *r is at the first. */
static enum err
read_head(const struct book *b, struct bytes *listed, uint64_t *count,
    struct reader *r)
{
	reader_init(r, b->data.data, b->data.size);
	if (read_u8(r) != DICTIONARY_VERSION)
		return ERR_FORMAT;
	*listed = read_string(r);
	*count = read_varint(r);
	return r->failed || *count > DICTIONARY_BODIES_BYTES_MAX ? ERR_FORMAT
	                                                         : ERR_OK;
}

static enum err
learn(struct book *b)
{
	struct alphabet *alphabet;
	struct bytes listed;
	struct reader r;
	uint64_t count;
	enum err e = read_head(b, &listed, &count, &r);

	if (e != ERR_OK)
		return e;
	alphabet = malloc(sizeof *alphabet);
	if (alphabet == NULL)
		return ERR_NOMEM;
	e = alphabet_fill(alphabet, &listed);
	if (e == ERR_OK)
		e = dense_new(&b->learned, alphabet);
	free(alphabet);
	if (e == ERR_OK)
		e = take_bodies(b->learned, &r, count);
	if (e != ERR_OK)
		forget(b);
	return e;
}

/* --- many -------------------------------------------------------------- */

static enum err
book_open(struct book *b, const void *data, size_t size)
{
	memset(b, 0, sizeof *b);
	b->id = dictionary_id(data, size);
	put_bytes(&b->data, data, size);
	return buffer_state(&b->data);
}

static void
book_close(struct book *b)
{
	forget(b);
	buffer_free(&b->data);
}

enum err
codebook_new(struct codebook **out)
{
	struct codebook *c = calloc(1, sizeof *c);

	if (c == NULL)
		return ERR_NOMEM;
	if (book_open(&c->book[0], sync_dictionary, sync_dictionary_bytes) !=
	    ERR_OK) {
		free(c);
		return ERR_NOMEM;
	}
	c->count = 1;
	*out = c;
	return ERR_OK;
}

void
codebook_free(struct codebook *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->count; i++)
		book_close(&c->book[i]);
	free(c);
}

static struct book *
find(struct codebook *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->book[i].id == id)
			return &c->book[i];
	return NULL;
}

enum err
codebook_add(struct codebook *c, const void *data, size_t size)
{
	struct book *b = &c->book[c->count];
	struct bytes listed;
	struct reader r;
	uint64_t bodies;
	enum err e;

	if (size > DICTIONARY_BYTES_MAX)
		return ERR_LIMIT;
	if (find(c, dictionary_id(data, size)) != NULL)
		return ERR_EXISTS;
	if (c->count == CODEBOOK_MAX)
		return ERR_FULL;
	e = book_open(b, data, size);
	if (e == ERR_OK)
		e = b->id == 0 ? ERR_FORMAT
		               : read_head(b, &listed, &bodies, &r);
	if (e != ERR_OK) {
		book_close(b);
		return e;
	}
	c->count++;
	return ERR_OK;
}

static bool
is_among(uint32_t id, const uint32_t *ids, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

void
codebook_keep(struct codebook *c, const uint32_t *ids, size_t count)
{
	size_t i, kept = 1;

	for (i = 1; i < c->count; i++) {
		if (is_among(c->book[i].id, ids, count))
			c->book[kept++] = c->book[i];
		else
			book_close(&c->book[i]);
	}
	c->count = kept;
}

size_t
codebook_ids(const struct codebook *c, uint32_t ids[CODEBOOK_MAX - 1])
{
	size_t i, count = 0;

	for (i = c->count - 1; i > 0; i--)
		if (!c->book[i].is_bad)
			ids[count++] = c->book[i].id;
	return count;
}

void
codebook_note_parents(struct codebook *c, const uint32_t *ids, size_t count)
{
	size_t i;

	for (i = 1; i < c->count; i++)
		c->book[i].is_lacked = !is_among(c->book[i].id, ids, count);
}

bool
codebook_is_lacked(struct codebook *c, uint32_t id)
{
	const struct book *b = find(c, id);

	return b != NULL && b->is_lacked;
}

uint64_t
codebook_mark(const struct codebook *c)
{
	return c->mark;
}

void
codebook_set_mark(struct codebook *c, uint64_t mark)
{
	c->mark = mark;
}

/* ERR_NOT_FOUND: it cannot be learned, today or ever. */
static enum err
learn_once(struct book *b)
{
	enum err e;

	if (b->learned != NULL)
		return ERR_OK;
	if (b->is_bad)
		return ERR_NOT_FOUND;
	e = learn(b);
	if (e == ERR_OK || e == ERR_NOMEM)
		return e;
	b->is_bad = true;
	return ERR_NOT_FOUND;
}

bool
codebook_can(struct codebook *c, uint32_t id)
{
	struct book *b = find(c, id);

	return b != NULL && learn_once(b) == ERR_OK;
}

enum err
codebook_dense(struct codebook *c, uint32_t id, struct dense **out)
{
	struct book *b = id == 0 ? &c->book[0] : find(c, id);
	enum err e;

	if (b == NULL)
		return ERR_NOT_FOUND;
	e = learn_once(b);
	return e == ERR_OK ? dense_copy(out, b->learned) : e;
}
