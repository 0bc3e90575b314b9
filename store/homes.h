/* homes: which households a contract is of, and was: of its number, at the org
 * that keeps the resident's file. Rows lead from a household to them.
 */

#ifndef YIZHAN_STORE_HOMES_H
#define YIZHAN_STORE_HOMES_H

#include "store/record.h"

/* A row of `codes`: homes_blind(), key of the contract. */
enum { HOMES_ROW_BYTES = DB_BLIND_BYTES + KEY_RECORD_BYTES };

/** The number that a contract's fields name; NULL: none. */
const char *homes_number(const json_t *fields);
/** By what a household's rows begin. ERR_NOMEM. */
enum err homes_blind(struct txn *t, const char *number, const char *org,
    uint8_t out[DB_BLIND_BYTES]);

/** At a hub: a merged change may take a contract out of a household; those
 * that it was of are due then. What does nothing like that costs nothing. */
enum err homes_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);
/** Add the household of a contract, and those that it was of, to those that
 * are due: blind hashes, each once. */
enum err homes_add(struct txn *t, const struct record *contract,
    const uint8_t key[KEY_RECORD_BYTES], struct buffer *due);
/** Add those of the contracts that were noted, which are noted no more. */
enum err homes_take(struct txn *t, struct buffer *due);

#endif
