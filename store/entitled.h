/* entitled: whether who wrote as the managing org was it. */

#ifndef YIZHAN_STORE_ENTITLED_H
#define YIZHAN_STORE_ENTITLED_H

#include "store/matter.h"

/** A maker's note() (matter.h), for all three codes; at a hub. */
enum err entitled_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** Judge one change of what is here, and those it throws a light on, and put or
 * drop their rows. */
enum err entitled_judge(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);
/** The same of all changes of a record that is no file and no device. */
enum err entitled_judge_record(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES]);

/** Judge again what names this record: more is known of its keeper
 * (entitled_again.c). */
enum err entitled_look_again(
    struct txn *t, const struct self *self, const struct identity *id);
/** The same of questions about a record that is neither a file nor a device.
 */
enum err entitled_look_at_questions(
    struct txn *t, const struct self *self, const struct identity *id);

/** A change as it is stored; change_clear() it in any case. ERR_NOT_FOUND,
 * ERR_FORMAT. */
enum err entitled_read(
    struct txn *t, const struct change_id *id, struct change *c);

#endif
