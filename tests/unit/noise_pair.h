/* noise_pair: both ends of a handshake, with keys that only tests know. */

#ifndef YIZHAN_TESTS_UNIT_NOISE_PAIR_H
#define YIZHAN_TESTS_UNIT_NOISE_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sync/noise.h"

struct pair {
	struct noise_handshake initiator, responder;
};

static const char prologue[] = "a prologue";
static const uint8_t psk[NOISE_KEY_BYTES] = {0x70, 0x73, 0x6b};

static inline struct noise_keypair
keypair(uint8_t seed)
{
	struct noise_keypair k;

	memset(k.secret, seed, sizeof k.secret);
	noise_keypair_derive(&k);
	return k;
}

static inline void
begin(struct noise_handshake *h, enum noise_pattern pattern, bool is_initiator,
    const void *said_before, size_t size, const uint8_t *remote)
{
	struct noise_keypair own = keypair(is_initiator ? 1 : 2);
	uint8_t ephemeral[NOISE_KEY_BYTES];

	memset(ephemeral, is_initiator ? 3 : 4, sizeof ephemeral);
	noise_init(h, pattern, is_initiator, said_before, size, &own, ephemeral,
	    remote);
}

static inline struct pair
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

static inline struct noise_handshake *
writer_at(struct pair *p, unsigned step)
{
	return step % 2 == 0 ? &p->initiator : &p->responder;
}

static inline struct noise_handshake *
reader_at(struct pair *p, unsigned step)
{
	return step % 2 == 0 ? &p->responder : &p->initiator;
}

/* Pass whole messages until `step` messages are behind both. */
static inline void
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

static inline void
split_pair(struct noise_cipher *send, struct noise_cipher *receive)
{
	struct pair p = begin_pair(NOISE_XK);
	struct noise_cipher unused;

	advance(&p, 3);
	assert_int_equal(noise_split(&p.initiator, send, &unused), ERR_OK);
	assert_int_equal(noise_split(&p.responder, &unused, receive), ERR_OK);
}

#endif
