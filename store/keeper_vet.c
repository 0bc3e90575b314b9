/* keeper_vet: what a person writes here that is another's to say. */

#include <stdio.h>
#include <string.h>

#include "store/keeper.h"
#include "store/keeper_vet.h"
#include "store/matter_pen.h"
#include "store/named_once.h"
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

static bool
is_decision(const json_t *fields)
{
	return rule_state_is(fields, "decided") ||
	       rule_state_is(fields, "undone");
}

static bool
is_of_device(const char *kind)
{
	return strcmp(kind, "device") == 0 || strcmp(kind, "custody") == 0 ||
	       strcmp(kind, "loan") == 0;
}

/* A village decides for its township, but not about its devices. */
static bool
decides_for(struct txn *t, const struct matter *m, const char *org)
{
	return is_of_device(m->record.kind)
	           ? keeper_is_above(t, org, m->owner)
	           : keeper_is(t, m->owner, org) == KEEPER_YES;
}

/* Whoever the resident beside it is: a decision is of who may decide what it
 * is about. Of what is not here nobody here may. */
static bool
is_anothers(
    const struct vet *v, const struct vet_line *line, const json_t *fields)
{
	struct matter m = {0};

	matter_about(fields, &m.record);
	if (rule_text(fields, "about_source") == NULL)
		snprintf(m.record.source, sizeof m.record.source, "%s",
		    vet_source_of(kind_by_name(m.record.kind),
		        v->source == NULL ? v->self->source : v->source));
	m.maker = matter_maker_by_name(rule_text(fields, "code"));
	matter_find_owner(v->t, &m);
	return !decides_for(v->t, &m, line->org);
}

/* What stands as decided, or does so now: who may take that step may also say
 * what it says, of what it was about and of what it is about then. */
static bool
decides_for_another(const struct vet *v, const struct vet_line *line)
{
	if (strcmp(line->kind->name, "question") != 0 || line->is_entitled ||
	    v->self->role == ROLE_HUB || !v->self->is_enrolled ||
	    (line->before != NULL && json_equal(line->before, line->fields)))
		return false;
	return (is_decision(line->fields) &&
	           is_anothers(v, line, line->fields)) ||
	       (line->before != NULL && is_decision(line->before) &&
	           is_anothers(v, line, line->before));
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

/* A field that is not there is as one that is cleared. */
static bool
is_same(const json_t *a, const json_t *b)
{
	bool is_no_a = a == NULL || json_is_null(a);
	bool is_no_b = b == NULL || json_is_null(b);

	return is_no_a || is_no_b ? is_no_a == is_no_b : json_equal(a, b);
}

/* What its owner allows with a device is his to say, or theirs who are above
 * him. */
static void
vet_owners_fields(
    const struct vet *v, const struct vet_line *line, struct findings *out)
{
	const char *const *name = keeper_own_fields(line->kind->name);
	const char *owner = line->before == NULL
	                        ? NULL
	                        : rule_ref(line->before, "owner_org_id");

	if (owner == NULL || !is_asked(v, line) ||
	    keeper_is_above(v->t, line->org, owner))
		return;
	for (; *name != NULL; name++)
		if (!is_same(json_object_get(line->before, *name),
		        json_object_get(line->fields, *name)))
			findings_refuse(out, FINDING_OWNERS_FIELD, *name);
}

/* A file that names others in a link that was said would say it of them; forms
 * never do (named_once.h). */
static void
vet_link(const struct vet *v, const struct vet_line *line, struct findings *out)
{
	if (v->source == NULL || v->self->role == ROLE_HUB ||
	    !v->self->is_enrolled || strcmp(line->kind->name, "link") != 0 ||
	    line->before == NULL || rule_state_is(line->before, "proposed"))
		return;
	named_once_check(line->kind, line->before, line->fields, out);
}

void
keeper_vet(struct vet *v, const struct vet_line *line, struct findings *out)
{
	vet_keeper(v, line, out);
	vet_owners_fields(v, line, out);
	vet_link(v, line, out);
	if (decides_for_another(v, line))
		findings_refuse(out, FINDING_MANAGING_ONLY_STATE, "about_ref");
}
