/* decided: what counts as decided, whoever decided it, in whatever order that
 * and its undoing come; and of what a decision says nothing.
 */

#include "tests/unit/persons_room.h"

#include "store/decided.h"

/* A file that went from A to B, and a late edit of A's. */
static struct change_id
late_edit(struct test_store *s, const char *ref)
{
	struct change_id first;

	first = says(s, "A", "resident", ref, NULL, "{" ZHANG "}");
	says(
	    s, "H", "resident", ref, &first, "{\"managing_org_id\":\"ref:B\"}");
	return says(s, "A", "resident", ref, &first, "{\"phone\":\"2\"}");
}

static size_t
late_edits(struct test_store *s)
{
	return waits(s, FINDING_LATE_EDIT).count;
}

/* A change of a record of kind question as it comes from a peer, whatever of
 * what it had seen is here (0: nothing). */
static void
word_comes(struct test_store *s, const char *question, uint64_t number,
    uint64_t seen, const char *fields)
{
	struct txn *t = test_store_write(s);
	struct buffer body = {0};
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	c.id = id_of(2, number);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "question");
	snprintf(c.record.ref, sizeof c.record.ref, "%s", question);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "B");
	if (seen > 0)
		c.parents[c.parent_count++].id = id_of(2, seen);
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_loads(fields, 0, NULL);
	assert_non_null(c.fields);
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 0, 7, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &self, &c, 7), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	self_wipe(&self);
	buffer_wipe(&body);
	change_clear(&c);
}

/* That an edit of a resident's file was seen. */
static void
seen_beside(struct test_store *s, const char *question, uint64_t number,
    const char *resident, const struct change_id *edit, const char *more)
{
	char id[48], text[512];

	matter_change_id(edit, id);
	snprintf(text, sizeof text,
	    "{\"state\":\"decided\",\"code\":\"late_edit\",\"reason\":\"x\","
	    "\"about_kind\":\"resident\",\"about_source\":\"his\","
	    "\"about_ref\":\"%s\",\"about_field\":\"%s\"%s}",
	    resident, id, more);
	word_comes(s, question, number, 0, text);
}

static void
seen_comes(struct test_store *s, const char *question, uint64_t number,
    const char *resident, const struct change_id *edit)
{
	seen_beside(s, question, number, resident, edit, "");
}

static void
undone_comes(
    struct test_store *s, const char *question, uint64_t number, uint64_t seen)
{
	word_comes(s, question, number, seen, "{\"state\":\"undone\"}");
}

/* --- of two ----------------------------------------------------------------
 */

/* Two noted it without knowing of each other; one of them is undone. */
static void
of_two_in_order(struct test_store *s, uint64_t history, const unsigned *order)
{
	uint64_t n = history * 10;
	char resident[24], one[24], other[24], last[24];
	struct change_id edit;
	unsigned i;

	snprintf(resident, sizeof resident, "R%u", (unsigned)history);
	snprintf(one, sizeof one, "Q%u", (unsigned)history);
	snprintf(other, sizeof other, "P%u", (unsigned)history);
	snprintf(last, sizeof last, "L%u", (unsigned)history);
	edit = late_edit(s, resident);
	assert_int_equal(late_edits(s), 1);
	for (i = 0; i < 3; i++)
		if (order[i] == 0)
			seen_comes(s, one, n + 1, resident, &edit);
		else if (order[i] == 1)
			seen_comes(s, other, n + 2, resident, &edit);
		else
			undone_comes(s, one, n + 3, n + 1);
	assert_int_equal(late_edits(s), 0);
	says(s, "B", "resident", resident, &edit, "{\"address\":\"x\"}");
	assert_int_equal(late_edits(s), 0);
	/* The other too: then nobody has. */
	undone_comes(s, other, n + 4, n + 2);
	assert_int_equal(late_edits(s), 1);
	/* Out of the way of the next. */
	seen_comes(s, last, n + 5, resident, &edit);
	assert_int_equal(late_edits(s), 0);
}

static void
test_what_two_decided_stays_so_in_any_order(void **state)
{
	static const unsigned orders[][3] = {
	    {0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}};
	struct test_store *s = *state;
	size_t i;

	for (i = 0; i < sizeof orders / sizeof *orders; i++)
		of_two_in_order(s, i + 1, orders[i]);
}

/* --- of whom ---------------------------------------------------------------
 */

/* Whose a decision is follows from the file that it says it is about. */
static void
test_a_decision_about_one_file_says_nothing_of_anothers(void **state)
{
	struct test_store *s = *state;
	struct change_id edit;

	says(s, "B", "resident", "R2", NULL,
	    "{" ZHANG ",\"managing_org_id\":\"ref:B\"}");
	seen_comes(s, "Q1", 1, "R2", &(struct change_id){.seq = 9});
	edit = late_edit(s, "R1");
	assert_int_equal(late_edits(s), 1);
	seen_comes(s, "Q2", 2, "R2", &edit);
	says(s, "B", "resident", "R1", &edit, "{\"address\":\"x\"}");
	assert_int_equal(late_edits(s), 1);
	seen_comes(s, "Q3", 3, "R1", &edit);
	assert_int_equal(late_edits(s), 0);
}

/* What it is about is changed behind the one who judged it: then it decides
 * neither, in either order. */
static void
test_a_decision_that_is_turned_decides_nothing(void **state)
{
	static const char turned[] = "{\"about_ref\":\"R2\"}";
	struct test_store *s = *state;
	struct change_id one, other;

	one = late_edit(s, "R1");
	seen_comes(s, "Q1", 1, "R1", &one);
	assert_int_equal(late_edits(s), 0);
	word_comes(s, "Q1", 2, 1, turned);
	assert_int_equal(late_edits(s), 1);
	other = late_edit(s, "R3");
	assert_int_equal(late_edits(s), 2);
	word_comes(s, "Q3", 4, 3, turned);
	seen_comes(s, "Q3", 3, "R3", &other);
	assert_int_equal(late_edits(s), 2);
}

/* One question, begun twice: it is about what it shows. */
static void
test_a_question_about_two_decides_the_one_it_shows(void **state)
{
	struct test_store *s = *state;
	struct change_id edits[2];
	unsigned order;

	for (order = 0; order < 2; order++) {
		const char *question = order == 0 ? "Q1" : "Q2";
		const char *first = order == 0 ? "R1" : "R3";
		const char *second = order == 0 ? "R2" : "R4";
		uint64_t n = order * 10;

		edits[0] = late_edit(s, first);
		edits[1] = late_edit(s, second);
		if (order == 0)
			seen_comes(s, question, n + 1, first, &edits[0]);
		seen_comes(s, question, n + 2, second, &edits[1]);
		if (order == 1)
			seen_comes(s, question, n + 1, first, &edits[0]);
		assert_int_equal(late_edits(s), 1 + order);
		says(s, "B", "resident", second, &edits[1],
		    "{\"address\":\"x\"}");
		assert_int_equal(late_edits(s), 1 + order);
	}
}

static void
test_what_is_said_twice_in_other_words_is_decided(void **state)
{
	struct test_store *s = *state;
	struct change_id edit = late_edit(s, "R1");

	seen_beside(s, "Q1", 1, "R1", &edit, ",\"versions\":[\"a\"]");
	seen_beside(s, "Q1", 2, "R1", &edit, ",\"versions\":[\"b\"]");
	assert_int_equal(late_edits(s), 0);
	says(s, "B", "resident", "R1", &edit, "{\"address\":\"x\"}");
	assert_int_equal(late_edits(s), 0);
}

/* --- rows of stores that were ----------------------------------------------
 */

/* One row for all that decide it, under the change alone. */
static void
put_old_row(
    struct test_store *s, const struct change_id *edit, const char *question)
{
	uint8_t text[2 + KEY_CHANGE_BYTES], name[DB_BLIND_BYTES];
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);

	store_u16(text, FINDING_LATE_EDIT);
	key_change(text + 2, edit);
	db_blind(s->db, "decided-change", text, sizeof text, name);
	key_of(s, "question", question, key);
	assert_int_equal(
	    txn_put(t, TABLE_CODES, name, sizeof name, key, sizeof key),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* What counts now, as if nobody had written it down. */
static void
forget_row(struct test_store *s, const struct change_id *edit,
    const char *resident, const char *question)
{
	uint8_t row[DB_BLIND_BYTES + KEY_RECORD_BYTES];
	struct identity record = {.source = "his", .kind = "resident"};
	struct txn *t = test_store_write(s);

	snprintf(record.ref, sizeof record.ref, "%s", resident);
	decided_name(t, FINDING_LATE_EDIT, &record, edit, row);
	key_of(s, "question", question, row + DB_BLIND_BYTES);
	assert_int_equal(txn_delete(t, TABLE_CODES, row, sizeof row), ERR_OK);
	assert_false(decided_is(t, row, &record));
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_a_row_of_an_older_store_counts_while_its_question_stands(void **state)
{
	struct test_store *s = *state;
	struct change_id edit = late_edit(s, "R1");

	seen_comes(s, "Q1", 1, "R1", &edit);
	forget_row(s, &edit, "R1", "Q1");
	says(s, "B", "resident", "R1", &edit, "{\"address\":\"x\"}");
	assert_int_equal(late_edits(s), 1);
	put_old_row(s, &edit, "Q1");
	says(s, "B", "resident", "R1", &edit, "{\"address\":\"y\"}");
	assert_int_equal(late_edits(s), 0);
	undone_comes(s, "Q1", 2, 1);
	assert_int_equal(late_edits(s), 1);
	/* It went with that; what is decided anew has a row of its own. */
	word_comes(s, "Q1", 3, 2, "{\"state\":\"decided\"}");
	assert_int_equal(late_edits(s), 0);
	undone_comes(s, "Q1", 4, 3);
	assert_int_equal(late_edits(s), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_what_two_decided_stays_so_in_any_order),
	    HUB(test_a_decision_about_one_file_says_nothing_of_anothers),
	    HUB(test_a_decision_that_is_turned_decides_nothing),
	    HUB(test_a_question_about_two_decides_the_one_it_shows),
	    HUB(test_what_is_said_twice_in_other_words_is_decided),
	    HUB(test_a_row_of_an_older_store_counts_while_its_question_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
