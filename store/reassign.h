/* reassign: a record filed under the wrong resident goes to the right one.
 *
 * Its content becomes a new record of the right resident, which says where it
 * is from; the wrong file keeps a stub: what was done when, that it was a
 * mistake, why, and where it went. Both are ordinary changes. The stub reaches
 * whoever has the record, and a site that knows nothing of it yet cannot bring
 * the content back, since nothing stands above entered_in_error.
 */

#ifndef YIZHAN_STORE_REASSIGN_H
#define YIZHAN_STORE_REASSIGN_H

#include "store/author.h"

struct reassigning {
	const char *to;        /* ref of the right resident's entry */
	const uint8_t *to_key; /* its key, where that is known; or NULL */
	const char *by;        /* who found out */
	const char *reason;
	int64_t now;
};

/** Whether records of this kind can be reassigned. */
bool reassign_knows(const struct kind *k);

/** Refuse to fill a stub again: given beside what it says. Fields may be
 * cleared, and the reason told. Returns the ref of the record it became; NULL
 * when nothing is refused. */
const char *reassign_keeps_stub(
    const json_t *before, const json_t *given, struct findings *out);

/**
 * Reassign the record of a key. out->record is the new one. Where an allergy
 * names the record as its source, it goes along, and all of it is urgent.
 * ERR_NOT_FOUND: the record is not here. ERR_USAGE: nothing of its kind can be
 * reassigned, or it was already. ERR_REFUSED: findings (no such resident, no
 * reason, versions of it wait to be decided). ERR_NOT_ALLOWED: it is another
 * org's; only that org or the group may.
 */
enum err reassign(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], const struct reassigning *r,
    struct authored *out);

#endif
