/* cert: who a node is and which orgs it may act for.
 *
 * A certificate binds a node's two keys (X25519 for transport, Ed25519 for
 * signing) to a name, a role and orgs; chains end at the group root. There is
 * no expiry: clinic clocks are wrong. Revocation is a list elsewhere.
 */

#ifndef YIZHAN_SYNC_CERT_H
#define YIZHAN_SYNC_CERT_H

#include "base/bytes.h"
#include "sync/limits.h"

enum node_role { ROLE_CLINIC = 1, ROLE_RELAY = 2, ROLE_HUB = 3 };

struct cert {
	uint8_t group[GROUP_ID_BYTES]; /* BLAKE2b-64 of the root key */
	uint8_t issuer[NODE_ID_BYTES]; /* node id of who signed; the
	                                  group id where the root did */
	uint64_t number;               /* counts up per issuer */
	enum node_role role;
	char name[NODE_NAME_BYTES_MAX + 1]; /* UTF-8, for people */
	uint8_t transport_key[KEY_BYTES];   /* X25519 public */
	uint8_t signing_key[KEY_BYTES];     /* Ed25519 public */
	size_t org_count;
	char orgs[CERT_ORGS_MAX][ORG_REF_BYTES_MAX + 1];
	uint8_t signature[SIGNATURE_BYTES];
};

/** BLAKE2b-64 of the signing key: the node's id. */
void node_id_of(
    uint8_t out[NODE_ID_BYTES], const uint8_t signing_key[KEY_BYTES]);
/** BLAKE2b-64 of the root's public key: the group's id. */
void group_id_of(
    uint8_t out[GROUP_ID_BYTES], const uint8_t root_key[KEY_BYTES]);
/** BLAKE2b-64 over signing key and nonce: the life's id. */
void life_id_of(uint8_t out[LIFE_BYTES], const uint8_t signing_key[KEY_BYTES],
    const uint8_t nonce[LIFE_NONCE_BYTES]);

/**
 * Sign c (fills c->signature) with an Ed25519 secret key (64 bytes).
 * ERR_FORMAT: a role out of range; a name or org that is empty, not UTF-8 or
 * holds control characters. ERR_LIMIT: one too long, too many orgs, or more
 * than CERT_BYTES_MAX in all. ERR_NOMEM. On error the signature is zeros.
 */
enum err cert_sign(struct cert *c, const uint8_t secret[64]);
/** Append the canonical encoding with the signature. Errors as cert_sign();
 * out stays as it was then. */
enum err cert_encode(const struct cert *c, struct buffer *out);
/**
 * Decode exactly size bytes. ERR_FORMAT: broken, not canonical, or trailing
 * bytes; ERR_LIMIT; ERR_VERSION: a newer certificate. *c is untouched on
 * error. The signature is not checked here.
 */
enum err cert_decode(struct cert *c, const void *data, size_t size);
/** ERR_AUTH unless signed by this key; ERR_NOMEM. */
enum err cert_verify(const struct cert *c, const uint8_t signer[KEY_BYTES]);

/**
 * Check a chain, first the node itself, last the one the root signed: every
 * group id is the root's, each is signed by the next (whose role may issue:
 * hub or relay, and no role above its own), the last by root_key. ERR_AUTH
 * otherwise; ERR_LIMIT for more than CERT_CHAIN_MAX; ERR_NOMEM.
 */
enum err cert_chain_verify(
    const struct cert *chain, size_t count, const uint8_t root_key[KEY_BYTES]);

#endif
