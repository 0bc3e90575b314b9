/* device: equipment the group's members lend each other (设备). The owner
 * writes it; of what others say what he alone allows counts for nothing
 * (keeper_own_fields()).
 */

#include "store/kinds/kinds.h"

static const char *const classes[] = {"ultrasound", "ecg", "dr", "monitor",
    "ventilator", "rehab", "lab", "defibrillator", "vehicle", "other", NULL};
/* In order of rank: unsafe stays until the owner, having seen it, clears it;
 * what the owner wrote without knowing does not, nor what others say. */
static const char *const conditions[] = {
    "ok", "minor", "in_repair", "unsafe", "withdrawn", NULL};

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "asset_no", FIELD_WORD, .data = DATA_P0},
	{5, "serial_no", FIELD_WORD, .data = DATA_P0},
	{6, "class", FIELD_ENUM, FIELD_REQUIRED, .words = classes},
	{7, "name", FIELD_WORD, .data = DATA_P0},
	{8, "model", FIELD_WORD, .data = DATA_P0},
	{9, "owner_org_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org"},
	{10, "portable", FIELD_BOOL, .data = DATA_P0},
	{11, "pool", FIELD_BOOL, .data = DATA_P0},
	{12, "onward_allowed", FIELD_BOOL, .data = DATA_P0},
	{13, "accessories", FIELD_WORDS, .data = DATA_P0},
	{14, "metrology_due", FIELD_DATE, .data = DATA_P0},
	{15, "rated_hours_year", FIELD_INT, .min = 1, .max = 8784},
	{16, "condition", FIELD_ENUM, .merge = MERGE_RANK,
	    .words = conditions, .guarded = "unsafe"},
	{17, "value", FIELD_MONEY, .data = DATA_P0},
	/* Standing approval: what these borrow needs no approval each time. */
	{18, "standing_orgs", FIELD_REFS, .ref_kind = "org",
	    .data = DATA_P0},
	/* The equipment centre that may approve in the owner's place. */
	{19, "centre_org_id", FIELD_REF, FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P0},
	{0},
};
/* clang-format on */

const struct kind kind_device = {
    .number = 7,
    .name = "device",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .scope = {.is_followed = true, .is_granted = true},
};
