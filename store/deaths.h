/* deaths: a resident is reported dead by one and alive by another who did not
 * know: dead is shown (merge.h), and a person decides.
 */

#ifndef YIZHAN_STORE_DEATHS_H
#define YIZHAN_STORE_DEATHS_H

#include "store/key.h"

/** A change was merged: put or drop the row of its record. */
enum err deaths_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

#endif
