/* referral: a patient sent up, down or sideways (双向转诊), and the back slip
 * (回转单) in one record, written by source and target in turn.
 */

#include <string.h>

#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const directions[] = {"up", "down", "sideways", NULL};
static const char *const urgencies[] = {"routine", "urgent", "emergency", NULL};
static const char *const green_channels[] = {"none", "chest_pain", "stroke",
    "trauma", "maternal", "neonatal", "other", NULL};

/* Rank, lowest first: one who accepts stands above one who declines at the
 * same place, a cancellation above an acceptance given without knowing of it
 * (the bed is not needed), and an arrival above all words about it: the
 * patient is there. So an arrival may also follow a refusal or cancellation.
 * Lapsed is a view on valid_days.
 *
 * The target may register an arrival by slip number before the record has
 * come; the hub joins it (arrival.c). Acceptance gates nothing: issued may be
 * followed by arrived. */
/* clang-format off */
static const struct state states[] = {
	{.name = "draft", .from = "-", .history_ok = true},
	{.name = "issued", .from = "- draft", .history_ok = true},
	{.name = "declined", .from = "issued", .history_ok = true,
	    .reason = "reason_declined"},
	{.name = "accepted", .from = "issued", .history_ok = true},
	{.name = "lapsed", .from = "issued accepted", .never_stored = true},
	{.name = "cancelled", .from = "issued accepted", .history_ok = true,
	    .reason = "reason_cancelled"},
	{.name = "arrived_home",
	    .from = "issued accepted declined cancelled",
	    .history_ok = true, .by_slip = true},
	{.name = "arrived", .from = "issued accepted declined cancelled",
	    .history_ok = true, .by_slip = true},
	{.name = "in_care", .from = "arrived", .history_ok = true},
	{.name = "sent_back", .from = "in_care", .history_ok = true},
	{.name = "followed_up", .from = "sent_back arrived_home",
	    .history_ok = true},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P2},
	{2, "slip_no", FIELD_SLIP, .data = DATA_P0},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "direction", FIELD_ENUM, FIELD_REQUIRED, .words = directions,
	    .data = DATA_P2},
	{5, "urgency", FIELD_ENUM, .words = urgencies, .data = DATA_P2},
	{6, "green_channel", FIELD_ENUM, .words = green_channels,
	    .data = DATA_P2},
	{7, "resident_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS | FIELD_GRANTS,
	    .ref_kind = "resident", .data = DATA_P2},
	{8, "from_org", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P2},
	{9, "from_dept", FIELD_WORD, .data = DATA_P2},
	{10, "from_doctor", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P2},
	{11, "from_phone", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{12, "to_org", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P2},
	{13, "to_dept", FIELD_WORD, .data = DATA_P2},
	{14, "to_doctor", FIELD_REF, .ref_kind = "staff", .data = DATA_P2},
	{15, "to_phone", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{16, "issued_at", FIELD_INSTANT, .data = DATA_P2},
	{17, "impression", FIELD_TEXT, .data = DATA_P2},
	{18, "diagnoses", FIELD_ROWS, .row = row_diagnosis,
	    .data = DATA_P2},
	{19, "history_now", FIELD_TEXT, .data = DATA_P2},
	{20, "history_past", FIELD_TEXT, .data = DATA_P2},
	{21, "treatment", FIELD_TEXT, .data = DATA_P2},
	{22, "attached", FIELD_REFS, FIELD_GRANTS, .ref_kind = "encounter",
	    .data = DATA_P2},
	{23, "escort", FIELD_WORD, .data = DATA_P2},
	{24, "consent", FIELD_WORD, .data = DATA_P2},
	/* Usually 7 for urgent ones and 14 for others. */
	{25, "valid_days", FIELD_INT, .min = 1, .max = 365, .low = 1,
	    .high = 30, .data = DATA_P2},
	{26, "arrived_at", FIELD_INSTANT, .data = DATA_P2},
	{27, "admission_no", FIELD_WORD, .data = DATA_P2},
	{28, "findings", FIELD_TEXT, .data = DATA_P2},
	{29, "final_dx", FIELD_ROWS, .row = row_diagnosis, .data = DATA_P2},
	{30, "plan", FIELD_TEXT, .data = DATA_P2},
	{31, "rehab_advice", FIELD_TEXT, .data = DATA_P2},
	{32, "followup_due_on", FIELD_DATE, .data = DATA_P2},
	{33, "reason_cancelled", FIELD_TEXT, .data = DATA_P2},
	{34, "reason_declined", FIELD_TEXT, .data = DATA_P2},
	/* Filed under the wrong resident: the stub, and what came of it. Of an
	 * arrival by slip number: the referral that it was joined to. */
	{35, "reassigned_to", FIELD_REF, .ref_kind = "referral", .data = DATA_P1},
	{36, "reassigned_from", FIELD_REF, .ref_kind = "referral",
	    .data = DATA_P1},
	{0},
};
/* clang-format on */

/* An emergency must get through with all its slips, so both are warnings. */
static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (rule_is_same(record, "from_org", "to_org"))
		findings_warn(out, FINDING_SAME_ORG, "to_org");
	if (rule_is_before(record, "arrived_at", "issued_at"))
		findings_warn(out, FINDING_CLOCK, "arrived_at");
}

static uint8_t
classify(const json_t *record)
{
	const char *urgency = rule_text(record, "urgency");

	return urgency != NULL && strcmp(urgency, "emergency") == 0
	           ? URGENCY_AT_ONCE
	           : URGENCY_SOON;
}

/* Valid for so many days after that of issue. */
static int
valid_days(const json_t *record)
{
	enum { URGENT_DAYS = 7, USUAL_DAYS = 14 };
	const json_t *days = json_object_get(record, "valid_days");
	const char *urgency = rule_text(record, "urgency");

	if (json_is_integer(days))
		return (int)json_integer_value(days);
	return urgency != NULL && strcmp(urgency, "routine") != 0 ? URGENT_DAYS
	                                                          : USUAL_DAYS;
}

static const char *
view(const json_t *record, const char *day)
{
	const char *issued = rule_day(record, "issued_at");

	if (issued == NULL || (!rule_state_is(record, "issued") &&
	                          !rule_state_is(record, "accepted")))
		return NULL;
	return date_days(day) - date_days(issued) > valid_days(record)
	           ? "lapsed"
	           : NULL;
}

const struct kind kind_referral = {
    .number = 15,
    .name = "referral",
    .urgency = URGENCY_SOON,
    .slip_letter = 'R',
    .fields = fields,
    .states = states,
    .check = check,
    .classify = classify,
    .view = view,
    .scope = {.grant = GRANT_BY_OTHERS,
        .grants_in = "issued accepted arrived_home arrived in_care "
                     "sent_back"},
};
