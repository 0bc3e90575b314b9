/* resident: a person the group cares for (居民).
 *
 * Whether two entries are one person is told by links, never by a state that
 * is stored in the entry. Entries are made without an ID number, a birth day or
 * a phone where people have none, so very little is required.
 */

#include <stdio.h>
#include <string.h>

#include "store/codes.h"
#include "store/date.h"
#include "store/kinds/kinds.h"
#include "store/rules.h"

enum {
	GUARDED_YEARS = 14,  /* below: all data sensitive, PIPL article 28 */
	INFANT_YEARS = 10,   /* below: still guarded when old files come */
	AGE_YEARS_MAX = 125, /* above: a mistyped century */
};

/* WS/T 364 CV02.01.101: ID card, household book, passport, officer, driving
 * licence, Hong Kong or Macao, Taiwan, other. */
static const char *const id_types[] = {
    "01", "02", "03", "04", "05", "06", "07", "99", NULL};
static const char *const no_id_reasons[] = {
    "newborn", "lost", "never", "refuses", "unknown", NULL};
/* GB/T 2261.1: unknown, male, female, not stated. */
static const char *const sexes[] = {"0", "1", "2", "9", NULL};
static const char *const precisions[] = {"day", "month", "year", NULL};
/* In order of rank: who was reported dead stays so until a person decides. */
static const char *const statuses[] = {"living", "moved_away", "dead", NULL};

const char *const words_population_tag[] = {"elderly65", "pregnant", "child0_6",
    "hypertension", "diabetes", "tb", "psychosis", "disabled", "low_income",
    "special_family", NULL};

/* Rank, lowest first. An entry that names no state is provisional; the group
 * confirms it. */
/* clang-format off */
static const struct state states[] = {
	{.name = "provisional", .from = "-", .history_ok = true},
	{.name = "confirmed", .from = "- provisional", .group_only = true,
	    .stays = true},
	{.name = "linked", .from = "confirmed", .never_stored = true},
	{.name = NULL},
};

static const struct field contact[] = {
	{1, "name", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{2, "phone", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{3, "relation", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{0},
};

/* Removed by a status and a reason, by one who saw the entry. */
static const struct field allergy[] = {
	{1, "substance", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P2},
	{2, "reaction", FIELD_WORD, .data = DATA_P2},
	{3, "source", FIELD_WORD, .data = DATA_P2},
	{4, "status", FIELD_WORD, .data = DATA_P2},
	{5, "reason", FIELD_TEXT, .data = DATA_P2},
	{0},
};

static const struct field condition[] = {
	{1, "code", FIELD_ICD10, .data = DATA_P2},
	{2, "name", FIELD_WORD, FIELD_REQUIRED, .data = DATA_P2},
	{3, "since", FIELD_DATE, .data = DATA_P2},
	{4, "status", FIELD_WORD, .data = DATA_P2},
	{0},
};

static const struct field fields[] = {
	{1, "state", FIELD_WORD, .merge = MERGE_STATE, .data = DATA_P1},
	{3, "reason", FIELD_TEXT, .data = DATA_P2},
	{4, "name", FIELD_WORD, FIELD_REQUIRED, .max_chars = 50,
	    .data = DATA_P1},
	{5, "ehr_no", FIELD_EHR_NO, .data = DATA_P1},
	{6, "id_type", FIELD_ENUM, FIELD_ASKED, .words = id_types,
	    .data = DATA_P1},
	{7, "id_no", FIELD_ID_NO, FIELD_ASKED, .max_chars = 30,
	    .data = DATA_P2},
	{8, "no_id_reason", FIELD_ENUM, .words = no_id_reasons,
	    .data = DATA_P1},
	{9, "sex", FIELD_ENUM, FIELD_REQUIRED, .words = sexes,
	    .data = DATA_P1},
	{10, "birth_date", FIELD_DATE, .data = DATA_P1},
	{11, "birth_precision", FIELD_ENUM, .words = precisions,
	    .data = DATA_P1},
	/* GB/T 3304. */
	{12, "ethnic", FIELD_WORD, .max_chars = 20, .data = DATA_P1},
	{13, "phone", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	{14, "contact", FIELD_ROW, .row = contact, .data = DATA_P1},
	{15, "address", FIELD_TEXT, .max_chars = 500, .data = DATA_P2},
	{16, "household_no", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	/* GB/T 4761: relation to the head of the household. */
	{17, "household_role", FIELD_WORD, .max_chars = 20, .data = DATA_P1},
	{18, "managing_org_id", FIELD_REF, FIELD_HOLDER, .ref_kind = "org",
	    .data = DATA_P1},
	{19, "guardian_id", FIELD_REF, .ref_kind = "resident",
	    .data = DATA_P1},
	{20, "allergies", FIELD_ROWS, FIELD_AT_ONCE, .merge = MERGE_APPEND,
	    .row = allergy, .data = DATA_P2},
	{21, "conditions", FIELD_ROWS, .merge = MERGE_APPEND,
	    .row = condition, .data = DATA_P2},
	{22, "population_tags", FIELD_ENUMS, .merge = MERGE_APPEND,
	    .words = words_population_tag, .data = DATA_P2},
	{23, "insurance_type", FIELD_WORD, .max_chars = 50, .data = DATA_P1},
	/* That somebody lives after all goes as fast as that he died. */
	{24, "status", FIELD_ENUM, FIELD_AT_ONCE, .merge = MERGE_RANK,
	    .words = statuses, .data = DATA_P1},
	{0},
};
/* clang-format on */

/* Characters of a birth date that are meant, by its precision. */
static size_t
meant_chars(const json_t *record)
{
	const char *precision = rule_text(record, "birth_precision");

	if (precision == NULL || strcmp(precision, "day") == 0)
		return DATE_CHARS;
	return strcmp(precision, "month") == 0 ? 7 : 4;
}

static void
check_id_card(const json_t *record, const char *number, struct findings *out)
{
	const char *birth = rule_day(record, "birth_date");
	const char *sex = rule_text(record, "sex");
	struct id_number id;
	enum finding_code wrong = id_number_parse(number, &id);

	if (wrong != FINDING_NONE) {
		findings_refuse(out, wrong, "id_no");
		return;
	}
	if (id.has_lower_x)
		findings_warn(out, FINDING_ID_LOWER_X, "id_no");
	/* Cards carry wrong dates and registers do, so a person decides. */
	if (birth != NULL &&
	    strncmp(birth, id.birth_date, meant_chars(record)) != 0)
		findings_warn(out, FINDING_ID_OTHER_BIRTH, "birth_date");
	if (sex != NULL && ((strcmp(sex, "1") == 0 && !id.is_male) ||
	                       (strcmp(sex, "2") == 0 && id.is_male)))
		findings_warn(out, FINDING_ID_OTHER_SEX, "sex");
}

static void
check_identity(const json_t *record, struct findings *out)
{
	const char *number = rule_text(record, "id_no");
	const char *type = rule_text(record, "id_type");

	if (json_object_get(record, "id_no") == NULL) {
		if (json_object_get(record, "no_id_reason") == NULL)
			findings_refuse(out, FINDING_ID_OR_REASON, "id_no");
		return;
	}
	if (json_object_get(record, "id_type") == NULL)
		findings_refuse(out, FINDING_MISSING, "id_type");
	if (number != NULL && type != NULL && strcmp(type, "01") == 0)
		check_id_card(record, number, out);
}

/* Registers hold entries made years ago of children who have grown up since
 * and need no guardian any more. Whoever is still a child needs one; an old
 * entry of one who may have grown up is only warned about, since this
 * computer's clock cannot be trusted to say. */
static void
check_guardian(
    const char *birth, const struct check_context *cx, struct findings *out)
{
	const char *today = rule_today(cx);
	const char *latest = rule_latest(cx);

	if (date_years(birth, latest) >= GUARDED_YEARS)
		return;
	if (date_years(birth, today) < INFANT_YEARS || rule_is_fresh(cx))
		findings_refuse(out, FINDING_GUARDIAN, "guardian_id");
	else
		findings_warn(out, FINDING_GUARDIAN, "guardian_id");
}

static void
check_birth(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	const char *birth = rule_day(record, "birth_date");
	const char *today = rule_today(cx);

	if (birth == NULL || today == NULL)
		return;
	if (strncmp(birth, today, meant_chars(record)) > 0) {
		findings_refuse(out, FINDING_BIRTH_FUTURE, "birth_date");
		return;
	}
	if (date_years(birth, today) > AGE_YEARS_MAX)
		findings_warn(out, FINDING_UNLIKELY, "birth_date");
	if (json_object_get(record, "guardian_id") == NULL)
		check_guardian(birth, cx, out);
}

/* An allergy is never taken out of the list; that it is none after all is
 * said by its status, with the reason. */
static void
check_allergies(const json_t *record, struct findings *out)
{
	const json_t *list = json_object_get(record, "allergies");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		const char *status = rule_text(row, "status");
		char path[sizeof out->list[0].field];

		if (status == NULL || strcmp(status, "active") == 0 ||
		    json_object_get(row, "reason") != NULL)
			continue;
		snprintf(path, sizeof path, "allergies[%zu].reason", i);
		findings_warn(out, FINDING_REASON, path);
	}
}

static void
check(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	check_identity(record, out);
	check_birth(record, cx, out);
	check_allergies(record, out);
}

static uint8_t
classify(const json_t *record)
{
	const char *status = rule_text(record, "status");

	return status != NULL && strcmp(status, "dead") == 0 ? URGENCY_AT_ONCE
	                                                     : URGENCY_DAILY;
}

const struct kind kind_resident = {
    .number = 6,
    .name = "resident",
    .urgency = URGENCY_DAILY,
    .fields = fields,
    .states = states,
    .check = check,
    .classify = classify,
    .unsaid = "provisional",
    .scope = {.has_carers = true,
        .is_followed = true,
        .is_granted = true,
        .basic = "*"},
};
