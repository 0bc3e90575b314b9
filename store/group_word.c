/* group_word: what in a change is the group's to say. */

#include <stdlib.h>
#include <string.h>

#include "store/admit.h"
#include "store/begun.h"
#include "store/contest_settle.h"
#include "store/graph.h"
#include "store/group_word.h"
#include "store/kin.h"

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

/* --- steps ---------------------------------------------------------------- */

/* Whether change j is a parent of c, or one of these had seen it. */
static bool
had_seen(const struct record_set *set, const struct change *c, size_t j)
{
	size_t i, p;

	for (p = 0; p < c->parent_count; p++)
		for (i = 0; i < set->count; i++)
			if (change_id_compare(
			        &set->change[i].id, &c->parents[p].id) == 0 &&
			    graph_link_fits(&c->parents[p], &set->input[i]) &&
			    (i == j || kin_had_seen(set, i, j)))
				return true;
	return false;
}

static bool
shows_state(const struct merge_input *input, size_t count, const char *state)
{
	const char *shown;
	struct record r;
	bool shows;

	if (count == 0 || record_merge(input, count, &r) != ERR_OK)
		return false;
	shown = json_string_value(json_object_get(r.fields, "state"));
	shows = shown != NULL && strcmp(shown, state) == 0;
	record_clear(&r);
	return shows;
}

/* Whether the record is in this state here, and was as the author saw it. */
static bool
says_again(
    const struct record_set *set, const struct change *c, const char *state)
{
	struct merge_input *seen = calloc(set->count, sizeof *seen);
	size_t j, n = 0;
	bool again;

	for (j = 0; seen != NULL && j < set->count; j++)
		if (had_seen(set, c, j))
			seen[n++] = set->input[j];
	again = seen != NULL && shows_state(seen, n, state) &&
	        shows_state(set->input, set->count, state);
	free(seen);
	return again;
}

static bool
is_said_again(struct txn *t, const struct change *c, const char *state)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	bool again;

	key_record(txn_db(t), key, &c->record);
	if (record_gather(t, key, KIN_MAX, &set) != ERR_OK)
		return false;
	again = says_again(&set, c, state);
	record_set_free(&set);
	return again;
}

bool
group_word_takes_step(struct txn *t, const struct kind *k,
    const struct change *c, const struct cert *author)
{
	const char *name =
	    json_string_value(json_object_get(c->fields, "state"));
	int rank = k->states == NULL || name == NULL ? -1 : state_rank(k, name);
	const struct state *to = rank < 0 ? NULL : &k->states[rank];

	if (to == NULL || !to->group_only)
		return false;
	if (c->parent_count > 0)
		return !to->stays || !is_said_again(t, c, name);
	if (!to->history_ok)
		return true;
	return !c->founds && group_word_others_began(t, &c->record, author);
}
