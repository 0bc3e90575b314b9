/* author: records made and amended here by a person. */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/apart.h"
#include "store/arrival_say.h"
#include "store/author.h"
#include "store/contract_word.h"
#include "store/device_vet.h"
#include "store/group_word.h"
#include "store/index.h"
#include "store/named_once.h"
#include "store/paper.h"
#include "store/persons.h"
#include "store/reassign.h"
#include "store/rules.h"
#include "store/value.h"
#include "store/vet.h"

enum { DRAFT_REF_BYTES = 8 };

/* A record on its way from a person into the store. */
struct work {
	struct txn *t;
	const struct self *self;
	int64_t now;
	const struct kind *kind;
	const char *by, *org;
	char at[26];
	char source[SOURCE_BYTES_MAX + 1]; /* of the record */
	json_t *whole;                     /* all its fields, as they will be */
	const json_t *before; /* as they are; NULL: nobody else knows it */
	struct vet vet;
	struct vet_line line;
	const uint8_t *key; /* of the record; NULL: it is new */
	unsigned flags;     /* enum author_flag */
	struct authored *out;
};

/* --- before anything --------------------------------------------------- */

static const char *
first_org(const struct self *self)
{
	const struct cert *own = &self->chain[0];

	if (!self->is_enrolled || own->org_count == 0)
		return "";
	return own->orgs[0];
}

static void
check_names(struct work *w, const json_t *fields)
{
	static const char *const envelope[] = {
	    "kind", "ref", "by", "at", "org_id"};
	size_t i;

	for (i = 0; i < sizeof envelope / sizeof envelope[0]; i++)
		if (json_object_get(fields, envelope[i]) != NULL)
			findings_refuse(&w->out->findings,
			    FINDING_UNKNOWN_FIELD, envelope[i]);
	vet_names(fields, &w->out->findings);
}

/* Nobody writes under the name of the group's machine; at the group a person
 * may set what is the group's. */
static void
check_word(struct work *w, const json_t *fields)
{
	enum finding_code code = group_word_claimed(
	    w->kind, w->by, w->self->role == ROLE_HUB ? NULL : fields);

	if (code != FINDING_NONE)
		findings_refuse(&w->out->findings, code,
		    code == FINDING_GROUPS_NAME ? "by" : "");
}

/* Before any staff record is here nothing is known of anybody. */
static void
warn_of_nobody(struct work *w)
{
	uint8_t key[KEY_RECORD_BYTES];

	if (record_any(w->t, "staff") &&
	    record_find(w->t, w->self, "staff", w->by, key) == ERR_NOT_FOUND)
		findings_warn(&w->out->findings, FINDING_AWAITED, "by");
}

static void
check_reference(struct work *w, const char *ref, const char *name)
{
	if (ref == NULL || ref[0] == '\0')
		findings_refuse(&w->out->findings, FINDING_MISSING, name);
	else if (!vet_ref_is_sound(ref, strlen(ref)))
		findings_refuse(&w->out->findings, FINDING_REFERENCE, name);
}

/* Who may write this here at all. */
static enum err
work_begin(
    struct work *w, const char *kind, const char *org, const json_t *fields)
{
	struct findings *f = &w->out->findings;

	w->kind = kind_by_name(kind);
	w->org = org == NULL || org[0] == '\0' ? first_org(w->self) : org;
	if (instant_print(w->now, w->at) != ERR_OK)
		w->at[0] = '\0';
	vet_begin(&w->vet, w->t, w->self, NULL, w->now);
	/* Saving works; who sits before it is asked for the date. */
	if (self_clock(w->self, w->now) == CLOCK_SUSPECT)
		findings_warn(f, FINDING_CLOCK, "at");
	if (w->kind == NULL)
		findings_refuse(f, FINDING_KIND_UNKNOWN, "kind");
	if (!json_is_object(fields))
		findings_refuse(f, FINDING_NOT_OBJECT, "");
	else
		check_names(w, fields);
	check_reference(w, w->by, "by");
	check_reference(w, w->org, "org_id");
	if (f->refusals == 0)
		check_word(w, fields);
	if (f->refusals > 0)
		return ERR_REFUSED;
	if (w->kind->by_group && w->self->role != ROLE_HUB)
		return ERR_NOT_ALLOWED;
	warn_of_nobody(w);
	return vet_org_is_ours(&w->vet, w->org) ? ERR_OK : ERR_NOT_ALLOWED;
}

static bool
is_draft(const struct work *w)
{
	const char *state =
	    json_string_value(json_object_get(w->whole, "state"));

	return w->kind->states != NULL && state != NULL &&
	       strcmp(state, "draft") == 0;
}

/* The kind's check, and the form the store keeps. */
static enum err
work_check(struct work *w, const char *old_state, bool is_first)
{
	w->line = (struct vet_line){.kind = w->kind,
	    .fields = w->whole,
	    .at = w->at[0] == '\0' ? NULL : w->at,
	    .by = w->by,
	    .org = w->org,
	    .old_state = old_state,
	    .is_first = is_first,
	    .own = w->key,
	    .before = w->before,
	    .is_entitled = (w->flags & AUTHOR_ENTITLED) != 0};
	vet_record(&w->vet, &w->line, &w->out->findings);
	if (w->out->findings.refusals > 0)
		return ERR_REFUSED;
	return kind_normalise(w->kind, w->whole);
}

/* --- writing ----------------------------------------------------------- */

static void
fill_change(const struct work *w, struct change *c)
{
	change_init(c);
	snprintf(c->record.kind, sizeof c->record.kind, "%s", w->kind->name);
	memcpy(c->record.source, w->source, sizeof c->record.source);
	snprintf(c->by, sizeof c->by, "%s", w->by);
	snprintf(c->org, sizeof c->org, "%s", w->org);
	c->clock = self_clock(w->self, w->now);
	c->occurred_at = w->now;
	c->recorded_at = w->now;
}

/* What no change can hold, where fields are not known here. */
static enum err
fault_of(struct work *w, enum err e)
{
	if (e != ERR_FORMAT)
		return e;
	findings_refuse(&w->out->findings, FINDING_TYPE, "");
	return ERR_REFUSED;
}

static enum err
write_draft(struct work *w, struct change *c)
{
	enum err e;

	c->fields = w->whole;
	e = fault_of(w, draft_write(w->t, c));
	w->out->record = c->record;
	w->out->is_draft = true;
	return e;
}

static enum err
write_change(struct work *w, struct change *c, json_t *changed)
{
	enum err e;

	c->fields = changed;
	/* What the group decides of a device it says in the owner's place. */
	c->managing =
	    vet_is_managing(&w->vet, &w->line) ||
	    (w->line.is_entitled && (w->self->role != ROLE_HUB ||
	                                strcmp(w->kind->name, "device") == 0));
	e = fault_of(
	    w, admit_own(w->t, w->self, c, vet_class(&w->line, changed)));
	if (e == ERR_OK) {
		w->out->record = c->record;
		w->out->id = c->id;
		w->out->is_new = true;
	}
	if (e == ERR_OK && strcmp(c->record.kind, "org") == 0)
		e = apart_judge_again(w->t, w->self);
	return e;
}

/* A number is drawn last, when nothing can be refused any more: it is used
 * once and never again. */
static enum err
draw_slip(struct work *w)
{
	char *slip = w->out->slip_no;
	enum err e;

	if (w->kind->slip_letter == 0 ||
	    json_object_get(w->whole, "slip_no") != NULL)
		return ERR_OK;
	e = paper_draw(w->t, w->self, w->org, w->kind->slip_letter, slip,
	    sizeof w->out->slip_no);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_OK &&
	    json_object_set_new(w->whole, "slip_no", json_string(slip)) != 0)
		e = ERR_NOMEM;
	return e;
}

/* --- adding ------------------------------------------------------------ */

/* A draft keeps this name when it is signed, so that what refers to it still
 * finds it. */
static void
name_draft(struct work *w, struct identity *record)
{
	uint8_t random[DRAFT_REF_BYTES];

	db_random(txn_db(w->t), random, sizeof random);
	memcpy(record->ref, "~d", 2);
	hex_encode(record->ref + 2, random, sizeof random);
}

/* A draft is this store's, and names whom it is about as it was typed. What a
 * decision makes says whose it is itself. */
static enum err
find_source(struct work *w)
{
	w->vet.form_source = w->source;
	return w->flags != 0 || is_draft(w)
	           ? ERR_OK
	           : persons_source(w->t, w->self, w->kind, w->whole, w->source,
	                 &w->out->findings);
}

static enum err
add(struct work *w)
{
	struct change c;
	enum err e;

	snprintf(w->source, sizeof w->source, "%s",
	    vet_source_of(w->kind, w->self->source));
	e = device_fill(w->t, w->self, w->kind, w->whole);
	if (e == ERR_OK)
		e = persons_complete(
		    w->t, w->self, w->kind, w->whole, &w->out->findings);
	if (e == ERR_OK)
		e = find_source(w);
	if (e == ERR_OK)
		e = work_check(w, NULL, true);
	if (e != ERR_OK)
		return e;
	fill_change(w, &c);
	if (is_draft(w)) {
		name_draft(w, &c.record);
		return write_draft(w, &c);
	}
	e = draw_slip(w);
	c.founds = true;
	return e == ERR_OK ? write_change(w, &c, w->whole) : e;
}

enum err
author_add_as(struct txn *t, const struct self *self, unsigned flags,
    const char *kind, const char *by, const char *org, json_t *fields,
    int64_t now, struct authored *out)
{
	struct work w = {.t = t,
	    .self = self,
	    .now = now,
	    .by = by,
	    .flags = flags,
	    .out = out};
	enum err e;

	memset(out, 0, sizeof *out);
	e = work_begin(&w, kind, org, fields);
	if (e != ERR_OK)
		return e;
	w.whole = json_deep_copy(fields);
	e = w.whole == NULL ? ERR_NOMEM : add(&w);
	json_decref(w.whole);
	return e;
}

enum err
author_add(struct txn *t, const struct self *self, const char *kind,
    const char *by, const char *org, json_t *fields, int64_t now,
    struct authored *out)
{
	return author_add_as(t, self, 0, kind, by, org, fields, now, out);
}

/* --- amending ---------------------------------------------------------- */

static enum err
lay_over(json_t *whole, const json_t *fields)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)fields, name, v)
	{
		if (json_is_null(v))
			json_object_del(whole, name);
		else if (json_object_set_new(whole, name, json_deep_copy(v)) !=
		         0)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

/* An amended record says so by itself where its kind has a word for it. */
static enum err
move_to_amended(struct work *w, const json_t *fields, const char *old_state)
{
	if (old_state == NULL || w->kind->states == NULL ||
	    json_object_get(fields, "state") != NULL ||
	    !state_follows(w->kind, old_state, "amended"))
		return ERR_OK;
	return json_object_set_new(w->whole, "state", json_string("amended")) ==
	               0
	           ? ERR_OK
	           : ERR_NOMEM;
}

/* Who signed it changes it, or the head; of others it is told, and the group
 * asked (entitled.c). */
static void
warn_of_others(struct work *w, const struct record *r)
{
	if (w->kind->states != NULL && state_rank(w->kind, "amended") >= 0 &&
	    w->self->role != ROLE_HUB && w->self->is_enrolled &&
	    group_word_others_began(w->t, &r->id, &w->self->chain[0]))
		findings_warn(
		    &w->out->findings, FINDING_OTHERS_RECORD, "org_id");
}

/* Likewise of a contract: who began it, or keeps the resident's file. */
static void
warn_of_others_contract(
    struct work *w, const struct record *r, const json_t *fields)
{
	if (strcmp(w->kind->name, "contract") == 0 &&
	    w->self->role != ROLE_HUB && w->self->is_enrolled &&
	    !contract_word_is_ours(w->t, &r->id, w->org, fields) &&
	    !vet_is_managing(&w->vet, &w->line))
		findings_warn(
		    &w->out->findings, FINDING_OTHERS_CONTRACT, "org_id");
}

/* Whether versions met in it. */
static bool
is_open(const struct record *r)
{
	return r->head_count > 1 || r->is_conflicted;
}

/* A step of the group's, which is not taken by saying again where it led. */
static bool
is_groups_step(const struct work *w, const char *name, const json_t *value)
{
	const char *state = json_string_value(value);
	int rank = strcmp(name, "state") != 0 || state == NULL ||
	                   w->kind->states == NULL
	               ? -1
	               : state_rank(w->kind, state);

	return w->self->role != ROLE_HUB && rank >= 0 &&
	       w->kind->states[rank].group_only;
}

/* Whether what was given counts even if it is what is shown: where versions
 * stand side by side it settles between them, and an owner's approval is his.
 */
static bool
counts_again(const struct work *w, const struct record *r, const char *name,
    const json_t *value)
{
	return (is_open(r) && !is_groups_step(w, name, value)) ||
	       device_approves(w->t, r, name, value, w->org);
}

/* What differs from the record, or counts again. */
static json_t *
changed_fields(
    const struct work *w, const struct record *r, const json_t *fields)
{
	json_t *changed = json_object(), *v;
	bool settles = is_open(r);
	const char *name;
	int bad = 0;

	json_object_foreach(w->whole, name, v)
	{
		const json_t *old = json_object_get(r->fields, name);

		if (old == NULL || !value_equal(old, v) ||
		    (json_object_get(fields, name) != NULL &&
		        counts_again(w, r, name, v)))
			bad |= json_object_set(changed, name, v);
	}
	json_object_foreach((json_t *)(uintptr_t)fields, name, v)
	{
		if (json_is_null(v) &&
		    (settles || json_object_get(r->fields, name) != NULL))
			bad |= json_object_set(changed, name, v);
	}
	if (bad != 0 || changed == NULL) {
		json_decref(changed);
		return NULL;
	}
	return changed;
}

static enum err
amend_record(struct work *w, const struct record *r, const json_t *fields)
{
	json_t *changed = changed_fields(w, r, fields);
	struct change c;
	enum err e = ERR_OK;

	if (changed == NULL)
		return ERR_NOMEM;
	fill_change(w, &c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	if (json_object_size(changed) > 0 || r->head_count > 1) {
		e = write_change(w, &c, changed);
	} else {
		w->out->record = r->id;
		w->out->id = r->head;
	}
	json_decref(changed);
	return e;
}

static enum err
amend_draft(
    struct work *w, const struct record *r, const uint8_t key[KEY_RECORD_BYTES])
{
	struct change c;
	enum err e;

	fill_change(w, &c);
	memcpy(c.record.ref, r->id.ref, sizeof c.record.ref);
	if (is_draft(w))
		return write_draft(w, &c);
	e = draw_slip(w);
	if (e == ERR_OK)
		e = write_change(w, &c, w->whole);
	return e == ERR_OK ? draft_delete(w->t, key) : e;
}

/* What is signed goes into the file of whom it names. What others know stays
 * of its source; where the ref does not lead there from that, it is filed anew.
 */
static enum err
follow_resident(struct work *w, const struct record *r, const json_t *fields,
    bool was_draft)
{
	uint8_t meant[KEY_RECORD_BYTES], led[KEY_RECORD_BYTES];
	const char *ref;
	enum err e;

	memcpy(w->source, r->id.source, sizeof w->source);
	w->vet.form_source = w->source;
	if (!was_draft && json_object_get(fields, "resident_id") == NULL)
		return ERR_OK;
	e = find_source(w);
	if (e != ERR_OK || was_draft || strcmp(w->source, r->id.source) == 0)
		return e;
	ref = rule_ref(w->whole, "resident_id");
	key_record_of(txn_db(w->t), meant, w->source, "resident", ref);
	memcpy(w->source, r->id.source, sizeof w->source);
	e = index_resolve(w->t, r->id.source, "resident", ref, led);
	if (e == ERR_OK && memcmp(meant, led, sizeof led) == 0)
		return ERR_OK;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	findings_refuse(&w->out->findings, FINDING_NAMED, "resident_id");
	return ERR_REFUSED;
}

/* Whoever types to a stub is told which record it became. An arrival goes on
 * beside the referral that it was joined to. */
static enum err
keep_stub(struct work *w, const struct record *r, const json_t *fields)
{
	bool is_joined;
	const char *to;
	enum err e;

	if ((w->flags & AUTHOR_ENTITLED) != 0)
		return ERR_OK;
	e = arrival_is_joined(w->t, r, w->key, &is_joined);
	if (e != ERR_OK ||
	    (is_joined && json_object_get(fields, "reassigned_to") == NULL))
		return e;
	to = reassign_keeps_stub(r->fields, fields, &w->out->findings);
	if (to == NULL)
		return ERR_OK;
	snprintf(w->out->went_to, sizeof w->out->went_to, "%s", to);
	return ERR_REFUSED;
}

static enum err
amend(struct work *w, const struct record *r, const json_t *fields,
    bool was_draft, const uint8_t key[KEY_RECORD_BYTES])
{
	const char *old_state =
	    json_string_value(json_object_get(r->fields, "state"));
	struct person_step step = {.kind = w->kind,
	    .before = r->fields,
	    .given = fields,
	    .org = w->org,
	    .is_group = w->self->role == ROLE_HUB};
	enum err e = lay_over(w->whole, fields);

	if (e == ERR_OK && !was_draft)
		e = keep_stub(w, r, fields);
	if (e == ERR_OK)
		e = follow_resident(w, r, fields, was_draft);
	if (e != ERR_OK)
		return e;
	persons_check(&step, &w->out->findings);
	if (!was_draft && !step.is_group && (w->flags & AUTHOR_ENTITLED) == 0)
		named_once_check(w->kind, r->fields, fields, &w->out->findings);
	if (!was_draft)
		warn_of_others(w, r);
	if (!was_draft)
		e = move_to_amended(w, fields, old_state);
	if (e == ERR_OK && (w->flags & AUTHOR_RESTORES) != 0)
		old_state =
		    json_string_value(json_object_get(w->whole, "state"));
	if (e == ERR_OK)
		e = work_check(w, old_state, false);
	if (e == ERR_OK && !was_draft && is_draft(w)) {
		findings_refuse(
		    &w->out->findings, FINDING_STILL_DRAFT, "state");
		e = ERR_REFUSED;
	}
	if (e != ERR_OK)
		return e;
	if (!was_draft)
		warn_of_others_contract(w, r, fields);
	return was_draft ? amend_draft(w, r, key) : amend_record(w, r, fields);
}

enum err
author_amend_as(struct txn *t, const struct self *self, unsigned flags,
    const uint8_t record_key[KEY_RECORD_BYTES], const char *by, const char *org,
    json_t *fields, int64_t now, struct authored *out)
{
	struct work w = {.t = t,
	    .self = self,
	    .now = now,
	    .by = by,
	    .out = out,
	    .flags = flags,
	    .key = record_key};
	struct record r;
	bool was_draft;
	enum err e = record_read(t, record_key, &r);

	memset(out, 0, sizeof *out);
	was_draft = e == ERR_NOT_FOUND;
	if (was_draft)
		e = draft_read(t, record_key, &r);
	if (e != ERR_OK)
		return e;
	/* Who is in no group has no org of his own to go by; nor has the
	 * group's node, where reference data is the group's. */
	if ((org == NULL || org[0] == '\0') && *first_org(self) == '\0')
		org = r.org;
	e = work_begin(&w, r.id.kind, org, fields);
	if (e == ERR_OK) {
		w.whole = json_deep_copy(r.fields);
		w.before = was_draft ? NULL : r.fields;
		e = w.whole == NULL
		        ? ERR_NOMEM
		        : amend(&w, &r, fields, was_draft, record_key);
		json_decref(w.whole);
	}
	record_clear(&r);
	return e;
}

/* At the group's node, which has no org, a person speaks for the one at the top
 * above whose record it is: never in the name of that. Reference data is the
 * group's anyhow. False: nobody knows who is above. */
static bool
find_speaker(struct txn *t, const struct self *self,
    const uint8_t record_key[KEY_RECORD_BYTES], char out[REF_BYTES_MAX + 1])
{
	char org[REF_BYTES_MAX + 1] = "";
	uint8_t key[KEY_RECORD_BYTES];
	const struct kind *k;
	struct record r;

	out[0] = '\0';
	if (self->role != ROLE_HUB || *first_org(self) != '\0' ||
	    record_read(t, record_key, &r) != ERR_OK)
		return true;
	k = kind_by_name(r.id.kind);
	if (k == NULL || !k->by_group)
		snprintf(org, sizeof org, "%s", r.org);
	record_clear(&r);
	if (org[0] == '\0')
		return true;
	index_top_org(t, org, out, REF_BYTES_MAX + 1);
	key_record_of(txn_db(t), key, "", "org", out);
	return strcmp(out, org) != 0 || record_exists(t, key);
}

enum err
author_amend(struct txn *t, const struct self *self,
    const uint8_t record_key[KEY_RECORD_BYTES], const char *by, const char *org,
    json_t *fields, int64_t now, struct authored *out)
{
	char speaker[REF_BYTES_MAX + 1];

	if (org == NULL || org[0] == '\0') {
		if (!find_speaker(t, self, record_key, speaker)) {
			memset(out, 0, sizeof *out);
			findings_refuse(
			    &out->findings, FINDING_MISSING, "org_id");
			return ERR_REFUSED;
		}
		org = speaker;
	}
	return author_amend_as(
	    t, self, 0, record_key, by, org, fields, now, out);
}
