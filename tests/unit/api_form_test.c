/* form, config, wire: what people type and write, made into values. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/config.h"
#include "api/form.h"
#include "api/wire.h"
#include "tests/unit/scratch.h"

/* --- forms ------------------------------------------------------------- */

static void
expect_form(
    const char *kind, const char *field, const char *text, const char *json)
{
	const struct kind *k = form_kind(kind);
	json_t *value = form_value(k, field, text);
	json_t *wanted = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	assert_non_null(wanted);
	if (!json_equal(value, wanted))
		fail_msg("%s: %s", field, text);
	json_decref(value);
	json_decref(wanted);
}

static void
test_form_types_values_by_the_table(void **state)
{
	(void)state;
	expect_form("encounter", "sbp", "120", "120");
	expect_form("encounter", "temp-c", "36.6", "36.6");
	expect_form("encounter", "unknown", "yes", "true");
	expect_form("encounter", "resident_id", "R1", "\"ref:R1\"");
	expect_form("encounter", "resident_id", "ref:R1", "\"ref:R1\"");
	expect_form(
	    "encounter", "device_ids", "D1, ref:D2", "[\"ref:D1\",\"ref:D2\"]");
	expect_form("encounter", "plan", "静卧", "\"静卧\"");
	expect_form("encounter", "plan", "12", "\"12\"");
	expect_form("encounter", "plan", "", "null");
	expect_form(
	    "encounter", "rx", "[{\"name\":\"x\"}]", "[{\"name\":\"x\"}]");
	expect_form("resident", "population_tags", "diabetes,tb",
	    "[\"diabetes\",\"tb\"]");
	expect_form(
	    "resident", "contact", "{\"name\":\"x\"}", "{\"name\":\"x\"}");
}

/* The store says why; it knows more about it than a form. */
static void
test_form_leaves_what_does_not_fit_as_text(void **state)
{
	(void)state;
	expect_form("encounter", "sbp", "high", "\"high\"");
	expect_form("encounter", "unknown", "maybe", "\"maybe\"");
	expect_form("encounter", "rx", "[{", "\"[{\"");
	expect_form("resident", "contact", "[1]", "\"[1]\"");
	assert_null(form_value(form_kind("encounter"), "plan", "\xff"));
	assert_null(form_value(form_kind("encounter"), "nonsense", "1"));
}

static void
test_form_lists_fields_and_words(void **state)
{
	const struct kind *k = form_kind("encounter");
	struct form_field f;
	size_t i, required = 0;

	(void)state;
	for (i = 0; form_field(k, i, &f); i++)
		required += f.is_required ? 1 : 0;
	assert_true(i > 10);
	assert_int_equal(required, 3);
	assert_false(form_field(k, i + 5, &f));
	assert_string_equal(form_word(k, "state", 0), "draft");
	assert_string_equal(form_word(k, "type", 0), "outpatient");
	assert_null(form_word(k, "type", 7));
	assert_null(form_word(k, "plan", 0));
	assert_null(form_kind("encuonter"));
}

static void
test_form_knows_a_typing_error(void **state)
{
	(void)state;
	assert_false(form_code_is_valid(""));
	assert_false(form_code_is_valid("0017F1-HBYXMR"));
	assert_false(form_code_is_valid("000000-000000-000000-000000-00001"));
}

/* --- config ------------------------------------------------------------ */

static enum err
read_config(const char *dir, const char *text, struct config *c,
    char complaint[CONFIG_COMPLAINT_BYTES])
{
	char path[SCRATCH_PATH_BYTES];

	scratch_path(path, dir, "test.conf");
	scratch_write(path, text, strlen(text));
	return config_read(path, c, complaint, CONFIG_COMPLAINT_BYTES);
}

static void
test_config_reads_what_stands_there(void **state)
{
	struct config c;
	char complaint[CONFIG_COMPLAINT_BYTES];

	assert_int_equal(
	    read_config(*state,
	        "; a comment\n[agent]\nlisten = [::1]:7270\n"
	        "parent = hub.example.org:7270 ; behind\ninterval = 60\n"
	        "[import]\nsource = his\n",
	        &c, complaint),
	    ERR_OK);
	assert_string_equal(c.listen, "[::1]:7270");
	assert_string_equal(c.parent, "hub.example.org:7270");
	assert_int_equal(c.interval_s, 60);
	assert_string_equal(c.import_source, "his");
	assert_string_equal(complaint, "");
	assert_int_equal(
	    config_read("/nonexistent", &c, complaint, sizeof complaint),
	    ERR_NOT_FOUND);
	assert_int_equal(c.interval_s, CONFIG_INTERVAL_S);
}

static void
test_config_names_the_first_faulty_line(void **state)
{
	static const struct {
		const char *text, *line;
	} faults[] = {
	    {"[agent]\nlistn = 1.2.3.4:5\n", "line 2"},
	    {"[agent]\n\nlisten = 1.2.3.4\n", "line 3"},
	    {"[agent]\nlisten = 1.2.3.4:70000\n", "line 2"},
	    {"[agent]\nlisten = :7270\n", "line 2"},
	    {"[agent]\nlisten = ::1:7270\n", "line 2"},
	    {"[agent]\nlisten = hub:007270\n", "line 2"},
	    {"[agent]\nlisten = [f[e80::1]:7270\n", "line 2"},
	    {"[agent]\ninterval = soon\n", "line 2"},
	    {"[agent]\ninterval = 1\nparent = x\n", "line 2"},
	    {"rubbish\n[agent]\nparent = x\n", "line 1"},
	    {"[agent]\nparent = x\nrubbish\n", "line 2"},
	    {"[impord]\nsource = x\n", "line 2"},
	    {"source = x\n", "line 1"},
	};
	struct config c;
	char complaint[CONFIG_COMPLAINT_BYTES];
	size_t i;

	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (read_config(*state, faults[i].text, &c, complaint) !=
		        ERR_FORMAT ||
		    strstr(complaint, faults[i].line) == NULL)
			fail_msg("%s: %s", faults[i].text, complaint);
	}
}

/* --- lines ------------------------------------------------------------- */

static void
test_wire_keeps_decimals(void **state)
{
	json_t *o = json_pack("{s:f, s:f}", "a", 36.6, "b", 0.1);
	char *line = wire_line(o);

	(void)state;
	assert_string_equal(line, "{\"a\":36.6,\"b\":0.1}\n");
	free(line);
	json_decref(o);
}

static int
make_dir(void **state)
{
	char *dir = calloc(1, SCRATCH_PATH_BYTES);

	if (dir == NULL)
		return -1;
	scratch_make(dir);
	*state = dir;
	return 0;
}

static int
remove_dir(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form_types_values_by_the_table),
	    cmocka_unit_test(test_form_leaves_what_does_not_fit_as_text),
	    cmocka_unit_test(test_form_lists_fields_and_words),
	    cmocka_unit_test(test_form_knows_a_typing_error),
	    cmocka_unit_test(test_config_reads_what_stands_there),
	    cmocka_unit_test(test_config_names_the_first_faulty_line),
	    cmocka_unit_test(test_wire_keeps_decimals),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
