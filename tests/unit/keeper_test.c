/* keeper: who keeps for whom, and whose a device is. */

#include "tests/unit/entitled_room.h"

#include "store/index.h"
#include "store/keeper.h"

static void
add_org(
    struct fixture *f, const char *ref, const char *level, const char *above)
{
	json_t *fields = json_pack("{s:s, s:s}", "name", ref, "level", level);

	if (above != NULL)
		json_object_set_new(
		    fields, "parent_org_id", json_sprintf("ref:%s", above));
	test_store_admit(&f->s, "", "org", ref, "H01", fields);
}

/* A hospital, its township with a village, and a village of its own. */
static void
add_group(struct fixture *f)
{
	add_org(f, "H01", "county", NULL);
	add_org(f, "C01", "township", "H01");
	add_org(f, "V0101", "village", "C01");
	add_org(f, "V9", "village", "H01");
}

static enum keeper_says
keeps(struct fixture *f, const char *keeper, const char *org)
{
	struct txn *t = test_store_read(&f->s);
	enum keeper_says says = keeper_is(t, keeper, org);

	txn_abort(t);
	return says;
}

static void
test_a_township_and_its_villages_keep_for_each_other(void **state)
{
	struct fixture *f = *state;

	add_group(f);
	assert_int_equal(keeps(f, "C01", "V0101"), KEEPER_YES);
	assert_int_equal(keeps(f, "V0101", "C01"), KEEPER_YES);
	assert_int_equal(keeps(f, "C01", "C01"), KEEPER_YES);
	assert_int_equal(keeps(f, "V0101", "V9"), KEEPER_NO);
	assert_int_equal(keeps(f, "X", "C01"), KEEPER_NO);
	assert_int_equal(keeps(f, "", "C01"), KEEPER_UNKNOWN);
	/* A stop of the village's. */
	add_org(f, "V0101A", "village", "V0101");
	assert_int_equal(keeps(f, "V0101", "V0101A"), KEEPER_YES);
	assert_int_equal(keeps(f, "C01", "V0101A"), KEEPER_YES);
}

static void
test_nobody_below_keeps_for_a_hospital(void **state)
{
	struct fixture *f = *state;

	add_group(f);
	assert_int_equal(keeps(f, "H01", "C01"), KEEPER_NO);
	assert_int_equal(keeps(f, "H01", "V0101"), KEEPER_NO);
	assert_int_equal(keeps(f, "H01", "V9"), KEEPER_NO);
	assert_int_equal(keeps(f, "C01", "H01"), KEEPER_YES);
}

/* What is not known yet is neither; it is as soon as the record is here, also
 * within one transaction that asked before. */
static void
test_orgs_come_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct txn *t;

	add_org(f, "V0101", "village", "C01");
	add_org(f, "V9", "village", "H01");
	assert_int_equal(keeps(f, "C01", "V0101"), KEEPER_UNKNOWN);
	assert_int_equal(keeps(f, "H01", "V9"), KEEPER_UNKNOWN);
	add_org(f, "C01", "township", "H01");
	assert_int_equal(keeps(f, "C01", "V0101"), KEEPER_YES);
	assert_int_equal(keeps(f, "H01", "C01"), KEEPER_UNKNOWN);
	add_org(f, "H01", "county", NULL);
	assert_int_equal(keeps(f, "H01", "C01"), KEEPER_NO);
	assert_int_equal(keeps(f, "H01", "V0101"), KEEPER_NO);
	assert_int_equal(keeps(f, "H01", "V9"), KEEPER_NO);
	t = test_store_write(&f->s);
	assert_int_equal(keeper_is(t, "H01", "C01"), KEEPER_NO);
	assert_int_equal(keeper_is(t, "C01", "V0101"), KEEPER_YES);
	assert_int_equal(keeper_is(t, "H01", "C01"), KEEPER_NO);
	txn_abort(t);
}

/* Before the first sync a node knows of the tree what it was told. */
static void
test_what_was_told_on_joining_shows_a_township(void **state)
{
	struct fixture *f = *state;
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(index_told_parent(t, "V0101", "C01"), ERR_OK);
	assert_int_equal(index_told_parent(t, "C01", "H01"), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(keeps(f, "C01", "V0101"), KEEPER_YES);
	assert_int_equal(keeps(f, "H01", "V0101"), KEEPER_UNKNOWN);
	assert_int_equal(keeps(f, "H01", "C01"), KEEPER_UNKNOWN);
}

/* --- devices ---------------------------------------------------------------
 */

static json_t *
owned_by(const char *org)
{
	return json_pack("{s:o}", "owner_org_id", json_sprintf("ref:%s", org));
}

static json_t *
device(const char *ref, const char *owner)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "asset_no", ref, "name",
	    "超声", "class", "ultrasound", "owner_org_id",
	    json_sprintf("ref:%s", owner));
}

static enum err
sells(struct fixture *f, const char *ref, const char *org, const char *to)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = owned_by(to);
	struct authored made;
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "device", ref);
	e = author_amend(t, &self, key, "S1", org, fields, TEST_NOW, &made);
	if (e == ERR_REFUSED) {
		assert_int_equal(made.findings.count, 1);
		assert_int_equal(
		    made.findings.list[0].code, FINDING_KEEPERS_FIELD);
	}
	txn_abort(t);
	json_decref(fields);
	return e;
}

static void
test_a_form_takes_no_device_of_the_hospital_above(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "C01");
	add_group(f);
	test_store_admit(
	    &f->s, "his", "device", "D1", "H01", device("D1", "H01"));
	test_store_admit(
	    &f->s, "his", "device", "D2", "C01", device("D2", "C01"));
	assert_int_equal(sells(f, "D1", "C01", "C01"), ERR_REFUSED);
	assert_int_equal(sells(f, "D1", "V0101", "V0101"), ERR_REFUSED);
	assert_int_equal(sells(f, "D2", "C01", "H01"), ERR_OK);
	assert_int_equal(sells(f, "D2", "V0101", "H01"), ERR_OK);
}

/* H01's device is taken by one below it, C01's by its village. */
static void
test_who_takes_the_hospitals_device_is_asked_about(void **state)
{
	struct identity one = {.source = "his", .kind = "device", .ref = "D1"};
	struct identity two = {.source = "his", .kind = "device", .ref = "D2"};
	struct fixture *f = *state;
	struct change_id first, taken;

	test_store_join(&f->s, "H01");
	add_group(f);
	first = arrive(f, &one, 1, NULL, "H01", true, device("D1", "H01"));
	taken = arrive(f, &one, 2, &first, "C01", false, owned_by("C01"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	/* As its owner he says nothing that another's word would not say. */
	arrive(f, &one, 3, &taken, "C01", true,
	    json_pack("{s:s}", "condition", "ok"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	first = arrive(f, &two, 4, NULL, "C01", true, device("D2", "C01"));
	arrive(f, &two, 5, &first, "V0101", false, owned_by("V0101"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_a_township_and_its_villages_keep_for_each_other),
	    CLINIC(test_nobody_below_keeps_for_a_hospital),
	    CLINIC(test_orgs_come_in_any_order),
	    CLINIC(test_what_was_told_on_joining_shows_a_township),
	    CLINIC(test_a_form_takes_no_device_of_the_hospital_above),
	    HUB(test_who_takes_the_hospitals_device_is_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
