/* packed: batches in dense form, on their way out. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/packed_state.h"

struct packer {
	struct dense *dense; /* NULL: not begun */
	struct packed_start start;
	bool is_fresh; /* the next batch names its start */
	uint16_t history_check;
	struct lesson lesson;
	/* The batch under way. */
	bool has_batch;
	struct batch batch;
	size_t at; /* changes coded so far */
	uint64_t last_seq[PACKED_LIVES_MAX];
	struct packed_lives lives;
	struct buffer packed;
	size_t packed_at;
};

enum err
packer_new(struct packer **out)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return ERR_NOMEM;
	batch_init(&(*out)->batch);
	return ERR_OK;
}

void
packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	dense_free(p->dense);
	lesson_end(&p->lesson);
	batch_free(&p->batch);
	buffer_wipe(&p->packed);
	free(p);
}

/* All that is left to learn. */
static enum err
finish_lesson(struct packer *p)
{
	return p->dense == NULL ? ERR_OK
	                        : lesson_take(&p->lesson, p->dense, SIZE_MAX);
}

enum err
packer_copy(struct packer **out, struct packer *p)
{
	enum err e = finish_lesson(p);

	*out = NULL;
	if (e == ERR_OK)
		e = packer_new(out);
	if (e != ERR_OK)
		return e;
	(*out)->start = p->start;
	(*out)->is_fresh = p->is_fresh;
	(*out)->history_check = p->history_check;
	if (p->dense != NULL)
		e = dense_copy(&(*out)->dense, p->dense);
	if (e != ERR_OK) {
		packer_free(*out);
		*out = NULL;
	}
	return e;
}

bool
packer_has_begun(const struct packer *p)
{
	return p->dense != NULL;
}

uint32_t
packed_check(const void *bodies, size_t size)
{
	static const uint8_t none[1];
	uint8_t hash[8];

	crypto_generichash(
	    hash, sizeof hash, size == 0 ? none : bodies, size, NULL, 0);
	return load_u32(hash);
}

void
lesson_end(struct lesson *l)
{
	buffer_wipe(&l->bodies);
	l->at = l->left = 0;
}

enum err
lesson_take(struct lesson *l, struct dense *d, size_t most)
{
	struct reader r;
	enum err e = ERR_OK;

	if (l->left == 0) {
		lesson_end(l);
		return ERR_OK;
	}
	reader_init(&r, l->bodies.data + l->at, l->bodies.size - l->at);
	for (; e == ERR_OK && l->left > 0 && most > 0; most--, l->left--) {
		struct bytes body = read_string(&r);

		e = r.failed ? ERR_CORRUPT
		             : dense_learn(d, body.data, body.size);
	}
	l->at = l->bodies.size - reader_left(&r);
	if (l->left == 0 || e != ERR_OK)
		lesson_end(l);
	return e;
}

static enum err
fetch_history(struct packer *p, const struct source *source,
    const struct change_id *last, size_t count)
{
	struct lesson *l = &p->lesson;
	enum err e = ERR_OK;

	if (count > PACKED_HISTORY_MAX)
		count = PACKED_HISTORY_MAX;
	if (source->history != NULL && count > 0 && last->seq > 0)
		e = source->history(source->context, last, count,
		    PACKED_HISTORY_BYTES_MAX, &l->bodies, &l->left);
	p->start.history = l->left;
	p->history_check =
	    (uint16_t)packed_check(l->bodies.data, l->bodies.size);
	p->start.last = *last;
	return e;
}

enum err
packer_start(struct packer *p, struct codebook *books, uint32_t dictionary,
    const struct source *source, const struct change_id *last, size_t count)
{
	enum err e;

	dense_free(p->dense);
	p->dense = NULL;
	lesson_end(&p->lesson);
	p->is_fresh = true;
	p->start.dictionary = dictionary;
	e = codebook_dense(books, dictionary, &p->dense);
	if (e == ERR_OK)
		e = fetch_history(p, source, last, count);
	if (e != ERR_OK) {
		dense_free(p->dense);
		p->dense = NULL;
		lesson_end(&p->lesson);
	}
	return e;
}

bool
packer_learn(struct packer *p, enum err *e)
{
	if (p->dense == NULL || p->lesson.left == 0)
		return false;
	*e = lesson_take(&p->lesson, p->dense, PACKED_AT_ONCE);
	return *e == ERR_OK;
}

bool
packer_is_fresh(const struct packer *p)
{
	return p->dense != NULL && p->is_fresh;
}

size_t
packer_made(const struct packer *p)
{
	return p->packed.size - p->packed_at;
}

bool
packer_is_ready(
    const struct packer *p, uint32_t dictionary, const struct change_id *last)
{
	return packer_is_fresh(p) && p->start.dictionary == dictionary &&
	       change_id_compare(&p->start.last, last) == 0;
}

/* --- the header -------------------------------------------------------- */

static enum err
copy_batch(struct batch *to, const struct batch *from)
{
	batch_clear(to);
	to->list = from->list;
	to->start = from->start;
	to->end = from->end;
	to->change_count = from->change_count;
	memcpy(to->changes, from->changes,
	    from->change_count * sizeof from->changes[0]);
	to->head_count = from->head_count;
	memcpy(to->heads, from->heads, sizeof from->heads);
	put_bytes(&to->bytes, from->bytes.data, from->bytes.size);
	return buffer_state(&to->bytes);
}

static bool
index_lives(struct packer *p)
{
	const struct batch *b = &p->batch;
	size_t i;

	p->lives.count = 0;
	for (i = 0; i < b->change_count; i++)
		if (packed_life(&p->lives, b->changes[i].id.life) ==
		    PACKED_LIVES_MAX)
			return false;
	/* A head is of a log that the batch has changes of. */
	for (i = 0; i < b->head_count; i++)
		if (packed_life(&p->lives, b->heads[i].life) >=
		    PACKED_LIVES_MAX)
			return false;
	return true;
}

static void
put_lives(struct packer *p, const struct known_lives *known)
{
	size_t i, k;

	put_varint(&p->packed, p->lives.count);
	for (i = 0; i < p->lives.count; i++) {
		for (k = 0; k < known->count; k++)
			if (memcmp(known->id[k], p->lives.id[i], LIFE_BYTES) ==
			    0)
				break;
		put_varint(&p->packed, k < known->count ? k + 1 : 0);
		if (k == known->count)
			put_bytes(&p->packed, p->lives.id[i], LIFE_BYTES);
	}
}

static void
put_heads(struct packer *p)
{
	const struct batch *b = &p->batch;
	size_t i;

	put_varint(&p->packed, b->head_count);
	for (i = 0; i < b->head_count; i++) {
		put_varint(
		    &p->packed, packed_life(&p->lives, b->heads[i].life));
		put_bytes(&p->packed, b->heads[i].signature, SIGNATURE_BYTES);
	}
}

static void
put_start(struct packer *p)
{
	const struct packed_start *s = &p->start;

	put_varint(&p->packed, s->dictionary == 0 ? 0 : 1);
	if (s->dictionary != 0)
		put_u32(&p->packed, s->dictionary);
	put_varint(&p->packed, s->history);
	if (s->history > 0) {
		put_varint(&p->packed, packed_life(&p->lives, s->last.life));
		put_varint(&p->packed, s->last.seq);
		put_u16(&p->packed, p->history_check);
	}
}

static void
put_header(struct packer *p, bool follows, const struct known_lives *known)
{
	const struct batch *b = &p->batch;
	bool is_up = strcmp(b->list.name, PACKED_UP) == 0;
	uint8_t flags = (uint8_t)((p->is_fresh ? PACKED_FRESH : 0) |
	                          (follows ? PACKED_FOLLOWS : 0) |
	                          (is_up ? PACKED_IS_UP : 0));

	put_u8(&p->packed, flags);
	if (!is_up)
		put_text(&p->packed, b->list.name);
	if (follows) {
		put_u16(&p->packed, (uint16_t)b->start.running);
	} else {
		put_u32(&p->packed, b->start.epoch);
		put_varint(&p->packed, b->start.place);
		put_u64(&p->packed, b->start.running);
	}
	put_varint(&p->packed, b->end.place - b->start.place);
	put_u64(&p->packed, b->end.running);
	put_lives(p, known);
	put_varint(&p->packed, b->change_count);
	put_heads(p);
	if (p->is_fresh)
		put_start(p);
}

enum err
packer_add(struct packer *p, const struct batch *b, bool follows,
    const struct known_lives *lives)
{
	enum err e;

	assert(!p->has_batch);
	assert(p->dense != NULL);
	e = finish_lesson(p);
	if (e == ERR_OK)
		e = copy_batch(&p->batch, b);
	if (e != ERR_OK)
		return e;
	if (!index_lives(p))
		return ERR_LIMIT;
	buffer_clear(&p->packed);
	p->packed_at = 0;
	put_header(p, follows, lives);
	p->is_fresh = false;
	p->at = 0;
	memset(p->last_seq, 0, sizeof p->last_seq);
	dense_begin(p->dense, &p->packed);
	p->has_batch = true;
	return buffer_state(&p->packed);
}

/* --- the changes ------------------------------------------------------- */

static enum err
put_change(struct packer *p, const struct batch_change *c)
{
	size_t life = packed_life(&p->lives, c->id.life);
	int64_t step = (int64_t)(c->id.seq - p->last_seq[life]);

	p->last_seq[life] = c->id.seq;
	dense_put_number(p->dense, FACT_LIFE, life);
	dense_put_number(
	    p->dense, FACT_STEP, (uint64_t)step << 1 ^ (uint64_t)(step >> 63));
	dense_put_number(p->dense, FACT_SALT, c->has_secret ? 1 : 0);
	if (c->has_secret) {
		dense_put_number(p->dense, FACT_MONTH, c->month);
		dense_put_bytes(p->dense, c->secret, HASH_BYTES);
	}
	return dense_put(p->dense, batch_body(&p->batch, c), c->body_bytes);
}

static void
put_check(struct packer *p)
{
	uint8_t check[PACKED_CHECK_BYTES];

	store_u32(
	    check, packed_check(p->batch.bytes.data, p->batch.bytes.size));
	dense_put_bytes(p->dense, check, sizeof check);
}

/* Code at most so many changes, until there are so many bytes or the batch is
 * through: the time it takes is spent while the bytes before are on their way.
 */
static enum err
code_some(struct packer *p, size_t changes, size_t wanted)
{
	enum err e = ERR_OK;

	for (; e == ERR_OK && p->at < p->batch.change_count && changes > 0 &&
	       p->packed.size - p->packed_at <= wanted;
	     changes--)
		e = put_change(p, &p->batch.changes[p->at++]);
	if (e == ERR_OK && p->at == p->batch.change_count) {
		p->at++; /* finished once */
		put_check(p);
		e = dense_end(p->dense);
	}
	return e == ERR_OK ? buffer_state(&p->packed) : e;
}

bool
packer_waits(const struct packer *p)
{
	return p->has_batch;
}

bool
packer_prepare(struct packer *p, size_t wanted, enum err *e)
{
	if (!p->has_batch || p->at > p->batch.change_count ||
	    p->packed.size - p->packed_at > wanted)
		return false;
	*e = code_some(p, PACKED_AT_ONCE, wanted);
	return *e == ERR_OK;
}

enum err
packer_take(struct packer *p, size_t max, struct buffer *out, bool *is_end)
{
	size_t n;
	enum err e;

	*is_end = false;
	if (!p->has_batch)
		return ERR_END;
	e = code_some(p, SIZE_MAX, max);
	if (e != ERR_OK)
		return e;
	n = p->packed.size - p->packed_at;
	if (n > max)
		n = max;
	put_bytes(out, p->packed.data + p->packed_at, n);
	p->packed_at += n;
	*is_end =
	    p->at > p->batch.change_count && p->packed_at == p->packed.size;
	if (*is_end) {
		p->has_batch = false;
		batch_clear(&p->batch);
	}
	return buffer_state(out);
}
