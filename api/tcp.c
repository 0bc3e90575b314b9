/* tcp: what is asked of the kernel for a connection that carries a session. */

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "api/tcp.h"
#include "sync/limits.h"

enum {
	/* Nothing is sent and nothing comes for so long: ask whether anybody
	 * is there, so often, and give up when the session would at the
	 * latest. The session's own time rests while its owner works; here
	 * nothing rests, so a peer without power is noticed even then. */
	KEEPALIVE_IDLE_S = 30,
	KEEPALIVE_INTERVAL_S = 15,
	/* Where a user time-out is set Linux goes by that and not by the
	 * count; this is the count that comes to the same. */
	KEEPALIVE_COUNT =
	    (IDLE_MOST_MS / 1000 - KEEPALIVE_IDLE_S) / KEEPALIVE_INTERVAL_S,
	/* What was sent is not acknowledged for so long: the link is dead.
	 * Never sooner than the session would say so: it knows how slow the
	 * link is, and on one of 300 bit/s a full packet takes 40 s. Without
	 * it Linux tries for a quarter of an hour. */
	USER_TIMEOUT_MS = IDLE_MOST_MS,
	/* A third of a packet: poll(2) calls a socket with fewer unsent bytes
	 * writable. Then the last packet of the frame given to the kernel
	 * before is leaving, and no other waits where nothing urgent can
	 * overtake it. */
	UNSENT_BYTES_MAX = 512,
};

static const struct {
	int level, option, value;
} options[] = {
    /* A frame is made to go at once; Nagle's algorithm would hold its last
     * packet back until the one before is acknowledged, a round trip. */
    {IPPROTO_TCP, TCP_NODELAY, 1},
    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX},
};

enum err
tcp_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	size_t i;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return ERR_IO;
	for (i = 0; i < sizeof options / sizeof options[0]; i++)
		if (setsockopt(fd, options[i].level, options[i].option,
		        &options[i].value, sizeof options[i].value) != 0)
			return ERR_IO;
	return ERR_OK;
}

/* Asked for: send(2) itself takes more than the limit as long as the last
 * buffer has room. */
bool
tcp_is_full(int fd)
{
	int unsent = 0;

	return ioctl(fd, SIOCOUTQNSD, &unsent) == 0 &&
	       unsent >= UNSENT_BYTES_MAX;
}
