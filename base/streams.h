/* streams: descriptors 0, 1 and 2 are never anything but the standard ones.
 *
 * A program that is started with one of them closed would get the next file it
 * opens under that number, and a message for people would be written into it:
 * into a database, at worst.
 */

#ifndef YIZHAN_BASE_STREAMS_H
#define YIZHAN_BASE_STREAMS_H

#include <stdbool.h>

/** First thing in main(). Those that are closed are opened so that using them
 * fails (EBADF) as it would have. False: not even that could be done. */
bool streams_guard(void);

#endif
