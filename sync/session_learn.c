/* session_learn: what a coder begins from is learned while nobody waits for it:
 * by the child while message 2 is on its way, by the parent while the rest of
 * the first batch is.
 */

#include "sync/session_state.h"

/* A peer in the same house answers before that, and much goes to it in rows. */
static bool
has_waited(const struct session *s)
{
	return s->now_ms >= s->entered_ms &&
	       s->now_ms - s->entered_ms >= PACK_TRIP_MS;
}

uint64_t
learn_from_ms(const struct session *s)
{
	return s->state == STATE_MESSAGE_2 && s->o.purpose == SESSION_SYNC &&
	               !has_waited(s)
	           ? s->entered_ms + PACK_TRIP_MS
	           : UINT64_MAX;
}

/* From the first batch that is likely to go. */
static enum err
make_ready(struct session *s, uint8_t class)
{
	const struct source *source = &s->o.source;
	size_t i;

	for (i = 0; i < s->outgoing_count; i++) {
		struct outgoing *o = &s->outgoing[i];
		enum err e;

		if (o->list.class != class)
			continue;
		e = source->read(source->context, &o->list, &o->next,
		    s->peer.signing_key, &s->peer_hello, PACK_CHANGES_MAX,
		    BATCH_BYTES_AIM, s->scratch);
		if (e == ERR_END)
			continue;
		if (e == ERR_OK && s->scratch->change_count > 0)
			e = pack_make_ready(s, s->scratch);
		batch_clear(s->scratch);
		return e;
	}
	return ERR_OK;
}

/* A bound is promised before a byte is made: it is reckoned in one go. */
static bool
learn_own(struct session *s)
{
	enum err e = ERR_OK;
	bool more = true;

	if (s->o.purpose != SESSION_SYNC || s->bound.is_set ||
	    s->o.wants_rows || !has_waited(s))
		return false;
	if (!s->has_loaded)
		e = send_load(s);
	else if (!pack_learn(s, &e) && e == ERR_OK) {
		more = s->learning < CLASSES;
		if (more)
			e = make_ready(s, s->learning++);
	}
	if (e != ERR_OK)
		session_abort(s, e, session_reason(e));
	return more && e == ERR_OK;
}

/* The last step of it goes on with the batch that waited. */
static bool
learn_theirs(struct session *s)
{
	bool waited = s->unpacking >= 0 && pack_is_learning(s);
	bool more = pack_learn_theirs(s);

	if (waited && !pack_is_learning(s))
		session_pump(s);
	return more || waited;
}

bool
session_learn(struct session *s)
{
	switch (s->state) {
	case STATE_MESSAGE_2:
		return learn_own(s);
	case STATE_OPEN:
		return learn_theirs(s);
	default:
		return false;
	}
}
