/* form: what a person types, made into what an operation takes.
 *
 * The kinds' tables seen from the command line: which fields there are, which
 * must be given, and the JSON value of what was typed. Nothing is judged here
 * that the store judges anyway: what does not fit its type goes on as text
 * and comes back as a finding with its reason.
 */

#ifndef YIZHAN_API_FORM_H
#define YIZHAN_API_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct kind;

/* One field as it is asked for. */
struct form_field {
	const char *name;
	const char *type; /* English msgid, e.g. "whole number" */
	bool is_required;
};

/** NULL: no kind has this name. */
const struct kind *form_kind(const char *name);
/** Names in the order of kinds; NULL after the last one. */
const char *form_kind_name(size_t index);
/** The i-th field of a kind; false after the last one. */
bool form_field(const struct kind *k, size_t index, struct form_field *out);
/** By name; '-' typed for '_' is taken. False: the kind has no such field. */
bool form_field_find(
    const struct kind *k, const char *name, struct form_field *out);

/** The i-th word a field may hold; NULL after the last one, and for fields
 * that are not chosen from words. */
const char *form_word(const struct kind *k, const char *name, size_t index);

/**
 * The value of text for a field that form_field_find() found: numbers and
 * true or false by the field's type, "ref:" put before references, arrays and
 * objects from JSON text. "" gives null, which clears the field. NULL: the
 * text is not UTF-8, or no memory.
 */
json_t *form_value(const struct kind *k, const char *name, const char *text);

/** Whether a join code is typed right, as far as its check tells. */
bool form_code_is_valid(const char *code);

#endif
