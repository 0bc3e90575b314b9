/* link: a sync between two sites over a link in virtual time. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/list.h"
#include "tests/link/link.h"

struct end {
	struct site *site;
	struct exchange *x; /* NULL: not connected yet */
	struct line *out;
	struct writer_job *job;
	uint64_t job_us; /* when it is durable */
	size_t untold;   /* the kernel has them, the session waits for it */
	unsigned known;  /* half trips behind what was read */
	uint64_t sent, read;
	uint64_t frame[LINK_FRAMES_MAX]; /* where each one sent ends */
	size_t frame_at, frame_count;
	bool has_ended; /* its line */
};

struct link {
	struct world *world;
	struct link_options o;
	struct end end[2];
	uint64_t now_us;
	uint64_t window_us; /* the end of the window */
	uint64_t moved;     /* bytes that arrived, both ways */
	bool is_silent, is_dead;
	struct link_frames *frames; /* NULL: nobody asks */
};

/* --- making ------------------------------------------------------------ */

struct link_options
link_of(uint64_t rate_bps, uint64_t round_trip_ms, unsigned loss_percent)
{
	struct line_options way = {
	    .rate_bps = rate_bps,
	    .delay_us = round_trip_ms * 1000 / 2,
	    .retransmit_us = (round_trip_ms + 200) * 1000,
	    .loss_ppm = loss_percent * 10000,
	    .header_bytes = HEADER_BYTES,
	};

	return (struct link_options){
	    .way = {way, way}, .cut_after = NEVER, .seed = 1};
}

struct link *
link_open(struct world *w, const struct link_options *o, struct site *child,
    struct site *parent)
{
	struct link *l = calloc(1, sizeof *l);
	int i;

	if (l == NULL)
		abort();
	l->world = w;
	l->o = *o;
	l->window_us = o->up_us > 0 ? o->up_us : NEVER;
	l->end[LINK_CHILD].site = child;
	l->end[LINK_PARENT].site = parent;
	for (i = 0; i < 2; i++) {
		l->end[i].out = line_new(&o->way[i], o->seed * 2 + (uint64_t)i);
		l->end[i].job_us = NEVER;
	}
	return l;
}

/* TCP's own round trip: the child may speak when it is over, the parent is
 * connected when the last word of it arrives. */
static uint64_t
connected_us(const struct link *l, enum link_end end)
{
	uint64_t trip = l->o.way[0].delay_us + l->o.way[1].delay_us;

	return end == LINK_CHILD ? trip : trip + l->o.way[0].delay_us;
}

static void
connect_due(struct link *l, enum link_end end)
{
	struct end *e = &l->end[end];

	if (e->x == NULL && l->now_us >= connected_us(l, end) &&
	    !l->is_silent && !l->is_dead)
		e->x = world_exchange(l->world, e->site,
		    end == LINK_CHILD ? SESSION_SYNC : SESSION_ANSWER, NULL);
}

/* --- an end, as in agent/peer.c ------------------------------------------- */

static bool
end_is_over(const struct end *e)
{
	return e->x != NULL && exchange_is_over(e->x);
}

/* Where in all that arrived a frame ended, of those an end sent. */
static void
note_frames(struct link *l, struct end *sender, uint64_t from, uint64_t to)
{
	struct link_frames *f = l->frames;

	while (f != NULL && sender->frame_count > sender->frame_at &&
	       sender->frame[sender->frame_at] <= to &&
	       f->count < LINK_FRAMES_MAX)
		f->at[f->count++] =
		    l->moved + sender->frame[sender->frame_at++] - from;
}

static void
note_frame_sent(struct link *l, struct end *e)
{
	if (l->frames != NULL && e->frame_count < LINK_FRAMES_MAX)
		e->frame[e->frame_count++] = e->sent;
}

static bool
read_input(struct link *l, enum link_end end)
{
	struct end *e = &l->end[end];
	struct line *in = l->end[1 - end].out;
	struct session *s = exchange_session(e->x);
	const uint8_t *bytes;
	size_t n = line_arrived(in, &bytes);
	unsigned mark;

	if (n > l->o.cut_after - l->moved)
		n = (size_t)(l->o.cut_after - l->moved);
	if (n == 0 || !(end_is_over(e) || session_wants_input(s)))
		return false;
	if (!end_is_over(e))
		(void)session_receive(s, bytes, n, l->world->now_ms);
	mark = line_read(in, n);
	if (mark > e->known)
		e->known = mark;
	note_frames(l, &l->end[1 - end], e->read, e->read + n);
	e->read += n;
	l->moved += n;
	return true;
}

static bool
see_end(struct link *l, enum link_end end)
{
	struct session *s = exchange_session(l->end[end].x);

	if (session_is_over(s) || !line_is_at_end(l->end[1 - end].out))
		return false;
	session_closed(s);
	return true;
}

/* The session hears that a frame is gone when the kernel would take the next
 * one, and makes that only then. */
static bool
send_output(struct link *l, enum link_end end)
{
	struct end *e = &l->end[end];
	struct session *s = exchange_session(e->x);
	const uint8_t *out;
	bool moved = false;

	while (!e->has_ended && line_takes(e->out)) {
		if (e->untold > 0)
			session_sent(s, e->untold, l->world->now_ms);
		e->untold = session_output(s, &out);
		if (e->untold == 0)
			break;
		line_send(e->out, out, e->untold, e->known + 1);
		e->sent += e->untold;
		note_frame_sent(l, e);
		moved = true;
	}
	return moved;
}

static bool
do_work(struct link *l, enum link_end end)
{
	struct end *e = &l->end[end];

	if (e->job != NULL && e->job_us <= l->now_us) {
		struct writer_job *job = e->job;

		e->job = NULL;
		e->job_us = NEVER;
		site_do(e->site, e->x, job);
		return true;
	}
	if (e->job != NULL || (e->job = exchange_next_job(e->x)) == NULL)
		return false;
	e->job_us = l->now_us + l->o.commit_us[end];
	return true;
}

static bool
say_end(struct link *l, enum link_end end)
{
	struct end *e = &l->end[end];

	if (!end_is_over(e) || e->has_ended || e->untold > 0 || e->job != NULL)
		return false;
	e->has_ended = true;
	line_end(e->out);
	return true;
}

static bool
turn(struct link *l, enum link_end end)
{
	struct end *e = &l->end[end];
	bool moved = false;

	if (e->x == NULL)
		return false;
	moved |= do_work(l, end);
	if (!l->is_silent && !l->is_dead) {
		moved |= read_input(l, end);
		moved |= see_end(l, end);
		moved |= send_output(l, end);
		moved |= say_end(l, end);
	}
	return moved;
}

/* --- time -------------------------------------------------------------- */

static void
earlier(uint64_t *next, uint64_t us)
{
	if (us < *next)
		*next = us;
}

static uint64_t
deadline_us(const struct link *l, const struct end *e)
{
	uint64_t ms = session_deadline_ms(exchange_session(e->x));
	uint64_t left;

	if (ms == UINT64_MAX)
		return NEVER;
	left = ms > l->world->now_ms ? ms - l->world->now_ms : 0;
	return (l->now_us / 1000 + left) * 1000;
}

static uint64_t
next_us(const struct link *l)
{
	uint64_t next = NEVER;
	int i;

	for (i = 0; i < 2; i++) {
		const struct end *e = &l->end[i];

		earlier(&next, e->job_us);
		if (l->is_dead)
			continue;
		if (e->x != NULL && !end_is_over(e))
			earlier(&next, deadline_us(l, e));
		if (l->is_silent)
			continue;
		if (e->x == NULL)
			earlier(&next, connected_us(l, (enum link_end)i));
		earlier(&next, line_next_us(e->out));
	}
	if (!l->is_silent && !l->is_dead)
		earlier(&next, l->window_us);
	return next;
}

static void
set_time(struct link *l, uint64_t us)
{
	int i;

	assert(us >= l->now_us);
	l->world->now_ms += us / 1000 - l->now_us / 1000;
	l->world->now += (int64_t)(us / 1000000 - l->now_us / 1000000);
	l->now_us = us;
	if (!l->is_silent && !l->is_dead)
		for (i = 0; i < 2; i++)
			line_advance(l->end[i].out, us);
}

static void
close_window(struct link *l)
{
	int i;

	if (l->o.fate == LINK_DIES) {
		link_cut(l);
	} else if (l->o.fate == LINK_FALLS_SILENT) {
		l->is_silent = true;
	} else {
		for (i = 0; i < 2; i++)
			line_stall(l->end[i].out, l->now_us + l->o.down_us);
		l->window_us = l->now_us + l->o.down_us + l->o.up_us;
	}
}

static void
expire(struct link *l)
{
	int i;

	for (i = 0; i < 2; i++)
		if (l->end[i].x != NULL && !end_is_over(&l->end[i]) &&
		    deadline_us(l, &l->end[i]) <= l->now_us)
			(void)session_expire(
			    exchange_session(l->end[i].x), l->world->now_ms);
}

/* What takes time of a computer takes none here. */
static void
learn(struct link *l)
{
	int i;

	for (i = 0; i < 2; i++)
		while (l->end[i].x != NULL &&
		       session_learn(exchange_session(l->end[i].x)))
			;
}

static bool
both_are_over(const struct link *l)
{
	int i;

	for (i = 0; i < 2; i++)
		if (l->end[i].job != NULL ||
		    (l->end[i].x == NULL ? !l->is_silent && !l->is_dead
		                         : !end_is_over(&l->end[i])))
			return false;
	return true;
}

static void
settle(struct link *l)
{
	bool moved;

	do {
		moved = turn(l, LINK_CHILD);
		moved |= turn(l, LINK_PARENT);
		if (l->moved == l->o.cut_after && !l->is_dead) {
			link_cut(l);
			moved = true;
		}
	} while (moved);
}

bool
link_step(struct link *l)
{
	uint64_t next = both_are_over(l) ? NEVER : next_us(l);

	if (next == NEVER)
		return false;
	set_time(l, next > l->now_us ? next : l->now_us);
	if (!l->is_silent && !l->is_dead && l->now_us >= l->window_us)
		close_window(l);
	connect_due(l, LINK_CHILD);
	connect_due(l, LINK_PARENT);
	expire(l);
	learn(l);
	settle(l);
	return !both_are_over(l);
}

bool
link_run_until(struct link *l, uint64_t us)
{
	while (!both_are_over(l)) {
		if (next_us(l) > us) {
			set_time(l, us);
			return true;
		}
		if (!link_step(l))
			break;
	}
	return false;
}

void
link_note_frames(struct link *l, struct link_frames *out)
{
	out->count = 0;
	l->frames = out;
}

uint64_t
link_now_us(const struct link *l)
{
	return l->now_us;
}

void
link_look_again(struct link *l, enum link_end end)
{
	if (l->end[end].x == NULL)
		return;
	session_look_again(exchange_session(l->end[end].x));
	settle(l);
}

static void
end_cut(struct link *l, struct end *e)
{
	struct session *s = exchange_session(e->x);

	if (e->untold > 0)
		session_sent(s, e->untold, l->world->now_ms);
	e->untold = 0;
	session_closed(s);
}

void
link_cut(struct link *l)
{
	int i;

	l->is_dead = true;
	for (i = 0; i < 2; i++)
		if (l->end[i].x != NULL)
			end_cut(l, &l->end[i]);
}

/* --- looking ----------------------------------------------------------- */

uint64_t
link_sent(const struct link *l, enum link_end end)
{
	return l->end[end].sent;
}

uint64_t
link_read(const struct link *l, enum link_end end)
{
	return l->end[end].read;
}

struct session *
link_session(const struct link *l, enum link_end end)
{
	return l->end[end].x == NULL ? NULL : exchange_session(l->end[end].x);
}

static void
end_close(struct link *l, enum link_end end, struct link_result *r)
{
	struct end *e = &l->end[end];

	r->result[end] = ERR_CLOSED;
	if (e->x != NULL && exchange_is_over(e->x))
		r->result[end] = exchange_result(e->x);
	if (e->x != NULL)
		r->stats[end] = session_stats(exchange_session(e->x));
	r->bytes[end] = e->sent;
	r->delivered[1 - end] = e->read;
	r->line[end] = line_counts(e->out);
	exchange_free(e->x);
	line_free(e->out);
}

struct link_result
link_close(struct link *l)
{
	struct link_result r;

	memset(&r, 0, sizeof r);
	if (!both_are_over(l)) {
		link_cut(l);
		settle(l);
		while (link_step(l))
			;
	}
	r.took_us = l->now_us;
	r.round_trips = 1 + (l->end[LINK_CHILD].known + 1) / 2;
	end_close(l, LINK_CHILD, &r);
	end_close(l, LINK_PARENT, &r);
	free(l);
	return r;
}

struct link_result
link_run(struct world *w, const struct link_options *o, struct site *child,
    struct site *parent)
{
	struct link *l = link_open(w, o, child, parent);

	while (link_step(l))
		;
	return link_close(l);
}

static void
node_of(struct site *s, uint8_t out[NODE_ID_BYTES])
{
	struct txn *t = site_begin(s, false);
	struct self self;

	if (self_read(t, &self) != ERR_OK)
		abort();
	node_id_of(out, self.signing_public);
	self_wipe(&self);
	txn_abort(t);
}

static uint64_t
place_at(struct site *at, struct site *peer, enum cursor_side side,
    const char *list, uint8_t class)
{
	struct list_id id = {.class = class};
	struct cursor c = {0, 0, 0};
	uint8_t node[NODE_ID_BYTES];
	struct txn *t;

	node_of(peer, node);
	memcpy(id.name, list, strlen(list) + 1);
	t = site_begin(at, false);
	if (cursor_read(t, node, side, &id, &c) != ERR_OK)
		abort();
	txn_abort(t);
	return c.place;
}

uint64_t
link_committed(
    struct site *sender, struct site *receiver, const char *list, uint8_t class)
{
	return place_at(receiver, sender, CURSOR_OWN, list, class);
}

void
link_places(struct site *sender, struct site *receiver, const char *list,
    uint8_t class, uint64_t *receipted, uint64_t *end)
{
	struct cursor last = {0, 0, 0};
	struct audience audience;
	struct txn *t = site_begin(sender, false);

	if (audience_read(t, list, &audience) == ERR_OK &&
	    list_end(t, &audience, class, &last) != ERR_OK)
		abort();
	txn_abort(t);
	*end = last.place;
	*receipted = place_at(sender, receiver, CURSOR_PEER, list, class);
}
