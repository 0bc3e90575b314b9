/* device_note: what waits because of devices: forks of their custody chains,
 * hand-overs and loans that the owner has to look at, what was lost or broken.
 *
 * Each is a row of type QUESTION_MATTER (matter.h). Whenever a record of a
 * device changes, all its rows are computed from the records here and put or
 * dropped, so that they follow from nothing else.
 */

#ifndef YIZHAN_STORE_DEVICE_NOTE_H
#define YIZHAN_STORE_DEVICE_NOTE_H

#include "store/device_state.h"
#include "store/finding.h"
#include "store/self.h"

/** A change was merged into the record of this key. Of kinds that speak of no
 * device it costs a comparison. */
enum err device_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

enum { DEVICE_FIELD_BYTES = 32 };
/** Which fork a row is about: "custody_no[2]", and back; 0: none. */
void device_fork_field(int64_t number, char out[DEVICE_FIELD_BYTES]);
int64_t device_fork_number(const char *field);

/** What a hand-over, or a loan, is to be looked at for; FINDING_NONE: nothing.
 * Decisions are not asked. */
enum err device_custody_code(struct txn *t, struct device_state *s,
    const struct custody_event *event, enum finding_code *out);
enum finding_code device_loan_code(
    const struct device_state *s, const struct device_loan *loan);

#endif
