/* contest_left: when a resident left the team of a contract. */

#include <stdio.h>
#include <string.h>

#include "store/contest_left.h"

void
contest_left_add(struct contest_left *left, const char *from, const char *to,
    const contest_day on, bool is_guessed, bool is_undone)
{
	struct contest_leaving *l = &left->of[left->count];

	if (left->count == CONTEST_LEAVINGS_MOST ||
	    (on[0] == '\0' && !is_guessed))
		return;
	l->is_guessed = is_guessed;
	l->is_undone = is_undone;
	snprintf(l->from, sizeof l->from, "%s", from);
	snprintf(l->to, sizeof l->to, "%s", to);
	memcpy(l->on, on, sizeof l->on);
	left->count++;
}

/* Whether all who may have begun it are left. */
static bool
leaves_team(struct org_tree *tree, const struct contest_leaving *l,
    const struct contest_whose *w)
{
	bool leaves = w->is_told;
	size_t i;

	for (i = 0; leaves && i < w->org_count; i++)
		leaves = (l->from[0] == '\0' ||
		             org_tree_is_within(tree, w->orgs[i], l->from)) &&
		         (l->to[0] == '\0' ||
		             !org_tree_is_within(tree, w->orgs[i], l->to));
	return leaves;
}

/* The first day on which he left the team's org, after he signed there, by
 * moves that stand or by those taken back. A day that is guessed counts where
 * no other is known. "": he did not. */
static void
find_day(const struct contest_left *left, struct org_tree *tree,
    const struct contest_whose *w, const struct contest_contract *c,
    bool is_undone, contest_day out, bool *is_guessed)
{
	const char *guess = NULL, *first = NULL;
	size_t i;

	for (i = 0; i < left->count; i++) {
		const struct contest_leaving *l = &left->of[i];
		const char **best = l->is_guessed ? &guess : &first;

		if (l->is_undone != is_undone || !leaves_team(tree, l, w) ||
		    (!l->is_guessed && strcmp(c->signed_on, l->on) > 0))
			continue;
		if (*best == NULL || strcmp(l->on, *best) < 0)
			*best = l->on;
	}
	*is_guessed = first == NULL && guess != NULL;
	if (*is_guessed)
		first = strcmp(guess, c->signed_on) > 0 ? guess : c->signed_on;
	snprintf(out, sizeof(contest_day), "%s", first == NULL ? "" : first);
}

/* Who left on a day that nobody knows, and ended it on one that is known, left
 * by then. */
void
contest_left_find(const struct contest_left *left, struct org_tree *tree,
    const struct contest_whose *w, struct contest_contract *c)
{
	find_day(left, tree, w, c, true, c->undone_on, &c->undone_is_guessed);
	find_day(left, tree, w, c, false, c->moved_on, &c->moved_is_guessed);
	if (!c->moved_is_guessed || c->ending_on[0] == '\0' ||
	    c->ending_is_guessed)
		return;
	c->moved_is_guessed = false;
	if (strcmp(c->ending_on, c->signed_on) > 0)
		memcpy(c->moved_on, c->ending_on, sizeof c->moved_on);
	else
		memcpy(c->moved_on, c->signed_on, sizeof c->moved_on);
}
