/* test_store: a store in a directory of its own, for tests; gone after. */

#ifndef YIZHAN_TESTS_TEST_STORE_H
#define YIZHAN_TESTS_TEST_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/admit.h"
#include "store/contest_settle.h"
#include "store/matter.h"
#include "store/store.h"
#include "tests/unit/scratch.h"

/* 2026-05-02 12:00 at +08:00. */
#define TEST_NOW INT64_C(1777694400)

struct test_store {
	char dir[SCRATCH_PATH_BYTES];
	struct store *store;
	struct db *db;
};

static inline struct txn *
test_store_write(struct test_store *s)
{
	struct txn *t;

	assert_int_equal(db_begin(s->db, true, &t), ERR_OK);
	return t;
}

static inline struct txn *
test_store_read(struct test_store *s)
{
	struct txn *t;

	assert_int_equal(db_begin(s->db, false, &t), ERR_OK);
	return t;
}

static inline void
test_store_open(struct test_store *s, enum node_role role)
{
	struct store_options o = {.map_bytes = SCRATCH_MAP_BYTES,
	    .create = true,
	    .holder = "test",
	    .random = random_system()};
	struct self self;
	struct txn *t;

	scratch_make(s->dir);
	o.dir = s->dir;
	assert_int_equal(store_open(&s->store, &o), ERR_OK);
	s->db = store_db(s->store);
	t = test_store_write(s);
	assert_int_equal(self_create(t, role, "test", TEST_NOW, &self), ERR_OK);
	self_wipe(&self);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static inline void
test_store_reopen(struct test_store *s)
{
	struct store_options o = {.dir = s->dir,
	    .map_bytes = SCRATCH_MAP_BYTES,
	    .holder = "test",
	    .random = random_system()};

	store_close(s->store);
	assert_int_equal(store_open(&s->store, &o), ERR_OK);
	s->db = store_db(s->store);
}

static inline void
test_store_close(struct test_store *s)
{
	store_close(s->store);
	scratch_remove(s->dir);
}

/* The node's certificate names this org from now on. Its own signature will
 * do: nobody checks it here. */
static inline void
test_store_join(struct test_store *s, const char *org)
{
	struct self self;
	struct cert *c = &self.chain[0];
	struct txn *t = test_store_write(s);

	assert_int_equal(self_read(t, &self), ERR_OK);
	memset(c, 0, sizeof *c);
	c->number = 1;
	c->role = self.role;
	snprintf(c->name, sizeof c->name, "test");
	memcpy(c->transport_key, self.transport.public, KEY_BYTES);
	memcpy(c->signing_key, self.signing_public, KEY_BYTES);
	c->org_count = 1;
	snprintf(c->orgs[0], sizeof c->orgs[0], "%s", org);
	assert_int_equal(cert_sign(c, self.signing_secret), ERR_OK);
	self.chain_count = 1;
	memset(self.fingerprint_secret, 7, sizeof self.fingerprint_secret);
	assert_int_equal(self_enrol(t, &self), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* A change as if it had come from the group, e.g. of the org tree. */
static inline void
test_store_admit(struct test_store *s, const char *source, const char *kind,
    const char *ref, const char *org, json_t *fields)
{
	struct self self;
	struct change c;
	struct txn *t = test_store_write(s);

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", source);
	snprintf(c.record.kind, sizeof c.record.kind, "%s", kind);
	snprintf(c.record.ref, sizeof c.record.ref, "%s", ref);
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = TEST_NOW;
	c.fields = fields;
	assert_int_equal(admit_own(t, &self, &c, 3), ERR_OK);
	change_clear(&c);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* The present version of a record; the caller clears it. */
static inline void
test_store_record(struct test_store *s, const char *source, const char *kind,
    const char *ref, struct record *out)
{
	uint8_t key[KEY_RECORD_BYTES];
	struct txn *t = test_store_read(s);

	key_record_of(s->db, key, source, kind, ref);
	assert_int_equal(record_read(t, key, out), ERR_OK);
	txn_abort(t);
}

/* Decide, or where a decision is named undo it, as a whole or not at all. What
 * is not said of who, why and when stands for somebody's word at TEST_NOW. */
static inline enum err
test_store_decide(struct test_store *s, struct matter_decision *d)
{
	struct txn *t = test_store_write(s);
	struct self self;
	enum err e;

	if (d->by == NULL)
		d->by = "S9";
	if (d->reason == NULL)
		d->reason = "问过本人";
	if (d->now == 0)
		d->now = TEST_NOW + 60;
	assert_int_equal(self_read(t, &self), ERR_OK);
	e = d->ref == NULL ? matter_decide(t, &self, d)
	                   : matter_undo(t, &self, d);
	if (e == ERR_OK)
		e = contest_settle(t, &self, d->now);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static inline const char *
text_in(const json_t *fields, const char *name)
{
	return json_string_value(json_object_get(fields, name));
}

#endif
