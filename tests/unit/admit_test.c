/* admit: what comes from above, what comes back, and what is never done. The
 * way up is in tests/sim/admit_sim.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/apart.h"
#include "tests/unit/pair.h"

enum { NOW = 1790000000 };

static struct pair pair;
static struct batch batch;

static int
setup(void **state)
{
	pair_make(&pair);
	batch_init(&batch);
	snprintf(batch.list.name, sizeof batch.list.name, "org:C01");
	batch.list.class = 2;
	return 0;
}

static int
teardown(void **state)
{
	batch_free(&batch);
	pair_remove(&pair);
	return 0;
}

/* A change of somebody's, at the end of the batch. */
static void
add(const uint8_t life[LIFE_BYTES], uint64_t seq, const char *kind,
    const char *ref, json_t *fields)
{
	struct batch_change *bc = &batch.changes[batch.change_count++];
	struct change c;

	memset(bc, 0, sizeof *bc);
	pair_change(&c, &pair.hub, kind, ref, "C01", fields);
	memcpy(c.id.life, life, LIFE_BYTES);
	c.id.class = 2;
	c.id.seq = seq;
	bc->id = c.id;
	bc->body_at = batch.bytes.size;
	pair_must(change_encode(&c, &batch.bytes));
	bc->body_bytes = batch.bytes.size - bc->body_at;
	batch.end.epoch = 4;
	batch.end.place++;
	batch.end.running++;
	change_clear(&c);
}

static enum err
take(struct admitted *out)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	enum err e = admit_from_above(
	    t, &pair.clinic, &pair.hub.chain[0], &batch, NOW, out);

	if (e == ERR_OK)
		pair_must(txn_commit(t));
	else
		txn_abort(t);
	return e;
}

static uint64_t
rows(enum table table)
{
	struct txn *t = pair_begin(pair.clinic_db, false);
	uint64_t n = 0;

	pair_must(txn_count(t, table, &n));
	txn_abort(t);
	return n;
}

static void
test_what_comes_from_above_is_merged_and_not_sent_back(void **state)
{
	const uint8_t life[LIFE_BYTES] = {9};
	struct admitted out;

	add(life, 1, "resident", "R1", json_pack("{s:s}", "name", "a"));
	add(pair.hub.life, 1, "drug", "D", json_pack("{s:s}", "name", "b"));
	assert_int_equal(take(&out), ERR_OK);
	assert_int_equal(out.fresh, 2);
	assert_int_equal(out.receipt.cursor.place, 2);
	admitted_free(&out);
	assert_int_equal(rows(TABLE_RECORDS), 2);
	assert_int_equal(rows(TABLE_LISTS), 0);
	assert_int_equal(take(&out), ERR_OK); /* again */
	assert_int_equal(out.fresh, 0);
	assert_int_equal(out.known, 2);
	admitted_free(&out);
	assert_int_equal(rows(TABLE_RECORDS), 2);
}

static void
test_unreadable_change_is_kept_and_the_rest_flows(void **state)
{
	const uint8_t life[LIFE_BYTES] = {9};
	struct admitted out;
	uint64_t waiting;
	struct txn *t;

	add(life, 1, "resident", "R1", json_pack("{s:s}", "name", "a"));
	add(life, 2, "resident", "R2", json_pack("{s:s}", "name", "b"));
	batch.bytes.data[batch.changes[0].body_at] = 0;
	assert_int_equal(take(&out), ERR_OK);
	assert_int_equal(out.fresh, 1);
	assert_int_equal(out.receipt.exception_count, 1);
	assert_int_equal(out.receipt.exceptions[0].reason, FINDING_BODY);
	assert_int_equal(out.receipt.exceptions[0].id.seq, 1);
	admitted_free(&out);
	assert_int_equal(rows(TABLE_CHANGES), 2);
	assert_int_equal(rows(TABLE_RECORDS), 1);
	t = pair_begin(pair.clinic_db, false);
	pair_must(question_count(t, &waiting));
	txn_abort(t);
	assert_int_equal(waiting, 1);
}

static void
test_same_id_with_another_body_never_replaces(void **state)
{
	const uint8_t life[LIFE_BYTES] = {9};
	struct stored before, after;
	struct admitted out;
	struct change_id id;
	struct txn *t;
	int i;

	add(life, 1, "resident", "R1", json_pack("{s:s}", "name", "a"));
	id = batch.changes[0].id;
	assert_int_equal(take(&out), ERR_OK);
	admitted_free(&out);
	stored_init(&before);
	stored_init(&after);
	t = pair_begin(pair.clinic_db, false);
	pair_must(stored_read(t, &id, &before));
	txn_abort(t);
	for (i = 0; i < 2; i++) { /* both others are kept for a person */
		batch.bytes.data[batch.bytes.size - 1] ^= (uint8_t)(1 + i);
		assert_int_equal(take(&out), ERR_OK);
		assert_int_equal(
		    out.receipt.exceptions[0].reason, FINDING_CLASH);
		admitted_free(&out);
		assert_int_equal(rows(TABLE_QUESTIONS), i + 1);
	}
	t = pair_begin(pair.clinic_db, false);
	pair_must(stored_read(t, &id, &after));
	txn_abort(t);
	assert_int_equal(before.body.size, after.body.size);
	assert_memory_equal(
	    before.body.data, after.body.data, before.body.size);
	stored_free(&before);
	stored_free(&after);
}

/* After a restore that nobody noticed the parent has what this store lost. */
static void
test_own_number_that_came_from_above_is_never_written_over(void **state)
{
	struct admitted out;
	struct change c;
	struct txn *t;

	add(pair.clinic.life, 1, "resident", "R1",
	    json_pack("{s:s}", "name", "lost"));
	assert_int_equal(take(&out), ERR_OK);
	admitted_free(&out);
	assert_int_equal(rows(TABLE_LISTS), 0);
	t = pair_begin(pair.clinic_db, true);
	pair_change(&c, &pair.clinic, "resident", "R2", "C01",
	    json_pack("{s:s}", "name", "new"));
	assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_FORK);
	/* With a new life it goes on. */
	pair_must(self_new_life(t, &pair.clinic, NOW));
	assert_int_equal(admit_own(t, &pair.clinic, &c, 2), ERR_OK);
	pair_must(txn_commit(t));
	change_clear(&c);
	assert_int_equal(rows(TABLE_CHANGES), 2);
}

static void
test_returned_change_is_asked_about_once(void **state)
{
	struct exception x = {{{0}, 2, 1}, FINDING_ORG_OUTSIDE};
	struct receipt receipt = {.exception_count = 1, .exceptions = &x};
	struct change c;
	struct txn *t = pair_begin(pair.clinic_db, true);
	uint64_t waiting;
	int i;

	pair_change(&c, &pair.clinic, "resident", "R1", "C99",
	    json_pack("{s:s}", "name", "a"));
	pair_must(admit_own(t, &pair.clinic, &c, 2));
	x.id = c.id;
	for (i = 0; i < 2; i++)
		pair_must(apart_returned(t, &receipt, "hub", NOW));
	pair_must(question_count(t, &waiting));
	assert_int_equal(waiting, 1);
	txn_abort(t);
	change_clear(&c);
}

static void
test_given_up_transport_key_opens_no_door(void **state)
{
	struct txn *t = pair_begin(pair.hub_db, true);
	uint8_t old[KEY_BYTES];
	struct node n;

	memcpy(old, pair.clinic.transport.public, KEY_BYTES);
	pair_must(index_node_by_key(t, old, &n));
	n.cert.transport_key[0] ^= 1;
	pair_must(index_node_write(t, &n));
	assert_int_equal(index_node_by_key(t, old, &n), ERR_NOT_FOUND);
	old[0] ^= 1;
	assert_int_equal(index_node_by_key(t, old, &n), ERR_OK);
	txn_abort(t);
}

/* --- another org --------------------------------------------------------- */

static void
hub_writes_org(const char *ref, const char *parent)
{
	struct txn *t = pair_begin(pair.hub_db, true);
	char above[80];
	struct change c;

	snprintf(above, sizeof above, "ref:%s", parent);
	pair_change(&c, &pair.hub, "org", ref, "G",
	    json_pack("{s:s, s:s, s:s}", "name", ref, "level", "village",
	        "parent_org_id", above));
	pair_must(admit_own(t, &pair.hub, &c, 3));
	pair_must(apart_judge_again(t, &pair.hub));
	pair_must(txn_commit(t));
	change_clear(&c);
}

/* Changes of the clinic in the names of V1 and, each twentieth, V2. */
static void
clinic_writes_for_others(size_t count)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	size_t i;

	for (i = 0; i < count; i++) {
		struct change c;
		char ref[24];

		snprintf(ref, sizeof ref, "f%zu", i);
		pair_change(&c, &pair.clinic, "resident", ref,
		    i % 20 == 0 ? "V2" : "V1", json_pack("{s:s}", "name", ref));
		pair_must(admit_own(t, &pair.clinic, &c, 2));
		change_clear(&c);
	}
	pair_must(txn_commit(t));
}

/* The next batch up; false at the end. */
static bool
carry(struct cursor *at, size_t most)
{
	struct txn *t = pair_begin(pair.clinic_db, false);
	bool any = pair_read(t, &pair.clinic, 2, at, most, &batch);

	txn_abort(t);
	return any;
}

static void
deliver(struct admitted *out)
{
	struct txn *t = pair_begin(pair.hub_db, true);

	assert_int_equal(admit_from_below(t, &pair.hub, &pair.clinic.chain[0],
	                     &batch, NOW, out),
	    ERR_OK);
	pair_must(txn_commit(t));
}

static void
expect_hub(uint64_t waiting, uint64_t records, uint64_t v1, uint64_t v2)
{
	struct txn *t = pair_begin(pair.hub_db, false);
	const char *const names[] = {"org:V1", "org:V2"};
	uint64_t n, listed[2] = {0, 0};
	size_t i;

	pair_must(question_count(t, &n));
	assert_int_equal(n, waiting);
	pair_must(txn_count(t, TABLE_RECORDS, &n));
	assert_int_equal(n, records);
	for (i = 0; i < 2; i++) {
		struct audience a;
		struct cursor end;

		if (audience_read(t, names[i], &a) == ERR_OK) {
			pair_must(list_end(t, &a, 2, &end));
			listed[i] = end.place;
		}
	}
	assert_int_equal(listed[0], v1);
	assert_int_equal(listed[1], v2);
	txn_abort(t);
}

/* More of them than a batch holds. */
static void
test_other_orgs_wait_apart_until_the_tree_knows_them(void **state)
{
	enum { FOREIGN = 700, OF_V2 = FOREIGN / 20 };
	struct cursor at = {0};
	struct admitted out;
	size_t i;

	clinic_writes_for_others(FOREIGN);
	while (carry(&at, 100)) {
		deliver(&out);
		assert_int_equal(
		    out.receipt.exception_count, batch.change_count);
		for (i = 0; i < out.receipt.exception_count; i++)
			assert_int_equal(out.receipt.exceptions[i].reason,
			    FINDING_ORG_OUTSIDE);
		at = out.receipt.cursor;
		admitted_free(&out);
		deliver(&out); /* still excepted, and not asked twice */
		assert_int_equal(out.known, batch.change_count);
		assert_int_equal(
		    out.receipt.exception_count, batch.change_count);
		admitted_free(&out);
	}
	expect_hub(FOREIGN, 0, 0, 0);
	hub_writes_org("C01", "T01");
	expect_hub(FOREIGN, 1, 0, 0);
	hub_writes_org("V2", "C01");
	expect_hub(FOREIGN - OF_V2, 2 + OF_V2, 0, OF_V2);
	hub_writes_org("V1", "C01");
	expect_hub(0, 3 + FOREIGN, FOREIGN - OF_V2, OF_V2);
}

static void
test_ring_of_orgs_lets_nobody_in(void **state)
{
	struct txn *t;

	hub_writes_org("A", "B");
	hub_writes_org("B", "A");
	t = pair_begin(pair.hub_db, false);
	assert_false(org_within(t, &pair.clinic.chain[0], "A"));
	assert_true(org_within(t, &pair.clinic.chain[0], "C01"));
	txn_abort(t);
}

/* --- the group's word ---------------------------------------------------- */

/* Own changes of the clinic, as a program that was tampered with would write
 * them. */
static void
clinic_writes(const char *ref, const struct change_id *seen, json_t *fields,
    struct change_id *out)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	struct change c;

	pair_change(&c, &pair.clinic, "contract", ref, "C01", fields);
	if (seen != NULL) {
		c.parent_count = 1;
		c.parents[0].id = *seen;
	}
	pair_must(admit_own(t, &pair.clinic, &c, 2));
	*out = c.id;
	change_clear(&c);
	pair_must(txn_commit(t));
}

static json_t *
state_of(const char *name)
{
	return json_pack("{s:s}", "state", name);
}

/* By the change and the certificate alone: active is the group's to say of a
 * contract that is known, and history of one that is not; contested is never
 * history; and nobody else sets changes aside, or takes claims back. */
static void
test_a_step_of_the_groups_is_kept_apart(void **state)
{
	struct cursor at = {0};
	struct change_id first, id;
	struct admitted out;
	size_t i;

	clinic_writes("k1", NULL, state_of("signed"), &first);
	clinic_writes("k2", NULL, state_of("active"), &id);
	clinic_writes("k1", &first, state_of("ending"), &id);
	clinic_writes("k1", &first, state_of("active"), &id);
	clinic_writes("k3", NULL, state_of("contested"), &id);
	clinic_writes("k1", &first,
	    json_pack("{s:[s]}", MERGE_SET_ASIDE, "0123456789abcdef-2-1"), &id);
	clinic_writes("k1", &first,
	    json_pack("{s:[s]}", MERGE_UNMANAGED, "0123456789abcdef-2-1"), &id);
	assert_true(carry(&at, 100));
	deliver(&out);
	assert_int_equal(out.fresh, 3);
	assert_int_equal(out.receipt.exception_count, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(
		    out.receipt.exceptions[i].reason, FINDING_GROUP_ONLY_STATE);
		assert_int_equal(
		    out.receipt.exceptions[i].id.seq, first.seq + 3 + i);
	}
	admitted_free(&out);
	expect_hub(4, 3, 0, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_what_comes_from_above_is_merged_and_not_sent_back),
	    CASE(test_unreadable_change_is_kept_and_the_rest_flows),
	    CASE(test_same_id_with_another_body_never_replaces),
	    CASE(test_own_number_that_came_from_above_is_never_written_over),
	    CASE(test_returned_change_is_asked_about_once),
	    CASE(test_other_orgs_wait_apart_until_the_tree_knows_them),
	    CASE(test_ring_of_orgs_lets_nobody_in),
	    CASE(test_a_step_of_the_groups_is_kept_apart),
	    CASE(test_given_up_transport_key_opens_no_door),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
