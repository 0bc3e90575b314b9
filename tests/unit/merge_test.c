/* merge: what people were promised when two of them write at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/merge.h"

enum { MOST = 40 };

static struct change changes[MOST];
static struct merge_input input[MOST];
static size_t count;

static int
setup(void **state)
{
	count = 0;
	return 0;
}

static int
teardown(void **state)
{
	while (count > 0)
		change_clear(&changes[--count]);
	return 0;
}

/* Written in life `life`, having seen the changes whose bits are in `seen`. */
static struct change *
add(uint8_t life, const char *kind, uint64_t seen, json_t *fields)
{
	struct change *c = &changes[count];
	uint8_t fingerprint[8];
	size_t i;

	change_init(c);
	c->id.life[0] = life;
	c->id.seq = count + 1;
	snprintf(c->record.kind, sizeof c->record.kind, "%s", kind);
	snprintf(c->record.ref, sizeof c->record.ref, "r");
	c->occurred_at = 100 - (int64_t)count; /* clocks do not matter */
	c->fields = fields;
	for (i = 0; i < count; i++) {
		struct parent *p = &c->parents[c->parent_count];

		if ((seen >> i & 1) == 0)
			continue;
		p->id = changes[i].id;
		store_u64(fingerprint, input[i].fingerprint);
		memcpy(p->link, fingerprint, sizeof p->link);
		c->parent_count++;
	}
	input[count].change = c;
	input[count].fingerprint = 0x0101010101010101u * (count + 1);
	count++;
	return c;
}

static void
merge(struct record *r)
{
	assert_int_equal(record_merge(input, count, r), ERR_OK);
}

static const char *
text(const struct record *r, const char *name)
{
	return json_string_value(json_object_get(r->fields, name));
}

static void
test_descendant_wins_whatever_ids_and_clocks_say(void **state)
{
	struct record r;

	add(9, "resident", 0, json_pack("{s:s}", "phone", "1"));
	add(1, "resident", 1, json_pack("{s:s}", "phone", "2"));
	add(5, "resident", 2, json_pack("{s:s}", "phone", "3"));
	merge(&r);
	assert_string_equal(text(&r, "phone"), "3");
	assert_int_equal(r.head_count, 1);
	assert_int_equal(r.parent_count, 1);
	assert_false(r.is_conflicted);
	record_clear(&r);
}

static void
test_fields_written_at_once_both_stay(void **state)
{
	struct record r;

	add(1, "resident", 0, json_pack("{s:s}", "name", "a"));
	add(2, "resident", 1, json_pack("{s:s}", "phone", "2"));
	add(3, "resident", 1, json_pack("{s:s}", "address", "3"));
	merge(&r);
	assert_string_equal(text(&r, "name"), "a");
	assert_string_equal(text(&r, "phone"), "2");
	assert_string_equal(text(&r, "address"), "3");
	assert_int_equal(r.head_count, 2);
	assert_false(r.is_conflicted);
	record_clear(&r);
}

static void
test_managing_org_wins_then_the_lower_id(void **state)
{
	struct record r;

	add(2, "resident", 0, json_pack("{s:s}", "phone", "2"));
	add(1, "resident", 0, json_pack("{s:s}", "phone", "1"));
	merge(&r);
	assert_string_equal(text(&r, "phone"), "1");
	assert_true(r.is_conflicted);
	record_clear(&r);
	changes[0].managing = true;
	merge(&r);
	assert_string_equal(text(&r, "phone"), "2");
	record_clear(&r);
}

static void
test_cleared_field_is_gone_and_may_come_back(void **state)
{
	struct record r;

	add(1, "resident", 0, json_pack("{s:s}", "phone", "1"));
	add(1, "resident", 1, json_pack("{s:n}", "phone"));
	merge(&r);
	assert_null(json_object_get(r.fields, "phone"));
	record_clear(&r);
	add(1, "resident", 2, json_pack("{s:s}", "phone", "3"));
	merge(&r);
	assert_string_equal(text(&r, "phone"), "3");
	record_clear(&r);
}

static void
test_allergy_survives_the_other_side(void **state)
{
	struct record r;

	add(1, "resident", 0,
	    json_pack("{s:[{s:s}]}", "allergies", "substance", "a"));
	/* One adds, one rewrites, one clears, at once. */
	add(2, "resident", 1,
	    json_pack("{s:[{s:s},{s:s}]}", "allergies", "substance", "a",
	        "substance", "b"));
	add(3, "resident", 1,
	    json_pack("{s:[{s:s}]}", "allergies", "substance", "c"));
	add(4, "resident", 1, json_pack("{s:n}", "allergies"));
	merge(&r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "allergies")), 3);
	record_clear(&r);
	/* Who has seen all may remove. */
	add(5, "resident", 0xf,
	    json_pack("{s:[{s:s}]}", "allergies", "substance", "c"));
	merge(&r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "allergies")), 1);
	record_clear(&r);
}

static void
test_dead_wins(void **state)
{
	struct record r;

	add(9, "resident", 0, json_pack("{s:s}", "status", "dead"));
	add(1, "resident", 0, json_pack("{s:s}", "status", "living"))
	    ->managing = true;
	add(2, "resident", 0, json_pack("{s:s}", "status", "moved_away"));
	merge(&r);
	assert_string_equal(text(&r, "status"), "dead");
	record_clear(&r);
	add(3, "resident", 7, json_pack("{s:s}", "status", "living"));
	merge(&r); /* dead by mistake: who has seen it may say so */
	assert_string_equal(text(&r, "status"), "living");
	record_clear(&r);
}

static void
test_arrival_beats_cancellation(void **state)
{
	struct record r;

	add(1, "referral", 0, json_pack("{s:s}", "state", "issued"));
	add(1, "referral", 1, json_pack("{s:s}", "state", "cancelled"));
	add(2, "referral", 1, json_pack("{s:s}", "state", "arrived"));
	merge(&r);
	assert_string_equal(text(&r, "state"), "arrived");
	assert_int_equal(change_id_compare(&r.head, &changes[2].id), 0);
	assert_true(r.is_conflicted);
	record_clear(&r);
}

static void
test_link_to_another_content_is_not_joined(void **state)
{
	struct record r;

	add(1, "resident", 0, json_pack("{s:s}", "phone", "1"));
	add(2, "resident", 1, json_pack("{s:s}", "phone", "2"));
	changes[1].parents[0].link[0] ^= 1;
	merge(&r);
	assert_int_equal(r.head_count, 2);
	assert_string_equal(text(&r, "phone"), "1");
	record_clear(&r);
	input[0].fingerprint = 0; /* nothing to compare with */
	merge(&r);
	assert_int_equal(r.head_count, 1);
	assert_string_equal(text(&r, "phone"), "2");
	record_clear(&r);
}

static void
test_forged_ring_orders_nothing(void **state)
{
	struct record r;

	add(1, "resident", 0, json_pack("{s:s}", "phone", "1"));
	add(2, "resident", 1, json_pack("{s:s}", "phone", "2"));
	changes[0].parent_count = 1;
	changes[0].parents[0].id = changes[1].id;
	merge(&r);
	assert_int_equal(r.head_count, 2);
	assert_string_equal(text(&r, "phone"), "1");
	record_clear(&r);
	changes[0].parents[0].id = changes[0].id; /* its own parent */
	merge(&r);
	assert_int_equal(r.head_count, 1);
	assert_string_equal(text(&r, "phone"), "2");
	record_clear(&r);
}

static void
test_more_heads_than_parents_still_merge(void **state)
{
	struct record r;
	size_t i;

	for (i = 0; i < MOST; i++)
		add((uint8_t)(i + 1), "resident", 0,
		    json_pack("{s:[s]}", "population_tags",
		        i % 2 == 0 ? "tb" : "diabetes"));
	merge(&r);
	assert_int_equal(r.head_count, MOST);
	assert_int_equal(r.parent_count, CHANGE_PARENTS_MAX);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "population_tags")), 2);
	record_clear(&r);
}

static void
test_unknown_kinds_merge_by_field(void **state)
{
	struct record r;

	add(1, "#999", 0, json_pack("{s:s, s:i}", "state", "x", "#4", 1));
	add(2, "#999", 1, json_pack("{s:i}", "#4", 2));
	merge(&r);
	assert_string_equal(text(&r, "state"), "x");
	assert_int_equal(
	    json_integer_value(json_object_get(r.fields, "#4")), 2);
	record_clear(&r);
}

/* The group's word about a change. */
static void
add_word(const char *word, size_t about, uint64_t seen)
{
	char id[64];

	change_founded_ref(&changes[about].id, id, sizeof id);
	add(7, "resident", seen, json_pack("{s:[s]}", word, id + 1));
}

/* A word about another change, which had seen the first, takes none back. */
static void
test_each_word_stands_for_itself(void **state)
{
	struct record r;

	add(1, "resident", 0, json_pack("{s:s}", "phone", "1"));
	add(2, "resident", 1 << 0, json_pack("{s:s}", "phone", "2"));
	add_word(MERGE_SET_ASIDE, 1, 1 << 1);
	add(2, "resident", 1 << 1 | 1 << 2, json_pack("{s:s}", "phone", "3"));
	merge(&r);
	assert_string_equal(text(&r, "phone"), "3");
	record_clear(&r);
	add_word(MERGE_SET_ASIDE, 3, 1 << 3);
	merge(&r);
	assert_string_equal(text(&r, "phone"), "1");
	record_clear(&r);
	/* Taken back is what it follows. */
	add(7, "resident", 1 << 2, json_pack("{s:n}", MERGE_SET_ASIDE));
	merge(&r);
	assert_string_equal(text(&r, "phone"), "2");
	record_clear(&r);
	add(7, "resident", 1 << 4, json_pack("{s:n}", MERGE_SET_ASIDE));
	merge(&r);
	assert_string_equal(text(&r, "phone"), "3");
	record_clear(&r);
}

/* Nor does a second false claim make the first one true. */
static void
test_each_claim_is_taken_back(void **state)
{
	struct record r;

	add(1, "resident", 0, json_pack("{s:s}", "name", "x"));
	add(2, "resident", 1 << 0, json_pack("{s:s}", "phone", "false"))
	    ->managing = true;
	add(3, "resident", 1 << 0, json_pack("{s:s}", "phone", "true"))
	    ->managing = true;
	add_word(MERGE_UNMANAGED, 1, 1 << 1);
	merge(&r);
	assert_string_equal(text(&r, "phone"), "true");
	record_clear(&r);
	add(2, "resident", 1 << 1 | 1 << 3, json_pack("{s:s}", "address", "y"))
	    ->managing = true;
	add_word(MERGE_UNMANAGED, 4, 1 << 4);
	merge(&r);
	assert_string_equal(text(&r, "phone"), "true");
	record_clear(&r);
}

static void
assert_same_record(const struct record *a, const struct record *b)
{
	size_t i;

	assert_true(json_equal(a->fields, b->fields));
	assert_int_equal(change_id_compare(&a->head, &b->head), 0);
	assert_string_equal(a->id.kind, b->id.kind);
	assert_string_equal(a->id.ref, b->id.ref);
	assert_string_equal(a->by, b->by);
	assert_string_equal(a->org, b->org);
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->clock, b->clock);
	assert_int_equal(a->change_count, b->change_count);
	assert_int_equal(a->head_count, b->head_count);
	assert_int_equal(a->is_conflicted, b->is_conflicted);
	assert_int_equal(a->parent_count, b->parent_count);
	for (i = 0; i < a->parent_count; i++)
		assert_memory_equal(
		    &a->parents[i], &b->parents[i], sizeof a->parents[i]);
}

/* One change takes a shorter way than two; a repeated one is no second. */
static void
assert_alone_as_repeated(json_t *fields, const struct change_id *seen)
{
	struct change *c = add(1, "encounter", 0, fields);
	struct merge_input twice[2];
	struct record alone, repeated;

	snprintf(c->by, sizeof c->by, "S1");
	snprintf(c->org, sizeof c->org, "C01");
	c->clock = CLOCK_SUSPECT;
	if (seen != NULL)
		c->parents[c->parent_count++].id = *seen;
	twice[0] = twice[1] = input[0];
	assert_int_equal(record_merge(twice, 1, &alone), ERR_OK);
	assert_int_equal(record_merge(twice, 2, &repeated), ERR_OK);
	assert_same_record(&alone, &repeated);
	record_clear(&alone);
	record_clear(&repeated);
	change_clear(c);
	count = 0;
}

static void
test_a_change_alone_is_merged_as_among_others(void **state)
{
	struct change_id self = {.life = {1}, .seq = 1};
	struct change_id other = {.life = {2}, .seq = 7};
	char name[64];

	assert_alone_as_repeated(json_object(), NULL);
	assert_alone_as_repeated(
	    json_pack("{s:s, s:n, s:[i, i], s:s, s:s}", "chief_complaint", "a",
	        "plan", "diagnoses", 1, 2, "state", "draft", "#999", "b"),
	    NULL);
	assert_alone_as_repeated(json_pack("{s:s}", "plan", "a"), &other);
	assert_alone_as_repeated(json_pack("{s:s}", "plan", "a"), &self);
	/* Who speaks of himself is no special case. */
	change_founded_ref(&self, name, sizeof name);
	assert_alone_as_repeated(
	    json_pack("{s:s, s:[s]}", "plan", "a", MERGE_SET_ASIDE, name + 1),
	    NULL);
	assert_alone_as_repeated(
	    json_pack("{s:s, s:[s]}", "plan", "a", MERGE_UNMANAGED, name + 1),
	    NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void
assert_phone(const char *expected)
{
	struct record r;

	merge(&r);
	assert_string_equal(text(&r, "phone"), expected);
	record_clear(&r);
}

/* As the id is printed, or it is nobody's. */
static void
test_an_id_that_is_written_otherwise_names_nothing(void **state)
{
	static const char *const ids[] = {"", "x", "0100000000000000",
	    "0100000000000000-0-01", "0100000000000000-0-1 ",
	    "0100000000000000-0-+1", " 100000000000000-0-1",
	    "~0100000000000000-0-1", "0100000000000000-256-1",
	    "0100000000000000-0-9"};
	size_t i;

	(void)state;
	add(1, "resident", 0, json_pack("{s:s}", "phone", "1"));
	for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		add(2, "resident", 1,
		    json_pack("{s:[s]}", MERGE_SET_ASIDE, ids[i]));
		assert_phone("1");
	}
}

/* --- what it costs ---------------------------------------------------------
 */

enum { LONG = 512 };

/* Processor time of some mergings of a record in which each change has seen
 * the one before, and every other one is a word about that. */
static double
cost_of(bool with_words)
{
	static struct change of[LONG];
	static struct merge_input all[LONG];
	struct record r;
	char text[64];
	clock_t start;
	size_t i;

	for (i = 0; i < LONG; i++) {
		struct change *c = &of[i];

		change_init(c);
		c->id.life[0] = 1;
		c->id.seq = i + 1;
		snprintf(c->record.kind, sizeof c->record.kind, "resident");
		snprintf(c->record.ref, sizeof c->record.ref, "r");
		c->parent_count = i > 0;
		if (i > 0)
			c->parents[0].id = of[i - 1].id;
		change_founded_ref(
		    &of[i > 0 ? i - 1 : 0].id, text, sizeof text);
		c->fields = json_pack("{s:[s]}",
		    i % 2 == 0   ? "population_tags"
		    : with_words ? MERGE_SET_ASIDE
		                 : "other_tags",
		    text + 1);
		all[i] = (struct merge_input){.change = c};
	}
	start = clock();
	for (i = 0; i < 5; i++) {
		assert_int_equal(record_merge(all, LONG, &r), ERR_OK);
		record_clear(&r);
	}
	start = clock() - start;
	for (i = 0; i < LONG; i++)
		change_clear(&of[i]);
	return (double)start / CLOCKS_PER_SEC;
}

/* The group's words are looked up, not compared with each change. */
static void
test_words_cost_about_what_other_changes_do(void **state)
{
	double plain = cost_of(false), words = cost_of(true);

	(void)state;
	if (words > 8 * plain + 0.005)
		print_error("%.4f s instead of %.4f s\n", words, plain);
	assert_true(words <= 8 * plain + 0.005);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_descendant_wins_whatever_ids_and_clocks_say),
	    CASE(test_fields_written_at_once_both_stay),
	    CASE(test_managing_org_wins_then_the_lower_id),
	    CASE(test_cleared_field_is_gone_and_may_come_back),
	    CASE(test_allergy_survives_the_other_side),
	    CASE(test_dead_wins),
	    CASE(test_arrival_beats_cancellation),
	    CASE(test_link_to_another_content_is_not_joined),
	    CASE(test_forged_ring_orders_nothing),
	    CASE(test_more_heads_than_parents_still_merge),
	    CASE(test_unknown_kinds_merge_by_field),
	    CASE(test_each_word_stands_for_itself),
	    CASE(test_each_claim_is_taken_back),
	    CASE(test_a_change_alone_is_merged_as_among_others),
	    CASE(test_an_id_that_is_written_otherwise_names_nothing),
	    CASE(test_words_cost_about_what_other_changes_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
