/* device: how a device, a loan or a hand-over stands now, below its record. */

#ifndef YIZHAN_CLI_DEVICE_H
#define YIZHAN_CLI_DEVICE_H

#include "cli/output.h"

/** Add what a view (`now` of an answer, NULL: none) says to the columns. */
enum err show_now(struct columns *c, const json_t *now);

#endif
