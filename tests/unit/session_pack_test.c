/* session_pack: batches that no receiver takes in dense form do not stand in
 * the way of what is behind them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sync/session_state.h"
#include "tests/unit/speaker.h"

/* --- large texts ---------------------------------------------------------- */

static void
expect_through(char letter, uint64_t bytes_max)
{
	struct ends e;

	memory_pair_make(&hub, &clinic);
	clinic.bytes_max = bytes_max;
	memory_list_make(&hub, "group", 3, 4, 49000)->letter = letter;
	memory_list_make(&clinic, "up", 3, 4, 49000)->letter = letter;
	ends_make(&e);
	run(&e, SIZE_MAX, UINT64_MAX);
	assert_int_equal(hub.taken, 4);
	assert_int_equal(clinic.taken, 4);
	assert_true(clinic.is_done && hub.is_done);
	ends_free(&e);
}

/* It would take more bytes than a batch may have. */
static void
test_text_that_no_dictionary_lists_goes_through(void **state)
{
	expect_through(1, 0);
	expect_through(1, 4000000);
}

/* It would decode to more than a receiver goes along with. */
static void
test_text_that_repeats_itself_goes_through(void **state)
{
	expect_through('a', 0);
	expect_through('a', 4000000);
}

/* --- a peer that takes nothing -------------------------------------------- */

static struct session *session;
static struct speaker speaker;

static void
say_hello(void)
{
	struct buffer body = {0};
	struct hello h;

	memory_hello(&hub, &h);
	memory_must(hello_create(&h, &body) == ERR_OK);
	speaker_message(&speaker, session, MESSAGE_HELLO, &body);
	buffer_free(&body);
}

/* The batch that waits was not taken. */
static void
refuse(void)
{
	struct receipt r = {.list = {"up", 3}};
	struct buffer body = {0};

	memory_must(receipt_create(&r, &body) == ERR_OK);
	buffer_clear(&speaker.heard);
	speaker_message(&speaker, session, MESSAGE_RECEIPT, &body);
	memory_work(&clinic, session);
	speaker_collect(&speaker, session);
	buffer_free(&body);
}

static void
test_what_is_refused_twice_goes_in_rows(void **state)
{
	memory_pair_make(&hub, &clinic);
	clinic.is_alone_author = false;
	memory_list_make(&clinic, "up", 3, 10, 50);
	session = memory_session(&clinic, SESSION_SYNC, &hub.cert, 1);
	speaker_answer(&speaker, &hub, session);
	say_hello();
	memory_work(&clinic, session);
	assert_true(speaker_heard(&speaker, MESSAGE_DENSE, NULL));
	refuse();
	assert_true(speaker_heard(&speaker, MESSAGE_DENSE, NULL));
	refuse();
	assert_false(speaker_heard(&speaker, MESSAGE_DENSE, NULL));
	assert_true(speaker_heard(&speaker, MESSAGE_DATA, NULL));
	refuse();
	assert_true(speaker_heard(&speaker, MESSAGE_DATA, NULL));
	assert_false(clinic.has_failed);
	refuse();
	assert_true(clinic.has_failed);
	session_free(session);
	speaker_free(&speaker);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_that_no_dictionary_lists_goes_through),
	    cmocka_unit_test(test_text_that_repeats_itself_goes_through),
	    cmocka_unit_test(test_what_is_refused_twice_goes_in_rows),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
