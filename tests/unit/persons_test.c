/* persons: at the hub, what is decided about residents: links and their
 * undoing, moves, deaths that are doubted.
 */

#include "tests/unit/persons_room.h"

/* Why a decision is not undone. */
static enum finding_code
refused_to_undo(struct test_store *s, const struct identity *decision)
{
	struct findings findings;

	assert_int_equal(undone(s, decision, &findings), ERR_REFUSED);
	return findings.list[0].code;
}

/* --- links ------------------------------------------------------------- */

static void
test_a_link_is_decided_and_undone(void **state)
{
	struct test_store *s = *state;
	struct identity decision;

	says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "B", "resident", "R2", NULL, "{" ZHANG "}");
	assert_int_equal(waits(s, FINDING_CANDIDATE).count, 1);
	decision = decide(s, FINDING_CANDIDATE, "link");
	assert_int_equal(linked(s, "R1", "R2"), LINK_LINKED);
	assert_int_equal(waits(s, FINDING_CANDIDATE).count, 0);
	/* Written while they were one. */
	says(s, "B", "encounter", "E1", NULL,
	    "{\"state\":\"signed\",\"resident_id\":\"ref:R2\","
	    "\"subjective\":\"咳嗽\"}");
	undo(s, &decision);
	assert_int_equal(linked(s, "R1", "R2"), LINK_UNDONE);
	assert_int_equal(waits(s, FINDING_CANDIDATE).count, 1);
	assert_int_equal(waits(s, FINDING_WHOSE).count, 1);
	decide(s, FINDING_WHOSE, "R1");
	assert_shown(s, "encounter", "E1", "state", "\"entered_in_error\"");
	assert_shown(s, "encounter", "E1", "subjective", "-");
	assert_int_equal(waits(s, FINDING_WHOSE).count, 0);
}

static void
test_a_refusal_stands(void **state)
{
	struct test_store *s = *state;

	says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "B", "resident", "R2", NULL, "{" ZHANG "}");
	decide(s, FINDING_CANDIDATE, "refuse");
	assert_int_equal(linked(s, "R1", "R2"), LINK_REFUSED);
	assert_int_equal(waits(s, FINDING_CANDIDATE).count, 0);
}

/* What comes in late is asked about as well. */
static void
test_a_late_record_is_asked_about(void **state)
{
	struct test_store *s = *state;
	struct identity decision;

	says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "B", "resident", "R2", NULL, "{" ZHANG "}");
	decision = decide(s, FINDING_CANDIDATE, "link");
	undo(s, &decision);
	assert_int_equal(waits(s, FINDING_WHOSE).count, 0);
	says(s, "B", "encounter", "E1", NULL,
	    "{\"state\":\"signed\",\"resident_id\":\"ref:R2\"}");
	assert_int_equal(waits(s, FINDING_WHOSE).count, 1);
	decision = decide(s, FINDING_WHOSE, "R2");
	assert_shown(s, "encounter", "E1", "state", "\"signed\"");
	assert_int_equal(waits(s, FINDING_WHOSE).count, 0);
	/* Nothing was moved: undone it is asked again. */
	undo(s, &decision);
	assert_int_equal(waits(s, FINDING_WHOSE).count, 1);
	/* What was is moved back by hand, and is told so. */
	decision = decide(s, FINDING_WHOSE, "R1");
	assert_shown(s, "encounter", "E1", "state", "\"entered_in_error\"");
	assert_int_equal(
	    refused_to_undo(s, &decision), FINDING_FILED_ELSEWHERE);
}

/* Of another source than the others of this test. */
static void
says_from(struct test_store *s, const char *source, const char *kind,
    const char *ref, const char *fields)
{
	test_store_admit(
	    s, source, kind, ref, "B", json_loads(fields, 0, NULL));
}

/* Nor is it asked whose another program's records of another R1 are. */
static void
test_undoing_a_link_asks_of_no_other_program(void **state)
{
	struct test_store *s = *state;
	struct identity decision;

	says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "A", "resident", "R2", NULL, "{" ZHANG "}");
	says_from(s, "b", "resident", "R1", "{\"name\":\"李娜\"}");
	decision = decide(s, FINDING_CANDIDATE, "link");
	says_from(s, "b", "encounter", "E7",
	    "{\"state\":\"signed\",\"resident_id\":\"ref:R1\","
	    "\"subjective\":\"x\"}");
	says(s, "A", "encounter", "E7", NULL,
	    "{\"state\":\"signed\",\"resident_id\":\"ref:R1\","
	    "\"subjective\":\"y\"}");
	undo(s, &decision);
	assert_int_equal(waits(s, FINDING_WHOSE).count, 1); /* ours */
}

static void
link_of(struct test_store *s, const char *source, const char *state,
    const char *one, const char *other)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct change c;
	struct record r;
	struct self self;
	struct txn *t = test_store_write(s);

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", source);
	snprintf(c.record.kind, sizeof c.record.kind, "link");
	snprintf(c.record.ref, sizeof c.record.ref, "L1");
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "H");
	key_record(s->db, key, &c.record);
	if (record_read(t, key, &r) == ERR_OK) {
		c.parent_count = r.parent_count;
		memcpy(c.parents, r.parents, sizeof c.parents);
		record_clear(&r);
	}
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_pack("{s:s, s:o, s:s, s:o, s:s}", "state", state,
	    "resident_id", json_sprintf("ref:%s", one), "resident_source",
	    "his", "other_id", json_sprintf("ref:%s", other), "other_source",
	    "his");
	assert_int_equal(admit_own(t, &self, &c, 1), ERR_OK);
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* Two programs call two links L1; the one that is undone asks. */
static void
test_the_link_that_was_undone_gives_the_choice(void **state)
{
	static const char *const refs[] = {"R1", "R2", "R3", "R4"};
	struct test_store *s = *state;
	size_t i;

	for (i = 0; i < 4; i++)
		says(s, "A", "resident", refs[i], NULL, "{\"name\":\"张伟\"}");
	link_of(s, "a", "linked", "R1", "R2");
	link_of(s, "b", "linked", "R3", "R4");
	says(s, "A", "encounter", "E1", NULL,
	    "{\"state\":\"signed\",\"resident_id\":\"ref:R3\"}");
	link_of(s, "b", "undone", "R3", "R4");
	assert_int_equal(waits(s, FINDING_WHOSE).count, 1);
	decide(s, FINDING_WHOSE, "R4");
	assert_shown(s, "encounter", "E1", "state", "\"entered_in_error\"");
}

/* --- moves ------------------------------------------------------------- */

#define ASKED                                                                  \
	"{\"state\":\"requested\",\"resident_id\":\"ref:R1\","                 \
	"\"from_org\":\"ref:A\",\"to_org\":\"ref:B\"}"

static void
test_a_move_that_is_confirmed_gives_the_file(void **state)
{
	struct test_store *s = *state;

	says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "B", "move", "M1", NULL, ASKED);
	assert_int_equal(waits(s, FINDING_MOVE_ASKED).count, 1);
	assert_shown(s, "resident", "R1", "managing_org_id", "\"ref:A\"");
	decide(s, FINDING_MOVE_ASKED, "confirm");
	assert_int_equal(waits(s, FINDING_MOVE_ASKED).count, 0);
	assert_shown(s, "resident", "R1", "managing_org_id", "\"ref:B\"");
	assert_shown(s, "move", "M1", "state", "\"confirmed\"");
}

static void
test_a_move_that_is_refused_gives_nothing(void **state)
{
	struct test_store *s = *state;

	says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "B", "move", "M1", NULL, ASKED);
	decide(s, FINDING_MOVE_ASKED, "refuse");
	assert_shown(s, "resident", "R1", "managing_org_id", "\"ref:A\"");
	assert_int_equal(waits(s, FINDING_MOVE_ASKED).count, 0);
}

static bool
is_refused_for(const struct findings *f, enum finding_code code)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].refused && f->list[i].code == code)
			return true;
	return false;
}

static const char *
keeper_of(struct test_store *s, const char *source, char out[8])
{
	struct record r;

	test_store_record(s, source, "resident", "R1", &r);
	snprintf(out, 8, "%s", rule_ref(r.fields, "managing_org_id"));
	record_clear(&r);
	return out;
}

static enum err
tell_source(struct test_store *s, const char *move, const char *source)
{
	json_t *fields = json_pack("{s:s}", "resident_source", source);
	struct txn *t = test_store_write(s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct self self;
	enum err e;

	key_of(s, "move", move, key);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_amend(t, &self, key, "S9", "H", fields, TEST_NOW, &made);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

/* Another program's R1 came in since: whose file goes back has to be told. */
static void
test_a_move_of_nobody_knows_whom_is_not_undone(void **state)
{
	struct test_store *s = *state;
	struct identity decision;
	struct findings f;
	char org[8];

	test_store_admit(s, "a", "resident", "R1", "A",
	    json_pack(
	        "{s:s, s:s}", "name", "张伟", "managing_org_id", "ref:A"));
	says(s, "B", "move", "M1", NULL, ASKED);
	decision = decide(s, FINDING_MOVE_ASKED, "confirm");
	assert_string_equal(keeper_of(s, "a", org), "B");
	test_store_admit(s, "b", "resident", "R1", "B",
	    json_pack(
	        "{s:s, s:s}", "name", "李娜", "managing_org_id", "ref:B"));
	assert_int_equal(undone(s, &decision, &f), ERR_REFUSED);
	assert_true(is_refused_for(&f, FINDING_AMBIGUOUS));
	assert_shown(s, "move", "M1", "state", "\"confirmed\"");
	assert_int_equal(tell_source(s, "M1", "a"), ERR_OK);
	undo(s, &decision);
	assert_string_equal(keeper_of(s, "a", org), "A");
	assert_string_equal(keeper_of(s, "b", org), "B");
}

static void
test_a_late_edit_is_kept_and_told(void **state)
{
	struct test_store *s = *state;
	struct change_id first, second;
	struct identity decision;

	first = says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "B", "move", "M1", NULL, ASKED);
	/* Before the move: nobody is told. */
	second = says(s, "A", "resident", "R1", &first, "{\"phone\":\"2\"}");
	decide(s, FINDING_MOVE_ASKED, "confirm");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 0);
	says(s, "A", "resident", "R1", &second, "{\"address\":\"三村\"}");
	assert_shown(s, "resident", "R1", "address", "\"三村\"");
	assert_shown(s, "resident", "R1", "managing_org_id", "\"ref:B\"");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 1);
	decision = decide(s, FINDING_LATE_EDIT, "seen");
	/* Once is enough. */
	says(s, "C", "resident", "R1", &second, "{\"ethnic\":\"汉\"}");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 0);
	/* Unless it is said that nobody has. */
	undo(s, &decision);
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 1);
}

/* The former site's own store: its edit is there before the move comes. */
static void
test_a_late_edit_is_told_where_it_was_made(void **state)
{
	struct test_store *s = *state;
	struct change_id first;

	first = says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	says(s, "A", "resident", "R1", &first, "{\"address\":\"三村\"}");
	says(s, "H", "resident", "R1", &first,
	    "{\"managing_org_id\":\"ref:B\"}");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 1);
}

/* At the new site the file's beginning may come last. */
static void
test_a_late_edit_is_told_in_any_order(void **state)
{
	struct test_store *s = *state;
	struct change_id first, edit;

	first = says(s, "A", "resident", "R2", NULL, "{" ZHANG "}");
	first.seq += 3; /* what the first change of R1 will be */
	edit = says(s, "A", "resident", "R1", &first, "{\"address\":\"三村\"}");
	says(s, "H", "resident", "R1", &first,
	    "{\"managing_org_id\":\"ref:B\"}");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 0);
	first = says(s, "A", "resident", "R1", NULL, "{" ZHANG "}");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 1);
	assert_true(change_id_compare(&edit, &first) < 0);
}

/* --- deaths ------------------------------------------------------------ */

static void
test_a_doubted_death_is_decided(void **state)
{
	struct test_store *s = *state;
	struct change_id first;
	struct identity decision;

	first = says(s, "A", "resident", "R1", NULL,
	    "{" ZHANG ",\"no_id_reason\":\"never\",\"status\":\"living\"}");
	says(s, "A", "resident", "R1", &first, "{\"status\":\"moved_away\"}");
	assert_int_equal(waits(s, FINDING_DEATH_DOUBTED).count, 0);
	says(s, "B", "resident", "R1", &first, "{\"status\":\"dead\"}");
	assert_shown(s, "resident", "R1", "status", "\"dead\"");
	assert_int_equal(waits(s, FINDING_DEATH_DOUBTED).count, 1);
	decision = decide(s, FINDING_DEATH_DOUBTED, "moved_away");
	assert_shown(s, "resident", "R1", "status", "\"moved_away\"");
	assert_int_equal(waits(s, FINDING_DEATH_DOUBTED).count, 0);
	undo(s, &decision);
	assert_shown(s, "resident", "R1", "status", "\"dead\"");
}

/* Whoever says that he lives has seen the report by way of what lay between,
 * which says nothing of it and may come last. */
static void
test_a_death_taken_back_is_asked_about_in_no_order(void **state)
{
	static const uint8_t orders[6][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct test_store *s = *state;
	size_t i, n;

	for (i = 0; i < 6; i++) {
		uint64_t at = 1 + 10 * i;
		char ref[8];
		struct coming root = {"A", ref, 2, at, 0, 0,
		    "{\"name\":\"张伟\",\"status\":\"living\","
		    "\"managing_org_id\":\"ref:A\"}"};
		struct coming after[3] = {
		    {"A", ref, 0, at + 1, at, 2, "{\"status\":\"dead\"}"},
		    {"H", ref, 1, at + 2, at + 1, 0,
		        "{\"managing_org_id\":\"ref:B\"}"},
		    {"B", ref, 0, at + 3, at + 2, 1,
		        "{\"status\":\"living\"}"}};

		snprintf(ref, sizeof ref, "D%zu", i);
		comes(s, &root);
		for (n = 0; n < 3; n++)
			comes(s, &after[orders[i][n]]);
		assert_shown(s, "resident", ref, "status", "\"living\"");
		assert_int_equal(waits(s, FINDING_DEATH_DOUBTED).count, 0);
	}
}

/* A word that the group set aside doubts nobody's. */
static void
test_what_is_set_aside_doubts_no_death(void **state)
{
	struct test_store *s = *state;
	struct coming root = {"A", "R1", 2, 1, 0, 0,
	    "{\"name\":\"张伟\",\"managing_org_id\":\"ref:A\"}"};
	struct coming dead = {"A", "R1", 0, 2, 1, 2, "{\"status\":\"dead\"}"};
	struct coming lives = {
	    "C", "R1", 0, 3, 1, 2, "{\"status\":\"living\"}"};
	struct coming word = {"H", "R1", 1, 4, 3, 0,
	    "{\"set_aside\":[\"5555555555555555-0-3\"]}"};

	comes(s, &root);
	comes(s, &dead);
	comes(s, &lives);
	assert_int_equal(waits(s, FINDING_DEATH_DOUBTED).count, 1);
	comes(s, &word);
	assert_shown(s, "resident", "R1", "status", "\"dead\"");
	assert_int_equal(waits(s, FINDING_DEATH_DOUBTED).count, 0);
}

static enum err
amend(
    struct test_store *s, const char *org, json_t *fields, struct authored *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);
	struct self self;
	enum err e;

	key_of(s, "resident", "R1", key);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_amend(t, &self, key, "S1", org, fields, TEST_NOW, out);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

static void
test_who_lives_after_all_needs_a_reason(void **state)
{
	struct test_store *s = *state;
	struct authored made;
	struct change_id first;

	first = says(s, "A", "resident", "R1", NULL,
	    "{" ZHANG ",\"no_id_reason\":\"never\",\"status\":\"living\"}");
	says(s, "A", "resident", "R1", &first, "{\"status\":\"dead\"}");
	assert_int_equal(
	    amend(s, "A", json_pack("{s:s}", "status", "living"), &made),
	    ERR_REFUSED);
	assert_int_equal(made.findings.list[0].code, FINDING_REASON);
	assert_shown(s, "resident", "R1", "status", "\"dead\"");
	assert_int_equal(amend(s, "A",
	                     json_pack("{s:s, s:s}", "status", "living",
	                         "reason", "a namesake died"),
	                     &made),
	    ERR_OK);
	assert_int_equal(made.id.class, 0);
	assert_shown(s, "resident", "R1", "status", "\"living\"");
}

/* Removed only by one who saw it, with a reason (its status says so). */
static void
test_no_allergy_goes_without_a_reason(void **state)
{
	struct test_store *s = *state;
	struct authored made;

	says(s, "A", "resident", "R1", NULL,
	    "{" ZHANG ",\"no_id_reason\":\"never\",\"allergies\":"
	    "[{\"substance\":\"青霉素\"}]}");
	assert_int_equal(amend(s, "A", json_pack("{s:[]}", "allergies"), &made),
	    ERR_REFUSED);
	assert_int_equal(made.findings.list[0].code, FINDING_ROW_GONE);
	assert_int_equal(
	    amend(s, "A", json_pack("{s:n}", "allergies"), &made), ERR_REFUSED);
	assert_int_equal(
	    amend(s, "A",
	        json_pack("{s:[{s:s, s:s, s:s}, {s:s}]}", "allergies",
	            "substance", "青霉素", "status", "entered_in_error",
	            "reason", "皮试阴性", "substance", "花粉"),
	        &made),
	    ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_link_is_decided_and_undone),
	    HUB(test_a_refusal_stands),
	    HUB(test_a_late_record_is_asked_about),
	    HUB(test_undoing_a_link_asks_of_no_other_program),
	    HUB(test_the_link_that_was_undone_gives_the_choice),
	    HUB(test_a_move_that_is_confirmed_gives_the_file),
	    HUB(test_a_move_that_is_refused_gives_nothing),
	    HUB(test_a_move_of_nobody_knows_whom_is_not_undone),
	    HUB(test_a_late_edit_is_kept_and_told),
	    HUB(test_a_late_edit_is_told_where_it_was_made),
	    HUB(test_a_late_edit_is_told_in_any_order),
	    HUB(test_a_doubted_death_is_decided),
	    HUB(test_a_death_taken_back_is_asked_about_in_no_order),
	    HUB(test_what_is_set_aside_doubts_no_death),
	    HUB(test_who_lives_after_all_needs_a_reason),
	    HUB(test_no_allergy_goes_without_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
