/* serve: answers one client of the Unix socket.
 *
 * Blocking; agent/control.c gives each accepted connection a thread. The
 * client writes one request as a line of JSON, for import followed by the raw
 * bytes up to its shutdown of writing, and reads answer lines (api.h) until
 * the connection closes.
 */

#ifndef YIZHAN_API_SERVE_H
#define YIZHAN_API_SERVE_H

#include "api/api.h"

enum {
	SERVE_REQUEST_BYTES_MAX = 1024 * 1024,
	SERVE_REQUEST_TIMEOUT_MS = 30000, /* for the request line alone */
};

/**
 * Read the request from fd, run it on a, write the answer. Returns when the
 * last line was written or the client is gone; fd stays open, the caller
 * closes it. To end a long call early let a->stopping() say so and shut the
 * socket down. Never raises SIGPIPE.
 */
void api_serve(struct api *a, int fd);

#endif
