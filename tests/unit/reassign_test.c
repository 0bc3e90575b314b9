/* reassign: a record filed under the wrong resident goes to the right one. */

#include "tests/unit/persons_room.h"

#include "store/slip.h"

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
assert_paper_leads_to(struct test_store *s, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES], found[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(s);

	key_of(s, "encounter", ref, key);
	assert_int_equal(slip_find(t, "C01-E-000001-9", found), ERR_OK);
	assert_memory_equal(found, key, sizeof key);
	txn_abort(t);
}

static void
test_the_wrong_file_keeps_a_stub(void **state)
{
	struct test_store *s = *state;
	struct authored made;
	struct change_id seen;

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
	assert_paper_leads_to(s, made.record.ref);
	/* An amendment that had not seen it brings nothing back. */
	says(s, "A", "encounter", "E1", &seen,
	    "{\"state\":\"amended\",\"subjective\":\"咳嗽3天\"}");
	assert_shown(s, "encounter", "E1", "state", "\"entered_in_error\"");
	assert_shown(s, "encounter", "E1", "subjective", "-");
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_USAGE);
}

/* The stub has seen what its record had seen before one that came back. */
static void
test_the_stub_sees_past_what_came_back(void **state)
{
	struct test_store *s = *state;
	struct question q = {.type = QUESTION_RETURNED,
	    .code = FINDING_GROUP_ONLY_STATE,
	    .at = TEST_NOW};
	struct authored made;
	struct change_id seen;
	struct record r;
	struct stored stored;
	struct change c;
	struct txn *t;

	two_residents(s, "");
	seen = says(s, "A", "encounter", "E1", NULL, VISIT);
	q.id = says(s, "A", "encounter", "E1", &seen, "{\"plan\":\"x\"}");
	t = test_store_write(s);
	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	test_store_record(s, "his", "encounter", "E1", &r);
	stored_init(&stored);
	change_init(&c);
	c.id = r.head;
	record_clear(&r);
	t = test_store_read(s);
	assert_int_equal(stored_read(t, &c.id, &stored), ERR_OK);
	assert_int_equal(
	    change_decode(&c, stored.body.data, stored.body.size), ERR_OK);
	txn_abort(t);
	assert_int_equal(c.parent_count, 2);
	assert_int_equal(change_id_compare(&c.parents[0].id, &q.id), 0);
	assert_int_equal(change_id_compare(&c.parents[1].id, &seen), 0);
	change_clear(&c);
	stored_free(&stored);
}

static enum err
amends(struct test_store *s, const char *fields, struct authored *out)
{
	json_t *given = json_loads(fields, 0, NULL);
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);
	struct self self;
	enum err e;

	assert_non_null(given);
	key_of(s, "encounter", "E1", key);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_amend(t, &self, key, "S1", "A", given, TEST_NOW, out);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	json_decref(given);
	return e;
}

/* What is typed to the stub belongs into the right file. */
static void
test_the_stub_takes_no_text(void **state)
{
	static const char *const refused[][2] = {
	    {"{\"subjective\":\"x\",\"reason\":\"y\"}", "subjective"},
	    {"{\"reassigned_to\":null}", "reassigned_to"},
	    {"{\"resident_id\":\"ref:R2\"}", "resident_id"}};
	struct test_store *s = *state;
	struct authored made, a;
	size_t i;

	two_residents(s, "");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		assert_int_equal(amends(s, refused[i][0], &a), ERR_REFUSED);
		assert_int_equal(a.findings.list[0].code, FINDING_REASSIGNED);
		assert_string_equal(a.findings.list[0].field, refused[i][1]);
		assert_string_equal(a.went_to, made.record.ref);
	}
	assert_shown(s, "encounter", "E1", "subjective", "-");
	assert_int_equal(amends(s, "{\"reason\":\"y\"}", &a), ERR_OK);
	assert_shown(s, "encounter", "E1", "reason", "\"y\"");
	/* What an edit that did not know of it left there may go. */
	assert_int_equal(amends(s, "{\"plan\":null}", &a), ERR_OK);
}

#define MADE_OF(from)                                                          \
	"{\"state\":\"signed\",\"resident_id\":\"ref:R2\",\"reason\":\"x\","   \
	"\"slip_no\":\"C01-E-000001-9\",\"reassigned_from\":\"ref:" from "\"}"
#define STUB(to)                                                               \
	"{\"state\":\"entered_in_error\",\"slip_no\":null,"                    \
	"\"reassigned_to\":\"ref:" to "\"}"

static void
test_the_paper_follows_each_move(void **state)
{
	struct test_store *s = *state;
	struct authored made;

	two_residents(s, "");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	assert_int_equal(move_to(s, "E1", "R2", &made), ERR_OK);
	assert_int_equal(move_to(s, made.record.ref, "R1", &made), ERR_OK);
	assert_paper_leads_to(s, made.record.ref);
}

/* Whichever comes first; of two that moved it alike offline, where it went. */
static void
test_the_paper_follows_in_any_order(void **state)
{
	struct test_store *s = *state;
	struct change_id first, second;

	first = says(s, "A", "encounter", "E1", NULL, VISIT);
	says(s, "A", "encounter", "E3", NULL, MADE_OF("E2"));
	assert_paper_leads_to(s, "E1");
	says(s, "A", "encounter", "E1", &first, STUB("E2"));
	assert_paper_leads_to(s, "E1");
	second = says(s, "A", "encounter", "E2", NULL, MADE_OF("E1"));
	assert_paper_leads_to(s, "E2");
	says(s, "A", "encounter", "E4", NULL, MADE_OF("E1"));
	assert_paper_leads_to(s, "E2");
	says(s, "A", "encounter", "E2", &second, STUB("E3"));
	assert_paper_leads_to(s, "E3");
}

/* By naming another's record, nor by making that name his own. */
static void
test_the_paper_is_nobody_elses_to_take(void **state)
{
	struct test_store *s = *state;
	struct change_id first;

	first = says(s, "A", "encounter", "E1", NULL, VISIT);
	says(s, "B", "encounter", "E2", NULL, MADE_OF("E1"));
	assert_paper_leads_to(s, "E1");
	first = says(s, "B", "encounter", "E1", &first, STUB("E2"));
	assert_paper_leads_to(s, "E1");
	/* Of another number, or made of another record. */
	says(s, "A", "encounter", "E3", NULL,
	    "{\"state\":\"signed\",\"reassigned_from\":\"ref:E1\"}");
	first = says(s, "A", "encounter", "E1", &first, STUB("E3"));
	assert_paper_leads_to(s, "E1");
	says(s, "A", "encounter", "E4", NULL, MADE_OF("E3"));
	first = says(s, "A", "encounter", "E1", &first, STUB("E4"));
	assert_paper_leads_to(s, "E1");
	says(s, "A", "encounter", "E5", NULL, MADE_OF("E1"));
	says(s, "A", "encounter", "E1", &first, STUB("E5"));
	assert_paper_leads_to(s, "E5");
}

/* In a circle that somebody made it is not looked for without end. */
static void
test_the_paper_leads_somewhere(void **state)
{
	struct test_store *s = *state;
	uint8_t found[KEY_RECORD_BYTES];
	struct change_id one, two;
	struct txn *t;

	one = says(s, "A", "encounter", "E1", NULL, MADE_OF("E2"));
	two = says(s, "A", "encounter", "E2", NULL, MADE_OF("E1"));
	says(s, "A", "encounter", "E1", &one, STUB("E2"));
	says(s, "A", "encounter", "E2", &two, STUB("E1"));
	t = test_store_read(s);
	assert_int_equal(slip_find(t, "C01-E-000001-9", found), ERR_OK);
	txn_abort(t);
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

/* Nobody's file by guess: neither by whoever came first. */
static void
moved_among_namesakes(struct test_store *s, const char *first, const char *then)
{
	struct authored made;
	struct record r;

	two_residents(s, "");
	says(s, "A", "encounter", "E1", NULL, VISIT);
	test_store_admit(
	    s, first, "resident", "R7", "A", json_pack("{s:s}", "name", "x"));
	test_store_admit(
	    s, then, "resident", "R7", "A", json_pack("{s:s}", "name", "y"));
	assert_int_equal(move_to(s, "E1", "R7", &made), ERR_REFUSED);
	assert_int_equal(made.findings.list[0].code, FINDING_CALLED_SO);
	assert_int_equal(move_to(s, "E1", "R7@b", &made), ERR_OK);
	assert_string_equal(made.record.source, "b");
	test_store_record(s, "b", "encounter", made.record.ref, &r);
	assert_string_equal(rule_ref(r.fields, "resident_id"), "R7");
	record_clear(&r);
}

static void
test_it_goes_to_nobodys_file_by_guess(void **state)
{
	moved_among_namesakes(*state, "a", "b");
}

static void
test_it_goes_to_nobodys_file_in_the_other_order(void **state)
{
	moved_among_namesakes(*state, "b", "a");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_the_wrong_file_keeps_a_stub),
	    HUB(test_the_stub_sees_past_what_came_back),
	    HUB(test_the_stub_takes_no_text),
	    HUB(test_the_paper_follows_each_move),
	    HUB(test_the_paper_follows_in_any_order),
	    HUB(test_the_paper_is_nobody_elses_to_take),
	    HUB(test_the_paper_leads_somewhere),
	    HUB(test_an_allergy_goes_along_at_once),
	    HUB(test_an_allergy_comes_back_with_its_visit),
	    HUB(test_an_old_row_comes_back_too),
	    HUB(test_it_stays_its_authors),
	    HUB(test_it_goes_to_another_who_is_here),
	    HUB(test_it_goes_to_nobodys_file_by_guess),
	    HUB(test_it_goes_to_nobodys_file_in_the_other_order),
	    HUB(test_what_is_open_is_decided_before_it_moves),
	    HUB(test_what_two_say_alike_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
