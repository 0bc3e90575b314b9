/* message: what travels inside sealed frames (docs/protocol.md, "Messages").
 *
 * A frame's plaintext is a row of messages: u8 type, varint length, body.
 * Each message is a pair: create appends one to a buffer, consume takes a
 * body apart. A consume checks everything before it changes its output.
 */

#ifndef YIZHAN_SYNC_MESSAGE_H
#define YIZHAN_SYNC_MESSAGE_H

#include "sync/source.h"

enum message_type {
	MESSAGE_HELLO = 1,
	MESSAGE_CURSORS = 2,        /* all cursors into the peer's lists */
	MESSAGE_CURSORS_WANTED = 3, /* the digest did not fit */
	MESSAGE_DATA = 4,           /* class, bytes of its stream */
	MESSAGE_RECEIPT = 5,
	MESSAGE_GROUP_RECEIPT = 6,
	MESSAGE_END = 7, /* nothing more to send as of now */
	MESSAGE_BYE = 8,
	MESSAGE_ERROR = 9,       /* reason; the session is over */
	MESSAGE_GRANT = 10,      /* a block of slip numbers */
	MESSAGE_JOIN = 11,       /* join request */
	MESSAGE_WELCOME = 12,    /* join answer */
	MESSAGE_WITHDRAWN = 13,  /* the revocation list */
	MESSAGE_SETTLED = 14,    /* the cursors lie on our lists */
	MESSAGE_TAKEN = 15,      /* receipt of the oldest batches of a class */
	MESSAGE_GROUP_HELD = 16, /* group receipt to the life's own node */
	MESSAGE_DENSE = 17,      /* class, bytes of a batch in dense form */
	MESSAGE_UNHEARD = 18,    /* ids of changes whose receipts were lost */
	MESSAGE_ROWS = 19,       /* from now on rather rows than dense ones */
};

/* The first byte of a DENSE message: a class, and this with the last message
 * of a batch. */
enum { DENSE_END = 0x80 };

/* Why a session ended; numbers are on the wire: append only. */
enum reason {
	REASON_NONE = 0,
	REASON_NOT_ENROLLED = 1, /* this key is not known here */
	REASON_REVOKED = 2,
	REASON_VERSION = 3, /* no version in common */
	REASON_FORMAT = 4,  /* bytes broke the protocol */
	REASON_LIMIT = 5,
	REASON_LOG = 6,     /* a log's chain or signature is wrong */
	REASON_FORK = 7,    /* a log goes on differently than known */
	REASON_STORAGE = 8, /* the receiver cannot write now */
	REASON_INVITE = 9,  /* no such invite, expired, used, too many
	                       tries, or a wrong secret */
	REASON_BUSY = 10,
	REASON_AHEAD = 11, /* the peer holds more of our log than we do:
	                      this store is an older copy */
	REASON_SHUTDOWN = 12,
	REASON_TIMEOUT = 13,
};

const char *reason_name(enum reason r);

struct message {
	enum message_type type;
	struct bytes body;
};

/** Next message of a frame. ERR_END: no more. ERR_FORMAT. Unknown types come
 * out as they are; the session refuses them. */
enum err message_next(struct reader *frame, struct message *out);
/** Append a finished body as one message. */
void message_put(
    struct buffer *out, enum message_type type, const void *body, size_t size);

struct join_request {
	char name[NODE_NAME_BYTES_MAX + 1];
	uint8_t role; /* enum node_role wanted */
	uint8_t signing_key[KEY_BYTES];
	uint8_t proof[SIGNATURE_BYTES]; /* over transport key and group id */
};

enum { JOIN_ORGS_MAX = 256 };

struct join_answer {
	uint8_t root_key[KEY_BYTES];
	size_t chain_count;
	struct cert chain[CERT_CHAIN_MAX]; /* the new node's first */
	uint8_t fingerprint_secret[HASH_BYTES];
	int64_t now; /* the group's time */
	uint64_t slip_first, slip_count;
	size_t org_count; /* the tree below the node's orgs */
	struct {
		char ref[ORG_REF_BYTES_MAX + 1];
		char parent[ORG_REF_BYTES_MAX + 1];
	} orgs[JOIN_ORGS_MAX];
};

enum err hello_create(const struct hello *h, struct buffer *out);
enum err hello_consume(const struct bytes *body, struct hello *out);
enum err cursors_create(const struct cursor_set *set, struct buffer *out);
enum err cursors_consume(const struct bytes *body, struct cursor_set *out);
enum err receipt_create(const struct receipt *r, struct buffer *out);
/** Allocates out->exceptions; receipt_free() it. */
enum err receipt_consume(const struct bytes *body, struct receipt *out);
void receipt_free(struct receipt *r);

/* So many batches of a class, the oldest without an answer, are held to their
 * very end and without exceptions. */
struct taken {
	uint8_t class;
	uint8_t count; /* 1 to UNANSWERED_MAX */
};

/* A stretch of the list "up" in the words of a session. */
struct unheard {
	uint8_t class;
	uint64_t running; /* hash of the list before it */
	size_t run_count;
	struct {
		size_t life; /* place of the life in the sender's hello */
		uint64_t first, count;
	} runs[STRETCH_RUNS_MAX];
};

enum err unheard_create(const struct unheard *u, struct buffer *out);
enum err unheard_consume(const struct bytes *body, struct unheard *out);
enum err taken_create(const struct taken *t, struct buffer *out);
enum err taken_consume(const struct bytes *body, struct taken *out);
enum err group_receipt_create(
    const struct group_receipt *g, struct buffer *out);
enum err group_receipt_consume(
    const struct bytes *body, struct group_receipt *out);
enum err group_held_create(const struct group_held *h, struct buffer *out);
enum err group_held_consume(const struct bytes *body, struct group_held *out);
enum err reason_create(enum reason reason, struct buffer *out);
enum err reason_consume(const struct bytes *body, enum reason *out);
enum err grant_create(uint64_t first, uint64_t count, struct buffer *out);
enum err grant_consume(
    const struct bytes *body, uint64_t *first, uint64_t *count);
enum err join_create(const struct join_request *j, struct buffer *out);
enum err join_consume(const struct bytes *body, struct join_request *out);
enum err welcome_create(const struct join_answer *a, struct buffer *out);
enum err welcome_consume(const struct bytes *body, struct join_answer *out);

/** The parent's certificate chain, sent in clear to who asks. */
enum err chain_create(const uint8_t root_key[KEY_BYTES],
    const struct cert *chain, size_t count, struct buffer *out);
enum err chain_consume(const void *data, size_t size,
    uint8_t root_key[KEY_BYTES], struct cert chain[CERT_CHAIN_MAX],
    size_t *count);

/** What a group receipt's signature covers; sign and check it. */
void group_receipt_sign(struct group_receipt *g, const uint8_t secret[64]);
enum err group_receipt_verify(
    const struct group_receipt *g, const uint8_t signing_key[KEY_BYTES]);
/** Proof that who asks to join holds the signing key it names. */
void join_prove(struct join_request *j, const uint8_t secret[64],
    const uint8_t transport_key[KEY_BYTES],
    const uint8_t group[GROUP_ID_BYTES]);
enum err join_check(const struct join_request *j,
    const uint8_t transport_key[KEY_BYTES],
    const uint8_t group[GROUP_ID_BYTES]);

#endif
