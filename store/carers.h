/* carers: the orgs below its keeper that have to do with a resident.
 *
 * A township keeps the files of its villages' residents, and a village that
 * has written of one goes on seeing him: it has to hear of a new allergy, of a
 * death, of a move. So who wrote an encounter or a follow-up of a resident, or
 * of the resident himself, receives the basic part of his file for as long as
 * his keeper stands above it (decisions/0050). At the hub, of what is scoped.
 */

#ifndef YIZHAN_STORE_CARERS_H
#define YIZHAN_STORE_CARERS_H

#include "store/scope.h"

/** Note whom a change of a kind that cares (kind_scope.is_care) names: a row of
 * `namings` an org and resident, which stays. *is_new: it was not there. */
enum err carers_note(
    struct txn *t, const struct kind *k, const struct change *c, bool *is_new);

/** Add the orgs that wrote of a resident and stand below one of those that are
 * among `keepers` in full, on this level. Of other kinds none are. */
enum err carers_add(const struct scoped *s, const struct scope_orgs *keepers,
    uint8_t level, struct scope_orgs *out);

#endif
