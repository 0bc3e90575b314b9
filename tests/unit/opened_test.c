/* opened: files that a team opens by its own contracts are listed, and beyond
 * a day's number a person is asked.
 */

#include "tests/unit/scope_room.h"

#include "store/matter.h"
#include "store/opened.h"
#include "store/self.h"

/* 2026-05-04 at noon, in the group's time. */
enum { NOW = 1777867200, DAY = 24 * 60 * 60, MOST = OPENED_A_DAY };

struct pair {
	struct change_id resident, contract, encounter;
	char r[8], c[8];
};

/* One that `keeper` keeps, with an encounter. */
static void
somebody(struct pair *p, size_t n, const char *keeper)
{
	char seen_at[8];

	snprintf(p->r, sizeof p->r, "r%zu", n);
	snprintf(p->c, sizeof p->c, "c%zu", n);
	snprintf(seen_at, sizeof seen_at, "e%zu", n);
	p->resident = came(keeper, "his", "resident", p->r, NULL,
	    json_pack("{s:s, s:o}", "name", "x", "managing_org_id",
	        json_sprintf("ref:%s", keeper)));
	p->encounter = came(keeper, "his", "encounter", seen_at, NULL,
	    json_pack("{s:o, s:s}", "resident_id", json_sprintf("ref:%s", p->r),
	        "state", "signed"));
}

static void
sign(struct pair *p, const char *team, const char *state)
{
	p->contract = came(team, "his", "contract", p->c, NULL,
	    json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s}]}",
	        "resident_id", json_sprintf("ref:%s", p->r), "state", state,
	        "team_id", "ref:T1", "signed_on", "2026-05-01", "start_on",
	        "2026-05-01", "end_on", "2027-04-30", "resident_signature",
	        "paper", "packages", "code", "BASIC"));
}

static void
settle(int64_t now)
{
	assert_int_equal(contest_settle(t, &hub, now), ERR_OK);
}

static struct pair
signed_by(const char *team, size_t n, const char *state, int64_t now)
{
	struct pair p;

	somebody(&p, n, "A");
	sign(&p, team, state);
	settle(now);
	return p;
}

/* What the record says in a field; "-": nothing. */
static void
says(const struct pair *p, const char *field, const char *expected)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;
	const char *is;

	key_record_of(db, key, "his", "contract", p->c);
	assert_int_equal(record_read(t, key, &r), ERR_OK);
	is = json_string_value(json_object_get(r.fields, field));
	assert_string_equal(is == NULL ? "-" : is, expected);
	record_clear(&r);
}

/* Of one code. */
struct waiting {
	enum finding_code code;
	size_t count;
	uint64_t last;
};

static enum err
count_one(void *context, const struct question *q)
{
	struct waiting *w = context;

	if (q->code == w->code) {
		w->count++;
		w->last = q->number;
	}
	return ERR_OK;
}

static struct waiting
waiting(enum finding_code code)
{
	struct waiting w = {.code = code};

	assert_int_equal(question_walk(t, count_one, &w), ERR_OK);
	return w;
}

static void
fill_the_day(const char *team, const char *state)
{
	size_t n;

	for (n = 0; n < MOST; n++) {
		struct pair p = signed_by(team, n, state, NOW);

		says(&p, OPENED_FIELD, "-");
		expect(&p.encounter, "AB");
	}
}

static void
assert_asked(const struct pair *p)
{
	says(p, "state", "active");
	says(p, OPENED_FIELD, OPENED_ASKED);
	expect(&p->resident, "AB");
	expect(&p->encounter, "A");
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 1);
}

/* --- how many ------------------------------------------------------------ */

static void
test_a_day_opens_so_many_and_all_are_listed(void **state)
{
	struct pair more, later, others;

	fill_the_day("B", "signed");
	assert_int_equal(waiting(FINDING_FILE_OPENED).count, MOST);
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 0);
	more = signed_by("B", MOST, "signed", NOW + 60);
	assert_asked(&more);
	assert_int_equal(waiting(FINDING_FILE_OPENED).count, MOST);
	/* It waits for a person, not for tomorrow; what comes then opens. */
	later = signed_by("B", MOST + 1, "signed", NOW + DAY);
	says(&later, OPENED_FIELD, "-");
	expect(&later.encounter, "AB");
	assert_asked(&more);
	/* Another computer has a number of its own. */
	others = signed_by("C", MOST + 2, "signed", NOW + 60);
	says(&others, OPENED_FIELD, "-");
	expect(&others.encounter, "AC");
}

static void
test_what_is_imported_as_active_counts_too(void **state)
{
	struct pair more;

	fill_the_day("B", "active");
	more = signed_by("B", MOST, "active", NOW + 60);
	assert_asked(&more);
	/* Nor does what makes the group look at it again open it. */
	came("B", "his", "contract", more.c, &more.contract,
	    json_pack("{s:s}", "choice_note", "x"));
	settle(NOW + DAY);
	assert_asked(&more);
}

/* Contested and in force again: it was open before. */
static void
test_what_was_open_once_is_not_counted_again(void **state)
{
	struct pair first = signed_by("B", 0, "signed", NOW), rival = first;
	struct change_id contested;
	size_t n;

	for (n = 1; n < MOST; n++)
		signed_by("B", n, "signed", NOW);
	snprintf(rival.c, sizeof rival.c, "rival");
	sign(&rival, "C", "signed");
	contested = rival.contract;
	settle(NOW);
	says(&first, "state", "contested");
	expect(&first.encounter, "A");
	came("C", "his", "contract", rival.c, &contested,
	    json_pack("{s:s, s:s, s:s}", "state", "ending", "end_reason",
	        "resident", "ended_on", "2026-05-01"));
	settle(NOW);
	says(&first, OPENED_FIELD, "-");
}

static void
is_township(const char *ref)
{
	came("H", "", "org", ref, NULL,
	    json_pack("{s:s, s:s}", "name", ref, "level", "township"));
}

static void
test_residents_of_the_teams_own_org_are_not_counted(void **state)
{
	struct pair own;
	size_t n;

	is_township("A");
	for (n = 0; n < MOST + 2; n++) {
		somebody(&own, n, n % 2 == 0 ? "B" : "A");
		sign(&own, n % 2 == 0 ? "B" : "V", "signed");
		settle(NOW);
		says(&own, OPENED_FIELD, "-");
	}
	assert_int_equal(waiting(FINDING_FILE_OPENED).count, 0);
}

/* The group gave the file to another org: the team had read it before. */
static void
test_who_kept_the_file_once_is_no_stranger(void **state)
{
	struct pair own;

	fill_the_day("B", "signed");
	somebody(&own, MOST, "B");
	came("H", "his", "resident", own.r, &own.resident,
	    json_pack("{s:s}", "managing_org_id", "ref:A"));
	sign(&own, "B", "signed");
	settle(NOW);
	says(&own, "state", "active");
	says(&own, OPENED_FIELD, "-");
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 0);
}

/* Who names himself is asked about, and opens nothing by that. */
static void
test_who_takes_the_file_is_a_stranger_still(void **state)
{
	struct pair more, taken;

	fill_the_day("B", "signed");
	more = signed_by("B", MOST, "signed", NOW + 60);
	assert_asked(&more);
	came("B", "his", "resident", more.r, &more.resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	settle(NOW + 60);
	says(&more, OPENED_FIELD, OPENED_ASKED);
	expect(&more.encounter, "A");
	/* Nor does he who did so before he signed. */
	somebody(&taken, MOST + 1, "A");
	came("B", "his", "resident", taken.r, &taken.resident,
	    json_pack("{s:s}", "managing_org_id", "ref:B"));
	sign(&taken, "B", "signed");
	settle(NOW + 60);
	says(&taken, OPENED_FIELD, OPENED_ASKED);
	expect(&taken.encounter, "A");
}

/* Nobody below a hospital keeps for it. */
static void
test_a_hospitals_residents_are_not_its_townships(void **state)
{
	struct pair his;

	came("H", "", "org", "A", NULL,
	    json_pack("{s:s, s:s}", "name", "A", "level", "county"));
	somebody(&his, 0, "A");
	sign(&his, "V", "signed");
	settle(NOW);
	says(&his, "state", "active");
	assert_int_equal(waiting(FINDING_FILE_OPENED).count, 1);
}

/* --- of whom ------------------------------------------------------------- */

static void
test_a_contract_opens_no_second_file(void **state)
{
	struct pair first = signed_by("B", 0, "active", NOW), second;

	expect(&first.encounter, "AB");
	somebody(&second, 1, "A");
	came("B", "his", "contract", first.c, &first.contract,
	    json_pack("{s:s}", "resident_id", "ref:r1"));
	settle(NOW);
	says(&first, OPENED_FIELD, OPENED_ASKED);
	expect(&first.encounter, "A");
	expect(&second.encounter, "A");
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 1);
}

/* --- a person ------------------------------------------------------------ */

static void
decide(const char *choice)
{
	struct matter_decision d = {.number = waiting(FINDING_MANY_OPENED).last,
	    .choice = choice,
	    .by = "S9",
	    .org = "H",
	    .reason = "asked the team",
	    .now = NOW + 120};
	struct matter_decision back;

	assert_int_equal(matter_decide(t, &hub, &d), ERR_OK);
	settle(NOW + 120);
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 0);
	back = (struct matter_decision){.ref = d.made.ref,
	    .by = "S9",
	    .org = "H",
	    .reason = "a mistake",
	    .now = NOW + 180};
	if (strcmp(choice, OPENED_FULL) != 0)
		return;
	assert_int_equal(matter_undo(t, &hub, &back), ERR_OK);
	settle(NOW + 180);
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 1);
	d.number = waiting(FINDING_MANY_OPENED).last;
	d.now = NOW + 240;
	assert_int_equal(matter_decide(t, &hub, &d), ERR_OK);
	settle(NOW + 240);
}

static void
check_decided(const char *contract_state)
{
	struct pair more;

	fill_the_day("B", contract_state);
	more = signed_by("B", MOST, contract_state, NOW + 60);
	assert_asked(&more);
	decide(OPENED_FULL);
	says(&more, OPENED_FIELD, OPENED_FULL);
	says(&more, "state", "active");
	expect(&more.encounter, "AB");
	more = signed_by("B", MOST + 1, contract_state, NOW + 60);
	assert_asked(&more);
	decide(OPENED_BASIC);
	says(&more, OPENED_FIELD, OPENED_BASIC);
	expect(&more.resident, "AB");
	expect(&more.encounter, "A");
}

static void
test_a_person_opens_it_or_leaves_it(void **state)
{
	check_decided("signed");
}

static void
test_a_person_opens_what_was_imported(void **state)
{
	check_decided("active");
}

/* --- from before --------------------------------------------------------- */

static void
test_what_was_open_before_it_was_counted_is_only_listed(void **state)
{
	struct pair p[MOST + 2];
	size_t n;

	for (n = 0; n < MOST + 2; n++) {
		somebody(&p[n], n, "A");
		sign(&p[n], "B", "active");
	}
	assert_int_equal(meta_put_number(t, "contest.looked", 4), ERR_OK);
	assert_int_equal(contest_prepare(t, &hub, NOW), ERR_OK);
	for (n = 0; n < MOST + 2; n++)
		expect(&p[n].encounter, "AB");
	assert_int_equal(waiting(FINDING_FILE_OPENED).count, MOST + 2);
	/* That was once. */
	assert_int_equal(contest_prepare(t, &hub, NOW), ERR_OK);
	assert_int_equal(waiting(FINDING_MANY_OPENED).count, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_a_day_opens_so_many_and_all_are_listed),
	    CASE(test_what_is_imported_as_active_counts_too),
	    CASE(test_what_was_open_once_is_not_counted_again),
	    CASE(test_residents_of_the_teams_own_org_are_not_counted),
	    CASE(test_who_kept_the_file_once_is_no_stranger),
	    CASE(test_who_takes_the_file_is_a_stranger_still),
	    CASE(test_a_hospitals_residents_are_not_its_townships),
	    CASE(test_a_contract_opens_no_second_file),
	    CASE(test_a_person_opens_it_or_leaves_it),
	    CASE(test_a_person_opens_what_was_imported),
	    CASE(test_what_was_open_before_it_was_counted_is_only_listed),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
