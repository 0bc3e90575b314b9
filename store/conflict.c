/* conflict: two people changed one record without knowing of each other. Where
 * a rule had to choose a value the other is kept and listed; where a kind keeps
 * whole versions side by side these are. Whoever decides writes a change that
 * has seen them all.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/graph.h"
#include "store/kin.h"
#include "store/matter.h"
#include "store/value.h"

/* --- what waits --------------------------------------------------------- */

static int64_t
latest(const struct sides *s)
{
	int64_t at = 0;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->side[i]->occurred_at > at)
			at = s->side[i]->occurred_at;
	return at;
}

static enum finding_code
code_of(const struct kind *k, const char *field)
{
	const struct field *f =
	    k == NULL ? NULL : field_by_name(k->fields, field);

	if (*field == '\0')
		return FINDING_BRANCHES;
	return f != NULL && (f->flags & FIELD_ASKED) != 0 ? FINDING_DIFFER
	                                                  : FINDING_CONFLICT;
}

static bool
has_seen(const struct change *c, const struct merge_input *other)
{
	return c->parent_count > 0 &&
	       change_id_compare(&c->parents[0].id, &other->change->id) == 0 &&
	       graph_link_fits(&c->parents[0], other);
}

/* Whether each change but the first has seen the one before it, and no two the
 * same: then nothing can have met. Nearly all records are of this form, and it
 * is told without comparing their fields. */
static bool
is_chain(const struct record_set *set)
{
	size_t i, j, firsts = 0;

	for (i = 0; i < set->count; i++) {
		size_t followed = 0, follows = 0;

		if (set->change[i].parent_count > 1)
			return false;
		for (j = 0; j < set->count; j++) {
			followed += has_seen(&set->change[j], &set->input[i]);
			follows += has_seen(&set->change[i], &set->input[j]);
		}
		firsts += follows == 0;
		if (followed > 1 || firsts > 1)
			return false;
	}
	return firsts == 1;
}

static enum err
note_field(struct txn *t, const struct record_set *set,
    const struct sight *sight, const char *field)
{
	const struct identity *id = &set->change[0].record;
	struct question q;
	struct sides s = {0};
	enum err e = ERR_OK;

	if (sight != NULL)
		e = sight_sides(sight, field, &s);
	if (e != ERR_OK)
		return e;
	matter_question(
	    id, code_of(kind_by_name(id->kind), field), field, latest(&s), &q);
	return s.count > 1 ? question_put(t, &q) : matter_drop(t, &q);
}

/* sight NULL: nothing can have met. */
static enum err
note_each(
    struct txn *t, const struct record_set *set, const struct sight *sight)
{
	json_t *seen = json_object(), *v;
	enum err e = seen == NULL ? ERR_NOMEM : note_field(t, set, sight, "");
	const char *name;
	size_t i;

	for (i = 0; e == ERR_OK && i < set->count; i++) {
		json_object_foreach(set->change[i].fields, name, v)
		{
			if (e != ERR_OK || json_object_get(seen, name) != NULL)
				continue;
			if (json_object_set_new_nocheck(
			        seen, name, json_true()) != 0)
				e = ERR_NOMEM;
			else
				e = note_field(t, set, sight, name);
		}
	}
	json_decref(seen);
	return e;
}

static enum err
note_fields(struct txn *t, const struct record_set *set)
{
	struct sight *sight = NULL;
	enum err e = ERR_OK;

	if (!is_chain(set))
		e = sight_open(set->input, set->count, &sight);
	if (e == ERR_OK)
		e = note_each(t, set, sight);
	sight_close(sight);
	return e;
}

/* Whether there is anything that c may not have seen: another change than
 * itself and, if they are two, its parent. */
static enum err
may_have_met(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], bool *out)
{
	const struct change_id *other;
	struct kin_few few;
	enum err e = kin_few(t, key, &few);

	*out = false;
	if (e != ERR_OK || few.count < 2)
		return e;
	other = change_id_compare(&few.id[0], &c->id) != 0 ? &few.id[0]
	                                                   : &few.id[1];
	*out = few.count > 2 || c->parent_count == 0 ||
	       change_id_compare(&c->parents[0].id, other) != 0;
	return e;
}

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct record_set set;
	bool may_have;
	enum err e;

	(void)self;
	/* Whatever else there is descends from what founds the record. */
	if (c->founds)
		return ERR_OK;
	e = may_have_met(t, c, key, &may_have);
	if (e != ERR_OK || !may_have)
		return e;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e == ERR_LIMIT || e == ERR_CORRUPT || e == ERR_NOT_FOUND)
		return ERR_OK; /* stops nothing; verify tells */
	if (e != ERR_OK)
		return e;
	e = note_fields(t, &set);
	record_set_free(&set);
	return e;
}

bool
matter_has_met(struct txn *t, const struct question *lost)
{
	const struct kind *k = kind_by_name(lost->kind);
	const char *field = k != NULL && k->keeps_branches ? "" : lost->field;
	struct question q = *lost;

	q.type = QUESTION_MATTER;
	q.code = code_of(k, field);
	snprintf(q.field, sizeof q.field, "%s", field);
	if (k != NULL && k->by_group)
		q.origin[0] = '\0';
	return question_waits(t, &q);
}

/* --- what there is to choose -------------------------------------------- */

static const char *
ground_of(const struct change *shown, const struct sides *s)
{
	size_t i, managing = 0;

	for (i = 0; i < s->count; i++)
		managing += s->side[i]->managing;
	if (shown->managing && managing < s->count)
		return N_("it was written as the managing organisation");
	return N_("it is what is shown until somebody decides");
}

static enum err
show_side(const struct record_set *set, const struct change *c,
    const char *field, struct matter *m)
{
	json_t *shown = matter_show_change(c), *value;
	struct record r;
	char word[48];
	enum err e;

	if (shown == NULL)
		return ERR_NOMEM;
	e = record_seen_by(set->input, set->count, &c->id, true, &r);
	if (e != ERR_OK) {
		json_decref(shown);
		return e;
	}
	value = *field == '\0' ? r.fields : json_object_get(r.fields, field);
	if (json_object_set(shown, *field == '\0' ? "fields" : "value",
	        value == NULL ? json_null() : value) != 0) {
		json_decref(shown);
		shown = NULL;
	}
	record_clear(&r);
	matter_change_word(&c->id, word);
	return matter_add_choice(m, word, shown);
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	const char *field = m->question->field;
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	struct sides s;
	size_t i;
	enum err e;

	(void)self;
	key_record(txn_db(t), key, &m->record);
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	e = record_sides(set.input, set.count, field, &s);
	if (e == ERR_OK && s.count < 2)
		e = ERR_NOT_FOUND;
	for (i = 0; e == ERR_OK && i < s.count; i++)
		e = show_side(&set, s.side[i], field, m);
	if (e == ERR_OK) {
		m->proposal = 0;
		m->ground = ground_of(s.side[0], &s);
	}
	record_set_free(&set);
	return e;
}

/* --- what a choice means ------------------------------------------------ */

/* A state from which the shown one cannot be left is the rule's to keep. */
static bool
keeps_state(const struct matter *m, const json_t *fields)
{
	const struct kind *k = kind_by_name(m->record.kind);
	const char *shown = json_string_value(json_object_get(
	    json_object_get(m->choice[0].shown, "fields"), "state"));
	const char *state = json_string_value(json_object_get(fields, "state"));

	return k != NULL && state != NULL && shown != NULL &&
	       strcmp(state, shown) != 0 && state_follows(k, shown, state);
}

/* All of a version, and nothing that only others hold. */
static json_t *
whole_version(const struct matter *m, size_t n)
{
	json_t *fields = json_object(), *v;
	const char *name;
	size_t i;

	for (i = 0; fields != NULL && i < m->choice_count; i++)
		json_object_foreach(
		    json_object_get(m->choice[i].shown, "fields"), name,
		    v) if (json_object_set_new_nocheck(fields, name,
		               json_null()) != 0) goto no_memory;
	if (fields == NULL ||
	    json_object_update(
	        fields, json_object_get(m->choice[n].shown, "fields")) != 0)
		goto no_memory;
	json_object_del(fields, "reason"); /* the deciding change has its own */
	if (!keeps_state(m, fields))
		json_object_del(fields, "state");
	return fields;

no_memory:
	json_decref(fields);
	return NULL;
}

static json_t *
one_field(const struct matter *m, size_t n)
{
	json_t *fields = json_object();

	if (fields == NULL ||
	    json_object_set_nocheck(fields, m->question->field,
	        json_object_get(m->choice[n].shown, "value")) != 0) {
		json_decref(fields);
		return NULL;
	}
	return fields;
}

enum err
conflict_decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields =
	    *m->question->field == '\0' ? whole_version(m, n) : one_field(m, n);
	enum err e;

	if (fields == NULL)
		return ERR_NOMEM;
	key_record(txn_db(pen->t), key, &m->record);
	e = matter_amend(pen, key, fields);
	json_decref(fields);
	return e;
}

const struct matter_maker matter_conflict = {
    .code = FINDING_CONFLICT,
    .urgency = 2,
    .asks_again = true,
    .note = note,
    .describe = describe,
    .decide = conflict_decide,
};

/* Of fields that a person has to set; rows are put by the note above. */
const struct matter_maker matter_differ = {
    .code = FINDING_DIFFER,
    .urgency = 1,
    .asks_again = true,
    .describe = describe,
    .decide = conflict_decide,
};

const struct matter_maker matter_branches = {
    .code = FINDING_BRANCHES,
    .urgency = 1,
    .asks_again = true,
    .describe = describe,
    .decide = conflict_decide,
};
