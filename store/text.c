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
