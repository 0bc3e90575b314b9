/* entitled_claims: who claims what in a record that is neither a file nor a
 * device: to be the managing org of its resident, that two entries are one
 * person, that a question is decided.
 *
 * A claim is held against what its author had seen, what he made of it, and how
 * the record began: whoever names another resident for the time of a step and
 * takes it back has made the step about either. Of a link that was said and a
 * question that was decided, every later change of what they say is as much a
 * claim as the step.
 */

#ifndef YIZHAN_STORE_ENTITLED_CLAIMS_H
#define YIZHAN_STORE_ENTITLED_CLAIMS_H

#include "store/record.h"

/* The changes of one record. */
struct claims {
	struct txn *t;
	const struct self *self;
	const struct record_set *set;
	uint8_t *begun; /* enum begun, of the same places */
	struct claims_known *known;
};

/** Of record_gather()'s set, which must outlive it, and whose residents stay as
 * they are meanwhile: what was found out about one change is not sought again
 * for the next. claims_close() after ERR_OK. ERR_NOMEM. */
enum err claims_open(struct claims *k, struct txn *t, const struct self *self,
    const struct record_set *set);
void claims_close(struct claims *k);

/** Whether it takes a step that is the managing org's. */
bool entitled_takes_step(const struct change *c);
/** Whether a change can be a claim, whatever else is in its record. */
bool claims_may_be(const struct change *c);
/** Whether what others claim may be another thing after it: it takes such a
 * step, or says what the record is about. */
bool claims_shows_more(const struct change *c);

/** Whether change i is a claim of who had no right to it. */
bool claims_is_wrong(const struct claims *k, size_t i);

/** Whether the org of change i ever kept the file of each resident that it can
 * be about; false also while none is known. */
bool claims_kept_resident(const struct claims *k, size_t i);

/** Note in `namings` what change i names together with what others say: what
 * comes later shows then what it was about. Rows of the change itself say only
 * what stands in it. */
enum err claims_note_names(const struct claims *k, size_t i);

#endif
