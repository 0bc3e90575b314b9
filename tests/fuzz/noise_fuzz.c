/* noise: handshakes that somebody on the way alters. The same bytes give the
 * same keys at both ends; any other bytes end the handshake, for good.
 *
 * First byte: bit 0: with an invite's key, bits 1-2: which message is
 * touched (3: none), bit 3: it is replaced. Then what is done to it.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/noise.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"

static struct noise_handshake ends[2];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return sodium_init() < 0;
}

static void
begin(bool with_psk)
{
	static const uint8_t psk[NOISE_KEY_BYTES] = {7};
	uint8_t ephemeral[NOISE_KEY_BYTES];
	struct noise_keypair keys[2];
	int i;

	for (i = 0; i < 2; i++) {
		memset(keys[i].secret, 0x21 + i, sizeof keys[i].secret);
		noise_keypair_derive(&keys[i]);
	}
	for (i = 0; i < 2; i++) {
		memset(ephemeral, 0x31 + i, sizeof ephemeral);
		noise_init(&ends[i], with_psk ? NOISE_XKPSK3 : NOISE_XK, i == 0,
		    "prologue", 8, &keys[i], ephemeral,
		    i == 0 ? keys[1].public : NULL);
		if (with_psk)
			noise_set_psk(&ends[i], psk);
	}
}

/* Somebody's hand on a message. */
static void
touch(struct buffer *m, const uint8_t *how, size_t size, bool replace)
{
	size_t i;

	if (replace) {
		buffer_clear(m);
		put_bytes(m, how, size);
		return;
	}
	for (i = 0; i + 2 < size; i += 3)
		m->data[load_u16(how + i) % m->size] ^= how[i + 2];
	if (size % 3 == 1)
		m->size -= how[size - 1] % m->size;
}

/* Both hold the same keys, and what one seals the other opens. */
static void
expect_agreement(void)
{
	struct noise_cipher send, receive, unused[2];
	struct buffer sealed = {0}, plain = {0};

	expect(noise_finished(&ends[0]) && noise_finished(&ends[1]));
	expect(noise_split(&ends[0], &send, &unused[0]) == ERR_OK);
	expect(noise_split(&ends[1], &unused[1], &receive) == ERR_OK);
	expect(noise_seal(&send, "plain", 5, &sealed) == ERR_OK);
	expect(
	    noise_open(&receive, sealed.data, sealed.size, &plain) == ERR_OK);
	expect(plain.size == 5 && memcmp(plain.data, "plain", 5) == 0);
	buffer_free(&sealed);
	buffer_free(&plain);
}

/* Dead for every later call. */
static void
expect_dead(struct noise_handshake *h)
{
	struct noise_cipher a, b;
	struct buffer out = {0};

	expect(noise_write(h, NULL, 0, &out) != ERR_OK);
	expect(noise_read(h, "x", 1, &out) != ERR_OK);
	expect(noise_split(h, &a, &b) != ERR_OK);
	expect(out.size == 0);
	buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer sent = {0}, message = {0}, payload = {0};
	size_t step, touched;
	bool is_same = true;

	if (size < 1)
		return 0;
	begin((data[0] & 1) != 0);
	touched = data[0] >> 1 & 3;
	for (step = 0; step < 3 && is_same; step++) {
		enum err e;

		buffer_clear(&sent);
		buffer_clear(&message);
		buffer_clear(&payload);
		expect(noise_write(&ends[step % 2], "hello", step, &sent) ==
		       ERR_OK);
		put_bytes(&message, sent.data, sent.size);
		if (step == touched)
			touch(&message, data + 1, size - 1, (data[0] & 8) != 0);
		is_same = message.size == sent.size &&
		          memcmp(message.data, sent.data, sent.size) == 0;
		e = noise_read(
		    &ends[1 - step % 2], message.data, message.size, &payload);
		expect((e == ERR_OK) == is_same);
		expect(payload.size == (is_same ? step : 0));
	}
	if (is_same)
		expect_agreement();
	else
		expect_dead(&ends[step % 2]);
	buffer_free(&sent);
	buffer_free(&message);
	buffer_free(&payload);
	noise_wipe(&ends[0]);
	noise_wipe(&ends[1]);
	return 0;
}
