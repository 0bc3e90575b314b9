/* report_person: whom a report is about. */

#ifndef YIZHAN_STORE_REPORT_PERSON_H
#define YIZHAN_STORE_REPORT_PERSON_H

#include "store/record.h"

enum { REPORT_MOVES_MAX = 8 }; /* from file to file; no further */

/** The request that a report answers; of one that was filed with the wrong
 * resident the one that it went to. ERR_NOT_FOUND: it names none, or that is
 * not here. */
enum err report_request(struct txn *t, const struct identity *report,
    const json_t *fields, struct record *out);

/** In the place of a request that went to another file the one that it went to;
 * any other stays. Unless it returns ERR_OK the request is cleared.
 * ERR_NOT_FOUND: that is not here. */
enum err report_request_moved(struct txn *t, struct record *request);

/** What a request says that it was made of when it went to another file.
 * ERR_NOT_FOUND: nothing, or that is not here. */
enum err report_request_before(
    struct txn *t, const struct record *request, struct record *out);

/** Key of the resident's entry that a report names, else that its request
 * names. ERR_NOT_FOUND. */
enum err report_person(struct txn *t, const struct identity *report,
    const json_t *fields, uint8_t key[KEY_RECORD_BYTES]);

#endif
