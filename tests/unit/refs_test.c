/* refs: which record a ref means where two programs call two the same: one's
 * own, else the only one, else none; in any order of arrival.
 */

#include "tests/unit/matter_room.h"

#include "store/index.h"
#include "store/linked.h"
#include "store/looked.h"

static int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "H");
	return 0;
}

/* --- telling ------------------------------------------------------------- */

static void
resident(
    struct fixture *f, const char *source, const char *ref, const char *org)
{
	test_store_admit(&f->s, source, "resident", ref, org,
	    json_pack("{s:s, s:o}", "name", "张伟", "managing_org_id",
	        json_sprintf("ref:%s", org)));
}

static void
asks_to_move(struct fixture *f, const char *ref, const char *source)
{
	test_store_admit(&f->s, "form", "move", "M1", "A",
	    json_pack("{s:s, s:o, s:s, s:s, s:s*}", "state", "requested",
	        "resident_id", json_sprintf("ref:%s", ref), "from_org", "ref:A",
	        "to_org", "ref:C", "resident_source", source));
}

static bool
means(struct fixture *f, const char *source, const char *ref,
    const char *of_source)
{
	uint8_t key[KEY_RECORD_BYTES], wanted[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(&f->s);
	enum err e = index_resolve(t, source, "resident", ref, key);

	txn_abort(t);
	if (of_source == NULL)
		return e == ERR_NOT_FOUND;
	key_record_of(f->s.db, wanted, of_source, "resident", ref);
	return e == ERR_OK && memcmp(key, wanted, sizeof key) == 0;
}

static void
assert_holder(struct fixture *f, const char *source, const char *org)
{
	struct record r;

	test_store_record(&f->s, source, "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "managing_org_id"), org);
	record_clear(&r);
}

static bool
is_refused_for(const struct findings *f, enum finding_code code)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].refused && f->list[i].code == code)
			return true;
	return false;
}

/* --- what is meant ------------------------------------------------------- */

static void
test_a_ref_means_its_own_or_the_only_one(void **state)
{
	struct fixture *f = *state;

	assert_true(means(f, "form", "R1", NULL));
	resident(f, "b", "R1", "B");
	assert_true(means(f, "form", "R1", "b"));
	assert_true(means(f, "his", "R1", "b"));
	/* The same told again is no other. */
	resident(f, "b", "R1", "B");
	assert_true(means(f, "form", "R1", "b"));
	resident(f, "his", "R1", "A");
	assert_true(means(f, "form", "R1", NULL));
	assert_true(means(f, "b", "R1", "b"));
	assert_true(means(f, "his", "R1", "his"));
}

static void
test_whom_a_record_is_about_does_not_depend_on_order(void **state)
{
	static const char *const orders[][2] = {{"b", "his"}, {"his", "b"}};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		uint8_t key[KEY_RECORD_BYTES];
		struct looked_whom whom = {.count = 0};
		void *own = NULL;
		struct fixture *f;
		struct record r;
		struct txn *t;

		open_group(&own);
		f = own;
		resident(f, orders[i][0], "R1", "A");
		resident(f, orders[i][1], "R1", "A");
		test_store_admit(&f->s, "form", "encounter", "E1", "A",
		    json_pack("{s:s, s:s}", "state", "signed", "resident_id",
		        "ref:R1"));
		test_store_record(&f->s, "form", "encounter", "E1", &r);
		t = test_store_read(&f->s);
		assert_int_equal(
		    linked_resident(t, &r.id, r.fields, key), ERR_NOT_FOUND);
		assert_int_equal(looked_whom(t, &r, &whom), ERR_OK);
		assert_int_equal(whom.count, 1);
		assert_string_equal(whom.resident[0].source, "form");
		txn_abort(t);
		record_clear(&r);
		close_store(&own);
	}
}

/* --- moves --------------------------------------------------------------- */

/* Two programs call two residents R1; a form that says R1 means neither. */
static void
test_a_move_gives_nobody_elses_file(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;

	resident(f, "b", "R1", "B");
	resident(f, "his", "R1", "A");
	asks_to_move(f, "R1", NULL);
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_MOVE_ASKED);
	assert_int_equal(decide(f, "confirm", &d), ERR_REFUSED);
	assert_int_equal(d.findings.refusals, 1);
	assert_true(is_refused_for(&d.findings, FINDING_AMBIGUOUS));
	assert_holder(f, "b", "ref:B");
	assert_holder(f, "his", "ref:A");
	assert_int_equal(decide(f, "refuse", &d), ERR_OK);
}

/* One that says whose program calls him so can be confirmed. */
static void
test_a_move_says_whose_ref_it_is(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;

	resident(f, "b", "R1", "B");
	resident(f, "his", "R1", "A");
	asks_to_move(f, "R1", "his");
	assert_int_equal(decide(f, "confirm", &d), ERR_OK);
	assert_holder(f, "b", "ref:B");
	assert_holder(f, "his", "ref:C");
}

static void
test_a_move_of_the_only_one_is_confirmed(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;

	resident(f, "his", "R1", "A");
	asks_to_move(f, "R1", NULL);
	assert_int_equal(decide(f, "confirm", &d), ERR_OK);
	assert_holder(f, "his", "ref:C");
}

/* --- forms --------------------------------------------------------------- */

static json_t *
visit_of(const char *state, const char *resident)
{
	json_t *fields = json_pack("{s:s, s:s, s:s}", "state", state, "type",
	    "phone", "visit_at", "2026-05-01T08:00:00+08:00");

	if (resident == NULL)
		json_object_update_new(fields,
		    json_pack("{s:b, s:s}", "unknown", 1, "description", "x"));
	else
		json_object_set_new(
		    fields, "resident_id", json_sprintf("ref:%s", resident));
	return fields;
}

static enum err
try_add(struct fixture *f, json_t *fields, struct authored *out)
{
	struct txn *t = test_store_write(&f->s);
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(t, &self, "encounter", "S1", "A", fields, TEST_NOW, out);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static enum err
try_amend(struct fixture *f, const struct identity *id, json_t *fields,
    struct authored *out)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(f->s.db, key, id);
	e = author_amend(t, &self, key, "S1", "A", fields, TEST_NOW, out);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

/* In whose file a visit is; NULL: in nobody's. */
static void
assert_file(struct fixture *f, const struct identity *visit, const char *of)
{
	uint8_t key[KEY_RECORD_BYTES], wanted[KEY_RECORD_BYTES];
	struct record r;
	struct txn *t;

	test_store_record(&f->s, visit->source, visit->kind, visit->ref, &r);
	t = test_store_read(&f->s);
	assert_int_equal(linked_resident(t, &r.id, r.fields, key),
	    of == NULL ? ERR_NOT_FOUND : ERR_OK);
	txn_abort(t);
	record_clear(&r);
	if (of == NULL)
		return;
	key_record_of(f->s.db, wanted, of, "resident", "R1");
	assert_memory_equal(key, wanted, sizeof key);
}

/* Who sits there knows one; at the hub there are two. */
static void
test_a_forms_visit_is_in_the_file_it_was_written_for(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	resident(f, "b", "R1", "A");
	assert_int_equal(try_add(f, visit_of("signed", "R1"), &a), ERR_OK);
	assert_file(f, &a.record, "b");
	resident(f, "his", "R1", "A");
	assert_file(f, &a.record, "b");
}

static void
test_a_form_says_which_of_two_is_meant(void **state)
{
	struct fixture *f = *state;
	struct authored a;
	struct record r;

	resident(f, "b", "R1", "A");
	resident(f, "his", "R1", "A");
	assert_int_equal(try_add(f, visit_of("signed", "R1"), &a), ERR_REFUSED);
	assert_true(is_refused_for(&a.findings, FINDING_CALLED_SO));
	assert_int_equal(try_add(f, visit_of("signed", "R1@his"), &a), ERR_OK);
	assert_file(f, &a.record, "his");
	test_store_record(&f->s, "his", "encounter", a.record.ref, &r);
	assert_string_equal(text_in(r.fields, "resident_id"), "ref:R1");
	record_clear(&r);
}

/* A draft is nobody's yet. */
static void
test_a_draft_is_filed_when_it_is_signed(void **state)
{
	struct fixture *f = *state;
	struct authored a, b;

	resident(f, "b", "R1", "A");
	resident(f, "his", "R1", "A");
	assert_int_equal(try_add(f, visit_of("draft", "R1@b"), &a), ERR_OK);
	assert_true(a.is_draft);
	assert_int_equal(
	    try_amend(f, &a.record, json_pack("{s:s}", "state", "signed"), &b),
	    ERR_OK);
	assert_string_equal(b.record.ref, a.record.ref);
	assert_file(f, &b.record, "b");
}

/* Whom nobody knew is named later: by a ref that leads to him, else the visit
 * is filed anew. */
static void
test_who_is_named_later_must_be_told_by_the_ref(void **state)
{
	struct fixture *f = *state;
	struct authored a, b;

	assert_int_equal(try_add(f, visit_of("signed", NULL), &a), ERR_OK);
	resident(f, "b", "R1", "A");
	resident(f, "his", "R1", "A");
	assert_int_equal(try_amend(f, &a.record,
	                     json_pack("{s:s}", "resident_id", "ref:R1@b"), &b),
	    ERR_REFUSED);
	assert_true(is_refused_for(&b.findings, FINDING_NAMED));
	resident(f, "b", "R2", "A");
	assert_int_equal(try_amend(f, &a.record,
	                     json_pack("{s:s, s:n, s:n}", "resident_id",
	                         "ref:R2", "unknown", "description"),
	                     &b),
	    ERR_OK);
}

/* What is exported and edited comes back into its record. */
static void
test_a_line_of_a_forms_visit_finds_it(void **state)
{
	struct fixture *f = *state;
	struct authored a;
	char line[REF_BYTES_MAX + 400];

	resident(f, "b", "R1", "A");
	assert_int_equal(try_add(f, visit_of("signed", "R1"), &a), ERR_OK);
	snprintf(line, sizeof line,
	    "{\"kind\":\"encounter\",\"ref\":\"%s\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-02T08:00:00+08:00\",\"org_id\":\"ref:A\","
	    "\"state\":\"amended\",\"reason\":\"x\",\"type\":\"phone\","
	    "\"resident_id\":\"ref:R1\",\"plan\":\"rest\","
	    "\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n",
	    a.record.ref);
	give(f, line);
	assert_counts(f, 0, 1, 0, 0);
	assert_file(f, &a.record, "b");
}

#define GROUP(f) cmocka_unit_test_setup_teardown(f, open_group, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    GROUP(test_a_ref_means_its_own_or_the_only_one),
	    GROUP(test_whom_a_record_is_about_does_not_depend_on_order),
	    GROUP(test_a_move_gives_nobody_elses_file),
	    GROUP(test_a_move_says_whose_ref_it_is),
	    GROUP(test_a_move_of_the_only_one_is_confirmed),
	    GROUP(test_a_forms_visit_is_in_the_file_it_was_written_for),
	    GROUP(test_a_form_says_which_of_two_is_meant),
	    GROUP(test_a_draft_is_filed_when_it_is_signed),
	    GROUP(test_who_is_named_later_must_be_told_by_the_ref),
	    GROUP(test_a_line_of_a_forms_visit_finds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
