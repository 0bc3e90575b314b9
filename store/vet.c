/* vet: judging what is handed in, with the world around it. */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/crowded.h"
#include "store/device_decided.h"
#include "store/device_vet.h"
#include "store/duplicates.h"
#include "store/exam_items.h"
#include "store/index.h"
#include "store/keeper_vet.h"
#include "store/kinds/kinds.h"
#include "store/linked.h"
#include "store/matter_pen.h"
#include "store/report_vet.h"
#include "store/rules.h"
#include "store/service_vet.h"
#include "store/text.h"
#include "store/vet.h"

enum { REF_PREFIX = sizeof "ref:" - 1 };

/* --- names and depth --------------------------------------------------- */

bool
vet_ref_is_sound(const char *text, size_t size)
{
	struct text_facts facts;

	if (size == 0 || size > REF_BYTES_MAX)
		return false;
	text_look(text, size, &facts);
	return facts.is_utf8 && !facts.is_blank && !facts.has_control &&
	       !facts.has_break && facts.chars <= REF_CHARS_MAX;
}

static bool
is_numbered(const char *name)
{
	size_t n;

	if (name[0] != '#')
		return false;
	n = strspn(name + 1, "0123456789");
	return n > 0 && name[n + 1] == '\0';
}

static void
look_into(const json_t *value, unsigned depth, struct findings *out)
{
	const char *name;
	json_t *v;
	size_t i;

	if (depth > VALUE_DEPTH_MAX) {
		findings_refuse(out, FINDING_TOO_DEEP, "");
		return;
	}
	if (json_is_array(value)) {
		for (i = 0; i < json_array_size(value); i++)
			look_into(json_array_get(value, i), depth + 1, out);
		return;
	}
	if (!json_is_object(value))
		return;
	/* Iterating changes nothing; jansson's iterators know no const. */
	json_object_foreach((json_t *)(uintptr_t)value, name, v)
	{
		if (is_numbered(name))
			findings_refuse(out, FINDING_UNKNOWN_FIELD, name);
		if (json_is_object(v) || json_is_array(v))
			look_into(v, depth + 1, out);
	}
}

void
vet_names(const json_t *fields, struct findings *out)
{
	if (json_object_get(fields, MERGE_SET_ASIDE) != NULL)
		findings_refuse(out, FINDING_UNKNOWN_FIELD, MERGE_SET_ASIDE);
	if (json_object_get(fields, MERGE_UNMANAGED) != NULL)
		findings_refuse(out, FINDING_UNKNOWN_FIELD, MERGE_UNMANAGED);
	look_into(fields, 0, out);
}

/* --- rights ------------------------------------------------------------ */

bool
vet_org_is_ours(struct vet *v, const char *org)
{
	bool is_ours;
	size_t i;

	if (v->self->role == ROLE_HUB || !v->self->is_enrolled)
		return true;
	for (i = 0; i < v->org_count; i++)
		if (strcmp(v->orgs[i].org, org) == 0)
			return v->orgs[i].is_ours;
	is_ours = org_within(v->t, &v->self->chain[0], org);
	if (v->org_count < VET_ORGS && strlen(org) <= ORG_REF_BYTES_MAX) {
		memcpy(v->orgs[v->org_count].org, org, strlen(org) + 1);
		v->orgs[v->org_count++].is_ours = is_ours;
	}
	return is_ours;
}

const char *
vet_source_of(const struct kind *k, const char *source)
{
	return k != NULL && k->by_group ? "" : source;
}

bool
vet_find_given(
    struct vet *v, struct identity *id, uint8_t key[KEY_RECORD_BYTES])
{
	struct record r;
	bool is_ours;

	if (record_exists(v->t, key) ||
	    txn_has(v->t, TABLE_DRAFTS, key, KEY_RECORD_BYTES) == ERR_OK)
		return true;
	if (record_find(v->t, v->self, id->kind, id->ref, key) != ERR_OK ||
	    record_read(v->t, key, &r) != ERR_OK)
		return false;
	is_ours = vet_org_is_ours(v, r.org);
	if (is_ours)
		*id = r.id;
	record_clear(&r);
	return is_ours;
}

/* --- the world --------------------------------------------------------- */

/* Keys end in a hash, whose first bytes are as good as any. */
static uint8_t *
seen_slot(struct vet *v, const uint8_t key[KEY_RECORD_BYTES])
{
	return v->seen[load_u16(key + 2) % VET_SEEN];
}

/* Made here or come from another source; or reference data, none of which has
 * come yet: then nothing can be said, and nothing is. */
static bool
exists_elsewhere(struct vet *v, const char *kind, const char *ref)
{
	const struct kind *k = kind_by_name(kind);
	uint8_t key[KEY_RECORD_BYTES];

	if (k == NULL || !k->by_group)
		return index_ref(v->t, kind, ref, key) == ERR_OK;
	return !record_any(v->t, kind);
}

static bool
exists_here(struct vet *v, const char *kind, const char *ref)
{
	const char *source = ref[0] == '~' ? v->self->source : v->source;
	uint8_t key[KEY_RECORD_BYTES], *slot;

	key_record_named(
	    v->t, key, vet_source_of(kind_by_name(kind), source), kind, ref);
	slot = seen_slot(v, key);
	if (memcmp(slot, key, KEY_RECORD_BYTES) == 0)
		return true;
	if (!record_exists(v->t, key) &&
	    txn_has(v->t, TABLE_DRAFTS, key, sizeof key) != ERR_OK)
		return exists_elsewhere(v, kind, ref);
	memcpy(slot, key, KEY_RECORD_BYTES);
	return true;
}

static bool
exists(void *world, const char *kind, const char *ref)
{
	struct vet *v = world;
	uint8_t key[KEY_RECORD_BYTES];
	enum err e;

	if (v->source != NULL)
		return exists_here(v, kind, ref);
	e = record_find_named(v->t, v->self, kind, ref, key);
	return e == ERR_OK || e == ERR_CLASH;
}

/* FNV-1a. It only finds a place in a memory of answers about reference data;
 * what a collision of 64 bits could do is spare a warning. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	while (*text++ != '\0');
	return hash;
}

static bool
works_at(void *world, const char *staff, const char *org, const char *day)
{
	struct vet *v = world;
	uint64_t hash = hash_text(0xcbf29ce484222325u, staff);
	struct vet_author *a;

	hash = hash_text(hash_text(hash, org), day);
	a = &v->authors[hash % VET_AUTHORS];
	if (hash == 0 || a->hash != hash) {
		a->works = index_works_at(v->t, staff, org, day);
		a->hash = hash;
	}
	return a->works;
}

static char *
drug_slot(struct vet *v, const char *code)
{
	return v->drugs[hash_text(0, code) % VET_DRUGS];
}

static bool
drug_known(void *world, const char *code)
{
	struct vet *v = world;
	char *slot = drug_slot(v, code);

	if (strcmp(slot, code) == 0 && code[0] != '\0')
		return true;
	if (!index_drug_known(v->t, code))
		return false;
	if (strlen(code) < VET_DRUG_BYTES)
		memcpy(slot, code, strlen(code) + 1);
	return true;
}

static const char *
text_of(const json_t *fields, const char *name)
{
	return json_string_value(json_object_get(fields, name));
}

/* The present version of the record a reference leads to. */
static enum err
read_referred(
    struct vet *v, const char *kind, const char *ref, struct record *out)
{
	const char *source = v->source != NULL ? v->source : v->form_source;
	uint8_t key[KEY_RECORD_BYTES];
	enum err e = ERR_NOT_FOUND;

	/* As at every node: a ref leads first from its record's source. */
	if (source != NULL) {
		key_record_of(txn_db(v->t), key,
		    vet_source_of(kind_by_name(kind), source), kind, ref);
		e = record_read(v->t, key, out);
	}
	/* What a store named may be of its source or of a resident's. */
	if (e != ERR_NOT_FOUND || (v->source != NULL && ref[0] != '~'))
		return e;
	e = record_find_named(v->t, v->self, kind, ref, key);
	return e == ERR_OK ? record_read(v->t, key, out) : e;
}

static bool
device_usable(void *world, const char *device, const char *day)
{
	uint8_t key[KEY_RECORD_BYTES];
	const struct vet *v = world;
	const char *condition;
	json_t *word = NULL;
	struct record r;
	bool usable;

	if (read_referred(world, "device", device, &r) != ERR_OK)
		return true;
	condition = text_of(r.fields, "condition");
	key_record(txn_db(v->t), key, &r.id);
	/* Without it the record's own day counts. */
	(void)device_owners_word_read(v->t, key, &word);
	usable = !device_metrology_is_over(r.fields, word, day);
	json_decref(word);
	if (condition != NULL && (strcmp(condition, "unsafe") == 0 ||
	                             strcmp(condition, "withdrawn") == 0))
		usable = false;
	record_clear(&r);
	return usable;
}

static bool
names_ref(const json_t *fields, const char *name, const char *wanted)
{
	const char *ref = rule_ref(fields, name);

	return ref != NULL && strcmp(ref, wanted) == 0;
}

static enum err
read_resident(
    struct vet *v, const char *source, const char *ref, struct record *out)
{
	uint8_t key[KEY_RECORD_BYTES];

	if (source == NULL)
		return read_referred(v, "resident", ref, out);
	key_record_of(txn_db(v->t), key, source, "resident", ref);
	return record_read(v->t, key, out);
}

static bool
manages(void *world, const char *source, const char *resident, const char *org)
{
	struct record r;
	bool is_managing;

	/* Of whom nothing is known nobody here is the keeper. */
	if (read_resident(world, source, resident, &r) != ERR_OK)
		return false;
	is_managing = names_ref(r.fields, "managing_org_id", org);
	record_clear(&r);
	return is_managing;
}

static bool
read_members(struct vet *v, const char *staff, const char *team)
{
	const json_t *members;
	struct record r;
	bool is_in = false;
	size_t i;

	if (read_referred(v, "team", team, &r) != ERR_OK)
		return true;
	is_in = names_ref(r.fields, "leader_staff_id", staff);
	members = json_object_get(r.fields, "members");
	for (i = 0; !is_in && i < json_array_size(members); i++) {
		const char *ref = json_string_value(json_array_get(members, i));

		is_in = ref != NULL && strncmp(ref, "ref:", REF_PREFIX) == 0 &&
		        strcmp(ref + REF_PREFIX, staff) == 0;
	}
	record_clear(&r);
	return is_in;
}

/* Remembered where works_at() does, under another beginning. */
static bool
in_team(void *world, const char *staff, const char *team)
{
	struct vet *v = world;
	uint64_t hash = hash_text(hash_text(0, staff), team);
	struct vet_author *a = &v->authors[hash % VET_AUTHORS];

	if (hash == 0 || a->hash != hash) {
		a->works = read_members(v, staff, team);
		a->hash = hash;
	}
	return a->works;
}

static int
window_days(void *world, const char *item, const char *day)
{
	struct vet *v = world;
	struct exam_item found;

	return exam_items_find(v->t, item, day, &found) ? found.window_days : 0;
}

static bool
report_signed(void *world, const char *report, char day[11])
{
	const char *signed_at;
	struct record r;

	if (read_referred(world, "exam_report", report, &r) != ERR_OK)
		return false;
	signed_at = rule_day(r.fields, "signed_at");
	if (signed_at != NULL)
		snprintf(day, 11, "%.10s", signed_at);
	record_clear(&r);
	return signed_at != NULL;
}

/* The day it was to run to, or that on which it ended before. */
static bool
contract_ends(void *world, const char *contract, char day[11])
{
	const char *last;
	struct record r;

	if (read_referred(world, "contract", contract, &r) != ERR_OK)
		return false;
	last = rule_day(r.fields, "ended_on");
	if (last == NULL)
		last = rule_day(r.fields, "end_on");
	if (last != NULL)
		snprintf(day, 11, "%.10s", last);
	record_clear(&r);
	return last != NULL;
}

/* --- the whole record -------------------------------------------------- */

void
vet_begin(struct vet *v, struct txn *t, const struct self *self,
    const char *source, int64_t now)
{
	memset(v, 0, sizeof *v);
	v->t = t;
	v->self = self;
	v->source = source;
	if (self_clock(self, now) == CLOCK_SUSPECT ||
	    instant_print(now, v->now) != ERR_OK)
		v->now[0] = '\0';
}

void
vet_forget(struct vet *v)
{
	v->org_count = 0;
	memset(v->authors, 0, sizeof v->authors);
	memset(v->drugs, 0, sizeof v->drugs);
}

/* Whoever the resident is that it names, what only the group decides is not
 * written down as decided by anybody else. */
static bool
is_groups_matter(const struct vet *v, const struct vet_line *line)
{
	return v->self->role != ROLE_HUB &&
	       strcmp(line->kind->name, "question") == 0 &&
	       matter_is_groups(line->fields);
}

/* Whether a word on a move says now that the file goes over, or goes back. */
static bool
gives_file(const struct vet_line *line)
{
	const char *state = rule_text(line->fields, "state");
	const char *was = rule_text(line->before, "state");

	if (state == NULL || strcmp(line->kind->name, "move") != 0 ||
	    (was != NULL && strcmp(was, state) == 0))
		return false;
	return strcmp(state, "confirmed") == 0 || strcmp(state, "undone") == 0;
}

/* The file is given with the word, so it has to be plain whose it is. */
static bool
gives_no_file(struct vet *v, const struct vet_line *line)
{
	struct identity move = {.kind = "move"};
	uint8_t key[KEY_RECORD_BYTES];
	const char *resident;
	struct record r;

	if (v->self->role != ROLE_HUB || !gives_file(line))
		return false;
	snprintf(move.source, sizeof move.source, "%s",
	    v->source == NULL ? v->self->source : v->source);
	if (line->own != NULL && record_read(v->t, line->own, &r) == ERR_OK) {
		move = r.id;
		record_clear(&r);
	}
	resident = rule_ref(line->fields, "resident_id");
	return linked_resident(v->t, &move, line->fields, key) ==
	           ERR_NOT_FOUND &&
	       resident != NULL &&
	       index_ref(v->t, "resident", resident, key) == ERR_OK;
}

/* What would be kept apart there is refused here, where it can be mended. */
static bool
is_crowded(const struct vet *v, const struct vet_line *line)
{
	bool is = false;

	return line->own != NULL &&
	       crowded_is(v->t, line->own, v->self->life,
	           v->self->role == ROLE_HUB, &is) == ERR_OK &&
	       is;
}

/* Of what a visit gives and orders, and of an examination when it is asked
 * for. */
static void
remind_of_duplicates(
    struct vet *v, const struct vet_line *line, struct findings *out)
{
	const char *taken = rule_day(line->fields, "taken_at");
	const char *source =
	    v->form_source != NULL ? v->form_source : v->self->source;

	if (strcmp(line->kind->name, "encounter") == 0)
		duplicates_remind(v->t, v->self, source,
		    rule_day(line->fields, "visit_at"), line->fields, line->own,
		    out);
	if (strcmp(line->kind->name, "exam_request") == 0 && line->is_first)
		duplicates_remind(v->t, v->self, source,
		    taken != NULL ? taken : line->at, line->fields, line->own,
		    out);
}

/* An arrival that was registered by its number stays one. */
static bool
was_by_slip(const struct vet_line *line)
{
	return strcmp(line->kind->name, "referral") == 0 &&
	       line->before != NULL &&
	       rule_ref(line->before, "from_org") == NULL;
}

void
vet_record(struct vet *v, const struct vet_line *line, struct findings *out)
{
	struct check_context cx = {
	    .at = line->at,
	    .now = v->now[0] == '\0' ? NULL : v->now,
	    .by = line->by,
	    .org = line->org,
	    .old_state = line->old_state,
	    .is_first = line->is_first,
	    .was_by_slip = was_by_slip(line),
	    .acts_for_group = v->self->role == ROLE_HUB || line->is_entitled,
	    .exists = exists,
	    .works_at = works_at,
	    .drug_known = drug_known,
	    .device_usable = device_usable,
	    .in_team = in_team,
	    .manages = manages,
	    .window_days = window_days,
	    .report_signed = report_signed,
	    .contract_ends = contract_ends,
	    .world = v,
	};

	kind_check(line->kind, line->fields, &cx, out);
	if (is_groups_matter(v, line))
		findings_refuse(out, FINDING_GROUP_ONLY_STATE, "code");
	if (gives_no_file(v, line))
		findings_refuse(out, FINDING_AMBIGUOUS, "resident_id");
	if (is_crowded(v, line))
		findings_refuse(out, FINDING_MANY_CHANGES, "");
	report_vet(v, line, out);
	/* Who sits before it can still do otherwise; a file cannot. */
	if (v->source == NULL) {
		remind_of_duplicates(v, line, out);
		service_vet(v, line, out);
	}
	device_vet(v->t, v->self, line, v->source == NULL, out);
	keeper_vet(v, line, out);
}

bool
vet_is_managing(struct vet *v, const struct vet_line *line)
{
	/* Who takes a file does not become its keeper by that. */
	const json_t *seen = line->before == NULL ? line->fields : line->before;
	const char *resident;
	struct record r;
	bool is_managing;

	if (strcmp(line->kind->name, "resident") == 0)
		return names_ref(seen, "managing_org_id", line->org);
	if (strcmp(line->kind->name, "device") == 0)
		return names_ref(seen, "owner_org_id", line->org);
	if (line->is_first)
		return false;
	resident = text_of(line->fields, "resident_id");
	if (resident == NULL || strncmp(resident, "ref:", REF_PREFIX) != 0 ||
	    read_resident(v, text_of(line->fields, "resident_source"),
	        resident + REF_PREFIX, &r) != ERR_OK)
		return false;
	is_managing = names_ref(r.fields, "managing_org_id", line->org);
	record_clear(&r);
	return is_managing;
}

static bool
goes_at_once(const struct kind *k, const json_t *changed)
{
	const struct field *f;

	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & FIELD_AT_ONCE) != 0 &&
		    json_object_get(changed, f->name) != NULL)
			return true;
	return false;
}

uint8_t
vet_class(const struct vet_line *line, const json_t *changed)
{
	const struct kind *k = line->kind;

	if (!line->is_first && goes_at_once(k, changed))
		return URGENCY_AT_ONCE;
	return k->classify != NULL ? k->classify(line->fields) : k->urgency;
}
