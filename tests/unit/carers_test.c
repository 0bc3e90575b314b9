/* carers: a village that wrote of a resident whom its township keeps hears of
 * him, told by what stands on orgs' lists.
 */

#include "tests/unit/scope_room.h"

#include "store/carers.h"
#include "store/self.h"

static struct change_id
cared(const char *org, const char *ref)
{
	return came(org, "his", "encounter", ref, NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static struct change_id
amended(const char *org, const struct change_id *seen, const char *phone)
{
	return came(org, "his", "resident", "r1", seen,
	    json_pack("{s:s}", "phone", phone));
}

static struct change_id
moved(const struct change_id *seen, const char *to)
{
	return came("H", "his", "resident", "r1", seen,
	    json_pack("{s:o}", "managing_org_id", json_sprintf("ref:%s", to)));
}

/* What is done elsewhere is no stranger's, and no village's either. */
static void
test_a_village_that_saw_him_has_the_basic_part(void **state)
{
	struct change_id contract, allergy;

	file_comes();
	contract = came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&resident, "AB");
	cared("V", "v1");
	expect(&resident, "ABV");
	expect(&contract, "BV"); /* A reads V's list */
	expect(&plan, "ABV");
	expect(&encounter, "A");
	expect(&visit, "A");
	allergy = amended("A", &resident, "1");
	expect(&allergy, "ABV");
}

static void
test_a_follow_up_is_care_too(void **state)
{
	file_comes();
	came("V", "his", "followup", "v1", NULL,
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "state", "done"));
	expect(&resident, "AV");
	expect(&encounter, "A");
}

static void
test_so_has_the_one_that_registered_him(void **state)
{
	struct change_id later;

	resident = came("V", "his", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:A"));
	later = amended("A", &resident, "1");
	expect(&later, "AV");
	encounter = cared("A", "e1");
	expect(&encounter, "A");
}

static void
test_another_township_has_nothing_by_it(void **state)
{
	file_comes();
	cared("C", "c1");
	expect(&resident, "A");
	expect(&plan, "A");
	/* Nor who stands above, by what he writes. */
	cared("A", "a1");
	expect(&resident, "A");
}

/* It is told who keeps him now, and then hears no more. */
static void
test_a_move_takes_him_from_the_village(void **state)
{
	struct change_id move, later;
	int withdrawn;

	file_comes();
	cared("V", "v1");
	expect(&resident, "AV");
	move = moved(&resident, "B");
	expect(&move, "HBV"); /* A reads V's list */
	expect(&resident, "AB");
	assert_int_equal(stands("V", &resident, &withdrawn), 0);
	assert_int_equal(withdrawn, 1);
	later = amended("B", &move, "2");
	expect(&later, "B");
	/* And where he comes back it hears of him again. */
	moved(&later, "A");
	expect(&later, "BV");
	expect(&resident, "AV");
}

static void
test_a_village_that_says_so_late_is_told_as_well(void **state)
{
	struct change_id move;

	file_comes();
	move = moved(&resident, "B");
	expect(&move, "HAB");
	cared("V", "v1");
	expect(&move, "HBV");
	expect(&resident, "AB");
}

static void
test_it_does_not_matter_what_comes_first(void **state)
{
	cared("V", "v1");
	file_comes();
	expect(&resident, "AV");
	expect(&plan, "AV");
	expect(&encounter, "A");
}

/* Of two that bear one ref none is meant by another program's word. */
static void
test_a_ref_that_two_bear_is_cared_for_by_nobody(void **state)
{
	file_comes();
	came("V", "form", "encounter", "v1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&resident, "AV");
	came("B", "b", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:B"));
	expect(&resident, "A");
}

/* Linked, either entry's village hears of the other. */
static void
test_linked_entries_share_their_villages(void **state)
{
	struct change_id other;

	file_comes();
	other = came("B", "his", "resident", "r2", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:B"));
	cared("V", "v1");
	expect(&other, "B");
	came("H", "his", "link", "l1", NULL,
	    json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1", "other_id",
	        "ref:r2", "state", "linked"));
	expect(&other, "BV");
}

/* An org that comes to be known after its changes is looked at with the rest,
 * as is what came before carers were noted. */
static void
test_the_next_start_looks_at_what_came_before(void **state)
{
	uint64_t settled;

	resident = came("A", "his", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:A"));
	cared("V", "v1");
	expect(&resident, "AV");
	assert_int_equal(txn_empty(t, TABLE_NAMINGS), ERR_OK);
	amended("A", &resident, "1");
	expect(&resident, "A");
	assert_int_equal(meta_put_number(t, "scopes.settled", 1), ERR_OK);
	assert_int_equal(scope_prepare(t, &hub), ERR_OK);
	expect(&resident, "AV");
	assert_int_equal(
	    meta_get_number(t, "scopes.settled", &settled), ERR_OK);
	assert_int_equal(settled, 2);
	org("W", "A", NULL); /* nothing was written for it */
	assert_int_equal(
	    meta_get_number(t, "scopes.settled", &settled), ERR_OK);
	assert_int_equal(settled, 2);
}

/* In the name of an org that nobody here knows yet. */
static void
cared_for_unknown(const char *org)
{
	size_t i = number_of("V");
	struct change c;

	change_init(&c);
	c.id.life[0] = (uint8_t)(i + 1);
	c.id.class = 2;
	c.id.seq = ++seqs[i];
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "encounter");
	snprintf(c.record.ref, sizeof c.record.ref, "x1");
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.fields =
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "state", "signed");
	take(&c);
	change_clear(&c);
}

static void
test_an_org_that_is_known_late_is_looked_at(void **state)
{
	struct audience a;
	struct list_entry entry;
	uint64_t settled;

	file_comes();
	cared_for_unknown("E");
	assert_int_equal(meta_put_number(t, "scopes.settled", 2), ERR_OK);
	org("E", "A", NULL);
	assert_int_equal(
	    meta_get_number(t, "scopes.settled", &settled), ERR_OK);
	assert_int_equal(settled, 0);
	assert_int_equal(scope_prepare(t, &hub), ERR_OK);
	assert_int_equal(audience_read(t, "org:E", &a), ERR_OK);
	assert_int_equal(list_entry_read(t, &a, 2, 2, &entry), ERR_OK);
	assert_int_equal(change_id_compare(&entry.id, &resident), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_a_village_that_saw_him_has_the_basic_part),
	    CASE(test_a_follow_up_is_care_too),
	    CASE(test_so_has_the_one_that_registered_him),
	    CASE(test_another_township_has_nothing_by_it),
	    CASE(test_a_move_takes_him_from_the_village),
	    CASE(test_a_village_that_says_so_late_is_told_as_well),
	    CASE(test_it_does_not_matter_what_comes_first),
	    CASE(test_a_ref_that_two_bear_is_cared_for_by_nobody),
	    CASE(test_linked_entries_share_their_villages),
	    CASE(test_the_next_start_looks_at_what_came_before),
	    CASE(test_an_org_that_is_known_late_is_looked_at),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
