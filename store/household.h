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

/* Contracts of one number at one managing org. Villages number their households
 * from 1, so that a number alone says little. */
enum {
	/* In force: with more the number is no household's. Then none of them
	 * is compared with another, and the group is told (280). */
	HOUSEHOLD_MOST = 64,
	/* That are looked at, over or not: with more the group is told as
	 * well. A family of eight that signs each year fills it in a century.
	 */
	HOUSEHOLD_READ_MOST = 1024,
};

/** At a hub: say of the contracts of each due household, and of those that
 * were noted, with which others they stand. Writes nothing where it was said
 * already. */
enum err household_settle(struct txn *t, const struct self *self,
    const struct buffer *due, int64_t now);

#endif
