/* census: what few said, or what names somebody, never comes out.
 *
 * Everybody and everything here is invented.
 */

#include <sodium.h>

#include "store/census.h"
#include "store/census_text.h"
#include "tests/unit/test_store.h"

struct room {
	char dir[SCRATCH_PATH_BYTES];
	struct db *db;
	struct census *census;
	const struct atom *atoms;
	size_t count;
};

static int
begin(void **state)
{
	struct room *r = calloc(1, sizeof *r);

	if (r == NULL || sodium_init() < 0)
		return -1;
	scratch_make(r->dir);
	r->db = scratch_db(r->dir);
	assert_int_equal(census_new(&r->census, r->db), ERR_OK);
	*state = r;
	return 0;
}

static int
end(void **state)
{
	struct room *r = *state;

	census_free(r->census);
	db_close(r->db);
	scratch_remove(r->dir);
	free(r);
	return 0;
}

/* An encounter of resident number n, by author number n modulo `authors`. */
static json_t *
visit(unsigned n, unsigned authors, const char *subjective)
{
	json_t *v = json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", "encounter",
	    "ref", "E1", "state", "signed", "type", "outpatient", "subjective",
	    subjective);

	assert_non_null(v);
	json_object_set_new(v, "resident_id", json_sprintf("ref:R%u", n));
	json_object_set_new(v, "by", json_sprintf("ref:S%u", n % authors));
	return v;
}

static void
count(struct room *r, json_t *record)
{
	assert_int_equal(census_count(r->census, record), ERR_OK);
	json_decref(record);
}

static void
count_visits(
    struct room *r, unsigned residents, unsigned authors, const char *text)
{
	unsigned n;

	for (n = 0; n < residents; n++)
		count(r, visit(n, authors, text));
}

static void
note(struct room *r, const char *kind, const char *field, const char *value)
{
	json_t *record = json_pack("{s:s, s:s}", "kind", kind, field, value);

	assert_non_null(record);
	assert_int_equal(census_note_names(r->census, record), ERR_OK);
	json_decref(record);
}

/* Whether any part that came out holds this text. */
static bool
came_out(struct room *r, const char *text)
{
	size_t i;

	assert_int_equal(
	    census_result(r->census, &r->atoms, &r->count), ERR_OK);
	for (i = 0; i < r->count; i++)
		if (strstr(r->atoms[i].text, text) != NULL)
			return true;
	return false;
}

/* --- how many ---------------------------------------------------------- */

static void
test_census_wants_five_residents(void **state)
{
	struct room *r = *state;

	count_visits(r, 4, 2, "夜间咳嗽");
	assert_false(came_out(r, "夜间咳嗽"));
	/* The same four once more are still four. */
	count_visits(r, 4, 2, "夜间咳嗽");
	assert_false(came_out(r, "夜间咳嗽"));
	count_visits(r, 5, 2, "夜间咳嗽");
	assert_true(came_out(r, "夜间咳嗽"));
}

static void
test_census_wants_two_authors(void **state)
{
	struct room *r = *state;

	count_visits(r, 30, 1, "老王家的狗咬的");
	assert_false(came_out(r, "老王家的狗咬的"));
	count_visits(r, 30, 2, "老王家的狗咬的");
	assert_true(came_out(r, "老王家的狗咬的"));
}

static void
test_census_counts_a_phrase_not_what_is_around_it(void **state)
{
	static const char *const texts[] = {"夜间咳嗽，甲甲一",
	    "甲甲二。夜间咳嗽", "甲甲三；夜间咳嗽，甲甲四", "夜间咳嗽",
	    "甲甲五,夜间咳嗽"};
	struct room *r = *state;
	unsigned n;

	for (n = 0; n < 5; n++)
		count(r, visit(n, 2, texts[n]));
	assert_true(came_out(r, "夜间咳嗽"));
	assert_false(came_out(r, "甲甲"));
}

static void
test_census_passes_over_whom_no_resident_is_named_for(void **state)
{
	struct room *r = *state;
	unsigned n;

	for (n = 0; n < 10; n++) {
		json_t *v = visit(n, 2, "路边发现");

		json_object_del(v, "resident_id");
		count(r, v);
		v = visit(n, 2, "未签字的");
		json_object_set_new(v, "state", json_string("draft"));
		count(r, v);
	}
	assert_false(came_out(r, "路边发现"));
	assert_false(came_out(r, "未签字的"));
}

/* --- where ------------------------------------------------------------- */

static void
test_census_reads_only_fields_that_are_listed(void **state)
{
	static const char *const fields[] = {
	    "description", "reason", "no_such_field", "slip_no", "dup_checks"};
	struct room *r = *state;
	unsigned n, i;

	for (n = 0; n < 10; n++)
		for (i = 0; i < 5; i++) {
			json_t *v = visit(n, 2, "咳嗽");

			json_object_set_new(
			    v, fields[i], json_string("不该出现"));
			count(r, v);
		}
	assert_true(came_out(r, "咳嗽"));
	assert_false(came_out(r, "不该出现"));
}

static void
test_census_reads_no_residents_or_contracts(void **state)
{
	static const char *const kinds[] = {
	    "resident", "contract", "staff", "loan", "usage"};
	static const char *const fields[] = {
	    "name", "address", "phone", "choice_note", "reason", "subjective"};
	struct room *r = *state;
	unsigned n, i, k;

	for (n = 0; n < 10; n++)
		for (k = 0; k < 5; k++)
			for (i = 0; i < 6; i++) {
				json_t *v = visit(n, 2, "不该出现");

				json_object_set_new(
				    v, "kind", json_string(kinds[k]));
				json_object_set_new(
				    v, fields[i], json_string("不该出现"));
				count(r, v);
			}
	assert_false(came_out(r, "不该出现"));
}

static void
test_census_takes_rows_whole(void **state)
{
	struct room *r = *state;
	unsigned n;

	for (n = 0; n < 6; n++) {
		json_t *v = visit(n, 2, "咳嗽");

		json_object_set_new(v, "diagnoses",
		    json_pack("[{s:s, s:s}, {s:s, s:s}]", "code", "J06.9",
		        "name", "上呼吸道感染", "code", "Z99.9", "name",
		        n == 3 ? "独一无二" : "常见"));
		count(r, v);
	}
	assert_true(
	    came_out(r, "{\"code\":\"J06.9\",\"name\":\"上呼吸道感染\"}"));
	assert_true(came_out(r, "常见"));
	assert_false(came_out(r, "独一无二"));
}

/* --- who --------------------------------------------------------------- */

static void
test_census_keeps_names_out(void **state)
{
	struct room *r = *state;

	note(r, "resident", "name", "张三丰");
	note(r, "resident", "address", "红岩村2组");
	note(r, "staff", "name", "李四光");
	note(r, "referral", "to_phone", "0816-12");
	count_visits(r, 20, 2,
	    "张三丰陪来，家住红岩村2组，李四光医生看过，电0816-12问，咳嗽");
	assert_true(came_out(r, "咳嗽"));
	assert_false(came_out(r, "张三丰"));
	assert_false(came_out(r, "红岩村"));
	assert_false(came_out(r, "李四光"));
	assert_false(came_out(r, "0816"));
}

static void
test_census_keeps_a_contacts_name_out_of_rows_too(void **state)
{
	struct room *r = *state;
	json_t *resident = json_pack(
	    "{s:s, s:{s:s}}", "kind", "resident", "contact", "name", "赵六合");
	unsigned n;

	assert_int_equal(census_note_names(r->census, resident), ERR_OK);
	json_decref(resident);
	for (n = 0; n < 10; n++) {
		json_t *v = visit(n, 2, "咳嗽");

		json_object_set_new(v, "orders",
		    json_pack(
		        "[{s:s, s:s}]", "kind", "care", "name", "交赵六合办"));
		json_object_set_new(v, "dept", json_string("赵六合科"));
		count(r, v);
	}
	assert_false(came_out(r, "赵六合"));
}

static void
test_census_keeps_long_numbers_out(void **state)
{
	static const char *const numbers[] = {"电话12345678901", "电话123456",
	    "１２３４５６号", "123-4567", "2026.05.01来", "12 34 56",
	    "51990119660707004X"};
	static const char *const fine[] = {
	    "12345号", "血压120/80", "36.5度", "3次2片1天", "5mg 10ml 20mg"};
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_true(census_has_long_number(numbers[i]));
	for (i = 0; i < sizeof fine / sizeof fine[0]; i++)
		assert_false(census_has_long_number(fine[i]));
	count_visits(*state, 20, 2, "打12345678901问过");
	assert_false(came_out(*state, "12345678901"));
}

/* A census of many names still knows each. */
static void
test_census_knows_every_name(void **state)
{
	struct room *r = *state;
	char name[32];
	unsigned n;

	for (n = 0; n < 20000; n++) {
		snprintf(name, sizeof name, "人%x", n + 4096);
		note(r, "resident", "name", name);
	}
	count_visits(r, 10, 2, "人1000，人5e1f，人9x，咳嗽");
	assert_true(came_out(r, "人9x"));
	assert_false(came_out(r, "人1000"));
	assert_false(came_out(r, "人5e1f"));
}

#define in_room(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    in_room(test_census_wants_five_residents),
	    in_room(test_census_wants_two_authors),
	    in_room(test_census_counts_a_phrase_not_what_is_around_it),
	    in_room(test_census_passes_over_whom_no_resident_is_named_for),
	    in_room(test_census_reads_only_fields_that_are_listed),
	    in_room(test_census_reads_no_residents_or_contracts),
	    in_room(test_census_takes_rows_whole),
	    in_room(test_census_keeps_names_out),
	    in_room(test_census_keeps_a_contacts_name_out_of_rows_too),
	    in_room(test_census_keeps_long_numbers_out),
	    in_room(test_census_knows_every_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
