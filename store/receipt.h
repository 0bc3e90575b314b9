/* receipt: what others hold of what was made here. */

#ifndef YIZHAN_STORE_RECEIPT_H
#define YIZHAN_STORE_RECEIPT_H

#include "store/self.h"

/** Own changes that wait for the parent, and that it has receipted and taken:
 * what it keeps apart is neither. At a hub all count as held. */
enum err receipts_parent_count(
    struct txn *t, const struct self *self, uint64_t *waiting, uint64_t *held);
/** Own changes the group holds, by its signed word; without those that the
 * parent keeps apart. */
enum err receipts_group_count(
    struct txn *t, const struct self *self, uint64_t *held);

/** The peer receipted one of our lists. Kept is what fits our list: a cursor
 * that does not lie on it counts as its beginning. ERR_FORK: it lies on
 * another history of what this node wrote (recover.h). */
enum err receipts_take(struct txn *t, const struct cert *peer,
    const struct receipt *r, int64_t now);
/** The peer said where it stands in all our lists; those it did not name it
 * does not know. may_raise: also where it says more than it has receipted. A
 * parent's word is not enough for that: what it holds and did not take only
 * its receipts tell. Errors as above. */
enum err receipts_correct(struct txn *t, const struct cert *peer,
    const struct cursor_set *set, bool may_raise);
/** Check the group's signature and keep it. ERR_AUTH: not the hub's.
 * ERR_FORK: it tells another chain than ours, or more than we wrote in this
 * life; not kept. */
enum err receipts_take_group(
    struct txn *t, const struct self *self, const struct group_receipt *g);
/** The same in its short form, of the life of this node with that nonce: the
 * chains are computed from the log. ERR_FORK: the log does not reach so far,
 * or the signature does not fit what it holds (which of the two is at fault
 * cannot be told apart); not kept. */
enum err receipts_take_held(struct txn *t, const struct self *self,
    const uint8_t nonce[LIFE_NONCE_BYTES], const struct group_held *h);
/** Hub: what the group holds of a life, signed. */
enum err receipts_make_group(struct txn *t, const struct self *self,
    const uint8_t life[LIFE_BYTES], struct group_receipt *out);

/** How much of a life the group holds, by its word; 0s: nothing said. */
enum err receipts_group_held(
    struct txn *t, const uint8_t life[LIFE_BYTES], uint64_t held[CLASSES]);

#endif
