/* keeper: who kept a file, as far as its changes say it rightly.
 *
 * Each word is weighed after all that it had seen: those have fewer before
 * them than it has. Forged circles have none that is first, and are weighed in
 * the order of their ids.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index.h"
#include "store/keeper.h"
#include "store/log.h"
#include "store/rules.h"

enum { ABOVE_MAX = 8 };

const char *
keeper_field(const char *kind)
{
	if (strcmp(kind, "resident") == 0)
		return "managing_org_id";
	return strcmp(kind, "device") == 0 ? "owner_org_id" : NULL;
}

bool
keeper_is_above(struct txn *t, const char *above, const char *org)
{
	char at[REF_BYTES_MAX + 1], next[REF_BYTES_MAX + 1];
	int depth;

	snprintf(at, sizeof at, "%s", org);
	for (depth = 0; depth < ABOVE_MAX; depth++) {
		if (strcmp(at, above) == 0)
			return true;
		if (index_parent_org(t, at, next, sizeof next) != ERR_OK)
			break;
		snprintf(at, sizeof at, "%s", next);
	}
	return false;
}

enum keeper_says
keeper_is(struct txn *t, const char *keeper, const char *org)
{
	if (keeper == NULL || *keeper == '\0')
		return KEEPER_UNKNOWN;
	return keeper_is_above(t, keeper, org) ||
	               keeper_is_above(t, org, keeper)
	           ? KEEPER_YES
	           : KEEPER_NO;
}

bool
keeper_is_group(struct txn *t, const struct self *self, const struct change *c)
{
	struct life life;

	return self->role == ROLE_HUB &&
	       (memcmp(c->id.life, self->life, LIFE_BYTES) == 0 ||
	           (life_read(t, c->id.life, &life) == ERR_OK &&
	               memcmp(life.node, self->id, NODE_ID_BYTES) == 0));
}

/* --- weighing ------------------------------------------------------------ */

static bool
names(const struct keeper *k, size_t i)
{
	return json_object_get(k->set->change[i].fields, k->field) != NULL;
}

/* Whether all that a change had seen, directly or not, is here. */
static bool
holds_all_before(const struct keeper *k, size_t i)
{
	size_t j;

	for (j = 0; j < k->set->count; j++)
		if (k->lacks[j] && (j == i || is_before(&k->graph, j, i)))
			return false;
	return true;
}

/* The record as the author of change i had seen it, without what was said of
 * its keeper without right. ERR_NOT_FOUND: nothing of it is here. */
static enum err
seen_by(const struct keeper *k, size_t i, struct record *out)
{
	const char *const silenced[] = {k->field, NULL};
	struct merge_input *seen = calloc(k->set->count, sizeof *seen);
	bool *is_silent = calloc(k->set->count, sizeof *is_silent);
	size_t j, n = 0;
	enum err e = ERR_NOMEM;

	for (j = 0; seen != NULL && is_silent != NULL && j < k->set->count; j++)
		if (is_before(&k->graph, j, i)) {
			is_silent[n] = k->is_void[j];
			seen[n++] = k->set->input[j];
		}
	if (seen != NULL && is_silent != NULL)
		e = n == 0 ? ERR_NOT_FOUND
		           : record_merge_without(
		                 seen, n, silenced, is_silent, out);
	free(seen);
	free(is_silent);
	return e;
}

/* Places of the words about a keeper, those with less before them first. */
struct word {
	size_t at, before;
};

static int
by_what_was_before(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	if (x->before != y->before)
		return x->before < y->before ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static size_t
list_words(const struct keeper *k, struct word *out)
{
	size_t i, j, n = 0;

	for (i = 0; i < k->set->count; i++) {
		if (!names(k, i))
			continue;
		out[n] = (struct word){.at = i};
		for (j = 0; j < k->set->count; j++)
			out[n].before += is_before(&k->graph, j, i);
		n++;
	}
	qsort(out, n, sizeof *out, by_what_was_before);
	return n;
}

static enum err
weigh(struct keeper *k, const struct self *self)
{
	struct word *words = calloc(k->set->count, sizeof *words);
	size_t i, n;

	if (words == NULL)
		return ERR_NOMEM;
	n = list_words(k, words);
	for (i = 0; i < n; i++) {
		size_t at = words[i].at;

		k->is_void[at] =
		    (k->graph.aside != NULL && k->graph.aside[at]) ||
		    (!keeper_is_group(k->t, self, &k->set->change[at]) &&
		        keeper_then(k, at) == KEEPER_NO);
	}
	free(words);
	return ERR_OK;
}

static void
mark_lacking(struct keeper *k)
{
	size_t i, p;

	for (i = 0; i < k->set->count; i++)
		for (p = 0; p < k->set->change[i].parent_count; p++)
			if (graph_find(&k->graph,
			        &k->set->change[i].parents[p].id) == SIZE_MAX)
				k->lacks[i] = true;
}

enum err
keeper_open(struct keeper *k, struct txn *t, const struct self *self,
    const struct record_set *set, const char *field)
{
	enum err e;

	*k = (struct keeper){.t = t, .set = set, .field = field};
	e = graph_build(&k->graph, set->input, set->count);
	if (e != ERR_OK)
		return e;
	k->is_void = calloc(set->count, sizeof *k->is_void);
	k->lacks = calloc(set->count, sizeof *k->lacks);
	e = k->is_void == NULL || k->lacks == NULL ? ERR_NOMEM
	                                           : graph_mark(&k->graph);
	if (e == ERR_OK) {
		mark_lacking(k);
		e = weigh(k, self);
	}
	if (e != ERR_OK)
		keeper_close(k);
	return e;
}

void
keeper_close(struct keeper *k)
{
	graph_free(&k->graph);
	free(k->is_void);
	free(k->lacks);
}

/* --- asking -------------------------------------------------------------- */

enum keeper_says
keeper_then(const struct keeper *k, size_t i)
{
	const struct change *c = &k->set->change[i];
	enum keeper_says says;
	struct record before;

	if (c->parent_count == 0)
		return keeper_is(k->t, rule_ref(c->fields, k->field), c->org);
	if (!holds_all_before(k, i) || seen_by(k, i, &before) != ERR_OK)
		return KEEPER_UNKNOWN;
	says = keeper_is(k->t, rule_ref(before.fields, k->field), c->org);
	record_clear(&before);
	return says;
}

bool
keeper_takes(const struct keeper *k, size_t i)
{
	const char *now, *then;
	struct record before;
	bool differs;

	if (!names(k, i) || seen_by(k, i, &before) != ERR_OK)
		return false;
	now = rule_ref(k->set->change[i].fields, k->field);
	then = rule_ref(before.fields, k->field);
	differs = strcmp(now == NULL ? "" : now, then == NULL ? "" : then) != 0;
	record_clear(&before);
	return differs;
}

enum keeper_says
keeper_ever(const struct keeper *k, const char *org)
{
	enum keeper_says says = KEEPER_UNKNOWN;
	size_t i;

	for (i = 0; says != KEEPER_YES && i < k->set->count; i++) {
		enum keeper_says one;

		if (k->is_void[i])
			continue;
		one = keeper_is(
		    k->t, rule_ref(k->set->change[i].fields, k->field), org);
		says = one == KEEPER_UNKNOWN ? says : one;
	}
	return says;
}
