/* training: a dictionary of what is common saves bytes, holds nobody, and is
 * the same however often it is made.
 */

#include "store/dictionaries.h"
#include "store/training.h"
#include "tests/unit/test_store.h"

#include "tests/unit/bodies.h"

enum { VISITS = 120, AUTHORS = 3 };

/* What only one resident's notes hold, and what names somebody. */
static const char secret[] = "在后山被野猪顶伤";
static const char name[] = "欧阳不二";

static const char *const said[] = {"咳嗽咳痰三天伴低热", "头昏乏力纳差一周",
    "上腹隐痛反酸嗳气", "双膝疼痛上下楼明显", "血压控制不好来取药"};

static json_t *
visit_fields(unsigned n)
{
	json_t *fields = json_pack("{s:s, s:s, s:s, s:i, s:[{s:s, s:s}]}",
	    "state", "signed", "type", "outpatient", "visit_at",
	    "2026-05-02T09:13:07+08:00", "sbp", 128, "diagnoses", "code",
	    "J06.9", "name", "急性上呼吸道感染");

	assert_non_null(fields);
	json_object_set_new(fields, "resident_id", json_sprintf("ref:R%u", n));
	json_object_set_new(fields, "subjective",
	    json_sprintf("%s，%s，%s", said[n % 5], name,
	        n == 40 ? secret : said[(n / 5) % 5]));
	json_object_set_new(
	    fields, "plan", json_sprintf("%s取药，随诊", said[n % 3]));
	return fields;
}

static void
admit_visit(struct test_store *s, struct txn *t, unsigned n)
{
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "encounter");
	snprintf(c.record.ref, sizeof c.record.ref, "E%04u", n);
	snprintf(c.by, sizeof c.by, "S%u", n % AUTHORS);
	snprintf(c.org, sizeof c.org, "C01");
	c.occurred_at = c.recorded_at = TEST_NOW + 60 * n;
	c.fields = visit_fields(n);
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	change_clear(&c);
	self_wipe(&self);
	(void)s;
}

static void
fill(struct test_store *s)
{
	struct txn *t;
	unsigned n;

	test_store_open(s, ROLE_HUB);
	test_store_admit(s, "", "org", "H01", "H01",
	    json_pack("{s:s, s:s}", "name", "县医院", "level", "county"));
	test_store_admit(s, "his", "resident", "R1", "H01",
	    json_pack("{s:s}", "name", name));
	t = test_store_write(s);
	for (n = 0; n < VISITS; n++)
		admit_visit(s, t, n);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static bool
holds(const struct sample_bodies *all, const char *text)
{
	return memmem(all->bytes.data, all->bytes.size, text, strlen(text)) !=
	       NULL;
}

static void
test_training_saves_and_holds_nobody(void **state)
{
	struct test_store s;
	struct trained made;
	struct sample_bodies all;
	size_t i;

	fill(&s);
	assert_int_equal(
	    training_make(s.db, DICTIONARIES_BYTES_MAX, NULL, NULL, &made),
	    ERR_OK);
	assert_true(made.dictionary.size <= DICTIONARIES_BYTES_MAX);
	assert_string_equal(made.org, "H01");
	assert_int_equal(made.records + made.measured, VISITS);
	assert_true(made.bytes_after < made.bytes_before);
	sample_bodies_read_of(&all, made.dictionary.data, made.dictionary.size);
	for (i = 0; i < 5; i++)
		assert_true(holds(&all, said[i]));
	assert_false(holds(&all, secret));
	assert_false(holds(&all, name));
	assert_true(holds(&all, "V0101"));
	sample_bodies_free(&all);
	buffer_free(&made.dictionary);
	test_store_close(&s);
}

static void
test_training_gives_the_same_again(void **state)
{
	struct test_store s;
	struct trained one, two;

	fill(&s);
	assert_int_equal(training_make(s.db, 20000, NULL, NULL, &one), ERR_OK);
	assert_int_equal(training_make(s.db, 20000, NULL, NULL, &two), ERR_OK);
	assert_true(one.dictionary.size <= 20000);
	assert_int_equal(one.dictionary.size, two.dictionary.size);
	assert_memory_equal(
	    one.dictionary.data, two.dictionary.data, one.dictionary.size);
	buffer_free(&one.dictionary);
	buffer_free(&two.dictionary);
	test_store_close(&s);
}

static bool
stop_at_once(void *context)
{
	(*(unsigned *)context)++;
	return true;
}

static void
test_training_wants_something_common(void **state)
{
	struct test_store s;
	struct trained made;
	unsigned asked = 0;

	test_store_open(&s, ROLE_HUB);
	assert_int_equal(
	    training_make(s.db, 20000, NULL, NULL, &made), ERR_NOT_FOUND);
	test_store_close(&s);
	fill(&s);
	assert_int_equal(
	    training_make(s.db, 20000, stop_at_once, &asked, &made),
	    ERR_CLOSED);
	assert_int_equal(asked, 1);
	test_store_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_training_saves_and_holds_nobody),
	    cmocka_unit_test(test_training_gives_the_same_again),
	    cmocka_unit_test(test_training_wants_something_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
