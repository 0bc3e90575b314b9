/* pin: a person's PIN or passphrase at this store, as an Argon2id verifier,
 * and how often it was mistyped.
 *
 * Verifiers are rows of `meta`, sealed like everything and never sent: who
 * signs in here says nothing about another computer, and a stolen copy of one
 * store is not to cost the others their PINs. A try is counted, durably,
 * before it is looked at: first pin_try(), a commit, then pin_matches()
 * without any transaction, then pin_right(). Whoever kills the program in
 * between has used up the try.
 */

#ifndef YIZHAN_STORE_PIN_H
#define YIZHAN_STORE_PIN_H

#include <assert.h>

#include "store/change.h"
#include "store/db.h"

enum {
	PIN_CHARS_MIN = 6,
	PIN_BYTES_MAX = 128,
	PIN_TRIES_MAX = 10, /* wrong ones; then an administrator unlocks */
	PIN_SALT_BYTES = 16,
	PIN_HASH_BYTES = 32,
};

/* What one look costs. Kept with each verifier, so that it may change. */
struct pin_cost {
	uint64_t passes;
	uint64_t memory_bytes;
};

/* 0.1 s of one core here, under a second on an old PC; the memory is the
 * agent's only while it looks (docs/decisions/0029). */
#define PIN_COST ((struct pin_cost){3, 32ull * 1024 * 1024})

struct pin {
	struct pin_cost cost;
	uint8_t salt[PIN_SALT_BYTES];
	uint8_t hash[PIN_HASH_BYTES];
	uint32_t wrong; /* tries since the last right one, this one included */
	int64_t set_at;
	char set_by[REF_BYTES_MAX + 1]; /* staff; "" for the store's owner */
};

/** 6 characters of UTF-8 at least, 128 bytes at most, no control characters.
 */
bool pin_is_fit(const char *secret, size_t size);

/** Make a verifier with a fresh salt. ERR_NOMEM. Takes its time. */
enum err pin_make(struct db *db, const char *secret, size_t size,
    struct pin_cost cost, struct pin *out);
/** Whether the secret is the one. ERR_OK, ERR_AUTH: it is not, ERR_NOMEM.
 * Takes its time. */
enum err pin_matches(const struct pin *p, const char *secret, size_t size);
void pin_wipe(struct pin *p);

/** Store, in place of the one before; tries begin anew. */
enum err pin_write(struct txn *t, const char *staff, const struct pin *p);
/** ERR_NOT_FOUND: nobody set one. */
enum err pin_read(struct txn *t, const char *staff, struct pin *out);
/** How many people have one here. */
enum err pin_count(struct txn *t, uint64_t *out);

/** Count a try and hand out the verifier. ERR_NOT_FOUND: there is none.
 * ERR_NOT_ALLOWED: locked; nothing was counted. */
enum err pin_try(struct txn *t, const char *staff, struct pin *out);
/** The try was right: tries begin anew. Also unlocks. ERR_NOT_FOUND. */
enum err pin_right(struct txn *t, const char *staff);

#endif
