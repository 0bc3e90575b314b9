/* question: an open matter and its signed decision (待处理事项). Both versions
 * are kept where they are; the question names them and says what is proposed.
 */

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* Rank, lowest first: a decision stands above the matter, and its undoing
 * above the decision. What is undone is asked anew by another question. */
/* clang-format off */
static const struct state states[] = {
	{.name = "open", .from = "-", .history_ok = true},
	{.name = "decided", .from = "- open", .managing_only = true,
	    .reason = "reason"},
	{.name = "undone", .from = "decided", .managing_only = true,
	    .reason = "reason"},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P2},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "about_kind", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50,
	    .data = DATA_P0},
	/* A key without "ref:", since the kind is another field's. */
	{5, "about_ref", FIELD_WORD, FIELD_REQUIRED,
	    .max_chars = REF_CHARS_MAX, .data = DATA_P1},
	/* Ids of the changes that met. */
	{6, "versions", FIELD_WORDS, .merge = MERGE_APPEND,
	    .data = DATA_P0},
	/* Whose matter it is; his managing org decides. Empty: the group. */
	{7, "resident_id", FIELD_REF, FIELD_FOLLOWS,
	    .ref_kind = "resident",
	    .data = DATA_P2},
	{8, "proposal", FIELD_TEXT, .data = DATA_P2},
	{9, "decision", FIELD_TEXT, .data = DATA_P2},
	{10, "decided_by", FIELD_REF, .ref_kind = "staff", .data = DATA_P1},
	/* What kind of matter (a finding's name), whose program's record it is
	 * about, and which field; empty: the record as a whole. */
	{11, "code", FIELD_WORD, .max_chars = 50, .data = DATA_P0},
	{12, "about_source", FIELD_WORD, .data = DATA_P0},
	{13, "about_field", FIELD_WORD, .max_chars = 100, .data = DATA_P0},
	/* Ids of the changes that the decision made. */
	{14, "changes", FIELD_WORDS, .merge = MERGE_APPEND, .data = DATA_P0},
	/* Whose versions they are: they hear what was decided. */
	{15, "concerns", FIELD_REFS, FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P0},
	/* Whose place or loan it is: all who have to do with it hear of it. */
	{20, "device_id", FIELD_REF, FIELD_FOLLOWS, .ref_kind = "device",
	    .data = DATA_P0},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	if (rule_state_is(record, "decided"))
		rule_needs(record, "decision", out);
}

const struct kind kind_question = {
    .number = 21,
    .name = "question",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .states = states,
    .check = check,
    .scope = {.about = {"about_kind", "about_ref", "about_source"}},
};
