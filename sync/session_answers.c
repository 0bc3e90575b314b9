/* session_answers: what is sent and not yet answered, and the answers, in
 * their short and their long forms (docs/protocol.md, 8.3).
 *
 * A class's batches are answered in the order in which they were sent. So an
 * answer need not name the batch it is for: the sender remembers them.
 */

#include <string.h>

#include "sync/session_state.h"

/* --- batches without an answer ------------------------------------------- */

bool
answers_full(const struct session *s, uint8_t class)
{
	return s->flight[class].count == UNANSWERED_MAX;
}

void
answers_await(struct session *s, const struct outgoing *o,
    const struct cursor *end, uint64_t owed)
{
	struct flight *f = &s->flight[o->list.class];
	struct unanswered *u =
	    &f->batch[(f->first + f->count) % UNANSWERED_MAX];

	u->list = (size_t)(o - s->outgoing);
	u->end = *end;
	u->is_void = false;
	u->is_question = false;
	u->beginning = s->beginnings[o->list.class];
	u->owed = owed;
	f->count++;
	f->sent++;
}

void
answers_await_unheard(struct session *s, const struct outgoing *o,
    const struct cursor *end, uint64_t owed)
{
	struct flight *f = &s->flight[o->list.class];
	bool is_half = f->count > 0 && send_has_bytes(s, o->list.class);
	struct unanswered *last, *before, question;

	answers_await(s, o, end, owed);
	last = &f->batch[(f->first + f->count - 1) % UNANSWERED_MAX];
	last->is_question = true;
	if (!is_half)
		return;
	before = &f->batch[(f->first + f->count - 2) % UNANSWERED_MAX];
	question = *last;
	*last = *before;
	*before = question;
}

size_t
answers_awaited(const struct session *s)
{
	size_t n = 0, c;

	for (c = 0; s->flight != NULL && c < CLASSES; c++)
		n += s->flight[c].count;
	return n;
}

uint64_t
answers_owed(const struct session *s)
{
	uint64_t sum = 0;
	size_t c, i;

	for (c = 0; c < CLASSES; c++) {
		const struct flight *f = &s->flight[c];

		for (i = 0; i < f->count; i++)
			sum += f->batch[(f->first + i) % UNANSWERED_MAX].owed;
	}
	return sum;
}

void
answers_void(struct session *s, const struct outgoing *o)
{
	struct flight *f = &s->flight[o->list.class];
	size_t i;

	for (i = 0; i < f->count; i++) {
		struct unanswered *u =
		    &f->batch[(f->first + i) % UNANSWERED_MAX];

		if (u->list == (size_t)(o - s->outgoing))
			u->is_void = true;
	}
}

bool
answers_all_held(const struct session *s)
{
	size_t i;

	if (answers_awaited(s) > 0)
		return false;
	for (i = 0; i < s->outgoing_count; i++)
		if (s->outgoing[i].held.place != s->outgoing[i].next.place)
			return false;
	return true;
}

/* The oldest one is answered; whether that answer counts. */
static bool
drop_oldest(struct session *s, struct flight *f)
{
	bool is_void = s->owes_settled || f->batch[f->first].is_void;

	f->first = (f->first + 1) % UNANSWERED_MAX;
	f->count--;
	time_answered(s, (uint8_t)(f - s->flight));
	return !is_void;
}

/* --- receipts that come ----------------------------------------------------
 */

/* Where the peer stands now. What it tells beyond what we sent is of another
 * session, whose receipts tell more. */
static enum err
take_place(struct session *s, struct outgoing *o, const struct cursor *said)
{
	struct cursor at = *said;
	enum err e = s->o.source.settle(s->o.source.context, &o->list, &at);

	if (e != ERR_OK)
		return e;
	if (at.epoch != said->epoch || at.place != said->place ||
	    at.epoch != o->next.epoch || at.place < o->held.place ||
	    at.place > o->next.place)
		return ERR_OK; /* not on our list, or old news */
	if (at.place > o->held.place)
		o->is_refused = false;
	o->held = at;
	return ERR_OK;
}

/* The event takes the receipt. */
static void
tell_receipt(struct session *s, const struct receipt *r)
{
	struct session_event *ev = session_emit(s, EVENT_RECEIPT);
	size_t at = (size_t)(ev - s->event);

	s->receipt[at] = *r;
	ev->receipt = &s->receipt[at];
}

/* Where the peer takes a batch it tells its end. */
static bool
is_not_taken(const struct cursor *told, const struct cursor *end)
{
	return told->epoch != end->epoch || told->place < end->place;
}

/* Of no batch we sent, or not of the oldest of its class. */
static bool
is_out_of_turn(const struct session *s, const struct receipt *r)
{
	const struct flight *f = &s->flight[r->list.class];
	const struct outgoing *o;

	if (f->count == 0)
		return true;
	o = &s->outgoing[f->batch[f->first].list];
	return strcmp(o->list.name, r->list.name) != 0;
}

enum err
answers_consume_receipt(struct session *s, const struct bytes *body)
{
	struct receipt r;
	struct flight *f;
	struct outgoing *o;
	struct unanswered u;
	enum err e = receipt_consume(body, &r);

	if (e != ERR_OK)
		return e;
	f = &s->flight[r.list.class];
	if (is_out_of_turn(s, &r)) {
		receipt_free(&r);
		return ERR_FORMAT;
	}
	u = f->batch[f->first];
	o = &s->outgoing[u.list];
	if (!drop_oldest(s, f)) {
		receipt_free(&r);
		return ERR_OK;
	}
	if (u.is_question && is_not_taken(&r.cursor, &u.end)) {
		unheard_refused(s, o);
		receipt_free(&r);
		return ERR_OK;
	}
	e = take_place(s, o, &r.cursor);
	if (e == ERR_OK && is_not_taken(&r.cursor, &u.end))
		e = pack_refused(s, o, u.beginning);
	if (e == ERR_OK)
		tell_receipt(s, &r);
	else
		receipt_free(&r);
	return e;
}

enum err
answers_consume_taken(struct session *s, const struct bytes *body)
{
	struct taken t;
	enum err e = taken_consume(body, &t);

	if (e != ERR_OK || t.count > s->flight[t.class].count)
		return ERR_FORMAT;
	s->taken = t;
	return ERR_OK;
}

enum err
answers_next_taken(struct session *s)
{
	struct flight *f = &s->flight[s->taken.class];
	struct unanswered *u = &f->batch[f->first];
	struct outgoing *o = &s->outgoing[u->list];
	struct receipt r = {.list = o->list, .cursor = u->end};
	enum err e;

	s->taken.count--;
	if (!drop_oldest(s, f))
		return ERR_OK;
	e = take_place(s, o, &r.cursor);
	if (e == ERR_OK)
		tell_receipt(s, &r);
	return e;
}

/* --- receipts that go ------------------------------------------------------
 */

static bool
is_held_to_its_end(const struct session *s, const struct receipt *r)
{
	const struct cursor *end = &s->batch->end;

	return r->exception_count == 0 &&
	       r->list.class == s->batch->list.class &&
	       strcmp(r->list.name, s->batch->list.name) == 0 &&
	       r->cursor.epoch == end->epoch && r->cursor.place == end->place &&
	       r->cursor.running == end->running;
}

/* One more of the same class is a larger count in the message that waits. */
static bool
count_on(struct session *s, uint8_t class)
{
	struct bytes body;
	struct buffer again = {0};
	struct taken t;
	bool grew;

	if (s->taken_end == 0 || s->taken_end != s->control.size)
		return false;
	body = (struct bytes){s->control.data + s->taken_end - 1, 1};
	if (taken_consume(&body, &t) != ERR_OK || t.class != class)
		return false;
	t.count++;
	grew = taken_create(&t, &again) == ERR_OK;
	if (grew)
		s->control.data[s->taken_end - 1] = again.data[0];
	buffer_free(&again);
	return grew;
}

enum err
answers_put_taken(struct session *s, uint8_t class)
{
	const struct taken one = {class, 1};
	struct buffer body = {0};
	enum err e;

	if (count_on(s, class))
		return ERR_OK;
	e = taken_create(&one, &body);
	if (e == ERR_OK) {
		send_control(s, MESSAGE_TAKEN, &body);
		s->taken_end = s->control.size;
	}
	buffer_free(&body);
	return e;
}

enum err
answers_put_long(struct session *s, const struct receipt *r)
{
	struct buffer body = {0};
	enum err e = receipt_create(r, &body);

	if (e == ERR_OK)
		send_control(s, MESSAGE_RECEIPT, &body);
	buffer_free(&body);
	return e;
}

void
answers_note_taken(struct session *s, const struct list_id *list, bool is_taken)
{
	struct untaken *u = &s->untaken[list->class];
	bool is_same = u->is_set && strcmp(u->list, list->name) == 0;

	if (is_taken) {
		if (is_same && !u->is_of_many)
			u->is_set = false;
		return;
	}
	u->is_of_many = u->is_of_many || (u->is_set && !is_same);
	u->is_set = true;
	memcpy(u->list, list->name, sizeof u->list);
}

bool
answers_left_untaken(const struct session *s)
{
	size_t c;

	for (c = 0; c < CLASSES; c++)
		if (s->untaken[c].is_set)
			return true;
	return false;
}

enum err
answers_put_receipt(struct session *s, const struct receipt *r)
{
	answers_note_taken(
	    s, &r->list, !is_not_taken(&r->cursor, &s->batch->end));
	if (r->list.class <= URGENT_CLASS_MAX)
		s->answers_urgent = true;
	return is_held_to_its_end(s, r) ? answers_put_taken(s, r->list.class)
	                                : answers_put_long(s, r);
}

/* --- what the group holds -------------------------------------------------
 */

void
answers_know_lives(struct session *s)
{
	const struct hello *h = &s->peer_hello;
	size_t i;

	for (i = 0; i < h->life_count; i++) {
		life_id_of(s->peer_lives[i].id, s->peer.signing_key,
		    h->lives[i].nonce);
		memcpy(s->peer_lives[i].seq, h->lives[i].seq,
		    sizeof s->peer_lives[i].seq);
	}
}

static struct peer_life *
find_life(struct session *s, const uint8_t id[LIFE_BYTES])
{
	size_t i;

	for (i = 0; i < s->peer_hello.life_count; i++)
		if (memcmp(s->peer_lives[i].id, id, LIFE_BYTES) == 0)
			return &s->peer_lives[i];
	return NULL;
}

/* What the peer sent of its logs in this session it has, too: nothing of it
 * goes back to it. */
void
answers_know_batch(struct session *s)
{
	size_t i;

	for (i = 0; i < s->batch->change_count; i++) {
		const struct change_id *id = &s->batch->changes[i].id;
		struct peer_life *life = find_life(s, id->life);
		uint64_t *seq;

		if (life == NULL || id->class >= CLASSES ||
		    life->seq[id->class] >= id->seq)
			continue;
		seq = s->peer_hello.lives[life - s->peer_lives].seq;
		seq[id->class] = life->seq[id->class] = id->seq;
	}
}

/* Only who has all that is receipted can compute the chains. */
static bool
in_short(
    struct session *s, const struct group_receipt *g, struct group_held *out)
{
	const struct peer_life *life = find_life(s, g->life);
	size_t c;

	if (life == NULL)
		return false;
	for (c = 0; c < CLASSES; c++)
		if (g->seq[c] > life->seq[c])
			return false;
	out->life = (size_t)(life - s->peer_lives);
	memcpy(out->seq, g->seq, sizeof out->seq);
	memcpy(out->signature, g->signature, sizeof out->signature);
	return true;
}

enum err
answers_put_group(
    struct session *s, const struct group_receipt *group, size_t count)
{
	struct buffer body = {0};
	struct group_held held;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < count; i++) {
		bool is_short = in_short(s, &group[i], &held);

		buffer_clear(&body);
		e = is_short ? group_held_create(&held, &body)
		             : group_receipt_create(&group[i], &body);
		if (e == ERR_OK)
			send_control(s,
			    is_short ? MESSAGE_GROUP_HELD
			             : MESSAGE_GROUP_RECEIPT,
			    &body);
	}
	buffer_free(&body);
	return e;
}

enum err
answers_consume_group_receipt(struct session *s, const struct bytes *body)
{
	struct session_event *ev;
	struct group_receipt g;
	enum err e = group_receipt_consume(body, &g);

	if (e != ERR_OK || s->o.purpose != SESSION_SYNC)
		return ERR_FORMAT;
	ev = session_emit(s, EVENT_GROUP_RECEIPT);
	s->group[ev - s->event].receipt = g;
	ev->group_receipt = &s->group[ev - s->event].receipt;
	return ERR_OK;
}

enum err
answers_consume_group_held(struct session *s, const struct bytes *body)
{
	struct session_event *ev;
	struct group_held h;
	enum err e = group_held_consume(body, &h);

	if (e != ERR_OK || s->o.purpose != SESSION_SYNC ||
	    h.life >= s->own_life_count)
		return ERR_FORMAT;
	ev = session_emit(s, EVENT_GROUP_HELD);
	s->group[ev - s->event].held = h;
	ev->group_held = &s->group[ev - s->event].held;
	ev->life_nonce = s->own_lives[h.life].nonce;
	return ERR_OK;
}
