/* op_sync: what `yizhan sync` makes of a hub that answers late, or not at all,
 * or not with all it has. The hub's end runs whenever the clinic's waits, and
 * no clock of this machine is read: time goes by while somebody waits.
 */

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/tcp.h"
#include "tests/unit/api_room.h"
#include "tests/unit/group.h"

enum {
	/* Preface and message 1: then the hub has still to hear message 3. */
	FIRST_STEP_BYTES = 5 + 2 + 48,
	CALLS_MAX = 4,
};

/* How the hub takes a call. */
enum manner {
	WELL,
	SILENT, /* it says nothing */
	LATE,   /* it hears message 3 no more, and says so */
};

static struct {
	enum manner manner[CALLS_MAX];
	size_t calls; /* taken */
	int listener, fd;
	struct exchange *exchange;
	size_t heard; /* bytes, of this call */
} h;

static struct member hub;
static char address[32];

/* --- time ------------------------------------------------------------------
 */

static _Atomic uint64_t now_ms;

uint64_t __wrap_api_now_ms(void);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

uint64_t
__wrap_api_now_ms(void)
{
	return now_ms;
}

static void hub_turn(void);

int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int n;

	hub_turn();
	n = __real_poll(fds, count, timeout_ms > 0 ? 1 : timeout_ms);
	if (n == 0 && timeout_ms > 0)
		now_ms += (uint64_t)timeout_ms;
	return n;
}

int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	now_ms +=
	    (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;
	hub_turn();
	return 0;
}

/* --- the hub's end ---------------------------------------------------------
 */

static void
take_call(void)
{
	h.fd = accept(h.listener, NULL, NULL);
	if (h.fd < 0)
		return;
	assert_true(h.calls < CALLS_MAX);
	h.calls++;
	h.heard = 0;
	assert_int_equal(tcp_prepare(h.fd), ERR_OK);
	group_now_ms = now_ms;
	assert_int_equal(
	    group_exchange_new(&h.exchange, &hub, SESSION_ANSWER, NULL),
	    ERR_OK);
}

static void
end_call(void)
{
	session_closed(exchange_session(h.exchange));
	group_work(&hub, h.exchange, NULL);
	exchange_free(h.exchange);
	close(h.fd);
	h.fd = -1;
}

/* False: the clinic has gone. */
static bool
hear(size_t most)
{
	uint8_t in[4096];
	ssize_t n = 1;

	while (most > 0 && n > 0) {
		n = recv(h.fd, in, most < sizeof in ? most : sizeof in,
		    MSG_DONTWAIT);
		if (n <= 0)
			break;
		most -= (size_t)n;
		h.heard += (size_t)n;
		(void)session_receive(
		    exchange_session(h.exchange), in, (size_t)n, now_ms);
		group_work(&hub, h.exchange, NULL);
	}
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void
say(void)
{
	struct session *s = exchange_session(h.exchange);
	const uint8_t *out;
	size_t size;

	while ((size = session_output(s, &out)) > 0) {
		ssize_t n = send(h.fd, out, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return;
		session_sent(s, (size_t)n, now_ms);
	}
}

/* Whether the clinic hung up, whatever of it is unread. */
static bool
is_left(void)
{
	struct pollfd p = {.fd = h.fd, .events = POLLRDHUP};

	return __real_poll(&p, 1, 0) > 0;
}

static void
hub_turn(void)
{
	enum manner manner;
	bool is_here = true;

	if (h.fd < 0)
		take_call();
	if (h.fd < 0)
		return;
	manner = h.manner[h.calls - 1];
	if (manner == WELL)
		is_here = hear(SIZE_MAX);
	else if (manner == LATE && h.heard < FIRST_STEP_BYTES)
		is_here = hear(FIRST_STEP_BYTES - h.heard);
	if (manner != SILENT) {
		(void)session_expire(exchange_session(h.exchange), now_ms);
		group_work(&hub, h.exchange, NULL);
		say();
	}
	if (!is_here || is_left())
		end_call();
}

static void
listen_for_calls(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof a;

	h.fd = -1;
	h.listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(h.listener >= 0);
	assert_int_equal(bind(h.listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(h.listener, CALLS_MAX), 0);
	assert_int_equal(
	    getsockname(h.listener, (struct sockaddr *)&a, &size), 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(a.sin_port));
}

/* --- the clinic ------------------------------------------------------------
 */

static struct member
clinic_of(struct room *r)
{
	return (struct member){.db = store_db(direct_api(r->direct)->store)};
}

static int
set_up(void **state)
{
	struct member clinic;

	if (room_begin(state) != 0)
		return -1;
	memset(&h, 0, sizeof h);
	now_ms = 1000;
	init(*state, "clinic");
	clinic = clinic_of(*state);
	member_make(&hub, ROLE_HUB, "hub");
	group_join(&hub, &clinic, "C01");
	listen_for_calls();
	direct_api(((struct room *)*state)->direct)->parent = address;
	return 0;
}

static int
tear_down(void **state)
{
	if (h.fd >= 0)
		end_call();
	close(h.listener);
	member_remove(&hub);
	return room_end(state);
}

static int
sync_now(struct room *r, bool waits)
{
	int exit_code =
	    ask(r, json_pack("{s:s, s:b}", "op", "sync", "wait", (int)waits));

	hub_turn(); /* the clinic's last words */
	return exit_code;
}

static const char *
state_of(const struct room *r)
{
	return json_string_value(json_object_get(summary(r), "state"));
}

/* --- nobody answers in time ------------------------------------------------
 */

static void
expect_no_answer(struct room *r, bool waits)
{
	const char *message;
	uint64_t began_ms = now_ms;

	assert_int_equal(sync_now(r, waits), API_NO_LINK);
	assert_string_equal(state_of(r), "no_link");
	message = json_string_value(json_object_get(done(r), "message"));
	assert_non_null(strstr(message, "did not answer in time"));
	assert_non_null(strstr(message, "try again"));
	assert_true(now_ms >= began_ms + 30000);
}

static void
test_who_accepts_and_says_nothing_did_not_answer(void **state)
{
	struct room *r = *state;

	h.manner[0] = SILENT;
	expect_no_answer(r, false);
	assert_int_equal(h.calls, 1);
}

/* Under load the hub's time for the last step may be over before it reads
 * that; no two sides misunderstood each other. */
static void
test_who_gave_up_on_us_did_not_answer(void **state)
{
	struct room *r = *state;
	struct member clinic = clinic_of(r);

	(void)member_write(&clinic, 2, "C01");
	h.manner[0] = LATE;
	expect_no_answer(r, false);
	assert_int_equal(h.calls, 1);
}

static void
test_who_waits_tries_again(void **state)
{
	struct room *r = *state;
	struct member clinic = clinic_of(r);

	(void)member_write(&clinic, 2, "C01");
	h.manner[0] = LATE;
	assert_int_equal(sync_now(r, true), API_DONE);
	assert_string_equal(state_of(r), "done");
	assert_int_equal(h.calls, 2);
	assert_int_equal(number(r, "changes_sent"), 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(test_who_accepts_and_says_nothing_did_not_answer),
	    CASE(test_who_gave_up_on_us_did_not_answer),
	    CASE(test_who_waits_tries_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
