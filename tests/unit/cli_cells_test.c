/* cells: widths are those of terminals, what is cut is cut between characters,
 * and records steer no terminal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "cli/cells.h"

/* --- text -------------------------------------------------------------- */

static void
test_text_width_counts_cells(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("R000001"), 7);
	assert_int_equal(text_width("张伟"), 4);
	/* A rare character of plane 2, and one of plane 3. */
	assert_int_equal(text_width("李𠮷"), 4);
	assert_int_equal(text_width("\xf0\xb0\x80\x80"), 2);
	/* The dot inside a Uyghur name takes one cell. */
	assert_int_equal(text_width("买买提·阿不都拉"), 15);
	/* A combining mark, and a variation selector behind a character. */
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("葛\xf3\xa0\x84\x80"), 2);
	assert_int_equal(text_width("བསོད་ནམས"), 7);
}

static void
expect_shown(const char *text, const char *wanted)
{
	char *shown = text_shown(text);

	assert_string_equal(shown, wanted);
	free(shown);
}

static void
test_text_shown_takes_the_sting_out(void **state)
{
	(void)state;
	expect_shown("买买提·阿不都拉", "买买提·阿不都拉");
	expect_shown("a\tb\r\nc", "a b  c");
	expect_shown("\033[2J", "\xef\xbf\xbd[2J");
	expect_shown("\x7f\xc2\x9b", "\xef\xbf\xbd\xef\xbf\xbd");
	/* Right-to-left override; a line separator. */
	expect_shown("a\xe2\x80\xae"
	             "b\xe2\x80\xa8",
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd");
	expect_shown("\xff", "\xef\xbf\xbd");
	/* A blank without width, a byte order mark, a tag: they hide. */
	expect_shown("张\xe2\x80\x8b伟\xef\xbb\xbf\xf3\xa0\x81\x81",
	    "张\xef\xbf\xbd伟\xef\xbf\xbd\xef\xbf\xbd");
	/* Joiners and variation selectors make what is seen. */
	expect_shown(
	    "👩\xe2\x80\x8d⚕\xef\xb8\x8f", "👩\xe2\x80\x8d⚕\xef\xb8\x8f");
}

/* Ranges of the scripts that names are written in. */
static const struct {
	wchar_t from, to;
} scripts[] = {
    {0x20, 0x7e},                       /* Latin */
    {0xa1, 0xac},                       /* signs; the dot of names is 0xb7 */
    {0xae, 0x24f},                      /* Latin with marks */
    {0x300, 0x36f},                     /* combining marks */
    {0x400, 0x482},                     /* Cyrillic */
    {0x61f, 0x6d3},                     /* Arabic, for Uyghur and Kazakh */
    {0xf00, 0xf6c},                     /* Tibetan; marks below */
    {0xf71, 0xf7e}, {0x1820, 0x1878},   /* Mongolian */
    {0x2010, 0x2027},                   /* dashes, quotes, ellipsis */
    {0x2160, 0x217f},                   /* Roman numerals */
    {0x2460, 0x2473},                   /* numbers in circles */
    {0x3001, 0x303e},                   /* Han punctuation */
    {0x3041, 0x3096},                   /* kana */
    {0x3400, 0x4dbf},                   /* Han */
    {0x4e00, 0x9fff}, {0xa000, 0xa48c}, /* Yi */
    {0xac00, 0xd7a3},                   /* Korean */
    {0xf900, 0xfad9},                   /* Han, compatibility */
    {0xfe00, 0xfe0f},                   /* variation selectors */
    {0xff01, 0xff5e},                   /* full-width forms */
    {0x20000, 0x2a6df},                 /* Han of plane 2 */
    {0x30000, 0x3134a},                 /* and of plane 3 */
};

static void
test_widths_are_those_of_the_system(void **state)
{
	size_t i, different = 0;

	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		wchar_t c;

		for (c = scripts[i].from; c <= scripts[i].to; c++) {
			wchar_t wide[2] = {c, 0};
			char text[16];
			int width = wcwidth(c);

			if (width < 0) /* not assigned, it thinks */
				continue;
			assert_true(
			    wcstombs(text, wide, sizeof text) != (size_t)-1);
			if (text_width(text) == (size_t)width)
				continue;
			print_message("U+%04X: %zu, not %d\n", (unsigned)c,
			    text_width(text), width);
			different++;
		}
	}
	assert_int_equal(different, 0);
}

/* --- cutting ----------------------------------------------------------- */

static void
expect_cut(const char *text, size_t cells, const char *wanted)
{
	char *cut = text_cut(text, cells);

	assert_non_null(cut);
	assert_string_equal(cut, wanted);
	assert_true(text_width(cut) <= cells);
	free(cut);
}

static void
test_cut_ends_in_an_ellipsis(void **state)
{
	(void)state;
	expect_cut("张伟", 4, "张伟");
	expect_cut("张伟", 3, "张…");
	expect_cut("张伟", 2, "…");
	expect_cut("张伟", 1, "…");
	expect_cut("张伟", 0, "");
	expect_cut("", 0, "");
	expect_cut("买买提·阿不都拉", 15, "买买提·阿不都拉");
	expect_cut("买买提·阿不都拉", 14, "买买提·阿不都…");
	expect_cut("买买提·阿不都拉", 8, "买买提·…");
}

static void
test_cut_leaves_characters_whole(void **state)
{
	(void)state;
	/* A mark stays with its letter, or goes with it. */
	expect_cut("e\xcc\x81 e\xcc\x81 e", 4, "e\xcc\x81 e\xcc\x81…");
	expect_cut("xe\xcc\x81y", 2, "x…");
	/* A vowel sign of Tibetan; a form of 葛 that names use. */
	expect_cut("བསོད་ནམས", 3, "བསོ…");
	expect_cut("葛\xf3\xa0\x84\x80城市", 3, "葛\xf3\xa0\x84\x80…");
	/* A physician is one character of three. */
	expect_cut("医👩\xe2\x80\x8d⚕\xef\xb8\x8f生", 4, "医…");
}

static void
test_cut_never_gives_half_a_character(void **state)
{
	static const char *const texts[] = {"买买提·阿不都拉",
	    "𠮷㐂ＡＢＣ１２３", "ئابدۇللا", "བསོད་ནམས", "ᠮᠣᠩᠭᠣᠯ",
	    "e\xcc\x81\xcc\x82x", "👨\xe2\x80\x8d👩\xe2\x80\x8d👧"};
	size_t i, cells;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (cells = 0; cells < 20; cells++) {
			char *cut = text_cut(texts[i], cells);
			char *shown;

			assert_non_null(cut);
			assert_true(text_width(cut) <= cells);
			shown = text_shown(cut); /* marks what is broken */
			assert_string_equal(shown, cut);
			free(shown);
			free(cut);
		}
}

/* --- lines ------------------------------------------------------------- */

static void
expect_wrapped(const char *text, size_t from, size_t indent, size_t cells,
    const char *wanted)
{
	char *out = NULL;
	size_t bytes;
	FILE *f = open_memstream(&out, &bytes);

	assert_non_null(f);
	text_wrap(f, text, from, indent, cells);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(out, wanted);
	free(out);
}

static void
test_wrap_at_blanks_or_between_characters(void **state)
{
	(void)state;
	expect_wrapped("one two three", 0, 2, 8, "one two\n  three");
	expect_wrapped("one two three", 0, 2, 0, "one two three");
	expect_wrapped(
	    "请重新导出此行", 4, 4, 11, "请重新\n    导出此\n    行");
	expect_wrapped("abcdefghij", 0, 0, 4, "abcd\nefgh\nij");
	/* Nothing fits: one character a line all the same. */
	expect_wrapped("请重", 3, 3, 4, "请\n   重");
	expect_wrapped("", 0, 0, 8, "");
}

/* --- JSON -------------------------------------------------------------- */

static void
test_escaped_line_means_the_same(void **state)
{
	char *line = text_escaped("{\"a\":\"x\xc2\x9b"
	                          "2J\xe2\x80\xae·李\"}\n");

	(void)state;
	assert_string_equal(line, "{\"a\":\"x\\u009b2J\\u202e·李\"}\n");
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_width_counts_cells),
	    cmocka_unit_test(test_text_shown_takes_the_sting_out),
	    cmocka_unit_test(test_widths_are_those_of_the_system),
	    cmocka_unit_test(test_cut_ends_in_an_ellipsis),
	    cmocka_unit_test(test_cut_leaves_characters_whole),
	    cmocka_unit_test(test_cut_never_gives_half_a_character),
	    cmocka_unit_test(test_wrap_at_blanks_or_between_characters),
	    cmocka_unit_test(test_escaped_line_means_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
