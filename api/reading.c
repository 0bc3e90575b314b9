/* reading: that somebody reads a resident's record is noted before it is
 * shown.
 */

#include <stdio.h>
#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/author.h"

enum { READING_BYTES = 4096 };

struct reading {
	struct op *op;
	const char *staff; /* NULL: nobody said */
	char user[12];     /* of the system, who did not sign in; else "" */
	char by[24];       /* as author, where nobody said */
	char org[REF_BYTES_MAX + 1];    /* acting; "": the node's first */
	const char *ground, *note;      /* note NULL: none */
	const struct looked_whom *whom; /* NULL: nobody in particular */
};

const char *
people_reader(const struct op *o)
{
	if (o->who.is_signed_in)
		return o->who.staff;
	return o->who.is_required ? NULL : op_ref(o, "by");
}

/* Who is known to the store, and so what he read before. */
static bool
is_of_somebody(const struct reading *r)
{
	return r->op->who.is_signed_in || r->user[0] != '\0';
}

/* The same text for what is the same reading. i: which resident. */
static bool
tell(const struct reading *r, size_t i, char out[READING_BYTES])
{
	const struct identity *id =
	    r->whom == NULL ? NULL : &r->whom->resident[i];
	int n = snprintf(out, READING_BYTES, "%s\n%s\n%s\n%s\n%s\n%s",
	    r->staff == NULL ? r->by : r->staff, r->op->who.org, r->ground,
	    id == NULL ? "" : id->source, id == NULL ? "" : id->ref,
	    r->note == NULL ? "" : r->note);

	/* What is too long to compare is noted each time. */
	return n > 0 && n < READING_BYTES;
}

static json_t *
fields_of(const struct reading *r, const struct self *self, size_t i)
{
	const struct identity *id =
	    r->whom == NULL ? NULL : &r->whom->resident[i];
	char at[26] = "", staff[REF_BYTES_MAX + 5], resident[REF_BYTES_MAX + 5];
	json_t *fields;

	if (instant_print(api_now(), at) != ERR_OK)
		at[0] = '\0';
	snprintf(
	    staff, sizeof staff, "ref:%s", r->staff == NULL ? "" : r->staff);
	fields = json_pack("{s:s*, s:s*, s:s, s:s, s:s*}", "staff_id",
	    r->staff == NULL ? NULL : staff, "system_user",
	    r->user[0] == '\0' ? NULL : r->user, "read_at", at, "ground",
	    r->ground, "note", r->note);
	if (fields == NULL || id == NULL)
		return fields;
	snprintf(resident, sizeof resident, "ref:%s", id->ref);
	json_object_set_new(fields, "resident_id", json_string(resident));
	if (strcmp(id->source, self->source) != 0)
		json_object_set_new(fields, "source", json_string(id->source));
	return fields;
}

static enum err
note_one(const struct reading *r, struct txn *t, const struct self *self,
    size_t i, bool is_told, const char *told)
{
	struct authored made;
	json_t *fields = fields_of(r, self, i);
	enum err e = fields == NULL ? ERR_NOMEM
	                            : author_add(t, self, "audit",
	                                  r->staff == NULL ? r->by : r->staff,
	                                  r->org, fields, api_now(), &made);

	json_decref(fields);
	if (e == ERR_OK && is_told && is_of_somebody(r))
		e = looked_remember(t, r->op->uid, told, &r->op->who.now);
	return e;
}

static enum err
note_all(const struct reading *r, struct txn *t, const struct self *self,
    bool *has_all)
{
	size_t i, count = r->whom == NULL ? 1 : r->whom->count;
	char told[READING_BYTES];
	enum err e = ERR_OK;

	for (i = 0; e == ERR_OK && i < count; i++) {
		bool is_told = tell(r, i, told);

		if (is_told && is_of_somebody(r) &&
		    looked_is_known(t, r->op->uid, told, &r->op->who.now))
			continue;
		if (has_all != NULL)
			*has_all = false;
		else
			e = note_one(r, t, self, i, is_told, told);
	}
	return e;
}

/* Where nobody signed in, at a node that works for no org of its own: the
 * group's top. */
static enum err
choose_org(struct reading *r, struct txn *t, const struct self *self)
{
	bool has_own = self->is_enrolled && self->chain[0].org_count > 0;
	enum err e;

	snprintf(r->org, sizeof r->org, "%s", r->op->who.org);
	if (r->user[0] == '\0' || has_own)
		return ERR_OK;
	e = people_top_org(t, r->org);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err
write_notes(void *context, struct txn *t)
{
	struct reading *r = context;
	struct self self;
	enum err e = self_read(t, &self);

	if (e == ERR_OK)
		e = choose_org(r, t, &self);
	if (e == ERR_OK)
		e = note_all(r, t, &self, NULL);
	self_wipe(&self);
	return e;
}

/* Most readings are one with an earlier one, and cost no commit. */
static bool
is_noted(const struct reading *r)
{
	struct txn *t;
	bool has_all = true;

	if (db_begin(store_db(r->op->api->store), false, &t) != ERR_OK)
		return false;
	(void)note_all(r, t, NULL, &has_all);
	txn_abort(t);
	return has_all;
}

/* A doctor who cannot see an allergy does more harm than one who is not
 * written down. */
static enum err
say_unnoted(struct op *o)
{
	return op_emit(
	    o, "notice", op_finding(FINDING_READ_NOT_NOTED, false, ""));
}

static enum err
note(struct reading *r)
{
	struct op *o = r->op;
	enum err e;

	r->staff = people_reader(o);
	/* Where people have PINs, to sign out is no way to read unseen. */
	if (o->who.has_pins && !o->who.is_signed_in) {
		snprintf(r->user, sizeof r->user, "%lu", (unsigned long)o->uid);
		snprintf(r->by, sizeof r->by, "~user-%s", r->user);
	}
	if ((r->staff == NULL && r->user[0] == '\0') ||
	    (r->whom != NULL && r->whom->count == 0))
		return ERR_OK;
	r->ground = op_text(o, "ground");
	if (r->ground == NULL)
		r->ground = "treatment";
	if (is_noted(r))
		return ERR_OK;
	e = op_begin_authoring(o);
	if (e == ERR_OK)
		e = writer_do(o->api->writer, write_notes, r);
	if (e == ERR_FULL)
		return say_unnoted(o);
	if (e == ERR_REFUSED || e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("That this record is read could not be noted, so it is "
		       "not shown: check --ground, and for which org you "
		       "act (yizhan act-for ORG)."));
	if (e == ERR_OK)
		op_saved(o);
	return e;
}

enum err
people_note_reading(struct op *o, const struct looked_whom *whom)
{
	struct reading r = {.op = o, .whom = whom, .note = op_text(o, "note")};

	return note(&r);
}

enum err
people_note_many(struct op *o, const char *verb, const char *kind)
{
	char text[64 + KIND_BYTES_MAX];
	struct reading r = {.op = o, .note = text};

	if (kind != NULL && !looked_is_about(kind_by_name(kind)))
		return ERR_OK;
	snprintf(text, sizeof text, "%s %s", verb, kind == NULL ? "*" : kind);
	return note(&r);
}
