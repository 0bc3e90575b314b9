/* wire: how objects are written as lines, on the socket and on stdout. */

#ifndef YIZHAN_API_WIRE_H
#define YIZHAN_API_WIRE_H

#include <jansson.h>

/** The object as one line with its LF, numbers as decimals of 15 digits;
 * free() it. NULL: no memory. */
char *wire_line(const json_t *object);

#endif
