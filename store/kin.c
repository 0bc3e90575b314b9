/* kin: which change of a record had seen which. */

#include <string.h>

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

	if (memo != NULL)
		memo->few.is_known = false;
}

bool
kin_is_alone(struct txn *t, const uint8_t key[KEY_RECORD_BYTES])
{
	struct kin_few few;

	return kin_few(t, key, &few) == ERR_OK && few.count == 1;
}

static size_t
find(const struct record_set *set, const struct change_id *id)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (change_id_compare(&set->change[i].id, id) == 0)
			return i;
	return set->count;
}

bool
kin_had_seen(const struct record_set *set, size_t i, size_t j)
{
	bool seen[KIN_MAX] = {false};
	size_t todo[KIN_MAX], count = 0, p;

	if (set->count > KIN_MAX)
		return false;
	todo[count++] = i;
	while (count > 0) {
		const struct change *at = &set->change[todo[--count]];

		for (p = 0; p < at->parent_count; p++) {
			size_t n = find(set, &at->parents[p].id);

			if (n == j && n != i)
				return true;
			if (n == set->count || seen[n])
				continue;
			seen[n] = true;
			todo[count++] = n;
		}
	}
	return false;
}

bool
kin_met(const struct record_set *set, size_t i, size_t j)
{
	return i != j && !kin_had_seen(set, i, j) && !kin_had_seen(set, j, i);
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
		if (j != i && sets(set, j, field) && kin_had_seen(set, j, i))
			return false;
	return true;
}
