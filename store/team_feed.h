/* team_feed: what a computer is fed that is certified for a team.
 *
 * A certificate names orgs; "team:REF" in their place stands for a family
 * doctors' team. Its computer receives the list of that name, on which the
 * team's contracts stand with what they grant, and those of the team's
 * villages: its villages' residents and its own contracts, no more. Nobody acts
 * for a team: to write, a certificate names a village as well.
 */

#ifndef YIZHAN_STORE_TEAM_FEED_H
#define YIZHAN_STORE_TEAM_FEED_H

#include "store/self.h"

#define TEAM_PREFIX "team:"

/** A copy of a certificate to which the villages of its teams are added, as
 * their records say now; as many as a certificate can name. */
enum err team_feed_widen(
    struct txn *t, const struct cert *cert, struct cert *out);

/** Whether any computer is certified for this team: else its list is not
 * kept. */
bool team_feed_is_kept(struct txn *t, const char *team);

/** Hub: a node was certified. For teams that had no computer yet the list is
 * begun, and their contracts stand on it. */
enum err team_feed_certified(
    struct txn *t, const struct self *self, const struct cert *cert);

#endif
