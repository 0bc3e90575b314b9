/* clock_story: a computer whose clock shows 2009, or 2037 (story 4 of the
 * acceptance stories). Saving works and asks for the date; what it writes is
 * marked; numbers, the order of changes and contracts do not depend on it, and
 * a date to come wins nothing. */

#include "store/author.h"
#include "tests/unit/feed_room.h"

#define IN_2009 INT64_C(1230739560)
#define IN_2037 INT64_C(2114352360)

static const int64_t wrong_clocks[] = {IN_2009, IN_2037};

static bool
asks_for_date(const struct findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].code == FINDING_CLOCK &&
		    strcmp(f->list[i].field, "at") == 0)
			return !f->list[i].refused;
	return false;
}

static struct authored
add(struct member *m, const char *org, const char *kind, int64_t now,
    json_t *fields)
{
	struct txn *t = member_begin(m, true);
	struct authored made;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_add(t, &self, kind, "S1", org, fields, now, &made), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	self_wipe(&self);
	json_decref(fields);
	return made;
}

static struct authored
amend(struct member *m, const char *org, const struct identity *id, int64_t now,
    const char *phone)
{
	struct txn *t = member_begin(m, true);
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = json_pack("{s:s}", "phone", phone);
	struct authored made;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(m->db, key, id);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", org, fields, now, &made), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	self_wipe(&self);
	json_decref(fields);
	return made;
}

static json_t *
person(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "张伟", "sex",
	    "1", "no_id_reason", "lost", "managing_org_id", "ref:C01", "phone",
	    "100");
}

static enum clock_state
clock_of(struct member *m, const struct change_id *id)
{
	struct txn *t = member_begin(m, false);
	enum clock_state clock;
	struct change c;
	struct stored s;

	stored_init(&s);
	change_init(&c);
	assert_int_equal(stored_read(t, id, &s), ERR_OK);
	assert_int_equal(change_decode(&c, s.body.data, s.body.size), ERR_OK);
	clock = c.clock;
	change_clear(&c);
	stored_free(&s);
	txn_abort(t);
	return clock;
}

static void
shows(struct member *m, const struct identity *id, const char *name,
    const char *value)
{
	struct txn *t = member_begin(m, false);
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;

	key_record(m->db, key, id);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	assert_string_equal(
	    json_string_value(json_object_get(r.fields, name)), value);
	record_clear(&r);
	txn_abort(t);
}

/* Numbers go on by one whatever the clock shows, the change is marked and goes
 * up like any other. */
static void
test_saving_works_and_asks_for_the_date(void **state)
{
	struct authored before, wrong;
	size_t i;

	sync_all();
	before = add(&a, "C01", "resident", GROUP_NOW, person());
	assert_false(asks_for_date(&before.findings));
	assert_int_equal(clock_of(&a, &before.id), CLOCK_OK);
	for (i = 0; i < 2; i++) {
		wrong = add(&a, "C01", "resident", wrong_clocks[i], person());
		assert_true(asks_for_date(&wrong.findings));
		assert_int_equal(wrong.findings.refusals, 0);
		assert_int_equal(clock_of(&a, &wrong.id), CLOCK_SUSPECT);
		assert_int_equal(wrong.id.seq, before.id.seq + 1 + i);
		assert_memory_equal(wrong.id.life, before.id.life, LIFE_BYTES);
		sync_all();
		assert_int_equal(clock_of(&hub, &wrong.id), CLOCK_SUSPECT);
	}
}

/* Who had seen the other comes after it. */
static void
test_order_is_by_what_was_seen(void **state)
{
	struct authored one;
	size_t i;

	sync_all();
	for (i = 0; i < 2; i++) {
		one = add(&a, "C01", "resident", GROUP_NOW, person());
		sync_all();
		/* Written before all others, it follows them. */
		amend(&a, "C01", &one.record, wrong_clocks[i], "111");
		sync_all();
		shows(&hub, &one.record, "phone", "111");
		/* Written after all others, it is followed. */
		amend(&hub, "C01", &one.record, GROUP_NOW, "222");
		sync_all();
		shows(&hub, &one.record, "phone", "222");
		shows(&a, &one.record, "phone", "222");
	}
}

/* b knows nothing of what the managing org writes meanwhile, and its clock is
 * ahead of it by eleven years, or behind by seventeen. */
static void
test_no_date_wins(void **state)
{
	struct authored one;
	size_t i;

	sync_all();
	for (i = 0; i < 2; i++) {
		one = add(&a, "C01", "resident", GROUP_NOW, person());
		add(&b, "C02", "referral", GROUP_NOW,
		    json_pack("{s:o, s:s, s:s, s:s, s:s}", "resident_id",
		        json_sprintf("ref:%s", one.record.ref), "from_org",
		        "ref:C02", "to_org", "ref:C01", "state", "issued",
		        "direction", "sideways"));
		sync_all();
		sync_all();
		amend(&a, "C01", &one.record, GROUP_NOW, "111");
		amend(&b, "C02", &one.record, wrong_clocks[i], "222");
		sync_all();
		shows(&hub, &one.record, "phone", "111");
		shows(&a, &one.record, "phone", "111");
		shows(&b, &one.record, "phone", "111");
	}
}

static struct authored
sign(struct member *m, const char *org, const struct identity *resident,
    int64_t now)
{
	return add(m, org, "contract", now,
	    json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:[{s:s}]}", "state",
	        "signed", "resident_id", json_sprintf("ref:%s", resident->ref),
	        "signed_on", "2026-05-03", "start_on", "2026-05-03", "end_on",
	        "2027-05-02", "resident_signature", "paper", "team_id",
	        "ref:TM1", "packages", "code", "BASIC"));
}

/* The group's word on them is the same as with clocks that are right. */
static void
test_contracts_do_not_depend_on_it(void **state)
{
	size_t i;

	sync_all();
	for (i = 0; i < 2; i++) {
		struct authored one =
		    add(&a, "C01", "resident", GROUP_NOW, person());
		struct authored first =
		    sign(&a, "C01", &one.record, wrong_clocks[i]);
		struct authored other;

		sync_all();
		shows(&hub, &first.record, "state", "active");
		shows(&a, &first.record, "state", "active");
		other = sign(&b, "C02", &one.record, wrong_clocks[1 - i]);
		sync_all();
		shows(&hub, &first.record, "state", "contested");
		shows(&hub, &other.record, "state", "contested");
		shows(&a, &first.record, "state", "contested");
		shows(&b, &other.record, "state", "contested");
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_saving_works_and_asks_for_the_date),
	    CASE(test_order_is_by_what_was_seen),
	    CASE(test_no_date_wins),
	    CASE(test_contracts_do_not_depend_on_it),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
