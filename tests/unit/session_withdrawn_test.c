/* session_withdrawn: who learns of the revocation list when, and what a
 * withdrawn peer gets: nothing but that. Also: which lists a peer can name.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/speaker.h"

static struct session *session;
static struct speaker speaker;

static void
put_on_list(struct memory_node *holder, const struct memory_node *n)
{
	uint8_t id[NODE_ID_BYTES];

	node_id_of(id, n->cert.signing_key);
	memory_must(withdrawn_add(&holder->list, id) == ERR_OK);
	holder->list.epoch++;
}

/* The hub has changes for the clinic and the clinic some for the hub. */
static void
make_nodes(void)
{
	memory_pair_make(&hub, &clinic);
	memory_list_make(&clinic, "up", 2, 30, 70);
	memory_list_make(&hub, "group", 3, 40, 60);
	memory_list_make(&hub, "org:C01", 1, 5, 90);
}

static void
withdraw_clinic(void)
{
	put_on_list(&hub, &clinic);
	hub.peer_answer = ERR_NOT_ALLOWED;
}

static void
run_once(void)
{
	struct ends e;

	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	ends_free(&e);
}

/* --- who is told ---------------------------------------------------------- */

static void
test_list_goes_to_who_holds_an_older_one(void **state)
{
	struct memory_node other;

	make_nodes();
	memory_node_make(&other, ROLE_CLINIC, 9);
	put_on_list(&hub, &other);
	run_once();
	assert_true(clinic.is_done && hub.is_done);
	assert_int_equal(clinic.lists_came, 1);
	assert_memory_equal(&clinic.list_seen, &hub.list, sizeof hub.list);
	assert_int_equal(hub.lists_came, 0);
	assert_int_equal(hub.taken, 30);
	assert_int_equal(clinic.taken, 45);

	/* Who has it is not told again. */
	clinic.list = clinic.list_seen;
	run_once();
	assert_true(clinic.is_done && hub.is_done);
	assert_int_equal(clinic.lists_came, 1);

	/* A hub put back to before it hears of it from below. */
	hub.list.epoch--;
	run_once();
	assert_true(clinic.is_done && hub.is_done);
	assert_int_equal(hub.lists_came, 1);
	assert_memory_equal(&hub.list_seen, &clinic.list, sizeof hub.list);
	assert_int_equal(clinic.lists_came, 1);
}

/* It stands in the hub's first sealed frame, behind HELLO alone. */
static void
test_list_goes_before_all_else(void **state)
{
	struct buffer plain = {0}, body = {0};
	struct memory_node other;
	struct message m;
	struct reader r;
	struct hello h;

	make_nodes();
	memory_node_make(&other, ROLE_CLINIC, 9);
	put_on_list(&hub, &other);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	memory_hello(&clinic, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	message_put(&plain, MESSAGE_HELLO, body.data, body.size);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	reader_init(&r, speaker.heard.data, speaker.heard.size);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, MESSAGE_HELLO);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, MESSAGE_WITHDRAWN);
	assert_int_equal(message_next(&r, &m), ERR_OK);
	assert_int_equal(m.type, MESSAGE_DENSE);
	buffer_free(&plain);
	buffer_free(&body);
	session_free(session);
	speaker_free(&speaker);
}

/* The longest list fits a frame, and the session goes on after it. */
static void
test_full_list_fits(void **state)
{
	uint8_t id[NODE_ID_BYTES] = {0};
	uint32_t i;

	make_nodes();
	hub.list.epoch = 1;
	for (i = 0; i < WITHDRAWN_MAX; i++) {
		store_u32(id, i);
		memory_must(withdrawn_add(&hub.list, id) == ERR_OK);
	}
	run_once();
	assert_true(clinic.is_done && hub.is_done);
	assert_memory_equal(&clinic.list_seen, &hub.list, sizeof hub.list);
	assert_int_equal(clinic.taken, 45);
}

/* --- a withdrawn peer ------------------------------------------------------
 */

static void
test_withdrawn_peer_is_heard_and_given_nothing(void **state)
{
	int i;

	make_nodes();
	withdraw_clinic();
	run_once();
	assert_int_equal(hub.taken, 30);
	assert_int_equal(clinic.taken, 0);
	assert_int_equal(clinic.lists_came, 1);
	assert_true(hub.has_failed);
	assert_int_equal(hub.error, ERR_NOT_ALLOWED);
	assert_int_equal(hub.reason, REASON_REVOKED);
	assert_int_equal(clinic.grants + clinic.group_receipts, 0);

	/* Told each time, whatever it says it holds; and whatever it says it
	 * holds of our lists, we do not ask. */
	clinic.list = hub.list;
	memory_list_make(&clinic, "up", 0, 3, 70);
	for (i = 0; i < 2; i++) {
		clinic.own.count = 0;
		if (i == 1)
			memory_cursor(&clinic.own, &hub.lists[0].id, true)
			    ->epoch = 99;
		run_once();
		assert_int_equal(clinic.lists_came, 2 + i);
		assert_int_equal(hub.taken, 33);
		assert_int_equal(clinic.taken, 0);
		assert_int_equal(hub.corrections, 0);
		assert_int_equal(hub.reason, REASON_REVOKED);
	}
}

/* In the middle of a session: nothing more goes down, and what is said last
 * is the list and the reason. */
static void
test_live_session_is_cut_with_the_list(void **state)
{
	struct ends e;

	memory_pair_make(&hub, &clinic);
	memory_list_make(&hub, "group", 3, 20000, 500);
	ends_make(&e);
	while (clinic.taken == 0)
		run(&e, 500, e.moved + 500);
	assert_false(session_peer_is_withdrawn(e.down));
	withdraw_clinic();
	session_refuse(e.down, REASON_REVOKED, ERR_NOT_ALLOWED);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_true(clinic.taken < 4000); /* what was on its way, no more */
	assert_int_equal(clinic.lists_came, 1);
	assert_memory_equal(&clinic.list_seen, &hub.list, sizeof hub.list);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.error, ERR_NOT_ALLOWED);
	assert_int_equal(clinic.reason, REASON_REVOKED);
	assert_true(clinic.told_by_peer);
	ends_free(&e);
}

/* --- bad manners -----------------------------------------------------------
 */

/* What the clinic says first. */
static void
greet(struct buffer *plain)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(&clinic, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	buffer_clear(plain);
	message_put(plain, MESSAGE_HELLO, body.data, body.size);
	buffer_free(&body);
}

/* A hub's session with a clinic that says whatever it likes; greets first. */
static void
call_hub(void)
{
	struct buffer plain = {0};

	greet(&plain);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	memory_work(&hub, session);
	buffer_free(&plain);
}

static void
leave(void)
{
	session_free(session);
	speaker_free(&speaker);
}

static void
expect_fault(enum reason reason)
{
	struct bytes told;
	enum reason heard;

	memory_work(&hub, session);
	assert_true(hub.has_failed);
	assert_int_equal(hub.reason, reason);
	assert_false(hub.told_by_peer);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_ERROR, &told));
	assert_int_equal(reason_consume(&told, &heard), ERR_OK);
	assert_int_equal(heard, reason);
}

static void
test_list_that_breaks_the_form_is_a_fault(void **state)
{
	struct buffer body = {0};
	struct withdrawn list;
	int i;

	/* Cut short; then a third one, where two may come. */
	memset(&list, 0, sizeof list);
	list.epoch = 5;
	list.count = 1;
	memory_must(withdrawn_create(&list, &body) == ERR_OK);
	make_nodes();
	call_hub();
	body.size--;
	speaker_message(&speaker, session, MESSAGE_WITHDRAWN, &body);
	expect_fault(REASON_FORMAT);
	assert_int_equal(hub.lists_came, 0);
	leave();

	body.size++;
	make_nodes();
	call_hub();
	for (i = 0; i < 3; i++)
		speaker_message(&speaker, session, MESSAGE_WITHDRAWN, &body);
	expect_fault(REASON_FORMAT);
	assert_int_equal(hub.lists_came, 2);
	leave();
	buffer_free(&body);
}

/* Even where the owner grants some, on hearing the hello. */
static void
test_withdrawn_peer_gets_no_numbers(void **state)
{
	struct buffer plain = {0};
	struct session_event ev;
	int i;

	for (i = 0; i < 2; i++) {
		make_nodes();
		if (i == 1)
			withdraw_clinic();
		greet(&plain);
		session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
		speaker_call(
		    &speaker, &clinic, &hub, session, plain.data, plain.size);
		assert_true(session_next_event(session, &ev));
		assert_int_equal(ev.type, EVENT_HELLO);
		assert_int_equal(session_peer_is_withdrawn(session), i == 1);
		session_grant(session, 100, 50);
		memory_work(&hub, session);
		speaker_collect(&speaker, session);
		assert_true(speaker_heard(&speaker, MESSAGE_END, NULL));
		assert_int_equal(
		    speaker_heard(&speaker, MESSAGE_GRANT, NULL), i == 0);
		leave();
	}
	buffer_free(&plain);
}

/* Who is refused before anything else was said still hears of it. */
static void
test_list_may_come_before_hello(void **state)
{
	struct buffer plain = {0}, body = {0};

	make_nodes();
	put_on_list(&hub, &clinic);
	session = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
	speaker_answer(&speaker, &hub, session);
	memory_must(withdrawn_create(&hub.list, &body) == ERR_OK);
	message_put(&plain, MESSAGE_WITHDRAWN, body.data, body.size);
	buffer_clear(&body);
	memory_must(reason_create(REASON_REVOKED, &body) == ERR_OK);
	message_put(&plain, MESSAGE_ERROR, body.data, body.size);
	speaker_say(&speaker, session, plain.data, plain.size);
	memory_work(&clinic, session);
	assert_int_equal(clinic.lists_came, 1);
	assert_true(clinic.has_failed);
	assert_int_equal(clinic.error, ERR_NOT_ALLOWED);
	assert_int_equal(clinic.reason, REASON_REVOKED);
	leave();
	buffer_free(&body);
	buffer_free(&plain);
}

/* --- lists of others -------------------------------------------------------
 */

static const struct list_id foreign = {"org:C99", 3};

static void
put_foreign(struct buffer *body)
{
	put_text(body, foreign.name);
	put_u8(body, foreign.class);
	put_u32(body, 7);
	put_varint(body, 0);
	put_u64(body, 0);
}

/* A receipt for a list that the sender does not send this peer. */
static void
test_receipt_cannot_name_a_list(void **state)
{
	struct buffer body = {0};

	make_nodes();
	call_hub();
	put_foreign(&body);
	put_varint(&body, 0);
	speaker_message(&speaker, session, MESSAGE_RECEIPT, &body);
	expect_fault(REASON_FORMAT);
	leave();
	buffer_free(&body);
}

/* Nor can cursors, though they may be told of it: what is sent is what the
 * sender's own certificates say, to the end. */
static void
test_cursors_cannot_name_a_list(void **state)
{
	struct buffer body = {0}, plain = {0};
	struct reader r;
	struct message m;
	struct hello h;
	bool has_data = false;

	make_nodes();
	/* The hub has it, but it is none of this clinic's. */
	hub.list_count = 0;
	memory_hello(&clinic, &h);
	h.cursors_digest = 77; /* so that it asks */
	memory_must(hello_create(&h, &body) == ERR_OK);
	message_put(&plain, MESSAGE_HELLO, body.data, body.size);
	session = memory_session(&hub, SESSION_ANSWER, NULL, 1);
	speaker_call(&speaker, &clinic, &hub, session, plain.data, plain.size);
	memory_work(&hub, session);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_CURSORS_WANTED, NULL));
	memory_list_make(&hub, foreign.name, foreign.class, 10, 50);
	buffer_clear(&body);
	put_u8(&body, 1);
	put_varint(&body, 1);
	put_foreign(&body);
	speaker_message(&speaker, session, MESSAGE_CURSORS, &body);
	memory_work(&hub, session);
	session_look_again(session);
	speaker_collect(&speaker, session);
	assert_true(speaker_heard(&speaker, MESSAGE_END, NULL));
	reader_init(&r, speaker.heard.data, speaker.heard.size);
	while (message_next(&r, &m) == ERR_OK)
		has_data = has_data || m.type == MESSAGE_DATA;
	assert_false(has_data);
	leave();
	buffer_free(&body);
	buffer_free(&plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list_goes_to_who_holds_an_older_one),
	    cmocka_unit_test(test_list_goes_before_all_else),
	    cmocka_unit_test(test_full_list_fits),
	    cmocka_unit_test(test_withdrawn_peer_is_heard_and_given_nothing),
	    cmocka_unit_test(test_withdrawn_peer_gets_no_numbers),
	    cmocka_unit_test(test_live_session_is_cut_with_the_list),
	    cmocka_unit_test(test_list_that_breaks_the_form_is_a_fault),
	    cmocka_unit_test(test_list_may_come_before_hello),
	    cmocka_unit_test(test_receipt_cannot_name_a_list),
	    cmocka_unit_test(test_cursors_cannot_name_a_list),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
