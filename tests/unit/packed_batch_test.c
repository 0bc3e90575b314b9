/* packed batches: what is packed comes out again, what cannot be read is told
 * apart from what is wrong, and a coder that lost the thread is begun anew. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/packed.h"
#include "tests/unit/memory_source.h"

enum { SEQ_FIRST = 41, CHANGES = 20 };

static struct codebook *books;
static struct packer *packer;
static struct unpacker *unpacker;
static struct batch sent, got;
static struct buffer packed;
static struct cursor expected_at;
/* What the receiver has of the log, and by how much it differs. */
static uint64_t held_up_to;
static uint8_t held_spoilt;
static struct known_lives lives;

/* Bodies that can be taken apart: an encounter's number and a few words. */
static void
put_body(struct buffer *out, uint64_t seq)
{
	static const char text[] = "咳嗽三天，无发热。";
	char ref[16];

	put_u8(out, 1);
	put_u8(out, 0);
	put_varint(out, 9);
	put_text(out, "his");
	snprintf(ref, sizeof ref, "E%07llu", (unsigned long long)seq);
	put_text(out, ref);
	put_varint(out, 0);
	put_text(out, "S0001");
	put_text(out, "C01");
	put_signed(out, 1780000000 + (int64_t)seq * 600);
	put_signed(out, 5);
	put_varint(out, 1);
	put_varint(out, 11);
	put_u8(out, (uint8_t)(0x40 + strlen(text)));
	put_bytes(out, text, strlen(text));
}

static void
make_batch(struct batch *b, uint64_t first, size_t count)
{
	size_t i;

	batch_clear(b);
	snprintf(b->list.name, sizeof b->list.name, "up");
	b->list.class = 2;
	b->start = (struct cursor){7, first - 1, (first - 1) * 1000};
	b->end =
	    (struct cursor){7, first - 1 + count, (first - 1 + count) * 1000};
	for (i = 0; i < count; i++) {
		struct batch_change *c = &b->changes[b->change_count++];

		memset(c, 0, sizeof *c);
		memcpy(c->id.life, lives.id[0], LIFE_BYTES);
		c->id.class = 2;
		c->id.seq = first + i;
		c->has_secret = i == 0;
		c->month = 677;
		c->body_at = b->bytes.size;
		put_body(&b->bytes, c->id.seq);
		c->body_bytes = b->bytes.size - c->body_at;
	}
	b->head_count = 1;
	memset(&b->heads[0], 0, sizeof b->heads[0]);
	memcpy(b->heads[0].life, lives.id[0], LIFE_BYTES);
	b->heads[0].class = 2;
	b->heads[0].seq = first + count - 1;
	memset(b->heads[0].signature, 0x5a, SIGNATURE_BYTES);
	assert_int_equal(buffer_state(&b->bytes), ERR_OK);
}

static enum err
history(void *context, const struct change_id *last, size_t count,
    size_t bytes_max, struct buffer *out, size_t *got_count)
{
	bool is_receiver = context != NULL;
	uint64_t seq;

	(void)bytes_max;
	*got_count = 0;
	if (is_receiver && last->seq > held_up_to)
		return ERR_OK;
	for (seq = last->seq - count + 1; seq <= last->seq; seq++) {
		struct buffer body = {0};

		put_body(&body, seq);
		if (is_receiver)
			body.data[body.size - 1] ^= held_spoilt;
		put_string(out, body.data, body.size);
		buffer_free(&body);
		++*got_count;
	}
	return buffer_state(out);
}

static const struct source source_there = {.history = history};
static const struct source source_here = {
    .context = &held_up_to, .history = history};

static struct cursor
expected(void *context, const struct list_id *list)
{
	(void)context;
	(void)list;
	return expected_at;
}

static struct unpack_context
receiver(void)
{
	return (struct unpack_context){.books = books,
	    .source = &source_here,
	    .lives = &lives,
	    .expected = expected};
}

static enum err
unpack(void)
{
	const struct unpack_context cx = receiver();

	got.list.class = 2;
	assert_int_equal(
	    unpacker_feed(unpacker, packed.data, packed.size), ERR_OK);
	return unpacker_take(unpacker, &cx, &got);
}

/* In small pieces, and between them a little of the history is learned.
 * *learned: how often. */
static enum err
unpack_bit_by_bit(unsigned *learned)
{
	const struct unpack_context cx = receiver();
	size_t at, n;

	*learned = 0;
	got.list.class = 2;
	for (at = 0; at < packed.size; at += n) {
		n = packed.size - at < 40 ? packed.size - at : 40;
		assert_int_equal(
		    unpacker_feed(unpacker, packed.data + at, n), ERR_OK);
		unpacker_look(unpacker, &cx, 2);
		if (unpacker_learn(unpacker))
			++*learned;
	}
	return unpacker_take(unpacker, &cx, &got);
}

static void
begin(size_t history_count)
{
	struct change_id last = sent.changes[0].id;

	last.seq--;
	assert_int_equal(
	    packer_start(packer, books, 0, &source_there, &last, history_count),
	    ERR_OK);
}

static void
pack(bool follows)
{
	bool is_end = false;

	buffer_clear(&packed);
	assert_int_equal(packer_add(packer, &sent, follows, &lives), ERR_OK);
	assert_true(packer_waits(packer));
	while (!is_end) /* in small pieces, as small frames take them */
		assert_int_equal(
		    packer_take(packer, 50, &packed, &is_end), ERR_OK);
	assert_false(packer_waits(packer));
}

static void
expect_same(void)
{
	struct buffer a = {0}, b = {0};

	assert_int_equal(batch_encode(&sent, &a), ERR_OK);
	assert_int_equal(batch_encode(&got, &b), ERR_OK);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	buffer_free(&a);
	buffer_free(&b);
}

static int
set_up(void **state)
{
	(void)state;
	books = memory_books();
	lives.count = 1;
	memset(lives.id[0], 0x77, LIFE_BYTES);
	held_up_to = SEQ_FIRST - 1;
	held_spoilt = 0;
	expected_at = (struct cursor){0, 0, 0};
	make_batch(&sent, SEQ_FIRST, CHANGES);
	return packer_new(&packer) == ERR_OK &&
	               unpacker_new(&unpacker) == ERR_OK
	           ? 0
	           : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	packer_free(packer);
	unpacker_free(unpacker);
	batch_free(&sent);
	batch_free(&got);
	buffer_wipe(&packed);
	return 0;
}

/* --- what fits --------------------------------------------------------- */

static void
test_batches_come_out_as_they_went_in(void **state)
{
	uint64_t next = SEQ_FIRST;
	size_t i, first_bytes = 0;

	begin(40);
	for (i = 0; i < 5; i++, next += CHANGES) {
		make_batch(&sent, next, CHANGES);
		pack(i > 0);
		assert_int_equal(unpack(), ERR_OK);
		expect_same();
		expected_at = got.end;
		if (i == 0)
			first_bytes = packed.size;
	}
	/* What came before teaches. */
	assert_true(packed.size < first_bytes);
}

static void
test_a_batch_without_changes_moves_the_cursor(void **state)
{
	begin(0);
	batch_clear(&sent);
	pack(false);
	assert_int_equal(unpack(), ERR_OK);
	expect_same();
}

static void
test_history_spares_bytes(void **state)
{
	size_t without;

	begin(0);
	pack(false);
	without = packed.size;
	begin(40);
	pack(false);
	assert_true(packed.size < without);
}

/* Whoever learns ahead, and however much of it, comes to the same. */
static void
test_history_may_be_learned_ahead(void **state)
{
	struct change_id last = sent.changes[0].id;
	struct buffer at_once = {0};
	unsigned ahead;
	enum err e = ERR_OK;

	last.seq--;
	begin(40);
	assert_true(packer_is_fresh(packer));
	assert_true(packer_is_ready(packer, 0, &last));
	assert_false(packer_is_ready(packer, 1, &last));
	pack(false);
	assert_false(packer_is_ready(packer, 0, &last));
	put_bytes(&at_once, packed.data, packed.size);
	for (ahead = 1; ahead < 7; ahead++) {
		unsigned i;

		begin(40);
		for (i = 0; i < ahead; i++)
			assert_true(packer_learn(packer, &e) || i == 5);
		pack(false);
		assert_int_equal(packed.size, at_once.size);
		assert_memory_equal(packed.data, at_once.data, packed.size);
	}
	assert_int_equal(e, ERR_OK);
	assert_int_equal(unpack_bit_by_bit(&ahead), ERR_OK);
	assert_in_range(ahead, 1, 5);
	expect_same();
	/* And what follows needs no look. */
	make_batch(&sent, SEQ_FIRST + CHANGES, CHANGES);
	pack(false);
	assert_int_equal(unpack_bit_by_bit(&ahead), ERR_OK);
	assert_int_equal(ahead, 0);
	expect_same();
	buffer_free(&at_once);
}

/* What went wrong ahead is told when the batch is whole. */
static void
test_what_cannot_be_learned_ahead_is_told_in_the_end(void **state)
{
	unsigned ahead;

	held_spoilt = 1;
	begin(40);
	pack(false);
	assert_int_equal(unpack_bit_by_bit(&ahead), ERR_NOT_FOUND);
	assert_int_equal(ahead, 0);
	assert_string_equal(got.list.name, "up");
	held_spoilt = 0;
	begin(40);
	pack(false);
	assert_int_equal(unpack_bit_by_bit(&ahead), ERR_OK);
	expect_same();
}

static void
test_a_copy_goes_on_as_the_first_would(void **state)
{
	struct packer *copy, *first = packer;
	struct buffer one = {0};

	begin(0);
	pack(false);
	assert_int_equal(packer_copy(&copy, packer), ERR_OK);
	make_batch(&sent, SEQ_FIRST + CHANGES, CHANGES);
	pack(true);
	put_bytes(&one, packed.data, packed.size);
	packer = copy;
	pack(true);
	assert_int_equal(one.size, packed.size);
	assert_memory_equal(one.data, packed.data, one.size);
	packer_free(first);
	buffer_free(&one);
}

/* --- what the receiver lacks -------------------------------------------- */

static void
expect_lost(void)
{
	assert_int_equal(unpack(), ERR_NOT_FOUND);
	assert_int_equal(got.change_count, 0);
	assert_string_equal(got.list.name, "up");
	assert_int_equal(got.end.place, sent.end.place);
}

/* Lost until the sender begins anew, and then as ever. */
static void
expect_lost_until_anew(void)
{
	expect_lost();
	make_batch(&sent, SEQ_FIRST + CHANGES, CHANGES);
	pack(false);
	expect_lost();
	make_batch(&sent, SEQ_FIRST, CHANGES);
	begin(0);
	pack(false);
	assert_int_equal(unpack(), ERR_OK);
	expect_same();
}

static void
test_a_missing_history_is_told(void **state)
{
	held_up_to = SEQ_FIRST - 2;
	begin(40);
	pack(false);
	expect_lost_until_anew();
}

static void
test_another_history_is_told(void **state)
{
	held_spoilt = 1;
	begin(40);
	pack(false);
	expect_lost_until_anew();
}

static void
test_a_missing_dictionary_is_told(void **state)
{
	begin(0);
	pack(false);
	/* flags, start (4 + 1 + 8), places, running, one known life, change
	 * count, one head (1 + 1 + 64): then what it begins from. */
	assert_int_equal(packed.data[0], 5);
	assert_int_equal(packed.data[1 + 13 + 1 + 8 + 2 + 1 + 66], 0);
	{
		const uint8_t named[] = {1, 1, 2, 3, 4};
		size_t at = 1 + 13 + 1 + 8 + 2 + 1 + 66;
		struct buffer other = {0};

		put_bytes(&other, packed.data, at);
		put_bytes(&other, named, sizeof named);
		put_bytes(&other, packed.data + at + 1, packed.size - at - 1);
		buffer_wipe(&packed);
		packed = other;
	}
	expect_lost_until_anew();
}

static void
test_spoilt_changes_are_told_not_taken(void **state)
{
	size_t i;

	for (i = 1; i <= 6; i++) {
		begin(0);
		pack(false);
		packed.data[packed.size - i * 3] ^= 0x10;
		expect_lost();
	}
}

static void
test_a_batch_that_follows_nothing_is_told(void **state)
{
	begin(0);
	expected_at = sent.start;
	expected_at.running++;
	pack(true);
	assert_int_equal(unpack(), ERR_NOT_FOUND);
	assert_int_equal(got.end.epoch, 0);
	/* Its changes taught all the same: the next goes on. */
	make_batch(&sent, SEQ_FIRST + CHANGES, CHANGES);
	pack(false);
	assert_int_equal(unpack(), ERR_OK);
	expect_same();
}

/* --- what is wrong ----------------------------------------------------- */

static void
test_every_shorter_batch_is_refused_or_told(void **state)
{
	size_t size, whole;

	make_batch(&sent, SEQ_FIRST, 2);
	begin(0);
	pack(false);
	whole = packed.size;
	for (size = 0; size < whole; size++) {
		enum err e;

		unpacker_free(unpacker);
		assert_int_equal(unpacker_new(&unpacker), ERR_OK);
		packed.size = size;
		e = unpack();
		assert_true(e == ERR_FORMAT || e == ERR_NOT_FOUND);
		assert_int_equal(got.change_count, 0);
	}
}

static void
test_headers_out_of_range_are_refused(void **state)
{
	/* flags; the epoch's four bytes; life, change and head counts */
	static const struct {
		size_t at;
		uint8_t byte;
	} faults[] = {
	    {0, 0x85}, {0, 0x0d}, {1, 0}, {23, 2}, {24, 9}, {26, 9}, {27, 1}};
	size_t i;

	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		begin(0);
		pack(false);
		if (faults[i].at == 1)
			memset(packed.data + 1, 0, 4);
		packed.data[faults[i].at] = faults[i].byte;
		assert_int_equal(unpack(), ERR_FORMAT);
	}
}

static void
test_up_is_said_in_one_way(void **state)
{
	struct buffer other = {0};

	begin(0);
	pack(false);
	put_u8(&other, 1);
	put_text(&other, "up");
	put_bytes(&other, packed.data + 1, packed.size - 1);
	buffer_wipe(&packed);
	packed = other;
	assert_int_equal(unpack(), ERR_FORMAT);
}

static void
test_beginnings_are_counted(void **state)
{
	size_t i;

	for (i = 0; i < PACKED_FRESH_MAX; i++) {
		begin(0);
		pack(false);
		assert_int_equal(unpack(), ERR_OK);
	}
	begin(0);
	pack(false);
	assert_int_equal(unpack(), ERR_LIMIT);
}

static void
test_a_batch_has_a_largest_size(void **state)
{
	static uint8_t much[PACKED_BYTES_MAX];

	assert_int_equal(unpacker_feed(unpacker, much, sizeof much), ERR_OK);
	assert_int_equal(unpacker_feed(unpacker, much, 1), ERR_LIMIT);
}

/* Sixty thousand spaces take a few bytes: more than they may promise. */
static void
test_a_batch_promises_no_more_than_its_size_allows(void **state)
{
	size_t i;

	batch_clear(&sent);
	for (i = 0; i < 3; i++) {
		struct batch_change *c = &sent.changes[sent.change_count++];
		struct buffer text = {0};

		memset(c, 0, sizeof *c);
		memcpy(c->id.life, lives.id[0], LIFE_BYTES);
		c->id.class = 2;
		c->id.seq = SEQ_FIRST + i;
		c->body_at = sent.bytes.size;
		while (text.size < 60000)
			put_u8(&text, ' ');
		put_bytes(&sent.bytes, text.data, text.size);
		c->body_bytes = text.size;
		buffer_free(&text);
	}
	begin(0);
	pack(false);
	assert_true(packed.size * PACKED_BODIES_RATIO < 3 * 60000);
	expect_lost();
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    EACH(test_batches_come_out_as_they_went_in),
	    EACH(test_a_batch_without_changes_moves_the_cursor),
	    EACH(test_history_spares_bytes),
	    EACH(test_history_may_be_learned_ahead),
	    EACH(test_what_cannot_be_learned_ahead_is_told_in_the_end),
	    EACH(test_a_copy_goes_on_as_the_first_would),
	    EACH(test_a_missing_history_is_told),
	    EACH(test_another_history_is_told),
	    EACH(test_a_missing_dictionary_is_told),
	    EACH(test_spoilt_changes_are_told_not_taken),
	    EACH(test_a_batch_that_follows_nothing_is_told),
	    EACH(test_every_shorter_batch_is_refused_or_told),
	    EACH(test_headers_out_of_range_are_refused),
	    EACH(test_up_is_said_in_one_way),
	    EACH(test_beginnings_are_counted),
	    EACH(test_a_batch_has_a_largest_size),
	    EACH(test_a_batch_promises_no_more_than_its_size_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
