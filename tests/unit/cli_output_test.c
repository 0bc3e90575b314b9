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
#include <termios.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/output.h"

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

/* --- on a terminal ------------------------------------------------------ */

/* The near end of a terminal so wide; what comes out at the far end. */
struct terminal {
	FILE *near;
	int far;
};

static void
open_terminal(struct terminal *t, const char *columns)
{
	struct termios mode;
	int near;

	t->far = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(t->far >= 0);
	assert_int_equal(grantpt(t->far), 0);
	assert_int_equal(unlockpt(t->far), 0);
	near = open(ptsname(t->far), O_RDWR | O_NOCTTY);
	assert_true(near >= 0);
	assert_int_equal(tcgetattr(near, &mode), 0);
	mode.c_oflag &= ~(tcflag_t)OPOST;
	assert_int_equal(tcsetattr(near, TCSANOW, &mode), 0);
	t->near = fdopen(near, "w");
	assert_non_null(t->near);
	setenv("COLUMNS", columns, 1);
}

static void
expect_on_terminal(struct terminal *t, const char *wanted)
{
	char text[4096];
	size_t size = 0;
	ssize_t n;

	/* It comes in pieces; behind the near end's close there is an error
	 * instead of an end. */
	assert_int_equal(fflush(t->near), 0);
	while (size < strlen(wanted)) {
		n = read(t->far, text + size, sizeof text - 1 - size);
		assert_true(n > 0);
		size += (size_t)n;
	}
	fclose(t->near);
	while ((n = read(t->far, text + size, sizeof text - 1 - size)) > 0)
		size += (size_t)n;
	text[size] = '\0';
	assert_string_equal(text, wanted);
	close(t->far);
	unsetenv("COLUMNS");
}

static void
test_columns_cut_names_before_times(void **state)
{
	const char *titles[] = {"name", "at", "org"};
	const char *one[] = {"买买提·阿不都拉", "2026-05-01", "C01"};
	const char *two[] = {"李𠮷", "2026-05-02", "V0101"};
	struct terminal t;
	struct columns *c;

	(void)state;
	open_terminal(&t, "30");
	c = columns_new(t.near, 3, titles);
	assert_non_null(c);
	assert_int_equal(columns_add(c, one), ERR_OK);
	assert_int_equal(columns_add(c, two), ERR_OK);
	assert_int_equal(columns_end(c), ERR_OK);
	/* 11 cells are left: five characters, and the ellipsis. */
	expect_on_terminal(&t, "name         at          org\n"
	                       "买买提·阿…   2026-05-01  C01\n"
	                       "李𠮷         2026-05-02  V0101\n");
}

static void
test_columns_wrap_values_without_titles(void **state)
{
	const char *one[] = {"主诉", "咳嗽三天，伴发热，无胸痛"};
	const char *two[] = {"note", "no rales heard at all"};
	struct terminal t;
	struct columns *c;

	(void)state;
	open_terminal(&t, "20");
	c = columns_new(t.near, 2, NULL);
	assert_non_null(c);
	assert_int_equal(columns_add(c, one), ERR_OK);
	assert_int_equal(columns_add(c, two), ERR_OK);
	assert_int_equal(columns_end(c), ERR_OK);
	expect_on_terminal(&t, "主诉  咳嗽三天，伴发\n"
	                       "      热，无胸痛\n"
	                       "note  no rales heard\n"
	                       "      at all\n");
}

static void
test_columns_survive_a_sliver(void **state)
{
	const char *titles[] = {"name", "at"};
	const char *one[] = {"买买提", "2026-05-01"};
	struct terminal t;
	struct columns *c;

	(void)state;
	open_terminal(&t, "1");
	c = columns_new(t.near, 2, titles);
	assert_non_null(c);
	assert_int_equal(columns_add(c, one), ERR_OK);
	assert_int_equal(columns_end(c), ERR_OK);
	/* Nobody reads that: as without a terminal. */
	expect_on_terminal(&t, "name    at\n"
	                       "买买提  2026-05-01\n");
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
	    cmocka_unit_test(test_columns_align_by_cells),
	    cmocka_unit_test(test_columns_cut_names_before_times),
	    cmocka_unit_test(test_columns_wrap_values_without_titles),
	    cmocka_unit_test(test_columns_survive_a_sliver),
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
