/* admit_sim: what a clinic writes is at the hub in the end, whole and once,
 * however its lists are cut into batches, repeated and broken off; and what
 * was altered on the way changes nothing. Usage: admit_sim [SEED [ROUNDS]].
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

#include "store/source.h"
#include "tests/unit/pair.h"

enum { OWN_MAX = 60, RECORDS = 6, NOW = 1790000000 };

static uint64_t first_seed = 1;
static unsigned rounds = 6;
static uint64_t rng, current_seed;
static struct pair pair;
static struct batch batch;

static uint64_t
next(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static size_t
below(size_t bound)
{
	return (size_t)(next() % bound);
}

/* --- the clinic ---------------------------------------------------------- */

struct made {
	size_t count;
	struct change_id ids[OWN_MAX];
};

static void
write_one(struct made *made, const char *org)
{
	char ref[16], note[40];
	uint8_t key[KEY_RECORD_BYTES];
	struct record known;
	struct change c;
	struct txn *t = pair_begin(pair.clinic_db, true);
	uint8_t class = (uint8_t)(2 + below(2));
	bool founds = below(5) == 0;

	snprintf(ref, sizeof ref, "r%zu", below(RECORDS));
	snprintf(note, sizeof note, "%" PRIu64, next());
	pair_change(&c, &pair.clinic, "resident", founds ? NULL : ref, org,
	    json_pack("{s:s, s:[{s:s}]}", "name", note, "allergies",
	        "substance", note));
	c.recorded_at += (int64_t)below(8) * 20 * 86400; /* other months */
	if (!founds) {
		key_record(txn_db(t), key, &c.record);
		if (below(3) != 0 && record_read(t, key, &known) == ERR_OK) {
			c.parent_count = known.parent_count;
			memcpy(c.parents, known.parents, sizeof c.parents);
			record_clear(&known);
		}
	}
	pair_must(admit_own(t, &pair.clinic, &c, class));
	if (below(6) == 0) {
		txn_abort(t); /* never happened, number included */
	} else {
		pair_must(txn_commit(t));
		made->ids[made->count++] = c.id;
	}
	change_clear(&c);
}

/* --- the way up ---------------------------------------------------------- */

static enum err
deliver(const struct batch *b, bool cut, struct admitted *out)
{
	struct txn *t = pair_begin(pair.hub_db, true);
	enum err e =
	    admit_from_below(t, &pair.hub, &pair.clinic.chain[0], b, NOW, out);

	if (e == ERR_OK && !cut)
		pair_must(txn_commit(t));
	else
		txn_abort(t);
	return e;
}

static void
hub_cursor(uint8_t class, struct cursor *out)
{
	struct list_id list = {.name = AUDIENCE_UP, .class = class};
	struct txn *t = pair_begin(pair.hub_db, false);

	pair_must(cursor_read(t, pair.clinic.id, CURSOR_OWN, &list, out));
	txn_abort(t);
}

/* By the store's own reader or by the one that knows nothing of it. */
static bool
read_batch(uint8_t class, const struct cursor *after, size_t most)
{
	static const struct hello nothing;
	struct list_id list = {.name = AUDIENCE_UP, .class = class};
	struct source_context context = {.db = pair.clinic_db, .now = NOW};
	struct source source = store_source(&context);
	struct cursor at = *after;
	struct txn *t;
	bool any;

	if (below(2) == 0) {
		enum err e;

		assert_int_equal(
		    source.settle(source.context, &list, &at), ERR_OK);
		e = source.read(source.context, &list, &at,
		    pair.hub.transport.public, &nothing, most, SIZE_MAX,
		    &batch);
		assert_true(e == ERR_OK || e == ERR_END);
		return e == ERR_OK;
	}
	t = pair_begin(pair.clinic_db, false);
	any = pair_read(t, &pair.clinic, class, after, most, &batch);
	txn_abort(t);
	return any;
}

/* A cursor somewhere on the clinic's list, at or before `at`. */
static void
earlier(uint8_t class, struct cursor *at)
{
	struct list_entry entry;
	struct audience a;
	struct txn *t = pair_begin(pair.clinic_db, false);

	if (at->place > 0 && audience_read(t, AUDIENCE_UP, &a) == ERR_OK) {
		at->place = below(at->place + 1);
		if (at->place == 0) {
			at->running = 0;
		} else {
			pair_must(
			    list_entry_read(t, &a, class, at->place, &entry));
			at->running = entry.running;
		}
	}
	txn_abort(t);
}

/* Some batches of one class, badly. */
static void
carry_some(uint8_t class)
{
	size_t steps = below(6);

	while (steps-- > 0) {
		struct cursor at, now;
		struct admitted out;
		bool cut = below(3) == 0;

		hub_cursor(class, &at);
		if (below(3) == 0)
			earlier(class, &at);
		if (!read_batch(class, &at, 1 + below(7)))
			continue;
		assert_int_equal(deliver(&batch, cut, &out), ERR_OK);
		assert_int_equal(out.receipt.exception_count, 0);
		if (!cut) {
			const struct cursor *said = &out.receipt.cursor;

			/* Of a batch that was known the receipt is of that
			 * batch, not of all that is held. */
			hub_cursor(class, &now);
			assert_true(said->place == now.place ||
			            (said->place < now.place &&
			                said->place == batch.end.place));
			assert_int_equal(said->running,
			    said->place == now.place ? now.running
			                             : batch.end.running);
		}
		admitted_free(&out);
	}
}

static void
carry_all(uint8_t class)
{
	struct cursor at;
	struct admitted out;

	for (;;) {
		hub_cursor(class, &at);
		if (!read_batch(class, &at, 1 + below(20)))
			return;
		assert_int_equal(deliver(&batch, false, &out), ERR_OK);
		admitted_free(&out);
	}
}

/* --- what must hold in the end ------------------------------------------- */

static void
expect_change(struct txn *hub, struct txn *clinic, const struct change_id *id)
{
	struct stored a, b;

	stored_init(&a);
	stored_init(&b);
	assert_int_equal(stored_read(hub, id, &a), ERR_OK);
	assert_int_equal(stored_read(clinic, id, &b), ERR_OK);
	assert_int_equal(a.apart, 0);
	assert_int_equal(a.month, b.month);
	assert_int_equal(a.fingerprint, b.fingerprint);
	assert_int_equal(a.body.size, b.body.size);
	assert_memory_equal(a.body.data, b.body.data, a.body.size);
	stored_free(&a);
	stored_free(&b);
}

static void
expect_record(struct txn *hub, struct txn *clinic, const struct change_id *id)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record a, b;
	struct stored s;
	struct change c;

	stored_init(&s);
	change_init(&c);
	c.id = *id;
	assert_int_equal(stored_read(clinic, id, &s), ERR_OK);
	assert_int_equal(change_decode(&c, s.body.data, s.body.size), ERR_OK);
	key_record(txn_db(clinic), key, &c.record);
	assert_int_equal(record_read(clinic, key, &a), ERR_OK);
	key_record(txn_db(hub), key, &c.record);
	assert_int_equal(record_read(hub, key, &b), ERR_OK);
	assert_true(json_equal(a.fields, b.fields));
	assert_int_equal(a.change_count, b.change_count);
	assert_int_equal(change_id_compare(&a.head, &b.head), 0);
	record_clear(&a);
	record_clear(&b);
	change_clear(&c);
	stored_free(&s);
}

static void
expect_chain(struct txn *hub, struct txn *clinic, uint8_t class)
{
	struct log_head a, b;

	assert_int_equal(
	    log_head_read(hub, pair.clinic.life, class, &a), ERR_OK);
	assert_int_equal(
	    log_head_read(clinic, pair.clinic.life, class, &b), ERR_OK);
	assert_int_equal(a.seq, b.seq);
	assert_memory_equal(a.chain, b.chain, sizeof a.chain);
}

static uint64_t
hash_on(uint64_t before, uint64_t fingerprint)
{
	uint8_t in[16], out[8];

	store_u64(in, before);
	store_u64(in + 8, fingerprint);
	crypto_generichash(out, sizeof out, in, sizeof in, NULL, 0);
	return load_u64(out);
}

/* Places without gaps, running hash over all; how many entries. */
static uint64_t
expect_list(struct txn *t, const char *name, uint8_t class)
{
	struct list_entry entry;
	struct cursor end;
	struct audience a;
	uint64_t place, running = 0;

	if (audience_read(t, name, &a) == ERR_NOT_FOUND)
		return 0;
	assert_int_equal(list_end(t, &a, class, &end), ERR_OK);
	for (place = 1; place <= end.place; place++) {
		assert_int_equal(
		    list_entry_read(t, &a, class, place, &entry), ERR_OK);
		assert_int_equal(entry.place, place);
		running = hash_on(running, entry.fingerprint);
		assert_int_equal(entry.running, running);
	}
	assert_int_equal(end.running, running);
	assert_int_equal(list_entry_read(t, &a, class, end.place + 1, &entry),
	    ERR_NOT_FOUND);
	return end.place;
}

static void
expect_equal(const struct made *made)
{
	struct txn *hub = pair_begin(pair.hub_db, false);
	struct txn *clinic = pair_begin(pair.clinic_db, false);
	uint64_t changes, records, listed[2] = {0, 0};
	uint8_t class;
	size_t i;

	for (i = 0; i < made->count; i++) {
		expect_change(hub, clinic, &made->ids[i]);
		expect_record(hub, clinic, &made->ids[i]);
	}
	for (class = 0; class < CLASSES; class ++) {
		expect_chain(hub, clinic, class);
		listed[0] += expect_list(clinic, AUDIENCE_UP, class);
		listed[1] += expect_list(hub, "org:C01", class);
		assert_int_equal(expect_list(hub, AUDIENCE_UP, class), 0);
	}
	assert_int_equal(listed[0], made->count);
	assert_int_equal(listed[1], made->count);
	pair_must(txn_count(hub, TABLE_CHANGES, &changes));
	pair_must(txn_count(hub, TABLE_RECORDS, &records));
	assert_int_equal(changes, made->count);
	assert_int_equal(records, made->count);
	txn_abort(hub);
	txn_abort(clinic);
}

static void
one_round(void)
{
	struct made made = {0};
	uint8_t class;

	pair_make(&pair);
	while (made.count < OWN_MAX) {
		size_t n = below(12);

		while (n-- > 0 && made.count < OWN_MAX)
			write_one(&made, "C01");
		for (class = 2; class < CLASSES; class ++)
			carry_some(class);
	}
	for (class = 2; class < CLASSES; class ++)
		carry_all(class);
	expect_equal(&made);
	pair_remove(&pair);
}

static void
test_both_hold_the_same_in_the_end(void **state)
{
	unsigned i;

	for (i = 0; i < rounds; i++) {
		current_seed = rng = first_seed + i;
		one_round();
	}
	current_seed = 0;
}

/* --- what was altered ---------------------------------------------------- */

static uint64_t
hub_digest(void)
{
	static const enum table tables[] = {TABLE_CHANGES, TABLE_RECORDS,
	    TABLE_LOGS, TABLE_LISTS, TABLE_CURSORS, TABLE_QUESTIONS,
	    TABLE_SECRETS, TABLE_AUDIENCES};
	struct txn *t = pair_begin(pair.hub_db, false);
	struct buffer value = {0};
	uint64_t digest = 0;
	struct bytes key;
	struct walk *w;
	size_t i;

	for (i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		pair_must(walk_open(t, tables[i], NULL, 0, &w));
		while (walk_next(w, &key, &value) == ERR_OK) {
			digest =
			    hash_on(digest, db_blind_hash(pair.hub_db, "key",
			                        key.data, key.size));
			digest =
			    hash_on(digest, db_blind_hash(pair.hub_db, "value",
			                        value.data, value.size));
		}
		walk_close(w);
	}
	txn_abort(t);
	buffer_free(&value);
	return digest;
}

static void
expect_refused(enum err expected)
{
	uint64_t before = hub_digest();
	struct admitted out;

	assert_int_equal(deliver(&batch, false, &out), expected);
	admitted_free(&out);
	assert_true(hub_digest() == before);
}

/* Changes at the clinic, the first two of class 2 known to the hub; the batch
 * holds the other three. */
static void
begin_alteration(struct made *made)
{
	struct cursor at;
	struct admitted out;
	size_t tries;

	current_seed = rng = first_seed;
	pair_make(&pair);
	memset(made, 0, sizeof *made);
	for (tries = 0; made->count < 24 && tries < 100; tries++)
		write_one(made, "C01");
	hub_cursor(2, &at);
	assert_true(read_batch(2, &at, 2));
	assert_int_equal(deliver(&batch, false, &out), ERR_OK);
	assert_int_equal(out.fresh, 2);
	admitted_free(&out);
	hub_cursor(2, &at);
	assert_true(read_batch(2, &at, 3));
	assert_int_equal(batch.change_count, 3);
}

static void
end_alteration(const struct made *made)
{
	carry_all(2);
	carry_all(3);
	expect_equal(made);
	pair_remove(&pair);
	current_seed = 0;
}

static void
test_every_altered_bit_of_a_body_is_refused(void **state)
{
	struct made made;
	size_t bit;

	begin_alteration(&made);
	for (bit = 0; bit < 8 * batch.bytes.size; bit += 5) {
		batch.bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		expect_refused(ERR_AUTH);
		batch.bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	end_alteration(&made);
}

static void
test_skipped_change_is_refused(void **state)
{
	struct made made;

	begin_alteration(&made);
	batch.changes[1] = batch.changes[2];
	batch.change_count = 2;
	expect_refused(ERR_FORMAT);
	end_alteration(&made);
}

static void
test_missing_end_is_refused(void **state)
{
	struct made made;

	begin_alteration(&made);
	batch.change_count = 2; /* its head is of the third */
	expect_refused(ERR_AUTH);
	batch.change_count = 3;
	batch.head_count = 0;
	expect_refused(ERR_AUTH);
	end_alteration(&made);
}

static void
test_wrong_signature_is_refused(void **state)
{
	struct made made;

	begin_alteration(&made);
	batch.heads[0].signature[5] ^= 1;
	expect_refused(ERR_AUTH);
	batch.heads[0].signature[5] ^= 1;
	log_sign(&batch.heads[0], pair.hub.signing_secret);
	expect_refused(ERR_AUTH);
	end_alteration(&made);
}

static void
test_other_lives_are_refused(void **state)
{
	struct made made;
	size_t i;

	begin_alteration(&made);
	for (i = 0; i < 3; i++) /* nobody's */
		batch.changes[i].id.life[0] ^= 1;
	expect_refused(ERR_AUTH);
	for (i = 0; i < 3; i++) /* the hub's own */
		memcpy(batch.changes[i].id.life, pair.hub.life, LIFE_BYTES);
	expect_refused(ERR_AUTH);
	end_alteration(&made);
}

static void
test_other_salt_is_refused(void **state)
{
	struct made made;

	begin_alteration(&made);
	batch.changes[0].has_secret = true;
	batch.changes[0].secret[0] ^= 1;
	{
		uint64_t before = hub_digest();
		struct admitted out;
		enum err e = deliver(&batch, false, &out);

		/* Known for that month, or new and not what was signed. */
		assert_true(e == ERR_FORK || e == ERR_AUTH);
		admitted_free(&out);
		assert_true(hub_digest() == before);
	}
	end_alteration(&made);
}

static void
test_known_number_with_another_body_is_kept_apart(void **state)
{
	struct cursor start = {0};
	struct admitted out;
	struct made made;

	begin_alteration(&made);
	assert_true(read_batch(2, &start, 2));
	batch.bytes.data[batch.bytes.size - 1] ^= 1;
	assert_int_equal(deliver(&batch, false, &out), ERR_OK);
	assert_int_equal(out.fresh, 0);
	assert_int_equal(out.receipt.exception_count, 1);
	assert_int_equal(out.receipt.exceptions[0].reason, FINDING_CLASH);
	admitted_free(&out);
	/* It is the end of that log here; its author takes a new life. */
	pair_remove(&pair);
	current_seed = 0;
}

static void
test_bad_numbers_and_borders_are_refused(void **state)
{
	struct made made;

	begin_alteration(&made);
	batch.changes[0].id.class = CLASSES;
	expect_refused(ERR_FORMAT);
	batch.changes[0].id.class = 2;
	batch.changes[0].id.seq = 0;
	expect_refused(ERR_FORMAT);
	batch.changes[0].id.seq = 3;
	batch.changes[2].body_bytes = batch.bytes.size;
	expect_refused(ERR_FORMAT);
	batch.changes[2].body_at = SIZE_MAX;
	expect_refused(ERR_FORMAT);
	end_alteration(&made);
}

static void
test_batch_past_the_cursor_moves_nothing(void **state)
{
	uint64_t before;
	struct admitted out;
	struct cursor at;
	struct made made;
	int i;

	begin_alteration(&made);
	hub_cursor(2, &at);
	before = hub_digest();
	for (i = 0; i < 3; i++) {
		if (i == 0)
			batch.start.place++;
		else if (i == 1)
			batch.start.running ^= 1;
		else
			batch.start.epoch++;
		assert_int_equal(deliver(&batch, false, &out), ERR_OK);
		assert_int_equal(out.fresh, 0);
		assert_int_equal(out.receipt.cursor.place, at.place);
		assert_int_equal(out.receipt.cursor.running, at.running);
		admitted_free(&out);
		assert_true(hub_digest() == before);
		batch.start = at;
	}
	end_alteration(&made);
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
	    CASE(test_both_hold_the_same_in_the_end),
	    CASE(test_every_altered_bit_of_a_body_is_refused),
	    CASE(test_skipped_change_is_refused),
	    CASE(test_missing_end_is_refused),
	    CASE(test_wrong_signature_is_refused),
	    CASE(test_other_lives_are_refused),
	    CASE(test_other_salt_is_refused),
	    CASE(test_known_number_with_another_body_is_kept_apart),
	    CASE(test_bad_numbers_and_borders_are_refused),
	    CASE(test_batch_past_the_cursor_moves_nothing),
	};
	int failed;

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	batch_init(&batch);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	batch_free(&batch);
	return failed;
}
