/* exchange_state: what the two exchange*.c files share; private to them. */

#ifndef YIZHAN_API_EXCHANGE_STATE_H
#define YIZHAN_API_EXCHANGE_STATE_H

#include "api/exchange.h"
#include "store/admit.h"
#include "store/emptying.h"
#include "store/source.h"

enum { GROUP_RECEIPTS_MAX = 8 };

struct exchange {
	struct exchange_options o;
	char *address;
	struct session *session;
	struct source_context source;
	struct codebook *books; /* its own, where none is shared */
	struct cert peer;
	bool has_peer;
	struct hello hello; /* of the peer, to be noted with the next job */
	bool hello_is_due;
	uint16_t invite; /* number the joining peer named */
	struct invite_code code;

	/* the job under way */
	struct writer_job job;
	bool job_is_out;
	struct session_event event;
	struct admitted admitted;
	struct group_receipt group[GROUP_RECEIPTS_MAX];
	size_t group_count;
	struct join_answer *answer;
	uint8_t psk[KEY_BYTES];
	uint64_t grant_first;
	bool has_grant;
	bool may_recover;   /* changes of ours clash, or may do so */
	bool may_empty;     /* something is to be given up here */
	uint8_t came_class; /* the least urgent that came down */
	enum emptying_heard heard;
	bool is_withdrawn;      /* this node, as the session showed */
	bool has_marked;        /* a list named nodes that were not on ours */
	bool peer_is_withdrawn; /* found when its batch was taken */

	/* Bytes: counted in the session's thread, written by the next job. */
	struct traffic_side sent, received;
	struct traffic due;
	bool is_count_only; /* the job has nothing else to do */

	bool is_over;
	enum err result;
	enum reason reason;
	bool told_by_peer;
};

/** Seconds since 1970, by the owner's clock. */
int64_t exchange_now(const struct exchange *x);

/* exchange_job.c, in the writer's thread. */

/** Have the work of the event under way done; struct writer_job's run(). */
enum err exchange_run(void *context, struct txn *t);
/** Whether the parent showed that this store is an older copy. */
bool exchange_is_behind(const struct exchange *x);

#endif
