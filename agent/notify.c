/* notify: tells systemd how it goes (the datagrams of sd_notify(3)). */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/notify.h"

/* A path, or the name of an abstract socket, whose @ stands for a NUL. */
static enum err
read_name(struct notify *n, const char *name)
{
	size_t size = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || size < 2 ||
	    size >= sizeof n->to.sun_path)
		return ERR_USAGE;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, name, size);
	if (name[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_bytes =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	return ERR_OK;
}

/* The variables go on to child processes; WATCHDOG_PID says whom they meant
 * and may be missing. */
static uint64_t
read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec == NULL ||
	    (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) / 1000;
}

enum err
notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");
	enum err e;

	memset(n, 0, sizeof *n);
	n->fd = -1;
	if (name == NULL || *name == '\0')
		return ERR_OK;
	e = read_name(n, name);
	if (e != ERR_OK)
		return e;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0)
		return ERR_IO;
	n->watchdog_ms = read_watchdog();
	return ERR_OK;
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

void
notify_send(const struct notify *n, const char *format, ...)
{
	char text[NOTIFY_TEXT_BYTES];
	va_list ap;
	int size;

	if (n->fd < 0)
		return;
	va_start(ap, format);
	size = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (size < 0)
		return;
	if ((size_t)size >= sizeof text)
		size = sizeof text - 1;
	(void)!sendto(n->fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL,
	    (const struct sockaddr *)&n->to, n->to_bytes);
}
