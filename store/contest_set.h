/* contest_set: one resident's contracts as they are read from the hub's
 * records, and what was said of them by others than the machine.
 */

#ifndef YIZHAN_STORE_CONTEST_SET_H
#define YIZHAN_STORE_CONTEST_SET_H

#include "store/contest_said.h"
#include "store/contest_settle.h"

/* A contract beside its place in the set. */
struct contest_record {
	uint8_t key[KEY_RECORD_BYTES];
	uint8_t resident[KEY_RECORD_BYTES]; /* whom `said` names */
	struct record present;              /* as it is shown */
	json_t *said;    /* its fields without the machine's word, and without
	                    what is not its author's to say of its terms
	                    (contract_word.h) */
	bool is_renamed; /* it is shown with another resident by such a word */
	bool is_groups;  /* the group said what `present` shows */
	bool is_confirmed; /* it did, or it came so from the beginning */
	bool is_persons;   /* a person of the group did */
};

struct contest_set {
	struct contest contest;
	struct contest_record record[CONTEST_MOST]; /* of the same places */
	bool has_moves; /* one was confirmed, and perhaps taken back */
	size_t people_count;
	uint8_t people[CONTEST_PEOPLE_MOST][KEY_RECORD_BYTES];
};

/** An empty one. It has room for the most there can be, a third of a megabyte:
 * who reads several residents takes one for all of them. NULL: no memory. */
struct contest_set *contest_set_new(void);
/** NULL is allowed. */
void contest_set_free(struct contest_set *s);

/**
 * Read all contracts of a resident and of those linked to him into an empty
 * set, and decide them. ERR_NOT_FOUND: no such resident here. What cannot be
 * read is left out. contest_set_clear() after ERR_OK; after an error it is
 * empty.
 */
enum err contest_set_read(struct txn *t, const struct self *self,
    const uint8_t resident[KEY_RECORD_BYTES], struct contest_set *out);
void contest_set_clear(struct contest_set *s);

#endif
