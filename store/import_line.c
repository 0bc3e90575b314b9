/* import_line: one line of exchange format v1, judged and taken.
 *
 * A line is a whole record. It is compared with the last line of the same
 * source, not with the record: what others amended since then is not undone
 * by a program that exports every night what it holds.
 */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/allergies.h"
#include "store/crowded.h"
#include "store/group_word.h"
#include "store/import_line.h"
#include "store/text.h"
#include "store/value.h"

enum { REF_PREFIX = sizeof "ref:" - 1 };

struct line {
	const struct kind *kind;
	struct identity id;
	char by[REF_BYTES_MAX + 1];
	char org[REF_BYTES_MAX + 1];
	char at_text[26];
	int64_t at;
	json_t *fields; /* without the envelope */
	bool is_own;    /* the ref was given here: "~..." */
	bool is_draft;
	uint8_t key[KEY_RECORD_BYTES];
	uint64_t hash; /* of everything the line says */

	/* What it is compared with; before is NULL for a first line. */
	json_t *before;
	bool was_draft;
	bool is_anothers;    /* that line was another author's or org's */
	size_t before_count; /* changes that tell it; 0: not asked */
	size_t parent_count;
	struct parent parents[CHANGE_PARENTS_MAX];
};

/* --- from bytes to JSON ------------------------------------------------ */

static enum finding_code
json_fault(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		return FINDING_DUPLICATE_KEY;
	case json_error_stack_overflow:
		return FINDING_TOO_DEEP;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return FINDING_CONTROL_CHARACTER;
	case json_error_numeric_overflow:
		return FINDING_ABOVE;
	default:
		return FINDING_NOT_JSON;
	}
}

/* What breaks the line has no field yet; it is told by its place in it. */
static void
refuse_at(struct findings *out, enum finding_code code, const char *unit,
    long long place)
{
	char at[32] = "";

	if (place > 0)
		snprintf(at, sizeof at, "%s %lld", unit, place);
	findings_refuse(out, code, at);
}

static void
refuse_bytes(
    const struct bytes *text, const json_error_t *error, struct findings *out)
{
	size_t bad_at;

	switch (text_guess(text->data, text->size, &bad_at)) {
	case TEXT_UTF8:
		refuse_at(out, json_fault(error), "column", error->column);
		break;
	case TEXT_GB18030:
		refuse_at(out, FINDING_GB18030, "byte", (long long)bad_at + 1);
		break;
	case TEXT_UTF16:
		refuse_at(out, FINDING_UTF16, "byte", (long long)bad_at + 1);
		break;
	case TEXT_UNKNOWN:
		refuse_at(out, FINDING_NOT_UTF8, "byte", (long long)bad_at + 1);
		break;
	}
}

/* *root stays NULL where the line was refused. The parser checks the UTF-8 of
 * all text; only where it stopped for another reason must be looked again. */
static enum err
parse(const struct bytes *text, struct findings *out, json_t **root)
{
	json_error_t error;

	*root = json_loadb((const char *)text->data, text->size,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (json_is_object(*root))
		return ERR_OK;
	if (*root != NULL)
		findings_refuse(out, FINDING_NOT_OBJECT, "");
	else if (json_error_code(&error) == json_error_out_of_memory)
		return ERR_NOMEM;
	else
		refuse_bytes(text, &error, out);
	json_decref(*root);
	*root = NULL;
	return ERR_OK;
}

/* --- the envelope ------------------------------------------------------ */

/* A text of the envelope; NULL, with a finding, when it is none. */
static const json_t *
envelope_text(const json_t *root, const char *name, struct findings *out)
{
	const json_t *v = json_object_get(root, name);

	if (v == NULL)
		findings_refuse(out, FINDING_MISSING, name);
	else if (json_is_null(v))
		findings_refuse(out, FINDING_NULL, name);
	else if (!json_is_string(v))
		findings_refuse(out, FINDING_TYPE, name);
	else
		return v;
	return NULL;
}

static void
take_kind(const struct line_run *run, const json_t *root, struct line *l,
    struct findings *out)
{
	const json_t *v = envelope_text(root, "kind", out);

	if (v == NULL)
		return;
	l->kind = kind_by_name(json_string_value(v));
	if (l->kind == NULL)
		findings_refuse(out, FINDING_KIND_UNKNOWN, "kind");
	else if (l->kind->by_group && run->self.role != ROLE_HUB)
		findings_refuse(out, FINDING_GROUP_ONLY_KIND, "kind");
	if (l->kind != NULL)
		snprintf(l->id.kind, sizeof l->id.kind, "%s", l->kind->name);
}

static void
take_ref(const json_t *root, struct line *l, struct findings *out)
{
	const json_t *v = envelope_text(root, "ref", out);
	size_t size = json_string_length(v);

	if (v == NULL)
		return;
	if (!vet_ref_is_sound(json_string_value(v), size)) {
		findings_refuse(out, FINDING_REF_BAD, "ref");
		return;
	}
	memcpy(l->id.ref, json_string_value(v), size + 1);
	l->is_own = l->id.ref[0] == '~';
}

static void
take_reference(const json_t *root, const char *name,
    char text[REF_BYTES_MAX + 1], struct findings *out)
{
	const json_t *v = envelope_text(root, name, out);
	const char *s = json_string_value(v);
	size_t size = json_string_length(v);

	if (v == NULL)
		return;
	if (size <= REF_PREFIX || strncmp(s, "ref:", REF_PREFIX) != 0 ||
	    !vet_ref_is_sound(s + REF_PREFIX, size - REF_PREFIX)) {
		findings_refuse(out, FINDING_REFERENCE, name);
		return;
	}
	memcpy(text, s + REF_PREFIX, size - REF_PREFIX + 1);
}

static void
take_instant(const json_t *root, struct line *l, struct findings *out)
{
	const json_t *v = envelope_text(root, "at", out);

	if (v == NULL)
		return;
	if (instant_parse(json_string_value(v), json_string_length(v),
	        &l->at) != ERR_OK) {
		findings_refuse(out, FINDING_INSTANT, "at");
		return;
	}
	memcpy(l->at_text, json_string_value(v), sizeof l->at_text);
}

static void
find_own(struct line_run *run, struct line *l, struct findings *out)
{
	if (!vet_find_given(&run->vet, &l->id, l->key))
		findings_refuse(out, FINDING_REF_BAD, "ref");
}

static void
take_envelope(
    struct line_run *run, json_t *root, struct line *l, struct findings *out)
{
	static const char *const names[] = {
	    "kind", "ref", "by", "at", "org_id"};
	const char *source, *state;
	size_t i;

	take_kind(run, root, l, out);
	take_ref(root, l, out);
	take_reference(root, "by", l->by, out);
	take_instant(root, l, out);
	take_reference(root, "org_id", l->org, out);
	vet_names(root, out);
	if (out->refusals > 0)
		return;
	if (!vet_org_is_ours(&run->vet, l->org))
		findings_refuse(out, FINDING_NOT_YOUR_ORG, "org_id");

	source =
	    vet_source_of(l->kind, l->is_own ? run->self.source : run->source);
	snprintf(l->id.source, sizeof l->id.source, "%s", source);
	key_record_in(run->t, l->key, &l->id);
	if (l->is_own)
		find_own(run, l, out);
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		json_object_del(root, names[i]);
	l->fields = root;
	state = json_string_value(json_object_get(root, "state"));
	l->is_draft = l->kind->states != NULL && state != NULL &&
	              strcmp(state, "draft") == 0;
}

/* --- comparing --------------------------------------------------------- */

/* Errors are of values that no change can hold. */
static enum err
hash_line(struct line_run *run, struct line *l)
{
	enum err e;

	buffer_clear(&run->canon);
	put_text(&run->canon, l->by);
	put_signed(&run->canon, l->at);
	put_text(&run->canon, l->org);
	e = fields_encode(l->kind->fields, l->fields, &run->canon);
	if (e == ERR_OK)
		l->hash = db_blind_hash(txn_db(run->t), "import-line",
		    run->canon.data, run->canon.size);
	return e;
}

/* A new instant alone is no version, since many programs stamp what they
 * export; who answers for it, and for which org, is a fact (decisions/0039). */
static bool
is_anothers(const struct line *l, const char *by, const char *org)
{
	return strcmp(l->by, by) != 0 || strcmp(l->org, org) != 0;
}

static enum err
before_from_record(struct line_run *run, struct line *l, bool draft)
{
	struct record r;
	enum err e = draft ? draft_read(run->t, l->key, &r)
	                   : record_read(run->t, l->key, &r);

	if (e != ERR_OK)
		return e;
	l->before = json_incref(r.fields);
	l->was_draft = draft;
	/* What was made here and comes back tells nothing new of its author. */
	l->is_anothers = !l->is_own && is_anothers(l, r.by, r.org);
	if (!draft) {
		l->parent_count = r.parent_count;
		memcpy(l->parents, r.parents, sizeof l->parents);
	}
	record_clear(&r);
	return ERR_OK;
}

static enum err
before_from_import(struct line_run *run, struct line *l)
{
	struct past_line last;
	enum err e = past_line(run->t, &run->past, &last);

	if (e != ERR_OK)
		return e;
	l->before = last.fields;
	l->before_count = last.change_count;
	l->is_anothers = is_anothers(l, last.by, last.org);
	l->parent_count = 1;
	l->parents[0] = last.last;
	return ERR_OK;
}

/* Records made here never came from another program: a line about one is
 * this store's own export coming back, and is held against the record. */
static enum err
find_before(struct line_run *run, struct line *l)
{
	enum err e;

	if (l->is_own) {
		e = before_from_record(run, l, false);
		return e == ERR_NOT_FOUND ? before_from_record(run, l, true)
		                          : e;
	}
	if (run->past.has_change)
		return before_from_import(run, l);
	if (!run->past.is_known)
		return ERR_OK;
	/* A draft, unless a person has signed or dropped it since. */
	e = before_from_record(run, l, true);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static bool
keeps_when_omitted(const struct kind *k, const char *name)
{
	const struct field *f = field_by_name(k->fields, name);

	return f != NULL && f->merge == MERGE_APPEND;
}

/* What the line says that the one before did not; NULL: no memory. */
static json_t *
changed_fields(const struct line *l)
{
	json_t *changed = json_object(), *v;
	const char *name;

	json_object_foreach(l->fields, name, v)
	{
		const json_t *old = json_object_get(l->before, name);

		if (old != NULL && value_equal(old, v))
			continue;
		if (json_object_set_nocheck(changed, name, v) != 0)
			goto no_memory;
	}
	json_object_foreach(l->before, name, v)
	{
		if (json_object_get(l->fields, name) != NULL ||
		    keeps_when_omitted(l->kind, name))
			continue;
		if (json_object_set_new_nocheck(changed, name, json_null()) !=
		    0)
			goto no_memory;
	}
	return changed;

no_memory:
	json_decref(changed);
	return NULL;
}

/* --- what an import loses ---------------------------------------------- */

static bool
holds_all(const json_t *array, const json_t *wanted)
{
	size_t i, j;

	for (i = 0; i < json_array_size(wanted); i++) {
		for (j = 0; j < json_array_size(array); j++)
			if (value_equal(json_array_get(array, j),
			        json_array_get(wanted, i)))
				break;
		if (j == json_array_size(array))
			return false;
	}
	return true;
}

/* Whether a record does not show what an import just said of one field. A
 * union shows more and loses nothing; a state that another org's step has
 * left behind is not lost either. */
static bool
is_lost(const struct kind *k, const char *name, const json_t *said,
    const json_t *shown)
{
	const struct field *f = field_by_name(k->fields, name);

	if (shown == NULL || json_is_null(said))
		return (shown == NULL) != json_is_null(said);
	if (value_equal(shown, said))
		return false;
	if (f != NULL && f->merge == MERGE_APPEND)
		return !holds_all(shown, said);
	if (f != NULL && f->merge == MERGE_STATE && json_is_string(said) &&
	    json_is_string(shown))
		return !state_follows(
		    k, json_string_value(said), json_string_value(shown));
	return true;
}

static enum err
find_lost(struct line_run *run, const struct line *l, json_t *changed,
    struct line_outcome *out)
{
	const char *name;
	struct record r;
	json_t *v;
	size_t count;
	enum err e = record_changes(run->t, l->key, SIZE_MAX, &count);

	/* All changes of the record are this source's own. */
	if (e != ERR_OK || count == l->before_count + 1)
		return e;
	e = record_read(run->t, l->key, &r);
	if (e != ERR_OK)
		return e;
	json_object_foreach(changed, name, v)
	{
		if (out->lost_count == FIELDS_MAX ||
		    !is_lost(l->kind, name, v, json_object_get(r.fields, name)))
			continue;
		snprintf(out->lost[out->lost_count++], sizeof out->lost[0],
		    "%s", name);
	}
	record_clear(&r);
	return ERR_OK;
}

/* --- the group's word -------------------------------------------------- */

/* A source that tells of another org's record for the first time tells none of
 * its history. */
static void
check_history(
    const struct line_run *run, const struct line *l, struct findings *out)
{
	if (l->before == NULL && run->self.role != ROLE_HUB &&
	    run->self.is_enrolled && group_word_is_state(l->kind, l->fields) &&
	    group_word_others_began(run->t, &l->id, &run->self.chain[0]))
		findings_refuse(out, FINDING_GROUP_ONLY_STATE, "state");
}

static void
check_word(const struct line_run *run, const struct line *l,
    const json_t *changed, struct findings *out)
{
	enum finding_code code = group_word_claimed(
	    l->kind, l->by, run->self.role == ROLE_HUB ? NULL : changed);

	if (code != FINDING_NONE)
		findings_refuse(
		    out, code, code == FINDING_GROUPS_NAME ? "by" : "");
}

/* What others would keep apart: a program that repeats itself is told here. */
static void
check_room(
    const struct line_run *run, const struct line *l, struct findings *out)
{
	bool is_crowded = false;

	if (crowded_is(run->t, l->key, run->self.life,
	        run->self.role == ROLE_HUB, &is_crowded) == ERR_OK &&
	    is_crowded)
		findings_refuse(out, FINDING_MANY_CHANGES, "");
}

/* --- taking ------------------------------------------------------------ */

static void
line_facts(const struct line *l, struct vet_line *v)
{
	*v = (struct vet_line){.kind = l->kind,
	    .fields = l->fields,
	    .at = l->at_text,
	    .by = l->by,
	    .org = l->org,
	    .old_state = json_string_value(json_object_get(l->before, "state")),
	    .before = l->was_draft ? NULL : l->before,
	    .is_first = l->before == NULL};
}

static void
fill_change(const struct line_run *run, const struct line *l, struct change *c)
{
	change_init(c);
	c->record = l->id;
	memcpy(c->by, l->by, sizeof c->by);
	memcpy(c->org, l->org, sizeof c->org);
	c->occurred_at = l->at;
	c->recorded_at = run->now;
	c->clock = self_clock(&run->self, run->now);
}

/* Values no change can hold get by where fields are not known here. */
static bool
is_line_fault(enum err e, struct findings *out)
{
	if (e == ERR_LIMIT)
		findings_refuse(out, FINDING_TOO_LARGE, "");
	else if (e == ERR_FORMAT)
		findings_refuse(out, FINDING_TYPE, "");
	return e == ERR_LIMIT || e == ERR_FORMAT;
}

static enum err
take_draft(struct line_run *run, struct line *l, struct line_outcome *out)
{
	struct change c;
	enum err e;

	if (!l->was_draft &&
	    (l->before != NULL ||
	        (run->past.is_known && record_exists(run->t, l->key)))) {
		findings_refuse(&out->findings, FINDING_STILL_DRAFT, "state");
		return ERR_OK;
	}
	fill_change(run, l, &c);
	c.fields = l->fields;
	e = draft_write(run->t, &c);
	out->result =
	    run->past.is_known || l->is_own ? LINE_UPDATED : LINE_FRESH;
	return is_line_fault(e, &out->findings) ? ERR_OK : e;
}

static enum err
take_change(struct line_run *run, struct line *l, json_t *changed,
    struct line_outcome *out)
{
	struct vet_line facts;
	struct change c;
	enum err e;

	line_facts(l, &facts);
	fill_change(run, l, &c);
	c.fields = changed;
	c.parent_count = l->parent_count;
	memcpy(c.parents, l->parents, l->parent_count * sizeof c.parents[0]);
	c.managing = vet_is_managing(&run->vet, &facts);
	e = admit_own(run->t, &run->self, &c, vet_class(&facts, changed));
	if (is_line_fault(e, &out->findings))
		return ERR_OK;
	out->result =
	    run->past.is_known || l->is_own ? LINE_UPDATED : LINE_FRESH;
	run->past.last = c.id;
	if (l->kind->by_group)
		vet_forget(&run->vet);
	if (strcmp(l->id.kind, "org") == 0)
		run->saw_org = true;
	if (e == ERR_OK && l->was_draft)
		e = draft_delete(run->t, l->key);
	if (e == ERR_OK && !l->is_own && l->before_count > 0)
		e = find_lost(run, l, changed, out);
	return e;
}

static enum err
take_content(struct line_run *run, struct line *l, struct line_outcome *out)
{
	json_t *changed;
	bool is_new = l->before == NULL || l->is_anothers;
	enum err e;

	if (l->before == NULL)
		changed = json_incref(l->fields);
	else
		changed = changed_fields(l);
	if (changed == NULL)
		return ERR_NOMEM;
	is_new = is_new || json_object_size(changed) > 0;
	if (is_new) {
		check_word(run, l, changed, &out->findings);
		check_room(run, l, &out->findings);
	}
	if (out->findings.refusals > 0) {
		e = ERR_OK;
	} else if (!is_new) {
		out->result = LINE_UNCHANGED;
		e = ERR_OK;
	} else if (l->is_draft) {
		e = take_draft(run, l, out);
	} else {
		/* A draft never left this store: others get all of it. */
		e = take_change(
		    run, l, l->was_draft ? l->fields : changed, out);
	}
	json_decref(changed);
	return e;
}

/* A program that lists no more what it knew may have lost it. */
static enum err
keep_allergies(struct line *l, struct findings *out)
{
	if (strcmp(l->id.kind, "resident") != 0 ||
	    !allergies_are_gone(l->before, l->fields))
		return ERR_OK;
	findings_warn(out, FINDING_ROW_GONE, "allergies");
	return allergies_keep(l->before, l->fields);
}

static enum err
take_record(struct line_run *run, struct line *l, struct line_outcome *out)
{
	struct vet_line facts;
	enum err e = past_read(run->t, l->key, &run->past);

	if (e == ERR_OK)
		e = hash_line(run, l);
	if (is_line_fault(e, &out->findings))
		return ERR_OK;
	if (e == ERR_OK && past_has_line(&run->past, l->hash)) {
		out->result = LINE_UNCHANGED;
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = find_before(run, l);
	if (e != ERR_OK)
		return e;
	line_facts(l, &facts);
	vet_record(&run->vet, &facts, &out->findings);
	check_history(run, l, &out->findings);
	if (out->findings.refusals > 0)
		return ERR_OK;
	e = kind_normalise(l->kind, l->fields);
	if (e == ERR_OK)
		e = keep_allergies(l, &out->findings);
	if (e == ERR_OK)
		e = take_content(run, l, out);
	if (e != ERR_OK || out->findings.refusals > 0)
		return e;
	if (!l->is_own && !l->kind->by_group)
		run->used_source = true;
	return past_add_line(run->t, l->key, &run->past, l->hash);
}

enum err
import_line(
    struct line_run *run, const struct bytes *text, struct line_outcome *out)
{
	struct line l = {0};
	json_t *root;
	enum err e = parse(text, &out->findings, &root);

	if (root != NULL) {
		take_envelope(run, root, &l, &out->findings);
		out->kind = l.kind;
		memcpy(out->ref, l.id.ref, sizeof out->ref);
		if (out->findings.refusals == 0)
			e = take_record(run, &l, out);
		json_decref(l.before);
		json_decref(root);
	}
	if (out->findings.refusals > 0)
		out->result = LINE_REFUSED;
	return e;
}

/* --- runs -------------------------------------------------------------- */

enum err
line_run_begin(
    struct line_run *run, struct txn *t, const char *source, int64_t now)
{
	enum err e = self_read(t, &run->self);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_NOT_ALLOWED : e;
	run->t = t;
	run->source = source == NULL ? run->self.source : source;
	run->now = now;
	run->used_source = false;
	run->saw_org = false;
	vet_begin(&run->vet, t, &run->self, run->source, now);
	return ERR_OK;
}

void
line_run_end(struct line_run *run)
{
	self_wipe(&run->self);
	buffer_wipe(&run->canon);
	past_free(&run->past);
	run->t = NULL;
}
