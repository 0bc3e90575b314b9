/* asked: a record of kind question that is open: what was undone and is asked
 * anew, or what somebody wrote down to be decided. It names the versions.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/matter_pen.h"
#include "store/rules.h"

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	struct question q;
	struct record r;
	enum err e;

	(void)self;
	if (strcmp(c->record.kind, "question") != 0)
		return ERR_OK;
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? ERR_OK : e;
	matter_question(&r.id, FINDING_ASKED,
	    rule_text(r.fields, "about_field") == NULL
	        ? ""
	        : rule_text(r.fields, "about_field"),
	    r.at, &q);
	e = rule_state_is(r.fields, "open") ? question_put(t, &q)
	                                    : matter_drop(t, &q);
	record_clear(&r);
	return e;
}

/* --- what there is to choose -------------------------------------------- */

/* The version as its change left it; one that is not here is left out. */
static enum err
show_version(const struct record_set *set, const char *text, const char *field,
    struct matter *m)
{
	struct change_id id;
	struct record r;
	json_t *shown = NULL, *value;
	char word[48];
	size_t i;

	if (text == NULL || matter_change_parse(text, &id) != ERR_OK ||
	    record_seen_by(set->input, set->count, &id, true, &r) != ERR_OK)
		return ERR_OK;
	for (i = 0; i < set->count; i++)
		if (change_id_compare(&set->change[i].id, &id) == 0)
			shown = matter_show_change(&set->change[i]);
	value = *field == '\0' ? r.fields : json_object_get(r.fields, field);
	if (shown != NULL &&
	    json_object_set(shown, *field == '\0' ? "fields" : "value",
	        value == NULL ? json_null() : value) != 0) {
		json_decref(shown);
		shown = NULL;
	}
	record_clear(&r);
	matter_change_word(&id, word);
	return matter_add_choice(m, word, shown);
}

static enum err
show_versions(struct txn *t, const json_t *fields, struct matter *m)
{
	const json_t *versions = json_object_get(fields, "versions");
	const char *field = rule_text(fields, "about_field");
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	size_t i;
	enum err e;

	key_record(txn_db(t), key, &m->record);
	e = record_gather(t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && i < json_array_size(versions) &&
	            m->choice_count < MATTER_CHOICES_MAX;
	     i++)
		e = show_version(&set,
		    json_string_value(json_array_get(versions, i)),
		    field == NULL ? "" : field, m);
	record_set_free(&set);
	return e == ERR_OK && m->choice_count == 0 ? ERR_NOT_FOUND : e;
}

static void
take_proposal(const json_t *fields, struct matter *m)
{
	const char *word = rule_text(fields, "proposal");
	size_t i;

	for (i = 0; word != NULL && i < m->choice_count; i++)
		if (strcmp(word, m->choice[i].word) == 0)
			m->proposal = (int)i;
	if (m->proposal >= 0)
		m->ground = N_("it was proposed when this was asked");
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e;

	(void)self;
	matter_key(t, m->question, key);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	matter_about(r.fields, &m->record);
	m->maker = matter_maker_by_name(rule_text(r.fields, "code"));
	e = rule_state_is(r.fields, "open") ? show_versions(t, r.fields, m)
	                                    : ERR_NOT_FOUND;
	if (e == ERR_OK)
		take_proposal(r.fields, m);
	record_clear(&r);
	return e;
}

const struct matter_maker matter_asked = {
    .code = FINDING_ASKED,
    .urgency = 2,
    .note = note,
    .describe = describe,
    .decide = conflict_decide,
};
