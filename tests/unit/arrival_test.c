/* arrival: patients who were there before the record of their referral. */

#include <sodium.h>

#include "tests/unit/contract_room.h"

#include "store/arrival.h"
#include "store/contest_settle.h"
#include "store/slip.h"

#define NUMBER "T01-R-000001-5"
#define OTHER  "T01-R-000002-7"
#define BEARS(number, ref, at, author, state, from, to, more)                  \
	ENVELOPE("referral", ref, at, author)                                  \
	"\"state\":\"" state "\",\"slip_no\":\"" number                        \
	"\",\"direction\":\"up\",\"resident_id\":\"ref:P1\","                  \
	"\"from_org\":\"ref:" from "\",\"to_org\":\"ref:" to                   \
	"\",\"issued_at\":\"2026-05-01T08:30:00+08:00\"" more "}\n"
#define REFERRAL(ref, at, org, state, to, more)                                \
	BEARS(NUMBER, ref, at, org, state, "C01", to, more)
#define ISSUED(to) REFERRAL("R1", "09:00:00", "C01", "issued", to, "")
#define AGAIN(to)  REFERRAL("R2", "09:10:00", "C01", "issued", to, "")
#define RENUMBERED                                                             \
	BEARS(OTHER, "R1", "13:00:00", "C01", "issued", "C01", "C02", "")
/* Written down by the target, from an org to one. */
#define FROM(from, to)                                                         \
	BEARS(NUMBER, "R1", "09:00:00", "C02", "issued", from, to, "")
#define CALLED_OFF                                                             \
	REFERRAL("R1", "09:30:00", "C01", "cancelled", "C02",                  \
	    ",\"reason_cancelled\":\"不去了\"")
#define CAME_BY(number, ref, at, org, hour)                                    \
	ENVELOPE("referral", ref, at, org)                                     \
	"\"state\":\"arrived\",\"slip_no\":\"" number                          \
	"\",\"arrived_at\":\"2026-05-01T" hour ":00:00+08:00\"}\n"
#define ARRIVED(ref, org, hour) CAME_BY(NUMBER, ref, hour ":00:00", org, hour)

static void
assert_shown(
    struct fixture *f, const char *ref, const char *name, const char *expected)
{
	const char *text;
	struct record r;

	test_store_record(&f->s, "his", "referral", ref, &r);
	text = text_in(r.fields, name);
	assert_string_equal(text == NULL ? "-" : text, expected);
	record_clear(&r);
}

static void
assert_joined(struct fixture *f, const char *stub)
{
	assert_shown(f, "R1", "state", "arrived");
	assert_shown(f, stub, "state", "cancelled");
	assert_shown(f, stub, "reassigned_to", "ref:R1");
}

static void
assert_apart(struct fixture *f, const char *stub)
{
	assert_shown(f, "R1", "state", "issued");
	assert_shown(f, "R1", "arrived_at", "-");
	assert_shown(f, stub, "state", "arrived");
	assert_shown(f, stub, "reassigned_to", "-");
}

static void
assert_number_is_of(struct fixture *f, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES], expected[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(slip_find(t, NUMBER, key), ERR_OK);
	key_record_of(f->s.db, expected, "his", "referral", ref);
	assert_memory_equal(key, expected, sizeof key);
	txn_abort(t);
}

static size_t
changes_of(struct fixture *f, const char *ref)
{
	struct record r;
	size_t count;

	test_store_record(&f->s, "his", "referral", ref, &r);
	count = r.change_count;
	record_clear(&r);
	return count;
}

/* --- joined ----------------------------------------------------------------
 */

static void
test_the_referral_comes_later(void **state)
{
	struct fixture *f = *state;

	give(f, ARRIVED("B1", "C02", "11"));
	assert_number_is_of(f, "B1");
	give(f, ISSUED("C02"));
	assert_joined(f, "B1");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T11:00:00+08:00");
	assert_number_is_of(f, "R1");
}

static void
test_the_arrival_comes_later(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02"));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T11:00:00+08:00");
	assert_number_is_of(f, "R1");
}

/* It is said once, whatever else comes. */
static void
test_it_is_said_once(void **state)
{
	struct fixture *f = *state;
	struct self self;
	struct txn *t;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	assert_int_equal(changes_of(f, "R1"), 2);
	assert_int_equal(changes_of(f, "B1"), 2);
	give(f, REFERRAL("R1", "12:00:00", "C01", "issued", "C02",
	            ",\"escort\":\"儿子\""));
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(contest_settle(t, &self, TEST_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_joined(f, "B1");
	assert_int_equal(changes_of(f, "R1"), 3);
	assert_int_equal(changes_of(f, "B1"), 2);
}

static void
test_a_cancellation_does_not_undo_it(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") CALLED_OFF);
	assert_shown(f, "R1", "state", "cancelled");
	give(f, ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
}

static void
test_a_cancellation_that_comes_later(void **state)
{
	struct fixture *f = *state;

	give(f, ARRIVED("B1", "C02", "11"));
	give(f, ISSUED("C02"));
	give(f, CALLED_OFF);
	assert_joined(f, "B1");
}

/* Two at the door write it down: what the first of them by ref tells counts,
 * whichever comes first. */
static void
test_two_write_it_down(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B2", "C02", "12"));
	assert_shown(f, "R1", "arrived_at", "2026-05-01T12:00:00+08:00");
	give(f, ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	assert_joined(f, "B2");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T11:00:00+08:00");
}

static void
test_two_write_it_down_before_the_record(void **state)
{
	struct fixture *f = *state;

	give(f, ARRIVED("B1", "C02", "11"));
	give(f, ARRIVED("B2", "C02", "12"));
	give(f, ISSUED("C02"));
	assert_joined(f, "B1");
	assert_joined(f, "B2");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T11:00:00+08:00");
	assert_number_is_of(f, "R1");
}

/* What people wrote in the referral itself stands. */
static void
test_what_is_written_in_the_referral_stands(void **state)
{
	struct fixture *f = *state;

	give(f, REFERRAL("R1", "09:00:00", "C01", "in_care", "C02",
	            ",\"arrived_at\":\"2026-05-01T10:50:00+08:00\""));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_shown(f, "R1", "state", "in_care");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T10:50:00+08:00");
	assert_shown(f, "B1", "state", "cancelled");
}

/* --- not joined ------------------------------------------------------------
 */

static void
test_anothers_arrival_is_left_alone(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B1", "C03", "11"));
	assert_apart(f, "B1");
	assert_number_is_of(f, "R1");
}

static void
test_the_address_is_mended_later(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C03"));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_apart(f, "B1");
	give(f, REFERRAL("R1", "10:00:00", "C01", "issued", "C02", ""));
	assert_joined(f, "B1");
}

/* Once addressed, always addressed: in any order. */
static void
test_the_address_was_another(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02"));
	give(f, REFERRAL("R1", "10:00:00", "C01", "issued", "C03", ""));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
}

/* The number is a full referral's, whoever comes with it after. */
static void
test_a_second_referral_takes_no_number(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02"));
	give(f, AGAIN("C02"));
	assert_number_is_of(f, "R1");
	assert_int_equal(changes_of(f, "R1"), 1);
	assert_int_equal(changes_of(f, "R2"), 1);
}

/* Nobody addresses another's referral to himself. */
static void
test_who_addresses_it_to_himself_has_not_received_him(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02"));
	give(f, REFERRAL("R1", "10:00:00", "C03", "issued", "C03", ""));
	give(f, ARRIVED("B1", "C03", "11"));
	assert_apart(f, "B1");
}

/* A referral of one's own to oneself has no other's patient. */
static void
test_nor_has_who_refers_to_himself(void **state)
{
	struct fixture *f = *state;

	give(f, FROM("C02", "C02"));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_apart(f, "B1");
}

static void
test_the_target_writes_the_referral_down_for_another(void **state)
{
	struct fixture *f = *state;

	give(f, FROM("C01", "C02"));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
}

/* The word is of who registered it, whoever is addressed since. */
static void
test_it_is_said_for_who_registered_it(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, ISSUED("C02"));
	give(f, REFERRAL("R1", "10:00:00", "C01", "issued", "C03", ""));
	give(f, ARRIVED("B1", "C02", "11"));
	test_store_record(&f->s, "his", "referral", "R1", &r);
	assert_string_equal(r.by, "~group");
	assert_string_equal(r.org, "C02");
	record_clear(&r);
}

/* Of two referrals that fit, nobody knows which patient came. */
static void
test_of_two_that_fit_it_is_joined_to_none(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") AGAIN("C02"));
	give(f, ARRIVED("B1", "C02", "11"));
	assert_apart(f, "B1");
	assert_shown(f, "R2", "state", "issued");
	assert_shown(f, "R2", "arrived_at", "-");
}

static void
test_what_was_joined_comes_apart_when_another_fits(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	give(f, AGAIN("C02"));
	assert_apart(f, "B1");
	assert_shown(f, "R2", "state", "issued");
}

/* To another org it is no doubt. */
static void
test_another_referral_of_the_number_that_does_not_fit(void **state)
{
	struct fixture *f = *state;

	give(f, AGAIN("C03") ISSUED("C02") ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	assert_shown(f, "R2", "state", "issued");
}

/* What people wrote themselves stays when it comes apart. */
static void
test_what_people_wrote_is_not_taken_back(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	give(f, REFERRAL("R1", "12:00:00", "C02", "in_care", "C02",
	            ",\"admission_no\":\"Z7\""));
	give(f, AGAIN("C02"));
	assert_shown(f, "R1", "state", "in_care");
	assert_shown(f, "R1", "admission_no", "Z7");
	assert_shown(f, "R1", "arrived_at", "-");
	assert_shown(f, "B1", "state", "arrived");
}

/* --- another number --------------------------------------------------------
 */

static void
test_a_mistyped_number_is_mended(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	give(f, CAME_BY(OTHER, "B1", "13:00:00", "C02", "11"));
	assert_apart(f, "B1");
	give(f, ARRIVED("B2", "C02", "12"));
	assert_joined(f, "B2");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T12:00:00+08:00");
}

/* What is typed into the arrival's own record. */
static enum err
type(struct fixture *f, const char *name, const char *value)
{
	json_t *fields = json_pack("{s:s}", name, value);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	struct txn *t = test_store_write(&f->s);
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "referral", "B1");
	e = author_amend(t, &self, key, "S1", "C02", fields, TEST_NOW, &a);
	if (e == ERR_OK)
		assert_int_equal(contest_settle(t, &self, TEST_NOW), ERR_OK);
	json_decref(fields);
	self_wipe(&self);
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

static void
test_people_go_on_in_the_arrivals_record(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	assert_joined(f, "B1");
	assert_int_equal(type(f, "admission_no", "Z7"), ERR_OK);
	assert_joined(f, "B1");
	assert_shown(f, "R1", "admission_no", "Z7");
	assert_int_equal(type(f, "reassigned_to", "ref:R9"), ERR_REFUSED);
	assert_int_equal(type(f, "slip_no", OTHER), ERR_OK);
	assert_apart(f, "B1");
	assert_shown(f, "R1", "admission_no", "-");
}

static void
test_the_referrals_number_is_mended(void **state)
{
	struct fixture *f = *state;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	give(f, RENUMBERED);
	assert_apart(f, "B1");
	give(f, AGAIN("C02"));
	assert_shown(f, "R1", "state", "issued");
	assert_shown(f, "R2", "state", "arrived");
	assert_shown(f, "B1", "reassigned_to", "ref:R2");
}

/* Of more than are looked at none is joined; what is one too many does not
 * show whether it came first or last. */
static void
test_too_many_bear_the_number(void **state)
{
	struct fixture *f = *state;
	char line[512];
	int i;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	for (i = 3; i <= ARRIVAL_RECORDS_MOST + 1; i++) {
		assert_joined(f, "B1");
		snprintf(line, sizeof line, "%s", ARRIVED("B2", "C03", "11"));
		assert_non_null(strstr(line, "\"B2\""));
		memcpy(strstr(line, "\"B2\""),
		    (char[]){'"', 'X', (char)('a' + i), '"'}, 4);
		give(f, line);
	}
	assert_apart(f, "B1");
}

/* --- in every order --------------------------------------------------------
 */

enum { PIECES = 4 };

static const char *const pieces[PIECES] = {ISSUED("C02"),
    ARRIVED("B1", "C02", "11"), ARRIVED("B2", "C02", "12"),
    ARRIVED("B3", "C03", "10")};

static void
assert_order(const size_t order[PIECES])
{
	struct fixture *f;
	void *state;
	size_t i;

	open_group(&state);
	f = state;
	for (i = 0; i < PIECES; i++)
		give(f, pieces[order[i]]);
	assert_joined(f, "B1");
	assert_joined(f, "B2");
	assert_shown(f, "B3", "state", "arrived");
	assert_shown(f, "R1", "arrived_at", "2026-05-01T11:00:00+08:00");
	assert_number_is_of(f, "R1");
	close_store(&state);
}

static void
test_in_every_order(void **state)
{
	size_t o[PIECES], seen = 0;

	(void)state;
	for (o[0] = 0; o[0] < PIECES; o[0]++)
		for (o[1] = 0; o[1] < PIECES; o[1]++)
			for (o[2] = 0; o[2] < PIECES; o[2]++) {
				if (o[0] == o[1] || o[0] == o[2] ||
				    o[1] == o[2])
					continue;
				o[3] = 6 - o[0] - o[1] - o[2];
				assert_order(o);
				seen++;
			}
	assert_int_equal(seen, 24);
}

/* Where two referrals fit, nothing is left of what was said before both were
 * there. */
static void
test_in_every_order_where_two_fit(void **state)
{
	static const char *const line[] = {
	    ISSUED("C02"), AGAIN("C02"), ARRIVED("B1", "C02", "11")};
	static const unsigned char orders[6][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct fixture *f;
	void *room;
	size_t o, i;

	(void)state;
	for (o = 0; o < 6; o++) {
		open_group(&room);
		f = room;
		for (i = 0; i < 3; i++)
			give(f, line[orders[o][i]]);
		assert_apart(f, "B1");
		assert_shown(f, "R2", "state", "issued");
		assert_shown(f, "R2", "arrived_at", "-");
		close_store(&room);
	}
}

/* --- a hub that held them before -------------------------------------------
 */

static void
test_a_hub_joins_what_it_held(void **state)
{
	struct fixture *f = *state;
	struct self self;
	struct txn *t;
	int i;

	give(f, ISSUED("C02") ARRIVED("B1", "C02", "11"));
	assert_apart(f, "B1");
	test_store_join(&f->s, "H01");
	for (i = 0; i < 2; i++) {
		t = test_store_write(&f->s);
		assert_int_equal(self_read(t, &self), ERR_OK);
		assert_int_equal(arrival_prepare(t, &self), ERR_OK);
		assert_int_equal(arrival_settle(t, &self, TEST_NOW), ERR_OK);
		assert_int_equal(txn_commit(t), ERR_OK);
		assert_joined(f, "B1");
		assert_int_equal(changes_of(f, "R1"), 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_GROUP(test_the_referral_comes_later),
	    IN_GROUP(test_the_arrival_comes_later),
	    IN_GROUP(test_it_is_said_once),
	    IN_GROUP(test_a_cancellation_does_not_undo_it),
	    IN_GROUP(test_a_cancellation_that_comes_later),
	    IN_GROUP(test_two_write_it_down),
	    IN_GROUP(test_two_write_it_down_before_the_record),
	    IN_GROUP(test_what_is_written_in_the_referral_stands),
	    IN_GROUP(test_anothers_arrival_is_left_alone),
	    IN_GROUP(test_the_address_is_mended_later),
	    IN_GROUP(test_the_address_was_another),
	    IN_GROUP(test_a_second_referral_takes_no_number),
	    IN_GROUP(test_who_addresses_it_to_himself_has_not_received_him),
	    IN_GROUP(test_nor_has_who_refers_to_himself),
	    IN_GROUP(test_the_target_writes_the_referral_down_for_another),
	    IN_GROUP(test_it_is_said_for_who_registered_it),
	    IN_GROUP(test_of_two_that_fit_it_is_joined_to_none),
	    IN_GROUP(test_what_was_joined_comes_apart_when_another_fits),
	    IN_GROUP(test_another_referral_of_the_number_that_does_not_fit),
	    IN_GROUP(test_what_people_wrote_is_not_taken_back),
	    IN_GROUP(test_a_mistyped_number_is_mended),
	    IN_GROUP(test_people_go_on_in_the_arrivals_record),
	    IN_GROUP(test_the_referrals_number_is_mended),
	    IN_GROUP(test_too_many_bear_the_number),
	    cmocka_unit_test(test_in_every_order),
	    cmocka_unit_test(test_in_every_order_where_two_fit),
	    cmocka_unit_test_setup_teardown(
	        test_a_hub_joins_what_it_held, open_hub, close_store),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
