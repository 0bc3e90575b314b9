/* names: when two written names are one. */

#include <string.h>

#include "store/names.h"

/* U+00B7 U+2022 U+2027 U+30FB U+FF65 U+2219 U+22C5 U+FF0E U+16EB U+2E31 are
 * dots, U+3000 U+00A0 U+2009 spaces. */
static const char *const left_out[] = {" ", ".", "\t", "\xC2\xB7",
    "\xE2\x80\xA2", "\xE2\x80\xA7", "\xE3\x83\xBB", "\xEF\xBD\xA5",
    "\xE2\x88\x99", "\xE2\x8B\x85", "\xEF\xBC\x8E", "\xE1\x9B\xAB",
    "\xE2\xB8\xB1", "\xE3\x80\x80", "\xC2\xA0", "\xE2\x80\x89", NULL};

/* Bytes to pass over; 0: this character counts. UTF-8 tells where a character
 * begins, so none is met within another. */
static size_t
passed_over(const char *at)
{
	size_t i;

	for (i = 0; left_out[i] != NULL; i++)
		if (strncmp(at, left_out[i], strlen(left_out[i])) == 0)
			return strlen(left_out[i]);
	return 0;
}

enum err
name_fold(const char *name, struct buffer *out)
{
	while (*name != '\0') {
		size_t n = passed_over(name);

		if (n == 0) {
			char c = *name++;

			put_u8(
			    out, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
		}
		name += n;
	}
	return buffer_state(out);
}

bool
name_same(const char *a, const char *b)
{
	struct buffer x = {0}, y = {0};
	bool same = name_fold(a, &x) == ERR_OK && name_fold(b, &y) == ERR_OK &&
	            x.size > 0 && x.size == y.size &&
	            memcmp(x.data, y.data, x.size) == 0;

	buffer_wipe(&x);
	buffer_wipe(&y);
	return same;
}

/* A part begins and ends with whole characters, so bytes will do. */
static bool
stands_in(const struct buffer *whole, const struct buffer *part)
{
	size_t i;

	if (part->size == 0)
		return false;
	for (i = 0; i + part->size <= whole->size; i++)
		if (memcmp(whole->data + i, part->data, part->size) == 0)
			return true;
	return false;
}

bool
name_holds(const char *name, const char *part)
{
	struct buffer x = {0}, y = {0};
	bool holds = name_fold(name, &x) == ERR_OK &&
	             name_fold(part, &y) == ERR_OK && stands_in(&x, &y);

	buffer_wipe(&x);
	buffer_wipe(&y);
	return holds;
}
