/* decided_reads: what a change of a question costs does not grow with how often
 * that was said, times what it is about. Counted are steps of walks and values
 * read, which the linker leads through here.
 */

#include "tests/unit/counted_reads.h"
#include "tests/unit/entitled_room.h"

enum { FEW = 24, MANY = 48, SEQS = 1000 };

/* What a question is about, and how it is said. */
struct telling {
	enum finding_code code;
	const char *kind;
	bool is_other; /* each time another change, or another household */
	bool turns;    /* decided and undone by turns */
};

static struct change_id
id_at(uint64_t seq)
{
	struct change_id id = {.class = 2, .seq = seq};

	memset(id.life, 0x55, sizeof id.life);
	return id;
}

/* A record of as many changes; a file goes over to another with the second. */
static struct identity
tell_record(struct fixture *f, const char *kind, uint64_t n, unsigned count)
{
	struct identity record = named_in(kind, "his", n);
	bool is_file = strcmp(kind, "resident") == 0;
	struct change_id last;
	unsigned i;

	for (i = 0; i < count; i++)
		last = arrive(f, &record, n * SEQS + i, i == 0 ? NULL : &last,
		    "V2", false,
		    is_file && i < 2 ? given_to(i == 0 ? "V2" : "V1")
		                     : json_pack("{s:i}", "x", (int)i));
	return record;
}

static json_t *
versions(const struct identity *record, unsigned i)
{
	return json_pack(
	    "[s, o, s]", record->ref, json_sprintf("K%u", i), "stays");
}

static json_t *
word(const struct telling *w, const struct identity *record, uint64_t n,
    unsigned i)
{
	unsigned which = w->is_other ? i : 0;
	struct change_id about = id_at(n * SEQS + which);
	char field[48];

	matter_change_id(&about, field);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "state",
	    w->turns && i % 2 == 1 ? "undone" : "decided", "code",
	    finding_name(w->code), "about_kind", record->kind, "about_source",
	    record->source, "about_ref", record->ref, "about_field",
	    w->code == FINDING_HOUSEHOLD ? "household_no" : field, "versions",
	    versions(record, which));
}

/* What the last of as many changes of a question cost, about a record of as
 * many. */
static size_t
cost_of(struct fixture *f, const struct telling *w, uint64_t n, unsigned count)
{
	struct identity record = tell_record(f, w->kind, n, count);
	struct identity question = named_in("question", "his", n);
	struct change_id last;
	unsigned i;

	for (i = 0; i < count; i++) {
		steps = values = 0;
		last = arrive(f, &question, n * SEQS + SEQS / 2 + i,
		    i == 0 ? NULL : &last, "V2", false, word(w, &record, n, i));
	}
	return steps + values;
}

/* Twice as many cost twice as much, and a little. */
static void
costs_its_length(struct fixture *f, uint64_t n, const struct telling *w)
{
	size_t few = cost_of(f, w, 2 * n, FEW);
	size_t many = cost_of(f, w, 2 * n + 1, MANY);

	print_message(
	    "# %s: %zu reads, %zu reads\n", finding_name(w->code), few, many);
	assert_true(few > 0);
	assert_true(many <= few * 5 / 2);
}

static const struct telling tellings[] = {
    {.code = FINDING_LATE_EDIT, .kind = "resident"},
    {.code = FINDING_WHOSE, .kind = "encounter"},
    {.code = FINDING_HOUSEHOLD, .kind = "contract"},
    {.code = FINDING_BEGUN_TWICE, .kind = "encounter"},
    {.code = FINDING_UNENTITLED, .kind = "encounter"},
    {.code = FINDING_OTHERS_RECORD, .kind = "encounter"},
    {.code = FINDING_OTHERS_CONTRACT, .kind = "contract"},
};

static void
tell_all(struct fixture *f, bool is_other, bool turns)
{
	size_t i;

	test_store_join(&f->s, "H01");
	for (i = 0; i < sizeof tellings / sizeof *tellings; i++) {
		struct telling w = tellings[i];

		w.is_other = is_other;
		w.turns = turns;
		costs_its_length(f, i + 1, &w);
	}
}

static void
test_a_matter_named_often_is_looked_at_once(void **state)
{
	tell_all(*state, false, false);
}

static void
test_many_matters_of_one_record_are_not_all_looked_at(void **state)
{
	tell_all(*state, true, false);
}

static void
test_a_decision_that_turns_is_looked_at_once_a_turn(void **state)
{
	tell_all(*state, false, true);
}

static void
test_many_decisions_of_one_record_that_turn_are_one_look(void **state)
{
	tell_all(*state, true, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_matter_named_often_is_looked_at_once),
	    HUB(test_many_matters_of_one_record_are_not_all_looked_at),
	    HUB(test_a_decision_that_turns_is_looked_at_once_a_turn),
	    HUB(test_many_decisions_of_one_record_that_turn_are_one_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
