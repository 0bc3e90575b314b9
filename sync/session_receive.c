/* session_receive: from received bytes to messages to events. */

#include <stdlib.h>
#include <string.h>

#include "sync/session_state.h"

/* --- messages ---------------------------------------------------------- */

static bool
is_withdrawn_since(const struct session *s)
{
	struct cert cert;

	return s->o.purpose == SESSION_ANSWER && !s->peer_is_withdrawn &&
	       s->o.source.peer(s->o.source.context, s->peer_key, &cert) ==
	           ERR_NOT_ALLOWED;
}

static enum err
consume_hello(struct session *s, const struct bytes *body)
{
	struct session_event *ev;
	enum err e;

	if (s->has_peer_hello)
		return ERR_FORMAT;
	e = hello_consume(body, &s->peer_hello);
	if (e != ERR_OK)
		return e;
	if (s->peer_hello.version_min > PROTOCOL_VERSION ||
	    s->peer_hello.version_max < PROTOCOL_VERSION)
		return ERR_VERSION;
	/* Nobody hands a child's parent its own changes back. */
	if (s->o.purpose == SESSION_SYNC && s->peer_hello.life_count > 0)
		return ERR_FORMAT;
	s->has_peer_hello = true;
	time_step_answered(s);
	answers_know_lives(s);
	pack_know_hello(s);
	bound_take_share(s);
	e = send_withdrawn(s, &s->control);
	if (e != ERR_OK && e != ERR_END)
		return e;
	/* Where no list tells a withdrawn peer what it is, its session must
	 * not look like any other; and one that was withdrawn since it began
	 * got what it is not to get. */
	if ((s->peer_is_withdrawn && e == ERR_END) || is_withdrawn_since(s)) {
		session_abort(s, ERR_NOT_ALLOWED, REASON_REVOKED);
		return ERR_OK;
	}
	ev = session_emit(s, EVENT_HELLO);
	ev->hello = &s->peer_hello;
	e = send_hold(s);
	/* Nothing of ours goes to a withdrawn one: its places are no
	 * matter. */
	if (e == ERR_OK && !s->peer_is_withdrawn)
		send_correct(s);
	return e;
}

static enum err
consume_withdrawn(struct session *s, const struct bytes *body)
{
	struct withdrawn *list;
	enum err e;

	if (s->withdrawn_count == WITHDRAWN_LISTS_MAX)
		return ERR_FORMAT;
	list = calloc(1, sizeof *list);
	if (list == NULL)
		return ERR_NOMEM;
	e = withdrawn_consume(body, list);
	if (e != ERR_OK) {
		free(list);
		return e;
	}
	s->withdrawn[s->withdrawn_count++] = list;
	session_emit(s, EVENT_WITHDRAWN)->withdrawn = list;
	return ERR_OK;
}

/* Body: u8 last, then cursors; several messages make up the whole set, and none
 * of them but the last is empty. */
static enum err
consume_cursors(struct session *s, const struct bytes *body)
{
	struct cursor_set *part;
	struct bytes rest;
	enum err e;
	size_t i;

	if (!s->cursors_due || body->size < 1 || body->data[0] > 1)
		return ERR_FORMAT;
	rest.data = body->data + 1;
	rest.size = body->size - 1;
	part = calloc(1, sizeof *part);
	if (part == NULL)
		return ERR_NOMEM;
	e = cursors_consume(&rest, part);
	if (e == ERR_OK && part->count == 0 && body->data[0] == 0)
		e = ERR_FORMAT;
	if (e == ERR_OK && part->count > LISTS_MAX - s->peer_cursors->count)
		e = ERR_LIMIT;
	for (i = 0; e == ERR_OK && i < part->count; i++)
		s->peer_cursors->item[s->peer_cursors->count++] = part->item[i];
	free(part);
	if (e == ERR_OK && body->data[0] == 1) {
		s->cursors_due = false;
		s->cursors_came = true;
		send_correct(s);
	}
	return e;
}

bool
peer_goes_on(struct session *s)
{
	if (s->peer_ended && s->bound.is_set)
		return false;
	s->peer_ended = false;
	s->owes_look = s->owes_look || s->missed_look;
	s->is_last_look = s->missed_look = false;
	return true;
}

static enum err
consume_data(struct session *s, const struct bytes *body)
{
	uint8_t class;
	enum err e = ERR_OK;

	if (body->size < 1 || body->data[0] >= CLASSES)
		return ERR_FORMAT;
	if (!peer_goes_on(s))
		return ERR_FORMAT;
	class = body->data[0];
	if (s->in[class] == NULL)
		e = stream_reader_new(&s->in[class]);
	if (e == ERR_OK)
		e = stream_reader_feed(
		    s->in[class], body->data + 1, body->size - 1);
	if (e == ERR_OK) {
		s->stats.data_received[class] += body->size - 1;
		s->draining = class;
	}
	return e;
}

static enum err
consume_grant(struct session *s, const struct bytes *body)
{
	uint64_t first, count;
	struct session_event *ev;
	enum err e = grant_consume(body, &first, &count);

	if (e != ERR_OK || s->o.purpose != SESSION_SYNC || s->heard_end)
		return ERR_FORMAT;
	ev = session_emit(s, EVENT_GRANT);
	ev->first = first;
	ev->count = count;
	return ERR_OK;
}

enum err
session_error(enum reason told)
{
	switch (told) {
	case REASON_NOT_ENROLLED:
		return ERR_NOT_ENROLLED;
	case REASON_REVOKED:
		return ERR_NOT_ALLOWED;
	case REASON_TIMEOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_REFUSED;
	}
}

static enum err
consume_error(struct session *s, const struct bytes *body)
{
	enum reason reason;
	enum err e = reason_consume(body, &reason);

	if (e != ERR_OK)
		return e;
	session_fail(s, session_error(reason), reason, true);
	return ERR_OK;
}

/* Who says that all is sent has sent whole batches. */
static bool
is_half_through(const struct session *s)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if ((s->unpacker[class] != NULL &&
		        unpacker_holds(s->unpacker[class])) ||
		    (s->in[class] != NULL && stream_reader_holds(s->in[class])))
			return true;
	return false;
}

/* What followed our end may cross the peer's bye: it goes with the next. But
 * what the peer did not take it had heard. */
static bool
is_through(const struct session *s)
{
	size_t i;

	for (i = 0; i < s->outgoing_count; i++)
		if (s->outgoing[i].is_refused)
			return false;
	return s->took_back_end || (send_is_finished(s) && answers_all_held(s));
}

static enum err
consume_bye(struct session *s, const struct bytes *body)
{
	if (body->size != 0)
		return ERR_FORMAT;
	/* It has joined, if it has the welcome. */
	if (s->state == STATE_WELCOME && s->o.purpose == SESSION_ANSWER &&
	    s->control.size == 0) {
		session_enter(s, STATE_DONE);
		session_emit(s, EVENT_DONE);
		return ERR_OK;
	}
	if (s->peer_is_withdrawn) {
		/* It has handed over what it had; that is no clean end. */
		session_fail(s, ERR_NOT_ALLOWED, REASON_REVOKED, false);
		return ERR_OK;
	}
	if (s->o.purpose != SESSION_ANSWER || !is_through(s) ||
	    is_half_through(s)) {
		/* It leaves before we were through: not a clean end. */
		session_fail(s, ERR_CLOSED, REASON_NONE, false);
		return ERR_OK;
	}
	session_enter(s, STATE_DONE);
	session_emit(s, EVENT_DONE);
	return ERR_OK;
}

static enum err
consume_welcome(struct session *s, const struct bytes *body)
{
	const struct join_answer *a = s->answer;
	enum err e;

	if (s->o.purpose != SESSION_JOIN)
		return ERR_FORMAT;
	e = welcome_consume(body, s->answer);
	if (e != ERR_OK)
		return e;
	/* The group the code names, and the parent that speaks here. */
	if (memcmp(a->root_key, s->o.root_key, KEY_BYTES) != 0 ||
	    a->chain_count < 2 ||
	    memcmp(a->chain[1].transport_key, s->peer_key, KEY_BYTES) != 0)
		return ERR_AUTH;
	session_emit(s, EVENT_WELCOME)->answer = s->answer;
	s->waits_for_answer = true; /* bye is said when it is durable */
	return ERR_OK;
}

static enum err
consume_end(struct session *s, const struct bytes *body)
{
	if (s->peer_ended || s->o.purpose != SESSION_SYNC || is_half_through(s))
		return ERR_FORMAT;
	s->peer_ended = true;
	s->heard_end = true;
	return bound_consume_end(s, body);
}

/* The child knows where we stand, and it is no older copy of itself. */
static enum err
consume_settled(struct session *s, const struct bytes *body)
{
	if (body->size != 0 || !s->is_held)
		return ERR_FORMAT;
	s->is_held = false;
	return ERR_OK;
}

/* Every message by name; which may come when. */
static enum err
consume_message(struct session *s, const struct message *m)
{
	/* The peer's hello comes before all that builds on it. */
	bool is_open = s->state == STATE_OPEN && s->has_peer_hello;

	switch (m->type) {
	case MESSAGE_HELLO:
		return s->state == STATE_OPEN ? consume_hello(s, &m->body)
		                              : ERR_FORMAT;
	case MESSAGE_CURSORS:
		return is_open ? consume_cursors(s, &m->body) : ERR_FORMAT;
	case MESSAGE_CURSORS_WANTED:
		return is_open && m->body.size == 0 ? send_own_cursors(s)
		                                    : ERR_FORMAT;
	case MESSAGE_DATA:
		return is_open ? consume_data(s, &m->body) : ERR_FORMAT;
	case MESSAGE_DENSE:
		return is_open ? pack_consume(s, &m->body) : ERR_FORMAT;
	case MESSAGE_RECEIPT:
		return is_open ? answers_consume_receipt(s, &m->body)
		               : ERR_FORMAT;
	case MESSAGE_TAKEN:
		return is_open ? answers_consume_taken(s, &m->body)
		               : ERR_FORMAT;
	case MESSAGE_GROUP_RECEIPT:
		return is_open ? answers_consume_group_receipt(s, &m->body)
		               : ERR_FORMAT;
	case MESSAGE_GROUP_HELD:
		return is_open ? answers_consume_group_held(s, &m->body)
		               : ERR_FORMAT;
	case MESSAGE_END:
		return is_open ? consume_end(s, &m->body) : ERR_FORMAT;
	case MESSAGE_GRANT:
		return is_open ? consume_grant(s, &m->body) : ERR_FORMAT;
	case MESSAGE_WITHDRAWN:
		/* Who is cut off may hear it before all else. */
		return s->state == STATE_OPEN ? consume_withdrawn(s, &m->body)
		                              : ERR_FORMAT;
	case MESSAGE_SETTLED:
		return is_open ? consume_settled(s, &m->body) : ERR_FORMAT;
	case MESSAGE_UNHEARD:
		return is_open ? unheard_consume_message(s, &m->body)
		               : ERR_FORMAT;
	case MESSAGE_ROWS:
		return is_open ? pack_consume_rows(s, &m->body) : ERR_FORMAT;
	case MESSAGE_BYE:
		return consume_bye(s, &m->body);
	case MESSAGE_ERROR:
		return consume_error(s, &m->body);
	case MESSAGE_WELCOME:
		return s->state == STATE_WELCOME ? consume_welcome(s, &m->body)
		                                 : ERR_FORMAT;
	case MESSAGE_JOIN: /* only inside handshake message 3 */
		return ERR_FORMAT;
	}
	return ERR_FORMAT; /* unknown */
}

/* --- the pump ---------------------------------------------------------- */

static enum err
offer_batch(struct session *s)
{
	pack_note_end(s, s->batch);
	if (s->is_held) {
		s->held_vain += s->batch->bytes.size;
		return s->held_vain > HELD_VAIN_BYTES_MAX
		           ? ERR_LIMIT
		           : send_old_place(s, &s->batch->list);
	}
	if (s->o.purpose == SESSION_ANSWER)
		answers_know_batch(s);
	session_emit(s, EVENT_BATCH)->batch = s->batch;
	s->waits_for_answer = true;
	return ERR_OK;
}

/* A whole batch of the class just fed, if there is one. */
static enum err
drain_batch(struct session *s)
{
	uint8_t class = (uint8_t)s->draining;
	enum err e = stream_reader_next(s->in[class], class, s->batch);

	if (e == ERR_MORE) {
		s->draining = -1;
		return ERR_OK;
	}
	return e == ERR_OK ? offer_batch(s) : e;
}

/* One that cannot be read here, or is held up, is answered like one that is
 * not taken. */
static enum err
unpack_batch(struct session *s)
{
	enum err e = pack_next(s, s->batch);

	if (e == ERR_OK)
		return offer_batch(s);
	if (e != ERR_NOT_FOUND)
		return e;
	pack_note_end(s, s->batch);
	answers_note_taken(s, &s->batch->list, false);
	return send_old_place(s, &s->batch->list);
}

static enum err
next_message(struct session *s)
{
	struct message m;
	enum err e = message_next(&s->frame, &m);

	if (e == ERR_END) {
		s->in_frame = false;
		return ERR_OK;
	}
	return e == ERR_OK ? consume_message(s, &m) : e;
}

/* Hand the reader as much of the inbox as it takes. */
static enum err
feed_reader(struct session *s)
{
	size_t n = s->inbox.size;
	enum err e;

	if (n == 0)
		return ERR_MORE;
	if (n > FRAME_PAYLOAD_MAX)
		n = FRAME_PAYLOAD_MAX;
	e = frame_reader_feed(&s->reader, s->inbox.data, n);
	if (e == ERR_OK)
		buffer_drop(&s->inbox, n);
	return e;
}

static enum err
next_frame(struct session *s)
{
	struct bytes payload;
	enum err e;

	s->holds_first = false;
	if (s->state == STATE_PREFACE)
		return handshake_preface(s);
	e = handshake_refused(s);
	if (e == ERR_NOT_FOUND)
		e = frame_reader_next(&s->reader, &payload);
	else if (e == ERR_OK)
		return ERR_OK; /* the session is over */
	if (e == ERR_MORE)
		return feed_reader(s);
	if (e != ERR_OK)
		return e;
	if (!s->is_sealed)
		return handshake_frame(s, &payload);
	s->heard_sealed = true;
	reader_init(&s->frame, payload.data, payload.size);
	s->in_frame = true;
	return ERR_OK;
}

enum reason
session_reason(enum err e)
{
	switch (e) {
	case ERR_LIMIT:
		return REASON_LIMIT;
	case ERR_VERSION:
		return REASON_VERSION;
	case ERR_FORK: /* the peer holds another history of our list */
		return REASON_AHEAD;
	case ERR_NOMEM:
	case ERR_IO:
	case ERR_CORRUPT:
	case ERR_BUSY:
		return REASON_STORAGE;
	default:
		return REASON_FORMAT;
	}
}

/* A last message of joining that does not open tells of another secret. */
static enum reason
reason_to_tell(const struct session *s, enum err e)
{
	if (e == ERR_AUTH && !s->is_sealed && s->state == STATE_MESSAGE_3 &&
	    s->mode == MODE_JOIN)
		return REASON_INVITE;
	return session_reason(e);
}

void
session_pump(struct session *s)
{
	while (!session_is_over(s) && s->state != STATE_CLOSING &&
	       !s->waits_for_answer && s->event_count < EVENTS_MAX - 8 &&
	       s->control.size < CONTROL_BYTES_MAX) {
		enum err e;

		if (s->taken.count > 0)
			e = answers_next_taken(s);
		else if (s->draining >= 0)
			e = drain_batch(s);
		else if (s->unpacking >= 0)
			e = pack_is_learning(s) ? ERR_MORE : unpack_batch(s);
		else if (s->in_frame)
			e = next_message(s);
		else
			e = next_frame(s);
		if (e == ERR_MORE)
			break;
		if (e != ERR_OK)
			session_abort(s, e, reason_to_tell(s, e));
	}
	send_bye(s);
}
