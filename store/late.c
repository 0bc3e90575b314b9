/* late: which changes of a resident came late.
 *
 * Each is held against each that gave the file away. What that needs of the
 * orgs, and of who had the file before, is found once and not for each pair:
 * a file with many changes must not stop the one who writes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/kin.h"
#include "store/late.h"
#include "store/memo.h"
#include "store/org_tree.h"
#include "store/rules.h"

static const char holder[] = "managing_org_id";

enum { NO_ORG = UINT16_MAX };

/* Every org that acted, or was to have the file, by its place. */
struct orgs {
	const char **name;
	size_t count;
	bool *is_under; /* count * count: [a][b] a is b or below it */
};

struct looking {
	const struct record_set *set;
	struct orgs orgs;
	uint16_t *acting;  /* per change: the org it acted for */
	uint16_t *holding; /* the org it gives the file to, or NO_ORG */
	bool *had;         /* per org: had the file before one change */
};

bool
late_gives_away(const struct change *c)
{
	return c->parent_count > 0 &&
	       json_object_get(c->fields, holder) != NULL;
}

/* --- orgs ----------------------------------------------------------------- */

static uint16_t
place_of(const struct orgs *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		if (strcmp(o->name[i], name) == 0)
			return (uint16_t)i;
	return NO_ORG;
}

static uint16_t
add_org(struct orgs *o, const char *name)
{
	uint16_t i = place_of(o, name);

	if (i != NO_ORG)
		return i;
	o->name[o->count] = name;
	return (uint16_t)o->count++;
}

static void
find_above(struct org_tree *tree, struct orgs *o, size_t org)
{
	char at[REF_BYTES_MAX + 1];
	const char *next = o->name[org];
	int steps;

	for (steps = 0; next != NULL && steps < ORG_DEPTH_MAX; steps++) {
		uint16_t i;

		snprintf(at, sizeof at, "%s", next);
		i = place_of(o, at);
		if (i != NO_ORG)
			o->is_under[org * o->count + i] = true;
		next = org_tree_above(tree, at);
	}
}

/* Only of those that acted: nobody asks what is above the others. */
static enum err
relate(struct txn *t, struct looking *l)
{
	struct orgs *o = &l->orgs;
	struct org_tree own = {.t = t};
	struct org_tree *tree = memo_tree(t, &own);
	size_t i;
	enum err e;

	o->is_under = calloc(o->count * o->count + 1, sizeof *o->is_under);
	if (o->is_under == NULL)
		return ERR_NOMEM;
	for (i = 0; i < l->set->count; i++) {
		size_t org = l->acting[i];

		if (!o->is_under[org * o->count + org])
			find_above(tree, o, org);
	}
	e = org_tree_state(tree);
	org_tree_free(&own);
	return e;
}

static bool
is_under(const struct looking *l, uint16_t a, uint16_t b)
{
	return l->orgs.is_under[a * l->orgs.count + b];
}

/* --- changes -------------------------------------------------------------- */

/* Who takes a file himself has not been given it. */
static bool
was_given(const struct looking *l, size_t m)
{
	return l->holding[m] != NO_ORG && late_gives_away(&l->set->change[m]) &&
	       !is_under(l, l->acting[m], l->holding[m]) &&
	       kin_has_a_say(l->set, m, holder);
}

/* Which orgs stand under one that had the file before change m. */
static void
find_former(struct looking *l, size_t m)
{
	size_t j, org;

	memset(l->had, 0, l->orgs.count * sizeof *l->had);
	for (j = 0; j < l->set->count; j++) {
		if (l->holding[j] == NO_ORG || !kin_had_seen(l->set, m, j))
			continue;
		for (org = 0; org < l->orgs.count; org++)
			l->had[org] |=
			    is_under(l, (uint16_t)org, l->holding[j]);
	}
}

static void
mark_late(struct looking *l, size_t m, bool *is_late)
{
	const struct change *c = l->set->change;
	size_t i;

	find_former(l, m);
	for (i = 0; i < l->set->count; i++)
		if (c[i].parent_count > 0 && l->had[l->acting[i]] &&
		    json_object_get(c[i].fields, holder) == NULL &&
		    !is_under(l, l->acting[i], l->holding[m]) &&
		    kin_met(l->set, i, m))
			is_late[i] = true;
}

static enum err
prepare(struct txn *t, struct looking *l)
{
	size_t count = l->set->count, i;

	l->orgs.name = calloc(2 * count, sizeof *l->orgs.name);
	l->acting = calloc(count, sizeof *l->acting);
	l->holding = calloc(count, sizeof *l->holding);
	l->had = calloc(2 * count, sizeof *l->had);
	if (l->orgs.name == NULL || l->acting == NULL || l->holding == NULL ||
	    l->had == NULL)
		return ERR_NOMEM;
	for (i = 0; i < count; i++) {
		const char *to = rule_ref(l->set->change[i].fields, holder);

		l->acting[i] = add_org(&l->orgs, l->set->change[i].org);
		l->holding[i] = to == NULL ? NO_ORG : add_org(&l->orgs, to);
	}
	return relate(t, l);
}

enum err
late_find(struct txn *t, const struct record_set *set, bool *is_late)
{
	struct looking l = {.set = set};
	size_t m;
	enum err e;

	if (set->count > KIN_MAX)
		return ERR_LIMIT;
	memset(is_late, 0, set->count * sizeof *is_late);
	e = prepare(t, &l);
	for (m = 0; e == ERR_OK && m < set->count; m++)
		if (was_given(&l, m))
			mark_late(&l, m, is_late);
	free(l.orgs.name);
	free(l.orgs.is_under);
	free(l.acting);
	free(l.holding);
	free(l.had);
	return e;
}
