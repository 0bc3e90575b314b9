/* control: the Unix socket in the store's directory, for `yizhan`. */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/control.h"
#include "api/client.h"
#include "api/serve.h"

enum {
	BACKLOG = 64,
	PAUSE_MS = 1000, /* out of descriptors or threads */
	MODE_OWNER = 0600,
	MODE_GROUP = 0660,
};

struct client {
	struct control *control;
	pthread_t thread;
	int fd;
	struct post_item over; /* sent by the thread, last thing it does */
	struct client *before, *after;
};

struct control {
	struct agent *agent;
	uv_poll_t poll;
	uv_timer_t pause;
	unsigned handles_open;
	int dir_fd;
	int fd;
	mode_t mode; /* of the socket: who may talk to us */
	gid_t group; /* with MODE_GROUP */
	struct client *first;
	size_t client_count;
	bool is_closing;
};

static void on_connection(uv_poll_t *poll, int status, int events);

static void
free_when_closed(struct control *c)
{
	struct agent *a = c->agent;

	if (!c->is_closing || c->handles_open > 0 || c->client_count > 0)
		return;
	close(c->dir_fd);
	free(c);
	agent_part_closed(a);
}

/* --- who may talk ------------------------------------------------------ */

static bool
is_in_groups(int fd, gid_t group)
{
	socklen_t size = 0;
	gid_t *groups;
	bool is_in = false;
	size_t i;

	/* Asked with no room, the kernel tells how much it wants. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 ||
	    errno != ERANGE)
		return false;
	groups = malloc(size);
	if (groups == NULL)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		for (i = 0; i < size / sizeof *groups; i++)
			is_in = is_in || groups[i] == group;
	free(groups);
	return is_in;
}

/* The file's mode says the same; but whoever had the file open, or changed
 * its mode, is asked again here. */
static bool
may_talk(const struct control *c, int fd)
{
	struct ucred who;
	socklen_t size = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
		return false;
	if (who.uid == 0 || who.uid == geteuid())
		return true;
	if (c->mode == MODE_GROUP &&
	    (who.gid == c->group || is_in_groups(fd, c->group)))
		return true;
	log_event(&c->agent->log, LOG_WARNING, "client_refused", "uid=%lu",
	    (unsigned long)who.uid);
	return false;
}

/* --- clients ----------------------------------------------------------- */

static void *
client_main(void *arg)
{
	struct client *client = arg;
	struct agent *a = client->control->agent;

	api_serve(&a->api, client->fd);
	post_send(a->post, &client->over);
	return NULL;
}

static void
watch(struct control *c)
{
	if (!c->is_closing && c->client_count < CONTROL_CLIENTS_MAX &&
	    !uv_is_active((uv_handle_t *)&c->pause))
		(void)uv_poll_start(&c->poll, UV_READABLE, on_connection);
}

static void
on_client_over(void *context)
{
	struct client *client = context;
	struct control *c = client->control;

	(void)pthread_join(client->thread, NULL); /* it is at its end */
	close(client->fd);
	if (client->before != NULL)
		client->before->after = client->after;
	else
		c->first = client->after;
	if (client->after != NULL)
		client->after->before = client->before;
	c->client_count--;
	free(client);
	/* It may have met a commit that failed. */
	agent_doubt_store(c->agent);
	watch(c);
	free_when_closed(c);
}

static enum err
admit(struct control *c, int fd)
{
	struct client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return ERR_NOMEM;
	client->control = c;
	client->fd = fd;
	client->over =
	    (struct post_item){.run = on_client_over, .context = client};
	if (pthread_create(&client->thread, NULL, client_main, client) != 0) {
		free(client);
		return ERR_NOMEM;
	}
	client->after = c->first;
	if (c->first != NULL)
		c->first->before = client;
	c->first = client;
	c->client_count++;
	return ERR_OK;
}

/* --- accepting --------------------------------------------------------- */

static void
on_pause_over(uv_timer_t *pause)
{
	watch(pause->data);
}

static void
take_pause(struct control *c)
{
	log_event(&c->agent->log, LOG_WARNING, "control_paused", "%s", "");
	(void)uv_poll_stop(&c->poll);
	(void)uv_timer_start(&c->pause, on_pause_over, PAUSE_MS, 0);
}

/* One a turn: the socket stays readable while others wait. */
static void
on_connection(uv_poll_t *poll, int status, int events)
{
	struct control *c = poll->data;
	int fd = -1;

	(void)events;
	if (status == 0)
		fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		if (status < 0 || (errno != EAGAIN && errno != EINTR &&
		                      errno != ECONNABORTED))
			take_pause(c);
		return;
	}
	if (!may_talk(c, fd)) {
		close(fd);
		return;
	}
	if (admit(c, fd) != ERR_OK) {
		close(fd);
		take_pause(c);
	} else if (c->client_count >= CONTROL_CLIENTS_MAX) {
		(void)uv_poll_stop(&c->poll);
	}
}

/* --- the socket's file ------------------------------------------------- */

static enum err
open_directory(struct control *c, const char *dir)
{
	struct stat st;

	c->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return errno == EACCES ? ERR_NOT_ALLOWED : ERR_IO;
	if (fstat(c->dir_fd, &st) != 0)
		return ERR_IO;
	c->mode = (st.st_mode & S_IXGRP) != 0 ? MODE_GROUP : MODE_OWNER;
	return ERR_OK;
}

static enum err
remove_stale(const struct control *c)
{
	struct stat st;

	if (fstatat(c->dir_fd, CLIENT_SOCKET, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ERR_OK : ERR_IO;
	if (!S_ISSOCK(st.st_mode))
		return ERR_EXISTS;
	if (unlinkat(c->dir_fd, CLIENT_SOCKET, 0) != 0)
		return errno == EACCES ? ERR_NOT_ALLOWED : ERR_IO;
	return ERR_OK;
}

static enum err
bind_socket(struct control *c)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;
	int n = snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/%s",
	    c->dir_fd, CLIENT_SOCKET);

	if (n < 0 || (size_t)n >= sizeof at.sun_path)
		return ERR_LIMIT;
	/* The file is made with the socket's own mode: nobody else can
	 * connect in between, whatever the umask is. */
	if (fchmod(c->fd, MODE_OWNER) != 0)
		return ERR_IO;
	if (bind(c->fd, (struct sockaddr *)&at, sizeof at) != 0)
		return errno == EACCES || errno == EROFS ? ERR_NOT_ALLOWED
		                                         : ERR_IO;
	if (fchmodat(c->dir_fd, CLIENT_SOCKET, c->mode, 0) != 0 ||
	    fstatat(c->dir_fd, CLIENT_SOCKET, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return ERR_IO;
	c->group = st.st_gid;
	return listen(c->fd, BACKLOG) == 0 ? ERR_OK : ERR_IO;
}

static enum err
open_socket(struct control *c)
{
	enum err e = open_directory(c, c->agent->dir);

	if (e == ERR_OK)
		e = remove_stale(c);
	if (e != ERR_OK)
		return e;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return c->fd < 0 ? ERR_IO : bind_socket(c);
}

/* --- beginning and end ------------------------------------------------- */

enum err
control_open(struct control **out, struct agent *a)
{
	struct control *c = calloc(1, sizeof *c);
	enum err e;

	if (c == NULL)
		return ERR_NOMEM;
	c->agent = a;
	c->fd = c->dir_fd = -1;
	e = open_socket(c);
	if (e == ERR_OK && uv_poll_init_socket(&a->loop, &c->poll, c->fd) != 0)
		e = ERR_NOMEM;
	if (e != ERR_OK)
		goto close_fds;
	(void)uv_timer_init(&a->loop, &c->pause); /* always 0 */
	c->poll.data = c->pause.data = c;
	c->handles_open = 2;
	watch(c);
	*out = c;
	return ERR_OK;

close_fds:
	if (c->fd >= 0)
		close(c->fd);
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	free(c);
	return e;
}

static void
on_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;

	c->handles_open--;
	free_when_closed(c);
}

void
control_close(struct control *c)
{
	struct client *client;

	c->is_closing = true;
	(void)unlinkat(c->dir_fd, CLIENT_SOCKET, 0);
	uv_close((uv_handle_t *)&c->poll, on_closed);
	uv_close((uv_handle_t *)&c->pause, on_closed);
	close(c->fd);
	for (client = c->first; client != NULL; client = client->after)
		(void)shutdown(client->fd, SHUT_RDWR);
}
