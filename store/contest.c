/* contest: what the group should say of one resident's contracts. */

#include <stdio.h>
#include <string.h>

#include "store/contest.h"
#include "store/kind.h"
#include "store/value.h"

static bool
is_in(const struct contest_contract *c, const char *states)
{
	return c->state[0] != '\0' && state_is_in(states, c->state);
}

/* Nobody asked for its end and no person decided against it. */
static bool
is_open(const struct contest_contract *c)
{
	return is_in(c, "signed contested active");
}

/* --- ends ---------------------------------------------------------------- */

static void
end(struct contest_contract *c, enum contest_word word, const char *reason,
    const char *day, bool is_guessed)
{
	c->word = word;
	c->end_is_guessed = is_guessed;
	snprintf(c->end_reason, sizeof c->end_reason, "%s", reason);
	snprintf(c->ended_on, sizeof c->ended_on, "%s", day);
}

/* The move that ended it was a mistake. Teams and resident acted on that end
 * meanwhile, so nothing brings it back but a person's word. */
static void
doubt(struct contest_contract *c)
{
	end(c, CONTEST_CLOSED, "moved", c->undone_on, c->undone_is_guessed);
	c->is_doubted = true;
}

/* The day before the first contract that takes its place begins, but none
 * before it was signed itself. False: none does. */
static bool
replaced_on(const struct contest *set, size_t i, contest_day out)
{
	const struct contest_contract *c = &set->of[i];
	const char *first = NULL;
	size_t j;

	for (j = 0; j < set->count; j++) {
		const struct contest_contract *n = &set->of[j];
		const char *day =
		    n->start_on[0] == '\0' ? n->signed_on : n->start_on;

		if (j == i || n->replaces != i || c->replaces == j ||
		    n->state[0] == '\0' || is_in(n, "draft refused"))
			continue;
		if (first == NULL || strcmp(day, first) < 0)
			first = day;
	}
	out[0] = '\0';
	if (first == NULL)
		return false;
	if (first[0] != '\0' && value_date_print(date_days(first) - 1, out) &&
	    strcmp(out, c->signed_on) < 0)
		memcpy(out, c->signed_on, sizeof c->signed_on);
	return true;
}

/* Whether he left before the day asked for, as far as both are known. */
static bool
had_moved(const struct contest_contract *c, bool was_asked)
{
	if (c->moved_on[0] == '\0' || !was_asked)
		return c->moved_on[0] != '\0';
	if (c->moved_is_guessed != c->ending_is_guessed)
		return c->ending_is_guessed;
	return strcmp(c->moved_on, c->ending_on) <= 0;
}

/* Precedence: death > what the resident asked for > replaced > renewed; a
 * renewal begins when the other is over and ends nothing. Who died or left
 * after the day asked for had ended it before. */
static bool
ends(const struct contest *set, size_t i, struct contest_contract *c)
{
	bool was_asked = is_in(c, "ending");
	contest_day day;

	if (!was_asked && !is_open(c))
		return false;
	if (set->is_dead &&
	    (!was_asked || strcmp(set->died_on, c->ending_on) <= 0))
		end(c, CONTEST_CLOSED, "death", "", false);
	else if (had_moved(c, was_asked))
		end(c, CONTEST_CLOSED, "moved", c->moved_on,
		    c->moved_is_guessed);
	else if (was_asked)
		end(c, CONTEST_TERMINATED, c->ending_reason, c->ending_on,
		    c->ending_is_guessed);
	else if (replaced_on(set, i, day))
		end(c, CONTEST_TERMINATED, "replaced", day, false);
	else if (c->undone_on[0] != '\0' && !c->is_resumed)
		doubt(c);
	else
		return false;
	return true;
}

/* A site says closed by itself; the group confirms what it knows of. Until
 * then it is a request: what it is contested with goes on to be. */
static void
confirm(const struct contest *set, struct contest_contract *c)
{
	if (!is_in(c, "closed"))
		return;
	if (set->is_dead || c->moved_on[0] != '\0')
		c->word = CONTEST_CLOSED;
	else if (c->is_asking)
		c->word = CONTEST_ACTIVE; /* where another overlaps */
}

static bool
is_request(const struct contest_contract *c)
{
	return c->is_asking && is_in(c, "closed");
}

/* --- overlaps ------------------------------------------------------------ */

static bool
is_before(const char *a, const char *b)
{
	return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) < 0;
}

/* A team's own renewal signed before its time contests nothing. */
static bool
renews(const struct contest *set, size_t a, size_t b)
{
	return set->of[a].renews == b && !set->of[a].is_begun_twice &&
	       !set->of[b].is_begun_twice &&
	       strcmp(set->of[a].org, set->of[b].org) == 0;
}

static bool
overlap(const struct contest *set, size_t a, size_t b)
{
	const struct contest_contract *x = &set->of[a], *y = &set->of[b];

	return a != b && !(is_request(x) && is_request(y)) &&
	       x->word == CONTEST_ACTIVE && y->word == CONTEST_ACTIVE &&
	       !is_before(x->end_on, y->start_on) &&
	       !is_before(y->end_on, x->start_on) && !renews(set, a, b) &&
	       !renews(set, b, a);
}

/* --- who holds it until a person decides --------------------------------- */

/* Candidates: contracts that hang together by overlaps. */
struct round {
	const struct contest *set;
	bool in[CONTEST_MOST];
	size_t left;
};

static void
gather_round(struct round *r, const struct contest *set, size_t first)
{
	size_t todo[CONTEST_MOST], count = 0, i;

	memset(r, 0, sizeof *r);
	r->set = set;
	r->in[first] = true;
	todo[count++] = first;
	r->left = 1;
	while (count > 0) {
		const struct contest_contract *c = &set->of[todo[--count]];

		for (i = 0; i < set->count; i++)
			if (c->overlaps[i] && !r->in[i]) {
				r->in[i] = true;
				r->left++;
				todo[count++] = i;
			}
	}
}

/* Keep those that are `best`, unless none is. */
static void
keep(struct round *r, const bool best[CONTEST_MOST])
{
	size_t i, count = 0;

	for (i = 0; i < r->set->count; i++)
		count += r->in[i] && best[i] ? 1 : 0;
	if (count == 0)
		return;
	for (i = 0; i < r->set->count; i++)
		r->in[i] = r->in[i] && best[i];
	r->left = count;
}

/* In force before every other was signed, by days that can be believed. */
static bool
was_there_first(const struct round *r, size_t c)
{
	const struct contest *set = r->set;
	size_t i;

	for (i = 0; i < set->count; i++)
		if (r->in[i] && i != c &&
		    (!set->of[i].clock_ok ||
		        !is_before(set->of[c].active_on, set->of[i].signed_on)))
			return false;
	return true;
}

static const char *
first_signed(const struct round *r)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < r->set->count; i++) {
		const struct contest_contract *c = &r->set->of[i];

		if (!r->in[i])
			continue;
		if (!c->clock_ok || c->signed_on[0] == '\0')
			return NULL;
		if (first == NULL || strcmp(c->signed_on, first) < 0)
			first = c->signed_on;
	}
	return first;
}

static size_t
choose_holder(const struct contest *set, size_t first)
{
	bool best[CONTEST_MOST] = {false};
	const char *earliest;
	struct round r;
	size_t i;

	gather_round(&r, set, first);
	for (i = 0; i < set->count; i++)
		best[i] = !is_request(&set->of[i]);
	keep(&r, best);
	for (i = 0; i < set->count; i++)
		best[i] = r.in[i] && was_there_first(&r, i);
	keep(&r, best);
	for (i = 0; i < set->count; i++)
		best[i] = set->of[i].is_managing;
	if (r.left > 1)
		keep(&r, best);
	earliest = r.left > 1 ? first_signed(&r) : NULL;
	for (i = 0; earliest != NULL && i < set->count; i++)
		best[i] = strcmp(set->of[i].signed_on, earliest) == 0;
	if (earliest != NULL)
		keep(&r, best);
	for (i = 0; i < set->count && !r.in[i]; i++)
		;
	return i; /* they are sorted by id */
}

/* --- all of it ----------------------------------------------------------- */

static void
begin(struct contest *set, size_t i)
{
	struct contest_contract *c = &set->of[i];

	c->word = CONTEST_NOTHING;
	c->end_reason[0] = '\0';
	c->ended_on[0] = '\0';
	c->end_is_guessed = false;
	c->is_doubted = false;
	c->holder = SIZE_MAX;
	memset(c->overlaps, 0, sizeof c->overlaps);
	if (!ends(set, i, c) && is_open(c))
		c->word = CONTEST_ACTIVE;
	confirm(set, c);
}

void
contest_decide(struct contest *set)
{
	bool any[CONTEST_MOST] = {false};
	size_t i, j;

	for (i = 0; i < set->count; i++)
		begin(set, i);
	for (i = 0; i < set->count; i++)
		for (j = 0; j < set->count; j++)
			if (overlap(set, i, j))
				any[i] = set->of[i].overlaps[j] = true;
	for (i = 0; i < set->count; i++)
		if (any[i])
			set->of[i].holder = choose_holder(set, i);
	for (i = 0; i < set->count; i++)
		if (any[i])
			set->of[i].word = CONTEST_CONTESTED;
		else if (is_request(&set->of[i]) &&
		         set->of[i].word == CONTEST_ACTIVE)
			set->of[i].word = CONTEST_NOTHING;
}

static bool
covers(const struct contest_contract *c, size_t self, const char *day)
{
	const char *last = c->end_on;

	if (c->word == CONTEST_TERMINATED)
		last = c->ended_on;
	else if (c->word == CONTEST_CONTESTED && c->holder != self)
		return false;
	else if (c->word != CONTEST_ACTIVE && c->word != CONTEST_CONTESTED)
		return false;
	return !is_before(day, c->start_on) && !is_before(last, day);
}

size_t
contest_counts(const struct contest *set, const char *day)
{
	size_t best = SIZE_MAX, i;

	for (i = 0; i < set->count; i++)
		if (covers(&set->of[i], i, day) &&
		    (best == SIZE_MAX || strcmp(set->of[i].start_on,
		                             set->of[best].start_on) < 0))
			best = i;
	return best;
}
