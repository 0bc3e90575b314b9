/* crowded: one record with so many changes that it is no longer worked with.
 *
 * What is judged of a record looks at all of its changes, again with each that
 * comes, and beyond KIN_MAX says nothing. So the changes of one record are
 * bounded where they come in: of one node first, since a program that repeats
 * itself is the usual cause and others shall still be heard, then of all nodes
 * together. The group has what is left, and is never refused.
 */

#ifndef YIZHAN_STORE_CROWDED_H
#define YIZHAN_STORE_CROWDED_H

#include "store/kin.h"
#include "store/self.h"

enum {
	/* Of one record and one node: a change a week for three years and a
	 * half. As many words of the group's about them leave room for others.
	 */
	CROWDED_BY_ONE = 192,
	CROWDED_BY_ALL = 448, /* the rest is for the group's own words */
};

/** Whether this record takes no further change of the node whose life this is
 * (is_groups: it is the hub's). ERR_CORRUPT, ERR_IO, ERR_NOMEM. */
enum err crowded_is(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t life[LIFE_BYTES], bool is_groups, bool *out);

/** Whether a change of another node is one too many. What cannot be counted is
 * not held against anybody: writing it will tell. */
bool crowded_is_apart(
    struct txn *t, const struct change *c, const struct cert *author);

/** List a record with changes that were refused, or with too many to be
 * judged: one row, however often. */
enum err crowded_tell(
    struct txn *t, const struct identity *id, const char *origin, int64_t now);
/** At a hub: list the record of this change once it has more than KIN_MAX. */
enum err crowded_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** The id such a row has in the place of a change's: no change has it. */
void crowded_row_id(
    struct txn *t, const struct identity *id, struct change_id *out);

#endif
