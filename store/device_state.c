/* device_state: what the records here say of one device. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/device_decided.h"
#include "store/device_state.h"
#include "store/graph.h"
#include "store/index.h"
#include "store/receipt_order.h"
#include "store/rules.h"

enum { HISTORY_DAYS = 60 }; /* as in due.h */

static const int64_t day_seconds = 24 * 60 * 60;

/* --- which device a record means ----------------------------------------- */

enum err
device_find(struct txn *t, const char *source, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	return scope_find(t, source, "device", ref, key);
}

bool
device_is_of(struct txn *t, const struct record *device, const struct record *r)
{
	const char *ref = rule_ref(r->fields, "device_id");

	if (ref == NULL || strcmp(ref, device->id.ref) != 0)
		return false;
	return strcmp(r->id.source, device->id.source) == 0 ||
	       scope_is_only(t, &device->id);
}

/* --- gathering ----------------------------------------------------------- */

enum err
device_namers(struct txn *t, const struct record *device, const char *kind,
    enum naming_role role, size_t most, struct buffer *out)
{
	bool is_any =
	    strcmp(kind, "question") == 0 || scope_is_only(t, &device->id);
	enum err e = naming_walk_most(t, "device", device->id.ref, role,
	    is_any ? NULL : device->id.source, kind,
	    most == SIZE_MAX ? most : most + 1, out);

	return e == ERR_OK && out->size / KEY_RECORD_BYTES > most ? ERR_LIMIT
	                                                          : e;
}

/* None of a kind of which there are too many. */
static enum err
find_namers(struct txn *t, struct device_state *s, const char *kind,
    enum naming_role role, enum device_crowd crowd, struct buffer *out)
{
	enum err e =
	    device_namers(t, &s->device, kind, role, DEVICE_NAMERS_MAX, out);

	if (e != ERR_LIMIT)
		return e;
	s->crowds |= crowd;
	buffer_clear(out);
	return ERR_OK;
}

/* What was old when it was written down is nothing to ask about; of a clock
 * that is wrong nothing follows. */
static bool
is_history(const struct record_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct change *c = &set->change[i];

		if (c->clock == CLOCK_SUSPECT ||
		    c->recorded_at - c->occurred_at <=
		        HISTORY_DAYS * day_seconds)
			return false;
	}
	return true;
}

/* A record of the device with its changes. ERR_NOT_FOUND: it is of another,
 * or cannot be read, which is verify's to tell. */
static enum err
read_namer(struct txn *t, const struct record *device, const uint8_t *key,
    struct record_set *set, struct record *out)
{
	enum err e = record_gather(t, key, SCOPE_CHANGES_MAX, set);

	if (e != ERR_OK)
		return e == ERR_CORRUPT || e == ERR_LIMIT ? ERR_NOT_FOUND : e;
	e = record_merge(set->input, set->count, out);
	if (e == ERR_OK && !device_is_of(t, device, out)) {
		record_clear(out);
		e = ERR_NOT_FOUND;
	}
	if (e != ERR_OK)
		record_set_free(set);
	return e;
}

static enum err
add_custody(struct device_state *s, struct txn *t, const uint8_t *key)
{
	struct record *r = &s->custody[s->custody_count];
	struct custody_event *event = &s->events[s->custody_count];
	struct record_set set;
	enum err e = read_namer(t, &s->device, key, &set, r);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	s->custody_is_history[s->custody_count] = is_history(&set);
	record_set_free(&set);
	snprintf(s->names[s->custody_count], sizeof s->names[0], "%s/%s",
	    r->id.source, r->id.ref);
	*event = (struct custody_event){
	    .name = s->names[s->custody_count],
	    .number =
	        json_integer_value(json_object_get(r->fields, "custody_no")),
	    .from = rule_ref(r->fields, "from"),
	    .to = rule_ref(r->fields, "to"),
	    .org = r->org,
	    .both_signed =
	        json_is_true(json_object_get(r->fields, "both_signed")),
	    .index = s->custody_count,
	};
	/* Forms do not let such in; peers may send them. */
	if (event->number < 1 || event->number > CUSTODY_NUMBER_MAX ||
	    event->from == NULL || event->to == NULL) {
		record_clear(r);
		return ERR_OK;
	}
	s->custody_count++;
	return receipt_order_read(t, key, &event->received);
}

static enum err
read_custody(struct txn *t, struct device_state *s)
{
	struct buffer keys = {0};
	size_t at, most;
	enum err e = find_namers(
	    t, s, "custody", NAMING_GRANTS, DEVICE_CROWD_CUSTODY, &keys);

	most = keys.size / KEY_RECORD_BYTES;
	if (e == ERR_OK) {
		s->custody = calloc(most + 1, sizeof *s->custody);
		s->events = calloc(most + 1, sizeof *s->events);
		s->custody_is_history = calloc(most + 1, sizeof(bool));
		s->names = calloc(most + 1, sizeof s->names[0]);
		if (s->custody == NULL || s->events == NULL ||
		    s->custody_is_history == NULL || s->names == NULL)
			e = ERR_NOMEM;
	}
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = add_custody(s, t, keys.data + at);
	buffer_free(&keys);
	return e;
}

/* --- decisions ----------------------------------------------------------- */

static bool
text_is(const json_t *fields, const char *name, const char *wanted)
{
	const char *text = rule_text(fields, name);

	return strcmp(text == NULL ? "" : text, wanted) == 0;
}

/* It says itself whose record it is about, and its own source is the hub's;
 * those about a loan or a hand-over are held against that when they are used.
 */
static bool
is_decision_of(
    struct txn *t, const struct record *device, const struct record *r)
{
	const json_t *f = r->fields;

	if (rule_text(f, "about_source") == NULL)
		return device_is_of(t, device, r);
	return !text_is(f, "about_kind", "device") ||
	       (text_is(f, "about_ref", device->id.ref) &&
	           text_is(f, "about_source", device->id.source));
}

/* One that stands, by who may decide it; owners NULL: they are not known. */
static enum err
add_decision(struct txn *t, struct device_state *s,
    const struct device_owners *owners, const uint8_t *key)
{
	struct record *r = &s->decisions[s->decision_count];
	struct record_set set;
	bool counts = false;
	enum err e = record_gather(t, key, SCOPE_CHANGES_MAX, &set);

	if (e != ERR_OK)
		return e == ERR_NOMEM ? e : ERR_OK;
	e = record_merge(set.input, set.count, r);
	if (e == ERR_OK) {
		counts = is_decision_of(t, &s->device, r) &&
		         rule_state_is(r->fields, "decided");
		if (counts && owners != NULL)
			e = device_is_owners_decision(owners, &set, &counts);
		if (e == ERR_OK && counts)
			s->decision_count++;
		else
			record_clear(r);
	}
	record_set_free(&set);
	return e;
}

static enum err
read_decisions(
    struct txn *t, struct device_state *s, const struct device_owners *owners)
{
	size_t at;
	struct buffer keys = {0};
	enum err e = find_namers(
	    t, s, "question", NAMING_REST, DEVICE_CROWD_DECISIONS, &keys);

	if (e == ERR_OK) {
		s->decisions = calloc(
		    keys.size / KEY_RECORD_BYTES + 1, sizeof *s->decisions);
		if (s->decisions == NULL)
			e = ERR_NOMEM;
	}
	for (at = 0; e == ERR_OK && at < keys.size; at += KEY_RECORD_BYTES)
		e = add_decision(t, s, owners, keys.data + at);
	buffer_free(&keys);
	return e;
}

/* Where it is not known who owned it nobody allows anything. */
static enum err
read_owners_word(struct txn *t, struct device_state *s)
{
	struct device_owners owners;
	enum err e = device_owners_read(t, s->key, &owners);
	bool are_known = e == ERR_OK;

	if (e == ERR_LIMIT || e == ERR_CORRUPT)
		e = ERR_OK;
	if (are_known) {
		e = device_owners_word(&owners, &s->word);
		owners.centre = rule_ref(s->word, "centre_org_id");
	}
	if (e == ERR_OK)
		e = read_decisions(t, s, are_known ? &owners : NULL);
	if (are_known)
		device_owners_free(&owners);
	return e;
}

bool
device_is_decided(const struct device_state *s, const char *code,
    const struct identity *about)
{
	size_t i;

	for (i = 0; i < s->decision_count; i++) {
		const json_t *f = s->decisions[i].fields;

		if (text_is(f, "code", code) &&
		    text_is(f, "about_kind", about->kind) &&
		    text_is(f, "about_ref", about->ref) &&
		    text_is(f, "about_source", about->source))
			return true;
	}
	return false;
}

/* --- the chain ----------------------------------------------------------- */

/* Of two names that met at most one ends so: the decision gives a ref alone
 * where that tells them apart. */
static const char *
winner_of(const char *decision, const char *const *seen, size_t count)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		const char *ref = strchr(seen[i], '/');

		if (strcmp(seen[i], decision) == 0)
			return seen[i];
		if (ref == NULL || strcmp(ref + 1, decision) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = seen[i];
	}
	return found;
}

/* names has room for all that versions hold; false: it decides no fork. */
static bool
read_ruling(
    const struct record *decision, const char **names, struct custody_ruling *r)
{
	const json_t *f = decision->fields;
	const json_t *versions = json_object_get(f, "versions");
	const char *word = rule_text(f, "decision");
	size_t i;

	if (word == NULL || !text_is(f, "code", "custody_fork") ||
	    !text_is(f, "about_kind", "device"))
		return false;
	memset(r, 0, sizeof *r);
	for (i = 0; i < json_array_size(versions); i++) {
		const char *name =
		    json_string_value(json_array_get(versions, i));

		if (name != NULL)
			names[r->seen_count++] = name;
	}
	r->seen = names;
	r->winner = winner_of(word, names, r->seen_count);
	return r->winner != NULL;
}

/* What was decided of a hand-over with a number further on. What is long past
 * was on paper before. */
static enum custody_leave
leave_of(const struct device_state *s, const struct custody_event *event)
{
	const struct identity *id = &s->custody[event->index].id;
	bool agreed = s->custody_is_history[event->index], objected = false;
	size_t i;

	for (i = 0; i < s->decision_count; i++) {
		const json_t *f = s->decisions[i].fields;

		if (!device_is_decided(s, "custody_jump", id) ||
		    !text_is(f, "code", "custody_jump") ||
		    !text_is(f, "about_ref", id->ref) ||
		    !text_is(f, "about_source", id->source))
			continue;
		objected = objected || text_is(f, "decision", "object");
		agreed = agreed || text_is(f, "decision", "agree");
	}
	if (agreed == objected)
		return CUSTODY_UNSAID;
	return agreed ? CUSTODY_AGREED : CUSTODY_OBJECTED;
}

static enum err
follow_chain(struct device_state *s)
{
	struct custody_ruling *rulings =
	    calloc(s->decision_count + 1, sizeof *rulings);
	size_t i, count = 0, name_count = 0;
	const char **names;
	enum err e = ERR_NOMEM;

	for (i = 0; i < s->decision_count; i++)
		name_count += json_array_size(
		    json_object_get(s->decisions[i].fields, "versions"));
	names = calloc(name_count + 1, sizeof *names);
	if (rulings == NULL || names == NULL)
		goto out;
	name_count = 0;
	for (i = 0; i < s->decision_count; i++)
		if (read_ruling(
		        &s->decisions[i], names + name_count, &rulings[count]))
			name_count += rulings[count++].seen_count;
	for (i = 0; i < s->custody_count; i++)
		s->events[i].leave = leave_of(s, &s->events[i]);
	custody_chain(
	    s->events, s->custody_count, rulings, count, s->owner, &s->place);
	if ((s->crowds & DEVICE_CROWD_CUSTODY) != 0) {
		s->place.custodian = NULL;
		s->place.is_unsure = true;
	}
	e = ERR_OK;
out:
	free(rulings);
	free(names);
	return e;
}

/* --- loans --------------------------------------------------------------- */

static bool
is_listed(const json_t *refs, const char *org)
{
	size_t i;

	for (i = 0; org != NULL && i < json_array_size(refs); i++) {
		const char *ref = json_string_value(json_array_get(refs, i));

		if (ref != NULL && strncmp(ref, "ref:", 4) == 0 &&
		    strcmp(ref + 4, org) == 0)
			return true;
	}
	return false;
}

/* The owner's, or that of the equipment centre he named. */
static bool
is_owners_word(const struct device_state *s, const char *org)
{
	const char *centre = rule_ref(s->word, "centre_org_id");

	return (s->owner != NULL && strcmp(org, s->owner) == 0) ||
	       (centre != NULL && strcmp(org, centre) == 0);
}

/* What the group set aside approves nothing. */
static enum err
find_approval(const struct device_state *s, const struct record *loan,
    const struct record_set *set, bool *out)
{
	struct graph *g = set->graph; /* NULL: there is one change */
	size_t i;
	enum err e = g == NULL ? ERR_OK : graph_mark(g);

	*out = text_is(loan->fields, "approval", "standing") &&
	       is_listed(json_object_get(s->word, "standing_orgs"),
	           rule_ref(loan->fields, "borrower"));
	for (i = 0; e == ERR_OK && !*out && i < set->count; i++) {
		const struct change *c = &set->change[i];

		*out = is_owners_word(s, c->org) &&
		       (g == NULL || g->aside == NULL || !g->aside[i]) &&
		       (text_is(c->fields, "state", "approved") ||
		           rule_ref(c->fields, "approved_by") != NULL);
	}
	return e;
}

static bool
in_states(const struct record *r, const char *states)
{
	const char *state = rule_text(r->fields, "state");

	return state != NULL && state_is_in(states, state);
}

static bool
was_handed(const struct device_state *s, const struct record *loan)
{
	size_t i;

	if (in_states(
	        loan, "handed_over received returning returned lost damaged"))
		return true;
	for (i = 0; i < s->custody_count; i++) {
		const char *ref = rule_ref(s->custody[i].fields, "loan_id");

		if (ref != NULL && strcmp(ref, loan->id.ref) == 0)
			return true;
	}
	return false;
}

static enum err
read_loan(struct txn *t, struct device_state *s, struct device_loan *l)
{
	struct record_set set;
	const char *lender;
	enum err e = read_namer(t, &s->device, l->key, &set, &l->record);

	l->is_read = e == ERR_OK || e == ERR_NOT_FOUND;
	l->is_gone = e == ERR_NOT_FOUND;
	if (e != ERR_OK)
		return l->is_gone ? ERR_OK : e;
	lender = rule_ref(l->record.fields, "lender");
	l->is_open =
	    in_states(&l->record, "handed_over received returning lost");
	l->is_handed = was_handed(s, &l->record);
	l->is_onward =
	    rule_ref(l->record.fields, "onward_of_loan_id") != NULL ||
	    (lender != NULL && s->owner != NULL &&
	        strcmp(lender, s->owner) != 0);
	l->is_history = is_history(&set);
	e = find_approval(s, &l->record, &set, &l->is_approved);
	record_set_free(&set);
	return e;
}

enum err
device_loan_at(struct txn *t, struct device_state *s, size_t i,
    const struct device_loan **out)
{
	struct device_loan *l = &s->loans[i];
	enum err e = l->is_read ? ERR_OK : read_loan(t, s, l);

	*out = e == ERR_OK && !l->is_gone ? l : NULL;
	return e;
}

enum err
device_loan_by_key(struct txn *t, struct device_state *s,
    const uint8_t key[KEY_RECORD_BYTES], const struct device_loan **out)
{
	size_t i;

	*out = NULL;
	for (i = 0; i < s->loan_count; i++)
		if (memcmp(s->loans[i].key, key, KEY_RECORD_BYTES) == 0)
			return device_loan_at(t, s, i, out);
	return ERR_OK;
}

bool
device_may_approve(const struct device_state *s, const char *org)
{
	return is_owners_word(s, org);
}

enum err
device_loan_of(struct txn *t, struct device_state *s, const char *source,
    const json_t *custody, const struct device_loan **out)
{
	const char *ref = rule_ref(custody, "loan_id");
	uint8_t key[KEY_RECORD_BYTES];
	enum err e;

	*out = NULL;
	if (ref == NULL)
		return ERR_OK;
	e = index_resolve(t, source, "loan", ref, key);
	if (e == ERR_OK)
		e = device_loan_by_key(t, s, key, out);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
find_loans(struct txn *t, struct device_state *s)
{
	struct buffer keys = {0};
	size_t i, count;
	enum err e =
	    find_namers(t, s, "loan", NAMING_GRANTS, DEVICE_CROWD_LOANS, &keys);

	count = keys.size / KEY_RECORD_BYTES;
	if (e == ERR_OK) {
		s->loans = calloc(count + 1, sizeof *s->loans);
		if (s->loans == NULL)
			e = ERR_NOMEM;
	}
	for (i = 0; e == ERR_OK && i < count; i++)
		memcpy(s->loans[s->loan_count++].key,
		    keys.data + i * KEY_RECORD_BYTES, KEY_RECORD_BYTES);
	buffer_free(&keys);
	return e;
}

/* --- all of it ----------------------------------------------------------- */

enum err
device_state_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct device_state *out)
{
	enum err e;

	memset(out, 0, sizeof *out);
	memcpy(out->key, key, KEY_RECORD_BYTES);
	e = record_read(t, key, &out->device);
	if (e != ERR_OK)
		return e;
	out->owner = rule_ref(out->device.fields, "owner_org_id");
	e = read_custody(t, out);
	if (e == ERR_OK)
		e = read_owners_word(t, out);
	if (e == ERR_OK)
		e = follow_chain(out);
	if (e == ERR_OK)
		e = find_loans(t, out);
	if (e != ERR_OK)
		device_state_free(out);
	return e;
}

void
device_state_free(struct device_state *s)
{
	while (s->custody_count > 0)
		record_clear(&s->custody[--s->custody_count]);
	while (s->loan_count > 0)
		record_clear(&s->loans[--s->loan_count].record);
	while (s->decision_count > 0)
		record_clear(&s->decisions[--s->decision_count]);
	record_clear(&s->device);
	json_decref(s->word);
	free(s->custody);
	free(s->custody_is_history);
	free(s->names);
	free(s->events);
	free(s->loans);
	free(s->decisions);
	memset(s, 0, sizeof *s);
}
