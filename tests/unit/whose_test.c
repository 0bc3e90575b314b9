/* whose: at the hub, whether what was written while a link stood is asked about
 * does not depend on what came first: the link, its undoing, the record, or the
 * residents that it and the link name.
 */

#include "tests/unit/entitled_room.h"

#include "store/linked.h"

static void
tell_resident(struct fixture *f, const char *source, uint64_t n, uint64_t seq)
{
	struct identity who = named_in("resident", source, n);

	arrive(f, &who, n * 10 + seq, NULL, "V1", true, given_to("V1"));
}

static json_t *
link_fields(uint64_t n)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "state", "linked",
	    "resident_id", ref_in("resident", n), "other_id",
	    ref_in("resident", n), "resident_source", "his", "other_source",
	    "b", "basis", "by_hand");
}

/* kind's record names the resident of history n; of which program is told by
 * its source. */
static void
tell_fact(struct fixture *f, const char *source, const char *kind, uint64_t n,
    uint64_t seq)
{
	struct identity fact = named_in(kind, source, n);

	arrive(f, &fact, n * 10 + seq, NULL, "V1", false,
	    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
	        ref_in("resident", n)));
}

static void
tell_link(struct fixture *f, uint64_t n, uint64_t seq)
{
	struct identity link = named_in("link", "his", n);
	struct change_id linked = id_in(n, 1);

	if (seq == 1)
		arrive(f, &link, n * 10 + 1, NULL, "V1", false, link_fields(n));
	else
		arrive(f, &link, n * 10 + 2, &linked, "V1", false,
		    json_pack("{s:s}", "state", "undone"));
}

static void
tell(struct fixture *f, uint64_t n, unsigned part)
{
	if (part <= 2)
		tell_link(f, n, part);
	else if (part == 3)
		tell_fact(f, "his", "encounter", n, 3);
	else
		tell_resident(f, "his", n, 4);
}

static void
test_a_visit_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell, FINDING_WHOSE, 1);
}

/* What grants its orgs something is a fact as well. */
static void
tell_referral(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 3)
		tell_fact(f, "his", "referral", n, 3);
	else
		tell(f, n, part);
}

static void
test_a_referral_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_referral, FINDING_WHOSE, 1);
}

/* A third program's record means its own resident, or, while that is the only
 * one of its ref, another's: with two of them nobody. */
static void
tell_second(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 1) {
		tell_link(f, n, 1);
		tell_link(f, n, 2);
	} else if (part == 2)
		tell_fact(f, "c", "encounter", n, 3);
	else if (part == 3)
		tell_resident(f, "his", n, 4);
	else
		tell_resident(f, "d", n, 5);
}

static void
test_who_means_one_of_two_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_second, FINDING_WHOSE, 0);
}

/* A second one of its own program: then that is meant, which was linked to
 * nobody. */
static void
tell_own(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 4)
		tell_resident(f, "c", n, 5);
	else
		tell_second(f, n, part);
}

static void
test_who_means_his_own_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_own, FINDING_WHOSE, 0);
}

/* What was decided is not asked again where another bearer of the ref comes,
 * or another word that the link is undone. */
static void
test_what_was_decided_is_not_asked_again(void **state)
{
	struct fixture *f = *state;
	struct identity link = named_in("link", "his", 1);
	struct change_id linked = id_in(1, 1);
	struct matter_decision d;

	test_store_join(&f->s, "H01");
	for (unsigned part = 1; part <= 4; part++)
		tell(f, 1, part);
	tell_resident(f, "b", 1, 5);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
	assert_int_equal(waiting(f), 1);
	assert_int_equal(decide(f, "r1", &d), ERR_OK);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	tell_resident(f, "d", 1, 6);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	arrive(f, &link, 19, &linked, "V1", false,
	    json_pack("{s:s}", "state", "undone"));
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
}

/* --- what was decided ---------------------------------------------------- */

static struct identity
question_in(uint64_t n)
{
	return named_in("question", "his", n);
}

static void
tell_over(struct fixture *f, uint64_t n)
{
	tell_link(f, n, 1);
	tell_link(f, n, 2);
}

static void
tell_visit(struct fixture *f, uint64_t n)
{
	tell_resident(f, "his", n, 4);
	tell_fact(f, "his", "encounter", n, 3);
}

/* Somebody says that the record stays where it is. */
static void
tell_decision(struct fixture *f, uint64_t n)
{
	struct identity question = question_in(n);
	struct identity link = named_in("link", "his", n);

	arrive(f, &question, n * 10 + 5, NULL, "V1", false,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "state",
	        "decided", "code", "whose", "about_source", "his", "about_kind",
	        "encounter", "about_ref", named_in("encounter", "his", n).ref,
	        "about_field", json_sprintf("%s@his", link.ref), "decision",
	        "stays", "resident_id", ref_in("resident", n)));
}

static void
tell_decided(struct fixture *f, uint64_t n, unsigned part)
{
	if (part <= 2)
		tell_link(f, n, part);
	else if (part == 3)
		tell_visit(f, n);
	else
		tell_decision(f, n);
}

/* As what a restored hub had written comes back to it. */
static void
test_a_decision_counts_whenever_it_comes(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_decided, FINDING_WHOSE, 0);
}

/* What takes a decision back; takes fields. */
static void
tell_taken_back(struct fixture *f, uint64_t n, unsigned part, json_t *fields)
{
	struct identity question = question_in(n);
	struct change_id decision = id_in(n, 5);

	if (part == 4)
		arrive(f, &question, n * 10 + 6, &decision, "H01", false,
		    json_incref(fields));
	else if (part == 3)
		tell_decision(f, n);
	else if (part == 2)
		tell_visit(f, n);
	else
		tell_over(f, n);
	json_decref(fields);
}

static void
tell_undone(struct fixture *f, uint64_t n, unsigned part)
{
	tell_taken_back(f, n, part, json_pack("{s:s}", "state", "undone"));
}

static void
test_what_is_undone_is_asked_whenever_that_comes(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_undone, FINDING_WHOSE, 1);
}

static json_t *
setting_aside(const struct change_id *id)
{
	char text[48];

	matter_change_id(id, text);
	return json_pack("{s:[s]}", "set_aside", text);
}

static void
tell_set_aside(struct fixture *f, uint64_t n, unsigned part)
{
	struct change_id decision = id_in(n, 5);

	tell_taken_back(f, n, part, setting_aside(&decision));
}

static void
test_what_is_set_aside_decides_nothing(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_set_aside, FINDING_WHOSE, 1);
}

/* The word that the link is undone is: then the link stands. */
static void
tell_standing(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity link = named_in("link", "his", n);
	struct change_id undone = id_in(n, 2);

	if (part == 4)
		arrive(f, &link, n * 10 + 7, &undone, "H01", false,
		    setting_aside(&undone));
	else if (part == 3)
		tell_visit(f, n);
	else
		tell_link(f, n, part);
}

static void
test_of_a_link_that_stands_nothing_is_asked(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_standing, FINDING_WHOSE, 0);
}

/* Both entries of a link have one ref, as two programs may call them. */
static void
tell_both(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 1)
		tell_over(f, n);
	else if (part == 2)
		tell_fact(f, "his", "encounter", n, 3);
	else
		tell_resident(f, part == 3 ? "his" : "b", n, part + 1);
}

static void
test_both_entries_may_have_one_ref(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_both, FINDING_WHOSE, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_visit_is_asked_about_in_any_order),
	    HUB(test_a_referral_is_asked_about_in_any_order),
	    HUB(test_who_means_one_of_two_is_not_asked_about),
	    HUB(test_who_means_his_own_is_not_asked_about),
	    HUB(test_what_was_decided_is_not_asked_again),
	    HUB(test_a_decision_counts_whenever_it_comes),
	    HUB(test_what_is_undone_is_asked_whenever_that_comes),
	    HUB(test_what_is_set_aside_decides_nothing),
	    HUB(test_of_a_link_that_stands_nothing_is_asked),
	    HUB(test_both_entries_may_have_one_ref),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
