/* rules: what several kinds ask of their fields. */

#include "store/rules.h"

#include <stdio.h>
#include <string.h>

#include "store/codes.h"
#include "store/date.h"

/* A clock may be off by a time zone or a missed midnight. */
enum { CLOCK_AHEAD_DAYS_MAX = 2 };

/* Older lines are taken for files brought along from before. */
enum { FRESH_DAYS_MAX = 31 };

/* Nobody wrote records for this program before; a PC whose battery is flat
 * says so. */
static const char clock_oldest[] = "2015-01-01";

const char *
rule_text(const json_t *fields, const char *name)
{
	return json_string_value(json_object_get(fields, name));
}

const char *
rule_day(const json_t *fields, const char *name)
{
	const char *text = rule_text(fields, name);

	if (text == NULL || (!date_is_valid(text) && !instant_is_valid(text)))
		return NULL;
	return text;
}

const char *
rule_ref(const json_t *fields, const char *name)
{
	enum { PREFIX = sizeof "ref:" - 1 };
	const char *text = rule_text(fields, name);

	if (text == NULL || strncmp(text, "ref:", PREFIX) != 0)
		return NULL;
	return text + PREFIX;
}

bool
rule_state_is(const json_t *fields, const char *state)
{
	const char *own = rule_text(fields, "state");

	return own != NULL && strcmp(own, state) == 0;
}

bool
rule_is_draft(const json_t *fields)
{
	return rule_state_is(fields, "draft");
}

static bool
is_plausible(const char *instant)
{
	return instant != NULL && instant_is_valid(instant) &&
	       strncmp(instant, clock_oldest, DATE_CHARS) >= 0;
}

bool
rule_clock_is_far(const struct check_context *cx)
{
	if (cx->at == NULL || !instant_is_valid(cx->at))
		return false;
	if (!is_plausible(cx->at))
		return true;
	return is_plausible(cx->now) &&
	       date_days(cx->at) - date_days(cx->now) > CLOCK_AHEAD_DAYS_MAX;
}

/* The line's own time counts: this computer's clock may be the wrong one. */
const char *
rule_today(const struct check_context *cx)
{
	if (is_plausible(cx->at))
		return cx->at;
	return is_plausible(cx->now) ? cx->now : NULL;
}

const char *
rule_latest(const struct check_context *cx)
{
	const char *today = rule_today(cx);

	if (today != NULL && is_plausible(cx->now) &&
	    strcmp(cx->now, today) > 0)
		return cx->now;
	return today;
}

bool
rule_is_fresh(const struct check_context *cx)
{
	int32_t days;

	if (!is_plausible(cx->at) || !is_plausible(cx->now))
		return false;
	days = date_days(cx->now) - date_days(cx->at);
	return days >= -CLOCK_AHEAD_DAYS_MAX && days <= FRESH_DAYS_MAX;
}

bool
rule_is_before(const json_t *fields, const char *a, const char *b)
{
	const char *one = rule_day(fields, a);
	const char *other = rule_day(fields, b);

	return one != NULL && other != NULL &&
	       strncmp(one, other, DATE_CHARS) < 0;
}

void
rule_order(const json_t *fields, const char *from, const char *to,
    enum finding_code code, struct findings *out)
{
	if (rule_is_before(fields, to, from))
		findings_refuse(out, code, to);
}

/* The line's own time may be the later: this clock is behind then. */
void
rule_happened(const json_t *fields, const char *name,
    const struct check_context *cx, struct findings *out)
{
	const char *day = rule_day(fields, name);
	const char *latest = is_plausible(cx->now) ? rule_latest(cx) : NULL;

	if (day != NULL && latest != NULL &&
	    date_days(day) - date_days(latest) > 1)
		findings_warn(out, FINDING_FUTURE, name);
}

void
rule_pressure(const json_t *fields, struct findings *out)
{
	const json_t *systolic = json_object_get(fields, "sbp");
	const json_t *diastolic = json_object_get(fields, "dbp");

	if (systolic == NULL && diastolic == NULL)
		return;
	if (systolic == NULL || diastolic == NULL) {
		if (!rule_is_draft(fields))
			findings_refuse(out, FINDING_PRESSURE_PAIR,
			    systolic == NULL ? "sbp" : "dbp");
		return;
	}
	if (json_is_number(systolic) && json_is_number(diastolic) &&
	    json_number_value(systolic) <= json_number_value(diastolic))
		findings_refuse(out, FINDING_PRESSURE_ORDER, "sbp");
}

void
rule_drugs(const json_t *fields, const char *name,
    const struct check_context *cx, struct findings *out)
{
	const json_t *rows = json_object_get(fields, name);

	if (cx->drug_known == NULL)
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *code =
		    rule_text(json_array_get(rows, i), "drug_code");
		char path[sizeof out->list[0].field];

		if (code == NULL || cx->drug_known(cx->world, code))
			continue;
		snprintf(path, sizeof path, "%s[%zu].drug_code", name, i);
		findings_warn(out, FINDING_DRUG_UNKNOWN, path);
	}
}

void
rule_needs(const json_t *fields, const char *name, struct findings *out)
{
	if (json_object_get(fields, name) == NULL)
		findings_refuse(out, FINDING_MISSING, name);
}

bool
rule_is_same(const json_t *fields, const char *a, const char *b)
{
	const char *one = rule_text(fields, a);
	const char *other = rule_text(fields, b);

	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

void
rule_digits(
    const json_t *fields, const char *name, size_t count, struct findings *out)
{
	const char *text = rule_text(fields, name);

	if (text != NULL && !digits_are(text, count))
		findings_refuse(out, FINDING_CODE, name);
}

void
rule_valid_span(
    const json_t *record, const struct check_context *cx, struct findings *out)
{
	(void)cx;
	rule_order(
	    record, "valid_from", "valid_to", FINDING_END_BEFORE_START, out);
}
