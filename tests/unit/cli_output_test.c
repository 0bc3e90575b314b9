/* cli: columns stay aligned whoever is in them, records steer no terminal,
 * and a command line means one thing or is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/output.h"

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
}

/* --- columns ----------------------------------------------------------- */

static void
expect_written(FILE *f, const char *wanted)
{
	char text[4096];
	size_t n;

	rewind(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	assert_string_equal(text, wanted);
	fclose(f);
}

static void
test_columns_align_by_cells(void **state)
{
	const char *titles[] = {"name", "org", "note"};
	const char *one[] = {"买买提·阿不都拉", "C01", "x"};
	const char *two[] = {"李𠮷", "V0101", NULL};
	const char *three[] = {"Ann", NULL, "y"};
	FILE *f = tmpfile();
	struct columns *c = columns_new(f, 3, titles);

	(void)state;
	assert_non_null(c);
	assert_int_equal(columns_add(c, one), ERR_OK);
	assert_int_equal(columns_add(c, two), ERR_OK);
	assert_int_equal(columns_add(c, three), ERR_OK);
	assert_int_equal(columns_end(c), ERR_OK);
	expect_written(f, "name             org    note\n"
	                  "买买提·阿不都拉  C01    x\n"
	                  "李𠮷             V0101\n"
	                  "Ann                     y\n");
}

static void
test_columns_say_nothing_about_nothing(void **state)
{
	const char *titles[] = {"name"};
	FILE *f = tmpfile();

	(void)state;
	assert_int_equal(columns_end(columns_new(f, 1, titles)), ERR_OK);
	expect_written(f, "");
	assert_null(columns_new(stdout, COLUMNS_MAX + 1, NULL));
	assert_int_equal(columns_end(NULL), ERR_OK);
}

static void
test_columns_flow_when_there_are_many(void **state)
{
	const char *cells[] = {"a", "b"};
	FILE *f = tmpfile();
	struct columns *c = columns_new(f, 2, NULL);
	int i;

	(void)state;
	for (i = 0; i < COLUMNS_ROWS_HELD + 3; i++)
		assert_int_equal(columns_add(c, cells), ERR_OK);
	/* They came out before the end. */
	assert_int_equal(ftell(f), (COLUMNS_ROWS_HELD + 3) * 5);
	assert_int_equal(columns_end(c), ERR_OK);
	assert_int_equal(ftell(f), (COLUMNS_ROWS_HELD + 3) * 5);
	fclose(f);
}

static void
test_columns_notice_a_full_disk(void **state)
{
	const char *cells[] = {"a"};
	FILE *f = fopen("/dev/full", "w");
	struct columns *c;

	(void)state;
	if (f == NULL)
		skip();
	setvbuf(f, NULL, _IONBF, 0);
	c = columns_new(f, 1, NULL);
	assert_int_equal(columns_add(c, cells), ERR_OK);
	assert_int_equal(columns_end(c), ERR_CLOSED);
	fclose(f);
}

/* --- command lines ----------------------------------------------------- */

static int
do_nothing(struct call *c)
{
	(void)c;
	return 0;
}

static const char *const no_flags[] = {NULL};
static const char *const sync_flags[] = {"wait", "timeout=", NULL};
static const char *const write_flags[] = {"by=", "org=", NULL};

static const struct verb verbs[] = {
    {"status", do_nothing, no_flags, false, 0, 0},
    {"sync", do_nothing, sync_flags, false, 0, 0},
    {"hub invite", do_nothing, write_flags, false, 0, 3},
    {"add", do_nothing, write_flags, true, 1, 2},
    {.name = NULL},
};

enum { WORDS_MAX = 12 };

/* Words of a line, blanks between them; they live as long as the case. */
struct line {
	struct call call;
	char text[200];
	char *argv[WORDS_MAX + 1];
	int argc;
};

static bool
parse(struct line *l, const char *text)
{
	char *rest = l->text, *word;

	memset(l, 0, sizeof *l);
	snprintf(l->text, sizeof l->text, "yizhan %s", text);
	while (l->argc < WORDS_MAX && (word = strsep(&rest, " ")) != NULL)
		l->argv[l->argc++] = word;
	return call_parse(&l->call, verbs, l->argc, l->argv);
}

static void
test_call_takes_global_flags_anywhere(void **state)
{
	static const char *const lines[] = {"--dir X --json status",
	    "status --dir X --json", "--json status --dir=X"};
	struct line l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		assert_true(parse(&l, lines[i]));
		assert_string_equal(l.call.verb->name, "status");
		assert_string_equal(l.call.dir, "X");
		assert_true(l.call.json);
		call_free(&l.call);
	}
}

static void
test_call_knows_verbs_of_two_words(void **state)
{
	struct line l;

	(void)state;
	assert_true(parse(&l, "hub invite --org C01 V1 --org V2"));
	assert_string_equal(l.call.verb->name, "hub invite");
	assert_int_equal(l.call.operand_count, 1);
	assert_int_equal(l.call.option_count, 2);
	assert_string_equal(call_option(&l.call, "org"), "V2");
	call_free(&l.call);
	assert_false(parse(&l, "hub"));
	call_free(&l.call);
}

static void
test_call_takes_fields_of_records(void **state)
{
	struct line l;

	(void)state;
	assert_true(parse(&l, "add encounter --sbp 120 --by S1 --plan --json"));
	assert_int_equal(l.call.option_count, 3);
	assert_true(l.call.options[0].is_field);
	assert_false(l.call.options[1].is_field);
	/* What follows a field is its value, whatever it looks like. */
	assert_string_equal(l.call.options[2].value, "--json");
	assert_false(l.call.json);
	assert_null(call_option(&l.call, "plan"));
	call_free(&l.call);
	assert_true(parse(&l, "add encounter - --json"));
	assert_string_equal(l.call.operands[1], "-");
	assert_true(l.call.json);
	call_free(&l.call);
}

static void
test_call_refuses_what_makes_no_sense(void **state)
{
	static const char *const lines[] = {"sttus", "status --jsn",
	    "status more", "status -x", "--dir", "sync --timeout",
	    "sync --wait=1", "add", "add encounter --sbp", "--wait sync",
	    "add a b c", "sync -- --wait"};
	struct line l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		if (parse(&l, lines[i]))
			fail_msg("%s", lines[i]);
		call_free(&l.call);
	}
}

static void
test_call_reads_numbers(void **state)
{
	struct line l;
	long n;

	(void)state;
	assert_true(parse(&l, "sync --timeout 30 --wait"));
	assert_true(call_number(&l.call, "timeout", &n));
	assert_int_equal(n, 30);
	assert_true(call_has(&l.call, "wait"));
	call_free(&l.call);
	assert_true(parse(&l, "sync --timeout soon"));
	assert_false(call_number(&l.call, "timeout", &n));
	call_free(&l.call);
	assert_true(parse(&l, "sync"));
	assert_true(call_number(&l.call, "timeout", &n));
	assert_int_equal(n, -1);
	call_free(&l.call);
}

static void
test_call_names_the_nearest(void **state)
{
	static const char *const names[] = {
	    "status", "sites", "questions", NULL};

	(void)state;
	assert_string_equal(call_nearest("sttus", names), "status");
	assert_string_equal(call_nearest("question", names), "questions");
	assert_null(call_nearest("xyzzy", names));
}

static void
test_call_finds_the_directory(void **state)
{
	struct call c = {0};
	char dir[64];

	(void)state;
	setenv("YIZHAN_DIR", "from-environment", 1);
	assert_true(call_dir(&c, dir, sizeof dir));
	assert_string_equal(dir, "from-environment");
	c.dir = "given";
	assert_true(call_dir(&c, dir, sizeof dir));
	assert_string_equal(dir, "given");
	assert_false(call_dir(&c, dir, 3));
	unsetenv("YIZHAN_DIR");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_width_counts_cells),
	    cmocka_unit_test(test_text_shown_takes_the_sting_out),
	    cmocka_unit_test(test_columns_align_by_cells),
	    cmocka_unit_test(test_columns_say_nothing_about_nothing),
	    cmocka_unit_test(test_columns_flow_when_there_are_many),
	    cmocka_unit_test(test_columns_notice_a_full_disk),
	    cmocka_unit_test(test_call_takes_global_flags_anywhere),
	    cmocka_unit_test(test_call_knows_verbs_of_two_words),
	    cmocka_unit_test(test_call_takes_fields_of_records),
	    cmocka_unit_test(test_call_refuses_what_makes_no_sense),
	    cmocka_unit_test(test_call_reads_numbers),
	    cmocka_unit_test(test_call_names_the_nearest),
	    cmocka_unit_test(test_call_finds_the_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
