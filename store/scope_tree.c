/* scope_tree: what a change of the tree of orgs means for scopes: the hub looks
 * at every record at its next start.
 */

#include <stdio.h>
#include <string.h>

#include "store/feed_left.h"
#include "store/list.h"
#include "store/memo.h"
#include "store/scope.h"
#include "store/self.h"

static const char settled[] = "scopes.settled";

/* 0: an org moved since; 1: before carers were noted. */
enum { SETTLED_WITH_CARERS = 2 };

/* It stands below another, and changes in its name came before that was
 * known: who cares for whom may be another. */
static enum err
was_written_for(struct txn *t, const char *org, bool *out)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct audience a;
	enum err e;

	*out = false;
	if (strlen(org) > ORG_REF_BYTES_MAX)
		return ERR_OK;
	snprintf(
	    name, sizeof name, "%s%.*s", AUDIENCE_ORG, ORG_REF_BYTES_MAX, org);
	e = audience_read(t, name, &a);
	*out = e == ERR_OK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err
scope_org_changed(struct txn *t, const struct change *c)
{
	bool is_due;
	enum err e;

	if (strcmp(c->record.kind, "org") != 0)
		return ERR_OK;
	memo_forget(t);
	if (c->parent_count == 0) {
		e = was_written_for(t, c->record.ref, &is_due);
		if (e == ERR_OK && !is_due)
			e = scope_was_crowded(t, &is_due);
		return e == ERR_OK && is_due ? meta_put_number(t, settled, 0)
		                             : e;
	}
	if (json_object_get(c->fields, "parent_org_id") == NULL)
		return ERR_OK;
	return meta_put_number(t, settled, 0);
}

enum err
scope_prepare(struct txn *t, const struct self *self)
{
	uint64_t is_settled;
	enum err e = meta_get_number(t, settled, &is_settled);

	if (e != ERR_OK || is_settled >= SETTLED_WITH_CARERS ||
	    self->role != ROLE_HUB || !self->is_enrolled)
		return e;
	e = scope_settle_all(t, self);
	if (e == ERR_OK)
		e = feed_left_settle(t, self);
	return e == ERR_OK ? meta_put_number(t, settled, SETTLED_WITH_CARERS)
	                   : e;
}
