/* budget: what a day may cost on the link that a connection uses.
 *
 * The class of a link follows from the network interface that has the
 * socket's own address; the configuration names classes and their budgets.
 */

#ifndef YIZHAN_API_BUDGET_H
#define YIZHAN_API_BUDGET_H

#include "api/config.h"
#include "api/exchange.h"

struct budget {
	char link_class[TRAFFIC_CLASS_BYTES];
	uint64_t bytes; /* a day; 0: no budget */
	uint64_t used;  /* of the group's day, both ways */
};

/** Class of an interface: the first pattern that fits, else "default". */
const char *budget_class_of(const struct config *c, const char *interface);
/** Budget of a class; 0: none. */
uint64_t budget_of_class(const struct config *c, const char *link_class);
/** Name of the interface that has the local address of a connected socket;
 * "" where that cannot be told (its class is then "default"). */
void budget_interface(int fd, char *out, size_t out_bytes);

/** What a class may spend and has spent; errors of the store. */
enum err budget_read(struct db *db, const struct config *c,
    const char *link_class, int64_t now, struct budget *out);
uint64_t budget_left(const struct budget *b);
/** Bound a session with the parent over this socket. */
enum err budget_apply(
    struct exchange_options *o, const struct config *c, int fd, int64_t now);

#endif
