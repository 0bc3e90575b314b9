/* emptying: what is given up where the link is short, and where a feed loses
 * a whole list: a team gives a village up, a village goes to stand below
 * another township. */

#include "store/emptying.h"
#include "store/scope.h"
#include "tests/unit/feed_room.h"

static struct member laptop;

static int
set_up_group(void **state)
{
	set_up(state);
	member_make(&laptop, ROLE_CLINIC, "laptop");
	memset(&group_bound, 0, sizeof group_bound);
	return 0;
}

static int
tear_down_group(void **state)
{
	memset(&group_bound, 0, sizeof group_bound);
	member_remove(&laptop);
	return tear_down(state);
}

static struct group_result
session_of(struct member *m)
{
	struct group_result r = group_run(m, &hub, SESSION_SYNC, NULL);

	assert_int_equal(r.up, ERR_OK);
	return r;
}

/* --- with a bound --------------------------------------------------------- */

static struct change_id resident, visit;

/* Of the old site's file, what another wrote. */
static void
file_of_a(void)
{
	resident = wrote(&a, "C01", "resident", "r1",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C01"));
	visit = wrote(&b, "C02", "encounter", "e1",
	    json_pack("{s:s, s:s}", "resident_id", "ref:r1", "plan", "x"));
	sync_all();
	assert_true(body_of(&a, &visit) > 0);
}

static void
resident_moves(void)
{
	wrote(&hub, "H01", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:C02"));
}

/* Text that no packing makes small. */
static json_t *
long_text(unsigned n)
{
	char text[1601];
	uint8_t noise[800];

	randombytes_buf_deterministic(noise, sizeof noise,
	    (const uint8_t[randombytes_SEEDBYTES]){(uint8_t)n});
	sodium_bin2hex(text, sizeof text, noise, sizeof noise);
	return json_string(text);
}

static void
test_a_bounded_session_that_brought_all_empties(void **state)
{
	file_of_a();
	resident_moves();
	group_bound.bytes_max = 20000;
	session_of(&a);
	assert_int_equal(body_of(&a, &visit), 0);
	assert_true(body_of(&a, &resident) > 0);
}

static void
test_a_budget_that_sufficed_empties(void **state)
{
	file_of_a();
	resident_moves();
	group_bound.has_budget = true;
	group_bound.budget = 20000;
	session_of(&a);
	assert_int_equal(body_of(&a, &visit), 0);
}

/* The day's work of others does not fit; the word comes before it. */
static void
test_the_word_comes_before_what_has_no_room(void **state)
{
	struct group_result r;
	unsigned i;

	file_of_a();
	for (i = 0; i < 30; i++) {
		char ref[16];

		snprintf(ref, sizeof ref, "n%u", i);
		wrote(&hub, "C01", "encounter", ref,
		    json_pack("{s:o}", "plan", long_text(i)));
	}
	resident_moves();
	group_bound.bytes_max = 12000;
	r = session_of(&a);
	assert_true(r.stats.held_back);
	assert_int_equal(body_of(&a, &visit), 0);
}

/* So little that nothing of the day's work came: whether more words wait
 * nobody knows. */
static void
test_where_words_may_be_missing_nothing_goes(void **state)
{
	struct group_result r;
	unsigned i;

	file_of_a();
	wrote(&hub, "C01", "encounter", "n1", json_pack("{s:s}", "plan", "x"));
	session_of(&a);
	resident_moves();
	for (i = 0; i < 30; i++) {
		char ref[16];

		snprintf(ref, sizeof ref, "w%u", i);
		wrote(&hub, "H01", "resident", "r1",
		    json_pack("{s:o}", "address", long_text(i)));
		wrote(&a, "C01", "encounter", ref,
		    json_pack("{s:o}", "plan", long_text(i)));
	}
	group_bound.bytes_max = SESSION_BYTES_MIN + 700;
	do {
		r = session_of(&a);
		if (r.stats.held_back && r.stats.changes_received == 0)
			assert_true(body_of(&a, &visit) > 0);
		group_bound.bytes_max += 600;
	} while (body_of(&a, &visit) > 0);
}

/* The parent stepped over what no such session has room for. More words may
 * stand behind it, though what is less urgent came. */
static void
test_where_something_was_stepped_over_nothing_goes(void **state)
{
	json_t *large = json_object();
	struct group_result r;
	unsigned i;

	file_of_a();
	for (i = 0; i < 8; i++) {
		char name[16];

		snprintf(name, sizeof name, "x_text%u", i);
		json_object_set_new(large, name, long_text(i));
	}
	resident_moves();
	wrote(&hub, "C01", "consult", "large", large);
	wrote(&hub, "C01", "encounter", "n1", json_pack("{s:s}", "plan", "x"));
	group_bound.bytes_max = 5000;
	r = session_of(&a);
	assert_true(r.stats.peer_stepped_over);
	assert_true(r.stats.changes_received > 1);
	assert_true(body_of(&a, &visit) > 0);
	group_bound.bytes_max = r.stats.over.needs + 3000;
	r = session_of(&a);
	assert_false(r.stats.held_back);
	assert_int_equal(body_of(&a, &visit), 0);
}

/* It was taken, and came again by another list before the next word. */
static void
test_what_comes_again_is_kept(void **state)
{
	struct self self;
	struct change c;
	struct txn *t;
	char text[REF_BYTES_MAX + 1];

	file_of_a();
	self = member_self(&a);
	t = member_begin(&a, true);
	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "emptying");
	change_founded_ref(&visit, text, sizeof text);
	c.fields = json_pack(
	    "{s:i, s:[s], s:[]}", "number", 7, "changes", text, "still");
	assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
	assert_int_equal(emptying_came_again(t, &visit), ERR_OK);
	assert_int_equal(emptying_apply(t, &self, HEARD_ALL), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
	assert_true(body_of(&a, &visit) > 0);
}

/* In one step of the hub's it left the site and came back, from more orgs to
 * fewer, so that neither length nor names tell which was last. */
static void
test_of_one_step_the_last_word_counts(void **state)
{
	static const char away[][LIST_NAME_BYTES_MAX + 1] = {
	    "org:C02", "org:C03", "org:C04"};
	static const char back[][LIST_NAME_BYTES_MAX + 1] = {"org:C01"};
	struct emptying_notes notes = {.count = 0};
	struct self self = member_self(&hub);
	unsigned time;

	file_of_a();
	for (time = 0; time < 2; time++) {
		struct txn *t = member_begin(&hub, true);
		bool is_back = time == 0;

		assert_int_equal(emptying_add(&notes, "org:C01", NULL, &visit,
		                     is_back ? away : back, is_back ? 3 : 1),
		    ERR_OK);
		assert_int_equal(emptying_add(&notes, "org:C01", NULL, &visit,
		                     is_back ? back : away, is_back ? 1 : 3),
		    ERR_OK);
		assert_int_equal(
		    emptying_write(t, &self, &notes, GROUP_NOW), ERR_OK);
		assert_int_equal(txn_commit(t), ERR_OK);
		session_of(&a);
		assert_int_equal(body_of(&a, &visit) > 0, is_back);
	}
}

/* --- runs ------------------------------------------------------------------
 */

static void
expect_run(const char *word, bool is_one)
{
	struct self self = member_self(&a);
	struct txn *t = member_begin(&a, true);
	struct change c;

	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "emptying");
	c.fields = json_pack(
	    "{s:i, s:[s], s:[]}", "number", 7, "changes", word, "still");
	assert_int_equal(emptying_note_change(t, &self, &c), ERR_OK);
	assert_int_equal(emptying_is_due(t), is_one);
	txn_abort(t);
	change_clear(&c);
}

static void
test_a_run_names_all_that_is_here_of_it(void **state)
{
	char first[REF_BYTES_MAX + 1], word[REF_BYTES_MAX + 40];

	file_of_a();
	change_founded_ref(&visit, first, sizeof first);
	expect_run(first, true);
	snprintf(word, sizeof word, "%s-%d", first, 9);
	expect_run(word, true);
	/* Backwards, too long, not as it is written, of nothing that is here */
	snprintf(word, sizeof word, "%s-%d", first, 0);
	expect_run(word, false);
	snprintf(word, sizeof word, "%s-%d", first, 999999);
	expect_run(word, false);
	snprintf(word, sizeof word, "%s-009", first);
	expect_run(word, false);
	expect_run("~0102030405060708-2-3-9", false);
	expect_run("~0102030405060708-9-3", false);
	expect_run("word", false);
}

static void
hub_says(const char *kind, const char *ref, const char *name, const char *value)
{
	wrote(&hub, "H01", kind, ref, json_pack("{s:s}", name, value));
}

/* One of three visits leaves alone; later all three are granted again at once,
 * by a run. The site hears both words before it has any of them. */
static void
test_a_run_follows_a_word_on_what_is_not_here_yet(void **state)
{
	struct change_id three[3];
	unsigned i;

	for (i = 0; i < 2; i++)
		wrote(&b, "C02", "resident", i == 0 ? "r1" : "r2",
		    json_pack("{s:s, s:s}", "name", "x", "managing_org_id",
		        "ref:C02"));
	for (i = 0; i < 3; i++) {
		char ref[16];

		snprintf(ref, sizeof ref, "v%u", i);
		three[i] = wrote(&b, "C02", "encounter", ref,
		    json_pack(
		        "{s:s, s:s}", "resident_id", "ref:r1", "plan", "x"));
	}
	session_of(&b);
	hub_says("resident", "r1", "managing_org_id", "ref:C01");
	hub_says("encounter", "v1", "resident_id", "ref:r2");
	hub_says("resident", "r1", "managing_org_id", "ref:C02");
	hub_says("encounter", "v1", "resident_id", "ref:r1");
	hub_says("resident", "r1", "managing_org_id", "ref:C01");
	session_of(&a);
	session_of(&a);
	for (i = 0; i < 3; i++)
		assert_true(body_of(&a, &three[i]) > 0);
}

/* --- a team gives a village up -------------------------------------------- */

enum { VISITS = 300 };

static struct change_id of_one, of_two, visits[VISITS];

static void
villages_are(const char *one, const char *two)
{
	json_t *villages = json_array();

	json_array_append_new(villages, json_string(one));
	if (two != NULL)
		json_array_append_new(villages, json_string(two));
	wrote(&hub, "H01", "team", "TM1",
	    json_pack("{s:s, s:o}", "name", "x", "villages", villages));
}

static struct change_id
file_in(const char *village, const char *ref)
{
	return wrote(&hub, village, "resident", ref,
	    json_pack("{s:s, s:s+}", "name", "x", "managing_org_id",
	        "ref:", village));
}

/* The laptop is of a village of its own, and of a team. */
static void
laptop_of_team(void)
{
	unsigned i;

	villages_are("ref:V1", "ref:V2");
	of_one = file_in("V1", "r1");
	of_two = file_in("V2", "r2");
	for (i = 0; i < VISITS; i++) {
		char ref[16];

		snprintf(ref, sizeof ref, "e%u", i);
		visits[i] = wrote(&hub, "V1", "encounter", ref,
		    json_pack("{s:s}", "resident_id", "ref:r1"));
	}
	group_join(&hub, &laptop, "team:TM1");
	session_of(&laptop);
	assert_true(body_of(&laptop, &of_one) > 0);
	assert_true(body_of(&laptop, &of_two) > 0);
	assert_true(body_of(&laptop, &visits[VISITS - 1]) > 0);
}

static void
expect_village_gone(void)
{
	assert_int_equal(body_of(&laptop, &of_one), 0);
	assert_int_equal(body_of(&laptop, &visits[0]), 0);
	assert_int_equal(body_of(&laptop, &visits[VISITS - 1]), 0);
	assert_true(body_of(&laptop, &of_two) > 0);
	assert_true(is_told_emptied(&laptop, "resident", "r1"));
	assert_true(body_of(&hub, &of_one) > 0);
}

static void
test_a_village_taken_from_a_team_is_given_up(void **state)
{
	struct group_result r;
	uint64_t quiet;

	laptop_of_team();
	quiet = session_of(&laptop).stats.bytes_received;
	villages_are("ref:V2", NULL);
	r = session_of(&laptop);
	/* A visit here is some dozens of bytes, its name in a run is not. */
	assert_true(r.stats.bytes_received < 1500);
	expect_village_gone();
	/* What the ends believe of each other fits again. */
	session_of(&laptop);
	assert_true(session_of(&laptop).stats.bytes_received <= quiet + 8);
}

static void
test_a_village_given_back_comes_again_whole(void **state)
{
	laptop_of_team();
	villages_are("ref:V2", NULL);
	session_of(&laptop);
	expect_village_gone();
	villages_are("ref:V2", "ref:V1");
	session_of(&laptop);
	session_of(&laptop);
	assert_true(body_of(&laptop, &of_one) > 0);
	assert_true(body_of(&laptop, &visits[0]) > 0);
	assert_true(body_of(&laptop, &visits[VISITS - 1]) > 0);
	assert_false(is_told_emptied(&laptop, "resident", "r1"));
}

/* Before the laptop heard of either. */
static void
test_taken_and_given_back_nothing_goes(void **state)
{
	laptop_of_team();
	villages_are("ref:V2", NULL);
	villages_are("ref:V2", "ref:V1");
	session_of(&laptop);
	assert_true(body_of(&laptop, &of_one) > 0);
	session_of(&laptop);
	assert_true(body_of(&laptop, &of_one) > 0);
	assert_false(is_told_emptied(&laptop, "resident", "r1"));
}

/* It was said on the village's list, which the laptop did not read again. */
static void
test_what_had_left_a_lost_village_is_given_up_too(void **state)
{
	villages_are("ref:V1", "ref:V2");
	of_one = file_in("V1", "r1");
	of_two = file_in("V2", "r2");
	visit = wrote(&b, "C02", "encounter", "e1",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	group_join(&hub, &laptop, "team:TM1");
	session_of(&laptop);
	assert_true(body_of(&laptop, &visit) > 0);
	resident_moves();
	villages_are("ref:V2", NULL);
	session_of(&laptop);
	assert_int_equal(body_of(&laptop, &visit), 0);
	assert_int_equal(body_of(&laptop, &of_one), 0);
	assert_true(body_of(&laptop, &of_two) > 0);
}

/* The team has a contract in the village that it gave up. */
static void
test_what_a_contract_grants_stays(void **state)
{
	laptop_of_team();
	wrote(&hub, "V1", "contract", "c1",
	    json_pack("{s:s, s:s, s:s}", "resident_id", "ref:r1", "state",
	        "signed", "team_id", "ref:TM1"));
	session_of(&laptop);
	villages_are("ref:V2", NULL);
	session_of(&laptop);
	assert_true(body_of(&laptop, &of_one) > 0);
}

/* It wrote about the village's people before it heard: that goes first, is
 * taken, and reaches the village; then the rest goes. */
static void
test_late_work_is_sent_before_anything_goes(void **state)
{
	struct change_id late, later;
	struct member village;
	struct self self;
	struct txn *t;
	const char *const orgs[] = {"V2", "team:TM1"};
	char code[INVITE_TEXT_BYTES];
	struct invite i;

	villages_are("ref:V1", "ref:V2");
	of_one = file_in("V1", "r1");
	self = member_self(&hub);
	t = member_begin(&hub, true);
	assert_int_equal(
	    enrol_invite(t, &self, "", orgs, 2, GROUP_NOW, &i, code), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(
	    group_run(&laptop, &hub, SESSION_JOIN, code).up, ERR_OK);
	session_of(&laptop);
	assert_true(body_of(&laptop, &of_one) > 0);
	late = wrote(&laptop, "V2", "encounter", "e1",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	villages_are("ref:V2", NULL);
	session_of(&laptop);
	later = wrote(
	    &laptop, "V2", "encounter", "e1", json_pack("{s:s}", "plan", "y"));
	session_of(&laptop);
	session_of(&laptop);
	assert_int_equal(body_of(&laptop, &of_one), 0);
	assert_true(body_of(&laptop, &late) > 0);
	member_make(&village, ROLE_CLINIC, "village");
	group_join(&hub, &village, "V1");
	session_of(&village);
	assert_true(body_of(&village, &late) > 0);
	assert_true(body_of(&village, &later) > 0);
	member_remove(&village);
}

/* --- an org goes to stand elsewhere --------------------------------------- */

static void
org_below(const char *ref, const char *above)
{
	wrote(&hub, "H01", "org", ref,
	    json_pack(
	        "{s:s, s:s+}", "name", ref, "parent_org_id", "ref:", above));
}

static void
hub_starts_again(void)
{
	struct self self = member_self(&hub);
	struct txn *t = member_begin(&hub, true);

	assert_int_equal(scope_prepare(t, &self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_a_village_that_moves_in_the_tree_leaves_its_township(void **state)
{
	struct change_id of_own;

	org_below("V1", "C01");
	hub_starts_again();
	of_one = file_in("V1", "r1");
	of_own = wrote(&a, "C01", "encounter", "e1",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	assert_true(body_of(&a, &of_one) > 0);
	org_below("V1", "C02");
	sync_all();
	hub_starts_again();
	sync_all();
	assert_int_equal(body_of(&a, &of_one), 0);
	assert_true(body_of(&a, &of_own) > 0);
	assert_true(body_of(&b, &of_one) > 0);
	assert_true(body_of(&b, &of_own) > 0);
	/* And back. */
	org_below("V1", "C01");
	hub_starts_again();
	sync_all();
	assert_true(body_of(&a, &of_one) > 0);
	assert_int_equal(body_of(&b, &of_one), 0);
}

/* The file went to another town, and the township had not heard of it when it
 * lost the village. */
static void
test_what_had_left_a_village_that_moves_is_given_up_too(void **state)
{
	org_below("V1", "C01");
	hub_starts_again();
	of_one = file_in("V1", "r1");
	visit = wrote(&b, "C02", "encounter", "e1",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	sync_all();
	assert_true(body_of(&a, &visit) > 0);
	resident_moves();
	org_below("V1", "C02");
	hub_starts_again();
	sync_all();
	assert_int_equal(body_of(&a, &of_one), 0);
	assert_int_equal(body_of(&a, &visit), 0);
	assert_true(body_of(&b, &visit) > 0);
}

/* Who gives the file to the village stands above it after the move, so that his
 * word alone does not open it any more: what was written about it leaves the
 * village's list in the same step as the village leaves its township. */
static void
test_what_leaves_a_village_as_it_moves_is_given_up_too(void **state)
{
	org_below("V1", "C01");
	hub_starts_again();
	wrote(&hub, "C02", "resident", "r1", json_pack("{s:s}", "name", "x"));
	sync_all();
	wrote(&b, "C02", "resident", "r1",
	    json_pack("{s:s}", "managing_org_id", "ref:V1"));
	visit = wrote(&hub, "H01", "encounter", "e1",
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	sync_all();
	sync_all();
	assert_true(body_of(&a, &visit) > 0);
	org_below("V1", "C02");
	hub_starts_again();
	sync_all();
	assert_int_equal(body_of(&a, &visit), 0);
}

#define CASE(f)                                                                \
	cmocka_unit_test_setup_teardown(f, set_up_group, tear_down_group)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_a_bounded_session_that_brought_all_empties),
	    CASE(test_a_budget_that_sufficed_empties),
	    CASE(test_the_word_comes_before_what_has_no_room),
	    CASE(test_where_words_may_be_missing_nothing_goes),
	    CASE(test_where_something_was_stepped_over_nothing_goes),
	    CASE(test_what_comes_again_is_kept),
	    CASE(test_of_one_step_the_last_word_counts),
	    CASE(test_a_run_names_all_that_is_here_of_it),
	    CASE(test_a_run_follows_a_word_on_what_is_not_here_yet),
	    CASE(test_a_village_taken_from_a_team_is_given_up),
	    CASE(test_a_village_given_back_comes_again_whole),
	    CASE(test_taken_and_given_back_nothing_goes),
	    CASE(test_what_had_left_a_lost_village_is_given_up_too),
	    CASE(test_what_a_contract_grants_stays),
	    CASE(test_late_work_is_sent_before_anything_goes),
	    CASE(test_a_village_that_moves_in_the_tree_leaves_its_township),
	    CASE(test_what_had_left_a_village_that_moves_is_given_up_too),
	    CASE(test_what_leaves_a_village_as_it_moves_is_given_up_too),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
