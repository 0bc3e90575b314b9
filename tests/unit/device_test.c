/* device: forks of custody chains, lending without leave, what was lost or
 * broken: what waits about them and who decides it, in every order of arrival.
 */

#include "tests/unit/device_room.h"

/* --- forks -----------------------------------------------------------------
 */

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

/* Who lends on signed the hand-over: it is not his to allow all the same. */
static void
test_who_lends_on_does_not_allow_it_himself(void **state)
{
	struct fixture *f = *state;

	give(f, story[0]);
	give(f, story[1]);
	give(f, story[2]);
	test_store_join(&f->s, "A");
	assert_int_equal(
	    decide(f, FINDING_ONWARD_LENDING, "agree", NULL), ERR_NOT_ALLOWED);
	assert_int_equal(waiting(f, FINDING_ONWARD_LENDING, NULL).count, 1);
	test_store_join(&f->s, "H");
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

/* --- numbers further on ------------------------------------------------------
 */

static void
give_a_jump(struct fixture *f)
{
	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	give(f, story[1]); /* 1: H to A */
	give(f, CUSTODY("KX", "50", "H", "C", "C", BOTH));
}

/* Only who has a device hands it over: a number that leaves a gap is no way
 * round that. */
static void
test_a_number_far_on_is_asked_about(void **state)
{
	struct fixture *f = *state;

	give_a_jump(f);
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, "KX").count, 1);
	assert_view(f, "device", "D1", "custodian", "null");
	assert_view(f, "device", "D1", "unsure", "true");
	assert_view(f, "device", "D1", "offered", "false");
	assert_int_equal(
	    decide(f, FINDING_CUSTODY_JUMP, "object", NULL), ERR_OK);
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, NULL).count, 0);
	assert_view(f, "device", "D1", "custodian", "\"A\"");
	assert_view(f, "device", "D1", "custody_no", "1");
}

static void
test_a_gap_that_is_agreed_to_is_none(void **state)
{
	struct identity made;
	struct fixture *f = *state;

	give_a_jump(f);
	assert_int_equal(
	    decide(f, FINDING_CUSTODY_JUMP, "agree", &made), ERR_OK);
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, NULL).count, 0);
	assert_view(f, "device", "D1", "custodian", "\"C\"");
	undo(f, &made);
	assert_view(f, "device", "D1", "custodian", "null");
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, "KX").count, 1);
}

/* What is only late accuses nobody once it is here. */
static void
test_a_gap_that_fills_is_asked_about_no_more(void **state)
{
	struct fixture *f = *state;

	give(f, DEVICE("08:00:00", ",\"onward_allowed\":true"));
	give(f, story[1]);
	give(f, CUSTODY("K3", "3", "B", "C", "B", BOTH));
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, "K3").count, 1);
	give(f, CUSTODY("K2", "2", "A", "B", "A", BOTH));
	assert_int_equal(waiting(f, FINDING_CUSTODY_JUMP, NULL).count, 0);
	assert_view(f, "device", "D1", "custodian", "\"C\"");
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

/* More hand-overs with one number than anybody can look at side by side: all
 * are kept and listed, those shown are few, what is proposed is among them. */
enum { HANDS = 20 };

static void
many_hands(struct fixture *f)
{
	char line[512];
	int i;

	give(f, DEVICE("08:00:00", ""));
	give(f, CUSTODY("K1", "1", "H", "A", "H", BOTH));
	for (i = 0; i < HANDS; i++) {
		snprintf(line, sizeof line,
		    LINE("custody", "K2%02d", "09:00:00",
		        "A") "\"device_id\":\"ref:D1\",\"custody_no\":2,"
		             "\"from\":\"ref:A\",\"to\":\"ref:X%02d\"%s}\n",
		    i, i, i == HANDS - 2 ? BOTH : "");
		give(f, line);
	}
}

static void
check_shown(struct fixture *f)
{
	struct finder w = waiting(f, FINDING_CUSTODY_FORK, "D1");
	struct txn *t = test_store_read(&f->s);
	struct matter m;
	struct self self;

	assert_int_equal(w.count, 1);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &w.found, &m), ERR_OK);
	assert_int_equal(m.choice_count, MATTER_CHOICES_MAX);
	assert_int_equal(json_array_size(m.beyond), HANDS - MATTER_CHOICES_MAX);
	assert_int_not_equal(m.proposal, -1);
	assert_string_equal(m.choice[m.proposal].word, "K218");
	matter_clear(&m);
	self_wipe(&self);
	txn_abort(t);
}

/* How many hand-overs of the chain are called so. */
static size_t
fates(struct fixture *f, const char *fate)
{
	json_t *view = view_of(f, "device", "D1"), *link;
	size_t i, count = 0;

	json_array_foreach(json_object_get(view, "chain"), i, link) count +=
	    strcmp(json_string_value(json_object_get(link, "fate")), fate) == 0;
	json_decref(view);
	return count;
}

static void
test_a_fork_of_very_many_hands_is_kept_whole(void **state)
{
	struct fixture *f = *state;
	struct identity made;

	many_hands(f);
	assert_int_equal(fates(f, "disputed"), HANDS);
	check_shown(f);
	assert_int_equal(
	    decide(f, FINDING_CUSTODY_FORK, "K218", &made), ERR_OK);
	assert_int_equal(fates(f, "superseded"), HANDS - 1);
	assert_view(f, "device", "D1", "custodian", "\"X18\"");
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
	/* One more that nobody had seen opens it again. */
	give(f, CUSTODY("K299", "2", "A", "Z", "A", ""));
	assert_int_equal(fates(f, "disputed"), HANDS + 1);
	undo(f, &made);
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 1);
}

/* One side of a fork decides nothing, whatever it writes down. */
static void
test_no_side_decides_a_fork_by_itself(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	struct fixture *f = *state;
	json_t *fields;
	struct authored made;
	struct self self;
	struct txn *t;
	enum err e;

	test_store_join(&f->s, "C");
	test_store_admit(&f->s, "his", "resident", "R1", "C",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C"));
	test_store_join(&f->s, "H");
	give(f, story[order[0]]);
	give(f, story[order[1]]);
	test_store_join(&f->s, "A");
	give(f, story[order[2]]);
	give(f, story[order[3]]);
	assert_view(f, "device", "D1", "disputed", "true");
	test_store_join(&f->s, "C");
	fields = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
	                   "s:[s, s]}",
	    "state", "decided", "reason", "ours", "code", "custody_fork",
	    "about_kind", "device", "about_ref", "D1", "about_source", "his",
	    "device_id", "ref:D1", "resident_id", "ref:R1", "decision", "KC",
	    "versions", "his/KB", "his/KC");
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(
	    t, &self, "question", "S1", "C", fields, TEST_NOW, &made);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	assert_view(f, "device", "D1", "disputed", "true");
	assert_int_equal(e, ERR_REFUSED);
}

static json_t *
leave_of_loan(const char *source)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
	    "state", "decided", "reason", "ours", "code", "loan_unapproved",
	    "about_kind", "loan", "about_ref", "L1", "about_source", source,
	    "device_id", "ref:D1", "resident_id", "ref:R1", "decision",
	    "agree");
}

/* Who borrowed it does not say that he was allowed to, whoever the resident is
 * that he writes down beside it; nor does what he sends. */
static void
test_who_borrows_does_not_allow_it_himself(void **state)
{
	struct fixture *f = *state;
	struct authored made;
	struct self self;
	struct txn *t;
	json_t *fields;

	test_store_join(&f->s, "H");
	give(f, story[0]);
	test_store_join(&f->s, "C");
	test_store_admit(&f->s, "his", "resident", "R1", "C",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C"));
	give(f, LOAN("L1", "10:00:00", "C", "handed_over", "H", "C", ""));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	fields = leave_of_loan("his");
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(author_add(t, &self, "question", "S1", "C", fields,
	                     TEST_NOW, &made),
	    ERR_REFUSED);
	txn_abort(t);
	json_decref(fields);
	give(f, "{\"kind\":\"question\",\"ref\":\"Q1\",\"by\":\"ref:S1\","
	        "\"at\":\"2026-05-01T11:00:00+08:00\",\"org_id\":\"ref:C\","
	        "\"state\":\"decided\",\"about_kind\":\"loan\","
	        "\"about_ref\":\"L1\",\"code\":\"loan_unapproved\","
	        "\"resident_id\":\"ref:R1\",\"device_id\":\"ref:D1\","
	        "\"decision\":\"agree\",\"reason\":\"x\"}\n");
	assert_counts(f, 0, 0, 0, 1);
	test_store_admit(
	    &f->s, "c", "question", "Q1", "C", leave_of_loan("his"));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 1);
	/* Its owner, or who is above him, does. */
	test_store_admit(
	    &f->s, "h", "question", "Q2", "H", leave_of_loan("his"));
	assert_int_equal(waiting(f, FINDING_LOAN_UNAPPROVED, "L1").count, 0);
}

/* Nor does what a peer sends: by what it says, or by what it changes. */
static void
test_no_peer_decides_a_fork(void **state)
{
	struct fixture *f = *state;
	struct cert author = {
	    .role = ROLE_CLINIC, .org_count = 1, .orgs = {"C"}};
	struct identity made;
	struct change c;
	struct txn *t;
	int order[] = {0, 1, 2, 3};

	tell(f, order);
	assert_int_equal(decide(f, FINDING_CUSTODY_FORK, "KB", &made), ERR_OK);
	t = test_store_read(&f->s);
	change_init(&c);
	snprintf(c.record.kind, sizeof c.record.kind, "question");
	snprintf(c.record.ref, sizeof c.record.ref, "Q1");
	snprintf(c.org, sizeof c.org, "C");
	c.fields =
	    json_pack("{s:s, s:s}", "state", "decided", "code", "custody_fork");
	assert_int_equal(admit_judge(t, &c, &author), FINDING_GROUP_ONLY_STATE);
	json_object_set_new(c.fields, "code", json_string("conflict"));
	assert_int_equal(admit_judge(t, &c, &author), FINDING_NONE);
	/* The group's own, made to say something else. */
	c.record = made;
	assert_int_equal(admit_judge(t, &c, &author), FINDING_GROUP_ONLY_STATE);
	json_object_clear(c.fields);
	json_object_set_new(c.fields, "decision", json_string("KC"));
	assert_int_equal(admit_judge(t, &c, &author), FINDING_GROUP_ONLY_STATE);
	author.role = ROLE_HUB;
	assert_int_equal(admit_judge(t, &c, &author), FINDING_NONE);
	change_clear(&c);
	txn_abort(t);
}

/* Another program has a D1 too: the group's decision counts all the same. */
static void
test_a_fork_ends_whatever_others_call_their_devices(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	static const char other[] = DEVICE("08:00:00", "");
	struct fixture *f = *state;

	tell(f, order);
	give_bytes(f, "b", other, sizeof other - 1);
	assert_int_equal(decide(f, FINDING_CUSTODY_FORK, "KB", NULL), ERR_OK);
	assert_int_equal(waiting(f, FINDING_CUSTODY_FORK, NULL).count, 0);
	assert_view(f, "device", "D1", "disputed", "false");
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
	    CLINIC(test_a_number_far_on_is_asked_about),
	    CLINIC(test_a_gap_that_is_agreed_to_is_none),
	    CLINIC(test_a_gap_that_fills_is_asked_about_no_more),
	    CLINIC(test_a_loan_is_approved_by_the_owner),
	    HUB(test_a_standing_approval_is_the_owners_list),
	    CLINIC(test_an_equipment_centre_approves),
	    HUB(test_what_is_lost_is_asked_about),
	    HUB(test_what_is_damaged_is_asked_about),
	    HUB(test_a_fork_of_very_many_hands_is_kept_whole),
	    CLINIC(test_who_lends_on_does_not_allow_it_himself),
	    CLINIC(test_who_borrows_does_not_allow_it_himself),
	    CLINIC(test_no_side_decides_a_fork_by_itself),
	    HUB(test_no_peer_decides_a_fork),
	    HUB(test_a_fork_ends_whatever_others_call_their_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
