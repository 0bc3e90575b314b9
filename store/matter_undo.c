/* matter_undo: a decision taken back: what it changed gets the values it found,
 * where nobody changed them since, and what it decided is asked anew.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/entitled.h"
#include "store/graph.h"
#include "store/matter_pen.h"
#include "store/rules.h"
#include "store/value.h"

/* Fields that one change of the decision set and still rules: back to what it
 * found. */
static json_t *
before_change(const struct record_set *set, const struct change *c)
{
	json_t *fields = json_object(), *v;
	struct record before, now;
	const char *name;

	if (fields == NULL || record_seen_by(set->input, set->count, &c->id,
	                          false, &before) != ERR_OK)
		return fields;
	if (record_merge(set->input, set->count, &now) != ERR_OK) {
		record_clear(&before);
		return fields;
	}
	json_object_foreach(c->fields, name, v)
	{
		json_t *old = json_object_get(before.fields, name);
		json_t *shown = json_object_get(now.fields, name);

		if (strcmp(name, "reason") == 0 ||
		    (shown == NULL) != json_is_null(v) ||
		    (shown != NULL && !value_equal(shown, v)) ||
		    (json_is_string(v) &&
		        strcmp(json_string_value(v), "amended") == 0))
			continue;
		json_object_set(fields, name, old == NULL ? json_null() : old);
	}
	record_clear(&before);
	record_clear(&now);
	return fields;
}

/* --- what a decision wrote ------------------------------------------------ */

/* Of the same store and the same moment, as all that one decision writes. What
 * is not here was not seen to be otherwise: that is held for the decision that
 * is shown, or half of it would be undone, and for no other. */
static bool
is_made_with(struct txn *t, const struct change *decided, bool is_shown,
    const char *text)
{
	struct change_id id;
	struct change c;
	bool is;

	if (text == NULL || matter_change_parse(text, &id) != ERR_OK ||
	    memcmp(id.life, decided->id.life, LIFE_BYTES) != 0)
		return false;
	is = entitled_read(t, &id, &c) == ERR_OK
	         ? c.recorded_at == decided->recorded_at
	         : is_shown;
	change_clear(&c);
	return is;
}

static enum err
add_made(
    struct txn *t, const struct change *decided, bool is_shown, json_t *out)
{
	const json_t *ids = json_object_get(decided->fields, "changes");
	size_t i;

	for (i = 0; i < json_array_size(ids); i++) {
		json_t *id = json_array_get(ids, i);

		if (is_made_with(t, decided, is_shown, json_string_value(id)) &&
		    json_array_append(out, id) != 0)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

/* Not what the group set aside. */
static bool
calls_it_decided(const struct graph *g, size_t i)
{
	return graph_sets(g, i, "state") &&
	       rule_state_is(g->item[i]->change->fields, "decided");
}

/* Whether change i decided it, where nothing was decided yet. */
static bool
decides(const struct graph *g, size_t i)
{
	size_t j;

	if (!calls_it_decided(g, i))
		return false;
	for (j = 0; j < g->count; j++)
		if (is_before(g, j, i) && calls_it_decided(g, j))
			return false;
	return true;
}

/* Of several who decided it the one whose word is shown, as merging chooses;
 * SIZE_MAX: nobody did. */
static size_t
find_shown(const struct graph *g)
{
	size_t i, shown = SIZE_MAX;

	for (i = 0; i < g->count; i++)
		if (decides(g, i) &&
		    (shown == SIZE_MAX || (graph_is_managing(g, i) &&
		                              !graph_is_managing(g, shown))))
			shown = i;
	return shown;
}

static enum err
list_made(struct txn *t, const struct record_set *set, json_t *out)
{
	struct graph g;
	size_t i, shown;
	enum err e = graph_build(&g, set->input, set->count);

	if (e != ERR_OK)
		return e;
	e = graph_mark(&g);
	shown = e == ERR_OK ? find_shown(&g) : SIZE_MAX;
	for (i = 0; e == ERR_OK && i < g.count; i++)
		if (decides(&g, i))
			e = add_made(t, g.item[i]->change, i == shown, out);
	graph_free(&g);
	return e;
}

enum err
matter_made(struct txn *t, const struct record *decision, json_t **out)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	enum err e;

	*out = NULL;
	key_record(txn_db(t), key, &decision->id);
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	*out = json_array();
	e = *out == NULL ? ERR_NOMEM : list_made(t, &set, *out);
	record_set_free(&set);
	if (e != ERR_OK)
		json_decref(*out);
	return e;
}

/* --- undoing -------------------------------------------------------------- */

static enum err
undo_change(struct matter_pen *pen, const char *text)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct change_id id;
	struct record_set set;
	struct change c;
	json_t *fields = NULL;
	enum err e = matter_change_parse(text, &id);

	if (e != ERR_OK)
		return e;
	e = entitled_read(pen->t, &id, &c);
	if (e == ERR_OK) {
		key_record(txn_db(pen->t), key, &c.record);
		e = record_gather(pen->t, key, MATTER_CHANGES_MAX, &set);
	}
	if (e == ERR_OK) {
		fields = before_change(&set, &c);
		record_set_free(&set);
		if (fields == NULL)
			e = ERR_NOMEM;
		else if (json_object_size(fields) > 0)
			e = matter_amend(pen, key, fields);
	}
	json_decref(fields);
	change_clear(&c);
	return e;
}

static enum err
undo_changes(struct matter_pen *pen, const struct record *decision)
{
	json_t *changes;
	enum err e = matter_made(pen->t, decision, &changes);
	size_t i;

	if (e != ERR_OK)
		return e;
	i = json_array_size(changes);
	while (e == ERR_OK && i-- > 0)
		e = undo_change(
		    pen, json_string_value(json_array_get(changes, i)));
	json_decref(changes);
	return e;
}

/* Asked anew, since the records do not show any more that something met. */
static enum err
ask_again(struct matter_pen *pen, const struct record *decision)
{
	static const char *const gone[] = {
	    "decision", "decided_by", "changes", "reason"};
	json_t *fields = json_deep_copy(decision->fields);
	size_t i;
	enum err e = ERR_NOMEM;

	for (i = 0; fields != NULL && i < sizeof gone / sizeof gone[0]; i++)
		json_object_del(fields, gone[i]);
	if (fields != NULL &&
	    json_object_set_new(fields, "state", json_string("open")) == 0)
		e = matter_add(pen, "question", fields);
	json_decref(fields);
	return e;
}

static enum err
mark_undone(struct matter_pen *pen, const uint8_t key[KEY_RECORD_BYTES])
{
	json_t *fields =
	    json_pack("{s:s, s:s}", "state", "undone", "reason", pen->reason);
	enum err e =
	    fields == NULL ? ERR_NOMEM : matter_amend(pen, key, fields);

	json_decref(fields);
	return e;
}

static enum err
undo(struct txn *t, const struct self *self, struct matter_decision *d,
    const struct record *decision, const uint8_t key[KEY_RECORD_BYTES],
    const char *org)
{
	const struct matter_maker *maker = matter_maker_by_name(
	    json_string_value(json_object_get(decision->fields, "code")));
	struct matter_pen pen;
	enum err e = matter_pen_begin(&pen, t, self, d, org);

	pen.restores = true;
	if (e == ERR_OK)
		e = maker != NULL && maker->undo != NULL
		        ? maker->undo(&pen, decision)
		        : undo_changes(&pen, decision);
	pen.restores = false;
	if (e == ERR_OK)
		e = mark_undone(&pen, key);
	if (e == ERR_OK && maker != NULL && maker->asks_again)
		e = ask_again(&pen, decision);
	e = matter_pen_end(&pen, d, e);
	d->made = decision->id;
	return e;
}

/* By the number it had here, or by the ref of its record. */
static enum err
find_decision(struct txn *t, const struct self *self, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t blind[DB_BLIND_BYTES];
	struct buffer value = {0};
	char *end;
	unsigned long long number = strtoull(ref, &end, 10);
	enum err e;

	if (*ref == '\0' || *end != '\0')
		return record_find(t, self, "question", ref, key);
	matter_blind_number(t, number, blind);
	e = txn_get(t, TABLE_CODES, blind, sizeof blind, &value);
	if (e == ERR_OK && value.size != KEY_RECORD_BYTES)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		memcpy(key, value.data, KEY_RECORD_BYTES);
	buffer_free(&value);
	return e;
}

enum err
matter_undo(struct txn *t, const struct self *self, struct matter_decision *d)
{
	static const struct matter_maker anybody = {.code = FINDING_NONE};
	uint8_t key[KEY_RECORD_BYTES];
	char org[REF_BYTES_MAX + 1];
	const struct matter_maker *maker;
	struct record decision;
	struct matter m;
	enum err e = find_decision(t, self, d->ref, key);

	if (e == ERR_OK)
		e = record_read(t, key, &decision);
	if (e != ERR_OK)
		return e;
	memset(&m, 0, sizeof m);
	matter_about(decision.fields, &m.record);
	maker = matter_maker_by_name(rule_text(decision.fields, "code"));
	m.maker = maker;
	matter_find_owner(t, &m);
	if (d->org != NULL && *d->org != '\0')
		snprintf(org, sizeof org, "%s", d->org);
	else
		matter_acting_org(t, self, &m, decision.org, org);
	if (!rule_state_is(decision.fields, "decided") || d->reason == NULL ||
	    *d->reason == '\0')
		e = ERR_USAGE;
	else if (!matter_is_ours(t, self, maker == NULL ? &anybody : maker, &m))
		e = ERR_NOT_ALLOWED;
	else
		e = undo(t, self, d, &decision, key, org);
	record_clear(&decision);
	return e;
}
