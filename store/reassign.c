/* reassign: a record filed under the wrong resident goes to the right one. */

#include <stdio.h>
#include <string.h>

#include "store/admit.h"
#include "store/begun.h"
#include "store/kin.h"
#include "store/linked.h"
#include "store/matter.h"
#include "store/reassign.h"
#include "store/rules.h"
#include "store/vet.h"

enum { CLASS_AT_ONCE = 0, CLASS_SOON = 1 };

static const char in_error[] = "entered_in_error";

struct work {
	struct txn *t;
	const struct self *self;
	const struct reassigning *r;
	const struct kind *kind;
	struct record record; /* what was filed wrongly */
	uint8_t from[KEY_RECORD_BYTES], to[KEY_RECORD_BYTES];
	bool has_from;       /* that resident is here */
	struct record right; /* the right resident's entry */
	struct record wrong; /* the other's; without fields: not here */
	uint8_t class;
	struct authored *out;
};

bool
reassign_knows(const struct kind *k)
{
	return k != NULL && field_by_name(k->fields, "reassigned_to") != NULL;
}

/* --- what is a stub already -------------------------------------------- */

/* What an edit that did not know of it left there may be cleared. */
static bool
fills(const json_t *before, const char *name, const json_t *said)
{
	const json_t *is = json_object_get(before, name);

	if (strcmp(name, "reassigned_to") != 0 &&
	    (json_is_null(said) || strcmp(name, "reason") == 0))
		return false;
	return is == NULL || !json_equal(is, said);
}

const char *
reassign_keeps_stub(
    const json_t *before, const json_t *given, struct findings *out)
{
	const char *to = rule_ref(before, "reassigned_to"), *name;
	bool is_refused = false;
	json_t *said;

	if (to == NULL)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)given, name, said)
	{
		if (fills(before, name, said)) {
			findings_refuse(out, FINDING_REASSIGNED, name);
			is_refused = true;
		}
	}
	return is_refused ? to : NULL;
}

/* --- before anything --------------------------------------------------- */

static enum err
refuse(struct work *w, enum finding_code code, const char *field)
{
	findings_refuse(&w->out->findings, code, field);
	return ERR_REFUSED;
}

/* A record counts to the org that did it; nobody takes it out of another's
 * name. */
static bool
is_ours(const struct work *w)
{
	struct vet v;

	vet_begin(&v, w->t, w->self, NULL, w->r->now);
	return vet_org_is_ours(&v, w->record.org);
}

static enum err
find_residents(struct work *w)
{
	enum err e = ERR_OK;

	if (w->r->to_key != NULL)
		memcpy(w->to, w->r->to_key, sizeof w->to);
	else
		e = record_find(w->t, w->self, "resident", w->r->to, w->to);
	if (e == ERR_NOT_FOUND)
		return refuse(w, FINDING_MOVED_FILE, "resident_id");
	if (e == ERR_CLASH)
		return refuse(w, FINDING_CALLED_SO, "resident_id");
	if (e == ERR_OK)
		e = linked_resident(
		    w->t, &w->record.id, w->record.fields, w->from);
	w->has_from = e == ERR_OK;
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (w->has_from && memcmp(w->from, w->to, sizeof w->to) == 0)
		return refuse(w, FINDING_MOVED_FILE, "resident_id");
	e = record_read(w->t, w->to, &w->right);
	return e == ERR_NOT_FOUND ? refuse(w, FINDING_MOVED_FILE, "resident_id")
	                          : e;
}

/* What only a version says that is not shown would be left behind in the wrong
 * file, and the stub, which has seen it, settles the question. */
static enum err
check_versions(struct work *w)
{
	const struct field *f = w->kind->fields;
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	struct sides s;
	enum err e;

	if (w->record.head_count < 2 && !w->record.is_conflicted)
		return ERR_OK;
	key_record(txn_db(w->t), key, &w->record.id);
	e = record_gather(w->t, key, MATTER_CHANGES_MAX, &set);
	if (e != ERR_OK)
		return e;
	e = record_sides(set.input, set.count, "", &s);
	for (; e == ERR_OK && s.count < 2 && f->number != 0; f++)
		e = record_sides(set.input, set.count, f->name, &s);
	record_set_free(&set);
	return e == ERR_OK && s.count > 1 ? refuse(w, FINDING_OPEN_VERSIONS, "")
	                                  : e;
}

static enum err
prepare(struct work *w)
{
	enum err e;

	w->kind = kind_by_name(w->record.id.kind);
	if (!reassign_knows(w->kind) ||
	    rule_state_is(w->record.fields, in_error) ||
	    json_object_get(w->record.fields, "reassigned_to") != NULL)
		return ERR_USAGE;
	if (!is_ours(w))
		return ERR_NOT_ALLOWED;
	if (w->r->reason == NULL || w->r->reason[0] == '\0')
		return refuse(w, FINDING_REASON, "reason");
	e = check_versions(w);
	return e == ERR_OK ? find_residents(w) : e;
}

/* --- allergies --------------------------------------------------------- */

static const char *
bare(const char *ref)
{
	return strncmp(ref, "ref:", 4) == 0 ? ref + 4 : ref;
}

/* Whether a row of a resident's allergies names this record, or the one that
 * it was made of when it was reassigned before. */
static bool
names_record(const struct work *w, const json_t *row)
{
	const char *source = rule_text(row, "source");
	const char *from = rule_ref(w->record.fields, "reassigned_from");

	if (source == NULL)
		return false;
	source = bare(source);
	return strcmp(source, w->record.id.ref) == 0 ||
	       (from != NULL && strcmp(source, from) == 0);
}

/* Whether it says that it is from this record, by ref or slip number. */
static bool
is_source(const struct work *w, const json_t *row)
{
	const char *source = rule_text(row, "source");
	const char *slip = rule_text(w->record.fields, "slip_no");

	return names_record(w, row) || (source != NULL && slip != NULL &&
	                                   strcmp(bare(source), slip) == 0);
}

/* Whether it goes along: what is struck out already stays. */
static bool
goes_along(const struct work *w, const json_t *row)
{
	return is_source(w, row) && rule_text(row, "reason") == NULL;
}

static enum err
write_allergies(struct work *w, const struct record *r, json_t *rows)
{
	struct change c;
	enum err e;

	change_init(&c);
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", w->r->by);
	snprintf(c.org, sizeof c.org, "%s", w->record.org);
	c.clock = self_clock(w->self, w->r->now);
	c.occurred_at = c.recorded_at = w->r->now;
	c.fields = json_pack("{s:O}", "allergies", rows);
	e = c.fields == NULL ? ERR_NOMEM
	                     : admit_own(w->t, w->self, &c, CLASS_AT_ONCE);
	change_clear(&c);
	return e;
}

/* What named the record by its ref names the new one, so that it is found
 * should that go to another file in its turn. NULL: no memory. */
static json_t *
row_of_new(const struct work *w, const json_t *row)
{
	json_t *copy = json_deep_copy(row);

	if (copy == NULL || !names_record(w, row) ||
	    json_object_set_new(copy, "source",
	        json_sprintf("ref:%s", w->out->record.ref)) == 0)
		return copy;
	json_decref(copy);
	return NULL;
}

/* Here the row says that it was a mistake, there it is added. */
static enum err
sort_rows(
    struct work *w, const struct record *wrong, json_t *here, json_t *there)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(wrong->fields, "allergies"), i, row)
	{
		json_t *copy = json_deep_copy(row);

		if (goes_along(w, row)) {
			if (json_array_append_new(there, row_of_new(w, row)) !=
			    0) {
				json_decref(copy);
				return ERR_NOMEM;
			}
			json_object_set_new(
			    copy, "status", json_string(in_error));
			json_object_set_new(
			    copy, "reason", json_string(w->r->reason));
		}
		if (json_array_append_new(here, copy) != 0)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static enum err
move_allergies(struct work *w)
{
	json_t *here = json_array(), *there = json_array();
	enum err e = here == NULL || there == NULL
	                 ? ERR_NOMEM
	                 : sort_rows(w, &w->wrong, here, there);

	if (e == ERR_OK && json_array_size(there) > 0) {
		json_t *held = json_object_get(w->right.fields, "allergies");
		json_t *all =
		    held == NULL ? json_array() : json_deep_copy(held);

		e = all == NULL || json_array_extend(all, there) != 0
		        ? ERR_NOMEM
		        : write_allergies(w, &w->right, all);
		json_decref(all);
		if (e == ERR_OK)
			e = write_allergies(w, &w->wrong, here);
	}
	json_decref(here);
	json_decref(there);
	return e;
}

/* An allergy that goes along makes all of it urgent. */
static void
set_class(struct work *w)
{
	const json_t *row;
	size_t i;

	json_array_foreach(
	    json_object_get(w->wrong.fields, "allergies"), i, row)
	{
		if (goes_along(w, row))
			w->class = CLASS_AT_ONCE;
	}
}

/* The file it is taken from; it need not be here. */
static enum err
read_wrong(struct work *w)
{
	enum err e =
	    w->has_from ? record_read(w->t, w->from, &w->wrong) : ERR_OK;

	if (e == ERR_OK)
		set_class(w);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- the new record ---------------------------------------------------- */

/* Of the source in which the ref leads to the right entry. */
static const char *
source_of_new(const struct work *w)
{
	uint8_t key[KEY_RECORD_BYTES];

	key_record_of(txn_db(w->t), key, w->record.id.source, "resident",
	    w->right.id.ref);
	return memcmp(key, w->to, sizeof key) == 0 ? w->record.id.source
	                                           : w->right.id.source;
}

static json_t *
fields_of_new(const struct work *w)
{
	json_t *fields = json_deep_copy(w->record.fields);
	int bad = fields == NULL;

	bad = bad ||
	      json_object_set_new(fields, "resident_id",
	          json_sprintf("ref:%s", w->right.id.ref)) != 0 ||
	      json_object_set_new(fields, "reassigned_from",
	          json_sprintf("ref:%s", w->record.id.ref)) != 0 ||
	      json_object_set_new(
	          fields, "reason", json_string(w->r->reason)) != 0;
	if (!bad)
		return fields;
	json_decref(fields);
	return NULL;
}

/* By who wrote it, when and where: only the file is another. */
static enum err
write_new(struct work *w)
{
	struct change c;
	enum err e;

	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "%s", w->kind->name);
	snprintf(
	    c.record.source, sizeof c.record.source, "%s", source_of_new(w));
	c.founds = true;
	snprintf(c.by, sizeof c.by, "%s", w->record.by);
	snprintf(c.org, sizeof c.org, "%s", w->record.org);
	c.clock = w->record.clock;
	c.occurred_at = w->record.at;
	c.recorded_at = w->r->now;
	c.fields = fields_of_new(w);
	e = c.fields == NULL ? ERR_NOMEM
	                     : admit_own(w->t, w->self, &c, w->class);
	w->out->record = c.record;
	w->out->id = c.id;
	change_clear(&c);
	return e;
}

/* --- the stub ---------------------------------------------------------- */

/* What must be there, and who is told of it, stays; content goes. */
static bool
stays(const struct field *f)
{
	const unsigned scope =
	    FIELD_AUDIENCE | FIELD_HOLDER | FIELD_FOLLOWS | FIELD_GRANTS;

	if ((f->flags & FIELD_REQUIRED) != 0 &&
	    (f->type == FIELD_ENUM || f->type == FIELD_DATE ||
	        f->type == FIELD_INSTANT || f->type == FIELD_REF))
		return true;
	return (f->flags & scope) != 0 || strcmp(f->name, "state") == 0 ||
	       strcmp(f->name, "reason") == 0;
}

static json_t *
fields_of_stub(const struct work *w)
{
	const char *state = rule_text(w->record.fields, "state"), *name;
	json_t *fields = json_object(), *v;
	int bad = fields == NULL;

	json_object_foreach(w->record.fields, name, v)
	{
		const struct field *f = field_by_name(w->kind->fields, name);

		if (!bad && (f == NULL || !stays(f)))
			bad = json_object_set_new(fields, name, json_null());
	}
	bad = bad ||
	      json_object_set_new(fields, "reassigned_to",
	          json_sprintf("ref:%s", w->out->record.ref)) != 0 ||
	      json_object_set_new(
	          fields, "reason", json_string(w->r->reason)) != 0;
	if (!bad && state != NULL && state_rank(w->kind, in_error) >= 0)
		bad =
		    json_object_set_new(fields, "state", json_string(in_error));
	if (!bad)
		return fields;
	json_decref(fields);
	return NULL;
}

static enum err
write_stub(struct work *w)
{
	struct change c;
	enum err e;

	change_init(&c);
	c.record = w->record.id;
	c.parent_count = w->record.parent_count;
	memcpy(c.parents, w->record.parents, sizeof c.parents);
	snprintf(c.by, sizeof c.by, "%s", w->r->by);
	snprintf(c.org, sizeof c.org, "%s", w->record.org);
	c.clock = self_clock(w->self, w->r->now);
	c.occurred_at = c.recorded_at = w->r->now;
	c.fields = fields_of_stub(w);
	e = c.fields == NULL ? ERR_NOMEM
	                     : admit_own(w->t, w->self, &c, w->class);
	change_clear(&c);
	return e;
}

/* --- all of it --------------------------------------------------------- */

/* A visit counts to the org that did it, and is its author's, whoever amended
 * it since; and that org hears where it went. */
static enum err
take_founder(struct work *w, const uint8_t key[KEY_RECORD_BYTES])
{
	const struct change *first;
	struct record_set set;
	size_t at;
	enum err e = record_gather(w->t, key, KIN_MAX, &set);

	if (e != ERR_OK)
		return e == ERR_LIMIT ? ERR_OK : e;
	e = begun_first(w->t, NULL, set.input, set.count, true, &at);
	if (e == ERR_OK && at != SIZE_MAX) {
		first = &set.change[at];
		memcpy(w->record.by, first->by, sizeof w->record.by);
		memcpy(w->record.org, first->org, sizeof w->record.org);
		w->record.at = first->occurred_at;
		w->record.clock = first->clock;
	}
	record_set_free(&set);
	return e;
}

static enum err
reassign_read(struct work *w)
{
	enum err e = prepare(w);

	if (e == ERR_OK)
		e = read_wrong(w);
	if (e == ERR_OK)
		e = write_new(w);
	if (e == ERR_OK)
		e = move_allergies(w);
	return e == ERR_OK ? write_stub(w) : e;
}

enum err
reassign(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct reassigning *r,
    struct authored *out)
{
	struct work w = {
	    .t = t, .self = self, .r = r, .class = CLASS_SOON, .out = out};
	enum err e = record_read(t, key, &w.record);

	memset(out, 0, sizeof *out);
	if (e != ERR_OK)
		return e;
	e = take_founder(&w, key);
	if (e == ERR_OK)
		e = reassign_read(&w);
	record_clear(&w.record);
	record_clear(&w.right);
	record_clear(&w.wrong);
	return e;
}
