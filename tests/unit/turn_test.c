/* turn: one at a time, whoever waits gets it or hears why not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/turn.h"

struct waiter {
	struct turn *turn;
	pthread_t thread;
	enum err result;
};

static void *
wait_for_turn(void *arg)
{
	struct waiter *w = arg;

	w->result = turn_take(w->turn, 60000);
	if (w->result == ERR_OK)
		turn_give_back(w->turn);
	return NULL;
}

static void
start(struct waiter *w, struct turn *t)
{
	w->turn = t;
	assert_int_equal(pthread_create(&w->thread, NULL, wait_for_turn, w), 0);
}

static void
test_turn_is_for_one(void **state)
{
	struct turn t;

	assert_int_equal(turn_init(&t), ERR_OK);
	assert_int_equal(turn_take(&t, 0), ERR_OK);
	assert_int_equal(turn_take(&t, 0), ERR_BUSY);
	assert_int_equal(turn_take(&t, 10), ERR_BUSY);
	turn_give_back(&t);
	assert_int_equal(turn_take(&t, 0), ERR_OK);
	turn_give_back(&t);
	turn_wipe(&t);
}

static void
test_turn_goes_to_all_who_wait(void **state)
{
	enum { WAITERS = 4 };
	struct waiter w[WAITERS];
	struct turn t;
	size_t i;

	assert_int_equal(turn_init(&t), ERR_OK);
	assert_int_equal(turn_take(&t, 0), ERR_OK);
	for (i = 0; i < WAITERS; i++)
		start(&w[i], &t);
	turn_give_back(&t);
	for (i = 0; i < WAITERS; i++) {
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		assert_int_equal(w[i].result, ERR_OK);
	}
	turn_wipe(&t);
}

static void
test_closing_wakes_who_waits(void **state)
{
	struct waiter w;
	struct turn t;

	assert_int_equal(turn_init(&t), ERR_OK);
	assert_int_equal(turn_take(&t, 0), ERR_OK);
	start(&w, &t);
	turn_close(&t);
	assert_int_equal(pthread_join(w.thread, NULL), 0);
	assert_int_equal(w.result, ERR_CLOSED);
	turn_give_back(&t);
	assert_int_equal(turn_take(&t, 0), ERR_CLOSED);
	turn_wipe(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_turn_is_for_one),
	    cmocka_unit_test(test_turn_goes_to_all_who_wait),
	    cmocka_unit_test(test_closing_wakes_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
