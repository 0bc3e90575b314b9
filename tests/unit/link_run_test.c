/* link: what the peer said last is heard, though sending failed before it was
 * read; what the link takes is what it is timed by; and what crosses our bye
 * takes nothing from it. */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "api/link.h"
#include "api/tcp.h"
#include "store/writer.h"
#include "tests/unit/group.h"

enum {
	/* What no coder makes small, and more of it than the socket holds. */
	MANY = 700,
	SOME = 250,
	FEW = 5,
	NOISE_BYTES = 300,
	HUB_HOLDS_BYTES = 32768,
	LINK_RATE = 40000, /* bytes a second */
};

static struct member hub, clinic;

/* The hub's end, which runs whenever link_run() says how far it is. */
struct hub_end {
	struct exchange *exchange;
	int fd, clinic_fd;
	bool is_stuck; /* it reads no more */
	bool is_gone;
	struct exchange *clinic;
};

/* --- a slow link -----------------------------------------------------------
 */

/* The kernel takes a frame whole and is full until the link has taken it. Time
 * goes by when somebody asks. */
static struct {
	bool is_on;
	int fd; /* the clinic's end */
	uint64_t now_ms, until_ms;
} slow;

uint64_t __real_api_now_ms(void);
uint64_t __wrap_api_now_ms(void);

bool __real_tcp_is_full(int fd);
bool __wrap_tcp_is_full(int fd);
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);

uint64_t
__wrap_api_now_ms(void)
{
	return slow.is_on ? slow.now_ms : __real_api_now_ms();
}

bool
__wrap_tcp_is_full(int fd)
{
	if (!slow.is_on)
		return __real_tcp_is_full(fd);
	slow.now_ms++;
	return slow.now_ms < slow.until_ms;
}

ssize_t
__wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	ssize_t n = __real_send(fd, bytes, size, flags);

	if (n > 0 && fd == slow.fd)
		slow.until_ms = slow.now_ms + (uint64_t)n * 1000 / LINK_RATE;
	return n;
}

/* --- both ends -------------------------------------------------------------
 */

static void
write_noise(struct txn *t, const struct self *self)
{
	uint8_t noise[NOISE_BYTES];
	char name[2 * NOISE_BYTES + 1];
	struct change c;

	randombytes_buf(noise, sizeof noise);
	sodium_bin2hex(name, sizeof name, noise, sizeof noise);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", self->source);
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	c.founds = true;
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "C01");
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields = json_pack("{s:s, s:s}", "note", name, "status", "living");
	assert_int_equal(admit_own(t, self, &c, 2), ERR_OK);
	change_clear(&c);
}

static void
make_both(int changes)
{
	struct self self;
	struct txn *t;
	int i;

	member_make(&hub, ROLE_HUB, "hub");
	member_make(&clinic, ROLE_CLINIC, "clinic");
	group_join(&hub, &clinic, "C01");
	self = member_self(&clinic);
	t = member_begin(&clinic, true);
	for (i = 0; i < changes; i++)
		write_noise(t, &self);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static int
tear_down(void **state)
{
	member_remove(&hub);
	member_remove(&clinic);
	return 0;
}

static void
connect_ends(struct hub_end *h)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	const int holds = HUB_HOLDS_BYTES;
	socklen_t size = sizeof a;
	char address[32];
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(listener >= 0);
	assert_int_equal(
	    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &holds, sizeof holds),
	    0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&a, &size), 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(a.sin_port));
	assert_int_equal(link_connect(address, 5000, &h->clinic_fd), ERR_OK);
	slow.fd = h->clinic_fd;
	h->fd = accept(listener, NULL, NULL);
	assert_true(h->fd >= 0);
	assert_int_equal(tcp_prepare(h->fd), ERR_OK);
	close(listener);
}

static void
say(struct hub_end *h)
{
	struct session *s = exchange_session(h->exchange);
	const uint8_t *out;
	size_t n;

	while ((n = session_output(s, &out)) > 0) {
		assert_int_equal(send(h->fd, out, n, MSG_NOSIGNAL), n);
		session_sent(s, n, api_now_ms());
	}
}

static void
hear(struct hub_end *h)
{
	uint8_t in[HUB_HOLDS_BYTES];
	ssize_t n;

	while ((n = recv(h->fd, in, sizeof in, 0)) > 0) {
		(void)session_receive(
		    exchange_session(h->exchange), in, (size_t)n, api_now_ms());
		group_work(&hub, h->exchange, NULL);
	}
	assert_true(n < 0 && errno == EAGAIN);
}

static void
run_hub_well(void *context, const struct session_stats *stats)
{
	hear(context);
	say(context);
}

/* All that the clinic's socket holds is taken from it. */
static void
hear_no_more(struct hub_end *h)
{
	uint8_t in[HUB_HOLDS_BYTES];

	while (tcp_is_full(h->clinic_fd) || recv(h->fd, in, sizeof in, 0) > 0)
		if (recv(h->fd, in, sizeof in, 0) < 0)
			assert_int_equal(usleep(1000), 0);
}

static void
run_hub(void *context, const struct session_stats *stats)
{
	struct hub_end *h = context;

	if (h->is_gone)
		return;
	if (!h->is_stuck) {
		hear(h);
		say(h);
		h->is_stuck = session_stats(exchange_session(h->exchange))
		                  .changes_received > 0;
	} else if (tcp_is_full(h->clinic_fd)) {
		/* There is room again for what the clinic has to say. */
		hear_no_more(h);
		session_refuse(
		    exchange_session(h->exchange), REASON_STORAGE, ERR_FULL);
		say(h);
		close(h->fd);
		h->is_gone = true;
	}
}

static enum err
run_clinic(struct hub_end *h, link_progress *progress, struct link_report *out)
{
	struct writer *w;
	atomic_uint news = 0;
	enum err e;

	connect_ends(h);
	group_now_ms = api_now_ms();
	assert_int_equal(
	    group_exchange_new(&h->clinic, &clinic, SESSION_SYNC, NULL),
	    ERR_OK);
	assert_int_equal(
	    group_exchange_new(&h->exchange, &hub, SESSION_ANSWER, NULL),
	    ERR_OK);
	assert_int_equal(writer_start(&w, clinic.db), ERR_OK);
	e = link_run(h->clinic, w, h->clinic_fd, &news, progress, h, out);
	writer_stop(w);
	return e;
}

static void
leave(struct hub_end *h)
{
	exchange_free(h->clinic);
	exchange_free(h->exchange);
	close(h->clinic_fd);
}

static void
test_last_words_are_heard_though_the_link_takes_no_more(void **state)
{
	struct hub_end h = {0};
	struct link_report report;

	make_both(MANY);
	assert_int_not_equal(run_clinic(&h, run_hub, &report), ERR_OK);
	assert_true(h.is_gone);
	assert_int_equal(report.reason, REASON_STORAGE);
	assert_true(report.told_by_peer);
	leave(&h);
}

/* Else frames grow beyond what a slow link takes in half a second. */
static void
test_rate_is_that_of_the_link(void **state)
{
	struct hub_end h = {0};
	struct link_report report;

	make_both(SOME);
	slow.is_on = true;
	assert_int_equal(run_clinic(&h, run_hub_well, &report), ERR_OK);
	slow.is_on = false;
	assert_in_range(session_rate(exchange_session(h.clinic)),
	    LINK_RATE * 3 / 4, LINK_RATE * 5 / 4);
	leave(&h);
	close(h.fd);
}

/* The hub says something more when it has the clinic's bye. */
static void
run_and_cross(void *context, const struct session_stats *stats)
{
	static const uint8_t more[100];
	struct hub_end *h = context;

	if (h->is_gone)
		return;
	run_hub_well(h, stats);
	h->is_gone = exchange_is_over(h->exchange);
	if (h->is_gone)
		assert_int_equal(
		    send(h->fd, more, sizeof more, MSG_NOSIGNAL), sizeof more);
}

static void
test_what_crosses_our_bye_leaves_no_reset(void **state)
{
	struct hub_end h = {0};
	struct link_report report;
	uint8_t in[16];

	make_both(FEW);
	assert_int_equal(run_clinic(&h, run_and_cross, &report), ERR_OK);
	assert_true(h.is_gone);
	leave(&h);
	assert_int_equal(recv(h.fd, in, sizeof in, 0), 0);
	close(h.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
	    CASE(test_last_words_are_heard_though_the_link_takes_no_more),
	    CASE(test_rate_is_that_of_the_link),
	    CASE(test_what_crosses_our_bye_leaves_no_reset),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
