/* device_decided: what was decided about a device stays what its owner, or the
 * group, decided, whoever changes the record of it; and what its owner alone
 * allows is not allowed by others.
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

/* --- what its owner alone allows -------------------------------------------
 */

static const struct identity device = {
    .source = "his", .kind = "device", .ref = "D1"};

/* H's device, as its owner says it; takes more. */
static struct change_id
owns(struct fixture *f, json_t *more)
{
	json_object_update_missing_new(
	    more, json_pack("{s:s, s:s}", "class", "ultrasound", "owner_org_id",
	              "ref:H"));
	return says_of(f, &device, NULL, "H", more);
}

static json_t *
may_go_on(bool allowed)
{
	return json_pack("{s:b}", "onward_allowed", (int)allowed);
}

static json_t *
standing(const char *org)
{
	return json_pack("{s:[s]}", "standing_orgs", org);
}

static void
place(struct fixture *f, const char *org, const char *above)
{
	test_store_admit(&f->s, "", "org", org, "G",
	    json_pack("{s:s, s:s, s:o}", "name", org, "level", "township",
	        "parent_org_id", json_sprintf("ref:%s", above)));
}

static size_t
lent_on(struct fixture *f)
{
	return waiting(f, FINDING_ONWARD_LENDING, "KB").count;
}

static size_t
unapproved(struct fixture *f)
{
	return waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count;
}

static void
test_who_has_a_device_does_not_allow_its_lending_on(void **state)
{
	struct fixture *f = *state;
	struct change_id id = owns(f, json_object());

	give(f, story[1]);
	give(f, story[2]); /* A to B */
	assert_int_equal(lent_on(f), 1);
	id = says_of(f, &device, &id, "A", may_go_on(true));
	assert_int_equal(lent_on(f), 1);
	/* Nor with the device itself. */
	id = says_of(f, &device, &id, "A",
	    json_pack(
	        "{s:b, s:s}", "onward_allowed", 1, "owner_org_id", "ref:A"));
	id = says_of(
	    f, &device, &id, "H", json_pack("{s:s}", "owner_org_id", "ref:H"));
	assert_int_equal(lent_on(f), 1);
	/* What he says beside that counts. */
	assert_view(f, "device", "D1", "offered", "true");
	id = says_of(
	    f, &device, &id, "A", json_pack("{s:s}", "condition", "unsafe"));
	assert_view(f, "device", "D1", "offered", "false");
	says_of(f, &device, &id, "H", may_go_on(true));
	assert_int_equal(lent_on(f), 0);
}

/* What the owner said stays, whatever others say after him or beside him. */
static void
test_what_the_owner_said_stays(void **state)
{
	struct fixture *f = *state;
	struct change_id id = owns(f, may_go_on(true));

	give(f, story[1]);
	give(f, story[2]);
	assert_int_equal(lent_on(f), 0);
	says_of(f, &device, NULL, "A",
	    json_pack(
	        "{s:b, s:s}", "onward_allowed", 0, "owner_org_id", "ref:H"));
	says_of(f, &device, &id, "A", may_go_on(false));
	assert_int_equal(lent_on(f), 0);
	says_of(f, &device, &id, "H", may_go_on(false));
	assert_int_equal(lent_on(f), 1);
	says_of(f, &device, NULL, "A",
	    json_pack(
	        "{s:b, s:s}", "onward_allowed", 1, "owner_org_id", "ref:H"));
	assert_int_equal(lent_on(f), 1);
}

static void
test_who_borrows_puts_himself_on_no_list(void **state)
{
	struct fixture *f = *state;
	struct change_id id = owns(f, json_object());

	give(f, LOAN("L1", "09:00:00", "C", "received", "H", "C",
	            ",\"approval\":\"standing\""));
	assert_int_equal(unapproved(f), 1);
	id = says_of(f, &device, &id, "C", standing("ref:C"));
	assert_int_equal(unapproved(f), 1);
	says_of(f, &device, &id, "H", standing("ref:C"));
	assert_int_equal(unapproved(f), 0);
}

static void
test_who_borrows_is_no_equipment_centre(void **state)
{
	struct fixture *f = *state;
	struct change_id id = owns(f, may_go_on(true));

	give(f, story[1]);
	give(f, CUSTODY("KX", "50", "H", "C", "C", BOTH));
	give(f, LOAN("L1", "08:00:00", "C", "approved", "H", "C", ""));
	give(f, LOAN("L1", "09:00:00", "C", "received", "H", "C", ""));
	id = says_of(
	    f, &device, &id, "C", json_pack("{s:s}", "centre_org_id", "ref:C"));
	says(f, NULL, "C", about_jump("decided", "agree"));
	assert_at(f, "null", 1);
	assert_int_equal(unapproved(f), 1);
	says_of(
	    f, &device, &id, "H", json_pack("{s:s}", "centre_org_id", "ref:C"));
	assert_at(f, "\"C\"", 0);
	assert_int_equal(unapproved(f), 0);
}

/* An earlier day anybody may tell, as that it is not safe. */
static void
test_others_only_bring_metrology_forward(void **state)
{
	struct fixture *f = *state;
	struct change_id id =
	    owns(f, json_pack("{s:s}", "metrology_due", "2026-05-01"));

	assert_view(f, "device", "D1", "bars", "[\"metrology_expired\"]");
	id = says_of(f, &device, &id, "C",
	    json_pack("{s:s}", "metrology_due", "2099-01-01"));
	assert_view(f, "device", "D1", "bars", "[\"metrology_expired\"]");
	id = says_of(f, &device, &id, "H",
	    json_pack("{s:s}", "metrology_due", "2027-05-01"));
	assert_view(f, "device", "D1", "bars", "[]");
	says_of(f, &device, &id, "C",
	    json_pack("{s:s}", "metrology_due", "2026-04-30"));
	assert_view(f, "device", "D1", "bars", "[\"metrology_expired\"]");
}

/* The hospital above lends to the township, which is not its owner by that. */
static void
test_who_is_below_the_owner_is_not_he(void **state)
{
	struct fixture *f = *state;
	struct change_id id;

	place(f, "H", "G");
	place(f, "A", "H");
	id = owns(f, json_object());
	give(f, story[1]);
	give(f, story[2]);
	id = says_of(f, &device, &id, "A", may_go_on(true));
	assert_int_equal(lent_on(f), 1);
	says_of(f, &device, &id, "G", may_go_on(true));
	assert_int_equal(lent_on(f), 0);
}

/* Nor does he decide what waits for the owner. */
static void
test_who_is_below_the_owner_decides_nothing_of_his(void **state)
{
	struct fixture *f = *state;
	struct change_id id;

	place(f, "H", "G");
	place(f, "C", "H");
	give_a_jump(f);
	id = says(f, NULL, "C", about_jump("decided", "agree"));
	assert_at(f, "null", 1);
	says(f, &id, "G", about_jump("decided", "object"));
	assert_at(f, "\"A\"", 0);
}

/* Whose program brought it along for its owner: he decides, and no other. */
static void
test_who_is_named_by_who_brought_it_along_decides(void **state)
{
	struct fixture *f = *state;
	struct change_id id;

	says_of(f, &device, NULL, "P",
	    json_pack("{s:s, s:s, s:b}", "class", "ultrasound", "owner_org_id",
	        "ref:H", "onward_allowed", 1));
	give(f, story[1]);
	give(f, CUSTODY("KX", "50", "H", "C", "C", BOTH));
	id = says(f, NULL, "C", about_jump("decided", "agree"));
	assert_at(f, "null", 1);
	says(f, &id, "H", about_jump("decided", "agree"));
	assert_at(f, "\"C\"", 0);
}

/* Who sold it says no more of it; who bought it does. */
static void
test_who_sold_it_allows_nothing_more(void **state)
{
	struct fixture *f = *state;
	struct change_id id = owns(f, json_object());

	give(f, CUSTODY("K1", "1", "X", "A", "X", BOTH));
	give(f, story[2]);
	id = says_of(
	    f, &device, &id, "H", json_pack("{s:s}", "owner_org_id", "ref:X"));
	assert_int_equal(lent_on(f), 1);
	id = says_of(f, &device, &id, "H", may_go_on(true));
	assert_int_equal(lent_on(f), 1);
	says_of(f, &device, &id, "X", may_go_on(true));
	assert_int_equal(lent_on(f), 0);
}

/* What another's program brings along counts as it is, and so does what that
 * goes on telling, until the owner says something of whose it is. */
static void
test_who_brings_a_device_along_tells_of_it(void **state)
{
	struct fixture *f = *state;
	struct change_id id = says_of(f, &device, NULL, "P",
	    json_pack("{s:s, s:s, s:b}", "class", "ultrasound", "owner_org_id",
	        "ref:H", "onward_allowed", 1));

	give(f, story[1]);
	give(f, story[2]);
	assert_int_equal(lent_on(f), 0);
	id = says_of(f, &device, &id, "P", may_go_on(false));
	assert_int_equal(lent_on(f), 1);
	id = says_of(f, &device, &id, "A", may_go_on(true));
	assert_int_equal(lent_on(f), 1);
	id = says_of(f, &device, &id, "H", may_go_on(true));
	assert_int_equal(lent_on(f), 0);
	id = says_of(f, &device, &id, "H",
	    json_pack(
	        "{s:s, s:b}", "owner_org_id", "ref:H", "onward_allowed", 0));
	assert_int_equal(lent_on(f), 1);
	says_of(f, &device, &id, "P", may_go_on(true));
	assert_int_equal(lent_on(f), 1);
}

/* By what came first it is nobody's; then it is who said so. */
static void
test_who_allows_it_is_known_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct change_id gone = {.class = 3, .seq = 99};

	memset(gone.life, 0x55, sizeof gone.life);
	give(f, story[1]);
	give(f, story[2]);
	says_of(f, &device, &gone, "A", may_go_on(true));
	owns(f, json_object());
	assert_int_equal(lent_on(f), 1);
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
	/* Nor who is below the owner. */
	place(f, "C", "H");
	assert_int_equal(
	    amend(f, json_pack("{s:s}", "decision", "agree")), ERR_REFUSED);
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

static enum err
writes_of_it(struct fixture *f, json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct self self;
	size_t i;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(f->s.db, key, &device);
	e = author_amend(t, &self, key, "S1", NULL, fields, TEST_NOW, &made);
	json_decref(fields);
	for (i = 0; i < made.findings.count; i++)
		if (made.findings.list[i].refused)
			assert_int_equal(
			    made.findings.list[i].code, FINDING_OWNERS_FIELD);
	txn_abort(t);
	return e;
}

static void
test_no_form_says_what_is_the_owners(void **state)
{
	static const char *const orgs[] = {"C", "A", "H", "G"};
	struct fixture *f = *state;
	size_t i;

	test_store_join(&f->s, "H");
	place(f, "H", "G");
	place(f, "A", "H");
	owns(f, json_object());
	for (i = 0; i < 4; i++) {
		enum err wanted = i < 2 ? ERR_REFUSED : ERR_OK;

		test_store_join(&f->s, orgs[i]);
		assert_int_equal(writes_of_it(f, may_go_on(true)), wanted);
		assert_int_equal(writes_of_it(f, standing("ref:A")), wanted);
		assert_int_equal(writes_of_it(f, json_pack("{s:s}",
		                                     "centre_org_id", "ref:C")),
		    wanted);
		assert_int_equal(
		    writes_of_it(
		        f, json_pack("{s:s}", "metrology_due", "2099-01-01")),
		    wanted);
		/* What is not his alone. */
		assert_int_equal(
		    writes_of_it(f, json_pack("{s:s}", "condition", "unsafe")),
		    ERR_OK);
	}
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
	    CLINIC(test_who_has_a_device_does_not_allow_its_lending_on),
	    CLINIC(test_what_the_owner_said_stays),
	    CLINIC(test_who_borrows_puts_himself_on_no_list),
	    CLINIC(test_who_borrows_is_no_equipment_centre),
	    CLINIC(test_others_only_bring_metrology_forward),
	    CLINIC(test_who_is_below_the_owner_is_not_he),
	    CLINIC(test_who_is_below_the_owner_decides_nothing_of_his),
	    CLINIC(test_who_is_named_by_who_brought_it_along_decides),
	    CLINIC(test_who_sold_it_allows_nothing_more),
	    CLINIC(test_who_brings_a_device_along_tells_of_it),
	    CLINIC(test_who_allows_it_is_known_in_any_order),
	    CLINIC(test_no_form_says_what_is_the_owners),
	    CLINIC(test_no_form_rewrites_anothers_decision),
	    CLINIC(test_no_file_turns_a_decision_to_anothers_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
