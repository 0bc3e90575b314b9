/* apart: changes that are held and not merged, and what ends that.
 *
 * Here, because a peer's change could not be judged or taken; or at the
 * parent, which says so by an exception in its receipt.
 */

#ifndef YIZHAN_STORE_APART_H
#define YIZHAN_STORE_APART_H

#include "store/change.h"
#include "store/self.h"
#include "sync/source.h"

/** Keep that the parent did not take changes of ours. */
enum err apart_returned(struct txn *t, const struct receipt *receipt,
    const char *parent_name, int64_t now);

/** Of its parents that the parent node did not take, name as parents also what
 * those had seen, so far as there is room: it follows that wherever it comes,
 * though they never do. admit_own() does it. ERR_NOMEM, ERR_IO, ERR_CORRUPT. */
enum err apart_see_past(struct txn *t, struct change *c);

/** Judge again what was kept apart, here or by the parent, because its org was
 * not known to stand below the certificate's; called when the org tree grew,
 * by whoever made it grow. */
enum err apart_judge_again(struct txn *t, const struct self *self);

/** At a hub: judge again what was kept apart as one change too many of a
 * record of which more is known since (crowded.h). What fits is merged. */
enum err apart_settle(struct txn *t, const struct self *self);

#endif
