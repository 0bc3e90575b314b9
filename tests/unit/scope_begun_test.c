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

/* --- files ---------------------------------------------------------------- */

/* holder NULL: names nobody. */
static struct change_id
founds(const char *author, const char *holder)
{
	json_t *fields = json_pack("{s:s}", "name", "x");

	if (holder != NULL)
		json_object_set_new(
		    fields, "managing_org_id", json_sprintf("ref:%s", holder));
	return came(author, "his", "resident", "r1", NULL, fields);
}

static struct change_id
visits(const char *author, const char *ref)
{
	return came(author, "his", "encounter", ref, NULL,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
}

static void
keeps(const struct change_id *seen, const char *holder)
{
	came("H", "his", "resident", "r1", seen,
	    json_pack(
	        "{s:o}", "managing_org_id", json_sprintf("ref:%s", holder)));
}

/* C counted the refs of a program that names no keeper. */
static void
begins_a_file_that_names_nobody(const char *author, bool is_first)
{
	struct change_id first, second, later;

	if (is_first)
		second = founds("C", "C");
	first = founds(author, NULL);
	if (!is_first)
		second = founds("C", "C");
	expect(&first, strcmp(author, "H") == 0 ? "HC" : "AC");
	later = visits("B", "e4");
	expect(&later, "B");
	keeps(&first, "A");
	expect(&later, "AB");
	set_aside("resident", "r1", &second);
	expect(&first, strcmp(author, "H") == 0 ? "HA" : "A");
	later = visits("B", "e5");
	expect(&later, "AB");
}

static void
test_a_file_that_names_nobody_is_not_opened_by_another_beginning(void **state)
{
	begins_a_file_that_names_nobody("H", false);
}

static void
test_nor_where_that_came_first(void **state)
{
	begins_a_file_that_names_nobody("H", true);
}

static void
test_nor_one_that_an_org_began(void **state)
{
	begins_a_file_that_names_nobody("A", false);
}

/* It tells of it in two lines, one of which names the keeper. */
static void
test_who_alone_began_a_file_names_its_keeper(void **state)
{
	struct change_id first, later;

	first = founds("A", NULL);
	founds("A", "A");
	later = visits("C", "e4");
	expect(&first, "A");
	expect(&later, "AC");
}

/* A township's file, which its village's program began as well. What the first
 * had stays. */
static void
a_village_begins_it_too(const char *one, const char *other)
{
	struct change_id before, later;

	founds(one, one);
	before = visits("C", "e4");
	founds(other, other);
	later = visits("C", "e5");
	expect(&before, strcmp(one, "A") == 0 ? "AC" : "ACV");
	expect(&later, "AC");
}

static void
test_a_surely_begun_file_is_withheld_from_nobody(void **state)
{
	a_village_begins_it_too("A", "V");
}

static void
test_nor_where_the_village_began_it_first(void **state)
{
	a_village_begins_it_too("V", "A");
}

/* --- answers ------------------------------------------------------------- */

/* Two programs that tell of one request, neither having seen the other. */
static struct change_id
request_says(
    const char *author, const char *to, const char *state, const char *specimen)
{
	json_t *fields = json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1",
	    "state", state, "specimen_no", specimen);

	json_object_set_new(fields, "to_org", json_sprintf("ref:%s", to));
	return came(author, "his", "exam_request", "q1", NULL, fields);
}

static struct change_id
report_comes(const char *author)
{
	return came(author, "his", "exam_report", "x1", NULL,
	    json_pack(
	        "{s:s, s:s}", "exam_request_id", "ref:q1", "conclusion", "x"));
}

static struct change_id
is_reported(const char *author, const struct change_id *after)
{
	return came(author, "his", "exam_request", "q1", after,
	    json_pack("{s:s}", "state", "reported"));
}

static size_t asked;

static enum err
see_begun_twice(void *context, const struct question *q)
{
	asked += q->code == FINDING_BEGUN_TWICE;
	return ERR_OK;
}

/* How many beginnings the group is asked about. */
static size_t
asked_of_beginnings(void)
{
	asked = 0;
	assert_int_equal(question_walk(t, see_begun_twice, NULL), ERR_OK);
	return asked;
}

static void
test_who_asked_receives_the_answer_of_another_program(void **state)
{
	struct change_id request, answer, step, report;

	resident_comes();
	request = request_says("C", "B", "sent", "7");
	answer = request_says("B", "B", "received", "7");
	step = is_reported("B", &answer);
	report = report_comes("B");
	expect(&request, "ABC");
	expect(&answer, "ABC");
	expect(&step, "ABC");
	expect(&report, "ABC");
	assert_int_equal(asked_of_beginnings(), 0);
}

static void
test_also_where_the_answer_came_first_and_the_group_told_it(void **state)
{
	struct change_id request, answer, step, report;

	resident_comes();
	answer = request_says("H", "H", "received", "7");
	report = report_comes("H");
	step = is_reported("H", &answer);
	expect(&step, "AH");
	request = request_says("C", "H", "sent", "7");
	expect(&request, "ACH");
	expect(&answer, "ACH");
	expect(&step, "ACH");
	expect(&report, "ACH");
	assert_int_equal(asked_of_beginnings(), 0);
}

/* He guessed the ref, but not what the request says. */
static void
test_who_does_not_know_what_was_asked_has_not_asked_it(void **state)
{
	struct change_id answer, step, report;

	resident_comes();
	answer = request_says("B", "B", "received", "7");
	request_says("C", "B", "sent", "8");
	step = is_reported("B", &answer);
	report = report_comes("B");
	expect(&answer, "AB");
	expect(&step, "AB");
	expect(&report, "AB");
	assert_int_equal(asked_of_beginnings(), 2);
}

/* Who was not asked answers nothing: his line is another beginning. */
static void
test_who_was_not_asked_does_not_answer(void **state)
{
	struct change_id request, step;

	resident_comes();
	request = request_says("C", "H", "sent", "7");
	request_says("B", "H", "received", "7");
	step = is_reported("H", &request);
	expect(&request, "ACH");
	expect(&step, "AH");
	assert_int_equal(asked_of_beginnings(), 2);
}

/* --- answers to what nobody asked ----------------------------------------- */

struct asking {
	const char *kind, *first, *answered;
};

static const struct asking askings[] = {
    {"exam_request", "sent", "received"},
    {"consult", "requested", "answered"},
    {"referral", "issued", "arrived"},
};

static struct change_id
asks(const struct asking *q, const char *author, const char *from,
    const char *to, const char *state)
{
	json_t *fields =
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "state", state);

	json_object_set_new(fields, "from_org", json_sprintf("ref:%s", from));
	json_object_set_new(fields, "to_org", json_sprintf("ref:%s", to));
	return came(author, "his", q->kind, "q1", NULL, fields);
}

/* What B invents in A's name gives it what its own question would, which is
 * what a stranger needs; and no file. */
static void
invent(const struct asking *q)
{
	struct change_id later;

	file_comes();
	asks(q, "B", "A", "B", q->answered);
	later = next_visit("e7");
	expect(&resident, "AB");
	expect(&encounter, "A");
	expect(&later, "A");
}

static void
ask_of_its_own(const struct asking *q)
{
	struct change_id later;

	file_comes();
	asks(q, "B", "B", "B", q->first);
	later = next_visit("e7");
	expect(&resident, "AB");
	expect(&encounter, "A");
	expect(&later, "A");
}

static void
test_an_invented_answer_opens_what_ones_own_question_does(void **state)
{
	size_t i;

	for (i = 0; i < sizeof askings / sizeof *askings; i++) {
		invent(&askings[i]);
		tear_down(state);
		set_up(state);
		ask_of_its_own(&askings[i]);
		tear_down(state);
		set_up(state);
	}
}

/* Nor is it given what names the ref, but as who begins it is. */
static void
test_a_report_goes_to_who_invented_the_answer_as_to_who_asked(void **state)
{
	struct change_id report;

	resident_comes();
	asks(&askings[0], "B", "A", "B", "received");
	report = report_comes("C");
	expect(&report, "ABC");
	tear_down(state);
	set_up(state);
	resident_comes();
	asks(&askings[0], "B", "A", "B", "sent");
	report = report_comes("C");
	expect(&report, "ABC");
	asks(&askings[0], "A", "A", "C", "sent");
	report = came("C", "his", "exam_report", "x2", NULL,
	    json_pack("{s:s}", "exam_request_id", "ref:q1"));
	assert_int_equal(stands("B", &report, &(int){0}), 0);
}

/* A asked C. Whichever came first, B has no file of it, and is asked about. */
static void
meet(const struct asking *q, bool invented_first)
{
	struct change_id later;

	file_comes();
	if (invented_first)
		asks(q, "B", "A", "B", q->answered);
	asks(q, "A", "A", "C", q->first);
	if (!invented_first)
		asks(q, "B", "A", "B", q->answered);
	later = next_visit("e7");
	assert_int_equal(stands("B", &encounter, &(int){0}), 0);
	assert_int_equal(stands("B", &later, &(int){0}), 0);
	assert_int_equal(
	    asked_of_beginnings(), strcmp(q->kind, "referral") == 0 ? 0 : 2);
}

static void
test_when_the_asker_comes_who_invented_it_gains_nothing(void **state)
{
	size_t i;

	for (i = 0; i < sizeof askings / sizeof *askings; i++) {
		meet(&askings[i], true);
		tear_down(state);
		set_up(state);
		meet(&askings[i], false);
		tear_down(state);
		set_up(state);
	}
}

/* That the group sets a later change of his aside says nothing of the rest. */
static void
test_what_is_set_aside_is_no_word_for_what_it_had_seen(void **state)
{
	struct change_id invented, later;

	file_comes();
	invented = asks(&askings[2], "B", "A", "B", "arrived");
	later = came("B", "his", "referral", "q1", &invented,
	    json_pack("{s:s}", "impression", "x"));
	expect(&encounter, "A");
	set_aside("referral", "q1", &later);
	expect(&resident, "AB");
	expect(&encounter, "A");
}

static void
test_nor_for_who_named_himself(void **state)
{
	struct change_id asked_c, own, later;

	file_comes();
	asked_c = asks(&askings[2], "A", "A", "C", "issued");
	own = came("B", "his", "referral", "q1", &asked_c,
	    json_pack("{s:s}", "to_org", "ref:B"));
	later = came("B", "his", "referral", "q1", &own,
	    json_pack("{s:s}", "impression", "x"));
	expect(&asked_c, "AC");
	set_aside("referral", "q1", &later);
	expect(&asked_c, "AC");
	expect(&encounter, "AC");
}

/* What the machine says of a referral is what others said of it. */
static void
test_the_machines_word_opens_no_file(void **state)
{
	struct change_id own, said;

	file_comes();
	own = came("B", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:B", "to_org", "ref:B", "state", "issued"));
	expect(&encounter, "A");
	said = machine_says("B", "his", "referral", "x1", &own,
	    json_pack("{s:s}", "state", "arrived"));
	expect(&said, "AB");
	expect(&encounter, "A");
}

static void
test_the_machines_word_makes_nobody_a_referrals_target(void **state)
{
	struct change_id r, own, said;

	file_comes();
	r = came("A", "his", "referral", "x1", NULL,
	    json_pack("{s:s, s:s, s:s, s:s}", "resident_id", "ref:r1",
	        "from_org", "ref:A", "to_org", "ref:C", "state", "issued"));
	own = came("B", "his", "referral", "x1", &r,
	    json_pack("{s:s}", "to_org", "ref:B"));
	said = machine_says("B", "his", "referral", "x1", &own,
	    json_pack("{s:s}", "state", "arrived"));
	expect(&said, "ABC");
	expect(&encounter, "AC");
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
	    CASE(
	        test_a_file_that_names_nobody_is_not_opened_by_another_beginning),
	    CASE(test_nor_where_that_came_first),
	    CASE(test_nor_one_that_an_org_began),
	    CASE(test_who_alone_began_a_file_names_its_keeper),
	    CASE(test_a_surely_begun_file_is_withheld_from_nobody),
	    CASE(test_nor_where_the_village_began_it_first),
	    CASE(test_who_asked_receives_the_answer_of_another_program),
	    CASE(test_also_where_the_answer_came_first_and_the_group_told_it),
	    CASE(test_who_does_not_know_what_was_asked_has_not_asked_it),
	    CASE(test_who_was_not_asked_does_not_answer),
	    CASE(test_an_invented_answer_opens_what_ones_own_question_does),
	    CASE(test_a_report_goes_to_who_invented_the_answer_as_to_who_asked),
	    CASE(test_when_the_asker_comes_who_invented_it_gains_nothing),
	    CASE(test_what_is_set_aside_is_no_word_for_what_it_had_seen),
	    CASE(test_nor_for_who_named_himself),
	    CASE(test_the_machines_word_opens_no_file),
	    CASE(test_the_machines_word_makes_nobody_a_referrals_target),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
