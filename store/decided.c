/* decided: which matters a person has decided. */

#include <string.h>

#include "store/decided.h"
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

/* All that the name of a matter is made of, but versions, which only add up. */
static const char *const about_names[] = {
    "code", "about_source", "about_kind", "about_ref", "about_field", NULL};

/* Whether the record says what one of its changes said it is about. */
static bool
agrees(const json_t *now, const json_t *about)
{
	const char *const *name;

	for (name = about_names; *name != NULL; name++) {
		const json_t *said = json_object_get(about, *name);
		const json_t *is = json_object_get(now, *name);

		if (said != NULL && (is == NULL || !value_equal(said, is)))
			return false;
	}
	return true;
}

static void
point_at(struct decided *d, size_t i)
{
	d->i = i;
	d->about = d->set.change[i].fields;
	d->stands = rule_state_is(d->now.fields, "decided") &&
	            !kin_is_aside(&d->set, i) &&
	            agrees(d->now.fields, d->about);
}

/* Two may bear one name: what stands comes last, so that it is what is noted.
 */
static bool
next(struct decided *d)
{
	while (d->at < 2 * d->set.count) {
		bool wants = d->at >= d->set.count;
		size_t i = d->at++ % d->set.count;

		if (!is_about(&d->set.change[i], d->code))
			continue;
		point_at(d, i);
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
	e = kin_mark(&out->set);
	if (e == ERR_OK)
		e = record_merge(out->set.input, out->set.count, &out->now);
	if (e != ERR_OK)
		record_set_free(&out->set);
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
decided_change_name(
    struct txn *t, const struct decided *d, uint8_t out[DB_BLIND_BYTES])
{
	const char *field = rule_text(d->about, "about_field");
	struct change_id change;
	struct identity about;

	if (field == NULL || matter_change_parse(field, &change) != ERR_OK)
		return ERR_NOT_FOUND;
	matter_about(d->about, &about);
	decided_name(t, d->code, &about, &change, out);
	return ERR_OK;
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
 * that was here first. Such a row counts while that question stands, and goes
 * with what that decides.
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

static enum err
drop_old_row(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const uint8_t question[KEY_RECORD_BYTES], bool *turned)
{
	struct buffer value = {0};
	bool is_its = false;
	enum err e = txn_get(t, TABLE_CODES, name, DB_BLIND_BYTES, &value);

	if (e == ERR_OK)
		is_its = value.size == KEY_RECORD_BYTES &&
		         memcmp(value.data, question, KEY_RECORD_BYTES) == 0;
	buffer_free(&value);
	if (is_its) {
		e = txn_delete(t, TABLE_CODES, name, DB_BLIND_BYTES);
		*turned = true;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
drop_old(struct txn *t, const struct decided *d,
    const uint8_t name[DB_BLIND_BYTES],
    const uint8_t question[KEY_RECORD_BYTES], bool *turned)
{
	const char *field = rule_text(d->about, "about_field");
	uint8_t older[DB_BLIND_BYTES];
	struct change_id about;
	enum err e = drop_old_row(t, name, question, turned);

	if (e != ERR_OK || field == NULL ||
	    matter_change_parse(field, &about) != ERR_OK)
		return e;
	old_name(t, d->code, &about, older);
	return drop_old_row(t, older, question, turned);
}

/* --- what a question decides ------------------------------------------------
 *
 * Any number of its changes may say the same, and what is asked looks at whole
 * records. So rows are noted for all of them, and looked is once at what turned
 * by that: what comes later looks at the rows itself.
 */

struct turned {
	size_t i; /* place of the change */
	bool stands;
};

static enum err
note(struct txn *t, const struct decided *d, const uint8_t name[DB_BLIND_BYTES],
    const uint8_t question[KEY_RECORD_BYTES], bool *turned)
{
	uint8_t row[ROW_BYTES];
	enum err e;

	memcpy(row, name, DB_BLIND_BYTES);
	memcpy(row + DB_BLIND_BYTES, question, KEY_RECORD_BYTES);
	e = txn_has(t, TABLE_CODES, row, sizeof row);
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	*turned = d->stands == (e == ERR_NOT_FOUND);
	if (d->stands)
		return *turned ? txn_put(t, TABLE_CODES, row, sizeof row, "", 0)
		               : ERR_OK;
	e = *turned ? txn_delete(t, TABLE_CODES, row, sizeof row) : ERR_OK;
	return e == ERR_OK ? drop_old(t, d, name, question, turned) : e;
}

static bool
says_same(const json_t *a, const json_t *b)
{
	const char *const *name;

	for (name = about_names; *name != NULL; name++) {
		const json_t *one = json_object_get(a, *name);
		const json_t *other = json_object_get(b, *name);

		if (one == NULL || other == NULL ? one != other
		                                 : !value_equal(one, other))
			return false;
	}
	return true;
}

static bool
is_among(const struct decided *d, const struct turned *turned, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (turned[i].stands == d->stands &&
		    says_same(d->set.change[turned[i].i].fields, d->about))
			return true;
	return false;
}

static enum err
note_all(struct txn *t, struct decided *d,
    const uint8_t question[KEY_RECORD_BYTES], const struct decided_way *way,
    struct turned *out, size_t *count)
{
	uint8_t name[DB_BLIND_BYTES];
	enum err e = ERR_OK;

	while (e == ERR_OK && next(d)) {
		bool turned = false;

		e = way->name(t, d, name);
		if (e == ERR_OK)
			e = note(t, d, name, question, &turned);
		else if (e == ERR_NOT_FOUND)
			e = ERR_OK;
		if (turned && !is_among(d, out, *count))
			out[(*count)++] =
			    (struct turned){.i = d->i, .stands = d->stands};
	}
	return e;
}

enum err
decided_of(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], enum finding_code code,
    const struct decided_way *way)
{
	struct turned turned[MATTER_CHANGES_MAX];
	struct decided d = {.code = code};
	size_t i, count = 0;
	enum err e = gather(t, key, &d);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = note_all(t, &d, key, way, turned, &count);
	for (i = 0; e == ERR_OK && i < count; i++) {
		point_at(&d, turned[i].i);
		e = way->look(t, self, &d);
	}
	record_clear(&d.now);
	record_set_free(&d.set);
	return e;
}

enum err
decided_each(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES], enum finding_code code,
    const struct decided_way *way)
{
	if (strcmp(c->record.kind, "question") != 0 ||
	    (c->parent_count == 0 && !is_about(c, code) &&
	        kin_is_alone(t, key)))
		return ERR_OK;
	return decided_of(t, self, key, code, way);
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
