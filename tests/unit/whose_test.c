/* whose: at the hub, whether what was written while a link stood is asked about
 * does not depend on what came first: the link, its undoing, the record and its
 * amendments, or the residents that it and the link name; nor on which version
 * of the hub took it.
 */

#include "tests/unit/entitled_room.h"

#include "store/linked.h"

static void
tell_resident(struct fixture *f, const char *source, uint64_t n, uint64_t seq)
{
	struct identity who = named_in("resident", source, n);

	arrive(f, &who, n * 10 + seq, NULL, "V1", true, given_to("V1"));
}

static json_t *
link_fields(uint64_t n)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "state", "linked",
	    "resident_id", ref_in("resident", n), "other_id",
	    ref_in("resident", n), "resident_source", "his", "other_source",
	    "b", "basis", "by_hand");
}

/* kind's record names the resident of history n; of which program is told by
 * its source. */
static void
tell_fact(struct fixture *f, const char *source, const char *kind, uint64_t n,
    uint64_t seq)
{
	struct identity fact = named_in(kind, source, n);

	arrive(f, &fact, n * 10 + seq, NULL, "V1", false,
	    json_pack("{s:s, s:o}", "state", "signed", "resident_id",
	        ref_in("resident", n)));
}

static void
tell_link(struct fixture *f, uint64_t n, uint64_t seq)
{
	struct identity link = named_in("link", "his", n);
	struct change_id linked = id_in(n, 1);

	if (seq == 1)
		arrive(f, &link, n * 10 + 1, NULL, "V1", false, link_fields(n));
	else
		arrive(f, &link, n * 10 + 2, &linked, "V1", false,
		    json_pack("{s:s}", "state", "undone"));
}

static void
tell(struct fixture *f, uint64_t n, unsigned part)
{
	if (part <= 2)
		tell_link(f, n, part);
	else if (part == 3)
		tell_fact(f, "his", "encounter", n, 3);
	else
		tell_resident(f, "his", n, 4);
}

static void
test_a_visit_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell, FINDING_WHOSE, 1);
}

/* What grants its orgs something is a fact as well. */
static void
tell_referral(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 3)
		tell_fact(f, "his", "referral", n, 3);
	else
		tell(f, n, part);
}

static void
test_a_referral_is_asked_about_in_any_order(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_referral, FINDING_WHOSE, 1);
}

/* A third program's record means its own resident, or, while that is the only
 * one of its ref, another's: with two of them nobody. */
static void
tell_second(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 1) {
		tell_link(f, n, 1);
		tell_link(f, n, 2);
	} else if (part == 2)
		tell_fact(f, "c", "encounter", n, 3);
	else if (part == 3)
		tell_resident(f, "his", n, 4);
	else
		tell_resident(f, "d", n, 5);
}

static void
test_who_means_one_of_two_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_second, FINDING_WHOSE, 0);
}

/* A second one of its own program: then that is meant, which was linked to
 * nobody. */
static void
tell_own(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 4)
		tell_resident(f, "c", n, 5);
	else
		tell_second(f, n, part);
}

static void
test_who_means_his_own_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_own, FINDING_WHOSE, 0);
}

/* What was decided is not asked again where another bearer of the ref comes,
 * or another word that the link is undone. */
static void
test_what_was_decided_is_not_asked_again(void **state)
{
	struct fixture *f = *state;
	struct identity link = named_in("link", "his", 1);
	struct change_id linked = id_in(1, 1);
	struct matter_decision d;

	test_store_join(&f->s, "H01");
	for (unsigned part = 1; part <= 4; part++)
		tell(f, 1, part);
	tell_resident(f, "b", 1, 5);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
	assert_int_equal(waiting(f), 1);
	assert_int_equal(decide(f, "r1", &d), ERR_OK);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	tell_resident(f, "d", 1, 6);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	arrive(f, &link, 19, &linked, "V1", false,
	    json_pack("{s:s}", "state", "undone"));
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	assert_int_equal(undo(f, d.made.ref), ERR_OK);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
}

/* --- what was decided ---------------------------------------------------- */

static struct identity
question_in(uint64_t n)
{
	return named_in("question", "his", n);
}

static void
tell_over(struct fixture *f, uint64_t n)
{
	tell_link(f, n, 1);
	tell_link(f, n, 2);
}

static void
tell_visit(struct fixture *f, uint64_t n)
{
	tell_resident(f, "his", n, 4);
	tell_fact(f, "his", "encounter", n, 3);
}

/* Somebody says that the record stays where it is. */
static void
tell_decision(struct fixture *f, uint64_t n)
{
	struct identity question = question_in(n);
	struct identity link = named_in("link", "his", n);

	arrive(f, &question, n * 10 + 5, NULL, "V1", false,
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "state",
	        "decided", "code", "whose", "about_source", "his", "about_kind",
	        "encounter", "about_ref", named_in("encounter", "his", n).ref,
	        "about_field", json_sprintf("%s@his", link.ref), "decision",
	        "stays", "resident_id", ref_in("resident", n)));
}

static void
tell_decided(struct fixture *f, uint64_t n, unsigned part)
{
	if (part <= 2)
		tell_link(f, n, part);
	else if (part == 3)
		tell_visit(f, n);
	else
		tell_decision(f, n);
}

/* As what a restored hub had written comes back to it. */
static void
test_a_decision_counts_whenever_it_comes(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_decided, FINDING_WHOSE, 0);
}

/* What takes a decision back; takes fields. */
static void
tell_taken_back(struct fixture *f, uint64_t n, unsigned part, json_t *fields)
{
	struct identity question = question_in(n);
	struct change_id decision = id_in(n, 5);

	if (part == 4)
		arrive(f, &question, n * 10 + 6, &decision, "H01", false,
		    json_incref(fields));
	else if (part == 3)
		tell_decision(f, n);
	else if (part == 2)
		tell_visit(f, n);
	else
		tell_over(f, n);
	json_decref(fields);
}

static void
tell_undone(struct fixture *f, uint64_t n, unsigned part)
{
	tell_taken_back(f, n, part, json_pack("{s:s}", "state", "undone"));
}

static void
test_what_is_undone_is_asked_whenever_that_comes(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_undone, FINDING_WHOSE, 1);
}

static json_t *
setting_aside(const struct change_id *id)
{
	char text[48];

	matter_change_id(id, text);
	return json_pack("{s:[s]}", "set_aside", text);
}

static void
tell_set_aside(struct fixture *f, uint64_t n, unsigned part)
{
	struct change_id decision = id_in(n, 5);

	tell_taken_back(f, n, part, setting_aside(&decision));
}

static void
test_what_is_set_aside_decides_nothing(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_set_aside, FINDING_WHOSE, 1);
}

/* The word that the link is undone is: then the link stands. */
static void
tell_standing(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity link = named_in("link", "his", n);
	struct change_id undone = id_in(n, 2);

	if (part == 4)
		arrive(f, &link, n * 10 + 7, &undone, "H01", false,
		    setting_aside(&undone));
	else if (part == 3)
		tell_visit(f, n);
	else
		tell_link(f, n, part);
}

static void
test_of_a_link_that_stands_nothing_is_asked(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_standing, FINDING_WHOSE, 0);
}

/* Both entries of a link have one ref, as two programs may call them. */
static void
tell_both(struct fixture *f, uint64_t n, unsigned part)
{
	if (part == 1)
		tell_over(f, n);
	else if (part == 2)
		tell_fact(f, "his", "encounter", n, 3);
	else
		tell_resident(f, part == 3 ? "his" : "b", n, part + 1);
}

static void
test_both_entries_may_have_one_ref(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_both, FINDING_WHOSE, 1);
}

/* --- what a later change says --------------------------------------------- */

static json_t *
filed_with(uint64_t n)
{
	return json_pack("{s:o}", "resident_id", ref_in("resident", n));
}

/* Of somebody whom no link names. */
static uint64_t
stranger_to(uint64_t n)
{
	return n + 1000;
}

static void
tell_people(struct fixture *f, uint64_t n)
{
	tell_resident(f, "his", n, 4);
	tell_resident(f, "his", stranger_to(n), 4);
}

/* A record about the one, which the change of this number files with the other.
 */
static void
tell_refiled(
    struct fixture *f, uint64_t n, unsigned part, uint64_t from, uint64_t to)
{
	struct identity visit = named_in("encounter", "his", n);
	struct change_id first = id_in(n, 3);

	if (part == 1)
		tell_over(f, n);
	else if (part == 2)
		tell_people(f, n);
	else if (part == 3)
		arrive(
		    f, &visit, n * 10 + 3, NULL, "V1", false, filed_with(from));
	else
		arrive(
		    f, &visit, n * 10 + 5, &first, "V1", false, filed_with(to));
}

static void
tell_filed_late(struct fixture *f, uint64_t n, unsigned part)
{
	tell_refiled(f, n, part, stranger_to(n), n);
}

static void
test_what_a_later_change_files_there_is_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_filed_late, FINDING_WHOSE, 1);
}

static void
tell_filed_away(struct fixture *f, uint64_t n, unsigned part)
{
	tell_refiled(f, n, part, n, stranger_to(n));
}

static void
test_what_a_later_change_files_elsewhere_is_not(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_filed_away, FINDING_WHOSE, 0);
}

/* The group sets the later change aside. */
static void
tell_not_filed(struct fixture *f, uint64_t n, unsigned part)
{
	struct identity visit = named_in("encounter", "his", n);
	struct change_id filing = id_in(n, 5);

	if (part == 1) {
		tell_over(f, n);
		tell_people(f, n);
	} else if (part == 4) {
		arrive(f, &visit, n * 10 + 6, &filing, "H01", false,
		    setting_aside(&filing));
	} else {
		tell_filed_late(f, n, part == 2 ? 3 : 4);
	}
}

static void
test_what_is_set_aside_files_nothing(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_not_filed, FINDING_WHOSE, 0);
}

/* A visit of some time, amended a day after the link was undone. */
static void
tell_amended(struct fixture *f, uint64_t n, unsigned part, int64_t at)
{
	struct identity visit = named_in("encounter", "his", n);
	struct change_id first = id_in(n, 3);

	if (part <= 2)
		tell_refiled(f, n, part, n, n);
	else if (part == 3)
		arrive_at(f, &visit, n * 10 + 3, NULL, "V1", false, at,
		    filed_with(n));
	else
		arrive_at(f, &visit, n * 10 + 5, &first, "V1", false,
		    TEST_NOW + 86400, json_pack("{s:s}", "plan", "x"));
}

static void
tell_amended_since(struct fixture *f, uint64_t n, unsigned part)
{
	tell_amended(f, n, part, TEST_NOW + 60);
}

static void
test_an_amendment_since_spares_no_question(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_amended_since, FINDING_WHOSE, 1);
}

static void
tell_never_then(struct fixture *f, uint64_t n, unsigned part)
{
	tell_amended(f, n, part, TEST_NOW);
}

static void
test_what_was_written_before_and_after_is_not_asked_about(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	in_any_order(f, tell_never_then, FINDING_WHOSE, 0);
}

/* --- a hub that was older --------------------------------------------------
 */

/* Rows of codes under this name were not there. */
static void
forget(struct fixture *f, const uint8_t *name, size_t name_bytes)
{
	struct txn *t = test_store_write(&f->s);
	struct buffer row = {0};
	struct bytes key;
	struct walk *w;
	size_t count = 0;

	for (;; count++) {
		bool has;

		assert_int_equal(
		    walk_open(t, TABLE_CODES, name, name_bytes, &w), ERR_OK);
		has = walk_next(w, &key, NULL) == ERR_OK &&
		      key.size >= name_bytes &&
		      memcmp(key.data, name, name_bytes) == 0;
		buffer_drop(&row, row.size);
		if (has)
			put_bytes(&row, key.data, key.size);
		walk_close(w);
		if (!has)
			break;
		assert_int_equal(
		    txn_delete(t, TABLE_CODES, row.data, row.size), ERR_OK);
	}
	assert_true(count > 0);
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_free(&row);
}

static void
forget_blind(struct fixture *f, const char *label, const struct buffer *data)
{
	uint8_t name[DB_BLIND_BYTES];

	db_blind(f->s.db, label, data->data, data->size, name);
	forget(f, name, sizeof name);
}

/* The link as a question tells it. */
static void
link_word_of(uint64_t n, char out[64])
{
	snprintf(out, 64, "%.50s@his", named_in("link", "his", n).ref);
}

static void
forget_decided(struct fixture *f, uint64_t n)
{
	struct buffer text = {0};
	char link[64];

	link_word_of(n, link);
	put_text(&text, "his");
	put_text(&text, "encounter");
	put_text(&text, named_in("encounter", "his", n).ref);
	put_text(&text, link);
	forget_blind(f, "whose-decided", &text);
	buffer_free(&text);
}

static void
forget_link(struct fixture *f, uint64_t n)
{
	static const char undone[] = "a link was undone";
	struct identity who = named_in("resident", "his", n);
	uint8_t entry[KEY_RECORD_BYTES];
	struct buffer data = {0};

	key_record(f->s.db, entry, &who);
	put_bytes(&data, entry, sizeof entry);
	forget_blind(f, "links-of", &data);
	buffer_free(&data);
	forget(f, (const uint8_t *)undone, sizeof undone);
}

/* What waits about the visit of this history, or waits no more. */
static void
set_waiting(struct fixture *f, uint64_t n, bool waits)
{
	struct identity visit = named_in("encounter", "his", n);
	struct txn *t = test_store_write(&f->s);
	struct question q;
	char link[64];

	link_word_of(n, link);
	matter_question(&visit, FINDING_WHOSE, link, TEST_NOW, &q);
	assert_int_equal(
	    waits ? question_put(t, &q) : question_drop(t, &q), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
start(struct fixture *f)
{
	test_store_reopen(&f->s);
	assert_int_equal(store_begin_life(f->s.store, TEST_NOW), ERR_OK);
}

/* Then it had no row, and was asked again. */
static void
test_what_an_older_hub_decided_is_decided(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	for (unsigned part = 1; part <= 4; part++)
		tell_decided(f, 1, part);
	forget_decided(f, 1);
	set_waiting(f, 1, true);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
	start(f);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	/* Nor by what comes later. */
	arrive(f,
	    &(struct identity){.source = "his", .kind = "link", .ref = "l1"},
	    19, NULL, "V1", false, json_pack("{s:s}", "state", "undone"));
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
}

static void
test_what_an_older_hub_did_not_ask_is_asked(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	for (unsigned part = 1; part <= 4; part++)
		tell_filed_late(f, 1, part);
	set_waiting(f, 1, false);
	forget_link(f, 1);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	start(f);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
	/* What is decided since is not asked at the next start. */
	tell_decision(f, 1);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	start(f);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
	/* And what comes late is held against the link again. */
	tell_fact(f, "his", "referral", 1, 7);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
}

/* What was asked of a record that is elsewhere now, and of one whose decision
 * was undone. */
static void
test_what_an_older_hub_left_waiting_follows_from_the_records(void **state)
{
	struct fixture *f = *state;

	test_store_join(&f->s, "H01");
	for (unsigned part = 1; part <= 4; part++)
		tell_filed_away(f, 1, part);
	for (unsigned part = 1; part <= 4; part++)
		tell_undone(f, 2, part);
	set_waiting(f, 1, true);
	set_waiting(f, 2, false);
	start(f);
	assert_int_equal(asked(f, FINDING_WHOSE), 1);
	set_waiting(f, 2, false);
	assert_int_equal(asked(f, FINDING_WHOSE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HUB(test_a_visit_is_asked_about_in_any_order),
	    HUB(test_a_referral_is_asked_about_in_any_order),
	    HUB(test_who_means_one_of_two_is_not_asked_about),
	    HUB(test_who_means_his_own_is_not_asked_about),
	    HUB(test_what_was_decided_is_not_asked_again),
	    HUB(test_a_decision_counts_whenever_it_comes),
	    HUB(test_what_is_undone_is_asked_whenever_that_comes),
	    HUB(test_what_is_set_aside_decides_nothing),
	    HUB(test_of_a_link_that_stands_nothing_is_asked),
	    HUB(test_both_entries_may_have_one_ref),
	    HUB(test_what_a_later_change_files_there_is_asked_about),
	    HUB(test_what_a_later_change_files_elsewhere_is_not),
	    HUB(test_what_is_set_aside_files_nothing),
	    HUB(test_an_amendment_since_spares_no_question),
	    HUB(test_what_was_written_before_and_after_is_not_asked_about),
	    HUB(test_what_an_older_hub_decided_is_decided),
	    HUB(test_what_an_older_hub_did_not_ask_is_asked),
	    HUB(test_what_an_older_hub_left_waiting_follows_from_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
