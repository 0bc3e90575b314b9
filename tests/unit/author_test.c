/* author: records made and amended by a person. */

#include "tests/unit/test_store.h"

#include "store/author.h"
#include "store/codes.h"
#include "store/crowded.h"
#include "store/paper.h"

static int
open_clinic(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_CLINIC);
	*state = s;
	return 0;
}

static int
open_hub(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_HUB);
	*state = s;
	return 0;
}

static int
close_store(void **state)
{
	struct test_store *s = *state;

	test_store_close(s);
	free(s);
	return 0;
}

static json_t *
visit(const char *state)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:s}", "state", state, "type",
	    "phone", "unknown", 1, "description", "过路人", "visit_at",
	    "2026-05-02T08:00:00+08:00");
}

static json_t *
person(void)
{
	return json_pack("{s:s, s:s, s:s}", "name", "张伟", "sex", "1",
	    "no_id_reason", "lost");
}

/* Both take the fields; refused work leaves no trace. */
static enum err
add(struct test_store *s, const char *kind, const char *org, json_t *fields,
    struct authored *out)
{
	struct txn *t = test_store_write(s);
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(t, &self, kind, "S1", org, fields, TEST_NOW, out);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static enum err
amend(struct test_store *s, const struct identity *record, const char *org,
    json_t *fields, struct authored *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(s);
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(s->db, key, record);
	e = author_amend(t, &self, key, "S2", org, fields, TEST_NOW, out);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
read_back(struct test_store *s, const struct identity *id, struct record *r)
{
	test_store_record(s, id->source, id->kind, id->ref, r);
}

static uint64_t
change_count(struct test_store *s)
{
	struct txn *t = test_store_read(s);
	uint64_t n;

	assert_int_equal(txn_count(t, TABLE_CHANGES, &n), ERR_OK);
	txn_abort(t);
	return n;
}

/* Amend it as often as one node may. */
static void
use_up(struct test_store *s, const struct identity *record)
{
	struct txn *t = test_store_write(s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	int i;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(s->db, key, record);
	for (i = 1; i < CROWDED_BY_ONE; i++) {
		json_t *fields =
		    json_pack("{s:o}", "phone", json_sprintf("138%08d", i));

		assert_int_equal(author_amend(t, &self, key, "S2", "V1", fields,
		                     TEST_NOW, &a),
		    ERR_OK);
		json_decref(fields);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_a_record_is_not_amended_without_end(void **state)
{
	struct authored a, b;

	assert_int_equal(add(*state, "resident", "V1", person(), &a), ERR_OK);
	use_up(*state, &a.record);
	assert_int_equal(amend(*state, &a.record, "V1",
	                     json_pack("{s:s}", "phone", "2"), &b),
	    ERR_REFUSED);
	assert_int_equal(b.findings.list[0].code, FINDING_MANY_CHANGES);
	assert_int_equal(change_count(*state), CROWDED_BY_ONE);
	/* Another one is as good as ever. */
	assert_int_equal(add(*state, "resident", "V1", person(), &b), ERR_OK);
}

static void
test_new_record_is_named_after_its_change(void **state)
{
	struct authored a;
	struct record r;
	char ref[64];

	assert_int_equal(add(*state, "resident", "V1", person(), &a), ERR_OK);
	change_founded_ref(&a.id, ref, sizeof ref);
	assert_string_equal(a.record.ref, ref);
	assert_false(a.is_draft);
	assert_string_equal(a.slip_no, "");
	read_back(*state, &a.record, &r);
	assert_string_equal(r.by, "S1");
	assert_string_equal(r.org, "V1");
	assert_int_equal(r.at, TEST_NOW);
	assert_string_equal(text_in(r.fields, "name"), "张伟");
	record_clear(&r);
}

static void
test_record_that_breaks_a_rule_is_refused(void **state)
{
	struct authored a;
	json_t *fields = person();

	json_object_del(fields, "name");
	assert_int_equal(
	    add(*state, "resident", "V1", fields, &a), ERR_REFUSED);
	assert_int_equal(a.findings.refusals, 1);
	assert_int_equal(a.findings.list[0].code, FINDING_MISSING);
	assert_int_equal(add(*state, "bill", "V1", person(), &a), ERR_REFUSED);
	assert_int_equal(a.findings.list[0].code, FINDING_KIND_UNKNOWN);
	assert_int_equal(change_count(*state), 0);
}

static void
test_envelope_is_no_matter_of_fields(void **state)
{
	struct authored a;
	json_t *fields = person();

	json_object_set_new(fields, "by", json_string("ref:S9"));
	json_object_set_new(fields, "#9", json_true());
	assert_int_equal(
	    add(*state, "resident", "V1", fields, &a), ERR_REFUSED);
	assert_int_equal(a.findings.refusals, 2);
}

static void
test_org_must_be_told_before_joining(void **state)
{
	struct authored a;

	assert_int_equal(
	    add(*state, "resident", NULL, person(), &a), ERR_REFUSED);
	assert_string_equal(a.findings.list[0].field, "org_id");
	test_store_join(*state, "V1");
	assert_int_equal(add(*state, "resident", NULL, person(), &a), ERR_OK);
	assert_int_equal(
	    add(*state, "resident", "V2", person(), &a), ERR_NOT_ALLOWED);
}

static void
test_reference_data_is_the_hubs(void **state)
{
	struct authored a;

	assert_int_equal(
	    add(*state, "org", "V1",
	        json_pack("{s:s, s:s}", "name", "某", "level", "village"), &a),
	    ERR_NOT_ALLOWED);
}

static void
test_hub_adds_reference_data(void **state)
{
	struct authored a;

	assert_int_equal(
	    add(*state, "org", "H",
	        json_pack("{s:s, s:s}", "name", "某", "level", "village"), &a),
	    ERR_OK);
	assert_string_equal(a.record.source, "");
}

static void
test_amendment_holds_what_changed_and_its_state(void **state)
{
	struct authored a, b;
	struct record r;

	assert_int_equal(
	    add(*state, "encounter", "V1", visit("signed"), &a), ERR_OK);
	assert_int_equal(amend(*state, &a.record, "V1",
	                     json_pack("{s:s, s:s, s:n}", "plan", "静卧",
	                         "reason", "漏写", "description"),
	                     &b),
	    ERR_OK);
	assert_int_equal(b.findings.refusals, 0);
	read_back(*state, &a.record, &r);
	assert_string_equal(text_in(r.fields, "state"), "amended");
	assert_string_equal(text_in(r.fields, "plan"), "静卧");
	assert_null(json_object_get(r.fields, "description"));
	assert_string_equal(r.by, "S2");
	assert_int_equal(r.head_count, 1);
	assert_int_equal(r.change_count, 2);
	record_clear(&r);
	assert_int_equal(
	    amend(*state, &a.record, "V1",
	        json_pack("{s:s}", "state", "entered_in_error"), &b),
	    ERR_OK);
	assert_int_equal(amend(*state, &a.record, "V1",
	                     json_pack("{s:s}", "state", "signed"), &b),
	    ERR_REFUSED);
}

static void
test_amendment_without_a_difference_writes_nothing(void **state)
{
	struct authored a, b;

	assert_int_equal(add(*state, "resident", "V1", person(), &a), ERR_OK);
	assert_int_equal(amend(*state, &a.record, "V1", person(), &b), ERR_OK);
	assert_int_equal(change_id_compare(&a.id, &b.id), 0);
	assert_int_equal(change_count(*state), 1);
}

static void
test_amendment_of_nothing_is_not_found(void **state)
{
	struct identity id = {"x", "resident", "R1"};
	struct authored a;

	assert_int_equal(amend(*state, &id, "V1", person(), &a), ERR_NOT_FOUND);
}

/* Two that had not seen each other, then one that saw both. */
static void
test_amendment_joins_all_heads(void **state)
{
	struct test_store *s = *state;
	struct authored a, b;
	struct record r;

	test_store_admit(s, "his", "resident", "R1", "V1", person());
	test_store_admit(s, "his", "resident", "R1", "V2",
	    json_pack("{s:s}", "name", "张玮"));
	test_store_record(s, "his", "resident", "R1", &r);
	assert_int_equal(r.head_count, 2);
	assert_true(r.is_conflicted);
	a.record = r.id;
	record_clear(&r);
	/* Saying what is shown settles it too. */
	assert_int_equal(
	    amend(s, &a.record, "V1", json_pack("{s:s}", "name", "张伟"), &b),
	    ERR_OK);
	read_back(s, &a.record, &r);
	assert_int_equal(r.head_count, 1);
	assert_false(r.is_conflicted);
	assert_int_equal(r.change_count, 3);
	record_clear(&r);
}

static bool
is_refused(const struct authored *a, enum finding_code code, const char *field)
{
	size_t i;

	for (i = 0; i < a->findings.count; i++)
		if (a->findings.list[i].code == code &&
		    a->findings.list[i].refused &&
		    strcmp(a->findings.list[i].field, field) == 0)
			return true;
	return false;
}

/* Others' words about the one it names would hold for another. */
static void
test_whom_a_referral_or_a_link_names_stays(void **state)
{
	const struct identity x = {"his", "referral", "X1"},
	                      l = {"his", "link", "L1"};
	struct test_store *s = *state;
	struct authored a;

	test_store_admit(s, "his", "referral", "X1", "V1",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "resident_id", "ref:R1",
	        "from_org", "ref:V1", "to_org", "ref:V2", "state", "issued",
	        "direction", "up", "reason", "x"));
	assert_int_equal(
	    amend(s, &x, "V1", json_pack("{s:s}", "resident_id", "ref:R9"), &a),
	    ERR_REFUSED);
	assert_true(is_refused(&a, FINDING_NAMED, "resident_id"));
	(void)amend(s, &x, "V1",
	    json_pack("{s:s, s:s}", "resident_id", "ref:R1", "impression", "x"),
	    &a);
	assert_false(is_refused(&a, FINDING_NAMED, "resident_id"));
	test_store_admit(s, "his", "link", "L1", "V1",
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "resident_id", "ref:R1",
	        "other_id", "ref:R2", "other_source", "b", "state", "proposed",
	        "basis", "by_hand"));
	assert_int_equal(amend(s, &l, "V1",
	                     json_pack("{s:s, s:s}", "other_id", "ref:R9",
	                         "other_source", "his"),
	                     &a),
	    ERR_REFUSED);
	assert_true(is_refused(&a, FINDING_NAMED, "other_id"));
	assert_true(is_refused(&a, FINDING_NAMED, "other_source"));
	(void)amend(s, &l, "V1", json_pack("{s:s}", "resident_source", "his"),
	    &a); /* it said nothing of it */
	assert_false(is_refused(&a, FINDING_NAMED, "resident_source"));
}

/* They cannot be reassigned; they are ended, and another is written. */
static void
test_whom_a_consultation_or_a_contract_names_stays(void **state)
{
	const struct identity x = {"his", "consult", "X1"},
	                      k = {"his", "contract", "K1"};
	struct test_store *s = *state;
	struct authored a;

	test_store_admit(s, "his", "consult", "X1", "V1",
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "resident_id", "ref:R1",
	        "from_org", "ref:V1", "to_org", "ref:V2", "state", "requested",
	        "question", "x"));
	assert_int_equal(
	    amend(s, &x, "V1", json_pack("{s:s}", "resident_id", "ref:R9"), &a),
	    ERR_REFUSED);
	assert_true(is_refused(&a, FINDING_NAMED, "resident_id"));
	(void)amend(s, &x, "V1",
	    json_pack("{s:s, s:s}", "resident_id", "ref:R1", "summary", "x"),
	    &a);
	assert_false(is_refused(&a, FINDING_NAMED, "resident_id"));
	test_store_admit(s, "his", "contract", "K1", "V1",
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:R1", "state", "signed"));
	(void)amend(
	    s, &k, "V1", json_pack("{s:s}", "resident_id", "ref:R9"), &a);
	assert_true(is_refused(&a, FINDING_NAMED, "resident_id"));
}

static void
test_draft_is_local_and_keeps_its_name_when_signed(void **state)
{
	struct test_store *s = *state;
	struct authored a, b;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	struct txn *t;

	assert_int_equal(
	    add(s, "encounter", "V1", json_pack("{s:s}", "state", "draft"), &a),
	    ERR_OK);
	assert_true(a.is_draft);
	assert_int_equal(a.id.seq, 0);
	assert_int_equal(change_count(s), 0);
	assert_int_equal(
	    amend(s, &a.record, "V1", json_pack("{s:s}", "plan", "静卧"), &b),
	    ERR_OK);
	assert_true(b.is_draft);
	key_record(s->db, key, &a.record);
	t = test_store_read(s);
	assert_int_equal(draft_read(t, key, &r), ERR_OK);
	txn_abort(t);
	assert_string_equal(text_in(r.fields, "plan"), "静卧");
	record_clear(&r);

	assert_int_equal(
	    amend(s, &a.record, "V1", visit("signed"), &b), ERR_OK);
	assert_false(b.is_draft);
	assert_string_equal(b.record.ref, a.record.ref);
	read_back(s, &a.record, &r);
	assert_string_equal(text_in(r.fields, "state"), "signed");
	assert_string_equal(text_in(r.fields, "plan"), "静卧");
	record_clear(&r);
	t = test_store_read(s);
	assert_int_equal(draft_read(t, key, &r), ERR_NOT_FOUND);
	txn_abort(t);
	assert_int_equal(
	    amend(s, &a.record, "V1", json_pack("{s:s}", "state", "draft"), &b),
	    ERR_REFUSED);
}

static void
test_slip_number_is_drawn_where_none_is_given(void **state)
{
	struct test_store *s = *state;
	struct authored a, b;
	struct record r;
	struct txn *t;
	uint64_t left;
	char letter;
	json_t *fields;

	test_store_join(s, "V1");
	test_store_admit(
	    s, "", "org", "V1", "H", json_pack("{s:s}", "short_code", "TA1"));
	assert_int_equal(
	    add(s, "encounter", NULL, visit("signed"), &a), ERR_OK);
	assert_string_equal(a.slip_no, "");
	t = test_store_write(s);
	assert_int_equal(paper_grant(t, 500000, 10), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(
	    add(s, "encounter", NULL, visit("signed"), &a), ERR_OK);
	assert_true(slip_is_valid(a.slip_no, &letter));
	assert_int_equal(letter, 'E');
	read_back(s, &a.record, &r);
	assert_string_equal(text_in(r.fields, "slip_no"), a.slip_no);
	record_clear(&r);

	/* Neither a refused record nor a draft uses one up. */
	fields = visit("signed");
	json_object_set_new(fields, "fee", json_integer(-1));
	assert_int_equal(add(s, "encounter", NULL, fields, &b), ERR_REFUSED);
	assert_int_equal(add(s, "encounter", NULL, visit("draft"), &b), ERR_OK);
	assert_string_equal(b.slip_no, "");
	t = test_store_read(s);
	assert_int_equal(paper_left(t, &left), ERR_OK);
	txn_abort(t);
	assert_int_equal(left, 9);
	assert_int_equal(amend(s, &b.record, NULL,
	                     json_pack("{s:s}", "state", "signed"), &b),
	    ERR_OK);
	assert_true(slip_is_valid(b.slip_no, &letter));
	assert_string_not_equal(a.slip_no, b.slip_no);
	/* One that is given stays. */
	fields = visit("signed");
	json_object_set_new(fields, "slip_no", json_string(a.slip_no));
	assert_int_equal(add(s, "encounter", NULL, fields, &b), ERR_OK);
	assert_string_equal(b.slip_no, "");
}

static bool
knows_nobody(const struct authored *a)
{
	size_t i;

	for (i = 0; i < a->findings.count; i++)
		if (a->findings.list[i].code == FINDING_AWAITED &&
		    strcmp(a->findings.list[i].field, "by") == 0)
			return true;
	return false;
}

/* It is taken: who cares for the patient comes before who is on the list. */
static void
test_who_is_no_member_of_staff_is_told(void **state)
{
	struct test_store *s = *state;
	struct authored a;

	/* Where the group's list is not here yet, nobody is asked after. */
	assert_int_equal(
	    add(s, "encounter", "V1", visit("signed"), &a), ERR_OK);
	assert_false(knows_nobody(&a));
	test_store_admit(
	    s, "", "staff", "S2", "V1", json_pack("{s:s}", "name", "x"));
	assert_int_equal(
	    add(s, "encounter", "V1", visit("signed"), &a), ERR_OK);
	assert_true(knows_nobody(&a));
	assert_int_equal(a.findings.refusals, 0);
	test_store_admit(
	    s, "", "staff", "S1", "V1", json_pack("{s:s}", "name", "y"));
	assert_int_equal(
	    add(s, "encounter", "V1", visit("signed"), &a), ERR_OK);
	assert_false(knows_nobody(&a));
}

#define CLINIC(name)                                                           \
	cmocka_unit_test_setup_teardown(name, open_clinic, close_store)
#define HUB(name) cmocka_unit_test_setup_teardown(name, open_hub, close_store)

/* At the group's node a person speaks for the org at the top. */
static void
test_the_group_amends_in_nobodys_name(void **state)
{
	struct test_store *s = *state;
	struct authored a, b;
	struct record r;

	assert_int_equal(add(s, "resident", "V1", person(), &a), ERR_OK);
	assert_int_equal(
	    amend(s, &a.record, NULL, json_pack("{s:s}", "phone", "1"), &b),
	    ERR_REFUSED);
	assert_int_equal(b.findings.count, 1);
	assert_int_equal(b.findings.list[0].code, FINDING_MISSING);
	assert_string_equal(b.findings.list[0].field, "org_id");
	/* Whoever is above it is known: at the top, the group speaks. */
	test_store_admit(s, "", "org", "C01", "H01",
	    json_pack("{s:s, s:s}", "name", "x", "parent_org_id", "ref:H01"));
	test_store_admit(s, "", "org", "V1", "H01",
	    json_pack("{s:s, s:s}", "name", "x", "parent_org_id", "ref:C01"));
	assert_int_equal(
	    amend(s, &a.record, NULL, json_pack("{s:s}", "phone", "1"), &b),
	    ERR_OK);
	read_back(s, &a.record, &r);
	assert_string_equal(r.org, "H01");
	record_clear(&r);
	/* Reference data is the group's, whoever of it writes. */
	assert_int_equal(
	    add(s, "org", "H01",
	        json_pack("{s:s, s:s}", "name", "村", "level", "village"), &a),
	    ERR_OK);
	assert_int_equal(
	    amend(s, &a.record, NULL, json_pack("{s:s}", "name", "乡"), &b),
	    ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_who_is_no_member_of_staff_is_told),
	    CLINIC(test_new_record_is_named_after_its_change),
	    HUB(test_the_group_amends_in_nobodys_name),
	    CLINIC(test_a_record_is_not_amended_without_end),
	    CLINIC(test_record_that_breaks_a_rule_is_refused),
	    CLINIC(test_envelope_is_no_matter_of_fields),
	    CLINIC(test_org_must_be_told_before_joining),
	    CLINIC(test_reference_data_is_the_hubs),
	    HUB(test_hub_adds_reference_data),
	    CLINIC(test_amendment_holds_what_changed_and_its_state),
	    CLINIC(test_amendment_without_a_difference_writes_nothing),
	    CLINIC(test_amendment_of_nothing_is_not_found),
	    CLINIC(test_amendment_joins_all_heads),
	    CLINIC(test_whom_a_referral_or_a_link_names_stays),
	    CLINIC(test_whom_a_consultation_or_a_contract_names_stays),
	    CLINIC(test_draft_is_local_and_keeps_its_name_when_signed),
	    CLINIC(test_slip_number_is_drawn_where_none_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
