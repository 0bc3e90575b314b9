/* matter_room: what met, decided and undone, for tests of matters. */

#ifndef YIZHAN_TESTS_UNIT_MATTER_ROOM_H
#define YIZHAN_TESTS_UNIT_MATTER_ROOM_H

#include "tests/unit/import_room.h"

#include "store/matter.h"

/* --- two who did not know of each other ---------------------------------- */

static inline json_t *
person(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "张伟", "sex",
	    "1", "no_id_reason", "lost", "managing_org_id", "ref:V1", "phone",
	    "100");
}

static inline void
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
static inline struct change_id
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

static inline json_t *
phone(const char *number)
{
	return json_pack("{s:s}", "phone", number);
}

static inline void
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

static inline size_t
waiting(struct fixture *f)
{
	return questions(f, QUESTION_MATTER).count;
}

/* Both phones, A's with the lower id. */
static inline void
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

static inline enum err
decide(struct fixture *f, const char *choice, struct matter_decision *d)
{
	*d = (struct matter_decision){
	    .number = questions(f, QUESTION_MATTER).last.number,
	    .choice = choice,
	    .now = TEST_NOW + 120};
	return test_store_decide(&f->s, d);
}

static inline enum err
undo(struct fixture *f, const char *ref)
{
	struct matter_decision d = {.ref = ref, .now = TEST_NOW + 180};

	return test_store_decide(&f->s, &d);
}

/* The word of choice n of what waits. */
static inline void
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

#endif
