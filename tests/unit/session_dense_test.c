/* session_pack: the dense form within a session: what it leans on, and what
 * happens where the peer cannot follow. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/memory_source.h"

enum { BODY = 40, CLASS = 2 };

static struct memory_list *up;

static void
make_nodes(uint64_t count)
{
	static const uint8_t nonce[LIFE_NONCE_BYTES];

	memory_pair_make(&hub, &clinic);
	up = memory_list_make(&clinic, "up", CLASS, count, BODY);
	clinic.author = &clinic;
	hub.author = &clinic;
	life_id_of(clinic.life, clinic.cert.signing_key, nonce);
}

/* A whole session; how many bytes the clinic sent. */
static uint64_t
sync_once(void)
{
	struct ends e;
	uint64_t sent;

	clinic.is_done = hub.is_done = false;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	sent = session_stats(e.up).bytes_sent;
	ends_free(&e);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	return sent;
}

static void
expect_all_taken_once(void)
{
	assert_int_equal(hub.taken, up->count);
	assert_int_equal(hub.known, 0);
	assert_int_equal(clinic.theirs.item[0].cursor.place, up->count);
}

static void
test_a_small_load_is_packed_a_large_one_begins_in_rows(void **state)
{
	uint64_t counts[] = {BATCH_CHANGES_AIM - 1, BATCH_CHANGES_AIM};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct ends e;

		make_nodes(counts[i]);
		ends_make(&e);
		run(&e, SIZE_MAX, UINT64_MAX);
		assert_int_equal(e.up->packer[CLASS] != NULL, i == 0);
		assert_int_equal(e.up->writer[CLASS] != NULL, i == 1);
		ends_free(&e);
		expect_all_taken_once();
	}
}

/* Who answers many asks for rows before anything was packed, and packs nothing
 * either. */
static void
test_who_wants_rows_gets_and_sends_them(void **state)
{
	struct memory_list *down;
	struct ends e;

	make_nodes(3 * BATCH_CHANGES_AIM);
	down = memory_list_make(&hub, "org:C01", CLASS, 5, BODY);
	hub.wants_rows = true;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_null(e.up->packer[CLASS]);
	assert_non_null(e.up->writer[CLASS]);
	assert_null(e.down->packer[CLASS]);
	assert_non_null(e.down->writer[CLASS]);
	ends_free(&e);
	expect_all_taken_once();
	assert_int_equal(clinic.taken, down->count);
	/* So little would have been packed before its hello is heard. */
	make_nodes(5);
	hub.wants_rows = true;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_null(e.up->packer[CLASS]);
	ends_free(&e);
	expect_all_taken_once();
}

/* Or it finds out in the midst of it: what is packed is sent and taken, and
 * the rest goes in rows; asking again says nothing. */
static void
test_rows_may_be_asked_for_at_any_time(void **state)
{
	struct ends e;

	make_nodes(BATCH_CHANGES_AIM * 8);
	ends_make(&e);
	while (e.up->packer[CLASS] == NULL || !e.up->has_peer_hello)
		run(&e, 64, e.moved + 64);
	session_ask_rows(e.down);
	session_ask_rows(e.down);
	while (!e.up->peer_wants_rows || send_has_bytes(e.up, CLASS))
		run(&e, 64, e.moved + 64);
	packer_free(e.up->packer[CLASS]);
	e.up->packer[CLASS] = NULL;
	assert_true(hub.taken < up->count);
	run(&e, 64, UINT64_MAX);
	assert_null(e.up->packer[CLASS]);
	assert_int_equal(e.down->control.size, 0);
	ends_free(&e);
	expect_all_taken_once();
}

/* Who does not know where the other stands does not pack ahead what may be in
 * vain, until the other has said so. */
static void
test_nothing_is_packed_ahead_for_who_stands_elsewhere(void **state)
{
	const struct list_id list = {"org:C01", CLASS};
	struct memory_list *down;
	struct ends e;

	make_nodes(0);
	down = memory_list_make(&hub, list.name, CLASS, 5, BODY);
	(void)sync_once();
	assert_int_equal(clinic.taken, 5);
	memory_cursor(&clinic.own, &list, false)->running ^= 1;
	down->count = 20;
	ends_make(&e);
	while (!e.down->cursors_due)
		run(&e, 1, e.moved + 1);
	assert_false(session_prepare(e.down));
	assert_false(send_has_bytes(e.down, CLASS));
	while (e.down->cursors_due)
		run(&e, 1, e.moved + 1);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_int_equal(memory_cursor(&clinic.own, &list, false)->place, 20);
	ends_free(&e);
}

/* What is packed ahead is what would have been packed when it was asked for,
 * and then nothing is left to do. */
static void
test_what_is_packed_ahead_is_the_same(void **state)
{
	uint64_t most, before, packed[2];
	unsigned prepared = 0, i;
	struct ends e;

	for (i = 0; i < 2; i++) {
		make_nodes(BATCH_CHANGES_AIM - 1);
		ends_make(&e);
		for (most = 500, before = 1; before != e.moved; most += 500) {
			before = e.moved;
			while (i == 1 && session_prepare(e.up))
				prepared++;
			run(&e, SIZE_MAX, most);
		}
		packed[i] = session_stats(e.up).data_sent[CLASS];
		ends_free(&e);
		expect_all_taken_once();
	}
	assert_int_equal(packed[1], packed[0]);
	assert_true(prepared > 0);
}

/* Both ends read the same bodies, those that have receipts. */
static void
test_the_next_session_builds_upon_what_is_held(void **state)
{
	uint64_t alone, after;

	make_nodes(50);
	(void)sync_once();
	assert_int_equal(clinic.history_told, 0);
	clinic.author = NULL; /* it tells none */
	up->count = 100;
	alone = sync_once();
	clinic.author = &clinic;
	up->count = 150;
	after = sync_once();
	assert_int_equal(clinic.history_told, 100);
	assert_int_equal(hub.history_told, 100);
	/* Random bodies gain little; that they gain nothing by being told of
	 * more than they cost is what counts here. */
	assert_true(after < alone + 20);
	expect_all_taken_once();
}

static void
test_no_more_is_learned_than_is_worth_it(void **state)
{
	make_nodes(1000);
	(void)sync_once();
	clinic.history_told = 0;
	up->count = 1000 + PACK_MANY - 1;
	(void)sync_once();
	assert_int_equal(clinic.history_told, PACK_HISTORY);
	expect_all_taken_once();
	/* Many gain more of it. */
	clinic.history_told = 0;
	up->count = 1300;
	(void)sync_once();
	assert_int_equal(clinic.history_told, PACK_HISTORY_LONG);
	expect_all_taken_once();
}

/* A hub that was put back, or holds other changes under these numbers. */
static void
test_a_hub_that_cannot_follow_is_sent_it_again(void **state)
{
	struct memory_node *authors[] = {NULL, &clinic};
	size_t i;

	for (i = 0; i < 2; i++) {
		make_nodes(50);
		(void)sync_once();
		hub.author = authors[i];
		hub.history_spoilt = 1;
		up->count = 120;
		(void)sync_once();
		expect_all_taken_once();
	}
}

/* What was sent behind what could not be read is void as well, and urgent
 * changes of another class are not touched by it. */
static void
test_all_that_follows_a_lost_thread_goes_again(void **state)
{
	struct memory_list *urgent;

	make_nodes(100);
	(void)sync_once();
	urgent = memory_list_make(&clinic, "up", 0, 3, BODY);
	hub.author = NULL;
	clinic.bytes_max = UINT64_C(1) << 40; /* all is packed, 64 a batch */
	up->count = 1000;
	(void)sync_once();
	assert_int_equal(hub.taken, up->count + urgent->count);
	assert_int_equal(hub.known, 0);
}

/* It is not tried for ever: what no beginning mends ends the session. */
static void
test_a_list_is_begun_anew_only_so_often(void **state)
{
	struct ends e;
	unsigned i;

	make_nodes(20);
	ends_make(&e);
	run(&e, SIZE_MAX, 600);
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    pack_refused(e.up, &e.up->outgoing[0], 9), ERR_OK);
	assert_int_equal(
	    pack_refused(e.up, &e.up->outgoing[0], 9), ERR_REFUSED);
	ends_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        test_a_small_load_is_packed_a_large_one_begins_in_rows),
	    cmocka_unit_test(
	        test_nothing_is_packed_ahead_for_who_stands_elsewhere),
	    cmocka_unit_test(test_who_wants_rows_gets_and_sends_them),
	    cmocka_unit_test(test_rows_may_be_asked_for_at_any_time),
	    cmocka_unit_test(test_what_is_packed_ahead_is_the_same),
	    cmocka_unit_test(test_the_next_session_builds_upon_what_is_held),
	    cmocka_unit_test(test_no_more_is_learned_than_is_worth_it),
	    cmocka_unit_test(test_a_hub_that_cannot_follow_is_sent_it_again),
	    cmocka_unit_test(test_all_that_follows_a_lost_thread_goes_again),
	    cmocka_unit_test(test_a_list_is_begun_anew_only_so_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
