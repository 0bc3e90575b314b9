/* source (store): provides sync/source.h's calls from a database.
 *
 * Each call reads in a transaction of its own and ends it before it returns.
 */

#ifndef YIZHAN_STORE_SOURCE_H
#define YIZHAN_STORE_SOURCE_H

#include "store/db.h"
#include "store/self.h"
#include "store/traffic.h"

struct source_context {
	struct db *db;
	int64_t now;               /* seconds since 1970, told in hello */
	struct traffic_side *sent; /* counts what goes; NULL: nobody does */
};

/** sync/source.h's settle() inside a transaction. */
enum err source_settle_list(
    struct txn *t, const struct list_id *list, struct cursor *at);

/** The calls, on a context that the caller keeps. */
struct source store_source(struct source_context *context);

/* --- private to source*.c: calls of a struct source -------------------- */

enum err source_stretch(void *context, const struct list_id *list,
    const struct cursor *after, const struct cursor *to, struct span *out);
enum err source_exceptions(void *context, const uint8_t peer[NODE_ID_BYTES],
    const struct list_id *list, const struct span *of, struct receipt *out);
enum err source_group_receipt(
    void *context, const uint8_t life[LIFE_BYTES], struct group_receipt *out);

#endif
