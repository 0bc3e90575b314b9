/* crowded: one record takes so many changes and no more, and who sends others
 * is told so. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/apart.h"
#include "store/contest_settle.h"
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

/* --- whose it is ---------------------------------------------------------- */

#define FOUNDER "F1" /* org of who began it */

/* A node of one org, known at the hub by its life: {n}. */
static struct cert
meet(uint8_t n, const char *org)
{
	struct node node = {.cert = pair.clinic.chain[0]};
	struct life life = {.id = {n}};
	struct txn *t = pair_begin(pair.hub_db, true);

	memset(node.cert.signing_key, n, KEY_BYTES);
	memset(node.cert.transport_key, n, KEY_BYTES);
	snprintf(node.cert.orgs[0], sizeof node.cert.orgs[0], "%s", org);
	node_id_of(life.node, node.cert.signing_key);
	pair_must(index_node_write(t, &node));
	pair_must(life_write(t, &life));
	pair_must(txn_commit(t));
	return node.cert;
}

/* Of the record of a program, seen by nobody else: a beginning; else it has
 * seen one that is not here. */
static void
make(struct change *c, uint8_t n, uint64_t seq, const char *org, bool begins)
{
	change_init(c);
	snprintf(c->record.source, sizeof c->record.source, "his");
	snprintf(c->record.kind, sizeof c->record.kind, "encounter");
	snprintf(c->record.ref, sizeof c->record.ref, "E1");
	c->id = (struct change_id){.life = {n}, .class = 3, .seq = seq};
	c->parent_count = begins ? 0 : 1;
	c->parents[0].id =
	    (struct change_id){.life = {0xfe}, .class = 3, .seq = 1};
	snprintf(c->by, sizeof c->by, "D1");
	snprintf(c->org, sizeof c->org, "%s", org);
	c->occurred_at = c->recorded_at = NOW;
	c->fields = json_pack("{s:s}", "department", "x");
}

/* Merged at the hub; what else follows from it is not of interest. Takes c. */
static void
place(struct change *c)
{
	uint8_t key[KEY_RECORD_CHANGE_BYTES];
	struct buffer body = {0};
	struct txn *t = pair_begin(pair.hub_db, true);

	pair_must(change_encode(c, &body));
	pair_must(stored_write(t, &c->id, 0, 0, 7, body.data, body.size));
	key_record(pair.hub_db, key, &c->record);
	key_change(key + KEY_RECORD_BYTES, &c->id);
	pair_must(txn_put(t, TABLE_RECORDS, key, sizeof key, NULL, 0));
	pair_must(txn_commit(t));
	buffer_free(&body);
	change_clear(c);
}

/* Of node n from number `from` on; a beginning has number 1. */
static void
write_of(uint8_t n, const char *org, uint64_t from, size_t count, bool begins)
{
	struct change c;
	size_t i;

	for (i = 0; i < count; i++) {
		make(&c, n, from + i, org, begins && i == 0);
		place(&c);
	}
}

static bool
is_apart(uint8_t n, const struct cert *author, bool begins)
{
	struct txn *t = pair_begin(pair.hub_db, true);
	struct change c;
	bool is;

	make(&c, n, 1000, author->orgs[0], begins);
	is = crowded_is_apart(t, &c, author);
	txn_abort(t);
	change_clear(&c);
	return is;
}

static void
test_strangers_have_a_part_however_many_they_are(void **state)
{
	struct cert founder = meet(1, FOUNDER), more = meet(5, "X4");
	struct cert one = meet(2, "X1");
	struct change c;
	uint64_t n;

	(void)state;
	meet(3, "X2");
	meet(4, "X3");
	write_of(1, FOUNDER, 1, 100, true);
	write_of(2, "X1", 1, 43, false);
	write_of(3, "X2", 1, 43, false);
	write_of(4, "X3", 1, CROWDED_BY_STRANGERS - 87, false);
	assert_false(is_apart(5, &more, false));
	write_of(4, "X3", 100, 1, false);
	assert_true(is_apart(5, &more, false));
	assert_true(is_apart(2, &one, false));
	assert_false(is_apart(1, &founder, false));
	/* As many words of the group's take no room from him. */
	for (n = 1; n <= CROWDED_BY_STRANGERS; n++) {
		make(&c, 0, n, "H01", false);
		memcpy(c.id.life, pair.hub.life, LIFE_BYTES);
		place(&c);
	}
	assert_false(is_apart(1, &founder, false));
}

/* Whoever it is of: two that say so, and neither is pushed out. */
static void
test_who_may_have_begun_it_has_a_share(void **state)
{
	struct cert a = meet(1, FOUNDER), b = meet(2, "X1");
	struct cert stranger = meet(3, "X2");

	(void)state;
	write_of(3, "X2", 1, CROWDED_BY_STRANGERS, false);
	write_of(1, FOUNDER, 1, 1, true);
	write_of(2, "X1", 1, 1, true);
	assert_true(is_apart(3, &stranger, false));
	assert_false(is_apart(1, &a, false));
	write_of(2, "X1", 2, CROWDED_BY_DOUBTED - 1, false);
	assert_true(is_apart(2, &b, false));
	assert_false(is_apart(1, &a, false));
	/* One more that says so finds room for that. */
	assert_false(
	    is_apart(4, &(struct cert){.org_count = 1, .orgs = {"X3"}}, true));
}

/* By saying so a crowd gets no more: what all say nobody has a share for. */
static void
test_a_crowd_that_says_it_began_it_gets_no_share(void **state)
{
	struct cert last = {.org_count = 1};
	char org[8];
	uint8_t n;

	(void)state;
	for (n = 1; n <= CROWDED_SHARES_MAX; n++) {
		snprintf(org, sizeof org, "X%u", n);
		last = meet(n, org);
		write_of(n, org, 1, 16, true);
	}
	assert_false(is_apart(n - 1, &last, false));
	assert_true(
	    is_apart(n, &(struct cert){.org_count = 1, .orgs = {"X9"}}, true));
	meet(n, "X9");
	write_of(n, "X9", 1, 1, true);
	assert_true(is_apart(n - 1, &last, false));
	/* Nor does one more that says so, or one that says it again. */
	assert_true(is_apart(
	    n + 1, &(struct cert){.org_count = 1, .orgs = {"XA"}}, true));
	assert_true(is_apart(n - 1, &last, true));
}

/* A ref that a store gave says who began it, before that is here. */
static void
test_who_gave_the_ref_finds_room_before_he_began_it(void **state)
{
	struct cert founder = meet(1, FOUNDER), stranger = meet(2, "X1");
	struct txn *t;
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i <= CROWDED_BY_STRANGERS; i++) {
		make(&c, i == 0 ? 1 : 2, i + 2, i == 0 ? FOUNDER : "X1", false);
		change_founded_ref(
		    &(struct change_id){.life = {1}, .class = 3, .seq = 1},
		    c.record.ref, sizeof c.record.ref);
		place(&c);
	}
	t = pair_begin(pair.hub_db, true);
	make(&c, 1, 1000, FOUNDER, false);
	change_founded_ref(
	    &(struct change_id){.life = {1}, .class = 3, .seq = 1},
	    c.record.ref, sizeof c.record.ref);
	assert_false(crowded_is_apart(t, &c, &founder));
	c.id.life[0] = 2;
	assert_true(crowded_is_apart(t, &c, &stranger));
	change_clear(&c);
	txn_abort(t);
}

/* Who keeps a file is it by the word of who began it, and by no word of his
 * own, whatever he says that he had seen. */
static void
test_who_keeps_a_file_rightly_finds_room(void **state)
{
	struct cert keeper = meet(1, "K1"), liar = meet(2, "X1");
	struct txn *t;
	struct change c;
	size_t i;

	(void)state;
	meet(3, FOUNDER);
	for (i = 0; i < CROWDED_BY_STRANGERS + 2; i++) {
		make(
		    &c, i == 0 ? 3 : 2, i + 1, i == 0 ? FOUNDER : "X1", i == 0);
		snprintf(c.record.kind, sizeof c.record.kind, "resident");
		if (i < 2)
			json_object_set_new(c.fields, "managing_org_id",
			    json_string(i == 0 ? "ref:K1" : "ref:X1"));
		place(&c);
	}
	t = pair_begin(pair.hub_db, true);
	make(&c, 1, 1000, "K1", false);
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	assert_false(crowded_is_apart(t, &c, &keeper));
	c.id.life[0] = 2;
	assert_true(crowded_is_apart(t, &c, &liar));
	change_clear(&c);
	txn_abort(t);
}

/* --- looking again -------------------------------------------------------- */

static size_t
count_here(void)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = pair_begin(pair.hub_db, false);
	size_t count;

	key_record_of(pair.hub_db, key, "his", "encounter", "E1");
	pair_must(record_changes(t, key, KIN_MAX, &count));
	txn_abort(t);
	return count;
}

/* Written by the clinic, of C01, and carried to the hub. */
static void
send(bool begins, struct admitted *out)
{
	struct txn *t = pair_begin(pair.clinic_db, true);
	struct change c;

	make(&c, 0, 0, "C01", begins);
	pair_must(admit_own(t, &pair.clinic, &c, 2));
	pair_must(txn_commit(t));
	change_clear(&c);
	carry(out);
}

/* What he did before his beginning came is merged when that comes. */
static void
test_who_is_known_late_loses_nothing(void **state)
{
	struct admitted out;

	(void)state;
	meet(1, "X1");
	write_of(1, "X1", 1, CROWDED_BY_STRANGERS, false);
	send(false, &out);
	assert_int_equal(out.receipt.exception_count, 1);
	assert_int_equal(count_here(), CROWDED_BY_STRANGERS);
	assert_int_equal(look(pair.hub_db).rows, 1);
	admitted_free(&out);
	send(true, &out);
	assert_int_equal(count_here(), CROWDED_BY_STRANGERS + 2);
	assert_int_equal(look(pair.hub_db).rows, 0);
	admitted_free(&out);
}

static void
settle(void)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = pair_begin(pair.hub_db, true);

	key_record_of(pair.hub_db, key, "his", "encounter", "E1");
	pair_must(crowded_note_due(t, key));
	pair_must(apart_settle(t, &pair.hub));
	pair_must(txn_commit(t));
}

/* What is another's stays where it is. */
static void
test_what_is_still_too_much_stays_apart(void **state)
{
	struct admitted out;

	(void)state;
	meet(1, "X1");
	meet(2, FOUNDER);
	write_of(1, "X1", 1, CROWDED_BY_STRANGERS, false);
	send(false, &out);
	admitted_free(&out);
	settle();
	write_of(2, FOUNDER, 1, 1, true);
	settle();
	assert_int_equal(count_here(), CROWDED_BY_STRANGERS + 1);
	assert_int_equal(look(pair.hub_db).rows, 1);
}

/* Held as one too many. */
static void
hold(uint8_t n, uint64_t seq, const char *org)
{
	struct buffer body = {0};
	struct txn *t = pair_begin(pair.hub_db, true);
	struct change c;

	make(&c, n, seq, org, false);
	pair_must(change_encode(&c, &body));
	pair_must(stored_write(
	    t, &c.id, FINDING_MANY_CHANGES, 0, 7, body.data, body.size));
	pair_must(crowded_hold(t, &c, "x", NOW));
	pair_must(txn_commit(t));
	buffer_free(&body);
	change_clear(&c);
}

/* Since one of its orgs was moved away: what it said for others has room. */
static void
test_one_that_is_refused_for_another_reason_bars_no_other(void **state)
{
	(void)state;
	meet(1, "X1");
	meet(2, FOUNDER);
	write_of(1, "X1", 1, CROWDED_BY_STRANGERS, false);
	hold(2, 2, "X7");
	hold(2, 3, FOUNDER);
	hold(2, 4, "X7");
	hold(2, 5, FOUNDER);
	write_of(2, FOUNDER, 1, 1, true);
	settle();
	assert_int_equal(count_here(), CROWDED_BY_STRANGERS + 3);
	assert_int_equal(look(pair.hub_db).rows, 1);
}

/* The group sets a false beginning aside: whose it is is sure then. */
static void
test_the_groups_word_makes_room(void **state)
{
	struct admitted out;
	struct txn *t;
	struct change c;
	uint64_t n;

	(void)state;
	meet(1, "X1");
	write_of(1, "X1", 1, CROWDED_BY_STRANGERS, true);
	send(true, &out);
	admitted_free(&out);
	for (n = 1; n < CROWDED_BY_DOUBTED; n++) {
		make(&c, 0, n, "C01", false);
		memcpy(c.id.life, pair.clinic.life, LIFE_BYTES);
		place(&c);
	}
	send(false, &out);
	assert_int_equal(
	    count_here(), CROWDED_BY_STRANGERS + CROWDED_BY_DOUBTED);
	admitted_free(&out);
	t = pair_begin(pair.hub_db, true);
	make(&c, 0, 0, "H01", false);
	c.parents[0].id = (struct change_id){.life = {1}, .class = 3, .seq = 1};
	json_decref(c.fields);
	c.fields = json_pack("{s:[s]}", "set_aside", "0100000000000000-3-1");
	pair_must(admit_own(t, &pair.hub, &c, 1));
	change_clear(&c);
	pair_must(contest_settle(t, &pair.hub, NOW));
	pair_must(txn_commit(t));
	assert_int_equal(
	    count_here(), CROWDED_BY_STRANGERS + CROWDED_BY_DOUBTED + 2);
	assert_int_equal(look(pair.hub_db).rows, 0);
}

/* A stranger's, of which there are more, keeps nobody else's from being found;
 * and the tree of orgs may show whose each record is. */
static void
test_what_is_held_is_found_by_record_and_life(void **state)
{
	static const char *const refs[] = {"E1", "E1", "E1", "E2"};
	static const uint8_t lives[] = {1, 1, 2, 0xff};
	uint8_t row[CROWDED_HELD_BYTES], key[2][KEY_RECORD_BYTES];
	struct txn *t = pair_begin(pair.hub_db, true);
	struct change_id id;
	struct change c;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		make(&c, lives[i], i + 1, "X1", false);
		snprintf(c.record.ref, sizeof c.record.ref, "%s", refs[i]);
		key_record(pair.hub_db, key[i / 3], &c.record);
		pair_must(crowded_hold(t, &c, "x", NOW));
		change_clear(&c);
	}
	pair_must(crowded_held(t, key[0], NULL, row));
	crowded_held_id(row, &id);
	assert_int_equal(id.seq, 1);
	assert_true(crowded_held_skip(row));
	pair_must(crowded_held(t, key[0], row, row));
	crowded_held_id(row, &id);
	assert_int_equal(id.seq, 3);
	pair_must(crowded_release(t, row));
	assert_int_equal(crowded_held(t, key[0], row, row), ERR_NOT_FOUND);
	pair_must(crowded_held(t, key[1], NULL, row));
	pair_must(crowded_all_due(t));
	pair_must(crowded_take_due(t, key[0]));
	pair_must(crowded_take_due(t, key[0]));
	assert_int_equal(crowded_take_due(t, key[0]), ERR_NOT_FOUND);
	txn_abort(t);
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
	    CASE(test_strangers_have_a_part_however_many_they_are),
	    CASE(test_who_may_have_begun_it_has_a_share),
	    CASE(test_a_crowd_that_says_it_began_it_gets_no_share),
	    CASE(test_who_gave_the_ref_finds_room_before_he_began_it),
	    CASE(test_who_keeps_a_file_rightly_finds_room),
	    CASE(test_who_is_known_late_loses_nothing),
	    CASE(test_what_is_still_too_much_stays_apart),
	    CASE(test_one_that_is_refused_for_another_reason_bars_no_other),
	    CASE(test_the_groups_word_makes_room),
	    CASE(test_what_is_held_is_found_by_record_and_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
