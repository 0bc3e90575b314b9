/* emptying: a site gives up what it received and may no longer have.
 *
 * At the hub a change that leaves an org's list is noted, and at the end of the
 * step that caused it the notes are written down: records of kind `emptying`,
 * on the list of the org concerned. They name the changes and who is still to
 * have them, since a node may receive other lists too. Whenever that changes,
 * the next one says so with a higher number.
 *
 * Where a node's feed loses a whole list (feed_left.h) they say so too.
 *
 * At a node they are kept until a session went to its clean end, so that all
 * that the hub had to say is there; then what no list gives any more is
 * emptied: id and fingerprint stay, the body goes. Never a change of this
 * node's own orgs, and none about what it has unsent changes of. A record with
 * an emptied change is shown as emptied and nothing of it is: never half a
 * record. Where it is granted again its changes come again and are filled in.
 */

#ifndef YIZHAN_STORE_EMPTYING_H
#define YIZHAN_STORE_EMPTYING_H

#include "store/list.h"
#include "store/record.h"

/* --- the hub --- */

/* What left lists in one step. */
struct emptying_notes {
	size_t count, capacity;
	struct emptying_note *note;
};

/** A change stands on these lists now, after it moved; `from` is one it left,
 * now or earlier. lost: NULL, or the org whose list who receives `from` is fed
 * no more; then id may be NULL: that alone is to be said. */
enum err emptying_add(struct emptying_notes *n, const char *from,
    const char *lost, const struct change_id *id,
    const char names[][LIST_NAME_BYTES_MAX + 1], size_t count);
/** Write them down at that instant, and forget them. */
enum err emptying_write(struct txn *t, const struct self *self,
    struct emptying_notes *n, int64_t at);
void emptying_free(struct emptying_notes *n);
/** Its start, at that time: the next number is above all that this store gave
 * out before it may have been restored. */
enum err emptying_prepare(struct txn *t, int64_t now);
/** One of its own words came back to it: the next number is above that. */
enum err emptying_came_back(struct txn *t, const struct change *c);

/* --- a node --- */

enum {
	EMPTYING_AT_ONCE = 2000, /* changes, in one transaction */
	EMPTYING_CLASS = 1,      /* of the words: before the day's work */
};

/** A change was merged: if it is the group's word on emptying, keep it. */
enum err emptying_note_change(
    struct txn *t, const struct self *self, const struct change *c);
/** Whether anything waits to be emptied. */
bool emptying_is_due(struct txn *t);
/** A change of whose emptying is spoken came by a list once more: who sent it
 * then means this node to have it. */
enum err emptying_came_again(struct txn *t, const struct change_id *id);

/* How much of what the parent's lists hold came by a clean end. */
enum emptying_heard {
	HEARD_PART,
	HEARD_WORDS, /* all of the words' class and above */
	HEARD_ALL,
};

/** A session went to its clean end: empty what may be. With HEARD_WORDS the
 * org tree and the teams may not be here yet, which can only keep more. */
enum err emptying_apply(
    struct txn *t, const struct self *self, enum emptying_heard heard);

/** After that: what waited about what is emptied now is given up. */
enum err emptying_drop_questions(struct txn *t);

/** Whether a record is emptied, and which it is (source not told). */
bool emptying_is_emptied(struct txn *t, const uint8_t key[KEY_RECORD_BYTES]);
enum err emptying_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], struct identity *out);
/** One JSON object that says so; NULL: no memory. */
json_t *emptying_to_json(const struct identity *id);

/** The body of an emptied change has come again; key: of its record. */
enum err emptying_fill(struct txn *t, const struct change_id *id,
    const struct stored *was, const void *body, size_t body_bytes,
    uint8_t key[KEY_RECORD_BYTES]);

#endif
