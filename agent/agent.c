/* agent: owns everything, starts it in order and stops it in reverse. */

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/control.h"
#include "agent/health.h"
#include "agent/hooks.h"
#include "agent/listener.h"
#include "agent/parent.h"
#include "store/self.h"

enum {
	STORE_WAIT_MS = 5000, /* for another owner to finish */
	/* Enough for a commit on a slow disk and a peer's last words. What
	 * is saved is safe either way. Less than TimeoutStopSec. */
	STOP_GRACE_MS = 30 * 1000,
};

uint32_t
agent_chance(struct agent *a)
{
	uint32_t out;

	db_random(store_db(a->store), &out, sizeof out);
	return out;
}

/* --- told by the parts ------------------------------------------------- */

void
agent_received(struct agent *a)
{
	atomic_fetch_add(&a->api.news, 1);
	if (a->parent != NULL)
		parent_kick(a->parent);
	if (a->listener != NULL)
		listener_kick(a->listener);
}

void
agent_withdrawn(struct agent *a)
{
	if (a->listener != NULL)
		listener_end_withdrawn(a->listener);
}

void
agent_doubt_store(struct agent *a)
{
	if (a->health != NULL)
		health_check(a->health);
}

static void
on_handle_closed(void *context)
{
	struct agent *a = context;

	/* A look-up of a name may still run: the loop would wait for it. */
	if (--a->handles_open == 0)
		uv_stop(&a->loop);
}

static void
on_own_closed(uv_handle_t *handle)
{
	on_handle_closed(handle->data);
}

static void
close_own(struct agent *a, uv_handle_t *handle)
{
	handle->data = a;
	uv_close(handle, on_own_closed);
}

/* Nobody has a job out or a thread any more: what is left is ours. */
void
agent_part_closed(struct agent *a)
{
	if (--a->parts_open > 0)
		return;
	writer_stop(a->writer);
	a->writer = NULL;
	a->handles_open = 4;
	close_own(a, (uv_handle_t *)&a->grace);
	close_own(a, (uv_handle_t *)&a->terminate);
	close_own(a, (uv_handle_t *)&a->interrupt);
	post_close(a->post, on_handle_closed, a);
	a->post = NULL;
}

/* --- stopping ---------------------------------------------------------- */

static void
on_grace_over(uv_timer_t *grace)
{
	struct agent *a = grace->data;

	log_event(
	    &a->log, LOG_ERROR, "stop_forced", "parts_open=%u", a->parts_open);
	_exit(API_FAILED);
}

static void
close_parts(struct agent *a)
{
	struct listener *listener = a->listener;
	struct parent_link *parent = a->parent;
	struct control *control = a->control;
	struct health *health = a->health;

	a->listener = NULL;
	a->parent = NULL;
	a->control = NULL;
	a->health = NULL;
	/* The count is held up until all were asked. */
	a->parts_open = 1u + (listener != NULL) + (parent != NULL) +
	                (control != NULL) + (health != NULL);
	if (control != NULL)
		control_close(control);
	if (listener != NULL)
		listener_close(listener);
	if (parent != NULL)
		parent_close(parent);
	if (health != NULL)
		health_close(health);
	agent_part_closed(a);
}

void
agent_stop(struct agent *a, int exit_code)
{
	if (atomic_exchange(&a->is_stopping, true))
		return;
	a->exit_code = exit_code;
	notify_send(&a->notify, "STOPPING=1\nSTATUS=Stopping.");
	(void)uv_timer_start(&a->grace, on_grace_over, STOP_GRACE_MS, 0);
	turn_close(&a->turn);
	close_parts(a);
}

static void
on_signal(uv_signal_t *signal, int number)
{
	struct agent *a = signal->data;

	log_event(&a->log, LOG_INFO, "signal", "name=%s",
	    number == SIGTERM ? "TERM" : "INT");
	if (++a->signal_count > 1)
		_exit(API_FAILED);
	agent_stop(a, API_DONE);
}

/* --- starting ---------------------------------------------------------- */

static enum err
open_store(struct agent *a, const struct agent_options *o)
{
	const struct store_options so = {
	    .dir = o->dir,
	    .map_bytes = o->map_bytes,
	    .holder = "yizhand",
	    .wait_ms = STORE_WAIT_MS,
	    .random = random_system(),
	};
	enum err e = store_open(&a->store, &so);

	if (e == ERR_OK && store_was_restored(a->store))
		log_event(&a->log, LOG_WARNING, "store_restored", "%s", "");
	return e;
}

static enum err
read_self(struct agent *a)
{
	char name[LOG_VALUE_BYTES];
	struct self self;
	struct txn *t;
	enum err e = db_begin(store_db(a->store), false, &t);

	if (e != ERR_OK)
		return e;
	e = self_read(t, &self);
	txn_abort(t);
	if (e != ERR_OK)
		return e;
	a->role = self.role;
	log_event(&a->log, LOG_INFO, "start", "node=%s role=%s enrolled=%s",
	    log_quote(name, self.name),
	    self.role == ROLE_HUB     ? "hub"
	    : self.role == ROLE_RELAY ? "relay"
	                              : "clinic",
	    self.is_enrolled ? "yes" : "no");
	self_wipe(&self);
	/* Change ids of a hub that is restored from a backup never repeat. A
	 * full disk is no reason to stay away: reading still works. */
	e = store_begin_life(a->store, api_now());
	return e == ERR_FULL ? ERR_OK : e;
}

/* Ends with the loop, its box and three handles, or with none of them. */
static enum err
open_loop(struct agent *a)
{
	if (uv_loop_init(&a->loop) != 0)
		return ERR_NOMEM;
	/* For the listener, which asks how busy the loop is. */
	(void)uv_loop_configure(&a->loop, UV_METRICS_IDLE_TIME);
	if (post_open(&a->post, &a->loop) != ERR_OK)
		goto close_loop;
	if (uv_signal_init(&a->loop, &a->terminate) != 0)
		goto close_post;
	/* The first one made the pipe; these two cannot fail any more. */
	(void)uv_signal_init(&a->loop, &a->interrupt);
	(void)uv_timer_init(&a->loop, &a->grace);
	a->grace.data = a->terminate.data = a->interrupt.data = a;
	return ERR_OK;

close_post:
	a->handles_open = 1;
	post_close(a->post, on_handle_closed, a);
	(void)uv_run(&a->loop, UV_RUN_DEFAULT);
close_loop:
	(void)uv_loop_close(&a->loop);
	return ERR_NOMEM;
}

static enum err
open_system(struct agent *a)
{
	enum err e = turn_init(&a->turn);

	if (e != ERR_OK)
		return e;
	e = writer_start(&a->writer, store_db(a->store));
	if (e != ERR_OK)
		goto wipe_turn;
	e = open_loop(a);
	if (e == ERR_OK)
		return ERR_OK;
	writer_stop(a->writer);
wipe_turn:
	turn_wipe(&a->turn);
	return e;
}

/* Who listens: not a clinic. What only one of both sides wants is said. */
static enum err
open_listener(struct agent *a)
{
	bool has_address = a->config.listen[0] != '\0';

	if (a->role == ROLE_CLINIC && has_address)
		log_event(
		    &a->log, LOG_WARNING, "listen_ignored", "cause=clinic");
	if (a->role != ROLE_CLINIC && !has_address)
		log_event(&a->log, LOG_WARNING, "not_listening",
		    "cause=no_listen_in_config");
	if (a->role == ROLE_CLINIC || !has_address)
		return ERR_OK;
	return listener_open(&a->listener, a);
}

static enum err
open_parts(struct agent *a, enum agent_step *step)
{
	enum err e;

	*step = AGENT_STEP_SYSTEM;
	if (uv_signal_start(&a->terminate, on_signal, SIGTERM) != 0 ||
	    uv_signal_start(&a->interrupt, on_signal, SIGINT) != 0)
		return ERR_NOMEM;
	e = health_open(&a->health, a);
	if (e == ERR_OK && a->role != ROLE_HUB)
		e = parent_open(&a->parent, a);
	if (e != ERR_OK)
		return e;
	*step = AGENT_STEP_LISTEN;
	e = open_listener(a);
	if (e != ERR_OK)
		return e;
	*step = AGENT_STEP_CONTROL;
	return control_open(&a->control, a);
}

static enum err
open_all(struct agent *a, const struct agent_options *o, enum agent_step *step)
{
	enum err e;

	*step = AGENT_STEP_STORE;
	e = open_store(a, o);
	if (e != ERR_OK)
		return e;
	*step = AGENT_STEP_SELF;
	e = read_self(a);
	if (e != ERR_OK)
		return e;
	*step = AGENT_STEP_SYSTEM;
	e = open_system(a);
	if (e != ERR_OK)
		return e;
	hooks_fill(a);
	e = open_parts(a, step);
	if (e == ERR_OK)
		return ERR_OK;
	/* What is open is closed as in a stop. */
	agent_stop(a, API_FAILED);
	(void)agent_run(a);
	(void)uv_loop_close(&a->loop);
	turn_wipe(&a->turn);
	return e;
}

enum err
agent_open(
    struct agent **out, const struct agent_options *o, enum agent_step *step)
{
	struct agent *a = calloc(1, sizeof *a);
	enum err e;

	*step = AGENT_STEP_SYSTEM;
	if (a == NULL)
		return ERR_NOMEM;
	a->config = *o->config;
	a->dir = o->dir;
	a->port_file = o->port_file;
	atomic_init(&a->is_stopping, false);
	log_init(&a->log);
	if (notify_open(&a->notify) != ERR_OK)
		log_event(&a->log, LOG_WARNING, "notify_failed", "%s", "");
	e = codebook_new(&a->books);
	if (e == ERR_OK)
		e = open_all(a, o, step);
	if (e != ERR_OK) {
		codebook_free(a->books);
		notify_close(&a->notify);
		store_close(a->store);
		free(a);
		return e;
	}
	*out = a;
	return ERR_OK;
}

int
agent_run(struct agent *a)
{
	if (!atomic_load(&a->is_stopping)) {
		log_event(&a->log, LOG_INFO, "ready", "%s", "");
		notify_send(&a->notify, "READY=1\nSTATUS=Running.");
	}
	(void)uv_run(&a->loop, UV_RUN_DEFAULT);
	/* uv_stop() can leave close callbacks for another turn. */
	(void)uv_run(&a->loop, UV_RUN_NOWAIT);
	return a->exit_code;
}

bool
agent_close(struct agent *a)
{
	bool is_closed = uv_loop_close(&a->loop) == 0;

	turn_wipe(&a->turn);
	store_close(a->store);
	a->store = NULL;
	log_event(&a->log, LOG_INFO, "stopped", "exit=%d", a->exit_code);
	notify_close(&a->notify);
	codebook_free(a->books);
	if (is_closed)
		free(a);
	return is_closed;
}
