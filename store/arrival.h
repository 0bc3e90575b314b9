/* arrival: a patient's arrival that was registered by slip number alone, at
 * the hub.
 *
 * Who is referred may be there before the record of it is. The target then
 * registers the arrival by the number on the slip, and that is a record of its
 * own. Once the hub holds both, it says in the referral what the other tells,
 * and closes that, under the name of no person (CONTEST_AUTHOR).
 */

#ifndef YIZHAN_STORE_ARRIVAL_H
#define YIZHAN_STORE_ARRIVAL_H

#include "store/record.h"

enum {
	ARRIVAL_RECORDS_MOST = 16,  /* of one number; of more none is joined */
	ARRIVAL_CHANGES_MOST = 512, /* of a referral; else all are left alone */
};

/** Note a merged change: at a hub, that the referral is to be looked at. */
enum err arrival_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** At a hub: join what is due. Writes nothing where it was joined already. */
enum err arrival_settle(struct txn *t, const struct self *self, int64_t now);

/** At the start of a hub: note all referrals that were here before a hub
 * joined them, once. arrival_settle() has to follow. */
enum err arrival_prepare(struct txn *t, const struct self *self);

#endif
