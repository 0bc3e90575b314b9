/* unpacked: batches in dense form, as they come in. */

#include <stdlib.h>
#include <string.h>

#include "sync/packed_state.h"

enum { LOOKS_MAX = 8 }; /* a header comes in one or two pieces */

struct unpacker {
	struct dense *dense; /* NULL: not begun, or lost its thread */
	struct buffer packed;
	unsigned beginnings;
	size_t vain; /* bytes that were learned or decoded for nothing */
	/* Of the batch that is coming in. */
	unsigned looks;   /* at what there is of it */
	bool has_begun;   /* before all of it was there, */
	enum err begun;   /* which came to this */
	size_t vain_then; /* before that */
	struct lesson lesson;
};

/* A header, as read. */
struct header {
	uint8_t flags;
	uint16_t check;
	uint64_t places;
	struct packed_lives lives;
	size_t change_count;
	size_t head_life[BATCH_HEADS_MAX];
	struct packed_start start;
	uint16_t history_check;
	bool is_placed; /* it begins where we expect it */
};

size_t
packed_life(struct packed_lives *l, const uint8_t life[LIFE_BYTES])
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (memcmp(l->id[i], life, LIFE_BYTES) == 0)
			return i;
	if (l->count == PACKED_LIVES_MAX)
		return PACKED_LIVES_MAX;
	memcpy(l->id[l->count], life, LIFE_BYTES);
	return l->count++;
}

enum err
unpacker_new(struct unpacker **out)
{
	*out = calloc(1, sizeof **out);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

void
unpacker_free(struct unpacker *u)
{
	if (u == NULL)
		return;
	dense_free(u->dense);
	lesson_end(&u->lesson);
	buffer_wipe(&u->packed);
	free(u);
}

bool
unpacker_holds(const struct unpacker *u)
{
	return u->packed.size > 0;
}

enum err
unpacker_feed(struct unpacker *u, const void *data, size_t size)
{
	if (size > PACKED_BYTES_MAX - u->packed.size)
		return ERR_LIMIT;
	put_bytes(&u->packed, data, size);
	return buffer_state(&u->packed);
}

/* --- the header -------------------------------------------------------- */

static bool
take_name(struct reader *r, const struct header *h, struct list_id *list)
{
	struct bytes name = {(const uint8_t *)PACKED_UP, strlen(PACKED_UP)};

	if ((h->flags & PACKED_IS_UP) == 0) {
		name = read_string(r);
		/* One way to say it. */
		if (!r->failed && name.size == strlen(PACKED_UP) &&
		    memcmp(name.data, PACKED_UP, name.size) == 0)
			return false;
	}
	if (r->failed || name.size == 0 || name.size > LIST_NAME_BYTES_MAX ||
	    memchr(name.data, 0, name.size) != NULL)
		return false;
	memcpy(list->name, name.data, name.size);
	list->name[name.size] = '\0';
	return true;
}

static bool
take_places(struct reader *r, struct header *h, const struct unpack_context *cx,
    struct batch *out)
{
	h->is_placed = true;
	if ((h->flags & PACKED_FOLLOWS) != 0) {
		h->check = read_u16(r);
		out->start = cx->expected(cx->context, &out->list);
		h->is_placed = out->start.epoch != 0 &&
		               (uint16_t)out->start.running == h->check;
	} else {
		out->start.epoch = read_u32(r);
		out->start.place = read_varint(r);
		out->start.running = read_u64(r);
		if (out->start.epoch == 0)
			return false;
	}
	h->places = read_varint(r);
	out->end.epoch = out->start.epoch;
	out->end.place = out->start.place + h->places;
	out->end.running = read_u64(r);
	return !r->failed && h->places <= UINT64_MAX - out->start.place;
}

static bool
take_lives(struct reader *r, struct header *h, const struct known_lives *known)
{
	uint64_t count = read_varint(r);

	if (r->failed || count > PACKED_LIVES_MAX)
		return false;
	while (h->lives.count < count) {
		uint64_t k = read_varint(r);
		uint8_t *id = h->lives.id[h->lives.count++];

		if (r->failed || k > known->count)
			return false;
		if (k == 0)
			read_copy(r, id, LIFE_BYTES);
		else
			memcpy(id, known->id[k - 1], LIFE_BYTES);
	}
	return !r->failed;
}

static bool
take_heads(struct reader *r, struct header *h, struct batch *out)
{
	uint64_t count = read_varint(r), life;
	size_t i;

	if (r->failed || count > sizeof out->heads / sizeof out->heads[0])
		return false;
	for (i = 0; i < count; i++) {
		life = read_varint(r);
		if (r->failed || life >= h->lives.count)
			return false;
		h->head_life[i] = (size_t)life;
		memset(&out->heads[i], 0, sizeof out->heads[i]);
		read_copy(r, out->heads[i].signature, SIGNATURE_BYTES);
	}
	out->head_count = (size_t)count;
	return !r->failed;
}

static bool
take_history(struct reader *r, struct header *h, uint8_t class)
{
	struct packed_start *s = &h->start;
	uint64_t history = read_varint(r), life;

	if (r->failed || history > PACKED_HISTORY_MAX)
		return false;
	s->history = (size_t)history;
	if (s->history == 0)
		return true;
	life = read_varint(r);
	if (r->failed || life >= h->lives.count)
		return false;
	memcpy(s->last.life, h->lives.id[life], LIFE_BYTES);
	s->last.class = class;
	s->last.seq = read_varint(r);
	h->history_check = read_u16(r);
	return !r->failed && s->last.seq >= s->history;
}

static bool
take_start(struct reader *r, struct header *h, uint8_t class)
{
	uint64_t named = read_varint(r);

	if (named == 1)
		h->start.dictionary = read_u32(r);
	if (r->failed || named > 1 || (named == 1 && h->start.dictionary == 0))
		return false;
	return take_history(r, h, class);
}

static bool
take_header(struct reader *r, const struct unpack_context *cx, struct header *h,
    struct batch *out)
{
	uint64_t count;

	h->flags = read_u8(r);
	if (r->failed || h->flags > PACKED_FLAGS ||
	    !take_name(r, h, &out->list) || !take_places(r, h, cx, out) ||
	    !take_lives(r, h, cx->lives))
		return false;
	count = read_varint(r);
	if (r->failed || count > BATCH_CHANGES_MAX)
		return false;
	h->change_count = (size_t)count;
	return take_heads(r, h, out) && ((h->flags & PACKED_FRESH) == 0 ||
	                                    take_start(r, h, out->list.class));
}

/* --- beginning --------------------------------------------------------- */

static void
lose_thread(struct unpacker *u)
{
	dense_free(u->dense);
	u->dense = NULL;
	lesson_end(&u->lesson);
}

/* Whether a batch can be read shows what it was built upon: nobody learns
 * that way of lives that are not his own. */
static bool
is_known(const struct known_lives *lives, const uint8_t life[LIFE_BYTES])
{
	size_t i;

	for (i = 0; i < lives->count; i++)
		if (memcmp(lives->id[i], life, LIFE_BYTES) == 0)
			return true;
	return false;
}

static enum err
fetch_history(
    struct unpacker *u, const struct unpack_context *cx, const struct header *h)
{
	const struct packed_start *s = &h->start;
	struct lesson *l = &u->lesson;
	enum err e = ERR_NOT_FOUND;

	if (s->history == 0)
		return ERR_OK;
	if (cx->source->history != NULL && is_known(cx->lives, s->last.life))
		e = cx->source->history(cx->source->context, &s->last,
		    s->history, PACKED_HISTORY_BYTES_MAX, &l->bodies, &l->left);
	if (e == ERR_OK &&
	    (l->left < s->history || (uint16_t)packed_check(l->bodies.data,
	                                 l->bodies.size) != h->history_check))
		e = ERR_NOT_FOUND;
	u->vain += l->bodies.size;
	return e;
}

static enum err
begin(
    struct unpacker *u, const struct unpack_context *cx, const struct header *h)
{
	enum err e;

	lose_thread(u);
	if (++u->beginnings > PACKED_FRESH_MAX)
		return ERR_LIMIT;
	if (u->vain > PACKED_VAIN_BYTES_MAX)
		return ERR_NOT_FOUND;
	e = codebook_dense(cx->books, h->start.dictionary, &u->dense);
	if (e == ERR_OK)
		e = fetch_history(u, cx, h);
	if (e != ERR_OK)
		lose_thread(u);
	return e;
}

/* The header may not be whole yet. */
static void
look(struct unpacker *u, const struct unpack_context *cx, struct header *h,
    struct batch *none)
{
	struct reader r;

	reader_init(&r, u->packed.data, u->packed.size);
	if (!take_header(&r, cx, h, none))
		return;
	u->vain_then = u->vain;
	u->has_begun = true;
	u->begun = begin(u, cx, h);
}

void
unpacker_look(
    struct unpacker *u, const struct unpack_context *cx, uint8_t class)
{
	struct batch *none;
	struct header *h;

	if (u->packed.size == 0 || (u->packed.data[0] & PACKED_FRESH) == 0 ||
	    u->has_begun || u->looks == LOOKS_MAX)
		return;
	u->looks++;
	none = calloc(1, sizeof *none);
	h = calloc(1, sizeof *h);
	if (none != NULL && h != NULL) {
		none->list.class = class;
		look(u, cx, h, none);
	}
	free(none);
	free(h);
}

bool
unpacker_is_learning(const struct unpacker *u)
{
	return u->dense != NULL && u->lesson.left > 0;
}

bool
unpacker_learn(struct unpacker *u)
{
	enum err e;

	if (!unpacker_is_learning(u))
		return false;
	e = lesson_take(&u->lesson, u->dense, PACKED_AT_ONCE);
	if (e != ERR_OK) {
		u->begun = e;
		lose_thread(u);
	}
	return u->lesson.left > 0;
}

/* What the batch is read with: what there is, or a new beginning. */
static enum err
find_beginning(
    struct unpacker *u, const struct unpack_context *cx, const struct header *h)
{
	enum err e = ERR_OK;

	if ((h->flags & PACKED_FRESH) != 0)
		e = u->has_begun ? u->begun : begin(u, cx, h);
	if (e == ERR_OK && u->dense == NULL)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = lesson_take(&u->lesson, u->dense, SIZE_MAX);
	if (e != ERR_OK)
		lose_thread(u);
	return e;
}

/* --- the changes ------------------------------------------------------- */

static size_t
bodies_max(const struct unpacker *u)
{
	size_t max = PACKED_BODIES_FREE + PACKED_BODIES_RATIO * u->packed.size;

	return max < BATCH_BYTES_MAX ? max : BATCH_BYTES_MAX;
}

static enum err
take_change(struct unpacker *u, const struct header *h, uint64_t *last_seq,
    struct batch *out)
{
	struct batch_change *c = &out->changes[out->change_count];
	uint64_t life = dense_take_number(u->dense, FACT_LIFE);
	uint64_t step = dense_take_number(u->dense, FACT_STEP), salt, month;
	enum err e;

	if (life >= h->lives.count)
		return ERR_FORMAT;
	memset(c, 0, sizeof *c);
	memcpy(c->id.life, h->lives.id[life], LIFE_BYTES);
	c->id.class = out->list.class;
	c->id.seq = last_seq[life] + (step >> 1 ^ (0 - (step & 1)));
	last_seq[life] = c->id.seq;
	salt = dense_take_number(u->dense, FACT_SALT);
	if (salt == 1) {
		month = dense_take_number(u->dense, FACT_MONTH);
		if (month > UINT16_MAX)
			return ERR_FORMAT;
		c->has_secret = true;
		c->month = (uint16_t)month;
		dense_take_bytes(u->dense, c->secret, HASH_BYTES);
	}
	if (salt > 1 || c->id.seq == 0)
		return ERR_FORMAT;
	c->body_at = out->bytes.size;
	e = dense_take(u->dense, bodies_max(u) - out->bytes.size, &out->bytes);
	c->body_bytes = out->bytes.size - c->body_at;
	out->change_count++;
	return e;
}

/* A head is that of its log's last change in the batch. */
static bool
fill_heads(const struct header *h, const uint64_t *last_seq, struct batch *out)
{
	size_t i;

	for (i = 0; i < out->head_count; i++) {
		struct log_head *head = &out->heads[i];

		memcpy(head->life, h->lives.id[h->head_life[i]], LIFE_BYTES);
		head->class = out->list.class;
		head->seq = last_seq[h->head_life[i]];
		if (head->seq == 0)
			return false;
	}
	return true;
}

static enum err
take_changes(struct unpacker *u, const struct header *h, const struct reader *r,
    struct batch *out)
{
	uint64_t last_seq[PACKED_LIVES_MAX] = {0};
	uint8_t check[PACKED_CHECK_BYTES];
	enum err e = ERR_OK;
	size_t i;

	dense_open(u->dense, r->at, reader_left(r));
	for (i = 0; e == ERR_OK && i < h->change_count; i++)
		e = take_change(u, h, last_seq, out);
	if (e == ERR_OK)
		dense_take_bytes(u->dense, check, sizeof check);
	if (e == ERR_OK)
		e = dense_close(u->dense);
	if (e == ERR_OK &&
	    load_u32(check) != packed_check(out->bytes.data, out->bytes.size))
		e = ERR_FORMAT;
	if (e == ERR_OK && !fill_heads(h, last_seq, out))
		e = ERR_FORMAT;
	return e;
}

/* What is decoded and given to nobody costs its sender next to nothing, and
 * nobody else has a turn before the next one: it must come to an end. */
static enum err
note_vain(struct unpacker *u, size_t vain_before, size_t decoded, enum err e)
{
	if (e == ERR_OK) {
		u->vain = vain_before;
		return ERR_OK;
	}
	u->vain += decoded;
	if (u->vain > PACKED_VAIN_BYTES_MAX)
		lose_thread(u);
	return e;
}

static enum err
take_batch(struct unpacker *u, const struct unpack_context *cx,
    struct header *h, struct batch *out)
{
	size_t vain = u->has_begun ? u->vain_then : u->vain;
	struct reader r;
	enum err e;

	reader_init(&r, u->packed.data, u->packed.size);
	if (!take_header(&r, cx, h, out))
		return ERR_FORMAT;
	e = find_beginning(u, cx, h);
	if (e == ERR_OK)
		e = take_changes(u, h, &r, out);
	/* Whatever the reason, the two ends do not know the same: it can be
	 * mended by beginning anew, and that is bounded. */
	if (e == ERR_FORMAT) {
		lose_thread(u);
		e = ERR_NOT_FOUND;
	}
	if (e == ERR_OK && (!h->is_placed || cx->is_held))
		e = ERR_NOT_FOUND;
	/* What starts nowhere ends nowhere. */
	if (!h->is_placed)
		out->end = (struct cursor){0, 0, 0};
	return note_vain(u, vain, out->bytes.size, e);
}

enum err
unpacker_take(
    struct unpacker *u, const struct unpack_context *cx, struct batch *out)
{
	struct header *h = calloc(1, sizeof *h);
	uint8_t class = out->list.class;
	enum err e = ERR_NOMEM;

	batch_clear(out);
	out->list.class = class;
	if (h != NULL)
		e = take_batch(u, cx, h, out);
	if (e != ERR_OK) {
		out->change_count = 0;
		out->head_count = 0;
		buffer_clear(&out->bytes);
	}
	buffer_clear(&u->packed);
	u->has_begun = false;
	u->looks = 0;
	free(h);
	return e;
}
