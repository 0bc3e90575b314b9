/* How a session ends: what each side may call an end, and that the urgent is
 * never silent before it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/memory_source.h"

enum { BODY = 150 };

static struct ends ends;

static void
run_until_hub_heard_hello(void)
{
	ends_make(&ends);
	while (!ends.down->has_peer_hello)
		run(&ends, SIZE_MAX, ends.moved + 1);
}

static void
send_half_a_batch(struct session *s)
{
	static uint8_t half[] = {3, 1, 2, 3, 4, 5};
	const struct buffer body = {.data = half, .size = sizeof half};

	send_control(s, MESSAGE_DENSE, &body);
}

/* "All was sent" is no word of who sent half of something. */
static void
test_an_end_amid_a_batch_is_none(void **state)
{
	(void)state;
	memory_pair_make(&hub, &clinic);
	run_until_hub_heard_hello();
	send_half_a_batch(ends.down);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_false(clinic.is_done);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.reason, REASON_FORMAT);
	ends_free(&ends);
}

static void
test_a_bye_amid_a_batch_is_none(void **state)
{
	(void)state;
	memory_pair_make(&hub, &clinic);
	run_until_hub_heard_hello();
	send_half_a_batch(ends.up);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_false(hub.is_done);
	assert_true(hub.has_failed);
	ends_free(&ends);
}

/* Who has said bye hears nothing more, whatever the hub still thinks of. */
static void
test_nothing_is_heard_after_a_bye(void **state)
{
	const uint8_t *out;

	(void)state;
	memory_pair_make(&hub, &clinic);
	ends_make(&ends);
	while (ends.up->state != STATE_CLOSING)
		run(&ends, 1, ends.moved + 1);
	session_ask_rows(ends.down);
	assert_true(session_output(ends.down, &out) > 0);
	assert_false(session_wants_input(ends.up));
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	ends_free(&ends);
}

/* An answer that found no memory: the session says so, and does not wait for
 * a time-out. */
static void
test_an_answer_that_is_lost_ends_the_session(void **state)
{
	(void)state;
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 60, BODY);
	run_until_hub_heard_hello();
	ends.down->control.failed = true;
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(hub.has_failed);
	assert_int_equal(hub.error, ERR_NOMEM);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.reason, REASON_STORAGE);
	ends_free(&ends);
}

/* While it is not known where the peer stands, two urgent classes that wait
 * go on though a lower one's turn is due, which may not go. */
static void
test_the_urgent_is_not_silent_while_cursors_are_awaited(void **state)
{
	const struct list_id list = {"org:C01", 0};
	struct cursor *stands;
	const uint8_t *out;
	unsigned frames = 0;
	size_t n;

	(void)state;
	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, list.name, 0, 2000, BODY);
	memory_list_make(&hub, list.name, 1, 2000, BODY);
	memory_list_make(&hub, list.name, 2, 200, BODY);
	stands = memory_cursor(&clinic.own, &list, true);
	*stands = (struct cursor){7, 3, memory_running(&hub.lists[0], 3)};
	ends_make(&ends);
	while (!ends.down->cursors_due)
		run(&ends, SIZE_MAX, ends.moved + 1);
	while ((n = session_output(ends.down, &out)) > 0 &&
	       frames <= 3 * STARVE_AFTER) {
		ends.now_ms += 400;
		session_sent(ends.down, n, ends.now_ms);
		frames++;
	}
	assert_true(ends.down->cursors_due);
	assert_true(frames > 3 * STARVE_AFTER);
	ends_free(&ends);
}

/* The hub gives up while message 3 is on its way. It answers in clear, and who
 * takes the next frame for sealed hears why all the same, in whatever pieces
 * it comes. */
static void
is_told_in_pieces_of(size_t piece)
{
	memory_pair_make(&hub, &clinic);
	ends_make(&ends);
	while (ends.up->state != STATE_OPEN)
		run(&ends, SIZE_MAX, ends.moved + 1);
	assert_int_equal(ends.down->state, STATE_MESSAGE_3);
	ends.now_ms += HANDSHAKE_TIMEOUT_MS;
	assert_int_equal(session_expire(ends.down, ends.now_ms), ERR_TIMEOUT);
	while (memory_carry(ends.down, ends.up, piece, ends.now_ms) > 0)
		;
	work(&ends);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.reason, REASON_TIMEOUT);
	assert_int_equal(clinic.error, ERR_TIMEOUT);
	assert_true(clinic.told_by_peer);
	ends_free(&ends);
}

static void
test_who_comes_too_late_hears_so(void **state)
{
	(void)state;
	is_told_in_pieces_of(SIZE_MAX);
	is_told_in_pieces_of(1);
}

/* Once a sealed frame was opened nothing in clear is heard. */
static void
test_nothing_in_clear_ends_a_sealed_session(void **state)
{
	static const uint8_t clear[] = {0, 2, CLEAR_ERROR, REASON_TIMEOUT};

	(void)state;
	memory_pair_make(&hub, &clinic);
	ends_make(&ends);
	while (!ends.up->heard_sealed)
		run(&ends, SIZE_MAX, ends.moved + 1);
	(void)session_receive(ends.up, clear, sizeof clear, ends.now_ms);
	work(&ends);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.reason, REASON_FORMAT);
	assert_false(clinic.told_by_peer);
	ends_free(&ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_end_amid_a_batch_is_none),
	    cmocka_unit_test(test_a_bye_amid_a_batch_is_none),
	    cmocka_unit_test(test_nothing_is_heard_after_a_bye),
	    cmocka_unit_test(test_an_answer_that_is_lost_ends_the_session),
	    cmocka_unit_test(
	        test_the_urgent_is_not_silent_while_cursors_are_awaited),
	    cmocka_unit_test(test_who_comes_too_late_hears_so),
	    cmocka_unit_test(test_nothing_in_clear_ends_a_sealed_session),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
