/* undone: a move, and one that the group confirmed by mistake: what becomes of
 * the file and of the contract that it ended.
 */

#include <sodium.h>

#include "tests/unit/contract_room.h"

#include "store/contest_settle.h"
#include "store/matter.h"

#define HE   SOMEBODY("R1", "张伟", "C01")
#define YEAR DAYS("2026-03-01", "2027-02-28")
#define KA   SIGNED("KA", "09:00:00", "C01", "R1", "T1", YEAR, "")
#define MOVE(ref, to)                                                          \
	ENVELOPE("move", ref, "12:00:00", "C02")                               \
	"\"state\":\"requested\",\"resident_id\":\"ref:R1\","                  \
	"\"from_org\":\"ref:C01\",\"to_org\":\"ref:" to                        \
	"\",\"moved_on\":\"2026-04-15\"}\n"
#define M1 MOVE("M1", "C02")

static char number[24]; /* of what was decided last */

/* choice NULL: undo the decision of that number. */
static enum err
decide(struct fixture *f, enum finding_code code, const char *choice)
{
	struct txn *t = test_store_write(&f->s);
	struct matter_decision d = {.choice = choice,
	    .by = "S9",
	    .org = "H01",
	    .reason = "弄错了",
	    .now = TEST_NOW + 60};
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	if (choice != NULL) {
		struct coded c = asked(f, code);

		assert_int_equal(c.count, 1);
		d.number = c.last.number;
		snprintf(number, sizeof number, "%llu",
		    (unsigned long long)d.number);
		e = matter_decide(t, &self, &d);
	} else {
		d.ref = number;
		e = matter_undo(t, &self, &d);
	}
	if (e == ERR_OK)
		e = contest_settle(t, &self, d.now);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
assert_of(struct fixture *f, const char *kind, const char *ref,
    const char *name, const char *expected)
{
	const char *text;
	struct record r;

	test_store_record(&f->s, "his", kind, ref, &r);
	text = text_in(r.fields, name);
	assert_string_equal(text == NULL ? "-" : text, expected);
	record_clear(&r);
}

static void
amend_move(struct fixture *f, const char *ref, const char *state)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields =
	    json_pack("{s:s, s:s}", "state", state, "reason", "弄错了");
	struct txn *t = test_store_write(&f->s);
	struct authored made;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "move", ref);
	assert_int_equal(author_amend(t, &self, key, "S9", "H01", fields,
	                     TEST_NOW + 90, &made),
	    ERR_OK);
	assert_int_equal(contest_settle(t, &self, TEST_NOW + 90), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
}

/* --- the file ------------------------------------------------------------ */

static void
test_the_file_goes_back(void **state)
{
	struct fixture *f = *state;

	give(f, HE M1);
	assert_int_equal(decide(f, FINDING_MOVE_ASKED, "confirm"), ERR_OK);
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C02");
	assert_int_equal(decide(f, FINDING_MOVE_ASKED, NULL), ERR_OK);
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C01");
	assert_of(f, "move", "M1", "state", "undone");
	assert_of(f, "move", "M1", "reason", "弄错了");
	/* It is over: who wants it asks again. */
	assert_int_equal(asked(f, FINDING_MOVE_ASKED).count, 0);
	assert_int_equal(decide(f, FINDING_MOVE_ASKED, NULL), ERR_USAGE);
}

/* Confirmed, and taken back, by the record itself. */
static void
test_an_amendment_takes_it_back_too(void **state)
{
	struct fixture *f = *state;

	give(f, HE M1);
	amend_move(f, "M1", "confirmed");
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C02");
	amend_move(f, "M1", "undone");
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C01");
}

static void
test_a_file_that_went_on_stays_there(void **state)
{
	struct fixture *f = *state;

	give(f, HE M1);
	amend_move(f, "M1", "confirmed");
	give(f, MOVE("M2", "C03"));
	amend_move(f, "M2", "confirmed");
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C03");
	amend_move(f, "M1", "undone");
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C03");
	amend_move(f, "M2", "undone");
	/* Where it would be if neither had been. */
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C01");
}

static void
test_a_refusal_is_taken_back(void **state)
{
	struct fixture *f = *state;

	give(f, HE M1);
	assert_int_equal(decide(f, FINDING_MOVE_ASKED, "refuse"), ERR_OK);
	assert_int_equal(asked(f, FINDING_MOVE_ASKED).count, 0);
	assert_int_equal(decide(f, FINDING_MOVE_ASKED, NULL), ERR_OK);
	assert_of(f, "move", "M1", "state", "requested");
	assert_int_equal(decide(f, FINDING_MOVE_ASKED, "confirm"), ERR_OK);
	assert_of(f, "resident", "R1", "managing_org_id", "ref:C02");
}

/* --- the contract -------------------------------------------------------- */

#define KB                                                                     \
	SIGNED("KB", "13:00:00", "C02", "R1", "T2",                            \
	    DAYS("2026-04-20", "2027-04-19"), "")

/* The change that gave a contract its state. */
static struct change_id
head_of(struct fixture *f, const char *ref)
{
	struct change_id id;
	struct record r;

	test_store_record(&f->s, "his", "contract", ref, &r);
	id = r.head;
	record_clear(&r);
	return id;
}

static void
assert_ended_first(struct fixture *f)
{
	struct change_id end = head_of(f, "KA"), begin = head_of(f, "KB");

	assert_contract(f, "KA", "state", "\"closed\"");
	assert_contract(f, "KA", "end_reason", "\"moved\"");
	assert_contract(f, "KB", "state", "\"active\"");
	assert_memory_equal(end.life, begin.life, LIFE_BYTES);
	assert_int_equal(end.class, begin.class);
	assert_true(end.seq < begin.seq);
}

/* The old contract ends before the new one is in force, whichever comes
 * first. */
static void
test_the_old_one_ends_before_the_new_one_runs(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA M1);
	amend_move(f, "M1", "confirmed");
	give(f, KB);
	assert_ended_first(f);
}

static void
test_the_same_if_both_are_there_before_the_move(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB KA M1);
	assert_contract(f, "KA", "state", "\"contested\"");
	amend_move(f, "M1", "confirmed");
	assert_ended_first(f);
	assert_int_equal(asked(f, FINDING_CONTESTED).count, 0);
}

static void
test_the_same_if_the_old_one_comes_last(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB M1);
	amend_move(f, "M1", "confirmed");
	give(f, KA);
	assert_contract(f, "KA", "state", "\"closed\"");
	assert_contract(f, "KA", "end_reason", "\"moved\"");
	assert_contract(f, "KB", "state", "\"active\"");
	assert_int_equal(asked(f, FINDING_CONTESTED).count, 0);
}

static void
assert_doubted(struct fixture *f)
{
	struct coded c = asked(f, FINDING_END_DOUBTED);

	assert_contract(f, "KA", "state", "\"closed\"");
	assert_contract(f, "KA", "end_reason", "\"moved\"");
	assert_contract(f, "KA", "ended_on", "\"2026-04-15\"");
	assert_int_equal(c.count, 1);
	assert_string_equal(c.last.ref, "KA");
}

static void
assert_settled(struct fixture *f, const char *state)
{
	assert_contract(f, "KA", "state", state);
	assert_int_equal(asked(f, FINDING_END_DOUBTED).count, 0);
}

static void
test_its_contract_is_a_question(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA M1);
	assert_settled(f, "\"active\"");
	amend_move(f, "M1", "confirmed");
	assert_settled(f, "\"closed\"");
	amend_move(f, "M1", "undone");
	assert_doubted(f);
}

/* The other order: the contract comes in when all is over. */
static void
test_a_late_contract_is_the_same_question(void **state)
{
	struct fixture *f = *state;

	give(f, HE M1);
	amend_move(f, "M1", "confirmed");
	amend_move(f, "M1", "undone");
	give(f, KA);
	assert_doubted(f);
}

static void
test_it_is_put_in_force_again(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	give(f, HE KA M1);
	amend_move(f, "M1", "confirmed");
	amend_move(f, "M1", "undone");
	assert_int_equal(decide(f, FINDING_END_DOUBTED, "resume"), ERR_OK);
	assert_settled(f, "\"active\"");
	assert_contract(f, "KA", "end_reason", "-");
	assert_contract(f, "KA", "ended_on", "-");
	/* Whatever is looked at again, it stays so. */
	before = change_count(f);
	give(f, HE KA M1);
	assert_int_equal(change_count(f), before);
	assert_settled(f, "\"active\"");
	/* That is undone, too. */
	assert_int_equal(decide(f, FINDING_END_DOUBTED, NULL), ERR_OK);
	assert_doubted(f);
}

static void
test_it_stays_ended(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA M1);
	amend_move(f, "M1", "confirmed");
	amend_move(f, "M1", "undone");
	assert_int_equal(decide(f, FINDING_END_DOUBTED, "ended"), ERR_OK);
	assert_settled(f, "\"closed\"");
	assert_contract(f, "KA", "reason", "\"弄错了\"");
	give(f, HE KA M1);
	assert_settled(f, "\"closed\"");
	assert_int_equal(decide(f, FINDING_END_DOUBTED, NULL), ERR_OK);
	assert_doubted(f);
	assert_int_equal(decide(f, FINDING_END_DOUBTED, "resume"), ERR_OK);
	assert_settled(f, "\"active\"");
}

/* What holds for one move does not for the next. */
static void
test_he_moves_after_all(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA M1);
	amend_move(f, "M1", "confirmed");
	amend_move(f, "M1", "undone");
	assert_int_equal(decide(f, FINDING_END_DOUBTED, "resume"), ERR_OK);
	give(f, MOVE("M2", "C02"));
	amend_move(f, "M2", "confirmed");
	assert_settled(f, "\"closed\"");
	assert_contract(f, "KA", "end_reason", "\"moved\"");
	amend_move(f, "M2", "undone");
	assert_doubted(f);
}

/* He signed elsewhere meanwhile: two teams, and a person decides. */
static void
test_it_meets_what_was_signed_meanwhile(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA M1);
	amend_move(f, "M1", "confirmed");
	give(f, KB);
	assert_contract(f, "KB", "state", "\"active\"");
	amend_move(f, "M1", "undone");
	assert_doubted(f);
	assert_contract(f, "KB", "state", "\"active\"");
	assert_int_equal(decide(f, FINDING_END_DOUBTED, "resume"), ERR_OK);
	assert_settled(f, "\"contested\"");
	assert_contract(f, "KB", "state", "\"contested\"");
	assert_int_equal(asked(f, FINDING_CONTESTED).count, 1);
}

/* Where he died or asked for the end, nothing is left to ask. */
static void
test_another_end_leaves_nothing_to_ask(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA M1);
	amend_move(f, "M1", "confirmed");
	amend_move(f, "M1", "undone");
	assert_doubted(f);
	give(f, ENVELOPE("resident", "R1", "15:00:00",
	            "C01") "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":"
	                   "\"never\","
	                   "\"managing_org_id\":\"ref:C01\",\"status\":"
	                   "\"dead\"}\n");
	assert_settled(f, "\"closed\"");
	assert_contract(f, "KA", "end_reason", "\"death\"");
	give(f, ENVELOPE("resident", "R1", "16:00:00",
	            "C01") "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":"
	                   "\"never\","
	                   "\"managing_org_id\":\"ref:C01\",\"status\":"
	                   "\"living\"}\n");
	assert_doubted(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_GROUP(test_the_file_goes_back),
	    IN_GROUP(test_an_amendment_takes_it_back_too),
	    IN_GROUP(test_a_file_that_went_on_stays_there),
	    IN_GROUP(test_a_refusal_is_taken_back),
	    IN_GROUP(test_the_old_one_ends_before_the_new_one_runs),
	    IN_GROUP(test_the_same_if_both_are_there_before_the_move),
	    IN_GROUP(test_the_same_if_the_old_one_comes_last),
	    IN_GROUP(test_its_contract_is_a_question),
	    IN_GROUP(test_a_late_contract_is_the_same_question),
	    IN_GROUP(test_it_is_put_in_force_again),
	    IN_GROUP(test_it_stays_ended),
	    IN_GROUP(test_he_moves_after_all),
	    IN_GROUP(test_it_meets_what_was_signed_meanwhile),
	    IN_GROUP(test_another_end_leaves_nothing_to_ask),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
