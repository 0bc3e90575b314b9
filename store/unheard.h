/* unheard: what a child asks of its parent after receipts were lost.
 *
 * Only a receipt tells which changes its sender keeps apart. Where a link took
 * receipts with it the parent stands further in the child's list than the
 * child has heard; of the stretch between, the child tells the ids alone, and
 * the parent what it keeps apart of them (docs/protocol.md, 8.1).
 */

#ifndef YIZHAN_STORE_UNHEARD_H
#define YIZHAN_STORE_UNHEARD_H

#include "store/db.h"
#include "sync/source.h"

/** The child: what its list holds between two of its places. ERR_LIMIT: more
 * than can be asked about. */
enum err unheard_stretch(struct txn *t, const struct list_id *list,
    const struct cursor *after, const struct cursor *to, struct span *out);

/** The parent: another change came under a known id, and is kept apart. */
enum err unheard_note_clash(
    struct txn *t, const struct change_id *id, uint64_t fingerprint);

/** The parent: where it stands in that list of the peer's, and what it keeps
 * apart of the stretch that ends there. ERR_NOT_FOUND: it cannot tell, since
 * what it has of these ids is not what the list holds, or is too much. On
 * ERR_OK out->exceptions is the caller's to free. */
enum err unheard_exceptions(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    const struct list_id *list, const struct span *of, struct receipt *out);

#endif
