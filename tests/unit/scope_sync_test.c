/* scope over real sessions: what nodes of a group hold after contracts, moves
 * and loans, each having synced. */

#include "store/emptying.h"
#include "tests/unit/feed_room.h"

static struct change_id resident, visit;

static void
file_at_a(void)
{
	resident = wrote(&a, "C01", "resident", "r1",
	    json_pack("{s:s, s:s, s:[{s:s}]}", "name", "x", "managing_org_id",
	        "ref:C01", "allergies", "substance", "青霉素"));
	visit = wrote(&a, "C01", "encounter", "e1",
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "plan", "x"));
}

/* The team he has: what another signs the hub does not confirm by rule. */
static void
contract_at_a(void)
{
	wrote(&a, "C01", "contract", "c0",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static void
contract_at_b(void)
{
	wrote(&b, "C02", "contract", "c1",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static void
expect_stranger_then_team(void)
{
	assert_true(holds(&b, &resident));
	assert_false(holds(&b, &visit));
	wrote(&hub, "C01", "contract", "c0",
	    json_pack("{s:s}", "state", "refused"));
	wrote(&hub, "C02", "contract", "c1",
	    json_pack("{s:s}", "state", "active"));
	sync_all();
	assert_true(holds(&b, &visit));
}

static void
test_the_allergy_reaches_who_signed_and_the_rest_when_confirmed(void **state)
{
	file_at_a();
	contract_at_a();
	sync_all();
	assert_false(holds(&b, &resident));
	contract_at_b();
	sync_all();
	expect_stranger_then_team();
}

/* On a short link there may be no other session today. */
static void
test_what_one_signs_brings_its_resident_in_the_same_session(void **state)
{
	file_at_a();
	contract_at_a();
	assert_int_equal(group_run(&a, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	contract_at_b();
	assert_int_equal(group_run(&b, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_true(holds(&b, &resident));
	assert_false(holds(&b, &visit));
}

/* The contract is at the group first, and b has had its session. */
static void
test_the_same_if_the_contract_comes_first(void **state)
{
	contract_at_b();
	assert_int_equal(group_run(&b, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	file_at_a();
	contract_at_a();
	sync_all();
	expect_stranger_then_team();
}

static void
test_after_a_move_each_site_has_what_is_its_own(void **state)
{
	struct change_id move, late, later;

	file_at_a();
	sync_all();
	move = wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	/* a has not heard of it. */
	late = wrote(
	    &a, "C01", "encounter", "e1", json_pack("{s:s}", "plan", "y"));
	sync_all();
	assert_true(holds(&a, &move));
	assert_true(holds(&b, &resident));
	assert_true(holds(&b, &visit));
	assert_true(holds(&b, &late));
	later = wrote(
	    &b, "C02", "resident", "r1", json_pack("{s:s}", "phone", "12"));
	sync_all();
	assert_true(holds(&hub, &later));
	assert_false(holds(&a, &later));
}

/* What the old site may not have any more its new computer never gets. */
static void
test_a_new_computer_of_the_old_site_gets_what_it_wrote(void **state)
{
	struct change_id elsewhere;
	struct member again;

	file_at_a();
	elsewhere = wrote(&b, "C02", "encounter", "e2",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	assert_true(holds(&a, &elsewhere));
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	member_make(&again, ROLE_CLINIC, "again");
	group_join(&hub, &again, "C01");
	assert_int_equal(
	    group_run(&again, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_true(holds(&again, &resident));
	assert_true(holds(&again, &visit));
	assert_false(holds(&again, &elsewhere));
	member_remove(&again);
}

/* --- what is given up ------------------------------------------------------
 */

static struct change_id own_visit;

/* A contract of b's runs: b has a's file, and has written in it. */
static void
team_at_b(void)
{
	file_at_a();
	contract_at_b();
	sync_all();
	wrote(&hub, "H01", "contract", "c1",
	    json_pack("{s:s}", "state", "active"));
	own_visit = wrote(&b, "C02", "encounter", "e2",
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "plan", "x"));
	sync_all();
	assert_true(body_of(&b, &resident) > 0);
	assert_true(body_of(&b, &visit) > 0);
}

static void
contract_is(const char *state)
{
	wrote(
	    &hub, "H01", "contract", "c1", json_pack("{s:s}", "state", state));
}

static void
test_what_a_site_may_not_have_any_more_it_gives_up(void **state)
{
	team_at_b();
	contract_is("terminated");
	sync_all();
	assert_int_equal(body_of(&b, &resident), 0);
	assert_int_equal(body_of(&b, &visit), 0);
	assert_true(body_of(&b, &own_visit) > 0);
	assert_true(is_told_emptied(&b, "resident", "r1"));
	assert_true(is_told_emptied(&b, "encounter", "e1"));
	assert_false(is_told_emptied(&b, "encounter", "e2"));
	assert_false(is_told_emptied(&b, "contract", "c1"));
	/* Nobody else loses anything. */
	assert_true(body_of(&a, &own_visit) > 0);
	assert_true(body_of(&hub, &resident) > 0);
	assert_true(body_of(&hub, &own_visit) > 0);
}

static void
test_what_is_granted_again_is_filled_in(void **state)
{
	team_at_b();
	contract_is("terminated");
	sync_all();
	assert_int_equal(body_of(&b, &visit), 0);
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	sync_all();
	assert_true(body_of(&b, &resident) > 0);
	assert_true(body_of(&b, &visit) > 0);
	assert_false(is_told_emptied(&b, "resident", "r1"));
	assert_false(is_told_emptied(&b, "encounter", "e1"));
}

/* Taken and given back before the site heard of either. */
static void
test_the_groups_last_word_counts(void **state)
{
	team_at_b();
	contract_is("terminated");
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	sync_all();
	assert_true(body_of(&b, &resident) > 0);
	assert_true(body_of(&b, &visit) > 0);
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C01"));
	sync_all();
	assert_int_equal(body_of(&b, &visit), 0);
}

static void
test_a_move_empties_the_old_site_but_for_its_own(void **state)
{
	struct change_id moved, later, elsewhere;

	file_at_a();
	elsewhere = wrote(&b, "C02", "encounter", "e2",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	assert_true(body_of(&a, &elsewhere) > 0);
	moved = wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	sync_all();
	assert_int_equal(body_of(&a, &elsewhere), 0);
	assert_true(body_of(&a, &resident) > 0);
	assert_true(body_of(&a, &visit) > 0);
	assert_true(body_of(&a, &moved) > 0);
	/* Late, and still the group's. */
	later = wrote(
	    &a, "C01", "encounter", "e1", json_pack("{s:s}", "plan", "y"));
	sync_all();
	assert_true(body_of(&hub, &later) > 0);
	assert_true(body_of(&b, &later) > 0);
	assert_false(is_told_emptied(&a, "encounter", "e1"));
}

/* As long as what the site wrote about it is not at the group. */
static void
test_nothing_goes_that_unsent_changes_are_about(void **state)
{
	struct txn *t;
	struct self self = member_self(&b);

	team_at_b();
	contract_is("terminated");
	wrote(&b, "C02", "encounter", "e3",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	t = member_begin(&b, true);
	{
		char text[REF_BYTES_MAX + 1];
		struct change c;

		change_init(&c);
		snprintf(c.record.kind, sizeof c.record.kind, "emptying");
		change_founded_ref(&resident, text, sizeof text);
		c.fields = json_pack("{s:i, s:[s], s:[]}", "number", 1,
		    "changes", text, "still");
		assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
		change_clear(&c);
	}
	assert_true(emptying_is_due(t));
	assert_int_equal(emptying_apply(t, &self, HEARD_ALL), ERR_OK);
	assert_true(emptying_is_due(t));
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_true(body_of(&b, &resident) > 0);
	sync_all();
	assert_int_equal(body_of(&b, &resident), 0);
	t = member_begin(&b, false);
	assert_false(emptying_is_due(t));
	txn_abort(t);
}

/* A word on b's copy of the resident, as it comes to a node. */
static void
hears(struct member *m, int number)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(m, true);
	char text[REF_BYTES_MAX + 1];
	struct change c;

	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "emptying");
	change_founded_ref(&resident, text, sizeof text);
	c.fields = json_pack(
	    "{s:i, s:[s], s:[]}", "number", number, "changes", text, "still");
	assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* What the hub said before it was restored does not count more than what it
 * says now. */
static void
test_a_restored_hub_is_heard(void **state)
{
	struct txn *t;

	team_at_b();
	hears(&b, 500);
	t = member_begin(&hub, true);
	assert_int_equal(emptying_prepare(t, GROUP_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	contract_is("terminated");
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	sync_all();
	assert_true(body_of(&b, &resident) > 0);
}

/* Where its clock was set back as well. */
static void
test_a_restored_hub_counts_on_from_what_comes_back(void **state)
{
	team_at_b();
	hears(&b, 500);
	hears(&hub, 500);
	contract_is("terminated");
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	sync_all();
	assert_true(body_of(&b, &resident) > 0);
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

/* Nobody there can decide about what is not there. */
static void
test_what_is_given_up_is_asked_about_no_more(void **state)
{
	team_at_b();
	wrote(&hub, "H01", "resident", "r1", json_pack("{s:s}", "phone", "11"));
	wrote(&a, "C01", "resident", "r1", json_pack("{s:s}", "phone", "12"));
	sync_all();
	assert_int_equal(asked_at(&b), 1);
	contract_is("terminated");
	sync_all();
	assert_true(is_told_emptied(&b, "resident", "r1"));
	assert_int_equal(asked_at(&b), 0);
	assert_int_equal(asked_at(&a), 1);
	contract_is("active");
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
	sync_all();
	assert_false(is_told_emptied(&b, "resident", "r1"));
	assert_int_equal(asked_at(&b), 1);
}

/* Who else has it is part of the word, and the higher number counts. */
static void
test_a_node_keeps_what_another_of_its_lists_has(void **state)
{
	struct member both;
	struct self self;
	struct change c;
	struct txn *t;
	char text[REF_BYTES_MAX + 1];

	team_at_b();
	member_make(&both, ROLE_CLINIC, "both");
	group_join(&hub, &both, "C02");
	assert_int_equal(group_run(&both, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	self = member_self(&both);
	t = member_begin(&both, true);
	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "emptying");
	change_founded_ref(&visit, text, sizeof text);
	c.fields = json_pack("{s:i, s:[s], s:[s]}", "number", 7, "changes",
	    text, "still", "ref:C02");
	assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
	/* An older word that comes later. */
	json_object_set_new(c.fields, "number", json_integer(6));
	json_object_set_new(c.fields, "still", json_array());
	assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
	change_clear(&c);
	assert_int_equal(emptying_apply(t, &self, HEARD_ALL), ERR_OK);
	assert_false(emptying_is_due(t));
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_true(body_of(&both, &visit) > 0);
	member_remove(&both);
}

/* --- a team's computer -----------------------------------------------------
 */

static struct change_id of_village, of_town, contract;

static void
team_of_a(void)
{
	wrote(&hub, "H01", "team", "TM1",
	    json_pack("{s:s, s:[s]}", "name", "x", "villages", "ref:V1"));
	of_village = wrote(&hub, "H01", "resident", "r3",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:V1"));
	file_at_a();
	of_town = wrote(&a, "C01", "resident", "r2",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C01"));
	/* Of a dispute: else the hub confirms by rule what the team signed. */
	wrote(&b, "C02", "contract", "c0",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	contract = wrote(&a, "C01", "contract", "c1",
	    json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1", "state",
	        "signed", "team_id", "ref:TM1"));
}

static void
expect_team_and_villages(struct member *laptop)
{
	assert_true(holds(laptop, &contract));
	assert_true(holds(laptop, &resident));
	assert_true(holds(laptop, &of_village));
	assert_false(holds(laptop, &of_town));
	assert_false(holds(laptop, &visit));
	wrote(&hub, "C02", "contract", "c0",
	    json_pack("{s:s}", "state", "refused"));
	contract_is("active");
	assert_int_equal(
	    group_run(laptop, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_true(body_of(laptop, &visit) > 0);
	contract_is("terminated");
	assert_int_equal(
	    group_run(laptop, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_int_equal(body_of(laptop, &visit), 0);
	assert_int_equal(body_of(laptop, &resident), 0);
	assert_true(body_of(laptop, &of_village) > 0);
	assert_false(holds(laptop, &of_town));
}

/* before: the laptop is there before the contract is. */
static void
try_team(bool before)
{
	struct member laptop;

	member_make(&laptop, ROLE_CLINIC, "laptop");
	if (before)
		group_join(&hub, &laptop, "team:TM1");
	team_of_a();
	sync_all();
	if (!before)
		group_join(&hub, &laptop, "team:TM1");
	assert_int_equal(
	    group_run(&laptop, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	expect_team_and_villages(&laptop);
	member_remove(&laptop);
}

static void
test_a_teams_laptop_has_its_contracts_and_villages_no_more(void **state)
{
	try_team(false);
}

static void
test_the_same_if_the_laptop_is_there_first(void **state)
{
	try_team(true);
}

/* Who looked is for the group, not for the colleagues. */
static void
test_an_audit_record_goes_up_only(void **state)
{
	struct change_id looked = wrote(&a, "C01", "audit", "l1",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "ground", "treatment"));
	struct member again;

	sync_all();
	assert_true(holds(&hub, &looked));
	member_make(&again, ROLE_CLINIC, "again");
	group_join(&hub, &again, "C01");
	assert_int_equal(
	    group_run(&again, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_false(holds(&again, &looked));
	member_remove(&again);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* An amendment says no more whose it is; it is about him all the same. */
static void
test_nothing_goes_that_an_unsent_amendment_is_about(void **state)
{
	struct txn *t;
	struct self self = member_self(&b);
	char text[REF_BYTES_MAX + 1];
	struct change c;

	(void)state;
	team_at_b();
	wrote(&b, "C02", "encounter", "e3",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	contract_is("terminated");
	wrote(&b, "C02", "encounter", "e3", json_pack("{s:s}", "plan", "y"));
	t = member_begin(&b, true);
	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "emptying");
	change_founded_ref(&resident, text, sizeof text);
	c.fields = json_pack(
	    "{s:i, s:[s], s:[]}", "number", 1, "changes", text, "still");
	assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
	change_clear(&c);
	assert_int_equal(emptying_apply(t, &self, HEARD_ALL), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_true(body_of(&b, &resident) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(
	        test_the_allergy_reaches_who_signed_and_the_rest_when_confirmed),
	    CASE(test_what_one_signs_brings_its_resident_in_the_same_session),
	    CASE(test_the_same_if_the_contract_comes_first),
	    CASE(test_after_a_move_each_site_has_what_is_its_own),
	    CASE(test_a_new_computer_of_the_old_site_gets_what_it_wrote),
	    CASE(test_what_a_site_may_not_have_any_more_it_gives_up),
	    CASE(test_what_is_granted_again_is_filled_in),
	    CASE(test_the_groups_last_word_counts),
	    CASE(test_a_move_empties_the_old_site_but_for_its_own),
	    CASE(test_nothing_goes_that_an_unsent_amendment_is_about),
	    CASE(test_what_is_given_up_is_asked_about_no_more),
	    CASE(test_a_restored_hub_is_heard),
	    CASE(test_a_restored_hub_counts_on_from_what_comes_back),
	    CASE(test_a_teams_laptop_has_its_contracts_and_villages_no_more),
	    CASE(test_the_same_if_the_laptop_is_there_first),
	    CASE(test_an_audit_record_goes_up_only),
	    CASE(test_nothing_goes_that_unsent_changes_are_about),
	    CASE(test_a_node_keeps_what_another_of_its_lists_has),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
