/* dense: any body comes back byte by byte, whatever it is; what is learned
 * shortens it; bytes that were cut or altered end within bounds.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/dense.h"
#include "sync/limits.h"
#include "tests/unit/bodies.h"

static struct alphabet alphabet;

static int
set_up(void **state)
{
	static const char listed[] = " ,.0123456789abcdefghij，。咳嗽发热天";
	struct bytes view = {(const uint8_t *)listed, sizeof listed - 1};

	return sodium_init() < 0 || alphabet_fill(&alphabet, &view) != ERR_OK;
}

static struct dense *
make(void)
{
	struct dense *d;

	assert_int_equal(dense_new(&d, &alphabet), ERR_OK);
	return d;
}

static size_t
code(struct dense *d, const struct bytes *bodies, size_t count,
    struct buffer *out)
{
	size_t i, begin = out->size;

	dense_begin(d, out);
	for (i = 0; i < count; i++)
		assert_int_equal(
		    dense_put(d, bodies[i].data, bodies[i].size), ERR_OK);
	assert_int_equal(dense_end(d), ERR_OK);
	return out->size - begin;
}

/* Code, decode, compare. Gives the bytes it took. */
static size_t
round_trip(const struct bytes *bodies, size_t count)
{
	struct dense *from = make(), *to = make();
	struct buffer packed = {0}, body = {0};
	size_t i, size = code(from, bodies, count, &packed);

	dense_open(to, packed.data, packed.size);
	for (i = 0; i < count; i++) {
		buffer_clear(&body);
		assert_int_equal(dense_take(to, bodies[i].size, &body), ERR_OK);
		assert_int_equal(body.size, bodies[i].size);
		if (body.size > 0)
			assert_memory_equal(
			    body.data, bodies[i].data, body.size);
	}
	assert_int_equal(dense_close(to), ERR_OK);
	buffer_free(&body);
	buffer_free(&packed);
	dense_free(from);
	dense_free(to);
	return size;
}

static size_t
round_trip_of(const void *data, size_t size)
{
	struct bytes body = {data, size};

	return round_trip(&body, 1);
}

/* --- bodies made by hand ----------------------------------------------- */

static void
put_head(struct buffer *out, const char *ref, const char *by)
{
	put_u8(out, 1);
	put_u8(out, 0);
	put_varint(out, 9);
	put_text(out, "his");
	put_text(out, ref);
	put_varint(out, 0); /* parents */
	put_text(out, by);
	put_text(out, "V0101");
	put_signed(out, 1777694400);
	put_signed(out, 60);
}

/* An encounter with one field of text. */
static void
put_note(struct buffer *out, const char *ref, const char *text)
{
	put_head(out, ref, "S0001");
	put_varint(out, 1);
	put_varint(out, 11);
	if (strlen(text) < 64) {
		put_u8(out, (uint8_t)(0x40 + strlen(text)));
		put_bytes(out, text, strlen(text));
	} else {
		put_u8(out, 6);
		put_text(out, text);
	}
}

static void
check_note(const char *text)
{
	struct buffer body = {0};

	put_note(&body, "E000001", text);
	(void)round_trip_of(body.data, body.size);
	buffer_free(&body);
}

/* One field whose value is whatever bytes are given. */
static void
check_value(const void *value, size_t size)
{
	struct buffer body = {0};

	put_head(&body, "E000001", "S0001");
	put_varint(&body, 1);
	put_varint(&body, 24);
	put_bytes(&body, value, size);
	(void)round_trip_of(body.data, body.size);
	buffer_free(&body);
}

/* --- any body ---------------------------------------------------------- */

static void
test_dense_gives_text_back_whatever_its_characters(void **state)
{
	char long_text[3 * 600 + 1] = "";
	size_t i;

	for (i = 0; i < 600; i++)
		memcpy(long_text + 3 * i, i % 7 == 0 ? "，" : "咳", 4);
	check_note("");
	check_note("咳嗽3天，发热");
	check_note("PE: T 36.5℃\tBP 128/76\n");
	check_note("𬍛㼆龥鿿\xf4\x8f\xbf\xbf\xef\xbf\xbf\x7f\x01");
	check_note(long_text);
}

static void
test_dense_gives_bytes_back_that_are_no_body(void **state)
{
	static const uint8_t odd[][12] = {
	    {1, 0, 0x89, 0},          /* a varint not of its shortest form */
	    {1, 0, 9, 1, 0xff, 0, 0}, /* no text */
	    {1, 0, 9, 1, 0, 0, 0, 0}, /* U+0000 */
	    {1, 0, 9, 0, 0, 33},      /* more parents than there may be */
	    {2, 8, 9, 0, 0, 0, 0, 0, 0, 0}, /* another version */
	    {1, 8, 0, 0, 0, 0, 0, 0, 0, 0}, /* kind 0 */
	};
	uint8_t noise[300];
	size_t i;

	(void)round_trip_of("", 0);
	for (i = 0; i < sizeof odd / sizeof odd[0]; i++)
		(void)round_trip_of(odd[i], sizeof odd[i]);
	for (i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)(i * i * 7 + i / 3);
	for (i = 0; i < 20; i++)
		(void)round_trip_of(noise + i, sizeof noise - 13 * i);
}

static void
test_dense_gives_values_back_at_their_edges(void **state)
{
	static const struct {
		uint8_t bytes[14];
		size_t size;
	} values[] = {
	    {{0}, 1},
	    {{1}, 1},
	    {{2}, 1},
	    {{0xff}, 1},
	    {{3, 0x80, 1}, 3},
	    {{3, 0x7f}, 2}, /* has a shorter form: not taken apart */
	    {{3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 11},
	    {{4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 11},
	    {{5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 3},
	        12},
	    {{0x0a, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	        11},
	    {{0x0b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	        11},
	    {{9, 0}, 2},
	    {{9, 3, 'R', '0', '1'}, 5},
	    {{7, 0}, 2},
	    {{7, 2, 0, 0x81}, 4},
	    {{8, 0}, 2},
	    {{8, 1, 0, 1, 'x', 0x80}, 6},
	    {{8, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1, 0}, 9},
	    {{0x0c}, 1},
	    {{0x3f}, 1},
	    {{6, 1, 'x'}, 3},
	};
	size_t i;

	for (i = 0; i < sizeof values / sizeof values[0]; i++)
		check_value(values[i].bytes, values[i].size);
}

/* Arrays in arrays, and more entries than are taken apart. */
static void
test_dense_gives_deep_and_wide_values_back(void **state)
{
	struct buffer value = {0};
	size_t depth, i;

	for (depth = 14; depth < 19; depth++) {
		buffer_clear(&value);
		for (i = 0; i < depth; i++) {
			put_u8(&value, 7);
			put_varint(&value, 1);
		}
		put_u8(&value, 0);
		check_value(value.data, value.size);
	}
	for (depth = 511; depth < 514; depth++) {
		buffer_clear(&value);
		put_u8(&value, 8);
		put_varint(&value, depth);
		for (i = 0; i < depth; i++) {
			put_varint(&value, i + 1);
			put_u8(&value, 0x81);
		}
		check_value(value.data, value.size);
	}
	buffer_free(&value);
}

static void
test_dense_takes_the_largest_body_and_no_larger(void **state)
{
	uint8_t *body = calloc(1, CHANGE_BYTES_MAX + 1);
	struct dense *d = make();
	struct buffer out = {0};

	assert_non_null(body);
	(void)round_trip_of(body, CHANGE_BYTES_MAX);
	assert_int_equal(dense_learn(d, body, CHANGE_BYTES_MAX + 1), ERR_LIMIT);
	dense_begin(d, &out);
	assert_int_equal(dense_put(d, body, CHANGE_BYTES_MAX + 1), ERR_LIMIT);
	buffer_free(&out);
	dense_free(d);
	free(body);
}

/* Those the shipped dictionary holds: some of every kind. */
static void
test_dense_gives_samples_of_every_kind_back(void **state)
{
	struct sample_bodies all;
	struct bytes some[80];
	size_t i, count = 0;

	sample_bodies_read(&all);
	for (i = 0; i < all.count && count < 80; i++)
		if (i % 24 == 0 || all.list[i].data[2] != 9)
			some[count++] = all.list[i];
	assert_true(round_trip(some, count) > 0);
	sample_bodies_free(&all);
}

/* --- learning ---------------------------------------------------------- */

static void
test_dense_learning_is_as_good_as_coding(void **state)
{
	struct dense *learner = make(), *coder = make();
	struct buffer first = {0}, second = {0}, a = {0}, b = {0};
	struct bytes body;

	put_note(&first, "E000001", "咳嗽3天，发热");
	put_note(&second, "E000002", "咳嗽3天，不发热");
	body = (struct bytes){first.data, first.size};
	(void)code(coder, &body, 1, &a);
	assert_int_equal(dense_learn(learner, first.data, first.size), ERR_OK);
	buffer_clear(&a);
	body = (struct bytes){second.data, second.size};
	(void)code(coder, &body, 1, &a);
	(void)code(learner, &body, 1, &b);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	/* And both know more than who learned nothing. */
	assert_true(a.size < round_trip(&body, 1) / 2);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&a);
	buffer_free(&b);
	dense_free(learner);
	dense_free(coder);
}

static void
test_dense_copy_goes_its_own_way(void **state)
{
	struct dense *d = make(), *copy;
	struct buffer note = {0}, a = {0}, b = {0};
	struct bytes body;

	put_note(&note, "E000001", "咳嗽3天，发热");
	body = (struct bytes){note.data, note.size};
	assert_int_equal(dense_copy(&copy, d), ERR_OK);
	assert_int_equal(dense_learn(copy, note.data, note.size), ERR_OK);
	assert_true(code(copy, &body, 1, &a) < code(d, &body, 1, &b));
	buffer_free(&note);
	buffer_free(&a);
	buffer_free(&b);
	dense_free(copy);
	dense_free(d);
}

static void
test_dense_carries_facts_between_bodies(void **state)
{
	static const uint64_t facts[] = {0, 1, 127, 65536, UINT64_MAX};
	struct dense *from = make(), *to = make();
	struct buffer note = {0}, packed = {0}, back = {0};
	uint8_t link[4];
	size_t i;

	put_note(&note, "E000001", "发热");
	dense_begin(from, &packed);
	for (i = 0; i < 5; i++) {
		dense_put_number(from, (unsigned)i * 3, facts[i]);
		dense_put_bytes(from, "\x00\xff\x5a\xa5", 4);
		assert_int_equal(dense_put(from, note.data, note.size), ERR_OK);
	}
	assert_int_equal(dense_end(from), ERR_OK);
	dense_open(to, packed.data, packed.size);
	for (i = 0; i < 5; i++) {
		assert_true(dense_take_number(to, (unsigned)i * 3) == facts[i]);
		dense_take_bytes(to, link, sizeof link);
		assert_memory_equal(link, "\x00\xff\x5a\xa5", 4);
		buffer_clear(&back);
		assert_int_equal(dense_take(to, 4096, &back), ERR_OK);
		assert_memory_equal(back.data, note.data, note.size);
	}
	assert_int_equal(dense_close(to), ERR_OK);
	buffer_free(&note);
	buffer_free(&packed);
	buffer_free(&back);
	dense_free(from);
	dense_free(to);
}

/* --- what is not as it was sent ---------------------------------------- */

static void
test_dense_gives_no_more_than_the_limit(void **state)
{
	struct dense *from = make(), *to;
	struct buffer note = {0}, packed = {0}, out = {0};
	struct bytes body;
	size_t max;

	put_note(&note, "E000001", "咳嗽3天，发热，咳嗽");
	body = (struct bytes){note.data, note.size};
	(void)code(from, &body, 1, &packed);
	for (max = 0; max < note.size; max += 7) {
		to = make();
		buffer_clear(&out);
		dense_open(to, packed.data, packed.size);
		assert_int_equal(dense_take(to, max, &out), ERR_FORMAT);
		dense_free(to);
	}
	buffer_free(&note);
	buffer_free(&packed);
	buffer_free(&out);
	dense_free(from);
}

/* Taking ends and stays within bounds. Whether it gave the body back. */
static bool
take_back(const struct buffer *bad, const struct buffer *note)
{
	struct dense *to = make();
	struct buffer out = {0};
	bool is_same = false;
	enum err e;

	dense_open(to, bad->data, bad->size);
	e = dense_take(to, 4096, &out);
	assert_true(e == ERR_OK || e == ERR_FORMAT);
	if (e == ERR_OK) {
		assert_true(out.size <= 4096);
		is_same = dense_close(to) == ERR_OK && out.size == note->size &&
		          memcmp(out.data, note->data, out.size) == 0;
	}
	buffer_free(&out);
	dense_free(to);
	return is_same;
}

/* The last four bytes hold more than is needed of them; the frame's tag
 * guards them. */
static void
test_dense_is_not_fooled_by_what_was_cut_or_altered(void **state)
{
	struct dense *from = make();
	struct buffer note = {0}, packed = {0};
	struct bytes body;
	size_t i, size;

	put_note(&note, "E000001", "咳嗽3天，发热");
	body = (struct bytes){note.data, note.size};
	size = code(from, &body, 1, &packed);
	assert_true(take_back(&packed, &note));
	for (i = 0; i < size; i++) {
		packed.size = i;
		assert_false(take_back(&packed, &note) && i + 4 <= size);
		packed.size = size;
		packed.data[i] ^= (uint8_t)(1u << i % 8);
		assert_false(take_back(&packed, &note) && i + 4 <= size);
		packed.data[i] ^= (uint8_t)(1u << i % 8);
	}
	put_u32(&packed, 0x5a5a5a5a);
	assert_false(take_back(&packed, &note));
	buffer_free(&note);
	buffer_free(&packed);
	dense_free(from);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        test_dense_gives_text_back_whatever_its_characters),
	    cmocka_unit_test(test_dense_gives_bytes_back_that_are_no_body),
	    cmocka_unit_test(test_dense_gives_values_back_at_their_edges),
	    cmocka_unit_test(test_dense_gives_deep_and_wide_values_back),
	    cmocka_unit_test(test_dense_takes_the_largest_body_and_no_larger),
	    cmocka_unit_test(test_dense_gives_samples_of_every_kind_back),
	    cmocka_unit_test(test_dense_learning_is_as_good_as_coding),
	    cmocka_unit_test(test_dense_copy_goes_its_own_way),
	    cmocka_unit_test(test_dense_carries_facts_between_bodies),
	    cmocka_unit_test(test_dense_gives_no_more_than_the_limit),
	    cmocka_unit_test(
	        test_dense_is_not_fooled_by_what_was_cut_or_altered),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
