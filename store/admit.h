/* admit: the one way by which changes enter the store.
 *
 * Own changes and batches from peers end in the same step: log, record,
 * indexes, lists, all in the caller's transaction. What may not be merged is
 * kept apart and listed; nothing is dropped.
 */

#ifndef YIZHAN_STORE_ADMIT_H
#define YIZHAN_STORE_ADMIT_H

#include "store/list.h"
#include "store/log.h"
#include "store/record.h"

/**
 * Write a change of this node's own: gives it its id in the current life,
 * chains, stores, indexes and lists it. The caller has filled record, parents,
 * by, org, times and fields, and checked them; class is its urgency. Of parents
 * that the parent node did not take what those had seen is named behind them
 * (apart_see_past()).
 * ERR_LIMIT: the body is too large; ERR_FORMAT: see change_encode(); nothing
 * was written. ERR_FORK: another change stands under the next id: the store
 * was restored and needs a new life.
 */
enum err admit_own(
    struct txn *t, const struct self *self, struct change *c, uint8_t class);

/** Likewise one that was written under another id before: it names the parents
 * that it named then. */
enum err admit_again(
    struct txn *t, const struct self *self, struct change *c, uint8_t class);

/** Whether acting for `org` is within a certificate: one of its orgs or an
 * org below one, as far as org records here tell. */
bool org_within(struct txn *t, const struct cert *cert, const char *org);

/** What keeps a change of this author apart, or FINDING_NONE. Every node judges
 * alike: by the change and its author's certificate. */
enum finding_code admit_judge(
    struct txn *t, const struct change *c, const struct cert *author);

/** The last step of every way in, for a change that is stored: joined to its
 * record, indexed, listed for those who are to have it. */
enum err admit_merged(struct txn *t, const struct self *self,
    const struct change *c, uint64_t fingerprint);

/* What became of a peer's batch. */
struct admitted {
	size_t fresh;           /* changes that were new here, and taken */
	size_t known;           /* were here already */
	struct receipt receipt; /* of the list; exceptions included */
};

void admitted_free(struct admitted *a);

/**
 * Take a batch from a node below: its logs must go on without a gap and end
 * in heads it signed. ERR_AUTH, ERR_FORK, ERR_FORMAT: the batch breaks that;
 * the caller aborts the transaction, ends the session and says so; it calls
 * admitted_free(out) in any case.
 * A batch that begins past our cursor moves nothing: the receipt repeats the
 * old cursor and the sender goes back to it.
 */
enum err admit_from_below(struct txn *t, const struct self *self,
    const struct cert *peer, const struct batch *batch, int64_t now,
    struct admitted *out);

/** Take a batch from the parent, who vouches for it. Errors as above. */
enum err admit_from_above(struct txn *t, const struct self *self,
    const struct cert *parent, const struct batch *batch, int64_t now,
    struct admitted *out);

#endif
