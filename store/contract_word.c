/* contract_word: whose a word on a contract is. */

#include <stdlib.h>
#include <string.h>

#include "store/begun.h"
#include "store/contest_settle.h"
#include "store/contract_word.h"
#include "store/decided.h"
#include "store/group_word.h"
#include "store/keeper.h"
#include "store/rules.h"

const char *const contract_terms[] = {"resident_id", "signed_on", "start_on",
    "end_on", "renews_id", "replaces_id", "team_id", "household_no", NULL};

/* --- what is said ---------------------------------------------------------
 */

static bool
sets_terms(const json_t *fields)
{
	const char *const *name;

	for (name = contract_terms; *name != NULL; name++)
		if (json_object_get(fields, *name) != NULL)
			return true;
	return false;
}

/* A step that ends it, or why and when it is over. */
static bool
sets_end(const json_t *fields)
{
	const char *state = rule_text(fields, "state");

	return (state != NULL && state_is_in("ending closed", state)) ||
	       json_object_get(fields, "end_reason") != NULL ||
	       json_object_get(fields, "ended_on") != NULL;
}

bool
contract_word_unsettles(const json_t *fields)
{
	const json_t *state = json_object_get(fields, "state");

	return state != NULL &&
	       (!json_is_string(state) ||
	           !state_is_in("signed contested active ending closed",
	               json_string_value(state)));
}

/* Also a step that only what was brought along may say. */
static bool
ends_contract(const struct change *c)
{
	const char *state = rule_text(c->fields, "state");

	if (c->parent_count > 0)
		return sets_end(c->fields);
	return state != NULL &&
	       (state_is_in("ending closed", state) ||
	           group_word_is_state(
	               kind_by_name(c->record.kind), c->fields));
}

/* Or takes it out of a contest by its state. What a beginning says of them is
 * asked about as a beginning. */
static bool
changes_terms(const struct change *c)
{
	return c->parent_count > 0 &&
	       (sets_terms(c->fields) || contract_word_unsettles(c->fields));
}

bool
contract_word_is_told(const struct change *c)
{
	return ends_contract(c) || changes_terms(c);
}

/* --- whose it is ----------------------------------------------------------
 */

/* Of the org that began the contract, or that ever kept the resident's file.
 * While nobody else's beginning is here, it is its author's. */
static bool
is_theirs(const struct claims *k, size_t i, enum begun least)
{
	const char *org = k->set->change[i].org;
	bool others = false;
	size_t j;

	for (j = 0; j < k->set->count; j++) {
		if (j == i || k->begun[j] == BEGUN_NOT)
			continue;
		if (k->begun[j] >= least &&
		    keeper_is(k->t, k->set->change[j].org, org) == KEEPER_YES)
			return true;
		others = true;
	}
	return !others || claims_kept_resident(k, i);
}

/* While two say that they began it, what either mends of it is no rival's word
 * besides: their beginnings are asked about. */
static bool
is_others_term(const struct claims *k, size_t i)
{
	const struct change *c = &k->set->change[i];

	return changes_terms(c) && !keeper_is_group(k->t, k->self, c) &&
	       !is_theirs(k, i, BEGUN_DOUBTED);
}

bool
contract_word_is_others(const struct claims *k, size_t i)
{
	const struct change *c = &k->set->change[i];

	return is_others_term(k, i) ||
	       (ends_contract(c) && !is_theirs(k, i, BEGUN_SURELY));
}

/* --- what counts ----------------------------------------------------------
 */

/* Who began it alone changes what is his. */
static bool
may_be_others(const struct record_set *set, const struct change *c)
{
	size_t i;

	if (!changes_terms(c))
		return false;
	for (i = 0; i < set->count; i++)
		if (set->change[i].parent_count == 0 &&
		    strcmp(set->change[i].org, c->org) != 0)
			return true;
	return false;
}

static bool
is_let_stand(struct txn *t, const struct change *c)
{
	return decided_about(t, c, FINDING_OTHERS_CONTRACT) ||
	       decided_about(t, c, FINDING_UNENTITLED);
}

enum err
contract_word_find_others(struct txn *t, const struct self *self,
    const struct record_set *set, bool *out)
{
	struct claims k;
	size_t i;
	bool any = false;
	enum err e;

	for (i = 0; i < set->count; i++) {
		out[i] = may_be_others(set, &set->change[i]);
		any = any || out[i];
	}
	if (!any)
		return ERR_OK;
	e = claims_open(&k, t, self, set);
	if (e != ERR_OK)
		return e;
	for (i = 0; i < set->count; i++)
		out[i] = out[i] && is_others_term(&k, i) &&
		         !is_let_stand(t, &set->change[i]);
	claims_close(&k);
	return ERR_OK;
}

/* --- on forms -------------------------------------------------------------
 */

static bool
has_begun(struct txn *t, const struct record_set *set, const char *org)
{
	uint8_t *begun = calloc(set->count + 1, sizeof *begun);
	bool has = begun == NULL ||
	           begun_find(t, NULL, set->input, set->count, begun) != ERR_OK;
	size_t i;

	for (i = 0; !has && i < set->count; i++)
		has = begun[i] != BEGUN_NOT &&
		      keeper_is(t, set->change[i].org, org) == KEEPER_YES;
	free(begun);
	return has;
}

bool
contract_word_is_ours(struct txn *t, const struct identity *contract,
    const char *org, const json_t *fields)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	bool is_ours;

	if (!sets_terms(fields) && !sets_end(fields) &&
	    !contract_word_unsettles(fields))
		return true;
	key_record(txn_db(t), key, contract);
	if (record_gather(t, key, CONTEST_CHANGES_MOST, &set) != ERR_OK)
		return true;
	is_ours = has_begun(t, &set, org);
	record_set_free(&set);
	return is_ours;
}
