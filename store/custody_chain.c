/* custody_chain: where a device is, read off its hand-overs. */

#include <stdlib.h>
#include <string.h>

#include "store/custody_chain.h"

static int
compare_events(const void *a, const void *b)
{
	const struct custody_event *x = a, *y = b;
	int c;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	c = strcmp(x->from, y->from);
	if (c == 0)
		c = strcmp(x->to, y->to);
	return c != 0 ? c : strcmp(x->name, y->name);
}

bool
custody_is_same(const struct custody_event *a, const struct custody_event *b)
{
	return a->number == b->number && strcmp(a->from, b->from) == 0 &&
	       strcmp(a->to, b->to) == 0;
}

/* --- decisions ----------------------------------------------------------- */

static bool
has_seen(const struct custody_ruling *r, const char *name)
{
	size_t i;

	if (strcmp(r->winner, name) == 0)
		return true;
	for (i = 0; i < r->seen_count; i++)
		if (strcmp(r->seen[i], name) == 0)
			return true;
	return false;
}

/* A hand-over was seen if one of those who wrote it down was read. */
static bool
saw_each(const struct custody_ruling *r, const struct custody_event *fork,
    size_t count)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		for (j = 0; j < count; j++)
			if (custody_is_same(&fork[i], &fork[j]) &&
			    has_seen(r, fork[j].name))
				break;
		if (j == count)
			return false;
	}
	return true;
}

/* Which of a number's events a ruling names; NULL: none, or two hand-overs
 * that bear the same name. */
static const struct custody_event *
named_by(const struct custody_ruling *r, const struct custody_event *fork,
    size_t count)
{
	const struct custody_event *found = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(r->winner, fork[i].name) != 0)
			continue;
		if (found != NULL && !custody_is_same(found, &fork[i]))
			return NULL;
		found = &fork[i];
	}
	return found;
}

static const struct custody_event *
decided(const struct custody_ruling *rulings, size_t ruling_count,
    const struct custody_event *fork, size_t count)
{
	const struct custody_event *winner = NULL;
	size_t i;

	for (i = 0; i < ruling_count; i++) {
		const struct custody_event *e =
		    named_by(&rulings[i], fork, count);

		if (e == NULL || !saw_each(&rulings[i], fork, count))
			continue;
		if (winner != NULL && !custody_is_same(winner, e))
			return NULL;
		winner = e;
	}
	return winner;
}

/* --- the chain ----------------------------------------------------------- */

/* How far the walk along the numbers came. */
struct walk_state {
	const char *at; /* NULL: nobody knows */
	int64_t number; /* of the last hand-over */
	struct custody_place *place;
};

static size_t
same_number(const struct custody_event *events, size_t count)
{
	size_t n = 1;

	while (n < count && events[n].number == events[0].number)
		n++;
	return n;
}

/* It bears a number further on and is by another than who had it. */
static bool
jumps(const struct walk_state *w, const struct custody_event *winner)
{
	return winner != NULL && w->at != NULL &&
	       winner->number != w->number + 1 &&
	       strcmp(w->at, winner->from) != 0;
}

/* What is said of any record of it is said of the hand-over; of two words that
 * differ neither counts. */
static enum custody_leave
leave_of(const struct custody_event *fork, size_t count,
    const struct custody_event *winner)
{
	enum custody_leave said = CUSTODY_UNSAID;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!custody_is_same(&fork[i], winner) ||
		    fork[i].leave == CUSTODY_UNSAID)
			continue;
		if (said != CUSTODY_UNSAID && said != fork[i].leave)
			return CUSTODY_UNSAID;
		said = fork[i].leave;
	}
	return said;
}

static void
set_fates(struct custody_event *fork, size_t count,
    const struct custody_event *winner)
{
	size_t i;

	for (i = 0; i < count; i++) {
		fork[i].fate = CUSTODY_DISPUTED;
		if (winner != NULL)
			fork[i].fate = custody_is_same(&fork[i], winner)
			                   ? CUSTODY_STANDS
			                   : CUSTODY_SUPERSEDED;
	}
}

static void
pass_number(struct walk_state *w, struct custody_event *fork, size_t count,
    const struct custody_event *winner)
{
	bool is_next = fork[0].number == w->number + 1;
	bool is_jump = jumps(w, winner);
	enum custody_leave leave =
	    is_jump ? leave_of(fork, count, winner) : CUSTODY_UNSAID;
	size_t i;

	for (i = 0; i < count; i++)
		fork[i].is_odd = fork[i].is_jump = false;
	if (leave == CUSTODY_OBJECTED) {
		for (i = 0; i < count; i++)
			fork[i].fate = CUSTODY_SUPERSEDED;
		return;
	}
	if (!is_next)
		w->place->missing += (uint64_t)(fork[0].number - w->number - 1);
	set_fates(fork, count, winner);
	is_jump = is_jump && leave == CUSTODY_UNSAID;
	for (i = 0; i < count; i++) {
		fork[i].is_odd = is_next && w->at != NULL &&
		                 strcmp(w->at, fork[i].from) != 0;
		fork[i].is_jump = is_jump && custody_is_same(&fork[i], winner);
	}
	w->place->is_unsure = w->place->is_unsure || is_jump;
	if (winner == NULL) {
		w->place->is_disputed = true;
		w->place->forks++;
	}
	w->at = winner == NULL ? NULL : winner->to;
	w->number = fork[0].number;
	if (!w->place->is_unsure)
		w->place->sure_number = w->number;
}

void
custody_chain(struct custody_event *events, size_t count,
    const struct custody_ruling *rulings, size_t ruling_count,
    const char *owner, struct custody_place *out)
{
	struct walk_state w = {.at = owner, .place = out};
	size_t i, n;

	memset(out, 0, sizeof *out);
	if (count > 1)
		qsort(events, count, sizeof *events, compare_events);
	for (i = 0; i < count; i += n) {
		const struct custody_event *winner = &events[i];
		size_t j;

		n = same_number(&events[i], count - i);
		for (j = 1; j < n; j++)
			if (!custody_is_same(&events[i], &events[i + j]))
				winner = NULL;
		if (winner == NULL)
			winner = decided(rulings, ruling_count, &events[i], n);
		pass_number(&w, &events[i], n, winner);
	}
	out->custodian = w.at;
	out->number = w.number;
}

/* --- what is proposed ---------------------------------------------------- */

/* Both sides stand behind it: they signed one paper, or each wrote it down. */
static bool
is_both_sided(const struct custody_event *events, size_t count,
    const struct custody_event *one)
{
	bool by_giver = false, by_taker = false;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct custody_event *e = &events[i];

		if (!custody_is_same(e, one))
			continue;
		if (e->both_signed)
			return true;
		by_giver = by_giver || strcmp(e->org, e->from) == 0;
		by_taker = by_taker || strcmp(e->org, e->to) == 0;
	}
	return by_giver && by_taker;
}

/* The first record of a hand-over that reached the group. */
static uint64_t
first_receipt(const struct custody_event *events, size_t count,
    const struct custody_event *one)
{
	uint64_t first = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (custody_is_same(&events[i], one) &&
		    events[i].received != 0 &&
		    (first == 0 || events[i].received < first))
			first = events[i].received;
	return first;
}

/* Compare as a proposal: > 0 where a goes before b. */
static int
goes_before(const struct custody_event *events, size_t count,
    const struct custody_event *a, const struct custody_event *b,
    enum custody_ground *ground)
{
	bool x = is_both_sided(events, count, a);
	bool y = is_both_sided(events, count, b);
	uint64_t i = first_receipt(events, count, a);
	uint64_t j = first_receipt(events, count, b);

	*ground = CUSTODY_BOTH_SIGNED;
	if (x != y)
		return x ? 1 : -1;
	*ground = CUSTODY_RECEIVED_LATER;
	if (i != 0 && j != 0 && i != j)
		return i > j ? 1 : -1;
	*ground = CUSTODY_NO_GROUND;
	return 0;
}

size_t
custody_proposal(const struct custody_event *events, size_t count,
    enum custody_ground *ground)
{
	size_t i, j;

	for (i = 0; i < count; i++) {
		enum custody_ground weakest = CUSTODY_BOTH_SIGNED, one;

		for (j = 0; j < count; j++) {
			if (custody_is_same(&events[i], &events[j]))
				continue;
			if (goes_before(events, count, &events[i], &events[j],
			        &one) <= 0)
				break;
			if (one != CUSTODY_BOTH_SIGNED)
				weakest = one;
		}
		if (j == count) {
			*ground = weakest;
			return i;
		}
	}
	*ground = CUSTODY_NO_GROUND;
	return SIZE_MAX;
}
