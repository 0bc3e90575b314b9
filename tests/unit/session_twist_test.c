/* session_twist: two honest sessions, and between them somebody who holds
 * their keys: messages are dropped, repeated, swapped, held back, cut at any
 * byte, turned round, moved to another class, or taken from another session;
 * frames of the handshake are altered. Seeded: a failure prints its seed.
 *
 * However it goes, the state moves along the diagram of docs/protocol.md
 * only, an end is an end and has its reason, nothing is told of what was not
 * said, nothing is taken twice, and nobody is done who is not.
 *
 * usage: session_twist_test [ROUNDS [SEED]]
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tests/unit/memory_source.h"
#include "tests/unit/session_diagram.h"

enum {
	ROUNDS = 60,
	STEPS_MAX = 400,
	QUEUE_MAX = 4096,
	TYPES = MESSAGE_ROWS + 1,
	WIRES_MAX = 64,      /* frames kept of each session */
	CLINIC_CHANGES = 90, /* what make_nodes() lists */
	HUB_CHANGES = 70,
	HANDSHAKE_STEPS = 4, /* twists may fall there */
};

enum twist {
	DROP,
	REPEAT,
	SWAP,
	HOLD,
	CUT,
	/* What follows invents: nothing is promised of what is held then. */
	TURN_ROUND,
	OTHER_CLASS,
	OTHER_TYPE,
	FOREIGN,
	/* A whole frame again: of this way, of the other, of a session before;
	 * who has no keys can do that, and it ends the session. */
	REPLAY,
	TWISTS,
};

/* One way through the middle. */
struct way {
	struct session *from, *to;
	struct memory_node *owner; /* of `to` */
	unsigned clear_left;       /* outputs that are not sealed yet */
	bool has_keys;
	struct noise_cipher open, seal;
	struct buffer queue[QUEUE_MAX]; /* messages, each with its header */
	size_t first, last;
	struct buffer held;
	unsigned said[TYPES]; /* messages given to `to`, by type */
	uint64_t taken;       /* batches that TAKEN among them count */
	enum session_state state;
};

static struct way ways[2]; /* up, down */
static uint64_t seed, first_seed = 20261122;
static unsigned rounds = ROUNDS;
static struct buffer foreign[64]; /* messages of another session */
static size_t foreign_count;
static struct buffer wires[2 * WIRES_MAX];  /* sealed frames, of two sessions */
static uint64_t wire_nonce[2 * WIRES_MAX];  /* that it was sealed under, */
static struct way *wire_way[2 * WIRES_MAX]; /* by whom; NULL: of another */
static size_t wire_count;
static bool records;
static bool is_invented;
static bool is_touched; /* by who has the keys: answers then mean others */
static unsigned step, twist_at, twists_left;

static uint64_t
draw(uint64_t below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % below;
}

/* --- memory ----------------------------------------------------------------
 */

static size_t before, most;

/* --- what always holds -----------------------------------------------------
 */

static struct cursor_set grown[2]; /* of hub, clinic: as they were */

/* Nobody stands further back than he stood. */
static void
look_at_cursors(struct cursor_set *then, const struct cursor_set *now)
{
	size_t i;

	if (!is_invented)
		for (i = 0; i < then->count; i++)
			assert_true(now->item[i].cursor.place >=
			            then->item[i].cursor.place);
	*then = *now;
}

/* Nothing counts as held that the receiver does not hold, whatever is done by
 * those who have no keys. */
static void
look_at_held(struct memory_node *sender, struct memory_node *receiver)
{
	size_t i;

	for (i = 0; !is_touched && i < sender->theirs.count; i++) {
		const struct cursor *at = memory_cursor(
		    &receiver->own, &sender->theirs.item[i].list, false);

		assert_true(sender->theirs.item[i].cursor.place <=
		            (at == NULL ? 0 : at->place));
	}
}

static void
look(struct way *w)
{
	const struct memory_node *n = w->owner;
	const struct session *s = w->to;
	size_t now = bytes_in_use();

	assert_true(diagram_allows(s, w->state, s->state));
	w->state = s->state;
	if (now > before && now - before > most)
		most = now - before;
	assert_true(most < 2 * SESSION_MEMORY_MAX);

	look_at_cursors(&grown[0], &hub.own);
	look_at_cursors(&grown[1], &clinic.own);
	look_at_held(&clinic, &hub);
	look_at_held(&hub, &clinic);
	/* Of nothing is told that was not said. */
	assert_true(n->receipts <= w->said[MESSAGE_RECEIPT] + w->taken);
	assert_true(n->grants <= w->said[MESSAGE_GRANT]);
	assert_true(n->group_receipts <= w->said[MESSAGE_GROUP_RECEIPT]);
	assert_false(n->is_done && n->has_failed);
	if (n->has_failed)
		assert_true(n->error != ERR_OK);
	if (is_invented)
		return;
	/* Nothing is taken twice, and nothing that is not listed. */
	assert_true(hub.taken <= CLINIC_CHANGES);
	assert_true(clinic.taken <= HUB_CHANGES);
}

/* What a clinic calls done the hub holds. What the hub calls done both hold:
 * only it hears the other's last word. (That nothing was left out on the way
 * down the clinic has from the hub's END, and the AEAD's order.) */
static void
expect_truly_done(void)
{
	if (clinic.is_done || hub.is_done) {
		assert_int_equal(hub.taken, CLINIC_CHANGES);
		assert_int_equal(cursor_set_digest(&hub.own),
		    cursor_set_digest(&clinic.theirs));
	}
	if (hub.is_done) {
		assert_int_equal(clinic.taken, HUB_CHANGES);
		assert_int_equal(cursor_set_digest(&clinic.own),
		    cursor_set_digest(&hub.theirs));
	}
}

static void
work_at(struct way *w)
{
	bool was_over = w->owner->is_done || w->owner->has_failed;
	struct memory_node then = *w->owner;

	memory_work(w->owner, w->to);
	if (was_over)
		assert_memory_equal(&then, w->owner, sizeof then);
	look(w);
}

/* --- the middle ------------------------------------------------------------
 */

static void
queue_put(struct way *w, const uint8_t *message, size_t size)
{
	memory_must(w->last < QUEUE_MAX);
	put_bytes(&w->queue[w->last++], message, size);
	if (records && foreign_count < 64)
		put_bytes(&foreign[foreign_count++], message, size);
}

static void
give(struct way *w, const struct buffer *wire)
{
	/* A link hands on in pieces of any size. */
	size_t at = 0;

	while (at < wire->size) {
		size_t n = 1 + (size_t)draw(wire->size - at);

		(void)session_receive(w->to, wire->data + at, n, w->to->now_ms);
		at += n;
		look(w);
	}
}

static void
deliver(struct way *w, const struct buffer *message)
{
	struct buffer wire = {0};

	if (message->size > 0 && message->data[0] < TYPES)
		w->said[message->data[0]]++;
	if (message->size == 3 && message->data[0] == MESSAGE_TAKEN)
		w->taken += (message->data[2] >> 2) + 1u;
	memory_must(frame_write_sealed(&wire, &w->seal, message->data,
	                message->size) == ERR_OK);
	give(w, &wire);
	buffer_free(&wire);
}

/* The same message with a body that ends early. */
static void
cut_message(struct buffer *m)
{
	struct buffer shorter = {0};
	struct reader r;
	struct message all;

	reader_init(&r, m->data, m->size);
	if (message_next(&r, &all) != ERR_OK || all.body.size == 0)
		return;
	message_put(
	    &shorter, all.type, all.body.data, (size_t)draw(all.body.size));
	buffer_free(m);
	*m = shorter;
}

static void
move_class(struct buffer *m)
{
	struct reader r;
	struct message all;

	reader_init(&r, m->data, m->size);
	if (message_next(&r, &all) == ERR_OK && all.body.size > 0 &&
	    (all.type == MESSAGE_DATA || all.type == MESSAGE_DENSE))
		m->data[all.body.data - m->data] =
		    (uint8_t)((all.body.data[0] & ~3u) | draw(CLASSES));
}

/* As it left, sealed. One of this way under a counter that is not over yet
 * would be the next one, and sound. */
static void
replay(struct way *w)
{
	size_t i;

	if (wire_count == 0)
		return;
	i = draw(wire_count);
	if (wire_way[i] == w && wire_nonce[i] >= w->seal.nonce)
		return;
	give(w, &wires[i]);
	assert_true(session_is_over(w->to) || w->to->reader.input.size > 0 ||
	            w->to->waits_for_answer || w->to->inbox.size > 0);
}

static void
twist(struct way *w, struct way *other, struct buffer *m)
{
	enum twist t = (enum twist)draw(TWISTS);

	if (t != REPLAY)
		is_touched = true;
	if (t >= TURN_ROUND && t != REPLAY)
		is_invented = true;
	switch (t) {
	case DROP:
		return;
	case REPEAT:
		deliver(w, m);
		break;
	case SWAP:
		if (w->first < w->last)
			deliver(w, &w->queue[w->first++]);
		break;
	case HOLD:
		if (w->held.size == 0) {
			put_bytes(&w->held, m->data, m->size);
			return;
		}
		deliver(w, &w->held);
		buffer_clear(&w->held);
		break;
	case CUT:
		cut_message(m);
		break;
	case TURN_ROUND:
		if (other->has_keys)
			deliver(other, m);
		break;
	case OTHER_CLASS:
		move_class(m);
		break;
	case OTHER_TYPE:
		m->data[0] = (uint8_t)draw(TYPES);
		break;
	case FOREIGN:
		deliver(w, &foreign[draw(foreign_count)]);
		break;
	case REPLAY:
		replay(w);
		break;
	case TWISTS:
		break;
	}
	deliver(w, m);
}

/* A frame in clear: handed on, or not quite. */
static void
pass_clear(struct way *w, const uint8_t *out, size_t size)
{
	struct buffer wire = {0};

	put_bytes(&wire, out, size);
	if (twists_left > 0 && step >= twist_at && draw(2) == 0) {
		twists_left--;
		switch (draw(4)) {
		case 0:
			wire.data[draw(size)] ^= (uint8_t)(1 + draw(255));
			is_invented = true;
			break;
		case 1:
			wire.size = (size_t)draw(size);
			break;
		case 2:
			give(w, &wire);
			break;
		default:
			buffer_clear(&wire);
		}
	}
	give(w, &wire);
	buffer_free(&wire);
}

/* Sealed frames, opened into messages. */
static void
open_frames(struct way *w, const uint8_t *out, size_t size)
{
	struct reader r;

	if (!w->has_keys) {
		w->open = w->seal = w->from->send_cipher;
		w->open.nonce = w->seal.nonce = 0;
		w->open.messages = w->seal.messages = 0;
		w->open.bytes = w->seal.bytes = 0;
		w->has_keys = true;
	}
	reader_init(&r, out, size);
	while (reader_left(&r) > 0) {
		size_t n = read_u16(&r);
		struct buffer plain = {0};
		struct reader messages;
		struct message m;
		const uint8_t *at;

		memory_must(noise_open(&w->open, read_view(&r, n), n, &plain) ==
		            ERR_OK);
		reader_init(&messages, plain.data, plain.size);
		at = messages.at;
		while (message_next(&messages, &m) == ERR_OK) {
			queue_put(w, at, (size_t)(messages.at - at));
			at = messages.at;
		}
		buffer_free(&plain);
	}
}

static void
keep_wire(struct way *w, const uint8_t *frame, size_t size)
{
	wire_way[wire_count] = records ? NULL : w;
	wire_nonce[wire_count] = w->has_keys ? w->open.nonce : 0;
	put_bytes(&wires[wire_count++], frame, size);
}

static void
take_output(struct way *w)
{
	const uint8_t *out;
	size_t size = session_output(w->from, &out);
	uint8_t copy[2 * (FRAME_PAYLOAD_MAX + FRAME_OVERHEAD)];

	if (size == 0)
		return;
	memory_must(size <= sizeof copy);
	memcpy(copy, out, size);
	session_sent(w->from, size, w->from->now_ms);
	if (w->clear_left > 0 || !w->from->is_sealed) {
		w->clear_left -= w->clear_left > 0 ? 1 : 0;
		pass_clear(w, copy, size);
	} else {
		if (wire_count < (records ? 1 : 2) * WIRES_MAX)
			keep_wire(w, copy, size);
		open_frames(w, copy, size);
	}
}

/* Whether anything moved. */
static bool
run_step(struct way *w, struct way *other)
{
	size_t last = w->last, first = w->first;
	uint64_t sent = session_stats(w->from).bytes_sent;

	take_output(w);
	while (w->first < w->last && session_wants_input(w->to)) {
		struct buffer *m = &w->queue[w->first++];

		if (twists_left > 0 && step >= twist_at && draw(3) == 0) {
			twists_left--;
			twist(w, other, m);
		} else {
			deliver(w, m);
		}
		if (draw(3) != 0) /* else the owner is slow */
			work_at(w);
	}
	work_at(w);
	return w->last != last || w->first != first ||
	       session_stats(w->from).bytes_sent != sent;
}

/* --- rounds ----------------------------------------------------------------
 */

static void
make_nodes(void)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 0, 3, 40);
	memory_list_make(&clinic, "up", 1, 40, 70);
	memory_list_make(&clinic, "up", 2, 7, 2500); /* more than a frame */
	memory_list_make(&clinic, "up", 3, 40, 300);
	memory_list_make(&hub, "group", 3, 40, 200);
	memory_list_make(&hub, "org:C01", 1, 20, 90);
	memory_list_make(&hub, "org:C01", 2, 10, 1800);
}

static void
begin(void)
{
	int i;

	make_nodes();
	memset(ways, 0, sizeof ways);
	memset(grown, 0, sizeof grown);
	ways[0].from = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
	ways[0].to = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	ways[1].from = ways[0].to;
	ways[1].to = ways[0].from;
	ways[0].owner = &hub;
	ways[1].owner = &clinic;
	ways[0].clear_left = 2; /* preface and message 1; message 3 */
	ways[1].clear_left = 1;
	for (i = 0; i < 2; i++)
		ways[i].state = ways[i].to->state;
	is_invented = is_touched = false;
	most = 0;
}

static void
finish(void)
{
	int i;
	size_t n;

	for (i = 0; i < 2; i++) {
		session_closed(ways[i].to);
		work_at(&ways[i]);
		assert_true(session_is_over(ways[i].to));
		assert_true(
		    ways[i].owner->is_done != ways[i].owner->has_failed);
		/* More of anything changes nothing. */
		(void)session_receive(ways[i].to, "more", 4, 9);
		(void)session_expire(ways[i].to, 1u << 30);
		work_at(&ways[i]);
	}
	if (!is_invented)
		expect_truly_done();
	session_free(ways[0].from);
	session_free(ways[0].to);
	for (i = 0; i < 2; i++) {
		for (n = 0; n < ways[i].last; n++)
			buffer_free(&ways[i].queue[n]);
		buffer_free(&ways[i].held);
	}
	/* The recorded session's frames stay; this one's go. */
	while (!records && wire_count > WIRES_MAX)
		buffer_free(&wires[--wire_count]);
}

static void
run_round(unsigned twists)
{
	begin();
	twists_left = twists;
	twist_at = (unsigned)draw(2 * HANDSHAKE_STEPS);
	for (step = 0; step < STEPS_MAX; step++) {
		bool moved = run_step(&ways[0], &ways[1]);

		if (!run_step(&ways[1], &ways[0]) && !moved)
			break;
	}
	assert_true(step < STEPS_MAX);
	finish();
}

static void
test_session_in_honest_hands_is_done(void **state)
{
	seed = 1;
	foreign_count = 0;
	records = true;
	run_round(0);
	records = false;
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	expect_truly_done();
	assert_true(foreign_count > 8);
}

static void
test_session_stands_any_twist(void **state)
{
	unsigned round, done = 0, failed = 0;
	size_t highest = 0;

	for (round = 0; round < rounds; round++) {
		seed = first_seed + round;
		print_message("# seed %llu\r", (unsigned long long)seed);
		run_round(1 + (unsigned)draw(3));
		done += clinic.is_done;
		failed += clinic.has_failed;
		if (most > highest)
			highest = most;
	}
	print_message("# %u done, %u failed, at most %zu bytes for both\n",
	    done, failed, highest);
	/* Most twists are noticed; not every one does harm. */
	if (rounds >= ROUNDS) {
		assert_true(failed > rounds / 2);
		assert_true(done > 0);
	}
}

static int
tear_down(void **state)
{
	size_t i;

	for (i = 0; i < 64; i++)
		buffer_free(&foreign[i]);
	for (i = 0; i < 2 * WIRES_MAX; i++)
		buffer_free(&wires[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_in_honest_hands_is_done),
	    cmocka_unit_test(test_session_stands_any_twist),
	};

	if (sodium_init() < 0)
		return 1;
	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	before = bytes_in_use();
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
