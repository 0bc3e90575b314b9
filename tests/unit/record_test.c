/* record: a record is read from its own changes and from no others. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/slip.h"
#include "tests/unit/pair.h"

static struct pair pair;
static struct txn *t;

static int
setup(void **state)
{
	pair_make(&pair);
	t = pair_begin(pair.clinic_db, true);
	return 0;
}

static int
teardown(void **state)
{
	txn_abort(t);
	pair_remove(&pair);
	return 0;
}

static struct change_id
write_one(const char *ref, const char *name, uint8_t key[KEY_RECORD_BYTES])
{
	struct change c;

	pair_change(&c, &pair.clinic, "resident", ref, "C01",
	    json_pack("{s:s}", "name", name));
	assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_OK);
	key_record(pair.clinic_db, key, &c.record);
	change_clear(&c);
	return c.id;
}

static void
test_records_are_found_by_what_people_call_them(void **state)
{
	uint8_t key[KEY_RECORD_BYTES], found[KEY_RECORD_BYTES];
	struct record r;

	write_one("R1", "a", key);
	assert_true(record_exists(t, key));
	assert_int_equal(
	    record_find(t, &pair.clinic, "resident", "R1", found), ERR_OK);
	assert_memory_equal(key, found, sizeof key);
	assert_int_equal(record_find(t, &pair.clinic, "resident", "R2", found),
	    ERR_NOT_FOUND);
	assert_int_equal(record_find(t, &pair.clinic, "encounter", "R1", found),
	    ERR_NOT_FOUND);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	assert_string_equal(r.id.ref, "R1");
	record_clear(&r);
	key[5] ^= 1;
	assert_false(record_exists(t, key));
	assert_int_equal(record_read(t, key, &r), ERR_NOT_FOUND);
}

static void
index_row(uint8_t out[KEY_RECORD_CHANGE_BYTES],
    const uint8_t key[KEY_RECORD_BYTES], const struct change_id *id)
{
	memcpy(out, key, KEY_RECORD_BYTES);
	key_change(out + KEY_RECORD_BYTES, id);
}

/* Keys are in clear: a flipped bit may name the change of another patient. */
static void
test_altered_index_never_mixes_records(void **state)
{
	uint8_t one[KEY_RECORD_BYTES], two[KEY_RECORD_BYTES];
	uint8_t row[KEY_RECORD_CHANGE_BYTES];
	struct change_id a = write_one("R1", "a", one);
	struct change_id b = write_one("R2", "b", two);
	struct record r;

	index_row(row, one, &b);
	assert_int_equal(
	    txn_put(t, TABLE_RECORDS, row, sizeof row, NULL, 0), ERR_OK);
	assert_int_equal(record_read(t, one, &r), ERR_CORRUPT);
	assert_int_equal(record_read(t, two, &r), ERR_OK);
	assert_string_equal(
	    json_string_value(json_object_get(r.fields, "name")), "b");
	record_clear(&r);
	/* One that is not there. */
	a.seq = 99;
	index_row(row, two, &a);
	assert_int_equal(
	    txn_put(t, TABLE_RECORDS, row, sizeof row, NULL, 0), ERR_OK);
	assert_int_equal(record_read(t, two, &r), ERR_CORRUPT);
}

static void
test_change_kept_apart_is_no_part_of_a_record(void **state)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct change_id id = write_one("R1", "a", key);
	struct stored s;
	struct record r;

	stored_init(&s);
	assert_int_equal(stored_read(t, &id, &s), ERR_OK);
	assert_int_equal(stored_write(t, &id, FINDING_SHAPE, s.month,
	                     s.fingerprint, s.body.data, s.body.size),
	    ERR_OK);
	assert_int_equal(record_read(t, key, &r), ERR_CORRUPT);
	stored_free(&s);
}

static void
test_fields_do_not_pass_for_the_envelope(void **state)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct change c;
	json_t *o;

	pair_change(&c, &pair.clinic, "resident", "R1", "C01",
	    json_pack("{s:s, s:s, s:s}", "org_id", "ref:C99", "by", "ref:X",
	        "name", "a"));
	assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_OK);
	key_record(pair.clinic_db, key, &c.record);
	change_clear(&c);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	o = record_to_json(&r);
	assert_string_equal(
	    json_string_value(json_object_get(o, "org_id")), "ref:C01");
	assert_string_equal(
	    json_string_value(json_object_get(o, "by")), "ref:D1");
	assert_string_equal(json_string_value(json_object_get(o, "name")), "a");
	json_decref(o);
	record_clear(&r);
}

static void
test_own_change_that_cannot_be_told_leaves_nothing(void **state)
{
	uint64_t before, after;
	struct change c;

	assert_int_equal(txn_count(t, TABLE_CHANGES, &before), ERR_OK);
	pair_change(&c, &pair.clinic, "resident", "R1", "C01",
	    json_pack("{s:s}", "name", "a"));
	snprintf(c.by, sizeof c.by, "\xc4\xe3");
	assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_FORMAT);
	change_clear(&c);
	assert_int_equal(txn_count(t, TABLE_CHANGES, &after), ERR_OK);
	assert_int_equal(before, after);
}

static void
test_drafts_are_local_and_replaced(void **state)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct change c;
	int i;

	for (i = 0; i < 2; i++) {
		pair_change(&c, &pair.clinic, "resident", "R1", "C01",
		    json_pack("{s:i}", "#99", i));
		assert_int_equal(draft_write(t, &c), ERR_OK);
		key_record(pair.clinic_db, key, &c.record);
		change_clear(&c);
	}
	assert_false(record_exists(t, key));
	assert_int_equal(draft_read(t, key, &r), ERR_OK);
	assert_int_equal(
	    json_integer_value(json_object_get(r.fields, "#99")), 1);
	record_clear(&r);
	assert_int_equal(draft_delete(t, key), ERR_OK);
	assert_int_equal(draft_delete(t, key), ERR_OK);
	assert_int_equal(draft_read(t, key, &r), ERR_NOT_FOUND);
}

static void
test_sources_are_kept_in_order_and_bounded(void **state)
{
	char name[SOURCE_BYTES_MAX + 2];
	struct source_names all;
	size_t i;

	assert_int_equal(sources_add(t, "b"), ERR_OK);
	assert_int_equal(sources_add(t, "a"), ERR_OK);
	assert_int_equal(sources_add(t, "b"), ERR_OK);
	/* Known, and not the first: this one leaked. */
	assert_int_equal(sources_add(t, "a"), ERR_OK);
	assert_int_equal(sources_read(t, &all), ERR_OK);
	assert_int_equal(all.count, 2);
	assert_string_equal(all.names[0], "b");
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(sources_add(t, name), ERR_LIMIT);
	for (i = 2; i < SOURCES_MAX; i++) {
		snprintf(name, sizeof name, "%zu", i);
		assert_int_equal(sources_add(t, name), ERR_OK);
	}
	assert_int_equal(sources_add(t, "one more"), ERR_LIMIT);
	assert_int_equal(sources_read(t, &all), ERR_OK);
	assert_int_equal(all.count, SOURCES_MAX);
}

static void
test_slip_leads_to_its_first_record(void **state)
{
	uint8_t first[KEY_RECORD_BYTES], found[KEY_RECORD_BYTES];
	struct change c;
	int i;

	for (i = 0; i < 2; i++) {
		pair_change(&c, &pair.clinic, "encounter", i == 0 ? "E1" : "E2",
		    "C01", json_pack("{s:s}", "slip_no", "AB-E-000001-7"));
		assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_OK);
		if (i == 0)
			key_record(pair.clinic_db, first, &c.record);
		change_clear(&c);
	}
	assert_int_equal(slip_find(t, "AB-E-000001-7", found), ERR_OK);
	assert_memory_equal(first, found, sizeof first);
	assert_int_equal(
	    record_find(t, &pair.clinic, "encounter", "AB-E-000001-7", found),
	    ERR_OK);
	assert_int_equal(
	    record_find(t, &pair.clinic, "referral", "AB-E-000001-7", found),
	    ERR_NOT_FOUND);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_records_are_found_by_what_people_call_them),
	    CASE(test_altered_index_never_mixes_records),
	    CASE(test_change_kept_apart_is_no_part_of_a_record),
	    CASE(test_fields_do_not_pass_for_the_envelope),
	    CASE(test_own_change_that_cannot_be_told_leaves_nothing),
	    CASE(test_drafts_are_local_and_replaced),
	    CASE(test_sources_are_kept_in_order_and_bounded),
	    CASE(test_slip_leads_to_its_first_record),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
