/* op_reassign: a record filed under the wrong resident goes to the right one.
 */

#include <string.h>

#include "api/people.h"
#include "base/i18n.h"
#include "store/reassign.h"

struct reassign_call {
	const char *kind, *ref;
	struct reassigning how;
	struct authored made;
};

static enum err
reassign_run(void *context, struct txn *t)
{
	struct reassign_call *c = context;
	uint8_t key[KEY_RECORD_BYTES];
	struct self self;
	enum err e = self_read(t, &self);

	memset(&c->made, 0, sizeof c->made);
	if (e == ERR_OK)
		e = record_find(t, &self, c->kind, c->ref, key);
	if (e == ERR_OK)
		e = reassign(t, &self, key, &c->how, &c->made);
	self_wipe(&self);
	return e;
}

static enum err
reassign_check(struct op *o, struct reassign_call *c)
{
	const json_t *fields = json_object_get(o->request, "fields");
	const char *org = NULL;

	c->kind = op_text(o, "kind");
	c->ref = op_ref(o, "ref");
	c->how.to = op_ref(o, "reassign");
	c->how.by = op_ref(o, "by");
	c->how.reason = json_string_value(json_object_get(fields, "reason"));
	c->how.now = api_now();
	if (c->kind == NULL || c->ref == NULL || c->how.to == NULL)
		return ERR_USAGE;
	if (json_object_size(fields) > (c->how.reason == NULL ? 0 : 1))
		return op_fail(o, ERR_USAGE,
		    N_("With --reassign only the reason is given; change "
		       "fields before or after."));
	if (c->how.by == NULL && !o->who.is_signed_in)
		return op_fail(o, ERR_USAGE,
		    N_("Say who writes this: --by REF of a staff record."));
	return people_author(o, kind_by_name(c->kind), &c->how.by, &org);
}

static enum err
reassign_over(struct op *o, struct reassign_call *c, enum err e)
{
	enum err told = ERR_OK;
	size_t i;

	if (e == ERR_NOT_FOUND || e == ERR_CLASH)
		return op_no_one_record(o, e, c->kind, c->ref);
	if (e == ERR_USAGE)
		return op_fail(o, e,
		    N_("This record cannot be moved to another resident's "
		       "file: its kind is none that can, or it was "
		       "already."));
	if (e == ERR_NOT_ALLOWED)
		return op_fail(o, e,
		    N_("Only the organisation that wrote it, or the group, "
		       "may move it to another resident's file."));
	for (i = 0; e == ERR_REFUSED && told == ERR_OK &&
	            i < c->made.findings.count && i < FINDINGS_MAX;
	     i++)
		told = op_emit(o, "notice",
		    op_finding(c->made.findings.list[i].code, true,
		        c->made.findings.list[i].field));
	if (e == ERR_REFUSED)
		return op_fail(o, e, N_("Nothing was saved."));
	if (e != ERR_OK)
		return e;
	o->summary = json_pack(
	    "{s:s, s:s}", "ref", c->made.record.ref, "reassigned_from", c->ref);
	op_saved(o);
	return ERR_OK;
}

enum err
op_reassign(struct op *o)
{
	struct reassign_call c = {.kind = NULL};
	struct self self;
	enum err e = op_self(o, &self);

	if (e == ERR_OK) {
		self_wipe(&self);
		e = reassign_check(o, &c);
	}
	if (e == ERR_OK)
		e = op_begin_authoring(o);
	if (e != ERR_OK)
		return e;
	return reassign_over(
	    o, &c, writer_do(o->api->writer, reassign_run, &c));
}
