/* invite: 145 bits as 29 characters, with a check for typing errors.
 *
 * The check is CRC-10/ATM (x^10 + x^9 + x^5 + x^4 + x + 1, initially 0, not
 * inverted) over the 27 characters before it, five bits each, highest first.
 * A CRC catches every burst of errors no longer than itself. A wrong
 * character changes at most 5 neighbouring bits and two swapped neighbours at
 * most 10, so each of these is caught, in the check characters too.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sync/invite.h"

enum {
	BITS_PER_CHAR = 5,
	CHECK_CHARS = 2,
	CHECK_POLYNOMIAL = 0x233, /* without x^10 */
	GROUP_CHARS = 6,          /* between dashes */

	NUMBER_CHARS = 3,
	ROOT_HASH_CHARS = 16,
	SECRET_CHARS = 8,
};

static_assert(NUMBER_CHARS + ROOT_HASH_CHARS + SECRET_CHARS + CHECK_CHARS ==
                  INVITE_CODE_CHARS,
    "the parts fill the code");
static_assert(
    INVITE_NUMBER_MAX == (1 << NUMBER_CHARS * BITS_PER_CHAR) - 1, "number");
static_assert(
    INVITE_ROOT_HASH_BYTES * 8 == ROOT_HASH_CHARS * BITS_PER_CHAR, "hash");
static_assert(INVITE_SECRET_BYTES * 8 == SECRET_CHARS * BITS_PER_CHAR &&
                  INVITE_SECRET_BYTES * 8 == INVITE_SECRET_BITS,
    "secret");
static_assert(INVITE_CODE_CHARS + (INVITE_CODE_CHARS - 1) / GROUP_CHARS + 1 <=
                  INVITE_TEXT_BYTES,
    "text");

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static_assert(sizeof alphabet - 1 == 1 << BITS_PER_CHAR, "base 32");

/* The check over count five-bit values; 0 where the last two are its own. */
static unsigned
check_of(const uint8_t *values, size_t count)
{
	unsigned check = 0;
	size_t i;
	int bit;

	for (i = 0; i < count; i++) {
		check ^= (unsigned)values[i] << BITS_PER_CHAR;
		for (bit = 0; bit < BITS_PER_CHAR; bit++) {
			check <<= 1;
			if (check & 0x400)
				check ^= 0x400 | CHECK_POLYNOMIAL;
		}
	}
	return check;
}

/* Whole bytes to five-bit values; size is a multiple of 5. */
static void
spread(uint8_t *values, const uint8_t *data, size_t size)
{
	unsigned held = 0, bits = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		held = (held << 8 | data[i]) & 0xfff;
		for (bits += 8; bits >= BITS_PER_CHAR; bits -= BITS_PER_CHAR)
			*values++ = held >> (bits - BITS_PER_CHAR) & 0x1f;
	}
	assert(bits == 0);
}

/* The reverse of spread(). */
static void
gather(uint8_t *data, size_t size, const uint8_t *values)
{
	unsigned held = 0, bits = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		for (; bits < 8; bits += BITS_PER_CHAR)
			held = (held << BITS_PER_CHAR | *values++) & 0xfff;
		bits -= 8;
		data[i] = (uint8_t)(held >> bits);
	}
	assert(bits == 0);
}

void
invite_root_hash(
    uint8_t out[INVITE_ROOT_HASH_BYTES], const uint8_t root_key[KEY_BYTES])
{
	uint8_t hash[HASH_BYTES];

	if (crypto_generichash_blake2b(
	        hash, sizeof hash, root_key, KEY_BYTES, NULL, 0) != 0)
		abort(); /* fails only on lengths, and they are constants */
	memcpy(out, hash, INVITE_ROOT_HASH_BYTES);
}

void
invite_encode(const struct invite_code *c, char out[INVITE_TEXT_BYTES])
{
	uint8_t values[INVITE_CODE_CHARS];
	unsigned check;
	size_t i;

	assert(c->number >= 1);
	assert(c->number <= INVITE_NUMBER_MAX);
	values[0] = c->number >> 10 & 0x1f;
	values[1] = c->number >> 5 & 0x1f;
	values[2] = c->number & 0x1f;
	spread(values + NUMBER_CHARS, c->root_hash, sizeof c->root_hash);
	spread(values + NUMBER_CHARS + ROOT_HASH_CHARS, c->secret,
	    sizeof c->secret);
	check = check_of(values, INVITE_CODE_CHARS - CHECK_CHARS);
	values[INVITE_CODE_CHARS - 2] = check >> BITS_PER_CHAR & 0x1f;
	values[INVITE_CODE_CHARS - 1] = check & 0x1f;

	for (i = 0; i < INVITE_CODE_CHARS; i++) {
		if (i > 0 && i % GROUP_CHARS == 0)
			*out++ = '-';
		*out++ = alphabet[values[i]];
	}
	*out = '\0';
	sodium_memzero(values, sizeof values);
}

/* The value of a typed character, or -1. */
static int
value_of(char typed)
{
	const char *found;

	if (typed >= 'a' && typed <= 'z')
		typed = (char)(typed - 'a' + 'A');
	if (typed == 'I' || typed == 'L')
		typed = '1';
	if (typed == 'O')
		typed = '0';
	found = typed == '\0' ? NULL : strchr(alphabet, typed);
	return found == NULL ? -1 : (int)(found - alphabet);
}

/* Text to exactly 29 values. */
static enum err
read_values(uint8_t values[INVITE_CODE_CHARS], const char *text)
{
	size_t count = 0;
	int value;

	for (; *text != '\0'; text++) {
		if (*text == '-')
			continue;
		value = value_of(*text);
		if (value < 0 || count == INVITE_CODE_CHARS)
			return ERR_FORMAT;
		values[count++] = (uint8_t)value;
	}
	return count == INVITE_CODE_CHARS ? ERR_OK : ERR_FORMAT;
}

enum err
invite_decode(struct invite_code *c, const char *text)
{
	uint8_t values[INVITE_CODE_CHARS];
	unsigned number;
	enum err e = read_values(values, text);

	if (e != ERR_OK)
		goto wipe_values;
	number =
	    (unsigned)values[0] << 10 | (unsigned)values[1] << 5 | values[2];
	if (check_of(values, INVITE_CODE_CHARS) != 0 || number == 0) {
		e = ERR_FORMAT;
		goto wipe_values;
	}
	c->number = (uint16_t)number;
	gather(c->root_hash, sizeof c->root_hash, values + NUMBER_CHARS);
	gather(c->secret, sizeof c->secret,
	    values + NUMBER_CHARS + ROOT_HASH_CHARS);

wipe_values:
	sodium_memzero(values, sizeof values);
	return e;
}

void
invite_psk(uint8_t out[KEY_BYTES], const struct invite_code *c,
    const uint8_t group[GROUP_ID_BYTES])
{
	static const char label[20] = "yizhan invite psk v1";
	uint8_t key[GROUP_ID_BYTES + sizeof label];
	uint8_t message[2 + INVITE_SECRET_BYTES];

	memcpy(key, group, GROUP_ID_BYTES);
	memcpy(key + GROUP_ID_BYTES, label, sizeof label);
	store_u16(message, c->number);
	memcpy(message + 2, c->secret, INVITE_SECRET_BYTES);
	if (crypto_generichash_blake2b(
	        out, KEY_BYTES, message, sizeof message, key, sizeof key) != 0)
		abort(); /* fails only on lengths, and they are constants */
	sodium_memzero(message, sizeof message);
}
