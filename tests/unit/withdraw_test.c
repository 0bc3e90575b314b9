/* withdraw: a node is taken out of the group: what the hub keeps of it, what
 * it and the others hear, and who can pass for whom. */

#include "store/apart.h"
#include "store/withdraw.h"
#include "tests/unit/group.h"

static struct member hub, clinic, other;

static int
set_up(void **state)
{
	group_time = GROUP_NOW;
	member_make(&hub, ROLE_HUB, "hub");
	member_make(&clinic, ROLE_CLINIC, "clinic");
	member_make(&other, ROLE_CLINIC, "other");
	group_join(&hub, &clinic, "C01");
	group_join(&hub, &other, "C01");
	return 0;
}

static int
tear_down(void **state)
{
	member_remove(&hub);
	member_remove(&clinic);
	member_remove(&other);
	return 0;
}

/* --- looking ----------------------------------------------------------- */

static struct node
node_of(struct member *m)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(&hub, false);
	struct node node;

	assert_int_equal(index_node_read(t, self.id, &node), ERR_OK);
	txn_abort(t);
	return node;
}

static enum err
withdraw(struct member *at, struct member *m, const char *reason)
{
	struct self self = member_self(at), node = member_self(m);
	struct txn *t = member_begin(at, true);
	struct node out;
	enum err e =
	    withdraw_node(t, &self, node.id, reason, GROUP_NOW + 5, &out);

	if (e == ERR_OK)
		assert_int_equal(txn_commit(t), ERR_OK);
	else
		txn_abort(t);
	return e;
}

static uint32_t
epoch_at(struct member *m)
{
	struct txn *t = member_begin(m, false);
	uint32_t epoch;

	assert_int_equal(withdraw_epoch(t, &epoch), ERR_OK);
	txn_abort(t);
	return epoch;
}

static struct own_counts
counts_of(struct member *m)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(m, false);
	struct own_counts own;

	assert_int_equal(withdraw_own_counts(t, &self, &own), ERR_OK);
	txn_abort(t);
	return own;
}

static bool
knows_it_is_withdrawn(struct member *m)
{
	struct self self = member_self(m);
	struct txn *t = member_begin(m, false);
	struct withdrawal w;

	assert_int_equal(withdraw_of_self(t, &self, &w), ERR_OK);
	txn_abort(t);
	return w.is_withdrawn;
}

/* How a change is held: -1: not at all; 0: merged; else why it is apart. */
static int
held_as(struct member *m, const struct change_id *id)
{
	struct txn *t = member_begin(m, false);
	struct stored s;
	enum err e;
	int apart;

	stored_init(&s);
	e = stored_read(t, id, &s);
	apart = e == ERR_OK ? s.apart : -1;
	stored_free(&s);
	txn_abort(t);
	return apart;
}

static uint64_t
body_bytes(struct member *m, const struct change_id *id)
{
	struct txn *t = member_begin(m, false);
	struct stored s;
	uint64_t n;

	stored_init(&s);
	assert_int_equal(stored_read(t, id, &s), ERR_OK);
	n = s.body.size;
	stored_free(&s);
	txn_abort(t);
	return n;
}

static enum err
count_code(void *context, const struct question *q)
{
	int *counts = context;

	counts[q->code]++;
	return ERR_OK;
}

static int
questions(struct member *m, enum finding_code code)
{
	struct txn *t = member_begin(m, false);
	int counts[256] = {0};

	assert_int_equal(question_walk(t, count_code, counts), ERR_OK);
	txn_abort(t);
	return counts[code];
}

static uint64_t
rows(struct member *m, enum table table)
{
	struct txn *t = member_begin(m, false);
	uint64_t n;

	assert_int_equal(txn_count(t, table, &n), ERR_OK);
	txn_abort(t);
	return n;
}

static struct group_result
sync_up(struct member *m)
{
	return group_run(m, &hub, SESSION_SYNC, NULL);
}

static void
expect_revoked(struct group_result r)
{
	assert_int_equal(r.up, ERR_NOT_ALLOWED);
	assert_int_equal(r.reason, REASON_REVOKED);
	assert_true(r.told_by_peer);
	assert_int_not_equal(r.down, ERR_OK);
}

/* --- at the hub -------------------------------------------------------- */

static void
test_hub_alone_withdraws_and_once(void **state)
{
	char longest[NODE_REASON_BYTES_MAX + 2];
	struct withdrawn *list = calloc(1, sizeof *list);
	struct self self = member_self(&hub), lost = member_self(&clinic);
	uint32_t epoch;
	struct txn *t;

	assert_non_null(list);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(withdraw(&other, &clinic, "x"), ERR_NOT_ALLOWED);
	assert_int_equal(withdraw(&hub, &hub, "x"), ERR_NOT_ALLOWED);
	assert_int_equal(withdraw(&hub, &clinic, longest), ERR_LIMIT);
	assert_int_equal(epoch_at(&hub), 0);
	longest[NODE_REASON_BYTES_MAX] = '\0';
	assert_int_equal(withdraw(&hub, &clinic, longest), ERR_OK);
	epoch = epoch_at(&hub);
	assert_true(epoch > 0);
	assert_int_equal(withdraw(&hub, &clinic, "again"), ERR_EXISTS);
	assert_int_equal(epoch_at(&hub), epoch);
	assert_true(node_of(&clinic).is_revoked);
	assert_int_equal(node_of(&clinic).revoked_at, GROUP_NOW + 5);
	assert_string_equal(node_of(&clinic).reason, longest);
	assert_false(node_of(&other).is_revoked);

	t = member_begin(&hub, false);
	assert_int_equal(withdraw_list(t, list), ERR_OK);
	txn_abort(t);
	assert_int_equal(list->count, 1);
	assert_true(withdrawn_has(list, lost.id));
	assert_int_equal(
	    withdrawn_verify(list, self.group, self.signing_public), ERR_OK);
	assert_int_equal(withdraw(&hub, &other, "too"), ERR_OK);
	assert_true(epoch_at(&hub) > epoch);
	free(list);
}

/* --- what becomes of its work ------------------------------------------ */

static void
test_withdrawn_node_is_heard_and_nothing_is_merged(void **state)
{
	struct change_id before, after[2];
	struct own_counts own;
	uint64_t records, places;

	before = member_write(&clinic, 3, "C01");
	assert_int_equal(sync_up(&clinic).up, ERR_OK);
	records = rows(&hub, TABLE_RECORDS);
	places = rows(&hub, TABLE_LISTS);
	assert_int_equal(withdraw(&hub, &clinic, "lost"), ERR_OK);
	after[0] = member_write(&clinic, 3, "C01");
	after[1] = member_write(&clinic, 0, "C01");
	expect_revoked(sync_up(&clinic));

	assert_int_equal(held_as(&hub, &before), 0);
	assert_int_equal(held_as(&hub, &after[0]), FINDING_WITHDRAWN);
	assert_int_equal(held_as(&hub, &after[1]), FINDING_WITHDRAWN);
	assert_int_equal(rows(&hub, TABLE_RECORDS), records);
	assert_int_equal(rows(&hub, TABLE_LISTS), places);
	assert_int_equal(questions(&hub, FINDING_WITHDRAWN), 1);
	assert_int_equal(node_of(&clinic).apart_changes, 2);
	assert_true(node_of(&clinic).apart_bytes > 0);

	/* It knows, and does not call sent what was not taken. */
	assert_true(knows_it_is_withdrawn(&clinic));
	own = counts_of(&clinic);
	assert_int_equal(own.waiting, 0);
	assert_int_equal(own.held, 1);
	assert_int_equal(own.apart, 2);
	assert_int_equal(member_at_group(&clinic), 1);
	assert_int_equal(questions(&clinic, FINDING_WITHDRAWN), 1);

	/* Again: nothing twice. It goes on recording. */
	expect_revoked(sync_up(&clinic));
	assert_int_equal(node_of(&clinic).apart_changes, 2);
	member_write(&clinic, 3, "C01");
	assert_int_equal(counts_of(&clinic).waiting, 1);
	expect_revoked(sync_up(&clinic));
	assert_int_equal(node_of(&clinic).apart_changes, 3);
	assert_int_equal(questions(&hub, FINDING_WITHDRAWN), 1);
	assert_int_equal(counts_of(&clinic).apart, 3);

	/* The other clinic of the org gets what was merged, and the list. */
	assert_int_equal(sync_up(&other).up, ERR_OK);
	assert_int_equal(held_as(&other, &before), 0);
	assert_int_equal(held_as(&other, &after[0]), -1);
	assert_int_equal(epoch_at(&other), epoch_at(&hub));
	assert_false(knows_it_is_withdrawn(&other));
}

/* The next slip number the hub hands out for C01. */
static uint64_t
next_slip(void)
{
	struct txn *t = member_begin(&hub, false);
	uint64_t n;

	assert_int_equal(meta_get_number(t, "slips:C01", &n), ERR_OK);
	txn_abort(t);
	assert_true(n > 0);
	return n;
}

/* It gets neither records nor numbers, though both wait for it. */
static void
test_withdrawn_node_is_given_nothing(void **state)
{
	struct change_id theirs = member_write(&other, 3, "C01");
	uint64_t before, after, slip;
	struct txn *t;

	assert_int_equal(sync_up(&other).up, ERR_OK);
	assert_int_equal(withdraw(&hub, &clinic, "lost"), ERR_OK);
	t = member_begin(&clinic, true);
	assert_int_equal(meta_put(t, "slips", "", 0), ERR_OK);
	assert_int_equal(paper_left(t, &before), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(before, 0);
	slip = next_slip();
	expect_revoked(sync_up(&clinic));
	assert_int_equal(next_slip(), slip);
	assert_int_equal(held_as(&clinic, &theirs), -1);
	t = member_begin(&clinic, false);
	assert_int_equal(paper_left(t, &after), ERR_OK);
	txn_abort(t);
	assert_int_equal(after, 0);
}

/* The batch lies with the writer when the node is withdrawn. */
static void
test_batch_that_waited_is_held_apart(void **state)
{
	struct group_link l = {&clinic, &hub, NULL, NULL, SIZE_MAX, NULL};
	struct change_id id;
	struct group_result r;
	struct writer_job *job;
	const uint8_t *out;
	struct txn *t;
	size_t n;
	int i;

	id = member_write(&clinic, 3, "C01");
	assert_int_equal(
	    group_exchange_new(&l.up, &clinic, SESSION_SYNC, NULL), ERR_OK);
	assert_int_equal(
	    group_exchange_new(&l.down, &hub, SESSION_ANSWER, NULL), ERR_OK);
	for (i = 0; (job = exchange_next_job(l.down)) == NULL; i++) {
		struct exchange *from = i % 2 == 0 ? l.up : l.down;
		struct exchange *to = i % 2 == 0 ? l.down : l.up;

		assert_true(i < 20);
		group_work(&clinic, l.up, NULL);
		n = session_output(exchange_session(from), &out);
		(void)session_receive(exchange_session(to), out, n, 1);
		session_sent(exchange_session(from), n, 1);
	}
	assert_int_equal(withdraw(&hub, &clinic, "lost"), ERR_OK);
	t = member_begin(&hub, true);
	assert_int_equal(job->run(job->context, t), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	exchange_job_done(l.down, ERR_OK);
	while (group_step(&l))
		;
	group_finish(&l, &r);
	expect_revoked(r);
	assert_int_equal(held_as(&hub, &id), FINDING_WITHDRAWN);
	assert_int_equal(member_at_group(&clinic), 0);
	assert_true(knows_it_is_withdrawn(&clinic));
	assert_int_equal(counts_of(&clinic).waiting, 1);
	expect_revoked(sync_up(&clinic));
	assert_int_equal(node_of(&clinic).apart_changes, 1);
}

/* Full: nothing of the batch is kept, and nothing receipted. */
static void
test_what_is_held_apart_is_bounded(void **state)
{
	struct change_id id;
	struct node node;
	uint64_t bytes = 0;
	struct txn *t;
	int i;

	assert_int_equal(withdraw(&hub, &clinic, "lost"), ERR_OK);
	for (i = 0; i < 2; i++) {
		id = member_write(&clinic, 3, "C01");
		bytes += body_bytes(&clinic, &id);
		t = member_begin(&hub, true);
		node = node_of(&clinic);
		node.apart_changes = i == 0 ? WITHDRAW_CHANGES_MAX : 0;
		node.apart_bytes = i == 0 ? 0 : WITHDRAW_BYTES_MAX;
		assert_int_equal(index_node_write(t, &node), ERR_OK);
		assert_int_equal(txn_commit(t), ERR_OK);
		expect_revoked(sync_up(&clinic));
		assert_int_equal(held_as(&hub, &id), -1);
		assert_int_equal(counts_of(&clinic).waiting, i + 1);
		/* Its life, which was new, counts too. */
		if (i == 0)
			assert_int_equal(
			    node_of(&clinic).apart_bytes, sizeof(struct life));
	}
	/* With room it goes on where it stood. */
	t = member_begin(&hub, true);
	node.apart_changes = node.apart_bytes = 0;
	assert_int_equal(index_node_write(t, &node), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	expect_revoked(sync_up(&clinic));
	assert_int_equal(held_as(&hub, &id), FINDING_WITHDRAWN);
	assert_int_equal(counts_of(&clinic).waiting, 0);
	assert_int_equal(counts_of(&clinic).apart, 2);
	assert_int_equal(node_of(&clinic).apart_bytes, bytes);
}

/* What waited for the org tree does not slip in when the tree grows. */
static void
test_nothing_of_it_is_judged_again(void **state)
{
	struct change_id id = member_write(&clinic, 3, "V0101");
	struct self self;
	struct txn *t;
	int i;

	assert_int_equal(sync_up(&clinic).up, ERR_OK);
	assert_int_equal(held_as(&hub, &id), FINDING_ORG_OUTSIDE);
	for (i = 0; i < 2; i++) {
		if (i == 0)
			assert_int_equal(withdraw(&hub, &clinic, "x"), ERR_OK);
		t = member_begin(&hub, true);
		assert_int_equal(self_read(t, &self), ERR_OK);
		assert_int_equal(index_told_parent(t, "V0101", "C01"), ERR_OK);
		assert_int_equal(apart_judge_again(t, &self), ERR_OK);
		assert_int_equal(txn_commit(t), ERR_OK);
		assert_int_equal(held_as(&hub, &id), FINDING_ORG_OUTSIDE);
	}
}

/* --- the list among nodes ----------------------------------------------- */

/* As it was before: of a hub put back to a backup. */
static void
forget_withdrawals(void)
{
	struct node node = node_of(&clinic);
	struct txn *t = member_begin(&hub, true);

	node.is_revoked = false;
	node.revoked_at = 0;
	node.reason[0] = '\0';
	assert_int_equal(index_node_write(t, &node), ERR_OK);
	assert_int_equal(txn_delete(t, TABLE_META, "withdrawn", 9), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
}

static void
test_restored_hub_hears_whom_it_had_withdrawn(void **state)
{
	uint32_t epoch;

	assert_int_equal(withdraw(&hub, &clinic, "lost"), ERR_OK);
	epoch = epoch_at(&hub);
	assert_int_equal(sync_up(&other).up, ERR_OK);
	forget_withdrawals();
	assert_int_equal(epoch_at(&hub), 0);
	assert_int_equal(sync_up(&other).up, ERR_OK);
	assert_int_equal(epoch_at(&hub), epoch);
	assert_true(node_of(&clinic).is_revoked);
	expect_revoked(sync_up(&clinic));
}

/* A list of that epoch, signed by some key, as somebody's own. */
static void
plant_list(struct member *at, uint32_t epoch, const struct self *on_it,
    const struct self *signer)
{
	struct withdrawn *list = calloc(1, sizeof *list);
	struct buffer value = {0};
	struct txn *t = member_begin(at, true);

	assert_non_null(list);
	list->epoch = epoch;
	assert_int_equal(withdrawn_add(list, on_it->id), ERR_OK);
	assert_int_equal(
	    withdrawn_sign(list, signer->group, signer->signing_secret),
	    ERR_OK);
	assert_int_equal(withdrawn_create(list, &value), ERR_OK);
	assert_int_equal(
	    meta_put(t, "withdrawn", value.data, value.size), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_free(&value);
	free(list);
}

/* A clinic cannot withdraw another, by a list of its own making. */
static void
test_list_of_another_hand_ends_the_session(void **state)
{
	struct self victim = member_self(&clinic), self = member_self(&other);
	struct group_result r;

	plant_list(&other, 4000000000u, &victim, &self);
	r = sync_up(&other);
	assert_int_equal(r.down, ERR_AUTH);
	assert_int_equal(epoch_at(&hub), 0);
	assert_false(node_of(&clinic).is_revoked);
	assert_int_equal(sync_up(&clinic).up, ERR_OK);
}

/* Nor does a node believe one its parent made up, or an older one. */
static void
test_node_believes_the_hub_alone(void **state)
{
	struct self own = member_self(&clinic), self = member_self(&other);
	struct self signer = member_self(&hub);
	struct withdrawn *list = calloc(1, sizeof *list);
	struct txn *t;

	assert_non_null(list);
	list->epoch = 9;
	assert_int_equal(withdrawn_add(list, own.id), ERR_OK);
	assert_int_equal(
	    withdrawn_sign(list, self.group, self.signing_secret), ERR_OK);
	t = member_begin(&clinic, true);
	assert_int_equal(withdraw_take(t, &own, list, GROUP_NOW), ERR_AUTH);
	txn_abort(t);

	plant_list(&clinic, 10, &self, &signer);
	assert_int_equal(
	    withdrawn_sign(list, signer.group, signer.signing_secret), ERR_OK);
	t = member_begin(&clinic, true);
	assert_int_equal(withdraw_take(t, &own, list, GROUP_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(epoch_at(&clinic), 10);
	assert_false(knows_it_is_withdrawn(&clinic));
	list->epoch = 11;
	assert_int_equal(
	    withdrawn_sign(list, signer.group, signer.signing_secret), ERR_OK);
	t = member_begin(&clinic, true);
	assert_int_equal(withdraw_take(t, &own, list, GROUP_NOW), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_true(knows_it_is_withdrawn(&clinic));
	free(list);
}

/* --- one node as another ------------------------------------------------- */

enum { OWN_TRANSPORT = 1, OWN_SIGNING = 2 };

/* Give `m` the name, certificate and public keys of `as`, and its secret keys
 * but for those said to be its own. */
static void
masquerade(struct member *m, struct member *as, unsigned own)
{
	struct self mine = member_self(m), theirs = member_self(as);
	struct buffer node = {0}, group = {0};
	struct txn *t = member_begin(as, false);

	assert_int_equal(meta_get(t, "group", &group), ERR_OK);
	txn_abort(t);
	put_u8(&node, (uint8_t)theirs.role);
	put_text(&node, theirs.name);
	put_text(&node, theirs.source);
	put_bytes(&node,
	    (own & OWN_SIGNING) != 0 ? mine.signing_secret
	                             : theirs.signing_secret,
	    32);
	put_bytes(&node, theirs.signing_public, KEY_BYTES);
	put_bytes(&node,
	    (own & OWN_TRANSPORT) != 0 ? mine.transport.secret
	                               : theirs.transport.secret,
	    KEY_BYTES);
	put_bytes(&node, theirs.transport.public, KEY_BYTES);
	t = member_begin(m, true);
	assert_int_equal(meta_put(t, "node", node.data, node.size), ERR_OK);
	assert_int_equal(meta_put(t, "group", group.data, group.size), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	buffer_free(&node);
	buffer_free(&group);
}

static void
test_own_keys_under_another_name_are_refused(void **state)
{
	const unsigned own[] = {
	    OWN_TRANSPORT | OWN_SIGNING, OWN_TRANSPORT, OWN_SIGNING};
	size_t i;

	for (i = 0; i < sizeof own / sizeof own[0]; i++) {
		struct change_id id;
		struct group_result r;

		tear_down(NULL);
		set_up(NULL);
		id = member_write(&clinic, 3, "C01");
		masquerade(&clinic, &other, own[i]);
		r = sync_up(&clinic);
		assert_int_not_equal(r.up, ERR_OK);
		assert_int_not_equal(r.down, ERR_OK);
		assert_int_equal(held_as(&hub, &id), -1);
		assert_int_equal(node_of(&other).changes_taken, 0);
		/* With its transport key alone not even a word is said. */
		if ((own[i] & OWN_TRANSPORT) != 0)
			assert_int_equal(node_of(&other).last_contact, 0);
		else
			assert_int_equal(r.reason, REASON_LOG);
	}
}

/* A store that holds the certificate of other keys is no store. */
static void
test_certificate_of_another_node_is_no_certificate(void **state)
{
	struct buffer group = {0};
	struct self self;
	struct txn *t = member_begin(&other, false);

	assert_int_equal(meta_get(t, "group", &group), ERR_OK);
	txn_abort(t);
	t = member_begin(&clinic, true);
	assert_int_equal(meta_put(t, "group", group.data, group.size), ERR_OK);
	assert_int_equal(self_read(t, &self), ERR_CORRUPT);
	txn_abort(t);
	buffer_free(&group);
}

/* Whatever the author's own program let it write. */
static void
test_change_outside_the_certificate_is_kept_apart(void **state)
{
	struct change_id outside = member_write(&clinic, 3, "C02");
	struct change_id inside = member_write(&clinic, 3, "C01");

	assert_int_equal(sync_up(&clinic).up, ERR_OK);
	assert_int_equal(held_as(&hub, &outside), FINDING_ORG_OUTSIDE);
	assert_int_equal(held_as(&hub, &inside), 0);
	assert_int_equal(questions(&hub, FINDING_ORG_OUTSIDE), 1);
	assert_int_equal(questions(&clinic, FINDING_ORG_OUTSIDE), 1);
	assert_int_equal(sync_up(&other).up, ERR_OK);
	assert_int_equal(held_as(&other, &outside), -1);
}

/* It says that it stands at the beginning of a list that is not its own. */
static void
test_list_of_another_org_cannot_be_asked_for(void **state)
{
	const struct list_id list = {"org:C02", 3};
	struct cursor at = {.epoch = 1};
	struct member third;
	struct change_id id;
	struct audience a;
	uint8_t parent[NODE_ID_BYTES];
	struct txn *t;

	member_make(&third, ROLE_CLINIC, "third");
	group_join(&hub, &third, "C02");
	id = member_write(&third, 3, "C02");
	assert_int_equal(sync_up(&third).up, ERR_OK);
	t = member_begin(&hub, false);
	assert_int_equal(audience_read(t, list.name, &a), ERR_OK);
	txn_abort(t);
	at.epoch = a.epoch;
	memcpy(parent, member_self(&hub).id, sizeof parent);
	t = member_begin(&clinic, true);
	assert_int_equal(
	    cursor_write(t, parent, CURSOR_OWN, &list, &at), ERR_OK);
	assert_int_equal(txn_commit(t), ERR_OK);
	assert_int_equal(sync_up(&clinic).up, ERR_OK);
	assert_int_equal(sync_up(&clinic).up, ERR_OK);
	assert_int_equal(held_as(&clinic, &id), -1);
	assert_int_equal(held_as(&hub, &id), 0);
	member_remove(&third);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    CASE(test_hub_alone_withdraws_and_once),
	    CASE(test_withdrawn_node_is_heard_and_nothing_is_merged),
	    CASE(test_withdrawn_node_is_given_nothing),
	    CASE(test_batch_that_waited_is_held_apart),
	    CASE(test_what_is_held_apart_is_bounded),
	    CASE(test_nothing_of_it_is_judged_again),
	    CASE(test_restored_hub_hears_whom_it_had_withdrawn),
	    CASE(test_list_of_another_hand_ends_the_session),
	    CASE(test_node_believes_the_hub_alone),
	    CASE(test_own_keys_under_another_name_are_refused),
	    CASE(test_certificate_of_another_node_is_no_certificate),
	    CASE(test_change_outside_the_certificate_is_kept_apart),
	    CASE(test_list_of_another_org_cannot_be_asked_for),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
