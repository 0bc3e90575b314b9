/* agent: owns everything, starts it in order and stops it in reverse.
 *
 * One thread, the loop's, does all that is in agent/: it moves bytes, calls
 * sessions and arms timers. Two others exist beside it: the writer, to which
 * sessions hand their jobs, and one for each client of the control socket.
 * They speak to the loop through `post` alone.
 *
 *   listener --> peer --> exchange --> writer        children connect here
 *   parent --> connect, peer --> exchange --> writer    we connect there
 *   control --> api_serve() --> writer               yizhan asks
 */

#ifndef YIZHAN_AGENT_AGENT_H
#define YIZHAN_AGENT_AGENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "agent/log.h"
#include "agent/notify.h"
#include "agent/post.h"
#include "agent/turn.h"
#include "api/api.h"
#include "api/config.h"

struct control;
struct health;
struct listener;
struct parent_link;

/* Something another thread tells the loop, many times but once a turn. */
struct agent_news {
	struct post_item item;
	atomic_bool is_sent; /* the item lies in the box */
};

struct agent {
	struct config config;
	const char *dir;
	const char *port_file; /* NULL: none */
	struct log log;
	struct notify notify;

	struct store *store;
	struct writer *writer;
	enum node_role role;
	struct codebook *books; /* of the loop's sessions; a dictionary is
	                           learned when one first needs it */
	struct api api; /* what the threads of the control socket work on */

	uv_loop_t loop;
	struct post *post;
	struct turn turn;            /* who holds a session with the parent */
	struct agent_news saved;     /* a client of the socket saved */
	struct agent_news released;  /* or gave the turn back */
	struct agent_news withdrawn; /* or withdrew a node */

	struct control *control;
	struct listener *listener;  /* NULL: no child connects here */
	struct parent_link *parent; /* NULL: the hub has none */
	struct health *health;

	uv_signal_t terminate, interrupt;
	uv_timer_t grace; /* for stopping */
	unsigned signal_count;
	atomic_bool is_stopping;
	unsigned parts_open;   /* of the four above, still closing */
	unsigned handles_open; /* the agent's own, and post's */
	int exit_code;
};

/* Where starting failed, for the message. */
enum agent_step {
	AGENT_STEP_STORE,   /* errors of store_open() */
	AGENT_STEP_SELF,    /* ERR_NOT_FOUND: not initialised */
	AGENT_STEP_SYSTEM,  /* threads, loop */
	AGENT_STEP_CONTROL, /* errors of control_open() */
	AGENT_STEP_LISTEN,  /* errors of listener_open() */
};

struct agent_options {
	const char *dir;             /* these live as long as the agent */
	const char *port_file;       /* NULL: none */
	const struct config *config; /* copied */
	size_t map_bytes;            /* 0: the store's default */
};

/** Open the store and start everything. On an error *step says where. */
enum err agent_open(
    struct agent **out, const struct agent_options *o, enum agent_step *step);
/** Work until stopped; the exit code. */
int agent_run(struct agent *a);
/**
 * Close the store and free. False: a look-up of a name still runs in a
 * thread that cannot be called off; the agent's memory is left to it and the
 * process should end by _exit().
 */
bool agent_close(struct agent *a);

/** Begin to stop in good order. The first call's exit code counts. */
void agent_stop(struct agent *a, int exit_code);
/** The rest is called by the parts, in the loop's thread. One has closed: */
void agent_part_closed(struct agent *a);
/** A job ended with ERR_IO or ERR_FULL: is the store still alive? */
void agent_doubt_store(struct agent *a);
/** Nodes were withdrawn: their sessions end now. */
void agent_withdrawn(struct agent *a);
/** A child brought changes: the parent may want them. */
void agent_received(struct agent *a);
/** 32 bits of chance, to spread times with. */
uint32_t agent_chance(struct agent *a);

#endif
