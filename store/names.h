/* names: when two written names are one.
 *
 * A name is kept as it was written, with every rare character. To compare
 * and to look up, what programs write in different ways is left out: the dot
 * within a minority name (买买提·阿不都拉) has a dozen forms, and some write
 * none.
 */

#ifndef YIZHAN_STORE_NAMES_H
#define YIZHAN_STORE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/** Append what counts of a name: without dots and spaces, A to Z small. */
enum err name_fold(const char *name, struct buffer *out);
/** Whether both fold to the same, and to something. */
bool name_same(const char *a, const char *b);
/** Whether the part, folded, stands in the name; a blank one in none. */
bool name_holds(const char *name, const char *part);

#endif
