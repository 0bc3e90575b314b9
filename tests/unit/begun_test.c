/* begun: which beginning of a record counts, and what is made of the others. */

#include "tests/unit/contract_word_room.h"

/* --- what C01 and C02 say --------------------------------------------------
 */

static json_t *
signing(const char *ref_of_staff)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s}], s:s}",
	    "state", "signed", "resident_id", "ref:R1", "team_id", "ref:T1",
	    "signed_on", "2026-04-04", "start_on", "2026-04-04", "end_on",
	    "2027-05-31", "resident_signature", "paper", "packages", "code",
	    "BASIC", "signing_staff_id", ref_of_staff);
}

/* Of two beginnings C02's has the lower id. */
static void
both_begin(struct fixture *f)
{
	assert_int_equal(
	    sent_by_c02(f, SENT("KC", .is_new = true, .org = "C01", .by = "S1"),
	        signing("ref:S1")),
	    FINDING_NONE);
	assert_int_equal(sent_by_c02(f, SENT("KC", .is_new = true, .by = "S2"),
	                     signing("ref:S2")),
	    FINDING_NONE);
}

struct sought {
	const char *field; /* how it begins */
	size_t count;
	uint64_t number; /* of the last that asks about such a change */
};

static enum err
see_begun_twice(void *context, const struct question *q)
{
	struct sought *s = context;

	if (q->code == FINDING_BEGUN_TWICE &&
	    strncmp(q->field, s->field, strlen(s->field)) == 0) {
		s->count++;
		s->number = q->number;
	}
	return ERR_OK;
}

/* What is asked about beginnings by a node's changes. */
static struct sought
asked_of(struct fixture *f, const char *field)
{
	struct sought s = {.field = field};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, see_begun_twice, &s), ERR_OK);
	txn_abort(t);
	return s;
}

#define BY_C01 "6666666666666666-"
#define BY_C02 "5555555555555555-"

static uint64_t
answer(struct fixture *f, const char *field, const char *choice)
{
	struct sought s = asked_of(f, field);

	assert_int_equal(s.count, 1);
	decide_number(f, s.number, choice, NULL);
	return s.number;
}

/* --- what follows from it --------------------------------------------------
 */

/* Of a contract that is to be chosen. */
static void
assert_signed_by(struct fixture *f, const char *ref, const char *by)
{
	struct txn *t = test_store_read(&f->s);
	struct question q;
	struct matter m;
	struct self self;
	size_t i, seen = 0;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    question_find(t, number_of(f, FINDING_CONTESTED), &q), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &q, &m), ERR_OK);
	for (i = 0; i < m.choice_count; i++) {
		if (strcmp(text_in(m.choice[i].shown, "ref"), ref) != 0)
			continue;
		assert_string_equal(text_in(m.choice[i].shown, "by"), by);
		seen++;
	}
	assert_int_equal(seen, 1);
	matter_clear(&m);
	txn_abort(t);
}

static void
test_a_contract_is_shown_as_signed_by_who_began_it(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	both_begin(f);
	assert_signed_by(f, "KC", "S2"); /* in doubt */
	answer(f, BY_C02, "set-aside");
	assert_signed_by(f, "KC", "S1");
}

/* What was set aside keeps nobody from telling what his contract was. */
static void
test_what_was_set_aside_makes_no_history_anothers(void **state)
{
	struct fixture *f = *state;

	both_begin(f);
	assert_int_equal(
	    sent_by_c02(f, SENT("KC", .is_new = true, .org = "C01"),
	        json_pack("{s:s}", "state", "active")),
	    FINDING_GROUP_ONLY_STATE);
	answer(f, BY_C02, "set-aside");
	assert_int_equal(
	    sent_by_c02(f, SENT("KC", .is_new = true, .org = "C01"),
	        json_pack("{s:s}", "state", "active")),
	    FINDING_NONE);
	assert_int_equal(sent_by_c02(f, SENT("KC", .is_new = true),
	                     json_pack("{s:s}", "state", "active")),
	    FINDING_GROUP_ONLY_STATE);
}

/* --- both let stand --------------------------------------------------------
 */

static enum err
tried(struct fixture *f, const char *field, const char *choice)
{
	struct txn *t = test_store_write(&f->s);
	struct matter_decision d = {.number = asked_of(f, field).number,
	    .choice = choice,
	    .by = "S9",
	    .org = "H01",
	    .reason = "asked him",
	    .now = TEST_NOW + 60};
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_decide(t, &self, &d);
	txn_abort(t);
	return e;
}

/* That one is let stand leaves the other to be set aside. */
static void
test_of_two_beginnings_not_both_are_let_stand(void **state)
{
	struct fixture *f = *state;

	both_begin(f);
	assert_int_equal(tried(f, BY_C02, "keep"), ERR_OK);
	answer(f, BY_C01, "keep");
	assert_int_equal(asked_of(f, BY_C01).count, 0);
	assert_int_equal(tried(f, BY_C02, "keep"), ERR_USAGE);
	answer(f, BY_C02, "set-aside");
	assert_int_equal(asked_of(f, "").count, 0);
}

static void
test_who_let_the_wrong_one_stand_undoes_that(void **state)
{
	struct fixture *f = *state;
	char number[24];

	both_begin(f);
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)answer(f, BY_C01, "keep"));
	decide_number(f, 0, NULL, number);
	assert_int_equal(asked_of(f, BY_C01).count, 1);
	answer(f, BY_C02, "keep");
	assert_int_equal(tried(f, BY_C01, "keep"), ERR_USAGE);
	answer(f, BY_C01, "set-aside");
	assert_int_equal(asked_of(f, "").count, 0);
}

/* A third that comes later is asked about, and nobody twice. */
static void
test_what_was_let_stand_is_not_asked_again(void **state)
{
	struct fixture *f = *state;

	both_begin(f);
	answer(f, BY_C01, "keep");
	sent_by_c02(f, SENT("KC", .is_new = true), signing("ref:S3"));
	assert_int_equal(asked_of(f, BY_C01).count, 0);
	assert_int_equal(asked_of(f, BY_C02).count, 2);
}

/* As by a hub that was restored: of its two answers each was the first. */
static void
keep_elsewhere(struct fixture *f, const char *ref, const char *life)
{
	char id[sizeof((struct question *)0)->field];
	struct txn *t = test_store_read(&f->s);
	struct question q;

	assert_int_equal(
	    question_find(t, asked_of(f, life).number, &q), ERR_OK);
	snprintf(id, sizeof id, "%s", q.field);
	txn_abort(t);
	test_store_admit(&f->s, "", "question", ref, "H01",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "state", "decided",
	        "code", "begun_twice", "about_kind", "contract", "about_ref",
	        "KC", "about_source", "his", "about_field", id, "decision",
	        "keep"));
}

static void
test_two_that_were_let_stand_are_asked_about_again(void **state)
{
	struct fixture *f = *state;

	both_begin(f);
	keep_elsewhere(f, "~q1", BY_C01);
	assert_int_equal(asked_of(f, BY_C01).count, 0);
	keep_elsewhere(f, "~q2", BY_C02);
	assert_int_equal(asked_of(f, BY_C01).count, 1);
	assert_int_equal(tried(f, BY_C01, "keep"), ERR_USAGE);
	answer(f, BY_C02, "set-aside");
	assert_int_equal(asked_of(f, "").count, 0);
}

/* Beside the group's own what a clinic wrote may stay. */
static void
test_beside_the_groups_beginning_another_may_stand(void **state)
{
	struct fixture *f = *state;

	test_store_admit(
	    &f->s, "his", "contract", "KC", "C01", signing("ref:S1"));
	sent_by_c02(f, SENT("KC", .is_new = true), signing("ref:S2"));
	answer(f, BY_C02, "keep");
	assert_int_equal(asked_of(f, "").count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_a_contract_is_shown_as_signed_by_who_began_it),
	    AT_HUB(test_what_was_set_aside_makes_no_history_anothers),
	    AT_HUB(test_of_two_beginnings_not_both_are_let_stand),
	    AT_HUB(test_who_let_the_wrong_one_stand_undoes_that),
	    AT_HUB(test_what_was_let_stand_is_not_asked_again),
	    AT_HUB(test_two_that_were_let_stand_are_asked_about_again),
	    AT_HUB(test_beside_the_groups_beginning_another_may_stand),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
