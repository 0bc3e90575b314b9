/* question: what is kept comes back whole, once, until it is answered. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/question.h"
#include "tests/unit/scratch.h"

static char dir[SCRATCH_PATH_BYTES];
static struct db *db;
static struct txn *t;

static int
setup(void **state)
{
	scratch_make(dir);
	db = scratch_db(dir);
	return db_begin(db, true, &t) == ERR_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	txn_abort(t);
	db_close(db);
	scratch_remove(dir);
	return 0;
}

static struct question
line(enum question_type type, const char *raw)
{
	struct question q = {
	    .type = type, .code = FINDING_ENUM, .at = -5, .line = 17};

	snprintf(q.origin, sizeof q.origin, "his");
	snprintf(q.field, sizeof q.field, "rx[0].days");
	snprintf(q.kind, sizeof q.kind, "encounter");
	snprintf(q.ref, sizeof q.ref, "E1");
	q.id.class = 3;
	q.id.seq = 8;
	q.raw.data = (const uint8_t *)raw;
	q.raw.size = strlen(raw);
	return q;
}

static uint64_t
waiting(void)
{
	uint64_t n = 0;

	assert_int_equal(question_count(t, &n), ERR_OK);
	return n;
}

static enum err
expect_line(void *context, const struct question *q)
{
	struct question expected = line(QUESTION_LINE, "{broken");

	(*(int *)context)++;
	assert_int_equal(q->number, 1);
	assert_int_equal(q->type, expected.type);
	assert_int_equal(q->code, expected.code);
	assert_int_equal(q->at, expected.at);
	assert_int_equal(q->line, 17);
	assert_string_equal(q->origin, expected.origin);
	assert_string_equal(q->field, expected.field);
	assert_string_equal(q->kind, expected.kind);
	assert_string_equal(q->ref, expected.ref);
	assert_int_equal(q->id.class, 3);
	assert_int_equal(q->id.seq, 8);
	assert_int_equal(q->raw.size, 7);
	assert_memory_equal(q->raw.data, "{broken", 7);
	return ERR_OK;
}

static void
test_question_comes_back_whole(void **state)
{
	struct question q = line(QUESTION_LINE, "{broken");
	int seen = 0;

	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(question_walk(t, expect_line, &seen), ERR_OK);
	assert_int_equal(seen, 1);
}

static void
test_same_thing_is_one_question(void **state)
{
	struct question q = line(QUESTION_LINE, "{a");

	assert_int_equal(question_put(t, &q), ERR_OK);
	q.line = 99; /* elsewhere in tonight's file */
	q.at = 6;
	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(waiting(), 1);
	q = line(QUESTION_LINE, "{b");
	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(q.number, 2);
	assert_int_equal(waiting(), 2);
	q = line(QUESTION_LOST, "");
	assert_int_equal(question_put(t, &q), ERR_OK);
	snprintf(q.ref, sizeof q.ref, "E2");
	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(waiting(), 4);
}

static void
test_warnings_do_not_wait(void **state)
{
	struct question q = line(QUESTION_WARNING, "{a");

	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(waiting(), 0);
}

static void
test_merged_change_takes_its_question_away(void **state)
{
	struct question q = line(QUESTION_CHANGE, "body");

	assert_int_equal(question_put(t, &q), ERR_OK);
	q.code = FINDING_SHAPE; /* the same change for another reason */
	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(waiting(), 1);
	assert_int_equal(
	    question_drop_change(t, QUESTION_RETURNED, &q.id), ERR_OK);
	assert_int_equal(waiting(), 1);
	assert_int_equal(
	    question_drop_change(t, QUESTION_CHANGE, &q.id), ERR_OK);
	assert_int_equal(
	    question_drop_change(t, QUESTION_CHANGE, &q.id), ERR_OK);
	assert_int_equal(waiting(), 0);
}

static enum err
measure(void *context, const struct question *q)
{
	*(size_t *)context = q->raw.size;
	return ERR_REFUSED; /* ends the walk */
}

static void
test_overlong_line_is_kept_in_part(void **state)
{
	uint8_t *raw = calloc(1, QUESTION_RAW_MAX + 10);
	struct question q = line(QUESTION_LINE, "");
	size_t kept = 0;

	assert_non_null(raw);
	q.raw.data = raw;
	q.raw.size = QUESTION_RAW_MAX + 10;
	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(question_walk(t, measure, &kept), ERR_REFUSED);
	assert_int_equal(kept, QUESTION_RAW_MAX);
	free(raw);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_question_comes_back_whole),
	    CASE(test_same_thing_is_one_question),
	    CASE(test_warnings_do_not_wait),
	    CASE(test_merged_change_takes_its_question_away),
	    CASE(test_overlong_line_is_kept_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
