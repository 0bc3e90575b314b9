/* claims over real sessions: who says that he is the managing org without being
 * it, who calls an unsafe device fit without owning it, and whose matter what
 * met is: the same at clinic and group, whichever is heard first. */

#include "store/matter.h"
#include "store/matter_pen.h"
#include "tests/unit/feed_room.h"

static void
sync_in(struct member *first, struct member *second)
{
	struct member *all[] = {first, second, first};
	size_t i;

	for (i = 0; i < 3; i++)
		assert_int_equal(
		    group_run(all[i], &hub, SESSION_SYNC, NULL).up, ERR_OK);
}

/* A field of a record of source "his", at each node. */
static void
all_show(const char *kind, const char *ref, const char *name, const char *value)
{
	struct member *all[] = {&hub, &a, &b};
	size_t i;

	for (i = 0; i < 3; i++) {
		struct txn *t = member_begin(all[i], false);
		uint8_t key[KEY_RECORD_BYTES];
		struct record r;

		key_record_of(all[i]->db, key, "his", kind, ref);
		assert_int_equal(record_read(t, key, &r), ERR_OK);
		assert_string_equal(
		    json_string_value(json_object_get(r.fields, name)), value);
		record_clear(&r);
		txn_abort(t);
	}
}

struct asked {
	enum finding_code code;
	size_t count;
	struct question last;
};

static enum err
count_asked(void *context, const struct question *q)
{
	struct asked *w = context;

	if (q->type == QUESTION_MATTER && q->code == w->code) {
		w->count++;
		w->last = *q;
	}
	return ERR_OK;
}

static struct asked
asked(struct member *m, enum finding_code code)
{
	struct txn *t = member_begin(m, false);
	struct asked w = {.code = code};

	assert_int_equal(question_walk(t, count_asked, &w), ERR_OK);
	txn_abort(t);
	return w;
}

static void
all_ask(enum finding_code code, size_t count)
{
	assert_int_equal(asked(&hub, code).count, count);
	assert_int_equal(asked(&a, code).count, count);
	assert_int_equal(asked(&b, code).count, count);
}

/* --- the managing org ------------------------------------------------------
 */

/* The keeper's file, of which the other has name and allergies. */
static void
file_of(struct member *keeper, const char *org, struct member *other,
    const char *other_org)
{
	wrote_as(keeper, org, true, "resident", "r1",
	    json_pack("{s:s, s:s+, s:s}", "name", "x", "managing_org_id",
	        "ref:", org, "phone", "100"));
	wrote(keeper, org, "contract", "c0",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	wrote(other, other_org, "contract", "c1",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	sync_in(keeper, other);
	sync_in(other, keeper);
}

static void
try_claim(struct member *keeper, const char *org, struct member *other,
    const char *other_org, bool keeper_first)
{
	file_of(keeper, org, other, other_org);
	all_show("resident", "r1", "phone", "100");
	wrote_as(keeper, org, true, "resident", "r1",
	    json_pack("{s:s}", "phone", "111"));
	wrote_as(other, other_org, true, "resident", "r1",
	    json_pack("{s:s}", "phone", "222"));
	if (keeper_first)
		sync_in(keeper, other);
	else
		sync_in(other, keeper);
	sync_in(keeper, other);
	all_show("resident", "r1", "phone", "111");
	all_ask(FINDING_CONFLICT, 1);
	assert_int_equal(asked(&hub, FINDING_UNENTITLED).count, 0);
}

static void
test_a_false_claim_loses_everywhere(void **state)
{
	try_claim(&a, "C01", &b, "C02", true);
}

static void
test_the_same_if_the_claim_is_heard_first(void **state)
{
	try_claim(&a, "C01", &b, "C02", false);
}

/* One of the two has the lower ids. */
static void
test_the_same_with_parts_changed(void **state)
{
	try_claim(&b, "C02", &a, "C01", true);
}

static void
test_the_same_with_parts_changed_and_heard_first(void **state)
{
	try_claim(&b, "C02", &a, "C01", false);
}

/* --- whose matter ----------------------------------------------------------
 */

static void
expect_owner(struct member *m, const char *org)
{
	struct matter matter = {.proposal = -1};
	struct txn *t = member_begin(m, false);

	snprintf(matter.record.kind, sizeof matter.record.kind, "referral");
	snprintf(matter.record.source, sizeof matter.record.source, "form");
	snprintf(matter.record.ref, sizeof matter.record.ref, "f1");
	matter_find_owner(t, &matter);
	assert_string_equal(matter.owner, org);
	txn_abort(t);
}

/* A form names what an import brought. */
static void
write_referral(struct member *m)
{
	struct txn *t = member_begin(m, true);
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "form");
	snprintf(c.record.kind, sizeof c.record.kind, "referral");
	snprintf(c.record.ref, sizeof c.record.ref, "f1");
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "C02");
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields = json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	    "from_org", "ref:C02", "to_org", "ref:C01", "state", "issued");
	assert_int_equal(admit_own(t, &self, &c, 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
}

/* The one that keeps the file decides, not the one that began the record. */
static void
test_every_node_judges_alike_whose_matter_it_is(void **state)
{
	file_of(&a, "C01", &b, "C02");
	write_referral(&b);
	sync_all();
	expect_owner(&hub, "C01");
	expect_owner(&a, "C01");
	expect_owner(&b, "C01");
}

/* Two of that ref: none is meant, at a clinic as at the hub. */
static void
test_of_two_that_may_be_meant_none_is(void **state)
{
	struct txn *t;
	struct self self;
	struct change c;

	file_of(&a, "C01", &b, "C02");
	write_referral(&b);
	sync_all();
	t = member_begin(&b, true);
	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "other");
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	snprintf(c.record.ref, sizeof c.record.ref, "r1");
	snprintf(c.org, sizeof c.org, "C02");
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields =
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:C02");
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
	sync_all();
	expect_owner(&hub, "C02"); /* who began the record */
	expect_owner(&b, "C02");
}

/* --- unsafe ----------------------------------------------------------------
 */

static json_t *
condition(const char *word)
{
	return json_pack("{s:s}", "condition", word);
}

/* a's device, which b has. */
static void
device_at_b(void)
{
	wrote_as(&a, "C01", true, "device", "d1",
	    json_pack("{s:s, s:s, s:s}", "class", "ultrasound", "owner_org_id",
	        "ref:C01", "condition", "ok"));
	wrote(&a, "C01", "custody", "k1",
	    json_pack("{s:s, s:i, s:s, s:s, s:b}", "device_id", "ref:d1",
	        "custody_no", 1, "from", "ref:C01", "to", "ref:C02",
	        "both_signed", 1));
	sync_all();
	all_show("device", "d1", "condition", "ok");
}

static void
is_unsafe(void)
{
	device_at_b();
	wrote(&b, "C02", "device", "d1", condition("unsafe"));
	sync_all();
	all_show("device", "d1", "condition", "unsafe");
}

static void
test_unsafe_stays_until_the_owner_clears_it(void **state)
{
	is_unsafe();
	/* What a form refuses, another program may send. */
	wrote(&b, "C02", "device", "d1", condition("ok"));
	sync_all();
	all_show("device", "d1", "condition", "unsafe");
	all_ask(FINDING_UNSAFE_CLEARED, 1);
	wrote_as(&a, "C01", true, "device", "d1", condition("ok"));
	sync_all();
	all_show("device", "d1", "condition", "ok");
	all_ask(FINDING_UNSAFE_CLEARED, 0);
	wrote(&b, "C02", "device", "d1", condition("minor"));
	sync_all();
	all_show("device", "d1", "condition", "minor");
}

/* It says that it is the owner. Until the group has looked that counts. */
static void
test_a_false_owner_clears_nothing(void **state)
{
	is_unsafe();
	wrote_as(&b, "C02", true, "device", "d1", condition("ok"));
	sync_in(&b, &a);
	sync_in(&a, &b);
	all_show("device", "d1", "condition", "unsafe");
	all_ask(FINDING_UNSAFE_CLEARED, 1);
}

static void
try_concurrent(bool owner_says_unsafe, bool owner_first)
{
	device_at_b();
	wrote_as(&a, "C01", true, "device", "d1",
	    condition(owner_says_unsafe ? "unsafe" : "minor"));
	wrote(&b, "C02", "device", "d1",
	    condition(owner_says_unsafe ? "minor" : "unsafe"));
	if (owner_first)
		sync_in(&a, &b);
	else
		sync_in(&b, &a);
	sync_all();
	all_show("device", "d1", "condition", "unsafe");
	/* Neither had seen the other: nobody took anything back. */
	all_ask(FINDING_UNSAFE_CLEARED, 0);
}

static void
test_unsafe_wins_where_two_met(void **state)
{
	try_concurrent(true, true);
}

static void
test_unsafe_wins_whoever_says_it_first(void **state)
{
	try_concurrent(false, false);
}

static enum err
decide(struct member *m, const char *choice)
{
	struct matter_decision d = {
	    .number = asked(m, FINDING_UNSAFE_CLEARED).last.number,
	    .choice = choice,
	    .by = "S9",
	    .reason = "查过",
	    .now = GROUP_NOW};
	struct txn *t = member_begin(m, true);
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_decide(t, &self, &d);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
cleared_by_b(void)
{
	is_unsafe();
	wrote(&b, "C02", "device", "d1", condition("ok"));
	sync_all();
	assert_int_equal(decide(&b, "clear"), ERR_NOT_ALLOWED);
}

static void
test_the_group_decides_in_the_owners_place(void **state)
{
	cleared_by_b();
	assert_int_equal(decide(&hub, "clear"), ERR_OK);
	sync_all();
	all_show("device", "d1", "condition", "ok");
	all_ask(FINDING_UNSAFE_CLEARED, 0);
}

static void
test_the_owner_leaves_it_unsafe(void **state)
{
	cleared_by_b();
	assert_int_equal(decide(&a, "leave"), ERR_OK);
	sync_all();
	all_show("device", "d1", "condition", "unsafe");
	all_ask(FINDING_UNSAFE_CLEARED, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_a_false_claim_loses_everywhere),
	    CASE(test_the_same_if_the_claim_is_heard_first),
	    CASE(test_the_same_with_parts_changed),
	    CASE(test_the_same_with_parts_changed_and_heard_first),
	    CASE(test_every_node_judges_alike_whose_matter_it_is),
	    CASE(test_of_two_that_may_be_meant_none_is),
	    CASE(test_unsafe_stays_until_the_owner_clears_it),
	    CASE(test_a_false_owner_clears_nothing),
	    CASE(test_unsafe_wins_where_two_met),
	    CASE(test_unsafe_wins_whoever_says_it_first),
	    CASE(test_the_group_decides_in_the_owners_place),
	    CASE(test_the_owner_leaves_it_unsafe),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
