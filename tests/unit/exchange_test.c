/* exchange: joining and syncing between stores, and all that goes wrong. */

#include "sync/frame.h"
#include "tests/unit/group.h"

static struct member hub, clinic;

static int
set_up(void **state)
{
	group_time = GROUP_NOW;
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

/* The code with another secret, and a check that fits. */
static void
with_wrong_secret(const char *code, char out[INVITE_TEXT_BYTES])
{
	struct invite_code c;

	assert_int_equal(invite_decode(&c, code), ERR_OK);
	c.secret[0] ^= 1;
	invite_encode(&c, out);
}

static void
expect_refused(const char *code)
{
	struct group_result r = group_run(&clinic, &hub, SESSION_JOIN, code);

	assert_int_equal(r.up, ERR_REFUSED);
	assert_int_equal(r.reason, REASON_INVITE);
	assert_int_not_equal(r.down, ERR_OK);
	assert_false(member_self(&clinic).is_enrolled);
}

static void
test_wrong_secret_has_five_tries(void **state)
{
	char code[INVITE_TEXT_BYTES], wrong[INVITE_TEXT_BYTES];
	struct invite i;
	int n;

	group_invite(&hub, "C01", &i, code);
	with_wrong_secret(code, wrong);
	for (n = 0; n < INVITE_TRIES; n++)
		expect_refused(wrong);
	expect_refused(code); /* too late for the right one */
}

/* A join whose third answer, WELCOME or a refusal, is altered on the way or
 * not;
 * what the hub and the clinic say is at fault. */
static void
join_altering(
    const char *code, bool altered, enum reason *at_hub, enum reason *at_clinic)
{
	struct group_link l = {&clinic, &hub, NULL, NULL, SIZE_MAX, NULL};
	struct group_result r;
	unsigned answers = 0;
	bool moved = true;

	assert_int_equal(
	    group_exchange_new(&l.up, &clinic, SESSION_JOIN, code), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&l.down, &hub, SESSION_ANSWER, NULL), ERR_OK);
	while (moved) {
		struct session *up = exchange_session(l.up);
		struct session *down = exchange_session(l.down);
		uint8_t copy[UINT16_MAX];
		const uint8_t *out;
		size_t n;

		group_work(&clinic, l.up, NULL);
		n = session_output(up, &out);
		moved = n > 0;
		(void)session_receive(down, out, n, 1);
		session_sent(up, n, 1);
		group_work(&hub, l.down, NULL);
		n = session_output(down, &out);
		moved = moved || n > 0;
		if (n == 0)
			continue;
		assert_true(n <= sizeof copy);
		memcpy(copy, out, n);
		if (++answers == 3 && altered)
			copy[n - 1] ^= 1;
		(void)session_receive(up, copy, n, 1);
		session_sent(down, n, 1);
	}
	assert_int_equal(answers, 3);
	*at_hub = exchange_reason(l.down);
	group_finish(&l, &r);
	assert_int_equal(r.up, altered ? ERR_AUTH : ERR_REFUSED);
	*at_clinic = r.reason;
}

/* Only a secret that does not fit is the invite's fault: who reads that of a
 * link's fault asks the hub for a new code. */
static void
test_wrong_secret_is_the_invites_fault_and_an_altered_answer_is_not(
    void **state)
{
	char code[INVITE_TEXT_BYTES], wrong[INVITE_TEXT_BYTES];
	enum reason at_hub, at_clinic;
	struct invite i;

	group_invite(&hub, "C01", &i, code);
	with_wrong_secret(code, wrong);
	join_altering(wrong, false, &at_hub, &at_clinic);
	assert_int_equal(at_hub, REASON_INVITE);
	assert_int_equal(at_clinic, REASON_INVITE);
	join_altering(code, true, &at_hub, &at_clinic);
	assert_int_equal(at_clinic, REASON_FORMAT);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_JOIN, code).up, ERR_OK);
}

/* The hub gives up before the last message of a join reaches it. */
static void
test_joining_too_late_is_no_fault_of_the_invite(void **state)
{
	struct group_link l = {&clinic, &hub, NULL, NULL, SIZE_MAX, NULL};
	char code[INVITE_TEXT_BYTES];
	struct session *up, *down;
	struct group_result r;
	const uint8_t *out;
	struct invite i;
	size_t n, answers = 0;

	group_invite(&hub, "C01", &i, code);
	assert_int_equal(
	    group_exchange_new(&l.up, &clinic, SESSION_JOIN, code), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&l.down, &hub, SESSION_ANSWER, NULL), ERR_OK);
	up = exchange_session(l.up);
	down = exchange_session(l.down);
	while (answers < 2) { /* the chain, message 2 */
		n = session_output(up, &out);
		(void)session_receive(down, out, n, 1);
		session_sent(up, n, 1);
		group_work(&hub, l.down, NULL);
		n = session_output(down, &out);
		answers += n > 0;
		(void)session_receive(up, out, n, 1);
		session_sent(down, n, 1);
		group_work(&clinic, l.up, NULL);
	}
	assert_int_equal(
	    session_expire(down, session_deadline_ms(down)), ERR_TIMEOUT);
	n = session_output(down, &out);
	(void)session_receive(up, out, n, 1);
	session_sent(down, n, 1);
	group_finish(&l, &r);
	assert_int_equal(r.up, ERR_TIMEOUT);
	assert_int_equal(r.reason, REASON_TIMEOUT);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_JOIN, code).up, ERR_OK);
}

static void
test_tries_are_counted_though_the_link_is_cut(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct invite i;
	int n;

	group_invite(&hub, "C01", &i, code);
	for (n = 0; n < INVITE_TRIES; n++) /* message 1 arrives, no more */
		(void)group_run_until(
		    &clinic, &hub, SESSION_JOIN, code, 5 + 2 + 200, NULL);
	for (n = 0; n < 400; n += 10)
		(void)group_run_until(
		    &clinic, &hub, SESSION_JOIN, code, (size_t)n, NULL);
	expect_refused(code);
}

static void
test_expired_and_unknown_invites_are_refused(void **state)
{
	char code[INVITE_TEXT_BYTES], other[INVITE_TEXT_BYTES];
	struct invite_code c;
	struct invite i;

	group_invite(&hub, "C01", &i, code);
	group_time = GROUP_NOW + INVITE_HOURS * 3600 + 1;
	expect_refused(code);
	group_time = GROUP_NOW;
	assert_int_equal(invite_decode(&c, code), ERR_OK);
	c.number = 4711;
	invite_encode(&c, other);
	expect_refused(other);
}

static void
test_invite_is_for_one_node(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct group_result r;
	struct member other;
	struct invite i;

	group_invite(&hub, "C01", &i, code);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_JOIN, code).up, ERR_OK);
	member_make(&other, ROLE_CLINIC, "other");
	r = group_run(&other, &hub, SESSION_JOIN, code);
	assert_int_equal(r.up, ERR_REFUSED);
	assert_int_equal(r.reason, REASON_INVITE);
	assert_false(member_self(&other).is_enrolled);
	member_remove(&other);
}

/* Cut at every byte: whoever repeats gets the certificate it has at the hub,
 * and a node that is in says so to nobody else. */
static void
test_join_cut_anywhere_is_repeated_with_one_certificate(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct self before, after;
	struct invite i;
	size_t cut;

	for (cut = 300; cut < 2600; cut += 97) {
		struct group_result r;
		struct txn *t;
		struct node node;

		set_up(NULL);
		group_invite(&hub, "C01", &i, code);
		r = group_run_until(
		    &clinic, &hub, SESSION_JOIN, code, cut, NULL);
		before = member_self(&clinic);
		t = member_begin(&hub, false);
		if (index_node_by_key(t, before.transport.public, &node) !=
		    ERR_OK)
			memset(&node, 0, sizeof node);
		txn_abort(t);
		if (r.up != ERR_OK)
			r = group_run(&clinic, &hub, SESSION_JOIN, code);
		assert_int_equal(r.up, ERR_OK);
		after = member_self(&clinic);
		assert_true(after.is_enrolled);
		if (node.cert.number != 0)
			assert_memory_equal(after.chain[0].signature,
			    node.cert.signature, SIGNATURE_BYTES);
		assert_int_equal(
		    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
		tear_down(NULL);
	}
}

static void
test_code_of_another_group_is_not_spent(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct group_result r;
	struct member other;
	struct invite i;

	member_make(&other, ROLE_HUB, "other hub");
	group_invite(&other, "C01", &i, code);
	r = group_run(&clinic, &hub, SESSION_JOIN, code);
	assert_int_equal(r.up, ERR_AUTH);
	assert_false(member_self(&clinic).is_enrolled);
	assert_int_equal(
	    group_run(&clinic, &other, SESSION_JOIN, code).up, ERR_OK);
	member_remove(&other);
}

/* --- who plays the parent ------------------------------------------------- */

static struct session *
begin_join(struct exchange **x, struct member *m, const char *code)
{
	struct session *s;
	const uint8_t *out;

	assert_int_equal(group_exchange_new(x, m, SESSION_JOIN, code), ERR_OK);
	s = exchange_session(*x);
	session_sent(s, session_output(s, &out), 1); /* asks who is there */
	return s;
}

static void
give_clear(struct session *s, const struct buffer *message)
{
	struct buffer wire = {0};

	assert_int_equal(
	    frame_write_clear(&wire, message->data, message->size), ERR_OK);
	(void)session_receive(s, wire.data, wire.size, 1);
	buffer_free(&wire);
}

/* A clinic's certificate is as good as the hub's, but no parent's: who would
 * take it for one gave away enough to search the secret. */
static void
test_clinic_cannot_play_the_parent(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct buffer chain = {0};
	struct exchange *x;
	struct session *s;
	struct member other;
	struct invite i;
	struct self self;
	const uint8_t *out;

	group_join(&hub, &clinic, "C01");
	self = member_self(&clinic);
	group_invite(&hub, "C02", &i, code);
	member_make(&other, ROLE_CLINIC, "other");
	s = begin_join(&x, &other, code);
	assert_int_equal(
	    chain_create(self.root_key, self.chain, self.chain_count, &chain),
	    ERR_OK);
	give_clear(s, &chain);
	group_work(&other, x, NULL);
	assert_int_equal(exchange_result(x), ERR_AUTH);
	assert_int_equal(session_output(s, &out), 0);
	exchange_free(x);
	buffer_free(&chain);
	member_remove(&other);
}

/* The hub, up to message 3; then it says bye instead of welcome. */
static void
say_bye_at_once(struct session *s, const struct self *self, const char *code)
{
	uint8_t prologue[5 + GROUP_ID_BYTES] = {'Y', 'Z', 1, 1, 1};
	const uint8_t ephemeral[32] = {4}, *out;
	struct buffer payload = {0}, message = {0}, wire = {0};
	struct noise_cipher send, receive;
	struct noise_handshake noise;
	struct invite_code c;
	uint8_t psk[KEY_BYTES];
	size_t n;

	assert_int_equal(invite_decode(&c, code), ERR_OK);
	memcpy(prologue + 5, self->group, GROUP_ID_BYTES);
	invite_psk(psk, &c, self->group);
	noise_init(&noise, NOISE_XKPSK3, false, prologue, sizeof prologue,
	    &self->transport, ephemeral, NULL);
	noise_set_psk(&noise, psk);
	n = session_output(s, &out);
	assert_int_equal(noise_read(&noise, out + 7, n - 7, &payload), ERR_OK);
	session_sent(s, n, 1);
	assert_int_equal(noise_write(&noise, NULL, 0, &message), ERR_OK);
	give_clear(s, &message);
	n = session_output(s, &out);
	assert_int_equal(noise_read(&noise, out + 2, n - 2, &payload), ERR_OK);
	session_sent(s, n, 1);
	assert_int_equal(noise_split(&noise, &send, &receive), ERR_OK);
	assert_int_equal(
	    frame_write_sealed(&wire, &send, "\x08\x00", 2), ERR_OK);
	(void)session_receive(s, wire.data, wire.size, 1);
	buffer_free(&payload);
	buffer_free(&message);
	buffer_free(&wire);
}

static void
test_bye_in_place_of_welcome_is_no_success(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct self self = member_self(&hub);
	struct buffer chain = {0};
	struct exchange *x;
	struct session *s;
	struct invite i;

	group_invite(&hub, "C01", &i, code);
	s = begin_join(&x, &clinic, code);
	assert_int_equal(
	    chain_create(self.root_key, self.chain, self.chain_count, &chain),
	    ERR_OK);
	give_clear(s, &chain);
	say_bye_at_once(s, &self, code);
	group_work(&clinic, x, NULL);
	assert_true(exchange_is_over(x));
	assert_int_equal(exchange_result(x), ERR_CLOSED);
	assert_false(member_self(&clinic).is_enrolled);
	exchange_free(x);
	buffer_free(&chain);
}

/* The disk is full when the welcome comes: the hub is not told that all is
 * well, and the node does not say so. */
static void
test_join_that_cannot_be_stored_is_no_success(void **state)
{
	char code[INVITE_TEXT_BYTES];
	struct group_result r;
	struct invite i;
	int failing = 0;

	group_invite(&hub, "C01", &i, code);
	r = group_run_until(
	    &clinic, &hub, SESSION_JOIN, code, SIZE_MAX, &failing);
	assert_int_equal(r.up, ERR_FULL);
	assert_int_not_equal(r.down, ERR_OK);
	assert_false(member_self(&clinic).is_enrolled);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_JOIN, code).up, ERR_OK);
}

static void
test_stranger_is_told_that_it_is_one(void **state)
{
	struct group_result r;
	struct member twin;

	group_join(&hub, &clinic, "C01");
	/* A hub of the same name and keys that forgot its nodes. */
	twin = hub;
	{
		struct self self = member_self(&clinic);
		struct txn *t = member_begin(&twin, true);

		assert_int_equal(txn_delete(t, TABLE_NODE_KEYS,
		                     self.transport.public, KEY_BYTES),
		    ERR_OK);
		assert_int_equal(txn_commit(t), ERR_OK);
	}
	r = group_run(&clinic, &twin, SESSION_SYNC, NULL);
	assert_int_equal(r.up, ERR_NOT_ENROLLED);
	assert_int_equal(r.reason, REASON_NOT_ENROLLED);
	assert_true(r.told_by_peer);
}

static void
test_withdrawn_node_is_refused(void **state)
{
	struct group_result r;
	struct self self;
	struct node node;
	struct txn *t;

	group_join(&hub, &clinic, "C01");
	self = member_self(&clinic);
	t = member_begin(&hub, true);
	assert_int_equal(index_node_read(t, self.id, &node), ERR_OK);
	node.is_revoked = true;
	assert_int_equal(index_node_write(t, &node), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	member_write(&clinic, 3, "C01");
	r = group_run(&clinic, &hub, SESSION_SYNC, NULL);
	assert_int_equal(r.up, ERR_NOT_ALLOWED);
	assert_int_equal(r.reason, REASON_REVOKED);
	assert_int_equal(member_waiting(&clinic), 1);
}

static void
test_two_sessions_of_one_node_double_nothing(void **state)
{
	struct group_link a = {&clinic, &hub, NULL, NULL, SIZE_MAX, NULL};
	struct group_link b = a;
	struct group_result r;
	bool moved;
	int i;

	group_join(&hub, &clinic, "C01");
	for (i = 0; i < 300; i++)
		member_write(&clinic, (uint8_t)(i % CLASSES), "C01");
	assert_int_equal(
	    group_exchange_new(&a.up, &clinic, SESSION_SYNC, NULL), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&a.down, &hub, SESSION_ANSWER, NULL), ERR_OK);
	for (i = 0; i < 4; i++)
		(void)group_step(&a);
	assert_int_equal(
	    group_exchange_new(&b.up, &clinic, SESSION_SYNC, NULL), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&b.down, &hub, SESSION_ANSWER, NULL), ERR_OK);
	do {
		moved = group_step(&a);
		moved = group_step(&b) || moved;
	} while (moved);
	group_finish(&a, &r);
	assert_int_equal(r.up, ERR_OK);
	group_finish(&b, &r);
	assert_int_equal(r.up, ERR_OK);
	assert_int_equal(member_waiting(&clinic), 0);
	assert_int_equal(member_at_group(&clinic), 300);
}

/* A clock that no clock shows stops nothing. */
static void
test_absurd_clock_stops_nothing(void **state)
{
	const int64_t times[] = {INT64_MIN, INT64_MAX, -1, 0};
	size_t i;

	group_join(&hub, &clinic, "C01");
	for (i = 0; i < 4; i++) {
		struct group_link l = {
		    &clinic, &hub, NULL, NULL, SIZE_MAX, NULL};
		struct group_result r;

		group_time = times[i]; /* read when an exchange is made */
		assert_int_equal(
		    group_exchange_new(&l.up, &clinic, SESSION_SYNC, NULL),
		    ERR_OK);
		group_time = GROUP_NOW;
		assert_int_equal(
		    group_exchange_new(&l.down, &hub, SESSION_ANSWER, NULL),
		    ERR_OK);
		member_write(&clinic, 3, "C01");
		while (group_step(&l))
			;
		group_finish(&l, &r);
		assert_int_equal(r.up, ERR_OK);
	}
	assert_int_equal(member_waiting(&clinic), 0);
}

static void
test_roles_keep_to_their_side(void **state)
{
	struct exchange *x;

	assert_int_equal(group_exchange_new(&x, &clinic, SESSION_SYNC, NULL),
	    ERR_NOT_ENROLLED);
	assert_int_equal(group_exchange_new(&x, &clinic, SESSION_ANSWER, NULL),
	    ERR_NOT_ALLOWED);
	assert_int_equal(
	    group_exchange_new(&x, &hub, SESSION_SYNC, NULL), ERR_NOT_ALLOWED);
	assert_int_equal(
	    group_exchange_new(&x, &clinic, SESSION_JOIN, "nonsense"),
	    ERR_FORMAT);
	group_join(&hub, &clinic, "C01");
	assert_int_equal(
	    group_exchange_new(&x, &clinic, SESSION_JOIN, "nonsense"),
	    ERR_EXISTS);
}

/* Every commit of a sync fails in turn: no success, nothing lost. */
static void
test_failing_commit_is_no_success(void **state)
{
	struct group_result r = {ERR_FULL, ERR_OK, REASON_NONE, false, {0}};
	int at;

	group_join(&hub, &clinic, "C01");
	for (at = 0; r.up != ERR_OK && at < 20; at++) {
		int failing = at;

		member_write(&clinic, 3, "C01");
		member_write(&hub, 3, "C01");
		r = group_run_until(
		    &clinic, &hub, SESSION_SYNC, NULL, SIZE_MAX, &failing);
		/* The last of them only counts bytes (failing is -1 then). */
		assert_true(r.up == ERR_OK || r.up == ERR_FULL);
	}
	assert_in_range(at, 2, 19);
	assert_int_equal(
	    group_run(&clinic, &hub, SESSION_SYNC, NULL).up, ERR_OK);
	assert_int_equal(member_waiting(&clinic), 0);
	assert_int_equal(member_at_group(&clinic), (uint64_t)at);
}

/* The owner's writer is slow: the session is through before its receipts are
 * kept, and then they cannot be. */
static void
test_late_failing_commit_is_no_success(void **state)
{
	struct group_link l = {&clinic, &hub, NULL, NULL, SIZE_MAX, NULL};
	int i, failing = 0;

	group_join(&hub, &clinic, "C01");
	member_write(&clinic, 3, "C01");
	assert_int_equal(
	    group_exchange_new(&l.up, &clinic, SESSION_SYNC, NULL), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&l.down, &hub, SESSION_ANSWER, NULL), ERR_OK);
	for (i = 0; i < 20; i++) {
		struct session *up = exchange_session(l.up);
		struct session *down = exchange_session(l.down);
		const uint8_t *out;
		size_t n = session_output(up, &out);

		(void)session_receive(down, out, n, 1);
		session_sent(up, n, 1);
		group_work(&hub, l.down, NULL);
		n = session_output(down, &out);
		(void)session_receive(up, out, n, 1);
		session_sent(down, n, 1);
	}
	assert_true(session_is_over(exchange_session(l.up)));
	group_work(&clinic, l.up, &failing);
	assert_true(exchange_is_over(l.up));
	assert_int_equal(exchange_result(l.up), ERR_FULL);
	assert_int_equal(exchange_result(l.down), ERR_OK);
	exchange_free(l.up);
	exchange_free(l.down);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_wrong_secret_has_five_tries),
	    CASE(
	        test_wrong_secret_is_the_invites_fault_and_an_altered_answer_is_not),
	    CASE(test_joining_too_late_is_no_fault_of_the_invite),
	    CASE(test_tries_are_counted_though_the_link_is_cut),
	    CASE(test_expired_and_unknown_invites_are_refused),
	    CASE(test_invite_is_for_one_node),
	    cmocka_unit_test(
	        test_join_cut_anywhere_is_repeated_with_one_certificate),
	    CASE(test_code_of_another_group_is_not_spent),
	    CASE(test_clinic_cannot_play_the_parent),
	    CASE(test_bye_in_place_of_welcome_is_no_success),
	    CASE(test_join_that_cannot_be_stored_is_no_success),
	    CASE(test_stranger_is_told_that_it_is_one),
	    CASE(test_withdrawn_node_is_refused),
	    CASE(test_two_sessions_of_one_node_double_nothing),
	    CASE(test_absurd_clock_stops_nothing),
	    CASE(test_roles_keep_to_their_side),
	    CASE(test_failing_commit_is_no_success),
	    CASE(test_late_failing_commit_is_no_success),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
