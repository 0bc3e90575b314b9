/* withdrawn: the revocation list, and the message that carries it. */

#include <string.h>

#include <sodium.h>

#include "sync/withdrawn.h"

static void
put_list(const struct withdrawn *w, struct buffer *out)
{
	put_u32(out, w->epoch);
	put_varint(out, w->count);
	put_bytes(out, w->ids, w->count * NODE_ID_BYTES);
}

enum err
withdrawn_create(const struct withdrawn *w, struct buffer *out)
{
	if (w->count > WITHDRAWN_MAX)
		return ERR_LIMIT;
	put_list(w, out);
	put_bytes(out, w->signature, sizeof w->signature);
	return buffer_state(out);
}

/* In one order only: a list has one encoding. */
static bool
is_rising(const uint8_t *ids, size_t count)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (memcmp(ids + (i - 1) * NODE_ID_BYTES,
		        ids + i * NODE_ID_BYTES, NODE_ID_BYTES) >= 0)
			return false;
	return true;
}

enum err
withdrawn_consume(const struct bytes *body, struct withdrawn *out)
{
	struct reader r;
	const uint8_t *ids, *signature;
	uint32_t epoch;
	uint64_t count;

	reader_init(&r, body->data, body->size);
	epoch = read_u32(&r);
	count = read_varint(&r);
	if (r.failed || epoch == 0 || count == 0)
		return ERR_FORMAT;
	if (count > WITHDRAWN_MAX)
		return ERR_LIMIT;
	ids = read_view(&r, (size_t)count * NODE_ID_BYTES);
	signature = read_view(&r, SIGNATURE_BYTES);
	if (ids == NULL || signature == NULL || reader_left(&r) != 0 ||
	    !is_rising(ids, (size_t)count))
		return ERR_FORMAT;
	memset(out, 0, sizeof *out);
	out->epoch = epoch;
	out->count = (size_t)count;
	memcpy(out->ids, ids, out->count * NODE_ID_BYTES);
	memcpy(out->signature, signature, SIGNATURE_BYTES);
	return ERR_OK;
}

/* Where the id stands, or would stand. */
static size_t
place_of(const struct withdrawn *w, const uint8_t node[NODE_ID_BYTES])
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(w->ids[middle], node, NODE_ID_BYTES) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
withdrawn_has(const struct withdrawn *w, const uint8_t node[NODE_ID_BYTES])
{
	size_t at = place_of(w, node);

	return at < w->count && memcmp(w->ids[at], node, NODE_ID_BYTES) == 0;
}

enum err
withdrawn_add(struct withdrawn *w, const uint8_t node[NODE_ID_BYTES])
{
	size_t at = place_of(w, node);

	if (withdrawn_has(w, node))
		return ERR_EXISTS;
	if (w->count == WITHDRAWN_MAX)
		return ERR_LIMIT;
	memmove(w->ids[at + 1], w->ids[at], (w->count - at) * sizeof w->ids[0]);
	memcpy(w->ids[at], node, NODE_ID_BYTES);
	w->count++;
	return ERR_OK;
}

/* What is signed: the label with its zero, the group, the list. */
static enum err
signed_bytes(const struct withdrawn *w, const uint8_t group[GROUP_ID_BYTES],
    struct buffer *out)
{
	static const char label[] = "yizhan withdrawn list v1";

	put_bytes(out, label, sizeof label);
	put_bytes(out, group, GROUP_ID_BYTES);
	put_list(w, out);
	return buffer_state(out);
}

enum err
withdrawn_sign(struct withdrawn *w, const uint8_t group[GROUP_ID_BYTES],
    const uint8_t secret[64])
{
	struct buffer message = {0};
	enum err e = signed_bytes(w, group, &message);

	if (e == ERR_OK)
		crypto_sign_ed25519_detached(
		    w->signature, NULL, message.data, message.size, secret);
	buffer_free(&message);
	return e;
}

enum err
withdrawn_verify(const struct withdrawn *w, const uint8_t group[GROUP_ID_BYTES],
    const uint8_t signing_key[KEY_BYTES])
{
	struct buffer message = {0};
	enum err e = signed_bytes(w, group, &message);

	if (e == ERR_OK && crypto_sign_ed25519_verify_detached(w->signature,
	                       message.data, message.size, signing_key) != 0)
		e = ERR_AUTH;
	buffer_free(&message);
	return e;
}
