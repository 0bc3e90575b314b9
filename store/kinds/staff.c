/* staff: a person who works for the group (人员). */

#include "store/kinds/kinds.h"

/* What somebody may do at a store where people sign in (api/role.c); where
 * none is named it follows from `role`, his post. */
static const char *const roles[] = {
    "doctor", "clinic_admin", "group_admin", "auditor", NULL};

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "name", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50,
	    .data = DATA_P1},
	{5, "role", FIELD_WORD, .data = DATA_P0},
	{6, "home_org_id", FIELD_REF, .ref_kind = "org"},
	{7, "practice_cert_no", FIELD_WORD, .data = DATA_P1},
	{8, "status", FIELD_WORD, .data = DATA_P0},
	{9, "roles", FIELD_ENUMS, .words = roles, .data = DATA_P0},
	{0},
};
/* clang-format on */

const struct kind kind_staff = {
    .number = 2,
    .name = "staff",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
};
