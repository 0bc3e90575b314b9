/* slot: the data key, wrapped for those who may open the store.
 *
 * Today one slot: the machine key file, for unattended start. It protects a
 * stolen stick or backup, not a stolen PC that holds the file. Others (a
 * passphrase, the group's recovery) have their type byte waiting.
 */

#ifndef YIZHAN_STORE_SLOT_H
#define YIZHAN_STORE_SLOT_H

#include "store/db.h"

/** Draw a data key for a new store, wrap it with the machine key file (made
 * with mode 0600 if missing, synced), and give it to db. ERR_IO. */
enum err slot_create(struct db *db, const char *machine_key_path);
/** True if no data key was ever wrapped: its making was cut short. */
bool slot_is_missing(struct db *db);
/**
 * Unwrap the data key and give it to db. ERR_CORRUPT: the slot is damaged or
 * gone. ERR_NOT_FOUND: no such file: put
 * the machine key back. ERR_AUTH: it is the key of another store.
 * ERR_FORMAT: the file is not a machine key.
 */
enum err slot_open(struct db *db, const char *machine_key_path);

#endif
