/* decoded: changes that a writing transaction has read already.
 *
 * What comes in is judged by several, and each looks at the same records: the
 * change itself, the resident it is about, his contracts, what grants them. To
 * read a change is to open its seal and to build its fields, which costs more
 * than all that is then asked of it.
 */

#ifndef YIZHAN_STORE_DECODED_H
#define YIZHAN_STORE_DECODED_H

#include "store/key.h"

enum { DECODED_MOST = 64 };

/* Each has one place that it may stand in; the next one overwrites. */
struct decoded {
	struct decoded_change *of[DECODED_MOST]; /* NULL: nothing here */
};

/**
 * A merged change of the record that bears this key, as it is stored. False:
 * not remembered. The fields are shared: whoever gets them changes nothing in
 * them, and calls change_clear(out) as after change_decode().
 */
bool decoded_find(struct txn *t, const uint8_t record[KEY_RECORD_BYTES],
    const struct change_id *id, struct change *out, uint64_t *fingerprint);
/** Remember one, decoded from what is stored, which is its record's. Where
 * there is no memory nothing is remembered. */
void decoded_note(struct txn *t, const uint8_t record[KEY_RECORD_BYTES],
    const struct change *c, uint64_t fingerprint);
/** It is written anew, or gone. */
void decoded_forget(struct txn *t, const struct change_id *id);
/** All of them. */
void decoded_clear(struct decoded *d);

#endif
