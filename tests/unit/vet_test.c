/* vet: lines judged with the world around them as a store knows it. */

#include "tests/unit/import_room.h"

#define CONTRACT(ref, staff)                                                   \
	ENVELOPE("contract", ref, "09:00:00", "C01")                           \
	"\"state\":\"signed\",\"resident_id\":\"ref:R1\","                     \
	"\"team_id\":\"ref:T1\",\"signing_staff_id\":\"ref:" staff             \
	"\",\"packages\":[{\"code\":\"BASIC\"}],"                              \
	"\"signed_on\":\"2026-05-01\",\"start_on\":\"2026-05-01\","            \
	"\"end_on\":\"2027-04-30\",\"resident_signature\":\"paper\"}\n"
#define TEAM                                                                   \
	ENVELOPE("team", "T1", "07:00:00", "C01")                              \
	"\"name\":\"一队\",\"leader_staff_id\":\"ref:S8\","                  \
	"\"members\":[\"ref:S8\",\"ref:S9\"]}\n"
#define RECOGNITION(ref, item)                                                 \
	ENVELOPE("recognition", ref, "09:00:00", "C01")                        \
	"\"earlier_report_id\":\"ref:P1\",\"resident_id\":\"ref:R1\","         \
	"\"item_code\":\"" item "\",\"decision\":\"recognised\"}\n"
#define AUDIT(at, more)                                                        \
	ENVELOPE("audit", "A1", at, "C01")                                     \
	"\"staff_id\":\"ref:S1\",\"resident_id\":\"ref:R1\","                  \
	"\"read_at\":\"2026-05-01T09:00:00+08:00\","                           \
	"\"ground\":\"treatment\"" more "}\n"

static bool
noticed(const struct fixture *f, enum finding_code code, const char *field)
{
	for (size_t i = 0; i < f->notice_count; i++)
		if (f->notices[i].code == code &&
		    strcmp(f->notices[i].field, field) == 0)
			return true;
	return false;
}

static void
test_a_contract_is_signed_by_the_team(void **state)
{
	struct fixture *f = *state;

	/* Of a team that is not here nothing is known. */
	give(f, CONTRACT("K1", "S7"));
	assert_counts(f, 1, 0, 0, 0);
	assert_false(noticed(f, FINDING_NOT_MEMBER, "signing_staff_id"));
	give(f, TEAM);
	give(f, CONTRACT("K2", "S7"));
	assert_counts(f, 1, 0, 0, 0);
	assert_true(noticed(f, FINDING_NOT_MEMBER, "signing_staff_id"));
	give(f, CONTRACT("K3", "S8") CONTRACT("K4", "S9"));
	assert_counts(f, 2, 0, 0, 0);
	assert_false(noticed(f, FINDING_NOT_MEMBER, "signing_staff_id"));
}

static void
test_a_result_is_recognised_inside_its_window(void **state)
{
	struct fixture *f = *state;

	give(f, ENVELOPE("exam_item", "I1", "07:00:00",
	            "H01") "\"item_code\":\"K\",\"name\":\"血钾\",\"window_"
	                   "days\":7}\n" ENVELOPE("exam_item", "I2", "07:00:00",
	                       "H01") "\"item_code\":\"LIP\",\"name\":\"血脂\","
	                              "\"window_days\":30,"
	                              "\"valid_to\":\"2026-04-30\"}\n" ENVELOPE(
	                                  "exam_report", "P1", "08:00:00",
	                                  "H01") "\"exam_request_id\":\"ref:"
	                                         "Q1\",\"doctor\":\"ref:S1\","
	                                         "\"signed_at\":\"2026-04-"
	                                         "24T09:00:00+08:00\"}\n");
	assert_counts(f, 3, 0, 0, 0);
	give(f, RECOGNITION("G1", "K"));
	assert_counts(f, 1, 0, 0, 0);
	assert_true(noticed(f, FINDING_WINDOW_OVER, "decision"));
	/* Not on the list any more: no window. */
	give(f, RECOGNITION("G2", "LIP"));
	assert_counts(f, 1, 0, 0, 0);
	assert_false(noticed(f, FINDING_WINDOW_OVER, "decision"));
}

static void
test_a_new_allergy_goes_at_once(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT("08:00:00", ""));
	last_change(f, 2, &c);
	assert_string_equal(c.record.ref, "R1");
	change_clear(&c);
	give(f, RESIDENT("09:00:00", ",\"phone\":\"12000000000\""));
	last_change(f, 2, &c);
	assert_int_equal(json_object_size(c.fields), 1);
	change_clear(&c);
	give(f,
	    RESIDENT("10:00:00", ",\"phone\":\"12000000000\","
	                         "\"allergies\":[{\"substance\":\"青霉素\"}]"));
	assert_counts(f, 0, 1, 0, 0);
	last_change(f, 0, &c);
	assert_non_null(json_object_get(c.fields, "allergies"));
	assert_int_equal(c.parent_count, 1);
	assert_int_equal(c.parents[0].id.class, 2);
	change_clear(&c);
}

/* A register's first load is not an alarm. */
static void
test_allergies_known_from_the_first_wait_their_turn(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT(
	            "08:00:00", ",\"allergies\":[{\"substance\":\"青霉素\"}]"));
	last_change(f, 2, &c);
	assert_non_null(json_object_get(c.fields, "allergies"));
	change_clear(&c);
}

static void
test_who_looked_stays_as_written(void **state)
{
	struct fixture *f = *state;

	give(f, AUDIT("09:00:00", ""));
	assert_counts(f, 1, 0, 0, 0);
	give(f, AUDIT("09:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
	assert_refused(
	    f, AUDIT("10:00:00", ",\"note\":\"x\""), FINDING_NEVER_CHANGED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_contract_is_signed_by_the_team),
	    HUB(test_a_result_is_recognised_inside_its_window),
	    CLINIC(test_a_new_allergy_goes_at_once),
	    CLINIC(test_allergies_known_from_the_first_wait_their_turn),
	    CLINIC(test_who_looked_stays_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
