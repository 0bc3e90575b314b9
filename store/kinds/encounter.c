/* encounter: a visit to a doctor or a doctor's visit (就诊).
 *
 * Signed ones are amended by new versions with a reason, never changed in
 * place, and amendments made without knowing of each other both stay.
 */

#include <string.h>

#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const types[] = {"outpatient", "emergency", "home_visit",
    "outreach", "studio", "inpatient", "phone", NULL};
static const char *const outcomes[] = {
    "cured", "improved", "unchanged", "worse", NULL};
static const char *const dup_kinds[] = {"exam", "lab", "drug", NULL};
static const char *const dup_decisions[] = {"heeded", "overridden", NULL};

/* Rank, lowest first: an amendment stands above what it amends, and nothing
 * brings back what was entered in error. */
/* clang-format off */
static const struct state states[] = {
	{.name = "draft", .from = "-", .history_ok = true},
	{.name = "signed", .from = "- draft", .history_ok = true},
	{.name = "amended", .from = "signed", .history_ok = true,
	    .reason = "reason"},
	{.name = "entered_in_error", .from = "signed amended",
	    .history_ok = true, .reason = "reason"},
	{.name = NULL},
};

const struct field row_diagnosis[] = {
	{1, "code", FIELD_ICD10, .data = DATA_P2},
	{2, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P2},
	{0},
};

const struct field row_drug[] = {
	{1, "drug_code", FIELD_WORD, .max_chars = 50, .data = DATA_P2},
	{2, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P2},
	/* The unit decides what is much: 0.01 mg, 4,000,000 units. */
	{3, "dose", FIELD_DECIMAL, .min = 1e-6, .max = 1e9, .data = DATA_P2},
	{4, "unit", FIELD_WORD, .max_chars = 20, .data = DATA_P2},
	{5, "route", FIELD_WORD, .max_chars = 20, .data = DATA_P2},
	{6, "freq", FIELD_WORD, .max_chars = 20, .data = DATA_P2},
	{7, "days", FIELD_INT, .min = 1, .max = 400, .low = 1, .high = 90,
	    .data = DATA_P2},
	{0},
};

static const struct field order[] = {
	{1, "kind", FIELD_WORD, .data = DATA_P2},
	{2, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P2},
	{3, "count", FIELD_INT, .min = 1, .max = 10000, .data = DATA_P2},
	/* Of the group's list, where it has one (exam_item). */
	{4, "item_code", FIELD_WORD, .max_chars = 50, .data = DATA_P2},
	{0},
};

/* The reminder of threefold duplication (三重复提醒) and what came of it. */
static const struct field dup_check[] = {
	{1, "kind", FIELD_ENUM, FIELD_REQUIRED, .words = dup_kinds,
	    .data = DATA_P2},
	{2, "earlier_id", FIELD_REF, .ref_kind = "encounter",
	    .data = DATA_P2},
	{3, "decision", FIELD_ENUM, .words = dup_decisions,
	    .data = DATA_P2},
	{4, "reason", FIELD_TEXT, .data = DATA_P2},
	{5, "earlier_report_id", FIELD_REF, .ref_kind = "exam_report",
	    .data = DATA_P2},
	{0},
};

/* Limits of vital signs: outside min and max nobody lives or the unit is
 * another one; outside low and high it happens, but a slip of the finger
 * happens more often. */
static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P2},
	{2, "slip_no", FIELD_SLIP, .data = DATA_P0},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "resident_id", FIELD_REF, FIELD_FOLLOWS, .ref_kind = "resident",
	    .data = DATA_P2},
	{5, "unknown", FIELD_BOOL, .data = DATA_P2},
	{6, "description", FIELD_TEXT, .data = DATA_P2},
	{7, "type", FIELD_ENUM, FIELD_REQUIRED, .words = types,
	    .data = DATA_P2},
	{8, "dept", FIELD_WORD, .data = DATA_P2},
	{9, "visit_at", FIELD_INSTANT, FIELD_REQUIRED, .data = DATA_P2},
	{10, "onset_on", FIELD_DATE, .data = DATA_P2},
	{11, "subjective", FIELD_TEXT, .data = DATA_P2},
	{12, "objective", FIELD_TEXT, .data = DATA_P2},
	{13, "temp_c", FIELD_DECIMAL, .min = 34, .max = 43, .low = 35,
	    .high = 42, .data = DATA_P2},
	{14, "sbp", FIELD_INT, .min = 50, .max = 300, .low = 60, .high = 270,
	    .data = DATA_P2},
	{15, "dbp", FIELD_INT, .min = 20, .max = 200, .low = 30, .high = 150,
	    .data = DATA_P2},
	{16, "pulse", FIELD_INT, .min = 20, .max = 300, .low = 30,
	    .high = 220, .data = DATA_P2},
	{17, "spo2", FIELD_DECIMAL, .min = 50, .max = 100, .low = 70,
	    .high = 100, .data = DATA_P2},
	{18, "glucose_mmol", FIELD_DECIMAL, .min = 0.5, .max = 60, .low = 2,
	    .high = 40, .data = DATA_P2},
	{19, "weight_kg", FIELD_DECIMAL, .min = 0.3, .max = 300, .low = 1,
	    .high = 200, .data = DATA_P2},
	{20, "height_cm", FIELD_DECIMAL, .min = 20, .max = 250, .low = 30,
	    .high = 215, .data = DATA_P2},
	{21, "diagnoses", FIELD_ROWS, .row = row_diagnosis,
	    .data = DATA_P2},
	{22, "plan", FIELD_TEXT, .data = DATA_P2},
	{23, "orders", FIELD_ROWS, .row = order, .data = DATA_P2},
	{24, "rx", FIELD_ROWS, .row = row_drug, .data = DATA_P2},
	{25, "outcome", FIELD_ENUM, .words = outcomes, .data = DATA_P2},
	{26, "contract_id", FIELD_REF, .ref_kind = "contract",
	    .data = DATA_P2},
	{27, "referral_id", FIELD_REF, .ref_kind = "referral",
	    .data = DATA_P2},
	{28, "exam_request_ids", FIELD_REFS, .ref_kind = "exam_request",
	    .data = DATA_P2},
	{29, "outreach_id", FIELD_REF, .ref_kind = "outreach",
	    .data = DATA_P2},
	{30, "dispatch_id", FIELD_REF, .ref_kind = "dispatch",
	    .data = DATA_P2},
	{31, "device_ids", FIELD_REFS, .ref_kind = "device",
	    .data = DATA_P2},
	{32, "dup_checks", FIELD_ROWS, .row = dup_check, .data = DATA_P2},
	{33, "fee", FIELD_MONEY, .data = DATA_P2},
	/* Filed under the wrong resident: the stub, and what came of it. */
	{34, "reassigned_to", FIELD_REF, .ref_kind = "encounter", .data = DATA_P2},
	{35, "reassigned_from", FIELD_REF, .ref_kind = "encounter",
	    .data = DATA_P2},
	{0},
};
/* clang-format on */

static void
check_patient(const json_t *record, struct findings *out)
{
	if (json_object_get(record, "resident_id") != NULL ||
	    rule_is_draft(record))
		return;
	if (!json_is_true(json_object_get(record, "unknown")))
		findings_refuse(out, FINDING_NOBODY, "resident_id");
	/* Without one he can hardly be found later, yet he was treated. */
	else if (json_object_get(record, "description") == NULL)
		findings_warn(out, FINDING_MISSING, "description");
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	check_patient(record, out);
	rule_pressure(record, out);
	rule_happened(record, "visit_at", cx, out);
	rule_drugs(record, "rx", cx, out);
	/* visit_at must not come before onset_on; the day of onset is the
	 * one that people get wrong. */
	if (rule_is_before(record, "visit_at", "onset_on"))
		findings_refuse(out, FINDING_ONSET_AFTER_VISIT, "onset_on");
}

const struct kind kind_encounter = {
    .number = 9,
    .name = "encounter",
    .urgency = URGENCY_DAILY,
    .slip_letter = 'E',
    .fields = fields,
    .states = states,
    .check = check,
    .keeps_branches = true,
    .scope = {.by_founder = true, .is_care = true, .is_granted = true},
};
