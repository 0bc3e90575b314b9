/* allergies: a resident's list of them, from which nothing is taken out. */

#include <string.h>

#include "store/allergies.h"
#include "store/rules.h"

static const char list[] = "allergies";

static bool
names(const json_t *rows, const char *substance)
{
	size_t i;

	for (i = 0; i < json_array_size(rows); i++) {
		const char *one =
		    rule_text(json_array_get(rows, i), "substance");

		if (one != NULL && strcmp(one, substance) == 0)
			return true;
	}
	return false;
}

/* NULL: all are there from this place on. */
static json_t *
next_gone(const json_t *before, const json_t *rows, size_t *at)
{
	const json_t *old = json_object_get(before, list);

	while (*at < json_array_size(old)) {
		json_t *row = json_array_get(old, (*at)++);
		const char *substance = rule_text(row, "substance");

		if (substance != NULL && !names(rows, substance))
			return row;
	}
	return NULL;
}

bool
allergies_are_gone(const json_t *before, const json_t *fields)
{
	const json_t *rows = json_object_get(fields, list);
	size_t at = 0;

	return rows != NULL && next_gone(before, rows, &at) != NULL;
}

enum err
allergies_keep(const json_t *before, json_t *fields)
{
	json_t *rows = json_deep_copy(json_object_get(fields, list)), *row;
	size_t at = 0;

	while ((row = next_gone(before, rows, &at)) != NULL)
		if (json_array_append_new(rows, json_deep_copy(row)) != 0)
			break;
	if (rows != NULL && row == NULL &&
	    json_object_set_new(fields, list, rows) == 0)
		return ERR_OK;
	if (row != NULL)
		json_decref(rows);
	return ERR_NOMEM;
}
