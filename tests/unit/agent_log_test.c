/* log: lines have their shape, whatever a node is called. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/log.h"

enum { MOMENT = 1767225599 }; /* the last second of 2025 */

__attribute__((format(printf, 4, 5))) static const char *
line(const struct log *l, char out[LOG_LINE_BYTES + 1], enum log_level level,
    const char *format, ...)
{
	va_list pairs;
	size_t size;

	va_start(pairs, format);
	size = log_format(l, out, MOMENT, level, "event", format, pairs);
	va_end(pairs);
	assert_in_range(size, 1, LOG_LINE_BYTES);
	out[size] = '\0';
	return out;
}

static void
test_line_begins_with_time_and_level(void **state)
{
	struct log l = {.level = LOG_DEBUG};
	char out[LOG_LINE_BYTES + 1];

	assert_string_equal(line(&l, out, LOG_INFO, "a=%d b=%s", 1, "two"),
	    "2025-12-31T23:59:59Z info event a=1 b=two\n");
	assert_string_equal(line(&l, out, LOG_ERROR, "%s", ""),
	    "2025-12-31T23:59:59Z error event\n");
}

static void
test_line_leaves_the_time_to_the_journal(void **state)
{
	struct log l = {.level = LOG_DEBUG, .is_journal = true};
	char out[LOG_LINE_BYTES + 1];

	assert_string_equal(
	    line(&l, out, LOG_WARNING, "a=%d", 1), "<4>event a=1\n");
}

static void
test_line_is_cut_and_still_ends(void **state)
{
	struct log l = {.level = LOG_DEBUG, .is_journal = true};
	char out[LOG_LINE_BYTES + 1], text[2 * LOG_LINE_BYTES];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	line(&l, out, LOG_INFO, "a=%s", text);
	assert_in_range(strlen(out), LOG_LINE_BYTES - 2, LOG_LINE_BYTES);
	assert_int_equal(out[strlen(out) - 1], '\n');
}

static void
test_quote_escapes_what_would_break_a_line(void **state)
{
	char out[LOG_VALUE_BYTES];

	assert_string_equal(log_quote(out, ""), "\"\"");
	assert_string_equal(log_quote(out, "卫生院 1"), "\"卫生院 1\"");
	assert_string_equal(
	    log_quote(out, "a\"b\\c\nd\x7f"), "\"a\\\"b\\\\c\\x0ad\\x7f\"");
}

static void
test_quote_cuts_between_characters(void **state)
{
	char out[LOG_VALUE_BYTES], text[400] = "";
	size_t shift, i;

	for (shift = 0; shift < 4; shift++) {
		size_t at = 0;

		while (at < shift)
			text[at++] = 'a';
		while (at + 3 < sizeof text) {
			memcpy(text + at, "医", 3);
			at += 3;
		}
		text[at] = '\0';
		log_quote(out, text);
		i = strlen(out);
		assert_in_range(i, LOG_VALUE_BYTES - 8, LOG_VALUE_BYTES - 1);
		assert_int_equal(out[i - 1], '"');
		assert_int_equal((i - 2 - shift) % 3, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line_begins_with_time_and_level),
	    cmocka_unit_test(test_line_leaves_the_time_to_the_journal),
	    cmocka_unit_test(test_line_is_cut_and_still_ends),
	    cmocka_unit_test(test_quote_escapes_what_would_break_a_line),
	    cmocka_unit_test(test_quote_cuts_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
