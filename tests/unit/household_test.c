/* household: members of one household sign with different teams. */

#include <sodium.h>

#include "tests/unit/contract_room.h"

#include "store/contest_settle.h"
#include "store/household.h"
#include "store/matter.h"

#define FATHER SOMEBODY("R1", "张伟", "C01")
#define SON    SOMEBODY("R2", "张小伟", "C01")
#define AUNT   SOMEBODY("R3", "李秀英", "C01")
#define YEAR   DAYS("2026-05-01", "2027-04-30")
#define AT_01  ",\"household_no\":\"01\""
#define KA     SIGNED("KA", "09:00:00", "C01", "R1", "T1", YEAR, AT_01)
#define KB     SIGNED("KB", "10:00:00", "C02", "R2", "T2", YEAR, AT_01)
#define KC     SIGNED("KC", "11:00:00", "C01", "R3", "T1", YEAR, AT_01)

static void
assert_split(struct fixture *f)
{
	struct coded c = asked(f, FINDING_HOUSEHOLD);

	assert_contract(f, "KA", "state", "\"active\"");
	assert_contract(f, "KB", "state", "\"active\"");
	assert_contract(f, "KA", "household_with", "[\"ref:KB\"]");
	assert_contract(f, "KB", "household_with", "[\"ref:KA\"]");
	assert_int_equal(c.count, 1);
	assert_string_equal(c.last.ref, "KA");
	assert_int_equal(asked(f, FINDING_CONTESTED).count, 0);
}

static void
test_two_teams_are_asked_about_and_not_contested(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	give(f, FATHER SON KA);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	give(f, KB);
	assert_split(f);
	before = change_count(f);
	give(f, FATHER SON KA KB);
	assert_int_equal(change_count(f), before);
}

static void
test_the_order_of_arrival_does_not_matter(void **state)
{
	struct fixture *f = *state;

	/* Contracts before those they are of, the later one first. */
	give(f, KB);
	give(f, KA);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	give(f, SON);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	give(f, FATHER);
	assert_split(f);
}

/* r1 and r2 of household 01 with T1: two contracts, one household. */
static void
test_many_members_with_one_team_are_fine(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER AUNT KA KC);
	assert_contract(f, "KA", "household_with", "-");
	assert_contract(f, "KC", "household_with", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* All that hang together are one question. */
static void
test_one_question_for_a_household(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON AUNT KC KB KA);
	assert_contract(f, "KA", "household_with", "[\"ref:KB\",\"ref:KC\"]");
	assert_contract(f, "KB", "household_with", "[\"ref:KA\",\"ref:KC\"]");
	assert_contract(f, "KC", "household_with", "[\"ref:KA\",\"ref:KB\"]");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
}

static void
test_what_is_no_split_household(void **state)
{
	struct fixture *f = *state;

	/* No household is named. */
	give(f, FATHER SON KA);
	give(f, SIGNED("KB", "10:00:00", "C02", "R2", "T2", YEAR, ""));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	/* Another one. */
	give(f, SIGNED("KB", "10:01:00", "C02", "R2", "T2", YEAR,
	            ",\"household_no\":\"02\""));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	/* Not at the same time. */
	give(f, SIGNED("KB", "10:02:00", "C02", "R2", "T2",
	            DAYS("2027-05-01", "2028-04-30"), AT_01));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* One resident with two teams is a contest; which of the two counts for the
 * household is decided with it. */
static void
test_a_contest_is_asked_about_as_such(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER KA);
	give(f, SIGNED("KB", "10:00:00", "C02", "R1", "T2", YEAR, AT_01));
	assert_contract(f, "KA", "state", "\"contested\"");
	assert_int_equal(asked(f, FINDING_CONTESTED).count, 1);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	/* KA holds it, and is of the aunt's team. */
	give(f, AUNT KC);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* --- how it ends --------------------------------------------------------- */

static void
test_it_is_over_when_one_goes_over(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON KA KB);
	assert_split(f);
	give(f, SIGNED("KD", "12:00:00", "C01", "R2", "T1",
	            DAYS("2026-06-01", "2027-05-31"),
	            AT_01 ",\"replaces_id\":\"ref:KB\""));
	assert_contract(f, "KB", "state", "\"terminated\"");
	assert_contract(f, "KA", "household_with", "-");
	assert_contract(f, "KB", "household_with", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

static void
test_it_is_over_when_the_number_was_wrong(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON KA KB);
	assert_split(f);
	give(f, SIGNED("KB", "10:30:00", "C02", "R2", "T2", YEAR,
	            ",\"household_no\":\"02\""));
	assert_contract(f, "KA", "household_with", "-");
	assert_contract(f, "KB", "household_with", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	give(f, SIGNED("KB", "10:40:00", "C02", "R2", "T2", YEAR, ""));
	give(f, KA);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* Who moves away from his family has a household of his own. */
static void
test_it_is_over_when_one_moves(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON KA KB);
	assert_split(f);
	give(f, ENVELOPE("resident", "R2", "13:00:00",
	            "C01") "\"name\":\"张小伟\",\"sex\":\"1\",\"no_id_reason\":"
	                   "\"never\","
	                   "\"managing_org_id\":\"ref:C02\"}\n");
	assert_contract(f, "KB", "state", "\"active\"");
	assert_contract(f, "KA", "household_with", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

static enum err
decide(struct fixture *f, const char *choice, const char *undone)
{
	return decided(
	    f, asked(f, FINDING_HOUSEHOLD).last.number, choice, undone);
}

static void
test_a_decision_ends_the_question_and_no_contract(void **state)
{
	struct fixture *f = *state;
	char number[24];

	give(f, FATHER SON KA KB);
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)asked(f, FINDING_HOUSEHOLD).last.number);
	assert_int_equal(decide(f, "KX", NULL), ERR_USAGE);
	assert_int_equal(decide(f, "KA", NULL), ERR_OK);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	assert_contract(f, "KA", "state", "\"active\"");
	assert_contract(f, "KB", "state", "\"active\"");
	/* Whatever comes in, it is not asked again ... */
	give(f, SIGNED("KA", "14:00:00", "C01", "R1", "T1", YEAR,
	            AT_01 ",\"choice_note\":\"一家人\""));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	/* ... but where it is undone, or another signs. */
	assert_int_equal(decide(f, NULL, number), ERR_OK);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	assert_int_equal(decide(f, "stays", NULL), ERR_OK);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	give(f, AUNT KC);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
}

/* That a household stays as it is, said of a record and of contracts. */
static void
say_decided(struct fixture *f, const char *ref, const char *about_kind,
    const char *about_ref, json_t *versions)
{
	test_store_admit(&f->s, "his", "question", ref, "C09",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "state",
	        "decided", "about_kind", about_kind, "about_ref", about_ref,
	        "about_source", "his", "code", "household", "decision", "stays",
	        "reason", "x", "versions", versions));
}

/* Whose it is was judged by the record that it is about. */
static void
test_a_decision_about_one_says_nothing_of_anothers(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON KA);
	say_decided(f, "Q1", "contract", "KZ",
	    json_pack("[s,s,s]", "KA", "KB", "stays"));
	say_decided(f, "Q2", "resident", "KA",
	    json_pack("[s,s,s]", "KA", "KB", "stays"));
	give(f, KB);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	say_decided(f, "Q3", "contract", "KA",
	    json_pack("[s,s,s]", "KA", "KB", "stays"));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* The group sets aside what somebody wrote down as decided who may not. */
static void
test_what_is_set_aside_decides_nothing(void **state)
{
	struct fixture *f = *state;
	struct authored made;
	struct change word;
	struct self self;
	struct txn *t;
	json_t *fields;
	char id[48];

	give(f, FATHER SON KA KB);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	fields = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s,s,s]}",
	    "state", "decided", "about_kind", "contract", "about_ref", "KA",
	    "about_source", "his", "code", "household", "decision", "KA",
	    "reason", "x", "versions", "KA", "KB", "stays");
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(author_add(t, &self, "question", "S9", "H01", fields,
	                     TEST_NOW, &made),
	    ERR_OK);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);

	t = test_store_write(&f->s);
	matter_change_id(&made.id, id);
	change_init(&word);
	word.record = made.record;
	word.parent_count = 1;
	word.parents[0].id = made.id;
	snprintf(word.by, sizeof word.by, "S9");
	snprintf(word.org, sizeof word.org, "H01");
	word.occurred_at = word.recorded_at = TEST_NOW;
	word.fields = json_pack("{s:[s]}", MERGE_SET_ASIDE, id);
	assert_int_equal(admit_own(t, &self, &word, 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&word);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
}

/* A change of one question that says for which contracts it stays as it is. */
static struct change_id
stays_for(struct fixture *f, const struct change_id *seen, const char *org,
    json_t *versions)
{
	struct txn *t = test_store_write(&f->s);
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "question");
	snprintf(c.record.ref, sizeof c.record.ref, "Q1");
	if (seen != NULL) {
		c.parent_count = 1;
		c.parents[0].id = *seen;
	}
	snprintf(c.by, sizeof c.by, "S9");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}",
	    "state", "decided", "about_kind", "contract", "about_ref", "KA",
	    "about_source", "his", "code", "household", "decision", "stays",
	    "reason", "x", "versions", versions);
	assert_int_equal(admit_own(t, &self, &c, 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	change_clear(&c);
	return id;
}

static void
set_aside(struct fixture *f, const struct change_id *bad)
{
	struct txn *t = test_store_write(&f->s);
	struct self self;
	struct change c;
	char id[48];

	matter_change_id(bad, id);
	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "question");
	snprintf(c.record.ref, sizeof c.record.ref, "Q1");
	c.parent_count = 1;
	c.parents[0].id = *bad;
	snprintf(c.by, sizeof c.by, "S9");
	snprintf(c.org, sizeof c.org, "H01");
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_pack("{s:[s]}", MERGE_SET_ASIDE, id);
	assert_int_equal(admit_own(t, &self, &c, 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
}

/* What was added to a decision that stands. */
static void
test_what_is_added_and_set_aside_decides_nothing(void **state)
{
	struct fixture *f = *state;
	struct change_id first, added;

	give(f, FATHER SON KA KB);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	first = stays_for(
	    f, NULL, "C01", json_pack("[s,s,s]", "KA", "KC", "stays"));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	added = stays_for(
	    f, &first, "C02", json_pack("[s,s,s]", "KA", "KB", "stays"));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	set_aside(f, &added);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	/* Who may says it too. */
	stays_for(f, &first, "C01", json_pack("[s,s,s]", "KA", "KB", "stays"));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* Where what stands says the same, it is decided all the same. */
static void
test_what_is_set_aside_takes_nothing_from_what_stands(void **state)
{
	struct fixture *f = *state;
	struct change_id first, added;

	give(f, FATHER SON KA KB);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	first = stays_for(
	    f, NULL, "C01", json_pack("[s,s,s]", "KA", "KB", "stays"));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	added = stays_for(
	    f, &first, "C02", json_pack("[s,s,s]", "KA", "KB", "other"));
	set_aside(f, &added);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* Three hundred villages have a household 01 each. */
static void
test_numbers_of_other_orgs_crowd_nobody_out(void **state)
{
	struct fixture *f = *state;
	char ref[16], org[16], who[16];
	size_t i;

	for (i = 0; i < 300; i++) {
		snprintf(ref, sizeof ref, "X%zu", i);
		snprintf(who, sizeof who, "ref:P%zu", i);
		snprintf(org, sizeof org, "ref:V%zu", i);
		test_store_admit(&f->s, "his", "resident", who + 4, org + 4,
		    json_pack(
		        "{s:s, s:s}", "name", "x", "managing_org_id", org));
		test_store_admit(&f->s, "his", "contract", ref, org + 4,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state",
		        "active", "resident_id", who, "household_no", "01",
		        "team_id", "ref:T9", "start_on", "2026-05-01", "end_on",
		        "2027-04-30"));
	}
	give(f, FATHER SON KA KB);
	assert_split(f);
}

/* --- many of one number -------------------------------------------------- */

/* Contracts X<from> and on of as many residents of C01, in this state. */
static void
admit_many(struct fixture *f, size_t from, size_t count, const char *state)
{
	char ref[16], who[16];
	size_t i;

	for (i = from; i < from + count; i++) {
		snprintf(ref, sizeof ref, "X%zu", i);
		snprintf(who, sizeof who, "ref:P%zu", i);
		test_store_admit(&f->s, "his", "resident", who + 4, "C01",
		    json_pack("{s:s, s:s}", "name", "x", "managing_org_id",
		        "ref:C01"));
		test_store_admit(&f->s, "his", "contract", ref, "C01",
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", state,
		        "resident_id", who, "household_no", "01", "team_id",
		        "ref:T1", "start_on", "2026-05-01", "end_on",
		        "2027-04-30"));
	}
}

/* However often a family signed before. */
static void
test_what_is_over_crowds_nobody_out(void **state)
{
	struct fixture *f = *state;

	admit_many(f, 0, HOUSEHOLD_MOST + 20, "terminated");
	give(f, FATHER SON KA KB);
	assert_split(f);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD_CROWDED).count, 0);
}

/* A number that fills the field is told of, once, while it does. */
static void
test_a_number_of_too_many_is_told_of(void **state)
{
	struct fixture *f = *state;
	struct coded c;

	give(f, FATHER SON KA KB);
	assert_split(f);
	admit_many(f, 0, HOUSEHOLD_MOST - 2, "active");
	give(f, AUNT);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD_CROWDED).count, 0);
	give(f, KC);
	c = asked(f, FINDING_HOUSEHOLD_CROWDED);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.last.ref, "KA");
	assert_string_equal(c.last.field, "household_no");
	assert_contract(f, "KA", "household_with", "-");
	assert_contract(f, "X7", "household_with", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
	/* It keeps its number while it stands. */
	give(f, SIGNED("KC", "11:30:00", "C01", "R3", "T1", YEAR,
	            AT_01 ",\"choice_note\":\"x\""));
	assert_int_equal(
	    asked(f, FINDING_HOUSEHOLD_CROWDED).last.number, c.last.number);
	/* It is about another where this one has its own number. */
	give(f, SIGNED("KA", "12:00:00", "C01", "R1", "T1", YEAR,
	            ",\"household_no\":\"02\""));
	assert_int_equal(asked(f, FINDING_HOUSEHOLD_CROWDED).count, 0);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 1);
	admit_many(f, HOUSEHOLD_MOST, 1, "active");
	give(f, SON);
	c = asked(f, FINDING_HOUSEHOLD_CROWDED);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.last.ref, "KB");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* A contract that goes over to another resident leaves the household behind. */
static void
test_it_is_over_when_it_was_anothers(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON KA KB);
	assert_split(f);
	give(f, SIGNED("KB", "10:30:00", "C02", "R8", "T2", YEAR, AT_01));
	assert_contract(f, "KA", "household_with", "-");
	assert_contract(f, "KB", "household_with", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* --- two programs' refs -------------------------------------------------- */

static void
give_of(struct fixture *f, const char *source, const char *text)
{
	give_bytes(f, source, text, strlen(text));
}

static void
assert_with(struct fixture *f, const char *source, const char *ref,
    const char *with, const char *of)
{
	struct record r;
	const json_t *sources;

	test_store_record(&f->s, source, "contract", ref, &r);
	assert_string_equal(
	    json_string_value(
	        json_array_get(json_object_get(r.fields, "household_with"), 0)),
	    with);
	sources = json_object_get(r.fields, "household_sources");
	assert_string_equal(json_string_value(json_array_get(sources, 0)), of);
	record_clear(&r);
}

/* Both contracts are called KA. */
static void
test_contracts_of_one_ref_are_asked_about(void **state)
{
	struct fixture *f = *state;
	struct coded c;

	give(f, FATHER SON KA);
	give_of(
	    f, "b", SIGNED("KA", "10:00:00", "C02", "R2", "T2", YEAR, AT_01));
	assert_with(f, "his", "KA", "ref:KA", "b");
	assert_with(f, "b", "KA", "ref:KA", "his");
	c = asked(f, FINDING_HOUSEHOLD);
	assert_int_equal(c.count, 1);
	assert_string_equal(c.last.origin, "b");
	assert_int_equal(decide(f, "KA@his", NULL), ERR_OK);
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

/* A stranger's that came first is none of the household's. */
static void
test_no_strangers_contract_is_shown(void **state)
{
	struct fixture *f = *state;
	struct txn *t;
	struct coded c;
	struct matter m;
	struct self self;

	give_of(f, "c", SOMEBODY("R9", "李四", "C09"));
	give_of(f, "c", SIGNED("KB", "07:00:00", "C09", "R9", "T9", YEAR, ""));
	give(f, FATHER SON KA);
	give_of(
	    f, "b", SIGNED("KB", "10:00:00", "C02", "R2", "T2", YEAR, AT_01));
	assert_with(f, "his", "KA", "ref:KB", "b");
	c = asked(f, FINDING_HOUSEHOLD);
	assert_int_equal(c.count, 1);
	t = test_store_read(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &c.last, &m), ERR_OK);
	assert_int_equal(m.choice_count, 3);
	assert_string_equal(m.choice[1].word, "KB@b");
	assert_string_equal(text_in(m.choice[1].shown, "org"), "C02");
	matter_clear(&m);
	txn_abort(t);
}

/* Whom a contract means was another while he was not here. */
static void
test_it_is_over_when_it_means_another(void **state)
{
	struct fixture *f = *state;

	give(f, FATHER SON KA);
	give_of(
	    f, "b", SIGNED("KB", "10:00:00", "C02", "R2", "T2", YEAR, AT_01));
	assert_with(f, "his", "KA", "ref:KB", "b");
	give_of(f, "b", SOMEBODY("R2", "李娜", "C02"));
	assert_contract(f, "KA", "household_with", "-");
	assert_contract(f, "KA", "household_sources", "-");
	assert_int_equal(asked(f, FINDING_HOUSEHOLD).count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_GROUP(test_two_teams_are_asked_about_and_not_contested),
	    IN_GROUP(test_the_order_of_arrival_does_not_matter),
	    IN_GROUP(test_many_members_with_one_team_are_fine),
	    IN_GROUP(test_one_question_for_a_household),
	    IN_GROUP(test_what_is_no_split_household),
	    IN_GROUP(test_a_contest_is_asked_about_as_such),
	    IN_GROUP(test_it_is_over_when_one_goes_over),
	    IN_GROUP(test_it_is_over_when_the_number_was_wrong),
	    IN_GROUP(test_it_is_over_when_one_moves),
	    IN_GROUP(test_a_decision_about_one_says_nothing_of_anothers),
	    IN_GROUP(test_what_is_set_aside_decides_nothing),
	    IN_GROUP(test_what_is_added_and_set_aside_decides_nothing),
	    IN_GROUP(test_what_is_set_aside_takes_nothing_from_what_stands),
	    IN_GROUP(test_a_decision_ends_the_question_and_no_contract),
	    IN_GROUP(test_numbers_of_other_orgs_crowd_nobody_out),
	    IN_GROUP(test_what_is_over_crowds_nobody_out),
	    IN_GROUP(test_a_number_of_too_many_is_told_of),
	    IN_GROUP(test_it_is_over_when_it_was_anothers),
	    IN_GROUP(test_contracts_of_one_ref_are_asked_about),
	    IN_GROUP(test_no_strangers_contract_is_shown),
	    IN_GROUP(test_it_is_over_when_it_means_another),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
