/* client: the command line's end of the agent's Unix socket. */

#ifndef YIZHAN_API_CLIENT_H
#define YIZHAN_API_CLIENT_H

#include "api/api.h"

#define CLIENT_SOCKET "agent.sock" /* in the store's directory */

struct client;

/**
 * Connect to the agent that runs in dir. ERR_NOT_FOUND: none does: no such
 * directory, no socket, or nobody listens. ERR_NOT_ALLOWED: there is one, but
 * not for this user. ERR_IO, ERR_NOMEM.
 */
enum err client_connect(struct client **out, const char *dir);
/** NULL is allowed. */
void client_close(struct client *c);

/**
 * Send one request, with input (may be NULL) stream its bytes, and hand every
 * answer line to sink until "done" was among them. Once per client.
 * *exit_code is what "done" said. ERR_CLOSED: the agent went away before that:
 * nobody knows how it ended. ERR_FORMAT: it answered nonsense. ERR_IO: input
 * could not be read. What sink->line() returns other than ERR_OK is returned.
 */
enum err client_run(struct client *c, const json_t *request,
    struct api_input *input, struct api_sink *sink, int *exit_code);

#endif
