/* feed_sim: what nodes hold after the group took lists from them.
 *
 * The invented group of scope_group, written by many nodes, reaches a real hub
 * in a random order. A team's laptop and a township's node sync with it by real
 * sessions, while the team's villages change and a village goes to stand below
 * another township; once with both at every step, once with one of them offline
 * now and then. After each step each node that synced has the body of exactly
 * those changes that the oracle puts on a list it is fed from, and of none that
 * it was fed before. Usage: feed_sim [SEED [ROUNDS]].
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/scope.h"
#include "tests/sim/scope_group.h"
#include "tests/unit/group.h"

enum { STEPS = 6, T1 = 1, T2 = 2, V11 = 5, V12 = 6, V21 = 7, V22 = 8 };

static uint64_t first_seed = 1, current_seed;
static unsigned rounds = 1;

static struct member hub, laptop, township;
static struct self self;
static bool of_team[SCOPE_ORGS]; /* the team's villages */
static uint64_t group_changes;   /* of orgs and teams */

/* --- the hub ----------------------------------------------------------------
 */

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

/* A change of the group's reference data that has seen what is there. */
static void
said(const char *kind, const char *ref, json_t *fields)
{
	struct txn *t = member_begin(&hub, true);
	uint8_t key[KEY_RECORD_BYTES];
	struct record before;
	struct change c;
	uint64_t ignored;

	change_init(&c);
	memset(c.id.life, 0xee, LIFE_BYTES);
	c.id.class = 3;
	c.id.seq = ++group_changes;
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.org, sizeof c.org, "%s", scope_orgs_made[0]);
	c.fields = fields;
	key_record(hub.db, key, &c.record);
	if (record_read(t, key, &before) == ERR_OK) {
		c.parent_count = before.parent_count;
		memcpy(c.parents, before.parents, sizeof c.parents);
		record_clear(&before);
	}
	take(t, &c, &ignored);
	assert_int_equal(scope_prepare(t, &self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	change_clear(&c);
}

static void
org_said(int org)
{
	said("org", scope_orgs_made[org], scope_org_fields(org));
}

static void
team_said(void)
{
	json_t *villages = json_array();
	int i;

	for (i = 0; i < SCOPE_ORGS; i++)
		if (of_team[i])
			json_array_append_new(villages,
			    json_sprintf("ref:%s", scope_orgs_made[i]));
	said("team", "TM1",
	    json_pack("{s:s, s:o}", "name", "x", "villages", villages));
}

static void
group_make(void)
{
	struct txn *t;
	int i;

	member_make(&hub, ROLE_HUB, "hub");
	member_make(&laptop, ROLE_CLINIC, "laptop");
	member_make(&township, ROLE_CLINIC, "township");
	self = member_self(&hub);
	group_changes = 0;
	t = member_begin(&hub, true);
	for (i = 0; i <= SCOPE_ORGS; i++)
		scope_introduce(t, self.id, i);
	assert_int_equal(txn_commit(t), ERR_OK);
	for (i = 0; i < SCOPE_ORGS; i++)
		org_said(i);
	memset(of_team, 0, sizeof of_team);
	of_team[V11] = of_team[V21] = true;
	team_said();
	group_join(&hub, &laptop, "team:TM1");
	group_join(&hub, &township, scope_orgs_made[T1]);
}

static void
group_remove(void)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		made[i].is_here = false;
	self_wipe(&self);
	member_remove(&hub);
	member_remove(&laptop);
	member_remove(&township);
}

/* --- what a node holds ------------------------------------------------------
 */

static int
has_body(struct txn *t, const struct change_id *id)
{
	struct stored s;
	int has;

	stored_init(&s);
	has = stored_read(t, id, &s) == ERR_OK && s.body.size > 0;
	stored_free(&s);
	return has;
}

static int
check_node(struct member *m, const char *name, const bool feed[SCOPE_ORGS])
{
	struct txn *t = member_begin(m, false);
	bool on[SCOPE_ORGS], may[SCOPE_ORGS];
	int org, wrong = 0, at;
	size_t i;

	for (i = 0; i < made_count; i++) {
		bool due = false, kept = false;

		if (!made[i].is_here)
			continue;
		scope_oracle_lists(&made[i], on, may);
		for (org = 0; org < SCOPE_ORGS; org++)
			for (at = on[org] || may[org] ? org : -1; at >= 0;
			     at = scope_orgs_above[at]) {
				due = due || (on[org] && feed[at]);
				kept = kept || feed[at];
			}
		if (has_body(t, &made[i].c.id) != due && (due || !kept) &&
		    wrong++ < 10)
			print_error("%s %s: %s %s\n",
			    records[made[i].record].id.kind,
			    records[made[i].record].id.ref, name,
			    due ? "lacks it" : "has it still");
	}
	txn_abort(t);
	return wrong;
}

static void
sync_and_check(struct member *m, const char *name, const bool feed[SCOPE_ORGS])
{
	int i, wrong;

	for (i = 0; i < 2; i++)
		assert_int_equal(
		    group_run(m, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	scope_oracle_begin();
	wrong = check_node(m, name, feed);
	scope_oracle_end();
	assert_int_equal(wrong, 0);
}

static void
nodes_sync(bool all)
{
	bool of_township[SCOPE_ORGS] = {false};
	size_t offline = all ? SIZE_MAX : scope_draw(4);

	of_township[T1] = true;
	if (offline != 0)
		sync_and_check(&laptop, "the laptop", of_team);
	if (offline != 1)
		sync_and_check(&township, "the township", of_township);
}

/* --- what happens -----------------------------------------------------------
 */

static void
deliver(const size_t *order, size_t from, size_t to)
{
	struct txn *t = member_begin(&hub, true);
	size_t i;

	for (i = from; i < to; i++) {
		struct made *m = &made[order[i]];

		take(t, &m->c, &m->fingerprint);
		m->is_here = true;
	}
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
stand_below(int village, int parent)
{
	scope_orgs_above[village] = parent;
	org_said(village);
}

static void
villages(bool v11, bool v12, bool v21)
{
	of_team[V11] = v11;
	of_team[V12] = v12;
	of_team[V21] = v21;
	team_said();
}

static void
happen(unsigned step)
{
	switch (step) {
	case 1:
		villages(false, false, true);
		break;
	case 2:
		stand_below(V11, T2);
		break;
	case 3:
		villages(true, true, false);
		break;
	case 4: /* and nobody heard of what lay between */
		villages(false, false, false);
		villages(true, false, true);
		stand_below(V11, T1);
		stand_below(V12, T2);
		break;
	default:
		stand_below(V12, T1);
		break;
	}
}

static size_t *
random_order(void)
{
	size_t *order = calloc(made_count, sizeof *order), i;

	assert_non_null(order);
	for (i = 0; i < made_count; i++)
		order[i] = i;
	for (i = made_count; i > 1; i--) {
		size_t j = scope_draw(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	return order;
}

static void
run_round(uint64_t seed, bool all_online)
{
	unsigned step;
	size_t *order;

	current_seed = scope_seed = seed;
	scope_group_make();
	order = random_order();
	group_make();
	for (step = 0; step < STEPS; step++) {
		if (step > 0)
			happen(step);
		deliver(order, made_count * step / STEPS,
		    made_count * (step + 1) / STEPS);
		nodes_sync(all_online || step == 0 || step == STEPS - 1);
	}
	free(order);
	group_remove();
	scope_group_clear();
}

static void
test_nodes_hold_what_they_are_fed_from(void **state)
{
	unsigned round;

	for (round = 0; round < rounds; round++)
		run_round(first_seed + round, true);
	current_seed = 0;
}

static void
test_and_so_where_one_is_offline_for_a_step(void **state)
{
	unsigned round;

	for (round = 0; round < rounds; round++)
		run_round(first_seed + round, false);
	current_seed = 0;
}

static int
say_seed(void **state)
{
	if (current_seed != 0)
		print_error("# seed %" PRIu64 "\n", current_seed);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(
	        test_nodes_hold_what_they_are_fed_from, say_seed),
	    cmocka_unit_test_teardown(
	        test_and_so_where_one_is_offline_for_a_step, say_seed),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
