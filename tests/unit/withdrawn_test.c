/* withdrawn: the revocation list: one encoding, in order, signed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/withdrawn.h"

static const uint8_t group[GROUP_ID_BYTES] = {1, 2, 3};
static uint8_t key[KEY_BYTES], secret[64];
static struct withdrawn list, got;

/* Ids that do not come in their order. */
static void
fill(size_t count)
{
	size_t i;

	memset(&list, 0, sizeof list);
	list.epoch = 7;
	for (i = 0; i < count; i++) {
		uint8_t id[NODE_ID_BYTES] = {0};

		store_u32(id, (uint32_t)(i * 2654435761u));
		assert_int_equal(withdrawn_add(&list, id), ERR_OK);
	}
	assert_int_equal(withdrawn_sign(&list, group, secret), ERR_OK);
}

static enum err
consume(const struct buffer *b, size_t size)
{
	const struct bytes body = {.data = b->data, .size = size};

	return withdrawn_consume(&body, &got);
}

static void
test_list_comes_back_as_it_was(void **state)
{
	const size_t counts[] = {1, 2, 77, WITHDRAWN_MAX};
	size_t i;

	for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct buffer b = {0};

		fill(counts[i]);
		assert_int_equal(withdrawn_create(&list, &b), ERR_OK);
		assert_int_equal(consume(&b, b.size), ERR_OK);
		assert_memory_equal(&got, &list, sizeof list);
		assert_int_equal(withdrawn_verify(&got, group, key), ERR_OK);
		buffer_free(&b);
	}
}

static void
test_list_keeps_order_and_bounds(void **state)
{
	uint8_t id[NODE_ID_BYTES] = {0xff};
	size_t i;

	fill(WITHDRAWN_MAX);
	for (i = 1; i < list.count; i++)
		assert_true(
		    memcmp(list.ids[i - 1], list.ids[i], NODE_ID_BYTES) < 0);
	assert_false(withdrawn_has(&list, id));
	assert_int_equal(withdrawn_add(&list, id), ERR_LIMIT);
	fill(WITHDRAWN_MAX - 1);
	assert_int_equal(withdrawn_add(&list, id), ERR_OK);
	assert_true(withdrawn_has(&list, id));
	assert_int_equal(withdrawn_add(&list, id), ERR_EXISTS);
	assert_int_equal(list.count, WITHDRAWN_MAX);
}

/* Cut anywhere, or with more behind it; the output stays as it was. */
static void
test_list_of_another_form_is_refused(void **state)
{
	struct buffer b = {0};
	struct withdrawn before;
	size_t i;

	fill(3);
	assert_int_equal(withdrawn_create(&list, &b), ERR_OK);
	memset(&got, 0x55, sizeof got);
	before = got;
	for (i = 0; i < b.size; i++)
		assert_int_equal(consume(&b, i), ERR_FORMAT);
	put_u8(&b, 0);
	assert_int_equal(consume(&b, b.size), ERR_FORMAT);
	assert_memory_equal(&got, &before, sizeof got);
	buffer_clear(&b);

	list.epoch = 0;
	assert_int_equal(withdrawn_create(&list, &b), ERR_OK);
	assert_int_equal(consume(&b, b.size), ERR_FORMAT);
	buffer_clear(&b);

	fill(3); /* twice the same, and falling */
	memcpy(list.ids[1], list.ids[0], NODE_ID_BYTES);
	assert_int_equal(withdrawn_create(&list, &b), ERR_OK);
	assert_int_equal(consume(&b, b.size), ERR_FORMAT);
	buffer_clear(&b);
	fill(3);
	memset(list.ids[0], 0xff, NODE_ID_BYTES);
	assert_int_equal(withdrawn_create(&list, &b), ERR_OK);
	assert_int_equal(consume(&b, b.size), ERR_FORMAT);
	buffer_clear(&b);

	fill(1);
	list.count = 0;
	assert_int_equal(withdrawn_create(&list, &b), ERR_OK);
	assert_int_equal(consume(&b, b.size), ERR_FORMAT);
	buffer_clear(&b);

	list.count = WITHDRAWN_MAX + 1;
	assert_int_equal(withdrawn_create(&list, &b), ERR_LIMIT);
	put_u32(&b, 7);
	put_varint(&b, UINT64_MAX);
	assert_int_equal(consume(&b, b.size), ERR_LIMIT);
	buffer_free(&b);
}

/* Another key, group, epoch or id, one more or one less. */
static void
test_signature_covers_all_of_it(void **state)
{
	uint8_t other[KEY_BYTES], other_secret[64];
	uint8_t other_group[GROUP_ID_BYTES] = {1, 2, 4};

	crypto_sign_ed25519_keypair(other, other_secret);
	fill(4);
	assert_int_equal(withdrawn_verify(&list, group, other), ERR_AUTH);
	assert_int_equal(withdrawn_verify(&list, other_group, key), ERR_AUTH);
	list.epoch++;
	assert_int_equal(withdrawn_verify(&list, group, key), ERR_AUTH);
	fill(4);
	list.ids[3][7] ^= 1;
	assert_int_equal(withdrawn_verify(&list, group, key), ERR_AUTH);
	fill(4);
	list.count--;
	assert_int_equal(withdrawn_verify(&list, group, key), ERR_AUTH);
	fill(4);
	list.signature[0] ^= 1;
	assert_int_equal(withdrawn_verify(&list, group, key), ERR_AUTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list_comes_back_as_it_was),
	    cmocka_unit_test(test_list_keeps_order_and_bounds),
	    cmocka_unit_test(test_list_of_another_form_is_refused),
	    cmocka_unit_test(test_signature_covers_all_of_it),
	};

	if (sodium_init() < 0)
		return 1;
	crypto_sign_ed25519_keypair(key, secret);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
