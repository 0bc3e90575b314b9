/* bodies: the changes of a store as the tools here read them. */

#ifndef YIZHAN_TOOLS_BODIES_H
#define YIZHAN_TOOLS_BODIES_H

#include "base/bytes.h"
#include "store/change.h"

/* One change: its parts that order it, and its body within `bytes`. */
struct body {
	struct change_id id;
	uint16_t kind;
	int64_t occurred_at;
	size_t at, size;
};

struct bodies {
	struct buffer bytes;
	struct body *list;
	size_t count, capacity;
};

/**
 * Read all merged changes of the store in dir, by log, class and number. With
 * an evening each is recorded in the evening of its own day, so that the same
 * samples give the same bytes whenever they were imported.
 */
enum err bodies_read(const char *dir, bool evening, struct bodies *out);
void bodies_free(struct bodies *b);
struct bytes bodies_at(const struct bodies *b, size_t i);

#endif
