/* consult: a question to another org's doctors about a patient, and their
 * answer (会诊). Asked and closed by the one side, answered by the other.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* Rank, lowest first: of two doctors of one place who accepts stands above
 * who declines, an answer above both. */
/* clang-format off */
static const struct state states[] = {
	{.name = "requested", .from = "-", .history_ok = true},
	{.name = "declined", .from = "requested", .history_ok = true,
	    .reason = "reason"},
	{.name = "accepted", .from = "requested", .history_ok = true},
	{.name = "answered", .from = "accepted", .history_ok = true},
	{.name = "closed", .from = "answered", .history_ok = true},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P2},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "resident_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS | FIELD_GRANTS,
	    .ref_kind = "resident", .data = DATA_P2},
	{5, "from_org", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P2},
	{6, "from_doctor", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P2},
	{7, "to_org", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P2},
	{8, "to_doctor", FIELD_REF, .ref_kind = "staff", .data = DATA_P2},
	{9, "question", FIELD_TEXT, FIELD_REQUIRED, .data = DATA_P2},
	{10, "summary", FIELD_TEXT, .data = DATA_P2},
	{11, "answer", FIELD_TEXT, .data = DATA_P2},
	{12, "answered_at", FIELD_INSTANT, .data = DATA_P2},
	{13, "encounter_id", FIELD_REF, .ref_kind = "encounter",
	    .data = DATA_P2},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (rule_is_same(record, "from_org", "to_org"))
		findings_warn(out, FINDING_SAME_ORG, "to_org");
	if (rule_state_is(record, "answered"))
		rule_needs(record, "answer", out);
}

const struct kind kind_consult = {
    .number = 24,
    .name = "consult",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .states = states,
    .check = check,
    .scope = {.by_founder = true,
        .grant = GRANT_BASIC,
        .grants_in = "requested accepted answered"},
};
