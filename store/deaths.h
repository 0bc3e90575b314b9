/* deaths: a resident is reported dead by one and alive by another who did not
 * know: dead is shown (merge.h), and a person decides.
 */

#ifndef YIZHAN_STORE_DEATHS_H
#define YIZHAN_STORE_DEATHS_H

#include "store/graph.h"
#include "store/key.h"
#include "store/record.h"

/** A change was merged: put or drop the row of its record. */
enum err deaths_note(
    struct txn *t, const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** Whether a change after others says of one who was reported dead that he is
 * anything else. */
bool deaths_speaks_after(const struct record_set *set, size_t i);
/** Whether he was dead as its author saw him, and is not by its word. g: of
 * the set, marked; what was set aside says nothing. */
bool deaths_takes_back(
    const struct record_set *set, const struct graph *g, size_t i);

#endif
