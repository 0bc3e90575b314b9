/* socket: TCP sockets that listen. */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/address.h"
#include "agent/socket.h"

enum {
	BACKLOG = 4096, /* all sites of a group may come back at once */
};

static enum err
from_errno(int fault)
{
	switch (fault) {
	case EADDRINUSE:
		return ERR_BUSY;
	case EACCES:
	case EPERM:
		return ERR_NOT_ALLOWED;
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return ERR_USAGE;
	default:
		return ERR_IO;
	}
}

/* Options of one socket, then bind and listen; false and errno. */
static bool
start(int fd, const struct addrinfo *a)
{
	const int on = 1;

	/* A restart need not wait for old connections to be forgotten. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
		return false;
	/* 0.0.0.0 and [::] come as two addresses, each with its socket. */
	if (a->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
		return false;
	return bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	       listen(fd, BACKLOG) == 0;
}

static enum err
listen_one(const struct addrinfo *a, int *out)
{
	int fd = socket(a->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	enum err e;

	if (fd < 0)
		return from_errno(errno);
	if (start(fd, a)) {
		*out = fd;
		return ERR_OK;
	}
	e = from_errno(errno);
	close(fd);
	return e;
}

/* Give a the port that fd was given. */
static enum err
share_port(int fd, struct sockaddr *a)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof at;
	uint16_t port;

	if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		return ERR_IO;
	port = htons(address_port((struct sockaddr *)&at));
	if (a->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)a)->sin_port = port;
	else if (a->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)a)->sin6_port = port;
	return ERR_OK;
}

/* An address that cannot be had (IPv6 switched off) is left out where
 * another works; a taken port is not: half a hub would go unnoticed. */
static enum err
listen_all(const struct addrinfo *found, int *fds, size_t max, size_t *count)
{
	const struct addrinfo *a;
	enum err e = ERR_OK;

	*count = 0;
	for (a = found; e == ERR_OK && a != NULL && *count < max;
	     a = a->ai_next) {
		if (*count > 0)
			e = share_port(fds[0], a->ai_addr);
		if (e == ERR_OK)
			e = listen_one(a, &fds[*count]);
		if (e == ERR_OK)
			(*count)++;
		else if (e == ERR_USAGE)
			e = ERR_OK;
	}
	if (e == ERR_OK && *count == 0)
		e = ERR_USAGE;
	while (e != ERR_OK && *count > 0)
		close(fds[--*count]);
	return e;
}

enum err
socket_listen(const char *address, int *fds, size_t max, size_t *count)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_protocol = IPPROTO_TCP,
	};
	struct addrinfo *found;
	struct address parsed;
	enum err e = address_parse(&parsed, address);

	if (e != ERR_OK)
		return e;
	if (getaddrinfo(parsed.host[0] == '\0' ? NULL : parsed.host,
	        parsed.port, &hints, &found) != 0)
		return ERR_USAGE;
	e = listen_all(found, fds, max, count);
	freeaddrinfo(found);
	return e;
}
