/* candidate: entries that may be one person, in whatever order they come; the
 * rule by which the hub links, and what links add up to. */

#include "tests/unit/test_store.h"

#include "store/candidate.h"
#include "store/blinds.h"
#include "store/rules.h"

#define NUMBER "519901198001010017"
#define OTHER  "51990119660707004X"

static json_t *
entry(const char *text)
{
	json_t *fields = json_loads(text, 0, NULL);

	assert_non_null(fields);
	return fields;
}

/* --- what is alike ----------------------------------------------------- */

#define ZHANG "\"name\":\"张伟\",\"sex\":\"1\",\"birth_date\":\"1980-01-01\""
#define ID(n) ",\"id_type\":\"01\",\"id_no\":\"" n "\""

static const struct {
	const char *a, *b;
	enum likeness like;
} pairs[] = {
    /* one number */
    {"{" ZHANG ID(NUMBER) "}", "{" ZHANG ID(NUMBER) "}", LIKE_SAME_NUMBER},
    {"{\"name\":\"买买提·阿不都拉\",\"birth_date\":\"1980-01-01\"" ID(
         NUMBER) "}",
        "{\"name\":\"买买提•阿不都拉\",\"birth_date\":\"1980-01-01\"" ID(
            NUMBER) "}",
        LIKE_SAME_NUMBER},
    {"{" ZHANG ID(NUMBER) "}",
        "{\"name\":\"张炜\",\"birth_date\":\"1980-01-01\"" ID(NUMBER) "}",
        LIKE_MAYBE},
    {"{" ZHANG ID(NUMBER) "}",
        "{\"name\":\"张伟\",\"birth_date\":\"1980-01-11\"" ID(NUMBER) "}",
        LIKE_MAYBE},
    /* no valid number, or of another document: no proof */
    {"{" ZHANG ID("519901198001010018") "}",
        "{" ZHANG ID("519901198001010018") "}", LIKE_MAYBE},
    {"{" ZHANG ",\"id_type\":\"03\",\"id_no\":\"E1\"}",
        "{" ZHANG ",\"id_type\":\"03\",\"id_no\":\"E1\"}", LIKE_MAYBE},
    /* two numbers are two people, whatever else agrees */
    {"{" ZHANG ID(NUMBER) ",\"phone\":\"1\"}",
        "{" ZHANG ID(OTHER) ",\"phone\":\"1\"}", LIKE_NOT},
    /* with and without a card */
    {"{" ZHANG ID(NUMBER) ",\"phone\":\"1\"}", "{" ZHANG ",\"phone\":\"1\"}",
        LIKE_MAYBE},
    {"{" ZHANG ",\"address\":\"三村\"}",
        "{" ZHANG ",\"address\":\"三村\",\"phone\":\"2\"}", LIKE_MAYBE},
    {"{" ZHANG ",\"household_no\":\"7\"}", "{" ZHANG ",\"household_no\":\"7\"}",
        LIKE_MAYBE},
    {"{" ZHANG ",\"ehr_no\":\"51990100110100001\"}",
        "{" ZHANG ",\"ehr_no\":\"51990100110100002\"}", LIKE_MAYBE},
    {"{" ZHANG ",\"ehr_no\":\"51990100110100001\"}",
        "{" ZHANG ",\"ehr_no\":\"51990100110200001\"}", LIKE_NOT},
    /* of the same name and day, and no more */
    {"{" ZHANG "}", "{" ZHANG "}", LIKE_NOT},
    {"{" ZHANG ",\"phone\":\"1\"}", "{" ZHANG ",\"phone\":\"2\"}", LIKE_NOT},
    {"{" ZHANG ",\"phone\":\"1\"}",
        "{\"name\":\"张伟\",\"sex\":\"2\",\"birth_date\":\"1980-01-01\","
        "\"phone\":\"1\"}",
        LIKE_NOT},
    /* twins */
    {"{" ZHANG ",\"household_no\":\"7\",\"phone\":\"1\"}",
        "{\"name\":\"张玮\",\"sex\":\"1\",\"birth_date\":\"1980-01-01\","
        "\"household_no\":\"7\",\"phone\":\"1\"}",
        LIKE_NOT},
    /* a year is no day */
    {"{" ZHANG ",\"birth_precision\":\"year\",\"phone\":\"1\"}",
        "{" ZHANG ",\"birth_precision\":\"year\",\"phone\":\"1\"}", LIKE_NOT},
    {"{\"name\":\"张伟\"}", "{\"name\":\"张伟\"}", LIKE_NOT},
    {"{}", "{}", LIKE_NOT},
};

static void
test_likeness_is_as_the_table_says(void **state)
{
	size_t i;

	for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		json_t *a = entry(pairs[i].a), *b = entry(pairs[i].b);

		if (likeness_of(a, b) != pairs[i].like ||
		    likeness_of(b, a) != pairs[i].like)
			fail_msg("pair %zu", i);
		json_decref(a);
		json_decref(b);
	}
}

static void
test_evidence_tells_what_both_tell(void **state)
{
	json_t *a = entry("{" ZHANG ",\"phone\":\"1\",\"address\":\"三村\"}");
	json_t *b = entry("{" ZHANG ",\"phone\":\"2\"}");
	json_t *rows = likeness_evidence(a, b);
	json_t *last = json_array_get(rows, 3);

	assert_int_equal(json_array_size(rows), 4);
	assert_string_equal(text_in(json_array_get(rows, 0), "field"), "name");
	assert_string_equal(text_in(last, "field"), "phone");
	assert_true(json_is_false(json_object_get(last, "agrees")));
	json_decref(rows);
	json_decref(a);
	json_decref(b);
}

/* --- in a store -------------------------------------------------------- */

static int
open_clinic(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_CLINIC);
	test_store_join(s, "A");
	*state = s;
	return 0;
}

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
close_both(void **state)
{
	test_store_close(*state);
	free(*state);
	return 0;
}

static void
resident(struct test_store *s, const char *source, const char *ref,
    const char *fields)
{
	test_store_admit(s, source, "resident", ref, "A", entry(fields));
}

/* A later change, after all that is here. */
static void
amend(struct test_store *s, const char *source, const char *kind,
    const char *ref, json_t *fields)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);
	struct record r;
	struct self self;
	struct change c;

	key_record_of(s->db, key, source, kind, ref);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	change_init(&c);
	c.record = r.id;
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "A");
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.parent_count = r.parent_count;
	memcpy(c.parents, r.parents, sizeof c.parents);
	c.fields = fields;
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	change_clear(&c);
	record_clear(&r);
	assert_int_equal(txn_commit(t), ERR_OK);
}

struct asked {
	size_t count;
	struct question last;
};

static enum err
note_candidate(void *context, const struct question *q)
{
	struct asked *a = context;

	if (q->code == FINDING_CANDIDATE) {
		a->count++;
		a->last = *q;
	}
	return ERR_OK;
}

static struct asked
asked(struct test_store *s)
{
	struct txn *t = test_store_read(s);
	struct asked a = {.count = 0};

	assert_int_equal(question_walk(t, note_candidate, &a), ERR_OK);
	txn_abort(t);
	return a;
}

static enum link_word
said(struct test_store *s, const char *source, const char *a, const char *other,
    const char *b)
{
	uint8_t x[KEY_RECORD_BYTES], y[KEY_RECORD_BYTES],
	    link[KEY_RECORD_BYTES];
	enum link_word word, back;
	struct txn *t = test_store_read(s);

	key_record_of(s->db, x, source, "resident", a);
	key_record_of(s->db, y, other, "resident", b);
	assert_int_equal(linked_word(t, x, y, &word, link), ERR_OK);
	assert_int_equal(linked_word(t, y, x, &back, link), ERR_OK);
	assert_int_equal(word, back);
	txn_abort(t);
	return word;
}

static bool
counts(struct test_store *s, const char *source, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(s);
	bool is_counted;

	key_record_of(s->db, key, source, "resident", ref);
	assert_int_equal(linked_counts(t, key, &is_counted), ERR_OK);
	txn_abort(t);
	return is_counted;
}

static void
say(struct test_store *s, const char *a, const char *b, const char *what)
{
	struct link_writing w = {.state = what,
	    .by = "S9",
	    .org = "A",
	    .reason = "asked",
	    .now = TEST_NOW};
	struct record x, y;
	struct txn *t;
	struct self self;

	test_store_record(s, "his", "resident", a, &x);
	test_store_record(s, "his", "resident", b, &y);
	t = test_store_write(s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(candidate_write_link(t, &self, &x, &y, &w), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	record_clear(&x);
	record_clear(&y);
}

#define CARD  "{" ZHANG ID(NUMBER) ",\"phone\":\"1\"}"
#define PLAIN "{" ZHANG ",\"phone\":\"1\"}"

static void
test_with_and_without_a_card_is_asked_about(void **state)
{
	struct test_store *s = *state;
	struct asked a;

	resident(s, "his", "R2", CARD);
	assert_int_equal(asked(s).count, 0);
	resident(s, "his", "R1", PLAIN);
	a = asked(s);
	assert_int_equal(a.count, 1);
	/* About the lower ref, whichever came first. */
	assert_string_equal(a.last.ref, "R1");
	assert_string_equal(a.last.field, "R2@his");
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNSAID);
}

static void
test_namesakes_are_no_candidates(void **state)
{
	struct test_store *s = *state;
	char ref[16], text[200];
	int i;

	for (i = 0; i < 5; i++) {
		snprintf(ref, sizeof ref, "R%d", i);
		snprintf(text, sizeof text,
		    "{\"name\":\"张伟\",\"sex\":\"1\",\"address\":\"三村\","
		    "\"birth_date\":\"198%d-01-01\"}",
		    i);
		resident(s, "his", ref, text);
	}
	assert_int_equal(asked(s).count, 0);
}

static void
test_a_correction_ends_the_question(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", PLAIN);
	resident(s, "his", "R2", PLAIN);
	assert_int_equal(asked(s).count, 1);
	amend(s, "his", "resident", "R1", json_pack("{s:s}", "name", "张玮"));
	assert_int_equal(asked(s).count, 0);
	amend(s, "his", "resident", "R2", json_pack("{s:s}", "name", "张玮"));
	assert_int_equal(asked(s).count, 1);
	amend(s, "his", "resident", "R2",
	    json_pack("{s:s, s:s}", "id_type", "01", "id_no", NUMBER));
	assert_int_equal(asked(s).count, 1);
	amend(s, "his", "resident", "R1",
	    json_pack("{s:s, s:s}", "id_type", "01", "id_no", OTHER));
	assert_int_equal(asked(s).count, 0);
}

/* Two programs may use one ref. */
static void
test_one_ref_in_two_sources_is_two_entries(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", PLAIN);
	resident(s, "lab", "R1", PLAIN);
	assert_int_equal(asked(s).count, 1);
	assert_string_equal(asked(s).last.field, "R1@lab");
}

static void
test_a_link_is_said_once_and_undone(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", PLAIN);
	resident(s, "his", "R2", PLAIN);
	resident(s, "his", "R3", "{\"name\":\"李四\"}");
	say(s, "R1", "R2", "linked");
	assert_int_equal(asked(s).count, 0);
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_LINKED);
	say(s, "R3", "R2", "linked");
	assert_true(counts(s, "his", "R1"));
	assert_false(counts(s, "his", "R2"));
	assert_false(counts(s, "his", "R3"));
	say(s, "R2", "R1", "undone");
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNDONE);
	assert_true(counts(s, "his", "R1"));
	assert_true(counts(s, "his", "R2"));
	assert_false(counts(s, "his", "R3"));
	/* Two again, and the question with them. */
	assert_int_equal(asked(s).count, 1);
	say(s, "R1", "R2", "linked");
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_LINKED);
	assert_int_equal(asked(s).count, 0);
}

/* The same link by two people at once: who says that they are two counts. */
static void
test_a_refusal_counts_more(void **state)
{
	struct test_store *s = *state;
	struct identity a = {"his", "resident", "R1"};
	struct identity b = {"his", "resident", "R2"}, link, back;

	resident(s, "his", "R1", PLAIN);
	resident(s, "his", "R2", PLAIN);
	linked_identity(&a, &b, &link);
	linked_identity(&b, &a, &back);
	assert_string_equal(link.ref, back.ref);
	say(s, "R1", "R2", "linked");
	test_store_admit(s, link.source, "link", link.ref, "B",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "refused",
	        "resident_id", "ref:R1", "other_id", "ref:R2",
	        "resident_source", "his", "other_source", "his", "basis",
	        "by_hand"));
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_REFUSED);
	assert_true(counts(s, "his", "R2"));
	assert_int_equal(asked(s).count, 0);
}

/* --- where many are proposed ------------------------------------------- */

enum { PROPOSED = 200 };

/* As others send them, of both entries and of entries that nobody has. */
static void
propose_many(struct test_store *s)
{
	char ref[16];
	int i;

	for (i = 0; i < PROPOSED; i++) {
		snprintf(ref, sizeof ref, "x%03d", i);
		test_store_admit(s, "his", "link", ref, "B",
		    json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "state",
		        "proposed", "resident_id",
		        json_sprintf("ref:R%d", 1 + i % 2), "other_id",
		        json_sprintf("ref:%s", ref), "resident_source", "his",
		        "other_source", "b", "basis", "by_hand"));
	}
}

/* A clinic does not know the group's own links. */
static void
test_what_was_said_is_found_among_what_is_proposed(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", PLAIN);
	resident(s, "his", "R2", PLAIN);
	say(s, "R1", "R2", "linked");
	propose_many(s);
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_LINKED);
	assert_false(counts(s, "his", "R2"));
	say(s, "R1", "R2", "undone");
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNDONE);
	assert_true(counts(s, "his", "R2"));
	assert_int_equal(asked(s).count, 1);
}

static void
forget_rows(struct test_store *s, const char *label, const char *ref)
{
	uint8_t entry[KEY_RECORD_BYTES], prefix[DB_BLIND_BYTES];
	uint8_t row[DB_BLIND_BYTES + KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);
	struct walk *w;
	struct bytes key;

	key_record_of(s->db, entry, "his", "resident", ref);
	blind_in(t, label, entry, sizeof entry, prefix);
	assert_int_equal(
	    walk_open(t, TABLE_CODES, prefix, sizeof prefix, &w), ERR_OK);
	assert_int_equal(walk_next(w, &key, NULL), ERR_OK);
	assert_int_equal(key.size, sizeof row);
	memcpy(row, key.data, sizeof row);
	assert_memory_equal(row, prefix, sizeof prefix);
	walk_close(w);
	assert_int_equal(txn_delete(t, TABLE_CODES, row, sizeof row), ERR_OK);
	assert_int_equal(meta_put_number(t, "links.looked", 0), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_an_older_store_learns_which_were_said(void **state)
{
	static const char *const labels[] = {"links-said", "links-by-group"};
	struct test_store *s = *state;
	struct txn *t;
	size_t i;

	resident(s, "his", "R1", PLAIN);
	resident(s, "his", "R2", PLAIN);
	say(s, "R1", "R2", "linked");
	for (i = 0; i < 2; i++) {
		forget_rows(s, labels[i], "R1");
		forget_rows(s, labels[i], "R2");
	}
	propose_many(s);
	t = test_store_write(s);
	assert_int_equal(linked_prepare(t), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_LINKED);
	assert_false(counts(s, "his", "R2"));
}

/* --- at the hub -------------------------------------------------------- */

static void
test_the_hub_links_by_number(void **state)
{
	struct test_store *s = *state;
	struct identity a = {"his", "resident", "R1"};
	struct identity b = {"lab", "resident", "R1"}, link;
	struct record r;

	resident(s, "lab", "R1", CARD);
	resident(s, "his", "R1", CARD);
	assert_int_equal(said(s, "his", "R1", "lab", "R1"), LINK_LINKED);
	assert_int_equal(asked(s).count, 0);
	linked_identity(&a, &b, &link);
	test_store_record(s, link.source, "link", link.ref, &r);
	assert_string_equal(text_in(r.fields, "basis"), "same_number");
	assert_string_equal(text_in(r.fields, "resident_source"), "his");
	assert_int_equal(r.change_count, 1);
	record_clear(&r);
	/* Nothing more is written however often it is looked at. */
	amend(s, "his", "resident", "R1", json_pack("{s:s}", "phone", "2"));
	test_store_record(s, link.source, "link", link.ref, &r);
	assert_int_equal(r.change_count, 1);
	record_clear(&r);
}

static void
test_the_hub_does_not_link_by_less(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", CARD);
	resident(s, "his", "R2", PLAIN);
	resident(s, "his", "R3",
	    "{\"name\":\"张炜\",\"birth_date\":\"1980-01-01\"" ID(NUMBER) "}");
	assert_int_equal(asked(s).count, 2);
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNSAID);
	assert_int_equal(said(s, "his", "R1", "his", "R3"), LINK_UNSAID);
}

static void
test_the_hub_does_not_link_again(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", CARD);
	resident(s, "his", "R2", CARD);
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_LINKED);
	say(s, "R1", "R2", "undone");
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNDONE);
	assert_int_equal(asked(s).count, 1);
	amend(s, "his", "resident", "R1", json_pack("{s:s}", "phone", "2"));
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNDONE);
}

/* A clinic waits for the hub to say so. */
static void
test_a_clinic_does_not_link(void **state)
{
	struct test_store *s = *state;

	resident(s, "his", "R1", CARD);
	resident(s, "his", "R2", CARD);
	assert_int_equal(said(s, "his", "R1", "his", "R2"), LINK_UNSAID);
	assert_int_equal(asked(s).count, 0);
}

#define CLINIC(f) cmocka_unit_test_setup_teardown(f, open_clinic, close_both)
#define HUB(f)    cmocka_unit_test_setup_teardown(f, open_hub, close_both)

/* What is proposed and why: a number alone was rather mistyped. */
static void
test_what_is_proposed_follows_from_what_agrees(void **state)
{
	static const struct {
		const char *name, *birth;
		bool is_one;
		const char *word; /* of the ground */
	} cases[] = {
	    {"张伟", "1980-01-01", true, "name, birth date"},
	    {"张伟", "1975-06-10", true, "one of name"},
	    {"旺姆贡布", "1980-01-01", true, "one of name"},
	    {"旺姆贡布", "1975-06-10", false, "mistyped"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *a = json_pack("{s:s, s:s, s:s, s:s}", "name", "张伟",
		    "birth_date", "1980-01-01", "id_type", "01", "id_no",
		    "519901198001010017");
		json_t *b = json_pack("{s:s, s:s, s:s, s:s}", "name",
		    cases[i].name, "birth_date", cases[i].birth, "id_type",
		    "01", "id_no", "519901198001010017");
		bool is_one = !cases[i].is_one;

		assert_non_null(
		    strstr(likeness_ground(a, b, &is_one), cases[i].word));
		assert_int_equal(is_one, cases[i].is_one);
		json_decref(a);
		json_decref(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_likeness_is_as_the_table_says),
	    cmocka_unit_test(test_evidence_tells_what_both_tell),
	    CLINIC(test_with_and_without_a_card_is_asked_about),
	    CLINIC(test_namesakes_are_no_candidates),
	    CLINIC(test_a_correction_ends_the_question),
	    CLINIC(test_one_ref_in_two_sources_is_two_entries),
	    CLINIC(test_a_link_is_said_once_and_undone),
	    CLINIC(test_a_refusal_counts_more),
	    CLINIC(test_what_was_said_is_found_among_what_is_proposed),
	    HUB(test_what_was_said_is_found_among_what_is_proposed),
	    HUB(test_an_older_store_learns_which_were_said),
	    HUB(test_the_hub_links_by_number),
	    HUB(test_the_hub_does_not_link_by_less),
	    HUB(test_the_hub_does_not_link_again),
	    CLINIC(test_a_clinic_does_not_link),
	    cmocka_unit_test(test_what_is_proposed_follows_from_what_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
