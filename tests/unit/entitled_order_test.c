/* entitled_order: who was entitled to what he wrote is judged alike in whatever
 * order it comes: the word, the file it is about, and what shows who kept that.
 */

#include "tests/unit/entitled_drawn.h"

/* --- in any order ----------------------------------------------------------
 */

/* A link of one's own file with a stranger's, and a word that has seen it. */
static void
tell_link(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity one = named_in("resident", "his", n);
	struct identity other = named_in("resident", "b", n);
	struct identity link = named_in("link", "his", n);
	struct change_id linked = id_in(n, 3);

	if (part == 1)
		arrive(f, &one, n * 10 + 1, NULL, "C01", true, given_to("C01"));
	else if (part == 2)
		arrive(
		    f, &other, n * 10 + 2, NULL, "C02", true, given_to("C02"));
	else if (part == 3)
		arrive(f, &link, n * 10 + 3, NULL, "C01", false,
		    json_pack("{s:s, s:o, s:o, s:s, s:s}", "state", "linked",
		        "resident_id", ref_in("resident", n), "other_id",
		        ref_in("resident", n), "resident_source", "his",
		        "other_source", "b"));
	else
		arrive(f, &link, n * 10 + 4, &linked, "C01", false,
		    json_pack("{s:s}", "basis", "by_hand"));
}

static void
test_a_link_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_link, FINDING_UNENTITLED, 1);
}

/* V2 kept the file, gave it away, and ends a contract of the one after. */
static void
tell_end(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct identity contract = named_in("contract", "his", n);
	struct change_id kept = id_in(n, 1), signed_by = id_in(n, 3);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V2", true, given_to("V2"));
	else if (part == 2)
		arrive(f, &who, n * 10 + 2, &kept, "V2", true, given_to("V1"));
	else if (part == 3)
		arrive(f, &contract, n * 10 + 3, NULL, "V1", false,
		    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
		        ref_in("resident", n)));
	else
		arrive(f, &contract, n * 10 + 4, &signed_by, "V2", false,
		    json_pack("{s:s}", "state", "ending"));
}

/* The same of who took it himself. */
static void
tell_false_end(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct change_id kept = id_in(n, 1);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V1", true, given_to("V1"));
	else if (part == 2)
		arrive(f, &who, n * 10 + 2, &kept, "V2", false, given_to("V2"));
	else
		tell_end(f, n, part);
}

static void
test_an_end_is_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_end, FINDING_OTHERS_CONTRACT, 0);
}

static void
test_a_false_end_is_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_false_end, FINDING_OTHERS_CONTRACT, 1);
}

/* V2, which kept one file or both, says whose a contract is and until when. */
static void
tell_terms(struct fixture *f, uint64_t n, unsigned part, const char *other)
{
	struct identity who = named_in("resident", "his", n);
	struct identity contract = named_in("contract", "his", n);
	struct identity second = who;
	struct change_id signed_by = id_in(n, 3);

	snprintf(second.ref, sizeof second.ref, "s%u", (unsigned)n);
	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V2", true, given_to("V2"));
	else if (part == 2)
		arrive(
		    f, &second, n * 10 + 2, NULL, other, true, given_to(other));
	else if (part == 3)
		arrive(f, &contract, n * 10 + 3, NULL, "V1", false,
		    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
		        ref_in("resident", n)));
	else
		arrive(f, &contract, n * 10 + 4, &signed_by, "V2", false,
		    json_pack("{s:o, s:s}", "resident_id",
		        json_sprintf("ref:%s", second.ref), "end_on",
		        "2027-05-31"));
}

static void
tell_own_terms(struct fixture *f, uint64_t n, unsigned part)
{
	tell_terms(f, n, part, "V2");
}

static void
tell_others_terms(struct fixture *f, uint64_t n, unsigned part)
{
	tell_terms(f, n, part, "V3");
}

static void
test_terms_are_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_own_terms, FINDING_OTHERS_CONTRACT, 0);
}

static void
test_others_terms_are_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_others_terms, FINDING_OTHERS_CONTRACT, 1);
}

/* Two amendments, one of them the signer's, and what they are about. */
static void
tell_visit(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity visit = named_in("encounter", "his", n);
	struct change_id first = id_in(n, 1), second = id_in(n, 2);

	if (part == 1)
		arrive(f, &visit, n * 10 + 1, NULL, "V1", false,
		    json_pack("{s:s}", "state", "signed"));
	else
		arrive(f, &visit, n * 10 + part, part == 2 ? &first : &second,
		    part == 2 ? "V1" : "V2", false,
		    json_pack("{s:s, s:i}", "state", "amended", "sbp",
		        120 + (int)part));
}

static void
test_an_amendment_is_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_visit, FINDING_OTHERS_RECORD, 2);
}

/* Who owned the device agreed to a lending on, and sold it. */
static void
tell_lent(struct fixture *f, uint64_t n, unsigned part, const char *by)
{
	struct identity device = named_in("device", "his", n);
	struct identity custody = named_in("custody", "his", n);
	struct identity question = named_in("question", "his", n);
	struct change_id first = id_in(n, 1);

	if (part == 1)
		arrive(f, &device, n * 10 + 1, NULL, "V1", true,
		    json_pack("{s:s}", "owner_org_id", "ref:V1"));
	else if (part == 2)
		arrive(f, &device, n * 10 + 2, &first, "V1", true,
		    json_pack("{s:s}", "owner_org_id", "ref:V4"));
	else if (part == 3)
		arrive(f, &custody, n * 10 + 3, NULL, "V2", false,
		    json_pack("{s:o, s:i, s:s, s:s}", "device_id",
		        ref_in("device", n), "custody_no", 1, "from", "ref:V2",
		        "to", "ref:V3"));
	else
		arrive(f, &question, n * 10 + 4, NULL, by, false,
		    json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s}", "state",
		        "decided", "about_source", "his", "about_kind",
		        "custody", "about_ref", custody.ref, "device_id",
		        ref_in("device", n), "code", "onward_lending",
		        "decision", "agree"));
}

static void
tell_agreed(struct fixture *f, uint64_t n, unsigned part)
{
	tell_lent(f, n, part, "V1");
}

static void
tell_agreed_falsely(struct fixture *f, uint64_t n, unsigned part)
{
	tell_lent(f, n, part, "V2");
}

static void
test_who_agreed_is_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_agreed, FINDING_UNENTITLED, 0);
}

static void
test_who_may_not_agree_is_judged_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_agreed_falsely, FINDING_UNENTITLED, 1);
}

/* --- begun by two ----------------------------------------------------------
 */

/* V1's file, which V2 takes; V3 says that he began it. */
static void
tell_taken_in_doubt(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct change_id first = id_in(n, 1), taken = id_in(n, 3);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V1", true, given_to("V1"));
	else if (part == 2)
		arrive(f, &who, n * 10 + 2, NULL, "V3", true, given_to("V3"));
	else if (part == 3)
		arrive(
		    f, &who, n * 10 + 3, &first, "V2", false, given_to("V2"));
	else
		arrive(f, &who, n * 10 + 4, &taken, "V2", true, phone("1"));
}

static void
test_who_takes_what_two_began_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_taken_in_doubt, FINDING_UNENTITLED, 1);
}

/* V2 begins V1's file anew and then, who has seen both, says that it is his.
 */
static void
tell_begun_and_taken(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct change_id both[] = {id_in(n, 1), id_in(n, 2)};
	struct change_id taken = id_in(n, 3);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V1", true, given_to("V1"));
	else if (part == 2)
		arrive(f, &who, n * 10 + 2, NULL, "V2", true, given_to("V2"));
	else if (part == 3)
		arrive_after(f, &who, n * 10 + 3, both, 2, "V2", true,
		    TEST_NOW + 60, given_to("V2"));
	else
		arrive(f, &who, n * 10 + 4, &taken, "V2", true, given_to("V4"));
}

static void
test_who_begins_a_file_anew_and_takes_it_is_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_begun_and_taken, FINDING_UNENTITLED, 2);
}

/* A visit of C01's, which V1 below it says that it began: what C01 amends is
 * its own, what V2 does is not. */
static void
tell_visit_in_doubt(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity visit = named_in("encounter", "his", n);
	struct change_id first = id_in(n, 1);

	if (part <= 2)
		arrive(f, &visit, n * 10 + part, NULL, part == 1 ? "C01" : "V1",
		    false, json_pack("{s:s}", "state", "signed"));
	else
		arrive(f, &visit, n * 10 + part, &first,
		    part == 3 ? "C01" : "V2", false,
		    json_pack("{s:s, s:i}", "state", "amended", "sbp",
		        120 + (int)part));
}

static void
test_who_surely_began_a_record_amends_his_own(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	test_store_admit(&f->s, "", "org", "V1", "H01",
	    json_pack("{s:s, s:s, s:s}", "name", "x", "level", "village",
	        "parent_org_id", "ref:C01"));
	in_any_order(f, tell_visit_in_doubt, FINDING_OTHERS_RECORD, 1);
}

/* V1 and V2 say that they began it. V3 amends it as the managing org, which it
 * is not. */
static void
tell_false_amendment(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct identity visit = named_in("encounter", "his", n);
	struct change_id first = id_in(n, 1);

	if (part <= 2)
		arrive(f, &visit, n * 10 + part, NULL, part == 1 ? "V1" : "V2",
		    false,
		    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
		        ref_in("resident", n)));
	else if (part == 3)
		arrive(f, &visit, n * 10 + 3, &first, "V3", true,
		    json_pack("{s:s, s:i}", "state", "amended", "sbp", 120));
	else
		arrive(f, &who, n * 10 + 4, NULL, "V1", true, given_to("V1"));
}

static void
test_of_a_record_in_doubt_one_question_a_change(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_false_amendment, FINDING_UNENTITLED, 1);
	assert_int_equal(asked(f, FINDING_OTHERS_RECORD), 0);
}

struct about {
	struct change_id id;
	struct question found;
};

static enum err
see_about(void *context, const struct question *q)
{
	struct about *a = context;
	struct change_id id;

	if (q->code == FINDING_UNENTITLED &&
	    matter_change_parse(q->field, &id) == ERR_OK &&
	    change_id_compare(&id, &a->id) == 0)
		a->found = *q;
	return ERR_OK;
}

/* The proposal of what is asked about a change; -1: none. */
static int
proposed(struct fixture *f, struct change_id id)
{
	struct txn *t = test_store_read(&f->s);
	struct about a = {.id = id};
	struct self self;
	struct matter m;
	int proposal;

	assert_int_equal(question_walk(t, see_about, &a), ERR_OK);
	assert_int_equal(a.found.code, FINDING_UNENTITLED);
	memset(&a.found.raw, 0, sizeof a.found.raw);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &a.found, &m), ERR_OK);
	assert_int_equal(m.choice_count, 2);
	proposal = m.proposal;
	matter_clear(&m);
	txn_abort(t);
	return proposal;
}

/* Of two that may be right the group is told neither that one is wrong. */
static void
test_of_two_that_began_it_neither_is_proposed_against(void **state)
{
	struct identity who = named_in("resident", "his", 1);
	struct change_id both[] = {id_in(1, 1), id_in(1, 2)};
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	arrive(f, &who, 11, NULL, "V1", true, given_to("V1"));
	arrive(f, &who, 13, &both[0], "V2", false, given_to("V2"));
	arrive(f, &who, 12, NULL, "V2", true, given_to("V2"));
	arrive_after(
	    f, &who, 14, both, 2, "V2", true, TEST_NOW + 60, given_to("V2"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 2);
	assert_int_equal(proposed(f, id_in(1, 3)), 0);
	assert_int_equal(proposed(f, id_in(1, 4)), -1);
}

/* V1 began a file and names nobody; V2 says that he began it, that it is his,
 * and ends V1's contract. */
static void
tell_begun_unnamed(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity who = named_in("resident", "his", n);
	struct identity contract = named_in("contract", "his", n);
	struct change_id signed_by = id_in(n, 3);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V1", true, phone("1"));
	else if (part == 2)
		arrive(f, &who, n * 10 + 2, NULL, "V2", true, given_to("V2"));
	else if (part == 3)
		arrive(f, &contract, n * 10 + 3, NULL, "V1", false,
		    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
		        ref_in("resident", n)));
	else
		arrive(f, &contract, n * 10 + 4, &signed_by, "V2", false,
		    json_pack("{s:s}", "state", "ending"));
}

static void
test_who_names_a_keeper_where_none_was_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_begun_unnamed, FINDING_UNENTITLED, 1);
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 24);
	assert_int_equal(proposed(f, id_in(1, 2)), -1);
}

/* The same of a file that the group brought along, whoever it names. */
static void
tell_begun_by_the_group(
    struct fixture *f, uint64_t n, unsigned part, json_t *names)
{
	struct identity who = named_in("resident", "his", n);

	if (part == 1)
		test_store_admit(&f->s, "his", "resident", who.ref, "H01",
		    json_incref(names));
	else
		tell_begun_unnamed(f, n, part);
	json_decref(names);
}

static void
tell_given_by_the_group(struct fixture *f, uint64_t n, unsigned part)
{
	tell_begun_by_the_group(f, n, part, given_to("V1"));
}

static void
tell_unnamed_by_the_group(struct fixture *f, uint64_t n, unsigned part)
{
	tell_begun_by_the_group(f, n, part, phone("1"));
}

static void
test_what_the_group_brought_along_is_nobodys_by_another_beginning(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_given_by_the_group, FINDING_OTHERS_CONTRACT, 1);
	/* That two are named is asked about already. */
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
	assert_int_equal(asked(f, FINDING_CONFLICT), 24);
}

static void
test_nor_where_it_names_nobody(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_unnamed_by_the_group, FINDING_OTHERS_CONTRACT, 1);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 24);
}

/* By what the group says of it. */
static void
test_a_keeper_who_was_named_alone_is_let_stand_or_set_aside(void **state)
{
	struct identity who = named_in("resident", "his", 1);
	struct fixture *f = *state;
	struct matter_decision d;
	unsigned part;

	test_store_join(&f->s, "H01");
	for (part = 1; part <= 2; part++)
		tell_begun_unnamed(f, 1, part);
	assert_int_equal(decide(f, "keep", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	arrive(f, &who, 19, NULL, "V1", true, phone("2"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
	for (part = 3; part <= 4; part++)
		tell_begun_unnamed(f, 1, part);
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 0);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 1);
}

/* Nor does he end what its keeper began. */
static void
test_a_word_in_doubt_gives_its_author_no_right(void **state)
{
	struct identity contract = named_in("contract", "his", 1);
	struct change_id signed_by = id_in(1, 5);
	struct fixture *f = *state;
	unsigned part;

	test_store_join(&f->s, "H01");
	for (part = 1; part <= 4; part++)
		tell_begun_and_taken(f, 1, part);
	arrive(f, &contract, 15, NULL, "V1", false,
	    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
	        ref_in("resident", 1)));
	arrive(f, &contract, 16, &signed_by, "V2", false,
	    json_pack("{s:s}", "state", "ending"));
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 1);
}

/* Its keeper, who has seen the other's beginning, is not held to have taken
 * it: what he says as its keeper counts until the group decides. */
static void
test_a_keeper_in_doubt_loses_no_word(void **state)
{
	struct identity who = named_in("resident", "his", 1);
	struct change_id both[] = {id_in(1, 1), id_in(1, 2)};
	struct fixture *f = *state;
	struct record r;

	test_store_join(&f->s, "H01");
	arrive(f, &who, 11, NULL, "V1", true, given_to("V1"));
	arrive(f, &who, 12, NULL, "V2", true, given_to("V2"));
	arrive_after(f, &who, 13, both, 2, "V1", true, TEST_NOW + 60,
	    json_pack("{s:s}", "phone", "1"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
	test_store_record(&f->s, "his", "resident", who.ref, &r);
	/* Nothing was taken back by a change of the group's. */
	assert_int_equal(r.change_count, 3);
	record_clear(&r);
}

/* --- histories that nobody thought of ---------------------------------------
 */

enum { FILE_PARTS = 5 };

/* What part says is drawn anew from the seed each time it is told. Parts 1 to
 * FILE_PARTS are of a resident, the second now and then begins it too; then a
 * contract and its end or last day, a decision about the resident, and a link
 * of his with nobody's entry. */
static void
tell_drawn(struct fixture *f, uint32_t seed, uint64_t n, unsigned part)
{
	static const char *const orgs[] = {"V1", "V2", "V3"};
	uint32_t state = seed * 31 + part;
	struct identity who = named_in("resident", "his", n);
	struct identity contract = named_in("contract", "his", n);
	struct identity question = named_in("question", "his", n);
	struct identity link = named_in("link", "his", n);
	const char *org = orgs[draw(&state, 3)];
	struct change_id seen = id_in(
	    n, part <= FILE_PARTS ? 1 + draw(&state, part > 1 ? part - 1 : 1)
	                          : FILE_PARTS + 1);

	if (part == 1)
		arrive(f, &who, n * 10 + 1, NULL, "V1", true, given_to("V1"));
	else if (part <= FILE_PARTS)
		arrive(f, &who, n * 10 + part,
		    part == 2 && draw(&state, 3) == 0 ? NULL : &seen, org,
		    draw(&state, 2) != 0,
		    draw(&state, 3) != 0 ? given_to(orgs[draw(&state, 3)])
		                         : phone("1"));
	else if (part == FILE_PARTS + 1)
		arrive(f, &contract, n * 10 + part, NULL, org, false,
		    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
		        ref_in("resident", n)));
	else if (part == FILE_PARTS + 2)
		arrive(f, &contract, n * 10 + part, &seen, org, false,
		    draw(&state, 2) != 0
		        ? json_pack("{s:s}", "state", "ending")
		        : json_pack("{s:s}", "end_on", "2027-05-31"));
	else if (part == FILE_PARTS + 3)
		arrive(f, &question, n * 10 + part, NULL, org, false,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "state",
		        "decided", "about_source", "his", "about_kind",
		        "resident", "about_ref", who.ref, "code", "conflict",
		        "resident_id", ref_in("resident", n)));
	else
		arrive(f, &link, n * 10 + part, NULL, org, false,
		    json_pack("{s:s, s:o, s:o, s:s, s:s}", "state", "linked",
		        "resident_id", ref_in("resident", n), "other_id",
		        ref_in("resident", n), "resident_source", "his",
		        "other_source", "b"));
}

static void
test_any_history_leaves_the_same_rows(void **state)
{
	static const struct drawn d = {tell_drawn, 9, 40, 4};
	struct fixture *f = *state;
	uint32_t all;

	test_store_join(&f->s, "H01");
	all = drawn_expect_alike(f, &d);
	/* Each kind of step was wrong in one of them. */
	all |= all >> DRAWN_OTHERS;
	assert_int_equal(all & 0x380, 0x380);
	assert_int_not_equal(all & 0x3c, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_link_is_asked_about_in_any_order),
	    HUB(test_an_end_is_judged_in_any_order),
	    HUB(test_a_false_end_is_judged_in_any_order),
	    HUB(test_terms_are_judged_in_any_order),
	    HUB(test_others_terms_are_judged_in_any_order),
	    HUB(test_an_amendment_is_judged_in_any_order),
	    HUB(test_who_agreed_is_judged_in_any_order),
	    HUB(test_who_may_not_agree_is_judged_in_any_order),
	    HUB(test_who_takes_what_two_began_is_asked_about_in_any_order),
	    HUB(test_who_begins_a_file_anew_and_takes_it_is_asked_about),
	    HUB(test_who_surely_began_a_record_amends_his_own),
	    HUB(test_of_a_record_in_doubt_one_question_a_change),
	    HUB(test_of_two_that_began_it_neither_is_proposed_against),
	    HUB(test_who_names_a_keeper_where_none_was_is_asked_about_in_any_order),
	    HUB(test_what_the_group_brought_along_is_nobodys_by_another_beginning),
	    HUB(test_nor_where_it_names_nobody),
	    HUB(test_a_keeper_who_was_named_alone_is_let_stand_or_set_aside),
	    HUB(test_a_word_in_doubt_gives_its_author_no_right),
	    HUB(test_a_keeper_in_doubt_loses_no_word),
	    HUB(test_any_history_leaves_the_same_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
