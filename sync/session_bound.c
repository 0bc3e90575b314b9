/* session_bound: how much may be sent, where a session has a bound.
 *
 * The bound is on what both sides send. The initiator keeps it for both: it
 * counts what has moved, what is queued, what its batches will be answered
 * with, what the session still has to say, and the share it gave the parent
 * in hello for the parent's own lists; only what is left is room for a batch.
 * The parent's share pays for its batches and for the receipts they bring.
 *
 * A batch is packed aside to see how large it is, in dense form whatever the
 * link, and made smaller until it fits: nothing of unknown size waits.
 * If the most urgent change does not fit nothing less urgent goes either,
 * unless it would not fit into a session that carries nothing else: then nobody
 * is to wait for it, and whoever set the bound is told.
 */

#include <stdlib.h>
#include <string.h>

#include "sync/session_state.h"

enum {
	/* A frame's own bytes and a DATA message's, and how much a frame of
	 * the smallest aim carries at least. */
	FRAME_COST = FRAME_OVERHEAD + 4,
	FRAME_CARRIES = 200,
	/* RECEIPT with its frame, without the list's name, no exceptions. */
	RECEIPT_COST = FRAME_OVERHEAD + 3 + 27,
	EXCEPTION_COST = 16,
	/* GROUP_RECEIPT with its frame, numbers of up to 35 bits. */
	GROUP_RECEIPT_COST = FRAME_OVERHEAD + 3 + 73 + CLASSES * 37,
	UNHEARD_COST = FRAME_OVERHEAD + 3 + 10,
	UNHEARD_RUN_COST = 14,
	MESSAGE_3_COST = 2 + 64 + FRAME_OVERHEAD,
	HELLO_COST = FRAME_OVERHEAD + 50, /* the parent's, without lives */
	END_COST = FRAME_OVERHEAD + 3,
	GRANT_COST = FRAME_OVERHEAD + 14,
	BYE_COST = FRAME_OVERHEAD + 2,
	SLACK = 40, /* a message header for each class, SETTLED and the like */
	/* Of what is left, for the parent's lists, while ours wait. */
	DOWN_PART = 4,
	/* Below that a budget is near: no turns for the less urgent. */
	NEAR_BYTES = 1 << 20,
};

void
bound_init(struct session *s)
{
	struct bound *b = &s->bound;

	b->whole = UINT64_MAX;
	b->budget = UINT64_MAX;
	if (s->o.purpose != SESSION_SYNC)
		return;
	if (s->o.bytes_max > 0)
		b->whole = s->o.bytes_max;
	if (s->o.has_budget)
		b->budget = s->o.budget;
	b->is_set = s->o.bytes_max > 0 || s->o.has_budget;
}

void
bound_wipe(struct session *s)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		buffer_wipe(&s->bound.ready[i]);
}

/* So many bytes of messages, in frames as small as they may get. */
static uint64_t
framed(uint64_t bytes)
{
	return bytes == 0 ? 0
	                  : bytes + (bytes / FRAME_CARRIES + 1) * FRAME_COST;
}

/* --- room ---------------------------------------------------------------- */

static uint64_t
waiting_bytes(const struct session *s)
{
	uint64_t sum = s->control.size + s->aside.size + s->bound.under_way;
	size_t i;

	for (i = 0; i < CLASSES; i++)
		sum += s->bound.ready[i].size - s->bound.ready_at[i];
	return sum;
}

/* What a session says whatever it carries, and has not said yet. */
static uint64_t
due_bytes(const struct session *s)
{
	uint64_t sum = BYE_COST + SLACK;

	if (s->state < STATE_OPEN)
		sum += MESSAGE_3_COST;
	if (!s->has_peer_hello)
		sum += HELLO_COST;
	if (!s->peer_ended)
		sum += END_COST + GRANT_COST;
	return sum;
}

static uint64_t
share_left(const struct session *s)
{
	uint64_t came = 0;
	size_t i;

	if (s->peer_ended)
		return 0;
	for (i = 0; i < CLASSES; i++)
		came += s->stats.data_received[i];
	return came < s->bound.down ? s->bound.down - came : 0;
}

/* Spent or promised, in both directions. */
static uint64_t
used_bytes(const struct session *s)
{
	if (s->o.purpose == SESSION_ANSWER)
		return s->bound.spent;
	return s->stats.bytes_sent + s->stats.bytes_received +
	       (s->out.size - s->out_at) + framed(waiting_bytes(s)) +
	       answers_owed(s) + share_left(s) + due_bytes(s);
}

static uint64_t
room_for(const struct session *s, uint8_t class)
{
	uint64_t most = s->bound.whole, used = used_bytes(s);

	if (class > 0 && s->bound.budget < most)
		most = s->bound.budget;
	return used < most ? most - used : 0;
}

/* What the receiver says to a batch, at most. */
static uint64_t
answer_bytes(const struct session *s, const struct batch *b)
{
	uint64_t sum = RECEIPT_COST + strlen(b->list.name) +
	               EXCEPTION_COST * b->change_count;

	if (s->o.purpose == SESSION_SYNC)
		sum += GROUP_RECEIPT_COST *
		       (b->head_count > 0 ? b->head_count : 1);
	return sum;
}

enum err
bound_of_unheard(const struct session *s, const struct outgoing *o,
    const struct unheard *u, uint64_t changes, uint64_t *owed)
{
	uint64_t question = UNHEARD_COST + UNHEARD_RUN_COST * u->run_count;

	*owed = 0;
	if (!s->bound.is_set)
		return ERR_OK;
	if (changes > EXCEPTIONS_MAX)
		changes = EXCEPTIONS_MAX;
	/* The group's word of each life comes before the answer. */
	*owed = RECEIPT_COST + strlen(o->list.name) + EXCEPTION_COST * changes +
	        GROUP_RECEIPT_COST * u->run_count;
	return *owed + question > room_for(s, o->list.class) ? ERR_LIMIT
	                                                     : ERR_OK;
}

/* --- the parent's share -------------------------------------------------- */

static enum err
something_waits(struct session *s, bool *out)
{
	size_t i;
	enum err e = ERR_END;

	for (i = 0; e == ERR_END && i < s->outgoing_count; i++)
		e = s->o.source.read(s->o.source.context, &s->outgoing[i].list,
		    &s->outgoing[i].next, s->peer.signing_key, &s->peer_hello,
		    1, 1, s->scratch);
	*out = e == ERR_OK;
	batch_clear(s->scratch);
	return e == ERR_END ? ERR_OK : e;
}

static uint64_t
hello_bytes(const struct hello *h)
{
	struct buffer body = {0};
	uint64_t size = hello_create(h, &body) == ERR_OK ? body.size : 0;

	buffer_free(&body);
	return size;
}

enum err
bound_share(struct session *s, struct hello *hello)
{
	struct bound *b = &s->bound;
	uint64_t most, used;
	bool ours_wait;
	enum err e;

	if (!b->is_set || s->o.purpose != SESSION_SYNC)
		return ERR_OK;
	most = b->whole < b->budget ? b->whole : b->budget;
	used = used_bytes(s) + framed(hello_bytes(hello) + 10);
	if (b->whole < used)
		return ERR_LIMIT;
	e = something_waits(s, &ours_wait);
	if (e != ERR_OK)
		return e;
	b->fixed = used;
	b->ours_wait = ours_wait;
	b->down = used < most ? most - used : 0;
	if (ours_wait)
		b->down /= DOWN_PART;
	/* A budget gives way to class 0, a bound for all does not. */
	hello->down_bound = b->down * 2 + (b->whole == UINT64_MAX ? 1 : 0);
	if (hello->down_bound == 0)
		hello->down_bound = 2; /* a byte, since 0 means any number */
	return ERR_OK;
}

void
bound_take_share(struct session *s)
{
	uint64_t told = s->peer_hello.down_bound;

	if (s->o.purpose != SESSION_ANSWER || told == 0)
		return;
	s->bound.is_set = true;
	if (told % 2 == 1)
		s->bound.budget = told / 2;
	else
		s->bound.whole = told / 2;
}

/* --- batches, bounded or not ---------------------------------------------- */

void
bound_note_batch(struct session *s, struct outgoing *o, uint64_t owed)
{
	o->next = s->scratch->end;
	o->expected = o->next;
	o->has_sent = true;
	answers_await(s, o, &o->next, owed);
	s->stats.changes_sent += s->scratch->change_count;
	if (s->o.source.chosen != NULL)
		s->o.source.chosen(s->o.source.context, s->scratch);
}

/* --- batches near the bound ----------------------------------------------
 */

/* The batch in s->scratch, if it has room: packed aside first, so that its
 * size is known. *size: what it would take, answers included. */
static enum err
put_if_fits(struct session *s, struct outgoing *o, uint64_t room,
    uint64_t *size, bool *is_put)
{
	uint8_t class = o->list.class;
	struct buffer *ready = &s->bound.ready[class];
	uint64_t answer = answer_bytes(s, s->scratch);
	struct packer *behind = NULL;
	enum err e;

	buffer_clear(ready);
	s->bound.ready_at[class] = 0;
	*is_put = false;
	*size = UINT64_MAX; /* halve it */
	if (!pack_is_sound(s->scratch) && s->scratch->change_count > 1)
		return ERR_OK;
	e = pack_aside(s, o, s->scratch, &behind, ready);
	*size = framed(ready->size) + answer;
	*is_put = e == ERR_OK && *size <= room;
	if (!*is_put) {
		packer_free(behind);
		buffer_clear(ready);
		return e;
	}
	pack_keep(s, class, behind);
	/* A responder's share has paid for both. */
	if (s->o.purpose == SESSION_ANSWER)
		s->bound.spent += *size;
	bound_note_batch(s, o, answer);
	return ERR_OK;
}

/* --- what fits into no session -------------------------------------------- */

/* What a session has room for that carries nothing else. A responder knows its
 * share of this one. */
static uint64_t
room_if_empty(const struct session *s, uint8_t class)
{
	const struct bound *b = &s->bound;
	uint64_t most = b->whole;

	if (class > 0 && b->budget < most)
		most = b->budget;
	return b->fixed < most ? most - b->fixed : 0;
}

bool
bound_is_over(const struct outgoing *o)
{
	return o->is_over && o->over.epoch == o->next.epoch &&
	       o->over.place == o->next.place;
}

/* The change in s->scratch. */
static void
step_over(struct session *s, struct outgoing *o, uint64_t size)
{
	struct bound *b = &s->bound;

	o->is_over = true;
	o->over = o->next;
	if (b->over_bytes > 0 && b->over.class <= o->list.class)
		return;
	b->over_bytes = size;
	memset(&b->over, 0, sizeof b->over);
	if (s->scratch->change_count > 0)
		b->over = s->scratch->changes[0].id;
	b->over.class = o->list.class;
}

/* A list may have been found to be further, meanwhile. */
static uint64_t
over_bytes(const struct session *s)
{
	size_t i;

	for (i = 0; i < s->outgoing_count; i++)
		if (bound_is_over(&s->outgoing[i]))
			return s->bound.over_bytes;
	return 0;
}

bool
bound_keeps_back(const struct session *s)
{
	return s->bound.is_full || over_bytes(s) > 0;
}

void
bound_create_end(const struct session *s, struct buffer *body)
{
	if (!bound_keeps_back(s))
		return;
	put_u8(body, 1);
	if (over_bytes(s) > 0)
		put_varint(body, over_bytes(s));
}

enum err
bound_consume_end(struct session *s, const struct bytes *body)
{
	struct reader r;
	uint64_t over = 0;

	if (body->size == 0)
		return ERR_OK;
	reader_init(&r, body->data, body->size);
	/* Only who was told a bound can have kept something back. */
	if (!s->bound.is_set || read_u8(&r) != 1)
		return ERR_FORMAT;
	if (reader_left(&r) > 0) {
		over = read_varint(&r);
		if (over == 0)
			return ERR_FORMAT;
	}
	if (r.failed || reader_left(&r) > 0)
		return ERR_FORMAT;
	s->bound.peer_has_more = true;
	s->bound.peer_over_bytes = over;
	return ERR_OK;
}

/* While something of ours waits the parent has a part of the rest, and we have
 * what that leaves. */
struct session_over
bound_over(const struct session *s)
{
	const struct bound *b = &s->bound;
	struct session_over out = {0};
	uint64_t theirs = b->peer_over_bytes, ours = over_bytes(s);

	if (ours > 0) {
		out.is_ours = true;
		out.id = b->over;
		out.needs = b->fixed + ours + ours / (DOWN_PART - 1) + 1;
	} else if (theirs > 0 && theirs < UINT64_MAX / (2 * DOWN_PART)) {
		out.needs = b->fixed + theirs * (b->ours_wait ? DOWN_PART : 1);
	}
	return out;
}

static void
refuse(struct session *s, struct outgoing *o, uint64_t room, uint64_t size)
{
	uint8_t class = o->list.class;

	if (size > room_if_empty(s, class)) {
		step_over(s, o, size);
		return;
	}
	s->bound.is_full = true;
	s->bound.has_refused[class] = true;
	s->bound.refused_room[class] = room;
}

/* As much of one list as has room. ERR_END: the list ends, is stepped over, or
 * is_full. */
static enum err
refill_from(struct session *s, struct outgoing *o, uint64_t room)
{
	size_t count = PACK_CHANGES_MAX, bytes = BATCH_BYTES_AIM;
	uint64_t size;
	bool good;
	enum err e;

	if (room < bytes / 8)
		bytes = (size_t)room * 8 + 1;
	for (;;) {
		e = s->o.source.read(s->o.source.context, &o->list, &o->next,
		    s->peer.signing_key, &s->peer_hello, count, bytes,
		    s->scratch);
		if (e == ERR_END)
			o->at_end = true;
		if (e == ERR_OK)
			e = put_if_fits(s, o, room, &size, &good);
		if (e != ERR_OK || good)
			return e;
		if (s->scratch->change_count <= 1) {
			refuse(s, o, room, size);
			return ERR_END;
		}
		count = s->scratch->change_count;
		if (size > 2 * room)
			count = count / 2;
		else /* near: aim a little below */
			count = (size_t)(count * room / size * 15 / 16);
		if (count == 0)
			count = 1;
	}
}

enum err
bound_refill(struct session *s, uint8_t class)
{
	uint64_t room = room_for(s, class);
	size_t i;
	enum err e = ERR_END;

	if (s->bound.is_full || s->bound.waits_for_answers)
		return ERR_END;
	if (answers_full(s, class)) {
		s->bound.waits_for_answers =
		    bound_is_strict(s) && !send_is_read_out(s, class);
		return ERR_END;
	}
	if (s->bound.has_refused[class] &&
	    room <= s->bound.refused_room[class]) {
		s->bound.is_full = true;
		return ERR_END;
	}
	for (i = 0; e == ERR_END && !s->bound.is_full && i < s->outgoing_count;
	     i++) {
		struct outgoing *o = &s->outgoing[i];

		if (o->list.class == class && !o->at_end && !bound_is_over(o))
			e = refill_from(s, o, room);
	}
	batch_clear(s->scratch);
	return e;
}

/* --- what the sender asks ------------------------------------------------ */

bool
bound_waits(const struct session *s, uint8_t class)
{
	return s->bound.ready_at[class] < s->bound.ready[class].size;
}

enum err
bound_take(struct session *s, uint8_t class, size_t max, struct buffer *body)
{
	struct buffer *ready = &s->bound.ready[class];
	size_t n = ready->size - s->bound.ready_at[class];
	bool is_end = n <= max - 1;

	if (!is_end)
		n = max - 1;
	put_u8(body, is_end ? class | DENSE_END : class);
	put_bytes(body, ready->data + s->bound.ready_at[class], n);
	s->bound.ready_at[class] += n;
	return buffer_state(body);
}

bool
bound_is_strict(const struct session *s)
{
	return s->bound.is_set && (s->bound.whole != UINT64_MAX ||
	                              room_for(s, CLASSES - 1) < NEAR_BYTES);
}

bool
bound_may_grow(const struct session *s)
{
	if (!s->bound.is_full || s->o.purpose == SESSION_ANSWER)
		return false;
	return answers_awaited(s) > 0 || !s->peer_ended;
}

void
bound_choose(struct session *s)
{
	s->bound.is_full = false;
	s->bound.waits_for_answers = false;
}

void
bound_look_again(struct session *s)
{
	memset(s->bound.has_refused, 0, sizeof s->bound.has_refused);
}
