/* disclosure: what a resident was shown or given of his record (告知). Never
 * changed.
 */

#include "store/kinds/kinds.h"

static const char *const forms[] = {"shown", "printed", "file", NULL};
static const char *const receivers[] = {
    "resident", "guardian", "relative", "authority", "other", NULL};

/* clang-format off */
static const struct field fields[] = {
	{4, "staff_id", FIELD_REF, FIELD_REQUIRED, .ref_kind = "staff",
	    .data = DATA_P1},
	{5, "resident_id", FIELD_REF, FIELD_REQUIRED,
	    .ref_kind = "resident", .data = DATA_P2},
	{6, "shown_at", FIELD_INSTANT, FIELD_REQUIRED, .data = DATA_P1},
	{7, "form", FIELD_ENUM, FIELD_REQUIRED, .words = forms,
	    .data = DATA_P1},
	{8, "receiver", FIELD_ENUM, FIELD_REQUIRED, .words = receivers,
	    .data = DATA_P1},
	/* Kinds of records. */
	{9, "kinds", FIELD_WORDS, .data = DATA_P1},
	{10, "from_on", FIELD_DATE, .data = DATA_P1},
	{11, "to_on", FIELD_DATE, .data = DATA_P1},
	{12, "note", FIELD_TEXT, .data = DATA_P2},
	/* Of the resident's record, where it is not that of this one. */
	{13, "source", FIELD_WORD, .data = DATA_P0},
	{0},
};
/* clang-format on */

const struct kind kind_disclosure = {
    .number = 30,
    .name = "disclosure",
    .urgency = URGENCY_WHENEVER,
    .fields = fields,
    .keeps_branches = true,
    .is_final = true,
};
