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
#include "sync/session_state.h"
#include "tests/unit/api_room.h"
#include "tests/unit/group.h"

enum {
	/* Preface and message 1: then the hub has still to hear message 3. */
	FIRST_STEP_BYTES = 5 + 2 + 48,
	CALLS_MAX = 4,
	BITE_BYTES = 1200,
	MANY = 200, /* records of so many bytes that no coder makes small */
	NOISE_BYTES = 200,
};

/* How the hub takes a call. */
enum manner {
	WELL,
	SILENT, /* it says nothing */
	LATE,   /* it hears message 3 no more, and says so */
	SLOWLY, /* a bite whenever the clinic waits */
};

static struct {
	enum manner manner[CALLS_MAX];
	size_t calls; /* taken */
	int listener, fd;
	struct exchange *exchange;
	size_t heard; /* bytes, of this call */
	/* Called once, when it has taken so many changes and said its end. */
	void (*then)(void);
	uint64_t then_at;
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

static bool
is_then(void)
{
	const struct session *s = exchange_session(h.exchange);

	return h.then != NULL && s->sent_end &&
	       session_stats(s).changes_received >= h.then_at;
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
	else if (manner == SLOWLY)
		is_here = hear(BITE_BYTES);
	else if (manner == LATE && h.heard < FIRST_STEP_BYTES)
		is_here = hear(FIRST_STEP_BYTES - h.heard);
	if (manner != SILENT) {
		(void)session_expire(exchange_session(h.exchange), now_ms);
		group_work(&hub, h.exchange, NULL);
		say();
	}
	if (is_then()) {
		h.then();
		h.then = NULL;
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

/* --- the group's word ------------------------------------------------------
 */

static struct room *room;
static uint8_t contracts_class;

/* Takes fields. */
static void
write_one(uint8_t class, const char *kind, const char *ref, json_t *fields)
{
	struct member clinic = clinic_of(room);
	struct self self = member_self(&clinic);
	struct txn *t = member_begin(&clinic, true);
	struct change c;

	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", self.source);
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "C01");
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields = fields;
	assert_int_equal(admit_own(t, &self, &c, class), ERR_OK);
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
write_noise(int i)
{
	uint8_t noise[NOISE_BYTES];
	char text[2 * NOISE_BYTES + 1], ref[16];

	randombytes_buf(noise, sizeof noise);
	sodium_bin2hex(text, sizeof text, noise, sizeof noise);
	snprintf(ref, sizeof ref, "N%d", i);
	write_one(2, "resident", ref, json_pack("{s:s}", "note", text));
}

static void
sign_contract(void)
{
	write_one(contracts_class, "contract", "K1",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "state", "signed",
	        "resident_id", "ref:R1", "team_id", "ref:T1", "signed_on",
	        "2026-05-03", "start_on", "2026-05-03", "end_on", "2027-05-31",
	        "resident_signature", "paper"));
	atomic_fetch_add(&direct_api(room->direct)->news, 1);
}

static const char *
state_of_contract(void)
{
	const json_t *record;

	assert_int_equal(ask(room, json_pack("{s:s, s:s, s:s}", "op", "show",
	                               "kind", "contract", "ref", "K1")),
	    API_DONE);
	record = json_object_get(json_array_get(room->lines, 0), "record");
	return json_string_value(json_object_get(record, "state"));
}

/* A contract is signed while the session runs, when the hub has said long since
 * that it has nothing; what the group says of it is written with the batch. */
static void
word_comes(uint8_t class)
{
	int i;

	write_one(2, "resident", "R1",
	    json_pack("{s:s, s:s, s:s}", "name", "x", "status", "living",
	        "managing_org_id", "ref:C01"));
	for (i = 0; i < MANY; i++)
		write_noise(i);
	h.manner[0] = SLOWLY;
	h.then = sign_contract;
	h.then_at = MANY / 2;
	contracts_class = class;
	assert_int_equal(sync_now(room, true), API_DONE);
	assert_null(h.then);
	assert_int_equal(h.calls, 1);
	assert_int_equal(number(room, "changes_received"), 1);
	assert_string_equal(state_of_contract(), "active");
}

static void
test_the_groups_word_comes_with_the_session_that_asked(void **state)
{
	room = *state;
	word_comes(1);
}

/* Behind all else that is of its class. */
static void
test_the_groups_word_on_the_last_batch_comes_too(void **state)
{
	room = *state;
	word_comes(2);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(test_who_accepts_and_says_nothing_did_not_answer),
	    CASE(test_who_gave_up_on_us_did_not_answer),
	    CASE(test_who_waits_tries_again),
	    CASE(test_the_groups_word_comes_with_the_session_that_asked),
	    CASE(test_the_groups_word_on_the_last_batch_comes_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
