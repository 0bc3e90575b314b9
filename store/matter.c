/* matter: what met and a person decides. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/begun.h"
#include "store/index.h"
#include "store/keeper.h"
#include "store/matter_pen.h"
#include "store/rules.h"
#include "store/scope.h"
#include "store/vet.h"

enum { CHOICE_ORGS_MAX = MATTER_CHOICES_MAX + 2 };

/* One line per maker; each file says what its matter is. */
extern const struct matter_maker matter_conflict, matter_differ,
    matter_branches, matter_asked, matter_lost, matter_entitled;
extern const struct matter_maker matter_contested;
extern const struct matter_maker matter_end_day;
extern const struct matter_maker matter_others_contract;
extern const struct matter_maker matter_others_record;
extern const struct matter_maker matter_begun_twice;
extern const struct matter_maker matter_fork, matter_onward,
    matter_not_custodian, matter_jump, matter_unapproved, matter_device_lost,
    matter_device_damaged, matter_unsafe;
extern const struct matter_maker matter_candidate, matter_move,
    matter_late_edit, matter_death, matter_whose;
extern const struct matter_maker matter_end_doubted, matter_household,
    matter_many_opened;

const struct matter_maker *const matter_makers[] = {
    &matter_conflict,
    &matter_differ,
    &matter_branches,
    &matter_asked,
    &matter_lost,
    &matter_entitled,
    &matter_contested,
    &matter_end_day,
    &matter_others_contract,
    &matter_others_record,
    &matter_begun_twice,
    &matter_fork,
    &matter_onward,
    &matter_not_custodian,
    &matter_jump,
    &matter_unapproved,
    &matter_device_lost,
    &matter_device_damaged,
    &matter_unsafe,
    &matter_candidate,
    &matter_move,
    &matter_late_edit,
    &matter_death,
    &matter_whose,
    &matter_end_doubted,
    &matter_household,
    &matter_many_opened,
    NULL,
};

const struct matter_maker *
matter_maker_of(enum finding_code code)
{
	size_t i;

	for (i = 0; matter_makers[i] != NULL; i++)
		if (matter_makers[i]->code == code)
			return matter_makers[i];
	return NULL;
}

const struct matter_maker *
matter_maker_by_name(const char *code)
{
	size_t i;

	for (i = 0; code != NULL && matter_makers[i] != NULL; i++)
		if (strcmp(finding_name(matter_makers[i]->code), code) == 0)
			return matter_makers[i];
	return NULL;
}

bool
matter_is_groups(const json_t *fields)
{
	const struct matter_maker *maker =
	    matter_maker_by_name(rule_text(fields, "code"));

	return maker != NULL && maker->group_only;
}

bool
matter_is_groups_change(struct txn *t, const struct change *c)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	bool is_groups;

	if (strcmp(c->record.kind, "question") != 0)
		return false;
	if (matter_is_groups(c->fields))
		return true;
	key_record(txn_db(t), key, &c->record);
	if (record_read(t, key, &r) != ERR_OK)
		return false;
	is_groups = matter_is_groups(r.fields);
	record_clear(&r);
	return is_groups;
}

enum err
matter_note(struct txn *t, const struct self *self, const struct change *c,
    const uint8_t key[KEY_RECORD_BYTES])
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && matter_makers[i] != NULL; i++)
		if (matter_makers[i]->note != NULL)
			e = matter_makers[i]->note(t, self, c, key);
	return e;
}

/* --- whose matter it is -------------------------------------------------- */

/* The org that began it: what a doctor signed is his org's. Where two say that
 * they did, it is the group's to say. */
static void
founding_org(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    char out[REF_BYTES_MAX + 1])
{
	struct record_set set;
	size_t at;

	if (record_gather(t, key, MATTER_CHANGES_MAX, &set) != ERR_OK)
		return;
	if (begun_first(t, NULL, set.input, set.count, false, &at) == ERR_OK &&
	    at != SIZE_MAX)
		snprintf(out, REF_BYTES_MAX + 1, "%s", set.change[at].org);
	record_set_free(&set);
}

/* The resident that it is of, else the device. */
static enum err
find_kept(struct txn *t, const struct identity *id, const json_t *fields,
    uint8_t key[KEY_RECORD_BYTES])
{
	const char *resident = rule_ref(fields, "resident_id");
	const char *device = rule_ref(fields, "device_id");
	const char *source = rule_text(fields, "resident_source");

	if (resident != NULL && source != NULL) {
		key_record_of(txn_db(t), key, source, "resident", resident);
		return record_exists(t, key) ? ERR_OK : ERR_NOT_FOUND;
	}
	if (resident != NULL)
		return scope_find(t, id->source, "resident", resident, key);
	return device == NULL
	           ? ERR_NOT_FOUND
	           : scope_find(t, id->source, "device", device, key);
}

/* What a doctor signed is his org's, whoever its resident's managing org is. */
static bool
is_signers(const struct matter *m)
{
	const struct kind *k = kind_by_name(m->record.kind);

	return k != NULL && k->keeps_branches &&
	       (m->maker == NULL || !m->maker->is_keepers);
}

enum err
matter_kept_record(
    struct txn *t, const struct matter *m, uint8_t out[KEY_RECORD_BYTES])
{
	struct record r;
	enum err e;

	key_record(txn_db(t), out, &m->record);
	if (is_signers(m))
		return ERR_NOT_FOUND;
	e = record_read(t, out, &r);
	if (e != ERR_OK)
		return e;
	if (keeper_field(m->record.kind) == NULL)
		e = find_kept(t, &m->record, r.fields, out);
	record_clear(&r);
	return e;
}

/* The resident's managing org, a device's owner, as far as it is here. */
static enum err
caring_org(struct txn *t, const struct matter *m, char out[REF_BYTES_MAX + 1])
{
	const char *owner;
	uint8_t key[KEY_RECORD_BYTES];
	struct record about;
	enum err e = matter_kept_record(t, m, key);

	if (e == ERR_OK)
		e = record_read(t, key, &about);
	if (e != ERR_OK)
		return e;
	owner = rule_ref(about.fields, keeper_field(about.id.kind));
	snprintf(out, REF_BYTES_MAX + 1, "%s", owner == NULL ? "" : owner);
	record_clear(&about);
	return ERR_OK;
}

void
matter_find_owner(struct txn *t, struct matter *m)
{
	const struct kind *k = kind_by_name(m->record.kind);
	uint8_t key[KEY_RECORD_BYTES];

	m->owner[0] = '\0';
	key_record(txn_db(t), key, &m->record);
	if (k == NULL || k->by_group || !record_exists(t, key))
		return;
	if (caring_org(t, m, m->owner) != ERR_OK)
		founding_org(t, key, m->owner);
}

static bool
acts_for(struct txn *t, const struct self *self, const char *org)
{
	if (*org == '\0')
		return false;
	return !self->is_enrolled || org_within(t, &self->chain[0], org);
}

bool
matter_is_ours(struct txn *t, const struct self *self,
    const struct matter_maker *maker, const struct matter *m)
{
	if (self->role == ROLE_HUB || maker->is_local)
		return true;
	return !maker->group_only && acts_for(t, self, m->owner);
}

/* --- what it is ---------------------------------------------------------- */

/* Short words of two choices may be one: then the ids themselves. */
static void
tell_apart(struct matter *m)
{
	size_t i, j;
	bool same = false;

	for (i = 0; i < m->choice_count; i++)
		for (j = 0; j < i; j++)
			same |=
			    strcmp(m->choice[i].word, m->choice[j].word) == 0;
	for (i = 0; same && i < m->choice_count; i++) {
		const char *id = json_string_value(
		    json_object_get(m->choice[i].shown, "id"));

		if (id != NULL)
			snprintf(m->choice[i].word, sizeof m->choice[i].word,
			    "%s", id);
	}
}

enum err
matter_describe(struct txn *t, const struct self *self,
    const struct question *q, struct matter *out)
{
	const struct matter_maker *maker = matter_maker_of(q->code);
	enum err e;

	memset(out, 0, sizeof *out);
	out->question = q;
	out->proposal = -1;
	out->maker = maker;
	if (maker == NULL ||
	    q->type != (maker->is_local ? QUESTION_LOST : QUESTION_MATTER))
		return ERR_NOT_FOUND;
	snprintf(
	    out->record.source, sizeof out->record.source, "%.64s", q->origin);
	snprintf(out->record.kind, sizeof out->record.kind, "%s", q->kind);
	snprintf(out->record.ref, sizeof out->record.ref, "%s", q->ref);
	matter_find_owner(t, out);
	e = maker->describe(t, self, out);
	if (e != ERR_OK) {
		matter_clear(out);
		return e;
	}
	tell_apart(out);
	/* It names the record that it is about itself. */
	if (q->code == FINDING_ASKED)
		matter_find_owner(t, out);
	return ERR_OK;
}

void
matter_clear(struct matter *m)
{
	size_t i;

	for (i = 0; i < m->choice_count; i++)
		json_decref(m->choice[i].shown);
	json_decref(m->beyond);
	memset(m, 0, sizeof *m);
}

enum err
matter_add_beyond(struct matter *m, const char *id)
{
	if (m->beyond == NULL)
		m->beyond = json_array();
	return json_array_append_new(m->beyond, json_string(id)) == 0
	           ? ERR_OK
	           : ERR_NOMEM;
}

static int
choice_of(const struct matter *m, const char *word)
{
	size_t i;

	for (i = 0; word != NULL && i < m->choice_count; i++) {
		const char *id = json_string_value(
		    json_object_get(m->choice[i].shown, "id"));

		if (strcmp(m->choice[i].word, word) == 0 ||
		    (id != NULL && strcmp(id, word) == 0))
			return (int)i;
	}
	return -1;
}

/* --- in whose name ------------------------------------------------------- */

/* The owner where this node acts for it; else, at the hub, the org at the top
 * of the tree above those concerned. */
void
matter_acting_org(struct txn *t, const struct self *self,
    const struct matter *m, const char *near, char out[REF_BYTES_MAX + 1])
{
	if (self->role == ROLE_HUB)
		index_top_org(t, m->owner[0] != '\0' ? m->owner : near, out,
		    REF_BYTES_MAX + 1);
	else
		snprintf(out, REF_BYTES_MAX + 1, "%s", m->owner);
}

/* --- the record of it ---------------------------------------------------- */

static json_t *
org_ref(const char *org)
{
	return json_sprintf("ref:%s", org);
}

/* Each once; those whose versions met, and whose matter it is. */
static json_t *
concerned(const struct matter *m)
{
	json_t *refs = json_array(), *seen = json_object();
	const char *orgs[CHOICE_ORGS_MAX];
	size_t i, n = 0;

	for (i = 0; i < m->choice_count; i++)
		orgs[n++] = json_string_value(
		    json_object_get(m->choice[i].shown, "org"));
	orgs[n++] = m->owner;
	for (i = 0; refs != NULL && seen != NULL && i < n; i++) {
		if (orgs[i] == NULL || *orgs[i] == '\0' ||
		    json_object_get(seen, orgs[i]) != NULL)
			continue;
		if (json_object_set_new(seen, orgs[i], json_true()) != 0 ||
		    json_array_append_new(refs, org_ref(orgs[i])) != 0)
			break;
	}
	json_decref(seen);
	return refs;
}

static json_t *
versions_of(const struct matter *m)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; all != NULL && i < m->choice_count; i++) {
		const char *id = json_string_value(
		    json_object_get(m->choice[i].shown, "id"));

		json_array_append_new(
		    all, json_string(id == NULL ? m->choice[i].word : id));
	}
	if (all != NULL && m->beyond != NULL)
		json_array_extend(all, m->beyond);
	return all;
}

static const char *
text_or_null(const char *text)
{
	return text == NULL || *text == '\0' ? NULL : text;
}

/* The resident, by the ref that the record itself gives. */
static json_t *
resident_of(struct txn *t, const struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	json_t *ref;

	if (strcmp(m->record.kind, "resident") == 0)
		return json_sprintf("ref:%s", m->record.ref);
	key_record(txn_db(t), key, &m->record);
	if (record_read(t, key, &r) != ERR_OK)
		return NULL;
	ref = json_incref(json_object_get(r.fields, "resident_id"));
	record_clear(&r);
	return ref;
}

/* The device, likewise: who has to do with it hears of the decision. */
static json_t *
device_of(struct txn *t, const struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	json_t *ref;

	if (strcmp(m->record.kind, "device") == 0)
		return json_sprintf("ref:%s", m->record.ref);
	key_record(txn_db(t), key, &m->record);
	if (record_read(t, key, &r) != ERR_OK)
		return NULL;
	ref = json_incref(json_object_get(r.fields, "device_id"));
	record_clear(&r);
	return ref;
}

/* What the question says beside the decision. */
static json_t *
about(struct txn *t, const struct matter *m)
{
	const struct matter_maker *maker = matter_maker_of(m->question->code);
	json_t *concerns = concerned(m);

	if (json_array_size(concerns) == 0) {
		json_decref(concerns);
		concerns = NULL;
	}
	return json_pack(
	    "{s:s, s:s, s:s*, s:s*, s:s, s:o, s:o*, s:o*, s:o*, s:s*}",
	    "about_kind", m->record.kind, "about_ref", m->record.ref,
	    "about_source", text_or_null(m->record.source), "about_field",
	    text_or_null(m->question->field), "code", finding_name(maker->code),
	    "versions", versions_of(m), "resident_id", resident_of(t, m),
	    "device_id", device_of(t, m), "concerns", concerns, "proposal",
	    m->proposal < 0 ? NULL : m->choice[m->proposal].word);
}

/* A new one, or the open one that asked. */
static enum err
record_decision(struct matter_pen *pen, const struct matter *m, size_t n)
{
	json_t *changes = json_incref(pen->changes);
	json_t *fields;
	uint8_t key[KEY_RECORD_BYTES];
	bool was_asked = m->question->code == FINDING_ASKED;
	enum err e = ERR_NOMEM;

	fields = was_asked ? json_object() : about(pen->t, m);
	if (fields != NULL && json_array_size(changes) > 0)
		json_object_set(fields, "changes", changes);
	if (fields == NULL ||
	    json_object_set_new(fields, "state", json_string("decided")) != 0 ||
	    json_object_set_new(fields, "reason", json_string(pen->reason)) !=
	        0 ||
	    json_object_set_new(
	        fields, "decision", json_string(m->choice[n].word)) != 0 ||
	    json_object_set_new(
	        fields, "decided_by", json_sprintf("ref:%s", pen->by)) != 0)
		goto out;
	if (!was_asked) {
		e = matter_add(pen, "question", fields);
	} else {
		matter_key(pen->t, m->question, key);
		e = matter_amend(pen, key, fields);
	}
out:
	json_decref(fields);
	json_decref(changes);
	return e;
}

/* --- deciding ------------------------------------------------------------ */

void
matter_blind_number(struct txn *t, uint64_t number, uint8_t out[DB_BLIND_BYTES])
{
	uint8_t bytes[8];

	store_u64(bytes, number);
	db_blind(txn_db(t), "decided", bytes, sizeof bytes, out);
}

enum err
matter_pen_begin(struct matter_pen *pen, struct txn *t, const struct self *self,
    const struct matter_decision *d, const char *org)
{
	*pen = (struct matter_pen){.t = t,
	    .self = self,
	    .by = d->by,
	    .org = org,
	    .reason = d->reason,
	    .now = d->now,
	    .changes = json_array()};
	findings_init(&pen->made.findings);
	return pen->changes == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
matter_pen_end(struct matter_pen *pen, struct matter_decision *d, enum err e)
{
	json_decref(pen->changes);
	d->findings = pen->made.findings;
	if (e == ERR_OK)
		d->made = pen->made.record;
	return e;
}

static enum err
decide(struct txn *t, const struct self *self, struct matter_decision *d,
    const struct matter *m, size_t n)
{
	const struct matter_maker *maker = matter_maker_of(m->question->code);
	const char *near =
	    json_string_value(json_object_get(m->choice[n].shown, "org"));
	char org[REF_BYTES_MAX + 1];
	uint8_t blind[DB_BLIND_BYTES], key[KEY_RECORD_BYTES];
	struct matter_pen pen;
	enum err e;

	if (d->org != NULL && *d->org != '\0')
		snprintf(org, sizeof org, "%s", d->org);
	else if (maker->is_local) /* this store's own work */
		snprintf(org, sizeof org, "%s", near == NULL ? "" : near);
	else
		matter_acting_org(t, self, m, near == NULL ? "" : near, org);
	e = matter_pen_begin(&pen, t, self, d, org);
	pen.is_plain = maker->is_local;
	if (e == ERR_OK)
		e = maker->decide(&pen, m, n);
	if (e == ERR_OK && !maker->is_local)
		e = record_decision(&pen, m, n);
	e = matter_pen_end(&pen, d, e);
	if (e != ERR_OK || maker->is_local)
		return e == ERR_OK ? question_drop(t, m->question) : e;
	/* A maker whose row follows from records has dropped it by now. */
	e = matter_drop(t, m->question);
	key_record(txn_db(t), key, &d->made);
	matter_blind_number(t, d->number, blind);
	return e == ERR_OK ? txn_put(t, TABLE_CODES, blind, sizeof blind, key,
	                         sizeof key)
	                   : e;
}

enum err
matter_decide(struct txn *t, const struct self *self, struct matter_decision *d)
{
	struct question q;
	struct matter m;
	int n;
	enum err e = question_find(t, d->number, &q);

	if (e == ERR_OK && matter_maker_of(q.code) == NULL)
		return ERR_USAGE;
	if (e == ERR_OK)
		e = matter_describe(t, self, &q, &m);
	if (e != ERR_OK)
		return e;
	n = choice_of(&m, d->choice);
	if (!matter_is_ours(t, self, matter_maker_of(q.code), &m))
		e = ERR_NOT_ALLOWED;
	else if (n < 0 || d->reason == NULL || *d->reason == '\0')
		e = ERR_USAGE;
	else
		e = decide(t, self, d, &m, (size_t)n);
	matter_clear(&m);
	return e;
}
