/* about: all records that are about one resident, wherever they came from.
 *
 * The hub has an index of what names whom (naming.h). A clinic, which is asked
 * for a printed record now and then, looks through its records; in short
 * transactions, since that may take seconds.
 */

#ifndef YIZHAN_STORE_ABOUT_H
#define YIZHAN_STORE_ABOUT_H

#include "store/record.h"

enum { ABOUT_RECORDS_MAX = 20000 }; /* of one kind, of one resident */

/**
 * Append to out the keys of the records of a kind that are about a resident
 * whose record's key and ref these are. A record that cannot be read is left
 * out. ERR_LIMIT: more than ABOUT_RECORDS_MAX.
 */
enum err about_find(struct db *db, bool is_hub, const char *kind,
    const uint8_t resident[KEY_RECORD_BYTES], const char *ref,
    struct buffer *out);

#endif
