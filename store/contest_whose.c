/* contest_whose: whose a contract is, for the group's word on it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/contest_settle.h"
#include "store/contest_whose.h"
#include "store/index.h"

static void
add_org(struct contest_whose *w, const char *org)
{
	size_t i;

	for (i = 0; i < w->org_count; i++)
		if (strcmp(w->orgs[i], org) == 0)
			return;
	if (w->org_count < BEGUN_ORGS_MAX)
		w->orgs[w->org_count++] = org;
	else
		w->is_told = false;
}

enum err
contest_whose_read(struct txn *t, const struct self *self,
    const struct record_set *changes, struct contest_whose *out)
{
	uint8_t *begun = calloc(changes->count + 1, sizeof *begun);
	size_t i, first;
	enum err e = ERR_NOMEM;

	*out = (struct contest_whose){.is_told = true};
	if (begun != NULL)
		e = begun_find(
		    t, self->id, changes->input, changes->count, begun);
	if (e == ERR_OK)
		e = begun_first(
		    t, self->id, changes->input, changes->count, true, &first);
	if (e == ERR_OK && first != SIZE_MAX) {
		out->first = &changes->change[first];
		out->is_doubted = begun[first] == BEGUN_DOUBTED;
		add_org(out, out->first->org);
	}
	for (i = 0; e == ERR_OK && out->is_doubted && i < changes->count; i++)
		if (begun[i] == BEGUN_DOUBTED)
			add_org(out, changes->change[i].org);
	free(begun);
	return e;
}

/* Of one that the tree does not know nobody is above. */
void
contest_whose_name(struct txn *t, const struct contest_whose *w,
    char out[ORG_REF_BYTES_MAX + 1])
{
	size_t i;

	snprintf(out, ORG_REF_BYTES_MAX + 1, "%.*s", ORG_REF_BYTES_MAX,
	    w->org_count == 0 ? "" : w->orgs[0]);
	for (i = 0; w->is_doubted && i < w->org_count; i++) {
		index_top_org(t, w->orgs[i], out, ORG_REF_BYTES_MAX + 1);
		if (strcmp(out, w->orgs[i]) != 0)
			return;
	}
}

enum err
contest_whose_speaks(struct txn *t, const struct self *self,
    const struct record *contract, char out[ORG_REF_BYTES_MAX + 1])
{
	uint8_t key[KEY_RECORD_BYTES];
	struct contest_whose w;
	struct record_set set;
	enum err e;

	snprintf(out, ORG_REF_BYTES_MAX + 1, "%.*s", ORG_REF_BYTES_MAX,
	    contract->org);
	key_record(txn_db(t), key, &contract->id);
	e = record_gather(t, key, CONTEST_CHANGES_MOST, &set);
	if (e != ERR_OK)
		return e == ERR_LIMIT || e == ERR_CORRUPT ? ERR_OK : e;
	e = contest_whose_read(t, self, &set, &w);
	if (e == ERR_OK && w.is_doubted)
		contest_whose_name(t, &w, out);
	record_set_free(&set);
	return e;
}
