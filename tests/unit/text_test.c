/* text: what cannot be seen is found, what people write is left alone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/text.h"

static struct text_facts
look(const char *text)
{
	struct text_facts f;

	text_look(text, strlen(text), &f);
	return f;
}

static bool
is_plain(const char *text)
{
	struct text_facts f = look(text);

	return f.is_utf8 && !f.is_blank && !f.has_break && !f.has_control &&
	       !f.has_bidi && !f.has_invisible;
}

static void
test_names_of_all_peoples_are_plain(void **state)
{
	assert_true(is_plain("张伟"));
	assert_true(is_plain("买买提·阿不都拉"));
	assert_true(is_plain("𠮷田𫖯"));   /* beyond the basic plane */
	assert_true(is_plain("ཚེ་རིང"));     /* Tibetan */
	assert_true(is_plain("ئابدۇللا")); /* Uyghur */
	assert_true(is_plain("㐂"));
	/* A variation selector picks a form of a rare character. */
	assert_true(is_plain("葛\U000E0100"));
}

static void
test_characters_are_counted_not_bytes(void **state)
{
	assert_int_equal(look("").chars, 0);
	assert_int_equal(look("ab").chars, 2);
	assert_int_equal(look("买买提·阿").chars, 5);
	assert_int_equal(look("𠮷").chars, 1);
}

static void
test_blank_is_what_nobody_sees(void **state)
{
	assert_true(look("").is_blank);
	assert_true(look(" \t\n").is_blank);
	assert_true(look("\u3000 ").is_blank);
	assert_true(look("\u200b").is_blank);
	assert_false(look("\u3000x").is_blank);
}

static void
test_control_characters_are_told_from_line_ends(void **state)
{
	assert_true(look("a\x07z").has_control);
	assert_true(look("a\x7fz").has_control);
	assert_true(look("a\xc2\x85z").has_control);
	assert_false(look("a\r\n\tz").has_control);
	assert_true(look("a\nz").has_break);
}

static void
test_bidi_and_invisible_characters_are_found(void **state)
{
	assert_true(look("多饮水\u202e3天").has_bidi);
	assert_true(look("a\u2066z").has_bidi);
	assert_true(look("a\u200fz").has_bidi);
	assert_true(look("测试\u200b乙").has_invisible);
	assert_true(look("a\ufeffz").has_invisible);
	assert_true(look("a\u00adz").has_invisible);
}

static void
test_bytes_that_are_not_utf8_are_found(void **state)
{
	assert_false(look("\xff").is_utf8);
	assert_false(look("\xc0\xaf").is_utf8);
	assert_false(look("\xed\xa0\x80").is_utf8);
	assert_false(look("\xf4\x90\x80\x80").is_utf8);
	assert_false(look("ok\xe5\x92").is_utf8);
}

static enum text_encoding
guess(const char *text, size_t size)
{
	size_t bad_at;

	return text_guess((const uint8_t *)text, size, &bad_at);
}

#define GUESS(text) guess(text, sizeof text - 1)

static void
test_encodings_are_told_apart(void **state)
{
	size_t bad_at;

	assert_int_equal(GUESS("{\"a\":\"张伟\"}"), TEXT_UTF8);
	/* 张伟 and a character of four bytes. */
	assert_int_equal(GUESS("{\"a\":\"\xd5\xc5\xce\xb0\"}"), TEXT_GB18030);
	assert_int_equal(
	    GUESS("{\"a\":\"\xd5\xc5\x95\x32\x82\x36\"}"), TEXT_GB18030);
	assert_int_equal(GUESS("\xff\xfe{\0\"\0"), TEXT_UTF16);
	assert_int_equal(GUESS("\0{\0\"\0a\0\"\0:"), TEXT_UTF16);
	/* One fault in UTF-8 is not another encoding. */
	assert_int_equal(GUESS("张伟\xe5\x92"), TEXT_UNKNOWN);
	assert_int_equal(GUESS("{\"a\":\"\xff\"}"), TEXT_UNKNOWN);
	assert_int_equal(
	    text_guess((const uint8_t *)"ab\xff", 3, &bad_at), TEXT_UNKNOWN);
	assert_int_equal(bad_at, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_of_all_peoples_are_plain),
	    cmocka_unit_test(test_characters_are_counted_not_bytes),
	    cmocka_unit_test(test_blank_is_what_nobody_sees),
	    cmocka_unit_test(test_control_characters_are_told_from_line_ends),
	    cmocka_unit_test(test_bidi_and_invisible_characters_are_found),
	    cmocka_unit_test(test_bytes_that_are_not_utf8_are_found),
	    cmocka_unit_test(test_encodings_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
