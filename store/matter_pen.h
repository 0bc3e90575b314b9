/* matter_pen: what deciding and undoing share; for matter*.c only. */

#ifndef YIZHAN_STORE_MATTER_PEN_H
#define YIZHAN_STORE_MATTER_PEN_H

#include "store/matter.h"

/** By the finding's name; NULL: none here is called so. */
const struct matter_maker *matter_maker_by_name(const char *code);

/** Fill owner, from record and maker: the resident's managing org, the
 * device's owner; of signed versions, and of what is about neither, the org
 * that began the record. */
void matter_find_owner(struct txn *t, struct matter *m);

/** Key of the resident or device whose keeper that is. ERR_NOT_FOUND: it is of
 * neither, none is here, or the matter is the signer's. */
enum err matter_kept_record(
    struct txn *t, const struct matter *m, uint8_t out[KEY_RECORD_BYTES]);

/** In whose name this node decides: the owner's where it acts for it; the
 * hub's is that of the org at the top of the tree, above the owner or `near`.
 */
void matter_acting_org(struct txn *t, const struct self *self,
    const struct matter *m, const char *near, char out[REF_BYTES_MAX + 1]);

/** Where the record of what was decided is noted under its question's number.
 */
void matter_blind_number(
    struct txn *t, uint64_t number, uint8_t out[DB_BLIND_BYTES]);

/** Ids of the changes that were written with this decision, first to last: an
 * undoing takes back nothing else. What its record shows as `changes` anybody
 * may have written who changed it since; what the group set aside of it decided
 * nothing. json_decref(*out) after ERR_OK. Errors of record_gather(). */
enum err matter_made(
    struct txn *t, const struct record *decision, json_t **out);

enum err matter_pen_begin(struct matter_pen *pen, struct txn *t,
    const struct self *self, const struct matter_decision *d, const char *org);
/** Frees what it holds; e passes through. */
enum err matter_pen_end(
    struct matter_pen *pen, struct matter_decision *d, enum err e);

#endif
