/* session_unheard: what a cut took of receipts is asked for by ids, so that no
 * change goes again for it (docs/protocol.md, 8.1).
 *
 * The child that hears its parent to stand further than any receipt said goes
 * on from there and asks, in place of the batches between, which of their
 * changes the parent keeps apart. The question counts as a batch: the answer
 * is a receipt of its end.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sync/session_state.h"

static_assert(HELLO_LIVES_MAX == 64, "a bit of unheard_lives each");

/* The one list that goes upwards (docs/protocol.md, 9.3). */
static const char up[] = "up";

/* --- the child ----------------------------------------------------------- */

static bool
find_own_life(
    const struct session *s, const uint8_t id[LIFE_BYTES], size_t *out)
{
	for (*out = 0; *out < s->own_life_count; ++*out)
		if (memcmp(s->own_lives[*out].id, id, LIFE_BYTES) == 0)
			return true;
	return false;
}

/* ERR_LIMIT: of a life that hello had no room for. */
static enum err
by_hello(const struct session *s, const struct span *of, struct unheard *out)
{
	size_t i;

	memset(out, 0, sizeof *out);
	out->class = of->class;
	out->running = of->running;
	for (i = 0; i < of->run_count; i++) {
		if (!find_own_life(s, of->runs[i].life, &out->runs[i].life))
			return ERR_LIMIT;
		out->runs[i].first = of->runs[i].first;
		out->runs[i].count = of->runs[i].count;
	}
	out->run_count = of->run_count;
	return ERR_OK;
}

bool
unheard_ask(struct session *s, struct outgoing *o, const struct cursor *to)
{
	const struct source *source = &s->o.source;
	struct buffer body = {0};
	struct span stretch;
	struct unheard u;
	uint64_t owed = 0;
	enum err e;

	if (source->stretch == NULL || strcmp(o->list.name, up) != 0 ||
	    answers_full(s, o->list.class))
		return false;
	e = source->stretch(source->context, &o->list, &o->held, to, &stretch);
	if (e == ERR_OK)
		e = by_hello(s, &stretch, &u);
	if (e == ERR_OK)
		e = bound_of_unheard(
		    s, o, &u, to->place - o->held.place, &owed);
	if (e == ERR_OK)
		e = unheard_create(&u, &body);
	if (e == ERR_OK) {
		send_control(s, MESSAGE_UNHEARD, &body);
		answers_await_unheard(s, o, to, owed);
	}
	buffer_free(&body);
	return e == ERR_OK;
}

/* The parent cannot tell: the stretch goes again, and all behind it. */
void
unheard_refused(struct session *s, struct outgoing *o)
{
	s->sent_end = false;
	answers_void(s, o);
	o->next = o->held;
	o->at_end = false;
}

/* --- the parent ---------------------------------------------------------- */

static enum err
by_lives(const struct session *s, const struct unheard *u, struct span *out)
{
	size_t i;

	memset(out, 0, sizeof *out);
	out->class = u->class;
	out->running = u->running;
	for (i = 0; i < u->run_count; i++) {
		if (u->runs[i].life >= s->peer_hello.life_count)
			return ERR_FORMAT;
		memcpy(out->runs[i].life, s->peer_lives[u->runs[i].life].id,
		    LIFE_BYTES);
		out->runs[i].first = u->runs[i].first;
		out->runs[i].count = u->runs[i].count;
	}
	out->run_count = u->run_count;
	return ERR_OK;
}

/* As before the answer to a batch, since that was lost as well. It covers all
 * classes, and nothing is taken between two of these questions. */
static enum err
put_group_words(struct session *s, const struct unheard *u)
{
	const struct source *source = &s->o.source;
	struct group_receipt g;
	size_t i;
	enum err e = ERR_OK;

	if (source->group_receipt == NULL || s->peer_is_withdrawn)
		return ERR_OK;
	for (i = 0; e == ERR_OK && i < u->run_count; i++) {
		size_t life = u->runs[i].life;

		if ((s->unheard_lives >> life & 1) != 0)
			continue;
		s->unheard_lives |= UINT64_C(1) << life;
		e = source->group_receipt(
		    source->context, s->peer_lives[life].id, &g);
		if (e == ERR_OK)
			e = answers_put_group(s, &g, 1);
		else if (e == ERR_NOT_FOUND) /* no word of this one */
			e = ERR_OK;
	}
	return e;
}

static enum err
answer(struct session *s, const struct span *of)
{
	const struct source *source = &s->o.source;
	struct list_id list = {.class = of->class};
	struct receipt r;
	uint8_t id[NODE_ID_BYTES];
	enum err e = ERR_NOT_FOUND;

	memcpy(list.name, up, sizeof up);
	memset(&r, 0, sizeof r);
	node_id_of(id, s->peer.signing_key);
	if (source->exceptions != NULL)
		e = source->exceptions(source->context, id, &list, of, &r);
	if (e == ERR_NOT_FOUND) { /* we stand nowhere, that says */
		memset(&r, 0, sizeof r);
		r.list = list;
		e = ERR_OK;
	} else if (e == ERR_OK && r.exception_count == 0) {
		receipt_free(&r);
		return answers_put_taken(s, of->class);
	}
	if (e == ERR_OK)
		e = answers_put_long(s, &r);
	receipt_free(&r);
	return e;
}

enum err
unheard_consume_message(struct session *s, const struct bytes *body)
{
	struct span of;
	struct unheard u;
	enum err e = unheard_consume(body, &u);

	if (e != ERR_OK)
		return e;
	/* Only between our cursors and SETTLED, and once for each list. */
	if (!s->is_held || !s->told_cursors ||
	    (s->unheard_classes >> u.class & 1) != 0)
		return ERR_FORMAT;
	s->unheard_classes |= (uint8_t)(1u << u.class);
	e = by_lives(s, &u, &of);
	if (e == ERR_OK)
		e = put_group_words(s, &u);
	return e == ERR_OK ? answer(s, &of) : e;
}
