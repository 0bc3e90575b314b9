/* scope_word: whose word makes an org one of a record's. */

#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/begun.h"
#include "store/contest_said.h"
#include "store/contest_stand.h"
#include "store/graph.h"
#include "store/index.h"
#include "store/scope_word.h"

bool
scope_is_groups_word(const struct scoped *s, const struct change *c)
{
	return begun_is_groups(s->t, s->self->id, c);
}

bool
scope_is_own_word(
    const struct scoped *s, const struct change *c, const char *org)
{
	struct life life;
	struct node node;

	if (life_read(s->t, c->id.life, &life) != ERR_OK)
		return strcmp(c->org, org) == 0;
	if (memcmp(life.node, s->self->id, NODE_ID_BYTES) == 0)
		return false;
	if (index_node_read(s->t, life.node, &node) != ERR_OK)
		return strcmp(c->org, org) == 0;
	return org_within(s->t, &node.cert, org);
}

enum err
scope_begun(const struct scoped *s, uint8_t *out)
{
	return begun_find(s->t, s->self->id, s->input, s->count, out);
}

/* --- who had seen what ------------------------------------------------- */

enum { ANSWERS_MAX = 32 };

/* A record's changes at work, by their places in its input. */
struct words {
	const struct scoped *s;
	struct graph g;
	size_t at[SCOPE_CHANGES_MAX]; /* place in the graph */
	uint8_t begun[SCOPE_CHANGES_MAX];
	size_t author[SCOPE_CHANGES_MAX]; /* the first change of its life */
	bool
	    is_founders[SCOPE_CHANGES_MAX]; /* of an org that surely began it */
	bool speaks[SCOPE_CHANGES_MAX]; /* of the record, not of changes only */
	/* Whom authors act for: of many changes the same is asked often. */
	size_t asked;
	struct {
		size_t author;
		char org[ORG_REF_BYTES_MAX + 1];
		bool is_own;
	} answer[ANSWERS_MAX];
};

static const struct change *
change_at(const struct words *w, size_t i)
{
	return w->s->input[i].change;
}

static bool
is_own(struct words *w, size_t i, const char *org)
{
	size_t n, count = w->asked < ANSWERS_MAX ? w->asked : ANSWERS_MAX;
	bool is;

	for (n = 0; n < count; n++)
		if (w->answer[n].author == w->author[i] &&
		    strcmp(w->answer[n].org, org) == 0)
			return w->answer[n].is_own;
	is = scope_is_own_word(w->s, change_at(w, i), org);
	if (strlen(org) <= ORG_REF_BYTES_MAX) {
		n = w->asked++ % ANSWERS_MAX;
		w->answer[n].author = w->author[i];
		memcpy(w->answer[n].org, org, strlen(org) + 1);
		w->answer[n].is_own = is;
	}
	return is;
}

/* That the group sets a change aside, or takes a claim back, says nothing of
 * what that had seen. */
static bool
speaks(const struct change *c)
{
	bool is_word = false, is_more = false;
	const char *name;
	json_t *v;

	json_object_foreach(c->fields, name, v)
	{
		is_word = is_word || merge_is_word(name);
		is_more = is_more ||
		          (!merge_is_word(name) && strcmp(name, "reason") != 0);
	}
	return is_more || !is_word;
}

/* Whether it was made for an org that surely began the record. */
static bool
find_founders(struct words *w, size_t i)
{
	size_t r;

	if (w->begun[i] != BEGUN_NOT)
		return w->begun[i] == BEGUN_SURELY;
	for (r = 0; r < w->s->count; r++)
		if (w->begun[r] == BEGUN_SURELY &&
		    is_own(w, i, change_at(w, r)->org))
			return true;
	return false;
}

static enum err
words_begin(struct words *w, const struct scoped *s)
{
	size_t i, j;
	enum err e;

	w->s = s;
	w->asked = 0;
	e = scope_begun(s, w->begun);
	if (e == ERR_OK)
		e = graph_build(&w->g, s->input, s->count);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < s->count; i++) {
		w->at[i] = graph_find(&w->g, &s->input[i].change->id);
		for (j = 0; memcmp(change_at(w, j)->id.life,
		                change_at(w, i)->id.life, LIFE_BYTES) != 0;
		     j++)
			;
		w->author[i] = j;
	}
	for (i = 0; i < s->count; i++) {
		w->is_founders[i] = find_founders(w, i);
		w->speaks[i] = speaks(change_at(w, i));
	}
	return ERR_OK;
}

/* Whether j is i or had seen it. */
static bool
knows(const struct words *w, size_t j, size_t i)
{
	return i == j || is_before(&w->g, w->at[i], w->at[j]);
}

static bool
names(const struct words *w, size_t i, const struct field *f, const char *ref)
{
	const char *one;
	size_t n;

	for (n = 0; (one = scope_ref(change_at(w, i)->fields, f, n)) != NULL;
	     n++)
		if (strcmp(one, ref) == 0)
			return true;
	return false;
}

/* --- whose word counts ------------------------------------------------- */

/* The machine repeats what others said, maybe the org itself: it is nobody. */
static bool
is_another(struct words *w, size_t i, const char *org)
{
	return !contest_is_machines(change_at(w, i)) && !is_own(w, i, org);
}

static bool
counts_for(struct words *w, size_t i, const char *org)
{
	return w->speaks[i] && (w->is_founders[i] || is_another(w, i, org));
}

/* Whether i, that names the org, or who had seen it, counts. */
static bool
is_backed(struct words *w, size_t i, const char *org)
{
	size_t j;

	for (j = 0; j < w->s->count; j++)
		if (knows(w, j, i) && counts_for(w, j, org))
			return true;
	return false;
}

/* --- the orgs that it names -------------------------------------------- */

static void
add_named(const json_t *fields, const struct field *f, uint8_t level,
    struct scope_orgs *out)
{
	const char *ref;
	size_t i;

	for (i = 0; (ref = scope_ref(fields, f, i)) != NULL; i++)
		scope_orgs_add(out, ref, level);
}

/* Whether a change names an org that nobody backs. */
static bool
is_for_itself(struct words *w, size_t i, const struct field *f)
{
	const char *ref;
	size_t n;

	for (n = 0; (ref = scope_ref(change_at(w, i)->fields, f, n)) != NULL;
	     n++)
		if (!is_backed(w, i, ref))
			return true;
	return false;
}

/* Beside what it says now, what it would say without who named himself. */
static enum err
add_audience(struct words *w, const struct field *f, struct scope_orgs *out)
{
	const char *const name[] = {f->name, NULL};
	bool silent[SCOPE_CHANGES_MAX], any = false;
	const struct scoped *s = w->s;
	struct record r;
	size_t i;
	enum err e;

	for (i = 0; i < s->count; i++) {
		silent[i] = is_for_itself(w, i, f);
		any = any || silent[i];
	}
	add_named(s->merged.fields, f, any ? SCOPE_BASIC : SCOPE_FULL, out);
	if (!any)
		return ERR_OK;
	e = record_merge_without(s->input, s->count, name, silent, &r);
	if (e != ERR_OK)
		return e;
	add_named(r.fields, f, SCOPE_FULL, out);
	record_clear(&r);
	return ERR_OK;
}

static void
add_founders(const struct words *w, struct scope_orgs *out)
{
	size_t i;

	for (i = 0; i < w->s->count; i++) {
		const char *org = change_at(w, i)->org;

		if (w->begun[i] == BEGUN_DOUBTED)
			scope_orgs_add(out, org, SCOPE_KEEPS);
		else if (w->begun[i] == BEGUN_SURELY &&
		         w->s->kind->scope.by_founder)
			scope_orgs_add(out, org, SCOPE_FULL);
	}
}

static bool
has_audience(const struct kind *k)
{
	const struct field *f;

	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & FIELD_AUDIENCE) != 0)
			return true;
	return false;
}

/* Its only change, which began it: what that says is the founder's word. */
static void
add_alone(const struct scoped *s, struct scope_orgs *out)
{
	const struct field *f;

	for (f = s->kind->fields; f->number != 0; f++)
		if ((f->flags & FIELD_AUDIENCE) != 0)
			add_named(s->merged.fields, f, SCOPE_FULL, out);
	if (s->kind->scope.by_founder)
		scope_orgs_add(out, s->input[0].change->org, SCOPE_FULL);
}

enum err
scope_word_orgs(const struct scoped *s, struct scope_orgs *out)
{
	const struct change *first = s->input[0].change;
	const struct field *f;
	struct words w;
	enum err e;

	if (!s->kind->scope.by_founder && !has_audience(s->kind))
		return ERR_OK;
	if (s->count == 1 && first->parent_count == 0 &&
	    !begun_is_forged(first)) {
		add_alone(s, out);
		return ERR_OK;
	}
	e = words_begin(&w, s);
	if (e != ERR_OK)
		return e;
	for (f = s->kind->fields; e == ERR_OK && f->number != 0; f++)
		if ((f->flags & FIELD_AUDIENCE) != 0)
			e = add_audience(&w, f, out);
	add_founders(&w, out);
	graph_free(&w.g);
	return e;
}

/* --- how far it grants ------------------------------------------------- */

/* Whether j says what the record says in this field, or had seen who does;
 * what was said otherwise since counts no more. */
static enum err
find_covering(const struct words *w, const struct field *f, bool *out)
{
	const struct scoped *s = w->s;
	const json_t *now = json_object_get(s->merged.fields, f->name);
	bool stands[SCOPE_CHANGES_MAX];
	size_t i, j;
	enum err e;

	if (now == NULL)
		return ERR_OK;
	e = record_stands(s->input, s->count, f->name, stands);
	for (j = 0; e == ERR_OK && j < s->count; j++) {
		bool covers = false;

		for (i = 0; out[j] && !covers && i < s->count; i++)
			covers = stands[i] && knows(w, j, i) &&
			         json_equal(now,
			             json_object_get(
			                 change_at(w, i)->fields, f->name));
		out[j] = out[j] && covers;
	}
	return e;
}

/* Whether it names the org, or had seen that it was named. */
static bool
knows_of(const struct words *w, size_t j, const char *org)
{
	const struct field *f;
	size_t i;

	for (f = w->s->kind->fields; f->number != 0; f++)
		for (i = 0; (f->flags & FIELD_AUDIENCE) != 0 && i < w->s->count;
		     i++)
			if (knows(w, j, i) && names(w, i, f, org))
				return true;
	return false;
}

static bool
is_groups_step(const struct words *w, size_t j, const char *states)
{
	const char *state = json_string_value(
	    json_object_get(change_at(w, j)->fields, "state"));

	return state != NULL && state_is_in(states, state) &&
	       scope_is_groups_word(w->s, change_at(w, j));
}

static bool
is_full(struct words *w, const bool *covers, const char *org)
{
	const struct kind_scope *k = &w->s->kind->scope;
	size_t j;

	for (j = 0; j < w->s->count; j++) {
		if (!covers[j] || !w->speaks[j])
			continue;
		if (k->grant == GRANT_BY_OTHERS && is_another(w, j, org) &&
		    knows_of(w, j, org))
			return true;
		if (k->grant == GRANT_BY_GROUP &&
		    is_groups_step(w, j, k->full_in))
			return true;
	}
	return false;
}

static enum err
lower(struct words *w, const struct field *field, struct scope_orgs *orgs)
{
	bool covers[SCOPE_CHANGES_MAX];
	const struct field *f;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; i < w->s->count; i++)
		covers[i] = true;
	for (f = w->s->kind->fields; e == ERR_OK && f->number != 0; f++)
		if ((f->flags & FIELD_GRANTS) != 0 &&
		    (field == NULL || field == f))
			e = find_covering(w, f, covers);
	for (i = 0; e == ERR_OK && i < orgs->count; i++)
		if (!is_full(w, covers, orgs->org[i].ref))
			orgs->org[i].level =
			    scope_level_basic(orgs->org[i].level);
	return e;
}

static void
lower_all(struct scope_orgs *orgs)
{
	size_t i;

	for (i = 0; i < orgs->count; i++)
		orgs->org[i].level = scope_level_basic(orgs->org[i].level);
}

static bool
says_full(const struct scoped *s)
{
	const char *state =
	    json_string_value(json_object_get(s->merged.fields, "state"));

	return state != NULL && state_is_in(s->kind->scope.full_in, state);
}

/* Whether the group holds it at a basic grant, whatever state it is in. */
static bool
is_held(const struct scoped *s)
{
	const struct kind_scope *k = &s->kind->scope;
	const char *says = k->held_by == NULL
	                       ? NULL
	                       : json_string_value(json_object_get(
	                             s->merged.fields, k->held_by));

	return says != NULL && state_is_in(k->held_in, says);
}

enum err
scope_word_grants(
    const struct scoped *s, const struct field *field, struct scope_orgs *orgs)
{
	enum grant_rule rule = s->kind->scope.grant;
	struct words w;
	enum err e;

	if (rule == GRANT_FULL)
		return ERR_OK;
	if (rule == GRANT_BASIC ||
	    (rule == GRANT_BY_GROUP && (!says_full(s) || is_held(s)))) {
		lower_all(orgs);
		return ERR_OK;
	}
	if (rule == GRANT_BY_GROUP && contest_stands(s->t, s->key))
		return ERR_OK;
	e = words_begin(&w, s);
	if (e != ERR_OK)
		return e;
	e = lower(&w, field, orgs);
	graph_free(&w.g);
	return e;
}

/* --- of links ---------------------------------------------------------- */

enum err
scope_word_links(const struct scoped *link, bool *out)
{
	static const char *const sides[] = {
	    "resident_id", "resident_source", "other_id", "other_source", NULL};
	bool stands[SCOPE_CHANGES_MAX], covers[SCOPE_CHANGES_MAX];
	struct words w;
	size_t i;
	enum err e = words_begin(&w, link);

	*out = false;
	if (e != ERR_OK)
		return e;
	e = record_stands(link->input, link->count, "state", stands);
	for (i = 0; i < link->count; i++)
		covers[i] = true;
	for (i = 0; e == ERR_OK && sides[i] != NULL; i++)
		e = find_covering(
		    &w, field_by_name(link->kind->fields, sides[i]), covers);
	for (i = 0; e == ERR_OK && i < link->count; i++)
		if (stands[i] && covers[i] && is_groups_step(&w, i, "linked"))
			*out = true;
	graph_free(&w.g);
	return e;
}
