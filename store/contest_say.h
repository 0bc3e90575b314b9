/* contest_say: what the group says of a contract, written down as a change of
 * the hub's own where the record does not say so yet.
 */

#ifndef YIZHAN_STORE_CONTEST_SAY_H
#define YIZHAN_STORE_CONTEST_SAY_H

#include "store/contest_set.h"

/** At a hub: a change of the machine's, in the name of the contract's org, or
 * who speaks for it (contest_whose.h). What
 * no change can hold stays unsaid. */
enum err contest_say(struct txn *t, const struct self *self,
    const struct record *contract, const char *org, json_t *fields,
    int64_t now);

/** At a hub: what follows for the contract in place i of a set. Writes nothing
 * where it was said already. is_old: as of opened_judge(). */
enum err contest_say_of(struct txn *t, const struct self *self,
    const struct contest_set *s, size_t i, int64_t now, bool is_old);

#endif
