/* session_time: two honest ends over a link in virtual time, of any rate and
 * delay, which may die: how large frames become, and when a silence is an
 * end. No clock of this machine is read.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/memory_source.h"

enum { SEGMENT = 1400, SEGMENTS_MAX = 4096, FRAMES_MAX = 40 };

#define NEVER UINT64_MAX

/* One direction. Bytes leave one after the other and arrive a delay later;
 * `swallow` of them the sender's kernel takes before they have left. */
struct way {
	struct session *from, *to;
	struct memory_node *owner; /* of `to` */
	uint64_t free_at;          /* us: all bytes so far have left */
	uint64_t taken_at;         /* us: the frame under way is out of hand */
	size_t under_way;
	uint8_t bytes[SEGMENTS_MAX][SEGMENT];
	size_t sizes[SEGMENTS_MAX];
	uint64_t arrives[SEGMENTS_MAX];
	size_t first, last;
	uint64_t work_at; /* us: the owner looks */
	size_t frames[FRAMES_MAX];
	size_t frame_count;
};

static struct {
	uint64_t bits_per_second, delay_ms, commit_ms;
	size_t swallow;
	uint64_t dies_at; /* us */
	uint64_t now;     /* us */
	struct way way[2];
} sim;

static uint64_t
now_ms(void)
{
	return sim.now / 1000;
}

static void
begin(uint64_t bits_per_second, uint64_t delay_ms)
{
	memset(&sim, 0, sizeof sim);
	sim.bits_per_second = bits_per_second;
	sim.delay_ms = delay_ms;
	sim.dies_at = NEVER;
	memory_pair_make(&hub, &clinic);
}

static void
meet(void)
{
	sim.way[0].from = sim.way[1].to =
	    memory_session(&clinic, SESSION_SYNC, &hub.cert, 0);
	sim.way[0].to = sim.way[1].from =
	    memory_session(&hub, SESSION_ANSWER, NULL, 0);
	sim.way[0].owner = &hub;
	sim.way[1].owner = &clinic;
	sim.way[0].work_at = sim.way[1].work_at = NEVER;
	sim.way[0].taken_at = sim.way[1].taken_at = NEVER;
}

static void
leave(void)
{
	session_free(sim.way[0].from);
	session_free(sim.way[0].to);
}

static uint64_t
bytes_us(size_t n)
{
	return (uint64_t)n * 8 * 1000000 / sim.bits_per_second;
}

/* Put the next frame on the wire, if none waits to be taken. */
static void
start_frame(struct way *w)
{
	const uint8_t *out;
	size_t n, at, left;

	if (w->taken_at != NEVER)
		return;
	n = session_output(w->from, &out);
	if (n == 0)
		return;
	if (w->frame_count < FRAMES_MAX)
		w->frames[w->frame_count++] = n;
	if (w->free_at < sim.now)
		w->free_at = sim.now;
	for (at = 0; at < n; at += left) {
		left = n - at < SEGMENT ? n - at : SEGMENT;
		w->free_at += bytes_us(left);
		memory_must(w->last - w->first < SEGMENTS_MAX);
		memcpy(w->bytes[w->last % SEGMENTS_MAX], out + at, left);
		w->sizes[w->last % SEGMENTS_MAX] = left;
		w->arrives[w->last++ % SEGMENTS_MAX] =
		    w->free_at > sim.dies_at ? NEVER
		                             : w->free_at + sim.delay_ms * 1000;
	}
	w->under_way = n;
	w->taken_at = w->free_at > bytes_us(sim.swallow)
	                  ? w->free_at - bytes_us(sim.swallow)
	                  : 0;
	if (w->taken_at < sim.now)
		w->taken_at = sim.now;
	if (w->free_at > sim.dies_at && w->taken_at > sim.dies_at)
		w->taken_at = NEVER - 1;
}

static void
look(struct way *w)
{
	if (sim.now >= w->taken_at) {
		w->taken_at = NEVER;
		session_sent(w->from, w->under_way, now_ms());
		start_frame(w);
	}
	while (w->first < w->last &&
	       sim.now >= w->arrives[w->first % SEGMENTS_MAX] &&
	       session_wants_input(w->to)) {
		size_t i = w->first++ % SEGMENTS_MAX;

		(void)session_receive(
		    w->to, w->bytes[i], w->sizes[i], now_ms());
		if (w->work_at == NEVER)
			w->work_at = sim.now + sim.commit_ms * 1000;
	}
	if (sim.now >= w->work_at) {
		w->work_at = NEVER;
		memory_work(w->owner, w->to);
	}
	(void)session_expire(w->to, now_ms());
	start_frame(w);
}

static void
sooner(uint64_t *next, uint64_t at)
{
	if (at < *next)
		*next = at;
}

static uint64_t
next_event(void)
{
	uint64_t next = NEVER;
	int i;

	for (i = 0; i < 2; i++) {
		struct way *w = &sim.way[i];
		uint64_t deadline = session_deadline_ms(w->to);

		sooner(&next, w->taken_at);
		sooner(&next, w->work_at);
		if (deadline != UINT64_MAX)
			sooner(&next, deadline * 1000);
		if (w->first < w->last && session_wants_input(w->to))
			sooner(&next, w->arrives[w->first % SEGMENTS_MAX]);
	}
	return next;
}

/* Until both are over, or that time. */
static void
go_on(uint64_t until_ms)
{
	unsigned steps;

	for (steps = 0; steps < 1000000; steps++) {
		uint64_t next;

		look(&sim.way[0]);
		look(&sim.way[1]);
		memory_work(&clinic, sim.way[1].to);
		if (sim.way[0].work_at == NEVER)
			memory_work(&hub, sim.way[0].to);
		start_frame(&sim.way[0]);
		start_frame(&sim.way[1]);
		if (clinic.is_done && hub.is_done)
			return;
		if (clinic.has_failed && hub.has_failed)
			return;
		next = next_event();
		if (next > until_ms * 1000)
			break;
		if (next > sim.now)
			sim.now = next;
	}
	assert_true(steps < 1000000);
	sim.now = until_ms * 1000;
}

static void
expect_done(void)
{
	assert_true(clinic.is_done);
	assert_true(hub.is_done);
}

/* --- frames ----------------------------------------------------------------
 */

/* Half a second of the link from the fifth sealed frame on. */
static void
expect_frames_of(uint64_t bits_per_second, uint64_t delay_ms, size_t swallow)
{
	size_t want = (size_t)(bits_per_second / 16), i; /* half a second */
	size_t least;
	unsigned odd = 0;
	uint64_t rate;

	begin(bits_per_second, delay_ms);
	sim.swallow = swallow;
	memory_list_make(&clinic, "up", 3, 8000, 900);
	meet();
	while (sim.way[0].frame_count < FRAMES_MAX) {
		go_on(now_ms() + 250); /* a fast link's bytes cost time here */
		if (clinic.has_failed || hub.has_failed)
			fail_msg("%llu bit/s: %s at %llu ms",
			    (unsigned long long)bits_per_second,
			    reason_name(clinic.reason),
			    (unsigned long long)now_ms());
	}
	if (want > 1400)
		want = want < 2800 ? 1400 : want / 2;
	if (want < FRAME_PAYLOAD_MIN)
		want = FRAME_PAYLOAD_MIN;
	if (want > FRAME_PAYLOAD_MAX - 64)
		want = FRAME_PAYLOAD_MAX - 64;
	/* A large one ends where a dense batch does. */
	least = want * 3 / 4;
	if (bits_per_second <= 1000000 && least > PREPARED_FRAME_MIN)
		least = PREPARED_FRAME_MIN;
	/* The first two are of the handshake. */
	for (i = 7 + swallow / 1000; i < FRAMES_MAX; i++)
		if (sim.way[0].frames[i] + FRAME_OVERHEAD + 40 < least ||
		    sim.way[0].frames[i] > want * 5 / 4 + 40)
			odd++;
	/* The first flight ends where a batch does. */
	if (odd > 1)
		fail_msg("%llu bit/s: frame %zu has %zu bytes",
		    (unsigned long long)bits_per_second, i,
		    sim.way[0].frames[i]);
	rate = session_rate(sim.way[0].from) * 8;
	assert_in_range(rate, bits_per_second * 4 / 5, bits_per_second * 5 / 4);
	leave();
}

static void
test_frames_are_a_part_of_a_second_of_the_link(void **state)
{
	const uint64_t rates[] = {300, 9600, 64000, 1000000, 100000000};
	size_t i;

	for (i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		expect_frames_of(rates[i], 5, 0);
		expect_frames_of(rates[i], 1000, 0);
	}
}

/* A kernel that takes ten packets before any has left tells nothing of the
 * link; what it takes then does. */
static void
test_frames_follow_the_link_and_not_the_kernel(void **state)
{
	expect_frames_of(64000, 300, 14000);
	expect_frames_of(1000000, 300, 14000);
}

static void
test_rate_follows_a_link_that_changes(void **state)
{
	begin(256000, 20);
	memory_list_make(&clinic, "up", 3, 100000, 900);
	meet();
	go_on(4000);
	assert_in_range(
	    session_rate(sim.way[0].from), 32000 * 3 / 4, 32000 * 5 / 4);
	sim.bits_per_second = 9600;
	go_on(40000);
	assert_in_range(
	    session_rate(sim.way[0].from), 1200 * 3 / 4, 1200 * 5 / 4);
	sim.bits_per_second = 256000;
	go_on(46000);
	assert_in_range(
	    session_rate(sim.way[0].from), 32000 * 3 / 4, 32000 * 5 / 4);
	leave();
}

/* What was said long after the frame before did not wait for the link. */
static void
test_pause_is_no_sign_of_a_slow_link(void **state)
{
	struct memory_list *l;
	uint64_t rate;

	begin(256000, 20);
	l = memory_list_make(&clinic, "up", 3, 150, 900);
	memory_list_make(&hub, "group", 3, 100000, 900);
	meet();
	go_on(6000);
	rate = session_rate(sim.way[0].from);
	assert_true(rate > 0);
	go_on(11000);
	l->count += 100;
	session_look_again(sim.way[0].from);
	go_on(16000);
	assert_in_range(
	    session_rate(sim.way[0].from), rate * 3 / 4, rate * 5 / 4);
	leave();
}

/* --- time-outs -------------------------------------------------------------
 */

static void
slow_session(uint64_t bits_per_second, uint64_t delay_ms, size_t swallow)
{
	begin(bits_per_second, delay_ms);
	sim.swallow = swallow;
	memory_list_make(&clinic, "up", 1, 30, 300);
	memory_list_make(&clinic, "up", 3, 40, 500);
	memory_list_make(&hub, "group", 3, 40, 400);
	meet();
	go_on(4 * 3600 * 1000);
	expect_done();
	assert_int_equal(hub.taken, 70);
	assert_int_equal(clinic.taken, 40);
	leave();
}

static void
test_slow_links_are_not_given_up(void **state)
{
	slow_session(300, 1000, 0); /* 300 bit/s, 2 s there and back */
	slow_session(300, 50, 0);
	slow_session(2400, 1000, 0);
	slow_session(2400, 1000, 4000);
	slow_session(64000, 2000, 14000);
}

/* How long after its death both ends know of it. */
static uint64_t
time_of_death(uint64_t bits_per_second, uint64_t delay_ms, uint64_t at_ms)
{
	begin(bits_per_second, delay_ms);
	memory_list_make(&clinic, "up", 3, 100000, 500);
	meet();
	sim.dies_at = at_ms * 1000;
	go_on(at_ms + 600000);
	assert_true(clinic.has_failed && hub.has_failed);
	assert_int_equal(clinic.reason, REASON_TIMEOUT);
	leave();
	return now_ms() - at_ms;
}

static void
test_dead_links_are_noticed(void **state)
{
	uint64_t ms;

	ms = time_of_death(64000, 300, 15000);
	print_message("# 64 kbit/s: %llu ms\n", (unsigned long long)ms);
	assert_in_range(ms, 15000, 30000);
	ms = time_of_death(256000, 20, 5000);
	assert_in_range(ms, 15000, 25000);
	/* Before anything was answered: a little longer. */
	ms = time_of_death(64000, 300, 1500);
	assert_in_range(ms, 15000, 50000);
	/* And never longer than the most, and a round trip. */
	ms = time_of_death(300, 1000, 900000);
	print_message("# 300 bit/s: %llu ms\n", (unsigned long long)ms);
	assert_in_range(ms, 20000, IDLE_MOST_MS + 10000);
}

/* A commit that takes long is no silence of the link. */
static void
test_busy_peer_is_waited_for(void **state)
{
	begin(64000, 300);
	memory_list_make(&clinic, "up", 3, 50, 500);
	sim.commit_ms = 30000;
	meet();
	go_on(3600 * 1000);
	expect_done();
	leave();
}

/* Message 3 arrives within its step of the handshake, however slow. */
static void
test_first_flight_fits_the_link(void **state)
{
	begin(300, 50);
	memory_list_make(&clinic, "up", 3, 1, 120);
	meet();
	go_on(60000);
	assert_in_range(sim.way[0].frames[1], 200, 600);
	leave();
	/* More waits than fits: the hello goes alone. */
	begin(300, 50);
	memory_list_make(&clinic, "up", 3, 1000, 500);
	meet();
	go_on(60000);
	assert_in_range(sim.way[0].frames[1], 64, 200);
	leave();
	begin(64000, 50);
	memory_list_make(&clinic, "up", 3, 6, 500);
	meet();
	go_on(3000);
	assert_in_range(sim.way[0].frames[1], 2500, 4100);
	leave();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frames_are_a_part_of_a_second_of_the_link),
	    cmocka_unit_test(test_frames_follow_the_link_and_not_the_kernel),
	    cmocka_unit_test(test_rate_follows_a_link_that_changes),
	    cmocka_unit_test(test_pause_is_no_sign_of_a_slow_link),
	    cmocka_unit_test(test_slow_links_are_not_given_up),
	    cmocka_unit_test(test_dead_links_are_noticed),
	    cmocka_unit_test(test_busy_peer_is_waited_for),
	    cmocka_unit_test(test_first_flight_fits_the_link),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
