/* unpack: a dense batch made of the input comes back whole; one whose header,
 * facts or bytes are forged, or that is the input itself, is taken within its
 * bounds or refused, and the next honest one is taken again.
 *
 * Input: u8 what is done to the second batch (0 nothing, 1 a forged header and
 * forged facts, coded as they should be, so that they get past the decoder,
 * 2 bytes of the packed form altered, 3 replaced), then what it is made of.
 */

#include <string.h>

#include <sodium.h>

#include "sync/packed_state.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/fuzz.h"

enum { CHANGES_MAX = 24, BODY_MAX = 400, EDITS_MAX = 12, HISTORY_BODY = 40 };

static struct codebook *books;
static struct source source;
static struct known_lives lives; /* 11.. and 22.., as told in hello */
static struct cursor expects;    /* of the list "up" */
static const uint8_t foreign[LIFE_BYTES] = {0x33, 3, 3, 3, 3, 3, 3, 3};

static void
leave(void)
{
	codebook_free(books);
}

/* Of any life 20 changes are held: what is not the sender's own is there as
 * well, and must not be told from what is not. */
static enum err
history(void *context, const struct change_id *last, size_t count,
    size_t bytes_max, struct buffer *out, size_t *got)
{
	size_t i;

	(void)context;
	(void)bytes_max;
	*got = last->seq > 20 ? 0 : count;
	for (i = *got; i > 0; i--) {
		uint8_t body[HISTORY_BODY] = {1, 8, 3, 1, 's'};

		store_u64(body + 8, last->seq - i + 1);
		memcpy(body + 16, last->life, LIFE_BYTES);
		put_string(out, body, sizeof body);
	}
	return buffer_state(out);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (sodium_init() < 0 || codebook_new(&books) != ERR_OK)
		return 1;
	source.history = history;
	lives.count = 2;
	memset(lives.id[0], 0x11, LIFE_BYTES);
	memset(lives.id[1], 0x22, LIFE_BYTES);
	return atexit(leave);
}

static struct cursor
expected(void *context, const struct list_id *list)
{
	(void)context;
	return strcmp(list->name, PACKED_UP) == 0 ? expects
	                                          : (struct cursor){0, 0, 0};
}

/* --- a batch of the input -------------------------------------------------
 */

static void
put_life(uint8_t out[LIFE_BYTES], uint8_t which)
{
	if (which % 4 == 3)
		memcpy(out, foreign, LIFE_BYTES);
	else
		memset(out, 0x11 * (1 + which % 3), LIFE_BYTES);
}

/* Bodies that have the shape of one as often as not. */
static void
put_body(struct batch *b, struct batch_change *c, struct reader *r)
{
	static const uint8_t head[] = {
	    1, 8, 3, 1, 's', 0, 1, 'b', 1, 'o', 2, 4};
	uint8_t how = read_u8(r);
	size_t size = (size_t)read_u8(r) * (how % 8 == 7 ? 40 : 1), i;

	c->body_at = b->bytes.size;
	if (how % 2 == 0) {
		put_bytes(&b->bytes, head, sizeof head);
		put_u8(&b->bytes, 1); /* a field, and text in it */
		put_u8(&b->bytes, 1 + how % 60);
		size %= 64;
		put_u8(&b->bytes, (uint8_t)(0x40 + size));
	}
	for (i = 0; i < size; i++)
		put_u8(&b->bytes, (uint8_t)(how % 3 == 0 ? 'a' + read_u8(r) % 26
		                                         : read_u8(r)));
	c->body_bytes = b->bytes.size - c->body_at;
}

static void
put_change(struct batch *b, struct reader *r)
{
	struct batch_change *c = &b->changes[b->change_count++];
	uint8_t how = read_u8(r);

	memset(c, 0, sizeof *c);
	put_life(c->id.life, how);
	c->id.class = b->list.class;
	c->id.seq = (how & 0x40) != 0 ? read_u64(r) : read_u8(r);
	c->id.seq += c->id.seq == 0;
	c->has_secret = (how & 0x80) != 0;
	if (c->has_secret) {
		c->month = read_u16(r);
		memset(c->secret, how, sizeof c->secret);
	}
	put_body(b, c, r);
}

static uint64_t
last_seq(const struct batch *b, const uint8_t life[LIFE_BYTES])
{
	size_t i;

	for (i = b->change_count; i > 0; i--)
		if (memcmp(b->changes[i - 1].id.life, life, LIFE_BYTES) == 0)
			return b->changes[i - 1].id.seq;
	return 0;
}

static void
put_heads(struct batch *b, uint8_t count)
{
	size_t i;

	for (i = 0; i < count % 4u && i < b->change_count; i++) {
		struct log_head *h = &b->heads[b->head_count++];

		memset(h, 0, sizeof *h);
		memcpy(h->life, b->changes[i].id.life, LIFE_BYTES);
		h->class = b->list.class;
		h->seq = last_seq(b, h->life);
		memset(h->signature, count, sizeof h->signature);
	}
}

static void
make_batch(struct batch *b, struct reader *r)
{
	uint8_t how = read_u8(r), count = read_u8(r);

	batch_clear(b);
	memset(&b->list, 0, sizeof b->list);
	(void)snprintf(b->list.name, sizeof b->list.name, "%s",
	    how % 4 == 0 ? "org:C01" : PACKED_UP);
	b->list.class = 2;
	b->start.epoch = 7;
	b->start.place = read_u16(r);
	b->start.running = read_u64(r);
	while (b->change_count < count % CHANGES_MAX && reader_left(r) > 0)
		put_change(b, r);
	put_heads(b, how >> 4);
	b->end =
	    (struct cursor){7, b->start.place + b->change_count, read_u64(r)};
	expect(buffer_state(&b->bytes) == ERR_OK);
}

/* --- there ----------------------------------------------------------------
 */

static void
pack(
    struct packer *p, const struct batch *b, size_t learned, struct buffer *out)
{
	struct change_id last = {{0}, 2, 20};
	bool is_end = false;

	if (b->change_count > 0)
		memcpy(last.life, b->changes[0].id.life, LIFE_BYTES);
	if (!packer_has_begun(p))
		expect(packer_start(p, books, 0, &source, &last,
		           b->change_count > 0 ? learned : 0) == ERR_OK);
	expect(packer_add(p, b,
	           strcmp(b->list.name, PACKED_UP) == 0 &&
	               b->start.running == expects.running &&
	               b->start.place == expects.place,
	           &lives) == ERR_OK);
	while (!is_end)
		expect(packer_take(p, 100, out, &is_end) == ERR_OK);
	expect(packer_take(p, 100, out, &is_end) == ERR_END);
}

/* Of any size. */
static uint64_t
read_sized(struct reader *r)
{
	uint64_t value = read_u64(r);

	return value >> read_u8(r) % 64;
}

/* A header of whatever the input says, and facts that need not fit it, coded
 * by a coder that knows what the receiver's does. */
static void
put_places(struct buffer *out, struct reader *r, uint8_t flags)
{
	if ((flags & PACKED_IS_UP) == 0)
		put_text(out, read_u8(r) % 8 == 0 ? PACKED_UP : "group");
	if ((flags & PACKED_FOLLOWS) != 0) {
		put_u16(out, read_u8(r) % 4 == 0 ? read_u16(r)
		                                 : (uint16_t)expects.running);
	} else {
		put_u32(out, read_u8(r));
		put_varint(out, read_sized(r));
		put_u64(out, read_u64(r));
	}
	put_varint(out, read_sized(r));
	put_u64(out, read_u64(r));
}

struct forged {
	size_t lives, changes;
};

static void
put_lists(struct buffer *out, struct reader *r, struct forged *f)
{
	static const uint8_t signature[SIGNATURE_BYTES] = {9};
	uint8_t id[LIFE_BYTES];
	size_t i, heads;

	f->lives = read_u8(r) % 6;
	put_varint(out, f->lives);
	for (i = 0; i < f->lives; i++) {
		uint8_t known = read_u8(r) % 4; /* 3 is one too many */

		put_varint(out, known);
		put_life(id, read_u8(r));
		if (known == 0)
			put_bytes(out, id, sizeof id);
	}
	f->changes = read_u8(r) % CHANGES_MAX;
	put_varint(out, f->changes);
	heads = read_u8(r) % 10;
	put_varint(out, heads % 3 == 0 ? heads : 0);
	for (i = 0; heads % 3 == 0 && i < heads; i++) {
		put_varint(out, read_u8(r) % 6);
		put_bytes(out, signature, sizeof signature);
	}
}

static void
put_start(struct buffer *out, struct reader *r)
{
	size_t count = read_u8(r) % 24;

	put_varint(out, 0);
	put_varint(out, count);
	if (count == 0)
		return;
	put_varint(out, read_u8(r) % 6);
	put_varint(out, read_u8(r) % 32);
	put_u16(out, read_u16(r));
}

static void
put_facts(struct dense *d, struct reader *r, size_t changes, struct buffer *all)
{
	struct batch b;
	uint8_t check[PACKED_CHECK_BYTES];
	uint8_t how = read_u8(r);
	size_t i;

	batch_init(&b);
	for (i = 0; i < changes; i++) {
		struct batch_change c;
		uint8_t salt = read_u8(r);

		dense_put_number(d, FACT_LIFE, read_u8(r) % 6);
		dense_put_number(d, FACT_STEP, read_sized(r));
		dense_put_number(d, FACT_SALT, salt % 8 > 2 ? 0 : salt % 8);
		if (salt % 8 == 1) {
			dense_put_number(d, FACT_MONTH, read_u32(r) >> 15);
			dense_put_bytes(d, foreign, LIFE_BYTES);
			dense_put_bytes(d, foreign, LIFE_BYTES);
			dense_put_bytes(d, foreign, LIFE_BYTES);
			dense_put_bytes(d, foreign, LIFE_BYTES);
		}
		batch_clear(&b);
		put_body(&b, &c, r);
		expect(dense_put(d, b.bytes.data, b.bytes.size) == ERR_OK);
		put_bytes(all, b.bytes.data, b.bytes.size);
	}
	store_u32(check, packed_check(all->data, all->size));
	check[0] ^= how % 16 == 0;
	dense_put_bytes(d, check, sizeof check);
	batch_free(&b);
}

static void
forge(struct reader *r, struct buffer *out)
{
	struct forged f = {0};
	struct buffer all = {0};
	struct dense *d;
	uint8_t flags = read_u8(r);

	flags = flags % 16 == 0 ? flags : (flags & PACKED_FLAGS) | PACKED_FRESH;
	put_u8(out, flags);
	put_places(out, r, flags);
	put_lists(out, r, &f);
	if ((flags & PACKED_FRESH) != 0)
		put_start(out, r);
	expect(codebook_dense(books, 0, &d) == ERR_OK);
	dense_begin(d, out);
	put_facts(d, r, f.changes, &all);
	expect(dense_end(d) == ERR_OK);
	dense_free(d);
	buffer_free(&all);
}

static void
alter(struct reader *r, struct buffer *packed)
{
	unsigned i;

	for (i = 0; i < EDITS_MAX && reader_left(r) > 2; i++) {
		size_t at = read_u16(r) % packed->size;

		switch (read_u8(r) % 4) {
		case 0:
			packed->size = at + 1;
			break;
		case 1:
			put_u8(packed, read_u8(r));
			break;
		default:
			packed->data[at] ^= read_u8(r);
		}
	}
}

/* --- and back -------------------------------------------------------------
 */

static enum err
unpack(struct unpacker *u, const struct buffer *packed, bool is_held,
    struct batch *out)
{
	const struct unpack_context cx = {.books = books,
	    .source = &source,
	    .lives = &lives,
	    .is_held = is_held,
	    .expected = expected};
	size_t half = packed->size / 2;

	expect(unpacker_feed(u, packed->data, half) == ERR_OK);
	expect(unpacker_feed(u, packed->data + half, packed->size - half) ==
	       ERR_OK);
	memset(out->changes, 0xee, sizeof out->changes);
	out->list.class = 2;
	return unpacker_take(u, &cx, out);
}

static void
check_bounds(const struct batch *b, size_t packed_bytes)
{
	size_t i, end = 0;

	expect(b->change_count <= BATCH_CHANGES_MAX && b->head_count <= 8);
	expect(b->bytes.size <= BATCH_BYTES_MAX);
	expect(b->bytes.size <=
	       PACKED_BODIES_FREE + PACKED_BODIES_RATIO * packed_bytes);
	expect(b->list.name[0] != '\0' &&
	       strlen(b->list.name) <= LIST_NAME_BYTES_MAX);
	expect(b->start.epoch != 0 && b->end.epoch == b->start.epoch);
	expect(b->end.place >= b->start.place);
	for (i = 0; i < b->change_count; i++) {
		const struct batch_change *c = &b->changes[i];

		expect(c->id.class == 2 && c->id.seq != 0);
		expect(c->body_at == end && c->body_bytes <= CHANGE_BYTES_MAX);
		end += c->body_bytes;
	}
	expect(end == b->bytes.size);
	for (i = 0; i < b->head_count; i++)
		expect(b->heads[i].class == 2 && b->heads[i].seq != 0);
}

static void
check_same(const struct batch *a, const struct batch *b)
{
	size_t i;

	expect(strcmp(a->list.name, b->list.name) == 0);
	expect(memcmp(&a->start.place, &b->start.place, 16) == 0);
	expect(memcmp(&a->end.place, &b->end.place, 16) == 0);
	expect(a->change_count == b->change_count);
	expect(a->bytes.size == b->bytes.size);
	expect(a->bytes.size == 0 ||
	       memcmp(a->bytes.data, b->bytes.data, a->bytes.size) == 0);
	for (i = 0; i < a->change_count; i++) {
		const struct batch_change *c = &a->changes[i];
		const struct batch_change *d = &b->changes[i];

		expect(change_id_compare(&c->id, &d->id) == 0);
		expect(c->body_at == d->body_at);
		expect(c->body_bytes == d->body_bytes);
		expect(c->has_secret == d->has_secret && c->month == d->month);
		expect(memcmp(c->secret, d->secret, HASH_BYTES) == 0);
	}
	expect(a->head_count == b->head_count);
	for (i = 0; i < a->head_count; i++) {
		expect(memcmp(a->heads[i].life, b->heads[i].life, LIFE_BYTES) ==
		       0);
		expect(a->heads[i].seq == b->heads[i].seq);
		expect(memcmp(a->heads[i].signature, b->heads[i].signature,
		           SIGNATURE_BYTES) == 0);
	}
}

/* Changes before the first of a foreign life are nothing to lean on. */
static bool
leans_on_foreign(const struct batch *b, size_t learned)
{
	size_t i;

	if (learned == 0 || b->change_count == 0)
		return false;
	for (i = 0; i < lives.count; i++)
		if (memcmp(b->changes[0].id.life, lives.id[i], LIFE_BYTES) == 0)
			return false;
	return true;
}

struct ends {
	struct packer *packer;
	struct unpacker *unpacker;
	struct batch *in, *out;
	struct buffer packed;
};

static void
ends_make(struct ends *e)
{
	memset(e, 0, sizeof *e);
	e->in = calloc(1, sizeof *e->in);
	e->out = calloc(1, sizeof *e->out);
	expect(e->in != NULL && e->out != NULL);
	expect(packer_new(&e->packer) == ERR_OK);
	expect(unpacker_new(&e->unpacker) == ERR_OK);
}

static void
ends_free(struct ends *e)
{
	packer_free(e->packer);
	unpacker_free(e->unpacker);
	batch_free(e->in);
	batch_free(e->out);
	free(e->in);
	free(e->out);
	buffer_free(&e->packed);
}

/* A batch goes through, or begins from what is not its sender's. */
static enum err
honest(struct ends *e, struct reader *r, size_t learned)
{
	bool is_first = !packer_has_begun(e->packer);
	enum err got;

	make_batch(e->in, r);
	buffer_clear(&e->packed);
	pack(e->packer, e->in, learned, &e->packed);
	got = unpack(e->unpacker, &e->packed, false, e->out);
	if (is_first && leans_on_foreign(e->in, learned)) {
		expect(got == ERR_NOT_FOUND);
		return got;
	}
	expect(got == ERR_OK);
	check_bounds(e->out, e->packed.size);
	check_same(e->in, e->out);
	expects = e->in->end;
	return got;
}

static enum err
hostile(struct ends *e, struct reader *r, uint8_t what)
{
	size_t size;
	enum err got;

	buffer_clear(&e->packed);
	if (what == 1) {
		forge(r, &e->packed);
	} else if (what == 2) {
		make_batch(e->in, r);
		pack(e->packer, e->in, 0, &e->packed);
		alter(r, &e->packed);
	} else {
		size = reader_left(r);
		if (size == 0)
			return ERR_OK;
		put_bytes(&e->packed, read_view(r, size), size);
	}
	if (e->packed.size > PACKED_BYTES_MAX)
		return ERR_NOT_FOUND;
	got = unpack(e->unpacker, &e->packed,
	    what == 1 && e->packed.size % 7 == 0, e->out);
	expect(got == ERR_OK || got == ERR_FORMAT || got == ERR_NOT_FOUND);
	if (got == ERR_OK)
		check_bounds(e->out, e->packed.size);
	else
		expect(e->out->change_count == 0 && e->out->head_count == 0 &&
		       e->out->bytes.size == 0);
	return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ends e;
	struct reader r;
	uint8_t what;

	if (size < 2 || size > 16384)
		return 0;
	reader_init(&r, data, size);
	what = read_u8(&r);
	expects = (struct cursor){7, 40, 0x1234};
	ends_make(&e);
	if (honest(&e, &r, what >> 4) == ERR_OK && what % 4 != 0) {
		(void)hostile(&e, &r, what % 4);
		/* Whatever it was, it can be begun anew. */
		packer_free(e.packer);
		expect(packer_new(&e.packer) == ERR_OK);
		reader_init(&r, data + 1, size - 1);
		(void)honest(&e, &r, 0);
	} else if (what % 4 == 0 && packer_has_begun(e.packer) &&
	           reader_left(&r) > 0) {
		if (expects.place != 40 || expects.running != 0x1234)
			(void)honest(&e, &r, 0);
	}
	ends_free(&e);
	return 0;
}
