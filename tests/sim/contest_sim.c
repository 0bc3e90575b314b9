/* contest_sim: the group's word on contracts, whatever the order of arrival.
 *
 * Residents with contracts of several teams: signed, brought along, renewed,
 * replaced, ended, refused by a person; who die, move (some by mistake), come
 * back, are linked and parted; some of one household, whose teams may differ.
 * Another org begins some too, or changes their terms; some links are a
 * clinic's; who says that somebody died may take his file, with a right or not;
 * and of all of that the group sets some aside, for good or not. Two programs
 * name them, which both count from one; some clocks are wrong. The changes
 * reach a hub in random orders and groups. In the end every contract stands
 * alike, and saying it again writes nothing; of one person no two run at a
 * time, what is contested is asked about, and no clock that was wrong keeps a
 * contract alive or ends it too early. Usage: contest_sim [SEED [ROUNDS]].
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
#include "store/linked.h"
#include "store/matter.h"
#include "store/rules.h"
#include "store/value.h"
#include "tests/unit/scratch.h"

/* After every day that the group invents: 2026-08-01. */
#define SIM_NOW INT64_C(1785513600)

enum { RESIDENTS = 8, SOURCES = 2, CHANGES_MOST = 400, ORDERS = 4, NODES = 4 };

static const char *const sources[SOURCES] = {"his", "b"};

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
static struct contract {
	const char *source;
	char ref[16];
	bool names_end, is_amended; /* by whomever: its last day; its terms */
} contracts[CHANGES_MOST];
static size_t contract_count, counted[SOURCES];
static struct resident {
	char ref[16];
	const char *source, *status; /* as it is in the end */
	bool is_guessed;             /* said by a clock that was wrong */
} residents[RESIDENTS];

/* By a node; parent SIZE_MAX: it founds the record. */
static size_t
make(const char *source, const char *kind, const char *ref, int node,
    size_t parent, json_t *fields)
{
	struct change *c = &made[made_count];

	assert_true(made_count < CHANGES_MOST);
	assert_non_null(fields);
	change_init(c);
	c->id.life[0] = (uint8_t)(node + 1);
	c->id.class = 1;
	c->id.seq = ++seqs[node];
	snprintf(c->record.source, sizeof c->record.source, "%s", source);
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
step(struct contract *of, int node, size_t parent, const char *state,
    const char *reason)
{
	json_t *fields = json_pack("{s:s}", "state", state);

	if (reason != NULL) {
		json_object_set_new(fields, "end_reason", json_string(reason));
		if (draw(2) == 0) {
			json_object_set_new(fields, "ended_on", some_day(2026));
			of->names_end = true;
		}
	}
	make(of->source, "contract", of->ref, node, parent, fields);
}

/* By its team or another's. */
static void
amend(struct contract *of, size_t parent)
{
	static const char *const names[] = {
	    "signed_on", "start_on", "end_on", "resident_id", "replaces_id"};
	size_t n = draw(5);

	of->is_amended = true;
	make(of->source, "contract", of->ref, (int)draw(3), parent,
	    json_pack("{s:o}", names[n],
	        n < 3
	            ? some_day(2026 + (n == 2))
	            : json_sprintf("ref:%c%zu", n == 3 ? 'R' : 'K', draw(4))));
}

/* Both programs count from one. */
static void
make_contract(size_t resident, const char *before)
{
	struct contract *k = &contracts[contract_count++];
	int node = (int)draw(3);
	json_t *fields;
	size_t c;

	k->source = residents[resident].source;
	k->names_end = k->is_amended = false;
	snprintf(k->ref, sizeof k->ref, "K%zu", counted[resident % SOURCES]++);
	fields = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "resident_id",
	    json_sprintf("ref:%s", residents[resident].ref), "state",
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
	c = make(k->source, "contract", k->ref, node, SIZE_MAX, fields);
	if (draw(4) == 0)
		step(
		    k, node, c, "ending", draw(2) == 0 ? "resident" : "breach");
	if (draw(8) == 0)
		step(k, node, c, "closed", "moved");
	if (draw(6) == 0)
		step(k, GROUP, c, "refused", NULL);
	if (draw(3) == 0)
		amend(k, c);
	if (draw(8) == 0)
		make(k->source, "contract", k->ref, (int)draw(3), SIZE_MAX,
		    json_pack("{s:s, s:o}", "state",
		        draw(2) == 0 ? "signed" : "ending", "start_on",
		        some_day(2026)));
	if (draw(6) == 0)
		make(k->source, "contract", k->ref, node, c,
		    json_pack("{s:o}", "household_no",
		        draw(2) == 0 ? json_null()
		                     : json_sprintf("%zu", draw(2))));
}

/* He may go, come back and go again. */
static void
make_status(struct resident *who, size_t parent)
{
	static const char *const words[] = {"moved_away", "dead", "living"};
	size_t n = draw(4), c;

	who->status = "living";
	while (n-- > 0 && draw(2) == 0) {
		const char *word = words[draw(3)];
		bool again = strcmp(word, who->status) == 0;

		who->status = word;
		c = make(who->source, "resident", who->ref, (int)draw(NODES),
		    parent, json_pack("{s:s}", "status", who->status));
		made[c].managing = draw(2) == 0;
		if (draw(3) == 0)
			json_object_set_new(made[c].fields, "managing_org_id",
			    json_sprintf("ref:%s", orgs[draw(3)]));
		who->is_guessed = made[c].clock == CLOCK_SUSPECT &&
		                  (!again || who->is_guessed);
		parent = c;
	}
}

/* The day may have to be that of the word. */
static void
make_move(const struct resident *who, size_t i)
{
	json_t *fields = json_pack("{s:s, s:o, s:o, s:o}", "state",
	    draw(3) == 0 ? "requested" : "confirmed", "resident_id",
	    json_sprintf("ref:%s", who->ref), "from_org",
	    json_sprintf("ref:%s", orgs[draw(3)]), "to_org",
	    json_sprintf("ref:%s", orgs[draw(3)]));
	char name[16];
	size_t m;

	snprintf(name, sizeof name, "M%zu", i / SOURCES);
	if (draw(3) > 0)
		json_object_set_new(fields, "moved_on", some_day(2026));
	m = make(who->source, "move", name, GROUP, SIZE_MAX, fields);
	if (draw(2) == 0)
		make(who->source, "move", name, GROUP, m,
		    json_pack("{s:s}", "state", "undone"));
}

/* The sources may be left out where both are of the link's own. */
static void
make_link(const struct resident *who, const struct resident *other, size_t i)
{
	bool is_plain = who->source == other->source && draw(2) == 0;
	const char *source = is_plain ? who->source : "";
	char name[16];
	json_t *fields;
	size_t l;

	snprintf(name, sizeof name, "L%zu", i);
	fields = json_pack("{s:s, s:o, s:o}", "state", "linked", "resident_id",
	    json_sprintf("ref:%s", who->ref), "other_id",
	    json_sprintf("ref:%s", other->ref));
	if (!is_plain) {
		json_object_set_new(
		    fields, "resident_source", json_string(who->source));
		json_object_set_new(
		    fields, "other_source", json_string(other->source));
	}
	l = make(source, "link", name, draw(3) == 0 ? (int)draw(3) : GROUP,
	    SIZE_MAX, fields);
	if (draw(3) == 0)
		make(source, "link", name, GROUP, l,
		    json_pack("{s:s}", "state", "undone"));
}

static void
make_resident(size_t i)
{
	struct resident *who = &residents[i];
	size_t n = draw(4), r;
	const char *before = NULL;

	who->source = sources[i % SOURCES];
	who->is_guessed = false;
	snprintf(who->ref, sizeof who->ref, "R%zu", i / SOURCES);
	r = make(who->source, "resident", who->ref, (int)draw(3), SIZE_MAX,
	    json_pack("{s:s, s:s, s:o}", "name", "x", "status", "living",
	        "managing_org_id", json_sprintf("ref:%s", orgs[draw(3)])));
	while (n-- > 0) {
		make_contract(i, before);
		before = contracts[contract_count - 1].ref;
	}
	make_status(who, r);
	if (draw(4) == 0)
		make_move(who, i);
	if (draw(3) == 0 && i / 2 != i)
		make_link(who, &residents[i / 2], i);
}

/* What is said of him is not what stands any more. */
static void
forget_clock(const struct change *of)
{
	size_t i;

	for (i = 0; i < RESIDENTS; i++)
		if (strcmp(residents[i].ref, of->record.ref) == 0 &&
		    strcmp(residents[i].source, of->record.source) == 0)
			residents[i].is_guessed = false;
}

/* The group sets some of it aside, and lets some of that stand after all; by
 * words that follow each other, or do not. */
static void
make_words(void)
{
	size_t count = made_count, i, w;
	char id[48];

	for (i = 0; i < count; i++) {
		const struct change *of = &made[i];
		const char *kind = of->record.kind;

		if (draw(8) > 0 ||
		    (of->parent_count == 0 && strcmp(kind, "link") != 0))
			continue;
		matter_change_id(&of->id, id);
		w = make(of->record.source, kind, of->record.ref, GROUP, i,
		    json_pack("{s:[s]}", MERGE_SET_ASIDE, id));
		if (strcmp(kind, "resident") == 0)
			forget_clock(of);
		if (draw(3) == 0)
			make(of->record.source, kind, of->record.ref, GROUP, w,
			    json_pack("{s:n}", MERGE_SET_ASIDE));
	}
}

static void
group_make(void)
{
	size_t i;

	made_count = contract_count = 0;
	memset(seqs, 0, sizeof seqs);
	memset(counted, 0, sizeof counted);
	for (i = 0; i < RESIDENTS; i++)
		make_resident(i);
	make_words();
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
	    "contested_with", "contested_sources", "holder_id", "holder_source",
	    "end_is_guessed", "household_with", "household_sources", NULL};
	uint8_t key[KEY_RECORD_BYTES];
	json_t *shown = json_object();
	struct record r;
	size_t n;
	char *text;

	key_record_of(
	    db, key, contracts[i].source, "contract", contracts[i].ref);
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
			print_error("%s/%s: %s instead of %s\n",
			    contracts[i].source, contracts[i].ref, text,
			    expected[i]);
		free(text);
	}
	txn_abort(t);
	assert_int_equal(wrong, 0);
}

/* --- what holds of every end -----------------------------------------------
 */

static struct record ends[CHANGES_MOST];
static uint8_t people[CHANGES_MOST][KEY_RECORD_BYTES];

static bool
is_one_person(struct txn *t, size_t i, size_t j)
{
	struct linked all;
	size_t n;

	assert_int_equal(linked_all(t, people[i], &all), ERR_OK);
	for (n = 0; n < all.count; n++)
		if (memcmp(all.key[n], people[j], KEY_RECORD_BYTES) == 0)
			return true;
	return false;
}

static bool
names(size_t i, const char *field, size_t j)
{
	const char *ref = rule_ref(ends[i].fields, field);

	return ref != NULL && strcmp(ref, contracts[j].ref) == 0 &&
	       contracts[i].source == contracts[j].source;
}

static bool
run_at_once(size_t i, size_t j)
{
	const json_t *a = ends[i].fields, *b = ends[j].fields;

	return !contracts[i].is_amended && !contracts[j].is_amended &&
	       rule_state_is(a, "active") && rule_state_is(b, "active") &&
	       strcmp(rule_day(a, "start_on"), rule_day(b, "end_on")) <= 0 &&
	       strcmp(rule_day(b, "start_on"), rule_day(a, "end_on")) <= 0 &&
	       !names(i, "renews_id", j) && !names(j, "renews_id", i);
}

static enum err
count_asked(void *context, const struct question *q)
{
	size_t *count = context;

	*count += q->type == QUESTION_MATTER && q->code == FINDING_CONTESTED;
	return ERR_OK;
}

/* One question for each that is lower than all its rivals. */
static bool
is_lowest(size_t i)
{
	const json_t *refs = json_object_get(ends[i].fields, "contested_with");
	const json_t *from =
	    json_object_get(ends[i].fields, "contested_sources");
	const char *ref = json_string_value(json_array_get(refs, 0)) + 4;
	const char *source = json_string_value(json_array_get(from, 0));
	int order = strcmp(contracts[i].ref, ref);

	if (order == 0 && source != NULL)
		order = strcmp(contracts[i].source, source);
	assert_int_not_equal(order, 0); /* with itself */
	return order < 0;
}

static void
check_asked(struct txn *t)
{
	size_t i, contested = 0, lowest = 0, asked = 0;

	for (i = 0; i < contract_count; i++)
		if (rule_state_is(ends[i].fields, "contested")) {
			contested++;
			lowest += is_lowest(i);
		}
	assert_int_equal(question_walk(t, count_asked, &asked), ERR_OK);
	assert_int_equal(asked, lowest);
	assert_true(contested == 0 || asked > 0);
}

/* Of the residents as they were made. */
static void
check_clocks(size_t i)
{
	const json_t *f = ends[i].fields;
	const char *signed_on = rule_day(f, "signed_on");
	const char *ended_on = rule_day(f, "ended_on");
	size_t n;

	if (ended_on != NULL && !contracts[i].names_end)
		assert_true(strcmp(signed_on, ended_on) <= 0);
	for (n = 0; n < RESIDENTS; n++) {
		uint8_t key[KEY_RECORD_BYTES];

		key_record_of(
		    db, key, residents[n].source, "resident", residents[n].ref);
		if (memcmp(key, people[i], sizeof key) == 0 &&
		    residents[n].is_guessed &&
		    strcmp(residents[n].status, "living") != 0)
			assert_false(rule_state_is(f, "active") ||
			             rule_state_is(f, "contested"));
	}
}

static void
check_ends(void)
{
	struct txn *t = begin(false);
	uint8_t key[KEY_RECORD_BYTES];
	size_t i, j;

	for (i = 0; i < contract_count; i++) {
		key_record_of(
		    db, key, contracts[i].source, "contract", contracts[i].ref);
		assert_int_equal(record_read(t, key, &ends[i]), ERR_OK);
		key_record_of(db, people[i], contracts[i].source, "resident",
		    rule_ref(ends[i].fields, "resident_id"));
	}
	for (i = 0; i < contract_count; i++)
		for (j = 0; j < i; j++)
			if (run_at_once(i, j))
				assert_false(is_one_person(t, i, j));
	for (i = 0; i < contract_count; i++)
		if (!contracts[i].is_amended)
			check_clocks(i);
	check_asked(t);
	for (i = 0; i < contract_count; i++)
		record_clear(&ends[i]);
	txn_abort(t);
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
			check_ends();
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
