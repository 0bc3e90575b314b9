/* household_matter: members of one household have contracts with different
 * teams. Nothing is ended by a decision, since each resident signed: it says
 * which team is to have the household, and both teams hear of it; who is to go
 * over to it signs anew (改签), and then there is nothing left to ask.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/decided.h"
#include "store/index.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/rules.h"

static const char stays[] = "stays"; /* as it is */

enum { CONTRACTS_MOST = MATTER_CHOICES_MAX - 1 };

static const char *
other(const json_t *fields, size_t i)
{
	const char *text = json_string_value(
	    json_array_get(json_object_get(fields, "household_with"), i));

	return text != NULL && strncmp(text, "ref:", 4) == 0 ? text + 4 : NULL;
}

/* Of which program it is; NULL: of the contract's own. */
static const char *
other_source(const json_t *fields, size_t i)
{
	return json_string_value(
	    json_array_get(json_object_get(fields, "household_sources"), i));
}

/* The word that a contract is chosen by, of one source: its ref, and behind
 * that of another program's its source. */
static void
print_word(const char *own, const char *ref, const char *source,
    char out[REF_BYTES_MAX + 1])
{
	int n = -1;

	if (source != NULL && strcmp(source, own) != 0)
		n = snprintf(out, REF_BYTES_MAX + 1, "%s@%s", ref, source);
	if (n < 0 || n > REF_BYTES_MAX)
		snprintf(out, REF_BYTES_MAX + 1, "%s", ref);
}

/* One question for all of them: about the contract of the lowest ref, and of
 * those of one ref, of the lowest source. */
static bool
asks(const struct record *r)
{
	const char *first = other(r->fields, 0);
	const char *source = other_source(r->fields, 0);
	int order;

	if (first == NULL)
		return false;
	order = strcmp(r->id.ref, first);
	if (order == 0 && source != NULL)
		order = strcmp(r->id.source, source);
	return order < 0;
}

/* --- what was decided ---------------------------------------------------- */

/* A decision counts for the contracts that it has seen: where another joins
 * them, it is asked anew. A source and their words in order, each with its
 * end. */
static enum err
blind_words(struct txn *t, struct buffer *text, uint8_t out[DB_BLIND_BYTES])
{
	enum err e = buffer_state(text);

	if (e == ERR_OK)
		db_blind(txn_db(t), "household-decided", text->data, text->size,
		    out);
	buffer_wipe(text);
	return e;
}

/* Of a contract that asks: itself and the others, as far as they are shown. */
static enum err
blind_asked(struct txn *t, const struct record *r, uint8_t out[DB_BLIND_BYTES])
{
	char word[REF_BYTES_MAX + 1];
	struct buffer text = {0};
	const char *ref;
	size_t i;

	put_text(&text, r->id.source);
	put_text(&text, r->id.ref);
	for (i = 0;
	     i + 1 < CONTRACTS_MOST && (ref = other(r->fields, i)) != NULL;
	     i++) {
		print_word(r->id.source, ref, other_source(r->fields, i), word);
		put_text(&text, word);
	}
	return blind_words(t, &text, out);
}

/* Of a decision: its versions, without the word that nothing changes. The
 * first is the contract it is about, since whose it is was judged by that: of
 * the household of another it decides nothing. ERR_NOT_FOUND. */
static enum err
blind_decided(
    struct txn *t, const json_t *decision, uint8_t out[DB_BLIND_BYTES])
{
	const json_t *versions = json_object_get(decision, "versions");
	const char *source = rule_text(decision, "about_source");
	const char *first = json_string_value(json_array_get(versions, 0));
	const char *ref = rule_text(decision, "about_ref");
	const char *kind = rule_text(decision, "about_kind");
	struct buffer text = {0};
	size_t i, count = 0;

	if (first == NULL || ref == NULL || strcmp(first, ref) != 0 ||
	    kind == NULL || strcmp(kind, "contract") != 0)
		return ERR_NOT_FOUND;
	put_text(&text, source == NULL ? "" : source);
	for (i = 0; i + 1 < json_array_size(versions) && count < CONTRACTS_MOST;
	     i++) {
		const char *word =
		    json_string_value(json_array_get(versions, i));

		if (word == NULL)
			continue;
		put_text(&text, word);
		count++;
	}
	return blind_words(t, &text, out);
}

/* --- when it is asked ---------------------------------------------------- */

static enum err
note_contract(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	uint8_t blind[DB_BLIND_BYTES];
	struct question q;
	struct record r;
	bool is_open = false;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_NOT_FOUND ? ERR_OK : e;
	if (asks(&r)) {
		e = blind_asked(t, &r, blind);
		is_open = e == ERR_OK && !decided_is(t, blind, &r.id);
	}
	matter_question(&r.id, FINDING_HOUSEHOLD, "household_no", r.at, &q);
	if (e == ERR_OK)
		e = is_open ? question_put(t, &q) : matter_drop(t, &q);
	record_clear(&r);
	return e;
}

static enum err
name_decided(
    struct txn *t, const struct decided *d, uint8_t out[DB_BLIND_BYTES])
{
	return blind_decided(t, d->about, out);
}

static enum err
look_at_decided(struct txn *t, const struct self *self, const struct decided *d)
{
	uint8_t contract[KEY_RECORD_BYTES];
	struct identity about;

	(void)self;
	matter_about(d->about, &about);
	key_record(txn_db(t), contract, &about);
	return note_contract(t, contract);
}

static const struct decided_way decisions = {
    .name = name_decided, .look = look_at_decided};

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	/* Also of one that the group has set aside, which decides nothing
	 * then. */
	if (strcmp(c->record.kind, "question") == 0)
		return decided_each(
		    t, self, c, key, FINDING_HOUSEHOLD, &decisions);
	if (strcmp(c->record.kind, "contract") != 0 ||
	    (json_object_get(c->fields, "household_with") == NULL &&
	        json_object_get(c->fields, "household_sources") == NULL))
		return ERR_OK;
	return note_contract(t, key);
}

/* --- what there is to choose from ---------------------------------------- */

static enum err
add_choice(struct matter *m, const struct record *r)
{
	static const char *const names[] = {"resident_id", "household_no",
	    "team_id", "slip_no", "signed_on", "start_on", "end_on", NULL};
	json_t *fields = json_object();
	char word[REF_BYTES_MAX + 1];
	size_t i;
	enum err e;

	for (i = 0; fields != NULL && names[i] != NULL; i++) {
		json_t *v = json_object_get(r->fields, names[i]);

		if (v != NULL && json_object_set(fields, names[i], v) != 0)
			break;
	}
	print_word(m->record.source, r->id.ref, r->id.source, word);
	e = fields == NULL ? ERR_NOMEM
	                   : matter_add_choice(m, word,
	                         json_pack("{s:s, s:s, s:O}", "ref", r->id.ref,
	                             "org", r->org, "fields", fields));
	json_decref(fields);
	return e;
}

/* One that is not here is named all the same. */
static enum err
add_other(struct txn *t, struct matter *m, const char *ref, const char *source)
{
	uint8_t key[KEY_RECORD_BYTES];
	char word[REF_BYTES_MAX + 1];
	struct record r;
	enum err e = ERR_OK;

	print_word(m->record.source, ref, source, word);
	if (source != NULL)
		key_record_of(txn_db(t), key, source, "contract", ref);
	else
		e = index_resolve(t, m->record.source, "contract", ref, key);
	if (e == ERR_OK)
		e = record_read(t, key, &r);
	if (e == ERR_NOT_FOUND || e == ERR_CORRUPT)
		return matter_add_choice(
		    m, word, json_pack("{s:s}", "ref", ref));
	if (e == ERR_OK) {
		e = add_choice(m, &r);
		record_clear(&r);
	}
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *ref;
	struct record r;
	size_t i;
	enum err e;

	(void)self;
	matter_key(t, m->question, key);
	e = record_read(t, key, &r);
	if (e != ERR_OK)
		return e;
	e = asks(&r) ? add_choice(m, &r) : ERR_NOT_FOUND;
	for (i = 0; e == ERR_OK && m->choice_count < CONTRACTS_MOST &&
	            (ref = other(r.fields, i)) != NULL;
	     i++)
		e = add_other(t, m, ref, other_source(r.fields, i));
	if (e == ERR_OK)
		e = matter_add_choice(m, stays, json_object());
	record_clear(&r);
	return e;
}

static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	(void)pen;
	(void)m;
	(void)n;
	return ERR_OK;
}

const struct matter_maker matter_household = {
    .code = FINDING_HOUSEHOLD,
    .urgency = 2,
    .note = note,
    .describe = describe,
    .decide = decide,
};
