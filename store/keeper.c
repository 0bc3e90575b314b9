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
#include "store/begun.h"
#include "store/keeper.h"
#include "store/log.h"
#include "store/memo.h"
#include "store/rules.h"

enum { ABOVE_MAX = 8 };

const char *
keeper_field(const char *kind)
{
	if (strcmp(kind, "resident") == 0)
		return "managing_org_id";
	return strcmp(kind, "device") == 0 ? "owner_org_id" : NULL;
}

const char *const *
keeper_own_fields(const char *kind)
{
	static const char *const of_devices[] = {"onward_allowed",
	    "standing_orgs", "centre_org_id", "metrology_due", NULL};
	static const char *const none[] = {NULL};

	return strcmp(kind, "device") == 0 ? of_devices : none;
}

bool
keeper_sets_own(const struct change *c)
{
	const char *const *name = keeper_own_fields(c->record.kind);

	while (*name != NULL && json_object_get(c->fields, *name) == NULL)
		name++;
	return *name != NULL;
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

/* Whether those below a keeper keep for it: of a township or a village they do.
 * A hospital has townships below it, each of which keeps its own. While the
 * keeper's record is not here it shows by its place: a township is one that
 * stands right above the org and below another. */
static enum keeper_says
keeps_for_it(struct org_tree *tree, const char *keeper, const char *org)
{
	const char *level = org_tree_level(tree, keeper);
	const char *above;

	if (level != NULL)
		return strcmp(level, "township") == 0 ||
		               strcmp(level, "village") == 0
		           ? KEEPER_YES
		           : KEEPER_NO;
	above = org_tree_above(tree, org);
	if (above != NULL && strcmp(above, keeper) == 0 &&
	    org_tree_above(tree, keeper) != NULL)
		return KEEPER_YES;
	return KEEPER_UNKNOWN;
}

enum keeper_says
keeper_is(struct txn *t, const char *keeper, const char *org)
{
	struct org_tree own = {.t = t};
	struct org_tree *tree = memo_tree(t, &own);
	enum keeper_says says = KEEPER_NO;

	if (keeper == NULL || *keeper == '\0')
		return KEEPER_UNKNOWN;
	if (org_tree_is_within(tree, keeper, org))
		says = KEEPER_YES;
	else if (org_tree_is_below(tree, org, keeper))
		says = keeps_for_it(tree, keeper, org);
	org_tree_free(&own);
	return says;
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

/* Whether a later word that change i had seen too replaced this one. */
static bool
is_replaced(const struct keeper *k, size_t at, const size_t *by, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_before(&k->graph, at, by[i]))
			return true;
	return false;
}

/* The words that stood as the author of change i saw the file, in out; how
 * many. Those said without right are none. */
static size_t
words_seen_by(const struct keeper *k, size_t i, size_t *out)
{
	size_t n = 0, w = k->word_count;

	while (w-- > 0) {
		size_t at = k->words[w].at;

		if (!k->is_void[at] && is_before(&k->graph, at, i) &&
		    !is_replaced(k, at, out, n))
			out[n++] = at;
	}
	return n;
}

static int
by_what_was_before(const void *a, const void *b)
{
	const struct keeper_word *x = a, *y = b;

	if (x->before != y->before)
		return x->before < y->before ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void
list_words(struct keeper *k)
{
	size_t i, j;

	for (i = 0; i < k->set->count; i++) {
		struct keeper_word *w = &k->words[k->word_count];

		if (!names(k, i))
			continue;
		w->at = i;
		for (j = 0; j < k->set->count; j++)
			w->before += is_before(&k->graph, j, i);
		k->word_count++;
	}
	qsort(k->words, k->word_count, sizeof *k->words, by_what_was_before);
}

static void
weigh(struct keeper *k, const struct self *self)
{
	size_t i;

	list_words(k);
	for (i = 0; i < k->word_count; i++) {
		size_t at = k->words[i].at;

		k->is_void[at] = k->graph.aside != NULL && k->graph.aside[at];
		if (k->is_void[at] ||
		    keeper_is_group(k->t, self, &k->set->change[at]))
			continue;
		k->is_void[at] = keeper_then(k, at) == KEEPER_NO;
		k->is_doubted[at] |= keeper_in_doubt(k, at);
	}
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

static const char *
named(const struct keeper *k, size_t i)
{
	return rule_ref(k->set->change[i].fields, k->field);
}

/* Of two that begin it and name one keeper neither takes it from anybody; who
 * alone names one, where another beginning names none, might. */
static bool
beginnings_agree(struct keeper *k, const uint8_t *begun)
{
	const char *first = NULL;
	bool agree = true;
	size_t i;

	for (i = 0; i < k->set->count; i++) {
		const char *org = named(k, i);

		if (begun[i] == BEGUN_NOT)
			continue;
		k->is_begun_unnamed |= org == NULL;
		org = org == NULL ? "" : org;
		agree = agree && (first == NULL || strcmp(first, org) == 0);
		first = org;
	}
	return agree;
}

static enum err
mark_doubted(struct keeper *k, const struct self *self)
{
	/* Only the group's node knows the group's by its own id. */
	const uint8_t *group = self->role == ROLE_HUB ? self->id : NULL;
	size_t i;
	enum err e =
	    begun_find(k->t, group, k->set->input, k->set->count, k->begun);

	for (i = 0; e == ERR_OK && i < k->set->count; i++)
		k->is_doubted[i] = k->begun[i] == BEGUN_DOUBTED;
	if (e == ERR_OK && beginnings_agree(k, k->begun))
		memset(k->is_doubted, 0, k->set->count * sizeof *k->is_doubted);
	return e;
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
	k->begun = calloc(set->count, sizeof *k->begun);
	k->is_void = calloc(set->count, sizeof *k->is_void);
	k->lacks = calloc(set->count, sizeof *k->lacks);
	k->words = calloc(set->count, sizeof *k->words);
	k->seen = calloc(set->count, sizeof *k->seen);
	k->is_doubted = calloc(set->count, sizeof *k->is_doubted);
	e = k->begun == NULL || k->is_void == NULL || k->lacks == NULL ||
	            k->words == NULL || k->seen == NULL || k->is_doubted == NULL
	        ? ERR_NOMEM
	        : graph_mark(&k->graph);
	if (e == ERR_OK)
		e = mark_doubted(k, self);
	if (e != ERR_OK) {
		keeper_close(k);
		return e;
	}
	mark_lacking(k);
	weigh(k, self);
	return ERR_OK;
}

void
keeper_close(struct keeper *k)
{
	graph_free(&k->graph);
	free(k->begun);
	free(k->is_void);
	free(k->lacks);
	free(k->words);
	free(k->seen);
	free(k->is_doubted);
}

/* --- asking -------------------------------------------------------------- */

/* What the words say that change i had seen (of a beginning: its own). Of two
 * that stood side by side either was, and rather one that is not in doubt. */
static enum keeper_says
weigh_seen(const struct keeper *k, size_t i, bool *in_doubt)
{
	const char *org = k->set->change[i].org;
	enum keeper_says says = KEEPER_UNKNOWN;
	bool begins = k->set->change[i].parent_count == 0;
	size_t j, n;

	*in_doubt = false;
	if (!begins && !holds_all_before(k, i))
		return KEEPER_UNKNOWN;
	if (begins)
		k->seen[0] = i;
	n = begins ? 1 : words_seen_by(k, i, k->seen);
	for (j = 0; j < n; j++) {
		enum keeper_says one =
		    keeper_is(k->t, named(k, k->seen[j]), org);

		if (one == KEEPER_YES && k->is_doubted[k->seen[j]])
			*in_doubt = true;
		else if (one == KEEPER_YES)
			says = KEEPER_YES;
		else if (one == KEEPER_NO && says == KEEPER_UNKNOWN)
			says = KEEPER_NO;
	}
	*in_doubt = *in_doubt && says != KEEPER_YES;
	return *in_doubt ? KEEPER_UNKNOWN : says;
}

enum keeper_says
keeper_then(const struct keeper *k, size_t i)
{
	bool in_doubt;

	return weigh_seen(k, i, &in_doubt);
}

bool
keeper_in_doubt(const struct keeper *k, size_t i)
{
	bool in_doubt;

	(void)weigh_seen(k, i, &in_doubt);
	return in_doubt;
}

/* A word in doubt does not show that what it names was so. Of beginnings that
 * name different keepers the two words meet, and that is asked about. */
bool
keeper_takes(const struct keeper *k, size_t i)
{
	const char *now = named(k, i);
	bool differs = false;
	size_t j, n;

	if (!names(k, i))
		return false;
	if (k->set->change[i].parent_count == 0)
		return now != NULL && k->is_doubted[i] && k->is_begun_unnamed;
	n = words_seen_by(k, i, k->seen);
	for (j = 0; j < n; j++) {
		const char *then = named(k, k->seen[j]);

		if (strcmp(now == NULL ? "" : now, then == NULL ? "" : then) !=
		    0)
			differs = true;
		else if (!k->is_doubted[k->seen[j]])
			return false;
	}
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
		one = k->is_doubted[i] ? KEEPER_NO
		                       : keeper_is(k->t, named(k, i), org);
		says = one == KEEPER_UNKNOWN ? says : one;
	}
	return says;
}

/* --- what is the keeper's alone to say ------------------------------------ */

/* Whether change at names, without doubt, the org or one below it. */
static bool
names_one_below(const struct keeper *k, size_t at, const char *org)
{
	const char *keeper = named(k, at);

	return keeper != NULL && *keeper != '\0' && !k->is_doubted[at] &&
	       keeper_is_above(k->t, org, keeper);
}

/* Who brings a record along for another is not its keeper, and goes on telling
 * of it until somebody rightly is. */
static bool
brought_along(const struct keeper *k, const char *org)
{
	size_t i;

	for (i = 0; i < k->set->count; i++)
		if (k->begun[i] != BEGUN_NOT &&
		    (names_one_below(k, i, org) ||
		        (k->begun[i] == BEGUN_SURELY &&
		            strcmp(k->set->change[i].org, org) == 0)))
			return true;
	return false;
}

bool
keeper_may_say(const struct keeper *k, const struct self *self, size_t i)
{
	const struct change *c = &k->set->change[i];
	size_t j, n;

	if (k->begun[i] == BEGUN_SURELY || keeper_is_group(k->t, self, c))
		return true;
	if (c->parent_count == 0)
		return names_one_below(k, i, c->org);
	n = words_seen_by(k, i, k->seen);
	for (j = 0; j < n; j++)
		if (names_one_below(k, k->seen[j], c->org))
			return true;
	return n == 0 && brought_along(k, c->org);
}

bool
keeper_might_ever_say(const struct keeper *k, const char *org)
{
	bool is_named = false;
	size_t i;

	for (i = 0; i < k->set->count; i++) {
		if (!names(k, i) || k->is_void[i])
			continue;
		if (names_one_below(k, i, org))
			return true;
		is_named = true;
	}
	return !is_named && brought_along(k, org);
}

bool
keeper_sees_all(const struct keeper *k, size_t i)
{
	return holds_all_before(k, i);
}
