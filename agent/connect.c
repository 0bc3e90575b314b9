/* connect: a TCP connection to HOST:PORT without blocking the loop. */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/address.h"
#include "agent/connect.h"

struct connect {
	uv_loop_t *loop;
	uv_getaddrinfo_t lookup;
	uv_timer_t timer; /* bounds the look-up, then each try */
	uv_poll_t poll;   /* of the try under way; writable: it is over */
	bool has_poll;
	bool is_looking_up; /* the thread pool still knows this struct */
	bool is_over;
	unsigned handles_open;
	int fd; /* of the try under way; -1: none */
	struct addrinfo *found;
	struct addrinfo *next; /* to be tried */
	connect_over *over;
	void *context;
};

static void try_next(struct connect *c);

/* --- the end ----------------------------------------------------------- */

/* A look-up cannot be called off once a thread has it: it outlives the
 * handles and frees the rest when it returns. */
static void
free_when_unused(struct connect *c)
{
	if (c->handles_open > 0 || c->is_looking_up)
		return;
	if (c->found != NULL)
		uv_freeaddrinfo(c->found);
	free(c);
}

static void
on_closed(uv_handle_t *handle)
{
	struct connect *c = handle->data;

	c->handles_open--;
	free_when_unused(c);
}

static void
close_all(struct connect *c)
{
	c->is_over = true;
	uv_close((uv_handle_t *)&c->timer, on_closed);
	if (c->has_poll && !uv_is_closing((uv_handle_t *)&c->poll))
		uv_close((uv_handle_t *)&c->poll, on_closed);
	if (c->is_looking_up)
		(void)uv_cancel((uv_req_t *)&c->lookup);
}

static void
finish(struct connect *c, enum err e)
{
	int fd = c->fd;

	c->fd = -1;
	close_all(c);
	c->over(c->context, e, fd);
}

void
connect_cancel(struct connect *c)
{
	int fd = c->fd;

	c->fd = -1;
	close_all(c);
	if (fd >= 0)
		close(fd);
}

/* --- one address ------------------------------------------------------- */

static void
on_try_closed(uv_handle_t *handle)
{
	struct connect *c = handle->data;

	c->has_poll = false;
	c->handles_open--;
	if (c->is_over)
		free_when_unused(c);
	else
		try_next(c);
}

/* The poll handle is used again for the next address, once it is closed. */
static void
give_up_try(struct connect *c)
{
	(void)uv_timer_stop(&c->timer);
	uv_close((uv_handle_t *)&c->poll, on_try_closed);
	close(c->fd);
	c->fd = -1;
}

static void
on_writable(uv_poll_t *poll, int status, int events)
{
	struct connect *c = poll->data;
	socklen_t size = sizeof(int);
	int fault = 0;

	(void)events;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0)
		fault = errno;
	if (status < 0 || fault != 0) {
		give_up_try(c);
		return;
	}
	/* The handle must let go of the descriptor before another has it. */
	(void)uv_poll_stop(&c->poll);
	finish(c, ERR_OK);
}

static void
on_timeout(uv_timer_t *timer)
{
	struct connect *c = timer->data;

	if (c->fd >= 0)
		give_up_try(c);
	else
		finish(c, ERR_NO_LINK);
}

/* True when a try is under way. */
static bool
begin_try(struct connect *c, const struct addrinfo *a)
{
	c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    IPPROTO_TCP);
	if (c->fd < 0)
		return false;
	if (connect(c->fd, a->ai_addr, a->ai_addrlen) != 0 &&
	    errno != EINPROGRESS)
		goto close_fd;
	if (uv_poll_init_socket(c->loop, &c->poll, c->fd) != 0)
		goto close_fd;
	c->poll.data = c;
	c->has_poll = true;
	c->handles_open++;
	if (uv_poll_start(&c->poll, UV_WRITABLE, on_writable) == 0 &&
	    uv_timer_start(&c->timer, on_timeout, CONNECT_TRY_MS, 0) == 0)
		return true;
	give_up_try(c); /* goes on with the next address */
	return true;

close_fd:
	close(c->fd);
	c->fd = -1;
	return false;
}

static void
try_next(struct connect *c)
{
	while (c->next != NULL) {
		struct addrinfo *a = c->next;

		c->next = a->ai_next;
		if (begin_try(c, a))
			return;
	}
	finish(c, ERR_NO_LINK);
}

/* --- the name ---------------------------------------------------------- */

static void
on_lookup(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct connect *c = lookup->data;

	c->is_looking_up = false;
	c->found = found;
	if (c->is_over) {
		free_when_unused(c);
		return;
	}
	(void)uv_timer_stop(&c->timer);
	c->next = status == 0 ? found : NULL;
	try_next(c);
}

static enum err
begin_lookup(struct connect *c, const struct address *a)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_protocol = IPPROTO_TCP,
	};

	c->lookup.data = c;
	if (uv_getaddrinfo(
	        c->loop, &c->lookup, on_lookup, a->host, a->port, &hints) != 0)
		return ERR_NOMEM;
	c->is_looking_up = true;
	return ERR_OK;
}

enum err
connect_begin(struct connect **out, uv_loop_t *loop, const char *address,
    connect_over *over, void *context)
{
	struct connect *c;
	struct address a;
	enum err e = address_parse(&a, address);

	if (e != ERR_OK || a.host[0] == '\0')
		return ERR_USAGE;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return ERR_NOMEM;
	c->loop = loop;
	c->fd = -1;
	c->over = over;
	c->context = context;
	e = begin_lookup(c, &a);
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	(void)uv_timer_init(loop, &c->timer); /* always 0 */
	c->timer.data = c;
	c->handles_open = 1;
	(void)uv_timer_start(&c->timer, on_timeout, CONNECT_LOOKUP_MS, 0);
	*out = c;
	return ERR_OK;
}
