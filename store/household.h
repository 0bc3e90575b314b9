/* household: the contracts that members of one household have (户).
 *
 * A contract that names a household_no is a household's. One team should have a
 * household; where members signed with different teams, each resident still has
 * one contract, so nothing is contested: the managing org is told and says
 * which team is to have it, or that it stays so. One household is one number at
 * one managing org, so who moved away from his family belongs to it no more.
 */

#ifndef YIZHAN_STORE_HOUSEHOLD_H
#define YIZHAN_STORE_HOUSEHOLD_H

#include "store/record.h"

/* Contracts of one household that are looked at. */
enum { HOUSEHOLD_MOST = 64 };

/** At a hub: a merged change may take a contract out of a household, which is
 * due then. What does nothing like that costs nothing. */
enum err household_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** Add the household of a contract's fields to those that are due. */
enum err household_add(struct txn *t, const json_t *contract,
    const uint8_t key[KEY_RECORD_BYTES], struct buffer *due);

/** At a hub: say of the contracts of each due household, and of those that
 * were noted, with which others they stand. Writes nothing where it was said
 * already. */
enum err household_settle(struct txn *t, const struct self *self,
    const struct buffer *due, int64_t now);

#endif
