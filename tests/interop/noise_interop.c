/* noise_interop: sync/noise.c and sync/frame.c against flynn/noise in Go.
 *
 * The Go program (peer/noise.go) hangs on one end of a socket pair and this
 * test on the other. A plan opens each session; keys, payloads and turns are
 * drawn by both from its seed, with the same generator. Everything sealed
 * crosses the wire. A session may hold one fault of either side, which the
 * other must refuse; a byte from the peer ends each session.
 *
 * INTEROP_SEED and INTEROP_SESSIONS choose other sessions.
 */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/bytes.h"
#include "sync/frame.h"

enum fault {
	FAULT_NONE,
	FAULT_FLIP,
	FAULT_CUT,
	FAULT_ZERO_KEY,
	FAULT_STATIC,
	FAULT_PROLOGUE,
	FAULT_PSK,
	FAULT_REPLAY,
	FAULT_SWAP,
	FAULT_NONCE,
	FAULT_NO_REKEY,
};

enum {
	TRANSPORT = 3, /* fault_message of a transport message */
	PLAN_BYTES = 40,
	PROLOGUE_BYTES = 13,
	SESSIONS = 1000,
};

struct plan {
	uint64_t seed;
	bool go_initiates;
	enum noise_pattern pattern;
	enum fault fault;
	bool go_at_fault;
	unsigned fault_message; /* 0-2: of the handshake, or TRANSPORT */
	uint32_t messages;
	uint32_t size_max;
	uint32_t messages_since; /* both begin as if so many had passed */
	uint64_t bytes_since;
	uint32_t fault_step;
};

struct peer {
	pid_t pid;
	int wire;
};

struct random {
	uint64_t state;
};

/* A session under way. */
struct planned {
	const struct plan *plan;
	struct peer *peer;
	struct random draw;
	struct noise_handshake handshake;
	struct noise_cipher send;
	struct frame_reader reader;
	struct buffer frame, last, payload, got;
};

/* --- drawing ------------------------------------------------------------ */

/* splitmix64, as in peer/noise.go. */
static uint64_t
next(struct random *r)
{
	uint64_t z;

	r->state += UINT64_C(0x9e3779b97f4a7c15);
	z = r->state;
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
draw_bytes(struct random *r, uint8_t *out, size_t size)
{
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		if (i % 8 == 0)
			word = next(r);
		out[i] = (uint8_t)(word >> (8 * (i % 8)));
	}
}

static void
draw_payload(struct random *r, uint32_t max, struct buffer *out)
{
	uint64_t kind = next(r) % 8;
	size_t size = 0;

	if (kind == 0)
		size = max;
	else if (kind > 2)
		size = (size_t)(next(r) % ((uint64_t)max + 1));
	buffer_clear(out);
	assert_true(buffer_reserve(out, size + 1));
	draw_bytes(r, out->data, size);
	out->size = size;
}

/* --- the wire ----------------------------------------------------------- */

static void
send_all(struct peer *p, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size > 0) {
		ssize_t n = send(p->wire, at, size, MSG_NOSIGNAL);

		if (n <= 0)
			fail_msg("the peer is gone; its complaint is above");
		at += n;
		size -= (size_t)n;
	}
}

static void
receive_all(struct peer *p, uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = recv(p->wire, data, size, 0);

		if (n <= 0)
			fail_msg("the peer is gone; its complaint is above");
		data += n;
		size -= (size_t)n;
	}
}

/* One frame of the peer into the reader. */
static enum err
receive_frame(struct planned *s, struct bytes *payload)
{
	uint8_t frame[2 + UINT16_MAX];
	size_t size;
	enum err e;

	receive_all(s->peer, frame, 2);
	size = (size_t)(frame[0] << 8 | frame[1]);
	receive_all(s->peer, frame + 2, size);
	e = frame_reader_feed(&s->reader, frame, 2 + size);
	return e == ERR_OK ? frame_reader_next(&s->reader, payload) : e;
}

/* --- a session ---------------------------------------------------------- */

static void
send_plan(struct peer *peer, const struct plan *p)
{
	struct buffer out = {0};

	put_u64(&out, p->seed);
	put_u8(&out, p->go_initiates);
	put_u8(&out, p->pattern == NOISE_XKPSK3);
	put_u8(&out, (uint8_t)p->fault);
	put_u8(&out, p->go_at_fault);
	put_u32(&out, p->fault_message << 24);
	put_u32(&out, p->messages);
	put_u32(&out, p->size_max);
	put_u32(&out, p->messages_since);
	put_u64(&out, p->bytes_since);
	put_u32(&out, p->fault_step);
	assert_int_equal(out.size, PLAN_BYTES);
	send_all(peer, out.data, out.size);
	buffer_free(&out);
}

static bool
is_fault(const struct planned *s, unsigned message)
{
	return s->plan->fault != FAULT_NONE &&
	       s->plan->fault_message == message;
}

static void
begin(struct planned *s, const struct plan *p, struct peer *peer)
{
	uint8_t go_ephemeral[NOISE_KEY_BYTES], ephemeral[NOISE_KEY_BYTES];
	uint8_t psk[NOISE_KEY_BYTES];
	uint8_t prologue[PROLOGUE_BYTES] = {'Y', 'Z', 1, 1, 0};
	struct noise_keypair own, go;

	memset(s, 0, sizeof *s);
	s->plan = p;
	s->peer = peer;
	s->draw.state = p->seed;
	frame_reader_init(&s->reader);
	draw_bytes(&s->draw, own.secret, sizeof own.secret);
	noise_keypair_derive(&own);
	draw_bytes(&s->draw, go.secret, sizeof go.secret);
	noise_keypair_derive(&go);
	draw_bytes(&s->draw, ephemeral, sizeof ephemeral);
	draw_bytes(&s->draw, go_ephemeral, sizeof go_ephemeral);
	draw_bytes(&s->draw, psk, sizeof psk);
	prologue[4] = p->pattern == NOISE_XKPSK3;
	draw_bytes(&s->draw, prologue + 5, sizeof prologue - 5);
	if (!p->go_at_fault) {
		if (p->fault == FAULT_STATIC)
			go.public[5] ^= 1;
		if (p->fault == FAULT_PROLOGUE)
			prologue[12] ^= 1;
		if (p->fault == FAULT_PSK)
			psk[31] ^= 1;
	}
	noise_init(&s->handshake, p->pattern, !p->go_initiates, prologue,
	    sizeof prologue, &own, ephemeral,
	    p->go_initiates ? NULL : go.public);
	if (p->pattern == NOISE_XKPSK3)
		noise_set_psk(&s->handshake, psk);
}

static void
end(struct planned *s)
{
	noise_wipe(&s->handshake);
	noise_cipher_wipe(&s->send);
	frame_reader_wipe(&s->reader);
	buffer_free(&s->frame);
	buffer_free(&s->last);
	buffer_free(&s->payload);
	buffer_free(&s->got);
}

/* Alter the one frame in f. */
static void
spoil(struct planned *s, struct buffer *f)
{
	size_t size = f->size - 2;
	uint64_t bit;

	switch (s->plan->fault) {
	case FAULT_FLIP:
		bit = next(&s->draw) % (8 * size);
		f->data[2 + bit / 8] ^= (uint8_t)(1u << (bit % 8));
		break;
	case FAULT_CUT:
		f->size--;
		size--;
		f->data[0] = (uint8_t)(size >> 8);
		f->data[1] = (uint8_t)size;
		break;
	case FAULT_ZERO_KEY:
		memset(f->data + 2, 0, NOISE_KEY_BYTES);
		break;
	default:
		break; /* the fault lies elsewhere */
	}
}

static void
expect_refused_handshake(struct planned *s, enum err e)
{
	assert_true(e == ERR_AUTH || e == ERR_FORMAT);
	assert_int_equal(s->got.size, 0);
	assert_int_equal(
	    noise_write(&s->handshake, NULL, 0, &s->got), ERR_AUTH);
	assert_false(noise_finished(&s->handshake));
}

/* True: all three messages passed. False: the planned fault was refused. */
static bool
run_handshake(struct planned *s)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		uint32_t overhead = i == 2 ? 64 : 48;
		struct bytes message;
		enum err e;

		draw_payload(
		    &s->draw, HANDSHAKE_MESSAGE_MAX - overhead, &s->payload);
		buffer_clear(&s->got);
		if (s->plan->go_initiates == (i % 2 == 1)) {
			assert_int_equal(
			    noise_write(&s->handshake, s->payload.data,
			        s->payload.size, &s->got),
			    ERR_OK);
			buffer_clear(&s->frame);
			assert_int_equal(frame_write_clear(&s->frame,
			                     s->got.data, s->got.size),
			    ERR_OK);
			if (is_fault(s, i) && !s->plan->go_at_fault)
				spoil(s, &s->frame);
			send_all(s->peer, s->frame.data, s->frame.size);
			if (is_fault(s, i))
				return false;
			continue;
		}
		assert_int_equal(receive_frame(s, &message), ERR_OK);
		e = noise_read(
		    &s->handshake, message.data, message.size, &s->got);
		if (is_fault(s, i)) {
			expect_refused_handshake(s, e);
			return false;
		}
		assert_int_equal(e, ERR_OK);
		assert_int_equal(s->got.size, s->payload.size);
		assert_memory_equal(
		    s->got.data, s->payload.data, s->payload.size);
	}
	return true;
}

/* Both ends tell their handshake hash; then the ciphers are in force. */
static void
expect_same_binding(struct planned *s)
{
	struct noise_cipher receive;
	struct bytes theirs;

	assert_true(noise_finished(&s->handshake));
	buffer_clear(&s->frame);
	assert_int_equal(frame_write_clear(&s->frame, s->handshake.hash,
	                     sizeof s->handshake.hash),
	    ERR_OK);
	send_all(s->peer, s->frame.data, s->frame.size);
	assert_int_equal(receive_frame(s, &theirs), ERR_OK);
	assert_int_equal(theirs.size, sizeof s->handshake.hash);
	assert_memory_equal(theirs.data, s->handshake.hash, theirs.size);

	assert_int_equal(
	    noise_split(&s->handshake, &s->send, &receive), ERR_OK);
	s->send.messages = receive.messages = s->plan->messages_since;
	s->send.bytes = receive.bytes = s->plan->bytes_since;
	frame_reader_set_cipher(&s->reader, &receive);
	noise_cipher_wipe(&receive);
}

static void
seal(struct planned *s, bool bad)
{
	enum fault fault = bad ? s->plan->fault : FAULT_NONE;
	struct noise_cipher before = s->send;

	buffer_clear(&s->frame);
	if (fault == FAULT_REPLAY) {
		put_bytes(&s->frame, s->last.data, s->last.size);
		return;
	}
	if (fault == FAULT_SWAP) { /* the message before it never comes */
		assert_int_equal(
		    frame_write_sealed(&s->frame, &s->send, "first", 5),
		    ERR_OK);
		buffer_clear(&s->frame);
	}
	if (fault == FAULT_NONCE)
		s->send.nonce = 0;
	assert_int_equal(frame_write_sealed(&s->frame, &s->send,
	                     s->payload.data, s->payload.size),
	    ERR_OK);
	if (s->plan->fault == FAULT_NO_REKEY && !s->plan->go_at_fault)
		memcpy(s->send.key, before.key, sizeof before.key);
	if (bad)
		spoil(s, &s->frame);
	buffer_clear(&s->last);
	put_bytes(&s->last, s->frame.data, s->frame.size);
}

static void
run_transport(struct planned *s)
{
	bool faulty = is_fault(s, TRANSPORT);
	uint32_t i;

	for (i = 0; i < s->plan->messages; i++) {
		bool go_sends = next(&s->draw) % 2 == 1;
		bool bad = faulty && i == s->plan->fault_step;
		struct bytes got;
		enum err e;

		if (faulty)
			go_sends = s->plan->go_at_fault;
		draw_payload(&s->draw, s->plan->size_max, &s->payload);
		if (!go_sends) {
			seal(s, bad);
			send_all(s->peer, s->frame.data, s->frame.size);
			if (bad)
				return;
			continue;
		}
		e = receive_frame(s, &got);
		if (bad) {
			assert_int_not_equal(e, ERR_OK);
			assert_int_not_equal(e, ERR_MORE);
			assert_int_equal(
			    frame_reader_next(&s->reader, &got), e);
			return;
		}
		assert_int_equal(e, ERR_OK);
		assert_int_equal(got.size, s->payload.size);
		assert_memory_equal(got.data, s->payload.data, got.size);
	}
	assert_int_equal(s->plan->fault, FAULT_NONE);
}

static void
run_plan(struct peer *peer, const struct plan *p)
{
	struct planned s;
	uint8_t verdict;

	send_plan(peer, p);
	begin(&s, p, peer);
	if (run_handshake(&s)) {
		expect_same_binding(&s);
		run_transport(&s);
	}
	receive_all(peer, &verdict, sizeof verdict);
	assert_int_equal(verdict, 1);
	end(&s);
}

/* --- claims ------------------------------------------------------------- */

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL || *text == '\0' ? otherwise
	                                     : strtoull(text, NULL, 0);
}

static struct random
seeds(uint64_t salt)
{
	struct random r = {number_of("INTEROP_SEED", 1) * 1000 + salt};

	return r;
}

static void
test_noise_random_sessions_agree_with_flynn(void **state)
{
	struct random r = seeds(1);
	uint64_t count = number_of("INTEROP_SESSIONS", SESSIONS);
	uint64_t i;

	for (i = 0; i < count; i++) {
		struct plan p = {
		    .seed = next(&r),
		    .go_initiates = i % 2 == 1,
		    .pattern = i % 4 < 2 ? NOISE_XK : NOISE_XKPSK3,
		    .messages = (uint32_t)(next(&r) % 24),
		    .size_max = FRAME_PAYLOAD_MAX,
		    .messages_since =
		        (uint32_t)(next(&r) % 4 == 0 ? REKEY_MESSAGES - 5 : 0),
		};

		run_plan(*state, &p);
	}
	print_message("%" PRIu64 " sessions\n", count);
}

static void
test_noise_rekeys_with_flynn_after_1024_messages(void **state)
{
	struct random r = seeds(2);
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct plan p = {
		    .seed = next(&r),
		    .go_initiates = i % 2 == 1,
		    .pattern = i < 2 ? NOISE_XK : NOISE_XKPSK3,
		    .messages = 3 * 2 * REKEY_MESSAGES + 200,
		    .size_max = 64,
		};

		run_plan(*state, &p);
	}
}

/* Some 24 messages pass between the rekeys of each direction. */
static void
test_noise_rekeys_with_flynn_after_64_mib(void **state)
{
	struct random r = seeds(3);
	unsigned i;

	for (i = 0; i < 8; i++) {
		struct plan p = {
		    .seed = next(&r),
		    .go_initiates = i % 2 == 1,
		    .pattern = i < 4 ? NOISE_XK : NOISE_XKPSK3,
		    .messages = 64,
		    .size_max = FRAME_PAYLOAD_MAX,
		    .bytes_since = REKEY_BYTES - 1 - i * 16384,
		};

		run_plan(*state, &p);
	}
}

/* Every fault by both sides, in both roles and patterns. */
static void
test_noise_faults_are_refused_by_both_sides(void **state)
{
	static const struct {
		enum fault fault;
		unsigned message;
		uint32_t messages_since;
	} faults[] = {
	    {FAULT_FLIP, 0, 0},
	    {FAULT_FLIP, 1, 0},
	    {FAULT_FLIP, 2, 0},
	    {FAULT_CUT, 0, 0},
	    {FAULT_CUT, 1, 0},
	    {FAULT_CUT, 2, 0},
	    {FAULT_ZERO_KEY, 0, 0},
	    {FAULT_ZERO_KEY, 1, 0},
	    {FAULT_STATIC, 0, 0},
	    {FAULT_PROLOGUE, 0, 0},
	    {FAULT_PSK, 2, 0},
	    {FAULT_FLIP, TRANSPORT, 0},
	    {FAULT_CUT, TRANSPORT, 0},
	    {FAULT_REPLAY, TRANSPORT, 0},
	    {FAULT_SWAP, TRANSPORT, 0},
	    {FAULT_FLIP, TRANSPORT, REKEY_MESSAGES - 3},
	    {FAULT_REPLAY, TRANSPORT, REKEY_MESSAGES - 3},
	    {FAULT_SWAP, TRANSPORT, REKEY_MESSAGES - 3},
	    {FAULT_NONCE, TRANSPORT, REKEY_MESSAGES - 3},
	    {FAULT_NO_REKEY, TRANSPORT, REKEY_MESSAGES - 3},
	};
	struct random r = seeds(4);
	unsigned repeat, i, way, count = 0;

	for (repeat = 0; repeat < 3; repeat++) {
		for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
			for (way = 0; way < 8; way++) {
				struct plan p = {
				    .seed = next(&r),
				    .go_initiates = way & 1,
				    .go_at_fault = way & 2,
				    .pattern =
				        way & 4 ? NOISE_XKPSK3 : NOISE_XK,
				    .fault = faults[i].fault,
				    .fault_message = faults[i].message,
				    .messages = 8,
				    .size_max = 600,
				    .messages_since = faults[i].messages_since,
				    .fault_step = 3,
				};
				bool writes_even =
				    p.go_initiates == p.go_at_fault;

				/* Some faults only one role can make. */
				if ((p.fault == FAULT_FLIP ||
				        p.fault == FAULT_CUT ||
				        p.fault == FAULT_ZERO_KEY) &&
				    p.fault_message != TRANSPORT &&
				    writes_even != (p.fault_message % 2 == 0))
					continue;
				if (p.fault == FAULT_STATIC && !writes_even)
					continue;
				if (p.fault == FAULT_PSK &&
				    p.pattern == NOISE_XK)
					continue;
				run_plan(*state, &p);
				count++;
			}
		}
	}
	print_message("%u faults\n", count);
}

/* --- the peer ----------------------------------------------------------- */

static int
start_peer(void **state)
{
	static struct peer p;
	const char *program = getenv("INTEROP_PEER");
	int ends[2];

	if (program == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	p.pid = fork();
	if (p.pid == 0) {
		if (dup2(ends[1], STDIN_FILENO) == STDIN_FILENO)
			execl(program, program, "noise", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	p.wire = ends[0];
	*state = &p;
	return p.pid < 0 ? -1 : 0;
}

/* Only a peer that saw nothing amiss ends with 0. */
static int
end_peer(void **state)
{
	struct peer *p = *state;
	int status;

	close(p->wire);
	return waitpid(p->pid, &status, 0) == p->pid && status == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_noise_random_sessions_agree_with_flynn),
	    cmocka_unit_test(test_noise_rekeys_with_flynn_after_1024_messages),
	    cmocka_unit_test(test_noise_rekeys_with_flynn_after_64_mib),
	    cmocka_unit_test(test_noise_faults_are_refused_by_both_sides),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, start_peer, end_peer);
}
