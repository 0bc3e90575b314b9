/* exchange: one session against one store.
 *
 * Takes the session's events, turns each into a job for the writer, and
 * answers the session when the job is durable. Moves no bytes itself: a link
 * (agent/peer.c on libuv, api/link.c blocking) does.
 */

#ifndef YIZHAN_API_EXCHANGE_H
#define YIZHAN_API_EXCHANGE_H

#include "store/store.h"
#include "store/traffic.h"
#include "store/writer.h"
#include "sync/session.h"

struct exchange;

struct exchange_options {
	struct db *db;
	enum session_purpose purpose;
	const char *invite;  /* SESSION_JOIN: the code as typed */
	const char *address; /* SESSION_JOIN: remembered as the parent's */
	/* SESSION_SYNC: as in struct session_options. */
	uint64_t bytes_max;
	uint64_t budget;
	bool has_budget;
	/* The link's class, whose bytes of the day are counted; "": none. */
	char link_class[TRAFFIC_CLASS_BYTES];
	bool wants_rows; /* SESSION_ANSWER: as in struct session_options */
	bool learns;     /* likewise, of any purpose */
	uint64_t now_ms; /* monotonic */
	int64_t (*clock)(void *context); /* seconds since 1970 */
	void *clock_context;
	struct codebook *books; /* shared by exchanges of one thread, and
	                           outlives them; NULL: one of its own */
};

/**
 * Make one. ERR_NOT_ENROLLED: a sync before joining. ERR_EXISTS: a join after
 * joining. ERR_FORMAT: the invite is mistyped. ERR_NOT_ALLOWED: this role has
 * no parent, or no children.
 */
enum err exchange_new(struct exchange **out, const struct exchange_options *o);
/** Only when no job is out. */
void exchange_free(struct exchange *x);

/** The session, for the link to move bytes with. */
struct session *exchange_session(struct exchange *x);

/**
 * Take events. Returns a job to submit to the writer, or NULL: nothing to do
 * until more bytes come. While a job is out this returns NULL. The job's
 * `done` and `context.done` are the caller's to set: its run and context are
 * the exchange's; after it is over call exchange_job_done() in the session's
 * thread, then call this again.
 */
struct writer_job *exchange_next_job(struct exchange *x);
void exchange_job_done(struct exchange *x, enum err result);

/** How it stands; an over exchange has no job out. */
bool exchange_is_over(const struct exchange *x);
/** After the end: ERR_OK, or why it failed. */
enum err exchange_result(const struct exchange *x);
enum reason exchange_reason(const struct exchange *x);
bool exchange_told_by_peer(const struct exchange *x);
/** Name of the peer's node once known, "" before. */
const char *exchange_peer_name(const struct exchange *x);
/** Id of the peer's node once it has proven its key. */
bool exchange_peer_id(const struct exchange *x, uint8_t out[NODE_ID_BYTES]);

/** Whether a list that the peer handed over named nodes as withdrawn that were
 * not known as such: their sessions are to end. Says so once. */
bool exchange_marked_nodes(struct exchange *x);

#endif
