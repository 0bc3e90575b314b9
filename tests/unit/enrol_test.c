/* enrol: invites are counted, used once, and give what they name. */

#include "store/withdraw.h"
#include "tests/unit/group.h"

static struct member hub, clinic;

static int
set_up(void **state)
{
	member_make(&hub, ROLE_HUB, "hub");
	member_make(&clinic, ROLE_CLINIC, "clinic");
	return 0;
}

static int
tear_down(void **state)
{
	member_remove(&hub);
	member_remove(&clinic);
	return 0;
}

static enum err
accept_join(struct member *node, uint16_t number, enum node_role role,
    struct join_answer *answer)
{
	struct self self = member_self(&hub), joining = member_self(node);
	struct join_request request = {.role = (uint8_t)role};
	struct txn *t = member_begin(&hub, true);
	enum err e;

	memcpy(request.name, joining.name, sizeof request.name);
	memcpy(request.signing_key, joining.signing_public, KEY_BYTES);
	e = enrol_accept(t, &self, number, joining.transport.public, &request,
	    GROUP_NOW, answer);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static enum err
join_with(struct member *node, const struct join_answer *answer)
{
	struct self self = member_self(node);
	struct txn *t = member_begin(node, true);
	enum err e = enrol_joined(t, &self, answer, "hub:1", GROUP_NOW);

	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static void
test_invite_names_orgs_within_limits(void **state)
{
	char code[INVITE_TEXT_BYTES], longest[ORG_REF_BYTES_MAX + 2];
	const char *orgs[CERT_ORGS_MAX + 1];
	struct self self = member_self(&hub), other = member_self(&clinic);
	struct txn *t = member_begin(&hub, true);
	struct invite i;
	size_t n;

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	for (n = 0; n <= CERT_ORGS_MAX; n++)
		orgs[n] = "ref:C01";
	assert_int_equal(
	    enrol_invite(t, &self, "n", orgs, 2, 5, &i, code), ERR_OK);
	assert_string_equal(i.orgs[1], "C01");
	assert_int_equal(i.number, 1);
	assert_int_equal(i.expires_at, 5 + 72 * 3600);
	assert_int_equal(
	    enrol_invite(t, &self, "n", orgs, CERT_ORGS_MAX + 1, 5, &i, code),
	    ERR_LIMIT);
	assert_int_equal(
	    enrol_invite(t, &self, "n", orgs, 0, 5, &i, code), ERR_LIMIT);
	orgs[0] = longest;
	assert_int_equal(
	    enrol_invite(t, &self, "n", orgs, 1, 5, &i, code), ERR_LIMIT);
	assert_int_equal(enrol_invite(t, &other, "n", orgs, 1, 5, &i, code),
	    ERR_NOT_ALLOWED);
	txn_abort(t);
}

static void
test_invite_tries_run_out_and_last_across_restarts(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct invite i, got;
	struct txn *t;
	int n;

	group_invite(&hub, "C01", &i, code);
	for (n = 0; n < INVITE_TRIES; n++) {
		t = member_begin(&hub, true);
		assert_int_equal(
		    enrol_try(t, i.number, GROUP_NOW, &got), ERR_OK);
		assert_memory_equal(got.secret, i.secret, sizeof i.secret);
		assert_int_equal(txn_commit(t), ERR_OK);
		db_close(hub.db);
		hub.db = scratch_db(hub.dir);
	}
	t = member_begin(&hub, true);
	assert_int_equal(enrol_try(t, i.number, GROUP_NOW, &got), ERR_REFUSED);
	assert_int_equal(enrol_try(t, 99, GROUP_NOW, &got), ERR_NOT_FOUND);
	txn_abort(t);
}

static void
test_repeat_by_the_same_keys_alone_is_answered(void **state)
{
	struct join_answer *first = calloc(1, sizeof *first);
	struct join_answer *again = calloc(1, sizeof *again);
	char code[INVITE_TEXT_BYTES];
	struct member other;
	struct invite i;
	struct self self = member_self(&clinic);
	struct node node;
	struct txn *t;

	assert_true(first != NULL && again != NULL);
	group_invite(&hub, "C01", &i, code);
	assert_int_equal(
	    accept_join(&clinic, i.number, ROLE_HUB, first), ERR_REFUSED);
	assert_int_equal(
	    accept_join(&clinic, i.number, ROLE_CLINIC, first), ERR_OK);
	assert_int_equal(
	    accept_join(&clinic, i.number, ROLE_CLINIC, again), ERR_OK);
	assert_memory_equal(
	    &first->chain[0], &again->chain[0], sizeof first->chain[0]);
	assert_int_not_equal(first->slip_first, again->slip_first);
	member_make(&other, ROLE_CLINIC, "other");
	assert_int_equal(
	    accept_join(&other, i.number, ROLE_CLINIC, again), ERR_REFUSED);
	member_remove(&other);
	/* Withdrawn since, it does not come back by its old code. */
	t = member_begin(&hub, true);
	assert_int_equal(index_node_read(t, self.id, &node), ERR_OK);
	node.is_revoked = true;
	assert_int_equal(index_node_write(t, &node), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(accept_join(&clinic, i.number, ROLE_CLINIC, again),
	    ERR_NOT_ALLOWED);
	free(first);
	free(again);
}

/* --- keys that are known by another name -------------------------------- */

/* The keys of two nodes in one: signing of a, transport of b. */
static enum err
accept_keys(struct member *a, struct member *b, const char *org,
    struct join_answer *answer)
{
	char code[INVITE_TEXT_BYTES];
	struct self self = member_self(&hub);
	struct self signing = member_self(a), transport = member_self(b);
	struct join_request request = {.role = ROLE_CLINIC};
	struct invite i;
	struct txn *t;
	enum err e;

	group_invite(&hub, org, &i, code);
	t = member_begin(&hub, true);
	snprintf(request.name, sizeof request.name, "another");
	memcpy(request.signing_key, signing.signing_public, KEY_BYTES);
	e = enrol_accept(t, &self, i.number, transport.transport.public,
	    &request, GROUP_NOW, answer);
	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static struct node
node_of(struct member *m)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(&hub, false);
	struct node by_id, by_key;

	assert_int_equal(index_node_read(t, self.id, &by_id), ERR_OK);
	assert_int_equal(
	    index_node_by_key(t, self.transport.public, &by_key), ERR_OK);
	assert_memory_equal(&by_id.cert, &by_key.cert, sizeof by_id.cert);
	txn_abort(t);
	return by_id;
}

static void
test_keys_of_another_node_are_refused(void **state)
{
	struct join_answer *a = calloc(1, sizeof *a);
	struct member other, fresh;
	struct node before[2], after[2];

	assert_non_null(a);
	member_make(&other, ROLE_CLINIC, "other");
	member_make(&fresh, ROLE_CLINIC, "fresh");
	group_join(&hub, &clinic, "C01");
	group_join(&hub, &other, "C02");
	before[0] = node_of(&clinic);
	before[1] = node_of(&other);
	/* One key of a node that is in, the other of one that is, is not, or
	 * is the hub. */
	assert_int_equal(accept_keys(&clinic, &other, "C01", a), ERR_REFUSED);
	assert_int_equal(accept_keys(&other, &clinic, "C01", a), ERR_REFUSED);
	assert_int_equal(accept_keys(&clinic, &fresh, "C01", a), ERR_REFUSED);
	assert_int_equal(accept_keys(&fresh, &clinic, "C01", a), ERR_REFUSED);
	assert_int_equal(accept_keys(&hub, &fresh, "C01", a), ERR_REFUSED);
	assert_int_equal(accept_keys(&fresh, &hub, "C01", a), ERR_REFUSED);
	assert_int_equal(accept_keys(&hub, &hub, "C01", a), ERR_REFUSED);
	after[0] = node_of(&clinic);
	after[1] = node_of(&other);
	assert_memory_equal(
	    &before[0].cert, &after[0].cert, sizeof(struct cert));
	assert_memory_equal(
	    &before[1].cert, &after[1].cert, sizeof(struct cert));
	assert_int_equal(accept_keys(&fresh, &fresh, "C01", a), ERR_OK);
	member_remove(&other);
	member_remove(&fresh);
	free(a);
}

/* Its answer was lost for good, or it is a copy from before it joined. */
static void
test_node_may_join_anew_as_what_it_is(void **state)
{
	struct join_answer *a = calloc(1, sizeof *a);

	assert_non_null(a);
	assert_int_equal(accept_keys(&clinic, &clinic, "C01", a), ERR_OK);
	/* Never heard of since: the newer invite counts. */
	assert_int_equal(accept_keys(&clinic, &clinic, "C02", a), ERR_OK);
	assert_string_equal(node_of(&clinic).cert.orgs[0], "C02");
	assert_int_equal(join_with(&clinic, a), ERR_OK);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_int_equal(accept_keys(&clinic, &clinic, "C01", a), ERR_REFUSED);
	assert_string_equal(node_of(&clinic).cert.orgs[0], "C02");
	assert_int_equal(accept_keys(&clinic, &clinic, "C02", a), ERR_OK);
	assert_int_equal(a->chain[0].number, node_of(&clinic).cert.number);
	free(a);
}

static void
test_keys_of_a_withdrawn_node_open_nothing(void **state)
{
	struct join_answer *a = calloc(1, sizeof *a);
	struct self self;
	struct member fresh;
	struct node node;
	struct txn *t;

	assert_non_null(a);
	member_make(&fresh, ROLE_CLINIC, "fresh");
	group_join(&hub, &clinic, "C01");
	self = member_self(&hub);
	t = member_begin(&hub, true);
	assert_int_equal(withdraw_node(t, &self, member_self(&clinic).id,
	                     "lost", GROUP_NOW, &node),
	    ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(
	    accept_keys(&clinic, &clinic, "C01", a), ERR_NOT_ALLOWED);
	assert_int_equal(
	    accept_keys(&clinic, &fresh, "C01", a), ERR_NOT_ALLOWED);
	assert_int_equal(
	    accept_keys(&fresh, &clinic, "C01", a), ERR_NOT_ALLOWED);
	assert_true(node_of(&clinic).is_revoked);
	member_remove(&fresh);
	free(a);
}

/* An answer for other keys, or that no root signed, is not stored. */
static void
test_answer_that_does_not_fit_is_refused(void **state)
{
	struct join_answer *a = calloc(1, sizeof *a), *bad;
	char code[INVITE_TEXT_BYTES];
	struct invite i;

	bad = calloc(1, sizeof *bad);
	assert_true(a != NULL && bad != NULL);
	group_invite(&hub, "C01", &i, code);
	assert_int_equal(
	    accept_join(&clinic, i.number, ROLE_CLINIC, a), ERR_OK);
	*bad = *a;
	bad->chain[0].transport_key[0] ^= 1;
	assert_int_equal(join_with(&clinic, bad), ERR_AUTH);
	*bad = *a;
	memcpy(bad->chain[0].name, "someone", 8);
	assert_int_equal(join_with(&clinic, bad), ERR_AUTH);
	*bad = *a;
	bad->root_key[0] ^= 1;
	assert_int_equal(join_with(&clinic, bad), ERR_AUTH);
	*bad = *a;
	bad->chain_count = 1;
	assert_int_equal(join_with(&clinic, bad), ERR_AUTH);
	*bad = *a; /* another node's, in order otherwise */
	{
		struct member other;

		member_make(&other, ROLE_CLINIC, "other");
		assert_int_equal(join_with(&other, a), ERR_AUTH);
		member_remove(&other);
	}
	assert_false(member_self(&clinic).is_enrolled);
	assert_int_equal(join_with(&clinic, a), ERR_OK);
	assert_true(member_self(&clinic).is_enrolled);
	free(a);
	free(bad);
}

/* A parent's time is a number of its choosing. */
static void
test_time_beyond_all_calendars_is_bounded(void **state)
{
	struct join_answer *a = calloc(1, sizeof *a);
	char code[INVITE_TEXT_BYTES];
	struct invite i;
	struct self self;

	assert_non_null(a);
	group_invite(&hub, "C01", &i, code);
	assert_int_equal(
	    accept_join(&clinic, i.number, ROLE_CLINIC, a), ERR_OK);
	a->now = INT64_MAX;
	assert_int_equal(join_with(&clinic, a), ERR_OK);
	self = member_self(&clinic);
	assert_true(self.trusted_at == CLOCK_MAX);
	assert_int_equal(self_clock(&self, GROUP_NOW), CLOCK_SUSPECT);
	free(a);
}

/* Also what was written in a life before the last one. */
static void
test_all_made_before_joining_is_listed(void **state)
{
	struct self self;
	struct txn *t;

	member_write(&clinic, 3, "C01");
	member_write(&clinic, 0, "C01");
	t = member_begin(&clinic, true);
	assert_int_equal(self_read(t, &self), ERR_OK);
	assert_int_equal(self_new_life(t, &self, GROUP_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	member_write(&clinic, 3, "C01");
	group_join(&hub, &clinic, "C01");
	assert_int_equal(member_waiting(&clinic), 3);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_int_equal(member_waiting(&clinic), 0);
	assert_int_equal(member_at_group(&clinic), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_invite_names_orgs_within_limits),
	    CASE(test_invite_tries_run_out_and_last_across_restarts),
	    CASE(test_repeat_by_the_same_keys_alone_is_answered),
	    CASE(test_keys_of_another_node_are_refused),
	    CASE(test_node_may_join_anew_as_what_it_is),
	    CASE(test_keys_of_a_withdrawn_node_open_nothing),
	    CASE(test_answer_that_does_not_fit_is_refused),
	    CASE(test_time_beyond_all_calendars_is_bounded),
	    CASE(test_all_made_before_joining_is_listed),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
