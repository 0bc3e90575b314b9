/* lost: an import lost a field, and whoever works here says which holds. */

#include "tests/unit/import_room.h"

#include "store/matter.h"

/* What the owner said stands until the owner clears it, so no two versions
 * wait side by side. */
#define DEVICE(at, condition)                                                  \
	ENVELOPE("device", "D1", at, "V1")                                     \
	"\"asset_no\":\"A-1\",\"name\":\"彩超\",\"class\":\"ultrasound\","   \
	"\"owner_org_id\":\"ref:V1\",\"condition\":\"" condition "\"}\n"

static void
amend(struct fixture *f, const char *condition)
{
	json_t *fields = json_pack("{s:s}", "condition", condition);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "device", "D1");
	assert_int_equal(
	    author_amend(t, &self, key, "S2", "V1", fields, TEST_NOW, &a),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
}

static void
assert_condition(struct fixture *f, const char *condition, size_t heads)
{
	struct record r;

	test_store_record(&f->s, "his", "device", "D1", &r);
	assert_string_equal(text_in(r.fields, "condition"), condition);
	assert_int_equal(r.head_count, heads);
	record_clear(&r);
}

static enum err
decide(struct fixture *f, const char *choice, const char *org)
{
	struct txn *t = test_store_write(&f->s);
	struct matter_decision d = {
	    .number = questions(f, QUESTION_LOST).last.number,
	    .choice = choice,
	    .by = "S2",
	    .org = org,
	    .reason = "看过机器",
	    .now = TEST_NOW + 60};
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_decide(t, &self, &d);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

/* Tonight's file says "minor" and had not seen that the device is unsafe. */
static void
lose(struct fixture *f)
{
	struct wanted w;

	give(f, DEVICE("08:00:00", "ok"));
	amend(f, "unsafe");
	give(f, DEVICE("20:00:00", "minor"));
	assert_int_equal(f->counts.warned, 1);
	assert_condition(f, "unsafe", 2);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	w = questions(f, QUESTION_LOST);
	assert_int_equal(w.count, 1);
	assert_string_equal(w.last.field, "condition");
}

static void
test_both_are_shown(void **state)
{
	struct fixture *f = *state;
	struct matter m;
	struct wanted w;
	struct self self;
	struct txn *t;

	lose(f);
	w = questions(f, QUESTION_LOST);
	t = test_store_read(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &w.last, &m), ERR_OK);
	assert_int_equal(m.choice_count, 2);
	assert_string_equal(m.choice[0].word, "keep");
	assert_string_equal(text_in(m.choice[0].shown, "value"), "unsafe");
	assert_string_equal(m.choice[1].word, "import");
	assert_string_equal(text_in(m.choice[1].shown, "value"), "minor");
	assert_string_equal(text_in(m.choice[1].shown, "by"), "S1");
	matter_clear(&m);
	txn_abort(t);
}

static void
test_the_imports_value_is_taken(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	lose(f);
	assert_int_equal(decide(f, "minor", NULL), ERR_USAGE);
	assert_int_equal(decide(f, "import", NULL), ERR_OK);
	/* By an amendment that has seen both. */
	assert_condition(f, "minor", 1);
	assert_int_equal(questions(f, QUESTION_LOST).count, 0);
	/* The same file tomorrow undoes nothing, and asks nothing. */
	before = change_count(f);
	give(f, DEVICE("20:00:00", "minor"));
	assert_int_equal(change_count(f), before);
	assert_int_equal(questions(f, QUESTION_LOST).count, 0);
}

static void
test_what_is_shown_is_kept(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	lose(f);
	before = change_count(f);
	assert_int_equal(decide(f, "keep", NULL), ERR_OK);
	assert_int_equal(change_count(f), before);
	assert_condition(f, "unsafe", 2);
	assert_int_equal(questions(f, QUESTION_LOST).count, 0);
	give(f, DEVICE("20:00:00", "minor"));
	assert_int_equal(questions(f, QUESTION_LOST).count, 0);
}

/* The source's last line counts, not the one that lost. */
static void
test_the_last_line_is_what_is_offered(void **state)
{
	struct fixture *f = *state;

	lose(f);
	give(f, DEVICE("21:00:00", "ok"));
	assert_int_equal(questions(f, QUESTION_LOST).count, 1);
	assert_int_equal(decide(f, "import", NULL), ERR_OK);
	assert_condition(f, "ok", 1);
}

/* Where somebody has brought it in since, there is nothing to take. */
static void
test_what_is_shown_by_now_is_not_offered(void **state)
{
	struct fixture *f = *state;

	lose(f);
	amend(f, "minor");
	assert_int_equal(decide(f, "import", NULL), ERR_USAGE);
	assert_int_equal(decide(f, "keep", NULL), ERR_OK);
	assert_condition(f, "minor", 1);
}

/* Who decides has no more right than who amends. */
static void
test_it_is_an_amendment_like_any_other(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "V1");
	lose(f);
	assert_int_equal(decide(f, "import", "V2"), ERR_NOT_ALLOWED);
	assert_condition(f, "unsafe", 2);
	assert_int_equal(questions(f, QUESTION_LOST).count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_both_are_shown),
	    CLINIC(test_the_imports_value_is_taken),
	    CLINIC(test_what_is_shown_is_kept),
	    CLINIC(test_the_last_line_is_what_is_offered),
	    CLINIC(test_what_is_shown_by_now_is_not_offered),
	    CLINIC(test_it_is_an_amendment_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
