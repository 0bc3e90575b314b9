/* hello: what each side says of itself first, in as few bytes as it takes
 * (docs/protocol.md, 8.1). */

#include <string.h>

#include "sync/message.h"

enum {
	VERSION_MAX = 15, /* half a byte */
	FLAG_ROLE = 3,    /* bits 0 and 1 */
	FLAG_SUSPECT = 4, /* the sender does not believe its clock */
	FLAG_LIVES = 8,   /* what only an initiator tells follows */
	FLAGS = FLAG_ROLE | FLAG_SUSPECT | FLAG_LIVES,
};

/* A clock before 1970 or after 2106 is wrong, whatever it says. */
static uint32_t
short_time(int64_t seconds)
{
	if (seconds < 0)
		return 0;
	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static void
put_lives(struct buffer *out, const struct hello *h)
{
	size_t i, c;

	put_varint(out, h->slips_left);
	put_u32(out, h->held_digest);
	put_varint(out, h->life_count);
	for (i = 0; i < h->life_count; i++) {
		put_bytes(out, h->lives[i].nonce, LIFE_NONCE_BYTES);
		for (c = 0; c < CLASSES; c++)
			put_varint(out, h->lives[i].seq[c]);
		put_u8(out, h->lives[i].is_forked);
	}
}

enum err
hello_create(const struct hello *h, struct buffer *out)
{
	size_t i;

	if (h->life_count > HELLO_LIVES_MAX ||
	    h->dictionary_count > HELLO_DICTIONARIES_MAX ||
	    h->version_max > VERSION_MAX || h->version_min > h->version_max ||
	    h->role > FLAG_ROLE)
		return ERR_LIMIT;
	put_u8(out, (uint8_t)(h->version_min << 4 | h->version_max));
	put_u8(out, (uint8_t)(h->role | (h->clock != 0 ? FLAG_SUSPECT : 0) |
	                      (h->life_count > 0 ? FLAG_LIVES : 0)));
	put_u32(out, short_time(h->now));
	put_varint(out, h->list_epoch);
	put_u32(out, h->cursors_digest);
	put_u8(out, (uint8_t)h->dictionary_count);
	for (i = 0; i < h->dictionary_count; i++)
		put_u32(out, h->dictionaries[i]);
	if (h->life_count > 0)
		put_lives(out, h);
	if (h->down_bound > 0)
		put_varint(out, h->down_bound);
	return buffer_state(out);
}

static void
take_dictionaries(struct reader *r, struct hello *h)
{
	size_t count = read_u8(r), i;

	if (count > HELLO_DICTIONARIES_MAX)
		r->failed = true;
	for (i = 0; !r->failed && i < count; i++)
		h->dictionaries[i] = read_u32(r);
	h->dictionary_count = r->failed ? 0 : count;
}

/* No bound is told by saying nothing. */
static void
take_bound(struct reader *r, struct hello *h)
{
	if (r->failed || reader_left(r) == 0)
		return;
	h->down_bound = read_varint(r);
	if (h->down_bound == 0)
		r->failed = true;
}

static void
take_lives(struct reader *r, struct hello *h)
{
	uint64_t count;
	size_t i, c;

	h->slips_left = read_varint(r);
	h->held_digest = read_u32(r);
	count = read_varint(r);
	if (count == 0 || count > HELLO_LIVES_MAX)
		r->failed = true;
	for (i = 0; !r->failed && i < count; i++) {
		read_copy(r, h->lives[i].nonce, LIFE_NONCE_BYTES);
		for (c = 0; c < CLASSES; c++)
			h->lives[i].seq[c] = read_varint(r);
		h->lives[i].is_forked = read_u8(r);
		if (h->lives[i].is_forked > 1)
			r->failed = true;
	}
	h->life_count = r->failed ? 0 : (size_t)count;
}

enum err
hello_consume(const struct bytes *body, struct hello *out)
{
	struct reader r;
	struct hello h;
	uint8_t versions, flags;
	uint64_t epoch;

	memset(&h, 0, sizeof h);
	reader_init(&r, body->data, body->size);
	versions = read_u8(&r);
	flags = read_u8(&r);
	h.version_min = versions >> 4;
	h.version_max = versions & VERSION_MAX;
	h.role = flags & FLAG_ROLE;
	h.clock = (flags & FLAG_SUSPECT) != 0;
	h.now = read_u32(&r);
	epoch = read_varint(&r);
	h.list_epoch = (uint32_t)epoch;
	h.cursors_digest = read_u32(&r);
	take_dictionaries(&r, &h);
	if ((flags & FLAG_LIVES) != 0)
		take_lives(&r, &h);
	take_bound(&r, &h);
	if (r.failed || r.at != r.end || epoch > UINT32_MAX ||
	    h.version_min > h.version_max || (flags & ~FLAGS) != 0)
		return ERR_FORMAT;
	*out = h;
	return ERR_OK;
}
