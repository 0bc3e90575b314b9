/* scope_linked: what a move sends first, and what links grant and take back. */

#include "store/list.h"
#include "store/question.h"
#include "tests/unit/scope_room.h"

static uint64_t
place_of(const char *on, const struct change_id *id)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct list_entry entry;
	struct audience a;
	uint64_t place;

	snprintf(name, sizeof name, "org:%s", on);
	assert_int_equal(audience_read(t, name, &a), ERR_OK);
	for (place = 1;
	     list_entry_read(t, &a, id->class, place, &entry) == ERR_OK;
	     place++)
		if (change_id_compare(&entry.id, id) == 0 &&
		    !entry.is_withdrawn)
			return place;
	return 0;
}

/* Visits were there first; the file and what is planned travel before them. */
static void
test_a_move_sends_allergies_and_plans_first(void **state)
{
	encounter = came("A", "his", "encounter", "e1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	visit = came("A", "his", "followup", "f2", NULL,
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "state", "done"));
	plan = came("A", "his", "followup", "f1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "planned"));
	resident_comes();
	came("H", "his", "resident", "r1", &resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	assert_true(place_of("B", &resident) > 0);
	assert_true(place_of("B", &resident) < place_of("B", &plan));
	assert_true(place_of("B", &plan) < place_of("B", &encounter));
}

static struct change_id other, other_visit, third, third_visit;

static void
other_comes(void)
{
	other = came("B", "lab", "resident", "r1", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:B"));
	other_visit = came("B", "lab", "encounter", "e1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static struct change_id
link_says(const char *author, const struct change_id *seen, const char *said)
{
	return came(author, "", "link", "~l1", seen,
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "state", said, "resident_id",
	        "ref:r1", "resident_source", "his", "other_id", "ref:r1",
	        "other_source", "lab"));
}

static void
expect_linked(const char *files, const char *visits)
{
	expect(&resident, files);
	expect(&other, files);
	expect(&encounter, visits);
	expect(&other_visit, strcmp(visits, "A") == 0 ? "B" : visits);
}

/* Two clinics call two entries the same, and the group links them. */
static void
test_linked_entries_are_received_by_both(void **state)
{
	struct change_id link;

	file_comes();
	other_comes();
	expect(&resident, "A");
	expect(&other, "B");
	link = link_says("H", NULL, "linked");
	expect(&link, "HAB");
	expect_linked("AB", "AB");
	link = link_says("H", &link, "undone");
	expect(&resident, "A");
	expect(&other, "B");
	expect(&encounter, "A");
	expect(&other_visit, "B");
}

static void
test_a_link_may_come_before_the_entries(void **state)
{
	struct change_id link = link_says("H", NULL, "linked");

	other_comes();
	file_comes();
	expect(&link, "HAB");
	expect_linked("AB", "AB");
}

/* Who links himself to a file gets no more than a stranger needs. */
static void
test_ones_own_link_gives_allergies_and_plans(void **state)
{
	file_comes();
	other_comes();
	link_says("B", NULL, "linked");
	expect(&resident, "AB");
	expect(&plan, "AB");
	expect(&encounter, "A");
	expect(&other_visit, "B");
}

/* What one of them is granted later goes to both, and three are one. */
static void
test_grants_reach_all_linked_entries(void **state)
{
	file_comes();
	other_comes();
	link_says("H", NULL, "linked");
	third = came("A", "his", "resident", "r3", NULL,
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:A"));
	expect(&third, "A");
	came("H", "", "link", "~l2", NULL,
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "state", "linked",
	        "resident_id", "ref:r3", "resident_source", "his", "other_id",
	        "ref:r1", "other_source", "lab"));
	expect(&third, "AB");
	came("C", "lab", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&resident, "ABC");
	expect(&other, "ABC");
	expect(&third, "ABC");
}

static void
third_comes(void)
{
	third = came("C", "his", "resident", "r9", NULL,
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:C"));
	third_visit = came("C", "his", "encounter", "e9", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r9", "state", "signed"));
}

/* What the group linked were these two, and not whom a clinic names instead. */
static void
test_the_groups_link_does_not_follow_to_another_entry(void **state)
{
	struct change_id link;

	file_comes();
	other_comes();
	third_comes();
	link = link_says("H", NULL, "linked");
	expect_linked("AB", "AB");
	link = came("B", "", "link", "~l1", &link,
	    json_pack(
	        "{s:s, s:s}", "other_id", "ref:r9", "other_source", "his"));
	expect(&third, "AC");
	expect(&third_visit, "C");
	expect(&other, "B");
	expect(&encounter, "A");
	/* The group, having seen it, says so again. */
	came("H", "", "link", "~l1", &link,
	    json_pack("{s:s}", "state", "linked"));
	expect(&third_visit, "AC");
	expect(&encounter, "AC");
}

/* Nor does it outlive that the group took it back. */
static void
test_who_links_again_what_the_group_undid_is_a_stranger(void **state)
{
	struct change_id link;

	file_comes();
	other_comes();
	link = link_says("H", NULL, "linked");
	link = link_says("H", &link, "undone");
	link_says("B", &link, "linked");
	expect(&resident, "AB");
	expect(&encounter, "A");
	expect(&other_visit, "B");
}

/* --- who writes many ------------------------------------------------------ */

/* C says it of the first entry and entries that it makes up. */
static void
links_many(const char *said, int count)
{
	char ref[16];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(ref, sizeof ref, "x%03d", i);
		came("C", "his", "link", ref, NULL,
		    json_pack("{s:s, s:s, s:s, s:o, s:s}", "state", said,
		        "resident_id", "ref:r1", "resident_source", "his",
		        "other_id", json_sprintf("ref:%s", ref), "other_source",
		        "c"));
	}
}

static size_t crowds;

static enum err
see_crowd(void *context, const struct question *q)
{
	crowds += q->code == FINDING_LINKS_CROWDED &&
	          strcmp(q->kind, "resident") == 0 &&
	          strcmp(q->ref, "r1") == 0 && strcmp(q->origin, "his") == 0;
	return ERR_OK;
}

static size_t
told_of_crowds(void)
{
	crowds = 0;
	assert_int_equal(question_walk(t, see_crowd, NULL), ERR_OK);
	return crowds;
}

static void
nobody_is_crowded_out(const char *said, int count, bool is_first)
{
	struct change_id later;
	int withdrawn;

	file_comes();
	other_comes();
	if (!is_first)
		link_says("H", NULL, "linked");
	assert_int_equal(told_of_crowds(), 0);
	links_many(said, count);
	assert_int_equal(told_of_crowds(), 1);
	if (is_first)
		link_says("H", NULL, "linked");
	expect_linked("AB", "AB");
	stands("B", &encounter, &withdrawn);
	assert_int_equal(withdrawn, 0);
	later = came("A", "his", "encounter", "e7", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&later, "AB");
}

static void
test_what_is_proposed_crowds_no_link_out(void **state)
{
	nobody_is_crowded_out("proposed", 300, false);
}

static void
test_nor_where_it_came_first(void **state)
{
	nobody_is_crowded_out("proposed", 300, true);
}

/* Each of them is asked about, and meanwhile the group's counts. */
static void
test_nor_does_what_is_said_without_right(void **state)
{
	nobody_is_crowded_out("linked", 70, false);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_a_move_sends_allergies_and_plans_first),
	    CASE(test_linked_entries_are_received_by_both),
	    CASE(test_a_link_may_come_before_the_entries),
	    CASE(test_ones_own_link_gives_allergies_and_plans),
	    CASE(test_grants_reach_all_linked_entries),
	    CASE(test_the_groups_link_does_not_follow_to_another_entry),
	    CASE(test_who_links_again_what_the_group_undid_is_a_stranger),
	    CASE(test_what_is_proposed_crowds_no_link_out),
	    CASE(test_nor_where_it_came_first),
	    CASE(test_nor_does_what_is_said_without_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
