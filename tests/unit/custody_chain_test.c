/* custody_chain: where a device is, whatever the order in which its hand-overs
 * became known. Each case is a table: the hand-overs, what was decided, and
 * what follows; it is worked out in every order, or in many at random.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/custody_chain.h"

/* What else is known of a hand-over; true: it is odd. */
enum { JUMP = 2, AGREED = 4, OBJECTED = 8 };

enum { EVENTS_MAX = 8, RULINGS_MAX = 3, SHUFFLES = 200 };

struct given {
	const char *name;
	int64_t number;
	const char *from, *to, *org;
	bool both;
	uint64_t received;
	char fate; /* S stands, D disputed, X superseded */
	int mark;
};

struct row {
	const char *title;
	struct given event[EVENTS_MAX];
	struct {
		const char *winner;
		const char *seen[4];
	} ruling[RULINGS_MAX];
	const char *owner, *custodian;
	int64_t number;
	uint64_t missing;
	size_t forks;
	bool is_unsure;
	int64_t sure_number; /* where not all of them are sure */
};

/* clang-format off */
static const struct row rows[] = {
	{.title = "with its owner", .owner = "H", .custodian = "H"},
	{.title = "nobody knows whose it is"},
	{.title = "lent once",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false}},
	    .owner = "H", .custodian = "A", .number = 1},
	{.title = "lent and back",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e2", 2, "A", "H", "A", true, 2, 'S', false}},
	    .owner = "H", .custodian = "H", .number = 2},
	{.title = "the second before the first is known",
	    .event = {{"e2", 2, "A", "B", "A", true, 1, 'S', JUMP}},
	    .owner = "H", .custodian = "B", .number = 2, .missing = 1,
	    .is_unsure = true},
	{.title = "two are awaited",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e4", 4, "C", "D", "C", true, 1, 'S', JUMP}},
	    .owner = "H", .custodian = "D", .number = 4, .missing = 2,
	    .is_unsure = true, .sure_number = 1},
	{.title = "by who had it: what is awaited led back to him",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e4", 4, "A", "B", "A", true, 1, 'S', false}},
	    .owner = "H", .custodian = "B", .number = 4, .missing = 2},
	{.title = "a number far on does not settle where it is",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"x", 1000000, "H", "C", "C", false, 2, 'S', JUMP}},
	    .owner = "H", .custodian = "C", .number = 1000000,
	    .missing = 999998, .is_unsure = true, .sure_number = 1},
	{.title = "nor once it went on from there",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"x", 50, "H", "C", "C", false, 2, 'S', JUMP},
	        {"y", 51, "C", "D", "C", true, 3, 'S', false}},
	    .owner = "H", .custodian = "D", .number = 51, .missing = 48,
	    .is_unsure = true, .sure_number = 1},
	{.title = "until what was awaited comes",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e2", 2, "A", "C", "A", true, 1, 'S', false},
	        {"e3", 3, "C", "D", "C", true, 1, 'S', false}},
	    .owner = "H", .custodian = "D", .number = 3},
	{.title = "or it is agreed to",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e3", 3, "C", "D", "C", true, 1, 'S', AGREED}},
	    .owner = "H", .custodian = "D", .number = 3, .missing = 1},
	{.title = "what is objected to has no say, and its number none",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"x", 50, "H", "C", "C", false, 2, 'X', OBJECTED},
	        {"x2", 50, "H", "C", "H", false, 3, 'X', false}},
	    .owner = "H", .custodian = "A", .number = 1},
	{.title = "a word about one that no longer jumps is none",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e2", 2, "A", "C", "A", true, 2, 'S', OBJECTED}},
	    .owner = "H", .custodian = "C", .number = 2},
	{.title = "two words that differ say nothing",
	    .event = {{"x", 50, "A", "C", "C", false, 2, 'S', JUMP | OBJECTED},
	        {"x2", 50, "A", "C", "A", false, 3, 'S', JUMP | AGREED}},
	    .owner = "H", .custodian = "C", .number = 50, .missing = 49,
	    .is_unsure = true},
	{.title = "given by one who did not have it",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"e2", 2, "C", "D", "C", true, 2, 'S', true}},
	    .owner = "H", .custodian = "D", .number = 2},
	{.title = "the first by another than the owner",
	    .event = {{"e1", 1, "A", "B", "A", true, 1, 'S', true}},
	    .owner = "H", .custodian = "B", .number = 1},
	{.title = "an unknown owner accuses nobody",
	    .event = {{"e1", 1, "A", "B", "A", true, 1, 'S', false}},
	    .custodian = "B", .number = 1},
	{.title = "both sides wrote it down: no fork",
	    .event = {{"e1", 1, "H", "A", "H", false, 1, 'S', false},
	        {"e1b", 1, "H", "A", "A", false, 2, 'S', false}},
	    .owner = "H", .custodian = "A", .number = 1},
	{.title = "a fork",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"b", 2, "A", "B", "A", true, 2, 'D', false},
	        {"c", 2, "A", "C", "A", false, 3, 'D', false}},
	    .owner = "H", .number = 2, .forks = 1},
	{.title = "a fork that was decided",
	    .event = {{"e1", 1, "H", "A", "H", true, 1, 'S', false},
	        {"b", 2, "A", "B", "A", true, 2, 'S', false},
	        {"c", 2, "A", "C", "A", false, 3, 'X', false}},
	    .ruling = {{"b", {"b", "c"}}},
	    .owner = "H", .custodian = "B", .number = 2},
	{.title = "decided the other way",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'X', false},
	        {"c", 1, "H", "C", "H", false, 3, 'S', false}},
	    .ruling = {{"c", {"c", "b"}}},
	    .owner = "H", .custodian = "C", .number = 1},
	{.title = "a third one that the decision had not seen",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'D', false},
	        {"c", 1, "H", "C", "H", false, 3, 'D', false},
	        {"d", 1, "H", "D", "H", false, 4, 'D', false}},
	    .ruling = {{"b", {"b", "c"}}},
	    .owner = "H", .number = 1, .forks = 1},
	{.title = "decided anew, with the third",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'X', false},
	        {"c", 1, "H", "C", "H", false, 3, 'X', false},
	        {"d", 1, "H", "D", "H", false, 4, 'S', false}},
	    .ruling = {{"b", {"b", "c"}}, {"d", {"b", "c", "d"}}},
	    .owner = "H", .custodian = "D", .number = 1},
	{.title = "what the other side wrote down later needs no new decision",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'S', false},
	        {"b2", 1, "H", "B", "B", true, 5, 'S', false},
	        {"c", 1, "H", "C", "H", false, 3, 'X', false},
	        {"c2", 1, "H", "C", "C", false, 6, 'X', false}},
	    .ruling = {{"b", {"b", "c"}}},
	    .owner = "H", .custodian = "B", .number = 1},
	{.title = "two decisions that disagree decide nothing",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'D', false},
	        {"c", 1, "H", "C", "H", false, 3, 'D', false}},
	    .ruling = {{"b", {"b", "c"}}, {"c", {"b", "c"}}},
	    .owner = "H", .number = 1, .forks = 1},
	{.title = "two that agree are one",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'S', false},
	        {"c", 1, "H", "C", "H", false, 3, 'X', false}},
	    .ruling = {{"b", {"b", "c"}}, {"b", {"c", "b"}}},
	    .owner = "H", .custodian = "B", .number = 1},
	{.title = "a decision for what is not here yet",
	    .event = {{"c", 1, "H", "C", "H", false, 3, 'S', false}},
	    .ruling = {{"b", {"b", "c"}}},
	    .owner = "H", .custodian = "C", .number = 1},
	{.title = "it went on after the fork",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'D', false},
	        {"c", 1, "H", "C", "H", false, 3, 'D', false},
	        {"e2", 2, "B", "D", "B", true, 4, 'S', false}},
	    .owner = "H", .custodian = "D", .number = 2, .forks = 1},
	{.title = "it went on from where it was not",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'S', false},
	        {"c", 1, "H", "C", "H", false, 3, 'X', false},
	        {"e2", 2, "C", "D", "C", false, 4, 'S', true}},
	    .ruling = {{"b", {"b", "c"}}},
	    .owner = "H", .custodian = "D", .number = 2},
	{.title = "both branches went on",
	    .event = {{"b", 1, "H", "B", "H", true, 2, 'S', false},
	        {"c", 1, "H", "C", "H", false, 3, 'X', false},
	        {"d", 2, "B", "D", "B", true, 4, 'D', false},
	        {"e", 2, "C", "E", "C", false, 5, 'D', true}},
	    .ruling = {{"b", {"b", "c"}}},
	    .owner = "H", .number = 2, .forks = 1},
};
/* clang-format on */

static uint64_t rng = 1;

static size_t
below(size_t bound)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(rng >> 33) % bound;
}

static size_t
load(const struct row *row, struct custody_event *events)
{
	size_t n;

	for (n = 0; n < EVENTS_MAX && row->event[n].name != NULL; n++) {
		const struct given *g = &row->event[n];

		events[n] = (struct custody_event){.name = g->name,
		    .number = g->number,
		    .from = g->from,
		    .to = g->to,
		    .org = g->org,
		    .both_signed = g->both,
		    .received = g->received,
		    .leave = (g->mark & AGREED) != 0     ? CUSTODY_AGREED
		             : (g->mark & OBJECTED) != 0 ? CUSTODY_OBJECTED
		                                         : CUSTODY_UNSAID,
		    .index = n,
		    .is_jump = below(2) == 0,
		    .fate = (enum custody_fate)below(3),
		    .is_odd = below(2) == 0};
	}
	return n;
}

static size_t
load_rulings(const struct row *row, struct custody_ruling *rulings)
{
	size_t n, i;

	for (n = 0; n < RULINGS_MAX && row->ruling[n].winner != NULL; n++) {
		for (i = 0; i < 4 && row->ruling[n].seen[i] != NULL; i++)
			;
		rulings[n] = (struct custody_ruling){
		    row->ruling[n].winner, row->ruling[n].seen, i};
	}
	return n;
}

static void
shuffle(void *items, size_t count, size_t size)
{
	unsigned char *at = items, held[sizeof(struct custody_event)];

	for (; count > 1; count--) {
		unsigned char *a = at + (count - 1) * size;
		unsigned char *b = at + below(count) * size;

		memcpy(held, a, size);
		memcpy(a, b, size);
		memcpy(b, held, size);
	}
}

static char
letter(enum custody_fate fate)
{
	return fate == CUSTODY_STANDS     ? 'S'
	       : fate == CUSTODY_DISPUTED ? 'D'
	                                  : 'X';
}

static void
check_row(const struct row *row, struct custody_event *events, size_t count,
    struct custody_ruling *rulings, size_t ruling_count)
{
	struct custody_place place;
	size_t i;

	custody_chain(events, count, rulings, ruling_count, row->owner, &place);
	if (row->custodian == NULL)
		assert_null(place.custodian);
	else
		assert_string_equal(place.custodian, row->custodian);
	assert_int_equal(place.number, row->number);
	assert_int_equal(place.missing, row->missing);
	assert_int_equal(place.forks, row->forks);
	assert_int_equal(place.is_disputed, row->forks > 0);
	assert_int_equal(place.is_unsure, row->is_unsure);
	assert_int_equal(
	    place.sure_number, row->is_unsure ? row->sure_number : row->number);
	for (i = 0; i < count; i++) {
		const struct given *g = &row->event[events[i].index];

		assert_string_equal(events[i].name, g->name);
		assert_int_equal(letter(events[i].fate), g->fate);
		assert_int_equal(events[i].is_odd, g->mark & true);
		assert_int_equal(events[i].is_jump, (g->mark & JUMP) != 0);
		assert_true(i == 0 || events[i - 1].number <= events[i].number);
	}
}

static void
test_the_chain_says_where_it_is(void **state)
{
	size_t i, times;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct custody_event events[EVENTS_MAX];
		struct custody_ruling rulings[RULINGS_MAX];
		size_t count = load(&rows[i], events);
		size_t ruled = load_rulings(&rows[i], rulings);

		print_message("%s\n", rows[i].title);
		for (times = 0; times < SHUFFLES; times++) {
			check_row(&rows[i], events, count, rulings, ruled);
			shuffle(events, count, sizeof events[0]);
			shuffle(rulings, ruled, sizeof rulings[0]);
		}
	}
}

/* Whatever was handed over and decided, any order leads to the same place, and
 * nothing is lost on the way. */
static void
test_random_chains_do_not_depend_on_order(void **state)
{
	static const char *const orgs[] = {"H", "A", "B", "C"};
	static const char *const names[] = {
	    "a", "b", "c", "d", "e", "f", "g", "h"};
	size_t round, i;

	(void)state;
	for (round = 0; round < 2000; round++) {
		struct custody_event one[EVENTS_MAX], other[EVENTS_MAX];
		struct custody_ruling ruling = {
		    names[below(EVENTS_MAX)], names, below(EVENTS_MAX)};
		struct custody_place here, there;
		size_t count = 1 + below(EVENTS_MAX), ruled = below(2);

		for (i = 0; i < count; i++)
			one[i] = (struct custody_event){.name = names[i],
			    .number = (int64_t)(1 + below(6)),
			    .from = orgs[below(4)],
			    .to = orgs[below(4)],
			    .org = orgs[below(4)],
			    .leave = (enum custody_leave)below(3)};
		memcpy(other, one, sizeof one);
		shuffle(other, count, sizeof other[0]);
		custody_chain(one, count, &ruling, ruled, "H", &here);
		custody_chain(other, count, &ruling, ruled, "H", &there);
		assert_ptr_equal(here.custodian, there.custodian);
		assert_int_equal(here.number, there.number);
		assert_int_equal(here.missing, there.missing);
		assert_int_equal(here.forks, there.forks);
		for (i = 0; i < count; i++) {
			assert_string_equal(one[i].name, other[i].name);
			assert_int_equal(one[i].fate, other[i].fate);
			assert_int_equal(one[i].is_odd, other[i].is_odd);
			assert_int_equal(one[i].is_jump, other[i].is_jump);
		}
	}
}

/* --- what is proposed ------------------------------------------------------
 */

struct proposed {
	const char *title;
	struct given event[4];
	const char *name; /* NULL: none */
	enum custody_ground ground;
};

/* clang-format off */
static const struct proposed proposals[] = {
	{"both signed goes before one side",
	    {{"b", 2, "A", "B", "A", true, 1, 'D', false},
	        {"c", 2, "A", "C", "A", false, 2, 'D', false}},
	    "b", CUSTODY_BOTH_SIGNED},
	{"each side's word is as good as both signatures",
	    {{"b", 2, "A", "B", "A", false, 1, 'D', false},
	        {"b2", 2, "A", "B", "B", false, 3, 'D', false},
	        {"c", 2, "A", "C", "A", false, 2, 'D', false}},
	    "b", CUSTODY_BOTH_SIGNED},
	{"a stranger's word is no side's",
	    {{"b", 2, "A", "B", "A", false, 1, 'D', false},
	        {"b2", 2, "A", "B", "H", false, 3, 'D', false},
	        {"c", 2, "A", "C", "A", false, 2, 'D', false}},
	    "c", CUSTODY_RECEIVED_LATER},
	{"else what was received later",
	    {{"b", 2, "A", "B", "A", true, 7, 'D', false},
	        {"c", 2, "A", "C", "A", true, 9, 'D', false}},
	    "c", CUSTODY_RECEIVED_LATER},
	{"of three",
	    {{"b", 2, "A", "B", "A", true, 7, 'D', false},
	        {"c", 2, "A", "C", "A", true, 9, 'D', false},
	        {"d", 2, "A", "D", "A", false, 12, 'D', false}},
	    "c", CUSTODY_RECEIVED_LATER},
	{"nothing where nobody knows the order",
	    {{"b", 2, "A", "B", "A", true, 0, 'D', false},
	        {"c", 2, "A", "C", "A", true, 0, 'D', false}},
	    NULL, CUSTODY_NO_GROUND},
};
/* clang-format on */

static void
test_proposals(void **state)
{
	size_t i, n, times;

	(void)state;
	for (i = 0; i < sizeof proposals / sizeof proposals[0]; i++) {
		struct custody_event events[4];
		const struct proposed *p = &proposals[i];

		for (n = 0; n < 4 && p->event[n].name != NULL; n++)
			events[n] =
			    (struct custody_event){.name = p->event[n].name,
			        .number = p->event[n].number,
			        .from = p->event[n].from,
			        .to = p->event[n].to,
			        .org = p->event[n].org,
			        .both_signed = p->event[n].both,
			        .received = p->event[n].received};
		print_message("%s\n", p->title);
		for (times = 0; times < SHUFFLES; times++) {
			enum custody_ground ground;
			size_t best;

			shuffle(events, n, sizeof events[0]);
			best = custody_proposal(events, n, &ground);
			assert_int_equal(ground, p->ground);
			if (p->name == NULL)
				assert_int_equal(best, SIZE_MAX);
			else
				assert_int_equal(
				    events[best].name[0], p->name[0]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_chain_says_where_it_is),
	    cmocka_unit_test(test_random_chains_do_not_depend_on_order),
	    cmocka_unit_test(test_proposals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
