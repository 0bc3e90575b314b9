/* exam_report: what the reader of an examination found (检查报告). Corrected by
 * another report that supersedes it, never in place.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "exam_request_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "exam_request", .data = DATA_P2},
	{5, "resident_id", FIELD_REF, FIELD_FOLLOWS, .ref_kind = "resident",
	    .data = DATA_P2},
	{6, "item_code", FIELD_WORD, .data = DATA_P2},
	{7, "findings", FIELD_TEXT, .data = DATA_P2},
	{8, "conclusion", FIELD_TEXT, .data = DATA_P2},
	/* A critical value needs acknowledged_by, which comes later, from
	 * the one who asked. */
	{9, "critical", FIELD_BOOL, .data = DATA_P2},
	{10, "acknowledged_by", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P2},
	{11, "doctor", FIELD_REF, FIELD_REQUIRED, .ref_kind = "staff",
	    .data = DATA_P2},
	{12, "signed_at", FIELD_INSTANT, FIELD_REQUIRED, .data = DATA_P2},
	{13, "supersedes_id", FIELD_REF, .ref_kind = "exam_report",
	    .data = DATA_P2},
	/* Filed under the wrong resident: the stub, and what came of it. */
	{14, "reassigned_to", FIELD_REF, .ref_kind = "exam_report", .data = DATA_P1},
	{15, "reassigned_from", FIELD_REF, .ref_kind = "exam_report",
	    .data = DATA_P1},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	rule_happened(record, "signed_at", cx, out);
}

static uint8_t
classify(const json_t *record)
{
	return json_is_true(json_object_get(record, "critical"))
	           ? URGENCY_AT_ONCE
	           : URGENCY_SOON;
}

const struct kind kind_exam_report = {
    .number = 17,
    .name = "exam_report",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .check = check,
    .classify = classify,
    .keeps_branches = true,
};
