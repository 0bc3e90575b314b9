/* scope_begun: what another beginning of a record gives, and what it takes. */

#include "store/matter.h"
#include "tests/unit/scope_room.h"

static struct change_id strangers;

static void
visit_comes(void)
{
	visit = came("C", "his", "encounter", "e2", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static void
stranger_begins(void)
{
	strangers = came("B", "his", "encounter", "e2", NULL,
	    json_pack("{s:s}", "state", "signed"));
}

static void
set_aside(const char *kind, const char *ref, const struct change_id *id)
{
	char text[64];

	change_founded_ref(id, text, sizeof text);
	came("H", "his", kind, ref, id,
	    json_pack("{s:[s], s:s}", "set_aside", text + 1, "reason", "x"));
}

/* Refs count up: whoever knows one knows the next. */
static void
test_who_begins_anothers_record_again_does_not_get_it(void **state)
{
	resident_comes();
	visit_comes();
	stranger_begins();
	expect(&visit, "AC");
	expect(&strangers, "AB");
}

static void
test_nor_does_who_began_it_before_it_came(void **state)
{
	resident_comes();
	stranger_begins();
	visit_comes();
	expect(&visit, "AC");
	expect(&strangers, "AB");
}

/* What the group does with the record meanwhile is held back from both, and
 * what they have stays. */
static void
test_what_was_given_is_not_taken_back_by_another_beginning(void **state)
{
	struct change_id word, other;
	int withdrawn;

	visit_comes();
	word = came("H", "his", "encounter", "e2", &visit,
	    json_pack("{s:s}", "plan", "x"));
	expect(&word, "CH");
	stranger_begins();
	expect(&word, "CH");
	assert_int_equal(stands("C", &word, &withdrawn), 1);
	assert_int_equal(withdrawn, 0);
	other = came("H", "his", "encounter", "e2", &word,
	    json_pack("{s:s}", "plan", "y"));
	expect(&other, "H");
	set_aside("encounter", "e2", &strangers);
	expect(&other, "CH");
	expect(&word, "CH");
	expect(&visit, "C");
}

/* --- contracts ----------------------------------------------------------- */

static struct change_id contract;

static void
contract_counts(const char *ref)
{
	contract = came("C", "his", "contract", ref, NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	came("H", "his", "contract", ref, &contract,
	    json_pack("{s:s}", "state", "active"));
}

static struct change_id
next_visit(const char *ref)
{
	return came("A", "his", "encounter", ref, NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
}

static void
test_another_beginning_of_a_contract_opens_no_file(void **state)
{
	struct change_id second, later;

	file_comes();
	contract_counts("c1");
	expect(&encounter, "AC");
	second = came("B", "his", "contract", "c1", NULL,
	    json_pack("{s:s}", "state", "signed"));
	expect(&contract, "AC");
	expect(&resident, "AC");
	expect(&encounter, "AC");
	later = next_visit("e7");
	expect(&later, "A");
	set_aside("contract", "c1", &second);
	expect(&later, "AC");
	expect(&resident, "AC");
	expect(&second, "ABC");
}

/* Of a ref that a store gave the beginning is known by the ref. */
static void
test_no_other_change_begins_what_a_store_named(void **state)
{
	struct change_id first = {{4}, 2, 1}, second, later;
	char ref[64];

	change_founded_ref(&first, ref, sizeof ref);
	file_comes();
	second = came("B", "his", "contract", ref, NULL,
	    json_pack("{s:s}", "state", "signed"));
	contract_counts(ref);
	assert_int_equal(change_id_compare(&first, &contract), 0);
	expect(&contract, "AC");
	expect(&encounter, "AC");
	expect(&second, "ABC");
	later = next_visit("e7");
	expect(&later, "AC");
}

/* A township's hand-over of its village's file, and the group's. */
static void
test_who_is_above_begins_it_as_well(void **state)
{
	struct change_id first, word;

	first = came("V", "his", "encounter", "e3", NULL,
	    json_pack("{s:s, s:s}", "state", "signed", "plan", "x"));
	came("A", "his", "encounter", "e3", NULL,
	    json_pack("{s:s, s:s}", "state", "signed", "plan", "y"));
	word = came("H", "his", "encounter", "e3", &first,
	    json_pack("{s:s}", "plan", "z"));
	expect(&word, "AH");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_who_begins_anothers_record_again_does_not_get_it),
	    CASE(test_nor_does_who_began_it_before_it_came),
	    CASE(test_what_was_given_is_not_taken_back_by_another_beginning),
	    CASE(test_another_beginning_of_a_contract_opens_no_file),
	    CASE(test_no_other_change_begins_what_a_store_named),
	    CASE(test_who_is_above_begins_it_as_well),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
