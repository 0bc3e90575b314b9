/* looked: whom a record is about, who looked at it, and what is one reading.
 */

#include "tests/unit/import_room.h"

#include "store/about.h"
#include "store/looked.h"

#define AUDIT(ref, staff, resident, time)                                      \
	"{\"kind\":\"audit\",\"ref\":\"" ref "\",\"by\":\"ref:" staff "\","    \
	"\"at\":\"2026-05-01T" time "+08:00\",\"org_id\":\"ref:C01\","         \
	"\"staff_id\":\"ref:" staff "\"," resident                             \
	"\"read_at\":\"2026-05-01T" time "+08:00\","                           \
	"\"ground\":\"treatment\"}\n"
#define OF(ref)      "\"resident_id\":\"ref:" ref "\","
#define PATIENT(ref) ENVELOPE("resident", ref, "08:00:00", "C01") PERSON "}\n"
#define SEEN(ref, resident, more)                                              \
	ENVELOPE("encounter", ref, "10:00:00", "C01")                          \
	"\"state\":\"signed\",\"type\":\"outpatient\",\"resident_id\":"        \
	"\"ref:" resident "\",\"visit_at\":\"2026-05-01T09:00:00+08:00\"" more \
	"}\n"

static enum err
count_one(void *context, const struct record *r)
{
	size_t *count = context;

	assert_string_equal(r->id.kind, "audit");
	(*count)++;
	return ERR_OK;
}

static size_t
readings(struct fixture *f, const char *source, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES] = {0};
	struct txn *t = test_store_read(&f->s);
	size_t count = 0;

	if (ref != NULL)
		key_record_of(f->s.db, key, source, "resident", ref);
	assert_int_equal(looked_walk(t, key, count_one, &count), ERR_OK);
	txn_abort(t);
	return count;
}

static void
test_readings_are_found_by_the_resident(void **state)
{
	struct fixture *f = *state;

	give(f, PATIENT("R1") PATIENT("R2"));
	give(f,
	    AUDIT("A1", "S1", OF("R1"), "09:00:00") AUDIT("A2", "S2", OF("R1"),
	        "10:00:00") AUDIT("A3", "S2", OF("R2"), "10:00:00")
	        AUDIT("A4", "S2", "\"note\":\"export *\",", "11:00:00"));
	assert_counts(f, 4, 0, 0, 0);
	assert_int_equal(readings(f, "his", "R1"), 2);
	assert_int_equal(readings(f, "his", "R2"), 1);
	assert_int_equal(readings(f, "his", "R3"), 0);
	assert_int_equal(readings(f, "his", NULL), 1); /* of many at once */
}

/* Two programs may call two people the same. */
static void
test_another_source_is_another_resident(void **state)
{
	struct fixture *f = *state;

	give(f, AUDIT("A1", "S1", OF("R1"), "09:00:00") AUDIT(
	            "A2", "S1", OF("R1") "\"source\":\"old\",", "09:00:00"));
	assert_int_equal(readings(f, "his", "R1"), 1);
	assert_int_equal(readings(f, "old", "R1"), 1);
}

static void
test_a_reading_of_nobody_is_refused(void **state)
{
	assert_refused(
	    *state, AUDIT("A1", "S1", "", "09:00:00"), FINDING_MISSING);
}

static void
test_whom_a_record_is_about(void **state)
{
	struct fixture *f = *state;
	struct looked_whom whom;
	struct record r;
	struct txn *t;

	give(f,
	    PATIENT("R1") ENVELOPE("resident", "R2", "08:00:00", "C01") PERSON
	    ",\"guardian_id\":\"ref:R1\"}\n" SEEN("E1", "R1", ""));
	test_store_record(&f->s, "his", "encounter", "E1", &r);
	t = test_store_read(&f->s);
	whom.count = 0;
	assert_int_equal(looked_whom(t, &r, &whom), ERR_OK);
	record_clear(&r);
	assert_int_equal(whom.count, 1);
	assert_string_equal(whom.resident[0].ref, "R1");
	assert_string_equal(whom.resident[0].source, "his");
	txn_abort(t);
	/* A child's record is the child's, not the guardian's. */
	test_store_record(&f->s, "his", "resident", "R2", &r);
	t = test_store_read(&f->s);
	whom.count = 0;
	assert_int_equal(looked_whom(t, &r, &whom), ERR_OK);
	record_clear(&r);
	assert_int_equal(whom.count, 1);
	assert_string_equal(whom.resident[0].ref, "R2");
	txn_abort(t);
	assert_true(looked_is_about(kind_by_name("resident")));
	assert_true(looked_is_about(kind_by_name("referral")));
	assert_false(looked_is_about(kind_by_name("device")));
	assert_false(looked_is_about(NULL));
}

/* Whose file it decides may be told by kind, ref and source alone. */
static void
test_a_decision_is_about_whom_it_decides(void **state)
{
	struct fixture *f = *state;
	struct looked_whom whom = {.count = 0};
	struct record r;
	struct txn *t;

	give(f, PATIENT("R1"));
	test_store_admit(&f->s, "his", "question", "Q1", "C01",
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "state", "open", "code",
	        "conflict", "about_kind", "resident", "about_ref", "R1",
	        "about_source", "his"));
	test_store_record(&f->s, "his", "question", "Q1", &r);
	t = test_store_read(&f->s);
	assert_int_equal(looked_whom(t, &r, &whom), ERR_OK);
	record_clear(&r);
	txn_abort(t);
	assert_int_equal(whom.count, 1);
	assert_string_equal(whom.resident[0].ref, "R1");
	assert_string_equal(whom.resident[0].source, "his");
}

/* A print must never mix two people, whose programs call them the same. */
static void
test_what_is_about_one_resident(void **state)
{
	static const char of_old[] = PATIENT("R1") SEEN("E9", "R1", "");
	struct fixture *f = *state;
	bool is_hub;
	uint8_t key[KEY_RECORD_BYTES], wanted[KEY_RECORD_BYTES];
	struct buffer keys = {0};
	struct txn *t = test_store_read(&f->s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	is_hub = self.role == ROLE_HUB && self.is_enrolled;
	self_wipe(&self);
	txn_abort(t);
	give(f, PATIENT("R1") PATIENT("R2") SEEN("E1", "R1", "")
	            SEEN("E2", "R2", "") SEEN("E3", "R1", ""));
	give(f, SEEN("E3", "R1", ",\"plan\":\"x\""));
	give_bytes(f, "old", of_old, strlen(of_old));
	key_record_of(f->s.db, key, "his", "resident", "R1");
	assert_int_equal(
	    about_find(f->s.db, is_hub, "encounter", key, "R1", &keys), ERR_OK);
	assert_int_equal(keys.size, 2 * KEY_RECORD_BYTES);
	buffer_clear(&keys);
	key_record_of(f->s.db, key, "old", "resident", "R1");
	key_record_of(f->s.db, wanted, "old", "encounter", "E9");
	assert_int_equal(
	    about_find(f->s.db, is_hub, "encounter", key, "R1", &keys), ERR_OK);
	assert_int_equal(keys.size, KEY_RECORD_BYTES);
	assert_memory_equal(keys.data, wanted, sizeof wanted);
	buffer_free(&keys);
}

#define SIGNED(ref, resident)                                                  \
	ENVELOPE("contract", ref, "10:00:00", "C01")                           \
	"\"state\":\"signed\",\"resident_id\":\"ref:" resident "\","           \
	"\"team_id\":\"ref:T1\",\"resident_signature\":\"paper\","             \
	"\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"2026-04-05\","    \
	"\"start_on\":\"2026-04-05\",\"end_on\":\"2027-05-31\"}\n"
#define SERVICE(ref, contract)                                                 \
	ENVELOPE("contract_service", ref, "11:00:00", "C01")                   \
	"\"contract_id\":\"ref:" contract "\",\"item\":\"X\","                 \
	"\"done_on\":\"2026-04-20\"}\n"

/* A service names the contract only, and two programs number them alike. */
static void
test_a_service_is_the_contracts_residents(void **state)
{
	static const char of_old[] =
	    PATIENT("R1") SIGNED("K1", "R1") SERVICE("W9", "K1");
	struct fixture *f = *state;
	bool is_hub;
	uint8_t key[KEY_RECORD_BYTES], wanted[KEY_RECORD_BYTES];
	struct buffer keys = {0};
	struct txn *t = test_store_read(&f->s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	is_hub = self.role == ROLE_HUB && self.is_enrolled;
	self_wipe(&self);
	txn_abort(t);
	give(f, PATIENT("R1") PATIENT("R2") SIGNED("K1", "R1")
	            SIGNED("K2", "R2") SERVICE("W1", "K1") SERVICE("W2", "K2"));
	give_bytes(f, "old", of_old, strlen(of_old));
	key_record_of(f->s.db, key, "his", "resident", "R1");
	key_record_of(f->s.db, wanted, "his", "contract_service", "W1");
	assert_int_equal(
	    about_find(f->s.db, is_hub, "contract_service", key, "R1", &keys),
	    ERR_OK);
	assert_int_equal(keys.size, KEY_RECORD_BYTES);
	assert_memory_equal(keys.data, wanted, sizeof wanted);
	buffer_free(&keys);
	assert_true(looked_is_about(kind_by_name("contract_service")));
	assert_false(looked_is_about(kind_by_name("usage")));
}

static int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "C01");
	return 0;
}

static void
test_what_is_one_reading(void **state)
{
	struct fixture *f = *state;
	struct txn *t = test_store_write(&f->s);
	struct signin_time first = {{1}, 5000}, now = first,
	                   other = {{2}, 5000};

	assert_false(looked_is_known(t, 1000, "S1 R1", &now));
	assert_int_equal(looked_remember(t, 1000, "S1 R1", &first), ERR_OK);
	assert_int_equal(looked_remember(t, 1001, "S2 R1", &first), ERR_OK);
	assert_true(looked_is_known(t, 1000, "S1 R1", &now));
	assert_false(looked_is_known(t, 1000, "S1 R2", &now));
	assert_false(looked_is_known(t, 1001, "S1 R1", &now));
	assert_false(looked_is_known(t, 1000, "S1 R1", &other));
	now.ms = first.ms + LOOKED_ONCE_MS - 1;
	assert_true(looked_is_known(t, 1000, "S1 R1", &now));
	now.ms = first.ms + LOOKED_ONCE_MS;
	assert_false(looked_is_known(t, 1000, "S1 R1", &now));
	now.ms = first.ms - 1;
	assert_false(looked_is_known(t, 1000, "S1 R1", &now));
	assert_int_equal(looked_forget(t, 1000), ERR_OK);
	assert_false(looked_is_known(t, 1000, "S1 R1", &first));
	assert_true(looked_is_known(t, 1001, "S2 R1", &first));
	txn_abort(t);
}

#define AT_CLINIC(f)                                                           \
	cmocka_unit_test_setup_teardown(f, open_clinic, close_store)
#define AT_HUB(f) cmocka_unit_test_setup_teardown(f, open_hub, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_CLINIC(test_readings_are_found_by_the_resident),
	    AT_HUB(test_readings_are_found_by_the_resident),
	    AT_HUB(test_another_source_is_another_resident),
	    AT_CLINIC(test_a_reading_of_nobody_is_refused),
	    AT_CLINIC(test_whom_a_record_is_about),
	    AT_CLINIC(test_a_decision_is_about_whom_it_decides),
	    AT_CLINIC(test_what_is_about_one_resident),
	    cmocka_unit_test_setup_teardown(
	        test_what_is_about_one_resident, open_group, close_store),
	    AT_CLINIC(test_a_service_is_the_contracts_residents),
	    cmocka_unit_test_setup_teardown(
	        test_a_service_is_the_contracts_residents, open_group,
	        close_store),
	    AT_CLINIC(test_what_is_one_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
