/* contest_kept: who kept a resident's file rightly, at any time: his managing
 * org as it is shown may have named itself.
 */

#ifndef YIZHAN_STORE_CONTEST_KEPT_H
#define YIZHAN_STORE_CONTEST_KEPT_H

#include "store/contest_whose.h"
#include "store/keeper.h"

/* Of all entries of one person; of more the first are looked at. */
enum { CONTEST_KEPT_MOST = 64 };

struct contest_kept {
	size_t count;
	char org[CONTEST_KEPT_MOST][ORG_REF_BYTES_MAX + 1];
};

/** Add those of one entry. ERR_NOMEM. */
enum err contest_kept_add(struct contest_kept *kept, struct txn *t,
    const struct self *self, const struct record_set *entry);
/** Whether any org that may have begun a contract is one of them, or keeps for
 * one (keeper_is()). */
bool contest_kept_by(const struct contest_kept *kept, struct txn *t,
    const struct contest_whose *w);

#endif
