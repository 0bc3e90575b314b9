/* dictionary: the shipped one is sound and is the one of the vector; others
 * are learned when they are first used, and what cannot be is used by nobody.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/change.h"
#include "sync/dictionary.h"
#include "tests/unit/bodies.h"

enum {
	/* A new dictionary is a new protocol: who changes it changes this. */
	SHIPPED_ID = 0xddd1f660,
	/* What learning it may cost, and what leaves room in the file. */
	BODIES_BYTES_MAX = 300 * 1024,
};

static int
set_up(void **state)
{
	return sodium_init() < 0;
}

/* A small one; `what` makes it differ from others. */
static void
make(const char *what, struct buffer *out)
{
	struct bytes listed = {(const uint8_t *)"abc，。", 9};
	struct bytes body = {(const uint8_t *)what, strlen(what)};

	buffer_clear(out);
	assert_int_equal(dictionary_make(&listed, &body, 1, out), ERR_OK);
}

/* --- the shipped one --------------------------------------------------- */

static void
test_dictionary_shipped_is_the_one_of_the_protocol(void **state)
{
	assert_true(sync_dictionary_bytes <= DICTIONARY_BYTES_MAX);
	assert_int_equal(
	    dictionary_id(sync_dictionary, sync_dictionary_bytes), SHIPPED_ID);
}

static void
test_dictionary_shipped_holds_sound_bodies_of_every_kind(void **state)
{
	struct sample_bodies all;
	bool seen[64] = {false};
	size_t i;

	sample_bodies_read(&all);
	assert_true(all.bytes.size <= BODIES_BYTES_MAX);
	assert_true(all.listed > 1000);
	assert_true(all.listed <= ALPHABET_LISTED_MAX);
	for (i = 0; i < all.count; i++) {
		struct change c;

		change_init(&c);
		memset(&c.id, 1, sizeof c.id);
		assert_int_equal(
		    change_decode(&c, all.list[i].data, all.list[i].size),
		    ERR_OK);
		seen[kind_by_name(c.record.kind)->number] = true;
		change_clear(&c);
	}
	for (i = 1; i <= 17; i++)
		if (!seen[i])
			fail_msg("none is of kind %zu", i);
	sample_bodies_free(&all);
}

static void
test_dictionary_shipped_is_learned_alike_by_all(void **state)
{
	static const char body[] = "no body at all";
	struct buffer out[2] = {{0}};
	size_t i;

	for (i = 0; i < 2; i++) {
		struct codebook *c;
		struct dense *d;

		assert_int_equal(codebook_new(&c), ERR_OK);
		assert_int_equal(codebook_dense(c, 0, &d), ERR_OK);
		dense_begin(d, &out[i]);
		assert_int_equal(dense_put(d, body, sizeof body), ERR_OK);
		assert_int_equal(dense_end(d), ERR_OK);
		dense_free(d);
		codebook_free(c);
	}
	assert_int_equal(out[0].size, out[1].size);
	assert_memory_equal(out[0].data, out[1].data, out[0].size);
	buffer_free(&out[0]);
	buffer_free(&out[1]);
}

/* --- making and adding ------------------------------------------------- */

static void
test_dictionary_has_characters_once(void **state)
{
	struct bytes twice = {(const uint8_t *)"aba", 3};
	struct bytes broken = {(const uint8_t *)"\xe5\x92", 2};
	struct buffer out = {0};

	assert_int_equal(dictionary_make(&twice, NULL, 0, &out), ERR_FORMAT);
	assert_int_equal(dictionary_make(&broken, NULL, 0, &out), ERR_FORMAT);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
}

/* Noise does not shrink. */
static void
test_dictionary_is_not_made_too_large(void **state)
{
	static uint8_t noise[2 * 40000];
	struct bytes bodies[] = {{noise, 40000}, {noise + 40000, 40000}};
	struct bytes listed = {(const uint8_t *)"a", 1};
	struct buffer out = {0};

	randombytes_buf(noise, sizeof noise);
	put_u8(&out, 7);
	assert_int_equal(dictionary_make(&listed, bodies, 2, &out), ERR_LIMIT);
	assert_int_equal(out.size, 1);
	assert_int_equal(dictionary_make(&listed, bodies, 1, &out), ERR_OK);
	buffer_free(&out);
}

static void
test_codebook_knows_each_once_and_the_last_first(void **state)
{
	struct buffer a = {0}, b = {0};
	uint32_t ids[CODEBOOK_MAX - 1];
	struct codebook *c;
	struct dense *d;

	assert_int_equal(codebook_new(&c), ERR_OK);
	assert_int_equal(codebook_ids(c, ids), 0);
	make("one", &a);
	make("two", &b);
	assert_int_equal(codebook_add(c, a.data, a.size), ERR_OK);
	assert_int_equal(codebook_add(c, b.data, b.size), ERR_OK);
	assert_int_equal(codebook_add(c, a.data, a.size), ERR_EXISTS);
	assert_int_equal(
	    codebook_add(c, sync_dictionary, sync_dictionary_bytes),
	    ERR_EXISTS);
	assert_int_equal(codebook_ids(c, ids), 2);
	assert_int_equal(ids[0], dictionary_id(b.data, b.size));
	assert_int_equal(ids[1], dictionary_id(a.data, a.size));
	assert_int_equal(codebook_dense(c, ids[1], &d), ERR_OK);
	dense_free(d);
	assert_int_equal(
	    codebook_dense(c, ids[0] ^ ids[1] ^ 5, &d), ERR_NOT_FOUND);
	codebook_free(c);
	buffer_free(&a);
	buffer_free(&b);
}

static void
test_codebook_takes_eight_more(void **state)
{
	struct buffer one = {0};
	struct codebook *c;
	char what[] = "body 0";
	size_t i;

	assert_int_equal(codebook_new(&c), ERR_OK);
	for (i = 0; i < CODEBOOK_MAX; i++) {
		what[5] = (char)('0' + i);
		make(what, &one);
		assert_int_equal(codebook_add(c, one.data, one.size),
		    i < CODEBOOK_MAX - 1 ? ERR_OK : ERR_FULL);
	}
	codebook_free(c);
	buffer_free(&one);
}

static void
test_codebook_refuses_what_is_cut_or_altered(void **state)
{
	static const uint8_t large[DICTIONARY_BYTES_MAX + 1] = {1};
	enum { HEAD = 1 + 1 + 9 + 1 };
	struct buffer good = {0};
	struct codebook *c;
	uint32_t ids[CODEBOOK_MAX - 1];
	struct dense *d;
	size_t i;

	assert_int_equal(codebook_new(&c), ERR_OK);
	make("some body", &good);
	for (i = 0; i < HEAD; i++)
		assert_int_equal(codebook_add(c, good.data, i), ERR_FORMAT);
	/* Its last four bytes hold more than is needed of them. What is wrong
	 * with the bodies is seen when it is used; then nobody is told of it
	 * any more. */
	for (; i + 4 <= good.size; i++) {
		assert_int_equal(codebook_add(c, good.data, i), ERR_OK);
		assert_int_equal(codebook_ids(c, ids), 1);
		assert_int_equal(codebook_dense(c, ids[0], &d), ERR_NOT_FOUND);
		assert_false(codebook_can(c, ids[0]));
		assert_int_equal(codebook_ids(c, ids), 0);
		assert_int_equal(codebook_add(c, good.data, i), ERR_EXISTS);
		codebook_keep(c, NULL, 0);
	}
	good.data[0] = 2;
	assert_int_equal(codebook_add(c, good.data, good.size), ERR_FORMAT);
	assert_int_equal(codebook_add(c, large, sizeof large), ERR_LIMIT);
	assert_int_equal(codebook_ids(c, (uint32_t[CODEBOOK_MAX - 1]){0}), 0);
	codebook_free(c);
	buffer_free(&good);
}

/* A body with text, which its characters' places are looked up for. */
static void
code_one(struct dense *d)
{
	struct sample_bodies all;
	struct buffer coded = {0};

	sample_bodies_read(&all);
	dense_begin(d, &coded);
	assert_int_equal(
	    dense_put(d, all.list[0].data, all.list[0].size), ERR_OK);
	assert_int_equal(dense_end(d), ERR_OK);
	assert_true(coded.size > 0);
	buffer_free(&coded);
	sample_bodies_free(&all);
}

/* A program runs for months, and its group makes better ones. */
static void
test_codebook_gives_up_what_nobody_names(void **state)
{
	struct buffer data = {0};
	uint32_t ids[CODEBOOK_MAX - 1], last = 0;
	struct codebook *c;
	struct dense *d;
	char text[8];
	unsigned i;

	assert_int_equal(codebook_new(&c), ERR_OK);
	for (i = 0; i < 2 * CODEBOOK_MAX; i++) {
		uint32_t kept[2] = {last, 0};

		snprintf(text, sizeof text, "no %u", i);
		make(text, &data);
		assert_int_equal(codebook_add(c, data.data, data.size), ERR_OK);
		kept[1] = dictionary_id(data.data, data.size);
		codebook_keep(c, kept, 2);
		assert_int_equal(codebook_ids(c, ids), i == 0 ? 1 : 2);
		assert_int_equal(ids[0], kept[1]);
		last = kept[1];
	}
	/* Who codes by one that is given up goes on to the end. */
	assert_int_equal(codebook_dense(c, last, &d), ERR_OK);
	codebook_keep(c, NULL, 0);
	code_one(d);
	dense_free(d);
	assert_int_equal(codebook_ids(c, ids), 0);
	assert_int_equal(codebook_dense(c, last, &d), ERR_NOT_FOUND);
	assert_int_equal(codebook_dense(c, 0, &d), ERR_OK);
	dense_free(d);
	codebook_free(c);
	buffer_free(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        test_dictionary_shipped_is_the_one_of_the_protocol),
	    cmocka_unit_test(
	        test_dictionary_shipped_holds_sound_bodies_of_every_kind),
	    cmocka_unit_test(test_dictionary_shipped_is_learned_alike_by_all),
	    cmocka_unit_test(test_dictionary_has_characters_once),
	    cmocka_unit_test(test_dictionary_is_not_made_too_large),
	    cmocka_unit_test(test_codebook_knows_each_once_and_the_last_first),
	    cmocka_unit_test(test_codebook_takes_eight_more),
	    cmocka_unit_test(test_codebook_refuses_what_is_cut_or_altered),
	    cmocka_unit_test(test_codebook_gives_up_what_nobody_names),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
