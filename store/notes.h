/* notes: what follows from a merged change besides its record: index rows, what
 * waits for somebody, what a person has to decide, what the group says to it.
 * A record that was emptied here says nothing until it is filled in.
 */

#ifndef YIZHAN_STORE_NOTES_H
#define YIZHAN_STORE_NOTES_H

#include "store/key.h"
#include "store/self.h"

/** Rows that follow from the change, written before it is listed: links decide
 * who receives it. ERR_CORRUPT, ERR_IO, ERR_NOMEM: abandon t. */
enum err notes_rows(struct txn *t, const struct change *c,
    const uint8_t key[KEY_RECORD_CHANGE_BYTES]);
/** What is to be asked or answered, when it is listed: at a hub this may write
 * changes of the group's. Errors as above. */
enum err notes_matters(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_CHANGE_BYTES]);
/** A body came again to a record that was emptied here: once it is whole, both
 * of all its changes. One that came meanwhile was not noted, and what waited
 * was dropped. Errors as above. */
enum err notes_filled(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES]);

#endif
