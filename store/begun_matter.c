/* begun_matter: a record that two organisations say they began. The group is
 * asked about each of the beginnings, and about what was changed by who had
 * only seen his own. What it sets aside begins nothing.
 */

#include <string.h>

#include "base/i18n.h"
#include "store/admit.h"
#include "store/begun.h"
#include "store/decided.h"
#include "store/kin.h"
#include "store/matter_pen.h"

/* It does the same with a change. */
extern const struct matter_maker matter_others_record;

static bool
is_signed(const struct kind *k)
{
	return k->states != NULL && state_rank(k, "amended") >= 0;
}

/* While it is not known whose the record is, no change of it is its org's. */
static enum err
ask_about_all(struct txn *t, const struct self *self, const struct kind *k,
    const struct record_set *set)
{
	uint8_t begun[MATTER_CHANGES_MAX];
	bool is_doubted = false;
	size_t i;
	enum err e = begun_find(t, self->id, set->input, set->count, begun);

	for (i = 0; e == ERR_OK && i < set->count; i++) {
		bool is_one = begun[i] == BEGUN_DOUBTED;

		is_doubted = is_doubted || is_one;
		if (set->change[i].parent_count == 0)
			e = decided_ask(t, &set->change[i], FINDING_BEGUN_TWICE,
			    set->change[i].occurred_at, is_one);
	}
	for (i = 0; e == ERR_OK && is_doubted && i < set->count; i++)
		if (is_signed(k) && set->change[i].parent_count > 0 &&
		    !begun_is_groups(t, self->id, &set->change[i]))
			e = decided_ask(t, &set->change[i],
			    FINDING_OTHERS_RECORD, set->change[i].occurred_at,
			    true);
	return e;
}

/* At the hub, when another beginning comes, or one is set aside or not any
 * more. */
static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const struct kind *k = kind_by_name(c->record.kind);
	struct record_set set;
	enum err e;

	if (self->role != ROLE_HUB || k == NULL || !k->scope.by_founder ||
	    c->founds || kin_is_alone(t, key) ||
	    (c->parent_count > 0 &&
	        json_object_get(c->fields, MERGE_SET_ASIDE) == NULL))
		return ERR_OK;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	e = ask_about_all(t, self, k, &set);
	record_set_free(&set);
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	enum err e = matter_others_record.describe(t, self, m);

	m->proposal = -1;
	m->ground = NULL;
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	return matter_others_record.decide(pen, m, n);
}

static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	return matter_others_record.undo(pen, decision);
}

const struct matter_maker matter_begun_twice = {
    .code = FINDING_BEGUN_TWICE,
    .urgency = 1,
    .group_only = true,
    .note = note,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};
