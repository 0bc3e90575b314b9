/* contest_stand: contracts that came as active, and that the group lets stand.
 *
 * What was imported is exported as it was, with its author and time, so the
 * group writes nothing where it would only repeat it. But only its word grants
 * a contract's team the resident's whole file (kind_scope.full_in). So a hub
 * keeps which of these it looked at and found in force; that follows from the
 * records, like the word itself, and is sent to nobody.
 */

#ifndef YIZHAN_STORE_CONTEST_STAND_H
#define YIZHAN_STORE_CONTEST_STAND_H

#include "store/contest_set.h"

/** Keep or forget that the contract in place i of a set, which says itself what
 * the group would say, stands; its lists follow. At a hub. */
enum err contest_stand(struct txn *t, const struct self *self,
    const struct contest_set *s, size_t i);

/** Whether this contract stands without a word of the group's. */
bool contest_stands(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);

#endif
