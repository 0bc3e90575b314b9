/* Who was reported dead lives again by the word of who keeps his file, or the
 * group's; anybody else's is asked about, in whatever order all of it comes.
 */

#include "tests/unit/entitled_room.h"

static json_t *
status(const char *word)
{
	return json_pack("{s:s}", "status", word);
}

/* V1 keeps the file and reports the death; what lies between says nothing of
 * it. Then `by` says otherwise. */
static void
tell_living(struct fixture *f, uint64_t n, unsigned part, const char *by)
{
	struct identity who = named_in("resident", "his", n);
	struct change_id seen = id_in(n, part - 1);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V1", true,
		    json_pack("{s:s, s:s}", "managing_org_id", "ref:V1",
		        "status", "living"));
	else if (part == 2)
		arrive(f, &who, n * 10 + 2, &seen, "V1", false, status("dead"));
	else if (part == 3)
		arrive(f, &who, n * 10 + 3, &seen, "V3", false, phone("1"));
	else
		arrive(f, &who, n * 10 + 4, &seen, by, false,
		    status("moved_away"));
}

static void
tell_others_living(struct fixture *f, uint64_t n, unsigned part)
{
	tell_living(f, n, part, "V2");
}

static void
tell_keepers_living(struct fixture *f, uint64_t n, unsigned part)
{
	tell_living(f, n, part, "V1");
}

/* The keeper had said so before. */
static void
tell_living_again(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct change_id seen = id_in(n, 2);

	if (part == 3)
		arrive(
		    f, &who, n * 10 + 3, &seen, "V1", false, status("living"));
	else
		tell_others_living(f, n, part);
}

/* He did not know; that is a death in doubt. */
static void
tell_living_beside(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct change_id seen = id_in(n, 1);

	if (part == 4)
		arrive(f, &who, n * 10 + 4, &seen, "V2", false,
		    status("moved_away"));
	else
		tell_living(f, n, part, "V2");
}

static void
test_who_lives_again_by_anothers_word_is_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_others_living, FINDING_UNENTITLED, 1);
}

static void
test_who_lives_again_by_his_keepers_word_is_not(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_keepers_living, FINDING_UNENTITLED, 0);
}

static void
test_who_lives_already_may_be_said_to(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_living_again, FINDING_UNENTITLED, 0);
}

static void
test_who_did_not_know_of_a_death_takes_none_back(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_living_beside, FINDING_UNENTITLED, 0);
	assert_int_equal(asked(f, FINDING_DEATH_DOUBTED), 24);
}

/* The group's word, which has seen what it speaks of. */
static void
set_aside(
    struct fixture *f, const struct identity *who, const struct change_id *id)
{
	struct txn *t = test_store_write(&f->s);
	char word[48];
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	c.record = *who;
	c.parents[c.parent_count++].id = *id;
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "H01");
	c.occurred_at = c.recorded_at = TEST_NOW + 90;
	matter_change_id(id, word);
	c.fields = json_pack("{s:[s]}", MERGE_SET_ASIDE, word);
	assert_int_equal(admit_own(t, &self, &c, 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
	self_wipe(&self);
}

/* The keeper's word that he lives is set aside: then the other's after it is
 * the one that took the report back; with the report nothing did. */
static void
test_what_is_set_aside_takes_no_death_back(void **state)
{
	struct fixture *f = *state;
	struct identity who = named_in("resident", "his", 1);
	struct change_id lives = id_in(1, 3), dead = id_in(1, 2);
	unsigned part;

	test_store_join(&f->s, "H01");
	for (part = 1; part <= 4; part++)
		tell_living_again(f, 1, part);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
	set_aside(f, &who, &lives);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	set_aside(f, &who, &dead);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
}

static void
test_who_is_said_to_live_is_dead_again_once_set_aside(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct record r;
	unsigned part;

	test_store_join(&f->s, "H01");
	for (part = 1; part <= 4; part++)
		tell_others_living(f, 1, part);
	assert_int_equal(decide(f, "set-aside", &d), ERR_OK);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
	test_store_record(&f->s, "his", "resident", "r1", &r);
	assert_string_equal(
	    json_string_value(json_object_get(r.fields, "status")), "dead");
	record_clear(&r);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_who_lives_again_by_anothers_word_is_asked_about),
	    HUB(test_who_lives_again_by_his_keepers_word_is_not),
	    HUB(test_who_lives_already_may_be_said_to),
	    HUB(test_who_did_not_know_of_a_death_takes_none_back),
	    HUB(test_what_is_set_aside_takes_no_death_back),
	    HUB(test_who_is_said_to_live_is_dead_again_once_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
