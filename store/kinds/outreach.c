/* outreach: a tour of staff and devices through villages (巡回医疗). */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "villages", FIELD_REFS, FIELD_REQUIRED, .ref_kind = "org"},
	{5, "starts_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P0},
	{6, "ends_on", FIELD_DATE, .data = DATA_P0},
	{7, "staff_ids", FIELD_REFS, .ref_kind = "staff", .data = DATA_P1},
	{8, "device_ids", FIELD_REFS, .ref_kind = "device"},
	{9, "loan_ids", FIELD_REFS, .ref_kind = "loan"},
	{0},
};
/* clang-format on */

/* Devices come along by loans; own ones need none, so it is only told. */
static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	rule_order(
	    record, "starts_on", "ends_on", FINDING_END_BEFORE_START, out);
	if (json_array_size(json_object_get(record, "device_ids")) > 0 &&
	    json_array_size(json_object_get(record, "loan_ids")) == 0)
		findings_warn(out, FINDING_MISSING, "loan_ids");
}

const struct kind kind_outreach = {
    .number = 29,
    .name = "outreach",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .check = check,
};
