/* What comes to a record that was emptied here: a colleague's late amendment,
 * which another computer of the site wrote, and what others wrote meanwhile,
 * with the bodies when they come again. */

#include "store/duplicates.h"
#include "tests/unit/feed_room.h"

/* Of the old site another computer; of the new one two, that with the lower
 * life and that with the higher one, since lists are filled in that order. */
static struct member a2, b2, *low, *high;

static bool
is_lower(struct member *x, struct member *y)
{
	struct self one = member_self(x), other = member_self(y);

	return memcmp(one.life, other.life, LIFE_BYTES) < 0;
}

static int
set_up_group(void **state)
{
	set_up(state);
	member_make(&a2, ROLE_CLINIC, "a2");
	member_make(&b2, ROLE_CLINIC, "b2");
	group_join(&hub, &a2, "C01");
	group_join(&hub, &b2, "C02");
	low = is_lower(&b, &b2) ? &b : &b2;
	high = low == &b ? &b2 : &b;
	return 0;
}

static int
tear_down_group(void **state)
{
	member_remove(&a2);
	member_remove(&b2);
	return tear_down(state);
}

static void
session_of(struct member *m)
{
	struct group_result r = group_run(m, &hub, SESSION_SYNC, NULL);

	assert_int_equal(r.up, ERR_OK);
	assert_int_equal(r.down, ERR_OK);
}

static void
all_sync(void)
{
	struct member *const all[] = {&a, &a2, &b, &b2};
	size_t i;

	for (i = 0; i < 2 * sizeof all / sizeof *all; i++)
		session_of(all[i % (sizeof all / sizeof *all)]);
}

static void
keeper_is(const char *org)
{
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s+}", "managing_org_id", "ref:", org));
}

static void
file_of_a(void)
{
	wrote(&a, "C01", "resident", "r1",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C01"));
	all_sync();
}

static void
expect_emptied(struct member *m, const char *kind, const char *ref, bool is)
{
	assert_int_equal(is_told_emptied(m, kind, ref), is);
}

/* --- another computer of the site did not know yet -------------------------
 */

/* What is noted of each kind besides the record, where it is amended so. */
static const struct late {
	const char *kind, *fields, *late;
} lates[] = {
    {"exam_report",
        "{\"item_code\":\"GLU\",\"signed_at\":\"2026-05-27T09:00:00+08:00\","
        "\"critical\":true}",
        "{\"acknowledged_by\":\"ref:S1\"}"},
    {"encounter", "{\"visit_at\":\"2026-05-27T09:00:00+08:00\",\"plan\":\"x\"}",
        "{\"rx\":[{\"drug_code\":\"D1\",\"days\":7}],"
        "\"visit_at\":\"2026-05-27T10:00:00+08:00\"}"},
    {"referral",
        "{\"direction\":\"down\",\"state\":\"issued\","
        "\"issued_at\":\"2026-05-27T09:00:00+08:00\"}",
        "{\"state\":\"accepted\"}"},
    {"followup",
        "{\"programme\":\"after_referral\",\"referral_id\":\"ref:l2\"}",
        "{\"state\":\"done\"}"},
    {"contract", "{\"state\":\"signed\",\"signed_on\":\"2026-05-27\"}",
        "{\"state\":\"ending\"}"},
    {"exam_request", "{\"item_code\":\"GLU\",\"slip_no\":\"S0001\"}",
        "{\"slip_no\":\"S0002\"}"},
    {"consult", "{\"state\":\"draft\"}", "{\"x_text\":\"y\"}"},
    {"move", "{\"state\":\"requested\",\"to_org\":\"ref:C03\"}",
        "{\"moved_on\":\"2026-05-27\"}"},
    {"link", "{\"state\":\"proposed\",\"other_id\":\"ref:r9\"}",
        "{\"state\":\"linked\"}"},
    {"recognition", "{\"decision\":\"recognised\",\"item_code\":\"GLU\"}",
        "{\"note\":\"y\"}"},
    {"question",
        "{\"state\":\"open\",\"about_source\":\"his\",\"about_kind\":"
        "\"resident\",\"about_ref\":\"r1\",\"code\":\"conflict\"}",
        "{\"reason\":\"y\"}"},
};

enum { LATES = sizeof lates / sizeof *lates };

static json_t *
loaded(const char *text)
{
	json_t *fields = json_loads(text, 0, NULL);

	assert_non_null(fields);
	return fields;
}

static void
name_of(size_t i, char out[8])
{
	snprintf(out, 8, "l%zu", i);
}

static void
test_what_was_emptied_takes_a_colleagues_amendment(void **state)
{
	struct change_id late[LATES], after;
	char ref[8];
	size_t i;

	file_of_a();
	for (i = 0; i < LATES; i++) {
		json_t *fields = loaded(lates[i].fields);

		json_object_set_new(
		    fields, "resident_id", json_string("ref:r1"));
		name_of(i, ref);
		wrote(&b, "C02", lates[i].kind, ref, fields);
	}
	all_sync();
	keeper_is("C02");
	session_of(&a);
	for (i = 0; i < LATES; i++) {
		name_of(i, ref);
		expect_emptied(&a, lates[i].kind, ref, true);
		late[i] = wrote(
		    &a2, "C01", lates[i].kind, ref, loaded(lates[i].late));
	}
	session_of(&a2);
	after = wrote(&a2, "C01", "encounter", "e1",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	session_of(&a2);
	session_of(&a);
	for (i = 0; i < LATES; i++)
		assert_true(holds(&a, &late[i]));
	assert_true(holds(&a, &after));
	expect_emptied(&a, "exam_report", "l0", true);
}

/* A device that was lent to the site, and what others wrote of it. */
static void
test_a_device_given_back_takes_one_too(void **state)
{
	struct change_id late[3];
	size_t i;

	wrote(&b, "C02", "device", "d1",
	    json_pack(
	        "{s:s, s:s}", "owner_org_id", "ref:C02", "condition", "good"));
	wrote(&b, "C02", "loan", "n1",
	    json_pack("{s:s, s:s, s:s, s:s}", "device_id", "ref:d1", "lender",
	        "ref:C02", "borrower", "ref:C01", "state", "requested"));
	wrote(&b, "C02", "custody", "k1",
	    json_pack("{s:s, s:i, s:s}", "device_id", "ref:d1", "number", 1,
	        "to", "ref:C02"));
	wrote(&b, "C02", "usage", "u1",
	    json_pack("{s:s, s:i}", "device_id", "ref:d1", "hours", 2));
	all_sync();
	wrote(&hub, "H01", "loan", "n1",
	    json_pack("{s:s}", "state", "cancelled"));
	session_of(&a);
	expect_emptied(&a, "device", "d1", true);
	expect_emptied(&a, "custody", "k1", true);
	expect_emptied(&a, "usage", "u1", true);
	late[0] = wrote(&a2, "C01", "device", "d1",
	    json_pack("{s:s}", "condition", "unsafe"));
	late[1] =
	    wrote(&a2, "C01", "custody", "k1", json_pack("{s:i}", "number", 2));
	late[2] =
	    wrote(&a2, "C01", "usage", "u1", json_pack("{s:i}", "hours", 3));
	session_of(&a2);
	session_of(&a);
	for (i = 0; i < sizeof late / sizeof *late; i++)
		assert_true(holds(&a, &late[i]));
}

/* --- it is filled in -------------------------------------------------------
 */

/* Whether who asks for the examination that day is told of a report. */
static bool
reminds(struct member *m, const char *day)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(m, false);
	struct findings out = {0};
	json_t *fields = json_pack(
	    "{s:s, s:s}", "resident_id", "ref:r1", "item_code", "GLU");

	duplicates_remind(t, &self, "his", day, fields, NULL, &out);
	json_decref(fields);
	txn_abort(t);
	return out.count > 0;
}

static json_t *
report(const char *signed_at)
{
	return json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1",
	    "item_code", "GLU", "signed_at", signed_at);
}

/* The amendment is new here and comes before the body that was emptied. */
static void
test_an_amendment_that_came_before_the_body_is_noted(void **state)
{
	struct change_id body, late;

	wrote(&hub, "", "exam_item", "i1",
	    json_pack("{s:s, s:s, s:s, s:i}", "item_code", "GLU", "name", "x",
	        "modality", "lab", "window_days", 7));
	file_of_a();
	body = wrote(high, "C02", "exam_report", "l0",
	    report("2026-05-27T09:00:00+08:00"));
	all_sync();
	assert_true(reminds(&a, "2026-05-28"));
	keeper_is("C02");
	all_sync();
	assert_int_equal(body_of(&a, &body), 0);
	late = wrote(low, "C02", "exam_report", "l0",
	    json_pack("{s:s}", "signed_at", "2026-05-20T09:00:00+08:00"));
	session_of(low);
	assert_false(holds(&a, &late));
	keeper_is("C01");
	session_of(&a);
	assert_true(body_of(&a, &body) > 0);
	assert_true(holds(&a, &late));
	expect_emptied(&a, "exam_report", "l0", false);
	assert_true(reminds(&a, "2026-05-21"));
}

static uint64_t
asked_at(struct member *m)
{
	struct txn *t = member_begin(m, false);
	uint64_t count;

	assert_int_equal(question_count(t, &count), ERR_OK);
	txn_abort(t);
	return count;
}

/* The body that fills it says nothing of what waits; one before it does. */
static void
test_what_waited_waits_again(void **state)
{
	json_t *fields = report("2026-05-27T09:00:00+08:00");
	struct change_id body;

	file_of_a();
	json_object_set_new(fields, "critical", json_true());
	body = wrote(low, "C02", "exam_report", "l0", fields);
	all_sync();
	assert_int_equal(asked_at(&a), 1);
	wrote(high, "C02", "exam_report", "l0",
	    json_pack("{s:s}", "conclusion", "y"));
	all_sync();
	assert_int_equal(asked_at(&a), 1);
	keeper_is("C02");
	all_sync();
	assert_int_equal(body_of(&a, &body), 0);
	assert_int_equal(asked_at(&a), 0);
	keeper_is("C01");
	session_of(&a);
	expect_emptied(&a, "exam_report", "l0", false);
	assert_int_equal(asked_at(&a), 1);
}

#define CASE(f)                                                                \
	cmocka_unit_test_setup_teardown(f, set_up_group, tear_down_group)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_what_was_emptied_takes_a_colleagues_amendment),
	    CASE(test_a_device_given_back_takes_one_too),
	    CASE(test_an_amendment_that_came_before_the_body_is_noted),
	    CASE(test_what_waited_waits_again),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
