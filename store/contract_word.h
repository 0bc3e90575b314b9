/* contract_word: whose a word on a contract is.
 *
 * A contract is changed and ended by the org that began it, by one above or
 * below it, and by who ever kept the resident's file. What another says of an
 * end counts until the group sets it aside, since a resident may ask for it
 * anywhere. What another says of whom it is with and when it runs, or that it
 * is neither in force nor over, decides which of two contracts counts, and may
 * be a rival's word: it counts for that only once the group lets it stand
 * (decisions/0045).
 */

#ifndef YIZHAN_STORE_CONTRACT_WORD_H
#define YIZHAN_STORE_CONTRACT_WORD_H

#include "store/entitled_claims.h"

/* What of a contract decides with which others it is contested; ends with
 * NULL. */
extern const char *const contract_terms[];

/** Whether a change leaves a contract in a state in which nothing is contested
 * with it, and asks for no end: none at all, a draft's, one that a view shows
 * or that only a newer version knows. It decides no less than its days do. */
bool contract_word_unsettles(const json_t *fields);

/** Whether a change says anything of a contract that is not everybody's to
 * say; also whether it begins with an end, which only history may. */
bool contract_word_is_told(const struct change *c);

/** Whether change i of a contract says of it what is its org's to say, and its
 * author is none of those. */
bool contract_word_is_others(const struct claims *k, size_t i);

/** At the hub: which changes of a contract say of its terms what is another's,
 * or take it out of a contest, and what the group has not let stand; out[i] is
 * of set's change i. ERR_NOMEM. */
enum err contract_word_find_others(struct txn *t, const struct self *self,
    const struct record_set *set, bool *out);

/** Whether what an org gives on a form (fields) is its to say of the contract
 * by having begun it, or being above or below who did. True also where that
 * cannot be read, and of what anybody may say. */
bool contract_word_is_ours(struct txn *t, const struct identity *contract,
    const char *org, const json_t *fields);

#endif
