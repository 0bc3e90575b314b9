/* session_bound: a session with a bound never goes over it, sends the urgent
 * first, ends cleanly and says whether something waits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/memory_source.h"

enum { BODY = 150 };

static uint64_t
held(const struct memory_node *n, const char *name, uint8_t class)
{
	size_t i;

	for (i = 0; i < n->theirs.count; i++)
		if (n->theirs.item[i].list.class == class &&
		    strcmp(n->theirs.item[i].list.name, name) == 0)
			return n->theirs.item[i].cursor.place;
	return 0;
}

static struct session_stats
one_session(size_t piece)
{
	struct session_stats stats;
	struct ends e;

	clinic.is_done = hub.is_done = false;
	ends_make(&e);
	run(&e, piece, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	stats = session_stats(e.up);
	assert_int_equal(
	    stats.bytes_sent, session_stats(e.down).bytes_received);
	assert_int_equal(
	    stats.bytes_received, session_stats(e.down).bytes_sent);
	assert_true(stats.bytes_sent + stats.bytes_received == e.moved);
	ends_free(&e);
	return stats;
}

static uint64_t
total(const struct session_stats *s)
{
	return s->bytes_sent + s->bytes_received;
}

/* Nothing less urgent is there while something more urgent waits. */
static void
check_order(const struct memory_node *n, const char *name)
{
	bool waits = false;
	size_t i;

	for (i = 0; i < n->list_count; i++) {
		uint64_t place;

		if (strcmp(n->lists[i].id.name, name) != 0)
			continue;
		place = held(n, name, n->lists[i].id.class);
		if (waits)
			assert_int_equal(place, 0);
		if (place < n->lists[i].count)
			waits = true;
	}
}

static void
make_backlog(void)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 0, 3, BODY);
	memory_list_make(&clinic, "up", 1, 20, BODY);
	memory_list_make(&clinic, "up", 2, 60, BODY);
	memory_list_make(&clinic, "up", 3, 10, 4 * BODY);
}

static void
test_session_never_goes_over_its_bound(void **state)
{
	size_t pieces[] = {SIZE_MAX, 1000, 77};
	uint64_t bound;
	size_t i = 0;

	for (bound = SESSION_BYTES_MIN; bound < 30000; bound += bound / 3) {
		struct session_stats stats;
		bool all;

		make_backlog();
		clinic.bytes_max = bound;
		stats = one_session(pieces[i++ % 3]);
		assert_true(total(&stats) <= bound);
		check_order(&clinic, "up");
		all = held(&clinic, "up", 3) == 10;
		assert_int_equal(stats.held_back, !all);
		assert_int_equal(hub.taken,
		    held(&clinic, "up", 0) + held(&clinic, "up", 1) +
		        held(&clinic, "up", 2) + held(&clinic, "up", 3));
	}
}

/* What is left of a bound is less than a change and its answers take. */
static void
test_session_uses_its_bound(void **state)
{
	uint64_t bound;

	for (bound = 2000; bound < 12000; bound += 3000) {
		struct session_stats stats;

		make_backlog();
		clinic.bytes_max = bound;
		stats = one_session(SIZE_MAX);
		assert_true(stats.held_back);
		assert_true(total(&stats) + 1000 > bound);
	}
}

static void
test_session_sends_the_urgent_change_when_the_day_does_not_fit(void **state)
{
	struct session_stats stats;

	make_backlog();
	clinic.lists[0].count = 1;
	clinic.bytes_max = 1100;
	stats = one_session(SIZE_MAX);
	assert_int_equal(held(&clinic, "up", 0), 1);
	assert_int_equal(held(&clinic, "up", 2), 0);
	assert_true(stats.held_back);
}

static void
test_session_sends_the_rest_next_time(void **state)
{
	struct session_stats stats;
	int sessions = 0;

	make_backlog();
	memory_list_make(&hub, "group", 1, 30, BODY);
	clinic.bytes_max = 4000;
	do {
		stats = one_session(SIZE_MAX);
		assert_true(total(&stats) <= 4000);
		check_order(&clinic, "up");
		assert_true(++sessions < 30);
	} while (stats.held_back);
	assert_int_equal(hub.taken, 93);
	assert_int_equal(hub.known, 0);
	assert_int_equal(clinic.taken, 30);
	assert_int_equal(clinic.known, 0);
}

static void
test_session_bounds_what_comes_down(void **state)
{
	uint64_t bound;

	for (bound = 600; bound < 20000; bound += bound / 2) {
		struct session_stats stats;

		memory_pair_make(&hub, &clinic);
		memory_list_make(&hub, "group", 1, 50, BODY);
		memory_list_make(&hub, "org:C01", 2, 50, BODY);
		memory_list_make(&hub, "org:C01", 0, 1, BODY);
		clinic.bytes_max = bound;
		stats = one_session(bound % 2 ? 300 : SIZE_MAX);
		assert_true(total(&stats) <= bound);
		assert_int_equal(stats.held_back, clinic.taken < 101);
		if (clinic.taken > 0)
			assert_int_equal(held(&hub, "org:C01", 0), 1);
		if (held(&hub, "org:C01", 2) > 0)
			assert_int_equal(held(&hub, "group", 1), 50);
	}
}

/* However much both have to say to each batch. */
static void
test_session_keeps_room_for_long_answers(void **state)
{
	uint64_t bound;

	for (bound = 800; bound < 30000; bound += bound / 2) {
		struct session_stats stats;

		make_backlog();
		memory_list_make(&hub, "group", 1, 300, 20);
		clinic.lists[2].body_bytes = 20;
		clinic.lists[2].count = 400;
		clinic.is_wordy = hub.is_wordy = true;
		clinic.bytes_max = bound;
		stats = one_session(bound % 2 ? 300 : SIZE_MAX);
		assert_true(total(&stats) <= bound);
		check_order(&clinic, "up");

		/* And with nothing to send: all of it for what comes. */
		memory_pair_make(&hub, &clinic);
		memory_list_make(&hub, "group", 1, 300, 20);
		clinic.is_wordy = true;
		clinic.bytes_max = bound;
		stats = one_session(SIZE_MAX);
		assert_true(total(&stats) <= bound);
	}
}

static void
test_session_bounds_both_directions_together(void **state)
{
	uint64_t bound;

	for (bound = 600; bound < 30000; bound += bound / 2) {
		struct session_stats stats;

		make_backlog();
		memory_list_make(&hub, "group", 1, 100, BODY);
		clinic.bytes_max = bound;
		stats = one_session(bound % 2 ? 300 : SIZE_MAX);
		assert_true(total(&stats) <= bound);
		check_order(&clinic, "up");
	}
}

/* A budget that is used up: class 0 goes, both ways, and nothing else. */
static void
test_session_sends_class_0_beyond_a_budget(void **state)
{
	struct session_stats stats;

	make_backlog();
	memory_list_make(&hub, "group", 0, 4, BODY);
	memory_list_make(&hub, "group", 1, 4, BODY);
	clinic.has_budget = true;
	clinic.budget = 0;
	stats = one_session(SIZE_MAX);
	assert_int_equal(held(&clinic, "up", 0), 3);
	assert_int_equal(held(&clinic, "up", 1), 0);
	assert_int_equal(held(&hub, "group", 0), 4);
	assert_int_equal(held(&hub, "group", 1), 0);
	assert_true(stats.held_back);
	clinic.budget = 100000;
	stats = one_session(SIZE_MAX);
	assert_false(stats.held_back);
	assert_int_equal(hub.taken, 93);
	assert_int_equal(clinic.taken, 8);
}

static void
test_session_keeps_a_bound_for_class_0_too(void **state)
{
	struct session_stats stats;

	make_backlog();
	clinic.lists[0].count = 100;
	clinic.bytes_max = 3000;
	clinic.has_budget = true;
	clinic.budget = 0;
	stats = one_session(SIZE_MAX);
	assert_true(total(&stats) <= 3000);
	assert_true(held(&clinic, "up", 0) > 0);
	assert_true(held(&clinic, "up", 0) < 100);
}

static void
test_session_with_room_for_all_is_done(void **state)
{
	struct session_stats stats, plain;

	make_backlog();
	plain = one_session(SIZE_MAX);
	assert_false(plain.held_back);
	make_backlog();
	clinic.bytes_max = 1000000;
	stats = one_session(SIZE_MAX);
	assert_false(stats.held_back);
	assert_int_equal(hub.taken, 93);
	/* The bound itself costs the number in hello. */
	assert_true(total(&stats) <= total(&plain) + 8);
}

static void
test_session_takes_what_is_saved_meanwhile_only_if_it_fits(void **state)
{
	struct session_stats stats;
	struct ends e;

	make_backlog();
	clinic.bytes_max = 2500;
	ends_make(&e);
	run(&e, 100, 800);
	clinic.lists[0].count += 50;
	session_look_again(e.up);
	run(&e, 100, UINT64_MAX);
	assert_true(clinic.is_done);
	stats = session_stats(e.up);
	assert_true(total(&stats) <= 2500);
	assert_true(stats.held_back);
	ends_free(&e);
}

/* Sessions until nothing but what was stepped over is kept back, or once too
 * often. */
static struct session_stats
sessions_of(uint64_t bound, const struct memory_node *receiver, uint64_t taken)
{
	struct session_stats stats;
	int sessions = 0;

	clinic.bytes_max = bound;
	do {
		stats = one_session(SIZE_MAX);
		assert_true(total(&stats) <= bound);
		assert_true(++sessions < 20);
	} while (receiver->taken < taken);
	return stats;
}

/* One record that no session has room for does not stop what is less urgent,
 * for ever; who set the bound is told what would do. */
static void
test_session_steps_over_what_fits_into_no_session(void **state)
{
	struct session_stats stats;
	uint64_t needs;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 1, 8000)->is_noise = true;
	memory_list_make(&clinic, "up", 3, 40, BODY);
	stats = sessions_of(5000, &hub, 40);
	assert_int_equal(held(&clinic, "up", 3), 40);
	assert_int_equal(held(&clinic, "up", 2), 0);
	assert_true(stats.held_back);
	assert_true(stats.over.is_ours);
	assert_int_equal(stats.over.id.class, 2);
	assert_int_equal(stats.over.id.seq, 1);
	assert_memory_equal(stats.over.id.life, clinic.life, LIFE_BYTES);
	needs = stats.over.needs;
	assert_true(needs > 8000 && needs < 13000);
	/* With that it goes, and not with much less. */
	stats = sessions_of(needs, &hub, 41);
	assert_int_equal(held(&clinic, "up", 2), 1);
	assert_false(stats.held_back);
	assert_int_equal(stats.over.needs, 0);
}

static void
test_session_steps_over_what_comes_down_likewise(void **state)
{
	struct session_stats stats;
	uint64_t needs;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "group", 2, 3, 8000)->is_noise = true;
	memory_list_make(&hub, "org:C01", 2, 20, BODY);
	memory_list_make(&hub, "org:C01", 3, 20, BODY);
	stats = sessions_of(5000, &clinic, 40);
	assert_int_equal(held(&hub, "org:C01", 2), 20);
	assert_int_equal(held(&hub, "org:C01", 3), 20);
	assert_int_equal(held(&hub, "group", 2), 0);
	assert_true(stats.held_back);
	assert_true(stats.peer_stepped_over);
	assert_false(stats.over.is_ours);
	needs = stats.over.needs;
	assert_true(needs > 8000 && needs < 10000);
	stats = sessions_of(needs, &clinic, 41);
	assert_int_equal(held(&hub, "group", 2), 1);
}

/* While the clinic sends, the parent has a quarter of what is left: that much
 * more is needed. */
static void
test_session_tells_what_the_parents_share_has_to_be(void **state)
{
	struct session_stats stats;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 3, 1, BODY);
	memory_list_make(&hub, "group", 2, 1, 8000)->is_noise = true;
	clinic.bytes_max = 10000;
	stats = one_session(SIZE_MAX);
	assert_int_equal(clinic.taken, 0);
	assert_true(stats.over.needs > 4 * 8000);
	clinic.lists[0].count++;
	clinic.bytes_max = stats.over.needs;
	stats = one_session(SIZE_MAX);
	assert_int_equal(clinic.taken, 1);
	assert_false(stats.held_back);
}

/* What only has no room beside what went before waits, and all behind it. */
static void
test_session_does_not_step_over_what_fits_into_an_empty_one(void **state)
{
	struct session_stats stats;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 1, 1, 3000)->is_noise = true;
	memory_list_make(&clinic, "up", 2, 1, 3000)->is_noise = true;
	memory_list_make(&clinic, "up", 3, 1, BODY);
	clinic.bytes_max = 6500;
	stats = one_session(SIZE_MAX);
	assert_int_equal(held(&clinic, "up", 1), 1);
	assert_int_equal(held(&clinic, "up", 2), 0);
	assert_int_equal(held(&clinic, "up", 3), 0);
	assert_true(stats.held_back);
	assert_int_equal(stats.over.needs, 0);
	stats = one_session(SIZE_MAX);
	assert_int_equal(hub.taken, 3);
}

/* It turns out that the parent has it. */
static void
test_session_tells_of_nothing_too_large_that_is_there(void **state)
{
	struct session_stats stats;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 1, 8000)->is_noise = true;
	clinic.bytes_max = 30000;
	(void)one_session(SIZE_MAX);
	assert_int_equal(hub.taken, 1);
	clinic.theirs.count = 0; /* the receipt was lost */
	clinic.bytes_max = 5000;
	stats = one_session(SIZE_MAX);
	assert_int_equal(held(&clinic, "up", 2), 1);
	assert_false(stats.held_back);
	assert_int_equal(stats.over.needs, 0);
}

static enum err
end_says(bool has_bound, const char *body, size_t size)
{
	struct session *s = calloc(1, sizeof *s);
	struct bytes b = {(const uint8_t *)body, size};
	enum err e;

	memory_must(s != NULL);
	s->bound.is_set = has_bound;
	e = bound_consume_end(s, &b);
	if (e == ERR_OK && size > 1)
		assert_int_equal(s->bound.peer_over_bytes, (uint8_t)body[1]);
	free(s);
	return e;
}

static void
test_end_tells_of_a_bound_in_one_form_only(void **state)
{
	assert_int_equal(end_says(false, "", 0), ERR_OK);
	assert_int_equal(end_says(true, "", 0), ERR_OK);
	assert_int_equal(end_says(true, "\1", 1), ERR_OK);
	assert_int_equal(end_says(true, "\1\2", 2), ERR_OK);
	assert_int_equal(end_says(false, "\1", 1), ERR_FORMAT);
	assert_int_equal(end_says(false, "\1\2", 2), ERR_FORMAT);
	assert_int_equal(end_says(true, "\0", 1), ERR_FORMAT);
	assert_int_equal(end_says(true, "\2", 1), ERR_FORMAT);
	assert_int_equal(end_says(true, "\1\0", 2), ERR_FORMAT);
	assert_int_equal(end_says(true, "\1\200", 2), ERR_FORMAT);
	assert_int_equal(end_says(true, "\1\2\2", 3), ERR_FORMAT);
}

static void
test_session_refuses_a_bound_below_a_sessions_cost(void **state)
{
	struct session_options *o = calloc(1, sizeof *o);
	struct session *s;

	memory_must(o != NULL);
	memory_pair_make(&hub, &clinic);
	o->purpose = SESSION_SYNC;
	o->source = memory_source(&clinic);
	o->bytes_max = SESSION_BYTES_MIN - 1;
	assert_int_equal(session_new(&s, o), ERR_USAGE);
	free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_never_goes_over_its_bound),
	    cmocka_unit_test(test_session_uses_its_bound),
	    cmocka_unit_test(
	        test_session_sends_the_urgent_change_when_the_day_does_not_fit),
	    cmocka_unit_test(test_session_sends_the_rest_next_time),
	    cmocka_unit_test(test_session_bounds_what_comes_down),
	    cmocka_unit_test(test_session_keeps_room_for_long_answers),
	    cmocka_unit_test(test_session_bounds_both_directions_together),
	    cmocka_unit_test(test_session_sends_class_0_beyond_a_budget),
	    cmocka_unit_test(test_session_keeps_a_bound_for_class_0_too),
	    cmocka_unit_test(test_session_with_room_for_all_is_done),
	    cmocka_unit_test(
	        test_session_takes_what_is_saved_meanwhile_only_if_it_fits),
	    cmocka_unit_test(test_session_steps_over_what_fits_into_no_session),
	    cmocka_unit_test(test_session_steps_over_what_comes_down_likewise),
	    cmocka_unit_test(
	        test_session_tells_what_the_parents_share_has_to_be),
	    cmocka_unit_test(
	        test_session_does_not_step_over_what_fits_into_an_empty_one),
	    cmocka_unit_test(
	        test_session_tells_of_nothing_too_large_that_is_there),
	    cmocka_unit_test(test_end_tells_of_a_bound_in_one_form_only),
	    cmocka_unit_test(
	        test_session_refuses_a_bound_below_a_sessions_cost),
	};

	return sodium_init() < 0 ? 1
	                         : cmocka_run_group_tests_name(
	                               "session_bound", tests, NULL, NULL);
}
