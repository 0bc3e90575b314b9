/* session_correct: where the two ends believe each other to be, and what
 * becomes of what was sent when one was wrong (docs/protocol.md, 8.1).
 */

#include <stdlib.h>
#include <string.h>

#include "sync/session_state.h"

const struct cursor *
send_find_cursor(const struct cursor_set *set, const struct list_id *list)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->item[i].list.class == list->class &&
		    strcmp(set->item[i].list.name, list->name) == 0)
			return &set->item[i].cursor;
	return NULL;
}

enum err
send_own_cursors(struct session *s)
{
	struct cursor_set *all, *part;
	struct buffer body = {0};
	uint8_t id[NODE_ID_BYTES];
	size_t at = 0;
	enum err e = ERR_NOMEM;

	if (s->told_cursors)
		return ERR_FORMAT;
	s->told_cursors = true;
	node_id_of(id, s->peer.signing_key);
	all = calloc(1, sizeof *all);
	part = calloc(1, sizeof *part);
	if (all != NULL && part != NULL)
		e = s->o.source.own_cursors(s->o.source.context, id, all);
	while (e == ERR_OK) {
		part->count = 0;
		while (at < all->count && part->count < CURSORS_PER_MESSAGE)
			part->item[part->count++] = all->item[at++];
		buffer_clear(&body);
		put_u8(&body, at == all->count ? 1 : 0);
		e = cursors_create(part, &body);
		if (e == ERR_OK)
			send_control(s, MESSAGE_CURSORS, &body);
		if (at == all->count)
			break;
	}
	free(all);
	free(part);
	buffer_free(&body);
	return e;
}

enum err
send_hold(struct session *s)
{
	if (s->o.purpose != SESSION_ANSWER || s->peer_hello.life_count == 0 ||
	    s->peer_hello.held_digest == s->own_digest)
		return ERR_OK;
	s->is_held = true;
	/* It will want them: this spares a round trip. */
	return s->own_digest == 0 ? ERR_OK : send_own_cursors(s);
}

enum err
send_old_place(struct session *s, const struct list_id *list)
{
	struct cursor_set *own = calloc(1, sizeof *own);
	struct receipt r = {.list = *list};
	const struct cursor *at;
	uint8_t id[NODE_ID_BYTES];
	enum err e = ERR_NOMEM;

	node_id_of(id, s->peer.signing_key);
	if (own != NULL)
		e = s->o.source.own_cursors(s->o.source.context, id, own);
	if (e == ERR_OK) {
		at = send_find_cursor(own, list);
		if (at != NULL)
			r.cursor = *at;
		e = answers_put_long(s, &r);
	}
	free(own);
	return e;
}

static void
correct_one(struct session *s, struct outgoing *o, const struct cursor *true_at)
{
	struct cursor at = {0, 0, 0};
	bool is_ahead, is_asked;
	enum err e;

	if (true_at != NULL)
		at = *true_at;
	e = s->o.source.settle(s->o.source.context, &o->list, &at);
	if (e != ERR_OK) {
		session_abort(s, e, session_reason(e));
		return;
	}
	if (s->owes_settled)
		answers_void(s, o);
	/* Ahead of its receipts it may hold changes that it did not take, and
	 * only receipts tell which: it is asked for them, or what has none
	 * goes again. */
	is_ahead = s->owes_settled && at.epoch == o->held.epoch &&
	           at.place > o->held.place;
	is_asked = is_ahead && unheard_ask(s, o, &at);
	if (is_ahead && !is_asked)
		at = o->held;
	/* Behind what we assumed, or beyond what we sent: go on from there.
	 * Between the two, what we sent arrived or is on its way, unless the
	 * peer takes nothing before we have settled. */
	if (at.place < o->held.place || at.place > o->next.place ||
	    at.epoch != o->next.epoch || s->owes_settled) {
		o->next = at;
		o->at_end = false;
	}
	if (!is_asked)
		o->held = at;
	o->is_refused = false; /* it goes again from there, if at all */
	/* What followed a batch that started nowhere ended nowhere. */
	if (!o->has_sent || s->owes_settled)
		o->expected = (struct cursor){0, 0, 0};
	if (!o->has_sent && true_at != NULL)
		o->expected = *true_at;
}

/* Called when the peer's hello is in, and again when its cursors are. */
void
send_correct(struct session *s)
{
	struct buffer none = {0};
	size_t i;

	if (!s->cursors_came && s->peer_hello.cursors_digest == s->held_digest)
		return;
	s->owes_settled = s->told_lives;
	if (!s->cursors_came && s->peer_hello.cursors_digest != 0) {
		s->cursors_due = true;
		/* A parent that was told lives sees it as well and sends. */
		if (!s->told_lives)
			send_control(s, MESSAGE_CURSORS_WANTED, &none);
		return;
	}
	for (i = 0; i < s->outgoing_count && !session_is_over(s); i++)
		correct_one(s, &s->outgoing[i],
		    send_find_cursor(s->peer_cursors, &s->outgoing[i].list));
	if (session_is_over(s))
		return;
	if (s->owes_settled)
		send_control(s, MESSAGE_SETTLED, &none);
	s->owes_settled = false;
	/* What the store took for held may be lost: it must know. */
	session_emit(s, EVENT_CURSORS)->cursors = s->peer_cursors;
}
