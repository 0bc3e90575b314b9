/* report_person: whom a report is about. */

#ifndef YIZHAN_STORE_REPORT_PERSON_H
#define YIZHAN_STORE_REPORT_PERSON_H

#include "store/record.h"

/** The request that a report answers. ERR_NOT_FOUND: it names none, or that is
 * not here. */
enum err report_request(struct txn *t, const struct identity *report,
    const json_t *fields, struct record *out);

/** Key of the resident's entry that a report names, else that its request
 * names. ERR_NOT_FOUND. */
enum err report_person(struct txn *t, const struct identity *report,
    const json_t *fields, uint8_t key[KEY_RECORD_BYTES]);

#endif
