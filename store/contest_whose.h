/* contest_whose: whose a contract is, for the group's word on it.
 *
 * It is of the org that began it (begun.h). While several say so the machine
 * speaks in the name of the org above them: what is said in an org's name
 * stands on its list for good. And what one more says that he began takes
 * nothing from a contract: neither that its team is the managing org's, nor
 * that it is in force.
 */

#ifndef YIZHAN_STORE_CONTEST_WHOSE_H
#define YIZHAN_STORE_CONTEST_WHOSE_H

#include "store/begun.h"
#include "store/record.h"
#include "store/self.h"

/* Of one record's changes, which outlive it. */
struct contest_whose {
	const struct change *first; /* that began it, of several the one of the
	                               lowest id; NULL: none is here */
	bool is_doubted;            /* several orgs say that they did */
	bool is_told;               /* all of them are named */
	size_t org_count; /* 1 where nothing is in doubt; 0: none is here */
	const char *orgs[BEGUN_ORGS_MAX];
};

/** ERR_NOMEM. */
enum err contest_whose_read(struct txn *t, const struct self *self,
    const struct record_set *changes, struct contest_whose *out);

/** In whose name the machine speaks of it; "" where nobody began it. */
void contest_whose_name(struct txn *t, const struct contest_whose *w,
    char out[ORG_REF_BYTES_MAX + 1]);

/** In whose name the group speaks of a contract that is shown so: of the org
 * it shows, or while it is in doubt whose it is, likewise. What cannot be read
 * is no error. */
enum err contest_whose_speaks(struct txn *t, const struct self *self,
    const struct record *contract, char out[ORG_REF_BYTES_MAX + 1]);

#endif
