/* slip: from a number on paper to its record.
 *
 * The first use of a number keeps it. What is filed under another resident
 * (reassign.h) leaves a stub under its number that names the new record: the
 * number leads there, if whose the one was has made the other of it.
 */

#ifndef YIZHAN_STORE_SLIP_H
#define YIZHAN_STORE_SLIP_H

#include "store/change.h"
#include "store/db.h"
#include "store/key.h"

enum { SLIP_MOVES_MAX = 8 }; /* from file to file; it is followed no further */

/** A change was merged: if it bears a number that nothing bore, keep it. */
enum err slip_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES]);

/** The record a slip number stands for. ERR_NOT_FOUND. */
enum err slip_find(
    struct txn *t, const char *slip_no, uint8_t key[KEY_RECORD_BYTES]);

/** That record goes: if the number was first used by it, it is free. */
enum err slip_free(struct txn *t, const char *slip_no,
    const uint8_t record_key[KEY_RECORD_BYTES]);

#endif
