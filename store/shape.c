/* shape: whether fields have their types, and bringing them into the form the
 * store keeps. Both look at types only; check.c judges content.
 */

#include <string.h>

#include "store/date.h"
#include "store/kind.h"

/* The first field of another shape; NULL: all have theirs. */
static const struct field *misshapen(
    const struct field *table, const json_t *fields, bool null_clears);

static bool
string_has_shape(const struct field *f, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) != json_string_length(value))
		return false;
	if (f->type == FIELD_DATE)
		return date_is_valid(text);
	if (f->type == FIELD_INSTANT)
		return instant_is_valid(text);
	return f->type != FIELD_REF || *text != '\0';
}

static bool
item_has_shape(const struct field *list, const json_t *item)
{
	if (list->type == FIELD_ROWS)
		return json_is_object(item) &&
		       misshapen(list->row, item, false) == NULL;
	return string_has_shape(list, item);
}

static bool
list_has_shape(const struct field *f, const json_t *value)
{
	if (!json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!item_has_shape(f, json_array_get(value, i)))
			return false;
	}
	return true;
}

static bool
value_has_shape(const struct field *f, const json_t *value)
{
	switch (f->type) {
	case FIELD_CHOICE:
	case FIELD_INT:
	case FIELD_MONEY:
		return json_is_integer(value);
	case FIELD_DECIMAL:
		return json_is_number(value);
	case FIELD_BOOL:
		return json_is_boolean(value);
	case FIELD_ROW:
		return json_is_object(value) &&
		       misshapen(f->row, value, false) == NULL;
	case FIELD_REFS:
	case FIELD_WORDS:
	case FIELD_ENUMS:
	case FIELD_ROWS:
		return list_has_shape(f, value);
	default:
		return string_has_shape(f, value);
	}
}

static const struct field *
misshapen(const struct field *table, const json_t *fields, bool null_clears)
{
	for (const struct field *f = table; f->number != 0; f++) {
		const json_t *value = json_object_get(fields, f->name);

		if (value == NULL || (null_clears && json_is_null(value)))
			continue;
		if (!value_has_shape(f, value))
			return f;
	}
	return NULL;
}

enum err
kind_check_shape(const struct kind *k, const json_t *fields, const char **field)
{
	/* A change tells by null that its field was cleared. */
	const struct field *wrong = misshapen(k->fields, fields, true);

	if (wrong == NULL)
		return ERR_OK;
	*field = wrong->name;
	return ERR_FORMAT;
}

static enum err normalise(const struct field *table, json_t *fields);

static enum err
normalise_integer(const struct field *f, json_t *fields, const json_t *value)
{
	if (!json_is_real(value))
		return ERR_OK;
	if (json_object_set_new(fields, f->name,
	        json_integer((json_int_t)json_real_value(value))) != 0)
		return ERR_NOMEM;
	return ERR_OK;
}

/* Documents of other kinds may end in a small x of their own; only where all
 * else is digits is it the check character of GB 11643. */
static enum err
normalise_id_no(json_t *value)
{
	enum { LAST = 17 };
	char text[LAST + 2];
	const char *old = json_string_value(value);

	if (old == NULL || strlen(old) != LAST + 1 || old[LAST] != 'x' ||
	    strspn(old, "0123456789") != LAST)
		return ERR_OK;
	memcpy(text, old, sizeof text);
	text[LAST] = 'X';
	return json_string_set(value, text) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
normalise_rows(const struct field *f, json_t *list)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = normalise(f->row, json_array_get(list, i));
	return e;
}

static enum err
normalise(const struct field *table, json_t *fields)
{
	enum err e = ERR_OK;

	for (const struct field *f = table; e == ERR_OK && f->number != 0;
	     f++) {
		json_t *value;

		switch (f->type) {
		case FIELD_CHOICE:
		case FIELD_INT:
		case FIELD_MONEY:
			value = json_object_get(fields, f->name);
			e = normalise_integer(f, fields, value);
			break;
		case FIELD_ID_NO:
			value = json_object_get(fields, f->name);
			e = normalise_id_no(value);
			break;
		case FIELD_ROW:
			value = json_object_get(fields, f->name);
			e = normalise(f->row, value);
			break;
		case FIELD_ROWS:
			value = json_object_get(fields, f->name);
			e = normalise_rows(f, value);
			break;
		default:
			break;
		}
	}
	return e;
}

enum err
kind_normalise(const struct kind *k, json_t *fields)
{
	return normalise(k->fields, fields);
}
