/* op_list: records given out by kind: export, and lists, also of a name. */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/export.h"
#include "store/names.h"

/* Residents of one name that are each read; more are many at once, as in a
 * list of all. */
enum { NAMED_MAX = 20 };

/* --- giving out ---------------------------------------------------------- */

struct export_call {
	struct op *op;
	uint64_t count;
	uint64_t limit;   /* 0: none */
	const char *name; /* only those in whose name this stands; NULL: all */
	bool is_ending;   /* only contracts that are to be renewed */
	bool with_day;    /* what a day makes of a record is asked */
	char day[DATE_CHARS + 1];
};

static bool
is_wanted(const char *wanted, const json_t *record)
{
	const char *name = json_string_value(json_object_get(record, "name"));

	return wanted == NULL || (name != NULL && name_holds(name, wanted));
}

static enum err
emit_record(void *context, const char *source, const json_t *record)
{
	struct export_call *c = context;
	const char *today = NULL;
	json_t *copy;
	enum err e = ERR_OK;

	if (!is_wanted(c->name, record))
		return ERR_OK;
	if (c->is_ending)
		e = op_ending(c->op, source,
		    json_string_value(json_object_get(record, "ref")), c->day,
		    &today);
	if (e != ERR_OK || (c->is_ending && today == NULL))
		return e;
	copy = json_deep_copy(record);
	if (copy == NULL)
		return ERR_NOMEM;
	e = today == NULL
	        ? op_emit_record(c->op, copy, c->with_day ? c->day : NULL)
	        : op_emit_today(c->op, copy, today);
	c->count++;
	if (e == ERR_OK && c->count == c->limit)
		return ERR_END;
	return e;
}

static enum err
emit_records(struct op *o, const char *kind, uint64_t limit, bool with_day)
{
	struct export_call c = {.op = o,
	    .limit = limit,
	    .name = op_text(o, "name"),
	    .with_day = with_day,
	    .is_ending = op_flag(o, "ending")};
	struct self self;
	enum err e = op_self(o, &self);

	if (e == ERR_OK && with_day)
		op_today(&self, c.day);
	self_wipe(&self);
	if (e == ERR_OK && c.is_ending && c.day[0] == '\0')
		return op_fail_with(o, ERR_OK, API_FAILED,
		    N_("This computer's clock cannot be believed, so nobody "
		       "knows what ends soon: set it right."));
	if (e == ERR_OK)
		e = export_records(
		    store_db(o->api->store), kind, emit_record, &c);
	if (e == ERR_END)
		e = ERR_OK;
	/* Kinds of newer versions are held and shown; a misspelt one is not
	 * to look like a kind without records. */
	if (e == ERR_OK && c.count == 0 && kind != NULL &&
	    kind_by_name(kind) == NULL)
		return op_fail(
		    o, ERR_USAGE, N_("There is no such kind of record."));
	return e;
}

enum err
op_export(struct op *o)
{
	enum err e = people_note_many(o, "export", op_text(o, "kind"));

	return e != ERR_OK ? e : emit_records(o, op_text(o, "kind"), 0, false);
}

/* --- residents of a name ------------------------------------------------- */

/* Those found, held back until their reading is noted. */
struct named {
	const char *name;
	uint64_t limit; /* 0: none */
	bool are_many;
	json_t *rows;
	struct looked_whom whom;
};

static enum err
keep_named(void *context, const char *source, const json_t *record)
{
	struct named *n = context;
	const char *ref = json_string_value(json_object_get(record, "ref"));
	struct identity *who;

	if (!is_wanted(n->name, record) || ref == NULL)
		return ERR_OK;
	static_assert(NAMED_MAX <= LOOKED_RESIDENTS_MAX + 0, "each");
	n->are_many = n->whom.count == NAMED_MAX;
	if (n->are_many)
		return ERR_END;
	who = &n->whom.resident[n->whom.count++];
	snprintf(who->kind, sizeof who->kind, "resident");
	snprintf(who->source, sizeof who->source, "%s", source);
	snprintf(who->ref, sizeof who->ref, "%s", ref);
	if (json_array_append_new(n->rows, json_deep_copy(record)) != 0)
		return ERR_NOMEM;
	return n->whom.count == n->limit ? ERR_END : ERR_OK;
}

static enum err
emit_named(struct op *o, const struct named *n)
{
	char day[DATE_CHARS + 1] = "";
	struct self self;
	json_t *row;
	enum err e = op_self(o, &self);
	size_t i;

	if (e == ERR_OK)
		op_today(&self, day);
	self_wipe(&self);
	json_array_foreach(n->rows, i, row)
	{
		if (e == ERR_OK)
			e = op_emit_record(o, json_incref(row), day);
	}
	return e;
}

/* Whoever is found by name is read as by `show`. */
static enum err
list_named(struct op *o, struct named *n)
{
	enum err e =
	    export_records(store_db(o->api->store), "resident", keep_named, n);

	if (e != ERR_OK && e != ERR_END)
		return e;
	if (n->are_many) {
		e = people_note_many(o, "list", "resident");
		return e != ERR_OK
		           ? e
		           : emit_records(o, "resident", n->limit, true);
	}
	e = people_note_reading(o, &n->whom);
	return e == ERR_OK ? emit_named(o, n) : e;
}

static enum err
list_by_name(struct op *o, const char *name, uint64_t limit)
{
	struct named *n = calloc(1, sizeof *n);
	enum err e = ERR_NOMEM;

	if (n == NULL)
		return e;
	n->name = name;
	n->limit = limit;
	n->rows = json_array();
	if (n->rows != NULL)
		e = list_named(o, n);
	json_decref(n->rows);
	free(n);
	return e;
}

enum err
op_list(struct op *o)
{
	json_int_t limit =
	    json_integer_value(json_object_get(o->request, "limit"));
	const char *kind = op_text(o, "kind");
	enum err e;

	if (kind == NULL || limit < 0)
		return ERR_USAGE;
	if (op_flag(o, "ending") && strcmp(kind, "contract") != 0)
		return op_fail(o, ERR_USAGE,
		    N_("Only contracts end and are renewed: yizhan list "
		       "contract --ending."));
	if (strcmp(kind, "resident") == 0 && op_text(o, "name") != NULL)
		return list_by_name(o, op_text(o, "name"), (uint64_t)limit);
	e = people_note_many(o, "list", kind);
	return e != ERR_OK ? e : emit_records(o, kind, (uint64_t)limit, true);
}
