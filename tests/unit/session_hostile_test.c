/* session_hostile: a peer with good keys and bad manners; each fault ends the
 * session, is named, changes nothing, and costs bounded memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zstd.h>

#include "sync/stream.h"
#include "tests/unit/heap.h"
#include "tests/unit/speaker.h"

static struct session *session;
static bool bounded; /* the clinic's next one */
static struct speaker speaker;
static const uint8_t grant[] = {1, 1};

/* --- the scene ------------------------------------------------------------ */

static void
put_hello(struct buffer *plain)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(&clinic, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	message_put(plain, MESSAGE_HELLO, body.data, body.size);
	buffer_free(&body);
}

/* A hub's session, and a clinic that has said hello (or not). */
static void
call_hub(bool greet)
{
	struct buffer plain = {0};

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "group", 3, 10, 50);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	if (greet)
		put_hello(&plain);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	buffer_free(&plain);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	memory_work(&hub, session);
}

/* A clinic's session, answered by a hub. */
static void
answer_clinic(bool greet)
{
	struct buffer plain = {0};

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 3, 10, 50);
	clinic.bytes_max = bounded ? 100000 : 0;
	session = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
	speaker_answer(&speaker, &hub, session);
	if (greet) {
		put_hello(&plain);
		speaker_say(&speaker, session, plain.data, plain.size);
	}
	buffer_free(&plain);
	memory_work(&clinic, session);
}

static void
leave(void)
{
	session_free(session);
	speaker_free(&speaker);
}

static void
say(enum message_type type, const void *body, size_t size)
{
	struct buffer b = {0};

	put_bytes(&b, body, size);
	speaker_message(&speaker, session, type, &b);
	buffer_free(&b);
}

static void
expect_fault(struct memory_node *n, enum reason reason)
{
	struct bytes told;
	enum reason heard;

	memory_work(n, session);
	assert_true(n->has_failed);
	assert_int_equal(n->reason, reason);
	assert_false(n->told_by_peer);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_ERROR, &told));
	assert_int_equal(reason_consume(&told, &heard), ERR_OK);
	assert_int_equal(heard, reason);
	leave();
}

/* A batch of the clinic's list, compressed. */
static void
put_data(
    struct buffer *body, struct stream_writer *w, uint64_t from, uint64_t to)
{
	struct batch *b = calloc(1, sizeof *b);
	uint64_t seq;

	memory_must(b != NULL);
	snprintf(b->list.name, sizeof b->list.name, "up");
	b->list.class = 3;
	b->start = (struct cursor){7, from, from};
	b->end = (struct cursor){7, to, to};
	for (seq = from + 1; seq <= to; seq++) {
		struct batch_change *c = &b->changes[b->change_count++];

		memcpy(c->id.life, clinic.life, LIFE_BYTES);
		c->id.class = 3;
		c->id.seq = seq;
		c->body_at = b->bytes.size;
		c->body_bytes = 8;
		put_u64(&b->bytes, seq);
	}
	memory_must(stream_writer_add(w, b) == ERR_OK);
	put_u8(body, 3);
	memory_must(stream_writer_take(w, 16000, body) == ERR_OK);
	batch_free(b);
	free(b);
}

static void
say_data(void)
{
	struct stream_writer *w;
	struct buffer body = {0};

	memory_must(stream_writer_new(&w, 3) == ERR_OK);
	put_data(&body, w, 0, 3);
	speaker_message(&speaker, session, MESSAGE_DATA, &body);
	buffer_free(&body);
	stream_writer_free(w);
}

/* --- order ---------------------------------------------------------------- */

static void
test_session_refuses_hello_twice(void **state)
{
	struct buffer plain = {0};

	put_hello(&plain);
	call_hub(true);
	speaker_say(&speaker, session, plain.data, plain.size);
	expect_fault(&hub, REASON_FORMAT);
	answer_clinic(true);
	speaker_say(&speaker, session, plain.data, plain.size);
	expect_fault(&clinic, REASON_FORMAT);
	buffer_free(&plain);
}

static void
test_session_refuses_data_before_hello(void **state)
{
	call_hub(false);
	say_data();
	expect_fault(&hub, REASON_FORMAT);
	assert_int_equal(hub.taken, 0);
}

/* What the bound left to the peer is our own by then. */
static void
test_session_refuses_data_after_end_below_a_bound(void **state)
{
	bounded = true;
	answer_clinic(true);
	bounded = false;
	say(MESSAGE_END, NULL, 0);
	say_data();
	expect_fault(&clinic, REASON_FORMAT);
	assert_int_equal(clinic.taken, 0);
}

/* More came for its lists; then it has to say its end again. */
static void
test_session_data_takes_an_end_back(void **state)
{
	answer_clinic(true);
	say(MESSAGE_END, NULL, 0);
	say_data();
	memory_work(&clinic, session);
	assert_int_equal(clinic.taken, 3);
	say(MESSAGE_END, NULL, 0);
	memory_work(&clinic, session);
	assert_false(clinic.has_failed);
	say(MESSAGE_END, NULL, 0);
	expect_fault(&clinic, REASON_FORMAT);
}

static void
test_session_refuses_bodies_where_there_are_none(void **state)
{
	call_hub(true);
	say(MESSAGE_CURSORS_WANTED, "x", 1);
	expect_fault(&hub, REASON_FORMAT);
	call_hub(true);
	say(MESSAGE_BYE, "x", 1);
	expect_fault(&hub, REASON_FORMAT);
}

static void
test_session_refuses_end_twice_or_from_below(void **state)
{
	answer_clinic(true);
	say(MESSAGE_END, NULL, 0);
	say(MESSAGE_END, NULL, 0);
	expect_fault(&clinic, REASON_FORMAT);
	call_hub(true);
	say(MESSAGE_END, NULL, 0);
	expect_fault(&hub, REASON_FORMAT);
}

static void
test_session_refuses_a_grant_after_any_end(void **state)
{
	answer_clinic(true);
	say(MESSAGE_END, NULL, 0);
	say_data(); /* takes it back */
	say(MESSAGE_GRANT, grant, sizeof grant);
	expect_fault(&clinic, REASON_FORMAT);
}

static void
test_session_early_bye_is_no_clean_end(void **state)
{
	call_hub(true); /* it has not receipted what the hub sent */
	say(MESSAGE_BYE, NULL, 0);
	memory_work(&hub, session);
	assert_true(hub.has_failed);
	assert_int_equal(hub.error, ERR_CLOSED);
	leave();
	answer_clinic(true);
	say(MESSAGE_BYE, NULL, 0);
	memory_work(&clinic, session);
	assert_true(clinic.has_failed);
	leave();
}

static void
test_session_refuses_what_is_not_for_its_side(void **state)
{
	struct group_receipt g = {{1}, {1, 0, 0, 0}, {{0}}, {0}};
	struct buffer body = {0};

	call_hub(true);
	say(MESSAGE_GRANT, grant, sizeof grant);
	expect_fault(&hub, REASON_FORMAT);
	call_hub(true);
	memory_must(group_receipt_create(&g, &body) == ERR_OK);
	say(MESSAGE_GROUP_RECEIPT, body.data, body.size);
	expect_fault(&hub, REASON_FORMAT);
	buffer_free(&body);
}

static void
test_session_refuses_unknown_and_misplaced_messages(void **state)
{
	const unsigned types[] = {
	    0, MESSAGE_JOIN, MESSAGE_WELCOME, 13, 18, 255};
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++) {
		call_hub(true);
		say((enum message_type)types[i], "x", 1);
		expect_fault(&hub, REASON_FORMAT);
	}
}

static void
test_session_tells_its_cursors_once(void **state)
{
	call_hub(true);
	say(MESSAGE_CURSORS_WANTED, NULL, 0);
	say(MESSAGE_CURSORS_WANTED, NULL, 0);
	expect_fault(&hub, REASON_FORMAT);
}

static void
test_session_refuses_cursors_it_did_not_ask_for(void **state)
{
	const uint8_t none[] = {1, 0};

	call_hub(true);
	say(MESSAGE_CURSORS, none, sizeof none);
	expect_fault(&hub, REASON_FORMAT);
}

/* --- receipts ------------------------------------------------------------- */

static void
say_receipt(const char *list, uint8_t class, uint32_t epoch, uint64_t place,
    uint64_t running)
{
	struct receipt r = {.cursor = {epoch, place, running}};
	struct buffer body = {0};

	snprintf(r.list.name, sizeof r.list.name, "%s", list);
	r.list.class = class;
	memory_must(receipt_create(&r, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_RECEIPT, &body);
	buffer_free(&body);
}

static void
test_session_refuses_a_receipt_for_nothing(void **state)
{
	call_hub(true);
	say_receipt("org:C99", 3, 7, 1, 1); /* no such list */
	expect_fault(&hub, REASON_FORMAT);
	call_hub(true);
	say_receipt("group", 0, 7, 0, 0); /* nothing was sent of it */
	expect_fault(&hub, REASON_FORMAT);
	call_hub(true);
	say_receipt("group", 3, 7, 10,
	    memory_running(&hub.lists[0], 10)); /* the one batch */
	memory_work(&hub, session);
	assert_false(hub.has_failed);
	say_receipt("group", 3, 7, 10, memory_running(&hub.lists[0], 10));
	expect_fault(&hub, REASON_FORMAT);
}

/* Beyond the list, of another epoch, or with another hash: it is kept for
 * what it is worth and nothing counts as held. */
static void
test_session_believes_no_receipt_off_its_list(void **state)
{
	const struct cursor lies[] = {
	    {7, 11, 5}, {7, 10, 5}, {8, 10, 5}, {0, 0, 0}};
	size_t i;

	for (i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		call_hub(true);
		say_receipt(
		    "group", 3, lies[i].epoch, lies[i].place, lies[i].running);
		memory_work(&hub, session);
		assert_false(hub.has_failed);
		assert_int_equal(hub.theirs.item[0].cursor.place, 0);
		say(MESSAGE_BYE, NULL, 0);
		memory_work(&hub, session);
		assert_true(hub.has_failed);
		leave();
	}
	/* A list that only we write cannot be longer at the parent. */
	answer_clinic(true);
	say_receipt("up", 3, 7, 11, 5);
	expect_fault(&clinic, REASON_AHEAD);
	assert_int_equal(clinic.receipts, 0);
}

/* --- who ------------------------------------------------------------------ */

static void
test_session_tells_strangers_in_private(void **state)
{
	enum reason heard;
	struct bytes told;
	struct buffer plain = {0};
	int i;

	for (i = 0; i < 2; i++) {
		memory_pair_make(&hub, &clinic);
		hub.peer_answer = i == 0 ? ERR_NOT_FOUND : ERR_NOT_ALLOWED;
		session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
		buffer_clear(&plain);
		put_hello(&plain);
		speaker_call(
		    &speaker, &clinic, &hub, session, plain.data, plain.size);
		memory_work(&hub, session);
		assert_false(hub.hello_came);
		assert_int_equal(
		    hub.reason, i == 0 ? REASON_NOT_ENROLLED : REASON_REVOKED);
		speaker_collect(&speaker, session);
		assert_true(speaker_heard(&speaker, MESSAGE_ERROR, &told));
		assert_int_equal(reason_consume(&told, &heard), ERR_OK);
		assert_int_equal(heard, hub.reason);
		leave();
	}
	buffer_free(&plain);
}

/* Anybody on the way can write two bytes in clear. */
static void
test_session_believes_no_grave_reason_in_clear(void **state)
{
	const enum reason said[] = {
	    REASON_AHEAD, REASON_REVOKED, REASON_NOT_ENROLLED, REASON_BUSY};
	size_t i;

	for (i = 0; i < 4; i++) {
		const uint8_t wire[] = {0, 2, 0xff, (uint8_t)said[i]};

		memory_pair_make(&hub, &clinic);
		session = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
		(void)session_receive(session, wire, sizeof wire, 2);
		memory_work(&clinic, session);
		assert_true(clinic.has_failed);
		assert_int_equal(
		    clinic.reason, i < 3 ? REASON_NONE : REASON_BUSY);
		session_free(session);
	}
}

static void
test_session_shows_its_chain_once(void **state)
{
	const uint8_t ask[] = {'Y', 'Z', 1, 1, 2};
	const uint8_t *out;
	size_t size;

	memory_pair_make(&hub, &clinic);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	(void)session_receive(session, ask, sizeof ask, 1);
	size = session_output(session, &out);
	assert_true(size > 100);
	session_sent(session, size, 1);
	(void)session_receive(session, ask, sizeof ask, 1);
	memory_work(&hub, session);
	assert_true(hub.has_failed);
	assert_true(session_output(session, &out) < 10);
	session_free(session);
}

static void
test_session_refuses_other_versions_and_suites(void **state)
{
	static const uint8_t bad[][5] = {{'Y', 'Z', 2, 1, 0},
	    {'Y', 'Z', 1, 2, 0}, {'Y', 'Z', 1, 1, 3},
	    {'G', 'E', 'T', ' ', '/'}};
	size_t i;

	for (i = 0; i < 4; i++) {
		memory_pair_make(&hub, &clinic);
		session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
		(void)session_receive(session, bad[i], 5, 1);
		memory_work(&hub, session);
		assert_int_equal(
		    hub.reason, i < 2 ? REASON_VERSION : REASON_FORMAT);
		session_free(session);
	}
}

/* --- memory --------------------------------------------------------------- */

static size_t most;

static void
look_at_memory(size_t before)
{
	size_t now = bytes_in_use();

	if (now > before && now - before > most)
		most = now - before;
}

/* One message of 16 kB that holds many megabytes. */
static void
test_session_refuses_a_bomb(void **state)
{
	static uint8_t zeros[1 << 20], packed[1 << 16];
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_outBuffer out = {packed, sizeof packed, 0};
	struct buffer body = {0};
	size_t before, i;

	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, STREAM_WINDOW_LOG);
	ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
	for (i = 0; i < 32; i++) {
		ZSTD_inBuffer in = {zeros, sizeof zeros, 0};

		ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush);
	}
	ZSTD_freeCCtx(z);
	assert_true(out.pos > 4 && out.pos < 16000);
	call_hub(true);
	before = bytes_in_use();
	put_u8(&body, 3);
	put_bytes(&body, packed + 4, out.pos - 4); /* without the magic */
	speaker_message(&speaker, session, MESSAGE_DATA, &body);
	most = 0;
	look_at_memory(before);
	assert_true(most < 2 * 1024 * 1024);
	expect_fault(&hub, REASON_LIMIT);
	buffer_free(&body);
}

/* More messages in one frame than events are kept: none gets lost. */
static void
test_session_gives_out_every_event(void **state)
{
	struct group_receipt g = {{1}, {1, 0, 0, 0}, {{0}}, {0}};
	struct buffer body = {0}, plain = {0};
	unsigned i;

	memory_must(group_receipt_create(&g, &body) == ERR_OK);
	for (i = 0; i < 130; i++)
		message_put(
		    &plain, MESSAGE_GROUP_RECEIPT, body.data, body.size);
	answer_clinic(true);
	speaker_say(&speaker, session, plain.data, plain.size);
	memory_work(&clinic, session);
	assert_int_equal(clinic.group_receipts, 130);
	buffer_free(&body);
	buffer_free(&plain);
	leave();
}

/* Sends for ever in every class, as much as one message may hold, with the
 * last batch never whole; reads nothing. */
static void
test_session_memory_is_bounded(void **state)
{
	struct stream_writer *w[CLASSES];
	struct buffer body = {0};
	size_t before, i;
	uint64_t seq = 0;
	uint8_t class;

	for (class = 0; class < CLASSES; class ++)
		memory_must(stream_writer_new(&w[class], 3) == ERR_OK);
	before = bytes_in_use();
	most = 0;
	call_hub(true);
	for (class = 0; class < CLASSES; class ++)
		memory_list_make(&hub, "group", class, 1000, 60000);
	for (i = 0; i < 8000 && session_wants_input(session); i++) {
		class = (uint8_t)(i % CLASSES);
		buffer_clear(&body);
		put_data(&body, w[class], seq, seq + 1);
		body.data[0] = class;
		speaker_message(&speaker, session, MESSAGE_DATA, &body);
		memory_work(&hub, session);
		look_at_memory(before);
		seq++;
	}
	assert_true(i > 100);
	assert_true(i < 8000); /* it stopped listening */
	print_message("# one hostile peer: %zu bytes\n", most);
	assert_true(most < SESSION_MEMORY_MAX);
	for (class = 0; class < CLASSES; class ++)
		stream_writer_free(w[class]);
	buffer_free(&body);
	leave();
}

/* All streams of a session at work, and all lists read. */
static void
test_session_memory_of_a_full_exchange_is_bounded(void **state)
{
	size_t before = bytes_in_use();
	struct ends e;
	uint8_t class;

	most = 0;
	memory_pair_make(&hub, &clinic);
	for (class = 0; class < CLASSES; class ++) {
		/* So many that they go in rows, and large ones that do not. */
		memory_list_make(&clinic, "up", class, 140, 300);
		memory_list_make(&clinic, "org:C01", class, 5, 60000);
		memory_list_make(&hub, "group", class, 140, 300);
		memory_list_make(&hub, "org:C01", class, 5, 60000);
	}
	ends_make(&e);
	while (!session_is_over(e.up)) {
		run(&e, SIZE_MAX, e.moved + 20000);
		look_at_memory(before);
	}
	assert_true(clinic.is_done && hub.is_done);
	print_message("# two full ends: %zu bytes\n", most);
	assert_true(most < 2 * SESSION_MEMORY_MAX);
	ends_free(&e);
}

/* --- any messages in any order -------------------------------------------- */

static uint64_t seed = 20261122;

static uint64_t
draw(uint64_t below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (z ^ z >> 31) % below;
}

static void
say_something(void)
{
	struct buffer plain = {0};
	uint8_t noise[64];
	size_t i;

	switch (draw(8)) {
	case 0:
		put_hello(&plain);
		speaker_say(&speaker, session, plain.data, plain.size);
		break;
	case 1:
		say_data();
		break;
	case 2:
		say_receipt(draw(2) ? "up" : "group", (uint8_t)draw(4),
		    (uint32_t)draw(9), draw(12), draw(3));
		break;
	case 3:
		say(MESSAGE_END, NULL, 0);
		break;
	case 4:
		say(MESSAGE_CURSORS_WANTED, NULL, 0);
		break;
	case 5:
		say(MESSAGE_CURSORS, "\1", 2);
		break;
	case 6:
		say((enum message_type)draw(MESSAGE_ROWS + 2), NULL, 0);
		break;
	default:
		for (i = 0; i < sizeof noise; i++)
			noise[i] = (uint8_t)draw(256);
		say((enum message_type)(1 + draw(MESSAGE_ROWS)), noise,
		    draw(64));
	}
	buffer_free(&plain);
}

static void
test_session_survives_any_order_of_messages(void **state)
{
	unsigned round, i;

	for (round = 0; round < 300; round++) {
		struct memory_node *n = round % 2 == 0 ? &hub : &clinic;
		bool greet = draw(4) != 0;

		if (n == &hub)
			call_hub(greet);
		else
			answer_clinic(greet);
		for (i = 0; i < 12 && !session_is_over(session); i++) {
			say_something();
			if (draw(2) == 0)
				memory_work(n, session);
		}
		memory_work(n, session);
		session_closed(session);
		memory_work(n, session);
		assert_true(n->has_failed || n->is_done);
		leave();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_refuses_hello_twice),
	    cmocka_unit_test(test_session_refuses_data_before_hello),
	    cmocka_unit_test(test_session_refuses_data_after_end_below_a_bound),
	    cmocka_unit_test(test_session_data_takes_an_end_back),
	    cmocka_unit_test(test_session_refuses_bodies_where_there_are_none),
	    cmocka_unit_test(test_session_refuses_end_twice_or_from_below),
	    cmocka_unit_test(test_session_refuses_a_grant_after_any_end),
	    cmocka_unit_test(test_session_early_bye_is_no_clean_end),
	    cmocka_unit_test(test_session_refuses_what_is_not_for_its_side),
	    cmocka_unit_test(
	        test_session_refuses_unknown_and_misplaced_messages),
	    cmocka_unit_test(test_session_tells_its_cursors_once),
	    cmocka_unit_test(test_session_refuses_cursors_it_did_not_ask_for),
	    cmocka_unit_test(test_session_refuses_a_receipt_for_nothing),
	    cmocka_unit_test(test_session_believes_no_receipt_off_its_list),
	    cmocka_unit_test(test_session_tells_strangers_in_private),
	    cmocka_unit_test(test_session_believes_no_grave_reason_in_clear),
	    cmocka_unit_test(test_session_shows_its_chain_once),
	    cmocka_unit_test(test_session_refuses_other_versions_and_suites),
	    cmocka_unit_test(test_session_refuses_a_bomb),
	    cmocka_unit_test(test_session_gives_out_every_event),
	    cmocka_unit_test(test_session_memory_is_bounded),
	    cmocka_unit_test(test_session_memory_of_a_full_exchange_is_bounded),
	    cmocka_unit_test(test_session_survives_any_order_of_messages),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
