/* merge: a record as a pure function of the set of its changes.
 *
 * A change is before another if the other descends from it by parents. For
 * each field only the setters that no other setter of it descends from have a
 * say; where several remain they were concurrent and the field's merge rule
 * decides. Parent cycles (forged) order nothing.
 */

#include <stdlib.h>
#include <string.h>

#include "store/graph.h"
#include "store/merge.h"
#include "store/value.h"

void
record_clear(struct record *r)
{
	json_decref(r->fields);
	memset(r, 0, sizeof *r);
}

/* --- one field --------------------------------------------------------- */

/* The managing org's change first, then the lower id; items are sorted. */
static bool
beats(const struct graph *g, size_t challenger, size_t holder)
{
	bool c = graph_is_managing(g, challenger);
	bool h = graph_is_managing(g, holder);

	return c != h ? c : challenger < holder;
}

static int
rank_of(const struct kind *k, const struct graph *g, size_t i)
{
	const char *state = json_string_value(
	    json_object_get(g->item[i]->change->fields, "state"));

	return k == NULL || state == NULL ? -1 : state_rank(k, state);
}

/* How high a setter's value stands where the rule ranks values. */
static int
rank_by(enum merge_rule rule, const struct kind *k, const struct field *f,
    const struct graph *g, size_t i)
{
	if (rule == MERGE_STATE)
		return rank_of(k, g, i);
	if (rule != MERGE_RANK || f == NULL || f->words == NULL)
		return 0;
	return graph_word_rank(f, g->item[i]->change);
}

/* Which setter of a field wins; SIZE_MAX if nobody sets it. */
static size_t
winner(const struct graph *g, const struct kind *k, const char *name,
    enum merge_rule rule, size_t within, bool *conflict)
{
	const struct field *f =
	    k == NULL ? NULL : field_by_name(k->fields, name);
	size_t best = SIZE_MAX, i;

	for (i = 0; i < g->count; i++) {
		int a, b;

		if (!graph_has_a_say(g, i, name, within))
			continue;
		if (best == SIZE_MAX) {
			best = i;
			continue;
		}
		if (!value_equal(
		        json_object_get(g->item[i]->change->fields, name),
		        json_object_get(g->item[best]->change->fields, name)))
			*conflict = true;
		a = rank_by(rule, k, f, g, i);
		b = rank_by(rule, k, f, g, best);
		if (a > b || (a == b && beats(g, i, best)))
			best = i;
	}
	return best;
}

static bool
array_holds(const json_t *array, const json_t *value)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++)
		if (value_equal(json_array_get(array, i), value))
			return true;
	return false;
}

/* The union of concurrent arrays, the winner's elements first. Nothing that
 * one side still holds is lost because the other side removed it. */
static json_t *
append_all(const struct graph *g, const char *name, size_t first)
{
	json_t *all = json_array();
	size_t pass, i, j;

	for (pass = 0; all != NULL && pass <= g->count; pass++) {
		const json_t *v;

		i = pass == 0 ? first : pass - 1;
		if (pass > 0 &&
		    (i == first || !graph_has_a_say(g, i, name, SIZE_MAX)))
			continue;
		v = json_object_get(g->item[i]->change->fields, name);
		for (j = 0; j < json_array_size(v); j++) {
			json_t *one = json_array_get(v, j);

			if (array_holds(all, one) && pass > 0)
				continue;
			if (json_array_append(all, one) != 0) {
				json_decref(all);
				return NULL;
			}
		}
	}
	return all;
}

/* within: only what this head has seen counts; SIZE_MAX: all heads. */
static enum err
merge_field(const struct graph *g, const struct kind *k, const char *name,
    size_t within, struct record *out)
{
	const struct field *f =
	    k == NULL ? NULL : field_by_name(k->fields, name);
	enum merge_rule rule = f == NULL ? MERGE_FIELD : f->merge;
	bool conflict = false;
	size_t i = winner(g, k, name, rule, within, &conflict);
	json_t *v;

	if (i == SIZE_MAX)
		return ERR_OK;
	v = json_object_get(g->item[i]->change->fields, name);
	if (rule == MERGE_APPEND && conflict && within == SIZE_MAX) {
		v = append_all(g, name, i);
		if (v == NULL)
			return ERR_NOMEM;
		if (json_array_size(v) == 0) {
			json_decref(v);
			return ERR_OK;
		}
		return json_object_set_new_nocheck(out->fields, name, v) == 0
		           ? ERR_OK
		           : ERR_NOMEM;
	}
	if (conflict)
		out->is_conflicted = true;
	if (json_is_null(v))
		return ERR_OK;
	return json_object_set_nocheck(out->fields, name, v) == 0 ? ERR_OK
	                                                          : ERR_NOMEM;
}

static enum err
graph_of(struct graph *g, const struct merge_input *input, size_t count)
{
	enum err e = graph_build(g, input, count);

	if (e == ERR_OK && (e = graph_mark(g)) != ERR_OK)
		graph_free(g);
	return e;
}

/* --- the whole record -------------------------------------------------- */

static bool
is_head(const struct graph *g, size_t i)
{
	size_t j;

	for (j = 0; j < g->count; j++)
		if (is_before(g, i, j))
			return false;
	return true;
}

/* How many fields the version of a head holds. */
static size_t
fullness(const struct graph *g, const struct kind *k, size_t head)
{
	json_t *seen = json_object();
	size_t i, count = 0;

	for (i = 0; seen != NULL && i < g->count; i++) {
		const char *name;
		json_t *v;

		if (i != head && !is_before(g, i, head))
			continue;
		json_object_foreach(g->item[i]->change->fields, name, v)
		{
			bool ignored = false;
			size_t w;

			if (json_object_get(seen, name) != NULL)
				continue;
			(void)json_object_set_new_nocheck(
			    seen, name, json_true());
			w = winner(g, k, name, MERGE_FIELD, head, &ignored);
			if (w != SIZE_MAX &&
			    !json_is_null(json_object_get(
			        g->item[w]->change->fields, name)))
				count++;
		}
	}
	json_decref(seen);
	return count;
}

/* A head and what speaks for it. */
struct rival {
	size_t at; /* SIZE_MAX: none yet */
	int rank;  /* of its state */
	size_t fullness;
	bool is_counted; /* its fullness is */
};

static size_t
fullness_of(const struct graph *g, const struct kind *k, struct rival *r)
{
	if (!r->is_counted)
		r->fullness = fullness(g, k, r->at);
	r->is_counted = true;
	return r->fullness;
}

/* Of two heads of one rank the fuller version knew more: a step written by
 * another org repeats the record and adds to it. */
static bool
head_beats(const struct graph *g, const struct kind *k,
    struct rival *challenger, struct rival *holder)
{
	size_t c, h;

	if (holder->at == SIZE_MAX || challenger->rank != holder->rank)
		return holder->at == SIZE_MAX ||
		       challenger->rank > holder->rank;
	c = fullness_of(g, k, challenger);
	h = fullness_of(g, k, holder);
	return c != h ? c > h : beats(g, challenger->at, holder->at);
}

static void
add_head(struct record *out, const struct merge_input *head)
{
	struct parent *p = &out->parents[out->parent_count++];
	uint8_t f[8];

	p->id = head->change->id;
	store_u64(f, head->fingerprint);
	memcpy(p->link, f, FINGERPRINT_LINK_BYTES);
}

/* The version's envelope comes from the head whose state stands highest. */
static size_t
choose_head(const struct graph *g, const struct kind *k, struct record *out)
{
	struct rival best = {.at = SIZE_MAX};
	size_t i;

	for (i = 0; i < g->count; i++) {
		struct rival head = {.at = i};
		bool ignored = false;
		size_t s;

		if (!is_head(g, i))
			continue;
		out->head_count++;
		if (out->parent_count < CHANGE_PARENTS_MAX)
			add_head(out, g->item[i]);
		s = winner(g, k, "state", MERGE_STATE, i, &ignored);
		head.rank = s == SIZE_MAX ? -1 : rank_of(k, g, s);
		if (head_beats(g, k, &head, &best))
			best = head;
	}
	return best.at;
}

static void
fill_envelope(struct record *out, const struct change *head)
{
	out->id = head->record;
	out->head = head->id;
	memcpy(out->by, head->by, sizeof out->by);
	memcpy(out->org, head->org, sizeof out->org);
	out->at = head->occurred_at;
	out->clock = head->clock;
}

/* Where versions stay side by side the chosen head's is shown, unmixed. */
static enum err
merge_fields(const struct graph *g, const struct kind *k, size_t head,
    struct record *out)
{
	bool keeps_branches =
	    k != NULL && k->keeps_branches && out->head_count > 1;
	size_t within = keeps_branches ? head : SIZE_MAX;
	size_t i;

	if (keeps_branches)
		out->is_conflicted = true;

	for (i = 0; i < g->count; i++) {
		const char *name;
		json_t *v;

		json_object_foreach(g->item[i]->change->fields, name, v)
		{
			enum err e;

			if (json_object_get(out->fields, name) != NULL ||
			    merge_is_word(name))
				continue; /* an earlier item named it */
			e = merge_field(g, k, name, within, out);
			if (e != ERR_OK)
				return e;
		}
	}
	return ERR_OK;
}

/* What most records are: one change, of which all counts that is not cleared.
 * With a word about changes, which may be itself, it is as any other. */
static bool
is_plain(const struct merge_input *input, size_t count)
{
	const json_t *fields = input[0].change->fields;

	return count == 1 && json_object_get(fields, MERGE_SET_ASIDE) == NULL &&
	       json_object_get(fields, MERGE_UNMANAGED) == NULL;
}

static enum err
merge_plain(const struct merge_input *only, struct record *out)
{
	const char *name;
	json_t *v;

	memset(out, 0, sizeof *out);
	out->fields = json_object();
	if (out->fields == NULL)
		return ERR_NOMEM;
	out->change_count = out->head_count = 1;
	add_head(out, only);
	fill_envelope(out, only->change);
	json_object_foreach(only->change->fields, name, v)
	{
		if (!json_is_null(v) &&
		    json_object_set_nocheck(out->fields, name, v) != 0) {
			record_clear(out);
			return ERR_NOMEM;
		}
	}
	return ERR_OK;
}

static enum err
merge_several(const struct merge_input *input, size_t count, struct record *out)
{
	const struct kind *k = kind_by_name(input[0].change->record.kind);
	struct graph g;
	size_t head;
	enum err e = graph_of(&g, input, count);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	out->fields = json_object();
	out->change_count = g.count;
	head = choose_head(&g, k, out);
	if (head == SIZE_MAX)
		head = 0; /* cannot be: is_before is a strict order */
	fill_envelope(out, g.item[head]->change);
	e = out->fields == NULL ? ERR_NOMEM : merge_fields(&g, k, head, out);
	graph_free(&g);
	if (e != ERR_OK)
		record_clear(out);
	return e;
}

enum err
record_merge(const struct merge_input *input, size_t count, struct record *out)
{
	return is_plain(input, count) ? merge_plain(input, out)
	                              : merge_several(input, count, out);
}

/* --- what met ----------------------------------------------------------- */

static void
add_side(struct sides *out, const struct change *c)
{
	if (out->count < SIDES_MAX)
		out->side[out->count++] = c;
}

static void
field_sides(const struct graph *g, const struct kind *k, const char *name,
    struct sides *out)
{
	bool conflict = false;
	size_t best = winner(g, k, name, MERGE_FIELD, SIZE_MAX, &conflict);
	size_t i, j;

	if (!conflict)
		return;
	add_side(out, g->item[best]->change);
	for (i = 0; i < g->count; i++) {
		const struct change *c = g->item[i]->change;

		if (i == best || !graph_has_a_say(g, i, name, SIZE_MAX))
			continue;
		for (j = 0; j < out->count; j++)
			if (value_equal(json_object_get(c->fields, name),
			        json_object_get(out->side[j]->fields, name)))
				break;
		if (j == out->count)
			add_side(out, c);
	}
}

/* What the record says by one change and all it followed. NULL: no memory. */
static json_t *
said_by(const struct graph *g, size_t head)
{
	struct merge_input *seen = calloc(g->count, sizeof *seen);
	struct record r;
	json_t *fields = NULL;
	size_t i, n = 0;

	for (i = 0; seen != NULL && i < g->count; i++)
		if (i == head || is_before(g, i, head))
			seen[n++] = *g->item[i];
	if (seen != NULL && record_merge(seen, n, &r) == ERR_OK) {
		fields = json_incref(r.fields);
		record_clear(&r);
	}
	free(seen);
	return fields;
}

/* One of each that says something else: two clinics may have read in the same
 * file, and then there is nothing to choose. */
static enum err
add_branch(const struct graph *g, size_t head, json_t *said, struct sides *out)
{
	json_t *fields = said_by(g, head);
	size_t i;

	if (fields == NULL)
		return ERR_NOMEM;
	for (i = 0; i < json_array_size(said); i++)
		if (value_equal(fields, json_array_get(said, i))) {
			json_decref(fields);
			return ERR_OK;
		}
	add_side(out, g->item[head]->change);
	return json_array_append_new(said, fields) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
branch_sides(const struct graph *g, const struct kind *k, struct sides *out)
{
	struct record ignored = {0};
	size_t best = choose_head(g, k, &ignored), i;
	json_t *said;
	enum err e;

	if (ignored.head_count < 2)
		return ERR_OK;
	said = json_array();
	e = said == NULL ? ERR_NOMEM : add_branch(g, best, said, out);
	for (i = 0; e == ERR_OK && i < g->count && out->count < SIDES_MAX; i++)
		if (i != best && is_head(g, i))
			e = add_branch(g, i, said, out);
	json_decref(said);
	return e;
}

/* Whether values of it that meet are a choice between them. */
static bool
is_chosen(const struct kind *k, const char *name)
{
	const struct field *f =
	    k == NULL ? NULL : field_by_name(k->fields, name);

	return strcmp(name, "reason") != 0 && !merge_is_word(name) &&
	       (f == NULL || f->merge == MERGE_FIELD);
}

struct sight {
	const struct kind *kind;
	struct graph graph;
};

enum err
sight_open(const struct merge_input *input, size_t count, struct sight **out)
{
	struct sight *s = calloc(1, sizeof *s);
	enum err e = s == NULL ? ERR_NOMEM : graph_of(&s->graph, input, count);

	if (e != ERR_OK) {
		free(s);
		s = NULL;
	} else {
		s->kind = kind_by_name(input[0].change->record.kind);
	}
	*out = s;
	return e;
}

void
sight_close(struct sight *s)
{
	if (s != NULL)
		graph_free(&s->graph);
	free(s);
}

enum err
sight_sides(const struct sight *s, const char *field, struct sides *out)
{
	bool keeps_branches = s->kind != NULL && s->kind->keeps_branches;

	memset(out, 0, sizeof *out);
	if (keeps_branches != (*field == '\0') ||
	    (*field != '\0' && !is_chosen(s->kind, field)))
		return ERR_OK;
	if (keeps_branches)
		return branch_sides(&s->graph, s->kind, out);
	field_sides(&s->graph, s->kind, field, out);
	return ERR_OK;
}

enum err
record_sides(const struct merge_input *input, size_t count, const char *field,
    struct sides *out)
{
	struct sight *s;
	enum err e = sight_open(input, count, &s);

	if (e == ERR_OK)
		e = sight_sides(s, field, out);
	sight_close(s);
	return e;
}

/* Whether another that descends from i says something else of the field. */
static bool
is_gainsaid(const struct graph *g, size_t i, const char *field)
{
	const json_t *said = json_object_get(g->item[i]->change->fields, field);
	size_t j;

	for (j = 0; j < g->count; j++)
		if (is_before(g, i, j) && graph_sets(g, j, field) &&
		    !value_equal(said,
		        json_object_get(g->item[j]->change->fields, field)))
			return true;
	return false;
}

enum err
record_stands(
    const struct merge_input *input, size_t count, const char *field, bool *out)
{
	struct graph g;
	size_t i;
	enum err e = graph_of(&g, input, count);

	if (e != ERR_OK)
		return e;
	memset(out, 0, count * sizeof *out);
	for (i = 0; i < g.count; i++)
		out[g.item[i] - input] =
		    graph_sets(&g, i, field) && !is_gainsaid(&g, i, field);
	graph_free(&g);
	return ERR_OK;
}

enum err
record_seen_by(const struct merge_input *input, size_t count,
    const struct change_id *id, bool is_after, struct record *out)
{
	struct merge_input *seen;
	size_t at, i, n = 0;
	struct graph g;
	enum err e = graph_build(&g, input, count);

	if (e != ERR_OK)
		return e;
	seen = calloc(count, sizeof *seen);
	at = graph_find(&g, id);
	for (i = 0; seen != NULL && at != SIZE_MAX && i < g.count; i++)
		if (is_before(&g, i, at) || (is_after && i == at))
			seen[n++] = *g.item[i];
	if (seen == NULL)
		e = ERR_NOMEM;
	else
		e = n == 0 ? ERR_NOT_FOUND : record_merge(seen, n, out);
	free(seen);
	graph_free(&g);
	return e;
}
