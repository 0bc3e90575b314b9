/* packed: what a batch in dense form may lean on, and what it may cost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/packed_state.h"

static const uint8_t own[LIFE_BYTES] = {1, 1}, other[LIFE_BYTES] = {2, 2};

static struct codebook *books;
static struct known_lives lives;
static struct cursor expects;
static struct packer *packer;
static struct unpacker *unpacker;
static struct batch *in, *out;
static struct buffer packed;
static size_t history_bytes; /* of one change that is held */
static unsigned histories;   /* times it was asked for */

/* --- the scene ------------------------------------------------------------ */

/* Every change of every life is held. */
static enum err
history(void *context, const struct change_id *last, size_t count,
    size_t bytes_max, struct buffer *bodies, size_t *got)
{
	uint8_t body[CHANGE_BYTES_MAX] = {0};
	size_t i;

	histories++;
	*got = bytes_max / (history_bytes + 3);
	if (*got > count)
		*got = count;
	for (i = *got; i > 0; i--) {
		store_u64(body, last->seq - i + 1);
		memcpy(body + 8, last->life, LIFE_BYTES);
		put_string(bodies, body, history_bytes);
	}
	return buffer_state(bodies);
}

static const struct source source = {.history = history};

static struct cursor
expected(void *context, const struct list_id *list)
{
	return expects;
}

/* --- no memory ------------------------------------------------------------ */

static bool is_short;

enum err __real_dense_copy(struct dense **to, const struct dense *from);
enum err __wrap_dense_copy(struct dense **to, const struct dense *from);

enum err
__wrap_dense_copy(struct dense **to, const struct dense *from)
{
	return is_short ? ERR_NOMEM : __real_dense_copy(to, from);
}

static int
set_up(void **state)
{
	lives.count = 1;
	memcpy(lives.id[0], own, LIFE_BYTES);
	expects = (struct cursor){7, 0, 0};
	history_bytes = 40;
	histories = 0;
	in = calloc(1, sizeof *in);
	out = calloc(1, sizeof *out);
	return in == NULL || out == NULL || packer_new(&packer) != ERR_OK ||
	       unpacker_new(&unpacker) != ERR_OK;
}

static int
tear_down(void **state)
{
	packer_free(packer);
	unpacker_free(unpacker);
	batch_free(in);
	batch_free(out);
	free(in);
	free(out);
	buffer_free(&packed);
	return 0;
}

/* A batch of so many changes behind seq `from` whose bodies are one letter. */
static void
make_batch(const uint8_t life[LIFE_BYTES], uint64_t from, size_t count,
    size_t body_bytes)
{
	static uint8_t body[CHANGE_BYTES_MAX];
	size_t i;

	memset(body, 'a', sizeof body);
	batch_clear(in);
	snprintf(in->list.name, sizeof in->list.name, "up");
	in->list.class = 2;
	in->start = (struct cursor){7, from, from};
	in->end = (struct cursor){7, from + count, from + count};
	for (i = 0; i < count; i++) {
		struct batch_change *c = &in->changes[in->change_count++];

		memset(c, 0, sizeof *c);
		memcpy(c->id.life, life, LIFE_BYTES);
		c->id.class = 2;
		c->id.seq = from + i + 1;
		c->body_at = in->bytes.size;
		c->body_bytes = body_bytes;
		put_bytes(&in->bytes, body, body_bytes);
	}
}

static void
begin(const uint8_t life[LIFE_BYTES], uint64_t seq, size_t count)
{
	struct change_id last = {{0}, 2, seq};

	memcpy(last.life, life, LIFE_BYTES);
	assert_int_equal(
	    packer_start(packer, books, 0, &source, &last, count), ERR_OK);
	histories = 0;
}

static void
pack(bool follows)
{
	bool is_end = false;

	buffer_clear(&packed);
	assert_int_equal(packer_add(packer, in, follows, &lives), ERR_OK);
	while (!is_end)
		assert_int_equal(
		    packer_take(packer, 1000, &packed, &is_end), ERR_OK);
}

static enum err
unpack(bool is_held)
{
	const struct unpack_context cx = {.books = books,
	    .source = &source,
	    .lives = &lives,
	    .is_held = is_held,
	    .expected = expected};

	assert_int_equal(
	    unpacker_feed(unpacker, packed.data, packed.size), ERR_OK);
	out->list.class = 2;
	return unpacker_take(unpacker, &cx, out);
}

/* --- what it may lean on -------------------------------------------------- */

static void
test_packed_leans_on_what_came_before(void **state)
{
	begin(own, 100, 50);
	make_batch(own, 100, 3, 20);
	pack(false);
	assert_int_equal(unpack(false), ERR_OK);
	assert_int_equal(histories, 1);
	assert_int_equal(out->change_count, 3);
	assert_int_equal(out->changes[2].id.seq, 103);
	assert_memory_equal(out->bytes.data, in->bytes.data, in->bytes.size);
	expects = in->end;
	make_batch(own, 103, 2, 20);
	pack(true);
	assert_int_equal(unpack(false), ERR_OK);
	assert_memory_equal(&out->start.place, &in->start.place, 16);
	assert_int_equal(out->changes[0].id.seq, 104);
}

/* An answer tells whether a history was what the sender thought: of the
 * changes of others nobody learns that, not even whether they are there. */
static void
test_packed_never_asks_for_changes_of_others(void **state)
{
	begin(other, 100, 1);
	make_batch(other, 100, 3, 20);
	pack(false);
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
	assert_int_equal(histories, 0);
	/* Downwards no lives were told. */
	lives.count = 0;
	begin(own, 100, 1);
	make_batch(own, 100, 3, 20);
	pack(false);
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
	assert_int_equal(histories, 0);
}

static void
test_packed_can_be_begun_anew_after_it_was_lost(void **state)
{
	begin(own, 100, 0);
	make_batch(own, 100, 3, 20);
	pack(false);
	packed.data[packed.size - 3] ^= 0x55;
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
	assert_int_equal(out->change_count, 0);
	make_batch(own, 103, 3, 20);
	pack(false);
	assert_int_equal(unpack(false), ERR_NOT_FOUND); /* it knows nothing */
	begin(own, 100, 0);
	pack(false);
	assert_int_equal(unpack(false), ERR_OK);
}

/* --- what it may cost ----------------------------------------------------- */

static void
test_packed_begins_so_often_and_no_more(void **state)
{
	unsigned i;

	for (i = 0; i < PACKED_FRESH_MAX; i++) {
		begin(own, 100, 0);
		make_batch(own, 100, 1, 20);
		pack(false);
		assert_int_equal(unpack(false), ERR_OK);
	}
	begin(own, 100, 0);
	pack(false);
	assert_int_equal(unpack(false), ERR_LIMIT);
	assert_int_equal(out->change_count, 0);
}

/* A few hundred bytes that promise the most. */
static void
test_packed_bomb_is_refused_at_its_bound(void **state)
{
	begin(own, 100, 0);
	make_batch(own, 100, 3, 60000);
	pack(false);
	assert_true(in->bytes.size >
	            PACKED_BODIES_FREE + PACKED_BODIES_RATIO * packed.size);
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
	assert_true(out->bytes.capacity < 2 * BATCH_BYTES_MAX);
	assert_int_equal(
	    unpacker_feed(unpacker, in->bytes.data, in->bytes.size), ERR_OK);
	assert_int_equal(
	    unpacker_feed(unpacker, in->bytes.data, in->bytes.size), ERR_LIMIT);
}

/* As many changes as may be named, each as large as may be. */
static void
test_packed_history_is_bounded(void **state)
{
	history_bytes = CHANGE_BYTES_MAX - 100;
	begin(own, 1000, PACKED_HISTORY_MAX);
	make_batch(own, 1000, 1, 20);
	pack(false);
	assert_int_equal(unpack(false), ERR_OK);
	assert_int_equal(histories, 1);
	/* One that names more than are told is not believed. */
	history_bytes += 100;
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
}

/* Batches that are decoded and given to nobody: after so many bytes of them
 * the thread is lost, and no more is done for them. */
static void
expect_vain(bool is_held)
{
	unsigned i;

	begin(own, 100, 0);
	for (i = 0; i <= PACKED_VAIN_BYTES_MAX / 16000 + 1; i++) {
		expects.running = is_held ? 100 : 5; /* what follows is not */
		make_batch(own, 100, 1, 16000);
		pack(true);
		assert_int_equal(unpack(is_held), ERR_NOT_FOUND);
	}
	expects.running = 100;
	pack(true);
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
	begin(own, 100, 20);
	pack(true);
	assert_int_equal(unpack(false), ERR_NOT_FOUND);
	assert_int_equal(histories, 0);
}

static void
test_packed_in_vain_comes_to_an_end(void **state)
{
	expect_vain(false);
}

static void
test_packed_held_comes_to_an_end(void **state)
{
	expect_vain(true);
}

/* What is held up a while is not lost: the coder goes on. */
static void
test_packed_goes_on_after_it_was_held(void **state)
{
	unsigned i;

	begin(own, 100, 0);
	expects = (struct cursor){7, 100, 100};
	for (i = 0; i < 30; i++) {
		make_batch(own, 100 + i, 1, 2000);
		pack(true);
		assert_int_equal(
		    unpack(i < 20), i < 20 ? ERR_NOT_FOUND : ERR_OK);
		assert_int_equal(out->end.place, 101 + i);
		expects = in->end;
	}
	assert_memory_equal(out->bytes.data, in->bytes.data, in->bytes.size);
}

static int
close_books(void **state)
{
	codebook_free(books);
	return 0;
}

/* A bounded session copies its coder for each batch, at the hub too. */
static void
test_packed_copy_that_found_no_memory_is_none(void **state)
{
	struct packer *copy = packer;

	begin(own, 0, 0);
	is_short = true;
	assert_int_equal(packer_copy(&copy, packer), ERR_NOMEM);
	is_short = false;
	assert_null(copy);
	packer_free(copy);
	assert_int_equal(packer_copy(&copy, packer), ERR_OK);
	packer_free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_packed_leans_on_what_came_before),
	    CASE(test_packed_never_asks_for_changes_of_others),
	    CASE(test_packed_can_be_begun_anew_after_it_was_lost),
	    CASE(test_packed_begins_so_often_and_no_more),
	    CASE(test_packed_bomb_is_refused_at_its_bound),
	    CASE(test_packed_history_is_bounded),
	    CASE(test_packed_in_vain_comes_to_an_end),
	    CASE(test_packed_held_comes_to_an_end),
	    CASE(test_packed_goes_on_after_it_was_held),
	    CASE(test_packed_copy_that_found_no_memory_is_none),
	};

	if (sodium_init() < 0 || codebook_new(&books) != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, close_books);
}
