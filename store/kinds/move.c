/* move: a resident goes over to another managing org (迁移). The group decides;
 * until then the record says no more than that somebody asked.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* Rank, lowest first: a refusal stands above a confirmation, since a resident
 * must not lose the org that cares for him by two decisions made apart; so does
 * that it was a mistake. Not even as history does a site say that the group
 * has decided. */
/* clang-format off */
static const struct state states[] = {
	{.name = "requested", .from = "-", .history_ok = true},
	{.name = "confirmed", .from = "- requested", .group_only = true},
	{.name = "undone", .from = "confirmed", .group_only = true,
	    .reason = "reason"},
	{.name = "refused", .from = "requested", .group_only = true,
	    .reason = "reason"},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P1},
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "resident_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "resident", .source_field = "resident_source",
	    .data = DATA_P1},
	{5, "from_org", FIELD_REF, FIELD_AUDIENCE, .ref_kind = "org", .data = DATA_P1},
	{6, "to_org", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P1},
	{7, "from_village", FIELD_WORD, .data = DATA_P2},
	{8, "to_village", FIELD_WORD, .data = DATA_P2},
	{9, "moved_on", FIELD_DATE, .data = DATA_P1},
	/* Whose ref it is: two programs may call two residents the same. */
	{10, "resident_source", FIELD_WORD, .max_chars = 64, .data = DATA_P0},
	{0},
};
/* clang-format on */

/* From one village to another of the same org is a move too, so two equal
 * orgs are odd only where no village is told. */
static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *resident = rule_ref(record, "resident_id");

	/* The file is given with the word, so it has to be here. */
	if (rule_state_is(record, "confirmed") && cx->acts_for_group &&
	    cx->exists != NULL && resident != NULL &&
	    !cx->exists(cx->world, "resident", resident))
		findings_refuse(out, FINDING_AWAITED, "resident_id");
	if (rule_is_same(record, "from_org", "to_org") &&
	    json_object_get(record, "to_village") == NULL)
		findings_refuse(out, FINDING_SAME_ORG, "to_org");
}

const struct kind kind_move = {
    .number = 19,
    .name = "move",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .states = states,
    .check = check,
};
