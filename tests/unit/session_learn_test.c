/* session_learn: what coders begin from is learned while the link is waited
 * for, and how fast this computer packs has its say in the form. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/memory_source.h"

enum { BODY = 40, CLASS = 2, HELD = 200, MANY = 700 };

static struct memory_list *up;

/* The hub holds some, more wait. */
static void
make_nodes(void)
{
	static const uint8_t nonce[LIFE_NONCE_BYTES];
	struct ends e;

	memory_pair_make(&hub, &clinic);
	up = memory_list_make(&clinic, "up", CLASS, HELD, BODY);
	clinic.author = hub.author = &clinic;
	life_id_of(clinic.life, clinic.cert.signing_key, nonce);
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
	assert_int_equal(hub.taken, HELD);
	clinic.is_done = hub.is_done = false;
	up->count = MANY;
}

static void
expect_all_taken(void)
{
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(hub.taken, MANY);
	assert_int_equal(hub.known, 0);
}

static unsigned
learn(struct session *s)
{
	unsigned steps = 0;

	while (session_learn(s))
		steps++;
	return steps;
}

/* A session over a far link; the owners let their sessions learn whenever
 * nothing moves, or never. How many bytes the clinic sent. */
static uint64_t
sync_over_far_link(bool learns, unsigned steps[2])
{
	struct ends e;
	uint64_t most, sent;

	hub.learns = learns;
	ends_make(&e);
	e.now_ms += PACK_TRIP_MS + 5;
	assert_int_equal(session_expire(e.up, e.now_ms), ERR_OK);
	for (most = 100; !clinic.is_done && most < 1000000; most += 100) {
		if (learns) {
			steps[0] += learn(e.up);
			steps[1] += learn(e.down);
		}
		run(&e, 100, most);
	}
	sent = session_stats(e.up).bytes_sent;
	assert_non_null(e.up->packer[CLASS]);
	assert_int_equal(e.up->beginnings[CLASS], 1);
	ends_free(&e);
	expect_all_taken();
	return sent;
}

static void
test_what_is_learned_ahead_is_the_same(void **state)
{
	unsigned steps[2] = {0, 0};
	uint64_t sent[2];

	make_nodes();
	sent[0] = sync_over_far_link(false, steps);
	make_nodes();
	sent[1] = sync_over_far_link(true, steps);
	assert_int_equal(sent[1], sent[0]);
	assert_true(steps[0] >= HELD / 8);
	assert_true(steps[1] >= HELD / 8);
}

/* The answer to message 3 shares a frame with hello, learned or not. */
static void
test_learning_takes_no_frame_more(void **state)
{
	uint64_t down[2];
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct ends e;

		make_nodes();
		up->count = HELD + 5;
		hub.learns = i == 1;
		ends_make(&e);
		while (!clinic.is_done && e.moved < 10000) {
			uint64_t before = e.moved;

			run(&e, SIZE_MAX, UINT64_MAX);
			if (learn(e.down) == 0 && e.moved == before)
				break;
		}
		down[i] = session_stats(e.down).bytes_sent;
		ends_free(&e);
		assert_true(clinic.is_done);
		assert_int_equal(hub.taken, HELD + 5);
	}
	assert_int_equal(down[1], down[0]);
}

/* It answers sooner than that, and much would go in rows. */
static void
test_a_near_peer_is_not_prepared_for(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	assert_int_equal(
	    session_deadline_ms(e.up), e.up->entered_ms + PACK_TRIP_MS);
	assert_int_equal(learn(e.up), 0);
	assert_int_equal(learn(e.down), 0);
	assert_int_equal(
	    session_expire(e.up, e.up->entered_ms + PACK_TRIP_MS), ERR_OK);
	assert_true(
	    session_deadline_ms(e.up) > e.up->entered_ms + PACK_TRIP_MS);
	assert_true(session_learn(e.up));
	ends_free(&e);
}

static void
test_what_has_a_bound_is_not_prepared_for(void **state)
{
	struct ends e;

	make_nodes();
	clinic.bytes_max = 100000;
	ends_make(&e);
	assert_int_equal(
	    session_expire(e.up, e.up->entered_ms + PACK_TRIP_MS), ERR_OK);
	assert_int_equal(learn(e.up), 0);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
	expect_all_taken();
}

/* More was written since, or all of it: what was learned does not fit. */
static void
test_what_was_prepared_for_need_not_come(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	assert_int_equal(
	    session_expire(e.up, e.up->entered_ms + PACK_TRIP_MS), ERR_OK);
	assert_true(learn(e.up) > 0);
	memory_must(e.up->packer[CLASS] != NULL);
	/* As if it had begun behind another change. */
	(void)packer_start(e.up->packer[CLASS], e.up->books, 0, &e.up->o.source,
	    &(struct change_id){.class = CLASS}, 0);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
	expect_all_taken();
}

/* A link of that rate; the computer packs so many bytes a second. */
static bool
packs_at(uint64_t link, uint64_t packs)
{
	struct ends e;
	struct batch b = {.list.class = CLASS, .change_count = 8};
	bool is_packed;

	ends_make(&e);
	e.up->pace.rate = link;
	e.up->pack_pace.last_bytes = packs / 2;
	session_prepare_took(e.up, 500000);
	is_packed = pack_is_wanted(e.up, &b);
	ends_free(&e);
	return is_packed;
}

static void
test_a_slow_computer_packs_less(void **state)
{
	make_nodes();
	assert_true(packs_at(8000, 100000));
	assert_true(packs_at(8000, 5000));
	assert_false(packs_at(8000, 3000));
	assert_true(packs_at(200000, 150000));
	assert_false(packs_at(200000, 90000));
	/* However fast it is. */
	assert_true(packs_at(250 * 1024, 1000000));
	assert_false(packs_at(260 * 1024, 1000000));
}

/* What it read or learned, and what took no time, tells nothing. */
static void
test_only_packing_is_timed(void **state)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	session_prepare_took(e.up, 10000000);
	assert_int_equal(e.up->pack_pace.rate, 0);
	e.up->pack_pace.last_bytes = 1000;
	session_prepare_took(e.up, 60000);
	assert_int_equal(e.up->pack_pace.rate, 0);
	e.up->pack_pace.last_bytes = 1000;
	session_prepare_took(e.up, 60000);
	assert_in_range(e.up->pack_pace.rate, 16000, 17000);
	ends_free(&e);
}

/* It is the session that says what it packed. */
static void
test_packing_ahead_is_counted(void **state)
{
	uint64_t most, made = 0;
	struct ends e;

	make_nodes();
	ends_make(&e);
	e.now_ms += PACK_TRIP_MS + 5;
	for (most = 500; !clinic.is_done && most < 100000; most += 500) {
		bool more = true;

		for (; more; made += e.up->pack_pace.last_bytes)
			more = session_prepare(e.up);
		run(&e, SIZE_MAX, most);
	}
	assert_true(made > 0);
	assert_true(made <= session_stats(e.up).data_sent[CLASS]);
	ends_free(&e);
	expect_all_taken();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_learned_ahead_is_the_same),
	    cmocka_unit_test(test_learning_takes_no_frame_more),
	    cmocka_unit_test(test_a_near_peer_is_not_prepared_for),
	    cmocka_unit_test(test_what_has_a_bound_is_not_prepared_for),
	    cmocka_unit_test(test_what_was_prepared_for_need_not_come),
	    cmocka_unit_test(test_a_slow_computer_packs_less),
	    cmocka_unit_test(test_only_packing_is_timed),
	    cmocka_unit_test(test_packing_ahead_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
