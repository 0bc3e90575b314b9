/* session_time: what the session learns of the link by its own bytes: the
 * round trip, the rate, and from both how large a frame may be and how long a
 * silence is believed (docs/decisions/0018). It has no clock: all times are
 * those its owner told with the bytes.
 */

#include "sync/session_state.h"

enum {
	/* What is urgent waits for one frame at most: for half a second with
	 * what the kernel has of the one before, where that is not dear. */
	FRAME_MS = 500,
	SAMPLE_MS = 500,
	FRAME_CHEAP = 1400, /* bytes; its header is 1.3 % of it */
	RUN_MS = 20,        /* frames that left in less say nothing alone */
	FIRST_FLIGHT_MS = 15000, /* half a step of the handshake */
	FIRST_FLIGHT_LEAST = 400,
	TRIPS = 8, /* without a byte, and nobody is there */
	/* More than this does not lie between two kernels on a slow link. */
	ON_THE_WAY_MOST = 32768,
};

/* --- the round trip ------------------------------------------------------ */

/* A clock that is put back shows nothing. */
static uint64_t
ms_since(const struct session *s, uint64_t then_ms)
{
	return s->now_ms > then_ms ? s->now_ms - then_ms : 0;
}

static void
add_trip(struct pace *p, uint64_t ms)
{
	if (ms == 0)
		ms = 1;
	p->trip_ms = p->trip_ms == 0 ? ms : (7 * p->trip_ms + ms + 4) / 8;
}

/* What was timed is answered. Whatever went through since `since_ms` did so
 * at that rate at least. */
static void
end_timing(struct session *s, uint64_t bytes, uint64_t since_ms)
{
	struct pace *p = &s->pace;
	uint64_t ms = ms_since(s, since_ms);
	uint64_t rate = bytes * 1000 / (ms == 0 ? 1 : ms);

	p->times_batch = p->times_step = false;
	if (!p->has_left)
		return;
	add_trip(p, ms_since(s, p->left_ms));
	p->answered_bytes = p->left_bytes;
	p->answered_left_ms = p->left_ms;
	if (rate > p->least_rate)
		p->least_rate = rate;
}

void
time_step(struct session *s)
{
	struct pace *p = &s->pace;

	s->out_since_ms = s->now_ms;
	p->is_busy = true;
	if (p->times_batch)
		return; /* in message 3; its answer comes with hello */
	p->times_step = true;
	p->has_left = false;
}

void
time_step_answered(struct session *s)
{
	struct pace *p = &s->pace;

	if (p->times_step)
		end_timing(
		    s, s->stats.bytes_received - p->left_received, p->left_ms);
}

void
time_batch(struct session *s, uint8_t class)
{
	struct pace *p = &s->pace;

	if (p->times_batch || p->times_step)
		return;
	p->times_batch = true;
	p->class = class;
	p->batch = s->flight[class].sent;
	p->has_left = false;
}

void
time_answered(struct session *s, uint8_t class)
{
	struct pace *p = &s->pace;

	s->flight[class].answered++;
	p->has_answer = true;
	if (p->times_batch && p->class == class &&
	    s->flight[class].answered >= p->batch)
		end_timing(
		    s, p->left_bytes - p->answered_bytes, p->answered_left_ms);
}

/* --- the rate --------------------------------------------------------------
 */

/* Half a second of samples is the truth; less than that moves it. */
static void
add_rate(struct pace *p)
{
	uint64_t sample = p->run_bytes * 1000 / p->run_ms;
	uint64_t weight = p->run_ms < SAMPLE_MS ? p->run_ms : SAMPLE_MS;

	if (weight < SAMPLE_MS / 4)
		weight = SAMPLE_MS / 4;
	if (p->rate == 0)
		weight = SAMPLE_MS;
	p->rate =
	    (p->rate * (SAMPLE_MS - weight) + sample * weight) / SAMPLE_MS;
	if (p->rate == 0)
		p->rate = 1;
	p->run_bytes = p->run_ms = 0;
}

/* Half a second of the link; a quarter, where that is not small. */
static size_t
frame_of(uint64_t rate)
{
	uint64_t most = rate * FRAME_MS / 1000, least = most / 2;

	if (most <= FRAME_CHEAP)
		return (size_t)most;
	return least < FRAME_CHEAP ? FRAME_CHEAP : (size_t)least;
}

/* What left too quickly to tell may be larger. */
static void
fit_frame(struct session *s, bool is_measured, uint64_t took_ms)
{
	if (is_measured)
		s->frame_aim = frame_of(s->pace.rate);
	else if (took_ms < RUN_MS &&
	         s->out_frame_bytes + FRAME_SLACK >= s->frame_aim)
		s->frame_aim *= 2;
	if (s->frame_aim > FRAME_PAYLOAD_MAX - 64)
		s->frame_aim = FRAME_PAYLOAD_MAX - 64;
	if (s->frame_aim < FRAME_PAYLOAD_MIN)
		s->frame_aim = FRAME_PAYLOAD_MIN;
}

/* Of output that was made when the one before had just left: it waited for
 * the link and for nothing else. */
static void
take_sample(struct session *s, uint64_t took_ms)
{
	struct pace *p = &s->pace;
	bool is_measured;

	/* Before anything had to wait there was room in the kernel. */
	if (p->run_ms > 0 || took_ms > 0) {
		p->run_bytes += s->out.size;
		p->run_ms += took_ms;
	}
	is_measured = p->run_ms >= RUN_MS;
	if (is_measured)
		add_rate(p);
	fit_frame(s, is_measured, took_ms);
}

void
time_left(struct session *s)
{
	struct pace *p = &s->pace;

	if ((p->times_batch || p->times_step) && !p->has_left) {
		p->has_left = true;
		p->left_ms = s->now_ms;
		p->left_bytes = s->stats.bytes_sent;
		p->left_received = s->stats.bytes_received;
	}
	if (p->is_busy)
		take_sample(s, ms_since(s, s->out_since_ms));
	p->is_busy = true;
}

void
time_idle(struct session *s)
{
	s->pace.is_busy = false;
	s->pace.run_bytes = s->pace.run_ms = 0;
}

/* --- what follows from them ------------------------------------------------
 */

uint64_t
session_rate(const struct session *s)
{
	return s->pace.rate;
}

uint64_t
time_of_bytes(const struct session *s, size_t bytes)
{
	return s->pace.rate == 0 ? 0 : bytes * 1000 / s->pace.rate;
}

uint64_t
time_flight(const struct session *s)
{
	return s->pace.rate * s->pace.trip_ms / 1000;
}

/* Message 3 opens as a whole, and within the responder's time: what does not
 * fit follows in frames at once. */
size_t
time_first_flight(const struct session *s)
{
	uint64_t bytes = s->pace.least_rate * FIRST_FLIGHT_MS / 1000;

	if (bytes > FIRST_FLIGHT_MOST)
		return FIRST_FLIGHT_MOST;
	return bytes < FIRST_FLIGHT_LEAST ? FIRST_FLIGHT_LEAST : (size_t)bytes;
}

uint64_t
time_patience_ms(const struct session *s)
{
	const struct pace *p = &s->pace;
	uint64_t rate = p->rate != 0 ? p->rate : p->least_rate;
	uint64_t bytes = s->stats.bytes_sent - p->answered_bytes, ms;
	uint64_t least = IDLE_LEAST_MS;

	/* How long its commits take is not known yet. */
	if (answers_awaited(s) > 0 && !p->has_answer)
		least = IDLE_FIRST_MS;
	if (rate == 0)
		return IDLE_MOST_MS;
	if (bytes > ON_THE_WAY_MOST)
		bytes = ON_THE_WAY_MOST;
	ms = TRIPS * p->trip_ms + bytes * 1000 / rate;
	if (ms > IDLE_MOST_MS)
		return IDLE_MOST_MS;
	return ms < least ? least : ms;
}
