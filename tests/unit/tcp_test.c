/* tcp: a connection that carries a session has the options it is to have,
 * whichever door opened it; they agree with the session's own times. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/link.h"
#include "api/tcp.h"

static int listener;
static char address[32];

static int
set_up(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof a;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&a, &size), 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(a.sin_port));
	return 0;
}

static int
tear_down(void **state)
{
	close(listener);
	return 0;
}

static int
option(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

static void
expect_options(int fd)
{
	int idle = option(fd, IPPROTO_TCP, TCP_KEEPIDLE);
	int interval = option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
	int count = option(fd, IPPROTO_TCP, TCP_KEEPCNT);

	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY) != 0, 1);
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(
	    option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), IDLE_MOST_MS);
	assert_int_equal((idle + interval * count) * 1000, IDLE_MOST_MS);
	assert_in_range(
	    option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 1, FRAME_PAYLOAD_MAX);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
}

static void
test_connection_that_is_made_has_its_options(void **state)
{
	int fd = -1;

	assert_int_equal(link_connect(address, 5000, &fd), ERR_OK);
	expect_options(fd);
	close(fd);
}

static void
test_connection_that_is_taken_has_its_options(void **state)
{
	int fd = -1, taken;

	assert_int_equal(link_connect(address, 5000, &fd), ERR_OK);
	taken = accept(listener, NULL, NULL);
	assert_true(taken >= 0);
	assert_int_equal(tcp_prepare(taken), ERR_OK);
	expect_options(taken);
	close(taken);
	close(fd);
}

static void
test_full_socket_is_said_to_be(void **state)
{
	static const char bytes[4096];
	size_t given = 0;
	int fd = -1, taken;

	assert_int_equal(link_connect(address, 5000, &fd), ERR_OK);
	taken = accept(listener, NULL, NULL);
	assert_false(tcp_is_full(fd));
	/* Nobody reads at the other end. */
	while (!tcp_is_full(fd) && given < 64u << 20) {
		ssize_t n = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);

		assert_true(n > 0);
		given += (size_t)n;
	}
	assert_true(tcp_is_full(fd));
	close(taken);
	close(fd);
}

static void
test_what_is_no_socket_is_an_error(void **state)
{
	assert_int_equal(tcp_prepare(-1), ERR_IO);
	assert_false(tcp_is_full(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_connection_that_is_made_has_its_options),
	    CASE(test_connection_that_is_taken_has_its_options),
	    CASE(test_full_socket_is_said_to_be),
	    CASE(test_what_is_no_socket_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
