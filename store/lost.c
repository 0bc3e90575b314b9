/* lost: an import said something of a field that the record does not show, and
 * no versions stand side by side: an entry that somebody removed, a word that a
 * rule puts below another. Whoever works here keeps what is shown, or takes the
 * import's word by an amendment that has seen both; import_line.c puts the
 * rows.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/import_past.h"
#include "store/matter.h"
#include "store/value.h"

/* --- what the import said ------------------------------------------------ */

/* The source's last line, whatever it said before; its change. ERR_NOT_FOUND:
 * nothing is known of it any more. */
static enum err
last_line(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t **fields,
    struct change *said)
{
	struct past past;
	struct past_line line = {0};
	struct stored s;
	enum err e;

	past_init(&past);
	stored_init(&s);
	e = past_read(t, key, &past);
	if (e == ERR_OK)
		e = past.has_change ? past_line(t, &past, &line)
		                    : ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = stored_read(t, &line.last.id, &s);
	said->id = line.last.id;
	if (e == ERR_OK)
		e = change_decode(said, s.body.data, s.body.size);
	*fields = line.fields;
	stored_free(&s);
	past_free(&past);
	return e == ERR_CORRUPT ? ERR_NOT_FOUND : e;
}

static bool
is_in(const json_t *array, const json_t *entry)
{
	size_t i;

	for (i = 0; i < json_array_size(array); i++)
		if (value_equal(json_array_get(array, i), entry))
			return true;
	return false;
}

/* All that is shown, and what the import has beside it. NULL: no memory. */
static json_t *
both_of(const json_t *shown, const json_t *said)
{
	json_t *all =
	    json_is_array(shown) ? json_deep_copy(shown) : json_array();
	size_t i;

	for (i = 0; all != NULL && i < json_array_size(said); i++) {
		json_t *entry = json_array_get(said, i);

		if (is_in(all, entry))
			continue;
		if (json_array_append(all, entry) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

/* What taking the import's word would make of the field; owned. NULL: nothing
 * that differs, or that may follow on what is shown. */
static json_t *
as_imported(const struct matter *m, const json_t *shown, json_t *said)
{
	const struct kind *k = kind_by_name(m->record.kind);
	const struct field *f =
	    k == NULL ? NULL : field_by_name(k->fields, m->question->field);

	if (f != NULL && f->merge == MERGE_APPEND) {
		json_t *all = both_of(shown, said);

		if (all == NULL || shown == NULL || !value_equal(all, shown))
			return all;
		json_decref(all);
		return NULL;
	}
	if (said == NULL)
		return shown == NULL ? NULL : json_null();
	if (shown != NULL && value_equal(said, shown))
		return NULL;
	if (f != NULL && f->merge == MERGE_STATE && json_is_string(said) &&
	    json_is_string(shown) &&
	    !state_follows(
	        k, json_string_value(shown), json_string_value(said)))
		return NULL;
	return json_incref(said);
}

/* --- what there is to choose from ---------------------------------------- */

static enum err
add_imported(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const json_t *shown, struct matter *m)
{
	const char *field = m->question->field;
	json_t *fields = NULL, *value = NULL, *choice;
	struct change said;
	enum err e;

	change_init(&said);
	e = last_line(t, key, &fields, &said);
	if (e == ERR_OK)
		value = as_imported(m, shown, json_object_get(fields, field));
	if (value != NULL) {
		choice = matter_show_change(&said);
		if (choice != NULL &&
		    json_object_set(choice, "value", value) != 0) {
			json_decref(choice);
			choice = NULL;
		}
		e = matter_add_choice(m, "import", choice);
	}
	json_decref(value);
	json_decref(fields);
	change_clear(&said);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	json_t *value;
	enum err e;

	(void)self;
	matter_key(t, m->question, key);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	value = json_object_get(r.fields, m->question->field);
	m->proposal = 0;
	m->ground = N_("a later step stands above what was imported");
	e = matter_add_choice(m, "keep",
	    json_pack(
	        "{s:s, s:s, s:O?}", "by", r.by, "org", r.org, "value", value));
	if (e == ERR_OK)
		e = add_imported(t, key, value, m);
	record_clear(&r);
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields;
	enum err e;

	if (n == 0)
		return ERR_OK;
	fields = json_pack("{s:O}", m->question->field,
	    json_object_get(m->choice[n].shown, "value"));
	matter_key(pen->t, m->question, key);
	e = fields == NULL ? ERR_NOMEM : matter_amend(pen, key, fields);
	json_decref(fields);
	return e;
}

const struct matter_maker matter_lost = {
    .code = FINDING_IMPORT_LOST,
    .urgency = 2,
    .is_local = true,
    .describe = describe,
    .decide = decide,
};
