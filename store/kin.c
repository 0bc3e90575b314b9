/* kin: which change of a record had seen which. */

#include <string.h>

#include "store/graph.h"
#include "store/kin.h"
#include "store/memo.h"

static enum err
take_one(void *context, const struct change_id *id)
{
	struct kin_few *few = context;

	if (few->count < KIN_FEW)
		few->id[few->count] = *id;
	return few->count++ < KIN_FEW ? ERR_OK : ERR_END;
}

enum err
kin_few(struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct kin_few *out)
{
	struct memo *memo = memo_of(t);
	enum err e;

	if (memo != NULL && memo->few.is_known &&
	    memcmp(memo->few.key, key, KEY_RECORD_BYTES) == 0) {
		*out = memo->few.few;
		return ERR_OK;
	}
	out->count = 0;
	e = record_walk(t, key, take_one, out);
	if (e == ERR_OK && memo != NULL) {
		memcpy(memo->few.key, key, KEY_RECORD_BYTES);
		memo->few.few = *out;
		memo->few.is_known = true;
	}
	return e;
}

void
kin_forget(struct txn *t)
{
	struct memo *memo = memo_of(t);

	if (memo != NULL) {
		memo->few.is_known = false;
		memo->whose.is_counted = false;
	}
}

bool
kin_is_alone(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct kin_few few;

	return kin_few(t, key, &few) == ERR_OK && few.count == 1;
}

bool
kin_had_seen(const struct record_set *set, size_t i, size_t j)
{
	return set->graph != NULL && is_before(set->graph, j, i);
}

bool
kin_met(const struct record_set *set, size_t i, size_t j)
{
	return i != j && !kin_had_seen(set, i, j) && !kin_had_seen(set, j, i);
}

enum err
kin_mark(struct record_set *set)
{
	return set->graph == NULL ? ERR_OK : graph_mark(set->graph);
}

bool
kin_is_aside(const struct record_set *set, size_t i)
{
	return set->graph != NULL && set->graph->aside != NULL &&
	       set->graph->aside[i];
}

static bool
sets(const struct record_set *set, size_t i, const char *field)
{
	return json_object_get(set->change[i].fields, field) != NULL;
}

bool
kin_has_a_say(const struct record_set *set, size_t i, const char *field)
{
	size_t j;

	if (!sets(set, i, field))
		return false;
	for (j = 0; j < set->count; j++)
		if (kin_had_seen(set, j, i) && sets(set, j, field))
			return false;
	return true;
}
