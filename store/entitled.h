/* entitled: whether who wrote as the managing org was it. */

#ifndef YIZHAN_STORE_ENTITLED_H
#define YIZHAN_STORE_ENTITLED_H

#include "store/matter.h"

/** A maker's note() (matter.h), for all three codes; at a hub. */
enum err entitled_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** A change as it is stored; change_clear() it in any case. ERR_NOT_FOUND,
 * ERR_FORMAT. */
enum err entitled_read(
    struct txn *t, const struct change_id *id, struct change *c);

#endif
