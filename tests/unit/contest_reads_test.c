/* contest_reads: what the group's word on a contract costs does not grow with
 * the file of its resident. Counted are steps of walks and values read, which
 * the linker leads through here.
 */

#include <sodium.h>

#include "tests/unit/contract_room.h"
#include "tests/unit/counted_reads.h"

#include "store/contest_set.h"
#include "store/scope.h"

/* --- files of different size --------------------------------------------- */

static void
visit(struct fixture *f, const char *source, const char *who, unsigned n)
{
	char line[700];

	snprintf(line, sizeof line,
	    "{\"kind\":\"encounter\",\"ref\":\"E-%s-%u\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T09:00:00+08:00\",\"org_id\":\"ref:C01\","
	    "\"resident_id\":\"ref:%s\",\"state\":\"signed\",\"type\":"
	    "\"phone\",\"visit_at\":\"2026-05-01T08:00:00+08:00\"}\n",
	    who, n, who);
	give_bytes(f, source, line, strlen(line));
	assert_int_equal(f->counts.refused, 0);
}

/* A resident who was seen so often: by his own clinic's program and, since he
 * is the only one of his ref, by another's. */
static void
fill(struct fixture *f, const char *resident, const char *who, unsigned visits)
{
	unsigned i;

	give(f, resident);
	for (i = 0; i < visits; i++) {
		visit(f, "his", who, i);
		visit(f, "lab", who, i);
	}
}

#define SMALL SOMEBODY("R1", "张伟", "C01")
#define LARGE SOMEBODY("R2", "李秀英", "C01")
#define YEAR  DAYS("2026-05-01", "2027-04-30")

struct cost {
	size_t steps, values;
};

/* Of reading what is said of a resident's contracts. */
static struct cost
read_set(struct fixture *f, const char *who, size_t contracts)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(&f->s);
	struct contest_set *s = contest_set_new();
	struct self self;
	struct cost c;

	assert_non_null(s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "resident", who);
	steps = values = 0;
	assert_int_equal(contest_set_read(t, &self, key, s), ERR_OK);
	c = (struct cost){steps, values};
	assert_int_equal(s->contest.count, contracts);
	contest_set_free(s);
	txn_abort(t);
	return c;
}

static struct cost
take(struct fixture *f, const char *line)
{
	struct cost c;

	steps = values = 0;
	give(f, line);
	c = (struct cost){steps, values};
	assert_int_equal(f->counts.fresh, 1);
	return c;
}

static void
test_reading_contracts_costs_contracts(void **state)
{
	struct fixture *f = *state;
	struct cost few, many;

	fill(f, SMALL, "R1", 1);
	fill(f, LARGE, "R2", 60);
	give(f, SIGNED("KA", "09:00:00", "C01", "R1", "T1", YEAR, ""));
	give(f, SIGNED("KB", "09:00:00", "C01", "R2", "T1", YEAR, ""));
	few = read_set(f, "R1", 1);
	many = read_set(f, "R2", 1);
	print_message("# %zu steps, %zu values\n", many.steps, many.values);
	assert_int_equal(many.steps, few.steps);
	assert_int_equal(many.values, few.values);
}

/* All of it: a team of the org that keeps the file signs, and the group's
 * confirmation comes in the same transaction. */
static void
test_a_confirmation_does_not_open_the_file(void **state)
{
	struct fixture *f = *state;
	struct cost few, many;

	fill(f, SMALL, "R1", 1);
	fill(f, LARGE, "R2", 60);
	few = take(f, SIGNED("KA", "09:00:00", "C01", "R1", "T1", YEAR, ""));
	many = take(f, SIGNED("KB", "09:00:00", "C01", "R2", "T1", YEAR, ""));
	assert_contract(f, "KB", "state", "\"active\"");
	print_message("# %zu steps, %zu values\n", many.steps, many.values);
	/* Places in lists and trees differ by a step or two. */
	assert_true(many.steps <= few.steps + 8);
	assert_true(many.values <= few.values + 8);
}

/* By kind the walk finds the same as by looking at all. */
static void
test_a_walk_by_kind_finds_all_of_the_kind(void **state)
{
	static const char *const kinds[] = {
	    "encounter", "contract", "move", "link", "device"};
	struct fixture *f = *state;
	struct txn *t;
	size_t k, role;

	fill(f, SMALL, "R1", 3);
	give(f, SIGNED("KA", "09:00:00", "C01", "R1", "T1", YEAR, ""));
	give_bytes(f, "lab",
	    SIGNED("KB", "09:00:00", "C01", "R1", "T1", YEAR, ""),
	    strlen(SIGNED("KB", "09:00:00", "C01", "R1", "T1", YEAR, "")));
	t = test_store_read(&f->s);
	for (k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		for (role = NAMING_GRANTS; role <= NAMING_REST; role++) {
			struct buffer all = {0}, some = {0}, wanted = {0};
			size_t at;

			assert_int_equal(
			    naming_walk(t, "resident", "R1",
			        (enum naming_role)role, NULL, SIZE_MAX, &all),
			    ERR_OK);
			for (at = 0; at < all.size; at += KEY_RECORD_BYTES)
				if (load_u16(all.data + at) ==
				    key_kind_number(kinds[k]))
					put_bytes(&wanted, all.data + at,
					    KEY_RECORD_BYTES);
			assert_int_equal(
			    naming_walk_kind(t, "resident", "R1",
			        (enum naming_role)role, NULL, kinds[k], &some),
			    ERR_OK);
			assert_int_equal(some.size, wanted.size);
			if (wanted.size > 0)
				assert_memory_equal(
				    some.data, wanted.data, wanted.size);
			buffer_free(&all);
			buffer_free(&some);
			buffer_free(&wanted);
		}
	txn_abort(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_GROUP(test_reading_contracts_costs_contracts),
	    IN_GROUP(test_a_confirmation_does_not_open_the_file),
	    IN_GROUP(test_a_walk_by_kind_finds_all_of_the_kind),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
