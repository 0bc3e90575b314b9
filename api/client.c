/* client: the command line's end of the agent's Unix socket.
 *
 * While input is streamed, answers are read as they come: else both ends
 * could wait for the other to read.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/client.h"
#include "api/wire.h"
#include "base/bytes.h"

enum {
	READ_BYTES = 64 * 1024,
	LINE_BYTES_MAX = 8 * 1024 * 1024, /* of an answer */
};

struct client {
	int fd;
	struct buffer out; /* to be sent */
	struct buffer in;  /* answers, not yet whole lines */
	size_t looked;     /* bytes of `in` known to hold no LF */
	bool is_done;      /* the last line came */
	int exit_code;
};

/* --- connecting -------------------------------------------------------- */

/* A socket's path holds 107 bytes and longer ones are cut without a word, so
 * the path goes through a descriptor of the directory. */
static enum err
connect_in(int dir_fd, int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path,
	    "/proc/self/fd/%d/%s", dir_fd, CLIENT_SOCKET);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return ERR_OK;
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_NOT_ALLOWED;
	case EAGAIN: /* it answers, but too many wait */
		return ERR_BUSY;
	default:
		return ERR_IO;
	}
}

static enum err
connect_dir(const char *dir, int *out)
{
	int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum err e;

	if (dir_fd < 0)
		return errno == EACCES ? ERR_NOT_ALLOWED : ERR_NOT_FOUND;
	*out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	e = *out < 0 ? ERR_IO : connect_in(dir_fd, *out);
	close(dir_fd);
	if (e != ERR_OK && *out >= 0)
		close(*out);
	return e;
}

enum err
client_connect(struct client **out, const char *dir)
{
	struct client *c = calloc(1, sizeof *c);
	enum err e;

	if (c == NULL)
		return ERR_NOMEM;
	e = connect_dir(dir, &c->fd);
	if (e == ERR_OK &&
	    fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK) != 0) {
		close(c->fd);
		e = ERR_IO;
	}
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	buffer_wipe(&c->out);
	buffer_wipe(&c->in);
	free(c);
}

/* --- answers ----------------------------------------------------------- */

static enum err
take_line(struct client *c, size_t size, struct api_sink *sink)
{
	json_t *line = json_loadb((const char *)c->in.data, size, 0, NULL);
	const json_t *done = json_object_get(line, "done");
	const json_t *code = json_object_get(done, "exit");
	enum err e = json_is_object(line) ? ERR_OK : ERR_FORMAT;

	if (e == ERR_OK && done != NULL) {
		c->is_done = true;
		c->exit_code = (int)json_integer_value(code);
		if (!json_is_integer(code))
			e = ERR_FORMAT;
	}
	if (e == ERR_OK)
		e = sink->line(sink->context, line);
	json_decref(line);
	return e;
}

static enum err
take_lines(struct client *c, struct api_sink *sink)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && !c->is_done && c->looked < c->in.size) {
		const uint8_t *end = memchr(
		    c->in.data + c->looked, '\n', c->in.size - c->looked);
		size_t size;

		if (end == NULL) {
			c->looked = c->in.size;
			break;
		}
		size = (size_t)(end - c->in.data);
		e = take_line(c, size, sink);
		buffer_drop(&c->in, size + 1);
		c->looked = 0;
	}
	return e == ERR_OK && c->in.size > LINE_BYTES_MAX ? ERR_FORMAT : e;
}

static enum err
read_answer(struct client *c, struct api_sink *sink)
{
	uint8_t *chunk = malloc(READ_BYTES);
	ssize_t n;
	enum err e = ERR_OK;

	if (chunk == NULL)
		return ERR_NOMEM;
	n = recv(c->fd, chunk, READ_BYTES, 0);
	if (n > 0) {
		put_bytes(&c->in, chunk, (size_t)n);
		e = buffer_state(&c->in);
		if (e == ERR_OK)
			e = take_lines(c, sink);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		e = ERR_CLOSED;
	}
	free(chunk);
	return e;
}

/* --- the request and its input ----------------------------------------- */

/* An agent that answered before it read everything is not to blame: its
 * answer is read to the end. */
static enum err
write_some(struct client *c, bool *is_deaf)
{
	ssize_t n = send(c->fd, c->out.data, c->out.size, MSG_NOSIGNAL);

	if (n >= 0)
		buffer_drop(&c->out, (size_t)n);
	else if (errno == EPIPE || errno == ECONNRESET)
		*is_deaf = true;
	else if (errno != EAGAIN && errno != EINTR)
		return ERR_IO;
	return ERR_OK;
}

/* More to send, once all before is gone. */
static enum err
refill(struct client *c, struct api_input **input)
{
	long n;

	if (c->out.size > 0 || *input == NULL)
		return ERR_OK;
	if (!buffer_reserve(&c->out, READ_BYTES))
		return ERR_NOMEM;
	n = (*input)->read((*input)->context, c->out.data, READ_BYTES);
	if (n < 0)
		return ERR_IO;
	c->out.size = (size_t)n;
	if (n == 0) {
		*input = NULL;
		shutdown(c->fd, SHUT_WR);
	}
	return ERR_OK;
}

static enum err
step(struct client *c, struct api_input **input, struct api_sink *sink,
    bool *is_deaf)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	enum err e = *is_deaf ? ERR_OK : refill(c, input);

	if (e != ERR_OK)
		return e;
	if (c->out.size > 0 && !*is_deaf)
		p.events |= POLLOUT;
	if (poll(&p, 1, -1) < 0)
		return errno == EINTR ? ERR_OK : ERR_IO;
	if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		e = read_answer(c, sink);
	if (e == ERR_OK && (p.revents & POLLOUT) != 0)
		e = write_some(c, is_deaf);
	return e;
}

enum err
client_run(struct client *c, const json_t *request, struct api_input *input,
    struct api_sink *sink, int *exit_code)
{
	char *line = wire_line(request);
	bool is_deaf = false;
	enum err e;

	if (line == NULL)
		return ERR_NOMEM;
	put_bytes(&c->out, line, strlen(line));
	free(line);
	e = buffer_state(&c->out);
	while (e == ERR_OK && !c->is_done)
		e = step(c, &input, sink, &is_deaf);
	*exit_code = c->exit_code;
	return c->is_done && e == ERR_CLOSED ? ERR_OK : e;
}
