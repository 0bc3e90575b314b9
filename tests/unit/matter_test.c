/* matter: what met waits, is decided, and is undone. */

#include "tests/unit/import_room.h"

#include "store/matter.h"

/* --- two who did not know of each other ---------------------------------- */

static json_t *
person(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "张伟", "sex",
	    "1", "no_id_reason", "lost", "managing_org_id", "ref:V1", "phone",
	    "100");
}

static void
found(struct fixture *f, const char *kind, json_t *fields, struct authored *out)
{
	struct txn *t = test_store_write(&f->s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    author_add(t, &self, kind, "S1", "V1", fields, TEST_NOW, out),
	    ERR_OK);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* A change that has seen but one other; takes fields. */
static struct change_id
follow(struct fixture *f, const struct authored *a,
    const struct change_id *seen, const char *org, json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	c.record = a->record;
	c.parent_count = 1;
	c.parents[0].id = *seen;
	snprintf(c.by, sizeof c.by, "S2");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = TEST_NOW + 60;
	c.fields = fields;
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	id = c.id;
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
	return id;
}

static json_t *
phone(const char *number)
{
	return json_pack("{s:s}", "phone", number);
}

static void
shows(struct fixture *f, const struct authored *a, const char *name,
    const char *value)
{
	struct record r;

	test_store_record(
	    &f->s, a->record.source, a->record.kind, a->record.ref, &r);
	if (value == NULL)
		assert_null(json_object_get(r.fields, name));
	else
		assert_string_equal(text_in(r.fields, name), value);
	record_clear(&r);
}

static size_t
waiting(struct fixture *f)
{
	return questions(f, QUESTION_MATTER).count;
}

/* Both phones, A's with the lower id. */
static void
two_phones(struct fixture *f, struct authored *a)
{
	found(f, "resident", person(), a);
	assert_int_equal(waiting(f), 0);
	follow(f, a, &a->id, "V1", phone("111"));
	assert_int_equal(waiting(f), 0);
	follow(f, a, &a->id, "V2", phone("222"));
	assert_int_equal(waiting(f), 1);
	shows(f, a, "phone", "111");
}

/* --- deciding ------------------------------------------------------------ */

static enum err
decide(struct fixture *f, const char *choice, struct matter_decision *d)
{
	struct txn *t = test_store_write(&f->s);
	struct self self;
	enum err e;

	*d = (struct matter_decision){
	    .number = questions(f, QUESTION_MATTER).last.number,
	    .choice = choice,
	    .by = "S9",
	    .reason = "问过本人",
	    .now = TEST_NOW + 120};
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_decide(t, &self, d);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static enum err
undo(struct fixture *f, const char *ref)
{
	struct txn *t = test_store_write(&f->s);
	struct matter_decision d = {
	    .ref = ref, .by = "S9", .reason = "听错了", .now = TEST_NOW + 180};
	struct self self;
	enum err e;

	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_undo(t, &self, &d);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

/* The word of choice n of what waits. */
static void
word_of(struct fixture *f, size_t n, char out[64])
{
	struct question q = questions(f, QUESTION_MATTER).last;
	struct txn *t = test_store_read(&f->s);
	struct self self;
	struct matter m;

	memset(&q.raw, 0, sizeof q.raw);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &q, &m), ERR_OK);
	assert_true(n < m.choice_count);
	assert_int_equal(m.proposal, 0);
	snprintf(out, 64, "%.63s", m.choice[n].word);
	matter_clear(&m);
	txn_abort(t);
}

static void
test_both_values_are_shown_side_by_side(void **state)
{
	struct fixture *f = *state;
	struct question q;
	struct authored a;
	struct self self;
	struct matter m;
	struct txn *t;

	two_phones(f, &a);
	q = questions(f, QUESTION_MATTER).last;
	assert_int_equal(q.code, FINDING_CONFLICT);
	assert_string_equal(q.kind, "resident");
	assert_string_equal(q.ref, a.record.ref);
	assert_string_equal(q.field, "phone");
	assert_int_equal(q.at, TEST_NOW + 60);
	memset(&q.raw, 0, sizeof q.raw);
	t = test_store_read(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_describe(t, &self, &q, &m), ERR_OK);
	assert_int_equal(m.choice_count, 2);
	assert_string_equal(m.owner, "V1");
	assert_string_equal(text_in(m.choice[0].shown, "value"), "111");
	assert_string_equal(text_in(m.choice[0].shown, "org"), "V1");
	assert_string_equal(text_in(m.choice[1].shown, "value"), "222");
	assert_string_equal(text_in(m.choice[1].shown, "org"), "V2");
	assert_string_not_equal(m.choice[0].word, m.choice[1].word);
	matter_clear(&m);
	txn_abort(t);
}

static void
test_who_has_seen_both_ends_it(void **state)
{
	struct fixture *f = *state;
	struct txn *t;
	struct authored a, b;
	struct self self;
	uint8_t key[KEY_RECORD_BYTES];
	json_t *fields = phone("333");

	two_phones(f, &a);
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(f->s.db, key, &a.record);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "V1", fields, TEST_NOW, &b),
	    ERR_OK);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(waiting(f), 0);
	shows(f, &a, "phone", "333");
}

static void
test_equal_values_are_no_conflict(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	found(f, "resident", person(), &a);
	follow(f, &a, &a.id, "V1", phone("111"));
	follow(f, &a, &a.id, "V2", phone("111"));
	assert_int_equal(waiting(f), 0);
}

static void
test_the_other_value_is_chosen(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	struct record r;
	char word[64];

	two_phones(f, &a);
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	shows(f, &a, "phone", "222");
	assert_int_equal(waiting(f), 0);
	test_store_record(&f->s, d.made.source, "question", d.made.ref, &r);
	assert_string_equal(text_in(r.fields, "state"), "decided");
	assert_string_equal(text_in(r.fields, "code"), "conflict");
	assert_string_equal(text_in(r.fields, "about_ref"), a.record.ref);
	assert_string_equal(text_in(r.fields, "about_field"), "phone");
	assert_string_equal(text_in(r.fields, "reason"), "问过本人");
	assert_string_equal(text_in(r.fields, "decision"), word);
	assert_string_equal(text_in(r.fields, "decided_by"), "ref:S9");
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "versions")), 2);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "concerns")), 2);
	record_clear(&r);
}

/* Also the one that is shown: the matter is closed by it. */
static void
test_what_is_shown_is_chosen(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	char word[64];

	two_phones(f, &a);
	word_of(f, 0, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	shows(f, &a, "phone", "111");
	assert_int_equal(waiting(f), 0);
	assert_int_equal(decide(f, word, &d), ERR_NOT_FOUND);
}

/* Each field is a matter of its own, and stays one when the other is
 * decided. */
static void
test_two_fields_are_two_matters(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	char word[64];

	found(f, "resident", person(), &a);
	follow(f, &a, &a.id, "V1",
	    json_pack("{s:s, s:s}", "phone", "111", "ethnic", "汉族"));
	follow(f, &a, &a.id, "V2",
	    json_pack("{s:s, s:s}", "phone", "222", "ethnic", "回族"));
	assert_int_equal(waiting(f), 2);
	word_of(f, 0, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	assert_int_equal(waiting(f), 1);
	word_of(f, 0, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	shows(f, &a, "phone", "111");
	shows(f, &a, "ethnic", "汉族");
}

static void
test_a_number_that_differs_is_asked_about(void **state)
{
	struct fixture *f = *state;
	struct authored a;

	found(f, "resident", person(), &a);
	follow(f, &a, &a.id, "V1",
	    json_pack("{s:s}", "id_no", "519901198001010017"));
	follow(f, &a, &a.id, "V2",
	    json_pack("{s:s}", "id_no", "51990119660707004X"));
	assert_int_equal(waiting(f), 1);
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_DIFFER);
}

static void
test_what_cannot_be_decided_so(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;

	assert_int_equal(decide(f, "x", &d), ERR_NOT_FOUND);
	two_phones(f, &a);
	assert_int_equal(decide(f, "x", &d), ERR_USAGE);
	assert_int_equal(decide(f, NULL, &d), ERR_USAGE);
	assert_int_equal(waiting(f), 1);
}

/* --- whole versions ------------------------------------------------------ */

static void
test_versions_of_a_visit_stay_until_one_is_chosen(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	char word[64];

	found(f, "encounter",
	    json_pack("{s:s, s:s, s:b, s:s, s:s, s:s}", "state", "signed",
	        "type", "phone", "unknown", 1, "description", "过路人",
	        "visit_at", "2026-05-02T08:00:00+08:00", "plan", "休息"),
	    &a);
	follow(f, &a, &a.id, "V1",
	    json_pack("{s:s, s:s, s:s}", "state", "amended", "plan", "输液",
	        "reason", "漏写"));
	follow(f, &a, &a.id, "V2",
	    json_pack("{s:s, s:s, s:s}", "state", "amended", "subjective",
	        "头痛", "reason", "漏写"));
	assert_int_equal(waiting(f), 1);
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_BRANCHES);
	/* The fuller one is shown. */
	shows(f, &a, "subjective", "头痛");
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	assert_int_equal(waiting(f), 0);
	shows(f, &a, "plan", "输液");
	shows(f, &a, "subjective", NULL);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	shows(f, &a, "plan", "休息");
	shows(f, &a, "subjective", "头痛");
}

/* --- undoing ------------------------------------------------------------- */

static void
test_undoing_brings_back_what_was_and_asks_again(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	struct record r;
	char word[64], number[24];

	two_phones(f, &a);
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	snprintf(number, sizeof number, "%llu", (unsigned long long)d.number);
	assert_int_equal(undo(f, number), ERR_OK);
	shows(f, &a, "phone", "111");
	test_store_record(&f->s, d.made.source, "question", d.made.ref, &r);
	assert_string_equal(text_in(r.fields, "state"), "undone");
	record_clear(&r);
	assert_int_equal(undo(f, number), ERR_USAGE);

	assert_int_equal(waiting(f), 1);
	assert_int_equal(
	    questions(f, QUESTION_MATTER).last.code, FINDING_ASKED);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	shows(f, &a, "phone", "222");
	assert_int_equal(waiting(f), 0);
}

/* What somebody wrote since is not thrown away with the decision. */
static void
test_undoing_leaves_what_was_written_since(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a, b;
	struct self self;
	struct txn *t;
	json_t *fields = phone("333");
	uint8_t key[KEY_RECORD_BYTES];
	char word[64];

	two_phones(f, &a);
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(f->s.db, key, &a.record);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "V1", fields, TEST_NOW, &b),
	    ERR_OK);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	shows(f, &a, "phone", "333");
}

/* --- who may ------------------------------------------------------------- */

static void
test_only_the_managing_org_decides(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	char word[64];

	two_phones(f, &a);
	word_of(f, 1, word);
	test_store_join(&f->s, "V2");
	assert_int_equal(decide(f, word, &d), ERR_NOT_ALLOWED);
	assert_int_equal(waiting(f), 1);
	test_store_join(&f->s, "V1");
	assert_int_equal(decide(f, word, &d), ERR_OK);
	shows(f, &a, "phone", "222");
	test_store_join(&f->s, "V2");
	assert_int_equal(undo(f, d.made.ref), ERR_NOT_ALLOWED);
	shows(f, &a, "phone", "222");
}

static void
test_the_group_decides_everything(void **state)
{
	struct fixture *f = *state;
	struct matter_decision d;
	struct authored a;
	struct record r;
	char word[64];

	test_store_join(&f->s, "H01");
	test_store_admit(&f->s, "", "org", "V1", "H01",
	    json_pack("{s:s, s:s, s:s}", "name", "村", "level", "village",
	        "parent_org_id", "ref:H01"));
	two_phones(f, &a);
	word_of(f, 1, word);
	assert_int_equal(decide(f, word, &d), ERR_OK);
	test_store_record(&f->s, a.record.source, "resident", a.record.ref, &r);
	assert_string_equal(r.org, "H01");
	record_clear(&r);
}

/* --- who wrote as the managing org without being it ---------------------- */

/* A change of another node's, as it is merged at the hub; takes fields. */
static struct change_id
arrive(struct fixture *f, const struct identity *record, uint64_t seq,
    const struct change_id *seen, const char *org, bool managing,
    json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	struct buffer body = {0};
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	memset(c.id.life, 0x55, sizeof c.id.life);
	c.id.class = 2;
	c.id.seq = seq;
	c.record = *record;
	if (seen != NULL) {
		c.parent_count = 1;
		c.parents[0].id = *seen;
	}
	snprintf(c.by, sizeof c.by, "S2");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = TEST_NOW + 60;
	c.managing = managing;
	c.fields = fields;
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 0, seq, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &self, &c, seq), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	buffer_wipe(&body);
	change_clear(&c);
	return id;
}

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
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
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
	    json_pack("{s:s, s:s}", "phone", "222", "ethnic", "回族"));
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
	arrive(f, &his, 2, &first, "V2", true, phone("222"));
	assert_int_equal(decide(f, "keep", &d), ERR_OK);
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

/* --- ids ----------------------------------------------------------------- */

static void
test_ids_read_back(void **state)
{
	struct change_id id = {.class = 2, .seq = 1234567}, again;
	char text[48];

	memset(id.life, 0xa5, sizeof id.life);
	matter_change_id(&id, text);
	assert_int_equal(matter_change_parse(text, &again), ERR_OK);
	assert_int_equal(change_id_compare(&id, &again), 0);
	matter_change_word(&id, text);
	assert_string_equal(text, "a5a5-2-1234567");
	assert_int_equal(matter_change_parse(text, &again), ERR_FORMAT);
	assert_int_equal(matter_change_parse("", &again), ERR_FORMAT);
	assert_int_equal(
	    matter_change_parse("a5a5a5a5a5a5a5a5-2-1x", &again), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_both_values_are_shown_side_by_side),
	    CLINIC(test_who_has_seen_both_ends_it),
	    CLINIC(test_equal_values_are_no_conflict),
	    CLINIC(test_the_other_value_is_chosen),
	    CLINIC(test_what_is_shown_is_chosen),
	    CLINIC(test_two_fields_are_two_matters),
	    CLINIC(test_a_number_that_differs_is_asked_about),
	    CLINIC(test_what_cannot_be_decided_so),
	    CLINIC(test_versions_of_a_visit_stay_until_one_is_chosen),
	    CLINIC(test_undoing_brings_back_what_was_and_asks_again),
	    CLINIC(test_undoing_leaves_what_was_written_since),
	    CLINIC(test_only_the_managing_org_decides),
	    HUB(test_the_group_decides_everything),
	    HUB(test_any_order_leaves_the_same_questions),
	    HUB(test_a_claim_that_was_none_is_set_aside),
	    HUB(test_what_is_set_aside_counts_for_nothing),
	    HUB(test_a_claim_may_be_let_stand),
	    HUB(test_claims_that_are_right_are_not_asked_about),
	    cmocka_unit_test(test_ids_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
