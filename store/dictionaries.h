/* dictionaries: those the group handed out as records, for its streams
 * (sync/dictionary.h).
 */

#ifndef YIZHAN_STORE_DICTIONARIES_H
#define YIZHAN_STORE_DICTIONARIES_H

#include <jansson.h>

#include "store/db.h"
#include "sync/dictionary.h"

enum {
	DICTIONARIES_LOADED_MAX = 2, /* of those held, by a session */
	/* Of one that is handed out. It goes in parts, each a record: what a
	 * session does not carry to its end is not carried at all, and what
	 * stands behind it waits. Older ones are one record. */
	DICTIONARIES_BYTES_MAX = 45000,
	DICTIONARIES_PART_BYTES = 4500,
	DICTIONARIES_PARTS_MAX = 64, /* whoever wrote it */
	DICTIONARIES_TEXT_MAX = (DICTIONARIES_BYTES_MAX + 2) / 3 * 4,
	DICTIONARIES_ID_BYTES = 9,
};

/**
 * Add those of which all is held here to the codebook, the newest last, so that
 * it counts first, and the one before it, which peers that did not get the
 * newest may still have: each that is used takes 5 MB. One that is none is left
 * out: both ends go on with what both have. While no change of one has come
 * since the codebook was filled nothing is read. ERR_CORRUPT, ERR_IO: of the
 * store; ERR_NOMEM.
 */
enum err dictionaries_load(struct txn *t, struct codebook *c);

/** The highest number among those held here, and its id; 0 and "": there are
 * none. Errors as above. */
enum err dictionaries_last(
    struct txn *t, int64_t *number, char id[DICTIONARIES_ID_BYTES]);

/** Its id as 8 hex digits. */
void dictionaries_id(
    const void *data, size_t size, char out[DICTIONARIES_ID_BYTES]);
/** In how many parts one of so many bytes goes. */
size_t dictionaries_parts(size_t size);
/** The fields of the record that is part 1, 2, ... of it. NULL: it is too
 * large, or no memory. */
json_t *dictionaries_part(int64_t number, const void *data, size_t size,
    size_t part, const char *made_on);
/** Those of a record that is all of it. NULL as above. */
json_t *dictionaries_fields(
    int64_t number, const void *data, size_t size, const char *made_on);
/** Append what base64 says. ERR_FORMAT, ERR_NOMEM. */
enum err dictionaries_decode(const char *text, struct buffer *out);

#endif
