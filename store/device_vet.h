/* device_vet: what who writes about devices is told, and what is filled in for
 * him: the next number of a chain, who has the device, what stands approved.
 */

#ifndef YIZHAN_STORE_DEVICE_VET_H
#define YIZHAN_STORE_DEVICE_VET_H

#include "store/vet.h"

/**
 * Complete a new record of kind custody (custody_no, from) or loan (lender,
 * approval) where it leaves them out, from what is known here. Of another kind
 * nothing is done. ERR_NOMEM.
 */
enum err device_fill(struct txn *t, const struct self *self,
    const struct kind *k, json_t *fields);

/**
 * Judge a line beside its kind's own rules. Only the owner or the group says
 * that an unsafe device may be used again. To a person (not an import, which
 * tells what was) besides: no approval while the place is disputed; warnings
 * where the giver did not have it, where it is lent on without leave, handed
 * over without approval, or approved by another than the owner.
 */
void device_vet(struct txn *t, const struct self *self,
    const struct vet_line *line, bool is_person, struct findings *out);

/** Whether a field of a loan counts although the record shows it already: it
 * tells of an approval, which another wrote, and in this org's name it is the
 * owner's. */
bool device_approves(struct txn *t, const struct record *loan, const char *name,
    const json_t *value, const char *org);

#endif
