/* persons: at the hub, what is decided about residents: links and their
 * undoing, records in the wrong file, moves, deaths that are doubted.
 */

#include "tests/unit/test_store.h"

#include "store/linked.h"
#include "store/matter.h"
#include "store/reassign.h"
#include "store/rules.h"

#define ZHANG                                                                  \
	"\"name\":\"张伟\",\"sex\":\"1\",\"birth_date\":\"1980-01-01\","     \
	"\"phone\":\"1\",\"managing_org_id\":\"ref:A\""

static int
open_hub(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_HUB);
	test_store_join(s, "H");
	*state = s;
	return 0;
}

static int
close_hub(void **state)
{
	test_store_close(*state);
	free(*state);
	return 0;
}

static void
key_of(struct test_store *s, const char *kind, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	key_record_of(s->db, key, "his", kind, ref);
}

/* What a change of an org says, after the changes named. */
static struct change_id
says(struct test_store *s, const char *org, const char *kind, const char *ref,
    const struct change_id *seen, const char *fields)
{
	struct txn *t = test_store_write(s);
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	if (seen != NULL)
		c.parents[c.parent_count++].id = *seen;
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_loads(fields, 0, NULL);
	assert_non_null(c.fields);
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	change_clear(&c);
	return id;
}

struct found {
	enum finding_code code;
	size_t count;
	uint64_t number;
};

static enum err
note_one(void *context, const struct question *q)
{
	struct found *f = context;

	if (q->code == f->code) {
		f->count++;
		f->number = q->number;
	}
	return ERR_OK;
}

static struct found
waits(struct test_store *s, enum finding_code code)
{
	struct txn *t = test_store_read(s);
	struct found f = {.code = code};

	assert_int_equal(question_walk(t, note_one, &f), ERR_OK);
	txn_abort(t);
	return f;
}

/* Decide the one question of a code. */
static struct identity
decide(struct test_store *s, enum finding_code code, const char *choice)
{
	struct matter_decision d = {.number = waits(s, code).number,
	    .choice = choice,
	    .by = "S9",
	    .org = "H",
	    .reason = "asked her",
	    .now = TEST_NOW};
	struct txn *t = test_store_write(s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_decide(t, &self, &d), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	return d.made;
}

static void
undo(struct test_store *s, const struct identity *decision)
{
	struct matter_decision d = {.ref = decision->ref,
	    .by = "S9",
	    .org = "H",
	    .reason = "she is another",
	    .now = TEST_NOW};
	struct txn *t = test_store_write(s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_undo(t, &self, &d), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static enum link_word
linked(struct test_store *s, const char *a, const char *b)
{
	uint8_t x[KEY_RECORD_BYTES], y[KEY_RECORD_BYTES],
	    link[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(s);
	enum link_word word;

	key_of(s, "resident", a, x);
	key_of(s, "resident", b, y);
	assert_int_equal(linked_word(t, x, y, &word, link), ERR_OK);
	txn_abort(t);
	return word;
}

static char *
shown(struct test_store *s, const char *kind, const char *ref, const char *name)
{
	struct record r;
	char *text;
	json_t *v;

	test_store_record(s, "his", kind, ref, &r);
	v = json_object_get(r.fields, name);
	text = v == NULL ? strdup("-")
	                 : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	record_clear(&r);
	return text;
}

#define assert_shown(s, kind, ref, name, text)                                 \
	do {                                                                   \
		char *_text = shown(s, kind, ref, name);                       \
		assert_string_equal(_text, text);                              \
		free(_text);                                                   \
	} while (0)

static void
assert_shown_in(struct test_store *s, const char *ref, const char *text)
{
	char *all = shown(s, "resident", ref, "allergies");

	assert_non_null(strstr(all, text));
	free(all);
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
	decide(s, FINDING_WHOSE, "R2");
	assert_shown(s, "encounter", "E1", "state", "\"signed\"");
	assert_int_equal(waits(s, FINDING_WHOSE).count, 0);
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

/* --- the wrong file ---------------------------------------------------- */

static enum err
move_to(
    struct test_store *s, const char *ref, const char *to, struct authored *out)
{
	struct reassigning how = {
	    .to = to, .by = "S9", .reason = "father", .now = TEST_NOW};
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);
	struct self self;
	enum err e;

	key_of(s, "encounter", ref, key);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = reassign(t, &self, key, &how, out);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

#define VISIT                                                                  \
	"{\"state\":\"signed\",\"resident_id\":\"ref:R1\",\"type\":"           \
	"\"outpatient\",\"visit_at\":\"2026-05-02T09:00:00+08:00\","           \
	"\"slip_no\":\"C01-E-000001-9\",\"subjective\":\"咳嗽\"}"

static void
two_residents(struct test_store *s, const char *allergies)
{
	char text[400];

	snprintf(text, sizeof text, "{\"name\":\"张伟\"%s}", allergies);
	says(s, "A", "resident", "R1", NULL, text);
	says(s, "A", "resident", "R2", NULL, "{\"name\":\"张伟\"}");
}

static void
test_the_wrong_file_keeps_a_stub(void **state)
{
	struct test_store *s = *state;
	uint8_t key[KEY_RECORD_BYTES], found[KEY_RECORD_BYTES];
	struct authored made;
	struct change_id seen;
	struct txn *t;

	two_residents(s, "");
	seen = says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	assert_int_equal(made.id.class, 1);
	assert_shown(s, "encounter", "E1", "state", "\"entered_in_error\"");
	assert_shown(s, "encounter", "E1", "reason", "\"father\"");
	assert_shown(s, "encounter", "E1", "resident_id", "\"ref:R1\"");
	assert_shown(s, "encounter", "E1", "type", "\"outpatient\"");
	assert_shown(s, "encounter", "E1", "subjective", "-");
	assert_shown(s, "encounter", made.record.ref, "subjective", "\"咳嗽\"");
	assert_shown(
	    s, "encounter", made.record.ref, "resident_id", "\"ref:R2\"");
	/* The paper leads to what is written on it. */
	t = test_store_read(s);
	key_of(s, "encounter", made.record.ref, key);
	assert_int_equal(slip_find(t, "C01-E-000001-9", found), ERR_OK);
	assert_memory_equal(found, key, sizeof key);
	txn_abort(t);
	/* An amendment that had not seen it brings nothing back. */
	says(s, "A", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"subjective\":\"咳嗽3天\"}");
	assert_shown(s, "encounter", "E1", "state", "\"entered_in_error\"");
	assert_shown(s, "encounter", "E1", "subjective", "-");
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_USAGE);
}

/* The allergy of the visit, as the right file and the wrong one have it. */
static void
assert_allergy_moved(struct test_store *s, const char *right, const char *wrong,
    const struct authored *made, const char *was)
{
	char text[REF_BYTES_MAX + 200];

	snprintf(text, sizeof text,
	    "{\"substance\":\"青霉素\",\"source\":\"ref:%s\"}]",
	    made->record.ref);
	assert_shown_in(s, right, text);
	snprintf(text, sizeof text,
	    "{\"substance\":\"青霉素\",\"source\":\"%s\",\"status\":"
	    "\"entered_in_error\",\"reason\":\"father\"}",
	    was);
	assert_shown_in(s, wrong, text);
}

static void
test_an_allergy_goes_along_at_once(void **state)
{
	struct test_store *s = *state;
	struct authored made;

	two_residents(s, ",\"allergies\":[{\"substance\":\"花粉\"},"
	                 "{\"substance\":\"青霉素\",\"source\":\"E1\"}]");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	assert_int_equal(made.id.class, 0);
	assert_allergy_moved(s, "R2", "R1", &made, "E1");
	assert_shown_in(s, "R1", "[{\"substance\":\"花粉\"},");
}

/* The move was the mistake: it is undone by moving the new record back. */
static void
test_an_allergy_comes_back_with_its_visit(void **state)
{
	struct test_store *s = *state;
	struct authored there, back;
	char was[REF_BYTES_MAX + 8];

	two_residents(s, ",\"allergies\":[{\"substance\":\"青霉素\","
	                 "\"source\":\"ref:E1\"}]");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R2", &there), ERR_OK);
	assert_int_equal(move_to(s, there.record.ref, "R1", &back), ERR_OK);
	assert_int_equal(back.id.class, 0);
	snprintf(was, sizeof was, "ref:%s", there.record.ref);
	assert_allergy_moved(s, "R1", "R2", &back, was);
}

/* Rows of before named the first record for good. */
static void
test_an_old_row_comes_back_too(void **state)
{
	struct test_store *s = *state;
	struct change_id first;
	struct authored there, back;

	says(s, "A", "resident", "R1", NULL, "{\"name\":\"张伟\"}");
	first = says(s, "A", "resident", "R2", NULL, "{\"name\":\"张伟\"}");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R2", &there), ERR_OK);
	says(s, "A", "resident", "R2", &first,
	    "{\"allergies\":[{\"substance\":\"青霉素\",\"source\":\"E1\"}]}");
	assert_int_equal(move_to(s, there.record.ref, "R1", &back), ERR_OK);
	assert_int_equal(back.id.class, 0);
	assert_allergy_moved(s, "R1", "R2", &back, "E1");
}

/* Whoever amended it since, it is the visit of who made it. */
static void
test_it_stays_its_authors(void **state)
{
	struct test_store *s = *state;
	struct authored made;
	struct change_id seen;
	struct record r;

	two_residents(s, "");
	seen = says(s, "A", "encounter", "E1", NULL, VISIT);
	says(s, "B", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"subjective\":\"咳嗽3天\"}");
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	test_store_record(s, "his", "encounter", "E1", &r);
	assert_string_equal(r.org, "A");
	record_clear(&r);
	assert_shown(
	    s, "encounter", made.record.ref, "subjective", "\"咳嗽3天\"");
	test_store_record(s, "his", "encounter", made.record.ref, &r);
	assert_string_equal(r.org, "A");
	assert_string_equal(r.by, "S1");
	record_clear(&r);
}

static void
test_it_goes_to_another_who_is_here(void **state)
{
	struct test_store *s = *state;
	struct authored made;

	two_residents(s, "");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R1", &made), ERR_REFUSED);
	assert_int_equal(move_to(s, "E1", "R9", &made), ERR_REFUSED);
	assert_shown(s, "encounter", "E1", "state", "\"signed\"");
}

/* Another version waits to be chosen or not: it would be left behind in the
 * wrong file, where nobody looks for it. */
static void
test_what_is_open_is_decided_before_it_moves(void **state)
{
	struct test_store *s = *state;
	struct authored made;
	struct change_id seen;
	char word[48];

	two_residents(s, "");
	seen = says(s, "A", "encounter", "E1", NULL,
	    "{\"state\":\"signed\",\"resident_id\":\"ref:R1\",\"type\":"
	    "\"outpatient\",\"visit_at\":\"2026-05-02T09:00:00+08:00\"}");
	says(s, "A", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"objective\":\"a\",\"dept\":\"b\"}");
	seen = says(s, "A", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"plan\":\"secret\"}");
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_REFUSED);
	assert_int_equal(made.findings.list[0].code, FINDING_OPEN_VERSIONS);
	assert_shown(s, "encounter", "E1", "state", "\"amended\"");
	matter_change_word(&seen, word);
	decide(s, FINDING_BRANCHES, word);
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	assert_shown(s, "encounter", made.record.ref, "plan", "\"secret\"");
	assert_shown(s, "encounter", "E1", "objective", "-");
	assert_shown(s, "encounter", "E1", "plan", "-");
}

/* Two that say the same are nothing to decide. */
static void
test_what_two_say_alike_moves(void **state)
{
	struct test_store *s = *state;
	struct authored made;
	struct change_id seen;

	two_residents(s, "");
	seen = says(s, "A", "encounter", "E1", NULL, VISIT);
	says(s, "A", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"plan\":\"rest\"}");
	says(s, "A", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"plan\":\"rest\"}");
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	assert_shown(s, "encounter", made.record.ref, "plan", "\"rest\"");
	assert_shown(s, "encounter", "E1", "plan", "-");
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

static void
test_a_late_edit_is_kept_and_told(void **state)
{
	struct test_store *s = *state;
	struct change_id first, second;

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
	decide(s, FINDING_LATE_EDIT, "seen");
	/* Once is enough. */
	says(s, "C", "resident", "R1", &second, "{\"ethnic\":\"汉\"}");
	assert_int_equal(waits(s, FINDING_LATE_EDIT).count, 0);
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

#define HUB(f) cmocka_unit_test_setup_teardown(f, open_hub, close_hub)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_link_is_decided_and_undone),
	    HUB(test_a_refusal_stands),
	    HUB(test_a_late_record_is_asked_about),
	    HUB(test_undoing_a_link_asks_of_no_other_program),
	    HUB(test_the_wrong_file_keeps_a_stub),
	    HUB(test_an_allergy_goes_along_at_once),
	    HUB(test_an_allergy_comes_back_with_its_visit),
	    HUB(test_an_old_row_comes_back_too),
	    HUB(test_it_stays_its_authors),
	    HUB(test_it_goes_to_another_who_is_here),
	    HUB(test_what_is_open_is_decided_before_it_moves),
	    HUB(test_what_two_say_alike_moves),
	    HUB(test_a_move_that_is_confirmed_gives_the_file),
	    HUB(test_a_move_that_is_refused_gives_nothing),
	    HUB(test_a_late_edit_is_kept_and_told),
	    HUB(test_a_late_edit_is_told_where_it_was_made),
	    HUB(test_a_late_edit_is_told_in_any_order),
	    HUB(test_a_doubted_death_is_decided),
	    HUB(test_who_lives_after_all_needs_a_reason),
	    HUB(test_no_allergy_goes_without_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
