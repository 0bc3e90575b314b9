/* cut_link: a long session cut at each of its bytes, then a second one. Nothing
 * is lost and nothing is there twice, and the second one carries what was not
 * committed, one round trip's flight and what any session costs: counted. What
 * was committed and lost its receipt does not go again; its exceptions are
 * asked for by ids (docs/protocol.md, 8.1).
 *
 * usage: cut_link [STEP]: at each STEP-th byte, each for 1; without it at the
 * bytes around each frame's end and some drawn ones.
 */

#include "store/list.h"
#include "tests/link/room.h"
#include "tests/unit/sampled.h"

enum {
	RATE = 64000,
	TRIP_MS = 600,
	FLIGHT = RATE / 8 * TRIP_MS / 1000, /* bytes under way in a trip */
	/* Handshake, hellos, cursors told, questions, answers to what was sent
	 * in vain. */
	FIXED = 900,
	DRAWN = 30,
	LISTS = 8,
};

static struct {
	const char *name;
	uint8_t class;
	enum link_end sender;
	unsigned count; /* records of it */
} const lists[LISTS] = {
    {"up", 0, LINK_CHILD, 3},
    {"up", 1, LINK_CHILD, 8},
    {"up", 2, LINK_CHILD, 20},
    {"up", 3, LINK_CHILD, 300},
    {"org:C01", 0, LINK_PARENT, 2},
    {"org:C01", 1, LINK_PARENT, 10},
    {"org:C01", 2, LINK_PARENT, 15},
    {"org:C01", 3, LINK_PARENT, 60},
};

/* A place that a receiver committed, and the bytes it had read by then. */
struct committed {
	uint64_t place[LISTS];
	uint64_t read[2];
};

enum { COMMITS_MAX = 64 };

static struct {
	struct site_copy clinic, hub;
	struct world world;
	struct link_frames frames;
	struct committed at[COMMITS_MAX]; /* of the uncut session, in order */
	size_t count;
	uint64_t total[2]; /* what each end read in it */
	uint64_t moved;
	uint64_t changes[2];
	uint64_t worst, worst_at; /* beyond what was not committed */
	uint64_t step;            /* bytes from cut to cut; 0: chosen ones */
} scene;

/* Where the receivers stand. */
static void
look(struct committed *out)
{
	int i;

	for (i = 0; i < LISTS; i++) {
		struct site *to =
		    lists[i].sender == LINK_CHILD ? &hub : &clinic;
		struct site *from =
		    lists[i].sender == LINK_CHILD ? &clinic : &hub;

		out->place[i] =
		    link_committed(from, to, lists[i].name, lists[i].class);
	}
}

static struct link_options
slow_link(void)
{
	struct link_options o = link_of(RATE, TRIP_MS, 0);

	o.commit_us[0] = o.commit_us[1] = 20000;
	return o;
}

static void
put_back(void)
{
	w = scene.world;
	site_restore(&w, &clinic, &scene.clinic);
	site_restore(&w, &hub, &scene.hub);
	w.seed = scene.world.seed;
}

static void
note_commit(struct link *l)
{
	struct committed now;

	memset(&now, 0, sizeof now);
	look(&now);
	if (scene.count > 0 &&
	    memcmp(now.place, scene.at[scene.count - 1].place,
	        sizeof now.place) == 0)
		return;
	assert_true(scene.count < COMMITS_MAX);
	now.read[LINK_CHILD] = link_read(l, LINK_CHILD);
	now.read[LINK_PARENT] = link_read(l, LINK_PARENT);
	scene.at[scene.count++] = now;
}

static int
scene_make(void **state)
{
	struct link_options o = slow_link();
	struct link_result r;
	struct link *l;
	int i;

	(void)room_make(state);
	for (i = 0; i < LISTS; i++)
		world_make_notes(&w,
		    lists[i].sender == LINK_CHILD ? &clinic : &hub, "C01",
		    lists[i].class, 30, lists[i].count);
	scene.world = w;
	site_save(&w, &clinic, &scene.clinic);
	site_save(&w, &hub, &scene.hub);
	put_back();
	l = link_open(&w, &o, &clinic, &hub);
	link_note_frames(l, &scene.frames);
	do
		note_commit(l);
	while (link_step(l));
	scene.total[0] = link_read(l, LINK_CHILD);
	scene.total[1] = link_read(l, LINK_PARENT);
	scene.moved = scene.total[0] + scene.total[1];
	r = link_close(l);
	expect_both_good(&r);
	expect_both_equal();
	scene.changes[0] = site_changes(&clinic);
	scene.changes[1] = site_changes(&hub);
	return 0;
}

static int
scene_close(void **state)
{
	site_copy_free(&scene.clinic);
	site_copy_free(&scene.hub);
	return room_close(state);
}

static bool
has_all(
    const struct committed *now, const struct committed *then, enum link_end to)
{
	int i;

	for (i = 0; i < LISTS; i++)
		if (lists[i].sender != to && now->place[i] < then->place[i])
			return false;
	return true;
}

/* Bytes of the uncut session behind the last commit up to which each end has
 * everything now. Those of a batch count until all of it was read. */
static uint64_t
bytes_left(void)
{
	uint64_t left = scene.moved;
	struct committed now;
	size_t k;
	int to;

	look(&now);
	for (to = 0; to < 2; to++) {
		for (k = scene.count - 1; k > 0; k--)
			if (has_all(&now, &scene.at[k], (enum link_end)to))
				break;
		left -= scene.at[k].read[to];
	}
	return left;
}

static void
cut_at(uint64_t at)
{
	struct link_options o = slow_link();
	struct link_result r;
	uint64_t left, bytes;

	put_back();
	o.cut_after = at;
	r = link_run(&w, &o, &clinic, &hub);
	assert_int_equal(r.delivered[0] + r.delivered[1], at);
	left = bytes_left();
	o.cut_after = NEVER;
	r = link_run(&w, &o, &clinic, &hub);
	expect_both_good(&r);
	assert_int_equal(site_changes(&clinic), scene.changes[0]);
	assert_int_equal(site_changes(&hub), scene.changes[1]);
	bytes = r.bytes[0] + r.bytes[1];
	if (bytes > left + scene.worst) {
		scene.worst = bytes - left;
		scene.worst_at = at;
	}
	if (bytes > left + FLIGHT + FIXED)
		print_message("cut at %u: %u bytes, %u not committed\n",
		    (unsigned)at, (unsigned)bytes, (unsigned)left);
	assert_true(bytes <= left + FLIGHT + FIXED);
}

static void
test_a_cut_session_repeats_what_was_not_committed(void **state)
{
	uint64_t at;
	size_t i, cuts = 0;

	for (i = 0; scene.step == 0 && i < scene.frames.count;
	     i += (sampled_stride() + 2) / 3)
		for (at = scene.frames.at[i] - 1; at <= scene.frames.at[i] + 1;
		     at++)
			if (at < scene.moved) {
				cut_at(at);
				cuts++;
			}
	for (i = 0; scene.step == 0 && i < DRAWN; i += sampled_stride()) {
		w.seed = 7 * i + 1;
		cut_at(world_draw(&w, scene.moved));
		cuts++;
	}
	for (at = 0; scene.step > 0 && at < scene.moved;
	     at += scene.step, cuts++)
		cut_at(at);
	expect_both_equal();
	print_message("a session of %u bytes in %u frames and %u batches, cut "
	              "at %u places\nbeyond what was not committed: %u bytes "
	              "at worst (cut at %u); a round trip's flight is %u\n",
	    (unsigned)scene.moved, (unsigned)scene.frames.count,
	    (unsigned)scene.count - 1, (unsigned)cuts, (unsigned)scene.worst,
	    (unsigned)scene.worst_at, (unsigned)FLIGHT);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        test_a_cut_session_repeats_what_was_not_committed, scene_make,
	        scene_close),
	};

	if (sodium_init() < 0)
		return 1;
	scene.step = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	place_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
