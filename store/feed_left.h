/* feed_left: a node's feed loses a whole list.
 *
 * A node is fed the lists of its certificate's orgs and of those below them,
 * and of its teams' villages. A team gives a village up, an org goes to stand
 * below another: then a list is not for these nodes any more, though nothing
 * left it. The hub says so in the words of emptying.h: which changes the list
 * holds, for whom they still are, and which list it is. A node that hears it
 * also forgets how far it was in that list, so that all of it comes again
 * should it be fed from it once more.
 */

#ifndef YIZHAN_STORE_FEED_LEFT_H
#define YIZHAN_STORE_FEED_LEFT_H

#include "store/self.h"

/** Hub: a change of the group's reference data was admitted. A team's villages
 * are looked at now; where an org stands in the tree, by feed_left_settle(). */
enum err feed_left_note(
    struct txn *t, const struct self *self, const struct change *c);
/** Hub: after the lists were settled for the tree as it is now. */
enum err feed_left_settle(struct txn *t, const struct self *self);

/** Node: the word that an org's list is not for it any more. */
enum err feed_left_heard(struct txn *t, const char *org, uint64_t number);
/** Whether any such word waits. */
bool feed_left_waits(struct txn *t);
/** All is here that the hub had to say: forget the cursors of those lists, if
 * the feed, as the certificate is now, is really without them. */
enum err feed_left_apply(
    struct txn *t, const struct self *self, const struct cert *feed);

#endif
