/* contract_rights: whose word on a contract counts, and what is made of words
 * that only look like the group's.
 */

#include <sodium.h>

#include "tests/unit/import_room.h"

#include "store/admit.h"
#include "store/contest_settle.h"
#include "store/contract_view.h"
#include "store/matter.h"

#define CONTRACT(ref, at, org, state, day, more)                               \
	ENVELOPE("contract", ref, at, org)                                     \
	"\"state\":\"" state "\",\"resident_id\":\"ref:R1\","                  \
	"\"team_id\":\"ref:T1\",\"resident_signature\":\"paper\","             \
	"\"packages\":[{\"code\":\"BASIC\"}],\"signed_on\":\"" day             \
	"\",\"start_on\":\"" day "\",\"end_on\":\"2027-05-31\"" more "}\n"
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
	assert_string_equal(shown == NULL ? "" : shown, value);
	record_clear(&r);
}

/* A change of C02's node on its way in. */
struct sent {
	const char *ref;
	const char *source, *kind, *by; /* NULL: "his", contract, S2 */
	enum clock_state clock;
	int64_t at;  /* 0: now */
	bool is_new; /* it has seen nothing of what is here */
};

#define SENT(...) ((struct sent){.ref = __VA_ARGS__})

static const char *
or_else(const char *text, const char *usual)
{
	return text == NULL ? usual : text;
}

static void
fill_sent(struct txn *t, const struct sent *s, struct change *c)
{
	static uint64_t seq;
	uint8_t key[KEY_RECORD_BYTES];
	struct record r;

	change_init(c);
	memset(c->id.life, 0x55, sizeof c->id.life);
	c->id.class = 1;
	c->id.seq = ++seq;
	snprintf(c->record.source, sizeof c->record.source, "%s",
	    or_else(s->source, "his"));
	snprintf(c->record.kind, sizeof c->record.kind, "%s",
	    or_else(s->kind, "contract"));
	snprintf(c->record.ref, sizeof c->record.ref, "%s", s->ref);
	key_record(txn_db(t), key, &c->record);
	if (!s->is_new && record_read(t, key, &r) == ERR_OK) {
		c->parent_count = r.parent_count;
		memcpy(c->parents, r.parents, sizeof c->parents);
		record_clear(&r);
	}
	snprintf(c->by, sizeof c->by, "%s", or_else(s->by, "S2"));
	snprintf(c->org, sizeof c->org, "C02");
	c->clock = s->clock;
	c->occurred_at = c->recorded_at = s->at == 0 ? TEST_NOW : s->at;
}

/* Judged, and taken if it may be; takes fields. */
static enum finding_code
sent_by_c02(struct fixture *f, struct sent s, json_t *fields)
{
	struct cert author = {.role = ROLE_CLINIC, .org_count = 1};
	struct txn *t = test_store_write(&f->s);
	struct buffer body = {0};
	enum finding_code code;
	struct self self;
	struct change c;

	snprintf(author.orgs[0], sizeof author.orgs[0], "C02");
	assert_int_equal(self_read(t, &self), ERR_OK);
	fill_sent(t, &s, &c);
	c.fields = fields;
	code = admit_judge(t, &c, &author);
	if (code == FINDING_NONE) {
		assert_int_equal(change_encode(&c, &body), ERR_OK);
		assert_int_equal(
		    stored_write(t, &c.id, 0, 0, 7, body.data, body.size),
		    ERR_OK);
		assert_int_equal(admit_merged(t, &self, &c, 7), ERR_OK);
		assert_int_equal(contest_settle(t, &self, TEST_NOW), ERR_OK);
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_wipe(&body);
	change_clear(&c);
	return code;
}

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

/* --- wrong clocks --------------------------------------------------------- */

#define IN_2009 1230768000
#define STATUS(day, status)                                                    \
	"{\"kind\":\"resident\",\"ref\":\"R1\",\"by\":\"ref:S1\",\"at\":"      \
	"\"" day "T09:00:00+08:00\",\"org_id\":\"ref:C01\"," PERSON            \
	",\"managing_org_id\":\"ref:C01\",\"status\":\"" status "\"}\n"

static struct question
waits(struct fixture *f, enum finding_code code)
{
	struct wanted w = questions(f, QUESTION_MATTER);

	assert_int_equal(w.count, 1);
	assert_int_equal(w.last.code, code);
	return w.last;
}

/* Of the one question that waits; undone: by the number it had. */
static void
decide(struct fixture *f, const char *choice, const char *undone)
{
	struct txn *t = test_store_write(&f->s);
	struct matter_decision d = {
	    .number = questions(f, QUESTION_MATTER).last.number,
	    .choice = choice,
	    .ref = undone,
	    .by = "S9",
	    .org = "H01",
	    .reason = "asked him",
	    .now = TEST_NOW + 60};
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(undone == NULL ? matter_decide(t, &self, &d)
	                                : matter_undo(t, &self, &d),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* He left, came back, signed and left again. */
static void
test_who_leaves_again_has_left(void **state)
{
	struct fixture *f = *state;

	give(f, STATUS("2025-01-01", "moved_away"));
	give(f, STATUS("2025-06-01", "living"));
	give(f, KA);
	assert_shown(f, "KA", "state", "active");
	give(f, STATUS("2026-05-01", "moved_away"));
	assert_shown(f, "KA", "state", "closed");
	assert_shown(f, "KA", "ended_on", "2026-05-01");
}

/* A death that was a mistake is not the day of one that was none. */
static void
test_who_dies_after_all_dies_then(void **state)
{
	struct fixture *f = *state;

	give(f, STATUS("2025-01-01", "dead"));
	give(f, STATUS("2025-06-01", "living"));
	give(f, CONTRACT("KA", "09:00:00", "C01", "ending", "2026-04-03",
	            ",\"end_reason\":\"resident\",\"ended_on\":"
	            "\"2026-04-20\""));
	give(f, STATUS("2026-05-01", "dead"));
	assert_shown(f, "KA", "state", "terminated");
}

/* Story 4: a clock of 2009 changes no contract's state. */
static void
test_a_wrong_clock_keeps_no_contract_alive(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA);
	assert_int_equal(sent_by_c02(f,
	                     SENT("R1", .kind = "resident",
	                         .clock = CLOCK_SUSPECT, .at = IN_2009),
	                     json_pack("{s:s}", "status", "moved_away")),
	    FINDING_NONE);
	assert_shown(f, "KA", "state", "closed");
	assert_shown(f, "KA", "ended_on", "2026-05-01"); /* what it had seen */
	waits(f, FINDING_DAY_UNKNOWN);
}

/* Nor does it say when an end was asked for; that is asked. It had seen the
 * group confirm the contract, and so it was no earlier. */
static void
test_a_wrong_clock_dates_no_end(void **state)
{
	struct fixture *f = *state;
	char number[24];
	uint64_t before;

	give(f, HE KB);
	assert_int_equal(
	    sent_by_c02(f, SENT("KB", .clock = CLOCK_SUSPECT, .at = IN_2009),
	        json_pack(
	            "{s:s, s:s}", "state", "ending", "end_reason", "resident")),
	    FINDING_NONE);
	assert_shown(f, "KB", "state", "terminated");
	assert_shown(f, "KB", "ended_on", "2026-05-02");
	snprintf(number, sizeof number, "%llu",
	    (unsigned long long)waits(f, FINDING_DAY_UNKNOWN).number);
	decide(f, "keep", NULL);
	assert_shown(f, "KB", "ended_on", "2026-05-02");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
	before = change_count(f);
	give(f, HE);
	assert_int_equal(change_count(f), before);
	decide(f, NULL, number);
	assert_shown(f, "KB", "ended_on", "2026-05-02");
	waits(f, FINDING_DAY_UNKNOWN);
}

/* Who knows the day writes it. */
static void
test_a_day_that_is_written_is_not_guessed(void **state)
{
	struct fixture *f = *state;

	give(f, HE KB);
	sent_by_c02(f, SENT("KB", .clock = CLOCK_SUSPECT, .at = IN_2009),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	waits(f, FINDING_DAY_UNKNOWN);
	sent_by_c02(
	    f, SENT("KB"), json_pack("{s:s}", "ended_on", "2026-05-20"));
	assert_shown(f, "KB", "ended_on", "2026-05-20");
	assert_int_equal(questions(f, QUESTION_MATTER).count, 0);
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

#define HIS_ENTRY(ref, name)                                                   \
	"{\"kind\":\"resident\",\"ref\":\"" ref "\",\"by\":\"ref:S1\",\"at\":" \
	"\"2026-05-01T09:00:00+08:00\",\"org_id\":\"ref:C02\",\"name\":"       \
	"\"" name                                                              \
	"\",\"sex\":\"2\",\"no_id_reason\":\"lost\",\"managing_org_id\":"      \
	"\"ref:C02\"}\n"

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

/* A contract that was running when it was brought along has the group's word
 * as well, for only that opens the file to the team's org (0023, 0026). */
static void
test_a_running_contract_has_the_groups_word(void **state)
{
	struct fixture *f = *state;
	struct record r;
	uint64_t before;

	give(f, HE);
	assert_int_equal(
	    sent_by_c02(f, SENT("K5", .source = "b", .is_new = true),
	        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "active",
	            "resident_id", "ref:R1", "team_id", "ref:T2", "signed_on",
	            "2026-01-01", "start_on", "2026-01-01", "end_on",
	            "2027-12-31")),
	    FINDING_NONE);
	test_store_record(&f->s, "b", "contract", "K5", &r);
	assert_string_equal(text_in(r.fields, "state"), "active");
	assert_string_equal(r.by, CONTEST_AUTHOR);
	record_clear(&r);
	/* Once is enough. */
	before = change_count(f);
	give(f, RESIDENT("08:30:00",
	            ",\"managing_org_id\":\"ref:C01\",\"phone\":\"1\""));
	assert_int_equal(change_count(f), before + 1);
}

/* --- package changes ------------------------------------------------------ */

#define OTHER_PLAN(ref, at, item)                                              \
	"{\"kind\":\"contract_change\",\"ref\":\"" ref                         \
	"\",\"by\":\"ref:S1\",\"at\":\"" at "+08:00\",\"org_id\":"             \
	"\"ref:C01\",\"contract_id\":\"ref:KA\",\"packages\":[{\"code\":"      \
	"\"BASIC\",\"items\":[{\"item\":\"" item                               \
	"\",\"planned\":1}]}],\"from_on\":\"2026-06-01\"}\n"

static void
assert_first_item(struct fixture *f, const char *name)
{
	json_t *plan = NULL;
	struct record r;
	struct txn *t;

	test_store_record(&f->s, "his", "contract", "KA", &r);
	t = test_store_read(&f->s);
	assert_int_equal(contract_plan(t, &r, "2026-07-01", &plan), ERR_OK);
	txn_abort(t);
	record_clear(&r);
	assert_string_equal(
	    text_in(json_array_get(json_object_get(plan, "items"), 0), "item"),
	    name);
	json_decref(plan);
}

/* A date that is still to come never wins. */
static void
test_no_date_to_come_is_the_last_word(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA OTHER_PLAN("X1", "2037-01-01T09:00:00", "WRONG")
	            OTHER_PLAN("X2", "2026-05-01T09:00:00", "RIGHT"));
	assert_int_equal(f->counts.refused, 0);
	assert_first_item(f, "RIGHT");
	give(f, OTHER_PLAN("X3", "2026-05-01T10:00:00", "LATER"));
	assert_first_item(f, "LATER");
}

/* Nor one of a clock that was wrong. */
static void
test_no_wrong_clock_has_the_last_word(void **state)
{
	struct fixture *f = *state;

	give(f, HE KA OTHER_PLAN("X2", "2026-05-01T09:00:00", "RIGHT"));
	assert_int_equal(
	    sent_by_c02(f,
	        SENT("X9", .kind = "contract_change", .is_new = true,
	            .clock = CLOCK_SUSPECT, .at = INT64_C(2114380800)),
	        json_pack("{s:s, s:s, s:[{s:s, s:[{s:s, s:i}]}]}",
	            "contract_id", "ref:KA", "from_on", "2026-06-01",
	            "packages", "code", "BASIC", "items", "item", "WRONG",
	            "planned", 1)),
	    FINDING_NONE);
	assert_first_item(f, "RIGHT");
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

#define AT_HUB(f)  cmocka_unit_test_setup_teardown(f, open_group, close_store)
#define AT_SITE(f) cmocka_unit_test_setup_teardown(f, open_site, close_store)

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
	    AT_HUB(test_who_leaves_again_has_left),
	    AT_HUB(test_who_dies_after_all_dies_then),
	    AT_HUB(test_a_wrong_clock_keeps_no_contract_alive),
	    AT_HUB(test_a_wrong_clock_dates_no_end),
	    AT_HUB(test_a_day_that_is_written_is_not_guessed),
	    AT_HUB(test_no_clinic_closes_anothers_contract),
	    AT_HUB(test_no_clinic_ends_anothers_contract),
	    AT_HUB(test_ones_own_end_is_not_asked_about),
	    AT_HUB(test_what_came_before_its_contract_is_asked_about),
	    AT_HUB(test_what_is_contested_is_not_closed_away),
	    AT_HUB(test_contracts_of_one_ref_are_asked_about),
	    AT_HUB(test_a_ref_of_ones_own_is_word_enough),
	    AT_HUB(test_linked_entries_contest_whatever_they_are_called),
	    AT_HUB(test_a_running_contract_has_the_groups_word),
	    AT_HUB(test_no_date_to_come_is_the_last_word),
	    AT_HUB(test_no_wrong_clock_has_the_last_word),
	    AT_SITE(test_a_form_tells_that_another_signed_it),
	    AT_HUB(test_what_another_changed_of_it_is_asked_about),
	    AT_HUB(test_what_the_head_changes_is_not_asked_about),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
