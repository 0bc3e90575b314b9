/* twist_sim: a hub and two clinics with real stores, both clinics in sessions
 * at the same time, events in a drawn order, and somebody between them.
 *
 * In half of the rounds he has no keys: frames are dropped, repeated, swapped,
 * flipped, cut, turned round, or taken from the other session or one before.
 * Then nothing counts as held that is not. In the other half he holds the
 * sessions' keys and does that to messages, sealed again: then no promise is
 * left about receipts, but what the group is said to hold it holds, since the
 * hub signs that. Whichever it was: each store verifies, no record has a value
 * that nobody wrote, the hub's logs are those of their nodes; and after two
 * honest sessions of each clinic everything is everywhere, once, receipted.
 *
 * usage: twist_sim [SEED [ROUNDS]]. A failure prints the seed and the round.
 */

#include "tests/sim/trio.h"
#include "tests/unit/session_diagram.h"

enum {
	ROUNDS = 30,
	WAYS = 2 * CLINICS, /* way 2c: up from clinic c, 2c + 1: down to it */
	QUEUE_MAX = 512,
	POOL_MAX = 256, /* frames, or messages, of this round and before */
	STEPS_MAX = 20000,
	TYPES = MESSAGE_ROWS + 1,
};

static unsigned rounds = ROUNDS;

/* --- the middle ----------------------------------------------------------- */

enum twist {
	DROP,
	REPEAT,
	SWAP,
	HOLD,
	CUT,
	TURN_ROUND,
	FOREIGN, /* of the other session, or one before */
	ALTER,
	TWISTS,
};

static const char *const twist_names[TWISTS] = {
    "drop", "repeat", "swap", "hold", "cut", "turn round", "foreign", "alter"};

struct end {
	struct exchange *exchange;
	struct session *session;
	struct site *site;
	enum session_state state;
};

/* One way through the middle: outputs, or the messages in them. */
struct way {
	struct end *from, *to;
	struct way *back;
	unsigned clear_left; /* outputs that are not sealed yet */
	bool has_keys;
	struct noise_cipher open, seal;
	struct buffer queue[QUEUE_MAX];
	size_t first, last;
	struct buffer held;
};

static struct end ends[2 * CLINICS];
static struct way ways[WAYS];
static struct buffer pool[POOL_MAX];
static size_t pool_count; /* ever put there */
static bool holds_keys;
static unsigned twists_left, calm; /* messages until the next twist */

static void
note_end(struct end *e)
{
	enum session_state now = e->session->state;

	CHECK(diagram_allows(e->session, e->state, now));
	e->state = now;
}

static void
give(struct way *way, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size) { /* a link hands on in pieces of any size */
		size_t n = 1 + (size_t)world_draw(&w, size - at);

		(void)session_receive(way->to->session, data + at, n, w.now_ms);
		at += n;
		note_end(way->to);
	}
}

static void
pass(struct way *way, const struct buffer *b, bool is_message)
{
	struct buffer wire = {0};

	if (!is_message) {
		give(way, b->data, b->size);
		return;
	}
	CHECK(
	    frame_write_sealed(&wire, &way->seal, b->data, b->size) == ERR_OK);
	give(way, wire.data, wire.size);
	buffer_free(&wire);
}

static void
put_in_pool(const uint8_t *data, size_t size)
{
	struct buffer *b = &pool[pool_count++ % POOL_MAX];

	buffer_clear(b);
	put_bytes(b, data, size);
}

static void
put_in_queue(struct way *way, const uint8_t *data, size_t size)
{
	CHECK(way->last < QUEUE_MAX);
	put_bytes(&way->queue[way->last++], data, size);
	put_in_pool(data, size);
}

static void
take_keys(struct way *way)
{
	if (way->has_keys)
		return;
	way->open = way->seal = way->from->session->send_cipher;
	way->open.nonce = way->seal.nonce = 0;
	way->open.messages = way->seal.messages = 0;
	way->open.bytes = way->seal.bytes = 0;
	way->has_keys = true;
}

/* Sealed frames, opened into messages. */
static void
put_messages(struct way *way, const uint8_t *out, size_t size)
{
	struct reader r;

	take_keys(way);
	reader_init(&r, out, size);
	while (reader_left(&r) > 0) {
		size_t n = read_u16(&r);
		struct buffer plain = {0};
		struct reader messages;
		struct message m;
		const uint8_t *at;

		CHECK(noise_open(&way->open, read_view(&r, n), n, &plain) ==
		      ERR_OK);
		reader_init(&messages, plain.data, plain.size);
		at = messages.at;
		while (message_next(&messages, &m) == ERR_OK) {
			put_in_queue(way, at, (size_t)(messages.at - at));
			at = messages.at;
		}
		buffer_free(&plain);
	}
}

/* Clear frames pass whole, or as any other where nobody holds keys. */
static bool
take_output(struct way *way)
{
	const uint8_t *out;
	struct session *s = way->from->session;
	size_t size = session_output(s, &out);
	bool is_clear = way->clear_left > 0 || !s->is_sealed;
	struct buffer copy = {0};

	note_end(way->from);
	if (size == 0)
		return false;
	put_bytes(&copy, out, size);
	session_sent(s, size, w.now_ms);
	way->clear_left -= way->clear_left > 0 ? 1 : 0;
	if (!holds_keys)
		put_in_queue(way, copy.data, copy.size);
	else if (is_clear)
		give(way, copy.data, copy.size);
	else
		put_messages(way, copy.data, copy.size);
	buffer_free(&copy);
	return true;
}

/* A message keeps its header, of a body that is shorter. */
static void
cut_it(struct buffer *b, bool is_message)
{
	struct buffer shorter = {0};
	struct reader r;
	struct message m;

	if (!is_message) {
		b->size = (size_t)world_draw(&w, b->size);
		return;
	}
	reader_init(&r, b->data, b->size);
	if (message_next(&r, &m) != ERR_OK || m.body.size == 0)
		return;
	message_put(
	    &shorter, m.type, m.body.data, (size_t)world_draw(&w, m.body.size));
	buffer_free(b);
	*b = shorter;
}

static void
alter_it(struct buffer *b, bool is_message)
{
	size_t from = is_message && b->size > 3 ? 2 : 0;

	if (is_message && world_draw(&w, 3) == 0)
		b->data[0] = (uint8_t)world_draw(&w, TYPES);
	else
		b->data[from + world_draw(&w, b->size - from)] ^=
		    (uint8_t)(1 + world_draw(&w, 255));
}

static void
twist(struct way *way, struct buffer *b, bool is_message)
{
	enum twist t = (enum twist)world_draw(&w, TWISTS);

	twisted = twist_names[t];
	switch (t) {
	case DROP:
		return;
	case REPEAT:
		pass(way, b, is_message);
		break;
	case SWAP:
		if (way->first < way->last)
			pass(way, &way->queue[way->first++], is_message);
		break;
	case HOLD:
		if (way->held.size == 0) {
			put_bytes(&way->held, b->data, b->size);
			return;
		}
		pass(way, &way->held, is_message);
		buffer_clear(&way->held);
		break;
	case CUT:
		cut_it(b, is_message);
		break;
	case TURN_ROUND:
		if (!is_message || way->back->has_keys)
			pass(way->back, b, is_message);
		break;
	case FOREIGN:
		pass(way,
		    &pool[world_draw(
		        &w, pool_count < POOL_MAX ? pool_count : POOL_MAX)],
		    is_message);
		break;
	case ALTER:
		alter_it(b, is_message);
		break;
	case TWISTS:
		break;
	}
	pass(way, b, is_message);
}

static bool
pass_next(struct way *way)
{
	struct buffer *b;

	if (way->first == way->last ||
	    !(session_wants_input(way->to->session) ||
	        session_is_over(way->to->session)))
		return false;
	b = &way->queue[way->first++];
	if (twists_left > 0 && calm-- == 0) {
		twists_left--;
		calm = (unsigned)world_draw(&w, 12);
		twist(way, b, holds_keys);
	} else {
		pass(way, b, holds_keys);
	}
	return true;
}

/* One event's work: jobs of several exchanges take turns in a hub's writer. */
static bool
work(struct end *e)
{
	struct writer_job *job = exchange_next_job(e->exchange);

	note_end(e);
	if (job == NULL)
		return false;
	site_do(e->site, e->exchange, job);
	note_end(e);
	return true;
}

static bool
step(unsigned what)
{
	struct way *way = &ways[what % WAYS];

	w.now_ms += 10;
	switch (what / WAYS) {
	case 0:
		return take_output(way);
	case 1:
		return pass_next(way);
	default:
		return work(way->to);
	}
}

/* --- rounds --------------------------------------------------------------- */

static void
end_open(struct end *e, struct site *s, enum session_purpose purpose)
{
	e->site = s;
	e->exchange = world_exchange(&w, s, purpose, NULL);
	e->session = exchange_session(e->exchange);
	e->state = e->session->state;
}

static void
open_sessions(void)
{
	size_t c;

	memset(ways, 0, sizeof ways);
	for (c = 0; c < CLINICS; c++) {
		struct end *child = &ends[2 * c], *parent = child + 1;
		struct way *up = &ways[2 * c], *down = up + 1;

		end_open(child, &site[c], SESSION_SYNC);
		end_open(parent, &site[HUB], SESSION_ANSWER);
		up->from = down->to = child;
		up->to = down->from = parent;
		up->back = down;
		down->back = up;
		up->clear_left = 2;
		down->clear_left = 1;
	}
}

static void
close_sessions(unsigned *clean)
{
	size_t i, k;

	for (i = 0; i < 2 * CLINICS; i++) {
		session_closed(ends[i].session);
		while (work(&ends[i]))
			;
		CHECK(exchange_is_over(ends[i].exchange));
		*clean += exchange_result(ends[i].exchange) == ERR_OK;
		exchange_free(ends[i].exchange);
	}
	for (i = 0; i < WAYS; i++) {
		for (k = 0; k < ways[i].last; k++)
			buffer_free(&ways[i].queue[k]);
		buffer_free(&ways[i].held);
	}
}

/* Any step, until none does anything. */
static void
run_sessions(void)
{
	unsigned steps, idle = 0, what;

	for (steps = 0; idle < 40; steps++) {
		CHECK(steps < STEPS_MAX);
		idle = step((unsigned)world_draw(&w, 3 * WAYS)) ? 0 : idle + 1;
		if (idle < 39)
			continue;
		for (what = 0; what < 3 * WAYS; what++)
			if (step(what))
				idle = 0;
	}
}

static void
run_round(unsigned *clean)
{
	bool holds = world_draw(&w, 2) == 0;

	if (holds != holds_keys)
		pool_count = 0; /* frames are no messages */
	holds_keys = holds;
	owes_word = owes_word || holds;
	write_something();
	twists_left = 1 + (unsigned)world_draw(&w, 4);
	calm = (unsigned)world_draw(&w, 12);
	open_sessions();
	run_sessions();
	close_sessions(clean);
	check_all(holds_keys);
	if (world_draw(&w, 2) == 0) /* else it adds up */
		check_equal_in_the_end();
}

int
main(int argc, char **argv)
{
	unsigned clean = 0;
	size_t i;

	if (sodium_init() < 0)
		return 1;
	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	w.seed = first_seed;
	make_sites();
	for (round_number = 1; round_number <= rounds; round_number++)
		run_round(&clean);
	check_equal_in_the_end();
	printf("twist_sim: good, seed %llu: %u rounds, %u of %u ends clean\n",
	    (unsigned long long)first_seed, rounds, clean,
	    2 * CLINICS * rounds);
	remove_sites();
	for (i = 0; i < POOL_MAX; i++)
		buffer_free(&pool[i]);
	return 0;
}
