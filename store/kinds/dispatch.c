/* dispatch: a staff member sent down to a member for a time (下派). */

#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "staff_id", FIELD_REF, FIELD_REQUIRED, .ref_kind = "staff",
	    .data = DATA_P1},
	{5, "from_org", FIELD_REF, FIELD_REQUIRED, .ref_kind = "org"},
	{6, "to_org", FIELD_REF, FIELD_REQUIRED, .ref_kind = "org"},
	{7, "starts_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P0},
	{8, "ends_on", FIELD_DATE, .data = DATA_P0},
	/* Whether the one sent is of a tertiary hospital. */
	{9, "tertiary", FIELD_BOOL, .data = DATA_P0},
	{10, "pupils", FIELD_REFS, .ref_kind = "staff", .data = DATA_P1},
	{11, "days_served", FIELD_INT, .min = 0, .max = 3660},
	/* Days count once somebody of the host has said so. */
	{12, "confirmed_by", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P1},
	{0},
};
/* clang-format on */

/* More days than there are between the two, both counted, were not served. */
static void
check_days(const json_t *record, struct findings *out)
{
	const char *from = rule_day(record, "starts_on");
	const char *to = rule_day(record, "ends_on");
	const json_t *days = json_object_get(record, "days_served");

	if (from != NULL && to != NULL && json_is_integer(days) &&
	    json_integer_value(days) > date_days(to) - date_days(from) + 1)
		findings_refuse(out, FINDING_ABOVE, "days_served");
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (rule_is_same(record, "from_org", "to_org"))
		findings_refuse(out, FINDING_SAME_ORG, "to_org");
	rule_order(
	    record, "starts_on", "ends_on", FINDING_END_BEFORE_START, out);
	check_days(record, out);
}

const struct kind kind_dispatch = {
    .number = 27,
    .name = "dispatch",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .check = check,
};
