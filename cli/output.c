/* output: what people and programs read. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <unistr.h>
#include <uniwidth.h>

#include "api/wire.h"
#include "base/bytes.h"
#include "base/i18n.h"
#include "cli/output.h"

enum {
	COLUMN_GAP = 2,
	SAID_BYTES_MAX = 2048, /* of one message */
};

/* --- talk -------------------------------------------------------------- */

/* A terminal's line is cleared whether or not one was shown: it costs four
 * bytes and no memory of what was. */
static void
clear_line(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* What was typed may stand in a message: it must not steer the terminal
 * either, nor fill it. */
static void
put_safe(const char *format, va_list args)
{
	char *text = NULL, *shown;
	int n = vasprintf(&text, format, args);

	if (n < 0)
		return;
	if (n > SAID_BYTES_MAX)
		memcpy(text + SAID_BYTES_MAX, "...", sizeof "...");
	shown = text_shown(text);
	if (shown != NULL)
		fputs(shown, stderr);
	fputc('\n', stderr);
	free(shown);
	free(text);
}

void
say(const char *format, ...)
{
	va_list args;

	clear_line();
	fputs("yizhan: ", stderr);
	va_start(args, format);
	put_safe(format, args);
	va_end(args);
}

void
say_plain(const char *format, ...)
{
	va_list args;

	clear_line();
	va_start(args, format);
	put_safe(format, args);
	va_end(args);
}

void
say_progress(const char *format, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	clear_line();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
}

bool
output_has_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no != NULL && *no != '\0') || !isatty(fileno(f)))
		return false;
	return term != NULL && strcmp(term, "dumb") != 0;
}

/* --- data -------------------------------------------------------------- */

/* A reader who had enough is no fault. */
static void
say_unwritable(void)
{
	int fault = errno;

	if (fault != EPIPE)
		say(_("the output cannot be written: %s"), strerror(fault));
}

enum err
output_json(const json_t *object)
{
	char *line = wire_line(object);
	int n;

	if (line == NULL)
		return ERR_NOMEM;
	n = fputs(line, stdout);
	if (n < 0)
		say_unwritable();
	free(line);
	return n < 0 ? ERR_CLOSED : ERR_OK;
}

bool
output_end(void)
{
	/* Where an earlier write failed, that was said then. */
	if (ferror(stdout))
		return false;
	if (fflush(stdout) == 0)
		return true;
	say_unwritable();
	return false;
}

/* --- text -------------------------------------------------------------- */

size_t
text_width(const char *text)
{
	int width = u8_strwidth((const uint8_t *)text, "UTF-8");

	return width > 0 ? (size_t)width : 0;
}

/* Controls move the cursor or start a sequence; bidi marks reorder what
 * stands beside them; line separators break the row. */
static bool
is_unsafe(ucs4_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

char *
text_shown(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text);
	struct buffer out = {0};

	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtouc(&c, at, left);

		if (c == '\t' || c == '\n' || c == '\r')
			put_u8(&out, ' ');
		else if (is_unsafe(c))
			put_bytes(&out, replacement, strlen(replacement));
		else if (c == 0xfffd)
			put_bytes(&out, replacement, strlen(replacement));
		else
			put_bytes(&out, at, (size_t)n);
		at += n;
		left -= (size_t)n;
	}
	put_u8(&out, 0);
	if (buffer_state(&out) == ERR_OK)
		return (char *)out.data;
	buffer_free(&out);
	return NULL;
}

/* --- columns ----------------------------------------------------------- */

struct columns {
	FILE *out;
	size_t count;
	size_t width[COLUMNS_MAX];
	size_t row_count;
	char **cells;    /* of the rows held back; row by row */
	bool has_titles; /* in the first row */
	bool is_flowing; /* widths are settled */
};

static void
forget_rows(struct columns *c)
{
	size_t i;

	for (i = 0; i < c->row_count * c->count; i++)
		free(c->cells[i]);
	c->row_count = 0;
}

/* The last column is not padded: no row ends in blanks. */
static enum err
write_row(const struct columns *c, char *const *cells)
{
	size_t i, last = c->count;

	while (last > 0 && cells[last - 1][0] == '\0')
		last--;
	for (i = 0; i < last; i++) {
		size_t width = text_width(cells[i]);
		size_t pad = c->width[i] > width ? c->width[i] - width : 0;

		fputs(cells[i], c->out);
		if (i + 1 < last)
			fprintf(c->out, "%*s", (int)(pad + COLUMN_GAP), "");
	}
	if (fputc('\n', c->out) != EOF && !ferror(c->out))
		return ERR_OK;
	say_unwritable();
	return ERR_CLOSED;
}

static enum err
flush_rows(struct columns *c)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; e == ERR_OK && i < c->row_count; i++)
		e = write_row(c, c->cells + i * c->count);
	forget_rows(c);
	c->is_flowing = true;
	return e;
}

static enum err
hold_row(struct columns *c, const char *const *cells)
{
	char **row = c->cells + c->row_count * c->count;
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; i < c->count; i++) {
		row[i] = text_shown(cells[i] == NULL ? "" : cells[i]);
		if (row[i] == NULL)
			e = ERR_NOMEM;
	}
	c->row_count++;
	for (i = 0; e == ERR_OK && i < c->count; i++) {
		size_t width = text_width(row[i]);

		if (!c->is_flowing && width > c->width[i])
			c->width[i] = width;
	}
	return e;
}

struct columns *
columns_new(FILE *out, size_t count, const char *const *titles)
{
	struct columns *c = calloc(1, sizeof *c);

	if (c == NULL || count == 0 || count > COLUMNS_MAX) {
		free(c);
		return NULL;
	}
	c->out = out;
	c->count = count;
	c->has_titles = titles != NULL;
	c->cells = calloc(count * COLUMNS_ROWS_HELD, sizeof *c->cells);
	if (c->cells != NULL &&
	    (titles == NULL || hold_row(c, titles) == ERR_OK))
		return c;
	if (c->cells != NULL)
		forget_rows(c);
	free(c->cells);
	free(c);
	return NULL;
}

enum err
columns_add(struct columns *c, const char *const *cells)
{
	enum err e = hold_row(c, cells);

	if (e == ERR_OK && (c->is_flowing || c->row_count == COLUMNS_ROWS_HELD))
		e = flush_rows(c);
	return e;
}

enum err
columns_end(struct columns *c)
{
	enum err e;

	if (c == NULL)
		return ERR_OK;
	/* A heading over nothing says less than nothing. */
	if (c->has_titles && !c->is_flowing && c->row_count == 1)
		forget_rows(c);
	e = flush_rows(c);
	free(c->cells);
	free(c);
	return e;
}

const char *
role_text(const char *role)
{
	static const char *const names[] = {
	    N_("clinic"), N_("relay"), N_("hub")};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], role) == 0)
			return _(names[i]);
	return role;
}

long long
number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}
