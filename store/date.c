/* date: days and instants as records write them, by content alone. */

#include "store/date.h"

#include <stddef.h>
#include <string.h>

/* The number that count digits make; -1 when one of them is none. */
static int
digits(const char *text, size_t count)
{
	int n = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

static int
month_days(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && is_leap ? 29 : days[month - 1];
}

/* The text holds at least DATE_CHARS characters; what follows is not read. */
static bool
starts_with_date(const char *text)
{
	int year, month, day;

	if (text[4] != '-' || text[7] != '-')
		return false;
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= month_days(year, month);
}

bool
date_is_valid(const char *text)
{
	return strlen(text) == DATE_CHARS && starts_with_date(text);
}

bool
instant_is_valid(const char *text)
{
	int hour, minute, second;

	if (strlen(text) != INSTANT_CHARS || !starts_with_date(text))
		return false;
	if (text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
	    strcmp(text + 19, "+08:00") != 0)
		return false;
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	second = digits(text + 17, 2);
	return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 &&
	       second >= 0 && second <= 59;
}

/* Counts from 1 March, so that the leap day is the last of its year; 153 days
 * are five months from March on (Fliegel and Van Flandern, CACM 11/10). */
int32_t
date_days(const char *text)
{
	int year = digits(text, 4);
	int month = digits(text + 5, 2);
	int day = digits(text + 8, 2);

	if (month > 2) {
		month -= 3;
	} else {
		month += 9;
		year--;
	}
	return year * 365 + year / 4 - year / 100 + year / 400 +
	       (153 * month + 2) / 5 + day - 1 - 719468;
}

bool
date_in_window(const char *first, const char *day, int days)
{
	int32_t gone = date_days(day) - date_days(first);

	return gone >= 0 && gone < days;
}

int
date_years(const char *from, const char *to)
{
	int years = digits(to, 4) - digits(from, 4);

	/* Month and day, "MM-DD", compare as text. */
	return memcmp(to + 5, from + 5, 5) < 0 ? years - 1 : years;
}
