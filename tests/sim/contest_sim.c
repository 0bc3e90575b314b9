/* contest_sim: the group's word on contracts, whatever the order of arrival.
 *
 * Residents with contracts of several teams: signed, brought along, renewed,
 * replaced, ended, refused by a person; who die, move (some by mistake), are
 * linked and parted; some of one household, whose teams may differ.
 * The changes reach a hub in random orders and groups, and after each group it
 * says what it has to say. In the end every contract stands alike, and saying
 * it again writes nothing. Usage: contest_sim [SEED [ROUNDS]].
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
#include "store/contest_settle.h"
#include "store/value.h"
#include "tests/unit/scratch.h"

/* After every day that the group invents: 2026-08-01. */
#define SIM_NOW INT64_C(1785513600)

enum { RESIDENTS = 8, CHANGES_MOST = 400, ORDERS = 4, NODES = 4 };

static const char *const orgs[NODES] = {"T1", "V11", "T2", "H"};
static const char *const above[NODES] = {"H", "T1", "H", NULL};
enum { GROUP = 3 };

static uint64_t first_seed = 1, current_seed, seed;
static unsigned rounds = 12;

static size_t
draw(size_t below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (size_t)((z ^ z >> 31) % below);
}

/* --- the group -------------------------------------------------------------
 */

static struct change made[CHANGES_MOST];
static size_t made_count;
static uint64_t seqs[NODES];
static char contracts[CHANGES_MOST][16]; /* refs */
static size_t contract_count;

/* By a node; parent SIZE_MAX: it founds the record. */
static size_t
make(const char *kind, const char *ref, int node, size_t parent, json_t *fields)
{
	struct change *c = &made[made_count];

	assert_true(made_count < CHANGES_MOST);
	assert_non_null(fields);
	change_init(c);
	c->id.life[0] = (uint8_t)(node + 1);
	c->id.class = 1;
	c->id.seq = ++seqs[node];
	snprintf(c->record.source, sizeof c->record.source, "his");
	snprintf(c->record.kind, sizeof c->record.kind, "%s", kind);
	snprintf(c->record.ref, sizeof c->record.ref, "%s", ref);
	snprintf(c->by, sizeof c->by, "S1");
	snprintf(c->org, sizeof c->org, "%s", orgs[node]);
	c->clock = draw(6) == 0 ? CLOCK_SUSPECT : CLOCK_OK;
	/* A day from January to July. */
	c->occurred_at = c->recorded_at =
	    SIM_NOW - (int64_t)(1 + draw(210)) * 86400;
	if (parent != SIZE_MAX) {
		c->parent_count = 1;
		c->parents[0].id = made[parent].id;
	}
	c->fields = fields;
	return made_count++;
}

static json_t *
some_day(int year)
{
	return json_sprintf(
	    "%d-%02d-%02d", year, 1 + (int)draw(7), 1 + 14 * (int)draw(2));
}

static void
step(const char *ref, int node, size_t parent, const char *state,
    const char *reason)
{
	json_t *fields = json_pack("{s:s}", "state", state);

	if (reason != NULL) {
		json_object_set_new(fields, "end_reason", json_string(reason));
		if (draw(2) == 0)
			json_object_set_new(fields, "ended_on", some_day(2026));
	}
	make("contract", ref, node, parent, fields);
}

static void
make_contract(const char *resident, const char *before)
{
	char *ref = contracts[contract_count];
	int node = (int)draw(3);
	json_t *fields;
	size_t c;

	snprintf(ref, sizeof contracts[0], "K%zu", contract_count++);
	fields = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "resident_id",
	    json_sprintf("ref:%s", resident), "state",
	    draw(4) == 0 ? "active" : "signed", "signed_on", some_day(2026),
	    "start_on", some_day(2026), "end_on", some_day(2027), "team_id",
	    json_sprintf("ref:T%zu", draw(2)));
	if (draw(2) == 0)
		json_object_set_new(
		    fields, "household_no", json_sprintf("%zu", draw(2)));
	if (before != NULL && draw(2) == 0)
		json_object_set_new(fields,
		    draw(2) == 0 ? "replaces_id" : "renews_id",
		    json_sprintf("ref:%s", before));
	c = make("contract", ref, node, SIZE_MAX, fields);
	if (draw(4) == 0)
		step(ref, node, c, "ending",
		    draw(2) == 0 ? "resident" : "breach");
	if (draw(8) == 0)
		step(ref, node, c, "closed", "moved");
	if (draw(6) == 0)
		step(ref, GROUP, c, "refused", NULL);
	if (draw(6) == 0)
		make("contract", ref, node, c,
		    json_pack("{s:o}", "household_no",
		        draw(2) == 0 ? json_null()
		                     : json_sprintf("%zu", draw(2))));
}

/* The day may have to be that of the word. */
static void
make_move(const char *resident, const char *name)
{
	json_t *fields = json_pack("{s:s, s:o, s:o, s:o}", "state",
	    draw(3) == 0 ? "requested" : "confirmed", "resident_id",
	    json_sprintf("ref:%s", resident), "from_org",
	    json_sprintf("ref:%s", orgs[draw(3)]), "to_org",
	    json_sprintf("ref:%s", orgs[draw(3)]));
	size_t m;

	if (draw(3) > 0)
		json_object_set_new(fields, "moved_on", some_day(2026));
	m = make("move", name, GROUP, SIZE_MAX, fields);
	if (draw(2) == 0)
		make("move", name, GROUP, m,
		    json_pack("{s:s}", "state", "undone"));
}

static void
make_resident(size_t i)
{
	char ref[16], other[16], name[16];
	size_t n = draw(4), r;
	const char *before = NULL;

	snprintf(ref, sizeof ref, "R%zu", i);
	r = make("resident", ref, (int)draw(3), SIZE_MAX,
	    json_pack("{s:s, s:s, s:o}", "name", "x", "status", "living",
	        "managing_org_id", json_sprintf("ref:%s", orgs[draw(3)])));
	while (n-- > 0) {
		make_contract(ref, before);
		before = contracts[contract_count - 1];
	}
	if (draw(5) == 0)
		make("resident", ref, GROUP, r,
		    json_pack("{s:s}", "status",
		        draw(2) == 0 ? "dead" : "moved_away"));
	snprintf(name, sizeof name, "M%zu", i);
	if (draw(4) == 0)
		make_move(ref, name);
	snprintf(other, sizeof other, "R%zu", i / 2);
	snprintf(name, sizeof name, "L%zu", i);
	if (draw(3) == 0 && i / 2 != i) {
		size_t l = make("link", name, GROUP, SIZE_MAX,
		    json_pack("{s:s, s:o, s:o}", "state", "linked",
		        "resident_id", json_sprintf("ref:%s", ref), "other_id",
		        json_sprintf("ref:%s", other)));

		if (draw(3) == 0)
			make("link", name, GROUP, l,
			    json_pack("{s:s}", "state", "undone"));
	}
}

static void
group_make(void)
{
	size_t i;

	made_count = contract_count = 0;
	memset(seqs, 0, sizeof seqs);
	for (i = 0; i < RESIDENTS; i++)
		make_resident(i);
}

static void
group_clear(void)
{
	while (made_count > 0)
		change_clear(&made[--made_count]);
}

/* --- the hub ---------------------------------------------------------------
 */

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
take(struct txn *t, const struct change *c)
{
	struct buffer body = {0};

	assert_int_equal(change_encode(c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c->id, 0, 0, 7, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &hub, c, 7), ERR_OK);
	buffer_free(&body);
}

static void
take_org(struct txn *t, int i)
{
	struct change c;

	change_init(&c);
	memset(c.id.life, 0xee, LIFE_BYTES);
	c.id.class = 3;
	c.id.seq = (uint64_t)i + 1;
	snprintf(c.record.kind, sizeof c.record.kind, "org");
	snprintf(c.record.ref, sizeof c.record.ref, "%s", orgs[i]);
	c.fields = json_pack("{s:s}", "name", orgs[i]);
	if (above[i] != NULL)
		json_object_set_new(c.fields, "parent_org_id",
		    json_sprintf("ref:%s", above[i]));
	take(t, &c);
	change_clear(&c);
}

static void
hub_make(void)
{
	struct txn *t;
	int i;

	scratch_make(dir);
	db = scratch_db(dir);
	t = begin(true);
	assert_int_equal(
	    self_create(t, ROLE_HUB, "hub", SIM_NOW, &hub), ERR_OK);
	hub.is_enrolled = true;
	for (i = 0; i < NODES; i++)
		take_org(t, i);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
hub_remove(void)
{
	self_wipe(&hub);
	db_close(db);
	scratch_remove(dir);
}

static void
deliver_in_some_order(void)
{
	size_t order[CHANGES_MOST], i;
	struct txn *t;

	for (i = 0; i < made_count; i++)
		order[i] = i;
	for (i = made_count; i > 1; i--) {
		size_t j = draw(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	t = begin(true);
	for (i = 0; i < made_count; i++) {
		take(t, &made[order[i]]);
		if (draw(3) == 0)
			assert_int_equal(
			    contest_settle(t, &hub, SIM_NOW), ERR_OK);
	}
	assert_int_equal(contest_settle(t, &hub, SIM_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* --- how it ends -----------------------------------------------------------
 */

/* What the group says of a contract, as text. */
static char *
outcome(struct txn *t, size_t i)
{
	static const char *const fields[] = {"state", "end_reason", "ended_on",
	    "contested_with", "holder_id", "household_with", NULL};
	uint8_t key[KEY_RECORD_BYTES];
	json_t *shown = json_object();
	struct record r;
	size_t n;
	char *text;

	key_record_of(db, key, "his", "contract", contracts[i]);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	for (n = 0; fields[n] != NULL; n++)
		if (json_object_get(r.fields, fields[n]) != NULL)
			json_object_set(shown, fields[n],
			    json_object_get(r.fields, fields[n]));
	record_clear(&r);
	text = json_dumps(shown, JSON_SORT_KEYS);
	json_decref(shown);
	assert_non_null(text);
	return text;
}

static char *expected[CHANGES_MOST];

static void
compare_outcomes(bool is_first)
{
	struct txn *t = begin(false);
	size_t i, wrong = 0;

	for (i = 0; i < contract_count; i++) {
		char *text = outcome(t, i);

		if (is_first) {
			expected[i] = text;
			continue;
		}
		if (strcmp(text, expected[i]) != 0 && wrong++ < 10)
			print_error("%s: %s instead of %s\n", contracts[i],
			    text, expected[i]);
		free(text);
	}
	txn_abort(t);
	assert_int_equal(wrong, 0);
}

/* All are due again; nothing is left to say. */
static void
say_it_again(void)
{
	struct txn *t = begin(true);
	uint64_t before, after;
	size_t i;

	assert_int_equal(txn_count(t, TABLE_CHANGES, &before), ERR_OK);
	for (i = 0; i < made_count; i++) {
		uint8_t key[KEY_RECORD_BYTES];

		key_record(db, key, &made[i].record);
		assert_int_equal(contest_note(t, &hub, &made[i], key), ERR_OK);
	}
	assert_int_equal(contest_settle(t, &hub, SIM_NOW + 86400), ERR_OK);
	assert_int_equal(txn_count(t, TABLE_CHANGES, &after), ERR_OK);
	assert_true(before == after);
	txn_abort(t);
}

static void
test_any_order_of_arrival_ends_alike(void **state)
{
	unsigned round, order;
	size_t i;

	for (round = 0; round < rounds; round++) {
		current_seed = seed = first_seed + round;
		group_make();
		for (order = 0; order < ORDERS; order++) {
			hub_make();
			deliver_in_some_order();
			compare_outcomes(order == 0);
			say_it_again();
			hub_remove();
		}
		for (i = 0; i < contract_count; i++)
			free(expected[i]);
		group_clear();
	}
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
	        test_any_order_of_arrival_ends_alike, say_seed),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
