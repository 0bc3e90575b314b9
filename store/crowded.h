/* crowded: one record with so many changes that it is no longer worked with.
 *
 * What is judged of a record looks at all of its changes, again with each that
 * comes, and beyond KIN_MAX says nothing. So the changes of one record are
 * bounded where they come in: of one node first, since a program that repeats
 * itself is the usual cause and others shall still be heard, then of all nodes
 * together. The group has what is left, and is never refused.
 *
 * At the hub, where it can be told whose a record is (crowded_whose.h), all
 * others together have a part of the room only, so that however many they are
 * those find theirs. What is kept apart is looked at again when more is known
 * of whose it is (apart_settle()).
 */

#ifndef YIZHAN_STORE_CROWDED_H
#define YIZHAN_STORE_CROWDED_H

#include <assert.h>

#include "store/crowded_whose.h"
#include "store/self.h"

enum {
	/* Of one record and one node: a change a week for three years and a
	 * half. As many words of the group's about them leave room for others.
	 */
	CROWDED_BY_ONE = 192,
	CROWDED_BY_ALL = 448, /* the rest is for the group's own words */
	/* Of all whose it is not surely. As many words of the group's about
	 * them leave those whose it is 192. */
	CROWDED_BY_STRANGERS = 128,
	/* Beyond that, of each org whose it may be. */
	CROWDED_BY_DOUBTED = 24,
};

static_assert(CROWDED_BY_STRANGERS + CROWDED_SHARES_MAX * CROWDED_BY_DOUBTED +
                      CROWDED_BY_STRANGERS <=
                  CROWDED_BY_ALL,
    "those whose it surely is find theirs");

/** Whether this record takes no further change of the node whose life this is
 * (is_groups: it is the hub's). ERR_CORRUPT, ERR_IO, ERR_NOMEM. */
enum err crowded_is(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t life[LIFE_BYTES], bool is_groups, bool *out);

/** Whether a change of another node is one too many. What cannot be counted is
 * not held against anybody: writing it will tell. */
bool crowded_is_apart(
    struct txn *t, const struct change *c, const struct cert *author);

/** A change that is kept apart as one too many: list its record, and let it be
 * found when more is known. */
enum err crowded_hold(
    struct txn *t, const struct change *c, const char *origin, int64_t now);

/* A row that leads from a record to a change that is held of it; beginnings
 * come first, then by change id. */
enum { CROWDED_HELD_BYTES = 13 + KEY_RECORD_BYTES + 1 + KEY_CHANGE_BYTES };

/** The first that is held of a record at or after a row; from NULL: of all.
 * ERR_NOT_FOUND: no more. */
enum err crowded_held(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    const uint8_t *from, uint8_t out[CROWDED_HELD_BYTES]);
/** The change that a row is about. */
void crowded_held_id(
    const uint8_t row[CROWDED_HELD_BYTES], struct change_id *out);
/** The first row that there may be after this one; false: there can be none. */
bool crowded_held_next(uint8_t row[CROWDED_HELD_BYTES]);
/** The first row that another life may have after this one's, which has said
 * enough; false: there can be none. */
bool crowded_held_skip(uint8_t row[CROWDED_HELD_BYTES]);
/** It is merged by now, or gone. */
enum err crowded_release(struct txn *t, const uint8_t row[CROWDED_HELD_BYTES]);
/** Nothing is held of a record any more: its row goes. */
enum err crowded_untell(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);

/** Let apart_settle() look at a record, where something may be held of it. */
enum err crowded_note_due(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);
/** Let apart_settle() look at every record with something held: the tree of
 * orgs grew. */
enum err crowded_all_due(struct txn *t);
/** Take away one that is to be looked at. ERR_NOT_FOUND: none. */
enum err crowded_take_due(struct txn *t, uint8_t key[KEY_RECORD_BYTES]);

/** More may be known of whose a record is: ask anew. */
void crowded_forget(struct txn *t);

/** List a record with changes that were refused, or with too many to be
 * judged: one row, however often. */
enum err crowded_tell(
    struct txn *t, const struct identity *id, const char *origin, int64_t now);
/** At a hub, of a change that was merged: list its record once it has more
 * than KIN_MAX; where it may show whose that is, it is to be looked at. */
enum err crowded_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** The id such a row has in the place of a change's: no change has it. */
void crowded_row_id(
    struct txn *t, const struct identity *id, struct change_id *out);

#endif
