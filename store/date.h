/* date: days and instants as records write them, by content alone.
 *
 * Days are "YYYY-MM-DD"; instants "YYYY-MM-DDThh:mm:ss+08:00", the one zone
 * of the exchange format. Valid ones sort as text, so they are compared by
 * strcmp() and this module needs no clock and no table of zones.
 */

#ifndef YIZHAN_STORE_DATE_H
#define YIZHAN_STORE_DATE_H

#include <stdbool.h>
#include <stdint.h>

enum { DATE_CHARS = 10, INSTANT_CHARS = 25 };

/** A day of the Gregorian calendar that exists, years 0001 to 9999. */
bool date_is_valid(const char *text);
/** Hours 00-23, minutes and seconds 00-59, zone +08:00 only. */
bool instant_is_valid(const char *text);

/* The rest wants a valid day or instant; of an instant the day is taken. */

/** Days since 1970-01-01. */
int32_t date_days(const char *text);
/** Birthdays between two days, as a person's age is told; may be negative.
 * One born on 29 February has the birthday on 1 March in other years. */
int date_years(const char *from, const char *to);
/** Whether a day lies among the so many days that begin with `first`, which
 * is itself one of them. */
bool date_in_window(const char *first, const char *day, int days);

#endif
