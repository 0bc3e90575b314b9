/* begun_matter: a record that two organisations say they began. The group is
 * asked about each of the beginnings, and about what was changed by who had
 * only seen his own. What it sets aside begins nothing. That it lets one stand
 * says that the others are to go: they are asked about until they did, and of
 * two that cannot both be right not both are let stand.
 */

#include <string.h>

#include "base/i18n.h"
#include "store/admit.h"
#include "store/begun.h"
#include "store/decided.h"
#include "store/kin.h"
#include "store/matter_pen.h"
#include "store/rules.h"

/* It does the same with a change. */
extern const struct matter_maker matter_others_record;

/* --- what the group said of them ------------------------------------------ */

static bool
was_let_stand(struct txn *t, const struct change *c)
{
	uint8_t name[DB_BLIND_BYTES];

	decided_name(t, FINDING_BEGUN_TWICE, &c->record, &c->id, name);
	return decided_is(t, name, &c->record);
}

static bool
has(const uint8_t *begun, size_t count, enum begun what)
{
	return memchr(begun, (int)what, count) != NULL;
}

/* Whether those that were let stand, and this one (SIZE_MAX: none), would be in
 * doubt if there were no others. */
static enum err
would_be_in_doubt(struct txn *t, const struct self *self,
    const struct record_set *set, const uint8_t *begun, size_t one, bool *out)
{
	struct merge_input left[MATTER_CHANGES_MAX];
	uint8_t again[MATTER_CHANGES_MAX];
	size_t i, count = 0;
	enum err e;

	for (i = 0; i < set->count; i++)
		if (begun[i] != BEGUN_NOT &&
		    (i == one || was_let_stand(t, &set->change[i])))
			left[count++] = set->input[i];
	*out = false;
	if (count == 0)
		return ERR_OK;
	e = begun_find(t, self->id, left, count, again);
	*out = e == ERR_OK && has(again, count, BEGUN_DOUBTED) &&
	       !has(again, count, BEGUN_SURELY);
	return e;
}

/* --- asking --------------------------------------------------------------- */

static enum err
ask_about_beginnings(struct txn *t, const struct self *self,
    const struct record_set *set, const uint8_t *begun)
{
	bool contradicts = false;
	struct question q;
	char id[48];
	size_t i;
	enum err e = ERR_OK;

	/* Words of two hubs, one of which was restored. */
	if (!has(begun, set->count, BEGUN_SURELY))
		e = would_be_in_doubt(
		    t, self, set, begun, SIZE_MAX, &contradicts);
	for (i = 0; e == ERR_OK && i < set->count; i++) {
		const struct change *c = &set->change[i];
		bool is_one = begun[i] == BEGUN_DOUBTED;

		if (c->parent_count > 0)
			continue;
		if (!is_one || !contradicts) {
			e = decided_ask(
			    t, c, FINDING_BEGUN_TWICE, c->occurred_at, is_one);
			continue;
		}
		matter_change_id(&c->id, id);
		matter_question(
		    &c->record, FINDING_BEGUN_TWICE, id, c->occurred_at, &q);
		e = question_put(t, &q);
	}
	return e;
}

static enum err
look_at(
    struct txn *t, const struct self *self, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t begun[MATTER_CHANGES_MAX];
	struct record_set set;
	enum err e = record_gather(t, key, MATTER_CHANGES_MAX, &set);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	e = begun_find(t, self->id, set.input, set.count, begun);
	if (e == ERR_OK)
		e = ask_about_beginnings(t, self, &set, begun);
	record_set_free(&set);
	return e;
}

static enum err
name_decided(
    struct txn *t, const struct decided *d, uint8_t out[DB_BLIND_BYTES])
{
	const char *kind = rule_text(d->about, "about_kind");

	return kind != NULL && kind_by_name(kind) != NULL
	           ? decided_change_name(t, d, out)
	           : ERR_NOT_FOUND;
}

/* It is decided about a beginning, or is not any more. */
static enum err
look_at_decided(struct txn *t, const struct self *self, const struct decided *d)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct identity record;

	matter_about(d->about, &record);
	key_record(txn_db(t), key, &record);
	return look_at(t, self, key);
}

static const struct decided_way decisions = {
    .name = name_decided, .look = look_at_decided};

/* At the hub, when another beginning comes, or one is set aside or not any
 * more. */
static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const struct kind *k = kind_by_name(c->record.kind);

	if (self->role != ROLE_HUB || k == NULL)
		return ERR_OK;
	if (strcmp(k->name, "question") == 0)
		return decided_each(
		    t, self, c, key, FINDING_BEGUN_TWICE, &decisions);
	if (!k->scope.by_founder || c->founds || kin_is_alone(t, key) ||
	    (c->parent_count > 0 &&
	        json_object_get(c->fields, MERGE_SET_ASIDE) == NULL))
		return ERR_OK;
	return look_at(t, self, key);
}

/* --- deciding ------------------------------------------------------------- */

/* Whether another was let stand that cannot have begun it as well. */
static enum err
another_stands(
    struct txn *t, const struct self *self, const struct question *q, bool *out)
{
	uint8_t begun[MATTER_CHANGES_MAX], key[KEY_RECORD_BYTES];
	struct record_set set;
	struct change_id id;
	size_t at;
	enum err e;

	matter_key(t, q, key);
	e = matter_change_parse(q->field, &id);
	if (e == ERR_OK)
		e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	for (at = 0; at < set.count; at++)
		if (change_id_compare(&set.change[at].id, &id) == 0)
			break;
	e = begun_find(t, self->id, set.input, set.count, begun);
	if (e == ERR_OK && !has(begun, set.count, BEGUN_SURELY))
		e = would_be_in_doubt(t, self, &set, begun, at, out);
	record_set_free(&set);
	return e;
}

/* Then only that this one is set aside answers anything. */
static void
leave_one_choice(struct matter *m)
{
	while (m->choice_count > 1)
		json_decref(m->choice[--m->choice_count].shown);
	m->proposal = 0;
	m->ground = N_("another beginning of it was let stand; if this is the "
	               "right one, undo that first");
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	bool stands = false;
	enum err e = matter_others_record.describe(t, self, m);

	m->proposal = -1;
	m->ground = NULL;
	if (e == ERR_OK && self->role == ROLE_HUB)
		e = another_stands(t, self, m->question, &stands);
	if (e == ERR_OK && stands)
		leave_one_choice(m);
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
