/* self: who this node is: keys, life, group, certificate, source. */

#ifndef YIZHAN_STORE_SELF_H
#define YIZHAN_STORE_SELF_H

#include "store/change.h"
#include "store/db.h"
#include "sync/noise.h"

/* What a clock may show: 0 to the end of the year 9999. */
#define CLOCK_MAX INT64_C(253402300799)

struct self {
	enum node_role role;
	char name[NODE_NAME_BYTES_MAX + 1];
	char source[SOURCE_BYTES_MAX + 1]; /* of records made here */
	uint8_t id[NODE_ID_BYTES];
	uint8_t signing_public[KEY_BYTES];
	uint8_t signing_secret[64];
	struct noise_keypair transport;
	uint8_t life[LIFE_BYTES];
	uint8_t life_nonce[LIFE_NONCE_BYTES];
	uint8_t log_secret[HASH_BYTES]; /* salts of this life's commitments */
	bool is_enrolled;
	uint8_t group[GROUP_ID_BYTES];
	uint8_t root_key[KEY_BYTES];
	uint8_t fingerprint_secret[HASH_BYTES];
	size_t chain_count; /* certificates, own first */
	struct cert chain[CERT_CHAIN_MAX];
	int64_t trusted_at; /* latest time the group told us; 0: none */
};

/** Read it. ERR_NOT_FOUND: the store is not initialised. Wipe it after. */
enum err self_read(struct txn *t, struct self *out);
void self_wipe(struct self *s);

/** Make keys, source and the first life of a new store. */
enum err self_create(struct txn *t, enum node_role role, const char *name,
    int64_t now, struct self *out);
/** Draw a new life: change ids made from now on never repeat older ones.
 * *s follows. */
enum err self_new_life(struct txn *t, struct self *s, int64_t now);
/** Store group, certificate chain and fingerprint secret from *s. */
enum err self_enrol(struct txn *t, const struct self *s);
/** Remember the group's time; beyond CLOCK_MAX it is CLOCK_MAX. */
enum err self_trust_time(struct txn *t, struct self *s, int64_t now);
/** What a moment is worth, given what the group last said. */
enum clock_state self_clock(const struct self *s, int64_t now);

/** Small named values that belong to the whole store. */
enum err meta_get(struct txn *t, const char *name, struct buffer *out);
enum err meta_put(
    struct txn *t, const char *name, const void *value, size_t size);
/** A counter; 0 when it was never set. */
enum err meta_get_number(struct txn *t, const char *name, uint64_t *out);
enum err meta_put_number(struct txn *t, const char *name, uint64_t value);

#endif
