/* session: one connection, from the first byte to the bye (docs/protocol.md).
 *
 * Sans I/O: bytes and time in, bytes and events out; no socket, no clock, no
 * randomness and no database of its own. One machine serves TCP, a file and a
 * test. The owner moves bytes, takes events, has their work done and answers
 * them; a failed session stays failed, so one check is enough.
 */

#ifndef YIZHAN_SYNC_SESSION_H
#define YIZHAN_SYNC_SESSION_H

#include "sync/dictionary.h"
#include "sync/invite.h"
#include "sync/message.h"
#include "sync/noise.h"

enum session_purpose {
	SESSION_ANSWER, /* responder: whatever the peer asks for */
	SESSION_SYNC,   /* initiator: exchange changes with the parent */
	SESSION_JOIN,   /* initiator: enrol with an invite */
};

struct session_options {
	enum session_purpose purpose;
	struct noise_keypair transport;      /* this node's */
	uint8_t ephemeral_secret[KEY_BYTES]; /* fresh random bytes */
	uint8_t group[GROUP_ID_BYTES];       /* all but SESSION_JOIN */
	uint8_t parent_key[KEY_BYTES];       /* SESSION_SYNC: transport key */
	struct cert parent;                  /* SESSION_SYNC */
	struct invite_code invite;           /* SESSION_JOIN */
	struct join_request request;         /* SESSION_JOIN, without proof */
	uint8_t signing_secret[64];          /* SESSION_JOIN: to prove it */
	/* SESSION_ANSWER: for those who ask who we are. */
	uint8_t root_key[KEY_BYTES];
	size_t chain_count;
	struct cert chain[CERT_CHAIN_MAX];
	struct source source;   /* not for SESSION_JOIN */
	struct codebook *books; /* outlives the session; NULL: the shipped
	                           dictionary, learned for this session */
	/* SESSION_SYNC: TCP payload of the session, both ways. bytes_max holds
	 * for everything, 0: none; at least SESSION_BYTES_MIN. Beyond the
	 * budget, if there is one, nothing goes but class 0. */
	uint64_t bytes_max;
	uint64_t budget;
	bool has_budget;
	/* Many are to be served: the peer is asked for rows, which take a tenth
	 * of the time and of the memory of dense batches. */
	bool wants_rows;
	/* The owner calls session_learn() until it is done, whenever nothing
	 * moves: a batch waits for it, and nothing is learned in one go. */
	bool learns;
	uint64_t now_ms;
};

enum session_event_type {
	EVENT_HELLO,         /* peer known, its hello is in: ev->peer, hello */
	EVENT_BATCH,         /* apply ev->batch, then answer it */
	EVENT_RECEIPT,       /* the peer holds our list up to ev->receipt */
	EVENT_GROUP_RECEIPT, /* the group holds ev->group_receipt */
	EVENT_GROUP_HELD,    /* and ev->group_held, of this node's own life
	                        with ev->life_nonce */
	EVENT_GRANT,         /* slip numbers: ev->first, ev->count */
	EVENT_WITHDRAWN,     /* the peer's revocation list: ev->withdrawn; not
	                        verified yet */
	EVENT_CURSORS,       /* the peer stands elsewhere in our lists than its
	                        receipts said: ev->cursors, all of them */
	EVENT_INVITE,        /* look up ev->invite, count a try, answer */
	EVENT_JOIN,          /* ev->request under ev->invite by ev->key */
	EVENT_WELCOME,       /* we are in: ev->answer */
	EVENT_DONE,          /* a clean end: all was sent and receipted */
	EVENT_FAILED,        /* ev->error, ev->reason */
};

struct session_event {
	enum session_event_type type;
	const struct cert *peer;
	const struct hello *hello;
	const struct batch *batch;
	const struct receipt *receipt;
	const struct group_receipt *group_receipt;
	const struct group_held *group_held;
	const uint8_t *life_nonce;
	const struct cursor_set *cursors;
	const struct withdrawn *withdrawn;
	const struct join_request *request;
	const struct join_answer *answer;
	const uint8_t *key; /* the peer's transport key */
	uint64_t first, count;
	uint16_t invite;
	enum err error;
	enum reason reason;
	bool told_by_peer; /* the reason is the peer's word */
};

/* What a session costs at most that carries nothing, with one life told. */
enum { SESSION_BYTES_MIN = 512 };

struct session_stats {
	uint64_t bytes_sent, bytes_received;
	/* Of those the streams' own, without messages and frames; what was
	 * put into a frame counts before the link took it. */
	uint64_t data_sent[CLASSES], data_received[CLASSES];
	uint64_t round_trips; /* with TCP's own */
	uint64_t changes_sent, changes_received;
	bool held_back; /* a bound kept something back, here or there */
	/* A batch of the peer's could not be read here, or did not join what
	 * we hold, and none of its list came since: it comes again. */
	bool left_untaken;
	/* A change that has no room in any session with such a bound: stepped
	 * over, and so is what stands behind it on its list. The most urgent of
	 * ours, else (without id) one of the peer's. */
	struct session_over {
		uint64_t needs; /* so much of a bound; 0: there is none */
		bool is_ours;
		struct change_id id;
	} over;
	bool peer_stepped_over;
};

struct session;

/** ERR_NOMEM, ERR_USAGE: options contradict each other. */
enum err session_new(struct session **out, const struct session_options *o);
/** Wipes all keys. NULL is allowed. */
void session_free(struct session *s);

/** Bytes from the peer. An error is final and also comes as an event;
 * give out what session_output() still holds, then close. */
enum err session_receive(
    struct session *s, const void *in, size_t len, uint64_t now_ms);
/** Whether it can take bytes now. False while too much waits for answers:
 * leave the bytes in the socket. */
bool session_wants_input(const struct session *s);
/** What is to be sent next, at most one frame ahead; 0: nothing now. Makes
 * the next frame when the one before is gone, most urgent first. */
size_t session_output(struct session *s, const uint8_t **out);
/** Pack ahead some of what the next frame will carry; a few ms. To be called
 * while the link takes nothing; false: nothing is left to do. */
bool session_prepare(struct session *s);
/** How long the last session_prepare() took, in microseconds; need not be
 * told. Where packing turns out slower than the link, it is done with. */
void session_prepare_took(struct session *s, uint64_t us);
/** Learn some of what dense batches begin from; a few ms. To be called while
 * nothing comes in; false: nothing is left to do. What is not learned ahead
 * is learned when it is needed. Then there may be events. */
bool session_learn(struct session *s);
/** So much of that output was taken by the link. */
void session_sent(struct session *s, size_t len, uint64_t now_ms);
/** When to call session_expire(), and then session_learn(); UINT64_MAX: never.
 */
uint64_t session_deadline_ms(const struct session *s);
enum err session_expire(struct session *s, uint64_t now_ms);
/** The peer closed the connection, or the link died. */
void session_closed(struct session *s);

/**
 * The next event. Pointers in it live until it is answered or the next call,
 * which also says that the event before is dealt with: only then does a
 * responder say its end after EVENT_HELLO, and a joining node its bye after
 * EVENT_WELCOME. EVENT_BATCH, EVENT_INVITE and EVENT_JOIN are answered before
 * more input is taken.
 */
bool session_next_event(struct session *s, struct session_event *ev);

/** EVENT_BATCH is durable (or known): the receipt, and what the group holds
 * of the lives in it (group_count 0 below the hub). */
void session_answer_batch(struct session *s, const struct receipt *receipt,
    const struct group_receipt *group, size_t group_count);
/** EVENT_INVITE: the key for the handshake. */
void session_answer_invite(struct session *s, const uint8_t psk[KEY_BYTES]);
/** EVENT_JOIN: welcome. */
void session_answer_join(struct session *s, const struct join_answer *a);
/** Hub: hand out slip numbers (after EVENT_HELLO, already durable). */
void session_grant(struct session *s, uint64_t first, uint64_t count);
/** At any time: from now on as if opened with wants_rows. */
void session_ask_rows(struct session *s);
/** Instead of an answer, or at any time: tell the peer why and fail. */
void session_refuse(struct session *s, enum reason reason, enum err error);
/** New changes may stand in our lists: look again. A responder that was told a
 * bound and has said its end does not. */
void session_look_again(struct session *s);

bool session_is_over(const struct session *s);
/** The peer's certificate as soon as it has proven its key, which may be
 * before EVENT_HELLO; NULL before. */
const struct cert *session_peer(const struct session *s);
/** The peer is a withdrawn node: what it offers is to be kept apart, and it
 * is given nothing but the list that says so. */
bool session_peer_is_withdrawn(const struct session *s);
struct session_stats session_stats(const struct session *s);
/** Bytes a second that the link takes, measured while it was what the session
 * waited for; 0: not known yet. */
uint64_t session_rate(const struct session *s);

#endif
