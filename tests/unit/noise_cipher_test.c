/* noise: what a finished handshake seals and opens, and when it rekeys. */

#include <sodium.h>

#include "tests/unit/noise_pair.h"

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
