/* crowded: one record takes so many changes and no more, and who sends others
 * is told so. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/apart.h"
#include "store/crowded.h"
#include "tests/unit/pair.h"

enum { NOW = 1790000000 };

static struct pair pair;
static struct batch batch;

static int
setup(void **state)
{
	(void)state;
	pair_make(&pair);
	batch_init(&batch);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	batch_free(&batch);
	pair_remove(&pair);
	return 0;
}

/* As many merged changes of the record as that, by a node's life. Nothing
 * reads what they say. */
static void
fill(struct db *db, const uint8_t life[LIFE_BYTES], size_t count)
{
	struct identity id = {.kind = "resident", .ref = "R1"};
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	struct change_id change = {.class = 3};
	struct txn *t = pair_begin(db, true);

	snprintf(id.source, sizeof id.source, "%s", pair.clinic.source);
	memcpy(change.life, life, LIFE_BYTES);
	key_record(db, key, &id);
	for (change.seq = 1; change.seq <= count; change.seq++) {
		key_change(key + KEY_RECORD_BYTES, &change);
		pair_must(txn_put(t, TABLE_RECORDS, key, sizeof key, NULL, 0));
	}
	kin_forget(t);
	pair_must(txn_commit(t));
}

static bool
is_crowded(struct db *db, const uint8_t life[LIFE_BYTES], bool is_groups)
{
	struct identity id = {.kind = "resident", .ref = "R1"};
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = pair_begin(db, false);
	bool is;

	snprintf(id.source, sizeof id.source, "%s", pair.clinic.source);
	key_record(db, key, &id);
	assert_int_equal(crowded_is(t, key, life, is_groups, &is), ERR_OK);
	txn_abort(t);
	return is;
}

/* --- counting ------------------------------------------------------------- */

static void
test_one_node_has_its_share(void **state)
{
	const uint8_t other[LIFE_BYTES] = {7};

	(void)state;
	fill(pair.hub_db, pair.clinic.life, CROWDED_BY_ONE - 1);
	assert_false(is_crowded(pair.hub_db, pair.clinic.life, false));
	fill(pair.hub_db, pair.clinic.life, CROWDED_BY_ONE);
	assert_true(is_crowded(pair.hub_db, pair.clinic.life, false));
	assert_false(is_crowded(pair.hub_db, other, false));
	assert_false(is_crowded(pair.hub_db, pair.hub.life, true));
}

/* A new life is the same node. */
static void
test_a_node_has_one_share_in_all_its_lives(void **state)
{
	struct life life = {.id = {0xee}};
	struct txn *t = pair_begin(pair.hub_db, true);

	(void)state;
	memcpy(life.node, pair.clinic.id, NODE_ID_BYTES);
	pair_must(life_write(t, &life));
	pair_must(txn_commit(t));
	fill(pair.hub_db, pair.clinic.life, CROWDED_BY_ONE / 2);
	fill(pair.hub_db, life.id, CROWDED_BY_ONE / 2);
	assert_true(is_crowded(pair.hub_db, life.id, false));
	assert_true(is_crowded(pair.hub_db, pair.clinic.life, false));
}

static void
test_all_together_leave_room_for_the_group(void **state)
{
	const uint8_t one[LIFE_BYTES] = {1}, two[LIFE_BYTES] = {2};

	(void)state;
	/* As many words of the group's about them stop nobody else. */
	fill(pair.hub_db, one, CROWDED_BY_ONE);
	fill(pair.hub_db, pair.hub.life, CROWDED_BY_ONE);
	assert_false(is_crowded(pair.hub_db, pair.clinic.life, false));
	fill(pair.hub_db, two, CROWDED_BY_ALL - 2 * CROWDED_BY_ONE - 1);
	assert_false(is_crowded(pair.hub_db, pair.clinic.life, false));
	fill(pair.hub_db, two, CROWDED_BY_ALL - 2 * CROWDED_BY_ONE);
	assert_true(is_crowded(pair.hub_db, pair.clinic.life, false));
	assert_false(is_crowded(pair.hub_db, pair.hub.life, true));
	fill(pair.hub_db, two, KIN_MAX - 2 * CROWDED_BY_ONE);
	assert_true(is_crowded(pair.hub_db, pair.hub.life, true));
}

/* --- on the way in -------------------------------------------------------- */

static void
write_some(size_t count)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	struct change c;
	size_t i;

	for (i = 0; i < count; i++) {
		pair_change(&c, &pair.clinic, "resident", "R1", "C01",
		    json_pack("{s:i}", "name_no", (int)i));
		pair_must(admit_own(t, &pair.clinic, &c, 2));
		change_clear(&c);
	}
	pair_must(txn_commit(t));
}

static void
carry(struct admitted *out)
{
	struct cursor start = {0};
	struct txn *t = pair_begin(pair.clinic_db, false);

	assert_true(
	    pair_read(t, &pair.clinic, 2, &start, BATCH_CHANGES_MAX, &batch));
	txn_abort(t);
	t = pair_begin(pair.hub_db, true);
	assert_int_equal(admit_from_below(t, &pair.hub, &pair.clinic.chain[0],
	                     &batch, NOW, out),
	    ERR_OK);
	pair_must(txn_commit(t));
}

struct seen {
	size_t rows;
	struct question last;
};

static enum err
see(void *context, const struct question *q)
{
	struct seen *s = context;

	if (q->code != FINDING_MANY_CHANGES)
		return ERR_OK;
	s->rows++;
	s->last = *q;
	return ERR_OK;
}

static struct seen
look(struct db *db)
{
	struct txn *t = pair_begin(db, false);
	struct seen s = {0};

	pair_must(question_walk(t, see, &s));
	txn_abort(t);
	return s;
}

/* Kept as it came, merged into nothing, and one row for all of it. */
static void
test_what_is_too_much_is_kept_apart_and_told_once(void **state)
{
	struct admitted out;
	struct seen s;

	(void)state;
	fill(pair.hub_db, pair.clinic.life, CROWDED_BY_ONE);
	write_some(3);
	carry(&out);
	assert_int_equal(out.fresh, 0);
	assert_int_equal(out.receipt.exception_count, 3);
	assert_int_equal(
	    out.receipt.exceptions[2].reason, FINDING_MANY_CHANGES);
	s = look(pair.hub_db);
	assert_int_equal(s.rows, 1);
	assert_string_equal(s.last.kind, "resident");
	assert_string_equal(s.last.ref, "R1");
	assert_string_equal(s.last.origin, "clinic");
	admitted_free(&out);
}

static void
test_the_author_hears_of_it_once(void **state)
{
	struct txn *t;
	struct admitted out;
	struct seen s;

	(void)state;
	fill(pair.hub_db, pair.clinic.life, CROWDED_BY_ONE);
	write_some(3);
	carry(&out);
	t = pair_begin(pair.clinic_db, true);
	pair_must(apart_returned(t, &out.receipt, "hub", NOW));
	pair_must(txn_commit(t));
	s = look(pair.clinic_db);
	assert_int_equal(s.rows, 1);
	assert_int_equal(s.last.type, QUESTION_RETURNED);
	assert_string_equal(s.last.ref, "R1");
	admitted_free(&out);
}

static void
note_one(void)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = pair_begin(pair.hub_db, true);
	struct change c;

	pair_change(&c, &pair.clinic, "resident", "R1", "C01",
	    json_pack("{s:s}", "name", "a"));
	key_record(pair.hub_db, key, &c.record);
	pair_must(crowded_note(t, &pair.hub, &c, key));
	change_clear(&c);
	pair_must(txn_commit(t));
}

/* The group is not refused; but that no more is judged is said. */
static void
test_more_than_is_judged_is_told_at_the_hub(void **state)
{
	(void)state;
	fill(pair.hub_db, pair.hub.life, KIN_MAX);
	note_one();
	assert_int_equal(look(pair.hub_db).rows, 0);
	fill(pair.hub_db, pair.hub.life, KIN_MAX + 1);
	note_one();
	note_one();
	assert_int_equal(look(pair.hub_db).rows, 1);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(test_one_node_has_its_share),
	    CASE(test_a_node_has_one_share_in_all_its_lives),
	    CASE(test_all_together_leave_room_for_the_group),
	    CASE(test_what_is_too_much_is_kept_apart_and_told_once),
	    CASE(test_the_author_hears_of_it_once),
	    CASE(test_more_than_is_judged_is_told_at_the_hub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
