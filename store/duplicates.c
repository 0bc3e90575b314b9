/* duplicates: the reminder of threefold duplication.
 *
 * Key: blind(resident's ref), the day counted backwards, the record's key; no
 * value. So the latest are found first, and what is long over is not read. The
 * ref alone finds records of several sources, whose residents may be others,
 * so each is held against the entries of the person that is meant.
 *
 * A report may leave it to its request to name the resident, and come before
 * that is here, or stay when that goes to another file. So it has a row under
 * blind(the request's ref) too, and a request that comes or changes takes what
 * stands there to its resident.
 */

#include <stdio.h>
#include <string.h>

#include "store/date.h"
#include "store/duplicates.h"
#include "store/exam_items.h"
#include "store/linked.h"
#include "store/report_person.h"
#include "store/rules.h"

enum {
	DAY_BYTES = sizeof(uint32_t),
	REST_BYTES = DAY_BYTES + KEY_RECORD_BYTES,
	NOTE_BYTES = DB_BLIND_BYTES + REST_BYTES,
	LASTING_DAYS = 400, /* of a drug at most; no usual window is longer */
	LATE_DAYS = 30,     /* entered from paper after a spell without power */
};

static const int64_t day_seconds = 24 * 60 * 60;

/* --- noting ------------------------------------------------------------ */

static const char of_resident[] = "resident-did", of_request[] = "request-did";

static void
note_key(struct txn *t, const char *label, const char *ref,
    uint8_t key[DB_BLIND_BYTES])
{
	db_blind(txn_db(t), label, ref, strlen(ref), key);
}

/* Days for which a prescription or a result may matter. */
static json_int_t
lasting_days(const struct change *c)
{
	const json_t *rx = json_object_get(c->fields, "rx");
	json_int_t most = 0;
	size_t i;

	if (strcmp(c->record.kind, "exam_report") == 0)
		return LASTING_DAYS;
	for (i = 0; i < json_array_size(rx); i++) {
		json_int_t days = json_integer_value(
		    json_object_get(json_array_get(rx, i), "days"));

		most = days > most && days < LASTING_DAYS ? days : most;
	}
	return most;
}

static const char *
day_field(const char *kind)
{
	return strcmp(kind, "exam_report") == 0 ? "signed_at" : "visit_at";
}

/* What was long over when it was written down is history: a register's first
 * load would fill the index with it. A clock that is wrong says nothing. */
static bool
is_history(const struct change *c)
{
	const char *at = rule_text(c->fields, day_field(c->record.kind));
	int64_t began;

	if (c->clock == CLOCK_SUSPECT || at == NULL ||
	    instant_parse(at, strlen(at), &began) != ERR_OK)
		return false;
	return c->recorded_at - began >
	       (lasting_days(c) + LATE_DAYS) * day_seconds;
}

/* Records in which a resident is given or examined for something. */
static bool
is_noted(const struct change *c)
{
	if (strcmp(c->record.kind, "encounter") == 0)
		return json_array_size(json_object_get(c->fields, "rx")) > 0;
	return strcmp(c->record.kind, "exam_report") == 0;
}

static uint32_t
day_backwards(const char *day)
{
	return (uint32_t)(INT32_MAX - (int64_t)date_days(day));
}

/* rest: of the key, the day and the record. */
static enum err
put_note(struct txn *t, const char *label, const char *ref,
    const uint8_t rest[REST_BYTES])
{
	uint8_t key[NOTE_BYTES];

	note_key(t, label, ref, key);
	memcpy(key + DB_BLIND_BYTES, rest, REST_BYTES);
	return txn_put(t, TABLE_CODES, key, sizeof key, "", 0);
}

/* Under whom its request names, and the request, which may come or change. */
static enum err
note_by_request(struct txn *t, const struct identity *id, const json_t *fields,
    const uint8_t rest[REST_BYTES])
{
	const char *ref = rule_ref(fields, "exam_request_id"), *resident;
	struct record request;
	enum err e;

	if (ref == NULL)
		return ERR_OK;
	e = put_note(t, of_request, ref, rest);
	if (e == ERR_OK)
		e = report_request(t, id, fields, &request);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	resident = rule_ref(request.fields, "resident_id");
	if (resident != NULL)
		e = put_note(t, of_resident, resident, rest);
	record_clear(&request);
	return e;
}

/* By what a version of the record says; without both nobody is reminded. */
static enum err
note(struct txn *t, const struct identity *id, const json_t *fields,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	const char *resident = rule_ref(fields, "resident_id");
	const char *day = rule_day(fields, day_field(id->kind));
	uint8_t rest[REST_BYTES];

	if (day == NULL)
		return ERR_OK;
	store_u32(rest, day_backwards(day));
	memcpy(rest + DAY_BYTES, record_key, KEY_RECORD_BYTES);
	return resident != NULL ? put_note(t, of_resident, resident, rest)
	                        : note_by_request(t, id, fields, rest);
}

/* The days and keys of the latest reports that name a request. */
static enum err
add_reports(struct txn *t, const char *request, struct buffer *out)
{
	uint8_t key[DB_BLIND_BYTES];
	struct bytes found;
	struct walk *w;
	size_t looked = 0;
	enum err e;

	note_key(t, of_request, request, key);
	e = walk_open(t, TABLE_CODES, key, sizeof key, &w);
	if (e != ERR_OK)
		return e;
	while (looked++ < DUPLICATES_LOOKED_MAX &&
	       (e = walk_next(w, &found, NULL)) == ERR_OK &&
	       found.size == NOTE_BYTES &&
	       memcmp(found.data, key, sizeof key) == 0)
		put_bytes(out, found.data + sizeof key, REST_BYTES);
	walk_close(w);
	return e == ERR_OK || e == ERR_END ? buffer_state(out) : e;
}

/* Those that name the request, or one that it was made of when it went to
 * another file. */
static enum err
add_all_reports(struct txn *t, const struct record *request, unsigned moves,
    struct buffer *out)
{
	struct record before;
	enum err e = add_reports(t, request->id.ref, out);

	if (e != ERR_OK || moves == REPORT_MOVES_MAX)
		return e;
	e = report_request_before(t, request, &before);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	e = add_all_reports(t, &before, moves + 1, out);
	record_clear(&before);
	return e;
}

/* What is found in that file; what is not his is not looked at there. */
static enum err
note_reports(struct txn *t, struct record *request, const struct buffer *rows)
{
	const char *resident;
	size_t at;
	enum err e = report_request_moved(t, request);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	resident = rule_ref(request->fields, "resident_id");
	for (at = 0; e == ERR_OK && resident != NULL && at < rows->size;
	     at += REST_BYTES)
		e = put_note(t, of_resident, resident, rows->data + at);
	record_clear(request);
	return e;
}

static enum err
note_request(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct buffer rows = {0};
	struct record request;
	enum err e = record_read(t, key, &request);

	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	e = add_all_reports(t, &request, 0, &rows);
	if (e == ERR_OK && rows.size > 0)
		e = note_reports(t, &request, &rows);
	else
		record_clear(&request);
	buffer_free(&rows);
	return e;
}

enum err
duplicates_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES])
{
	struct record r;
	enum err e;

	if (strcmp(c->record.kind, "exam_request") == 0)
		return note_request(t, record_key);
	if (!is_noted(c) || is_history(c))
		return ERR_OK;
	if (c->parent_count == 0)
		return note(t, &c->record, c->fields, record_key);
	/* An amendment repeats nothing. */
	e = record_read(t, record_key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	e = note(t, &r.id, r.fields, record_key);
	record_clear(&r);
	return e;
}

/* --- reminding --------------------------------------------------------- */

/* An encounter, or a request, that is being written. */
struct visit {
	struct txn *t;
	const struct self *self;
	const json_t *fields;
	const uint8_t *own;
	struct linked person; /* all entries of whom it is about */
	char day[DATE_CHARS + 1];
	struct findings *out;
};

static bool
has_text(const json_t *row, const char *name, const char *wanted)
{
	const char *text = rule_text(row, name);

	return text != NULL && strcmp(text, wanted) == 0;
}

/* Whether the encounter itself speaks of a duplication: of that earlier
 * record, or without naming one. */
static bool
is_spoken_of(const struct visit *v, const char *kind, const char *ref_field,
    const char *ref)
{
	const json_t *checks = json_object_get(v->fields, "dup_checks");
	size_t i;

	for (i = 0; i < json_array_size(checks); i++) {
		const json_t *row = json_array_get(checks, i);
		const char *named = rule_ref(row, ref_field);

		if (has_text(row, "kind", kind) &&
		    json_object_get(row, "decision") != NULL &&
		    (named == NULL || strcmp(named, ref) == 0))
			return true;
	}
	return false;
}

static void
remind(const struct visit *v, enum finding_code code, const char *list,
    size_t index, const char *name)
{
	char path[sizeof v->out->list[0].field];

	snprintf(path, sizeof path, "%s[%zu].%s", list, index, name);
	findings_warn(v->out, code, path);
}

/* Whom a record means: of the source it names or is of, else as a person who
 * types the ref would. */
static enum err
find_resident(struct txn *t, const struct self *self,
    const struct identity *record, const json_t *fields,
    uint8_t key[KEY_RECORD_BYTES])
{
	const char *ref = rule_ref(fields, "resident_id");
	enum err e = strcmp(record->kind, "exam_report") == 0
	                 ? report_person(t, record, fields, key)
	                 : linked_resident(t, record, fields, key);

	if (e != ERR_NOT_FOUND || ref == NULL)
		return e;
	return record_find_named(t, self, "resident", ref, key);
}

static bool
is_the_resident(const struct visit *v, const struct record *r)
{
	uint8_t key[KEY_RECORD_BYTES];
	size_t i;

	if (find_resident(v->t, v->self, &r->id, r->fields, key) != ERR_OK)
		return false;
	for (i = 0; i < v->person.count; i++)
		if (memcmp(key, v->person.key[i], sizeof key) == 0)
			return true;
	return false;
}

/* Whether a drug was given so that it lasts until the visit. */
static bool
still_takes(const struct record *earlier, const char *code, const char *day)
{
	const char *given = rule_day(earlier->fields, "visit_at");
	const json_t *rx = json_object_get(earlier->fields, "rx");
	size_t i;

	for (i = 0; given != NULL && i < json_array_size(rx); i++) {
		const json_t *row = json_array_get(rx, i);
		json_int_t days =
		    json_integer_value(json_object_get(row, "days"));

		if (days > 0 && days < INT16_MAX &&
		    has_text(row, "drug_code", code) &&
		    date_in_window(given, day, (int)days))
			return true;
	}
	return false;
}

static void
look_at_drugs(const struct visit *v, const struct record *earlier)
{
	const json_t *rx = json_object_get(v->fields, "rx");
	size_t i;

	if (rule_state_is(earlier->fields, "entered_in_error") ||
	    is_spoken_of(v, "drug", "earlier_id", earlier->id.ref))
		return;
	for (i = 0; i < json_array_size(rx); i++) {
		const char *code =
		    rule_text(json_array_get(rx, i), "drug_code");

		if (code != NULL && still_takes(earlier, code, v->day))
			remind(v, FINDING_DUPLICATE_DRUG, "rx", i, "drug_code");
	}
}

/* Where it asks for an item: in its orders, or a request as itself. */
static void
remind_of_item(
    const struct visit *v, const char *code, enum finding_code finding)
{
	const json_t *orders = json_object_get(v->fields, "orders");
	size_t i;

	for (i = 0; i < json_array_size(orders); i++)
		if (has_text(json_array_get(orders, i), "item_code", code))
			remind(v, finding, "orders", i, "item_code");
	if (has_text(v->fields, "item_code", code))
		findings_warn(v->out, finding, "item_code");
}

static void
look_at_report(const struct visit *v, const struct record *earlier)
{
	const char *code = rule_text(earlier->fields, "item_code");
	const char *signed_at = rule_day(earlier->fields, "signed_at");
	struct exam_item item;

	if (code == NULL || signed_at == NULL ||
	    !exam_items_find(v->t, code, v->day, &item) ||
	    !date_in_window(signed_at, v->day, item.window_days) ||
	    is_spoken_of(v, item.is_lab ? "lab" : "exam", "earlier_report_id",
	        earlier->id.ref))
		return;
	remind_of_item(v, code,
	    item.is_lab ? FINDING_DUPLICATE_LAB : FINDING_DUPLICATE_EXAM);
}

static void
look_at(const struct visit *v, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record r;

	if (v->own != NULL && memcmp(key, v->own, KEY_RECORD_BYTES) == 0)
		return;
	if (record_read(v->t, key, &r) != ERR_OK)
		return;
	if (is_the_resident(v, &r)) {
		if (strcmp(r.id.kind, "encounter") == 0)
			look_at_drugs(v, &r);
		else
			look_at_report(v, &r);
	}
	record_clear(&r);
}

/* From the day of the visit back, as far as anything lasts. */
static void
look_through(const struct visit *v, const char *resident)
{
	uint8_t key[DB_BLIND_BYTES + DAY_BYTES];
	uint32_t last = day_backwards(v->day);
	struct bytes found;
	struct walk *w;
	size_t looked = 0;

	note_key(v->t, of_resident, resident, key);
	store_u32(key + DB_BLIND_BYTES, last);
	if (walk_open(v->t, TABLE_CODES, key, sizeof key, &w) != ERR_OK)
		return;
	while (looked++ < DUPLICATES_LOOKED_MAX &&
	       walk_next(w, &found, NULL) == ERR_OK &&
	       found.size == NOTE_BYTES &&
	       memcmp(found.data, key, DB_BLIND_BYTES) == 0 &&
	       load_u32(found.data + DB_BLIND_BYTES) <= last + LASTING_DAYS)
		look_at(v, found.data + DB_BLIND_BYTES + DAY_BYTES);
	walk_close(w);
}

/* Under each of the person's entries that is here. */
static void
look_at_person(const struct visit *v)
{
	struct record r;
	size_t i;

	for (i = 0; i < v->person.count; i++)
		if (record_read(v->t, v->person.key[i], &r) == ERR_OK) {
			look_through(v, r.id.ref);
			record_clear(&r);
		}
}

/* Nothing that could be a duplicate is asked for. */
static bool
asks_for_nothing(const json_t *fields)
{
	return json_array_size(json_object_get(fields, "rx")) == 0 &&
	       json_array_size(json_object_get(fields, "orders")) == 0 &&
	       json_object_get(fields, "item_code") == NULL;
}

void
duplicates_remind(struct txn *t, const struct self *self, const char *source,
    const char *day, const json_t *fields, const uint8_t *own,
    struct findings *out)
{
	struct visit v = {
	    .t = t, .self = self, .fields = fields, .own = own, .out = out};
	struct identity record = {0};
	uint8_t resident[KEY_RECORD_BYTES];

	snprintf(record.source, sizeof record.source, "%s", source);
	if (day == NULL || asks_for_nothing(fields) ||
	    rule_state_is(fields, "entered_in_error") ||
	    find_resident(t, self, &record, fields, resident) != ERR_OK ||
	    linked_all(t, resident, &v.person) != ERR_OK)
		return;
	snprintf(v.day, sizeof v.day, "%.10s", day);
	look_at_person(&v);
}
