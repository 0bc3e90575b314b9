/* text: what people's text holds that they cannot see.
 *
 * Text is never changed, neither normalised nor trimmed: names are kept as
 * written. This only counts and warns.
 */

#ifndef YIZHAN_STORE_TEXT_H
#define YIZHAN_STORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text_facts {
	size_t chars;       /* code points, as people count characters here */
	bool is_utf8;       /* else nothing else is told */
	bool is_blank;      /* empty, or white space and invisible ones only */
	bool has_break;     /* tab, line feed or carriage return */
	bool has_control;   /* any other of C0, DEL, C1 */
	bool has_bidi;      /* marks, embeddings, overrides, isolates */
	bool has_invisible; /* zero width and other ignorable characters;
	                       variation selectors belong to rare characters
	                       and Mongolian and are not counted */
};

void text_look(const char *text, size_t size, struct text_facts *out);

/* In what a line seems to be written, so that people are told how to convert
 * it. GBK is a part of GB18030. */
enum text_encoding {
	TEXT_UTF8,
	TEXT_GB18030,
	TEXT_UTF16,
	TEXT_UNKNOWN, /* no UTF-8, and nothing else that is known */
};

/** *bad_at is the place of the first byte that is not UTF-8, from 0. */
enum text_encoding text_guess(const uint8_t *data, size_t size, size_t *bad_at);

#endif
