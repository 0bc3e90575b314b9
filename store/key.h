/* key: how the keys of all tables are laid out (docs/store.md).
 *
 * Integers are big endian so that key order is number order.
 */

#ifndef YIZHAN_STORE_KEY_H
#define YIZHAN_STORE_KEY_H

#include "store/change.h"
#include "store/db.h"

enum {
	KEY_CHANGE_BYTES = LIFE_BYTES + 1 + 8,
	KEY_RECORD_BYTES = 2 + DB_BLIND_BYTES, /* also of drafts */
	KEY_RECORD_CHANGE_BYTES = KEY_RECORD_BYTES + KEY_CHANGE_BYTES,
	KEY_LOG_BYTES = LIFE_BYTES + 1,
	KEY_SECRET_BYTES = LIFE_BYTES + 2,
	KEY_LIST_BYTES = 4 + 1 + 8,
	KEY_LIST_PREFIX_BYTES = 4 + 1,
	KIND_NUMBER_NAMED = 0xffff, /* of kinds known by name only */
};

void key_change(uint8_t out[KEY_CHANGE_BYTES], const struct change_id *id);
void key_change_read(
    struct change_id *out, const uint8_t key[KEY_CHANGE_BYTES]);

/** Kind number and blind hash of (source, kind, ref). */
void key_record(const struct db *db, uint8_t out[KEY_RECORD_BYTES],
    const struct identity *record);
/** The same without building an identity. */
void key_record_of(const struct db *db, uint8_t out[KEY_RECORD_BYTES],
    const char *source, const char *kind, const char *ref);
/** Both, of a transaction that remembers what it made (blinds.h). */
void key_record_in(struct txn *t, uint8_t out[KEY_RECORD_BYTES],
    const struct identity *record);
void key_record_named(struct txn *t, uint8_t out[KEY_RECORD_BYTES],
    const char *source, const char *kind, const char *ref);
/** Blind hash, under a label of its own, of a kind and ref whatever the source.
 */
void key_ref_blind(struct txn *t, const char *label, const char *kind,
    const char *ref, uint8_t out[DB_BLIND_BYTES]);
/** Number a kind has in keys; KIND_NUMBER_NAMED for a foreign one. */
uint16_t key_kind_number(const char *kind);

void key_log(
    uint8_t out[KEY_LOG_BYTES], const uint8_t life[LIFE_BYTES], uint8_t class);
void key_secret(uint8_t out[KEY_SECRET_BYTES], const uint8_t life[LIFE_BYTES],
    uint16_t month);
void key_list(uint8_t out[KEY_LIST_BYTES], uint32_t audience, uint8_t class,
    uint64_t place);

#endif
