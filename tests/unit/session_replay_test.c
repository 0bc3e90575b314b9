/* session_replay: somebody on the way who has no keys, but ears and patience:
 * he plays whole sessions again, or parts of them, to either end, and turns
 * frames round. And nodes of two groups that meet. Each of these ends with the
 * reason of docs/protocol.md, 12, and what both ends hold is as it was.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/speaker.h"

enum { OUTPUTS_MAX = 64, UP = 0, DOWN = 1 };

/* What each end gave out, an output at a time, in order. */
static struct {
	int way;
	struct buffer bytes;
} heard[OUTPUTS_MAX];
static size_t heard_count;

/* --- the scene ------------------------------------------------------------ */

static void
make_nodes(void)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 0, 2, 40);
	memory_list_make(&clinic, "up", 3, 30, 200);
	memory_list_make(&hub, "group", 3, 20, 200);
	memory_list_make(&hub, "org:C01", 1, 3, 50);
}

/* Lists that grew: there is something to take again. */
static void
grow(void)
{
	size_t i;

	for (i = 0; i < clinic.list_count; i++)
		clinic.lists[i].count += 5;
	for (i = 0; i < hub.list_count; i++)
		hub.lists[i].count += 5;
}

static struct session *
session_of(const struct ends *e, int way)
{
	return way == UP ? e->up : e->down;
}

static struct memory_node *
node_of(int way)
{
	return way == UP ? &clinic : &hub;
}

/* The next output of an end; empty: there is none. */
static struct buffer
take_output(struct session *s)
{
	struct buffer b = {0};
	const uint8_t *out;
	size_t n = session_output(s, &out);

	put_bytes(&b, out, n);
	session_sent(s, n, 1);
	return b;
}

/* A session, heard; its frame number `turned` (if there are so many) goes back
 * to who sent it, and then to nobody. Who that was, or -1. */
static int
run_turning(struct ends *e, size_t turned)
{
	int way, idle = 0;

	heard_count = 0;
	for (way = UP; idle < 2; way = 1 - way) {
		struct buffer b;

		work(e);
		b = take_output(session_of(e, way));
		idle = b.size == 0 ? idle + 1 : 0;
		if (b.size == 0)
			continue;
		memory_must(heard_count < OUTPUTS_MAX);
		buffer_free(&heard[heard_count].bytes);
		heard[heard_count].way = way;
		heard[heard_count].bytes = b;
		if (heard_count++ == turned)
			return way;
		(void)session_receive(
		    session_of(e, 1 - way), b.data, b.size, 1);
	}
	work(e);
	return -1;
}

/* An honest session, whose bytes are kept. */
static void
record(void)
{
	struct ends e;

	make_nodes();
	ends_make(&e);
	assert_int_equal(run_turning(&e, SIZE_MAX), -1);
	assert_true(clinic.is_done && hub.is_done);
	assert_true(heard_count > 6);
	ends_free(&e);
	grow();
}

/* What a session may change, and only that. */
struct held {
	struct cursor_set own, theirs;
	uint64_t taken, receipts, group_receipts, corrections;
};

static struct held
held_of(const struct memory_node *n)
{
	struct held h;

	memset(&h, 0, sizeof h);
	h.own = n->own;
	h.theirs = n->theirs;
	h.taken = n->taken;
	h.receipts = n->receipts;
	h.group_receipts = n->group_receipts;
	h.corrections = n->corrections;
	return h;
}

static struct memory_node *subject;
static struct held held_before;

static struct session *
begin(struct memory_node *n)
{
	subject = n;
	n->is_done = n->has_failed = n->hello_came = false;
	n->reason = REASON_NONE;
	n->error = ERR_OK;
	n->ephemeral = 1; /* no node uses one twice */
	held_before = held_of(n);
	return n == &hub ? memory_session(n, SESSION_ANSWER, NULL, 1)
	                 : memory_session(n, SESSION_SYNC, &hub.cert, 1);
}

static void
expect_nothing_changed(void)
{
	struct held now = held_of(subject);

	assert_memory_equal(&now, &held_before, sizeof now);
	assert_true(subject->has_failed);
	assert_false(subject->is_done);
}

static void
expect_end(struct session *s, enum err error, enum reason reason)
{
	memory_work(subject, s);
	expect_nothing_changed();
	assert_false(subject->hello_came);
	assert_int_equal(subject->error, error);
	assert_int_equal(subject->reason, reason);
	session_free(s);
}

static void
feed(struct session *s, const struct buffer *b, size_t piece)
{
	size_t at, n;

	for (at = 0; at < b->size; at += n) {
		n = b->size - at < piece ? b->size - at : piece;
		(void)session_receive(s, b->data + at, n, 1);
	}
}

/* All that one end gave out in the session that was heard; what the other end
 * answers now is lost on who plays it. */
static void
play(struct session *s, int way, size_t piece)
{
	size_t i;

	for (i = 0; i < heard_count; i++) {
		struct buffer answer;

		if (heard[i].way != way)
			continue;
		feed(s, &heard[i].bytes, piece);
		memory_work(subject, s);
		answer = take_output(s);
		buffer_free(&answer);
	}
}

/* --- again ---------------------------------------------------------------- */

static void
test_session_of_a_child_played_again_is_refused(void **state)
{
	const size_t pieces[] = {SIZE_MAX, 1, 37};
	size_t i;

	for (i = 0; i < 3; i++) {
		struct session *s;

		record();
		s = begin(&hub);
		play(s, UP, pieces[i]);
		expect_end(s, ERR_AUTH, REASON_FORMAT);
	}
}

static void
test_session_of_a_parent_played_again_is_refused(void **state)
{
	const size_t pieces[] = {SIZE_MAX, 1, 37};
	size_t i;

	for (i = 0; i < 3; i++) {
		struct session *s;

		record();
		s = begin(&clinic);
		play(s, DOWN, pieces[i]);
		expect_end(s, ERR_AUTH, REASON_FORMAT);
	}
}

/* Message 1 can be played again, by anybody: it gets message 2 and nothing
 * more, and the step's time ends it. */
static void
test_message_1_played_again_waits_for_what_cannot_come(void **state)
{
	struct session *s;
	struct buffer answer;

	record();
	s = begin(&hub);
	feed(s, &heard[0].bytes, SIZE_MAX);
	answer = take_output(s);
	assert_int_equal(answer.size, 2 + 48);
	assert_memory_not_equal(answer.data, heard[1].bytes.data, 2 + 48);
	assert_int_equal(s->state, STATE_MESSAGE_3);
	assert_true(s->books == NULL); /* nothing was made room for */
	buffer_free(&answer);
	(void)session_expire(s, 2 + HANDSHAKE_TIMEOUT_MS);
	expect_end(s, ERR_TIMEOUT, REASON_TIMEOUT);
}

/* Message 3 of another session, behind messages of who holds other keys, or
 * the same ones. */
static void
test_message_3_of_another_session_does_not_open(void **state)
{
	static const uint8_t preface[] = {'Y', 'Z', 1, 1, 0};
	struct memory_node stranger;
	int i;

	for (i = 0; i < 2; i++) {
		struct speaker sp;
		struct buffer payload = {0};
		struct session *s;

		record();
		memory_node_make(&stranger, ROLE_CLINIC, 77);
		s = begin(&hub);
		speaker_init(&sp, i == 0 ? &clinic : &stranger, true,
		    hub.transport.public);
		speaker_write(&sp, s, NULL, 0, preface, sizeof preface);
		speaker_read(&sp, s, &payload);
		assert_int_equal(heard[2].way, UP);
		feed(s, &heard[2].bytes, SIZE_MAX);
		expect_end(s, ERR_AUTH, REASON_FORMAT);
		speaker_free(&sp);
		buffer_free(&payload);
	}
}

/* --- turned round --------------------------------------------------------- */

/* Each output of a session, from the preface to the bye, back to who said it.
 * In clear it may look like the beginning of a longer one, and then waits for
 * the rest. */
static void
test_no_frame_turned_round_is_taken(void **state)
{
	size_t i, refused = 0, waited = 0;

	for (i = 0;; i++) {
		struct ends e;
		struct session *s;
		int way;

		make_nodes();
		ends_make(&e);
		way = run_turning(&e, i);
		if (way < 0) {
			ends_free(&e);
			break;
		}
		s = session_of(&e, way);
		subject = node_of(way);
		held_before = held_of(subject);
		feed(s, &heard[i].bytes, SIZE_MAX);
		memory_work(subject, s);
		refused += subject->has_failed;
		waited += !subject->has_failed;
		/* The initiator's last one finds it over. */
		if (subject->has_failed) {
			assert_int_equal(subject->reason,
			    i == 0 ? REASON_LIMIT : REASON_FORMAT);
			assert_false(subject->told_by_peer);
		}
		session_closed(s);
		memory_work(subject, s);
		if (!subject->is_done)
			expect_nothing_changed();
		ends_free(&e);
	}
	assert_int_equal(i, heard_count);
	assert_true(i > 6);
	print_message("# %zu refused, %zu left waiting\n", refused, waited);
}

/* --- another group -------------------------------------------------------- */

/* The group stands in the prologue: its nodes do not get beyond message 1,
 * even if a parent there holds the same key. */
static void
test_nodes_of_two_groups_end_at_message_1(void **state)
{
	struct ends e;
	struct held then;

	record();
	clinic.group[7] = 1;
	then = held_of(&clinic);
	clinic.is_done = hub.is_done = false;
	subject = &hub;
	held_before = held_of(&hub);
	ends_make(&e);
	(void)run_turning(&e, SIZE_MAX);
	assert_int_equal(heard_count, 2); /* message 1, a clear error */
	assert_int_equal(heard[1].bytes.size, 4);
	expect_nothing_changed();
	assert_int_equal(hub.error, ERR_AUTH);
	assert_int_equal(hub.reason, REASON_FORMAT);
	subject = &clinic;
	held_before = then;
	expect_nothing_changed();
	assert_int_equal(clinic.reason, REASON_FORMAT);
	assert_true(clinic.told_by_peer);
	ends_free(&e);
}

static int
tear_down(void **state)
{
	size_t i;

	for (i = 0; i < OUTPUTS_MAX; i++)
		buffer_free(&heard[i].bytes);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session_of_a_child_played_again_is_refused),
	    cmocka_unit_test(test_session_of_a_parent_played_again_is_refused),
	    cmocka_unit_test(
	        test_message_1_played_again_waits_for_what_cannot_come),
	    cmocka_unit_test(test_message_3_of_another_session_does_not_open),
	    cmocka_unit_test(test_no_frame_turned_round_is_taken),
	    cmocka_unit_test(test_nodes_of_two_groups_end_at_message_1),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
