/* sterile_batch: a batch of instruments on its way through the sterile supply
 * centre and out to a member (消毒供应).
 */

#include <string.h>

#include "store/kinds/kinds.h"
#include "store/rules.h"

/* Rank, lowest first: what has gone back was not used up, and a recall stands
 * above all: somebody must look for the batch. Expiry is a view on a date. */
/* clang-format off */
static const struct state states[] = {
	{.name = "received", .from = "-", .history_ok = true},
	{.name = "sterilising", .from = "received", .history_ok = true},
	{.name = "sterile", .from = "sterilising", .history_ok = true},
	{.name = "dispatched", .from = "sterile", .history_ok = true},
	{.name = "delivered", .from = "dispatched", .history_ok = true},
	{.name = "expired", .from = "delivered", .never_stored = true},
	{.name = "used", .from = "delivered", .history_ok = true},
	{.name = "returned", .from = "delivered", .history_ok = true},
	{.name = "recalled",
	    .from = "received sterilising sterile dispatched delivered used "
	        "returned",
	    .history_ok = true, .reason = "reason"},
	{.name = NULL},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE},
	{3, "reason", FIELD_TEXT, .data = DATA_P0},
	{4, "batch_no", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50},
	{5, "item", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P0},
	{6, "quantity", FIELD_INT, FIELD_REQUIRED, .min = 1, .max = 100000,
	    .low = 1, .high = 1000},
	{7, "sterilised_at", FIELD_INSTANT, .data = DATA_P0},
	{8, "expires_on", FIELD_DATE, .data = DATA_P0},
	{9, "to_org", FIELD_REF, .ref_kind = "org"},
	{10, "delivered_on", FIELD_DATE, .data = DATA_P0},
	{0},
};
/* clang-format on */

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	rule_order(record, "sterilised_at", "expires_on",
	    FINDING_END_BEFORE_START, out);
	if (rule_is_before(record, "delivered_on", "sterilised_at"))
		findings_warn(out, FINDING_UNLIKELY, "delivered_on");
}

static uint8_t
classify(const json_t *record)
{
	return rule_state_is(record, "recalled") ? URGENCY_AT_ONCE
	                                         : URGENCY_DAILY;
}

/* Its last day still counts; what is used or gone is past caring. */
static const char *
view(const json_t *record, const char *day)
{
	const char *end = rule_day(record, "expires_on");

	if (end == NULL || strcmp(day, end) <= 0)
		return NULL;
	return rule_state_is(record, "sterile") ||
	               rule_state_is(record, "dispatched") ||
	               rule_state_is(record, "delivered")
	           ? "expired"
	           : NULL;
}

const struct kind kind_sterile_batch = {
    .number = 26,
    .name = "sterile_batch",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .states = states,
    .check = check,
    .classify = classify,
    .view = view,
};
