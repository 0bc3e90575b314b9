/* log: a life's own changes of one class, numbered and hash-chained.
 *
 * chain(n) = BLAKE2b-256(chain(n-1) || commitment(n)); commitment =
 * BLAKE2b-256 keyed by the log's secret of the month over scheme byte, id and
 * body. The salt lets a purge destroy content while the chain still holds.
 */

#ifndef YIZHAN_STORE_LOG_H
#define YIZHAN_STORE_LOG_H

#include "store/self.h"

/** Head of a log; seq 0 and the life's own start value when it is empty. */
enum err log_head_read(struct txn *t, const uint8_t life[LIFE_BYTES],
    uint8_t class, struct log_head *out);
/** Store seq and chain of a head. */
enum err log_head_write(struct txn *t, const struct log_head *head);

/** Number of the month (since 1970, UTC) a moment falls into. */
uint16_t log_month(int64_t seconds);
/**
 * The salt for a life's changes recorded in a month: derived for lives of
 * this node, stored for others. ERR_NOT_FOUND: it never came.
 */
enum err log_secret_read(struct txn *t, const struct self *self,
    const uint8_t life[LIFE_BYTES], uint16_t month, uint8_t out[HASH_BYTES]);
enum err log_secret_write(struct txn *t, const uint8_t life[LIFE_BYTES],
    uint16_t month, const uint8_t secret[HASH_BYTES]);

/** Move a head on by one change: chain and seq. */
void log_extend(struct log_head *head, const uint8_t secret[HASH_BYTES],
    const struct change_id *id, const void *body, size_t body_bytes);

/**
 * The chain of a log of this node at one of its changes, from the nearest
 * checkpoint below. ERR_NOT_FOUND: no such change here.
 */
enum err log_chain_at(struct txn *t, const struct self *self,
    const struct change_id *id, struct log_head *out);
/** Keep a checkpoint if this head's place is due one (admit_own() does). */
enum err log_checkpoint(struct txn *t, const struct log_head *head);

/** Sign and check a head. ERR_AUTH: not by this key. */
void log_sign(struct log_head *head, const uint8_t secret[64]);
enum err log_verify(
    const struct log_head *head, const uint8_t signing_key[KEY_BYTES]);

/** BLAKE2b-64 of id and body under the group's secret; never 0. */
uint64_t log_fingerprint(const uint8_t secret[HASH_BYTES],
    const struct change_id *id, const void *body, size_t body_bytes);

/* A life: whose it is, and its proof. */
struct life {
	uint8_t id[LIFE_BYTES];
	uint8_t node[NODE_ID_BYTES];
	uint8_t nonce[LIFE_NONCE_BYTES];
	bool has_log_secret; /* a life of this node */
	uint8_t log_secret[HASH_BYTES];
};

/** ERR_NOT_FOUND: never heard of it. */
enum err life_read(
    struct txn *t, const uint8_t id[LIFE_BYTES], struct life *out);
/** A peer's life, after its proof was checked. */
enum err life_write(struct txn *t, const struct life *life);

#endif
