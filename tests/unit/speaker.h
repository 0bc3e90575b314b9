/* speaker: a peer that holds its keys and says whatever it likes. */

#ifndef YIZHAN_TESTS_UNIT_SPEAKER_H
#define YIZHAN_TESTS_UNIT_SPEAKER_H

#include "sync/frame.h"
#include "tests/unit/memory_source.h"

struct speaker {
	struct noise_handshake noise;
	struct noise_cipher send;
	struct frame_reader reader;
	struct buffer heard; /* all plaintext of the session, frames joined */
	uint64_t now_ms;
};

static inline void
speaker_free(struct speaker *sp)
{
	frame_reader_wipe(&sp->reader);
	buffer_free(&sp->heard);
}

static inline void
speaker_init(struct speaker *sp, const struct memory_node *self,
    bool is_initiator, const uint8_t *remote)
{
	const uint8_t prologue[5 + GROUP_ID_BYTES] = {
	    'Y', 'Z', PROTOCOL_VERSION, SUITE_NOISE_25519, 0};
	const uint8_t ephemeral[32] = {9};

	memset(sp, 0, sizeof *sp);
	frame_reader_init(&sp->reader);
	noise_init(&sp->noise, NOISE_XK, is_initiator, prologue,
	    sizeof prologue, &self->transport, ephemeral, remote);
}

static inline void
speaker_give(struct speaker *sp, struct session *s, const struct buffer *b)
{
	(void)session_receive(s, b->data, b->size, sp->now_ms);
}

/* What the session has to say, into the reader. */
static inline void
speaker_collect(struct speaker *sp, struct session *s)
{
	const uint8_t *out;
	size_t n;

	while ((n = session_output(s, &out)) > 0) {
		if (n > FRAME_PAYLOAD_MAX)
			n = FRAME_PAYLOAD_MAX;
		if (frame_reader_feed(&sp->reader, out, n) != ERR_OK)
			return;
		session_sent(s, n, sp->now_ms);
		if (!sp->reader.sealed)
			return; /* one frame at a time */
		for (;;) {
			struct bytes plain;

			if (frame_reader_next(&sp->reader, &plain) != ERR_OK)
				break;
			put_bytes(&sp->heard, plain.data, plain.size);
		}
	}
}

static inline void
speaker_split(struct speaker *sp)
{
	struct noise_cipher receive;

	memory_must(noise_split(&sp->noise, &sp->send, &receive) == ERR_OK);
	frame_reader_set_cipher(&sp->reader, &receive);
}

static inline void
speaker_write(struct speaker *sp, struct session *s, const void *payload,
    size_t size, const void *before, size_t before_bytes)
{
	struct buffer message = {0}, wire = {0};

	memory_must(noise_write(&sp->noise, payload, size, &message) == ERR_OK);
	put_bytes(&wire, before, before_bytes);
	memory_must(
	    frame_write_clear(&wire, message.data, message.size) == ERR_OK);
	speaker_give(sp, s, &wire);
	buffer_free(&message);
	buffer_free(&wire);
}

/* The session's next frame of the handshake. */
static inline void
speaker_read(struct speaker *sp, struct session *s, struct buffer *payload)
{
	struct bytes frame;

	speaker_collect(sp, s);
	memory_must(frame_reader_next(&sp->reader, &frame) == ERR_OK);
	memory_must(
	    noise_read(&sp->noise, frame.data, frame.size, payload) == ERR_OK);
}

/** Open a session with a responder; first: payload of message 3. */
static inline void
speaker_call(struct speaker *sp, const struct memory_node *self,
    const struct memory_node *to, struct session *s, const void *first,
    size_t first_bytes)
{
	const uint8_t preface[5] = {
	    'Y', 'Z', PROTOCOL_VERSION, SUITE_NOISE_25519, 0};
	struct buffer payload = {0};

	speaker_init(sp, self, true, to->transport.public);
	speaker_write(sp, s, NULL, 0, preface, sizeof preface);
	speaker_read(sp, s, &payload);
	speaker_write(sp, s, first, first_bytes, NULL, 0);
	speaker_split(sp);
	buffer_free(&payload);
}

/** Answer an initiator; what it said in message 3 is heard. */
static inline void
speaker_answer(
    struct speaker *sp, const struct memory_node *self, struct session *s)
{
	const uint8_t *out;
	struct buffer payload = {0};
	size_t n;

	speaker_init(sp, self, false, NULL);
	n = session_output(s, &out);
	memory_must(n > 5);
	memory_must(frame_reader_feed(&sp->reader, out + 5, n - 5) == ERR_OK);
	session_sent(s, n, sp->now_ms);
	speaker_read(sp, s, &payload);
	speaker_write(sp, s, NULL, 0, NULL, 0);
	speaker_read(sp, s, &sp->heard);
	speaker_split(sp);
	buffer_free(&payload);
}

/** Seal a plaintext of any size into frames and give them. */
static inline void
speaker_say(
    struct speaker *sp, struct session *s, const void *plain, size_t size)
{
	const uint8_t *at = plain;

	do {
		size_t n = size > FRAME_PAYLOAD_MAX ? FRAME_PAYLOAD_MAX : size;
		struct buffer wire = {0};

		memory_must(
		    frame_write_sealed(&wire, &sp->send, at, n) == ERR_OK);
		speaker_give(sp, s, &wire);
		buffer_free(&wire);
		at = n == 0 ? at : at + n;
		size -= n;
	} while (size > 0);
}

static inline void
speaker_message(struct speaker *sp, struct session *s, enum message_type type,
    const struct buffer *body)
{
	struct buffer plain = {0};

	message_put(&plain, type, body->data, body->size);
	speaker_say(sp, s, plain.data, plain.size);
	buffer_free(&plain);
}

/** Whether a message of this type was heard; the last body. */
static inline bool
speaker_heard(
    const struct speaker *sp, enum message_type type, struct bytes *body)
{
	struct reader r;
	struct message m;
	bool found = false;

	reader_init(&r, sp->heard.data, sp->heard.size);
	while (message_next(&r, &m) == ERR_OK)
		if (m.type == type) {
			found = true;
			if (body != NULL)
				*body = m.body;
		}
	return found;
}

#endif
