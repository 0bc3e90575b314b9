/* persons_room: a hub, and what is said, asked and shown of residents. */

#ifndef YIZHAN_TESTS_UNIT_PERSONS_ROOM_H
#define YIZHAN_TESTS_UNIT_PERSONS_ROOM_H

#include "tests/unit/test_store.h"

#include "store/linked.h"
#include "store/matter.h"
#include "store/reassign.h"
#include "store/rules.h"

#define ZHANG                                                                  \
	"\"name\":\"张伟\",\"sex\":\"1\",\"birth_date\":\"1980-01-01\","     \
	"\"phone\":\"1\",\"managing_org_id\":\"ref:A\""

static inline int
open_hub(void **state)
{
	struct test_store *s = calloc(1, sizeof *s);

	test_store_open(s, ROLE_HUB);
	test_store_join(s, "H");
	*state = s;
	return 0;
}

static inline int
close_hub(void **state)
{
	test_store_close(*state);
	free(*state);
	return 0;
}

static inline void
key_of(struct test_store *s, const char *kind, const char *ref,
    uint8_t key[KEY_RECORD_BYTES])
{
	key_record_of(s->db, key, "his", kind, ref);
}

/* What a change of an org says, after the changes named. */
static inline struct change_id
says(struct test_store *s, const char *org, const char *kind, const char *ref,
    const struct change_id *seen, const char *fields)
{
	struct txn *t = test_store_write(s);
	struct change_id id;
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	if (seen != NULL)
		c.parents[c.parent_count++].id = *seen;
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = json_loads(fields, 0, NULL);
	assert_non_null(c.fields);
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	change_clear(&c);
	return id;
}

/* A change of another node as it comes in, whatever of what it had seen is
 * here: its number, and that of the change it had seen (0: none). */
struct coming {
	const char *org, *ref;
	uint8_t class;
	uint64_t number, seen;
	uint8_t seen_class;
	const char *fields;
};

static inline struct change_id
id_of(uint8_t class, uint64_t number)
{
	struct change_id id = {.class = class, .seq = number};

	memset(id.life, 0x55, sizeof id.life);
	return id;
}

static inline void
comes(struct test_store *s, const struct coming *one)
{
	struct txn *t = test_store_write(s);
	struct buffer body = {0};
	struct self self;
	struct change c;

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	c.id = id_of(one->class, one->number);
	snprintf(c.record.source, sizeof c.record.source, "his");
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	snprintf(c.record.ref, sizeof c.record.ref, "%s", one->ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", one->org);
	if (one->seen > 0)
		c.parents[c.parent_count++].id =
		    id_of(one->seen_class, one->seen);
	c.occurred_at = c.recorded_at = TEST_NOW + (int64_t)one->number;
	c.fields = json_loads(one->fields, 0, NULL);
	assert_non_null(c.fields);
	assert_int_equal(change_encode(&c, &body), ERR_OK);
	assert_int_equal(
	    stored_write(t, &c.id, 0, 0, 7, body.data, body.size), ERR_OK);
	assert_int_equal(admit_merged(t, &self, &c, 7), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_wipe(&body);
	change_clear(&c);
}

struct found {
	enum finding_code code;
	size_t count;
	uint64_t number;
};

static inline enum err
note_one(void *context, const struct question *q)
{
	struct found *f = context;

	if (q->code == f->code) {
		f->count++;
		f->number = q->number;
	}
	return ERR_OK;
}

static inline struct found
waits(struct test_store *s, enum finding_code code)
{
	struct txn *t = test_store_read(s);
	struct found f = {.code = code};

	assert_int_equal(question_walk(t, note_one, &f), ERR_OK);
	txn_abort(t);
	return f;
}

/* Decide the one question of a code. */
static inline struct identity
decide(struct test_store *s, enum finding_code code, const char *choice)
{
	struct matter_decision d = {.number = waits(s, code).number,
	    .choice = choice,
	    .org = "H",
	    .now = TEST_NOW};

	assert_int_equal(test_store_decide(s, &d), ERR_OK);
	return d.made;
}

static inline enum err
undone(struct test_store *s, const struct identity *decision,
    struct findings *findings)
{
	struct matter_decision d = {
	    .ref = decision->ref, .org = "H", .now = TEST_NOW};
	enum err e = test_store_decide(s, &d);

	*findings = d.findings;
	return e;
}

static inline void
undo(struct test_store *s, const struct identity *decision)
{
	struct findings findings;

	assert_int_equal(undone(s, decision, &findings), ERR_OK);
}

static inline enum link_word
linked(struct test_store *s, const char *a, const char *b)
{
	uint8_t x[KEY_RECORD_BYTES], y[KEY_RECORD_BYTES],
	    link[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(s);
	enum link_word word;

	key_of(s, "resident", a, x);
	key_of(s, "resident", b, y);
	assert_int_equal(linked_word(t, x, y, &word, link), ERR_OK);
	txn_abort(t);
	return word;
}

static inline char *
shown(struct test_store *s, const char *kind, const char *ref, const char *name)
{
	struct record r;
	char *text;
	json_t *v;

	test_store_record(s, "his", kind, ref, &r);
	v = json_object_get(r.fields, name);
	text = v == NULL ? strdup("-")
	                 : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	record_clear(&r);
	return text;
}

#define assert_shown(s, kind, ref, name, text)                                 \
	do {                                                                   \
		char *_text = shown(s, kind, ref, name);                       \
		assert_string_equal(_text, text);                              \
		free(_text);                                                   \
	} while (0)

static inline void
assert_shown_in(struct test_store *s, const char *ref, const char *text)
{
	char *all = shown(s, "resident", ref, "allergies");

	assert_non_null(strstr(all, text));
	free(all);
}

#define HUB(f) cmocka_unit_test_setup_teardown(f, open_hub, close_hub)

#endif
