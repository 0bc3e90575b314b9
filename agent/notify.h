/* notify: tells systemd how it goes (the datagrams of sd_notify(3)).
 *
 * By hand, since it is one datagram: libsystemd would bring compression and
 * cryptography into the agent that it does not need.
 */

#ifndef YIZHAN_AGENT_NOTIFY_H
#define YIZHAN_AGENT_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

enum { NOTIFY_TEXT_BYTES = 256 }; /* longer states are cut */

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un to;
	socklen_t to_bytes;
	uint64_t watchdog_ms; /* 0: nobody watches; else say WATCHDOG=1 more
	                         often than this */
};

/**
 * Look at NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Without the first
 * everything else does nothing. ERR_USAGE: a name this cannot be; ERR_IO: no
 * socket. n is usable, and silent, in any case.
 */
enum err notify_open(struct notify *n);
void notify_close(struct notify *n);

/** Send assignments, one a line: "READY=1", "STATUS=...". What systemd does
 * not take is lost: no service may hang on its watcher. */
__attribute__((format(printf, 2, 3))) void notify_send(
    const struct notify *n, const char *format, ...);

#endif
