/* team: a family doctors' team (家庭医生团队). Its org is the acting org of the
 * envelope.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P0},
	{5, "leader_staff_id", FIELD_REF, .ref_kind = "staff"},
	{6, "members", FIELD_REFS, .ref_kind = "staff"},
	{7, "villages", FIELD_REFS, .ref_kind = "org"},
	/* One team cares for about 2000 residents; the largest known one for
	 * three times as many. */
	{8, "capacity", FIELD_INT, .min = 1, .max = 100000, .low = 1,
	    .high = 10000},
	{9, "valid_from", FIELD_DATE, .data = DATA_P0},
	{10, "valid_to", FIELD_DATE, .data = DATA_P0},
	{0},
};
/* clang-format on */

const struct kind kind_team = {
    .number = 4,
    .name = "team",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .check = rule_valid_span,
};
