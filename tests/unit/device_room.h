/* device_room: what is told of devices, what waits about them, and how that is
 * decided.
 */

#ifndef YIZHAN_TESTS_UNIT_DEVICE_ROOM_H
#define YIZHAN_TESTS_UNIT_DEVICE_ROOM_H

#include "tests/unit/import_room.h"

#include "store/device_note.h"
#include "store/device_vet.h"
#include "store/device_view.h"
#include "store/matter.h"

#define NOON "2026-05-02T12:00:00+08:00"
#define LINE(kind, ref, at, org)                                               \
	"{\"kind\":\"" kind "\",\"ref\":\"" ref "\",\"by\":\"ref:S1\","        \
	"\"at\":\"2026-05-01T" at "+08:00\",\"org_id\":\"ref:" org "\","
#define DEVICE(at, more)                                                       \
	LINE("device", "D1", at, "H")                                          \
	"\"class\":\"ultrasound\",\"owner_org_id\":\"ref:H\"" more "}\n"
#define CUSTODY(ref, no, from, to, org, more)                                  \
	LINE("custody", ref, "09:00:00", org)                                  \
	"\"device_id\":\"ref:D1\",\"custody_no\":" no ",\"from\":\"ref:" from  \
	"\",\"to\":\"ref:" to "\"" more "}\n"
#define BOTH ",\"both_signed\":true"
#define LOAN(ref, at, org, state, lender, borrower, more)                      \
	LINE("loan", ref, at, org)                                             \
	"\"state\":\"" state                                                   \
	"\",\"device_id\":\"ref:D1\",\"lender\":\"ref:" lender                 \
	"\",\"borrower\":\"ref:" borrower "\"" more "}\n"

static inline json_t *
view_of(struct fixture *f, const char *kind, const char *ref)
{
	struct txn *t = test_store_read(&f->s);
	uint8_t key[KEY_RECORD_BYTES];
	json_t *view = NULL;

	key_record_of(f->s.db, key, "his", kind, ref);
	assert_int_equal(device_view(t, key, NOON, &view), ERR_OK);
	txn_abort(t);
	assert_non_null(view);
	return view;
}

static inline void
assert_view(struct fixture *f, const char *kind, const char *ref,
    const char *name, const char *wanted)
{
	json_t *view = view_of(f, kind, ref);
	char *text = json_dumps(
	    json_object_get(view, name), JSON_ENCODE_ANY | JSON_COMPACT);

	if (text == NULL || strcmp(text, wanted) != 0)
		print_error("%s of %s is %s\n", name, ref,
		    text == NULL ? "nothing" : text);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(view);
}

struct finder {
	enum finding_code code;
	const char *ref;
	size_t count;
	struct question found;
};

static inline enum err
find(void *context, const struct question *q)
{
	struct finder *w = context;

	if (q->type == QUESTION_MATTER && q->code == w->code &&
	    (w->ref == NULL || strcmp(q->ref, w->ref) == 0)) {
		w->count++;
		w->found = *q;
	}
	return ERR_OK;
}

/* How many wait of a code, about a ref or any. */
static inline struct finder
waiting(struct fixture *f, enum finding_code code, const char *ref)
{
	struct finder w = {.code = code, .ref = ref};
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, find, &w), ERR_OK);
	txn_abort(t);
	return w;
}

static inline enum err
decide(struct fixture *f, enum finding_code code, const char *choice,
    struct identity *made)
{
	struct finder w = waiting(f, code, NULL);
	struct matter_decision d = {.number = w.found.number,
	    .choice = choice,
	    .by = "S9",
	    .org = "H",
	    .reason = "asked both",
	    .now = TEST_NOW};
	struct txn *t = test_store_write(&f->s);
	struct self self;
	enum err e;

	assert_int_equal(w.count, 1);
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = matter_decide(t, &self, &d);
	self_wipe(&self);
	if (made != NULL)
		*made = d.made;
	if (e != ERR_OK) {
		txn_abort(t);
		return e;
	}
	assert_int_equal(txn_commit(t), ERR_OK);
	return e;
}

static inline void
undo(struct fixture *f, const struct identity *decision)
{
	struct matter_decision d = {.ref = decision->ref,
	    .by = "S9",
	    .org = "H",
	    .reason = "it was otherwise",
	    .now = TEST_NOW + 60};
	struct txn *t = test_store_write(&f->s);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(matter_undo(t, &self, &d), ERR_OK);
	self_wipe(&self);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* The second hand-over twice. */
static const char *const story[] = {
    DEVICE("08:00:00", ""),
    CUSTODY("K1", "1", "H", "A", "H", BOTH),
    CUSTODY("KB", "2", "A", "B", "A", BOTH),
    CUSTODY("KC", "2", "A", "C", "A", ""),
};

static inline void
tell(struct fixture *f, const int *order)
{
	size_t i;

	for (i = 0; i < 4; i++)
		give(f, story[order[i]]);
}

#endif
