/* followup: a planned look after a resident (随访), as the national service
 * norm for basic public health (third edition) lays down its form.
 */

#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

/* Who is referred urgently is looked after within two weeks. */
enum { URGENT_DAYS = 14 };

static const char *const programmes[] = {"hypertension", "diabetes",
    "after_referral", "postnatal", "elderly", "other", NULL};

/* Rank, lowest first: who was seen was not missed. */
/* clang-format off */
static const struct state states[] = {
	{.name = "planned", .from = "-", .history_ok = true},
	{.name = "missed", .from = "- planned", .history_ok = true,
	    .reason = "reason"},
	{.name = "done", .from = "- planned", .history_ok = true},
	{.name = NULL},
};

/* Limits as in encounter.c. Coded answers are those of the paper form. */
static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P2},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "resident_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "resident", .data = DATA_P2},
	{5, "programme", FIELD_ENUM, FIELD_REQUIRED, .words = programmes,
	    .data = DATA_P2},
	{6, "on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P2},
	/* 1 clinic, 2 home, 3 phone. */
	{7, "method", FIELD_CHOICE, .min = 1, .max = 3, .data = DATA_P2},
	{8, "symptoms", FIELD_WORDS, .data = DATA_P2},
	{9, "sbp", FIELD_INT, .min = 50, .max = 300, .low = 60, .high = 270,
	    .data = DATA_P2},
	{10, "dbp", FIELD_INT, .min = 20, .max = 200, .low = 30, .high = 150,
	    .data = DATA_P2},
	{11, "weight", FIELD_DECIMAL, .min = 0.3, .max = 300, .low = 1,
	    .high = 200, .data = DATA_P2},
	{12, "fasting_glucose", FIELD_DECIMAL, .min = 0.5, .max = 60,
	    .low = 2, .high = 40, .data = DATA_P2},
	{13, "hba1c", FIELD_DECIMAL, .min = 2, .max = 30, .low = 3.5,
	    .high = 20, .data = DATA_P2},
	/* Cigarettes and liang (50 g) of spirits a day. */
	{14, "smoking", FIELD_INT, .min = 0, .max = 200, .low = 0,
	    .high = 80, .data = DATA_P2},
	{15, "drinking", FIELD_DECIMAL, .min = 0, .max = 100, .low = 0,
	    .high = 30, .data = DATA_P2},
	{16, "exercise", FIELD_TEXT, .data = DATA_P2},
	/* 1 light, 2 medium, 3 heavy. */
	{17, "salt", FIELD_CHOICE, .min = 1, .max = 3, .data = DATA_P2},
	/* 1 good, 2 fair, 3 poor. */
	{18, "psych", FIELD_CHOICE, .min = 1, .max = 3, .data = DATA_P2},
	/* 1 regular, 2 at times, 3 none. */
	{19, "compliance_med", FIELD_CHOICE, .min = 1, .max = 3,
	    .data = DATA_P2},
	/* Adverse reactions: 1 no, 2 yes. */
	{20, "adverse", FIELD_CHOICE, .min = 1, .max = 2, .data = DATA_P2},
	/* 1 controlled, 2 not, 3 adverse reaction, 4 complication. */
	{21, "category", FIELD_CHOICE, .min = 1, .max = 4, .data = DATA_P2},
	{22, "drugs", FIELD_ROWS, .row = row_drug, .data = DATA_P2},
	{23, "referral_reason", FIELD_TEXT, .data = DATA_P2},
	{24, "next_on", FIELD_DATE, .data = DATA_P2},
	{25, "contract_id", FIELD_REF, .ref_kind = "contract",
	    .data = DATA_P2},
	{26, "referral_id", FIELD_REF, .ref_kind = "referral",
	    .data = DATA_P2},
	/* Filed under the wrong resident: the stub, and what came of it. */
	{27, "reassigned_to", FIELD_REF, .ref_kind = "followup", .data = DATA_P1},
	{28, "reassigned_from", FIELD_REF, .ref_kind = "followup",
	    .data = DATA_P1},
	{0},
};
/* clang-format on */

/* From these values on the norm wants an urgent referral. */
static const char *
urgent_field(const json_t *record)
{
	const json_t *sbp = json_object_get(record, "sbp");
	const json_t *dbp = json_object_get(record, "dbp");
	const json_t *glucose = json_object_get(record, "fasting_glucose");

	if (json_is_number(sbp) && json_number_value(sbp) >= 180)
		return "sbp";
	if (json_is_number(dbp) && json_number_value(dbp) >= 110)
		return "dbp";
	if (json_is_number(glucose) && (json_number_value(glucose) >= 16.7 ||
	                                   json_number_value(glucose) <= 3.9))
		return "fasting_glucose";
	return NULL;
}

static bool
is_referred(const json_t *record)
{
	const char *on = rule_day(record, "on");
	const char *next = rule_day(record, "next_on");

	if (json_object_get(record, "referral_id") == NULL &&
	    json_object_get(record, "referral_reason") == NULL)
		return false;
	return on != NULL && next != NULL &&
	       date_days(next) - date_days(on) <= URGENT_DAYS;
}

/* A prompt, silent as soon as the record says what was done about it. */
static void
prompt_referral(const json_t *record, struct findings *out)
{
	const char *field = urgent_field(record);

	if (field != NULL && !is_referred(record))
		findings_warn(out, FINDING_URGENT_REFERRAL, field);
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	rule_pressure(record, out);
	rule_drugs(record, "drugs", cx, out);
	prompt_referral(record, out);
	if (rule_state_is(record, "done"))
		rule_happened(record, "on", cx, out);
	if (rule_is_before(record, "next_on", "on"))
		findings_warn(out, FINDING_UNLIKELY, "next_on");
}

const struct kind kind_followup = {
    .number = 10,
    .name = "followup",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .states = states,
    .check = check,
    .keeps_branches = true,
    .scope = {.is_care = true, .basic = "planned"},
};
