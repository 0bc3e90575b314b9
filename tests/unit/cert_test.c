/* cert: one encoding per certificate, and chains that end at the root. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "sync/cert.h"

/* Offsets in the encoding of sample(), whose number takes one byte. */
enum {
	AT_NUMBER = 1 + 8 + 8,
	AT_ROLE = AT_NUMBER + 1,
	AT_NAME_SIZE = AT_ROLE + 1,
	AT_NAME = AT_NAME_SIZE + 1,
};

struct signer {
	uint8_t public[KEY_BYTES];
	uint8_t secret[64];
};

static struct signer
signer(uint8_t seed)
{
	uint8_t seed_bytes[crypto_sign_SEEDBYTES];
	struct signer s;

	memset(seed_bytes, seed, sizeof seed_bytes);
	assert_int_equal(
	    crypto_sign_seed_keypair(s.public, s.secret, seed_bytes), 0);
	return s;
}

/* An unsigned certificate of the group whose root is signer(0). */
static struct cert
sample(enum node_role role, const struct signer *node)
{
	struct signer root = signer(0);
	struct cert c;

	memset(&c, 0, sizeof c);
	group_id_of(c.group, root.public);
	group_id_of(c.issuer, root.public);
	c.number = 7;
	c.role = role;
	snprintf(c.name, sizeof c.name, "村卫生室 03");
	memset(c.transport_key, 0x11, sizeof c.transport_key);
	memcpy(c.signing_key, node->public, sizeof c.signing_key);
	c.org_count = 2;
	snprintf(c.orgs[0], sizeof c.orgs[0], "C03");
	snprintf(c.orgs[1], sizeof c.orgs[1], "ref:C04");
	return c;
}

static struct cert
signed_sample(void)
{
	struct signer root = signer(0), node = signer(1);
	struct cert c = sample(ROLE_CLINIC, &node);

	assert_int_equal(cert_sign(&c, root.secret), ERR_OK);
	return c;
}

static void
encode(const struct cert *c, struct buffer *out)
{
	buffer_init(out);
	assert_int_equal(cert_encode(c, out), ERR_OK);
}

static void
expect_refused(const struct buffer *b, enum err why)
{
	struct cert c, before;

	memset(&c, 0xee, sizeof c);
	before = c;
	assert_int_equal(cert_decode(&c, b->data, b->size), why);
	assert_memory_equal(&c, &before, sizeof c);
}

static void
test_ids_are_blake2b_64(void **state)
{
	uint8_t key[KEY_BYTES], nonce[LIFE_NONCE_BYTES], id[8], expected[8];
	uint8_t i;

	(void)state;
	for (i = 0; i < sizeof key; i++)
		key[i] = i;
	for (i = 0; i < sizeof nonce; i++)
		nonce[i] = (uint8_t)(0x40 + i);
	hex_decode(expected, 8, "40f68f4ad24e575b");
	node_id_of(id, key);
	assert_memory_equal(id, expected, 8);
	group_id_of(id, key);
	assert_memory_equal(id, expected, 8);
	hex_decode(expected, 8, "e41240e96635d207");
	life_id_of(id, key, nonce);
	assert_memory_equal(id, expected, 8);
}

static void
test_cert_survives_encoding(void **state)
{
	struct cert c = signed_sample(), got;
	struct buffer first, second;

	(void)state;
	encode(&c, &first);
	assert_int_equal(cert_decode(&got, first.data, first.size), ERR_OK);
	encode(&got, &second);
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.data, second.data, first.size);
	assert_int_equal(got.number, c.number);
	assert_int_equal(got.role, c.role);
	assert_string_equal(got.name, c.name);
	assert_int_equal(got.org_count, 2);
	assert_string_equal(got.orgs[0], "C03");
	assert_string_equal(got.orgs[1], "ref:C04");
	assert_int_equal(cert_verify(&got, signer(0).public), ERR_OK);
	buffer_free(&first);
	buffer_free(&second);
}

static void
test_cert_encoding_is_as_documented(void **state)
{
	struct cert c = signed_sample();
	struct buffer b, expected;

	(void)state;
	encode(&c, &b);
	buffer_init(&expected);
	put_u8(&expected, 1);
	put_bytes(&expected, c.group, 8);
	put_bytes(&expected, c.issuer, 8);
	put_u8(&expected, 7);
	put_u8(&expected, 1);
	put_text(&expected, c.name);
	put_bytes(&expected, c.transport_key, 32);
	put_bytes(&expected, c.signing_key, 32);
	put_u8(&expected, 2);
	put_text(&expected, "C03");
	put_text(&expected, "ref:C04");
	put_bytes(&expected, c.signature, 64);
	assert_int_equal(b.size, expected.size);
	assert_memory_equal(b.data, expected.data, b.size);
	buffer_free(&b);
	buffer_free(&expected);
}

/* The label keeps a signature over the bare bytes from counting. */
static void
test_cert_signature_covers_label_and_body(void **state)
{
	static const char label[] = "yizhan certificate v1";
	struct signer root = signer(0);
	struct cert c = signed_sample();
	struct buffer b, message;

	(void)state;
	encode(&c, &b);
	buffer_init(&message);
	put_bytes(&message, label, strlen(label));
	put_bytes(&message, b.data, b.size - SIGNATURE_BYTES);
	assert_int_equal(crypto_sign_verify_detached(c.signature, message.data,
	                     message.size, root.public),
	    0);
	assert_int_equal(crypto_sign_detached(c.signature, NULL, b.data,
	                     b.size - SIGNATURE_BYTES, root.secret),
	    0);
	assert_int_equal(cert_verify(&c, root.public), ERR_AUTH);
	buffer_free(&b);
	buffer_free(&message);
}

/* Every bit counts: either the decoder or the signature refuses. */
static void
test_cert_refuses_each_altered_byte(void **state)
{
	struct signer root = signer(0);
	struct cert c = signed_sample(), got;
	struct buffer b;
	size_t i;
	unsigned bit;

	(void)state;
	encode(&c, &b);
	for (i = 0; i < b.size; i++)
		for (bit = 0; bit < 8; bit++) {
			uint8_t kept = b.data[i];

			b.data[i] = (uint8_t)(kept ^ 1u << bit);
			if (cert_decode(&got, b.data, b.size) == ERR_OK)
				assert_int_equal(
				    cert_verify(&got, root.public), ERR_AUTH);
			b.data[i] = kept;
		}
	buffer_free(&b);
}

static void
test_cert_refuses_each_shorter_and_longer_encoding(void **state)
{
	struct cert c = signed_sample();
	struct buffer b;
	size_t whole;

	(void)state;
	encode(&c, &b);
	whole = b.size;
	for (b.size = 0; b.size < whole; b.size++)
		expect_refused(&b, ERR_FORMAT);
	put_u8(&b, 0);
	expect_refused(&b, ERR_FORMAT);
	buffer_free(&b);
}

static void
test_cert_refuses_other_versions(void **state)
{
	struct cert c = signed_sample();
	struct buffer b;

	(void)state;
	encode(&c, &b);
	b.data[0] = 0;
	expect_refused(&b, ERR_FORMAT);
	b.data[0] = 2;
	expect_refused(&b, ERR_VERSION);
	b.data[0] = 255;
	expect_refused(&b, ERR_VERSION);
	buffer_free(&b);
}

static void
test_cert_refuses_unknown_roles(void **state)
{
	static const uint8_t roles[] = {0, 4, 255};
	struct signer root = signer(0);
	struct cert c = signed_sample();
	struct buffer b;
	size_t i;

	(void)state;
	encode(&c, &b);
	for (i = 0; i < sizeof roles; i++) {
		b.data[AT_ROLE] = roles[i];
		expect_refused(&b, ERR_FORMAT);
		c.role = (enum node_role)roles[i];
		assert_int_equal(cert_sign(&c, root.secret), ERR_FORMAT);
	}
	buffer_free(&b);
}

/* 7 written as 87 00 means the same number in more bytes. */
static void
test_cert_refuses_long_varints(void **state)
{
	struct cert c = signed_sample();
	struct buffer b, longer;

	(void)state;
	encode(&c, &b);
	buffer_init(&longer);
	put_bytes(&longer, b.data, AT_NUMBER);
	put_u8(&longer, 0x87);
	put_u8(&longer, 0x00);
	put_bytes(&longer, b.data + AT_ROLE, b.size - AT_ROLE);
	expect_refused(&longer, ERR_FORMAT);
	buffer_free(&b);
	buffer_free(&longer);
}

static void
test_cert_carries_any_number(void **state)
{
	static const uint64_t numbers[] = {0, 127, 128, UINT64_MAX};
	struct cert c = signed_sample(), got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct buffer b;

		c.number = numbers[i];
		encode(&c, &b);
		assert_int_equal(cert_decode(&got, b.data, b.size), ERR_OK);
		assert_true(got.number == numbers[i]);
		buffer_free(&b);
	}
}

/* A certificate with this name, written by a careless encoder. */
static void
encode_raw_name(struct buffer *out, const void *name, size_t size)
{
	struct cert c = signed_sample();
	size_t old = strlen(c.name);
	struct buffer b;

	encode(&c, &b);
	buffer_init(out);
	put_bytes(out, b.data, AT_NAME_SIZE);
	put_string(out, name, size);
	put_bytes(out, b.data + AT_NAME + old, b.size - AT_NAME - old);
	buffer_free(&b);
}

static void
test_cert_refuses_bad_names(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} bad[] = {
	    {"", 0},                 /* empty */
	    {"a\0b", 3},             /* NUL inside */
	    {"a\0", 2},              /* NUL at the end */
	    {"a\nb", 3},             /* line break */
	    {"\x1b[2J", 4},          /* terminal escape */
	    {"a\x7f", 2},            /* DEL */
	    {"a\xc2\x9b", 3},        /* CSI of C1 */
	    {"\xff", 1},             /* not UTF-8 */
	    {"a\xe5\x8c", 3},        /* cut short */
	    {"\xc0\xaf", 2},         /* overlong */
	    {"\xed\xa0\x80", 3},     /* surrogate */
	    {"\xf4\x90\x80\x80", 4}, /* beyond Unicode */
	};
	struct signer root = signer(0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct cert c = signed_sample();
		struct buffer b, out;

		encode_raw_name(&b, bad[i].text, bad[i].size);
		expect_refused(&b, ERR_FORMAT);
		buffer_free(&b);
		/* A NUL ends the field, so the encoder cannot meet one. */
		if (memchr(bad[i].text, '\0', bad[i].size) != NULL)
			continue;
		memset(c.name, 0, sizeof c.name);
		memcpy(c.name, bad[i].text, bad[i].size);
		buffer_init(&out);
		put_u8(&out, 9);
		assert_int_equal(cert_encode(&c, &out), ERR_FORMAT);
		assert_int_equal(out.size, 1);
		assert_int_equal(cert_sign(&c, root.secret), ERR_FORMAT);
		assert_true(sodium_is_zero(c.signature, sizeof c.signature));
		assert_int_equal(cert_verify(&c, root.public), ERR_AUTH);
		snprintf(c.name, sizeof c.name, "ok");
		memset(c.orgs[1], 0, sizeof c.orgs[1]);
		memcpy(c.orgs[1], bad[i].text, bad[i].size);
		assert_int_equal(cert_encode(&c, &out), ERR_FORMAT);
		buffer_free(&out);
	}
}

static void
test_cert_bounds_name_and_org_length(void **state)
{
	struct cert c = signed_sample();
	char text[NODE_NAME_BYTES_MAX + 1];
	struct buffer b;

	(void)state;
	memset(text, 'n', sizeof text);
	encode_raw_name(&b, text, NODE_NAME_BYTES_MAX);
	assert_int_equal(cert_decode(&c, b.data, b.size), ERR_OK);
	assert_int_equal(strlen(c.name), NODE_NAME_BYTES_MAX);
	buffer_free(&b);
	encode_raw_name(&b, text, NODE_NAME_BYTES_MAX + 1);
	expect_refused(&b, ERR_LIMIT);

	buffer_clear(&b);
	memset(c.name, 'n', sizeof c.name); /* no NUL at all */
	assert_int_equal(cert_encode(&c, &b), ERR_LIMIT);
	snprintf(c.name, sizeof c.name, "ok");
	memset(c.orgs[0], 'o', sizeof c.orgs[0]);
	assert_int_equal(cert_encode(&c, &b), ERR_LIMIT);
	c.orgs[0][ORG_REF_BYTES_MAX] = '\0';
	assert_int_equal(cert_encode(&c, &b), ERR_OK);
	buffer_free(&b);
}

static void
test_cert_bounds_org_count(void **state)
{
	struct signer root = signer(0);
	struct cert c = signed_sample(), got;
	struct buffer b;
	size_t i;

	(void)state;
	for (i = 0; i < CERT_ORGS_MAX; i++)
		snprintf(c.orgs[i], sizeof c.orgs[i], "C");
	c.org_count = CERT_ORGS_MAX;
	encode(&c, &b);
	assert_int_equal(cert_decode(&got, b.data, b.size), ERR_OK);
	assert_int_equal(got.org_count, CERT_ORGS_MAX);

	/* One more, by hand: 32 orgs of two bytes stand before the end. */
	b.data[b.size - SIGNATURE_BYTES - 2 * CERT_ORGS_MAX - 1]++;
	expect_refused(&b, ERR_LIMIT);
	buffer_clear(&b);
	c.org_count = CERT_ORGS_MAX + 1;
	assert_int_equal(cert_encode(&c, &b), ERR_LIMIT);
	assert_int_equal(cert_sign(&c, root.secret), ERR_LIMIT);

	c.org_count = 0;
	assert_int_equal(cert_encode(&c, &b), ERR_OK);
	assert_int_equal(cert_decode(&got, b.data, b.size), ERR_OK);
	assert_int_equal(got.org_count, 0);
	buffer_free(&b);
}

static void
test_cert_bounds_its_whole_size(void **state)
{
	struct signer root = signer(0);
	struct cert c = signed_sample(), got;
	struct buffer b;
	size_t i;

	(void)state;
	for (i = 0; i < CERT_ORGS_MAX; i++)
		memset(c.orgs[i], 'o', ORG_REF_BYTES_MAX);
	buffer_init(&b);
	c.org_count = CERT_ORGS_MAX;
	assert_int_equal(cert_encode(&c, &b), ERR_LIMIT);
	assert_int_equal(cert_sign(&c, root.secret), ERR_LIMIT);
	for (; cert_encode(&c, &b) == ERR_LIMIT; c.org_count--)
		assert_int_equal(b.size, 0);
	/* Fill up to the last byte. */
	memset(c.orgs[c.org_count], 0, sizeof c.orgs[0]);
	c.orgs[c.org_count][0] = 'o';
	c.org_count++;
	while (b.size < CERT_BYTES_MAX) {
		char *last = c.orgs[c.org_count - 1];

		buffer_clear(&b);
		assert_int_equal(cert_encode(&c, &b), ERR_OK);
		memset(last, 'o', strlen(last) + 1);
	}
	assert_int_equal(b.size, CERT_BYTES_MAX);
	assert_int_equal(cert_decode(&got, b.data, b.size), ERR_OK);
	/* One byte more in the last org, by hand. */
	i = b.size - SIGNATURE_BYTES - 1 - strlen(got.orgs[c.org_count - 1]);
	b.data[i]++;
	put_u8(&b, 0);
	memmove(b.data + i + 2, b.data + i + 1, b.size - i - 2);
	b.data[i + 1] = 'o';
	expect_refused(&b, ERR_LIMIT);
	buffer_clear(&b);
	assert_int_equal(cert_encode(&c, &b), ERR_LIMIT);
	buffer_free(&b);
}

static void
test_cert_encode_without_memory_fails(void **state)
{
	struct cert c = signed_sample();
	struct buffer b;

	(void)state;
	buffer_init(&b);
	b.failed = true;
	assert_int_equal(cert_encode(&c, &b), ERR_NOMEM);
	assert_int_equal(b.size, 0);
	buffer_free(&b);
}

static void
test_cert_verify_refuses_foreign_key(void **state)
{
	struct cert c = signed_sample();

	(void)state;
	assert_int_equal(cert_verify(&c, signer(0).public), ERR_OK);
	assert_int_equal(cert_verify(&c, signer(1).public), ERR_AUTH);
}

/* A clinic below a relay below a hub that the root signed. */
static void
make_chain(struct cert chain[3], enum node_role middle)
{
	struct signer root = signer(0), clinic = signer(1);
	struct signer relay = signer(2), hub = signer(3);

	chain[0] = sample(ROLE_CLINIC, &clinic);
	node_id_of(chain[0].issuer, relay.public);
	assert_int_equal(cert_sign(&chain[0], relay.secret), ERR_OK);
	chain[1] = sample(middle, &relay);
	node_id_of(chain[1].issuer, hub.public);
	assert_int_equal(cert_sign(&chain[1], hub.secret), ERR_OK);
	chain[2] = sample(ROLE_HUB, &hub);
	assert_int_equal(cert_sign(&chain[2], root.secret), ERR_OK);
}

static void
test_cert_chain_ends_at_the_root(void **state)
{
	struct signer root = signer(0);
	struct cert chain[3];

	(void)state;
	make_chain(chain, ROLE_RELAY);
	assert_int_equal(cert_chain_verify(chain, 3, root.public), ERR_OK);
	assert_int_equal(cert_chain_verify(chain + 1, 2, root.public), ERR_OK);
	assert_int_equal(cert_chain_verify(chain + 2, 1, root.public), ERR_OK);
	/* Without its upper end a chain proves nothing. */
	assert_int_equal(cert_chain_verify(chain, 2, root.public), ERR_AUTH);
	assert_int_equal(cert_chain_verify(chain, 1, root.public), ERR_AUTH);
	assert_int_equal(cert_chain_verify(chain, 0, root.public), ERR_AUTH);
	assert_int_equal(
	    cert_chain_verify(chain, 3, signer(4).public), ERR_AUTH);
}

static void
test_cert_chain_refuses_a_clinic_as_issuer(void **state)
{
	struct cert chain[3];

	(void)state;
	make_chain(chain, ROLE_CLINIC);
	assert_int_equal(
	    cert_chain_verify(chain, 3, signer(0).public), ERR_AUTH);
}

static void
test_cert_chain_refuses_a_role_above_the_issuers(void **state)
{
	struct cert chain[3];

	(void)state;
	make_chain(chain, ROLE_RELAY);
	chain[0].role = ROLE_HUB;
	assert_int_equal(cert_sign(&chain[0], signer(2).secret), ERR_OK);
	assert_int_equal(
	    cert_chain_verify(chain, 3, signer(0).public), ERR_AUTH);
	chain[0].role = ROLE_RELAY;
	assert_int_equal(cert_sign(&chain[0], signer(2).secret), ERR_OK);
	assert_int_equal(cert_chain_verify(chain, 3, signer(0).public), ERR_OK);
}

static void
test_cert_chain_refuses_another_group(void **state)
{
	const struct signer signers[] = {signer(2), signer(3), signer(0)};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct cert chain[3];

		make_chain(chain, ROLE_RELAY);
		chain[i].group[0] ^= 1;
		assert_int_equal(
		    cert_sign(&chain[i], signers[i].secret), ERR_OK);
		assert_int_equal(
		    cert_chain_verify(chain, 3, signer(0).public), ERR_AUTH);
	}
}

static void
test_cert_chain_refuses_foreign_signatures(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct cert chain[3];

		make_chain(chain, ROLE_RELAY);
		assert_int_equal(
		    cert_sign(&chain[i], signer(9).secret), ERR_OK);
		assert_int_equal(
		    cert_chain_verify(chain, 3, signer(0).public), ERR_AUTH);
	}
}

static void
test_cert_chain_refuses_another_issuer_id(void **state)
{
	const struct signer signers[] = {signer(2), signer(3), signer(0)};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct cert chain[3];

		make_chain(chain, ROLE_RELAY);
		chain[i].issuer[7] ^= 1;
		assert_int_equal(
		    cert_sign(&chain[i], signers[i].secret), ERR_OK);
		assert_int_equal(
		    cert_chain_verify(chain, 3, signer(0).public), ERR_AUTH);
	}
}

static void
test_cert_chain_is_bounded(void **state)
{
	struct signer root = signer(0), hub = signer(3);
	static struct cert chain[CERT_CHAIN_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i <= CERT_CHAIN_MAX; i++) {
		chain[i] = sample(ROLE_HUB, &hub);
		node_id_of(chain[i].issuer, hub.public);
		assert_int_equal(cert_sign(&chain[i], hub.secret), ERR_OK);
	}
	chain[CERT_CHAIN_MAX] = sample(ROLE_HUB, &hub);
	assert_int_equal(
	    cert_sign(&chain[CERT_CHAIN_MAX], root.secret), ERR_OK);
	assert_int_equal(
	    cert_chain_verify(chain + 1, CERT_CHAIN_MAX, root.public), ERR_OK);
	assert_int_equal(
	    cert_chain_verify(chain, CERT_CHAIN_MAX + 1, root.public),
	    ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids_are_blake2b_64),
	    cmocka_unit_test(test_cert_survives_encoding),
	    cmocka_unit_test(test_cert_encoding_is_as_documented),
	    cmocka_unit_test(test_cert_signature_covers_label_and_body),
	    cmocka_unit_test(test_cert_refuses_each_altered_byte),
	    cmocka_unit_test(
	        test_cert_refuses_each_shorter_and_longer_encoding),
	    cmocka_unit_test(test_cert_refuses_other_versions),
	    cmocka_unit_test(test_cert_refuses_unknown_roles),
	    cmocka_unit_test(test_cert_refuses_long_varints),
	    cmocka_unit_test(test_cert_carries_any_number),
	    cmocka_unit_test(test_cert_refuses_bad_names),
	    cmocka_unit_test(test_cert_bounds_name_and_org_length),
	    cmocka_unit_test(test_cert_bounds_org_count),
	    cmocka_unit_test(test_cert_bounds_its_whole_size),
	    cmocka_unit_test(test_cert_encode_without_memory_fails),
	    cmocka_unit_test(test_cert_verify_refuses_foreign_key),
	    cmocka_unit_test(test_cert_chain_ends_at_the_root),
	    cmocka_unit_test(test_cert_chain_refuses_a_clinic_as_issuer),
	    cmocka_unit_test(test_cert_chain_refuses_a_role_above_the_issuers),
	    cmocka_unit_test(test_cert_chain_refuses_another_group),
	    cmocka_unit_test(test_cert_chain_refuses_foreign_signatures),
	    cmocka_unit_test(test_cert_chain_refuses_another_issuer_id),
	    cmocka_unit_test(test_cert_chain_is_bounded),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
