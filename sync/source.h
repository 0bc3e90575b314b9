/* source: what a session asks of the store, and the words both use.
 *
 * The session walks lists and reports batches; who keeps them, and how, it
 * does not know. store/source.c provides these calls. Terms: design in
 * docs/architecture.md, bytes in docs/protocol.md.
 */

#ifndef YIZHAN_SYNC_SOURCE_H
#define YIZHAN_SYNC_SOURCE_H

#include "base/bytes.h"
#include "sync/cert.h"
#include "sync/limits.h"
#include "sync/withdrawn.h"

/* One immutable fact by one author; never repeats across lives. */
struct change_id {
	uint8_t life[LIFE_BYTES];
	uint8_t class;
	uint64_t seq; /* from 1, without gaps within (life, class) */
};

/* Byte order of life, then class, then seq: <0, 0, >0. */
int change_id_compare(const struct change_id *a, const struct change_id *b);

/* A place in one list. epoch 0: nothing known yet. */
struct cursor {
	uint32_t epoch;   /* drawn when the list is made or rebuilt */
	uint64_t place;   /* entries passed; 0: before the first */
	uint64_t running; /* hash over all entries up to place */
};

/* One list: an audience and an urgency class. */
struct list_id {
	char name[LIST_NAME_BYTES_MAX + 1]; /* "up", "group", "org:C01" */
	uint8_t class;
};

/* How far one log goes. */
struct log_head {
	uint8_t life[LIFE_BYTES];
	uint8_t class;
	uint64_t seq;
	uint8_t chain[HASH_BYTES];
	uint8_t signature[SIGNATURE_BYTES];
};

struct batch_change {
	struct change_id id;
	size_t body_at; /* offset into batch.bytes */
	size_t body_bytes;
	bool has_secret; /* a month of this log begins here: its salt */
	uint16_t month;  /* with has_secret */
	uint8_t secret[HASH_BYTES];
};

/* Changes of one list that are committed together. Reused: clear, fill. */
struct batch {
	struct list_id list;
	struct cursor start, end;
	size_t change_count;
	struct batch_change changes[BATCH_CHANGES_MAX];
	size_t head_count;
	struct log_head heads[BATCH_HEADS_MAX]; /* signed; upwards only */
	struct buffer bytes;                    /* bodies */
};

void batch_clear(struct batch *b);
/** Start empty. */
void batch_init(struct batch *b);
void batch_free(struct batch *b);
/** The body of one of its changes, of c->body_bytes; never NULL. */
const uint8_t *batch_body(const struct batch *b, const struct batch_change *c);

/* A change the receiver keeps but could not read or take. */
struct exception {
	struct change_id id;
	uint16_t reason; /* a finding code (docs/protocol.md, reasons) */
};

/* Changes of a list that follow each other there, by their ids. */
struct span {
	uint8_t class;    /* of the list, and of the changes */
	uint64_t running; /* hash of the list before the first of them */
	size_t run_count;
	struct span_run {
		uint8_t life[LIFE_BYTES];
		uint64_t first, count; /* seqs, neither is 0 */
	} runs[STRETCH_RUNS_MAX];
};

/* What a receiver holds durably of one list. */
struct receipt {
	struct list_id list;
	struct cursor cursor;
	size_t exception_count;
	struct exception *exceptions;
};

/* What the group holds of one life's logs, signed by the hub. */
struct group_receipt {
	uint8_t life[LIFE_BYTES];
	uint64_t seq[CLASSES];
	uint8_t chain[CLASSES][HASH_BYTES];
	uint8_t signature[SIGNATURE_BYTES];
};

/* The same as it goes to the node whose life it is: that has the logs itself,
 * so the chains can be computed, and has named its lives in hello. */
struct group_held {
	size_t life; /* place of the life in that hello */
	uint64_t seq[CLASSES];
	uint8_t signature[SIGNATURE_BYTES]; /* of the group receipt */
};

/* What a node says of itself when a session begins. */
struct hello_life {
	uint8_t id[LIFE_BYTES]; /* not told: it follows from the nonce */
	uint8_t nonce[LIFE_NONCE_BYTES];
	uint64_t seq[CLASSES]; /* heads of its logs */
	uint8_t is_forked;     /* its node knows that it is an older copy */
};

enum { HELLO_LIVES_MAX = 64, HELLO_DICTIONARIES_MAX = 8 };

struct hello {
	uint8_t version_min, version_max; /* 1 to 15 */
	uint8_t role;                     /* enum node_role */
	int64_t now;         /* seconds since 1970 by the sender's clock; what
	                        32 bits do not hold is told as the nearest that
	                        they do */
	uint8_t clock;       /* 0 ok, 1 suspect */
	uint32_t list_epoch; /* of the revocation list held */
	uint32_t cursors_digest; /* over its cursors into the peer's lists */
	size_t dictionary_count; /* held besides the one of the version */
	uint32_t dictionaries[HELLO_DICTIONARIES_MAX];
	/* Told upwards only, and only where there are lives: */
	uint64_t slips_left;  /* numbers the node can still write on paper */
	uint32_t held_digest; /* over where it believes the peer to be in its
	                         own lists */
	size_t life_count;
	struct hello_life lives[HELLO_LIVES_MAX];
	uint64_t down_bound; /* bytes that the peer may spend on its lists,
	                        times 2, and 1 if class 0 may go beyond;
	                        0: as many as it likes */
};

enum { LIST_NAMES_MAX = LISTS_MAX / CLASSES };

struct list_names {
	size_t count;
	char names[LIST_NAMES_MAX][LIST_NAME_BYTES_MAX + 1];
};

/* Named cursors, e.g. all that one side has into the other's lists. */
struct cursor_set {
	size_t count;
	struct {
		struct list_id list;
		struct cursor cursor;
	} item[LISTS_MAX];
};

/**
 * Calls into the store. Each reads in a transaction of its own and returns
 * quickly; none writes. The session makes them between taking input and
 * giving output, in one thread.
 */
struct source {
	void *context;

	/** The node with this transport key may open a session here: its
	 * certificate. ERR_NOT_FOUND: unknown. ERR_NOT_ALLOWED: withdrawn;
	 * *out is its certificate all the same. */
	enum err (*peer)(
	    void *context, const uint8_t key[KEY_BYTES], struct cert *out);
	/** The revocation list held here. ERR_NOT_FOUND: none was ever
	 * made. NULL: nobody keeps one. */
	enum err (*withdrawn)(void *context, struct withdrawn *out);
	/** What this node says of itself. */
	enum err (*hello)(void *context, struct hello *out);
	/** Names of the lists that peer is to receive from us. */
	enum err (*lists)(void *context, const uint8_t peer[NODE_ID_BYTES],
	    struct list_names *out);
	/** Where we believe peer stands in our lists (from its receipts). */
	enum err (*peer_cursors)(void *context,
	    const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out);
	/** Where we stand in peer's lists. */
	enum err (*own_cursors)(void *context,
	    const uint8_t peer[NODE_ID_BYTES], struct cursor_set *out);
	/**
	 * Whether a cursor still lies on our list. If not (another epoch or
	 * hash: one of us was restored), *at becomes the list's beginning.
	 * ERR_FORK: the list is what this node wrote itself, and the cursor
	 * lies on another history of it: this store is an older copy.
	 */
	enum err (*settle)(
	    void *context, const struct list_id *list, struct cursor *at);
	/**
	 * Fill out with what follows `after`, without what the peer wrote
	 * itself and said it has (its hello). At most changes_max changes and
	 * about bytes_max bytes of bodies. out->end moves even if everything
	 * was skipped. ERR_END: nothing worth a batch follows; out->end tells
	 * how far the list was read, if its place is behind that of `after`.
	 */
	enum err (*read)(void *context, const struct list_id *list,
	    const struct cursor *after, const uint8_t peer_key[KEY_BYTES],
	    const struct hello *peer, size_t changes_max, size_t bytes_max,
	    struct batch *out);
	/**
	 * Bodies of `count` changes of one log that end at `last`, as
	 * strings, oldest first: what a peer that holds them too can build
	 * upon. Fewer, *got, where they would be more than bytes_max bytes or
	 * one is not here. NULL: none are told.
	 */
	enum err (*history)(void *context, const struct change_id *last,
	    size_t count, size_t bytes_max, struct buffer *out, size_t *got);
	/**
	 * The ids that our list holds between two of its places. ERR_LIMIT:
	 * more than can be asked about. NULL: none are told.
	 */
	enum err (*stretch)(void *context, const struct list_id *list,
	    const struct cursor *after, const struct cursor *to,
	    struct span *out);
	/**
	 * The receipt of a stretch of the peer's list that ends where we stand
	 * in it. ERR_NOT_FOUND: we cannot tell. On ERR_OK out->exceptions is
	 * the caller's to free. NULL: we never can.
	 */
	enum err (*exceptions)(void *context, const uint8_t peer[NODE_ID_BYTES],
	    const struct list_id *list, const struct span *of,
	    struct receipt *out);
	/** The group's word on a life of the peer's. ERR_NOT_FOUND: it is not
	 * for us to give. NULL: nor for anybody here. */
	enum err (*group_receipt)(void *context, const uint8_t life[LIFE_BYTES],
	    struct group_receipt *out);
	/** This batch, as read, goes to the peer. NULL: nobody asks. */
	void (*chosen)(void *context, const struct batch *b);
};

/** Order-free digest of a set of cursors: sum of hashes. */
uint64_t cursor_set_digest(const struct cursor_set *set);
/** What of it a hello tells: the low half. */
uint32_t cursor_set_short_digest(const struct cursor_set *set);

#endif
