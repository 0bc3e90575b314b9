/* session_first: what a side sends before it has heard the other's hello. It
 * may be in vain, since nobody knows yet where the other stands: so it is kept
 * to one flight (docs/decisions/0022), and hello does not wait for it.
 */

#include "sync/session_state.h"

uint64_t
first_flight_left(const struct session *s)
{
	/* The half: the first samples of the rate are a third too high, since
	 * the kernel took its part, and a batch that is begun goes to its end.
	 */
	uint64_t flight = time_flight(s) / 2;
	uint64_t sent = s->stats.bytes_sent + s->bound.under_way;

	if (s->has_peer_hello)
		return UINT64_MAX;
	/* Message 3 takes all or nothing; and no rate is known of what leaves
	 * at once. */
	if (flight == 0 || s->state != STATE_OPEN) {
		flight = FIRST_FLIGHT_MOST / 2;
		sent = s->bound.under_way;
	}
	return sent < flight ? flight - sent : 0;
}

/* Who waits for it is not to wait for the rest. */
static bool
is_first(const struct message *m)
{
	return (m->type != MESSAGE_DATA && m->type != MESSAGE_DENSE) ||
	       (m->body.data[0] & 3) <= URGENT_CLASS_MAX;
}

enum err
first_fill_message_3(struct session *s, struct buffer *plain)
{
	struct buffer first = {0};
	struct reader r;
	struct message m;
	size_t at = 0;

	(void)send_fill(s, time_first_flight(s), plain);
	if (!send_has_more(s))
		return buffer_state(plain);
	reader_init(&r, plain->data, plain->size);
	while (message_next(&r, &m) == ERR_OK && is_first(&m))
		at = (size_t)(r.at - plain->data);
	put_bytes(&s->aside, plain->data + at, plain->size - at);
	put_bytes(&first, plain->data, at);
	buffer_wipe(plain);
	*plain = first;
	s->pace.times_batch = false; /* it is not in message 3 */
	return plain->failed ? ERR_NOMEM : buffer_state(&s->aside);
}

bool
first_holds(const struct session *s, uint8_t class)
{
	struct reader r;
	struct message m;

	reader_init(&r, s->aside.data, s->aside.size);
	while (message_next(&r, &m) == ERR_OK)
		if ((m.type == MESSAGE_DATA || m.type == MESSAGE_DENSE) &&
		    (m.body.data[0] & 3) == class)
			return true;
	return false;
}

/* What was made for message 3, a frame's worth of it: any piece of a batch's
 * bytes is a message. */
void
first_fill(struct session *s, size_t max, struct buffer *plain)
{
	struct buffer left = {0};
	struct reader r;
	struct message m;

	reader_init(&r, s->aside.data, s->aside.size);
	while (message_next(&r, &m) == ERR_OK) {
		const uint8_t *which = m.body.data;
		size_t n = max - FRAME_SLACK - plain->size;

		if (plain->size + FRAME_SLACK >= max)
			n = 0;
		if (left.size == 0 && m.body.size <= n) {
			message_put(plain, m.type, which, m.body.size);
		} else if (left.size == 0 && n > 1) {
			put_u8(&left, (uint8_t)m.type);
			put_varint(&left, m.body.size - n + 1);
			put_u8(&left, *which);
			put_bytes(&left, which + n, m.body.size - n);
			put_u8(plain, (uint8_t)m.type);
			put_varint(plain, n);
			put_u8(plain, *which & (uint8_t)~DENSE_END);
			put_bytes(plain, which + 1, n - 1);
		} else {
			message_put(&left, m.type, which, m.body.size);
		}
	}
	buffer_wipe(&s->aside);
	s->aside = left;
	if (buffer_state(&s->aside) != ERR_OK)
		session_abort(s, ERR_NOMEM, REASON_STORAGE);
}
