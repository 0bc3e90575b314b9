/* kind: the tables are whole, and states follow each other as agreed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/kind.h"

static const struct kind *
named(const char *name)
{
	const struct kind *k = kind_by_name(name);

	assert_non_null(k);
	return k;
}

static void
test_kinds_are_found_by_name_and_number(void **state)
{
	uint16_t number = 0;

	for (const struct kind *const *k = kind_all(); *k != NULL; k++) {
		/* They rise; one may be another version's. */
		assert_true((*k)->number > number);
		number = (*k)->number;
		assert_ptr_equal(kind_by_name((*k)->name), *k);
		assert_ptr_equal(kind_by_number(number), *k);
	}
	assert_int_equal(number, 32);
	assert_null(kind_by_name("Encounter"));
	assert_null(kind_by_name("prescription"));
	assert_null(kind_by_name(""));
	assert_null(kind_by_number(0));
	assert_null(kind_by_number(33));
}

/* Numbers are in every store and on the wire. */
static void
test_numbers_never_change(void **state)
{
	static const struct {
		const char *kind;
		const char *field;
		uint16_t number;
	} known[] = {
	    {"encounter", "state", 1},
	    {"encounter", "slip_no", 2},
	    {"encounter", "reason", 3},
	    {"encounter", "fee", 33},
	    {"resident", "reason", 3},
	    {"resident", "status", 24},
	    {"contract", "ended_on", 21},
	    {"referral", "reason_declined", 34},
	    {"followup", "referral_id", 26},
	    {"loan", "onward_of_loan_id", 14},
	    {"exam_report", "supersedes_id", 13},
	    {"move", "moved_on", 9},
	    {"link", "decided_by", 8},
	    {"question", "decided_by", 10},
	    {"audit", "note", 8},
	    {"recognition", "reason", 3},
	    {"recognition", "encounter_id", 9},
	    {"consult", "encounter_id", 13},
	    {"exam_item", "valid_to", 9},
	    {"sterile_batch", "delivered_on", 10},
	    {"dispatch", "confirmed_by", 12},
	    {"studio", "clinic_days", 8},
	    {"outreach", "loan_ids", 9},
	    {"disclosure", "source", 13},
	    {"emptying", "still", 7},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct field *table = named(known[i].kind)->fields;
		const struct field *f = field_by_name(table, known[i].field);

		assert_non_null(f);
		assert_int_equal(f->number, known[i].number);
		assert_ptr_equal(field_by_number(table, known[i].number), f);
	}
	assert_null(field_by_name(named("usage")->fields, "colour"));
	assert_null(field_by_number(named("usage")->fields, 0));
}

static void
assert_field_is_whole(const struct kind *k, const struct field *f)
{
	if (f->type == FIELD_ENUM || f->type == FIELD_ENUMS)
		assert_non_null(f->words);
	if (f->merge == MERGE_RANK)
		assert_non_null(f->words);
	if (f->type == FIELD_REF || f->type == FIELD_REFS)
		assert_non_null(f->ref_kind);
	if (f->type == FIELD_ROW || f->type == FIELD_ROWS)
		assert_non_null(f->row);
	if (f->type == FIELD_CHOICE)
		assert_true(f->min < f->max);
	if (f->type == FIELD_SLIP)
		assert_true(k->slip_letter != 0);
	assert_true(f->min <= f->max);
	assert_true(f->low <= f->high);
	if (f->low < f->high && f->min < f->max) {
		assert_true(f->low >= f->min);
		assert_true(f->high <= f->max);
	}
}

static void
assert_table_is_whole(const struct kind *k, const struct field *table)
{
	size_t count = 0;

	for (const struct field *f = table; f->number != 0; f++) {
		assert_ptr_equal(field_by_number(table, f->number), f);
		assert_ptr_equal(field_by_name(table, f->name), f);
		assert_field_is_whole(k, f);
		if (f->row != NULL)
			assert_table_is_whole(k, f->row);
		count++;
	}
	assert_true(count > 0);
	assert_true(count <= FIELDS_MAX);
}

static void
test_tables_are_whole(void **state)
{
	for (const struct kind *const *k = kind_all(); *k != NULL; k++) {
		const struct field *f = field_by_name((*k)->fields, "state");

		assert_table_is_whole(*k, (*k)->fields);
		assert_true((*k)->urgency <= 3);
		assert_int_equal(f != NULL, (*k)->states != NULL);
		if (f != NULL)
			assert_int_equal(f->merge, MERGE_STATE);
		assert_null(field_by_name((*k)->fields, "org_id"));
	}
}

/* Every word of a from-list and every reason is a name that exists. */
static void
test_states_name_states_and_fields(void **state)
{
	for (const struct kind *const *k = kind_all(); *k != NULL; k++) {
		const struct state *s = (*k)->states;

		for (; s != NULL && s->name != NULL; s++) {
			char from[128], *word, *rest = from;

			strncpy(from, s->from, sizeof from - 1);
			from[sizeof from - 1] = '\0';
			while ((word = strtok_r(rest, " ", &rest)) != NULL) {
				if (strcmp(word, "-") != 0)
					assert_true(state_rank(*k, word) >= 0);
			}
			if (s->reason != NULL)
				assert_non_null(
				    field_by_name((*k)->fields, s->reason));
		}
	}
}

static void
test_sensitive_fields_are_marked(void **state)
{
	const struct field *resident = named("resident")->fields;

	assert_int_equal(field_by_name(resident, "id_no")->data, DATA_P2);
	assert_int_equal(field_by_name(resident, "allergies")->data, DATA_P2);
	assert_int_equal(field_by_name(resident, "name")->data, DATA_P1);
	for (const struct field *f = named("encounter")->fields; f->number != 0;
	     f++) {
		if (strcmp(f->name, "slip_no") != 0)
			assert_int_equal(f->data, DATA_P2);
	}
}

static void
assert_outranks(const char *kind, const char *high, const char *low)
{
	assert_true(
	    state_rank(named(kind), high) > state_rank(named(kind), low));
	assert_true(state_rank(named(kind), low) >= 0);
}

static void
test_ranks_follow_the_rules(void **state)
{
	assert_outranks("referral", "arrived", "cancelled");
	assert_outranks("referral", "arrived", "declined");
	assert_outranks("referral", "arrived_home", "lapsed");
	assert_outranks("referral", "cancelled", "accepted");
	assert_outranks("contract", "closed", "terminated");
	assert_outranks("contract", "ending", "active");
	assert_outranks("encounter", "entered_in_error", "amended");
	assert_outranks("loan", "handed_over", "refused");
	assert_outranks("followup", "done", "missed");
	assert_int_equal(state_rank(named("encounter"), "closed"), -1);
	assert_int_equal(state_rank(named("device"), "draft"), -1);
}

static void
test_steps_may_be_jumped_over(void **state)
{
	assert_true(state_follows(named("referral"), "issued", "in_care"));
	assert_true(state_follows(named("referral"), "issued", "followed_up"));
	assert_true(state_follows(named("loan"), "requested", "returned"));
	assert_true(state_follows(named("exam_request"), "sent", "reported"));
	assert_true(state_follows(named("contract"), "signed", "terminated"));
	assert_true(state_follows(named("encounter"), "draft", "amended"));
}

static void
test_steps_do_not_lead_back(void **state)
{
	assert_false(state_follows(named("encounter"), "signed", "draft"));
	assert_false(
	    state_follows(named("encounter"), "entered_in_error", "amended"));
	assert_false(state_follows(named("contract"), "closed", "active"));
	assert_false(state_follows(named("contract"), "refused", "active"));
	assert_false(state_follows(named("loan"), "returned", "requested"));
	assert_false(state_follows(named("referral"), "arrived", "cancelled"));
	assert_false(state_follows(named("followup"), "done", "planned"));
}

static void
test_arrival_follows_a_cancellation(void **state)
{
	assert_true(state_follows(named("referral"), "cancelled", "arrived"));
	assert_true(state_follows(named("referral"), "declined", "arrived"));
}

static void
test_computed_states_are_no_steps(void **state)
{
	assert_false(state_follows(named("contract"), "active", "expired"));
	assert_false(state_follows(named("referral"), "issued", "lapsed"));
	assert_false(state_follows(named("loan"), "received", "overdue"));
	assert_true(state_follows(named("contract"), "expired", "expired"));
}

static void
test_first_states_may_be_history(void **state)
{
	assert_true(state_follows(named("contract"), NULL, "terminated"));
	assert_true(state_follows(named("contract"), NULL, "expired"));
	assert_false(state_follows(named("contract"), NULL, "contested"));
	assert_true(state_follows(named("loan"), NULL, "approved"));
	assert_true(state_follows(named("referral"), NULL, "arrived"));
	assert_false(state_follows(named("referral"), NULL, "lapsed"));
	assert_true(state_follows(named("encounter"), NULL, "amended"));
	assert_false(state_follows(named("encounter"), NULL, "closed"));
}

static uint8_t
urgency_of(const char *kind, const char *field, const char *value)
{
	const struct kind *k = named(kind);
	json_t *record = json_pack("{s:s}", field, value);
	uint8_t urgency = k->urgency;

	assert_non_null(record);
	if (k->classify != NULL)
		urgency = k->classify(record);
	json_decref(record);
	return urgency;
}

static void
test_emergencies_and_deaths_go_first(void **state)
{
	json_t *critical = json_pack("{s:b}", "critical", 1);

	assert_int_equal(urgency_of("referral", "urgency", "emergency"), 0);
	assert_int_equal(urgency_of("referral", "urgency", "urgent"), 1);
	assert_int_equal(urgency_of("referral", "state", "arrived"), 1);
	assert_int_equal(urgency_of("resident", "status", "dead"), 0);
	assert_int_equal(urgency_of("resident", "status", "living"), 2);
	assert_int_equal(urgency_of("exam_report", "findings", "x"), 1);
	assert_int_equal(named("exam_report")->classify(critical), 0);
	assert_int_equal(urgency_of("custody", "from", "x"), 1);
	assert_int_equal(urgency_of("encounter", "plan", "x"), 2);
	assert_int_equal(urgency_of("org", "name", "x"), 3);
	assert_int_equal(urgency_of("sterile_batch", "state", "recalled"), 0);
	assert_int_equal(urgency_of("sterile_batch", "state", "used"), 2);
	assert_int_equal(urgency_of("link", "basis", "x"), 1);
	assert_int_equal(urgency_of("audit", "ground", "x"), 1);
	json_decref(critical);
}

/* How many records in a row may follow one another, this one included. What
 * is about any record follows all. */
static size_t
follows_deep(const struct kind *k)
{
	const struct kind *const *q;
	const struct field *f;
	size_t most = 0;

	for (q = kind_all(); *q != NULL; q++) {
		bool follows = k->scope.about[0] != NULL && *q != k;
		size_t deep;

		for (f = k->fields; f->number != 0; f++)
			follows = follows ||
			          ((f->flags & FIELD_FOLLOWS) != 0 &&
			              f->ref_kind != NULL &&
			              strcmp(f->ref_kind, (*q)->name) == 0);
		deep = follows && *q != k ? follows_deep(*q) : 0;
		most = deep > most ? deep : most;
	}
	return most + 1;
}

/* store/scope_spread.c settles six in a row and no more. */
static void
test_what_follows_goes_no_deeper_than_is_settled(void **state)
{
	const struct kind *const *k;

	(void)state;
	for (k = kind_all(); *k != NULL; k++)
		assert_true(follows_deep(*k) <= 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_follows_goes_no_deeper_than_is_settled),
	    cmocka_unit_test(test_kinds_are_found_by_name_and_number),
	    cmocka_unit_test(test_numbers_never_change),
	    cmocka_unit_test(test_tables_are_whole),
	    cmocka_unit_test(test_states_name_states_and_fields),
	    cmocka_unit_test(test_sensitive_fields_are_marked),
	    cmocka_unit_test(test_ranks_follow_the_rules),
	    cmocka_unit_test(test_steps_may_be_jumped_over),
	    cmocka_unit_test(test_steps_do_not_lead_back),
	    cmocka_unit_test(test_arrival_follows_a_cancellation),
	    cmocka_unit_test(test_computed_states_are_no_steps),
	    cmocka_unit_test(test_first_states_may_be_history),
	    cmocka_unit_test(test_emergencies_and_deaths_go_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
