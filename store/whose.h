/* whose: a link was undone, and what was written of either entry while it stood
 * may be of the other person. The hub, which knows all that names an entry,
 * asks about each such record until that is decided: a row of QUESTION_MATTER
 * about the record, its field the link's ref. Which they are follows from what
 * is here, in whatever order the link, the record, the entries and decisions
 * came: where the decision is undone or set aside it is asked again, and of a
 * link that stands after all nothing is.
 */

#ifndef YIZHAN_STORE_WHOSE_H
#define YIZHAN_STORE_WHOSE_H

#include "store/key.h"
#include "store/self.h"

/** A change was merged. */
enum err whose_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** A change of a record of kind `question` was merged: what it decides of such
 * a record is noted. Also of one that is undone or set aside, which decides
 * nothing then; it may have come before what it is about. */
enum err whose_note_decision(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** At the start of a hub: once, what an older one noted otherwise or not at
 * all. ERR_CORRUPT: pages of the store are broken. */
enum err whose_prepare(struct txn *t, const struct self *self);

#endif
