/* merge_sim: any set of changes gives one record, however it arrives.
 *
 * Random sets with random parents: cycles, parents that never came, links to
 * another content, several lives and orgs. Usage: merge_sim [SEED [ROUNDS]].
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

#include "store/merge.h"
#include "store/value.h"

enum { CHANGES_MAX = 14, ORDERS = 8 };

static uint64_t first_seed = 1;
static unsigned rounds = 1500;
static uint64_t rng, current_seed;

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

struct world {
	const char *kind;
	size_t count;
	struct change changes[CHANGES_MAX];
	struct merge_input input[CHANGES_MAX];
	bool honest; /* parents came before; links are right */
	bool before[CHANGES_MAX][CHANGES_MAX]; /* [i][j]: i descends from j */
};

/* --- random changes ------------------------------------------------------ */

static json_t *
any_allergies(void)
{
	static const char *const names[] = {"青霉素", "头孢", "海鲜", "花粉"};
	json_t *list = json_array();
	size_t i, n = below(3);

	for (i = 0; i < n; i++)
		json_array_append_new(
		    list, json_pack("{s:s}", "substance", names[below(4)]));
	return list;
}

static json_t *
any_text(void)
{
	static const char *const texts[] = {"a", "b", "2026-01-02", "ref:x"};

	return below(6) == 0 ? json_null() : json_string(texts[below(4)]);
}

static void
any_resident(json_t *f)
{
	static const char *const statuses[] = {"living", "dead", "moved_away"};

	if (below(2) == 0)
		json_object_set_new(f, "allergies", any_allergies());
	if (below(2) == 0)
		json_object_set_new(f, "phone", any_text());
	if (below(3) == 0)
		json_object_set_new(f, "name", any_text());
	if (below(3) == 0)
		json_object_set_new(
		    f, "status", json_string(statuses[below(3)]));
	if (below(8) == 0)
		json_object_set_new(f, "allergies", json_null());
	if (below(8) == 0) /* of a newer version */
		json_object_set_new(f, "#999", json_integer(4));
}

static void
any_stated(json_t *f, const struct kind *k)
{
	size_t states = 0;

	while (k->states[states].name != NULL)
		states++;
	if (below(2) == 0)
		json_object_set_new(
		    f, "state", json_string(k->states[below(states)].name));
	if (below(12) == 0)
		json_object_set_new(f, "state", json_string("unheard of"));
	if (below(2) == 0)
		json_object_set_new(f, "reason", any_text());
	if (below(3) == 0)
		json_object_set_new(f, "resident_id", any_text());
	if (below(3) == 0)
		json_object_set_new(
		    f, "temp_c", json_real((double)below(50) / 10 + 35));
}

static void
add_parent(struct change *c, const struct merge_input *target, bool right)
{
	struct parent *p = &c->parents[c->parent_count];
	uint8_t fingerprint[8];

	if (c->parent_count == CHANGE_PARENTS_MAX)
		return;
	memset(p, 0, sizeof *p);
	p->id = target->change->id;
	if (memcmp(p->id.life, c->id.life, LIFE_BYTES) != 0 &&
	    (right || below(4) != 0)) {
		store_u64(fingerprint, target->fingerprint);
		memcpy(p->link, fingerprint, sizeof p->link);
		if (!right && below(3) == 0)
			p->link[0] ^= 1; /* another content is meant */
	}
	c->parent_count++;
}

static void
make_parents(struct world *w, size_t i)
{
	struct change *c = &w->changes[i];
	size_t n = below(4), j;

	while (n-- > 0) {
		size_t target =
		    w->honest ? (i == 0 ? 0 : below(i)) : below(w->count);

		if (w->honest && i == 0)
			return;
		add_parent(c, &w->input[target], w->honest);
		if (!w->honest)
			continue;
		w->before[i][target] = true;
		for (j = 0; j < i; j++)
			if (w->before[target][j])
				w->before[i][j] = true;
	}
	if (!w->honest && below(4) == 0 &&
	    c->parent_count < CHANGE_PARENTS_MAX) {
		struct parent *p = &c->parents[c->parent_count++];

		memset(p, 0, sizeof *p); /* never came */
		p->id.life[0] = 9;
		p->id.seq = 1 + below(5);
	}
}

/* What the group alone may say, and what is none of it. */
static void
add_word(struct world *w, size_t i)
{
	static const char *const words[] = {MERGE_SET_ASIDE, MERGE_UNMANAGED};
	char id[64];
	json_t *said;

	change_founded_ref(&w->changes[below(w->count)].id, id, sizeof id);
	switch (below(4)) {
	case 0:
		said = json_null();
		break;
	case 1:
		said = json_string(id + 1);
		break;
	default:
		said = json_pack("[s,s]", id + 1, "0123456789abcdef-2-1");
	}
	json_object_set_new(w->changes[i].fields, words[below(2)], said);
}

static void
world_make(struct world *w, const char *kind, bool honest)
{
	const struct kind *k = kind_by_name(kind);
	uint64_t seqs[3][CLASSES] = {{0}};
	size_t i;

	memset(w, 0, sizeof *w);
	w->kind = kind;
	w->honest = honest;
	w->count = 1 + below(CHANGES_MAX);
	for (i = 0; i < w->count; i++) {
		struct change *c = &w->changes[i];
		size_t life = below(3);

		change_init(c);
		c->id.life[0] = (uint8_t)(3 - life);
		c->id.class = (uint8_t)below(CLASSES);
		c->id.seq = ++seqs[life][c->id.class];
		snprintf(c->record.kind, sizeof c->record.kind, "%s", kind);
		snprintf(c->record.source, sizeof c->record.source, "s");
		snprintf(c->record.ref, sizeof c->record.ref, "r");
		snprintf(c->org, sizeof c->org, "C%zu", below(3));
		snprintf(c->by, sizeof c->by, "D%zu", below(3));
		c->managing = below(3) == 0;
		c->occurred_at = (int64_t)below(100000);
		c->recorded_at = c->occurred_at;
		c->fields = json_object();
		if (k->states == NULL)
			any_resident(c->fields);
		else
			any_stated(c->fields, k);
		w->input[i].change = c;
		w->input[i].fingerprint = below(10) == 0 ? 0 : next() | 1;
		if (honest && w->input[i].fingerprint == 0)
			w->input[i].fingerprint = 1;
	}
	for (i = 0; i < w->count; i++)
		make_parents(w, i);
	for (i = 0; !honest && i < w->count; i++)
		if (below(5) == 0)
			add_word(w, i);
}

static void
world_clear(struct world *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		change_clear(&w->changes[i]);
}

/* --- what must hold ------------------------------------------------------ */

static void
expect_same(const struct record *a, const struct record *b)
{
	assert_int_equal(change_id_compare(&a->head, &b->head), 0);
	assert_string_equal(a->by, b->by);
	assert_string_equal(a->org, b->org);
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->change_count, b->change_count);
	assert_int_equal(a->head_count, b->head_count);
	assert_int_equal(a->parent_count, b->parent_count);
	assert_memory_equal(
	    a->parents, b->parents, a->parent_count * sizeof a->parents[0]);
	assert_int_equal(a->is_conflicted, b->is_conflicted);
	assert_true(json_equal(a->fields, b->fields));
}

/* A random order with random repeats; every input at least once. */
static size_t
deliver(const struct world *w, struct merge_input out[3 * CHANGES_MAX])
{
	size_t n = 0, i;

	for (i = 0; i < w->count; i++)
		out[n++] = w->input[i];
	for (i = below(2 * CHANGES_MAX); i > 0; i--)
		out[n++] = w->input[below(w->count)];
	for (i = n; i > 1; i--) {
		size_t j = below(i);
		struct merge_input swap = out[i - 1];

		out[i - 1] = out[j];
		out[j] = swap;
	}
	return n;
}

static void
check_orders(const struct world *w, struct record *first)
{
	struct merge_input order[3 * CHANGES_MAX];
	size_t i;

	assert_int_equal(record_merge(w->input, w->count, first), ERR_OK);
	for (i = 0; i < ORDERS; i++) {
		struct record again;
		size_t n = deliver(w, order);

		assert_int_equal(record_merge(order, n, &again), ERR_OK);
		expect_same(first, &again);
		record_clear(&again);
	}
}

/* Where versions stay side by side only the shown one's past has a say. */
static bool
has_part(const struct world *w, const struct record *r, size_t i)
{
	size_t h;

	if (!kind_by_name(w->kind)->keeps_branches)
		return true;
	for (h = 0; h < w->count; h++)
		if (change_id_compare(&w->changes[h].id, &r->head) == 0)
			return h == i || w->before[h][i];
	return false;
}

static bool
is_superseded(
    const struct world *w, const struct record *r, size_t i, const char *name)
{
	size_t j;

	for (j = 0; j < w->count; j++)
		if (w->before[j][i] && has_part(w, r, j) &&
		    json_object_get(w->changes[j].fields, name) != NULL)
			return true;
	return false;
}

/* The value comes from a setter that no other setter descends from, and what
 * such a setter holds of an appended field is there. */
static void
check_field(
    const struct world *w, const struct record *r, const struct field *f)
{
	const json_t *got = json_object_get(r->fields, f->name);
	bool given = false, cleared = false;
	size_t i, j, m;

	for (i = 0; i < w->count; i++) {
		const json_t *v =
		    json_object_get(w->changes[i].fields, f->name);

		if (v == NULL || !has_part(w, r, i) ||
		    is_superseded(w, r, i, f->name))
			continue;
		if (json_is_null(v))
			cleared = true;
		else if (got != NULL && value_equal(v, got))
			given = true;
		if (f->merge != MERGE_APPEND)
			continue;
		for (j = 0; j < json_array_size(v); j++) {
			bool found = false;

			for (m = 0; m < json_array_size(got); m++)
				if (value_equal(json_array_get(v, j),
				        json_array_get(got, m)))
					found = true;
			assert_true(found);
		}
	}
	if (f->merge != MERGE_APPEND)
		assert_true(got == NULL ? cleared || !given : given);
}

/* No concurrent setter stands higher than the one that won. */
static void
check_rank(const struct world *w, const struct record *r, const char *name,
    int (*rank)(const char *word))
{
	const char *got = json_string_value(json_object_get(r->fields, name));
	size_t i;

	for (i = 0; i < w->count; i++) {
		const char *word = json_string_value(
		    json_object_get(w->changes[i].fields, name));

		if (word != NULL && !is_superseded(w, r, i, name)) {
			assert_non_null(got);
			assert_true(rank(got) >= rank(word));
		}
	}
}

static int
status_rank(const char *word)
{
	return strcmp(word, "dead") == 0;
}

static int
referral_rank(const char *word)
{
	return state_rank(kind_by_name("referral"), word);
}

static void
check_honest(const struct world *w, const struct record *r)
{
	const struct field *f;
	size_t heads = 0, i, j;

	for (f = kind_by_name(w->kind)->fields; f->number != 0; f++)
		check_field(w, r, f);
	if (strcmp(w->kind, "resident") == 0)
		check_rank(w, r, "status", status_rank);
	if (strcmp(w->kind, "referral") == 0)
		check_rank(w, r, "state", referral_rank);
	for (i = 0; i < w->count; i++) {
		bool seen = false;

		for (j = 0; j < w->count; j++)
			seen = seen || w->before[j][i];
		heads += !seen;
		if (seen)
			assert_int_not_equal(
			    change_id_compare(&w->changes[i].id, &r->head), 0);
	}
	assert_int_equal(r->head_count, heads);
}

/* A change that has seen all heads and sets a field decides it alone. */
static void
check_next(const struct world *w, const struct record *r)
{
	struct merge_input more[CHANGES_MAX + 1];
	struct record after;
	struct change c;

	change_init(&c);
	c.id.life[0] = 2;
	c.id.seq = 1000;
	c.record = r->id;
	c.parent_count = r->parent_count;
	memcpy(c.parents, r->parents, sizeof c.parents);
	c.fields = json_pack("{s:s, s:[]}", "phone", "last", "allergies");
	memcpy(more, w->input, w->count * sizeof more[0]);
	more[w->count].change = &c;
	more[w->count].fingerprint = 77;
	assert_int_equal(record_merge(more, w->count + 1, &after), ERR_OK);
	assert_int_equal(after.head_count, 1);
	assert_int_equal(change_id_compare(&after.head, &c.id), 0);
	assert_string_equal(
	    json_string_value(json_object_get(after.fields, "phone")), "last");
	assert_int_equal(
	    json_array_size(json_object_get(after.fields, "allergies")), 0);
	record_clear(&after);
	change_clear(&c);
}

static void
run(const char *kind, bool honest)
{
	unsigned i;

	for (i = 0; i < rounds; i++) {
		struct record r;
		struct world w;

		current_seed = rng = first_seed + i;
		world_make(&w, kind, honest);
		check_orders(&w, &r);
		if (honest) {
			check_honest(&w, &r);
			check_next(&w, &r);
		}
		record_clear(&r);
		world_clear(&w);
	}
	current_seed = 0;
}

/* On a failure cmocka leaves run(), and current_seed stays. */
static int
say_seed(void **state)
{
	if (current_seed != 0)
		print_error("# seed %" PRIu64 "\n", current_seed);
	return 0;
}

static void
test_honest_residents(void **state)
{
	run("resident", true);
}

static void
test_honest_referrals(void **state)
{
	run("referral", true);
}

static void
test_honest_contracts(void **state)
{
	run("contract", true);
}

static void
test_honest_encounters(void **state)
{
	run("encounter", true);
}

static void
test_forged_residents(void **state)
{
	run("resident", false);
}

static void
test_forged_referrals(void **state)
{
	run("referral", false);
}

static void
test_forged_contracts(void **state)
{
	run("contract", false);
}

static void
test_forged_encounters(void **state)
{
	run("encounter", false);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_honest_residents, say_seed),
	    cmocka_unit_test_teardown(test_honest_referrals, say_seed),
	    cmocka_unit_test_teardown(test_honest_contracts, say_seed),
	    cmocka_unit_test_teardown(test_honest_encounters, say_seed),
	    cmocka_unit_test_teardown(test_forged_residents, say_seed),
	    cmocka_unit_test_teardown(test_forged_referrals, say_seed),
	    cmocka_unit_test_teardown(test_forged_contracts, say_seed),
	    cmocka_unit_test_teardown(test_forged_encounters, say_seed),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
