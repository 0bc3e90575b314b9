/* device_decided: whose decisions about a device count, and whose word on what
 * its owner alone allows.
 */

#ifndef YIZHAN_STORE_DEVICE_DECIDED_H
#define YIZHAN_STORE_DEVICE_DECIDED_H

#include "store/keeper.h"

/* The device's changes, and who owned it by them. */
struct device_owners {
	struct self self;
	struct record_set set;
	struct keeper keeper;
	const char *centre; /* that may speak for the owner; NULL: none */
};

/** No centre yet. device_owners_free() after ERR_OK. Errors of
 * record_gather(). */
enum err device_owners_read(struct txn *t, const uint8_t key[KEY_RECORD_BYTES],
    struct device_owners *out);
void device_owners_free(struct device_owners *o);

/** The device's fields as they stand without what others than its owner say of
 * its owner's fields (keeper.h). json_decref() them. ERR_NOMEM. */
enum err device_owners_word(const struct device_owners *o, json_t **out);

/** The same of a device by its key. Errors of record_gather(): *out is NULL. */
enum err device_owners_word_read(
    struct txn *t, const uint8_t key[KEY_RECORD_BYTES], json_t **out);

/** Whether its metrology is over on this day, "YYYY-MM-DD": by what the record
 * shows, or by its owner's word (NULL: there is none); others only bring it
 * forward. */
bool device_metrology_is_over(
    const json_t *fields, const json_t *owners_word, const char *day);

/** Whether a record of kind question, which stands decided, was decided by who
 * may, and whose word nobody took back since: an org that owns the device or
 * did, its centre, one above these, or the group, which decides in the name of
 * one; and whether all that it says now is theirs, or was there when one of
 * them decided. What only the group decides comes from nobody else (admit.c).
 * ERR_NOMEM. */
enum err device_is_owners_decision(const struct device_owners *o,
    const struct record_set *question, bool *out);

#endif
