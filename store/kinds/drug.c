/* drug: one entry of the group's drug list (药品目录). */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "drug_code", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50},
	{5, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P0},
	{6, "name_en", FIELD_WORD, .data = DATA_P0},
	{7, "spec", FIELD_WORD, .data = DATA_P0},
	{8, "unit", FIELD_WORD, .max_chars = 20},
	{9, "route", FIELD_WORD, .max_chars = 20},
	{10, "price", FIELD_MONEY, .data = DATA_P0},
	{11, "valid_from", FIELD_DATE, .data = DATA_P0},
	{12, "valid_to", FIELD_DATE, .data = DATA_P0},
	{0},
};
/* clang-format on */

const struct kind kind_drug = {
    .number = 5,
    .name = "drug",
    .by_group = true,
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .check = rule_valid_span,
};
