/* vet: lines judged with the world around them as a store knows it. */

#include "tests/unit/import_room.h"

#include "store/matter_pen.h"
#include "store/reassign.h"

#define CONTRACT(ref, staff)                                                   \
	ENVELOPE("contract", ref, "09:00:00", "C01")                           \
	"\"state\":\"signed\",\"resident_id\":\"ref:R1\","                     \
	"\"team_id\":\"ref:T1\",\"signing_staff_id\":\"ref:" staff             \
	"\",\"packages\":[{\"code\":\"BASIC\"}],"                              \
	"\"signed_on\":\"2026-05-01\",\"start_on\":\"2026-05-01\","            \
	"\"end_on\":\"2027-04-30\",\"resident_signature\":\"paper\"}\n"
#define TEAM                                                                   \
	ENVELOPE("team", "T1", "07:00:00", "C01")                              \
	"\"name\":\"一队\",\"leader_staff_id\":\"ref:S8\","                  \
	"\"members\":[\"ref:S8\",\"ref:S9\"]}\n"
#define RECOGNITION(ref, item)                                                 \
	ENVELOPE("recognition", ref, "09:00:00", "C01")                        \
	"\"earlier_report_id\":\"ref:P1\",\"resident_id\":\"ref:R1\","         \
	"\"item_code\":\"" item "\",\"decision\":\"recognised\"}\n"
#define AUDIT(at, more)                                                        \
	ENVELOPE("audit", "A1", at, "C01")                                     \
	"\"staff_id\":\"ref:S1\",\"resident_id\":\"ref:R1\","                  \
	"\"read_at\":\"2026-05-01T09:00:00+08:00\","                           \
	"\"ground\":\"treatment\"" more "}\n"

static bool
noticed(const struct fixture *f, enum finding_code code, const char *field)
{
	for (size_t i = 0; i < f->notice_count; i++)
		if (f->notices[i].code == code &&
		    strcmp(f->notices[i].field, field) == 0)
			return true;
	return false;
}

static void
test_a_contract_is_signed_by_the_team(void **state)
{
	struct fixture *f = *state;

	/* Of a team that is not here nothing is known. */
	give(f, CONTRACT("K1", "S7"));
	assert_counts(f, 1, 0, 0, 0);
	assert_false(noticed(f, FINDING_NOT_MEMBER, "signing_staff_id"));
	give(f, TEAM);
	give(f, CONTRACT("K2", "S7"));
	assert_counts(f, 1, 0, 0, 0);
	assert_true(noticed(f, FINDING_NOT_MEMBER, "signing_staff_id"));
	give(f, CONTRACT("K3", "S8") CONTRACT("K4", "S9"));
	assert_counts(f, 2, 0, 0, 0);
	assert_false(noticed(f, FINDING_NOT_MEMBER, "signing_staff_id"));
}

static void
test_a_result_is_recognised_inside_its_window(void **state)
{
	struct fixture *f = *state;

	give(f, ENVELOPE("exam_item", "I1", "07:00:00",
	            "H01") "\"item_code\":\"K\",\"name\":\"血钾\",\"window_"
	                   "days\":7}\n" ENVELOPE("exam_item", "I2", "07:00:00",
	                       "H01") "\"item_code\":\"LIP\",\"name\":\"血脂\","
	                              "\"window_days\":30,"
	                              "\"valid_to\":\"2026-04-30\"}\n" ENVELOPE(
	                                  "exam_report", "P1", "08:00:00",
	                                  "H01") "\"exam_request_id\":\"ref:"
	                                         "Q1\",\"doctor\":\"ref:S1\","
	                                         "\"signed_at\":\"2026-04-"
	                                         "24T09:00:00+08:00\"}\n");
	assert_counts(f, 3, 0, 0, 0);
	give(f, RECOGNITION("G1", "K"));
	assert_counts(f, 1, 0, 0, 0);
	assert_true(noticed(f, FINDING_WINDOW_OVER, "decision"));
	/* Not on the list any more: no window. */
	give(f, RECOGNITION("G2", "LIP"));
	assert_counts(f, 1, 0, 0, 0);
	assert_false(noticed(f, FINDING_WINDOW_OVER, "decision"));
}

static void
report_of(
    struct fixture *f, const char *source, const char *ref, const char *day)
{
	test_store_admit(&f->s, source, "exam_report", ref, "H01",
	    json_pack("{s:s, s:s, s:o}", "exam_request_id", "ref:Q1", "doctor",
	        "ref:S1", "signed_at", json_sprintf("%sT09:00:00+08:00", day)));
}

static bool
is_over(const struct authored *a)
{
	size_t i;

	for (i = 0; i < a->findings.count; i++)
		if (a->findings.list[i].code == FINDING_WINDOW_OVER)
			return true;
	return false;
}

/* A form takes over an earlier report; then a word is added to it. */
static void
assert_over(struct fixture *f, const char *report, bool wanted)
{
	json_t *fields = json_pack("{s:o, s:s, s:s, s:s}", "earlier_report_id",
	    json_sprintf("ref:%s", report), "resident_id", "ref:R8",
	    "item_code", "K", "decision", "recognised");
	json_t *more = json_pack("{s:s}", "note", "x");
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored a;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(author_add(t, &self, "recognition", "S1", "H01",
	                     fields, TEST_NOW, &a),
	    ERR_OK);
	assert_string_equal(a.record.source, "b");
	assert_int_equal(is_over(&a), wanted);
	key_record(f->s.db, key, &a.record);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "H01", more, TEST_NOW, &a),
	    ERR_OK);
	assert_int_equal(is_over(&a), wanted);
	txn_abort(t);
	json_decref(fields);
	json_decref(more);
}

/* Its record is of the resident's program, and so is what else it names, though
 * the program here has reports of these numbers too. */
static void
test_a_form_is_judged_by_what_its_record_names(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	give(f, RESIDENT("08:00:00", "") ENVELOPE("exam_item", "I1", "07:00:00",
	            "H01") "\"item_code"
	                   "\":\"K\",\"name\":\"血钾\",\"window_days\":7}\n");
	assert_counts(f, 2, 0, 0, 0);
	test_store_admit(&f->s, "b", "resident", "R8", "H01",
	    json_pack("{s:s}", "name", "李娜"));
	report_of(f, "his", "P1", "2026-04-01");
	report_of(f, "b", "P1", "2026-05-01");
	report_of(f, "his", "P2", "2026-05-01");
	report_of(f, "b", "P2", "2026-04-01");
	report_of(f, "his", "P3", "2026-04-01");
	assert_over(f, "P1", false);
	assert_over(f, "P2", true);
	assert_over(f, "P3", true);
}

static void
test_a_new_allergy_goes_at_once(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT("08:00:00", ""));
	last_change(f, 2, &c);
	assert_string_equal(c.record.ref, "R1");
	change_clear(&c);
	give(f, RESIDENT("09:00:00", ",\"phone\":\"12000000000\""));
	last_change(f, 2, &c);
	assert_int_equal(json_object_size(c.fields), 1);
	change_clear(&c);
	give(f,
	    RESIDENT("10:00:00", ",\"phone\":\"12000000000\","
	                         "\"allergies\":[{\"substance\":\"青霉素\"}]"));
	assert_counts(f, 0, 1, 0, 0);
	last_change(f, 0, &c);
	assert_non_null(json_object_get(c.fields, "allergies"));
	assert_int_equal(c.parent_count, 1);
	assert_int_equal(c.parents[0].id.class, 2);
	change_clear(&c);
}

/* A register's first load is not an alarm. */
static void
test_allergies_known_from_the_first_wait_their_turn(void **state)
{
	struct fixture *f = *state;
	struct change c;

	give(f, RESIDENT(
	            "08:00:00", ",\"allergies\":[{\"substance\":\"青霉素\"}]"));
	last_change(f, 2, &c);
	assert_non_null(json_object_get(c.fields, "allergies"));
	change_clear(&c);
}

static void
test_who_looked_stays_as_written(void **state)
{
	struct fixture *f = *state;

	give(f, AUDIT("09:00:00", ""));
	assert_counts(f, 1, 0, 0, 0);
	give(f, AUDIT("09:00:00", ""));
	assert_counts(f, 0, 0, 1, 0);
	assert_refused(
	    f, AUDIT("10:00:00", ",\"note\":\"x\""), FINDING_NEVER_CHANGED);
}

#define NAMESAKE(org)                                                          \
	ENVELOPE("resident", "R9", "08:00:00", org)                            \
	PERSON ",\"managing_org_id\":\"ref:" org "\"}\n"
#define DECIDED(ref, about, source)                                            \
	ENVELOPE("question", ref, "09:00:00", "V1")                            \
	"\"state\":\"decided\",\"code\":\"late_edit\",\"decision\":\"seen\","  \
	"\"reason\":\"x\",\"about_kind\":\"resident\",\"about_ref\":\"" about  \
	"\",\"about_source\":\"" source "\",\"resident_id\":\"ref:R1\"}\n"

/* V1's own resident, and one of C02 whom another program calls R9. */
static void
give_two_owners(struct fixture *f)
{
	test_store_admit(&f->s, "b", "resident", "R9", "C02",
	    json_pack(
	        "{s:s, s:s}", "name", "李娜", "managing_org_id", "ref:C02"));
	give(f, RESIDENT("08:00:00", ",\"managing_org_id\":\"ref:V1\"")
	            NAMESAKE("V1"));
	assert_counts(f, 2, 0, 0, 0);
}

/* Whoever is named beside it: what it is about has to be one's own. */
static void
test_nobody_decides_what_is_anothers(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "V1");
	give_two_owners(f);
	assert_refused(
	    f, DECIDED("Q1", "R9", "b"), FINDING_MANAGING_ONLY_STATE);
	give(f, DECIDED("Q2", "R9", "his"));
	assert_counts(f, 1, 0, 0, 0);
}

static void
assert_owner(struct fixture *f, const char *move, const char *org)
{
	struct matter m = {.record = {.source = "c", .kind = "move"}};
	struct txn *t = test_store_read(&f->s);

	snprintf(m.record.ref, sizeof m.record.ref, "%s", move);
	matter_find_owner(t, &m);
	txn_abort(t);
	assert_string_equal(m.owner, org);
}

/* A ref is of the source that stands beside it. */
static void
test_a_matter_is_his_who_keeps_the_one_that_is_meant(void **state)
{
	struct fixture *f = *state;

	give_two_owners(f);
	test_store_admit(&f->s, "c", "move", "M1", "H01",
	    json_pack("{s:s, s:s, s:s}", "state", "requested", "resident_id",
	        "ref:R9", "resident_source", "b"));
	test_store_admit(&f->s, "c", "move", "M2", "H01",
	    json_pack("{s:s, s:s, s:s}", "state", "requested", "resident_id",
	        "ref:R9", "resident_source", "his"));
	assert_owner(f, "M1", "C02");
	assert_owner(f, "M2", "V1");
}

static bool
amends_as_keeper(struct fixture *f, const char *move)
{
	json_t *fields = json_pack("{s:s}", "moved_on", "2026-05-01");
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct stored s;
	struct change c;
	struct self self;
	bool managing;

	key_record_of(f->s.db, key, "c", "move", move);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "V1", fields, TEST_NOW, &made),
	    ERR_OK);
	stored_init(&s);
	change_init(&c);
	assert_int_equal(stored_read(t, &made.id, &s), ERR_OK);
	assert_int_equal(change_decode(&c, s.body.data, s.body.size), ERR_OK);
	managing = c.managing;
	change_clear(&c);
	stored_free(&s);
	txn_abort(t);
	json_decref(fields);
	return managing;
}

static void
test_no_form_claims_the_file_of_a_namesake(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "V1");
	give_two_owners(f);
	test_store_admit(&f->s, "c", "move", "M1", "V1",
	    json_pack("{s:s, s:s, s:s, s:s}", "state", "requested",
	        "resident_id", "ref:R9", "resident_source", "b", "to_org",
	        "ref:V1"));
	test_store_admit(&f->s, "c", "move", "M2", "V1",
	    json_pack("{s:s, s:s, s:s, s:s}", "state", "requested",
	        "resident_id", "ref:R9", "resident_source", "his", "to_org",
	        "ref:C02"));
	assert_false(amends_as_keeper(f, "M1"));
	assert_true(amends_as_keeper(f, "M2"));
}

/* --- what has happened ----------------------------------------------------
 */

static struct findings
fills_in(struct fixture *f, const char *kind, const char *fields)
{
	json_t *given = json_loads(fields, 0, NULL);
	struct txn *t = test_store_write(&f->s);
	struct authored made;
	struct self self;

	assert_non_null(given);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_add(t, &self, kind, "S1", "C01", given, TEST_NOW, &made),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(given);
	return made.findings;
}

static bool
warns(const struct findings *found, enum finding_code code, const char *field)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (found->list[i].code == code && !found->list[i].refused &&
		    strcmp(found->list[i].field, field) == 0)
			return true;
	return false;
}

/* Whether a day of a record is warned of. */
static bool
is_future(struct fixture *f, const char *kind, const char *fields,
    const char *name, const char *day)
{
	struct findings found;
	char text[600];

	snprintf(text, sizeof text, "{%s\"%s\":\"%s\"}", fields, name, day);
	found = fills_in(f, kind, text);
	return warns(&found, FINDING_FUTURE, name);
}

#define TOMORROW "2026-05-03" /* of TEST_NOW */
#define SIGNED                                                                 \
	"\"state\":\"signed\",\"resident_id\":\"ref:R1\","                     \
	"\"team_id\":\"ref:T1\",\"packages\":[{\"code\":\"BASIC\"}],"          \
	"\"start_on\":\"2031-05-01\",\"end_on\":\"2032-04-30\","               \
	"\"resident_signature\":\"paper\","
#define DONE(state)                                                            \
	"\"state\":\"" state "\",\"reason\":\"x\",\"resident_id\":\"ref:R1\"," \
	"\"programme\":\"other\","

/* A day ahead may be another's clock; more is a slip of the finger, or a
 * contract that outlives what should end it. */
static void
test_what_has_happened_is_not_to_come(void **state)
{
	static const struct {
		const char *kind, *fields, *name, *late, *soon;
	} rows[] = {
	    {"encounter",
	        "\"state\":\"signed\",\"type\":\"phone\",\"unknown\":true,"
	        "\"description\":\"x\",",
	        "visit_at", "2031-01-01T09:00:00+08:00",
	        TOMORROW "T23:00:00+08:00"},
	    {"contract", SIGNED, "signed_on", "2029-11-28", TOMORROW},
	    {"followup", DONE("done"), "on", "2029-05-01", TOMORROW},
	    {"contract_service", "\"contract_id\":\"ref:K1\",\"item\":\"x\",",
	        "done_on", "2029-12-27", TOMORROW},
	    {"usage", "\"device_id\":\"ref:D1\",\"hours\":1,", "date",
	        "2029-11-28", TOMORROW},
	    {"exam_report",
	        "\"exam_request_id\":\"ref:Q1\",\"doctor\":\"ref:S1\",",
	        "signed_at", "2030-01-01T09:00:00+08:00",
	        TOMORROW "T23:00:00+08:00"}};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(is_future(f, rows[i].kind, rows[i].fields,
		    rows[i].name, rows[i].late));
		assert_false(is_future(f, rows[i].kind, rows[i].fields,
		    rows[i].name, rows[i].soon));
	}
	assert_false(
	    is_future(f, "followup", DONE("planned"), "on", "2029-05-01"));
}

/* --- services of contracts ------------------------------------------------
 */

static void
contract_of(struct fixture *f, const char *ref, const char *state,
    const char *ended, const char *items)
{
	char text[700];
	json_t *fields;

	snprintf(text, sizeof text,
	    "{\"state\":\"%s\",\"resident_id\":\"ref:R1\",\"team_id\":"
	    "\"ref:T1\",\"signed_on\":\"2026-01-01\",\"start_on\":"
	    "\"2026-01-01\",\"end_on\":\"2026-12-31\"%s,\"packages\":["
	    "{\"code\":\"BASIC\",\"items\":[{\"item\":\"A\"}]},"
	    "{\"code\":\"X\"%s}]}",
	    state, ended, items);
	fields = json_loads(text, 0, NULL);
	assert_non_null(fields);
	test_store_admit(&f->s, "his", "contract", ref, "C01", fields);
}

static bool
is_not_promised(struct fixture *f, const char *contract, const char *item,
    const char *day, const char *field)
{
	struct findings found;
	char text[200];

	snprintf(text, sizeof text,
	    "{\"contract_id\":\"ref:%s\",\"item\":\"%s\",\"done_on\":\"%s\"}",
	    contract, item, day);
	found = fills_in(f, "contract_service", text);
	return warns(&found, FINDING_NOT_PROMISED, field);
}

static void
test_a_service_is_one_that_was_promised(void **state)
{
	struct fixture *f = *state;

	contract_of(f, "K1", "active", "", ",\"items\":[{\"item\":\"B\"}]");
	contract_of(f, "K2", "active", "", "");
	assert_true(is_not_promised(f, "K1", "C", "2026-04-01", "item"));
	assert_false(is_not_promised(f, "K1", "A", "2026-04-01", "item"));
	assert_false(is_not_promised(f, "K1", "B", "2026-04-01", "item"));
	/* What a package holds need not be written down. */
	assert_false(is_not_promised(f, "K2", "C", "2026-04-01", "item"));
	assert_false(is_not_promised(f, "K9", "C", "2026-04-01", "item"));
}

static void
test_a_service_is_of_a_contract_that_ran(void **state)
{
	static const char ended[] = ",\"ended_on\":\"2026-03-31\","
	                            "\"end_reason\":\"resident\"";
	struct fixture *f = *state;

	contract_of(f, "K1", "terminated", ended, "");
	contract_of(f, "K2", "refused", ",\"reason\":\"x\"", "");
	contract_of(f, "K3", "active", "", "");
	assert_true(is_not_promised(f, "K1", "A", "2026-04-01", "contract_id"));
	assert_false(
	    is_not_promised(f, "K1", "A", "2026-03-31", "contract_id"));
	assert_true(is_not_promised(f, "K2", "A", "2026-04-01", "contract_id"));
	assert_true(is_not_promised(f, "K3", "A", "2027-01-01", "contract_id"));
	assert_false(
	    is_not_promised(f, "K3", "A", "2026-12-31", "contract_id"));
}

/* --- whose report ---------------------------------------------------------
 */

static bool
is_anothers(struct fixture *f, const char *report, const char *resident)
{
	struct findings found;
	char text[200];

	snprintf(text, sizeof text,
	    "{\"earlier_report_id\":\"ref:%s\",\"resident_id\":\"ref:%s\","
	    "\"item_code\":\"K\",\"decision\":\"recognised\"}",
	    report, resident);
	found = fills_in(f, "recognition", text);
	return warns(&found, FINDING_OTHERS_REPORT, "earlier_report_id");
}

/* P1 names whose it is, P2 leaves that to its request. */
static void
test_a_report_is_recognised_for_whose_it_is(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "resident", "R1", "C01",
	    json_pack("{s:s}", "name", "张伟"));
	test_store_admit(&f->s, "his", "resident", "R2", "C01",
	    json_pack("{s:s}", "name", "李娜"));
	test_store_admit(&f->s, "his", "exam_request", "Q1", "C01",
	    json_pack("{s:s, s:s}", "state", "sent", "resident_id", "ref:R1"));
	test_store_admit(&f->s, "his", "exam_report", "P1", "C01",
	    json_pack("{s:s, s:s}", "exam_request_id", "ref:Q9", "resident_id",
	        "ref:R1"));
	test_store_admit(&f->s, "his", "exam_report", "P2", "C01",
	    json_pack("{s:s}", "exam_request_id", "ref:Q1"));
	test_store_admit(&f->s, "his", "exam_report", "P3", "C01",
	    json_pack("{s:s}", "exam_request_id", "ref:Q9"));
	assert_true(is_anothers(f, "P1", "R2"));
	assert_true(is_anothers(f, "P2", "R2"));
	assert_false(is_anothers(f, "P1", "R1"));
	assert_false(is_anothers(f, "P2", "R1"));
	assert_false(is_anothers(f, "P3", "R2"));
}

static void
moves_request(struct fixture *f, const char *ref, const char *to)
{
	const struct reassigning r = {
	    .by = "S1", .to = to, .reason = "录错人", .now = TEST_NOW};
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored out;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    record_find(t, &self, "exam_request", ref, key), ERR_OK);
	assert_int_equal(reassign(t, &self, key, &r, &out), ERR_OK);
	assert_int_equal(out.findings.refusals, 0);
	assert_int_equal(txn_commit(t), ERR_OK);
	self_wipe(&self);
}

/* The request goes on in another file, and the report still names the stub. */
static void
test_a_report_goes_where_its_request_went(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "resident", "R1", "C01",
	    json_pack("{s:s}", "name", "张伟"));
	test_store_admit(&f->s, "his", "resident", "R2", "C01",
	    json_pack("{s:s}", "name", "李娜"));
	test_store_admit(&f->s, "his", "exam_request", "Q1", "C01",
	    json_pack("{s:s, s:s}", "state", "sent", "resident_id", "ref:R1"));
	test_store_admit(&f->s, "his", "exam_report", "P1", "C01",
	    json_pack("{s:s}", "exam_request_id", "ref:Q1"));
	moves_request(f, "Q1", "R2");
	assert_false(is_anothers(f, "P1", "R2"));
	assert_true(is_anothers(f, "P1", "R1"));
	/* Where it went is not here, or was not made of it. */
	test_store_admit(&f->s, "his", "exam_request", "Q2", "C01",
	    json_pack("{s:s, s:s, s:s}", "state", "sent", "resident_id",
	        "ref:R1", "reassigned_to", "ref:Q9"));
	test_store_admit(&f->s, "his", "exam_report", "P2", "C01",
	    json_pack("{s:s}", "exam_request_id", "ref:Q2"));
	assert_false(is_anothers(f, "P2", "R2"));
	test_store_admit(&f->s, "his", "exam_request", "Q9", "C01",
	    json_pack("{s:s, s:s}", "state", "sent", "resident_id", "ref:R1"));
	assert_false(is_anothers(f, "P2", "R2"));
}

/* One that leads to itself ends too. */
static void
test_a_request_that_went_in_a_circle_is_nobodys(void **state)
{
	struct fixture *f = *state;

	test_store_admit(&f->s, "his", "resident", "R1", "C01",
	    json_pack("{s:s}", "name", "张伟"));
	test_store_admit(&f->s, "his", "resident", "R2", "C01",
	    json_pack("{s:s}", "name", "李娜"));
	test_store_admit(&f->s, "his", "exam_request", "Q1", "C01",
	    json_pack("{s:s, s:s, s:s, s:s}", "state", "sent", "resident_id",
	        "ref:R1", "reassigned_to", "ref:Q1", "reassigned_from",
	        "ref:Q1"));
	test_store_admit(&f->s, "his", "exam_report", "P1", "C01",
	    json_pack("{s:s}", "exam_request_id", "ref:Q1"));
	assert_false(is_anothers(f, "P1", "R2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_contract_is_signed_by_the_team),
	    HUB(test_a_result_is_recognised_inside_its_window),
	    HUB(test_a_form_is_judged_by_what_its_record_names),
	    CLINIC(test_a_new_allergy_goes_at_once),
	    CLINIC(test_allergies_known_from_the_first_wait_their_turn),
	    CLINIC(test_who_looked_stays_as_written),
	    CLINIC(test_nobody_decides_what_is_anothers),
	    HUB(test_a_matter_is_his_who_keeps_the_one_that_is_meant),
	    CLINIC(test_a_matter_is_his_who_keeps_the_one_that_is_meant),
	    CLINIC(test_no_form_claims_the_file_of_a_namesake),
	    CLINIC(test_what_has_happened_is_not_to_come),
	    CLINIC(test_a_service_is_one_that_was_promised),
	    CLINIC(test_a_service_is_of_a_contract_that_ran),
	    CLINIC(test_a_report_is_recognised_for_whose_it_is),
	    CLINIC(test_a_report_goes_where_its_request_went),
	    CLINIC(test_a_request_that_went_in_a_circle_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
