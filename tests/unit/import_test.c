/* import: the exchange format in, changes out. */

#include "tests/unit/test_store.h"

#include <malloc.h>

#include "store/author.h"
#include "store/import.h"

/* --- tools ------------------------------------------------------------- */

struct fixture {
	struct test_store s;
	struct import_counts counts; /* of the last input */
	size_t notice_count;
	struct import_notice notices[64];
};

static int
open_clinic(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	test_store_open(&f->s, ROLE_CLINIC);
	*state = f;
	return 0;
}

static int
open_hub(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	test_store_open(&f->s, ROLE_HUB);
	*state = f;
	return 0;
}

static int
close_store(void **state)
{
	struct fixture *f = *state;

	test_store_close(&f->s);
	free(f);
	return 0;
}

static void
keep_notices(struct fixture *f, struct import *im)
{
	const struct import_notice *n;
	size_t count = import_notices(im, &n), i;

	for (i = 0; i < count && f->notice_count < 64; i++)
		f->notices[f->notice_count++] = n[i];
}

static void
run_batch(struct fixture *f, struct import *im)
{
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(import_run(im, t), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	import_committed(im);
	keep_notices(f, im);
}

static void
give_bytes(struct fixture *f, const char *source, const void *data, size_t size)
{
	struct import_options o = {.source = source, .now = TEST_NOW};
	const uint8_t *at = data;
	struct import *im;
	size_t taken;
	enum err e;

	f->notice_count = 0;
	assert_int_equal(import_new(&im, &o), ERR_OK);
	do {
		e = import_feed(im, at, size, &taken);
		at += taken;
		size -= taken;
		if (e == ERR_BUSY)
			run_batch(f, im);
	} while (e == ERR_BUSY);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(size, 0);
	import_finish(im);
	while (import_is_ready(im))
		run_batch(f, im);
	f->counts = *import_counts(im);
	import_free(im);
}

static void
give(struct fixture *f, const char *text)
{
	give_bytes(f, "his", text, strlen(text));
}

static void
assert_counts(const struct fixture *f, unsigned fresh, unsigned updated,
    unsigned unchanged, unsigned refused)
{
	assert_int_equal(f->counts.fresh, fresh);
	assert_int_equal(f->counts.updated, updated);
	assert_int_equal(f->counts.unchanged, unchanged);
	assert_int_equal(f->counts.refused, refused);
}

static void
assert_refused(struct fixture *f, const char *text, enum finding_code code)
{
	give(f, text);
	assert_counts(f, 0, 0, 0, 1);
	assert_int_equal(f->notice_count, 1);
	assert_true(f->notices[0].refused);
	assert_int_equal(f->notices[0].code, code);
}

static void
assert_warned(struct fixture *f, const char *text, enum finding_code code)
{
	give(f, text);
	assert_int_equal(f->counts.refused, 0);
	assert_int_equal(f->counts.warned, 1);
	assert_int_equal(f->notice_count, 1);
	assert_false(f->notices[0].refused);
	assert_int_equal(f->notices[0].code, code);
}

#define ENVELOPE(kind, ref, at, org)                                           \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref                                \
	"\",\"by\":\"ref:S1\",\"at\":\"2026-05-01T" at                         \
	"+08:00\",\"org_id\":\"ref:" org "\","
#define PERSON "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":\"lost\""
#define RESIDENT(at, more)                                                     \
	ENVELOPE("resident", "R1", at, "V1") PERSON more "}\n"
#define VISIT(state, at, more)                                                 \
	ENVELOPE("encounter", "E1", at, "V1")                                  \
	"\"state\":\"" state "\",\"type\":\"phone\",\"unknown\":true,"         \
	"\"description\":\"过路人\","                                       \
	"\"visit_at\":\"2026-05-01T08:00:00+08:00\"" more "}\n"

/* The change made last in a class, decoded. */
static void
last_change(struct fixture *f, uint8_t class, struct change *out)
{
	struct txn *t = test_store_read(&f->s);
	struct stored stored;
	struct log_head head;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(log_head_read(t, self.life, class, &head), ERR_OK);
	change_init(out);
	memcpy(out->id.life, self.life, LIFE_BYTES);
	out->id.class = class;
	out->id.seq = head.seq;
	stored_init(&stored);
	assert_int_equal(stored_read(t, &out->id, &stored), ERR_OK);
	assert_int_equal(
	    change_decode(out, stored.body.data, stored.body.size), ERR_OK);
	stored_free(&stored);
	txn_abort(t);
}

static uint64_t
change_count(struct fixture *f)
{
	struct txn *t = test_store_read(&f->s);
	uint64_t n;

	assert_int_equal(txn_count(t, TABLE_CHANGES, &n), ERR_OK);
	txn_abort(t);
	return n;
}

struct wanted {
	enum question_type type;
	size_t count;
	struct question last;
	size_t raw_size;
};

static enum err
see_question(void *context, const struct question *q)
{
	struct wanted *w = context;

	if (q->type != w->type)
		return ERR_OK;
	w->count++;
	w->last = *q;
	w->raw_size = q->raw.size;
	return ERR_OK;
}

static struct wanted
questions(struct fixture *f, enum question_type type)
{
	struct wanted w = {.type = type};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, see_question, &w), ERR_OK);
	txn_abort(t);
	return w;
}

/* --- the stream -------------------------------------------------------- */

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

/* --- one line ---------------------------------------------------------- */

static void
test_faults_of_the_text_are_told_apart(void **state)
{
	struct fixture *f = *state;
	static char deep[256];
	size_t n, i;

	assert_refused(f, "{\"kind\":\"\xfe\"}\n", FINDING_NOT_UTF8);
	assert_refused(f, "{\"kind\":\n", FINDING_NOT_JSON);
	assert_refused(f, "{\"a\":\"\x01\"}\n", FINDING_NOT_JSON);
	assert_refused(f, "{\"a\":\"\\u0000\"}\n", FINDING_CONTROL_CHARACTER);
	assert_refused(f, "{\"a\":1,\"a\":1}\n", FINDING_DUPLICATE_KEY);
	assert_refused(f, "{\"a\":{\"b\":1,\"b\":1}}\n", FINDING_DUPLICATE_KEY);
	assert_refused(f, "{\"a\":1e400}\n", FINDING_ABOVE);
	assert_refused(f, "[]\n", FINDING_NOT_OBJECT);
	assert_refused(f, "7\n", FINDING_NOT_OBJECT);
	assert_refused(f, "null\n", FINDING_NOT_OBJECT);
	n = (size_t)snprintf(deep, sizeof deep,
	    "%.*s,\"w\":", (int)strlen(RESIDENT("08:00:00", "")) - 2,
	    RESIDENT("08:00:00", ""));
	for (i = 0; i < 17; i++) {
		deep[n + i] = '[';
		deep[n + 17 + i] = ']';
	}
	memcpy(deep + n + 34, "}\n", 3);
	assert_refused(f, deep, FINDING_TOO_DEEP);
	assert_int_equal(change_count(f), 0);
}

static void
test_envelope_must_be_whole(void **state)
{
	struct fixture *f = *state;

	assert_refused(f,
	    "{\"ref\":\"R1\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"}\n",
	    FINDING_MISSING);
	assert_string_equal(f->notices[0].field, "kind");
	assert_string_equal(f->notices[0].kind, "");
	assert_refused(f, ENVELOPE("bill", "B1", "08:00:00", "V1") "\"a\":1}\n",
	    FINDING_KIND_UNKNOWN);
	assert_refused(f,
	    ENVELOPE("resident", "", "08:00:00", "V1") PERSON "}\n",
	    FINDING_REF_BAD);
	assert_refused(f,
	    ENVELOPE("resident", "a\\tb", "08:00:00", "V1") PERSON "}\n",
	    FINDING_REF_BAD);
	assert_refused(f,
	    ENVELOPE("resident", "R1", "24:00:00", "V1") PERSON "}\n",
	    FINDING_INSTANT);
	assert_string_equal(f->notices[0].kind, "resident");
	assert_refused(f,
	    ENVELOPE("resident", "R1", "08:00:00", "") PERSON "}\n",
	    FINDING_REFERENCE);
	assert_string_equal(f->notices[0].field, "org_id");
	assert_refused(f,
	    "{\"kind\":\"resident\",\"ref\":7,\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"}\n",
	    FINDING_TYPE);
	assert_int_equal(questions(f, QUESTION_LINE).count, 7);
}

static void
test_ref_may_have_200_characters_of_any_script(void **state)
{
	struct fixture *f = *state;
	char ref[700], line[1200];
	size_t i;

	for (i = 0; i < 201; i++)
		memcpy(ref + 3 * i, "村", 3);
	ref[603] = '\0';
	snprintf(line, sizeof line,
	    "{\"kind\":\"resident\",\"ref\":\"%s\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"," PERSON
	    "}\n",
	    ref);
	assert_refused(f, line, FINDING_REF_BAD);
	snprintf(line, sizeof line,
	    "{\"kind\":\"resident\",\"ref\":\"%s\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T08:00:00+08:00\",\"org_id\":\"ref:V1\"," PERSON
	    "}\n",
	    ref + 3);
	give(f, line);
	assert_counts(f, 1, 0, 0, 0);
}

static void
test_refused_line_is_kept_once_with_its_bytes(void **state)
{
	struct fixture *f = *state;
	const char *line = RESIDENT("08:00:00", ",\"phone\":7");
	struct wanted w;

	assert_refused(f, line, FINDING_TYPE);
	assert_refused(f, line, FINDING_TYPE);
	w = questions(f, QUESTION_LINE);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.raw_size, strlen(line) - 1);
	assert_int_equal(w.last.code, FINDING_TYPE);
	assert_int_equal(w.last.line, 1);
	assert_string_equal(w.last.origin, "his");
	assert_string_equal(w.last.field, "phone");
	assert_string_equal(w.last.kind, "resident");
	assert_string_equal(w.last.ref, "R1");
	assert_int_equal(change_count(f), 0);
}

static void
test_names_of_unknown_numbers_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_refused(
	    f, RESIDENT("08:00:00", ",\"#77\":1"), FINDING_UNKNOWN_FIELD);
	assert_refused(f,
	    RESIDENT("08:00:00", ",\"allergies\":[{\"#1\":\"x\"}]"),
	    FINDING_UNKNOWN_FIELD);
	give(f, RESIDENT("08:00:00", ",\"#\":1,\"#7a\":2"));
	assert_counts(f, 1, 0, 0, 0);
}

static void
test_unknown_field_is_kept_with_a_warning(void **state)
{
	struct fixture *f = *state;
	struct record r;

	assert_warned(f,
	    RESIDENT("08:00:00", ",\"weather\":{\"b\":[1,2.50],\"a\":true}"),
	    FINDING_UNKNOWN_FIELD);
	assert_int_equal(questions(f, QUESTION_WARNING).count, 1);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_non_null(json_object_get(r.fields, "weather"));
	record_clear(&r);
}

static void
test_small_x_of_an_id_number_is_stored_as_capital(void **state)
{
	struct fixture *f = *state;
	struct record r;

	assert_warned(f,
	    ENVELOPE("resident", "R1", "08:00:00",
	        "V1") "\"name\":\"某\",\"sex\":\"2\",\"id_type\":\"01\","
	              "\"birth_date\":\"1966-07-07\","
	              "\"id_no\":\"51990119660707004x\"}\n",
	    FINDING_ID_LOWER_X);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "id_no"), "51990119660707004X");
	record_clear(&r);
}

/* --- comparing --------------------------------------------------------- */

static void
test_same_input_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	const char *text = RESIDENT("08:00:00", ",\"phone\":\"1\"")
	    VISIT("signed", "08:10:00", ",\"temp_c\":36.50");

	give(f, text);
	assert_counts(f, 2, 0, 0, 0);
	give(f, text);
	assert_counts(f, 0, 0, 2, 0);
	assert_int_equal(change_count(f), 2);
	/* The same facts in other words. */
	give(f, VISIT("signed", "08:10:00", ",\"temp_c\":3.65e1"));
	assert_counts(f, 0, 0, 1, 0);
}

static void
test_another_source_means_another_record(void **state)
{
	struct fixture *f = *state;
	const char *text = RESIDENT("08:00:00", "");

	give(f, text);
	give_bytes(f, "lab", text, strlen(text));
	assert_counts(f, 1, 0, 0, 0);
	give_bytes(f, NULL, text, strlen(text));
	assert_counts(f, 1, 0, 0, 0);
	give_bytes(f, NULL, text, strlen(text));
	assert_counts(f, 0, 0, 1, 0);
}

static void
test_update_holds_changed_fields_only(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\",\"ethnic\":\"01\""));
	give(f, RESIDENT("09:00:00", ",\"phone\":\"2\",\"ethnic\":\"01\""));
	assert_counts(f, 0, 1, 0, 0);
	last_change(f, 2, &c);
	assert_int_equal(c.id.seq, 2);
	assert_int_equal(json_object_size(c.fields), 1);
	assert_string_equal(text_in(c.fields, "phone"), "2");
	assert_int_equal(c.parent_count, 1);
	assert_int_equal(c.parents[0].id.seq, 1);
	assert_string_equal(c.by, "S1");
	assert_string_equal(c.org, "V1");
	assert_int_equal(c.recorded_at, TEST_NOW);
	assert_int_equal(c.occurred_at, TEST_NOW - 27 * 3600);
	change_clear(&c);
}

static void
test_value_may_go_back_to_what_it_was(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\""));
	give(f, RESIDENT("09:00:00", ",\"phone\":\"2\""));
	give(f, RESIDENT("10:00:00", ",\"phone\":\"1\""));
	assert_counts(f, 0, 1, 0, 0);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "phone"), "1");
	assert_int_equal(r.change_count, 3);
	assert_int_equal(r.head_count, 1);
	record_clear(&r);
	/* Old files again, in any order. */
	give(f, RESIDENT("09:00:00", ",\"phone\":\"2\"")
	            RESIDENT("08:00:00", ",\"phone\":\"1\""));
	assert_counts(f, 0, 0, 2, 0);
}

static void
test_new_instant_alone_is_no_change(void **state)
{
	struct fixture *f = *state;

	give(f, RESIDENT("08:00:00", ""));
	give(f, RESIDENT("09:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
	assert_int_equal(change_count(f), 1);
}

static void
test_omitted_field_is_cleared(void **state)
{
	struct fixture *f = *state;
	struct change c;
	struct record r;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\",\"a\":1"));
	give(f, RESIDENT("09:00:00", ""));
	assert_counts(f, 0, 1, 0, 0);
	last_change(f, 2, &c);
	assert_int_equal(json_object_size(c.fields), 2);
	assert_true(json_is_null(json_object_get(c.fields, "phone")));
	change_clear(&c);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_null(json_object_get(r.fields, "phone"));
	record_clear(&r);
	give(f, RESIDENT("10:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
}

static void
test_omitted_list_that_only_grows_is_kept(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, RESIDENT(
	            "08:00:00", ",\"allergies\":[{\"substance\":\"青霉素\"}]"));
	give(f, RESIDENT("09:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
	give(f,
	    RESIDENT("10:00:00", ",\"allergies\":[{\"substance\":\"头孢\"}]"));
	assert_counts(f, 0, 1, 0, 0);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "allergies")), 1);
	record_clear(&r);
}

static void
test_later_lines_of_a_batch_see_earlier_ones(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\"")
	            RESIDENT("09:00:00", ",\"phone\":\"2\"")
	                RESIDENT("10:00:00", ",\"phone\":\"3\""));
	assert_counts(f, 1, 2, 0, 0);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "phone"), "3");
	assert_int_equal(r.head_count, 1);
	record_clear(&r);
}

static void
test_parent_in_an_earlier_life_is_linked(void **state)
{
	struct fixture *f = *state;
	struct change c;
	struct self self;
	struct txn *t;
	struct record r;

	test_store_join(&f->s, "V1");
	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\""));
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(self_new_life(t, &self, TEST_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	give(f, RESIDENT("09:00:00", ",\"phone\":\"2\""));
	assert_counts(f, 0, 1, 0, 0);
	last_change(f, 2, &c);
	assert_int_equal(c.id.seq, 1);
	assert_int_equal(c.parent_count, 1);
	assert_memory_not_equal(c.parents[0].id.life, c.id.life, LIFE_BYTES);
	assert_memory_not_equal(
	    c.parents[0].link, "\0\0\0\0", FINGERPRINT_LINK_BYTES);
	change_clear(&c);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_int_equal(r.head_count, 1);
	assert_string_equal(text_in(r.fields, "phone"), "2");
	record_clear(&r);
}

/* --- drafts ------------------------------------------------------------ */

static void
test_draft_stays_local_until_it_is_signed(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, VISIT("draft", "08:00:00", ""));
	assert_counts(f, 1, 0, 0, 0);
	give(f, VISIT("draft", "08:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
	give(f, VISIT("draft", "08:10:00", ",\"plan\":\"静卧\""));
	assert_counts(f, 0, 1, 0, 0);
	assert_int_equal(change_count(f), 0);
	give(f, VISIT("signed", "08:20:00", ",\"plan\":\"静卧\""));
	assert_counts(f, 0, 1, 0, 0);
	assert_int_equal(change_count(f), 1);
	test_store_record(&f->s, "his", "encounter", "E1", &r);
	assert_string_equal(text_in(r.fields, "state"), "signed");
	assert_string_equal(text_in(r.fields, "plan"), "静卧");
	assert_int_equal(r.head_count, 1);
	record_clear(&r);
	assert_refused(f, VISIT("draft", "08:30:00", ""), FINDING_STILL_DRAFT);
	give(f, VISIT("draft", "08:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
}

static void
test_draft_that_was_signed_by_hand_is_no_draft_again(void **state)
{
	struct fixture *f = *state;
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	struct txn *t;
	json_t *fields = json_pack("{s:s}", "state", "signed");

	give(f, VISIT("draft", "08:00:00", ""));
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "encounter", "E1");
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "V1", fields, TEST_NOW, &a),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	assert_refused(f, VISIT("draft", "09:00:00", ",\"plan\":\"x\""),
	    FINDING_STILL_DRAFT);
}

/* --- rights ------------------------------------------------------------ */

static void
test_clinic_takes_lines_of_its_own_orgs_only(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "V1");
	test_store_admit(&f->s, "", "org", "V11", "H",
	    json_pack("{s:s}", "parent_org_id", "ref:V1"));
	assert_refused(f,
	    ENVELOPE("resident", "R2", "08:00:00", "V2") PERSON "}\n",
	    FINDING_NOT_YOUR_ORG);
	assert_int_equal(change_count(f), 1);
	give(f, ENVELOPE("resident", "R3", "08:00:00", "V1") PERSON
	    "}\n" ENVELOPE("resident", "R4", "08:00:00", "V11") PERSON "}\n");
	assert_counts(f, 2, 0, 0, 0);
}

static void
test_any_org_is_taken_before_joining(void **state)
{
	struct fixture *f = *state;

	give(f, ENVELOPE("resident", "R2", "08:00:00", "V2") PERSON
	    "}\n" RESIDENT("08:00:00", ""));
	assert_counts(f, 2, 0, 0, 0);
}

#define ORG                                                                    \
	ENVELOPE("org", "V1", "08:00:00", "H")                                 \
	"\"name\":\"一村\",\"level\":\"village\",\"short_code\":\"TA1\"}\n"

static void
test_clinic_takes_no_reference_data(void **state)
{
	assert_refused(*state, ORG, FINDING_GROUP_ONLY_KIND);
}

static void
test_hub_takes_reference_data_and_any_org(void **state)
{
	struct fixture *f = *state;
	struct record r;

	test_store_join(&f->s, "H");
	give(f, ORG ENVELOPE("resident", "R2", "08:00:00", "V2") PERSON "}\n");
	assert_counts(f, 2, 0, 0, 0);
	/* The group's kinds have one source. */
	test_store_record(&f->s, "", "org", "V1", &r);
	record_clear(&r);
}

static void
test_tilde_refs_name_records_made_here(void **state)
{
	struct fixture *f = *state;
	json_t *fields = json_pack("{s:s, s:s, s:s}", "name", "某", "sex", "1",
	    "no_id_reason", "lost");
	struct authored a;
	struct self self;
	struct txn *t = test_store_write(&f->s);
	struct record r;
	json_t *exported;
	char *text;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_add(t, &self, "resident", "S1", "V1", fields, TEST_NOW, &a),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	assert_refused(f,
	    ENVELOPE("resident", "~R9", "08:00:00", "V1") PERSON "}\n",
	    FINDING_REF_BAD);

	test_store_record(&f->s, self.source, "resident", a.record.ref, &r);
	exported = record_to_json(&r);
	record_clear(&r);
	text = json_dumps(exported, 0);
	give(f, text);
	assert_counts(f, 0, 0, 1, 0);
	free(text);
	json_object_set_new(exported, "phone", json_string("120"));
	text = json_dumps(exported, 0);
	json_decref(exported);
	give(f, text);
	assert_counts(f, 0, 1, 0, 0);
	give(f, text);
	assert_counts(f, 0, 0, 1, 0);
	free(text);
	test_store_record(&f->s, self.source, "resident", a.record.ref, &r);
	assert_int_equal(r.change_count, 2);
	assert_int_equal(r.head_count, 1);
	assert_string_equal(text_in(r.fields, "phone"), "120");
	record_clear(&r);
}

/* --- against amendments ------------------------------------------------ */

static void
amend_phone(struct fixture *f, const char *org, const char *phone)
{
	json_t *fields = json_pack("{s:s}", "phone", phone);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "resident", "R1");
	assert_int_equal(
	    author_amend(t, &self, key, "S2", org, fields, TEST_NOW, &a),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
}

static void
test_amendment_survives_the_same_export_tonight(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\""));
	amend_phone(f, "V1", "2");
	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\""));
	assert_counts(f, 0, 0, 1, 0);
	give(f, RESIDENT("20:00:00", ",\"phone\":\"1\",\"ethnic\":\"01\""));
	assert_counts(f, 0, 1, 0, 0);
	assert_int_equal(f->counts.warned, 0);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "phone"), "2");
	assert_string_equal(text_in(r.fields, "ethnic"), "01");
	record_clear(&r);
}

static void
test_field_lost_to_an_amendment_is_a_question(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	struct record r;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\""));
	amend_phone(f, "V1", "2");
	give(f, RESIDENT("20:00:00", ",\"phone\":\"3\",\"ethnic\":\"01\""));
	assert_counts(f, 0, 1, 0, 0);
	assert_int_equal(f->counts.warned, 1);
	assert_int_equal(f->notices[0].code, FINDING_IMPORT_LOST);
	/* Neither managed the resident: the earlier id stands. */
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "phone"), "2");
	assert_int_equal(r.head_count, 2);
	record_clear(&r);
	w = questions(f, QUESTION_LOST);
	assert_int_equal(w.count, 1);
	assert_string_equal(w.last.field, "phone");
	assert_string_equal(w.last.ref, "R1");
	assert_int_equal(w.raw_size, 0);
}

static void
test_managing_org_wins_over_an_amendment(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, RESIDENT("08:00:00",
	            ",\"phone\":\"1\",\"managing_org_id\":\"ref:V1\""));
	amend_phone(f, "V2", "2");
	give(f, RESIDENT("20:00:00",
	            ",\"phone\":\"3\",\"managing_org_id\":\"ref:V1\""));
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "phone"), "3");
	record_clear(&r);
	assert_int_equal(questions(f, QUESTION_LOST).count, 0);
}

/* --- references -------------------------------------------------------- */

static void
test_reference_is_awaited_until_its_record_is_here(void **state)
{
	struct fixture *f = *state;
	const char *visit = ENVELOPE("encounter", "E1", "08:00:00",
	    "V1") "\"state\":\"signed\",\"type\":\"phone\","
	          "\"resident_id\":\"ref:R1\","
	          "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n";

	assert_warned(f, visit, FINDING_AWAITED);
	assert_string_equal(f->notices[0].field, "resident_id");
	give(f, RESIDENT("08:00:00", ""));
	give(f, ENVELOPE("encounter", "E2", "08:00:00",
	            "V1") "\"state\":\"signed\",\"type\":\"phone\","
	                  "\"resident_id\":\"ref:R1\","
	                  "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n");
	assert_int_equal(f->counts.warned, 0);
}

static void
test_death_of_a_resident_is_urgent(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT("08:00:00", ""));
	give(f, RESIDENT("09:00:00", ",\"status\":\"dead\""));
	last_change(f, 0, &c);
	assert_string_equal(c.record.ref, "R1");
	change_clear(&c);
}

#define CLINIC(name)                                                           \
	cmocka_unit_test_setup_teardown(name, open_clinic, close_store)
#define HUB(name) cmocka_unit_test_setup_teardown(name, open_hub, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_counts_add_up_to_the_lines_with_something_on_them),
	    CLINIC(test_input_may_come_byte_by_byte),
	    CLINIC(test_last_line_needs_no_end),
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
	    CLINIC(test_faults_of_the_text_are_told_apart),
	    CLINIC(test_envelope_must_be_whole),
	    CLINIC(test_ref_may_have_200_characters_of_any_script),
	    CLINIC(test_refused_line_is_kept_once_with_its_bytes),
	    CLINIC(test_names_of_unknown_numbers_are_refused),
	    CLINIC(test_unknown_field_is_kept_with_a_warning),
	    CLINIC(test_small_x_of_an_id_number_is_stored_as_capital),
	    CLINIC(test_same_input_again_changes_nothing),
	    CLINIC(test_another_source_means_another_record),
	    CLINIC(test_update_holds_changed_fields_only),
	    CLINIC(test_value_may_go_back_to_what_it_was),
	    CLINIC(test_new_instant_alone_is_no_change),
	    CLINIC(test_omitted_field_is_cleared),
	    CLINIC(test_omitted_list_that_only_grows_is_kept),
	    CLINIC(test_later_lines_of_a_batch_see_earlier_ones),
	    CLINIC(test_parent_in_an_earlier_life_is_linked),
	    CLINIC(test_draft_stays_local_until_it_is_signed),
	    CLINIC(test_draft_that_was_signed_by_hand_is_no_draft_again),
	    CLINIC(test_clinic_takes_lines_of_its_own_orgs_only),
	    CLINIC(test_any_org_is_taken_before_joining),
	    CLINIC(test_clinic_takes_no_reference_data),
	    HUB(test_hub_takes_reference_data_and_any_org),
	    CLINIC(test_tilde_refs_name_records_made_here),
	    CLINIC(test_amendment_survives_the_same_export_tonight),
	    CLINIC(test_field_lost_to_an_amendment_is_a_question),
	    CLINIC(test_managing_org_wins_over_an_amendment),
	    CLINIC(test_reference_is_awaited_until_its_record_is_here),
	    CLINIC(test_death_of_a_resident_is_urgent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
