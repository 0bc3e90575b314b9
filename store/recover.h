/* recover: an older copy of a store finds its way back into its group.
 *
 * A store put back by hand or copied gives out numbers its parent knows with
 * other content. The parent keeps what it has, keeps the others apart and
 * names them (FINDING_CLASH). The copy
 *
 *   1. learns from its parent's cursor that it is one: recover_begin();
 *   2. hears in the next session which of its changes clash: recover_note();
 *   3. writes those again in a new life once that session is through:
 *      recover_finish(). Records it founded get new names, slip numbers stay.
 *
 * What it lost comes back down in the lists of its orgs. No change is written
 * over, none is written again twice.
 */

#ifndef YIZHAN_STORE_RECOVER_H
#define YIZHAN_STORE_RECOVER_H

#include "store/self.h"

/* --- the copy ------------------------------------------------------------ */

/** The parent's cursor lies on another history of our list. A new life unless
 * nothing was written in this one, new lists, and the parent's lists are read
 * from their beginning. *self follows. The named number "recovered_at" tells
 * when that was last. */
enum err recover_begin(struct txn *t, struct self *self, int64_t now);

/** Take the clashes of our own changes out of a receipt and remember them. */
enum err recover_note(
    struct txn *t, const struct self *self, struct receipt *r);

/** A clean session ended: write again what clashed. Does nothing when
 * nothing did. *self follows. */
enum err recover_finish(struct txn *t, struct self *self, int64_t now);
/** Whether it would do something. */
bool recover_is_due(struct txn *t);

/* --- the parent of one --------------------------------------------------- */

/** A life was told with less than is known of it, or came up with another
 * change under a known number: what else it writes is another history, whose
 * parents and references mean other changes than here. */
enum err recover_mark_fork(struct txn *t, const uint8_t life[LIFE_BYTES]);
bool recover_is_forked(struct txn *t, const uint8_t life[LIFE_BYTES]);
/** Mark it if its node tells fewer changes than are known here. */
enum err recover_compare(struct txn *t, const uint8_t life[LIFE_BYTES],
    const uint64_t told[CLASSES]);

#endif
