/* said: messages that are nearly right, made of a fuzzer's input. It cannot
 * guess what a coder that learns, or a count of open answers, would ask for;
 * these are made as an honest peer makes them, and then altered.
 *
 * A recipe is u8 kind, then what said_put() reads for it.
 */

#ifndef YIZHAN_TESTS_FUZZ_SAID_H
#define YIZHAN_TESTS_FUZZ_SAID_H

#include "sync/session_state.h"
#include "tests/fuzz/expect.h"
#include "tests/unit/memory_source.h"

enum said_kind {
	SAID_DENSE = 0x21, /* a batch, packed */
	SAID_ROWS,         /* a batch, encoded */
	SAID_TAKEN,        /* of as many as have no answer, or nearly */
	SAID_RECEIPT,      /* of the oldest that has none, or nearly */
	SAID_CURSORS,      /* where we stand, or nearly */
	SAID_HELD,         /* of a life in hello, or nearly */
	SAID_UNHEARD,      /* a stretch of a list, or nearly */
	SAID_ENDS,
};

enum { SAID_CHANGES_MAX = 24, SAID_EDITS_MAX = 4, SAID_BODY_MAX = 64 };

/* What the input says of a batch. */
enum said_batch {
	SAID_OTHER_LIST = 0x04,
	SAID_ANEW = 0x08, /* a new coder */
	SAID_ELSEWHERE = 0x10,
	SAID_FOLLOWS = 0x20,
	SAID_OPEN = 0x40, /* it never ends */
	SAID_HEADS = 0x80,
};

struct said {
	struct memory_node *node;    /* who says it */
	const struct source *source; /* and what it holds */
	struct known_lives lives;    /* the initiator's, as told in hello */
	const char *list;
	struct packer *packer[CLASSES];
	struct cursor at[CLASSES]; /* where its next batch begins */
	struct batch batch;
};

static inline void
said_begin(struct said *sd, struct memory_node *node,
    const struct source *source, const struct known_lives *lives,
    const char *list)
{
	size_t i;

	sd->node = node;
	sd->source = source;
	sd->lives = *lives;
	sd->list = list;
	batch_init(&sd->batch);
	for (i = 0; i < CLASSES; i++) {
		memory_must(packer_new(&sd->packer[i]) == ERR_OK);
		sd->at[i] = (struct cursor){7, 0, 0};
	}
}

static inline void
said_end(struct said *sd)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		packer_free(sd->packer[i]);
	batch_free(&sd->batch);
}

/* --- a batch --------------------------------------------------------------
 */

/* One that has the shape of a body as often as not. */
static inline void
said_put_body(struct buffer *out, struct reader *r)
{
	static const uint8_t head[] = {
	    1, 8, 3, 1, 's', 0, 1, 'b', 1, 'o', 2, 4, 1, 7};
	uint8_t how = read_u8(r);
	size_t size = read_u8(r) % SAID_BODY_MAX;

	if (how % 2 == 0) {
		put_bytes(out, head, sizeof head);
		put_u8(out, (uint8_t)(0x40 + size));
	}
	while (size-- > 0)
		put_u8(
		    out, (uint8_t)('a' + (how = (uint8_t)(how * 5 + 1)) % 26));
}

static inline void
said_put_change(struct batch *b, const uint8_t life[LIFE_BYTES], uint64_t seq,
    struct reader *r)
{
	struct batch_change *c = &b->changes[b->change_count++];
	uint8_t how = read_u8(r);

	memset(c, 0, sizeof *c);
	memcpy(c->id.life, life, LIFE_BYTES);
	c->id.life[0] ^= how % 16 == 9;
	c->id.class = b->list.class;
	c->id.seq = seq + (how % 16 == 10 ? how : 0u);
	c->has_secret = how % 8 == 3;
	c->month = c->has_secret ? how : 0;
	c->body_at = b->bytes.size;
	said_put_body(&b->bytes, r);
	c->body_bytes = b->bytes.size - c->body_at;
}

static inline void
said_make_batch(struct said *sd, uint8_t how, struct reader *r)
{
	struct batch *b = &sd->batch;
	struct cursor *at = &sd->at[how % CLASSES];
	size_t count = read_u8(r) % SAID_CHANGES_MAX;

	batch_clear(b);
	memset(&b->list, 0, sizeof b->list);
	(void)snprintf(b->list.name, sizeof b->list.name, "%s",
	    (how & SAID_OTHER_LIST) != 0 ? "org:C01" : sd->list);
	b->list.class = how % CLASSES;
	b->start = *at;
	if ((how & SAID_ELSEWHERE) != 0)
		b->start = (struct cursor){7, read_u8(r), read_u8(r)};
	while (b->change_count < count)
		said_put_change(
		    b, sd->node->life, b->start.place + b->change_count + 1, r);
	if ((how & SAID_HEADS) != 0 && count > 0) {
		memset(&b->heads[0], 0, sizeof b->heads[0]);
		memcpy(b->heads[0].life, b->changes[0].id.life, LIFE_BYTES);
		b->heads[0].class = b->list.class;
		b->heads[0].seq = b->changes[0].id.seq;
		b->head_count = 1;
	}
	b->end = (struct cursor){
	    7, b->start.place + count, (b->start.place + count) * 3 + 1};
	*at = b->end;
}

static inline void
said_alter(struct buffer *bytes, struct reader *r)
{
	size_t edits = read_u8(r) % SAID_EDITS_MAX;

	while (edits-- > 0 && bytes->size > 0) {
		size_t at = read_u16(r) % bytes->size;

		bytes->data[at] ^= read_u8(r);
	}
}

static inline void
said_pack(struct said *sd, uint8_t how, struct reader *r, struct buffer *out)
{
	struct packer *p = sd->packer[how % CLASSES];
	struct change_id last = {.class = how % CLASSES};
	size_t learned = read_u8(r);
	bool is_end = false;

	memcpy(last.life, sd->node->life, LIFE_BYTES);
	last.seq = sd->batch.start.place;
	if ((how & SAID_ANEW) != 0 || !packer_has_begun(p))
		memory_must(
		    packer_start(p, memory_books(), 0, sd->source, &last,
		        learned < last.seq ? learned : last.seq) == ERR_OK);
	memory_must(packer_add(p, &sd->batch, (how & SAID_FOLLOWS) != 0,
	                &sd->lives) == ERR_OK);
	while (!is_end)
		memory_must(packer_take(p, 4096, out, &is_end) == ERR_OK);
}

/* As the messages of a class, of some size each. */
static inline void
said_cut(
    struct buffer *row, uint8_t how, const struct buffer *bytes, size_t piece)
{
	struct buffer body = {0};
	size_t at, n;

	for (at = 0; at < bytes->size; at += n) {
		n = bytes->size - at < piece ? bytes->size - at : piece;
		buffer_clear(&body);
		put_u8(&body, how % CLASSES | (at + n == bytes->size &&
		                                          (how & SAID_OPEN) == 0
		                                      ? DENSE_END
		                                      : 0));
		put_bytes(&body, bytes->data + at, n);
		message_put(row, MESSAGE_DENSE, body.data, body.size);
	}
	buffer_free(&body);
}

/** A batch in dense form, as messages, into row. */
static inline void
said_put_dense(struct said *sd, struct reader *r, struct buffer *row)
{
	struct buffer packed = {0};
	uint8_t how = read_u8(r);
	size_t piece = 24 + (size_t)16 * read_u8(r);

	said_make_batch(sd, how, r);
	said_pack(sd, how, r, &packed);
	said_alter(&packed, r);
	said_cut(row, how, &packed, piece);
	buffer_free(&packed);
}

/** What DATA of the class *class is to hold, before it is compressed. */
static inline void
said_put_rows(
    struct said *sd, struct reader *r, uint8_t *class, struct buffer *plain)
{
	struct buffer blob = {0};
	uint8_t how = read_u8(r);

	*class = how % CLASSES;
	said_make_batch(sd, how, r);
	memory_must(batch_encode(&sd->batch, &blob) == ERR_OK);
	said_alter(&blob, r);
	put_string(plain, blob.data, blob.size);
	buffer_free(&blob);
}

/* --- answers --------------------------------------------------------------
 */

static inline void
said_put_taken(const struct session *s, struct reader *r, struct buffer *row)
{
	uint8_t how = read_u8(r);
	struct taken t = {.class = how % CLASSES, .count = 1};
	struct buffer body = {0};

	if (s->flight != NULL && s->flight[t.class].count > 0)
		t.count = (uint8_t)s->flight[t.class].count;
	t.count =
	    (uint8_t)(t.count + (how >> 2) % 4 - ((how >> 2) % 4 == 2 ? 3 : 0));
	if (t.count == 0 || t.count > UNANSWERED_MAX)
		t.count = 1;
	memory_must(taken_create(&t, &body) == ERR_OK);
	message_put(row, MESSAGE_TAKEN, body.data, body.size);
	buffer_free(&body);
}

/* Of the oldest batch of the class that has no answer. */
static inline void
said_fill_receipt(const struct session *s, uint8_t class, struct receipt *out)
{
	const struct flight *f = s->flight == NULL ? NULL : &s->flight[class];

	(void)snprintf(out->list.name, sizeof out->list.name, "group");
	out->list.class = class;
	if (f != NULL && f->count > 0) {
		const struct unanswered *u = &f->batch[f->first];

		out->list = s->outgoing[u->list].list;
		out->cursor = u->end;
	}
}

static inline void
said_put_receipt(const struct session *s, struct reader *r, struct buffer *row)
{
	uint8_t how = read_u8(r), exceptions = read_u8(r) % 4;
	struct exception all[4] = {{{{0}, 0, 0}, 0}};
	struct receipt said = {.exception_count = exceptions};
	struct buffer body = {0};
	size_t i;

	said_fill_receipt(s, how % CLASSES, &said);
	said.exceptions = all;
	for (i = 0; i < exceptions; i++) {
		all[i].id = (struct change_id){{2}, how % CLASSES, i + 1};
		all[i].reason = 112;
	}
	switch (how >> 2 & 7) {
	case 0:
		said.cursor.place -= said.cursor.place > 0 ? 1 : 0;
		break;
	case 1:
		said.cursor.place++;
		break;
	case 2:
		said.cursor.epoch ^= how;
		break;
	case 3:
		said.cursor = (struct cursor){0, 0, 0};
		break;
	case 4:
		said.cursor.running ^= 1;
		break;
	default:
		break;
	}
	memory_must(receipt_create(&said, &body) == ERR_OK);
	said_alter(&body, r);
	message_put(row, MESSAGE_RECEIPT, body.data, body.size);
	buffer_free(&body);
}

static inline void
said_put_cursors(const struct session *s, struct reader *r, struct buffer *row)
{
	struct cursor_set *set = calloc(1, sizeof *set);
	struct buffer body = {0};
	size_t i;

	memory_must(set != NULL);
	for (i = 0; s->outgoing != NULL && i < s->outgoing_count; i++) {
		const struct outgoing *o = &s->outgoing[i];
		uint8_t how = read_u8(r);
		struct cursor at = how % 4 == 0   ? o->believed
		                   : how % 4 == 1 ? o->next
		                                  : o->held;

		at.place += how % 8 == 3 ? how : 0u;
		at.running ^= how % 8 == 7;
		if (at.epoch != 0)
			*memory_cursor(set, &o->list, true) = at;
	}
	memory_must(cursors_create(set, &body) == ERR_OK);
	said_alter(&body, r);
	message_put(row, MESSAGE_CURSORS, body.data, body.size);
	buffer_free(&body);
	free(set);
}

static inline void
said_put_held(struct reader *r, struct buffer *row)
{
	struct group_held h = {.life = read_u8(r) % 3};
	struct buffer body = {0};
	size_t c;

	for (c = 0; c < CLASSES; c++)
		h.seq[c] = read_u8(r);
	memset(h.signature, 9, sizeof h.signature);
	memory_must(group_held_create(&h, &body) == ERR_OK);
	said_alter(&body, r);
	message_put(row, MESSAGE_GROUP_HELD, body.data, body.size);
	buffer_free(&body);
}

static inline void
said_put_unheard(struct reader *r, struct buffer *row)
{
	uint8_t how = read_u8(r);
	struct unheard u = {.class = how % CLASSES, .running = read_u8(r)};
	struct buffer body = {0};
	size_t i;

	u.run_count = 1 + (how >> 2) % 3;
	for (i = 0; i < u.run_count; i++) {
		uint8_t life = read_u8(r);

		u.runs[i].life = life % 16 == 7 ? 1 : 0;
		u.runs[i].first = 1u + read_u8(r);
		u.runs[i].count = 1u + read_u8(r) % 32;
	}
	memory_must(unheard_create(&u, &body) == ERR_OK);
	said_alter(&body, r);
	message_put(row, MESSAGE_UNHEARD, body.data, body.size);
	buffer_free(&body);
}

#endif
