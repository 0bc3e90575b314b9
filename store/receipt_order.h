/* receipt_order: in which order records of some kinds reached the group.
 *
 * A number per record, drawn by the hub in the transaction that first takes a
 * change of it: the order of receipt is data and no clock. The hub alone keeps
 * it, and uses it for what it proposes, never for what a record says.
 */

#ifndef YIZHAN_STORE_RECEIPT_ORDER_H
#define YIZHAN_STORE_RECEIPT_ORDER_H

#include "store/key.h"

/** A record that has its number keeps it. */
enum err receipt_order_note(
    struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES]);
/** From 1; 0: not known here. */
enum err receipt_order_read(
    struct txn *t, const uint8_t record_key[KEY_RECORD_BYTES], uint64_t *out);

#endif
