/* line_link: the model itself: what a line does with rate, delay and loss. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/link/line.h"

static const uint8_t zeros[65536 * 2];

/* Until nothing more happens or so much has arrived; when that was. */
static uint64_t
wait_for(struct line *l, size_t size)
{
	const uint8_t *out;
	uint64_t at = 0;

	while (line_arrived(l, &out) < size && line_next_us(l) != NEVER) {
		at = line_next_us(l);
		line_advance(l, at);
	}
	return at;
}

static void
test_line_carries_at_its_rate_and_then_delays(void **state)
{
	struct line_options o = {.rate_bps = 64000, .delay_us = 300000};
	struct line *l = line_new(&o, 1);

	line_send(l, zeros, 1000, 1);
	assert_int_equal(wait_for(l, 1000), 125000 + 300000);
	/* An idle link begins anew, it has saved nothing up. */
	line_send(l, zeros, 1000, 1);
	assert_int_equal(wait_for(l, 2000), 425000 + 425000);
	assert_int_equal(line_next_us(l), NEVER);
	line_free(l);
}

static void
test_line_counts_headers_of_each_segment_as_time_only(void **state)
{
	struct line_options o = {.rate_bps = 8000000, .header_bytes = 40};
	struct line *l = line_new(&o, 1);

	line_send(l, zeros, 3000, 1);
	assert_int_equal(wait_for(l, 3000), 3000 + 3 * 40);
	assert_int_equal(line_counts(l).bytes, 3000);
	assert_int_equal(line_counts(l).segments, 3);
	line_free(l);
}

static void
test_line_takes_a_frame_only_when_little_waits_unsent(void **state)
{
	struct line_options o = {.rate_bps = 8000};
	struct line *l = line_new(&o, 1);

	assert_true(line_takes(l));
	line_send(l, zeros, SEGMENT_BYTES + UNSENT_BYTES, 1);
	assert_int_equal(line_unsent(l), UNSENT_BYTES);
	assert_false(line_takes(l));
	line_advance(l, line_next_us(l)); /* the next segment leaves */
	assert_true(line_takes(l));
	line_free(l);
}

/* One is lost: those behind it wait for it, then all come at once. */
static void
test_line_delivers_in_order_behind_a_lost_segment(void **state)
{
	struct line_options o = {.rate_bps = 8 * 1460000,
	    .delay_us = 1000,
	    .retransmit_us = 500000,
	    .loss_ppm = 200000};
	struct line *l;
	uint64_t seed, first;
	const uint8_t *out;

	for (seed = 1;; seed++) {
		l = line_new(&o, seed);
		line_send(l, zeros, SEGMENT_BYTES, 1);
		if (line_counts(l).lost == 1)
			break;
		line_free(l);
	}
	line_send(l, zeros, 5 * SEGMENT_BYTES, 1);
	first = line_next_us(l);
	while (line_arrived(l, &out) == 0) {
		first = line_next_us(l);
		line_advance(l, first);
	}
	/* Its own millisecond, the delay, the wait, and once more. */
	assert_int_equal(first, 1000 + 1000 + 500000 + 1000);
	assert_true(line_arrived(l, &out) >= 2 * SEGMENT_BYTES);
	line_free(l);
}

static uint64_t
time_with_loss(uint32_t ppm, uint64_t seed, uint64_t *lost)
{
	struct line_options o = {.rate_bps = 64000,
	    .delay_us = 300000,
	    .retransmit_us = 800000,
	    .loss_ppm = ppm};
	struct line *l = line_new(&o, seed);
	uint64_t at;

	line_send(l, zeros, 60000, 1);
	at = wait_for(l, 60000);
	*lost = line_counts(l).lost;
	line_free(l);
	return at;
}

static void
test_line_loses_by_its_seed_and_takes_the_links_time_for_it(void **state)
{
	uint64_t none, a, b, lost, again;

	none = time_with_loss(0, 7, &lost);
	assert_int_equal(lost, 0);
	assert_int_equal(none, 60000 / 8 * 1000 + 300000);
	a = time_with_loss(100000, 7, &lost);
	assert_true(lost > 0 && lost < 20);
	assert_true(a >= none + (lost - 1) * 1460 / 8 * 1000);
	b = time_with_loss(100000, 7, &again);
	assert_int_equal(a, b);
	assert_int_equal(lost, again);
	b = time_with_loss(100000, 8, &again);
	assert_true(a != b || lost != again);
}

static void
test_line_stops_at_a_full_receiver_until_it_reads(void **state)
{
	struct line_options o = {.rate_bps = 0};
	struct line *l = line_new(&o, 1);
	const uint8_t *out;

	line_send(l, zeros, sizeof zeros, 1);
	(void)wait_for(l, sizeof zeros);
	assert_true(line_arrived(l, &out) >= RECEIVE_WINDOW_BYTES);
	assert_true(
	    line_arrived(l, &out) < RECEIVE_WINDOW_BYTES + SEGMENT_BYTES);
	assert_int_equal(line_next_us(l), NEVER);
	(void)line_read(l, 10000);
	(void)wait_for(l, RECEIVE_WINDOW_BYTES);
	assert_true(line_arrived(l, &out) >= RECEIVE_WINDOW_BYTES);
	line_free(l);
}

static void
test_line_stalls_and_goes_on_where_it_was(void **state)
{
	struct line_options o = {.rate_bps = 64000, .delay_us = 300000};
	struct line *l = line_new(&o, 1);

	line_send(l, zeros, 4000, 1);
	line_advance(l, 100000);
	line_stall(l, 1100000);
	assert_int_equal(wait_for(l, 4000), 500000 + 300000 + 1000000);
	line_free(l);
}

static void
test_line_tells_its_end_behind_the_last_byte(void **state)
{
	struct line_options o = {.rate_bps = 64000, .delay_us = 300000};
	struct line *l = line_new(&o, 1);

	line_send(l, zeros, 800, 3);
	line_end(l);
	assert_false(line_takes(l));
	(void)wait_for(l, 800);
	assert_false(line_is_at_end(l));
	assert_int_equal(line_read(l, 800), 3);
	assert_true(line_is_at_end(l));
	line_free(l);
}

static void
test_line_marks_come_with_their_first_byte_in_order(void **state)
{
	struct line_options o = {.rate_bps = 0};
	struct line *l = line_new(&o, 1);
	const uint8_t *out;

	line_send(l, "abc", 3, 1);
	line_send(l, "def", 3, 4);
	line_advance(l, 0);
	assert_int_equal(line_arrived(l, &out), 6);
	assert_memory_equal(out, "abcdef", 6);
	assert_int_equal(line_read(l, 3), 1);
	assert_int_equal(line_read(l, 1), 4);
	assert_int_equal(line_read(l, 2), 0);
	line_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line_carries_at_its_rate_and_then_delays),
	    cmocka_unit_test(
	        test_line_counts_headers_of_each_segment_as_time_only),
	    cmocka_unit_test(
	        test_line_takes_a_frame_only_when_little_waits_unsent),
	    cmocka_unit_test(test_line_delivers_in_order_behind_a_lost_segment),
	    cmocka_unit_test(
	        test_line_loses_by_its_seed_and_takes_the_links_time_for_it),
	    cmocka_unit_test(test_line_stops_at_a_full_receiver_until_it_reads),
	    cmocka_unit_test(test_line_stalls_and_goes_on_where_it_was),
	    cmocka_unit_test(test_line_tells_its_end_behind_the_last_byte),
	    cmocka_unit_test(
	        test_line_marks_come_with_their_first_byte_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
