/* invite: codes survive typing, and typing errors do not survive. */

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/invite.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Computed apart from this program: invite 1,234, the root key 00 01 .. 1f,
 * the secret a1 b2 c3 d4 e5. */
static const char sample_text[] = "16JSCQ-N2R7W3-XZ0B9A-YM6SC7-N75VY";

static struct invite_code
sample(void)
{
	static const uint8_t secret[] = {0xa1, 0xb2, 0xc3, 0xd4, 0xe5};
	struct invite_code c = {.number = 1234};
	uint8_t root_key[KEY_BYTES], i;

	for (i = 0; i < sizeof root_key; i++)
		root_key[i] = i;
	invite_root_hash(c.root_hash, root_key);
	memcpy(c.secret, secret, sizeof secret);
	return c;
}

static void
expect_equal(const struct invite_code *a, const struct invite_code *b)
{
	assert_int_equal(a->number, b->number);
	assert_memory_equal(a->root_hash, b->root_hash, sizeof a->root_hash);
	assert_memory_equal(a->secret, b->secret, sizeof a->secret);
}

static void
expect_refused(const char *text)
{
	struct invite_code c, before;

	memset(&c, 0xee, sizeof c);
	before = c;
	assert_int_equal(invite_decode(&c, text), ERR_FORMAT);
	assert_memory_equal(&c, &before, sizeof c);
}

/* The code without its dashes. */
static void
bare(char out[INVITE_CODE_CHARS + 1], const char *text)
{
	for (; *text != '\0'; text++)
		if (*text != '-')
			*out++ = *text;
	*out = '\0';
}

static void
random_code(struct invite_code *c, unsigned seed)
{
	uint8_t seed_bytes[randombytes_SEEDBYTES] = {
	    (uint8_t)seed, (uint8_t)(seed >> 8)};
	uint8_t drawn[2 + INVITE_ROOT_HASH_BYTES + INVITE_SECRET_BYTES];

	randombytes_buf_deterministic(drawn, sizeof drawn, seed_bytes);
	c->number = (uint16_t)(1 + load_u16(drawn) % INVITE_NUMBER_MAX);
	memcpy(c->root_hash, drawn + 2, INVITE_ROOT_HASH_BYTES);
	memcpy(
	    c->secret, drawn + 2 + INVITE_ROOT_HASH_BYTES, INVITE_SECRET_BYTES);
}

static void
test_invite_text_equals_sample(void **state)
{
	struct invite_code c = sample(), got;
	char text[INVITE_TEXT_BYTES];

	(void)state;
	invite_encode(&c, text);
	assert_string_equal(text, sample_text);
	assert_int_equal(invite_decode(&got, sample_text), ERR_OK);
	expect_equal(&got, &c);
}

static void
test_invite_survives_encoding(void **state)
{
	struct invite_code c, got;
	char text[INVITE_TEXT_BYTES];
	unsigned seed;

	(void)state;
	for (seed = 0; seed < 2000; seed++) {
		random_code(&c, seed);
		invite_encode(&c, text);
		assert_int_equal(invite_decode(&got, text), ERR_OK);
		expect_equal(&got, &c);
	}
	memset(&c, 0xff, sizeof c);
	c.number = INVITE_NUMBER_MAX;
	invite_encode(&c, text);
	assert_int_equal(invite_decode(&got, text), ERR_OK);
	expect_equal(&got, &c);
	memset(&c, 0, sizeof c);
	c.number = 1;
	invite_encode(&c, text);
	assert_int_equal(invite_decode(&got, text), ERR_OK);
	expect_equal(&got, &c);
}

static void
test_invite_reads_what_people_type(void **state)
{
	struct invite_code c = sample(), got;
	char text[2 * INVITE_TEXT_BYTES];
	size_t i;

	(void)state;
	bare(text, sample_text);
	assert_int_equal(invite_decode(&got, text), ERR_OK);
	expect_equal(&got, &c);
	for (i = 0; text[i] != '\0'; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	assert_int_equal(invite_decode(&got, text), ERR_OK);
	expect_equal(&got, &c);
	snprintf(text, sizeof text, "--%s-", sample_text);
	assert_int_equal(invite_decode(&got, text), ERR_OK);
	expect_equal(&got, &c);
}

static void
test_invite_reads_look_alikes(void **state)
{
	static const char ones[] = "1IiLl", zeros[] = "0Oo";
	struct invite_code c = sample(), got;
	char text[sizeof sample_text];
	size_t i, j;

	(void)state;
	for (i = 0; sample_text[i] != '\0'; i++) {
		const char *same = sample_text[i] == '1'   ? ones
		                   : sample_text[i] == '0' ? zeros
		                                           : "";

		for (j = 0; same[j] != '\0'; j++) {
			memcpy(text, sample_text, sizeof text);
			text[i] = same[j];
			assert_int_equal(invite_decode(&got, text), ERR_OK);
			expect_equal(&got, &c);
		}
	}
	assert_non_null(strchr(sample_text, '1'));
	assert_non_null(strchr(sample_text, '0'));
}

static void
test_invite_refuses_every_single_wrong_character(void **state)
{
	unsigned seed;

	(void)state;
	for (seed = 0; seed < 20; seed++) {
		struct invite_code c;
		char text[INVITE_TEXT_BYTES], code[INVITE_CODE_CHARS + 1];
		size_t i, j;

		random_code(&c, seed);
		invite_encode(&c, text);
		bare(code, text);
		for (i = 0; i < INVITE_CODE_CHARS; i++) {
			char kept = code[i];

			for (j = 0; alphabet[j] != '\0'; j++) {
				code[i] = alphabet[j];
				if (code[i] != kept)
					expect_refused(code);
			}
			code[i] = kept;
		}
	}
}

static void
test_invite_refuses_every_swap_of_neighbours(void **state)
{
	unsigned seed, swaps = 0;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		struct invite_code c;
		char text[INVITE_TEXT_BYTES], code[INVITE_CODE_CHARS + 1];
		size_t i;

		random_code(&c, seed);
		invite_encode(&c, text);
		bare(code, text);
		for (i = 0; i + 1 < INVITE_CODE_CHARS; i++) {
			char kept = code[i];

			if (kept == code[i + 1])
				continue;
			code[i] = code[i + 1];
			code[i + 1] = kept;
			expect_refused(code);
			code[i + 1] = code[i];
			code[i] = kept;
			swaps++;
		}
	}
	assert_true(swaps > 5000);
}

/* The check is linear, so whether an error is missed depends on the error
 * alone: what holds for this code holds for all. */
static void
test_invite_refuses_any_two_wrong_neighbours(void **state)
{
	struct invite_code c = sample();
	char text[INVITE_TEXT_BYTES], code[INVITE_CODE_CHARS + 1];
	size_t i, j, k;

	(void)state;
	invite_encode(&c, text);
	bare(code, text);
	for (i = 0; i + 1 < INVITE_CODE_CHARS; i++) {
		char first = code[i], second = code[i + 1];

		for (j = 0; j < 32; j++)
			for (k = 0; k < 32; k++) {
				code[i] = alphabet[j];
				code[i + 1] = alphabet[k];
				if (code[i] != first || code[i + 1] != second)
					expect_refused(code);
			}
		code[i] = first;
		code[i + 1] = second;
	}
}

static void
test_invite_refuses_wrong_length(void **state)
{
	char text[64];
	size_t size;

	(void)state;
	expect_refused("");
	expect_refused("-----");
	snprintf(text, sizeof text, "%s", sample_text);
	for (size = strlen(text); size-- > 0;) {
		text[size] = '\0';
		expect_refused(text);
	}
	snprintf(text, sizeof text, "%s0", sample_text);
	expect_refused(text);
	snprintf(text, sizeof text, "0%s", sample_text);
	expect_refused(text);
	memset(text, '0', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	expect_refused(text);
}

static void
test_invite_refuses_strange_characters(void **state)
{
	char text[sizeof sample_text];
	int ch;

	(void)state;
	for (ch = 1; ch < 256; ch++) {
		if (isalnum(ch) && ch < 128 && ch != 'U' && ch != 'u')
			continue;
		memcpy(text, sample_text, sizeof text);
		text[8] = (char)ch;
		expect_refused(text);
	}
}

/* All zeros pass the check, so the number must keep them out. */
static void
test_invite_refuses_number_zero(void **state)
{
	(void)state;
	expect_refused("000000-000000-000000-000000-00000");
}

static void
test_invite_psk_depends_on_number_secret_and_group(void **state)
{
	static const uint8_t group[GROUP_ID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t other[GROUP_ID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 9};
	struct invite_code c = sample();
	uint8_t expected[KEY_BYTES], psk[KEY_BYTES];

	(void)state;
	/* BLAKE2b-256, key 01..08 "yizhan invite psk v1", over 04d2 secret,
	 * computed apart from this program. */
	hex_decode(expected, sizeof expected,
	    "bd44814ae6edfb6546525cc47f04ae63"
	    "d77a94ab1312c60555a4b5d94e5cdee3");
	invite_psk(psk, &c, group);
	assert_memory_equal(psk, expected, sizeof psk);
	invite_psk(psk, &c, other);
	assert_memory_not_equal(psk, expected, sizeof psk);
	c.number++;
	invite_psk(psk, &c, group);
	assert_memory_not_equal(psk, expected, sizeof psk);
	c.number--;
	c.secret[4] ^= 1;
	invite_psk(psk, &c, group);
	assert_memory_not_equal(psk, expected, sizeof psk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_invite_text_equals_sample),
	    cmocka_unit_test(test_invite_survives_encoding),
	    cmocka_unit_test(test_invite_reads_what_people_type),
	    cmocka_unit_test(test_invite_reads_look_alikes),
	    cmocka_unit_test(test_invite_refuses_every_single_wrong_character),
	    cmocka_unit_test(test_invite_refuses_every_swap_of_neighbours),
	    cmocka_unit_test(test_invite_refuses_any_two_wrong_neighbours),
	    cmocka_unit_test(test_invite_refuses_wrong_length),
	    cmocka_unit_test(test_invite_refuses_strange_characters),
	    cmocka_unit_test(test_invite_refuses_number_zero),
	    cmocka_unit_test(
	        test_invite_psk_depends_on_number_secret_and_group),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
