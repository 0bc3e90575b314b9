/* group_receipt: what the group holds of one life's logs, in its long form and
 * in the one that goes to the life's own node (docs/protocol.md, 8.3). */

#include <string.h>

#include <sodium.h>

#include "sync/message.h"

/* A body is whole when nothing failed and nothing is left over. */
static enum err
whole(const struct reader *r)
{
	return r->failed || r->at != r->end ? ERR_FORMAT : ERR_OK;
}

enum err
group_receipt_create(const struct group_receipt *g, struct buffer *out)
{
	uint8_t mask = 0;
	size_t c;

	for (c = 0; c < CLASSES; c++)
		if (g->seq[c] > 0)
			mask |= (uint8_t)(1u << c);
	put_bytes(out, g->life, LIFE_BYTES);
	put_u8(out, mask);
	for (c = 0; c < CLASSES; c++)
		if (g->seq[c] > 0) {
			put_varint(out, g->seq[c]);
			put_bytes(out, g->chain[c], HASH_BYTES);
		}
	put_bytes(out, g->signature, SIGNATURE_BYTES);
	return buffer_state(out);
}

enum err
group_receipt_consume(const struct bytes *body, struct group_receipt *out)
{
	struct group_receipt g;
	struct reader r;
	uint8_t mask;
	size_t c;

	memset(&g, 0, sizeof g);
	reader_init(&r, body->data, body->size);
	read_copy(&r, g.life, LIFE_BYTES);
	mask = read_u8(&r);
	if (mask >> CLASSES != 0)
		return ERR_FORMAT;
	for (c = 0; c < CLASSES; c++)
		if ((mask & (1u << c)) != 0) {
			g.seq[c] = read_varint(&r);
			read_copy(&r, g.chain[c], HASH_BYTES);
			if (g.seq[c] == 0)
				return ERR_FORMAT;
		}
	read_copy(&r, g.signature, SIGNATURE_BYTES);
	if (whole(&r) != ERR_OK)
		return ERR_FORMAT;
	*out = g;
	return ERR_OK;
}

static enum err
group_receipt_message(const struct group_receipt *g, struct buffer *out)
{
	static const char label[] = "yizhan group receipt v1";
	size_t c;

	put_bytes(out, label, sizeof label);
	put_bytes(out, g->life, LIFE_BYTES);
	for (c = 0; c < CLASSES; c++) {
		put_u64(out, g->seq[c]);
		put_bytes(out, g->chain[c], HASH_BYTES);
	}
	return buffer_state(out);
}

void
group_receipt_sign(struct group_receipt *g, const uint8_t secret[64])
{
	struct buffer message = {0};

	memset(g->signature, 0, sizeof g->signature);
	if (group_receipt_message(g, &message) == ERR_OK)
		crypto_sign_ed25519_detached(
		    g->signature, NULL, message.data, message.size, secret);
	buffer_free(&message);
}

enum err
group_receipt_verify(
    const struct group_receipt *g, const uint8_t signing_key[KEY_BYTES])
{
	struct buffer message = {0};
	enum err e = group_receipt_message(g, &message);

	if (e == ERR_OK && crypto_sign_ed25519_verify_detached(g->signature,
	                       message.data, message.size, signing_key) != 0)
		e = ERR_AUTH;
	buffer_free(&message);
	return e;
}

/* --- to the life's own node --------------------------------------------- */

enum err
group_held_create(const struct group_held *h, struct buffer *out)
{
	uint64_t mask = 0;
	size_t c;

	if (h->life >= HELLO_LIVES_MAX)
		return ERR_LIMIT;
	for (c = 0; c < CLASSES; c++)
		if (h->seq[c] > 0)
			mask |= 1u << c;
	put_varint(out, (uint64_t)h->life << CLASSES | mask);
	for (c = 0; c < CLASSES; c++)
		if (h->seq[c] > 0)
			put_varint(out, h->seq[c]);
	put_bytes(out, h->signature, SIGNATURE_BYTES);
	return buffer_state(out);
}

enum err
group_held_consume(const struct bytes *body, struct group_held *out)
{
	struct group_held h;
	struct reader r;
	uint64_t which;
	size_t c;

	memset(&h, 0, sizeof h);
	reader_init(&r, body->data, body->size);
	which = read_varint(&r);
	if (which >> CLASSES >= HELLO_LIVES_MAX)
		return ERR_FORMAT;
	h.life = (size_t)(which >> CLASSES);
	for (c = 0; c < CLASSES; c++)
		if ((which & (1u << c)) != 0) {
			h.seq[c] = read_varint(&r);
			if (h.seq[c] == 0)
				return ERR_FORMAT;
		}
	read_copy(&r, h.signature, SIGNATURE_BYTES);
	if (whole(&r) != ERR_OK)
		return ERR_FORMAT;
	*out = h;
	return ERR_OK;
}
