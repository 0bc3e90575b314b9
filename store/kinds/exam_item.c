/* exam_item: one entry of the group's recognition list (互认项目): an item that
 * members examine, and for how long its result serves another member.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "item_code", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50},
	{5, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P0},
	{6, "modality", FIELD_ENUM, .words = words_modality},
	/* Days a result serves, the day it was signed among them. */
	{7, "window_days", FIELD_INT, FIELD_REQUIRED, .min = 1, .max = 3650,
	    .low = 1, .high = 365},
	{8, "valid_from", FIELD_DATE, .data = DATA_P0},
	{9, "valid_to", FIELD_DATE, .data = DATA_P0},
	{0},
};
/* clang-format on */

const struct kind kind_exam_item = {
    .number = 25,
    .name = "exam_item",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .check = rule_valid_span,
};
