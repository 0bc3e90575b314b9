/* text: what people's text holds that they cannot see. */

#include "store/text.h"

#include <unictype.h>
#include <unistr.h>

static void
look_at_ascii(unsigned char c, struct text_facts *out)
{
	if (c > ' ' && c != 0x7f)
		out->is_blank = false;
	else if (c == '\t' || c == '\n' || c == '\r')
		out->has_break = true;
	else if (c != ' ')
		out->has_control = true;
}

static void
look_at(ucs4_t c, struct text_facts *out)
{
	/* Han characters are nearly all of what comes by; spare them the
	 * look into four tables. */
	if (c >= 0x3400 && c <= 0x9fff) {
		out->is_blank = false;
	} else if (uc_is_property_bidi_control(c)) {
		out->has_bidi = true;
	} else if (c <= 0x9f) {
		out->has_control = true;
	} else if (uc_is_property_variation_selector(c)) {
		return;
	} else if (uc_is_property_default_ignorable_code_point(c)) {
		out->has_invisible = true;
	} else if (!uc_is_property_white_space(c)) {
		out->is_blank = false;
	}
}

void
text_look(const char *text, size_t size, struct text_facts *out)
{
	const uint8_t *at = (const uint8_t *)text;
	const uint8_t *end = at + size;

	*out = (struct text_facts){.is_utf8 = true, .is_blank = true};
	while (at < end) {
		ucs4_t c = *at;
		int used = 1;

		if (c < 0x80) {
			look_at_ascii(*at, out);
		} else {
			used = u8_mbtoucr(&c, at, (size_t)(end - at));
			if (used < 0) {
				out->is_utf8 = false;
				return;
			}
			look_at(c, out);
		}
		at += used;
		out->chars++;
	}
}

/* --- guessing ---------------------------------------------------------- */

/* JSON is half ASCII, and UTF-16 has a zero beside each such character. */
static bool
is_utf16(const uint8_t *data, size_t size)
{
	size_t i, zeros = 0;

	if (size >= 2 && ((data[0] == 0xff && data[1] == 0xfe) ||
	                     (data[0] == 0xfe && data[1] == 0xff)))
		return true;
	for (i = 0; i < size; i++)
		zeros += data[i] == 0;
	return zeros * 8 >= size && zeros > 0;
}

static bool
is_within(uint8_t byte, uint8_t low, uint8_t high)
{
	return byte >= low && byte <= high;
}

/* Bytes of the GB18030 character at data; 0: there is none. */
static size_t
gb18030_bytes(const uint8_t *data, size_t size)
{
	if (data[0] < 0x80)
		return 1;
	if (size < 2 || !is_within(data[0], 0x81, 0xfe))
		return 0;
	if (is_within(data[1], 0x40, 0xfe) && data[1] != 0x7f)
		return 2;
	return size >= 4 && is_within(data[1], 0x30, 0x39) &&
	               is_within(data[2], 0x81, 0xfe) &&
	               is_within(data[3], 0x30, 0x39)
	           ? 4
	           : 0;
}

/* UTF-8 with a fault in it may be sound GB18030 too, but then most of its
 * characters are sound as UTF-8. */
static bool
is_gb18030(const uint8_t *data, size_t size)
{
	size_t at, used, sound = 0, unsound = 0;

	for (at = 0; at < size; at += used) {
		used = gb18030_bytes(data + at, size - at);
		if (used == 0)
			return false;
	}
	for (at = 0; at < size; at += used) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, data + at, size - at);

		used = n > 0 ? (size_t)n : 1;
		sound += n > 1;
		unsound += n < 0;
	}
	return unsound > sound;
}

enum text_encoding
text_guess(const uint8_t *data, size_t size, size_t *bad_at)
{
	const uint8_t *bad = size == 0 ? NULL : u8_check(data, size);

	*bad_at = bad == NULL ? 0 : (size_t)(bad - data);
	if (is_utf16(data, size))
		return TEXT_UTF16;
	if (bad == NULL)
		return TEXT_UTF8;
	return is_gb18030(data, size) ? TEXT_GB18030 : TEXT_UNKNOWN;
}
