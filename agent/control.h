/* control: the Unix socket in the store's directory, for `yizhan`.
 *
 * Its file is made through the directory's descriptor: the path of a socket
 * ends at 107 bytes. A file left by a killed agent is removed without a
 * question, since only who owns the store (owner.lock) comes here. Each
 * client has a thread, because operations block.
 */

#ifndef YIZHAN_AGENT_CONTROL_H
#define YIZHAN_AGENT_CONTROL_H

#include "agent/agent.h"

enum { CONTROL_CLIENTS_MAX = 32 }; /* others wait to be accepted */

struct control;

/** ERR_NOT_ALLOWED: the directory cannot be written; ERR_EXISTS: what has
 * the socket's name is no socket; ERR_IO, ERR_NOMEM. */
enum err control_open(struct control **out, struct agent *a);
/** Stop accepting, shut all clients down, join their threads, free;
 * agent_part_closed() tells the end. */
void control_close(struct control *c);

#endif
