/* contract_service: one promised item delivered (履约). Never changed: what
 * was done stays done, whatever becomes of the contract.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "contract_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "contract", .source_field = "contract_source",
	    .data = DATA_P1},
	{5, "item", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P1},
	{6, "done_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P1},
	{7, "encounter_id", FIELD_REF, .ref_kind = "encounter",
	    .data = DATA_P1},
	{8, "followup_id", FIELD_REF, .ref_kind = "followup",
	    .data = DATA_P1},
	/* Whose ref it is: two programs may call two contracts the same. */
	{9, "contract_source", FIELD_WORD, .max_chars = 64, .data = DATA_P0},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	rule_happened(record, "done_on", cx, out);
}

const struct kind kind_contract_service = {
    .number = 11,
    .name = "contract_service",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .check = check,
    .keeps_branches = true,
};
