/* scope_sim: who holds what at the hub, whatever the order of arrival.
 *
 * A group of orgs with residents, moves, contracts, referrals, examinations,
 * devices and loans, written by many nodes; their changes reach the hub in
 * random orders. Wherever it is stopped, the lists hold exactly what an oracle
 * says that computes it from the changes there so far, with the rules written
 * out kind by kind. Nodes of some of its orgs sync with it by real sessions
 * whenever it is stopped: each store then holds exactly what the oracle says
 * that its org is to hold. Usage: scope_sim [SEED [ROUNDS [NODES]]].
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/scope.h"
#include "tests/sim/scope_group.h"
#include "tests/unit/group.h"

static uint64_t first_seed = 1;
static unsigned rounds = 3;
static size_t nodes_wanted = 6;
static uint64_t current_seed;

/* --- the hub and its nodes ----------------------------------------------- */

static struct member hub;
static struct self self;

/* Nodes that hold a store. */
static struct {
	struct member m;
	int org;
} nodes[SCOPE_ORGS];
static size_t node_count;

/* The hospital, which is fed the list of every org below it, a township and the
 * one that stands alone are among them; the others are drawn. */
static void
nodes_join(size_t count)
{
	int order[SCOPE_ORGS], i;
	size_t n;

	node_count = count;
	if (count == 0)
		return;
	for (i = 0; i < SCOPE_ORGS; i++)
		order[i] = i;
	order[2] = SCOPE_ORGS - 1;
	order[SCOPE_ORGS - 1] = 2;
	for (i = SCOPE_ORGS; i > 4; i--) {
		size_t j = 3 + scope_draw((size_t)i - 3);
		int swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	for (n = 0; n < node_count; n++) {
		nodes[n].org = order[n];
		member_make(&nodes[n].m, ROLE_CLINIC, "node");
		group_join(&hub, &nodes[n].m, scope_orgs_made[order[n]]);
	}
}

/* Twice: what one sync sends up the next may bring down. */
static void
nodes_sync(void)
{
	size_t n;
	int i;

	for (n = 0; n < node_count; n++)
		for (i = 0; i < 2; i++)
			assert_int_equal(
			    group_run(&nodes[n].m, &hub, SESSION_SYNC, NULL).up,
			    ERR_OK);
}

static void
take(struct txn *t, struct change *c, uint64_t *fingerprint)
{
	struct buffer body = {0};

	assert_int_equal(change_encode(c, &body), ERR_OK);
	*fingerprint = log_fingerprint(
	    self.fingerprint_secret, &c->id, body.data, body.size);
	assert_int_equal(
	    stored_write(t, &c->id, 0, 0, *fingerprint, body.data, body.size),
	    ERR_OK);
	assert_int_equal(admit_merged(t, &self, c, *fingerprint), ERR_OK);
	buffer_free(&body);
}

static void
hub_make(size_t with_nodes)
{
	struct txn *t;
	uint64_t ignored;
	int i;

	member_make(&hub, ROLE_HUB, "hub");
	self = member_self(&hub);
	t = member_begin(&hub, true);
	for (i = 0; i <= SCOPE_ORGS; i++)
		scope_introduce(t, self.id, i);
	for (i = 0; i < SCOPE_ORGS; i++) {
		struct change c;

		change_init(&c);
		memset(c.id.life, 0xee, LIFE_BYTES);
		c.id.class = 3;
		c.id.seq = (uint64_t)i + 1;
		snprintf(c.record.kind, sizeof c.record.kind, "org");
		snprintf(c.record.ref, sizeof c.record.ref, "%s",
		    scope_orgs_made[i]);
		c.fields = scope_org_fields(i);
		take(t, &c, &ignored);
		change_clear(&c);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	nodes_join(with_nodes);
}

static void
hub_remove(void)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		made[i].is_here = false;
	for (i = 0; i < node_count; i++)
		member_remove(&nodes[i].m);
	self_wipe(&self);
	member_remove(&hub);
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
			if (memcmp(entry.id.life, self.life, LIFE_BYTES) == 0)
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
tell(size_t i, int org, const char *what)
{
	print_error("%s %s of %s by %d: %s %s\n",
	    records[made[i].record].id.kind, records[made[i].record].id.ref,
	    made[i].c.org, made[i].author, what, scope_orgs_made[org]);
}

/* A node is fed from its org's list and those of the orgs below it. */
static int
check_feeds(size_t i, const bool on[SCOPE_ORGS][SCOPE_CHANGES_MOST])
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

/* What a store has of a change: all of it, as it was written; what is left of
 * it where it was given up; nothing. */
enum holding { HOLDS, GAVE_UP, NEVER_HAD, HOLDINGS };

static enum holding
holding_of(struct txn *t, const struct made *m)
{
	enum holding h = NEVER_HAD;
	struct stored s;

	stored_init(&s);
	if (stored_read(t, &m->c.id, &s) == ERR_OK) {
		h = s.body.size > 0 ? HOLDS : GAVE_UP;
		assert_int_equal(s.fingerprint, m->fingerprint);
	}
	stored_free(&s);
	return h;
}

/* Of all nodes since the start: there was something to see. */
static size_t holdings[HOLDINGS];

static int
check_stores(void)
{
	bool due[SCOPE_ORGS], may[SCOPE_ORGS];
	struct txn *t[SCOPE_ORGS];
	int wrong = 0;
	size_t i, n;

	for (n = 0; n < node_count; n++)
		t[n] = member_begin(&nodes[n].m, false);
	for (i = 0; i < made_count; i++) {
		if (made[i].is_here)
			scope_oracle_holders(&made[i], due, may);
		for (n = 0; n < node_count; n++) {
			int org = nodes[n].org;
			enum holding h = holding_of(t[n], &made[i]);
			bool must = made[i].is_here && due[org];
			bool can = made[i].is_here && may[org];

			holdings[h]++;
			if ((h == HOLDS) != must && !(h == HOLDS && can) &&
			    wrong++ < 10)
				tell(i, org,
				    must ? "not held by a node of"
				         : "held by a node of");
		}
	}
	for (n = 0; n < node_count; n++)
		txn_abort(t[n]);
	return wrong;
}

static void
check_all(void)
{
	static bool on[SCOPE_ORGS][SCOPE_CHANGES_MOST];
	bool due[SCOPE_ORGS], may[SCOPE_ORGS];
	struct txn *t = member_begin(&hub, false);
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
		wrong += check_feeds(i, (const bool(*)[SCOPE_CHANGES_MOST])on);
		for (org = 0; org < SCOPE_ORGS; org++)
			if (on[org][i] != due[org] &&
			    !(on[org][i] && may[org]) && wrong++ < 10)
				tell(i, org,
				    on[org][i] ? "on the list of"
				               : "not on the list of");
	}
	wrong += check_stores();
	scope_oracle_end();
	assert_int_equal(wrong, 0);
}

/* --- orders of arrival --------------------------------------------------- */

/* Looked at behind so many changes, drawn, and behind the last. */
static void
deliver_in_some_order(size_t stops)
{
	size_t *order = calloc(made_count, sizeof *order), i;
	bool *is_stop = calloc(made_count, sizeof *is_stop);
	struct txn *t;

	assert_non_null(order);
	assert_non_null(is_stop);
	while (stops-- > 0)
		is_stop[scope_draw(made_count)] = true;
	is_stop[made_count - 1] = true;
	for (i = 0; i < made_count; i++)
		order[i] = i;
	for (i = made_count; i > 1; i--) {
		size_t j = scope_draw(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	t = member_begin(&hub, true);
	for (i = 0; i < made_count; i++) {
		struct made *m = &made[order[i]];

		take(t, &m->c, &m->fingerprint);
		m->is_here = true;
		if (i % 97 == 0 || is_stop[i]) {
			assert_int_equal(txn_commit(t), ERR_OK);
			if (is_stop[i]) {
				nodes_sync();
				check_all();
			}
			t = member_begin(&hub, true);
		}
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	free(is_stop);
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
			hub_make(0);
			deliver_in_some_order(1);
			hub_remove();
		}
		scope_group_clear();
	}
	current_seed = 0;
}

/* What an older store lacks, or a moved org made wrong, is made again. */
static void
sweep(void)
{
	struct txn *t = member_begin(&hub, true);

	assert_int_equal(txn_empty(t, TABLE_SCOPES), ERR_OK);
	assert_int_equal(txn_empty(t, TABLE_NAMINGS), ERR_OK);
	assert_int_equal(scope_settle_all(t, &self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* Also what came and was taken back between two stops, and what a sweep finds
 * again. */
static void
test_stores_hold_what_the_oracle_says(void **state)
{
	current_seed = scope_seed = first_seed + 504;
	memset(holdings, 0, sizeof holdings);
	scope_group_make();
	hub_make(nodes_wanted);
	deliver_in_some_order(3);
	assert_true(holdings[HOLDS] > 0);
	assert_true(holdings[GAVE_UP] > 0);
	assert_true(holdings[NEVER_HAD] > 0);
	sweep();
	nodes_sync();
	check_all();
	hub_remove();
	scope_group_clear();
	current_seed = 0;
}

static void
test_a_sweep_makes_the_same_lists(void **state)
{
	current_seed = scope_seed = first_seed + 1000;
	scope_group_make();
	hub_make(0);
	deliver_in_some_order(1);
	sweep();
	check_all();
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
	    CASE(test_stores_hold_what_the_oracle_says),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		nodes_wanted = strtoul(argv[3], NULL, 10);
	if (nodes_wanted > SCOPE_ORGS)
		nodes_wanted = SCOPE_ORGS;
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
