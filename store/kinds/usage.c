/* usage: hours and cases of a device on one day at one org (使用). */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "device_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS, .ref_kind = "device"},
	{5, "date", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P0},
	{6, "hours", FIELD_DECIMAL, FIELD_REQUIRED, .min = 0, .max = 24},
	{7, "cases", FIELD_INT, .min = 0, .max = 10000, .low = 0,
	    .high = 500},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	rule_happened(record, "date", cx, out);
}

const struct kind kind_usage = {
    .number = 14,
    .name = "usage",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .check = check,
    .keeps_branches = true,
};
