/* scope: who is to receive a record, told by what stands on orgs' lists. */

#include "tests/unit/scope_room.h"

/* --- a resident's file --------------------------------------------------- */

static void
test_what_nobody_else_is_due_stays_with_its_org(void **state)
{
	file_comes();
	expect(&resident, "A");
	expect(&encounter, "A");
	expect(&plan, "A");
}

static void
test_a_strangers_contract_gives_allergies_and_plans(void **state)
{
	struct change_id contract, active;

	file_comes();
	contract = came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&contract, "AB");
	expect(&resident, "AB");
	expect(&plan, "AB");
	expect(&encounter, "A");
	expect(&visit, "A");
	active = came("H", "his", "contract", "c1", &contract,
	    json_pack("{s:s}", "state", "active"));
	expect(&active, "HAB");
	expect(&encounter, "AB");
	expect(&visit, "AB");
	came("H", "his", "contract", "c1", &active,
	    json_pack("{s:s, s:s}", "state", "closed", "end_reason", "error"));
	expect(&encounter, "A");
	expect(&resident, "A");
	expect(&contract, "AB");
}

/* Before the group looked at it, it is one's own word like any other. */
static void
test_a_contract_said_to_be_active_is_not_the_groups_word(void **state)
{
	file_comes();
	came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "active"));
	expect(&resident, "AB");
	expect(&encounter, "A");
}

static json_t *
contract_since(const char *state, const char *start_on)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	    "state", state, "signed_on", start_on, "start_on", start_on,
	    "end_on", "2026-12-31");
}

/* The group looked at it and found nothing that speaks against it: then it
 * need not repeat what was imported. */
static void
test_a_contract_that_the_group_lets_stand_gives_the_file(void **state)
{
	struct change_id contract;

	file_comes();
	contract = came("B", "his", "contract", "c1", NULL,
	    contract_since("active", "2026-01-01"));
	expect(&encounter, "A");
	assert_int_equal(contest_settle(t, &hub, 1000), ERR_OK);
	expect(&encounter, "AB");
	expect(&visit, "AB");
	expect(&contract, "AB");
	came("C", "his", "contract", "c2", NULL,
	    contract_since("signed", "2026-03-01"));
	assert_int_equal(contest_settle(t, &hub, 1000), ERR_OK);
	expect(&encounter, "A");
	expect(&resident, "ABC");
}

static void
test_the_same_if_the_resident_comes_last(void **state)
{
	came("B", "his", "contract", "c1", NULL,
	    contract_since("active", "2026-01-01"));
	assert_int_equal(contest_settle(t, &hub, 1000), ERR_OK);
	file_comes();
	expect(&encounter, "A");
	assert_int_equal(contest_settle(t, &hub, 1000), ERR_OK);
	expect(&encounter, "AB");
}

static void
test_other_teams_see_the_contracts(void **state)
{
	struct change_id one, two;

	resident_comes();
	one = came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	two = came("C", "his", "contract", "c2", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&one, "ABC");
	expect(&two, "ABC");
}

static void
test_a_move_fills_the_new_site_and_leaves_the_old(void **state)
{
	struct change_id move, late, later;
	int withdrawn;

	file_comes();
	late = came("C", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&late, "AC");
	move = came("A", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&move, "AB"); /* A wrote it */
	expect(&resident, "AB");
	expect(&encounter, "AB");
	expect(&late, "BC");
	assert_int_equal(stands("A", &late, &withdrawn), 0);
	assert_int_equal(withdrawn, 1);
	/* What the old site still had is taken and forwarded ... */
	late = came("A", "his", "encounter", "e3", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&late, "AB");
	/* ... and the new site's is not the old one's any more. */
	later = came("B", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "phone", "12"));
	expect(&later, "B");
	came("H", "his", "resident", "r1", &later,
	    json_pack("{s:s}", "managing_org_id", "ref:A"));
	expect(&later, "AB"); /* B wrote it */
	later = came("C", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "plan", "x"));
	expect(&later, "AC");
}

/* The old site has to hear that the patient moved, and no more than that. */
static void
test_who_kept_the_file_is_told_who_takes_it(void **state)
{
	struct change_id phone, move, later, next;

	resident_comes();
	phone = came("A", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "phone", "11"));
	move = came("H", "his", "resident", "r1", &phone,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&move, "HAB");
	later = came("H", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "phone", "12"));
	expect(&later, "HB");
	next = came("H", "his", "resident", "r1", &later,
	    json_pack("{s:s}", "managing_org_id", "ref:C"));
	expect(&next, "HBC");
}

static void
test_who_is_told_waits_for_what_came_before(void **state)
{
	struct change_id first = {{2}, 2, 1000}, move;

	move = came("H", "his", "resident", "r1", &first,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&move, "HB");
	seqs[number_of("A")] = 999;
	resident_comes();
	assert_int_equal(resident.seq, 1000);
	expect(&move, "HAB");
}

/* Withdrawn and granted again: another place, and once. */
static void
test_what_comes_back_stands_once(void **state)
{
	struct change_id here, move;
	int withdrawn;

	file_comes();
	here = came("C", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	move = came("A", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	came("H", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "managing_org_id", "ref:A"));
	expect(&here, "AC");
	assert_int_equal(stands("A", &here, &withdrawn), 1);
	assert_int_equal(withdrawn, 1);
}

static void
test_a_move_by_ones_own_word_is_basic(void **state)
{
	struct change_id move;

	file_comes();
	move = came("B", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&resident, "AB");
	expect(&plan, "AB");
	expect(&encounter, "A");
	came("H", "his", "resident", "r1", &move,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&encounter, "AB");
	expect(&move, "AB"); /* A is told */
}

static struct change_id
founds(const char *author, const char *holder)
{
	return came(author, "his", "resident", "r1", NULL,
	    json_pack("{s:s, s:o}", "name", "x", "managing_org_id",
	        json_sprintf("ref:%s", holder)));
}

static struct change_id
visits(const char *author, const char *ref)
{
	return came(author, "his", "encounter", ref, NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
}

static void
decides(const struct change_id *seen, const char *holder)
{
	came("H", "his", "resident", "r1", seen,
	    json_pack(
	        "{s:o}", "managing_org_id", json_sprintf("ref:%s", holder)));
}

/* Another who says he founded the same record takes it from nobody, whichever
 * of the two the record shows, and gets what a stranger does. */
static void
another_founds(const char *keeper, const char *other, const char *other_sees)
{
	struct change_id first, second, before, later;
	char all[4] = "V", keeps[3] = "V", none[2] = "V";
	int withdrawn;

	keeps[1] = all[1] = keeper[0];
	all[2] = other[0];
	first = founds(keeper, keeper);
	before = visits("V", "e3");
	expect(&before, keeps);
	second = founds(other, other);
	expect(&first, all + 1);
	expect(&before, keeps);
	assert_int_equal(stands(keeper, &before, &withdrawn), 1);
	assert_int_equal(withdrawn, 0);
	later = visits("V", "e4");
	expect(&later, none);
	/* Of both the group says, having seen them, whose it is. */
	decides(&first, other);
	decides(&second, other);
	expect(&before, other_sees);
	expect(&later, other_sees);
}

static void
test_a_second_founder_takes_the_file_from_nobody(void **state)
{
	another_founds("B", "C", "CV");
}

static void
test_nor_does_one_whose_word_is_shown(void **state)
{
	another_founds("C", "B", "BV");
}

/* Nor who begins it and then says so once more. */
static void
test_a_founder_settles_nothing_for_himself(void **state)
{
	struct change_id before, second;

	founds("C", "C");
	before = visits("V", "e3");
	second = founds("B", "B");
	came("B", "his", "resident", "r1", &second,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	expect(&before, "CV");
}

static void
test_a_file_waits_for_its_resident(void **state)
{
	struct change_id e, c;

	e = came("C", "his", "encounter", "e1", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	c = came("B", "form", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&e, "C");
	expect(&c, "B");
	resident_comes();
	expect(&e, "AC");
	expect(&c, "AB");
	expect(&resident, "AB");
}

/* Who is meant cannot be told: nobody gets anything of either. */
static void
test_a_ref_that_two_bear_leads_to_neither(void **state)
{
	struct change_id c, other;

	file_comes();
	c = came("C", "form", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&resident, "AC");
	other = came("B", "b", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:B"));
	expect(&resident, "A");
	expect(&other, "B");
	expect(&c, "C");
	expect(&encounter, "A");
}

/* Its nodes have the village's list as well. */
static void
test_a_township_has_what_stands_on_its_villages_list(void **state)
{
	struct change_id e;

	resident_comes();
	e = came("V", "his", "encounter", "e1", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&e, "V");
	org("V", "C", &village);
	assert_int_equal(scope_prepare(t, &hub), ERR_OK);
	expect(&e, "AV");
	org("V", "A", &village);
	assert_int_equal(scope_prepare(t, &hub), ERR_OK);
}

static void
test_a_wrong_patients_record_leaves_his_file(void **state)
{
	struct change_id e, more;

	resident_comes();
	came("B", "his", "resident", "r2", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:B"));
	e = came("C", "his", "encounter", "e1", NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	expect(&e, "AC");
	more = came("C", "his", "encounter", "e1", &e,
	    json_pack("{s:s}", "resident_id", "ref:r2"));
	expect(&e, "BC");
	expect(&more, "BC");
}

/* --- referrals, examinations, devices ------------------------------------ */

static void
test_a_referral_brings_the_file_while_it_is_open(void **state)
{
	struct change_id r, done;

	file_comes();
	r = came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:B", "state", "issued"));
	expect(&r, "AB");
	expect(&encounter, "AB");
	done = came("A", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "state", "followed_up"));
	expect(&encounter, "A");
	expect(&resident, "A");
	expect(&r, "AB");
	expect(&done, "AB");
}

/* Written by the target alone it opens no file. */
static void
test_a_referral_to_oneself_is_basic(void **state)
{
	file_comes();
	came("B", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:B", "state", "arrived"));
	expect(&resident, "AB");
	expect(&encounter, "A");
}

/* Whoever writes himself into another's referral is no part of it, and who was
 * stays. */
static void
test_who_makes_himself_a_referrals_target_gets_nothing(void **state)
{
	struct change_id r, own, seen;

	file_comes();
	r = came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:C", "state", "issued"));
	expect(&encounter, "AC");
	own = came("B", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "to_org", "ref:B"));
	expect(&r, "AC");
	expect(&own, "ABC");
	expect(&encounter, "AC");
	/* Its source goes on with it. */
	seen = came("A", "his", "referral", "x1", &own,
	    json_pack("{s:s}", "impression", "x"));
	expect(&seen, "AB");
	expect(&encounter, "AB");
}

/* C's resident r9, and a visit of his. */
static void
strangers_file_comes(struct change_id *file, struct change_id *of_file)
{
	*file = came("C", "his", "resident", "r9", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:C"));
	*of_file = came("C", "his", "encounter", "e9", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r9", "state", "signed"));
}

/* Whom both meant is not whom one of them names afterwards. */
static void
test_a_referral_opens_no_other_file_by_one_sides_word(void **state)
{
	struct change_id r, other, visit9;

	file_comes();
	strangers_file_comes(&other, &visit9);
	r = came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:B", "state", "issued"));
	r = came("B", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "state", "accepted"));
	expect(&encounter, "AB");
	r = came("B", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "resident_id", "ref:r9"));
	expect(&encounter, "A");
	/* A did not name r9: of B's word alone B has its part of the file. */
	expect(&other, "ABC");
	expect(&visit9, "AC");
	came("A", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "impression", "x"));
	expect(&visit9, "ABC");
}

/* The group looked at a contract with one resident. */
static void
test_the_groups_word_is_about_the_resident_it_saw(void **state)
{
	struct change_id c, other, visit9;

	file_comes();
	strangers_file_comes(&other, &visit9);
	c = came("B", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	c = came("H", "his", "contract", "c1", &c,
	    json_pack("{s:s}", "state", "active"));
	expect(&encounter, "AB");
	c = came("B", "his", "contract", "c1", &c,
	    json_pack("{s:s}", "resident_id", "ref:r9"));
	expect(&encounter, "A");
	expect(&other, "BC");
	expect(&visit9, "C");
}

static void
test_attached_encounters_go_along(void **state)
{
	struct change_id e;

	e = came("A", "his", "encounter", "e9", NULL,
	    json_pack("{s:b, s:s}", "unknown", 1, "description", "x"));
	expect(&e, "A");
	came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:[s]}", "from_org", "ref:A", "to_org",
	        "ref:B", "state", "issued", "attached", "ref:e9"));
	expect(&e, "AB");
}

static void
test_a_report_reaches_who_asked(void **state)
{
	struct change_id q, report;

	file_comes();
	q = came("C", "his", "exam_request", "q1", NULL,
	    json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1", "to_org",
	        "ref:B", "state", "sent"));
	expect(&q, "ABC");
	expect(&resident, "ABC");
	expect(&encounter, "A");
	report = came("B", "his", "exam_report", "p1", NULL,
	    json_pack(
	        "{s:s, s:s}", "exam_request_id", "ref:q1", "findings", "x"));
	expect(&report, "ABC");
}

static void
test_a_devices_chain_sees_all_of_it(void **state)
{
	struct change_id device, loan, custody, usage, refused;

	device = came("A", "his", "device", "d1", NULL,
	    json_pack("{s:s}", "owner_org_id", "ref:A"));
	loan = came("B", "his", "loan", "l1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "device_id", "ref:d1", "lender",
	        "ref:A", "borrower", "ref:B", "state", "requested"));
	custody = came("B", "his", "custody", "k1", NULL,
	    json_pack("{s:s, s:s, s:s}", "device_id", "ref:d1", "from", "ref:B",
	        "to", "ref:C"));
	usage = came("C", "his", "usage", "u1", NULL,
	    json_pack("{s:s, s:i}", "device_id", "ref:d1", "hours", 2));
	refused = came("V", "his", "loan", "l2", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "device_id", "ref:d1", "lender",
	        "ref:A", "borrower", "ref:V", "state", "refused"));
	expect(&device, "ABC");
	expect(&loan, "ABC");
	expect(&custody, "ABC");
	expect(&usage, "ABC");
	expect(&refused, "BCV"); /* A's nodes have V's list */
}

/* --- the tables ---------------------------------------------------------- */

static bool
has_flag(const struct kind *k, unsigned flag)
{
	const struct field *f;

	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & flag) != 0)
			return true;
	return false;
}

/* What is followed or granted says so itself, and nothing goes in circles. */
static void
test_kinds_agree_about_who_follows_whom(void **state)
{
	const struct kind *const *k;
	const struct kind *const *q;

	for (k = kind_all(); *k != NULL; k++) {
		bool followed = false, granted = false;

		for (q = kind_all(); *q != NULL; q++) {
			const struct field *f;

			for (f = (*q)->fields; f->number != 0; f++) {
				if (f->ref_kind == NULL ||
				    strcmp(f->ref_kind, (*k)->name) != 0)
					continue;
				if ((f->flags & FIELD_FOLLOWS) != 0) {
					followed = true;
					assert_true(
					    (*k)->number < (*q)->number);
				}
				if ((f->flags & FIELD_GRANTS) != 0)
					granted = true;
			}
		}
		assert_int_equal((*k)->scope.is_followed, followed);
		assert_int_equal((*k)->scope.is_granted, granted);
		if ((*k)->by_group)
			assert_false(has_flag(*k, ~(unsigned)FIELD_REQUIRED));
	}
}

static void
test_of_too_many_orgs_the_lowest_refs_stay(void **state)
{
	struct scope_orgs o = {.count = 0, .is_crowded = false};
	char ref[16];
	int i;

	for (i = 99; i >= 0; i--) {
		snprintf(ref, sizeof ref, "C%02d", i);
		scope_orgs_add(&o, ref, SCOPE_BASIC);
	}
	scope_orgs_add(&o, "C99", SCOPE_FULL);
	scope_orgs_add(&o, "C05", SCOPE_FULL);
	scope_orgs_add(&o, "C05", SCOPE_BASIC);
	assert_int_equal(o.count, SCOPE_ORGS_MAX);
	assert_string_equal(o.org[0].ref, "C00");
	assert_string_equal(o.org[SCOPE_ORGS_MAX - 2].ref, "C62");
	assert_int_equal(scope_orgs_level(&o, "C05"), SCOPE_FULL);
	assert_int_equal(scope_orgs_level(&o, "C98"), SCOPE_NONE);
	/* But in full before the others, and its own before all. */
	assert_int_equal(scope_orgs_level(&o, "C99"), SCOPE_FULL);
	scope_orgs_add(&o, "Z", SCOPE_OWN | SCOPE_BASIC);
	for (i = 0; i < 99; i++) {
		snprintf(ref, sizeof ref, "A%02d", i);
		scope_orgs_add(&o, ref, SCOPE_FULL);
	}
	assert_int_equal(scope_orgs_level(&o, "Z"), SCOPE_BASIC);
	assert_int_equal(scope_orgs_level(&o, "C99"), SCOPE_NONE);
	assert_true(o.is_crowded);
}

/* Another program has one of that ref too: what was decided about this one
 * goes to those who have to do with it. */
static void
test_a_decision_goes_with_the_record_that_it_names(void **state)
{
	struct change_id decision;

	(void)state;
	came("A", "his", "device", "d1", NULL,
	    json_pack("{s:s}", "owner_org_id", "ref:A"));
	came("B", "b", "device", "d1", NULL,
	    json_pack("{s:s}", "owner_org_id", "ref:B"));
	decision = came("H", "hub", "question", "q1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "state", "decided", "about_kind",
	        "device", "about_ref", "d1", "about_source", "his"));
	expect(&decision, "HA");
	/* Also to who has to do with it later. */
	came("A", "his", "custody", "k1", NULL,
	    json_pack("{s:s, s:s, s:s}", "device_id", "ref:d1", "from", "ref:A",
	        "to", "ref:C"));
	expect(&decision, "HAC");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_what_nobody_else_is_due_stays_with_its_org),
	    CASE(test_a_strangers_contract_gives_allergies_and_plans),
	    CASE(test_a_contract_said_to_be_active_is_not_the_groups_word),
	    CASE(test_a_contract_that_the_group_lets_stand_gives_the_file),
	    CASE(test_the_same_if_the_resident_comes_last),
	    CASE(test_other_teams_see_the_contracts),
	    CASE(test_a_move_fills_the_new_site_and_leaves_the_old),
	    CASE(test_who_kept_the_file_is_told_who_takes_it),
	    CASE(test_who_is_told_waits_for_what_came_before),
	    CASE(test_what_comes_back_stands_once),
	    CASE(test_a_move_by_ones_own_word_is_basic),
	    CASE(test_a_second_founder_takes_the_file_from_nobody),
	    CASE(test_nor_does_one_whose_word_is_shown),
	    CASE(test_a_founder_settles_nothing_for_himself),
	    CASE(test_a_file_waits_for_its_resident),
	    CASE(test_a_ref_that_two_bear_leads_to_neither),
	    CASE(test_a_township_has_what_stands_on_its_villages_list),
	    CASE(test_a_wrong_patients_record_leaves_his_file),
	    CASE(test_a_referral_brings_the_file_while_it_is_open),
	    CASE(test_a_referral_to_oneself_is_basic),
	    CASE(test_who_makes_himself_a_referrals_target_gets_nothing),
	    CASE(test_a_referral_opens_no_other_file_by_one_sides_word),
	    CASE(test_the_groups_word_is_about_the_resident_it_saw),
	    CASE(test_attached_encounters_go_along),
	    CASE(test_a_report_reaches_who_asked),
	    CASE(test_a_devices_chain_sees_all_of_it),
	    CASE(test_a_decision_goes_with_the_record_that_it_names),
	    cmocka_unit_test(test_kinds_agree_about_who_follows_whom),
	    cmocka_unit_test(test_of_too_many_orgs_the_lowest_refs_stay),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
