/* candidate: entries that may be one person.
 *
 * Two entries are compared by their content only (likeness). Who may be the
 * same is found by rows in the table `codes`, under keyed hashes of number and
 * of name with birth day: the cost is that of the entries found. Each pair
 * that a person has to decide stands as a row of QUESTION_MATTER about the
 * entry of the lower source and ref; entries that are surely one are linked by
 * the hub itself.
 */

#ifndef YIZHAN_STORE_CANDIDATE_H
#define YIZHAN_STORE_CANDIDATE_H

#include "store/linked.h"
#include "store/question.h"

enum { CANDIDATES_MAX = 32 }; /* entries that one is compared with */

enum likeness {
	LIKE_NOT,
	LIKE_MAYBE,       /* a person decides */
	LIKE_SAME_NUMBER, /* same valid number, name and birth day: one */
};

/** What two entries have in common adds up to. Reads nothing else. */
enum likeness likeness_of(const json_t *a, const json_t *b);

/** Of two that may be one: whether they are rather one than two, and why, as
 * N_() text. */
const char *likeness_ground(const json_t *a, const json_t *b, bool *is_one);

/** Rows {"field", "agrees"} of a link's evidence: what both entries tell.
 * NULL: no memory. */
json_t *likeness_evidence(const json_t *a, const json_t *b);

/** A change was merged: compare anew, ask, or link. key is of its record. */
enum err candidate_note(struct txn *t, const struct self *self,
    const struct change *c, const uint8_t key[KEY_RECORD_BYTES]);

/** The other entry that a row of this code is about. ERR_CORRUPT. */
enum err candidate_other(
    struct txn *t, const struct question *q, uint8_t key[KEY_RECORD_BYTES]);

struct link_writing {
	const char *state; /* linked, refused, undone */
	const char *basis; /* of a new one */
	const char *by, *org, *reason;
	bool managing;
	int64_t now;
	struct change_id id; /* out: the change written */
};

/** Write what is said of two entries: into their link where its states allow
 * that, else into a new one. In the name of who w says, without further
 * judgement. */
enum err candidate_write_link(struct txn *t, const struct self *self,
    const struct record *a, const struct record *b, struct link_writing *w);

#endif
