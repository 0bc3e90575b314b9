/* contract: what the hub says of contracts that are handed in, what a person
 * then decides, and what of a contract's plan was done.
 */

#include <sodium.h>

#include "tests/unit/import_room.h"

#include "store/contest_settle.h"
#include "store/contract_view.h"
#include "store/matter.h"
#include "store/scope.h"

#define PLAN(items)         "\"packages\":[{\"code\":\"BASIC\",\"items\":[" items "]}]"
#define ITEM(name, planned) "{\"item\":\"" name "\",\"planned\":" planned "}"
#define CONTRACT(ref, at, org, state, day, more)                               \
	ENVELOPE("contract", ref, at, org)                                     \
	"\"state\":\"" state "\",\"resident_id\":\"ref:R1\","                  \
	"\"team_id\":\"ref:T1\",\"resident_signature\":\"paper\"," PLAN(       \
	    ITEM("PRESSURE", "4") "," ITEM(                                    \
	        "TALK", "1")) ",\"signed_on\":\"" day "\",\"start_on\":\"" day \
	                      "\",\"end_on\":\"2027-05-31\"" more "}\n"
#define SERVICE(ref, item, day)                                                \
	ENVELOPE("contract_service", ref, "12:00:00", "C01")                   \
	"\"contract_id\":\"ref:KA\",\"item\":\"" item "\",\"done_on\":\"" day  \
	"\"}\n"
#define OTHER_PLAN(ref, at, day, items)                                        \
	ENVELOPE("contract_change", ref, at, "C01")                            \
	"\"contract_id\":\"ref:KA\"," PLAN(items) ",\"from_on\":\"" day "\"}"  \
	                                          "\n"
#define HE RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:C01\"")
#define KA CONTRACT("KA", "09:00:00", "C01", "signed", "2026-04-03", "")
#define KB CONTRACT("KB", "10:00:00", "C02", "signed", "2026-04-05", "")

static int
open_group(void **state)
{
	struct fixture *f;

	open_hub(state);
	f = *state;
	test_store_join(&f->s, "H01");
	return 0;
}

static int
open_site(void **state)
{
	struct fixture *f;

	open_clinic(state);
	f = *state;
	test_store_join(&f->s, "C01");
	return 0;
}

static void
assert_shown(
    struct fixture *f, const char *ref, const char *name, const char *value)
{
	const char *shown;
	struct record r;

	test_store_record(&f->s, "his", "contract", ref, &r);
	shown = text_in(r.fields, name);
	if (value == NULL)
		assert_null(json_object_get(r.fields, name));
	else
		assert_string_equal(shown == NULL ? "" : shown, value);
	record_clear(&r);
}

/* --- what the hub says ---------------------------------------------------- */

static void
test_one_alone_is_active(void **state)
{
	struct fixture *f = *state;
	struct record r;

	give(f, KA);
	assert_shown(f, "KA", "state", "signed"); /* of whom, is awaited */
	give(f, HE);
	assert_shown(f, "KA", "state", "active");
	test_store_record(&f->s, "his", "contract", "KA", &r);
	assert_string_equal(r.by, CONTEST_AUTHOR);
	assert_string_equal(r.org, "C01"); /* whose it is */
	assert_int_equal(r.head_count, 1);
	record_clear(&r);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
test_two_are_contested_and_asked_about_once(void **state)
{
	struct fixture *f = *state;
	struct wanted w;
	uint64_t before;

	give(f, HE KB);
	give(f, KA);
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
	assert_shown(f, "KA", "holder_id", "ref:KA"); /* his managing org's */
	assert_shown(f, "KB", "holder_id", "ref:KA");
	w = questions(f, QUESTION_MATTER);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.last.code, FINDING_CONTESTED);
	assert_string_equal(w.last.ref, "KA");
	/* The same file again. */
	before = change_count(f);
	give(f, HE KB KA);
	assert_int_equal(change_count(f), before);
}

static void
test_the_group_alone_says_so(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_shown(f, "KA", "state", "signed");
}

static void
test_who_counts_is_told(void **state)
{
	struct fixture *f = *state;
	uint8_t he[KEY_RECORD_BYTES], key[KEY_RECORD_BYTES],
	    ka[KEY_RECORD_BYTES];
	struct self self;
	struct txn *t;

	give(f, HE KB KA);
	key_record_of(f->s.db, he, "his", "resident", "R1");
	key_record_of(f->s.db, ka, "his", "contract", "KA");
	t = test_store_read(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    contest_holder(t, &self, he, "2026-05-10", key), ERR_OK);
	assert_memory_equal(key, ka, sizeof key);
	assert_int_equal(
	    contest_holder(t, &self, he, "2026-04-01", key), ERR_NOT_FOUND);
	assert_int_equal(
	    contest_holder(t, &self, ka, "2026-04-01", key), ERR_NOT_FOUND);
	txn_abort(t);
}

/* Contracts that were here before a hub judged them. */
static void
test_an_older_hub_looks_at_all_of_them(void **state)
{
	struct fixture *f = *state;
	struct self self;
	struct txn *t;

	give(f, HE KB KA);
	assert_shown(f, "KA", "state", "signed");
	test_store_join(&f->s, "H01");
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(scope_prepare(t, &self), ERR_OK);
	assert_int_equal(contest_prepare(t, &self, TEST_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
}

/* --- what a person decides ------------------------------------------------ */

static enum err
decide(struct fixture *f, const char *choice, const char *undone)
{
	return decided(
	    f, questions(f, QUESTION_MATTER).last.number, choice, undone);
}

static void
test_the_choice_is_in_force_and_the_other_refused(void **state)
{
	struct fixture *f = *state;
	char number[24];
	struct record r;

	give(f, HE KB KA);
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)questions(f, QUESTION_MATTER).last.number);
	assert_int_equal(decide(f, "KC", NULL), ERR_USAGE);
	assert_int_equal(decide(f, "KB", NULL), ERR_OK);
	assert_shown(f, "KA", "state", "refused");
	assert_shown(f, "KA", "reason", "居民本人选择");
	assert_shown(f, "KA", "contested_with", NULL);
	assert_shown(f, "KB", "state", "active");
	assert_shown(f, "KB", "holder_id", NULL);
	test_store_record(&f->s, "his", "contract", "KA", &r);
	assert_string_equal(r.org, "C01");
	record_clear(&r);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);

	assert_int_equal(decide(f, NULL, number), ERR_OK);
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KA", "reason", NULL);
	assert_shown(f, "KB", "state", "contested");
	assert_shown(f, "KB", "holder_id", "ref:KA");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 1);
	assert_int_equal(decide(f, "KA", NULL), ERR_OK);
	assert_shown(f, "KA", "state", "active");
	assert_shown(f, "KB", "state", "refused");
}

/* Who ends one leaves nothing to decide. */
static void
test_an_end_settles_it(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB KA);
	give(f, CONTRACT("KA", "11:00:00", "C01", "ending", "2026-04-03",
	            ",\"end_reason\":\"resident\""));
	assert_shown(f, "KA", "state", "terminated");
	assert_shown(f, "KA", "ended_on", "2026-05-01"); /* day of asking */
	assert_shown(f, "KB", "state", "active");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

/* A death that was a mistake brings back what it ended. */
static void
test_a_death_is_taken_back(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	give(f, RESIDENT("09:30:00",
	            ",\"managing_org_id\":\"ref:C01\",\"status\":\"dead\""));
	assert_shown(f, "KB", "state", "closed");
	assert_shown(f, "KB", "end_reason", "death");
	give(f, RESIDENT("09:40:00",
	            ",\"managing_org_id\":\"ref:C01\",\"status\":\"living\""));
	assert_shown(f, "KB", "state", "active");
	assert_shown(f, "KB", "end_reason", NULL);
}

/* --- what was done ---------------------------------------------------------
 */

static json_t *
plan_on(struct fixture *f, const char *day)
{
	json_t *plan = NULL;
	struct record r;
	struct txn *t;

	test_store_record(&f->s, "his", "contract", "KA", &r);
	t = test_store_read(&f->s);
	assert_int_equal(contract_plan(t, &r, day, &plan), ERR_OK);
	txn_abort(t);
	record_clear(&r);
	return plan;
}

static void
assert_item(const json_t *plan, size_t i, const char *name, int planned,
    int done, const char *last)
{
	const json_t *item = json_array_get(json_object_get(plan, "items"), i);

	assert_string_equal(text_in(item, "item"), name);
	assert_int_equal(
	    json_integer_value(json_object_get(item, "planned")), planned);
	assert_int_equal(
	    json_integer_value(json_object_get(item, "done")), done);
	if (last == NULL)
		assert_true(json_is_null(json_object_get(item, "last_on")));
	else
		assert_string_equal(text_in(item, "last_on"), last);
}

static void
count_services(struct fixture *f)
{
	json_t *plan;

	/* A service may come before its contract. */
	give(f, SERVICE("F1", "PRESSURE", "2026-04-20"));
	give(f, HE KA SERVICE("F2", "PRESSURE", "2026-04-10") SERVICE("F3",
	            "WOUND", "2026-04-11") SERVICE("F4", "ECG", "2026-04-12"));
	plan = plan_on(f, "2026-05-01");
	assert_int_equal(json_array_size(json_object_get(plan, "items")), 4);
	assert_item(plan, 0, "PRESSURE", 4, 2, "2026-04-20");
	assert_item(plan, 1, "TALK", 1, 0, NULL);
	assert_item(plan, 2, "ECG", 0, 1, "2026-04-12"); /* by name */
	assert_item(plan, 3, "WOUND", 0, 1, "2026-04-11");
	json_decref(plan);
}

static void
change_packages(struct fixture *f)
{
	json_t *plan;

	give(f, HE KA SERVICE("F1", "PRESSURE", "2026-04-20") OTHER_PLAN(
	            "X1", "09:00:00", "2026-06-01", ITEM("PRESSURE", "12"))
	            OTHER_PLAN("X2", "10:00:00", "2026-06-01",
	                ITEM("PRESSURE", "8")) OTHER_PLAN("X3", "11:00:00",
	                "2026-05-01", ITEM("ECG", "1")));
	plan = plan_on(f, "2026-04-30");
	assert_item(plan, 0, "PRESSURE", 4, 1, "2026-04-20");
	assert_true(json_is_null(json_object_get(plan, "from_on")));
	json_decref(plan);
	plan = plan_on(f, "2026-05-01");
	assert_item(plan, 0, "ECG", 1, 0, NULL);
	assert_item(plan, 1, "PRESSURE", 0, 1, "2026-04-20");
	json_decref(plan);
	plan = plan_on(f, "2026-07-01"); /* of one day the later word */
	assert_item(plan, 0, "PRESSURE", 8, 1, "2026-04-20");
	assert_string_equal(text_in(plan, "from_on"), "2026-06-01");
	json_decref(plan);
	/* Without the basic one, and changed: refused. */
	assert_refused(f,
	    ENVELOPE("contract_change", "X4", "09:00:00",
	        "C01") "\"contract_id\":\"ref:KA\",\"from_on\":\"2026-06-01\","
	               "\"packages\":[{\"code\":\"HTN\"}]}\n",
	    FINDING_BASIC_PACKAGE);
	assert_refused(f,
	    OTHER_PLAN("X1", "12:00:00", "2026-06-02", ITEM("PRESSURE", "12")),
	    FINDING_NEVER_CHANGED);
}

static void
test_services_count_against_the_plan(void **state)
{
	count_services(*state);
}

static void
test_services_count_at_a_clinic(void **state)
{
	count_services(*state);
}

static void
test_packages_change_from_a_day_on(void **state)
{
	change_packages(*state);
}

static void
test_packages_change_at_a_clinic(void **state)
{
	change_packages(*state);
}

static json_int_t
done_of(struct fixture *f, const char *source, const char *item)
{
	json_int_t done = 0;
	json_t *plan, *one;
	struct record r;
	struct txn *t;
	size_t i;

	test_store_record(&f->s, source, "contract", "KA", &r);
	t = test_store_read(&f->s);
	assert_int_equal(contract_plan(t, &r, "2026-05-01", &plan), ERR_OK);
	txn_abort(t);
	record_clear(&r);
	json_array_foreach(json_object_get(plan, "items"), i, one)
	{
		if (strcmp(text_in(one, "item"), item) == 0)
			done = json_integer_value(json_object_get(one, "done"));
	}
	json_decref(plan);
	return done;
}

static void
give_of(struct fixture *f, const char *source, const char *text)
{
	give_bytes(f, source, text, strlen(text));
}

/* Two programs' contracts bear one ref, a third tells of services. */
static void
count_of_namesakes(struct fixture *f)
{
	static const char of_b[] = ENVELOPE("contract_service", "F2",
	    "12:00:00", "C01") "\"contract_"
	                       "id\":\"ref:KA\",\"contract_source\":\"b\","
	                       "\"item\":\"TALK\","
	                       "\"done_on\":\"2026-04-21\"}\n";

	give(f, HE KA);
	give_of(f, "c", SERVICE("F1", "PRESSURE", "2026-04-20"));
	assert_int_equal(done_of(f, "his", "PRESSURE"), 1);
	give_of(f, "b", HE KA);
	assert_int_equal(done_of(f, "his", "PRESSURE"), 0); /* nobody's */
	assert_int_equal(done_of(f, "b", "PRESSURE"), 0);
	give_of(f, "c", of_b);
	assert_int_equal(done_of(f, "his", "TALK"), 0);
	assert_int_equal(done_of(f, "b", "TALK"), 1);
	give_of(f, "b", SERVICE("F3", "PRESSURE", "2026-04-22"));
	assert_int_equal(done_of(f, "his", "PRESSURE"), 0);
	assert_int_equal(done_of(f, "b", "PRESSURE"), 1);
}

static void
test_a_service_counts_for_one_contract(void **state)
{
	count_of_namesakes(*state);
}

static void
test_a_service_counts_for_one_contract_at_a_clinic(void **state)
{
	count_of_namesakes(*state);
}

/* What a person types is kept with the program that is meant. */
static void
test_a_form_says_whose_contract_it_is(void **state)
{
	struct fixture *f = *state;
	json_t *fields = json_pack("{s:s, s:s, s:s}", "contract_id", "ref:KA@b",
	    "item", "TALK", "done_on", "2026-04-21");
	struct authored made;
	struct self self;
	struct txn *t;

	give(f, HE KA);
	give_of(f, "b", HE KA);
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(author_add(t, &self, "contract_service", "S1", "C01",
	                     fields, TEST_NOW, &made),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	assert_int_equal(done_of(f, "his", "TALK"), 0);
	assert_int_equal(done_of(f, "b", "TALK"), 1);
}

#define AT_HUB(f)  cmocka_unit_test_setup_teardown(f, open_group, close_store)
#define AT_SITE(f) cmocka_unit_test_setup_teardown(f, open_site, close_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_one_alone_is_active),
	    AT_HUB(test_two_are_contested_and_asked_about_once),
	    AT_SITE(test_the_group_alone_says_so),
	    AT_HUB(test_who_counts_is_told),
	    cmocka_unit_test_setup_teardown(
	        test_an_older_hub_looks_at_all_of_them, open_hub, close_store),
	    AT_HUB(test_the_choice_is_in_force_and_the_other_refused),
	    AT_HUB(test_an_end_settles_it),
	    AT_HUB(test_a_death_is_taken_back),
	    AT_HUB(test_services_count_against_the_plan),
	    AT_SITE(test_services_count_at_a_clinic),
	    AT_HUB(test_packages_change_from_a_day_on),
	    AT_SITE(test_packages_change_at_a_clinic),
	    AT_HUB(test_a_service_counts_for_one_contract),
	    AT_SITE(test_a_service_counts_for_one_contract_at_a_clinic),
	    AT_SITE(test_a_form_says_whose_contract_it_is),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
