/* export: the present version of every record held, in exchange format v1,
 * kinds in dependency order, then by ref. Local drafts are included.
 */

#ifndef YIZHAN_STORE_EXPORT_H
#define YIZHAN_STORE_EXPORT_H

#include "store/record.h"

/** One record, and its source, "" for what is the group's; both live until it
 * returns. Other than ERR_OK stops the export and is returned. */
typedef enum err export_emit(
    void *context, const char *source, const json_t *record);

/**
 * kind NULL: all kinds, unknown ones last. Reads in transactions of some
 * hundred records, so that no reader lives long; a record that changes
 * meanwhile is shown as it is when its turn comes.
 * ERR_CORRUPT: a record cannot be read; those before it were emitted.
 */
enum err export_records(
    struct db *db, const char *kind, export_emit *emit, void *context);

#endif
