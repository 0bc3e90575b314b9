/* contest_kept: who kept a resident's file rightly, at any time. */

#include <string.h>

#include "store/contest_kept.h"
#include "store/rules.h"

static void
add(struct contest_kept *kept, const char *org)
{
	size_t i;

	if (org == NULL || strlen(org) > ORG_REF_BYTES_MAX)
		return;
	for (i = 0; i < kept->count; i++)
		if (strcmp(kept->org[i], org) == 0)
			return;
	if (i < CONTEST_KEPT_MOST)
		memcpy(kept->org[kept->count++], org, strlen(org) + 1);
}

enum err
contest_kept_add(struct contest_kept *kept, struct txn *t,
    const struct self *self, const struct record_set *entry)
{
	const char *field = keeper_field("resident");
	struct keeper k;
	size_t i;
	enum err e = keeper_open(&k, t, self, entry, field);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < entry->count; i++)
		if (!k.is_void[i] && !k.is_doubted[i])
			add(kept, rule_ref(entry->change[i].fields, field));
	keeper_close(&k);
	return ERR_OK;
}

bool
contest_kept_by(const struct contest_kept *kept, struct txn *t,
    const struct contest_whose *w)
{
	size_t i, j;

	for (i = 0; i < kept->count; i++)
		for (j = 0; j < w->org_count; j++)
			if (keeper_is(t, kept->org[i], w->orgs[j]) ==
			    KEEPER_YES)
				return true;
	return false;
}
