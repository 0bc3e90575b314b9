/* session_send: from lists to frames, the urgent first. */

#include <stdlib.h>
#include <string.h>

#include "sync/session_state.h"

/* --- opening ----------------------------------------------------------- */

static enum err
add_outgoing(struct session *s, const char *name, uint8_t class,
    const struct cursor_set *believed)
{
	struct outgoing *o = &s->outgoing[s->outgoing_count];
	const struct cursor *c;
	enum err e;

	memcpy(o->list.name, name, strlen(name) + 1);
	o->list.class = class;
	c = send_find_cursor(believed, &o->list);
	if (c != NULL)
		o->believed = *c;
	o->next = o->believed;
	o->expected = o->believed;
	e = s->o.source.settle(s->o.source.context, &o->list, &o->next);
	o->held = o->next;
	s->outgoing_count++;
	return e;
}

static enum err
load_lists(struct session *s)
{
	const struct source *source = &s->o.source;
	struct cursor_set *believed = calloc(1, sizeof *believed);
	struct list_names *names = calloc(1, sizeof *names);
	uint8_t id[NODE_ID_BYTES], class;
	size_t i;
	enum err e = ERR_NOMEM;

	node_id_of(id, s->peer.signing_key);
	if (believed != NULL && names != NULL)
		e = source->lists(source->context, id, names);
	if (e == ERR_OK)
		e = source->peer_cursors(source->context, id, believed);
	if (e == ERR_OK) {
		s->outgoing =
		    calloc(names->count * CLASSES + 1, sizeof *s->outgoing);
		e = s->outgoing == NULL ? ERR_NOMEM : ERR_OK;
	}
	for (class = 0; class < CLASSES; class ++)
		for (i = 0; e == ERR_OK && i < names->count; i++)
			e = add_outgoing(s, names->names[i], class, believed);
	free(believed);
	free(names);
	return e;
}

static enum err
own_digest(struct session *s, uint32_t *out)
{
	uint8_t id[NODE_ID_BYTES];
	enum err e;

	node_id_of(id, s->peer.signing_key);
	e = s->o.source.own_cursors(s->o.source.context, id, s->expected);
	if (e == ERR_OK)
		*out = cursor_set_short_digest(s->expected);
	return e;
}

/* What is needed once the peer is known; who connects and says nothing does
 * not cost it. */
static enum err
make_room(struct session *s)
{
	s->batch = calloc(1, sizeof *s->batch);
	s->scratch = calloc(1, sizeof *s->scratch);
	s->peer_cursors = calloc(1, sizeof *s->peer_cursors);
	s->flight = calloc(CLASSES, sizeof *s->flight);
	s->peer_lives = calloc(HELLO_LIVES_MAX, sizeof *s->peer_lives);
	s->own_lives = calloc(HELLO_LIVES_MAX, sizeof *s->own_lives);
	s->expected = calloc(1, sizeof *s->expected);
	s->lives = calloc(1, sizeof *s->lives);
	return s->batch == NULL || s->scratch == NULL ||
	               s->peer_cursors == NULL || s->flight == NULL ||
	               s->peer_lives == NULL || s->own_lives == NULL ||
	               s->expected == NULL || s->lives == NULL
	           ? ERR_NOMEM
	           : ERR_OK;
}

static uint32_t
believed_digest(const struct session *s)
{
	struct cursor_set *set = calloc(1, sizeof *set);
	uint32_t digest;
	size_t i;

	if (set == NULL)
		return 0; /* they are asked for then: slower, not wrong */
	for (i = 0; i < s->outgoing_count; i++) {
		set->item[i].list = s->outgoing[i].list;
		set->item[i].cursor = s->outgoing[i].believed;
	}
	set->count = s->outgoing_count;
	digest = cursor_set_short_digest(set);
	free(set);
	return digest;
}

enum err
send_load(struct session *s)
{
	enum err e;

	if (s->has_loaded)
		return ERR_OK;
	s->has_loaded = true;
	e = make_room(s);
	if (e == ERR_OK && !s->peer_is_withdrawn)
		e = load_lists(s);
	return e == ERR_OK ? pack_open(s) : e;
}

enum err
send_open(struct session *s)
{
	struct buffer body = {0};
	struct hello hello;
	enum err e = send_load(s);

	memset(&hello, 0, sizeof hello);
	if (e == ERR_OK)
		e = s->o.source.hello(s->o.source.context, &hello);
	if (e == ERR_OK)
		e = own_digest(s, &hello.cursors_digest);
	/* Nobody hands a child's parent its own changes back: lives are
	 * told upwards only. */
	if (s->o.purpose == SESSION_ANSWER)
		hello.life_count = 0;
	s->own_digest = hello.cursors_digest;
	s->held_digest = believed_digest(s);
	s->told_lives = hello.life_count > 0;
	hello.held_digest = s->held_digest;
	if (e == ERR_OK) {
		memcpy(s->own_lives, hello.lives,
		    hello.life_count * sizeof hello.lives[0]);
		s->own_life_count = hello.life_count;
		pack_know_own_lives(s);
	}
	if (e == ERR_OK)
		hello.dictionary_count =
		    codebook_ids(s->books, hello.dictionaries);
	if (e == ERR_OK)
		e = bound_share(s, &hello);
	if (e == ERR_OK)
		e = hello_create(&hello, &body);
	if (e == ERR_OK)
		send_control(s, MESSAGE_HELLO, &body);
	if (e == ERR_OK && s->o.wants_rows && !s->told_rows)
		send_rows(s, &s->control);
	buffer_free(&body);
	return e;
}

void
send_rows(struct session *s, struct buffer *out)
{
	s->told_rows = true;
	message_put(out, MESSAGE_ROWS, NULL, 0);
}

void
send_control(
    struct session *s, enum message_type type, const struct buffer *body)
{
	message_put(&s->control, type, body->data, body->size);
}

enum err
send_withdrawn(struct session *s, struct buffer *out)
{
	struct withdrawn *list;
	struct buffer body = {0};
	uint8_t id[NODE_ID_BYTES];
	enum err e;

	if (s->o.source.withdrawn == NULL)
		return ERR_END;
	list = calloc(1, sizeof *list);
	if (list == NULL)
		return ERR_NOMEM;
	e = s->o.source.withdrawn(s->o.source.context, list);
	node_id_of(id, s->peer.signing_key);
	if (e == ERR_OK && !withdrawn_has(list, id) &&
	    (s->peer_is_withdrawn || list->epoch <= s->peer_hello.list_epoch))
		e = ERR_END;
	if (e == ERR_OK) {
		e = withdrawn_create(list, &body);
		if (e == ERR_OK)
			message_put(
			    out, MESSAGE_WITHDRAWN, body.data, body.size);
	}
	buffer_free(&body);
	free(list);
	return e == ERR_NOT_FOUND ? ERR_END : e;
}

bool
send_is_finished(const struct session *s)
{
	return s->sent_end && s->control.size == 0;
}

bool
send_is_read_out(const struct session *s, uint8_t class)
{
	size_t i;

	for (i = 0; i < s->outgoing_count; i++)
		if (s->outgoing[i].list.class == class &&
		    !s->outgoing[i].at_end && !bound_is_over(&s->outgoing[i]))
			return false;
	return true;
}

/* --- filling frames ---------------------------------------------------- */

/* Move whole control messages into the frame. */
static void
fill_control(struct session *s, size_t max, struct buffer *plain)
{
	struct reader r;
	struct message m;
	size_t taken = 0;

	reader_init(&r, s->control.data, s->control.size);
	while (message_next(&r, &m) == ERR_OK) {
		size_t end = (size_t)(r.at - s->control.data);

		if (plain->size + (end - taken) > max && plain->size > 0)
			break;
		put_bytes(plain, s->control.data + taken, end - taken);
		taken = end;
	}
	buffer_drop(&s->control, taken);
	if (taken > 0)
		s->taken_end = 0;
}

static enum err
take_class(struct session *s, uint8_t class, size_t max, struct buffer *body,
    struct buffer *plain, bool *is_rows)
{
	enum err e;

	*is_rows = false;
	buffer_clear(body);
	if (bound_waits(s, class)) {
		e = bound_take(s, class, max, body);
	} else if (pack_waits(s, class)) {
		e = pack_take(s, class, max, body);
	} else {
		*is_rows = true;
		put_u8(body, class);
		e = stream_writer_take(s->writer[class], max, body);
	}
	if (e != ERR_OK)
		return e;
	s->stats.data_sent[class] += body->size - 1;
	message_put(plain, *is_rows ? MESSAGE_DATA : MESSAGE_DENSE, body->data,
	    body->size);
	return ERR_OK;
}

/* A frame counts only when it is whole: what somebody waits for is not to wait
 * for what would fill it up. */
static bool
is_urgent_enough(
    const struct session *s, int class, size_t max, const struct buffer *plain)
{
	return class <= URGENT_CLASS_MAX && s->state == STATE_OPEN &&
	       time_of_bytes(s, max - plain->size) > URGENT_WAIT_MS;
}

/* The next batch is packed while this one is under way, and not before. */
static bool
is_worth_a_frame(const struct session *s, const struct buffer *plain)
{
	return s->state == STATE_OPEN && plain->size >= PREPARED_FRAME_MIN;
}

static enum err
fill_data(struct session *s, size_t max, struct buffer *plain)
{
	struct buffer body = {0};
	bool ends_here = false, is_rows;
	enum err e = ERR_OK;

	while (e == ERR_OK && !ends_here && plain->size + FRAME_SLACK < max) {
		uint8_t class;

		s->bound.under_way = plain->size;
		e = choose_class(s, &class);
		if (e != ERR_OK)
			break;
		e = take_class(
		    s, class, max - plain->size - 8, &body, plain, &is_rows);
		if (e != ERR_OK || send_has_bytes(s, class))
			continue;
		time_batch(s, class);
		ends_here = !is_rows && is_worth_a_frame(s, plain);
		if (!ends_here && is_urgent_enough(s, class, max, plain)) {
			e = choose_next(s, class);
			ends_here = e == ERR_END;
			if (ends_here)
				e = ERR_OK;
		}
	}
	s->bound.under_way = 0;
	buffer_wipe(&body);
	return e;
}

/* If not, a list waits for answers before more of it may go. */
static bool
is_read_out(const struct session *s)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if (!send_is_read_out(s, class))
			return false;
	return true;
}

/* Our end may be said when the peer's cursors are certain: before its hello
 * is in, or while its cursors are on their way, data may still follow; and
 * what a responder grants upon a hello must come before it. */
static bool
may_end(struct session *s)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if (send_has_bytes(s, class)) /* half a batch */
			return false;
	return !s->sent_end && s->has_peer_hello && !s->cursors_due &&
	       (s->bound.is_full ? !bound_may_grow(s) : is_read_out(s)) &&
	       (s->o.purpose != SESSION_ANSWER || !s->hello_is_new);
}

void
send_take_back_end(struct session *s)
{
	s->sent_end = false;
	s->took_back_end = true;
}

void
send_bye(struct session *s)
{
	if (s->o.purpose != SESSION_SYNC || s->state != STATE_OPEN ||
	    !s->peer_ended || s->waits_for_answer || s->in_frame ||
	    s->draining >= 0 || s->unpacking >= 0 || s->taken.count > 0 ||
	    !send_is_finished(s) || !answers_all_held(s))
		return;
	put_u8(&s->control, MESSAGE_BYE);
	put_u8(&s->control, 0);
	session_enter(s, STATE_CLOSING);
}

bool
send_has_more(const struct session *s)
{
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		if (send_has_bytes(s, class) || !send_is_read_out(s, class))
			return true;
	return false;
}

/* Once for all that was taken: while another batch is at work its peer says no
 * bye. True: the peer may say it when it has this frame. */
static bool
look_before_answer(struct session *s)
{
	if (!s->owes_look || s->waits_for_answer || s->state != STATE_OPEN)
		return false;
	s->owes_look = s->is_last_look = s->missed_look = false;
	session_look_again(s);
	s->is_last_look = s->sent_end;
	return s->sent_end;
}

/* Likewise with the answer to what is urgent, unless it is the last that the
 * peer waits for: then what goes on begins in its frame. */
static bool
answers_urgently(
    struct session *s, size_t max, const struct buffer *plain, bool may_be_last)
{
	bool is_due = s->answers_urgent && s->control.size == 0 &&
	              !may_be_last && plain->size > 0 &&
	              is_urgent_enough(s, 0, max, plain) && send_has_more(s);

	s->answers_urgent = false;
	return is_due;
}

static enum err
put_end(const struct session *s, struct buffer *plain)
{
	struct buffer body = {0};
	enum err e;

	bound_create_end(s, &body);
	e = buffer_state(&body);
	if (e == ERR_OK)
		message_put(plain, MESSAGE_END, body.data, body.size);
	buffer_free(&body);
	return e;
}

/* What was put aside of message 3 takes seconds on a slow link. It begins with
 * class 2 or 3; an urgent one behind that, whose turn came after theirs, is not
 * overtaken by its own kind, nor by what is less urgent. Under a bound it was
 * promised its room. */
static enum err
overtake_aside(struct session *s, size_t max, struct buffer *plain)
{
	struct buffer body = {0};
	enum err e = ERR_OK;
	uint8_t class = 0;
	bool is_rows;

	while (e == ERR_OK && class <= URGENT_CLASS_MAX &&
	       !first_holds(s, class) && plain->size + FRAME_SLACK < max) {
		e = choose_next(s, class);
		if (e == ERR_OK) {
			e = take_class(s, class, max - plain->size - 8, &body,
			    plain, &is_rows);
		} else if (e == ERR_END) {
			class ++;
			e = ERR_OK;
		}
	}
	buffer_wipe(&body);
	return e;
}

/* True: the frame is full, or worth to leave at once. */
static bool
fill_first(struct session *s, size_t max, struct buffer *plain)
{
	enum err e = ERR_OK;

	/* Where it stands elsewhere UNHEARD and SETTLED go before any batch. */
	if (s->state == STATE_OPEN && !s->bound.is_set &&
	    s->control.size == 0 && s->aside_overtaken < STARVE_AFTER &&
	    (!s->has_peer_hello ||
	        s->peer_hello.cursors_digest == s->held_digest))
		e = overtake_aside(s, max, plain);
	if (e != ERR_OK) {
		session_abort(s, e, session_reason(e));
		return false;
	}
	s->aside_overtaken += plain->size > 0;
	if (plain->size > 0 && is_urgent_enough(s, 0, max, plain))
		return true;
	first_fill(s, max, plain);
	return s->aside.size > 0;
}

bool
send_fill(struct session *s, size_t max, struct buffer *plain)
{
	enum err e = buffer_state(&s->control);
	bool may_be_last;

	if (e != ERR_OK) { /* something that had to be said is lost */
		session_abort(s, e, REASON_STORAGE);
		return false;
	}
	if (s->aside.size > 0 && fill_first(s, max, plain))
		return true;
	if (session_is_over(s))
		return false;
	may_be_last = look_before_answer(s);
	fill_control(s, max, plain);
	/* What is left of it goes before any batch: the peer may need it. */
	if (s->state == STATE_WELCOME || s->state == STATE_CLOSING ||
	    s->control.size > 0)
		return plain->size > 0;
	if (answers_urgently(s, max, plain, may_be_last))
		return true;
	e = fill_data(s, max, plain);
	if (e != ERR_OK && e != ERR_END) {
		session_abort(s, e, session_reason(e));
		return false;
	}
	if (may_end(s) && plain->size + FRAME_SLACK < max) {
		s->sent_end = true;
		if (s->o.purpose == SESSION_ANSWER) {
			e = put_end(s, plain);
			if (e != ERR_OK) {
				session_abort(s, e, session_reason(e));
				return false;
			}
		}
	}
	send_bye(s); /* the initiator's end is its bye */
	if (s->state == STATE_CLOSING)
		fill_control(s, max, plain);
	return plain->size > 0;
}

void
send_frame(struct session *s)
{
	struct buffer plain = {0};
	size_t max = s->frame_aim;

	if (send_fill(s, max, &plain) && !session_is_over(s)) {
		enum err e = buffer_state(&plain);

		if (e == ERR_OK)
			e = frame_write_sealed(
			    &s->out, &s->send_cipher, plain.data, plain.size);
		s->out_frame_bytes = plain.size;
		s->out_since_ms = s->now_ms;
		if (e != ERR_OK)
			session_fail(s, e, REASON_NONE, false);
	}
	buffer_wipe(&plain);
}
