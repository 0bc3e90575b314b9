/* limits: every bound of the protocol in one place (docs/protocol.md). */

#ifndef YIZHAN_SYNC_LIMITS_H
#define YIZHAN_SYNC_LIMITS_H

enum {
	PROTOCOL_VERSION = 1,
	SUITE_NOISE_25519 = 0x01, /* 25519, ChaChaPoly, BLAKE2b */

	KEY_BYTES = 32,
	SIGNATURE_BYTES = 64,
	HASH_BYTES = 32,
	NODE_ID_BYTES = 8,
	GROUP_ID_BYTES = 8,
	LIFE_BYTES = 8,
	LIFE_NONCE_BYTES = 16,

	CLASSES = 4, /* urgency U0 .. U3 */

	FRAME_PAYLOAD_MIN = 256,   /* bytes of plaintext a sender aims at, */
	FRAME_PAYLOAD_MAX = 16384, /* and may never exceed */
	PREPARED_FRAME_MIN =
	    4096, /* such a frame ends where a dense batch does */
	FRAME_OVERHEAD = 2 + 16, /* length and tag */
	REKEY_MESSAGES = 1024,
	HANDSHAKE_MESSAGE_MAX = 4096,

	CERT_BYTES_MAX = 2048,
	CERT_ORGS_MAX = 32,
	CERT_CHAIN_MAX = 4,
	NODE_NAME_BYTES_MAX = 64,
	ORG_REF_BYTES_MAX = 64,

	CHANGE_BYTES_MAX = 65536, /* one change's body */
	BATCH_CHANGES_MAX = 512,  /* changes a sender puts in one batch */
	BATCH_HEADS_MAX = 8,      /* lives in one batch upwards */
	BATCH_BYTES_MAX = 196608, /* decompressed bytes of one batch */
	STREAM_WINDOW_LOG = 19,   /* zstd window of one class: 512 KiB */
	STREAM_FRAME_BYTES_MAX = 262144, /* decompressed, of one message */
	CONTROL_BYTES_MAX = 65536,       /* answers that wait for a frame */
	LISTS_MAX = 2048,                /* lists one session may name */
	LIST_NAME_BYTES_MAX = 80,
	LIVES_MAX = 4096,           /* lives one session may name */
	EXCEPTIONS_MAX = 512,       /* in one receipt */
	STRETCH_RUNS_MAX = 16,      /* of ids, where receipts were lost, */
	STRETCH_CHANGES_MAX = 8192, /* and changes of them all together */
	UNANSWERED_MAX = 64,  /* batches of a class sent without an answer */
	WITHDRAWN_MAX = 1024, /* nodes on the revocation list */

	HANDSHAKE_TIMEOUT_MS = 30000, /* for each step of it */
	HANDSHAKE_WHOLE_MS = 90000,   /* who answers: for all of it */
	/* No byte moves either way while we wait: at least, before the peer
	 * has answered anything, and at most (docs/decisions/0018). */
	IDLE_LEAST_MS = 20000,
	IDLE_FIRST_MS = 40000,
	IDLE_MOST_MS = 120000,

	INVITE_SECRET_BITS = 40,
	INVITE_HOURS = 72,
	INVITE_TRIES = 5,
};

#define REKEY_BYTES (64ull * 1024 * 1024)

/*
 * What one session takes at most, whatever its peer does:
 *
 *   session                                        0.1 MiB
 *   batches, cursors, lists                        0.6 MiB
 *   bytes in: inbox, frame, its plaintext          0.7 MiB
 *   bytes out: frame, answers that wait            0.3 MiB
 *   per class in:  zstd 0.7 MiB, batch under way 0.5 MiB,
 *                  dense coder 4.7 MiB, batch under way 0.3 MiB
 *   per class out: zstd 1.5 MiB, batch under way 0.3 MiB, dense coder 4.7 MiB
 *   the dictionary, learned, where the owner does not share one: 5.1 MiB
 *
 * and half of a buffer again while it grows. Coders are made when their class
 * is first used in their form, all but the session itself when the peer is
 * known. What a peer alone can make of this is its half: 28 MiB.
 */
#define SESSION_MEMORY_MAX      (60ull * 1024 * 1024)
#define SESSION_PEER_MEMORY_MAX (28ull * 1024 * 1024)
/* And of one whose peer is not known yet. */
#define SESSION_HALF_OPEN_MEMORY_MAX (64ull * 1024)

#endif
