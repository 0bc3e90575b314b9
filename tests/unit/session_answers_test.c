/* session_answers: answers as short as they go, in the order of what they
 * answer, and no more sent than may be without one; and what the fixed part
 * of a session costs, byte by byte. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/speaker.h"

static struct session *session;
static struct speaker speaker;
static struct hello_life lives[2];

/* --- the scene ------------------------------------------------------------ */

enum { FINDING = 300 }; /* a reason of an exception */

static void
leave(void)
{
	session_free(session);
	speaker_free(&speaker);
}

static void
put_hello(struct buffer *plain, size_t life_count)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(&clinic, &h);
	h.life_count = life_count;
	memcpy(h.lives, lives, sizeof lives);
	memory_must(hello_create(&h, &body) == ERR_OK);
	message_put(plain, MESSAGE_HELLO, body.data, body.size);
	buffer_free(&body);
}

/* Changes from + 1 to `to` of a life, as one batch of "up", class 2. */
static void
put_batch(struct buffer *plain, struct stream_writer *w,
    const uint8_t life[LIFE_BYTES], uint64_t from, uint64_t to)
{
	struct batch *b = calloc(1, sizeof *b);
	struct buffer body = {0};
	uint64_t seq;

	memory_must(b != NULL);
	snprintf(b->list.name, sizeof b->list.name, "up");
	b->list.class = 2;
	b->start = (struct cursor){7, from, from};
	b->end = (struct cursor){7, to, to};
	for (seq = from + 1; seq <= to; seq++) {
		struct batch_change *c = &b->changes[b->change_count++];

		memcpy(c->id.life, life, LIFE_BYTES);
		c->id.class = 2;
		c->id.seq = seq;
		c->body_at = b->bytes.size;
		c->body_bytes = 8;
		put_u64(&b->bytes, seq);
	}
	memory_must(stream_writer_add(w, b) == ERR_OK);
	put_u8(&body, 2);
	memory_must(stream_writer_take(w, 16000, &body) == ERR_OK);
	message_put(plain, MESSAGE_DATA, body.data, body.size);
	buffer_free(&body);
	batch_free(b);
	free(b);
}

/* A hub that was greeted in message 3, with so many batches behind it. */
static void
call_hub(unsigned batches, const uint8_t life[LIFE_BYTES])
{
	struct buffer plain = {0};
	struct stream_writer *w;
	unsigned i;

	memory_pair_make(&hub, &clinic);
	memset(lives, 0, sizeof lives);
	lives[1].nonce[0] = 1;
	memory_must(stream_writer_new(&w, 3) == ERR_OK);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	put_hello(&plain, life == NULL ? 0 : 2);
	for (i = 0; i < batches; i++)
		put_batch(&plain, w, life == NULL ? clinic.life : life, i * 3,
		    i * 3 + 3);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	stream_writer_free(w);
	buffer_free(&plain);
}

static struct taken
taken_heard(void)
{
	struct taken t = {0, 0};
	struct bytes body;

	if (speaker_heard(&speaker, MESSAGE_TAKEN, &body))
		assert_int_equal(taken_consume(&body, &t), ERR_OK);
	return t;
}

/* --- answers that go -------------------------------------------------------
 */

static void
test_batch_held_to_its_end_is_answered_in_three_bytes(void **state)
{
	struct taken t;

	call_hub(1, NULL);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	t = taken_heard();
	assert_int_equal(t.class, 2);
	assert_int_equal(t.count, 1);
	assert_false(speaker_heard(&speaker, MESSAGE_RECEIPT, NULL));
	leave();
}

static void
test_answers_that_wait_are_one_message(void **state)
{
	call_hub(5, NULL);
	memory_work(&hub, session);
	assert_int_equal(hub.taken, 15);
	speaker_collect(&speaker, session);
	assert_int_equal(taken_heard().count, 5);
	leave();
}

static void
test_batch_with_exceptions_is_answered_at_length(void **state)
{
	struct session_event ev;
	struct exception x = {{{1}, 2, 3}, 110};
	struct receipt r;
	struct bytes body;

	call_hub(1, NULL);
	do
		assert_true(session_next_event(session, &ev));
	while (ev.type != EVENT_BATCH);
	memory_take_batch(&hub, ev.batch, &r);
	r.exceptions = &x;
	r.exception_count = 1;
	session_answer_batch(session, &r, NULL, 0);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	assert_false(speaker_heard(&speaker, MESSAGE_TAKEN, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_RECEIPT, &body));
	assert_int_equal(receipt_consume(&body, &r), ERR_OK);
	assert_int_equal(r.exception_count, 1);
	receipt_free(&r);
	leave();
}

static void
test_batch_that_does_not_join_is_answered_at_length(void **state)
{
	struct buffer plain = {0};
	struct stream_writer *w;
	struct receipt r;
	struct bytes body;

	call_hub(0, NULL);
	memory_must(stream_writer_new(&w, 3) == ERR_OK);
	put_batch(&plain, w, clinic.life, 5, 9);
	speaker_say(&speaker, session, plain.data, plain.size);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	assert_false(speaker_heard(&speaker, MESSAGE_TAKEN, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_RECEIPT, &body));
	assert_int_equal(receipt_consume(&body, &r), ERR_OK);
	assert_int_equal(r.cursor.place, 0);
	buffer_free(&plain);
	stream_writer_free(w);
	leave();
}

/* --- the first frame -------------------------------------------------------
 */

static void
test_first_frame_waits_for_what_came_with_message_3(void **state)
{
	const uint8_t *out;
	struct session_event ev;
	struct receipt r;

	call_hub(1, NULL);
	assert_int_equal(session_output(session, &out), 0);
	assert_int_equal(session_deadline_ms(session), UINT64_MAX);
	do
		assert_true(session_next_event(session, &ev));
	while (ev.type != EVENT_BATCH);
	assert_int_equal(session_output(session, &out), 0);
	memory_take_batch(&hub, ev.batch, &r);
	session_answer_batch(session, &r, NULL, 0);
	assert_int_equal(
	    session_output(session, &out), FRAME_OVERHEAD + 14 + 3 + 2);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_HELLO, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_TAKEN, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_END, NULL));
	leave();
}

/* Refused meanwhile: the reason does not wait. */
static void
test_held_frame_does_not_hold_a_refusal(void **state)
{
	call_hub(1, NULL);
	session_refuse(session, REASON_SHUTDOWN, ERR_CLOSED);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_ERROR, NULL));
	leave();
}

static void
test_first_frame_waits_for_nothing_else(void **state)
{
	struct buffer plain = {0};
	struct stream_writer *w;
	const uint8_t *out;

	call_hub(0, NULL);
	assert_true(session_output(session, &out) > 0);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_HELLO, NULL));
	leave();

	/* A batch of a later frame. */
	call_hub(0, NULL);
	memory_must(stream_writer_new(&w, 3) == ERR_OK);
	put_batch(&plain, w, clinic.life, 0, 3);
	speaker_say(&speaker, session, plain.data, plain.size);
	assert_false(session_wants_input(session)); /* it is at work */
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_HELLO, NULL));
	buffer_free(&plain);
	stream_writer_free(w);
	leave();
}

/* --- what was not heard --------------------------------------------------- */

/* A hub that stands further than the child, which told two lives, believes. */
static void
call_holding_hub(int exceptions_told)
{
	struct list_id up = {"up", 2};
	struct buffer plain = {0};

	memory_pair_make(&hub, &clinic);
	hub.exceptions_told = exceptions_told;
	*memory_cursor(&hub.own, &up, true) = (struct cursor){7, 6, 66};
	memset(lives, 0, sizeof lives);
	lives[1].nonce[0] = 1;
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	put_hello(&plain, 2);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_CURSORS, NULL));
	buffer_free(&plain);
}

static void
say_unheard(uint8_t class, size_t life)
{
	const struct unheard u = {.class = class,
	    .running = 33,
	    .run_count = 1,
	    .runs = {{life, 4, 3}}};
	struct buffer body = {0};

	memory_must(unheard_create(&u, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_UNHEARD, &body);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	buffer_free(&body);
}

static void
expect_hub_refuses(void)
{
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, REASON_FORMAT);
	leave();
}

static void
test_what_was_not_heard_is_told(void **state)
{
	struct receipt r;
	struct bytes body;
	uint8_t life[LIFE_BYTES];

	call_holding_hub(0);
	say_unheard(2, 0);
	assert_int_equal(taken_heard().class, 2);
	assert_false(speaker_heard(&speaker, MESSAGE_RECEIPT, NULL));
	leave();
	call_holding_hub(FINDING);
	life_id_of(life, clinic.cert.signing_key, lives[1].nonce);
	say_unheard(2, 1);
	assert_true(speaker_heard(&speaker, MESSAGE_RECEIPT, &body));
	assert_int_equal(receipt_consume(&body, &r), ERR_OK);
	assert_int_equal(r.cursor.place, 6);
	assert_int_equal(r.exception_count, 1);
	assert_memory_equal(r.exceptions[0].id.life, life, LIFE_BYTES);
	assert_int_equal(r.exceptions[0].id.seq, 4);
	assert_int_equal(r.exceptions[0].reason, FINDING);
	receipt_free(&r);
	leave();
	/* It cannot tell, and stands nowhere. */
	call_holding_hub(-1);
	say_unheard(2, 0);
	assert_true(speaker_heard(&speaker, MESSAGE_RECEIPT, &body));
	assert_int_equal(receipt_consume(&body, &r), ERR_OK);
	assert_int_equal(r.cursor.epoch, 0);
	assert_int_equal(r.exception_count, 0);
	receipt_free(&r);
	leave();
}

static void
test_questions_out_of_turn_are_refused(void **state)
{
	struct buffer none = {0};

	/* A second one of a class; of another it may come. */
	call_holding_hub(0);
	say_unheard(2, 0);
	say_unheard(1, 0);
	assert_false(hub.has_failed);
	say_unheard(2, 0);
	expect_hub_refuses();
	/* A life that hello did not tell. */
	call_holding_hub(0);
	say_unheard(2, 2);
	expect_hub_refuses();
	/* All is settled. */
	call_holding_hub(0);
	speaker_message(&speaker, session, MESSAGE_SETTLED, &none);
	say_unheard(2, 0);
	expect_hub_refuses();
	/* Nothing was to settle. */
	call_hub(0, clinic.life);
	say_unheard(2, 0);
	expect_hub_refuses();
}

/* --- what the group holds ------------------------------------------------- */

/* Answer the batch at hand with the group's word on a life. */
static void
answer_with(const struct group_receipt *g)
{
	struct session_event ev;
	struct receipt r;

	do
		assert_true(session_next_event(session, &ev));
	while (ev.type != EVENT_BATCH);
	memory_take_batch(&hub, ev.batch, &r);
	session_answer_batch(session, &r, g, 1);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
}

static void
test_group_receipt_to_the_lifes_node_is_short(void **state)
{
	struct group_receipt g = {.seq = {0, 0, 3, 0}, .signature = {9}};
	struct group_held h;
	struct bytes body;

	call_hub(0, NULL); /* for the keys */
	life_id_of(g.life, clinic.cert.signing_key, lives[1].nonce);
	leave();
	call_hub(1, g.life);
	answer_with(&g);
	assert_false(speaker_heard(&speaker, MESSAGE_GROUP_RECEIPT, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_GROUP_HELD, &body));
	assert_int_equal(body.size, 1 + 1 + SIGNATURE_BYTES);
	assert_int_equal(group_held_consume(&body, &h), ERR_OK);
	assert_int_equal(h.life, 1);
	assert_int_equal(h.seq[2], 3);
	assert_int_equal(h.signature[0], 9);
	leave();
}

/* Of another's life, or of more than it is known to have. */
static void
test_group_receipt_that_cannot_be_computed_is_whole(void **state)
{
	struct group_receipt g = {.seq = {0, 0, 3, 0}};
	uint8_t life[LIFE_BYTES];

	call_hub(0, NULL);
	life_id_of(life, clinic.cert.signing_key, lives[1].nonce);
	leave();
	memset(g.life, 0x77, sizeof g.life);
	call_hub(1, life);
	answer_with(&g);
	assert_true(speaker_heard(&speaker, MESSAGE_GROUP_RECEIPT, NULL));
	assert_false(speaker_heard(&speaker, MESSAGE_GROUP_HELD, NULL));
	leave();

	memcpy(g.life, life, sizeof life);
	g.seq[2] = 4; /* it sent 3 */
	call_hub(1, life);
	answer_with(&g);
	assert_true(speaker_heard(&speaker, MESSAGE_GROUP_RECEIPT, NULL));
	leave();
	g.seq[2] = 3;
	g.seq[0] = 1; /* and none of this class */
	call_hub(1, life);
	answer_with(&g);
	assert_true(speaker_heard(&speaker, MESSAGE_GROUP_RECEIPT, NULL));
	leave();
}

/* --- answers that come -----------------------------------------------------
 */

/* A clinic that sends all it may, and hears no answer. */
static void
answer_clinic_as_made(void)
{
	struct buffer plain = {0};
	struct buffer body = {0};
	struct hello h;

	session = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
	speaker_answer(&speaker, &hub, session);
	memory_hello(&hub, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	message_put(&plain, MESSAGE_HELLO, body.data, body.size);
	speaker_say(&speaker, session, plain.data, plain.size);
	memory_work(&clinic, session);
	speaker_collect(&speaker, session);
	buffer_free(&plain);
	buffer_free(&body);
}

static void
answer_clinic(uint64_t changes)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 3, changes, 12);
	answer_clinic_as_made();
}

static void
say_taken(uint8_t class, uint8_t count)
{
	const struct taken t = {class, count};
	struct buffer body = {0};

	memory_must(taken_create(&t, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_TAKEN, &body);
	buffer_free(&body);
	memory_work(&clinic, session);
	speaker_collect(&speaker, session);
}

static void
test_no_more_is_sent_than_may_be_without_an_answer(void **state)
{
	const uint64_t most = (uint64_t)UNANSWERED_MAX * BATCH_CHANGES_AIM;

	answer_clinic(10 * most);
	assert_int_equal(session_stats(session).changes_sent, most);
	say_taken(3, 1);
	assert_int_equal(
	    session_stats(session).changes_sent, most + BATCH_CHANGES_AIM);
	say_taken(3, UNANSWERED_MAX);
	assert_int_equal(
	    session_stats(session).changes_sent, 2 * most + BATCH_CHANGES_AIM);
	assert_int_equal(clinic.receipts, 1 + UNANSWERED_MAX);
	assert_int_equal(
	    clinic.theirs.item[0].cursor.place, most + BATCH_CHANGES_AIM);
	assert_false(clinic.has_failed);
	leave();
}

/* Beside a class that waits for answers the less urgent goes on; under a
 * bound it would take the room of the more urgent. */
static void
test_nothing_passes_a_class_without_answers_under_a_bound(void **state)
{
	uint64_t bounds[] = {0, UINT64_C(1) << 40};
	size_t i;

	for (i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		/* Under a bound all is packed. */
		const uint64_t most =
		    (uint64_t)UNANSWERED_MAX *
		    (bounds[i] == 0 ? BATCH_CHANGES_AIM : PACK_CHANGES_MAX);

		memory_pair_make(&hub, &clinic);
		memory_list_make(&clinic, "up", 2, most + 5, 12);
		memory_list_make(&clinic, "up", 3, 10, 12);
		clinic.bytes_max = bounds[i];
		answer_clinic_as_made();
		assert_int_equal(session_stats(session).changes_sent,
		    bounds[i] == 0 ? most + 10 : most);
		assert_false(session_stats(session).held_back);
		say_taken(2, 2);
		assert_int_equal(
		    session_stats(session).changes_sent, most + 15);
		assert_false(clinic.has_failed);
		leave();
	}
}

static void
expect_refused(void)
{
	memory_work(&clinic, session);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.reason, REASON_FORMAT);
	leave();
}

static void
test_answers_to_nothing_are_refused(void **state)
{
	const uint8_t bad[] = {3, 0};
	struct buffer body = {0};

	answer_clinic(5); /* one batch */
	say_taken(3, 2);
	assert_int_equal(clinic.receipts, 0);
	expect_refused();
	answer_clinic(5);
	say_taken(2, 1);
	expect_refused();
	answer_clinic(5);
	say_taken(3, 1);
	assert_int_equal(clinic.receipts, 1);
	say_taken(3, 1);
	expect_refused();
	answer_clinic(5);
	put_bytes(&body, bad, sizeof bad);
	speaker_message(&speaker, session, MESSAGE_TAKEN, &body);
	expect_refused();
	buffer_free(&body);
}

static void
test_group_word_on_a_life_not_told_is_refused(void **state)
{
	const struct group_held h = {.life = 0, .seq = {1, 0, 0, 0}};
	struct buffer body = {0};

	answer_clinic(5); /* it told none */
	memory_must(group_held_create(&h, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_GROUP_HELD, &body);
	expect_refused();
	buffer_free(&body);
}

/* A receipt is for the oldest batch of its class and for no other. */
static void
test_receipt_out_of_turn_is_refused(void **state)
{
	struct receipt r = {.list = {"group", 3}, .cursor = {7, 5, 0}};
	struct buffer body = {0};

	answer_clinic(5);
	memory_must(receipt_create(&r, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_RECEIPT, &body);
	expect_refused();
	buffer_free(&body);
}

/* --- the fixed part of a session ----------------------------------------- */

/* With a life, as every clinic has; all counts of a site in use. */
static enum err
hello_with_life(void *context, struct hello *out)
{
	enum err e = memory_hello(context, out);

	out->slips_left = 4711;
	out->life_count = 1;
	memset(out->lives[0].nonce, 0x5a, LIFE_NONCE_BYTES);
	out->lives[0].seq[0] = 100;
	out->lives[0].seq[1] = 300;
	out->lives[0].seq[2] = 20000;
	out->lives[0].seq[3] = 5000;
	return e;
}

static uint64_t
bytes_of_session(void)
{
	struct session_stats stats;
	struct ends e;

	clinic.is_done = hub.is_done = false;
	ends_make(&e);
	e.up->o.source.hello = hello_with_life;
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done && hub.is_done);
	stats = session_stats(e.up);
	assert_int_equal(stats.round_trips, 3);
	print_message("# %llu bytes up, %llu down\n",
	    (unsigned long long)stats.bytes_sent,
	    (unsigned long long)stats.bytes_received);
	ends_free(&e);
	return stats.bytes_sent + stats.bytes_received;
}

/* 55 and 50 of the handshake's first messages, 66 around the payload of the
 * third, 46 of HELLO; 18 around the hub's 14 of HELLO and 2 of END; 20 of
 * BYE. */
static void
test_session_with_nothing_new_costs_271_bytes(void **state)
{
	struct memory_list *l;
	uint64_t nothing, one;

	memory_pair_make(&hub, &clinic);
	l = memory_list_make(&clinic, "up", 2, 20, 60);
	memory_list_make(&hub, "group", 3, 10, 60);
	bytes_of_session();
	nothing = bytes_of_session();
	assert_int_equal(nothing, 55 + 50 + 66 + 46 + 18 + 14 + 2 + 20);
	assert_true(nothing <= 320);
	/* One more change: its batch goes with message 3, and what answers it
	 * costs three bytes. */
	l->count++;
	one = bytes_of_session();
	print_message("# one change of 60 bytes: %llu more\n",
	    (unsigned long long)(one - nothing));
	assert_true(one - nothing > 60 && one - nothing < 60 + 70);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        test_batch_held_to_its_end_is_answered_in_three_bytes),
	    cmocka_unit_test(test_answers_that_wait_are_one_message),
	    cmocka_unit_test(test_batch_with_exceptions_is_answered_at_length),
	    cmocka_unit_test(
	        test_batch_that_does_not_join_is_answered_at_length),
	    cmocka_unit_test(
	        test_first_frame_waits_for_what_came_with_message_3),
	    cmocka_unit_test(test_held_frame_does_not_hold_a_refusal),
	    cmocka_unit_test(test_first_frame_waits_for_nothing_else),
	    cmocka_unit_test(test_what_was_not_heard_is_told),
	    cmocka_unit_test(test_questions_out_of_turn_are_refused),
	    cmocka_unit_test(test_group_receipt_to_the_lifes_node_is_short),
	    cmocka_unit_test(
	        test_group_receipt_that_cannot_be_computed_is_whole),
	    cmocka_unit_test(
	        test_no_more_is_sent_than_may_be_without_an_answer),
	    cmocka_unit_test(
	        test_nothing_passes_a_class_without_answers_under_a_bound),
	    cmocka_unit_test(test_answers_to_nothing_are_refused),
	    cmocka_unit_test(test_group_word_on_a_life_not_told_is_refused),
	    cmocka_unit_test(test_receipt_out_of_turn_is_refused),
	    cmocka_unit_test(test_session_with_nothing_new_costs_271_bytes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
