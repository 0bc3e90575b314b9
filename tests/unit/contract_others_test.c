/* contract_others: what another organisation changes of a contract is asked
 * about, and decides nothing between two that are contested before it is let
 * stand.
 */

#include "tests/unit/contract_word_room.h"

#include "store/contest_stand.h"

/* Kept by neither of the two that signed him. */
#define HIS                                                                    \
	RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:C03\"")               \
	KA KB

static void
assert_contested(struct fixture *f, const char *holder)
{
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
	assert_shown(f, "KA", "holder_id", holder);
	assert_int_not_equal(number_of(f, FINDING_CONTESTED), 0);
}

static void
assert_apart(struct fixture *f)
{
	assert_shown(f, "KA", "state", "active");
	assert_shown(f, "KB", "state", "active");
	assert_int_equal(number_of(f, FINDING_CONTESTED), 0);
}

static bool
is_asked(struct fixture *f)
{
	return number_of(f, FINDING_OTHERS_CONTRACT) != 0;
}

/* Over before the other was signed. */
static json_t *
long_over(void)
{
	return json_pack("{s:s, s:s, s:s}", "signed_on", "2024-04-01",
	    "start_on", "2024-04-01", "end_on", "2025-03-31");
}

static json_t *
begun(const char *state)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "state", state,
	    "resident_id", "ref:R1", "signed_on", "2026-04-03", "start_on",
	    "2026-04-03", "end_on", "2027-05-31");
}

static void
place_below(struct fixture *f, const char *ref, const char *above)
{
	test_store_admit(&f->s, "", "org", ref, "H01",
	    json_pack("{s:s, s:s, s:o}", "name", ref, "level", "village",
	        "parent_org_id", json_sprintf("ref:%s", above)));
}

/* Another resident, whose file an org keeps. */
static void
place_r2(struct fixture *f, const char *org)
{
	test_store_admit(&f->s, "his", "resident", "R2", org,
	    json_pack("{s:s, s:o}", "name", "y", "managing_org_id",
	        json_sprintf("ref:%s", org)));
}

static json_t *
with_r2(void)
{
	return json_pack("{s:s}", "resident_id", "ref:R2");
}

/* --- a rival's words ------------------------------------------------------ */

static void
test_a_rival_ends_no_contest_by_days(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	assert_contested(f, "ref:KA");
	sent_by_c02(f, SENT("KA"), long_over());
	assert_contested(f, "ref:KA");
	assert_true(is_asked(f));
	decide_of(f, FINDING_OTHERS_CONTRACT, "set-aside");
	assert_contested(f, "ref:KA");
	assert_false(is_asked(f));
}

/* None, one of before it was signed, one that a view shows, one that only a
 * newer version knows. */
static void
test_nor_by_a_state_in_which_nothing_is_contested(void **state)
{
	static const char *const said[] = {NULL, "draft", "expired", "resting"};
	struct fixture *f = *state;
	size_t i;

	give(f, HIS);
	for (i = 0; i < sizeof said / sizeof said[0]; i++) {
		sent_by_c02(
		    f, SENT("KA"), json_pack("{s:s?}", "state", said[i]));
		assert_contested(f, "ref:KA");
		assert_true(is_asked(f));
		decide_of(f, FINDING_OTHERS_CONTRACT, "set-aside");
		assert_contested(f, "ref:KA");
		assert_false(is_asked(f));
	}
}

/* Nothing of what was said of the contest is left then. */
static void
test_such_a_state_counts_once_it_is_let_stand(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(f, SENT("KA"), json_pack("{s:s}", "state", "draft"));
	assert_contested(f, "ref:KA");
	decide_of(f, FINDING_OTHERS_CONTRACT, "keep");
	assert_shown(f, "KA", "state", "draft");
	assert_shown(f, "KA", "holder_id", "");
	assert_shown(f, "KB", "state", "active");
	assert_int_equal(number_of(f, FINDING_CONTESTED), 0);
}

static void
test_the_team_takes_its_own_back(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(
	    f, SENT("KA", .org = "C01"), json_pack("{s:s}", "state", "draft"));
	assert_shown(f, "KA", "state", "draft");
	assert_shown(f, "KB", "state", "active");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
move_away(struct fixture *f, json_t *fields)
{
	test_store_admit(&f->s, "his", "move", "M1", "H01", fields);
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack("{s:s}", "choice_note", "looked at"));
}

/* It was ended by a move that was a mistake, and the group resumed it. */
static void
test_nor_does_it_end_what_the_group_resumed(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	move_away(f, json_pack("{s:s, s:s, s:s, s:s}", "state", "confirmed",
	                 "resident_id", "ref:R1", "to_org", "ref:C03",
	                 "moved_on", "2026-04-20"));
	assert_shown(f, "KA", "state", "closed");
	move_away(f, json_pack("{s:s, s:s}", "state", "undone", "reason", "x"));
	decide_of(f, FINDING_END_DOUBTED, "resume");
	assert_shown(f, "KA", "state", "active");
	sent_by_c02(f, SENT("KA"), json_pack("{s:n}", "state"));
	assert_shown(f, "KA", "state", "active");
	waits(f, FINDING_OTHERS_CONTRACT);
	decide_of(f, FINDING_OTHERS_CONTRACT, "set-aside");
	assert_shown(f, "KA", "state", "active");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
test_what_is_let_stand_counts_until_that_is_undone(void **state)
{
	struct fixture *f = *state;
	char number[24];

	give(f, HIS);
	sent_by_c02(f, SENT("KA"), long_over());
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)number_of(f, FINDING_OTHERS_CONTRACT));
	decide_of(f, FINDING_OTHERS_CONTRACT, "keep");
	assert_apart(f);
	assert_false(is_asked(f));
	decide_number(f, 0, NULL, number);
	assert_contested(f, "ref:KA");
	assert_true(is_asked(f));
}

static void
test_a_rival_ends_no_contest_by_another_name(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	place_r2(f, "C02");
	sent_by_c02(f, SENT("KA"), with_r2());
	assert_contested(f, "ref:KA");
	assert_true(is_asked(f));
	decide_of(f, FINDING_OTHERS_CONTRACT, "keep");
	assert_apart(f);
}

/* The group's word would open the file of whom it is shown with. */
static void
test_what_a_rival_renamed_is_in_force_for_nobody(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	place_r2(f, "C02");
	sent_by_c02(f, SENT("KA"), with_r2());
	sent_by_c02(f, SENT("KB"),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	assert_shown(f, "KB", "state", "terminated");
	assert_shown(f, "KA", "state", "signed");
	decide_of(f, FINDING_OTHERS_CONTRACT, "set-aside");
	assert_shown(f, "KA", "state", "active");
	assert_shown(f, "KA", "resident_id", "ref:R1");
}

/* Nor what came in force and stands without a word of the group's. */
static void
test_nor_is_what_came_in_force(void **state)
{
	struct fixture *f = *state;
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t;

	give(f, RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:C03\""));
	sent_by_c02(
	    f, SENT("KA", .is_new = true, .org = "C01"), begun("active"));
	assert_shown(f, "KA", "state", "active");
	place_r2(f, "C02");
	key_record_of(f->s.db, key, "his", "contract", "KA");
	t = test_store_read(&f->s);
	assert_true(contest_stands(t, key));
	txn_abort(t);
	sent_by_c02(f, SENT("KA"), with_r2());
	assert_shown(f, "KA", "state", "signed");
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack("{s:s}", "choice_note", "looked at"));
	t = test_store_read(&f->s);
	assert_false(contest_stands(t, key));
	txn_abort(t);
	decide_of(f, FINDING_OTHERS_CONTRACT, "set-aside");
	assert_shown(f, "KA", "state", "active");
}

/* Nobody's word but the team's own says that it gives way, or began later. */
static void
test_a_rival_does_not_make_himself_the_holder(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(f, SENT("KA"),
	    json_pack("{s:s, s:s}", "signed_on", "2026-04-20", "start_on",
	        "2026-04-20"));
	assert_contested(f, "ref:KA");
	sent_by_c02(
	    f, SENT("KB"), json_pack("{s:s}", "choice_note", "his own"));
	sent_by_c02(f, SENT("KA"), json_pack("{s:s}", "replaces_id", "ref:KB"));
	assert_contested(f, "ref:KA");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 3);
}

/* As the managing org, which he is not: asked about as that. */
static void
test_nor_does_he_as_the_managing_org(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(f, SENT("KA", .managing = true), long_over());
	assert_contested(f, "ref:KA");
	assert_false(is_asked(f));
	decide_of(f, FINDING_UNENTITLED, "keep");
	assert_apart(f);
}

static void
test_a_day_of_its_end_is_asked_about(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack("{s:s, s:s, s:s}", "state", "ending", "end_reason",
	        "resident", "ended_on", "2026-06-01"));
	assert_false(is_asked(f));
	sent_by_c02(
	    f, SENT("KA"), json_pack("{s:s}", "ended_on", "2026-05-03"));
	waits(f, FINDING_OTHERS_CONTRACT);
}

/* --- whose word it is ----------------------------------------------------- */

static void
test_the_team_mends_its_own_contract(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(f, SENT("KA", .org = "C01"), long_over());
	assert_apart(f);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
test_so_do_those_above_and_below(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	test_store_admit(&f->s, "", "org", "C01", "H01",
	    json_pack("{s:s, s:s, s:s}", "name", "x", "level", "township",
	        "parent_org_id", "ref:H01"));
	place_below(f, "V9", "C01");
	sent_by_c02(f, SENT("KA", .org = "V9"), long_over());
	assert_apart(f);
	sent_by_c02(f, SENT("KA", .org = "V9"),
	    json_pack("{s:s, s:s, s:s}", "signed_on", "2026-04-03", "start_on",
	        "2026-04-03", "end_on", "2027-05-31"));
	assert_contested(f, "ref:KA");
	assert_int_equal(number_of(f, FINDING_OTHERS_CONTRACT), 0);
}

static void
test_so_does_who_keeps_his_file(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(f, SENT("KA", .org = "C03"), long_over());
	assert_apart(f);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
test_so_does_the_group(void **state)
{
	struct fixture *f = *state;
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = long_over();
	struct authored made;
	struct self self;
	struct txn *t;

	give(f, HIS);
	t = test_store_write(&f->s);
	key_record_of(f->s.db, key, "his", "contract", "KA");
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_amend(t, &self, key, "S9", "H01", fields, TEST_NOW, &made),
	    ERR_OK);
	assert_int_equal(contest_settle(t, &self, TEST_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	assert_apart(f);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

/* A wrong name is mended by who keeps both files, ... */
static void
test_who_keeps_both_files_mends_a_name(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	place_r2(f, "C03");
	sent_by_c02(f, SENT("KA", .org = "C03"), with_r2());
	assert_apart(f);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

/* ... and by who keeps one of them, once the group let it. */
static void
test_who_keeps_one_of_them_is_asked_about(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	place_r2(f, "C02");
	sent_by_c02(f, SENT("KA", .org = "C03"), with_r2());
	assert_contested(f, "ref:KA");
	assert_true(is_asked(f));
}

/* Whose the other file is may be known later than the word. */
static void
test_a_file_that_comes_later_shows_whose_word_it_was(void **state)
{
	struct fixture *f = *state;

	give(f, HIS);
	sent_by_c02(f, SENT("KA", .org = "C03"), with_r2());
	assert_contested(f, "ref:KA");
	assert_true(is_asked(f));
	place_r2(f, "C03");
	/* Any import settles what is due. */
	give(f, RESIDENT("08:30:00", ",\"managing_org_id\":\"ref:C03\""));
	assert_false(is_asked(f));
	assert_apart(f);
}

/* What another begins anew is asked about; what the first mends of its own is
 * not, and counts. */
static void
test_a_second_beginning_silences_nobody(void **state)
{
	struct fixture *f = *state;

	give(f, RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:C03\"") KB);
	sent_by_c02(
	    f, SENT("KA", .is_new = true, .org = "C01"), begun("signed"));
	sent_by_c02(f, SENT("KA", .is_new = true), begun("signed"));
	assert_contested(f, "ref:KA");
	sent_by_c02(f, SENT("KA", .org = "C01"), long_over());
	assert_apart(f);
	assert_false(is_asked(f));
}

/* --- a hub that did not ask ----------------------------------------------- */

static enum err
find_others(void *context, const struct question *q)
{
	if (q->code == FINDING_OTHERS_CONTRACT)
		*(struct question *)context = *q;
	return ERR_OK;
}

static void
test_an_older_hub_asks_about_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct question q = {0};
	struct self self;
	struct txn *t;

	give(f, HIS);
	sent_by_c02(f, SENT("KA"), long_over());
	t = test_store_write(&f->s);
	assert_int_equal(question_walk(t, find_others, &q), ERR_OK);
	assert_int_equal(question_drop(t, &q), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_false(is_asked(f));
	t = test_store_write(&f->s);
	assert_int_equal(meta_put_number(t, "contest.looked", 5), ERR_OK);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(contest_prepare(t, &self, TEST_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_true(is_asked(f));
}

/* --- on forms ------------------------------------------------------------- */

static unsigned
warned(struct fixture *f, const char *ref, json_t *fields)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(&f->s);
	struct authored made;
	struct self self;
	unsigned count = 0;
	size_t i;

	key_record_of(f->s.db, key, "his", "contract", ref);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "C01", fields, TEST_NOW, &made),
	    ERR_OK);
	for (i = 0; i < made.findings.count; i++)
		count += made.findings.list[i].code == FINDING_OTHERS_CONTRACT;
	json_decref(fields);
	txn_abort(t);
	return count;
}

static json_t *
longer(void)
{
	return json_pack("{s:s}", "end_on", "2028-05-31");
}

/* At C01, to which KB is another's. */
static void
place_kb(struct fixture *f, const char *managing)
{
	test_store_admit(&f->s, "his", "resident", "R1", managing,
	    json_pack("{s:s, s:o}", "name", "x", "managing_org_id",
	        json_sprintf("ref:%s", managing)));
	test_store_admit(&f->s, "his", "contract", "KB", "C02",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s}]}", "state",
	        "signed", "resident_id", "ref:R1", "signed_on", "2026-04-05",
	        "start_on", "2026-04-05", "end_on", "2027-05-31", "team_id",
	        "ref:T1", "resident_signature", "paper", "packages", "code",
	        "BASIC"));
}

static void
test_a_form_tells_that_it_is_anothers(void **state)
{
	struct fixture *f = *state;

	place_kb(f, "C02");
	assert_int_equal(warned(f, "KB", longer()), 1);
	assert_int_equal(warned(f, "KB",
	                     json_pack("{s:s, s:s}", "state", "ending",
	                         "end_reason", "resident")),
	    1);
	assert_int_equal(
	    warned(f, "KB", json_pack("{s:s}", "choice_note", "x")), 0);
}

static void
test_it_tells_nothing_to_who_keeps_his_file(void **state)
{
	struct fixture *f = *state;

	place_kb(f, "C01");
	assert_int_equal(warned(f, "KB", longer()), 0);
}

static void
test_it_tells_nothing_of_ones_own(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_int_equal(warned(f, "KA", longer()), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_a_rival_ends_no_contest_by_days),
	    AT_HUB(test_nor_by_a_state_in_which_nothing_is_contested),
	    AT_HUB(test_such_a_state_counts_once_it_is_let_stand),
	    AT_HUB(test_the_team_takes_its_own_back),
	    AT_HUB(test_nor_does_it_end_what_the_group_resumed),
	    AT_HUB(test_what_is_let_stand_counts_until_that_is_undone),
	    AT_HUB(test_a_rival_ends_no_contest_by_another_name),
	    AT_HUB(test_what_a_rival_renamed_is_in_force_for_nobody),
	    AT_HUB(test_nor_is_what_came_in_force),
	    AT_HUB(test_a_rival_does_not_make_himself_the_holder),
	    AT_HUB(test_nor_does_he_as_the_managing_org),
	    AT_HUB(test_a_day_of_its_end_is_asked_about),
	    AT_HUB(test_the_team_mends_its_own_contract),
	    AT_HUB(test_so_do_those_above_and_below),
	    AT_HUB(test_so_does_who_keeps_his_file),
	    AT_HUB(test_so_does_the_group),
	    AT_HUB(test_who_keeps_both_files_mends_a_name),
	    AT_HUB(test_who_keeps_one_of_them_is_asked_about),
	    AT_HUB(test_a_file_that_comes_later_shows_whose_word_it_was),
	    AT_HUB(test_a_second_beginning_silences_nobody),
	    AT_HUB(test_an_older_hub_asks_about_what_is_there),
	    AT_SITE(test_a_form_tells_that_it_is_anothers),
	    AT_SITE(test_it_tells_nothing_to_who_keeps_his_file),
	    AT_SITE(test_it_tells_nothing_of_ones_own),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
