/* contest_say: what the group says of a contract, written down. */

#include <string.h>

#include "store/admit.h"
#include "store/contest_say.h"
#include "store/contest_stand.h"
#include "store/kinds/kinds.h"
#include "store/opened.h"
#include "store/rules.h"
#include "store/value.h"

static bool
is_after(const struct contest_contract *a, const struct contest_contract *b)
{
	int order = strcmp(a->ref, b->ref);

	return order > 0 || (order == 0 && strcmp(a->source, b->source) > 0);
}

/* Places of those it is contested with, by ref and source. */
static size_t
find_rivals(const struct contest *set, size_t i, size_t out[CONTEST_MOST])
{
	size_t count = 0, j, k;

	for (j = 0; j < set->count; j++) {
		if (!set->of[i].overlaps[j])
			continue;
		for (k = count++;
		     k > 0 && is_after(&set->of[out[k - 1]], &set->of[j]); k--)
			out[k] = out[k - 1];
		out[k] = j;
	}
	return count;
}

/* NULL: no memory. */
static json_t *
refs_of_rivals(const struct contest *set, size_t i)
{
	size_t rivals[CONTEST_MOST], n, count = find_rivals(set, i, rivals);
	json_t *refs = json_array();

	for (n = 0; n < count; n++)
		if (json_array_append_new(refs,
		        json_sprintf("ref:%s", set->of[rivals[n]].ref)) != 0) {
			json_decref(refs);
			return NULL;
		}
	return refs;
}

static bool
is_of_its_source(const struct contest *set, size_t i, size_t other)
{
	return strcmp(set->of[i].source, set->of[other].source) == 0;
}

/* NULL: they are all of its own source. */
static json_t *
sources_of_rivals(const struct contest *set, size_t i)
{
	size_t rivals[CONTEST_MOST], n, count = find_rivals(set, i, rivals);
	json_t *sources = json_array();
	bool own = true;

	for (n = 0; n < count; n++) {
		own = own && is_of_its_source(set, i, rivals[n]);
		json_array_append_new(
		    sources, json_string(set->of[rivals[n]].source));
	}
	if (!own)
		return sources;
	json_decref(sources);
	return NULL;
}

/* What is said of it while it is contested. */
static json_t *
wanted_of_contest(const struct contest *set, size_t i, const char *field)
{
	size_t holder = set->of[i].holder;

	if (strcmp(field, "contested_with") == 0)
		return refs_of_rivals(set, i);
	if (strcmp(field, "contested_sources") == 0)
		return sources_of_rivals(set, i);
	if (strcmp(field, "holder_id") == 0)
		return json_sprintf("ref:%s", set->of[holder].ref);
	return is_of_its_source(set, i, holder)
	           ? NULL
	           : json_string(set->of[holder].source);
}

static bool
is_of_contest(const char *field)
{
	return strncmp(field, "contested_", 10) == 0 ||
	       strncmp(field, "holder_", 7) == 0;
}

/* What a field should hold; NULL: nothing. */
static json_t *
wanted(const struct contest_set *s, size_t i, const char *field)
{
	static const char *const states[] = {
	    [CONTEST_ACTIVE] = "active",
	    [CONTEST_CONTESTED] = "contested",
	    [CONTEST_TERMINATED] = "terminated",
	    [CONTEST_CLOSED] = "closed",
	};
	const struct contest_contract *c = &s->contest.of[i];

	if (is_of_contest(field))
		return c->word == CONTEST_CONTESTED
		           ? wanted_of_contest(&s->contest, i, field)
		           : NULL;
	/* What the group says opens the file of whom it is shown with. */
	if (strcmp(field, "state") == 0 && c->word == CONTEST_ACTIVE &&
	    s->record[i].is_renamed)
		return json_string("signed");
	if (strcmp(field, "state") == 0 && c->word != CONTEST_NOTHING)
		return json_string(states[c->word]);
	if (strcmp(field, "end_reason") == 0 && c->end_reason[0] != '\0')
		return json_string(c->end_reason);
	if (strcmp(field, "ended_on") == 0 && c->ended_on[0] != '\0')
		return json_string(c->ended_on);
	if (strcmp(field, "end_is_guessed") == 0)
		return c->end_is_guessed ? json_true() : NULL;
	return json_incref(json_object_get(s->record[i].said, field));
}

/* What has to be written so that the record says what the group says. */
static json_t *
difference(const struct contest_set *s, size_t i)
{
	json_t *changed = json_object();
	size_t n;

	for (n = 0; changed != NULL && contest_words[n] != NULL; n++) {
		const char *name = contest_words[n];
		const json_t *old =
		    json_object_get(s->record[i].present.fields, name);
		json_t *now = wanted(s, i, name);

		if ((now == NULL && old == NULL) ||
		    (now != NULL && old != NULL && value_equal(now, old))) {
			json_decref(now);
			continue;
		}
		if (json_object_set_new(
		        changed, name, now == NULL ? json_null() : now) != 0) {
			json_decref(changed);
			return NULL;
		}
	}
	return changed;
}

/* A site closes by itself; that the group knows it too is said once. */
static bool
needs_word(const struct contest_set *s, size_t i)
{
	return s->contest.of[i].word == CONTEST_CLOSED &&
	       !s->record[i].is_confirmed;
}

enum err
contest_say(struct txn *t, const struct self *self, const struct record *r,
    const char *org, json_t *fields, int64_t now)
{
	struct change c;
	enum err e;

	change_init(&c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", CONTEST_AUTHOR);
	snprintf(c.org, sizeof c.org, "%s", org);
	c.clock = self_clock(self, now);
	c.occurred_at = now;
	c.recorded_at = now;
	c.fields = fields;
	e = admit_own(t, self, &c, URGENCY_SOON);
	/* What no change can hold stays unsaid and stops nothing. */
	return e == ERR_LIMIT || e == ERR_FORMAT ? ERR_OK : e;
}

enum err
contest_say_of(struct txn *t, const struct self *self,
    const struct contest_set *s, size_t i, int64_t now, bool is_old)
{
	json_t *fields;
	enum err e = ERR_OK;

	fields = difference(s, i);
	if (fields != NULL && needs_word(s, i) &&
	    json_object_set_new(fields, "state", wanted(s, i, "state")) != 0) {
		json_decref(fields);
		fields = NULL;
	}
	if (fields == NULL)
		return ERR_NOMEM;
	e = opened_judge(t, self, s, i, now, is_old, fields);
	if (e == ERR_OK && json_object_size(fields) > 0)
		e = contest_say(t, self, &s->record[i].present,
		    s->contest.of[i].org, fields, now);
	else if (e == ERR_OK)
		e = contest_stand(t, self, s, i);
	json_decref(fields);
	return e;
}
