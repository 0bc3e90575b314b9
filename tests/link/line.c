/* line: one way of a link in virtual time. */

#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "tests/link/line.h"

struct segment {
	uint64_t arrives_us;
	size_t size;
};

/* Where in all the bytes ever sent a mark stands. */
struct mark {
	uint64_t at;
	unsigned mark;
};

struct line {
	struct line_options o;
	uint64_t seed;
	uint64_t now_us;
	uint64_t free_us; /* the link has carried what it was given */
	uint64_t last_us; /* the latest arrival so far: order is kept */
	/* Read by the receiver up to the front of `bytes`; then what has
	 * arrived, what is under way, and what waits in the kernel. */
	struct buffer bytes;
	size_t arrived, under_way;
	uint64_t read;
	struct segment *segment;
	size_t segment_at, segment_count, segment_room;
	struct mark *mark;
	size_t mark_at, mark_count, mark_room;
	bool has_ended;
	uint64_t end_us; /* the end arrives; NEVER: not on its way */
	struct line_counts counts;
};

struct line *
line_new(const struct line_options *o, uint64_t seed)
{
	struct line *l = calloc(1, sizeof *l);

	if (l == NULL)
		abort();
	l->o = *o;
	if (l->o.unsent_max == 0)
		l->o.unsent_max = UNSENT_BYTES;
	l->seed = seed;
	l->end_us = NEVER;
	return l;
}

void
line_free(struct line *l)
{
	if (l == NULL)
		return;
	buffer_free(&l->bytes);
	free(l->segment);
	free(l->mark);
	free(l);
}

/* splitmix64 */
static uint64_t
draw(struct line *l, uint64_t below)
{
	uint64_t z = (l->seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (z ^ (z >> 31)) % below;
}

/* Room for one more in an array; what was taken from its front goes. */
static void *
room_for_one(void *items, size_t each, size_t *at, size_t *count, size_t *room)
{
	if (*at > 0 && *at == *count)
		*at = *count = 0;
	if (*count == *room) {
		*room = *room == 0 ? 64 : 2 * *room;
		items = realloc(items, *room * each);
		if (items == NULL)
			abort();
	}
	return items;
}

/* --- the sender's side ------------------------------------------------- */

size_t
line_unsent(const struct line *l)
{
	return l->bytes.size - l->arrived - l->under_way;
}

bool
line_takes(const struct line *l)
{
	return !l->has_ended && line_unsent(l) < l->o.unsent_max;
}

static uint64_t
carry_us(const struct line *l, size_t size)
{
	uint64_t bits = 8 * (uint64_t)(size + l->o.header_bytes);

	return l->o.rate_bps == 0 ? 0 : bits * 1000000 / l->o.rate_bps;
}

/* How much later than without loss it arrives; each try takes the link. */
static uint64_t
lose(struct line *l, uint64_t took_us)
{
	uint64_t late = 0, wait = l->o.retransmit_us;

	while (l->o.loss_ppm > 0 && draw(l, 1000000) < l->o.loss_ppm) {
		l->counts.lost++;
		l->free_us += took_us;
		late += wait + took_us;
		wait *= 2; /* as TCP backs off */
	}
	return late;
}

static void
depart(struct line *l, size_t size)
{
	uint64_t took = carry_us(l, size), arrives;

	l->free_us += took;
	arrives = l->free_us + l->o.delay_us;
	arrives += lose(l, took);
	if (arrives < l->last_us)
		arrives = l->last_us;
	l->last_us = arrives;
	l->segment = room_for_one(l->segment, sizeof *l->segment,
	    &l->segment_at, &l->segment_count, &l->segment_room);
	l->segment[l->segment_count++] =
	    (struct segment){.arrives_us = arrives, .size = size};
	l->under_way += size;
	l->counts.segments++;
	l->counts.bytes += size;
}

/* What may leave now does: the link is free and the receiver has room. */
static void
depart_all(struct line *l)
{
	while (line_unsent(l) > 0 && l->free_us <= l->now_us &&
	       l->arrived + l->under_way < RECEIVE_WINDOW_BYTES) {
		size_t size = line_unsent(l);

		if (l->free_us < l->now_us)
			l->free_us = l->now_us;
		depart(l, size < SEGMENT_BYTES ? size : SEGMENT_BYTES);
	}
	if (l->has_ended && line_unsent(l) == 0 && l->end_us == NEVER) {
		uint64_t at = l->free_us > l->now_us ? l->free_us : l->now_us;

		at += l->o.delay_us;
		l->end_us = at > l->last_us ? at : l->last_us;
	}
}

void
line_send(struct line *l, const void *bytes, size_t size, unsigned mark)
{
	uint64_t at = l->read + l->bytes.size;

	assert(!l->has_ended);
	if (size == 0)
		return;
	l->mark = room_for_one(l->mark, sizeof *l->mark, &l->mark_at,
	    &l->mark_count, &l->mark_room);
	l->mark[l->mark_count++] = (struct mark){.at = at, .mark = mark};
	put_bytes(&l->bytes, bytes, size);
	if (l->bytes.failed)
		abort();
	depart_all(l);
}

void
line_end(struct line *l)
{
	l->has_ended = true;
	depart_all(l);
}

/* --- time -------------------------------------------------------------- */

uint64_t
line_next_us(const struct line *l)
{
	uint64_t next = NEVER;

	if (l->segment_at < l->segment_count)
		next = l->segment[l->segment_at].arrives_us;
	if (line_unsent(l) > 0 && l->free_us > l->now_us &&
	    l->arrived + l->under_way < RECEIVE_WINDOW_BYTES &&
	    l->free_us < next)
		next = l->free_us;
	if (l->end_us != NEVER && l->end_us > l->now_us && l->end_us < next)
		next = l->end_us;
	return next;
}

void
line_advance(struct line *l, uint64_t now_us)
{
	assert(now_us >= l->now_us);
	l->now_us = now_us;
	while (l->segment_at < l->segment_count &&
	       l->segment[l->segment_at].arrives_us <= now_us) {
		l->arrived += l->segment[l->segment_at].size;
		l->under_way -= l->segment[l->segment_at].size;
		l->segment_at++;
	}
	depart_all(l);
}

void
line_stall(struct line *l, uint64_t until_us)
{
	uint64_t late = until_us - l->now_us;
	size_t i;

	assert(until_us >= l->now_us);
	for (i = l->segment_at; i < l->segment_count; i++)
		l->segment[i].arrives_us += late;
	if (l->end_us != NEVER && l->end_us > l->now_us)
		l->end_us += late;
	if (l->last_us > l->now_us)
		l->last_us += late;
	l->free_us = (l->free_us > l->now_us ? l->free_us : l->now_us) + late;
}

/* --- the receiver's side ----------------------------------------------- */

size_t
line_arrived(const struct line *l, const uint8_t **out)
{
	*out = l->bytes.data;
	return l->arrived;
}

unsigned
line_read(struct line *l, size_t size)
{
	unsigned mark = 0;

	assert(size <= l->arrived);
	buffer_drop(&l->bytes, size);
	l->arrived -= size;
	l->read += size;
	while (l->mark_at < l->mark_count && l->mark[l->mark_at].at < l->read) {
		if (l->mark[l->mark_at].mark > mark)
			mark = l->mark[l->mark_at].mark;
		l->mark_at++;
	}
	depart_all(l);
	return mark;
}

bool
line_is_at_end(const struct line *l)
{
	return l->end_us <= l->now_us && l->bytes.size == 0;
}

struct line_counts
line_counts(const struct line *l)
{
	return l->counts;
}
