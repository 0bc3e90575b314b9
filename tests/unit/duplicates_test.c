/* duplicates: what a resident was given and examined for comes to mind while
 * an encounter is written, and stands in nobody's way.
 */

#include "tests/unit/import_room.h"

#include "store/duplicates.h"
#include "store/linked.h"

#define LINE(kind, ref, at)                                                    \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","        \
	"\"at\":\"2026-05-01T" at "+08:00\",\"org_id\":\"ref:C01\","
#define SOMEBODY(ref)                                                          \
	LINE("resident", ref, "08:00:00")                                      \
	"\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":\"lost\"}\n"
#define GIVEN(ref, at, state, resident, day, rx)                               \
	LINE("encounter", ref, at)                                             \
	"\"state\":\"" state                                                   \
	"\",\"reason\":\"x\",\"resident_id\":\"ref:" resident                  \
	"\",\"type\":\"outpatient\",\"visit_at\":\"" day                       \
	"T09:00:00+08:00\",\"rx\":[" rx "]}\n"
#define REPORT(ref, item, day)                                                 \
	LINE("exam_report", ref, "09:00:00")                                   \
	"\"exam_request_id\":\"ref:Q1\",\"resident_id\":\"ref:R1\","           \
	"\"item_code\":\"" item                                                \
	"\",\"doctor\":\"ref:S1\",\"signed_at\":\"" day "T09:00:00+08:00\"}\n"
#define DRUG(code, days)                                                       \
	"{\"drug_code\":\"" code "\",\"name\":\"药\",\"days\":" days "}"
#define ITEM(ref, code, modality, days)                                        \
	LINE("exam_item", ref, "07:00:00")                                     \
	"\"item_code\":\"" code "\",\"name\":\"n\",\"modality\":\"" modality   \
	"\",\"window_days\":" days "}\n"

static struct findings
write_visit(struct fixture *f, const char *resident, const char *day,
    const char *more, char ref[REF_BYTES_MAX + 1])
{
	struct txn *t = test_store_write(&f->s);
	struct authored out;
	struct self self;
	char text[1024];
	json_t *fields;

	snprintf(text, sizeof text,
	    "{\"state\":\"signed\",\"type\":\"outpatient\","
	    "\"resident_id\":\"ref:%s\",\"visit_at\":\"%sT10:00:00+08:00\",%s}",
	    resident, day, more);
	fields = json_loads(text, 0, NULL);
	assert_non_null(fields);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(author_add(t, &self, "encounter", "S1", "C01", fields,
	                     TEST_NOW, &out),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	if (ref != NULL)
		snprintf(ref, REF_BYTES_MAX + 1, "%s", out.record.ref);
	self_wipe(&self);
	json_decref(fields);
	return out.findings;
}

static bool
warns(const struct findings *f, enum finding_code code, const char *field)
{
	size_t i;

	assert_int_equal(f->refusals, 0);
	for (i = 0; i < f->count; i++)
		if (f->list[i].code == code &&
		    strcmp(f->list[i].field, field) == 0)
			return true;
	return false;
}

static bool
warns_of_drug(
    struct fixture *f, const char *resident, const char *day, const char *rx)
{
	struct findings found = write_visit(f, resident, day, rx, NULL);

	return warns(&found, FINDING_DUPLICATE_DRUG, "rx[0].drug_code");
}

#define RX(code) "\"rx\":[" DRUG(code, "1") "]"

static void
test_a_drug_is_remembered_for_its_days(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") GIVEN("E1", "09:00:00", "signed", "R1",
	            "2026-04-20", DRUG("YP1", "7")));
	assert_counts(f, 2, 0, 0, 0);
	assert_true(warns_of_drug(f, "R1", "2026-04-26", RX("YP1")));
	assert_false(warns_of_drug(f, "R1", "2026-04-27", RX("YP2")));
}

static void
test_its_days_end(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") GIVEN("E1", "09:00:00", "signed", "R1",
	            "2026-04-20", DRUG("YP1", "7")));
	/* The seventh day is the 26th; before the visit there is nothing. */
	assert_false(warns_of_drug(f, "R1", "2026-04-27", RX("YP1")));
	assert_false(warns_of_drug(f, "R1", "2026-04-19", RX("YP1")));
}

static void
test_another_resident_is_another(void **state)
{
	static const char of_old[] = SOMEBODY("R1") GIVEN(
	    "E1", "09:00:00", "signed", "R1", "2026-04-20", DRUG("YP2", "7"));
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") SOMEBODY("R2") GIVEN("E1", "09:00:00", "signed",
	            "R1", "2026-04-20", DRUG("YP1", "7")));
	assert_false(warns_of_drug(f, "R2", "2026-04-21", RX("YP1")));
	/* Who has the same key in another program is another person. */
	give_bytes(f, "old", of_old, strlen(of_old));
	assert_counts(f, 2, 0, 0, 0);
	assert_true(warns_of_drug(f, "R1@his", "2026-04-21", RX("YP1")));
	assert_false(warns_of_drug(f, "R1@his", "2026-04-21", RX("YP2")));
}

static void
test_what_was_in_error_was_not_given(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") GIVEN("E1", "09:00:00", "signed", "R1",
	            "2026-04-20", DRUG("YP1", "7")));
	give(f, GIVEN("E1", "10:00:00", "entered_in_error", "R1", "2026-04-20",
	            DRUG("YP1", "7")));
	assert_counts(f, 0, 1, 0, 0);
	assert_false(warns_of_drug(f, "R1", "2026-04-21", RX("YP1")));
}

/* A prescription that an amendment adds is noted, though the amendment names
 * no resident; and an encounter is no duplicate of itself. */
static void
test_amendments_count_and_own_lines_do_not(void **state)
{
	struct fixture *f = *state;
	char ref[REF_BYTES_MAX + 1];
	struct findings found;
	struct authored out;
	uint8_t key[KEY_RECORD_BYTES];
	struct self self;
	struct txn *t;
	json_t *fields;

	give(f, SOMEBODY("R1"));
	found = write_visit(f, "R1", "2026-04-20", "\"plan\":\"多饮水\"", ref);
	assert_int_equal(found.warnings, 0);
	fields = json_pack("{s:[{s:s, s:s, s:i}], s:s}", "rx", "drug_code",
	    "YP1", "name", "药", "days", 7, "reason", "漏录");
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(record_find(t, &self, "encounter", ref, key), ERR_OK);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "C01", fields, TEST_NOW, &out),
	    ERR_OK);
	assert_false(
	    warns(&out.findings, FINDING_DUPLICATE_DRUG, "rx[0].drug_code"));
	json_object_set_new(fields, "plan", json_string("复诊"));
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "C01", fields, TEST_NOW, &out),
	    ERR_OK);
	assert_false(
	    warns(&out.findings, FINDING_DUPLICATE_DRUG, "rx[0].drug_code"));
	assert_int_equal(txn_commit(t), ERR_OK);
	json_decref(fields);
	self_wipe(&self);
	assert_true(warns_of_drug(f, "R1", "2026-04-22", RX("YP1")));
}

static void
test_what_is_spoken_of_is_told_no_more(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") GIVEN("E1", "09:00:00", "signed", "R1",
	            "2026-04-20", DRUG("YP1", "7")));
	assert_false(warns_of_drug(f, "R1", "2026-04-21",
	    RX("YP1") ",\"dup_checks\":[{\"kind\":\"drug\","
	              "\"earlier_id\":\"ref:E1\","
	              "\"decision\":\"overridden\",\"reason\":\"丢失\"}]"));
	/* The one that overrode it is told of, as E1 is now spoken of. */
	assert_true(warns_of_drug(f, "R1", "2026-04-21",
	    RX("YP1") ",\"dup_checks\":[{\"kind\":\"drug\","
	              "\"earlier_id\":\"ref:E1\","
	              "\"decision\":\"overridden\"}]"));
	assert_true(warns_of_drug(f, "R1", "2026-04-21",
	    RX("YP1") ",\"dup_checks\":[{\"kind\":\"lab\","
	              "\"decision\":\"overridden\"}]"));
	assert_false(warns_of_drug(f, "R1", "2026-04-21",
	    RX("YP1") ",\"dup_checks\":[{\"kind\":\"drug\","
	              "\"decision\":\"overridden\"}]"));
}

#define ORDER(item)                                                            \
	"\"orders\":[{\"kind\":\"lab\",\"name\":\"n\"},"                       \
	"{\"kind\":\"lab\",\"name\":\"n\",\"item_code\":\"" item "\"}]"

static void
test_results_count_for_their_window(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7") ITEM("I2", "CT", "imaging", "30"));
	assert_counts(f, 2, 0, 0, 0);
	give(f, SOMEBODY("R1") REPORT("P1", "K", "2026-04-20")
	            REPORT("P2", "CT", "2026-04-20"));
	found = write_visit(f, "R1", "2026-04-26", ORDER("K"), NULL);
	assert_true(
	    warns(&found, FINDING_DUPLICATE_LAB, "orders[1].item_code"));
	found = write_visit(f, "R1", "2026-04-27", ORDER("K"), NULL);
	assert_int_equal(found.refusals, 0);
	assert_false(
	    warns(&found, FINDING_DUPLICATE_LAB, "orders[1].item_code"));
	found = write_visit(f, "R1", "2026-04-27", ORDER("CT"), NULL);
	assert_true(
	    warns(&found, FINDING_DUPLICATE_EXAM, "orders[1].item_code"));
	/* What is not on the list has no window. */
	give(f, REPORT("P3", "MR", "2026-04-20"));
	found = write_visit(f, "R1", "2026-04-20", ORDER("MR"), NULL);
	assert_false(
	    warns(&found, FINDING_DUPLICATE_EXAM, "orders[1].item_code"));
	found = write_visit(f, "R1", "2026-04-26",
	    ORDER("K") ",\"dup_checks\":[{\"kind\":\"lab\","
	               "\"earlier_report_id\":\"ref:P1\","
	               "\"decision\":\"overridden\"}]",
	    NULL);
	assert_false(
	    warns(&found, FINDING_DUPLICATE_LAB, "orders[1].item_code"));
}

/* The group shortens a window; the list counts as it is now. */
static void
test_a_window_is_as_the_list_says_now(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7"));
	give(f, SOMEBODY("R1") REPORT("P1", "K", "2026-04-20"));
	give(f, LINE("exam_item", "I1",
	            "08:00:00") "\"item_code\":\"K\",\"name\":\"n\","
	                        "\"modality\":\"lab\","
	                        "\"window_days\":3}\n");
	assert_counts(f, 0, 1, 0, 0);
	found = write_visit(f, "R1", "2026-04-23", ORDER("K"), NULL);
	assert_false(
	    warns(&found, FINDING_DUPLICATE_LAB, "orders[1].item_code"));
	found = write_visit(f, "R1", "2026-04-22", ORDER("K"), NULL);
	assert_true(
	    warns(&found, FINDING_DUPLICATE_LAB, "orders[1].item_code"));
}

/* Nobody prescribes for the days before last winter. */
static void
test_history_is_not_noted(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") GIVEN("E1", "09:00:00", "signed", "R1",
	            "2026-03-20", DRUG("YP1", "7")) GIVEN("E2", "09:00:00",
	            "signed", "R1", "2026-03-27", DRUG("YP2", "7")));
	assert_false(warns_of_drug(f, "R1", "2026-03-21", RX("YP1")));
	assert_true(warns_of_drug(f, "R1", "2026-03-28", RX("YP2")));
}

/* A file of what other software has decided already is not talked to. */
static void
test_files_are_not_reminded(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") GIVEN("E1", "09:00:00", "signed", "R1",
	            "2026-04-20", DRUG("YP1", "7")));
	give(f, GIVEN("E2", "09:30:00", "signed", "R1", "2026-04-21",
	            DRUG("YP1", "7")));
	assert_counts(f, 1, 0, 0, 0);
	assert_int_equal(f->counts.warned, 0);
}

/* --- one person, many entries ----------------------------------------------
 */

static void
link_entries(struct fixture *f, const char *ref, const char *other)
{
	struct identity a = {.kind = "resident", .source = "his"};
	struct identity b = a, link;

	snprintf(a.ref, sizeof a.ref, "%s", ref);
	snprintf(b.ref, sizeof b.ref, "%s", other);
	linked_identity(&a, &b, &link);
	test_store_admit(&f->s, link.source, "link", link.ref, "C01",
	    json_pack("{s:s, s:s+, s:s, s:s+, s:s}", "state", "linked",
	        "resident_id", "ref:", ref, "other_source", "his", "other_id",
	        "ref:", other, "resident_source", "his"));
}

static void
test_what_was_given_under_a_linked_entry_counts(void **state)
{
	struct fixture *f = *state;

	give(f, SOMEBODY("R1") SOMEBODY("R2") GIVEN("E1", "09:00:00", "signed",
	            "R1", "2026-04-20", DRUG("YP1", "7")));
	assert_false(warns_of_drug(f, "R2", "2026-04-21", RX("YP1")));
	link_entries(f, "R1", "R2");
	assert_true(warns_of_drug(f, "R2", "2026-04-22", RX("YP1")));
}

/* --- asking for an examination ---------------------------------------------
 */

static struct findings
ask_for(struct fixture *f, const char *item, const char *day)
{
	struct txn *t = test_store_write(&f->s);
	struct authored out;
	struct self self;
	json_t *fields = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s+}", "state",
	    "sent", "resident_id", "ref:R1", "to_org", "ref:C02", "modality",
	    "lab", "item_code", item, "taken_at", day, "T10:00:00+08:00");

	assert_non_null(fields);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(author_add(t, &self, "exam_request", "S1", "C01",
	                     fields, TEST_NOW, &out),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	self_wipe(&self);
	json_decref(fields);
	return out.findings;
}

static void
test_who_asks_for_an_examination_is_reminded(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7") ITEM("I2", "CT", "imaging", "30"));
	give(f, SOMEBODY("R1") REPORT("P1", "K", "2026-04-20")
	            REPORT("P2", "CT", "2026-04-20"));
	found = ask_for(f, "K", "2026-04-26");
	assert_true(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
	found = ask_for(f, "CT", "2026-04-27");
	assert_true(warns(&found, FINDING_DUPLICATE_EXAM, "item_code"));
	found = ask_for(f, "K", "2026-04-27");
	assert_false(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
}

/* A report need not say whose it is when its request does. */
static void
test_a_report_is_of_whom_its_request_names(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7") SOMEBODY("R1"));
	test_store_admit(&f->s, "his", "exam_request", "Q7", "C01",
	    json_pack("{s:s, s:s}", "state", "sent", "resident_id", "ref:R1"));
	test_store_admit(&f->s, "his", "exam_report", "P1", "C02",
	    json_pack("{s:s, s:s, s:s}", "exam_request_id", "ref:Q7",
	        "item_code", "K", "signed_at", "2026-04-20T09:00:00+08:00"));
	found = ask_for(f, "K", "2026-04-26");
	assert_true(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
	found = ask_for(f, "K", "2026-04-27");
	assert_false(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
}

static void
report_on(struct fixture *f, const char *request)
{
	test_store_admit(&f->s, "his", "exam_report", "P1", "C02",
	    json_pack("{s:s+, s:s, s:s}", "exam_request_id", "ref:", request,
	        "item_code", "K", "signed_at", "2026-04-20T09:00:00+08:00"));
}

static void
test_a_report_may_come_before_its_request(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7") SOMEBODY("R1"));
	report_on(f, "Q7");
	found = ask_for(f, "K", "2026-04-26");
	assert_false(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
	test_store_admit(&f->s, "his", "exam_request", "Q7", "C01",
	    json_pack("{s:s, s:s}", "state", "sent", "resident_id", "ref:R1"));
	found = ask_for(f, "K", "2026-04-26");
	assert_true(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
	found = ask_for(f, "K", "2026-04-27");
	assert_false(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
}

static void
request_moved(struct fixture *f, const char *ref, const char *field,
    const char *other, const char *resident)
{
	test_store_admit(&f->s, "his", "exam_request", ref, "C01",
	    json_pack("{s:s, s:s+, s:s+}", "state", "sent", "resident_id",
	        "ref:", resident, field, "ref:", other));
}

/* The stub comes first, or what came of it. */
static void
test_a_report_is_found_where_its_request_went(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7") SOMEBODY("R1") SOMEBODY("R2"));
	report_on(f, "Q7");
	request_moved(f, "Q7", "reassigned_to", "Q8", "R2");
	found = ask_for(f, "K", "2026-04-26");
	assert_false(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
	request_moved(f, "Q8", "reassigned_from", "Q7", "R1");
	found = ask_for(f, "K", "2026-04-26");
	assert_true(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
}

static void
test_a_report_is_found_once_its_stub_is_here(void **state)
{
	struct fixture *f = *state;
	struct findings found;

	give(f, ITEM("I1", "K", "lab", "7") SOMEBODY("R1") SOMEBODY("R2"));
	request_moved(f, "Q8", "reassigned_from", "Q7", "R1");
	report_on(f, "Q7");
	request_moved(f, "Q7", "reassigned_to", "Q8", "R2");
	found = ask_for(f, "K", "2026-04-26");
	assert_true(warns(&found, FINDING_DUPLICATE_LAB, "item_code"));
}

/* --- many ------------------------------------------------------------------
 */

/* Of somebody with a long past, or of a ref that many programs use, the latest
 * are looked at. */
static void
test_the_latest_are_looked_at(void **state)
{
	struct fixture *f = *state;
	int i;

	give(f, SOMEBODY("R1"));
	for (i = 0; i < 2 * DUPLICATES_LOOKED_MAX; i++) {
		char ref[16];

		snprintf(ref, sizeof ref, "O%d", i);
		test_store_admit(&f->s, "his", "encounter", ref, "C01",
		    json_pack("{s:s, s:s, s:s, s:[{s:s, s:i}]}", "state",
		        "signed", "resident_id", "ref:R1", "visit_at",
		        "2026-03-25T09:00:00+08:00", "rx", "drug_code", "YP2",
		        "days", 30));
	}
	give(f, GIVEN("E1", "09:00:00", "signed", "R1", "2026-04-20",
	            DRUG("YP1", "7")));
	assert_true(warns_of_drug(f, "R1", "2026-04-21", RX("YP1")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_a_drug_is_remembered_for_its_days),
	    CLINIC(test_its_days_end),
	    CLINIC(test_another_resident_is_another),
	    CLINIC(test_what_was_in_error_was_not_given),
	    CLINIC(test_amendments_count_and_own_lines_do_not),
	    CLINIC(test_what_is_spoken_of_is_told_no_more),
	    HUB(test_results_count_for_their_window),
	    HUB(test_a_window_is_as_the_list_says_now),
	    CLINIC(test_history_is_not_noted),
	    CLINIC(test_files_are_not_reminded),
	    CLINIC(test_what_was_given_under_a_linked_entry_counts),
	    HUB(test_who_asks_for_an_examination_is_reminded),
	    HUB(test_a_report_is_of_whom_its_request_names),
	    HUB(test_a_report_may_come_before_its_request),
	    HUB(test_a_report_is_found_where_its_request_went),
	    HUB(test_a_report_is_found_once_its_stub_is_here),
	    CLINIC(test_the_latest_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
