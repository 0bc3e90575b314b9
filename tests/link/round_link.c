/* round_link: how many round trips a session takes, exactly, and how its bytes
 * and its time add up.
 */

#include "tests/link/room.h"

/* The model counts by what caused what, the session by what it heard. */
static void
expect_trips(const struct link_result *r, unsigned trips)
{
	expect_both_good(r);
	assert_int_equal(r->round_trips, trips);
	assert_int_equal(r->stats[LINK_CHILD].round_trips, trips);
}

static void
test_nothing_new_takes_three_round_trips(void **state)
{
	struct link_options o = link_of(0, 600, 0);
	struct link_result r = link_run(&w, &o, &clinic, &hub);

	expect_trips(&r, 3);
	assert_int_equal(r.stats[LINK_CHILD].changes_sent, 0);
	/* At the child: TCP's, the handshake, hello and end; and then what it
	 * says last travels to the parent, and the parent's end back. */
	assert_int_equal(r.took_us, 3 * 600000 + 300000);
	print_message("nothing new: %u up, %u down\n", (unsigned)r.bytes[0],
	    (unsigned)r.bytes[1]);
}

static void
test_one_new_record_is_receipted_after_three(void **state)
{
	struct link_options o = link_of(0, 600, 0);
	uint64_t receipted, end;
	struct link *l;
	struct link_result r;

	world_make_resident(&w, &clinic, "C01");
	link_places(&clinic, &hub, "up", 2, &receipted, &end);
	assert_true(receipted < end);
	l = link_open(&w, &o, &clinic, &hub);
	do {
		assert_true(link_step(l));
		link_places(&clinic, &hub, "up", 2, &receipted, &end);
	} while (receipted < end);
	assert_int_equal(link_now_us(l), 3 * 600000);
	r = link_close(l);
	assert_int_equal(r.round_trips, 3);
	assert_int_equal(r.stats[LINK_CHILD].round_trips, 3);
	expect_both_equal();
	print_message("one new record: %u up, %u down\n", (unsigned)r.bytes[0],
	    (unsigned)r.bytes[1]);
}

/* Down as up: what is new at the hub is receipted by the bye. */
static void
test_one_new_record_at_the_hub_takes_three(void **state)
{
	struct link_options o = link_of(0, 600, 0);
	struct link_result r;

	world_make_resident(&w, &hub, "C01");
	r = link_run(&w, &o, &clinic, &hub);
	expect_trips(&r, 3);
	assert_int_equal(r.stats[LINK_CHILD].changes_received, 1);
	expect_both_equal();
}

/* A day's work fits the first flight and what follows it at once. */
static void
test_sixty_records_take_no_more_than_one(void **state)
{
	struct link_options o = link_of(0, 600, 0);
	struct link_result r;
	unsigned i;

	for (i = 0; i < 60; i++)
		world_make_resident(&w, &clinic, "C01");
	r = link_run(&w, &o, &clinic, &hub);
	expect_both_good(&r);
	assert_int_equal(r.round_trips, 3);
	expect_both_equal();
}

/* The store's time is added once a batch, the link's rate to every byte. */
static void
test_the_commit_and_the_rate_cost_their_time(void **state)
{
	struct link_options o = link_of(0, 600, 0);
	struct link_result fast, slow;

	world_make_resident(&w, &clinic, "C01");
	o.commit_us[LINK_PARENT] = 40000;
	fast = link_run(&w, &o, &clinic, &hub);
	expect_trips(&fast, 3);
	assert_true(fast.took_us >= 3 * 600000 + 40000);
	world_make_resident(&w, &clinic, "C01");
	o = link_of(9600, 600, 0);
	slow = link_run(&w, &o, &clinic, &hub);
	expect_trips(&slow, 3);
	assert_true(
	    slow.took_us > 3 * 600000 + (slow.bytes[0] + slow.bytes[1] - 100) *
	                                    8 * 1000000 / 9600);
}

static uint64_t
one_run(uint64_t seed, uint64_t *bytes)
{
	struct link_options o = link_of(64000, 600, 3);
	struct link_result r;

	assert_int_equal(room_make(NULL), 0);
	world_make_notes(&w, &clinic, "C01", 3, 300, 40);
	o.seed = seed;
	r = link_run(&w, &o, &clinic, &hub);
	expect_both_good(&r);
	*bytes = r.bytes[0] * 100000 + r.bytes[1];
	assert_int_equal(room_close(NULL), 0);
	return r.took_us;
}

static void
test_a_seed_tells_the_whole_run(void **state)
{
	uint64_t a, b, bytes, again;

	a = one_run(11, &bytes);
	b = one_run(11, &again);
	assert_int_equal(a, b);
	assert_int_equal(bytes, again);
	assert_true(one_run(12, &again) != a);
}

enum { UP_MS = 2000, GAP_MS = IDLE_LEAST_MS / 2 };

/* Nobody is told that the link is dead: both notice by their own time. */
static void
test_silence_ends_both_by_their_time_out(void **state)
{
	struct link_options o = link_of(64000, 600, 0);
	struct link_result r;

	world_make_notes(&w, &clinic, "C01", 3, 300, 60);
	o.up_us = UP_MS * 1000;
	o.fate = LINK_FALLS_SILENT;
	r = link_run(&w, &o, &clinic, &hub);
	assert_int_equal(r.result[LINK_CHILD], ERR_TIMEOUT);
	assert_int_equal(r.result[LINK_PARENT], ERR_TIMEOUT);
	/* Not later than it takes where nothing was answered yet. */
	assert_true(r.took_us >= IDLE_LEAST_MS * 1000);
	assert_true(r.took_us <= (UP_MS + IDLE_FIRST_MS + 1) * 1000);
}

/* A connection that outlives the gap goes on; nothing is said twice. */
static void
test_a_stalled_connection_goes_on_in_the_next_window(void **state)
{
	struct link_options o = link_of(64000, 600, 0);
	struct link_result r;

	world_make_notes(&w, &clinic, "C01", 3, 500, 60);
	o.up_us = 3000000;
	o.down_us = GAP_MS * 1000;
	o.fate = LINK_STALLS;
	r = link_run(&w, &o, &clinic, &hub);
	expect_both_good(&r);
	assert_true(r.took_us > 3000000 + GAP_MS * 1000);
	expect_both_equal();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROOM(test_nothing_new_takes_three_round_trips),
	    ROOM(test_one_new_record_is_receipted_after_three),
	    ROOM(test_one_new_record_at_the_hub_takes_three),
	    ROOM(test_sixty_records_take_no_more_than_one),
	    ROOM(test_the_commit_and_the_rate_cost_their_time),
	    cmocka_unit_test(test_a_seed_tells_the_whole_run),
	    ROOM(test_silence_ends_both_by_their_time_out),
	    ROOM(test_a_stalled_connection_goes_on_in_the_next_window),
	};

	if (sodium_init() < 0)
		return 1;
	place_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
