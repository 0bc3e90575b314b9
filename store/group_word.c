/* group_word: what in a change is the group's to say. */

#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/begun.h"
#include "store/contest_settle.h"
#include "store/group_word.h"

enum finding_code
group_word_claimed(const struct kind *k, const char *by, const json_t *fields)
{
	const struct field *f;

	if (strcmp(by, CONTEST_AUTHOR) == 0)
		return FINDING_GROUPS_NAME;
	for (f = k->fields; f->number != 0; f++)
		if ((f->flags & FIELD_GROUP) != 0 &&
		    json_object_get(fields, f->name) != NULL)
			return FINDING_GROUP_ONLY_FIELD;
	return FINDING_NONE;
}

bool
group_word_is_state(const struct kind *k, const json_t *fields)
{
	const char *name = json_string_value(json_object_get(fields, "state"));
	int rank = k->states == NULL || name == NULL ? -1 : state_rank(k, name);

	return rank >= 0 && k->states[rank].group_only;
}

/* What was set aside began nothing. Who the group is need not be known: what
 * it began is not the author's either way. */
static bool
others_began(
    struct txn *t, const struct record_set *set, const struct cert *author)
{
	uint8_t *begun = calloc(set->count + 1, sizeof *begun);
	bool began = begun == NULL;
	size_t i;

	if (begun != NULL &&
	    begun_find(t, NULL, set->input, set->count, begun) != ERR_OK)
		began = true;
	for (i = 0; !began && i < set->count; i++)
		began = begun[i] != BEGUN_NOT &&
		        !org_within(t, author, set->change[i].org);
	free(begun);
	return began;
}

bool
group_word_others_began(
    struct txn *t, const struct identity *id, const struct cert *author)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	bool began;
	enum err e;

	key_record(txn_db(t), key, id);
	e = record_gather(t, key, CONTEST_CHANGES_MOST, &set);
	if (e != ERR_OK) /* what cannot be read may be anybody's */
		return e != ERR_NOT_FOUND;
	began = others_began(t, &set, author);
	record_set_free(&set);
	return began;
}
