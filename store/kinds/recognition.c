/* recognition: another org's result was used, or the examination was made
 * again all the same (结果互认).
 */

#include <stdio.h>
#include <string.h>

#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const decisions[] = {"recognised", "repeated", NULL};
/* Why it was made again. */
static const char *const reasons[] = {"changed", "fast_changing",
    "before_operation", "emergency", "forensic", "poor_quality", "other", NULL};

/* clang-format off */
static const struct field fields[] = {
	{3, "reason", FIELD_ENUM, .words = reasons, .data = DATA_P2},
	{4, "earlier_report_id", FIELD_REF, FIELD_REQUIRED,
	    .ref_kind = "exam_report", .data = DATA_P2},
	{5, "resident_id", FIELD_REF, FIELD_REQUIRED | FIELD_FOLLOWS,
	    .ref_kind = "resident", .data = DATA_P2},
	{6, "item_code", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50,
	    .data = DATA_P2},
	{7, "decision", FIELD_ENUM, FIELD_REQUIRED, .words = decisions,
	    .data = DATA_P2},
	{8, "note", FIELD_TEXT, .data = DATA_P2},
	{9, "encounter_id", FIELD_REF, .ref_kind = "encounter",
	    .data = DATA_P2},
	{0},
};
/* clang-format on */

/* A result may be used when its window is over, yet that is told: whether it
 * still holds is the doctor's to say. */
static void
check_window(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *today = rule_today(cx);
	const char *item = rule_text(record, "item_code");
	const char *report = rule_ref(record, "earlier_report_id");
	char day[DATE_CHARS + 1], signed_on[DATE_CHARS + 1];
	int window;

	if (cx->window_days == NULL || cx->report_signed == NULL ||
	    today == NULL || item == NULL || report == NULL)
		return;
	snprintf(day, sizeof day, "%.10s", today);
	window = cx->window_days(cx->world, item, day);
	if (window == 0 || !cx->report_signed(cx->world, report, signed_on))
		return;
	if (!date_in_window(signed_on, day, window))
		findings_warn(out, FINDING_WINDOW_OVER, "decision");
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *decision = rule_text(record, "decision");

	if (decision == NULL)
		return;
	if (strcmp(decision, "repeated") == 0)
		rule_needs(record, "reason", out);
	else
		check_window(record, cx, out);
}

const struct kind kind_recognition = {
    .number = 23,
    .name = "recognition",
    .urgency = URGENCY_SOON,
    .fields = fields,
    .check = check,
};
