/* mentioned: a change that is not sent yet keeps here what it is about, however
 * it says so.
 */

#include "store/mentioned.h"
#include "tests/unit/test_store.h"

static struct test_store store;

static int
setup(void **state)
{
	(void)state;
	test_store_open(&store, ROLE_CLINIC);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_store_close(&store);
	return 0;
}

struct wanted {
	const char *kind, *ref;
};

static bool
is_it(void *context, const char *kind, const char *ref)
{
	const struct wanted *w = context;

	return strcmp(kind, w->kind) == 0 && strcmp(ref, w->ref) == 0;
}

/* Whether a change of record X with these fields is about that; takes them. */
static bool
is_about(const char *kind, json_t *fields, const char *what, const char *ref)
{
	struct wanted w = {what, ref};
	struct txn *t = test_store_read(&store);
	struct change c;
	bool is;

	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "X");
	c.fields = fields;
	is = mentioned_each(t, &c, is_it, &w);
	change_clear(&c);
	txn_abort(t);
	return is;
}

static json_t *
visit_of(const char *resident)
{
	return json_pack("{s:s+}", "resident_id", "ref:", resident);
}

static void
test_a_change_is_about_its_record_and_whom_it_names(void **state)
{
	(void)state;
	assert_true(is_about("encounter", visit_of("R1"), "encounter", "X"));
	assert_true(is_about("encounter", visit_of("R1"), "resident", "R1"));
	assert_false(is_about("encounter", visit_of("R1"), "resident", "R2"));
}

/* An amendment names nobody. */
static void
test_it_is_about_what_its_record_names(void **state)
{
	(void)state;
	test_store_admit(
	    &store, "his", "encounter", "X", "C01", visit_of("R1"));
	assert_true(is_about(
	    "encounter", json_pack("{s:s}", "plan", "y"), "resident", "R1"));
}

static void
test_a_decision_is_about_what_it_decides(void **state)
{
	json_t *fields = json_pack("{s:s, s:s, s:s, s:s}", "state", "decided",
	    "about_kind", "resident", "about_ref", "R1", "about_source", "his");

	(void)state;
	assert_true(
	    is_about("question", json_incref(fields), "resident", "R1"));
	assert_false(is_about("question", fields, "encounter", "R1"));
}

static void
test_a_referral_is_about_each_visit_it_hands_on(void **state)
{
	json_t *fields =
	    json_pack("{s:[s, s]}", "attached", "ref:E1", "ref:E2");

	(void)state;
	assert_true(
	    is_about("referral", json_incref(fields), "encounter", "E1"));
	assert_true(is_about("referral", fields, "encounter", "E2"));
}

static void
test_of_an_unknown_kind_only_itself_is_known(void **state)
{
	(void)state;
	assert_true(is_about("newer", visit_of("R1"), "newer", "X"));
	assert_false(is_about("newer", visit_of("R1"), "resident", "R1"));
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(test_a_change_is_about_its_record_and_whom_it_names),
	    CASE(test_it_is_about_what_its_record_names),
	    CASE(test_a_decision_is_about_what_it_decides),
	    CASE(test_a_referral_is_about_each_visit_it_hands_on),
	    CASE(test_of_an_unknown_kind_only_itself_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
