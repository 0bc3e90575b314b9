/* session_pack: batches in dense form, within a session (sync/packed.h).
 *
 * Bytes are dear on a slow link and a sender's time on a fast one. A batch
 * goes in dense form unless the link was seen to be fast, or is near and much
 * waits: then the first bytes show how fast it is.
 */

#include <stdlib.h>
#include <string.h>

#include "sync/session_state.h"

enum {
	/* Bytes a second above which packing, half a millisecond a change,
	 * would hold the link up. */
	PACK_RATE_MAX = 256 * 1024,
	PACK_CHANGES_MIN = 8,
	PACK_CHANGE_BYTES = 128, /* about what a change takes */
	PACK_SECONDS = 2,        /* of the link, at most, for one batch */
	PACK_TIMES_SHORTER = 8,  /* at most; what is known beats it */
	PACK_BYTES_MIN = 2048,
	PACK_FIRST_BYTES = 24 * 1024, /* of bodies, before a rate is known */
	PACK_REFUSALS_MAX = 3,        /* then the two ends do not get along */
	PACK_ANEW_MAX = 1,            /* refusals before rows are tried */
	PACK_TIMED_US = 100000,       /* of packing tell how fast it is */
	/* Rows are about twice as long: they are quicker where the link takes
	 * twice of what is packed in its time. */
	ROWS_TIMES_LONGER = 2,
};

static const struct known_lives no_lives;

void
pack_know_own_lives(struct session *s)
{
	struct hello_life *own = s->own_lives;
	size_t i;

	if (s->o.purpose != SESSION_SYNC)
		return;
	s->lives->count = s->own_life_count;
	for (i = 0; i < s->own_life_count; i++)
		memcpy(s->lives->id[i], own[i].id, LIFE_BYTES);
}

enum err
pack_open(struct session *s)
{
	if (s->o.books != NULL) {
		s->books = s->o.books;
		return ERR_OK;
	}
	s->owns_books = true;
	return codebook_new(&s->books);
}

void
pack_free(struct session *s)
{
	size_t i;

	for (i = 0; i < CLASSES; i++) {
		packer_free(s->packer[i]);
		unpacker_free(s->unpacker[i]);
	}
	if (s->owns_books)
		codebook_free(s->books);
	free(s->expected);
	free(s->lives);
}

/* --- out --------------------------------------------------------------- */

/* Before any rate is known the handshake tells whether the peer sits in the
 * same house, where packing would only hold up what waits. */
static bool
is_far(const struct session *s)
{
	return s->pace.trip_ms >= PACK_TRIP_MS;
}

/* One of the two has many to serve. */
static bool
rows_are_wanted(const struct session *s)
{
	return s->o.wants_rows || s->peer_wants_rows;
}

enum err
pack_consume_rows(struct session *s, const struct bytes *body)
{
	if (body->size != 0)
		return ERR_FORMAT;
	s->peer_wants_rows = true;
	return ERR_OK;
}

/* On a slow computer the link would wait for what is packed. */
static uint64_t
rate_for_rows(const struct session *s)
{
	uint64_t packs = s->pack_pace.rate * ROWS_TIMES_LONGER;

	return packs == 0 || packs > PACK_RATE_MAX ? PACK_RATE_MAX : packs;
}

void
session_prepare_took(struct session *s, uint64_t us)
{
	struct pack_pace *p = &s->pack_pace;

	if (p->last_bytes == 0) /* it read, or learned */
		return;
	p->bytes += p->last_bytes;
	p->us += us;
	p->last_bytes = 0;
	if (p->us < PACK_TIMED_US)
		return;
	p->rate = p->bytes * 1000000 / p->us;
	if (p->rate == 0)
		p->rate = 1;
	p->bytes = p->us = 0;
}

static uint64_t
within(uint64_t n, uint64_t least, uint64_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* Bodies to what became of them, in this session. */
static uint64_t
times_shorter(const struct session *s)
{
	uint64_t sent = 0, class;

	for (class = 0; class < CLASSES; class ++)
		sent += s->stats.data_sent[class];
	return sent == 0 ? PACK_TIMES_SHORTER
	                 : within((s->bodies_sent + sent / 2) / sent, 1,
	                       PACK_TIMES_SHORTER);
}

/* Two seconds of the link, or less: so much goes again after a cut. While the
 * rate is not known a far link may be slow: the first batches are small. */
void
pack_aim(const struct session *s, size_t *changes, size_t *bytes)
{
	uint64_t rate = session_rate(s);

	*changes = BATCH_CHANGES_AIM;
	*bytes = BATCH_BYTES_AIM;
	if (rate > rate_for_rows(s) || rows_are_wanted(s))
		return;
	if (rate > 0) {
		uint64_t link = rate * PACK_SECONDS;
		uint64_t left = first_flight_left(s);

		link = left < link ? left : link;
		*changes = (size_t)within(link / PACK_CHANGE_BYTES,
		    PACK_CHANGES_MIN, PACK_CHANGES_MAX);
		*bytes = (size_t)within(
		    link * times_shorter(s), PACK_BYTES_MIN, BATCH_BYTES_AIM);
	} else if (is_far(s)) {
		*changes = PACK_CHANGES_MAX;
		*bytes = PACK_FIRST_BYTES;
	}
}

/* Text of characters that no dictionary lists takes 21 bits for each, up to
 * 2.7 times its size, and text that repeats itself shrinks without end. A
 * receiver takes so much whatever it is; a larger batch that it cannot take
 * would stand in the way of all behind it. */
bool
pack_is_sound(const struct batch *b)
{
	return b->bytes.size <= PACK_BODIES_MAX;
}

bool
pack_is_wanted(const struct session *s, const struct batch *b)
{
	uint64_t rate = session_rate(s);

	if (!pack_is_sound(b) || s->packs_never[b->list.class] ||
	    rows_are_wanted(s))
		return false;
	/* That much more waits, and nobody knows the link. */
	if (rate == 0)
		return is_far(s) || b->change_count < BATCH_CHANGES_AIM;
	return rate <= rate_for_rows(s);
}

/* What a child holds its parent handed out, unless it said otherwise; where
 * that was wrong it begins anew without. */
static bool
peer_has(const struct session *s, uint32_t id)
{
	size_t k;

	if (s->o.purpose == SESSION_SYNC && !s->has_peer_hello)
		return !codebook_is_lacked(s->books, id);
	for (k = 0; k < s->peer_hello.dictionary_count; k++)
		if (s->peer_hello.dictionaries[k] == id)
			return true;
	return false;
}

/* The best dictionary both are thought to hold. */
static uint32_t
choose_dictionary(const struct session *s)
{
	uint32_t ids[CODEBOOK_MAX - 1];
	size_t count = codebook_ids(s->books, ids), i;

	for (i = 0; i < count; i++)
		if (peer_has(s, ids[i]) && codebook_can(s->books, ids[i]))
			return ids[i];
	return 0;
}

/* Upwards the receiver holds all of a log that comes before. */
static size_t
choose_history(const struct batch *b, const struct change_id *last)
{
	size_t most =
	    b->change_count < PACK_MANY ? PACK_HISTORY : PACK_HISTORY_LONG;

	return last->seq < most ? (size_t)last->seq : most;
}

/* What has been learned already is not learned again. */
static enum err
start(struct session *s, struct packer *p, const struct batch *b)
{
	struct change_id last = {0};
	uint32_t dictionary = 0;
	size_t history = 0;

	if (!s->packs_plainly[b->list.class]) {
		dictionary = choose_dictionary(s);
		if (s->o.purpose == SESSION_SYNC && b->change_count > 0) {
			last = b->changes[0].id;
			last.seq--;
			history = choose_history(b, &last);
		}
	}
	if (packer_is_ready(p, dictionary, &last))
		return ERR_OK;
	return packer_start(
	    p, s->books, dictionary, &s->o.source, &last, history);
}

/* The receiver knows where it begins without being told. */
static bool
follows(const struct outgoing *o, const struct batch *b)
{
	return b->start.epoch != 0 && b->start.epoch == o->expected.epoch &&
	       b->start.place == o->expected.place &&
	       b->start.running == o->expected.running;
}

static enum err
add(struct session *s, struct packer *p, const struct outgoing *o,
    const struct batch *b)
{
	enum err e = ERR_OK;

	if (!packer_has_begun(p) || packer_is_fresh(p)) {
		s->beginnings[b->list.class]++;
		e = start(s, p, b);
	}
	return e == ERR_OK
	           ? packer_add(p, b, follows(o, b),
	                 s->o.purpose == SESSION_SYNC ? s->lives : &no_lives)
	           : e;
}

/* Forget a coder that the peer could not follow. */
static void
begin_anew(struct session *s, uint8_t class)
{
	if (!s->packs_anew[class])
		return;
	packer_free(s->packer[class]);
	s->packer[class] = NULL;
	s->packs_anew[class] = false;
}

enum err
pack_put(struct session *s, struct outgoing *o, const struct batch *b)
{
	struct packer **p = &s->packer[b->list.class];
	enum err e = ERR_OK;

	begin_anew(s, b->list.class);
	if (*p == NULL)
		e = packer_new(p);
	return e == ERR_OK ? add(s, *p, o, b) : e;
}

enum err
pack_make_ready(struct session *s, const struct batch *b)
{
	struct packer **p = &s->packer[b->list.class];
	enum err e = *p == NULL ? packer_new(p) : ERR_OK;

	return e == ERR_OK ? start(s, *p, b) : e;
}

bool
pack_learn(struct session *s, enum err *e)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if (s->packer[class] != NULL && *e == ERR_OK &&
		    packer_learn(s->packer[class], e))
			return true;
	return false;
}

static enum err
pack_whole(struct session *s, struct packer *p, const struct outgoing *o,
    const struct batch *b, struct buffer *packed)
{
	bool is_end = false;
	enum err e = add(s, p, o, b);

	while (e == ERR_OK && !is_end)
		e = packer_take(p, PACKED_BYTES_MAX, packed, &is_end);
	return e;
}

enum err
pack_aside(struct session *s, struct outgoing *o, const struct batch *b,
    struct packer **out, struct buffer *packed)
{
	uint8_t class = b->list.class;
	enum err e;

	begin_anew(s, class);
	e = s->packer[class] == NULL ? packer_new(out)
	                             : packer_copy(out, s->packer[class]);
	return e == ERR_OK ? pack_whole(s, *out, o, b, packed) : e;
}

void
pack_keep(struct session *s, uint8_t class, struct packer *p)
{
	packer_free(s->packer[class]);
	s->packer[class] = p;
}

bool
pack_waits(const struct session *s, uint8_t class)
{
	return s->packer[class] != NULL && packer_waits(s->packer[class]);
}

bool
pack_prepare(struct session *s, uint8_t class, enum err *e)
{
	struct packer *p = s->packer[class];
	size_t before = packer_made(p);
	bool more = packer_prepare(p, s->frame_aim, e);

	s->pack_pace.last_bytes = packer_made(p) - before;
	return more;
}

enum err
pack_take(struct session *s, uint8_t class, size_t max, struct buffer *body)
{
	bool is_end;
	enum err e;

	put_u8(body, class);
	e = packer_take(s->packer[class], max - 1, body, &is_end);
	if (e == ERR_OK && is_end)
		body->data[0] |= DENSE_END;
	return e;
}

enum err
pack_refused(struct session *s, struct outgoing *o, unsigned beginning)
{
	uint8_t class = o->list.class;

	o->is_refused = true;
	if (++o->refusals > PACK_REFUSALS_MAX)
		return ERR_REFUSED;
	/* Who heard our end says bye now: this session cannot become a clean
	 * one, the next begins from what is held. */
	if (s->sent_end && s->o.purpose == SESSION_ANSWER)
		return ERR_OK;
	s->sent_end = false;
	/* All that is under way of this list is void; it goes again from what
	 * is held, leaning on nothing. */
	answers_void(s, o);
	o->next = o->held;
	o->at_end = false;
	/* What was refused together is mended together. */
	if (beginning < s->beginnings[class])
		return ERR_OK;
	/* Whatever it is that the peer cannot read, rows it can. */
	if (o->refusals > PACK_ANEW_MAX)
		s->packs_never[class] = true;
	s->packs_anew[class] = true;
	s->packs_plainly[class] = true;
	return ERR_OK;
}

/* --- in ---------------------------------------------------------------- */

static struct cursor *
find_expected(struct session *s, const struct list_id *list)
{
	struct cursor_set *set = s->expected;
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->item[i].list.class == list->class &&
		    strcmp(set->item[i].list.name, list->name) == 0)
			return &set->item[i].cursor;
	return NULL;
}

static struct cursor
expected(void *context, const struct list_id *list)
{
	const struct cursor *at = find_expected(context, list);

	return at == NULL ? (struct cursor){0, 0, 0} : *at;
}

void
pack_note_end(struct session *s, const struct batch *b)
{
	struct cursor_set *set = s->expected;
	struct cursor *at = find_expected(s, &b->list);

	if (at == NULL && set->count < LISTS_MAX) {
		set->item[set->count].list = b->list;
		at = &set->item[set->count++].cursor;
	}
	if (at != NULL)
		*at = b->end;
}

static struct unpack_context
unpack_context(struct session *s)
{
	return (struct unpack_context){.books = s->books,
	    .source = &s->o.source,
	    .lives = s->o.purpose == SESSION_ANSWER ? s->lives : &no_lives,
	    .is_held = s->is_held,
	    .expected = expected,
	    .context = s};
}

static enum err
feed(struct session *s, uint8_t class, const void *data, size_t size)
{
	struct unpack_context cx = unpack_context(s);
	struct unpacker **u = &s->unpacker[class];
	enum err e = *u == NULL ? unpacker_new(u) : ERR_OK;

	if (e == ERR_OK)
		e = unpacker_feed(*u, data, size);
	if (e == ERR_OK)
		unpacker_look(*u, &cx, class);
	return e;
}

enum err
pack_consume(struct session *s, const struct bytes *body)
{
	uint8_t class;
	enum err e;

	if (body->size < 2 || (body->data[0] & ~DENSE_END) >= CLASSES ||
	    !peer_goes_on(s))
		return ERR_FORMAT;
	class = body->data[0] & (uint8_t)~DENSE_END;
	s->stats.data_received[class] += body->size - 1;
	e = feed(s, class, body->data + 1, body->size - 1);
	if (e == ERR_OK && (body->data[0] & DENSE_END) != 0)
		s->unpacking = class;
	return e;
}

bool
pack_learn_theirs(struct session *s)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if (s->unpacker[class] != NULL &&
		    unpacker_learn(s->unpacker[class]))
			return true;
	return false;
}

bool
pack_is_learning(const struct session *s)
{
	return s->o.learns && unpacker_is_learning(s->unpacker[s->unpacking]);
}

enum err
pack_next(struct session *s, struct batch *out)
{
	struct unpack_context cx = unpack_context(s);
	uint8_t class = (uint8_t)s->unpacking;

	s->unpacking = -1;
	out->list.class = class;
	return unpacker_take(s->unpacker[class], &cx, out);
}

void
pack_know_hello(struct session *s)
{
	const struct hello *h = &s->peer_hello;
	size_t i;

	if (s->o.purpose != SESSION_ANSWER) {
		codebook_note_parents(
		    s->books, h->dictionaries, h->dictionary_count);
		return;
	}
	s->lives->count = s->peer_hello.life_count;
	for (i = 0; i < s->lives->count; i++)
		memcpy(s->lives->id[i], s->peer_lives[i].id, LIFE_BYTES);
}
