/* scope_sim: who holds what at the hub, whatever the order of arrival.
 *
 * A group of orgs with residents, moves, contracts, referrals, examinations,
 * devices and loans, written by many nodes; their changes reach the hub in
 * random orders. Wherever it is stopped, the lists hold exactly what an oracle
 * says that computes it from the changes there so far, with the rules written
 * out kind by kind. Usage: scope_sim [SEED [ROUNDS]].
 */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/admit.h"
#include "store/index.h"
#include "store/scope.h"
#include "tests/sim/scope_group.h"
#include "tests/unit/scratch.h"

static uint64_t first_seed = 1;
static unsigned rounds = 3;
static uint64_t current_seed;

/* --- the hub ------------------------------------------------------------- */

static char dir[SCRATCH_PATH_BYTES];
static struct db *db;
static struct self hub;

static struct txn *
begin(bool write_it)
{
	struct txn *t = NULL;

	assert_int_equal(db_begin(db, write_it, &t), ERR_OK);
	return t;
}

static void
take(struct txn *t, struct change *c, uint64_t fingerprint)
{
	struct buffer body = {0};

	assert_int_equal(change_encode(c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c->id, 0, 0, fingerprint, body.data, body.size),
	    ERR_OK);
	assert_int_equal(admit_merged(t, &hub, c, fingerprint), ERR_OK);
	buffer_free(&body);
}

static void
hub_make(void)
{
	struct txn *t;
	int i;

	scratch_make(dir);
	db = scratch_db(dir);
	t = begin(true);
	assert_int_equal(self_create(t, ROLE_HUB, "hub", 0, &hub), ERR_OK);
	hub.is_enrolled = true;
	for (i = 0; i <= SCOPE_ORGS; i++)
		scope_introduce(t, hub.id, i);
	for (i = 0; i < SCOPE_ORGS; i++) {
		struct change c;

		change_init(&c);
		memset(c.id.life, 0xee, LIFE_BYTES);
		c.id.class = 3;
		c.id.seq = (uint64_t)i + 1;
		snprintf(c.record.kind, sizeof c.record.kind, "org");
		snprintf(c.record.ref, sizeof c.record.ref, "%s",
		    scope_orgs_made[i]);
		c.fields = json_pack("{s:s}", "name", scope_orgs_made[i]);
		if (scope_orgs_above[i] >= 0)
			json_object_set_new(c.fields, "parent_org_id",
			    json_sprintf("ref:%s",
			        scope_orgs_made[scope_orgs_above[i]]));
		take(t, &c, (uint64_t)i + 1);
		change_clear(&c);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
hub_remove(void)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		made[i].is_here = false;
	self_wipe(&hub);
	db_close(db);
	scratch_remove(dir);
}

static size_t
find_made(const struct change_id *id)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (change_id_compare(&made[i].c.id, id) == 0)
			return i;
	return SIZE_MAX;
}

/* Which changes stand on an org's list, each once. */
static void
read_list(struct txn *t, int org, bool *on)
{
	char name[LIST_NAME_BYTES_MAX + 1];
	struct audience a;
	uint8_t class;

	memset(on, 0, SCOPE_CHANGES_MOST * sizeof *on);
	snprintf(name, sizeof name, "org:%s", scope_orgs_made[org]);
	if (audience_read(t, name, &a) == ERR_NOT_FOUND)
		return;
	for (class = 0; class < CLASSES; class ++) {
		struct list_entry entry;
		uint64_t place;

		for (place = 1;
		     list_entry_read(t, &a, class, place, &entry) == ERR_OK;
		     place++) {
			size_t i = find_made(&entry.id);

			/* The hub's own word, on what to give up. */
			if (memcmp(entry.id.life, hub.life, LIFE_BYTES) == 0)
				continue;
			assert_int_not_equal(i, SIZE_MAX);
			assert_int_equal(
			    entry.fingerprint, made[i].fingerprint);
			if (entry.is_withdrawn)
				continue;
			assert_false(on[i]);
			on[i] = true;
		}
	}
}

static void
tell(size_t i, int org, bool is)
{
	print_error("%s %s of %s by %d: %s on org:%s\n",
	    records[made[i].record].id.kind, records[made[i].record].id.ref,
	    made[i].c.org, made[i].author, is ? "is" : "is not",
	    scope_orgs_made[org]);
}

/* A node is fed from its org's list and those of the orgs below it. */
static int
check_nodes(size_t i, const bool on[SCOPE_ORGS][SCOPE_CHANGES_MOST])
{
	bool holds[SCOPE_ORGS], due[SCOPE_ORGS], may[SCOPE_ORGS];
	int org, at, wrong = 0;

	memset(holds, 0, sizeof holds);
	for (org = 0; org < SCOPE_ORGS; org++)
		for (at = on[org][i] ? org : -1; at >= 0;
		     at = scope_orgs_above[at])
			holds[at] = true;
	scope_oracle_holders(&made[i], due, may);
	for (org = 0; org < SCOPE_ORGS; org++)
		if (holds[org] != due[org] && !(holds[org] && may[org]))
			wrong++;
	return wrong;
}

static void
check_lists(void)
{
	static bool on[SCOPE_ORGS][SCOPE_CHANGES_MOST];
	bool due[SCOPE_ORGS], may[SCOPE_ORGS];
	struct txn *t = begin(false);
	size_t i;
	int org, wrong = 0;

	for (org = 0; org < SCOPE_ORGS; org++)
		read_list(t, org, on[org]);
	txn_abort(t);
	scope_oracle_begin();
	for (i = 0; i < made_count; i++) {
		if (!made[i].is_here)
			continue;
		scope_oracle_lists(&made[i], due, may);
		wrong += check_nodes(i, (const bool(*)[SCOPE_CHANGES_MOST])on);
		for (org = 0; org < SCOPE_ORGS; org++)
			if (on[org][i] != due[org] &&
			    !(on[org][i] && may[org]) && wrong++ < 10)
				tell(i, org, on[org][i]);
	}
	scope_oracle_end();
	assert_int_equal(wrong, 0);
}

/* --- orders of arrival --------------------------------------------------- */

static void
deliver_in_some_order(void)
{
	size_t *order = calloc(made_count, sizeof *order), i;
	size_t stop = scope_draw(made_count);
	struct txn *t;

	assert_non_null(order);
	for (i = 0; i < made_count; i++)
		order[i] = i;
	for (i = made_count; i > 1; i--) {
		size_t j = scope_draw(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	t = begin(true);
	for (i = 0; i < made_count; i++) {
		struct made *m = &made[order[i]];

		take(t, &m->c, m->fingerprint);
		m->is_here = true;
		if (i % 97 == 0 || i == stop) {
			assert_int_equal(txn_commit(t), ERR_OK);
			if (i == stop)
				check_lists();
			t = begin(true);
		}
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	free(order);
}

static void
test_any_order_of_arrival_gives_the_oracles_lists(void **state)
{
	unsigned round, order;

	for (round = 0; round < rounds; round++) {
		current_seed = scope_seed = first_seed + round;
		scope_group_make();
		for (order = 0; order < 2; order++) {
			hub_make();
			deliver_in_some_order();
			check_lists();
			hub_remove();
		}
		scope_group_clear();
	}
	current_seed = 0;
}

/* What an older store lacks, or a moved org made wrong, is made again. */
static void
test_a_sweep_makes_the_same_lists(void **state)
{
	struct txn *t;

	current_seed = scope_seed = first_seed + 1000;
	scope_group_make();
	hub_make();
	deliver_in_some_order();
	t = begin(true);
	assert_int_equal(txn_empty(t, TABLE_SCOPES), ERR_OK);
	assert_int_equal(txn_empty(t, TABLE_NAMINGS), ERR_OK);
	assert_int_equal(scope_settle_all(t, &hub), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	check_lists();
	hub_remove();
	scope_group_clear();
	current_seed = 0;
}

static int
say_seed(void **state)
{
	if (current_seed != 0)
		print_error("# seed %" PRIu64 "\n", current_seed);
	return 0;
}

#define CASE(f) cmocka_unit_test_teardown(f, say_seed)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_any_order_of_arrival_gives_the_oracles_lists),
	    CASE(test_a_sweep_makes_the_same_lists),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
