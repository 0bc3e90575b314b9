/* not_at_site: the group lists who wrote where he has no valid practice site,
 * also what another node sent without a word about it. */

#include "store/question.h"
#include "tests/unit/feed_room.h"

static int
set_up_sites(void **state)
{
	set_up(state);
	wrote(&hub, "C01", "practice_site", "p1",
	    json_pack("{s:s, s:s, s:s}", "staff_id", "ref:S1", "valid_from",
	        "2026-01-01", "valid_to", "2026-12-31"));
	return 0;
}

struct listed {
	size_t count;
	char ref[REF_BYTES_MAX + 1];
};

static enum err
count_listed(void *context, const struct question *q)
{
	struct listed *l = context;

	if (q->type == QUESTION_WARNING && q->code == FINDING_NOT_AT_SITE) {
		l->count++;
		snprintf(l->ref, sizeof l->ref, "%s", q->ref);
	}
	return ERR_OK;
}

static struct listed
listed(struct member *m)
{
	struct txn *t = member_begin(m, false);
	struct listed l = {.count = 0};

	assert_int_equal(question_walk(t, count_listed, &l), ERR_OK);
	txn_abort(t);
	return l;
}

static struct change_id
visit(struct member *m, const char *org, const char *ref)
{
	return wrote(m, org, "encounter", ref,
	    json_pack("{s:s, s:s}", "state", "signed", "plan", "x"));
}

/* At C01 by a, at C02 by b five minutes later: taken, listed, once. */
static void
test_the_group_lists_who_has_no_site_there(void **state)
{
	struct change_id there;

	visit(&a, "C01", "e1");
	there = visit(&b, "C02", "e2");
	visit(&b, "C02", "e3");
	sync_all();
	assert_int_equal(listed(&hub).count, 1);
	assert_string_equal(listed(&hub).ref, "e2");
	assert_true(body_of(&hub, &there) > 0);
	visit(&b, "C02", "e4");
	sync_all();
	assert_int_equal(listed(&hub).count, 1);
}

static void
test_the_same_in_the_other_order(void **state)
{
	visit(&b, "C02", "e2");
	assert_int_equal(group_run(&b, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	visit(&a, "C01", "e1");
	sync_all();
	assert_int_equal(listed(&hub).count, 1);
	assert_string_equal(listed(&hub).ref, "e2");
}

/* Of whom no site is known nothing is said; nor of the group's own. */
static void
test_who_is_not_listed(void **state)
{
	wrote(&hub, "C02", "practice_site", "p2",
	    json_pack("{s:s}", "staff_id", "ref:S1"));
	visit(&b, "C02", "e2");
	visit(&hub, "H01", "e5");
	sync_all();
	assert_int_equal(listed(&hub).count, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up_sites, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_the_group_lists_who_has_no_site_there),
	    CASE(test_the_same_in_the_other_order),
	    CASE(test_who_is_not_listed),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
