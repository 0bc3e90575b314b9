/* import_room: a store, what is given to it, and what became of that. */

#ifndef YIZHAN_TESTS_UNIT_IMPORT_ROOM_H
#define YIZHAN_TESTS_UNIT_IMPORT_ROOM_H

#include "store/author.h"
#include "store/import.h"
#include "tests/unit/test_store.h"

struct fixture {
	struct test_store s;
	struct import_counts counts; /* of the last input */
	size_t notice_count;
	struct import_notice notices[64];
};

static inline int
open_clinic(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	test_store_open(&f->s, ROLE_CLINIC);
	*state = f;
	return 0;
}

static inline int
open_hub(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	test_store_open(&f->s, ROLE_HUB);
	*state = f;
	return 0;
}

static inline int
close_store(void **state)
{
	struct fixture *f = *state;

	test_store_close(&f->s);
	free(f);
	return 0;
}

static inline void
keep_notices(struct fixture *f, struct import *im)
{
	const struct import_notice *n;
	size_t count = import_notices(im, &n), i;

	for (i = 0; i < count && f->notice_count < 64; i++)
		f->notices[f->notice_count++] = n[i];
}

static inline void
run_batch(struct fixture *f, struct import *im)
{
	struct txn *t = test_store_write(&f->s);

	assert_int_equal(import_run(im, t), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	import_committed(im);
	keep_notices(f, im);
}

static inline void
give_bytes(struct fixture *f, const char *source, const void *data, size_t size)
{
	struct import_options o = {.source = source, .now = TEST_NOW};
	const uint8_t *at = data;
	struct import *im;
	size_t taken;
	enum err e;

	f->notice_count = 0;
	assert_int_equal(import_new(&im, &o), ERR_OK);
	do {
		e = import_feed(im, at, size, &taken);
		at += taken;
		size -= taken;
		if (e == ERR_BUSY)
			run_batch(f, im);
	} while (e == ERR_BUSY);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(size, 0);
	import_finish(im);
	while (import_is_ready(im))
		run_batch(f, im);
	f->counts = *import_counts(im);
	import_free(im);
}

static inline void
give(struct fixture *f, const char *text)
{
	give_bytes(f, "his", text, strlen(text));
}

static inline void
assert_counts(const struct fixture *f, unsigned fresh, unsigned updated,
    unsigned unchanged, unsigned refused)
{
	assert_int_equal(f->counts.fresh, fresh);
	assert_int_equal(f->counts.updated, updated);
	assert_int_equal(f->counts.unchanged, unchanged);
	assert_int_equal(f->counts.refused, refused);
}

static inline void
assert_refused(struct fixture *f, const char *text, enum finding_code code)
{
	give(f, text);
	assert_counts(f, 0, 0, 0, 1);
	assert_int_equal(f->notice_count, 1);
	assert_true(f->notices[0].refused);
	assert_int_equal(f->notices[0].code, code);
}

static inline void
assert_warned(struct fixture *f, const char *text, enum finding_code code)
{
	give(f, text);
	assert_int_equal(f->counts.refused, 0);
	assert_int_equal(f->counts.warned, 1);
	assert_int_equal(f->notice_count, 1);
	assert_false(f->notices[0].refused);
	assert_int_equal(f->notices[0].code, code);
}

#define ENVELOPE(kind, ref, at, org)                                           \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref                                \
	"\",\"by\":\"ref:S1\",\"at\":\"2026-05-01T" at                         \
	"+08:00\",\"org_id\":\"ref:" org "\","
#define PERSON "\"name\":\"张伟\",\"sex\":\"1\",\"no_id_reason\":\"lost\""
#define RESIDENT(at, more)                                                     \
	ENVELOPE("resident", "R1", at, "V1") PERSON more "}\n"
#define VISIT(state, at, more)                                                 \
	ENVELOPE("encounter", "E1", at, "V1")                                  \
	"\"state\":\"" state "\",\"type\":\"phone\",\"unknown\":true,"         \
	"\"description\":\"过路人\","                                       \
	"\"visit_at\":\"2026-05-01T08:00:00+08:00\"" more "}\n"

/* The change made last in a class, decoded. */
static inline void
last_change(struct fixture *f, uint8_t class, struct change *out)
{
	struct txn *t = test_store_read(&f->s);
	struct stored stored;
	struct log_head head;
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(log_head_read(t, self.life, class, &head), ERR_OK);
	change_init(out);
	memcpy(out->id.life, self.life, LIFE_BYTES);
	out->id.class = class;
	out->id.seq = head.seq;
	stored_init(&stored);
	assert_int_equal(stored_read(t, &out->id, &stored), ERR_OK);
	assert_int_equal(
	    change_decode(out, stored.body.data, stored.body.size), ERR_OK);
	stored_free(&stored);
	txn_abort(t);
}

static inline uint64_t
change_count(struct fixture *f)
{
	struct txn *t = test_store_read(&f->s);
	uint64_t n;

	assert_int_equal(txn_count(t, TABLE_CHANGES, &n), ERR_OK);
	txn_abort(t);
	return n;
}

struct wanted {
	enum question_type type;
	size_t count;
	struct question last;
	size_t raw_size;
};

static inline enum err
see_question(void *context, const struct question *q)
{
	struct wanted *w = context;

	if (q->type != w->type)
		return ERR_OK;
	w->count++;
	w->last = *q;
	w->raw_size = q->raw.size;
	return ERR_OK;
}

static inline struct wanted
questions(struct fixture *f, enum question_type type)
{
	struct wanted w = {.type = type};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, see_question, &w), ERR_OK);
	txn_abort(t);
	return w;
}

/* Decide a question of a group H01, or undo what was decided. */
static inline enum err
decided(
    struct fixture *f, uint64_t number, const char *choice, const char *undone)
{
	struct matter_decision d = {.number = number,
	    .choice = choice,
	    .ref = undone,
	    .org = "H01",
	    .reason = "居民本人选择"};

	return test_store_decide(&f->s, &d);
}

#define CLINIC(name)                                                           \
	cmocka_unit_test_setup_teardown(name, open_clinic, close_store)
#define HUB(name) cmocka_unit_test_setup_teardown(name, open_hub, close_store)

#endif
