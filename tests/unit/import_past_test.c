/* import: lines about records that are here already. */

#include "tests/unit/import_room.h"

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

#define VISIT_BY(state, by, org, at)                                           \
	"{\"kind\":\"encounter\",\"ref\":\"E1\",\"by\":\"ref:" by              \
	"\",\"at\":\"2026-05-01T" at "+08:00\",\"org_id\":\"ref:" org          \
	"\",\"state\":\"" state "\",\"type\":\"phone\",\"unknown\":true,"      \
	"\"description\":\"过路人\","                                       \
	"\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n"

static void
assert_version(struct fixture *f, const char *by, const char *org, int64_t at,
    size_t changes)
{
	struct record r;

	test_store_record(&f->s, "his", "encounter", "E1", &r);
	assert_string_equal(r.by, by);
	assert_string_equal(r.org, org);
	assert_int_equal(r.at, at);
	assert_int_equal(r.change_count, changes);
	assert_int_equal(r.head_count, 1);
	record_clear(&r);
}

static void
test_another_author_or_org_is_a_version(void **state)
{
	const int64_t nine = TEST_NOW - 27 * 3600;
	struct fixture *f = *state;
	struct change c;

	give(f, VISIT_BY("signed", "S1", "V1", "08:00:00"));
	give(f, VISIT_BY("signed", "S2", "V1", "09:00:00"));
	assert_counts(f, 0, 1, 0, 0);
	last_change(f, 2, &c);
	assert_int_equal(json_object_size(c.fields), 0);
	assert_int_equal(c.parent_count, 1);
	assert_int_equal(c.parents[0].id.seq, 1);
	change_clear(&c);
	assert_version(f, "S2", "V1", nine, 2);
	give(f, VISIT_BY("signed", "S2", "V2", "10:00:00"));
	assert_counts(f, 0, 1, 0, 0);
	assert_version(f, "S2", "V2", nine + 3600, 3);
	/* He is held against the line before, not against the first. */
	give(f, VISIT_BY("signed", "S1", "V1", "11:00:00"));
	assert_counts(f, 0, 1, 0, 0);
	assert_version(f, "S1", "V1", nine + 7200, 4);
	give(f, VISIT_BY("signed", "S1", "V1", "12:00:00")
	            VISIT_BY("signed", "S2", "V1", "09:00:00"));
	assert_counts(f, 0, 0, 2, 0);
	assert_version(f, "S1", "V1", nine + 7200, 4);
}

/* Whether it is meant anew cannot be told from an old file, as with a value: it
 * takes an instant of its own. */
static void
test_the_very_line_of_before_is_no_version(void **state)
{
	const int64_t eight = TEST_NOW - 28 * 3600;
	struct fixture *f = *state;

	give(f, VISIT_BY("signed", "S1", "V1", "08:00:00"));
	give(f, VISIT_BY("signed", "S2", "V1", "08:00:00"));
	assert_counts(f, 0, 1, 0, 0);
	give(f, VISIT_BY("signed", "S1", "V1", "08:00:00"));
	assert_counts(f, 0, 0, 1, 0);
	assert_version(f, "S2", "V1", eight, 2);
	give(f, VISIT_BY("signed", "S1", "V1", "09:00:00"));
	assert_counts(f, 0, 1, 0, 0);
	assert_version(f, "S1", "V1", eight + 3600, 3);
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
	assert_int_equal(f->notices[0].code, FINDING_ROW_GONE);
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "allergies")), 2);
	record_clear(&r);
	give(f, RESIDENT("11:00:00", ",\"allergies\":[]"));
	assert_counts(f, 0, 0, 1, 0);
	/* Struck out it stays so. */
	give(f, RESIDENT("12:00:00",
	            ",\"allergies\":[{\"substance\":\"头孢\",\"status\":"
	            "\"entered_in_error\",\"reason\":\"皮试阴性\"}]"));
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "allergies")), 2);
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
test_draft_may_be_another_authors(void **state)
{
	struct fixture *f = *state;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct txn *t;

	give(f, VISIT_BY("draft", "S1", "V1", "08:00:00"));
	give(f, VISIT_BY("draft", "S2", "V1", "09:00:00"));
	assert_counts(f, 0, 1, 0, 0);
	assert_int_equal(change_count(f), 0);
	key_record_of(f->s.db, key, "his", "encounter", "E1");
	t = test_store_read(&f->s);
	assert_int_equal(draft_read(t, key, &r), ERR_OK);
	assert_string_equal(r.by, "S2");
	record_clear(&r);
	txn_abort(t);
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
	/* Both versions stand there, and it is asked once. */
	assert_int_equal(questions(f, QUESTION_LOST).count, 0);
	w = questions(f, QUESTION_MATTER);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.last.code, FINDING_CONFLICT);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_same_input_again_changes_nothing),
	    CLINIC(test_another_source_means_another_record),
	    CLINIC(test_update_holds_changed_fields_only),
	    CLINIC(test_value_may_go_back_to_what_it_was),
	    CLINIC(test_new_instant_alone_is_no_change),
	    CLINIC(test_another_author_or_org_is_a_version),
	    CLINIC(test_the_very_line_of_before_is_no_version),
	    CLINIC(test_omitted_field_is_cleared),
	    CLINIC(test_omitted_list_that_only_grows_is_kept),
	    CLINIC(test_later_lines_of_a_batch_see_earlier_ones),
	    CLINIC(test_parent_in_an_earlier_life_is_linked),
	    CLINIC(test_draft_stays_local_until_it_is_signed),
	    CLINIC(test_draft_may_be_another_authors),
	    CLINIC(test_draft_that_was_signed_by_hand_is_no_draft_again),
	    CLINIC(test_amendment_survives_the_same_export_tonight),
	    CLINIC(test_field_lost_to_an_amendment_is_a_question),
	    CLINIC(test_managing_org_wins_over_an_amendment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
