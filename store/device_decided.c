/* device_decided: whose decisions about a device count, and whose word on what
 * its owner alone allows. Any node may write one down, or what another decided
 * anew; the group is asked about it (entitled.c), but where it has come before
 * that the owner's question must not be gone.
 */

#include <stdlib.h>
#include <string.h>

#include "store/device_decided.h"
#include "store/date.h"
#include "store/graph.h"
#include "store/matter.h"
#include "store/rules.h"

enum err
device_owners_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct device_owners *out)
{
	enum err e;

	memset(out, 0, sizeof *out);
	e = self_read(t, &out->self);
	if (e != ERR_OK)
		return e;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &out->set);
	if (e != ERR_OK)
		goto wipe;
	e = keeper_open(
	    &out->keeper, t, &out->self, &out->set, keeper_field("device"));
	if (e == ERR_OK)
		return ERR_OK;
	record_set_free(&out->set);
wipe:
	self_wipe(&out->self);
	return e;
}

void
device_owners_free(struct device_owners *o)
{
	keeper_close(&o->keeper);
	record_set_free(&o->set);
	self_wipe(&o->self);
}

/* --- what its owner allows -------------------------------------------------
 */

enum err
device_owners_word(const struct device_owners *o, json_t **out)
{
	const struct record_set *set = &o->set;
	bool *is_silent = calloc(set->count, sizeof *is_silent);
	struct record r;
	size_t i;
	enum err e;

	if (is_silent == NULL)
		return ERR_NOMEM;
	for (i = 0; i < set->count; i++)
		is_silent[i] = keeper_sets_own(&set->change[i]) &&
		               !keeper_may_say(&o->keeper, &o->self, i);
	e = record_merge_without(
	    set->input, set->count, keeper_own_fields("device"), is_silent, &r);
	if (e == ERR_OK) {
		*out = json_incref(r.fields);
		record_clear(&r);
	}
	free(is_silent);
	return e;
}

enum err
device_owners_word_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t **out)
{
	struct device_owners o;
	enum err e = device_owners_read(t, key, &o);

	*out = NULL;
	if (e != ERR_OK)
		return e;
	e = device_owners_word(&o, out);
	device_owners_free(&o);
	return e;
}

static bool
is_over(const json_t *fields, const char *day)
{
	const char *due = rule_day(fields, "metrology_due");

	return due != NULL && strncmp(day, due, DATE_CHARS) > 0;
}

bool
device_metrology_is_over(
    const json_t *fields, const json_t *owners_word, const char *day)
{
	return is_over(fields, day) || is_over(owners_word, day);
}

/* --- what he decides -------------------------------------------------------
 */

static bool
is_owners(const struct device_owners *o, const struct change *c)
{
	return keeper_is_group(o->keeper.t, &o->self, c) ||
	       keeper_might_ever_say(&o->keeper, c->org) ||
	       (o->centre != NULL &&
	           keeper_is_above(o->keeper.t, c->org, o->centre));
}

static bool
is_decided_by_owner(const struct device_owners *o, const struct change *c)
{
	return rule_state_is(c->fields, "decided") && is_owners(o, c);
}

/* Who writes down a decision says also what it is about. */
static const char *const content[] = {"decision", "code", "versions",
    "about_kind", "about_ref", "about_source", NULL};

static bool
sets_content(const struct change *c)
{
	const char *const *name;

	for (name = content; *name != NULL; name++)
		if (json_object_get(c->fields, *name) != NULL)
			return true;
	return false;
}

/* Who decides, as one who may. Whose word was taken back decides no more, even
 * where another calls it decided again. */
static enum err
find_deciders(const struct device_owners *o, const struct graph *g, bool **out)
{
	size_t i;

	*out = calloc(g->count + 1, sizeof **out);
	if (*out == NULL)
		return ERR_NOMEM;
	for (i = 0; i < g->count; i++)
		(*out)[i] = is_decided_by_owner(o, g->item[i]->change) &&
		            graph_has_a_say(g, i, "state", SIZE_MAX);
	return ERR_OK;
}

/* Whether anything that change i says of it stands still, and nobody decided
 * who had seen it and whose matter it is. */
static bool
has_a_say(const struct graph *g, size_t i, const bool *decides)
{
	const char *const *name;
	bool says = false;
	size_t j;

	for (name = content; !says && *name != NULL; name++)
		says = graph_has_a_say(g, i, *name, SIZE_MAX);
	for (j = 0; says && j < g->count; j++)
		says = !decides[j] || !is_before(g, i, j);
	return says;
}

static bool
is_nobody_elses(
    const struct device_owners *o, const struct graph *g, const bool *decides)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (sets_content(g->item[i]->change) &&
		    !is_owners(o, g->item[i]->change) &&
		    has_a_say(g, i, decides))
			return false;
	return true;
}

static enum err
judge(const struct device_owners *o, const struct graph *g, bool *out)
{
	bool *decides;
	size_t i;
	enum err e = find_deciders(o, g, &decides);

	if (e != ERR_OK)
		return e;
	for (i = 0; !*out && i < g->count; i++)
		*out = decides[i];
	*out = *out && is_nobody_elses(o, g, decides);
	free(decides);
	return ERR_OK;
}

enum err
device_is_owners_decision(
    const struct device_owners *o, const struct record_set *question, bool *out)
{
	struct graph g;
	bool is_any = false;
	size_t i;
	enum err e;

	*out = false;
	for (i = 0; i < question->count; i++) {
		const struct change *c = &question->change[i];

		if (matter_is_groups(c->fields)) { /* the door saw to that */
			*out = true;
			return ERR_OK;
		}
		is_any |= is_decided_by_owner(o, c);
	}
	if (!is_any || question->count == 1) {
		*out = is_any;
		return ERR_OK;
	}
	e = graph_build(&g, question->input, question->count);
	if (e != ERR_OK)
		return e;
	e = graph_mark(&g);
	if (e == ERR_OK)
		e = judge(o, &g, out);
	graph_free(&g);
	return e;
}
