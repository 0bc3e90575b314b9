/* contract_begun: a contract that two organisations say they began: what the
 * group says of it meanwhile, and in whose name.
 */

#include "tests/unit/contract_word_room.h"

#include "store/contest_stand.h"

/* --- the room --------------------------------------------------------------
 */

static void
place_org(struct fixture *f, const char *ref)
{
	test_store_admit(&f->s, "", "org", ref, "H01",
	    json_pack("{s:s, s:s, s:s}", "name", ref, "level", "township",
	        "parent_org_id", "ref:H01"));
}

static void
place(struct fixture *f, const char *managing)
{
	place_org(f, "C01");
	place_org(f, "C02");
	test_store_admit(&f->s, "his", "resident", "R1", managing,
	    json_pack("{s:s, s:o}", "name", "x", "managing_org_id",
	        json_sprintf("ref:%s", managing)));
}

static json_t *
signed_on(const char *day)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s}]}",
	    "state", "signed", "resident_id", "ref:R1", "signed_on", day,
	    "start_on", day, "end_on", "2027-05-31", "team_id", "ref:T1",
	    "resident_signature", "paper", "packages", "code", "BASIC");
}

/* By C01 and, as if it knew nothing of that, by C02, under the lower id. */
static void
begin_twice(struct fixture *f, const char *ref, const char *day)
{
	sent_by_c02(f, SENT(ref, .is_new = true, .org = "C01"), signed_on(day));
	sent_by_c02(f, SENT(ref, .is_new = true), signed_on(day));
}

/* How often the machine spoke of a contract, in the name of an org. */
static size_t
words_of(struct fixture *f, const char *ref, const char *org)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(&f->s);
	struct record_set set;
	size_t i, count = 0;

	key_record_of(f->s.db, key, "his", "contract", ref);
	assert_int_equal(record_gather(t, key, 512, &set), ERR_OK);
	for (i = 0; i < set.count; i++)
		count += strcmp(set.change[i].by, CONTEST_AUTHOR) == 0 &&
		         strcmp(set.change[i].org, org) == 0;
	record_set_free(&set);
	txn_abort(t);
	return count;
}

static void
end_it(struct fixture *f)
{
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack(
	        "{s:s, s:s}", "state", "ending", "end_reason", "resident"));
	assert_shown(f, "KA", "state", "terminated");
}

/* --- in whose name ---------------------------------------------------------
 */

/* What is said in an org's name stands on its list for good. */
static void
test_what_is_in_doubt_is_said_in_nobodys_name(void **state)
{
	struct fixture *f = *state;

	place(f, "C01");
	begin_twice(f, "KA", "2026-04-03");
	assert_int_equal(words_of(f, "KA", "C01"), 1); /* before the second */
	end_it(f);
	assert_int_equal(words_of(f, "KA", "C02"), 0);
	assert_int_equal(words_of(f, "KA", "C01"), 1);
	assert_int_equal(words_of(f, "KA", "H01"), 1);
}

struct begun_by {
	uint8_t life; /* its first byte */
	uint64_t number;
};

static enum err
see_begun(void *context, const struct question *q)
{
	struct begun_by *b = context;
	struct change_id id;

	if (q->code == FINDING_BEGUN_TWICE &&
	    matter_change_parse(q->field, &id) == ERR_OK &&
	    id.life[0] == b->life)
		b->number = q->number;
	return ERR_OK;
}

static void
set_aside_what_c02_began(struct fixture *f)
{
	struct begun_by b = {.life = 0x55};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, see_begun, &b), ERR_OK);
	txn_abort(t);
	decide_number(f, b.number, "set-aside", NULL);
}

static void
test_once_it_is_decided_it_is_the_first_ones(void **state)
{
	struct fixture *f = *state;

	place(f, "C01");
	begin_twice(f, "KA", "2026-04-03");
	set_aside_what_c02_began(f);
	end_it(f);
	assert_int_equal(words_of(f, "KA", "C02"), 0);
	assert_int_equal(words_of(f, "KA", "H01"), 0);
	assert_int_equal(words_of(f, "KA", "C01"), 2);
}

/* R2 is of the same household, and with another team. */
static void
test_nor_is_with_whom_it_is_of_one_household(void **state)
{
	struct fixture *f = *state;
	json_t *fields[3];
	struct record r;
	size_t i;

	place(f, "C01");
	test_store_admit(&f->s, "his", "resident", "R2", "C01",
	    json_pack("{s:s, s:s}", "name", "y", "managing_org_id", "ref:C01"));
	for (i = 0; i < 3; i++) {
		fields[i] = signed_on("2026-04-03");
		json_object_set_new(
		    fields[i], "household_no", json_string("01"));
		json_object_set_new(fields[i], "team_id",
		    json_string(i < 2 ? "ref:T1" : "ref:T2"));
	}
	json_object_set_new(fields[2], "resident_id", json_string("ref:R2"));
	sent_by_c02(f, SENT("KA", .is_new = true), fields[0]);
	sent_by_c02(f, SENT("KA", .is_new = true, .org = "C01"), fields[1]);
	i = words_of(f, "KA", "C02"); /* before the second */
	sent_by_c02(f, SENT("KC", .is_new = true, .org = "C01"), fields[2]);
	test_store_record(&f->s, "his", "contract", "KA", &r);
	assert_int_equal(
	    json_array_size(json_object_get(r.fields, "household_with")), 1);
	record_clear(&r);
	assert_int_equal(words_of(f, "KA", "C02"), i);
	assert_int_equal(words_of(f, "KA", "H01"), 1);
}

/* Whatever a person decides of it meanwhile. */
static void
test_nor_is_what_a_person_says_of_it(void **state)
{
	struct fixture *f = *state;
	json_t *gone = json_pack("{s:s, s:s, s:s, s:s}", "state", "confirmed",
	    "resident_id", "ref:R1", "to_org", "ref:C03", "moved_on",
	    "2026-04-20");
	uint8_t key[KEY_RECORD_BYTES];
	struct record_set set;
	struct txn *t;
	size_t i;

	place(f, "C01");
	begin_twice(f, "KA", "2026-04-03");
	test_store_admit(&f->s, "his", "move", "M1", "H01", gone);
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack("{s:s}", "choice_note", "x"));
	assert_shown(f, "KA", "state", "closed");
	test_store_admit(&f->s, "his", "move", "M1", "H01",
	    json_pack("{s:s, s:s}", "state", "undone", "reason", "x"));
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack("{s:s}", "choice_note", "y"));
	decide_of(f, FINDING_END_DOUBTED, "resume");
	assert_shown(f, "KA", "state", "active");
	t = test_store_read(&f->s);
	key_record_of(f->s.db, key, "his", "contract", "KA");
	assert_int_equal(record_gather(t, key, 512, &set), ERR_OK);
	for (i = 0; i < set.count; i++)
		if (strcmp(set.change[i].by, "S9") == 0)
			assert_string_equal(set.change[i].org, "H01");
	record_set_free(&set);
	txn_abort(t);
}

/* --- what it does not take --------------------------------------------------
 */

/* The managing org's contract counts, whoever says that it is his. */
static void
test_another_takes_no_preference(void **state)
{
	struct fixture *f = *state;

	place(f, "C01");
	begin_twice(f, "KA", "2026-04-03");
	sent_by_c02(f, SENT("KB", .is_new = true), signed_on("2026-04-01"));
	assert_shown(f, "KA", "state", "contested");
	assert_shown(f, "KB", "state", "contested");
	assert_shown(f, "KA", "holder_id", "ref:KA");
	assert_shown(f, "KB", "holder_id", "ref:KA");
}

/* He moved from C02 to C01, where he had signed before: what C02 says it began
 * ended with that no more than what C01 did. */
static void
test_another_ends_no_contract_by_a_move(void **state)
{
	struct fixture *f = *state;

	place(f, "C02");
	begin_twice(f, "KA", "2026-04-03");
	test_store_admit(&f->s, "his", "move", "M1", "H01",
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "state", "confirmed",
	        "resident_id", "ref:R1", "from_org", "ref:C02", "to_org",
	        "ref:C01", "moved_on", "2026-04-20", "reason", "x"));
	sent_by_c02(f, SENT("KA", .org = "C01"),
	    json_pack("{s:s}", "choice_note", "x"));
	assert_shown(f, "KA", "state", "active");
}

/* --- what it grants without a word of the group's ---------------------------
 */

/* By C02, which does not keep the resident's file, and by another. */
static void
begin_active_twice(struct fixture *f, const char *other)
{
	json_t *one = signed_on("2026-04-03");
	json_t *same = signed_on("2026-04-03");

	json_object_set_new(one, "state", json_string("active"));
	sent_by_c02(f, SENT("KA", .is_new = true), one);
	sent_by_c02(f, SENT("KA", .is_new = true, .org = other), same);
	assert_shown(f, "KA", "state", "active");
}

static bool
stands(struct fixture *f, const char *ref)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(&f->s);
	bool it_does;

	key_record_of(f->s.db, key, "his", "contract", ref);
	it_does = contest_stands(t, key);
	txn_abort(t);
	return it_does;
}

static void
test_what_is_over_stands_no_more(void **state)
{
	struct fixture *f = *state;

	place(f, "C01");
	place_org(f, "C03");
	begin_active_twice(f, "C03");
	assert_true(stands(f, "KA"));
	end_it(f);
	sent_by_c02(
	    f, SENT("KA"), json_pack("{s:s}", "choice_note", "looked at"));
	assert_shown(f, "KA", "state", "terminated");
	assert_false(stands(f, "KA"));
}

/* That the managing org says it began it takes nothing from who did. */
static void
test_what_is_in_doubt_stands_on(void **state)
{
	struct fixture *f = *state;

	place(f, "C01");
	begin_active_twice(f, "C01");
	sent_by_c02(
	    f, SENT("KA"), json_pack("{s:s}", "choice_note", "looked at"));
	assert_true(stands(f, "KA"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_HUB(test_what_is_in_doubt_is_said_in_nobodys_name),
	    AT_HUB(test_nor_is_with_whom_it_is_of_one_household),
	    AT_HUB(test_nor_is_what_a_person_says_of_it),
	    AT_HUB(test_once_it_is_decided_it_is_the_first_ones),
	    AT_HUB(test_another_takes_no_preference),
	    AT_HUB(test_another_ends_no_contract_by_a_move),
	    AT_HUB(test_what_is_over_stands_no_more),
	    AT_HUB(test_what_is_in_doubt_stands_on),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
