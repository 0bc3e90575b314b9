/* message: what is created is consumed as it was; nothing else is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/message.h"

static struct buffer body;

static struct bytes
taken(void)
{
	return (struct bytes){body.data, body.size};
}

/* Each shorter body and each longer one is refused. */
#define EXPECT_EXACT(consume_call)                                             \
	do {                                                                   \
		struct bytes b = taken();                                      \
		size_t whole = b.size;                                         \
		for (b.size = 0; b.size < whole; b.size++)                     \
			assert_int_not_equal(consume_call, ERR_OK);            \
		put_u8(&body, 0);                                              \
		b = taken();                                                   \
		assert_int_not_equal(consume_call, ERR_OK);                    \
		b.size--;                                                      \
		assert_int_equal(consume_call, ERR_OK);                        \
	} while (0)

static int
clear(void **state)
{
	buffer_clear(&body);
	return 0;
}

static void
test_message_row_comes_apart_in_order(void **state)
{
	struct reader r;
	struct message m;

	message_put(&body, MESSAGE_END, NULL, 0);
	message_put(&body, MESSAGE_DATA, "abc", 3);
	reader_init(&r, body.data, body.size);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, MESSAGE_END);
	assert_int_equal(m.body.size, 0);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, MESSAGE_DATA);
	assert_memory_equal(m.body.data, "abc", 3);
	assert_int_equal(message_next(&r, &m), ERR_END);
	reader_init(&r, body.data, body.size - 1);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(message_next(&r, &m), ERR_FORMAT);
	assert_int_equal(message_next(&r, &m), ERR_FORMAT);
}

static void
test_hello_is_exact(void **state)
{
	struct hello h = {.version_min = 1,
	    .version_max = 15,
	    .role = ROLE_CLINIC,
	    .now = UINT32_MAX,
	    .clock = 1,
	    .list_epoch = 7,
	    .slips_left = 1000000,
	    .cursors_digest = UINT32_MAX,
	    .dictionary_count = HELLO_DICTIONARIES_MAX,
	    .dictionaries = {1, 2, 3, 4, 5, 6, 7, UINT32_MAX},
	    .life_count = HELLO_LIVES_MAX};
	struct hello got, before;

	h.lives[63].seq[3] = UINT64_MAX;
	h.lives[63].is_forked = 1;
	h.held_digest = UINT32_MAX - 1;
	memset(&got, 0, sizeof got);
	assert_int_equal(hello_create(&h, &body), ERR_OK);
	EXPECT_EXACT(hello_consume(&b, &got));
	assert_memory_equal(&got, &h, sizeof h);
	h.life_count++;
	assert_int_equal(hello_create(&h, &body), ERR_LIMIT);
	/* A bad one leaves no trace. */
	before = got;
	body.data[0] = 0x91; /* from 9 to 1 */
	assert_int_equal(
	    hello_consume(&(struct bytes){body.data, 200}, &got), ERR_FORMAT);
	assert_memory_equal(&got, &before, sizeof got);
}

/* A bound comes last, and only if there is one. */
static void
test_hello_tells_a_bound(void **state)
{
	struct hello h = {
	    .version_min = 1, .version_max = 1, .down_bound = 300};
	struct hello got;
	struct bytes b;

	assert_int_equal(hello_create(&h, &body), ERR_OK);
	b = (struct bytes){body.data, body.size};
	assert_int_equal(hello_consume(&b, &got), ERR_OK);
	assert_int_equal(got.down_bound, 300);
	b.size -= 1;
	assert_int_equal(hello_consume(&b, &got), ERR_FORMAT);
	b.size -= 1;
	assert_int_equal(hello_consume(&b, &got), ERR_OK);
	assert_int_equal(got.down_bound, 0);
	body.data[b.size] = 0;
	b.size += 1;
	assert_int_equal(hello_consume(&b, &got), ERR_FORMAT);
}

/* What no version knows, or cannot be. */
static void
test_hello_refuses_what_it_does_not_know(void **state)
{
	struct hello h = {.version_min = 1, .version_max = 1, .role = ROLE_HUB};
	struct hello got;
	unsigned bit;

	assert_int_equal(hello_create(&h, &body), ERR_OK);
	assert_int_equal(body.size, 12);
	for (bit = 5; bit < 8; bit++) {
		body.data[1] |= (uint8_t)(1u << bit);
		assert_int_equal(
		    hello_consume(&(struct bytes){body.data, body.size}, &got),
		    ERR_FORMAT);
		body.data[1] &= (uint8_t) ~(1u << bit);
	}
	body.data[1] |= 8; /* lives, and there are none */
	put_u8(&body, 0);
	put_u32(&body, 0);
	put_u8(&body, 0);
	assert_int_equal(
	    hello_consume(&(struct bytes){body.data, body.size}, &got),
	    ERR_FORMAT);
	h.version_max = 16;
	assert_int_equal(hello_create(&h, &body), ERR_LIMIT);
	h.version_max = 1;
	h.dictionary_count = HELLO_DICTIONARIES_MAX + 1;
	assert_int_equal(hello_create(&h, &body), ERR_LIMIT);
}

static void
test_hello_tells_the_nearest_time_it_can(void **state)
{
	const int64_t said[] = {INT64_MIN, -1, 0, 1780000000, UINT32_MAX,
	    UINT32_MAX + 1ll, INT64_MAX};
	const int64_t heard[] = {
	    0, 0, 0, 1780000000, UINT32_MAX, UINT32_MAX, UINT32_MAX};
	struct hello h = {.version_min = 1, .version_max = 1}, got;
	size_t i;

	for (i = 0; i < sizeof said / sizeof said[0]; i++) {
		buffer_clear(&body);
		h.now = said[i];
		assert_int_equal(hello_create(&h, &body), ERR_OK);
		assert_int_equal(
		    hello_consume(&(struct bytes){body.data, body.size}, &got),
		    ERR_OK);
		assert_int_equal(got.now, heard[i]);
	}
}

static void
test_taken_is_exact_and_bounded(void **state)
{
	struct taken t = {3, UNANSWERED_MAX}, got;

	assert_int_equal(taken_create(&t, &body), ERR_OK);
	EXPECT_EXACT(taken_consume(&b, &got));
	assert_int_equal(got.class, 3);
	assert_int_equal(got.count, UNANSWERED_MAX);
	t.count = UNANSWERED_MAX + 1;
	assert_int_equal(taken_create(&t, &body), ERR_LIMIT);
	t.count = 0;
	assert_int_equal(taken_create(&t, &body), ERR_LIMIT);
	t = (struct taken){CLASSES, 1};
	assert_int_equal(taken_create(&t, &body), ERR_LIMIT);
}

static void
test_group_held_is_exact_and_bounded(void **state)
{
	struct group_held h = {
	    .life = HELLO_LIVES_MAX - 1, .seq = {1, 0, UINT64_MAX, 0}};
	struct group_held got;

	h.signature[63] = 7;
	assert_int_equal(group_held_create(&h, &body), ERR_OK);
	EXPECT_EXACT(group_held_consume(&b, &got));
	assert_memory_equal(&got, &h, sizeof h);
	h.life++;
	assert_int_equal(group_held_create(&h, &body), ERR_LIMIT);
	buffer_clear(&body);
	put_varint(&body, (uint64_t)HELLO_LIVES_MAX << CLASSES);
	put_bytes(&body, h.signature, sizeof h.signature);
	assert_int_equal(
	    group_held_consume(&(struct bytes){body.data, body.size}, &got),
	    ERR_FORMAT);
	buffer_clear(&body);
	put_varint(&body, 1); /* class 0 follows: nothing */
	put_varint(&body, 0);
	put_bytes(&body, h.signature, sizeof h.signature);
	assert_int_equal(
	    group_held_consume(&(struct bytes){body.data, body.size}, &got),
	    ERR_FORMAT);
}

static void
test_cursors_are_exact_and_bounded(void **state)
{
	struct cursor_set *set = calloc(1, sizeof *set);
	struct cursor_set *got = calloc(1, sizeof *got);
	struct cursor_set *before = calloc(1, sizeof *before);
	size_t i;

	assert_true(set != NULL && got != NULL && before != NULL);
	set->count = 3;
	for (i = 0; i < 3; i++) {
		memset(set->item[i].list.name, 'a', 1 + i * 39);
		set->item[i].list.class = (uint8_t)i;
		/* One by one: a whole struct brings its padding along. */
		set->item[i].cursor.epoch = 1;
		set->item[i].cursor.place = i << 40;
		set->item[i].cursor.running = i;
	}
	assert_int_equal(cursors_create(set, &body), ERR_OK);
	EXPECT_EXACT(cursors_consume(&b, got));
	assert_memory_equal(got, set, sizeof *set);
	*before = *got;
	body.data[body.size - 2] ^= 1;
	body.data[1] = 0; /* an empty name */
	assert_int_not_equal(
	    cursors_consume(&(struct bytes){body.data, body.size - 1}, got),
	    ERR_OK);
	assert_memory_equal(got, before, sizeof *got);
	buffer_clear(&body);
	put_varint(&body, LISTS_MAX + 1);
	assert_int_equal(
	    cursors_consume(&(struct bytes){body.data, body.size}, got),
	    ERR_LIMIT);
	free(set);
	free(got);
	free(before);
}

static void
test_receipt_is_exact_and_bounded(void **state)
{
	struct exception x[2] = {{{{1}, 3, 9}, 112}, {{{2}, 0, 1}, 65535}};
	struct receipt r = {{"org:C01", 2}, {5, 6, 7}, 2, x};
	struct receipt got;

	assert_int_equal(receipt_create(&r, &body), ERR_OK);
	{
		struct bytes b = taken();

		assert_int_equal(receipt_consume(&b, &got), ERR_OK);
		assert_int_equal(got.exception_count, 2);
		assert_int_equal(got.exceptions[1].reason, 65535);
		assert_int_equal(got.exceptions[0].id.seq, 9);
		assert_int_equal(got.cursor.running, 7);
		receipt_free(&got);
		for (b.size = 0; b.size < body.size; b.size++)
			assert_int_not_equal(receipt_consume(&b, &got), ERR_OK);
	}
	r.exception_count = EXCEPTIONS_MAX + 1;
	assert_int_equal(receipt_create(&r, &body), ERR_LIMIT);
	/* A count alone takes no memory for what does not follow. */
	buffer_clear(&body);
	r.exception_count = 0;
	assert_int_equal(receipt_create(&r, &body), ERR_OK);
	body.size--;
	put_varint(&body, UINT64_MAX);
	assert_int_equal(
	    receipt_consume(&(struct bytes){body.data, body.size}, &got),
	    ERR_LIMIT);
}

static void
test_group_receipt_holds_only_under_its_key(void **state)
{
	struct group_receipt g = {.life = {1}, .seq = {0, 5, 0, 900}}, got;
	uint8_t key[32], secret[64], other[32];

	memset(g.chain[1], 3, HASH_BYTES);
	memset(g.chain[3], 4, HASH_BYTES);
	crypto_sign_ed25519_keypair(other, secret);
	crypto_sign_ed25519_keypair(key, secret);
	group_receipt_sign(&g, secret);
	assert_int_equal(group_receipt_create(&g, &body), ERR_OK);
	EXPECT_EXACT(group_receipt_consume(&b, &got));
	assert_memory_equal(&got, &g, sizeof g);
	assert_int_equal(group_receipt_verify(&got, key), ERR_OK);
	assert_int_equal(group_receipt_verify(&got, other), ERR_AUTH);
	got.seq[3]++;
	assert_int_equal(group_receipt_verify(&got, key), ERR_AUTH);
	got = g;
	got.chain[1][0] ^= 1;
	assert_int_equal(group_receipt_verify(&got, key), ERR_AUTH);
	got = g;
	got.life[7] ^= 1;
	assert_int_equal(group_receipt_verify(&got, key), ERR_AUTH);
}

static void
test_small_ones_are_exact(void **state)
{
	enum reason reason;
	uint64_t first, count;

	assert_int_equal(reason_create(REASON_AHEAD, &body), ERR_OK);
	EXPECT_EXACT(reason_consume(&b, &reason));
	assert_int_equal(reason, REASON_AHEAD);
	buffer_clear(&body);
	assert_int_equal(grant_create(500000, 5000, &body), ERR_OK);
	EXPECT_EXACT(grant_consume(&b, &first, &count));
	assert_int_equal(first, 500000);
	assert_int_equal(count, 5000);
	buffer_clear(&body);
	assert_int_equal(grant_create(UINT64_MAX, 1, &body), ERR_OK);
	assert_int_equal(grant_consume(&(struct bytes){body.data, body.size},
	                     &first, &count),
	    ERR_FORMAT);
	assert_string_equal(reason_name((enum reason)999), "unknown");
}

static void
test_join_proves_its_signing_key(void **state)
{
	struct join_request j = {.name = "村卫生室", .role = ROLE_CLINIC}, got;
	uint8_t secret[64], transport[32] = {5}, group[8] = {6};

	memset(&got, 0, sizeof got);
	crypto_sign_ed25519_keypair(j.signing_key, secret);
	join_prove(&j, secret, transport, group);
	assert_int_equal(join_create(&j, &body), ERR_OK);
	EXPECT_EXACT(join_consume(&b, &got));
	assert_memory_equal(&got, &j, sizeof j);
	assert_int_equal(join_check(&got, transport, group), ERR_OK);
	transport[0]++;
	assert_int_equal(join_check(&got, transport, group), ERR_AUTH);
	transport[0]--;
	group[0]++;
	assert_int_equal(join_check(&got, transport, group), ERR_AUTH);
	group[0]--;
	got.signing_key[0] ^= 1;
	assert_int_equal(join_check(&got, transport, group), ERR_AUTH);
}

static void
make_cert(struct cert *c, const char *name)
{
	uint8_t key[32], secret[64];

	memset(c, 0, sizeof *c);
	crypto_sign_ed25519_keypair(key, secret);
	c->role = ROLE_HUB;
	c->number = 1;
	strncpy(c->name, name, sizeof c->name - 1);
	assert_int_equal(cert_sign(c, secret), ERR_OK);
}

static void
test_welcome_is_exact_and_leaves_no_trace(void **state)
{
	struct join_answer *a = calloc(1, sizeof *a);
	struct join_answer *got = calloc(1, sizeof *got);
	struct join_answer *before = calloc(1, sizeof *before);
	struct bytes b;

	assert_true(a != NULL && got != NULL && before != NULL);
	memset(a->root_key, 1, KEY_BYTES);
	a->chain_count = 2;
	make_cert(&a->chain[0], "node");
	make_cert(&a->chain[1], "hub");
	a->now = 1780000000;
	a->slip_first = 500000;
	a->org_count = 1;
	strncpy(a->orgs[0].ref, "C01", 4);
	strncpy(a->orgs[0].parent, "H01", 4);
	assert_int_equal(welcome_create(a, &body), ERR_OK);
	for (b = taken(); b.size-- > 0;) {
		assert_int_not_equal(welcome_consume(&b, got), ERR_OK);
		assert_memory_equal(got, before, sizeof *got);
	}
	b = taken();
	assert_int_equal(welcome_consume(&b, got), ERR_OK);
	assert_memory_equal(got, a, sizeof *a);
	free(a);
	free(got);
	free(before);
}

static void
test_chain_is_exact_and_leaves_no_trace(void **state)
{
	struct cert chain[CERT_CHAIN_MAX], got[CERT_CHAIN_MAX];
	uint8_t root[32] = {1}, out[32] = {0};
	size_t count = 0, size;

	memset(got, 0, sizeof got);
	make_cert(&chain[0], "relay");
	make_cert(&chain[1], "hub");
	assert_int_equal(chain_create(root, chain, 2, &body), ERR_OK);
	for (size = 0; size < body.size; size++) {
		assert_int_not_equal(
		    chain_consume(body.data, size, out, got, &count), ERR_OK);
		assert_int_equal(count, 0);
		assert_int_equal(out[0], 0);
	}
	assert_int_equal(
	    chain_consume(body.data, size, out, got, &count), ERR_OK);
	assert_int_equal(count, 2);
	assert_memory_equal(got, chain, 2 * sizeof chain[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
	        test_message_row_comes_apart_in_order, clear),
	    cmocka_unit_test_setup(test_hello_is_exact, clear),
	    cmocka_unit_test_setup(test_hello_tells_a_bound, clear),
	    cmocka_unit_test_setup(
	        test_hello_refuses_what_it_does_not_know, clear),
	    cmocka_unit_test_setup(
	        test_hello_tells_the_nearest_time_it_can, clear),
	    cmocka_unit_test_setup(test_taken_is_exact_and_bounded, clear),
	    cmocka_unit_test_setup(test_group_held_is_exact_and_bounded, clear),
	    cmocka_unit_test_setup(test_cursors_are_exact_and_bounded, clear),
	    cmocka_unit_test_setup(test_receipt_is_exact_and_bounded, clear),
	    cmocka_unit_test_setup(
	        test_group_receipt_holds_only_under_its_key, clear),
	    cmocka_unit_test_setup(test_small_ones_are_exact, clear),
	    cmocka_unit_test_setup(test_join_proves_its_signing_key, clear),
	    cmocka_unit_test_setup(
	        test_welcome_is_exact_and_leaves_no_trace, clear),
	    cmocka_unit_test_setup(
	        test_chain_is_exact_and_leaves_no_trace, clear),
	};
	int failed;

	if (sodium_init() < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	buffer_free(&body);
	return failed;
}
