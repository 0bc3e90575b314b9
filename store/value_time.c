/* value_time: days and instants between text and number. */

#include <string.h>

#include "store/value.h"

enum {
	ZONE_SECONDS = 8 * 3600, /* Asia/Shanghai has no summer time */
	DAY_SECONDS = 86400,
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; counts from
 * 1 March so that the leap day ends the year. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
	    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static void
date_of(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t mp = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = y + era * 400 + (*month <= 2 ? 1 : 0);
}

static bool
digits(const char *s, int count, int *out)
{
	*out = 0;
	while (count-- > 0) {
		if (*s < '0' || *s > '9')
			return false;
		*out = *out * 10 + (*s++ - '0');
	}
	return true;
}

bool
value_date_parse(const char *s, int64_t *days)
{
	int y, m, d, m2, d2;
	int64_t y2;

	if (!digits(s, 4, &y) || s[4] != '-' || !digits(s + 5, 2, &m) ||
	    s[7] != '-' || !digits(s + 8, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1 || d > 31)
		return false;
	*days = days_of(y, m, d);
	date_of(*days, &y2, &m2, &d2);
	return y2 == y && m2 == m && d2 == d;
}

bool
value_date_print(int64_t days, char out[VALUE_DATE_CHARS + 1])
{
	int64_t y;
	int m, d;

	if (days < -719528 || days > 2932896)
		return false;
	date_of(days, &y, &m, &d);
	out[0] = (char)('0' + y / 1000 % 10);
	out[1] = (char)('0' + y / 100 % 10);
	out[2] = (char)('0' + y / 10 % 10);
	out[3] = (char)('0' + y % 10);
	out[4] = '-';
	out[5] = (char)('0' + m / 10);
	out[6] = (char)('0' + m % 10);
	out[7] = '-';
	out[8] = (char)('0' + d / 10);
	out[9] = (char)('0' + d % 10);
	out[10] = '\0';
	return true;
}

enum err
instant_parse(const char *s, size_t size, int64_t *out)
{
	int64_t days;
	int h, m, sec;

	if (size != VALUE_INSTANT_CHARS || !value_date_parse(s, &days) ||
	    s[10] != 'T' || !digits(s + 11, 2, &h) || s[13] != ':' ||
	    !digits(s + 14, 2, &m) || s[16] != ':' ||
	    !digits(s + 17, 2, &sec) || memcmp(s + 19, "+08:00", 6) != 0)
		return ERR_FORMAT;
	if (h > 23 || m > 59 || sec > 59)
		return ERR_FORMAT;
	*out = days * DAY_SECONDS + h * 3600 + m * 60 + sec - ZONE_SECONDS;
	return ERR_OK;
}

enum err
instant_print(int64_t seconds, char out[26])
{
	int64_t local, days, rest;

	if (seconds < -70000000000 || seconds > 260000000000)
		return ERR_LIMIT;
	local = seconds + ZONE_SECONDS;
	days = local / DAY_SECONDS;
	rest = local % DAY_SECONDS;
	if (rest < 0) {
		rest += DAY_SECONDS;
		days--;
	}
	if (!value_date_print(days, out))
		return ERR_LIMIT;
	out[10] = 'T';
	out[11] = (char)('0' + rest / 36000);
	out[12] = (char)('0' + rest / 3600 % 10);
	out[13] = ':';
	out[14] = (char)('0' + rest / 600 % 6);
	out[15] = (char)('0' + rest / 60 % 10);
	out[16] = ':';
	out[17] = (char)('0' + rest / 10 % 6);
	out[18] = (char)('0' + rest % 10);
	memcpy(out + 19, "+08:00", 7);
	return ERR_OK;
}
