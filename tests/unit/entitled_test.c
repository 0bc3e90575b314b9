/* entitled: who wrote as the managing org without being it is asked about, and
 * set aside; and what waits does not depend on the order of arrival.
 */

#include "tests/unit/entitled_room.h"

/* --- who wrote as the managing org without being it ---------------------- */

static const struct identity his = {
    .source = "his", .kind = "resident", .ref = "R1"};

static void
his_shows(struct fixture *f, const char *phone_no)
{
	struct record r;

	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_string_equal(text_in(r.fields, "phone"), phone_no);
	assert_null(json_object_get(r.fields, MERGE_SET_ASIDE));
	record_clear(&r);
}

/* One of a history in which 2 and 3 follow 1 and have not heard of each other,
 * and 4 has seen both; each history has ids of its own. */
static void
arrive_part(struct fixture *f, uint64_t history, unsigned part)
{
	struct identity record = his;
	struct change_id base = {.class = 2}, id;
	struct self self;
	struct buffer body = {0};
	struct change c;
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(self_read(t, &self), ERR_OK);
	memset(base.life, 0x66, sizeof base.life);
	snprintf(record.ref, sizeof record.ref, "H%llu",
	    (unsigned long long)history);
	change_init(&c);
	id = base;
	id.seq = history * 10 + part;
	c.id = id;
	c.record = record;
	for (unsigned p = 1; p < part; p++) {
		if (part < 4 && p > 1)
			break;
		if (part == 4 && p == 1)
			continue;
		c.parents[c.parent_count].id = base;
		c.parents[c.parent_count++].id.seq = history * 10 + p;
	}
	snprintf(c.by, sizeof c.by, "S2");
	snprintf(c.org, sizeof c.org, "V2");
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = part == 1 ? person()
	                     : json_pack("{s:s+}", "phone", "10",
	                           part == 2   ? "2"
	                           : part == 3 ? "3"
	                                       : "4");
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 0, id.seq, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &self, &c, id.seq), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_wipe(&body);
	change_clear(&c);
}

/* What waits follows from what is here, in whatever order it came. */
static void
test_any_order_leaves_the_same_questions(void **state)
{
	struct fixture *f = *state;
	uint64_t history = 0, most = 4, code;
	size_t three = 0;

	for (code = 0; code < most * most * most * most; code++) {
		unsigned order[4], seen = 0;

		for (unsigned i = 0; i < 4; i++) {
			order[i] = 1 + (unsigned)(code >> (2 * i) & 3);
			seen |= 1u << order[i];
		}
		if (seen != 0x1e)
			continue;
		history++;
		for (unsigned i = 0; i < 3; i++)
			arrive_part(f, history, order[i]);
		/* Without the one that has seen both, there is a question. */
		if (order[3] == 4) {
			three++;
			assert_int_equal(waiting(f), 1);
		}
		arrive_part(f, history, order[3]);
		assert_int_equal(waiting(f), 0);
	}
	assert_int_equal(history, 24);
	assert_int_equal(three, 6);
}

static void
test_a_claim_that_was_none_is_set_aside(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct change_id first;
	struct wanted w;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V1", true, phone("111"));
	assert_int_equal(waiting(f), 0);
	/* V2 takes the file in the very change that says so. */
	arrive(f, &his, 3, &first, "V2", true,
	    json_pack(
	        "{s:s, s:s}", "managing_org_id", "ref:V2", "ethnic", "回族"));
	w = questions(f, QUESTION_MATTER);
	assert_int_equal(w.count, 1);
	assert_int_equal(w.last.code, FINDING_UNENTITLED);
	assert_int_equal(decide(f, "set-aside", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	his_shows(f, "111");
	/* Undone, it is asked again. */
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(waiting(f), 1);
	assert_int_equal(decide(f, "keep", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(waiting(f), 1);
}

/* Until it is set aside it counts, and does again when that is undone. */
static void
test_what_is_set_aside_counts_for_nothing(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct change_id first;
	struct record r;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V2", true,
	    json_pack("{s:s, s:s, s:s}", "phone", "222", "ethnic", "回族",
	        "managing_org_id", "ref:V2"));
	his_shows(f, "222");
	assert_int_equal(decide(f, "set-aside", &d), ERR_OK);
	his_shows(f, "100");
	test_store_record(&f->s, "his", "resident", "R1", &r);
	assert_null(json_object_get(r.fields, "ethnic"));
	record_clear(&r);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	his_shows(f, "222");
}

static void
test_a_claim_may_be_let_stand(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct change_id first;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V2", true,
	    json_pack(
	        "{s:s, s:s}", "phone", "222", "managing_org_id", "ref:V2"));
	assert_int_equal(decide(f, "keep", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	his_shows(f, "222");
}

/* --- claims that the group takes back by itself --------------------------- */

/* How often the group said so of the record. */
static size_t
taken_back(struct fixture *f, const char *ref)
{
	struct txn *t = test_store_read(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	size_t i, count = 0;

	key_record_of(f->s.db, key, "his", "resident", ref);
	assert_int_equal(record_gather(t, key, 64, &set), ERR_OK);
	for (i = 0; i < set.count; i++)
		count += json_object_get(
		             set.change[i].fields, MERGE_UNMANAGED) != NULL;
	record_set_free(&set);
	txn_abort(t);
	return count;
}

/* 1 founds V1's file; 2 is V2's, who says that it is its; 3 is V1's. Neither
 * of the last two has seen the other, and 2 has the lower id. */
static void
arrive_claim(struct fixture *f, const char *ref, uint64_t base, unsigned part)
{
	struct identity record = his;
	struct change_id first = {.class = 2, .seq = base + 1};

	memset(first.life, 0x55, sizeof first.life);
	snprintf(record.ref, sizeof record.ref, "%s", ref);
	if (part == 1)
		arrive(f, &record, base + 1, NULL, "V1", true, person());
	else
		arrive(f, &record, base + part, &first, part == 2 ? "V2" : "V1",
		    true, phone(part == 2 ? "222" : "111"));
}

static void
test_a_false_claim_is_taken_back_in_any_order(void **state)
{
	static const unsigned orders[][3] = {
	    {1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
	struct fixture *f = *state;
	struct record r;
	uint64_t n;

	test_store_join(&f->s, "H01");
	for (n = 0; n < 6; n++) {
		char ref[8];

		snprintf(ref, sizeof ref, "C%u", (unsigned)n);
		for (unsigned i = 0; i < 3; i++)
			arrive_claim(f, ref, n * 10, orders[n][i]);
		test_store_record(&f->s, "his", "resident", ref, &r);
		assert_string_equal(text_in(r.fields, "phone"), "111");
		assert_null(json_object_get(r.fields, MERGE_UNMANAGED));
		record_clear(&r);
		assert_int_equal(taken_back(f, ref), 1);
		/* What met is asked about; nobody is asked about the claim. */
		assert_int_equal(waiting(f), n + 1);
		assert_int_equal(
		    questions(f, QUESTION_MATTER).last.code, FINDING_CONFLICT);
	}
}

/* What was written counts, as anybody's. */
static void
test_what_was_claimed_falsely_is_not_lost(void **state)
{
	struct fixture *f = *state;
	struct change_id first;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V2", true, phone("222"));
	assert_int_equal(taken_back(f, "R1"), 1);
	assert_int_equal(waiting(f), 0);
	his_shows(f, "222");
}

/* A township writes for its villages. What is not here yet is not judged. */
static void
test_claims_that_are_right_are_not_asked_about(void **state)
{
	struct fixture *f = *state;
	struct change_id first, gone = {.class = 2, .seq = 99};

	test_store_join(&f->s, "H01");
	test_store_admit(&f->s, "", "org", "V1", "H01",
	    json_pack("{s:s, s:s, s:s}", "name", "村", "level", "village",
	        "parent_org_id", "ref:C01"));
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "C01", true, phone("222"));
	memset(gone.life, 0x55, sizeof gone.life);
	arrive(f, &his, 4, &gone, "V2", true, phone("444"));
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_CONFLICT);
	assert_int_equal(waiting(f), 1);
}

/* --- who keeps a file ------------------------------------------------------
 */

/* V1's contract with his resident, and V2's word that it ends. */
static struct change_id
end_by_another(struct fixture *f, uint64_t seq, const char *ref)
{
	struct identity contract = {.source = "his", .kind = "contract"};
	struct change_id first;

	snprintf(contract.ref, sizeof contract.ref, "%s", ref);
	first = arrive(f, &contract, seq, NULL, "V1", false,
	    json_pack(
	        "{s:s, s:s}", "state", "signed", "resident_id", "ref:R1"));
	return arrive(f, &contract, seq + 1, &first, "V2", false,
	    json_pack("{s:s}", "state", "ending"));
}

/* The change that a decision made. */
static struct change_id
made_by(struct fixture *f, const struct matter_decision *d)
{
	struct change_id id;
	struct record r;

	test_store_record(&f->s, d->made.source, d->made.kind, d->made.ref, &r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "changes")), 1);
	assert_int_equal(
	    matter_change_parse(json_string_value(json_array_get(
	                            json_object_get(r.fields, "changes"), 0)),
	        &id),
	    ERR_OK);
	record_clear(&r);
	return id;
}

static void
test_who_takes_a_file_silently_is_asked_about(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct change_id first, taken;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	/* He says nothing of being its keeper, and means to become it. */
	taken = arrive(f, &his, 2, &first, "V2", false, given_to("V2"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	assert_int_equal(waiting(f), 1);
	/* What he wrote gives him no right to write as its keeper, ... */
	arrive(f, &his, 3, &taken, "V2", true, phone("222"));
	assert_int_equal(taken_back(f, "R1"), 1);
	assert_int_equal(decide(f, "set-aside", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	/* ... nor to end what its keeper began. */
	end_by_another(f, 11, "K1");
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 1);
}

static void
test_naming_its_keeper_again_takes_nothing(void **state)
{
	struct fixture *f = *state;
	struct change_id first;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V2", false, given_to("V1"));
	assert_int_equal(waiting(f), 0);
	/* Its keeper may give it. */
	arrive(f, &his, 3, &first, "V1", true, given_to("V2"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 0);
	end_by_another(f, 11, "K1");
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 0);
}

/* A third one gives it away. */
static void
test_who_gives_anothers_file_is_asked_about(void **state)
{
	struct fixture *f = *state;
	struct change_id first;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V3", false, given_to("V2"));
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	end_by_another(f, 11, "K1");
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 1);
}

static void
test_who_is_let_stand_is_its_keeper(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct change_id first, kept;

	test_store_join(&f->s, "H01");
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V2", false, given_to("V2"));
	assert_int_equal(decide(f, "keep", &d), ERR_OK);
	kept = made_by(f, &d);
	arrive(f, &his, 3, &kept, "V2", true, phone("222"));
	assert_int_equal(taken_back(f, "R1"), 0);
	end_by_another(f, 11, "K1");
	assert_int_equal(waiting(f), 0);
	/* Until that is undone. */
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_UNENTITLED), 1);
	arrive(f, &his, 4, &kept, "V2", true, phone("223"));
	assert_int_equal(taken_back(f, "R1"), 2);
	/* What he ended while it was let stand is another's again, too. */
	end_by_another(f, 21, "K2");
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 2);
}

/* Of a contract that another ended, and of a visit that another signed. */
static void
test_undone_others_steps_are_asked_about_again(void **state)
{
	struct identity visit = {
	    .source = "his", .kind = "encounter", .ref = "E1"};
	struct fixture *f = *state;
	struct matter_decision d;
	struct change_id first;

	test_store_join(&f->s, "H01");
	arrive(f, &his, 1, NULL, "V1", true, person());
	end_by_another(f, 11, "K1");
	assert_int_equal(decide(f, "keep", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_OTHERS_CONTRACT), 1);
	assert_int_equal(decide(f, "set-aside", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	first = arrive(f, &visit, 21, NULL, "V1", false,
	    json_pack(
	        "{s:s, s:s}", "state", "signed", "resident_id", "ref:R1"));
	arrive(f, &visit, 22, &first, "V2", false,
	    json_pack("{s:s, s:s}", "state", "amended", "plan", "x"));
	assert_int_equal(decide(f, "set-aside", &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_OTHERS_RECORD), 1);
}

/* A hub that was restored may hear of the decision before what it is about. */
static void
test_what_was_decided_is_not_asked_when_it_comes_again(void **state)
{
	struct identity question = {
	    .source = "his", .kind = "question", .ref = "Q1"};
	struct change_id first, taken = {.class = 2, .seq = 2}, said;
	struct fixture *f = *state;
	char id[48];

	test_store_join(&f->s, "H01");
	memset(taken.life, 0x55, sizeof taken.life);
	matter_change_id(&taken, id);
	said = arrive(f, &question, 11, NULL, "H01", false,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "state", "open",
	        "about_source", "his", "about_kind", "resident", "about_ref",
	        "R1", "about_field", id, "code", "unentitled", "decision",
	        "keep"));
	said = arrive(f, &question, 12, &said, "H01", false,
	    json_pack("{s:s}", "state", "decided"));
	first = arrive(f, &his, 1, NULL, "V1", true, person());
	arrive(f, &his, 2, &first, "V2", false, given_to("V2"));
	assert_int_equal(asked_of(f, "resident"), 0);
	arrive(f, &question, 13, &said, "H01", false,
	    json_pack("{s:s}", "state", "undone"));
	assert_int_equal(asked_of(f, "resident"), 1);
}

/* Whoever takes it, and the word by which that is known, in any order. */
static void
test_a_silent_taking_is_asked_about_in_any_order(void **state)
{
	static const unsigned orders[][3] = {
	    {1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
	struct fixture *f = *state;
	uint64_t n;

	test_store_join(&f->s, "H01");
	for (n = 0; n < 6; n++) {
		struct identity record = his;
		struct change_id first = {.class = 2, .seq = n * 10 + 1};
		struct change_id taken = {.class = 2, .seq = n * 10 + 2};

		memset(first.life, 0x55, sizeof first.life);
		memset(taken.life, 0x55, sizeof taken.life);
		snprintf(record.ref, sizeof record.ref, "T%u", (unsigned)n);
		for (unsigned i = 0; i < 3; i++)
			if (orders[n][i] == 1)
				arrive(f, &record, first.seq, NULL, "V1", true,
				    person());
			else if (orders[n][i] == 2)
				arrive(f, &record, taken.seq, &first, "V2",
				    false, given_to("V2"));
			else
				arrive(f, &record, n * 10 + 3, &taken, "V2",
				    true, phone("222"));
		assert_int_equal(asked(f, FINDING_UNENTITLED), n + 1);
		assert_int_equal(taken_back(f, record.ref), 1);
	}
}

/* --- a link is of both sides ---------------------------------------------- */

static void
two_files(struct fixture *f)
{
	test_store_admit(&f->s, "his", "resident", "R1", "C01",
	    json_pack(
	        "{s:s, s:s}", "name", "张伟", "managing_org_id", "ref:C01"));
	test_store_admit(&f->s, "his", "resident", "R2", "C01",
	    json_pack(
	        "{s:s, s:s}", "name", "张伟", "managing_org_id", "ref:C01"));
	test_store_admit(&f->s, "b", "resident", "R9", "C02",
	    json_pack(
	        "{s:s, s:s}", "name", "李娜", "managing_org_id", "ref:C02"));
}

static enum err
says_linked(struct fixture *f, const char *one, const char *other)
{
	json_t *fields = json_pack("{s:s, s:o, s:o, s:s}", "state", "linked",
	    "resident_id", json_sprintf("ref:%s", one), "other_id",
	    json_sprintf("ref:%s", other), "basis", "by_hand");
	struct txn *t = test_store_write(&f->s);
	struct authored made;
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = author_add(t, &self, "link", "S1", "C01", fields, TEST_NOW, &made);
	txn_abort(t);
	json_decref(fields);
	return e;
}

static enum err
amends(struct fixture *f, const char *kind, const char *ref, const char *org,
    json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct self self;
	size_t i;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record_of(f->s.db, key, "his", kind, ref);
	e = author_amend(t, &self, key, "S1", org, fields, TEST_NOW, &made);
	for (i = 0; i < made.findings.count; i++)
		if (made.findings.list[i].refused)
			assert_int_equal(
			    made.findings.list[i].code, FINDING_KEEPERS_FIELD);
	txn_abort(t);
	json_decref(fields);
	return e;
}

/* A form gives no file away, whoever keeps it: that is a move. */
static void
test_a_form_gives_no_file_away(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "C01");
	test_store_admit(&f->s, "his", "resident", "R1", "C01",
	    json_pack("{s:s, s:s, s:s, s:s}", "name", "张伟", "sex", "1",
	        "no_id_reason", "lost", "managing_org_id", "ref:C01"));
	test_store_admit(&f->s, "his", "device", "D1", "C01",
	    json_pack("{s:s, s:s, s:s, s:s}", "asset_no", "A1", "name", "超声",
	        "class", "ultrasound", "owner_org_id", "ref:C02"));
	test_store_admit(&f->s, "his", "device", "D2", "C01",
	    json_pack("{s:s, s:s, s:s, s:s}", "asset_no", "A2", "name", "超声",
	        "class", "ultrasound", "owner_org_id", "ref:C01"));
	assert_int_equal(
	    amends(f, "resident", "R1", "C01", given_to("C02")), ERR_REFUSED);
	assert_int_equal(
	    amends(f, "resident", "R1", "C01", given_to("C01")), ERR_OK);
	assert_int_equal(
	    amends(f, "resident", "R1", "C01", phone("1")), ERR_OK);
	assert_int_equal(amends(f, "device", "D1", "C01",
	                     json_pack("{s:s}", "owner_org_id", "ref:C01")),
	    ERR_REFUSED);
	assert_int_equal(amends(f, "device", "D2", "C01",
	                     json_pack("{s:s}", "owner_org_id", "ref:C02")),
	    ERR_OK);
}

/* An org links no file of its own to another's: the group does (0028). */
static void
test_no_clinic_links_a_stranger(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "C01");
	two_files(f);
	assert_int_equal(says_linked(f, "R1", "R9"), ERR_REFUSED);
	assert_int_equal(says_linked(f, "R9", "R1"), ERR_REFUSED);
	assert_int_equal(says_linked(f, "R1", "R2"), ERR_OK);
}

/* Whatever its own program let it write: the group is asked. */
static void
test_a_link_to_a_stranger_is_asked_about(void **state)
{
	struct fixture *f = *state;
	struct identity link = {.source = "his", .kind = "link", .ref = "L1"};

	test_store_join(&f->s, "H01");
	two_files(f);
	assert_int_equal(waiting(f), 0);
	arrive(f, &link, 1, NULL, "C01", false,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "linked",
	        "resident_id", "ref:R1", "other_id", "ref:R2",
	        "resident_source", "his", "other_source", "his", "basis",
	        "by_hand"));
	assert_int_equal(waiting(f), 0);
	snprintf(link.ref, sizeof link.ref, "L2");
	arrive(f, &link, 2, NULL, "C01", false,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "linked",
	        "resident_id", "ref:R1", "other_id", "ref:R9",
	        "resident_source", "his", "other_source", "b", "basis",
	        "by_hand"));
	assert_int_equal(waiting(f), 1);
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_UNENTITLED);
}

/* What an owner did not allow is his to decide, and not the signer's. */
static void
test_a_lending_on_is_its_owners_matter(void **state)
{
	static const char *const orgs[] = {"V1", "V2"};
	struct identity device = {
	    .source = "his", .kind = "device", .ref = "D1"};
	struct identity custody = {
	    .source = "his", .kind = "custody", .ref = "K1"};
	struct fixture *f = *state;
	uint64_t i;

	test_store_join(&f->s, "H01");
	arrive(f, &device, 1, NULL, "V1", true,
	    json_pack("{s:s}", "owner_org_id", "ref:V1"));
	arrive(f, &custody, 2, NULL, "V2", false,
	    json_pack("{s:s, s:i, s:s, s:s}", "device_id", "ref:D1",
	        "custody_no", 1, "from", "ref:V2", "to", "ref:V3"));
	for (i = 0; i < 2; i++) {
		struct identity question = {
		    .source = "his", .kind = "question"};

		snprintf(question.ref, sizeof question.ref, "Q%u", (unsigned)i);
		arrive(f, &question, 10 + i, NULL, orgs[i], false,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "state",
		        "decided", "about_source", "his", "about_kind",
		        "custody", "about_ref", "K1", "device_id", "ref:D1",
		        "code", "onward_lending", "decision", "agree"));
		assert_int_equal(asked(f, FINDING_UNENTITLED), i);
	}
}

/* "When what met last happened, by what the changes say" (matter.h). */
static void
test_when_it_met_is_the_same_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct identity other = his;
	struct change_id first;
	int64_t at;

	first = arrive_at(f, &his, 1, NULL, "V1", false, TEST_NOW, person());
	arrive_at(f, &his, 2, &first, "V1", false, TEST_NOW + 1, phone("1"));
	arrive_at(f, &his, 3, &first, "V1", false, TEST_NOW + 2, phone("2"));
	arrive_at(f, &his, 4, &first, "V1", false, TEST_NOW + 3, phone("3"));
	assert_int_equal(waiting(f), 1);
	at = questions(f, QUESTION_MATTER).last.at;
	snprintf(other.ref, sizeof other.ref, "R2");
	first = arrive_at(f, &other, 11, NULL, "V1", false, TEST_NOW, person());
	arrive_at(f, &other, 14, &first, "V1", false, TEST_NOW + 3, phone("3"));
	arrive_at(f, &other, 12, &first, "V1", false, TEST_NOW + 1, phone("1"));
	arrive_at(f, &other, 13, &first, "V1", false, TEST_NOW + 2, phone("2"));
	assert_int_equal(waiting(f), 2);
	assert_int_equal(at, TEST_NOW + 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_any_order_leaves_the_same_questions),
	    HUB(test_a_claim_that_was_none_is_set_aside),
	    HUB(test_what_is_set_aside_counts_for_nothing),
	    HUB(test_a_claim_may_be_let_stand),
	    HUB(test_a_false_claim_is_taken_back_in_any_order),
	    HUB(test_what_was_claimed_falsely_is_not_lost),
	    HUB(test_claims_that_are_right_are_not_asked_about),
	    HUB(test_who_takes_a_file_silently_is_asked_about),
	    HUB(test_naming_its_keeper_again_takes_nothing),
	    HUB(test_who_gives_anothers_file_is_asked_about),
	    HUB(test_who_is_let_stand_is_its_keeper),
	    HUB(test_undone_others_steps_are_asked_about_again),
	    HUB(test_what_was_decided_is_not_asked_when_it_comes_again),
	    HUB(test_a_silent_taking_is_asked_about_in_any_order),
	    HUB(test_a_lending_on_is_its_owners_matter),
	    HUB(test_when_it_met_is_the_same_in_any_order),
	    CLINIC(test_a_form_gives_no_file_away),
	    CLINIC(test_no_clinic_links_a_stranger),
	    HUB(test_a_link_to_a_stranger_is_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
