/* decided: which matters a person has decided. */

#include <string.h>

#include "store/decided.h"
#include "store/graph.h"
#include "store/kin.h"
#include "store/matter.h"
#include "store/rules.h"
#include "store/value.h"

static bool
is_about(const struct change *c, enum finding_code code)
{
	const char *name = rule_text(c->fields, "code");

	return name != NULL && strcmp(name, finding_name(code)) == 0;
}

/* Whether the record says what one of its changes said it is about: all that
 * the name of a matter is made of, but versions, which only add up. */
static bool
agrees(const json_t *now, const json_t *about)
{
	static const char *const names[] = {
	    "code", "about_source", "about_kind", "about_ref", "about_field"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		const json_t *said = json_object_get(about, names[i]);
		const json_t *is = json_object_get(now, names[i]);

		if (said != NULL && (is == NULL || !value_equal(said, is)))
			return false;
	}
	return true;
}

static bool
is_aside(const struct decided *d, size_t i)
{
	const struct graph *g = d->set.graph;

	return g != NULL && g->aside != NULL && g->aside[i];
}

/* Two may bear one name: what stands comes last, so that it is what is noted.
 */
static bool
next(struct decided *d)
{
	bool is_decided = rule_state_is(d->now.fields, "decided");

	while (d->at < 2 * d->set.count) {
		bool wants = d->at >= d->set.count;
		size_t i = d->at++ % d->set.count;
		const struct change *c = &d->set.change[i];

		if (!is_about(c, d->code))
			continue;
		d->about = c->fields;
		d->stands = is_decided && !is_aside(d, i) &&
		            agrees(d->now.fields, c->fields);
		if (d->stands == wants)
			return true;
	}
	return false;
}

static enum err
gather(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct decided *out)
{
	enum err e = record_gather(t, key, MATTER_CHANGES_MAX, &out->set);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_NOT_FOUND;
	e = out->set.graph == NULL ? ERR_OK : graph_mark(out->set.graph);
	if (e == ERR_OK)
		e = record_merge(out->set.input, out->set.count, &out->now);
	if (e != ERR_OK)
		record_set_free(&out->set);
	return e;
}

enum err
decided_each(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], enum finding_code code,
    decided_visit *visit)
{
	struct decided d = {.code = code};
	enum err e;

	if (strcmp(c->record.kind, "question") != 0 ||
	    (c->parent_count == 0 && !is_about(c, code) &&
	        kin_is_alone(t, key)))
		return ERR_OK;
	e = gather(t, key, &d);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	while (e == ERR_OK && next(&d))
		e = visit(t, self, &d, key);
	record_clear(&d.now);
	record_set_free(&d.set);
	return e;
}

/* --- rows ---------------------------------------------------------------- */

enum { ROW_BYTES = DB_BLIND_BYTES + KEY_RECORD_BYTES };

void
decided_name(struct txn *t, enum finding_code code,
    const struct identity *record, const struct change_id *about,
    uint8_t out[DB_BLIND_BYTES])
{
	uint8_t text[2 + KEY_CHANGE_BYTES + KEY_RECORD_BYTES];

	store_u16(text, (uint16_t)code);
	key_change(text + 2, about);
	key_record(txn_db(t), text + 2 + KEY_CHANGE_BYTES, record);
	db_blind(txn_db(t), "decided-about", text, sizeof text, out);
}

enum err
decided_note(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const uint8_t question[KEY_RECORD_BYTES], bool is_decided)
{
	uint8_t row[ROW_BYTES];
	enum err e;

	memcpy(row, name, DB_BLIND_BYTES);
	memcpy(row + DB_BLIND_BYTES, question, KEY_RECORD_BYTES);
	e = txn_has(t, TABLE_CODES, row, sizeof row);
	if (e == ERR_NOT_FOUND)
		return is_decided
		           ? txn_put(t, TABLE_CODES, row, sizeof row, "", 0)
		           : ERR_OK;
	return e == ERR_OK && !is_decided
	           ? txn_delete(t, TABLE_CODES, row, sizeof row)
	           : e;
}

static bool
has_row(struct txn *t, const uint8_t name[DB_BLIND_BYTES])
{
	struct walk *w;
	struct bytes key;
	bool has = false;

	/* Asking once more is better than never. */
	if (walk_open(t, TABLE_CODES, name, DB_BLIND_BYTES, &w) != ERR_OK)
		return false;
	while (!has && walk_next(w, &key, NULL) == ERR_OK &&
	       key.size >= DB_BLIND_BYTES &&
	       memcmp(key.data, name, DB_BLIND_BYTES) == 0)
		has = key.size == ROW_BYTES;
	walk_close(w);
	return has;
}

/* --- rows of stores that were ----------------------------------------------
 *
 * They had one row a matter, under its name alone, with the key of the question
 * that was here first. Such a row counts while that question stands.
 */

static bool
stands(struct txn *t, const uint8_t question[KEY_RECORD_BYTES],
    const struct identity *record)
{
	struct identity about;
	struct record r;
	bool is;

	if (record_read(t, question, &r) != ERR_OK)
		return false;
	matter_about(r.fields, &about);
	is = rule_state_is(r.fields, "decided") &&
	     strcmp(about.source, record->source) == 0 &&
	     strcmp(about.kind, record->kind) == 0 &&
	     strcmp(about.ref, record->ref) == 0;
	record_clear(&r);
	return is;
}

static bool
was_decided(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const struct identity *record)
{
	struct buffer value = {0};
	bool is =
	    txn_get(t, TABLE_CODES, name, DB_BLIND_BYTES, &value) == ERR_OK &&
	    value.size == KEY_RECORD_BYTES && stands(t, value.data, record);

	buffer_free(&value);
	return is;
}

bool
decided_is(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const struct identity *record)
{
	return has_row(t, name) || was_decided(t, name, record);
}

/* Then it did not hold the record. */
static void
old_name(struct txn *t, enum finding_code code, const struct change_id *about,
    uint8_t out[DB_BLIND_BYTES])
{
	uint8_t text[2 + KEY_CHANGE_BYTES];

	store_u16(text, (uint16_t)code);
	key_change(text + 2, about);
	db_blind(txn_db(t), "decided-change", text, sizeof text, out);
}

/* --- asking -------------------------------------------------------------- */

bool
decided_about(struct txn *t, const struct change *c, enum finding_code code)
{
	uint8_t name[DB_BLIND_BYTES];

	decided_name(t, code, &c->record, &c->id, name);
	if (decided_is(t, name, &c->record))
		return true;
	old_name(t, code, &c->id, name);
	return was_decided(t, name, &c->record);
}

enum err
decided_ask(struct txn *t, const struct change *c, enum finding_code code,
    int64_t at, bool is_due)
{
	struct question q;
	char id[48];

	matter_change_id(&c->id, id);
	matter_question(&c->record, code, id, at, &q);
	return is_due && !decided_about(t, c, code) ? question_put(t, &q)
	                                            : matter_drop(t, &q);
}
