/* keeper_vet: what a person writes here that is another's to say. */

#include <stdio.h>
#include <string.h>

#include "store/keeper.h"
#include "store/keeper_vet.h"
#include "store/matter_pen.h"
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

/* Whoever the resident beside it is: a decision is of who may decide what it
 * is about. Of what is not here nobody here may. */
static bool
decides_for_another(struct vet *v, const struct vet_line *line)
{
	struct matter m = {0};

	if (strcmp(line->kind->name, "question") != 0 || line->is_entitled ||
	    v->self->role == ROLE_HUB || !v->self->is_enrolled ||
	    (!rule_state_is(line->fields, "decided") &&
	        !rule_state_is(line->fields, "undone")) ||
	    (line->old_state != NULL &&
	        rule_state_is(line->fields, line->old_state)))
		return false;
	matter_about(line->fields, &m.record);
	if (rule_text(line->fields, "about_source") == NULL)
		snprintf(m.record.source, sizeof m.record.source, "%s",
		    vet_source_of(kind_by_name(m.record.kind),
		        v->source == NULL ? v->self->source : v->source));
	m.maker = matter_maker_by_name(rule_text(line->fields, "code"));
	matter_find_owner(v->t, &m);
	return keeper_is(v->t, m.owner, line->org) != KEEPER_YES;
}

static void
vet_keeper(struct vet *v, const struct vet_line *line, struct findings *out)
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

void
keeper_vet(struct vet *v, const struct vet_line *line, struct findings *out)
{
	vet_keeper(v, line, out);
	if (decides_for_another(v, line))
		findings_refuse(out, FINDING_MANAGING_ONLY_STATE, "about_ref");
}
