/* begun: who began a record.
 *
 * Whoever knows a record's name can write a change that has seen nothing of
 * it. Of a ref that a store gave, only the change that bears it in its own id
 * is a beginning. Refs of programs are told by several: by the group, or by
 * one org and those below it, they began it; of two that know nothing of each
 * other each may be wrong, and until the group sets one aside neither counts
 * for more than it wrote. Who answers what another asked him for, and repeats
 * all of it, began nothing (decisions/0033). Pure in the changes, the tree of
 * orgs and who the group is.
 */

#ifndef YIZHAN_STORE_BEGUN_H
#define YIZHAN_STORE_BEGUN_H

#include "store/db.h"
#include "store/merge.h"

enum begun {
	BEGUN_NOT,     /* it has seen something, or begins nothing */
	BEGUN_DOUBTED, /* another org says that it began the record */
	BEGUN_SURELY,
};

enum {
	BEGUN_ORGS_MAX = 8, /* that begin one record; of more none did surely */
};

/** Whether a change without parents names a record that another change, by
 * the ref itself, began. */
bool begun_is_forged(const struct change *c);

/** Whether the node of the group made it. group: its id; NULL: not known
 * here. */
bool begun_is_groups(
    struct txn *t, const uint8_t *group, const struct change *c);

/** Of each change of a record, in the same places, an enum begun. ERR_NOMEM. */
enum err begun_find(struct txn *t, const uint8_t *group,
    const struct merge_input *input, size_t count, uint8_t *out);

/** The place of the change that says who began it: of those that surely did,
 * else (or_doubted) of all that say so, that of the lowest id. SIZE_MAX: none.
 * ERR_NOMEM. */
enum err begun_first(struct txn *t, const uint8_t *group,
    const struct merge_input *input, size_t count, bool or_doubted,
    size_t *out);

#endif
