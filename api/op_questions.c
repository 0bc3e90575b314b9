/* op_questions: what needs a person, and what he decides. */

#include <stdlib.h>
#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/candidate.h"
#include "store/contest_settle.h"
#include "store/due.h"
#include "store/index.h"
#include "store/matter.h"

/* For how long it is told that a contract opened a file. */
enum { OPENED_SECONDS = 30 * 24 * 60 * 60 };

/* Rows under way. */
struct rows {
	json_t *array;
	const struct self *self;
	struct txn *txn;
	bool with_warnings;
	bool tells_of_residents;  /* some row does */
	uint64_t linked;          /* by number: told, not listed */
	uint64_t opened;          /* likewise: files, by teams' contracts */
	const char *staff;        /* who is signed in; NULL: nobody */
	struct looked_whom *whom; /* each of them; NULL: not asked for */
};

static const char *
type_name(enum question_type type)
{
	switch (type) {
	case QUESTION_LINE:
		return "line";
	case QUESTION_WARNING:
		return "warning";
	case QUESTION_CHANGE:
		return "change";
	case QUESTION_RETURNED:
		return "returned";
	case QUESTION_LOST:
		return "lost";
	case QUESTION_DUE:
		return "due";
	case QUESTION_MATTER:
		return "matter";
	}
	return "unknown";
}

/* As of changes: 0 at once, 3 whenever there is time. */
static int
urgency_of(const struct question *q)
{
	const struct matter_maker *maker = matter_maker_of(q->code);

	switch (q->type) {
	case QUESTION_DUE:
		return q->code == FINDING_UNACKNOWLEDGED ? 0 : 1;
	case QUESTION_CHANGE:
	case QUESTION_RETURNED:
		return 1;
	case QUESTION_MATTER:
		return maker == NULL ? 2 : maker->urgency;
	case QUESTION_LINE:
	case QUESTION_LOST:
		return 2;
	case QUESTION_WARNING:
		break;
	}
	return 3;
}

/* --- rows ---------------------------------------------------------------- */

/* One question stands for all that a withdrawn node handed over. */
static void
add_withdrawn(const struct rows *r, const struct question *q, json_t *row)
{
	char text[2 * NODE_ID_BYTES + 1];
	struct node n;

	if (index_node_read(r->txn, q->id.life, &n) != ERR_OK)
		return;
	hex_encode(text, q->id.life, NODE_ID_BYTES);
	json_object_set_new(row, "node", json_string(text));
	json_object_set_new(
	    row, "changes", json_integer((json_int_t)n.apart_changes));
}

enum { NAME_BYTES = 64 * 4 };

/* Beside a ref the name that goes with it, where that is known here. */
static void
add_name(const struct rows *r, json_t *object, const char *member,
    const char *kind, const char *as)
{
	const char *ref = json_string_value(json_object_get(object, member));
	char name[NAME_BYTES];

	if (ref == NULL)
		return;
	people_name(r->txn, kind, ref, name, sizeof name);
	if (name[0] != '\0')
		json_object_set_new(object, as, json_string(name));
}

static void
add_names(const struct rows *r, json_t *choice)
{
	json_t *entry;
	size_t i;

	add_name(r, choice, "org", "org", "org_name");
	add_name(r, choice, "by", "staff", "by_name");
	json_array_foreach(json_object_get(choice, "entries"), i, entry)
	    add_name(r, entry, "org", "org", "org_name");
}

static json_t *
choices_of(const struct rows *r, const struct matter *m)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; all != NULL && i < m->choice_count; i++) {
		json_t *one = json_deep_copy(m->choice[i].shown);

		if (one == NULL ||
		    json_object_set_new(
		        one, "choice", json_string(m->choice[i].word)) != 0 ||
		    json_array_append_new(all, one) != 0) {
			json_decref(all);
			return NULL;
		}
		add_names(r, one);
	}
	return all;
}

/* Versions, proposal, and whether it can be decided here. */
static enum err
add_matter(json_t *row, const struct rows *r, const struct matter *m)
{
	const struct matter_maker *maker = matter_maker_of(m->question->code);
	const char *word = m->proposal < 0 ? NULL : m->choice[m->proposal].word;
	json_t *more =
	    json_pack("{s:o, s:s*, s:s*, s:s, s:b, s:b, s:s*, s:s, s:s}",
	        "choices", choices_of(r, m), "proposal", word, "ground",
	        m->ground, "owner", m->owner, "decidable",
	        (int)matter_is_ours(r->txn, r->self, maker, m), "group_only",
	        (int)maker->group_only, "decides_as", r->staff, "about_kind",
	        m->record.kind, "about_ref", m->record.ref);
	int bad = more == NULL ? -1 : json_object_update(row, more);

	if (bad == 0 && m->beyond != NULL)
		bad = json_object_set_new(row, "beyond",
		    json_integer((json_int_t)json_array_size(m->beyond)));
	json_decref(more);
	return bad == 0 ? ERR_OK : ERR_NOMEM;
}

/* --- whose record it shows ----------------------------------------------- */

static enum err
note_record(struct rows *r, const uint8_t key[KEY_RECORD_BYTES])
{
	struct record record;
	enum err e = record_read(r->txn, key, &record);

	if (e != ERR_OK)
		return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_OK : e;
	e = looked_whom(r->txn, &record, r->whom);
	record_clear(&record);
	return e;
}

/* What waits is about a record, or about two entries. */
static enum err
note_shown(struct rows *r, const struct matter *m)
{
	uint8_t key[KEY_RECORD_BYTES], other[KEY_RECORD_BYTES];
	enum err e;

	if (looked_is_about(kind_by_name(m->record.kind)))
		r->tells_of_residents = true;
	if (r->whom == NULL)
		return ERR_OK;
	key_record(txn_db(r->txn), key, &m->record);
	e = note_record(r, key);
	if (e != ERR_OK || m->question->code != FINDING_CANDIDATE)
		return e;
	e = candidate_other(r->txn, m->question, other);
	return e == ERR_OK ? note_record(r, other) : e;
}

/* --- the list ------------------------------------------------------------ */

/* Where it is from: the org that wrote the record. The source, which a node
 * draws for itself, tells a person nothing; an import's is the name of a
 * program, and stands as it is. */
static void
add_org(const struct rows *r, const struct question *q, json_t *row)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record record;

	if (q->type != QUESTION_MATTER && q->type != QUESTION_DUE &&
	    q->code != FINDING_FILE_OPENED &&
	    strcmp(q->origin, r->self->source) != 0)
		return;
	matter_key(r->txn, q, key);
	if (record_read(r->txn, key, &record) != ERR_OK)
		return;
	json_object_set_new(row, "org", json_string(record.org));
	add_name(r, row, "org", "org", "org_name");
	record_clear(&record);
}

/* Never its bytes. NULL: no memory. */
static json_t *
row_of(const struct rows *r, const struct question *q)
{
	json_t *row = op_finding(
	    due_code(q, api_now()), q->type != QUESTION_WARNING, q->field);

	if (row == NULL)
		return NULL;
	json_object_set_new(row, "number", json_integer((json_int_t)q->number));
	json_object_set_new(row, "type", json_string(type_name(q->type)));
	json_object_set_new(row, "urgency", json_integer(urgency_of(q)));
	json_object_set_new(row, "at", op_instant(q->at));
	json_object_set_new(row, "origin", json_string(q->origin));
	json_object_set_new(row, "line",
	    q->line == 0 ? json_null() : json_integer((json_int_t)q->line));
	json_object_set_new(row, "kind", json_string(q->kind));
	json_object_set_new(row, "ref", json_string(q->ref));
	if (q->type == QUESTION_CHANGE && q->code == FINDING_WITHDRAWN)
		add_withdrawn(r, q, row);
	add_org(r, q, row);
	return row;
}

/* One that cannot be described now is listed all the same; one that is
 * settled is not. */
static enum err
gather_question(void *context, const struct question *q)
{
	struct rows *r = context;
	struct matter m;
	json_t *row;
	enum err e;

	if (q->type == QUESTION_WARNING && !r->with_warnings) {
		r->linked += q->code == FINDING_LINKED;
		r->opened += q->code == FINDING_FILE_OPENED &&
		             q->at > api_now() - OPENED_SECONDS;
		return ERR_OK;
	}
	e = matter_describe(r->txn, r->self, q, &m);
	if (e == ERR_NOT_FOUND && q->type == QUESTION_MATTER &&
	    matter_maker_of(q->code) != NULL)
		return ERR_OK;
	row = row_of(r, q);
	if (e == ERR_OK) {
		e = row == NULL ? ERR_NOMEM : add_matter(row, r, &m);
		if (e == ERR_OK)
			e = note_shown(r, &m);
		matter_clear(&m);
	} else if (e != ERR_NOMEM) {
		e = ERR_OK;
	}
	if (row == NULL || e != ERR_OK) {
		json_decref(row);
		return ERR_NOMEM;
	}
	return json_array_append_new(r->array, row) == 0 ? ERR_OK : ERR_NOMEM;
}

static int
by_member(const json_t *x, const json_t *y, const char *name)
{
	json_int_t i = json_integer_value(json_object_get(x, name));
	json_int_t j = json_integer_value(json_object_get(y, name));

	return i < j ? -1 : i > j;
}

/* The most urgent first, of these the oldest. Instants are of one length and
 * one zone. */
static int
by_urgency(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	const char *i = json_string_value(json_object_get(x, "at"));
	const char *j = json_string_value(json_object_get(y, "at"));
	int order = by_member(x, y, "urgency");

	if (order == 0)
		order = strcmp(i == NULL ? "" : i, j == NULL ? "" : j);
	return order != 0 ? order : by_member(x, y, "number");
}

/* The store keeps questions in no order. */
static enum err
sort_rows(json_t *array)
{
	size_t i, count = json_array_size(array);
	json_t **row = calloc(count + 1, sizeof *row);

	if (row == NULL)
		return ERR_NOMEM;
	for (i = 0; i < count; i++)
		row[i] = json_incref(json_array_get(array, i));
	qsort(row, count, sizeof *row, by_urgency);
	for (i = 0; i < count; i++)
		json_array_set_new(array, i, row[i]);
	free(row);
	return ERR_OK;
}

enum err
op_questions(struct op *o)
{
	struct self self;
	struct rows r = {.self = &self,
	    .staff = o->who.is_signed_in ? o->who.staff : NULL,
	    .with_warnings = op_flag(o, "warnings")};
	enum err e = op_self(o, &self);

	r.array = json_array();
	if (e == ERR_OK)
		e = r.array == NULL
		        ? ERR_NOMEM
		        : db_begin(store_db(o->api->store), false, &r.txn);
	if (e == ERR_OK) {
		e = question_walk(r.txn, gather_question, &r);
		txn_abort(r.txn);
	}
	if (e == ERR_OK)
		e = sort_rows(r.array);
	if (e == ERR_OK && r.tells_of_residents)
		e = people_note_many(o, "questions", NULL);
	if (e == ERR_OK)
		e = op_emit_items(o, r.array);
	if (e == ERR_OK && !r.with_warnings)
		o->summary = json_pack("{s:I, s:I}", "linked",
		    (json_int_t)r.linked, "opened", (json_int_t)r.opened);
	json_decref(r.array);
	self_wipe(&self);
	return e;
}

/* --- deciding ------------------------------------------------------------ */

struct decide_call {
	struct matter_decision d;
	bool undoes;
};

static enum err
decide_run(void *context, struct txn *t)
{
	struct decide_call *c = context;
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK)
		e = c->undoes ? matter_undo(t, &self, &c->d)
		              : matter_decide(t, &self, &c->d);
	if (e == ERR_OK)
		e = contest_settle(t, &self, c->d.now);
	self_wipe(&self);
	return e;
}

/* One question, as `questions` lists it. */
static enum err
emit_one(struct op *o, const struct self *self, uint64_t number)
{
	struct looked_whom whom;
	struct rows r = {.self = self,
	    .staff = o->who.is_signed_in ? o->who.staff : NULL,
	    .whom = &whom};
	struct question q;
	enum err e = db_begin(store_db(o->api->store), false, &r.txn);

	if (e != ERR_OK)
		return e;
	whom.count = 0;
	r.array = json_array();
	e = r.array == NULL ? ERR_NOMEM : question_find(r.txn, number, &q);
	if (e == ERR_OK)
		e = gather_question(&r, &q);
	txn_abort(r.txn);
	if (e == ERR_OK && json_array_size(r.array) == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_OK)
		e = people_note_reading(o, &whom);
	if (e == ERR_OK)
		e = op_emit_items(o, r.array);
	json_decref(r.array);
	return e;
}

static enum err
no_such_question(struct op *o, enum err e)
{
	return e == ERR_NOT_FOUND
	           ? op_fail(o, e,
	                 N_("No question of this number waits to be decided: "
	                    "yizhan questions lists them."))
	           : e;
}

/* Nothing was chosen: what there is to choose from, and that it is due. */
static enum err
show_choices(struct op *o, uint64_t number)
{
	struct self self;
	enum err e = op_self(o, &self);

	if (e == ERR_OK)
		e = emit_one(o, &self, number);
	self_wipe(&self);
	if (e != ERR_OK)
		return no_such_question(o, e);
	return op_fail_with(o, ERR_OK, API_PERSON,
	    N_("Nothing was decided: say which with yizhan decide ID CHOICE "
	       "--reason TEXT."));
}

static enum err
emit_findings(struct op *o, const struct findings *f)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < f->count && i < FINDINGS_MAX && e == ERR_OK; i++)
		if (f->list[i].refused)
			e = op_emit(o, "notice",
			    op_finding(
			        f->list[i].code, true, f->list[i].field));
	return e;
}

static enum err
decide_over(struct op *o, struct decide_call *c, enum err e)
{
	switch (e) {
	case ERR_OK:
		o->summary = json_pack("{s:s, s:s, s:s*}", "state",
		    c->undoes ? "undone" : "decided", "question", c->d.made.ref,
		    "choice", c->d.choice);
		op_saved(o);
		return ERR_OK;
	case ERR_NOT_FOUND:
		return c->undoes
		           ? op_fail(o, e,
		                 N_("No decision is known here by this number "
		                    "or ref."))
		           : no_such_question(o, e);
	case ERR_NOT_ALLOWED:
		return op_fail(o, e,
		    N_("This is not yours to decide: yizhan questions says who "
		       "may."));
	case ERR_USAGE:
		return op_fail(o, e,
		    c->undoes ? N_("This decision does not stand any more.")
		              : N_("There is no such choice: yizhan decide ID "
		                   "lists them."));
	case ERR_REFUSED:
		e = emit_findings(o, &c->d.findings);
		return e != ERR_OK
		           ? e
		           : op_fail(o, ERR_REFUSED, N_("Nothing was saved."));
	default:
		return e;
	}
}

static enum err
decide_check(struct op *o, struct decide_call *c)
{
	/* Whose matter it is says for which org. */
	const char *org = "";
	enum err e;

	if (c->d.reason == NULL || *c->d.reason == '\0')
		return op_fail(o, ERR_USAGE,
		    N_("Say why, for those who read it later: --reason "
		       "TEXT."));
	if (c->d.by == NULL && !o->who.is_signed_in)
		return op_fail(o, ERR_USAGE,
		    N_("Say who writes this: --by REF of a staff record."));
	e = people_author(o, NULL, &c->d.by, &org);
	return e == ERR_OK ? op_begin_authoring(o) : e;
}

enum err
op_decide(struct op *o)
{
	struct decide_call *c = calloc(1, sizeof *c);
	const char *id = op_ref(o, "id");
	char *end = NULL;
	enum err e = c == NULL ? ERR_NOMEM : ERR_OK;

	if (e == ERR_OK && id == NULL)
		e = ERR_USAGE;
	if (e != ERR_OK)
		goto out;
	c->undoes = op_flag(o, "undo");
	c->d = (struct matter_decision){.number = strtoull(id, &end, 10),
	    .ref = id,
	    .choice = op_ref(o, "choice"),
	    .by = op_ref(o, "by"),
	    .org = op_ref(o, "org"),
	    .reason = op_text(o, "reason"),
	    .now = api_now()};
	if (!c->undoes && (*id == '\0' || *end != '\0'))
		e = no_such_question(o, ERR_NOT_FOUND);
	else if (!c->undoes && c->d.choice == NULL)
		e = show_choices(o, c->d.number);
	else if ((e = decide_check(o, c)) == ERR_OK)
		e = decide_over(o, c, writer_do(o->api->writer, decide_run, c));
out:
	free(c);
	return e;
}
