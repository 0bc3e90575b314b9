/* group_word: what in a change is the group's to say, told by the change and
 * by the record it comes to.
 */

#ifndef YIZHAN_STORE_GROUP_WORD_H
#define YIZHAN_STORE_GROUP_WORD_H

#include "store/finding.h"
#include "store/kind.h"
#include "store/record.h"

/** FINDING_NONE, or which of the group's words a change claims: the name of its
 * machine, or a field that is the group's to set. Its node is no hub's. */
enum finding_code group_word_claimed(
    const struct kind *k, const char *by, const json_t *fields);

/** Whether fields bring a record into a state that only the group sets. */
bool group_word_is_state(const struct kind *k, const json_t *fields);

/** Whether another org than the author's began the record, by a beginning that
 * the group did not set aside: then a first line about it is none of its
 * history, and takes the group's steps no more than a later one. False for a
 * record that is not here. */
bool group_word_others_began(
    struct txn *t, const struct identity *id, const struct cert *author);

/** Whether a change takes a step that only the group takes; its node is no
 * hub's. What a record's first change says may be history, where the table has
 * it and no other org began the record. Who had seen the state, and says it
 * again while it stands here, takes none where the table has that it stays. */
bool group_word_takes_step(struct txn *t, const struct kind *k,
    const struct change *c, const struct cert *author);

#endif
