/* device: where devices are, what waits about them and who decides it, by
 * stores that are told of hand-overs and loans in every order.
 */

#include "tests/unit/import_room.h"

#include "store/device_note.h"
#include "store/device_vet.h"
#include "store/device_view.h"
#include "store/matter.h"

#define NOON "2026-05-02T12:00:00+08:00"
#define LINE(kind, ref, at, org)                                               \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","        \
	"\"at\":\"2026-05-01T" at "+08:00\",\"org_id\":\"ref:" org "\","
#define DEVICE(at, more)                                                       \
	LINE("device", "D1", at, "H")                                          \
	"\"class\":\"ultrasound\",\"owner_org_id\":\"ref:H\"" more "}\n"
#define CUSTODY(ref, no, from, to, org, more)                                  \
	LINE("custody", ref, "09:00:00", org)                                  \
	"\"device_id\":\"ref:D1\",\"custody_no\":" no ",\"from\":\"ref:" from  \
	"\",\"to\":\"ref:" to "\"" more "}\n"
#define BOTH ",\"both_signed\":true"
#define LOAN(ref, at, org, state, lender, borrower, more)                      \
	LINE("loan", ref, at, org)                                             \
	"\"state\":\"" state                                                   \
	"\",\"device_id\":\"ref:D1\",\"lender\":\"ref:" lender                 \
	"\",\"borrower\":\"ref:" borrower "\"" more "}\n"

static json_t *
view_of(struct fixture *f, const char *kind, const char *ref)
{
	struct txn *t = test_store_read(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	json_t *view = NULL;

	key_record_of(f->s.db, key, "his", kind, ref);
	assert_int_equal(device_view(t, key, NOON, &view), ERR_OK);
	txn_abort(t);
	assert_non_null(view);
	return view;
}

static void
assert_view(struct fixture *f, const char *kind, const char *ref,
    const char *name, const char *wanted)
{
	json_t *view = view_of(f, kind, ref);
	char *text = json_dumps(
	    json_object_get(view, name), JSON_ENCODE_ANY | JSON_COMPACT);

	if (text == NULL || strcmp(text, wanted) != 0)
		print_error("%s of %s is %s\n", name, ref,
		    text == NULL ? "nothing" : text);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(view);
}

struct finder {
	enum finding_code code;
	const char *ref;
	size_t count;
	struct question found;
};

static enum err
find(void *context, const struct question *q)
{
	struct finder *w = context;

	if (q->type == QUESTION_MATTER && q->code == w->code &&
	    (w->ref == NULL || strcmp(q->ref, w->ref) == 0)) {
		w->count++;
		w->found = *q;
	}
	return ERR_OK;
}

/* How many wait of a code, about a ref or any. */
static struct finder
waiting(struct fixture *f, enum finding_code code, const char *ref)
{
	struct finder w = {.code = code, .ref = ref};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, find, &w), ERR_OK);
	txn_abort(t);
	return w;
}

static enum err
decide(struct fixture *f, enum finding_code code, const char *choice,
    struct identity *made)
{
	struct finder w = waiting(f, code, NULL);
	struct matter_decision d = {.number = w.found.number,
	    .choice = choice,
	    .by = "S9",
	    .org = "H",
	    .reason = "asked both",
	    .now = TEST_NOW};
	struct txn *t = test_store_write(&f->s);
	struct self self;
	enum err e;

	assert_int_equal(w.count, 1);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_decide(t, &self, &d);
	self_wipe(&self);
	if (made != NULL)
		*made = d.made;
	if (e != ERR_OK) {
		txn_abort(t);
		return e;
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

static void
undo(struct fixture *f, const struct identity *decision)
{
	struct matter_decision d = {.ref = decision->ref,
	    .by = "S9",
	    .org = "H",
	    .reason = "it was otherwise",
	    .now = TEST_NOW + 60};
	struct txn *t = test_store_write(&f->s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_undo(t, &self, &d), ERR_OK);
	self_wipe(&self);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* --- forks -----------------------------------------------------------------
 */

static const char *const story[] = {
    DEVICE("08:00:00", ""),
    CUSTODY("K1", "1", "H", "A", "H", BOTH),
    CUSTODY("KB", "2", "A", "B", "A", BOTH),
    CUSTODY("KC", "2", "A", "C", "A", ""),
};

static void
tell(struct fixture *f, const int *order)
{
	size_t i;

	for (i = 0; i < 4; i++)
		give(f, story[order[i]]);
}

static void
check_disputed(struct fixture *f)
{
	struct finder w = waiting(f, FINDING_CUSTODY_FORK, "D1");
	struct txn *t = test_store_read(&f->s);
	struct matter m;
	struct self self;

	assert_int_equal(w.count, 1);
	assert_string_equal(w.found.field, "custody_no[2]");
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &w.found, &m), ERR_OK);
	assert_int_equal(m.choice_count, 2);
	assert_int_not_equal(m.proposal, -1);
	assert_string_equal(m.choice[m.proposal].word, "KB");
	assert_string_equal(m.ground, "both sides signed it");
	matter_clear(&m);
	self_wipe(&self);
	txn_abort(t);
	assert_view(f, "device", "D1", "disputed", "true");
	assert_view(f, "device", "D1", "custodian", "null");
	assert_view(f, "device", "D1", "offered", "false");
	assert_view(f, "device", "D1", "bars", "[\"disputed\"]");
	assert_view(f, "custody", "K1", "fate", "\"stands\"");
	assert_view(f, "custody", "KB", "fate", "\"disputed\"");
	assert_view(f, "custody", "KC", "fate", "\"disputed\"");
}

static void
check_decided(
    struct fixture *f, const char *to, const char *stands, const char *lost)
{
	struct record r;

	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
	assert_view(f, "device", "D1", "disputed", "false");
	assert_view(f, "device", "D1", "custodian", to);
	assert_view(f, "custody", stands, "fate", "\"stands\"");
	assert_view(f, "custody", lost, "fate", "\"superseded\"");
	/* What lost is as it was written. */
	test_store_record(&f->s, "his", "custody", lost, &r);
	assert_int_equal(r.change_count, 1);
	record_clear(&r);
}

/* Story 2 in every order of arrival. */
static void
test_a_fork_waits_for_the_group(void **state)
{
	static const int orders[][4] = {{0, 1, 2, 3}, {0, 1, 3, 2},
	    {3, 2, 1, 0}, {2, 3, 0, 1}, {1, 3, 0, 2}, {3, 0, 2, 1}};
	size_t i;

	for (i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		struct identity made;
		struct fixture *f;
		void *own = NULL;

		(void)state;
		open_hub(&own);
		f = own;
		tell(f, orders[i]);
		check_disputed(f);
		/* Neither was allowed: the owner sees both. */
		assert_int_equal(
		    waiting(f, FINDING_ONWARD_LENDING, NULL).count, 2);
		assert_int_equal(
		    decide(f, FINDING_CUSTODY_FORK, "KB", &made), ERR_OK);
		check_decided(f, "\"B\"", "KB", "KC");
		assert_int_equal(
		    waiting(f, FINDING_ONWARD_LENDING, NULL).count, 1);
		assert_int_equal(
		    waiting(f, FINDING_ONWARD_LENDING, "KB").count, 1);
		undo(f, &made);
		check_disputed(f);
		assert_int_equal(
		    decide(f, FINDING_CUSTODY_FORK, "KC", NULL), ERR_OK);
		check_decided(f, "\"C\"", "KC", "KB");
		close_store(&own);
	}
}

static void
test_a_clinic_sees_a_fork_and_decides_none(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	struct fixture *f = *state;

	tell(f, order);
	check_disputed(f);
	test_store_join(&f->s, "H");
	assert_int_equal(
	    decide(f, FINDING_CUSTODY_FORK, "KB", NULL), ERR_NOT_ALLOWED);
	check_disputed(f);
}

static void
test_what_came_later_is_proposed_where_both_signed(void **state)
{
	struct fixture *f = *state;
	struct finder w;
	struct matter m;
	struct self self;
	struct txn *t;

	give(f, story[0]);
	give(f, CUSTODY("KC", "1", "H", "C", "H", BOTH));
	give(f, CUSTODY("KB", "1", "H", "B", "H", BOTH));
	w = waiting(f, FINDING_CUSTODY_FORK, "D1");
	t = test_store_read(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &w.found, &m), ERR_OK);
	assert_int_not_equal(m.proposal, -1);
	assert_string_equal(m.choice[m.proposal].word, "KB");
	assert_string_equal(m.ground, "the group received it later");
	matter_clear(&m);
	self_wipe(&self);
	txn_abort(t);
}

/* A number put right ends the fork, and the row with it. */
static void
test_a_corrected_number_is_no_fork(void **state)
{
	struct fixture *f = *state;

	give(f, story[0]);
	give(f, CUSTODY("KA", "1", "H", "A", "H", BOTH));
	give(f, CUSTODY("KB", "1", "A", "B", "A", BOTH));
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 1);
	give(f, CUSTODY("KB", "2", "A", "B", "A", BOTH));
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
	assert_view(f, "device", "D1", "custodian", "\"B\"");
}

/* --- leave -----------------------------------------------------------------
 */

static void
test_lending_on_is_the_owners_to_allow(void **state)
{
	struct fixture *f = *state;

	give(f, story[0]);
	give(f, story[1]);
	give(f, story[2]);
	assert_int_equal(waiting(f, FINDING_ONWARD_LENDING, "KB").count, 1);
	/* Back to who lent it, and to the owner, is no lending on. */
	give(f, CUSTODY("K3", "3", "B", "A", "B", BOTH)
	            CUSTODY("K4", "4", "A", "H", "A", BOTH));
	assert_int_equal(waiting(f, FINDING_ONWARD_LENDING, NULL).count, 1);
	assert_int_equal(
	    decide(f, FINDING_ONWARD_LENDING, "agree", NULL), ERR_OK);
	assert_int_equal(waiting(f, FINDING_ONWARD_LENDING, NULL).count, 0);
}

static void
test_a_device_that_may_be_lent_on(void **state)
{
	struct fixture *f = *state;

	give(f, story[2]);
	give(f, story[1]);
	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	assert_int_equal(waiting(f, FINDING_ONWARD_LENDING, NULL).count, 0);
	give(f, DEVICE("10:00:00", ",\"onward_allowed\":false"));
	assert_int_equal(waiting(f, FINDING_ONWARD_LENDING, NULL).count, 1);
}

static void
test_a_giver_without_the_device_is_noticed(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	give(f, story[1]);
	give(f, CUSTODY("KX", "2", "C", "B", "C", BOTH));
	assert_int_equal(waiting(f, FINDING_NOT_CUSTODIAN, "KX").count, 1);
}

static void
test_a_loan_is_approved_by_the_owner(void **state)
{
	struct fixture *f = *state;

	give(f, story[0]);
	give(f, LOAN("L1", "08:00:00", "A", "requested", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, NULL).count, 0);
	give(f, LOAN("L1", "09:00:00", "A", "received", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	assert_view(f, "loan", "L1", "approved", "false");
	/* The borrower's own word is none. */
	give(f, LOAN("L1", "09:30:00", "A", "received", "H", "A",
	            ",\"approved_by\":\"ref:S2\""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	give(f, LOAN("L1", "10:00:00", "H", "received", "H", "A",
	            ",\"approved_by\":\"ref:S1\""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, NULL).count, 0);
	assert_view(f, "loan", "L1", "approved", "true");
}

static void
test_a_standing_approval_is_the_owners_list(void **state)
{
	struct fixture *f = *state;

	give(f, LOAN("L1", "09:00:00", "A", "received", "H", "A",
	            ",\"approval\":\"standing\"") LOAN("L2", "09:00:00", "B",
	            "received", "H", "B", ",\"approval\":\"standing\""));
	give(f, DEVICE("08:00:00", ",\"standing_orgs\":[\"ref:A\"]"));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 0);
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L2").count, 1);
}

static void
test_an_equipment_centre_approves(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ",\"centre_org_id\":\"ref:Z\""));
	give(f, LOAN("L1", "08:00:00", "Z", "approved", "H", "A", ""));
	give(f, LOAN("L1", "09:00:00", "A", "received", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, NULL).count, 0);
}

/* --- lost and damaged ------------------------------------------------------
 */

static void
test_what_is_lost_is_asked_about(void **state)
{
	struct fixture *f = *state;
	struct identity made;
	struct record r;

	give(f, DEVICE("08:00:00", ",\"condition\":\"ok\""));
	give(f, LOAN("L1", "09:00:00", "H", "approved", "H", "A", ""));
	give(f, LOAN("L1", "10:00:00", "A", "lost", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_DEVICE_LOST, "L1").count, 1);
	assert_int_equal(
	    decide(f, FINDING_DEVICE_LOST, "withdrawn", &made), ERR_OK);
	assert_int_equal(waiting(f, FINDING_DEVICE_LOST, NULL).count, 0);
	test_store_record(&f->s, "his", "device", "D1", &r);
	assert_string_equal(text_in(r.fields, "condition"), "withdrawn");
	record_clear(&r);
	assert_view(f, "device", "D1", "bars", "[\"withdrawn\",\"lent\"]");
	undo(f, &made);
	assert_int_equal(waiting(f, FINDING_DEVICE_LOST, NULL).count, 1);
	test_store_record(&f->s, "his", "device", "D1", &r);
	assert_string_equal(text_in(r.fields, "condition"), "ok");
	record_clear(&r);
}

static void
test_what_is_damaged_is_asked_about(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ""));
	give(f, LOAN("L1", "09:00:00", "H", "approved", "H", "A", ""));
	give(f, LOAN("L1", "10:00:00", "A", "damaged", "H", "A", ""));
	assert_int_equal(waiting(f, FINDING_DEVICE_DAMAGED, "L1").count, 1);
	assert_int_equal(
	    decide(f, FINDING_DEVICE_DAMAGED, "leave", NULL), ERR_OK);
	assert_int_equal(waiting(f, FINDING_DEVICE_DAMAGED, NULL).count, 0);
}

/* --- forms -----------------------------------------------------------------
 */

static enum err
write_one(struct fixture *f, const char *kind, const char *org,
    const char *text, struct authored *out)
{
	json_t *fields = json_loads(text, 0, NULL);
	struct txn *t = test_store_write(&f->s);
	struct self self;
	enum err e;

	assert_non_null(fields);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(t, &self, kind, "S1", org, fields, TEST_NOW, out);
	self_wipe(&self);
	json_decref(fields);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static bool
told(const struct authored *a, enum finding_code code, bool refused)
{
	size_t i;

	for (i = 0; i < a->findings.count; i++)
		if (a->findings.list[i].code == code &&
		    a->findings.list[i].refused == refused)
			return true;
	return false;
}

static void
assert_number(struct fixture *f, const struct authored *a, json_int_t wanted,
    const char *from)
{
	struct record r;

	test_store_record(
	    &f->s, a->record.source, "custody", a->record.ref, &r);
	assert_int_equal(
	    json_integer_value(json_object_get(r.fields, "custody_no")),
	    wanted);
	assert_string_equal(text_in(r.fields, "from"), from);
	record_clear(&r);
}

static void
test_a_form_knows_the_next_number_and_who_has_it(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	give(f, story[0]);
	assert_int_equal(write_one(f, "custody", "H",
	                     "{\"device_id\":\"ref:D1\",\"to\":\"ref:A\"}", &a),
	    ERR_OK);
	assert_number(f, &a, 1, "ref:H");
	assert_false(told(&a, FINDING_NOT_CUSTODIAN, false));
	assert_false(told(&a, FINDING_ONWARD_LENDING, false));
	assert_int_equal(write_one(f, "custody", "A",
	                     "{\"device_id\":\"ref:D1\",\"to\":\"ref:B\"}", &a),
	    ERR_OK);
	assert_number(f, &a, 2, "ref:A");
	assert_true(told(&a, FINDING_ONWARD_LENDING, false));
	assert_int_equal(write_one(f, "custody", "C",
	                     "{\"device_id\":\"ref:D1\",\"from\":\"ref:C\","
	                     "\"to\":\"ref:H\"}",
	                     &a),
	    ERR_OK);
	assert_number(f, &a, 3, "ref:C");
	assert_true(told(&a, FINDING_NOT_CUSTODIAN, false));
}

static void
test_a_disputed_device_is_not_approved(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	static const char fields[] =
	    "{\"state\":\"%s\",\"device_id\":\"ref:D1\","
	    "\"lender\":\"ref:H\",\"borrower\":\"ref:E\"}";
	struct fixture *f = *state;
	struct authored a;
	char text[200];

	tell(f, order);
	snprintf(text, sizeof text, fields, "requested");
	assert_int_equal(write_one(f, "loan", "E", text, &a), ERR_OK);
	assert_true(told(&a, FINDING_PLACE_DISPUTED, false));
	snprintf(text, sizeof text, fields, "approved");
	assert_int_equal(write_one(f, "loan", "H", text, &a), ERR_REFUSED);
	assert_true(told(&a, FINDING_PLACE_DISPUTED, true));
}

static enum err
set_condition(struct fixture *f, const char *org, const char *condition)
{
	json_t *fields = json_pack("{s:s}", "condition", condition);
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", "device", "D1");
	e = author_amend(t, &self, key, "S1", org, fields, TEST_NOW, &a);
	self_wipe(&self);
	json_decref(fields);
	if (e != ERR_OK) {
		assert_true(told(&a, FINDING_OWNER_CLEARS, true));
		txn_abort(t);
		return e;
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

static void
test_unsafe_stays_until_the_owner_clears_it(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ",\"condition\":\"ok\""));
	assert_int_equal(set_condition(f, "A", "unsafe"), ERR_OK);
	assert_view(f, "device", "D1", "bars", "[\"unsafe\"]");
	assert_int_equal(set_condition(f, "A", "ok"), ERR_REFUSED);
	assert_view(f, "device", "D1", "offered", "false");
	assert_int_equal(set_condition(f, "H", "ok"), ERR_OK);
	assert_view(f, "device", "D1", "offered", "true");
}

/* --- views -----------------------------------------------------------------
 */

static void
add_org(struct fixture *f, const char *ref, const char *level)
{
	test_store_admit(&f->s, "", "org", ref, "H",
	    json_pack("{s:s, s:s}", "name", ref, "level", level));
}

static void
test_directions(void **state)
{
	static const struct {
		const char *lender, *borrower, *wanted;
	} rows[] = {
	    {"H", "A", "vertical_down"},
	    {"A", "H", "vertical_up"},
	    {"A", "B", "horizontal"},
	    {"A", "V", "horizontal"},
	    {"V", "H", "vertical_up"},
	    {"H", "T", "horizontal"},
	    {"H", "X", NULL},
	    {NULL, "A", NULL},
	};
	struct fixture *f = *state;
	struct txn *t;
	size_t i;

	add_org(f, "H", "county");
	add_org(f, "T", "county");
	add_org(f, "A", "township");
	add_org(f, "B", "township");
	add_org(f, "V", "village");
	t = test_store_read(&f->s);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *way =
		    device_direction(t, rows[i].lender, rows[i].borrower);

		if (rows[i].wanted == NULL)
			assert_null(way);
		else
			assert_string_equal(way, rows[i].wanted);
	}
	txn_abort(t);
}

static bool
is_late(const char *class, const char *state, const char *instant)
{
	json_t *device = json_pack("{s:s}", "class", class);
	json_t *loan = json_pack("{s:s, s:s}", "state", state, "planned_to",
	    "2026-05-02T10:00:00+08:00");
	bool late = device_is_overdue(device, loan, instant);

	json_decref(device);
	json_decref(loan);
	return late;
}

static void
test_vehicles_are_late_by_the_hour(void **state)
{
	(void)state;
	assert_true(is_late("vehicle", "received", NOON));
	assert_false(is_late("ecg", "received", NOON));
	assert_true(is_late("ecg", "received", "2026-05-03T00:00:00+08:00"));
	assert_false(
	    is_late("vehicle", "received", "2026-05-02T09:59:59+08:00"));
	assert_false(is_late("vehicle", "returned", NOON));
	assert_false(is_late("vehicle", "received", ""));
}

#define USAGE(ref, org, day, hours, cases)                                     \
	LINE("usage", ref, "09:00:00", org)                                    \
	"\"device_id\":\"ref:D1\",\"date\":\"" day "\",\"hours\":" hours       \
	",\"cases\":" cases "}\n"

static void
test_hours_count_to_the_device_and_cases_to_who_acted(void **state)
{
	struct fixture *f = *state;
	struct record device;
	struct device_usage sum;
	struct txn *t;

	give(f, USAGE("U1", "A", "2026-05-01", "2.5", "10")
	            USAGE("U2", "A", "2026-05-02", "1.5", "4")
	                USAGE("U3", "B", "2026-05-02", "6", "20")
	                    USAGE("U4", "A", "2026-04-30", "8", "1"));
	give(f, DEVICE("08:00:00", ",\"rated_hours_year\":1500"));
	assert_view(f, "device", "D1", "month", "\"2026-05\"");
	assert_view(f, "device", "D1", "hours", "10.0");
	assert_view(f, "device", "D1", "usage",
	    "[{\"org\":\"A\",\"hours\":4.0,\"cases\":14},"
	    "{\"org\":\"B\",\"hours\":6.0,\"cases\":20}]");
	/* 1500 * 31 / 365 */
	assert_view(f, "device", "D1", "rated_hours", "127.40000000000001");
	test_store_record(&f->s, "his", "device", "D1", &device);
	t = test_store_read(&f->s);
	assert_int_equal(
	    device_usage_sum(t, &device, "A", "2026-04-01", "2026-05-31", &sum),
	    ERR_OK);
	assert_int_equal(sum.count, 3);
	assert_int_equal(sum.cases, 15);
	assert_true(sum.hours > 11.99 && sum.hours < 12.01);
	txn_abort(t);
	record_clear(&device);
}

/* Two programs may call two devices the same: neither takes the other's, and
 * what names one from elsewhere belongs to neither. */
static void
test_two_devices_of_one_ref(void **state)
{
	static const char other[] = DEVICE("08:00:00", "");
	static const char third[] = CUSTODY("K9", "1", "H", "E", "H", "");
	struct fixture *f = *state;

	give(f, story[0]);
	give(f, story[1]);
	give_bytes(f, "third", third, strlen(third));
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 1);
	give_bytes(f, "other", other, strlen(other));
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
	assert_view(f, "device", "D1", "custodian", "\"A\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_fork_waits_for_the_group),
	    CLINIC(test_a_clinic_sees_a_fork_and_decides_none),
	    HUB(test_what_came_later_is_proposed_where_both_signed),
	    CLINIC(test_a_corrected_number_is_no_fork),
	    HUB(test_lending_on_is_the_owners_to_allow),
	    CLINIC(test_a_device_that_may_be_lent_on),
	    CLINIC(test_a_giver_without_the_device_is_noticed),
	    CLINIC(test_a_loan_is_approved_by_the_owner),
	    HUB(test_a_standing_approval_is_the_owners_list),
	    CLINIC(test_an_equipment_centre_approves),
	    HUB(test_what_is_lost_is_asked_about),
	    HUB(test_what_is_damaged_is_asked_about),
	    CLINIC(test_a_form_knows_the_next_number_and_who_has_it),
	    CLINIC(test_a_disputed_device_is_not_approved),
	    CLINIC(test_unsafe_stays_until_the_owner_clears_it),
	    CLINIC(test_directions),
	    cmocka_unit_test(test_vehicles_are_late_by_the_hour),
	    CLINIC(test_hours_count_to_the_device_and_cases_to_who_acted),
	    CLINIC(test_two_devices_of_one_ref),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
