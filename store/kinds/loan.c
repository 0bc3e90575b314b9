/* loan: the lending of a device from one member to another (借用). Its steps
 * are written by borrower, owner, custodian and taker, each at home.
 */

#include <stdio.h>
#include <string.h>

#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

static const char *const directions[] = {
    "vertical_down", "vertical_up", "horizontal", NULL};
static const char *const approvals[] = {"each", "standing", NULL};

/* Rank, lowest first: a refusal stands above an approval (owner and equipment
 * centre may both answer), what happened above what was intended, a device
 * found above one lost, and damage above all so that nobody overlooks it.
 *
 * A hand-over without approval, or against a refusal, is a fact with a flag
 * and no error. Overdue and metrology_expired are views on a date. */
/* clang-format off */
static const struct state states[] = {
	{.name = "requested", .from = "-", .history_ok = true},
	{.name = "approved", .from = "requested", .history_ok = true},
	{.name = "refused", .from = "requested", .history_ok = true,
	    .reason = "reason"},
	{.name = "cancelled", .from = "requested approved",
	    .history_ok = true, .reason = "reason"},
	{.name = "handed_over", .from = "requested approved refused",
	    .history_ok = true},
	{.name = "received", .from = "handed_over", .history_ok = true},
	{.name = "overdue", .from = "received", .never_stored = true},
	{.name = "metrology_expired", .from = "received",
	    .never_stored = true},
	{.name = "returning", .from = "received", .history_ok = true},
	{.name = "lost", .from = "received returning", .history_ok = true},
	{.name = "returned", .from = "returning", .history_ok = true},
	{.name = "damaged", .from = "received returning",
	    .history_ok = true},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P0},
	{2, "slip_no", FIELD_SLIP, .data = DATA_P0},
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "device_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS | FIELD_GRANTS,
	    .ref_kind = "device"},
	{5, "direction", FIELD_ENUM, .words = directions},
	{6, "lender", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org"},
	{7, "borrower", FIELD_REF,
	    FIELD_REQUIRED | FIELD_AUDIENCE, .ref_kind = "org"},
	{8, "purpose", FIELD_TEXT, .data = DATA_P1},
	{9, "planned_from", FIELD_INSTANT, .data = DATA_P0},
	{10, "planned_to", FIELD_INSTANT, .data = DATA_P0},
	{11, "requested_by", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P1},
	{12, "approved_by", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P1},
	{13, "approval", FIELD_ENUM, .words = approvals},
	{14, "onward_of_loan_id", FIELD_REF, .ref_kind = "loan"},
	{0},
};
/* clang-format on */

/* Vehicles are lent by the hour, so the whole instant counts. */
static void
check_plan(const json_t *record, struct findings *out)
{
	const char *from = rule_text(record, "planned_from");
	const char *to = rule_text(record, "planned_to");

	if (from == NULL || to == NULL || !instant_is_valid(from) ||
	    !instant_is_valid(to))
		return;
	if (strcmp(to, from) <= 0)
		findings_refuse(out, FINDING_END_BEFORE_START, "planned_to");
}

/* No approval for a device that is unsafe, withdrawn or past its metrology;
 * what was approved before that became so stays approved. */
static void
check_device(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	enum { PREFIX = sizeof "ref:" - 1 };
	const char *state = rule_text(record, "state");
	const char *device = rule_text(record, "device_id");
	const char *today = rule_today(cx);
	char day[DATE_CHARS + 1];

	if (state == NULL || strcmp(state, "approved") != 0)
		return;
	if (cx->old_state != NULL && strcmp(cx->old_state, "approved") == 0)
		return;
	/* Metrology is a matter of days: a wrong clock must not decide. */
	if (cx->device_usable == NULL || today == NULL || rule_clock_is_far(cx))
		return;
	if (device == NULL || strncmp(device, "ref:", PREFIX) != 0)
		return;
	snprintf(day, sizeof day, "%.10s", today);
	if (!cx->device_usable(cx->world, device + PREFIX, day))
		findings_refuse(out, FINDING_UNUSABLE_DEVICE, "device_id");
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	if (rule_is_same(record, "lender", "borrower"))
		findings_refuse(out, FINDING_SAME_ORG, "borrower");
	check_plan(record, out);
	check_device(record, cx, out);
}

/* Vehicles go by the hour; what is late is told by the day all the same. That
 * a device's metrology has run out is told by the device. */
static const char *
view(const json_t *record, const char *day)
{
	const char *due = rule_day(record, "planned_to");

	if (due == NULL || strncmp(day, due, DATE_CHARS) <= 0)
		return NULL;
	return rule_state_is(record, "received") ? "overdue" : NULL;
}

const struct kind kind_loan = {
    .number = 12,
    .name = "loan",
    .urgency = URGENCY_SOON,
    .slip_letter = 'L',
    .fields = fields,
    .states = states,
    .check = check,
    .view = view,
    .scope = {.grants_in = "requested approved handed_over received "
                           "returning lost returned damaged"},
};
