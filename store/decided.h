/* decided: which matters a person has decided, where the records that met do
 * not show it: that an edit came late, that a claim is let stand, that a
 * household stays as it is.
 *
 * A row of the table `codes` under a keyed hash of the matter names a record of
 * kind `question` that decides it. It follows from that record: where the
 * decision is undone, or the group sets it aside, it goes, and who asked asks
 * again, unless another stands that decides the same.
 */

#ifndef YIZHAN_STORE_DECIDED_H
#define YIZHAN_STORE_DECIDED_H

#include "store/finding.h"
#include "store/record.h"

/* A record of kind question, and one of its changes that says what it is
 * about. */
struct decided {
	struct record_set set;
	struct record now;
	enum finding_code code;
	size_t at;           /* how many were looked at, each of set twice */
	const json_t *about; /* fields of that change, whatever became of it;
	                        of set */
	bool stands;         /* the record is decided now, and about that, and
	                        the group did not set that change aside */
};

/** Notes one of them; question: the record's key. */
typedef enum err decided_visit(struct txn *t, const struct self *self,
    const struct decided *d, const uint8_t question[KEY_RECORD_BYTES]);

/** Where c belongs to a record of kind question (key) that is about a finding
 * of this code: visit each of its changes that says what that is about, until
 * one fails. What the record was about once and is not any more is looked at
 * too, and first, so that nothing stays decided by what stands no more. ERR_OK
 * also where it is no such record. */
enum err decided_each(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES],
    enum finding_code code, decided_visit *visit);

/** The name of a matter that is about one change of a record. Whose a decision
 * is follows from the record it says it is about: of a change of another it
 * says nothing. */
void decided_name(struct txn *t, enum finding_code code,
    const struct identity *record, const struct change_id *about,
    uint8_t out[DB_BLIND_BYTES]);

/** Note that the question of this key decides what has this name, or does so
 * no more. Any number may. */
enum err decided_note(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const uint8_t question[KEY_RECORD_BYTES], bool is_decided);
/** Whether one does. record: that the matter is about. */
bool decided_is(struct txn *t, const uint8_t name[DB_BLIND_BYTES],
    const struct identity *record);

/** Whether somebody decided what a code asks about a change. */
bool decided_about(
    struct txn *t, const struct change *c, enum finding_code code);

/** Ask about a change (at: when it met, seconds since 1970) while that is due
 * and nobody has decided it; else ask no more. */
enum err decided_ask(struct txn *t, const struct change *c,
    enum finding_code code, int64_t at, bool is_due);

#endif
