/* list: audiences and, per audience and class, the list of their changes.
 *
 * A list only grows; its entries are numbered from 1 and carry a running hash
 * over fingerprints, so that a cursor shows whether two nodes speak of the
 * same list. Upwards there is one audience, "up": everything made at or below
 * this node. Downwards: "group", and "org:REF" for each org that receives
 * anything. A change may stand on several lists, on each at most once; which
 * ones its record's scope says (scope.h). Where an org is no longer to have it
 * the place remains and is marked withdrawn: nobody is sent it any more.
 */

#ifndef YIZHAN_STORE_LIST_H
#define YIZHAN_STORE_LIST_H

#include "store/self.h"

#define AUDIENCE_UP    "up"
#define AUDIENCE_GROUP "group"
#define AUDIENCE_ORG   "org:" /* and the org's ref */

struct emptying_notes;

struct audience {
	uint32_t number;
	uint32_t epoch;
};

struct list_entry {
	uint64_t place;
	struct change_id id;
	uint64_t fingerprint;
	uint64_t running;
	bool is_withdrawn; /* passed over: the audience may not have it now */
};

/** ERR_NOT_FOUND: nothing was ever listed for it. */
enum err audience_read(struct txn *t, const char *name, struct audience *out);
/** Whether anything was, as a batch asks of every change. */
bool audience_known(struct txn *t, const char *name, struct audience *out);
/** Read, or make with a fresh epoch. */
enum err audience_ensure(struct txn *t, const char *name, struct audience *out);
/** Forget all lists and audiences (before they are built anew). */
enum err lists_drop(struct txn *t);

/** Cursor at the end of a list; place 0 when it is empty. */
enum err list_end(
    struct txn *t, const struct audience *a, uint8_t class, struct cursor *out);
/** The running hash behind one more entry. */
uint64_t list_running(uint64_t before, uint64_t fingerprint);
enum err list_append(struct txn *t, const struct audience *a,
    const struct change_id *id, uint64_t fingerprint);
/** The entry at a place. ERR_NOT_FOUND. */
enum err list_entry_read(struct txn *t, const struct audience *a, uint8_t class,
    uint64_t place, struct list_entry *out);

/**
 * Let a change stand on the lists of these audiences, and on no others but
 * that of its acting org, which list_change() appended it to. What it stands
 * on already is left alone. Where it moved, the lists that it left, then or
 * before, are added to *left; NULL: nobody wants to know.
 */
enum err list_share(struct txn *t, const struct change_id *id,
    uint64_t fingerprint, const char names[][LIST_NAME_BYTES_MAX + 1],
    size_t count, struct emptying_notes *left);

/** Those of `kept` on which a change stands by now, added to `names`, which has
 * room for them. */
enum err list_keep(struct txn *t, const struct change_id *id,
    const char kept[][LIST_NAME_BYTES_MAX + 1], size_t kept_count,
    char names[][LIST_NAME_BYTES_MAX + 1], size_t *count);

/** The lists a change stands on besides its acting org's, at most so many. */
enum err list_standing(struct txn *t, const struct change_id *id,
    char names[][LIST_NAME_BYTES_MAX + 1], size_t most, size_t *count);

/** As if it had left this list: who has that is told of it from now on. */
enum err list_note_left(
    struct txn *t, const struct change_id *id, const char *name);

/** The audiences a change belongs to here and now, appended to each list. */
enum err list_change(struct txn *t, const struct self *self,
    const struct change *c, uint64_t fingerprint);

/** Which side of a pair of nodes a cursor describes. */
enum cursor_side {
	CURSOR_OWN = 0,  /* where we stand in the peer's list */
	CURSOR_PEER = 1, /* where the peer said it stands in ours */
};

/** place 0 and epoch 0 when there is none. */
enum err cursor_read(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list, struct cursor *out);
enum err cursor_write(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list, const struct cursor *c);
/** As if the list had never been heard of. */
enum err cursor_forget(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, const struct list_id *list);
/** All of one side. ERR_LIMIT: more than a session can name. */
enum err cursor_read_all(struct txn *t, const uint8_t peer[NODE_ID_BYTES],
    enum cursor_side side, struct cursor_set *out);

#endif
