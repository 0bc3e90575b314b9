/* import: the exchange format in, changes out; here the stream of lines. */

#include <malloc.h>

#include "tests/unit/import_room.h"

#include "store/crowded.h"

static void
test_counts_add_up_to_the_lines_with_something_on_them(void **state)
{
	struct fixture *f = *state;

	give(f, RESIDENT("08:00:00", "") "\n \t\n" RESIDENT("08:00:00", "")
	            RESIDENT("09:00:00", ",\"phone\":\"120\"") "{}\n");
	assert_int_equal(f->counts.lines, 6);
	assert_counts(f, 1, 1, 1, 1);
	assert_int_equal(f->counts.warned, 2);
}

static void
test_input_may_come_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct import_options o = {.source = "his", .now = TEST_NOW};
	const char *text = "\xef\xbb\xbf" RESIDENT("08:00:00", "") "\r\n{}";
	struct import *im;
	size_t i, taken;

	assert_int_equal(import_new(&im, &o), ERR_OK);
	for (i = 0; i < strlen(text); i++) {
		assert_int_equal(import_feed(im, text + i, 1, &taken), ERR_OK);
		assert_int_equal(taken, 1);
		assert_false(import_is_ready(im));
	}
	import_finish(im);
	assert_true(import_is_ready(im));
	run_batch(f, im);
	assert_false(import_is_ready(im));
	f->counts = *import_counts(im);
	assert_int_equal(f->counts.lines, 3);
	assert_counts(f, 1, 0, 0, 1);
	assert_int_equal(f->counts.warned, 2);
	import_free(im);
}

static void
test_last_line_needs_no_end(void **state)
{
	struct fixture *f = *state;
	const char *text = RESIDENT("08:00:00", "");

	give_bytes(f, "his", text, strlen(text) - 1);
	assert_int_equal(f->counts.lines, 1);
	assert_counts(f, 1, 0, 0, 0);
}

static void
test_empty_input_has_no_lines(void **state)
{
	struct fixture *f = *state;

	give(f, "");
	assert_int_equal(f->counts.lines, 0);
	give(f, "\n");
	assert_int_equal(f->counts.lines, 1);
	assert_counts(f, 0, 0, 0, 0);
}

static void
test_byte_order_mark_is_taken_off_the_first_line_only(void **state)
{
	struct fixture *f = *state;

	assert_warned(f, "\xef\xbb\xbf" RESIDENT("08:00:00", ""), FINDING_BOM);
	assert_counts(f, 1, 0, 0, 0);
	give(f, "\n\xef\xbb\xbf" RESIDENT("09:00:00", ""));
	assert_counts(f, 0, 0, 0, 1);
	assert_int_equal(f->notices[1].code, FINDING_NOT_JSON);
}

static void
test_carriage_return_is_taken_off_with_a_warning(void **state)
{
	struct fixture *f = *state;
	const char *text = RESIDENT("08:00:00", "");
	char line[1024];

	snprintf(line, sizeof line, "%.*s\r\n", (int)strlen(text) - 1, text);
	assert_warned(f, line, FINDING_CR);
	assert_counts(f, 1, 0, 0, 0);
	snprintf(line, sizeof line, "%.*s\r\r\n", (int)strlen(text) - 1, text);
	give(f, line);
	/* White space within JSON: the record is the one known. */
	assert_counts(f, 0, 0, 1, 0);
}

static void
test_blank_lines_are_warned_about_and_not_counted(void **state)
{
	struct fixture *f = *state;

	assert_warned(f, " \t \n", FINDING_BLANK);
	assert_counts(f, 0, 0, 0, 0);
	assert_int_equal(f->counts.lines, 1);
}

static void
test_oversized_line_is_refused_in_bounded_memory(void **state)
{
	struct fixture *f = *state;
	struct import_options o = {.source = "his", .now = TEST_NOW};
	static char part[1024 * 1024];
	struct import *im;
	struct mallinfo2 before, after;
	struct wanted w;
	size_t taken;
	int i;

	memset(part, 'x', sizeof part);
	assert_int_equal(import_new(&im, &o), ERR_OK);
	before = mallinfo2();
	for (i = 0; i < 200; i++)
		assert_int_equal(
		    import_feed(im, part, sizeof part, &taken), ERR_OK);
	after = mallinfo2();
	assert_true(after.uordblks + after.hblkhd <
	            before.uordblks + before.hblkhd + 1024 * 1024);
	assert_int_equal(import_feed(im, "\n", 1, &taken), ERR_OK);
	assert_int_equal(import_feed(im, RESIDENT("08:00:00", ""),
	                     strlen(RESIDENT("08:00:00", "")), &taken),
	    ERR_OK);
	import_finish(im);
	run_batch(f, im);
	f->counts = *import_counts(im);
	import_free(im);
	assert_counts(f, 1, 0, 0, 1);
	assert_int_equal(f->notices[0].code, FINDING_TOO_LARGE);
	w = questions(f, QUESTION_LINE);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.raw_size, IMPORT_LINE_BYTES_MAX);
}

static void
test_longest_line_is_taken(void **state)
{
	struct fixture *f = *state;
	static char line[IMPORT_LINE_BYTES_MAX + 8];
	const char *text = RESIDENT("08:00:00", "");
	size_t n = strlen(text) - 1;

	memset(line, ' ', sizeof line);
	memcpy(line, text, n);
	memcpy(line + IMPORT_LINE_BYTES_MAX, "\r\n", 2);
	give_bytes(f, "his", line, IMPORT_LINE_BYTES_MAX + 2);
	assert_counts(f, 1, 0, 0, 0);
	memcpy(line + IMPORT_LINE_BYTES_MAX, " \r\n", 3);
	give_bytes(f, "his", line, IMPORT_LINE_BYTES_MAX + 3);
	assert_counts(f, 0, 0, 0, 1);
}

static void
test_full_batch_waits_for_its_transaction(void **state)
{
	struct fixture *f = *state;
	struct import_options o = {.source = "his", .now = TEST_NOW};
	struct import *im;
	size_t taken;
	int i;

	assert_int_equal(import_new(&im, &o), ERR_OK);
	for (i = 0; i < IMPORT_BATCH_LINES; i++)
		assert_int_equal(import_feed(im, "{}\n", 3, &taken), ERR_OK);
	assert_true(import_is_ready(im));
	assert_int_equal(import_feed(im, "{}\n", 3, &taken), ERR_BUSY);
	assert_int_equal(taken, 0);
	run_batch(f, im);
	assert_false(import_is_ready(im));
	assert_int_equal(import_counts(im)->refused, IMPORT_BATCH_LINES);
	assert_int_equal(import_feed(im, "{}\n", 3, &taken), ERR_OK);
	import_finish(im);
	run_batch(f, im);
	assert_int_equal(import_counts(im)->refused, IMPORT_BATCH_LINES + 1);
	import_free(im);
}

static void
test_run_after_an_abandoned_transaction_gives_the_same(void **state)
{
	struct fixture *f = *state;
	struct import_options o = {.source = "his", .now = TEST_NOW};
	const char *text = "\n" RESIDENT("08:00:00", "")
	    RESIDENT("09:00:00", ",\"a\":1") "{}\n" RESIDENT("08:00:00", "");
	const struct import_notice *n;
	struct import *im;
	struct txn *t;
	size_t taken;
	int i;

	assert_int_equal(import_new(&im, &o), ERR_OK);
	assert_int_equal(import_feed(im, text, strlen(text), &taken), ERR_OK);
	import_finish(im);
	for (i = 0; i < 3; i++) {
		t = test_store_write(&f->s);
		assert_int_equal(import_run(im, t), ERR_OK);
		txn_abort(t);
		assert_int_equal(import_counts(im)->lines, 0);
		assert_int_equal(import_notices(im, &n), 0);
	}
	run_batch(f, im);
	f->counts = *import_counts(im);
	import_free(im);
	assert_counts(f, 1, 1, 1, 1);
	assert_int_equal(f->counts.lines, 5);
	assert_int_equal(f->counts.warned, 2);
	assert_int_equal(change_count(f), 2);
	assert_int_equal(questions(f, QUESTION_LINE).count, 1);
}

static void
test_source_names_are_plain(void **state)
{
	static const char *const bad[] = {
	    "", "a b", "a/b", "a\nb", "\"a\"", "\xff"};
	char longest[SOURCE_BYTES_MAX + 2];
	struct import_options o = {.now = TEST_NOW};
	struct import *im;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		o.source = bad[i];
		assert_int_equal(import_new(&im, &o), ERR_USAGE);
	}
	o.source = "县HIS-2.1";
	assert_int_equal(import_new(&im, &o), ERR_OK);
	import_free(im);
	memset(longest, 'a', sizeof longest);
	longest[SOURCE_BYTES_MAX + 1] = '\0';
	o.source = longest;
	assert_int_equal(import_new(&im, &o), ERR_USAGE);
	longest[SOURCE_BYTES_MAX] = '\0';
	assert_int_equal(import_new(&im, &o), ERR_OK);
	import_free(im);
}

static void
test_store_must_be_initialised(void **state)
{
	struct fixture *f = *state;
	struct import_options o = {.now = TEST_NOW};
	struct import *im;
	struct txn *t = test_store_write(&f->s);
	size_t taken;

	assert_int_equal(txn_empty(t, TABLE_META), ERR_OK);
	assert_int_equal(import_new(&im, &o), ERR_OK);
	assert_int_equal(import_feed(im, "{}\n", 3, &taken), ERR_OK);
	assert_int_equal(import_run(im, t), ERR_NOT_ALLOWED);
	txn_abort(t);
	import_free(im);
}

/* A program that changes one record every night is told so, before its lines
 * are kept apart elsewhere; what says nothing new is no change. */
static void
test_a_record_is_not_changed_without_end(void **state)
{
	struct fixture *f = *state;
	char line[512];
	int i;

	for (i = 0; i < CROWDED_BY_ONE; i++) {
		snprintf(line, sizeof line,
		    RESIDENT("08:00:00", ",\"phone\":\"138%08d\""), i);
		give(f, line);
		assert_int_equal(f->counts.refused, 0);
	}
	give(f, line);
	assert_counts(f, 0, 0, 1, 0);
	assert_refused(f, RESIDENT("09:00:00", ",\"phone\":\"120\""),
	    FINDING_MANY_CHANGES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_counts_add_up_to_the_lines_with_something_on_them),
	    CLINIC(test_input_may_come_byte_by_byte),
	    CLINIC(test_last_line_needs_no_end),
	    CLINIC(test_a_record_is_not_changed_without_end),
	    CLINIC(test_empty_input_has_no_lines),
	    CLINIC(test_byte_order_mark_is_taken_off_the_first_line_only),
	    CLINIC(test_carriage_return_is_taken_off_with_a_warning),
	    CLINIC(test_blank_lines_are_warned_about_and_not_counted),
	    CLINIC(test_oversized_line_is_refused_in_bounded_memory),
	    CLINIC(test_longest_line_is_taken),
	    CLINIC(test_full_batch_waits_for_its_transaction),
	    CLINIC(test_run_after_an_abandoned_transaction_gives_the_same),
	    CLINIC(test_source_names_are_plain),
	    CLINIC(test_store_must_be_initialised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
