/* paper: slip numbers are used once and carry their check. */

#include "tests/unit/test_store.h"

#include "store/codes.h"
#include "store/paper.h"

static int
open_clinic(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_CLINIC);
	*state = s;
	return 0;
}

static int
close_store(void **state)
{
	struct test_store *s = *state;

	test_store_close(s);
	free(s);
	return 0;
}

static void
join_with_short_code(struct test_store *s)
{
	test_store_join(s, "V1");
	test_store_admit(
	    s, "", "org", "V1", "H", json_pack("{s:s}", "short_code", "TA1"));
}

static enum err
draw(struct txn *t, const char *org, char letter, char out[SLIP_BYTES])
{
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	return paper_draw(t, &self, org, letter, out, SLIP_BYTES);
}

static void
test_numbers_are_unique_and_checked(void **state)
{
	struct test_store *s = *state;
	static char seen[300][SLIP_BYTES];
	struct txn *t;
	uint64_t left;
	size_t i, j;
	char letter;

	join_with_short_code(s);
	t = test_store_write(s);
	assert_int_equal(paper_grant(t, 500000, 100), ERR_OK);
	assert_int_equal(paper_grant(t, 510000, 200), ERR_OK);
	for (i = 0; i < 300; i++) {
		assert_int_equal(paper_left(t, &left), ERR_OK);
		assert_int_equal(left, 300 - i);
		assert_int_equal(
		    draw(t, "V1", i % 2 == 0 ? 'E' : 'C', seen[i]), ERR_OK);
		assert_true(slip_is_valid(seen[i], &letter));
		assert_int_equal(letter, i % 2 == 0 ? 'E' : 'C');
		for (j = 0; j < i; j++)
			assert_memory_not_equal(seen[i] + 6, seen[j] + 6, 6);
	}
	assert_int_equal(draw(t, "V1", 'E', seen[0]), ERR_NOT_FOUND);
	txn_abort(t);
}

static void
test_number_has_the_form_of_the_exchange_format(void **state)
{
	struct test_store *s = *state;
	char slip[SLIP_BYTES];
	struct txn *t;

	join_with_short_code(s);
	t = test_store_write(s);
	assert_int_equal(paper_grant(t, 512345, 1), ERR_OK);
	assert_int_equal(draw(t, "V1", 'R', slip), ERR_OK);
	assert_int_equal(strlen(slip), 14);
	assert_memory_equal(slip, "TA1-R-512345-", 13);
	txn_abort(t);
}

static void
test_drawn_number_stays_drawn_after_a_restart(void **state)
{
	struct test_store *s = *state;
	char one[SLIP_BYTES], two[SLIP_BYTES];
	struct txn *t;

	join_with_short_code(s);
	t = test_store_write(s);
	assert_int_equal(paper_grant(t, 500000, 5), ERR_OK);
	assert_int_equal(draw(t, "V1", 'E', one), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	test_store_reopen(s);
	t = test_store_write(s);
	assert_int_equal(draw(t, "V1", 'E', two), ERR_OK);
	assert_string_not_equal(one, two);
	txn_abort(t);
}

static void
test_no_number_without_block_or_short_code(void **state)
{
	struct test_store *s = *state;
	char slip[SLIP_BYTES];
	struct txn *t = test_store_write(s);

	assert_int_equal(draw(t, "V1", 'E', slip), ERR_NOT_FOUND);
	txn_abort(t);
	test_store_join(s, "V1");
	t = test_store_write(s);
	assert_int_equal(draw(t, "V1", 'E', slip), ERR_NOT_FOUND);
	assert_int_equal(paper_grant(t, 500000, 5), ERR_OK);
	assert_int_equal(draw(t, "V1", 'E', slip), ERR_NOT_FOUND);
	assert_int_equal(txn_commit(t), ERR_OK);
	test_store_admit(
	    s, "", "org", "V1", "H", json_pack("{s:s}", "short_code", "TA1"));
	t = test_store_write(s);
	assert_int_equal(draw(t, "V1", 'E', slip), ERR_OK);
	txn_abort(t);
}

/* The block is one org's; another's short code with the same number may be
 * on paper elsewhere. */
static void
test_short_code_is_that_of_the_org_the_block_came_from(void **state)
{
	struct test_store *s = *state;
	char slip[SLIP_BYTES];
	struct txn *t;

	join_with_short_code(s);
	test_store_admit(
	    s, "", "org", "V2", "H", json_pack("{s:s}", "short_code", "TA2"));
	t = test_store_write(s);
	assert_int_equal(paper_grant(t, 500000, 5), ERR_OK);
	assert_int_equal(draw(t, "V2", 'E', slip), ERR_OK);
	assert_memory_equal(slip, "TA1-", 4);
	txn_abort(t);
}

static void
test_grants_that_cannot_be_are_refused(void **state)
{
	struct txn *t = test_store_write(*state);

	assert_int_equal(paper_grant(t, PAPER_FIRST - 1, 5), ERR_FORMAT);
	assert_int_equal(paper_grant(t, PAPER_FIRST, 0), ERR_FORMAT);
	assert_int_equal(paper_grant(t, PAPER_END - 1, 2), ERR_FORMAT);
	assert_int_equal(paper_grant(t, UINT64_MAX, 2), ERR_FORMAT);
	assert_int_equal(paper_grant(t, 2, UINT64_MAX), ERR_FORMAT);
	assert_int_equal(paper_grant(t, 500000, 10), ERR_OK);
	assert_int_equal(paper_grant(t, 500009, 10), ERR_EXISTS);
	assert_int_equal(paper_grant(t, 500010, 10), ERR_OK);
	txn_abort(t);
}

static void
test_blocks_of_an_org_never_overlap(void **state)
{
	struct txn *t = test_store_write(*state);
	uint64_t first, next = PAPER_FIRST;

	while (next + PAPER_GRANT <= PAPER_END) {
		assert_int_equal(
		    paper_allocate(t, "V1", PAPER_GRANT, &first), ERR_OK);
		assert_int_equal(first, next);
		next += PAPER_GRANT;
	}
	assert_int_equal(
	    paper_allocate(t, "V1", PAPER_GRANT, &first), ERR_FULL);
	assert_int_equal(paper_allocate(t, "V2", PAPER_GRANT, &first), ERR_OK);
	assert_int_equal(first, PAPER_FIRST);
	assert_int_equal(paper_allocate(t, "V2", UINT64_MAX, &first), ERR_FULL);
	txn_abort(t);
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, open_clinic, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_numbers_are_unique_and_checked),
	    CASE(test_number_has_the_form_of_the_exchange_format),
	    CASE(test_drawn_number_stays_drawn_after_a_restart),
	    CASE(test_no_number_without_block_or_short_code),
	    CASE(test_short_code_is_that_of_the_org_the_block_came_from),
	    CASE(test_grants_that_cannot_be_are_refused),
	    CASE(test_blocks_of_an_org_never_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
