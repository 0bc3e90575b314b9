/* contract: a family doctor contract (家庭医生签约). Its org is the acting org
 * of the envelope.
 *
 * One per resident at a time; since two teams may sign one resident offline,
 * only the group makes it active. What was signed before that counts.
 */

#include <string.h>

#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

enum {
	/* At least one year: 2026-05-01 to 2027-04-30 are 364 days. */
	TERM_DAYS_MIN = 364,
	/* Usually 12 to 36 months, two leap days at most. */
	TERM_DAYS_USUAL = 3 * 365 + 2,
	/* A renewal is signed at the end of what it renews, not a quarter
	 * before: teams sign in autumn for the year that follows. */
	RENEWAL_DAYS = 92,
};

static const char *const signatures[] = {
    "paper", "fingerprint", "electronic", "guardian", NULL};
/* "replaced": another contract took its place (改签). */
static const char *const end_reasons[] = {"resident", "moved", "team_dissolved",
    "death", "breach", "duplicate", "error", "replaced", NULL};

static const char *const accesses[] = {"asked", "basic", "full", NULL};

/* Rank, lowest first: a decision stands above the question (contested), what
 * the resident asked for above a contract that runs, an end above a wish to
 * end, and a death above all. Expiry is a view on end_on; where it came as
 * history, anything done about the contract since stands above it.
 *
 * A site closes by itself on death or move; the group confirms. An ending
 * may follow contested: the team need not have heard of the dispute. */
/* clang-format off */
static const struct state states[] = {
	{.name = "draft", .from = "-", .history_ok = true},
	{.name = "signed", .from = "- draft", .history_ok = true},
	{.name = "contested", .from = "signed active", .group_only = true},
	{.name = "active", .from = "signed contested", .group_only = true,
	    .history_ok = true},
	{.name = "expired", .from = "signed active", .never_stored = true,
	    .history_ok = true},
	{.name = "ending", .from = "signed contested active",
	    .history_ok = true, .reason = "end_reason"},
	{.name = "refused", .from = "signed contested", .group_only = true,
	    .history_ok = true, .reason = "reason"},
	{.name = "terminated", .from = "ending", .group_only = true,
	    .history_ok = true, .reason = "end_reason"},
	{.name = "closed", .from = "draft signed contested active ending",
	    .history_ok = true, .reason = "end_reason"},
	{.name = NULL},
};

static const struct field package_item[] = {
	{1, "item", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P1},
	{2, "planned", FIELD_INT, .min = 0, .max = 1000, .data = DATA_P1},
	{0},
};

const struct field row_package[] = {
	{1, "code", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P1},
	{2, "price", FIELD_MONEY, .data = DATA_P1},
	{3, "items", FIELD_ROWS, .row = package_item, .data = DATA_P1},
	{0},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, FIELD_REQUIRED, .merge = MERGE_STATE,
	    .data = DATA_P1},
	{2, "slip_no", FIELD_SLIP, .data = DATA_P0},
	{3, "reason", FIELD_TEXT, .data = DATA_P1},
	{4, "resident_id", FIELD_REF,
	    FIELD_REQUIRED | FIELD_FOLLOWS | FIELD_GRANTS,
	    .ref_kind = "resident", .data = DATA_P1},
	{5, "household_no", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{6, "team_id", FIELD_REF, FIELD_REQUIRED | FIELD_TEAM,
	    .ref_kind = "team", .data = DATA_P1},
	{7, "signing_staff_id", FIELD_REF, .ref_kind = "staff",
	    .data = DATA_P1},
	{8, "packages", FIELD_ROWS, FIELD_REQUIRED, .row = row_package,
	    .data = DATA_P1},
	{9, "population_tags", FIELD_ENUMS, .words = words_population_tag,
	    .data = DATA_P2},
	{10, "signed_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P1},
	{11, "start_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P1},
	{12, "end_on", FIELD_DATE, FIELD_REQUIRED, .data = DATA_P1},
	{13, "resident_signature", FIELD_ENUM, .words = signatures,
	    .data = DATA_P1},
	{14, "choice_note", FIELD_TEXT, .data = DATA_P1},
	{15, "fee_public", FIELD_MONEY, .data = DATA_P1},
	{16, "fee_insurance", FIELD_MONEY, .data = DATA_P1},
	{17, "fee_self", FIELD_MONEY, .data = DATA_P1},
	{18, "renews_id", FIELD_REF, .ref_kind = "contract",
	    .data = DATA_P1},
	{19, "replaces_id", FIELD_REF, .ref_kind = "contract",
	    .data = DATA_P1},
	{20, "end_reason", FIELD_ENUM, .words = end_reasons,
	    .data = DATA_P1},
	{21, "ended_on", FIELD_DATE, .data = DATA_P1},
	/* The group's, while it is contested: with which others, and which of
	 * them counts until a person decides. */
	{22, "contested_with", FIELD_REFS, FIELD_GROUP,
	    .ref_kind = "contract", .data = DATA_P1},
	{23, "holder_id", FIELD_REF, FIELD_GROUP, .ref_kind = "contract",
	    .data = DATA_P1},
	/* Likewise: the other contracts of a household that more than one team
	 * has. */
	{24, "household_with", FIELD_REFS, FIELD_GROUP,
	    .ref_kind = "contract", .data = DATA_P1},
	/* The group's as well: the clock by which ended_on was said is wrong.
	 */
	{25, "end_is_guessed", FIELD_BOOL, FIELD_GROUP, .data = DATA_P1},
	/* And which programs' they are, where one is not of the contract's
	 * own: two call theirs the same. */
	{26, "contested_sources", FIELD_WORDS, FIELD_GROUP, .data = DATA_P0},
	{27, "holder_source", FIELD_WORD, FIELD_GROUP,
	    .max_chars = 64, .data = DATA_P0},
	/* Of household_with, likewise. */
	{28, "household_sources", FIELD_WORDS, FIELD_GROUP, .data = DATA_P0},
	/* The group's: what it opens of a file that another org keeps, where
	 * its team's computer opened many that day (opened.h). */
	{29, "file_access", FIELD_ENUM, FIELD_GROUP, .words = accesses,
	    .data = DATA_P0},
	{0},
};
/* clang-format on */

static bool
has_basic_package(const json_t *packages)
{
	for (size_t i = 0; i < json_array_size(packages); i++) {
		const char *code =
		    rule_text(json_array_get(packages, i), "code");

		if (code != NULL && strcmp(code, "BASIC") == 0)
			return true;
	}
	return false;
}

void
check_packages(const json_t *record, struct findings *out)
{
	const json_t *packages = json_object_get(record, "packages");

	/* None at all has been told by the table. */
	if (json_array_size(packages) > 0 && !has_basic_package(packages))
		findings_refuse(out, FINDING_BASIC_PACKAGE, "packages");
}

static void
check_term(const json_t *record, struct findings *out)
{
	const char *start = rule_day(record, "start_on");
	const char *end = rule_day(record, "end_on");
	int32_t days;

	rule_order(
	    record, "signed_on", "start_on", FINDING_START_BEFORE_SIGNING, out);
	rule_order(
	    record, "signed_on", "ended_on", FINDING_END_BEFORE_START, out);
	if (start == NULL || end == NULL)
		return;
	days = date_days(end) - date_days(start);
	if (days <= 0)
		findings_refuse(out, FINDING_END_BEFORE_START, "end_on");
	else if (days < TERM_DAYS_MIN)
		findings_refuse(out, FINDING_TERM, "end_on");
	else if (days > TERM_DAYS_USUAL)
		findings_warn(out, FINDING_UNLIKELY, "end_on");
}

static void
check_signer(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *staff = rule_ref(record, "signing_staff_id");
	const char *team = rule_ref(record, "team_id");

	if (cx->in_team != NULL && staff != NULL && team != NULL &&
	    !cx->in_team(cx->world, staff, team))
		findings_warn(out, FINDING_NOT_MEMBER, "signing_staff_id");
}

/* A contract may be renewed or changed at its end. What was signed is taken
 * all the same; of changes there is a word why. */
static void
check_former(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *renews = rule_ref(record, "renews_id");
	const char *replaces = rule_ref(record, "replaces_id");
	const char *signed_on = rule_day(record, "signed_on");
	const char *start = rule_day(record, "start_on");
	char last[DATE_CHARS + 1];

	if (cx->contract_ends == NULL || signed_on == NULL || start == NULL)
		return;
	if (renews != NULL && cx->contract_ends(cx->world, renews, last) &&
	    date_days(last) - date_days(signed_on) > RENEWAL_DAYS)
		findings_warn(out, FINDING_RENEWED_EARLY, "renews_id");
	if (replaces != NULL &&
	    json_object_get(record, "choice_note") == NULL &&
	    cx->contract_ends(cx->world, replaces, last) &&
	    strncmp(start, last, DATE_CHARS) <= 0)
		findings_warn(out, FINDING_CHANGED_EARLY, "replaces_id");
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	check_signer(record, cx, out);
	check_former(record, cx, out);
	check_packages(record, out);
	check_term(record, out);
	rule_happened(record, "signed_on", cx, out);
	if (!rule_is_draft(record) &&
	    json_object_get(record, "resident_signature") == NULL)
		findings_refuse(out, FINDING_SIGNATURE, "resident_signature");
}

/* Its last day still counts. */
static const char *
view(const json_t *record, const char *day)
{
	const char *end = rule_day(record, "end_on");

	if (end == NULL || strcmp(day, end) <= 0)
		return NULL;
	return rule_state_is(record, "signed") ||
	               rule_state_is(record, "active")
	           ? "expired"
	           : NULL;
}

const struct kind kind_contract = {
    .number = 8,
    .name = "contract",
    .urgency = URGENCY_SOON,
    .org_is_field = true,
    .slip_letter = 'C',
    .fields = fields,
    .states = states,
    .check = check,
    .view = view,
    .scope = {.by_founder = true,
        .is_followed = true,
        .basic = "*",
        .grant = GRANT_BY_GROUP,
        .grants_in = "signed contested active ending",
        .full_in = "active ending",
        .held_by = "file_access",
        .held_in = "asked basic"},
};
