/* named_once: what a record names once and for all. */

#include <string.h>

#include "store/named_once.h"

static bool
is_another(const json_t *before, const json_t *given, const char *name)
{
	const json_t *is = json_object_get(before, name);
	const json_t *said = json_object_get(given, name);

	return is != NULL && said != NULL && !json_equal(is, said);
}

/* Of these kinds a word about the record opens the file of whom it names. */
static bool
opens_file(const struct kind *k)
{
	const struct field *f = field_by_name(k->fields, "resident_id");

	return f != NULL && (f->flags & FIELD_GRANTS) != 0;
}

void
named_once_check(const struct kind *k, const json_t *before,
    const json_t *given, struct findings *out)
{
	static const char *const sides[] = {
	    "resident_id", "resident_source", "other_id", "other_source", NULL};
	size_t i;

	if (opens_file(k) && is_another(before, given, "resident_id"))
		findings_refuse(out, FINDING_NAMED, "resident_id");
	for (i = 0; strcmp(k->name, "link") == 0 && sides[i] != NULL; i++)
		if (is_another(before, given, sides[i]))
			findings_refuse(out, FINDING_NAMED, sides[i]);
}
