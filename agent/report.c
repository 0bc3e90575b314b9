/* report: how a session ended, for its owner and for the log. */

#include <inttypes.h>
#include <stdio.h>

#include "agent/report.h"

static const char *
purpose_name(enum session_purpose purpose)
{
	switch (purpose) {
	case SESSION_ANSWER:
		return "answer";
	case SESSION_SYNC:
		return "sync";
	case SESSION_JOIN:
		return "join";
	}
	return "unknown";
}

static void
log_done(const struct peer_report *r, const struct log *l, const char *name)
{
	char needs[40] = "";

	if (r->stats.over.needs > 0)
		snprintf(needs, sizeof needs, " needs=%" PRIu64,
		    r->stats.over.needs);
	log_event(l, LOG_INFO, "session_done",
	    "peer=%s purpose=%s bytes_sent=%" PRIu64 " bytes_received=%" PRIu64
	    " changes_sent=%" PRIu64 " changes_received=%" PRIu64 " ms=%" PRIu64
	    "%s%s",
	    name, purpose_name(r->purpose), r->stats.bytes_sent,
	    r->stats.bytes_received, r->stats.changes_sent,
	    r->stats.changes_received, r->took_ms,
	    r->stats.held_back ? " held_back=yes" : "", needs);
}

static void
log_failed(const struct peer_report *r, const struct log *l, const char *name)
{
	/* Whoever only knocks at an open port is no news. */
	bool is_stranger = r->purpose == SESSION_ANSWER && r->name[0] == '\0';

	log_event(l, is_stranger ? LOG_INFO : LOG_WARNING, "session_failed",
	    "peer=%s purpose=%s error=%s reason=%s said_by=%s"
	    " bytes_sent=%" PRIu64 " bytes_received=%" PRIu64 " ms=%" PRIu64,
	    name, purpose_name(r->purpose), err_name(r->result),
	    reason_name(r->reason), r->told_by_peer ? "peer" : "us",
	    r->stats.bytes_sent, r->stats.bytes_received, r->took_ms);
}

void
report_log(const struct peer_report *r, const struct log *l)
{
	char name[LOG_VALUE_BYTES];

	log_quote(name, r->name);
	if (r->result == ERR_OK)
		log_done(r, l, name);
	else
		log_failed(r, l, name);
}
