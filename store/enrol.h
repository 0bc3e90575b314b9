/* enrol: groups, invites, joining. */

#ifndef YIZHAN_STORE_ENROL_H
#define YIZHAN_STORE_ENROL_H

#include "store/self.h"
#include "sync/invite.h"
#include "sync/message.h"

/**
 * Make this store the hub of a new group: draws the root key, signs the hub's
 * certificate (no orgs: it acts for the group), and gives the root's secret to
 * the caller, who writes it to a file to be moved away and wipes it.
 */
enum err enrol_create_group(
    struct txn *t, struct self *self, int64_t now, uint8_t root_secret[64]);

struct invite {
	uint16_t number;
	uint8_t secret[INVITE_SECRET_BYTES];
	char name[NODE_NAME_BYTES_MAX + 1]; /* for the node; may be "" */
	size_t org_count;
	char orgs[CERT_ORGS_MAX][ORG_REF_BYTES_MAX + 1];
	int64_t expires_at; /* by the hub's clock */
	unsigned tries;     /* left */
	bool is_used;
	uint8_t used_by[KEY_BYTES]; /* transport key of who used it */
};

/** Make an invite; orgs may be unknown yet. ERR_NOT_ALLOWED: not a hub.
 * ERR_LIMIT: too many orgs or a name too long. */
enum err enrol_invite(struct txn *t, const struct self *self, const char *name,
    const char *const *orgs, size_t org_count, int64_t now, struct invite *out,
    char code[INVITE_TEXT_BYTES]);

/** Count a try against an invite and give its secret. ERR_NOT_FOUND: no
 * such invite; ERR_REFUSED: expired or out of tries. The caller commits
 * before it lets anybody prove the secret. */
enum err enrol_try(
    struct txn *t, uint16_t number, int64_t now, struct invite *out);

/**
 * The peer proved that it knows the secret: issue its certificate and fill
 * the answer. A repeat by the same keys gets the same certificate again.
 * ERR_REFUSED: somebody else used it, or a key belongs to another node, or
 * to this one under another name or for other orgs. ERR_NOT_ALLOWED: one of
 * the keys is a withdrawn node's.
 */
enum err enrol_accept(struct txn *t, const struct self *self, uint16_t number,
    const uint8_t transport_key[KEY_BYTES], const struct join_request *request,
    int64_t now, struct join_answer *answer);

/** The joining side: check the answer, store group, certificate and parent,
 * and list everything made so far. ERR_AUTH: certificates do not fit. */
enum err enrol_joined(struct txn *t, struct self *self,
    const struct join_answer *answer, const char *address, int64_t now);

/** Build the lists anew, with new epochs, from the changes that are here:
 * whoever reads them begins again. */
enum err enrol_list_all(struct txn *t, const struct self *self);

/** The remembered parent: its certificate and address. ERR_NOT_ENROLLED. */
enum err enrol_parent(struct txn *t, const struct self *self, struct cert *out,
    char *address, size_t address_bytes);
enum err enrol_set_address(struct txn *t, const char *address);

#endif
