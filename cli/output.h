/* output: what people and programs read.
 *
 * stdout is data, stderr is talk. Columns are counted in terminal cells, so
 * that Chinese, minority names and rare characters stay aligned. Text of
 * records is shown with control characters replaced: a record must not steer
 * anybody's terminal.
 */

#ifndef YIZHAN_CLI_OUTPUT_H
#define YIZHAN_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/err.h"
#include "cli/cells.h"

/** A line on stderr with "yizhan: " before it; clears a progress line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** A line on stderr as it is; clears a progress line. */
void say_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Show how far it is, over the last such line; on a terminal only. */
void say_progress(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/** Whether colour may be used on this stream. */
bool output_has_colour(FILE *f);

/** One object as a line on stdout. ERR_CLOSED: nobody reads it any more, or
 * it cannot be written; output_end() says which. */
enum err output_json(const json_t *object);
/** Flush stdout. False: it could not be written; that was said, unless the
 * reader just went away. */
bool output_end(void);

/** Lines that are safe to show, on stdout; what is wider than the terminal
 * goes on below, with indent blanks before it. */
void output_lines(const char *text, size_t indent);

/* Rows of cells, aligned. The first rows decide how wide columns are; later
 * ones come out as they are added, so that a long list needs little memory.
 * On a terminal no row is wider than it: under titles cells are cut; without
 * titles the last cell goes on in further lines. Elsewhere nothing is cut. */
struct columns;

enum { COLUMNS_MAX = 12, COLUMNS_ROWS_HELD = 1000 };

/** titles may be NULL: no heading. NULL: no memory. */
struct columns *columns_new(FILE *out, size_t count, const char *const *titles);
/** The last cell of a row goes on in further lines, below titles too. */
void columns_wrap(struct columns *c);
/** A row; NULL stands for an empty cell. */
enum err columns_add(struct columns *c, const char *const *cells);
/** Write what is held back, then free; no heading without rows. NULL is
 * allowed. */
enum err columns_end(struct columns *c);

/** A node's role in the reader's language; other words as they are. */
const char *role_text(const char *role);

/** A member of an object: "" and 0 where it is missing or of another type. */
const char *text_of(const json_t *object, const char *name);
long long number_of(const json_t *object, const char *name);

#endif
