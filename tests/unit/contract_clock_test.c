/* contract_clock: no clock that was wrong, nor a date still to come, says when
 * a contract ends or which plan is in force.
 */

#include "tests/unit/contract_word_room.h"

#include "store/contract_view.h"

/* --- wrong clocks --------------------------------------------------------- */

#define IN_2009 1230768000
#define STATUS(day, status)                                                    \
	"{\"kind\":\"resident\",\"ref\":\"R1\",\"by\":\"ref:S1\",\"at\":"      \
	"\"" day "T09:00:00+08:00\",\"org_id\":\"ref:C01\"," PERSON            \
	",\"managing_org_id\":\"ref:C01\",\"status\":\"" status "\"}\n"

/* He left, came back, signed and left again. */
static void
test_who_leaves_again_has_left(void **state)
{
	struct fixture *f = *state;

	give(f, STATUS("2025-01-01", "moved_away"));
	give(f, STATUS("2025-06-01", "living"));
	give(f, KA);
	assert_shown(f, "KA", "state", "active");
	give(f, STATUS("2026-05-01", "moved_away"));
	assert_shown(f, "KA", "state", "closed");
	assert_shown(f, "KA", "ended_on", "2026-05-01");
}

/* A death that was a mistake is not the day of one that was none. */
static void
test_who_dies_after_all_dies_then(void **state)
{
	struct fixture *f = *state;

	give(f, STATUS("2025-01-01", "dead"));
	give(f, STATUS("2025-06-01", "living"));
	give(f, CONTRACT("KA", "09:00:00", "C01", "ending", "2026-04-03",
	            ",\"end_reason\":\"resident\",\"ended_on\":"
	            "\"2026-04-20\""));
	give(f, STATUS("2026-05-01", "dead"));
	assert_shown(f, "KA", "state", "terminated");
}

/* Story 4: a clock of 2009 changes no contract's state. */
static void
test_a_wrong_clock_keeps_no_contract_alive(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_int_equal(sent_by_c02(f,
	                     SENT("R1", .kind = "resident",
	                         .clock = CLOCK_SUSPECT, .at = IN_2009),
	                     json_pack("{s:s}", "status", "moved_away")),
	    FINDING_NONE);
	assert_shown(f, "KA", "state", "closed");
	assert_shown(f, "KA", "ended_on", "2026-05-01"); /* what it had seen */
	waits(f, FINDING_DAY_UNKNOWN);
}

/* Nor does it say when an end was asked for; that is asked. It had seen the
 * group confirm the contract, and so it was no earlier. */
static void
test_a_wrong_clock_dates_no_end(void **state)
{
	struct fixture *f = *state;
	char number[24];
	uint64_t before;

	give(f, HE KB);
	assert_int_equal(
	    sent_by_c02(f, SENT("KB", .clock = CLOCK_SUSPECT, .at = IN_2009),
	        json_pack(
	            "{s:s, s:s}", "state", "ending", "end_reason", "resident")),
	    FINDING_NONE);
	assert_shown(f, "KB", "state", "terminated");
	assert_shown(f, "KB", "ended_on", "2026-05-02");
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)waits(f, FINDING_DAY_UNKNOWN).number);
	decide(f, "keep", NULL);
	assert_shown(f, "KB", "ended_on", "2026-05-02");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	before = change_count(f);
	give(f, HE);
	assert_int_equal(change_count(f), before);
	decide(f, NULL, number);
	assert_shown(f, "KB", "ended_on", "2026-05-02");
	waits(f, FINDING_DAY_UNKNOWN);
}

/* Who knows the day writes it. */
static void
test_a_day_that_is_written_is_not_guessed(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	sent_by_c02(f, SENT("KB", .clock = CLOCK_SUSPECT, .at = IN_2009),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	waits(f, FINDING_DAY_UNKNOWN);
	sent_by_c02(
	    f, SENT("KB"), json_pack("{s:s}", "ended_on", "2026-05-20"));
	assert_shown(f, "KB", "ended_on", "2026-05-20");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

/* --- package changes ------------------------------------------------------ */

#define OTHER_PLAN(ref, at, item)                                              \
	"{\"kind\":\"contract_change\",\"ref\":\"" ref                         \
	"\",\"by\":\"ref:S1\",\"at\":\"" at "+08:00\",\"org_id\":"             \
	"\"ref:C01\",\"contract_id\":\"ref:KA\",\"packages\":[{\"code\":"      \
	"\"BASIC\",\"items\":[{\"item\":\"" item                               \
	"\",\"planned\":1}]}],\"from_on\":\"2026-06-01\"}\n"

static void
assert_first_item(struct fixture *f, const char *name)
{
	json_t *plan = NULL;
	struct record r;
	struct txn *t;

	test_store_record(&f->s, "his", "contract", "KA", &r);
	t = test_store_read(&f->s);
	assert_int_equal(contract_plan(t, &r, "2026-07-01", &plan), ERR_OK);
	txn_abort(t);
	record_clear(&r);
	assert_string_equal(
	    text_in(json_array_get(json_object_get(plan, "items"), 0), "item"),
	    name);
	json_decref(plan);
}

/* A date that is still to come never wins. */
static void
test_no_date_to_come_is_the_last_word(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA OTHER_PLAN("X1", "2037-01-01T09:00:00", "WRONG")
	            OTHER_PLAN("X2", "2026-05-01T09:00:00", "RIGHT"));
	assert_int_equal(f->counts.refused, 0);
	assert_first_item(f, "RIGHT");
	give(f, OTHER_PLAN("X3", "2026-05-01T10:00:00", "LATER"));
	assert_first_item(f, "LATER");
}

/* Nor one of a clock that was wrong. */
static void
test_no_wrong_clock_has_the_last_word(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA OTHER_PLAN("X2", "2026-05-01T09:00:00", "RIGHT"));
	assert_int_equal(
	    sent_by_c02(f,
	        SENT("X9", .kind = "contract_change", .is_new = true,
	            .clock = CLOCK_SUSPECT, .at = INT64_C(2114380800)),
	        json_pack("{s:s, s:s, s:[{s:s, s:[{s:s, s:i}]}]}",
	            "contract_id", "ref:KA", "from_on", "2026-06-01",
	            "packages", "code", "BASIC", "items", "item", "WRONG",
	            "planned", 1)),
	    FINDING_NONE);
	assert_first_item(f, "RIGHT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_who_leaves_again_has_left),
	    AT_HUB(test_who_dies_after_all_dies_then),
	    AT_HUB(test_a_wrong_clock_keeps_no_contract_alive),
	    AT_HUB(test_a_wrong_clock_dates_no_end),
	    AT_HUB(test_a_day_that_is_written_is_not_guessed),
	    AT_HUB(test_no_date_to_come_is_the_last_word),
	    AT_HUB(test_no_wrong_clock_has_the_last_word),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
