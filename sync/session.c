/* session: one connection; its life, its events, its time. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/session_state.h"

/* --- states and events ------------------------------------------------- */

void
session_enter(struct session *s, enum session_state state)
{
	if (session_is_over(s))
		return;
	s->state = state;
	s->entered_ms = s->now_ms;
}

struct session_event *
session_emit(struct session *s, enum session_event_type type)
{
	size_t at = (s->event_at + s->event_count) % EVENTS_MAX;
	struct session_event *ev = &s->event[at];

	/* The last place is kept for the end of the session. */
	assert(s->event_count < EVENTS_MAX);
	s->event_count++;
	memset(ev, 0, sizeof *ev);
	ev->type = type;
	if (type == EVENT_HELLO)
		s->hello_is_new = true;
	if (s->has_peer)
		ev->peer = &s->peer;
	receipt_free(&s->receipt[at]);
	return ev;
}

void
session_fail(
    struct session *s, enum err error, enum reason reason, bool told_by_peer)
{
	struct session_event *ev;

	if (session_is_over(s))
		return;
	s->state = STATE_FAILED;
	s->waits_for_answer = false;
	ev = session_emit(s, EVENT_FAILED);
	ev->error = error;
	ev->reason = reason;
	ev->told_by_peer = told_by_peer;
}

void
session_abort(struct session *s, enum err error, enum reason reason)
{
	struct buffer body = {0}, plain = {0};
	uint8_t clear[2] = {CLEAR_ERROR, (uint8_t)reason};

	if (session_is_over(s))
		return;
	if (!s->is_sealed) {
		if (s->o.purpose == SESSION_ANSWER)
			(void)frame_write_clear(&s->out, clear, sizeof clear);
	} else if (reason_create(reason, &body) == ERR_OK) {
		/* Who is cut off for it hears why from the group itself. */
		if (reason == REASON_REVOKED && s->has_peer_hello)
			(void)send_withdrawn(s, &plain);
		message_put(&plain, MESSAGE_ERROR, body.data, body.size);
		if (buffer_state(&plain) == ERR_OK)
			(void)frame_write_sealed(
			    &s->out, &s->send_cipher, plain.data, plain.size);
	}
	buffer_free(&body);
	buffer_free(&plain);
	session_fail(s, error, reason, false);
}

bool
session_is_over(const struct session *s)
{
	return s->state == STATE_DONE || s->state == STATE_FAILED;
}

const struct cert *
session_peer(const struct session *s)
{
	return s->has_peer ? &s->peer : NULL;
}

bool
session_peer_is_withdrawn(const struct session *s)
{
	return s->peer_is_withdrawn;
}

struct session_stats
session_stats(const struct session *s)
{
	struct session_stats stats = s->stats;

	stats.left_untaken = answers_left_untaken(s);
	stats.held_back = bound_keeps_back(s) || s->bound.peer_has_more;
	stats.over = bound_over(s);
	stats.peer_stepped_over = s->bound.peer_over_bytes > 0;
	return stats;
}

/* Who asks for more is through with what it had. */
static void
finish_given(struct session *s)
{
	const struct buffer none = {0};

	if (!s->is_given)
		return;
	s->is_given = false;
	if (s->given == EVENT_HELLO)
		s->hello_is_new = false;
	if (s->given == EVENT_WELCOME && s->state == STATE_WELCOME) {
		s->waits_for_answer = false;
		send_control(s, MESSAGE_BYE, &none);
		session_enter(s, STATE_CLOSING);
	}
}

bool
session_next_event(struct session *s, struct session_event *ev)
{
	struct session_event *next;

	finish_given(s);
	if (s->event_count == 0)
		session_pump(s); /* it stops when too many events wait */
	if (s->event_count == 0)
		return false;
	next = &s->event[s->event_at];
	s->given = next->type;
	s->is_given = true;
	*ev = *next;
	receipt_free(&s->shown);
	if (next->type == EVENT_RECEIPT) {
		s->shown = s->receipt[s->event_at];
		memset(&s->receipt[s->event_at], 0,
		    sizeof s->receipt[s->event_at]);
		ev->receipt = &s->shown;
	}
	s->event_at = (s->event_at + 1) % EVENTS_MAX;
	s->event_count--;
	return true;
}

/* --- making and ending ------------------------------------------------- */

static bool
options_are_sound(const struct session_options *o)
{
	switch (o->purpose) {
	case SESSION_ANSWER:
		return o->chain_count > 0 && o->source.peer != NULL;
	case SESSION_SYNC:
		return o->source.lists != NULL &&
		       (o->bytes_max == 0 || o->bytes_max >= SESSION_BYTES_MIN);
	case SESSION_JOIN:
		return o->invite.number != 0;
	}
	return false;
}

enum err
session_new(struct session **out, const struct session_options *o)
{
	struct session *s;
	enum err e;

	if (!options_are_sound(o))
		return ERR_USAGE;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return ERR_NOMEM;
	s->o = *o;
	s->draining = -1;
	s->unpacking = -1;
	s->now_ms = o->now_ms;
	s->moved_ms = o->now_ms;
	s->entered_ms = o->now_ms;
	s->began_ms = o->now_ms;
	s->frame_aim = 1200;
	s->stats.round_trips = 1; /* TCP's own */
	bound_init(s);
	frame_reader_init(&s->reader);
	if (o->purpose == SESSION_JOIN)
		s->answer = calloc(1, sizeof *s->answer);
	if (s->answer == NULL && o->purpose == SESSION_JOIN) {
		session_free(s);
		return ERR_NOMEM;
	}
	e = handshake_start(s);
	if (e != ERR_OK) {
		session_free(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void
session_free(struct session *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < CLASSES; i++) {
		stream_reader_free(s->in[i]);
		stream_writer_free(s->writer[i]);
	}
	pack_free(s);
	for (i = 0; i < EVENTS_MAX; i++)
		receipt_free(&s->receipt[i]);
	receipt_free(&s->shown);
	for (i = 0; i < s->withdrawn_count; i++)
		free(s->withdrawn[i]);
	if (s->batch != NULL)
		batch_free(s->batch);
	if (s->scratch != NULL)
		batch_free(s->scratch);
	free(s->batch);
	free(s->scratch);
	free(s->peer_cursors);
	free(s->peer_lives);
	free(s->own_lives);
	free(s->flight);
	if (s->answer != NULL)
		sodium_memzero(s->answer, sizeof *s->answer);
	free(s->answer);
	free(s->outgoing);
	buffer_wipe(&s->inbox);
	buffer_wipe(&s->first);
	buffer_wipe(&s->out);
	buffer_wipe(&s->control);
	buffer_wipe(&s->aside);
	bound_wipe(s);
	frame_reader_wipe(&s->reader);
	sodium_memzero(s, sizeof *s);
	free(s);
}

/* --- bytes ------------------------------------------------------------- */

static void
set_time(struct session *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	if (!s->has_rested)
		return;
	s->has_rested = false;
	s->moved_ms = now_ms;
	s->entered_ms = now_ms;
}

enum err
session_receive(struct session *s, const void *in, size_t len, uint64_t now_ms)
{
	set_time(s, now_ms);
	if (session_is_over(s))
		return s->state == STATE_DONE ? ERR_OK : ERR_CLOSED;
	s->moved_ms = now_ms;
	s->stats.bytes_received += len;
	if (s->sent_since_heard) {
		s->sent_since_heard = false;
		s->stats.round_trips++;
	}
	if (s->inbox.size + len > INBOX_BYTES_MAX) {
		session_abort(s, ERR_LIMIT, REASON_LIMIT);
		return ERR_LIMIT;
	}
	put_bytes(&s->inbox, in, len);
	if (s->inbox.failed)
		session_abort(s, ERR_NOMEM, REASON_STORAGE);
	session_pump(s);
	return s->state == STATE_FAILED ? ERR_CLOSED : ERR_OK;
}

bool
session_wants_input(const struct session *s)
{
	/* Nothing is owed to who has said bye. */
	return !session_is_over(s) && s->state != STATE_CLOSING &&
	       !s->waits_for_answer && s->inbox.size < INBOX_BYTES_MAX / 4 &&
	       s->control.size < CONTROL_BYTES_MAX &&
	       s->event_count < EVENTS_MAX / 2;
}

/* What answers the changes of message 3 shares a frame with hello. */
static bool
may_send(const struct session *s)
{
	switch (s->state) {
	case STATE_OPEN:
		return !s->holds_first ||
		       (!s->waits_for_answer && s->unpacking < 0);
	case STATE_WELCOME:
	case STATE_CLOSING:
		return true;
	default:
		return false;
	}
}

size_t
session_output(struct session *s, const uint8_t **out)
{
	if (s->out_at == s->out.size) {
		buffer_clear(&s->out);
		s->out_at = 0;
		if (may_send(s))
			send_frame(s);
		if (s->out.size == 0)
			time_idle(s);
	}
	*out = s->out.data == NULL ? NULL : s->out.data + s->out_at;
	return s->out.size - s->out_at;
}

bool
session_prepare(struct session *s)
{
	s->pack_pace.last_bytes = 0;
	return !session_is_over(s) && may_send(s) && send_prepare(s);
}

void
session_sent(struct session *s, size_t len, uint64_t now_ms)
{
	assert(len <= s->out.size - s->out_at);
	set_time(s, now_ms);
	s->moved_ms = now_ms;
	s->out_at += len;
	s->stats.bytes_sent += len;
	s->sent_since_heard = true;
	if (s->out_at < s->out.size)
		return;
	time_left(s);
	if (s->state == STATE_CLOSING && s->control.size == 0) {
		session_enter(s, STATE_DONE);
		session_emit(s, EVENT_DONE);
	}
	session_pump(s); /* it stops when too many answers wait */
}

/* --- time -------------------------------------------------------------- */

static uint64_t
patience_ends_ms(const struct session *s)
{
	if (session_is_over(s))
		return UINT64_MAX;
	/* While we work the peer may well be silent. */
	if (s->waits_for_answer)
		return UINT64_MAX;
	/* A byte now and then does not hold a step of the handshake open, nor
	 * do many steps hold the whole of it. */
	if (s->state < STATE_OPEN) {
		uint64_t step = s->entered_ms + HANDSHAKE_TIMEOUT_MS;
		uint64_t whole = s->began_ms + HANDSHAKE_WHOLE_MS;

		return s->o.purpose == SESSION_ANSWER && whole < step ? whole
		                                                      : step;
	}
	return s->moved_ms + time_patience_ms(s);
}

uint64_t
session_deadline_ms(const struct session *s)
{
	uint64_t ends = patience_ends_ms(s), learns = learn_from_ms(s);

	return learns < ends ? learns : ends;
}

enum err
session_expire(struct session *s, uint64_t now_ms)
{
	set_time(s, now_ms);
	if (now_ms < patience_ends_ms(s))
		return ERR_OK;
	session_abort(s, ERR_TIMEOUT, REASON_TIMEOUT);
	return ERR_TIMEOUT;
}

void
session_closed(struct session *s)
{
	if (session_is_over(s))
		return;
	/* The peer may go as soon as it has our bye. */
	if (s->state == STATE_CLOSING) {
		session_enter(s, STATE_DONE);
		session_emit(s, EVENT_DONE);
		return;
	}
	session_fail(s, ERR_CLOSED, REASON_NONE, false);
}

/* --- answers ----------------------------------------------------------- */

static void
resume(struct session *s)
{
	s->waits_for_answer = false;
	s->has_rested = true;
	session_pump(s);
}

void
session_answer_batch(struct session *s, const struct receipt *receipt,
    const struct group_receipt *group, size_t group_count)
{
	enum err e;

	/* Durable by now, whatever became of the link: whoever is told of it
	 * finds it. */
	s->stats.changes_received += s->batch->change_count;
	if (session_is_over(s))
		return;
	/* What it led to, the group's word on it perhaps, goes before the peer
	 * can say bye. */
	if (s->o.purpose == SESSION_ANSWER && s->batch->change_count > 0)
		s->owes_look = true;
	/* First what the group holds: when the receipt completes a session
	 * nothing is left unsaid. */
	e = answers_put_group(s, group, group_count);
	if (e == ERR_OK)
		e = answers_put_receipt(s, receipt);
	if (e != ERR_OK)
		session_abort(s, e, REASON_STORAGE);
	else
		resume(s);
}

void
session_answer_invite(struct session *s, const uint8_t psk[KEY_BYTES])
{
	enum err e;

	if (s->state != STATE_INVITE)
		return;
	s->waits_for_answer = false;
	e = handshake_resume(s, psk);
	if (e != ERR_OK)
		session_abort(s, e, REASON_FORMAT);
	else
		resume(s);
}

void
session_answer_join(struct session *s, const struct join_answer *a)
{
	struct buffer body = {0};
	enum err e;

	if (s->state != STATE_WELCOME)
		return;
	e = welcome_create(a, &body);
	if (e == ERR_OK && body.size > FRAME_PAYLOAD_MAX - 64)
		e = ERR_LIMIT;
	if (e == ERR_OK)
		send_control(s, MESSAGE_WELCOME, &body);
	buffer_wipe(&body);
	if (e != ERR_OK)
		session_abort(s, e, REASON_STORAGE);
	else
		resume(s);
}

void
session_grant(struct session *s, uint64_t first, uint64_t count)
{
	struct buffer body = {0};

	if (!session_is_over(s) && !s->peer_is_withdrawn &&
	    grant_create(first, count, &body) == ERR_OK)
		send_control(s, MESSAGE_GRANT, &body);
	buffer_free(&body);
}

void
session_ask_rows(struct session *s)
{
	s->o.wants_rows = true;
	/* Where a bound was promised batches are dense, whatever is said; and
	 * before the session is open the handshake tells. */
	if (s->state == STATE_OPEN && !s->told_rows && !s->bound.is_set)
		send_rows(s, &s->control);
}

void
session_refuse(struct session *s, enum reason reason, enum err error)
{
	session_abort(s, error, reason);
}

void
session_look_again(struct session *s)
{
	size_t i;

	if (s->o.purpose != SESSION_ANSWER) {
		if (s->state == STATE_OPEN)
			s->sent_end = false;
	} else if (s->sent_end && s->bound.is_set) {
		return; /* what it left of its part is the peer's by now */
	} else if (s->is_last_look && s->sent_end) {
		s->missed_look = true;
		return;
	}
	for (i = 0; i < s->outgoing_count; i++)
		s->outgoing[i].at_end = false;
	bound_look_again(s);
}
