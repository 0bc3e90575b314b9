/* merge_without: what a record would be if some had said nothing. */

#include <stdlib.h>

#include "store/merge.h"

/* Its parents still lead through it. */
static enum err
leave_out(const struct change *c, const char *const *names, struct change *out)
{
	size_t i;

	*out = *c;
	out->fields = json_copy(c->fields);
	if (out->fields == NULL)
		return ERR_NOMEM;
	for (i = 0; names[i] != NULL; i++)
		json_object_del(out->fields, names[i]);
	return ERR_OK;
}

enum err
record_merge_without(const struct merge_input *input, size_t count,
    const char *const *names, const bool *is_silent, struct record *out)
{
	struct change *copy = calloc(count + 1, sizeof *copy);
	struct merge_input *kept = calloc(count + 1, sizeof *kept);
	size_t i;
	enum err e = copy == NULL || kept == NULL ? ERR_NOMEM : ERR_OK;

	for (i = 0; e == ERR_OK && i < count; i++) {
		kept[i] = input[i];
		if (!is_silent[i])
			continue;
		e = leave_out(input[i].change, names, &copy[i]);
		kept[i].change = &copy[i];
	}
	if (e == ERR_OK)
		e = record_merge(kept, count, out);
	for (i = 0; copy != NULL && i < count; i++)
		json_decref(copy[i].fields);
	free(copy);
	free(kept);
	return e;
}
