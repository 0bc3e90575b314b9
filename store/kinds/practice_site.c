/* practice_site: where a staff member may act, from when to when (执业地点).
 * The site is the acting org of the envelope.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const bases[] = {
    "employment", "multi_site", "dispatch", "outreach", NULL};

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "staff_id", FIELD_REF, FIELD_REQUIRED, .ref_kind = "staff"},
	{5, "valid_from", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P0},
	{6, "valid_to", FIELD_DATE, .data = DATA_P0},
	{7, "basis", FIELD_ENUM, .words = bases},
	{0},
};
/* clang-format on */

const struct kind kind_practice_site = {
    .number = 3,
    .name = "practice_site",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .check = rule_valid_span,
};
