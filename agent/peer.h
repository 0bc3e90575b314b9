/* peer: one TCP connection and the exchange that runs over it.
 *
 * Bytes go from the socket to the session and back; the exchange's jobs go to
 * the writer and come back through the agent's box; one timer follows the
 * session's deadline. While a job is out the peer stays, whatever happens to
 * the connection.
 */

#ifndef YIZHAN_AGENT_PEER_H
#define YIZHAN_AGENT_PEER_H

#include "agent/agent.h"
#include "agent/report.h"
#include "api/exchange.h"

struct peer;

struct peer_options {
	enum session_purpose purpose; /* SESSION_ANSWER or SESSION_SYNC */
	int fd;                       /* connected TCP socket */
	bool wants_rows;              /* as in struct session_options */
	/* Changes that the peer sent are durable. NULL: nobody asks. */
	void (*received)(void *context);
	/* It is over; the peer is freed after the call. Never called from
	 * within peer_open(). */
	void (*over)(void *context, const struct peer_report *report);
	void *context;
};

/** Begin; takes fd if ERR_OK. Errors of exchange_new(), ERR_IO, ERR_NOMEM. */
enum err peer_open(
    struct peer **out, struct agent *a, const struct peer_options *o);

/** The handshake told who it is. */
bool peer_is_known(const struct peer *p);
/** New changes were saved: the session may still take them along. */
void peer_look_again(struct peer *p);
/** End it if the peer's node is withdrawn by now. One that was when it came
 * is heard out. */
void peer_end_withdrawn(struct peer *p);
/** From now on as if opened with wants_rows. */
void peer_ask_rows(struct peer *p);
/** Tell the peer why, and end. over() comes later. */
void peer_refuse(struct peer *p, enum reason reason, enum err e);

#endif
