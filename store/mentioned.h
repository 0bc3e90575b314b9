/* mentioned: what a change is about: its own record, and those that it names
 * by fields that carry it along (store/kind.h).
 */

#ifndef YIZHAN_STORE_MENTIONED_H
#define YIZHAN_STORE_MENTIONED_H

#include "store/record.h"

/** True ends it. */
typedef bool mentioned_visit(void *context, const char *kind, const char *ref);

/** Called with each of them until it returns true, which is returned. An
 * amendment says no more whom it is about: its record does. So all changes of
 * a record are judged alike. */
bool mentioned_each(struct txn *t, const struct change *c,
    mentioned_visit *visit, void *context);

#endif
