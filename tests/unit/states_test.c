/* states: every step of every kind, allowed or not, for a clinic, for the
 * resident's managing org and for the group, by the table below, which was
 * written from the rules and not from the kinds' own tables.
 */

#include "tests/unit/import_room.h"

#include "store/import_line.h"

/* From one state, all that may follow, steps jumped over among them, since
 * others write those. "-": the first line of a record, which may be history.
 * Behind a state * says that only the group brings a record into it, + that
 * the resident's managing org may too. A state that is computed follows
 * nothing and nothing follows it. */
static const struct row {
	const char *kind, *from, *to;
} rows[] = {
    {"resident", "-", "provisional confirmed*"},
    {"resident", "provisional", "provisional confirmed*"},
    {"resident", "confirmed", "confirmed"},
    {"resident", "linked", "linked"},

    {"contract", "-",
        "draft signed active expired ending refused terminated closed"},
    {"contract", "draft",
        "draft signed active* contested* refused* ending terminated* closed"},
    {"contract", "signed",
        "signed active* contested* refused* ending terminated* closed"},
    {"contract", "active",
        "active contested* refused* ending terminated* closed"},
    {"contract", "contested",
        "contested active* refused* ending terminated* closed"},
    {"contract", "ending", "ending terminated* closed"},
    {"contract", "refused", "refused"},
    {"contract", "terminated", "terminated"},
    {"contract", "expired", "expired"},
    {"contract", "closed", "closed"},

    {"encounter", "-", "draft signed amended entered_in_error"},
    {"encounter", "draft", "draft signed amended entered_in_error"},
    {"encounter", "signed", "signed amended entered_in_error"},
    {"encounter", "amended", "amended entered_in_error"},
    {"encounter", "entered_in_error", "entered_in_error"},

    {"followup", "-", "planned done missed"},
    {"followup", "planned", "planned done missed"},
    {"followup", "done", "done"},
    {"followup", "missed", "missed"},

    {"loan", "-",
        "requested approved refused cancelled handed_over received "
        "returning returned lost damaged"},
    {"loan", "requested",
        "requested approved refused cancelled handed_over received "
        "returning returned lost damaged"},
    {"loan", "approved",
        "approved cancelled handed_over received returning returned lost "
        "damaged"},
    {"loan", "refused",
        "refused handed_over received returning returned lost damaged"},
    {"loan", "cancelled", "cancelled"},
    {"loan", "handed_over",
        "handed_over received returning returned lost damaged"},
    {"loan", "received", "received returning returned lost damaged"},
    {"loan", "returning", "returning returned lost damaged"},
    {"loan", "returned", "returned"},
    {"loan", "lost", "lost"},
    {"loan", "damaged", "damaged"},
    {"loan", "overdue", "overdue"},
    {"loan", "metrology_expired", "metrology_expired"},

    {"referral", "-",
        "draft issued accepted declined cancelled arrived arrived_home "
        "in_care sent_back followed_up"},
    {"referral", "draft",
        "draft issued accepted declined cancelled arrived arrived_home "
        "in_care sent_back followed_up"},
    {"referral", "issued",
        "issued accepted declined cancelled arrived arrived_home in_care "
        "sent_back followed_up"},
    {"referral", "accepted",
        "accepted cancelled arrived arrived_home in_care sent_back "
        "followed_up"},
    {"referral", "declined",
        "declined arrived arrived_home in_care sent_back followed_up"},
    {"referral", "cancelled",
        "cancelled arrived arrived_home in_care sent_back followed_up"},
    {"referral", "arrived", "arrived in_care sent_back followed_up"},
    {"referral", "arrived_home", "arrived_home followed_up"},
    {"referral", "in_care", "in_care sent_back followed_up"},
    {"referral", "sent_back", "sent_back followed_up"},
    {"referral", "followed_up", "followed_up"},
    {"referral", "lapsed", "lapsed"},

    {"exam_request", "-", "sent received reported rejected"},
    {"exam_request", "sent", "sent received reported rejected"},
    {"exam_request", "received", "received reported rejected"},
    {"exam_request", "reported", "reported"},
    {"exam_request", "rejected", "rejected"},

    {"move", "-", "requested confirmed*"},
    {"move", "requested", "requested confirmed* undone* refused*"},
    {"move", "confirmed", "confirmed undone*"},
    {"move", "undone", "undone"},
    {"move", "refused", "refused"},

    {"link", "-", "proposed linked+"},
    {"link", "proposed", "proposed linked+ refused+ undone+"},
    {"link", "linked", "linked undone+"},
    {"link", "refused", "refused undone+"},
    {"link", "undone", "undone"},

    {"question", "-", "open decided+"},
    {"question", "open", "open decided+ undone+"},
    {"question", "decided", "decided undone+"},
    {"question", "undone", "undone"},

    {"consult", "-", "requested accepted declined answered closed"},
    {"consult", "requested", "requested accepted declined answered closed"},
    {"consult", "accepted", "accepted answered closed"},
    {"consult", "declined", "declined"},
    {"consult", "answered", "answered closed"},
    {"consult", "closed", "closed"},

    {"sterile_batch", "-",
        "received sterilising sterile dispatched delivered used returned "
        "recalled"},
    {"sterile_batch", "received",
        "received sterilising sterile dispatched delivered used returned "
        "recalled"},
    {"sterile_batch", "sterilising",
        "sterilising sterile dispatched delivered used returned recalled"},
    {"sterile_batch", "sterile",
        "sterile dispatched delivered used returned recalled"},
    {"sterile_batch", "dispatched",
        "dispatched delivered used returned recalled"},
    {"sterile_batch", "delivered", "delivered used returned recalled"},
    {"sterile_batch", "used", "used recalled"},
    {"sterile_batch", "returned", "returned recalled"},
    {"sterile_batch", "recalled", "recalled"},
    {"sterile_batch", "expired", "expired"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* Content that no rule finds fault with, whatever the state. */
static const struct {
	const char *kind, *fields;
} contents[] = {
    {"sterile_batch", "\"batch_no\":\"B1\",\"item\":\"x\",\"quantity\":2"},
    {"resident", "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":\"lost\""},
    {"contract",
        "\"resident_id\":\"ref:R1\",\"team_id\":\"ref:T1\","
        "\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"2026-05-01\","
        "\"start_on\":\"2026-05-01\",\"end_on\":\"2027-04-30\","
        "\"resident_signature\":\"paper\""},
    {"encounter", "\"resident_id\":\"ref:R1\",\"type\":\"phone\","
                  "\"visit_at\":\"2026-05-01T08:00:00+08:00\""},
    {"followup", "\"resident_id\":\"ref:R1\",\"programme\":\"other\","
                 "\"on\":\"2026-05-01\""},
    {"loan", "\"device_id\":\"ref:E1\",\"lender\":\"ref:H01\","
             "\"borrower\":\"ref:C01\""},
    {"referral", "\"direction\":\"up\",\"resident_id\":\"ref:R1\","
                 "\"from_org\":\"ref:C01\",\"to_org\":\"ref:H01\""},
    {"exam_request", "\"resident_id\":\"ref:R1\",\"to_org\":\"ref:H01\","
                     "\"modality\":\"ecg\""},
    {"move", "\"resident_id\":\"ref:R1\",\"to_org\":\"ref:C02\""},
    {"link", "\"resident_id\":\"ref:R1\",\"other_id\":\"ref:R2\","
             "\"basis\":\"by_hand\""},
    {"question", "\"about_kind\":\"resident\",\"about_ref\":\"R1\","
                 "\"resident_id\":\"ref:R1\",\"decision\":\"x\""},
    {"consult", "\"resident_id\":\"ref:R1\",\"from_org\":\"ref:C01\","
                "\"to_org\":\"ref:H01\",\"question\":\"x\",\"answer\":\"y\""},
};

static const char *
content_of(const char *kind)
{
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
		if (strcmp(contents[i].kind, kind) == 0)
			return contents[i].fields;
	fail_msg("no content for %s", kind);
	return NULL;
}

static const struct row *
row_of(const char *kind, const char *from)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].kind, kind) == 0 &&
		    strcmp(rows[i].from, from) == 0)
			return &rows[i];
	fail_msg("no row for %s %s", kind, from);
	return NULL;
}

/* Who hands in the line. */
enum who { ANY_ORG, MANAGING_ORG, GROUP, ANYBODY_AT_ALL };

/* Whether the table allows it. */
static bool
wanted(const char *kind, const char *from, const char *to, enum who who)
{
	const char *at = row_of(kind, from)->to;
	size_t size = strlen(to);

	while (*at != '\0') {
		size_t n = strcspn(at, " ");
		char mark = at[n - 1];
		bool is_marked = mark == '*' || mark == '+';

		if (n - is_marked == size && memcmp(at, to, size) == 0)
			return !is_marked || who >= GROUP ||
			       (who == MANAGING_ORG && mark == '+');
		at += n;
		at += strspn(at, " ");
	}
	return false;
}

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

typedef void each_step(
    void *context, const struct kind *k, const char *from, const char *to);

static size_t
walk_steps(const struct kind *k, each_step *visit, void *context)
{
	size_t count = 0;

	for (const struct state *to = k->states; to->name != NULL; to++) {
		visit(context, k, "-", to->name);
		count++;
		for (const struct state *s = k->states; s->name != NULL; s++) {
			visit(context, k, s->name, to->name);
			count++;
		}
	}
	return count;
}

static void
walk_all(each_step *visit, void *context)
{
	size_t count = 0;

	for (const struct kind *const *k = kind_all(); *k != NULL; k++)
		if ((*k)->states != NULL)
			count += walk_steps(*k, visit, context);
	assert_true(count > 500);
}

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
