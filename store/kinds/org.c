/* org: an organisation of the group (机构). Ended, never removed; changes of
 * the tree are events with a date.
 */

#include "store/codes.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const levels[] = {
    "county", "township", "village", "city", NULL};

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P0},
	{5, "level", FIELD_ENUM, FIELD_REQUIRED, .words = levels},
	{6, "uscc", FIELD_USCC, .data = DATA_P0},
	{7, "short_code", FIELD_WORD, .max_chars = SHORT_CODE_CHARS_MAX},
	{8, "region6", FIELD_WORD, .data = DATA_P0},
	{9, "town3", FIELD_WORD, .data = DATA_P0},
	{10, "village3", FIELD_WORD, .data = DATA_P0},
	{11, "parent_org_id", FIELD_REF, .ref_kind = "org"},
	{12, "valid_from", FIELD_DATE, .data = DATA_P0},
	{13, "valid_to", FIELD_DATE, .data = DATA_P0},
	{14, "successors", FIELD_REFS, .ref_kind = "org"},
	{0},
};
/* clang-format on */

/* Region codes as in the health record number: county 6 digits (GB/T 2260),
 * township 3, village 3. */
static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *code = rule_text(record, "short_code");

	(void)cx;
	if (code != NULL && !short_code_is_valid(code))
		findings_refuse(out, FINDING_CODE, "short_code");
	rule_digits(record, "region6", 6, out);
	rule_digits(record, "town3", 3, out);
	rule_digits(record, "village3", 3, out);
	rule_order(
	    record, "valid_from", "valid_to", FINDING_END_BEFORE_START, out);
}

const struct kind kind_org = {
    .number = 1,
    .name = "org",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .check = check,
};
