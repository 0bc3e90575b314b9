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
	size_t i;            /* that change's place in set */
	const json_t *about; /* its fields, whatever became of it */
	bool stands;         /* the record is decided now, and about that, and
	                        the group did not set that change aside */
};

/* What is done about decisions of one code, or of a few alike. */
struct decided_way {
	/* The name of the matter that d is about. ERR_NOT_FOUND: nothing that
	 * such a decision can be about. */
	enum err (*name)(struct txn *t, const struct decided *d,
	    uint8_t out[DB_BLIND_BYTES]);
	/* It is decided now by this question, or not any more: ask, or ask no
	 * more. */
	enum err (*look)(
	    struct txn *t, const struct self *self, const struct decided *d);
};

/** Where c belongs to a record of kind question (key) that is about a finding
 * of this code: note for each of its changes what that decides, and look at
 * what is decided by it since, or is not any more; once, however many say it.
 * Who comes later to look at the same finds it noted. ERR_OK also where it is
 * no such record. */
enum err decided_each(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES],
    enum finding_code code, const struct decided_way *way);

/** The same of the record of this key, whatever came; it is of that kind. */
enum err decided_of(struct txn *t, const struct self *self,
    const uint8_t key[KEY_RECORD_BYTES], enum finding_code code,
    const struct decided_way *way);

/** The name of a matter that is about one change of a record. Whose a decision
 * is follows from the record it says it is about: of a change of another it
 * says nothing. */
void decided_name(struct txn *t, enum finding_code code,
    const struct identity *record, const struct change_id *about,
    uint8_t out[DB_BLIND_BYTES]);

/** The same, of what d is about. ERR_NOT_FOUND: it names no change. */
enum err decided_change_name(
    struct txn *t, const struct decided *d, uint8_t out[DB_BLIND_BYTES]);

/** Whether a question decides what has this name; any number may. record:
 * that the matter is about. */
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
