/* unheard_link: receipts that a link took with it are asked for by ids. What
 * was committed does not go again, and what the hub keeps apart of it is told
 * all the same (docs/protocol.md, 8.1).
 */

#include "store/key.h"
#include "store/list.h"
#include "tests/link/room.h"

enum { CLASS = 2, LOST = 3, NOTE = 40 };

static struct link_options
slow_link(void)
{
	return link_of(64000, 600, 0);
}

static struct link_result
sync_once(enum err clinic_result)
{
	struct link_options o = slow_link();
	struct link_result r = link_run(&w, &o, &clinic, &hub);

	assert_int_equal(r.result[LINK_CHILD], clinic_result);
	return r;
}

/* The hub commits all of it, and none of its receipts comes through. */
static void
sync_without_receipts(void)
{
	struct link_options o = slow_link();
	struct link *l = link_open(&w, &o, &clinic, &hub);
	uint64_t end, before, place;

	link_places(&clinic, &hub, "up", CLASS, &before, &end);
	assert_true(before < end);
	while (link_committed(&clinic, &hub, "up", CLASS) < end)
		assert_true(link_step(l));
	link_cut(l);
	(void)link_close(l);
	link_places(&clinic, &hub, "up", CLASS, &place, &end);
	assert_int_equal(place, before);
}

static void
expect_receipted(void)
{
	uint64_t place, end;

	link_places(&clinic, &hub, "up", CLASS, &place, &end);
	assert_int_equal(place, end);
}

static void
test_what_was_committed_does_not_go_again(void **state)
{
	struct link_result r;

	world_make_notes(&w, &clinic, "C01", CLASS, NOTE, 20);
	sync_without_receipts();
	r = sync_once(ERR_OK);
	assert_int_equal(r.stats[LINK_PARENT].changes_received, 0);
	expect_receipted();
	expect_both_equal();
	/* The group's word was lost too. */
	assert_int_equal(site_at_group(&clinic), 20);
}

/* An org that the hub does not know: kept apart there. */
static void
test_what_was_kept_apart_is_told(void **state)
{
	struct link_result r;

	world_make_notes(&w, &clinic, "C01", CLASS, NOTE, 2);
	world_make_notes(&w, &clinic, "C99", CLASS, NOTE, 1);
	world_make_notes(&w, &clinic, "C01", CLASS, NOTE, 2);
	sync_without_receipts();
	assert_int_equal(site_questions(&clinic), 0);
	r = sync_once(ERR_OK);
	assert_int_equal(r.stats[LINK_PARENT].changes_received, 0);
	expect_receipted();
	assert_int_equal(site_questions(&clinic), 1);
}

/* The clinic is put back, writes other changes under the same ids, one more
 * than it lost, finds itself a copy, and hears of no clash. */
static void
lose_clashes(void)
{
	struct site_copy copy;

	world_make_notes(&w, &clinic, "C01", CLASS, NOTE, LOST);
	(void)sync_once(ERR_OK);
	site_save(&w, &clinic, &copy);
	world_make_notes(&w, &clinic, "C01", CLASS, NOTE, LOST);
	(void)sync_once(ERR_OK);
	site_restore(&w, &clinic, &copy);
	site_copy_free(&copy);
	world_make_notes(&w, &clinic, "C01", CLASS, NOTE, LOST + 1);
	(void)sync_once(ERR_CLOSED);
	sync_without_receipts();
}

static void
expect_written_again(void)
{
	unsigned i;

	for (i = 0; i < 2; i++)
		(void)sync_once(ERR_OK);
	expect_receipted();
	expect_same_records();
}

static void
test_clash_that_was_not_heard_is_told(void **state)
{
	struct link_result r;

	lose_clashes();
	r = sync_once(ERR_OK);
	assert_int_equal(r.stats[LINK_PARENT].changes_received, 0);
	expect_written_again();
}

/* The hub does not know what it has under the ids: all of it goes again. */
static void
test_what_cannot_be_told_goes_again(void **state)
{
	uint8_t key[6 + KEY_CHANGE_BYTES];
	struct link_result r;
	struct bytes found;
	struct walk *walk;
	struct txn *t;
	unsigned gone = 0;

	lose_clashes();
	t = site_begin(&hub, true);
	for (;;) {
		assert_int_equal(
		    walk_open(t, TABLE_META, "other:", 6, &walk), ERR_OK);
		if (walk_next(walk, &found, NULL) != ERR_OK ||
		    found.size != sizeof key ||
		    memcmp(found.data, "other:", 6) != 0)
			break;
		memcpy(key, found.data, sizeof key);
		walk_close(walk);
		assert_int_equal(
		    txn_delete(t, TABLE_META, key, sizeof key), ERR_OK);
		gone++;
	}
	walk_close(walk);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(gone, LOST + 1);
	r = sync_once(ERR_OK);
	assert_true(r.stats[LINK_PARENT].changes_received >= 2 * LOST);
	expect_written_again();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROOM(test_what_was_committed_does_not_go_again),
	    ROOM(test_what_was_kept_apart_is_told),
	    ROOM(test_clash_that_was_not_heard_is_told),
	    ROOM(test_what_cannot_be_told_goes_again),
	};

	if (sodium_init() < 0)
		return 1;
	place_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
