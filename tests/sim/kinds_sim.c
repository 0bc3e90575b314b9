/* kinds_sim: of every kind, what several nodes write without a link and hand
 * each other in any order, in any portions and repeatedly, is one record, and
 * the one that the kind's merge rules say.
 *
 * Each node writes with what it holds as parents, as stores do. The first is
 * the group's and also sets changes aside, takes claims back, and lets some
 * stand after all, by words that follow the one they are about. The record is
 * then computed a second time, field by field, from who had seen what. Usage:
 * kinds_sim [SEED [ROUNDS]].
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

enum { NODES = 4, CHANGES_MAX = 16, STEPS = 40, DEPTH_MAX = 3 };

static uint64_t first_seed = 1;
static unsigned rounds = 120;
static uint64_t rng, current_seed;
static const char *current_kind;

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
	const struct kind *kind;
	size_t count;
	struct change changes[CHANGES_MAX];
	struct merge_input input[CHANGES_MAX];
	bool seen[CHANGES_MAX][CHANGES_MAX]; /* [i][j]: i descends from j */
	bool held[NODES][CHANGES_MAX];
	/* What the group said, by the place in said_words[] plus one; 0:
	 * nothing. */
	size_t word[CHANGES_MAX], about[CHANGES_MAX];
	bool takes_back[CHANGES_MAX]; /* the word that it is about */
	const bool *part; /* which of them are looked at; NULL: all */
};

static const char *const said_words[] = {MERGE_SET_ASIDE, MERGE_UNMANAGED};

/* --- random content ------------------------------------------------------ */

static json_t *any_value(const struct field *f, unsigned depth);

static const char *
any_word(const char *const *words)
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return words[below(n)];
}

static json_t *
any_row(const struct field *table, unsigned depth)
{
	json_t *row = json_object();

	for (const struct field *f = table; f->number != 0; f++)
		if (below(3) == 0)
			json_object_set_new(row, f->name, any_value(f, depth));
	return row;
}

static json_t *
any_list(const struct field *f, unsigned depth)
{
	static const char *const texts[] = {"青霉素", "头孢", "ref:x", "ref:y"};
	json_t *list = json_array();
	size_t n = below(4);

	while (n-- > 0) {
		json_t *one;

		if (f->type == FIELD_ROWS)
			one = any_row(f->row, depth);
		else if (f->type == FIELD_ENUMS)
			one = json_string(any_word(f->words));
		else
			one = json_string(texts[below(4)]);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *
any_value(const struct field *f, unsigned depth)
{
	static const char *const texts[] = {"a", "b", "2026-01-02", "ref:x"};

	switch (f->type) {
	case FIELD_ENUM:
		return json_string(any_word(f->words));
	case FIELD_CHOICE:
	case FIELD_INT:
	case FIELD_MONEY:
		return json_integer((json_int_t)below(4));
	case FIELD_DECIMAL:
		return json_real((double)below(4) / 2);
	case FIELD_BOOL:
		return json_boolean(below(2));
	case FIELD_ROW:
		return depth == DEPTH_MAX ? json_object()
		                          : any_row(f->row, depth + 1);
	case FIELD_REFS:
	case FIELD_WORDS:
	case FIELD_ENUMS:
	case FIELD_ROWS:
		return depth == DEPTH_MAX ? json_array()
		                          : any_list(f, depth + 1);
	default:
		return json_string(texts[below(4)]);
	}
}

static json_t *
any_state(const struct kind *k)
{
	size_t n = 0;

	while (k->states[n].name != NULL)
		n++;
	return json_string(k->states[below(n)].name);
}

/* Few fields of a kind, so that changes meet in them; the ones whose rule is
 * not the usual one always among them. */
static json_t *
any_fields(const struct kind *k, uint64_t chosen)
{
	json_t *fields = json_object();

	for (const struct field *f = k->fields; f->number != 0; f++) {
		bool is_special = f->merge != MERGE_FIELD;

		if (!is_special && (chosen >> f->number % 64 & 1) == 0)
			continue;
		if (below(2) == 0)
			continue;
		if (f->merge == MERGE_STATE)
			json_object_set_new(fields, f->name, any_state(k));
		else if (below(8) == 0)
			json_object_set_new(fields, f->name, json_null());
		else
			json_object_set_new(fields, f->name, any_value(f, 0));
	}
	return fields;
}

/* --- nodes --------------------------------------------------------------- */

static size_t
portion(const struct world *w, const bool *held, struct merge_input *out)
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		if (held[i])
			out[n++] = w->input[i];
	return n;
}

static void
take_parents(struct world *w, size_t node, struct change *c)
{
	struct merge_input held[CHANGES_MAX];
	size_t n = portion(w, w->held[node], held);
	struct record r;

	if (n == 0)
		return;
	assert_int_equal(record_merge(held, n, &r), ERR_OK);
	assert_int_equal(r.parent_count, r.head_count);
	c->parent_count = r.parent_count;
	memcpy(c->parents, r.parents, sizeof c->parents);
	record_clear(&r);
}

/* What a node holds was written by those who had seen more than it holds
 * itself yet; that is in the past of its changes all the same. */
static void
note_seen(struct world *w, size_t node, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (!w->held[node][j])
			continue;
		w->seen[i][j] = true;
		for (size_t m = 0; m < j; m++)
			w->seen[i][m] = w->seen[i][m] || w->seen[j][m];
	}
}

/* Has seen what it is about and what that had seen. */
static void
follow(struct world *w, size_t i, size_t about)
{
	struct change *c = &w->changes[i];
	uint8_t fingerprint[8];

	store_u64(fingerprint, w->input[about].fingerprint);
	c->parent_count = 1;
	c->parents[0].id = w->changes[about].id;
	memcpy(c->parents[0].link, fingerprint, sizeof c->parents[0].link);
	memcpy(w->seen[i], w->seen[about], sizeof w->seen[i]);
	w->seen[i][about] = true;
}

/* Of a change that the group holds: about a word null, which takes it back;
 * what is null stands. */
static json_t *
any_word_about(struct world *w, size_t i)
{
	size_t about = w->count - 1;
	char id[64];

	/* Mostly of the newest, which had seen most of what was said. */
	while (about > 0 && (!w->held[0][about] || below(4) == 0))
		about--;
	if (!w->held[0][about] || w->takes_back[about])
		return NULL;
	w->about[i] = about;
	w->takes_back[i] = w->word[about] > 0;
	w->word[i] = w->takes_back[i] ? w->word[about] : 1 + below(2);
	if (w->takes_back[i])
		return json_pack("{s:n}", said_words[w->word[i] - 1]);
	change_founded_ref(&w->changes[about].id, id, sizeof id);
	return json_pack("{s:[s]}", said_words[w->word[i] - 1], id + 1);
}

static void
write_change(struct world *w, size_t node, uint64_t chosen)
{
	size_t i = w->count;
	struct change *c = &w->changes[i];
	json_t *word =
	    node == 0 && i > 0 && below(4) > 0 ? any_word_about(w, i) : NULL;

	change_init(c);
	/* Lives sort another way than nodes' changes come. */
	c->id.life[0] = (uint8_t)(node * 7 % NODES + 1);
	c->id.class = (uint8_t)below(CLASSES);
	c->id.seq = i + 1;
	snprintf(c->record.kind, sizeof c->record.kind, "%s", w->kind->name);
	snprintf(c->record.source, sizeof c->record.source, "s");
	snprintf(c->record.ref, sizeof c->record.ref, "r");
	snprintf(c->org, sizeof c->org, "C%zu", node);
	snprintf(c->by, sizeof c->by, "D%zu", node);
	c->managing = below(3) == 0;
	/* Clocks are anything. */
	c->occurred_at = c->recorded_at = (int64_t)below(100000);
	c->fields = word != NULL ? word : any_fields(w->kind, chosen);
	if (word != NULL) {
		follow(w, i, w->about[i]);
	} else {
		take_parents(w, node, c);
		note_seen(w, node, i);
	}
	w->input[i].change = c;
	w->input[i].fingerprint = next() | 1;
	w->held[node][i] = true;
	w->count++;
}

/* Some of what one holds; what it was based on need not be among it. */
static void
hand_over(struct world *w)
{
	size_t from = below(NODES), to = below(NODES);

	for (size_t i = 0; i < w->count; i++)
		if (w->held[from][i] && below(2) == 0)
			w->held[to][i] = true;
}

static void
world_make(struct world *w, const struct kind *k)
{
	uint64_t chosen = next() & next();
	size_t wanted = 2 + below(CHANGES_MAX - 1);

	memset(w, 0, sizeof *w);
	w->kind = k;
	for (size_t step = 0; step < STEPS && w->count < wanted; step++) {
		if (below(2) == 0)
			write_change(w, below(NODES), chosen);
		else
			hand_over(w);
	}
	if (w->count == 0)
		write_change(w, 0, chosen);
}

static void
world_clear(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		change_clear(&w->changes[i]);
}

/* --- every node ends with the same --------------------------------------- */

static void
expect_same(const struct record *a, const struct record *b)
{
	assert_int_equal(change_id_compare(&a->head, &b->head), 0);
	assert_string_equal(a->by, b->by);
	assert_string_equal(a->org, b->org);
	assert_int_equal(a->at, b->at);
	assert_int_equal(a->change_count, b->change_count);
	assert_int_equal(a->head_count, b->head_count);
	assert_memory_equal(
	    a->parents, b->parents, a->parent_count * sizeof a->parents[0]);
	assert_int_equal(a->is_conflicted, b->is_conflicted);
	assert_true(json_equal(a->fields, b->fields));
}

/* All of it in a random order, some twice. */
static size_t
shuffled(const struct world *w, struct merge_input out[2 * CHANGES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++) {
		out[n++] = w->input[i];
		if (below(3) == 0)
			out[n++] = w->input[below(w->count)];
	}
	for (size_t i = n; i > 1; i--) {
		size_t j = below(i);
		struct merge_input swap = out[i - 1];

		out[i - 1] = out[j];
		out[j] = swap;
	}
	return n;
}

static void
check_nodes(const struct world *w, struct record *first)
{
	struct merge_input order[2 * CHANGES_MAX];

	assert_int_equal(record_merge(w->input, w->count, first), ERR_OK);
	for (size_t node = 0; node < NODES; node++) {
		struct record r;
		size_t n = shuffled(w, order);

		assert_int_equal(record_merge(order, n, &r), ERR_OK);
		expect_same(first, &r);
		record_clear(&r);
	}
}

/* --- and it is the right one --------------------------------------------- */

/* Whether a word about a change stands: it is not taken back. */
static bool
is_said(const struct world *w, const char *word, size_t about)
{
	for (size_t j = 0; j < w->count; j++) {
		bool stands = w->word[j] > 0 && !w->takes_back[j] &&
		              w->about[j] == about &&
		              strcmp(said_words[w->word[j] - 1], word) == 0;

		for (size_t m = 0; stands && m < w->count; m++)
			stands = !w->takes_back[m] || w->about[m] != j;
		if (stands)
			return true;
	}
	return false;
}

static bool
is_managing(const struct world *w, size_t i)
{
	return w->changes[i].managing && !is_said(w, MERGE_UNMANAGED, i);
}

/* What a change sets, unless that is set aside. */
static const json_t *
sets(const struct world *w, size_t i, const char *name)
{
	if ((w->part != NULL && !w->part[i]) || is_said(w, MERGE_SET_ASIDE, i))
		return NULL;
	return json_object_get(w->changes[i].fields, name);
}

static int
word_number(const struct field *f, const json_t *v)
{
	const char *word = json_string_value(v);

	for (int i = 0; word != NULL && f->words[i] != NULL; i++)
		if (strcmp(f->words[i], word) == 0)
			return i;
	return -1;
}

/* A guarded word gives way to a higher one, and to the managing org's. */
static bool
is_guarded(const struct world *w, const char *name, size_t i, size_t j)
{
	const struct field *f = field_by_name(w->kind->fields, name);
	const struct change *mine = &w->changes[i], *other = &w->changes[j];
	json_t *guarded;
	int least, here;

	if (f == NULL || f->guarded == NULL || is_managing(w, j))
		return false;
	guarded = json_string(f->guarded);
	least = word_number(f, guarded);
	json_decref(guarded);
	here = word_number(f, json_object_get(mine->fields, name));
	return here >= least &&
	       word_number(f, json_object_get(other->fields, name)) < here;
}

/* What i says of a field, if nobody who had seen that says anything else. */
static const json_t *
says(const struct world *w, size_t i, const char *name)
{
	const json_t *v = sets(w, i, name);

	for (size_t j = 0; v != NULL && j < w->count; j++)
		if (w->seen[j][i] && sets(w, j, name) != NULL &&
		    !is_guarded(w, name, i, j))
			return NULL;
	return v;
}

static int
rank(const struct world *w, const struct field *f, const json_t *v)
{
	const char *word = json_string_value(v);

	if (f->merge == MERGE_STATE)
		return word == NULL ? -1 : state_rank(w->kind, word);
	for (int i = 0; f->merge == MERGE_RANK && f->words[i] != NULL; i++)
		if (word != NULL && strcmp(f->words[i], word) == 0)
			return i;
	return f->merge == MERGE_RANK ? -1 : 0;
}

static bool
goes_before(const struct world *w, const struct field *f, size_t a, size_t b)
{
	const struct change *x = &w->changes[a], *y = &w->changes[b];
	int p = rank(w, f, says(w, a, f->name));
	int q = rank(w, f, says(w, b, f->name));

	if (p != q)
		return p > q;
	if (is_managing(w, a) != is_managing(w, b))
		return is_managing(w, a);
	return change_id_compare(&x->id, &y->id) < 0;
}

static bool
holds(const json_t *list, const json_t *one)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (value_equal(json_array_get(list, i), one))
			return true;
	return false;
}

/* Nothing that somebody still holds is lost, and nothing is made up. */
static void
check_union(const struct world *w, const struct field *f, const json_t *got)
{
	for (size_t i = 0; i < w->count; i++) {
		const json_t *v = says(w, i, f->name);

		for (size_t j = 0; j < json_array_size(v); j++)
			assert_true(holds(got, json_array_get(v, j)));
	}
	for (size_t j = 0; j < json_array_size(got); j++) {
		bool found = false;

		for (size_t i = 0; i < w->count; i++)
			found = found || holds(says(w, i, f->name),
			                     json_array_get(got, j));
		assert_true(found);
	}
}

/* Returns whether values met of which one had to give way. */
static bool
check_field(
    const struct world *w, const struct field *f, const struct record *r)
{
	const json_t *got = json_object_get(r->fields, f->name);
	size_t best = SIZE_MAX;
	bool met = false;

	for (size_t i = 0; i < w->count; i++) {
		if (says(w, i, f->name) == NULL)
			continue;
		if (best != SIZE_MAX &&
		    !value_equal(says(w, i, f->name), says(w, best, f->name)))
			met = true;
		if (best == SIZE_MAX || goes_before(w, f, i, best))
			best = i;
	}
	if (f->merge == MERGE_APPEND) {
		check_union(w, f, got);
		return false;
	}
	if (best == SIZE_MAX || json_is_null(says(w, best, f->name)))
		assert_null(got);
	else
		assert_true(
		    got != NULL && value_equal(got, says(w, best, f->name)));
	return met;
}

static bool
any_word_said(const struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->word[i] > 0)
			return true;
	return false;
}

/* Side by side: what is shown is one version alone, all its author saw, but for
 * what the group says of it, which he need not have seen. */
static void
check_branch(struct world *w, const struct record *r)
{
	struct merge_input own[CHANGES_MAX];
	struct record alone;
	size_t head = 0, n;
	bool part[CHANGES_MAX];

	assert_true(r->is_conflicted);
	while (change_id_compare(&w->changes[head].id, &r->head) != 0)
		head++;
	memcpy(part, w->seen[head], sizeof part);
	part[head] = true;
	w->part = part;
	for (const struct field *f = w->kind->fields; f->number != 0; f++)
		(void)check_field(w, f, r);
	w->part = NULL;
	if (any_word_said(w))
		return;
	n = portion(w, part, own);
	assert_int_equal(record_merge(own, n, &alone), ERR_OK);
	assert_int_equal(alone.head_count, 1);
	assert_true(json_equal(alone.fields, r->fields));
	record_clear(&alone);
}

static void
check_record(struct world *w, const struct record *r)
{
	bool met = false;
	size_t heads = 0;

	for (size_t i = 0; i < w->count; i++) {
		bool is_seen = false;

		for (size_t j = 0; j < w->count; j++)
			is_seen = is_seen || w->seen[j][i];
		heads += !is_seen;
	}
	assert_int_equal(r->head_count, heads);
	if (w->kind->keeps_branches && heads > 1) {
		check_branch(w, r);
		return;
	}
	for (const struct field *f = w->kind->fields; f->number != 0; f++)
		met = check_field(w, f, r) || met;
	/* What gave way is listed. */
	assert_int_equal(r->is_conflicted, met);
}

static void
run(const struct kind *k)
{
	current_kind = k->name;
	for (unsigned i = 0; i < rounds; i++) {
		struct record r;
		struct world w;

		current_seed = rng = first_seed + i;
		world_make(&w, k);
		check_nodes(&w, &r);
		check_record(&w, &r);
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
		print_error(
		    "# %s, seed %" PRIu64 "\n", current_kind, current_seed);
	return 0;
}

static void
test_every_kind_is_one_record(void **state)
{
	for (const struct kind *const *k = kind_all(); *k != NULL; k++)
		run(*k);
}

/* The rules meet in some kind at all: or the above would show nothing. */
static void
test_every_rule_is_some_kinds(void **state)
{
	bool is_used[MERGE_RANK + 1] = {false};
	bool keeps_branches = false;

	for (const struct kind *const *k = kind_all(); *k != NULL; k++) {
		keeps_branches = keeps_branches || (*k)->keeps_branches;
		for (const struct field *f = (*k)->fields; f->number != 0; f++)
			is_used[f->merge] = true;
	}
	for (size_t i = 0; i <= MERGE_RANK; i++)
		assert_true(is_used[i]);
	assert_true(keeps_branches);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_every_kind_is_one_record, say_seed),
	    cmocka_unit_test(test_every_rule_is_some_kinds),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned)strtoul(argv[2], NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
