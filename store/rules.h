/* rules: what several kinds ask of their fields. For the kinds' own checks;
 * all read nothing but their arguments and pass over what is missing or of a
 * wrong type, since the table's check has told that already.
 */

#ifndef YIZHAN_STORE_RULES_H
#define YIZHAN_STORE_RULES_H

#include "store/kind.h"

/** A field's text; NULL when it is missing or no text. */
const char *rule_text(const json_t *fields, const char *name);
/** A field's day, or an instant beginning with one; NULL: none, or not well
 * formed. */
const char *rule_day(const json_t *fields, const char *name);
/** A reference without its "ref:"; NULL: none, or not one. */
const char *rule_ref(const json_t *fields, const char *name);
/** Whether the record is in this state. */
bool rule_state_is(const json_t *fields, const char *state);
/** Whether the record is a draft, in which much may still be missing. */
bool rule_is_draft(const json_t *fields);

/** Whether the line's instant is before all records or ahead of cx->now. */
bool rule_clock_is_far(const struct check_context *cx);
/** The instant to judge a line by: its own, or cx->now where its own is from
 * before all records. NULL: neither will do. */
const char *rule_today(const struct check_context *cx);
/** The later of that and cx->now; NULL as above. */
const char *rule_latest(const struct check_context *cx);
/** Whether the line was written about now; false when now is not known. */
bool rule_is_fresh(const struct check_context *cx);

/** Whether the day of `a` is before that of `b`; false unless both are told. */
bool rule_is_before(const json_t *fields, const char *a, const char *b);
/** Refuse with code, at the field `to`, when that day is before `from`'s. */
void rule_order(const json_t *fields, const char *from, const char *to,
    enum finding_code code, struct findings *out);
/** Warn of a day later than now by more than one, of what has happened; not
 * where this computer's clock cannot be believed. */
void rule_happened(const json_t *fields, const char *name,
    const struct check_context *cx, struct findings *out);
/** Systolic above diastolic, and neither without the other. */
void rule_pressure(const json_t *fields, struct findings *out);
/** Warn of drugs in the rows of a field that are not in the list. */
void rule_drugs(const json_t *fields, const char *name,
    const struct check_context *cx, struct findings *out);
/** Refuse a record that lacks a field. */
void rule_needs(const json_t *fields, const char *name, struct findings *out);
/** Whether two references name the same record. */
bool rule_is_same(const json_t *fields, const char *a, const char *b);
/** Refuse a code that is not exactly count digits. */
void rule_digits(
    const json_t *fields, const char *name, size_t count, struct findings *out);

/** Reference data ends after it began; a whole check of a kind. */
void rule_valid_span(
    const json_t *record, const struct check_context *cx, struct findings *out);

#endif
