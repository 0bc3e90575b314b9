/* withdrawn: the revocation list, and the message that carries it
 * (docs/protocol.md, 8.5).
 *
 * One list a group: the ids of all nodes withdrawn so far, signed by the hub.
 * The one with the higher epoch replaces the other.
 */

#ifndef YIZHAN_SYNC_WITHDRAWN_H
#define YIZHAN_SYNC_WITHDRAWN_H

#include "base/bytes.h"
#include "sync/limits.h"

struct withdrawn {
	uint32_t epoch; /* not 0 in a list that was made */
	size_t count;
	uint8_t ids[WITHDRAWN_MAX][NODE_ID_BYTES]; /* rising */
	uint8_t signature[SIGNATURE_BYTES];
};

/** ERR_LIMIT: more than WITHDRAWN_MAX. */
enum err withdrawn_create(const struct withdrawn *w, struct buffer *out);
/** ERR_FORMAT: epoch 0, no id, ids out of order, bytes left over. ERR_LIMIT.
 * Says nothing about the signature. */
enum err withdrawn_consume(const struct bytes *body, struct withdrawn *out);

bool withdrawn_has(
    const struct withdrawn *w, const uint8_t node[NODE_ID_BYTES]);
/** Put an id in its place. ERR_EXISTS: there already. ERR_LIMIT: no room. */
enum err withdrawn_add(struct withdrawn *w, const uint8_t node[NODE_ID_BYTES]);

/** The group is part of what is signed. ERR_NOMEM. */
enum err withdrawn_sign(struct withdrawn *w,
    const uint8_t group[GROUP_ID_BYTES], const uint8_t secret[64]);
/** ERR_AUTH: not by this key, for this group. */
enum err withdrawn_verify(const struct withdrawn *w,
    const uint8_t group[GROUP_ID_BYTES], const uint8_t signing_key[KEY_BYTES]);

#endif
