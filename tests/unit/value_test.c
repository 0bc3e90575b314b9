/* value: one value, one encoding, and back again. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/value.h"

static const struct field *
table_of(const char *kind)
{
	return kind_by_name(kind)->fields;
}

/* {"v": value} there and back; takes value. */
static json_t *
round_trip(json_t *value, struct buffer *bytes)
{
	json_t *fields = json_pack("{s:o}", "v", value), *back, *v;

	buffer_clear(bytes);
	assert_int_equal(fields_encode(NULL, fields, bytes), ERR_OK);
	assert_int_equal(
	    fields_decode(NULL, bytes->data, bytes->size, &back), ERR_OK);
	v = json_incref(json_object_get(back, "v"));
	json_decref(fields);
	json_decref(back);
	return v;
}

static void
expect_number(double in, json_t *same)
{
	struct buffer a = {0}, b = {0};
	json_t *got = round_trip(json_real(in), &a);
	json_t *again = round_trip(same, &b);

	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	assert_true(json_equal(got, again));
	assert_true(value_equal(got, again));
	json_decref(got);
	json_decref(again);
	buffer_free(&a);
	buffer_free(&b);
}

static void
test_whole_reals_are_integers(void **state)
{
	expect_number(0.0, json_integer(0));
	expect_number(-0.0, json_integer(0));
	expect_number(128.0, json_integer(128));
	expect_number(-1.0, json_integer(-1));
	expect_number(1e15, json_integer(1000000000000000));
	expect_number(1e18, json_integer(1000000000000000000));
	expect_number(0.1 + 0.2, json_real(0.3)); /* 15 digits */
}

static void
expect_same_real(double v)
{
	struct buffer bytes = {0};
	json_t *got = round_trip(json_real(v), &bytes);

	assert_true(json_is_real(got));
	assert_true(json_real_value(got) == v);
	json_decref(got);
	buffer_free(&bytes);
}

static void
test_decimals_of_15_digits_come_back(void **state)
{
	uint64_t seed = 3;
	int i;

	expect_same_real(0.1);
	expect_same_real(36.6);
	expect_same_real(1e19);
	expect_same_real(1e-290);
	expect_same_real(1e290);
	expect_same_real(123456789.012345);
	expect_same_real(0.000123456789012345);
	for (i = 0; i < 20000; i++) {
		char text[40];

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		snprintf(text, sizeof text, "%s%llu1e%d", seed & 1 ? "-" : "",
		    (unsigned long long)(seed >> 12) % 100000000000000u,
		    (int)((seed >> 3) % 250) - 130);
		if (strtod(text, NULL) != trunc(strtod(text, NULL)) ||
		    fabs(strtod(text, NULL)) > 1e19)
			expect_same_real(strtod(text, NULL));
	}
}

/* What the printed 15 digits say, as the encoding has it. */
static void
expect_printed_digits(double v)
{
	struct buffer want = {0}, got = {0};
	char text[40], *c;
	int64_t m = 0;
	int e = -14;

	snprintf(text, sizeof text, "%.14e", fabs(v));
	for (c = text; *c != 'e'; c++)
		if (*c != '.')
			m = m * 10 + (*c - '0');
	for (e += atoi(c + 1); m % 10 == 0; e++)
		m /= 10;
	if (e >= 0) /* an integer; tested above */
		return;
	put_u8(&want, 0x05);
	put_signed(&want, v < 0 ? -m : m);
	put_signed(&want, e);
	assert_int_equal(value_put_real(v, &got), ERR_OK);
	assert_int_equal(got.size, want.size);
	assert_memory_equal(got.data, want.data, want.size);
	buffer_free(&want);
	buffer_free(&got);
}

/* Few places are reckoned, not printed: it must be the same, also for the
 * doubles beside them, which round to 15 digits. */
static void
test_few_places_are_as_printed(void **state)
{
	static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
	uint64_t seed = 4;
	size_t i;

	for (i = 0; i < 40000; i++) {
		double v;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v = (double)((seed >> 20) % 100000000000u >> (i % 36)) /
		    tens[i % 8];
		if (v == 0)
			continue;
		v = seed & 1024 ? -v : v;
		expect_printed_digits(v);
		expect_printed_digits(nextafter(v, 1e300));
		expect_printed_digits(nextafter(v, 0));
		if (v != trunc(v) && fabs(v) < 1e7)
			expect_same_real(v);
	}
}

static void
test_integers_are_exact(void **state)
{
	static const json_int_t numbers[] = {0, 1, 127, 128, 255, 16383, 16384,
	    -1, -2, -128, -129, 123456789012345678, INT64_MAX, INT64_MIN,
	    INT64_MIN + 1};
	struct buffer bytes = {0};
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		json_t *got = round_trip(json_integer(numbers[i]), &bytes);

		assert_true(json_integer_value(got) == numbers[i]);
		json_decref(got);
	}
	buffer_free(&bytes);
}

static void
test_numbers_that_are_none_are_refused(void **state)
{
	/* jansson makes no such real, and JSON has none: 1e400 is refused
	 * where it is read. */
	assert_null(json_real(NAN));
	assert_null(json_real(INFINITY));
	assert_null(json_loads("[1e400]", 0, NULL));
	{
		struct buffer out = {0};

		assert_int_equal(value_put_real(NAN, &out), ERR_FORMAT);
		assert_int_equal(value_put_real(-INFINITY, &out), ERR_FORMAT);
		assert_int_equal(value_put_real(1e300, &out), ERR_FORMAT);
		assert_int_equal(value_put_real(1e-300, &out), ERR_FORMAT);
		assert_int_equal(value_put_real(DBL_MIN, &out), ERR_FORMAT);
		assert_int_equal(out.size, 0);
		buffer_free(&out);
	}
}

/* How a text was stored, by its first byte after {"v": */
static uint8_t
tag_of(const char *text)
{
	struct buffer bytes = {0};
	json_t *got = round_trip(json_string(text), &bytes);
	uint8_t tag = bytes.data[4]; /* count, 0, length, 'v' */

	assert_string_equal(json_string_value(got), text);
	json_decref(got);
	buffer_free(&bytes);
	return tag;
}

static void
test_texts_come_back_as_they_were(void **state)
{
	char text[70];
	size_t n;

	for (n = 0; n < sizeof text; n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		assert_int_equal(
		    tag_of(text), n <= 63 ? TAG_SHORT + (int)n : TAG_STRING);
	}
	tag_of("买买提·阿不都拉");
	tag_of("𠮷\xcc\x81\n\t\"\\");
	assert_int_equal(tag_of("ref:"), TAG_SHORT + 4);
	assert_int_equal(tag_of("ref:x"), TAG_REF);
	assert_int_equal(tag_of("ref:2026-01-01"), TAG_REF);
	assert_int_equal(tag_of("REF:x"), TAG_SHORT + 5);
}

static void
test_days_that_exist_are_numbers_and_others_text(void **state)
{
	static const char *const days[] = {"0000-01-01", "0001-01-01",
	    "1970-01-01", "2000-02-29", "2024-02-29", "9999-12-31"};
	static const char *const others[] = {"2026-02-30", "2023-02-29",
	    "1900-02-29", "2026-13-01", "2026-00-10", "2026-01-00",
	    "2026-1-001", "2026/01/01", "-026-01-01", "2026-01-0x"};
	size_t i;

	for (i = 0; i < sizeof days / sizeof days[0]; i++)
		assert_int_equal(tag_of(days[i]), TAG_DATE);
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(tag_of(others[i]), TAG_SHORT + 10);
}

static void
test_every_day_of_10000_years_comes_back(void **state)
{
	int64_t day, back;
	char text[VALUE_DATE_CHARS + 1], before[VALUE_DATE_CHARS + 1] = "";

	for (day = -719528; day <= 2932896; day++) {
		assert_true(value_date_print(day, text));
		assert_true(value_date_parse(text, &back));
		assert_true(back == day);
		assert_true(strcmp(before, text) < 0);
		memcpy(before, text, sizeof before);
	}
	assert_string_equal(before, "9999-12-31");
	assert_false(value_date_print(day, text));
	assert_false(value_date_print(-719529, text));
	assert_false(value_date_print(INT64_MIN, text));
	assert_false(value_date_print(INT64_MAX, text));
}

static void
test_only_instants_of_one_zone_are_numbers(void **state)
{
	static const char *const instants[] = {"0000-01-01T00:00:00+08:00",
	    "1970-01-01T08:00:00+08:00", "1969-12-31T23:59:59+08:00",
	    "2026-07-01T09:30:15+08:00", "9999-12-31T23:59:59+08:00"};
	static const char *const others[] = {"2026-07-01T09:30:15+09:00",
	    "2026-07-01T09:30:15-08:00", "2026-07-01T24:00:00+08:00",
	    "2026-07-01T09:60:15+08:00", "2026-07-01T09:30:60+08:00",
	    "2026-07-01 09:30:15+08:00", "2026-02-30T09:30:15+08:00",
	    "2026-07-01T09:30:15+0800 "};
	int64_t seconds;
	char text[26];
	size_t i;

	for (i = 0; i < sizeof instants / sizeof instants[0]; i++) {
		assert_int_equal(tag_of(instants[i]), TAG_INSTANT);
		assert_int_equal(
		    instant_parse(instants[i], 25, &seconds), ERR_OK);
		assert_int_equal(instant_print(seconds, text), ERR_OK);
		assert_string_equal(text, instants[i]);
	}
	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(tag_of(others[i]), TAG_SHORT + 25);
	assert_int_equal(tag_of("2026-07-01T01:30:15Z"), TAG_SHORT + 20);
	assert_int_equal(
	    instant_parse("1970-01-01T08:00:00+08:00", 25, &seconds), ERR_OK);
	assert_true(seconds == 0);
	assert_int_equal(instant_print(INT64_MIN, text), ERR_LIMIT);
	assert_int_equal(instant_print(INT64_MAX, text), ERR_LIMIT);
}

/* --- objects ------------------------------------------------------------- */

static enum err
encode_text(const char *kind, const char *json, struct buffer *out)
{
	json_t *fields = json_loads(json, 0, NULL);
	enum err e;

	assert_non_null(fields);
	buffer_clear(out);
	e = fields_encode(kind == NULL ? NULL : table_of(kind), fields, out);
	json_decref(fields);
	return e;
}

static void
expect_fields(const char *kind, const char *json)
{
	const struct field *table = kind == NULL ? NULL : table_of(kind);
	json_t *fields = json_loads(json, 0, NULL), *back;
	struct buffer a = {0}, b = {0};

	assert_non_null(fields);
	assert_int_equal(fields_encode(table, fields, &a), ERR_OK);
	assert_int_equal(fields_decode(table, a.data, a.size, &back), ERR_OK);
	assert_true(json_equal(fields, back));
	assert_int_equal(fields_encode(table, back, &b), ERR_OK);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	json_decref(fields);
	json_decref(back);
	buffer_free(&a);
	buffer_free(&b);
}

static void
test_unknown_fields_and_rows_come_back(void **state)
{
	expect_fields("encounter", "{}");
	expect_fields("encounter", "{\"state\":\"signed\",\"#999\":[1,null],"
	                           "\"new word\":{\"a\":{},\"b\":[]}}");
	expect_fields("encounter",
	    "{\"rx\":[{\"name\":\"x\",\"dose\":0.25,\"#77\":true,\"z\":1}]}");
	expect_fields(NULL, "{\"#1\":1,\"#65535\":2,\"#0\":3,\"#01\":4,"
	                    "\"#65536\":5,\"#\":6,\"#1x\":7}");
}

/* "#1" would come back as the field that has number 1. */
static void
test_known_field_by_its_number_is_refused(void **state)
{
	struct buffer out = {0};

	assert_int_equal(
	    encode_text("encounter", "{\"#1\":\"signed\"}", &out), ERR_FORMAT);
	assert_int_equal(
	    encode_text("encounter", "{\"rx\":[{\"#2\":1}]}", &out),
	    ERR_FORMAT);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
}

static void
test_order_of_keys_does_not_matter(void **state)
{
	struct buffer a = {0}, b = {0};

	assert_int_equal(
	    encode_text("resident",
	        "{\"name\":\"x\",\"sex\":\"1\",\"q\":1,\"p\":2}", &a),
	    ERR_OK);
	assert_int_equal(
	    encode_text("resident",
	        "{\"p\":2.0,\"q\":1,\"sex\":\"1\",\"name\":\"x\"}", &b),
	    ERR_OK);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	buffer_free(&a);
	buffer_free(&b);
}

static void
test_depth_is_bounded_both_ways(void **state)
{
	struct buffer out = {0};
	json_t *back;
	int depth;

	for (depth = 1; depth < 40; depth++) {
		json_t *v = json_integer(1), *fields;
		enum err e;
		int i;

		for (i = 1; i < depth; i++) {
			v = i % 2 == 0 ? json_pack("[o]", v)
			               : json_pack("{s:o}", "k", v);
		}
		fields = json_pack("{s:o}", "v", v);
		buffer_clear(&out);
		e = fields_encode(NULL, fields, &out);
		assert_int_equal(
		    e, depth <= VALUE_DEPTH_MAX ? ERR_OK : ERR_LIMIT);
		if (e == ERR_OK) {
			assert_int_equal(
			    fields_decode(NULL, out.data, out.size, &back),
			    ERR_OK);
			json_decref(back);
		}
		json_decref(fields);
	}
	/* One deeper than an encoder makes. */
	buffer_clear(&out);
	put_bytes(&out, "\x01\x00\x01v", 4);
	for (depth = 0; depth < VALUE_DEPTH_MAX; depth++)
		put_bytes(&out, "\x07\x01", 2);
	put_u8(&out, 0x80);
	assert_int_equal(
	    fields_decode(NULL, out.data, out.size, &back), ERR_LIMIT);
	buffer_free(&out);
}

static void
test_names_are_bounded(void **state)
{
	char name[FIELD_NAME_BYTES_MAX + 2];
	struct buffer out = {0};
	json_t *fields = json_object();

	memset(name, 'n', sizeof name);
	name[FIELD_NAME_BYTES_MAX] = '\0';
	json_object_set_new(fields, name, json_null());
	assert_int_equal(fields_encode(NULL, fields, &out), ERR_OK);
	name[FIELD_NAME_BYTES_MAX] = 'n';
	name[FIELD_NAME_BYTES_MAX + 1] = '\0';
	json_object_set_new(fields, name, json_null());
	assert_int_equal(fields_encode(NULL, fields, &out), ERR_LIMIT);
	json_object_clear(fields);
	json_object_set_new(fields, "", json_null());
	assert_int_equal(fields_encode(NULL, fields, &out), ERR_LIMIT);
	json_decref(fields);
	buffer_free(&out);
}

static void
test_text_that_is_not_utf8_is_refused(void **state)
{
	json_t *fields = json_object();
	struct buffer out = {0};

	json_object_set_new(fields, "v", json_string_nocheck("\xff\xfe"));
	assert_int_equal(fields_encode(NULL, fields, &out), ERR_FORMAT);
	json_object_set_new(fields, "v", json_stringn("a\0b", 3));
	assert_int_equal(fields_encode(NULL, fields, &out), ERR_FORMAT);
	json_object_clear(fields);
	json_object_set_new_nocheck(fields, "\xff", json_null());
	assert_int_equal(fields_encode(NULL, fields, &out), ERR_FORMAT);
	assert_int_equal(out.size, 0);
	json_decref(fields);
	buffer_free(&out);
}

/* Of every value one form only; each line is another form of something. */
static void
test_other_forms_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
	    {"", 0}, {"\x01", 1}, {"\x01\x00\x01v", 4},
	    {"\x00\x00", 2},                  /* trailing */
	    {"\x01\x00\x01v\x80\x80", 6},     /* trailing */
	    {"\x81\x00\x00\x01v\x80", 6},     /* long varint */
	    {"\x01\x00\x01v\x03\x05", 6},     /* small as varint */
	    {"\x01\x00\x01v\x05\x02\x00", 7}, /* 1E0 */
	    {"\x01\x00\x01v\x05\x14\x01", 7}, /* 10E-1 */
	    {"\x01\x00\x01v\x05\x00\x01", 7}, /* 0E-1 */
	    {"\x01\x00\x01v\x06\x01x", 7},    /* short as long */
	    {"\x01\x00\x01v\x45ref:x", 10},   /* reference as text */
	    {"\x01\x00\x01v\x4a"
	     "2026-01-01",
	        15},                          /* day as text */
	    {"\x01\x00\x01v\x09\x00", 6},     /* empty reference */
	    {"\x01\x00\x01v\x0c", 5},         /* no such tag */
	    {"\x01\x00\x01v\x3f", 5},         /* no such tag */
	    {"\x01\x00\x01v\x07\x05\x80", 7}, /* five, one there */
	    {"\x01\x00\x00\x80", 4},          /* no name */
	    {"\x01\x00\x02#5\x80", 6},        /* number by name */
	    {"\x02\x00\x01"
	     "b\x80\x00\x01"
	     "a\x80",
	        9}, /* order */
	    {"\x02\x00\x01"
	     "a\x80\x00\x01"
	     "a\x80",
	        9},                      /* twice */
	    {"\x02\x05\x80\x05\x80", 5}, /* twice */
	    {"\x02\x00\x01"
	     "a\x80\x05\x80",
	        7},                           /* number after name */
	    {"\x01\x00\x01v\x42\xc3\x28", 7}, /* not UTF-8 */
	    {"\x01\x00\x01v\x41\x00", 6},     /* NUL */
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_t *got;

		assert_int_equal(
		    fields_decode(NULL, bad[i].bytes, bad[i].size, &got),
		    ERR_FORMAT);
	}
}

static void
test_known_field_may_be_named_but_not_twice(void **state)
{
	struct buffer out = {0};
	json_t *got;

	/* An older version wrote "state" by name; another by number too. */
	put_bytes(&out, "\x01\x00\x05state\x46signed", 15);
	assert_int_equal(
	    fields_decode(table_of("encounter"), out.data, out.size, &got),
	    ERR_OK);
	assert_string_equal(
	    json_string_value(json_object_get(got, "state")), "signed");
	json_decref(got);
	buffer_clear(&out);
	put_bytes(&out, "\x02\x01\x46signed\x00\x05state\x46signed", 23);
	assert_int_equal(
	    fields_decode(table_of("encounter"), out.data, out.size, &got),
	    ERR_FORMAT);
	buffer_free(&out);
}

static void
test_equality_is_of_decimals(void **state)
{
	json_t *a = json_loads("{\"a\":[1.0,0.1,{\"b\":null}]}", 0, NULL);
	json_t *b =
	    json_loads("{\"a\":[1,0.10000000000000001,{\"b\":null}]}", 0, NULL);
	json_t *c = json_loads("{\"a\":[1,0.1,{\"b\":false}]}", 0, NULL);

	assert_true(value_equal(a, b));
	assert_false(value_equal(a, c));
	json_decref(a);
	json_decref(b);
	json_decref(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole_reals_are_integers),
	    cmocka_unit_test(test_decimals_of_15_digits_come_back),
	    cmocka_unit_test(test_few_places_are_as_printed),
	    cmocka_unit_test(test_integers_are_exact),
	    cmocka_unit_test(test_numbers_that_are_none_are_refused),
	    cmocka_unit_test(test_texts_come_back_as_they_were),
	    cmocka_unit_test(test_days_that_exist_are_numbers_and_others_text),
	    cmocka_unit_test(test_every_day_of_10000_years_comes_back),
	    cmocka_unit_test(test_only_instants_of_one_zone_are_numbers),
	    cmocka_unit_test(test_unknown_fields_and_rows_come_back),
	    cmocka_unit_test(test_known_field_by_its_number_is_refused),
	    cmocka_unit_test(test_order_of_keys_does_not_matter),
	    cmocka_unit_test(test_depth_is_bounded_both_ways),
	    cmocka_unit_test(test_names_are_bounded),
	    cmocka_unit_test(test_text_that_is_not_utf8_is_refused),
	    cmocka_unit_test(test_other_forms_are_refused),
	    cmocka_unit_test(test_known_field_may_be_named_but_not_twice),
	    cmocka_unit_test(test_equality_is_of_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
