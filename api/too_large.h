/* too_large: what had no room in a session for its size (sync/session.h). */

#ifndef YIZHAN_API_TOO_LARGE_H
#define YIZHAN_API_TOO_LARGE_H

#include <jansson.h>

#include "store/db.h"
#include "sync/session.h"

/**
 * {"bytes": so much has to be allowed, "kind", "ref"}; the parent's has no kind
 * and no ref, since it was not seen. NULL: no memory.
 */
json_t *too_large_json(struct db *db, const struct session_over *over);

#endif
