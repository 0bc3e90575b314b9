/* value_number: numbers as decimals of 15 digits; integers exactly. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/value.h"

enum { DIGITS = 15, EXPONENT_MAX = 290 };

/* Nearly all decimals have few places. Both numbers of such a quotient are
 * exact and division rounds correctly, so it is the very double that
 * strtod() gives; and as the digits are 15 at most, no other decimal of 15
 * digits has that double. */
enum { PLACES_FEW = 6 };
#define WHOLE_FEW 1e8
static const double tens[PLACES_FEW + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

/* False: not one of those. */
static bool
few_places(double size, int64_t *mantissa, int *places)
{
	int n;

	if (!(size < WHOLE_FEW))
		return false;
	for (n = 0; n <= PLACES_FEW; n++) {
		double m = nearbyint(size * tens[n]);

		if (m / tens[n] == size) {
			*mantissa = (int64_t)m;
			*places = n;
			return true;
		}
	}
	return false;
}

/* By the printed digits, which always works. */
static int64_t
many_places(double size, int *exponent)
{
	char text[40];
	int64_t m = 0;
	int count = 0;
	const char *c;

	snprintf(text, sizeof text, "%.*e", DIGITS - 1, size);
	for (c = text; *c != 'e'; c++)
		if (*c >= '0' && *c <= '9') {
			m = m * 10 + (*c - '0');
			count++;
		}
	*exponent = atoi(c + 1) - (count - 1);
	return m;
}

/* value = mantissa * 10^exponent with at most 15 digits and no final zero. */
static enum err
decimal_of(double v, int64_t *mantissa, int *exponent)
{
	int64_t m;
	int e;

	if (!isfinite(v))
		return ERR_FORMAT;
	if (few_places(fabs(v), &m, &e))
		e = -e;
	else
		m = many_places(fabs(v), &e);
	while (m != 0 && m % 10 == 0) {
		m /= 10;
		e++;
	}
	if (m == 0)
		e = 0;
	if (e > EXPONENT_MAX || e < -EXPONENT_MAX)
		return ERR_FORMAT;
	*mantissa = v < 0 ? -m : m;
	*exponent = e;
	return ERR_OK;
}

static bool
decimal_is_integer(int64_t mantissa, int exponent, int64_t *out)
{
	int64_t v = mantissa;

	if (exponent < 0 || exponent > 18)
		return false;
	while (exponent-- > 0)
		if (__builtin_mul_overflow(v, 10, &v))
			return false;
	*out = v;
	return true;
}

void
value_put_integer(int64_t v, struct buffer *out)
{
	if (v >= 0 && v <= VALUE_SMALL_MAX) {
		put_u8(out, (uint8_t)(TAG_SMALL + v));
	} else if (v >= 0) {
		put_u8(out, TAG_POSITIVE);
		put_varint(out, (uint64_t)v);
	} else {
		put_u8(out, TAG_NEGATIVE);
		put_varint(out, (uint64_t)(-1 - v));
	}
}

enum err
value_put_real(double v, struct buffer *out)
{
	int64_t mantissa, integer;
	int exponent;
	enum err e = decimal_of(v, &mantissa, &exponent);

	if (e != ERR_OK)
		return e;
	if (decimal_is_integer(mantissa, exponent, &integer)) {
		value_put_integer(integer, out);
		return ERR_OK;
	}
	put_u8(out, TAG_DECIMAL);
	put_signed(out, mantissa);
	put_signed(out, exponent);
	return ERR_OK;
}

static double
decimal_value(int64_t mantissa, int64_t exponent)
{
	char text[48];

	if (exponent < 0 && exponent >= -PLACES_FEW &&
	    fabs((double)mantissa) < WHOLE_FEW)
		return (double)mantissa / tens[-exponent];
	snprintf(text, sizeof text, "%" PRId64 "E%" PRId64, mantissa, exponent);
	return strtod(text, NULL);
}

enum err
value_read_decimal(struct reader *r, json_t **out)
{
	int64_t mantissa = read_signed(r), exponent = read_signed(r), m2, i;
	int e2;
	double v;

	if (r->failed || exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
		return ERR_FORMAT;
	v = decimal_value(mantissa, exponent);
	if (decimal_of(v, &m2, &e2) != ERR_OK || m2 != mantissa ||
	    e2 != exponent || decimal_is_integer(m2, e2, &i))
		return ERR_FORMAT;
	*out = json_real(v);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

enum err
value_read_integer(struct reader *r, bool negative, json_t **out)
{
	uint64_t v = read_varint(r);

	if (r->failed || v > INT64_MAX || (!negative && v <= VALUE_SMALL_MAX))
		return ERR_FORMAT;
	*out = json_integer(negative ? -1 - (int64_t)v : (int64_t)v);
	return *out == NULL ? ERR_NOMEM : ERR_OK;
}

bool
value_numbers_equal(const json_t *a, const json_t *b)
{
	int64_t ma, mb;
	int ea, eb;

	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) == json_integer_value(b);
	return decimal_of(json_number_value(a), &ma, &ea) == ERR_OK &&
	       decimal_of(json_number_value(b), &mb, &eb) == ERR_OK &&
	       ma == mb && ea == eb;
}
