/* link: runs one exchange over a blocking TCP connection, with poll(2).
 *
 * Used by the command line where no agent runs, and by `join` in both doors.
 */

#ifndef YIZHAN_API_LINK_H
#define YIZHAN_API_LINK_H

#include <stdatomic.h>

#include "api/exchange.h"

struct link_report {
	struct session_stats stats;
	double seconds;
	enum reason reason;
	bool told_by_peer;
};

/** Called now and then while bytes move. */
typedef void link_progress(void *context, const struct session_stats *s);

/** Connect to HOST:PORT ([v6]:PORT too) within timeout_ms; the
 * socket is ready for a session (tcp.h). ERR_NO_LINK: could
 * not; ERR_USAGE: not an address. */
enum err link_connect(const char *address, unsigned timeout_ms, int *fd);
/** Move bytes until the exchange is over; closes nothing. When *news grows the
 * lists are looked at again, so that what is urgent goes at the next frame.
 * ERR_OK: a clean end. ERR_CLOSED, ERR_TIMEOUT: the link died. Others: the
 * session's. */
enum err link_run(struct exchange *x, struct writer *w, int fd,
    const atomic_uint *news, link_progress *progress, void *context,
    struct link_report *out);

#endif
