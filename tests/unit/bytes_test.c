/* bytes: readers never read past the end, buffers hold what was put. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void
test_integers_come_back(void **state)
{
	struct buffer b;
	struct reader r;

	buffer_init(&b);
	put_u8(&b, 0xfe);
	put_u16(&b, 0xfedc);
	put_u32(&b, 0xfedcba98);
	put_u64(&b, 0xfedcba9876543210);
	assert_int_equal(b.size, 15);
	assert_memory_equal(b.data, "\xfe\xfe\xdc\xfe\xdc\xba\x98", 7);
	reader_init(&r, b.data, b.size);
	assert_int_equal(read_u8(&r), 0xfe);
	assert_int_equal(read_u16(&r), 0xfedc);
	assert_int_equal(read_u32(&r), 0xfedcba98);
	assert_true(read_u64(&r) == 0xfedcba9876543210);
	assert_int_equal(reader_left(&r), 0);
	assert_false(r.failed);
	buffer_free(&b);
}

static void
test_varints_come_back_in_their_shortest_form(void **state)
{
	struct buffer b;
	struct reader r;
	unsigned bit;

	buffer_init(&b);
	for (bit = 0; bit < 64; bit++) {
		uint64_t v = UINT64_C(1) << bit;
		int i;

		for (i = -1; i <= 1; i++) {
			uint64_t n = v + (uint64_t)(int64_t)i;

			buffer_clear(&b);
			put_varint(&b, n);
			reader_init(&r, b.data, b.size);
			assert_true(read_varint(&r) == n);
			assert_false(r.failed);
			assert_int_equal(reader_left(&r), 0);
			buffer_clear(&b);
			put_signed(&b, (int64_t)n);
			reader_init(&r, b.data, b.size);
			assert_true(read_signed(&r) == (int64_t)n);
			assert_false(r.failed);
		}
	}
	buffer_clear(&b);
	put_signed(&b, INT64_MIN);
	reader_init(&r, b.data, b.size);
	assert_true(read_signed(&r) == INT64_MIN);
	buffer_free(&b);
}

static void
test_other_varints_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
	    {"", 0},
	    {"\x80", 1},
	    {"\x80\x00", 2},
	    {"\xff\x80\x00", 3},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11},
	};
	struct reader r;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		reader_init(&r, bad[i].bytes, bad[i].size);
		assert_true(read_varint(&r) == 0);
		assert_true(r.failed);
	}
	reader_init(&r, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
	assert_true(read_varint(&r) == UINT64_MAX);
	assert_false(r.failed);
}

static void
test_fault_of_a_reader_stays(void **state)
{
	uint8_t out[4] = {1, 2, 3, 4};
	struct reader r;
	struct bytes s;

	reader_init(&r, "abc", 3);
	read_copy(&r, out, sizeof out);
	assert_true(r.failed);
	assert_memory_equal(out, "\0\0\0\0", 4);
	assert_int_equal(read_u8(&r), 0);
	assert_null(read_view(&r, 0));
	assert_int_equal(reader_left(&r), 0);
	s = read_string(&r);
	assert_null(s.data);
	assert_int_equal(s.size, 0);
}

static void
test_string_longer_than_the_rest_is_refused(void **state)
{
	static const char *const bad[] = {"\x03"
	                                  "ab",
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
	struct reader r;
	struct bytes s;
	size_t i;

	for (i = 0; i < 2; i++) {
		reader_init(&r, bad[i], strlen(bad[i]));
		s = read_string(&r);
		assert_true(r.failed);
		assert_null(s.data);
	}
	reader_init(&r,
	    "\x02"
	    "ab",
	    3);
	s = read_string(&r);
	assert_int_equal(s.size, 2);
	assert_memory_equal(s.data, "ab", 2);
	reader_init(&r, NULL, 0);
	assert_non_null(&r);
	assert_int_equal(reader_left(&r), 0);
	read_view(&r, 0);
	assert_false(r.failed);
	reader_init(&r, "\0", 1);
	s = read_string(&r);
	assert_false(r.failed);
	assert_int_equal(s.size, 0);
}

static void
test_buffer_grows_and_drops(void **state)
{
	struct buffer b;
	unsigned i;

	buffer_init(&b);
	for (i = 0; i < 1000; i++)
		put_u32(&b, i);
	assert_int_equal(b.size, 4000);
	buffer_drop(&b, 0);
	buffer_drop(&b, 400);
	for (i = 100; i < 1000; i++)
		assert_int_equal(load_u32(b.data + 4 * (i - 100)), i);
	buffer_drop(&b, b.size);
	assert_int_equal(b.size, 0);
	buffer_drop(&b, 0);
	put_text(&b, "");
	assert_int_equal(b.size, 1);
	buffer_wipe(&b);
	buffer_drop(&b, 0);
	assert_null(b.data);
}

static void
test_buffer_without_memory_stays_as_it_was(void **state)
{
	struct buffer b;

	buffer_init(&b);
	put_u8(&b, 1);
	assert_false(buffer_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	put_u8(&b, 2);
	assert_int_equal(b.size, 1);
	assert_int_equal(buffer_state(&b), ERR_NOMEM);
	buffer_clear(&b);
	assert_int_equal(buffer_state(&b), ERR_OK);
	buffer_free(&b);
}

static void
test_hex_is_exact(void **state)
{
	uint8_t out[3];
	char text[7];

	hex_encode(text, (const uint8_t *)"\x00\x9f\xff", 3);
	assert_string_equal(text, "009fff");
	assert_int_equal(hex_decode(out, 3, text), ERR_OK);
	assert_memory_equal(out, "\x00\x9f\xff", 3);
	assert_int_equal(hex_decode(out, 3, "009FFF"), ERR_OK);
	assert_int_equal(hex_decode(out, 3, "009ff"), ERR_FORMAT);
	assert_int_equal(hex_decode(out, 3, "009fff0"), ERR_FORMAT);
	assert_int_equal(hex_decode(out, 3, "009ffg"), ERR_FORMAT);
	assert_int_equal(hex_decode(out, 3, "00 9ff"), ERR_FORMAT);
	assert_int_equal(hex_decode(out, 3, ""), ERR_FORMAT);
}

static void
test_text_is_bounded_and_holds_no_nul(void **state)
{
	static const uint8_t good[] = {2, 'a', 'b', 0};
	static const uint8_t inner[] = {2, 'a', 0};
	char out[3] = "??";
	struct reader r;

	(void)state;
	reader_init(&r, good, sizeof good);
	assert_true(read_text(&r, out, 2));
	assert_string_equal(out, "ab");
	assert_true(read_text(&r, out, 2)); /* an empty one */
	assert_string_equal(out, "");
	memcpy(out, "??", 3);
	reader_init(&r, good, sizeof good);
	assert_false(read_text(&r, out, 1));
	assert_true(r.failed);
	reader_init(&r, inner, sizeof inner);
	assert_false(read_text(&r, out, 2));
	assert_true(r.failed);
	assert_string_equal(out, "??");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_bounded_and_holds_no_nul),
	    cmocka_unit_test(test_integers_come_back),
	    cmocka_unit_test(test_varints_come_back_in_their_shortest_form),
	    cmocka_unit_test(test_other_varints_are_refused),
	    cmocka_unit_test(test_fault_of_a_reader_stays),
	    cmocka_unit_test(test_string_longer_than_the_rest_is_refused),
	    cmocka_unit_test(test_buffer_grows_and_drops),
	    cmocka_unit_test(test_buffer_without_memory_stays_as_it_was),
	    cmocka_unit_test(test_hex_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
