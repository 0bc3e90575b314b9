/* writer: the one thread that writes, many savers to a commit. */

#include <pthread.h>
#include <stdlib.h>

#include "store/writer.h"

enum { GROUP_MAX = 64 }; /* jobs to a commit */

struct writer {
	struct db *db;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct writer_job *first, **last;
	bool stopping;
};

/* Run jobs [0, count) in one transaction; all or none. */
static enum err
run_together(struct writer *w, struct writer_job **jobs, size_t count)
{
	struct txn *t;
	size_t i;
	enum err e = db_begin(w->db, true, &t);

	if (e != ERR_OK)
		return e;
	for (i = 0; e == ERR_OK && i < count; i++)
		e = jobs[i]->run(jobs[i]->context, t);
	if (e == ERR_OK)
		return txn_commit(t);
	txn_abort(t);
	return e;
}

static void
run_group(struct writer *w, struct writer_job **jobs, size_t count)
{
	size_t i;
	enum err e = run_together(w, jobs, count);

	for (i = 0; i < count; i++) {
		struct writer_job *job = jobs[i];

		/* After a failed commit this fails at once: db.h says why. */
		if (e != ERR_OK && count > 1)
			job->done(job->context, run_together(w, &job, 1));
		else
			job->done(job->context, e);
	}
}

static size_t
take_group(struct writer *w, struct writer_job *jobs[GROUP_MAX])
{
	size_t count = 0;

	pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->stopping)
		pthread_cond_wait(&w->changed, &w->lock);
	while (w->first != NULL && count < GROUP_MAX) {
		jobs[count++] = w->first;
		w->first = w->first->next;
	}
	if (w->first == NULL)
		w->last = &w->first;
	pthread_mutex_unlock(&w->lock);
	return count;
}

static void *
writer_main(void *arg)
{
	struct writer_job *jobs[GROUP_MAX];
	struct writer *w = arg;
	size_t count;

	while ((count = take_group(w, jobs)) > 0)
		run_group(w, jobs, count);
	return NULL;
}

enum err
writer_start(struct writer **out, struct db *db)
{
	struct writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return ERR_NOMEM;
	w->db = db;
	w->last = &w->first;
	if (pthread_mutex_init(&w->lock, NULL) != 0)
		goto free_writer;
	if (pthread_cond_init(&w->changed, NULL) != 0)
		goto destroy_lock;
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0)
		goto destroy_cond;
	*out = w;
	return ERR_OK;

destroy_cond:
	pthread_cond_destroy(&w->changed);
destroy_lock:
	pthread_mutex_destroy(&w->lock);
free_writer:
	free(w);
	return ERR_NOMEM;
}

void
writer_stop(struct writer *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
writer_submit(struct writer *w, struct writer_job *job)
{
	pthread_mutex_lock(&w->lock);
	job->next = NULL;
	*w->last = job;
	w->last = &job->next;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* --- waiting for one job ----------------------------------------------- */

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool is_done;
	enum err result;
	enum err (*run)(void *context, struct txn *t);
	void *context;
};

static enum err
waiter_run(void *context, struct txn *t)
{
	struct waiter *wait = context;

	return wait->run(wait->context, t);
}

static void
waiter_done(void *context, enum err result)
{
	struct waiter *wait = context;

	pthread_mutex_lock(&wait->lock);
	wait->result = result;
	wait->is_done = true;
	pthread_cond_signal(&wait->done);
	pthread_mutex_unlock(&wait->lock);
}

enum err
writer_do(struct writer *w, enum err (*run)(void *context, struct txn *t),
    void *context)
{
	struct waiter wait = {.run = run, .context = context};
	struct writer_job job = {
	    .run = waiter_run, .done = waiter_done, .context = &wait};

	if (pthread_mutex_init(&wait.lock, NULL) != 0)
		return ERR_NOMEM;
	if (pthread_cond_init(&wait.done, NULL) != 0) {
		pthread_mutex_destroy(&wait.lock);
		return ERR_NOMEM;
	}
	writer_submit(w, &job);
	pthread_mutex_lock(&wait.lock);
	while (!wait.is_done)
		pthread_cond_wait(&wait.done, &wait.lock);
	pthread_mutex_unlock(&wait.lock);
	pthread_cond_destroy(&wait.done);
	pthread_mutex_destroy(&wait.lock);
	return wait.result;
}
