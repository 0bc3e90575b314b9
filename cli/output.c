/* output: what people and programs read. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/outcome.h"
#include "api/wire.h"
#include "base/i18n.h"
#include "cli/output.h"

enum {
	COLUMN_GAP = 2,
	SAID_BYTES_MAX = 2048, /* of one message */
	COLUMN_CELLS_MIN = 8,  /* less only where nothing else helps */
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
static void __attribute__((format(printf, 1, 0)))
put_safe(const char *format, va_list args)
{
	char *text = NULL, *shown;
	int n = vasprintf(&text, format, args);

	if (n < 0)
		return;
	if (n > SAID_BYTES_MAX + 3)
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
		say(_("the output cannot be written: %s"),
		    _(outcome_fault(fault)));
}

enum err
output_json(const json_t *object)
{
	char *wire = wire_line(object);
	char *line = wire == NULL ? NULL : text_escaped(wire);
	int n;

	free(wire);
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

void
output_lines(const char *text, size_t indent)
{
	size_t cells = terminal_cells(stdout);
	const char *end;

	while ((end = strchr(text, '\n')) != NULL) {
		char *line = strndup(text, (size_t)(end - text));

		if (line != NULL)
			text_wrap(stdout, line, 0, indent, cells);
		free(line);
		putchar('\n');
		text = end + 1;
	}
}

/* --- columns ----------------------------------------------------------- */

struct columns {
	FILE *out;
	size_t count;
	size_t cells_max; /* of a row; 0: no bound */
	size_t width[COLUMNS_MAX];
	size_t narrowest[COLUMNS_MAX]; /* of the rows, not of the titles */
	size_t row_count;
	char **cells;    /* of the rows held back; row by row */
	bool has_titles; /* in the first row */
	bool wraps;      /* the last column */
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

/* --- a terminal's width ------------------------------------------------ */

static size_t
sum(const size_t *width, size_t count)
{
	size_t all = 0, i;

	for (i = 0; i < count; i++)
		all += width[i];
	return all;
}

/* Take from the widest until all fit, but none below its floor. */
static void
shrink(size_t *width, const size_t *floor, size_t count, size_t room)
{
	size_t all = sum(width, count);

	while (all > room) {
		size_t widest = count, i;

		for (i = 0; i < count; i++)
			if (width[i] > floor[i] &&
			    (widest == count || width[i] > width[widest]))
				widest = i;
		if (widest == count)
			return;
		width[widest]--;
		all--;
	}
}

/* Times and numbers are alike in all rows, and worth less when cut: names
 * give way first. */
static void
fit_cut(struct columns *c, size_t room)
{
	size_t floor[COLUMNS_MAX], i;

	for (i = 0; i < c->count; i++)
		floor[i] = c->narrowest[i] == c->width[i] ? c->width[i]
		                                          : COLUMN_CELLS_MIN;
	shrink(c->width, floor, c->count, room);
	for (i = 0; i < c->count; i++)
		floor[i] = 1;
	shrink(c->width, floor, c->count, room);
}

/* The last column has what the others leave, and at least half. */
static void
fit_wrap(struct columns *c, size_t room)
{
	size_t floor[COLUMNS_MAX] = {0}, last = c->count - 1, i;

	for (i = 0; i < last; i++)
		floor[i] = 1;
	shrink(c->width, floor, last,
	    room - (c->width[last] < room / 2 ? c->width[last] : room / 2));
	c->width[last] = room - sum(c->width, last);
}

static void
fit(struct columns *c)
{
	size_t gaps = 0, i;

	for (i = 0; i + 1 < c->count; i++)
		gaps += c->width[i] == 0 ? 0 : COLUMN_GAP;
	if (c->cells_max == 0)
		return;
	if (c->cells_max < gaps + 2 * c->count) { /* not for people */
		c->cells_max = 0;
		return;
	}
	if (!c->wraps)
		fit_cut(c, c->cells_max - gaps);
	else
		fit_wrap(c, c->cells_max - gaps);
}

static void
write_last(const struct columns *c, const char *cell, size_t column)
{
	size_t from = sum(c->width, column), i;

	for (i = 0; i < column; i++)
		from += c->width[i] == 0 ? 0 : COLUMN_GAP;
	if (!c->wraps)
		fputs(cell, c->out);
	else
		text_wrap(c->out, cell, from, from, c->cells_max);
}

/* The last column is not padded: no row ends in blanks. */
static enum err
write_row(const struct columns *c, char *const *cells)
{
	size_t i, last = c->count;

	while (last > 0 && cells[last - 1][0] == '\0')
		last--;
	for (i = 0; i < last; i++) {
		bool is_cut =
		    c->cells_max > 0 && (!c->wraps || i + 1 < c->count);
		char *cut = is_cut ? text_cut(cells[i], c->width[i]) : NULL;
		const char *cell = cut == NULL ? cells[i] : cut;
		size_t width = text_width(cell);
		size_t pad = c->width[i] > width ? c->width[i] - width : 0;

		/* A column without a title that nobody fills takes no room. */
		if (i + 1 < last && c->width[i] + width > 0)
			fprintf(
			    c->out, "%s%*s", cell, (int)(pad + COLUMN_GAP), "");
		else if (i + 1 == last)
			write_last(c, cell, i);
		free(cut);
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

	if (!c->is_flowing)
		fit(c);
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
	bool is_title = c->has_titles && !c->is_flowing && c->row_count == 0;
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

		if (c->is_flowing)
			break;
		if (width > c->width[i])
			c->width[i] = width;
		if (width < c->narrowest[i] && !is_title)
			c->narrowest[i] = width;
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
	c->cells_max = terminal_cells(out);
	memset(c->narrowest, 0xff, sizeof c->narrowest);
	c->has_titles = titles != NULL;
	c->wraps = titles == NULL;
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

void
columns_wrap(struct columns *c)
{
	c->wraps = true;
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
