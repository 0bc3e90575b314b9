/* listener: where children connect (hub and relay). */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/address.h"
#include "agent/crowd.h"
#include "agent/listener.h"
#include "agent/peer.h"
#include "agent/socket.h"
#include "store/file.h"

enum {
	TURN_ACCEPTS_MAX = 64,
	PAUSE_MS = 1000, /* out of descriptors: wait for some to close */
};

struct child {
	struct listener *listener;
	struct peer *peer;
	uint8_t site[ADDRESS_SITE_BYTES];
	bool has_site; /* the limit of a site holds for it */
	struct child *before, *after;
};

struct socket {
	struct listener *listener;
	uv_poll_t poll;
	int fd;
};

struct listener {
	struct agent *agent;
	struct socket sockets[LISTENER_SOCKETS_MAX];
	size_t socket_count;
	uv_timer_t pause;
	uv_timer_t look; /* runs while many are connected */
	uv_timer_t news; /* runs since something new was looked for */
	bool has_news;   /* since then */
	struct crowd crowd;
	unsigned handles_open;
	struct child *first;
	size_t child_count;
	bool is_closing;
};

static void on_connection(uv_poll_t *poll, int status, int events);

static void
free_when_closed(struct listener *l)
{
	struct agent *a = l->agent;

	if (!l->is_closing || l->handles_open > 0 || l->child_count > 0)
		return;
	free(l);
	agent_part_closed(a);
}

/* --- a crowd -------------------------------------------------------------
 */

static void
look_around(struct listener *l)
{
	uint64_t idle = uv_metrics_idle_time(l->look.loop);
	size_t known = 0;
	struct child *c;

	for (c = l->first; c != NULL; c = c->after)
		known += peer_is_known(c->peer);
	if (crowd_look(&l->crowd, known, uv_hrtime(), idle))
		log_event(&l->agent->log, LOG_INFO,
		    l->crowd.asks ? "rows_asked_for" : "rows_not_needed",
		    "known=%zu busy=%u%%", known, l->crowd.busy_percent);
	if (!l->crowd.asks)
		return;
	/* A peer leaves the list in a later turn of the loop. */
	for (c = l->first; c != NULL; c = c->after)
		peer_ask_rows(c->peer);
}

static void
on_look(uv_timer_t *look)
{
	look_around(look->data);
}

/* Nobody looks where only few are. */
static void
fit_crowd(struct listener *l)
{
	bool looks = l->child_count >= CROWD_CHILDREN && !l->is_closing;

	if (looks == (uv_is_active((uv_handle_t *)&l->look) != 0))
		return;
	crowd_begin(&l->crowd, uv_hrtime(), uv_metrics_idle_time(l->look.loop));
	if (looks)
		(void)uv_timer_start(
		    &l->look, on_look, CROWD_LOOK_MS, CROWD_LOOK_MS);
	else
		(void)uv_timer_stop(&l->look);
}

/* --- news ---------------------------------------------------------------
 */

/* Each list of each child is read on: not for every commit of a busy hub. */
static void
on_news(uv_timer_t *news)
{
	struct listener *l = news->data;
	struct child *c;

	if (!l->has_news)
		return;
	l->has_news = false;
	(void)uv_timer_start(news, on_news, LISTENER_NEWS_MS, 0);
	/* A peer leaves the list in a later turn of the loop. */
	for (c = l->first; c != NULL; c = c->after)
		if (peer_is_known(c->peer))
			peer_look_again(c->peer);
}

/* Not from here: who tells of news may be a peer at work. */
void
listener_kick(struct listener *l)
{
	if (l->first == NULL || l->is_closing)
		return;
	l->has_news = true;
	if (uv_is_active((uv_handle_t *)&l->news) == 0)
		(void)uv_timer_start(&l->news, on_news, 0, 0);
}

/* --- children ---------------------------------------------------------- */

static void
on_child_over(void *context, const struct peer_report *report)
{
	struct child *c = context;
	struct listener *l = c->listener;

	(void)report; /* the peer has written it to the log */
	if (c->before != NULL)
		c->before->after = c->after;
	else
		l->first = c->after;
	if (c->after != NULL)
		c->after->before = c->before;
	l->child_count--;
	fit_crowd(l);
	free(c);
	/* A flood's small pieces lie all over the heap. */
	if (l->child_count == 0)
		(void)malloc_trim(0);
	free_when_closed(l);
}

static void
on_child_received(void *context)
{
	struct child *c = context;

	agent_received(c->listener->agent);
}

static bool
has_room(const struct listener *l, const struct child *wanted)
{
	size_t half_open = 0, from_site = 0;
	const struct child *c;

	if (l->child_count >= LISTENER_SESSIONS_MAX)
		return false;
	for (c = l->first; c != NULL; c = c->after) {
		if (peer_is_known(c->peer))
			continue;
		half_open++;
		if (c->has_site && wanted->has_site &&
		    memcmp(c->site, wanted->site, sizeof c->site) == 0)
			from_site++;
	}
	return half_open < LISTENER_HALF_OPEN_MAX &&
	       from_site < LISTENER_HALF_OPEN_PER_SITE_MAX;
}

static void
link_child(struct listener *l, struct child *c)
{
	c->after = l->first;
	if (l->first != NULL)
		l->first->before = c;
	l->first = c;
	l->child_count++;
	fit_crowd(l);
}

static enum err
admit(struct listener *l, int fd, const struct sockaddr *from)
{
	struct child *c = calloc(1, sizeof *c);
	bool asks = crowd_comes(&l->crowd, uv_hrtime());
	struct peer_options o = {
	    .purpose = SESSION_ANSWER,
	    .fd = fd,
	    .wants_rows = asks,
	    .received = on_child_received,
	    .over = on_child_over,
	    .context = c,
	};
	enum err e;

	if (c == NULL)
		return ERR_NOMEM;
	c->listener = l;
	c->has_site = address_site(from, c->site);
	e = has_room(l, c) ? peer_open(&c->peer, l->agent, &o) : ERR_LIMIT;
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	link_child(l, c);
	return ERR_OK;
}

/* --- accepting --------------------------------------------------------- */

/* A child that went away again, or a network that failed under it, is its
 * own matter: accept(2) says to go on. */
static bool
is_passing(int fault)
{
	switch (fault) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENONET:
	case EPERM: /* a firewall rule */
		return true;
	default:
		return false;
	}
}

static void
watch(struct listener *l)
{
	size_t i;

	for (i = 0; i < l->socket_count; i++)
		(void)uv_poll_start(
		    &l->sockets[i].poll, UV_READABLE, on_connection);
}

static void
on_pause_over(uv_timer_t *pause)
{
	watch(pause->data);
}

/* Out of descriptors or memory the socket stays readable: asking again at
 * once would spin. */
static void
take_pause(struct listener *l, int fault)
{
	size_t i;

	log_event(&l->agent->log, LOG_WARNING, "accept_paused",
	    "cause=%s sessions=%zu", uv_err_name(-fault), l->child_count);
	for (i = 0; i < l->socket_count; i++)
		(void)uv_poll_stop(&l->sockets[i].poll);
	(void)uv_timer_start(&l->pause, on_pause_over, PAUSE_MS, 0);
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
	struct socket *s = poll->data;
	struct listener *l = s->listener;
	int i;

	(void)events;
	if (status < 0) {
		take_pause(l, EIO);
		return;
	}
	for (i = 0; i < TURN_ACCEPTS_MAX; i++) {
		struct sockaddr_storage from;
		socklen_t size = sizeof from;
		enum err e;
		int fd = accept4(s->fd, (struct sockaddr *)&from, &size,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EAGAIN || is_passing(errno)))
			return;
		if (fd < 0) {
			take_pause(l, errno);
			return;
		}
		e = admit(l, fd, (struct sockaddr *)&from);
		if (e != ERR_OK) {
			close(fd);
			log_event(&l->agent->log, LOG_WARNING,
			    "child_turned_away", "error=%s sessions=%zu",
			    err_name(e), l->child_count);
		}
	}
}

/* --- opening ----------------------------------------------------------- */

static enum err
add_socket(struct listener *l, int fd)
{
	struct socket *s = &l->sockets[l->socket_count];

	if (uv_poll_init_socket(&l->agent->loop, &s->poll, fd) != 0) {
		close(fd);
		return ERR_NOMEM;
	}
	s->listener = l;
	s->fd = fd;
	s->poll.data = s;
	l->socket_count++;
	l->handles_open++;
	return ERR_OK;
}

static enum err
tell_address(const struct listener *l, int fd, uint16_t *port)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof at;
	char text[ADDRESS_TEXT_BYTES];

	if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		return ERR_IO;
	*port = address_port((struct sockaddr *)&at);
	address_show(text, (struct sockaddr *)&at);
	log_event(&l->agent->log, LOG_INFO, "listening", "address=%s", text);
	return ERR_OK;
}

static enum err
write_port(const struct listener *l, uint16_t port)
{
	char text[8];
	int size = snprintf(text, sizeof text, "%u\n", (unsigned)port);

	if (l->agent->port_file == NULL)
		return ERR_OK;
	return file_replace(l->agent->port_file, text, (size_t)size);
}

static enum err
listen_at(struct listener *l, const char *address)
{
	int fds[LISTENER_SOCKETS_MAX];
	size_t count, i;
	uint16_t port = 0;
	enum err e = socket_listen(address, fds, LISTENER_SOCKETS_MAX, &count);

	if (e != ERR_OK)
		return e;
	for (i = 0; i < count; i++) {
		if (e == ERR_OK)
			e = add_socket(l, fds[i]);
		else
			close(fds[i]);
		if (e == ERR_OK)
			e = tell_address(l, fds[i], &port);
	}
	return e == ERR_OK ? write_port(l, port) : e;
}

/* --- beginning and end ------------------------------------------------- */

enum err
listener_open(struct listener **out, struct agent *a)
{
	struct listener *l = calloc(1, sizeof *l);
	enum err e;

	if (l == NULL)
		return ERR_NOMEM;
	l->agent = a;
	(void)uv_timer_init(&a->loop, &l->pause); /* always 0 */
	(void)uv_timer_init(&a->loop, &l->look);
	(void)uv_timer_init(&a->loop, &l->news);
	l->pause.data = l->look.data = l->news.data = l;
	l->handles_open = 3;
	/* Handed over in any case: what is open is closed as a part. */
	*out = l;
	e = listen_at(l, a->config.listen);
	if (e == ERR_OK)
		watch(l);
	return e;
}

static void
on_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	l->handles_open--;
	free_when_closed(l);
}

static void
on_socket_closed(uv_handle_t *handle)
{
	struct socket *s = handle->data;

	s->listener->handles_open--;
	free_when_closed(s->listener);
}

void
listener_end_withdrawn(struct listener *l)
{
	struct child *c;

	/* A peer leaves the list in a later turn of the loop. */
	for (c = l->first; c != NULL; c = c->after)
		peer_end_withdrawn(c->peer);
}

void
listener_close(struct listener *l)
{
	struct child *c;
	size_t i;

	l->is_closing = true;
	uv_close((uv_handle_t *)&l->pause, on_closed);
	uv_close((uv_handle_t *)&l->look, on_closed);
	uv_close((uv_handle_t *)&l->news, on_closed);
	for (i = 0; i < l->socket_count; i++) {
		uv_close((uv_handle_t *)&l->sockets[i].poll, on_socket_closed);
		close(l->sockets[i].fd);
	}
	/* A peer leaves the list in a later turn of the loop. */
	for (c = l->first; c != NULL; c = c->after)
		peer_refuse(c->peer, REASON_SHUTDOWN, ERR_CLOSED);
}
