/* connect: a TCP connection to HOST:PORT without blocking the loop.
 *
 * The name is looked up in libuv's thread pool, then its addresses are tried
 * one after the other.
 */

#ifndef YIZHAN_AGENT_CONNECT_H
#define YIZHAN_AGENT_CONNECT_H

#include <uv.h>

#include "base/err.h"

enum {
	CONNECT_LOOKUP_MS = 30 * 1000, /* longer than a resolver tries */
	CONNECT_TRY_MS = 10 * 1000,    /* SYNs at 0, 1, 3 and 7 s */
};

struct connect;

/* ERR_OK: fd is connected, non-blocking, the callee's. ERR_NO_LINK: no such
 * host, or no address answers. */
typedef void connect_over(void *context, enum err e, int fd);

/** Begin; over() is called once, never from within. ERR_USAGE: not an
 * address. ERR_IO, ERR_NOMEM. */
enum err connect_begin(struct connect **out, uv_loop_t *loop,
    const char *address, connect_over *over, void *context);
/** Call it off: over() is not called any more. c is gone. */
void connect_cancel(struct connect *c);

#endif
