/* writer: every job is told once, when its work is durable, and none pays
 * for another's fault. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/writer.h"
#include "tests/unit/scratch.h"

enum { JOBS = 300 };

static char dir[SCRATCH_PATH_BYTES];
static struct db *db;

static int
setup(void **state)
{
	scratch_make(dir);
	db = scratch_db(dir);
	return 0;
}

static int
teardown(void **state)
{
	db_close(db);
	scratch_remove(dir);
	return 0;
}

struct work {
	struct writer_job job;
	unsigned number;
	enum err fails; /* what it says after having written */
	enum err result;
	unsigned runs, done;
	bool was_durable;
};

static bool
is_stored(unsigned number)
{
	uint8_t key[4];
	struct txn *t;
	enum err e;

	store_u32(key, number);
	if (db_begin(db, false, &t) != ERR_OK)
		return false;
	e = txn_has(t, TABLE_CODES, key, sizeof key);
	txn_abort(t);
	return e == ERR_OK;
}

static enum err
run(void *context, struct txn *t)
{
	struct work *w = context;
	uint8_t key[4];
	enum err e;

	w->runs++;
	store_u32(key, w->number);
	e = txn_put(t, TABLE_CODES, key, sizeof key, "x", 1);
	return e == ERR_OK ? w->fails : e;
}

static void
done(void *context, enum err result)
{
	struct work *w = context;

	w->done++;
	w->result = result;
	w->was_durable = is_stored(w->number);
}

static struct work *
submit_all(struct writer *w, unsigned fail_every)
{
	struct work *work = calloc(JOBS, sizeof *work);
	unsigned i;

	assert_non_null(work);
	for (i = 0; i < JOBS; i++) {
		work[i].job.run = run;
		work[i].job.done = done;
		work[i].job.context = &work[i];
		work[i].number = i;
		if (fail_every != 0 && i % fail_every == 3)
			work[i].fails = ERR_REFUSED;
		writer_submit(w, &work[i].job);
	}
	return work;
}

static void
test_every_job_is_told_once_and_durable(void **state)
{
	struct writer *w;
	struct work *work;
	unsigned i;

	assert_int_equal(writer_start(&w, db), ERR_OK);
	work = submit_all(w, 0);
	writer_stop(w); /* finishes what waits */
	for (i = 0; i < JOBS; i++) {
		assert_int_equal(work[i].done, 1);
		assert_int_equal(work[i].result, ERR_OK);
		assert_true(work[i].was_durable);
	}
	free(work);
}

static void
test_failing_job_harms_no_other(void **state)
{
	struct writer *w;
	struct work *work;
	unsigned i;

	assert_int_equal(writer_start(&w, db), ERR_OK);
	work = submit_all(w, 10);
	writer_stop(w);
	for (i = 0; i < JOBS; i++) {
		bool fails = i % 10 == 3;

		assert_int_equal(work[i].done, 1);
		assert_int_equal(work[i].result, fails ? ERR_REFUSED : ERR_OK);
		assert_int_equal(work[i].was_durable, !fails);
		assert_int_equal(is_stored(i), !fails);
		assert_true(work[i].runs <= 2);
	}
	free(work);
}

static struct writer *shared;

static void *
save_some(void *arg)
{
	unsigned *failures = arg;
	struct work w = {.number = 0};
	unsigned i;

	for (i = 0; i < 20; i++) {
		w.number = 1000 + i + (unsigned)(uintptr_t)failures % 1000;
		w.fails = i % 5 == 0 ? ERR_REFUSED : ERR_OK;
		if (writer_do(shared, run, &w) != w.fails)
			(*failures)++;
		if (w.fails == ERR_OK && !is_stored(w.number))
			(*failures)++;
	}
	return NULL;
}

static void
test_many_threads_wait_for_their_own_job(void **state)
{
	pthread_t threads[8];
	unsigned failures[8] = {0};
	size_t i;

	assert_int_equal(writer_start(&shared, db), ERR_OK);
	for (i = 0; i < 8; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, save_some, &failures[i]),
		    0);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failures[i], 0);
	}
	writer_stop(shared);
}

static void
test_stopping_nothing_is_allowed(void **state)
{
	struct writer *w;

	writer_stop(NULL);
	assert_int_equal(writer_start(&w, db), ERR_OK);
	writer_stop(w);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_every_job_is_told_once_and_durable),
	    CASE(test_failing_job_harms_no_other),
	    CASE(test_many_threads_wait_for_their_own_job),
	    CASE(test_stopping_nothing_is_allowed),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
