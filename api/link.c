/* link: runs one exchange over a blocking TCP connection, with poll(2). */

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "api/link.h"
#include "api/tcp.h"

enum {
	RECEIVE_BYTES = 32768,
	POLL_MAX_MS = 250,  /* progress moves at least this often */
	LAST_READS_MAX = 8, /* of what comes when all is said */
};

/* "host:port" or "[v6]:port" into two strings. */
static bool
split_address(const char *address, char host[256], char port[16])
{
	const char *colon = strrchr(address, ':');
	size_t n;

	if (colon == NULL || colon == address || colon[1] == '\0' ||
	    strlen(colon + 1) > 15)
		return false;
	n = (size_t)(colon - address);
	if (address[0] == '[') {
		if (n < 3 || address[n - 1] != ']')
			return false;
		address++;
		n -= 2;
	}
	if (n >= 256)
		return false;
	memcpy(host, address, n);
	host[n] = '\0';
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return true;
}

static enum err
connect_one(const struct addrinfo *a, unsigned timeout_ms, int *out)
{
	struct pollfd p = {.events = POLLOUT};
	socklen_t size = sizeof(int);
	int code = 0;

	p.fd = socket(a->ai_family,
	    a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (p.fd < 0)
		return ERR_NO_LINK;
	if (connect(p.fd, a->ai_addr, a->ai_addrlen) != 0 &&
	    (errno != EINPROGRESS || poll(&p, 1, (int)timeout_ms) != 1 ||
	        getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0 ||
	        code != 0)) {
		close(p.fd);
		return ERR_NO_LINK;
	}
	if (tcp_prepare(p.fd) != ERR_OK) {
		close(p.fd);
		return ERR_NO_LINK;
	}
	*out = p.fd;
	return ERR_OK;
}

enum err
link_connect(const char *address, unsigned timeout_ms, int *fd)
{
	struct addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *a;
	char host[256], port[16];
	enum err e = ERR_NO_LINK;

	if (!split_address(address, host, port))
		return ERR_USAGE;
	if (getaddrinfo(host, port, &hints, &list) != 0)
		return ERR_NO_LINK;
	for (a = list; a != NULL && e != ERR_OK; a = a->ai_next)
		e = connect_one(a, timeout_ms, fd);
	freeaddrinfo(list);
	return e;
}

/* --- moving bytes ------------------------------------------------------ */

struct run {
	struct exchange *x;
	struct session *s;
	struct writer *w;
	int fd;
	const atomic_uint *news;
	unsigned seen; /* of them */
	size_t untold; /* the kernel has them, the session waits */
};

static void
run_jobs(struct run *r)
{
	struct writer_job *job;

	while ((job = exchange_next_job(r->x)) != NULL)
		exchange_job_done(
		    r->x, writer_do(r->w, job->run, job->context));
}

static void
tell_sent(struct run *r)
{
	if (r->untold > 0)
		session_sent(r->s, r->untold, api_now_ms());
	r->untold = 0;
}

/* True: there may be more. */
static bool
receive(struct run *r)
{
	uint8_t in[RECEIVE_BYTES];
	ssize_t n = recv(r->fd, in, sizeof in, 0);

	if (n > 0)
		(void)session_receive(r->s, in, (size_t)n, api_now_ms());
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		tell_sent(r); /* they count, whatever became of them */
		session_closed(r->s);
	}
	return n > 0;
}

/* Nothing can be sent any more. What the peer said before that, why it ended
 * perhaps, may still lie there. */
static void
link_down(struct run *r)
{
	tell_sent(r);
	do
		run_jobs(r);
	while (session_wants_input(r->s) && receive(r));
	session_closed(r->s);
}

/* The session hears that a frame is gone when the socket takes the next one:
 * so it sees how long the link takes for it. And that is made only then: what
 * is urgent may be saved meanwhile. */
static void
transmit(struct run *r)
{
	const uint8_t *out;

	while (!tcp_is_full(r->fd)) {
		size_t size;
		ssize_t n;

		tell_sent(r);
		size = session_output(r->s, &out);
		if (size == 0)
			return;
		n = send(r->fd, out, size, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			link_down(r);
			return;
		}
		r->untold = (size_t)n;
	}
}

static int
wait_ms(const struct session *s)
{
	uint64_t now = api_now_ms(), deadline = session_deadline_ms(s);

	if (deadline <= now)
		return 0;
	return deadline - now > POLL_MAX_MS ? POLL_MAX_MS
	                                    : (int)(deadline - now);
}

static bool
pack_ahead(struct session *s)
{
	uint64_t began = api_now_us();
	bool more = session_prepare(s);

	session_prepare_took(s, api_now_us() - began);
	return more;
}

static void
look_for_news(struct run *r)
{
	unsigned now = atomic_load(r->news);

	if (now == r->seen)
		return;
	r->seen = now;
	session_look_again(r->s);
}

/* A full socket is waited for, whether or not there is more: what goes next is
 * chosen when it takes that. */
static bool
wants_output(struct run *r)
{
	const uint8_t *out;

	return r->untold > 0 || tcp_is_full(r->fd) ||
	       session_output(r->s, &out) > 0;
}

static enum err
step(struct run *r)
{
	struct pollfd p = {.fd = r->fd};
	bool is_busy;

	look_for_news(r);
	if (session_wants_input(r->s))
		p.events |= POLLIN;
	if (wants_output(r))
		p.events |= POLLOUT;
	/* The frame after this one is made while the link is busy. */
	is_busy = session_learn(r->s) ||
	          ((p.events & POLLOUT) != 0 && pack_ahead(r->s));
	if (poll(&p, 1, is_busy ? 0 : wait_ms(r->s)) < 0 && errno != EINTR)
		return ERR_IO;
	if ((p.revents & POLLOUT) != 0)
		transmit(r);
	if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		(void)receive(r);
	(void)session_expire(r->s, api_now_ms());
	if (session_is_over(r->s))
		tell_sent(r);
	run_jobs(r);
	return ERR_OK;
}

/* What is left to say (why we end) goes out if the link takes it at once. What
 * crossed it is read: a socket closed over unread bytes answers by a reset,
 * which can take our last words from the peer. */
static void
flush(struct run *r)
{
	uint8_t in[RECEIVE_BYTES];
	const uint8_t *out;
	size_t size;
	int i;

	tell_sent(r);
	size = session_output(r->s, &out);
	if (size > 0)
		(void)!send(r->fd, out, size, MSG_NOSIGNAL);
	for (i = 0; i < LAST_READS_MAX && recv(r->fd, in, sizeof in, 0) > 0;
	     i++)
		;
}

enum err
link_run(struct exchange *x, struct writer *w, int fd, const atomic_uint *news,
    link_progress *progress, void *context, struct link_report *out)
{
	struct run r = {
	    x, exchange_session(x), w, fd, news, atomic_load(news), 0};
	uint64_t began = api_now_ms();
	enum err e = ERR_OK;

	run_jobs(&r);
	while (e == ERR_OK && !exchange_is_over(x)) {
		struct session_stats stats;

		e = step(&r);
		stats = session_stats(r.s);
		if (progress != NULL)
			progress(context, &stats);
	}
	flush(&r);
	out->stats = session_stats(r.s);
	out->seconds = (double)(api_now_ms() - began) / 1000.0;
	out->reason = exchange_reason(x);
	out->told_by_peer = exchange_told_by_peer(x);
	return e == ERR_OK ? exchange_result(x) : e;
}
