/* contest: what the group says of one resident's contracts, row by row. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/contest.h"

/* The set under test; place 0 is called K0. */
static struct contest set;

static void
begin(void)
{
	memset(&set, 0, sizeof set);
}

/* A contract for a year from the day after signing; the lowest id first. */
static struct contest_contract *
add(const char *state, const char *signed_on, const char *start_on,
    const char *end_on)
{
	struct contest_contract *c = &set.of[set.count];

	memset(c, 0, sizeof *c);
	snprintf(c->ref, sizeof c->ref, "K%zu", set.count);
	snprintf(c->state, sizeof c->state, "%s", state);
	snprintf(c->org, sizeof c->org, "C%zu", set.count);
	snprintf(c->signed_on, sizeof c->signed_on, "%s", signed_on);
	snprintf(c->start_on, sizeof c->start_on, "%s", start_on);
	snprintf(c->end_on, sizeof c->end_on, "%s", end_on);
	c->id.life[0] = (uint8_t)(set.count + 1);
	c->renews = c->replaces = SIZE_MAX;
	c->clock_ok = true;
	set.count++;
	return c;
}

static void
set_day(contest_day day, const char *text)
{
	snprintf(day, sizeof(contest_day), "%s", text);
}

static struct contest_contract *
this_year(const char *state, const char *signed_on)
{
	return add(state, signed_on, signed_on, "2027-05-31");
}

static void
assert_word(size_t i, enum contest_word word)
{
	if (set.of[i].word != word)
		print_error("K%zu: %d instead of %d\n", i, (int)set.of[i].word,
		    (int)word);
	assert_int_equal(set.of[i].word, word);
}

/* --- the state table ------------------------------------------------------ */

/* Every state, alone, with another, of the dead, of who moved. */
static void
test_every_state_of_the_table(void **state)
{
	static const struct {
		const char *state;
		enum contest_word alone, beside, dead, moved;
	} rows[] = {
	    {"draft", CONTEST_NOTHING, CONTEST_NOTHING, CONTEST_NOTHING,
	        CONTEST_NOTHING},
	    {"signed", CONTEST_ACTIVE, CONTEST_CONTESTED, CONTEST_CLOSED,
	        CONTEST_CLOSED},
	    {"contested", CONTEST_ACTIVE, CONTEST_CONTESTED, CONTEST_CLOSED,
	        CONTEST_CLOSED},
	    {"active", CONTEST_ACTIVE, CONTEST_CONTESTED, CONTEST_CLOSED,
	        CONTEST_CLOSED},
	    {"expired", CONTEST_NOTHING, CONTEST_NOTHING, CONTEST_NOTHING,
	        CONTEST_NOTHING},
	    {"ending", CONTEST_TERMINATED, CONTEST_TERMINATED, CONTEST_CLOSED,
	        CONTEST_CLOSED},
	    {"refused", CONTEST_NOTHING, CONTEST_NOTHING, CONTEST_NOTHING,
	        CONTEST_NOTHING},
	    {"terminated", CONTEST_NOTHING, CONTEST_NOTHING, CONTEST_NOTHING,
	        CONTEST_NOTHING},
	    {"closed", CONTEST_NOTHING, CONTEST_NOTHING, CONTEST_CLOSED,
	        CONTEST_CLOSED},
	};
	size_t i;
	int world;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (world = 0; world < 4; world++) {
			struct contest_contract *c;

			begin();
			c = this_year(rows[i].state, "2026-05-03");
			set_day(c->ending_on, "2026-09-01");
			if (world == 1)
				this_year("signed", "2026-05-05");
			set.is_dead = world == 2;
			set_day(set.died_on, "2026-08-01");
			if (world == 3)
				set_day(c->moved_on, "2026-08-01");
			contest_decide(&set);
			assert_word(0, world == 0   ? rows[i].alone
			               : world == 1 ? rows[i].beside
			               : world == 2 ? rows[i].dead
			                            : rows[i].moved);
			if (world == 1)
				assert_word(
				    1, rows[i].beside == CONTEST_CONTESTED
				           ? CONTEST_CONTESTED
				           : CONTEST_ACTIVE);
		}
}

/* --- overlaps --------------------------------------------------------------
 */

static void
test_only_days_in_common_contest(void **state)
{
	begin();
	add("active", "2025-05-01", "2025-05-01", "2026-04-30");
	add("signed", "2026-04-20", "2026-05-01", "2027-04-30");
	contest_decide(&set);
	assert_word(0, CONTEST_ACTIVE);
	assert_word(1, CONTEST_ACTIVE);
	set_day(set.of[1].start_on, "2026-04-30");
	contest_decide(&set);
	assert_word(0, CONTEST_CONTESTED);
	assert_word(1, CONTEST_CONTESTED);
	assert_true(set.of[0].overlaps[1]);
}

static void
test_a_teams_own_renewal_contests_nothing(void **state)
{
	struct contest_contract *c;

	begin();
	this_year("active", "2026-05-01");
	c = this_year("signed", "2027-04-01");
	c->renews = 0;
	snprintf(c->org, sizeof c->org, "C0");
	contest_decide(&set);
	assert_word(0, CONTEST_ACTIVE);
	assert_word(1, CONTEST_ACTIVE);
	assert_int_equal(contest_counts(&set, "2027-05-01"), 0);
	/* Another team's is no renewal. */
	snprintf(c->org, sizeof c->org, "C9");
	contest_decide(&set);
	assert_word(1, CONTEST_CONTESTED);
}

static void
test_an_ending_leaves_the_other_alone(void **state)
{
	begin();
	this_year("signed", "2026-05-03");
	this_year("signed", "2026-05-05");
	snprintf(set.of[0].state, sizeof set.of[0].state, "ending");
	set_day(set.of[0].ending_on, "2026-06-01");
	snprintf(set.of[0].ending_reason, sizeof set.of[0].ending_reason,
	    "resident");
	contest_decide(&set);
	assert_word(0, CONTEST_TERMINATED);
	assert_string_equal(set.of[0].ended_on, "2026-06-01");
	assert_string_equal(set.of[0].end_reason, "resident");
	assert_word(1, CONTEST_ACTIVE);
}

/* --- ends ------------------------------------------------------------------
 */

static void
test_the_day_of_death_or_asking_decides(void **state)
{
	struct contest_contract *c;

	begin();
	c = this_year("ending", "2026-05-03");
	set_day(c->ending_on, "2026-06-01");
	set.is_dead = true;
	set_day(set.died_on, "2026-06-01");
	contest_decide(&set);
	assert_word(0, CONTEST_CLOSED);
	assert_string_equal(c->end_reason, "death");
	set_day(set.died_on, "2026-06-02");
	contest_decide(&set);
	assert_word(0, CONTEST_TERMINATED);
	/* Death also goes before a move. */
	snprintf(c->state, sizeof c->state, "active");
	set_day(c->moved_on, "2026-05-20");
	contest_decide(&set);
	assert_word(0, CONTEST_CLOSED);
	assert_string_equal(c->end_reason, "death");
	set.is_dead = false;
	contest_decide(&set);
	assert_string_equal(c->end_reason, "moved");
	assert_string_equal(c->ended_on, "2026-05-20");
}

/* A move that was a mistake: what it ended a person brings back. */
static void
test_an_undone_move_leaves_a_doubt(void **state)
{
	struct contest_contract *c;

	begin();
	c = this_year("active", "2026-05-03");
	set_day(c->undone_on, "2026-06-01");
	contest_decide(&set);
	assert_word(0, CONTEST_CLOSED);
	assert_string_equal(c->end_reason, "moved");
	assert_string_equal(c->ended_on, "2026-06-01");
	assert_true(c->is_doubted);
	c->is_resumed = true;
	contest_decide(&set);
	assert_word(0, CONTEST_ACTIVE);
	assert_false(c->is_doubted);
	/* Another move, death and what he asked for leave no doubt. */
	c->is_resumed = false;
	set_day(c->moved_on, "2026-07-01");
	contest_decide(&set);
	assert_false(c->is_doubted);
	assert_string_equal(c->ended_on, "2026-07-01");
	c->moved_on[0] = '\0';
	set.is_dead = true;
	contest_decide(&set);
	assert_false(c->is_doubted);
	assert_string_equal(c->end_reason, "death");
	set.is_dead = false;
	snprintf(c->state, sizeof c->state, "ending");
	set_day(c->ending_on, "2026-08-01");
	contest_decide(&set);
	assert_word(0, CONTEST_TERMINATED);
	assert_false(c->is_doubted);
}

static void
test_who_is_replaced_ends_the_day_before(void **state)
{
	struct contest_contract *n;

	begin();
	this_year("active", "2026-01-01");
	n = this_year("signed", "2026-06-01");
	n->replaces = 0;
	contest_decide(&set);
	assert_word(0, CONTEST_TERMINATED);
	assert_string_equal(set.of[0].end_reason, "replaced");
	assert_string_equal(set.of[0].ended_on, "2026-05-31");
	assert_word(1, CONTEST_ACTIVE);
	assert_int_equal(contest_counts(&set, "2026-05-31"), 0);
	assert_int_equal(contest_counts(&set, "2026-06-01"), 1);
	/* One that was refused replaces nothing. */
	snprintf(n->state, sizeof n->state, "refused");
	contest_decide(&set);
	assert_word(0, CONTEST_ACTIVE);
	/* What the resident asked for goes before. */
	snprintf(n->state, sizeof n->state, "signed");
	snprintf(set.of[0].state, sizeof set.of[0].state, "ending");
	snprintf(set.of[0].ending_reason, sizeof set.of[0].ending_reason,
	    "resident");
	set_day(set.of[0].ending_on, "2026-04-01");
	contest_decide(&set);
	assert_string_equal(set.of[0].end_reason, "resident");
	assert_string_equal(set.of[0].ended_on, "2026-04-01");
}

static void
test_two_that_replace_one_contest_each_other(void **state)
{
	begin();
	this_year("active", "2026-01-01");
	this_year("signed", "2026-06-03")->replaces = 0;
	this_year("signed", "2026-06-01")->replaces = 0;
	contest_decide(&set);
	assert_word(0, CONTEST_TERMINATED);
	assert_string_equal(set.of[0].ended_on, "2026-05-31");
	assert_word(1, CONTEST_CONTESTED);
	assert_word(2, CONTEST_CONTESTED);
	assert_false(set.of[1].overlaps[0]);
}

static void
test_nobody_ends_before_he_signed(void **state)
{
	begin();
	this_year("active", "2026-06-01");
	this_year("signed", "2026-05-01")->replaces = 0;
	contest_decide(&set);
	assert_string_equal(set.of[0].ended_on, "2026-06-01");
	/* Two that replace each other replace nothing. */
	set.of[0].replaces = 1;
	contest_decide(&set);
	assert_word(0, CONTEST_CONTESTED);
	assert_word(1, CONTEST_CONTESTED);
}

/* --- who holds it ----------------------------------------------------------
 */

static size_t
holder(void)
{
	size_t i;

	contest_decide(&set);
	for (i = 1; i < set.count; i++)
		assert_int_equal(set.of[i].holder, set.of[0].holder);
	return set.of[0].holder;
}

static void
test_who_holds_it_meanwhile(void **state)
{
	begin();
	this_year("signed", "2026-05-05");
	this_year("signed", "2026-05-03");
	this_year("signed", "2026-05-03");
	assert_int_equal(holder(), 1); /* earlier, then the lower id */
	set.of[1].clock_ok = false;
	assert_int_equal(holder(), 0); /* no day counts: the lower id */
	set.of[2].is_managing = true;
	assert_int_equal(holder(), 2); /* his managing org's team */
	set.of[1].clock_ok = true;
	set_day(set.of[0].active_on, "2026-05-02");
	assert_int_equal(holder(), 0); /* in force before both were signed */
	set_day(set.of[0].active_on, "2026-05-03");
	assert_int_equal(holder(), 2); /* not before */
	set_day(set.of[0].active_on, "2026-05-02");
	set.of[1].clock_ok = false;
	assert_int_equal(holder(), 2); /* that cannot be told */
}

/* Two that do not meet, and one that meets both: one question. */
static void
test_a_chain_has_one_holder(void **state)
{
	begin();
	add("signed", "2026-01-01", "2026-01-01", "2026-12-31");
	add("signed", "2026-06-01", "2026-06-01", "2027-05-31");
	add("signed", "2027-01-01", "2027-01-01", "2027-12-31");
	assert_int_equal(holder(), 0);
	assert_false(set.of[0].overlaps[2]);
	assert_int_equal(contest_counts(&set, "2026-07-01"), 0);
	assert_int_equal(contest_counts(&set, "2027-07-01"), SIZE_MAX);
}

static void
test_a_resident_counts_once(void **state)
{
	begin();
	this_year("signed", "2026-05-03");
	this_year("signed", "2026-05-05");
	contest_decide(&set);
	assert_int_equal(contest_counts(&set, "2026-05-02"), SIZE_MAX);
	assert_int_equal(contest_counts(&set, "2026-05-10"), 0);
	assert_int_equal(contest_counts(&set, "2027-06-01"), SIZE_MAX);
	/* A person decides. */
	snprintf(set.of[0].state, sizeof set.of[0].state, "refused");
	contest_decide(&set);
	assert_word(1, CONTEST_ACTIVE);
	assert_int_equal(contest_counts(&set, "2026-05-04"), SIZE_MAX);
	assert_int_equal(contest_counts(&set, "2026-05-05"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_state_of_the_table),
	    cmocka_unit_test(test_only_days_in_common_contest),
	    cmocka_unit_test(test_a_teams_own_renewal_contests_nothing),
	    cmocka_unit_test(test_an_ending_leaves_the_other_alone),
	    cmocka_unit_test(test_the_day_of_death_or_asking_decides),
	    cmocka_unit_test(test_an_undone_move_leaves_a_doubt),
	    cmocka_unit_test(test_who_is_replaced_ends_the_day_before),
	    cmocka_unit_test(test_two_that_replace_one_contest_each_other),
	    cmocka_unit_test(test_nobody_ends_before_he_signed),
	    cmocka_unit_test(test_who_holds_it_meanwhile),
	    cmocka_unit_test(test_a_chain_has_one_holder),
	    cmocka_unit_test(test_a_resident_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
