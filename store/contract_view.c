/* contract_view: what a contract promises, and what of it was done. */

#include <stdio.h>
#include <string.h>

#include "store/contest_said.h"
#include "store/contest_settle.h"
#include "store/contract_view.h"
#include "store/date.h"
#include "store/index.h"
#include "store/rules.h"
#include "store/scope.h"

struct plan {
	struct txn *t;
	const struct record *contract;
	const char *day;
	json_t *packages;         /* those in force; owned */
	char from_on[11];         /* "": those it was signed with */
	int64_t said_at;          /* of the change that gave them ... */
	struct change_id said_by; /* ... and its id */
	json_t *items;        /* owned: those planned, then others by name */
	size_t planned_count; /* of them */
};

/* --- items --------------------------------------------------------------- */

static json_t *
find_item(json_t *items, const char *name)
{
	size_t i;

	for (i = 0; i < json_array_size(items); i++) {
		json_t *one = json_array_get(items, i);
		const char *item = rule_text(one, "item");

		if (item != NULL && strcmp(item, name) == 0)
			return one;
	}
	return NULL;
}

/* A new one goes to the end, or in its place among those not planned. */
static json_t *
add_item(struct plan *p, const char *name)
{
	json_t *one = json_pack("{s:s, s:I, s:I, s:n}", "item", name, "planned",
	    (json_int_t)0, "done", (json_int_t)0, "last_on");
	size_t at = json_array_size(p->items);

	while (at > p->planned_count &&
	       strcmp(rule_text(json_array_get(p->items, at - 1), "item"),
	           name) > 0)
		at--;
	if (one == NULL || json_array_insert_new(p->items, at, one) != 0)
		return NULL;
	return one;
}

static enum err
count_item(struct plan *p, const char *name, json_int_t planned,
    json_int_t done, const char *on)
{
	json_t *one = find_item(p->items, name);
	const char *last;

	if (one == NULL)
		one = add_item(p, name);
	if (one == NULL)
		return ERR_NOMEM;
	planned += json_integer_value(json_object_get(one, "planned"));
	done += json_integer_value(json_object_get(one, "done"));
	if (json_object_set_new(one, "planned", json_integer(planned)) != 0 ||
	    json_object_set_new(one, "done", json_integer(done)) != 0)
		return ERR_NOMEM;
	last = rule_text(one, "last_on");
	if (on != NULL && (last == NULL || strcmp(last, on) < 0) &&
	    json_object_set_new(one, "last_on", json_string(on)) != 0)
		return ERR_NOMEM;
	return ERR_OK;
}

static enum err
plan_items(struct plan *p)
{
	size_t i, j;
	enum err e = ERR_OK;

	for (i = 0; i < json_array_size(p->packages); i++) {
		const json_t *rows =
		    json_object_get(json_array_get(p->packages, i), "items");

		for (j = 0; e == ERR_OK && j < json_array_size(rows); j++) {
			const json_t *row = json_array_get(rows, j);
			const char *name = rule_text(row, "item");

			if (name != NULL)
				e = count_item(p, name,
				    json_integer_value(
				        json_object_get(row, "planned")),
				    0, NULL);
			p->planned_count = json_array_size(p->items);
		}
	}
	return e;
}

/* --- what names the contract --------------------------------------------- */

/* The record means this contract and not another's of the same ref: the one of
 * the source that it names, else of its own, else the only one. */
static bool
is_of(const struct plan *p, const struct record *q)
{
	const struct identity *id = &p->contract->id;
	const char *ref = rule_ref(q->fields, "contract_id");
	const char *source = rule_text(q->fields, "contract_source");
	uint8_t own[KEY_RECORD_BYTES], key[KEY_RECORD_BYTES];

	if (ref == NULL || strcmp(ref, id->ref) != 0)
		return false;
	if (source != NULL || strcmp(q->id.source, id->source) == 0)
		return source == NULL || strcmp(source, id->source) == 0;
	key_record(txn_db(p->t), own, id);
	return index_resolve(p->t, q->id.source, id->kind, ref, key) ==
	           ERR_OK &&
	       memcmp(key, own, sizeof own) == 0;
}

/* When a package change was written; INT64_MIN: by a clock that was wrong. */
static enum err
find_time(struct plan *p, const struct record *q, int64_t *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	size_t i;
	enum err e;

	*out = INT64_MIN;
	key_record(txn_db(p->t), key, &q->id);
	e = record_gather(p->t, key, CONTEST_CHANGES_MOST, &set);
	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	for (i = 0; i < set.count; i++)
		if (change_id_compare(&set.change[i].id, &q->head) == 0 &&
		    contest_is_believable(&set.change[i]))
			*out = set.change[i].occurred_at;
	record_set_free(&set);
	return ERR_OK;
}

/* Of two for one day the one written later counts, by clocks that can be
 * believed; else the higher id: they are never changed, so that neither says
 * which it had seen. */
static enum err
note_change(struct plan *p, const struct record *q)
{
	const char *from = rule_day(q->fields, "from_on");
	json_t *packages = json_object_get(q->fields, "packages");
	int64_t at;
	int order;
	enum err e;

	if (from == NULL || packages == NULL || p->day[0] == '\0' ||
	    strncmp(from, p->day, DATE_CHARS) > 0)
		return ERR_OK;
	e = find_time(p, q, &at);
	if (e != ERR_OK)
		return e;
	order = strncmp(from, p->from_on, DATE_CHARS);
	if (order == 0)
		order = (at > p->said_at) - (at < p->said_at);
	if (order == 0)
		order = change_id_compare(&q->head, &p->said_by);
	if (order < 0)
		return ERR_OK;
	json_decref(p->packages);
	p->packages = json_incref(packages);
	snprintf(p->from_on, sizeof p->from_on, "%.10s", from);
	p->said_at = at;
	p->said_by = q->head;
	return ERR_OK;
}

static enum err
note_service(struct plan *p, const struct record *q)
{
	const char *item = rule_text(q->fields, "item");

	return item == NULL
	           ? ERR_OK
	           : count_item(p, item, 0, 1, rule_day(q->fields, "done_on"));
}

static enum err
note_all(struct plan *p, const struct buffer *keys, const char *kind,
    enum err (*note)(struct plan *p, const struct record *q))
{
	size_t at;
	enum err e = ERR_OK;

	for (at = 0; e == ERR_OK && at < keys->size; at += KEY_RECORD_BYTES) {
		struct record q;

		if (load_u16(keys->data + at) != key_kind_number(kind))
			continue;
		e = record_read(p->t, keys->data + at, &q);
		if (e == ERR_CORRUPT || e == ERR_NOT_FOUND) {
			e = ERR_OK;
			continue;
		}
		if (e != ERR_OK)
			break;
		if (is_of(p, &q))
			e = note(p, &q);
		record_clear(&q);
	}
	return e;
}

enum err
contract_plan(
    struct txn *t, const struct record *contract, const char *day, json_t **out)
{
	struct plan p = {.t = t,
	    .contract = contract,
	    .day = day,
	    .packages =
	        json_incref(json_object_get(contract->fields, "packages")),
	    .said_at = INT64_MIN,
	    .items = json_array()};
	struct buffer keys = {0};
	enum err e = naming_walk(t, "contract", contract->id.ref, NAMING_REST,
	    NULL, SIZE_MAX, &keys);

	*out = NULL;
	if (e == ERR_OK && p.items == NULL)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = note_all(&p, &keys, "contract_change", note_change);
	if (e == ERR_OK)
		e = plan_items(&p);
	if (e == ERR_OK)
		e = note_all(&p, &keys, "contract_service", note_service);
	if (e == ERR_OK) {
		*out = json_pack("{s:s?, s:O?, s:O}", "from_on",
		    p.from_on[0] == '\0' ? NULL : p.from_on, "packages",
		    p.packages, "items", p.items);
		e = *out == NULL ? ERR_NOMEM : ERR_OK;
	}
	json_decref(p.packages);
	json_decref(p.items);
	buffer_free(&keys);
	return e;
}
