/* matter_undo: an undoing takes back what the decision wrote, and nothing that
 * somebody else listed beside it.
 */

#include "tests/unit/entitled_room.h"

/* A change of a decision by another node, which says what it made. */
static void
list_also(struct fixture *f, const struct identity *decision, uint64_t seq,
    int64_t at, const struct change_id *made)
{
	struct record r;
	char text[48];

	matter_change_id(made, text);
	test_store_record(
	    &f->s, decision->source, decision->kind, decision->ref, &r);
	arrive_at(f, decision, seq, &r.head, "V2", false, at,
	    json_pack("{s:[s]}", "changes", text));
	record_clear(&r);
}

/* The number of another resident, which V1 wrote here, and one that V2 wrote
 * itself at another time. */
static void
test_only_what_was_decided_is_taken_back(void **state)
{
	struct identity other = {.source = "x", .kind = "resident", .ref = "r"};
	struct fixture *f = *state;
	struct change_id first, his;
	struct matter_decision d;
	struct authored a, b, c;
	char word[64];

	two_phones(f, &a);
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	shows(f, &a, "phone", "222");
	found(f, "resident", person(), &b);
	b.id = follow(f, &b, &b.id, "V1", phone("300"));
	list_also(f, &d.made, 70, TEST_NOW + 60, &b.id);
	first = arrive(f, &other, 80, NULL, "V2", true, person());
	his = arrive(f, &other, 81, &first, "V2", true, phone("400"));
	list_also(f, &d.made, 71, TEST_NOW + 90, &his);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	shows(f, &a, "phone", "111");
	shows(f, &b, "phone", "300");
	c.record = other;
	shows(f, &c, "phone", "400");
}

/* Ids of nothing do not stand in its way either. */
static void
test_what_is_no_change_stops_no_undoing(void **state)
{
	struct change_id none = {.class = 1, .seq = 9};
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	char word[64];

	two_phones(f, &a);
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	memset(none.life, 0x55, sizeof none.life);
	list_also(f, &d.made, 70, TEST_NOW + 60, &none);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	shows(f, &a, "phone", "111");
}

/* Nor does a decision about likeness undo any link that it names. */
static void
test_no_other_link_is_undone(void **state)
{
	struct identity link = {.source = "x", .kind = "link", .ref = "L2"};
	struct identity question = {
	    .source = "x", .kind = "question", .ref = "Q1"};
	struct fixture *f = *state;
	struct change_id linked;
	struct record r;
	char text[48];

	test_store_join(&f->s, "H01");
	linked = arrive(f, &link, 1, NULL, "V1", false,
	    json_pack("{s:s, s:s, s:s, s:s}", "state", "linked", "resident_id",
	        "ref:r1", "other_id", "ref:r2", "basis", "by_hand"));
	matter_change_id(&linked, text);
	arrive_at(f, &question, 2, NULL, "V1", false, TEST_NOW + 90,
	    json_pack("{s:s, s:s, s:s, s:s, s:[s]}", "state", "decided",
	        "about_kind", "resident", "about_ref", "r3", "code",
	        finding_name(FINDING_CANDIDATE), "changes", text));
	assert_int_equal(undo(f, "Q1@x"), ERR_NOT_FOUND);
	test_store_record(&f->s, "x", "link", "L2", &r);
	assert_string_equal(text_in(r.fields, "state"), "linked");
	record_clear(&r);
}

/* --- of several who decided ------------------------------------------------
 */

static const struct identity asking = {
    .source = "x", .kind = "question", .ref = "Q1"};
static const struct identity whom = {
    .source = "x", .kind = "resident", .ref = "r"};

/* A resident whose number was changed, and what was asked about him. */
static struct change_id
ask(struct fixture *f, struct change_id *made)
{
	struct change_id first;

	test_store_join(&f->s, "H01");
	first = arrive(f, &whom, 80, NULL, "V1", true, person());
	*made = arrive(f, &whom, 81, &first, "V1", true, phone("400"));
	return arrive(f, &asking, 10, NULL, "V1", false,
	    json_pack("{s:s, s:s, s:s}", "state", "open", "about_kind",
	        "resident", "about_ref", "r"));
}

/* That it was decided, and what that made; NULL: nothing. */
static struct change_id
says_decided(struct fixture *f, uint64_t seq, const struct change_id *seen,
    const char *org, const struct change_id *made)
{
	json_t *fields = json_pack("{s:s, s:s, s:s}", "state", "decided",
	    "decision", "yes", "reason", "x");
	char text[48];

	if (made != NULL) {
		matter_change_id(made, text);
		json_object_set_new(fields, "changes", json_pack("[s]", text));
	}
	return arrive(f, &asking, seq, seen, org, true, fields);
}

static struct change_id
set_aside(struct fixture *f, uint64_t seq, const struct change_id *bad)
{
	char text[48];

	matter_change_id(bad, text);
	return arrive(f, &asking, seq, bad, "H01", true,
	    json_pack("{s:[s]}", MERGE_SET_ASIDE, text));
}

static void
shows_phone(struct fixture *f, const char *number)
{
	struct authored a;

	a.record = whom;
	shows(f, &a, "phone", number);
}

/* Who decides what another called decided, whose word was set aside. */
static void
test_what_was_set_aside_decided_nothing_before(void **state)
{
	struct fixture *f = *state;
	struct change_id made, open, bad;

	open = ask(f, &made);
	bad = says_decided(f, 11, &open, "V2", NULL);
	bad = set_aside(f, 12, &bad);
	says_decided(f, 13, &bad, "H01", &made);
	shows_phone(f, "400");
	assert_int_equal(undo(f, "Q1@x"), ERR_OK);
	shows_phone(f, "100");
}

/* What another says that he made, and nobody knows, is not waited for. */
static void
test_what_another_made_stops_no_undoing(void **state)
{
	struct fixture *f = *state;
	struct change_id made, open, none = id_in(99999, 0);

	open = ask(f, &made);
	says_decided(f, 13, &open, "H01", &made);
	says_decided(f, 14, &open, "V2", &none);
	assert_int_equal(undo(f, "Q1@x"), ERR_OK);
	shows_phone(f, "100");
}

/* Where his is the word that is shown, half would be undone: until the group
 * sets it aside. */
static void
test_what_is_missing_of_the_decision_shown_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct change_id made, open, bad, none = id_in(99999, 0);

	open = ask(f, &made);
	bad = says_decided(f, 12, &open, "V2", &none);
	says_decided(f, 13, &open, "H01", &made);
	assert_int_equal(undo(f, "Q1@x"), ERR_NOT_FOUND);
	shows_phone(f, "400");
	set_aside(f, 14, &bad);
	assert_int_equal(undo(f, "Q1@x"), ERR_OK);
	shows_phone(f, "100");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_only_what_was_decided_is_taken_back),
	    CLINIC(test_what_is_no_change_stops_no_undoing),
	    HUB(test_no_other_link_is_undone),
	    HUB(test_what_was_set_aside_decided_nothing_before),
	    HUB(test_what_another_made_stops_no_undoing),
	    HUB(test_what_is_missing_of_the_decision_shown_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
