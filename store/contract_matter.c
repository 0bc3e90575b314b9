/* contract_matter: two teams signed one resident: a person of the group
 * decides which contract is in force. The others are refused with the reason;
 * what was done under them stays.
 */

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "store/begun.h"
#include "store/contest_settle.h"
#include "store/index.h"
#include "store/kinds/kinds.h"
#include "store/matter.h"
#include "store/rules.h"
#include "store/scope.h"

/* A contract that another names, at a hub or a clinic. */
static enum err
find_contract(struct txn *t, const char *source, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	return index_resolve(t, source, "contract", ref, key);
}

/* One of those it is contested with, as the group names it. */
struct rival {
	const char *ref;
	const char *source; /* NULL: the contract's own, as far as it is told */
};

/* In their order; false: no more. */
static bool
rival(const struct record *r, size_t i, struct rival *out)
{
	const char *text = json_string_value(
	    json_array_get(json_object_get(r->fields, "contested_with"), i));

	out->source = json_string_value(
	    json_array_get(json_object_get(r->fields, "contested_sources"), i));
	out->ref =
	    text != NULL && strncmp(text, "ref:", 4) == 0 ? text + 4 : NULL;
	return out->ref != NULL;
}

static enum err
find_rival(struct txn *t, const struct record *r, const struct rival *other,
    uint8_t key[KEY_RECORD_BYTES])
{
	if (other->source == NULL)
		return find_contract(t, r->id.source, other->ref, key);
	key_record_of(txn_db(t), key, other->source, "contract", other->ref);
	return record_exists(t, key) ? ERR_OK : ERR_NOT_FOUND;
}

/* At the hub, which decides, all that bear a ref are known by it. */
static bool
is_shared(struct txn *t, const struct identity *id)
{
	struct buffer keys = {0};
	enum err e =
	    naming_walk(t, id->kind, id->ref, NAMING_HOLDERS, NULL, 2, &keys);
	bool is_shared = e == ERR_OK && keys.size > KEY_RECORD_BYTES;

	buffer_free(&keys);
	return is_shared;
}

/* The word by which one is chosen: its ref, and where others are called the
 * same, its source behind it. */
static void
print_word(
    struct txn *t, const struct identity *id, char out[REF_BYTES_MAX + 1])
{
	int n = -1;

	if (is_shared(t, id))
		n = snprintf(
		    out, REF_BYTES_MAX + 1, "%s@%s", id->ref, id->source);
	if (n < 0 || n > REF_BYTES_MAX)
		snprintf(out, REF_BYTES_MAX + 1, "%s", id->ref);
}

static enum err
find_word(struct txn *t, const char *source, const char *word,
    uint8_t key[KEY_RECORD_BYTES])
{
	const char *at = strrchr(word, '@');
	char ref[REF_BYTES_MAX + 1];

	if (at != NULL) {
		snprintf(ref, sizeof ref, "%.*s", (int)(at - word), word);
		key_record_of(txn_db(t), key, at + 1, "contract", ref);
		if (record_exists(t, key))
			return ERR_OK;
	}
	return find_contract(t, source, word, key);
}

/* --- when it is asked ----------------------------------------------------- */

/* One question for all that meet: about the contract of the lowest ref, and
 * of those of one ref, of the lowest source. */
static bool
asks(const struct record *r)
{
	struct rival first;
	int order;

	if (!rule_state_is(r->fields, "contested") || !rival(r, 0, &first))
		return false;
	order = strcmp(r->id.ref, first.ref);
	if (order == 0 && first.source != NULL)
		order = strcmp(r->id.source, first.source);
	return order < 0;
}

/* What another change said of it may be set aside, too. */
static bool
may_ask(const struct change *c)
{
	return strcmp(c->record.kind, "contract") == 0 &&
	       (json_object_get(c->fields, "state") != NULL ||
	           json_object_get(c->fields, "contested_with") != NULL ||
	           json_object_get(c->fields, MERGE_SET_ASIDE) != NULL);
}

static enum err
note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	(void)self;
	return may_ask(c)
	           ? matter_ask_while(t, key, FINDING_CONTESTED, "", asks)
	           : ERR_OK;
}

/* --- what there is to choose from ----------------------------------------- */

/* By which a decision names it for good, whoever may be called so later. */
static json_t *
print_id(const struct identity *id)
{
	return json_sprintf("%s@%s", id->ref, id->source);
}

/* Whose beginning of the contract counts; NULL: none does. A clinic does not
 * know the group's node among its changes. */
static enum err
find_signing(struct txn *t, const struct self *self,
    const struct record_set *changes, const struct change **out)
{
	size_t at;
	enum err e = begun_first(t, self->role == ROLE_HUB ? self->id : NULL,
	    changes->input, changes->count, true, &at);

	*out = e == ERR_OK && at != SIZE_MAX ? &changes->change[at] : NULL;
	return e;
}

/* Who signed it, when and where, and what a person compares. Where every
 * beginning was set aside, who last said something of it. */
static json_t *
show(const struct record *r, const struct change *signing)
{
	static const char *const names[] = {"state", "slip_no", "team_id",
	    "signing_staff_id", "signed_on", "start_on", "end_on",
	    "resident_signature", NULL};
	json_t *fields = json_object(), *shown = NULL;
	char at[26];
	size_t i;

	for (i = 0; fields != NULL && names[i] != NULL; i++) {
		json_t *v = json_object_get(r->fields, names[i]);

		if (v != NULL && json_object_set(fields, names[i], v) != 0)
			break;
	}
	if (instant_print(signing == NULL ? r->at : signing->occurred_at, at) !=
	    ERR_OK)
		at[0] = '\0';
	if (fields != NULL)
		shown = json_pack("{s:s, s:o, s:s, s:s, s:s, s:O}", "ref",
		    r->id.ref, "id", print_id(&r->id), "by",
		    signing == NULL ? r->by : signing->by, "at", at, "org",
		    r->org, "fields", fields);
	json_decref(fields);
	return shown;
}

/* Whether a contract's word on who counts meanwhile means another, or it. */
static bool
is_holder(const struct record *about, const struct record *r)
{
	const char *ref = rule_ref(about->fields, "holder_id");
	const char *source = rule_text(about->fields, "holder_source");

	return ref != NULL && strcmp(ref, r->id.ref) == 0 &&
	       (source != NULL ? strcmp(source, r->id.source) == 0
	                       : strcmp(about->id.source, r->id.source) == 0 ||
	                             strcmp(about->id.ref, ref) != 0);
}

static enum err
add_choice(struct txn *t, const struct self *self, struct matter *m,
    const uint8_t key[KEY_RECORD_BYTES], const struct record *about)
{
	char word[REF_BYTES_MAX + 1];
	const struct change *signing;
	struct record_set changes;
	struct record r;
	enum err e = record_gather(t, key, MATTER_CHANGES_MAX, &changes);

	if (e != ERR_OK)
		return e;
	e = find_signing(t, self, &changes, &signing);
	if (e == ERR_OK)
		e = record_merge(changes.input, changes.count, &r);
	if (e == ERR_OK) {
		if (is_holder(about, &r))
			m->proposal = (int)m->choice_count;
		print_word(t, &r.id, word);
		e = matter_add_choice(m, word, show(&r, signing));
		record_clear(&r);
	}
	record_set_free(&changes);
	return e;
}

/* One that is not here yet, or one too many, cannot be chosen here. */
static enum err
add_rivals(struct txn *t, const struct self *self, struct matter *m,
    const struct record *r)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct rival other;
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && rival(r, i, &other); i++) {
		e = find_rival(t, r, &other, key);
		if (e == ERR_OK)
			e = add_choice(t, self, m, key, r);
		if (e == ERR_NOT_FOUND || e == ERR_LIMIT || e == ERR_CORRUPT)
			e = ERR_OK;
	}
	return e;
}

static enum err
describe(struct txn *t, const struct self *self, struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	enum err e = matter_read(t, m, &r);

	if (e != ERR_OK)
		return e;
	key_record(txn_db(t), key, &m->record);
	if (!asks(&r))
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = add_choice(t, self, m, key, &r);
	if (e == ERR_OK)
		e = add_rivals(t, self, m, &r);
	record_clear(&r);
	if (m->proposal >= 0)
		m->ground = N_("It counts until then: in force before the "
		               "others were signed, else of the managing org's "
		               "team, else signed first.");
	return e;
}

/* --- what a choice means ---------------------------------------------------
 */

/* In the name of the team's org, which the contract is of. */
static enum err
put_state(struct matter_pen *pen, const char *source, const char *word,
    const char *from, const char *to)
{
	uint8_t key[KEY_RECORD_BYTES];
	const char *org = pen->org;
	json_t *fields;
	struct record r;
	enum err e = find_word(pen->t, source, word, key);

	if (e == ERR_OK)
		e = record_read(pen->t, key, &r);
	if (e != ERR_OK)
		return e;
	fields = json_pack("{s:s}", "state", to);
	if (fields == NULL ||
	    (pen->restores &&
	        json_object_set_new(fields, "reason", json_null()) != 0))
		e = ERR_NOMEM;
	if (e == ERR_OK && (from == NULL || rule_state_is(r.fields, from))) {
		pen->org = r.org;
		e = matter_amend(pen, key, fields);
		pen->org = org;
	}
	json_decref(fields);
	record_clear(&r);
	return e;
}

/* The refused ones first: at no moment are two in force. */
static enum err
decide(struct matter_pen *pen, const struct matter *m, size_t n)
{
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < m->choice_count; i++)
		if (i != n)
			e = put_state(pen, m->record.source, m->choice[i].word,
			    NULL, "refused");
	if (e == ERR_OK)
		e = put_state(
		    pen, m->record.source, m->choice[n].word, NULL, "active");
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

/* Whether a version is the one that was chosen by this word. */
static bool
is_chosen(const char *version, const char *word)
{
	size_t size = word == NULL ? 0 : strlen(word);

	return word != NULL && strncmp(version, word, size) == 0 &&
	       (version[size] == '\0' ||
	           (version[size] == '@' &&
	               strchr(version + size + 1, '@') == NULL));
}

/* What was decided is contested again, unless something else became of it. */
static enum err
undo(struct matter_pen *pen, const struct record *decision)
{
	const json_t *versions = json_object_get(decision->fields, "versions");
	const char *source = rule_text(decision->fields, "about_source");
	const char *chosen = rule_text(decision->fields, "decision");
	size_t i;
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < json_array_size(versions); i++) {
		const char *ref =
		    json_string_value(json_array_get(versions, i));

		if (ref == NULL)
			continue;
		e = put_state(pen, source == NULL ? "" : source, ref,
		    is_chosen(ref, chosen) ? "active" : "refused", "contested");
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	return e == ERR_OK ? contest_settle(pen->t, pen->self, pen->now) : e;
}

const struct matter_maker matter_contested = {
    .code = FINDING_CONTESTED,
    .urgency = URGENCY_SOON,
    .group_only = true,
    .note = note,
    .describe = describe,
    .decide = decide,
    .undo = undo,
};
