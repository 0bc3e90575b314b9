/* op_train: the hub makes a dictionary of what the group's records have in
 * common, and hands it out in records, one a part.
 */

#include <stdlib.h>
#include <string.h>

#include "api/op.h"
#include "base/i18n.h"
#include "store/author.h"
#include "store/dictionaries.h"
#include "store/training.h"

struct train {
	struct op *op;
	struct trained made;
	const char *by, *org;
	int64_t now, number;
	struct authored record;
};

static bool
is_stopping(void *context)
{
	return op_is_stopping(context);
}

static enum err
check_hub(struct op *o)
{
	struct self self;
	enum err e = op_self(o, &self);

	if (e == ERR_OK && self.role != ROLE_HUB)
		e = op_fail(o, ERR_NOT_ALLOWED,
		    N_("Only the hub can make a dictionary: run this on the "
		       "group's server."));
	self_wipe(&self);
	return e;
}

static enum err
make(struct train *r)
{
	enum err e = training_make(store_db(r->op->api->store),
	    DICTIONARIES_BYTES_MAX, is_stopping, r->op, &r->made);

	if (e == ERR_NOT_FOUND)
		return op_fail(r->op, e,
		    N_("Too little is common in the records here: a phrase "
		       "counts when two authors wrote it of five residents."));
	return e;
}

static enum err
write_part(struct train *r, struct txn *t, const struct self *self, size_t part,
    const char *day)
{
	const struct buffer *d = &r->made.dictionary;
	json_t *fields =
	    dictionaries_part(r->number, d->data, d->size, part, day);
	enum err e;

	if (fields == NULL)
		return ERR_NOMEM;
	e = author_add(
	    t, self, "dictionary", r->by, r->org, fields, r->now, &r->record);
	json_decref(fields);
	return e;
}

static enum err
write_records(struct train *r, struct txn *t, const struct self *self)
{
	const struct buffer *d = &r->made.dictionary;
	char day[26], last[DICTIONARIES_ID_BYTES], id[DICTIONARIES_ID_BYTES];
	size_t part;
	enum err e = dictionaries_last(t, &r->number, last);

	dictionaries_id(d->data, d->size, id);
	if (e == ERR_OK && strcmp(last, id) == 0)
		return ERR_EXISTS;
	if (e == ERR_OK)
		e = instant_print(r->now, day);
	if (e != ERR_OK)
		return e;
	day[10] = '\0';
	r->number++;
	for (part = 1; e == ERR_OK && part <= dictionaries_parts(d->size);
	     part++)
		e = write_part(r, t, self, part, day);
	return e;
}

static enum err
train_run(void *context, struct txn *t)
{
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK)
		e = write_records(context, t, &self);
	self_wipe(&self);
	return e;
}

/* A change's author is a member of staff; where nobody is named it is the
 * hub itself. */
static enum err
hand_out(struct train *r)
{
	const char *by = op_ref(r->op, "by");
	const char *org = op_ref(r->op, "org");
	enum err e = op_begin_authoring(r->op);

	r->by = by == NULL ? "hub" : by;
	r->org = org == NULL ? r->made.org : org;
	if (*r->org == '\0')
		r->org = "hub";
	r->now = api_now();
	if (e == ERR_OK)
		e = writer_do(r->op->api->writer, train_run, r);
	if (e == ERR_OK)
		op_saved(r->op);
	return e;
}

static enum err
summarise(struct train *r, const char *state)
{
	const struct trained *m = &r->made;
	char id[DICTIONARIES_ID_BYTES];

	dictionaries_id(m->dictionary.data, m->dictionary.size, id);
	r->op->summary = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "state", state, "id", id, "bytes", (json_int_t)m->dictionary.size,
	    "records", (json_int_t)m->records, "parts", (json_int_t)m->atoms,
	    "measured", (json_int_t)m->measured, "bytes_before",
	    (json_int_t)m->bytes_before, "bytes_after",
	    (json_int_t)m->bytes_after);
	if (r->op->summary == NULL)
		return ERR_NOMEM;
	if (r->number > 0)
		json_object_set_new(
		    r->op->summary, "number", json_integer(r->number));
	return ERR_OK;
}

static enum err
train(struct train *r)
{
	enum err e = check_hub(r->op);

	if (e == ERR_OK)
		e = make(r);
	if (e != ERR_OK)
		return e;
	if (r->made.bytes_after >= r->made.bytes_before) {
		e = summarise(r, "no_gain");
		return e != ERR_OK ? e
		                   : op_fail(r->op, ERR_OK,
		                         N_("It would save nothing over the "
		                            "one that is shipped; nothing was "
		                            "changed."));
	}
	if (op_flag(r->op, "dry_run"))
		return summarise(r, "dry_run");
	e = hand_out(r);
	if (e == ERR_EXISTS) {
		e = summarise(r, "unchanged");
		return e != ERR_OK ? e
		                   : op_fail(r->op, ERR_OK,
		                         N_("It is the one that was handed "
		                            "out last; nothing was changed."));
	}
	return e == ERR_OK ? summarise(r, "made") : e;
}

enum err
op_train(struct op *o)
{
	struct train *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_NOMEM;
	r->op = o;
	e = train(r);
	buffer_free(&r->made.dictionary);
	free(r);
	return e;
}
