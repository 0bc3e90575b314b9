/* What a session makes of its lists when it looks at them again, and of batches
 * that were not taken when it ends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/packed.h"
#include "sync/session_state.h"
#include "tests/unit/memory_source.h"

static struct ends ends;

/* --- message 3 ------------------------------------------------------------ */

/* So many urgent lists that a lower class has its turn between them: some of
 * the urgent ones lie behind it, in what message 3 left. One that comes now
 * is of their class, and must not go before them. */
static void
test_the_urgent_keeps_its_order_behind_a_turn(void **state)
{
	struct memory_list *urgent = NULL;
	char name[16];
	int i;

	(void)state;
	memory_pair_make(&hub, &clinic);
	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "up%c", 'a' + i);
		urgent = memory_list_make(&clinic, name, 0, 1, 40);
	}
	memory_list_make(&clinic, "up", 2, 1, 40);
	memory_list_make(&clinic, "up", 3, 300, 400);
	ends_make(&ends);
	run(&ends, 100, 300);
	assert_true(first_holds(ends.up, 0));
	assert_true(first_holds(ends.up, 3));
	urgent->count = 30;
	session_look_again(ends.up);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(
	    memory_cursor(&hub.own, &urgent->id, false)->place, 30);
	ends_free(&ends);
}

/* --- looking in vain ------------------------------------------------------ */

static struct cursor asked_from;
static uint64_t passes_over;

/* All that follows the peer has: so far the list was read. */
static enum err
read_in_vain(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	batch_clear(out);
	if (list->class != 3)
		return ERR_END;
	asked_from = *after;
	out->end = *after;
	out->end.place += passes_over;
	return ERR_END;
}

/* The hub looks, and what it has to say is lost. */
static void
look_again(void)
{
	const uint8_t *out;
	size_t n;

	ends.down->is_last_look = false; /* the clinic sends more */
	session_look_again(ends.down);
	while ((n = session_output(ends.down, &out)) > 0)
		session_sent(ends.down, n, ends.now_ms);
}

static void
test_what_was_passed_over_is_not_read_again(void **state)
{
	struct outgoing *o;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "org:C01", 3, 5, 40);
	memory_list_make(&clinic, "up", 3, 5000, 40);
	ends_make(&ends);
	run(&ends, SIZE_MAX, 60000);
	assert_false(session_is_over(ends.down));
	o = &ends.down->outgoing[ends.down->outgoing_count - 1];
	assert_int_equal(o->next.place, 5);
	ends.down->o.source.read = read_in_vain;
	passes_over = 600;
	look_again();
	assert_int_equal(asked_from.place, 5);
	look_again();
	assert_int_equal(asked_from.place, 605);
	/* Further than that the peer is to be told. */
	look_again();
	assert_int_equal(asked_from.place, 5);
	/* What was not taken goes again from where it began. */
	passes_over = 10;
	look_again();
	assert_int_equal(o->next.place, 5);
	o->next.place = 2;
	look_again();
	assert_int_equal(asked_from.place, 2);
	ends_free(&ends);
}

/* A list whose end is read tells nothing of another's. */
static void
test_what_grows_goes_whatever_stands_elsewhere(void **state)
{
	struct memory_list *down;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "group", 3, 300, 40);
	down = memory_list_make(&hub, "org:C01", 3, 5, 40);
	memory_list_make(&clinic, "up", 3, 5000, 40);
	ends_make(&ends);
	run(&ends, SIZE_MAX, 60000);
	look_again();
	down->count = 10;
	session_look_again(ends.down);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_int_equal(
	    memory_cursor(&clinic.own, &down->id, false)->place, 10);
	ends_free(&ends);
}

/* A batch that begins behind what was passed over begins, for the peer, where
 * the one before ended. */
static void
test_what_follows_joins_though_some_was_passed_over(void **state)
{
	struct memory_list *down;
	struct outgoing *o;

	memory_pair_make(&hub, &clinic);
	down = memory_list_make(&hub, "org:C01", 3, 5, 40);
	memory_list_make(&clinic, "up", 3, 5000, 40);
	ends_make(&ends);
	run(&ends, SIZE_MAX, 60000);
	o = &ends.down->outgoing[ends.down->outgoing_count - 1];
	o->looked_from = o->looked_to = o->next;
	o->looked_to.place += 3;
	down->count = 10;
	session_look_again(ends.down);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_int_equal(
	    memory_cursor(&clinic.own, &down->id, false)->place, 10);
	ends_free(&ends);
}

/* --- what the peer's own batches lead to ---------------------------------- */

enum { LEADS_TO_ONE = 50 }; /* so many of the clinic's changes */

/* What the clinic's changes lead to stands on the list with the batch that
 * brings them. */
static enum err
read_what_follows(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	hub.lists[0].count = 1 + hub.taken / LEADS_TO_ONE;
	return memory_read(
	    context, list, after, peer_key, peer, changes_max, bytes_max, out);
}

/* The hub has said END long since; how much of it the clinic has at the end. */
static uint64_t
came(uint8_t class, uint64_t changes, uint64_t rate)
{
	const struct list_id down = {"org:C01", class};
	uint64_t place;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, down.name, class, 1, 40);
	memory_list_make(&clinic, "up", class, changes, 40);
	ends_make(&ends);
	ends.down->o.source.read = read_what_follows;
	run(&ends, 400, 3000);
	assert_false(session_is_over(ends.down));
	ends.up->pace.rate = ends.down->pace.rate = rate;
	run(&ends, 400, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(hub.taken, changes);
	place = memory_cursor(&clinic.own, &down, false)->place;
	ends_free(&ends);
	return place;
}

static void
test_what_the_last_batch_leads_to_comes_before_the_bye(void **state)
{
	(void)state;
	assert_int_equal(came(2, 5000, 0), 101);
	assert_int_equal(came(1, 5000, 0), 101);
}

/* There the answer to what is urgent leaves at once, and alone. */
static void
test_so_it_does_on_a_slow_link(void **state)
{
	(void)state;
	assert_int_equal(came(1, 5000, 600), 101);
}

/* What others bring meanwhile, ten times before the clinic has taken a batch,
 * does not hold it: it goes with the next session. */
static void
test_who_is_through_is_not_held_by_what_comes_later(void **state)
{
	struct memory_list *down;
	unsigned i;

	(void)state;
	memory_pair_make(&hub, &clinic);
	down = memory_list_make(&hub, "org:C01", 2, 1, 40);
	memory_list_make(&clinic, "up", 2, 600, 40);
	ends_make(&ends);
	run(&ends, SIZE_MAX, 3000);
	assert_true(ends.down->sent_end);
	for (i = 0; i < 3000 && !hub.is_done; i++) {
		ends.now_ms++;
		down->count++;
		session_look_again(ends.down);
		memory_carry(ends.down, ends.up, SIZE_MAX, ends.now_ms);
		memory_carry(ends.up, ends.down, SIZE_MAX, ends.now_ms);
		memory_work(&hub, ends.down);
		if (i % 10 == 9)
			memory_work(&clinic, ends.up);
	}
	assert_true(hub.is_done);
	assert_int_equal(hub.taken, 600);
	ends_free(&ends);
}

enum { CLINICS_LAST = 600 };

/* The clinic's last batch leads to a load. */
static enum err
read_a_load(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	hub.lists[0].count = hub.taken < CLINICS_LAST ? 1 : 5000;
	return memory_read(
	    context, list, after, peer_key, peer, changes_max, bytes_max, out);
}

/* END is taken back for that load, and the clinic stays until it is said
 * again: an emergency does not wait behind it, nor for the next session. */
static void
test_the_urgent_overtakes_what_the_last_batch_leads_to(void **state)
{
	struct memory_list *load, *urgent;
	unsigned i;

	(void)state;
	memory_pair_make(&hub, &clinic);
	load = memory_list_make(&hub, "org:C01", 3, 1, 700);
	urgent = memory_list_make(&hub, "org:C01", 0, 0, 40);
	memory_list_make(&clinic, "up", 2, CLINICS_LAST, 40);
	ends_make(&ends);
	ends.down->o.source.read = read_a_load;
	run(&ends, SIZE_MAX, 3000);
	assert_true(ends.down->sent_end);
	while (ends.down->sent_end)
		run(&ends, SIZE_MAX, ends.moved + 1);
	assert_true(ends.down->is_last_look);
	run(&ends, SIZE_MAX, ends.moved + 20000);
	urgent->count = 1;
	session_look_again(ends.down);
	for (i = 0; i < 3; i++) { /* the one under way, and its own */
		(void)memory_carry(ends.down, ends.up, SIZE_MAX, ++ends.now_ms);
		memory_work(&clinic, ends.up);
	}
	assert_non_null(memory_cursor(&clinic.own, &urgent->id, false));
	assert_true(memory_cursor(&clinic.own, &load->id, false)->place < 5000);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(
	    memory_cursor(&clinic.own, &load->id, false)->place, 5000);
	ends_free(&ends);
}

/* Behind the clinic's last change something of its list is passed over, which
 * the hub is told by a batch without changes. */
static enum err
read_with_a_tail(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	struct memory_list *up = &clinic.lists[0];
	enum err e = memory_read(
	    context, list, after, peer_key, peer, changes_max, bytes_max, out);

	if (e != ERR_END || list->class != up->id.class ||
	    after->place != CLINICS_LAST)
		return e;
	up->count = CLINICS_LAST + 1;
	out->list = *list;
	out->start = out->end = *after;
	out->end.place = up->count;
	out->end.running = memory_running(up, up->count);
	return ERR_OK;
}

static void
test_a_batch_without_changes_takes_no_look_away(void **state)
{
	struct memory_list *down;
	const struct cursor *at;

	(void)state;
	memory_pair_make(&hub, &clinic);
	down = memory_list_make(&hub, "org:C01", 2, 1, 40);
	memory_list_make(&clinic, "up", 2, CLINICS_LAST, 40);
	ends_make(&ends);
	ends.up->o.source.read = read_with_a_tail;
	ends.down->o.source.read = read_what_follows;
	run(&ends, SIZE_MAX, 3000);
	assert_true(ends.down->sent_end);
	/* The hub takes all of it before it makes its next frame. */
	do {
		assert_true(
		    memory_carry(ends.up, ends.down, SIZE_MAX, ++ends.now_ms));
		memory_work(&hub, ends.down);
		at = memory_cursor(&hub.own, &clinic.lists[0].id, false);
	} while (at == NULL || at->place <= CLINICS_LAST);
	assert_int_equal(hub.taken, CLINICS_LAST);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
	assert_int_equal(memory_cursor(&clinic.own, &down->id, false)->place,
	    1 + CLINICS_LAST / LEADS_TO_ONE);
	ends_free(&ends);
}

/* It is read for once, however many batches wait. */
static size_t reads;

static enum err
count_reads(void *context, const struct list_id *list,
    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
    const struct hello *peer, size_t changes_max, size_t bytes_max,
    struct batch *out)
{
	reads++;
	return memory_read(
	    context, list, after, peer_key, peer, changes_max, bytes_max, out);
}

static void
test_a_look_costs_a_reading_of_each_list_a_batch(void **state)
{
	uint64_t batches;

	(void)state;
	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "org:C01", 3, 1, 40);
	memory_list_make(&clinic, "up", 3, 5000, 40);
	ends_make(&ends);
	do
		run(&ends, SIZE_MAX, ends.moved + 1);
	while (!ends.down->sent_end);
	reads = 0;
	ends.down->o.source.read = count_reads;
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(hub.is_done);
	batches = clinic.receipts;
	assert_in_range(reads, 1, batches);
	ends_free(&ends);
}

/* --- what was not taken --------------------------------------------------- */

/* Behind an END that was taken back: who could not read it says bye, and no
 * end of that session is a clean one for who sent it. */
static void
test_what_was_not_taken_is_left_at_both_ends(void **state)
{
	struct memory_list *down;
	struct list_id id;

	memory_pair_make(&hub, &clinic);
	down = memory_list_make(&hub, "org:C01", 3, 40, 40);
	id = down->id;
	memory_list_make(&clinic, "up", 3, 5000, 40);
	ends_make(&ends);
	run(&ends, SIZE_MAX, 60000);
	assert_int_equal(memory_cursor(&clinic.own, &id, false)->place, 40);
	assert_false(session_stats(ends.up).left_untaken);
	/* The clinic loses the thread of the class. */
	assert_non_null(ends.up->unpacker[3]);
	unpacker_free(ends.up->unpacker[3]);
	ends.up->unpacker[3] = NULL;
	down->count = 80;
	session_look_again(ends.down);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_int_equal(memory_cursor(&clinic.own, &id, false)->place, 40);
	assert_true(session_stats(ends.up).left_untaken);
	assert_true(hub.has_failed);
	assert_int_equal(hub.error, ERR_CLOSED);
	ends_free(&ends);
}

static void
test_what_one_list_took_is_no_word_of_another(void **state)
{
	const struct list_id one = {"group", 3}, two = {"org:C01", 3};

	memory_pair_make(&hub, &clinic);
	ends_make(&ends);
	answers_note_taken(ends.up, &one, false);
	answers_note_taken(ends.up, &two, true);
	assert_true(session_stats(ends.up).left_untaken);
	answers_note_taken(ends.up, &one, true);
	assert_false(session_stats(ends.up).left_untaken);
	/* Of two only the next session makes sure. */
	answers_note_taken(ends.up, &one, false);
	answers_note_taken(ends.up, &two, false);
	answers_note_taken(ends.up, &one, true);
	answers_note_taken(ends.up, &two, true);
	assert_true(session_stats(ends.up).left_untaken);
	ends_free(&ends);
}

/* More to follow, and nothing of it: that could go on for ever. */
static void
test_cursors_that_tell_nothing_are_no_beginning(void **state)
{
	static uint8_t none[] = {0, 0};
	const struct buffer body = {.data = none, .size = sizeof none};
	const struct list_id list = {"org:C01", 3};

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, list.name, 3, 5, 40);
	*memory_cursor(&clinic.own, &list, true) =
	    (struct cursor){7, 3, memory_running(&hub.lists[0], 3)};
	ends_make(&ends);
	while (!ends.down->cursors_due)
		run(&ends, SIZE_MAX, ends.moved + 1);
	send_control(ends.up, MESSAGE_CURSORS, &body);
	run(&ends, SIZE_MAX, UINT64_MAX);
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, REASON_FORMAT);
	ends_free(&ends);
}

/* It is durable, and who waits for it is to be told. */
static void
test_a_batch_counts_though_the_link_died_meanwhile(void **state)
{
	struct session_event ev = {.type = EVENT_HELLO};
	struct receipt r;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 3, 5, 40);
	ends_make(&ends);
	do {
		memory_work(&clinic, ends.up);
		(void)memory_carry(ends.up, ends.down, SIZE_MAX, ++ends.now_ms);
		(void)memory_carry(ends.down, ends.up, SIZE_MAX, ends.now_ms);
		while (session_next_event(ends.down, &ev) &&
		       ev.type != EVENT_BATCH)
			;
	} while (ev.type != EVENT_BATCH);
	memory_take_batch(&hub, ev.batch, &r);
	session_closed(ends.down);
	session_answer_batch(ends.down, &r, NULL, 0);
	assert_int_equal(session_stats(ends.down).changes_received, 5);
	ends_free(&ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_urgent_keeps_its_order_behind_a_turn),
	    cmocka_unit_test(test_what_was_passed_over_is_not_read_again),
	    cmocka_unit_test(test_what_grows_goes_whatever_stands_elsewhere),
	    cmocka_unit_test(
	        test_what_follows_joins_though_some_was_passed_over),
	    cmocka_unit_test(
	        test_what_the_last_batch_leads_to_comes_before_the_bye),
	    cmocka_unit_test(test_so_it_does_on_a_slow_link),
	    cmocka_unit_test(
	        test_who_is_through_is_not_held_by_what_comes_later),
	    cmocka_unit_test(
	        test_the_urgent_overtakes_what_the_last_batch_leads_to),
	    cmocka_unit_test(test_a_batch_without_changes_takes_no_look_away),
	    cmocka_unit_test(test_a_look_costs_a_reading_of_each_list_a_batch),
	    cmocka_unit_test(test_what_was_not_taken_is_left_at_both_ends),
	    cmocka_unit_test(test_what_one_list_took_is_no_word_of_another),
	    cmocka_unit_test(test_cursors_that_tell_nothing_are_no_beginning),
	    cmocka_unit_test(
	        test_a_batch_counts_though_the_link_died_meanwhile),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
