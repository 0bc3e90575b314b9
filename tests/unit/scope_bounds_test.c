/* scope_bounds: however much is claimed, who is due stays and nothing fails. */

#include "store/question.h"
#include "tests/unit/scope_room.h"

struct counted {
	enum finding_code code;
	size_t count;
};

static enum err
count_one(void *context, const struct question *q)
{
	struct counted *c = context;

	c->count += q->code == c->code;
	return ERR_OK;
}

static size_t
told(enum finding_code code)
{
	struct counted c = {.code = code};

	assert_int_equal(question_walk(t, count_one, &c), ERR_OK);
	return c.count;
}

/* As if it had been here for long: nobody looks at it now. */
static struct change_id
was_here(const char *author, const char *kind, const char *ref,
    const struct change_id *seen, json_t *fields)
{
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	struct buffer body = {0};
	struct change_id id;
	struct change c;

	change_init(&c);
	c.id.life[0] = (uint8_t)(number_of(author) + 1);
	c.id.class = 2;
	c.id.seq = ++seqs[number_of(author)];
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", author);
	if (seen != NULL)
		c.parents[c.parent_count++].id = *seen;
	c.fields = fields;
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 0, 7, body.data, body.size), ERR_OK);
	key_record_in(t, key, &c.record);
	key_change(key + KEY_RECORD_BYTES, &c.id);
	assert_int_equal(
	    txn_put(t, TABLE_RECORDS, key, sizeof key, NULL, 0), ERR_OK);
	assert_int_equal(naming_note(t, kind_by_name(kind), &c, key), ERR_OK);
	id = c.id;
	buffer_free(&body);
	change_clear(&c);
	return id;
}

static void
refer_to_nobody(int from, int to)
{
	char ref[16];
	int i;

	for (i = from; i > to; i--) {
		snprintf(ref, sizeof ref, "x%03d", i);
		came("B", "his", "referral", ref, NULL,
		    json_pack("{s:s, s:s, s:o, s:s}", "resident_id", "ref:r1",
		        "from_org", "ref:B", "to_org",
		        json_sprintf("ref:!%03d", i), "state", "issued"));
	}
}

/* Each is granted the file by another's word, and comes before all in order. */
static void
test_made_up_orgs_take_nobodys_place(void **state)
{
	struct change_id contract, later;

	file_comes();
	contract = came("C", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	came("H", "his", "contract", "c1", &contract,
	    json_pack("{s:s}", "state", "active"));
	expect(&encounter, "AC");
	assert_int_equal(told(FINDING_SCOPE_CROWDED), 0);
	refer_to_nobody(66, 0);
	expect(&resident, "ABC");
	expect(&encounter, "AC");
	assert_int_equal(told(FINDING_SCOPE_CROWDED), 1);
	later = came("V", "his", "encounter", "e8", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	expect(&later, "CV"); /* A's nodes have V's list */
	assert_int_equal(scope_settle_all(t, &hub), ERR_OK);
	expect(&resident, "ABCV"); /* V cares for him */
	expect(&encounter, "AC");
	expect(&later, "CV");
}

/* What is said of a record that was changed too often still reaches whom it
 * reached so far. */
static void
test_a_long_record_goes_on_to_its_orgs(void **state)
{
	struct change_id last;
	int i;

	resident_comes();
	came("C", "his", "contract", "c1", NULL,
	    json_pack(
	        "{s:s, s:s}", "resident_id", "ref:r1", "state", "signed"));
	last = resident;
	for (i = 2; i < SCOPE_CHANGES_MAX; i++)
		last = was_here("A", "resident", "r1", &last,
		    json_pack("{s:i}", "phone", i));
	last = came("A", "his", "resident", "r1", &last,
	    json_pack("{s:s}", "phone", "1"));
	assert_int_equal(told(FINDING_SCOPE_LONG), 0);
	expect(&last, "AC");
	last = came("B", "his", "resident", "r1", &last,
	    json_pack("{s:s}", "phone", "2"));
	expect(&last, "ABC");
	assert_int_equal(told(FINDING_SCOPE_LONG), 1);
}

static json_t *
loan_to(const char *org)
{
	return json_pack("{s:s, s:s, s:o, s:s}", "device_id", "ref:d1",
	    "lender", "ref:A", "borrower", json_sprintf("ref:%s", org), "state",
	    "handed_over");
}

/* A vehicle that is lent by the hour. */
static void
test_all_of_a_long_chain_is_looked_at(void **state)
{
	struct change_id device, owner;
	char ref[16];
	int i;

	device = came("A", "his", "device", "d1", NULL,
	    json_pack("{s:s}", "owner_org_id", "ref:A"));
	came("A", "his", "loan", "b", NULL, loan_to("B"));
	came("A", "his", "loan", "c", NULL, loan_to("C"));
	for (i = 0; i < 3000; i++) {
		snprintf(ref, sizeof ref, "l%d", i);
		was_here("A", "loan", ref, NULL, loan_to("A"));
	}
	expect(&device, "ABC");
	owner = came("A", "his", "device", "d1", &device,
	    json_pack("{s:s}", "owner_org_id", "ref:H"));
	expect(&device, "AHBC");
	expect(&owner, "AHBC");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_made_up_orgs_take_nobodys_place),
	    CASE(test_a_long_record_goes_on_to_its_orgs),
	    CASE(test_all_of_a_long_chain_is_looked_at),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
