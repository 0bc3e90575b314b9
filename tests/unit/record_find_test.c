/* record_find: what people type, where programs count from one. */

#include "tests/unit/persons_room.h"

static void
resident_of(struct test_store *s, const char *source, const char *name)
{
	test_store_admit(s, source, "resident", "1001", "A",
	    json_pack("{s:s}", "name", name));
}

static enum err
found(struct test_store *s, const char *text, char source[SOURCE_BYTES_MAX + 1])
{
	struct txn *t = test_store_read(s);
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = record_find(t, &self, "resident", text, key);
	if (e == ERR_OK) {
		assert_int_equal(record_read(t, key, &r), ERR_OK);
		snprintf(source, SOURCE_BYTES_MAX + 1, "%s", r.id.source);
		record_clear(&r);
	}
	txn_abort(t);
	return e;
}

static void
assert_found(struct test_store *s, const char *text, const char *source)
{
	char is_of[SOURCE_BYTES_MAX + 1];

	assert_int_equal(found(s, text, is_of), ERR_OK);
	assert_string_equal(is_of, source);
}

static void
imports(struct test_store *s, const char *source)
{
	struct txn *t = test_store_write(s);

	assert_int_equal(sources_add(t, source), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* Whoever came first is not meant by that. */
static void
test_of_several_none_is_meant(void **state)
{
	struct test_store *s = *state;
	char source[SOURCE_BYTES_MAX + 1];

	resident_of(s, "b", "李娜");
	assert_found(s, "1001", "b");
	resident_of(s, "a", "张伟");
	assert_int_equal(found(s, "1001", source), ERR_CLASH);
	assert_found(s, "1001@a", "a");
	assert_found(s, "1001@b", "b");
	assert_int_equal(found(s, "1001@c", source), ERR_NOT_FOUND);
	assert_int_equal(found(s, "@a", source), ERR_NOT_FOUND);
}

/* What was imported here is meant by who sits here. */
static void
test_ones_own_program_is_meant(void **state)
{
	struct test_store *s = *state;
	char source[SOURCE_BYTES_MAX + 1];

	resident_of(s, "b", "李娜");
	resident_of(s, "a", "张伟");
	imports(s, "a");
	assert_found(s, "1001", "a");
	imports(s, "b");
	assert_int_equal(found(s, "1001", source), ERR_CLASH);
}

static enum err
ask_to_move(struct test_store *s, const char *resident, struct authored *made)
{
	struct txn *t = test_store_write(s);
	json_t *fields = json_pack("{s:s, s:o, s:s, s:s}", "state", "requested",
	    "resident_id", json_sprintf("ref:%s", resident), "from_org",
	    "ref:A", "to_org", "ref:B");
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(t, &self, "move", "S1", "H", fields, TEST_NOW, made);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

/* A form keeps whose it is, and no guess. */
static void
test_no_form_guesses_whose_it_is(void **state)
{
	struct test_store *s = *state;
	struct authored made;
	struct record r;

	resident_of(s, "b", "李娜");
	resident_of(s, "a", "张伟");
	memset(&made, 0, sizeof made);
	assert_int_equal(ask_to_move(s, "1001", &made), ERR_REFUSED);
	assert_int_equal(made.findings.list[0].code, FINDING_CALLED_SO);
	assert_string_equal(made.findings.list[0].field, "resident_id");
	assert_int_equal(ask_to_move(s, "1001@a", &made), ERR_OK);
	test_store_record(s, made.record.source, "move", made.record.ref, &r);
	assert_string_equal(rule_ref(r.fields, "resident_id"), "1001");
	assert_string_equal(rule_text(r.fields, "resident_source"), "a");
	record_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_of_several_none_is_meant),
	    HUB(test_ones_own_program_is_meant),
	    HUB(test_no_form_guesses_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
