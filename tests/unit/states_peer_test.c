/* states_peer: every step of every kind as another node's change brings it to
 * the group, and as the group's brings it to a clinic, by the table of
 * states_table.h.
 *
 * Another node's program may be old or altered, so nothing has refused its
 * steps before. Into a state that only the group sets it brings no record:
 * that is kept apart, and listed at both ends. A step that is the managing
 * org's counts, and where it came from another the group is asked. Every other
 * step counts, since its author had seen what was before; of those that had
 * not seen each other the one that stands higher, in either order of arrival.
 */

#include "tests/unit/feed_room.h"
#include "tests/unit/states_table.h"

/* Of the states that any org's change may bring: the lowest first. An arrival
 * stands above what would have prevented it, an end above a wish to end. */
static const struct {
	const char *kind, *states;
} orders[] = {
    {"contract", "draft signed expired ending closed"},
    {"encounter", "draft signed amended entered_in_error"},
    {"followup", "planned missed done"},
    {"loan", "requested approved refused cancelled handed_over received "
             "returning lost returned damaged"},
    {"referral", "draft issued declined accepted lapsed cancelled "
                 "arrived_home arrived in_care sent_back followed_up"},
    {"exam_request", "sent received rejected reported"},
    {"link", "proposed linked refused undone"},
    {"question", "open decided undone"},
    {"consult", "requested declined accepted answered closed"},
    {"sterile_batch", "received sterilising sterile dispatched delivered "
                      "expired used returned recalled"},
};

enum { STEPS_MAX = 1000 };

/* A record with one change, or one step further. */
struct step {
	struct identity record;
	const struct kind *kind;
	const char *from, *to;
	struct change_id id; /* of the step */
};

struct steps {
	struct txn *t;
	struct self self;
	const char *org;
	enum who who;
	size_t count;
	struct step step[STEPS_MAX];
};

/* Whether any row has a state with this mark. */
static bool
is_marked(const char *kind, const char *state, char mark)
{
	size_t size = strlen(state);

	for (size_t i = 0; i < ROWS; i++) {
		const char *at = rows[i].to;

		if (strcmp(rows[i].kind, kind) != 0)
			continue;
		while ((at = strstr(at, state)) != NULL) {
			if ((at == rows[i].to || at[-1] == ' ') &&
			    at[size] == mark)
				return true;
			at += size;
		}
	}
	return false;
}

/* History may tell of what the group did, where the table has it so. */
static bool
is_kept_apart(const char *kind, const char *from, const char *to)
{
	return is_marked(kind, to, '*') &&
	       !(strcmp(from, "-") == 0 && wanted(kind, from, to, ANY_ORG));
}

/* --- writing ------------------------------------------------------------- */

static json_t *
content(const struct kind *k)
{
	char text[1024];
	json_t *fields;

	snprintf(text, sizeof text, "{%s}", content_of(k->name));
	fields = json_loads(text, 0, NULL);
	assert_non_null(fields);
	/* Without it nobody knows what was decided about. */
	if (strcmp(k->name, "question") == 0)
		json_object_set_new(fields, "about_source", json_string("his"));
	/* Else the group's machine has its own word on each of them. */
	if (strcmp(k->name, "contract") == 0)
		json_object_del(fields, "resident_id");
	return fields;
}

/* A change of this node's own, judged by nobody; takes fields. */
static struct change_id
write_step(struct steps *w, const struct identity *record,
    const struct change_id *seen, const char *state, json_t *fields)
{
	struct change c;
	struct change_id id;

	json_object_set_new(fields, "state", json_string(state));
	json_object_set_new(fields, "reason", json_string("x"));
	change_init(&c);
	c.record = *record;
	if (seen != NULL) {
		c.parent_count = 1;
		c.parents[0].id = *seen;
	}
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", w->org);
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields = fields;
	assert_int_equal(admit_own(w->t, &w->self, &c, 2), ERR_OK);
	id = c.id;
	change_clear(&c);
	return id;
}

static struct step *
step_add(
    struct steps *w, const struct kind *k, const char *from, const char *to)
{
	struct step *s = &w->step[w->count];

	assert_true(w->count < STEPS_MAX);
	memset(s, 0, sizeof *s);
	s->kind = k;
	s->from = from;
	s->to = to;
	snprintf(s->record.source, sizeof s->record.source, "his");
	snprintf(s->record.kind, sizeof s->record.kind, "%s", k->name);
	snprintf(s->record.ref, sizeof s->record.ref, "X%zu", w->count++);
	return s;
}

static void
take_step(void *context, const struct kind *k, const char *from, const char *to)
{
	struct steps *w = context;
	struct step *s;

	/* The group writes what it may; others whatever they want to, behind
	 * a beginning that is taken. */
	if (w->who == GROUP && !wanted(k->name, from, to, GROUP))
		return;
	if (strcmp(from, "-") != 0 && is_kept_apart(k->name, "-", from))
		return;
	s = step_add(w, k, from, to);
	if (strcmp(from, "-") == 0) {
		s->id = write_step(w, &s->record, NULL, to, content(k));
	} else {
		s->id = write_step(w, &s->record, NULL, from, content(k));
		s->id = write_step(w, &s->record, &s->id, to, json_object());
	}
}

static struct steps *
steps_new(struct member *m, const char *org, enum who who)
{
	struct steps *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->self = member_self(m);
	w->org = org;
	w->who = who;
	w->t = member_begin(m, true);
	return w;
}

static void
steps_free(struct steps *w)
{
	self_wipe(&w->self);
	free(w);
}

static struct steps *
take_all(struct member *m, const char *org, enum who who)
{
	struct steps *w = steps_new(m, org, who);

	walk_all(take_step, w);
	assert_int_equal(txn_commit(w->t), ERR_OK);
	assert_true(w->count > 250);
	return w;
}

/* --- what became of it --------------------------------------------------- */

/* "": the record is not here. */
static void
read_state(struct txn *t, const struct identity *id, char out[32], size_t *n)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;

	out[0] = '\0';
	*n = 0;
	key_record(txn_db(t), key, id);
	if (record_read(t, key, &r) != ERR_OK)
		return;
	*n = r.change_count;
	snprintf(out, 32, "%s",
	    json_string_value(json_object_get(r.fields, "state")));
	record_clear(&r);
}

static void
expect_state(
    const struct step *s, const char *got, const char *want, const char *where)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s: %s from %s to %s is \"%s\", not \"%s\"", where,
		    s->kind->name, s->from, s->to, got, want);
}

/* What is listed about steps: of one type, by change or by record. */
struct listed {
	const struct steps *of;
	enum question_type type;
	enum finding_code code;
	size_t count;
	bool is[STEPS_MAX];
};

static enum err
note_listed(void *context, const struct question *q)
{
	struct listed *l = context;

	if (q->type != l->type || q->code != l->code)
		return ERR_OK;
	l->count++;
	for (size_t i = 0; i < l->of->count; i++)
		if (q->type == QUESTION_MATTER
		        ? strcmp(q->kind, l->of->step[i].kind->name) == 0 &&
		              strcmp(q->ref, l->of->step[i].record.ref) == 0
		        : change_id_compare(&q->id, &l->of->step[i].id) == 0)
			l->is[i] = true;
	return ERR_OK;
}

static struct listed *
listed_at(struct member *m, const struct steps *w, enum question_type type,
    enum finding_code code)
{
	struct listed *l = calloc(1, sizeof *l);
	struct txn *t = member_begin(m, false);

	assert_non_null(l);
	l->of = w;
	l->type = type;
	l->code = code;
	assert_int_equal(question_walk(t, note_listed, l), ERR_OK);
	txn_abort(t);
	return l;
}

static void
expect_listed(struct member *m, const struct steps *w, enum question_type type,
    const char *where)
{
	struct listed *l = listed_at(m, w, type, FINDING_GROUP_ONLY_STATE);
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct step *s = &w->step[i];
		bool want = is_kept_apart(s->kind->name, s->from, s->to);

		if (l->is[i] != want)
			fail_msg("%s: %s from %s to %s is %s", where,
			    s->kind->name, s->from, s->to,
			    want ? "not listed" : "listed");
		count += want;
	}
	assert_true(count > 30);
	assert_int_equal(l->count, count);
	free(l);
}

/* Steps of the managing org's, by who is it and by who is not, also where one
 * was left behind again. */
static void
expect_asked(const struct steps *w)
{
	struct listed *l =
	    listed_at(&hub, w, QUESTION_MATTER, FINDING_UNENTITLED);
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct step *s = &w->step[i];
		bool takes = is_marked(s->kind->name, s->to, '+');
		bool took = is_marked(s->kind->name, s->from, '+');

		if (l->is[i] != ((takes || took) && w->who == ANY_ORG))
			fail_msg("%s from %s to %s is %sasked about",
			    s->kind->name, s->from, s->to,
			    l->is[i] ? "" : "not ");
		count += takes;
	}
	assert_true(count > 10);
	free(l);
}

static void
expect_states(struct member *m, const struct steps *w, const char *where)
{
	struct txn *t = member_begin(m, false);
	char state[32];
	size_t n;

	for (size_t i = 0; i < w->count; i++) {
		const struct step *s = &w->step[i];
		bool is_apart = w->who != GROUP &&
		                is_kept_apart(s->kind->name, s->from, s->to);

		read_state(t, &s->record, state, &n);
		expect_state(s, state,
		    !is_apart                   ? s->to
		    : strcmp(s->from, "-") == 0 ? ""
		                                : s->from,
		    where);
	}
	txn_abort(t);
}

/* What another clinic received it shows as the hub does. */
static void
expect_same(struct member *m, const struct steps *w, size_t least)
{
	struct txn *t = member_begin(m, false), *at_hub;
	char state[32], hubs[32];
	size_t i, n, of_hub, count = 0;

	at_hub = member_begin(&hub, false);
	for (i = 0; i < w->count; i++) {
		read_state(t, &w->step[i].record, state, &n);
		read_state(at_hub, &w->step[i].record, hubs, &of_hub);
		if (n == 0 || n != of_hub)
			continue;
		expect_state(&w->step[i], state, hubs, "the other clinic");
		count++;
	}
	assert_true(count >= least);
	txn_abort(at_hub);
	txn_abort(t);
}

/* Both residents are C02's to keep: the group says so. */
static void
two_residents(void)
{
	for (int i = 1; i < 3; i++)
		wrote(&hub, "H01", "resident", i == 1 ? "R1" : "R2",
		    json_pack("{s:s, s:s}", "name", "x", "managing_org_id",
		        "ref:C02"));
}

static void
walk_as_peer(struct member *m, const char *org, enum who who)
{
	struct steps *w;

	two_residents();
	w = take_all(m, org, who);
	sync_all();
	expect_states(&hub, w, "the hub");
	expect_listed(&hub, w, QUESTION_CHANGE, "the hub");
	expect_listed(m, w, QUESTION_RETURNED, "its author's");
	expect_asked(w);
	expect_same(m == &a ? &b : &a, w, who == ANY_ORG ? 100 : 1);
	steps_free(w);
}

static void
test_another_clinics_steps_reach_the_group(void **state)
{
	walk_as_peer(&a, "C01", ANY_ORG);
}

static void
test_the_managing_orgs_steps_reach_the_group(void **state)
{
	walk_as_peer(&b, "C02", MANAGING_ORG);
}

static void
test_the_groups_steps_reach_a_clinic(void **state)
{
	struct steps *w;

	two_residents();
	w = take_all(&hub, "C02", GROUP);
	sync_all();
	expect_states(&b, w, "the clinic");
	steps_free(w);
}

/* --- who did not know of each other -------------------------------------- */

static size_t
place_in(const char *states, const char *state)
{
	size_t size = strlen(state);
	const char *at = states;

	while ((at = strstr(at, state)) != NULL) {
		if ((at == states || at[-1] == ' ') &&
		    (at[size] == ' ' || at[size] == '\0'))
			return (size_t)(at - states);
		at += size;
	}
	fail_msg("no %s in %s", state, states);
	return 0;
}

static void
two_begin(struct steps *one, struct steps *other, const char *states,
    const struct kind *k)
{
	for (const struct state *x = k->states; x->name != NULL; x++)
		for (const struct state *y = k->states; y->name != NULL; y++) {
			const struct step *s;

			if (!state_is_in(states, x->name) ||
			    !state_is_in(states, y->name))
				continue;
			s = step_add(one, k, x->name, y->name);
			write_step(one, &s->record, NULL, x->name, content(k));
			write_step(
			    other, &s->record, NULL, y->name, content(k));
		}
}

static void
expect_higher(struct member *m, const struct steps *w, size_t least)
{
	struct txn *t = member_begin(m, false);
	char state[32];
	size_t n, count = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct step *s = &w->step[i];
		const char *states = NULL;

		for (size_t j = 0; j < sizeof orders / sizeof orders[0]; j++)
			if (strcmp(orders[j].kind, s->kind->name) == 0)
				states = orders[j].states;
		assert_non_null(states);
		read_state(t, &s->record, state, &n);
		if (n < 2) /* it has not received the other one */
			continue;
		count++;
		expect_state(s, state,
		    place_in(states, s->from) > place_in(states, s->to)
		        ? s->from
		        : s->to,
		    m == &hub ? "the hub" : "a clinic");
	}
	assert_true(count >= least);
	txn_abort(t);
}

static void
walk_both(struct member *first, struct member *second)
{
	struct steps *one, *other;

	two_residents();
	one = steps_new(&a, "C01", ANY_ORG);
	other = steps_new(&b, "C02", MANAGING_ORG);
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
		two_begin(
		    one, other, orders[i].states, kind_by_name(orders[i].kind));
	assert_int_equal(txn_commit(one->t), ERR_OK);
	assert_int_equal(txn_commit(other->t), ERR_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    group_run(first, &hub, SESSION_SYNC, NULL).up, ERR_OK);
		assert_int_equal(
		    group_run(second, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	}
	expect_higher(&hub, one, one->count);
	expect_higher(&a, one, 100);
	expect_higher(&b, one, 100);
	steps_free(one);
	steps_free(other);
}

static void
test_of_two_that_met_the_higher_stands(void **state)
{
	walk_both(&a, &b);
}

static void
test_so_it_does_in_the_other_order(void **state)
{
	walk_both(&b, &a);
}

/* Every state has its place, but those that no clinic's change brings. */
static void
test_the_orders_are_whole(void **state)
{
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		const struct kind *k = kind_by_name(orders[i].kind);

		assert_non_null(k);
		for (const struct state *s = k->states; s->name != NULL; s++)
			assert_true(
			    state_is_in(orders[i].states, s->name) ||
			    is_marked(k->name, s->name, '*') ||
			    !wanted(k->name, "-", s->name, ANYBODY_AT_ALL));
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_orders_are_whole),
	    CASE(test_another_clinics_steps_reach_the_group),
	    CASE(test_the_managing_orgs_steps_reach_the_group),
	    CASE(test_the_groups_steps_reach_a_clinic),
	    CASE(test_of_two_that_met_the_higher_stands),
	    CASE(test_so_it_does_in_the_other_order),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
