/* session_bounds: what a peer can cost in memory and in time. Compressed
 * bombs, counts that lie, handshakes that never end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "sync/session_state.h"
#include "sync/stream.h"
#include "tests/unit/heap.h"
#include "tests/unit/speaker.h"

static struct session *session;
static struct speaker speaker;

/* --- memory ----------------------------------------------------------------
 */

static size_t
bytes_since(size_t before)
{
	size_t now = bytes_in_use();

	return now > before ? now - before : 0;
}

/* --- the scene -------------------------------------------------------------
 */

/* A hub's session, and a clinic that has said hello. */
static void
call_hub(void)
{
	struct buffer body = {0}, plain = {0};
	struct hello h;

	memory_pair_make(&hub, &clinic);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	memory_hello(&clinic, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	message_put(&plain, MESSAGE_HELLO, body.data, body.size);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	memory_work(&hub, session);
	assert_false(hub.has_failed);
	buffer_free(&body);
	buffer_free(&plain);
}

static void
leave(void)
{
	session_free(session);
	speaker_free(&speaker);
}

static void
say_data(uint8_t class, const void *packed, size_t size)
{
	struct buffer body = {0};

	put_u8(&body, class);
	put_bytes(&body, packed, size);
	speaker_message(&speaker, session, MESSAGE_DATA, &body);
	buffer_free(&body);
}

static void
expect_refused(enum reason reason)
{
	memory_work(&hub, session);
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, reason);
	assert_int_equal(hub.taken, 0);
	leave();
}

/* --- bombs -----------------------------------------------------------------
 */

/* Plain bytes as a stream of this protocol, with another window if need be. */
static size_t
pack(const void *plain, size_t size, int window_log, uint8_t *out, size_t max)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_inBuffer from = {plain, size, 0};
	ZSTD_outBuffer to = {out, max, 0};

	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log);
	ZSTD_CCtx_setParameter(z, ZSTD_c_format, ZSTD_f_zstd1_magicless);
	ZSTD_CCtx_setParameter(z, ZSTD_c_dictIDFlag, 0);
	memory_must(ZSTD_compressStream2(z, &to, &from, ZSTD_e_flush) == 0);
	ZSTD_freeCCtx(z);
	return to.pos;
}

/* One byte more than a message may hold, and a thousand times more. */
static void
test_session_refuses_a_bomb_before_it_grows(void **state)
{
	static uint8_t packed[1 << 16];
	size_t sizes[] = {2 * STREAM_FRAME_BYTES_MAX, 64u << 20};
	size_t i;

	for (i = 0; i < 2; i++) {
		uint8_t *zeros = calloc(1, sizes[i]);
		size_t before, size;

		memory_must(zeros != NULL);
		zeros[0] = 0x80; /* the length of a batch: 65,536 */
		zeros[1] = 0x80;
		zeros[2] = 0x04;
		size = pack(
		    zeros, sizes[i], STREAM_WINDOW_LOG, packed, sizeof packed);
		free(zeros);
		memory_must(size < 16000);
		call_hub();
		before = bytes_in_use();
		say_data(0, packed, size);
		print_message("# a bomb of %zu: %zu bytes\n", sizes[i],
		    bytes_since(before));
		/* The decoder with its window, and what one message may. */
		assert_true(bytes_since(before) < 2u << 20);
		expect_refused(REASON_LIMIT);
	}
}

static void
test_session_refuses_a_larger_window_before_it_takes_it(void **state)
{
	static uint8_t packed[1 << 16];
	int log;

	for (log = STREAM_WINDOW_LOG + 1; log <= 27; log++) {
		size_t before, size;

		size = pack("\3abc", 4, log, packed, sizeof packed);
		call_hub();
		before = bytes_in_use();
		say_data(1, packed, size);
		assert_true(bytes_since(before) < 256u << 10);
		expect_refused(REASON_FORMAT);
	}
}

/* A stream in every class, each message as small as can be: four windows. */
static void
test_session_takes_a_window_a_class_and_no_more(void **state)
{
	uint8_t packed[CLASSES][256];
	static uint8_t plain[100];
	size_t size, before, after_first = 0, i;
	uint8_t class;

	plain[0] = 0x80; /* a batch of 65,536 bytes that never comes */
	plain[1] = 0x80;
	plain[2] = 0x04;
	size = pack(plain, sizeof plain, STREAM_WINDOW_LOG, packed[0],
	    sizeof packed[0]);
	call_hub();
	before = bytes_in_use();
	for (class = 0; class < CLASSES; class ++) {
		for (i = 0; i < size; i++)
			say_data(class, packed[0] + i, 1);
		if (class == 0)
			after_first = bytes_since(before);
	}
	memory_work(&hub, session);
	assert_false(hub.has_failed);
	print_message("# a stream that is read: %zu bytes\n", after_first);
	assert_true(after_first < 1200u << 10);
	assert_true(bytes_since(before) <= CLASSES * after_first + 65536);
	leave();
}

/* Counts of a thousand million with nothing behind them. */
static void
test_session_believes_no_count(void **state)
{
	/* Where the varint stands: lives, changes, heads, a body's size. */
	static const char *const before_count[] = {
	    "", "\0", "\0\0", "\1LIFELIFE\1\0\2\0"};
	static const size_t before_bytes[] = {0, 1, 2, 13};
	static uint8_t packed[4096];
	size_t i;

	for (i = 0; i < 4; i++) {
		struct buffer batch = {0}, plain = {0};
		size_t size, before;

		put_u8(&batch, 0);
		put_text(&batch, "up");
		put_u32(&batch, 7); /* start */
		put_varint(&batch, 0);
		put_u64(&batch, 0);
		put_u32(&batch, 7); /* end */
		put_varint(&batch, 9);
		put_u64(&batch, 9);
		put_bytes(&batch, before_count[i], before_bytes[i]);
		put_varint(&batch, 1000000000);
		put_string(&plain, batch.data, batch.size);
		size = pack(plain.data, plain.size, STREAM_WINDOW_LOG, packed,
		    sizeof packed);
		call_hub();
		before = bytes_in_use();
		say_data(2, packed, size);
		assert_true(bytes_since(before) < 1200u << 10);
		expect_refused(REASON_FORMAT);
		buffer_free(&batch);
		buffer_free(&plain);
	}
}

static void
test_session_refuses_a_batch_over_the_limit_by_its_length(void **state)
{
	struct buffer plain = {0};
	static uint8_t packed[4096];
	size_t size;

	put_varint(&plain, BATCH_BYTES_MAX + 1);
	put_u8(&plain, 0);
	size = pack(
	    plain.data, plain.size, STREAM_WINDOW_LOG, packed, sizeof packed);
	call_hub();
	say_data(2, packed, size);
	expect_refused(REASON_LIMIT);
	buffer_free(&plain);
}

/* --- half-open -------------------------------------------------------------
 */

static void
test_session_costs_little_before_the_peer_is_known(void **state)
{
	size_t before, first, second;
	struct buffer payload = {0};
	const uint8_t preface[] = {
	    'Y', 'Z', PROTOCOL_VERSION, SUITE_NOISE_25519, 0};

	memory_pair_make(&hub, &clinic);
	before = bytes_in_use();
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	first = bytes_since(before);
	speaker_init(&speaker, &clinic, true, hub.transport.public);
	speaker_write(&speaker, session, NULL, 0, preface, sizeof preface);
	assert_int_equal(session->state, STATE_MESSAGE_3);
	second = bytes_since(before);
	print_message(
	    "# half-open: %zu, after message 1: %zu bytes\n", first, second);
	assert_true(second < SESSION_HALF_OPEN_MEMORY_MAX);
	/* More than a handshake holds is refused, not kept. */
	for (;;) {
		static const uint8_t more[4096] = {0x10, 0x01};

		if (session_receive(session, more, sizeof more, 1) != ERR_OK)
			break;
		assert_true(
		    bytes_since(before) < SESSION_HALF_OPEN_MEMORY_MAX + 65536);
	}
	buffer_free(&payload);
	leave();
}

/* A byte whenever the step's time is nearly over, in as many steps as the
 * protocol has: the whole ends all the same. */
static void
test_session_bounds_the_handshake_as_a_whole(void **state)
{
	static const uint8_t ask[] = {'Y', 'Z', 1, 1, 2};
	static const uint8_t preface[] = {'Y', 'Z', 1, 1, 0};
	const uint8_t *out;
	uint64_t now = 1000;
	size_t size;

	memory_pair_make(&hub, &clinic);
	session = memory_session(&hub, SESSION_ANSWER, NULL, now);
	now += HANDSHAKE_TIMEOUT_MS - 1;
	(void)session_receive(session, ask, sizeof ask, now);
	while ((size = session_output(session, &out)) > 0)
		session_sent(session, size, now);
	now += HANDSHAKE_TIMEOUT_MS - 1;
	(void)session_receive(session, preface, sizeof preface, now);
	now += HANDSHAKE_TIMEOUT_MS - 1;
	speaker_init(&speaker, &clinic, true, hub.transport.public);
	speaker.now_ms = now;
	speaker_write(&speaker, session, NULL, 0, NULL, 0);
	assert_int_equal(session->state, STATE_MESSAGE_3);
	assert_int_equal(session_expire(session, now), ERR_OK);
	assert_int_equal(
	    session_deadline_ms(session), 1000 + HANDSHAKE_WHOLE_MS);
	now = 1000 + HANDSHAKE_WHOLE_MS;
	(void)session_receive(session, "\0", 1, now - 1);
	assert_int_equal(session_expire(session, now), ERR_TIMEOUT);
	memory_work(&hub, session);
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, REASON_TIMEOUT);
	leave();
}

/* One byte every five seconds from the start: the first step ends it. */
static void
test_session_bounds_each_step_of_a_dripping_handshake(void **state)
{
	static const uint8_t preface[] = {'Y', 'Z', 1, 1, 0, 0, 48};
	uint64_t now = 0;
	size_t i = 0;

	memory_pair_make(&hub, &clinic);
	session = memory_session(&hub, SESSION_ANSWER, NULL, now);
	while (session_expire(session, now) == ERR_OK) {
		(void)session_receive(session,
		    i < sizeof preface ? preface + i : (uint8_t *)"x", 1, now);
		i++;
		now += 5000;
		assert_true(now <= HANDSHAKE_WHOLE_MS);
	}
	memory_work(&hub, session);
	assert_int_equal(hub.reason, REASON_TIMEOUT);
	session_free(session);
}

/* --- before SETTLED ------------------------------------------------------- */

/* A child that may be a copy: its batches are read and not taken. */
static void
call_held_hub(void)
{
	static const uint8_t nonce[LIFE_NONCE_BYTES];
	struct buffer body = {0};
	struct hello h;

	memory_pair_make(&hub, &clinic);
	life_id_of(clinic.life, clinic.cert.signing_key, nonce);
	clinic.author = &clinic;
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	speaker_call(&speaker, &clinic, &hub, session, NULL, 0);
	memory_hello(&clinic, &h);
	h.held_digest ^= 1;
	memory_must(hello_create(&h, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_HELLO, &body);
	memory_work(&hub, session);
	buffer_free(&body);
}

static void
test_session_reads_only_so_much_in_vain(void **state)
{
	static uint8_t nothing[60000];
	struct stream_writer *w;
	struct buffer body = {0};
	struct batch *b = calloc(1, sizeof *b);
	unsigned i;

	call_held_hub();
	memory_must(b != NULL && stream_writer_new(&w, 3) == ERR_OK);
	for (i = 0; i < 40 && !session_is_over(session); i++) {
		batch_clear(b);
		snprintf(b->list.name, sizeof b->list.name, "up");
		b->list.class = 3;
		b->start = (struct cursor){7, i, i};
		b->end = (struct cursor){7, i + 1, i + 1};
		memcpy(b->changes[0].id.life, clinic.life, LIFE_BYTES);
		b->changes[0].id.class = 3;
		b->changes[0].id.seq = i + 1;
		b->changes[0].body_bytes = sizeof nothing;
		b->change_count = 1;
		put_bytes(&b->bytes, nothing, sizeof nothing);
		memory_must(stream_writer_add(w, b) == ERR_OK);
		while (stream_writer_waits(w)) {
			buffer_clear(&body);
			put_u8(&body, 3);
			memory_must(
			    stream_writer_take(w, 16000, &body) == ERR_OK);
			speaker_message(&speaker, session, MESSAGE_DATA, &body);
		}
		memory_work(&hub, session);
	}
	assert_int_equal(i, 18);
	assert_int_equal(hub.taken, 0);
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, REASON_LIMIT);
	leave();
	stream_writer_free(w);
	batch_free(b);
	free(b);
	buffer_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_refuses_a_bomb_before_it_grows),
	    cmocka_unit_test(
	        test_session_refuses_a_larger_window_before_it_takes_it),
	    cmocka_unit_test(test_session_takes_a_window_a_class_and_no_more),
	    cmocka_unit_test(test_session_believes_no_count),
	    cmocka_unit_test(
	        test_session_refuses_a_batch_over_the_limit_by_its_length),
	    cmocka_unit_test(
	        test_session_costs_little_before_the_peer_is_known),
	    cmocka_unit_test(test_session_reads_only_so_much_in_vain),
	    cmocka_unit_test(test_session_bounds_the_handshake_as_a_whole),
	    cmocka_unit_test(
	        test_session_bounds_each_step_of_a_dripping_handshake),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
