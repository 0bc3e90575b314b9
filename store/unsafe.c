/* unsafe: somebody who does not own a device says that it is fit again.
 *
 * Merging keeps the owner's guarded word (graph_say.c); here the other one is
 * listed, for the owner to follow it or to leave the device as it is.
 */

#include <string.h>

#include "base/i18n.h"
#include "store/graph.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"

static const char condition[] = "condition";

/* The first change by id whose word is not followed; SIZE_MAX: none. */
static size_t
unheeded(const struct graph *g)
{
	size_t i, j;

	for (j = 0; g->guarded != NULL && j < g->count; j++) {
		if (!graph_has_a_say(g, j, g->guarded->name, SIZE_MAX))
			continue;
		for (i = 0; i < g->count; i++)
			if (is_before(g, i, j) &&
			    graph_has_a_say(g, i, g->guarded->name, SIZE_MAX) &&
			    graph_stands_against(g, i, j))
				return j;
	}
	return SIZE_MAX;
}

/* *out: the change, or NULL. It points into the set. */
static enum err
find_unheeded(const struct record_set *set, const struct change **out)
{
	struct graph g;
	size_t i;
	enum err e = graph_build(&g, set->input, set->count);

	*out = NULL;
	if (e != ERR_OK)
		return e;
	e = graph_mark(&g);
	if (e == ERR_OK && (i = unheeded(&g)) != SIZE_MAX)
		*out = g.item[i]->change;
	graph_free(&g);
	return e;
}

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	const struct change *other;
	struct record_set set;
	struct question q;
	enum err e;

	(void)self;
	if (strcmp(c->record.kind, "device") != 0 || c->founds)
		return ERR_OK;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	e = find_unheeded(&set, &other);
	if (e == ERR_OK) {
		matter_question(&c->record, FINDING_UNSAFE_CLEARED, condition,
		    other == NULL ? 0 : other->occurred_at, &q);
		e = other == NULL ? matter_drop(t, &q) : question_put(t, &q);
	}
	record_set_free(&set);
	return e;
}

/* --- deciding --------------------------------------------------------------
 */

static enum err
show(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const struct change *other, struct matter *m)
{
	json_t *said = matter_show_change(other);
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e == ERR_OK && (said == NULL || json_object_set(said, "value",
	                                        json_object_get(other->fields,
	                                            condition)) != 0)) {
		record_clear(&r);
		e = ERR_NOMEM;
	}
	if (e != ERR_OK) {
		json_decref(said);
		return e;
	}
	e = matter_add_choice(m, "leave",
	    json_pack("{s:s, s:s, s:O?}", "by", r.by, "org", r.org, "value",
	        json_object_get(r.fields, condition)));
	record_clear(&r);
	if (e == ERR_OK)
		return matter_add_choice(m, "clear", said);
	json_decref(said);
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	const struct change *other;
	struct record_set set;
	enum err e;

	(void)self;
	key_record(txn_db(t), key, &m->record);
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	e = find_unheeded(&set, &other);
	if (e == ERR_OK)
		e = other == NULL ? ERR_NOT_FOUND : show(t, key, other, m);
	m->proposal = 0;
	m->ground = N_("unsafe stays until the owner clears it");
	record_set_free(&set);
	return e;
}

/* The owner's word, or the group's in his place. */
static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = json_pack(
	    "{s:O?}", condition, json_object_get(m->choice[n].shown, "value"));
	enum err e;

	key_record(txn_db(pen->t), key, &m->record);
	e = fields == NULL ? ERR_NOMEM : matter_amend(pen, key, fields);
	json_decref(fields);
	return e;
}

const struct matter_maker matter_unsafe = {
    .code = FINDING_UNSAFE_CLEARED,
    .urgency = URGENCY_SOON,
    .asks_again = true,
    .note = note,
    .describe = describe,
    .decide = decide,
};
