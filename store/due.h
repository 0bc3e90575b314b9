/* due: what waits for somebody here: a critical value until it is acknowledged
 * (危急值), a look after who was referred down until he is followed up or it is
 * said why not.
 *
 * Each is a question (question.h) of type QUESTION_DUE for as long as it
 * waits; changes put it and take it away, in whatever order they come. What
 * was old already when it was written down is history and not asked about.
 */

#ifndef YIZHAN_STORE_DUE_H
#define YIZHAN_STORE_DUE_H

#include "store/key.h"
#include "store/question.h"

enum {
	DUE_FOLLOWUP_DAYS = 14,
	DUE_ASKED_DAYS_MAX = 60, /* between what happened and its record */
};

/** Note what a merged change says; record_key is of its record. */
enum err due_note(struct txn *t, const struct change *c,
    const uint8_t record_key[KEY_RECORD_BYTES]);

/** What to say of a question of this type now: followup_due becomes
 * followup_missed when its days are over. */
enum finding_code due_code(const struct question *q, int64_t now);

#endif
