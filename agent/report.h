/* report: how a session ended, for its owner and for the log. */

#ifndef YIZHAN_AGENT_REPORT_H
#define YIZHAN_AGENT_REPORT_H

#include "agent/log.h"
#include "sync/session.h"

struct peer_report {
	enum session_purpose purpose;
	enum err result; /* ERR_OK: a clean end */
	enum reason reason;
	bool told_by_peer;
	struct session_stats stats;
	const char *name; /* of the peer's node, "" if it never said */
	uint64_t took_ms;
};

/** One line: session_done or session_failed. */
void report_log(const struct peer_report *r, const struct log *l);

#endif
