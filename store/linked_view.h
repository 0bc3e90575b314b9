/* linked_view: what is shown of a resident beside the entry itself: what the
 * entries linked to it hold that must not be overlooked, each with where it
 * is from.
 */

#ifndef YIZHAN_STORE_LINKED_VIEW_H
#define YIZHAN_STORE_LINKED_VIEW_H

#include "store/linked.h"

/** Entries {"ref", "source", "name", "org_id", "allergies", "contracts"}; NULL
 * in *out when there are none. */
enum err linked_view(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t **out);

#endif
