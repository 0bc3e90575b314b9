/* matter_change: what makers of matters share: rows, choices, ids, and the
 * changes that a decision or its undoing writes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/matter.h"
#include "store/rules.h"
#include "store/value.h"

/* --- rows --------------------------------------------------------------- */

void
matter_question(const struct identity *record, enum finding_code code,
    const char *field, int64_t at, struct question *out)
{
	memset(out, 0, sizeof *out);
	out->type = QUESTION_MATTER;
	out->code = code;
	out->at = at;
	snprintf(out->origin, sizeof out->origin, "%s", record->source);
	snprintf(out->field, sizeof out->field, "%s", field);
	snprintf(out->kind, sizeof out->kind, "%s", record->kind);
	snprintf(out->ref, sizeof out->ref, "%s", record->ref);
}

enum err
matter_drop(struct txn *t, const struct question *q)
{
	uint64_t n;
	enum err e = question_count_type(t, QUESTION_MATTER, &n);

	return e == ERR_OK && n > 0 ? question_drop(t, q) : e;
}

enum err
matter_ask_while(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    enum finding_code code, const char *field, matter_asks *asks)
{
	struct question q;
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	matter_question(&r.id, code, field, r.at, &q);
	e = asks(&r) ? question_put(t, &q) : matter_drop(t, &q);
	record_clear(&r);
	return e;
}

void
matter_key(
    struct txn *t, const struct question *q, uint8_t out[KEY_RECORD_BYTES])
{
	key_record_of(txn_db(t), out, q->origin, q->kind, q->ref);
}

/* --- choices ------------------------------------------------------------ */

enum err
matter_add_choice(struct matter *m, const char *word, json_t *shown)
{
	struct matter_choice *c;

	if (shown == NULL)
		return ERR_NOMEM;
	if (m->choice_count == MATTER_CHOICES_MAX) {
		json_decref(shown);
		return ERR_LIMIT;
	}
	c = &m->choice[m->choice_count++];
	snprintf(c->word, sizeof c->word, "%s", word);
	c->shown = shown;
	return ERR_OK;
}

void
matter_change_id(const struct change_id *id, char out[48])
{
	char ref[64];

	change_founded_ref(id, ref, sizeof ref);
	snprintf(out, 48, "%.47s", ref + 1);
}

/* The life's first bytes tell two nodes of a group apart; where they do not,
 * matter_describe() puts the whole id in its place. */
void
matter_change_word(const struct change_id *id, char out[48])
{
	char life[2 * 2 + 1];

	hex_encode(life, id->life, 2);
	snprintf(out, 48, "%s-%u-%llu", life, (unsigned)id->class,
	    (unsigned long long)id->seq);
}

enum err
matter_change_parse(const char *text, struct change_id *out)
{
	return change_id_parse(text, out) && out->class < CLASSES ? ERR_OK
	                                                          : ERR_FORMAT;
}

enum err
matter_read(struct txn *t, const struct matter *m, struct record *out)
{
	uint8_t key[KEY_RECORD_BYTES];

	key_record(txn_db(t), key, &m->record);
	return record_read(t, key, out);
}

void
matter_about(const json_t *fields, struct identity *out)
{
	const char *source = rule_text(fields, "about_source");
	const char *kind = rule_text(fields, "about_kind");
	const char *ref = rule_text(fields, "about_ref");

	memset(out, 0, sizeof *out);
	snprintf(out->source, sizeof out->source, "%.64s",
	    source == NULL ? "" : source);
	snprintf(
	    out->kind, sizeof out->kind, "%.64s", kind == NULL ? "" : kind);
	snprintf(out->ref, sizeof out->ref, "%.800s", ref == NULL ? "" : ref);
}

json_t *
matter_show_change(const struct change *c)
{
	char id[48], at[26];

	matter_change_id(&c->id, id);
	if (instant_print(c->occurred_at, at) != ERR_OK)
		at[0] = '\0';
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "id", id, "by", c->by,
	    "org", c->org, "at", at, "managing", (int)c->managing);
}

/* --- what a decision writes --------------------------------------------- */

static void
gather_findings(struct findings *all, const struct findings *more)
{
	size_t i;

	for (i = 0; i < more->count && i < FINDINGS_MAX; i++) {
		const struct finding *f = &more->list[i];

		if (f->refused)
			findings_refuse(all, f->code, f->field);
		else
			findings_warn(all, f->code, f->field);
	}
}

enum err
matter_note_written(struct matter_pen *pen, const struct change_id *id)
{
	char text[48];

	matter_change_id(id, text);
	return json_array_append_new(pen->changes, json_string(text)) == 0
	           ? ERR_OK
	           : ERR_NOMEM;
}

static enum err
note_written(struct matter_pen *pen, const struct findings *before, enum err e)
{
	struct findings now = pen->made.findings;

	pen->made.findings = *before;
	gather_findings(&pen->made.findings, &now);
	if (e != ERR_OK || !pen->made.is_new)
		return e;
	return matter_note_written(pen, &pen->made.id);
}

/* Why it was decided stands where the record says why. */
static enum err
add_reason(const struct matter_pen *pen, const char *kind_name, json_t *fields)
{
	const struct kind *k = kind_by_name(kind_name);
	const struct field *f =
	    k == NULL ? NULL : field_by_name(k->fields, "reason");

	if (f == NULL || f->type != FIELD_TEXT ||
	    json_object_get(fields, "reason") != NULL)
		return ERR_OK;
	return json_object_set_new(
	           fields, "reason", json_string(pen->reason)) == 0
	           ? ERR_OK
	           : ERR_NOMEM;
}

static enum err
kind_of_key(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct identity *out)
{
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e;
	*out = r.id;
	record_clear(&r);
	return ERR_OK;
}

enum err
matter_amend(
    struct matter_pen *pen, const uint8_t key[KEY_RECORD_BYTES], json_t *fields)
{
	unsigned flags = (pen->is_plain ? 0 : AUTHOR_ENTITLED) |
	                 (pen->restores ? AUTHOR_RESTORES : 0);
	struct findings before = pen->made.findings;
	struct identity id;
	enum err e = kind_of_key(pen->t, key, &id);

	if (e == ERR_OK)
		e = add_reason(pen, id.kind, fields);
	if (e != ERR_OK)
		return e;
	e = author_amend_as(pen->t, pen->self, flags, key, pen->by, pen->org,
	    fields, pen->now, &pen->made);
	return note_written(pen, &before, e);
}

enum err
matter_add(struct matter_pen *pen, const char *kind, json_t *fields)
{
	struct findings before = pen->made.findings;
	enum err e = add_reason(pen, kind, fields);

	if (e != ERR_OK)
		return e;
	e = author_add_as(pen->t, pen->self, AUTHOR_ENTITLED, kind, pen->by,
	    pen->org, fields, pen->now, &pen->made);
	return note_written(pen, &before, e);
}
