/* audit: who read whose record on what ground (查阅记录). Never changed. What
 * reads many records at once, an export or a list, is one of these without a
 * resident, and its note says what it was.
 */

#include "store/kinds/kinds.h"

static const char *const grounds[] = {
    "treatment", "contract", "referral", "complaint", "audit", "other", NULL};

/* clang-format off */
static const struct field fields[] = {
	{4, "staff_id", FIELD_REF, .ref_kind = "staff", .data = DATA_P1},
	{5, "resident_id", FIELD_REF, .ref_kind = "resident",
	    .data = DATA_P2},
	{6, "read_at", FIELD_INSTANT, FIELD_REQUIRED, .data = DATA_P1},
	{7, "ground", FIELD_ENUM, FIELD_REQUIRED, .words = grounds,
	    .data = DATA_P1},
	{8, "note", FIELD_TEXT, .data = DATA_P2},
	/* Of the resident's record, where it is not that of this one. */
	{9, "source", FIELD_WORD, .data = DATA_P0},
	/* Of who read without signing in: the user of the system, by number. A
	 * staff_id beside it is what he said. */
	{10, "system_user", FIELD_WORD, .data = DATA_P1},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (json_object_get(record, "staff_id") == NULL &&
	    json_object_get(record, "system_user") == NULL)
		findings_refuse(out, FINDING_MISSING, "staff_id");
	if (json_object_get(record, "note") == NULL &&
	    json_object_get(record, "resident_id") == NULL)
		findings_refuse(out, FINDING_MISSING, "resident_id");
}

/* Sent before the bulk of encounters, though nobody waits for it: who reads
 * and then loses the computer is known of. */
const struct kind kind_audit = {
    .number = 22,
    .name = "audit",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .check = check,
    .keeps_branches = true,
    .is_final = true,
    .scope = {.up_only = true},
};
