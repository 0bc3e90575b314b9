/* urgent_link: what is urgent overtakes a first load that is under way, in both
 * directions, and what is not still advances. Time is the model's: exact.
 */

#include "tests/link/room.h"

enum {
	RATE = 64000,
	TRIP_MS = 600,
	COMMIT_US = 20000,
	REFERRALS = 10,
	LOAD = 700,      /* records of each class of the first load */
	LOAD_NOTE = 180, /* bytes of each that do not get shorter */
	ENDLESS_NOTE = 400,
	FRAME_US = 250000, /* no frame takes longer at this rate */
	/* And with what the kernel has of the one before (docs/protocol.md,
	 * 11.1): what a referral is to wait on average, besides its trip. That
	 * is 515 ms over sixty of them; ten are nearer or further. */
	WAIT_US = 550000,
};

struct way {
	struct site *from, *to;
	const char *list;
	enum link_end sender;
};

static struct way
way_of(enum link_end sender)
{
	return sender == LINK_CHILD
	           ? (struct way){&clinic, &hub, "up", LINK_CHILD}
	           : (struct way){&hub, &clinic, "org:C01", LINK_PARENT};
}

static struct link_options
slow_link(void)
{
	struct link_options o = link_of(RATE, TRIP_MS, 0);

	o.commit_us[0] = o.commit_us[1] = COMMIT_US;
	return o;
}

static bool
is_receipted(const struct way *way, uint8_t class)
{
	uint64_t place, end;

	link_places(way->from, way->to, way->list, class, &place, &end);
	return place == end;
}

/* A referral is written now; when its receipt is back. */
static uint64_t
referral_takes(struct link *l, const struct way *way, uint8_t class)
{
	uint64_t at_us = link_now_us(l);

	world_make_notes(&w, way->from, "C01", class, 40, 1);
	link_look_again(l, way->sender);
	while (!is_receipted(way, class))
		assert_true(link_step(l));
	return link_now_us(l) - at_us;
}

/* What is the most it may take: the segment on the wire, what the kernel holds
 * unsent, the frame before, its own, which a lower class's turn may open, a
 * round trip, and the commits of what lay before it, of what came with it and
 * of itself. */
static uint64_t
most_us(void)
{
	uint64_t kernel = (SEGMENT_BYTES + UNSENT_BYTES + 2 * HEADER_BYTES) *
	                  8000000ull / RATE;

	return kernel + 2ull * FRAME_US + TRIP_MS * 1000 + 4 * COMMIT_US;
}

/* At many moments of a load, the first of them when it has hardly begun. */
static void
expect_overtakes(enum link_end sender, const char *name)
{
	struct link_options o = slow_link();
	struct way way = way_of(sender);
	uint64_t worst = 0, sum = 0;
	struct link *l;
	unsigned i;

	world_make_notes(&w, way.from, "C01", 2, LOAD_NOTE, LOAD);
	world_make_notes(&w, way.from, "C01", 3, LOAD_NOTE, LOAD);
	l = link_open(&w, &o, &clinic, &hub);
	assert_true(link_run_until(l, 1900000));
	for (i = 0; i < REFERRALS; i++) {
		uint64_t took = referral_takes(l, &way, i % 2);

		worst = took > worst ? took : worst;
		sum += took;
		assert_false(is_receipted(&way, 3));
		assert_true(link_run_until(
		    l, link_now_us(l) + 200000 + world_draw(&w, 700000)));
	}
	(void)link_close(l);
	print_message("%s: receipt after %u ms on average, %u ms at worst; "
	              "may take %u\n",
	    name, (unsigned)(sum / REFERRALS / 1000), (unsigned)(worst / 1000),
	    (unsigned)(most_us() / 1000));
	assert_true(worst <= most_us());
	assert_true(sum <= REFERRALS * (uint64_t)(WAIT_US + TRIP_MS * 1000 +
	                                          3 * COMMIT_US));
}

static void
test_a_referral_overtakes_a_load_on_its_way_up(void **state)
{
	expect_overtakes(LINK_CHILD, "up");
}

static void
test_a_referral_overtakes_a_load_on_its_way_down(void **state)
{
	expect_overtakes(LINK_PARENT, "down");
}

/* --- what was made for message 3 -------------------------------------------
 */

/* It is put aside for the frames behind, and a slow link has it for seconds: a
 * referral that is written just then goes before it. */
static void
test_a_referral_overtakes_what_was_put_aside(void **state)
{
	struct link_options o = link_of(9600, 100, 0);
	struct way way = way_of(LINK_CHILD);
	uint64_t sent, took;
	struct link *l;

	world_make_notes(&w, way.from, "C01", 2, LOAD_NOTE, LOAD);
	l = link_open(&w, &o, &clinic, &hub);
	/* The first message, and what is in the third but for changes. */
	while ((sent = link_sent(l, LINK_CHILD)) < 200)
		assert_true(link_step(l));
	assert_true(sent < 3000);
	took = referral_takes(l, &way, 0);
	(void)link_close(l);
	print_message(
	    "referral behind message 3 at 9.6 kbit/s: %u ms (%u sent)\n",
	    (unsigned)(took / 1000), (unsigned)sent);
	/* What the kernel has, a frame that was made already, its own, and a
	 * trip; not what was put aside, 0.8 s more. */
	assert_true(took <= sent * 8000000 / 9600 + 2 * 850000 + 100000 +
	                        3 * COMMIT_US);
}

/* --- the order of classes ------------------------------------------------ */

/* All four wait when the session begins. Whoever is more urgent is through
 * first, and each advances from the oldest on. */
static void
expect_order(enum link_end sender)
{
	struct link_options o = slow_link();
	struct way way = way_of(sender);
	uint64_t done_us[CLASSES] = {0}, place[CLASSES] = {0};
	uint8_t class;
	struct link *l;
	bool goes_on;

	for (class = CLASSES; class -- > 0;)
		world_make_notes(&w, way.from, "C01", class, LOAD_NOTE, 150);
	l = link_open(&w, &o, &clinic, &hub);
	do {
		goes_on = link_step(l);
		for (class = 0; class < CLASSES; class ++) {
			uint64_t now, end;

			link_places(
			    way.from, way.to, way.list, class, &now, &end);
			assert_true(now >= place[class]);
			place[class] = now;
			if (now == end && done_us[class] == 0)
				done_us[class] = link_now_us(l);
		}
	} while (goes_on);
	(void)link_close(l);
	for (class = 1; class < CLASSES; class ++)
		assert_true(done_us[class] > done_us[class - 1]);
	expect_both_equal();
}

static void
test_classes_go_by_urgency_on_their_way_up(void **state)
{
	expect_order(LINK_CHILD);
}

static void
test_classes_go_by_urgency_on_their_way_down(void **state)
{
	expect_order(LINK_PARENT);
}

/* --- what went up stays there --------------------------------------------- */

/* The hub looks at its lists whenever something came (the listener's kick), and
 * the clinic's own list has what the clinic just handed up. */
static void
test_what_came_up_does_not_go_down_again(void **state)
{
	struct link_options o = slow_link();
	struct link_result r;
	uint64_t place, end;
	struct link *l;
	unsigned i;

	(void)state;
	world_make_notes(&w, &clinic, "C01", 3, LOAD_NOTE, LOAD);
	l = link_open(&w, &o, &clinic, &hub);
	assert_true(link_run_until(l, 3000000));
	for (i = 0; i < 4; i++) {
		world_make_notes(&w, &clinic, "C01", 2, LOAD_NOTE, 1);
		link_look_again(l, LINK_CHILD);
		link_places(&clinic, &hub, "up", 2, &place, &end);
		while (link_committed(&clinic, &hub, "up", 2) != end)
			assert_true(link_step(l));
		link_look_again(l, LINK_PARENT);
		assert_true(link_run_until(l, link_now_us(l) + 1500000));
	}
	while (link_step(l))
		;
	r = link_close(l);
	expect_both_good(&r);
	assert_int_equal(r.stats[LINK_PARENT].changes_received, LOAD + 4);
	assert_int_equal(r.stats[LINK_PARENT].changes_sent, 0);
}

/* --- nobody starves ------------------------------------------------------ */

/* Class 0 never ends: there is always more of it than fits a few frames. */
static void
feed(struct link *l, const struct way *way)
{
	uint64_t place, end;

	link_places(way->from, way->to, way->list, 0, &place, &end);
	if (end - place > 500) /* not all of it is under way */
		return;
	world_make_notes(&w, way->from, "C01", 0, ENDLESS_NOTE, 200);
	link_look_again(l, way->sender);
}

static void
expect_nobody_starves(enum link_end sender, const char *name)
{
	struct link_options o = link_of(512000, TRIP_MS, 0);
	struct way way = way_of(sender);
	uint64_t place[CLASSES], receipted, end, sum = 0, low = 0;
	uint8_t class;
	struct link *l;

	world_make_notes(&w, way.from, "C01", 0, ENDLESS_NOTE, 400);
	for (class = 1; class < CLASSES; class ++)
		world_make_notes(&w, way.from, "C01", class, ENDLESS_NOTE, 400);
	l = link_open(&w, &o, &clinic, &hub);
	while (link_now_us(l) < 30000000) {
		assert_true(link_step(l));
		feed(l, &way);
	}
	for (class = 0; class < CLASSES; class ++) {
		place[class] =
		    link_committed(way.from, way.to, way.list, class);
		link_places(
		    way.from, way.to, way.list, class, &receipted, &end);
		assert_true(place[class] > 0 && place[class] < end);
		sum += place[class];
		low += class > 0 ? place[class] : 0;
	}
	(void)link_close(l);
	print_message("%s: of %u records %u %u %u were of classes 1, 2, 3\n",
	    name, (unsigned)sum, (unsigned)place[1], (unsigned)place[2],
	    (unsigned)place[3]);
	/* One frame in eight, in whole batches of up to 128; a class has one
	 * that is paid for and not yet counted. */
	assert_true(8 * low <= sum + 8 * 3 * 128);
	assert_true(8 * (low + 3 * 128) >= sum);
}

static void
test_lower_classes_get_their_share_on_their_way_up(void **state)
{
	expect_nobody_starves(LINK_CHILD, "up");
}

static void
test_lower_classes_get_their_share_on_their_way_down(void **state)
{
	expect_nobody_starves(LINK_PARENT, "down");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROOM(test_a_referral_overtakes_a_load_on_its_way_up),
	    ROOM(test_a_referral_overtakes_a_load_on_its_way_down),
	    ROOM(test_a_referral_overtakes_what_was_put_aside),
	    ROOM(test_classes_go_by_urgency_on_their_way_up),
	    ROOM(test_classes_go_by_urgency_on_their_way_down),
	    ROOM(test_what_came_up_does_not_go_down_again),
	    ROOM(test_lower_classes_get_their_share_on_their_way_up),
	    ROOM(test_lower_classes_get_their_share_on_their_way_down),
	};

	if (sodium_init() < 0)
		return 1;
	place_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
