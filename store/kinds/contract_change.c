/* contract_change: other packages from a day on (服务包变更). The contract
 * itself is not changed: what was promised until then stays to be read, and
 * what is promised on a day is a view (store/contract_view.h).
 */

#include "store/kinds/kinds.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "contract_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "contract", .source_field = "contract_source",
	    .data = DATA_P1},
	/* All that is promised from then on, not what is added. */
	{5, "packages", FIELD_ROWS, FIELD_REQUIRED, .row = row_package,
	    .data = DATA_P1},
	{6, "from_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P1},
	{7, "note", FIELD_TEXT, .data = DATA_P1},
	{8, "contract_source", FIELD_WORD, .max_chars = 64, .data = DATA_P0},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	check_packages(record, out);
}

const struct kind kind_contract_change = {
    .number = 31,
    .name = "contract_change",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .check = check,
    .keeps_branches = true,
    .is_final = true,
};
