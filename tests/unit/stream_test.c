/* stream: batches come out as they went in, however the bytes are cut; what
 * is no stream, or too large a one, is refused within bounds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/stream.h"

static struct batch batch, got;

static void
begin_batch(const char *list, uint8_t class)
{
	batch_clear(&batch);
	memset(&batch.list, 0, sizeof batch.list);
	strncpy(batch.list.name, list, LIST_NAME_BYTES_MAX);
	batch.list.class = class;
	batch.start = (struct cursor){9, 10, 11};
	batch.end = (struct cursor){9, 5000, 13};
}

static void
add(uint8_t life, uint64_t seq, size_t size, bool has_secret)
{
	struct batch_change *c = &batch.changes[batch.change_count++];
	size_t i;

	memset(c, 0, sizeof *c);
	memset(c->id.life, life, LIFE_BYTES);
	c->id.life[0] = (uint8_t)(batch.change_count >> 8);
	c->id.class = batch.list.class;
	c->id.seq = seq;
	c->has_secret = has_secret;
	c->month = has_secret ? 670 : 0;
	if (has_secret)
		memset(c->secret, 0x77, sizeof c->secret);
	c->body_at = batch.bytes.size;
	c->body_bytes = size;
	for (i = 0; i < size; i++)
		put_u8(&batch.bytes, (uint8_t)(seq * 7 + i * i % 251));
}

static void
expect_same(const struct batch *a, const struct batch *b)
{
	size_t i;

	assert_string_equal(a->list.name, b->list.name);
	assert_memory_equal(&a->start, &b->start, sizeof a->start);
	assert_memory_equal(&a->end, &b->end, sizeof a->end);
	assert_int_equal(a->change_count, b->change_count);
	for (i = 0; i < a->change_count; i++) {
		assert_int_equal(
		    change_id_compare(&a->changes[i].id, &b->changes[i].id), 0);
		assert_int_equal(
		    a->changes[i].has_secret, b->changes[i].has_secret);
		assert_memory_equal(
		    a->changes[i].secret, b->changes[i].secret, HASH_BYTES);
		assert_int_equal(
		    a->changes[i].body_bytes, b->changes[i].body_bytes);
	}
	assert_int_equal(a->bytes.size, b->bytes.size);
	if (a->bytes.size > 0)
		assert_memory_equal(
		    a->bytes.data, b->bytes.data, a->bytes.size);
	assert_int_equal(a->head_count, b->head_count);
	for (i = 0; i < a->head_count; i++)
		assert_memory_equal(
		    a->heads[i].life, b->heads[i].life, LIFE_BYTES);
}

static void
expect_round_trip(void)
{
	struct buffer bytes = {0};

	assert_int_equal(batch_encode(&batch, &bytes), ERR_OK);
	got.list.class = batch.list.class;
	assert_int_equal(batch_decode(bytes.data, bytes.size, &got), ERR_OK);
	expect_same(&batch, &got);
	buffer_free(&bytes);
}

static void
test_batch_of_many_lives_travels(void **state)
{
	unsigned i;

	begin_batch("group", 1);
	expect_round_trip(); /* empty: only the cursor moves */
	for (i = 0; i < BATCH_CHANGES_MAX; i++)
		add((uint8_t)i, 1 + i * i, i % 90, i % 3 == 0);
	expect_round_trip();
}

/* No change would say so little; a peer may. */
static void
test_batch_of_changes_without_bodies_travels(void **state)
{
	struct buffer bytes = {0};

	batch_free(&batch); /* not even memory for bodies is there */
	batch_free(&got);
	begin_batch("up", 1);
	add(1, 1, 0, false);
	add(1, 2, 0, false);
	got.list.class = 1;
	assert_int_equal(batch_encode(&batch, &bytes), ERR_OK);
	assert_int_equal(batch_decode(bytes.data, bytes.size, &got), ERR_OK);
	expect_same(&batch, &got);
	assert_non_null(batch_body(&got, &got.changes[1]));
	buffer_free(&bytes);
}

static void
test_batch_head_of_a_life_without_change_travels(void **state)
{
	begin_batch("up", 3);
	add(1, 5, 10, false);
	batch.head_count = 2;
	memset(batch.heads, 0, sizeof batch.heads);
	memcpy(batch.heads[0].life, batch.changes[0].id.life, LIFE_BYTES);
	memset(batch.heads[1].life, 0xcc, LIFE_BYTES);
	expect_round_trip();
}

static void
test_batch_decode_refuses_every_shorter_one(void **state)
{
	struct buffer bytes = {0};
	size_t size;

	begin_batch("up", 3);
	add(1, 1, 20, true);
	add(2, UINT64_MAX, 0, false);
	assert_int_equal(batch_encode(&batch, &bytes), ERR_OK);
	for (size = 0; size < bytes.size; size++) {
		assert_int_equal(
		    batch_decode(bytes.data, size, &got), ERR_FORMAT);
		assert_int_equal(got.change_count + got.bytes.size, 0);
	}
	put_u8(&bytes, 0);
	assert_int_equal(
	    batch_decode(bytes.data, bytes.size, &got), ERR_FORMAT);
	assert_int_equal(
	    batch_decode(bytes.data, BATCH_BYTES_MAX + 1, &got), ERR_LIMIT);
	buffer_free(&bytes);
}

static void
test_batch_decode_refuses_borders_that_make_no_sense(void **state)
{
	struct buffer bytes = {0};

	begin_batch("up", 3);
	batch.end.place = 9; /* before the start */
	assert_int_equal(batch_encode(&batch, &bytes), ERR_OK);
	assert_int_equal(
	    batch_decode(bytes.data, bytes.size, &got), ERR_FORMAT);
	buffer_clear(&bytes);
	begin_batch("up", 3);
	batch.end.epoch = 8;
	assert_int_equal(batch_encode(&batch, &bytes), ERR_OK);
	assert_int_equal(
	    batch_decode(bytes.data, bytes.size, &got), ERR_FORMAT);
	buffer_clear(&bytes);
	begin_batch("up", 3);
	add(1, 1, 3, false);
	batch.changes[0].id.seq = 0;
	assert_int_equal(batch_encode(&batch, &bytes), ERR_OK);
	assert_int_equal(
	    batch_decode(bytes.data, bytes.size, &got), ERR_FORMAT);
	buffer_free(&bytes);
}

/* Batches of all sizes, taken in pieces of some size. */
static void
carry(size_t piece)
{
	struct stream_writer *w;
	struct stream_reader *r;
	struct buffer some = {0};
	unsigned i, came = 0;

	assert_int_equal(stream_writer_new(&w, 5), ERR_OK);
	assert_int_equal(stream_reader_new(&r), ERR_OK);
	assert_false(stream_writer_waits(w));
	assert_int_equal(stream_writer_take(w, 100, &some), ERR_END);
	for (i = 0; i < 20; i++) {
		begin_batch("up", 3);
		batch.end.place = 100 + i;
		add(1, 1 + i, i * 199, i == 0);
		assert_int_equal(stream_writer_add(w, &batch), ERR_OK);
	}
	while (stream_writer_waits(w)) {
		enum err e;

		buffer_clear(&some);
		assert_int_equal(stream_writer_take(w, piece, &some), ERR_OK);
		assert_in_range(some.size, 1, piece);
		assert_int_equal(
		    stream_reader_feed(r, some.data, some.size), ERR_OK);
		while ((e = stream_reader_next(r, 3, &got)) == ERR_OK) {
			assert_int_equal(got.end.place, 100 + came);
			assert_int_equal(got.changes[0].body_bytes, came * 199);
			came++;
		}
		assert_int_equal(e, ERR_MORE);
	}
	assert_int_equal(came, 20); /* each take is flushed */
	stream_writer_free(w);
	stream_reader_free(r);
	buffer_free(&some);
}

static void
test_stream_carries_batches_in_any_pieces(void **state)
{
	carry(1);
	carry(7);
	carry(1200);
	carry(65536);
}

static void
test_stream_refuses_what_is_none(void **state)
{
	struct stream_reader *r;
	uint8_t noise[64];
	unsigned i, refused = 0;

	for (i = 0; i < 200; i++) {
		enum err e;

		randombytes_buf_deterministic(noise, sizeof noise,
		    (const unsigned char[32]){(unsigned char)i});
		assert_int_equal(stream_reader_new(&r), ERR_OK);
		e = stream_reader_feed(r, noise, sizeof noise);
		if (e == ERR_OK)
			e = stream_reader_next(r, 0, &got);
		assert_int_not_equal(e, ERR_OK);
		refused += e != ERR_MORE;
		stream_reader_free(r);
	}
	assert_true(refused > 150);
}

/* A larger window than agreed would take the memory it names. */
static void
test_stream_refuses_a_larger_window(void **state)
{
	/* Magicless frame header: no content size, window log 27. */
	const uint8_t head[] = {0x00, 0x88, 0x01, 0x00, 0x00};
	struct stream_reader *r;

	assert_int_equal(stream_reader_new(&r), ERR_OK);
	assert_int_equal(stream_reader_feed(r, head, sizeof head), ERR_FORMAT);
	stream_reader_free(r);
}

static void
test_stream_refuses_a_batch_that_names_too_many_bytes(void **state)
{
	struct stream_writer *w;

	begin_batch("up", 3);
	while (batch.bytes.size < BATCH_BYTES_MAX)
		add(1, batch.change_count + 1, 60000, false);
	assert_int_equal(stream_writer_new(&w, 1), ERR_OK);
	assert_int_equal(stream_writer_add(w, &batch), ERR_LIMIT);
	assert_false(stream_writer_waits(w));
	stream_writer_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_batch_of_many_lives_travels),
	    cmocka_unit_test(test_batch_of_changes_without_bodies_travels),
	    cmocka_unit_test(test_batch_head_of_a_life_without_change_travels),
	    cmocka_unit_test(test_batch_decode_refuses_every_shorter_one),
	    cmocka_unit_test(
	        test_batch_decode_refuses_borders_that_make_no_sense),
	    cmocka_unit_test(test_stream_carries_batches_in_any_pieces),
	    cmocka_unit_test(test_stream_refuses_what_is_none),
	    cmocka_unit_test(test_stream_refuses_a_larger_window),
	    cmocka_unit_test(
	        test_stream_refuses_a_batch_that_names_too_many_bytes),
	};
	int failed;

	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	batch_free(&batch);
	batch_free(&got);
	return failed;
}
