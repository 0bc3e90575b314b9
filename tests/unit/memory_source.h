/* memory_source: a node in memory, whose lists are numbers.
 *
 * Entry n of a list is the change (the node's life, the list's class, n); its
 * body says so. Enough of a store to run sessions without one.
 */

#ifndef YIZHAN_TESTS_UNIT_MEMORY_SOURCE_H
#define YIZHAN_TESTS_UNIT_MEMORY_SOURCE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/session.h"
#include "sync/stream.h"

enum { MEMORY_LISTS = 16, MEMORY_BODY_MIN = 12 };

struct memory_list {
	struct list_id id;
	uint32_t epoch;
	uint64_t count;
	size_t body_bytes; /* of each change */
	bool is_noise;     /* its bodies do not pack at all */
	char letter; /* not 0: they hold a text of it, the second one a longer
	                one, so that the two make one batch */
};

struct memory_node {
	struct noise_keypair transport;
	uint8_t ephemeral; /* 0: the same ephemeral key in each session */
	uint8_t group[GROUP_ID_BYTES];
	uint8_t signing_secret[64];
	uint8_t life[LIFE_BYTES];
	struct cert cert;
	struct cert peer; /* the one node that is known here */
	enum err peer_answer;
	struct withdrawn list; /* epoch 0: none */
	struct memory_list lists[MEMORY_LISTS];
	size_t list_count;
	bool is_alone_author;       /* settle() knows of a fork, as in "up" */
	struct memory_node *author; /* whose "up" history() tells; NULL: none */
	uint8_t history_spoilt;     /* and by what its bodies differ */
	uint64_t history_told;      /* changes, in all */
	struct cursor_set own, theirs; /* cursors */
	uint64_t bytes_max, budget;    /* of its sessions with the parent */
	bool has_budget;
	struct codebook *books;  /* NULL: those all share */
	bool wants_rows, learns; /* as in struct session_options */
	/* What exceptions() tells of a stretch: nothing, that there are none,
	 * or of its first change that reason. */
	int exceptions_told; /* -1, 0, a reason */
	bool is_wordy; /* its answers to a batch are as long as they get */

	/* what became of it */
	uint64_t taken, known; /* changes */
	uint64_t receipts, group_receipts, grants, corrections;
	uint64_t lists_came;
	struct withdrawn list_seen; /* the last of them */
	bool hello_came, is_done, has_failed;
	enum err error;
	enum reason reason;
	bool told_by_peer;
};

static inline void
memory_must(bool truth)
{
	if (!truth)
		abort();
}

static inline void
memory_node_make(struct memory_node *n, enum node_role role, uint8_t seed)
{
	uint8_t bytes[32];

	memset(n, 0, sizeof *n);
	memset(bytes, seed, sizeof bytes);
	memcpy(n->transport.secret, bytes, sizeof bytes);
	noise_keypair_derive(&n->transport);
	bytes[0] ^= 0xff;
	n->cert.role = role;
	crypto_sign_ed25519_seed_keypair(
	    n->cert.signing_key, n->signing_secret, bytes);
	memcpy(n->cert.transport_key, n->transport.public, KEY_BYTES);
	snprintf(n->cert.name, sizeof n->cert.name, "node %u", seed);
	memset(n->life, seed, sizeof n->life);
	n->cert.number = 1;
	n->exceptions_told = -1;
}

static inline struct memory_list *
memory_list_make(struct memory_node *n, const char *name, uint8_t class,
    uint64_t count, size_t body_bytes)
{
	struct memory_list *l = &n->lists[n->list_count++];

	memory_must(n->list_count <= MEMORY_LISTS);
	memory_must(body_bytes >= MEMORY_BODY_MIN);
	snprintf(l->id.name, sizeof l->id.name, "%s", name);
	l->id.class = class;
	l->epoch = 7;
	l->count = count;
	l->body_bytes = body_bytes;
	return l;
}

static inline struct memory_list *
memory_list_find(struct memory_node *n, const struct list_id *id)
{
	size_t i;

	for (i = 0; i < n->list_count; i++)
		if (n->lists[i].id.class == id->class &&
		    strcmp(n->lists[i].id.name, id->name) == 0)
			return &n->lists[i];
	return NULL;
}

static inline uint64_t
memory_running(const struct memory_list *l, uint64_t place)
{
	return place == 0 ? 0 : place * 0x9e3779b97f4a7c15ull + l->epoch;
}

static inline struct cursor *
memory_cursor(struct cursor_set *set, const struct list_id *id, bool add)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->item[i].list.class == id->class &&
		    strcmp(set->item[i].list.name, id->name) == 0)
			return &set->item[i].cursor;
	if (!add || set->count == LISTS_MAX)
		return NULL;
	set->item[set->count].list = *id;
	memset(&set->item[set->count].cursor, 0, sizeof(struct cursor));
	return &set->item[set->count++].cursor;
}

/* --- the calls ----------------------------------------------------------- */

static inline enum err
memory_peer(void *context, const uint8_t key[KEY_BYTES], struct cert *out)
{
	struct memory_node *n = context;

	if (n->peer_answer == ERR_NOT_ALLOWED)
		*out = n->peer;
	if (n->peer_answer != ERR_OK)
		return n->peer_answer;
	if (memcmp(key, n->peer.transport_key, KEY_BYTES) != 0)
		return ERR_NOT_FOUND;
	*out = n->peer;
	return ERR_OK;
}

static inline enum err
memory_hello(void *context, struct hello *out)
{
	struct memory_node *n = context;
	size_t i;

	memset(out, 0, sizeof *out);
	out->version_min = PROTOCOL_VERSION;
	out->version_max = PROTOCOL_VERSION;
	out->role = (uint8_t)n->cert.role;
	out->now = 1780000000;
	out->slips_left = 10000;
	out->list_epoch = n->list.epoch;
	if (n->author == n) { /* it wrote them, and tells its life */
		out->life_count = 1;
		memcpy(out->lives[0].id, n->life, LIFE_BYTES);
		for (i = 0; i < n->list_count; i++)
			out->lives[0].seq[n->lists[i].id.class] =
			    n->lists[i].count;
	}
	return ERR_OK;
}

static inline enum err
memory_withdrawn(void *context, struct withdrawn *out)
{
	struct memory_node *n = context;

	if (n->list.epoch == 0)
		return ERR_NOT_FOUND;
	*out = n->list;
	return ERR_OK;
}

static inline enum err
memory_lists(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct list_names *out)
{
	struct memory_node *n = context;
	size_t i, j;

	(void)peer;
	out->count = 0;
	for (i = 0; i < n->list_count; i++) {
		for (j = 0; j < out->count; j++)
			if (strcmp(out->names[j], n->lists[i].id.name) == 0)
				break;
		if (j == out->count)
			memcpy(out->names[out->count++], n->lists[i].id.name,
			    sizeof out->names[0]);
	}
	return ERR_OK;
}

static inline enum err
memory_peer_cursors(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out)
{
	(void)peer;
	*out = ((struct memory_node *)context)->theirs;
	return ERR_OK;
}

static inline enum err
memory_own_cursors(
    void *context, const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out)
{
	(void)peer;
	*out = ((struct memory_node *)context)->own;
	return ERR_OK;
}

static inline enum err
memory_settle(void *context, const struct list_id *list, struct cursor *at)
{
	struct memory_node *n = context;
	struct memory_list *l = memory_list_find(n, list);

	if (l == NULL) {
		memset(at, 0, sizeof *at);
		return ERR_OK;
	}
	if (at->epoch == l->epoch && at->place <= l->count &&
	    at->running == memory_running(l, at->place))
		return ERR_OK;
	if (at->epoch == l->epoch && n->is_alone_author)
		return ERR_FORK;
	at->epoch = l->epoch;
	at->place = 0;
	at->running = 0;
	return ERR_OK;
}

enum { MEMORY_TEXT_LONG = 64000 };

/* A body with one field, which is a long text. */
static inline void
memory_put_text(struct buffer *out, const struct memory_list *l, uint64_t seq)
{
	static const uint8_t head[] = {
	    1, 8, 3, 1, 's', 0, 1, 'b', 1, 'o', 2, 4, 1, 7, 6};
	size_t size = seq % 2 == 0 ? MEMORY_TEXT_LONG : l->body_bytes, i;

	put_bytes(out, head, sizeof head);
	put_varint(out, size);
	for (i = 0; i < size; i++)
		put_u8(out, (uint8_t)l->letter);
}

static inline void
memory_body(uint8_t *out, size_t size, uint8_t class, uint64_t seq)
{
	size_t i;

	store_u64(out, seq);
	for (i = 8; i < size; i++)
		out[i] = (uint8_t)((class + seq * i * 2654435761u) >> 9);
}

static inline void
memory_noise(uint8_t *body, size_t size)
{
	uint32_t x = 1;
	size_t i;

	for (i = 8; i < size; i++)
		body[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
}

static inline enum err
memory_read(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	struct memory_node *n = context;
	struct memory_list *l = memory_list_find(n, list);
	uint8_t body[CHANGE_BYTES_MAX];

	(void)peer_key;
	(void)peer;
	batch_clear(out);
	if (l == NULL || after->place >= l->count)
		return ERR_END;
	out->list = *list;
	out->start = *after;
	out->start.epoch = l->epoch;
	out->end = out->start;
	while (out->end.place < l->count && out->change_count < changes_max &&
	       out->bytes.size < bytes_max) {
		struct batch_change *c = &out->changes[out->change_count++];

		memset(c, 0, sizeof *c);
		memcpy(c->id.life, n->life, LIFE_BYTES);
		c->id.class = list->class;
		c->id.seq = ++out->end.place;
		c->body_at = out->bytes.size;
		if (l->letter != 0) {
			memory_put_text(&out->bytes, l, c->id.seq);
		} else {
			memory_body(
			    body, l->body_bytes, list->class, c->id.seq);
			if (l->is_noise)
				memory_noise(body, l->body_bytes);
			put_bytes(&out->bytes, body, l->body_bytes);
		}
		c->body_bytes = out->bytes.size - c->body_at;
	}
	out->end.running = memory_running(l, out->end.place);
	return buffer_state(&out->bytes);
}

static inline enum err
memory_history(void *context, const struct change_id *last, size_t count,
    size_t bytes_max, struct buffer *out, size_t *got)
{
	struct memory_node *n = context;
	struct list_id up = {.name = "up", .class = last->class};
	const struct memory_list *l =
	    n->author == NULL ? NULL : memory_list_find(n->author, &up);
	uint8_t body[CHANGE_BYTES_MAX];
	uint64_t seq;

	*got = 0;
	if (l == NULL || memcmp(last->life, n->author->life, LIFE_BYTES) != 0)
		return ERR_OK;
	if (count > bytes_max / (l->body_bytes + 3))
		count = bytes_max / (l->body_bytes + 3);
	for (seq = last->seq - count + 1; seq <= last->seq; seq++) {
		memory_body(body, l->body_bytes, last->class, seq);
		body[0] ^= n->history_spoilt;
		put_string(out, body, l->body_bytes);
		++*got;
		n->history_told++;
	}
	return buffer_state(out);
}

static inline enum err
memory_exceptions(void *context, const uint8_t peer[NODE_ID_BYTES],
    const struct list_id *list, const struct span *of, struct receipt *out)
{
	struct memory_node *n = context;
	const struct cursor *at = memory_cursor(&n->own, list, false);

	(void)peer;
	if (n->exceptions_told < 0 || at == NULL)
		return ERR_NOT_FOUND;
	out->list = *list;
	out->cursor = *at;
	if (n->exceptions_told == 0)
		return ERR_OK;
	out->exceptions = calloc(1, sizeof *out->exceptions);
	memory_must(out->exceptions != NULL);
	memcpy(out->exceptions[0].id.life, of->runs[0].life, LIFE_BYTES);
	out->exceptions[0].id.class = of->class;
	out->exceptions[0].id.seq = of->runs[0].first;
	out->exceptions[0].reason = (uint16_t)n->exceptions_told;
	out->exception_count = 1;
	return ERR_OK;
}

static inline struct source
memory_source(struct memory_node *n)
{
	struct source s = {
	    .context = n,
	    .peer = memory_peer,
	    .withdrawn = memory_withdrawn,
	    .hello = memory_hello,
	    .lists = memory_lists,
	    .peer_cursors = memory_peer_cursors,
	    .own_cursors = memory_own_cursors,
	    .settle = memory_settle,
	    .read = memory_read,
	    .history = memory_history,
	    .exceptions = memory_exceptions,
	};

	return s;
}

/* --- the owner's work ---------------------------------------------------- */

/* As store/admit.c does it. */
static inline void
memory_take_batch(
    struct memory_node *n, const struct batch *b, struct receipt *r)
{
	struct cursor *c = memory_cursor(&n->own, &b->list, true);
	size_t i;

	memset(r, 0, sizeof *r);
	r->list = b->list;
	if (c == NULL)
		return;
	r->cursor = *c;
	if (b->start.place != 0 &&
	    (b->start.epoch != c->epoch || b->start.place > c->place ||
	        (b->start.place == c->place && b->start.running != c->running)))
		return;
	for (i = 0; i < b->change_count; i++)
		if (c->epoch == b->end.epoch &&
		    b->changes[i].id.seq <= c->place)
			n->known++;
		else
			n->taken++;
	if (b->end.epoch != c->epoch || b->end.place > c->place ||
	    b->start.place == 0)
		*c = b->end;
	r->cursor = *c;
}

static inline void
memory_take_receipt(struct memory_node *n, const struct receipt *r)
{
	struct cursor at = r->cursor;
	struct cursor *c = memory_cursor(&n->theirs, &r->list, true);

	n->receipts++;
	if (c != NULL && memory_settle(n, &r->list, &at) == ERR_OK)
		*c = at;
}

/* The peer stands there, and nowhere in lists it does not name. */
static inline void
memory_correct(struct memory_node *n, const struct cursor_set *set)
{
	size_t i;

	n->corrections++;
	n->theirs.count = 0;
	for (i = 0; i < set->count; i++) {
		struct cursor at = set->item[i].cursor;

		if (memory_settle(n, &set->item[i].list, &at) == ERR_OK)
			*memory_cursor(&n->theirs, &set->item[i].list, true) =
			    at;
	}
}

static inline void
memory_take_end(struct memory_node *n, const struct session_event *ev)
{
	n->is_done = ev->type == EVENT_DONE;
	n->has_failed = ev->type == EVENT_FAILED;
	n->error = ev->error;
	n->reason = ev->reason;
	n->told_by_peer = ev->told_by_peer;
}

/* An exception for each change; a hub's word on the group's logs. */
static inline void
memory_answer_at_length(struct memory_node *n, struct session *s,
    const struct batch *b, const struct receipt *r)
{
	static struct exception all[BATCH_CHANGES_MAX];
	struct group_receipt group;
	struct receipt wordy = *r;
	size_t i;

	memset(&group, 0, sizeof group);
	memcpy(group.life, n->peer.signing_key, sizeof group.life);
	for (i = 0; i < CLASSES; i++)
		group.seq[i] = (UINT64_C(1) << 34) + i;
	for (i = 0; i < b->change_count; i++) {
		all[i].id = b->changes[i].id;
		all[i].reason = 300;
	}
	wordy.exceptions = all;
	wordy.exception_count = b->change_count;
	session_answer_batch(
	    s, &wordy, &group, n->cert.role == ROLE_HUB ? 1 : 0);
}

/** Take one event and answer it; false: there was none. */
static inline bool
memory_work_once(struct memory_node *n, struct session *s)
{
	struct session_event ev;
	struct receipt r;

	if (!session_next_event(s, &ev))
		return false;
	switch (ev.type) {
	case EVENT_HELLO:
		n->hello_came = true;
		break;
	case EVENT_BATCH:
		memory_take_batch(n, ev.batch, &r);
		if (n->is_wordy)
			memory_answer_at_length(n, s, ev.batch, &r);
		else
			session_answer_batch(s, &r, NULL, 0);
		break;
	case EVENT_RECEIPT:
		memory_take_receipt(n, ev.receipt);
		break;
	case EVENT_CURSORS:
		memory_correct(n, ev.cursors);
		break;
	case EVENT_GROUP_RECEIPT:
	case EVENT_GROUP_HELD:
		n->group_receipts++;
		break;
	case EVENT_GRANT:
		n->grants++;
		break;
	case EVENT_WITHDRAWN:
		n->lists_came++;
		n->list_seen = *ev.withdrawn;
		break;
	case EVENT_INVITE:
	case EVENT_JOIN:
		session_refuse(s, REASON_INVITE, ERR_REFUSED);
		break;
	case EVENT_WELCOME:
		break;
	case EVENT_DONE:
	case EVENT_FAILED:
		memory_take_end(n, &ev);
		break;
	}
	return true;
}

static inline void
memory_work(struct memory_node *n, struct session *s)
{
	while (memory_work_once(n, s))
		;
}

/* --- sessions ------------------------------------------------------------ */

/** The shipped dictionary, learned once a program. */
static inline struct codebook *
memory_books(void)
{
	static struct codebook *books;

	if (books == NULL)
		memory_must(codebook_new(&books) == ERR_OK);
	return books;
}

static inline struct session *
memory_session(struct memory_node *n, enum session_purpose purpose,
    const struct cert *parent, uint64_t now_ms)
{
	struct session_options *o = calloc(1, sizeof *o);
	struct session *s = NULL;

	memory_must(o != NULL);
	o->purpose = purpose;
	o->transport = n->transport;
	memset(o->ephemeral_secret, 0x11 + (int)purpose,
	    sizeof o->ephemeral_secret);
	o->ephemeral_secret[1] ^= n->ephemeral;
	memcpy(o->group, n->group, sizeof o->group);
	if (parent != NULL) {
		o->parent = *parent;
		memcpy(o->parent_key, parent->transport_key, KEY_BYTES);
	}
	o->chain_count = 1;
	o->chain[0] = n->cert;
	snprintf(o->chain[0].orgs[0], sizeof o->chain[0].orgs[0], "H01");
	o->chain[0].org_count = 1;
	o->source = memory_source(n);
	o->books = n->books == NULL ? memory_books() : n->books;
	o->bytes_max = n->bytes_max;
	o->budget = n->budget;
	o->has_budget = n->has_budget;
	o->wants_rows = n->wants_rows;
	o->learns = n->learns;
	o->now_ms = now_ms;
	memory_must(session_new(&s, o) == ERR_OK);
	free(o);
	return s;
}

/** A hub and a clinic that know each other. */
static inline void
memory_pair_make(struct memory_node *hub, struct memory_node *clinic)
{
	memory_node_make(hub, ROLE_HUB, 1);
	memory_node_make(clinic, ROLE_CLINIC, 2);
	hub->peer = clinic->cert;
	clinic->peer = hub->cert;
	clinic->is_alone_author = true;
}

static inline size_t
memory_carry(
    struct session *from, struct session *to, size_t piece, uint64_t now_ms)
{
	const uint8_t *out;
	size_t n = session_output(from, &out);

	if (n == 0 || !session_wants_input(to))
		return 0;
	if (n > piece)
		n = piece;
	(void)session_receive(to, out, n, now_ms);
	session_sent(from, n, now_ms);
	return n;
}

/* --- a hub and a clinic, and a link between them ---------------------------
 */

static struct memory_node hub, clinic;

struct ends {
	struct session *up, *down; /* of the clinic, of the hub */
	uint64_t now_ms;
	uint64_t moved; /* bytes */
};

static inline void
ends_make(struct ends *e)
{
	memset(e, 0, sizeof *e);
	e->now_ms = 1000;
	e->up = memory_session(&clinic, SESSION_SYNC, &hub.cert, e->now_ms);
	e->down = memory_session(&hub, SESSION_ANSWER, NULL, e->now_ms);
}

static inline void
ends_free(struct ends *e)
{
	session_free(e->up);
	session_free(e->down);
}

static inline void
work(struct ends *e)
{
	memory_work(&clinic, e->up);
	memory_work(&hub, e->down);
}

/* Until nothing moves any more, or that many bytes have. */
static inline void
run(struct ends *e, size_t piece, uint64_t most)
{
	size_t n;

	do {
		e->now_ms += 1;
		work(e);
		n = piece;
		if (n > most - e->moved)
			n = (size_t)(most - e->moved);
		n = memory_carry(e->up, e->down, n, e->now_ms);
		e->moved += n;
		work(e);
		if (e->moved < most) {
			size_t back = piece;

			if (back > most - e->moved)
				back = (size_t)(most - e->moved);
			back = memory_carry(e->down, e->up, back, e->now_ms);
			e->moved += back;
			n += back;
		}
	} while (n > 0 && e->moved < most);
	work(e);
}

static inline void
cut(struct ends *e)
{
	session_closed(e->up);
	session_closed(e->down);
	work(e);
}

#endif
