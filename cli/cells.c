/* cells: text as a terminal shows it, counted in cells. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <unigbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/bytes.h"
#include "cli/cells.h"

enum { TERMINAL_CELLS_MAX = 10000 };

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
static const char ellipsis[] = "\xe2\x80\xa6";    /* U+2026, one cell */

static size_t
width_of(const char *text, size_t bytes)
{
	int width = u8_width((const uint8_t *)text, bytes, "UTF-8");

	return width > 0 ? (size_t)width : 0;
}

size_t
text_width(const char *text)
{
	return width_of(text, strlen(text));
}

/* --- what must not reach a terminal ------------------------------------ */

/* Controls move the cursor or start a sequence; bidi marks reorder what
 * stands beside them; line separators break the row. */
static bool
is_unsafe(ucs4_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* Nobody sees them, and terminals do not agree how wide they are: two names
 * would look the same. Joiners and variation selectors are not among them;
 * they make an emoji or a rare form of a character. */
static bool
is_hidden(ucs4_t c)
{
	return c == 0xad || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
	       c == 0x17b5 || c == 0x200b || (c >= 0x2060 && c <= 0x2065) ||
	       (c >= 0x206a && c <= 0x206f) || c == 0x3164 || c == 0xfeff ||
	       c == 0xffa0 || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe00ff);
}

static char *
finish(struct buffer *out)
{
	put_u8(out, 0);
	if (buffer_state(out) == ERR_OK)
		return (char *)out->data;
	buffer_free(out);
	return NULL;
}

char *
text_shown(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text);
	struct buffer out = {0};

	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtouc(&c, at, left);

		if (c == '\t' || c == '\n' || c == '\r')
			put_u8(&out, ' ');
		else if (is_unsafe(c) || is_hidden(c) || c == 0xfffd)
			put_bytes(&out, replacement, strlen(replacement));
		else
			put_bytes(&out, at, (size_t)n);
		at += n;
		left -= (size_t)n;
	}
	return finish(&out);
}

/* What is unsafe below 0x7f JSON itself escapes, or it is the line's end. */
char *
text_escaped(const char *line)
{
	const uint8_t *at = (const uint8_t *)line;
	size_t left = strlen(line);
	struct buffer out = {0};

	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtouc(&c, at, left);
		char escape[16];

		if (c >= 0x7f && is_unsafe(c)) {
			snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
			put_bytes(&out, escape, strlen(escape));
		} else {
			put_bytes(&out, at, (size_t)n);
		}
		at += n;
		left -= (size_t)n;
	}
	return finish(&out);
}

/* --- characters as a reader sees them ---------------------------------- */

/* Where they begin: a 1 for each byte that begins one. NULL: no memory. */
static char *
beginnings(const char *text, size_t bytes)
{
	char *out = malloc(bytes + 1);

	if (out != NULL)
		u8_grapheme_breaks((const uint8_t *)text, bytes, out);
	return out;
}

/* Bytes of the one at `at`. */
static size_t
one(const char *begins, size_t at, size_t bytes)
{
	size_t end = at + 1;

	while (end < bytes && !begins[end])
		end++;
	return end - at;
}

/* Bytes from the beginning that take at most so many cells. */
static size_t
fitting(const char *text, const char *begins, size_t bytes, size_t cells)
{
	size_t at = 0, width = 0;

	while (at < bytes) {
		size_t n = one(begins, at, bytes);

		width += width_of(text + at, n);
		if (width > cells)
			break;
		at += n;
	}
	return at;
}

char *
text_cut(const char *text, size_t cells)
{
	size_t bytes = strlen(text), kept = bytes;
	struct buffer out = {0};
	char *begins;

	if (width_of(text, bytes) > cells) {
		begins = beginnings(text, bytes);
		if (begins == NULL)
			return NULL;
		kept = cells == 0 ? 0 : fitting(text, begins, bytes, cells - 1);
		free(begins);
	}
	put_bytes(&out, text, kept);
	if (kept < bytes && cells > 0)
		put_bytes(&out, ellipsis, strlen(ellipsis));
	return finish(&out);
}

/* --- lines ------------------------------------------------------------- */

size_t
terminal_cells(FILE *f)
{
	const char *given = getenv("COLUMNS");
	long cells = given == NULL ? 0 : strtol(given, NULL, 10);
	struct winsize size;

	if (!isatty(fileno(f)))
		return 0;
	if (cells > 0 && cells <= TERMINAL_CELLS_MAX)
		return (size_t)cells;
	if (ioctl(fileno(f), TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* Between words, and between the choices of a field. */
static bool
is_gap(char c)
{
	return c == ' ' || c == '|';
}

/* A line ends at its last gap where that leaves it half full. */
static size_t
line_end(const char *text, size_t fits, size_t bytes)
{
	size_t end = fits;

	if (fits == bytes || text[fits] == ' ')
		return fits;
	while (end > fits / 2 && !is_gap(text[end - 1]))
		end--;
	return end > fits / 2 ? end : fits;
}

void
text_wrap(FILE *f, const char *text, size_t from, size_t indent, size_t cells)
{
	size_t left = strlen(text), at = 0;
	char *begins = cells == 0 ? NULL : beginnings(text, left);

	if (begins == NULL) {
		fputs(text, f);
		return;
	}
	while (left > 0) {
		size_t room = cells > from ? cells - from : 1;
		size_t n = fitting(text + at, begins + at, left, room), seen;

		n = line_end(text + at, n, left);
		if (n == 0) /* wider than the terminal */
			n = one(begins + at, 0, left);
		seen = n;
		while (n < left && seen > 0 && text[at + seen - 1] == ' ')
			seen--;
		fwrite(text + at, 1, seen, f);
		at += n;
		left -= n;
		while (left > 0 && text[at] == ' ') {
			at++;
			left--;
		}
		if (left > 0)
			fprintf(f, "\n%*s", (int)indent, "");
		from = indent;
	}
	free(begins);
}
