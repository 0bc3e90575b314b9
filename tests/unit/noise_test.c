/* noise: properties that the published vectors do not show. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/noise.h"

/* Both ends of a handshake, with keys that only the test knows. */
struct pair {
	struct noise_handshake initiator, responder;
};

static const char prologue[] = "a prologue";
static const uint8_t psk[NOISE_KEY_BYTES] = {0x70, 0x73, 0x6b};

static struct noise_keypair
keypair(uint8_t seed)
{
	struct noise_keypair k;

	memset(k.secret, seed, sizeof k.secret);
	noise_keypair_derive(&k);
	return k;
}

static void
begin(struct noise_handshake *h, enum noise_pattern pattern, bool is_initiator,
    const void *said_before, size_t size, const uint8_t *remote)
{
	struct noise_keypair own = keypair(is_initiator ? 1 : 2);
	uint8_t ephemeral[NOISE_KEY_BYTES];

	memset(ephemeral, is_initiator ? 3 : 4, sizeof ephemeral);
	noise_init(h, pattern, is_initiator, said_before, size, &own, ephemeral,
	    remote);
}

static struct pair
begin_pair(enum noise_pattern pattern)
{
	struct noise_keypair responder = keypair(2);
	struct pair p;

	begin(&p.initiator, pattern, true, prologue, sizeof prologue,
	    responder.public);
	begin(&p.responder, pattern, false, prologue, sizeof prologue, NULL);
	if (pattern == NOISE_XKPSK3) {
		noise_set_psk(&p.initiator, psk);
		noise_set_psk(&p.responder, psk);
	}
	return p;
}

static struct noise_handshake *
writer_at(struct pair *p, unsigned step)
{
	return step % 2 == 0 ? &p->initiator : &p->responder;
}

static struct noise_handshake *
reader_at(struct pair *p, unsigned step)
{
	return step % 2 == 0 ? &p->responder : &p->initiator;
}

/* Pass whole messages until `step` messages are behind both. */
static void
advance(struct pair *p, unsigned step)
{
	while (p->initiator.step < step) {
		struct noise_handshake *w = writer_at(p, p->initiator.step);
		struct noise_handshake *r = reader_at(p, p->initiator.step);
		struct buffer message, payload;

		buffer_init(&message);
		buffer_init(&payload);
		assert_int_equal(noise_write(w, "hi", 2, &message), ERR_OK);
		assert_int_equal(
		    noise_read(r, message.data, message.size, &payload),
		    ERR_OK);
		assert_int_equal(payload.size, 2);
		assert_memory_equal(payload.data, "hi", 2);
		buffer_free(&message);
		buffer_free(&payload);
	}
}

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
split_pair(struct noise_cipher *send, struct noise_cipher *receive)
{
	struct pair p = begin_pair(NOISE_XK);
	struct noise_cipher unused;

	advance(&p, 3);
	assert_int_equal(noise_split(&p.initiator, send, &unused), ERR_OK);
	assert_int_equal(noise_split(&p.responder, &unused, receive), ERR_OK);
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

static void
test_noise_transport_refuses_each_altered_byte(void **state)
{
	struct noise_cipher send, receive;
	struct buffer sealed, plain;
	size_t i;

	(void)state;
	split_pair(&send, &receive);
	buffer_init(&sealed);
	buffer_init(&plain);
	assert_int_equal(noise_seal(&send, "temperature", 11, &sealed), ERR_OK);
	assert_int_equal(sealed.size, 11 + NOISE_TAG_BYTES);
	for (i = 0; i < sealed.size; i++) {
		struct noise_cipher c = receive;

		sealed.data[i] ^= 0x80;
		assert_int_equal(
		    noise_open(&c, sealed.data, sealed.size, &plain), ERR_AUTH);
		sealed.data[i] ^= 0x80;
		assert_int_equal(
		    noise_open(&c, sealed.data, i, &plain), ERR_AUTH);
		assert_int_equal(plain.size, 0);
	}
	assert_int_equal(
	    noise_open(&receive, sealed.data, sealed.size, &plain), ERR_OK);
	assert_int_equal(plain.size, 11);
	assert_memory_equal(plain.data, "temperature", 11);
	/* The same bytes again are a replay. */
	assert_int_equal(
	    noise_open(&receive, sealed.data, sealed.size, &plain), ERR_AUTH);
	buffer_free(&sealed);
	buffer_free(&plain);
}

static void
test_noise_transport_refuses_swapped_messages(void **state)
{
	struct noise_cipher send, receive;
	struct buffer first, second, plain;

	(void)state;
	split_pair(&send, &receive);
	buffer_init(&first);
	buffer_init(&second);
	buffer_init(&plain);
	assert_int_equal(noise_seal(&send, "1", 1, &first), ERR_OK);
	assert_int_equal(noise_seal(&send, "2", 1, &second), ERR_OK);
	assert_int_equal(
	    noise_open(&receive, second.data, second.size, &plain), ERR_AUTH);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&plain);
}

/* Section 4.2 again, from the primitive alone. */
static void
expected_rekey(uint8_t out[NOISE_KEY_BYTES], const uint8_t *key)
{
	static const uint8_t nonce[12] = {
	    0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t zeros[32] = {0}, sealed[48];

	assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL,
	                     zeros, 32, NULL, 0, NULL, nonce, key),
	    0);
	memcpy(out, sealed, NOISE_KEY_BYTES);
}

static void
test_noise_rekey_follows_section_4_2_and_keeps_nonce(void **state)
{
	struct noise_cipher c, unused;
	uint8_t expected[NOISE_KEY_BYTES];

	(void)state;
	split_pair(&c, &unused);
	c.nonce = 77;
	c.messages = 5;
	c.bytes = 6;
	expected_rekey(expected, c.key);
	noise_rekey(&c);
	assert_memory_equal(c.key, expected, sizeof expected);
	assert_int_equal(c.nonce, 77);
	assert_int_equal(c.messages, 0);
	assert_int_equal(c.bytes, 0);
}

/* Send one message and read it back. */
static void
pass(struct noise_cipher *send, struct noise_cipher *receive, const void *plain,
    size_t size)
{
	struct buffer sealed, opened;

	buffer_init(&sealed);
	buffer_init(&opened);
	assert_int_equal(noise_seal(send, plain, size, &sealed), ERR_OK);
	assert_int_equal(
	    noise_open(receive, sealed.data, sealed.size, &opened), ERR_OK);
	assert_int_equal(opened.size, size);
	if (size > 0)
		assert_memory_equal(opened.data, plain, size);
	buffer_free(&sealed);
	buffer_free(&opened);
}

static void
test_noise_rekeys_after_message_1024_on_both_ends(void **state)
{
	struct noise_cipher send, receive;
	uint8_t key[NOISE_KEY_BYTES], next[NOISE_KEY_BYTES];
	int round, i;

	(void)state;
	split_pair(&send, &receive);
	for (round = 1; round <= 2; round++) {
		memcpy(key, send.key, sizeof key);
		expected_rekey(next, key);
		for (i = 1; i < REKEY_MESSAGES; i++) {
			pass(&send, &receive, "ward", 4);
			assert_memory_equal(send.key, key, sizeof key);
			assert_memory_equal(receive.key, key, sizeof key);
		}
		pass(&send, &receive, "ward", 4); /* number 1,024 */
		assert_memory_equal(send.key, next, sizeof next);
		assert_memory_equal(receive.key, next, sizeof next);
		assert_int_equal(send.nonce, round * REKEY_MESSAGES);
		assert_int_equal(receive.nonce, round * REKEY_MESSAGES);
	}
}

/* The 1,024th message itself is still sealed under the old key. */
static void
test_noise_message_1024_uses_the_old_key(void **state)
{
	struct noise_cipher send, receive;
	uint8_t key[NOISE_KEY_BYTES], nonce[12] = {0}, plain[4];
	struct buffer sealed;

	(void)state;
	split_pair(&send, &receive);
	memcpy(key, send.key, sizeof key);
	send.nonce = send.messages = REKEY_MESSAGES - 1;
	buffer_init(&sealed);
	assert_int_equal(noise_seal(&send, "ward", 4, &sealed), ERR_OK);
	nonce[4] = 0xff; /* 1,023 in little endian */
	nonce[5] = 0x03;
	assert_int_equal(
	    crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL,
	        sealed.data, sealed.size, NULL, 0, nonce, key),
	    0);
	assert_memory_equal(plain, "ward", 4);
	assert_memory_not_equal(send.key, key, sizeof key);
	buffer_free(&sealed);
}

static void
test_noise_rekeys_after_64_mib_on_both_ends(void **state)
{
	static const uint8_t large[FRAME_PAYLOAD_MAX];
	struct noise_cipher send, receive;
	uint8_t key[NOISE_KEY_BYTES];

	(void)state;
	split_pair(&send, &receive);
	memcpy(key, send.key, sizeof key);
	send.bytes = receive.bytes = REKEY_BYTES - sizeof large - 1;
	pass(&send, &receive, large, sizeof large);
	assert_memory_equal(send.key, key, sizeof key);
	pass(&send, &receive, large, 1);
	assert_memory_not_equal(send.key, key, sizeof key);
	assert_memory_equal(send.key, receive.key, sizeof key);
	assert_int_equal(send.bytes, 0);
	assert_int_equal(receive.bytes, 0);
	pass(&send, &receive, large, 0);
}

static void
test_noise_never_uses_the_last_nonce(void **state)
{
	struct noise_cipher send, receive;
	struct buffer out;
	uint8_t zeros[16] = {0};

	(void)state;
	split_pair(&send, &receive);
	send.nonce = receive.nonce = UINT64_MAX - 1;
	pass(&send, &receive, "x", 1);
	buffer_init(&out);
	assert_int_equal(noise_seal(&send, "x", 1, &out), ERR_LIMIT);
	assert_int_equal(
	    noise_open(&receive, zeros, sizeof zeros, &out), ERR_LIMIT);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
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
	    cmocka_unit_test(test_noise_transport_refuses_each_altered_byte),
	    cmocka_unit_test(test_noise_transport_refuses_swapped_messages),
	    cmocka_unit_test(
	        test_noise_rekey_follows_section_4_2_and_keeps_nonce),
	    cmocka_unit_test(test_noise_rekeys_after_message_1024_on_both_ends),
	    cmocka_unit_test(test_noise_message_1024_uses_the_old_key),
	    cmocka_unit_test(test_noise_rekeys_after_64_mib_on_both_ends),
	    cmocka_unit_test(test_noise_never_uses_the_last_nonce),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
