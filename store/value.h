/* value: typed values inside change bodies; shared by change.c and value*.c.
 */

#ifndef YIZHAN_STORE_VALUE_H
#define YIZHAN_STORE_VALUE_H

#include "store/change.h"

/* The first byte of each value (docs/store.md, "Values"). */
enum value_tag {
	TAG_NULL = 0x00,
	TAG_FALSE = 0x01,
	TAG_TRUE = 0x02,
	TAG_POSITIVE = 0x03, /* varint */
	TAG_NEGATIVE = 0x04, /* varint of -1 - n */
	TAG_DECIMAL = 0x05,  /* signed mantissa, signed exponent of ten */
	TAG_STRING = 0x06,   /* varint length */
	TAG_ARRAY = 0x07,    /* varint count */
	TAG_OBJECT = 0x08,   /* varint count, sorted keys */
	TAG_REF = 0x09,      /* string after "ref:" */
	TAG_DATE = 0x0a,     /* signed days since 1970-01-01 */
	TAG_INSTANT = 0x0b,  /* signed seconds since 1970, shown at +08:00 */
	TAG_SHORT = 0x40,    /* + length 0 .. 63 */
	TAG_SMALL = 0x80,    /* + integer 0 .. 127 */
};

enum { VALUE_SMALL_MAX = 127, VALUE_DATE_CHARS = 10, VALUE_INSTANT_CHARS = 25 };

/** True for valid UTF-8 (RFC 3629). */
bool value_is_utf8(const uint8_t *data, size_t size);

/** N for the name "#N" of something this version does not know, else 0. */
uint64_t value_unknown_number(const char *name);

/** Equal as JSON with numbers as decimals of 15 digits. */
bool value_equal(const json_t *a, const json_t *b);

/* --- value_time.c --- */

/** Days since 1970-01-01 of YYYY-MM-DD, a day that exists; reads at most
 * VALUE_DATE_CHARS characters. */
bool value_date_parse(const char *text, int64_t *days);
/** False outside the years 0000 to 9999. */
bool value_date_print(int64_t days, char out[VALUE_DATE_CHARS + 1]);

/* --- value_number.c --- */

/** Append tag and number. */
void value_put_integer(int64_t v, struct buffer *out);
/** As the decimal of 15 digits, which may be an integer. ERR_FORMAT: not
 * finite, or too near to or too far from zero. */
enum err value_put_real(double v, struct buffer *out);
/** What follows TAG_POSITIVE or TAG_NEGATIVE. ERR_FORMAT, ERR_NOMEM. */
enum err value_read_integer(struct reader *r, bool negative, json_t **out);
/** What follows TAG_DECIMAL. */
enum err value_read_decimal(struct reader *r, json_t **out);
/** Two integers exactly, else as decimals of 15 digits. */
bool value_numbers_equal(const json_t *a, const json_t *b);

#endif
