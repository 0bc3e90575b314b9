/* link: two entries are one person (关联). Neither is deleted or changed, so
 * that undoing it restores both.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* On what it rests: one valid number, name and birth date; likeness without a
 * number; somebody who knows. */
static const char *const bases[] = {
    "same_number", "no_number", "by_hand", NULL};

/* Rank, lowest first: who says that they are two stands above who says that
 * they are one, for a wrong link shows one patient's history to the other's
 * doctor; and an undoing above both. */
/* clang-format off */
static const struct state states[] = {
	{.name = "proposed", .from = "-", .history_ok = true},
	{.name = "linked", .from = "- proposed", .managing_only = true},
	{.name = "refused", .from = "proposed", .managing_only = true,
	    .reason = "reason"},
	{.name = "undone", .from = "linked refused", .managing_only = true,
	    .reason = "reason"},
	{.name = NULL},
};

/* What was compared: a field of both entries, and whether it agrees. */
static const struct field evidence[] = {
	{1, "field", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50,
	    .data = DATA_P1},
	{2, "agrees", FIELD_BOOL, FIELD_REQUIRED, .data = DATA_P1},
	{3, "note", FIELD_TEXT, .data = DATA_P2},
	{0},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P1},
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "resident_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "resident", .source_field = "resident_source",
	    .data = DATA_P1},
	{5, "other_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS, .ref_kind = "resident",
	    .source_field = "other_source", .data = DATA_P1},
	{6, "basis", FIELD_ENUM, FIELD_REQUIRED, .words = bases,
	    .data = DATA_P1},
	{7, "evidence", FIELD_ROWS, .merge = MERGE_APPEND, .row = evidence,
	    .data = DATA_P2},
	{8, "decided_by", FIELD_REF, .ref_kind = "staff", .data = DATA_P1},
	/* Whose refs they are: two programs may call two entries the same. */
	{9, "resident_source", FIELD_WORD, .max_chars = 64,
	    .data = DATA_P0},
	{10, "other_source", FIELD_WORD, .max_chars = 64,
	    .data = DATA_P0},
	{0},
};
/* clang-format on */

static bool
is_one_source(const json_t *record)
{
	return (json_object_get(record, "resident_source") == NULL &&
	           json_object_get(record, "other_source") == NULL) ||
	       rule_is_same(record, "resident_source", "other_source");
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (rule_is_same(record, "resident_id", "other_id") &&
	    is_one_source(record))
		findings_refuse(out, FINDING_SAME_RECORD, "other_id");
}

const struct kind kind_link = {
    .number = 20,
    .name = "link",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .states = states,
    .check = check,
};
