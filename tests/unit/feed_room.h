/* feed_room: a hub and two clinics, and what each of them holds of a change. */

#ifndef YIZHAN_TESTS_UNIT_FEED_ROOM_H
#define YIZHAN_TESTS_UNIT_FEED_ROOM_H

#include "store/export.h"
#include "store/record.h"
#include "tests/unit/group.h"

static struct member hub, a, b;

static inline int
set_up(void **state)
{
	member_make(&hub, ROLE_HUB, "hub");
	member_make(&a, ROLE_CLINIC, "a");
	member_make(&b, ROLE_CLINIC, "b");
	group_join(&hub, &a, "C01");
	group_join(&hub, &b, "C02");
	return 0;
}

static inline int
tear_down(void **state)
{
	member_remove(&hub);
	member_remove(&a);
	member_remove(&b);
	return 0;
}

/* A change at a node, which has seen all of the record that is there. */
static inline struct change_id
wrote_as(struct member *m, const char *org, bool managing, const char *kind,
    const char *ref, json_t *fields)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = member_begin(m, true);
	struct record before;
	struct self self;
	struct change_id id;
	struct change c;

	assert_non_null(fields);
	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s",
	    kind_by_name(kind)->by_group ? "" : "his");
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.managing = managing;
	c.fields = fields;
	key_record(txn_db(t), key, &c.record);
	if (record_read(t, key, &before) == ERR_OK) {
		c.parent_count = before.parent_count;
		memcpy(c.parents, before.parents, sizeof c.parents);
		record_clear(&before);
	}
	assert_int_equal(admit_own(t, &self, &c, 2), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	change_clear(&c);
	self_wipe(&self);
	return id;
}

static inline struct change_id
wrote(struct member *m, const char *org, const char *kind, const char *ref,
    json_t *fields)
{
	return wrote_as(m, org, false, kind, ref, fields);
}

static inline void
sync_all(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(
		    group_run(&a, &hub, SESSION_SYNC, NULL).up, ERR_OK);
		assert_int_equal(
		    group_run(&b, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	}
}

/* -1: not here; else the bytes of its body. */
static inline int
body_of(struct member *m, const struct change_id *id)
{
	struct txn *t = member_begin(m, false);
	struct stored s;
	int size;

	stored_init(&s);
	size = stored_read(t, id, &s) == ERR_OK ? (int)s.body.size : -1;
	if (size == 0)
		assert_true(s.fingerprint != 0);
	stored_free(&s);
	txn_abort(t);
	return size;
}

/* How the export tells of one record; NULL: not at all. */
struct told {
	const char *ref;
	json_t *record;
};

static inline enum err
note_told(void *context, const char *source, const json_t *record)
{
	struct told *told = context;

	(void)source;
	if (strcmp(told->ref,
	        json_string_value(json_object_get(record, "ref"))) == 0)
		told->record = json_deep_copy(record);
	return ERR_OK;
}

static inline bool
is_told_emptied(struct member *m, const char *kind, const char *ref)
{
	struct told told = {.ref = ref};
	bool is_emptied;

	assert_int_equal(export_records(m->db, kind, note_told, &told), ERR_OK);
	assert_non_null(told.record);
	is_emptied = json_is_true(json_object_get(told.record, "emptied"));
	/* Never half a record. */
	if (is_emptied)
		assert_int_equal(json_object_size(told.record), 3);
	json_decref(told.record);
	return is_emptied;
}

static inline bool
holds(struct member *m, const struct change_id *id)
{
	struct txn *t = member_begin(m, false);
	struct stored s;
	enum err e;

	stored_init(&s);
	e = stored_read(t, id, &s);
	stored_free(&s);
	txn_abort(t);
	return e == ERR_OK;
}

#endif
