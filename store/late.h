/* late: which changes of a resident were made without knowing that the file
 * had gone to another managing org, by who had it before.
 */

#ifndef YIZHAN_STORE_LATE_H
#define YIZHAN_STORE_LATE_H

#include "store/record.h"

/** Whether a change says who has the file from now on, or that nobody has. */
bool late_gives_away(const struct change *c);
/** is_late[i] is of change i of a resident's set. ERR_NOMEM. */
enum err late_find(struct txn *t, const struct record_set *set, bool *is_late);

#endif
