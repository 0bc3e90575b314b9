/* blinds: blind hashes that a writing transaction has made already.
 *
 * A change's record, its source, its author, its org and the resident it is
 * about are looked for under their blind hashes several times each, and those
 * of reference data with nearly every change. A hash costs what a seek does.
 */

#ifndef YIZHAN_STORE_BLINDS_H
#define YIZHAN_STORE_BLINDS_H

#include "store/db.h"

enum { BLINDS = 128, BLINDS_DATA_MAX = 40 };

struct blind {
	const char *label; /* by its address; NULL: nothing here */
	uint8_t size, blind_bytes;
	uint8_t data[BLINDS_DATA_MAX];
	uint8_t blind[DB_BLIND_BYTES];
};

/* Each has one place that it may stand in; the next one overwrites. */
struct blinds {
	struct blind of[BLINDS];
};

/** db_blind() of a transaction; the label must live as long. */
void blind_in(struct txn *t, const char *label, const void *data, size_t size,
    uint8_t out[DB_BLIND_BYTES]);
/** db_blind_hash() of a transaction, likewise. */
uint64_t blind_hash_in(
    struct txn *t, const char *label, const void *data, size_t size);
/** The personal data among it. */
void blinds_wipe(struct blinds *b);

#endif
