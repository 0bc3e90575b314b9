/* socket: TCP sockets that listen. */

#ifndef YIZHAN_AGENT_SOCKET_H
#define YIZHAN_AGENT_SOCKET_H

#include <stddef.h>

#include "base/err.h"

/**
 * Non-blocking sockets that listen at every address the host stands for, at
 * most max; *count is at least 1. With port 0 all get the port the system
 * picked for the first. ERR_USAGE: not an address, no such host, or none of
 * this machine; ERR_BUSY: the port is taken; ERR_NOT_ALLOWED; ERR_IO. No
 * socket is left open on an error.
 */
enum err socket_listen(
    const char *address, int *fds, size_t max, size_t *count);

#endif
