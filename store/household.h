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

/* Contracts of one number at one managing org that are looked at. Villages
 * number their households from 1, so that a number alone says little. */
enum { HOUSEHOLD_MOST = 64 };

/** At a hub: say of the contracts of each due household, and of those that
 * were noted, with which others they stand. Writes nothing where it was said
 * already. */
enum err household_settle(struct txn *t, const struct self *self,
    const struct buffer *due, int64_t now);

#endif
