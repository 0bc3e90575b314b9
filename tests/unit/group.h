/* group: a hub and nodes that join it through real exchanges. */

#ifndef YIZHAN_TESTS_UNIT_GROUP_H
#define YIZHAN_TESTS_UNIT_GROUP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "api/exchange.h"
#include "store/admit.h"
#include "store/enrol.h"
#include "store/index.h"
#include "store/paper.h"
#include "store/question.h"
#include "store/receipt.h"
#include "store/source.h"
#include "tests/unit/scratch.h"

#define GROUP_NOW INT64_C(1780000000)

struct member {
	char dir[SCRATCH_PATH_BYTES];
	struct db *db;
};

static inline struct txn *
member_begin(struct member *m, bool write)
{
	struct txn *t = NULL;

	assert_int_equal(db_begin(m->db, write, &t), ERR_OK);
	return t;
}

static inline void
member_make(struct member *m, enum node_role role, const char *name)
{
	uint8_t root[64];
	struct self self;
	struct txn *t;

	scratch_make(m->dir);
	m->db = scratch_db(m->dir);
	t = member_begin(m, true);
	assert_int_equal(self_create(t, role, name, GROUP_NOW, &self), ERR_OK);
	if (role == ROLE_HUB)
		assert_int_equal(
		    enrol_create_group(t, &self, GROUP_NOW, root), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static inline void
member_remove(struct member *m)
{
	db_close(m->db);
	scratch_remove(m->dir);
}

static inline struct self
member_self(struct member *m)
{
	struct txn *t = member_begin(m, false);
	struct self self;

	assert_int_equal(self_read(t, &self), ERR_OK);
	txn_abort(t);
	return self;
}

static inline void
group_invite(struct member *hub, const char *org, struct invite *i,
    char code[INVITE_TEXT_BYTES])
{
	struct self self;
	struct txn *t = member_begin(hub, true);

	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(
	    enrol_invite(t, &self, "", &org, 1, GROUP_NOW, i, code), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

/* A resident of C01, or whatever org. */
static inline struct change_id
member_write(struct member *m, uint8_t class, const char *org)
{
	struct self self;
	struct change c;
	struct change_id id;
	struct txn *t = member_begin(m, true);

	assert_int_equal(self_read(t, &self), ERR_OK);
	change_init(&c);
	snprintf(c.record.source, sizeof c.record.source, "%s", self.source);
	snprintf(c.record.kind, sizeof c.record.kind, "resident");
	c.founds = true;
	snprintf(c.by, sizeof c.by, "S1");
	snprintf(c.org, sizeof c.org, "%s", org);
	c.occurred_at = c.recorded_at = GROUP_NOW;
	c.fields = json_pack("{s:s, s:s}", "name", "x", "status", "living");
	assert_int_equal(admit_own(t, &self, &c, class), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	id = c.id;
	change_clear(&c);
	return id;
}

/* --- exchanges ------------------------------------------------------------ */

static int64_t group_time = GROUP_NOW;
/* What a session begins at; a test that runs by the real clock sets it. */
static uint64_t group_now_ms = 1;
/* Bounds of the next sessions with the parent. */
static struct {
	uint64_t bytes_max, budget;
	bool has_budget;
	const char *link_class;
} group_bound;

static inline int64_t
group_clock(void *context)
{
	(void)context;
	return group_time;
}

/** The shipped dictionary, learned once a program. */
static inline struct codebook *
group_books(void)
{
	static struct codebook *books;

	if (books == NULL)
		assert_int_equal(codebook_new(&books), ERR_OK);
	return books;
}

static inline enum err
group_exchange_new(struct exchange **out, struct member *m,
    enum session_purpose purpose, const char *code)
{
	struct exchange_options o = {.db = m->db,
	    .purpose = purpose,
	    .invite = code,
	    .address = "hub.example:7270",
	    .now_ms = group_now_ms,
	    .clock = group_clock,
	    .books = group_books()};

	if (purpose == SESSION_SYNC) {
		o.bytes_max = group_bound.bytes_max;
		o.budget = group_bound.budget;
		o.has_budget = group_bound.has_budget;
		if (group_bound.link_class != NULL)
			snprintf(o.link_class, sizeof o.link_class, "%s",
			    group_bound.link_class);
	}
	return exchange_new(out, &o);
}

/* Do its jobs; the one of the named event fails instead, once. -1: none. */
static inline void
group_work(struct member *m, struct exchange *x, int *failing)
{
	struct writer_job *job;

	while ((job = exchange_next_job(x)) != NULL) {
		struct txn *t = member_begin(m, true);
		enum err e = job->run(job->context, t);

		if (failing != NULL && (*failing)-- == 0)
			e = ERR_FULL;
		if (e == ERR_OK)
			e = txn_commit(t);
		else
			txn_abort(t);
		exchange_job_done(x, e);
	}
}

struct group_link {
	struct member *up_member, *down_member;
	struct exchange *up, *down;
	size_t left;  /* bytes until the link dies */
	int *failing; /* at the initiator: jobs before the one that fails */
};

/** One step; false: nothing moves any more. */
static inline bool
group_step(struct group_link *l)
{
	struct exchange *ends[2] = {l->up, l->down};
	size_t moved = 0, n;
	const uint8_t *out;
	int i;

	for (i = 0; i < 2; i++) {
		struct session *from = exchange_session(ends[i]);
		struct session *to = exchange_session(ends[1 - i]);

		group_work(l->up_member, l->up, l->failing);
		group_work(l->down_member, l->down, NULL);
		n = session_output(from, &out);
		if (n > l->left)
			n = l->left;
		if (n == 0)
			continue;
		if (!session_is_over(to))
			(void)session_receive(to, out, n, 1);
		session_sent(from, n, 1);
		l->left -= n;
		moved += n;
	}
	return moved > 0;
}

struct group_result {
	enum err up, down;
	enum reason reason;
	bool told_by_peer;
	struct session_stats stats;
};

static inline void
group_finish(struct group_link *l, struct group_result *out)
{
	session_closed(exchange_session(l->up));
	session_closed(exchange_session(l->down));
	group_work(l->up_member, l->up, NULL);
	group_work(l->down_member, l->down, NULL);
	out->up = exchange_result(l->up);
	out->down = exchange_result(l->down);
	out->reason = exchange_reason(l->up);
	out->told_by_peer = exchange_told_by_peer(l->up);
	out->stats = session_stats(exchange_session(l->up));
	exchange_free(l->up);
	exchange_free(l->down);
}

static inline struct group_result
group_run_until(struct member *up, struct member *down,
    enum session_purpose purpose, const char *code, size_t most, int *failing)
{
	struct group_link l = {up, down, NULL, NULL, most, failing};
	struct group_result r;

	assert_int_equal(group_exchange_new(&l.up, up, purpose, code), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&l.down, down, SESSION_ANSWER, NULL), ERR_OK);
	while (group_step(&l))
		;
	group_finish(&l, &r);
	return r;
}

static inline struct group_result
group_run(struct member *up, struct member *down, enum session_purpose purpose,
    const char *code)
{
	return group_run_until(up, down, purpose, code, SIZE_MAX, NULL);
}

static inline void
group_join(struct member *hub, struct member *clinic, const char *org)
{
	char code[INVITE_TEXT_BYTES];
	struct invite i;

	group_invite(hub, org, &i, code);
	assert_int_equal(group_run(clinic, hub, SESSION_JOIN, code).up, ERR_OK);
}

static inline uint64_t
member_waiting(struct member *m)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(m, false);
	uint64_t waiting, held;

	assert_int_equal(
	    receipts_parent_count(t, &self, &waiting, &held), ERR_OK);
	txn_abort(t);
	return waiting;
}

static inline uint64_t
member_at_group(struct member *m)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(m, false);
	uint64_t held;

	assert_int_equal(receipts_group_count(t, &self, &held), ERR_OK);
	txn_abort(t);
	return held;
}

#endif
