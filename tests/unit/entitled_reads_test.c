/* entitled_reads: what it costs to judge a claim does not grow with the square
 * of what one node sent of the record. Counted are steps of walks and values
 * read, which the linker leads through here.
 */

#include "tests/unit/counted_reads.h"
#include "tests/unit/entitled_room.h"

enum { FEW = 24, MANY = 48 };

static void
tell_own_files(struct fixture *f, uint64_t n)
{
	struct identity one = named_in("resident", "his", n);
	struct identity other = named_in("resident", "b", n);

	arrive(f, &one, n * 100 + 1, NULL, "V2", true, given_to("V2"));
	arrive(f, &other, n * 100 + 2, NULL, "V2", true, given_to("V2"));
}

/* What the last of so many changes cost, each of which begins anew a link of
 * two files that are its author's. */
static size_t
cost_of_links(struct fixture *f, uint64_t n, unsigned count)
{
	struct identity link = named_in("link", "his", n);
	unsigned i;

	tell_own_files(f, n);
	for (i = 0; i < count; i++) {
		steps = values = 0;
		arrive(f, &link, n * 100 + 3 + i, NULL, "V2", false,
		    json_pack("{s:s, s:o, s:o, s:s, s:s}", "state", "linked",
		        "resident_id", ref_in("resident", n), "other_id",
		        ref_in("resident", n), "resident_source", "his",
		        "other_source", "b"));
	}
	return steps + values;
}

static void
test_a_link_begun_often_costs_its_length(void **state)
{
	struct fixture *f = *state;
	size_t few, many;

	test_store_join(&f->s, "H01");
	few = cost_of_links(f, 1, FEW);
	many = cost_of_links(f, 2, MANY);
	print_message("# %zu reads, %zu reads\n", few, many);
	assert_true(few > 0);
	/* Twice as many cost twice as much, and a little. */
	assert_true(many <= few * 5 / 2);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
}

/* The last of so many changes of a question, each of which decides it, about a
 * file of as many. */
static size_t
cost_of_decisions(struct fixture *f, uint64_t n, unsigned count)
{
	struct identity file = named_in("resident", "his", n);
	struct identity question = named_in("question", "his", n);
	struct change_id last;
	unsigned i;

	for (i = 0; i < count; i++)
		last = arrive(f, &file, n * 1000 + i, i == 0 ? NULL : &last,
		    "V2", false,
		    i == 0 ? given_to("V2") : json_pack("{s:i}", "x", (int)i));
	for (i = 0; i < count; i++) {
		steps = values = 0;
		last = arrive(f, &question, n * 1000 + 500 + i,
		    i == 0 ? NULL : &last, "V2", false,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "state",
		        "decided", "code", finding_name(FINDING_CONFLICT),
		        "about_kind", "resident", "about_source", "his",
		        "about_ref", file.ref, "x", (int)i));
	}
	return steps + values;
}

static void
test_a_question_decided_often_costs_its_length(void **state)
{
	struct fixture *f = *state;
	size_t few, many;

	test_store_join(&f->s, "H01");
	few = cost_of_decisions(f, 3, FEW);
	many = cost_of_decisions(f, 4, MANY);
	print_message("# %zu reads, %zu reads\n", few, many);
	assert_true(few > 0);
	assert_true(many <= few * 5 / 2);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_link_begun_often_costs_its_length),
	    HUB(test_a_question_decided_often_costs_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
