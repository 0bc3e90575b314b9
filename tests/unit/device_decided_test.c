/* device_decided: what was decided about a device stays what its owner, or the
 * group, decided, whoever changes the record of it.
 */

#include "tests/unit/device_room.h"

/* H's device went to A as no. 1; C writes down no. 50. */
static void
give_a_jump(struct fixture *f)
{
	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	give(f, story[1]);
	give(f, CUSTODY("KX", "50", "H", "C", "C", BOTH));
}

static json_t *
about_jump(const char *state, const char *decision)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "state",
	    state, "code", "custody_jump", "about_kind", "custody", "about_ref",
	    "KX", "about_source", "his", "device_id", "ref:D1", "decision",
	    decision, "reason", "x");
}

static const struct identity question = {
    .source = "h", .kind = "question", .ref = "Q1"};

/* A change of a record that has seen one other, or none; takes fields. */
static struct change_id
says_of(struct fixture *f, const struct identity *record,
    const struct change_id *seen, const char *org, json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	c.record = *record;
	if (seen != NULL) {
		c.parent_count = 1;
		c.parents[0].id = *seen;
	}
	snprintf(c.by, sizeof c.by, "S2");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = fields;
	assert_int_equal(admit_own(t, &self, &c, 1), ERR_OK);
	id = c.id;
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
	return id;
}

static struct change_id
says(struct fixture *f, const struct change_id *seen, const char *org,
    json_t *fields)
{
	return says_of(f, &question, seen, org, fields);
}

/* The group sets a change of a record aside. */
static struct change_id
set_aside(struct fixture *f, const struct identity *record,
    const struct change_id *bad)
{
	char text[48];

	matter_change_id(bad, text);
	return says_of(
	    f, record, bad, "H", json_pack("{s:[s]}", "set_aside", text));
}

static void
assert_at(struct fixture *f, const char *custodian, size_t asked)
{
	assert_view(f, "device", "D1", "custodian", custodian);
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, "KX").count, asked);
}

/* --- what peers send -------------------------------------------------------
 */

/* Who took it makes of the objection an agreement: then nothing is decided. */
static void
test_who_took_it_does_not_rewrite_the_objection(void **state)
{
	struct fixture *f = *state;
	struct change_id id;

	give_a_jump(f);
	id = says(f, NULL, "H", about_jump("decided", "object"));
	assert_at(f, "\"A\"", 0);
	id = says(f, &id, "C", json_pack("{s:s}", "decision", "agree"));
	assert_at(f, "null", 1);
	/* The owner says it again. */
	says(f, &id, "H", json_pack("{s:s}", "decision", "object"));
	assert_at(f, "\"A\"", 0);
}

/* Nor does a decision about something else become one about this. */
static void
test_a_decision_is_not_turned_to_another_matter(void **state)
{
	static const char *const fields[] = {
	    "about_ref", "about_source", "about_kind", "code"};
	struct fixture *f = *state;
	struct change_id id;
	size_t i;

	give_a_jump(f);
	for (i = 0; i < 4; i++) {
		json_t *other = about_jump("decided", "agree");
		json_t *back = json_object();

		json_object_set(
		    back, fields[i], json_object_get(other, fields[i]));
		json_object_set_new(other, fields[i], json_string("loan"));
		id = says(f, NULL, "H", other);
		assert_at(f, "null", 1);
		id = says(f, &id, "C", back);
		assert_at(f, "null", 1);
		says(f, &id, "H", json_pack("{s:s}", "state", "undone"));
	}
}

/* A word that has seen nothing of it, whichever id is the lower. */
static void
test_a_word_beside_the_decision_makes_it_none(void **state)
{
	struct fixture *f = *state;

	give_a_jump(f);
	says(f, NULL, "C", json_pack("{s:s}", "decision", "agree"));
	says(f, NULL, "H", about_jump("decided", "object"));
	assert_at(f, "null", 1);
}

/* What C asked H may decide. */
static void
test_who_is_asked_decides_what_another_wrote_down(void **state)
{
	struct fixture *f = *state;
	struct change_id id;

	give_a_jump(f);
	id = says(f, NULL, "C", about_jump("open", "agree"));
	assert_at(f, "null", 1);
	id = says(f, &id, "H", json_pack("{s:s}", "state", "decided"));
	assert_at(f, "\"C\"", 0);
	/* Why, anybody may add. */
	says(f, &id, "C", json_pack("{s:s}", "proposal", "agree"));
	assert_at(f, "\"C\"", 0);
}

/* What was undone is not decided again by who took it. */
static void
test_who_took_it_does_not_revive_what_was_undone(void **state)
{
	struct fixture *f = *state;
	struct change_id id;

	give_a_jump(f);
	id = says(f, NULL, "H", about_jump("decided", "agree"));
	assert_at(f, "\"C\"", 0);
	id = says(f, &id, "H",
	    json_pack("{s:s, s:s}", "state", "undone", "reason", "x"));
	assert_at(f, "null", 1);
	id = says(f, &id, "C", json_pack("{s:s}", "state", "decided"));
	assert_at(f, "null", 1);
	/* Nor does it count as what was there when it was decided. */
	id = says(f, &id, "C", json_pack("{s:s}", "decision", "object"));
	assert_at(f, "null", 1);
	says(f, &id, "H", json_pack("{s:s}", "state", "decided"));
	assert_at(f, "\"A\"", 0);
}

/* Nor by words that had seen the decision and not its end. */
static void
test_a_word_beside_the_undoing_revives_nothing(void **state)
{
	struct fixture *f = *state;
	struct change_id id, seen;

	give_a_jump(f);
	seen = says(f, NULL, "H", about_jump("decided", "agree"));
	id = says(f, &seen, "H",
	    json_pack("{s:s, s:s}", "state", "undone", "reason", "x"));
	says(f, &seen, "C", json_pack("{s:s}", "state", "decided"));
	assert_at(f, "null", 1);
	/* By whose matter it is, again. */
	says(f, &id, "H", json_pack("{s:s}", "state", "decided"));
	assert_at(f, "\"C\"", 0);
}

/* What the group set aside says nothing. */
static void
test_the_group_sets_the_rewriting_aside(void **state)
{
	struct fixture *f = *state;
	struct change_id id, bad;

	give_a_jump(f);
	id = says(f, NULL, "H", about_jump("decided", "object"));
	bad = says(f, &id, "C", json_pack("{s:s}", "decision", "agree"));
	assert_at(f, "null", 1);
	set_aside(f, &question, &bad);
	assert_at(f, "\"A\"", 0);
}

/* Nor does an approval: what was handed over was not approved then. */
static void
test_an_approval_that_is_set_aside_is_none(void **state)
{
	static const struct identity loan = {
	    .source = "his", .kind = "loan", .ref = "L1"};
	struct fixture *f = *state;
	struct change_id id, word;

	give(f, DEVICE("08:00:00", ""));
	give(f, LOAN("L1", "09:00:00", "A", "received", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	id = says_of(f, &loan, NULL, "H",
	    json_pack(
	        "{s:s, s:s}", "state", "approved", "approved_by", "ref:S1"));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 0);
	word = set_aside(f, &loan, &id);
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	assert_view(f, "loan", "L1", "approved", "false");
	/* That was a mistake. */
	says_of(f, &loan, &word, "H", json_pack("{s:n}", "set_aside"));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 0);
}

/* --- forms and files -------------------------------------------------------
 */

static enum err
amend(struct fixture *f, json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(f->s.db, key, &question);
	e = author_amend(t, &self, key, "S1", NULL, fields, TEST_NOW, &made);
	json_decref(fields);
	if (e == ERR_REFUSED)
		assert_int_equal(
		    made.findings.list[0].code, FINDING_MANAGING_ONLY_STATE);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
test_no_form_rewrites_anothers_decision(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H");
	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	give(f, story[1]);
	test_store_join(&f->s, "C");
	give(f, CUSTODY("KX", "50", "H", "C", "C", BOTH));
	give(f, LOAN("LX", "10:00:00", "C", "handed_over", "C", "C", ""));
	says(f, NULL, "H", about_jump("decided", "object"));
	assert_int_equal(
	    amend(f, json_pack("{s:s}", "decision", "agree")), ERR_REFUSED);
	/* Nor by making it one about something of its own. */
	assert_int_equal(amend(f, json_pack("{s:s, s:s, s:n}", "about_ref",
	                              "LX", "about_kind", "loan", "code")),
	    ERR_REFUSED);
	assert_at(f, "\"A\"", 0);
	/* By whose matter it is. */
	test_store_join(&f->s, "H");
	assert_int_equal(
	    amend(f, json_pack("{s:s}", "decision", "agree")), ERR_OK);
	assert_at(f, "\"C\"", 0);
}

#define QUESTION(kind, ref, code)                                              \
	LINE("question", "Q2", "11:00:00", "C")                                \
	"\"state\":\"decided\",\"about_kind\":\"" kind                         \
	"\",\"about_ref\":\"" ref "\",\"code\":\"" code                        \
	"\",\"resident_id\":\"ref:R1\",\"device_id\":\"ref:D1\","              \
	"\"decision\":\"agree\",\"reason\":\"x\"}\n"

/* A file's decision about its own resident becomes none about another's device
 * by the next file. */
static void
test_no_file_turns_a_decision_to_anothers_matter(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H");
	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	give(f, story[1]);
	test_store_join(&f->s, "C");
	give(f, CUSTODY("KX", "50", "H", "C", "C", BOTH));
	test_store_admit(&f->s, "his", "resident", "R1", "C",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C"));
	give(f, QUESTION("resident", "R1", "conflict"));
	assert_counts(f, 1, 0, 0, 0);
	give(f, QUESTION("custody", "KX", "custody_jump"));
	assert_counts(f, 0, 0, 0, 1);
	assert_at(f, "null", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_who_took_it_does_not_rewrite_the_objection),
	    CLINIC(test_a_decision_is_not_turned_to_another_matter),
	    CLINIC(test_a_word_beside_the_decision_makes_it_none),
	    CLINIC(test_who_is_asked_decides_what_another_wrote_down),
	    CLINIC(test_who_took_it_does_not_revive_what_was_undone),
	    CLINIC(test_a_word_beside_the_undoing_revives_nothing),
	    CLINIC(test_the_group_sets_the_rewriting_aside),
	    CLINIC(test_an_approval_that_is_set_aside_is_none),
	    CLINIC(test_no_form_rewrites_anothers_decision),
	    CLINIC(test_no_file_turns_a_decision_to_anothers_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
