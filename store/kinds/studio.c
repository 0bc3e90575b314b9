/* studio: an expert's studio at a member (专家工作室) and its clinic days. The
 * member is the acting org of the envelope.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field clinic_day[] = {
	{1, "on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P0},
	{2, "hours", FIELD_DECIMAL, .min = 0, .max = 24},
	{3, "visits", FIELD_INT, .min = 0, .max = 1000, .low = 0,
	    .high = 150},
	{0},
};

static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "name", FIELD_WORD, .data = DATA_P0},
	{5, "lead_staff_id", FIELD_REF, FIELD_REQUIRED,
	    .ref_kind = "staff", .data = DATA_P1},
	{6, "opened_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P0},
	{7, "closed_on", FIELD_DATE, .data = DATA_P0},
	{8, "clinic_days", FIELD_ROWS, .merge = MERGE_APPEND,
	    .row = clinic_day},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	rule_order(
	    record, "opened_on", "closed_on", FINDING_END_BEFORE_START, out);
}

const struct kind kind_studio = {
    .number = 28,
    .name = "studio",
    .org_is_field = true,
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .check = check,
};
