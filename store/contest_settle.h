/* contest_settle: the group's word on contracts, at the hub.
 *
 * Only the group makes a contract active, contests it, ends and closes it. It
 * does so by changes of its own, signed like any other, under the name of no
 * person: CONTEST_AUTHOR. Whose contracts have to be looked at again stands in
 * the store until it is done, so that the last step of every way in only notes
 * it, and a power cut loses nothing. What is due costs what the records of the
 * residents concerned cost.
 */

#ifndef YIZHAN_STORE_CONTEST_SETTLE_H
#define YIZHAN_STORE_CONTEST_SETTLE_H

#include "store/contest.h"
#include "store/record.h"

/* `by` of what the group says by rule. No import can use such a name for a
 * record of its own. */
#define CONTEST_AUTHOR "~group"

enum {
	CONTEST_PEOPLE_MOST = 16,   /* entries that are one person */
	CONTEST_CHANGES_MOST = 512, /* a contract with more is left alone */
};

/** Note a merged change: at a hub, that its resident's contracts are due;
 * elsewhere, which contract a service or package change is of. */
enum err contest_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** At a hub: look at a contract once more, since what is known elsewhere shows
 * whose a word on it is. Nothing elsewhere. */
enum err contest_due(
    struct txn *t, const struct self *self, const struct identity *id);

/** At a hub: say what the group has to say of all that is due, of arrivals
 * (arrival.h) too. Writes nothing where it was said already. */
enum err contest_settle(struct txn *t, const struct self *self, int64_t now);

/** At the start of a hub: say it of all contracts that were here before a hub
 * did so, once, and of what is due. */
enum err contest_prepare(struct txn *t, const struct self *self, int64_t now);

/** At a hub: the contract that counts for a resident, and those linked to
 * him, on a day. ERR_NOT_FOUND: none, or no such resident. */
enum err contest_holder(struct txn *t, const struct self *self,
    const uint8_t resident[KEY_RECORD_BYTES], const char *day,
    uint8_t out[KEY_RECORD_BYTES]);

#endif
