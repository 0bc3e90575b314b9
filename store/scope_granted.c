/* scope_granted: what a record grants its orgs, now and before a change. */

#include <stdlib.h>

#include "store/scope.h"

static bool
names_the_same(const struct scoped *a, const struct scoped *b)
{
	const struct field *f;

	for (f = a->kind->fields; f->number != 0; f++) {
		json_t *x = json_object_get(a->merged.fields, f->name);
		json_t *y = json_object_get(b->merged.fields, f->name);

		if ((f->flags & FIELD_GRANTS) != 0 && x != y &&
		    !json_equal(x, y))
			return false;
	}
	return true;
}

enum err
scope_granted(const struct scoped *s, struct scope_orgs *out, bool *is_one)
{
	const struct field *f, *first = NULL;
	struct scope_orgs more;
	enum err e = ERR_OK;

	*is_one = true;
	for (f = s->kind->fields; e == ERR_OK && f->number != 0; f++) {
		if ((f->flags & FIELD_GRANTS) == 0 ||
		    json_object_get(s->merged.fields, f->name) == NULL)
			continue;
		e = scoped_grants(s, f, first == NULL ? out : &more);
		if (e == ERR_OK && first != NULL &&
		    !scope_orgs_equal(out, &more, SCOPE_BASIC))
			*is_one = false;
		first = f;
	}
	return e == ERR_OK && first == NULL ? scoped_grants(s, NULL, out) : e;
}

enum err
scope_granted_before(const struct scoped *s, const struct change_id *fresh,
    const struct scope_orgs *granted, bool *only_more, bool *is_same)
{
	struct merge_input *input = calloc(s->count, sizeof *input);
	struct scoped before = *s;
	struct scope_orgs was;
	bool is_one = false;
	size_t i;
	enum err e = ERR_OK;

	*only_more = *is_same = false;
	if (input == NULL)
		return ERR_NOMEM;
	for (i = before.count = 0; i < s->count; i++)
		if (change_id_compare(&s->input[i].change->id, fresh) != 0)
			input[before.count++] = s->input[i];
	before.input = input;
	if (before.count > 0)
		e = record_merge(input, before.count, &before.merged);
	if (e == ERR_OK && before.count > 0) {
		e = scope_granted(&before, &was, &is_one);
		if (e == ERR_OK && is_one && names_the_same(&before, s)) {
			*only_more = scope_orgs_within(&was, granted);
			*is_same =
			    *only_more && scope_orgs_within(granted, &was);
		}
		record_clear(&before.merged);
	}
	free(input);
	return e;
}
