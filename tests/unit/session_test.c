/* session: two honest ends, over a link that cuts, waits and drips. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/memory_source.h"

/* Lists of several classes on both sides. */
static void
make_nodes(void)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 0, 2, 40);
	memory_list_make(&clinic, "up", 2, 30, 70);
	memory_list_make(&clinic, "up", 3, 9, 500);
	memory_list_make(&hub, "group", 3, 40, 60);
	memory_list_make(&hub, "org:C01", 1, 5, 90);
	memory_list_make(&hub, "org:C01", 3, 20, 30);
}

static void
expect_both_ended(void)
{
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(
	    cursor_set_digest(&hub.own), cursor_set_digest(&clinic.theirs));
	assert_int_equal(
	    cursor_set_digest(&clinic.own), cursor_set_digest(&hub.theirs));
}

static void
expect_all_there(void)
{
	expect_both_ended();
	assert_int_equal(hub.own.count, 3);
	assert_int_equal(clinic.own.count, 3);
}

static void
test_session_carries_all_classes_both_ways(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_all_there();
	assert_int_equal(hub.taken, 41);
	assert_int_equal(clinic.taken, 65);
	assert_int_equal(hub.known + clinic.known, 0);
	ends_free(&e);

	/* Nothing is new: nothing but the greeting goes, in three trips. */
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_all_there();
	assert_int_equal(hub.taken, 41);
	assert_int_equal(session_stats(e.up).changes_sent, 0);
	assert_int_equal(session_stats(e.up).round_trips, 3);
	assert_int_equal(hub.corrections + clinic.corrections, 0);
	ends_free(&e);
}

static void
test_session_takes_bytes_one_by_one(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	run(&e, 1, UINT64_MAX);
	expect_all_there();
	assert_int_equal(hub.taken + clinic.taken, 41 + 65);
	assert_int_equal(hub.known + clinic.known, 0);
	ends_free(&e);
}

static void
test_session_that_ends_early_is_no_success(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, 900);
	cut(&e);
	assert_true(hub.has_failed);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.error, ERR_CLOSED);
	assert_true(session_is_over(e.up));
	ends_free(&e);
}

/* --- urgency ------------------------------------------------------------- */

static void
test_session_urgent_change_overtakes_at_the_next_frame(void **state)
{
	struct memory_list *urgent;
	const uint8_t *out;
	struct ends e;
	struct list_id id;
	size_t frames = 0, n;

	memory_pair_make(&hub, &clinic);
	urgent = memory_list_make(&clinic, "up", 0, 0, 40);
	memory_list_make(&clinic, "up", 3, 5000, 700);
	ends_make(&e);
	run(&e, SIZE_MAX, 60000);
	id = urgent->id;
	urgent->count = 1;
	session_look_again(e.up);
	while (memory_cursor(&hub.own, &id, false) == NULL) {
		n = session_output(e.up, &out);
		assert_true(n > 0);
		(void)session_receive(e.down, out, n, e.now_ms);
		session_sent(e.up, n, e.now_ms);
		memory_work(&hub, e.down);
		frames++;
	}
	assert_true(frames <= 2); /* the one under way, and its own */
	ends_free(&e);
}

/* --- behind the hub's end --------------------------------------------------
 */

static bool
has_come_down(void)
{
	struct list_id id = {"org:C01", 0};

	return memory_cursor(&clinic.own, &id, false) != NULL;
}

/* The hub had nothing and said so; while the clinic's load goes up, something
 * urgent comes for it. */
static void
test_session_takes_its_end_back_for_what_comes_later(void **state)
{
	struct memory_list *urgent;
	struct ends e;
	unsigned frames = 0;

	memory_pair_make(&hub, &clinic);
	urgent = memory_list_make(&hub, "org:C01", 0, 0, 40);
	memory_list_make(&clinic, "up", 3, 5000, 700);
	ends_make(&e);
	run(&e, SIZE_MAX, 60000);
	urgent->count = 1;
	session_look_again(e.down);
	while (!has_come_down()) {
		(void)memory_carry(e.up, e.down, SIZE_MAX, ++e.now_ms);
		(void)memory_carry(e.down, e.up, SIZE_MAX, e.now_ms);
		work(&e);
		frames++;
	}
	assert_true(frames <= 2); /* the one under way, and its own */
	assert_true(
	    memory_cursor(&hub.own, &(struct list_id){"up", 3}, false)->place <
	    5000);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_both_ended();
	ends_free(&e);
}

/* It looks in vain: nothing is said of it. */
static void
test_session_that_finds_nothing_keeps_its_end(void **state)
{
	const uint8_t *out;
	struct ends e;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "org:C01", 0, 1, 40);
	memory_list_make(&clinic, "up", 3, 5000, 700);
	ends_make(&e);
	run(&e, SIZE_MAX, 60000);
	while (memory_carry(e.down, e.up, SIZE_MAX, e.now_ms) > 0)
		work(&e);
	session_look_again(e.down);
	assert_int_equal(session_output(e.down, &out), 0);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_both_ended();
	ends_free(&e);
}

/* The clinic has left by then: that was a clean end, and the next session
 * brings it. */
static void
test_session_end_taken_back_crosses_bye(void **state)
{
	uint8_t last[256];
	const uint8_t *out;
	struct memory_list *urgent;
	struct ends e;
	size_t n = 0;

	memory_pair_make(&hub, &clinic);
	urgent = memory_list_make(&hub, "org:C01", 0, 0, 40);
	memory_list_make(&clinic, "up", 3, 5, 70);
	ends_make(&e);
	while (!clinic.is_done) {
		(void)memory_carry(e.down, e.up, SIZE_MAX, ++e.now_ms);
		work(&e);
		n = session_output(e.up, &out);
		assert_true(n <= sizeof last || !session_is_over(e.up));
		if (n > 0 && n <= sizeof last)
			memcpy(last, out, n);
		session_sent(e.up, n, e.now_ms);
		memory_work(&clinic, e.up);
		if (!clinic.is_done && n > 0)
			(void)session_receive(e.down, out, n, e.now_ms);
		work(&e);
	}
	urgent->count = 1;
	session_look_again(e.down);
	assert_true(session_output(e.down, &out) > 0);
	(void)session_receive(e.down, last, n, e.now_ms);
	memory_work(&hub, e.down);
	assert_true(hub.is_done);
	ends_free(&e);
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_both_ended();
	assert_true(has_come_down());
	ends_free(&e);
}

static uint64_t
place_of(struct memory_node *n, uint8_t class)
{
	struct list_id id = {"up", class};
	struct cursor *c = memory_cursor(&n->own, &id, false);

	return c == NULL ? 0 : c->place;
}

static void
test_session_starves_no_class(void **state)
{
	struct ends e;
	uint8_t class;

	memory_pair_make(&hub, &clinic);
	for (class = 0; class < CLASSES; class ++)
		memory_list_make(&clinic, "up", class, 100000, 900);
	ends_make(&e);
	run(&e, SIZE_MAX, 4000000);
	for (class = 1; class < CLASSES; class ++)
		assert_true(place_of(&hub, class) > 0);
	assert_true(place_of(&hub, 0) > place_of(&hub, 1));
	ends_free(&e);
}

/* --- time ------------------------------------------------------ */

static void
test_session_handshake_has_thirty_seconds_a_step(void **state)
{
	struct ends e;
	uint64_t at;

	make_nodes();
	ends_make(&e);
	assert_int_equal(session_deadline_ms(e.down), 1000 + 30000);
	/* A byte every ten seconds does not keep it open. */
	(void)session_receive(e.down, "Y", 1, 11000);
	(void)session_receive(e.down, "Z", 1, 21000);
	assert_int_equal(session_expire(e.down, 30999), ERR_OK);
	assert_int_equal(session_expire(e.down, 31000), ERR_TIMEOUT);
	work(&e);
	assert_int_equal(hub.error, ERR_TIMEOUT);
	assert_int_equal(session_deadline_ms(e.down), UINT64_MAX);
	/* The first time there is something to learn ahead. */
	at = session_deadline_ms(e.up);
	assert_int_equal(session_expire(e.up, at), ERR_OK);
	at = session_deadline_ms(e.up);
	assert_int_equal(session_expire(e.up, at), ERR_TIMEOUT);
	work(&e);
	assert_int_equal(clinic.reason, REASON_TIMEOUT);
	ends_free(&e);
}

static void
test_session_that_stands_still_ends(void **state)
{
	struct ends e;
	uint64_t at;

	make_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, 1200);
	at = session_deadline_ms(e.up);
	assert_in_range(at, e.now_ms + IDLE_LEAST_MS, e.now_ms + IDLE_MOST_MS);
	assert_int_equal(session_expire(e.up, at - 1), ERR_OK);
	assert_int_equal(session_expire(e.up, at), ERR_TIMEOUT);
	assert_int_equal(session_expire(e.up, at + 1), ERR_OK); /* once */
	ends_free(&e);
}

static void
test_session_time_rests_while_the_owner_works(void **state)
{
	struct session_event ev;
	struct receipt r;
	struct ends e;

	make_nodes();
	ends_make(&e);
	while (!hub.hello_came) {
		memory_carry(e.up, e.down, SIZE_MAX, e.now_ms);
		memory_carry(e.down, e.up, SIZE_MAX, e.now_ms);
		memory_work_once(&hub, e.down);
	}
	assert_true(session_next_event(e.down, &ev));
	assert_int_equal(ev.type, EVENT_BATCH);
	assert_int_equal(session_deadline_ms(e.down), UINT64_MAX);
	assert_int_equal(session_expire(e.down, 500000), ERR_OK);
	assert_false(session_wants_input(e.down));
	memory_take_batch(&hub, ev.batch, &r);
	session_answer_batch(e.down, &r, NULL, 0);
	while (memory_work_once(&hub, e.down))
		;
	/* It took minutes; the peer has all its time from now on. */
	assert_int_equal(session_expire(e.down, 900000), ERR_OK);
	assert_in_range(session_deadline_ms(e.down), 900000 + IDLE_LEAST_MS,
	    900000 + IDLE_MOST_MS);
	ends_free(&e);
}

/* --- what comes late ------------------------------------------------------ */

/* Slip numbers are handed out by a job: the end is not said before. */
static void
test_session_end_waits_for_what_hello_asks(void **state)
{
	struct session_event ev;
	struct ends e;
	unsigned i;

	memory_pair_make(&hub, &clinic);
	ends_make(&e);
	for (i = 0; i < 6; i++) {
		memory_carry(e.up, e.down, SIZE_MAX, e.now_ms);
		memory_carry(e.down, e.up, SIZE_MAX, e.now_ms);
		memory_work(&clinic, e.up);
	}
	assert_true(session_next_event(e.down, &ev));
	assert_int_equal(ev.type, EVENT_HELLO);
	for (i = 0; i < 6; i++) {
		memory_carry(e.down, e.up, SIZE_MAX, e.now_ms);
		memory_work(&clinic, e.up);
		memory_carry(e.up, e.down, SIZE_MAX, e.now_ms);
	}
	assert_false(session_is_over(e.up));
	session_grant(e.down, 500000, 5000);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done && hub.is_done);
	assert_int_equal(clinic.grants, 1);
	ends_free(&e);
}

/* Another session of the same node has brought the peer further. */
static void
test_session_peer_beyond_what_was_sent_still_ends(void **state)
{
	struct list_id id = {"up", 3};
	struct ends e, other;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 3, 300, 400);
	ends_make(&e);
	run(&e, SIZE_MAX, 150);
	ends_make(&other);
	run(&other, SIZE_MAX, UINT64_MAX);
	assert_int_equal(memory_cursor(&hub.own, &id, false)->place, 300);
	ends_free(&other);
	clinic.is_done = hub.is_done = false;
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done && hub.is_done);
	assert_int_equal(hub.taken, 300);
	ends_free(&e);
}

static void
test_session_restored_peer_is_told_to_the_store(void **state)
{
	struct list_id id = {"org:C01", 3};
	struct ends e;

	make_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
	memory_cursor(&clinic.own, &id, false)->place = 4;
	memory_cursor(&clinic.own, &id, false)->running =
	    memory_running(memory_list_find(&hub, &id), 4);
	clinic.taken = 0;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_all_there();
	assert_int_equal(clinic.taken, 16);
	assert_int_equal(hub.corrections, 1);
	ends_free(&e);
}

static void
test_session_forgetful_peer_gets_all_again(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
	memset(&hub.own, 0, sizeof hub.own);
	hub.taken = 0;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	expect_all_there();
	assert_int_equal(hub.taken, 41);
	assert_int_equal(clinic.corrections, 1);
	ends_free(&e);
}

static void
test_session_tells_a_copy_that_it_is_one(void **state)
{
	struct list_id id = {"up", 3};
	struct ends e;

	make_nodes();
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
	memory_list_find(&clinic, &id)->count = 4;
	memset(&clinic.theirs, 0, sizeof clinic.theirs);
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.reason, REASON_AHEAD);
	assert_false(clinic.told_by_peer);
	ends_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_carries_all_classes_both_ways),
	    cmocka_unit_test(test_session_takes_bytes_one_by_one),
	    cmocka_unit_test(test_session_that_ends_early_is_no_success),
	    cmocka_unit_test(
	        test_session_urgent_change_overtakes_at_the_next_frame),
	    cmocka_unit_test(
	        test_session_takes_its_end_back_for_what_comes_later),
	    cmocka_unit_test(test_session_that_finds_nothing_keeps_its_end),
	    cmocka_unit_test(test_session_end_taken_back_crosses_bye),
	    cmocka_unit_test(test_session_starves_no_class),
	    cmocka_unit_test(test_session_handshake_has_thirty_seconds_a_step),
	    cmocka_unit_test(test_session_that_stands_still_ends),
	    cmocka_unit_test(test_session_time_rests_while_the_owner_works),
	    cmocka_unit_test(test_session_end_waits_for_what_hello_asks),
	    cmocka_unit_test(test_session_peer_beyond_what_was_sent_still_ends),
	    cmocka_unit_test(test_session_restored_peer_is_told_to_the_store),
	    cmocka_unit_test(test_session_forgetful_peer_gets_all_again),
	    cmocka_unit_test(test_session_tells_a_copy_that_it_is_one),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
