/* turn: one session with the parent at a time. */

#include <assert.h>
#include <errno.h>
#include <time.h>

#include "agent/turn.h"

enum err
turn_init(struct turn *t)
{
	pthread_condattr_t attributes;
	int rc;

	t->is_taken = t->is_closed = false;
	if (pthread_mutex_init(&t->lock, NULL) != 0)
		return ERR_NOMEM;
	rc = pthread_condattr_init(&attributes);
	if (rc == 0) {
		/* Clinic clocks are set while it waits. */
		rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
		if (rc == 0)
			rc = pthread_cond_init(&t->changed, &attributes);
		pthread_condattr_destroy(&attributes);
	}
	if (rc == 0)
		return ERR_OK;
	pthread_mutex_destroy(&t->lock);
	return ERR_NOMEM;
}

void
turn_wipe(struct turn *t)
{
	assert(!t->is_taken);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
}

static struct timespec
moment_in(unsigned timeout_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(timeout_ms / 1000);
	at.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
	if (at.tv_nsec >= 1000000000L) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000L;
	}
	return at;
}

enum err
turn_take(struct turn *t, unsigned timeout_ms)
{
	struct timespec until = moment_in(timeout_ms);
	enum err e = ERR_OK;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	while (t->is_taken && !t->is_closed && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&t->changed, &t->lock, &until);
	if (t->is_closed)
		e = ERR_CLOSED;
	else if (t->is_taken)
		e = ERR_BUSY;
	else
		t->is_taken = true;
	pthread_mutex_unlock(&t->lock);
	return e;
}

void
turn_give_back(struct turn *t)
{
	pthread_mutex_lock(&t->lock);
	assert(t->is_taken);
	t->is_taken = false;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

void
turn_close(struct turn *t)
{
	pthread_mutex_lock(&t->lock);
	t->is_closed = true;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}
