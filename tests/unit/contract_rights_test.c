/* contract_rights: whose word on a contract counts, and what is made of words
 * that only look like the group's.
 */

#include "tests/unit/contract_word_room.h"

/* --- the group's steps ---------------------------------------------------- */

/* That a change has no parents makes it no history of another's contract. */
static void
test_no_clinic_refuses_anothers_contract(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_shown(f, "KA", "state", "active");
	assert_int_equal(
	    sent_by_c02(f, SENT("KA", .is_new = true),
	        json_pack("{s:s, s:s}", "state", "refused", "reason", "x")),
	    FINDING_GROUP_ONLY_STATE);
	assert_shown(f, "KA", "state", "active");
}

/* Of its own, and of what nobody began before, it is. */
static void
test_what_was_brought_along_is_history(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	assert_int_equal(sent_by_c02(f, SENT("KB", .is_new = true),
	                     json_pack("{s:s}", "state", "active")),
	    FINDING_NONE);
	assert_int_equal(sent_by_c02(f, SENT("KC", .is_new = true),
	                     json_pack("{s:s, s:s}", "state", "terminated",
	                         "end_reason", "resident")),
	    FINDING_NONE);
}

/* Nor do the lines of a file in which another's contract stands. */
static void
test_no_file_tells_anothers_history(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "contract", "KB", "C02",
	    json_pack(
	        "{s:s, s:s}", "state", "signed", "resident_id", "ref:R1"));
	assert_refused(f,
	    CONTRACT("KB", "09:00:00", "C01", "refused", "2026-04-05",
	        ",\"reason\":\"x\""),
	    FINDING_GROUP_ONLY_STATE);
	assert_shown(f, "KB", "state", "signed");
	give(f, CONTRACT("KA", "09:00:00", "C01", "refused", "2026-04-03",
	            ",\"reason\":\"x\""));
	assert_counts(f, 1, 0, 0, 0);
}

/* --- the group's name and fields ------------------------------------------ */

/* The machine's name is nobody's to write under. */
static void
test_nobody_writes_in_the_machines_name(void **state)
{
	struct fixture *f = *state;

	assert_refused(f,
	    "{\"kind\":\"contract\",\"ref\":\"KA\",\"by\":\"ref:" CONTEST_AUTHOR
	    "\",\"at\":\"2026-05-01T09:00:00+08:00\",\"org_id\":\"ref:C01\","
	    "\"state\":\"signed\",\"resident_id\":\"ref:R1\",\"team_id\":"
	    "\"ref:T1\",\"resident_signature\":\"paper\",\"packages\":"
	    "[{\"code\":\"BASIC\"}],\"signed_on\":\"2026-04-05\",\"start_on\":"
	    "\"2026-04-05\",\"end_on\":\"2027-05-31\"}\n",
	    FINDING_GROUPS_NAME);
}

/* Nor, at a clinic, what only the group says. */
static void
test_no_clinic_says_who_counts(void **state)
{
	struct fixture *f = *state;

	give(f, HE);
	assert_refused(f,
	    CONTRACT("KA", "09:00:00", "C01", "signed", "2026-04-03",
	        ",\"holder_id\":\"ref:KA\""),
	    FINDING_GROUP_ONLY_FIELD);
}

static enum finding_code
amended(struct fixture *f, const char *by, json_t *fields)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_write(&f->s);
	struct authored made;
	struct self self;

	key_record_of(f->s.db, key, "his", "contract", "KA");
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_amend(t, &self, key, by, "C01", fields, TEST_NOW, &made),
	    ERR_REFUSED);
	json_decref(fields);
	txn_abort(t);
	return made.findings.list[0].code;
}

static void
test_no_form_does_either(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_int_equal(
	    amended(f, CONTEST_AUTHOR, json_pack("{s:s}", "choice_note", "x")),
	    FINDING_GROUPS_NAME);
	assert_int_equal(
	    amended(f, "S1", json_pack("{s:s}", "holder_id", "ref:KA")),
	    FINDING_GROUP_ONLY_FIELD);
}

static void
test_no_peer_writes_in_the_machines_name(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA KB);
	assert_shown(f, "KA", "holder_id", "ref:KA");
	assert_int_equal(sent_by_c02(f, SENT("KA", .by = CONTEST_AUTHOR),
	                     json_pack("{s:s, s:s}", "state", "ending",
	                         "end_reason", "resident")),
	    FINDING_GROUPS_NAME);
	assert_int_equal(sent_by_c02(f, SENT("KA"),
	                     json_pack("{s:s}", "holder_id", "ref:KB")),
	    FINDING_GROUP_ONLY_FIELD);
	assert_int_equal(
	    sent_by_c02(f, SENT("KA"), json_pack("{s:n}", "contested_with")),
	    FINDING_GROUP_ONLY_FIELD);
	assert_shown(f, "KA", "holder_id", "ref:KA");
}

/* --- ends by others ------------------------------------------------------- */

/* A contract is closed by its org or the managing one; else it is listed. */
static void
test_no_clinic_closes_anothers_contract(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_int_equal(sent_by_c02(f, SENT("KA"),
	                     json_pack("{s:s, s:s}", "state", "closed",
	                         "end_reason", "error")),
	    FINDING_NONE);
	assert_shown(f, "KA", "state", "closed");
	waits(f, FINDING_OTHERS_CONTRACT);
	decide(f, "set-aside", NULL);
	assert_shown(f, "KA", "state", "active");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
test_no_clinic_ends_anothers_contract(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	sent_by_c02(f, SENT("KA"),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	assert_shown(f, "KA", "state", "terminated");
	waits(f, FINDING_OTHERS_CONTRACT);
	decide(f, "keep", NULL);
	assert_shown(f, "KA", "state", "terminated");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static void
test_ones_own_end_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	sent_by_c02(f, SENT("KB"),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	assert_shown(f, "KB", "state", "terminated");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

static json_t *
began(void)
{
	return json_pack(
	    "{s:s, s:s}", "state", "signed", "resident_id", "ref:R1");
}

/* By a line that knows nothing of the other's: neither is its org's until the
 * group says which was first, and no end of it is. */
static void
test_two_beginnings_of_a_contract_are_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "resident", "R1", "C01",
	    json_pack("{s:s, s:s}", "name", "x", "managing_org_id", "ref:C01"));
	sent_by_c02(f, SENT("KA", .is_new = true, .org = "C01"), began());
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	sent_by_c02(f, SENT("KA", .is_new = true), began());
	assert_int_equal(questions(f, QUESTION_MATTER).count, 2);
	sent_by_c02(f, SENT("KA"),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	assert_int_equal(questions(f, QUESTION_MATTER).count, 3);
}

static void
test_with_one_beginning_set_aside_nobody_is_asked(void **state)
{
	struct fixture *f = *state;

	sent_by_c02(f, SENT("KC", .is_new = true, .org = "C01"), began());
	sent_by_c02(f, SENT("KC", .is_new = true), began());
	assert_int_equal(questions(f, QUESTION_MATTER).count, 2);
	decide(f, "set-aside", NULL);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

/* What the group itself brought in is not in doubt. */
static void
test_the_groups_beginning_is_not_in_doubt(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "contract", "KC", "C01", began());
	sent_by_c02(f, SENT("KC", .is_new = true), began());
	assert_int_equal(questions(f, QUESTION_MATTER).count, 1);
	waits(f, FINDING_BEGUN_TWICE);
}

/* The name tells who began it. */
static void
test_nobody_begins_what_another_store_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    sent_by_c02(
	        f, SENT("~0202020202020202-1-7", .is_new = true), began()),
	    FINDING_OTHERS_REF);
	assert_int_equal(
	    sent_by_c02(
	        f, SENT("~0202020202020202-1-7x", .is_new = true), began()),
	    FINDING_NONE);
}

/* The other order of test_no_clinic_refuses_anothers_contract. */
static void
test_what_came_before_its_contract_is_asked_about(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    sent_by_c02(f, SENT("KA", .is_new = true),
	        json_pack("{s:s, s:s}", "state", "refused", "reason", "x")),
	    FINDING_NONE);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	test_store_admit(&f->s, "his", "contract", "KA", "C01",
	    json_pack(
	        "{s:s, s:s}", "state", "signed", "resident_id", "ref:R1"));
	assert_true(questions(f, QUESTION_MATTER).count > 0);
}

/* That one side is closed by itself settles nothing between two. */
static void
test_what_is_contested_is_not_closed_away(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA KB);
	sent_by_c02(f, SENT("KB"),
	    json_pack("{s:s, s:s}", "state", "closed", "end_reason", "error"));
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
	waits(f, FINDING_CONTESTED);
	decide(f, "KA", NULL);
	assert_shown(f, "KA", "state", "active");
	assert_shown(f, "KB", "state", "refused");
}

/* --- two programs' refs --------------------------------------------------- */

static void
give_b(struct fixture *f, const char *text)
{
	give_bytes(f, "b", text, strlen(text));
}

static void
assert_state_in(
    struct fixture *f, const char *source, const char *ref, const char *state)
{
	struct record r;

	test_store_record(&f->s, source, "contract", ref, &r);
	assert_string_equal(text_in(r.fields, "state"), state);
	record_clear(&r);
}

/* Two clinics' programs count from one: both contracts are called KA. */
static void
test_contracts_of_one_ref_are_asked_about(void **state)
{
	struct fixture *f = *state;
	char number[24];
	struct record r;

	give(f, HE KA);
	give_b(
	    f, CONTRACT("KA", "10:00:00", "C02", "signed", "2026-04-05", ""));
	assert_state_in(f, "his", "KA", "contested");
	assert_state_in(f, "b", "KA", "contested");
	test_store_record(&f->s, "his", "contract", "KA", &r);
	assert_string_equal(
	    json_string_value(json_array_get(
	        json_object_get(r.fields, "contested_sources"), 0)),
	    "b");
	assert_null(json_object_get(r.fields, "holder_source"));
	record_clear(&r);
	test_store_record(&f->s, "b", "contract", "KA", &r);
	assert_string_equal(text_in(r.fields, "holder_source"), "his");
	record_clear(&r);
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)waits(f, FINDING_CONTESTED).number);
	decide(f, "KA@b", NULL);
	assert_state_in(f, "his", "KA", "refused");
	assert_state_in(f, "b", "KA", "active");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	decide(f, NULL, number);
	assert_state_in(f, "his", "KA", "contested");
	assert_state_in(f, "b", "KA", "contested");
	waits(f, FINDING_CONTESTED);
}

#define HIS_ENTRY(ref, name)                                                   \
	"{\"kind\":\"resident\",\"ref\":\"" ref "\",\"by\":\"ref:S1\",\"at\":" \
	"\"2026-05-01T09:00:00+08:00\",\"org_id\":\"ref:C02\",\"name\":"       \
	"\"" name                                                              \
	"\",\"sex\":\"2\",\"no_id_reason\":\"lost\",\"managing_org_id\":"      \
	"\"ref:C02\"}\n"

/* One ref was nobody else's when it was decided, and is when it is undone. */
static void
test_undoing_finds_what_was_decided(void **state)
{
	struct fixture *f = *state;
	char number[24];

	give(f, HE KA);
	give_b(
	    f, CONTRACT("KC", "10:00:00", "C02", "signed", "2026-04-05", ""));
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)waits(f, FINDING_CONTESTED).number);
	decide(f, "KA", NULL);
	assert_state_in(f, "his", "KA", "active");
	assert_state_in(f, "b", "KC", "refused");
	/* Strangers'. */
	give_bytes(
	    f, "c", HIS_ENTRY("R8", "李娜"), strlen(HIS_ENTRY("R8", "李娜")));
	test_store_admit(&f->s, "c", "contract", "KA", "C02",
	    json_pack("{s:s, s:s}", "state", "draft", "resident_id", "ref:R8"));
	test_store_admit(&f->s, "c", "contract", "KC", "C02",
	    json_pack("{s:s, s:s}", "state", "draft", "resident_id", "ref:R8"));
	decide(f, NULL, number);
	assert_state_in(f, "his", "KA", "contested");
	assert_state_in(f, "b", "KC", "contested");
	waits(f, FINDING_CONTESTED);
}

/* Refs of different programs stay short where nobody could mean another. */
static void
test_a_ref_of_ones_own_is_word_enough(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	give_b(
	    f, CONTRACT("KC", "10:00:00", "C02", "signed", "2026-04-05", ""));
	waits(f, FINDING_CONTESTED);
	decide(f, "KC", NULL);
	assert_state_in(f, "his", "KA", "refused");
	assert_state_in(f, "b", "KC", "active");
}

/* One person by a link of entries whose refs other programs use as well. */
static void
test_linked_entries_contest_whatever_they_are_called(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	give_b(f, HIS_ENTRY("R1", "李娜") HIS_ENTRY("R2", "张伟"));
	give_b(f,
	    "{\"kind\":\"contract\",\"ref\":\"KB\",\"by\":\"ref:S1\",\"at\":"
	    "\"2026-05-01T10:00:00+08:00\",\"org_id\":\"ref:C02\",\"state\":"
	    "\"signed\",\"resident_id\":\"ref:R2\",\"team_id\":\"ref:T1\","
	    "\"resident_signature\":\"paper\",\"packages\":[{\"code\":"
	    "\"BASIC\"}],\"signed_on\":\"2026-04-05\",\"start_on\":"
	    "\"2026-04-05\",\"end_on\":\"2027-05-31\"}\n");
	assert_state_in(f, "b", "KB", "active");
	test_store_admit(&f->s, "", "link", "~l1", "H01",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "linked",
	        "resident_id", "ref:R1", "resident_source", "his", "other_id",
	        "ref:R2", "other_source", "b", "basis", "by_hand"));
	/* Any import settles what is due. */
	give(f, RESIDENT("08:30:00", ",\"managing_org_id\":\"ref:C01\""));
	assert_state_in(f, "his", "KA", "contested");
	assert_state_in(f, "b", "KB", "contested");
}

/* Two residents, each with a contract. */
static void
two_with_contracts(struct fixture *f)
{
	give(f, HE KA HIS_ENTRY("R2", "王芳"));
	give(f,
	    ENVELOPE("contract", "KB", "10:00:00",
	        "C02") "\"state\":\"signed\","
	               "\"resident_id\":\"ref:R2\",\"team_id\":\"ref:T1\","
	               "\"resident_signature\":\"paper\",\"packages\":[{"
	               "\"code\":"
	               "\"BASIC\"}],\"signed_on\":\"2026-04-05\",\"start_on\":"
	               "\"2026-04-05\",\"end_on\":\"2027-05-31\"}\n");
	assert_shown(f, "KA", "state", "active");
	assert_shown(f, "KB", "state", "active");
}

/* A stranger's file, linked by a clinic: the group takes it back, and lets it
 * stand after all. */
static void
test_what_follows_from_a_link_goes_with_it(void **state)
{
	struct fixture *f = *state;
	char number[24];

	two_with_contracts(f);
	sent_by_c02(f, SENT("~l1", .source = "", .kind = "link"),
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "linked",
	        "resident_id", "ref:R1", "resident_source", "his", "other_id",
	        "ref:R2", "other_source", "his", "basis", "by_hand"));
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)number_of(f, FINDING_UNENTITLED));
	decide_of(f, FINDING_UNENTITLED, "set-aside");
	assert_shown(f, "KA", "state", "active");
	assert_shown(f, "KB", "state", "active");
	assert_int_equal(number_of(f, FINDING_CONTESTED), 0);
	decide(f, NULL, number);
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
}

/* So with a death that a stranger reports as the managing org. */
static void
test_what_follows_from_a_word_on_him_goes_with_it(void **state)
{
	struct fixture *f = *state;

	two_with_contracts(f);
	sent_by_c02(f, SENT("R1", .kind = "resident", .managing = true),
	    json_pack(
	        "{s:s, s:s}", "managing_org_id", "ref:C02", "status", "dead"));
	assert_shown(f, "KA", "state", "closed");
	decide_of(f, FINDING_UNENTITLED, "set-aside");
	assert_shown(f, "KA", "state", "active");
}

/* A move says whose R1 went; the other's contract goes on. */
static void
test_a_move_ends_the_contract_of_the_one_that_is_meant(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	give_b(f, HIS_ENTRY("R1", "李娜"));
	give_b(
	    f, CONTRACT("KB", "10:00:00", "C02", "signed", "2026-04-05", ""));
	assert_state_in(f, "b", "KB", "active");
	test_store_admit(&f->s, "", "move", "~m1", "H01",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "confirmed",
	        "resident_id", "ref:R1", "resident_source", "b", "from_org",
	        "ref:C02", "to_org", "ref:C01", "moved_on", "2026-04-20"));
	/* Any import settles what is due. */
	give(f, RESIDENT("08:30:00", ",\"managing_org_id\":\"ref:C01\""));
	assert_state_in(f, "his", "KA", "active");
	assert_state_in(f, "b", "KB", "closed");
}

/* --- signed records ------------------------------------------------------- */

/* Who signed it, or the head, amends it; of others both are told. */
static void
test_a_form_tells_that_another_signed_it(void **state)
{
	struct fixture *f = *state;
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct self self;
	json_t *fields = json_pack("{s:s}", "reason", "x");
	struct txn *t;

	test_store_admit(&f->s, "his", "encounter", "E1", "C02",
	    json_pack("{s:s, s:s, s:b, s:s, s:s}", "state", "signed", "type",
	        "phone", "unknown", 1, "description", "x", "visit_at",
	        "2026-05-01T08:00:00+08:00"));
	key_record_of(f->s.db, key, "his", "encounter", "E1");
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "C01", fields, TEST_NOW, &made),
	    ERR_OK);
	assert_int_equal(made.findings.warnings, 1);
	assert_int_equal(made.findings.list[0].code, FINDING_OTHERS_RECORD);
	txn_abort(t);
	json_decref(fields);
}

static void
test_what_another_changed_of_it_is_asked_about(void **state)
{
	struct fixture *f = *state;
	const char *visit = ENVELOPE("encounter", "E1", "09:00:00",
	    "C01") "\"state\":\"signed\",\"type\":\"phone\",\"unknown\":true,"
	           "\"description\":\"x\",\"visit_at\":\"2026-05-01T08:00:00+"
	           "08:00\","
	           "\"plan\":\"rest\"}\n";
	struct record r;

	give(f, visit);
	assert_int_equal(
	    sent_by_c02(f, SENT("E1", .kind = "encounter"),
	        json_pack("{s:s, s:s, s:s}", "state", "entered_in_error",
	            "reason", "x", "plan", "none")),
	    FINDING_NONE);
	waits(f, FINDING_OTHERS_RECORD);
	decide(f, "set-aside", NULL);
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	test_store_record(&f->s, "his", "encounter", "E1", &r);
	assert_string_equal(text_in(r.fields, "state"), "signed");
	assert_string_equal(text_in(r.fields, "plan"), "rest");
	record_clear(&r);
}

static void
test_what_the_head_changes_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "", "org", "V9", "H01",
	    json_pack("{s:s, s:s, s:s}", "name", "x", "level", "village",
	        "parent_org_id", "ref:C02"));
	test_store_admit(&f->s, "his", "encounter", "E1", "V9",
	    json_pack("{s:s, s:s, s:b}", "state", "signed", "type", "phone",
	        "unknown", 1));
	sent_by_c02(f, SENT("E1", .kind = "encounter"),
	    json_pack("{s:s, s:s}", "state", "amended", "plan", "none"));
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_no_clinic_refuses_anothers_contract),
	    AT_HUB(test_what_was_brought_along_is_history),
	    AT_SITE(test_no_file_tells_anothers_history),
	    AT_SITE(test_nobody_writes_in_the_machines_name),
	    AT_SITE(test_no_clinic_says_who_counts),
	    AT_SITE(test_no_form_does_either),
	    AT_HUB(test_no_peer_writes_in_the_machines_name),
	    AT_HUB(test_no_clinic_closes_anothers_contract),
	    AT_HUB(test_no_clinic_ends_anothers_contract),
	    AT_HUB(test_ones_own_end_is_not_asked_about),
	    AT_HUB(test_two_beginnings_of_a_contract_are_asked_about),
	    AT_HUB(test_with_one_beginning_set_aside_nobody_is_asked),
	    AT_HUB(test_the_groups_beginning_is_not_in_doubt),
	    AT_HUB(test_nobody_begins_what_another_store_named),
	    AT_HUB(test_what_came_before_its_contract_is_asked_about),
	    AT_HUB(test_what_is_contested_is_not_closed_away),
	    AT_HUB(test_contracts_of_one_ref_are_asked_about),
	    AT_HUB(test_a_ref_of_ones_own_is_word_enough),
	    AT_HUB(test_undoing_finds_what_was_decided),
	    AT_HUB(test_linked_entries_contest_whatever_they_are_called),
	    AT_HUB(test_what_follows_from_a_link_goes_with_it),
	    AT_HUB(test_what_follows_from_a_word_on_him_goes_with_it),
	    AT_HUB(test_a_move_ends_the_contract_of_the_one_that_is_meant),
	    AT_SITE(test_a_form_tells_that_another_signed_it),
	    AT_HUB(test_what_another_changed_of_it_is_asked_about),
	    AT_HUB(test_what_the_head_changes_is_not_asked_about),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
