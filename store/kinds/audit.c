/* audit: who read whose record on what ground (查阅记录). Never changed. */

#include "store/kinds/kinds.h"

static const char *const grounds[] = {
    "treatment", "contract", "referral", "complaint", "audit", "other", NULL};

/* clang-format off */
static const struct field fields[] = {
	{4, "staff_id", FIELD_REF, FIELD_REQUIRED, .ref_kind = "staff",
	    .data = DATA_P1},
	{5, "resident_id", FIELD_REF, FIELD_REQUIRED,
	    .ref_kind = "resident", .data = DATA_P2},
	{6, "read_at", FIELD_INSTANT, FIELD_REQUIRED, .data = DATA_P1},
	{7, "ground", FIELD_ENUM, FIELD_REQUIRED, .words = grounds,
	    .data = DATA_P1},
	{8, "note", FIELD_TEXT, .data = DATA_P2},
	{0},
};
/* clang-format on */

const struct kind kind_audit = {
    .number = 22,
    .name = "audit",
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .keeps_branches = true,
    .is_final = true,
    .scope = {.up_only = true},
};
