/* session_handshake: from the first byte to two ciphers. */

#include <string.h>

#include <sodium.h>

#include "sync/session_state.h"

static void
put_preface(struct session *s, enum preface_mode mode)
{
	const uint8_t preface[PREFACE_BYTES] = {
	    'Y', 'Z', PROTOCOL_VERSION, SUITE_NOISE_25519, (uint8_t)mode};

	put_bytes(&s->out, preface, sizeof preface);
}

/* Both ends must agree on what was said in clear and on the group. */
static void
init_noise(struct session *s, enum preface_mode mode, bool is_initiator,
    const uint8_t *remote)
{
	uint8_t prologue[PREFACE_BYTES + GROUP_ID_BYTES] = {
	    'Y', 'Z', PROTOCOL_VERSION, SUITE_NOISE_25519, (uint8_t)mode};

	memcpy(prologue + PREFACE_BYTES, s->o.group, GROUP_ID_BYTES);
	s->mode = mode;
	noise_init(&s->noise, mode == MODE_JOIN ? NOISE_XKPSK3 : NOISE_XK,
	    is_initiator, prologue, sizeof prologue, &s->o.transport,
	    s->o.ephemeral_secret, remote);
	sodium_memzero(s->o.ephemeral_secret, sizeof s->o.ephemeral_secret);
}

static enum err
write_message(struct session *s, const void *payload, size_t size)
{
	struct buffer message = {0};
	enum err e = noise_write(&s->noise, payload, size, &message);

	if (e == ERR_OK)
		e = frame_write_clear(&s->out, message.data, message.size);
	buffer_free(&message);
	if (e == ERR_OK)
		time_step(s);
	return e;
}

enum err
handshake_start(struct session *s)
{
	switch (s->o.purpose) {
	case SESSION_ANSWER:
		s->state = STATE_PREFACE;
		return ERR_OK;
	case SESSION_JOIN:
		s->state = STATE_CHAIN;
		put_preface(s, MODE_CHAIN);
		return buffer_state(&s->out);
	case SESSION_SYNC:
		s->state = STATE_MESSAGE_2;
		s->peer = s->o.parent;
		s->has_peer = true;
		memcpy(s->peer_key, s->o.parent_key, KEY_BYTES);
		put_preface(s, MODE_SYNC);
		init_noise(s, MODE_SYNC, true, s->o.parent_key);
		return write_message(s, NULL, 0);
	}
	return ERR_USAGE;
}

static enum err
split(struct session *s)
{
	struct noise_cipher receive;
	enum err e = noise_split(&s->noise, &s->send_cipher, &receive);

	if (e == ERR_OK) {
		frame_reader_set_cipher(&s->reader, &receive);
		s->is_sealed = true;
	}
	noise_cipher_wipe(&receive);
	noise_wipe(&s->noise);
	return e;
}

/* --- responder --------------------------------------------------------- */

static enum err
answer_chain(struct session *s)
{
	struct buffer chain = {0};
	enum err e =
	    chain_create(s->o.root_key, s->o.chain, s->o.chain_count, &chain);

	if (e == ERR_OK)
		e = frame_write_clear(&s->out, chain.data, chain.size);
	buffer_free(&chain);
	return e;
}

/* The five bytes before each request in clear. ERR_MORE: not all there. */
enum err
handshake_preface(struct session *s)
{
	uint8_t p[PREFACE_BYTES];

	if (s->inbox.size < PREFACE_BYTES)
		return ERR_MORE;
	memcpy(p, s->inbox.data, sizeof p);
	buffer_drop(&s->inbox, PREFACE_BYTES);
	if (p[0] != 'Y' || p[1] != 'Z')
		return ERR_FORMAT;
	if (p[2] != PROTOCOL_VERSION || p[3] != SUITE_NOISE_25519)
		return ERR_VERSION;
	switch (p[4]) {
	case MODE_CHAIN:
		if (s->told_chain)
			return ERR_FORMAT;
		s->told_chain = true;
		return answer_chain(s); /* and the next preface may come */
	case MODE_SYNC:
	case MODE_JOIN:
		init_noise(s, (enum preface_mode)p[4], false, NULL);
		session_enter(s, STATE_MESSAGE_1);
		return ERR_OK;
	default:
		return ERR_FORMAT;
	}
}

static enum err
consume_message_1(struct session *s, const struct bytes *message)
{
	struct buffer payload = {0};
	enum err e =
	    noise_read(&s->noise, message->data, message->size, &payload);

	if (e == ERR_OK && s->mode == MODE_JOIN) {
		if (payload.size != 2) {
			e = ERR_FORMAT;
		} else {
			session_enter(s, STATE_INVITE);
			session_emit(s, EVENT_INVITE)->invite =
			    load_u16(payload.data);
			s->waits_for_answer = true;
		}
	} else if (e == ERR_OK) {
		buffer_clear(&payload);
		if (s->o.wants_rows) /* before anything is packed */
			send_rows(s, &payload);
		e = buffer_state(&payload);
		if (e == ERR_OK)
			e = write_message(s, payload.data, payload.size);
		session_enter(s, STATE_MESSAGE_3);
	}
	buffer_free(&payload);
	return e;
}

enum err
handshake_resume(struct session *s, const uint8_t psk[KEY_BYTES])
{
	noise_set_psk(&s->noise, psk);
	session_enter(s, STATE_MESSAGE_3);
	return write_message(s, NULL, 0);
}

static enum err
begin_join(struct session *s)
{
	struct session_event *ev;
	struct reader r;
	struct message m;
	enum err e;

	reader_init(&r, s->first.data, s->first.size);
	e = message_next(&r, &m);
	if (e != ERR_OK || m.type != MESSAGE_JOIN || reader_left(&r) != 0)
		return ERR_FORMAT;
	e = join_consume(&m.body, &s->request);
	if (e == ERR_OK)
		e = join_check(&s->request, s->peer_key, s->o.group);
	if (e != ERR_OK)
		return e;
	session_enter(s, STATE_WELCOME);
	ev = session_emit(s, EVENT_JOIN);
	ev->request = &s->request;
	ev->key = s->peer_key;
	s->waits_for_answer = true;
	return ERR_OK;
}

/* Who is it? An unknown peer is told, in the sealed session. A withdrawn one
 * is heard out: what its users saved is not to be lost with it. */
static enum err
admit_peer(struct session *s)
{
	enum err e =
	    s->o.source.peer(s->o.source.context, s->peer_key, &s->peer);

	if (e == ERR_NOT_FOUND)
		session_abort(s, ERR_NOT_ENROLLED, REASON_NOT_ENROLLED);
	else if (e == ERR_NOT_ALLOWED)
		s->peer_is_withdrawn = true;
	else if (e != ERR_OK)
		session_abort(s, e, REASON_STORAGE);
	s->has_peer = e == ERR_OK || s->peer_is_withdrawn;
	return s->has_peer ? ERR_OK : e;
}

static enum err
consume_message_3(struct session *s, const struct bytes *message)
{
	enum err e =
	    noise_read(&s->noise, message->data, message->size, &s->first);

	if (e != ERR_OK)
		return e;
	time_step_answered(s);
	memcpy(s->peer_key, s->noise.rs, KEY_BYTES);
	e = split(s);
	if (e != ERR_OK)
		return e;
	if (s->mode == MODE_JOIN)
		return begin_join(s);
	if (admit_peer(s) != ERR_OK)
		return ERR_OK; /* it was told; the session is over */
	session_enter(s, STATE_OPEN);
	reader_init(&s->frame, s->first.data, s->first.size);
	s->in_frame = true;
	s->holds_first = true;
	return send_open(s);
}

/* --- initiator --------------------------------------------------------- */

/* Who joins knows only the root's hash; the chain must fit it. */
static enum err
consume_chain(struct session *s, const struct bytes *message)
{
	struct cert chain[CERT_CHAIN_MAX];
	uint8_t root[KEY_BYTES], hash[INVITE_ROOT_HASH_BYTES];
	uint8_t psk[KEY_BYTES], number[2];
	size_t count;
	enum err e =
	    chain_consume(message->data, message->size, root, chain, &count);

	if (e != ERR_OK)
		return e;
	invite_root_hash(hash, root);
	if (sodium_memcmp(hash, s->o.invite.root_hash, sizeof hash) != 0)
		return ERR_AUTH;
	e = cert_chain_verify(chain, count, root);
	if (e != ERR_OK)
		return e;
	/* Another clinic could play the parent, and search the secret in
	 * what we would tell it. */
	if (chain[0].role != ROLE_HUB && chain[0].role != ROLE_RELAY)
		return ERR_AUTH;
	group_id_of(s->o.group, root);
	memcpy(s->o.root_key, root, KEY_BYTES);
	s->peer = chain[0];
	s->has_peer = true;
	memcpy(s->peer_key, chain[0].transport_key, KEY_BYTES);
	put_preface(s, MODE_JOIN);
	init_noise(s, MODE_JOIN, true, s->peer_key);
	invite_psk(psk, &s->o.invite, s->o.group);
	noise_set_psk(&s->noise, psk);
	sodium_memzero(psk, sizeof psk);
	store_u16(number, s->o.invite.number);
	session_enter(s, STATE_MESSAGE_2);
	return write_message(s, number, sizeof number);
}

static enum err
send_join(struct session *s)
{
	struct buffer body = {0}, plain = {0};
	enum err e;

	join_prove(&s->o.request, s->o.signing_secret, s->o.transport.public,
	    s->o.group);
	e = join_create(&s->o.request, &body);
	if (e == ERR_OK) {
		message_put(&plain, MESSAGE_JOIN, body.data, body.size);
		e = buffer_state(&plain);
	}
	if (e == ERR_OK)
		e = write_message(s, plain.data, plain.size);
	buffer_free(&body);
	buffer_free(&plain);
	session_enter(s, STATE_WELCOME);
	return e;
}

/* Message 3 carries the hello and the changes, if all fit, or the urgent ones:
 * nothing replayable was sent before, and no round trip is spent on greetings.
 */
static enum err
send_first_flight(struct session *s)
{
	struct buffer plain = {0};
	enum err e = send_open(s);

	if (e == ERR_OK)
		e = first_fill_message_3(s, &plain);
	if (e == ERR_OK)
		e = write_message(s, plain.data, plain.size);
	buffer_wipe(&plain);
	session_enter(s, STATE_OPEN);
	return e;
}

/* Nobody has said yet who he is: what is told here is for anybody. */
static enum err
consume_payload_2(struct session *s, const struct buffer *payload)
{
	struct reader r;
	struct message m;
	enum err e;

	reader_init(&r, payload->data, payload->size);
	while ((e = message_next(&r, &m)) == ERR_OK) {
		e = m.type == MESSAGE_ROWS ? pack_consume_rows(s, &m.body)
		                           : ERR_FORMAT;
		if (e != ERR_OK)
			return e;
	}
	return e == ERR_END ? ERR_OK : e;
}

static enum err
consume_message_2(struct session *s, const struct bytes *message)
{
	struct buffer payload = {0};
	enum err e =
	    noise_read(&s->noise, message->data, message->size, &payload);

	if (e == ERR_OK)
		e = consume_payload_2(s, &payload);
	buffer_free(&payload);
	if (e != ERR_OK)
		return e;
	time_step_answered(s);
	e = s->mode == MODE_JOIN ? send_join(s) : send_first_flight(s);
	return e == ERR_OK ? split(s) : e;
}

/* --- both -------------------------------------------------------------- */

/* What anybody on the way could say may end a session, and no more: what
 * leads to further steps is believed in a sealed session only. */
static enum reason
reason_in_clear(uint8_t said)
{
	switch ((enum reason)said) {
	case REASON_VERSION:
	case REASON_FORMAT:
	case REASON_LIMIT:
	case REASON_STORAGE:
	case REASON_INVITE:
	case REASON_BUSY:
	case REASON_SHUTDOWN:
	case REASON_TIMEOUT:
		return (enum reason)said;
	default:
		return REASON_NONE;
	}
}

/* What our last message met: it came too late, or, where we join, it did not
 * open, since the invite's secret is another. */
static enum reason
reason_after_message_3(const struct session *s, uint8_t said)
{
	enum reason r = reason_in_clear(said);

	if (s->o.purpose == SESSION_JOIN &&
	    (r == REASON_NONE || r == REASON_FORMAT || r == REASON_LIMIT))
		return REASON_INVITE;
	return r;
}

enum err
handshake_refused(struct session *s)
{
	uint8_t said[2];
	enum reason reason;
	enum err e;

	if (s->o.purpose == SESSION_ANSWER || s->heard_sealed)
		return ERR_NOT_FOUND;
	e = frame_reader_clear(&s->reader, said);
	if (e != ERR_OK)
		return e;
	if (said[0] != CLEAR_ERROR)
		return ERR_NOT_FOUND;
	reason = reason_after_message_3(s, said[1]);
	session_fail(s, session_error(reason), reason, true);
	return ERR_OK;
}

enum err
handshake_frame(struct session *s, const struct bytes *payload)
{
	/* A hint in clear, not proven to come from the peer. */
	if (s->o.purpose != SESSION_ANSWER && payload->size == 2 &&
	    payload->data[0] == CLEAR_ERROR) {
		enum reason reason = reason_in_clear(payload->data[1]);

		session_fail(s, session_error(reason), reason, true);
		return ERR_OK;
	}
	switch (s->state) {
	case STATE_CHAIN:
		return consume_chain(s, payload);
	case STATE_MESSAGE_1:
		return consume_message_1(s, payload);
	case STATE_MESSAGE_2:
		return consume_message_2(s, payload);
	case STATE_MESSAGE_3:
		return consume_message_3(s, payload);
	default:
		return ERR_FORMAT;
	}
}
