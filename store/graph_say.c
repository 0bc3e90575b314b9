/* graph_say: which changes have a say in a field.
 *
 * Who sets a field replaces what he had seen, unless the group set his change
 * aside, or what he takes back is a guarded word and he did not write as the
 * managing org: then both have a say, and the field's rule finds the word.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/graph.h"
#include "store/kind.h"

bool
merge_is_word(const char *name)
{
	return strcmp(name, MERGE_SET_ASIDE) == 0 ||
	       strcmp(name, MERGE_UNMANAGED) == 0;
}

bool
graph_sets(const struct graph *g, size_t i, const char *name)
{
	if (g->aside != NULL && g->aside[i])
		return false;
	return json_object_get(g->item[i]->change->fields, name) != NULL;
}

bool
graph_is_managing(const struct graph *g, size_t i)
{
	return g->item[i]->change->managing &&
	       (g->unmanaged == NULL || !g->unmanaged[i]);
}

/* --- guarded words ---------------------------------------------------------
 */

static int
place_of(const struct field *f, const char *word)
{
	int rank;

	for (rank = 0; word != NULL && f->words[rank] != NULL; rank++)
		if (strcmp(f->words[rank], word) == 0)
			return rank;
	return -1;
}

int
graph_word_rank(const struct field *f, const struct change *c)
{
	return place_of(
	    f, json_string_value(json_object_get(c->fields, f->name)));
}

bool
graph_stands_against(const struct graph *g, size_t i, size_t j)
{
	const struct field *f = g->guarded;
	int rank;

	if (f == NULL || graph_is_managing(g, j))
		return false;
	rank = graph_word_rank(f, g->item[i]->change);
	return rank >= place_of(f, f->guarded) &&
	       graph_word_rank(f, g->item[j]->change) < rank;
}

/* --- who has a say -------------------------------------------------------
 *
 * Each is asked about in turn, of one field at a time: the answers for all are
 * found at once, and kept until another field is asked about.
 */

struct say {
	char name[FIELD_NAME_BYTES_MAX + 1];
	bool is_known;
	size_t within;
	size_t words;
	uint64_t *sets; /* who sets it, of whom within has seen */
	uint64_t *has;  /* of them, who has a say */
};

enum err
say_new(struct say **out, size_t count)
{
	struct say *s = calloc(1, sizeof *s);

	*out = s;
	if (s == NULL)
		return ERR_NOMEM;
	s->words = (count + 63) / 64;
	s->sets = calloc(2 * s->words + 1, sizeof *s->sets);
	s->has = s->sets == NULL ? NULL : s->sets + s->words;
	return s->sets == NULL ? ERR_NOMEM : ERR_OK;
}

void
say_free(struct say *s)
{
	if (s != NULL)
		free(s->sets);
	free(s);
}

static bool
has_bit(const uint64_t *row, size_t i)
{
	return (row[i / 64] >> (i % 64) & 1) != 0;
}

static void
find_setters(const struct graph *g, const char *name, size_t within)
{
	struct say *s = g->say;
	size_t i;

	memset(s->sets, 0, s->words * sizeof *s->sets);
	for (i = 0; i < g->count; i++)
		if ((within == SIZE_MAX || i == within ||
		        is_before(g, i, within)) &&
		    graph_sets(g, i, name))
			s->sets[i / 64] |= (uint64_t)1 << (i % 64);
}

/* Whether one who had seen it, and may, took its word back. */
static bool
is_denied(const struct graph *g, size_t i)
{
	size_t j;

	for (j = 0; j < g->count; j++)
		if (has_bit(g->say->sets, j) && is_before(g, i, j) &&
		    !graph_stands_against(g, i, j))
			return true;
	return false;
}

static void
find_say(const struct graph *g, const char *name, size_t within)
{
	bool is_guarded =
	    g->guarded != NULL && strcmp(g->guarded->name, name) == 0;
	struct say *s = g->say;
	size_t i, w;

	find_setters(g, name, within);
	memcpy(s->has, s->sets, s->words * sizeof *s->has);
	for (i = 0; !is_guarded && i < g->count; i++)
		for (w = 0; has_bit(s->sets, i) && w < s->words; w++)
			s->has[w] &= ~reach_row(&g->reach, i)[w];
	for (i = 0; is_guarded && i < g->count; i++)
		if (has_bit(s->sets, i) && is_denied(g, i))
			s->has[i / 64] &= ~((uint64_t)1 << (i % 64));
}

bool
graph_has_a_say(
    const struct graph *g, size_t i, const char *name, size_t within)
{
	struct say *s = g->say;

	if (!s->is_known || s->within != within || strcmp(s->name, name) != 0) {
		find_say(g, name, within);
		s->within = within;
		/* A name that is too long comes from no change. */
		s->is_known = snprintf(s->name, sizeof s->name, "%s", name) <
		              (int)sizeof s->name;
	}
	return has_bit(s->has, i);
}

/* --- what the group said ---------------------------------------------------
 */

/* Those of a word that another says null right after. A word about something
 * else may have seen it as well: that takes nothing back. */
static void
mark_taken_back(const struct graph *g, const char *word, bool *out)
{
	size_t i, p, at;

	for (i = 0; i < g->count; i++) {
		const struct change *c = g->item[i]->change;

		if (!json_is_null(json_object_get(c->fields, word)) ||
		    !graph_sets(g, i, word))
			continue;
		for (p = 0; p < c->parent_count; p++) {
			at = graph_find(g, &c->parents[p].id);
			if (at != SIZE_MAX &&
			    graph_link_fits(&c->parents[p], g->item[at]))
				out[at] = true;
		}
	}
}

/* Each id is looked up once, however many changes there are. */
static void
mark_ids(const struct graph *g, const json_t *ids, bool *named)
{
	struct change_id id;
	size_t i, at;

	for (i = 0; i < json_array_size(ids); i++) {
		const char *text = json_string_value(json_array_get(ids, i));

		if (text == NULL || !change_id_parse(text, &id))
			continue;
		at = graph_find(g, &id);
		if (at != SIZE_MAX)
			named[at] = true;
	}
}

static bool
is_said(const struct graph *g, const char *word)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (json_object_get(g->item[i]->change->fields, word) != NULL)
			return true;
	return false;
}

/* Each word stands for itself until null takes it back. */
static enum err
mark_named(struct graph *g, const char *word, bool **out)
{
	bool *named, *taken;
	size_t i;

	if (!is_said(g, word))
		return ERR_OK;
	named = calloc(g->count, sizeof *named);
	taken = calloc(g->count, sizeof *taken);
	if (named == NULL || taken == NULL) {
		free(named);
		free(taken);
		return ERR_NOMEM;
	}
	mark_taken_back(g, word, taken);
	for (i = 0; i < g->count; i++) {
		const json_t *ids =
		    json_object_get(g->item[i]->change->fields, word);

		if (json_is_array(ids) && graph_sets(g, i, word) && !taken[i])
			mark_ids(g, ids, named);
	}
	free(taken);
	*out = named;
	return ERR_OK;
}

static const struct field *
guarded_of(const struct kind *k)
{
	const struct field *f;

	for (f = k == NULL ? NULL : k->fields; f != NULL && f->number != 0; f++)
		if (f->guarded != NULL && f->words != NULL)
			return f;
	return NULL;
}

enum err
graph_mark(struct graph *g)
{
	enum err e = mark_named(g, MERGE_SET_ASIDE, &g->aside);

	if (e == ERR_OK)
		e = mark_named(g, MERGE_UNMANAGED, &g->unmanaged);
	g->say->is_known = false; /* it was found without these marks */
	if (e == ERR_OK && g->count > 0)
		g->guarded =
		    guarded_of(kind_by_name(g->item[0]->change->record.kind));
	return e;
}
