/* linkwatch: tells when a way to others appears. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "agent/linknews.h"
#include "agent/linkwatch.h"

struct linkwatch {
	struct agent *agent;
	struct mnl_socket *socket;
	uv_poll_t poll;
	uv_timer_t timer; /* runs: something appeared and is not told yet */
	unsigned handles_open;
	bool has_ended; /* the kernel says nothing more */
	struct linknews news;
	struct linknews_pace pace;
	linkwatch_appeared *appeared;
	void (*closed)(void *context);
	void *context;
	_Alignas(struct nlmsghdr) uint8_t bytes[LINKWATCH_READ_BYTES];
};

static void
on_settled(uv_timer_t *timer)
{
	struct linkwatch *w = timer->data;

	linknews_pace_take(&w->pace, uv_now(&w->agent->loop));
	w->appeared(w->context);
}

static void
note(struct linkwatch *w, enum linknews_what what)
{
	uint64_t pace_ms, wait_ms;

	if (what == LINKNEWS_NONE || uv_is_active((uv_handle_t *)&w->timer))
		return;
	pace_ms = linknews_pace_ms(&w->pace, uv_now(&w->agent->loop));
	wait_ms =
	    LINKWATCH_SETTLE_MS + agent_chance(w->agent) % LINKWATCH_SPREAD_MS;
	if (wait_ms < pace_ms)
		wait_ms = pace_ms;
	log_event(&w->agent->log, LOG_INFO, "link_appeared",
	    "what=%s wait_ms=%llu", linknews_name(what),
	    (unsigned long long)wait_ms);
	(void)uv_timer_start(&w->timer, on_settled, wait_ms, 0);
}

/* False: there is no more for now. */
static bool
read_once(struct linkwatch *w)
{
	ssize_t n = mnl_socket_recvfrom(w->socket, w->bytes, sizeof w->bytes);
	int fault = errno;

	if (n > 0) {
		note(w, linknews_read(&w->news, w->bytes, (size_t)n));
		return true;
	}
	if (n == 0 || fault == EAGAIN || fault == EWOULDBLOCK)
		return false;
	if (fault == EINTR)
		return true;
	/* The socket's buffer overflowed, or one message was longer than
	 * ours: what it said is lost, and the socket goes on. */
	if (fault == ENOBUFS || fault == ENOSPC || fault == ENOMEM) {
		note(w, linknews_lost(&w->news));
		return fault != ENOMEM;
	}
	log_event(&w->agent->log, LOG_WARNING, "link_watch_ended", "cause=%s",
	    uv_err_name(uv_translate_sys_error(fault)));
	(void)uv_poll_stop(&w->poll);
	w->has_ended = true;
	return false;
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct linkwatch *w = poll->data;
	int i;

	(void)events;
	for (i = 0; i < LINKWATCH_READS_MAX && read_once(w); i++)
		;
	/* An overrun is an error of the descriptor, for which libuv stops the
	 * handle. Reading took the error away. */
	if (status < 0 && !w->has_ended)
		(void)uv_poll_start(&w->poll, UV_READABLE, on_readable);
}

static enum err
open_socket(struct linkwatch *w)
{
	const unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
	                        RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
	                        RTMGRP_IPV6_ROUTE;

	w->socket =
	    mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (w->socket == NULL)
		return ERR_IO;
	if (mnl_socket_bind(w->socket, groups, MNL_SOCKET_AUTOPID) == 0 &&
	    uv_poll_init_socket(
	        &w->agent->loop, &w->poll, mnl_socket_get_fd(w->socket)) == 0)
		return ERR_OK;
	(void)mnl_socket_close(w->socket);
	return ERR_IO;
}

enum err
linkwatch_open(struct linkwatch **out, struct agent *a,
    linkwatch_appeared *appeared, void *context)
{
	struct linkwatch *w = calloc(1, sizeof *w);
	enum err e;

	if (w == NULL)
		return ERR_NOMEM;
	w->agent = a;
	w->appeared = appeared;
	w->context = context;
	e = open_socket(w);
	if (e != ERR_OK) {
		free(w);
		return e;
	}
	(void)uv_timer_init(&a->loop, &w->timer); /* always 0 */
	w->poll.data = w->timer.data = w;
	w->handles_open = 2;
	/* Fails only for a handle that is closing. */
	(void)uv_poll_start(&w->poll, UV_READABLE, on_readable);
	*out = w;
	return ERR_OK;
}

static void
on_closed(uv_handle_t *handle)
{
	struct linkwatch *w = handle->data;

	if (--w->handles_open > 0)
		return;
	(void)mnl_socket_close(w->socket);
	w->closed(w->context);
	free(w);
}

void
linkwatch_close(struct linkwatch *w, void (*closed)(void *context))
{
	w->closed = closed;
	uv_close((uv_handle_t *)&w->poll, on_closed);
	uv_close((uv_handle_t *)&w->timer, on_closed);
}
