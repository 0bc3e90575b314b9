/* contest_left: when a resident left the team of a contract: by a move that the
 * group confirmed, or since he left the group.
 */

#ifndef YIZHAN_STORE_CONTEST_LEFT_H
#define YIZHAN_STORE_CONTEST_LEFT_H

#include "store/contest.h"
#include "store/contest_whose.h"
#include "store/org_tree.h"

/* One confirmed move, or that he left the group. */
struct contest_leaving {
	char from[REF_BYTES_MAX + 1], to[REF_BYTES_MAX + 1]; /* "": any */
	contest_day on;
	bool is_guessed; /* by a clock that is wrong: no earlier than `on` */
	bool is_undone;  /* it was a mistake, and taken back */
};

enum { CONTEST_LEAVINGS_MOST = 32 };

/* All of one resident's; zeros: none. */
struct contest_left {
	size_t count;
	struct contest_leaving of[CONTEST_LEAVINGS_MOST];
};

/** "" for an org: any. What has no day and no guess is left out, and so is what
 * is too much. */
void contest_left_add(struct contest_left *left, const char *from,
    const char *to, const contest_day on, bool is_guessed, bool is_undone);

/** Fill in when he left the team of a contract, of which the days are known
 * otherwise: by a move that stands, and by one taken back. */
void contest_left_find(const struct contest_left *left, struct org_tree *tree,
    const struct contest_whose *w, struct contest_contract *c);

#endif
