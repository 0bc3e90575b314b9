/* moves: a resident goes over to another managing org (kinds/move.c), and what
 * the former one writes without knowing.
 *
 * The group decides. When its node confirms a move it also gives the file to
 * the new org, as a change of the resident; scope.h does the rest. What the
 * former org, or one below it, changes in the file without having seen that
 * is kept and forwarded like any change; both are told by a row of
 * QUESTION_MATTER about the resident, one per such change, until the new org
 * says that it has seen it.
 */

#ifndef YIZHAN_STORE_MOVES_H
#define YIZHAN_STORE_MOVES_H

#include "store/key.h"
#include "store/question.h"

/** A change was merged; key is of its record. At the hub it may write. */
enum err moves_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

#endif
