/* exam_request: an examination made here, to be read elsewhere (检查申请).
 * Images are not carried; study_ref says where they are.
 */

#include "store/kinds/kinds.h"

const char *const words_modality[] = {
    "imaging", "ecg", "lab", "pathology", "ultrasound", NULL};

/* Rank, lowest first: a report in hand stands above a rejection. */
/* clang-format off */
static const struct state states[] = {
	{.name = "sent", .from = "-", .history_ok = true},
	{.name = "received", .from = "sent", .history_ok = true},
	{.name = "rejected", .from = "received", .history_ok = true,
	    .reason = "reason"},
	{.name = "reported", .from = "received", .history_ok = true},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P2},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "resident_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS | FIELD_GRANTS,
	    .ref_kind = "resident", .data = DATA_P2},
	{5, "encounter_id", FIELD_REF, .ref_kind = "encounter",
	    .data = DATA_P2},
	{6, "to_org", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org",
	    .data = DATA_P2},
	{7, "modality", FIELD_ENUM, FIELD_REQUIRED, .words = words_modality,
	    .data = DATA_P2},
	{8, "item_code", FIELD_WORD, .data = DATA_P2},
	{9, "body_part", FIELD_WORD, .data = DATA_P2},
	{10, "clinical_info", FIELD_TEXT, .data = DATA_P2},
	{11, "taken_at", FIELD_INSTANT, .data = DATA_P2},
	{12, "study_ref", FIELD_WORD, .data = DATA_P2},
	{13, "specimen_no", FIELD_WORD, .data = DATA_P2},
	/* Filed under the wrong resident: the stub, and what came of it. */
	{14, "reassigned_to", FIELD_REF, .ref_kind = "exam_request", .data = DATA_P1},
	{15, "reassigned_from", FIELD_REF, .ref_kind = "exam_request",
	    .data = DATA_P1},
	{0},
};
/* clang-format on */

const struct kind kind_exam_request = {
    .number = 16,
    .name = "exam_request",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .states = states,
    .scope = {.by_founder = true,
        .is_followed = true,
        .grant = GRANT_BASIC,
        .grants_in = "sent received"},
};
