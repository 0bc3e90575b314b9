/* keeper_vet: what a person writes here that is another's to say. */

#include <string.h>

#include "store/keeper.h"
#include "store/keeper_vet.h"
#include "store/rules.h"

/* Whoever judged the line already, the group, and who is in none may. */
static bool
is_asked(const struct vet *v, const struct vet_line *line)
{
	return v->source == NULL && v->self->role != ROLE_HUB &&
	       v->self->is_enrolled && !line->is_entitled;
}

static bool
names_another(const struct vet_line *line, const char *was, const char *name)
{
	const char *is = rule_ref(line->fields, name);

	return is == NULL || strcmp(is, was) != 0;
}

void
keeper_vet(struct vet *v, const struct vet_line *line, struct findings *out)
{
	const char *name = keeper_field(line->kind->name);
	const char *was = name == NULL || line->before == NULL
	                      ? NULL
	                      : rule_ref(line->before, name);

	if (was == NULL || !is_asked(v, line) ||
	    !names_another(line, was, name))
		return;
	/* A device its owner may sell. */
	if (strcmp(line->kind->name, "device") == 0 &&
	    keeper_is(v->t, was, line->org) == KEEPER_YES)
		return;
	findings_refuse(out, FINDING_KEEPERS_FIELD, name);
}
