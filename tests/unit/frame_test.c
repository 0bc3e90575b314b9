/* frame: whole frames come out however the bytes come in, and nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/frame.h"

static const uint8_t large[FRAME_PAYLOAD_MAX + 1];

static struct noise_cipher
cipher(void)
{
	struct noise_cipher c;

	memset(&c, 0, sizeof c);
	memset(c.key, 0x5a, sizeof c.key);
	return c;
}

static void
begin_sealed(struct frame_reader *r)
{
	struct noise_cipher c = cipher();

	frame_reader_init(r);
	frame_reader_set_cipher(r, &c);
}

static void
expect_frame(struct frame_reader *r, const void *data, size_t size)
{
	struct bytes payload;

	assert_int_equal(frame_reader_next(r, &payload), ERR_OK);
	assert_int_equal(payload.size, size);
	if (size > 0)
		assert_memory_equal(payload.data, data, size);
}

static void
expect_more(struct frame_reader *r)
{
	struct bytes payload;

	assert_int_equal(frame_reader_next(r, &payload), ERR_MORE);
}

/* Every later call says the same. */
static void
expect_fault(struct frame_reader *r, enum err fault)
{
	struct bytes payload;
	int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(frame_reader_next(r, &payload), fault);
		assert_int_equal(frame_reader_feed(r, "\0\1x", 3), fault);
	}
}

static void
test_frame_reads_clear_then_sealed(void **state)
{
	struct noise_cipher send = cipher(), receive = cipher();
	struct frame_reader r;
	struct buffer out;

	(void)state;
	buffer_init(&out);
	frame_reader_init(&r);
	assert_int_equal(frame_write_clear(&out, "hello", 5), ERR_OK);
	assert_int_equal(out.size, 7);
	assert_memory_equal(out.data, "\0\5hello", 7);
	assert_int_equal(frame_write_sealed(&out, &send, "one", 3), ERR_OK);
	assert_int_equal(out.size, 7 + 3 + FRAME_OVERHEAD);
	assert_int_equal(frame_write_sealed(&out, &send, NULL, 0), ERR_OK);

	assert_int_equal(frame_reader_feed(&r, out.data, out.size), ERR_OK);
	expect_frame(&r, "hello", 5);
	frame_reader_set_cipher(&r, &receive);
	expect_frame(&r, "one", 3);
	expect_frame(&r, "", 0);
	expect_more(&r);
	frame_reader_wipe(&r);
	buffer_free(&out);
}

static void
test_frame_payload_outlives_set_cipher(void **state)
{
	struct noise_cipher c = cipher();
	struct frame_reader r;
	struct bytes payload;

	(void)state;
	frame_reader_init(&r);
	assert_int_equal(frame_reader_feed(&r, "\0\3abc", 5), ERR_OK);
	assert_int_equal(frame_reader_next(&r, &payload), ERR_OK);
	frame_reader_set_cipher(&r, &c);
	assert_memory_equal(payload.data, "abc", 3);
	frame_reader_wipe(&r);
}

static void
test_frame_splits_at_every_byte(void **state)
{
	struct noise_cipher send = cipher();
	struct buffer out;
	size_t cut;

	(void)state;
	buffer_init(&out);
	assert_int_equal(frame_write_sealed(&out, &send, "first", 5), ERR_OK);
	assert_int_equal(frame_write_sealed(&out, &send, "second", 6), ERR_OK);
	for (cut = 0; cut <= out.size; cut++) {
		struct frame_reader r;
		size_t whole = 0;

		begin_sealed(&r);
		assert_int_equal(frame_reader_feed(&r, out.data, cut), ERR_OK);
		if (cut >= 5 + FRAME_OVERHEAD) {
			expect_frame(&r, "first", 5);
			whole++;
		}
		if (cut == out.size) {
			expect_frame(&r, "second", 6);
			whole++;
		}
		expect_more(&r);
		assert_int_equal(
		    frame_reader_feed(&r, out.data + cut, out.size - cut),
		    ERR_OK);
		if (whole < 1)
			expect_frame(&r, "first", 5);
		if (whole < 2)
			expect_frame(&r, "second", 6);
		expect_more(&r);
		frame_reader_wipe(&r);
	}
	buffer_free(&out);
}

static void
test_frame_reads_byte_by_byte(void **state)
{
	struct frame_reader r;
	struct bytes payload;
	const char stream[] = "\0\3one\0\1x\0\5three";
	size_t i, frames = 0;

	(void)state;
	frame_reader_init(&r);
	for (i = 0; i < sizeof stream - 1; i++) {
		assert_int_equal(frame_reader_feed(&r, stream + i, 1), ERR_OK);
		if (frame_reader_next(&r, &payload) == ERR_OK)
			frames++;
	}
	assert_int_equal(frames, 3);
	expect_more(&r);
	frame_reader_wipe(&r);
}

static void
test_frame_rejects_each_altered_byte(void **state)
{
	struct noise_cipher send = cipher();
	struct buffer out;
	size_t i;

	(void)state;
	buffer_init(&out);
	assert_int_equal(frame_write_sealed(&out, &send, "dose", 4), ERR_OK);
	for (i = 2; i < out.size; i++) {
		struct frame_reader r;

		begin_sealed(&r);
		out.data[i] ^= 1;
		assert_int_equal(
		    frame_reader_feed(&r, out.data, out.size), ERR_OK);
		expect_fault(&r, ERR_AUTH);
		/* Not even the unaltered frame is taken now. */
		out.data[i] ^= 1;
		assert_int_equal(
		    frame_reader_feed(&r, out.data, out.size), ERR_AUTH);
		expect_fault(&r, ERR_AUTH);
		frame_reader_wipe(&r);
	}
	buffer_free(&out);
}

static void
test_frame_rejects_replayed_frame(void **state)
{
	struct noise_cipher send = cipher();
	struct frame_reader r;
	struct buffer out;

	(void)state;
	buffer_init(&out);
	begin_sealed(&r);
	assert_int_equal(frame_write_sealed(&out, &send, "dose", 4), ERR_OK);
	assert_int_equal(frame_reader_feed(&r, out.data, out.size), ERR_OK);
	assert_int_equal(frame_reader_feed(&r, out.data, out.size), ERR_OK);
	expect_frame(&r, "dose", 4);
	expect_fault(&r, ERR_AUTH);
	frame_reader_wipe(&r);
	buffer_free(&out);
}

/* Feed a header alone; the verdict must not wait for the body. */
static void
expect_header(bool sealed, unsigned length, enum err verdict)
{
	struct frame_reader r;
	struct bytes payload;
	uint8_t header[2];

	if (sealed)
		begin_sealed(&r);
	else
		frame_reader_init(&r);
	store_u16(header, (uint16_t)length);
	assert_int_equal(frame_reader_feed(&r, header, 2), ERR_OK);
	assert_int_equal(frame_reader_next(&r, &payload), verdict);
	if (verdict != ERR_MORE)
		expect_fault(&r, verdict);
	frame_reader_wipe(&r);
}

static void
test_frame_rejects_short_header(void **state)
{
	(void)state;
	expect_header(true, 0, ERR_FORMAT);
	expect_header(true, NOISE_TAG_BYTES - 1, ERR_FORMAT);
	expect_header(true, NOISE_TAG_BYTES, ERR_MORE);
	expect_header(false, 0, ERR_FORMAT);
	expect_header(false, 1, ERR_MORE);
}

static void
test_frame_rejects_long_header(void **state)
{
	const unsigned sealed_max = FRAME_PAYLOAD_MAX + NOISE_TAG_BYTES;

	(void)state;
	expect_header(true, sealed_max, ERR_MORE);
	expect_header(true, sealed_max + 1, ERR_LIMIT);
	expect_header(true, UINT16_MAX, ERR_LIMIT);
	expect_header(false, HANDSHAKE_MESSAGE_MAX, ERR_MORE);
	expect_header(false, HANDSHAKE_MESSAGE_MAX + 1, ERR_LIMIT);
	expect_header(false, UINT16_MAX, ERR_LIMIT);
}

static void
test_frame_write_keeps_limits(void **state)
{
	struct noise_cipher c = cipher(), before = c;
	struct buffer out;

	(void)state;
	buffer_init(&out);
	put_u8(&out, 7);
	assert_int_equal(frame_write_clear(&out, "", 0), ERR_FORMAT);
	assert_int_equal(
	    frame_write_clear(&out, large, HANDSHAKE_MESSAGE_MAX + 1),
	    ERR_LIMIT);
	assert_int_equal(
	    frame_write_sealed(&out, &c, large, FRAME_PAYLOAD_MAX + 1),
	    ERR_LIMIT);
	assert_int_equal(out.size, 1);
	assert_memory_equal(&c, &before, sizeof c);
	assert_int_equal(
	    frame_write_clear(&out, large, HANDSHAKE_MESSAGE_MAX), ERR_OK);
	assert_int_equal(
	    frame_write_sealed(&out, &c, large, FRAME_PAYLOAD_MAX), ERR_OK);
	buffer_free(&out);
}

static void
test_frame_write_failing_leaves_output(void **state)
{
	struct noise_cipher c = cipher();
	struct buffer out;

	(void)state;
	buffer_init(&out);
	put_u8(&out, 7);
	c.nonce = UINT64_MAX;
	assert_int_equal(frame_write_sealed(&out, &c, "x", 1), ERR_LIMIT);
	assert_int_equal(out.size, 1);
	out.failed = true;
	c.nonce = 0;
	assert_int_equal(frame_write_sealed(&out, &c, "x", 1), ERR_NOMEM);
	assert_int_equal(frame_write_clear(&out, "x", 1), ERR_NOMEM);
	assert_int_equal(out.size, 1);
	assert_int_equal(c.nonce, 0);
	buffer_free(&out);
}

static void
test_frame_feed_is_bounded_and_recovers(void **state)
{
	struct noise_cipher send = cipher();
	struct frame_reader r;
	struct buffer out;
	int i;

	(void)state;
	buffer_init(&out);
	begin_sealed(&r);
	for (i = 0; i < 4; i++) {
		buffer_clear(&out);
		assert_int_equal(
		    frame_write_sealed(&out, &send, large, FRAME_PAYLOAD_MAX),
		    ERR_OK);
		assert_int_equal(
		    frame_reader_feed(&r, out.data, out.size), ERR_OK);
	}
	buffer_clear(&out);
	assert_int_equal(frame_write_sealed(&out, &send, "x", 1), ERR_OK);
	assert_int_equal(frame_reader_feed(&r, out.data, out.size), ERR_LIMIT);
	assert_int_equal(frame_reader_feed(&r, large, sizeof large), ERR_LIMIT);
	/* Nothing was taken, so the stream goes on where it stood. */
	expect_frame(&r, large, FRAME_PAYLOAD_MAX);
	assert_int_equal(frame_reader_feed(&r, out.data, out.size), ERR_OK);
	for (i = 0; i < 3; i++)
		expect_frame(&r, large, FRAME_PAYLOAD_MAX);
	expect_frame(&r, "x", 1);
	expect_more(&r);
	assert_true(r.input.capacity <= 2 * FRAME_INPUT_MAX);
	frame_reader_wipe(&r);
	buffer_free(&out);
}

static void
test_frame_out_of_memory_is_final(void **state)
{
	struct frame_reader r;

	(void)state;
	frame_reader_init(&r);
	r.input.failed = true;
	assert_int_equal(frame_reader_feed(&r, "\0\1x", 3), ERR_NOMEM);
	expect_fault(&r, ERR_NOMEM);
	frame_reader_wipe(&r);
}

static void
test_frame_rekeys_in_step_with_the_sender(void **state)
{
	struct noise_cipher send = cipher();
	struct frame_reader r;
	struct buffer out;
	uint8_t key[NOISE_KEY_BYTES];
	int i;

	(void)state;
	buffer_init(&out);
	begin_sealed(&r);
	memcpy(key, send.key, sizeof key);
	for (i = 0; i < 2 * REKEY_MESSAGES + 1; i++) {
		buffer_clear(&out);
		assert_int_equal(
		    frame_write_sealed(&out, &send, "tick", 4), ERR_OK);
		assert_int_equal(
		    frame_reader_feed(&r, out.data, out.size), ERR_OK);
		expect_frame(&r, "tick", 4);
	}
	assert_memory_not_equal(send.key, key, sizeof key);
	assert_memory_equal(send.key, r.cipher.key, sizeof key);
	frame_reader_wipe(&r);
	buffer_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frame_reads_clear_then_sealed),
	    cmocka_unit_test(test_frame_payload_outlives_set_cipher),
	    cmocka_unit_test(test_frame_splits_at_every_byte),
	    cmocka_unit_test(test_frame_reads_byte_by_byte),
	    cmocka_unit_test(test_frame_rejects_each_altered_byte),
	    cmocka_unit_test(test_frame_rejects_replayed_frame),
	    cmocka_unit_test(test_frame_rejects_short_header),
	    cmocka_unit_test(test_frame_rejects_long_header),
	    cmocka_unit_test(test_frame_write_keeps_limits),
	    cmocka_unit_test(test_frame_write_failing_leaves_output),
	    cmocka_unit_test(test_frame_feed_is_bounded_and_recovers),
	    cmocka_unit_test(test_frame_out_of_memory_is_final),
	    cmocka_unit_test(test_frame_rekeys_in_step_with_the_sender),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
