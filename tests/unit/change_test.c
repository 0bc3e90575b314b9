/* change: what is encoded decodes to the same, and nothing else decodes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/change.h"

static void
make(struct change *c)
{
	change_init(c);
	memset(c->id.life, 1, LIFE_BYTES);
	c->id.class = 2;
	c->id.seq = 9;
	snprintf(c->record.source, sizeof c->record.source, "s-1");
	snprintf(c->record.kind, sizeof c->record.kind, "encounter");
	snprintf(c->record.ref, sizeof c->record.ref, "E1");
	snprintf(c->by, sizeof c->by, "D1");
	snprintf(c->org, sizeof c->org, "C01");
	c->occurred_at = 1790000000;
	c->recorded_at = 1790000060;
	c->fields = json_pack("{s:s}", "state", "signed");
}

static void
expect_round_trip(const struct change *c)
{
	struct buffer a = {0}, b = {0};
	struct change back;
	size_t i;

	assert_int_equal(change_encode(c, &a), ERR_OK);
	change_init(&back);
	back.id = c->id;
	assert_int_equal(change_decode(&back, a.data, a.size), ERR_OK);
	assert_string_equal(back.record.kind, c->record.kind);
	assert_string_equal(back.record.source, c->record.source);
	if (!c->founds)
		assert_string_equal(back.record.ref, c->record.ref);
	assert_int_equal(back.founds, c->founds);
	assert_int_equal(back.managing, c->managing);
	assert_int_equal(back.clock, c->clock);
	assert_string_equal(back.by, c->by);
	assert_string_equal(back.org, c->org);
	assert_true(back.occurred_at == c->occurred_at);
	assert_true(back.recorded_at == c->recorded_at);
	assert_int_equal(back.parent_count, c->parent_count);
	for (i = 0; i < c->parent_count; i++)
		assert_int_equal(
		    change_id_compare(&back.parents[i].id, &c->parents[i].id),
		    0);
	assert_true(json_equal(back.fields, c->fields));
	assert_int_equal(change_encode(&back, &b), ERR_OK);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	change_clear(&back);
	buffer_free(&a);
	buffer_free(&b);
}

static void
expect_encode(const struct change *c, enum err expected)
{
	struct buffer out = {0};

	put_u8(&out, 7);
	assert_int_equal(change_encode(c, &out), expected);
	assert_int_equal(out.size, 1); /* nothing half written */
	buffer_free(&out);
}

static void
test_changes_come_back(void **state)
{
	struct change c;
	int clock;

	make(&c);
	for (clock = CLOCK_OK; clock <= CLOCK_CONFIRMED; clock++) {
		c.clock = (enum clock_state)clock;
		c.managing = clock == 1;
		expect_round_trip(&c);
	}
	c.occurred_at = INT64_MAX;
	c.recorded_at = INT64_MAX - 5;
	expect_round_trip(&c);
	c.by[0] = '\0';
	c.org[0] = '\0';
	c.record.source[0] = '\0';
	json_object_clear(c.fields);
	expect_round_trip(&c);
	change_clear(&c);
}

static void
test_unknown_kinds_come_back(void **state)
{
	static const char *const kinds[] = {"#999", "#65535", "a word"};
	struct change c;
	size_t i;

	make(&c);
	json_object_set_new(c.fields, "#1", json_integer(5));
	for (i = 0; i < 3; i++) {
		snprintf(c.record.kind, sizeof c.record.kind, "%s", kinds[i]);
		expect_round_trip(&c);
	}
	change_clear(&c);
}

static void
test_kinds_that_would_come_back_as_others_are_refused(void **state)
{
	static const char *const kinds[] = {
	    "", "#", "#0", "#9", "#65536", "#x", "\xff"};
	struct change c;
	size_t i;

	make(&c);
	json_object_clear(c.fields);
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		snprintf(c.record.kind, sizeof c.record.kind, "%s", kinds[i]);
		expect_encode(&c, ERR_FORMAT);
	}
	change_clear(&c);
}

static void
test_founding_change_gives_its_record_its_name(void **state)
{
	char ref[REF_BYTES_MAX + 1];
	struct buffer out = {0};
	struct change c, back;

	make(&c);
	c.founds = true;
	c.record.ref[0] = '\0';
	expect_round_trip(&c);
	assert_int_equal(change_encode(&c, &out), ERR_OK);
	change_init(&back);
	back.id = c.id;
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_OK);
	change_founded_ref(&c.id, ref, sizeof ref);
	assert_string_equal(ref, "~0101010101010101-2-9");
	assert_string_equal(back.record.ref, ref);
	change_clear(&back);
	back.id.seq = UINT64_MAX; /* the longest */
	change_founded_ref(&back.id, ref, sizeof ref);
	assert_string_equal(ref, "~0101010101010101-2-18446744073709551615");
	change_clear(&c);
	buffer_free(&out);
}

static void
test_parents_keep_life_and_link(void **state)
{
	struct buffer out = {0};
	struct change c, back;
	size_t i;

	make(&c);
	c.parent_count = CHANGE_PARENTS_MAX;
	for (i = 0; i < c.parent_count; i++) {
		c.parents[i].id = c.id;
		c.parents[i].id.seq = i + 1;
		if (i % 2 == 0) {
			c.parents[i].id.life[0] = 5;
			memset(c.parents[i].link, 0xa0, 4);
		}
	}
	expect_round_trip(&c);
	assert_int_equal(change_encode(&c, &out), ERR_OK);
	change_init(&back);
	back.id = c.id;
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_OK);
	assert_memory_equal(back.parents[0].link, "\xa0\xa0\xa0\xa0", 4);
	assert_memory_equal(back.parents[1].link, "\0\0\0\0", 4);
	change_clear(&back);
	buffer_free(&out);

	c.parents[3].id.seq = 0;
	expect_encode(&c, ERR_FORMAT);
	c.parents[3].id.seq = 1;
	c.parents[3].id.class = CLASSES;
	expect_encode(&c, ERR_FORMAT);
	c.parents[3].id.class = 0;
	c.parent_count++;
	expect_encode(&c, ERR_LIMIT);
	change_clear(&c);
}

/* A name typed in another encoding would make the record unreadable. */
static void
test_names_that_would_not_decode_are_refused(void **state)
{
	struct change c;

	make(&c);
	snprintf(c.by, sizeof c.by, "\xc4\xe3");
	expect_encode(&c, ERR_FORMAT);
	c.by[0] = '\0';
	snprintf(c.org, sizeof c.org, "\xff");
	expect_encode(&c, ERR_FORMAT);
	c.org[0] = '\0';
	snprintf(c.record.ref, sizeof c.record.ref, "\xff");
	expect_encode(&c, ERR_FORMAT);
	c.record.ref[0] = '\0';
	expect_encode(&c, ERR_FORMAT);
	snprintf(c.record.ref, sizeof c.record.ref, "E1");
	snprintf(c.record.source, sizeof c.record.source, "\xff");
	expect_encode(&c, ERR_FORMAT);
	change_clear(&c);
}

static void
test_too_much_is_over_the_limit(void **state)
{
	char *text = calloc(1, CHANGE_BYTES_MAX + 1);
	struct buffer out = {0};
	struct change c, back;

	assert_non_null(text);
	make(&c);
	memset(text, 'x', CHANGE_BYTES_MAX);
	json_object_set_new(c.fields, "plan", json_string(text));
	expect_encode(&c, ERR_LIMIT);
	text[CHANGE_BYTES_MAX - 100] = '\0';
	json_object_set_new(c.fields, "plan", json_string(text));
	expect_round_trip(&c);
	c.occurred_at = INT64_MIN;
	c.recorded_at = 1;
	expect_encode(&c, ERR_LIMIT);
	memset(text, 1, CHANGE_BYTES_MAX);
	change_init(&back);
	assert_int_equal(
	    change_decode(&back, text, CHANGE_BYTES_MAX + 1), ERR_LIMIT);
	change_clear(&c);
	buffer_free(&out);
	free(text);
}

static void
test_newer_bodies_are_told(void **state)
{
	struct buffer out = {0};
	struct change c, back;

	make(&c);
	assert_int_equal(change_encode(&c, &out), ERR_OK);
	change_init(&back);
	back.id = c.id;
	out.data[0] = 2;
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_VERSION);
	out.data[0] = 0;
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_FORMAT);
	out.data[0] = 1;
	out.data[1] = 0x10;
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_VERSION);
	out.data[1] = 0x03;
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_FORMAT);
	change_clear(&c);
	buffer_free(&out);
}

static void
test_cut_bodies_are_refused(void **state)
{
	struct buffer out = {0};
	struct change c, back;
	size_t cut;

	make(&c);
	assert_int_equal(change_encode(&c, &out), ERR_OK);
	change_init(&back);
	back.id = c.id;
	for (cut = 0; cut < out.size; cut++)
		assert_int_equal(
		    change_decode(&back, out.data, cut), ERR_FORMAT);
	put_u8(&out, 0);
	assert_int_equal(change_decode(&back, out.data, out.size), ERR_FORMAT);
	change_clear(&c);
	buffer_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changes_come_back),
	    cmocka_unit_test(test_unknown_kinds_come_back),
	    cmocka_unit_test(
	        test_kinds_that_would_come_back_as_others_are_refused),
	    cmocka_unit_test(test_founding_change_gives_its_record_its_name),
	    cmocka_unit_test(test_parents_keep_life_and_link),
	    cmocka_unit_test(test_names_that_would_not_decode_are_refused),
	    cmocka_unit_test(test_too_much_is_over_the_limit),
	    cmocka_unit_test(test_newer_bodies_are_told),
	    cmocka_unit_test(test_cut_bodies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
