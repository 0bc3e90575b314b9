/* export: what is held comes out, in order and with its facts unchanged. */

#include "tests/unit/test_store.h"

#include "store/export.h"
#include "store/import.h"
#include "store/value.h"

enum { SHOWN_MAX = 1200 };

struct fixture {
	struct test_store s;
	size_t count, stop_at;
	json_t *shown[SHOWN_MAX];
};

static int
open_hub(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	test_store_open(&f->s, ROLE_HUB);
	*state = f;
	return 0;
}

static void
forget(struct fixture *f)
{
	while (f->count > 0)
		json_decref(f->shown[--f->count]);
}

static int
close_store(void **state)
{
	struct fixture *f = *state;

	forget(f);
	test_store_close(&f->s);
	free(f);
	return 0;
}

static enum err
show(void *context, const char *source, const json_t *record)
{
	struct fixture *f = context;

	(void)source;
	if (f->stop_at != 0 && f->count == f->stop_at)
		return ERR_CLOSED;
	assert_true(f->count < SHOWN_MAX);
	f->shown[f->count] = json_deep_copy(record);
	assert_non_null(f->shown[f->count++]);
	return ERR_OK;
}

static void
export_all(struct fixture *f, const char *kind)
{
	forget(f);
	assert_int_equal(export_records(f->s.db, kind, show, f), ERR_OK);
}

static const char *
kind_at(const struct fixture *f, size_t i)
{
	return text_in(f->shown[i], "kind");
}

static const char *
ref_at(const struct fixture *f, size_t i)
{
	return text_in(f->shown[i], "ref");
}

static void
take(struct fixture *f, const char *text, unsigned fresh)
{
	struct import_options o = {.source = "his", .now = TEST_NOW};
	struct txn *t = test_store_write(&f->s);
	struct import *im;
	size_t taken;

	assert_int_equal(import_new(&im, &o), ERR_OK);
	assert_int_equal(import_feed(im, text, strlen(text), &taken), ERR_OK);
	import_finish(im);
	assert_int_equal(import_run(im, t), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	import_committed(im);
	assert_int_equal(import_counts(im)->fresh, fresh);
	import_free(im);
}

#define ENVELOPE(kind, ref)                                                    \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref                                \
	"\",\"by\":\"ref:S1\",\"at\":\"2026-05-01T08:00:00+08:00\","           \
	"\"org_id\":\"ref:V1\","
#define PERSON "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":\"lost\""
#define VISIT                                                                  \
	"\"type\":\"phone\",\"unknown\":true,\"description\":\"过路人\","   \
	"\"visit_at\":\"2026-05-01T08:00:00+08:00\""

static void
test_empty_store_gives_nothing(void **state)
{
	struct fixture *f = *state;

	export_all(f, NULL);
	assert_int_equal(f->count, 0);
}

static void
test_kinds_come_in_dependency_order_then_by_ref(void **state)
{
	struct fixture *f = *state;
	static const char *const order[][2] = {{"org", "V1"},
	    {"resident", "R1"}, {"resident", "R10"}, {"resident", "R2"},
	    {"resident", "村"}, {"encounter", "E1"}, {"invoice", "A"},
	    {"zoo", "A"}};
	size_t i;

	test_store_admit(&f->s, "his", "zoo", "A", "V1", json_object());
	test_store_admit(&f->s, "his", "invoice", "A", "V1", json_object());
	take(f,
	    ENVELOPE("encounter", "E1") "\"state\":\"signed\"," VISIT
	                                "}\n" ENVELOPE("resident", "村") PERSON
	    "}\n" ENVELOPE("resident", "R2") PERSON
	    "}\n" ENVELOPE("resident", "R10") PERSON
	    "}\n" ENVELOPE("org", "V1") "\"name\":\"一村\","
	                                "\"level\":\"village\"}\n" ENVELOPE(
	                                    "resident", "R1") PERSON "}\n",
	    6);
	export_all(f, NULL);
	assert_int_equal(f->count, sizeof order / sizeof order[0]);
	for (i = 0; i < f->count; i++) {
		assert_string_equal(kind_at(f, i), order[i][0]);
		assert_string_equal(ref_at(f, i), order[i][1]);
	}
}

static void
test_one_kind_alone_known_or_not(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "zoo", "A", "V1", json_object());
	test_store_admit(&f->s, "his", "invoice", "A", "V1", json_object());
	take(f, ENVELOPE("resident", "R1") PERSON "}\n", 1);
	export_all(f, "resident");
	assert_int_equal(f->count, 1);
	assert_string_equal(kind_at(f, 0), "resident");
	export_all(f, "zoo");
	assert_int_equal(f->count, 1);
	assert_string_equal(kind_at(f, 0), "zoo");
	export_all(f, "drug");
	assert_int_equal(f->count, 0);
}

static void
test_exported_line_is_the_imported_one(void **state)
{
	struct fixture *f = *state;
	const char *line = ENVELOPE("encounter",
	    "E1") "\"state\":\"signed\","
	          "\"weather\":{\"rain\":[1,2.5e3,-0.000125,1e15,true,\"\"]},"
	          "\"temp_c\":36.50,\"weight_kg\":61.0,\"fee\":860,"
	          "\"plan\":\"  静卧\\n\\u200b两天 \"," VISIT "}";
	json_t *given = json_loads(line, 0, NULL), *back;
	char *text;

	take(f, line, 1);
	export_all(f, NULL);
	assert_int_equal(f->count, 1);
	assert_true(value_equal(f->shown[0], given));
	/* As a file too, with as many digits as are meant. */
	text = json_dumps(f->shown[0], JSON_REAL_PRECISION(15));
	back = json_loads(text, 0, NULL);
	assert_true(value_equal(back, given));
	take(f, text, 0);
	free(text);
	json_decref(back);
	json_decref(given);
}

static void
test_drafts_are_included(void **state)
{
	struct fixture *f = *state;

	take(f,
	    ENVELOPE("encounter", "E2") "\"state\":\"draft\"}\n" ENVELOPE(
	        "encounter", "E1") "\"state\":\"signed\"," VISIT "}\n",
	    2);
	export_all(f, NULL);
	assert_int_equal(f->count, 2);
	assert_string_equal(ref_at(f, 1), "E2");
	assert_string_equal(text_in(f->shown[1], "state"), "draft");
}

static void
test_record_wins_over_a_draft_of_it(void **state)
{
	struct fixture *f = *state;

	take(f, ENVELOPE("encounter", "E1") "\"state\":\"draft\"}\n", 1);
	test_store_admit(&f->s, "his", "encounter", "E1", "V1",
	    json_pack("{s:s}", "state", "signed"));
	export_all(f, NULL);
	assert_int_equal(f->count, 1);
	assert_string_equal(text_in(f->shown[0], "state"), "signed");
}

static void
test_refs_shared_by_sources_both_come_out(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "lab", "resident", "R1", "V1",
	    json_pack("{s:s}", "name", "乙"));
	test_store_admit(&f->s, "his", "resident", "R1", "V1",
	    json_pack("{s:s}", "name", "甲"));
	export_all(f, NULL);
	assert_int_equal(f->count, 2);
	assert_string_equal(text_in(f->shown[0], "name"), "甲");
	assert_string_equal(text_in(f->shown[1], "name"), "乙");
}

static void
test_many_records_come_over_several_transactions(void **state)
{
	struct fixture *f = *state;
	char ref[16];
	size_t i;

	for (i = 0; i < 1000; i++) {
		snprintf(ref, sizeof ref, "R%04zu", (i * 7) % 1000);
		test_store_admit(&f->s, "his", "resident", ref, "V1",
		    json_pack("{s:s}", "name", "甲"));
	}
	export_all(f, NULL);
	assert_int_equal(f->count, 1000);
	for (i = 0; i < 1000; i++) {
		snprintf(ref, sizeof ref, "R%04zu", i);
		assert_string_equal(ref_at(f, i), ref);
	}
}

static void
test_reader_that_has_enough_ends_it(void **state)
{
	struct fixture *f = *state;

	take(f,
	    ENVELOPE("resident", "R1") PERSON "}\n" ENVELOPE("resident", "R2")
	        PERSON "}\n",
	    2);
	f->stop_at = 1;
	assert_int_equal(export_records(f->s.db, NULL, show, f), ERR_CLOSED);
	assert_int_equal(f->count, 1);
}

/* The reader holds no transaction: it may write. */
static enum err
write_meanwhile(void *context, const char *source, const json_t *record)
{
	struct fixture *f = context;
	struct txn *t = test_store_write(&f->s);

	(void)source;
	(void)record;
	assert_int_equal(meta_put(t, "test", "x", 1), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	f->count++;
	return ERR_OK;
}

static void
test_store_may_be_written_while_records_are_given(void **state)
{
	struct fixture *f = *state;

	take(f, ENVELOPE("resident", "R1") PERSON "}\n", 1);
	assert_int_equal(
	    export_records(f->s.db, NULL, write_meanwhile, f), ERR_OK);
	assert_int_equal(f->count, 1);
	f->count = 0;
}

static void
test_unreadable_record_comes_last_and_is_told(void **state)
{
	struct fixture *f = *state;
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	struct change_id id = {.class = 2, .seq = 99};
	struct txn *t;

	take(f,
	    ENVELOPE("resident", "R1") PERSON "}\n" ENVELOPE("resident", "R2")
	        PERSON "}\n",
	    2);
	t = test_store_write(&f->s);
	memset(key, 0, sizeof key);
	key_record_of(f->s.db, key, "his", "resident", "R0");
	key_change(key + KEY_RECORD_BYTES, &id);
	assert_int_equal(
	    txn_put(t, TABLE_RECORDS, key, sizeof key, NULL, 0), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(export_records(f->s.db, NULL, show, f), ERR_CORRUPT);
	assert_int_equal(f->count, 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_hub, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_empty_store_gives_nothing),
	    CASE(test_kinds_come_in_dependency_order_then_by_ref),
	    CASE(test_one_kind_alone_known_or_not),
	    CASE(test_exported_line_is_the_imported_one),
	    CASE(test_drafts_are_included),
	    CASE(test_record_wins_over_a_draft_of_it),
	    CASE(test_refs_shared_by_sources_both_come_out),
	    CASE(test_many_records_come_over_several_transactions),
	    CASE(test_reader_that_has_enough_ends_it),
	    CASE(test_store_may_be_written_while_records_are_given),
	    CASE(test_unreadable_record_comes_last_and_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
