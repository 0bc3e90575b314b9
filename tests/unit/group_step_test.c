/* group_step: what is the group's to say of a state, and what was seen already
 * is not said again.
 */

#include "tests/unit/matter_room.h"

#include "store/admit.h"
#include "store/matter_pen.h"
#include "store/merge.h"
#include "store/question.h"

static json_t *
in_state(const char *state)
{
	return json_pack("{s:s}", "state", state);
}

static struct authored
amended(struct fixture *f, const struct authored *a, json_t *fields)
{
	struct txn *t = test_store_write(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	struct authored made;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	key_record(f->s.db, key, &a->record);
	assert_int_equal(
	    author_amend(t, &self, key, "S1", "V1", fields, TEST_NOW, &made),
	    ERR_OK);
	json_decref(fields);
	assert_int_equal(txn_commit(t), ERR_OK);
	return made;
}

/* As it stands in the store; the caller clears it. */
static void
written(struct fixture *f, const struct change_id *id, struct change *c)
{
	struct txn *t = test_store_read(&f->s);
	struct stored s;

	stored_init(&s);
	change_init(c);
	c->id = *id;
	assert_int_equal(stored_read(t, id, &s), ERR_OK);
	assert_int_equal(change_decode(c, s.body.data, s.body.size), ERR_OK);
	stored_free(&s);
	txn_abort(t);
}

static bool
has_seen(const struct change *c, const struct change_id *id)
{
	for (size_t i = 0; i < c->parent_count; i++)
		if (change_id_compare(&c->parents[i].id, id) == 0)
			return true;
	return false;
}

/* --- on forms --------------------------------------------------------------
 */

/* Of whom the group confirmed, two changed the phone. */
static struct change_id
confirmed_with_two_phones(struct fixture *f, struct authored *a)
{
	struct change_id seen;

	found(f, "resident", person(), a);
	seen = follow(f, a, &a->id, "H01", in_state("confirmed"));
	follow(f, a, &seen, "V2", phone("222"));
	return follow(f, a, &seen, "V1", phone("111"));
}

static void
test_a_form_settles_without_the_groups_state(void **state)
{
	struct fixture *f = *state;
	struct authored a, made;
	struct change c;

	confirmed_with_two_phones(f, &a);
	made = amended(f, &a,
	    json_pack("{s:s, s:s}", "state", "confirmed", "phone", "222"));
	written(f, &made.id, &c);
	assert_null(json_object_get(c.fields, "state"));
	assert_string_equal(text_in(c.fields, "phone"), "222");
	assert_int_equal(c.parent_count, 2);
	change_clear(&c);
	shows(f, &a, "phone", "222");
	shows(f, &a, "state", "confirmed");
	assert_int_equal(waiting(f), 0);
}

/* It is not taken, for whatever reason. */
static void
comes_back(struct fixture *f, const struct change_id *id)
{
	struct question q = {.type = QUESTION_RETURNED,
	    .code = FINDING_GROUP_ONLY_STATE,
	    .at = TEST_NOW,
	    .id = *id};
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(question_put(t, &q), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* Whoever never sees what came back still sees what its author had seen. */
static void
test_what_follows_one_that_came_back_follows_what_that_saw(void **state)
{
	struct fixture *f = *state;
	struct authored a, one, two, three;
	struct change_id side;
	struct change c, first;

	side = confirmed_with_two_phones(f, &a);
	one = amended(f, &a, phone("333"));
	written(f, &one.id, &first);
	assert_int_equal(first.parent_count, 2);
	assert_true(has_seen(&first, &side));
	comes_back(f, &one.id);
	two = amended(f, &a, phone("444"));
	written(f, &two.id, &c);
	assert_int_equal(c.parent_count, 3);
	assert_true(has_seen(&c, &one.id));
	assert_true(has_seen(&c, &first.parents[0].id));
	assert_true(has_seen(&c, &first.parents[1].id));
	change_clear(&c);
	/* One after the other. */
	comes_back(f, &two.id);
	three = amended(f, &a, phone("555"));
	written(f, &three.id, &c);
	assert_int_equal(c.parent_count, 4);
	assert_true(has_seen(&c, &two.id));
	assert_true(has_seen(&c, &first.parents[0].id));
	assert_true(has_seen(&c, &first.parents[1].id));
	change_clear(&c);
	/* What was taken is followed alone. */
	two = amended(f, &a, phone("666"));
	written(f, &two.id, &c);
	assert_int_equal(c.parent_count, 1);
	change_clear(&c);
	change_clear(&first);
}

/* So does a line of a program, behind the line before it. */
static void
test_a_line_after_one_that_came_back_follows_what_that_saw(void **state)
{
	struct fixture *f = *state;
	struct change first, second, third;

	give(f, RESIDENT("08:00:00", ",\"phone\":\"1\""));
	last_change(f, 2, &first);
	give(f, RESIDENT("09:00:00", ",\"phone\":\"2\""));
	last_change(f, 2, &second);
	comes_back(f, &second.id);
	give(f, RESIDENT("10:00:00", ",\"phone\":\"3\""));
	last_change(f, 2, &third);
	assert_int_equal(third.parent_count, 2);
	assert_int_equal(
	    change_id_compare(&third.parents[0].id, &second.id), 0);
	assert_true(has_seen(&third, &first.id));
	give(f, RESIDENT("11:00:00", ",\"phone\":\"3\""));
	assert_counts(f, 0, 0, 1, 0);
	change_clear(&third);
	change_clear(&second);
	change_clear(&first);
}

static void
fingerprint_of(
    struct fixture *f, const struct change_id *id, uint8_t fingerprint[8])
{
	struct txn *t = test_store_read(&f->s);
	struct stored s;

	stored_init(&s);
	assert_int_equal(stored_read(t, id, &s), ERR_OK);
	assert_int_not_equal(s.fingerprint, 0);
	store_u64(fingerprint, s.fingerprint);
	stored_free(&s);
	txn_abort(t);
}

/* In the next life what its author saw in the one before needs a link. */
static void
test_what_follows_in_the_next_life_has_links(void **state)
{
	struct fixture *f = *state;
	struct authored a, one, two;
	uint8_t fingerprint[8];
	struct self self;
	struct change c;
	struct txn *t;

	test_store_join(&f->s, "V1");
	found(f, "resident", person(), &a);
	one = amended(f, &a, phone("333"));
	comes_back(f, &one.id);
	fingerprint_of(f, &a.id, fingerprint);
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(self_new_life(t, &self, TEST_NOW), ERR_OK);
	self_wipe(&self);
	assert_int_equal(txn_commit(t), ERR_OK);
	two = amended(f, &a, phone("444"));
	written(f, &two.id, &c);
	assert_int_equal(c.parent_count, 2);
	assert_int_equal(change_id_compare(&c.parents[1].id, &a.id), 0);
	assert_memory_equal(
	    c.parents[1].link, fingerprint, FINGERPRINT_LINK_BYTES);
	change_clear(&c);
}

/* Under another number it says of what its author had seen what it said. */
static void
test_what_is_written_again_sees_no_more(void **state)
{
	struct fixture *f = *state;
	struct authored a, one, two;
	struct change c;
	struct self self;
	struct txn *t;

	found(f, "resident", person(), &a);
	one = amended(f, &a, phone("333"));
	two = amended(f, &a, phone("444"));
	comes_back(f, &one.id);
	written(f, &two.id, &c);
	t = test_store_write(&f->s);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(admit_again(t, &self, &c, 2), ERR_OK);
	assert_int_equal(c.parent_count, 1);
	c.id = two.id;
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	assert_int_equal(c.parent_count, 2);
	txn_abort(t);
	change_clear(&c);
}

/* --- as it comes in --------------------------------------------------------
 */

/* What becomes of V1's word about it, who has seen one change. */
static enum finding_code
judged(struct fixture *f, const struct identity *record,
    const struct change_id *seen, json_t *fields)
{
	struct cert author = {.role = ROLE_CLINIC, .org_count = 1};
	struct txn *t = test_store_read(&f->s);
	enum finding_code code;
	struct change c;

	snprintf(author.orgs[0], sizeof author.orgs[0], "V1");
	change_init(&c);
	memset(c.id.life, 0x55, sizeof c.id.life);
	c.id.class = 2;
	c.id.seq = 1;
	c.record = *record;
	c.parent_count = 1;
	c.parents[0].id = *seen;
	snprintf(c.by, sizeof c.by, "S2");
	snprintf(c.org, sizeof c.org, "V1");
	c.fields = fields;
	code = admit_judge(t, &c, &author);
	change_clear(&c);
	txn_abort(t);
	return code;
}

static json_t *
confirmed_and(const char *number)
{
	return json_pack("{s:s, s:s}", "state", "confirmed", "phone", number);
}

static void
test_a_state_that_was_seen_is_no_step(void **state)
{
	struct fixture *f = *state;
	struct change_id confirmed, later;
	struct authored a;

	test_store_join(&f->s, "H01");
	found(f, "resident", person(), &a);
	assert_int_equal(judged(f, &a.record, &a.id, confirmed_and("333")),
	    FINDING_GROUP_ONLY_STATE);
	confirmed = follow(f, &a, &a.id, "H01", in_state("confirmed"));
	later = follow(f, &a, &confirmed, "V1", phone("111"));
	assert_int_equal(
	    judged(f, &a.record, &later, confirmed_and("333")), FINDING_NONE);
	assert_int_equal(
	    judged(f, &a.record, &confirmed, confirmed_and("3")), FINDING_NONE);
	/* He had not heard of it, whatever it is by now. */
	assert_int_equal(judged(f, &a.record, &a.id, confirmed_and("333")),
	    FINDING_GROUP_ONLY_STATE);
}

/* Or who saw it would bring it back. */
static void
test_a_state_that_was_set_aside_is_a_step(void **state)
{
	struct fixture *f = *state;
	struct change_id confirmed, later;
	struct authored a;
	char id[48];

	test_store_join(&f->s, "H01");
	found(f, "resident", person(), &a);
	confirmed = follow(f, &a, &a.id, "H01", in_state("confirmed"));
	later = follow(f, &a, &confirmed, "V1", phone("111"));
	matter_change_id(&confirmed, id);
	follow(f, &a, &confirmed, "H01",
	    json_pack("{s:[s]}", MERGE_SET_ASIDE, id));
	assert_int_equal(judged(f, &a.record, &later, confirmed_and("333")),
	    FINDING_GROUP_ONLY_STATE);
}

/* What it decided of a contract the group may undo: no site says it again. */
static void
test_what_may_be_undone_is_said_by_the_group_alone(void **state)
{
	struct fixture *f = *state;
	struct record r;

	test_store_join(&f->s, "H01");
	test_store_admit(&f->s, "his", "contract", "K1", "V1",
	    json_pack(
	        "{s:s, s:s}", "state", "active", "resident_id", "ref:R1"));
	test_store_record(&f->s, "his", "contract", "K1", &r);
	assert_string_equal(text_in(r.fields, "state"), "active");
	assert_int_equal(judged(f, &r.id, &r.head, in_state("active")),
	    FINDING_GROUP_ONLY_STATE);
	record_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLINIC(test_a_form_settles_without_the_groups_state),
	    CLINIC(test_what_follows_one_that_came_back_follows_what_that_saw),
	    CLINIC(test_a_line_after_one_that_came_back_follows_what_that_saw),
	    CLINIC(test_what_follows_in_the_next_life_has_links),
	    CLINIC(test_what_is_written_again_sees_no_more),
	    HUB(test_a_state_that_was_seen_is_no_step),
	    HUB(test_a_state_that_was_set_aside_is_a_step),
	    HUB(test_what_may_be_undone_is_said_by_the_group_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
