/* begun: who began a record. */

#include <stdlib.h>
#include <string.h>

#include "store/begun.h"
#include "store/graph.h"
#include "store/log.h"
#include "store/memo.h"
#include "store/scope.h"
#include "store/value.h"

/* --- of one change ----------------------------------------------------- */

/* Whether a store gave this ref, and by which change. */
static bool
is_given(const char *ref, struct change_id *id)
{
	return ref[0] == '~' && change_id_parse(ref + 1, id);
}

bool
begun_is_forged(const struct change *c)
{
	struct change_id id;

	return c->parent_count == 0 && is_given(c->record.ref, &id) &&
	       change_id_compare(&id, &c->id) != 0;
}

bool
begun_is_groups(struct txn *t, const uint8_t *group, const struct change *c)
{
	struct life life;

	return group != NULL && life_read(t, c->id.life, &life) == ERR_OK &&
	       memcmp(life.node, group, NODE_ID_BYTES) == 0;
}

/* --- of all ------------------------------------------------------------ */

static bool
is_set_aside_somewhere(const struct merge_input *input, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (json_object_get(input[i].change->fields, MERGE_SET_ASIDE) !=
		    NULL)
			return true;
	return false;
}

static enum err
drop_set_aside(const struct merge_input *input, size_t count, uint8_t *out)
{
	struct graph g;
	size_t i, at;
	enum err e;

	if (!is_set_aside_somewhere(input, count))
		return ERR_OK;
	e = graph_build(&g, input, count);
	if (e != ERR_OK)
		return e;
	e = graph_mark(&g);
	for (i = 0; e == ERR_OK && i < count; i++) {
		at = graph_find(&g, &input[i].change->id);
		if (g.aside != NULL && at != SIZE_MAX && g.aside[at])
			out[i] = BEGUN_NOT;
	}
	graph_free(&g);
	return e;
}

/* Each org that begins it once; false: too many to tell. */
static bool
list_orgs(const struct merge_input *input, size_t count, const uint8_t *begun,
    const char *orgs[BEGUN_ORGS_MAX], size_t *org_count)
{
	size_t i, j;

	*org_count = 0;
	for (i = 0; i < count; i++) {
		if (begun[i] == BEGUN_NOT)
			continue;
		for (j = 0; j < *org_count; j++)
			if (strcmp(orgs[j], input[i].change->org) == 0)
				break;
		if (j < *org_count)
			continue;
		if (*org_count == BEGUN_ORGS_MAX)
			return false;
		orgs[(*org_count)++] = input[i].change->org;
	}
	return true;
}

static bool
is_above_all(
    struct txn *t, const char *org, const char *const *orgs, size_t org_count)
{
	struct org_tree own = {.t = t};
	struct org_tree *tree = memo_tree(t, &own);
	bool is_above = true;
	size_t i;

	for (i = 0; is_above && i < org_count; i++)
		is_above = strcmp(orgs[i], org) == 0 ||
		           org_tree_is_below(tree, orgs[i], org);
	org_tree_free(&own);
	return is_above;
}

/* --- answers ----------------------------------------------------------- */

/* The state a change tells; NULL: none that its kind knows. */
static const struct state *
state_told(const struct kind *k, const struct change *c)
{
	const char *state =
	    json_string_value(json_object_get(c->fields, "state"));
	int rank = state == NULL ? -1 : state_rank(k, state);

	return rank < 0 ? NULL : &k->states[rank];
}

static bool
is_first_state(const struct state *s)
{
	return s != NULL && state_is_in(s->from, "-");
}

static bool
is_addressed_to(const struct kind *k, const json_t *fields, const char *org)
{
	const struct field *f;
	const char *ref;
	size_t i;

	for (f = k->fields; f->number != 0; f++)
		for (i = 0; (f->flags & FIELD_AUDIENCE) != 0 &&
		            (ref = scope_ref(fields, f, i)) != NULL;
		     i++)
			if (strcmp(ref, org) == 0)
				return true;
	return false;
}

/* Whether b says in every field what a says, and in no other, but for what
 * tells of the step itself. */
static bool
repeats(const json_t *a, const json_t *b)
{
	static const char *const of_the_step[] = {"state", "reason"};
	size_t i, left = json_object_size(b);
	const char *name;
	json_t *v;

	for (i = 0; i < sizeof of_the_step / sizeof of_the_step[0]; i++)
		if (json_object_get(b, of_the_step[i]) != NULL)
			left--;
	json_object_foreach((json_t *)a, name, v)
	{
		const json_t *other = json_object_get(b, name);

		if (strcmp(name, "state") == 0 || strcmp(name, "reason") == 0)
			continue;
		if (other == NULL || !value_equal(v, other))
			return false;
		left--;
	}
	return left == 0;
}

/* Whether it is the first that an org tells of what another asked it for: a
 * program knows what it answers, and repeats it. Who only guesses a ref
 * does not know what the record says. */
static bool
is_answer(const struct kind *k, const struct merge_input *input, size_t count,
    const uint8_t *begun, size_t at)
{
	const struct change *c = input[at].change;
	const struct state *step = state_told(k, c);
	size_t i;

	if (step == NULL || is_first_state(step))
		return false;
	for (i = 0; i < count; i++) {
		const struct change *asked = input[i].change;

		if (begun[i] != BEGUN_NOT && strcmp(asked->org, c->org) != 0 &&
		    is_first_state(state_told(k, asked)) &&
		    is_addressed_to(k, asked->fields, c->org) &&
		    repeats(asked->fields, c->fields))
			return true;
	}
	return false;
}

/* What is asked is in a first state and so no answer itself: the order in which
 * they are looked at makes no difference. */
static void
drop_answers(const struct merge_input *input, size_t count, uint8_t *out)
{
	const struct kind *k = kind_by_name(input[0].change->record.kind);
	size_t i;

	for (i = 0; k != NULL && k->states != NULL && i < count; i++)
		if (out[i] != BEGUN_NOT && is_answer(k, input, count, out, i))
			out[i] = BEGUN_NOT;
}

enum err
begun_find(struct txn *t, const uint8_t *group, const struct merge_input *input,
    size_t count, uint8_t *out)
{
	const char *orgs[BEGUN_ORGS_MAX];
	size_t i, org_count;
	bool is_told;
	enum err e;

	for (i = 0; i < count; i++) {
		const struct change *c = input[i].change;
		bool begins = c->parent_count == 0 && !begun_is_forged(c);

		out[i] = begins ? BEGUN_SURELY : BEGUN_NOT;
	}
	e = drop_set_aside(input, count, out);
	is_told = list_orgs(input, count, out, orgs, &org_count);
	if (e != ERR_OK || org_count <= 1)
		return e;
	if (is_told) {
		drop_answers(input, count, out);
		is_told = list_orgs(input, count, out, orgs, &org_count);
	}
	if (org_count <= 1)
		return ERR_OK;
	for (i = 0; i < count; i++)
		if (out[i] != BEGUN_NOT &&
		    !(is_told && is_above_all(t, input[i].change->org, orgs,
		                     org_count)) &&
		    !begun_is_groups(t, group, input[i].change))
			out[i] = BEGUN_DOUBTED;
	return ERR_OK;
}

enum err
begun_first(struct txn *t, const uint8_t *group,
    const struct merge_input *input, size_t count, bool or_doubted, size_t *out)
{
	uint8_t *begun = calloc(count + 1, sizeof *begun);
	size_t i;
	enum err e = begun == NULL ? ERR_NOMEM
	                           : begun_find(t, group, input, count, begun);

	*out = SIZE_MAX;
	for (i = 0; e == ERR_OK && i < count; i++) {
		if (begun[i] == BEGUN_NOT ||
		    (begun[i] == BEGUN_DOUBTED && !or_doubted))
			continue;
		if (*out == SIZE_MAX || begun[i] > begun[*out] ||
		    (begun[i] == begun[*out] &&
		        change_id_compare(
		            &input[i].change->id, &input[*out].change->id) < 0))
			*out = i;
	}
	free(begun);
	return e;
}
