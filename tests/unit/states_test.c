/* states: every step of every kind, allowed or not, for a clinic, for the
 * resident's managing org and for the group, by a table that was written from
 * the rules and not from the kinds' own.
 */

#include "tests/unit/import_room.h"

#include "store/import_line.h"
#include "tests/unit/states_table.h"

/* The table knows the kinds' states, and no others. */
static void
test_the_table_is_whole(void **state)
{
	size_t named = 0;

	for (const struct kind *const *k = kind_all(); *k != NULL; k++) {
		if ((*k)->states == NULL)
			continue;
		named++;
		(void)row_of((*k)->name, "-");
		(void)content_of((*k)->name);
		for (const struct state *s = (*k)->states; s->name != NULL;
		     s++) {
			(void)row_of((*k)->name, s->name);
			named++;
		}
	}
	assert_int_equal(named, ROWS);
}

static void
expect(const char *kind, const char *from, const char *to, enum who who,
    bool got, const char *where)
{
	static const char *const names[] = {
	    "any org", "the managing org", "the group", "anybody"};

	if (got != wanted(kind, from, to, who))
		fail_msg("%s: %s from %s to %s is %s for %s", where, kind, from,
		    to, got ? "allowed" : "refused", names[who]);
}

/* --- the tables --------------------------------------------------------- */

static void
follow(void *context, const struct kind *k, const char *from, const char *to)
{
	bool got = state_follows(k, strcmp(from, "-") == 0 ? NULL : from, to);

	(void)context;
	expect(k->name, from, to, ANYBODY_AT_ALL, got, "state_follows");
}

static void
test_states_follow_as_written(void **state)
{
	walk_all(follow, NULL);
}

/* --- what is handed in --------------------------------------------------- */

static bool
managed(void *world, const char *source, const char *resident, const char *org)
{
	(void)source;
	(void)resident;
	(void)org;
	return *(enum who *)world == MANAGING_ORG;
}

static bool
is_about_state(const struct finding *f)
{
	return f->refused && strcmp(f->field, "state") == 0;
}

static void
check_step(
    void *context, const struct kind *k, const char *from, const char *to)
{
	enum who *who = context;
	struct check_context cx = {.at = "2026-05-01T10:00:00+08:00",
	    .is_first = strcmp(from, "-") == 0,
	    .old_state = strcmp(from, "-") == 0 ? NULL : from,
	    .org = "C01",
	    .acts_for_group = *who == GROUP,
	    .manages = managed,
	    .world = who};
	struct findings out;
	char text[1024];
	bool got = true;
	json_t *record;

	snprintf(text, sizeof text, "{\"state\":\"%s\",\"reason\":\"x\",%s}",
	    to, content_of(k->name));
	record = json_loads(text, 0, NULL);
	assert_non_null(record);
	findings_init(&out);
	kind_check(k, record, &cx, &out);
	for (size_t i = 0; i < out.count; i++)
		got = got && !is_about_state(&out.list[i]);
	assert_int_equal(got, out.refusals == 0);
	json_decref(record);
	expect(k->name, from, to, *who, got, "kind_check");
}

static void
test_steps_are_judged_by_who_takes_them(void **state)
{
	for (enum who who = ANY_ORG; who <= GROUP; who++)
		walk_all(check_step, &who);
}

/* --- the whole way in ---------------------------------------------------- */

struct way {
	struct line_run run;
	enum who who;
	unsigned number;
	size_t taken;
};

static enum line_result
hand_in(struct way *w, const struct kind *k, const char *state, unsigned number,
    const char *minute)
{
	char text[2048];
	struct bytes line = {(const uint8_t *)text, 0};
	struct line_outcome out = {0};
	int n = snprintf(text, sizeof text,
	    "{\"kind\":\"%s\",\"ref\":\"X%u\",\"by\":\"ref:S1\","
	    "\"at\":\"2026-05-01T10:%s:00+08:00\",\"org_id\":\"ref:%s\","
	    "\"state\":\"%s\",\"reason\":\"x\",%s}",
	    k->name, number, minute, w->who == ANY_ORG ? "C01" : "C02", state,
	    content_of(k->name));

	assert_true(n > 0 && (size_t)n < sizeof text);
	line.size = (size_t)n;
	findings_init(&out.findings);
	assert_int_equal(import_line(&w->run, &line, &out), ERR_OK);
	return out.result;
}

/* A record is brought into the first state, where a first line may do that,
 * and from there into the second. */
static void
import_step(
    void *context, const struct kind *k, const char *from, const char *to)
{
	struct way *w = context;
	unsigned number = w->number++;
	enum line_result result;

	if (strcmp(from, "-") == 0) {
		result = hand_in(w, k, to, number, "00");
		expect(
		    k->name, from, to, w->who, result == LINE_FRESH, "import");
		return;
	}
	if (!wanted(k->name, "-", from, w->who))
		return;
	assert_int_equal(hand_in(w, k, from, number, "00"), LINE_FRESH);
	result = hand_in(w, k, to, number, "01");
	expect(k->name, from, to, w->who,
	    result == LINE_UPDATED ||
	        (strcmp(from, to) == 0 && result == LINE_UNCHANGED),
	    "import");
	w->taken++;
}

static void
import_all(struct fixture *f, enum who who)
{
	struct way *w = calloc(1, sizeof *w);
	struct txn *t;

	assert_non_null(w);
	/* Both residents are here, and managed by C02. */
	give(f, ENVELOPE("resident", "R1", "08:00:00", "C02") PERSON
	    ",\"managing_org_id\":\"ref:C02\"}\n" ENVELOPE(
	        "resident", "R2", "08:00:00", "C02") PERSON
	    ",\"managing_org_id\":\"ref:C02\"}\n");
	t = test_store_write(&f->s);
	assert_int_equal(line_run_begin(&w->run, t, "his", TEST_NOW), ERR_OK);
	w->who = who;
	walk_all(import_step, w);
	assert_true(w->taken > 300);
	line_run_end(&w->run);
	txn_abort(t);
	free(w);
}

static void
test_a_clinic_imports_what_it_may(void **state)
{
	import_all(*state, ANY_ORG);
}

static void
test_the_managing_org_imports_what_it_may(void **state)
{
	import_all(*state, MANAGING_ORG);
}

static void
test_the_group_imports_what_it_may(void **state)
{
	import_all(*state, GROUP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_table_is_whole),
	    cmocka_unit_test(test_states_follow_as_written),
	    cmocka_unit_test(test_steps_are_judged_by_who_takes_them),
	    CLINIC(test_a_clinic_imports_what_it_may),
	    CLINIC(test_the_managing_org_imports_what_it_may),
	    HUB(test_the_group_imports_what_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
