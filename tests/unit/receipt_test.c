/* receipt: nothing counts as held but what a receipt shows. */

#include "tests/unit/group.h"

static struct member hub, clinic;
static struct cert parent;

static int
set_up(void **state)
{
	struct self self;
	struct txn *t;

	member_make(&hub, ROLE_HUB, "hub");
	member_make(&clinic, ROLE_CLINIC, "clinic");
	group_join(&hub, &clinic, "C01");
	self = member_self(&clinic);
	t = member_begin(&clinic, false);
	assert_int_equal(enrol_parent(t, &self, &parent, NULL, 0), ERR_OK);
	txn_abort(t);
	return 0;
}

static int
tear_down(void **state)
{
	member_remove(&hub);
	member_remove(&clinic);
	return 0;
}

/* Where the clinic's list ends in class 3. */
static struct cursor
end_of_up(void)
{
	struct txn *t = member_begin(&clinic, false);
	struct audience a;
	struct cursor end;

	assert_int_equal(audience_read(t, AUDIENCE_UP, &a), ERR_OK);
	assert_int_equal(list_end(t, &a, 3, &end), ERR_OK);
	txn_abort(t);
	return end;
}

static enum err
take(const char *list, struct cursor c)
{
	struct receipt r = {.cursor = c};
	struct txn *t = member_begin(&clinic, true);
	enum err e;

	snprintf(r.list.name, sizeof r.list.name, "%s", list);
	r.list.class = 3;
	e = receipts_take(t, &parent, &r, GROUP_NOW);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
test_receipt_on_the_list_counts(void **state)
{
	struct cursor one;

	member_write(&clinic, 3, "C01");
	one = end_of_up();
	member_write(&clinic, 3, "C01");
	assert_int_equal(member_waiting(&clinic), 2);
	assert_int_equal(take("up", one), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 1);
	assert_int_equal(take("up", end_of_up()), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 0);
}

static void
test_receipt_off_the_list_counts_for_nothing(void **state)
{
	struct cursor end, c;

	member_write(&clinic, 3, "C01");
	member_write(&clinic, 3, "C01");
	end = end_of_up();
	c = end;
	c.place++;
	assert_int_equal(take("up", c), ERR_FORK);
	c = end;
	c.running ^= 1;
	assert_int_equal(take("up", c), ERR_FORK);
	assert_int_equal(member_waiting(&clinic), 2);
	c = end;
	c.epoch ^= 1; /* of a list that was here once */
	assert_int_equal(take("up", c), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 2);
	assert_int_equal(take("group", end), ERR_OK); /* none of ours */
	assert_int_equal(member_waiting(&clinic), 2);
}

static void
test_receipt_for_unknown_list_leaves_nothing_behind(void **state)
{
	uint64_t before, after;
	struct txn *t = member_begin(&clinic, false);

	assert_int_equal(txn_count(t, TABLE_CURSORS, &before), ERR_OK);
	txn_abort(t);
	assert_int_equal(take("org:X", (struct cursor){1, 2, 3}), ERR_OK);
	t = member_begin(&clinic, false);
	assert_int_equal(txn_count(t, TABLE_CURSORS, &after), ERR_OK);
	txn_abort(t);
	assert_int_equal(before, after);
}

/* A parent that lost what it had receipted: it waits again. */
static void
test_correction_takes_back_what_was_held(void **state)
{
	struct cursor_set *set = calloc(1, sizeof *set);
	struct cursor one;
	struct txn *t;

	assert_true(set != NULL);
	member_write(&clinic, 3, "C01");
	one = end_of_up();
	member_write(&clinic, 3, "C01");
	assert_int_equal(take("up", end_of_up()), ERR_OK);
	set->count = 1;
	snprintf(set->item[0].list.name, 8, "up");
	set->item[0].list.class = 3;
	set->item[0].cursor = one;
	t = member_begin(&clinic, true);
	assert_int_equal(receipts_correct(t, &parent, set, false), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 1);
	set->count = 0;
	t = member_begin(&clinic, true);
	assert_int_equal(receipts_correct(t, &parent, set, false), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 2);
	free(set);
}

/* What a parent holds beyond its receipts it may have kept apart: only they
 * tell. A child's word is taken. */
static void
test_correction_of_a_parent_never_raises(void **state)
{
	struct cursor_set *set = calloc(1, sizeof *set);
	struct txn *t;

	assert_true(set != NULL);
	member_write(&clinic, 3, "C01");
	set->count = 1;
	snprintf(set->item[0].list.name, 8, "up");
	set->item[0].list.class = 3;
	set->item[0].cursor = end_of_up();
	t = member_begin(&clinic, true);
	assert_int_equal(receipts_correct(t, &parent, set, false), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 1);
	t = member_begin(&clinic, true);
	assert_int_equal(receipts_correct(t, &parent, set, true), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(member_waiting(&clinic), 0);
	free(set);
}

/* --- the group's word ----------------------------------------------------- */

static enum err
take_group(const struct group_receipt *g)
{
	struct self self = member_self(&clinic);
	struct txn *t = member_begin(&clinic, true);
	enum err e = receipts_take_group(t, &self, g);

	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
make_group(struct group_receipt *g)
{
	struct self self = member_self(&hub), maker = member_self(&clinic);
	struct txn *t = member_begin(&hub, false);

	assert_int_equal(receipts_make_group(t, &self, maker.life, g), ERR_OK);
	txn_abort(t);
}

static void
test_group_receipt_must_be_the_hubs_and_of_our_chain(void **state)
{
	struct self self;
	struct group_receipt g, bad;

	member_write(&clinic, 3, "C01");
	member_write(&clinic, 3, "C01");
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	make_group(&g);
	assert_int_equal(g.seq[3], 2);
	member_write(&clinic, 3, "C01");
	assert_int_equal(take_group(&g), ERR_OK); /* one behind ours */
	assert_int_equal(member_at_group(&clinic), 2);
	bad = g;
	bad.signature[0] ^= 1;
	assert_int_equal(take_group(&bad), ERR_AUTH);
	bad = g;
	bad.seq[3] = 3;
	assert_int_equal(take_group(&bad), ERR_AUTH);
	self = member_self(&hub);
	bad = g;
	bad.chain[3][5] ^= 1;
	group_receipt_sign(&bad, self.signing_secret);
	assert_int_equal(take_group(&bad), ERR_FORK);
	bad = g;
	bad.seq[3] = 9;
	group_receipt_sign(&bad, self.signing_secret);
	assert_int_equal(take_group(&bad), ERR_FORK);
	self = member_self(&clinic);
	group_receipt_sign(&g, self.signing_secret);
	assert_int_equal(take_group(&g), ERR_AUTH);
	assert_int_equal(member_at_group(&clinic), 2);
}

static enum err
take_held(const struct group_held *h)
{
	struct self self = member_self(&clinic);
	struct txn *t = member_begin(&clinic, true);
	enum err e = receipts_take_held(t, &self, self.life_nonce, h);

	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

/* The chains are ours to compute, at our head and before it, over a
 * checkpoint; what does not fit them is another history or another's word. */
static void
test_short_group_receipt_is_the_long_one(void **state)
{
	struct group_receipt g;
	struct group_held h = {.life = 0}, bad;
	unsigned i;

	for (i = 0; i < 70; i++)
		member_write(&clinic, 3, "C01");
	member_write(&clinic, 0, "C01");
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	make_group(&g);
	memcpy(h.seq, g.seq, sizeof h.seq);
	memcpy(h.signature, g.signature, sizeof h.signature);
	assert_int_equal(take_held(&h), ERR_OK); /* at our heads */
	member_write(&clinic, 3, "C01");
	assert_int_equal(take_held(&h), ERR_OK); /* one behind */
	assert_int_equal(member_at_group(&clinic), 71);
	bad = h;
	bad.signature[0] ^= 1;
	assert_int_equal(take_held(&bad), ERR_FORK);
	bad = h;
	bad.seq[3]++; /* we wrote it, and nobody signed it */
	assert_int_equal(take_held(&bad), ERR_FORK);
	bad = h;
	bad.seq[3] = 99; /* nor did we */
	assert_int_equal(take_held(&bad), ERR_FORK);
	bad = h;
	bad.seq[1] = 1;
	assert_int_equal(take_held(&bad), ERR_FORK);
	assert_int_equal(member_at_group(&clinic), 71);
}

static void
test_group_receipt_of_another_node_is_not_counted(void **state)
{
	struct self self = member_self(&hub);
	struct group_receipt g = {.life = {9}, .seq = {0, 0, 0, 50}};

	group_receipt_sign(&g, self.signing_secret);
	assert_int_equal(take_group(&g), ERR_OK);
	assert_int_equal(member_at_group(&clinic), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_receipt_on_the_list_counts),
	    CASE(test_receipt_off_the_list_counts_for_nothing),
	    CASE(test_receipt_for_unknown_list_leaves_nothing_behind),
	    CASE(test_correction_takes_back_what_was_held),
	    CASE(test_correction_of_a_parent_never_raises),
	    CASE(test_group_receipt_must_be_the_hubs_and_of_our_chain),
	    CASE(test_short_group_receipt_is_the_long_one),
	    CASE(test_group_receipt_of_another_node_is_not_counted),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
