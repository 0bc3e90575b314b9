/* withdraw: taking a node out of the group, for good.
 *
 * The hub keeps the list of withdrawn nodes and signs it; every other node
 * keeps the newest it has seen. What a withdrawn node still hands over is
 * held apart at the hub, up to a bound (docs/decisions/0015).
 */

#ifndef YIZHAN_STORE_WITHDRAW_H
#define YIZHAN_STORE_WITHDRAW_H

#include "store/index.h"
#include "store/self.h"
#include "sync/withdrawn.h"

/* What is held apart of one withdrawn node; beyond it is refused. */
enum { WITHDRAW_CHANGES_MAX = 4096 };
#define WITHDRAW_BYTES_MAX (16ull * 1024 * 1024)

/**
 * Hub: withdraw a node; *out is what is stored of it then. ERR_EXISTS: it was
 * withdrawn before (*out tells when); nothing changed. ERR_NOT_FOUND.
 * ERR_NOT_ALLOWED: this is no hub, or the node is the hub itself. ERR_LIMIT:
 * the reason is too long, or the list is full.
 */
enum err withdraw_node(struct txn *t, const struct self *self,
    const uint8_t id[NODE_ID_BYTES], const char *reason, int64_t now,
    struct node *out);

/** The newest list that is known here. ERR_NOT_FOUND: none. */
enum err withdraw_list(struct txn *t, struct withdrawn *out);
/** Its epoch; 0: none. */
enum err withdraw_epoch(struct txn *t, uint32_t *out);

/**
 * A peer's list: kept if it is newer than ours. ERR_AUTH: the hub did not
 * sign it. A hub that was restored from a backup finds in it whom it had
 * withdrawn.
 */
enum err withdraw_take(struct txn *t, const struct self *self,
    const struct withdrawn *list, int64_t now);

/* What a node knows of its own withdrawal. */
struct withdrawal {
	bool is_withdrawn;
	int64_t told_at;
	uint64_t held_before; /* own changes the parent held by then */
};

enum err withdraw_of_self(
    struct txn *t, const struct self *self, struct withdrawal *out);

/* Own changes, with the withdrawal taken into account. */
struct own_counts {
	uint64_t waiting; /* without the parent's receipt */
	uint64_t held;    /* taken by the parent */
	uint64_t apart;   /* kept apart there since this node was withdrawn */
};

enum err withdraw_own_counts(
    struct txn *t, const struct self *self, struct own_counts *out);

/** Count what is held apart of a withdrawn node. ERR_NOT_ALLOWED: that would
 * be more than the bounds. */
enum err withdraw_count(struct node *n, uint64_t changes, uint64_t bytes);

#endif
