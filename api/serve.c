/* serve: answers one client of the Unix socket. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <sodium.h>

#include "api/outcome.h"
#include "api/serve.h"
#include "api/wire.h"
#include "base/bytes.h"

enum { READ_BYTES = 16 * 1024 };

struct service {
	int fd;
	struct buffer input; /* read, but not taken yet */
};

/* --- bytes ------------------------------------------------------------- */

static long
receive(int fd, void *out, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, out, size, 0);
	while (n < 0 && errno == EINTR);
	return (long)n;
}

static enum err
send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_CLOSED;
		data += n;
		size -= (size_t)n;
	}
	return ERR_OK;
}

static void
set_timeout(int fd, unsigned ms)
{
	struct timeval tv = {
	    .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
}

/* --- the answer -------------------------------------------------------- */

static enum err
write_line(void *context, const json_t *object)
{
	struct service *s = context;
	char *line = wire_line(object);
	enum err e;

	if (line == NULL)
		return ERR_NOMEM;
	e = send_all(s->fd, line, strlen(line));
	free(line);
	return e;
}

/* For requests that no operation can be asked about. */
static void
write_refusal(struct service *s, enum err why)
{
	json_t *line = json_pack("{s:{s:i, s:s, s:s}}", "done", "exit",
	    (int)outcome_exit(why), "error", err_name(why), "message",
	    outcome_message(why));

	if (line != NULL)
		(void)write_line(s, line);
	json_decref(line);
}

/* --- the request ------------------------------------------------------- */

/* The client says that its input is whole by shutting down its writing. One
 * that was killed hangs up altogether: its last line may be half a line. */
static long
check_end(int fd)
{
	struct pollfd p = {.fd = fd};

	if (poll(&p, 1, 0) < 0 || (p.revents & (POLLHUP | POLLERR)) != 0)
		return -1;
	return 0;
}

/* What follows the request line: first what was read along with it. */
static long
read_input(void *context, void *out, size_t size)
{
	struct service *s = context;

	if (s->input.size == 0) {
		long n = receive(s->fd, out, size);

		return n == 0 ? check_end(s->fd) : n;
	}
	if (size > s->input.size)
		size = s->input.size;
	memcpy(out, s->input.data, size);
	buffer_drop(&s->input, size);
	return (long)size;
}

/* Read on until there is a line; *line_bytes counts it without its LF. */
static enum err
read_line(struct service *s, size_t *line_bytes)
{
	uint8_t chunk[READ_BYTES];

	for (;;) {
		long n = receive(s->fd, chunk, sizeof chunk);
		size_t before = s->input.size;
		const uint8_t *end;

		if (n <= 0)
			return ERR_CLOSED;
		put_bytes(&s->input, chunk, (size_t)n);
		/* A PIN may have come along with the line. */
		sodium_memzero(chunk, (size_t)n);
		if (buffer_state(&s->input) != ERR_OK)
			return ERR_NOMEM;
		end = memchr(s->input.data + before, '\n', (size_t)n);
		if (end != NULL) {
			*line_bytes = (size_t)(end - s->input.data);
			return ERR_OK;
		}
		if (s->input.size > SERVE_REQUEST_BYTES_MAX)
			return ERR_LIMIT;
	}
}

static enum err
read_request(struct service *s, json_t **out)
{
	size_t size = 0;
	enum err e;

	set_timeout(s->fd, SERVE_REQUEST_TIMEOUT_MS);
	e = read_line(s, &size);
	set_timeout(s->fd, 0);
	if (e != ERR_OK)
		return e;
	*out = json_loadb(
	    (const char *)s->input.data, size, JSON_REJECT_DUPLICATES, NULL);
	buffer_drop(&s->input, size + 1);
	if (json_is_object(*out))
		return ERR_OK;
	json_decref(*out);
	return ERR_FORMAT;
}

/* As the kernel noted it when the client connected. Nobody's number where it
 * does not say. */
static uint32_t
user_of(int fd)
{
	struct ucred who;
	socklen_t size = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
		return UINT32_MAX;
	return (uint32_t)who.uid;
}

void
api_serve(struct api *a, int fd)
{
	struct service s = {.fd = fd};
	struct api_input input = {.read = read_input, .context = &s};
	struct api_sink sink = {write_line, &s};
	json_t *request = NULL;
	enum err e;

	buffer_init(&s.input);
	e = read_request(&s, &request);
	if (e == ERR_OK) {
		api_run_for(a, user_of(fd), request, &input, &sink);
		json_decref(request);
	} else if (e != ERR_CLOSED) {
		write_refusal(&s, e);
	}
	buffer_wipe(&s.input);
}
