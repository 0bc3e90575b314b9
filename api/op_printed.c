/* op_printed: a resident's own record to be printed, and who looked at it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/about.h"
#include "store/author.h"
#include "store/index.h"
#include "store/rules.h"

enum { NAME_BYTES = 64 * 4 };

/* What a resident's print holds after the resident's own record, in this
 * order, each by its time. */
static const struct {
	const char *kind, *time;
} parts[] = {
    {"contract", "signed_on"},
    {"contract_service", "done_on"},
    {"encounter", "visit_at"},
    {"exam_request", "at"},
    {"exam_report", "signed_at"},
    {"recognition", "at"},
    {"consult", "at"},
    {"followup", "on"},
    {"referral", "issued_at"},
};

enum { PARTS = sizeof parts / sizeof parts[0] };

/* Whose record it is. */
struct file {
	struct op *op;
	struct self self;
	struct looked_whom whom; /* the entry asked for, then those linked */
	json_t *rows;            /* what is handed out */
};

static enum err
open_file(struct file *f, struct op *o)
{
	const char *ref = op_ref(o, "ref");
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t;
	enum err e = op_self(o, &f->self);

	f->op = o;
	if (e != ERR_OK)
		return e;
	if (ref == NULL)
		return ERR_USAGE;
	f->rows = json_array();
	e = db_begin(store_db(o->api->store), false, &t);
	if (e != ERR_OK)
		return e;
	e = record_find(t, &f->self, "resident", ref, key);
	if (e == ERR_OK && !record_exists(t, key))
		e = ERR_NOT_FOUND; /* a draft, say */
	if (e == ERR_OK)
		e = looked_linked(t, key, &f->whom);
	txn_abort(t);
	if (e == ERR_OK && f->whom.count == 0)
		e = ERR_CORRUPT;
	return op_no_one_record(o, e, "resident", ref);
}

static void
close_file(struct file *f)
{
	self_wipe(&f->self);
	json_decref(f->rows);
}

static enum err
emit_rows(struct file *f)
{
	const json_t *row;
	enum err e = ERR_OK;
	size_t i;

	json_array_foreach(f->rows, i, row)
	{
		e = op_emit(f->op, "item", json_deep_copy(row));
		if (e != ERR_OK)
			break;
	}
	return e;
}

/* --- printing ---------------------------------------------------------- */

/* Names of the orgs, teams and people that its fields name, as far as they are
 * known here: paper is read where no list is at hand. */
static json_t *
names_of(struct txn *t, const struct record *r)
{
	const struct kind *k = kind_by_name(r->id.kind);
	const struct field *f = k == NULL ? NULL : k->fields;
	json_t *names = json_object();
	char name[NAME_BYTES];

	for (; names != NULL && f != NULL && f->number != 0; f++) {
		const char *ref =
		    f->type == FIELD_REF ? rule_ref(r->fields, f->name) : NULL;

		if (ref == NULL || (strcmp(f->ref_kind, "org") != 0 &&
		                       strcmp(f->ref_kind, "team") != 0 &&
		                       strcmp(f->ref_kind, "staff") != 0))
			continue;
		people_name(t, f->ref_kind, ref, name, sizeof name);
		if (name[0] != '\0')
			json_object_set_new(names, f->name, json_string(name));
	}
	return names;
}

static json_t *
row_of(struct txn *t, const struct record *r)
{
	char name[NAME_BYTES], org[NAME_BYTES];

	people_name(t, "staff", r->by, name, sizeof name);
	people_name(t, "org", r->org, org, sizeof org);
	return json_pack("{s:o, s:s, s:s, s:o}", "record", record_to_json(r),
	    "by_name", name, "org_name", org, "names", names_of(t, r));
}

/* What was entered in error is history of the store and none of hers. */
static enum err
add_row(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t *rows)
{
	const char *state;
	struct record r;
	enum err e = record_read(t, key, &r);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	state = json_string_value(json_object_get(r.fields, "state"));
	if (state == NULL || strcmp(state, "entered_in_error") != 0)
		e = json_array_append_new(rows, row_of(t, &r)) == 0 ? ERR_OK
		                                                    : ERR_NOMEM;
	record_clear(&r);
	return e;
}

struct timed {
	const char *time;
	json_t *row;
};

static int
by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	return strcmp(x->time, y->time);
}

/* Days and instants sort as text; what bears no time comes first. */
static enum err
append_sorted(
    json_t *to, const json_t *rows, const char *member, const char *time)
{
	size_t i, count = json_array_size(rows);
	struct timed *list = calloc(count + 1, sizeof *list);
	int bad = 0;

	if (list == NULL)
		return ERR_NOMEM;
	for (i = 0; i < count; i++) {
		json_t *row = json_array_get(rows, i);
		const json_t *in =
		    member == NULL ? row : json_object_get(row, member);
		const char *text = json_string_value(json_object_get(in, time));

		list[i] = (struct timed){text == NULL ? "" : text, row};
	}
	qsort(list, count, sizeof *list, by_time);
	for (i = 0; i < count; i++)
		bad |= json_array_append(to, list[i].row);
	free(list);
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

static void
key_of(const struct file *f, size_t i, uint8_t key[KEY_RECORD_BYTES])
{
	key_record(store_db(f->op->api->store), key, &f->whom.resident[i]);
}

/* Records of a kind about one of the entries. */
static enum err
add_about(struct file *f, size_t entry, const char *kind, json_t *rows)
{
	struct db *db = store_db(f->op->api->store);
	uint8_t key[KEY_RECORD_BYTES];
	struct buffer keys = {0};
	struct txn *t;
	size_t i;
	enum err e;

	key_of(f, entry, key);
	e = about_find(db, f->self.role == ROLE_HUB && f->self.is_enrolled,
	    kind, key, f->whom.resident[entry].ref, &keys);
	if (e == ERR_OK)
		e = db_begin(db, false, &t);
	if (e == ERR_OK) {
		for (i = 0; e == ERR_OK && i < keys.size; i += KEY_RECORD_BYTES)
			e = add_row(t, keys.data + i, rows);
		txn_abort(t);
	}
	buffer_free(&keys);
	return e;
}

static enum err
add_part(struct file *f, const char *kind, const char *time)
{
	json_t *rows = json_array();
	enum err e = rows == NULL ? ERR_NOMEM : ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < f->whom.count; i++)
		e = add_about(f, i, kind, rows);
	if (e == ERR_OK)
		e = append_sorted(f->rows, rows, "record", time);
	json_decref(rows);
	return e;
}

static enum err
gather_print(struct file *f)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t;
	size_t i;
	enum err e = db_begin(store_db(f->op->api->store), false, &t);

	if (e != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && i < f->whom.count; i++) {
		key_of(f, i, key);
		e = add_row(t, key, f->rows);
	}
	txn_abort(t);
	for (i = 0; e == ERR_OK && i < PARTS; i++)
		e = add_part(f, parts[i].kind, parts[i].time);
	return e;
}

static const char *
time_of(const char *kind)
{
	size_t i;

	for (i = 0; i < PARTS; i++)
		if (strcmp(parts[i].kind, kind) == 0)
			return parts[i].time;
	return NULL;
}

/* Which kinds are on the print, in its order, and the days they span. */
struct extent {
	json_t *kinds;
	const char *last;                              /* kind */
	char from[DATE_CHARS + 1], to[DATE_CHARS + 1]; /* "": no days */
};

static enum err
add_to_extent(struct extent *s, const json_t *record)
{
	const char *kind = json_string_value(json_object_get(record, "kind"));
	const char *time = kind == NULL ? NULL : time_of(kind), *day;
	int bad = 0;

	if (kind != NULL && (s->last == NULL || strcmp(s->last, kind) != 0))
		bad = json_array_append_new(s->kinds, json_string(kind));
	s->last = kind;
	day = time == NULL ? NULL
	                   : json_string_value(json_object_get(record, time));
	if (day == NULL || strlen(day) < DATE_CHARS)
		return bad == 0 ? ERR_OK : ERR_NOMEM;
	if (s->from[0] == '\0' || strncmp(day, s->from, DATE_CHARS) < 0)
		snprintf(s->from, sizeof s->from, "%.10s", day);
	if (s->to[0] == '\0' || strncmp(day, s->to, DATE_CHARS) > 0)
		snprintf(s->to, sizeof s->to, "%.10s", day);
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
find_extent(const struct file *f, struct extent *s)
{
	const json_t *row;
	size_t i;
	enum err e;

	memset(s, 0, sizeof *s);
	s->kinds = json_array();
	e = s->kinds == NULL ? ERR_NOMEM : ERR_OK;
	json_array_foreach(f->rows, i, row)
	{
		if (e == ERR_OK)
			e = add_to_extent(s, json_object_get(row, "record"));
	}
	return e;
}

static const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* What is on the print, not what a print might hold. */
static json_t *
disclosure_fields(
    const struct file *f, const struct self *self, const char *staff)
{
	const struct identity *whom = &f->whom.resident[0];
	char at[26] = "", by[REF_BYTES_MAX + 5], of[REF_BYTES_MAX + 5];
	const char *to = op_text(f->op, "to");
	bool is_own = strcmp(whom->source, self->source) == 0;
	struct extent s;
	json_t *fields = NULL;

	if (find_extent(f, &s) != ERR_OK) {
		json_decref(s.kinds);
		return NULL;
	}
	if (instant_print(api_now(), at) != ERR_OK)
		at[0] = '\0';
	snprintf(by, sizeof by, "ref:%s", staff);
	snprintf(of, sizeof of, "ref:%s", whom->ref);
	fields = json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:s*, s:s*, s:s*, "
	                   "s:s*}",
	    "staff_id", by, "resident_id", of, "shown_at", at, "form",
	    "printed", "receiver", to == NULL ? "resident" : to, "kinds",
	    s.kinds, "from_on", text_or_null(s.from), "to_on",
	    text_or_null(s.to), "note", op_text(f->op, "note"), "source",
	    is_own ? NULL : whom->source);
	json_decref(s.kinds);
	return fields;
}

static enum err
write_disclosure(void *context, struct txn *t)
{
	const struct file *f = context;
	const char *staff = people_reader(f->op);
	struct authored made;
	struct self self;
	json_t *fields = NULL;
	enum err e = self_read(t, &self);

	if (e != ERR_OK)
		return e;
	fields = disclosure_fields(f, &self, staff);
	e = fields == NULL ? ERR_NOMEM
	                   : author_add(t, &self, "disclosure", staff,
	                         f->op->who.org, fields, api_now(), &made);
	self_wipe(&self);
	json_decref(fields);
	return e;
}

/* What was handed out is written down before it is. */
static enum err
disclose(struct file *f)
{
	struct op *o = f->op;
	enum err e;

	if (people_reader(o) == NULL)
		return op_fail(o, ERR_USAGE,
		    N_("Say who hands it out: sign in, or --by REF of a staff "
		       "record."));
	e = people_note_reading(o, &f->whom);
	if (e == ERR_OK)
		e = op_begin_authoring(o);
	if (e == ERR_OK)
		e = writer_do(o->api->writer, write_disclosure, f);
	if (e == ERR_REFUSED || e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("That this record is handed out could not be written "
		       "down, so it is not: check --to, and for which org you "
		       "act (yizhan act-for ORG)."));
	if (e == ERR_OK)
		op_saved(o);
	return e;
}

enum err
op_printed(struct op *o)
{
	struct file f = {0};
	enum err e = open_file(&f, o);

	/* Read first, so that what is written down is what is given. */
	if (e == ERR_OK)
		e = gather_print(&f);
	if (e == ERR_OK)
		e = disclose(&f);
	if (e == ERR_OK)
		e = emit_rows(&f);
	if (e == ERR_OK)
		o->summary = json_pack("{s:s, s:o, s:b}", "node", f.self.name,
		    "at", op_instant(api_now()), "is_hub",
		    (int)(f.self.role == ROLE_HUB));
	close_file(&f);
	return e;
}

/* --- who looked -------------------------------------------------------- */

struct lookers {
	struct txn *t;
	json_t *rows;
	uint64_t bulk;
	uint64_t given; /* disclosures */
};

static const char *
text_in(const struct record *r, const char *name)
{
	return json_string_value(json_object_get(r->fields, name));
}

static enum err
add_looker(void *context, const struct record *r)
{
	struct lookers *l = context;
	const char *staff = op_bare_ref(text_in(r, "staff_id"));
	bool is_given = strcmp(r->id.kind, "disclosure") == 0;
	char name[NAME_BYTES], org[NAME_BYTES];
	json_t *row;

	if (staff == NULL)
		staff = r->by;
	people_name(l->t, "staff", staff, name, sizeof name);
	people_name(l->t, "org", r->org, org, sizeof org);
	row = json_pack("{s:s*, s:s, s:s, s:s*, s:s*, s:s, s:s, s:s*, s:s*, "
	                "s:s*}",
	    "at", text_in(r, is_given ? "shown_at" : "read_at"), "staff", staff,
	    "staff_name", name, "system_user", text_in(r, "system_user"),
	    "ground", text_in(r, "ground"), "org", r->org, "org_name", org,
	    "note", text_in(r, "note"), "form", text_in(r, "form"), "receiver",
	    text_in(r, "receiver"));
	l->given += is_given;
	return json_array_append_new(l->rows, row) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err
count_bulk(void *context, const struct record *r)
{
	struct lookers *l = context;

	(void)r;
	l->bulk++;
	return ERR_OK;
}

/* Sites bring what was read there; until when, the one heard of least
 * recently says. */
static enum err
earliest_contact(void *context, const struct node *n)
{
	int64_t *until = context;

	if (n->cert.role != ROLE_HUB && !n->is_revoked &&
	    n->last_contact < *until)
		*until = n->last_contact;
	return ERR_OK;
}

static enum err
gather_lookers(struct file *f, uint64_t *bulk, uint64_t *given, int64_t *until)
{
	static const uint8_t nobody[KEY_RECORD_BYTES];
	struct lookers l = {.rows = json_array()};
	uint8_t key[KEY_RECORD_BYTES];
	size_t i;
	enum err e = l.rows == NULL
	                 ? ERR_NOMEM
	                 : db_begin(store_db(f->op->api->store), false, &l.t);

	if (e == ERR_OK) {
		for (i = 0; e == ERR_OK && i < f->whom.count; i++) {
			key_of(f, i, key);
			e = looked_walk(l.t, key, add_looker, &l);
		}
		if (e == ERR_OK)
			e = looked_walk(l.t, nobody, count_bulk, &l);
		if (e == ERR_OK)
			e = index_node_walk(l.t, earliest_contact, until);
		txn_abort(l.t);
	}
	*bulk = l.bulk;
	*given = l.given;
	if (e == ERR_OK)
		e = append_sorted(f->rows, l.rows, NULL, "at");
	json_decref(l.rows);
	return e;
}

enum err
op_who_looked(struct op *o)
{
	struct file f = {0};
	uint64_t bulk = 0, given = 0;
	int64_t until = api_now();
	enum err e = open_file(&f, o);

	if (e == ERR_OK)
		e = people_note_reading(o, &f.whom);
	if (e == ERR_OK)
		e = gather_lookers(&f, &bulk, &given, &until);
	if (e == ERR_OK)
		e = emit_rows(&f);
	if (e == ERR_OK)
		o->summary = json_pack("{s:I, s:I, s:b, s:I, s:o}", "readings",
		    (json_int_t)(json_array_size(f.rows) - given), "given",
		    (json_int_t)given, "is_hub", (int)(f.self.role == ROLE_HUB),
		    "bulk", (json_int_t)bulk, "told_until", op_instant(until));
	close_file(&f);
	return e;
}
