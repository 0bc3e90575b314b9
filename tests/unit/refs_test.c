/* refs: which record a ref means where two programs call two the same: one's
 * own, else the only one, else none; in any order of arrival.
 */

#include "tests/unit/matter_room.h"

#include "store/index.h"
#include "store/linked.h"
#include "store/looked.h"

static int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "H");
	return 0;
}

/* --- telling ------------------------------------------------------------- */

static void
resident(
    struct fixture *f, const char *source, const char *ref, const char *org)
{
	test_store_admit(&f->s, source, "resident", ref, org,
	    json_pack("{s:s, s:o}", "name", "张伟", "managing_org_id",
	        json_sprintf("ref:%s", org)));
}

static void
asks_to_move(struct fixture *f, const char *ref, const char *source)
{
	test_store_admit(&f->s, "form", "move", "M1", "A",
	    json_pack("{s:s, s:o, s:s, s:s, s:s*}", "state", "requested",
	        "resident_id", json_sprintf("ref:%s", ref), "from_org", "ref:A",
	        "to_org", "ref:C", "resident_source", source));
}

static bool
means(struct fixture *f, const char *source, const char *ref,
    const char *of_source)
{
	uint8_t key[KEY_RECORD_BYTES], wanted[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(&f->s);
	enum err e = index_resolve(t, source, "resident", ref, key);

	txn_abort(t);
	if (of_source == NULL)
		return e == ERR_NOT_FOUND;
	key_record_of(f->s.db, wanted, of_source, "resident", ref);
	return e == ERR_OK && memcmp(key, wanted, sizeof key) == 0;
}

static void
assert_holder(struct fixture *f, const char *source, const char *org)
{
	struct record r;

	test_store_record(&f->s, source, "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "managing_org_id"), org);
	record_clear(&r);
}

static bool
is_refused_for(const struct findings *f, enum finding_code code)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].refused && f->list[i].code == code)
			return true;
	return false;
}

/* --- what is meant ------------------------------------------------------- */

static void
test_a_ref_means_its_own_or_the_only_one(void **state)
{
	struct fixture *f = *state;

	assert_true(means(f, "form", "R1", NULL));
	resident(f, "b", "R1", "B");
	assert_true(means(f, "form", "R1", "b"));
	assert_true(means(f, "his", "R1", "b"));
	/* The same told again is no other. */
	resident(f, "b", "R1", "B");
	assert_true(means(f, "form", "R1", "b"));
	resident(f, "his", "R1", "A");
	assert_true(means(f, "form", "R1", NULL));
	assert_true(means(f, "b", "R1", "b"));
	assert_true(means(f, "his", "R1", "his"));
}

static void
test_whom_a_record_is_about_does_not_depend_on_order(void **state)
{
	static const char *const orders[][2] = {{"b", "his"}, {"his", "b"}};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		uint8_t key[KEY_RECORD_BYTES];
		struct looked_whom whom = {.count = 0};
		void *own = NULL;
		struct fixture *f;
		struct record r;
		struct txn *t;

		open_group(&own);
		f = own;
		resident(f, orders[i][0], "R1", "A");
		resident(f, orders[i][1], "R1", "A");
		test_store_admit(&f->s, "form", "encounter", "E1", "A",
		    json_pack("{s:s, s:s}", "state", "signed", "resident_id",
		        "ref:R1"));
		test_store_record(&f->s, "form", "encounter", "E1", &r);
		t = test_store_read(&f->s);
		assert_int_equal(
		    linked_resident(t, &r.id, r.fields, key), ERR_NOT_FOUND);
		assert_int_equal(looked_whom(t, &r, &whom), ERR_OK);
		assert_int_equal(whom.count, 1);
		assert_string_equal(whom.resident[0].source, "form");
		txn_abort(t);
		record_clear(&r);
		close_store(&own);
	}
}

/* --- moves --------------------------------------------------------------- */

/* Two programs call two residents R1; a form that says R1 means neither. */
static void
test_a_move_gives_nobody_elses_file(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;

	resident(f, "b", "R1", "B");
	resident(f, "his", "R1", "A");
	asks_to_move(f, "R1", NULL);
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_MOVE_ASKED);
	assert_int_equal(decide(f, "confirm", &d), ERR_REFUSED);
	assert_int_equal(d.findings.refusals, 1);
	assert_true(is_refused_for(&d.findings, FINDING_AMBIGUOUS));
	assert_holder(f, "b", "ref:B");
	assert_holder(f, "his", "ref:A");
	assert_int_equal(decide(f, "refuse", &d), ERR_OK);
}

/* One that says whose program calls him so can be confirmed. */
static void
test_a_move_says_whose_ref_it_is(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;

	resident(f, "b", "R1", "B");
	resident(f, "his", "R1", "A");
	asks_to_move(f, "R1", "his");
	assert_int_equal(decide(f, "confirm", &d), ERR_OK);
	assert_holder(f, "b", "ref:B");
	assert_holder(f, "his", "ref:C");
}

static void
test_a_move_of_the_only_one_is_confirmed(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;

	resident(f, "his", "R1", "A");
	asks_to_move(f, "R1", NULL);
	assert_int_equal(decide(f, "confirm", &d), ERR_OK);
	assert_holder(f, "his", "ref:C");
}

#define GROUP(f) cmocka_unit_test_setup_teardown(f, open_group, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    GROUP(test_a_ref_means_its_own_or_the_only_one),
	    GROUP(test_whom_a_record_is_about_does_not_depend_on_order),
	    GROUP(test_a_move_gives_nobody_elses_file),
	    GROUP(test_a_move_says_whose_ref_it_is),
	    GROUP(test_a_move_of_the_only_one_is_confirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
