/* tcp: what is asked of the kernel for a connection that carries a session,
 * the same whoever runs it (docs/decisions/0018).
 */

#ifndef YIZHAN_API_TCP_H
#define YIZHAN_API_TCP_H

#include <stdbool.h>

#include "base/err.h"

/** Make a connected socket ready for a session: non-blocking, and its options
 * set. ERR_IO. */
enum err tcp_prepare(int fd);
/** The kernel holds bytes that have not been sent: give it no more. poll(2)
 * finds fd writable when they are. */
bool tcp_is_full(int fd);

#endif
