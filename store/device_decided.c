/* device_decided: whose decisions about a device count. Any node may write one
 * down; the group is asked about it (entitled.c), but where it has come before
 * that the owner's question must not be gone.
 */

#include <string.h>

#include "store/device_decided.h"
#include "store/matter.h"
#include "store/rules.h"

enum err
device_owners_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const char *centre, struct device_owners *out)
{
	enum err e;

	memset(out, 0, sizeof *out);
	out->centre = centre;
	e = self_read(t, &out->self);
	if (e != ERR_OK)
		return e;
	e = record_gather(t, key, MATTER_CHANGES_MAX, &out->set);
	if (e != ERR_OK)
		goto wipe;
	e = keeper_open(
	    &out->keeper, t, &out->self, &out->set, keeper_field("device"));
	if (e == ERR_OK)
		return ERR_OK;
	record_set_free(&out->set);
wipe:
	self_wipe(&out->self);
	return e;
}

void
device_owners_free(struct device_owners *o)
{
	keeper_close(&o->keeper);
	record_set_free(&o->set);
	self_wipe(&o->self);
}

static bool
is_owners(const struct device_owners *o, const struct change *c)
{
	return keeper_is_group(o->keeper.t, &o->self, c) ||
	       keeper_ever(&o->keeper, c->org) != KEEPER_NO ||
	       (o->centre != NULL &&
	           keeper_is_above(o->keeper.t, c->org, o->centre));
}

bool
device_is_owners_decision(
    const struct device_owners *o, const struct record_set *question)
{
	size_t i;

	for (i = 0; i < question->count; i++) {
		const struct change *c = &question->change[i];

		if (matter_is_groups(c->fields) ||
		    (rule_state_is(c->fields, "decided") && is_owners(o, c)))
			return true;
	}
	return false;
}
