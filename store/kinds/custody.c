/* custody: a hand-over of a device (交接).
 *
 * A hand-over that happened is never refused for what it says: two with one
 * number are a fork and a question for a person, not an error here.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const conditions[] = {
    "ok", "minor", "in_repair", "unsafe", "withdrawn", NULL};

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "device_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS | FIELD_GRANTS,
	    .ref_kind = "device"},
	{5, "loan_id", FIELD_REF, .ref_kind = "loan"},
	{6, "custody_no", FIELD_INT, FIELD_REQUIRED, .min = 1, .max = 1e6},
	{7, "from", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org"},
	{8, "to", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org"},
	{9, "giver", FIELD_REF, .ref_kind = "staff", .data = DATA_P1},
	{10, "receiver", FIELD_REF, .ref_kind = "staff", .data = DATA_P1},
	{11, "both_signed", FIELD_BOOL, .data = DATA_P0},
	{12, "condition", FIELD_ENUM, .words = conditions},
	{13, "accessories", FIELD_WORDS, .data = DATA_P0},
	{14, "meter_hours", FIELD_DECIMAL, .min = 0, .max = 1e6},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (rule_is_same(record, "from", "to"))
		findings_warn(out, FINDING_SAME_ORG, "to");
}

const struct kind kind_custody = {
    .number = 13,
    .name = "custody",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .check = check,
    .keeps_branches = true,
};
