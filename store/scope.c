/* scope: which orgs are to receive a record: reading it off the records. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/begun.h"
#include "store/carers.h"
#include "store/graph.h"
#include "store/scope_word.h"
#include "store/team_feed.h"

enum { NAMES_MAX = 64 }; /* refs of one field that are looked at */

/* --- records at work --------------------------------------------------- */

/* False: nothing of its kind has a scope. */
static bool
scoped_begin(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct change *c,
    struct scoped *out)
{
	out->t = t;
	out->self = self;
	out->kind = kind_by_name(c->record.kind);
	memcpy(out->key, key, KEY_RECORD_BYTES);
	return out->kind != NULL && !out->kind->by_group;
}

enum err
scoped_read(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], struct scoped *out)
{
	enum err e;

	memset(out, 0, sizeof *out);
	e = record_gather(t, key, SCOPE_CHANGES_MAX, &out->set);
	if (e == ERR_LIMIT || e == ERR_CORRUPT)
		return ERR_NOT_FOUND;
	if (e != ERR_OK)
		return e;
	out->input = out->set.input;
	out->count = out->set.count;
	e = scoped_begin(t, self, key, out->input[0].change, out)
	        ? record_merge(out->input, out->count, &out->merged)
	        : ERR_NOT_FOUND;
	if (e != ERR_OK)
		record_set_free(&out->set);
	return e;
}

/* One change needs no merging; a cleared field is no ref and no state. */
enum err
scoped_first(struct txn *t, const struct self *self, const struct change *c,
    uint64_t fingerprint, const uint8_t key[KEY_RECORD_BYTES],
    struct scoped *out)
{
	struct merge_input *one;

	memset(out, 0, sizeof *out);
	if (!scoped_begin(t, self, key, c, out))
		return ERR_NOT_FOUND;
	one = calloc(1, sizeof *one);
	if (one == NULL)
		return ERR_NOMEM;
	one->change = c;
	one->fingerprint = fingerprint;
	out->set.input = one; /* count 0: c is not ours to clear */
	out->input = one;
	out->count = 1;
	out->merged.id = c->record;
	out->merged.fields = json_incref(c->fields);
	return ERR_OK;
}

void
scoped_free(struct scoped *s)
{
	record_clear(&s->merged);
	record_set_free(&s->set);
}

static const char *
text_ref(const json_t *v)
{
	const char *s = json_string_value(v);

	return s != NULL && strncmp(s, "ref:", 4) == 0 ? s + 4 : NULL;
}

const char *
scope_ref(const json_t *fields, const struct field *f, size_t i)
{
	const json_t *v = json_object_get(fields, f->name);

	if (f->type == FIELD_REF)
		return i == 0 ? text_ref(v) : NULL;
	if (f->type != FIELD_REFS || i == NAMES_MAX)
		return NULL;
	return text_ref(json_array_get(v, i));
}

const char *
scope_source(const json_t *fields, const struct field *f, const char *own)
{
	const char *named =
	    f->source_field == NULL
	        ? NULL
	        : json_string_value(json_object_get(fields, f->source_field));

	return named == NULL ? own : named;
}

static const char *
state_of(const struct scoped *s)
{
	const char *state =
	    json_string_value(json_object_get(s->merged.fields, "state"));

	return state == NULL ? "" : state;
}

enum scope_level
scoped_needs(const struct scoped *s)
{
	const char *basic = s->kind->scope.basic;

	if (basic == NULL)
		return SCOPE_FULL;
	return strcmp(basic, "*") == 0 || state_is_in(basic, state_of(s))
	           ? SCOPE_BASIC
	           : SCOPE_FULL;
}

/* --- its own orgs ------------------------------------------------------ */

/* Whether all that began it give the file to one org, or all to nobody: then
 * nobody takes it from anybody. */
static bool
founders_agree(
    const struct scoped *s, const struct field *f, const uint8_t *begun)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < s->count; i++) {
		const char *org = scope_ref(s->input[i].change->fields, f, 0);

		if (begun[i] == BEGUN_NOT)
			continue;
		org = org == NULL ? "" : org;
		if (first != NULL && strcmp(first, org) != 0)
			return false;
		first = org;
	}
	return true;
}

/* A change that gives the file to the org of its own author, or to nobody,
 * counts in full only if the group made it. founds: it surely began the file,
 * or says so and no other that does gives that to another org or to nobody. */
static bool
is_doubted(const struct scoped *s, const struct field *f,
    const struct change *c, bool founds)
{
	const char *org = scope_ref(c->fields, f, 0);

	if (json_object_get(c->fields, f->name) == NULL)
		return false;
	if (org == NULL)
		return !scope_is_groups_word(s, c);
	return !founds && scope_is_own_word(s, c, org);
}

/* Who kept the file if the doubted changes said nothing about it. */
static enum err
add_earlier_holder(const struct scoped *s, const struct field *f,
    const bool *doubted, struct scope_orgs *out)
{
	const char *const names[] = {f->name, NULL};
	const char *org;
	struct record r;
	enum err e =
	    record_merge_without(s->input, s->count, names, doubted, &r);

	if (e != ERR_OK)
		return e;
	org = scope_ref(r.fields, f, 0);
	scope_orgs_add(out, org == NULL ? "" : org, SCOPE_FULL);
	record_clear(&r);
	return ERR_OK;
}

/* Whether a change that is not doubted had seen it and says who keeps it. */
static bool
is_settled(const struct graph *g, const struct scoped *s, const struct field *f,
    const bool *doubted, size_t i)
{
	size_t j, at = graph_find(g, &s->input[i].change->id);

	for (j = 0; j < s->count; j++)
		if (!doubted[j] &&
		    json_object_get(s->input[j].change->fields, f->name) !=
		        NULL &&
		    is_before(g, at, graph_find(g, &s->input[j].change->id)))
			return true;
	return false;
}

/* Two that know nothing of each other began the file and give it to different
 * orgs, or one to nobody: until that is settled it is taken from neither, and
 * who is in doubt gets nothing that he had not. */
static enum err
add_founders(const struct scoped *s, const struct field *f,
    const uint8_t *begun, const bool *doubted, struct scope_orgs *out)
{
	struct graph g;
	size_t i;
	enum err e = graph_build(&g, s->input, s->count);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < s->count; i++) {
		const char *org = scope_ref(s->input[i].change->fields, f, 0);

		if (begun[i] != BEGUN_NOT && org != NULL &&
		    !is_settled(&g, s, f, doubted, i))
			scope_orgs_add(out, org, SCOPE_BASIC | SCOPE_KEEPS);
	}
	graph_free(&g);
	return ERR_OK;
}

static enum err
add_holder(
    const struct scoped *s, const struct field *f, struct scope_orgs *out)
{
	bool doubted[SCOPE_CHANGES_MAX] = {false}, any = false, agree;
	const char *org = scope_ref(s->merged.fields, f, 0);
	uint8_t begun[SCOPE_CHANGES_MAX];
	size_t i;
	enum err e = scope_begun(s, begun);

	if (e != ERR_OK)
		return e;
	agree = founders_agree(s, f, begun);
	for (i = 0; i < s->count; i++) {
		doubted[i] = is_doubted(s, f, s->input[i].change,
		    begun[i] == BEGUN_SURELY ||
		        (begun[i] == BEGUN_DOUBTED && agree));
		any = any || doubted[i];
	}
	scope_orgs_add(
	    out, org == NULL ? "" : org, any ? SCOPE_BASIC : SCOPE_FULL);
	if (any)
		e = add_earlier_holder(s, f, doubted, out);
	return e == ERR_OK && !agree ? add_founders(s, f, begun, doubted, out)
	                             : e;
}

/* The setters of a field that a change follows, past those that do not set
 * it. Forged circles end, since each is looked at once. */
static void
add_set_before(const struct scoped *s, const struct field *f,
    const struct change *c, bool seen[SCOPE_CHANGES_MAX],
    struct scope_orgs *out)
{
	const struct change *todo[SCOPE_CHANGES_MAX];
	size_t count = 0, i, j;

	todo[count++] = c;
	while (count > 0) {
		const struct change *at = todo[--count];

		for (j = 0; j < at->parent_count; j++)
			for (i = 0; i < s->count; i++) {
				const struct change *p = s->input[i].change;
				const char *org;

				if (seen[i] || change_id_compare(&p->id,
				                   &at->parents[j].id) != 0)
					continue;
				seen[i] = true;
				org = scope_ref(p->fields, f, 0);
				if (org != NULL)
					scope_orgs_add(out, org, SCOPE_FULL);
				else
					todo[count++] = p;
			}
	}
}

enum err
scoped_told(
    const struct scoped *s, const struct change *c, struct scope_orgs *out)
{
	struct scope_orgs before = {.count = 0};
	const struct field *f;
	enum err e = ERR_OK;

	for (f = s->kind->fields; f->number != 0; f++) {
		bool seen[SCOPE_CHANGES_MAX] = {false};

		if ((f->flags & FIELD_HOLDER) != 0 && c->parent_count > 0 &&
		    json_object_get(c->fields, f->name) != NULL)
			add_set_before(s, f, c, seen, &before);
	}
	if (before.count > 0)
		e = carers_add(s, &before, SCOPE_FULL, out);
	scope_orgs_add_all(out, &before);
	return e;
}

/* In the place of an org, where one of its computers is certified for it. */
static void
add_team(const struct scoped *s, const struct field *f, struct scope_orgs *out)
{
	const char *team = scope_ref(s->merged.fields, f, 0);
	char name[ORG_REF_BYTES_MAX + 1];
	int n;

	if (team == NULL || !team_feed_is_kept(s->t, team))
		return;
	n = snprintf(name, sizeof name, "%s%s", TEAM_PREFIX, team);
	if (n > 0 && (size_t)n < sizeof name)
		scope_orgs_add(out, name, SCOPE_FULL);
}

/* Who names himself is none of them. */
static void
mark_own(struct scope_orgs *o)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		if ((o->org[i].level & SCOPE_LEVELS) == SCOPE_FULL ||
		    (o->org[i].level & SCOPE_KEEPS) != 0)
			o->org[i].level |= SCOPE_OWN;
}

/* To a set of its own orgs only. */
static enum err
add_carers(const struct scoped *s, struct scope_orgs *out)
{
	struct scope_orgs own = *out;

	return carers_add(s, &own, SCOPE_BASIC, out);
}

/* To an empty set. */
static enum err
add_own(const struct scoped *s, struct scope_orgs *out)
{
	const struct field *f;
	enum err e = scope_word_orgs(s, out);

	for (f = s->kind->fields; e == ERR_OK && f->number != 0; f++) {
		if ((f->flags & FIELD_HOLDER) != 0)
			e = add_holder(s, f, out);
		if ((f->flags & FIELD_TEAM) != 0)
			add_team(s, f, out);
	}
	mark_own(out);
	return e;
}

/* --- what it grants ---------------------------------------------------- */

enum err
scoped_grants(
    const struct scoped *s, const struct field *field, struct scope_orgs *out)
{
	const char *states = s->kind->scope.grants_in;
	size_t i;
	enum err e;

	scope_orgs_clear(out);
	if (states != NULL && !state_is_in(states, state_of(s)))
		return ERR_OK;
	e = add_own(s, out);
	for (i = 0; i < out->count; i++)
		out->org[i].level &= (uint8_t)~SCOPE_OWN;
	return e == ERR_OK ? scope_word_grants(s, field, out) : e;
}

/* --- the whole scope --------------------------------------------------- */

/* By which of its granting fields it means this very record; NULL: by none. */
static const struct field *
grants_to(const struct scoped *q, const struct scoped *s)
{
	const struct field *f;
	const char *ref;
	size_t i;

	for (f = q->kind->fields; f->number != 0; f++) {
		if ((f->flags & FIELD_GRANTS) == 0 ||
		    strcmp(f->ref_kind, s->kind->name) != 0)
			continue;
		for (i = 0; (ref = scope_ref(q->merged.fields, f, i)) != NULL;
		     i++) {
			uint8_t key[KEY_RECORD_BYTES];

			if (strcmp(ref, s->merged.id.ref) == 0 &&
			    scope_resolve(s->t, q->merged.id.source,
			        s->kind->name, ref, key) == ERR_OK &&
			    memcmp(key, s->key, sizeof key) == 0)
				return f;
		}
	}
	return NULL;
}

/* only_known: orgs that the group knows. */
static void
add_grants(const struct scoped *s, const struct scope_orgs *more,
    bool only_known, struct scope_orgs *out)
{
	size_t i;

	for (i = 0; i < more->count; i++)
		if (!only_known || scope_knows_org(s->t, more->org[i].ref))
			scope_orgs_add(
			    out, more->org[i].ref, more->org[i].level);
}

static enum err
add_granted_by(const struct scoped *s, const uint8_t key[KEY_RECORD_BYTES],
    bool only_known, struct scope_orgs *out)
{
	const struct field *field;
	struct scope_orgs more;
	struct scoped q;
	enum err e = scoped_read(s->t, s->self, key, &q);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	field = grants_to(&q, s);
	if (field != NULL) {
		e = scoped_grants(&q, field, &more);
		add_grants(s, &more, only_known, out);
	}
	scoped_free(&q);
	return e;
}

static enum err
add_all_granted(const struct scoped *s, const struct buffer *keys,
    bool only_known, struct scope_orgs *out)
{
	size_t at;
	enum err e = ERR_OK;

	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES)
		e = add_granted_by(s, keys->data + at, only_known, out);
	return e;
}

/* Made-up orgs take nobody's place. */
static enum err
add_granted(const struct scoped *s, struct scope_orgs *out)
{
	const struct identity *id = &s->merged.id;
	struct scope_orgs own = *out;
	struct buffer keys = {0};
	enum err e = naming_walk(s->t, id->kind, id->ref, NAMING_GRANTS,
	    s->kind->scope.is_followed && scope_is_only(s->t, id) ? NULL
	                                                          : id->source,
	    SCOPE_NAMERS_MAX, &keys);

	if (e == ERR_OK)
		e = add_all_granted(s, &keys, false, out);
	if (e == ERR_OK && out->is_crowded) {
		*out = own;
		e = add_all_granted(s, &keys, true, out);
		out->is_crowded = true;
	}
	if (e == ERR_OK &&
	    (out->is_crowded ||
	        keys.size == SCOPE_NAMERS_MAX * (size_t)KEY_RECORD_BYTES))
		e = scope_tell_bound(s->t, s->self, id, FINDING_SCOPE_CROWDED);
	buffer_free(&keys);
	return e;
}

static enum err
add_row_of(const struct scoped *s, const uint8_t key[KEY_RECORD_BYTES],
    struct scope_orgs *out)
{
	struct scope_orgs more;
	enum err e = scope_row_read(s->t, key, &more);

	if (e == ERR_OK)
		scope_orgs_add_all(out, &more);
	return e == ERR_NOT_FOUND ? ERR_OK : e; /* awaited */
}

static enum err
add_scope_of(const struct scoped *s, const char *kind, const char *ref,
    struct scope_orgs *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = scope_resolve(s->t, s->merged.id.source, kind, ref, key);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	return add_row_of(s, key, out);
}

/* Where the record says whose ref it is, no other source's is meant, also
 * while that one is awaited. source NULL: it does not. */
static enum err
add_named(const struct scoped *s, const char *source, const char *kind,
    const char *ref, struct scope_orgs *out)
{
	uint8_t key[KEY_RECORD_BYTES];

	if (source == NULL)
		return add_scope_of(s, kind, ref, out);
	key_record_of(txn_db(s->t), key, source, kind, ref);
	return add_row_of(s, key, out);
}

bool
scope_about(const struct kind *k, const json_t *fields, const char **kind,
    const char **ref, const char **source)
{
	if (k->scope.about[0] == NULL)
		return false;
	*kind = json_string_value(json_object_get(fields, k->scope.about[0]));
	*ref = json_string_value(json_object_get(fields, k->scope.about[1]));
	*source = json_string_value(json_object_get(fields, k->scope.about[2]));
	return *kind != NULL && *ref != NULL &&
	       strlen(*kind) <= KIND_BYTES_MAX && strlen(*ref) <= REF_BYTES_MAX;
}

static enum err
add_followed(const struct scoped *s, struct scope_orgs *out)
{
	const json_t *fields = s->merged.fields;
	const struct field *f;
	const char *kind, *ref, *source;
	size_t i;
	enum err e = ERR_OK;

	for (f = s->kind->fields; e == ERR_OK && f->number != 0; f++) {
		if ((f->flags & FIELD_FOLLOWS) == 0)
			continue;
		for (i = 0;
		     e == ERR_OK && (ref = scope_ref(fields, f, i)) != NULL;
		     i++)
			e = add_named(s, scope_source(fields, f, NULL),
			    f->ref_kind, ref, out);
	}
	if (e == ERR_OK && scope_about(s->kind, fields, &kind, &ref, &source))
		e = add_named(s, source, kind, ref, out);
	return e;
}

enum err
scoped_orgs_unnamed(const struct scoped *s, struct scope_orgs *out)
{
	enum err e;

	scope_orgs_clear(out);
	e = add_own(s, out);
	if (e == ERR_OK)
		e = add_carers(s, out);
	return e == ERR_OK ? add_followed(s, out) : e;
}

enum err
scoped_direct(const struct scoped *s, struct scope_orgs *out)
{
	enum err e = add_own(s, out);

	if (e == ERR_OK)
		e = add_carers(s, out);
	return e == ERR_OK && s->kind->scope.is_granted ? add_granted(s, out)
	                                                : e;
}

enum err
scoped_orgs(const struct scoped *s, struct scope_orgs *out)
{
	enum err e;

	scope_orgs_clear(out);
	e = scoped_direct(s, out);
	if (e == ERR_OK)
		e = scoped_linked(s, out);
	return e == ERR_OK ? add_followed(s, out) : e;
}
