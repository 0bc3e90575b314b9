/* entitled_room: changes of other nodes as they come in at the hub, and what is
 * asked about who wrote them.
 */

#ifndef YIZHAN_TESTS_UNIT_ENTITLED_ROOM_H
#define YIZHAN_TESTS_UNIT_ENTITLED_ROOM_H

#include "tests/unit/matter_room.h"

/* A change of another node's, as it is merged at the hub; takes fields. It has
 * seen as many others. */
static inline struct change_id
arrive_after(struct fixture *f, const struct identity *record, uint64_t seq,
    const struct change_id *seen, size_t count, const char *org, bool managing,
    int64_t at, json_t *fields)
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
	for (; c.parent_count < count; c.parent_count++)
		c.parents[c.parent_count].id = seen[c.parent_count];
	snprintf(c.by, sizeof c.by, "S2");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = at;
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

/* One that has seen one other (NULL: none). */
static inline struct change_id
arrive_at(struct fixture *f, const struct identity *record, uint64_t seq,
    const struct change_id *seen, const char *org, bool managing, int64_t at,
    json_t *fields)
{
	return arrive_after(
	    f, record, seq, seen, seen != NULL, org, managing, at, fields);
}

static inline struct change_id
arrive(struct fixture *f, const struct identity *record, uint64_t seq,
    const struct change_id *seen, const char *org, bool managing,
    json_t *fields)
{
	return arrive_at(
	    f, record, seq, seen, org, managing, TEST_NOW + 60, fields);
}

static inline json_t *
given_to(const char *org)
{
	return json_pack(
	    "{s:o}", "managing_org_id", json_sprintf("ref:%s", org));
}

struct counted {
	enum finding_code code; /* FINDING_NONE: any */
	const char *kind;       /* NULL: any */
	size_t count;
};

static inline enum err
count_one(void *context, const struct question *q)
{
	struct counted *c = context;

	c->count += q->type == QUESTION_MATTER &&
	            (c->code == FINDING_NONE || q->code == c->code) &&
	            (c->kind == NULL || strcmp(q->kind, c->kind) == 0);
	return ERR_OK;
}

static inline size_t
count_rows(struct fixture *f, struct counted c)
{
	struct txn *t = test_store_read(&f->s);

	assert_int_equal(question_walk(t, count_one, &c), ERR_OK);
	txn_abort(t);
	return c.count;
}

/* How many rows of a code wait, or about a kind. */
static inline size_t
asked(struct fixture *f, enum finding_code code)
{
	return count_rows(f, (struct counted){.code = code});
}

static inline size_t
asked_of(struct fixture *f, const char *kind)
{
	return count_rows(f, (struct counted){.kind = kind});
}

/* --- in any order ----------------------------------------------------------
 */

/* Part p of a history that is told under refs and ids of its own. */
typedef void tell_part(struct fixture *f, uint64_t history, unsigned part);

static inline struct change_id
id_in(uint64_t history, unsigned part)
{
	struct change_id id = {.class = 2, .seq = history * 10 + part};

	memset(id.life, 0x55, sizeof id.life);
	return id;
}

static inline struct identity
named_in(const char *kind, const char *source, uint64_t history)
{
	struct identity record = {0};

	snprintf(record.source, sizeof record.source, "%s", source);
	snprintf(record.kind, sizeof record.kind, "%s", kind);
	snprintf(
	    record.ref, sizeof record.ref, "%c%u", *kind, (unsigned)history);
	return record;
}

static inline json_t *
ref_in(const char *kind, uint64_t history)
{
	return json_sprintf("ref:%s", named_in(kind, "", history).ref);
}

/* Every order of four parts; at the end as many wait of each history. */
static inline void
in_any_order(
    struct fixture *f, tell_part *tell, enum finding_code code, size_t wanted)
{
	uint64_t history = 0, text;

	for (text = 0; text < 256; text++) {
		unsigned order[4], seen = 0;

		for (unsigned i = 0; i < 4; i++) {
			order[i] = 1 + (unsigned)(text >> (2 * i) & 3);
			seen |= 1u << order[i];
		}
		if (seen != 0x1e)
			continue;
		history++;
		for (unsigned i = 0; i < 4; i++)
			tell(f, history, order[i]);
		assert_int_equal(asked(f, code), history * wanted);
	}
	assert_int_equal(history, 24);
}

#endif
