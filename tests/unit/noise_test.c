/* noise: properties of handshakes that the published vectors do not show. */

#include <sodium.h>

#include "tests/unit/noise_pair.h"

/* Message number step goes from w to r and must be refused for good. */
static void
expect_refused(struct noise_handshake *w, struct noise_handshake *r)
{
	struct buffer message, payload;

	buffer_init(&message);
	buffer_init(&payload);
	assert_int_equal(noise_write(w, "hi", 2, &message), ERR_OK);
	assert_int_equal(
	    noise_read(r, message.data, message.size, &payload), ERR_AUTH);
	assert_int_equal(payload.size, 0);
	assert_true(r->failed);
	buffer_free(&message);
	buffer_free(&payload);
}

static void
expect_dead(struct noise_handshake *h)
{
	struct noise_cipher a, b;
	struct buffer out;
	uint8_t zeros[64] = {0};

	buffer_init(&out);
	assert_int_equal(noise_write(h, "x", 1, &out), ERR_AUTH);
	assert_int_equal(noise_read(h, zeros, sizeof zeros, &out), ERR_AUTH);
	assert_int_equal(noise_split(h, &a, &b), ERR_AUTH);
	assert_false(noise_finished(h));
	assert_int_equal(out.size, 0);
	assert_true(sodium_is_zero(h->s.secret, sizeof h->s.secret));
	assert_true(sodium_is_zero(h->e.secret, sizeof h->e.secret));
	assert_true(sodium_is_zero(h->psk, sizeof h->psk));
	buffer_free(&out);
}

static void
test_noise_both_ends_learn_keys_and_hash(void **state)
{
	enum noise_pattern pattern;

	(void)state;
	for (pattern = NOISE_XK; pattern <= NOISE_XKPSK3; pattern++) {
		struct pair p = begin_pair(pattern);
		struct noise_cipher a[2], b[2];

		advance(&p, 3);
		assert_true(noise_finished(&p.initiator));
		assert_true(noise_finished(&p.responder));
		assert_memory_equal(p.responder.rs, p.initiator.s.public, 32);
		assert_memory_equal(p.initiator.hash, p.responder.hash, 64);
		assert_int_equal(
		    noise_split(&p.initiator, &a[0], &a[1]), ERR_OK);
		assert_int_equal(
		    noise_split(&p.responder, &b[0], &b[1]), ERR_OK);
		assert_memory_equal(a[0].key, b[1].key, 32);
		assert_memory_equal(a[1].key, b[0].key, 32);
		assert_memory_not_equal(a[0].key, a[1].key, 32);
	}
}

static void
test_noise_refuses_each_altered_byte(void **state)
{
	unsigned step;
	enum noise_pattern pattern;

	(void)state;
	for (pattern = NOISE_XK; pattern <= NOISE_XKPSK3; pattern++)
		for (step = 0; step < 3; step++) {
			struct pair p = begin_pair(pattern);
			struct buffer message, payload;
			size_t i;

			advance(&p, step);
			buffer_init(&message);
			buffer_init(&payload);
			assert_int_equal(
			    noise_write(writer_at(&p, step), "hi", 2, &message),
			    ERR_OK);
			for (i = 0; i < message.size; i++) {
				struct noise_handshake r = *reader_at(&p, step);

				message.data[i] ^= 0x10;
				assert_int_equal(noise_read(&r, message.data,
				                     message.size, &payload),
				    ERR_AUTH);
				message.data[i] ^= 0x10;
				assert_int_equal(payload.size, 0);
				expect_dead(&r);
			}
			buffer_free(&message);
			buffer_free(&payload);
		}
}

static void
test_noise_refuses_each_shorter_message(void **state)
{
	static const size_t least[] = {48, 48, 64};
	unsigned step;

	(void)state;
	for (step = 0; step < 3; step++) {
		struct pair p = begin_pair(NOISE_XK);
		struct buffer message, payload;
		size_t size;

		advance(&p, step);
		buffer_init(&message);
		buffer_init(&payload);
		assert_int_equal(
		    noise_write(writer_at(&p, step), "hi", 2, &message),
		    ERR_OK);
		assert_int_equal(message.size, least[step] + 2);
		for (size = 0; size < message.size; size++) {
			struct noise_handshake r = *reader_at(&p, step);

			assert_int_equal(
			    noise_read(&r, message.data, size, &payload),
			    size < least[step] ? ERR_FORMAT : ERR_AUTH);
			assert_int_equal(payload.size, 0);
			expect_dead(&r);
		}
		buffer_free(&message);
		buffer_free(&payload);
	}
}

static void
test_noise_refuses_longer_than_65535(void **state)
{
	static uint8_t large[NOISE_MESSAGE_MAX + 1];
	struct pair p = begin_pair(NOISE_XK);
	struct noise_cipher send, receive;
	struct buffer out;

	(void)state;
	buffer_init(&out);
	assert_int_equal(
	    noise_write(&p.initiator, large, NOISE_MESSAGE_MAX - 47, &out),
	    ERR_LIMIT);
	assert_int_equal(out.size, 0);
	assert_int_equal(
	    noise_write(&p.initiator, large, NOISE_MESSAGE_MAX - 48, &out),
	    ERR_OK);
	assert_int_equal(out.size, NOISE_MESSAGE_MAX);
	assert_int_equal(
	    noise_read(&p.responder, large, sizeof large, &out), ERR_FORMAT);
	expect_dead(&p.responder);

	split_pair(&send, &receive);
	assert_int_equal(
	    noise_seal(&send, large, NOISE_MESSAGE_MAX - 15, &out), ERR_LIMIT);
	assert_int_equal(
	    noise_open(&receive, large, sizeof large, &out), ERR_LIMIT);
	assert_int_equal(out.size, NOISE_MESSAGE_MAX);
	buffer_free(&out);
}

static void
test_noise_out_of_turn_calls_change_nothing(void **state)
{
	struct pair p = begin_pair(NOISE_XK);
	struct noise_cipher a, b;
	struct buffer out;
	uint8_t zeros[64] = {0};
	unsigned step;

	(void)state;
	buffer_init(&out);
	for (step = 0; step < 3; step++) {
		struct noise_handshake *w = writer_at(&p, step);
		struct noise_handshake *r = reader_at(&p, step);

		assert_int_equal(noise_write(r, "x", 1, &out), ERR_STATE);
		assert_int_equal(
		    noise_read(w, zeros, sizeof zeros, &out), ERR_STATE);
		assert_int_equal(noise_split(w, &a, &b), ERR_STATE);
		assert_int_equal(noise_split(r, &a, &b), ERR_STATE);
		assert_int_equal(out.size, 0);
		advance(&p, step + 1);
	}
	assert_int_equal(noise_write(&p.initiator, "x", 1, &out), ERR_STATE);
	assert_int_equal(noise_write(&p.responder, "x", 1, &out), ERR_STATE);
	assert_int_equal(
	    noise_read(&p.initiator, zeros, sizeof zeros, &out), ERR_STATE);
	assert_int_equal(
	    noise_read(&p.responder, zeros, sizeof zeros, &out), ERR_STATE);
	assert_true(noise_finished(&p.initiator));
	assert_true(noise_finished(&p.responder));
	buffer_free(&out);
}

static void
test_noise_refuses_wrong_responder_key(void **state)
{
	struct noise_keypair other = keypair(9);
	struct pair p = begin_pair(NOISE_XK);

	(void)state;
	begin(&p.initiator, NOISE_XK, true, prologue, sizeof prologue,
	    other.public);
	expect_refused(&p.initiator, &p.responder);
	expect_dead(&p.responder);
}

static void
test_noise_refuses_static_key_without_its_secret(void **state)
{
	struct noise_keypair other = keypair(9);
	struct pair p = begin_pair(NOISE_XK);

	(void)state;
	advance(&p, 2);
	memcpy(p.initiator.s.public, other.public, sizeof other.public);
	expect_refused(&p.initiator, &p.responder);
}

static void
test_noise_refuses_wrong_prologue(void **state)
{
	struct pair p = begin_pair(NOISE_XK);

	(void)state;
	begin(
	    &p.responder, NOISE_XK, false, prologue, sizeof prologue - 1, NULL);
	expect_refused(&p.initiator, &p.responder);
}

static void
test_noise_refuses_other_pattern(void **state)
{
	struct pair p = begin_pair(NOISE_XKPSK3);

	(void)state;
	begin(&p.responder, NOISE_XK, false, prologue, sizeof prologue, NULL);
	expect_refused(&p.initiator, &p.responder);
}

static void
test_noise_refuses_wrong_psk_at_message_3(void **state)
{
	struct pair p = begin_pair(NOISE_XKPSK3);
	uint8_t wrong[NOISE_KEY_BYTES];

	(void)state;
	memcpy(wrong, psk, sizeof wrong);
	wrong[31] ^= 1;
	noise_set_psk(&p.responder, wrong);
	advance(&p, 2);
	expect_refused(&p.initiator, &p.responder);
	expect_dead(&p.responder);
}

static void
test_noise_asks_for_psk_when_due_and_goes_on(void **state)
{
	struct noise_keypair responder = keypair(2);
	struct pair p;
	struct buffer message, payload;

	(void)state;
	buffer_init(&message);
	buffer_init(&payload);
	begin(&p.initiator, NOISE_XKPSK3, true, NULL, 0, responder.public);
	begin(&p.responder, NOISE_XKPSK3, false, NULL, 0, NULL);
	advance(&p, 2);
	assert_int_equal(noise_write(&p.initiator, "", 0, &message), ERR_STATE);
	noise_set_psk(&p.initiator, psk);
	assert_int_equal(noise_write(&p.initiator, "", 0, &message), ERR_OK);
	assert_int_equal(
	    noise_read(&p.responder, message.data, message.size, &payload),
	    ERR_STATE);
	noise_set_psk(&p.responder, psk);
	assert_int_equal(
	    noise_read(&p.responder, message.data, message.size, &payload),
	    ERR_OK);
	assert_true(noise_finished(&p.responder));
	buffer_free(&message);
	buffer_free(&payload);
}

/* Points of small order on Curve25519, and two that reduce to such. */
static const char *const low_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void
test_noise_refuses_low_order_points(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof low_order / sizeof low_order[0]; i++) {
		struct pair p = begin_pair(NOISE_XK);
		uint8_t point[NOISE_KEY_BYTES];
		struct buffer message, payload;

		assert_int_equal(
		    hex_decode(point, sizeof point, low_order[i]), ERR_OK);
		buffer_init(&message);
		buffer_init(&payload);

		/* As the responder's static key. */
		begin(&p.initiator, NOISE_XK, true, NULL, 0, point);
		assert_int_equal(
		    noise_write(&p.initiator, "", 0, &message), ERR_AUTH);
		assert_int_equal(message.size, 0);
		expect_dead(&p.initiator);

		/* As an ephemeral key, in message 1 and in message 2. */
		put_bytes(&message, point, sizeof point);
		put_bytes(&message, low_order[0], NOISE_TAG_BYTES);
		assert_int_equal(noise_read(&p.responder, message.data,
		                     message.size, &payload),
		    ERR_AUTH);
		expect_dead(&p.responder);
		p = begin_pair(NOISE_XK);
		advance(&p, 1);
		assert_int_equal(noise_read(&p.initiator, message.data,
		                     message.size, &payload),
		    ERR_AUTH);
		expect_dead(&p.initiator);
		buffer_free(&message);
		buffer_free(&payload);
	}
}

/* The initiator's static key is a low-order point, lawfully sealed. */
static void
test_noise_refuses_low_order_static_in_message_3(void **state)
{
	struct pair p = begin_pair(NOISE_XK);

	(void)state;
	advance(&p, 2);
	memset(p.initiator.s.public, 0, sizeof p.initiator.s.public);
	expect_refused(&p.initiator, &p.responder);
	expect_dead(&p.responder);
}

static void
test_noise_wiped_handshake_is_dead(void **state)
{
	struct pair p = begin_pair(NOISE_XK);

	(void)state;
	advance(&p, 3);
	noise_wipe(&p.initiator);
	expect_dead(&p.initiator);
}

static void
test_noise_without_memory_changes_nothing(void **state)
{
	struct pair p = begin_pair(NOISE_XK);
	struct pair before = p;
	struct noise_cipher send, receive, copy;
	struct buffer full, message;

	(void)state;
	buffer_init(&full);
	buffer_init(&message);
	full.failed = true;
	assert_int_equal(noise_write(&p.initiator, "", 0, &full), ERR_NOMEM);
	assert_memory_equal(
	    &p.initiator, &before.initiator, sizeof before.initiator);
	assert_int_equal(noise_write(&p.initiator, "", 0, &message), ERR_OK);
	assert_int_equal(
	    noise_read(&p.responder, message.data, message.size, &full),
	    ERR_NOMEM);
	assert_memory_equal(
	    &p.responder, &before.responder, sizeof before.responder);

	split_pair(&send, &receive);
	copy = send;
	assert_int_equal(noise_seal(&send, "x", 1, &full), ERR_NOMEM);
	assert_memory_equal(&send, &copy, sizeof copy);
	assert_int_equal(
	    noise_open(&receive, message.data, message.size, &full), ERR_NOMEM);
	buffer_free(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_noise_both_ends_learn_keys_and_hash),
	    cmocka_unit_test(test_noise_refuses_each_altered_byte),
	    cmocka_unit_test(test_noise_refuses_each_shorter_message),
	    cmocka_unit_test(test_noise_refuses_longer_than_65535),
	    cmocka_unit_test(test_noise_out_of_turn_calls_change_nothing),
	    cmocka_unit_test(test_noise_refuses_wrong_responder_key),
	    cmocka_unit_test(test_noise_refuses_static_key_without_its_secret),
	    cmocka_unit_test(test_noise_refuses_wrong_prologue),
	    cmocka_unit_test(test_noise_refuses_other_pattern),
	    cmocka_unit_test(test_noise_refuses_wrong_psk_at_message_3),
	    cmocka_unit_test(test_noise_asks_for_psk_when_due_and_goes_on),
	    cmocka_unit_test(test_noise_refuses_low_order_points),
	    cmocka_unit_test(test_noise_refuses_low_order_static_in_message_3),
	    cmocka_unit_test(test_noise_wiped_handshake_is_dead),
	    cmocka_unit_test(test_noise_without_memory_changes_nothing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
