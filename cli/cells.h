/* cells: text as a terminal shows it, counted in cells.
 *
 * A Han character takes two cells, a combining mark none. The dot of 买买提·
 * 阿不都拉 and other characters of ambiguous width take one, as wcwidth() and
 * the terminals of UTF-8 locales have it. What is cut is cut between what a
 * reader takes for characters (UAX 29), never inside one.
 */

#ifndef YIZHAN_CLI_CELLS_H
#define YIZHAN_CLI_CELLS_H

#include <stddef.h>
#include <stdio.h>

/** Cells a text takes on a terminal. */
size_t text_width(const char *text);
/** A copy of text safe to show, in one line; free() it. What could steer the
 * terminal, reorder the line or hide in it becomes U+FFFD. NULL: no memory. */
char *text_shown(const char *text);
/** The same for a line of JSON, where it becomes an escape. */
char *text_escaped(const char *line);
/** A copy that takes at most so many cells; when something was cut it ends in
 * an ellipsis. free() it. NULL: no memory. */
char *text_cut(const char *text, size_t cells);

/** Cells in a line of the terminal behind f; 0: there is none, and nothing
 * needs to be cut. COLUMNS goes before what the terminal says. */
size_t terminal_cells(FILE *f);
/**
 * Write a line that is safe to show. Where cells is not 0 it goes on in
 * further ones, each with indent blanks before it, at blanks or between
 * characters. The first begins at the cell `from`. No newline at the end.
 */
void text_wrap(
    FILE *f, const char *text, size_t from, size_t indent, size_t cells);

#endif
