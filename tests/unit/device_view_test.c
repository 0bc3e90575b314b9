/* device_view: what forms know of a device, and how it is shown: where it is,
 * what is late, hours and cases.
 */

#include "tests/unit/device_room.h"

/* --- forms -----------------------------------------------------------------
 */

static enum err
write_one(struct fixture *f, const char *kind, const char *org,
    const char *text, struct authored *out)
{
	json_t *fields = json_loads(text, 0, NULL);
	struct txn *t = test_store_write(&f->s);
	struct self self;
	enum err e;

	assert_non_null(fields);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(t, &self, kind, "S1", org, fields, TEST_NOW, out);
	self_wipe(&self);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static bool
told(const struct authored *a, enum finding_code code, bool refused)
{
	size_t i;

	for (i = 0; i < a->findings.count; i++)
		if (a->findings.list[i].code == code &&
		    a->findings.list[i].refused == refused)
			return true;
	return false;
}

static void
assert_number(struct fixture *f, const struct authored *a, json_int_t wanted,
    const char *from)
{
	struct record r;

	test_store_record(
	    &f->s, a->record.source, "custody", a->record.ref, &r);
	assert_int_equal(
	    json_integer_value(json_object_get(r.fields, "custody_no")),
	    wanted);
	assert_string_equal(text_in(r.fields, "from"), from);
	record_clear(&r);
}

static void
test_a_form_knows_the_next_number_and_who_has_it(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	give(f, story[0]);
	assert_int_equal(write_one(f, "custody", "H",
	                     "{\"device_id\":\"ref:D1\",\"to\":\"ref:A\"}", &a),
	    ERR_OK);
	assert_number(f, &a, 1, "ref:H");
	assert_false(told(&a, FINDING_NOT_CUSTODIAN, false));
	assert_false(told(&a, FINDING_ONWARD_LENDING, false));
	assert_int_equal(write_one(f, "custody", "A",
	                     "{\"device_id\":\"ref:D1\",\"to\":\"ref:B\"}", &a),
	    ERR_OK);
	assert_number(f, &a, 2, "ref:A");
	assert_true(told(&a, FINDING_ONWARD_LENDING, false));
	assert_int_equal(write_one(f, "custody", "C",
	                     "{\"device_id\":\"ref:D1\",\"from\":\"ref:C\","
	                     "\"to\":\"ref:H\"}",
	                     &a),
	    ERR_OK);
	assert_number(f, &a, 3, "ref:C");
	assert_true(told(&a, FINDING_NOT_CUSTODIAN, false));
}

/* A number far on, or a slip of the finger, ends no hand-over after it. */
static void
test_a_form_warns_of_a_gap_and_goes_on_from_what_is_sure(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	give(f, story[0]);
	give(f, story[1]);
	assert_int_equal(write_one(f, "custody", "C",
	                     "{\"device_id\":\"ref:D1\",\"from\":\"ref:H\","
	                     "\"to\":\"ref:C\",\"custody_no\":1000000}",
	                     &a),
	    ERR_OK);
	assert_true(told(&a, FINDING_NOT_CUSTODIAN, false));
	assert_true(told(&a, FINDING_CUSTODY_JUMP, false));
	assert_int_equal(write_one(f, "custody", "A",
	                     "{\"device_id\":\"ref:D1\",\"from\":\"ref:A\","
	                     "\"to\":\"ref:H\"}",
	                     &a),
	    ERR_OK);
	assert_number(f, &a, 2, "ref:A");
}

static void
test_a_disputed_device_is_not_approved(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	static const char fields[] =
	    "{\"state\":\"%s\",\"device_id\":\"ref:D1\","
	    "\"lender\":\"ref:H\",\"borrower\":\"ref:E\"}";
	struct fixture *f = *state;
	struct authored a;
	char text[200];

	tell(f, order);
	snprintf(text, sizeof text, fields, "requested");
	assert_int_equal(write_one(f, "loan", "E", text, &a), ERR_OK);
	assert_true(told(&a, FINDING_PLACE_DISPUTED, false));
	snprintf(text, sizeof text, fields, "approved");
	assert_int_equal(write_one(f, "loan", "H", text, &a), ERR_REFUSED);
	assert_true(told(&a, FINDING_PLACE_DISPUTED, true));
}

/* Two programs call two devices D1: the loan of one is not approved by what
 * this store would mean by the ref, which is neither. */
static void
test_a_loan_is_held_against_its_own_programs_device(void **state)
{
	static const char other[] = DEVICE("08:00:00", "");
	static const int order[] = {0, 1, 2, 3};
	struct fixture *f = *state;
	json_t *fields = json_pack("{s:s}", "state", "approved");
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	struct txn *t;

	give_bytes(f, "other", other, strlen(other));
	tell(f, order);
	give(f, LOAN("L1", "08:00:00", "E", "requested", "H", "E", ""));
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "loan", "L1");
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "H", fields, TEST_NOW, &a),
	    ERR_REFUSED);
	assert_true(told(&a, FINDING_PLACE_DISPUTED, true));
	txn_abort(t);
	self_wipe(&self);
	json_decref(fields);
}

/* A person's word of loan L1; whether it says the field. */
static bool
amends_loan(struct fixture *f, const char *org, json_t *fields,
    const char *field, struct authored *a)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct self self;
	struct stored s;
	struct change c;
	bool says;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "loan", "L1");
	assert_int_equal(
	    author_amend(t, &self, key, "S1", org, fields, TEST_NOW, a),
	    ERR_OK);
	stored_init(&s);
	change_init(&c);
	c.id = a->id;
	assert_int_equal(stored_read(t, &a->id, &s), ERR_OK);
	assert_int_equal(change_decode(&c, s.body.data, s.body.size), ERR_OK);
	says = a->is_new && json_object_get(c.fields, field) != NULL;
	change_clear(&c);
	stored_free(&s);
	self_wipe(&self);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	return says;
}

static json_t *
approved(void)
{
	return json_pack(
	    "{s:s, s:s}", "state", "approved", "approved_by", "ref:S1");
}

/* Whoever else wrote before that it is approved. */
static void
test_the_owner_approves_what_another_called_approved(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	give(f, DEVICE("08:00:00", ""));
	give(f, LOAN("L1", "08:30:00", "A", "requested", "H", "A", ""));
	assert_true(amends_loan(f, "A", approved(), "state", &a));
	assert_true(told(&a, FINDING_OWNER_APPROVES, false));
	assert_view(f, "loan", "L1", "approved", "false");
	/* To say it once more is no approval of his. */
	assert_false(amends_loan(f, "A", approved(), "state", &a));
	assert_true(amends_loan(f, "H", approved(), "state", &a));
	assert_false(told(&a, FINDING_OWNER_APPROVES, false));
	assert_view(f, "loan", "L1", "approved", "true");
	assert_false(amends_loan(f, "H", approved(), "state", &a));
}

static void
test_the_owner_approves_what_was_handed_over(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	give(f, DEVICE("08:00:00", ""));
	give(f, LOAN("L1", "08:30:00", "A", "requested", "H", "A",
	            ",\"approved_by\":\"ref:S1\""));
	amends_loan(
	    f, "A", json_pack("{s:s}", "state", "handed_over"), "state", &a);
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, NULL).count, 1);
	assert_true(amends_loan(f, "H",
	    json_pack("{s:s}", "approved_by", "ref:S1"), "approved_by", &a));
	assert_view(f, "loan", "L1", "approved", "true");
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, NULL).count, 0);
}

/* A standing approval is the borrower's to use. */
static void
test_who_is_listed_is_not_warned(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	give(f, DEVICE("08:00:00", ",\"standing_orgs\":[\"ref:A\"]"));
	give(f, LOAN("L1", "08:30:00", "A", "requested", "H", "A",
	            ",\"approval\":\"standing\""));
	assert_true(amends_loan(f, "A", approved(), "state", &a));
	assert_false(told(&a, FINDING_OWNER_APPROVES, false));
	assert_view(f, "loan", "L1", "approved", "true");
}

static enum err
set_condition(struct fixture *f, const char *org, const char *condition)
{
	json_t *fields = json_pack("{s:s}", "condition", condition);
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "device", "D1");
	e = author_amend(t, &self, key, "S1", org, fields, TEST_NOW, &a);
	self_wipe(&self);
	json_decref(fields);
	if (e != ERR_OK) {
		assert_true(told(&a, FINDING_OWNER_CLEARS, true));
		txn_abort(t);
		return e;
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

static void
test_unsafe_stays_until_the_owner_clears_it(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ",\"condition\":\"ok\""));
	assert_int_equal(set_condition(f, "A", "unsafe"), ERR_OK);
	assert_view(f, "device", "D1", "bars", "[\"unsafe\"]");
	assert_int_equal(set_condition(f, "A", "ok"), ERR_REFUSED);
	assert_view(f, "device", "D1", "offered", "false");
	assert_int_equal(set_condition(f, "H", "ok"), ERR_OK);
	assert_view(f, "device", "D1", "offered", "true");
}

/* --- views -----------------------------------------------------------------
 */

static void
add_org(struct fixture *f, const char *ref, const char *level)
{
	test_store_admit(&f->s, "", "org", ref, "H",
	    json_pack("{s:s, s:s}", "name", ref, "level", level));
}

static void
test_directions(void **state)
{
	static const struct {
		const char *lender, *borrower, *wanted;
	} rows[] = {
	    {"H", "A", "vertical_down"},
	    {"A", "H", "vertical_up"},
	    {"A", "B", "horizontal"},
	    {"A", "V", "horizontal"},
	    {"V", "H", "vertical_up"},
	    {"H", "T", "horizontal"},
	    {"H", "X", NULL},
	    {NULL, "A", NULL},
	};
	struct fixture *f = *state;
	struct txn *t;
	size_t i;

	add_org(f, "H", "county");
	add_org(f, "T", "county");
	add_org(f, "A", "township");
	add_org(f, "B", "township");
	add_org(f, "V", "village");
	t = test_store_read(&f->s);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *way =
		    device_direction(t, rows[i].lender, rows[i].borrower);

		if (rows[i].wanted == NULL)
			assert_null(way);
		else
			assert_string_equal(way, rows[i].wanted);
	}
	txn_abort(t);
}

static bool
is_late(const char *class, const char *state, const char *instant)
{
	json_t *device = json_pack("{s:s}", "class", class);
	json_t *loan = json_pack("{s:s, s:s}", "state", state, "planned_to",
	    "2026-05-02T10:00:00+08:00");
	bool late = device_is_overdue(device, loan, instant);

	json_decref(device);
	json_decref(loan);
	return late;
}

static void
test_vehicles_are_late_by_the_hour(void **state)
{
	(void)state;
	assert_true(is_late("vehicle", "received", NOON));
	assert_false(is_late("ecg", "received", NOON));
	assert_true(is_late("ecg", "received", "2026-05-03T00:00:00+08:00"));
	assert_false(
	    is_late("vehicle", "received", "2026-05-02T09:59:59+08:00"));
	assert_false(is_late("vehicle", "returned", NOON));
	assert_false(is_late("vehicle", "received", ""));
}

#define USAGE(ref, org, day, hours, cases)                                     \
	LINE("usage", ref, "09:00:00", org)                                    \
	"\"device_id\":\"ref:D1\",\"date\":\"" day "\",\"hours\":" hours       \
	",\"cases\":" cases "}\n"

static void
test_hours_count_to_the_device_and_cases_to_who_acted(void **state)
{
	struct fixture *f = *state;
	struct record device;
	struct device_usage sum;
	struct txn *t;

	give(f, USAGE("U1", "A", "2026-05-01", "2.5", "10")
	            USAGE("U2", "A", "2026-05-02", "1.5", "4")
	                USAGE("U3", "B", "2026-05-02", "6", "20")
	                    USAGE("U4", "A", "2026-04-30", "8", "1"));
	give(f, DEVICE("08:00:00", ",\"rated_hours_year\":1500"));
	assert_view(f, "device", "D1", "month", "\"2026-05\"");
	assert_view(f, "device", "D1", "hours", "10.0");
	assert_view(f, "device", "D1", "usage",
	    "[{\"org\":\"A\",\"hours\":4.0,\"cases\":14},"
	    "{\"org\":\"B\",\"hours\":6.0,\"cases\":20}]");
	/* 1500 * 31 / 365 */
	assert_view(f, "device", "D1", "rated_hours", "127.40000000000001");
	test_store_record(&f->s, "his", "device", "D1", &device);
	t = test_store_read(&f->s);
	assert_int_equal(
	    device_usage_sum(t, &device, "A", "2026-04-01", "2026-05-31", &sum),
	    ERR_OK);
	assert_int_equal(sum.count, 3);
	assert_int_equal(sum.cases, 15);
	assert_true(sum.hours > 11.99 && sum.hours < 12.01);
	txn_abort(t);
	record_clear(&device);
}

/* Two programs may call two devices the same: neither takes the other's, and
 * what names one from elsewhere belongs to neither. */
static void
test_two_devices_of_one_ref(void **state)
{
	static const char other[] = DEVICE("08:00:00", "");
	static const char third[] = CUSTODY("K9", "1", "H", "E", "H", "");
	struct fixture *f = *state;

	give(f, story[0]);
	give(f, story[1]);
	give_bytes(f, "third", third, strlen(third));
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 1);
	give_bytes(f, "other", other, strlen(other));
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
	assert_view(f, "device", "D1", "custodian", "\"A\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_a_form_knows_the_next_number_and_who_has_it),
	    CLINIC(test_a_disputed_device_is_not_approved),
	    CLINIC(test_a_loan_is_held_against_its_own_programs_device),
	    CLINIC(test_the_owner_approves_what_another_called_approved),
	    CLINIC(test_the_owner_approves_what_was_handed_over),
	    CLINIC(test_who_is_listed_is_not_warned),
	    CLINIC(test_a_form_warns_of_a_gap_and_goes_on_from_what_is_sure),
	    CLINIC(test_unsafe_stays_until_the_owner_clears_it),
	    CLINIC(test_directions),
	    cmocka_unit_test(test_vehicles_are_late_by_the_hour),
	    CLINIC(test_hours_count_to_the_device_and_cases_to_who_acted),
	    CLINIC(test_two_devices_of_one_ref),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
