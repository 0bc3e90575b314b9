/* session_choose: which class goes next, and its next batch: the most urgent
 * first, and now and then a lower one (docs/protocol.md, 11.1).
 */

#include "sync/session_state.h"

/* In one of two forms; a class's batches follow each other in both. */
static enum err
put_batch(struct session *s, struct outgoing *o)
{
	uint8_t class = o->list.class;
	enum err e = ERR_OK;

	s->bodies_sent += s->scratch->bytes.size;
	if (pack_is_wanted(s, s->scratch))
		return pack_put(s, o, s->scratch);
	if (s->writer[class] == NULL)
		e = stream_writer_new(&s->writer[class], COMPRESSION_LEVEL);
	return e == ERR_OK ? stream_writer_add(s->writer[class], s->scratch)
	                   : e;
}

/* So far a list is looked at again from where it was looked at last; what is
 * longer the peer is told of (source.h), which saves it for good. */
enum { LOOKED_FAR = 1000 };

static bool
is_same_place(const struct cursor *a, const struct cursor *b)
{
	return a->epoch == b->epoch && a->place == b->place;
}

/* A child's own changes, handed up in this session, may be all that follows:
 * they are not passed over again with each look. */
static enum err
read_next(struct session *s, struct outgoing *o, size_t changes, size_t bytes)
{
	bool is_known = is_same_place(&o->looked_from, &o->next) &&
	                o->looked_to.place - o->next.place < LOOKED_FAR;
	struct cursor from = is_known ? o->looked_to : o->next;
	struct batch *b = s->scratch;
	enum err e;

	b->end = from; /* until it says otherwise */
	e = s->o.source.read(s->o.source.context, &o->list, &from,
	    s->peer.signing_key, &s->peer_hello, changes, bytes, b);
	if (e == ERR_END && b->end.epoch == from.epoch &&
	    b->end.place > from.place) {
		o->looked_from = o->next;
		o->looked_to = b->end;
	} else if (e == ERR_OK && is_same_place(&b->start, &from)) {
		b->start = o->next;
	}
	return e;
}

/* Put the next batch of a class into its stream. ERR_END: none. */
static enum err
refill(struct session *s, uint8_t class)
{
	size_t changes, bytes, i;
	bool is_over;
	enum err e;

	if (answers_full(s, class) ||
	    (!s->has_peer_hello && s->bodies_sent > HELD_VAIN_BYTES_MAX / 2))
		return ERR_END;
	is_over = class > URGENT_CLASS_MAX && first_flight_left(s) == 0;
	pack_aim(s, &changes, &bytes);
	for (i = 0; i < s->outgoing_count; i++) {
		struct outgoing *o = &s->outgoing[i];

		if (o->list.class != class || o->at_end)
			continue;
		e = read_next(s, o, changes, bytes);
		if (e == ERR_END) {
			o->at_end = true;
			continue;
		}
		if (e == ERR_OK && is_over)
			e = ERR_END; /* but there is more */
		if (e != ERR_OK)
			return e;
		e = put_batch(s, o);
		if (e == ERR_OK)
			bound_note_batch(s, o, 0);
		if (e == ERR_OK && s->sent_end)
			send_take_back_end(s);
		batch_clear(s->scratch);
		return e;
	}
	return ERR_END;
}

bool
send_has_bytes(const struct session *s, uint8_t class)
{
	return bound_waits(s, class) || pack_waits(s, class) ||
	       (s->writer[class] != NULL &&
	           stream_writer_waits(s->writer[class]));
}

enum err
choose_next(struct session *s, uint8_t class)
{
	if (send_has_bytes(s, class))
		return ERR_OK;
	if (s->owes_settled) /* nothing would be taken yet */
		return ERR_END;
	/* It stands elsewhere than we believed, and will say where. */
	if (s->cursors_due && class > URGENT_CLASS_MAX)
		return ERR_END;
	return s->bound.is_set ? bound_refill(s, class) : refill(s, class);
}

/* After some frames a less urgent class gets its turn. What somebody waits for
 * stands back only for its own kind: not for frames that others had. */
static bool
is_turn_due(const struct session *s, int first)
{
	unsigned frames = first <= URGENT_CLASS_MAX ? s->passed_over_urgently
	                                            : s->passed_over;

	return frames >= STARVE_AFTER && !bound_is_strict(s);
}

static uint8_t
choose(struct session *s, int class)
{
	s->passed_over++;
	s->passed_over_urgently =
	    class <= URGENT_CLASS_MAX ? s->passed_over_urgently + 1 : 0;
	return (uint8_t) class;
}

static uint8_t
choose_by_turn(struct session *s, int class, bool is_lower)
{
	s->passed_over = s->passed_over_urgently = 0;
	if (is_lower)
		s->turn = (uint8_t) class;
	return (uint8_t) class;
}

/* The most urgent class that waits, the next one below it, and the one whose
 * turn it would be. -1: none. */
struct waiting {
	int first, low, next;
};

static enum err
look(struct session *s, struct waiting *w)
{
	int c;

	*w = (struct waiting){-1, -1, -1};
	for (c = 0; c < CLASSES; c++) {
		enum err e = choose_next(s, (uint8_t)c);

		if (e == ERR_END)
			continue;
		if (e != ERR_OK)
			return e;
		if (w->first < 0)
			w->first = c;
		else if (w->low < 0)
			w->low = c;
		if (w->next < 0 && c != w->first && c > s->turn)
			w->next = c;
		/* Looking further is only worth it when a turn is due. */
		if (!is_turn_due(s, w->first))
			break;
	}
	return w->first < 0 ? ERR_END : ERR_OK;
}

enum err
choose_class(struct session *s, uint8_t *class)
{
	struct waiting w;
	enum err e;

	bound_choose(s);
	e = look(s, &w);
	if (e != ERR_OK)
		return e;
	/* The lower classes that wait take turns, so that none starves. */
	if (!is_turn_due(s, w.first))
		*class = choose(s, w.first);
	else if (w.low < 0)
		*class = choose_by_turn(s, w.first, false);
	else
		*class = choose_by_turn(s, w.next < 0 ? w.low : w.next, true);
	return ERR_OK;
}

/* The next batch of the most urgent class that has one; of what is read ahead
 * the urgent is still sent first. */
static bool
read_ahead(struct session *s)
{
	enum err e = ERR_END;
	uint8_t class;

	for (class = 0; e == ERR_END && class < CLASSES; class ++)
		e = choose_next(s, class);
	if (e != ERR_OK && e != ERR_END)
		session_abort(s, e, session_reason(e));
	return e == ERR_OK;
}

bool
send_prepare(struct session *s)
{
	enum err e = ERR_OK;
	uint8_t class;
	bool more;

	if (s->state != STATE_OPEN || s->bound.is_set || s->owes_settled)
		return false;
	for (class = 0; class < CLASSES; class ++) {
		if (pack_waits(s, class)) {
			more = pack_prepare(s, class, &e);
			if (e != ERR_OK)
				session_abort(s, e, session_reason(e));
			return more;
		}
		if (send_has_bytes(s, class)) /* rows take no time */
			return false;
	}
	return read_ahead(s);
}
